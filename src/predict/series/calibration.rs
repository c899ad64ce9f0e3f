//! The distribution of errors from the errors that a method made on its own history.
//!
//! Given the one-step means and errors of a fitted method, find the distribution
//! of one error and how uncertain the level is at the origin, so that sums over
//! the horizon have the spread that they had in the past.
//!
//! Method: a moment fit of the error distribution, and split conformal
//! calibration over rolling origins in the spirit of V. Vovk, A. Gammerman, G.
//! Shafer (2005), "Algorithmic Learning in a Random World": for a linear
//! innovations model the error of the sum over L buckets from every origin
//! follows from its one-step errors (weights C of `sum_weights`), so that rolling
//! origins need no refits. What the past sums spread beyond the model's own
//! variance becomes uncertainty of the level.
//! Cost: time O(n L), memory O(n + L), with n = buckets, L = lead of the sums, at most 13.
//! Use refits at every origin instead when the parameters themselves are unstable.
//! Not for: fewer than 8 errors (then the error of a mean is taken).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the book: variances are compared, not ranks, and the excess is
//! shrunk by k / (k + 4) for k sums that do not overlap.

use super::history::{History, deviation_of, mean_of};
use super::predictive::{Noise, Part, Shape};

/// Inter-demand interval from which demand is intermittent (Syntetos and Boylan 2005).
pub(super) const INTERMITTENT_INTERVAL: f64 = 1.32;

/// Errors from which their own form is used instead of the normal one.
const EMPIRICAL_ERRORS: usize = 40;

/// Demand sizes that a hurdle remembers.
const REMEMBERED_SIZES: usize = 40;

/// Longest sum that is calibrated.
const LONGEST_SUM: usize = 13;

/// What a fitted method said one step ahead over its history.
#[derive(Debug, Clone, Default)]
pub(super) struct OneStep {
    /// Means, one for each bucket.
    pub(super) mean: Vec<f64>,
    /// Errors (value less mean), NaN where the value is not known.
    pub(super) error: Vec<f64>,
    /// Parameters and initial states that were estimated.
    pub(super) parameters: usize,
}

impl OneStep {
    fn known(&self) -> impl DoubleEndedIterator<Item = f64> + Clone + '_ {
        self.error.iter().copied().filter(|e| !e.is_nan())
    }

    /// Root mean square error with the parameters taken off the count.
    pub(super) fn sigma(&self) -> f64 {
        let count = self.known().count();
        let free = count.saturating_sub(self.parameters).max(1) as f64;
        // Few errors for many parameters: the plain count keeps the figure sane.
        let divisor = free.max(0.5 * count as f64).max(1.0);
        (self.known().map(|e| e * e).sum::<f64>() / divisor).sqrt()
    }
}

/// The distribution of a bucket around its mean: a hurdle for intermittent
/// demand, counts for small whole numbers, otherwise the errors' own form.
pub(super) fn noise(history: &History<'_>, steps: &OneStep, relative: bool) -> Noise {
    let rare = history.nonnegative && history.average_interval() >= INTERMITTENT_INTERVAL;
    if rare && let Some(hurdle) = hurdle(history) {
        return hurdle;
    }
    let level = mean_of(steps.mean.iter().rev().take(13).copied());
    if history.is_count(level) && !is_regular(steps, level) {
        return Noise::Count { size: count_size(steps) };
    }
    if relative {
        let relative = OneStep {
            error: steps.error.iter().zip(&steps.mean).map(|(e, mean)| e / mean).collect(),
            mean: Vec::new(),
            parameters: steps.parameters,
        };
        return Noise::Relative { sigma: relative.sigma(), shape: shape(&relative) };
    }
    additive_noise(steps)
}

/// The errors' own spread and form, whatever the values are.
pub(super) fn additive_noise(steps: &OneStep) -> Noise {
    Noise::Additive { sigma: steps.sigma(), shape: shape(steps) }
}

/// Whole numbers that vary far less than a Poisson variable, such as a standing order.
fn is_regular(steps: &OneStep, level: f64) -> bool {
    steps.known().count() >= 8 && steps.sigma().powi(2) < 0.5 * level
}

fn hurdle(history: &History<'_>) -> Option<Noise> {
    let mut sizes: Vec<f64> = history.known().rev().filter(|&y| y > 0.0).take(REMEMBERED_SIZES).collect();
    if sizes.is_empty() {
        return None;
    }
    if history.integers {
        // Demand that was estimated for a stock-out need not be whole.
        sizes.iter_mut().for_each(|size| *size = size.round().max(1.0));
    }
    sizes.sort_unstable_by(f64::total_cmp);
    let mean_size = mean_of(sizes.iter().copied());
    Some(Noise::Hurdle { sizes, mean_size })
}

/// Size of the negative binomial by moments: the sum of mean^2 over the sum of
/// error^2 - mean; infinite (Poisson) where the errors spread no more than that.
fn count_size(steps: &OneStep) -> f64 {
    let (mut squares, mut excess) = (0.0, 0.0);
    for (&mean, &error) in steps.mean.iter().zip(&steps.error) {
        if !error.is_nan() {
            let mean = mean.max(0.0);
            squares += mean * mean;
            excess += error * error - mean;
        }
    }
    if excess <= 1e-9 * squares { f64::INFINITY } else { (squares / excess).max(0.05) }
}

fn shape(steps: &OneStep) -> Shape {
    let deviation = deviation_of(steps.known());
    if steps.known().count() < EMPIRICAL_ERRORS || deviation <= 0.0 {
        return Shape::Normal;
    }
    let mean = mean_of(steps.known());
    let mut sorted: Vec<f64> = steps.known().map(|e| (e - mean) / deviation).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    Shape::Empirical(sorted)
}

/// Sets how uncertain the level of `part` is at the origin (the error of an
/// estimate from n values, and what past sums spread beyond the variance of the
/// model), and how far past sums were off.
pub(super) fn calibrate(part: &mut Part, steps: &OneStep) {
    let count = steps.known().count();
    let sigma = steps.sigma();
    if count == 0 {
        return;
    }
    let of_estimate = sigma * sigma / count as f64;
    part.level_error = of_estimate.sqrt();
    let lead = LONGEST_SUM.min(part.mean.len()).min(count / 4);
    if count < 8 || lead < 2 {
        return;
    }
    let weights = sum_weights(part, lead);
    let model: f64 = weights.iter().map(|c| c * c).sum::<f64>() * sigma * sigma;
    let past = mean_square_of_sums(&steps.error, &weights);
    let windows = (count / lead) as f64;
    let excess = (past - model).max(0.0) * windows / (windows + 4.0);
    part.level_error = (of_estimate + excess / (lead * lead) as f64).sqrt();
    part.sum_error = past.sqrt() / lead as f64;
}

/// Effect of the error j buckets before the end of a sum on that sum: 1 plus the
/// psi weights up to j (Hyndman et al. 2008, section 6.2).
fn sum_weights(part: &Part, lead: usize) -> Vec<f64> {
    let (mut weights, mut sum) = (Vec::with_capacity(lead), 1.0);
    let (mut level, mut slope) = (part.alpha, part.beta);
    for j in 0..lead {
        weights.push(sum);
        let season = if (j + 1) % part.season_length.max(1) == 0 { part.gamma } else { 0.0 };
        slope *= part.phi;
        sum += level + slope + season;
        level += slope;
    }
    weights
}

/// Mean square of the errors of all sums of `weights.len()` buckets; an unknown
/// error counts as none.
fn mean_square_of_sums(errors: &[f64], weights: &[f64]) -> f64 {
    mean_of(errors.windows(weights.len()).map(|window| {
        let sum: f64 = window
            .iter()
            .rev()
            .zip(weights)
            .map(|(e, weight)| if e.is_nan() { 0.0 } else { e * weight })
            .sum();
        sum * sum
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(y: &[f64]) -> History<'_> {
        History { y, season_length: 1, nonnegative: true, integers: true }
    }

    #[test]
    fn whole_numbers_of_modest_size_are_counts() {
        let y: Vec<f64> = (0..50).map(|i| f64::from(3 + i * i % 5)).collect();
        let steps =
            OneStep { mean: vec![5.0; 50], error: y.iter().map(|y| y - 5.0).collect(), parameters: 1 };
        assert_eq!(noise(&history(&y), &steps, false), Noise::Count { size: f64::INFINITY });
    }

    #[test]
    fn autocorrelated_errors_make_the_level_uncertain() {
        let part = Part::level(vec![0.0; 12], 0.0, Noise::Additive { sigma: 1.0, shape: Shape::Normal });
        let slow: Vec<f64> = (0..96).map(|i| if (i / 12) % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let fast: Vec<f64> = (0..96).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let of = |error: Vec<f64>| {
            let mut part = part.clone();
            let mean = vec![0.0; 96];
            calibrate(&mut part, &OneStep { mean, error, parameters: 0 });
            part.level_error
        };
        assert!(of(slow) > 0.4);
        assert!((of(fast) - (1.0_f64 / 96.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn sum_weights_of_smoothing_grow_by_alpha() {
        let part = Part::level(vec![0.0; 4], 0.25, Noise::Count { size: 1.0 });
        assert_eq!(sum_weights(&part, 4), vec![1.0, 1.25, 1.5, 1.75]);
    }
}
