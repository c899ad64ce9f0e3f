//! Tables in which one column is to be predicted from the others.
//!
//! [`learn`] (a number) and [`classify`] (a class) find out the type of every column, choose
//! among penalised straight lines (`linear.rs`, of the odds `logistic.rs`), a random forest
//! (`forest.rs`), boosted trees (`boost/`) and, for two classes, learners that go from row to
//! row (`hashed/`) by rows held out (`course.rs`), and mix them where that wins. A [`Model`]
//! puts calibrated bounds around every number (`conformal.rs`); a [`Classifier`] tells chances
//! that come true as often as they say (`calibrate.rs`). Both predict, explain (`effects.rs`)
//! and are saved with the columns and ranges that they learned from; what new rows hold
//! beyond them is said in a [`Note`].

mod bins;
mod boost;
mod calibrate;
mod chances;
mod classifier;
mod classify;
mod conformal;
mod course;
mod effects;
mod folds;
mod forest;
mod frame;
mod goal;
mod hashed;
mod learn;
mod linear;
mod logistic;
mod metrics;
mod model;
mod notes;
mod panel;
mod recipes;
mod schema;
mod target;
mod team;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_classes;
mod tree;

pub use chances::{CalibrationGroup, Chances, ClassScores};
pub use classifier::{ClassCurve, ClassEffects, Classifier, Saved, UpdateError};
pub use classify::{LearnedClasses, MOST_CLASSES, classify};
pub use effects::{Curve, Positions, RowEffects};
pub use frame::{Cells, Frame};
pub use learn::{FEWEST_ROWS, HeldOut, LearnError, LearnOptions, Learned, Trial, learn};
pub use metrics::{Metric, Scores};
pub use model::{Model, ModelError, PredictError, Predictions, Worths};
pub use notes::Note;
pub use schema::{Feature, FeatureKind, Schema};
pub use target::Scale;
pub use team::Method;
