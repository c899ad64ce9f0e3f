//! What is believed of a channel's shape before its data are seen.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::history::{Belief, Beliefs};
use super::transform::Shape;

/// Median and logarithmic spread of a half-saturation in typical spends.
const HALF: (f64, f64) = (1.8, 0.6);
/// Median and logarithmic spread of an exponent.
const EXPONENT: (f64, f64) = (1.3, 0.25);
/// Exponents of the beta prior of what is carried over a week.
const CARRY: (f64, f64) = (1.5, 2.0);

/// In what a channel's shape is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// Money of 1 of its half-saturation.
    pub money: f64,
    /// Periods of a week.
    pub periods_a_week: f64,
}

/// Logarithm of the density of a shape in the walk's coordinates.
pub(super) fn log_prior(beliefs: &Beliefs, units: Units, shape: &Shape) -> f64 {
    let Shape { carry_over, half, exponent } = *shape;
    let log_normal = |value: f64, median: f64, spread: f64| -((value / median).ln() / spread).powi(2) / 2.0;
    let carry = match beliefs.carry_over {
        Some(Belief { mean, sd }) => {
            -((carry_over - mean) / sd).powi(2) / 2.0 + (carry_over * (1.0 - carry_over)).ln()
        }
        None => {
            // Of a period's share the power is a week's; the last two terms are the change of coordinates.
            let weekly = carry_over.powf(units.periods_a_week);
            CARRY.0 * weekly.ln() + (CARRY.1 - 1.0) * (1.0 - weekly).ln() + (1.0 - carry_over).ln()
        }
    };
    let half = match beliefs.half_saturation {
        Some(belief) => {
            let (median, spread) = logarithmic(belief);
            log_normal(half * units.money, median, spread)
        }
        None => log_normal(half, HALF.0, HALF.1),
    };
    let exponent = match beliefs.shape {
        Some(belief) => {
            let (median, spread) = logarithmic(belief);
            log_normal(exponent, median, spread)
        }
        None => log_normal(exponent, EXPONENT.0, EXPONENT.1),
    };
    carry + half + exponent
}

/// A shape to begin with.
pub(super) fn start_shape(beliefs: &Beliefs, periods_a_week: f64, rng: &mut ChaCha8Rng) -> Shape {
    let drawn = |rng: &mut ChaCha8Rng| (0.1 + 0.6 * rng.random::<f64>()).powf(1.0 / periods_a_week);
    let carry_over = beliefs.carry_over.map_or_else(|| drawn(rng), |b| b.mean);
    Shape {
        carry_over: carry_over.clamp(0.01, if periods_a_week > 1.0 { 0.98 } else { 0.95 }),
        half: HALF.0 * (0.5 * rng.sample::<f64, _>(StandardNormal)).exp(),
        exponent: beliefs.shape.map_or(EXPONENT.0, |b| b.mean),
    }
}

/// Median and logarithmic spread of a lognormal with a mean and a standard deviation.
fn logarithmic(belief: Belief) -> (f64, f64) {
    let variance = (belief.sd / belief.mean).powi(2).ln_1p();
    (belief.mean * (-variance / 2.0).exp(), variance.sqrt())
}
