//! Delivery: which vehicle goes where, in which order and when.
//!
//! A planner has vehicles at depots and visits with loads and time windows.
//! Routes are found that cost least in distance, time, vehicles, lateness and
//! visits left out, within loads, windows, shifts, skills and rests. A visit
//! that no vehicle could serve is left out with its reason and never voids the
//! rest. `docs/delivery.md` has the rules; the solver is `optimize::routes`.

mod assign;
mod check;
mod dispatch;
mod explain;
mod model;
mod plan;
mod prepared;
mod present;
mod problem;
mod tell;
#[cfg(test)]
mod tests;
mod update;

use super::{DecideError, Decision, Dispatch, Dispatched, Input, Prepared};
use crate::control::Control;
use crate::data::{Faults, Settings};
use crate::presentation::Measure;
use prepared::PreparedDelivery;
use problem::Problem;

/// The decision `delivery`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delivery;

impl Decision for Delivery {
    fn name(&self) -> &'static str {
        "delivery"
    }

    fn schema(&self) -> &'static str {
        problem::CONTRACT
    }

    fn file_endings(&self) -> &'static [&'static str] {
        &["vrp", "solomon"]
    }

    fn plan_endings(&self) -> &'static [&'static str] {
        &["sol"]
    }

    fn objective_measure(&self, _: &Settings) -> Measure {
        Measure::number().with_decimals(2)
    }

    fn validate(&self, input: Input, _control: &Control) -> Result<Faults, Faults> {
        Problem::read(input).map(|problem| tell::with_left_out(&problem))
    }

    fn prepare(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        Ok(Box::new(PreparedDelivery::new(input, control)?))
    }

    fn dispatch(&self) -> Option<&dyn Dispatch> {
        Some(self)
    }
}

impl Dispatch for Delivery {
    fn dispatch(&self, input: Input, control: &Control) -> Result<Dispatched, DecideError> {
        dispatch::dispatch(input, control)
    }
}
