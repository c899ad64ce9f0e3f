//! What a forecasting method is, and the list of all of them.
//!
//! A method that looks at one series at a time implements [`Forecaster`]; it
//! joins by one line in [`ALL`]. A method that learns across the panel implements
//! [`Learner`] itself: what it learned is kept, so that one changed series is
//! forecast again without learning again.

use super::auto::Auto;
use super::croston::{Bias, Croston};
use super::engine::{Settings, forecast_one};
use super::ensemble::Ensemble;
use super::error::SeriesError;
use super::ets::Ets;
use super::forecast::Forecast;
use super::history::History;
use super::moving_average::MovingAverage;
use super::naive::Naive;
use super::panel::{Panel, Series};
use super::pooled::{Pooled, StockOuts};
use super::predictive::Predictive;
use super::seasonal_naive::SeasonalNaive;
use super::theta::Theta;
use super::tsb::Tsb;
use crate::control::Control;

/// A method that fits one series at a time.
pub trait Forecaster: Send + Sync {
    /// Fits to any history, however short; never fails.
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted>;
}

/// A fitted method at the end of its history.
pub trait Fitted: Send + Sync {
    /// The model as the field names it.
    fn label(&self) -> String;
    /// The predictive distribution of the next `horizon` buckets.
    fn predict(&self, horizon: usize) -> Predictive;
}

/// A method that may learn from all series before it forecasts each.
pub trait Learner: Send + Sync {
    /// Learns what the series have in common.
    ///
    /// # Errors
    /// [`SeriesError::Stopped`] when the control's cancel flag was set.
    fn learn(
        &self,
        panel: &Panel,
        settings: &Settings,
        control: &Control,
    ) -> Result<Box<dyn Learned>, SeriesError>;
}

/// What a method learned from a panel: it forecasts any of its series, also after
/// new facts, and always the same for the same series and seed.
pub trait Learned: Send + Sync {
    /// Forecasts one series; `index` is its place in the panel.
    fn forecast(&self, series: &Series, index: usize) -> Forecast;

    /// Takes note of what the series of `panel` hold by now, without learning again.
    fn refresh(&mut self, _panel: &Panel) {}
}

impl<F: Forecaster + Clone + 'static> Learner for F {
    fn learn(
        &self,
        panel: &Panel,
        settings: &Settings,
        control: &Control,
    ) -> Result<Box<dyn Learned>, SeriesError> {
        Ok(Box::new(EachAlone {
            forecaster: self.clone(),
            season_length: panel.season(),
            covariate_names: panel.covariate_names.clone(),
            settings: *settings,
            seed: control.seed,
        }))
    }
}

/// Nothing is learned across series: each is fitted when it is forecast.
struct EachAlone<F> {
    forecaster: F,
    season_length: usize,
    covariate_names: Vec<String>,
    settings: Settings,
    seed: u64,
}

impl<F: Forecaster> Learned for EachAlone<F> {
    fn forecast(&self, series: &Series, _: usize) -> Forecast {
        forecast_one(
            &self.forecaster,
            series,
            self.season_length,
            &self.covariate_names,
            &self.settings,
            self.seed,
        )
    }
}

/// A forecasting method by name.
#[derive(Clone, Copy)]
pub struct Method {
    /// Name for look-up.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The method.
    pub learner: &'static dyn Learner,
}

impl std::fmt::Debug for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Method").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every method; the first is the default.
pub static ALL: [Method; 12] = [
    Method {
        name: "auto",
        summary: "by demand class: an ensemble, or one for intermittent demand",
        learner: &Auto,
    },
    Method {
        name: "pooled",
        summary: "one model learned from all series together",
        learner: &Pooled { stock_outs: StockOuts::LongRunsAsZero, own_share: true },
    },
    Method { name: "naive", summary: "the last value", learner: &Naive { adjusted: false } },
    Method {
        name: "naive2",
        summary: "the last value of the series without its season",
        learner: &Naive { adjusted: true },
    },
    Method { name: "seasonal-naive", summary: "the value one season before", learner: &SeasonalNaive },
    Method {
        name: "moving-average",
        summary: "the mean of the last 13 buckets",
        learner: &MovingAverage { buckets: 13 },
    },
    Method {
        name: "ets",
        summary: "exponential smoothing, selected by AICc",
        learner: &Ets { level_only: false },
    },
    Method { name: "theta", summary: "dynamic optimised theta", learner: &Theta },
    Method {
        name: "croston",
        summary: "sizes and intervals of demand, smoothed",
        learner: &Croston { bias: Bias::Kept },
    },
    Method { name: "sba", summary: "croston without its bias", learner: &Croston { bias: Bias::Removed } },
    Method { name: "tsb", summary: "sizes and probability of demand; follows obsolescence", learner: &Tsb },
    Method {
        name: "ensemble",
        summary: "ets and theta together, with simple rules as guests",
        learner: &Ensemble,
    },
];

/// The method of this name.
///
/// # Errors
/// [`SeriesError::UnknownMethod`] with the names that exist.
///
/// ```
/// assert_eq!(purvey::predict::series::method("ets").unwrap().name, "ets");
/// assert!(purvey::predict::series::method("crystal-ball").is_err());
/// ```
pub fn method(name: &str) -> Result<&'static Method, SeriesError> {
    ALL.iter().find(|method| method.name == name).ok_or_else(|| SeriesError::UnknownMethod {
        name: name.to_owned(),
        known: ALL.map(|method| method.name).join(", "),
    })
}
