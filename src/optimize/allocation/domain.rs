//! Where prices may lie, and the nearest allowed prices to given ones.
//!
//! A row that bounds from above has prices of 0 and more, a row that bounds
//! from below 0 and less. Where every row that a switch raises is its own and
//! its upper rows are never used beyond the raised limit, upper prices that are
//! together worth more than the switch costs can be lowered without loss: the
//! switch gains what the parts lose at most. So its rows share its cost
//! (`sum of raise * price <= cost`), and on that set the dual is far better
//! conditioned than with the switch as a part that jumps between on and off.

use super::coupling::Coupling;

/// Allowed prices, in the scale of the bundle (price times row scale).
pub(super) struct PriceDomain {
    lowest: Vec<f64>,
    highest: Vec<f64>,
    shares: Vec<Share>,
}

/// The rows of a switch with the weights at which they share its cost.
struct Share {
    switch: usize,
    rows: Vec<ShareRow>,
    cap: f64,
}

struct ShareRow {
    row: u32,
    weight: f64,
    /// Whether the row bounds from above; else from below.
    upper: bool,
}

impl PriceDomain {
    /// Allowed prices of a problem; `switch_weight` multiplies the switches'
    /// costs, `most` bounds each scaled price (infinite for none).
    pub fn new(coupling: &Coupling, scale: &[f64], switch_weight: f64, most: f64) -> Self {
        let side = |open: bool| if open { most } else { 0.0 };
        let mut raised_by = vec![0u32; coupling.rows().len()];
        for &(row, _) in coupling.switches().iter().flat_map(|switch| &switch.raises) {
            raised_by[row as usize] += 1;
        }
        let mut shares = Vec::new();
        for (index, switch) in coupling.switches().iter().enumerate() {
            let rows = coupling.rows();
            let one_sided = |row: &super::SharedRow| row.upper.is_finite() != row.lower.is_finite();
            let own = |&(row, amount): &(u32, f64)| {
                raised_by[row as usize] == 1 && amount > 0.0 && one_sided(&rows[row as usize])
            };
            let upper = |row: u32| rows[row as usize].upper.is_finite();
            if switch.raises.iter().any(|&(row, _)| upper(row)) && switch.raises.iter().all(own) {
                let share = |&(row, amount): &(u32, f64)| ShareRow {
                    row,
                    weight: amount / scale[row as usize],
                    upper: upper(row),
                };
                let rows = switch.raises.iter().map(share).collect();
                shares.push(Share { switch: index, rows, cap: switch.cost * switch_weight });
            }
        }
        PriceDomain {
            lowest: coupling.rows().iter().map(|row| -side(row.lower.is_finite())).collect(),
            highest: coupling.rows().iter().map(|row| side(row.upper.is_finite())).collect(),
            shares,
        }
    }

    /// Frees the prices of switches whose rows are used beyond what an open
    /// switch allows: there the cap would cost bound.
    pub fn release(&mut self, coupling: &Coupling, usage: &[f64]) {
        self.shares.retain(|share| {
            let switch = &coupling.switches()[share.switch];
            switch.raises.iter().all(|&(row, amount)| {
                let shared = &coupling.rows()[row as usize];
                // An infinite upper limit, of a row that bounds from below, always passes.
                usage[row as usize] <= shared.upper + amount * f64::from(switch.copies) + shared.tolerance()
            })
        });
    }

    /// Follows a change of the row scales by these factors.
    pub fn rescale(&mut self, factors: &[f64]) {
        for share in &mut self.shares {
            for shared in &mut share.rows {
                shared.weight /= factors[shared.row as usize];
            }
        }
    }

    /// The switches whose cost the rows share.
    pub fn shared_switches(&self) -> impl Iterator<Item = usize> + '_ {
        self.shares.iter().map(|share| share.switch)
    }

    /// Moves prices to the nearest allowed ones.
    pub fn project(&self, prices: &mut [f64]) {
        for share in &self.shares {
            share.project(prices);
        }
        for ((price, lowest), highest) in prices.iter_mut().zip(&self.lowest).zip(&self.highest) {
            *price = price.clamp(*lowest, *highest);
        }
    }
}

impl ShareRow {
    /// The row's price after a common step down, kept on its side of 0.
    fn after(&self, prices: &[f64], step: f64) -> f64 {
        let moved = prices[self.row as usize] - step * self.weight;
        if self.upper { moved.max(0.0) } else { moved.min(0.0) }
    }
}

impl Share {
    /// Projection on `{weights . p <= cap}` and the sides of the rows: all
    /// prices fall along the weights by one common step, found by Newton steps
    /// inside a bracket on the piecewise linear sum.
    fn project(&self, prices: &mut [f64]) {
        let value = |step: f64| self.rows.iter().map(|row| row.weight * row.after(prices, step)).sum::<f64>();
        let total = value(0.0);
        if total <= self.cap {
            return;
        }
        let (mut low, mut high, mut step, mut excess) = (0.0, f64::INFINITY, 0.0, total - self.cap);
        for _ in 0..100 {
            let moving = self.rows.iter().filter(|row| row.after(prices, step) != 0.0);
            let curve: f64 = moving.map(|row| row.weight * row.weight).sum();
            let newton = if curve > 0.0 { step + excess / curve } else { f64::NAN };
            step = if newton > low && newton < high {
                newton
            } else if high.is_finite() {
                0.5 * (low + high)
            } else {
                2.0 * low + 1.0
            };
            excess = value(step) - self.cap;
            if excess.abs() <= 1e-14 * (total.abs() + self.cap)
                || (high.is_finite() && high - low <= 1e-15 * high)
            {
                break;
            }
            if excess > 0.0 {
                low = step;
            } else {
                high = step;
            }
        }
        for row in &self.rows {
            prices[row.row as usize] = row.after(prices, step);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::coupling::{SharedRow, Switch};
    use super::*;

    #[test]
    fn prices_share_the_cost_of_their_switch() {
        let rows =
            vec![SharedRow::at_most("a", 0.0), SharedRow::at_most("b", 0.0), SharedRow::at_least("c", 1.0)];
        let switch =
            Switch { label: "header".into(), cost: 3.0, copies: 1, raises: vec![(0, 1.0), (1, 1.0)] };
        let coupling = Coupling::new(rows, vec![switch]).unwrap();
        let domain = PriceDomain::new(&coupling, &[1.0; 3], 1.0, f64::INFINITY);
        let mut prices = [5.0, 4.0, 2.0];
        domain.project(&mut prices);
        assert!((prices[0] - 2.0).abs() < 1e-12 && (prices[1] - 1.0).abs() < 1e-12, "{prices:?}");
        assert_eq!(prices[2].abs(), 0.0);
        let mut prices = [9.0, 1.0, -2.0];
        domain.project(&mut prices);
        assert!((prices[0] - 3.0).abs() < 1e-12, "{prices:?}");
        assert_eq!(prices[1..], [0.0, -2.0]);
        let mut prices = [1.0, 1.5, 0.0];
        domain.project(&mut prices);
        assert_eq!(prices, [1.0, 1.5, 0.0]);
    }

    #[test]
    fn a_joint_minimum_makes_its_switch_dearer() {
        let rows = vec![SharedRow::at_most("line", 0.0), SharedRow::at_least("minimum", 0.0)];
        let switch = Switch { label: "order".into(), cost: 1.0, copies: 1, raises: vec![(0, 1.0), (1, 2.0)] };
        let coupling = Coupling::new(rows, vec![switch]).unwrap();
        let domain = PriceDomain::new(&coupling, &[1.0; 2], 1.0, f64::INFINITY);
        let mut prices = [4.0, -1.0];
        domain.project(&mut prices);
        // The step s solves (4 - s) + 2 (-1 - 2 s) = 1.
        assert!((prices[0] - 3.8).abs() < 1e-12 && (prices[1] + 1.4).abs() < 1e-12, "{prices:?}");
    }

    #[test]
    fn a_switch_used_beyond_its_rows_is_not_capped() {
        let rows = vec![SharedRow::at_most("load", 0.0)];
        let switch = Switch { label: "truck".into(), cost: 1.0, copies: 1, raises: vec![(0, 1.0)] };
        let coupling = Coupling::new(rows, vec![switch]).unwrap();
        let mut domain = PriceDomain::new(&coupling, &[1.0], 1.0, f64::INFINITY);
        domain.release(&coupling, &[2.0]);
        let mut prices = [7.0];
        domain.project(&mut prices);
        assert_eq!(prices, [7.0]);
    }
}
