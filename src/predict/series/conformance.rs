//! What every method in the list must hold, whatever the series.

#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn settings(horizon: usize) -> Settings {
    Settings { horizon, paths: 40, nonnegative: true }
}

fn one(method: &Method, series: Series, season_length: usize, settings: &Settings) -> Forecast {
    let panel = Panel { season_length: Some(season_length), ..Panel::new(vec![series], Frequency::Weekly) };
    forecast(&panel, method, settings, &Control::default().with_threads(1)).unwrap().remove(0)
}

fn waves(n: usize, m: usize) -> Vec<f64> {
    (0..n)
        .map(|t| {
            (20.0 + 8.0 * (std::f64::consts::TAU * t as f64 / m as f64).sin() + (t * 13 % 7) as f64).round()
        })
        .collect()
}

fn sparse(n: usize) -> Vec<f64> {
    (0..n).map(|t| if t * 7 % 5 == 0 { (1 + t % 4) as f64 } else { 0.0 }).collect()
}

/// Series that have broken forecasters, each with its name.
fn hard_cases() -> Vec<(&'static str, Vec<f64>)> {
    let nan = f64::NAN;
    let mut gaps = waves(60, 12);
    (0..60).filter(|t| t % 4 == 1 || (20..30).contains(t)).for_each(|t| gaps[t] = nan);
    vec![
        ("empty", vec![]),
        ("one value", vec![5.0]),
        ("one zero", vec![0.0]),
        ("two values", vec![5.0, 9.0]),
        ("all unknown", vec![nan; 30]),
        ("infinite values", vec![f64::INFINITY, 3.0, f64::NEG_INFINITY, 4.0, 3.0, 5.0, 4.0, 4.0]),
        ("all zero", vec![0.0; 104]),
        ("constant", vec![7.0; 104]),
        ("one sale at the end", [vec![0.0; 50], vec![6.0]].concat()),
        ("one sale at the start", [vec![6.0], vec![0.0; 50]].concat()),
        ("gaps", gaps),
        ("sparse", sparse(104)),
        ("end of life", [waves(60, 12), vec![0.0; 44]].concat()),
        ("start of life", [vec![0.0; 60], waves(9, 12)].concat()),
        ("below zero", waves(50, 12).iter().map(|y| y - 25.0).collect()),
        ("huge", waves(50, 12).iter().map(|y| y * 1e300).collect()),
        ("large", waves(50, 12).iter().map(|y| y * 1e12).collect()),
        ("tiny", waves(50, 12).iter().map(|y| y * 1e-300).collect()),
        ("one spike", [vec![1.0; 40], vec![1e9], vec![1.0; 40]].concat()),
        ("steep", (0..60).map(|t| 1.3_f64.powi(t)).collect()),
        ("seasons", waves(120, 12)),
        ("long season", waves(208, 52)),
    ]
}

#[test]
fn every_method_takes_every_series() {
    for method in &ALL {
        for (name, y) in hard_cases() {
            for season_length in [1, 7, 12, 52] {
                for nonnegative in [true, false] {
                    let settings = Settings { nonnegative, ..settings(9) };
                    let made = one(method, Series::new("s", y.clone()), season_length, &settings);
                    let place = format!(
                        "{} on {name}, season {season_length}, nonnegative {nonnegative}",
                        method.name
                    );
                    assert_eq!((made.mean.len(), made.path_count()), (9, 40), "{place}");
                    let all = made.mean.iter().chain(&made.paths);
                    assert!(all.clone().all(|v| v.is_finite()), "{place}: {made:?}");
                    assert!(!nonnegative || all.clone().all(|v| *v >= 0.0), "{place}: {made:?}");
                    assert!(!made.label.is_empty(), "{place}");
                    // No forecast leaves the size of what was seen by orders of magnitude.
                    let largest =
                        y.iter().filter(|y| y.is_finite()).fold(0.0_f64, |most, y| most.max(y.abs()));
                    assert!(made.mean.iter().all(|v| v.abs() <= 20.0 * largest), "{place}: {:?}", made.mean);
                }
            }
        }
    }
}

#[test]
fn special_histories_are_explained() {
    let method = method("auto").unwrap();
    let note_of = |y: Vec<f64>| one(method, Series::new("s", y), 52, &settings(4)).notes.join("; ");
    assert!(note_of(vec![]).contains("no history"));
    assert!(note_of(vec![0.0; 20]).contains("no demand"));
    assert!(note_of(vec![1.0, 2.0]).contains("only 2 known"));
    assert!(note_of([vec![0.0; 60], waves(9, 12)].concat()).contains("before the first sale"));
    assert!(note_of([waves(60, 12), vec![0.0; 30]].concat()).contains("end of life"));
}

#[test]
fn zero_horizon_and_zero_paths_are_no_special_case() {
    for method in &ALL {
        let nothing = one(method, Series::new("s", waves(30, 12)), 12, &settings(0));
        assert!(nothing.mean.is_empty() && nothing.paths.is_empty() && nothing.path_count() == 0);
        let bare = one(method, Series::new("s", waves(30, 12)), 12, &Settings { paths: 0, ..settings(3) });
        assert!(bare.paths.is_empty());
        assert_eq!(bare.quantile(0.9, 1), bare.mean[1], "{}", method.name);
    }
}

#[test]
fn constants_stay_and_scale_carries_over() {
    for method in &ALL {
        let constant = one(method, Series::new("s", vec![7.0; 60]), 12, &settings(6));
        assert!(constant.mean.iter().all(|v| (v - 7.0).abs() < 1e-9), "{}: {:?}", method.name, constant.mean);
        let shape: Vec<f64> = waves(80, 12).iter().map(|y| y + 100.5).collect();
        let small = one(method, Series::new("s", shape.clone()), 12, &settings(6));
        let large =
            one(method, Series::new("s", shape.iter().map(|y| y * 1024.0).collect()), 12, &settings(6));
        for (a, b) in small.mean.iter().zip(&large.mean) {
            assert!((a * 1024.0 / b - 1.0).abs() < 1e-6, "{}: {a} {b}", method.name);
        }
    }
}

fn panel() -> Panel {
    let mut series: Vec<Series> = hard_cases().into_iter().map(|(name, y)| Series::new(name, y)).collect();
    let n = series[20].y.len();
    series[20].censored = (0..n).map(|t| t % 11 == 3).collect();
    series[20].excluded = (0..n).map(|t| t % 17 == 5).collect();
    series[20].covariates = (0..n).map(|t| if t % 9 == 4 { 1.0 } else { 0.0 }).collect();
    series[20].future_covariates = vec![0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    Panel {
        season_length: Some(12),
        covariate_names: vec!["promotion".into()],
        ..Panel::new(series, Frequency::Monthly)
    }
}

#[test]
fn threads_and_repetition_change_nothing() {
    let panel = panel();
    for method in &ALL {
        let run = |threads, seed| {
            let control = Control::default().with_threads(threads).with_seed(seed);
            forecast(&panel, method, &settings(8), &control).unwrap()
        };
        let first = run(1, 5);
        assert!(first == run(1, 5), "{}", method.name);
        assert!(first == run(2, 5), "{}", method.name);
        assert!(first != run(1, 6), "{}: the seed is not used", method.name);
    }
}

#[test]
fn the_order_of_the_series_changes_nothing() {
    let panel = panel();
    let mut turned = panel.clone();
    turned.series.reverse();
    for method in &ALL {
        let run = |panel: &Panel| forecast(panel, method, &settings(8), &Control::default()).unwrap();
        let mut back = run(&turned);
        back.reverse();
        assert!(run(&panel) == back, "{}", method.name);
    }
}

#[test]
fn another_series_changes_no_path_of_the_others() {
    let panel = panel();
    let mut more = panel.clone();
    more.series.insert(4, Series::new("newcomer", waves(77, 12)));
    // What is learned across series may change with the company, what is drawn may not.
    for method in ALL.iter().filter(|method| method.name != "pooled") {
        let run = |panel: &Panel| forecast(panel, method, &settings(8), &Control::default()).unwrap();
        let mut without = run(&more);
        without.remove(4);
        assert!(run(&panel) == without, "{}", method.name);
    }
}

#[test]
fn one_new_sale_gives_what_a_fresh_run_gives() {
    let mut panel = panel();
    let control = Control::default().with_threads(1);
    for method in &ALL {
        let model = Model::learn(&panel, method, &settings(8), &control).unwrap();
        panel.series[11].y.push(3.0);
        let fresh = forecast(&panel, method, &settings(8), &control).unwrap();
        assert_eq!(model.forecast(&panel, 11).unwrap(), fresh[11], "{}", method.name);
        assert_eq!(model.forecast(&panel, 20).unwrap(), fresh[20], "{}", method.name);
    }
}

#[test]
fn arrays_of_the_wrong_length_are_refused() {
    let mut panel = panel();
    panel.series[20].censored.pop();
    let error = forecast(&panel, &ALL[0], &settings(8), &Control::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "series seasons: censored marks has 119 values, 120 expected\n  help: give one value (or one row) for each bucket, or none at all"
    );
    panel.series[20].censored.clear();
    panel.series[20].future_covariates.truncate(3);
    assert!(forecast(&panel, &ALL[0], &settings(8), &Control::default()).is_err());
}

#[test]
fn a_stop_is_heard() {
    let control = Control::default().with_threads(1);
    control.cancel.request();
    let answer = forecast(&panel(), &ALL[0], &settings(8), &control);
    assert_eq!(answer, Err(SeriesError::Stopped { done: 0, total: 22 }));
}

#[test]
fn a_promotion_in_the_future_raises_its_bucket() {
    let x: Vec<f64> = (0..100).map(|t| if t % 9 == 4 { 1.0 } else { 0.0 }).collect();
    let y: Vec<f64> = x.iter().enumerate().map(|(t, x)| (20.0 + (t * 7 % 5) as f64) * (1.0 + x)).collect();
    let series = Series { covariates: x, future_covariates: vec![0.0, 1.0, 0.0, 0.0], ..Series::new("s", y) };
    let panel =
        Panel { covariate_names: vec!["promotion".into()], ..Panel::new(vec![series], Frequency::Weekly) };
    for name in ["auto", "ets", "theta", "moving-average"] {
        let made =
            forecast(&panel, method(name).unwrap(), &settings(4), &Control::default()).unwrap().remove(0);
        assert!((made.mean[1] / made.mean[0] - 2.0).abs() < 0.2, "{name}: {:?}", made.mean);
        assert!(made.quantile(0.5, 1) > 1.5 * made.quantile(0.5, 0), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// The mean forecast of a series with stock-outs marked is never below the one
    /// without the marks (where the method is monotone, as a moving average is).
    #[test]
    fn marking_a_stock_out_never_lowers_the_mean(
        y in proptest::collection::vec(0u8..30, 8..60),
        marks in proptest::collection::vec(proptest::bool::weighted(0.2), 60),
    ) {
        let y: Vec<f64> = y.into_iter().map(f64::from).collect();
        let marked = Series { censored: marks[..y.len()].to_vec(), ..Series::new("s", y.clone()) };
        let method = method("moving-average").unwrap();
        // Zeros before the first sale would be cut in one and not in the other.
        prop_assume!(y[0] > 0.0);
        let with = one(method, marked, 1, &settings(2)).mean[0];
        let without = one(method, Series::new("s", y), 1, &settings(2)).mean[0];
        prop_assert!(with >= without - 1e-9, "{with} {without}");
    }
}

#[test]
fn stock_outs_raise_the_default_forecast() {
    let mut raised = 0;
    for shift in 0..20 {
        let demand: Vec<f64> = (0..104).map(|t| ((t + shift) * 17 % 23) as f64).collect();
        let censored: Vec<bool> = demand.iter().map(|d| *d > 14.0).collect();
        let y: Vec<f64> = demand.iter().map(|d| d.min(14.0)).collect();
        let auto = method("auto").unwrap();
        let marked =
            one(auto, Series { censored, ..Series::new("s", y.clone()) }, 52, &settings(4)).sum_mean(0, 4);
        let plain = one(auto, Series::new("s", y), 52, &settings(4)).sum_mean(0, 4);
        assert!(marked > plain, "{marked} {plain}");
        raised += usize::from((marked / 44.0 - 1.0).abs() < (plain / 44.0 - 1.0).abs());
    }
    assert!(raised >= 18, "nearer to true demand in only {raised} of 20");
}
