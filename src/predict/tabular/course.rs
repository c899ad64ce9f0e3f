//! The course of learning, whatever is learned: rows held out, settings, methods, their weights.
//!
//! Every choice is made by rows held out: the scale of a number and the size of trees on
//! the first fold, the methods and their weights on all folds. The experts of all folds
//! answer together, so that each row is learned from by all of them but one.

use rayon::prelude::*;

use super::bins::Bins;
use super::boost;
use super::folds::{self, Encoding};
use super::frame::Frame;
use super::goal::Goal;
use super::hashed::{self, Factors, Online};
use super::learn::{BUCKETS, LearnError, Trial};
use super::notes::Note;
use super::recipes;
use super::schema::{FeatureKind, Hashing, Input, Part, Schema};
use super::target::Scale;
use super::team::{self, Expert, Fold, Method, Recipe, Stop, Team};
use crate::control::Control;

/// Rows from which the forest is left out of `auto`, since its trees cost most and win least there.
const ROWS_WITHOUT_FOREST: usize = 120_000;
/// Rows that settings are tried on: few for trees, more for learners whose penalty must suit
/// how often a word comes.
const ROWS_FOR_TRIALS: usize = 40_000;
const ROWS_FOR_HASHED_TRIALS: usize = 400_000;
/// A mixture of methods must be better than the best one by this share.
const WORTH_MIXING: f64 = 0.003;
/// Steps into which the whole weight is cut when methods are mixed, and of many methods.
const WEIGHT_STEPS: usize = 20;
const WEIGHT_STEPS_OF_MANY: usize = 8;

/// How to learn, whatever is learned.
pub(crate) struct Way<'a> {
    pub(crate) method: Option<Method>,
    pub(crate) hashing: Hashing,
    pub(crate) control: &'a Control,
}

/// The course of learning.
pub(crate) struct Course<'a> {
    pub(crate) target: &'a [f64],
    pub(crate) way: Way<'a>,
    methods: Vec<Method>,
    pub(crate) notes: Vec<Note>,
    pub(crate) schema: Schema,
    pub(crate) base: Vec<Vec<f32>>,
    pub(crate) bins: Vec<Bins>,
    /// Rows held out by each fold.
    outside: Vec<Vec<u32>>,
    folds: Vec<Fold>,
}

/// A team with its answers on the rows held out, fold after fold.
struct Tried {
    team: Team,
    scores: Vec<f64>,
}

/// The teams that a course ends with.
pub(crate) struct Chosen {
    pub(crate) goal: Goal,
    pub(crate) teams: Vec<Team>,
    /// One a fold.
    pub(crate) encodings: Vec<Encoding>,
    pub(crate) trials: Vec<Trial>,
    /// Rows held out, fold after fold.
    pub(crate) rows: Vec<u32>,
    /// The fold of each.
    pub(crate) fold_of: Vec<u32>,
    /// Their scores and targets.
    pub(crate) scores: Vec<f64>,
    pub(crate) truth: Vec<f64>,
}

impl<'a> Course<'a> {
    pub(crate) fn new(
        frame: &Frame,
        target: &'a [f64],
        goal: Goal,
        way: Way<'a>,
    ) -> Result<Self, LearnError> {
        let seed = way.control.seed;
        if let Some(column) = way.hashing.columns.iter().find(|name| frame.column(name).is_none()) {
            return Err(LearnError::NoSuchColumn { column: column.clone() });
        }
        let mut notes = Vec::new();
        let schema = Schema::of(frame, &way.hashing, &mut notes);
        if schema.features.is_empty() {
            return Err(LearnError::NoColumns);
        }
        let splits = folds::split(target.len(), seed);
        let methods = methods(&way, goal, &schema, target.len());
        check_buckets(&way.hashing, &methods, splits.len())?;
        let targets = goal.for_means(target);
        let inputs = schema.inputs(targets.len());
        let base = schema.encode(frame);
        let bins = base_bins(&schema, &inputs, &base);
        let make = |(inside, outside): &(Vec<u32>, Vec<u32>)| {
            if way.control.should_stop() {
                return Err(LearnError::Interrupted);
            }
            let (encoding, rows) = Encoding::learn(&inputs, &base, &bins, &targets, inside, seed);
            let outside_rows = encoding.form(&folds::take_columns(&base, outside));
            Ok(Fold {
                encoding,
                inside: rows,
                inside_y: folds::take_targets(target, inside),
                outside: outside_rows,
                outside_y: folds::take_targets(target, outside),
            })
        };
        let folds = splits.par_iter().map(make).collect::<Result<Vec<Fold>, LearnError>>()?;
        let outside = splits.into_iter().map(|(_, outside)| outside).collect();
        Ok(Course { target, way, methods, notes, schema, base, bins, outside, folds })
    }

    /// Tries the methods and chooses among them.
    pub(crate) fn run(&mut self, goal: Goal) -> Result<Chosen, LearnError> {
        let control = self.way.control;
        let recipe = self.recipe(goal, &self.methods);
        let mut tried = Vec::new();
        for (at, method) in self.methods.iter().enumerate() {
            control.step("learn", at, self.methods.len());
            if at > 0 && control.should_stop() {
                break;
            }
            tried.push(self.try_out(*method, &recipe));
        }
        if tried.is_empty() || (control.should_stop() && tried.iter().all(|tried| tried.team.is_blank())) {
            return Err(LearnError::Interrupted);
        }
        let goal = recipe.goal;
        let truth: Vec<f64> = self.folds.iter().flat_map(|fold| fold.outside_y.iter().copied()).collect();
        let mut trials: Vec<Trial> = tried
            .iter()
            .map(|tried| Trial {
                name: tried.team.method.as_str().to_owned(),
                error: goal.error(&tried.scores, &truth),
            })
            .collect();
        let weights = mix(&tried, &truth, goal, &mut trials, &|| control.should_stop());
        let scores = mixed(&tried, &weights);
        let teams = tried.into_iter().zip(&weights).filter(|(_, weight)| **weight > 0.0);
        let teams = teams.map(|(tried, weight)| Team { weight: *weight, ..tried.team }).collect();
        let encodings = std::mem::take(&mut self.folds).into_iter().map(|fold| fold.encoding).collect();
        let rows = self.outside.iter().flatten().copied().collect();
        let fold_of =
            self.outside.iter().enumerate().flat_map(|(fold, rows)| rows.iter().map(move |_| fold as u32));
        Ok(Chosen { goal, teams, encodings, trials, rows, fold_of: fold_of.collect(), scores, truth })
    }

    /// The error of a method on the first fold with few rows, to choose how to learn.
    fn trial(&self, method: Method, recipe: &Recipe, fold: &Fold) -> f64 {
        let stop = || self.way.control.should_stop();
        let experts = Expert::learn(method, fold, recipe, &stop);
        recipe.goal.error(&team::scores_of(&experts, &fold.outside), &fold.outside_y)
    }

    /// Chooses the scale, the size of trees and the rates of steps on the first fold.
    fn recipe(&self, goal: Goal, methods: &[Method]) -> Recipe {
        let mut recipe = recipes::usual(goal, &self.way, self.folds.len(), self.folds[0].inside_y.len());
        let small = thin(&self.folds[0], ROWS_FOR_TRIALS);
        let fold = small.as_ref().unwrap_or(&self.folds[0]);
        let least_on = |fold: &Fold, recipes: &[Recipe], method| -> Recipe {
            let errors: Vec<f64> =
                recipes.par_iter().map(|recipe| self.trial(method, recipe, fold)).collect();
            let best =
                (0..errors.len()).fold(0, |best, at| if errors[at] < errors[best] { at } else { best });
            recipes[best]
        };
        let least = |recipes: &[Recipe], method| least_on(fold, recipes, method);
        if let Goal::Number { metric, .. } = goal
            && self.target.iter().all(|y| *y > 0.0)
        {
            let scales = [Scale::Plain, Scale::Log]
                .map(|scale| recipes::quick(Recipe { goal: Goal::Number { metric, scale }, ..recipe }));
            recipe.goal = least(&scales, methods[0]).goal;
        }
        if methods.contains(&Method::Boosted) {
            let sizes: Vec<Recipe> = recipes::sizes_of(&recipe.boost, self.base.len())
                .into_iter()
                .map(|boost| recipes::quick(Recipe { boost, ..recipe }))
                .collect();
            let chosen = least(&sizes, Method::Boosted).boost;
            recipe.boost = boost::Settings {
                leaves: chosen.leaves,
                smallest_leaf: chosen.smallest_leaf,
                column_share: chosen.column_share,
                ..recipe.boost
            };
        }
        if methods.iter().any(|method| method.takes_batches()) {
            let many = thin(&self.folds[0], ROWS_FOR_HASHED_TRIALS);
            let fold = many.as_ref().unwrap_or(&self.folds[0]);
            if methods.contains(&Method::Online) {
                let steps: Vec<Recipe> =
                    recipes::online(&recipe.online).map(|online| Recipe { online, ..recipe }).collect();
                let chosen = least_on(fold, &steps, Method::Online).online;
                recipe.online = hashed::Settings { passes: recipe.online.passes, ..chosen };
            }
            if methods.contains(&Method::Factors) {
                let steps: Vec<Recipe> =
                    recipes::factors(&recipe.factors).map(|factors| Recipe { factors, ..recipe }).collect();
                let chosen = least_on(fold, &steps, Method::Factors).factors;
                recipe.factors = hashed::Settings { passes: recipe.factors.passes, ..chosen };
            }
        }
        recipe
    }

    fn try_out(&self, method: Method, recipe: &Recipe) -> Tried {
        let stop = || self.way.control.should_stop();
        let learned: Vec<(Vec<Expert>, Vec<f64>)> = self
            .folds
            .par_iter()
            .enumerate()
            .map(|(at, fold)| {
                let recipe = Recipe { seed: recipe.seed.wrapping_add(at as u64 * 7919), ..*recipe };
                let experts = Expert::learn(method, fold, &recipe, &stop);
                let scores = team::scores_of(&experts, &fold.outside);
                (experts, scores)
            })
            .collect();
        let mut experts = Vec::new();
        let mut scores = Vec::new();
        for (of_fold, its_scores) in learned {
            experts.extend(of_fold);
            scores.extend(its_scores);
        }
        Tried { team: Team { method, weight: 1.0, experts }, scores }
    }
}

/// The methods to try.
fn methods(way: &Way<'_>, goal: Goal, schema: &Schema, rows: usize) -> Vec<Method> {
    if let Some(method) = way.method {
        return vec![method];
    }
    let mut methods = vec![Method::Boosted];
    if rows < ROWS_WITHOUT_FOREST {
        methods.push(Method::Forest);
    }
    methods.push(Method::Linear);
    let is_pair = goal == Goal::Classes { classes: 2 };
    if is_pair && schema.many_valued() > 0 {
        methods.extend([Method::Online, Method::Factors]);
    }
    methods
}

/// Whether buckets are of use, and the tables of weights of all folds small enough.
fn check_buckets(hashing: &Hashing, methods: &[Method], folds: usize) -> Result<(), LearnError> {
    let buckets = hashing.buckets;
    let widths = methods.iter().filter_map(|method| match method {
        Method::Online => Some((Online::WIDTH, *method)),
        Method::Factors => Some((Factors::WIDTH, *method)),
        Method::Linear | Method::Forest | Method::Boosted => None,
    });
    match widths.max_by_key(|(width, _)| *width) {
        None if hashing.columns.is_empty() && buckets != BUCKETS => Err(LearnError::IdleBuckets { buckets }),
        None => Ok(()),
        Some((width, method)) => {
            let most = (hashed::MOST_NUMBERS / (width * folds.max(1))) as u32;
            let is_fine = buckets <= most;
            is_fine.then_some(()).ok_or(LearnError::TooManyBuckets { buckets, most, method, folds })
        }
    }
}

/// The weights with the least error; one method alone where a mixture is hardly better, or time is up.
fn mix(tried: &[Tried], truth: &[f64], goal: Goal, trials: &mut Vec<Trial>, stop: Stop<'_>) -> Vec<f64> {
    let best =
        (0..trials.len()).fold(0, |best, at| if trials[at].error < trials[best].error { at } else { best });
    let alone: Vec<f64> = (0..tried.len()).map(|at| f64::from(u8::from(at == best))).collect();
    if tried.len() < 2 {
        return alone;
    }
    let choices = weights_of(tried.len());
    let error = |weights: &Vec<f64>| {
        if stop() { f64::INFINITY } else { goal.error(&mixed(tried, weights), truth) }
    };
    let errors: Vec<f64> = choices.par_iter().map(error).collect();
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

fn base_bins(schema: &Schema, inputs: &[Input], base: &[Vec<f32>]) -> Vec<Bins> {
    let pairs: Vec<(&Input, &Vec<f32>)> = inputs.iter().zip(base).collect();
    pairs
        .into_par_iter()
        .map(|(input, column)| match (&schema.features[input.feature].kind, input.part) {
            (FeatureKind::Category { levels }, Part::Code) => Bins::Codes(levels.len() as u32),
            (FeatureKind::Hashed { .. }, Part::Code) => Bins::Codes(0),
            _ => Bins::of_numbers(column),
        })
        .collect()
}

/// A fold with fewer rows to learn from; `None` where they are few already.
fn thin(fold: &Fold, most: usize) -> Option<Fold> {
    let rows = fold.inside_y.len();
    if rows <= most {
        return None;
    }
    let stride = rows.div_ceil(most);
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
    let all = if parts > 3 { WEIGHT_STEPS_OF_MANY } else { WEIGHT_STEPS };
    let mut ways: Vec<(usize, Vec<f64>)> = vec![(all, Vec::new())];
    for part in 0..parts {
        ways = ways
            .into_iter()
            .flat_map(|(left, weights)| {
                let steps = if part + 1 == parts { left..=left } else { 0..=left };
                steps.map(move |step| {
                    let mut weights = weights.clone();
                    weights.push(step as f64 / all as f64);
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
