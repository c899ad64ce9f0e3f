//! Given binned rows and a target, learn a sum of small trees whose loss on rows held out is least.
//!
//! Method: gradient boosting, J. H. Friedman (2001), "Greedy function approximation: a
//! gradient boosting machine", doi:10.1214/aos/1013203451, of squares for a number, of the log
//! loss for two classes and with one tree a class and round (its algorithm 6) for more, with
//! second-order leaves and random rows and columns for each round, J. H. Friedman (2002), "Stochastic gradient
//! boosting", doi:10.1016/S0167-9473(01)00065-2; trees grow as `grow.rs` says.
//! Cost: time O(t n k d), memory O(n k + m k b), with t = trees, n = rows, k = columns,
//! d = mean depth, m = leaves, b = bins.
//! Use `linear` instead when effects are straight lines and must stay so outside the
//! range of the rows.
//! Not for: extrapolation; a tree is constant beyond its last cut.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: growth ends when held-out rows stop gaining.

mod grow;
mod loss;
mod shap;
#[cfg(test)]
mod tests;

use rand::RngExt;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::bins::{Binned, Bins};
use super::tree::Tree;
use grow::{Grower, Pull};
pub(crate) use loss::{Loss, prior_scores};

/// How to boost.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `trees` | 2000 | most rounds, of one tree an output | 0 and above |
/// | `leaves` | 31 | most leaves of a tree | 2 and above |
/// | `rate` | 0.05 | share of a leaf's value that is added | above 0, at most 1 |
/// | `smallest_leaf` | 20 | least rows of a leaf | 1 and above |
/// | `penalty` | 1 | curvature that each leaf is charged with | 0 and above |
/// | `row_share` | 0.8 | rows of each tree | above 0, at most 1 |
/// | `column_share` | 0.8 | columns of each tree | above 0, at most 1 |
/// | `patience` | 60 | rounds without gain on held-out rows before growth ends | 1 and above |
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Settings {
    pub(crate) trees: usize,
    pub(crate) leaves: usize,
    pub(crate) rate: f64,
    pub(crate) smallest_leaf: usize,
    pub(crate) penalty: f64,
    pub(crate) row_share: f64,
    pub(crate) column_share: f64,
    pub(crate) patience: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            trees: 2000,
            leaves: 31,
            rate: 0.05,
            smallest_leaf: 20,
            penalty: 1.0,
            row_share: 0.8,
            column_share: 0.8,
            patience: 60,
        }
    }
}

/// Trees that were learned, and the constant under them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Booster {
    start: f64,
    trees: Vec<Tree>,
}

/// Rows to learn from.
pub(crate) struct Sample<'a> {
    pub(crate) binned: &'a Binned,
    pub(crate) bins: &'a [Bins],
    pub(crate) target: &'a [f64],
}

/// Rows that decide when growth ends, and the error of scores on them.
pub(crate) struct HeldOut<'a> {
    pub(crate) binned: &'a Binned,
    pub(crate) error: &'a (dyn Fn(&[f64]) -> f64 + Sync),
}

impl Booster {
    /// Learns a number; with `held_out`, growth ends where its error is least.
    ///
    /// `stop` is asked between trees; what was learned until then stays.
    pub(crate) fn learn(
        sample: &Sample<'_>,
        held_out: Option<&HeldOut<'_>>,
        settings: &Settings,
        seed: u64,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Self {
        let mut boosters = Booster::learn_together(sample, Loss::Squares, held_out, settings, seed, stop);
        boosters.pop().unwrap_or(Booster { start: 0.0, trees: Vec::new() })
    }

    /// Learns one booster for each output of the loss, all by the same rows and columns in a round.
    ///
    /// `stop` is asked between rounds; what was learned until then stays.
    pub(crate) fn learn_together(
        sample: &Sample<'_>,
        loss: Loss,
        held_out: Option<&HeldOut<'_>>,
        settings: &Settings,
        seed: u64,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Self> {
        let rows = sample.binned.rows;
        let starts = loss.starts(sample.target);
        let outputs = starts.len();
        let mut boosters: Vec<Booster> =
            starts.iter().map(|start| Booster { start: *start, trees: Vec::new() }).collect();
        let mut scores = starts.repeat(rows);
        let mut pulls: Vec<Vec<Pull>> = vec![vec![[0.0; 2]; rows]; outputs];
        let mut judge = held_out.map(|held_out| Judge::new(held_out, &starts));
        let mut grower = Grower::new(sample.binned, sample.bins, settings);
        let mut draw = Draw::new(rows, sample.binned.columns.len(), settings, seed);
        for _ in 0..settings.trees {
            if stop() {
                break;
            }
            loss.fill(&scores, sample.target, &mut pulls);
            let (in_tree, columns) = draw.next();
            let Some(round) = grow_round(&mut grower, (in_tree, columns), &pulls, &mut scores) else {
                break;
            };
            for &row in draw.left_out() {
                let bins = sample.binned.row(row as usize);
                let of_row = &mut scores[row as usize * outputs..][..outputs];
                of_row.iter_mut().zip(&round).for_each(|(score, tree)| *score += tree.value(bins));
            }
            let goes_on = judge.as_mut().is_none_or(|judge| judge.goes_on(&round, settings.patience));
            boosters.iter_mut().zip(round).for_each(|(booster, tree)| booster.trees.push(tree));
            if !goes_on {
                break;
            }
        }
        if let Some(judge) = judge {
            boosters.iter_mut().for_each(|booster| booster.trees.truncate(judge.best_rounds));
        }
        boosters
    }

    /// Number of trees.
    pub(crate) fn len(&self) -> usize {
        self.trees.len()
    }

    /// The score of one row of bins.
    #[cfg(test)]
    pub(crate) fn score(&self, row: &[u8]) -> f64 {
        self.start + self.trees.iter().map(|tree| tree.value(row)).sum::<f64>()
    }

    /// The scores of all rows.
    pub(crate) fn scores(&self, binned: &Binned) -> Vec<f64> {
        binned.sum_of(&self.trees, self.start)
    }

    /// Whether every tree leads somewhere among `columns` columns.
    pub(crate) fn is_sound(&self, columns: usize) -> bool {
        self.start.is_finite() && self.trees.iter().all(|tree| tree.is_sound(columns))
    }

    /// Adds what each column adds to the score of a row of bins; gives the score of no column.
    pub(crate) fn add_effects(&self, row: &[u8], scale: f64, effects: &mut [f64]) -> f64 {
        let base: f64 = self.trees.iter().map(|tree| shap::add(tree, row, scale, effects)).sum();
        scale * self.start + base
    }
}

/// Grows a tree for each output and adds its answers to the scores of the rows that it grew on;
/// `None` where no tree gains anything.
fn grow_round(
    grower: &mut Grower<'_>,
    (rows, columns): (&[u32], &[u32]),
    pulls: &[Vec<Pull>],
    scores: &mut [f64],
) -> Option<Vec<Tree>> {
    let outputs = pulls.len();
    let mut gains = false;
    let mut round = Vec::with_capacity(outputs);
    for (output, pull) in pulls.iter().enumerate() {
        let Some(grown) = grower.grow(rows, columns, pull) else {
            round.push(Tree::nothing());
            continue;
        };
        for (value, rows) in &grown.leaves {
            rows.iter().for_each(|row| scores[*row as usize * outputs + output] += f64::from(*value));
        }
        gains = true;
        round.push(grown.tree);
    }
    gains.then_some(round)
}

/// Follows the error on held-out rows.
struct Judge<'a> {
    held_out: &'a HeldOut<'a>,
    /// Row after row.
    scores: Vec<f64>,
    rounds: usize,
    best_rounds: usize,
    least: f64,
}

impl<'a> Judge<'a> {
    fn new(held_out: &'a HeldOut<'a>, starts: &[f64]) -> Self {
        let scores = starts.repeat(held_out.binned.rows);
        let least = (held_out.error)(&scores);
        Judge { held_out, scores, rounds: 0, best_rounds: 0, least }
    }

    /// Takes the trees of one more round in; false when the error has not fallen for `patience` rounds.
    fn goes_on(&mut self, round: &[Tree], patience: usize) -> bool {
        self.rounds += 1;
        let binned = self.held_out.binned;
        for (row, scores) in self.scores.chunks_exact_mut(round.len()).enumerate() {
            let bins = binned.row(row);
            scores.iter_mut().zip(round).for_each(|(score, tree)| *score += tree.value(bins));
        }
        let error = (self.held_out.error)(&self.scores);
        if error < self.least {
            self.least = error;
            self.best_rounds = self.rounds;
        }
        self.rounds - self.best_rounds < patience
    }
}

/// Draws the rows and columns of each round.
struct Draw {
    rng: ChaCha8Rng,
    row_share: f64,
    inside: Vec<u32>,
    outside: Vec<u32>,
    all_columns: Vec<u32>,
    columns: Vec<u32>,
}

impl Draw {
    fn new(rows: usize, columns: usize, settings: &Settings, seed: u64) -> Self {
        let all_columns: Vec<u32> = (0..columns as u32).collect();
        let taken = ((columns as f64 * settings.column_share).ceil() as usize).clamp(1, columns.max(1));
        Draw {
            rng: ChaCha8Rng::seed_from_u64(seed),
            row_share: settings.row_share,
            inside: (0..rows as u32).collect(),
            outside: Vec::new(),
            columns: all_columns.iter().copied().take(taken).collect(),
            all_columns,
        }
    }

    fn next(&mut self) -> (&[u32], &[u32]) {
        if self.row_share < 1.0 {
            let rows = (self.inside.len() + self.outside.len()) as u32;
            self.inside.clear();
            self.outside.clear();
            for row in 0..rows {
                let side = if self.rng.random::<f64>() < self.row_share {
                    &mut self.inside
                } else {
                    &mut self.outside
                };
                side.push(row);
            }
        }
        let taken = self.columns.len();
        if taken < self.all_columns.len() {
            self.all_columns.shuffle(&mut self.rng);
            self.columns.copy_from_slice(&self.all_columns[..taken]);
            self.columns.sort_unstable();
        }
        (&self.inside, &self.columns)
    }

    /// Rows that the last draw left out.
    fn left_out(&self) -> &[u32] {
        &self.outside
    }
}
