//! Seasonal indices: taken out before a method that knows none, put back after it.
//!
//! Given a series, find what each position in the season is worth, as far as the
//! data say so.
//!
//! Method: for seasons up to 24 buckets the classical decomposition by centred
//! moving averages (Makridakis, Wheelwright and Hyndman 1998, chapter 3); whether
//! there is a season at all is tested on the autocorrelation at its lag with a
//! 90 % limit, as in the M3 and M4 competitions. For longer seasons up to three
//! harmonics by generalised least squares under a local level: series and waves
//! go through the same smoothing filter, and the number of waves is chosen by
//! AICc and shrunk by the positive-part rule of James and Stein (1961).
//! Cost: time O(n), memory O(n + m), with n = buckets, m = season length.
//! Use the seasonal forms of `ets` instead when indices change over time.
//! Not for: less than two whole seasons (none is found then).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: gaps are interpolated for the moving averages.

use super::history::{History, mean_of};
use super::predictive::Part;
use crate::predict::linear::solve_symmetric;

/// Longest season that has an index for every bucket.
const LONGEST_CLASSICAL: usize = 24;

/// Most harmonics of a long season.
const MOST_WAVES: usize = 3;

/// Range of a multiplicative index.
const INDEX_RANGE: (f64, f64) = (0.1, 10.0);

/// Multiplicative indices of a season; none at all where nothing was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Season {
    /// Index of the bucket t at `t % m`; empty: no season.
    indices: Vec<f64>,
    /// Buckets of the history, where the forecast starts.
    length: usize,
    /// Harmonics that the indices are made of; 0: classical.
    waves: usize,
}

impl Season {
    pub(super) fn none() -> Self {
        Season::default()
    }

    /// Indices of any season that the data show.
    pub(super) fn find(history: &History<'_>) -> Self {
        if history.season_length > LONGEST_CLASSICAL {
            Season::harmonic(history)
        } else {
            Season::classical(history)
        }
    }

    /// Classical indices where the test finds a season and all values are positive.
    fn classical(history: &History<'_>) -> Self {
        let m = history.season_length;
        if m < 2 || !history.known().all(|y| y > 0.0) || !is_seasonal(history) {
            return Season::none();
        }
        match classical_indices(history.y, m, true) {
            Some(indices) => Season { indices, length: history.y.len(), waves: 0 },
            None => Season::none(),
        }
    }

    /// Smooth indices of a long season.
    pub(super) fn harmonic(history: &History<'_>) -> Self {
        let m = history.season_length;
        let level = history.mean();
        if m < 4 || level <= 0.0 || history.known_count() < 2 * m || history.known().any(|y| y < 0.0) {
            return Season::none();
        }
        let Some(waves) = fit_waves(history.y, m) else {
            return Season::none();
        };
        let indices: Vec<f64> = (0..m)
            .map(|t| {
                let wave: f64 = waves.iter().enumerate().map(|(j, c)| c * wave_value(j, t, m)).sum::<f64>();
                (1.0 + wave / level).clamp(INDEX_RANGE.0, INDEX_RANGE.1)
            })
            .collect();
        Season { indices, length: history.y.len(), waves: waves.len() / 2 }
    }

    /// The series without its season.
    pub(super) fn remove(&self, y: &[f64]) -> Vec<f64> {
        if self.indices.is_empty() {
            return y.to_vec();
        }
        y.iter().enumerate().map(|(t, y)| y / self.indices[t % self.indices.len()]).collect()
    }

    /// Puts the season back into a forecast that starts after the history.
    pub(super) fn restore(&self, part: &mut Part) {
        if self.indices.is_empty() {
            return;
        }
        for h in 0..part.mean.len() {
            let index = self.indices[(self.length + h) % self.indices.len()];
            part.mean[h] *= index;
            part.scale[h] *= index;
        }
    }

    /// The model's name with the season that was taken out.
    pub(super) fn label(&self, model: String) -> String {
        match (self.indices.is_empty(), self.waves) {
            (true, _) => model,
            (false, 0) => format!("{model} on seasonal indices"),
            (false, 1) => format!("{model} on 1 harmonic"),
            (false, waves) => format!("{model} on {waves} harmonics"),
        }
    }
}

/// Autocorrelation at the season's lag beyond the 90 % limit of Bartlett's formula.
fn is_seasonal(history: &History<'_>) -> bool {
    let m = history.season_length;
    let y = interpolated(history.y);
    if y.len() < 3 * m.max(2) {
        return false;
    }
    let mean = mean_of(y.iter().copied());
    let at = |lag: usize| -> f64 { y.iter().zip(&y[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum() };
    let variance = at(0);
    if variance <= 0.0 {
        return false;
    }
    let before: f64 = (1..m).map(|lag| (at(lag) / variance).powi(2)).sum();
    (at(m) / variance).abs() > 1.645 * ((1.0 + 2.0 * before) / y.len() as f64).sqrt()
}

/// Indices of a classical decomposition, `[t % m]` for bucket t, with mean 1
/// (multiplicative) or 0; `None` for less than two seasons.
pub(super) fn classical_indices(y: &[f64], m: usize, multiplicative: bool) -> Option<Vec<f64>> {
    if y.len() < 2 * m {
        return None;
    }
    let filled = interpolated(y);
    let (mut sums, mut counts) = (vec![0.0; m], vec![0.0; m]);
    let half = m / 2;
    for t in half..y.len() - half {
        if y[t].is_nan() {
            continue;
        }
        let trend = centred_mean(&filled, t, m);
        if multiplicative && trend <= 0.0 {
            return None;
        }
        sums[t % m] += if multiplicative { y[t] / trend } else { y[t] - trend };
        counts[t % m] += 1.0;
    }
    if counts.contains(&0.0) {
        return None;
    }
    let mut indices: Vec<f64> = sums.iter().zip(&counts).map(|(sum, count)| sum / count).collect();
    let mean = mean_of(indices.iter().copied());
    if multiplicative && mean <= 0.0 {
        return None;
    }
    for index in &mut indices {
        *index =
            if multiplicative { (*index / mean).clamp(INDEX_RANGE.0, INDEX_RANGE.1) } else { *index - mean };
    }
    Some(indices)
}

/// Moving average over one season around `t`; an even season takes half of both ends.
fn centred_mean(y: &[f64], t: usize, m: usize) -> f64 {
    let half = m / 2;
    let inner: f64 = y[t - half..=t + half].iter().sum();
    if m % 2 == 1 { inner / m as f64 } else { (inner - 0.5 * (y[t - half] + y[t + half])) / m as f64 }
}

/// Straight lines over the gaps; the ends repeat the nearest known value.
fn interpolated(y: &[f64]) -> Vec<f64> {
    let mut filled = y.to_vec();
    let mut last: Option<usize> = None;
    for (t, &value) in y.iter().enumerate() {
        if value.is_nan() {
            continue;
        }
        let from = last.map_or(0, |last| last + 1);
        let (begin, slope) = match last {
            Some(last) => (y[last], (value - y[last]) / (t - last) as f64),
            None => (value, 0.0),
        };
        for (distance, gap) in filled[from..t].iter_mut().enumerate() {
            *gap = begin + slope * (distance + 1) as f64;
        }
        last = Some(t);
    }
    if let Some(last) = last {
        filled[last..].fill(y[last]);
    }
    filled
}

/// Cosine and sine of rising frequency: number j at bucket t.
fn wave_value(j: usize, t: usize, m: usize) -> f64 {
    let angle = std::f64::consts::TAU * (j / 2 + 1) as f64 * (t % m) as f64 / m as f64;
    if j.is_multiple_of(2) { angle.cos() } else { angle.sin() }
}

/// Columns of the regression: constant, line, and the waves.
const COLUMNS: usize = 2 + 2 * MOST_WAVES;

/// Coefficients of the waves that AICc keeps; `None` where it keeps none.
fn fit_waves(y: &[f64], m: usize) -> Option<Vec<f64>> {
    let alpha = local_level_alpha(y);
    let (matrix, right, square, count) = filtered_moments(y, m, alpha);
    let base = regression(&matrix, &right, square, 2)?;
    let criterion = |squares: f64, k: usize| {
        let (n, k) = (count, k as f64 + 2.0);
        n * (squares.max(1e-300) / n).ln() + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0).max(1.0)
    };
    let mut best = (criterion(base.1, 2), 0, base.clone());
    for waves in 1..=MOST_WAVES {
        let k = 2 + 2 * waves;
        if let Some(fit) = regression(&matrix, &right, square, k) {
            let value = criterion(fit.1, k);
            if value < best.0 {
                best = (value, waves, fit);
            }
        }
    }
    let (_, waves, (coefficients, squares)) = best;
    if waves == 0 {
        return None;
    }
    let columns = 2 * waves;
    let variance = squares / (count - 2.0 - columns as f64).max(1.0);
    let explained = (base.1 - squares).max(0.0);
    let kept = if explained > 0.0 { (1.0 - columns as f64 * variance / explained).max(0.0) } else { 0.0 };
    Some(coefficients[2..2 + columns].iter().map(|c| c * kept).collect())
}

/// Moments of the series and of the regression's columns after both went through
/// the filter of simple smoothing (an innovations filter is linear).
fn filtered_moments(
    y: &[f64],
    m: usize,
    alpha: f64,
) -> ([[f64; COLUMNS]; COLUMNS], [f64; COLUMNS], f64, f64) {
    let mut matrix = [[0.0; COLUMNS]; COLUMNS];
    let (mut right, mut square, mut count) = ([0.0; COLUMNS], 0.0, 0.0);
    let (mut level_y, mut level_x) = (0.0, [0.0; COLUMNS]);
    for (t, &value) in y.iter().enumerate() {
        if value.is_nan() {
            continue;
        }
        let mut row = [0.0; COLUMNS];
        for (j, place) in row.iter_mut().enumerate() {
            let x = match j {
                0 => 1.0,
                1 => t as f64 / y.len() as f64,
                _ => wave_value(j - 2, t, m),
            };
            *place = x - level_x[j];
            level_x[j] += alpha * *place;
        }
        let error = value - level_y;
        level_y += alpha * error;
        for i in 0..COLUMNS {
            for j in 0..=i {
                matrix[i][j] += row[i] * row[j];
            }
            right[i] += row[i] * error;
        }
        square += error * error;
        count += 1.0;
    }
    (matrix, right, square, count)
}

/// Coefficients of the first `k` columns and the sum of squares that stays.
fn regression(
    matrix: &[[f64; COLUMNS]; COLUMNS],
    right: &[f64; COLUMNS],
    square: f64,
    k: usize,
) -> Option<(Vec<f64>, f64)> {
    let mut a = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..=i {
            a[i * k + j] = matrix[i][j];
            a[j * k + i] = matrix[i][j];
        }
        a[i * k + i] *= 1.0 + 1e-9;
    }
    let mut b = right[..k].to_vec();
    if !solve_symmetric(&mut a, &mut b) {
        return None;
    }
    let explained: f64 = b.iter().zip(right).map(|(c, r)| c * r).sum();
    Some((b, (square - explained).max(0.0)))
}

/// Smoothing parameter of a local level from the first two autocovariances of the
/// differences: of `theta = 1 - alpha` in an ARIMA(0,1,1) process.
fn local_level_alpha(y: &[f64]) -> f64 {
    let differences: Vec<f64> = y.windows(2).map(|pair| pair[1] - pair[0]).filter(|d| !d.is_nan()).collect();
    let at = |lag: usize| -> f64 {
        differences.iter().zip(&differences[lag.min(differences.len())..]).map(|(a, b)| a * b).sum()
    };
    let variance = at(0);
    if variance <= 0.0 {
        return 0.1;
    }
    // rho = -theta / (1 + theta^2), solved for the root in (0, 1).
    let rho = (at(1) / variance).clamp(-0.499, -0.01);
    let theta = (-1.0 + (1.0 - 4.0 * rho * rho).sqrt()) / (2.0 * rho);
    (1.0 - theta).clamp(0.02, 0.9)
}
