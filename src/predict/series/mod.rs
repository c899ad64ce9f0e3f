//! Forecasts of time series as joint distributions over a horizon.
//!
//! A [`Panel`] of [`Series`] goes in, a [`Forecast`] for each comes out: its mean
//! and sample paths, from which quantiles of buckets and of sums over a lead time
//! follow. [`ALL`] lists the methods, `docs/forecasters.md` tells their formulas
//! and figures.
//!
//! ```
//! use purvey::control::Control;
//! use purvey::predict::series::{Frequency, Panel, Series, Settings, forecast, method};
//! let y = (0..60).map(|t| 20.0 + f64::from(t * 7 % 5)).collect();
//! let panel = Panel::new(vec![Series::new("A", y)], Frequency::Weekly);
//! let settings = Settings { horizon: 4, ..Settings::default() };
//! let forecasts = forecast(&panel, method("auto")?, &settings, &Control::default())?;
//! let a = &forecasts[0];
//! assert!((a.mean[0] - 22.0).abs() < 1.0);
//! assert!(a.sum_quantile(0.95, 0, 4) > a.sum_mean(0, 4));
//! # Ok::<(), purvey::predict::series::SeriesError>(())
//! ```

mod auto;
#[cfg(test)]
mod calibrated;
mod calibration;
mod censoring;
mod class;
#[cfg(test)]
mod conformance;
mod covariates;
mod croston;
mod draws;
mod engine;
mod ensemble;
mod error;
pub mod ets;
mod forecast;
mod history;
mod method;
pub mod metrics;
mod moving_average;
mod naive;
mod nelder_mead;
mod normal;
mod panel;
mod pooled;
mod predictive;
mod prepare;
mod season;
mod seasonal_naive;
mod short;
mod theta;
mod tsb;

pub use auto::Auto;
pub use class::DemandClass;
pub use croston::{Bias, Croston};
pub use draws::stream_of;
pub use engine::{Model, Settings};
pub use ensemble::Ensemble;
pub use error::SeriesError;
pub use ets::Ets;
pub use forecast::{Forecast, quantile_of_sorted};
pub use history::History;
pub use method::{ALL, Fitted, Forecaster, Learned, Learner, Method, method};
pub use moving_average::MovingAverage;
pub use naive::Naive;
pub use panel::{Frequency, Panel, Series};
pub use pooled::{Pooled, StockOuts};
pub use predictive::{Noise, Part, Predictive, Shape};
pub use seasonal_naive::SeasonalNaive;
pub use theta::Theta;
pub use tsb::Tsb;

use crate::control::Control;

/// Learns from a panel and forecasts every series of it.
///
/// # Errors
/// As [`Model::learn`] and [`Model::forecast_map`].
pub fn forecast(
    panel: &Panel,
    method: &Method,
    settings: &Settings,
    control: &Control,
) -> Result<Vec<Forecast>, SeriesError> {
    Model::learn(panel, method, settings, control)?.forecast_all(panel, control)
}
