//! One method's experts, one a fold and output, and what they answer together.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::boost::{self, Booster, HeldOut, Loss, Sample};
use super::folds::{Encoding, Rows};
use super::forest::{self, Forest};
use super::goal::{Goal, indicator};
use super::hashed::{self, Factors, Field, Online, Pass};
use super::linear::Linear;
use super::logistic;

/// Chances of a forest are kept this far from 0 and 1.
const LEAST_CHANCE: f64 = 0.002;

/// How a target may be learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Straight lines with a penalty; of the odds, where classes are learned.
    Linear,
    /// The mean of deep trees.
    Forest,
    /// A sum of small trees.
    Boosted,
    /// A sum of hashed weights, row after row; for two classes.
    Online,
    /// Hashed weights and products of pairs (a factorisation machine); for two classes.
    Factors,
}

impl Method {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Linear => "linear",
            Method::Forest => "forest",
            Method::Boosted => "boosted",
            Method::Online => "online",
            Method::Factors => "factors",
        }
    }

    /// Whether it goes from row to row, and so can learn from new rows alone.
    #[must_use]
    pub fn takes_batches(self) -> bool {
        matches!(self, Method::Online | Method::Factors)
    }
}

/// What one method learned from one fold for one output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expert {
    Linear(Linear),
    Forest(Forest),
    Boosted(Booster),
    Odds(Odds),
    Online(Online),
    Factors(Factors),
}

/// A forest whose answers are chances, told as scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Odds {
    forest: Forest,
    /// Whether its class has one other only.
    is_pair: bool,
}

impl Odds {
    fn score(&self, chance: f64) -> f64 {
        let p = chance.clamp(LEAST_CHANCE, 1.0 - LEAST_CHANCE);
        if self.is_pair { (p / (1.0 - p)).ln() } else { p.ln() }
    }

    /// The effects on the chance, brought to the score in proportion.
    fn add_effects(&self, row: &[u8], scale: f64, effects: &mut [f64]) -> f64 {
        let mut parts = vec![0.0; effects.len()];
        let base = self.forest.add_effects(row, 1.0, &mut parts);
        let whole: f64 = parts.iter().sum();
        let (low, high) = (self.score(base), self.score(base + whole));
        let stretch = if whole == 0.0 { 0.0 } else { scale * (high - low) / whole };
        effects.iter_mut().zip(parts).for_each(|(effect, part)| *effect += stretch * part);
        scale * low
    }
}

/// How each method learns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) goal: Goal,
    pub(crate) boost: boost::Settings,
    pub(crate) forest: forest::Settings,
    pub(crate) online: hashed::Settings,
    pub(crate) factors: hashed::Settings,
    pub(crate) seed: u64,
}

/// One fold's rows, in form, with their targets: numbers in their own unit, or indices of classes.
pub(crate) struct Fold {
    pub(crate) encoding: Encoding,
    pub(crate) inside: Rows,
    pub(crate) inside_y: Vec<f64>,
    pub(crate) outside: Rows,
    pub(crate) outside_y: Vec<f64>,
}

/// Asked now and then whether to stop.
pub(crate) type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

impl Expert {
    /// Learns from a fold: one expert an output, judged by the goal's error on the rows held out.
    pub(crate) fn learn(method: Method, fold: &Fold, recipe: &Recipe, stop: Stop<'_>) -> Vec<Self> {
        match recipe.goal {
            Goal::Number { .. } => vec![Expert::of_number(method, fold, recipe, stop)],
            Goal::Classes { classes } => Expert::of_classes(method, fold, recipe, classes, stop),
        }
    }

    fn of_number(method: Method, fold: &Fold, recipe: &Recipe, stop: Stop<'_>) -> Self {
        let goal = recipe.goal;
        let judge = |scores: &[f64]| goal.error(scores, &fold.outside_y);
        let scale = goal.scale();
        let z: Vec<f64> = fold.inside_y.iter().map(|y| scale.forward(*y)).collect();
        let (binned, bins) = (&fold.inside.binned, fold.encoding.bins());
        match method {
            Method::Forest => {
                Expert::Forest(Forest::learn(binned, bins, &z, &recipe.forest, recipe.seed, stop))
            }
            Method::Boosted => {
                let sample = Sample { binned, bins, target: &z };
                let held_out = HeldOut { binned: &fold.outside.binned, error: &judge };
                Expert::Boosted(Booster::learn(&sample, Some(&held_out), &recipe.boost, recipe.seed, stop))
            }
            // What goes by odds has no lines but these for a number.
            Method::Linear | Method::Online | Method::Factors => {
                let told = fold.encoding.told();
                let (inside, outside) = (&fold.inside.columns, &fold.outside.columns);
                Expert::Linear(Linear::learn(inside, &told, &z, outside, &judge, stop))
            }
        }
    }

    fn of_classes(method: Method, fold: &Fold, recipe: &Recipe, classes: usize, stop: Stop<'_>) -> Vec<Self> {
        let goal = recipe.goal;
        let judge = |scores: &[f64]| goal.error(scores, &fold.outside_y);
        let (binned, bins) = (&fold.inside.binned, fold.encoding.bins());
        match method {
            Method::Linear => {
                let told = fold.encoding.told();
                let target = &fold.inside_y;
                let known = logistic::Known { columns: &fold.inside.columns, told: &told, target, classes };
                let lines = logistic::learn(&known, &fold.outside.columns, &judge, stop);
                lines.into_iter().map(Expert::Linear).collect()
            }
            Method::Forest => {
                let is_pair = classes == 2;
                let class_of = |output| if is_pair { 1 } else { output };
                let of_output = |output| {
                    let target = indicator(&fold.inside_y, class_of(output));
                    let forest = Forest::learn(binned, bins, &target, &recipe.forest, recipe.seed, stop);
                    Expert::Odds(Odds { forest, is_pair })
                };
                (0..goal.outputs()).map(of_output).collect()
            }
            Method::Boosted => {
                let sample = Sample { binned, bins, target: &fold.inside_y };
                let held_out = HeldOut { binned: &fold.outside.binned, error: &judge };
                let (loss, settings) = (Loss::LogLoss { classes }, &recipe.boost);
                Booster::learn_together(&sample, loss, Some(&held_out), settings, recipe.seed, stop)
                    .into_iter()
                    .map(Expert::Boosted)
                    .collect()
            }
            Method::Online => {
                let start = Online::new(Field::of(fold.encoding.base_bins()), &recipe.online);
                let keys = [&fold.inside, &fold.outside].map(|rows| start.keys(rows));
                let course =
                    hashed::Course { settings: &recipe.online, seed: recipe.seed, error: &judge, stop };
                vec![Expert::Online(course.learn(start, &keys[0], &fold.inside_y, &keys[1]))]
            }
            Method::Factors => {
                let start = Factors::new(Field::of(fold.encoding.base_bins()), &recipe.factors);
                let keys = [&fold.inside, &fold.outside].map(|rows| start.keys(rows));
                let course =
                    hashed::Course { settings: &recipe.factors, seed: recipe.seed, error: &judge, stop };
                vec![Expert::Factors(course.learn(start, &keys[0], &fold.inside_y, &keys[1]))]
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
            Expert::Odds(odds) => {
                odds.forest.scores(&rows.binned).into_iter().map(|chance| odds.score(chance)).collect()
            }
            Expert::Online(online) => online.scores(&online.keys(rows)),
            Expert::Factors(factors) => factors.scores(&factors.keys(rows)),
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
            Expert::Odds(odds) => odds.add_effects(rows.binned.row(row), weight, effects),
            Expert::Online(online) => {
                online.add_effects(online.keys(&rows.only(row)).row(0), weight, effects)
            }
            Expert::Factors(factors) => {
                factors.add_effects(factors.keys(&rows.only(row)).row(0), weight, effects)
            }
        }
    }

    /// Learns from new rows as well, each once; false where the method learns from all rows at once only.
    pub(crate) fn take(&mut self, rows: &Rows, target: &[f64], seed: u64) -> bool {
        match self {
            Expert::Online(online) => online.pass(&online.keys(rows), target, seed),
            Expert::Factors(factors) => factors.pass(&factors.keys(rows), target, seed),
            Expert::Linear(_) | Expert::Forest(_) | Expert::Boosted(_) | Expert::Odds(_) => return false,
        }
        true
    }

    /// Whether it fits to rows of `width` columns.
    pub(crate) fn is_sound(&self, width: usize) -> bool {
        match self {
            Expert::Linear(linear) => linear.is_sound(width),
            Expert::Forest(forest) => forest.is_sound(width),
            Expert::Boosted(booster) => booster.is_sound(width),
            Expert::Odds(odds) => odds.forest.is_sound(width),
            Expert::Online(online) => online.is_sound(width),
            Expert::Factors(factors) => factors.is_sound(width),
        }
    }

    /// Trees in it.
    pub(crate) fn trees(&self) -> usize {
        match self {
            Expert::Forest(forest) | Expert::Odds(Odds { forest, .. }) => forest.len(),
            Expert::Boosted(booster) => booster.len(),
            Expert::Linear(_) | Expert::Online(_) | Expert::Factors(_) => 0,
        }
    }

    /// Whether it answers the same for every row.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Expert::Linear(linear) => linear.is_blank(),
            Expert::Online(online) => online.is_blank(),
            Expert::Factors(factors) => factors.is_blank(),
            Expert::Forest(_) | Expert::Boosted(_) | Expert::Odds(_) => self.trees() == 0,
        }
    }
}

/// One method's experts and their share in the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Team {
    pub(crate) method: Method,
    pub(crate) weight: f64,
    /// One a fold and output: those of a fold one after the other.
    pub(crate) experts: Vec<Expert>,
}

impl Team {
    /// Whether it learned nothing, because the work was stopped.
    pub(crate) fn is_blank(&self) -> bool {
        self.experts.iter().all(Expert::is_blank)
    }
}

/// The scores of a fold's experts, one an output, row after row.
pub(crate) fn scores_of(experts: &[Expert], rows: &Rows) -> Vec<f64> {
    if let [expert] = experts {
        return expert.scores(rows);
    }
    let mut scores = vec![0.0; rows.binned.rows * experts.len()];
    for (output, expert) in experts.iter().enumerate() {
        let of_output = scores.iter_mut().skip(output).step_by(experts.len());
        of_output.zip(expert.scores(rows)).for_each(|(place, score)| *place = score);
    }
    scores
}
