#![allow(clippy::unwrap_used, clippy::panic)]

mod input;

use chrono::{Datelike, Days, NaiveDate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::check::check;
use super::demand::{Demand, at_level, needs};
use super::model::{cover, filled};
use super::plan::{Start, cost, on_duty};
use super::problem::{DAY, Problem};
use super::{Staffing, plan, waiting};
use crate::control::Control;
use crate::data::{Settings, Table, Tables};
use crate::decide::{BacktestOptions, Decision, Event, Input, Replay, SolveOptions};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The true rate of orders of a zone in an hour of a date.
fn truth(zone: usize, date: NaiveDate, hour: usize, holidays: &[NaiveDate]) -> f64 {
    let weekday = [1.0, 1.0, 0.9, 1.1, 1.5, 0.8, 0.4][date.weekday().num_days_from_monday() as usize];
    let weekday = if holidays.contains(&date) { 0.3 } else { weekday };
    let peak = [12.0, 18.0][zone];
    let bell = (-((hour as f64 - peak) / 3.0).powi(2)).exp();
    [6.0, 3.0][zone] * weekday * bell
}

fn poisson(mean: f64, random: &mut ChaCha8Rng) -> u32 {
    let (mut product, mut count) = (random.random::<f64>(), 0);
    while product > (-mean).exp() {
        product *= random.random::<f64>();
        count += 1;
    }
    count
}

fn orders(since: NaiveDate, days: u64, holidays: &[NaiveDate], seed: u64) -> Table {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut zones, mut times, mut quantities) = (Vec::new(), Vec::new(), Vec::new());
    for offset in 0..days {
        let date = since.checked_add_days(Days::new(offset)).unwrap();
        for zone in 0..2 {
            for hour in 0..DAY {
                let count = poisson(truth(zone, date, hour, holidays), &mut random);
                if count > 0 {
                    zones.push(["NORTH", "SOUTH"][zone]);
                    times.push(format!("{date} {hour:02}:10"));
                    quantities.push(f64::from(count));
                }
            }
        }
    }
    Table::new("orders").with_text("zone", zones).with_text("time", times).with_number("quantity", quantities)
}

fn shifts() -> Table {
    Table::new("shifts")
        .with_text("shift", ["EARLY", "LATE", "NIGHT"])
        .with_text("start", ["06:00", "14:00", "22:00"])
        .with_number("hours", [8.0, 8.0, 8.0])
        .with_number("cost", [100.0, 110.0, 150.0])
}

fn tables(days: u64, holidays: &[NaiveDate]) -> Tables {
    let tables = Tables::default().with(orders(day("2026-01-05"), days, holidays, 7)).with(shifts());
    if holidays.is_empty() {
        return tables;
    }
    tables.with(Table::new("holidays").with_date("date", holidays.iter().copied()))
}

fn problem(tables: Tables, settings: Settings) -> Problem {
    Problem::read("test", tables, &settings).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_forecast_finds_the_rates_that_made_the_orders() {
    // Holidays fall on weekdays of the past, and one lies ahead.
    let holidays =
        [day("2026-02-03"), day("2026-03-05"), day("2026-04-07"), day("2026-05-06"), day("2026-06-26")];
    let problem = problem(tables(24 * 7, &holidays), Settings::default());
    assert_eq!(problem.first, day("2026-06-22"));
    let demand = Demand::forecast(&problem, &Control::default()).unwrap();
    let (mut error, mut sum, mut inside, mut cells) = (0.0, 0.0, 0.0, 0.0);
    for zone in 0..2 {
        for hour in 0..problem.hours() {
            let rate = truth(zone, problem.date((hour / DAY) as i64), hour % DAY, &holidays);
            error += (demand.mean(zone, hour) - rate).abs();
            sum += rate;
            if rate > 1.0 {
                // Of a Poisson variable the quantile of the forecast should leave a tenth above it.
                let most = demand.quantiles(zone, hour, &[0.9])[0].floor() as u32;
                let mut term = (-rate).exp();
                let mut below = term;
                for count in 1..=most {
                    term *= rate / f64::from(count);
                    below += term;
                }
                (inside, cells) = (inside + below, cells + 1.0);
            }
        }
    }
    assert!(error < 0.2 * sum, "{error} of {sum}");
    let coverage = inside / cells;
    assert!((0.86..0.97).contains(&coverage), "{coverage}");
    // The holiday ahead, a Friday, is far below other Fridays.
    let of_day = |day: usize| (0..DAY).map(|hour| demand.mean_of(day * DAY + hour)).sum::<f64>();
    assert!(of_day(4) < 0.75 * of_day(3), "{} {}", of_day(4), of_day(3));
}

#[test]
fn zones_and_hours_add_up_and_seeds_repeat() {
    let problem = problem(tables(8 * 7, &[]), Settings::default());
    let demand = Demand::forecast(&problem, &Control::default().with_seed(3)).unwrap();
    let again = Demand::forecast(&problem, &Control::default().with_seed(3).with_threads(2)).unwrap();
    for hour in [10, 12 + DAY, 18 + 3 * DAY] {
        let sums = demand.sums(hour, |_| 1.0);
        assert_eq!(sums, again.sums(hour, |_| 1.0));
        let mean = sums.iter().sum::<f64>() / sums.len() as f64;
        assert!((mean - demand.mean_of(hour)).abs() < 0.35, "{mean} {}", demand.mean_of(hour));
        let zones: f64 = (0..2).map(|zone| demand.mean(zone, hour)).sum();
        assert!((zones - demand.mean_of(hour)).abs() < 1e-9);
    }
    assert_eq!(
        [0.5, 0.75, 0.76, 1.0].map(|level| at_level(&[1.0, 2.0, 3.0, 4.0], level)),
        [2.0, 3.0, 4.0, 4.0]
    );
}

#[test]
fn the_cover_is_the_cheapest_of_all() {
    // Every number of drivers for every shift of a day is tried.
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for case in 0..20 {
        let shifts = Table::new("shifts")
            .with_text("shift", ["A", "B", "C", "D"])
            .with_text("start", ["00:00", "06:00", "10:00", "16:00"])
            .with_number("hours", [8.0, 10.0, 6.0, 8.0])
            .with_number("cost", (0..4).map(|_| f64::from(random.random_range(50..150_u32))))
            .with_number("most", [3.0, 3.0, 2.0, 3.0]);
        let settings = Settings::default().with("horizon_days", 1).with("vehicles", 4);
        let problem =
            problem(Tables::default().with(orders(day("2026-01-05"), 28, &[], 1)).with(shifts), settings);
        let needs: Vec<f64> = (0..DAY).map(|_| f64::from(random.random_range(0..4_u32))).collect();
        let found = cover(&problem, &needs, &Control::default()).unwrap();
        assert_eq!(check(&problem, &needs, &found.starts).violations, [], "{case}");
        let missing = |starts: &[Start]| -> f64 {
            let duty = on_duty(&problem, starts);
            needs.iter().zip(duty).map(|(need, duty)| (need - duty).max(0.0)).sum()
        };
        let mut best = (f64::INFINITY, f64::INFINITY);
        for code in 0..4 * 4 * 3 * 4 {
            let drivers = [code % 4, code / 4 % 4, code / 16 % 3, code / 48].map(f64::from);
            let starts: Vec<Start> = drivers
                .iter()
                .enumerate()
                .map(|(shift, &drivers)| Start { day: 0, shift, drivers })
                .collect();
            if on_duty(&problem, &starts).iter().all(|&duty| duty <= 4.0) {
                let told = (missing(&starts), cost(&problem, &starts));
                if told.partial_cmp(&best) == Some(std::cmp::Ordering::Less) {
                    best = told;
                }
            }
        }
        assert_eq!((missing(&found.starts), cost(&problem, &found.starts)), best, "{case}");
        assert_eq!(found.outcome.objective, Some(best.1));
    }
}

#[test]
fn a_chain_of_dear_shifts_covers_what_one_alone_cannot() {
    // On Mondays the cheap shift may not start, and each dear one takes the vehicle from a cheap one: the
    // hour from Monday 00:00 is covered by a dear shift a day from the evening before the first on.
    let shifts = Table::new("shifts")
        .with_text("shift", ["CHEAP", "DEAR"])
        .with_text("start", ["00:00", "01:00"])
        .with_number("hours", [24.0, 24.0])
        .with_number("cost", [1.0, 1000.0])
        .with_text("weekdays", ["tue;wed;thu;fri;sat;sun", ""]);
    let settings = Settings::default().with("vehicles", 1).with("plan_date", "2026-02-03");
    let orders = orders(day("2026-01-05"), 28, &[], 1);
    let problem = problem(Tables::default().with(orders).with(shifts), settings);
    let found = cover(&problem, &[1.0; 7 * DAY], &Control::default()).unwrap();
    let dear: Vec<Start> = (-1..7).map(|day| Start { day, shift: 1, drivers: 1.0 }).collect();
    assert_eq!(found.starts, dear);
    assert_eq!((found.outcome.objective, found.outcome.bound), (Some(8000.0), Some(8000.0)));
    // Nothing needed, nothing started: 0, not -0.
    let none = cover(&problem, &[0.0; 7 * DAY], &Control::default()).unwrap();
    assert!(none.outcome.objective.is_some_and(|cost| cost == 0.0 && cost.is_sign_positive()));
}

#[test]
fn what_can_be_covered_is_where_the_least_number_is_not_proved() {
    let shifts = Table::new("shifts")
        .with_text("shift", ["A", "B"])
        .with_text("start", ["06:00", "08:00"])
        .with_number("hours", [8.0, 8.0])
        .with_number("cost", [10.0, 20.0])
        .with_number("most", [1.0, 5.0]);
    let settings = Settings::default().with("horizon_days", 2).with("vehicles", 3);
    let orders = orders(day("2026-01-05"), 28, &[], 1);
    let problem = problem(Tables::default().with(orders).with(shifts), settings);
    let mut needs = vec![0.0; 2 * DAY];
    (needs[7], needs[9], needs[DAY + 9]) = (2.0, 4.0, 2.0);
    let starts = filled(&problem, &needs, &[]);
    let start = |day, shift, drivers| Start { day, shift, drivers };
    // With three vehicles one of four is missing at 9:00; at 7:00 one of two, as one driver may start A.
    assert_eq!(starts, [start(0, 0, 1.0), start(0, 1, 2.0), start(1, 0, 1.0), start(1, 1, 1.0)]);
    assert_eq!(check(&problem, &needs, &starts).violations, []);
    assert_eq!(filled(&problem, &needs, &starts), starts);
}

#[test]
fn each_rule_is_seen_to_be_broken() {
    let shifts =
        shifts().with_number("most", [2.0, f64::NAN, f64::NAN]).with_text("weekdays", ["", "tue", ""]);
    let settings = Settings::default().with("horizon_days", 2).with("vehicles", 3);
    let problem =
        problem(Tables::default().with(orders(day("2026-01-05"), 28, &[], 1)).with(shifts), settings);
    let mut needs = vec![0.0; 2 * DAY];
    needs[7] = 2.0;
    needs[16] = 1.0;
    let rules = |list: &[(i64, usize, f64)]| {
        let starts: Vec<Start> =
            list.iter().map(|&(day, shift, drivers)| Start { day, shift, drivers }).collect();
        check(&problem, &needs, &starts)
            .violations
            .into_iter()
            .map(|violation| violation.rule)
            .collect::<Vec<_>>()
    };
    // At 16:00 of the first day, a Monday, only LATE could serve, which starts on Tuesdays.
    assert_eq!(rules(&[(0, 0, 2.0)]), [""; 0]);
    assert_eq!(rules(&[(0, 0, 1.0)]), ["cover"]);
    assert_eq!(rules(&[(0, 0, 3.0)]), ["most"]);
    assert_eq!(rules(&[(0, 0, 2.0), (0, 1, 1.0)]), ["weekday"]);
    assert_eq!(rules(&[(0, 0, 1.5)]), ["whole"]);
    assert_eq!(rules(&[(0, 0, 2.0), (1, 2, 4.0)]), ["vehicles", "vehicles"]);
    // From the evening before, hours 0 to 5.
    needs_of_the_night(&problem);
}

fn needs_of_the_night(problem: &Problem) {
    let mut needs = vec![0.0; 2 * DAY];
    needs[3] = 1.0;
    let found = cover(problem, &needs, &Control::default()).unwrap();
    assert_eq!(found.starts, [Start { day: -1, shift: 2, drivers: 1.0 }]);
}

#[test]
fn a_plan_goes_through_its_tables_and_a_new_order_through_update() {
    let input =
        Input::Tables { name: "city".to_owned(), tables: tables(8 * 7, &[]), settings: Settings::default() };
    let mut prepared = Staffing.prepare(input, &Control::default()).unwrap();
    let solution = prepared.solve(&SolveOptions::default()).unwrap();
    assert!(solution.checks.feasible, "{:?}", solution.checks);
    let report = prepared.check(&solution.tables).unwrap();
    assert_eq!((report.feasible, report.objective), (true, solution.outcome.objective));
    let problem = problem(tables(8 * 7, &[]), Settings::default());
    let starts = plan::read(&problem, &solution.tables).unwrap();
    assert_eq!(Some(cost(&problem, &starts)), solution.outcome.objective);
    let demand = Demand::forecast(&problem, &Control::default()).unwrap();
    let staffing = solution.tables.get("staffing").unwrap();
    assert_eq!(staffing.number("needed").unwrap(), needs(&problem, &demand));
    // Free vehicles: never more than are on duty.
    let waiting = solution.tables.get("waiting").unwrap().number("vehicles").unwrap();
    assert!(
        !waiting.is_empty() && waiting.iter().sum::<f64>() < staffing.number("drivers").unwrap().iter().sum()
    );
    let rush = Table::new("orders")
        .with_text("zone", ["NORTH"])
        .with_text("time", ["2026-03-01 04:00"])
        .with_number("quantity", [400.0]);
    let update = prepared.update(&Event { rows: rush }).unwrap();
    let drivers = |table: &Table| table.number("drivers").unwrap().iter().sum::<f64>();
    assert!(drivers(&update.orders) > drivers(solution.tables.get("shifts_plan").unwrap()));
    let wrong = Table::new("orders").with_text("zone", ["NORTH"]).with_text("time", ["soon"]);
    assert!(prepared.update(&Event { rows: wrong.with_number("quantity", [1.0]) }).is_err());
}

#[test]
fn an_update_that_fails_leaves_everything_as_it_was() {
    let control = Control::default();
    let input =
        Input::Tables { name: "city".to_owned(), tables: tables(8 * 7, &[]), settings: Settings::default() };
    let mut prepared = Staffing.prepare(input, &control).unwrap();
    let before = prepared.solve(&SolveOptions::default()).unwrap();
    // A cost that the solver refuses shows only when the shifts are covered.
    let odd = Table::new("shifts")
        .with_text("shift", ["EARLY"])
        .with_text("start", ["06:00"])
        .with_number("hours", [8.0])
        .with_number("cost", [1e300]);
    if prepared.update(&Event { rows: odd }).is_err() {
        let after = prepared.solve(&SolveOptions::default()).unwrap();
        assert_eq!(before.tables.get("shifts_plan"), after.tables.get("shifts_plan"));
    } else {
        panic!("the solver takes such a cost: choose another fault");
    }
}

#[test]
fn a_plan_is_judged_by_its_own_needs_where_it_tells_them() {
    let prepared = |seed: u64| {
        let (tables, settings) = (tables(8 * 7, &[]), Settings::default());
        let input = Input::Tables { name: "city".to_owned(), tables, settings };
        Staffing.prepare(input, &Control::default().with_seed(seed)).unwrap()
    };
    let (here, there) = (prepared(0), prepared(3));
    let plan = there.solve(&SolveOptions::default()).unwrap().tables;
    assert!(here.check(&plan).unwrap().feasible);
    let notes = here.check_notes(&plan);
    assert!(notes[0].contains("its own staffing.csv") && notes[0].contains("seed 0"), "{notes:?}");
    // Without that table, or with a part of it, by the needs of the run.
    let shifts = plan.get("shifts_plan").unwrap().clone();
    let alone = Tables::default().with(shifts.clone());
    assert!(!here.check(&alone).unwrap().feasible, "other seeds need other numbers in some hours");
    assert!(here.check_notes(&alone)[0].contains("the forecast of this run, with seed 0"));
    let part = Table::new("staffing")
        .with_date("date", [day("2026-03-02")])
        .with_text("hour", ["00:00"])
        .with_number("needed", [0.0]);
    assert_eq!(here.check_notes(&alone.clone().with(part.clone())), here.check_notes(&alone));
    assert!(!here.check(&alone.with(part)).unwrap().feasible);
    // Fewer drivers than its own needs break the cover.
    let fewer = Table::new("shifts_plan")
        .with_date("date", [day("2026-03-02")])
        .with_text("shift", ["EARLY"])
        .with_number("drivers", [1.0]);
    let broken = here.check(&plan.clone().with(fewer)).unwrap();
    assert!(broken.violations.iter().any(|violation| violation.rule == "cover"));
}

#[test]
fn more_orders_than_65535_in_an_hour_are_counted() {
    // 300,000 orders in one hour of each Monday.
    let times = (0..8).map(|week| day("2026-01-05").checked_add_days(Days::new(7 * week)).unwrap());
    let rows: Vec<String> = times.flat_map(|date| vec![format!("{date} 12:00"); 30]).collect();
    let orders = Table::new("orders")
        .with_text("zone", vec!["A"; rows.len()])
        .with_number("quantity", vec![10_000.0; rows.len()])
        .with_text("time", rows);
    let settings = Settings::default().with("plan_date", "2026-03-02").with("method", "seasonal-naive");
    let problem = problem(Tables::default().with(orders).with(shifts()), settings);
    let demand = Demand::forecast(&problem, &Control::default()).unwrap();
    let (mean, median) = (demand.mean(0, 12), demand.quantiles(0, 12, &[0.5])[0]);
    assert!(mean > 250_000.0, "{mean}");
    assert!((median - mean).abs() < 0.05 * mean, "{median} {mean}");
}

#[test]
fn a_backtest_that_is_stopped_tells_what_was_played() {
    let input =
        Input::Tables { name: "city".to_owned(), tables: tables(20 * 7, &[]), settings: Settings::default() };
    let control = Control::default();
    let cancel = control.cancel.clone();
    let stopping = control.with_progress(move |progress| {
        if progress.stage == "backtest" && progress.done == 2 {
            cancel.request();
        }
    });
    let from = Some(day("2026-03-02"));
    let options = BacktestOptions { rounds: 2, windows: 2, from, ..BacktestOptions::default() };
    let whole = Staffing.backtest(input.clone(), &options, &Control::default()).unwrap();
    let told = Staffing.backtest(input, &options, &stopping).unwrap();
    assert_eq!((whole.windows.len(), told.windows.len()), (2, 1));
    assert_eq!((told.windows[0].from, told.windows[0].rounds), (whole.windows[0].from, 2));
    assert_eq!(told.windows[0].policies, whole.windows[0].policies);
    assert_eq!(told.policies, whole.windows[0].policies);
    assert_eq!(told.headline[0], "The backtest was stopped after 2 of 4 decisions.");
    assert!(told.warnings.contains(&told.headline[0]) && whole.warnings.is_empty());
}

#[test]
fn the_forecast_beats_last_week_and_foresight_beats_both() {
    // Two orders an hour at 100 each against a driver's hour at 13.50 pay for a level of 0.93.
    let settings = Settings::default().with("late_cost", 100);
    let input = Input::Tables { name: "city".to_owned(), tables: tables(20 * 7, &[]), settings };
    let options = BacktestOptions { rounds: 8, ..BacktestOptions::default() };
    let told = Staffing.backtest(input.clone(), &options, &Control::default()).unwrap();
    let figure = |policy: &str, name: &str| told.policies[policy][name].as_f64().unwrap();
    assert_eq!(figure("purvey", "orders"), figure("last_week", "orders"));
    assert!(figure("perfect_foresight", "cost") <= figure("purvey", "cost"), "{:?}", told.policies);
    assert!(figure("purvey", "cost") < figure("last_week", "cost"), "{:?}", told.policies);
    assert_eq!(figure("perfect_foresight", "orders_late"), 0.0);
    assert!(
        told.headline.iter().any(|line| line.contains("a service level of about 93")),
        "{:?}",
        told.headline
    );
    // Nine of ten hours are to be kept.
    assert!(figure("purvey", "share_of_hours_kept") > 0.88, "{:?}", told.policies);
    let far = BacktestOptions { rounds: 99, ..BacktestOptions::default() };
    let faults = Staffing.backtest(input, &far, &Control::default()).unwrap_err().to_string();
    assert!(
        faults.contains("99 decisions of 7 days after 21 days of history do not fit into 140 days"),
        "{faults}"
    );
}

#[test]
fn places_to_wait_stop_with_the_control_and_do_not_depend_on_threads() {
    let zones = 60;
    let codes: Vec<String> = (0..zones).map(|zone| format!("Z{zone:02}")).collect();
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let mut place = || (0..zones).map(|_| random.random_range(0.0..20.0)).collect::<Vec<f64>>();
    let table = Table::new("zones")
        .with_text("zone", codes.iter().map(String::as_str))
        .with_number("x_km", place())
        .with_number("y_km", place());
    let rows: Vec<(usize, String)> = (0..28)
        .flat_map(|date| (0..zones).map(move |zone| (zone, date)))
        .map(|(zone, date)| {
            (zone, format!("{} {:02}:00", day("2026-01-05") + Days::new(date), zone % 12 + 7))
        })
        .collect();
    let orders = Table::new("orders")
        .with_text("zone", rows.iter().map(|row| codes[row.0].as_str()))
        .with_text("time", rows.iter().map(|row| row.1.as_str()))
        .with_number("quantity", vec![2.0; rows.len()]);
    let problem = problem(Tables::default().with(orders).with(shifts()).with(table), Settings::default());
    let demand = Demand::forecast(&problem, &Control::default()).unwrap();
    let duty = vec![20.0; problem.hours()];
    let one = waiting::places(&problem, &demand, &duty, &Control::default().with_threads(1));
    let two = waiting::places(&problem, &demand, &duty, &Control::default().with_threads(2));
    assert_eq!(one, two);
    assert!(one.cut_short == 0 && one.warning().is_none() && !one.waiting.is_empty());
    let cancelled = Control::default();
    cancelled.cancel.request();
    let cut = waiting::places(&problem, &demand, &duty, &cancelled);
    let count = |places: &waiting::Places| places.waiting.iter().map(|wait| wait.vehicles).sum::<f64>();
    assert_eq!(count(&cut), count(&one), "as many vehicles wait, at worse places");
    assert!(cut.cut_short > 0 && cut.warning().is_some());
}
