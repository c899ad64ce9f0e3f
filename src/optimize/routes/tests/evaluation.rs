//! Examples by hand.

use std::sync::Arc;

use super::super::*;

/// Visits on a line at 10, 20, 30 from a depot at 0; one vehicle.
fn line() -> ProblemData {
    let points = Arc::new((0..4).map(|place| [10.0 * f64::from(place), 0.0]).collect::<Vec<_>>());
    let way = Matrix::Plane { points, rounding: Rounding::Exact };
    ProblemData {
        profiles: vec![Arc::new(Profile::constant(way.clone(), way))],
        depots: vec![Depot { place: 0, window: Window { start: 0.0, end: 500.0 }, reload_duration: 5.0 }],
        visits: (1..4).map(|place| Visit::at(place, 1)).collect(),
        vehicles: vec![VehicleType::new(1, vec![10.0])],
        ..ProblemData::default()
    }
}

fn evaluated(data: ProblemData, routes: Vec<Vec<usize>>) -> Evaluation {
    let problem = Problem::new(data).unwrap();
    let routes = routes.into_iter().map(|visits| Route::of(&problem, 0, visits)).collect();
    evaluate(&problem, &Solution { routes, unserved: vec![] })
}

#[test]
fn a_vehicle_starts_late_rather_than_waits() {
    let mut data = line();
    data.visits[0].windows = vec![Window { start: 100.0, end: 120.0 }];
    data.visits[1].windows = vec![Window { start: 150.0, end: 160.0 }];
    data.vehicles[0].unit_duration_cost = 2.0;
    let found = evaluated(data, vec![vec![0, 1, 2]]);
    let schedule = &found.routes[0].schedule;
    let starts: Vec<f64> = schedule.stops.iter().map(|stop| stop.start).collect();
    assert_eq!((schedule.start, starts, schedule.end), (110.0, vec![120.0, 150.0, 160.0], 190.0));
    assert_eq!(schedule.stops[1].waiting, 20.0);
    assert_eq!((found.cost.distance, found.cost.duration), (60.0, 160.0));
    assert_eq!(found.violations, []);
}

#[test]
fn service_waits_for_the_next_window_and_is_late_after_the_last() {
    let mut data = line();
    data.visits[0].windows = vec![Window { start: 0.0, end: 5.0 }, Window { start: 40.0, end: 50.0 }];
    data.visits[1].windows = vec![Window { start: 0.0, end: 30.0 }];
    data.visits[1].lateness = Some(Lateness { unit_cost: 3.0, most: 15.0 });
    let found = evaluated(data, vec![vec![0, 1, 2]]);
    assert_eq!(found.routes[0].schedule.start, 30.0);
    assert_eq!(found.routes[0].schedule.stops[1].lateness, 20.0);
    assert_eq!(found.cost.lateness, 60.0);
    assert_eq!(found.violations, [Violation::Late { route: 0, visit: 1, excess: 5.0 }]);
}

#[test]
fn set_up_is_charged_once_at_a_place() {
    let mut data = line();
    data.visits[1].place = 1;
    for visit in &mut data.visits {
        (visit.setup_duration, visit.service_duration) = (7.0, 1.0);
    }
    let found = evaluated(data, vec![vec![0, 1, 2]]);
    assert_eq!(found.routes[0].schedule.duration(), 60.0 + 2.0 * 7.0 + 3.0);
}

#[test]
fn a_rest_is_taken_before_a_way_that_it_could_not_follow() {
    let mut data = line();
    let rest = Break { window: Window { start: 14.0, end: 16.0 }, duration: 30.0 };
    data.vehicles[0].breaks = vec![rest];
    let schedule = evaluated(data, vec![vec![0, 1, 2]]).routes[0].schedule.clone();
    assert_eq!(schedule.breaks, [(14.0, 0.0)]);
    assert_eq!((schedule.stops[0].end, schedule.stops[1].arrival, schedule.end), (10.0, 54.0, 94.0));
}

#[test]
fn durations_follow_the_departure() {
    let mut data = line();
    let way = data.profiles[0].distance.clone();
    let slow: Vec<f64> = (0..16).map(|at| 20.0 * f64::from((at / 4_i32 - at % 4).abs())).collect();
    let slow = Matrix::Table { places: 4, values: Arc::new(slow) };
    let slices =
        vec![Slice { departure: 10.0, duration: way.clone() }, Slice { departure: 30.0, duration: slow }];
    let profile = Profile { distance: way.clone(), duration: way, slices };
    assert_eq!(profile.duration_at(1, 2, 20.0), 15.0);
    data.profiles = vec![Arc::new(profile)];
    let schedule = evaluated(data, vec![vec![0, 1, 2]]).routes[0].schedule.clone();
    let arrivals: Vec<f64> = schedule.stops.iter().map(|stop| stop.arrival).collect();
    assert_eq!((arrivals, schedule.end), (vec![10.0, 20.0, 35.0], 95.0));
}

#[test]
fn a_vehicle_loads_again_between_trips() {
    let mut data = line();
    data.visits.iter_mut().for_each(|visit| visit.delivery = vec![6.0]);
    (data.vehicles[0].max_reloads, data.vehicles[0].reload_depots) = (1, vec![0]);
    data.visits[2].release = 40.0;
    let problem = Problem::new(data).unwrap();
    let trip = |visits| Trip { depot: 0, visits };
    let route = Route { vehicle: 0, trips: vec![trip(vec![0]), trip(vec![2])] };
    let solution = Solution { routes: vec![route], unserved: vec![1] };
    let found = evaluate(&problem, &solution);
    assert_eq!((found.routes[0].distance, found.routes[0].schedule.end), (80.0, 100.0));
    assert_eq!(found.routes[0].schedule.start, 15.0);
    assert_eq!(found.violations, [Violation::Missing { visit: 1 }]);
    let mut long = solution.clone();
    long.routes[0].trips[1].visits = vec![1, 2];
    long.routes[0].trips.push(trip(vec![]));
    let broken = evaluate(&problem, &Solution { unserved: vec![], ..long }).violations;
    let load = Violation::Load { route: 0, trip: 1, dimension: 0, excess: 2.0 };
    assert_eq!(broken, [Violation::Reload { route: 0 }, load]);
}

#[test]
fn pairs_carry_their_load_between_them() {
    let mut data = line();
    (data.visits[0].pickup, data.visits[2].delivery) = (vec![10.0], vec![10.0]);
    data.visits[1].delivery = vec![1.0];
    data.pairs = vec![Pair { first: 0, second: 2 }];
    let load = |excess| Violation::Load { route: 0, trip: 0, dimension: 0, excess };
    assert_eq!(evaluated(data.clone(), vec![vec![0, 1, 2]]).violations, [load(1.0)]);
    assert_eq!(evaluated(data.clone(), vec![vec![1, 0, 2]]).violations, []);
    let turned = evaluated(data, vec![vec![1, 2, 0]]).violations;
    assert_eq!(turned, [Violation::Pair { first: 0 }]);
}

#[test]
fn every_other_rule_is_caught() {
    let broken = |change: &dyn Fn(&mut ProblemData), routes: Vec<Vec<usize>>| {
        let mut data = line();
        change(&mut data);
        evaluated(data, routes).violations
    };
    let all = || vec![vec![0, 1, 2]];
    let fleet = Violation::Fleet { vehicle: 0, excess: 1 };
    assert_eq!(broken(&|_| (), vec![vec![0], vec![1, 2]]), [fleet]);
    assert_eq!(broken(&|_| (), vec![vec![0, 1, 2, 1]]), [Violation::Repeated { visit: 1 }]);
    assert_eq!(broken(&|_| (), vec![vec![0, 1, 2], vec![9]])[0], Violation::Unknown { route: 1 });
    let distance = Violation::Distance { route: 0, excess: 10.0 };
    assert_eq!(broken(&|data| data.vehicles[0].max_distance = 50.0, all()), [distance]);
    let duration = Violation::Duration { route: 0, excess: 5.0 };
    assert_eq!(broken(&|data| data.vehicles[0].max_duration = 55.0, all()), [duration]);
    let shift = Violation::OutsideShift { route: 0, excess: 20.0 };
    assert_eq!(broken(&|data| data.vehicles[0].shift = Window { start: 0.0, end: 40.0 }, all()), [shift]);
    let skill = Violation::NotAllowed { route: 0, visit: 2 };
    assert_eq!(broken(&|data| data.visits[2].skills = vec![1], all()), [skill]);
    let order = |data: &mut ProblemData| {
        data.backhauls = Backhauls::Last;
        (data.visits[0].pickup, data.visits[1].delivery) = (vec![1.0], vec![1.0]);
    };
    assert_eq!(broken(&order, all()), [Violation::Backhaul { route: 0, visit: 0 }]);
    let commitment = Violation::Commitment { vehicle: 0 };
    assert_eq!(broken(&|data| data.vehicles[0].committed = vec![1], all()), [commitment]);
    let rest = Break { window: Window { start: 0.0, end: 5.0 }, duration: 1.0 };
    let second = Break { window: Window { start: 5.0, end: 6.0 }, duration: 9.0 };
    let third = Break { window: Window { start: 6.0, end: 7.0 }, duration: 1.0 };
    let late = broken(&|data| data.vehicles[0].breaks = vec![rest, second, third], all());
    assert!(matches!(late[..], [Violation::Break { route: 0, .. }]), "{late:?}");
}

#[test]
fn every_fault_of_the_data_is_told_at_once() {
    let mut data = line();
    data.visits[0].place = 9;
    data.visits[1].delivery = vec![1.0, 2.0];
    data.visits[2].windows = vec![Window { start: 5.0, end: 1.0 }];
    data.vehicles[0].profile = 4;
    data.pairs = vec![Pair { first: 0, second: 0 }];
    let faults = Problem::new(data).unwrap_err().faults;
    let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(text[0], "visit 0 names place 9, of which there are 4: name one below 4");
    assert_eq!(faults.len(), 5, "{text:#?}");
}
