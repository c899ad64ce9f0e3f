//! A stock point as a part of the whole: it answers prices of shared limits
//! with its best order path.

use super::super::plan::OrderLine;
use super::super::problem::{Pair, Problem};
use super::super::scenarios::PairScenarios;
use super::limits::{Family, Limits, cap_orders, fold_private_limits};
use super::ways::{Way, ways};
use crate::optimize::allocation::{Part, Pricing, Proposal};
use crate::optimize::inventory::order_path::{
    PathCost, PathError, PathOptions, PathProblem, PathSolution, Prepared, PriceBreak, PriceList, Workspace,
    evaluate_prepared, solve_prepared,
};

/// The plan of one stock point.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PointPlan {
    /// Index of the way it buys.
    pub way: usize,
    /// Total quantity by order bucket.
    pub orders: Vec<f64>,
    /// Its cost, without shared charges.
    pub cost: PathCost,
    /// What changing the earlier plan costs.
    pub stability: f64,
}

impl PointPlan {
    fn nothing(horizon: usize) -> Self {
        PointPlan { way: 0, orders: vec![0.0; horizon], cost: PathCost::default(), stability: 0.0 }
    }

    /// All that the plan costs by itself.
    pub fn cost(&self) -> f64 {
        self.cost.total() + self.stability
    }
}

/// A stock point with the shared rows that it uses.
pub(crate) struct StockPoint<'a> {
    pub problem: &'a Problem,
    pub limits: &'a Limits,
    pub index: usize,
    sample: &'a PairScenarios,
    /// Kept where memory allows; else made for each question.
    ways: Option<Vec<Ready>>,
    options: PathOptions,
    /// Lines of an earlier plan to stay close to.
    earlier: Option<&'a [OrderLine]>,
}

/// A way to buy, prepared for many prices.
pub(crate) struct Ready {
    pub way: Way,
    prepared: Prepared,
}

/// A bound that says nothing, far enough from overflow to be added up.
pub(crate) const NO_BOUND: f64 = -1e200;

/// Memory of one thread, used again from part to part.
#[derive(Default)]
pub(crate) struct Memory {
    paths: Workspace,
}

impl<'a> StockPoint<'a> {
    /// The stock point at `index`; `keep` holds its order paths ready for many questions.
    ///
    /// # Errors
    /// [`PathError`] where an order path is refused: a defect, since the problem is validated.
    pub fn new(
        problem: &'a Problem,
        limits: &'a Limits,
        index: usize,
        sample: &'a PairScenarios,
        earlier: Option<&'a [OrderLine]>,
        options: PathOptions,
        keep: bool,
    ) -> Result<Self, PathError> {
        let mut point = StockPoint { problem, limits, index, sample, ways: None, options, earlier };
        let ways = point.make_ways()?;
        if keep {
            point.ways = Some(ways);
        }
        Ok(point)
    }

    fn pair(&self) -> &Pair {
        &self.problem.pairs[self.index]
    }

    fn make_ways(&self) -> Result<Vec<Ready>, PathError> {
        let mut list = ways(self.problem, self.pair(), self.sample);
        for way in &mut list {
            fold_private_limits(self.problem, self.limits, self.pair(), way);
            cap_orders(self.problem, self.limits, self.pair(), way);
        }
        list.into_iter().map(|way| Ok(Ready { prepared: Prepared::new(&way.path)?, way })).collect()
    }

    /// Runs `work` on the ways to buy, kept or made anew.
    pub fn with_ways<R>(&self, work: impl FnOnce(&[Ready]) -> R) -> R {
        match &self.ways {
            Some(ways) => work(ways),
            // The same construction succeeded when the stock point was made.
            None => work(&self.make_ways().unwrap_or_default()),
        }
    }

    /// How much of each shared row a plan uses.
    pub fn usage_of(&self, plan: &PointPlan) -> Vec<(u32, f64)> {
        self.with_ways(|ways| ways.get(plan.way).map_or_else(Vec::new, |ready| self.usage(ready, plan)))
    }

    /// The plan with `steps` multiples more (or fewer) in `bucket`, where its own rules allow that.
    pub fn moved(&self, plan: &PointPlan, bucket: usize, steps: f64) -> Option<PointPlan> {
        self.with_ways(|ways| {
            let ready = ways.get(plan.way)?;
            let mut orders = plan.orders.clone();
            orders[bucket] = (orders[bucket] + steps * ready.way.path.multiple).max(0.0);
            let changed = (orders[bucket] - plan.orders[bucket]).abs() > 1e-12;
            let allowed = changed && self.keeps_rules(ready, &orders);
            if allowed { self.plan_of(plan.way, ready, orders) } else { None }
        })
    }

    /// The best plan without prices, and a lower bound of its cost.
    pub fn alone(&self, memory: &mut Memory) -> (PointPlan, f64) {
        let prices = vec![0.0; self.limits.rows.len()];
        let pricing = Pricing { cost_weight: 1.0, prices: &prices };
        self.with_ways(|ways| {
            let (plan, bound, _) = self.best(ways, &pricing, memory);
            (plan, bound)
        })
    }

    /// The best plan over all ways at these prices, with its bound and usage.
    fn best(
        &self,
        ways: &[Ready],
        pricing: &Pricing<'_>,
        memory: &mut Memory,
    ) -> (PointPlan, f64, Vec<(u32, f64)>) {
        let mut best = None;
        let mut least = f64::INFINITY;
        let mut bound = f64::INFINITY;
        for (index, ready) in ways.iter().enumerate() {
            let Ok((solution, path, constant)) = self.solve_way(ready, pricing, memory) else { continue };
            let orders = self.stay_close(ready, &path, solution.orders, pricing.cost_weight);
            let Some(plan) = self.plan_of(index, ready, orders) else { continue };
            let usage = self.usage(ready, &plan);
            let value = pricing.value(plan.cost(), &usage);
            // A split over unequal lead times is judged by its slowest source, so its bound is none.
            let proven = if ready.way.exact { solution.bound + constant } else { f64::NEG_INFINITY };
            bound = bound.min(proven).min(value);
            if best.is_none() || value < least {
                least = value;
                best = Some((plan, usage));
            }
        }
        let (plan, usage) = best.unwrap_or_else(|| (PointPlan::nothing(self.problem.horizon), Vec::new()));
        (plan, bound.max(NO_BOUND), usage)
    }

    /// True cost of the orders, without prices.
    fn plan_of(&self, index: usize, ready: &Ready, orders: Vec<f64>) -> Option<PointPlan> {
        let cost = evaluate_prepared(&ready.way.path, &ready.prepared, &orders).ok()?.cost;
        let stability = self.stability_cost(ready, &orders);
        Some(PointPlan { way: index, orders, cost, stability })
    }

    /// Solves one way with the prices of shared limits on it; the last value is
    /// what prices charge whatever is ordered.
    fn solve_way(
        &self,
        ready: &Ready,
        pricing: &Pricing<'_>,
        memory: &mut Memory,
    ) -> Result<(PathSolution, PathProblem, f64), PathError> {
        let of = &ready.way;
        let mut path = of.path.clone();
        let weight = pricing.cost_weight;
        for cost in path.holding_cost.iter_mut().chain(&mut path.shortage_cost).chain(&mut path.fixed_cost) {
            *cost *= weight;
        }
        path.waste_cost *= weight;
        let constant = self.charge_storage(of, pricing, &mut path.holding_cost);
        path.unit_cost = PriceList::from_periods((0..self.problem.horizon).map(|bucket| {
            let per_unit = self.unit_charge(of, bucket, pricing);
            let money = self.money_charge(of, bucket, pricing);
            let base = of.path.unit_cost.period(bucket).iter().zip(of.price.period(bucket));
            base.map(|(step, price)| PriceBreak {
                unit_cost: weight * step.unit_cost + per_unit + money * price.unit_cost,
                ..*step
            })
            .collect::<Vec<_>>()
        }));
        for bucket in 0..self.problem.horizon {
            path.fixed_cost[bucket] += self.line_charge(of, bucket, pricing);
        }
        let solution = solve_prepared(&path, &ready.prepared, &self.options, &mut memory.paths)?;
        Ok((solution, path, constant))
    }

    /// Quantities of the earlier plan bought this way, by bucket.
    fn earlier_orders(&self, ready: &Ready) -> Option<Vec<f64>> {
        let lines = self.earlier.filter(|_| self.problem.stability_penalty > 0.0)?;
        let mut orders = vec![0.0; self.problem.horizon];
        for line in lines.iter().filter(|line| line.bucket < self.problem.horizon) {
            if ready.way.sources.iter().any(|&(source, _)| source == line.source) {
                orders[line.bucket] += line.quantity;
            }
        }
        Some(orders)
    }

    /// What changing the earlier plan to these orders costs.
    fn stability_cost(&self, ready: &Ready, orders: &[f64]) -> f64 {
        let Some(earlier) = self.earlier_orders(ready) else { return 0.0 };
        let kept: f64 = earlier.iter().sum();
        let all: f64 = self.earlier.unwrap_or(&[]).iter().map(|line| line.quantity).sum();
        let changed: f64 = earlier.iter().zip(orders).map(|(before, now)| (before - now).abs()).sum();
        self.problem.stability_penalty * (changed + (all - kept).max(0.0))
    }

    /// Moves a plan toward the earlier one, bucket by bucket, while cost and
    /// penalty together fall.
    fn stay_close(&self, ready: &Ready, path: &PathProblem, orders: Vec<f64>, weight: f64) -> Vec<f64> {
        let Some(earlier) = self.earlier_orders(ready) else { return orders };
        let value = |orders: &[f64]| match evaluate_prepared(path, &ready.prepared, orders) {
            Ok(trace) => trace.cost.total() + weight * self.stability_cost(ready, orders),
            Err(_) => f64::INFINITY,
        };
        let mut best = orders;
        let mut least = value(&best);
        let whole = value(&earlier);
        if self.keeps_rules(ready, &earlier) && whole < least {
            (best, least) = (earlier.clone(), whole);
        }
        loop {
            let mut moved = false;
            for bucket in 0..best.len() {
                if best[bucket] == earlier[bucket] {
                    continue;
                }
                let mut tried = best.clone();
                tried[bucket] = earlier[bucket];
                let cost = if self.keeps_rules(ready, &tried) { value(&tried) } else { f64::INFINITY };
                if cost < least {
                    (best, least, moved) = (tried, cost, true);
                }
            }
            if !moved {
                return best;
            }
        }
    }

    /// Whether orders keep the line rules of the way: closed buckets, locks, least and whole quantities.
    fn keeps_rules(&self, ready: &Ready, orders: &[f64]) -> bool {
        let path = &ready.way.path;
        orders.iter().enumerate().all(|(bucket, &quantity)| {
            let steps = quantity / path.multiple;
            path.locked[bucket].map_or_else(
                || {
                    quantity == 0.0
                        || (path.is_open(bucket)
                            && quantity >= path.moq - 1e-9
                            && path.max_order.is_none_or(|most| quantity <= most + 1e-9)
                            && (steps - steps.round()).abs() < 1e-6)
                },
                |locked| (quantity - locked).abs() < 1e-9,
            )
        })
    }

    fn price(&self, pricing: &Pricing<'_>, family: Family) -> f64 {
        let row = self.limits.row(family);
        row.and_then(|row| pricing.prices.get(row as usize)).copied().unwrap_or(0.0)
    }

    /// Price of a unit of money spent on orders of `bucket`, weighted by the split.
    fn money_charge(&self, way: &Way, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        let of_supplier = |(source, share): &(usize, f64)| {
            let supplier = self.pair().sources[*source].supplier;
            share
                * (self.price(pricing, Family::SupplierBudget(supplier))
                    + self.price(pricing, Family::MinimumMoney(supplier, bucket)))
        };
        self.price(pricing, Family::Budget) + way.sources.iter().map(of_supplier).sum::<f64>()
    }

    /// Price of a unit ordered in `bucket`: capacities, volume minimums, and room on arrival.
    fn unit_charge(&self, way: &Way, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        let item = &self.problem.items[self.pair().item];
        let (volume, weight) = (item.volume_m3, item.weight_kg);
        let of_supplier = |(source, share): &(usize, f64)| {
            let supplier = self.pair().sources[*source].supplier;
            share
                * (self.price(pricing, Family::CapacityUnits(supplier, bucket))
                    + volume * self.price(pricing, Family::CapacityVolume(supplier, bucket))
                    + weight * self.price(pricing, Family::CapacityWeight(supplier, bucket))
                    + volume * self.price(pricing, Family::MinimumVolume(supplier, bucket)))
        };
        let room: f64 = self
            .arrivals(way, bucket)
            .map(|(at, share)| share * self.price(pricing, Family::Storage(self.pair().location, at)))
            .sum();
        way.sources.iter().map(of_supplier).sum::<f64>() + volume * way.path.yield_factor * room
    }

    /// Buckets in which an order of `bucket` arrives, with the share of scenarios.
    fn arrivals<'w>(&self, way: &'w Way, bucket: usize) -> impl Iterator<Item = (usize, f64)> + 'w {
        let scenarios = way.path.scenarios;
        let at = move |scenario| way.path.arrival_of(scenario, bucket);
        let share = 1.0 / scenarios as f64;
        (0..scenarios).filter_map(move |scenario| at(scenario).map(|at| (at, share)))
    }

    /// Price of a line in `bucket`.
    fn line_charge(&self, way: &Way, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        let headers = way.sources.iter().flat_map(|(source, _)| {
            let supplier = self.pair().sources[*source].supplier;
            [Family::Header(supplier, bucket, Some(self.index)), Family::Header(supplier, bucket, None)]
        });
        headers.map(|family| self.price(pricing, family)).sum()
    }

    /// Adds the price of room to the holding cost of the bucket before; gives
    /// the charge of stock and deliveries that come anyhow.
    fn charge_storage(&self, way: &Way, pricing: &Pricing<'_>, holding: &mut [f64]) -> f64 {
        let volume = self.problem.items[self.pair().item].volume_m3;
        if volume <= 0.0 {
            return 0.0;
        }
        let mut constant = 0.0;
        for bucket in 0..self.problem.horizon {
            let price = volume * self.price(pricing, Family::Storage(self.pair().location, bucket));
            constant += price * way.path.inflow[bucket];
            match bucket.checked_sub(1) {
                Some(before) => holding[before] += price,
                None => constant += price * way.path.initial_stock.max(0.0),
            }
        }
        constant
    }

    /// How much of each shared row the plan uses.
    fn usage(&self, ready: &Ready, plan: &PointPlan) -> Vec<(u32, f64)> {
        if self.limits.is_empty() {
            return Vec::new();
        }
        let way = &ready.way;
        let item = &self.problem.items[self.pair().item];
        let (volume, weight) = (item.volume_m3, item.weight_kg);
        let mut usage: Vec<(u32, f64)> = Vec::new();
        let mut add = |family: Family, amount: f64| {
            if let Some(row) = self.limits.row(family) {
                usage.push((row, amount));
            }
        };
        for (bucket, &quantity) in plan.orders.iter().enumerate().filter(|(_, quantity)| **quantity > 0.0) {
            let money = quantity * way.price.unit_cost(bucket, quantity);
            add(Family::Budget, money);
            for (source, share) in &way.sources {
                let supplier = self.pair().sources[*source].supplier;
                add(Family::SupplierBudget(supplier), share * money);
                add(Family::MinimumMoney(supplier, bucket), share * money);
                add(Family::CapacityUnits(supplier, bucket), share * quantity);
                add(Family::CapacityVolume(supplier, bucket), share * quantity * volume);
                add(Family::CapacityWeight(supplier, bucket), share * quantity * weight);
                add(Family::MinimumVolume(supplier, bucket), share * quantity * volume);
                add(Family::Header(supplier, bucket, Some(self.index)), 1.0);
                add(Family::Header(supplier, bucket, None), 1.0);
            }
        }
        if volume > 0.0 && self.problem.locations[self.pair().location].storage_m3.is_some() {
            let trace = evaluate_prepared(&way.path, &ready.prepared, &plan.orders).unwrap_or_default();
            // What has expired at the end of a bucket takes no room in the next.
            let stock: Vec<f64> =
                trace.mean_stock.iter().zip(&trace.mean_waste).map(|(s, w)| s - w).collect();
            let mut arriving = way.path.inflow.clone();
            for (bucket, &quantity) in plan.orders.iter().enumerate().filter(|(_, q)| **q > 0.0) {
                for (at, share) in self.arrivals(way, bucket) {
                    arriving[at] += share * quantity * way.path.yield_factor;
                }
            }
            for (bucket, arriving) in arriving.iter().enumerate() {
                let before = bucket
                    .checked_sub(1)
                    .map_or(way.path.initial_stock.max(0.0), |b| stock.get(b).copied().unwrap_or(0.0));
                add(Family::Storage(self.pair().location, bucket), volume * (before + arriving));
            }
        }
        sum_rows(usage)
    }
}

/// One entry a row, rows ascending.
fn sum_rows(mut usage: Vec<(u32, f64)>) -> Vec<(u32, f64)> {
    usage.sort_by_key(|&(row, _)| row);
    usage.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    usage
}

impl Part for StockPoint<'_> {
    type Choice = PointPlan;
    type Workspace = Memory;

    fn propose(&self, pricing: &Pricing<'_>, memory: &mut Memory) -> Proposal<PointPlan> {
        self.with_ways(|ways| {
            let (plan, bound, usage) = self.best(ways, pricing, memory);
            Proposal { cost: plan.cost(), bound, usage, choice: plan }
        })
    }
}
