//! Exponential smoothing against hand-made numbers and a second, plain form.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::predict::series::draws::Draws;
use crate::predict::series::normal::normal_quantile;

/// Equations of Hyndman et al. (2008), tables 2.2 and 2.3, written out one by one.
fn plain_recursion(form: Form, p: &Parameters, y: &[f64], season: &mut [f64]) -> Vec<f64> {
    let (mut level, mut slope, m) = (p.level, p.slope, season.len());
    let mut means = Vec::new();
    for (t, y) in y.iter().enumerate() {
        let b = if form.trend == TrendForm::None { 0.0 } else { p.phi * slope };
        let s = if m == 0 { 0.0 } else { season[t % m] };
        let base = level + b;
        let mean = match form.season {
            SeasonForm::None => base,
            SeasonForm::Additive => base + s,
            SeasonForm::Multiplicative => base * s,
        };
        means.push(mean);
        let relative = form.error == ErrorForm::Multiplicative;
        let e = if relative { (y - mean) / mean } else { y - mean };
        let (in_level, in_season) = match (relative, form.season) {
            (false, SeasonForm::Multiplicative) => (e / s, e / base),
            (false, _) => (e, e),
            (true, SeasonForm::None) => (base * e, 0.0),
            (true, SeasonForm::Additive) => ((base + s) * e, (base + s) * e),
            (true, SeasonForm::Multiplicative) => (base * e, s * e),
        };
        level = base + p.alpha * in_level;
        slope = b + p.beta * in_level;
        if m > 0 {
            season[t % m] = s + p.gamma * in_season;
        }
    }
    means
}

fn sales() -> Vec<f64> {
    (0..36)
        .map(|t| 30.0 + 0.5 * f64::from(t) + [4.0, -3.0, 1.0, -2.0][t as usize % 4] + f64::from(t * 13 % 7))
        .collect()
}

#[test]
fn all_forms_equal_the_plain_equations() {
    let p = Parameters { alpha: 0.3, beta: 0.1, gamma: 0.2, phi: 0.9, level: 30.0, slope: 0.4 };
    for error in [ErrorForm::Additive, ErrorForm::Multiplicative] {
        for trend in [TrendForm::None, TrendForm::Additive, TrendForm::Damped] {
            for season in [SeasonForm::None, SeasonForm::Additive, SeasonForm::Multiplicative] {
                let form = Form { error, trend, season };
                let p = Parameters { phi: if trend == TrendForm::Damped { 0.9 } else { 1.0 }, ..p };
                let states = match season {
                    SeasonForm::None => vec![],
                    SeasonForm::Additive => vec![3.0, -2.0, 0.0, -1.0],
                    SeasonForm::Multiplicative => vec![1.1, 0.9, 1.05, 0.95],
                };
                let wanted = plain_recursion(form, &p, &sales(), &mut states.clone());
                let mut means = Vec::new();
                let run = run(form, &p, &sales(), &mut states.clone(), |_, mean| means.push(mean));
                for (found, wanted) in means.iter().zip(&wanted) {
                    assert!((found - wanted).abs() < 1e-9, "{form}: {found} {wanted}");
                }
                assert_eq!(run.count, 36);
                let logs: f64 = wanted.iter().map(|mean| mean.ln()).sum();
                assert!(error == ErrorForm::Additive || (run.logs - logs).abs() < 1e-9, "{form}");
            }
        }
    }
}

#[test]
fn simple_smoothing_by_hand() {
    // Level 10, alpha 0.5: 10 -> 11 -> 10 -> 12; errors 2, -2, 4.
    let form = Form { error: ErrorForm::Additive, trend: TrendForm::None, season: SeasonForm::None };
    let p = Parameters { alpha: 0.5, beta: 0.0, gamma: 0.0, phi: 1.0, level: 10.0, slope: 0.0 };
    let run = run(form, &p, &[12.0, 9.0, 14.0], &mut [], |_, _| {});
    assert_eq!((run.level, run.squares), (12.0, 24.0));
}

#[test]
fn holt_by_hand() {
    // alpha 0.5, beta 0.2, level 10, slope 1. Mean 11, error 1: level 11.5, slope 1.2;
    // mean 12.7, error -0.7: level 12.35, slope 1.06.
    let form = Form { error: ErrorForm::Additive, trend: TrendForm::Additive, season: SeasonForm::None };
    let p = Parameters { alpha: 0.5, beta: 0.2, gamma: 0.0, phi: 1.0, level: 10.0, slope: 1.0 };
    let run = run(form, &p, &[12.0, 12.0], &mut [], |_, _| {});
    assert!((run.level - 12.35).abs() < 1e-12 && (run.slope - 1.06).abs() < 1e-12);
}

#[test]
fn unknown_values_pass_by() {
    let form = Form { error: ErrorForm::Additive, trend: TrendForm::Additive, season: SeasonForm::None };
    let p = Parameters { alpha: 0.5, beta: 0.2, gamma: 0.0, phi: 1.0, level: 10.0, slope: 1.0 };
    let run = run(form, &p, &[f64::NAN, f64::NAN], &mut [], |_, _| {});
    assert_eq!((run.level, run.slope, run.count, run.squares), (12.0, 1.0, 0, 0.0));
}

#[test]
fn the_search_finds_the_best_alpha_of_a_fine_grid() {
    let y: Vec<f64> = (0..80).map(|t| 50.0 + f64::from(t * 31 % 11) + f64::from((t / 20) * 6)).collect();
    let history = History { y: &y, season_length: 1, nonnegative: true, integers: false };
    let start = Start::new(&history);
    let form = Form { error: ErrorForm::Additive, trend: TrendForm::None, season: SeasonForm::None };
    let found = fit(form, &start, &mut Vec::new(), None).unwrap();
    let mut least = f64::INFINITY;
    for alpha in 1..400 {
        for level in 0..200 {
            let p = Parameters {
                alpha: f64::from(alpha) / 400.0,
                level: 0.7 + 0.003 * f64::from(level),
                ..found.parameters
            };
            least = least.min(run(form, &p, &start.y, &mut [], |_, _| {}).likelihood());
        }
    }
    let reached = run(form, &found.parameters, &start.y, &mut [], |_, _| {}).likelihood();
    assert!(reached <= least + 1e-3, "{reached} {least}");
}

#[test]
fn forms_are_recognised() {
    let draws = Draws::new(5, "a", 1, 400);
    let noise = |t: usize| normal_quantile(draws.at(0, t));
    let label = |y: Vec<f64>, m: usize| {
        Ets::default().fit(&History { y: &y, season_length: m, nonnegative: false, integers: false }).label()
    };
    let flat = label((0..150).map(|t| 100.0 + noise(t)).collect(), 1);
    assert!(flat.ends_with(",N,N)"), "{flat}");
    let rising = label((0..150).map(|t| 100.0 + 2.0 * t as f64 + 3.0 * noise(t)).collect(), 1);
    assert!(rising.contains(",A,N)") || rising.contains(",Ad,N)"), "{rising}");
    let seasonal = |t: usize| (std::f64::consts::TAU * t as f64 / 12.0).sin();
    let multiplied = label(
        (0..150)
            .map(|t| (100.0 + 3.0 * t as f64) * (1.0 + 0.4 * seasonal(t)) * (1.0 + 0.03 * noise(t)))
            .collect(),
        12,
    );
    assert!(multiplied.starts_with("ETS(M") && multiplied.ends_with(",M)"), "{multiplied}");
    let added = label((0..150).map(|t| 100.0 + 40.0 * seasonal(t) + noise(t)).collect(), 12);
    assert!(added.ends_with(",A)"), "{added}");
}

#[test]
fn forecast_of_a_seasonal_series_repeats_its_season() {
    let y: Vec<f64> = (0..90).map(|t| 50.0 + [10.0, 0.0, -10.0][t % 3] + (t * 7 % 5) as f64 * 0.1).collect();
    let history = History { y: &y, season_length: 3, nonnegative: true, integers: false };
    let mean = Ets::default().fit(&history).predict(5).mean();
    for (h, value) in mean.iter().enumerate() {
        assert!((value - 50.2 - [10.0, 0.0, -10.0][(90 + h) % 3]).abs() < 0.5, "{mean:?}");
    }
}
