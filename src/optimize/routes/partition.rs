//! Given many routes, choose those that together serve all visits at the least cost.
//!
//! Method: set partitioning over the routes that a search met, Foster and Ryan (1976), "An integer
//! programming approach to the vehicle scheduling problem", doi:10.1057/jors.1976.63, solved by
//! branch and cut from the best plan known.
//! Cost: seconds for a thousand visits and ten thousand routes of about ten visits each; more for
//! longer routes.
//! Use [`super::annealing`] for routes that nobody has met.
//! Same input and work limit give the same answer: yes. A time limit does not.

use crate::control::Control;
use crate::optimize::milp::{ColumnKind, Program, Session};

use super::network::Network;
use super::pool::{Known, Pool};

/// Distance from the least cost at which it is near enough.
const GAP: f64 = 1e-5;
/// Nodes of the search where nothing else limits it.
const NODES: u64 = 100;

/// The routes of the cheapest plan, `plan` or better.
pub(super) fn recombine(
    network: &Network<'_>,
    pool: &Pool,
    plan: &[Known],
    control: &Control,
) -> Option<Vec<Known>> {
    // A route of the plan that left the pool has a column of its own; no set of visits has two.
    let places: Vec<Option<usize>> =
        plan.iter().map(|known| pool.place_of(known.kind, &known.visits)).collect();
    let absent = plan.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(known, _)| known);
    let routes: Vec<&Known> = pool.routes().chain(absent).collect();
    let mut program = Program::minimise();
    for known in &routes {
        program.add_column(known.cost, 0.0, 1.0, ColumnKind::Integer);
    }
    let mut of_visit: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.visits];
    let mut of_kind: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.kinds.len()];
    for (column, known) in routes.iter().enumerate() {
        known.visits.iter().for_each(|&visit| of_visit[visit as usize].push((column, 1.0)));
        of_kind[known.kind].push((column, 1.0));
    }
    let mut served = vec![false; network.visits];
    plan.iter().flat_map(|known| &known.visits).for_each(|&visit| served[visit as usize] = true);
    let mut start: Vec<(usize, f64)> = Vec::new();
    for (visit, row) in of_visit.iter_mut().enumerate() {
        let node = &network.nodes[visit];
        let out = program.add_column(node.penalty, 0.0, 1.0, ColumnKind::Continuous);
        start.push((out, f64::from(u8::from(!served[visit]))));
        row.push((out, 1.0));
        program.add_row(1.0, 1.0, row);
    }
    for (kind, row) in network.kinds.iter().zip(&of_kind) {
        if row.len() > kind.count {
            program.add_row(f64::NEG_INFINITY, kind.count as f64, row);
        }
    }
    let is_planned = |column: &usize| *column >= pool.len() || places.contains(&Some(*column));
    start.extend((0..routes.len()).map(|column| (column, f64::from(u8::from(is_planned(&column))))));
    let mut session = Session::new(&program).ok()?;
    session.set_start(start);
    let mut control = control.clone().with_gap(GAP);
    control.limits.work = Some(NODES);
    let solved = session.solve(&control.silent()).ok()?;
    if solved.values.is_empty() {
        return None;
    }
    let chosen = routes.iter().zip(&solved.values).filter(|(_, value)| **value > 0.5);
    Some(chosen.map(|(known, _)| (*known).clone()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::tests::random::{CLASSES, random_problem};
    use super::super::tours::Tours;
    use super::*;

    /// A pool of all routes of at most two visits that keep all rules.
    fn short_routes(network: &Network<'_>) -> Pool {
        let tours = Tours::new(network);
        let mut pool = Pool::new(network.visits, 10_000);
        let count = network.visits as u32;
        for (one, other) in (0..count).flat_map(|one| (0..count).map(move |other| (one, other))) {
            let visits = if one == other { vec![one] } else { vec![one, other] };
            for kind in 0..network.kinds.len() {
                let bulk: f64 = visits.iter().map(|&visit| network.delivery[visit as usize * 2]).sum();
                let serves = visits.iter().all(|&visit| network.may_serve(kind, visit));
                let cost = tours.walk(kind, visits.iter().copied());
                if let Some(cost) = cost.filter(|_| serves && bulk <= network.kinds[kind].capacity[0]) {
                    pool.add(kind, &visits, cost);
                }
            }
        }
        pool
    }

    /// Least cost of the visits of `left` from the first on, with the vehicles that are `free`.
    fn least(network: &Network<'_>, pool: &Pool, left: &mut Vec<bool>, free: &mut Vec<usize>) -> f64 {
        let Some(visit) = left.iter().position(|&is_left| is_left) else { return 0.0 };
        left[visit] = false;
        let mut best = network.nodes[visit].penalty + least(network, pool, left, free);
        left[visit] = true;
        let takes = |known: &&Known| known.visits.contains(&(visit as u32));
        for known in pool.routes().filter(takes) {
            if free[known.kind] == 0 || !known.visits.iter().all(|&visit| left[visit as usize]) {
                continue;
            }
            free[known.kind] -= 1;
            known.visits.iter().for_each(|&visit| left[visit as usize] = false);
            best = best.min(known.cost + least(network, pool, left, free));
            known.visits.iter().for_each(|&visit| left[visit as usize] = true);
            free[known.kind] += 1;
        }
        best
    }

    /// Checks that the routes put together cost least, from an empty plan and from `plan`.
    fn check(network: &Network<'_>, what: &str) {
        let pool = short_routes(network);
        let mut free: Vec<usize> = network.kinds.iter().map(|kind| kind.count).collect();
        let best = least(network, &pool, &mut vec![true; network.visits], &mut free);
        let control = Control::default();
        let found = recombine(network, &pool, &[], &control).unwrap();
        let mut served: Vec<u32> = found.iter().flat_map(|known| known.visits.iter().copied()).collect();
        served.sort_unstable();
        let out = (0..network.visits as u32).filter(|visit| served.binary_search(visit).is_err());
        let penalties: f64 = out.map(|visit| network.nodes[visit as usize].penalty).sum();
        let told = penalties + found.iter().map(|known| known.cost).sum::<f64>();
        assert!((told - best).abs() < 1e-6, "{what}: {told} instead of {best}");
        served.dedup();
        assert_eq!(served.len(), found.iter().map(|known| known.visits.len()).sum::<usize>(), "{what}");
        for (kind, count) in network.kinds.iter().map(|kind| kind.count).enumerate() {
            assert!(found.iter().filter(|known| known.kind == kind).count() <= count, "{what}: type {kind}");
        }
        // A plan need not be in the pool.
        let kept = recombine(network, &Pool::new(network.visits, 1), &found, &control).unwrap();
        assert_eq!(kept.len(), found.len(), "{what}");
    }

    #[test]
    fn the_cheapest_routes_are_chosen() {
        for seed in 0..5 {
            let problem = random_problem(CLASSES[0], seed, 8);
            check(&Network::new(&problem, 10, &Control::default()), &format!("capacities {seed}"));
        }
    }

    #[test]
    fn no_more_vehicles_are_used_than_there_are() {
        for seed in 0..5 {
            let mut data = random_problem(CLASSES[2], seed, 8).data().clone();
            // Four vehicles are enough for eight visits in pairs, so one of the dear type is needed.
            (data.vehicles[0].count, data.vehicles[1].count) = (3, 2);
            let problem = crate::optimize::routes::Problem::new(data).unwrap();
            check(&Network::new(&problem, 10, &Control::default()), &format!("mixed {seed}"));
        }
    }

    #[test]
    fn a_visit_is_left_out_where_its_prize_is_less_than_its_way() {
        let mut left_out = 0;
        for seed in 0..5 {
            let mut data = random_problem(CLASSES[4], seed, 8).data().clone();
            data.vehicles[0].count = 3;
            let problem = crate::optimize::routes::Problem::new(data).unwrap();
            let network = Network::new(&problem, 10, &Control::default());
            check(&network, &format!("prizes {seed}"));
            let found = recombine(&network, &short_routes(&network), &[], &Control::default()).unwrap();
            left_out += 8 - found.iter().map(|known| known.visits.len()).sum::<usize>();
        }
        assert!(left_out > 5, "{left_out}");
    }
}
