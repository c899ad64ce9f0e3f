//! The order plan: one order path a stock point, tied by shared limits.
//!
//! `docs/replenishment.md` has the formulas. `ways` turns a stock point into
//! order paths, `limits` collects what stock points share, `part` lets a
//! stock point answer prices of the shared limits. Without shared limits every
//! stock point is solved on its own and the sum is exact for the sample
//! average; with them the parts are put together by prices and a repair, with
//! a proven bound, `beside` buys from further sources, `polish` makes small
//! moves, and `close` ends small problems with the program that `whole` writes.

mod beside;
mod branch;
mod charges;
mod close;
pub(crate) mod compact;
mod counts;
mod given;
mod lanes;
mod limits;
pub(crate) mod need;
mod part;
mod polish;
mod split;
mod split_search;
#[cfg(test)]
mod split_tests;
#[cfg(test)]
mod tests;
mod ways;
mod whole;
mod windows;

use rayon::prelude::*;

use super::plan::{OrderLine, Plan};
use super::problem::{Place, Problem};
use super::scenarios::Scenarios;
use super::words::Unit;
use crate::control::Control;
use crate::optimize::allocation::{AllocationOptions, allocate};
use crate::optimize::inventory::order_path::{PathError, PathOptions};
use crate::optimize::milp::Program;
use crate::solution::{Outcome, SolutionStatus, Termination};

pub(crate) use given::from_lines;
use limits::Limits;
pub(crate) use limits::{Family, label, place_of};
use part::{Memory, PointPlan, StockPoint};

/// A shared limit with what the plan uses of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitUse {
    /// The limit in a planner's words.
    pub name: String,
    /// Constraint family, as in the contract.
    pub family: &'static str,
    /// First day of its bucket, where it has one.
    pub date: Option<chrono::NaiveDate>,
    /// Input row that states it.
    pub place: Place,
    /// What it is counted in.
    pub unit: Unit,
    /// The limit.
    pub limit: f64,
    /// What the plan uses.
    pub used: f64,
    /// Money that one more unit of it saves.
    pub value_of_one_more: f64,
}

/// The order plan and what is proved of it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status, objective, bound.
    pub outcome: Outcome,
    /// The order lines.
    pub plan: Plan,
    /// Shared limits.
    pub limits: Vec<LimitUse>,
    /// Limits that cannot hold together (when infeasible).
    pub collisions: Vec<LimitUse>,
    /// Cost of each stock point, without shared charges.
    pub pair_costs: Vec<f64>,
    /// Prices of the shared limits, for the plan of a single pair; empty where none is shared.
    pub prices: Vec<f64>,
}

/// Why no answer could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A stock point's path was refused: a defect, since the problem is validated.
    #[error("order path of {pair}: {source}")]
    Path {
        /// The stock point.
        pair: String,
        /// What was wrong.
        source: PathError,
    },
    /// The shared limits were refused: a defect.
    #[error("shared limits: {0}")]
    Allocation(#[from] crate::optimize::allocation::AllocationError),
}

/// Finds the order plan of `problem` over `scenarios`.
///
/// `earlier` is a plan to stay close to; each unit more or less than it costs
/// the problem's stability penalty.
///
/// # Errors
/// [`ModelError`] on a defect; infeasible limits are an answer.
pub fn plan(
    problem: &Problem,
    scenarios: &Scenarios,
    earlier: Option<&Plan>,
    control: &Control,
) -> Result<Answer, ModelError> {
    plan_to(problem, scenarios, earlier, Aim::Proof, control)
}

/// What a plan is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// To be good and proved: small problems are closed by the program of everything.
    Proof,
    /// To be good: the program is left to problems for which nothing else finds a plan. Most of
    /// its time goes into the bound.
    Orders,
}

/// Finds the order plan as [`plan`] does, as far as `aim` asks.
///
/// # Errors
/// As [`plan`].
pub(crate) fn plan_to(
    problem: &Problem,
    scenarios: &Scenarios,
    earlier: Option<&Plan>,
    aim: Aim,
    control: &Control,
) -> Result<Answer, ModelError> {
    let control = control.started();
    let limits = Limits::new(problem)?;
    let points = stock_points(problem, scenarios, &limits, earlier, &control)?;
    if limits.is_empty() {
        Ok(alone(&points, &control))
    } else {
        together(problem, &limits, &points, aim, &control)
    }
}

/// What ties the stock points of a problem together, for planning one of them again.
pub(crate) struct Ties(Limits);

impl Ties {
    /// Collects the shared limits of `problem`.
    ///
    /// # Errors
    /// As [`plan`].
    pub fn new(problem: &Problem) -> Result<Self, ModelError> {
        Ok(Ties(Limits::new(problem)?))
    }

    /// The order lines of one stock point at these prices of the shared limits, those of an
    /// [`Answer`]; without prices the limits cost nothing. Where no limit is shared they are
    /// the lines of [`plan`].
    ///
    /// # Errors
    /// As [`plan`].
    pub fn plan_pair(
        &self,
        problem: &Problem,
        scenarios: &Scenarios,
        pair: usize,
        prices: &[f64],
        control: &Control,
    ) -> Result<Plan, ModelError> {
        let Ties(limits) = self;
        let free = vec![0.0; limits.rows.len()];
        let prices = if prices.len() == free.len() { prices } else { &free };
        let point = stock_point(problem, scenarios, limits, None, control, pair, false)?;
        let plan = point.at_prices(prices, &mut Memory::default());
        let mut lines = Vec::new();
        push_lines(&point, &plan, &mut lines);
        Ok(Plan::new(lines))
    }
}

/// Writes the whole problem as one mixed-integer program, as small problems are closed with, and
/// hands `work` the program and the way back from its values to a plan. `None` where no limit is
/// shared, since every stock point is solved on its own then.
///
/// # Errors
/// As [`plan`].
pub fn with_whole_program<R>(
    problem: &Problem,
    scenarios: &Scenarios,
    control: &Control,
    work: impl FnOnce(&Program, &dyn Fn(&[f64]) -> Option<Plan>) -> R,
) -> Result<Option<R>, ModelError> {
    let limits = Limits::new(problem)?;
    let points = stock_points(problem, scenarios, &limits, None, control)?;
    let Some(whole) = whole::whole(&limits, &points) else { return Ok(None) };
    let back = |values: &[f64]| {
        let plans = whole.plans(&points, values)?;
        let mut lines = Vec::new();
        points.iter().zip(&plans).for_each(|(point, plan)| push_lines(point, plan, &mut lines));
        Some(Plan::new(lines))
    };
    Ok(Some(work(&whole.program, &back)))
}

/// Demand cells up to which order paths are kept in memory between rounds.
const KEPT_CELLS: usize = 8_000_000;

fn stock_points<'a>(
    problem: &'a Problem,
    scenarios: &'a Scenarios,
    limits: &'a Limits,
    earlier: Option<&'a Plan>,
    control: &Control,
) -> Result<Vec<StockPoint<'a>>, ModelError> {
    let cells = problem.pairs.len() * problem.scenarios * problem.horizon;
    let keep = !limits.is_empty() && cells <= KEPT_CELLS;
    control.install(|| {
        (0..problem.pairs.len())
            .into_par_iter()
            .map(|index| stock_point(problem, scenarios, limits, earlier, control, index, keep))
            .collect()
    })
}

fn stock_point<'a>(
    problem: &'a Problem,
    scenarios: &'a Scenarios,
    limits: &'a Limits,
    earlier: Option<&'a Plan>,
    control: &Control,
    index: usize,
    keep: bool,
) -> Result<StockPoint<'a>, ModelError> {
    let mut options =
        PathOptions { gap: (0.1 * control.limits.gap).clamp(1e-6, 1e-3), ..PathOptions::default() };
    if !limits.is_empty() {
        // Shared limits ask each stock point hundreds of times.
        options.max_looks = 0;
    }
    let earlier = earlier.map(|plan| plan.of_pair(index));
    StockPoint::new(problem, limits, index, &scenarios.pairs[index], earlier, options, keep)
        .map_err(|source| ModelError::Path { pair: problem.pair_name(&problem.pairs[index]), source })
}

/// Without shared limits: every stock point on its own.
fn alone(points: &[StockPoint<'_>], control: &Control) -> Answer {
    let solved: Vec<(PointPlan, Option<f64>)> = control.install(|| {
        points.par_iter().map_init(Memory::default, |memory, point| point.alone(memory)).collect()
    });
    let objective: f64 = solved.iter().map(|(plan, _)| plan.cost()).sum();
    let bound: Option<f64> = solved.iter().map(|(_, bound)| *bound).sum();
    let proven = bound.is_some_and(|bound| objective - bound <= 1e-6 * objective.abs().max(1.0));
    let gap = bound.map(|bound| (objective - bound) / objective.abs().max(1e-9));
    let outcome = Outcome {
        termination: match gap {
            _ if proven => Termination::Optimal,
            Some(gap) if gap <= control.limits.gap => Termination::TargetGap,
            _ => Termination::Stalled,
        },
        solution_status: if proven { SolutionStatus::Optimal } else { SolutionStatus::Feasible },
        objective: Some(objective),
        bound,
    };
    let mut lines = Vec::new();
    for (point, (plan, _)) in points.iter().zip(&solved) {
        push_lines(point, plan, &mut lines);
    }
    let pair_costs = solved.iter().map(|(plan, _)| plan.cost()).collect();
    Answer {
        outcome,
        plan: Plan::new(lines),
        limits: Vec::new(),
        collisions: Vec::new(),
        pair_costs,
        prices: Vec::new(),
    }
}

/// With shared limits: prices, bound and repair.
fn together(
    problem: &Problem,
    limits: &Limits,
    points: &[StockPoint<'_>],
    aim: Aim,
    control: &Control,
) -> Result<Answer, ModelError> {
    let small = || close::small(limits, points);
    let mut whole = if aim == Aim::Proof { small() } else { None };
    let (mut options, mut first) = (AllocationOptions::default(), control.clone());
    if whole.is_some() {
        options.most_settings = close::SETTINGS_BEFORE;
        first = control.for_share(close::PRICES_SHARE);
    }
    let mut answer = allocate(points, &limits.coupling, &options, &first)?;
    if answer.outcome.solution_status != SolutionStatus::None {
        let saved = polish::polish(limits, points, &mut answer.chosen, &mut answer.row_usage, control);
        answer.outcome.objective = answer.outcome.objective.map(|objective| objective - saved);
    }
    if aim == Aim::Orders && answer.outcome.solution_status == SolutionStatus::None {
        whole = small();
    }
    if let Some(whole) = whole {
        close::close(&whole, limits, points, &mut answer, control);
    }
    let mut lines = Vec::new();
    let feasible = answer.outcome.solution_status != SolutionStatus::None;
    if feasible {
        for (point, plan) in points.iter().zip(&answer.chosen) {
            push_lines(point, plan, &mut lines);
        }
    }
    let use_of = |row: usize| {
        let of = |list: &[f64]| list.get(row).copied().unwrap_or(0.0);
        limit_use(problem, limits, row, of(&answer.row_usage), of(&answer.prices))
    };
    let collisions = answer
        .collision
        .iter()
        .flat_map(|collision| &collision.rows)
        .map(|colliding| use_of(colliding.row as usize))
        .collect();
    let stated = (0..limits.rows.len()).filter(|&row| !matches!(limits.rows[row].family, Family::Header(..)));
    Ok(Answer {
        outcome: answer.outcome,
        plan: Plan::new(lines),
        limits: stated.map(use_of).collect(),
        collisions,
        pair_costs: answer.chosen.iter().map(PointPlan::cost).collect(),
        prices: answer.prices,
    })
}

/// A shared limit with what is used of it and its price.
fn limit_use(problem: &Problem, limits: &Limits, row: usize, used: f64, price: f64) -> LimitUse {
    let limit = &limits.rows[row];
    LimitUse {
        name: limits::label(problem, limit.family),
        family: family_name(limit.family),
        date: limits::bucket(limit.family).map(|bucket| problem.buckets.start_of(bucket as i64)),
        place: limit.place.clone(),
        unit: Unit::of(limit.family),
        limit: limit.value,
        used,
        value_of_one_more: price,
    }
}

/// Name of a family in the contract.
fn family_name(family: Family) -> &'static str {
    match family {
        Family::Budget => "budget",
        Family::SupplierBudget(_) => "supplier_budget",
        Family::CapacityUnits(..) | Family::CapacityVolume(..) | Family::CapacityWeight(..) => {
            "supplier_capacity"
        }
        Family::MinimumMoney(..) | Family::MinimumVolume(..) | Family::Header(..) => "order_minimum",
        Family::Storage(..) => "storage",
    }
}

/// The order lines of a stock point's plan; a split order becomes one line a source.
fn push_lines(point: &StockPoint<'_>, plan: &PointPlan, lines: &mut Vec<OrderLine>) {
    point.with_ways(|ways| {
        let Some(ready) = ways.get(plan.way) else { return };
        lines.extend(point.lines(ready, &plan.orders, &plan.beside));
    });
}
