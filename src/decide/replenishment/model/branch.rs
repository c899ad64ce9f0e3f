//! Given lost sales and orders of a least quantity or none, prove what an order path costs at least.
//!
//! The path solver proves its plan where an order may be of any size, and where
//! few buckets order. Here a bucket that orders less than it may is split into
//! one without an order and one with at least the least quantity, which then
//! comes in anyhow; what is left of every branch may be of any size.
//!
//! Method: best-first branch and bound, Land and Doig (1960), "An Automatic
//! Method of Solving Discrete Programming Problems", doi:10.2307/1910129.
//! Fixed costs and price steps are bounded by their least share in a unit.
//! Cost: one exact path solve a node, [`NODE_CELLS`] over scenarios x buckets nodes.
//! Use [`solve_prepared`] alone where its own bound is good enough.
//! Not for: stock that expires, and lead times that differ by scenario.
//! Same input gives the same answer: yes.

use super::part::Memory;
use crate::optimize::inventory::order_path::{
    Arrival, PathError, PathOptions, PathProblem, PathSolution, Prepared, PriceList, evaluate_prepared,
    solve_prepared,
};

/// Nodes times cells (scenarios x buckets) of one proof, and its most and fewest nodes.
const NODE_CELLS: usize = 40_000;
const MOST_NODES: usize = 1_000;
const FEWEST_NODES: usize = 40;

/// What a bucket may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Free,
    Closed,
    Ordered,
}

struct Node {
    choices: Vec<Choice>,
    orders: Vec<f64>,
    bound: f64,
}

/// A better plan, if one is found, and a higher bound.
pub(super) fn prove(
    path: &PathProblem,
    prepared: &Prepared,
    solution: PathSolution,
    options: &PathOptions,
    memory: &mut Memory,
) -> PathSolution {
    let applies = path.lost_sales && path.shelf_life.is_none() && matches!(path.arrival, Arrival::Common(_));
    if !applies || is_near(&solution, options) {
        return solution;
    }
    let mut search = Search { path, prepared, best: solution, memory };
    let Some(root) = search.node(vec![Choice::Free; path.periods]) else { return search.best };
    let mut open = vec![root];
    // Leaves that cannot be split further bound the rest.
    let mut floor = f64::INFINITY;
    let mut lowest = search.best.bound;
    let nodes = NODE_CELLS / (path.scenarios * path.periods).max(1);
    for _ in 0..nodes.clamp(FEWEST_NODES, MOST_NODES) {
        let Some(at) = cheapest(&open) else { break };
        lowest = lowest.max(open[at].bound.min(floor));
        let cost = search.best.cost.total();
        if cost - lowest <= options.gap * cost.abs() {
            break;
        }
        let node = open.swap_remove(at);
        let Some(bucket) = search.most_wrong(&node) else {
            floor = floor.min(node.bound);
            continue;
        };
        for choice in [Choice::Ordered, Choice::Closed] {
            let mut choices = node.choices.clone();
            choices[bucket] = choice;
            // What cannot be solved is bounded by what it came from.
            match search.node(choices) {
                Some(child) if child.bound < search.best.cost.total() => open.push(child),
                Some(_) => {}
                None => floor = floor.min(node.bound),
            }
        }
    }
    let left = open.iter().map(|node| node.bound).fold(floor, f64::min);
    let total = search.best.cost.total();
    let mut best = search.best;
    best.bound = best.bound.max(lowest).max(left.min(total)).min(total);
    best.exact = is_near(&best, options);
    best
}

/// Closes buckets whose line costs more than ordering nothing at all, which leaves the solver
/// fewer of them; the preparation that goes with it, where any was closed.
pub(super) fn close_unused(
    path: &mut PathProblem,
    prepared: &Prepared,
) -> Result<Option<Prepared>, PathError> {
    let largest = path.fixed_cost.iter().copied().fold(0.0, f64::max);
    let earns = (0..path.periods).any(|bucket| {
        path.holding_cost[bucket] < 0.0
            || path.unit_cost.period(bucket).iter().any(|step| step.unit_cost < 0.0)
    });
    if largest <= 0.0 || earns {
        return Ok(None);
    }
    let nothing: Vec<f64> = path.locked.iter().map(|locked| locked.unwrap_or(0.0)).collect();
    let cost = evaluate_prepared(path, prepared, &nothing)?.cost.total();
    let mut closed = false;
    for bucket in 0..path.periods {
        if path.locked[bucket].is_none() && path.fixed_cost[bucket] > cost && path.is_open(bucket) {
            (path.locked[bucket], closed) = (Some(0.0), true);
        }
    }
    if closed { Prepared::new(path).map(Some) } else { Ok(None) }
}

fn is_near(solution: &PathSolution, options: &PathOptions) -> bool {
    let total = solution.cost.total();
    total - solution.bound <= options.gap * total.abs()
}

fn cheapest(open: &[Node]) -> Option<usize> {
    (0..open.len()).min_by(|&a, &b| open[a].bound.total_cmp(&open[b].bound).then(a.cmp(&b)))
}

struct Search<'a> {
    path: &'a PathProblem,
    prepared: &'a Prepared,
    best: PathSolution,
    memory: &'a mut Memory,
}

impl Search<'_> {
    /// Least quantity of an order.
    fn least(&self) -> f64 {
        (self.path.moq / self.path.multiple - 1e-9).ceil().max(1.0) * self.path.multiple
    }

    fn lowest_price(&self, bucket: usize) -> f64 {
        let steps = self.path.unit_cost.period(bucket).iter();
        steps.map(|step| step.unit_cost).fold(f64::INFINITY, f64::min)
    }

    /// Solves a node's relaxation, and tries its orders as a plan.
    fn node(&mut self, choices: Vec<Choice>) -> Option<Node> {
        let path = self.path;
        let most = path.max_order.unwrap_or(f64::INFINITY).max(self.least());
        let mut relaxed = path.clone();
        (relaxed.moq, relaxed.fixed_cost) = (0.0, vec![0.0; path.periods]);
        let mut constant = 0.0;
        let mut prices = vec![0.0; path.periods];
        for bucket in 0..path.periods {
            prices[bucket] = self.lowest_price(bucket);
            if let Some(locked) = path.locked[bucket] {
                let paid = locked * (path.unit_cost.unit_cost(bucket, locked) - prices[bucket]);
                constant += paid + if locked > 0.0 { path.fixed_cost[bucket] } else { 0.0 };
                continue;
            }
            match choices[bucket] {
                Choice::Free => prices[bucket] += path.fixed_cost[bucket] / most,
                Choice::Closed => relaxed.locked[bucket] = Some(0.0),
                Choice::Ordered => {
                    let at = path.arrival_of(0, bucket)?;
                    relaxed.inflow[at] += self.least() * path.yield_factor;
                    constant += path.fixed_cost[bucket] + self.least() * prices[bucket];
                }
            }
        }
        relaxed.unit_cost = PriceList::single(&prices);
        let prepared = Prepared::new(&relaxed).ok()?;
        let options = PathOptions { gap: 1e-9, ..PathOptions::default() };
        let solution = solve_prepared(&relaxed, &prepared, &options, &mut self.memory.paths).ok()?;
        let mut orders = solution.orders;
        for (bucket, quantity) in orders.iter_mut().enumerate() {
            if choices[bucket] == Choice::Ordered && path.locked[bucket].is_none() {
                *quantity += self.least();
            }
        }
        self.attempt(&orders);
        Some(Node { choices, orders, bound: solution.bound + constant })
    }

    /// Takes the orders, those below the least quantity raised to it or left out, if they are better.
    fn attempt(&mut self, orders: &[f64]) {
        let (least, most) = (self.least(), self.path.max_order.unwrap_or(f64::INFINITY));
        let mut tried = orders.to_vec();
        for (bucket, quantity) in tried.iter_mut().enumerate() {
            if self.path.locked[bucket].is_none() {
                let rounded = if *quantity >= 0.5 * least { quantity.max(least) } else { 0.0 };
                *quantity = if rounded > most { 0.0 } else { rounded };
            }
        }
        let Ok(trace) = evaluate_prepared(self.path, self.prepared, &tried) else { return };
        if trace.cost.total() < self.best.cost.total() {
            (self.best.orders, self.best.cost) = (tried, trace.cost);
        }
    }

    /// The free bucket whose order costs most above what the relaxation pays for it.
    fn most_wrong(&self, node: &Node) -> Option<usize> {
        let (path, least) = (self.path, self.least());
        let most = path.max_order.unwrap_or(f64::INFINITY).max(least);
        let wrong = |bucket: usize| {
            let quantity = node.orders[bucket];
            let short = (least - quantity).max(0.0) / least;
            let unpaid = path.fixed_cost[bucket] * (1.0 - quantity / most).max(0.0);
            short * (path.holding_cost[bucket] * least).max(1e-9) + unpaid
        };
        (0..path.periods)
            .filter(|&bucket| {
                let is_open = node.choices[bucket] == Choice::Free && path.locked[bucket].is_none();
                is_open && node.orders[bucket] > 0.0 && wrong(bucket) > 1e-12
            })
            .max_by(|&a, &b| wrong(a).total_cmp(&wrong(b)).then(b.cmp(&a)))
    }
}
