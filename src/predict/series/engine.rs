//! Runs a method over a panel, or again over one of its series.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::draws::Draws;
use super::error::SeriesError;
use super::forecast::Forecast;
use super::method::{Forecaster, Learned, Method};
use super::panel::{Panel, Series};
use super::prepare::Prepared;
use super::short::ShortMean;
use crate::control::Control;

/// How far and how finely to forecast.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `horizon` | 13 | buckets ahead | 0 and above |
/// | `paths` | 200 | sample paths; quantiles of few paths are coarse | 0 and above |
/// | `nonnegative` | true | values below zero are impossible (demand) | |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Buckets ahead.
    pub horizon: usize,
    /// Sample paths.
    pub paths: usize,
    /// Values below zero are impossible (demand).
    pub nonnegative: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { horizon: 13, paths: 200, nonnegative: true }
    }
}

/// A method that has learned from a panel, ready to forecast its series one by
/// one: after a new fact only the series it belongs to is forecast again, and the
/// answer is the one that a run over the whole panel would give.
///
/// ```
/// use purvey::control::Control;
/// use purvey::predict::series::{Frequency, Model, Panel, Series, Settings, method};
/// let panel = Panel::new(
///     vec![Series::new("A", vec![4.0; 30]), Series::new("B", vec![7.0; 30])],
///     Frequency::Weekly,
/// );
/// let control = Control::default();
/// let model = Model::learn(&panel, method("auto")?, &Settings::default(), &control)?;
/// let all = model.forecast_all(&panel, &control)?;
/// assert_eq!(model.forecast(&panel, 1)?, all[1]);
/// assert_eq!(all[1].mean[0], 7.0);
/// # Ok::<(), purvey::predict::series::SeriesError>(())
/// ```
pub struct Model {
    learned: Box<dyn Learned>,
    horizon: usize,
}

impl Model {
    /// Lets `method` learn from `panel`.
    ///
    /// # Errors
    /// [`SeriesError::Length`] where marks or covariates do not fit their series;
    /// [`SeriesError::Stopped`] when the control's cancel flag was set.
    pub fn learn(
        panel: &Panel,
        method: &Method,
        settings: &Settings,
        control: &Control,
    ) -> Result<Self, SeriesError> {
        panel.check(settings.horizon)?;
        Ok(Model { learned: method.learner.learn(panel, settings, control)?, horizon: settings.horizon })
    }

    /// Forecasts the series at `index` of `panel`, which may hold new facts since
    /// the learning. Without such a series the forecast is empty.
    ///
    /// # Errors
    /// [`SeriesError::Length`] where marks or covariates do not fit the series.
    pub fn forecast(&self, panel: &Panel, index: usize) -> Result<Forecast, SeriesError> {
        let Some(series) = panel.series.get(index) else {
            return Ok(Forecast::default());
        };
        panel.check_series(series, self.horizon)?;
        Ok(self.learned.forecast(series, index))
    }

    /// Forecasts every series of `panel`.
    ///
    /// # Errors
    /// As [`Model::forecast_map`].
    pub fn forecast_all(&self, panel: &Panel, control: &Control) -> Result<Vec<Forecast>, SeriesError> {
        self.forecast_map(panel, control, |_, forecast| forecast)
    }

    /// Forecasts every series and keeps only what `keep` makes of it, in the order
    /// of the series: sample paths of many series take much memory.
    ///
    /// # Errors
    /// [`SeriesError::Length`] where marks or covariates do not fit a series;
    /// [`SeriesError::Stopped`] when the control's cancel flag was set. A time
    /// limit does not stop forecasts: nothing can be decided without them.
    pub fn forecast_map<T: Send>(
        &self,
        panel: &Panel,
        control: &Control,
        keep: impl Fn(usize, Forecast) -> T + Sync,
    ) -> Result<Vec<T>, SeriesError> {
        panel.check(self.horizon)?;
        let (done, total) = (AtomicUsize::new(0), panel.series.len());
        let kept: Vec<Option<T>> = control.install(|| {
            let one = |(index, series): (usize, &Series)| {
                if control.cancel.is_requested() {
                    return None;
                }
                let kept = keep(index, self.learned.forecast(series, index));
                let count = done.fetch_add(1, Ordering::Relaxed) + 1;
                if count % REPORT_EVERY == 0 || count == total {
                    control.step("forecast", count, total);
                }
                Some(kept)
            };
            panel.series.par_iter().enumerate().map(one).collect()
        });
        let stopped = || SeriesError::Stopped { done: done.load(Ordering::Relaxed), total };
        kept.into_iter().collect::<Option<Vec<T>>>().ok_or_else(stopped)
    }
}

/// Series between two progress reports.
const REPORT_EVERY: usize = 100;

/// Forecasts one series with a method that looks at it alone.
pub(super) fn forecast_one(
    forecaster: &dyn Forecaster,
    series: &Series,
    season_length: usize,
    covariate_names: &[String],
    settings: &Settings,
    seed: u64,
) -> Forecast {
    let horizon = settings.horizon;
    let prepared =
        Prepared::new(series, season_length.max(1), covariate_names, horizon, settings.nonnegative);
    let history = prepared.history();
    let constant = {
        let mut known = history.known();
        let first = known.next();
        known.all(|y| Some(y) == first)
    };
    let fitted = if constant { ShortMean.fit(&history) } else { forecaster.fit(&history) };
    let mut predictive = fitted.predict(horizon);
    prepared.apply_effect(&mut predictive);
    let mut paths = predictive.paths(&Draws::new(seed, &series.id, settings.paths, horizon));
    let whole = history.integers && history.nonnegative;
    for value in &mut paths {
        *value = prepared.restore(if whole { value.round() } else { *value });
    }
    let mut mean = predictive.mean();
    mean.iter_mut().for_each(|value| *value = prepared.restore(*value));
    Forecast { id: series.id.clone(), mean, paths, label: fitted.label(), notes: prepared.notes }
}
