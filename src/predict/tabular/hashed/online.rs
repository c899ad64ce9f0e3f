//! Given rows of hashed cells, one after the other, learn the odds of a yes as a sum of weights.
//!
//! Method: follow the proximally regularised leader, H. B. McMahan et al. (2013), "Ad click
//! prediction: a view from the trenches", doi:10.1145/2487575.2488200, algorithm 1: each weight
//! has its own rate, which falls with the slopes that it has seen.
//! Cost: time O(n k) a pass, memory O(b), with n = rows, k = columns, b = places of the table.
//! Use `factors.rs` instead where the effect of one column depends on another.
//! Not for: more than two classes; numbers are told by the bin that they lie in.
//! Same input, budget and seed give the same answer: yes; one thread goes through the rows.
//! Differs from the paper: several passes, as many as held-out rows gain from; the constant
//! has no penalty.

use serde::{Deserialize, Serialize};

use super::keys::{Field, Keys, Weights};
use super::{Pass, Settings};
use crate::predict::tabular::chances::logistic;
use crate::predict::tabular::folds::Rows;

/// Added to the root of the slopes seen (beta in the paper).
const SMOOTH: f32 = 1.0;

/// A sum of weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Online {
    fields: Vec<Field>,
    rate: f32,
    penalty: f32,
    /// Pull and squared slopes of the constant.
    start: [f32; 2],
    /// The same of every place.
    weights: Weights,
}

impl Online {
    /// Numbers of a place.
    pub(crate) const WIDTH: usize = 2;

    /// Knows nothing yet.
    pub(crate) fn new(fields: Vec<Field>, settings: &Settings) -> Self {
        Online {
            fields,
            rate: settings.rate as f32,
            penalty: settings.penalty as f32,
            start: [0.0; 2],
            weights: Weights::new(settings.buckets, Self::WIDTH),
        }
    }

    /// The places of rows.
    pub(crate) fn keys(&self, rows: &Rows) -> Keys {
        Keys::of(rows, &self.fields, self.weights.buckets() as u32)
    }

    /// Adds what each column adds to the score of a row; gives the score of no column.
    pub(crate) fn add_effects(&self, keys: &[u32], scale: f64, effects: &mut [f64]) -> f64 {
        for (effect, key) in effects.iter_mut().zip(keys) {
            *effect += scale * f64::from(self.weight(self.weights.at(*key), self.penalty));
        }
        scale * f64::from(self.weight(&self.start, 0.0))
    }

    /// Whether it answers the same for every row.
    pub(crate) fn is_blank(&self) -> bool {
        self.weights.is_blank()
    }

    /// Whether it fits to rows of at least `columns` columns.
    pub(crate) fn is_sound(&self, columns: usize) -> bool {
        self.fields.len() <= columns
            && self.weights.width() == Self::WIDTH
            && self.rate > 0.0
            && self.penalty >= 0.0
            && self.start.iter().all(|x| x.is_finite())
    }

    fn weight(&self, cell: &[f32], penalty: f32) -> f32 {
        -cell[0] / ((SMOOTH + cell[1].sqrt()) / self.rate + penalty)
    }
}

/// One step of a pull and its squares, for a slope at a weight.
fn step(cell: &mut [f32], slope: f32, weight: f32, rate: f32) {
    let squares = cell[1] + slope * slope;
    cell[0] += slope - (squares.sqrt() - cell[1].sqrt()) / rate * weight;
    cell[1] = squares;
}

impl Pass for Online {
    fn score(&self, keys: &[u32]) -> f64 {
        let sum: f32 = keys.iter().map(|key| self.weight(self.weights.at(*key), self.penalty)).sum();
        f64::from(self.weight(&self.start, 0.0) + sum)
    }

    fn take(&mut self, keys: &[u32], y: f64) {
        let slope = (logistic(self.score(keys)) - y) as f32;
        let weight = self.weight(&self.start, 0.0);
        step(&mut self.start, slope, weight, self.rate);
        for key in keys {
            let weight = self.weight(self.weights.at(*key), self.penalty);
            step(self.weights.at_mut(*key), slope, weight, self.rate);
        }
    }
}
