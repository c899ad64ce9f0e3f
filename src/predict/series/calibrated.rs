//! Quantiles and sums are right on data whose process is known.

#![allow(clippy::unwrap_used)]

use super::normal::{count_quantile, normal_quantile};
use super::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const HISTORY: usize = 104;
const HORIZON: usize = 8;

/// Series drawn by `next` (level, uniform, bucket) -> (value, next level).
fn drawn(
    seed: u64,
    first: f64,
    mut next: impl FnMut(f64, f64, usize) -> (f64, f64),
) -> (Panel, Vec<Vec<f64>>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut series, mut after) = (Vec::new(), Vec::new());
    for i in 0..150 {
        let mut level = first;
        let mut y: Vec<f64> = Vec::new();
        for t in 0..HISTORY + HORIZON {
            let (value, moved) = next(level, rng.random(), t);
            level = moved;
            y.push(value);
        }
        after.push(y.split_off(HISTORY));
        series.push(Series::new(format!("{i}"), y));
    }
    (Panel { season_length: Some(12), ..Panel::new(series, Frequency::Weekly) }, after)
}

/// Share of buckets, and of sums over the horizon, inside the 80 % interval.
/// Counts sit on the borders of theirs, so a border counts by a uniform place in it.
fn covered(name: &str, panel: &Panel, after: &[Vec<f64>]) -> (f64, f64) {
    let settings = Settings { horizon: HORIZON, paths: 200, nonnegative: true };
    let made = forecast(panel, method(name).unwrap(), &settings, &Control::default()).unwrap();
    let (mut buckets, mut sums) = (0.0, 0.0);
    for (forecast, actual) in made.iter().zip(after) {
        for (h, y) in actual.iter().enumerate() {
            buckets += inside(&forecast.sorted_sums(h, h + 1), *y) / (HORIZON * after.len()) as f64;
        }
        sums += inside(&forecast.sorted_sums(0, HORIZON), actual.iter().sum()) / after.len() as f64;
    }
    (buckets, sums)
}

/// Share of the places that `y` takes among the sorted paths within 0.1 to 0.9.
fn inside(sorted: &[f64], y: f64) -> f64 {
    let n = sorted.len() as f64;
    let below = sorted.iter().filter(|x| **x < y).count() as f64 / n;
    let upto = sorted.iter().filter(|x| **x <= y).count() as f64 / n;
    if upto - below < 1e-9 {
        return f64::from((0.1..=0.9).contains(&below));
    }
    ((upto.min(0.9) - below.max(0.1)) / (upto - below)).max(0.0)
}

fn assert_covered(name: &str, panel: &Panel, after: &[Vec<f64>]) {
    let (buckets, sums) = covered(name, panel, after);
    assert!((0.7..=0.9).contains(&buckets), "{name}: {buckets} of the buckets");
    assert!((0.7..=0.9).contains(&sums), "{name}: {sums} of the sums");
}

#[test]
fn a_local_level_is_covered() {
    let (panel, after) = drawn(1, 100.0, |level, u, _| {
        let error = 8.0 * normal_quantile(u);
        (level + error, level + 0.2 * error)
    });
    for name in ["auto", "pooled", "ets", "theta", "ensemble"] {
        assert_covered(name, &panel, &after);
    }
}

#[test]
fn steady_counts_are_covered() {
    let (panel, after) = drawn(2, 6.0, |level, u, _| (count_quantile(u, level, 4.0), level));
    for name in ["auto", "pooled", "ets", "moving-average"] {
        assert_covered(name, &panel, &after);
    }
}

#[test]
fn intermittent_demand_is_covered() {
    let (panel, after) =
        drawn(3, 0.0, |_, u, _| (if u < 0.75 { 0.0 } else { (1.0 + (u - 0.75) * 20.0).floor() }, 0.0));
    for name in ["auto", "pooled", "croston", "sba", "tsb"] {
        assert_covered(name, &panel, &after);
    }
}

#[test]
fn a_season_is_covered() {
    let (panel, after) = drawn(4, 0.0, |_, u, t| {
        let season = 1.0 + 0.4 * (std::f64::consts::TAU * t as f64 / 12.0).sin();
        (200.0 * season * (1.0 + 0.08 * normal_quantile(u)), 0.0)
    });
    for name in ["auto", "ets", "theta", "seasonal-naive"] {
        assert_covered(name, &panel, &after);
    }
}

#[test]
fn what_is_learned_from_all_series_is_covered() {
    // Negative binomial counts whose season all series share, at levels of their own.
    let levels = [0.5, 2.0, 6.0, 20.0];
    let mut drawn_so_far = 0;
    let (panel, after) = drawn(6, 0.0, |_, u, t| {
        let level = levels[(drawn_so_far / (HISTORY + HORIZON)) % levels.len()];
        drawn_so_far += 1;
        let season = 1.0 + 0.4 * (std::f64::consts::TAU * t as f64 / 12.0).sin();
        (count_quantile(u, level * season, 3.0), 0.0)
    });
    assert_covered("pooled", &panel, &after);
}

#[test]
fn the_default_beats_a_moving_average_where_there_is_a_pattern() {
    let (panel, after) = drawn(5, 50.0, |level, u, t| {
        let season = 1.0 + 0.4 * (std::f64::consts::TAU * t as f64 / 12.0).sin();
        let error = 4.0 * normal_quantile(u);
        ((level + error) * season, level + 0.5 + 0.2 * error)
    });
    let settings = Settings { horizon: HORIZON, paths: 0, nonnegative: true };
    let error = |name: &str| -> f64 {
        let made = forecast(&panel, method(name).unwrap(), &settings, &Control::default()).unwrap();
        made.iter().zip(&after).map(|(f, actual)| metrics::wape(actual, &f.mean)).sum::<f64>() / 150.0
    };
    let (auto, average) = (error("auto"), error("moving-average"));
    assert!(auto < 0.5 * average, "{auto} {average}");
}
