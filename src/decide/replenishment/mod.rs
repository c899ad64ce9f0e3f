//! Replenishment: how much to order of what, from whom, now and over the horizon.
//!
//! A planner of a retailer, wholesaler or plant has items at locations and one
//! or more suppliers. Sales history becomes demand scenarios; each stock point
//! (item at a location) gets the order plan that is cheapest on average over
//! its scenarios; limits shared by stock points (budget, capacities, order
//! minimums, fixed order costs) are priced and the parts are put together by a
//! mixed-integer program. `docs/replenishment.md` has the model in formulas.

mod backtest;
pub mod check;
mod exceptions;
mod explain;
mod foresight;
pub mod model;
pub mod plan;
mod prepared;
mod present;
pub mod problem;
mod reasons;
mod replay;
pub mod scenarios;
mod simulate;
mod tables;
mod update;
mod words;

use super::{Backtest, BacktestOptions, Decision, Input, Prepared, Replay};
use crate::control::Control;
use crate::data::Faults;
use prepared::Replenishing;
use problem::Problem;

/// The decision `replenishment`.
#[derive(Debug, Clone, Copy)]
pub struct Replenishment;

impl Decision for Replenishment {
    fn name(&self) -> &'static str {
        "replenishment"
    }

    fn schema(&self) -> &'static str {
        problem::CONTRACT
    }

    fn validate(&self, input: Input, _: &Control) -> Result<Faults, Faults> {
        let (name, tables, settings) = input.into_tables("replenishment")?;
        Problem::read(&name, tables, &settings).map(|problem| problem.notices)
    }

    fn prepare(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        let (name, tables, settings) = input.into_tables("replenishment")?;
        Ok(Box::new(Replenishing::new(name, tables, settings, control)?))
    }

    fn replay(&self) -> Option<&dyn Replay> {
        Some(self)
    }
}

impl Replay for Replenishment {
    fn backtest(
        &self,
        input: Input,
        options: &BacktestOptions,
        control: &Control,
    ) -> Result<Backtest, Faults> {
        let (name, tables, settings) = input.into_tables("replenishment")?;
        backtest::backtest(&name, &tables, &settings, options, control)
    }
}
