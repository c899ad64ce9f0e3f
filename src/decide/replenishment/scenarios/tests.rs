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
fn the_safety_factor_widens_the_spread_and_keeps_the_mean() {
    let spread = |factor: &str| {
        let problem = problem(&[("safety_factor", factor)], |tables| tables);
        let scenarios = Scenarios::forecast(&problem, &Control::default()).unwrap();
        let of = &scenarios.pairs[0];
        (of.mean[0], of.quantiles[8 * 13] - of.quantiles[0])
    };
    let ((mean, narrow), (same, wide)) = (spread("1"), spread("2"));
    assert_eq!(mean, same);
    assert!((wide / narrow - 2.0).abs() < 0.1, "{narrow} {wide}");
    assert_eq!(spread("auto"), spread("1"));
    assert!(spread("0").1 < 1e-3);
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
