//! Given what was spent on channels and what was sold, find what each channel brought.
//!
//! Sales of a period are a baseline (level, trend, waves of the year, controls) plus
//! what each channel brings: spend is carried over from period to period
//! (geometric or Weibull adstock), saturates along Hill's curve, and is worth a non-negative
//! amount. The model is fitted by drawing from its posterior, so that every
//! number has an interval and what the data cannot tell is seen to be unknown.
//!
//! | file | what it holds |
//! |---|---|
//! | `history.rs` | what goes in: outcome, spend, controls, beliefs and lift tests |
//! | `design.rs` | the baseline's columns and the scaled data |
//! | `transform.rs` | adstock and saturation |
//! | `prior.rs`, `algebra.rs` | beliefs about shapes; triangular factors and cut normals |
//! | `sampler.rs`, `switch.rs` | one chain of draws from the posterior; jumps between kinds of carry-over |
//! | `fitted.rs` | what the draws say: decomposition, intervals, forecast |
//! | `plan.rs` | the response curve of a planned window, with carry-over in and out |
//! | `hill.rs` | Hill's curve closest to a set of points |
//! | `geo.rs` | readout of a regional experiment by difference in differences |

mod algebra;
mod design;
mod fitted;
pub mod geo;
mod hill;
mod history;
mod plan;
mod prior;
mod sampler;
mod switch;
#[cfg(test)]
mod tests;
mod transform;

pub use fitted::{Decomposition, Estimate, Fitted, Identified, fit};
pub use hill::{Hill, fit_hill};
pub use history::{
    Adstock, Belief, Beliefs, Channel, Control as ControlSeries, LiftTest, MixError, MixHistory, MixOptions,
};
pub use plan::{PlanWindow, ResponseBand};
