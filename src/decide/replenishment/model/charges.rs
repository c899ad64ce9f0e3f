//! What a stock point's orders use of the shared limits, and what prices of those limits charge them.
//!
//! Prices reach the order path as unit costs, line costs and holding costs, so that its own solver
//! answers them; usage is counted from the plan, line by line.

use super::super::plan::OrderLine;
use super::limits::Family;
use super::part::{PointPlan, Ready, StockPoint};
use super::ways::Way;
use crate::optimize::allocation::Pricing;

impl StockPoint<'_> {
    fn price(&self, pricing: &Pricing<'_>, family: Family) -> f64 {
        let row = self.limits.row(family);
        row.and_then(|row| pricing.prices.get(row as usize)).copied().unwrap_or(0.0)
    }

    /// Price of a unit of money spent on orders of `bucket`, weighted by the split.
    pub(super) fn money_charge(&self, way: &Way, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        way.sources.iter().map(|(source, share)| share * self.source_money(*source, bucket, pricing)).sum()
    }

    /// Price of a unit of money spent with a source.
    pub(super) fn source_money(&self, source: usize, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        let supplier = self.pair().sources[source].supplier;
        self.price(pricing, Family::Budget)
            + self.price(pricing, Family::SupplierBudget(supplier))
            + self.price(pricing, Family::MinimumMoney(supplier, bucket))
    }

    /// Price of a unit ordered in `bucket`: capacities, volume minimums, and room on arrival.
    pub(super) fn unit_charge(&self, way: &Way, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        let volume = self.problem.volume_m3(self.pair());
        let room: f64 = self
            .arrivals(way, bucket)
            .map(|(at, share)| share * self.price(pricing, Family::Storage(self.pair().location, at)))
            .sum();
        let sources = way.sources.iter();
        sources.map(|(source, share)| share * self.source_unit(*source, bucket, pricing)).sum::<f64>()
            + volume * way.path.yield_factor * room
    }

    /// Price of a unit ordered from a source: capacities and volume minimums.
    pub(super) fn source_unit(&self, source: usize, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        let item = &self.problem.items[self.pair().item];
        let supplier = self.pair().sources[source].supplier;
        self.price(pricing, Family::CapacityUnits(supplier, bucket))
            + item.volume_m3 * self.price(pricing, Family::CapacityVolume(supplier, bucket))
            + item.weight_kg * self.price(pricing, Family::CapacityWeight(supplier, bucket))
            + item.volume_m3 * self.price(pricing, Family::MinimumVolume(supplier, bucket))
    }

    /// Buckets in which an order of `bucket` arrives, with the share of scenarios.
    fn arrivals<'w>(&self, way: &'w Way, bucket: usize) -> impl Iterator<Item = (usize, f64)> + 'w {
        let scenarios = way.path.scenarios;
        let at = move |scenario| way.path.arrival_of(scenario, bucket);
        let share = 1.0 / scenarios as f64;
        (0..scenarios).filter_map(move |scenario| at(scenario).map(|at| (at, share)))
    }

    /// Price of a line in `bucket`.
    pub(super) fn line_charge(&self, way: &Way, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        way.sources.iter().map(|(source, _)| self.source_line(*source, bucket, pricing)).sum()
    }

    /// Price of a line from a source.
    pub(super) fn source_line(&self, source: usize, bucket: usize, pricing: &Pricing<'_>) -> f64 {
        let supplier = self.pair().sources[source].supplier;
        self.price(pricing, Family::Header(supplier, bucket, Some(self.index)))
            + self.price(pricing, Family::Header(supplier, bucket, None))
    }

    /// Adds the price of room to the holding cost of the bucket before; gives
    /// the charge of stock and deliveries that come anyhow.
    pub(super) fn charge_storage(&self, way: &Way, pricing: &Pricing<'_>, holding: &mut [f64]) -> f64 {
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
    pub(super) fn usage(&self, ready: &Ready, plan: &PointPlan) -> Vec<(u32, f64)> {
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
        for OrderLine { source, bucket, quantity, .. } in self.lines(ready, &plan.orders, &plan.beside) {
            let source = &self.pair().sources[source];
            let (supplier, money) = (source.supplier, quantity * source.price(bucket, quantity));
            add(Family::Budget, money);
            add(Family::SupplierBudget(supplier), money);
            add(Family::MinimumMoney(supplier, bucket), money);
            add(Family::CapacityUnits(supplier, bucket), quantity);
            add(Family::CapacityVolume(supplier, bucket), quantity * volume);
            add(Family::CapacityWeight(supplier, bucket), quantity * weight);
            add(Family::MinimumVolume(supplier, bucket), quantity * volume);
            add(Family::Header(supplier, bucket, Some(self.index)), 1.0);
            add(Family::Header(supplier, bucket, None), 1.0);
        }
        if volume > 0.0 && self.problem.locations[self.pair().location].storage_m3.is_some() {
            let trace = self.trace(ready, &plan.orders, &plan.beside).unwrap_or_default();
            // What has expired at the end of a bucket takes no room in the next.
            let stock: Vec<f64> =
                trace.mean_stock.iter().zip(&trace.mean_waste).map(|(s, w)| s - w).collect();
            let arriving = self.arriving(way, plan);
            for (bucket, arriving) in arriving.iter().enumerate() {
                let before = bucket
                    .checked_sub(1)
                    .map_or(way.path.initial_stock.max(0.0), |b| stock.get(b).copied().unwrap_or(0.0));
                add(Family::Storage(self.pair().location, bucket), volume * (before + arriving));
            }
        }
        sum_rows(usage)
    }

    /// Mean units that arrive in each bucket.
    fn arriving(&self, way: &Way, plan: &PointPlan) -> Vec<f64> {
        let orders = &plan.orders;
        let mut arriving = way.path.inflow.clone();
        if let Some(split) = way.inexact() {
            for course in split.supply(&way.path, orders).chunks_exact(way.path.periods) {
                arriving
                    .iter_mut()
                    .zip(course)
                    .for_each(|(sum, units)| *sum += units / way.path.scenarios as f64);
            }
            return arriving;
        }
        for (bucket, &quantity) in orders.iter().enumerate().filter(|(_, q)| **q > 0.0) {
            for (at, share) in self.arrivals(way, bucket) {
                arriving[at] += share * quantity * way.path.yield_factor;
            }
        }
        self.arriving_beside(way, &plan.beside, &mut arriving);
        arriving
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
