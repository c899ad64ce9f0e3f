//! Finds out which method, scale and settings suit a table, and learns with them.
//!
//! Every choice is made by rows held out: the scale of the target and the size of trees on
//! the first fold, the methods and their weights on all folds. The experts of all folds
//! answer together, so that each row is learned from by all of them but one.

use rayon::prelude::*;

use super::bins::Bins;
use super::boost;
use super::conformal::Bounds;
use super::folds::{self, Encoding};
use super::forest;
use super::frame::Frame;
use super::metrics::{Metric, Scores};
use super::model::Model;
use super::notes::Note;
use super::schema::{Input, Part, Schema};
use super::target::{Scale, best_offset, natural_metric};
use super::team::{Expert, Fold, Method, Recipe, Team};
use crate::control::Control;

/// Fewest rows that can be learned from.
pub const FEWEST_ROWS: usize = 20;
/// Rows from which the forest is left out of `auto`, since its trees cost most and win least there.
const ROWS_WITHOUT_FOREST: usize = 120_000;
/// Rows that settings are tried on.
const ROWS_FOR_TRIALS: usize = 40_000;
/// A mixture of methods must be better than the best one by this share.
const WORTH_MIXING: f64 = 0.003;
/// Steps into which the whole weight is cut when methods are mixed.
const WEIGHT_STEPS: usize = 20;

/// How to learn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearnOptions {
    /// The method; `None`: whichever is best on rows held out, or a mixture.
    pub method: Option<Method>,
    /// The error that is made small; `None`: MAPE where the target is positive and its
    /// 95 % quantile more than three times its 5 % quantile, else RMSE.
    pub metric: Option<Metric>,
}

/// A model, and what was found out on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// The model.
    pub model: Model,
    /// Error of each method on rows held out, and of the mixture where there is one.
    pub trials: Vec<Trial>,
    /// Predictions for the rows of the table, each by experts that did not learn from it.
    pub held_out: HeldOut,
    /// Scores of those; their bounds are judged by the same rows that set them.
    pub scores: Scores,
    /// Remarks on the columns.
    pub notes: Vec<Note>,
}

/// Predictions for rows held out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeldOut {
    /// The rows, from 0, in ascending order; all of them unless there are hundreds of thousands.
    pub rows: Vec<u32>,
    /// Answers.
    pub mean: Vec<f64>,
    /// 2.5, 10, 90 and 97.5 % quantiles.
    pub quantiles: Vec<[f64; 4]>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// What it is.
    pub name: String,
    /// The metric on rows held out.
    pub error: f64,
}

/// Why nothing can be learned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LearnError {
    /// Stopped before there was a model.
    #[error("stopped before a model was learned")]
    Interrupted,
    /// No column says anything.
    #[error("no column says anything about the target")]
    NoColumns,
    /// The target never changes.
    #[error("the target has the same value in every row")]
    OneTarget,
    /// Too few rows.
    #[error("{rows} rows are too few to learn from; {FEWEST_ROWS} are the least")]
    TooFewRows {
        /// Rows with a target.
        rows: usize,
    },
}

/// Learns to predict `target` (no NaN) from the columns of `frame`.
///
/// # Errors
/// When there is nothing to learn from, or the work was stopped before there was a model.
///
/// ```
/// use purvey::control::Control;
/// use purvey::predict::tabular::{Cells, Frame, LearnOptions, learn};
/// let size: Vec<f64> = (0..300).map(|k| f64::from(k % 50)).collect();
/// let price: Vec<f64> = size.iter().map(|size| 10.0 + 3.0 * size).collect();
/// let frame = Frame::default().with("size", Cells::Number(size));
/// let learned = learn(&frame, &price, &LearnOptions::default(), &Control::default())?;
/// let fresh = Frame::default().with("size", Cells::Number(vec![20.0]));
/// let answer = learned.model.predict(&fresh, &Control::default())?;
/// assert!((answer.mean[0] - 70.0).abs() < 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn learn(
    frame: &Frame,
    target: &[f64],
    options: &LearnOptions,
    control: &Control,
) -> Result<Learned, LearnError> {
    if target.len() < FEWEST_ROWS {
        return Err(LearnError::TooFewRows { rows: target.len() });
    }
    if target.windows(2).all(|pair| pair[0] == pair[1]) {
        return Err(LearnError::OneTarget);
    }
    control.install(|| Course::new(frame, target, options, control)?.run())
}

/// The course of learning.
struct Course<'a> {
    target: &'a [f64],
    options: &'a LearnOptions,
    control: &'a Control,
    metric: Metric,
    notes: Vec<Note>,
    schema: Schema,
    base: Vec<Vec<f32>>,
    bins: Vec<Bins>,
    /// Rows held out by each fold.
    outside: Vec<Vec<u32>>,
    folds: Vec<Fold>,
}

/// A team with its answers on the rows held out, fold after fold.
struct Tried {
    team: Team,
    scores: Vec<f64>,
}

impl<'a> Course<'a> {
    fn new(
        frame: &Frame,
        target: &'a [f64],
        options: &'a LearnOptions,
        control: &'a Control,
    ) -> Result<Self, LearnError> {
        let mut notes = Vec::new();
        let schema = Schema::of(frame, &mut notes);
        if schema.features.is_empty() {
            return Err(LearnError::NoColumns);
        }
        let inputs = schema.inputs();
        let base = schema.encode(frame);
        let bins = base_bins(&schema, &inputs, &base);
        let splits = folds::split(target.len(), control.seed);
        let make = |(inside, outside): &(Vec<u32>, Vec<u32>)| {
            let (encoding, rows) = Encoding::learn(&inputs, &base, &bins, target, inside, control.seed);
            let outside_rows = encoding.form(&folds::take_columns(&base, outside));
            Fold {
                encoding,
                inside: rows,
                inside_y: folds::take_targets(target, inside),
                outside: outside_rows,
                outside_y: folds::take_targets(target, outside),
            }
        };
        let folds = splits.par_iter().map(make).collect();
        let outside = splits.into_iter().map(|(_, outside)| outside).collect();
        let metric = options.metric.unwrap_or_else(|| natural_metric(target));
        Ok(Course { target, options, control, metric, notes, schema, base, bins, outside, folds })
    }

    fn run(self) -> Result<Learned, LearnError> {
        let methods = self.methods();
        let recipe = self.recipe(&methods);
        let mut tried = Vec::new();
        for (at, method) in methods.iter().enumerate() {
            self.control.step("learn", at, methods.len());
            if at > 0 && self.control.should_stop() {
                break;
            }
            tried.push(self.try_out(*method, &recipe));
        }
        if tried.is_empty() || (self.control.should_stop() && tried.iter().all(|tried| tried.team.is_blank()))
        {
            return Err(LearnError::Interrupted);
        }
        let truth: Vec<f64> = self.folds.iter().flat_map(|fold| fold.outside_y.iter().copied()).collect();
        let mut trials: Vec<Trial> = tried
            .iter()
            .map(|tried| Trial {
                name: tried.team.method.as_str().to_owned(),
                error: self.error_of(&tried.scores, &truth, recipe.scale),
            })
            .collect();
        let weights = self.mix(&tried, &truth, recipe.scale, &mut trials);
        let scores = mixed(&tried, &weights);
        let teams = tried.into_iter().zip(&weights).filter(|(_, weight)| **weight > 0.0);
        let teams: Vec<Team> = teams.map(|(tried, weight)| Team { weight: *weight, ..tried.team }).collect();
        Ok(self.finish(teams, &scores, &truth, recipe.scale, trials))
    }

    fn methods(&self) -> Vec<Method> {
        match self.options.method {
            Some(method) => vec![method],
            None if self.target.len() >= ROWS_WITHOUT_FOREST => vec![Method::Boosted, Method::Linear],
            None => vec![Method::Boosted, Method::Forest, Method::Linear],
        }
    }

    fn error_of(&self, scores: &[f64], truth: &[f64], scale: Scale) -> f64 {
        let answers: Vec<f64> = scores.iter().map(|z| scale.back(*z)).collect();
        self.metric.of(&answers, truth)
    }

    /// The error of a method on the first fold with few rows, to choose how to learn.
    fn trial(&self, method: Method, recipe: &Recipe, fold: &Fold) -> f64 {
        let stop = || self.control.should_stop();
        let metric = self.metric;
        let expert = Expert::learn(method, fold, recipe, &|a, y| metric.of(a, y), &stop);
        self.error_of(&expert.scores(&fold.outside), &fold.outside_y, recipe.scale)
    }

    /// Chooses scale and size of trees on the first fold.
    fn recipe(&self, methods: &[Method]) -> Recipe {
        let rows = self.folds[0].inside_y.len();
        let mut recipe = Recipe {
            scale: Scale::Plain,
            boost: boost_settings(rows),
            forest: forest_settings(self.folds.len()),
            seed: self.control.seed,
        };
        let small = thin(&self.folds[0]);
        let fold = small.as_ref().unwrap_or(&self.folds[0]);
        let least = |recipes: &[Recipe], method| -> Recipe {
            let errors: Vec<f64> =
                recipes.par_iter().map(|recipe| self.trial(method, recipe, fold)).collect();
            let best =
                (0..errors.len()).fold(0, |best, at| if errors[at] < errors[best] { at } else { best });
            recipes[best]
        };
        let quick = |recipe: Recipe| Recipe {
            boost: boost::Settings { rate: 0.1, patience: 30, trees: 600, ..recipe.boost },
            forest: forest::Settings { trees: 20, ..recipe.forest },
            ..recipe
        };
        if self.target.iter().all(|y| *y > 0.0) {
            let scales = [Scale::Plain, Scale::Log].map(|scale| quick(Recipe { scale, ..recipe }));
            recipe.scale = least(&scales, methods[0]).scale;
        }
        if methods.contains(&Method::Boosted) {
            let sizes: Vec<Recipe> = sizes_of(&recipe.boost, self.base.len())
                .into_iter()
                .map(|boost| quick(Recipe { boost, ..recipe }))
                .collect();
            let chosen = least(&sizes, Method::Boosted).boost;
            recipe.boost = boost::Settings {
                leaves: chosen.leaves,
                smallest_leaf: chosen.smallest_leaf,
                column_share: chosen.column_share,
                ..recipe.boost
            };
        }
        recipe
    }

    fn try_out(&self, method: Method, recipe: &Recipe) -> Tried {
        let stop = || self.control.should_stop();
        let metric = self.metric;
        let learned: Vec<(Expert, Vec<f64>)> = self
            .folds
            .par_iter()
            .enumerate()
            .map(|(at, fold)| {
                let recipe = Recipe { seed: recipe.seed.wrapping_add(at as u64 * 7919), ..*recipe };
                let expert = Expert::learn(method, fold, &recipe, &|a, y| metric.of(a, y), &stop);
                let scores = expert.scores(&fold.outside);
                (expert, scores)
            })
            .collect();
        let mut experts = Vec::new();
        let mut scores = Vec::new();
        for (expert, of_fold) in learned {
            experts.push(expert);
            scores.extend(of_fold);
        }
        Tried { team: Team { method, weight: 1.0, experts }, scores }
    }

    /// The weights with the least error; one method alone where a mixture is hardly better.
    fn mix(&self, tried: &[Tried], truth: &[f64], scale: Scale, trials: &mut Vec<Trial>) -> Vec<f64> {
        let best = (0..trials.len())
            .fold(0, |best, at| if trials[at].error < trials[best].error { at } else { best });
        let alone: Vec<f64> = (0..tried.len()).map(|at| f64::from(u8::from(at == best))).collect();
        if tried.len() < 2 {
            return alone;
        }
        let choices = weights_of(tried.len());
        let errors: Vec<f64> =
            choices.par_iter().map(|weights| self.error_of(&mixed(tried, weights), truth, scale)).collect();
        let least = (0..errors.len()).fold(0, |best, at| if errors[at] < errors[best] { at } else { best });
        let (weights, error) = (&choices[least], errors[least]);
        if error > trials[best].error * (1.0 - WORTH_MIXING) {
            return alone;
        }
        let parts = tried.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
        let names: Vec<&str> = parts.map(|(tried, _)| tried.team.method.as_str()).collect();
        trials.push(Trial { name: names.join(" + "), error });
        weights.clone()
    }

    fn finish(
        self,
        teams: Vec<Team>,
        scores: &[f64],
        truth: &[f64],
        scale: Scale,
        trials: Vec<Trial>,
    ) -> Learned {
        let offset = best_offset(scores, truth, scale, self.metric);
        let scores: Vec<f64> = scores.iter().map(|z| z + offset).collect();
        let errors: Vec<f64> = truth.iter().zip(&scores).map(|(y, z)| scale.forward(*y) - z).collect();
        let rows: Vec<u32> = self.outside.iter().flatten().copied().collect();
        let base = folds::take_columns(&self.base, &rows);
        let (bounds, around) = Bounds::learn(&base, &self.bins, &scores, &errors, self.control.seed);
        let reach = target_reach(self.target, scale);
        let answers: Vec<f64> = scores.iter().map(|z| scale.back(*z)).collect();
        let quantiles: Vec<[f64; 4]> =
            around.iter().zip(&scores).map(|(around, z)| around.map(|e| scale.back(z + e))).collect();
        let scored = Scores::of(&answers, &quantiles, truth);
        let model = Model {
            version: super::model::VERSION,
            target: String::new(),
            rows: self.target.len(),
            schema: self.schema,
            metric: self.metric,
            scale,
            teams,
            encodings: self.folds.into_iter().map(|fold| fold.encoding).collect(),
            offset,
            reach,
            bounds,
            importance: Vec::new(),
        };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by_key(|at| rows[*at]);
        let held_out = HeldOut {
            rows: order.iter().map(|at| rows[*at]).collect(),
            mean: order.iter().map(|at| answers[*at]).collect(),
            quantiles: order.iter().map(|at| quantiles[*at]).collect(),
        };
        let mut learned = Learned { model, trials, held_out, scores: scored, notes: self.notes };
        let sample = super::effects::sample(&rows, self.control.seed);
        let part = folds::take_columns(&self.base, &sample);
        let y = folds::take_targets(self.target, &sample);
        learned.model.importance = super::effects::importance(&learned.model, &part, &y, self.control.seed);
        learned
    }
}

fn base_bins(schema: &Schema, inputs: &[Input], base: &[Vec<f32>]) -> Vec<Bins> {
    let pairs: Vec<(&Input, &Vec<f32>)> = inputs.iter().zip(base).collect();
    pairs
        .into_par_iter()
        .map(|(input, column)| match (&schema.features[input.feature].kind, input.part) {
            (super::schema::FeatureKind::Category { levels }, Part::Code) => Bins::Codes(levels.len() as u32),
            _ => Bins::of_numbers(column),
        })
        .collect()
}

fn boost_settings(rows: usize) -> boost::Settings {
    let usual = boost::Settings::default();
    match rows {
        ..2000 => boost::Settings { smallest_leaf: (rows / 40).clamp(2, 20), ..usual },
        2000..150_000 => boost::Settings { rate: 0.04, ..usual },
        _ => boost::Settings { rate: 0.08, row_share: 0.6, trees: 1000, patience: 40, ..usual },
    }
}

/// Trees of each fold: about a hundred in all.
fn forest_settings(folds: usize) -> forest::Settings {
    forest::Settings { trees: (100 / folds.max(1)).max(20), ..forest::Settings::default() }
}

/// Sizes of trees that are tried.
fn sizes_of(usual: &boost::Settings, columns: usize) -> Vec<boost::Settings> {
    let smaller = (usual.smallest_leaf / 4).max(2);
    let mut sizes = vec![
        *usual,
        boost::Settings { leaves: 15, ..*usual },
        boost::Settings { leaves: 63, ..*usual },
        boost::Settings { smallest_leaf: smaller, ..*usual },
    ];
    if columns > 4 {
        sizes.push(boost::Settings { column_share: 0.5, ..*usual });
        sizes.push(boost::Settings { column_share: 0.5, leaves: 63, smallest_leaf: smaller, ..*usual });
    }
    sizes
}

/// A fold with fewer rows to learn from; `None` where they are few already.
fn thin(fold: &Fold) -> Option<Fold> {
    let rows = fold.inside_y.len();
    if rows <= ROWS_FOR_TRIALS {
        return None;
    }
    let stride = rows.div_ceil(ROWS_FOR_TRIALS);
    let every = |rows: usize| -> Vec<u32> { (0..rows as u32).step_by(stride).collect() };
    let inside = every(rows);
    let outside = every(fold.outside_y.len());
    let part = |rows: &folds::Rows, which: &[u32]| folds::Rows {
        columns: folds::take_columns(&rows.columns, which),
        binned: rows.binned.take(which),
    };
    Some(Fold {
        encoding: fold.encoding.clone(),
        inside: part(&fold.inside, &inside),
        inside_y: folds::take_targets(&fold.inside_y, &inside),
        outside: part(&fold.outside, &outside),
        outside_y: folds::take_targets(&fold.outside_y, &outside),
    })
}

/// All ways to cut the whole weight into steps.
fn weights_of(parts: usize) -> Vec<Vec<f64>> {
    let mut ways: Vec<(usize, Vec<f64>)> = vec![(WEIGHT_STEPS, Vec::new())];
    for part in 0..parts {
        ways = ways
            .into_iter()
            .flat_map(|(left, weights)| {
                let steps = if part + 1 == parts { left..=left } else { 0..=left };
                steps.map(move |step| {
                    let mut weights = weights.clone();
                    weights.push(step as f64 / WEIGHT_STEPS as f64);
                    (left - step, weights)
                })
            })
            .collect();
    }
    ways.into_iter().map(|(_, weights)| weights).collect()
}

fn mixed(tried: &[Tried], weights: &[f64]) -> Vec<f64> {
    let rows = tried.first().map_or(0, |tried| tried.scores.len());
    let mut scores = vec![0.0; rows];
    for (tried, weight) in tried.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
        scores.iter_mut().zip(&tried.scores).for_each(|(sum, z)| *sum += weight * z);
    }
    scores
}

/// Between which answers a model stays, on the scale of learning: half the range of the target beyond it.
fn target_reach(target: &[f64], scale: Scale) -> [f64; 2] {
    let z = target.iter().map(|y| scale.forward(*y));
    let low = z.clone().fold(f64::INFINITY, f64::min);
    let high = z.fold(f64::NEG_INFINITY, f64::max);
    let more = 0.5 * (high - low);
    [low - more, high + more]
}
