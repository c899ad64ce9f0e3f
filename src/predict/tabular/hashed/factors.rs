//! Given rows of hashed cells, one after the other, learn the odds of a yes as a sum of weights
//! and of products of pairs of cells.
//!
//! Method: factorisation machine of order two, S. Rendle (2010), "Factorization machines",
//! doi:10.1109/ICDM.2010.127: the effect of two cells together is the product of a short
//! vector of each, reckoned in time linear in the columns (its lemma 3.1); steps with a rate of
//! their own for each number, J. Duchi, E. Hazan, Y. Singer (2011), "Adaptive subgradient
//! methods for online learning and stochastic optimization".
//! Cost: time O(n k f) a pass, memory O(b f), with n = rows, k = columns, f = length of a
//! vector, b = places of the table.
//! Use `online.rs` instead where columns act on their own.
//! Not for: more than two classes.
//! Same input, budget and seed give the same answer: yes; one thread goes through the rows.
//! Differs from the papers: a place that no row has come to adds nothing.

use serde::{Deserialize, Serialize};

use super::keys::{Field, Keys, Weights};
use super::{Pass, Settings};
use crate::predict::tabular::chances::logistic;
use crate::predict::tabular::folds::Rows;
use crate::predict::tabular::schema::mix;

/// Length of a vector.
const FACTORS: usize = 8;
/// Numbers of a place: weight and its squared slopes, vector and its.
const WIDTH: usize = 2 + 2 * FACTORS;
const VECTOR: std::ops::Range<usize> = 2..2 + FACTORS;
/// Size of the numbers that a vector begins with.
const BEGIN: f32 = 0.1;
/// Squared slopes that every number begins with.
const SMOOTH: f32 = 0.1;

/// Weights and vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Factors {
    fields: Vec<Field>,
    rate: f32,
    penalty: f32,
    /// The constant and its squared slopes.
    start: [f32; 2],
    weights: Weights,
}

impl Factors {
    /// Numbers of a place.
    pub(crate) const WIDTH: usize = WIDTH;

    /// Knows nothing yet.
    pub(crate) fn new(fields: Vec<Field>, settings: &Settings) -> Self {
        Factors {
            fields,
            rate: settings.rate as f32,
            penalty: settings.penalty as f32,
            start: [0.0; 2],
            weights: Weights::new(settings.buckets, WIDTH),
        }
    }

    /// The places of rows.
    pub(crate) fn keys(&self, rows: &Rows) -> Keys {
        Keys::of(rows, &self.fields, self.weights.buckets() as u32)
    }

    /// Adds what each column adds to the score of a row, of each pair half; gives the score of no column.
    pub(crate) fn add_effects(&self, keys: &[u32], scale: f64, effects: &mut [f64]) -> f64 {
        let sum = self.sum(keys);
        for (effect, key) in effects.iter_mut().zip(keys) {
            let cell = self.weights.at(*key);
            let pairs: f32 = cell[VECTOR].iter().zip(sum).map(|(v, sum)| v * (sum - v)).sum();
            *effect += scale * f64::from(cell[0] + 0.5 * pairs);
        }
        scale * f64::from(self.start[0])
    }

    /// Whether it answers the same for every row.
    pub(crate) fn is_blank(&self) -> bool {
        self.weights.is_blank()
    }

    /// Whether it fits to rows of at least `columns` columns.
    pub(crate) fn is_sound(&self, columns: usize) -> bool {
        self.fields.len() <= columns
            && self.weights.width() == WIDTH
            && self.rate > 0.0
            && self.penalty >= 0.0
            && self.start.iter().all(|x| x.is_finite())
    }

    /// Sum of the vectors of a row.
    fn sum(&self, keys: &[u32]) -> [f32; FACTORS] {
        let mut sum = [0.0; FACTORS];
        for key in keys {
            sum.iter_mut().zip(&self.weights.at(*key)[VECTOR]).for_each(|(sum, v)| *sum += v);
        }
        sum
    }

    fn score_with(&self, keys: &[u32], sum: &[f32; FACTORS]) -> f32 {
        let mut squares = 0.0;
        let mut score = self.start[0];
        for key in keys {
            let cell = self.weights.at(*key);
            score += cell[0];
            squares += cell[VECTOR].iter().map(|v| v * v).sum::<f32>();
        }
        score + 0.5 * (sum.iter().map(|sum| sum * sum).sum::<f32>() - squares)
    }
}

/// A small number for each place and factor, the same in every run.
fn begin(key: u32, factor: usize) -> f32 {
    let share = (mix((u64::from(key) << 8) + factor as u64 + 1) >> 40) as f32 / (1_u64 << 24) as f32;
    (2.0 * share - 1.0) * BEGIN
}

/// One step of a number for a slope.
fn step(value: &mut f32, squares: &mut f32, slope: f32, rate: f32) {
    *squares += slope * slope;
    *value -= rate * slope / (SMOOTH + *squares).sqrt();
}

impl Pass for Factors {
    fn score(&self, keys: &[u32]) -> f64 {
        f64::from(self.score_with(keys, &self.sum(keys)))
    }

    fn take(&mut self, keys: &[u32], y: f64) {
        for key in keys {
            let cell = self.weights.at_mut(*key);
            if cell[1] == 0.0 {
                (0..FACTORS).for_each(|factor| cell[2 + factor] = begin(*key, factor));
            }
        }
        let sum = self.sum(keys);
        let pull = (logistic(f64::from(self.score_with(keys, &sum))) - y) as f32;
        let (rate, penalty) = (self.rate, self.penalty);
        let [start, squares] = &mut self.start;
        step(start, squares, pull, rate);
        for key in keys {
            let (weight, vector) = self.weights.at_mut(*key).split_at_mut(2);
            let [weight, squares] = weight else { continue };
            // Never 0 again, so that the vector begins once.
            *squares = squares.max(f32::MIN_POSITIVE);
            step(weight, squares, pull + penalty * *weight, rate);
            let (values, squares) = vector.split_at_mut(FACTORS);
            for ((v, squares), sum) in values.iter_mut().zip(squares).zip(&sum) {
                step(v, squares, pull * (sum - *v) + penalty * *v, rate);
            }
        }
    }
}
