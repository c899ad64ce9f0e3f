//! Learning from a table to predict one column of it, for other rows.

mod classes;
mod faults;
mod present;
mod present_classes;
mod present_trade;
mod task;
mod trade;

use std::time::Instant;

use serde_json::{Value, json};

use crate::control::Control;
use crate::data::{Code, Column, Fault, Faults, Kind, Severity, Table, Wanted};
use crate::predict::tabular::{
    self, Curve, FeatureKind, Frame, LearnOptions, Learned, Model, Note, PredictError, Predictions,
    RowEffects, Schema, Scores, Trial,
};

use faults::{fault_of, refusal};

pub use classes::{ClassAnswer, ClassLesson};
pub use task::{Task, TaskFound, class_columns, open_columns, strict_columns, task_of};
pub use trade::{Backtest, Chance, Decided, Margins, Move, Price, Prices, Trade, TradeAnswer};

/// Features that are drawn as curves.
const CURVES: usize = 6;

/// Columns of a file to learn `target` from, without those of `drop`.
#[must_use]
pub fn training_columns<'a>(target: &'a str, drop: &'a [String]) -> Wanted<'a> {
    let without = drop.iter().map(String::as_str).collect();
    Wanted { without, strict: vec![target], ..Wanted::default() }
}

/// Columns of a file whose rows `model` is to predict.
#[must_use]
pub fn model_columns(model: &Model) -> Wanted<'_> {
    let known = known_columns(model.schema());
    Wanted { known, maybe: vec![model.target()], only_named: true, ..Wanted::default() }
}

/// The columns of a model with their types.
fn known_columns(schema: &Schema) -> Vec<(&str, Option<Kind>)> {
    let known = schema.features.iter().map(|feature| {
        let kind = match feature.kind {
            FeatureKind::Number { .. } => Some(Kind::Number),
            FeatureKind::Category { .. } | FeatureKind::Hashed { .. } => Some(Kind::Text),
            // As in learning: dates with blanks among them, or times found among the words.
            FeatureKind::Day { .. } => None,
        };
        (feature.name.as_str(), kind)
    });
    known.collect()
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
    /// What to buy, sell and hold, where prices are given.
    pub trade: Option<TradeAnswer>,
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

/// What was learned, ready to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    model: Model,
    /// What learning found out; `None` for a model that was learned before.
    learned: Option<(Learned, Frame)>,
    trade: Option<TradeTerms>,
    notices: Faults,
    seconds: f64,
}

/// The terms of trades, with the prices and worths of the rows held out in learning.
#[derive(Debug, Clone, PartialEq)]
struct TradeTerms {
    trade: Trade,
    held_out: Option<(Prices, Vec<f64>)>,
}

impl Lesson {
    /// Learns to predict the column `target` of a table from its others; rows where it is blank are left out.
    ///
    /// # Errors
    /// Every fault of the table at once; a stop before there was a model.
    ///
    /// ```
    /// use purvey::control::Control;
    /// use purvey::data::Table;
    /// use purvey::decide::learn::Lesson;
    /// use purvey::predict::tabular::LearnOptions;
    /// let homes = Table::new("homes")
    ///     .with_number("size", (0..300).map(|row| f64::from(row % 50)))
    ///     .with_number("price", (0..300).map(|row| 10.0 + 3.0 * f64::from(row % 50)));
    /// let (options, control) = (LearnOptions::default(), Control::default());
    /// let lesson = Lesson::learn(&homes, "price", &options, &control)?;
    /// let new = Table::new("new").with_number("size", [20.0]);
    /// let answer = lesson.answer(Some(&new), 1, &control)?;
    /// assert!((answer.predictions.number("mean").unwrap()[0] - 70.0).abs() < 2.0);
    /// # Ok::<(), purvey::decide::learn::LearnFailure>(())
    /// ```
    pub fn learn(
        table: &Table,
        target: &str,
        options: &LearnOptions,
        control: &Control,
    ) -> Result<Self, LearnFailure> {
        Lesson::learn_beside(table, target, &[], options, control)
    }

    /// The same, to decide about trades as well; columns of prices are not learned from.
    ///
    /// # Errors
    /// Every fault of the table at once; a stop before there was a model.
    pub fn learn_to_trade(
        table: &Table,
        target: &str,
        trade: Trade,
        options: &LearnOptions,
        control: &Control,
    ) -> Result<Self, LearnFailure> {
        let mut lesson = Lesson::learn_beside(table, target, &trade.columns(), options, control)?;
        let held_out = match (&lesson.learned, table.number(target)) {
            (Some((learned, _)), Some(y)) => {
                let rows = &learned.held_out.rows;
                let prices = trade.prices(table, &mut lesson.notices)?.take(rows);
                Some((prices, rows.iter().map(|row| y[*row as usize]).collect()))
            }
            _ => None,
        };
        lesson.trade = Some(TradeTerms { trade, held_out });
        Ok(lesson)
    }

    /// Learns from all columns but those of `beside`.
    fn learn_beside(
        table: &Table,
        target: &str,
        beside: &[&str],
        options: &LearnOptions,
        control: &Control,
    ) -> Result<Self, LearnFailure> {
        let start = Instant::now();
        let mut notices = Faults::default();
        let training = Training::of(table, target, beside, &mut notices)?;
        let learned = learn(target, &training, options, control, &mut notices)?;
        let (model, learned) = (learned.model.clone(), Some((learned, training.frame)));
        Ok(Lesson { model, learned, trade: None, notices, seconds: start.elapsed().as_secs_f64() })
    }

    /// A model that was learned before.
    #[must_use]
    pub fn of(model: Model) -> Self {
        Lesson { model, learned: None, trade: None, notices: Faults::default(), seconds: 0.0 }
    }

    /// The same, to decide about trades as well.
    #[must_use]
    pub fn trading(mut self, trade: Trade) -> Self {
        self.trade = Some(TradeTerms { trade, held_out: None });
        self
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Predicts the rows of a table, or without one gives the answers for the rows held out in learning; explains
    /// the first `explain` rows column by column.
    ///
    /// # Errors
    /// Columns that are missing or of another kind than those learned from.
    pub fn answer(self, test: Option<&Table>, explain: usize, control: &Control) -> Result<Answer, Faults> {
        let Lesson { mut model, learned, trade, mut notices, seconds } = self;
        let start = Instant::now();
        let rows = test.map(|table| Rows::of(table, &model));
        let (answers, truth) = match (&rows, &learned) {
            (Some(rows), _) => (predict(&model, rows, control, &mut notices)?, rows.truth.clone()),
            (None, Some((learned, _))) => (held_out_answers(learned), None),
            (None, None) => (Predictions::default(), None),
        };
        let predict = start.elapsed().as_secs_f64();
        let shown = rows.as_ref().map(|rows| &rows.frame).or(learned.as_ref().map(|(_, frame)| frame));
        let (effects, curves) =
            shown.map_or_else(Default::default, |frame| tell(&model, frame, explain, control));
        let row_numbers: Vec<f64> = match (&rows, &learned) {
            (None, Some((learned, _))) => learned.held_out.rows.iter().map(|row| f64::from(*row)).collect(),
            _ => (0..answers.mean.len()).map(|row| row as f64).collect(),
        };
        let mut predictions = predictions_table(row_numbers, &answers);
        let trade = match &trade {
            None => None,
            Some(terms) => {
                let found = trades(&model, terms, &learned, test, &answers, truth.as_deref(), &mut notices)?;
                found.add_to(&mut predictions);
                model = model.with_margins(found.margins);
                Some(found)
            }
        };
        Ok(Answer {
            test: truth.map(|truth| Scores::of(&answers.mean, &answers.quantiles, &truth)),
            held_out: learned.as_ref().map(|(learned, _)| learned.scores),
            trials: learned.map(|(learned, _)| learned.trials).unwrap_or_default(),
            predictions,
            trade,
            effects: effects_table(&model, &effects),
            curves,
            model,
            notices,
            seconds: [seconds, predict],
        })
    }
}

/// What to buy, sell and hold among the rows of `test`, or those held out in learning.
fn trades(
    model: &Model,
    terms: &TradeTerms,
    learned: &Option<(Learned, Frame)>,
    test: Option<&Table>,
    answers: &Predictions,
    truth: Option<&[f64]>,
    notices: &mut Faults,
) -> Result<TradeAnswer, Faults> {
    let no_errors = || {
        let message = "this model was saved without the errors that trades are judged by";
        let fault = Fault::error(Code::BrokenFormat, model.target(), message);
        Faults::from(fault.with_help("learn it again and save it"))
    };
    let worths = model.worths(&answers.mean, &answers.sizes).ok_or_else(no_errors)?;
    let held_out = match (&terms.held_out, learned) {
        (Some((prices, truth)), Some((learned, _))) => {
            let of = &learned.held_out;
            let worths = model.worths(&of.mean, &of.sizes).ok_or_else(no_errors)?;
            Some(trade::HeldOutRows { prices, worths, truth })
        }
        _ => None,
    };
    let (prices, truth) = match (test, &terms.held_out) {
        (Some(table), _) => (terms.trade.prices(table, notices)?, truth),
        (None, Some((prices, truth))) => (prices.clone(), Some(truth.as_slice())),
        (None, None) => (Prices::default(), None),
    };
    let rows = trade::NewRows { prices: &prices, worths, truth };
    Ok(trade::answer(&terms.trade, held_out.as_ref(), model.margins(), &rows))
}

/// Rows with a target, in the form of learning.
struct Training<'a> {
    table: &'a Table,
    frame: Frame,
    /// Row of the table of each row of the frame.
    rows: Vec<u32>,
    target: Vec<f64>,
}

/// Rows to predict.
struct Rows<'a> {
    table: &'a Table,
    frame: Frame,
    /// NaN where it is not known.
    truth: Option<Vec<f64>>,
}

impl<'a> Training<'a> {
    fn of(table: &'a Table, target: &str, beside: &[&str], notices: &mut Faults) -> Result<Self, Faults> {
        let Some(y) = table.number(target) else {
            let fault = Fault::error(Code::MissingColumn, table.file(), "there are no numbers to predict");
            return Err(fault.in_column(target, "").with_help("name a column of numbers").into());
        };
        let whole = Frame::of(table, &[&[target], beside].concat());
        let rows: Vec<u32> = (0..table.len() as u32).filter(|row| !y[*row as usize].is_nan()).collect();
        let blank = y.len() - rows.len();
        if blank > 0 {
            let message = format!("{target} is blank in {blank} rows: left out");
            notices.push(Fault::error(Code::LeftOut, table.file(), message).with_severity(Severity::Notice));
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
}

impl<'a> Rows<'a> {
    fn of(table: &'a Table, model: &Model) -> Self {
        let truth = table.number(model.target()).map(<[f64]>::to_vec);
        let truth = truth.filter(|truth| truth.iter().any(|y| !y.is_nan()));
        Rows { table, frame: Frame::of(table, &[model.target()]), truth }
    }
}

fn learn(
    target: &str,
    read: &Training<'_>,
    options: &LearnOptions,
    control: &Control,
    notices: &mut Faults,
) -> Result<Learned, LearnFailure> {
    let mut learned = tabular::learn(&read.frame, &read.target, options, control)
        .map_err(|error| refusal(error, read.table, target))?;
    learned.model = learned.model.with_target(target);
    // Rows of the frame are not rows of the file where targets were blank.
    learned.held_out.rows.iter_mut().for_each(|row| *row = read.rows[*row as usize]);
    notices.extend(learned.notes.iter().map(|note| fault_of(note, read.table)).collect());
    Ok(learned)
}

fn predict(
    model: &Model,
    rows: &Rows<'_>,
    control: &Control,
    notices: &mut Faults,
) -> Result<Predictions, Faults> {
    let of = |note: &Note| fault_of(note, rows.table);
    match model.predict(&rows.frame, control) {
        Ok(answers) => {
            notices.extend(answers.notes.iter().map(of).collect());
            Ok(answers)
        }
        Err(PredictError::Columns { notes }) => Err(notes.iter().map(of).collect()),
    }
}

fn held_out_answers(learned: &Learned) -> Predictions {
    let of = &learned.held_out;
    let (mean, quantiles, sizes) = (of.mean.clone(), of.quantiles.clone(), of.sizes.clone());
    Predictions { mean, quantiles, sizes, notes: Vec::new() }
}

/// Effects of the first rows, and curves over all.
fn tell(model: &Model, frame: &Frame, explain: usize, control: &Control) -> (Vec<RowEffects>, Vec<Curve>) {
    let effects = model.explain(frame, explain, control).unwrap_or_default();
    let telling = model.ranking().into_iter().filter(|feature| model.importance()[*feature] > 0.0);
    let curves = telling.take(CURVES).filter_map(|feature| model.curve(frame, feature, control).ok());
    (effects, curves.collect())
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
            "task": "regression",
            "rows": model.rows(),
            "method": model.method(),
            "target": model.target(),
            "metric": model.metric().as_str(),
            "scale": model.scale().as_str(),
            "test": self.test.as_ref().map(scores),
            "held_out": self.held_out.as_ref().map(scores),
            "trade": self.trade.as_ref().map(TradeAnswer::document),
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
