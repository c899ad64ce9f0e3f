//! What the order of a stock point counts in the shared rows, unit by unit:
//! what a program of the whole problem needs to know of a way to buy.

use super::lanes::{Lane, lanes};
use super::limits::Family;
use super::part::{PointPlan, StockPoint};
use super::ways::Way;

/// What of an order counts in a shared row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Money paid.
    Money,
    /// Units ordered.
    Quantity,
    /// The line itself.
    Line,
}

impl StockPoint<'_> {
    /// Demand cells: scenarios times buckets.
    pub fn cells(&self) -> usize {
        self.problem.scenarios * self.problem.horizon
    }

    /// Volume of a unit.
    pub fn volume_m3(&self) -> f64 {
        self.problem.volume_m3(self.pair())
    }

    /// What each source of the plan delivers of the order of a bucket.
    pub fn parts_of(&self, plan: &PointPlan, bucket: usize) -> Vec<(usize, f64)> {
        let quantity = plan.orders[bucket];
        self.with_ways(|ways| {
            let Some(ready) = ways.get(plan.way) else { return Vec::new() };
            let main = (quantity > 0.0).then(|| ready.way.lines(bucket, quantity));
            let beside = plan.beside.iter().filter(|line| line.bucket == bucket);
            let beside = beside.map(|line| (line.source, line.quantity));
            main.into_iter().flatten().chain(beside).collect()
        })
    }

    /// Whether it buys from several sources in one plan, without shares.
    pub fn combines(&self) -> bool {
        self.with_ways(|ways| ways.first().is_some_and(|ready| !ready.way.beside.is_empty()))
    }

    /// The lanes of a way.
    pub fn lanes_of<'w>(&'w self, way: &'w Way) -> Vec<Lane<'w>> {
        lanes(self.problem, self.pair(), way)
    }

    /// The row of the room at the stock point's location in a bucket.
    pub fn storage_row(&self, bucket: usize) -> Option<u32> {
        self.limits.row(Family::Storage(self.pair().location, bucket))
    }

    /// These orders as a plan with its cost, where they keep the rules of the way; split orders in
    /// the nearest totals that its sources deliver by their shares.
    pub fn planned(&self, way: usize, orders: Vec<f64>) -> Option<PointPlan> {
        self.with_ways(|ways| {
            let ready = ways.get(way)?;
            let orders = if ready.way.split.is_some() { self.onto_steps(ready, orders) } else { orders };
            if self.keeps_rules(ready, &orders) { self.plan_of(way, ready, orders, Vec::new()) } else { None }
        })
    }

    /// What an earlier plan orders from each lane, by bucket, and what it orders elsewhere; `None`
    /// where changing it costs nothing.
    pub fn earlier_plan(&self, lanes: &[Lane<'_>]) -> Option<(Vec<Vec<f64>>, f64)> {
        let lines = self.earlier.filter(|_| self.problem.stability_penalty > 0.0)?;
        let mut orders = vec![vec![0.0; self.problem.horizon]; lanes.len()];
        let mut elsewhere = 0.0;
        for line in lines {
            match lanes.iter().position(|lane| lane.source == line.source) {
                Some(at) if line.bucket < self.problem.horizon => orders[at][line.bucket] += line.quantity,
                _ => elsewhere += line.quantity,
            }
        }
        Some((orders, elsewhere))
    }

    /// Whether a unit can be worth buying without any demand for it: to reach an order
    /// minimum, to stay close to an earlier plan, or because it earns money.
    pub fn buys_for_its_own_sake(&self, way: &Way, bucket: usize) -> bool {
        let reaches = |&(source, _): &(usize, f64)| {
            let supplier = &self.problem.suppliers[self.pair().sources[source].supplier];
            supplier.minimum_money > 0.0 || supplier.minimum_m3 > 0.0
        };
        way.sources.iter().any(reaches)
            || (self.earlier.is_some() && self.problem.stability_penalty > 0.0)
            || way.path.unit_cost.period(bucket).iter().any(|step| step.unit_cost < 0.0)
            || way.path.holding_cost.iter().any(|cost| *cost < 0.0)
    }

    /// Visits the shared rows that an order of `bucket` from a source counts in: the row, what of
    /// the order counts, and how much.
    pub fn each_row(&self, source: usize, bucket: usize, mut visit: impl FnMut(u32, Measure, f64)) {
        let item = &self.problem.items[self.pair().item];
        let (volume, weight) = (item.volume_m3, item.weight_kg);
        let supplier = self.pair().sources[source].supplier;
        let counts = [
            (Family::Budget, Measure::Money, 1.0),
            (Family::SupplierBudget(supplier), Measure::Money, 1.0),
            (Family::MinimumMoney(supplier, bucket), Measure::Money, 1.0),
            (Family::CapacityUnits(supplier, bucket), Measure::Quantity, 1.0),
            (Family::CapacityVolume(supplier, bucket), Measure::Quantity, volume),
            (Family::CapacityWeight(supplier, bucket), Measure::Quantity, weight),
            (Family::MinimumVolume(supplier, bucket), Measure::Quantity, volume),
            (Family::Header(supplier, bucket, Some(self.index)), Measure::Line, 1.0),
            (Family::Header(supplier, bucket, None), Measure::Line, 1.0),
        ];
        for (family, measure, factor) in counts {
            if let Some(row) = self.limits.row(family) {
                visit(row, measure, factor);
            }
        }
    }
}
