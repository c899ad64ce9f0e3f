//! Seeded instances for the tests.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Candidates, Coupling, SharedRow};

/// `parts` parts of 5 candidates, the first of them nothing, on `rows` budgets of a quarter of what is wished.
pub(super) fn multiple_choice(parts: usize, rows: usize, seed: u64) -> (Candidates, Coupling) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut candidates = Candidates::with_capacity(parts, 5 * parts, 4 * parts * rows);
    for _ in 0..parts {
        candidates.add(0.0, &[]);
        for _ in 1..5 {
            let usage: Vec<(u32, f64)> =
                (0..rows as u32).map(|row| (row, random.random_range(1.0..10.0))).collect();
            candidates.add(-random.random_range(1.0..20.0), &usage);
        }
        candidates.end_part();
    }
    let limit = 1.25 * parts as f64;
    let rows = (0..rows).map(|row| SharedRow::at_most(format!("budget {row}"), limit)).collect();
    (candidates, Coupling::new(rows, Vec::new()).unwrap_or_default())
}
