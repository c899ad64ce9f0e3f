//! Learns the classes of rows: the course of learning, then chances that come true as often as they say.

use super::calibrate::Calibration;
use super::chances::{Chances, ClassScores};
use super::classifier::{Classifier, Kind};
use super::course::{Chosen, Course};
use super::effects::{self, Sample};
use super::folds;
use super::frame::Frame;
use super::goal::Goal;
use super::learn::{FEWEST_ROWS, LearnError, LearnOptions, Trial, ascending};
use super::notes::Note;
use crate::control::Control;

/// Most classes that can be learned.
pub const MOST_CLASSES: usize = 100;

/// A classifier, and what was found out on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedClasses {
    /// The classifier.
    pub model: Classifier,
    /// Log loss of each method on rows held out, and of the mixture where there is one, before calibration.
    pub trials: Vec<Trial>,
    /// The rows held out, from 0, in ascending order; all unless there are hundreds of thousands.
    pub rows: Vec<u32>,
    /// Their chances, by experts and a calibration that did not learn from them.
    pub held_out: Chances,
    /// Scores of those.
    pub scores: ClassScores,
    /// Remarks on the columns.
    pub notes: Vec<Note>,
}

/// Learns the class of a row (`target` holds its index among `classes`) from the columns of `frame`.
///
/// No class is given more weight than its rows have.
///
/// # Errors
/// When there is nothing to learn from, or the work was stopped before there was a model.
///
/// ```
/// use purvey::control::Control;
/// use purvey::predict::tabular::{Cells, Frame, LearnOptions, classify};
/// let age: Vec<f64> = (0..400).map(|k| f64::from(k % 50)).collect();
/// let buys: Vec<u32> = (0..400_u32).map(|k| u32::from((k % 50 + k / 50) > 30)).collect();
/// let frame = Frame::default().with("age", Cells::Number(age));
/// let classes = ["no".to_owned(), "yes".to_owned()];
/// let learned = classify(&frame, &buys, &classes, &LearnOptions::default(), &Control::default())?;
/// let fresh = Frame::default().with("age", Cells::Number(vec![5.0, 45.0]));
/// let (chances, _) = learned.model.predict(&fresh, &Control::default())?;
/// assert!(chances.row(0)[1] < 0.1 && chances.row(1)[1] > 0.9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn classify(
    frame: &Frame,
    target: &[u32],
    classes: &[String],
    options: &LearnOptions,
    control: &Control,
) -> Result<LearnedClasses, LearnError> {
    if target.len() < FEWEST_ROWS {
        return Err(LearnError::TooFewRows { rows: target.len() });
    }
    if classes.len() > MOST_CLASSES {
        return Err(LearnError::TooManyClasses { classes: classes.len() });
    }
    let is_known = |class: &u32| (*class as usize) < classes.len();
    if target.windows(2).all(|pair| pair[0] == pair[1]) || !target.iter().all(is_known) {
        return Err(LearnError::OneTarget);
    }
    if let Some(metric) = options.metric {
        return Err(LearnError::MetricOfClasses { metric });
    }
    if let Some(method) = options.method.filter(|method| method.takes_batches() && classes.len() > 2) {
        return Err(LearnError::NeedsTwoClasses { method, what: format!("are {}", classes.len()) });
    }
    let y: Vec<f64> = target.iter().map(|class| f64::from(*class)).collect();
    let goal = Goal::Classes { classes: classes.len() };
    let way = options.way(control)?;
    control.install(|| {
        let mut course = Course::new(frame, &y, goal, way)?;
        let chosen = course.run(goal)?;
        Ok(finish(course, chosen, classes))
    })
}

/// The classifier of the teams chosen, calibrated.
fn finish(course: Course<'_>, chosen: Chosen, classes: &[String]) -> LearnedClasses {
    let seed = course.way.control.seed;
    let count = classes.len();
    let stop = || course.way.control.should_stop();
    let (calibration, values) = Calibration::learn(&chosen.scores, &chosen.truth, count, seed, &stop);
    let told = Chances { classes: count, values };
    let order = ascending(&chosen.rows);
    let held_out =
        Chances { classes: count, values: order.iter().flat_map(|at| told.row(*at)).copied().collect() };
    let truth: Vec<Option<u32>> = order.iter().map(|at| Some(chosen.truth[*at] as u32)).collect();
    let mut rows_of = vec![0; count];
    course.target.iter().for_each(|y| rows_of[*y as usize] += 1);
    let mut model = Classifier {
        version: super::model::VERSION,
        task: Kind::Classification,
        target: String::new(),
        classes: classes.to_vec(),
        rows_of,
        batches: 0,
        schema: course.schema,
        teams: chosen.teams,
        encodings: chosen.encodings,
        calibration,
        importance: Vec::new(),
    };
    let Sample { rows, fold_of } = Sample::of(&chosen.rows, &chosen.fold_of, seed);
    let part = folds::take_columns(&course.base, &rows);
    let y: Vec<Option<u32>> = rows.iter().map(|row| Some(course.target[*row as usize] as u32)).collect();
    let error = |base: &[Vec<f32>]| model.held_out_chances(base, &fold_of).log_loss(&y);
    model.importance = effects::importance(&model.schema, &part, seed, &error);
    LearnedClasses {
        model,
        trials: chosen.trials,
        rows: order.iter().map(|at| chosen.rows[*at]).collect(),
        scores: held_out.scores(&truth),
        held_out,
        notes: course.notes,
    }
}
