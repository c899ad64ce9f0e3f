//! Dispatch: a day on which orders come while vehicles are on the road, played through.
//!
//! At each entry of the log the rest of the day is planned anew as a delivery problem of that moment
//! ([`scene`]), and until the next entry vehicles do what they leave for. Three ways to dispatch are
//! compared ([`policy`]); what each comes to is counted by [`check`], which knows none of them.

mod check;
mod day;
mod fleet;
mod loadings;
mod policy;
mod position;
mod scene;
mod tell;
#[cfg(test)]
mod tests;

use super::super::{DecideError, Dispatched, Input};
use crate::control::Control;
use day::Day;
use policy::{Policy, play};

/// Plays the day of the input under each way to dispatch.
pub(super) fn dispatch(input: Input, control: &Control) -> Result<Dispatched, DecideError> {
    let mut day = Day::read(input).map_err(DecideError::Input)?;
    let mut played = Vec::new();
    for (at, policy) in Policy::ALL.into_iter().enumerate() {
        control.step("dispatch", at, Policy::ALL.len());
        let one = play(&day, policy, control)?;
        // Where vehicles were is told of the plan that they drove; what it says holds under every plan.
        day.replace_positions(&one.observed);
        let outturn = check::check(&day, &one.done);
        if let Some(violation) = outturn.violations.first() {
            return Err(DecideError::Check(format!("{}: {}", policy.name(), violation.text)));
        }
        played.push((policy, one, outturn));
    }
    Ok(tell::dispatched(&day, &played))
}
