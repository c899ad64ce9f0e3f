//! Given points of a response, find Hill's curve closest to them.
//!
//! Method: variable projection (G. H. Golub, V. Pereyra 1973,
//! doi:10.1137/0710036): for a half-saturation and a shape the height is a line through nothing; the two are
//! found on a grid that narrows around its best point.
//! Cost: time O(points x 25 x rounds), no memory of its own.
//! Use a general least-squares method when the height has bounds.
//! Not for: responses that fall.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: a grid in place of Gauss-Newton, which needs no start.

/// a x^s / (x^s + k^s).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hill {
    /// What unlimited spend tends to.
    pub a: f64,
    /// Spend that brings half of it.
    pub k: f64,
    /// Shape.
    pub s: f64,
}

impl Hill {
    /// The response to a spend.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { self.a / (1.0 + (self.k / x).powf(self.s)) }
    }
}

/// Rounds of narrowing; the grid shrinks to six tenths of it where its middle stays the best.
const ROUNDS: usize = 40;

/// The curve of least squares through `points` (spend, response); `None` where no spend is above 0.
#[must_use]
pub fn fit_hill(points: &[(f64, f64)]) -> Option<Hill> {
    let widest = points.iter().map(|(x, _)| *x).fold(0.0, f64::max);
    if widest <= 0.0 || !widest.is_finite() {
        return None;
    }
    let of = |log_k: f64, log_s: f64| {
        let curve = Hill { a: 1.0, k: widest * log_k.exp(), s: log_s.exp() };
        let (mut square, mut product, mut all) = (0.0, 0.0, 0.0);
        for &(x, y) in points {
            let value = curve.at(x);
            square += value * value;
            product += value * y;
            all += y * y;
        }
        let a = if square > 0.0 { (product / square).max(0.0) } else { 0.0 };
        (all - 2.0 * a * product + a * a * square, a)
    };
    let (mut center, mut width) = ((-1.0, 0.0), (3.0, 1.0));
    let mut best = (of(center.0, center.1).0, center);
    for _ in 0..ROUNDS {
        for i in -2..=2 {
            for j in -2..=2 {
                let log_k: f64 = center.0 + width.0 * f64::from(i) / 2.0;
                let log_s: f64 = center.1 + width.1 * f64::from(j) / 2.0;
                let point = (log_k.clamp(-8.0, 6.0), log_s.clamp(-1.6, 2.3));
                let error = of(point.0, point.1).0;
                if error < best.0 {
                    best = (error, point);
                }
            }
        }
        if best.1 == center {
            width = (width.0 * 0.6, width.1 * 0.6);
        }
        center = best.1;
    }
    let (log_k, log_s) = center;
    Some(Hill { a: of(log_k, log_s).1, k: widest * log_k.exp(), s: log_s.exp() })
}
