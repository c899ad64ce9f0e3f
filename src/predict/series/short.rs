//! Given a handful of values or none, forecast their mean with an honest spread.
//!
//! Method: the sample mean; with one value the standard deviation is taken as the
//! value itself, as for an exponential variable.
//! Cost: time O(n), no memory beside the forecast, with n = values.
//! Use `ets` or `theta` instead from 6 values on.
//! Not for: trends and seasons.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the literature: none to follow.

use super::calibration::{INTERMITTENT_INTERVAL, OneStep, noise};
use super::history::{History, deviation_of};
use super::method::{Fitted, Forecaster};
use super::predictive::{Noise, Part, Predictive, Shape};

/// Mean of few values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ShortMean;

impl Forecaster for ShortMean {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        let (mean, count) = (history.mean(), history.known_count());
        let deviation = if count > 1 { deviation_of(history.known()) } else { mean.abs() };
        let steps = OneStep {
            mean: vec![mean; history.y.len()],
            error: history.y.iter().map(|y| y - mean).collect(),
            parameters: 1,
        };
        let noise = if history.is_count(mean) || history.average_interval() >= INTERMITTENT_INTERVAL {
            noise(history, &steps, false)
        } else {
            Noise::Additive { sigma: deviation, shape: Shape::Normal }
        };
        Box::new(FittedShort { mean, level_error: deviation / (count.max(1) as f64).sqrt(), noise })
    }
}

#[derive(Debug)]
struct FittedShort {
    mean: f64,
    level_error: f64,
    noise: Noise,
}

impl Fitted for FittedShort {
    fn label(&self) -> String {
        "mean".to_owned()
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let part = Part::level(vec![self.mean; horizon], 0.0, self.noise.clone());
        Predictive::single(Part { level_error: self.level_error, ..part })
    }
}
