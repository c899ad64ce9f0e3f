//! One method's experts, one a fold, and what they answer together.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::boost::{self, Booster, HeldOut, Sample};
use super::folds::{Encoding, Rows};
use super::forest::{self, Forest};
use super::linear::Linear;
use super::target::Scale;

/// How a target may be learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Straight lines with a penalty.
    Linear,
    /// The mean of deep trees.
    Forest,
    /// A sum of small trees.
    Boosted,
}

impl Method {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Linear => "linear",
            Method::Forest => "forest",
            Method::Boosted => "boosted",
        }
    }
}

/// What one method learned from one fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expert {
    Linear(Linear),
    Forest(Forest),
    Boosted(Booster),
}

/// How each method learns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) scale: Scale,
    pub(crate) boost: boost::Settings,
    pub(crate) forest: forest::Settings,
    pub(crate) seed: u64,
}

/// One fold's rows, in form, with their targets in the target's own unit.
pub(crate) struct Fold {
    pub(crate) encoding: Encoding,
    pub(crate) inside: Rows,
    pub(crate) inside_y: Vec<f64>,
    pub(crate) outside: Rows,
    pub(crate) outside_y: Vec<f64>,
}

impl Expert {
    /// Learns from a fold; `error` judges answers in the target's unit on the rows held out.
    pub(crate) fn learn(
        method: Method,
        fold: &Fold,
        recipe: &Recipe,
        error: &(dyn Fn(&[f64], &[f64]) -> f64 + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Self {
        let scale = recipe.scale;
        let judge = |scores: &[f64]| {
            let answers: Vec<f64> = scores.iter().map(|z| scale.back(*z)).collect();
            error(&answers, &fold.outside_y)
        };
        let z = || -> Vec<f64> { fold.inside_y.iter().map(|y| scale.forward(*y)).collect() };
        let (binned, bins) = (&fold.inside.binned, fold.encoding.bins());
        match method {
            Method::Linear => {
                let is_code = fold.encoding.is_code();
                Expert::Linear(Linear::learn(
                    &fold.inside.columns,
                    &is_code,
                    &z(),
                    &fold.outside.columns,
                    &judge,
                    stop,
                ))
            }
            Method::Forest => {
                Expert::Forest(Forest::learn(binned, bins, &z(), &recipe.forest, recipe.seed, stop))
            }
            Method::Boosted => {
                let sample = Sample { binned, bins, target: &z() };
                let held_out = HeldOut { binned: &fold.outside.binned, error: &judge };
                Expert::Boosted(Booster::learn(&sample, Some(&held_out), &recipe.boost, recipe.seed, stop))
            }
        }
    }

    /// The answers for rows, on the scale of learning.
    pub(crate) fn scores(&self, rows: &Rows) -> Vec<f64> {
        match self {
            Expert::Linear(linear) => (0..rows.binned.rows)
                .into_par_iter()
                .with_min_len(256)
                .map(|row| linear.score(&|column| rows.columns[column][row]))
                .collect(),
            Expert::Boosted(booster) => booster.scores(&rows.binned),
            Expert::Forest(forest) => forest.scores(&rows.binned),
        }
    }

    /// Adds what each column adds to the answer for a row; gives the answer of no column.
    pub(crate) fn add_effects(&self, rows: &Rows, row: usize, weight: f64, effects: &mut [f64]) -> f64 {
        match self {
            Expert::Linear(linear) => {
                linear.add_effects(&|column| rows.columns[column][row], weight, effects)
            }
            Expert::Boosted(booster) => booster.add_effects(rows.binned.row(row), weight, effects),
            Expert::Forest(forest) => forest.add_effects(rows.binned.row(row), weight, effects),
        }
    }

    /// Whether it fits to rows of `width` columns.
    pub(crate) fn is_sound(&self, width: usize) -> bool {
        match self {
            Expert::Linear(linear) => linear.is_sound(width),
            Expert::Forest(forest) => forest.is_sound(width),
            Expert::Boosted(booster) => booster.is_sound(width),
        }
    }

    /// Trees in it.
    pub(crate) fn trees(&self) -> usize {
        match self {
            Expert::Linear(_) => 0,
            Expert::Forest(forest) => forest.len(),
            Expert::Boosted(booster) => booster.len(),
        }
    }

    /// Whether it answers the same for every row.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Expert::Linear(linear) => linear.is_blank(),
            Expert::Forest(forest) => forest.len() == 0,
            Expert::Boosted(booster) => booster.len() == 0,
        }
    }
}

/// One method's experts and their share in the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Team {
    pub(crate) method: Method,
    pub(crate) weight: f64,
    /// One a fold.
    pub(crate) experts: Vec<Expert>,
}

impl Team {
    /// Whether it learned nothing, because the work was stopped.
    pub(crate) fn is_blank(&self) -> bool {
        self.experts.iter().all(Expert::is_blank)
    }
}
