//! Given one chance to order before demand is known, find the level that
//! balances what is left over against what falls short.
//!
//! Method: the critical ratio `F(S) = p / (p + h)`; K. J. Arrow, T. Harris and
//! J. Marschak (1951), "Optimal Inventory Policy", doi:10.2307/1906813; cost by
//! loss functions as in L. V. Snyder and Z.-J. M. Shen (2019), "Fundamentals of
//! Supply Chain Theory", 2nd ed., section 4.3.
//! Cost: O(1) for normal and lognormal demand, O(n) for tables and samples of n.
//! Use [`base_stock`](super::base_stock) instead when orders are repeated.
//! Not for: a cost of placing the order; see [`s_s`](super::s_s).
//! Same input gives the same answer: yes.

use super::demand::Demand;
use super::error::{InventoryError, positive, range};

/// A stock level and its expected cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StockLevel {
    /// Units to have before demand comes.
    pub level: f64,
    /// Expected cost of the span.
    pub cost: f64,
}

/// Best level for a cost of `holding_cost` a unit left and `shortage_cost` a unit short.
///
/// ```
/// use purvey::optimize::inventory::{demand::Demand, newsvendor::newsvendor};
/// // Snyder and Shen, example 4.3.
/// let best = newsvendor(0.18, 0.70, &Demand::normal(50.0, 8.0)?)?;
/// assert!((best.level - 56.60395592743389).abs() < 1e-9);
/// assert!((best.cost - 1.9976051931766445).abs() < 1e-9);
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
///
/// # Errors
/// [`InventoryError`] unless both costs are above 0.
pub fn newsvendor(
    holding_cost: f64,
    shortage_cost: f64,
    demand: &Demand,
) -> Result<StockLevel, InventoryError> {
    positive("holding_cost", holding_cost)?;
    positive("shortage_cost", shortage_cost)?;
    let level = demand.quantile(shortage_cost / (shortage_cost + holding_cost));
    let cost = newsvendor_cost(holding_cost, shortage_cost, demand, level)?;
    Ok(StockLevel { level, cost })
}

/// Expected cost of a given level.
///
/// # Errors
/// [`InventoryError`] unless both costs are above 0 and the level is a number.
pub fn newsvendor_cost(
    holding_cost: f64,
    shortage_cost: f64,
    demand: &Demand,
    level: f64,
) -> Result<f64, InventoryError> {
    positive("holding_cost", holding_cost)?;
    positive("shortage_cost", shortage_cost)?;
    range("level", level, true, "a number")?;
    let short = demand.shortfall(level);
    Ok(holding_cost * (level - demand.mean() + short) + shortage_cost * short)
}

/// A stock level and its expected profit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfitLevel {
    /// Units to buy.
    pub level: f64,
    /// Expected profit.
    pub profit: f64,
}

/// Best level when a unit is bought at `purchase_cost`, sold at `revenue`, and
/// brings `salvage_value` when left over.
///
/// # Errors
/// [`InventoryError`] unless `salvage_value < purchase_cost < revenue`.
pub fn newsvendor_profit(
    revenue: f64,
    purchase_cost: f64,
    salvage_value: f64,
    demand: &Demand,
) -> Result<ProfitLevel, InventoryError> {
    range("revenue", revenue, revenue > purchase_cost, "above the purchase cost")?;
    let low = salvage_value < purchase_cost;
    range("salvage_value", salvage_value, low, "below the purchase cost")?;
    let margin = revenue - purchase_cost;
    let best = newsvendor(purchase_cost - salvage_value, margin, demand)?;
    Ok(ProfitLevel { level: best.level, profit: margin * demand.mean() - best.cost })
}

/// Shortage cost under which covering demand with probability
/// `cycle_service_level` is best.
///
/// # Errors
/// [`InventoryError`] unless the level lies between 0 and 1.
pub fn implied_shortage_cost(holding_cost: f64, cycle_service_level: f64) -> Result<f64, InventoryError> {
    positive("holding_cost", holding_cost)?;
    let inside = cycle_service_level > 0.0 && cycle_service_level < 1.0;
    range("cycle_service_level", cycle_service_level, inside, "between 0 and 1")?;
    Ok(holding_cost * cycle_service_level / (1.0 - cycle_service_level))
}

/// Smallest level at which the expected share of demand met at once reaches `fill_rate`.
///
/// Whole units for demand in whole units; otherwise within a relative 1e-12.
///
/// # Errors
/// [`InventoryError`] unless the rate lies between 0 and 1 and demand is above 0.
pub fn level_for_fill_rate(demand: &Demand, fill_rate: f64) -> Result<f64, InventoryError> {
    let inside = fill_rate > 0.0 && fill_rate < 1.0;
    range("fill_rate", fill_rate, inside, "between 0 and 1")?;
    let mean = demand.mean();
    positive("mean demand", mean)?;
    let most_short = (1.0 - fill_rate) * mean;
    let (mut low, mut high) = (0.0, mean.max(1.0));
    while demand.shortfall(high) > most_short {
        (low, high) = (high, 2.0 * high);
    }
    while high - low > 1e-12 * high {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if demand.shortfall(middle) > most_short { low = middle } else { high = middle }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::optimize::inventory::pmf::Pmf;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-8 * b.abs().max(1.0)
    }

    /// Values of Snyder and Shen's problems as stockpyl 1.0.2 prints them.
    #[test]
    fn textbook_levels() {
        let best = newsvendor(43.0, 79.0, &Demand::normal(900.0, 60.0).unwrap()).unwrap();
        assert!(near(best.level, 922.721_403_823_475_5) && near(best.cost, 2_718.196_781_782_411));
        let given = newsvendor_cost(0.18, 0.7, &Demand::normal(50.0, 8.0).unwrap(), 40.0).unwrap();
        assert!(near(given, 7.356_131_552_870_386));
        let poisson = Demand::poisson(18.0).unwrap();
        let best = newsvendor(200.0, 270.0, &poisson).unwrap();
        assert!(best.level == 19.0 && near(best.cost, 786.088_440_935_107_9), "{best:?}");
        assert!(near(newsvendor_cost(200.0, 270.0, &poisson, 16.0).unwrap(), 935.295_226_862_083_8));
        let pmf = Pmf::new(vec![0.0, 0.25, 0.05, 0.1, 0.2, 0.15, 0.1, 0.1, 0.05]).unwrap();
        let best = newsvendor(5e5, 1e6, &Demand::discrete(pmf)).unwrap();
        assert!(best.level == 5.0 && near(best.cost, 1_225_000.0), "{best:?}");
        let best = newsvendor(1.0, 0.1765, &Demand::lognormal(6.0, 0.3).unwrap()).unwrap();
        assert!(near(best.level, 295.626_644_807_136_7) && near(best.cost, 29.442_543_513_243_2), "{best:?}");
    }

    /// Examples 4.2 and problem 4.3(b) of the same book.
    #[test]
    fn textbook_profits() {
        let best = newsvendor_profit(1.0, 0.3, 0.12, &Demand::normal(50.0, 8.0).unwrap()).unwrap();
        assert!(near(best.level, 56.603_955_927_433_89) && near(best.profit, 33.002_394_806_823_354));
        let best = newsvendor_profit(7.0, 2.5, 1.5, &Demand::normal(50.0, 10.0).unwrap()).unwrap();
        assert!(near(best.level, 59.084_578_685_373_856) && near(best.profit, 210.476_808_252_314_75));
    }

    #[test]
    fn a_sample_has_the_best_of_its_amounts() {
        let amounts = vec![3.0, 9.5, 1.0, 4.0, 7.0, 2.5];
        let demand = Demand::empirical(amounts.clone()).unwrap();
        let best = newsvendor(1.0, 2.5, &demand).unwrap();
        for &level in &amounts {
            assert!(best.cost <= newsvendor_cost(1.0, 2.5, &demand, level).unwrap() + 1e-12);
        }
        assert_eq!(best.level, 7.0);
    }

    #[test]
    fn targets_and_their_shortage_costs_agree() {
        let demand = Demand::normal(50.0, 8.0).unwrap();
        let p = implied_shortage_cost(0.18, 0.95).unwrap();
        assert!(near(newsvendor(0.18, p, &demand).unwrap().level, demand.quantile(0.95)));
        for demand in [demand, Demand::poisson(7.0).unwrap(), Demand::lognormal(2.0, 0.5).unwrap()] {
            let level = level_for_fill_rate(&demand, 0.97).unwrap();
            let short = demand.shortfall(level) / demand.mean();
            assert!((short - 0.03).abs() < 1e-9, "{short}");
        }
        assert!(implied_shortage_cost(0.18, 1.0).is_err());
    }
}
