//! Given a series with demand in most buckets, forecast with several methods at once.
//!
//! Method: a linear opinion pool of exponential smoothing and theta with equal
//! weights, R. T. Clemen (1989), "Combining forecasts",
//! doi:10.1016/0169-2070(89)90012-5; such combinations were among the best of M4
//! (Makridakis, Spiliotis and Assimakopoulos 2020,
//! doi:10.1016/j.ijforecast.2019.04.014). A moving average and, where some buckets
//! are empty, SBA join as guests with the weight min(1, r)^8, r = the members' mean
//! error of past sums over the guest's own (`calibration.rs`): on trends and
//! seasons they count for nothing, on noisy retail demand for as much as a member.
//! Cost: the sum of its members.
//! Use one member instead when a single named model must explain the forecast.
//! Not for: intermittent demand (`auto.rs` takes other members there).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: the guests.

use super::croston::{Bias, Croston};
use super::ets::Ets;
use super::history::{History, mean_of};
use super::method::{Fitted, Forecaster};
use super::moving_average::MovingAverage;
use super::predictive::{Part, Predictive};
use super::theta::Theta;

/// Exponential smoothing and theta, with simple rules as guests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ensemble;

impl Forecaster for Ensemble {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        let mut pool = Pool::new(vec![Ets::default().fit(history), Theta.fit(history)]);
        pool.guests.push(MovingAverage { buckets: 13 }.fit(history));
        if history.nonnegative && history.average_interval() > 1.0 {
            let sba = Croston { bias: Bias::Removed };
            pool.guests.push(sba.fit(history));
        }
        Box::new(pool)
    }
}

/// How sharply the weight of a guest falls with the error of past sums.
const POWER: i32 = 8;

/// Fitted members with equal weights, and guests whose weight depends on how well
/// they would have done.
pub(super) struct Pool {
    members: Vec<Box<dyn Fitted>>,
    guests: Vec<Box<dyn Fitted>>,
}

impl Pool {
    pub(super) fn new(members: Vec<Box<dyn Fitted>>) -> Self {
        Pool { members, guests: Vec::new() }
    }
}

impl Fitted for Pool {
    fn label(&self) -> String {
        let all = self.members.iter().chain(&self.guests);
        let mut labels: Vec<String> = all.map(|member| member.label()).collect();
        labels.dedup();
        labels.join(" + ")
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let mut parts: Vec<Part> = Vec::new();
        for member in &self.members {
            parts.extend(member.predict(horizon).parts);
        }
        let hosts = mean_of(parts.iter().map(|part| part.sum_error));
        for guest in &self.guests {
            for mut part in guest.predict(horizon).parts {
                let ratio = hosts / part.sum_error;
                part.weight = if ratio.is_finite() { ratio.min(1.0).powi(POWER) } else { 0.0 };
                parts.push(part);
            }
        }
        Predictive { parts }
    }
}
