//! Exit codes, and failures that end a command.

use purvey::data::Faults;
use purvey::decide::{DecideError, Verdict};
use purvey::solution::{Outcome, Termination};

use super::console;

pub const OK: u8 = 0;
pub const INTERNAL: u8 = 1;
pub const USAGE: u8 = 2;
pub const INVALID: u8 = 3;
pub const INFEASIBLE: u8 = 4;
pub const NO_PLAN: u8 = 5;
pub const GATE: u8 = 6;
pub const INTERRUPTED: u8 = 130;

/// Why a command ended without its result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Faults(Faults),
    #[error("{0}")]
    Decide(DecideError),
    #[error("{0}")]
    Output(String),
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Failure::Faults(faults)
    }
}

impl From<DecideError> for Failure {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Input(faults) => Failure::Faults(faults),
            other => Failure::Decide(other),
        }
    }
}

impl Failure {
    /// Prints the failure to stderr and gives its exit code.
    pub fn report(self) -> u8 {
        match &self {
            Failure::Faults(faults) => console::print_faults(faults),
            other => console::error(&other.to_string()),
        }
        match self {
            Failure::Usage(_) => USAGE,
            Failure::Faults(_) => INVALID,
            Failure::Decide(_) | Failure::Output(_) | Failure::Internal(_) => INTERNAL,
        }
    }
}

/// The exit code that a verdict on a problem stands for.
pub fn code_of_verdict(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Optimal | Verdict::Feasible => OK,
        Verdict::Infeasible | Verdict::Unbounded | Verdict::InfeasibleOrUnbounded => INFEASIBLE,
        Verdict::Unknown => NO_PLAN,
    }
}

/// The exit code that an outcome stands for.
pub fn code_of(outcome: &Outcome) -> u8 {
    if outcome.termination == Termination::Interrupted {
        return INTERRUPTED;
    }
    match (Verdict::from(outcome), outcome.termination) {
        (Verdict::Unknown, Termination::TimeLimit | Termination::WorkLimit | Termination::Stalled) => NO_PLAN,
        // Without a plan, a proof or a limit that was reached, something failed.
        (Verdict::Unknown, _) => INTERNAL,
        (verdict, _) => code_of_verdict(verdict),
    }
}
