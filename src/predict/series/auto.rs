//! Given any series, forecast it with the methods that suit its demand class.
//!
//! Method: the classes of Syntetos, Boylan and Croston (2005) choose: demand in
//! most buckets goes to the ensemble of `ensemble.rs`; intermittent and lumpy
//! demand to SBA, TSB and a moving average with equal weights; a series that has
//! fallen silent to TSB alone, which fades.
//! Cost: the sum of the members; about 1 ms for 104 weeks (`benches/series.rs`).
//! Use a named method instead when the answer must not change its form as demand changes.
//! Not for: nothing; it is the default.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: SBA does not stand alone in its classes.

use super::class::{DemandClass, silent_end};
use super::croston::{Bias, Croston};
use super::ensemble::{Ensemble, Pool};
use super::history::History;
use super::method::{Fitted, Forecaster};
use super::moving_average::MovingAverage;
use super::tsb::Tsb;

/// The default method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Auto;

impl Forecaster for Auto {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        if history.nonnegative && silent_end(history).is_some() {
            return Tsb.fit(history);
        }
        if history.nonnegative && DemandClass::of(history).is_rare() {
            let sba = Croston { bias: Bias::Removed };
            let average = MovingAverage { buckets: 13 };
            return Box::new(Pool::new(vec![sba.fit(history), Tsb.fit(history), average.fit(history)]));
        }
        Ensemble.fit(history)
    }
}
