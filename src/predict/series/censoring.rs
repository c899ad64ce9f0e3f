//! Given a series with stock-outs, estimate what would have been sold.
//!
//! Method: the conditional expectation of a normal variable above the recorded
//! value, J. Tobin (1958), "Estimation of Relationships for Limited Dependent
//! Variables", doi:10.2307/1907382, iterated as expectation maximisation, A. P.
//! Dempster, N. M. Laird, D. B. Rubin (1977), around a local mean: the weighted
//! mean of the neighbours, weights 0.9 to the power of the distance.
//! Cost: time O(iterations x n), memory O(n), with n = buckets, at most 20 iterations.
//! Use NaN instead when nothing at all was on sale and the recorded value says nothing.
//! Not for: series that are stocked out all the time (they are left as recorded).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: the mean is local and leaves the bucket itself out;
//! an estimate is never below the recorded value.

use super::normal::{normal_above, normal_density};
use super::season::classical_indices;

/// Weight of a neighbour for each bucket of distance.
const NEIGHBOUR_WEIGHT: f64 = 0.9;

/// Most rounds of estimation.
const MOST_ROUNDS: usize = 20;

/// Fewest buckets without a stock-out.
const FEWEST_OPEN: usize = 3;

/// Replaces the values of stocked-out buckets by the demand to be expected there.
/// Returns how many were replaced.
pub(super) fn estimate_demand(y: &mut [f64], censored: &[bool], season_length: usize) -> usize {
    let is_closed = |t: usize| censored.get(t).copied().unwrap_or(false);
    let closed: Vec<usize> = (0..y.len()).filter(|&t| is_closed(t) && !y[t].is_nan()).collect();
    let open: Vec<usize> = (0..y.len()).filter(|&t| !is_closed(t) && !y[t].is_nan()).collect();
    if closed.is_empty() || open.len() < FEWEST_OPEN {
        return 0;
    }
    let season = season_of_open(y, &open, season_length);
    let at = |t: usize| season.get(t % season_length.max(1)).copied().unwrap_or(0.0);
    let recorded: Vec<f64> = y.to_vec();
    let mut plain: Vec<f64> = y.iter().enumerate().map(|(t, y)| y - at(t)).collect();
    let mut means = vec![0.0; y.len()];
    for _ in 0..MOST_ROUNDS {
        neighbour_means(&plain, &mut means);
        let squares: f64 = open.iter().map(|&t| (plain[t] - means[t]).powi(2)).sum();
        let sigma = (squares / open.len() as f64).sqrt();
        let mut change: f64 = 0.0;
        for &t in &closed {
            let floor = recorded[t] - at(t);
            let value = mean_above(means[t], sigma, floor);
            change = change.max((value - plain[t]).abs());
            plain[t] = value;
        }
        if change <= 1e-6 * sigma {
            break;
        }
    }
    for &t in &closed {
        y[t] = (plain[t] + at(t)).max(recorded[t]);
    }
    closed.len()
}

/// Seasonal differences of the open buckets, where there are four seasons of them.
fn season_of_open(y: &[f64], open: &[usize], m: usize) -> Vec<f64> {
    if !(2..=24).contains(&m) || open.len() < 4 * m {
        return Vec::new();
    }
    let mut known = vec![f64::NAN; y.len()];
    open.iter().for_each(|&t| known[t] = y[t]);
    classical_indices(&known, m, false).unwrap_or_default()
}

/// Mean of a normal variable, given that it lies above `floor`; never below it.
fn mean_above(mean: f64, sigma: f64, floor: f64) -> f64 {
    if sigma <= 0.0 {
        return mean.max(floor);
    }
    let z = (floor - mean) / sigma;
    let tail = normal_above(z);
    // Far out the hazard of the normal distribution is z + 1 / z.
    let hazard = if tail > 1e-12 { normal_density(z) / tail } else { z + 1.0 / z };
    (mean + sigma * hazard).max(floor)
}

/// Weighted means of all other known values, from two passes of smoothing.
fn neighbour_means(y: &[f64], means: &mut [f64]) {
    let mut forward = vec![(0.0, 0.0); y.len()];
    let (mut sum, mut weight) = (0.0, 0.0);
    for (place, value) in forward.iter_mut().zip(y) {
        *place = (sum, weight);
        advance(&mut sum, &mut weight, *value);
    }
    (sum, weight) = (0.0, 0.0);
    for t in (0..y.len()).rev() {
        let (before, before_weight) = forward[t];
        let total = before_weight + weight;
        means[t] = if total > 0.0 { (before + sum) / total } else { y[t] };
        advance(&mut sum, &mut weight, y[t]);
    }
}

fn advance(sum: &mut f64, weight: &mut f64, value: f64) {
    if !value.is_nan() {
        *sum += value;
        *weight += 1.0;
    }
    *sum *= NEIGHBOUR_WEIGHT;
    *weight *= NEIGHBOUR_WEIGHT;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_means_of_the_tables() {
        // Standard normal above 0: sqrt(2 / pi); above 1: 1.525135.
        assert!((mean_above(0.0, 1.0, 0.0) - 0.797_884_56).abs() < 1e-7);
        assert!((mean_above(0.0, 1.0, 1.0) - 1.525_135_28).abs() < 1e-6);
        assert!((mean_above(0.0, 1.0, 20.0) - 20.05).abs() < 1e-3);
        assert_eq!(mean_above(2.0, 0.0, 1.0), 2.0);
    }

    #[test]
    fn a_stock_out_is_not_zero_demand() {
        let mut y = vec![10.0, 12.0, 9.0, 0.0, 11.0, 10.0, 8.0, 10.0];
        let mut censored = vec![false; 8];
        censored[3] = true;
        assert_eq!(estimate_demand(&mut y, &censored, 1), 1);
        assert!((y[3] - 10.0).abs() < 1.0, "{}", y[3]);
    }

    #[test]
    fn recovers_the_mean_of_censored_demand() {
        // Even demand of 0..19, stock of 12 in every bucket: the plain mean of what
        // was sold is 8.7, the mean demand 9.5.
        let demand: Vec<f64> = (0..400).map(|i| f64::from(i * 7 % 20)).collect();
        let censored: Vec<bool> = demand.iter().map(|d| *d > 12.0).collect();
        let mut y: Vec<f64> = demand.iter().map(|d| d.min(12.0)).collect();
        estimate_demand(&mut y, &censored, 1);
        let mean = y.iter().sum::<f64>() / 400.0;
        assert!((mean - 9.5).abs() < 0.5, "{mean}");
    }

    #[test]
    fn without_open_buckets_nothing_is_invented() {
        let mut y = vec![3.0, 2.0, 1.0];
        assert_eq!(estimate_demand(&mut y, &[true; 3], 1), 0);
        assert_eq!(y, vec![3.0, 2.0, 1.0]);
    }
}
