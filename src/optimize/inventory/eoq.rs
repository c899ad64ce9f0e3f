//! Given a constant demand rate, find the order quantity that balances
//! ordering and holding cost.
//!
//! Method: economic order quantity, F. W. Harris (1913), "How Many Parts to
//! Make at Once", reprinted doi:10.1287/opre.38.6.947; with planned
//! backorders, finite production rate and all-units discounts as in
//! L. V. Snyder and Z.-J. M. Shen (2019), "Fundamentals of Supply Chain
//! Theory", 2nd ed., sections 3.2 to 3.5. Symbols: K fixed cost, h holding
//! cost, p shortage cost, lambda demand rate, mu production rate.
//! Cost: O(1); O(n) for n price breaks.
//! Use [`wagner_whitin`](super::wagner_whitin) instead when demand changes over time.
//! Not for: uncertain demand; see [`r_q`](super::r_q).
//! Same input gives the same answer: yes.

use super::error::{InventoryError, not_negative, positive, range};

/// Order quantity and cost for each unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LotSize {
    /// Units ordered at a time.
    pub quantity: f64,
    /// Cost for each unit of time.
    pub cost: f64,
}

/// Economic order quantity, `Q = sqrt(2 K lambda / h)`.
///
/// ```
/// use purvey::optimize::inventory::eoq::eoq;
/// let lot = eoq(8.0, 0.225, 1300.0)?;
/// assert!((lot.quantity - 304.0467800264368).abs() < 1e-9);
/// assert!((lot.cost - 68.41052550594829).abs() < 1e-9);
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
///
/// # Errors
/// [`InventoryError`] unless all arguments are above 0.
pub fn eoq(fixed_cost: f64, holding_cost: f64, demand_rate: f64) -> Result<LotSize, InventoryError> {
    positive("fixed_cost", fixed_cost)?;
    let quantity = (2.0 * fixed_cost * demand_rate / holding_cost).sqrt();
    let cost = eoq_cost(fixed_cost, holding_cost, demand_rate, quantity)?;
    Ok(LotSize { quantity, cost })
}

/// Cost for each unit of time of ordering `quantity`.
///
/// # Errors
/// [`InventoryError`] where an argument is out of range.
pub fn eoq_cost(
    fixed_cost: f64,
    holding_cost: f64,
    demand_rate: f64,
    quantity: f64,
) -> Result<f64, InventoryError> {
    not_negative("fixed_cost", fixed_cost)?;
    positive("holding_cost", holding_cost)?;
    positive("demand_rate", demand_rate)?;
    positive("quantity", quantity)?;
    Ok(fixed_cost * demand_rate / quantity + holding_cost * quantity / 2.0)
}

/// Order quantity with planned backorders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackorderLot {
    /// Units ordered at a time.
    pub quantity: f64,
    /// Share of demand that is backordered.
    pub backorder_share: f64,
    /// Cost for each unit of time.
    pub cost: f64,
}

/// Economic order quantity with backorders (EOQB).
///
/// # Errors
/// [`InventoryError`] unless all arguments are above 0.
pub fn eoq_backorders(
    fixed_cost: f64,
    holding_cost: f64,
    shortage_cost: f64,
    demand_rate: f64,
) -> Result<BackorderLot, InventoryError> {
    positive("fixed_cost", fixed_cost)?;
    let (h, p) = (holding_cost, shortage_cost);
    let quantity = (2.0 * fixed_cost * demand_rate * (h + p) / (h * p)).sqrt();
    let backorder_share = h / (h + p);
    let cost = eoq_backorders_cost(fixed_cost, h, p, demand_rate, quantity, backorder_share)?;
    Ok(BackorderLot { quantity, backorder_share, cost })
}

/// Cost for each unit of time of ordering `quantity` with a share backordered.
///
/// # Errors
/// [`InventoryError`] where an argument is out of range.
pub fn eoq_backorders_cost(
    fixed_cost: f64,
    holding_cost: f64,
    shortage_cost: f64,
    demand_rate: f64,
    quantity: f64,
    backorder_share: f64,
) -> Result<f64, InventoryError> {
    positive("shortage_cost", shortage_cost)?;
    let x = backorder_share;
    range("backorder_share", x, (0.0..=1.0).contains(&x), "between 0 and 1")?;
    let held = eoq_cost(fixed_cost, holding_cost, demand_rate, quantity)? - holding_cost * quantity / 2.0;
    let stock = holding_cost * quantity * (1.0 - x).powi(2) / 2.0;
    Ok(held + stock + shortage_cost * quantity * x * x / 2.0)
}

/// Economic production quantity: the lot arrives at a finite rate.
///
/// # Errors
/// [`InventoryError`] unless all arguments are above 0 and the production rate
/// is above the demand rate.
pub fn epq(
    fixed_cost: f64,
    holding_cost: f64,
    demand_rate: f64,
    production_rate: f64,
) -> Result<LotSize, InventoryError> {
    positive("demand_rate", demand_rate)?;
    let fast = production_rate > demand_rate;
    range("production_rate", production_rate, fast, "above the demand rate")?;
    eoq(fixed_cost, holding_cost * (1.0 - demand_rate / production_rate), demand_rate)
}

/// Best quantity under all-units discounts; purchase cost is part of the cost.
///
/// `breaks` holds the quantity from which each unit cost holds, rising from 0;
/// a unit in stock costs `holding_rate` times its unit cost.
///
/// # Errors
/// [`InventoryError`] where the lists differ in length, the breaks do not
/// rise from 0, or a number is out of range.
pub fn eoq_all_units(
    fixed_cost: f64,
    holding_rate: f64,
    demand_rate: f64,
    breaks: &[f64],
    unit_costs: &[f64],
) -> Result<LotSize, InventoryError> {
    check_breaks(breaks, unit_costs)?;
    positive("holding_rate", holding_rate)?;
    let mut best = LotSize { quantity: 0.0, cost: f64::INFINITY };
    for (index, (&from, &unit_cost)) in breaks.iter().zip(unit_costs).enumerate() {
        let free = eoq(fixed_cost, holding_rate * unit_cost, demand_rate)?.quantity;
        let next = breaks.get(index + 1).copied().unwrap_or(f64::INFINITY);
        if free >= next {
            continue;
        }
        let quantity = free.max(from);
        let cost = eoq_all_units_cost(fixed_cost, holding_rate, demand_rate, breaks, unit_costs, quantity)?;
        if cost < best.cost {
            best = LotSize { quantity, cost };
        }
    }
    Ok(best)
}

/// Cost for each unit of time of ordering `quantity` under all-units discounts.
///
/// # Errors
/// See [`eoq_all_units`].
pub fn eoq_all_units_cost(
    fixed_cost: f64,
    holding_rate: f64,
    demand_rate: f64,
    breaks: &[f64],
    unit_costs: &[f64],
    quantity: f64,
) -> Result<f64, InventoryError> {
    check_breaks(breaks, unit_costs)?;
    let reached = breaks.partition_point(|&from| from <= quantity).max(1);
    let unit_cost = unit_costs[reached - 1];
    let stock = eoq_cost(fixed_cost, holding_rate * unit_cost, demand_rate, quantity)?;
    Ok(unit_cost * demand_rate + stock)
}

fn check_breaks(breaks: &[f64], unit_costs: &[f64]) -> Result<(), InventoryError> {
    let (found, expected) = (unit_costs.len(), breaks.len().max(1));
    if found != expected || breaks.is_empty() {
        return Err(InventoryError::WrongLength { field: "unit_costs", found, expected });
    }
    range("first break", breaks[0], breaks[0] == 0.0, "0")?;
    for pair in breaks.windows(2) {
        range("break", pair[1], pair[1] > pair[0], "above the break before it")?;
    }
    unit_costs.iter().try_for_each(|&cost| positive("unit_cost", cost))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * b.abs().max(1.0)
    }

    /// Least cost over a fine grid, for comparison.
    fn grid(cost: impl Fn(f64) -> f64, most: f64) -> f64 {
        (1..200_000).map(|i| cost(most * f64::from(i) / 200_000.0)).fold(f64::INFINITY, f64::min)
    }

    /// Snyder and Shen, problem 3.1.
    #[test]
    fn problem_3_1() {
        let lot = eoq(2250.0, 275.0, 182_500.0).unwrap();
        assert!(near(lot.quantity, 1_728.109_844_993_551_4), "{lot:?}");
        assert!(near(lot.cost, 475_230.207_373_226_64), "{lot:?}");
    }

    /// Snyder and Shen, example 3.8.
    #[test]
    fn example_3_8() {
        let lot = eoq_backorders(8.0, 0.225, 5.0, 1300.0).unwrap();
        assert!(near(lot.quantity, 310.812_555_158_964_64), "{lot:?}");
        assert!(near(lot.backorder_share, 0.043_062_200_956_937_8), "{lot:?}");
        assert!(near(lot.cost, 66.921_363_550_973_25), "{lot:?}");
        let best =
            grid(|q| eoq_backorders_cost(8.0, 0.225, 5.0, 1300.0, q, lot.backorder_share).unwrap(), 2000.0);
        assert!(best >= lot.cost - 1e-12 && best < lot.cost * (1.0 + 1e-6));
    }

    /// Snyder and Shen, problem 3.22.
    #[test]
    fn problem_3_22() {
        let lot = epq(4.0, 0.08, 80.0, 110.0).unwrap();
        assert!(near(lot.quantity, 171.269_767_715_535_07), "{lot:?}");
        assert!(near(lot.cost, 3.736_794_931_975_310_4), "{lot:?}");
        assert!(epq(4.0, 0.08, 80.0, 80.0).is_err());
    }

    /// Snyder and Shen, example 3.5: 800 units, the last break.
    #[test]
    fn example_3_5() {
        let (breaks, costs) = ([0.0, 400.0, 800.0], [0.75, 0.72, 0.68]);
        let lot = eoq_all_units(8.0, 0.3, 1300.0, &breaks, &costs).unwrap();
        assert!(near(lot.quantity, 800.0) && near(lot.cost, 978.6), "{lot:?}");
        let best = grid(|q| eoq_all_units_cost(8.0, 0.3, 1300.0, &breaks, &costs, q).unwrap(), 4000.0);
        assert!(best >= lot.cost - 1e-9 && best < lot.cost * (1.0 + 1e-6));
        let given = eoq_all_units_cost(8.0, 0.3, 1300.0, &breaks, &costs, 400.0).unwrap();
        assert!(near(given, 0.72 * 1300.0 + 26.0 + 43.2));
    }
}
