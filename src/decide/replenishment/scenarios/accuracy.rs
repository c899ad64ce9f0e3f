//! How good people's forecasts were, next to the model's own.
//!
//! Given overrides of past buckets and what was sold in them, find the error and the bias of
//! the people's forecasts and of the model's forecast of the same buckets.
//!
//! Method: WAPE and bias, R. J. Hyndman, A. B. Koehler (2006), "Another look at measures of
//! forecast accuracy", doi:10.1016/j.ijforecast.2006.03.001, out of sample: the model learns
//! from what was known before the first bucket that is judged, and forecasts each bucket from
//! the one before it.
//! Cost: one fit, and one forecast for each past override; nothing without any.
//! Use the `metrics` of the forecasting room instead to compare methods.
//! Not for: buckets that an override covers in part, and those whose demand is not known
//! (stock-outs, left out, no record): these are not judged.
//! Same input, budget and seed give the same answer: yes.

use super::super::problem::Problem;
use super::panel;
use crate::control::Control;
use crate::predict::series::{Panel, SeriesError, Settings, method};

/// Newest buckets with overrides that are judged.
const NEWEST: usize = 52;

/// Share of a bucket that an override must cover to be judged by it.
const WHOLE: f64 = 0.999;

/// Errors over the same buckets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverrideAccuracy {
    /// Buckets judged.
    pub buckets: usize,
    /// Sum of the absolute errors of the overrides over the sum of sales.
    pub wape: f64,
    /// Sum of the overrides over the sum of sales, less 1.
    pub bias: f64,
    /// Error of the model's own forecast.
    pub model_wape: f64,
    /// Bias of the model's own forecast.
    pub model_bias: f64,
}

/// A past override whose sales are known.
struct Cell {
    pair: usize,
    /// Bucket of the history.
    bucket: usize,
    stated: f64,
    sold: f64,
}

/// Judges the past overrides of `problem`; `None` where there is none that can be judged.
///
/// # Errors
/// [`SeriesError`] for an unknown method, or when the control's cancel flag was set.
pub fn override_accuracy(
    problem: &Problem,
    control: &Control,
) -> Result<Option<OverrideAccuracy>, SeriesError> {
    let cells = cells(problem);
    let sold: f64 = cells.iter().map(|cell| cell.sold).sum();
    let Some(first) = cells.first().map(|cell| cell.bucket).filter(|_| sold > 0.0) else {
        return Ok(None);
    };
    let whole = panel::panel(problem);
    let before = |bucket: usize| Panel {
        series: whole.series.iter().map(|series| panel::cut(series, bucket, &whole)).collect(),
        covariate_names: whole.covariate_names.clone(),
        label_names: whole.label_names.clone(),
        ..whole
    };
    let settings = Settings { horizon: 1, paths: 0, nonnegative: true };
    let learner = method(super::method_name(problem))?.learner;
    let mut learned = control.install(|| learner.learn(&before(first), &settings, control))?;
    let mut modelled = Vec::with_capacity(cells.len());
    for group in cells.chunk_by(|a, b| a.bucket == b.bucket) {
        let panel = before(group[0].bucket);
        learned.refresh(&panel);
        for cell in group {
            let forecast = learned.forecast(&panel.series[cell.pair], cell.pair);
            modelled.push(forecast.mean.first().copied().unwrap_or(0.0));
        }
    }
    let stated: Vec<f64> = cells.iter().map(|cell| cell.stated).collect();
    let judge = |forecast: &[f64]| {
        let errors: f64 = forecast.iter().zip(&cells).map(|(made, cell)| (made - cell.sold).abs()).sum();
        (errors / sold, forecast.iter().sum::<f64>() / sold - 1.0)
    };
    let ((wape, bias), (model_wape, model_bias)) = (judge(&stated), judge(&modelled));
    Ok(Some(OverrideAccuracy { buckets: cells.len(), wape, bias, model_wape, model_bias }))
}

/// What can be judged, by bucket.
fn cells(problem: &Problem) -> Vec<Cell> {
    let history = problem.history_buckets;
    let mut cells = Vec::new();
    for (index, pair) in problem.pairs.iter().enumerate() {
        for stated in pair.overrides.iter().filter(|stated| stated.bucket < 0 && stated.share >= WHOLE) {
            let Some(bucket) = history.checked_sub(stated.bucket.unsigned_abs() as usize) else { continue };
            let (Some(&sold), Some(mark)) = (pair.sales.get(bucket), pair.marks.get(bucket)) else {
                continue;
            };
            let known = sold.is_finite() && !mark.censored && !mark.excluded && !mark.inactive;
            if known {
                cells.push(Cell { pair: index, bucket, stated: stated.quantity, sold: sold.max(0.0) });
            }
        }
    }
    cells.sort_by_key(|cell| (cell.bucket, cell.pair));
    let mut buckets: Vec<usize> = cells.iter().map(|cell| cell.bucket).collect();
    buckets.dedup();
    let oldest = buckets.get(buckets.len().saturating_sub(NEWEST)).copied();
    cells.retain(|cell| oldest.is_some_and(|oldest| cell.bucket >= oldest));
    cells
}
