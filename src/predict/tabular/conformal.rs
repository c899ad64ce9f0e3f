//! Given errors on held-out rows, say for each new row between which bounds its truth will lie.
//!
//! Method: split conformal prediction with errors divided by their expected size, J. Lei et
//! al. (2018), "Distribution-free predictive inference for regression",
//! doi:10.1080/01621459.2017.1307116, section 5.2; the expected size is a small sum of trees
//! on the logarithm of the absolute error. Each bound has its own quantile, so that skewed
//! errors give skewed intervals.
//! Cost: time of a few hundred small trees over the held-out rows.
//! Use quantiles of a stated distribution instead where errors follow one.
//! Not for: rows unlike those held out; the coverage is promised on average over rows like them.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: errors come from all folds and the answer is the mean of the
//! folds' models, as in the CV+ of R. F. Barber et al. (2021), doi:10.1214/20-AOS1965; the
//! sizes that the errors are divided by are cross-fitted as well.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bins::{Binned, Bins};
use super::boost::{Booster, Sample, Settings};
use super::folds;

/// Levels of the bounds.
pub(crate) const LEVELS: [f64; 4] = [0.025, 0.1, 0.9, 0.975];
/// Draws that stand for all errors.
const DRAWS: usize = 50;
/// Fewer held-out rows than this share one size of error.
const ROWS_FOR_SIZES: usize = 300;

/// Bounds around an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bounds {
    /// Bins of the numbers of a row and, last, of the answer itself.
    bins: Vec<Bins>,
    /// Expected logarithm of the absolute error; `None` where rows are too few to tell.
    size: Option<Booster>,
    /// Quantiles of errors over their expected size.
    quantiles: [f64; 4],
    /// Equally likely errors over their expected size, in ascending order.
    #[serde(default)]
    shape: Vec<f64>,
}

impl Bounds {
    /// Learns from held-out rows: numbers, answers and errors (truth less answer).
    ///
    /// Gives the expected sizes of the errors of these rows as well, learned without them.
    pub(crate) fn learn(
        base: &[Vec<f32>],
        base_bins: &[Bins],
        answers: &[f64],
        errors: &[f64],
        seed: u64,
    ) -> (Self, Vec<f64>) {
        let mut columns = base.to_vec();
        columns.push(answers.iter().map(|z| *z as f32).collect());
        let mut bins = base_bins.to_vec();
        bins.extend(columns.last().map(|column| Bins::of_numbers(column)));
        if errors.len() < ROWS_FOR_SIZES {
            let (quantiles, shape) = (quantiles_of(errors.to_vec()), shape_of(errors.to_vec()));
            return (Bounds { bins, size: None, quantiles, shape }, vec![1.0; errors.len()]);
        }
        let binned = Binned::new(&columns, &bins);
        let target = log_sizes(errors);
        let all: Vec<u32> = (0..errors.len() as u32).collect();
        let size_of = |rows: &[u32]| {
            let part = binned.take(rows);
            let target = folds::take_targets(&target, rows);
            let sample = Sample { binned: &part, bins: &bins, target: &target };
            Booster::learn(&sample, None, &settings(rows.len()), seed, &|| false)
        };
        let parts = folds::split(errors.len(), seed ^ 0x626f_756e);
        let of_parts: Vec<Vec<f64>> =
            parts.par_iter().map(|(inside, outside)| size_of(inside).scores(&binned.take(outside))).collect();
        let mut sizes = vec![f64::NAN; errors.len()];
        for ((_, outside), of_part) in parts.iter().zip(of_parts) {
            outside.iter().zip(of_part).for_each(|(row, size)| sizes[*row as usize] = size.exp());
        }
        let known = errors.iter().zip(&sizes).filter(|(_, size)| !size.is_nan());
        let ratios: Vec<f64> = known.map(|(error, size)| error / size).collect();
        let (shape, quantiles) = (shape_of(ratios.clone()), quantiles_of(ratios));
        let last = size_of(&all);
        let own = last.scores(&binned);
        // Where parts are too large to be held out each, the last sizes stand in.
        let sizes = sizes.iter().zip(own).map(|(size, own)| if size.is_nan() { own.exp() } else { *size });
        let sizes = sizes.collect();
        (Bounds { quantiles, shape, size: Some(last), bins }, sizes)
    }

    /// The expected sizes of the errors of rows.
    pub(crate) fn sizes(&self, base: &[Vec<f32>], answers: &[f64]) -> Vec<f64> {
        let Some(size) = &self.size else {
            return vec![1.0; answers.len()];
        };
        let mut columns = base.to_vec();
        columns.push(answers.iter().map(|z| *z as f32).collect());
        let sizes = size.scores(&Binned::new(&columns, &self.bins));
        sizes.into_iter().map(f64::exp).collect()
    }

    /// The bounds of a row relative to its answer, by the size of its error.
    pub(crate) fn around(&self, size: f64) -> [f64; 4] {
        self.quantiles.map(|quantile| quantile * size)
    }

    /// Equally likely errors over their expected size.
    pub(crate) fn shape(&self) -> &[f64] {
        &self.shape
    }

    /// Whether it fits to rows of `width` numbers.
    pub(crate) fn is_sound(&self, width: usize) -> bool {
        self.bins.len() == width + 1
            && self.quantiles.iter().all(|quantile| quantile.is_finite())
            && self.shape.iter().all(|draw| draw.is_finite())
            && self.size.as_ref().is_none_or(|size| size.is_sound(width + 1))
    }
}

fn settings(rows: usize) -> Settings {
    Settings {
        trees: 120,
        leaves: 8,
        smallest_leaf: (rows / 100).clamp(20, 200),
        penalty: 10.0,
        row_share: if rows > 50_000 { 0.5 } else { 0.8 },
        ..Settings::default()
    }
}

/// Logarithms of absolute errors; errors near 0 count as a twentieth of the median.
fn log_sizes(errors: &[f64]) -> Vec<f64> {
    let mut sizes: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let least = 0.05 * sizes[sizes.len() / 2].max(1e-12);
    errors.iter().map(|e| e.abs().max(least).ln()).collect()
}

/// The middles of equal parts of the errors.
fn shape_of(mut scores: Vec<f64>) -> Vec<f64> {
    scores.sort_unstable_by(f64::total_cmp);
    let place = |draw: usize| (draw as f64 + 0.5) / DRAWS as f64 * scores.len() as f64;
    (0..DRAWS).filter_map(|draw| scores.get(place(draw) as usize).copied()).collect()
}

/// Quantiles at the four levels that hold for one more draw of the same kind.
fn quantiles_of(mut scores: Vec<f64>) -> [f64; 4] {
    scores.sort_unstable_by(f64::total_cmp);
    let n = scores.len();
    LEVELS.map(|level| {
        let rank = if level < 0.5 {
            ((n + 1) as f64 * level).floor() as usize
        } else {
            ((n + 1) as f64 * level).ceil() as usize
        };
        scores.get(rank.clamp(1, n.max(1)) - 1).copied().unwrap_or(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn bounds_hold_and_follow_the_size_of_errors() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut draw = |n: usize| {
            let x: Vec<f32> = (0..n).map(|_| rng.random::<f32>()).collect();
            let errors: Vec<f64> =
                x.iter().map(|x| (rng.random::<f64>() - 0.3) * f64::from(0.2 + 3.0 * x)).collect();
            (vec![x], errors)
        };
        let (base, errors) = draw(4000);
        let (bounds, _) = Bounds::learn(&base, &[Bins::of_numbers(&base[0])], &[0.0; 4000], &errors, 1);
        let (base, errors) = draw(4000);
        let sizes = bounds.sizes(&base, &[0.0; 4000]);
        let around: Vec<[f64; 4]> = sizes.iter().map(|size| bounds.around(*size)).collect();
        let inside = |low: usize, high: usize| {
            let hits = around.iter().zip(&errors).filter(|(b, e)| (b[low]..=b[high]).contains(*e));
            hits.count() as f64 / 4000.0
        };
        assert!((inside(1, 2) - 0.8).abs() < 0.025, "{}", inside(1, 2));
        assert!((inside(0, 3) - 0.95).abs() < 0.015, "{}", inside(0, 3));
        let width = |wide: bool| {
            let rows = (0..4000).filter(|row| (base[0][*row] > 0.5) == wide);
            rows.map(|row| around[row][2] - around[row][1]).sum::<f64>()
        };
        assert!(width(true) > 2.0 * width(false));
        assert!(bounds.is_sound(1) && !bounds.is_sound(2));
    }

    #[test]
    fn few_errors_give_their_own_quantiles() {
        let errors: Vec<f64> = (1..=199).map(f64::from).collect();
        assert_eq!(quantiles_of(errors.clone()), [5.0, 20.0, 180.0, 195.0]);
        let shape = shape_of(errors);
        assert_eq!((shape.len(), shape[0], shape[49]), (DRAWS, 2.0, 198.0));
    }
}
