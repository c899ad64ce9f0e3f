//! The budget split in the solver's words: one curve a channel.

use super::goals::Goal;
use super::problem::{Channel, Problem};
use super::{profit, target};
use crate::control::Control;
use crate::decide::DecideError;
use crate::optimize::allocation::{BudgetSplit, Curve, split_budget};

/// Splits `budget`; it may differ from the problem's to ask what more of it is worth.
pub(super) fn split(problem: &Problem, budget: f64, control: &Control) -> Result<BudgetSplit, DecideError> {
    split_as(problem, &problem.channels, budget, control)
}

/// Splits `budget` for the problem's aim over channels that may differ from its own.
pub(super) fn split_as(
    problem: &Problem,
    channels: &[Channel],
    budget: f64,
    control: &Control,
) -> Result<BudgetSplit, DecideError> {
    match problem.aim {
        Goal::Profit => profit::split(channels, budget, control),
        _ => split_over(channels, budget, problem.most_cost, control),
    }
}

/// Splits `budget` over channels that may differ from the problem's; a unit of response costs at
/// most `most_cost`, where that is given.
pub(super) fn split_over(
    channels: &[Channel],
    budget: f64,
    most_cost: Option<f64>,
    control: &Control,
) -> Result<BudgetSplit, DecideError> {
    let curves: Vec<Curve> = channels.iter().map(curve).collect();
    let split = split_curves(&curves, budget, control)?;
    match most_cost.filter(|&most| split.outcome.objective.is_some() && !target::keeps(&split, most)) {
        Some(most) => target::split(channels, budget, most, &split, control),
        None => Ok(split),
    }
}

/// Splits over curves as they are.
pub(super) fn split_curves(
    curves: &[Curve],
    budget: f64,
    control: &Control,
) -> Result<BudgetSplit, DecideError> {
    split_budget(curves, budget, control).map_err(|error| DecideError::Solver {
        doing: "splitting the budget".to_owned(),
        reason: error.to_string(),
    })
}

/// A channel's curve.
pub(super) fn curve(c: &Channel) -> Curve {
    Curve { a: c.a, k: c.k, s: c.s, lower: c.min, upper: c.max, step: c.step }
}

/// What one more unit of money brings at a spend; NaN where that has no end.
pub(super) fn marginal_response(channel: &Channel, spend: f64) -> f64 {
    let slope = curve(channel).slope(spend);
    if slope.is_finite() { slope } else { f64::NAN }
}
