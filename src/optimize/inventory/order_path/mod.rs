//! The order plan of one stock point over a horizon: one fixed vector of
//! orders that costs least on average over equally likely demand scenarios.

mod backorders;
mod cut;
mod evaluate;
mod lattice;
mod lost_sales;
mod multipliers;
#[cfg(test)]
mod oracle;
mod patterns;
mod perishable;
mod prepared;
mod problem;
mod refine;
mod search;
mod steepest;
mod supplied;
mod terms;

use self::evaluate::{Simulator, order_cost};
use self::lattice::Lattice;
use self::lost_sales::Rounds;
use self::multipliers::Multipliers;
use self::patterns::{Engine, Patterns};
use self::perishable::Perishable;
use self::search::Candidate;
use self::steepest::Steepest;
use self::terms::OrderTerms;

pub use evaluate::{PathCost, PathTrace, evaluate, evaluate_prepared};
pub use prepared::Prepared;
pub use problem::{Arrival, ExpiringLot, PathError, PathProblem, PriceBreak, PriceList};
pub use supplied::evaluate_supply;

/// Relative distance of cost and bound that is rounding.
const EXACT: f64 = 1e-10;
/// Most order periods for which patterns of orders are searched exhaustively.
const FEW_STAGES: usize = 8;

/// How hard [`solve_path`] tries.
#[derive(Debug, Clone, PartialEq)]
pub struct PathOptions {
    /// Relative gap between cost and bound at which the plan is good enough.
    pub gap: f64,
    /// Most rounds of the multipliers that bound a plan with lost sales.
    pub max_rounds: usize,
    /// Most nodes of the branch and bound that proves lost-sales plans of few
    /// order periods (8) with fixed costs, minima or price breaks.
    pub max_nodes: usize,
    /// Looks at sets of order periods that the branch and bound of stock that expires may
    /// take; 0 for the relaxation alone.
    pub max_looks: usize,
    /// Most lattice points (order periods times cumulative quantities) that
    /// are looked at one by one; beyond them the lattice is first coarsened.
    pub max_states: usize,
}

impl Default for PathOptions {
    /// Gap 1e-6, 60 rounds, 400 nodes, 2^14 looks, 2^20 states.
    fn default() -> Self {
        PathOptions { gap: 1e-6, max_rounds: 60, max_nodes: 400, max_looks: 1 << 14, max_states: 1 << 20 }
    }
}

/// A plan, what it costs, and how much better another could be.
#[derive(Debug, Clone, PartialEq)]
pub struct PathSolution {
    /// Units ordered, by period; the locked orders are among them.
    pub orders: Vec<f64>,
    /// Average cost over the scenarios.
    pub cost: PathCost,
    /// No plan costs less than this.
    pub bound: f64,
    /// Whether cost and bound meet within [`PathOptions::gap`].
    pub exact: bool,
    /// Lattice sweeps made.
    pub iterations: usize,
}

/// Buffers that solves share; what an earlier solve left in them never changes an answer.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    lattice: Lattice,
    terms: OrderTerms,
    simulator: Simulator,
    multipliers: Multipliers,
    steepest: Steepest,
    perishable: Perishable,
    period_kinks: Vec<f64>,
    holding: Vec<f64>,
    candidate: Candidate,
    best: Candidate,
}

/// Finds the orders that cost least on average.
///
/// ```
/// use purvey::optimize::inventory::order_path::{
///     PathOptions, PathProblem, Workspace, solve_path,
/// };
/// // Two periods, three scenarios; an order costs 5, a unit held 1, one backordered 9.
/// let mut problem = PathProblem::new(2, 3, vec![4.0, 2.0, 5.0, 3.0, 6.0, 2.0]);
/// problem.fixed_cost = vec![5.0; 2];
/// problem.holding_cost = vec![1.0; 2];
/// problem.shortage_cost = vec![9.0; 2];
/// let plan = solve_path(&problem, &PathOptions::default(), &mut Workspace::default())?;
/// assert_eq!(plan.orders, [8.0, 0.0]);
/// assert!(plan.exact);
/// # Ok::<(), purvey::optimize::inventory::order_path::PathError>(())
/// ```
///
/// # Errors
/// [`PathError`] naming the field that is wrong.
pub fn solve_path(
    problem: &PathProblem,
    options: &PathOptions,
    workspace: &mut Workspace,
) -> Result<PathSolution, PathError> {
    let prepared = Prepared::new(problem)?;
    solve_prepared(problem, &prepared, options, workspace)
}

/// The same with a preparation made before, for one problem under many prices.
///
/// `prepared` must come from a problem that differs from `problem` in nothing
/// but costs and prices (the quantities of price breaks may differ too).
///
/// # Errors
/// [`PathError`] where a cost is wrong, or the sizes differ from the preparation's.
pub fn solve_prepared(
    problem: &PathProblem,
    prepared: &Prepared,
    options: &PathOptions,
    workspace: &mut Workspace,
) -> Result<PathSolution, PathError> {
    problem.check_prices()?;
    prepared.check_size(problem)?;
    workspace.terms.read(problem, prepared)?;
    for plan in [&mut workspace.candidate, &mut workspace.best] {
        plan.reset(problem, prepared.stages.len());
    }
    let locked_cost = {
        let (fixed, purchase) = order_cost(problem, &workspace.best.orders);
        fixed + purchase
    };
    let mut holding = std::mem::take(&mut workspace.holding);
    relaxed_holding(problem, &mut holding);
    let start = backorders::solve(problem, prepared, &holding, options, workspace);
    workspace.best.follow(prepared, &workspace.lattice.path);
    workspace.best.cost = workspace.simulator.price(problem, prepared, &workspace.best.orders);
    let (bound, iterations) = if problem.lost_sales {
        let rounds = Rounds {
            problem,
            prepared,
            options,
            holding: &holding,
            locked_cost,
            bound: f64::NEG_INFINITY,
            sweeps: start.sweeps,
        };
        lose_sales(rounds, workspace)
    } else {
        if problem.shelf_life.is_some() {
            workspace.candidate.copy_from(&workspace.best);
            lost_sales::descend(problem, prepared, workspace);
        }
        (start.bound + locked_cost, start.sweeps)
    };
    workspace.holding = holding;
    let total = workspace.best.cost.total();
    Ok(PathSolution {
        orders: workspace.best.orders.clone(),
        cost: workspace.best.cost,
        bound: bound.min(total),
        exact: total - bound <= options.gap.max(1e-9) * total.abs().max(1e-9),
        iterations,
    })
}

/// Plan and bound with lost sales: by descent where cost is convex, by branching
/// where there are few stages, else by rounds of multipliers.
fn lose_sales(mut rounds: Rounds<'_>, workspace: &mut Workspace) -> (f64, usize) {
    let (problem, prepared) = (rounds.problem, rounds.prepared);
    let largest = workspace.terms.largest_minimum();
    if workspace.perishable.open(problem, prepared, largest) {
        return expire(&rounds, workspace);
    }
    let applies = problem.shelf_life.is_none()
        && workspace.steepest.open(prepared, &problem.holding_cost, &problem.shortage_cost);
    if applies {
        let few = prepared.stages.len() <= FEW_STAGES && rounds.options.max_nodes > 0;
        let nodes = if workspace.terms.convex { 1 } else { rounds.options.max_nodes };
        if workspace.terms.convex || few {
            rounds.bound = patterns(problem, prepared, nodes, workspace).run();
            let total = workspace.best.cost.total();
            if total - rounds.bound <= EXACT * total.abs() {
                return (total, workspace.steepest.cuts);
            }
        }
    }
    workspace.candidate.copy_from(&workspace.best);
    lost_sales::descend(problem, prepared, workspace);
    if applies {
        patterns(problem, prepared, 0, workspace).polish();
    }
    rounds.run(workspace);
    if applies {
        patterns(problem, prepared, 0, workspace).polish();
    }
    (rounds.bound, rounds.sweeps + workspace.steepest.cuts)
}

/// Plan and bound where stock expires and there are few stages.
fn expire(rounds: &Rounds<'_>, workspace: &mut Workspace) -> (f64, usize) {
    let (problem, prepared, options) = (rounds.problem, rounds.prepared, rounds.options);
    workspace.candidate.copy_from(&workspace.best);
    lost_sales::descend(problem, prepared, workspace);
    let nodes = if workspace.terms.convex { 1 } else { workspace.perishable.nodes(prepared, options) };
    let bound = Patterns {
        problem,
        prepared,
        terms: &workspace.terms,
        reach: workspace.terms.reach.max(workspace.perishable.reach),
        engine: Engine::Expires(&mut workspace.perishable),
        simulator: &mut workspace.simulator,
        best: &mut workspace.best,
        candidate: &mut workspace.candidate,
        nodes,
        slack: options.gap,
    }
    .run();
    workspace.candidate.copy_from(&workspace.best);
    lost_sales::descend(problem, prepared, workspace);
    (bound, rounds.sweeps + workspace.perishable.looks)
}

fn patterns<'a>(
    problem: &'a PathProblem,
    prepared: &'a Prepared,
    nodes: usize,
    workspace: &'a mut Workspace,
) -> Patterns<'a> {
    Patterns {
        problem,
        prepared,
        terms: &workspace.terms,
        reach: workspace.terms.reach,
        engine: Engine::Keeps(&mut workspace.steepest),
        simulator: &mut workspace.simulator,
        best: &mut workspace.best,
        candidate: &mut workspace.candidate,
        nodes,
        slack: EXACT,
    }
}

/// Holding costs under which a world without expiry is never dearer than the
/// one with it: a unit that expires saves later holding cost, but pays waste;
/// holding costs that add up to no more than the waste cost stay as they are.
fn relaxed_holding(problem: &PathProblem, holding: &mut Vec<f64>) {
    holding.clear();
    holding.extend_from_slice(&problem.holding_cost);
    if problem.shelf_life.is_some() {
        let sum: f64 = holding.iter().map(|h| h.max(0.0)).sum();
        let share = if sum > problem.waste_cost { problem.waste_cost / sum } else { 1.0 };
        holding.iter_mut().filter(|h| **h > 0.0).for_each(|h| *h *= share);
    }
}
