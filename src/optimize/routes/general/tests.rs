#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use super::*;
use crate::optimize::routes::{
    Break, Depot, Lateness, Matrix, Pair, ProblemData, Profile, Rounding, Slice, VehicleType, Visit, Window,
};

fn window(start: f64, end: f64) -> Window {
    Window { start, end }
}

/// Small problems with the rules that the fast search does not know.
fn rich(case: u64) -> Problem {
    let mut random = ChaCha8Rng::seed_from_u64(case);
    let points: Vec<[f64; 2]> = (0..6)
        .map(|_| [f64::from(random.random_range(0..20_u32)), f64::from(random.random_range(0..20_u32))])
        .collect();
    let plane = |factor: f64| {
        let points = points.iter().map(|[x, y]| [x * factor, y * factor]).collect();
        Matrix::Plane { points: Arc::new(points), rounding: Rounding::Exact }
    };
    let mut profile = Profile::constant(plane(1.0), plane(1.0));
    if case.is_multiple_of(3) {
        let slice = |departure: f64, factor: f64| Slice { departure, duration: plane(factor) };
        profile.slices = vec![slice(0.0, 1.0), slice(60.0, 1.3)];
    }
    let visits = (1..6).map(|place| Visit {
        delivery: vec![if case % 4 == 1 && place < 3 { 0.0 } else { 2.0 }],
        windows: match (case + place as u64) % 3 {
            0 => vec![window(5.0, 15.0), window(40.0, 60.0)],
            1 => vec![window(0.0, 30.0)],
            _ => Vec::new(),
        },
        service_duration: f64::from(random.random_range(0..5_u32)),
        setup_duration: 1.0,
        prize: (place == 5).then_some(9.0),
        lateness: (place % 2 == 0).then_some(Lateness { unit_cost: 0.5, most: 20.0 }),
        ..Visit::at(place, 1)
    });
    let mut visits: Vec<Visit> = visits.collect();
    let mut pairs = Vec::new();
    if case % 4 == 1 {
        visits[0].pickup = vec![3.0];
        visits[1].delivery = vec![3.0];
        pairs.push(Pair { first: 0, second: 1 });
    }
    let rest = Break { window: window(20.0, 40.0), duration: 5.0 };
    let vehicle = VehicleType {
        fixed_cost: 4.0,
        unit_duration_cost: 0.2,
        shift: window(0.0, 200.0),
        breaks: if case.is_multiple_of(2) { vec![rest] } else { Vec::new() },
        max_reloads: 1,
        reload_depots: vec![0],
        ..VehicleType::new(2, vec![5.0])
    };
    Problem::new(ProblemData {
        profiles: vec![Arc::new(profile)],
        depots: vec![Depot { place: 0, window: Window::ALWAYS, reload_duration: 2.0 }],
        visits,
        vehicles: vec![vehicle],
        pairs,
        balance_cost: if case % 5 == 4 { 0.3 } else { 0.0 },
        ..ProblemData::default()
    })
    .unwrap()
}

/// Cost of a solution, visits that must be served and are not at 1,000 each; `None` where it breaks a rule.
fn cost(problem: &Problem, routes: &[Route]) -> Option<f64> {
    let routes = routes.iter().filter(|route| !route.is_empty()).cloned().collect();
    let found = evaluate(problem, &Solution { routes, unserved: Vec::new() });
    let missing =
        found.violations.iter().filter(|broken| matches!(broken, Violation::Missing { .. })).count();
    (missing == found.violations.len()).then(|| found.cost.total() + 1000.0 * missing as f64)
}

/// The least cost of all ways to go on from `routes`.
fn least(problem: &Problem, routes: &mut Vec<Route>, used: u32) -> f64 {
    let mut best = cost(problem, routes).unwrap_or(f64::INFINITY);
    for visit in (0..problem.visits().len()).filter(|visit| used & (1 << visit) == 0) {
        let used = used | (1 << visit);
        let trip = || Trip { depot: 0, visits: vec![visit] };
        if let Some(last) = routes.last_mut() {
            last.trips.last_mut().unwrap().visits.push(visit);
            best = best.min(least(problem, routes, used));
            routes.last_mut().unwrap().trips.last_mut().unwrap().visits.pop();
            if routes.last().unwrap().trips.len() < 2 {
                routes.last_mut().unwrap().trips.push(trip());
                best = best.min(least(problem, routes, used));
                routes.last_mut().unwrap().trips.pop();
            }
        }
        if routes.len() < 2 {
            routes.push(Route { vehicle: 0, trips: vec![trip()] });
            best = best.min(least(problem, routes, used));
            routes.pop();
        }
    }
    best
}

#[test]
fn it_finds_the_best_of_all_ways_on_small_problems() {
    for case in 0..10 {
        let problem = rich(case);
        let found = search_any(&problem, None, &Control::default().with_seed(case).with_work(2000));
        let told = cost(&problem, &found.solution.routes).unwrap();
        let best = least(&problem, &mut Vec::new(), 0);
        assert!((told - best).abs() < 1e-6, "case {case}: {told}, best {best}");
    }
}

#[test]
fn a_start_is_never_made_worse_and_work_decides() {
    let problem = rich(3);
    let first = search_any(&problem, None, &Control::default().with_work(30));
    let again = search_any(&problem, None, &Control::default().with_work(30).with_threads(2));
    assert_eq!(first.solution, again.solution);
    assert_eq!((first.outcome.termination, first.steps), (Termination::WorkLimit, 30));
    let next = search_any(&problem, Some(&first.solution), &Control::default().with_work(10).with_seed(5));
    assert!(
        cost(&problem, &next.solution.routes).unwrap()
            <= cost(&problem, &first.solution.routes).unwrap() + 1e-9
    );
}

#[test]
fn commitments_stay_at_the_beginning() {
    let mut data = rich(2).data().clone();
    data.vehicles[0].count = 1;
    data.vehicles[0].committed = vec![3, 1];
    let problem = Problem::new(data).unwrap();
    let found = search_any(&problem, None, &Control::default().with_work(100));
    assert_eq!(found.solution.routes[0].trips[0].visits[..2], [3, 1]);
}
