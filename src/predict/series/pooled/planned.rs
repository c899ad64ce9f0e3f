//! What is planned or known ahead (promotion, price, holiday, weather) as columns.
//!
//! Given covariates of history and future, find columns that mean the same for
//! every series: the deviation from the series' own usual value, in units of the
//! panel's usual deviation.
//!
//! Method: within-group centring, J. M. Wooldridge (2010), "Econometric Analysis of
//! Cross Section and Panel Data", section 10.5; positive covariates as ratios, so
//! that a price cut of a tenth is the same at any price. The usual recent value
//! goes along, because the levels of the past carry past promotions.
//! Cost: time O(t k) for a row, memory O(k), with t = buckets, k = covariates.
//! Use `covariates.rs` instead when a single series must explain its own effect.
//! Not for: text and categories.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the book: deviations are cut at five usual ones.

use super::super::history::mean_of;
use super::super::panel::{Panel, Series};
use super::row::Row;

/// Largest deviation in usual ones.
const LARGEST: f64 = 5.0;

/// Weight of the newest bucket in the usual recent value.
const SPEED: f64 = 0.1;

/// How to read the covariates of a panel.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Planned {
    scales: Vec<Scale>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    ratio: bool,
    /// Usual deviation; 0 where the covariate never changes.
    deviation: f64,
}

impl Planned {
    /// Reads the covariates of `panel` in the buckets that `rows` hold.
    pub(super) fn of(panel: &Panel, rows: &[Row]) -> Self {
        let count = panel.covariate_names.len();
        let mut scales = Vec::with_capacity(count);
        for column in 0..count {
            let all = || panel.series.iter().zip(rows).map(|(series, row)| known(series, row, count, column));
            let ratio = all().all(|mut values| values.all(|x| x > 0.0));
            let (mut sum, mut n) = (0.0, 0.0);
            for (series, row) in panel.series.iter().zip(rows) {
                let centre = mean_of(known(series, row, count, column));
                for x in known(series, row, count, column) {
                    sum += deviation(x, centre, ratio).powi(2);
                    n += 1.0;
                }
            }
            let usual = if n > 0.0 { (sum / n).sqrt() } else { 0.0 };
            scales.push(Scale { ratio, deviation: if usual > 1e-9 { usual } else { 0.0 } });
        }
        Planned { scales }
    }

    /// Columns of a row.
    pub(super) fn columns(&self) -> usize {
        2 * self.scales.len()
    }

    /// The series' own usual values in the buckets that `row` holds.
    pub(super) fn usual(&self, series: &Series, row: &Row) -> Vec<f64> {
        let count = self.scales.len();
        (0..count).map(|column| mean_of(known(series, row, count, column))).collect()
    }

    /// The columns for bucket `t` as seen at `origin`.
    pub(super) fn fill(
        &self,
        series: &Series,
        row: &Row,
        usual: &[f64],
        (origin, t): (usize, usize),
    ) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.columns());
        let count = self.scales.len();
        for (column, scale) in self.scales.iter().enumerate() {
            let at = |t: usize| match cell(series, row, count, column, t) {
                x if x.is_finite() && scale.deviation > 0.0 => {
                    (deviation(x, usual[column], scale.ratio) / scale.deviation).clamp(-LARGEST, LARGEST)
                }
                _ => 0.0,
            };
            let recent = (row.start..origin).fold(0.0, |mean, t| mean + SPEED * (at(t) - mean));
            out.push(at(t) as f32);
            out.push(recent as f32);
        }
        out
    }
}

fn deviation(x: f64, centre: f64, ratio: bool) -> f64 {
    if ratio && centre > 0.0 { x / centre - 1.0 } else { x - centre }
}

/// Finite values of a covariate in the buckets of `row`.
fn known<'a>(series: &'a Series, row: &Row, count: usize, column: usize) -> impl Iterator<Item = f64> + 'a {
    (0..row.value.len())
        .map(move |t| series.covariates.get(t * count + column).copied().unwrap_or(f64::NAN))
        .filter(|x| x.is_finite())
}

/// A covariate in the history or the future; NaN outside both.
fn cell(series: &Series, row: &Row, count: usize, column: usize, t: usize) -> f64 {
    let Some(local) = t.checked_sub(row.start) else {
        return f64::NAN;
    };
    let (rows, local) = match local.checked_sub(series.y.len()) {
        None => (&series.covariates, local),
        Some(ahead) => (&series.future_covariates, ahead),
    };
    rows.get(local * count + column).copied().unwrap_or(f64::NAN)
}
