//! Tables in which one column is to be predicted from the others.
//!
//! [`learn`] finds out the type of every column, chooses among penalised straight lines
//! (`linear.rs`), a random forest (`forest.rs`) and boosted trees (`boost/`) by rows held
//! out, mixes them where that wins, and puts calibrated bounds around every answer
//! (`conformal.rs`). A [`Model`] predicts, explains (`effects.rs`) and is saved with the
//! columns and ranges that it learned from; what new rows hold beyond them is said in a
//! [`Note`].

mod bins;
mod boost;
mod conformal;
mod effects;
mod folds;
mod forest;
mod frame;
mod learn;
mod linear;
mod metrics;
mod model;
mod notes;
mod schema;
mod target;
mod team;
#[cfg(test)]
mod tests;
mod tree;

pub use effects::{Curve, Positions, RowEffects};
pub use frame::{Cells, Frame};
pub use learn::{FEWEST_ROWS, HeldOut, LearnError, LearnOptions, Learned, Trial, learn};
pub use metrics::{Metric, Scores};
pub use model::{Model, ModelError, PredictError, Predictions};
pub use notes::Note;
pub use schema::{Feature, FeatureKind, Schema};
pub use target::Scale;
pub use team::Method;
