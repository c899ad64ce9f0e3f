//! A learned classifier: tells chances, explains them, goes on learning, is saved and read again.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::calibrate::Calibration;
use super::chances::Chances;
use super::effects::{self, Positions};
use super::folds::Encoding;
use super::frame::Frame;
use super::goal::outputs_of;
use super::model::{Model, ModelError, PredictError};
use super::notes::Note;
use super::panel::{self, Panel};
use super::schema::Schema;
use super::team::{Method, Team};
use crate::control::Control;

/// What a saved model predicts; a model of a number does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Classification,
}

/// A learned classifier.
///
/// It is saved as JSON, with the version of its form, its columns and the ranges that it learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    pub(crate) version: u32,
    pub(crate) task: Kind,
    pub(crate) target: String,
    pub(crate) classes: Vec<String>,
    /// Rows of each class that it learned from.
    pub(crate) rows_of: Vec<u64>,
    /// Batches that it learned from after the first table.
    pub(crate) batches: u32,
    pub(crate) schema: Schema,
    pub(crate) teams: Vec<Team>,
    /// One a fold.
    pub(crate) encodings: Vec<Encoding>,
    pub(crate) calibration: Calibration,
    /// By feature: how much the log loss on held-out rows grows when the feature's cells are shuffled.
    pub(crate) importance: Vec<f64>,
}

/// How the mean chances move along one column, all other columns as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassCurve {
    /// The column.
    pub feature: String,
    /// Positions: numbers, or days since 1970-01-01, or words.
    pub at: Positions,
    /// Mean chance of each class at each position, `[class][position]`.
    pub chances: Vec<Vec<f64>>,
}

/// Why one row has the chance that it has.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassEffects {
    /// The class spoken of: of two the second, else the likeliest.
    pub class: usize,
    /// The chance of that class for a row of which nothing is known.
    pub base: f64,
    /// By feature of the schema: added to the base one after the other.
    pub by_feature: Vec<f64>,
    /// The chance: the base and all effects.
    pub answer: f64,
}

impl Classifier {
    /// The chances of the rows of `frame`, and what is unusual about them.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn predict(&self, frame: &Frame, control: &Control) -> Result<(Chances, Vec<Note>), PredictError> {
        let (frame, notes) = self.schema.review(frame).map_err(|notes| PredictError::Columns { notes })?;
        Ok((control.install(|| self.chances(&self.schema.encode(&frame))), notes))
    }

    /// Learns from further rows, each once; `target` holds the index of each row's class.
    ///
    /// The methods must go from row to row ([`Method::takes_batches`]); columns, ranges,
    /// calibration and importance stay.
    ///
    /// # Errors
    /// When a column is missing or of another type, or a method does not go from row to row.
    ///
    /// ```
    /// use purvey::control::Control;
    /// use purvey::data::Table;
    /// use purvey::predict::tabular::{Frame, LearnOptions, Method, classify};
    /// // In the first rows nobody clicks on a, later everybody does.
    /// let ads = |rows: usize| Frame::of(&Table::new("t").with_text("ad", (0..rows).map(|k| ["a", "b"][k % 2])), &[]);
    /// let clicks = |rows: u32, a: u32, b: u32| (0..rows).map(|k| if k % 2 == 0 { a } else { b }).collect::<Vec<u32>>();
    /// let options = LearnOptions { method: Some(Method::Online), ..LearnOptions::default() };
    /// let classes = ["no".to_owned(), "yes".to_owned()];
    /// let control = Control::default();
    /// let mut model = classify(&ads(400), &clicks(400, 0, 1), &classes, &options, &control)?.model;
    /// let before = model.predict(&ads(2), &control)?.0.row(0)[1];
    /// model.update(&ads(4000), &clicks(4000, 1, 1), &control)?;
    /// assert!(before < 0.1 && model.predict(&ads(2), &control)?.0.row(0)[1] > 0.7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update(
        &mut self,
        frame: &Frame,
        target: &[u32],
        control: &Control,
    ) -> Result<Vec<Note>, UpdateError> {
        if let Some(team) = self.teams.iter().find(|team| !team.method.takes_batches()) {
            return Err(UpdateError::LearnsAtOnce { method: team.method });
        }
        let (frame, notes) = self
            .schema
            .review(frame)
            .map_err(|notes| UpdateError::Columns(PredictError::Columns { notes }))?;
        let base = self.schema.encode(&frame);
        let y: Vec<f64> = target.iter().map(|class| f64::from(*class)).collect();
        let forms: Vec<_> = self.encodings.iter().map(|encoding| encoding.form(&base)).collect();
        self.batches += 1;
        let seed = control.seed.wrapping_add(u64::from(self.batches) << 20);
        for team in &mut self.teams {
            control.install(|| {
                let experts = team.experts.par_iter_mut().zip(&forms).enumerate();
                experts.for_each(|(fold, (expert, rows))| {
                    expert.take(rows, &y, seed.wrapping_add(fold as u64));
                });
            });
        }
        for class in target {
            if let Some(rows) = self.rows_of.get_mut(*class as usize) {
                *rows += 1;
            }
        }
        Ok(notes)
    }

    /// Name of the target.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The same classifier that predicts a column of this name.
    #[must_use]
    pub fn with_target(mut self, name: impl Into<String>) -> Self {
        self.target = name.into();
        self
    }

    /// The classes, in the order of their chances.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Rows of each class that it learned from.
    #[must_use]
    pub fn rows_of_classes(&self) -> &[u64] {
        &self.rows_of
    }

    /// Rows that it learned from.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows_of.iter().sum()
    }

    /// Batches that it learned from after the first table.
    #[must_use]
    pub fn batches(&self) -> u32 {
        self.batches
    }

    /// The columns that it needs.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Its methods and their weights.
    #[must_use]
    pub fn methods(&self) -> Vec<(&'static str, f64)> {
        self.panel().methods()
    }

    /// Its methods in words: `boosted`, or `boosted + linear`.
    #[must_use]
    pub fn method(&self) -> String {
        panel::words_of(&self.methods())
    }

    /// Trees in it.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.panel().trees()
    }

    /// How its scores become chances: `none`, `platt` or `isotonic`.
    #[must_use]
    pub fn calibration(&self) -> &'static str {
        self.calibration.as_str()
    }

    /// By feature of the schema: how much the log loss on held-out rows grows when the
    /// feature's cells are shuffled among the rows.
    #[must_use]
    pub fn importance(&self) -> &[f64] {
        &self.importance
    }

    /// Features by importance, the greatest first.
    #[must_use]
    pub fn ranking(&self) -> Vec<usize> {
        effects::ranking(&self.importance)
    }

    /// The curve of one feature over some of the rows of `frame`.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn curve(
        &self,
        frame: &Frame,
        feature: usize,
        control: &Control,
    ) -> Result<ClassCurve, PredictError> {
        let (frame, _) = self.schema.review(frame).map_err(|notes| PredictError::Columns { notes })?;
        let (at, numbers) = effects::along(&self.schema, &frame, feature);
        let means = |base: &Vec<Vec<f32>>| -> Vec<f64> {
            let chances = self.chances(base);
            let mean = |class| {
                let of_class = chances.of_class(class);
                of_class.iter().sum::<f64>() / of_class.len().max(1) as f64
            };
            (0..self.classes.len()).map(mean).collect()
        };
        let by_position: Vec<Vec<f64>> = control.install(|| numbers.iter().map(means).collect());
        let of_class = |class: usize| by_position.iter().map(|means| means[class]).collect();
        let chances = (0..self.classes.len()).map(of_class).collect();
        Ok(ClassCurve { feature: self.schema.features[feature].name.clone(), at, chances })
    }

    /// Why the first `most` rows of `frame` have the chances that they have.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn explain(
        &self,
        frame: &Frame,
        most: usize,
        control: &Control,
    ) -> Result<Vec<ClassEffects>, PredictError> {
        let (frame, _) = self.schema.review(frame).map_err(|notes| PredictError::Columns { notes })?;
        let rows: Vec<u32> = (0..frame.rows().min(most) as u32).collect();
        let part = effects::some_rows(&frame, &rows);
        let told = control.install(|| self.panel().effects(&self.schema.encode(&part), 0.0));
        Ok(told.iter().map(|of_row| self.in_chances(of_row)).collect())
    }

    /// The classifier as text.
    ///
    /// # Errors
    /// When the JSON writer fails, which only a lack of memory can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Reads the text of a saved classifier.
    ///
    /// # Errors
    /// When the text is no classifier, of another version, or changed so that its parts do not fit.
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        ModelError::check_version(text)?;
        let model: Classifier = serde_json::from_str(text)?;
        if model.is_sound() { Ok(model) } else { Err(ModelError::Unsound) }
    }

    fn panel(&self) -> Panel<'_> {
        let outputs = outputs_of(self.classes.len());
        Panel { schema: &self.schema, teams: &self.teams, encodings: &self.encodings, outputs }
    }

    /// Chances for numbers of the schema.
    pub(crate) fn chances(&self, base: &[Vec<f32>]) -> Chances {
        let classes = self.classes.len();
        let scores = self.panel().scores(base, 0.0);
        Chances { classes, values: self.calibration.of_rows(&scores, classes) }
    }

    /// Chances of rows held out, each by the experts of its fold.
    pub(crate) fn held_out_chances(&self, base: &[Vec<f32>], fold_of: &[u32]) -> Chances {
        let classes = self.classes.len();
        let scores = self.panel().held_out_scores(base, fold_of, 0.0);
        Chances { classes, values: self.calibration.of_rows(&scores, classes) }
    }

    /// Effects on scores, brought to the chance of one class: by the slope of the chance halfway
    /// between the base and the answer, and what is left in proportion to their sizes.
    fn in_chances(&self, of_row: &[f64]) -> ClassEffects {
        let (classes, features) = (self.classes.len(), self.schema.features.len());
        let by_output: Vec<&[f64]> = of_row.chunks_exact(features + 1).collect();
        let chances_at = |share: f64| {
            let score = |of: &&[f64]| of[features] + share * of[..features].iter().sum::<f64>();
            let scores: Vec<f64> = by_output.iter().map(score).collect();
            let mut chances = vec![0.0; classes];
            self.calibration.apply(&scores, &mut chances);
            chances
        };
        let [start, middle, end] = [0.0, 0.5, 1.0].map(chances_at);
        let likeliest = (1..classes).fold(0, |best, class| if end[class] > end[best] { class } else { best });
        let class = if classes == 2 { 1 } else { likeliest };
        let first = classes - by_output.len();
        let part = |feature: usize| {
            let effect = |of_class: usize| {
                if of_class < first { 0.0 } else { by_output[of_class - first][feature] }
            };
            let mean: f64 = (0..classes).map(|other| middle[other] * effect(other)).sum();
            middle[class] * (effect(class) - mean)
        };
        let mut by_feature: Vec<f64> = (0..features).map(part).collect();
        let (base, answer) = (start[class], end[class]);
        let left = answer - base - by_feature.iter().sum::<f64>();
        let sizes: f64 = by_feature.iter().map(|part| part.abs()).sum();
        if sizes > 0.0 {
            by_feature.iter_mut().for_each(|part| *part += left * part.abs() / sizes);
        }
        ClassEffects { class, base, by_feature, answer }
    }

    fn is_sound(&self) -> bool {
        let classes = self.classes.len();
        classes >= 2
            && self.rows_of.len() == classes
            && self.panel().is_sound()
            && self.calibration.is_sound(outputs_of(classes))
            && self.importance.len() == self.schema.features.len()
    }
}

/// Why a classifier cannot learn from further rows.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UpdateError {
    /// Columns are missing or of another type.
    #[error(transparent)]
    Columns(PredictError),
    /// A method of it learns from all rows at once.
    #[error("the method {} learns from all rows at once; only online and factors go on with new rows", .method.as_str())]
    LearnsAtOnce {
        /// The method.
        method: Method,
    },
}

/// A saved model of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Saved {
    /// It predicts a number.
    Number(Model),
    /// It tells the chances of classes.
    Classes(Classifier),
}

impl Saved {
    /// Reads the text of a saved model.
    ///
    /// # Errors
    /// When the text is no model, of another version, or changed so that its parts do not fit.
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            task: Option<Kind>,
        }
        ModelError::check_version(text)?;
        match serde_json::from_str::<Head>(text)?.task {
            Some(Kind::Classification) => Ok(Saved::Classes(Classifier::from_json(text)?)),
            None => Ok(Saved::Number(Model::from_json(text)?)),
        }
    }
}
