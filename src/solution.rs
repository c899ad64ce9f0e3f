//! The words that every solver answers in.
//!
//! Why a solver stopped ([`Termination`]) and what it holds in its hands
//! ([`SolutionStatus`]) are two things: a time limit may come with a good plan
//! or with none.

use serde::{Deserialize, Serialize};

/// Why a solver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Termination {
    /// The best answer was found and proved.
    Optimal,
    /// Objective and bound came within the gap that was asked for.
    TargetGap,
    /// The time was up.
    TimeLimit,
    /// The work limit (nodes, iterations) was reached.
    WorkLimit,
    /// The method has nothing more to try, and objective and bound stay further apart than was
    /// asked for.
    Stalled,
    /// No answer satisfies all limits.
    Infeasible,
    /// The objective improves without end.
    Unbounded,
    /// One of the two; presolve could not tell which.
    InfeasibleOrUnbounded,
    /// Somebody asked for a stop.
    Interrupted,
    /// The arithmetic failed.
    NumericalError,
}

/// What a solver holds when it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SolutionStatus {
    /// Nothing.
    None,
    /// An answer that satisfies all limits.
    Feasible,
    /// A proven best answer.
    Optimal,
}

/// Status, objective and bound of one solve, always for the user's objective.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why the solver stopped.
    pub termination: Termination,
    /// What it holds.
    pub solution_status: SolutionStatus,
    /// Objective of the answer; `None` without one.
    pub objective: Option<f64>,
    /// Proven bound on the objective (below it when minimising); `None` when not known.
    pub bound: Option<f64>,
}

impl Outcome {
    /// Relative distance of objective and bound:
    /// `|objective - bound| / max(|objective|, 1e-9)`; `None` where either is not known.
    ///
    /// ```
    /// use purvey::solution::{Outcome, SolutionStatus, Termination};
    /// let outcome = Outcome {
    ///     termination: Termination::TargetGap,
    ///     solution_status: SolutionStatus::Feasible,
    ///     objective: Some(100.0),
    ///     bound: Some(99.0),
    /// };
    /// assert!((outcome.gap().unwrap() - 0.01).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn gap(&self) -> Option<f64> {
        let (objective, bound) = (self.objective?, self.bound?);
        let distance = (objective - bound).abs();
        Some(if distance == 0.0 { 0.0 } else { distance / objective.abs().max(1e-9) })
    }

    /// An outcome without an answer.
    #[must_use]
    pub fn without_answer(termination: Termination) -> Self {
        Outcome { termination, solution_status: SolutionStatus::None, objective: None, bound: None }
    }
}
