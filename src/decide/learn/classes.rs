//! Learning the classes of rows from a table, telling them for other rows, and learning on.

use std::time::Instant;

use serde_json::{Value, json};

use super::faults::{fault_of, refusal};
use super::task::Labels;
use super::{CURVES, LearnFailure, TaskFound, number};
use crate::control::Control;
use crate::data::{Code, Column, Fault, Faults, Severity, Table};
use crate::predict::tabular::{
    Chances, ClassCurve, ClassEffects, ClassScores, Classifier, Frame, LearnOptions, LearnedClasses, Note,
    PredictError, Trial, UpdateError, classify,
};

/// Standard deviations between expected and real rows of a class from which a change is told.
const DRIFT: f64 = 4.0;

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassAnswer {
    /// The classifier.
    pub model: Classifier,
    /// Why classes were learned.
    pub because: String,
    /// Log loss of each method on rows held out; empty for a saved model.
    pub trials: Vec<Trial>,
    /// Scores on the rows held out in learning.
    pub held_out: Option<ClassScores>,
    /// Scores on the test rows, where their class is known; of an update, before it was learned from.
    pub test: Option<ClassScores>,
    /// Chances of the rows predicted, and their classes where they are known.
    pub chances: Chances,
    /// The classes of these rows.
    pub truth: Vec<Option<u32>>,
    /// `row`, the likeliest class, and the chance of each class.
    pub predictions: Table,
    /// `row,class,base` and what each column adds, for the first rows.
    pub effects: Table,
    /// Curves of the features that matter most.
    pub curves: Vec<ClassCurve>,
    /// Rows that the model learned on from, where it did.
    pub updated: Option<usize>,
    /// Repairs and warnings.
    pub notices: Faults,
    /// Seconds for learning and predicting.
    pub seconds: [f64; 2],
}

/// What was learned, ready to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassLesson {
    model: Classifier,
    because: String,
    /// What learning found out; `None` for a model that was learned before.
    learned: Option<(LearnedClasses, Frame, Vec<Option<u32>>)>,
    notices: Faults,
    seconds: f64,
}

impl ClassLesson {
    /// Learns the classes of the column `target` from the other columns; rows where it is blank are left out.
    ///
    /// # Errors
    /// Every fault of the table at once; a stop before there was a model.
    ///
    /// ```
    /// use purvey::control::Control;
    /// use purvey::data::Table;
    /// use purvey::decide::learn::{ClassLesson, task_of};
    /// use purvey::predict::tabular::LearnOptions;
    /// let visits = Table::new("visits")
    ///     .with_number("minutes", (0..300).map(|row| f64::from(row % 50)))
    ///     .with_text("buys", (0..300).map(|row| if row % 50 > 30 { "yes" } else { "no" }));
    /// let (options, control) = (LearnOptions::default(), Control::default());
    /// let lesson = ClassLesson::learn(&visits, "buys", &task_of(&visits, "buys"), &options, &control)?;
    /// let new = Table::new("new").with_number("minutes", [5.0, 45.0]);
    /// let answer = lesson.answer(Some(&new), 1, &control)?;
    /// assert_eq!(answer.predictions.text("class").unwrap().get(1), "yes");
    /// assert!(answer.predictions.number("p_yes").unwrap()[1] > 0.9);
    /// # Ok::<(), purvey::decide::learn::LearnFailure>(())
    /// ```
    pub fn learn(
        table: &Table,
        target: &str,
        found: &TaskFound,
        options: &LearnOptions,
        control: &Control,
    ) -> Result<Self, LearnFailure> {
        let start = Instant::now();
        let mut notices = Faults::default();
        let labels = Labels::of(table, target)?;
        let rows: Vec<u32> =
            (0..table.len() as u32).filter(|row| labels.of_rows[*row as usize].is_some()).collect();
        tell_blanks(table, target, table.len() - rows.len(), &mut notices);
        let whole = Frame::of(table, &[target]);
        let frame = if rows.len() == table.len() {
            whole
        } else {
            let columns = whole.columns().iter();
            columns.fold(Frame::default(), |part, (name, cells)| part.with(name.clone(), cells.take(&rows)))
        };
        let y: Vec<u32> = labels.of_rows.iter().copied().flatten().collect();
        let mut learned = classify(&frame, &y, &labels.classes, options, control)
            .map_err(|error| refusal(error, table, target))?;
        learned.model = learned.model.with_target(target);
        // Rows of the frame are not rows of the file where classes were blank.
        learned.rows.iter_mut().for_each(|row| *row = rows[*row as usize]);
        notices.extend(learned.notes.iter().map(|note| fault_of(note, table)).collect());
        let truth = learned.rows.iter().map(|row| labels.of_rows[*row as usize]).collect();
        Ok(ClassLesson {
            model: learned.model.clone(),
            because: found.because.clone(),
            learned: Some((learned, frame, truth)),
            notices,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// A classifier that was learned before.
    #[must_use]
    pub fn of(model: Classifier) -> Self {
        let because = "the saved model tells classes".to_owned();
        ClassLesson { model, because, learned: None, notices: Faults::default(), seconds: 0.0 }
    }

    /// The classifier.
    #[must_use]
    pub fn model(&self) -> &Classifier {
        &self.model
    }

    /// Tells the classes of a table's rows, or without one gives the answers for the rows held out in
    /// learning; explains the first `explain` rows column by column.
    ///
    /// # Errors
    /// Columns that are missing or of another kind than those learned from.
    pub fn answer(
        self,
        test: Option<&Table>,
        explain: usize,
        control: &Control,
    ) -> Result<ClassAnswer, Faults> {
        let ClassLesson { model, because, learned, mut notices, seconds } = self;
        let start = Instant::now();
        let (rows, frame, chances, truth) = match (test, &learned) {
            (Some(table), _) => {
                let (frame, chances, truth) = told(&model, table, Severity::Warning, control, &mut notices)?;
                ((0..table.len() as u32).collect(), Some(frame), chances, truth)
            }
            (None, Some((learned, frame, truth))) => {
                (learned.rows.clone(), Some(frame.clone()), learned.held_out.clone(), truth.clone())
            }
            (None, None) => (Vec::new(), None, Chances::default(), Vec::new()),
        };
        let predict = start.elapsed().as_secs_f64();
        let (effects, curves) = frame.map_or_else(Default::default, |f| tell(&model, &f, explain, control));
        let is_scored = test.is_some() && truth.iter().any(Option::is_some);
        Ok(ClassAnswer {
            because,
            held_out: learned.as_ref().map(|(learned, ..)| learned.scores.clone()),
            trials: learned.map(|(learned, ..)| learned.trials).unwrap_or_default(),
            test: is_scored.then(|| chances.scores(&truth)),
            predictions: predictions_table(&model, &rows, &chances),
            effects: effects_table(&model, &effects),
            curves,
            chances,
            truth,
            model,
            updated: None,
            notices,
            seconds: [seconds, predict],
        })
    }

    /// Tells the classes of a table's rows, then learns on from them: the scores are those before.
    ///
    /// # Errors
    /// Columns that are missing or of another kind, classes that the model does not know, a model
    /// whose method learns from all rows at once.
    pub fn update(self, table: &Table, explain: usize, control: &Control) -> Result<ClassAnswer, Faults> {
        let ClassLesson { mut model, because, mut notices, .. } = self;
        let start = Instant::now();
        let (frame, chances, truth) = told(&model, table, Severity::Error, control, &mut notices)?;
        if notices.has_errors() {
            return Err(notices);
        }
        let predict = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let rows: Vec<u32> = (0..table.len() as u32).filter(|row| truth[*row as usize].is_some()).collect();
        tell_blanks(table, model.target(), table.len() - rows.len(), &mut notices);
        tell_drift(&model, table, &chances, &truth, &mut notices);
        let y: Vec<u32> = truth.iter().copied().flatten().collect();
        let columns = frame.columns().iter();
        let part =
            columns.fold(Frame::default(), |part, (name, cells)| part.with(name.clone(), cells.take(&rows)));
        model.update(&part, &y, control).map_err(|error| match error {
            UpdateError::Columns(PredictError::Columns { notes }) => faults_of(&notes, table),
            UpdateError::LearnsAtOnce { .. } => {
                let fault = Fault::error(Code::NotAChoice, table.file(), error.to_string());
                fault.with_help("learn the model with --method online or --method factors").into()
            }
        })?;
        let seconds = [start.elapsed().as_secs_f64(), predict];
        let (effects, curves) = tell(&model, &frame, explain, control);
        let all: Vec<u32> = (0..table.len() as u32).collect();
        Ok(ClassAnswer {
            because,
            held_out: None,
            trials: Vec::new(),
            test: (!y.is_empty()).then(|| chances.scores(&truth)),
            predictions: predictions_table(&model, &all, &chances),
            effects: effects_table(&model, &effects),
            curves,
            chances,
            truth,
            model,
            updated: Some(rows.len()),
            notices,
            seconds,
        })
    }
}

/// The rows of a table in form, their chances, and their classes where the table knows them.
fn told(
    model: &Classifier,
    table: &Table,
    strange: Severity,
    control: &Control,
    notices: &mut Faults,
) -> Result<(Frame, Chances, Vec<Option<u32>>), Faults> {
    let truth = match table.column(model.target()) {
        Some(_) => Labels::among(table, model, strange, notices)?,
        None => vec![None; table.len()],
    };
    let frame = Frame::of(table, &[model.target()]);
    match model.predict(&frame, control) {
        Ok((chances, notes)) => {
            notices.extend(faults_of(&notes, table));
            Ok((frame, chances, truth))
        }
        Err(PredictError::Columns { notes }) => Err(faults_of(&notes, table)),
    }
}

fn faults_of(notes: &[Note], table: &Table) -> Faults {
    notes.iter().map(|note| fault_of(note, table)).collect()
}

fn tell_blanks(table: &Table, target: &str, blank: usize, notices: &mut Faults) {
    if blank > 0 {
        let message = format!("{target} is blank in {blank} rows: left out");
        notices.push(Fault::error(Code::LeftOut, table.file(), message).with_severity(Severity::Notice));
    }
}

/// Says where new rows hold far more or fewer rows of a class than the chances let expect.
fn tell_drift(
    model: &Classifier,
    table: &Table,
    chances: &Chances,
    truth: &[Option<u32>],
    notices: &mut Faults,
) {
    let known: Vec<(usize, u32)> =
        truth.iter().enumerate().filter_map(|(row, class)| class.map(|class| (row, class))).collect();
    let rows = known.len() as f64;
    // Of two classes the second tells all.
    let first = usize::from(model.classes().len() == 2);
    for (class, name) in model.classes().iter().enumerate().skip(first) {
        let p = known.iter().map(|(row, _)| chances.row(*row)[class]);
        let (expected, spread) = p.fold((0.0, 0.0), |(sum, spread), p| (sum + p, spread + p * (1.0 - p)));
        let real = known.iter().filter(|(_, of_row)| *of_row as usize == class).count() as f64;
        if (real - expected).abs() > DRIFT * f64::max(spread, 1.0).sqrt() {
            let message = format!(
                "{:.2} % of the rows are {name}; the model expected {:.2} %",
                100.0 * real / rows,
                100.0 * expected / rows
            );
            let fault = Fault::error(Code::OutOfRange, table.file(), message).in_column(model.target(), "");
            let help =
                "the model learns on from these rows; after a lasting change learn anew from recent ones";
            notices.push(fault.with_severity(Severity::Warning).with_help(help));
        }
    }
}

/// Effects of the first rows, and curves over all.
fn tell(
    model: &Classifier,
    frame: &Frame,
    explain: usize,
    control: &Control,
) -> (Vec<ClassEffects>, Vec<ClassCurve>) {
    let effects = model.explain(frame, explain, control).unwrap_or_default();
    let telling = model.ranking().into_iter().filter(|feature| model.importance()[*feature] > 0.0);
    let curves = telling.take(CURVES).filter_map(|feature| model.curve(frame, feature, control).ok());
    (effects, curves.collect())
}

fn predictions_table(model: &Classifier, rows: &[u32], chances: &Chances) -> Table {
    let classes = model.classes();
    let mut table = Table::new("predictions")
        .with_number("row", rows.iter().map(|row| f64::from(*row)))
        .with_text("class", (0..chances.rows()).map(|row| &classes[chances.likeliest(row)]));
    for (class, name) in classes.iter().enumerate() {
        table.set(format!("p_{name}"), Column::Number(chances.of_class(class)));
    }
    table
}

fn effects_table(model: &Classifier, effects: &[ClassEffects]) -> Table {
    let mut table = Table::new("effects")
        .with_number("row", (0..effects.len()).map(|row| row as f64))
        .with_text("class", effects.iter().map(|row| &model.classes()[row.class]))
        .with_number("base", effects.iter().map(|row| row.base));
    for (at, feature) in model.schema().features.iter().enumerate() {
        let values = effects.iter().map(|row| row.by_feature[at]).collect();
        table.set(format!("effect_{}", feature.name), Column::Number(values));
    }
    table.with_number("answer", effects.iter().map(|row| row.answer))
}

impl ClassAnswer {
    /// What `purvey learn --json` prints; shares are shares (0.06 is 6 %).
    #[must_use]
    pub fn document(&self) -> Value {
        let model = &self.model;
        let feature = |at: usize| {
            let feature = &model.schema().features[at];
            let importance = number(model.importance()[at]);
            json!({ "name": feature.name, "type": feature.kind.as_str(), "importance": importance })
        };
        let features: Vec<Value> = model.ranking().into_iter().map(feature).collect();
        let warnings: Vec<String> = self.notices.as_slice().iter().map(ToString::to_string).collect();
        let trials: Vec<Value> =
            self.trials.iter().map(|t| json!({ "name": t.name, "error": number(t.error) })).collect();
        json!({ "learn": {
            "task": "classification",
            "because": self.because,
            "rows": model.rows(),
            "classes": model.classes(),
            "rows_of_classes": model.rows_of_classes(),
            "method": model.method(),
            "target": model.target(),
            "metric": "log_loss",
            "calibration": model.calibration(),
            "batches": model.batches(),
            "updated": self.updated,
            "test": self.test.as_ref().map(scores),
            "held_out": self.held_out.as_ref().map(scores),
            "trials": trials,
            "features": features,
            "seconds": { "fit": self.seconds[0], "predict": self.seconds[1] },
            "warnings": warnings,
        } })
    }
}

fn scores(scores: &ClassScores) -> Value {
    json!({
        "rows": scores.rows,
        "accuracy": number(scores.accuracy),
        "balanced_accuracy": number(scores.balanced_accuracy),
        "macro_f1": number(scores.macro_f1),
        "log_loss": number(scores.log_loss),
        "auc": number(scores.auc),
        "brier": number(scores.brier),
        "calibration_error": number(scores.calibration_error),
        "confusion": scores.confusion,
    })
}
