#![allow(clippy::unwrap_used, clippy::panic)]

mod vehicles;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::check::check_route;
use super::super::plan::one_trip;
use super::super::problem::Problem;
use super::check::{Outturn, check};
use super::day::Day;
use super::fleet::{Doing, Step};
use super::policy::{Policy, play};
use crate::control::Control;
use crate::data::scaffold::scaffold;
use crate::data::{Settings, Table, Tables, read_folder};
use crate::decide::Input;

/// One order of a day: code, position, time at which it comes (blank: known before).
type Order<'a> = (&'a str, f64, f64, &'a str);

fn settings() -> Settings {
    Settings::default().with("detour_factor", 1).with("speed_kmh", 60)
}

fn vans(count: f64) -> Table {
    Table::new("vehicles")
        .with_text("vehicle", ["VAN"])
        .with_number("count", [count])
        .with_text("shift_start", ["08:00"])
        .with_text("shift_end", ["18:00"])
        .with_number("capacity_kg", [100.0])
}

fn visits(orders: &[Order<'_>]) -> Table {
    Table::new("visits")
        .with_text("visit", orders.iter().map(|order| order.0))
        .with_number("x_km", orders.iter().map(|order| order.1))
        .with_number("y_km", orders.iter().map(|order| order.2))
        .with_number("service_minutes", orders.iter().map(|_| 10.0))
}

/// An event that is no order: time, kind, visit, vehicle, factor or minutes.
type Event<'a> = (&'a str, &'a str, &'a str, &'a str, f64);

fn tables(orders: &[Order<'_>], others: &[Event<'_>], vehicles: Table) -> Tables {
    let depots =
        Table::new("depots").with_text("depot", ["D"]).with_number("x_km", [0.0]).with_number("y_km", [0.0]);
    let known: Vec<Order<'_>> = orders.iter().filter(|order| order.3.is_empty()).copied().collect();
    let came: Vec<Order<'_>> = orders.iter().filter(|order| !order.3.is_empty()).copied().collect();
    let blank = || others.iter().map(|_| f64::NAN);
    let of_kind = |kind: &str| {
        let kind = kind.to_owned();
        let none = came.iter().map(|_| f64::NAN);
        none.chain(others.iter().map(move |event| if event.1 == kind { event.4 } else { f64::NAN }))
    };
    let events = Table::new("events")
        .with_text("time", came.iter().map(|order| order.3).chain(others.iter().map(|event| event.0)))
        .with_text("event", came.iter().map(|_| "order").chain(others.iter().map(|event| event.1)))
        .with_text("visit", came.iter().map(|order| order.0).chain(others.iter().map(|event| event.2)))
        .with_text("vehicle", came.iter().map(|_| "").chain(others.iter().map(|event| event.3)))
        .with_number("factor", of_kind("traffic"))
        .with_number("delay_minutes", of_kind("delay"))
        .with_number("x_km", came.iter().map(|order| order.1).chain(blank()))
        .with_number("y_km", came.iter().map(|order| order.2).chain(blank()))
        .with_number("service_minutes", came.iter().map(|_| 10.0).chain(blank()));
    Tables::default().with(visits(&known)).with(vehicles).with(depots).with(events)
}

/// The same with a window of the first visit, A, that has it served first.
fn first_a(mut tables: Tables) -> Tables {
    let visits = tables.get("visits").unwrap().clone();
    let closes = (0..visits.len()).map(|row| if row == 0 { "08:18" } else { "" });
    tables.insert(visits.clone().with_text("window_end", closes));
    tables
}

fn input(tables: Tables, settings: Settings) -> Input {
    Input::Tables { name: "day".to_owned(), tables, settings }
}

fn day(tables: Tables, settings: Settings) -> Day {
    Day::read(input(tables, settings)).unwrap_or_else(|faults| panic!("{faults}"))
}

fn run(day: &Day, policy: Policy) -> (Vec<Vec<Step>>, Outturn) {
    let played = play(day, policy, &Control::default().with_work(100)).unwrap();
    let mut driven = day.clone();
    driven.replace_positions(&played.observed);
    let outturn = check(&driven, &played.done);
    assert_eq!(outturn.violations, [], "{policy:?}");
    (played.done, outturn)
}

/// When each order is served, by code.
fn served(day: &Day, done: &[Vec<Step>]) -> Vec<(String, String)> {
    let mut steps: Vec<&Step> = done.iter().flatten().collect();
    steps.sort_by(|a, b| a.start.total_cmp(&b.start));
    let of = |step: &&Step| match step.doing {
        Doing::Serve(order) => Some((day.problem.visits[order].code.clone(), day.problem.time(step.start))),
        _ => None,
    };
    steps.iter().filter_map(of).collect()
}

fn at(code: &str, time: &str) -> (String, String) {
    (code.to_owned(), time.to_owned())
}

#[test]
fn a_day_is_as_worked_out_by_hand() {
    // A kilometre takes a minute and costs 1. The van is on its way to A when B comes.
    let orders = [("A", 10.0, 0.0, ""), ("B", 20.0, 0.0, "08:05")];
    let one = day(first_a(tables(&orders, &[], vans(1.0))), settings());
    for policy in Policy::ALL {
        let (done, outturn) = run(&one, policy);
        assert_eq!(served(&one, &done), [at("A", "08:10"), at("B", "08:30")]);
        assert!((outturn.cost() - 40.0).abs() < 1e-6 && (outturn.duration - 3600.0).abs() < 1e-6);
    }
    // What has begun is kept: B lies on the way to A, and comes when the van has passed it.
    let orders = [("A", 10.0, 0.0, ""), ("B", 4.0, 0.0, "08:05")];
    let one = day(first_a(tables(&orders, &[], vans(1.0))), settings());
    let (done, _) = run(&one, Policy::Rolling);
    assert_eq!(served(&one, &done), [at("A", "08:10"), at("B", "08:26")]);
}

#[test]
fn traffic_and_delays_hold_for_what_has_not_begun() {
    let orders = [("A", 10.0, 0.0, ""), ("B", 20.0, 0.0, "")];
    let slow = [("08:05", "traffic", "", "", 2.0)];
    let one = day(first_a(tables(&orders, &slow, vans(1.0))), settings());
    let (done, outturn) = run(&one, Policy::Rolling);
    // The way to A keeps its time; the next ways take twice theirs.
    assert_eq!(served(&one, &done), [at("A", "08:10"), at("B", "08:40")]);
    assert!((outturn.duration - 5400.0).abs() < 1e-6, "{}", outturn.duration);
    let held = [("08:05", "delay", "", "VAN", 7.0)];
    let one = day(first_a(tables(&orders, &held, vans(1.0))), settings());
    let (done, _) = run(&one, Policy::Nearest);
    assert_eq!(served(&one, &done), [at("A", "08:17"), at("B", "08:37")]);
}

#[test]
fn who_is_on_the_way_when_ways_become_slow_may_come_back_late() {
    let orders = [("A", 60.0, 0.0, "")];
    let slow = [("08:30", "traffic", "", "", 4.0)];
    let short = vans(1.0).with_text("shift_end", ["12:00"]);
    for limit in [f64::NAN, 3.0] {
        let one = day(tables(&orders, &slow, short.clone().with_number("max_hours", [limit])), settings());
        for policy in Policy::ALL {
            let (done, outturn) = run(&one, policy);
            assert_eq!(served(&one, &done), [at("A", "09:00")], "{policy:?}");
            assert!((outturn.duration - 3600.0 * (1.0 + 1.0 / 6.0 + 4.0)).abs() < 1e-6);
        }
    }
}

#[test]
fn goods_that_stay_aboard_keep_their_room() {
    let orders = [("A", 20.0, 0.0, ""), ("B", 40.0, 0.0, ""), ("C", 30.0, 0.0, "08:15")];
    let slow = [("08:10", "traffic", "", "", 2.0)];
    let mut all = tables(&orders, &slow, vans(1.0).with_number("capacity_kg", [200.0]));
    let visits = all.get("visits").unwrap().clone();
    all.insert(visits.with_number("delivery_kg", [100.0, 100.0]).with_text("window_end", ["08:20", "08:55"]));
    let events = all.get("events").unwrap().clone();
    all.insert(events.with_number("pickup_kg", [150.0, f64::NAN]));
    let one = day(all, settings());
    // B is too far once ways are slow; its goods stay aboard, so C's do not fit beside them.
    Policy::ALL.into_iter().for_each(|policy| drop(run(&one, policy)));
}

#[test]
fn goods_of_another_depot_are_fetched_there() {
    let orders = [("A", 40.0, 0.0, "")];
    let van = vans(1.0)
        .with_text("depot", ["D"])
        .with_text("reload_depots", ["E"])
        .with_number("max_reloads", [1.0]);
    let mut all = tables(&orders, &[], van);
    all.insert(
        Table::new("depots")
            .with_text("depot", ["D", "E"])
            .with_number("x_km", [0.0, 30.0])
            .with_number("y_km", [0.0, 0.0]),
    );
    let visits = all.get("visits").unwrap().clone();
    all.insert(visits.with_number("delivery_kg", [50.0]));
    let one = day(all, settings());
    for policy in Policy::ALL {
        assert_eq!(run(&one, policy).1.served, 1, "{policy:?}");
    }
}

#[test]
fn a_vehicle_rests_where_it_is_when_it_should() {
    let orders = [("A", 10.0, 0.0, ""), ("B", 20.0, 0.0, ""), ("C", 20.0, 5.0, "08:15")];
    let rest = Table::new("breaks")
        .with_text("vehicle", ["VAN"])
        .with_text("earliest", ["08:18"])
        .with_text("latest", ["09:00"])
        .with_number("minutes", [30.0]);
    let one = day(first_a(tables(&orders, &[], vans(1.0))).with(rest), settings());
    for policy in Policy::ALL {
        let (done, _) = run(&one, policy);
        // A until 08:20, then the rest, though an order comes before it.
        assert_eq!(served(&one, &done)[..2], [at("A", "08:10"), at("B", "09:00")], "{policy:?}");
        let rests = done[0].iter().filter(|step| step.doing == Doing::Rest(0)).count();
        assert_eq!(rests, 1);
        let mut without = done.clone();
        without[0].retain(|step| step.doing != Doing::Rest(0));
        let rules: Vec<String> =
            check(&one, &without).violations.into_iter().map(|violation| violation.rule).collect();
        assert_eq!(rules, ["break"], "C is served at 09:15 without it");
    }
}

#[test]
fn an_order_can_be_called_off_until_its_vehicle_leaves_for_it() {
    let orders = [("A", 10.0, 0.0, ""), ("B", 20.0, 0.0, "")];
    for (time, codes) in [("08:19", vec!["A"]), ("08:21", vec!["A", "B"])] {
        let off = [(time, "cancel", "B", "", f64::NAN)];
        let one = day(first_a(tables(&orders, &off, vans(1.0))), settings());
        let (done, outturn) = run(&one, Policy::Rolling);
        let told: Vec<String> = served(&one, &done).into_iter().map(|served| served.0).collect();
        assert_eq!((told, outturn.unserved), (codes.iter().map(|code| (*code).to_owned()).collect(), 0));
    }
}

#[test]
fn goods_are_loaded_again_only_by_vehicles_that_may() {
    let orders = [("A", 10.0, 0.0, ""), ("B", 0.0, 10.0, "08:05")];
    let with_goods = |reloads: f64| {
        let mut all = tables(&orders, &[], vans(1.0).with_number("max_reloads", [reloads]));
        for name in ["visits", "events"] {
            let table = all.get(name).unwrap().clone();
            all.insert(table.with_number("delivery_kg", [60.0]));
        }
        day(all, settings())
    };
    let may = with_goods(1.0);
    for policy in [Policy::Rolling, Policy::Nearest] {
        let (done, _) = run(&may, policy);
        // Back at the depot at 08:30, at B at 08:40.
        assert_eq!(served(&may, &done), [at("A", "08:10"), at("B", "08:40")], "{policy:?}");
        let loads = done[0].iter().filter(|step| matches!(step.doing, Doing::Load(_))).count();
        assert_eq!(loads, 2);
    }
    let may_not = with_goods(0.0);
    let (done, outturn) = run(&may_not, Policy::Rolling);
    assert_eq!((served(&may_not, &done), outturn.unserved), (vec![at("A", "08:10")], 1));
}

#[test]
fn the_nearest_vehicle_takes_the_order_after_its_stops() {
    let orders = [("EAST", 30.0, 0.0, ""), ("WEST", -30.0, 0.0, ""), ("NEW", 28.0, 0.0, "08:35")];
    let windows = |table: &Table| table.clone().with_text("window_end", ["08:40", "08:40"]);
    let mut all = tables(&orders, &[], vans(2.0));
    let narrow = windows(all.get("visits").unwrap());
    all.insert(narrow);
    let one = day(all, settings());
    let (done, _) = run(&one, Policy::Nearest);
    assert_eq!(served(&one, &done)[2], at("NEW", "08:42"), "EAST is left at 08:40");
}

#[test]
fn foresight_finds_the_best_of_all_orders_and_replanning_none_better() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for case in 0..6 {
        let times = ["", "", "08:10", "08:25"];
        let codes = ["A", "B", "C", "E"];
        let orders: Vec<Order<'_>> = (0..4)
            .map(|at| {
                let mut place = || f64::from(random.random_range(-20..20_i32));
                (codes[at], place(), place(), times[at])
            })
            .collect();
        let one = day(tables(&orders, &[], vans(1.0)), settings());
        let mut best = f64::INFINITY;
        permutations(&mut vec![0, 1, 2, 3], 0, &mut |order| {
            let (_, costs, violations) =
                check_route(&one.problem, &one_trip(&one.problem, 0, 0, order.to_vec()));
            if violations.is_empty() {
                best = best.min(costs.total());
            }
        });
        let foresight = run(&one, Policy::Foresight).1.cost();
        let rolling = run(&one, Policy::Rolling).1.cost();
        assert!((foresight - best).abs() < 1e-6, "{case}: {foresight} {best}");
        assert!(rolling > best - 1e-6, "{case}: {rolling} {best}");
    }
}

fn permutations(list: &mut Vec<usize>, from: usize, see: &mut dyn FnMut(&[usize])) {
    if from == list.len() {
        see(list);
    }
    for at in from..list.len() {
        list.swap(from, at);
        permutations(list, from + 1, see);
        list.swap(from, at);
    }
}

/// A day with deliveries, pickups, windows, prizes, skills, shipments, cancellations, traffic and delays,
/// from two depots, at one of them with a short shift.
fn random_day(seed: u64, change_cost: f64) -> Day {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let codes: Vec<String> = (0..22).map(|order| format!("O{order}")).collect();
    let times: Vec<String> =
        (0..22).map(|order| format!("{:02}:{:02}", 8 + order / 6, order * 9 % 60)).collect();
    let orders: Vec<Order<'_>> = (0..22)
        .map(|order| {
            let mut place = || f64::from(random.random_range(-25..25_i32));
            (codes[order].as_str(), place(), place(), if order < 10 { "" } else { times[order].as_str() })
        })
        .collect();
    let others = [
        ("09:10", "traffic", "", "", 1.5),
        ("10:40", "traffic", "", "", 0.9),
        ("09:30", "delay", "", "VAN 1", 20.0),
        ("07:40", "delay", "", "CART", 25.0),
        ("09:20", "cancel", "O3", "", f64::NAN),
        ("10:50", "cancel", "O15", "", f64::NAN),
    ];
    let reloads = f64::from(random.random_range(0..3_u32));
    let vehicles = Table::new("vehicles")
        .with_text("vehicle", ["VAN", "CART"])
        .with_number("count", [2.0, 1.0])
        .with_text("depot", ["D", "E"])
        .with_text("shift_start", ["08:00", "09:30"])
        .with_text("shift_end", ["18:00", "12:30"])
        .with_number("capacity_kg", [100.0, 60.0])
        .with_text("skills", ["", "lift"])
        .with_number("max_reloads", [reloads, reloads])
        .with_number("cost_per_hour", [12.0, 9.0])
        .with_number("fixed_cost", [20.0, 10.0]);
    let mut all = tables(&orders, &others, vehicles);
    all.insert(
        Table::new("depots")
            .with_text("depot", ["D", "E"])
            .with_number("x_km", [0.0, 15.0])
            .with_number("y_km", [0.0, 5.0])
            .with_number("reload_minutes", [5.0, 0.0]),
    );
    for (name, first, count) in [("visits", 0, 10), ("events", 10, 12)] {
        let mut table = all.get(name).unwrap().clone();
        let blanks = table.len() - count;
        let mut of = |value: &mut dyn FnMut(usize, u32) -> f64| -> Vec<f64> {
            let given = (first..first + count).map(|order| value(order, random.random_range(0..40_u32)));
            given.chain((0..blanks).map(|_| f64::NAN)).collect()
        };
        let shipped = |order: usize| order == 18 || order == 19;
        let kg = |wanted: bool, draw: u32| if wanted { f64::from(draw + 1) } else { 0.0 };
        let delivery = of(&mut |order, draw| match order {
            19 => 30.0,
            _ => kg(order % 3 == 0 && !shipped(order), draw),
        });
        let pickup = of(&mut |order, draw| match order {
            18 => 30.0,
            _ => kg(order % 3 == 1 && !shipped(order), draw),
        });
        let prize = of(&mut |order, draw| if order % 7 == 2 { f64::from(draw) } else { f64::NAN });
        let late = of(&mut |order, _| if order % 4 == 1 { 0.3 } else { f64::NAN });
        let word = |order: usize| if shipped(order) { "S" } else { "" };
        let words = (first..first + count).map(word).chain((0..blanks).map(|_| ""));
        table = table.with_text("shipment", words);
        let skill = |order: usize| if order % 8 == 7 { "lift" } else { "" };
        table = table.with_text("skills", (first..first + count).map(skill).chain((0..blanks).map(|_| "")));
        let close =
            |order: usize| if order % 2 == 1 { format!("{:02}:30", 10 + order / 5) } else { String::new() };
        let closes = (first..first + count).map(close).chain((0..blanks).map(|_| String::new()));
        table = table.with_text("window_end", closes);
        table = table.with_number("delivery_kg", delivery).with_number("pickup_kg", pickup);
        all.insert(table.with_number("prize", prize).with_number("lateness_cost", late));
    }
    day(all, settings().with("change_cost", change_cost))
}

#[test]
fn every_rule_is_kept_on_random_days() {
    for seed in 0..4 {
        let one = random_day(seed, 0.0);
        for policy in Policy::ALL {
            let (done, outturn) = run(&one, policy);
            assert!(outturn.served >= 10, "{seed} {policy:?}: {}", outturn.served);
            let again = play(&one, policy, &Control::default().with_work(100)).unwrap();
            assert_eq!(again.done, done, "the same day, work and seed");
        }
    }
}

#[test]
fn a_dear_change_is_made_rarely() {
    let changes = |cost: f64| -> usize {
        let days = (0..4).map(|seed| random_day(seed, cost));
        days.map(|day| play(&day, Policy::Rolling, &Control::default().with_work(100)).unwrap().changes).sum()
    };
    let (free, dear) = (changes(0.0), changes(1000.0));
    assert!(free > dear, "{free} {dear}");
}

#[test]
fn the_check_sees_what_is_wrong() {
    let orders = [("A", 10.0, 0.0, ""), ("B", 20.0, 0.0, "08:05")];
    let mut all = tables(&orders, &[], vans(2.0));
    let goods = all.get("visits").unwrap().clone().with_number("delivery_kg", [60.0]);
    all.insert(goods);
    let one = day(all, settings());
    let (done, _) = run(&one, Policy::Rolling);
    let rules = |change: &dyn Fn(&mut Vec<Vec<Step>>)| {
        let mut other = done.clone();
        change(&mut other);
        let rules = check(&one, &other).violations.into_iter().map(|violation| violation.rule);
        rules.collect::<Vec<_>>()
    };
    let used = done.iter().position(|steps| !steps.is_empty()).unwrap();
    let of = |doing: Doing| done[used].iter().position(|step| step.doing == doing).unwrap();
    assert_eq!(rules(&|_| ()), [""; 0]);
    assert_eq!(rules(&|done| done[used] = done[used][1..].to_vec()), ["pair"], "A without its goods");
    assert_eq!(rules(&|done| done[used][of(Doing::Serve(0))].arrival -= 60.0), ["time"]);
    assert_eq!(rules(&|done| done[used][of(Doing::Serve(0))].end -= 60.0), ["time"]);
    let stays = |done: &mut Vec<Vec<Step>>| {
        done[used].pop();
    };
    assert_eq!(rules(&stays), ["shift"], "it does not come back");
    let early = |done: &mut Vec<Vec<Step>>| {
        done[used].iter_mut().for_each(|step| {
            for time in [&mut step.leave, &mut step.arrival, &mut step.start, &mut step.end] {
                *time -= 1800.0;
            }
        });
    };
    assert_eq!(rules(&early), ["shift", "served", "time_window"]);
    let twice = |done: &mut Vec<Vec<Step>>| {
        let steps = done[used].clone();
        done[1 - used] = steps;
    };
    assert_eq!(rules(&twice), ["served", "served"]);
}

#[test]
fn the_example_folder_is_dispatched() {
    let folder = tempfile::tempdir().unwrap();
    let schema = Problem::schema().unwrap();
    for (name, text) in scaffold(&schema) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let instance = read_folder(folder.path(), &[], |_| Problem::schema().ok()).unwrap();
    let input =
        Input::Tables { name: "city".to_owned(), tables: instance.tables, settings: instance.settings };
    let told = super::dispatch(input, &Control::default().with_work(100)).unwrap();
    let document = &told.document["dispatch"];
    assert_eq!(document["orders"], 8);
    assert_eq!((&document["orders_of_the_day"], &document["called_off"]), (&2.into(), &1.into()));
    for (policy, figures) in document["policies"].as_object().unwrap() {
        let served = figures["orders_served"].as_u64().unwrap();
        assert!(served >= 6, "{policy}: {figures}");
        let rows = told.tables.get("dispatch").unwrap();
        let of = |row: &usize| {
            rows.cell_text("policy", *row) == *policy && rows.cell_text("doing", *row) == "serve"
        };
        assert_eq!((0..rows.len()).filter(of).count() as u64, served);
    }
    let text = told.presentation.to_text(&Default::default());
    assert!(text.contains("The nearest-vehicle rule serves"), "{text}");
}

#[test]
fn faults_of_a_log_are_told_with_their_cell() {
    let orders = [("A", 10.0, 0.0, ""), ("B", 20.0, 0.0, "8.05")];
    let others = [
        ("09:00", "cancel", "Z", "", f64::NAN),
        ("09:00", "delay", "", "CART", 5.0),
        ("09:00", "traffic", "", "", f64::NAN),
    ];
    let faults = Day::read(input(tables(&orders, &others, vans(1.0)), settings())).unwrap_err().to_string();
    for told in [
        "events:2: time is \"8.05\": not a time",
        "events:3: visit is \"Z\", of which there is none",
        "events:4: vehicle is \"CART\", of which there is none",
        "events:5: factor is blank",
    ] {
        assert!(faults.contains(told), "{faults}");
    }
    let mut odd = tables(&[("A", 10.0, 0.0, ""), ("B", 20.0, 0.0, "08:05")], &[], vans(1.0));
    let log = odd.get("events").unwrap().clone().from_file("log.csv").with_row_numbers(vec![9]);
    odd.insert(log.with_text("vehicles", ["BIKE"]).with_number("service_minutes", [-4.0]));
    let faults = Day::read(input(odd, settings())).unwrap_err().to_string();
    assert!(faults.contains("log.csv:9: service_minutes is"), "{faults}");
    let twice = [("A", 10.0, 0.0, ""), ("A", 20.0, 0.0, "08:05")];
    let faults = Day::read(input(tables(&twice, &[], vans(1.0)), settings())).unwrap_err().to_string();
    assert!(faults.contains("events:2: there is a visit \"A\" already"), "{faults}");
    let balanced = settings().with("balance_cost", 3);
    let faults = Day::read(input(tables(&twice[..1], &[], vans(1.0)), balanced)).unwrap_err().to_string();
    assert!(faults.contains("dispatch does not know balance_cost"), "{faults}");
}
