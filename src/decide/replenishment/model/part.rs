//! A stock point as a part of the whole: it answers prices of shared limits
//! with its best order path.

use super::super::problem::{Pair, Problem};
use super::limits::{Family, Limits};
use super::ways::Way;
use crate::optimize::allocation::{Part, Pricing, Proposal};
use crate::optimize::inventory::order_path::{
    PathCost, PathOptions, PathSolution, Prepared, PriceBreak, PriceList, Workspace, evaluate_prepared,
    solve_prepared,
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
}

/// A stock point with its ways to buy and the shared rows that it uses.
pub(crate) struct StockPoint<'a> {
    pub problem: &'a Problem,
    pub limits: &'a Limits,
    pub index: usize,
    pub ways: Vec<(Way, Prepared)>,
    pub options: PathOptions,
    /// Cost of a unit more or less than an earlier plan, and that plan's orders, by way.
    pub earlier: Option<(f64, Vec<Vec<f64>>)>,
}

/// Memory of one thread, used again from part to part.
#[derive(Default)]
pub(crate) struct Memory {
    paths: Workspace,
}

impl StockPoint<'_> {
    fn pair(&self) -> &Pair {
        &self.problem.pairs[self.index]
    }

    /// The best plan without prices, and a lower bound of its cost.
    pub fn alone(&self, memory: &mut Memory) -> (PointPlan, f64) {
        let pricing = Pricing { cost_weight: 1.0, prices: &[] };
        let (plan, bound, _) = self.best(&pricing, memory);
        (plan, bound)
    }

    /// The best plan over all ways at these prices, with its bound and usage.
    fn best(&self, pricing: &Pricing<'_>, memory: &mut Memory) -> (PointPlan, f64, Vec<(u32, f64)>) {
        let mut best: Option<(f64, PointPlan, Vec<(u32, f64)>)> = None;
        let mut bound = f64::INFINITY;
        for index in 0..self.ways.len() {
            let (solution, constant) = self.solve_way(index, pricing, memory);
            let plan = self.plan_of(index, solution.orders, memory);
            let usage = self.usage(&plan, memory);
            let value = pricing.value(plan.cost.total(), &usage);
            bound = bound.min(solution.bound + constant).min(value);
            if best.as_ref().is_none_or(|(least, ..)| value < *least) {
                best = Some((value, plan, usage));
            }
        }
        let (_, plan, usage) = best.unwrap_or_else(|| {
            let orders = vec![0.0; self.problem.horizon];
            (0.0, PointPlan { way: 0, orders, cost: PathCost::default() }, Vec::new())
        });
        (plan, bound, usage)
    }

    /// True cost of the orders, without prices.
    fn plan_of(&self, way: usize, orders: Vec<f64>, memory: &mut Memory) -> PointPlan {
        let (of, prepared) = &self.ways[way];
        let cost = evaluate_prepared(&of.path, prepared, &orders, &mut memory.paths).cost;
        PointPlan { way, orders, cost }
    }

    /// Solves one way with the prices of shared limits on it; the second value
    /// is what prices charge whatever is ordered.
    fn solve_way(&self, way: usize, pricing: &Pricing<'_>, memory: &mut Memory) -> (PathSolution, f64) {
        let (of, prepared) = &self.ways[way];
        if pricing.prices.iter().all(|price| *price == 0.0) && pricing.cost_weight == 1.0 {
            return (solve_prepared(&of.path, prepared, &self.options, &mut memory.paths), 0.0);
        }
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
        (solve_prepared(&path, prepared, &self.options, &mut memory.paths), constant)
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
        let volume = self.problem.items[self.pair().item].volume_m3;
        let of_supplier = |(source, share): &(usize, f64)| {
            let supplier = self.pair().sources[*source].supplier;
            share
                * (self.price(pricing, Family::CapacityUnits(supplier, bucket))
                    + volume * self.price(pricing, Family::CapacityVolume(supplier, bucket))
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
    fn usage(&self, plan: &PointPlan, memory: &mut Memory) -> Vec<(u32, f64)> {
        if self.limits.is_empty() {
            return Vec::new();
        }
        let (way, prepared) = &self.ways[plan.way];
        let volume = self.problem.items[self.pair().item].volume_m3;
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
                add(Family::MinimumVolume(supplier, bucket), share * quantity * volume);
                add(Family::Header(supplier, bucket, Some(self.index)), 1.0);
                add(Family::Header(supplier, bucket, None), 1.0);
            }
        }
        if volume > 0.0 && self.problem.locations[self.pair().location].storage_m3.is_some() {
            let stock = evaluate_prepared(&way.path, prepared, &plan.orders, &mut memory.paths).mean_stock;
            let mut arriving = way.path.inflow.clone();
            for (bucket, &quantity) in plan.orders.iter().enumerate().filter(|(_, q)| **q > 0.0) {
                for (at, share) in self.arrivals(way, bucket) {
                    arriving[at] += share * quantity * way.path.yield_factor;
                }
            }
            for (bucket, arriving) in arriving.iter().enumerate() {
                let before = bucket.checked_sub(1).map_or(way.path.initial_stock.max(0.0), |b| stock[b]);
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
        let (plan, bound, usage) = self.best(pricing, memory);
        Proposal { cost: plan.cost.total(), bound, usage, choice: plan }
    }
}
