//! Given items that share a cost of ordering, find one base cycle and how many
//! base cycles each item waits between its orders.
//!
//! Method: for a base cycle T each item's best whole multiple is known in closed
//! form (E. A. Silver (1976), "A Simple Method of Determining Order Quantities
//! in Joint Replenishments Under Deterministic Demand",
//! doi:10.1287/mnsc.22.12.1351, gives the first such rule); all T at which a
//! multiple changes are visited, and between two of them the best T is a square
//! root: S. K. Goyal (1974), "Determination of Optimum Packaging Frequency of
//! Items Jointly Replenished", doi:10.1287/mnsc.21.4.436. Exact among policies
//! in which the shared cost is paid once every base cycle.
//! Cost: O(b (log b + n)) for n items and b changes of multiples.
//! Use [`eoq`](super::eoq) instead when nothing is shared.
//! Not for: uncertain demand.
//! Same input gives the same answer: yes.

use super::error::{InventoryError, not_negative, positive};

/// One item: its own cost of being on an order, cost of a unit held for a unit
/// of time, and demand in a unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointItem {
    /// Cost added by the item to an order.
    pub fixed_cost: f64,
    /// Cost of a unit on hand for each unit of time.
    pub holding_cost: f64,
    /// Units asked for in a unit of time.
    pub demand_rate: f64,
}

/// Base cycle, multiples and cost for each unit of time.
#[derive(Debug, Clone, PartialEq)]
pub struct JointPolicy {
    /// Time between two orders.
    pub cycle: f64,
    /// Every how many orders an item is on it.
    pub multiples: Vec<usize>,
    /// Cost for each unit of time.
    pub cost: f64,
}

/// Best base cycle and multiples.
///
/// ```
/// use purvey::optimize::inventory::joint_replenishment::{JointItem, joint_replenishment};
/// // Silver, Pyke and Peterson (1998), p. 428; their heuristic finds 2,067.65.
/// let items = [86000.0, 12500.0, 1400.0, 3000.0].map(|demand_rate| JointItem {
///     fixed_cost: 15.0,
///     holding_cost: 0.24,
///     demand_rate,
/// });
/// let policy = joint_replenishment(40.0, &items)?;
/// assert_eq!(policy.multiples, [1, 1, 4, 3]);
/// assert!((policy.cost - 2067.650840930354).abs() < 1e-8);
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
///
/// # Errors
/// [`InventoryError`] unless the shared cost, holding costs and demand rates
/// are above 0 and there is at least one item.
pub fn joint_replenishment(
    shared_fixed_cost: f64,
    items: &[JointItem],
) -> Result<JointPolicy, InventoryError> {
    check(shared_fixed_cost, items)?;
    let mut multiples = vec![1; items.len()];
    let mut best = settled(shared_fixed_cost, items, &multiples);
    // A cycle shorter than this costs more in shared orders alone.
    let shortest = shared_fixed_cost / best.cost;
    let mut changes: Vec<(f64, usize)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        // From multiple m to m + 1 below T = sqrt(2 k / (h lambda m (m + 1))).
        let scale = 2.0 * item.fixed_cost / (item.holding_cost * item.demand_rate);
        let times = (1..).map(|m: usize| (scale / (m as f64 * (m as f64 + 1.0))).sqrt());
        changes.extend(times.take_while(|&time| time > shortest).map(|time| (time, index)));
    }
    changes.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in changes {
        multiples[index] += 1;
        let policy = settled(shared_fixed_cost, items, &multiples);
        if policy.cost < best.cost {
            best = policy;
        }
    }
    Ok(best)
}

/// Cost for each unit of time of a given base cycle and multiples.
///
/// # Errors
/// [`InventoryError`] where a number is out of range or the lists differ in length.
pub fn joint_replenishment_cost(
    shared_fixed_cost: f64,
    items: &[JointItem],
    cycle: f64,
    multiples: &[usize],
) -> Result<f64, InventoryError> {
    check(shared_fixed_cost, items)?;
    positive("cycle", cycle)?;
    if multiples.len() != items.len() {
        let (found, expected) = (multiples.len(), items.len());
        return Err(InventoryError::WrongLength { field: "multiples", found, expected });
    }
    multiples.iter().try_for_each(|&m| positive("multiple", m as f64))?;
    let (orders, stock) = sums(shared_fixed_cost, items, multiples);
    Ok(orders / cycle + stock * cycle)
}

/// The best cycle for given multiples.
fn settled(shared_fixed_cost: f64, items: &[JointItem], multiples: &[usize]) -> JointPolicy {
    let (orders, stock) = sums(shared_fixed_cost, items, multiples);
    JointPolicy {
        cycle: (orders / stock).sqrt(),
        multiples: multiples.to_vec(),
        cost: 2.0 * (orders * stock).sqrt(),
    }
}

/// Cost of orders in a base cycle, and of stock for a cycle of length one.
fn sums(shared_fixed_cost: f64, items: &[JointItem], multiples: &[usize]) -> (f64, f64) {
    let (mut orders, mut stock) = (shared_fixed_cost, 0.0);
    for (item, &m) in items.iter().zip(multiples) {
        orders += item.fixed_cost / m as f64;
        stock += item.holding_cost * item.demand_rate * m as f64 / 2.0;
    }
    (orders, stock)
}

fn check(shared_fixed_cost: f64, items: &[JointItem]) -> Result<(), InventoryError> {
    positive("shared_fixed_cost", shared_fixed_cost)?;
    if items.is_empty() {
        return Err(InventoryError::WrongLength { field: "items", found: 0, expected: 1 });
    }
    for item in items {
        not_negative("fixed_cost", item.fixed_cost)?;
        positive("holding_cost", item.holding_cost)?;
        positive("demand_rate", item.demand_rate)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn items(rows: &[(f64, f64, f64)]) -> Vec<JointItem> {
        rows.iter()
            .map(|&(fixed_cost, holding_cost, demand_rate)| JointItem {
                fixed_cost,
                holding_cost,
                demand_rate,
            })
            .collect()
    }

    /// Silver (1976): the heuristic costs 218.686 there (stockpyl 1.0.2).
    #[test]
    fn never_above_the_published_heuristic() {
        let silver = items(&[
            (1.87, 0.2, 1736.0),
            (5.27, 0.2, 656.0),
            (7.94, 0.2, 558.0),
            (8.19, 0.2, 170.0),
            (8.87, 0.2, 142.0),
        ]);
        assert!(joint_replenishment(10.0, &silver).unwrap().cost <= 218.686_320_254_986_87 + 1e-9);
        let three = items(&[(120.0, 160.0, 1.0), (840.0, 20.0, 1.0), (300.0, 50.0, 1.0)]);
        let best = joint_replenishment(600.0, &three).unwrap();
        assert!(best.cost <= 837.854_402_626_136_6 + 1e-9, "{best:?}");
    }

    #[test]
    fn equals_brute_force_over_multiples() {
        let three = items(&[(120.0, 160.0, 1.0), (840.0, 20.0, 1.0), (300.0, 50.0, 1.0)]);
        for shared in [5.0, 60.0, 600.0] {
            let best = joint_replenishment(shared, &three).unwrap();
            let mut least = f64::INFINITY;
            for code in 0..20_usize.pow(3) {
                let multiples = [code % 20 + 1, code / 20 % 20 + 1, code / 400 + 1];
                let (orders, stock) = sums(shared, &three, &multiples);
                least = least.min(2.0 * (orders * stock).sqrt());
            }
            assert!((best.cost - least).abs() < 1e-9 * least, "{best:?} {least}");
            let given = joint_replenishment_cost(shared, &three, best.cycle, &best.multiples).unwrap();
            assert!((given - best.cost).abs() < 1e-9 * least);
        }
    }
}
