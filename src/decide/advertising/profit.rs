//! The split of most profit: margin times response less spend, with the budget as an upper limit only.
//!
//! Each channel's best spend on its own is known exactly: an end of its range, or where its curve, falling, brings back
//! one unit of money for one more (with steps, a multiple beside it). Where these spends keep the budget they are the
//! best split, whatever the curves' shapes. Where they do not and all curves have falling returns, the last unit of the
//! whole budget still brings back more than one, so the split of most worth of the whole budget is the best. Otherwise
//! the money that is kept becomes a channel of its own, which brings back what it is given, and the search for S-shaped
//! curves and steps splits the budget over all.

use super::check::response;
use super::model;
use super::problem::Channel;
use crate::control::Control;
use crate::decide::DecideError;
use crate::optimize::allocation::{BudgetSplit, Curve};
use crate::solution::{Outcome, SolutionStatus, Termination};

/// Rounds of halving an interval of spends.
const ROUNDS: usize = 100;
/// Half-saturation of the kept money, in budgets: so large that its curve is a line but for a hundred-millionth.
const FAR: f64 = 1e8;

/// What a split earns.
pub(super) fn profit(channels: &[Channel], spend: &[f64]) -> f64 {
    channels.iter().zip(spend).map(|(channel, &x)| channel.margin * response(channel, x) - x).sum()
}

/// Splits at most `budget`.
pub(super) fn split(
    channels: &[Channel],
    budget: f64,
    control: &Control,
) -> Result<BudgetSplit, DecideError> {
    let alone: Vec<f64> = channels.iter().map(|channel| best_alone(channel, channel.margin)).collect();
    let wanted: f64 = alone.iter().sum();
    if wanted <= budget {
        let earned = profit(channels, &alone);
        let outcome = Outcome {
            termination: Termination::Optimal,
            solution_status: SolutionStatus::Optimal,
            objective: Some(earned),
            bound: Some(earned),
        };
        return Ok(BudgetSplit { outcome, amounts: alone, price: 0.0, left: budget - wanted, nodes: 0 });
    }
    let mut curves: Vec<Curve> = channels
        .iter()
        .map(|channel| Curve { a: channel.a * channel.margin, ..model::curve(channel) })
        .collect();
    let is_concave = channels.iter().all(|channel| channel.s <= 1.0 && channel.step == 0.0);
    if !is_concave && budget > 0.0 {
        let far = FAR * budget;
        curves.push(Curve { a: far, k: far, s: 1.0, lower: 0.0, upper: budget, step: 0.0 });
    }
    let mut split = model::split_curves(&curves, budget, control)?;
    if split.outcome.objective.is_none() {
        return Ok(split);
    }
    split.amounts.truncate(channels.len());
    let spent: f64 = split.amounts.iter().sum();
    split.left = (budget - spent).max(0.0);
    split.price = (split.price - 1.0).max(0.0);
    let earned = profit(channels, &split.amounts);
    split.outcome.objective = Some(earned);
    // The line of the kept money is missed by at most so much.
    let (kept, missed) = if is_concave { (spent, 0.0) } else { (budget, budget / FAR) };
    split.outcome.bound = split.outcome.bound.map(|bound| (bound - kept + missed).max(earned));
    Ok(split)
}

/// The spend at which `worth` a unit of response exceeds its cost by most, were the channel alone.
pub(super) fn best_alone(channel: &Channel, worth: f64) -> f64 {
    let curve = Curve { a: channel.a * worth, ..model::curve(channel) };
    let (least, most) = (channel.least(), channel.most());
    let gain = |x: f64| worth * response(channel, x) - x;
    let better = |a: f64, b: f64| if gain(b) > gain(a) { b } else { a };
    let turn = curve.inflection().clamp(least, most);
    let (mut low, mut high) = (turn, most);
    // From the turn on the slope falls: it passes 1 once, or not at all.
    for _ in 0..ROUNDS {
        let middle = 0.5 * (low + high);
        if curve.slope(middle) > 1.0 { low = middle } else { high = middle }
    }
    let ends = [most, turn, 0.5 * (low + high)];
    if channel.step == 0.0 {
        return ends.into_iter().fold(least, better);
    }
    let around = |x: f64| {
        let steps = x / channel.step;
        [steps.floor() * channel.step, steps.ceil() * channel.step]
    };
    ends.into_iter().flat_map(around).map(|x| x.clamp(least, most)).fold(least, better)
}
