//! A learned model: predicts, explains, is saved and read again.

use serde::{Deserialize, Serialize};

use super::conformal::Bounds;
use super::folds::Encoding;
use super::frame::Frame;
use super::metrics::Metric;
use super::notes::Note;
use super::panel::{self, Panel};
use super::schema::Schema;
use super::target::Scale;
use super::team::Team;
use crate::control::Control;

/// Version of the form in which models are saved.
pub(crate) const VERSION: u32 = 1;

/// A learned model.
///
/// It is saved as JSON, with the version of its form, its columns and the ranges that it learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub(crate) version: u32,
    pub(crate) target: String,
    pub(crate) rows: usize,
    pub(crate) schema: Schema,
    pub(crate) metric: Metric,
    pub(crate) scale: Scale,
    pub(crate) teams: Vec<Team>,
    /// One a fold.
    pub(crate) encodings: Vec<Encoding>,
    /// Added to every answer, on the scale of learning.
    pub(crate) offset: f64,
    /// Least and greatest answer, on the scale of learning.
    pub(crate) reach: [f64; 2],
    pub(crate) bounds: Bounds,
    /// Least expected gain of buying and of selling, as a share of the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) margins: Option<[f64; 2]>,
    /// By feature: how much the error on held-out rows grows when the feature's cells are shuffled.
    pub(crate) importance: Vec<f64>,
}

/// What is predicted for rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predictions {
    /// The answers with the least error by the model's metric.
    pub mean: Vec<f64>,
    /// 2.5, 10, 90 and 97.5 % quantiles.
    pub quantiles: Vec<[f64; 4]>,
    /// Expected sizes of the errors, on the scale of learning.
    pub sizes: Vec<f64>,
    /// What is unusual about the rows.
    pub notes: Vec<Note>,
}

/// What rows may be worth: equally likely draws of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Worths {
    scale: Scale,
    /// Answers on the scale of learning.
    centres: Vec<f64>,
    sizes: Vec<f64>,
    shape: Vec<f64>,
}

impl Worths {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.centres.len()
    }

    /// Puts the draws of a row into `draws`, in ascending order.
    pub fn fill(&self, row: usize, draws: &mut Vec<f64>) {
        let (centre, size) = (self.centres[row], self.sizes[row]);
        draws.clear();
        draws.extend(self.shape.iter().map(|draw| self.scale.back(centre + size * draw)));
    }
}

/// Why rows cannot be predicted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PredictError {
    /// Columns are missing or of another type; one note each.
    #[error("the rows lack columns that the model learned from, or hold another type in them")]
    Columns {
        /// What is wrong with each.
        notes: Vec<Note>,
    },
}

/// Why the text of a saved model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not the text of a model.
    #[error("not a saved model: {0}")]
    Broken(#[from] serde_json::Error),
    /// Of another version.
    #[error("saved in form {found}; this program reads form {VERSION}: learn the model again")]
    OtherVersion {
        /// Version in the text.
        found: u32,
    },
    /// Parts that do not fit together.
    #[error("a saved model whose parts do not fit together: it was changed or cut off")]
    Unsound,
}

impl ModelError {
    /// Looks at the version of a saved model first, since another one may lack all else.
    pub(crate) fn check_version(text: &str) -> Result<(), Self> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let head: Head = serde_json::from_str(text)?;
        if head.version == VERSION { Ok(()) } else { Err(ModelError::OtherVersion { found: head.version }) }
    }
}

impl Model {
    /// Predicts for the rows of `frame`.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn predict(&self, frame: &Frame, control: &Control) -> Result<Predictions, PredictError> {
        let (frame, notes) = self.schema.review(frame).map_err(|notes| PredictError::Columns { notes })?;
        control.install(|| {
            let base = self.schema.encode(&frame);
            let scores = self.scores(&base);
            let sizes = self.bounds.sizes(&base, &scores);
            let mean = scores.iter().map(|z| self.scale.back(*z)).collect();
            let around = |(size, z): (&f64, &f64)| self.bounds.around(*size).map(|e| self.scale.back(z + e));
            let quantiles = sizes.iter().zip(&scores).map(around).collect();
            Ok(Predictions { mean, quantiles, sizes, notes })
        })
    }

    /// What rows may be worth, by answers and sizes of errors as [`Model::predict`] gives them;
    /// `None` for a model that was saved without the errors of its rows held out.
    #[must_use]
    pub fn worths(&self, mean: &[f64], sizes: &[f64]) -> Option<Worths> {
        let shape = self.bounds.shape().to_vec();
        let centres = mean.iter().map(|y| self.scale.forward(*y)).collect();
        let (scale, sizes) = (self.scale, sizes.to_vec());
        (!shape.is_empty()).then_some(Worths { scale, centres, sizes, shape })
    }

    /// Least expected gain of buying and of selling, as a share of the price, that is kept with the model.
    #[must_use]
    pub fn margins(&self) -> Option<[f64; 2]> {
        self.margins
    }

    /// The same model that keeps these margins.
    #[must_use]
    pub fn with_margins(mut self, margins: [f64; 2]) -> Self {
        self.margins = Some(margins);
        self
    }

    /// Name of the target.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The same model that predicts a column of this name.
    #[must_use]
    pub fn with_target(mut self, name: impl Into<String>) -> Self {
        self.target = name.into();
        self
    }

    /// Rows that it learned from.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns that it needs.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The error that it makes small.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The scale on which it learned the target.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.scale
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

    /// By feature of the schema: how much the metric on held-out rows grows when the
    /// feature's cells are shuffled among the rows.
    #[must_use]
    pub fn importance(&self) -> &[f64] {
        &self.importance
    }

    /// The model as text.
    ///
    /// # Errors
    /// When the JSON writer fails, which only a lack of memory can cause.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Reads the text of a saved model.
    ///
    /// # Errors
    /// When the text is no model, of another version, or changed so that its parts do not fit.
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        ModelError::check_version(text)?;
        let model: Model = serde_json::from_str(text)?;
        if model.is_sound() { Ok(model) } else { Err(ModelError::Unsound) }
    }

    fn panel(&self) -> Panel<'_> {
        Panel { schema: &self.schema, teams: &self.teams, encodings: &self.encodings, outputs: 1 }
    }

    /// Answers on the scale of learning, for numbers of the schema.
    pub(crate) fn scores(&self, base: &[Vec<f32>]) -> Vec<f64> {
        let mut scores = self.panel().scores(base, self.offset);
        scores.iter_mut().for_each(|z| *z = z.clamp(self.reach[0], self.reach[1]));
        scores
    }

    /// The answers themselves, for numbers of the schema.
    pub(crate) fn answers(&self, base: &[Vec<f32>]) -> Vec<f64> {
        self.scores(base).iter().map(|z| self.scale.back(*z)).collect()
    }

    /// The answers for rows held out, each by the experts of its fold.
    pub(crate) fn held_out_answers(&self, base: &[Vec<f32>], fold_of: &[u32]) -> Vec<f64> {
        let scores = self.panel().held_out_scores(base, fold_of, self.offset);
        scores.iter().map(|z| self.scale.back(z.clamp(self.reach[0], self.reach[1]))).collect()
    }

    /// By row: what each feature adds to the answer, and last the answer of no feature, all on
    /// the scale of learning.
    pub(crate) fn effects(&self, base: &[Vec<f32>]) -> Vec<Vec<f64>> {
        self.panel().effects(base, self.offset)
    }

    fn is_sound(&self) -> bool {
        let panel = self.panel();
        panel.is_sound()
            && self.bounds.is_sound(panel.base_width())
            && self.offset.is_finite()
            && self.margins.is_none_or(|margins| margins.iter().all(|margin| margin.is_finite()))
            && self.reach[0] <= self.reach[1]
            && self.importance.len() == self.schema.features.len()
    }
}
