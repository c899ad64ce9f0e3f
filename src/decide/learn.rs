//! Learning from a table: reads it, learns to predict one column, predicts for other rows.

mod present;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use crate::control::Control;
use crate::data::{
    Code, Column, Declaration, Fault, Faults, Kind, Severity, Table, Wanted, read_open, read_text,
};
use crate::predict::tabular::{
    self, Curve, FeatureKind, Frame, LearnError, LearnOptions, Learned, Model, Note, PredictError,
    Predictions, RowEffects, Scores, Trial,
};

/// Features that are drawn as curves.
const CURVES: usize = 6;

/// What is learned from, or a model that was learned before.
#[derive(Debug, Clone, PartialEq)]
pub enum Teacher {
    /// A table with its target.
    Table {
        /// The file.
        path: PathBuf,
        /// Column to predict.
        target: String,
        /// Columns to leave out.
        drop: Vec<String>,
        /// How to learn.
        options: LearnOptions,
    },
    /// A saved model.
    Saved(PathBuf),
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Where the model comes from.
    pub teacher: Teacher,
    /// Rows to predict; with their target where it is to be scored.
    pub test: Option<PathBuf>,
    /// How many rows are explained column by column.
    pub explain: usize,
    /// How the files are written.
    pub declaration: Declaration,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The model.
    pub model: Model,
    /// Error of each method on rows held out; empty for a saved model.
    pub trials: Vec<Trial>,
    /// Scores on the rows held out in learning.
    pub held_out: Option<Scores>,
    /// Scores on the test rows, where they have their target.
    pub test: Option<Scores>,
    /// `row,mean,q10,q90,q2.5,q97.5`.
    pub predictions: Table,
    /// `row,base` and what each column adds, for the first rows.
    pub effects: Table,
    /// Curves of the features that matter most.
    pub curves: Vec<Curve>,
    /// Repairs and warnings.
    pub notices: Faults,
    /// Seconds for learning and predicting.
    pub seconds: [f64; 2],
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LearnFailure {
    /// The tables cannot be used.
    #[error("{0}")]
    Input(Faults),
    /// Stopped before there was a model.
    #[error("stopped before a model was learned")]
    Interrupted,
}

impl From<Faults> for LearnFailure {
    fn from(faults: Faults) -> Self {
        LearnFailure::Input(faults)
    }
}

/// Learns or reads the model, predicts, explains.
///
/// # Errors
/// Every fault of a table at once; a saved model that cannot be used; a stop before there was a model.
pub fn run(task: &Task, control: &Control) -> Result<Answer, LearnFailure> {
    let mut notices = Faults::default();
    let start = Instant::now();
    let (model, learned, frame) = match &task.teacher {
        Teacher::Saved(path) => (read_model(path)?, None, None),
        Teacher::Table { path, target, drop, options } => {
            let read = read_training(path, target, drop, &task.declaration, &mut notices)?;
            let learned = learn(path, target, &read, options, control, &mut notices)?;
            (learned.model.clone(), Some(learned), Some(read.frame))
        }
    };
    let fit = if learned.is_some() { start.elapsed().as_secs_f64() } else { 0.0 };
    let start = Instant::now();
    let rows = match &task.test {
        Some(path) => Some(read_rows(path, &model, &task.declaration, &mut notices)?),
        None => None,
    };
    let (answers, truth) = match (&rows, &learned) {
        (Some(rows), _) => (predict(&model, rows, control, &mut notices)?, rows.truth.clone()),
        (None, Some(learned)) => (held_out_answers(learned), None),
        (None, None) => (Predictions::default(), None),
    };
    let predict = start.elapsed().as_secs_f64();
    let shown = rows.as_ref().map(|rows| &rows.frame).or(frame.as_ref());
    let (effects, curves) = shown.map_or_else(Default::default, |frame| tell(&model, frame, task, control));
    let row_numbers: Vec<f64> = match (&rows, &learned) {
        (None, Some(learned)) => learned.held_out.rows.iter().map(|row| f64::from(*row)).collect(),
        _ => (0..answers.mean.len()).map(|row| row as f64).collect(),
    };
    Ok(Answer {
        test: truth.map(|truth| Scores::of(&answers.mean, &answers.quantiles, &truth)),
        held_out: learned.as_ref().map(|learned| learned.scores),
        trials: learned.map(|learned| learned.trials).unwrap_or_default(),
        predictions: predictions_table(row_numbers, &answers),
        effects: effects_table(&model, &effects),
        curves,
        model,
        notices,
        seconds: [fit, predict],
    })
}

/// Rows with a target, in the form of learning.
struct Training {
    table: Table,
    frame: Frame,
    /// Row of the table of each row of the frame.
    rows: Vec<u32>,
    target: Vec<f64>,
}

/// Rows to predict.
struct Rows {
    table: Table,
    frame: Frame,
    /// NaN where it is not known.
    truth: Option<Vec<f64>>,
}

fn read_training(
    path: &Path,
    target: &str,
    drop: &[String],
    declaration: &Declaration,
    notices: &mut Faults,
) -> Result<Training, LearnFailure> {
    let label = path.display().to_string();
    if drop.iter().any(|name| name == target) {
        let fault =
            Fault::error(Code::Contradiction, label, format!("{target} is the target and to be dropped"));
        return Err(LearnFailure::Input(fault.with_help("take it out of --drop").into()));
    }
    let without = drop.iter().map(String::as_str).collect();
    let wanted = Wanted { without, strict: vec![target], ..Wanted::default() };
    let (table, faults) = read_open(path, &label, &wanted, declaration)?;
    notices.extend(faults);
    let whole = Frame::of(&table, &[target]);
    let y = table.number(target).unwrap_or_default();
    let rows: Vec<u32> = (0..table.len() as u32).filter(|row| !y[*row as usize].is_nan()).collect();
    let blank = y.len() - rows.len();
    if blank > 0 {
        let message = format!("{target} is blank in {blank} rows: left out");
        notices.push(Fault::error(Code::LeftOut, &label, message).with_severity(Severity::Notice));
    }
    let target = rows.iter().map(|row| y[*row as usize]).collect();
    let frame = if blank == 0 {
        whole
    } else {
        let columns = whole.columns().iter();
        columns.fold(Frame::default(), |part, (name, cells)| part.with(name.clone(), cells.take(&rows)))
    };
    Ok(Training { table, frame, rows, target })
}

fn learn(
    path: &Path,
    target: &str,
    read: &Training,
    options: &LearnOptions,
    control: &Control,
    notices: &mut Faults,
) -> Result<Learned, LearnFailure> {
    let label = path.display().to_string();
    let refuse = |code, message: String, help: &str| {
        LearnFailure::Input(Fault::error(code, &label, message).in_column(target, "").with_help(help).into())
    };
    let mut learned =
        tabular::learn(&read.frame, &read.target, options, control).map_err(|error| match error {
            LearnError::Interrupted => LearnFailure::Interrupted,
            LearnError::NoColumns => {
                refuse(Code::MissingColumn, error.to_string(), "add columns that differ from row to row")
            }
            LearnError::OneTarget => {
                refuse(Code::OutOfRange, error.to_string(), "name a column that differs from row to row")
            }
            LearnError::TooFewRows { .. } => refuse(Code::MissingValue, error.to_string(), "add rows"),
        })?;
    learned.model = learned.model.with_target(target);
    // Rows of the frame are not rows of the file where targets were blank.
    learned.held_out.rows.iter_mut().for_each(|row| *row = read.rows[*row as usize]);
    notices.extend(learned.notes.iter().map(|note| fault_of(note, &read.table)).collect());
    Ok(learned)
}

fn read_model(path: &Path) -> Result<Model, LearnFailure> {
    let text = read_text(path)?;
    Model::from_json(&text).map_err(|error| {
        let fault = Fault::error(Code::BrokenFormat, path.display().to_string(), error.to_string());
        LearnFailure::Input(fault.with_help("save the model again with `purvey learn --save`").into())
    })
}

fn read_rows(
    path: &Path,
    model: &Model,
    declaration: &Declaration,
    notices: &mut Faults,
) -> Result<Rows, LearnFailure> {
    let label = path.display().to_string();
    let features = &model.schema().features;
    let known = features.iter().map(|feature| {
        let kind = match feature.kind {
            FeatureKind::Number { .. } => Some(Kind::Number),
            FeatureKind::Category { .. } => Some(Kind::Text),
            // As in learning: dates with blanks among them, or times found among the words.
            FeatureKind::Day { .. } => None,
        };
        (feature.name.as_str(), kind)
    });
    let wanted =
        Wanted { known: known.collect(), maybe: vec![model.target()], only_named: true, ..Wanted::default() };
    let (table, faults) = read_open(path, &label, &wanted, declaration)?;
    notices.extend(faults);
    let frame = Frame::of(&table, &[model.target()]);
    let truth = table.number(model.target()).map(<[f64]>::to_vec);
    let truth = truth.filter(|truth| truth.iter().any(|y| !y.is_nan()));
    Ok(Rows { table, frame, truth })
}

fn predict(
    model: &Model,
    rows: &Rows,
    control: &Control,
    notices: &mut Faults,
) -> Result<Predictions, LearnFailure> {
    let of = |note: &Note| fault_of(note, &rows.table);
    match model.predict(&rows.frame, control) {
        Ok(answers) => {
            notices.extend(answers.notes.iter().map(of).collect());
            Ok(answers)
        }
        Err(PredictError::Columns { notes }) => Err(LearnFailure::Input(notes.iter().map(of).collect())),
    }
}

fn held_out_answers(learned: &Learned) -> Predictions {
    let held_out = &learned.held_out;
    Predictions { mean: held_out.mean.clone(), quantiles: held_out.quantiles.clone(), notes: Vec::new() }
}

/// Effects of the first rows, and curves over all.
fn tell(model: &Model, frame: &Frame, task: &Task, control: &Control) -> (Vec<RowEffects>, Vec<Curve>) {
    let effects = model.explain(frame, task.explain, control).unwrap_or_default();
    let telling = model.ranking().into_iter().filter(|feature| model.importance()[*feature] > 0.0);
    let curves = telling.take(CURVES).filter_map(|feature| model.curve(frame, feature, control).ok());
    (effects, curves.collect())
}

/// A note on columns and rows as a fault of the file.
fn fault_of(note: &Note, table: &Table) -> Fault {
    let (code, severity, help) = match note {
        Note::CountsRows { .. } | Note::NearlyAllDifferent { .. } | Note::OneValue { .. } => {
            (Code::UnusedColumn, Severity::Notice, "")
        }
        Note::FarOutside { .. } => (
            Code::OutOfRange,
            Severity::Warning,
            "check the unit; the prediction is that of the nearest rows learned from",
        ),
        Note::MissingColumn { .. } => {
            (Code::MissingColumn, Severity::Error, "add it, or learn a model without it")
        }
        Note::NewBlank { .. } => {
            (Code::MissingValue, Severity::Warning, "fill it in; the prediction does without it")
        }
        Note::OtherType { .. } => (Code::WrongType, Severity::Error, "write it as in the table learned from"),
        Note::Unseen { .. } => (
            Code::NotAChoice,
            Severity::Warning,
            "check the word; the prediction takes it for one of the rare ones",
        ),
    };
    let mut fault = Fault::error(code, table.file(), note.text()).with_severity(severity).with_help(help);
    let column = note.column();
    match note.row() {
        Some(row) => {
            fault = fault.at_row(table.row_number(row)).in_column(column, table.cell_text(column, row));
        }
        None => fault = fault.in_column(column, ""),
    }
    fault
}

fn predictions_table(rows: Vec<f64>, answers: &Predictions) -> Table {
    let level = |at: usize| answers.quantiles.iter().map(|quantiles| quantiles[at]).collect::<Vec<f64>>();
    Table::new("predictions")
        .with_number("row", rows)
        .with_number("mean", answers.mean.iter().copied())
        .with_number("q10", level(1))
        .with_number("q90", level(2))
        .with_number("q2.5", level(0))
        .with_number("q97.5", level(3))
}

fn effects_table(model: &Model, effects: &[RowEffects]) -> Table {
    let mut table = Table::new("effects")
        .with_number("row", (0..effects.len()).map(|row| row as f64))
        .with_number("base", effects.iter().map(|row| row.base));
    for (at, feature) in model.schema().features.iter().enumerate() {
        let values = effects.iter().map(|row| row.by_feature[at]).collect();
        table.set(format!("effect_{}", feature.name), Column::Number(values));
    }
    table.with_number("answer", effects.iter().map(|row| row.answer))
}

impl Answer {
    /// What `purvey learn --json` prints; shares are shares (0.06 is 6 %).
    #[must_use]
    pub fn document(&self) -> Value {
        let model = &self.model;
        let features: Vec<Value> = model
            .ranking()
            .into_iter()
            .map(|at| {
                let feature = &model.schema().features[at];
                let importance = number(model.importance()[at]);
                json!({ "name": feature.name, "type": feature.kind.as_str(), "importance": importance })
            })
            .collect();
        let warnings: Vec<String> = self.notices.as_slice().iter().map(ToString::to_string).collect();
        let trials: Vec<Value> =
            self.trials.iter().map(|t| json!({ "name": t.name, "error": number(t.error) })).collect();
        json!({ "learn": {
            "rows": model.rows(),
            "method": model.method(),
            "target": model.target(),
            "metric": model.metric().as_str(),
            "scale": model.scale().as_str(),
            "test": self.test.as_ref().map(scores),
            "held_out": self.held_out.as_ref().map(scores),
            "trials": trials,
            "features": features,
            "seconds": { "fit": self.seconds[0], "predict": self.seconds[1] },
            "warnings": warnings,
        } })
    }
}

fn scores(scores: &Scores) -> Value {
    json!({
        "rows": scores.rows,
        "mape": number(scores.mape),
        "mae": number(scores.mae),
        "rmse": number(scores.rmse),
        "r2": number(scores.r2),
        "coverage_80": number(scores.coverage_80),
        "coverage_95": number(scores.coverage_95),
    })
}

/// A number, or null where it is not known.
fn number(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
