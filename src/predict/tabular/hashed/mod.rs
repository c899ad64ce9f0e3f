//! Learners whose weights lie in a table of fixed length: each column and value of a row has
//! its place by a hash, so that words by the million, and words never seen, need no list
//! (K. Weinberger et al., 2009, "Feature hashing for large scale multitask learning",
//! doi:10.1145/1553374.1553516, without signs). They go from row to row, and so take new
//! rows in at the cost of these rows.

mod factors;
mod keys;
mod online;
#[cfg(test)]
mod tests;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

pub(crate) use factors::Factors;
pub(crate) use keys::{Field, Keys};
pub(crate) use online::Online;

/// How to go through the rows.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `buckets` | 262,144 | length of the table | 1 to 16,777,216 |
/// | `rate` | 0.1 | length of a step | above 0 |
/// | `penalty` | 1 | charge on squared weights | 0 and above |
/// | `passes` | 12 | most passes over the rows | 1 and above |
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Settings {
    pub(crate) buckets: u32,
    pub(crate) rate: f64,
    pub(crate) penalty: f64,
    pub(crate) passes: usize,
}

/// Most numbers in the tables of weights of all folds, half a gigabyte; learning keeps each twice.
pub(crate) const MOST_NUMBERS: usize = 1 << 27;

/// Passes without a smaller error on held-out rows before learning ends.
const PATIENCE: usize = 2;

/// A learner that goes from row to row.
pub(crate) trait Pass: Clone {
    /// The score of a row, before its class is told.
    fn score(&self, keys: &[u32]) -> f64;

    /// Learns from one row whose class is 0 or 1.
    fn take(&mut self, keys: &[u32], y: f64);

    /// Learns from each row once, in random order.
    fn pass(&mut self, keys: &Keys, target: &[f64], seed: u64) {
        let mut order: Vec<u32> = (0..target.len() as u32).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        for row in order {
            self.take(keys.row(row as usize), target[row as usize]);
        }
    }

    /// The scores of all rows.
    fn scores(&self, keys: &Keys) -> Vec<f64> {
        (0..keys.rows()).map(|row| self.score(keys.row(row))).collect()
    }
}

/// How learning goes on until held-out rows stop gaining.
pub(crate) struct Course<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) seed: u64,
    /// Judges scores of the rows held out.
    pub(crate) error: &'a (dyn Fn(&[f64]) -> f64 + Sync),
    /// Asked between passes.
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

impl Course<'_> {
    /// Goes through the rows until the error on those held out stops falling.
    pub(crate) fn learn<L: Pass>(&self, start: L, keys: &Keys, target: &[f64], held_out: &Keys) -> L {
        let mut learner = start;
        let mut best = learner.clone();
        let (mut least, mut since) = ((self.error)(&learner.scores(held_out)), 0);
        for pass in 0..self.settings.passes {
            if since >= PATIENCE || (self.stop)() {
                break;
            }
            learner.pass(keys, target, self.seed.wrapping_add(pass as u64));
            let error = (self.error)(&learner.scores(held_out));
            since += 1;
            if error < least {
                best.clone_from(&learner);
                (least, since) = (error, 0);
            }
        }
        best
    }
}
