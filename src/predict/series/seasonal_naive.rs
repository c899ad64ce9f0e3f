//! Given a series with a season, forecast that the value one season before returns.
//!
//! Method: the seasonal random walk, as in Hyndman and Athanasopoulos (2021),
//! "Forecasting: Principles and Practice", section 5.2.
//! Cost: time O(n), memory O(n), with n = buckets.
//! Use `naive.rs` instead when there is no season or less than one on record.
//! Not for: trends.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the book: an unknown value one season before is looked up another
//! season earlier; without any the last known value is taken.

use super::calibration::{OneStep, additive_noise, calibrate};
use super::history::History;
use super::method::{Fitted, Forecaster};
use super::naive::Naive;
use super::predictive::{Part, Predictive};

/// The value one season before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeasonalNaive;

impl Forecaster for SeasonalNaive {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        let m = history.season_length;
        if m < 2 || history.y.len() <= m {
            return Naive::default().fit(history);
        }
        let last = history.known().next_back().unwrap_or(0.0);
        let mut known = history.y.to_vec();
        let mut steps = OneStep { mean: vec![f64::NAN; m], error: vec![f64::NAN; m], parameters: 0 };
        for t in m..known.len() {
            steps.mean.push(known[t - m]);
            steps.error.push(history.y[t] - known[t - m]);
            if known[t].is_nan() {
                known[t] = known[t - m];
            }
        }
        let season = known[known.len() - m..].iter().map(|y| if y.is_nan() { last } else { *y }).collect();
        Box::new(FittedSeasonalNaive { season, steps })
    }
}

#[derive(Debug)]
struct FittedSeasonalNaive {
    season: Vec<f64>,
    steps: OneStep,
}

impl Fitted for FittedSeasonalNaive {
    fn label(&self) -> String {
        format!("seasonal naive ({})", self.season.len())
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let m = self.season.len();
        let mean = (0..horizon).map(|h| self.season[h % m]).collect();
        let mut part = Part::level(mean, 0.0, additive_noise(&self.steps));
        part.gamma = 1.0;
        part.season_length = m;
        calibrate(&mut part, &self.steps);
        Predictive::single(part)
    }
}
