//! Given demand scenarios and one order vector, find what the plan costs on average.
//!
//! Method: simulation of every scenario, period by period; first in first out
//! by lots where stock expires.
//! Cost: time O(S T) without a shelf life, O(S T L) at worst with one of L
//! periods; memory O(S + T) beside the prepared problem.
//! Use [`solve_path`](super::solve_path) instead when the orders are sought.
//! Not for: plans that react to what happens; the orders are fixed beforehand.
//! Same input gives the same answer: yes.

use super::prepared::{ArrivedPrefix, Prepared};
use super::problem::{PathError, PathProblem};

/// Average cost of a plan over all scenarios and the whole horizon, by cause.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PathCost {
    /// Stock left at the ends of periods.
    pub holding: f64,
    /// Demand lost, or backordered at the ends of periods.
    pub shortage: f64,
    /// Placing orders.
    pub fixed: f64,
    /// Units bought.
    pub purchase: f64,
    /// Units expired.
    pub waste: f64,
}

impl PathCost {
    /// All components together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.holding + self.shortage + self.fixed + self.purchase + self.waste
    }
}

/// What a plan leads to: its cost, and averages over the scenarios by period.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PathTrace {
    /// Average cost.
    pub cost: PathCost,
    /// Mean units on hand at the end of the period, before expiry.
    pub mean_stock: Vec<f64>,
    /// Mean units lost in the period, or backordered at its end.
    pub mean_unmet: Vec<f64>,
    /// Mean units that expire at the end of the period.
    pub mean_waste: Vec<f64>,
}

/// Prices `orders` (one entry a period) on every scenario.
///
/// ```
/// use purvey::optimize::inventory::order_path::{PathProblem, evaluate};
/// let mut problem = PathProblem::new(2, 2, vec![3.0, 1.0, 5.0, 2.0]);
/// problem.holding_cost = vec![1.0, 1.0];
/// problem.shortage_cost = vec![4.0, 4.0];
/// let trace = evaluate(&problem, &[4.0, 2.0])?;
/// assert_eq!(trace.mean_stock, [0.5, 1.0]); // (1, 0), then (2, 0)
/// assert_eq!(trace.mean_unmet, [0.5, 0.5]); // (0, 1), then (0, 1)
/// assert_eq!(trace.cost.total(), 1.5 + 4.0);
/// # Ok::<(), purvey::optimize::inventory::order_path::PathError>(())
/// ```
///
/// # Errors
/// [`PathError`] where the problem or the orders are not valid.
pub fn evaluate(problem: &PathProblem, orders: &[f64]) -> Result<PathTrace, PathError> {
    evaluate_prepared(problem, &Prepared::new(problem)?, orders)
}

/// The same with a preparation made before, for one problem and many plans or prices.
///
/// # Errors
/// [`PathError`] where the orders are not valid or the preparation is another problem's.
pub fn evaluate_prepared(
    problem: &PathProblem,
    prepared: &Prepared,
    orders: &[f64],
) -> Result<PathTrace, PathError> {
    prepared.check_size(problem)?;
    if orders.len() != problem.periods {
        let (found, expected) = (orders.len(), problem.periods);
        return Err(PathError::WrongLength { field: "orders", found, expected });
    }
    if let Some(&value) = orders.iter().find(|quantity| !(quantity.is_finite() && **quantity >= 0.0)) {
        return Err(PathError::OutOfRange { field: "orders", value, wanted: "0 or more" });
    }
    let mut simulator = Simulator::default();
    let cost = simulator.price(problem, prepared, orders);
    Ok(PathTrace {
        cost,
        mean_stock: simulator.stock,
        mean_unmet: simulator.unmet,
        mean_waste: simulator.waste,
    })
}

/// Buffers of the simulation, used again from plan to plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Simulator {
    /// Mean stock, unmet demand and waste by period, after [`Simulator::price`].
    pub stock: Vec<f64>,
    pub unmet: Vec<f64>,
    pub waste: Vec<f64>,
    /// Usable units of the orders of the first k periods.
    cumulative: Vec<f64>,
    /// Net stock by scenario.
    level: Vec<f64>,
    /// Stock by its last period of use; one more for what outlives the horizon.
    lots: Vec<f64>,
}

impl Simulator {
    /// Average cost of `orders`; the means by period stay in the buffers.
    pub fn price(&mut self, problem: &PathProblem, prepared: &Prepared, orders: &[f64]) -> PathCost {
        prepared.accumulate(problem.yield_factor, orders, &mut self.cumulative);
        for buffer in [&mut self.stock, &mut self.unmet, &mut self.waste] {
            buffer.clear();
            buffer.resize(problem.periods, 0.0);
        }
        match problem.shelf_life {
            Some(life) => self.run_lots(problem, prepared, life),
            None => self.run(problem, prepared),
        }
        let share = 1.0 / problem.scenarios as f64;
        for buffer in [&mut self.stock, &mut self.unmet, &mut self.waste] {
            buffer.iter_mut().for_each(|sum| *sum *= share);
        }
        let (fixed, purchase) = order_cost(problem, orders);
        PathCost {
            holding: dot(&self.stock, &problem.holding_cost),
            shortage: dot(&self.unmet, &problem.shortage_cost),
            fixed,
            purchase,
            waste: problem.waste_cost * self.waste.iter().sum::<f64>(),
        }
    }

    fn run(&mut self, problem: &PathProblem, prepared: &Prepared) {
        let scenarios = problem.scenarios;
        self.level.clear();
        self.level.resize(scenarios, 0.0);
        let mut before = 0.0;
        for period in 0..problem.periods {
            let demand = &prepared.demand[period * scenarios..(period + 1) * scenarios];
            let external = prepared.external[period];
            let (stock, unmet) = match &prepared.prefix {
                ArrivedPrefix::Common(prefix) => {
                    let arrived = self.cumulative[prefix[period]];
                    let supply = external + (arrived - before);
                    before = arrived;
                    step(&mut self.level, demand, |_| supply, problem.lost_sales)
                }
                ArrivedPrefix::PerScenario(prefix) => {
                    let cumulative = &self.cumulative;
                    let now = &prefix[(period + 1) * scenarios..(period + 2) * scenarios];
                    let then = &prefix[period * scenarios..(period + 1) * scenarios];
                    let supply = |scenario: usize| {
                        external + (cumulative[now[scenario] as usize] - cumulative[then[scenario] as usize])
                    };
                    step(&mut self.level, demand, supply, problem.lost_sales)
                }
            };
            self.stock[period] = stock;
            self.unmet[period] = unmet;
        }
    }

    /// Oldest stock first; a lot is known by its last period of use.
    fn run_lots(&mut self, problem: &PathProblem, prepared: &Prepared, life: usize) {
        let periods = problem.periods;
        for scenario in 0..problem.scenarios {
            let mut backlog = (-problem.initial_stock).max(0.0);
            let mut on_hand = self.open_lots(problem, life);
            for period in 0..periods {
                let arrivals = problem.inflow[period] + prepared.arrivals(&self.cumulative, period, scenario);
                on_hand += arrivals;
                let wanted = backlog + prepared.demand[period * problem.scenarios + scenario];
                let (left, unmet, expired) = self.use_lots(period, life, arrivals, on_hand, wanted);
                backlog = if problem.lost_sales { 0.0 } else { unmet };
                self.stock[period] += left;
                self.unmet[period] += unmet;
                self.waste[period] += expired;
                on_hand = (left - expired).max(0.0);
            }
        }
    }

    /// One period of lots: puts `arrivals` in, takes `wanted` out of the `on_hand` there are
    /// then; returns stock left, unmet demand, and what of the stock left expires.
    pub(super) fn use_lots(
        &mut self,
        period: usize,
        life: usize,
        arrivals: f64,
        on_hand: f64,
        wanted: f64,
    ) -> (f64, f64, f64) {
        let last = (period + life - 1).min(self.lots.len() - 1);
        self.lots[last] += arrivals;
        let unmet = self.take(period, wanted);
        let left = if unmet > 0.0 { 0.0 } else { (on_hand - wanted).max(0.0) };
        (left, unmet, std::mem::take(&mut self.lots[period]))
    }

    /// Lays the initial stock into the lots and returns it.
    pub(super) fn open_lots(&mut self, problem: &PathProblem, life: usize) -> f64 {
        let periods = problem.periods;
        self.lots.clear();
        self.lots.resize(periods + 1, 0.0);
        let on_hand = problem.initial_stock.max(0.0);
        let mut fresh = on_hand;
        for lot in &problem.initial_lots {
            self.lots[lot.last_period.min(periods)] += lot.quantity;
            fresh -= lot.quantity;
        }
        self.lots[(life - 1).min(periods)] += fresh.max(0.0);
        on_hand
    }

    /// Takes `wanted` from the lots, the first to expire first; returns what is missing.
    fn take(&mut self, period: usize, wanted: f64) -> f64 {
        let mut missing = wanted;
        for lot in &mut self.lots[period..] {
            if *lot >= missing {
                *lot -= missing;
                return 0.0;
            }
            missing -= *lot;
            *lot = 0.0;
        }
        // Sums of lots in another order than their arrivals differ in the last digits.
        if missing <= 1e-12 * wanted { 0.0 } else { missing }
    }
}

/// Fixed and purchase cost of `orders`.
pub(crate) fn order_cost(problem: &PathProblem, orders: &[f64]) -> (f64, f64) {
    let (mut fixed, mut purchase) = (0.0, 0.0);
    for (period, &quantity) in orders.iter().enumerate() {
        if quantity > 0.0 {
            fixed += problem.fixed_cost[period];
            purchase += quantity * problem.unit_cost.unit_cost(period, quantity);
        }
    }
    (fixed, purchase)
}

/// One period for all scenarios: sums of stock and of unmet demand.
fn step(level: &mut [f64], demand: &[f64], supply: impl Fn(usize) -> f64, lost_sales: bool) -> (f64, f64) {
    if lost_sales {
        step_lanes::<true>(level, demand, supply)
    } else {
        step_lanes::<false>(level, demand, supply)
    }
}

const LANES: usize = 8;

/// Eight running sums, so that the compiler may use vector registers.
fn step_lanes<const LOST: bool>(
    level: &mut [f64],
    demand: &[f64],
    supply: impl Fn(usize) -> f64,
) -> (f64, f64) {
    let (mut stock, mut unmet) = ([0.0; LANES], [0.0; LANES]);
    let whole = level.len() / LANES * LANES;
    let (head, tail) = level.split_at_mut(whole);
    for (block, (levels, demands)) in head.chunks_exact_mut(LANES).zip(demand.chunks_exact(LANES)).enumerate()
    {
        for lane in 0..LANES {
            let net = levels[lane] + supply(block * LANES + lane) - demands[lane];
            let left = if net > 0.0 { net } else { 0.0 };
            stock[lane] += left;
            unmet[lane] += left - net;
            levels[lane] = if LOST { left } else { net };
        }
    }
    for (lane, (level, demand)) in tail.iter_mut().zip(&demand[whole..]).enumerate() {
        let net = *level + supply(whole + lane) - demand;
        let left = if net > 0.0 { net } else { 0.0 };
        stock[lane] += left;
        unmet[lane] += left - net;
        *level = if LOST { left } else { net };
    }
    (stock.iter().sum(), unmet.iter().sum())
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
