//! The split of most response under a target for what a unit of response may cost.
//!
//! The most response of a budget rises with it. Where all curves have falling returns it rises ever
//! more slowly, so the budgets that keep the target are one interval, and the best split is the
//! exact one of its upper end, found by bisection. With S-shaped curves or steps the largest budget
//! found by trying evenly spread ones is taken, and the bound stays that of the whole budget.

use super::model;
use super::problem::Channel;
use super::profit::best_alone;
use crate::control::Control;
use crate::decide::DecideError;
use crate::optimize::allocation::BudgetSplit;
use crate::solution::{Outcome, SolutionStatus, Termination};

/// Budgets tried at first, evenly spread.
const TRIED: usize = 32;
/// Rounds of narrowing an interval of budgets.
const ROUNDS: usize = 50;
/// Relative excess of a target that is rounding.
const ROUNDING: f64 = 1e-9;

/// Whether a split costs at most so much a unit of response.
pub(super) fn keeps(split: &BudgetSplit, most_cost: f64) -> bool {
    let spent: f64 = split.amounts.iter().sum();
    split.outcome.objective.is_some_and(|response| spent <= most_cost * response * (1.0 + ROUNDING))
}

/// The largest budget's split that keeps the target; `whole` is that of the whole budget, which does not.
pub(super) fn split(
    channels: &[Channel],
    budget: f64,
    most_cost: f64,
    whole: &BudgetSplit,
    control: &Control,
) -> Result<BudgetSplit, DecideError> {
    let least: f64 = channels.iter().map(Channel::least).sum();
    let quiet = control.silent();
    let of = |budget: f64| model::split_over(channels, budget, None, &quiet);
    let spare = |split: &BudgetSplit| {
        let spent: f64 = split.amounts.iter().sum();
        split.outcome.objective.map_or(f64::NEG_INFINITY, |response| most_cost * response - spent)
    };
    let at = |place: f64| least + (budget - least) * place / TRIED as f64;
    let mut tried = Vec::with_capacity(TRIED);
    for place in 0..TRIED {
        tried.push(of(at(place as f64))?);
    }
    let (mut low, mut found) = match (0..TRIED).rev().find(|&place| keeps(&tried[place], most_cost)) {
        Some(place) => (place as f64, tried[place].clone()),
        None => {
            // An interval thinner than the steps lies about the one that misses by least.
            let near = (0..TRIED).max_by(|&a, &b| spare(&tried[a]).total_cmp(&spare(&tried[b]))).unwrap_or(0);
            let (place, split) = best_about(near as f64, &|place| of(at(place)), &spare)?;
            (place, split)
        }
    };
    // What each channel on its own has most to spare at: no split has more to spare in all.
    let sparing: f64 = channels.iter().map(|channel| best_alone(channel, most_cost)).sum();
    if sparing <= budget {
        let split = of(sparing)?;
        let brings = |split: &BudgetSplit| split.outcome.objective.unwrap_or(f64::NEG_INFINITY);
        if keeps(&split, most_cost) && (!keeps(&found, most_cost) || brings(&split) > brings(&found)) {
            low = if budget > least { (sparing - least) / (budget - least) * TRIED as f64 } else { 0.0 };
            found = split;
        }
    }
    if !keeps(&found, most_cost) {
        return Ok(without(whole));
    }
    let mut high = (low.floor() + 1.0).min(TRIED as f64);
    for _ in 0..ROUNDS {
        let middle = 0.5 * (low + high);
        let split = of(at(middle))?;
        if keeps(&split, most_cost) {
            (low, found) = (middle, split);
        } else {
            high = middle;
        }
    }
    Ok(told(channels, budget, whole, found))
}

/// The place within one step of `near` that has most to spare, by golden section.
fn best_about(
    near: f64,
    of: &impl Fn(f64) -> Result<BudgetSplit, DecideError>,
    spare: &impl Fn(&BudgetSplit) -> f64,
) -> Result<(f64, BudgetSplit), DecideError> {
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = ((near - 1.0).max(0.0), (near + 1.0).min(TRIED as f64));
    for _ in 0..ROUNDS {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if spare(&of(left)?) >= spare(&of(right)?) { high = right } else { low = left }
    }
    let place = 0.5 * (low + high);
    Ok((place, of(place)?))
}

/// The answer that no split keeps the target.
fn without(whole: &BudgetSplit) -> BudgetSplit {
    BudgetSplit {
        outcome: Outcome::without_answer(Termination::Infeasible),
        amounts: Vec::new(),
        price: f64::NAN,
        left: f64::NAN,
        nodes: whole.nodes,
    }
}

/// The split found, with what is proved of it.
fn told(channels: &[Channel], budget: f64, whole: &BudgetSplit, found: BudgetSplit) -> BudgetSplit {
    let is_concave = channels.iter().all(|channel| channel.s <= 1.0 && channel.step == 0.0);
    let is_best = is_concave && found.outcome.termination == Termination::Optimal;
    let spent: f64 = found.amounts.iter().sum();
    let outcome = match is_best {
        true => found.outcome,
        false => Outcome {
            termination: Termination::Stalled,
            solution_status: SolutionStatus::Feasible,
            objective: found.outcome.objective,
            bound: whole.outcome.bound,
        },
    };
    // More budget brings nothing: the target holds it back.
    BudgetSplit { outcome, left: (budget - spent).max(0.0), price: 0.0, ..found }
}
