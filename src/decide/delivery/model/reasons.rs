//! Why the solver left a visit out: what serving it would have cost, or which limit stood in the way.

use super::super::check::check_route;
use super::super::plan::{Plan, PlanRoute, Unserved, one_trip};
use super::super::problem::Problem;

/// Planned visits nearest to the one left out, beside which it is tried.
const NEIGHBOURS: usize = 6;
/// Visits for which a reason is worked out; more get a plain one.
const MOST: usize = 2_000;

/// A way to serve a visit: its added cost, and the first rule it breaks.
struct Try {
    added: f64,
    broken: Option<String>,
}

/// The visits `left` with their reasons.
pub(in super::super) fn reasons(problem: &Problem, plan: &Plan, left: &[usize]) -> Vec<Unserved> {
    let base: Vec<f64> = plan.routes.iter().map(|route| check_route(problem, route).1.total()).collect();
    let of = |(at, &visit): (usize, &usize)| {
        let reason = if at < MOST { reason(problem, plan, &base, visit) } else { plain(problem, visit) };
        Unserved { visit, reason }
    };
    left.iter().enumerate().map(of).collect()
}

fn plain(problem: &Problem, visit: usize) -> String {
    match problem.data.visits[visit].prize {
        Some(_) => "its prize is below what serving it costs".to_owned(),
        None => "no vehicle has room left for it".to_owned(),
    }
}

fn reason(problem: &Problem, plan: &Plan, base: &[f64], visit: usize) -> String {
    if problem.pair(visit).is_some() {
        return plain(problem, visit);
    }
    let tries = tries(problem, plan, base, visit);
    let cheapest = tries.iter().filter(|way| way.broken.is_none()).min_by(|a, b| a.added.total_cmp(&b.added));
    let money = |cost: f64| problem.telling.style.number(cost, &problem.telling.cost);
    match (problem.data.visits[visit].prize, cheapest) {
        (Some(prize), Some(way)) if way.added >= prize => {
            format!("serving it would add {}, its prize is {}", money(way.added), money(prize))
        }
        (None, Some(way)) => format!("left out by the search; serving it would add {}", money(way.added)),
        _ => {
            let nearest = tries.iter().min_by(|a, b| a.added.total_cmp(&b.added));
            match nearest.and_then(|way| way.broken.as_ref()) {
                Some(text) => format!("no vehicle has room left for it: {text}"),
                None => plain(problem, visit),
            }
        }
    }
}

/// Ways to serve the visit: beside its nearest planned visits, and with a vehicle that stays at home.
fn tries(problem: &Problem, plan: &Plan, base: &[f64], visit: usize) -> Vec<Try> {
    let place = problem.data.visits[visit].place;
    let mut near: Vec<(f64, usize, usize, usize)> = Vec::new();
    for (route, planned) in plan.routes.iter().enumerate() {
        let kind = &problem.data.vehicles[planned.kind];
        let distance = &problem.data.profiles[kind.profile].distance;
        for (trip, list) in planned.trips.iter().enumerate() {
            near.extend(list.visits.iter().enumerate().map(|(position, &other)| {
                (distance.at(problem.data.visits[other].place, place), route, trip, position)
            }));
        }
    }
    let by_distance = |a: &(f64, usize, usize, usize), b: &(f64, usize, usize, usize)| {
        a.0.total_cmp(&b.0).then((a.1, a.2, a.3).cmp(&(b.1, b.2, b.3)))
    };
    if near.len() > NEIGHBOURS {
        near.select_nth_unstable_by(NEIGHBOURS, by_distance);
        near.truncate(NEIGHBOURS);
    }
    near.sort_by(by_distance);
    let mut tries = Vec::new();
    for (_, route, trip, position) in near {
        for at in [position, position + 1] {
            let mut longer = plan.routes[route].clone();
            longer.trips[trip].visits.insert(at, visit);
            tries.push(tried(problem, &longer, base[route]));
        }
    }
    for (kind, vehicle) in problem.data.vehicles.iter().enumerate() {
        if plan.routes.iter().filter(|route| route.kind == kind).count() < vehicle.count {
            tries.push(tried(problem, &one_trip(problem, kind, 0, vec![visit]), 0.0));
        }
    }
    tries
}

fn tried(problem: &Problem, route: &PlanRoute, before: f64) -> Try {
    let (_, costs, violations) = check_route(problem, route);
    Try {
        added: costs.total() - before,
        broken: violations.into_iter().next().map(|violation| violation.text),
    }
}
