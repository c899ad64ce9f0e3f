//! Given a series, forecast the mean of its last buckets.
//!
//! Method: the moving average, as in Silver, Pyke and Thomas (2017), "Inventory
//! and Production Management in Supply Chains", section 3.4; the usual simple
//! rule of planners.
//! Cost: time O(n k), memory O(n), with n = buckets, k = buckets of the mean.
//! Use `ets` instead when the level moves: it weighs recent buckets by the data.
//! Not for: trends and seasons.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the book: the paths treat it as smoothing with alpha = 1 / k.

use super::calibration::{OneStep, calibrate, noise};
use super::history::{History, mean_of};
use super::method::{Fitted, Forecaster};
use super::predictive::{Part, Predictive};
use super::short::ShortMean;

/// The mean of the last known buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovingAverage {
    /// Buckets of the mean, at least 1.
    pub buckets: usize,
}

impl Forecaster for MovingAverage {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        let buckets = self.buckets.max(1);
        if history.known_count() < 3 {
            return ShortMean.fit(history);
        }
        let mean_before = |t: usize| {
            let window = history.y[..t].iter().rev().filter(|y| !y.is_nan()).take(buckets);
            if window.clone().next().is_none() { f64::NAN } else { mean_of(window.copied()) }
        };
        let mean: Vec<f64> = (0..history.y.len()).map(mean_before).collect();
        let error = history.y.iter().zip(&mean).map(|(y, mean)| y - mean).collect();
        let steps = OneStep { mean, error, parameters: 1 };
        let used = history.known_count().min(buckets);
        Box::new(FittedMovingAverage {
            mean: mean_before(history.y.len()),
            buckets: used,
            part: Part::level(Vec::new(), 1.0 / used as f64, noise(history, &steps, false)),
            steps,
        })
    }
}

#[derive(Debug)]
struct FittedMovingAverage {
    mean: f64,
    buckets: usize,
    part: Part,
    steps: OneStep,
}

impl Fitted for FittedMovingAverage {
    fn label(&self) -> String {
        format!("moving average ({})", self.buckets)
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let mut part = Part::level(vec![self.mean; horizon], self.part.alpha, self.part.noise.clone());
        calibrate(&mut part, &self.steps);
        Predictive::single(part)
    }
}
