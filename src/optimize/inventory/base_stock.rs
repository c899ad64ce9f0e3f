//! Given repeated orders without a cost of ordering, find the level that the
//! inventory position is raised to at each review.
//!
//! Method: the newsvendor over the demand of the lead time and one review
//! period; L. V. Snyder and Z.-J. M. Shen (2019), "Fundamentals of Supply Chain
//! Theory", 2nd ed., section 4.3.4. Exact for backorders.
//! Cost: that of [`newsvendor`](super::newsvendor), and for tables the convolution.
//! Use [`s_s`](super::s_s) instead when placing an order costs something.
//! Not for: lost sales over a lead time; see [`order_path`](super::order_path).
//! Same input gives the same answer: yes.

use super::demand::Demand;
use super::error::{InventoryError, range};
use super::newsvendor::{StockLevel, newsvendor, newsvendor_cost};

/// Best base-stock level and its expected cost a period.
///
/// `demand` is that of one period; `lead_time` and `review_period` count
/// periods, and an order placed before demand arrives after `lead_time` periods.
///
/// ```
/// use purvey::optimize::inventory::{base_stock::base_stock, demand::Demand};
/// // Snyder and Shen, example 4.4.
/// let best = base_stock(0.18, 0.70, &Demand::normal(50.0, 8.0)?, 4, 1)?;
/// assert!((best.level - 264.76689437415484).abs() < 1e-9);
/// assert!((best.cost - 4.466781004149577).abs() < 1e-9);
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
///
/// # Errors
/// [`InventoryError`] where a cost is not above 0, the review period is 0, or
/// the demand of several periods has no closed form (lognormal, empirical).
pub fn base_stock(
    holding_cost: f64,
    shortage_cost: f64,
    demand: &Demand,
    lead_time: usize,
    review_period: usize,
) -> Result<StockLevel, InventoryError> {
    newsvendor(holding_cost, shortage_cost, &over(demand, lead_time, review_period)?)
}

/// Expected cost a period of a given level.
///
/// # Errors
/// See [`base_stock`].
pub fn base_stock_cost(
    holding_cost: f64,
    shortage_cost: f64,
    demand: &Demand,
    lead_time: usize,
    review_period: usize,
    level: f64,
) -> Result<f64, InventoryError> {
    newsvendor_cost(holding_cost, shortage_cost, &over(demand, lead_time, review_period)?, level)
}

fn over(demand: &Demand, lead_time: usize, review: usize) -> Result<Demand, InventoryError> {
    range("review_period", review as f64, review > 0, "1 or more")?;
    let span = lead_time + review;
    if span == 1 {
        return Ok(demand.clone());
    }
    demand.sum_of(span).ok_or(InventoryError::OutOfRange {
        field: "lead_time + review_period",
        value: span as f64,
        wanted: "1 for lognormal or empirical demand; give the demand of the whole span instead",
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::optimize::inventory::pmf::Pmf;

    #[test]
    fn poisson_periods_add_up() {
        let day = Demand::poisson(3.0).unwrap();
        let span = base_stock(1.0, 9.0, &day, 2, 1).unwrap();
        let whole = newsvendor(1.0, 9.0, &Demand::poisson(9.0).unwrap()).unwrap();
        assert_eq!(span.level, whole.level);
        assert!((span.cost - whole.cost).abs() < 1e-9);
    }

    #[test]
    fn the_level_is_the_best_of_all() {
        let day = Demand::discrete(Pmf::new(vec![0.3, 0.3, 0.2, 0.2]).unwrap());
        let best = base_stock(1.0, 4.0, &day, 3, 1).unwrap();
        for level in 0..=12 {
            let cost = base_stock_cost(1.0, 4.0, &day, 3, 1, f64::from(level)).unwrap();
            assert!(cost >= best.cost - 1e-12);
        }
        let sample = Demand::empirical(vec![1.0, 2.0]).unwrap();
        assert!(base_stock(1.0, 4.0, &sample, 1, 1).is_err());
    }
}
