//! Given things whose share of successes is not known, try those that may be the best, in
//! proportion to how likely they are.
//!
//! Method: Thompson sampling with beta priors, W. R. Thompson (1933), doi:10.2307/2332286; S. Agrawal
//! and N. Goyal (2012), COLT, PMLR 23, for its regret.
//! Cost: two gamma draws a thing and a try; memory O(things).
//! Use [`super::Pacer`] instead where the worth is known and money is short; the two together take
//! the drawn shares for the values.
//! Not for: shares that drift quickly: what was seen never wears off.
//! Same input and seed give the same answer: yes.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use super::PacingError;

/// What was seen of each thing.
#[derive(Debug, Clone)]
pub struct Explorer {
    /// Successes and failures, the prior's among them.
    seen: Vec<[f64; 2]>,
    rng: ChaCha8Rng,
}

impl Explorer {
    /// `count` things of which nothing was seen but the prior: so many successes and failures.
    ///
    /// # Errors
    /// [`PacingError`] where a number of the prior is not above 0.
    pub fn new(count: usize, prior: [f64; 2], seed: u64) -> Result<Self, PacingError> {
        for (name, value) in [("successes of the prior", prior[0]), ("failures of the prior", prior[1])] {
            if !(value.is_finite() && value > 0.0) {
                return Err(PacingError::Number { name, value, range: "a finite number above 0" });
            }
        }
        Ok(Explorer { seen: vec![prior; count], rng: ChaCha8Rng::seed_from_u64(seed) })
    }

    /// Draws a share of successes for each thing, as it may be after all that was seen.
    pub fn draw(&mut self, shares: &mut Vec<f64>) {
        shares.clear();
        for &[successes, failures] in &self.seen {
            let mean = successes / (successes + failures);
            let drawn = Beta::new(successes, failures).map(|beta| beta.sample(&mut self.rng));
            // A distribution too narrow for arithmetic is its mean.
            shares.push(drawn.ok().filter(|share: &f64| share.is_finite()).unwrap_or(mean));
        }
    }

    /// Remembers how a try ended; a thing that is not there is nothing to remember.
    pub fn observe(&mut self, thing: usize, is_success: bool) {
        if let Some(seen) = self.seen.get_mut(thing) {
            seen[usize::from(!is_success)] += 1.0;
        }
    }

    /// Expected share of successes of each thing.
    #[must_use]
    pub fn means(&self) -> Vec<f64> {
        self.seen.iter().map(|[successes, failures]| successes / (successes + failures)).collect()
    }
}
