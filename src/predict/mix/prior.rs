//! What is believed of a channel's shape before its data are seen.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::history::{Adstock, Belief, Beliefs};
use super::transform::Shape;

/// Median and logarithmic spread of a half-saturation in typical spends.
const HALF: (f64, f64) = (1.8, 0.6);
/// Median and logarithmic spread of an exponent.
const EXPONENT: (f64, f64) = (1.3, 0.25);
/// Exponents of the beta prior of what is carried over a week.
const CARRY: (f64, f64) = (1.5, 2.0);
/// Median and logarithmic spread of the shape of a Weibull lifetime.
const DELAY: (f64, f64) = (2.0, 0.5);

/// In what a channel's shape is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// Money of 1 of its half-saturation.
    pub money: f64,
    /// Periods of a week.
    pub periods_a_week: f64,
}

/// Logarithm of the density of a shape in the walk's coordinates: the logit of the carry-over, the
/// logarithms of the others. Of geometric adstock that of the carry-over, half-saturation and exponent alone.
pub(super) fn log_prior(beliefs: &Beliefs, units: Units, shape: &Shape) -> f64 {
    let Shape { carry_over, half, exponent, delay } = *shape;
    let log_normal = |value: f64, median: f64, spread: f64| -((value / median).ln() / spread).powi(2) / 2.0;
    let carry = match beliefs.carry_over {
        Some(Belief { mean, sd }) => {
            let (carried, change) = carried(shape);
            -((carried - mean) / sd).powi(2) / 2.0 + change.ln()
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
    let delay = if shape.is_geometric() { 0.0 } else { log_delay(delay) };
    carry + half + exponent + delay
}

/// Share of the effect that comes after the period of the spend, and how fast it rises with the logit of the carry-over.
fn carried(shape: &Shape) -> (f64, f64) {
    let d = shape.carry_over;
    if shape.is_geometric() {
        return (d, d * (1.0 - d));
    }
    let carried = shape.survival(1.0);
    (carried, carried * shape.delay * shape.scale().powf(1.0 - shape.delay) * (1.0 - d))
}

/// A shape to begin with.
pub(super) fn start_shape(
    beliefs: &Beliefs,
    periods_a_week: f64,
    adstock: Adstock,
    rng: &mut ChaCha8Rng,
) -> Shape {
    let drawn = |rng: &mut ChaCha8Rng| (0.1 + 0.6 * rng.random::<f64>()).powf(1.0 / periods_a_week);
    let carry_over = beliefs.carry_over.map_or_else(|| drawn(rng), |b| b.mean);
    Shape {
        carry_over: carry_over.clamp(0.01, if periods_a_week > 1.0 { 0.98 } else { 0.95 }),
        half: HALF.0 * (0.5 * rng.sample::<f64, _>(StandardNormal)).exp(),
        exponent: beliefs.shape.map_or(EXPONENT.0, |b| b.mean),
        delay: if adstock == Adstock::Weibull { drawn_delay(rng) } else { 1.0 },
    }
}

/// Logarithm of the density of the logarithm of a lifetime's shape, but for a constant.
pub(super) fn log_delay(delay: f64) -> f64 {
    -((delay / DELAY.0).ln() / DELAY.1).powi(2) / 2.0
}

/// The shape of a Weibull lifetime from what is believed of it.
pub(super) fn drawn_delay(rng: &mut ChaCha8Rng) -> f64 {
    DELAY.0 * (DELAY.1 * rng.sample::<f64, _>(StandardNormal)).exp()
}

/// Median and logarithmic spread of a lognormal with a mean and a standard deviation.
fn logarithmic(belief: Belief) -> (f64, f64) {
    let variance = (belief.sd / belief.mean).powi(2).ln_1p();
    (belief.mean * (-variance / 2.0).exp(), variance.sqrt())
}
