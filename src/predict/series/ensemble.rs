//! Given a series with demand in most buckets, forecast with several methods at once.
//!
//! Method: equal weights, a linear opinion pool; R. T. Clemen (1989), "Combining
//! forecasts", doi:10.1016/0169-2070(89)90012-5; simple combinations of smoothing
//! and theta were among the best of M4 (Makridakis, Spiliotis and Assimakopoulos
//! 2020, doi:10.1016/j.ijforecast.2019.04.014).
//! Cost: the sum of its members.
//! Use one member instead when a single named model must explain the forecast.
//! Not for: intermittent demand (`auto.rs` takes other members there).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: none.

use super::ets::Ets;
use super::history::History;
use super::method::{Fitted, Forecaster};
use super::predictive::Predictive;
use super::theta::Theta;

/// Exponential smoothing and theta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ensemble;

impl Forecaster for Ensemble {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        Box::new(Pool::new(vec![Ets::default().fit(history), Theta.fit(history)]))
    }
}

/// Fitted members with equal weights.
pub(super) struct Pool {
    members: Vec<Box<dyn Fitted>>,
}

impl Pool {
    pub(super) fn new(members: Vec<Box<dyn Fitted>>) -> Self {
        Pool { members }
    }
}

impl Fitted for Pool {
    fn label(&self) -> String {
        let mut labels: Vec<String> = self.members.iter().map(|member| member.label()).collect();
        labels.dedup();
        labels.join(" + ")
    }

    fn predict(&self, horizon: usize) -> Predictive {
        Predictive { parts: self.members.iter().flat_map(|member| member.predict(horizon).parts).collect() }
    }
}
