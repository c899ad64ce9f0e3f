//! Given what accompanied each bucket (promotion, price, holiday, weather), find
//! how much it moved demand.
//!
//! Method: demand is a local level times exp(x beta): Poisson quasi-likelihood
//! with a logarithmic link, P. McCullagh, J. A. Nelder (1989), "Generalized
//! Linear Models", chapter 9, with a ridge penalty, A. E. Hoerl, R. W. Kennard
//! (1970), doi:10.1080/00401706.1970.10488634; level and effects in turns. Zeros
//! are no trouble for it, as they are for logarithms of demand. Series with
//! values below zero get an additive effect by ridge regression on what the local
//! mean leaves.
//! Cost: time O(rounds x n k^2), memory O(n k), with n = buckets, k = columns.
//! Use a method that learns across series instead when each has few promotions.
//! Not for: fewer than 10 known buckets or 3 for each column (no effect then).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the literature: the penalty is a normal prior of standard
//! deviation 0.5 on the effect of one standard deviation, for factors of half the
//! range where that is more (a holiday of one day a year), so nothing is tuned.

use crate::predict::linear::solve_symmetric;

/// Standard deviation of an effect before the data speak.
const PRIOR_DEVIATION: f64 = 0.5;

/// Least share of its range that one unit of a scaled column stands for where effects are factors:
/// those of a column that is rarely different would have no limit otherwise.
const LEAST_UNIT: f64 = 0.5;

/// Rounds of level and effects.
const ROUNDS: usize = 12;

/// Weight of a neighbour in the local level for each bucket of distance.
const NEIGHBOUR_WEIGHT: f64 = 0.9;

/// Range of a factor.
const FACTOR_RANGE: (f64, f64) = (0.05, 20.0);

/// Effect of the covariates on history and future: factors, or summands.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Effect {
    /// One for each bucket of the history; empty: no effect.
    pub(super) history: Vec<f64>,
    /// One for each bucket of the horizon.
    pub(super) future: Vec<f64>,
    /// Factors, not summands.
    pub(super) multiplicative: bool,
}

/// Table of covariates, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) history: &'a [f64],
    pub(super) future: &'a [f64],
    pub(super) names: &'a [String],
}

/// Estimates the effect on `y` (NaN where a bucket must not be used). What could
/// not be estimated is said in `notes`.
pub(super) fn estimate(y: &[f64], table: Table<'_>, horizon: usize, notes: &mut Vec<String>) -> Effect {
    let columns = table.names.len();
    if columns == 0 || table.history.len() != y.len() * columns || y.is_empty() {
        return Effect::default();
    }
    let known = y.iter().filter(|y| !y.is_nan()).count();
    let needed = (3 * (columns + 1)).max(10);
    if known < needed {
        notes.push(format!("covariates not used: {known} known buckets, {needed} needed"));
        return Effect::default();
    }
    let multiplicative = y.iter().all(|y| y.is_nan() || *y >= 0.0) && y.iter().any(|y| *y > 0.0);
    let least_unit = if multiplicative { LEAST_UNIT } else { 0.0 };
    let design = Design::new(y, table, horizon, least_unit, notes);
    if design.k == 0 {
        return Effect::default();
    }
    let beta = if multiplicative { fit_factors(y, &design) } else { fit_summands(y, &design) };
    let apply = |rows: &[f64]| -> Vec<f64> {
        rows.chunks_exact(design.k)
            .map(|row| {
                let sum = dot(row, &beta);
                if multiplicative { sum.exp().clamp(FACTOR_RANGE.0, FACTOR_RANGE.1) } else { sum }
            })
            .collect()
    };
    let mut future = apply(&design.future);
    future.resize(horizon, if multiplicative { 1.0 } else { 0.0 });
    Effect { history: apply(&design.rows), future, multiplicative }
}

/// Columns that vary, scaled by how they do over the known buckets.
struct Design {
    k: usize,
    rows: Vec<f64>,
    future: Vec<f64>,
}

impl Design {
    fn new(y: &[f64], table: Table<'_>, horizon: usize, least_unit: f64, notes: &mut Vec<String>) -> Self {
        let columns = table.names.len();
        let cell = |rows: &[f64], t: usize, j: usize| rows.get(t * columns + j).copied().unwrap_or(f64::NAN);
        let future_rows = horizon.min(table.future.len() / columns);
        let mut scaled: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        for (j, name) in table.names.iter().enumerate() {
            let used = (0..y.len())
                .filter(|&t| !y[t].is_nan())
                .map(|t| cell(table.history, t, j))
                .filter(|x| x.is_finite());
            let mean = super::history::mean_of(used.clone());
            let deviation = super::history::deviation_of(used.clone());
            if deviation <= 1e-9 * mean.abs().max(1e-9) {
                notes.push(format!("covariate {name} not used: it never changes in the history"));
                continue;
            }
            let low = used.clone().fold(f64::INFINITY, f64::min);
            let high = used.fold(f64::NEG_INFINITY, f64::max);
            let reach = 0.25 * (high - low);
            let unit = deviation.max(least_unit * (high - low));
            // A missing value says nothing: it counts as the mean. A future value far
            // outside the history counts as the end of what can be judged.
            let scale = |x: f64| {
                if x.is_finite() { (x.clamp(low - reach, high + reach) - mean) / unit } else { 0.0 }
            };
            if (0..future_rows)
                .any(|t| cell(table.future, t, j) < low - reach || cell(table.future, t, j) > high + reach)
            {
                notes.push(format!("covariate {name} leaves the range of its history; its effect is capped"));
            }
            scaled.push((
                (0..y.len()).map(|t| scale(cell(table.history, t, j))).collect(),
                (0..future_rows).map(|t| scale(cell(table.future, t, j))).collect(),
            ));
        }
        let rows = (0..y.len()).flat_map(|t| scaled.iter().map(move |column| column.0[t])).collect();
        let future = (0..future_rows).flat_map(|t| scaled.iter().map(move |column| column.1[t])).collect();
        Design { k: scaled.len(), rows, future }
    }

    fn row(&self, t: usize) -> &[f64] {
        &self.rows[t * self.k..(t + 1) * self.k]
    }
}

fn fit_factors(y: &[f64], design: &Design) -> Vec<f64> {
    let k = design.k;
    let mut beta = vec![0.0; k];
    let (mut matrix, mut step) = (vec![0.0; k * k], vec![0.0; k]);
    for _ in 0..ROUNDS {
        let factors: Vec<f64> = (0..y.len())
            .map(|t| if y[t].is_nan() { f64::NAN } else { dot(design.row(t), &beta).clamp(-3.0, 3.0).exp() })
            .collect();
        let level: Vec<f64> =
            smooth(y).iter().zip(smooth(&factors)).map(|(sales, factor)| sales / factor).collect();
        let mean = |t: usize| (level[t] * factors[t]).max(1e-9);
        let known = (0..y.len()).filter(|&t| !y[t].is_nan());
        let count = known.clone().count() as f64;
        let pearson: f64 = known.clone().map(|t| (y[t] - mean(t)).powi(2) / mean(t)).sum();
        let penalty = (pearson / (count - k as f64).max(1.0)).max(1e-9) / (PRIOR_DEVIATION * PRIOR_DEVIATION);
        matrix.fill(0.0);
        for j in 0..k {
            matrix[j * k + j] = penalty;
            step[j] = -penalty * beta[j];
        }
        for t in known {
            accumulate(&mut matrix, &mut step, design.row(t), mean(t), y[t] - mean(t));
        }
        if !solve_symmetric(&mut matrix, &mut step) {
            break;
        }
        let largest = step.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
        let damped = if largest > 1.0 { 1.0 / largest } else { 1.0 };
        beta.iter_mut().zip(&step).for_each(|(b, s)| *b += damped * s);
        if largest < 1e-6 {
            break;
        }
    }
    beta
}

fn fit_summands(y: &[f64], design: &Design) -> Vec<f64> {
    let k = design.k;
    let rest: Vec<f64> = y.iter().zip(smooth(y)).map(|(y, level)| y - level).collect();
    let smoothed: Vec<Vec<f64>> = (0..k)
        .map(|j| {
            let column: Vec<f64> =
                (0..y.len()).map(|t| if y[t].is_nan() { f64::NAN } else { design.row(t)[j] }).collect();
            smooth(&column)
        })
        .collect();
    let (mut matrix, mut right) = (vec![0.0; k * k], vec![0.0; k]);
    // The prior deviation is in units of the series' own, so the penalty has none.
    (0..k).for_each(|j| matrix[j * k + j] = 1.0 / (PRIOR_DEVIATION * PRIOR_DEVIATION));
    for t in (0..y.len()).filter(|&t| !y[t].is_nan()) {
        let row: Vec<f64> = (0..k).map(|j| design.row(t)[j] - smoothed[j][t]).collect();
        accumulate(&mut matrix, &mut right, &row, 1.0, rest[t]);
    }
    if solve_symmetric(&mut matrix, &mut right) { right } else { vec![0.0; k] }
}

fn accumulate(matrix: &mut [f64], right: &mut [f64], row: &[f64], weight: f64, error: f64) {
    let k = row.len();
    for i in 0..k {
        right[i] += row[i] * error;
        for j in 0..k {
            matrix[i * k + j] += weight * row[i] * row[j];
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Two-sided exponentially weighted mean with the bucket itself.
fn smooth(y: &[f64]) -> Vec<f64> {
    let (mut sums, mut weights) = (vec![0.0; y.len()], vec![0.0; y.len()]);
    let (mut sum, mut weight) = (0.0, 0.0);
    for t in 0..y.len() {
        (sum, weight) = (sum * NEIGHBOUR_WEIGHT, weight * NEIGHBOUR_WEIGHT);
        if !y[t].is_nan() {
            (sum, weight) = (sum + y[t], weight + 1.0);
        }
        (sums[t], weights[t]) = (sum, weight);
    }
    (sum, weight) = (0.0, 0.0);
    for t in (0..y.len()).rev() {
        (sum, weight) = (sum * NEIGHBOUR_WEIGHT, weight * NEIGHBOUR_WEIGHT);
        (sums[t], weights[t]) = (sums[t] + sum, weights[t] + weight);
        if !y[t].is_nan() {
            (sum, weight) = (sum + y[t], weight + 1.0);
        }
    }
    sums.iter().zip(&weights).map(|(sum, weight)| if *weight > 0.0 { sum / weight } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promotion_table(n: usize) -> Vec<f64> {
        (0..n).map(|t| if t % 9 == 4 { 1.0 } else { 0.0 }).collect()
    }

    #[test]
    fn finds_a_promotion_that_doubles_sales() {
        let x = promotion_table(90);
        let y: Vec<f64> = x.iter().enumerate().map(|(t, x)| (20.0 + (t % 3) as f64) * (1.0 + x)).collect();
        let names = ["promotion".to_owned()];
        let table = Table { history: &x, future: &[1.0, 0.0], names: &names };
        let effect = estimate(&y, table, 2, &mut Vec::new());
        assert!(effect.multiplicative);
        assert!((effect.future[0] / effect.future[1] - 2.0).abs() < 0.1, "{:?}", effect.future);
    }

    #[test]
    fn noise_without_effect_is_shrunk_to_nearly_nothing() {
        let x = promotion_table(60);
        let y: Vec<f64> = (0..60).map(|t| f64::from(t * 13 % 7)).collect();
        let names = ["promotion".to_owned()];
        let effect = estimate(&y, Table { history: &x, future: &[1.0], names: &names }, 1, &mut Vec::new());
        assert!((0.6..1.6).contains(&effect.future[0]), "{:?}", effect.future);
    }

    #[test]
    fn one_odd_day_says_less_than_five() {
        let names = ["holiday".to_owned()];
        let factor = |days: usize| {
            let is_holiday = |t: usize| t % 100 == 50 && t / 100 < days;
            let x: Vec<f64> = (0..700).map(|t| f64::from(u8::from(is_holiday(t)))).collect();
            let y: Vec<f64> = (0..700).map(|t| if is_holiday(t) { 0.0 } else { (t % 7) as f64 }).collect();
            let table = Table { history: &x, future: &[1.0, 0.0], names: &names };
            let effect = estimate(&y, table, 2, &mut Vec::new());
            effect.future[0] / effect.future[1]
        };
        assert!((0.3..0.7).contains(&factor(1)), "{}", factor(1));
        assert!(factor(5) < 0.25, "{}", factor(5));
    }

    #[test]
    fn summands_for_values_below_zero() {
        let x = promotion_table(90);
        let y: Vec<f64> = x.iter().enumerate().map(|(t, x)| (t % 3) as f64 - 1.0 + 5.0 * x).collect();
        let names = ["heat".to_owned()];
        let effect =
            estimate(&y, Table { history: &x, future: &[1.0, 0.0], names: &names }, 2, &mut Vec::new());
        assert!(!effect.multiplicative);
        assert!((effect.future[0] - effect.future[1] - 5.0).abs() < 0.5, "{:?}", effect.future);
    }

    #[test]
    fn short_or_flat_columns_are_left_out_with_a_note() {
        let names = ["promotion".to_owned()];
        let mut notes = Vec::new();
        estimate(&[1.0; 5], Table { history: &[1.0; 5], future: &[1.0], names: &names }, 1, &mut notes);
        estimate(&[1.0; 20], Table { history: &[1.0; 20], future: &[1.0], names: &names }, 1, &mut notes);
        assert_eq!(notes.len(), 2);
        assert!(notes[0].contains("5 known buckets") && notes[1].contains("never changes"));
    }
}
