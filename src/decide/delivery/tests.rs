#![allow(clippy::unwrap_used, clippy::panic)]

use super::check::check;
use super::model::hopeless;
use super::plan::{self, Plan, PlanRoute, Unserved};
use super::prepared::PreparedDelivery;
use super::problem::Problem;
use super::{Delivery, update};
use crate::control::Control;
use crate::data::{Settings, Table, Tables};
use crate::decide::{Decision, Event, Input, Prepared, SolveOptions};
use crate::optimize::routes::{self, Trip};

/// Tables on a plane with 60 km/h and no detour: a kilometre takes a minute.
fn tables(visits: Table, vehicles: Table) -> Tables {
    let depots =
        Table::new("depots").with_text("depot", ["D"]).with_number("x_km", [0.0]).with_number("y_km", [0.0]);
    Tables::default().with(visits).with(vehicles).with(depots)
}

fn visits(positions: &[(&str, f64, f64)]) -> Table {
    Table::new("visits")
        .with_text("visit", positions.iter().map(|visit| visit.0))
        .with_number("x_km", positions.iter().map(|visit| visit.1))
        .with_number("y_km", positions.iter().map(|visit| visit.2))
}

fn van() -> Table {
    Table::new("vehicles")
        .with_text("vehicle", ["VAN"])
        .with_number("count", [2.0])
        .with_number("capacity_kg", [10.0])
}

fn line() -> Table {
    visits(&[("A", 10.0, 0.0), ("B", 20.0, 0.0)]).with_number("delivery_kg", [6.0, 6.0])
}

fn settings() -> Settings {
    Settings::default().with("detour_factor", 1).with("speed_kmh", 60)
}

fn problem_with(tables: Tables, settings: Settings) -> Problem {
    let input = Input::Tables { name: "test".to_owned(), tables, settings };
    Problem::read(input).unwrap_or_else(|faults| panic!("{faults}"))
}

fn problem(visits: Table, vehicles: Table) -> Problem {
    problem_with(tables(visits, vehicles), settings())
}

fn route(member: usize, visits: &[usize]) -> PlanRoute {
    PlanRoute { kind: 0, member, trips: vec![Trip { depot: 0, visits: visits.to_vec() }] }
}

/// Rules that a plan of these routes breaks.
fn rules(problem: &Problem, routes: Vec<PlanRoute>) -> Vec<String> {
    let checked = check(problem, &Plan { routes, unserved: Vec::new() });
    checked.violations.into_iter().map(|violation| violation.rule).collect()
}

#[test]
fn a_sound_plan_is_priced_as_by_hand() {
    let vehicles = van().with_number("fixed_cost", [5.0]).with_number("cost_per_hour", [60.0]);
    let visits = line().with_number("service_minutes", [4.0, 6.0]).with_number("setup_minutes", [1.0, 1.0]);
    let problem = problem(visits, vehicles);
    let plan = Plan { routes: vec![route(0, &[0]), route(1, &[1])], unserved: Vec::new() };
    let checked = check(&problem, &plan);
    assert!(checked.violations.is_empty(), "{:?}", checked.violations);
    // Two vans for 5, 20 and 40 km at 1, 25 and 47 minutes at 1 a minute.
    assert!((checked.costs.total() - (10.0 + 60.0 + 72.0)).abs() < 1e-6, "{:?}", checked.costs);
}

#[test]
fn a_visit_is_left_out_only_where_there_is_no_room() {
    let left = |count: f64, kg: [f64; 2]| {
        let problem = problem(line().with_number("delivery_kg", kg), van().with_number("count", [count]));
        let unserved = vec![Unserved { visit: 1, reason: "because".to_owned() }];
        let checked = check(&problem, &Plan { routes: vec![route(0, &[0])], unserved });
        checked.violations.into_iter().map(|violation| violation.text).collect::<Vec<_>>()
    };
    assert!(left(1.0, [6.0, 6.0]).is_empty());
    let told = ["B is left out, and could be served (visits:3)"];
    assert_eq!(left(2.0, [6.0, 6.0]), told, "by the other van");
    assert_eq!(left(1.0, [6.0, 4.0]), told, "beside the other");
}

#[test]
fn each_rule_is_seen_to_be_broken() {
    let plain = problem(line(), van());
    assert_eq!(rules(&plain, vec![route(0, &[0, 1])]), ["capacity"]);
    assert_eq!(rules(&plain, vec![route(0, &[0])]), ["served"]);
    assert_eq!(rules(&plain, vec![route(0, &[0]), route(1, &[1, 0])]), ["capacity", "served"]);
    assert_eq!(rules(&plain, vec![route(0, &[0]), route(0, &[1])]), ["fleet"]);
    let late = problem(line().with_text("window_end", ["00:05", ""]), van());
    assert_eq!(rules(&late, vec![route(0, &[0]), route(1, &[1])]), ["time_window"]);
    let short = problem(line(), van().with_text("shift_end", ["00:30"]));
    assert_eq!(rules(&short, vec![route(0, &[0]), route(1, &[1])]), ["shift"]);
    let near = problem(line(), van().with_number("max_km", [30.0]));
    assert_eq!(rules(&near, vec![route(0, &[0]), route(1, &[1])]), ["max_distance"]);
    let quick = problem(line(), van().with_number("max_hours", [0.5]));
    assert_eq!(rules(&quick, vec![route(0, &[0]), route(1, &[1])]), ["max_duration"]);
    let skilled = problem(line().with_text("skills", ["lift", ""]), van());
    assert_eq!(rules(&skilled, vec![route(0, &[0]), route(1, &[1])]), ["allowed"]);
    let mut again = route(0, &[0]);
    again.trips.push(Trip { depot: 0, visits: vec![1] });
    assert_eq!(rules(&plain, vec![again.clone()]), ["reload", "reload"]);
    let reloads = problem(line(), van().with_number("max_reloads", [1.0]));
    assert!(rules(&reloads, vec![again]).is_empty());
}

#[test]
fn rules_on_the_order_of_visits_are_seen_to_be_broken() {
    let visits = visits(&[("P", 10.0, 0.0), ("Q", 20.0, 0.0)])
        .with_text("shipment", ["S", "S"])
        .with_number("pickup_kg", [5.0, 0.0])
        .with_number("delivery_kg", [0.0, 5.0]);
    let paired = problem(visits, van());
    assert!(rules(&paired, vec![route(0, &[0, 1])]).is_empty());
    assert_eq!(rules(&paired, vec![route(0, &[1, 0])]), ["pair"]);
    let visits = line().with_number("delivery_kg", [5.0, 0.0]).with_number("pickup_kg", [0.0, 5.0]);
    let backhauls =
        |word: &str| problem_with(tables(visits.clone(), van()), settings().with("backhauls", word));
    assert!(rules(&backhauls("mixed"), vec![route(0, &[1, 0])]).is_empty());
    assert_eq!(rules(&backhauls("last"), vec![route(0, &[1, 0])]), ["backhaul"]);
    assert!(rules(&backhauls("last"), vec![route(0, &[1]), route(1, &[0])]).is_empty());
    assert_eq!(rules(&backhauls("last_never_alone"), vec![route(0, &[1]), route(1, &[0])]), ["backhaul"]);
}

fn rest(earliest: &str, latest: &str, minutes: f64) -> Table {
    Table::new("breaks")
        .with_text("vehicle", ["VAN"])
        .with_text("earliest", [earliest])
        .with_text("latest", [latest])
        .with_number("minutes", [minutes])
}

#[test]
fn a_rest_that_comes_too_late_is_seen() {
    let visits = visits(&[("A", 10.0, 0.0)]);
    let timely = problem_with(tables(visits.clone(), van()).with(rest("00:05", "00:15", 30.0)), settings());
    let plan = Plan { routes: vec![route(0, &[0])], unserved: Vec::new() };
    let checked = check(&timely, &plan);
    assert!(checked.violations.is_empty(), "{:?}", checked.violations);
    assert!((checked.routes[0].0.end - 50.0 * 60.0).abs() < 1e-6);
    // The van is reached by 00:10, and its set-up ends at 00:40, long after the rest.
    let visits = visits.with_number("setup_minutes", [30.0]);
    let late = problem_with(tables(visits, van()).with(rest("00:12", "00:15", 5.0)), settings());
    assert_eq!(rules(&late, vec![route(0, &[0])]), ["break"]);
    let reasons = hopeless(&late);
    assert_eq!(
        reasons[0].as_deref(),
        Some("no vehicle can serve it and rest in time: the nearest miss is by 25 min")
    );
}

#[test]
fn a_route_without_a_way_is_seen() {
    let distances = Table::new("distances")
        .with_text("from", ["D", "D"])
        .with_text("to", ["A", "B"])
        .with_number("km", [1.0, 2.0])
        .with_number("minutes", [5.0, 6.0]);
    let bare = Table::new("visits").with_text("visit", ["A", "B"]);
    let problem = problem_with(tables(bare, van()).with(distances), settings());
    assert_eq!(rules(&problem, vec![route(0, &[0, 1])]), ["reachable"]);
    assert!(rules(&problem, vec![route(0, &[0]), route(1, &[1])]).is_empty());
}

#[test]
fn the_checker_agrees_with_the_evaluation_of_the_solver() {
    let visits =
        visits(&[("A", 3.0, 4.0), ("B", 9.0, 1.0), ("C", 2.0, 9.0), ("E", 9.0, 1.0), ("F", 1.0, 1.0)])
            .with_number("service_minutes", [4.0, 6.0, 0.0, 2.0, 9.0])
            .with_number("setup_minutes", [2.0, 3.0, 0.0, 3.0, 0.0])
            .with_number("delivery_kg", [1.0, 2.0, 3.0, 1.0, 0.0])
            .with_number("pickup_kg", [0.0, 0.0, 1.0, 0.0, 4.0])
            .with_text("window_start", ["00:10", "00:40", "", "01:00", ""])
            .with_text("window_end", ["00:15", "00:50", "", "01:30", "00:20"])
            .with_number("lateness_cost", [1.0, f64::NAN, 2.0, 0.5, 1.0])
            .with_text("release", ["", "00:05", "", "", ""]);
    let vehicles = van().with_number("cost_per_hour", [30.0]).with_text("shift_end", ["02:00"]);
    let breaks = Table::new("breaks")
        .with_text("vehicle", ["VAN"])
        .with_text("earliest", ["00:30"])
        .with_text("latest", ["00:45"])
        .with_number("minutes", [10.0]);
    for breaks in [None, Some(breaks)] {
        let tables = tables(visits.clone(), vehicles.clone());
        let tables = breaks.into_iter().fold(tables, Tables::with);
        let problem = problem_with(tables, settings());
        let solver = routes::Problem::new(problem.data.clone()).unwrap();
        let mut order = [0, 1, 2, 3, 4];
        for case in 0..120_usize {
            order.swap(case % 5, (case * 7 + 3) % 5);
            let cut = case % 6;
            let plan =
                Plan { routes: vec![route(0, &order[..cut]), route(1, &order[cut..])], unserved: Vec::new() };
            let routes =
                plan.routes.iter().map(|route| routes::Route { vehicle: 0, trips: route.trips.clone() });
            let solution = routes::Solution { routes: routes.collect(), unserved: Vec::new() };
            let told = routes::evaluate(&solver, &solution);
            let checked = check(&problem, &plan);
            let (ours, theirs) = (checked.costs.total(), told.cost.total());
            assert!(
                ours <= theirs + 1e-6 && (!told.violations.is_empty() || (ours - theirs).abs() < 1e-6),
                "{case}: {ours} {theirs}"
            );
            assert_eq!(
                checked.violations.is_empty(),
                told.violations.is_empty(),
                "{case}: {:?}",
                checked.violations
            );
        }
    }
}

#[test]
fn hopeless_visits_are_told_and_void_nothing() {
    let visits = Table::new("visits")
        .with_text("visit", ["FINE", "SWAPPED", "HEAVY", "EARLY", "NOWHERE", "SKILL"])
        .with_number("latitude", [53.1, 8.8, 53.1, 53.1, f64::NAN, 53.1])
        .with_number("longitude", [8.8, 53.1, 8.9, 8.9, 8.8, 8.9])
        .with_number("delivery_kg", [1.0, 1.0, 99.0, 1.0, 1.0, 1.0])
        .with_text("window_start", ["", "", "", "06:00", "", ""])
        .with_text("window_end", ["", "", "", "07:50", "", ""])
        .with_text("skills", ["", "", "", "", "", "crane"]);
    let depots = Table::new("depots")
        .with_text("depot", ["D"])
        .with_number("latitude", [53.0])
        .with_number("longitude", [8.8]);
    let vehicles = van().with_text("shift_start", ["07:45"]);
    let problem = problem_with(Tables::default().with(visits).with(vehicles).with(depots), settings());
    let reasons: Vec<String> = hopeless(&problem).into_iter().map(Option::unwrap_or_default).collect();
    assert_eq!(reasons[0], "");
    assert_eq!(
        reasons[1],
        "latitude 8.8 and longitude 53.1 look swapped: the other way round it is 11 km from a depot"
    );
    assert_eq!(reasons[2], "too large for every vehicle: 99 kg, the largest holds 10 kg");
    assert_eq!(reasons[3], "outside every shift (open from 06:00 to 07:50): the nearest miss is by 7.97 min");
    assert_eq!(reasons[4], "without a position");
    assert_eq!(reasons[5], "no vehicle has the skills that it needs and may serve it");
    let notices = super::tell::with_left_out(&problem);
    assert_eq!((notices.len(), notices.has_errors()), (5, false));
}

#[test]
fn a_night_shift_reaches_the_windows_of_the_next_day() {
    let visits = visits(&[("LATE", 10.0, 0.0), ("EARLY", 20.0, 0.0)])
        .with_text("window_start", ["23:00", "02:00"])
        .with_text("window_end", ["23:30", "04:00"]);
    let vehicles = van().with_text("shift_start", ["2026-03-28 22:00"]).with_text("shift_end", ["06:00"]);
    let berlin = settings().with("time_zone", "Europe/Berlin");
    let problem = problem_with(tables(visits, vehicles), berlin);
    let checked = check(&problem, &Plan { routes: vec![route(0, &[0, 1])], unserved: Vec::new() });
    assert!(checked.violations.is_empty(), "{:?}", checked.violations);
    let stops = &checked.routes[0].0.stops;
    // Clocks go from 2:00 to 3:00 in that night.
    assert_eq!(problem.time(stops[1].start), "2026-03-29 03:00");
    assert_eq!(problem.time(stops[0].start), "2026-03-28 23:30");
}

#[test]
fn times_that_are_none_are_told_with_their_cell() {
    let wrong = line().with_text("window_start", ["8.30", ""]);
    let input = Input::Tables { name: "t".to_owned(), tables: tables(wrong, van()), settings: settings() };
    let faults = Problem::read(input).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "visits:2: window_start is \"8.30\": not a time [not-a-date]\n  help: write 08:30, or 2026-03-02 08:30"
    );
}

#[test]
fn ways_come_from_a_table_or_from_roads() {
    let distances = Table::new("distances")
        .with_text("from", ["D", "D", "A"])
        .with_text("to", ["A", "B", "B"])
        .with_number("km", [1.0, 2.0, 4.0])
        .with_number("minutes", [5.0, 6.0, 7.0]);
    let bare = Table::new("visits").with_text("visit", ["A", "B"]);
    let by_table = problem_with(tables(bare.clone(), van()).with(distances), settings());
    let profile = &by_table.data.profiles[0];
    assert_eq!((profile.distance.at(1, 2), profile.duration.at(2, 1)), (4000.0, 420.0));
    let roads = Table::new("roads")
        .with_text("from", ["D", "X", "A"])
        .with_text("to", ["X", "A", "B"])
        .with_number("seconds", [60.0, 30.0, 10.0])
        .with_number("metres", [500.0, 200.0, 90.0]);
    let by_roads = problem_with(tables(bare, van()).with(roads), settings());
    let profile = &by_roads.data.profiles[0];
    assert_eq!((profile.distance.at(0, 2), profile.duration.at(0, 2)), (790.0, 100.0));
    assert_eq!(profile.distance.at(2, 0), 790.0);
}

#[test]
fn ways_between_too_many_places_are_refused() {
    let codes = || (0..20_001).map(|number| format!("V{number}"));
    let distances = Table::new("distances")
        .with_text("from", ["V0"])
        .with_text("to", ["V1"])
        .with_number("km", [1.0])
        .with_number("minutes", [5.0]);
    let tables = tables(Table::new("visits").with_text("visit", codes()), van()).with(distances);
    let input = Input::Tables { name: "t".to_owned(), tables, settings: settings() };
    let faults = Problem::read(input).unwrap_err();
    assert!(faults.to_string().contains("ways between 20002 places need too large a table"), "{faults}");
}

#[test]
fn a_plan_goes_through_its_tables() {
    let problem = problem(line(), van());
    let plan = Plan {
        routes: vec![route(0, &[0])],
        unserved: vec![Unserved { visit: 1, reason: "a reason".to_owned() }],
    };
    let tables = plan::tables(&problem, &plan, &check(&problem, &plan));
    assert_eq!(plan::read(&problem, &tables).unwrap(), plan);
}

#[test]
fn a_file_that_states_nonsense_is_refused() {
    let text = "NAME : two\nTYPE : VRPTW\nDIMENSION : 2\nVEHICLES : 1\nCAPACITY : 9\nEDGE_WEIGHT_TYPE : EUC_2D\n\
        NODE_COORD_SECTION\n1 0 0\n2 3 4\nDEMAND_SECTION\n1 0\n2 4\nTIME_WINDOW_SECTION\n1 0 99\n2 30 20\n\
        DEPOT_SECTION\n1\n-1\nEOF\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.vrp");
    std::fs::write(&path, text).unwrap();
    assert!(Problem::read(Input::File { path, settings: Settings::default() }).is_err());
}

#[test]
fn the_vehicles_of_a_solution_file_are_found() {
    let text = "NAME : two\nTYPE : HFVRP\nDIMENSION : 3\nVEHICLES : 2\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n\
        1 0 0\n2 3 4\n3 6 8\nDEMAND_SECTION\n1 0\n2 4\n3 9\nCAPACITY_SECTION\n1 5\n2 10\n\
        VEHICLES_UNIT_DISTANCE_COST_SECTION\n1 1\n2 3\nDEPOT_SECTION\n1\n-1\nEOF\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.vrp");
    std::fs::write(&path, text).unwrap();
    let problem = Problem::read(Input::File { path, settings: Settings::default() }).unwrap();
    // By its number the large load would be in the small vehicle.
    let tables = plan::from_sol(&problem, "x.sol", "Route #1: 2\nRoute #2: 1\nCost 70\n").unwrap();
    let plan = plan::read(&problem, &tables).unwrap();
    let checked = check(&problem, &plan);
    assert_eq!((checked.costs.total(), checked.violations.len()), (70.0, 0));
    assert_eq!(plan::to_sol(&problem, &plan, 70.0), "Route #1: 1\nRoute #2: 2\nCost 70\n");
    let faults = plan::from_sol(&problem, "x.sol", "Route #1: 7\n").unwrap_err();
    assert!(faults.to_string().starts_with("x.sol:1: route 1 names 7, which is no visit"), "{faults}");
}

#[test]
fn a_new_visit_joins_the_last_plan() {
    let input = Input::Tables { name: "t".to_owned(), tables: tables(line(), van()), settings: settings() };
    let mut prepared = super::prepared::PreparedDelivery::new(input, &Control::default()).unwrap();
    let control = Control::default().with_work(200);
    let options = SolveOptions { control, ..SolveOptions::default() };
    let solution = crate::decide::Prepared::solve(&prepared, &options).unwrap();
    assert!(solution.checks.feasible);
    let rows = visits(&[("NEW", 11.0, 0.0)]).with_number("delivery_kg", [3.0]);
    let update = update::update(&mut prepared, &Event { rows }).unwrap();
    assert_eq!(update.orders.cell_text("visit", 0), "NEW");
    assert!(!update.orders.cell_text("vehicle", 0).is_empty());
    let moved = visits(&[("NEW", 500.0, 0.0)]);
    update::update(&mut prepared, &Event { rows: moved }).unwrap();
    assert_eq!((prepared.problem.visits.len(), prepared.problem.visits[2].position), (3, Some([500.0, 0.0])));
    assert!(Delivery.validate(prepared.input.clone(), &Control::default()).is_ok());
}

fn prepared(tables: Tables) -> PreparedDelivery {
    let input = Input::Tables { name: "t".to_owned(), tables, settings: settings() };
    let prepared = PreparedDelivery::new(input, &Control::default()).unwrap();
    let control = Control::default().with_work(200);
    let solution = prepared.solve(&SolveOptions { control, ..SolveOptions::default() }).unwrap();
    assert!(solution.checks.feasible);
    prepared
}

fn last_plan(prepared: &PreparedDelivery) -> Plan {
    prepared.last.lock().unwrap().clone().unwrap()
}

#[test]
fn an_update_that_the_plan_cannot_follow_changes_nothing() {
    let far = line().with_text("window_end", ["00:11", ""]).with_number("delivery_kg", [6.0, 6.0]);
    let mut prepared = prepared(tables(far, van()));
    // The plan drives VAN 1 and VAN 2; a single van is called VAN.
    let one = Table::new("vehicles").with_text("vehicle", ["VAN"]).with_number("count", [1.0]);
    let before = last_plan(&prepared);
    assert!(update::update(&mut prepared, &Event { rows: one }).is_err());
    assert_eq!(prepared.problem.data.vehicles[0].count, 2);
    assert_eq!(last_plan(&prepared), before);
    let Input::Tables { tables, .. } = &prepared.input else { panic!("tables were given") };
    assert_eq!(tables.get("vehicles").unwrap().number("count").unwrap(), [2.0]);
}

#[test]
fn a_changed_visit_leaves_a_route_that_it_breaks() {
    let mut prepared = prepared(tables(line().with_number("delivery_kg", [4.0, 4.0]), van()));
    let heavy = visits(&[("B", 20.0, 0.0)]).with_number("delivery_kg", [9.0]);
    let update = update::update(&mut prepared, &Event { rows: heavy }).unwrap();
    // It takes a vehicle that was free.
    assert_eq!((update.orders.len(), update.orders.cell_text("visit", 0)), (1, "B".to_owned()));
    let plan = last_plan(&prepared);
    assert_eq!((plan.routes.len(), plan.unserved.len()), (2, 0));
    assert!(check(&prepared.problem, &plan).violations.is_empty());
    let monstrous = visits(&[("B", 20.0, 0.0)]).with_number("delivery_kg", [99.0]);
    update::update(&mut prepared, &Event { rows: monstrous }).unwrap();
    let plan = last_plan(&prepared);
    assert_eq!((plan.routes.len(), plan.unserved.len()), (1, 1));
    assert!(check(&prepared.problem, &plan).violations.is_empty());
    let light = visits(&[("B", 20.0, 0.0)]).with_number("delivery_kg", [2.0]);
    update::update(&mut prepared, &Event { rows: light }).unwrap();
    assert_eq!(last_plan(&prepared).unserved, []);
}

#[test]
fn a_changed_shipment_stays_together() {
    let visits = |kg: f64| {
        visits(&[("P", 10.0, 0.0), ("Q", 20.0, 0.0)])
            .with_text("shipment", ["S", "S"])
            .with_number("pickup_kg", [kg, 0.0])
            .with_number("delivery_kg", [0.0, kg])
    };
    let mut prepared = prepared(tables(visits(5.0), van()));
    update::update(&mut prepared, &Event { rows: visits(7.0) }).unwrap();
    let plan = last_plan(&prepared);
    assert_eq!(plan.routes.iter().flat_map(PlanRoute::visits).collect::<Vec<_>>(), [0, 1]);
    assert!(check(&prepared.problem, &plan).violations.is_empty());
}

#[test]
fn a_start_plan_that_repeats_a_visit_is_mended() {
    for reloads in [0.0, 1.0] {
        let vehicles = van().with_number("max_reloads", [reloads]);
        let prepared = prepared(tables(line(), vehicles));
        let routes = vec![route(0, &[0, 0]), route(1, &[0]), route(1, &[1]), route(1, &[])];
        let plan = Plan { routes, unserved: Vec::new() };
        let start = Some(plan::tables(&prepared.problem, &plan, &check(&prepared.problem, &plan)));
        let control = Control::default().with_work(50);
        let solution = prepared.solve(&SolveOptions { control, start, ..SolveOptions::default() }).unwrap();
        assert!(solution.checks.feasible, "{:?}", solution.checks.violations);
    }
}

#[test]
fn a_plan_file_is_named_like_its_problem_file() {
    let text = "NAME : x/../../y\nTYPE : CVRP\nDIMENSION : 2\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n\
        1 0 0\n2 3 4\nDEPOT_SECTION\n1\n-1\nEOF\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.vrp");
    std::fs::write(&path, text).unwrap();
    let input = Input::File { path, settings: Settings::default() };
    let prepared = PreparedDelivery::new(input, &Control::default()).unwrap();
    let control = Control::default().with_work(10);
    let solution = prepared.solve(&SolveOptions { control, ..SolveOptions::default() }).unwrap();
    assert_eq!(prepared.plan_files(&solution)[0].0, "two.sol");
}

#[test]
fn faults_of_a_whole_file_are_told() {
    let text = "R1\n\nVEHICLE\nNUMBER     CAPACITY\n 25 -200\n\nCUSTOMER\nCUST NO.  XCOORD.\n\n\
        0 35 35 0 0 230 0\n1 41 49 10 161 171 10\n2 35 17 7 50 60 10\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r1.txt");
    std::fs::write(&path, text).unwrap();
    let faults = Problem::read(Input::File { path, settings: Settings::default() }).unwrap_err();
    assert!(faults.to_string().contains("vehicle type 0: capacity is -200"), "{faults}");
}

#[test]
fn the_time_of_an_explanation_is_shared() {
    let began = std::time::Instant::now();
    let starts = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = starts.clone();
    let control = Control::default()
        .with_time(std::time::Duration::from_secs(1))
        .with_progress(move |progress| {
            if progress.done == 0 {
                seen.lock().unwrap().push(began.elapsed().as_secs_f64());
            }
        })
        .started();
    let problem = problem(line(), van());
    super::explain::explain(&problem, &SolveOptions { control, ..SolveOptions::default() }).unwrap();
    let starts = starts.lock().unwrap().clone();
    assert_eq!(starts.len(), 2, "the plan, and one with a van more");
    assert!(starts[1] > 0.3 && starts[1] < 0.8, "{starts:?}");
}

#[test]
fn only_the_stop_that_breaks_a_rule_leaves_its_route() {
    let places = visits(&[("A", 10.0, 0.0), ("B", 20.0, 0.0), ("C", 30.0, 0.0)]);
    // A is reached at 00:10, after its window has closed; B and C harm nothing.
    let problem = problem(places.clone().with_text("window_end", ["00:05", "", ""]), van());
    let plan = Plan { routes: vec![route(0, &[0, 1, 2])], unserved: Vec::new() };
    let kept = |plan: Plan| plan.routes.iter().flat_map(PlanRoute::visits).collect::<Vec<_>>();
    assert_eq!(kept(update::relieved(&problem, plan.clone(), &[])), [1, 2]);
    assert_eq!(kept(update::relieved(&problem, plan.clone(), &[2])), [1, 2], "C was touched and is innocent");
    // One of three must go: the one with a prize, not the last.
    let heavy =
        places.with_number("delivery_kg", [5.0, 5.0, 5.0]).with_number("prize", [f64::NAN, 9.0, f64::NAN]);
    let full = problem_with(tables(heavy, van()), settings());
    assert_eq!(kept(update::relieved(&full, plan, &[])), [0, 2]);
}
