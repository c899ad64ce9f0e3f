//! What a missing unit is worth: as given, or as a service target implies.
//!
//! Given the paths of demand over lead time and review period and a target,
//! find the shortage cost at which the cheapest stock level meets the target.
//!
//! Method: the newsvendor's critical ratio (Silver, Pyke and Thomas 2017,
//! "Inventory and Production Management in Supply Chains", chapter 9): one unit
//! more costs its holding until the next order and saves a shortage when demand
//! is greater. A stock level that demand does not exceed with probability a is
//! cheapest at a shortage cost of a / (1 - a) times that holding.
//! Cost: time O(M log M), memory O(M), with M = paths.

use super::super::problem::{Pair, Problem, Service};
use super::Cover;

/// Shortage cost and critical ratio of one pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Price {
    pub(super) shortage_cost: f64,
    pub(super) critical_ratio: f64,
}

/// Probability of no shortage at which one unit more stops paying.
///
/// A lost unit costs once, and one unit too many is held for the whole review period; a
/// backordered unit costs as long as it waits, bucket against bucket.
#[must_use]
pub fn critical_ratio(shortage_cost: f64, holding_cost: f64, lost_sales: bool, review_period: usize) -> f64 {
    let overage = overage(holding_cost, lost_sales, review_period);
    let both = shortage_cost + overage;
    if both > 0.0 { shortage_cost / both } else { 1.0 }
}

fn overage(holding_cost: f64, lost_sales: bool, review_period: usize) -> f64 {
    if lost_sales { holding_cost * review_period.max(1) as f64 } else { holding_cost }
}

pub(super) fn price(problem: &Problem, pair: &Pair, paths: &[f64], cover: &Cover) -> Price {
    let item = &problem.items[pair.item];
    let review = problem.review_period;
    if let Service::ShortageCost(cost) = item.service {
        let ratio = critical_ratio(cost, item.holding_cost, item.lost_sales, review);
        return Price { shortage_cost: cost, critical_ratio: ratio };
    }
    let sums = Sums::new(paths, problem.horizon, cover);
    let ratio = match item.service {
        Service::CycleServiceLevel(level) => level,
        Service::FillRate(rate) => sums.reached(sums.level_for_fill_rate(rate)),
        Service::DaysOfCover(days) => {
            let daily = sums.mean_cycle() / ((cover.last - cover.first) as f64 * problem.bucket().days());
            sums.reached(sums.mean_total() + days * daily)
        }
        Service::ShortageCost(_) => 1.0,
    };
    let odds = ratio / (1.0 - ratio);
    Price { shortage_cost: overage(item.holding_cost, item.lost_sales, review) * odds, critical_ratio: ratio }
}

/// Demand of every path until the order arrives, and from then to the next arrival.
struct Sums {
    before: Vec<f64>,
    cycle: Vec<f64>,
    /// Both together, ascending.
    total: Vec<f64>,
}

impl Sums {
    fn new(paths: &[f64], horizon: usize, cover: &Cover) -> Self {
        let sum = |from: usize, to: usize| -> Vec<f64> {
            paths.chunks_exact(horizon.max(1)).map(|path| path[from..to].iter().sum()).collect()
        };
        let (before, cycle) = (sum(0, cover.first), sum(cover.first, cover.last));
        let mut total: Vec<f64> = before.iter().zip(&cycle).map(|(a, b)| a + b).collect();
        total.sort_unstable_by(f64::total_cmp);
        Sums { before, cycle, total }
    }

    fn mean_total(&self) -> f64 {
        self.total.iter().sum::<f64>() / self.total.len().max(1) as f64
    }

    fn mean_cycle(&self) -> f64 {
        self.cycle.iter().sum::<f64>() / self.cycle.len().max(1) as f64
    }

    /// Share of the cycle's demand that a stock level serves.
    fn fill_rate(&self, level: f64) -> f64 {
        let unmet = self
            .before
            .iter()
            .zip(&self.cycle)
            .map(|(before, cycle)| (before + cycle - level).max(0.0) - (before - level).max(0.0));
        let demand: f64 = self.cycle.iter().sum();
        if demand > 0.0 { 1.0 - unmet.sum::<f64>() / demand } else { 1.0 }
    }

    /// Smallest stock level with this fill rate, by bisection: it grows with the level.
    fn level_for_fill_rate(&self, wanted: f64) -> f64 {
        const HALVINGS: usize = 60;
        let (mut low, mut high) = (0.0, self.total.last().copied().unwrap_or(0.0));
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.fill_rate(middle) >= wanted { high = middle } else { low = middle }
        }
        high
    }

    /// Probability that demand does not exceed a stock level, between the first and the last
    /// half path, so that both it and its complement are above zero.
    fn reached(&self, level: f64) -> f64 {
        let paths = self.total.len().max(1) as f64;
        let below = self.total.partition_point(|total| *total < level - 1e-9) as f64;
        let at_most = self.total.partition_point(|total| *total <= level + 1e-9) as f64;
        // Between two totals the share grows evenly, so that a small change of the target is one
        // of the cost.
        let middle = 0.5 * (below + at_most);
        (middle / paths).clamp(0.5 / paths, 1.0 - 0.5 / paths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_and_its_cost_are_two_sides_of_one_ratio() {
        for (lost, review) in [(true, 1), (true, 4), (false, 4)] {
            let overage = overage(0.2, lost, review);
            let cost = overage * 0.9 / 0.1;
            assert!((critical_ratio(cost, 0.2, lost, review) - 0.9).abs() < 1e-12);
        }
        assert_eq!(critical_ratio(1.0, 0.0, true, 1), 1.0);
    }

    #[test]
    fn the_fill_rate_counts_only_the_cycle() {
        // No demand before the arrival; 0..=9 in the cycle with equal chances.
        let paths: Vec<f64> = (0..10).flat_map(|units| [0.0, f64::from(units)]).collect();
        let sums = Sums::new(&paths, 2, &Cover { first: 1, last: 2 });
        // At level 7 the paths 8 and 9 miss 1 and 2 of 45 units.
        assert!((sums.fill_rate(7.0) - (1.0 - 3.0 / 45.0)).abs() < 1e-12);
        assert!((sums.level_for_fill_rate(1.0 - 3.0 / 45.0) - 7.0).abs() < 1e-6);
        assert!((sums.reached(7.0) - 0.75).abs() < 1e-12);
    }
}
