//! Given prices of shared limits, find the orders of a split and what none undercuts.
//!
//! Method: local search from the best orders of the slowest source and those of
//! the bound: steps are moved into, out of and between buckets while the value of
//! the parts, simulated one by one, falls. The bound is that of an order path
//! that is never dearer ([`Split::relaxed`](super::split::Split::relaxed)).
//! Cost: O(passes x buckets x moves) simulations, and two order paths.
//! Use the order path alone where all parts arrive together.
//! Not for: a proof that the orders are the best; the bound is weak where lead times differ much.
//! Same input gives the same answer: yes.

use super::part::{Memory, Ready, StockPoint, Valued};
use crate::optimize::allocation::Pricing;
use crate::optimize::inventory::order_path::{PathError, PathProblem, Prepared, PriceList, solve_prepared};

/// Multiples by which a split order is moved in search of a cheaper one.
const SPLIT_MOVES: [f64; 6] = [8.0, 2.0, 1.0, -1.0, -2.0, -8.0];
/// Buckets between which steps are moved.
const REACH: usize = 4;
/// Most passes of that search.
const SPLIT_PASSES: usize = 8;
/// Least gain of a move, relative to the value.
const LEAST_GAIN: f64 = 1e-12;

impl StockPoint<'_> {
    /// The orders of a split, judged part by part and moved while that makes them cheaper, from
    /// the best of `starts`.
    pub(super) fn split_orders(
        &self,
        index: usize,
        ready: &Ready,
        starts: Vec<Vec<f64>>,
        pricing: &Pricing<'_>,
    ) -> Option<Valued> {
        let earlier = self.earlier_orders(ready);
        let starts = starts.into_iter().chain(earlier).map(|orders| self.onto_steps(ready, orders));
        let found = starts.filter_map(|orders| {
            let start = self.valued(index, ready, orders, Vec::new(), pricing)?;
            Some(self.descend(index, ready, start, pricing))
        });
        found.min_by(|a, b| a.value.total_cmp(&b.value))
    }

    /// The orders in whole steps of the way, where its rules allow them, else nothing.
    pub(super) fn onto_steps(&self, ready: &Ready, mut orders: Vec<f64>) -> Vec<f64> {
        let path = &ready.way.path;
        for (bucket, quantity) in orders.iter_mut().enumerate() {
            let most = path.max_order.unwrap_or(f64::INFINITY);
            let least = quantity.max(if *quantity > 0.0 { path.moq } else { 0.0 }).min(most);
            let near = (least / path.multiple).round() * path.multiple;
            *quantity = match path.locked[bucket] {
                Some(locked) => locked,
                None if path.is_open(bucket) && near >= path.moq - 1e-9 && near <= most + 1e-9 => near,
                None => 0.0,
            };
        }
        orders
    }

    /// Moves steps from bucket to bucket, into and out of the plan, while its value falls.
    fn descend(&self, index: usize, ready: &Ready, start: Valued, pricing: &Pricing<'_>) -> Valued {
        let horizon = self.problem.horizon;
        let mut best = start;
        let step = ready.way.path.multiple;
        let improve = |best: &mut Valued, changes: &[(usize, f64)]| {
            let mut orders = best.plan.orders.clone();
            for &(bucket, change) in changes {
                orders[bucket] = (orders[bucket] + change).max(0.0);
            }
            let tried = self
                .keeps_rules(ready, &orders)
                .then(|| self.valued(index, ready, orders, Vec::new(), pricing));
            let tried =
                tried.flatten().filter(|tried| tried.value < best.value - LEAST_GAIN * best.value.abs());
            let is_better = tried.is_some();
            if let Some(tried) = tried {
                *best = tried;
            }
            is_better
        };
        for _ in 0..SPLIT_PASSES {
            let mut has_moved = false;
            for bucket in 0..horizon {
                for steps in SPLIT_MOVES {
                    has_moved |= improve(&mut best, &[(bucket, steps * step)]);
                }
                for other in (bucket + 1)..(bucket + 1 + REACH).min(horizon) {
                    let (here, there) = (best.plan.orders[bucket], best.plan.orders[other]);
                    for moved in [here, step, -step, -there] {
                        has_moved |= moved != 0.0 && improve(&mut best, &[(bucket, -moved), (other, moved)]);
                    }
                }
            }
            if !has_moved {
                break;
            }
        }
        best
    }

    /// What no plan of a split, or of ways beside each other, undercuts at these prices: its relaxed path at the prices of the
    /// source that is cheapest in each bucket, room for arrivals left out. With it come the orders
    /// of that path.
    pub(super) fn split_bound(
        &self,
        ready: &Ready,
        (relaxed, prepared): &(PathProblem, Prepared),
        pricing: &Pricing<'_>,
        memory: &mut Memory,
    ) -> Result<(f64, Vec<f64>), PathError> {
        let (way, weight) = (&ready.way, pricing.cost_weight);
        let mut path = relaxed.clone();
        for cost in path.holding_cost.iter_mut().chain(&mut path.shortage_cost) {
            *cost *= weight;
        }
        path.waste_cost *= weight;
        let is_held = relaxed.holding_cost.iter().any(|cost| *cost > 0.0);
        let mut free = vec![0.0; path.periods];
        let holding = if is_held { &mut path.holding_cost } else { &mut free };
        let constant = self.charge_storage(way, pricing, holding);
        let pair = self.pair();
        let unit = |bucket: usize, source: usize| {
            let money = self.source_money(source, bucket, pricing);
            let each = self.source_unit(source, bucket, pricing);
            let steps = pair.sources[source].breaks(bucket);
            let step = |price: f64| weight * (price - pair.reference_cost) + money * price + each;
            steps.map(|price| step(price.unit_cost)).fold(f64::INFINITY, f64::min)
        };
        let cheapest: Vec<f64> = (0..path.periods)
            .map(|bucket| (0..pair.sources.len()).map(|s| unit(bucket, s)).fold(f64::INFINITY, f64::min))
            .collect();
        path.unit_cost = PriceList::single(&cheapest);
        for (bucket, fixed) in path.fixed_cost.iter_mut().enumerate() {
            let line = |source, cost| weight * cost + self.source_line(source, bucket, pricing);
            *fixed = match &way.split {
                Some(split) => split.least_line_cost(line),
                None => {
                    let main = way.sources.first().map(|&(source, _)| (source, way.path.fixed_cost[bucket]));
                    let beside = way.beside.iter().map(|of| (of.source, of.fixed_cost[bucket]));
                    let costs = main.into_iter().chain(beside).map(|(source, cost)| line(source, cost));
                    costs.fold(f64::INFINITY, f64::min)
                }
            }
            .max(0.0);
        }
        let solution = solve_prepared(&path, prepared, &self.options, &mut memory.paths)?;
        Ok((solution.bound + constant, solution.orders))
    }
}
