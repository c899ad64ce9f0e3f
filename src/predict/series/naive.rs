//! Given a series, forecast that the last value stays.
//!
//! Method: the random walk, as in Hyndman and Athanasopoulos (2021),
//! "Forecasting: Principles and Practice", section 5.2; on seasonally adjusted
//! values it is Naive 2, the benchmark of the M competitions.
//! Cost: time O(n), memory O(n), with n = buckets.
//! Use `seasonal_naive.rs` instead when the season is strong and not tested for.
//! Not for: intermittent demand, whose last value is mostly zero.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the book: the errors' own form instead of the normal one.

use super::calibration::{OneStep, additive_noise, calibrate};
use super::history::History;
use super::method::{Fitted, Forecaster};
use super::predictive::{Part, Predictive};
use super::season::Season;

/// The last value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Naive {
    /// Take a season out first, where a test finds one (Naive 2).
    pub adjusted: bool,
}

impl Forecaster for Naive {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        let season = if self.adjusted { Season::find(history) } else { Season::none() };
        let mut last = f64::NAN;
        let mut steps = OneStep::default();
        for y in season.remove(history.y) {
            steps.mean.push(last);
            steps.error.push(y - last);
            if !y.is_nan() {
                last = y;
            }
        }
        Box::new(FittedNaive { last: if last.is_nan() { 0.0 } else { last }, season, steps })
    }
}

#[derive(Debug)]
struct FittedNaive {
    last: f64,
    season: Season,
    steps: OneStep,
}

impl Fitted for FittedNaive {
    fn label(&self) -> String {
        self.season.label("naive".to_owned())
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let mut part = Part::level(vec![self.last; horizon], 1.0, additive_noise(&self.steps));
        calibrate(&mut part, &self.steps);
        self.season.restore(&mut part);
        Predictive::single(part)
    }
}
