//! The normal and the negative binomial distribution, as far as sample paths need them.
//!
//! Given a probability, find the value that a normal, Poisson or negative
//! binomial variable exceeds with the rest.
//!
//! Method: P. J. Acklam's rational approximation of the normal quantile (2003,
//! relative error below 1.2e-9); counts by adding up their probabilities; large
//! counts by E. B. Wilson and M. M. Hilferty (1931), doi:10.1073/pnas.17.12.684,
//! on the gamma distribution of the same mean and variance.
//! Cost: time O(1), and O(mean) for counts below a mean of 60; no memory.
//! Use `statrs` instead when full accuracy in the far tails matters.
//! Not for: probabilities closer to 0 or 1 than 1e-12 (they are moved there).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: none.

/// Mean above which counts are drawn from the gamma distribution instead.
const LARGE_MEAN: f64 = 60.0;

/// Value that a standard normal variable does not exceed with probability `p`.
#[must_use]
pub(super) fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.383_577_518_672_69e2,
        -3.066479806614716e1,
        2.506628277459239,
    ];
    const B: [f64; 5] = [
        -5.447609879822406e1,
        1.615858368580409e2,
        -1.556989798598866e2,
        6.680131188771972e1,
        -1.328068155288572e1,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-3,
        -3.223964580411365e-1,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 4] = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
    let p = p.clamp(1e-12, 1.0 - 1e-12);
    let tail = |q: f64| {
        let top = ((((C[0] * q + C[1]) * q + C[2]) * q + C[3]) * q + C[4]) * q + C[5];
        top / ((((D[0] * q + D[1]) * q + D[2]) * q + D[3]) * q + 1.0)
    };
    if p < 0.02425 {
        return tail((-2.0 * p.ln()).sqrt());
    }
    if p > 1.0 - 0.02425 {
        return -tail((-2.0 * (1.0 - p).ln()).sqrt());
    }
    let (q, r) = (p - 0.5, (p - 0.5) * (p - 0.5));
    let top = (((((A[0] * r + A[1]) * r + A[2]) * r + A[3]) * r + A[4]) * r + A[5]) * q;
    top / (((((B[0] * r + B[1]) * r + B[2]) * r + B[3]) * r + B[4]) * r + 1.0)
}

/// Density of the standard normal distribution.
#[must_use]
pub(super) fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() * 0.398_942_280_401_432_7
}

/// Probability that a standard normal variable exceeds `x`.
#[must_use]
pub(super) fn normal_above(x: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(x / std::f64::consts::SQRT_2)
}

/// Count that a negative binomial variable does not exceed with probability `p`,
/// for `mean` and variance `mean + mean^2 / size`; an infinite size is Poisson.
#[must_use]
pub(super) fn count_quantile(p: f64, mean: f64, size: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    if mean > LARGE_MEAN {
        return large_count_quantile(p, mean, size);
    }
    let (mut mass, odds) = if size.is_finite() {
        ((size * (size / (size + mean)).ln()).exp(), mean / (size + mean))
    } else {
        ((-mean).exp(), mean)
    };
    let last = 50.0 * (mean + 1.0) * (1.0 + 1.0 / size);
    let (mut count, mut below) = (0.0, mass);
    while below < p && count < last {
        mass *= odds * if size.is_finite() { (count + size) / (count + 1.0) } else { 1.0 / (count + 1.0) };
        below += mass;
        count += 1.0;
    }
    count
}

fn large_count_quantile(p: f64, mean: f64, size: f64) -> f64 {
    let variance = mean + if size.is_finite() { mean * mean / size } else { 0.0 };
    let shape = mean * mean / variance;
    let root = 1.0 - 1.0 / (9.0 * shape) + normal_quantile(p) / (3.0 * shape.sqrt());
    (root.max(0.0).powi(3) * mean).round()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn normal_quantiles_of_the_tables() {
        for (p, z) in
            [(0.5, 0.0), (0.8413447460685429, 1.0), (0.975, 1.959963984540054), (0.001, -3.090232306167813)]
        {
            assert!((normal_quantile(p) - z).abs() < 1e-8, "{p}");
            assert!((normal_above(z) - (1.0 - p)).abs() < 1e-9, "{p}");
        }
    }

    #[test]
    fn count_quantiles_agree_with_their_distribution() {
        use statrs::distribution::{DiscreteCDF, NegativeBinomial, Poisson};
        for mean in [0.3, 2.0, 17.5] {
            let poisson = Poisson::new(mean).unwrap();
            let binomial = NegativeBinomial::new(1.7, 1.7 / (1.7 + mean)).unwrap();
            for p in [0.05, 0.31, 0.5, 0.9, 0.99] {
                assert_eq!(count_quantile(p, mean, f64::INFINITY), poisson.inverse_cdf(p) as f64);
                assert_eq!(count_quantile(p, mean, 1.7), binomial.inverse_cdf(p) as f64);
            }
        }
    }

    #[test]
    fn large_counts_keep_mean_and_variance() {
        let draws: Vec<f64> =
            (0..4000).map(|i| count_quantile((f64::from(i) + 0.5) / 4000.0, 400.0, 8.0)).collect();
        let mean = draws.iter().sum::<f64>() / 4000.0;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 4000.0;
        assert!((mean / 400.0 - 1.0).abs() < 0.005, "{mean}");
        assert!((variance / 20_400.0 - 1.0).abs() < 0.03, "{variance}");
    }
}
