//! Small algebra and draws of the sampler: triangular factors and a normal cut at one side.

use std::f64::consts::{PI, SQRT_2};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use statrs::function::erf::erfc;

/// Sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Logarithm of ∫ exp(-x²/2 + z x) dx over x >= 0, less that of √(2π).
pub(super) fn log_half_line(z: f64) -> f64 {
    match z > -8.0 {
        true => z * z / 2.0 + (erfc(-z / SQRT_2) / 2.0).ln(),
        false => -(-z).ln() - (2.0 * PI).ln() / 2.0 + (-1.0 / (z * z)).ln_1p(),
    }
}

/// A standard normal number above `least` (C. P. Robert 1995, doi:10.1007/BF00143942).
pub(super) fn above(rng: &mut ChaCha8Rng, least: f64) -> f64 {
    // Beyond any number the nearest one is the answer.
    if !least.is_finite() {
        return if least == f64::NEG_INFINITY { rng.sample(StandardNormal) } else { 0.0 };
    }
    if least < 0.5 {
        loop {
            let x: f64 = rng.sample(StandardNormal);
            if x >= least {
                return x;
            }
        }
    }
    let rate = (least + (least * least + 4.0).sqrt()) / 2.0;
    loop {
        let x = least - (1.0 - rng.random::<f64>()).ln() / rate;
        if rng.random::<f64>() <= (-(x - rate).powi(2) / 2.0).exp() {
            return x;
        }
    }
}

/// Lower factor in place; positive definite by the prior's precision.
pub(super) fn cholesky(a: &mut [f64], q: usize) {
    for j in 0..q {
        for p in 0..j {
            a[j * q + j] -= a[j * q + p] * a[j * q + p];
        }
        a[j * q + j] = a[j * q + j].max(1e-12).sqrt();
        for i in j + 1..q {
            for p in 0..j {
                a[i * q + j] -= a[i * q + p] * a[j * q + p];
            }
            a[i * q + j] /= a[j * q + j];
        }
    }
}

/// Solves L w = b.
pub(super) fn forward(factor: &[f64], b: &[f64]) -> Vec<f64> {
    let q = b.len();
    let mut w = b.to_vec();
    for i in 0..q {
        let known = dot(&factor[i * q..i * q + i], &w[..i]);
        w[i] = (w[i] - known) / factor[i * q + i];
    }
    w
}

/// Solves Lᵀ x = w in place.
pub(super) fn backward(factor: &[f64], w: &mut [f64], q: usize) {
    for i in (0..q).rev() {
        for p in i + 1..q {
            w[i] -= factor[p * q + i] * w[p];
        }
        w[i] /= factor[i * q + i];
    }
}
