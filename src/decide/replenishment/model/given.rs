//! Given order lines that keep all limits, make of them the plan that is told:
//! priced like every other plan, and cheaper by moves that keep the shared limits.
//!
//! Method: the lines of each stock point become the orders of its way to buy;
//! then [`polish`](super::polish).
//! Cost: that of polishing.
//! Use [`plan`](super::plan) instead where its search finds a plan; this one is
//! for limits so tight that only a program of the limits found any.
//! Not for: a proof; there is no bound.
//! Same input gives the same answer: yes.

use std::collections::BTreeSet;

use super::super::plan::Plan;
use super::super::problem::Problem;
use super::super::scenarios::Scenarios;
use super::limits::{Family, Limits};
use super::part::PointPlan;
use super::{Answer, ModelError, limit_use, polish, push_lines, stock_points};
use crate::control::Control;
use crate::solution::{Outcome, SolutionStatus, Termination};

/// The plan around `lines`; `None` where a stock point cannot buy that way. `earlier` is a plan to
/// stay close to, as in [`plan`](super::plan).
///
/// # Errors
/// [`ModelError`] on a defect.
pub(crate) fn from_lines(
    problem: &Problem,
    scenarios: &Scenarios,
    lines: &Plan,
    earlier: Option<&Plan>,
    control: &Control,
) -> Result<Option<Answer>, ModelError> {
    let limits = Limits::new(problem)?;
    let points = stock_points(problem, scenarios, &limits, earlier, control)?;
    let plans = points.iter().enumerate().map(|(pair, point)| point.bought(lines.of_pair(pair)));
    let Some(mut plans) = plans.collect::<Option<Vec<PointPlan>>>() else { return Ok(None) };
    let mut used = vec![0.0; limits.rows.len()];
    for (point, plan) in points.iter().zip(&plans) {
        point.usage_of(plan).iter().for_each(|&(row, amount)| used[row as usize] += amount);
    }
    polish::polish(&limits, &points, &mut plans, &mut used, control);
    let mut lines = Vec::new();
    points.iter().zip(&plans).for_each(|(point, plan)| push_lines(point, plan, &mut lines));
    let plan = Plan::new(lines);
    let placed =
        plan.lines.iter().map(|line| (problem.pairs[line.pair].sources[line.source].supplier, line.bucket));
    let placed: BTreeSet<(usize, usize)> = placed.filter(|(at, _)| !limits.is_private(*at)).collect();
    let headers: f64 = placed.iter().map(|(at, _)| problem.suppliers[*at].order_cost).sum();
    let outcome = Outcome {
        termination: Termination::Stalled,
        solution_status: SolutionStatus::Feasible,
        objective: Some(plans.iter().map(PointPlan::cost).sum::<f64>() + headers),
        bound: None,
    };
    let stated = (0..limits.rows.len()).filter(|&row| !matches!(limits.rows[row].family, Family::Header(..)));
    let limits = stated.map(|row| limit_use(problem, &limits, row, used[row], 0.0)).collect();
    let pair_costs = plans.iter().map(PointPlan::cost).collect();
    Ok(Some(Answer { outcome, plan, limits, prices: Vec::new(), collisions: Vec::new(), pair_costs }))
}
