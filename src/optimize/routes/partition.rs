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
    let routes: Vec<&Known> = pool.routes().iter().chain(absent).collect();
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
    let is_planned = |column: &usize| *column >= pool.routes().len() || places.contains(&Some(*column));
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

    /// Least cost of serving the visits that are left in pairs and alone.
    fn least(costs: &[Vec<f64>], left: &mut Vec<usize>) -> f64 {
        let Some(visit) = left.pop() else { return 0.0 };
        let mut best = costs[visit][visit] + least(costs, left);
        for at in 0..left.len() {
            let partner = left.swap_remove(at);
            best = best.min(costs[visit][partner] + least(costs, left));
            left.push(partner);
            let last = left.len() - 1;
            left.swap(at, last);
        }
        left.push(visit);
        best
    }

    #[test]
    fn the_cheapest_pairs_are_chosen() {
        for seed in 0..5 {
            let problem = random_problem(CLASSES[0], seed, 8);
            let control = Control::default();
            let network = Network::new(&problem, 10, &control);
            let tours = Tours::new(&network);
            let mut pool = Pool::new(8, 100);
            let mut costs = vec![vec![f64::INFINITY; 8]; 8];
            for (one, other) in (0..8_u32).flat_map(|one| (0..=one).map(move |other| (one, other))) {
                let visits = if one == other { vec![one] } else { vec![one, other] };
                let Some(cost) = tours.walk(0, visits.iter().copied()) else { continue };
                pool.add(0, &visits, cost);
                costs[one as usize][other as usize] = cost;
                costs[other as usize][one as usize] = cost;
            }
            let alone = |visit: u32| {
                let cost = costs[visit as usize][visit as usize];
                Known { kind: 0, visits: vec![visit], cost }
            };
            let alone: Vec<Known> = (0..8).map(alone).collect();
            let found = recombine(&network, &pool, &alone, &control).unwrap();
            let told: f64 = found.iter().map(|known| known.cost).sum();
            let best = least(&costs, &mut (0..8).collect());
            assert!((told - best).abs() < 1e-6, "{seed}: {told} instead of {best}");
            // A plan need not be in the pool.
            let kept = recombine(&network, &Pool::new(8, 1), &found, &control).unwrap();
            assert_eq!(kept.len(), found.len());
            let mut served: Vec<u32> = found.into_iter().flat_map(|known| known.visits).collect();
            served.sort_unstable();
            assert_eq!(served, (0..8).collect::<Vec<u32>>());
        }
    }
}
