//! Given a routing problem, build routes by joining their ends while that saves cost.
//!
//! Method: savings, Clarke and Wright (1964), "Scheduling of vehicles from a central depot to a
//! number of delivery points", doi:10.1287/opre.12.4.568.
//! Cost: O(n² log n) for n visits.
//! Same input gives the same answer: yes.

use crate::control::Control;
use crate::optimize::routes::{Pair, Problem, Route, Solution, evaluate_route};

/// Joins are tried with so many nearest visits.
const NEIGHBOURS: usize = 60;

/// Routes by savings; those of `start` are kept as they are.
pub(super) fn savings(problem: &Problem, start: Option<Solution>, control: &Control) -> Solution {
    let mut solution = start.unwrap_or_default();
    let mut planned = vec![false; problem.visits().len()];
    solution.routes.iter().flat_map(Route::visits).for_each(|visit| planned[visit] = true);
    let mut lists = units(problem, &planned);
    let mut owner = vec![usize::MAX; problem.visits().len()];
    lists.iter().enumerate().for_each(|(at, list)| list.iter().for_each(|&visit| owner[visit] = at));
    for (_, first, second) in joins(problem, &lists) {
        let (a, b) = (owner[first], owner[second]);
        if control.should_stop()
            || a == b
            || lists[a].last() != Some(&first)
            || lists[b].first() != Some(&second)
        {
            continue;
        }
        let joined = [&lists[a][..], &lists[b][..]].concat();
        let alone = price(problem, &lists[a]).zip(price(problem, &lists[b]));
        if let Some((cost, _)) = price(problem, &joined)
            && alone.is_none_or(|(a, b)| cost < a.0 + b.0)
        {
            lists[b].iter().for_each(|&visit| owner[visit] = a);
            (lists[a], lists[b]) = (joined, Vec::new());
        }
    }
    lists.sort_by_key(|list| std::cmp::Reverse(list.len()));
    let mut free: Vec<usize> = problem.vehicles().iter().map(|vehicle| vehicle.count).collect();
    solution.routes.iter().for_each(|route| free[route.vehicle] = free[route.vehicle].saturating_sub(1));
    for list in lists.into_iter().filter(|list| !list.is_empty()) {
        let kinds = (0..free.len()).filter(|&kind| free[kind] > 0);
        let best = kinds
            .filter_map(|kind| Some((cost(problem, kind, &list)?, kind)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, kind)) = best {
            free[kind] -= 1;
            solution.routes.push(Route::of(problem, kind, list));
        }
    }
    let served: Vec<usize> = solution.routes.iter().flat_map(Route::visits).collect();
    solution.unserved = (0..planned.len()).filter(|visit| !served.contains(visit)).collect();
    solution
}

/// Single visits, and both visits of a pair.
fn units(problem: &Problem, planned: &[bool]) -> Vec<Vec<usize>> {
    let pairs = &problem.data().pairs;
    let unit =
        |visit: usize| match pairs.iter().find(|pair: &&Pair| pair.first == visit || pair.second == visit) {
            Some(pair) if pair.first == visit => Some(vec![visit, pair.second]),
            Some(_) => None,
            None => Some(vec![visit]),
        };
    (0..planned.len()).filter(|&visit| !planned[visit]).filter_map(unit).collect()
}

/// Joins of an end with a beginning, the largest saving of distance first.
fn joins(problem: &Problem, lists: &[Vec<usize>]) -> Vec<(f64, usize, usize)> {
    let distance = &problem.profile(0).distance;
    let place = |visit: usize| problem.visits()[visit].place;
    let depot = problem.depots()[problem.vehicles()[0].start].place;
    let mut all = Vec::new();
    for list in lists {
        let Some(&end) = list.last() else { continue };
        let mut near: Vec<(f64, usize)> = lists
            .iter()
            .filter_map(|other| other.first().copied())
            .filter(|&first| first != list[0])
            .map(|first| (distance.at(place(end), place(first)), first))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near.truncate(NEIGHBOURS);
        all.extend(near.into_iter().map(|(way, first)| {
            (distance.at(place(end), depot) + distance.at(depot, place(first)) - way, end, first)
        }));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all
}

/// The cheapest type for a list of visits.
fn price(problem: &Problem, visits: &[usize]) -> Option<(f64, usize)> {
    let kinds = 0..problem.vehicles().len();
    kinds.filter_map(|kind| Some((cost(problem, kind, visits)?, kind))).min_by(|a, b| a.0.total_cmp(&b.0))
}

fn cost(problem: &Problem, kind: usize, visits: &[usize]) -> Option<f64> {
    let mut violations = Vec::new();
    let route = Route::of(problem, kind, visits.to_vec());
    let evaluated = evaluate_route(problem, &route, 0, &mut violations);
    violations.is_empty().then(|| evaluated.cost.total())
}
