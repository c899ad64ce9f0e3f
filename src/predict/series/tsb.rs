//! Given intermittent demand that may die out, smooth the probability of demand
//! in every bucket and its sizes.
//!
//! Method: R. H. Teunter, A. A. Syntetos, M. Z. Babai (2011), "Intermittent
//! demand: Linking forecasting to inventory obsolescence",
//! doi:10.1016/j.ejor.2011.05.018. Symbols follow the paper.
//! Cost: time O(n), memory O(n), with n = buckets.
//! Use `croston.rs` (SBA) instead when items live on and gaps are long.
//! Not for: demand in most buckets (`ets`).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: alpha and beta have the least squared error of a small
//! grid; both start at the means of the first half of the series.

use super::calibration::{OneStep, calibrate, noise};
use super::history::{History, mean_of};
use super::method::{Fitted, Forecaster};
use super::predictive::{Part, Predictive};
use super::short::ShortMean;

/// Teunter, Syntetos and Babai's method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tsb;

/// Smoothing parameters of the probability [beta] that are tried.
const BETAS: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.3];

/// Smoothing parameters of the size [alpha] that are tried.
const ALPHAS: [f64; 3] = [0.05, 0.1, 0.2];

impl Forecaster for Tsb {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        if history.known().filter(|&y| y != 0.0).count() < 2 {
            return ShortMean.fit(history);
        }
        let mut best: Option<(f64, Smoothed)> = None;
        for beta in BETAS {
            for alpha in ALPHAS {
                let smoothed = smooth(history, alpha, beta);
                let squares: f64 = smoothed.steps.error.iter().filter(|e| !e.is_nan()).map(|e| e * e).sum();
                if best.as_ref().is_none_or(|(least, _)| squares < *least) {
                    best = Some((squares, smoothed));
                }
            }
        }
        let Some((_, smoothed)) = best else {
            return ShortMean.fit(history);
        };
        let noise = noise(history, &smoothed.steps, false);
        Box::new(FittedTsb { part: Part::level(Vec::new(), smoothed.beta, noise), smoothed })
    }
}

#[derive(Debug, Clone)]
struct Smoothed {
    beta: f64,
    size: f64,
    probability: f64,
    steps: OneStep,
}

fn smooth(history: &History<'_>, alpha: f64, beta: f64) -> Smoothed {
    let half = history.known_count().div_ceil(2);
    let early = history.known().take(half);
    let mut probability = mean_of(early.clone().map(|y| if y != 0.0 { 1.0 } else { 0.0 }));
    let mut size = mean_of(early.filter(|&y| y != 0.0));
    if size == 0.0 {
        // No demand in the first half: start from the first that comes.
        size = history.known().find(|&y| y != 0.0).unwrap_or(0.0);
        probability = 0.5 / half as f64;
    }
    let mut steps = OneStep { parameters: 2, ..OneStep::default() };
    for &y in history.y {
        let mean = probability * size;
        steps.mean.push(mean);
        steps.error.push(y - mean);
        if y.is_nan() {
            continue;
        }
        if y != 0.0 {
            size += alpha * (y - size);
            probability += beta * (1.0 - probability);
        } else {
            probability -= beta * probability;
        }
    }
    Smoothed { beta, size, probability, steps }
}

#[derive(Debug)]
struct FittedTsb {
    smoothed: Smoothed,
    part: Part,
}

impl Fitted for FittedTsb {
    fn label(&self) -> String {
        format!("TSB (size {:.3}, probability {:.3})", self.smoothed.size, self.smoothed.probability)
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let mean = self.smoothed.size * self.smoothed.probability;
        let mut part = Part::level(vec![mean; horizon], self.part.alpha, self.part.noise.clone());
        calibrate(&mut part, &self.smoothed.steps);
        Predictive::single(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_example() {
        // First half (0, 4, 0): probability 1/3, size 4. By hand with alpha 0.5,
        // beta 0.1: 0.3, 0.37, 0.333, 0.2997, 0.36973, 0.332757; the demand of 6
        // moves the size to 5, after the demand of 4 left it.
        let y = [0.0, 4.0, 0.0, 0.0, 6.0, 0.0];
        let history = History { y: &y, season_length: 1, nonnegative: true, integers: true };
        let tsb = smooth(&history, 0.5, 0.1);
        assert!((tsb.probability - 0.332_757).abs() < 1e-9);
        assert!((tsb.size - 5.0).abs() < 1e-12);
    }

    #[test]
    fn dead_items_fade() {
        let mut y = vec![3.0, 0.0, 2.0, 0.0, 4.0, 0.0, 3.0, 0.0];
        y.extend([0.0; 40]);
        let history = History { y: &y, season_length: 1, nonnegative: true, integers: true };
        let mean = Tsb.fit(&history).predict(1).mean()[0];
        assert!(mean < 0.2, "{mean}");
    }
}
