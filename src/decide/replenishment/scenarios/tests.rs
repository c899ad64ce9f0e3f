//! Scenarios of small problems.
#![allow(clippy::unwrap_used)]

use crate::data::{Settings, Table, Tables};
use crate::decide::replenishment::problem::{Override, Problem};

use super::*;

/// Two items with two years of weeks.
fn problem(settings: &[(&str, &str)], more: impl Fn(Tables) -> Tables) -> Problem {
    let start: chrono::NaiveDate = "2022-01-03".parse().unwrap();
    let dates: Vec<_> = start.iter_weeks().take(104).collect();
    let demand = |k: u32, scale: f64| {
        (0..104)
            .map(move |t: u32| (scale * (10.0 + f64::from((t * 7 + k) % 11))).round())
            .collect::<Vec<f64>>()
    };
    let quantity: Vec<f64> = demand(0, 1.0).into_iter().chain(demand(5, 0.3)).collect();
    let items: Vec<&str> = std::iter::repeat_n("A", 104).chain(std::iter::repeat_n("B", 104)).collect();
    let tables = Tables::default()
        .with(
            Table::new("sales")
                .with_text("item", items)
                .with_date("date", dates.iter().chain(&dates).copied())
                .with_number("quantity", quantity),
        )
        .with(
            Table::new("items")
                .with_text("item", ["A", "B"])
                .with_number("unit_cost", [2.0, 3.0])
                .with_number("price", [5.0, f64::NAN])
                .with_number("fill_rate", [f64::NAN, 0.97]),
        )
        .with(
            Table::new("stock")
                .with_text("item", ["A", "B"])
                .with_date("date", ["2024-01-01".parse().unwrap(); 2])
                .with_number("on_hand", [20.0, 5.0]),
        );
    let sizes = Settings::default().with("horizon", 13).with("scenarios", 40);
    let settings = settings.iter().fold(sizes, |all, (name, value)| all.with(*name, value));
    Problem::read("test", more(tables), &settings).unwrap()
}

fn plain() -> Problem {
    problem(&[], |tables| tables)
}

fn mean_of(scenarios: &Scenarios, pair: usize, bucket: usize) -> f64 {
    let of = &scenarios.pairs[pair];
    let sum: f64 = (0..scenarios.count).map(|s| f64::from(of.path(s, scenarios.horizon)[bucket])).sum();
    sum / scenarios.count as f64
}

#[test]
fn scenarios_have_the_mean_and_the_spread_of_the_forecast() {
    let problem = plain();
    let scenarios = Scenarios::forecast(&problem, &Control::default()).unwrap();
    let a = &scenarios.pairs[0];
    assert_eq!((scenarios.count, scenarios.horizon), (40, 13));
    assert_eq!(a.demand.len(), 40 * 13);
    let total: f64 = (0..13).map(|bucket| mean_of(&scenarios, 0, bucket)).sum();
    let wanted: f32 = a.mean.iter().sum();
    assert!((total / f64::from(wanted) - 1.0).abs() < 0.05, "{total} {wanted}");
    assert!((a.mean[0] - 15.0).abs() < 2.0);
    for bucket in 0..13 {
        let levels: Vec<f32> = (0..9).map(|level| a.quantiles[level * 13 + bucket]).collect();
        assert!(levels.is_sorted() && levels[0] < levels[8]);
    }
}

#[test]
fn given_and_implied_shortage_costs() {
    let problem = plain();
    let scenarios = Scenarios::forecast(&problem, &Control::default()).unwrap();
    assert_eq!(scenarios.pairs[0].shortage_cost, 3.0);
    let b = &scenarios.pairs[1];
    let holding = problem.items[1].holding_cost;
    assert!(b.critical_ratio > 0.5 && b.critical_ratio < 1.0);
    assert!((b.shortage_cost - holding * b.critical_ratio / (1.0 - b.critical_ratio)).abs() < 1e-12);
}

#[test]
fn threads_and_single_pairs_give_the_same() {
    let problem = plain();
    let one = Scenarios::forecast(&problem, &Control::default().with_threads(1)).unwrap();
    let two = Scenarios::forecast(&problem, &Control::default().with_threads(2)).unwrap();
    assert_eq!(one, two);
    let forecaster = Forecaster::learn(&problem, &Control::default()).unwrap();
    assert_eq!(forecaster.pair(&problem, 1), one.pairs[1]);
    let other = Scenarios::forecast(&problem, &Control::default().with_seed(9)).unwrap();
    assert_ne!(one, other);
}

#[test]
fn an_override_sets_the_mean_of_its_bucket() {
    let mut problem = plain();
    let whole = Override { bucket: 2, quantity: 40.0, share: 1.0, place: Default::default() };
    let half = Override { bucket: 3, quantity: 40.0, share: 0.5, place: Default::default() };
    let before = Scenarios::forecast(&problem, &Control::default()).unwrap();
    problem.pairs[0].overrides = vec![whole, half];
    let after = Scenarios::forecast(&problem, &Control::default()).unwrap();
    assert_eq!(after.pairs[0].mean[2], 40.0);
    assert!((after.pairs[0].mean[3] - (40.0 + 0.5 * before.pairs[0].mean[3])).abs() < 1e-3);
    assert_eq!(after.pairs[0].mean[1], before.pairs[0].mean[1]);
    assert_eq!(after.pairs[1], Scenarios::forecast(&problem, &Control::default()).unwrap().pairs[1]);
}

#[test]
fn past_overrides_are_judged_next_to_the_model() {
    let mut problem = plain();
    let none = override_accuracy(&problem, &Control::default()).unwrap();
    assert_eq!(none, None);
    let stated = |bucket: i64, quantity: f64, share: f64| Override {
        bucket,
        quantity,
        share,
        place: Default::default(),
    };
    let sold = |at: usize| problem.pairs[0].sales[at];
    let (last, third) = (sold(103), sold(101));
    // One is 5 too high, one 2 too low; half a bucket, a stock-out and the future are not judged.
    problem.pairs[0].overrides = vec![
        stated(-3, third - 2.0, 1.0),
        stated(-2, 500.0, 0.5),
        stated(-1, last + 5.0, 1.0),
        stated(1, 900.0, 1.0),
    ];
    problem.pairs[1].overrides = vec![stated(-4, 70.0, 1.0)];
    problem.pairs[1].marks[100].censored = true;
    let judged = override_accuracy(&problem, &Control::default()).unwrap().unwrap();
    assert_eq!(judged.buckets, 2);
    assert!((judged.wape - 7.0 / (last + third)).abs() < 1e-12);
    assert!((judged.bias - 3.0 / (last + third)).abs() < 1e-12);
    // The model forecasts near the mean of 15, from what was known before each bucket.
    let plain_error = ((15.0 - last).abs() + (15.0 - third).abs()) / (last + third);
    assert!((judged.model_wape - plain_error).abs() < 0.2, "{judged:?} {plain_error}");
    // What was sold later does not matter to it.
    problem.pairs[0].sales[102] += 1000.0;
    problem.pairs[0].overrides.truncate(1);
    let early = override_accuracy(&problem, &Control::default()).unwrap().unwrap();
    problem.pairs[0].sales[102] -= 1000.0;
    assert_eq!(early, override_accuracy(&problem, &Control::default()).unwrap().unwrap());
}

#[test]
fn promises_closures_and_life_shape_every_path() {
    let mut problem = plain();
    problem.pairs[0].promised[1] = 50.0;
    problem.locations[0].open_share[2] = 0.0;
    problem.items[1].end = Some(4);
    let scenarios = Scenarios::forecast(&problem, &Control::default()).unwrap();
    for s in 0..scenarios.count {
        let (a, b) = (scenarios.pairs[0].path(s, 13), scenarios.pairs[1].path(s, 13));
        assert!(a[1] >= 50.0 && a[2] == 0.0 && b[2] == 0.0);
        assert!(b[4..].iter().all(|units| *units == 0.0));
    }
}

#[test]
fn the_safety_factor_scales_the_scenarios_and_not_the_forecast() {
    let made = |factor: &str| {
        let problem = problem(&[("safety_factor", factor)], |tables| tables);
        Scenarios::forecast(&problem, &Control::default()).unwrap().pairs
    };
    let (plain, more) = (made("1"), made("1.5"));
    assert_eq!((&plain[0].mean, &plain[0].quantiles), (&more[0].mean, &more[0].quantiles));
    for (one, other) in plain[0].demand.iter().zip(&more[0].demand) {
        assert!((1.5 * one - other).abs() < 1e-4);
    }
    // The fill rate of the second item states its safety.
    assert_eq!(plain[1].demand, more[1].demand);
    // Two stock points are too few to fit a factor.
    assert_eq!(made("auto")[0].demand, plain[0].demand);
}

#[test]
fn lead_times_take_every_stratum_once() {
    let mut problem = plain();
    problem.pairs[0].sources[0].lead_time_days = vec![(7, 0.5), (14, 0.25), (21, 0.25)];
    let scenarios = Scenarios::forecast(&problem, &Control::default()).unwrap();
    let days = &scenarios.pairs[0].lead_time_days;
    let count = |wanted: u16| days.iter().filter(|days| **days == wanted).count();
    assert_eq!((count(7), count(14), count(21)), (20, 10, 10));
    assert!(!days.is_sorted());
}

#[test]
fn what_did_not_change_is_taken_over() {
    let mut problem = plain();
    let control = Control::default();
    let forecaster = Forecaster::learn(&problem, &control).unwrap();
    let mut before = forecaster.scenarios(&problem, None, &control).unwrap();
    before.pairs[1].label = "kept".to_owned();
    problem.pairs[0].sales[103] += 30.0;
    let after = forecaster.scenarios(&problem, Some(&before), &control).unwrap();
    assert_eq!(after.pairs[1].label, "kept");
    assert_ne!(after.pairs[0].demand, before.pairs[0].demand);
}

#[test]
fn a_cancelled_forecast_says_so() {
    let control = Control::default();
    control.cancel.request();
    let stopped = Scenarios::forecast(&plain(), &control);
    assert!(matches!(stopped, Err(SeriesError::Stopped { .. })));
}

#[test]
fn choosing_takes_one_of_every_group() {
    let paths: Vec<f64> = (0..80).rev().map(f64::from).collect();
    let chosen = choose(&paths, 1, 20, 1, &mut ChaCha8Rng::seed_from_u64(1));
    for (group, total) in chosen.iter().enumerate() {
        assert_eq!((total / 4.0).floor() as usize, group);
    }
    assert_eq!(choose(&[], 3, 2, 1, &mut ChaCha8Rng::seed_from_u64(1)), [0.0; 6]);
}

/// 24 items with two and a half years of weeks, flat until `drift` a week sets in half a year
/// before the end.
fn drifting(drift: f64, column: (&str, f64)) -> Problem {
    let start: chrono::NaiveDate = "2021-07-05".parse().unwrap();
    let dates: Vec<_> = start.iter_weeks().take(130).collect();
    let codes: Vec<String> = (0..24).map(|item| format!("item {item:02}")).collect();
    let quantity = (0..24_u32).flat_map(|item| {
        (0..130_u32).map(move |t| {
            let level = 40.0 * drift.powi((t as i32 - 102).max(0));
            (level + f64::from((t * 7 + item * 5) % 11) - 5.0).max(0.0).round()
        })
    });
    let tables = Tables::default()
        .with(
            Table::new("sales")
                .with_text("item", codes.iter().flat_map(|code| std::iter::repeat_n(code.as_str(), 130)))
                .with_date("date", (0..24).flat_map(|_| dates.iter().copied()))
                .with_number("quantity", quantity),
        )
        .with(
            Table::new("items")
                .with_text("item", codes.iter().map(String::as_str))
                .with_number("unit_cost", [1.0; 24])
                .with_number("holding_cost", [0.2; 24])
                .with_number(column.0, [column.1; 24]),
        )
        .with(
            Table::new("stock")
                .with_text("item", codes.iter().map(String::as_str))
                .with_date("date", ["2024-01-01".parse().unwrap(); 24])
                .with_number("on_hand", [20.0; 24]),
        );
    let sizes = Settings::default().with("horizon", 6).with("scenarios", 20);
    Problem::read("test", tables, &sizes).unwrap()
}

fn fitted(problem: &Problem, threads: usize) -> f64 {
    let control = Control::default().with_threads(threads);
    Forecaster::learn(problem, &control).unwrap().safety_factor()
}

#[test]
fn demand_that_runs_away_from_its_forecast_moves_the_factor() {
    let cost = ("shortage_cost", 1.0);
    let (falling, rising) = (drifting(0.94, cost), drifting(1.06, cost));
    assert!((0.95..1.0).contains(&fitted(&falling, 2)), "{}", fitted(&falling, 2));
    assert!((1.0..=1.05).contains(&fitted(&rising, 2)) && fitted(&rising, 2) > 1.0);
    assert_eq!(fitted(&falling, 1), fitted(&falling, 2));
    // A late sale is not known to it, a stated factor is taken, and targets need none.
    let mut late = falling.clone();
    late.pairs[3].sales[129] += 500.0;
    assert_eq!(fitted(&late, 2), fitted(&falling, 2));
    late.safety_factor = Some(1.3);
    assert_eq!(fitted(&late, 2), 1.3);
    assert_eq!(fitted(&drifting(0.94, ("fill_rate", 0.95)), 2), 1.0);
}
