//! Given a channel's shape with one kind of carry-over, propose one with the other kind.
//!
//! Method: a reversible jump (P. J. Green 1995, doi:10.1093/biomet/82.4.711) between geometric adstock and
//! Weibull adstock, of which geometric is the shape 1. The new shape of the lifetime is drawn from what is
//! believed of it and the scale moves so that the mean delay of the effect stays; both kinds are believed in equally, so
//! the share of draws with a Weibull lifetime is its posterior probability.
//! Cost: O(1).
//! Use the walks of [`super::sampler`] within one kind.
//! Not for: more than two kinds.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: none.

use rand_chacha::ChaCha8Rng;
use statrs::function::gamma::gamma;

use super::prior::{drawn_delay, log_delay};
use super::transform::Shape;

/// A shape of the other kind, and the logarithm of what the jump adds to the ratio of densities.
pub(super) fn switched(old: &Shape, rng: &mut ChaCha8Rng) -> (Shape, f64) {
    // What is believed of the new lifetime's shape is the density that it is drawn with, and drops out.
    let (delay, longer, drawn) = match old.is_geometric() {
        true => {
            let delay = drawn_delay(rng);
            (delay, 1.0 / gamma(1.0 + 1.0 / delay), -log_delay(delay))
        }
        false => (1.0, gamma(1.0 + 1.0 / old.delay), log_delay(old.delay)),
    };
    let carry_over = (-1.0 / (old.scale() * longer)).exp();
    // The logit of the carry-over rises with the logarithm of the scale by this much.
    let rise = |d: f64| -d.ln() / (1.0 - d);
    let new = Shape { carry_over, delay, ..*old };
    (new, drawn + (rise(carry_over) / rise(old.carry_over)).ln())
}
