//! Solvers. They speak rows, columns, stages, states and periods, and know no
//! trade: nothing here could not be used outside the question that needed it first.

pub mod allocation;
pub mod genetic;
pub mod inventory;
pub mod matching;
pub mod median;
pub mod milp;
pub mod pacing;
pub mod paths;
pub mod routes;
pub mod sell_down;

use crate::control::Control;
use crate::solution::Termination;

/// Why a search that did `done` units of work must end before it does `next` more, if it must.
pub(crate) fn stop_reason(control: &Control, done: u64, next: u64) -> Option<Termination> {
    if control.cancel.is_requested() {
        return Some(Termination::Interrupted);
    }
    if control.should_stop() {
        return Some(Termination::TimeLimit);
    }
    let is_over = control.limits.work.is_some_and(|work| done.saturating_add(next) > work);
    is_over.then_some(Termination::WorkLimit)
}
