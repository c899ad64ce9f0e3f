//! Given intermittent demand, smooth its sizes and its intervals apart and
//! forecast their ratio.
//!
//! Method: J. D. Croston (1972), "Forecasting and Stock Control for Intermittent
//! Demands", doi:10.1057/jors.1972.50; without its bias, A. A. Syntetos, J. E.
//! Boylan (2005), "The accuracy of intermittent demand estimates",
//! doi:10.1016/j.ijforecast.2004.10.001 (SBA: times 1 - alpha / 2).
//! Cost: time O(n), memory O(n), with n = buckets.
//! Use `tsb.rs` instead when items die out: Croston never hears of it.
//! Not for: demand in most buckets (`ets`).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: alpha has the least squared error of five values from
//! 0.05 to 0.3; the first interval counts from the series' beginning.

use super::calibration::{OneStep, calibrate, noise};
use super::history::History;
use super::method::{Fitted, Forecaster};
use super::predictive::{Part, Predictive};
use super::short::ShortMean;

/// Whether the bias of the ratio stays in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bias {
    /// Croston's own ratio.
    Kept,
    /// Syntetos and Boylan's approximation.
    Removed,
}

/// Croston's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Croston {
    /// Croston (kept) or SBA (removed).
    pub bias: Bias,
}

/// Smoothing parameters that are tried.
const ALPHAS: [f64; 5] = [0.05, 0.1, 0.15, 0.2, 0.3];

impl Forecaster for Croston {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        let demands = history.known().filter(|&y| y != 0.0).count();
        if demands < 2 {
            return ShortMean.fit(history);
        }
        let mut best: Option<(f64, Smoothed)> = None;
        for alpha in ALPHAS {
            let smoothed = smooth(history.y, alpha, self.bias);
            let squares: f64 = smoothed.steps.error.iter().filter(|e| !e.is_nan()).map(|e| e * e).sum();
            if best.as_ref().is_none_or(|(least, _)| squares < *least) {
                best = Some((squares, smoothed));
            }
        }
        let Some((_, smoothed)) = best else {
            return ShortMean.fit(history);
        };
        let noise = noise(history, &smoothed.steps, false);
        // An error changes size and interval once a demand: alpha / interval of it stays.
        let alpha = (smoothed.alpha / smoothed.interval).min(1.0);
        Box::new(FittedCroston { bias: self.bias, part: Part::level(Vec::new(), alpha, noise), smoothed })
    }
}

/// Sizes and intervals after a run over the series.
#[derive(Debug, Clone)]
struct Smoothed {
    alpha: f64,
    size: f64,
    interval: f64,
    rate: f64,
    steps: OneStep,
}

fn smooth(y: &[f64], alpha: f64, bias: Bias) -> Smoothed {
    let factor = if bias == Bias::Removed { 1.0 - 0.5 * alpha } else { 1.0 };
    let (mut size, mut interval, mut since, mut rate) = (f64::NAN, f64::NAN, 1.0, f64::NAN);
    let mut steps = OneStep { parameters: 1, ..OneStep::default() };
    for &value in y {
        steps.mean.push(rate);
        steps.error.push(value - rate);
        if value.is_nan() {
            continue;
        }
        if value == 0.0 {
            since += 1.0;
            continue;
        }
        if size.is_nan() {
            (size, interval) = (value, since);
        } else {
            size += alpha * (value - size);
            interval += alpha * (since - interval);
        }
        since = 1.0;
        rate = factor * size / interval;
    }
    Smoothed { alpha, size, interval, rate, steps }
}

#[derive(Debug)]
struct FittedCroston {
    bias: Bias,
    smoothed: Smoothed,
    part: Part,
}

impl Fitted for FittedCroston {
    fn label(&self) -> String {
        let name = if self.bias == Bias::Removed { "SBA" } else { "Croston" };
        format!("{name} (size {:.3}, interval {:.3})", self.smoothed.size, self.smoothed.interval)
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let mut part =
            Part::level(vec![self.smoothed.rate; horizon], self.part.alpha, self.part.noise.clone());
        calibrate(&mut part, &self.smoothed.steps);
        Predictive::single(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_example() {
        // By hand with alpha 0.2: first demand 4 after 2 buckets; then 6 after 3:
        // size 4 + 0.2 x 2 = 4.4, interval 2 + 0.2 x 1 = 2.2; then 1 after 1:
        // size 4.4 - 0.2 x 3.4 = 3.72, interval 2.2 - 0.2 x 1.2 = 1.96.
        let y = [0.0, 4.0, 0.0, 0.0, 6.0, 1.0, 0.0];
        let croston = smooth(&y, 0.2, Bias::Kept);
        assert!((croston.size - 3.72).abs() < 1e-12);
        assert!((croston.interval - 1.96).abs() < 1e-12);
        assert!((croston.rate - 3.72 / 1.96).abs() < 1e-12);
        assert!((smooth(&y, 0.2, Bias::Removed).rate - 0.9 * 3.72 / 1.96).abs() < 1e-12);
        assert_eq!(croston.steps.mean[2], 2.0);
    }

    #[test]
    fn unknown_buckets_change_nothing() {
        let with_gap = [0.0, 4.0, f64::NAN, 0.0, 0.0, 6.0];
        let without = [0.0, 4.0, 0.0, 0.0, 6.0];
        assert_eq!(smooth(&with_gap, 0.2, Bias::Kept).rate, smooth(&without, 0.2, Bias::Kept).rate);
    }
}
