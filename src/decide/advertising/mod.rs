//! Advertising: how to split a budget over channels so that it brings most in all.
//!
//! A marketer has channels with response curves, bounds on what each can take
//! and one budget. The split is the best there is: by the common marginal
//! response where all curves have falling returns, by branch and bound where
//! some are S-shaped or bought in steps. Where no curves are given they are
//! fitted to past spend and sales (`mix/`). `docs/advertising.md` has the formulas.

mod check;
mod explain;
mod front;
mod goals;
mod mix;
mod model;
mod pacing;
mod plan;
mod prepared;
mod present;
mod problem;
mod profit;
mod target;
#[cfg(test)]
mod tests;

use super::{Decision, Input, ObjectiveWords, Prepared};
use crate::control::Control;
use crate::data::{Faults, Settings};
use crate::presentation::Measure;
use prepared::PreparedAdvertising;
use problem::Problem;

/// The decision `advertising`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Advertising;

impl Decision for Advertising {
    fn name(&self) -> &'static str {
        "advertising"
    }

    fn schema(&self) -> &'static str {
        problem::CONTRACT
    }

    fn objective_measure(&self, settings: &Settings) -> Measure {
        match settings.values.get("objective").map(String::as_str) {
            Some("profit") => Measure::money(),
            _ => Measure::number().with_decimals(2),
        }
    }

    fn objective_words(&self) -> ObjectiveWords {
        ObjectiveWords { noun: "result", verb: "brings", verb_of_many: "bring", is_maximised: true }
    }

    fn validate(&self, input: Input, _: &Control) -> Result<Faults, Faults> {
        match mix::check(&input)? {
            Some(notices) => Ok(notices),
            None => Problem::read(input).map(|(problem, _)| problem.notices),
        }
    }

    fn prepare(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        Ok(Box::new(PreparedAdvertising::new(input, control)?))
    }
}
