//! From a recorded series to what a method fits: marks worked in, covariates taken out.

use super::censoring::estimate_demand;
use super::class::silent_end;
use super::covariates::{Effect, Table, estimate};
use super::history::History;
use super::panel::Series;
use super::predictive::Predictive;

/// Zeros before the first sale are cut when there are more than this many times
/// the mean interval of later sales.
const START_OF_LIFE_INTERVALS: f64 = 3.0;

/// Sizes outside this range are divided out before the fit.
const COMFORTABLE_SIZES: (f64, f64) = (1e-6, 1e9);

/// A series ready to be fitted.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) y: Vec<f64>,
    pub(super) season_length: usize,
    pub(super) nonnegative: bool,
    pub(super) integers: bool,
    pub(super) notes: Vec<String>,
    unit: f64,
    effect: Effect,
}

impl Prepared {
    pub(super) fn new(
        series: &Series,
        season_length: usize,
        names: &[String],
        horizon: usize,
        nonnegative: bool,
    ) -> Self {
        let mut notes = Vec::new();
        let mut y = cleaned(series, nonnegative, &mut notes);
        let integers = y.iter().all(|y| y.is_nan() || y.fract() == 0.0);
        let unit = unit_of(&y);
        y.iter_mut().for_each(|y| *y /= unit);
        let effect = covariate_effect(&mut y, series, names, horizon, &mut notes);
        let closed = y.iter().enumerate().filter(|(t, y)| !y.is_nan() && series.is_censored(*t)).count();
        let estimated = estimate_demand(&mut y, &series.censored, season_length);
        if estimated > 0 {
            let buckets = if estimated == 1 { "bucket" } else { "buckets" };
            notes.push(format!(
                "{estimated} {buckets} with a stock-out: demand estimated above what was sold"
            ));
        } else if closed > 0 {
            notes.push(format!(
                "{closed} buckets with a stock-out taken as recorded: too few others to estimate from"
            ));
        }
        let start = if nonnegative { start_of_life(&y, series) } else { first_known(&y) };
        if start > first_known(&y) {
            notes.push(format!("{start} buckets before the first sale left out"));
        }
        y.drain(..start);
        let mut prepared = Prepared {
            y,
            season_length,
            nonnegative,
            integers: integers && unit == 1.0,
            notes,
            unit,
            effect,
        };
        prepared.describe();
        prepared
    }

    pub(super) fn history(&self) -> History<'_> {
        History {
            y: &self.y,
            season_length: self.season_length,
            nonnegative: self.nonnegative,
            integers: self.integers,
        }
    }

    /// Puts covariates back into what a method predicts.
    pub(super) fn apply_effect(&self, predictive: &mut Predictive) {
        if self.effect.history.is_empty() {
            return;
        }
        for part in &mut predictive.parts {
            for (h, effect) in self.effect.future.iter().enumerate().take(part.mean.len()) {
                if self.effect.multiplicative {
                    part.mean[h] *= effect;
                    part.scale[h] *= effect;
                } else {
                    part.mean[h] += effect;
                }
            }
        }
    }

    /// Brings one forecast value back to the units and the range of the series.
    pub(super) fn restore(&self, value: f64) -> f64 {
        let value = if self.nonnegative { value.max(0.0) } else { value } * self.unit;
        if value.is_finite() { value } else { f64::MAX.copysign(value) }
    }

    fn describe(&mut self) {
        let history = self.history();
        let (known, gaps) = (history.known_count(), self.y.len() - history.known_count());
        let silent = silent_end(&history).filter(|_| self.nonnegative);
        let all_zero = known > 0 && history.known().all(|y| y == 0.0);
        if known == 0 {
            self.notes.push("no history: the forecast is zero".to_owned());
        } else if all_zero {
            self.notes.push("no demand in the history: the forecast is zero".to_owned());
        } else if known < 6 {
            self.notes.push(format!("only {known} known buckets: the forecast is their mean"));
        }
        if gaps > 0 {
            self.notes.push(format!("{gaps} buckets not known or left out"));
        }
        if let Some(silent) = silent {
            self.notes.push(format!(
                "no demand in the last {silent} buckets: end of life assumed, the forecast fades"
            ));
        }
    }
}

/// Recorded values with NaN for what must not be used.
fn cleaned(series: &Series, nonnegative: bool, notes: &mut Vec<String>) -> Vec<f64> {
    let mut negative = 0;
    let mut clean = |t: usize, y: f64| {
        if series.is_excluded(t) || !y.is_finite() {
            return f64::NAN;
        }
        if nonnegative && y < 0.0 {
            negative += 1;
            return 0.0;
        }
        y
    };
    let y = series.y.iter().enumerate().map(|(t, &y)| clean(t, y)).collect();
    if negative > 0 {
        notes.push(format!("{negative} values below zero taken as zero"));
    }
    y
}

/// 1 for usual sizes; the largest size of a series of enormous or tiny values.
fn unit_of(y: &[f64]) -> f64 {
    let largest = y.iter().filter(|y| !y.is_nan()).fold(0.0_f64, |most, y| most.max(y.abs()));
    let usual = largest == 0.0 || (COMFORTABLE_SIZES.0..=COMFORTABLE_SIZES.1).contains(&largest);
    // A subnormal divisor would overflow.
    if usual { 1.0 } else { largest.max(f64::MIN_POSITIVE) }
}

/// Estimates what the covariates did and takes it out of `y`. Buckets with a
/// stock-out say nothing about it.
fn covariate_effect(
    y: &mut [f64],
    series: &Series,
    names: &[String],
    horizon: usize,
    notes: &mut Vec<String>,
) -> Effect {
    if names.is_empty() || series.covariates.is_empty() {
        return Effect::default();
    }
    let open: Vec<f64> =
        y.iter().enumerate().map(|(t, &y)| if series.is_censored(t) { f64::NAN } else { y }).collect();
    let table = Table { history: &series.covariates, future: &series.future_covariates, names };
    let effect = estimate(&open, table, horizon, notes);
    for (y, effect_here) in y.iter_mut().zip(&effect.history) {
        *y = if effect.multiplicative { *y / effect_here } else { *y - effect_here };
    }
    effect
}

fn first_known(y: &[f64]) -> usize {
    y.iter().position(|y| !y.is_nan()).unwrap_or(y.len())
}

/// First bucket that is kept. Zeros before the first sale are the time before the
/// item was sold, when they are many more than its later intervals explain; one
/// interval of them stays, because the first sale ended one.
fn start_of_life(y: &[f64], series: &Series) -> usize {
    let begin = first_known(y);
    let Some(first_sale) = y.iter().position(|y| *y > 0.0) else {
        return begin;
    };
    let stocked_out = (begin..first_sale).any(|t| series.is_censored(t));
    let after = y[first_sale..].iter().filter(|y| !y.is_nan()).count() as f64;
    let sales = y[first_sale..].iter().filter(|y| **y > 0.0).count() as f64;
    let interval = after / sales;
    let before = (first_sale - begin) as f64;
    if stocked_out || before <= START_OF_LIFE_INTERVALS * interval {
        return begin;
    }
    first_sale + 1 - interval.ceil().min(before) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(series: &Series) -> Prepared {
        Prepared::new(series, 1, &[], 4, true)
    }

    #[test]
    fn zeros_before_the_first_sale_are_cut() {
        let mut y = vec![0.0; 30];
        y.extend([5.0, 4.0, 6.0, 5.0, 3.0, 5.0, 4.0]);
        let ready = prepared(&Series::new("new", y));
        assert_eq!(ready.y.len(), 7);
        assert!(ready.notes[0].contains("30 buckets before the first sale"));
        // An ordinary gap stays.
        assert_eq!(prepared(&Series::new("slow", vec![0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0])).y.len(), 7);
    }

    #[test]
    fn marks_become_unknown_or_estimated() {
        let series = Series {
            excluded: vec![false, true, false, false, false, false],
            censored: vec![false, false, false, true, false, false],
            ..Series::new("a", vec![5.0, 900.0, 7.0, 1.0, f64::INFINITY, 6.0])
        };
        let ready = prepared(&series);
        assert!(ready.y[1].is_nan() && ready.y[4].is_nan());
        assert!(ready.y[3] > 5.0 && ready.y[3] < 8.0);
    }

    #[test]
    fn enormous_values_are_divided_out() {
        let ready = prepared(&Series::new("big", vec![1e300, 2e300, 1.5e300]));
        assert_eq!(ready.y, vec![0.5, 1.0, 0.75]);
        assert_eq!(ready.restore(0.5), 1e300);
        assert_eq!(ready.restore(f64::INFINITY), f64::MAX);
    }
}
