//! The predictive distribution that every method hands back, and its sample paths.
//!
//! Given a mean path, how strongly the level follows its own errors, and a
//! distribution of one error, draw joint sample paths over the horizon.
//!
//! Method: the linear innovations state space form, R. J. Hyndman, A. B.
//! Koehler, J. K. Ord, R. D. Snyder (2008), "Forecasting with Exponential
//! Smoothing", chapters 3 and 6: a path is the mean plus the deviation that its
//! own errors cause (level alpha, slope beta, damping phi, season gamma). Counts
//! feed back in the same way, R. D. Snyder, J. K. Ord, A. Beaumont (2012),
//! doi:10.1016/j.ijforecast.2011.03.009. Several parts are a linear opinion pool:
//! a path belongs to one part, as often as its weight says.
//! Cost: time O(S H), memory O(H) beside the paths, with S = paths, H = buckets;
//! times the mean for counts.
//! Use the closed formulas of chapter 6 instead when only one bucket's variance
//! is wanted.
//! Not for: multiplicative trends.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: the level at the origin is uncertain as well
//! (`level_error`, see `calibration.rs`), and errors of counts in quiet buckets move
//! the level less (`weighed_by`).

use super::draws::Draws;
use super::normal::{count_quantile, normal_quantile};

/// Distribution of one standardised error.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Normal.
    Normal,
    /// The method's own past errors, standardised, ascending.
    Empirical(Vec<f64>),
}

/// Distribution of a bucket around its conditional mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Noise {
    /// Mean + error of standard deviation `sigma`, times the bucket's scale.
    Additive {
        /// Standard deviation.
        sigma: f64,
        /// Form of the error.
        shape: Shape,
    },
    /// Mean x (1 + error of standard deviation `sigma`).
    Relative {
        /// Relative standard deviation.
        sigma: f64,
        /// Form of the error.
        shape: Shape,
    },
    /// Negative binomial with variance mean + mean^2 / size; infinite size: Poisson.
    Count {
        /// Dispersion.
        size: f64,
    },
    /// Zero, or one of the past demand sizes; the probability of demand is
    /// mean / mean size.
    Hurdle {
        /// Past sizes, ascending, none zero.
        sizes: Vec<f64>,
        /// Their mean.
        mean_size: f64,
    },
}

/// One component of a predictive distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Expected value of each bucket.
    pub mean: Vec<f64>,
    /// What a deviation of the level is worth in each bucket (multiplicative season).
    pub scale: Vec<f64>,
    /// Share of an error that stays in the level.
    pub alpha: f64,
    /// Share of an error that stays in the slope.
    pub beta: f64,
    /// Damping of the slope.
    pub phi: f64,
    /// Share of an error that returns a season later.
    pub gamma: f64,
    /// Buckets in a season.
    pub season_length: usize,
    /// Standard deviation of the level at the origin.
    pub level_error: f64,
    /// Root mean square error of past sums over a lead, for each bucket of them;
    /// NaN where the history is too short to tell.
    pub sum_error: f64,
    /// Weight among the parts of a predictive distribution.
    pub weight: f64,
    /// Distribution around the conditional mean.
    pub noise: Noise,
}

impl Part {
    /// A part whose level follows its errors with `alpha`, without slope or season.
    #[must_use]
    pub fn level(mean: Vec<f64>, alpha: f64, noise: Noise) -> Self {
        let scale = vec![1.0; mean.len()];
        Part {
            mean,
            scale,
            alpha,
            beta: 0.0,
            phi: 1.0,
            gamma: 0.0,
            season_length: 1,
            level_error: 0.0,
            sum_error: f64::NAN,
            weight: 1.0,
            noise,
        }
    }

    fn draw_path(&self, draws: &Draws, index: usize, seasonal: &mut [f64], path: &mut [f64]) {
        let mut level = self.level_error * normal_quantile(draws.once(index));
        let mut slope = 0.0;
        let m = self.season_length;
        for h in 0..path.len() {
            let base = level + self.phi * slope;
            let returned = if h >= m { seasonal[h - m] } else { 0.0 };
            let mean = self.mean[h] + self.scale[h] * (base + returned);
            let value = self.noise.draw(mean, self.scale[h], draws.at(index, h));
            let error = (value - mean) / self.noise.weighed_by(self.scale[h]);
            level = base + self.alpha * error;
            slope = self.phi * slope + self.beta * error;
            seasonal[h] = returned + self.gamma * error;
            path[h] = value;
        }
    }
}

impl Noise {
    /// What an error is divided by before it moves the level. One unit more than expected in a
    /// bucket that is quiet for a known reason says no more of the level than in any other.
    fn weighed_by(&self, scale: f64) -> f64 {
        match self {
            Noise::Additive { .. } | Noise::Relative { .. } => scale,
            Noise::Count { .. } | Noise::Hurdle { .. } => scale.max(1.0),
        }
    }

    fn draw(&self, mean: f64, scale: f64, u: f64) -> f64 {
        match self {
            Noise::Additive { sigma, shape } => mean + scale * sigma * shape.quantile(u),
            // A relative error of -1 is the end of the scale.
            Noise::Relative { sigma, shape } => mean * (1.0 + (sigma * shape.quantile(u)).max(-0.99)),
            Noise::Count { size } => count_quantile(u, mean, *size),
            Noise::Hurdle { sizes, mean_size } => draw_hurdle(sizes, *mean_size, mean, u),
        }
    }
}

impl Shape {
    /// Value that a standardised error does not exceed with probability `u`.
    /// Beyond the sample the normal tail goes on, scaled to meet the end.
    fn quantile(&self, u: f64) -> f64 {
        let Shape::Empirical(sorted) = self else {
            return normal_quantile(u);
        };
        let n = sorted.len() as f64;
        let position = u * n - 0.5;
        if position < 0.0 || position > n - 1.0 {
            let (end, edge) =
                if position < 0.0 { (sorted[0], 0.5 / n) } else { (sorted[sorted.len() - 1], 1.0 - 0.5 / n) };
            return end * (normal_quantile(u) / normal_quantile(edge)).clamp(1.0, 2.0);
        }
        let low = position as usize;
        let next = sorted[(low + 1).min(sorted.len() - 1)];
        sorted[low] + (position - low as f64) * (next - sorted[low])
    }
}

fn draw_hurdle(sizes: &[f64], mean_size: f64, mean: f64, u: f64) -> f64 {
    let wanted = (mean / mean_size).max(0.0);
    let probability = wanted.min(1.0);
    let above_zero = u - (1.0 - probability);
    if above_zero < 0.0 || probability == 0.0 {
        return 0.0;
    }
    let rank = (above_zero / probability * sizes.len() as f64) as usize;
    let size = sizes[rank.min(sizes.len() - 1)];
    // Demand in every bucket is not enough for the mean: the sizes grow.
    if wanted > 1.0 { size * wanted } else { size }
}

/// A predictive distribution: weighted parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictive {
    /// The components, at least one, with means of the same length.
    pub parts: Vec<Part>,
}

/// Fractional part of the golden ratio: its multiples fill (0, 1) evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

impl Predictive {
    /// A distribution of one part.
    #[must_use]
    pub fn single(part: Part) -> Self {
        Predictive { parts: vec![part] }
    }

    fn horizon(&self) -> usize {
        self.parts.first().map_or(0, |part| part.mean.len())
    }

    fn total_weight(&self) -> f64 {
        self.parts.iter().map(|part| part.weight).sum()
    }

    /// Mean of every bucket.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let total = self.total_weight();
        let at = |h: usize| self.parts.iter().map(|part| part.weight / total * part.mean[h]).sum();
        (0..self.horizon()).map(at).collect()
    }

    /// Sample paths, one after the other.
    pub(super) fn paths(&self, draws: &Draws) -> Vec<f64> {
        let horizon = self.horizon();
        if horizon == 0 {
            return Vec::new();
        }
        let total = self.total_weight();
        let mut paths = vec![0.0; draws.paths() * horizon];
        let mut seasonal = vec![0.0; horizon];
        for (index, path) in paths.chunks_exact_mut(horizon).enumerate() {
            let place = (index as f64 + 0.5) * GOLDEN % 1.0 * total;
            self.part_at(place).draw_path(draws, index, &mut seasonal, path);
        }
        paths
    }

    /// The part that holds `place` when the weights are laid end to end.
    fn part_at(&self, place: f64) -> &Part {
        let mut end = 0.0;
        let found = self.parts.iter().find(|part| {
            end += part.weight;
            place < end
        });
        found.unwrap_or(&self.parts[self.parts.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(part: Part, h: usize) -> (f64, f64) {
        let horizon = part.mean.len();
        let paths = Predictive::single(part).paths(&Draws::new(1, "a", 4000, horizon));
        let sums: Vec<f64> = paths.chunks(horizon).map(|path| path[..h].iter().sum()).collect();
        let mean = sums.iter().sum::<f64>() / 4000.0;
        (mean, sums.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / 4000.0)
    }

    #[test]
    fn lead_time_variance_of_simple_smoothing() {
        // Hyndman et al. (2008), section 6.2: the variance of the sum over h is
        // sigma^2 times the sum over j < h of (1 + j alpha)^2.
        let noise = Noise::Additive { sigma: 2.0, shape: Shape::Normal };
        let (mean, variance) = spread(Part::level(vec![10.0; 6], 0.3, noise), 6);
        let wanted: f64 = (0..6).map(|j| 4.0 * (1.0 + 0.3 * f64::from(j)).powi(2)).sum();
        assert!((mean - 60.0).abs() < 0.3, "{mean}");
        assert!((variance / wanted - 1.0).abs() < 0.08, "{variance} {wanted}");
    }

    #[test]
    fn counts_are_whole_and_keep_their_mean() {
        let hurdle = Noise::Hurdle { sizes: vec![1.0, 2.0, 6.0], mean_size: 3.0 };
        for (alpha, noise) in [(0.1, Noise::Count { size: 2.0 }), (0.0, hurdle)] {
            let part = Part::level(vec![1.5; 8], alpha, noise);
            let (mean, _) = spread(part.clone(), 8);
            assert!((mean / 12.0 - 1.0).abs() < 0.05, "{mean}");
            let paths = Predictive::single(part).paths(&Draws::new(1, "a", 100, 8));
            assert!(paths.iter().all(|y| y.fract() == 0.0 && *y >= 0.0));
        }
    }

    #[test]
    fn a_sale_on_a_quiet_day_is_no_new_level() {
        let hurdle = Noise::Hurdle { sizes: vec![1.0, 1.0, 1.0, 2.0], mean_size: 1.25 };
        for noise in [hurdle, Noise::Count { size: 4.0 }] {
            let quiet = |usual: f64, share: f64| {
                let mut values = vec![usual; 10];
                values[1] *= share;
                values
            };
            let part = Part { scale: quiet(1.0, 0.05), ..Part::level(quiet(0.35, 0.05), 0.1, noise) };
            let paths = Predictive::single(part).paths(&Draws::new(1, "a", 4000, 10));
            let mut sums: Vec<f64> = paths.chunks(10).map(|path| path.iter().sum()).collect();
            sums.sort_unstable_by(f64::total_cmp);
            // One path in 57 has a sale on the quiet day.
            assert!(sums[3960] <= 12.0, "{}", sums[3960]);
        }
    }

    #[test]
    fn empirical_shape_meets_its_sample() {
        let shape = Shape::Empirical(vec![-1.0, 0.0, 1.0]);
        assert_eq!(shape.quantile(0.5), 0.0);
        assert_eq!(shape.quantile(1.0 / 6.0), -1.0);
        assert!(shape.quantile(0.01) >= -2.0 && shape.quantile(0.01) < -1.0);
    }
}
