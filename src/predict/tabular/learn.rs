//! Learns to predict a number: the course of learning, then the offset and the bounds of its answers.

use super::classify::MOST_CLASSES;
use super::conformal::Bounds;
use super::course::{Chosen, Course, Way};
use super::effects::{self, Sample};
use super::folds;
use super::frame::Frame;
use super::goal::Goal;
use super::metrics::{Metric, Scores};
use super::model::Model;
use super::notes::Note;
use super::schema::Hashing;
use super::target::{Scale, best_offset, natural_metric};
use super::team::Method;
use crate::control::Control;

/// Fewest rows that can be learned from.
pub const FEWEST_ROWS: usize = 20;
/// Buckets of hashed words.
pub(crate) const BUCKETS: u32 = 1 << 18;
/// Most of them: each is a whole number in the numbers of a row.
const MOST_BUCKETS: u32 = 1 << 24;

/// How to learn.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `method` | none | the method; none: whichever is best on rows held out, or a mixture | |
/// | `metric` | none | the error of numbers that is made small, an error with classes; none: MAPE where the target is positive and its 95 % quantile more than three times its 5 % quantile, else RMSE | |
/// | `hash` | none | columns whose words are known by their bucket only | |
/// | `buckets` | 262,144 | buckets of hashed words; another number is an error where nothing is hashed | 1 to 16,777,216; `online` and `factors` keep 2 and 18 numbers a bucket and fold, at most 134,217,728 |
#[derive(Debug, Clone, PartialEq)]
pub struct LearnOptions {
    /// The method.
    pub method: Option<Method>,
    /// The error of numbers that is made small.
    pub metric: Option<Metric>,
    /// Columns whose words are known by their bucket only.
    pub hash: Vec<String>,
    /// Buckets of hashed words.
    pub buckets: u32,
}

impl Default for LearnOptions {
    fn default() -> Self {
        LearnOptions { method: None, metric: None, hash: Vec::new(), buckets: BUCKETS }
    }
}

impl LearnOptions {
    pub(crate) fn way<'a>(&self, control: &'a Control) -> Result<Way<'a>, LearnError> {
        if !(1..=MOST_BUCKETS).contains(&self.buckets) {
            return Err(LearnError::Buckets { buckets: self.buckets });
        }
        // Learners that go on with new rows need a place for words that are yet to come.
        let all_words = self.method.is_some_and(Method::takes_batches);
        let hashing = Hashing { columns: self.hash.clone(), all_words, buckets: self.buckets };
        Ok(Way { method: self.method, hashing, control })
    }
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
    /// Expected sizes of the errors, on the scale of learning.
    pub sizes: Vec<f64>,
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
    /// Fewer or more buckets than there may be.
    #[error("{buckets} buckets are not between 1 and {MOST_BUCKETS}")]
    Buckets {
        /// The number wanted.
        buckets: u32,
    },
    /// Another number of buckets than usual, where no word is hashed.
    #[error(
        "the option buckets is {buckets}, but no words are hashed: neither by the option hash nor by a method"
    )]
    IdleBuckets {
        /// The number wanted.
        buckets: u32,
    },
    /// Stopped before there was a model.
    #[error("stopped before a model was learned")]
    Interrupted,
    /// An error of numbers is to be made small, but classes are learned.
    #[error("the option metric is {}, which is for numbers; of classes the log loss is made small", .metric.as_str())]
    MetricOfClasses {
        /// The metric wanted.
        metric: Metric,
    },
    /// The method is made for two classes.
    #[error("the method {} learns two classes only; there {what}", .method.as_str())]
    NeedsTwoClasses {
        /// The method.
        method: Method,
        /// What the target is instead.
        what: String,
    },
    /// No column says anything.
    #[error("no column says anything about the target")]
    NoColumns,
    /// A column that is to be hashed is not there.
    #[error("there is no column {column} to hash")]
    NoSuchColumn {
        /// Its name.
        column: String,
    },
    /// The target never changes.
    #[error("the target has the same value in every row")]
    OneTarget,
    /// Tables of weights, one a fold, would be too large.
    #[error(
        "the option buckets is {buckets}; for the method {} in {folds} folds {most} are the most", .method.as_str()
    )]
    TooManyBuckets {
        /// The number wanted.
        buckets: u32,
        /// The greatest number that is possible.
        most: u32,
        /// The method that keeps the tables.
        method: Method,
        /// Tables of it.
        folds: usize,
    },
    /// Too few rows.
    #[error("{rows} rows are too few to learn from; {FEWEST_ROWS} are the least")]
    TooFewRows {
        /// Rows with a target.
        rows: usize,
    },
    /// Too many classes.
    #[error("{classes} classes are too many; {MOST_CLASSES} are the most")]
    TooManyClasses {
        /// Classes of the target.
        classes: usize,
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
    if let Some(method) = options.method.filter(|method| method.takes_batches()) {
        return Err(LearnError::NeedsTwoClasses { method, what: "are numbers".to_owned() });
    }
    let metric = options.metric.unwrap_or_else(|| natural_metric(target));
    let goal = Goal::Number { metric, scale: Scale::Plain };
    let way = options.way(control)?;
    control.install(|| {
        let mut course = Course::new(frame, target, goal, way)?;
        let chosen = course.run(goal)?;
        Ok(finish(course, chosen, metric))
    })
}

/// The model of the teams chosen, with its bounds.
fn finish(course: Course<'_>, chosen: Chosen, metric: Metric) -> Learned {
    let (scale, seed) = (chosen.goal.scale(), course.way.control.seed);
    let (truth, rows) = (&chosen.truth, &chosen.rows);
    let offset = best_offset(&chosen.scores, truth, scale, metric);
    let scores: Vec<f64> = chosen.scores.iter().map(|z| z + offset).collect();
    let errors: Vec<f64> = truth.iter().zip(&scores).map(|(y, z)| scale.forward(*y) - z).collect();
    let base = folds::take_columns(&course.base, rows);
    let (bounds, sizes) = Bounds::learn(&base, &course.bins, &scores, &errors, seed);
    let answers: Vec<f64> = scores.iter().map(|z| scale.back(*z)).collect();
    let around = |(size, z): (&f64, &f64)| bounds.around(*size).map(|e| scale.back(z + e));
    let quantiles: Vec<[f64; 4]> = sizes.iter().zip(&scores).map(around).collect();
    let scored = Scores::of(&answers, &quantiles, truth);
    let order = ascending(rows);
    let held_out = HeldOut {
        rows: order.iter().map(|at| rows[*at]).collect(),
        mean: order.iter().map(|at| answers[*at]).collect(),
        quantiles: order.iter().map(|at| quantiles[*at]).collect(),
        sizes: order.iter().map(|at| sizes[*at]).collect(),
    };
    let mut model = Model {
        version: super::model::VERSION,
        target: String::new(),
        rows: course.target.len(),
        schema: course.schema,
        metric,
        scale,
        teams: chosen.teams,
        encodings: chosen.encodings,
        offset,
        reach: target_reach(course.target, scale),
        bounds,
        margins: None,
        importance: Vec::new(),
    };
    let Sample { rows, fold_of } = Sample::of(rows, &chosen.fold_of, seed);
    let part = folds::take_columns(&course.base, &rows);
    let y = folds::take_targets(course.target, &rows);
    let error = |base: &[Vec<f32>]| metric.of(&model.held_out_answers(base, &fold_of), &y);
    model.importance = effects::importance(&model.schema, &part, seed, &error);
    Learned { model, trials: chosen.trials, held_out, scores: scored, notes: course.notes }
}

/// The places of rows in ascending order of the rows.
pub(crate) fn ascending(rows: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_unstable_by_key(|at| rows[*at]);
    order
}

/// Between which answers a model stays, on the scale of learning: half the range of the target beyond it.
fn target_reach(target: &[f64], scale: Scale) -> [f64; 2] {
    let z = target.iter().map(|y| scale.forward(*y));
    let low = z.clone().fold(f64::INFINITY, f64::min);
    let high = z.fold(f64::NEG_INFINITY, f64::max);
    let more = 0.5 * (high - low);
    [low - more, high + more]
}
