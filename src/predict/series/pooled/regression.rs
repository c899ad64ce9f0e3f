//! Given rows of columns and counts, find the log-linear mean that fits them best
//! and stays near what is believed beforehand.
//!
//! Method: a negative binomial regression with a logarithmic link and a normal
//! prior on its coefficients, by iteratively reweighted least squares; P.
//! McCullagh, J. A. Nelder (1989), "Generalized Linear Models", chapter 2, and A. E.
//! Hoerl, R. W. Kennard (1970), doi:10.1080/00401706.1970.10488634.
//! Cost: time O(steps x n k^2), memory O(k^2) beside the rows, with n = rows, k = columns.
//! Use `boosting.rs` on top of it when effects bend or act together.
//! Not for: columns by the hundred.
//! Same input, budget and seed give the same answer: yes; sums are added in fixed blocks.
//! Differs from the book: damped steps from the prior, at most twelve.

use rayon::prelude::*;

use crate::predict::linear::solve_symmetric;

/// Most steps from the prior.
const STEPS: usize = 12;

/// Largest change of a coefficient that is not worth another step.
const SMALLEST_STEP: f64 = 1e-3;

/// Dispersion of the working variance mean + dispersion x mean^2.
const DISPERSION: f64 = 0.5;

/// Largest change of a coefficient in one step.
const LARGEST_STEP: f64 = 2.0;

/// Rows that are added up together.
const BLOCK: usize = 2048;

/// What is believed of a coefficient before the data speak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Prior {
    /// Its value.
    pub(super) value: f64,
    /// How firmly, in units of the information of the rows.
    pub(super) weight: f64,
}

/// Coefficients of the first `priors.len()` columns of `rows`, each `stride` long.
pub(super) fn fit(rows: &[f32], stride: usize, targets: &[f32], priors: &[Prior]) -> Vec<f64> {
    let k = priors.len();
    let mut beta: Vec<f64> = priors.iter().map(|prior| prior.value).collect();
    for _ in 0..STEPS {
        let Moments { mut information, mut score } = moments(rows, stride, targets, &beta);
        for (j, prior) in priors.iter().enumerate() {
            information[j * k + j] += prior.weight;
            score[j] -= prior.weight * (beta[j] - prior.value);
        }
        if !solve_symmetric(&mut information, &mut score) {
            break;
        }
        let largest = score.iter().fold(0.0_f64, |most, step| most.max(step.abs()));
        let damped = (LARGEST_STEP / largest.max(1e-9)).min(1.0);
        beta.iter_mut().zip(&score).for_each(|(b, step)| *b += damped * step);
        if largest < SMALLEST_STEP {
            break;
        }
    }
    beta
}

/// Sum of products with the first columns.
pub(super) fn linear(row: &[f32], beta: &[f64]) -> f64 {
    row.iter().zip(beta).map(|(x, b)| f64::from(*x) * b).sum()
}

struct Moments {
    information: Vec<f64>,
    score: Vec<f64>,
}

fn moments(rows: &[f32], stride: usize, targets: &[f32], beta: &[f64]) -> Moments {
    let k = beta.len();
    let blocks: Vec<Moments> = rows
        .par_chunks(BLOCK * stride)
        .zip(targets.par_chunks(BLOCK))
        .map(|(rows, targets)| block(rows, stride, targets, beta))
        .collect();
    let mut all = Moments { information: vec![0.0; k * k], score: vec![0.0; k] };
    for block in blocks {
        all.information.iter_mut().zip(&block.information).for_each(|(sum, part)| *sum += part);
        all.score.iter_mut().zip(&block.score).for_each(|(sum, part)| *sum += part);
    }
    for i in 0..k {
        for j in 0..i {
            all.information[j * k + i] = all.information[i * k + j];
        }
    }
    all
}

fn block(rows: &[f32], stride: usize, targets: &[f32], beta: &[f64]) -> Moments {
    let k = beta.len();
    let mut sums = Moments { information: vec![0.0; k * k], score: vec![0.0; k] };
    for (row, target) in rows.chunks_exact(stride).zip(targets) {
        let mean = linear(row, beta).clamp(-8.0, 8.0).exp();
        let spread = 1.0 + DISPERSION * mean;
        let (weight, error) = (mean / spread, (f64::from(*target) - mean) / spread);
        for i in 0..k {
            let x = f64::from(row[i]);
            sums.score[i] += x * error;
            let scaled = weight * x;
            for (sum, other) in sums.information[i * k..=i * k + i].iter_mut().zip(row) {
                *sum += scaled * f64::from(*other);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Prior = Prior { value: 0.0, weight: 1e-9 };

    /// Rows of a constant and a mark, with what was counted.
    fn marked() -> (Vec<f32>, Vec<f32>) {
        let counts = [(0.0, 1.0), (0.0, 4.0), (0.0, 2.0), (1.0, 6.0), (1.0, 3.0), (1.0, 9.0), (1.0, 0.0)];
        (counts.iter().flat_map(|(mark, _)| [1.0, *mark]).collect(), counts.map(|(_, y)| y).to_vec())
    }

    #[test]
    fn a_column_for_every_group_gives_the_means_of_the_groups() {
        let (rows, targets) = marked();
        let beta = fit(&rows, 2, &targets, &[FREE, FREE]);
        assert!((beta[0].exp() - 7.0 / 3.0).abs() < 1e-3, "{beta:?}");
        assert!(((beta[0] + beta[1]).exp() - 4.5).abs() < 1e-3, "{beta:?}");
    }

    #[test]
    fn one_coefficient_solves_its_equation() {
        // Given the constant, the equation of the second coefficient has one unknown and a falling
        // left side, so halving an interval finds it.
        let targets = [3.0_f32, 1.0, 8.0, 2.0, 5.0];
        let rows = [0.5_f32, -1.0, 1.5, 0.0, 1.0];
        for weight in [0.1, 2.0, 30.0] {
            let prior = Prior { value: 0.4, weight };
            let slope = |beta: f64| -> f64 {
                let of = |(x, y): (&f32, &f32)| {
                    let (x, mean) = (f64::from(*x), (f64::from(*x) * beta).exp());
                    x * (f64::from(*y) - mean) / (1.0 + DISPERSION * mean)
                };
                rows.iter().zip(&targets).map(of).sum::<f64>() - weight * (beta - prior.value)
            };
            let (mut low, mut high) = (-10.0, 10.0);
            for _ in 0..80 {
                let middle = 0.5 * (low + high);
                if slope(middle) > 0.0 { low = middle } else { high = middle }
            }
            let beta = fit(&rows, 1, &targets, &[prior]);
            assert!((beta[0] - low).abs() < 1e-3, "weight {weight}: {} against {low}", beta[0]);
        }
    }

    #[test]
    fn a_firm_belief_is_kept() {
        let (rows, targets) = marked();
        let firm = Prior { value: 0.7, weight: 1e9 };
        let beta = fit(&rows, 2, &targets, &[firm, Prior { value: -0.2, weight: 1e9 }]);
        assert!((beta[0] - 0.7).abs() < 1e-6 && (beta[1] + 0.2).abs() < 1e-6, "{beta:?}");
    }

    #[test]
    fn blocks_add_up_to_the_whole() {
        // More rows than a block holds: the rows of the small case, over and over.
        let (rows, targets) = marked();
        let times = 2 * BLOCK / targets.len() + 1;
        let beta = fit(&rows.repeat(times), 2, &targets.repeat(times), &[FREE, FREE]);
        assert!(((beta[0] + beta[1]).exp() - 4.5).abs() < 1e-3, "{beta:?}");
    }
}
