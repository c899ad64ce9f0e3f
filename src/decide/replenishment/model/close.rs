//! Given plans put together by prices, close the gap of a small problem exactly.
//!
//! Method: the whole problem as one program ([`whole`](super::whole)), solved by
//! branch and bound from the plans at hand; what it finds is priced by the same
//! simulation as every other plan, and taken where it is cheaper and keeps the
//! shared limits.
//! Cost: at most [`NODE_CELLS`] over cells nodes, for at most [`MOST_CELLS`]
//! cells (stock points x scenarios x buckets). The prices before it get
//! [`PRICES_SHARE`] of the time and few settings, since the program proves more.
//! Use the prices alone above that size, where their gap is small anyhow:
//! the more stock points meet, the less one order matters.
//! Not for: problems without shared limits, which are exact on their own.
//! Same input gives the same answer: yes; a time limit depends on the clock.

use super::limits::Limits;
use super::part::{PointPlan, StockPoint};
use super::polish::{polish, restore};
use super::whole::{Whole, whole};
use crate::control::Control;
use crate::optimize::allocation::AllocationSolution;
use crate::optimize::milp::Session;
use crate::solution::{Outcome, SolutionStatus, Termination};

/// Demand cells up to which the whole problem is written out.
const MOST_CELLS: usize = 12_000;
/// Nodes times cells that the search may take.
const NODE_CELLS: usize = 2_000_000;
/// Share of the time that prices and repair may take before.
pub(crate) const PRICES_SHARE: f64 = 1.0 / 3.0;
/// Settings of joint orders that are asked before.
pub(crate) const SETTINGS_BEFORE: usize = 100;
/// Relative gap at which a plan counts as proved.
const PROVED: f64 = 1e-6;

/// The whole problem as one program, where it is small enough.
pub(crate) fn small(limits: &Limits, points: &[StockPoint<'_>]) -> Option<Whole> {
    if cells(points) > MOST_CELLS { None } else { whole(limits, points) }
}

fn cells(points: &[StockPoint<'_>]) -> usize {
    points.iter().map(StockPoint::cells).sum()
}

/// Improves plans and bound in place.
pub(crate) fn close(
    whole: &Whole,
    limits: &Limits,
    points: &[StockPoint<'_>],
    answer: &mut AllocationSolution<PointPlan>,
    control: &Control,
) {
    if answer.outcome.termination == Termination::TimeLimit && !control.should_stop() {
        // Only the prices' share of the time is over.
        answer.outcome.termination = Termination::Stalled;
    }
    let is_near = answer.outcome.gap().is_some_and(|gap| gap <= control.limits.gap);
    let is_over = control.should_stop()
        || control.limits.work.is_some_and(|work| answer.rounds >= work)
        || answer.outcome.termination == Termination::Infeasible;
    if is_near || is_over {
        return;
    }
    let nodes = (NODE_CELLS / cells(points).max(1)).max(1) as u64;
    // A solver that fails leaves the plans as they are.
    let Ok(mut session) = Session::new(&whole.program) else { return };
    if answer.outcome.solution_status != SolutionStatus::None {
        session.set_start(whole.start(points, &answer.chosen, &answer.open));
    }
    let Ok(solved) = session.solve(&control.clone().with_work(nodes)) else { return };
    if !solved.values.is_empty()
        && let Some(plans) = whole.plans(points, &solved.values)
    {
        take(limits, points, answer, (plans, whole.open(&solved.values)), control);
    }
    conclude(&mut answer.outcome, solved.outcome.termination, solved.outcome.bound, control);
}

/// Takes plans that are cheaper and keep the shared limits, or can be made to.
fn take(
    limits: &Limits,
    points: &[StockPoint<'_>],
    answer: &mut AllocationSolution<PointPlan>,
    (mut plans, open): (Vec<PointPlan>, Vec<u32>),
    control: &Control,
) {
    let mut usage = vec![0.0; limits.rows.len()];
    for (point, plan) in points.iter().zip(&plans) {
        point.usage_of(plan).iter().for_each(|&(row, amount)| usage[row as usize] += amount);
    }
    if restore(limits, points, &mut plans, &mut usage) {
        polish(limits, points, &mut plans, &mut usage, control);
    }
    let mut net = usage.clone();
    let mut cost: f64 = plans.iter().map(PointPlan::cost).sum();
    for (switch, &copies) in limits.coupling.switches().iter().zip(&open) {
        cost += switch.cost * f64::from(copies);
        for &(row, amount) in &switch.raises {
            net[row as usize] -= amount * f64::from(copies);
        }
    }
    let keeps = limits.coupling.rows().iter().zip(&net).all(|(row, &net)| row.allows(net));
    let is_cheaper = answer.outcome.solution_status == SolutionStatus::None
        || answer.outcome.objective.is_none_or(|known| cost < known);
    if keeps && is_cheaper {
        answer.outcome.objective = Some(cost);
        answer.outcome.solution_status = SolutionStatus::Feasible;
        (answer.chosen, answer.open, answer.row_usage) = (plans, open, usage);
    }
}

/// The outcome with what the program proved.
fn conclude(outcome: &mut Outcome, ended: Termination, bound: Option<f64>, control: &Control) {
    let Some(objective) = outcome.objective else {
        if ended == Termination::Infeasible {
            *outcome = Outcome::without_answer(ended);
        }
        return;
    };
    let best = match (outcome.bound, bound) {
        (Some(known), Some(new)) => Some(known.max(new)),
        (known, new) => known.or(new),
    };
    outcome.bound = best.map(|bound| bound.min(objective));
    let gap = outcome.gap().unwrap_or(f64::INFINITY);
    if gap <= PROVED {
        (outcome.termination, outcome.solution_status) = (Termination::Optimal, SolutionStatus::Optimal);
    } else if gap <= control.limits.gap {
        outcome.termination = Termination::TargetGap;
    } else if !matches!(ended, Termination::Optimal | Termination::TargetGap | Termination::Infeasible) {
        outcome.termination = ended;
    }
}
