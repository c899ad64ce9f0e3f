//! The search against enumeration and the evaluator, and the evaluator against examples by hand.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

mod evaluation;
pub(super) mod random;

use std::time::Duration;

use random::{CLASSES, random_problem};

use super::*;
use crate::control::Control;
use crate::solution::Termination;

/// Least total cost over all plans, by enumeration of the orders of all sets of visits.
pub(super) fn least(problem: &Problem) -> f64 {
    let sets = 1 << problem.visits().len();
    let mut total = vec![f64::INFINITY; sets];
    total[0] = 0.0;
    for (vehicle, kind) in problem.vehicles().iter().enumerate() {
        let mut routes = vec![f64::INFINITY; sets];
        grow(problem, vehicle, &mut Vec::new(), &mut routes);
        if !kind.committed.is_empty() {
            total = joined(&total, &routes);
            continue;
        }
        routes[0] = 0.0;
        for _ in 0..kind.count.min(problem.visits().len()) {
            total = joined(&total, &routes);
        }
    }
    let left_out = |set: usize| {
        let out = (0..problem.visits().len()).filter(|visit| set >> visit & 1 == 0);
        out.map(|visit| problem.visits()[visit].prize.unwrap_or(f64::INFINITY)).sum::<f64>()
    };
    (0..sets).map(|set| total[set] + left_out(set)).fold(f64::INFINITY, f64::min)
}

/// Cheapest feasible route of each set of visits, by extension of `visits`.
fn grow(problem: &Problem, vehicle: usize, visits: &mut Vec<usize>, routes: &mut [f64]) {
    if !visits.is_empty() {
        let mut violations = Vec::new();
        let route = Route::of(problem, vehicle, visits.clone());
        let cost = evaluate_route(problem, &route, 0, &mut violations).cost.total();
        let begins = visits.starts_with(&problem.vehicles()[vehicle].committed);
        let set = visits.iter().fold(0, |set, visit| set | 1 << visit);
        if violations.is_empty() && begins && cost < routes[set] {
            routes[set] = cost;
        }
    }
    for visit in 0..problem.visits().len() {
        if !visits.contains(&visit) {
            visits.push(visit);
            grow(problem, vehicle, visits, routes);
            visits.pop();
        }
    }
}

fn joined(total: &[f64], routes: &[f64]) -> Vec<f64> {
    let split = |set: usize| {
        let parts = (0..=set).filter(|part| part & set == *part);
        parts.map(|part| total[set ^ part] + routes[part]).fold(f64::INFINITY, f64::min)
    };
    (0..total.len()).map(split).collect()
}

#[test]
fn the_search_finds_the_least_cost_of_every_class() {
    for class in CLASSES {
        for seed in 0..5 {
            let problem = random_problem(class, seed, 6);
            let least = least(&problem);
            let control = Control::default().with_work(2_000).with_seed(seed);
            let plan = search(&problem, &RouteOptions::default(), &control).unwrap();
            if least.is_infinite() {
                assert!(!plan.evaluation.violations.is_empty(), "{class:?} {seed}");
                continue;
            }
            assert_eq!(plan.evaluation.violations, [], "{class:?} {seed} {:?}", plan.solution);
            let cost = plan.evaluation.cost.total();
            let bound = plan.outcome.bound.unwrap();
            assert!(bound > 0.0 && bound <= least + 1e-6, "{class:?} {seed}: {bound} above {least}");
            assert!((cost - least).abs() < 1e-6, "{class:?} {seed}: {cost} instead of {least}");
        }
    }
}

#[test]
fn what_the_search_believes_is_what_the_evaluator_finds() {
    for class in CLASSES {
        for seed in 0..4 {
            let problem = random_problem(class, seed, 40);
            super::annealing::audit(&problem, seed, 150);
        }
    }
}

#[test]
fn the_same_seed_and_work_give_the_same_plan() {
    let problem = random_problem(CLASSES[1], 5, 60);
    let control = Control::default().with_work(2_000).with_seed(3);
    let one = search(&problem, &RouteOptions::default(), &control).unwrap();
    let other = search(&problem, &RouteOptions::default(), &control).unwrap();
    assert_eq!(one.solution, other.solution);
    assert_eq!(one.outcome.termination, Termination::WorkLimit);
    let third = search(&problem, &RouteOptions::default(), &control.with_seed(4)).unwrap();
    assert_ne!(one.solution, third.solution);
}

#[test]
fn a_start_is_never_made_worse_and_a_cancelled_search_answers() {
    let problem = random_problem(CLASSES[0], 9, 50);
    let control = Control::default().with_work(4_000);
    let first = search(&problem, &RouteOptions::default(), &control).unwrap();
    let options = RouteOptions { start: Some(first.solution.clone()), ..RouteOptions::default() };
    let stopped = Control::default().with_time(Duration::from_secs(60));
    stopped.cancel.request();
    let second = search(&problem, &options, &stopped).unwrap();
    assert_eq!(second.outcome.termination, Termination::Interrupted);
    assert_eq!(second.evaluation.violations, []);
    assert!(second.evaluation.cost.total() <= first.evaluation.cost.total() + 1e-6);
}

#[test]
fn one_hopeless_visit_is_left_out_and_the_rest_is_served() {
    let mut data = random_problem(CLASSES[0], 2, 20).data().clone();
    data.visits[7].delivery[0] = 1e6;
    let problem = Problem::new(data).unwrap();
    let plan = search(&problem, &RouteOptions::default(), &Control::default().with_work(2_000)).unwrap();
    assert_eq!(plan.solution.unserved, [7]);
    assert_eq!(plan.evaluation.violations, [Violation::Missing { visit: 7 }]);
}

#[test]
fn a_rule_that_the_search_does_not_know_is_named() {
    let mut data = random_problem(CLASSES[0], 2, 5).data().clone();
    data.balance_cost = 1.0;
    let problem = Problem::new(data).unwrap();
    let refused = search(&problem, &RouteOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(refused, SearchError::Unsupported { rule: "a cost of unequal routes" });
}

#[test]
fn a_start_that_makes_no_sense_is_taken_as_far_as_it_goes() {
    let problem = random_problem(CLASSES[0], 9, 12);
    let trip = |visits: &[usize]| Route::of(&problem, 0, visits.to_vec());
    let unknown = Route { vehicle: 7, ..trip(&[5]) };
    let routes = vec![trip(&[0, 1, 0]), trip(&[1, 2]), trip(&[99]), unknown, trip(&[])];
    let start = Solution { routes, unserved: vec![] };
    let options = RouteOptions { start: Some(start.clone()), ..RouteOptions::default() };
    let control = Control::default().with_work(200);
    let found = search(&problem, &options, &control).unwrap();
    assert_eq!(found.evaluation.violations, []);
    let found = search_any(&problem, Some(&start), &Control::default().with_work(20));
    assert_eq!(found.evaluation.violations, []);
}

/// A problem whose second vehicle is committed to the visits 3 and 1, and three visits more for it.
fn begun() -> (Problem, Route) {
    let mut data = random_problem(CLASSES[11], 4, 12).data().clone();
    data.visits[3].vehicles.clear();
    data.visits[1].vehicles.clear();
    let problem = Problem::new(data).unwrap();
    let begun = Route::of(&problem, 1, vec![3, 1, 5, 7]);
    assert_eq!(evaluate_route(&problem, &begun, 0, &mut Vec::new()).schedule.stops.len(), 4);
    (problem, begun)
}

#[test]
fn a_start_keeps_visits_with_the_vehicle_that_is_committed_to_them() {
    let (problem, _) = begun();
    let start = Solution { routes: vec![Route::of(&problem, 0, vec![3, 0, 2])], unserved: vec![] };
    let options = RouteOptions { start: Some(start.clone()), ..RouteOptions::default() };
    let stopped = Control::default();
    stopped.cancel.request();
    let found = search(&problem, &options, &stopped).unwrap();
    assert!(found.solution.routes.iter().any(|route| route.visits().eq([0, 2])), "{:?}", found.solution);
    for control in [stopped, Control::default().with_work(50)] {
        let any = search_any(&problem, Some(&start), &control);
        let missing = |rule: &Violation| matches!(rule, Violation::Missing { .. });
        assert!(any.evaluation.violations.iter().all(missing), "{:?}", any.evaluation.violations);
    }
}

#[test]
fn a_start_goes_on_behind_what_a_vehicle_is_committed_to() {
    let (problem, begun) = begun();
    let stopped = Control::default();
    stopped.cancel.request();
    let from = |route: &Route| {
        let start = Solution { routes: vec![route.clone()], unserved: vec![] };
        let options = RouteOptions { start: Some(start), ..RouteOptions::default() };
        search(&problem, &options, &stopped).unwrap().solution
    };
    assert!(from(&begun).routes.contains(&begun));
    // One that is too full is taken back to what the vehicle is committed to.
    let full = Route::of(&problem, 1, vec![3, 1, 0, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert!(from(&full).routes.contains(&Route::of(&problem, 1, vec![3, 1])));
}

#[test]
fn options_out_of_range_are_named() {
    let problem = random_problem(CLASSES[0], 2, 5);
    let plain = RouteOptions::default;
    let wrong = [
        (RouteOptions { blink_rate: 1.0, ..plain() }, "blink_rate"),
        (RouteOptions { blink_rate: -0.1, ..plain() }, "blink_rate"),
        (RouteOptions { coldest: 0.0, ..plain() }, "coldest"),
        (RouteOptions { hottest: 0.01, ..plain() }, "hottest"),
        (RouteOptions { removed: f64::NAN, ..plain() }, "removed"),
        (RouteOptions { near: 0, ..plain() }, "near"),
    ];
    for (options, name) in wrong {
        let refused = search(&problem, &options, &Control::default().with_work(1)).unwrap_err();
        assert!(matches!(refused, SearchError::Option { option, .. } if option == name), "{refused}");
    }
    let never = RouteOptions { blink_rate: 0.0, ..plain() };
    let found = search(&problem, &never, &Control::default().with_work(100)).unwrap();
    assert_eq!(found.evaluation.violations, []);
}

#[test]
fn alike_vehicles_are_one_kind_however_many_rows_list_them() {
    let problem = random_problem(CLASSES[2], 4, 30);
    let mut data = problem.data().clone();
    let rows = |kind: &VehicleType| vec![VehicleType { count: 1, ..kind.clone() }; kind.count];
    data.vehicles = data.vehicles.iter().flat_map(rows).collect();
    let listed = Problem::new(data).unwrap();
    let control = Control::default().with_work(1_000);
    assert_eq!(super::network::Network::new(&listed, 10, &control).kinds.len(), 2);
    let one = search(&problem, &RouteOptions::default(), &control).unwrap();
    let other = search(&listed, &RouteOptions::default(), &control).unwrap();
    assert_eq!(other.evaluation.violations, []);
    assert_eq!(one.evaluation.cost, other.evaluation.cost);
    assert_eq!(one.outcome.bound, other.outcome.bound);
}

#[test]
fn first_routes_end_when_the_search_does() {
    let stopped = Control::default();
    stopped.cancel.request();
    let problem = random_problem(CLASSES[12], 3, 300);
    let slow = search_any(&problem, None, &stopped);
    assert_eq!((slow.solution.routes.len(), slow.solution.unserved.len()), (0, 300));
    let fast = search(&problem, &RouteOptions::default(), &stopped).unwrap();
    assert_eq!(fast.outcome.termination, Termination::Interrupted);
    let longest = fast.solution.routes.iter().map(|route| route.visits().count()).max();
    assert!(longest <= Some(1), "routes were joined");
}
