//! The order plan: one order path a stock point, tied by shared limits.
//!
//! `docs/replenishment.md` has the formulas. [`ways`] turns a stock point into
//! order paths, [`limits`] collects what stock points share, [`part`] lets a
//! stock point answer prices of the shared limits. Without shared limits every
//! stock point is solved on its own and the sum is exact for the sample
//! average; with them the parts are put together by prices and a repair, with
//! a proven bound.

mod limits;
mod part;
mod ways;

use rayon::prelude::*;

use super::problem::{Pair, Place, Problem};
use super::scenarios::Scenarios;
use crate::control::Control;
use crate::optimize::allocation::{AllocationOptions, allocate};
use crate::optimize::inventory::order_path::{PathError, PathOptions, Prepared, evaluate_prepared};
use crate::solution::{Outcome, SolutionStatus, Termination};

pub(crate) use limits::Family;
use limits::Limits;
use part::{Memory, PointPlan, StockPoint};
use ways::{Way, ways};

/// What one order line is: stock point, source, bucket, quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Index of the stock point.
    pub pair: usize,
    /// Index of its source.
    pub source: usize,
    /// Bucket of the horizon in which it is placed.
    pub bucket: usize,
    /// Stock units.
    pub quantity: f64,
}

/// A shared limit with what the plan uses of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitUse {
    /// The limit in a planner's words.
    pub name: String,
    /// Constraint family, as in the contract.
    pub family: &'static str,
    /// Input row that states it.
    pub place: Place,
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
    /// Order lines, by stock point, bucket, source.
    pub lines: Vec<Line>,
    /// Shared limits.
    pub limits: Vec<LimitUse>,
    /// Limits that cannot hold together (when infeasible).
    pub collisions: Vec<LimitUse>,
    /// Cost of each stock point, without shared charges.
    pub pair_costs: Vec<f64>,
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
/// `earlier` holds the lines of an earlier plan to stay close to; each unit
/// more or less than it costs the problem's stability penalty.
///
/// # Errors
/// [`ModelError`] on a defect; infeasible limits are an answer.
pub fn plan(
    problem: &Problem,
    scenarios: &Scenarios,
    earlier: Option<&[Line]>,
    control: &Control,
) -> Result<Answer, ModelError> {
    let control = control.started();
    let limits = Limits::new(problem)?;
    let points = stock_points(problem, scenarios, &limits, earlier, &control)?;
    if limits.is_empty() { Ok(alone(&points, &control)) } else { together(problem, &limits, &points, &control) }
}

/// The order plan of one stock point on its own (no shared limits).
///
/// # Errors
/// As [`plan`].
pub fn plan_pair(problem: &Problem, scenarios: &Scenarios, pair: usize) -> Result<Vec<Line>, ModelError> {
    let limits = Limits::new(problem)?;
    let point = stock_point(problem, scenarios, &limits, None, &Control::default(), pair)?;
    let (plan, _) = point.alone(&mut Memory::default());
    let mut lines = Vec::new();
    push_lines(&point, &plan, &mut lines);
    Ok(lines)
}

fn stock_points<'a>(
    problem: &'a Problem,
    scenarios: &Scenarios,
    limits: &'a Limits,
    earlier: Option<&[Line]>,
    control: &Control,
) -> Result<Vec<StockPoint<'a>>, ModelError> {
    control.install(|| {
        (0..problem.pairs.len())
            .into_par_iter()
            .map(|index| stock_point(problem, scenarios, limits, earlier, control, index))
            .collect()
    })
}

fn stock_point<'a>(
    problem: &'a Problem,
    scenarios: &Scenarios,
    limits: &'a Limits,
    earlier: Option<&[Line]>,
    control: &Control,
    index: usize,
) -> Result<StockPoint<'a>, ModelError> {
    let pair = &problem.pairs[index];
    let refuse = |source| ModelError::Path { pair: problem.pair_name(pair), source };
    let mut list = ways(problem, pair, scenarios.pair(index));
    for way in &mut list {
        fold_private_limits(problem, limits, pair, way);
    }
    let ways = list
        .into_iter()
        .map(|way| {
            let prepared = Prepared::new(&way.path).map_err(refuse)?;
            Ok((way, prepared))
        })
        .collect::<Result<Vec<_>, ModelError>>()?;
    let options = PathOptions { gap: control.limits.gap.min(1e-4), ..PathOptions::default() };
    let earlier = earlier.filter(|_| problem.stability_penalty > 0.0).map(|lines| {
        let of_way = |(way, _): &(Way, Prepared)| {
            let mut orders = vec![0.0; problem.horizon];
            for line in lines.iter().filter(|line| line.pair == index) {
                if way.sources.iter().any(|&(source, _)| source == line.source) {
                    orders[line.bucket] += line.quantity;
                }
            }
            orders
        };
        (problem.stability_penalty, ways.iter().map(of_way).collect())
    });
    Ok(StockPoint { problem, limits, index, ways, options, earlier })
}

/// Puts what a supplier asks of its orders into the order path where it has
/// this one buyer only.
fn fold_private_limits(problem: &Problem, limits: &Limits, pair: &Pair, way: &mut Way) {
    let item = &problem.items[pair.item];
    for (source, share) in way.sources.clone() {
        let index = pair.sources[source].supplier;
        if !limits.is_private(index) {
            continue;
        }
        let supplier = &problem.suppliers[index];
        for cost in &mut way.path.fixed_cost {
            *cost += supplier.order_cost;
        }
        let mut most = supplier.capacity_units.unwrap_or(f64::INFINITY);
        if item.volume_m3 > 0.0 {
            most = most.min(supplier.capacity_m3.unwrap_or(f64::INFINITY) / item.volume_m3);
            way.path.moq = way.path.moq.max(supplier.minimum_m3 / item.volume_m3 / share);
        }
        if most.is_finite() {
            let least = way.path.max_order.unwrap_or(f64::INFINITY).min(most / share);
            way.path.max_order = Some(least);
        }
        if supplier.minimum_money > 0.0 {
            way.path.moq = way.path.moq.max(least_quantity(way, supplier.minimum_money / share));
        }
    }
}

/// Least quantity that is worth `money` in every bucket.
fn least_quantity(way: &Way, money: f64) -> f64 {
    let cheapest = (0..way.path.periods)
        .flat_map(|bucket| way.price.period(bucket))
        .map(|step| step.unit_cost)
        .fold(f64::INFINITY, f64::min);
    if cheapest > 0.0 && cheapest.is_finite() { money / cheapest } else { 0.0 }
}

/// Without shared limits: every stock point on its own.
fn alone(points: &[StockPoint<'_>], control: &Control) -> Answer {
    let solved: Vec<(PointPlan, f64)> = control.install(|| {
        points
            .par_iter()
            .map_init(Memory::default, |memory, point| point.alone(memory))
            .collect()
    });
    let objective: f64 = solved.iter().map(|(plan, _)| plan.cost.total()).sum();
    let exact = points.iter().all(|point| point.ways.iter().all(|(way, _)| way.exact));
    let bound: f64 = solved.iter().map(|(_, bound)| bound).sum();
    let proven = exact && objective - bound <= 1e-6 * objective.abs().max(1.0);
    let outcome = Outcome {
        termination: if proven { Termination::Optimal } else { Termination::TargetGap },
        solution_status: if proven { SolutionStatus::Optimal } else { SolutionStatus::Feasible },
        objective: Some(objective),
        bound: exact.then_some(bound),
    };
    let mut lines = Vec::new();
    for (point, (plan, _)) in points.iter().zip(&solved) {
        push_lines(point, plan, &mut lines);
    }
    let pair_costs = solved.iter().map(|(plan, _)| plan.cost.total()).collect();
    Answer { outcome, lines, limits: Vec::new(), collisions: Vec::new(), pair_costs }
}

/// With shared limits: prices, bound and repair.
fn together(
    problem: &Problem,
    limits: &Limits,
    points: &[StockPoint<'_>],
    control: &Control,
) -> Result<Answer, ModelError> {
    let answer = allocate(points, &limits.coupling, &AllocationOptions::default(), control)?;
    let mut lines = Vec::new();
    let feasible = answer.outcome.solution_status != SolutionStatus::None;
    if feasible {
        for (point, plan) in points.iter().zip(&answer.chosen) {
            push_lines(point, plan, &mut lines);
        }
    }
    let use_of = |row: usize| {
        let limit = &limits.rows[row];
        LimitUse {
            name: limits::label(problem, limit.family),
            family: family_name(limit.family),
            place: limit.place.clone(),
            limit: limit.value,
            used: answer.row_usage.get(row).copied().unwrap_or(0.0),
            value_of_one_more: answer.prices.get(row).copied().unwrap_or(0.0),
        }
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
        lines,
        limits: stated.map(use_of).collect(),
        collisions,
        pair_costs: answer.chosen.iter().map(|plan| plan.cost.total()).collect(),
    })
}

/// Name of a family in the contract.
fn family_name(family: Family) -> &'static str {
    match family {
        Family::Budget => "budget",
        Family::SupplierBudget(_) => "supplier_budget",
        Family::CapacityUnits(..) | Family::CapacityVolume(..) => "supplier_capacity",
        Family::MinimumMoney(..) | Family::MinimumVolume(..) | Family::Header(..) => "order_minimum",
        Family::Storage(..) => "storage",
    }
}

/// The order lines of a stock point's plan; a split order becomes one line a source.
fn push_lines(point: &StockPoint<'_>, plan: &PointPlan, lines: &mut Vec<Line>) {
    let (way, _) = &point.ways[plan.way];
    let pair = &point.problem.pairs[point.index];
    for (bucket, &quantity) in plan.orders.iter().enumerate().filter(|(_, quantity)| **quantity > 0.0) {
        for (source, share) in &way.sources {
            let multiple = pair.sources[*source].multiple;
            let part = if way.sources.len() == 1 { quantity } else { (quantity * share / multiple).round() * multiple };
            if part > 0.0 {
                lines.push(Line { pair: point.index, source: *source, bucket, quantity: part });
            }
        }
    }
}
