#![allow(clippy::unwrap_used, clippy::panic)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::{check, price};
use super::*;
use crate::data::{Settings, Table, Tables};
use crate::decide::Input;
use crate::decide::delivery::plan::Unserved;
use crate::optimize::routes::Trip;

const VISITS: usize = 14;

/// Draws a whole number below the one it is given.
type Draw<'d> = dyn FnMut(u32) -> f64 + 'd;

/// Visits with loads both ways, windows, set-up, soft windows, prizes, releases and a shipment; two types
/// of vehicles, of which one loads again; rests for every second seed.
fn random(seed: u64) -> Problem {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |most: u32| f64::from(random.random_range(0..most));
    let mut column = |of: &mut dyn FnMut(&mut Draw<'_>) -> f64| -> Vec<f64> {
        (0..VISITS).map(|_| of(&mut draw)).collect()
    };
    let shipped = |at: usize| at < 2;
    let x = column(&mut |draw| (draw(9) - 4.0) * 4.0);
    let y = column(&mut |draw| (draw(5) - 2.0) * 4.0);
    let opens = column(&mut |draw| draw(180));
    let wide = column(&mut |draw| 10.0 + draw(90));
    let windowed = column(&mut |draw| draw(3));
    let clock = |minutes: f64| format!("{:02}:{:02}", minutes as u32 / 60, minutes as u32 % 60);
    let start = (0..VISITS).map(|at| if windowed[at] > 0.0 { clock(opens[at]) } else { String::new() });
    let end =
        (0..VISITS).map(|at| if windowed[at] > 0.0 { clock(opens[at] + wide[at]) } else { String::new() });
    let delivery = column(&mut |draw| draw(5));
    let pickup = column(&mut |draw| if draw(3) > 1.0 { draw(6) } else { 0.0 });
    let releases = column(&mut |draw| draw(60));
    let release = (0..VISITS).map(|at| if at % 5 == 3 { clock(releases[at]) } else { String::new() });
    let visits = Table::new("visits")
        .with_text("visit", (0..VISITS).map(|at| format!("V{at}")))
        .with_number("x_km", x)
        .with_number("y_km", y)
        .with_text("window_start", start)
        .with_text("window_end", end)
        .with_number("service_minutes", column(&mut |draw| draw(9)))
        .with_number("setup_minutes", column(&mut |draw| draw(6)))
        .with_text("shipment", (0..VISITS).map(|at| if shipped(at) { "S" } else { "" }))
        .with_number("delivery_kg", (0..VISITS).map(|at| [0.0, 4.0].get(at).copied().unwrap_or(delivery[at])))
        .with_number("pickup_kg", (0..VISITS).map(|at| [4.0, 0.0].get(at).copied().unwrap_or(pickup[at])))
        .with_text("release", release)
        .with_number("lateness_cost", (0..VISITS).map(|at| if at % 4 == 2 { 0.4 } else { f64::NAN }))
        .with_number("max_lateness_minutes", (0..VISITS).map(|_| 20.0));
    let vehicles = Table::new("vehicles")
        .with_text("vehicle", ["VAN", "CART"])
        .with_number("count", [2.0, 1.0])
        .with_number("capacity_kg", [14.0, 9.0])
        .with_number("fixed_cost", [7.0, 3.0])
        .with_number("cost_per_hour", [20.0, 12.0])
        .with_number("max_reloads", [0.0, 1.0])
        .with_number("max_hours", [4.0, 3.5])
        .with_number("max_km", [140.0, 90.0])
        .with_text("shift_end", ["04:30", "04:00"]);
    let depots = Table::new("depots")
        .with_text("depot", ["D"])
        .with_number("x_km", [0.0])
        .with_number("y_km", [0.0])
        .with_number("reload_minutes", [6.0]);
    let mut tables = Tables::default().with(visits).with(vehicles).with(depots);
    if seed % 2 == 1 {
        tables.insert(
            Table::new("breaks")
                .with_text("vehicle", ["VAN"])
                .with_text("earliest", ["01:00"])
                .with_text("latest", ["02:00"])
                .with_number("minutes", [15.0]),
        );
    }
    let settings = Settings::default().with("detour_factor", 1).with("speed_kmh", 60);
    Problem::read(Input::Tables { name: "t".to_owned(), tables, settings }).unwrap_or_else(|f| panic!("{f}"))
}

/// A plan of some visits in any order; it may break rules.
fn some_plan(problem: &Problem, seed: u64) -> Vec<PlanRoute> {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 99);
    let mut room = Room::new(problem, Vec::new());
    for visit in 0..VISITS {
        if visit < 2 || random.random_range(0..2_u32) == 0 {
            continue;
        }
        if let Some(way) = room.cheapest(visit, f64::INFINITY) {
            if way.at < room.routes.len() {
                (room.routes[way.at], room.gaps[way.at]) = (way.route, None);
            } else {
                room.push(way.route);
            }
        }
    }
    let mut routes = room.routes;
    // A second trip for what loads again.
    for route in routes.iter_mut().filter(|route| route.kind == 1 && route.trips[0].visits.len() > 1) {
        let later = route.trips[0].visits.split_off(1);
        route.trips.push(Trip { depot: 0, visits: later });
    }
    routes
}

/// Added cost of every way that breaks no rule, all of them walked.
fn every_way(problem: &Problem, routes: &[PlanRoute], visit: usize) -> Vec<(f64, PlanRoute)> {
    let unit = unit(problem, visit);
    let mut ways = Vec::new();
    let mut see = |route: PlanRoute, before: f64| {
        let (_, costs, violations) = check_route(problem, &route);
        if violations.is_empty() {
            ways.push((costs.total() - before, route));
        }
    };
    for (kind, vehicle) in problem.data.vehicles.iter().enumerate() {
        let used = |member: &usize| routes.iter().any(|route| (route.kind, route.member) == (kind, *member));
        if let Some(member) = (0..vehicle.count).find(|member| !used(member)) {
            see(one_trip(problem, kind, member, unit.clone()), 0.0);
        }
        for route in routes.iter().filter(|route| route.kind == kind) {
            let before = price_route(problem, route).1.total();
            for trip in 0..route.trips.len() {
                let length = route.trips[trip].visits.len();
                for first in 0..=length {
                    let mut longer = route.clone();
                    longer.trips[trip].visits.insert(first, unit[0]);
                    let Some(&second) = unit.get(1) else {
                        see(longer, before);
                        continue;
                    };
                    for later in first + 1..=length + 1 {
                        let mut both = longer.clone();
                        both.trips[trip].visits.insert(later, second);
                        see(both, before);
                    }
                }
            }
        }
    }
    ways
}

#[test]
fn room_is_found_where_walking_every_way_finds_it() {
    let (mut with, mut without, mut refused) = (0, 0, 0);
    for seed in 0..160 {
        let problem = random(seed);
        let routes = some_plan(&problem, seed);
        let mut room = Room::new(&problem, routes.clone());
        for visit in 0..VISITS {
            if routes.iter().flat_map(PlanRoute::visits).any(|known| known == visit) {
                continue;
            }
            let ways = every_way(&problem, &routes, visit);
            let best = ways.iter().min_by(|a, b| a.0.total_cmp(&b.0));
            let told = room.cheapest(visit, f64::INFINITY);
            assert_eq!(room.exists(visit), best.is_some(), "{seed} {visit}");
            assert_eq!(told.is_some(), best.is_some(), "{seed} {visit}");
            let Some((best, told)) = best.zip(told) else {
                without += 1;
                continue;
            };
            with += 1;
            refused += usize::from(best.1 != told.route);
            assert!((best.0 - told.added).abs() < 1e-6, "{seed} {visit}: {} {}", best.0, told.added);
        }
    }
    assert!(with > 1000 && without > 50, "{with} {without}");
    assert_eq!(refused, 0, "of ways that cost the same the first is taken");
}

#[test]
fn a_large_plan_without_room_is_checked_at_once() {
    // Full vehicles: no visit that is left out fits, and none of the ways is walked.
    let count = 3000;
    let visits = Table::new("visits")
        .with_text("visit", (0..count).map(|at| format!("V{at}")))
        .with_number("x_km", (0..count).map(|at| f64::from(at % 50)))
        .with_number("y_km", (0..count).map(|at| f64::from(at / 50)))
        .with_number("delivery_kg", (0..count).map(|_| 1.0));
    let vehicles = Table::new("vehicles")
        .with_text("vehicle", ["VAN"])
        .with_number("count", [75.0])
        .with_number("capacity_kg", [20.0]);
    let depots =
        Table::new("depots").with_text("depot", ["D"]).with_number("x_km", [0.0]).with_number("y_km", [0.0]);
    let tables = Tables::default().with(visits).with(vehicles).with(depots);
    let input = Input::Tables { name: "t".to_owned(), tables, settings: Settings::default() };
    let problem = Problem::read(input).unwrap();
    let routes: Vec<PlanRoute> = (0..75)
        .map(|van| PlanRoute { member: van, ..one_trip(&problem, 0, 0, (van * 20..van * 20 + 20).collect()) })
        .collect();
    let mut room = Room::new(&problem, routes.clone());
    assert!((1500..3000).all(|visit| !room.exists(visit)));
    assert_eq!(room.walked, 0);
    let left = |visit| Unserved { visit, reason: String::new() };
    let plan = Plan { routes, unserved: (1500..3000).map(left).collect() };
    let checked = check(&problem, &plan);
    assert_eq!(checked.violations, []);
    assert_eq!(checked.costs, price(&problem, &plan));
}

#[test]
fn room_beside_others_is_found_where_none_is_alone() {
    // VAN cannot drive to V and back, or set up for W, within its shift; between its stops it can do both.
    let visits = Table::new("visits")
        .with_text("visit", ["A", "C", "B", "V", "W"])
        .with_text("place", ["A", "C", "B", "V", "A"])
        .with_number("setup_minutes", [5.0, 0.0, 0.0, 0.0, 150.0])
        .with_number("delivery_kg", [1.0, 1.0, 10.0, 1.0, 1.0]);
    let vehicles = Table::new("vehicles")
        .with_text("vehicle", ["VAN", "BIG"])
        .with_number("count", [1.0, 1.0])
        .with_number("capacity_kg", [10.0, 10.0])
        .with_text("shift_start", ["08:00", "08:00"])
        .with_text("shift_end", ["10:00", "23:00"]);
    let distances = Table::new("distances")
        .with_text("from", ["D", "D", "D", "D", "A", "A", "A", "V", "V", "C"])
        .with_text("to", ["A", "C", "B", "V", "V", "C", "B", "C", "B", "B"])
        .with_number("km", [10.0; 10])
        .with_number("minutes", [10.0, 10.0, 10.0, 300.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0]);
    let depots = Table::new("depots").with_text("depot", ["D"]);
    let tables = Tables::default().with(visits).with(vehicles).with(depots).with(distances);
    let input = Input::Tables { name: "t".to_owned(), tables, settings: Settings::default() };
    let problem = Problem::read(input).unwrap_or_else(|faults| panic!("{faults}"));
    let routes = vec![one_trip(&problem, 0, 0, vec![0, 1]), one_trip(&problem, 1, 0, vec![2])];
    for visit in [3, 4] {
        let alone = |kind| check_route(&problem, &one_trip(&problem, kind, 0, vec![visit])).2;
        assert!(!alone(0).is_empty() && alone(1).is_empty(), "{visit}");
        let ways = every_way(&problem, &routes, visit);
        let least = ways.iter().map(|way| way.0).fold(f64::INFINITY, f64::min);
        let mut room = Room::new(&problem, routes.clone());
        assert!(room.exists(visit), "{visit}: {ways:?}");
        let told = room.cheapest(visit, f64::INFINITY).unwrap();
        assert!((told.added - least).abs() < 1e-6, "{visit}: {} {least}", told.added);
    }
}
