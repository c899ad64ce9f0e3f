//! Hands the problem to the route solver and takes its answer back as a plan.
//!
//! Visits that no vehicle could serve even alone are left out first, so that one of them never
//! voids the rest. Everything else is the solver's: which visits, which vehicle, which order.

mod hopeless;
mod part;
mod reasons;

use std::collections::HashSet;
use std::time::Instant;

use super::super::{DecideError, SolveOptions};
use super::check::{self, Checked, check, price};
use super::plan::{Plan, PlanRoute, Unserved};
use super::problem::Problem;
use crate::solution::{Outcome, SolutionStatus, Termination};
use part::Part;

pub(super) use hopeless::hopeless;
pub(super) use reasons::reasons;

/// Relative difference of the solver's cost and the checker's that is rounding.
const AGREEMENT: f64 = 1e-6;

/// A plan with its price and what the solver says of it.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub plan: Plan,
    pub checked: Checked,
    pub outcome: Outcome,
    pub solve_seconds: f64,
    pub check_seconds: f64,
}

/// Leaves the hopeless out, solves the rest and prices the whole.
pub(super) fn answer(
    problem: &Problem,
    start: Option<&Plan>,
    options: &SolveOptions,
) -> Result<Answer, DecideError> {
    let started = Instant::now();
    let control = options.control.started();
    let lost = hopeless(problem);
    let part = Part::new(problem, &lost)?;
    let found = part.solve(start, &control)?;
    let solve_seconds = started.elapsed().as_secs_f64();
    let began = Instant::now();
    let mut plan = part.plan(&found.solution);
    let added = take_in(problem, &mut plan);
    let served: HashSet<usize> = plan.routes.iter().flat_map(PlanRoute::visits).collect();
    let left: Vec<usize> =
        part.unserved(&found.solution).into_iter().filter(|visit| !served.contains(visit)).collect();
    plan.unserved = reasons(problem, &plan, &left);
    let lost = lost.into_iter().enumerate().filter(|(visit, _)| !served.contains(visit));
    plan.unserved.extend(lost.filter_map(|(visit, reason)| Some(Unserved { visit, reason: reason? })));
    plan.unserved.sort_by_key(|left| left.visit);
    let checked = check(problem, &plan);
    let outcome = outcome(problem, &found, added, &plan, &checked)?;
    Ok(Answer { plan, checked, outcome, solve_seconds, check_seconds: began.elapsed().as_secs_f64() })
}

/// Puts visits that must be served, and that the search left out though there is room, where they add
/// least; what that adds.
fn take_in(problem: &Problem, plan: &mut Plan) -> f64 {
    let mut out: Vec<usize> =
        (0..problem.visits.len()).filter(|&visit| problem.data.visits[visit].prize.is_none()).collect();
    let served: HashSet<usize> = plan.routes.iter().flat_map(PlanRoute::visits).collect();
    out.retain(|visit| !served.contains(visit));
    let before = served.len();
    if out.is_empty() {
        return 0.0;
    }
    out.sort_by_key(|&visit| std::cmp::Reverse(problem.data.visits[visit].priority));
    let price = |plan: &Plan| {
        let costs = price(problem, plan);
        costs.total() - costs.prizes
    };
    let earlier = plan.clone();
    check::take_in(problem, plan, &out);
    let grew = plan.routes.iter().flat_map(PlanRoute::visits).count() > before;
    if grew { price(plan) - price(&earlier) } else { 0.0 }
}

/// Status and objective of the whole, where solver and checker agree.
///
/// # Errors
/// [`DecideError::Check`] where the checker finds a higher cost than the solver.
fn outcome(
    problem: &Problem,
    found: &part::Found,
    added: f64,
    plan: &Plan,
    checked: &Checked,
) -> Result<Outcome, DecideError> {
    let prize = |left: &Unserved| problem.data.visits[left.visit].prize.unwrap_or(0.0);
    let lost: f64 = plan.unserved.iter().filter(|left| !found.knows(left.visit)).map(prize).sum();
    let (told, priced) = (found.cost + lost + added, checked.costs.total());
    if priced > told + AGREEMENT * priced.abs().max(1.0) {
        return Err(DecideError::Check(format!("it costs {priced}, and the solver judged it at {told}")));
    }
    let bound = found.bound.map(|bound| (bound + lost).min(priced));
    let proved = found.termination == Termination::Optimal;
    Ok(Outcome {
        termination: found.termination,
        solution_status: if proved { SolutionStatus::Optimal } else { SolutionStatus::Feasible },
        objective: Some(priced),
        bound,
    })
}
