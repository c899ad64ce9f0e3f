//! Given demand in whole units, periodic review and orders in whole batches,
//! find the reorder point r and the batch Q that cost least a period.
//!
//! Method: under an (r, nQ) policy the position after ordering is equally likely
//! to be any of r+1..r+Q (G. Hadley and T. M. Whitin (1961), "A Family of
//! Inventory Models", doi:10.1287/mnsc.7.4.351), so the cost is that of r and Q
//! as in Y.-S. Zheng and F. Chen (1992), "Inventory Policies with Quantized
//! Ordering", doi:10.1002/1520-6750(199204)39:3<285::AID-NAV3220390302>3.0.CO;2-T.
//! Cost: O(n + Q) for a given Q, O(n + Q*) to find the best, Q* the largest Q tried.
//! Use [`s_s`](super::s_s) instead when any quantity may be ordered.
//! Not for: lost sales.
//! Same input gives the same answer: yes.

use super::error::{InventoryError, not_negative, positive};
use super::pmf::{Pmf, PositionCost};
use super::r_q::ReorderPolicy;

/// Costs of a review period, demand of one, and periods from order to arrival.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchProblem {
    /// Cost of a unit on hand at the end of a period.
    pub holding_cost: f64,
    /// Cost of a unit backordered at the end of a period.
    pub shortage_cost: f64,
    /// Cost of placing an order, whatever the number of batches.
    pub fixed_cost: f64,
    /// Demand of a period.
    pub demand: Pmf,
    /// Periods from order to arrival.
    pub lead_time: usize,
}

/// Costs of positions, and the chance of an order by batch size.
struct Batches {
    positions: PositionCost,
    fixed_cost: f64,
    /// `P(D > k)` for k = 0, 1, …
    beyond: Vec<f64>,
}

impl Batches {
    fn new(problem: &BatchProblem) -> Result<Self, InventoryError> {
        positive("holding_cost", problem.holding_cost)?;
        positive("shortage_cost", problem.shortage_cost)?;
        not_negative("fixed_cost", problem.fixed_cost)?;
        positive("mean demand", problem.demand.mean())?;
        let over_span = problem.demand.sum_of(problem.lead_time + 1);
        let mut beyond = 1.0;
        Ok(Batches {
            positions: PositionCost::new(&over_span, problem.holding_cost, problem.shortage_cost),
            fixed_cost: problem.fixed_cost,
            beyond: problem
                .demand
                .probabilities()
                .iter()
                .map(|p| {
                    beyond -= p;
                    f64::max(beyond, 0.0)
                })
                .collect(),
        })
    }

    /// `E[min(D, Q)]`; an order is due in this share of Q of the periods.
    fn demand_up_to(&self, batch: i64) -> f64 {
        self.beyond.iter().take(batch as usize).sum()
    }
}

/// Best reorder point for batches of `batch` units, and its cost a period.
///
/// # Errors
/// [`InventoryError`] where a cost is negative or the batch is below 1.
pub fn reorder_point_for_batch(
    problem: &BatchProblem,
    batch: i64,
) -> Result<(ReorderPolicy<i64>, f64), InventoryError> {
    positive("batch", batch as f64)?;
    let batches = Batches::new(problem)?;
    let best = batches.positions.best();
    let mut window = Window { r: best - 1, q: 1, sum: batches.positions.at(best) };
    while window.q < batch {
        window.widen(&batches.positions);
    }
    Ok(window.policy(&batches, batches.demand_up_to(batch)))
}

/// Best reorder point and batch, and their cost a period.
///
/// ```
/// use purvey::optimize::inventory::{pmf::Pmf, r_s_nq::{BatchProblem, r_s_nq}};
/// let (policy, cost) = r_s_nq(&BatchProblem {
///     holding_cost: 1.0,
///     shortage_cost: 4.0,
///     fixed_cost: 5.0,
///     demand: Pmf::poisson(6.0)?,
///     lead_time: 0,
/// })?;
/// assert!(policy.order_quantity > 0);
/// assert!(cost > 8.034111561471642); // the best (s, S) policy costs less
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
///
/// # Errors
/// [`InventoryError`] where a cost is negative.
pub fn r_s_nq(problem: &BatchProblem) -> Result<(ReorderPolicy<i64>, f64), InventoryError> {
    let batches = Batches::new(problem)?;
    let best = batches.positions.best();
    let mut window = Window { r: best - 1, q: 1, sum: batches.positions.at(best) };
    let mut due = batches.demand_up_to(1);
    let mut answer = window.policy(&batches, due);
    // Position costs alone only grow with Q, so the search may end there.
    while window.sum < answer.1 * window.q as f64 {
        window.widen(&batches.positions);
        due += batches.beyond.get(window.q as usize - 1).copied().unwrap_or(0.0);
        let next = window.policy(&batches, due);
        if next.1 < answer.1 {
            answer = next;
        }
    }
    Ok(answer)
}

/// Expected cost a period of a given policy.
///
/// # Errors
/// [`InventoryError`] where a cost is negative or the quantity is below 1.
pub fn r_s_nq_cost(problem: &BatchProblem, policy: ReorderPolicy<i64>) -> Result<f64, InventoryError> {
    let q = policy.order_quantity;
    positive("order_quantity", q as f64)?;
    let batches = Batches::new(problem)?;
    let sum = (1..=q).map(|j| batches.positions.at(policy.reorder_point + j)).sum();
    let window = Window { r: policy.reorder_point, q, sum };
    Ok(window.policy(&batches, batches.demand_up_to(q)).1)
}

/// The cheapest positions r+1..r+Q and the sum of their costs.
struct Window {
    r: i64,
    q: i64,
    sum: f64,
}

impl Window {
    fn widen(&mut self, positions: &PositionCost) {
        let (below, above) = (positions.at(self.r), positions.at(self.r + self.q + 1));
        self.sum += below.min(above);
        self.q += 1;
        if below <= above {
            self.r -= 1;
        }
    }

    fn policy(&self, batches: &Batches, due: f64) -> (ReorderPolicy<i64>, f64) {
        let cost = (batches.fixed_cost * due + self.sum) / self.q as f64;
        (ReorderPolicy { reorder_point: self.r, order_quantity: self.q }, cost)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn problem() -> BatchProblem {
        BatchProblem {
            holding_cost: 1.0,
            shortage_cost: 6.0,
            fixed_cost: 4.0,
            demand: Pmf::new(vec![0.3, 0.2, 0.2, 0.1, 0.1, 0.1]).unwrap(),
            lead_time: 1,
        }
    }

    #[test]
    fn equals_brute_force() {
        let problem = problem();
        let (_, cost) = r_s_nq(&problem).unwrap();
        let mut best = f64::INFINITY;
        for order_quantity in 1..40 {
            let (_, fixed_batch) = reorder_point_for_batch(&problem, order_quantity).unwrap();
            let mut best_r = f64::INFINITY;
            for reorder_point in -30..20 {
                let policy = ReorderPolicy { reorder_point, order_quantity };
                best_r = best_r.min(r_s_nq_cost(&problem, policy).unwrap());
            }
            assert!((fixed_batch - best_r).abs() < 1e-9);
            best = best.min(best_r);
        }
        assert!((cost - best).abs() < 1e-9, "{cost} {best}");
    }

    /// A simulation of the policy over 400,000 periods.
    #[test]
    fn the_cost_is_that_of_a_simulation() {
        let problem = problem();
        let policy = ReorderPolicy { reorder_point: 2, order_quantity: 5 };
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let (mut stock, mut coming, mut total) = (5_i64, 0_i64, 0.0);
        let periods = 400_000;
        for _ in 0..periods {
            let position = stock + coming;
            let batches = if position <= 2 { (2 - position) / 5 + 1 } else { 0 };
            stock += coming;
            coming = 5 * batches;
            total += if batches > 0 { problem.fixed_cost } else { 0.0 };
            let draw: f64 = rng.random_range(0.0..1.0);
            let mut at_most = 0.0;
            let demand = problem.demand.probabilities().iter().position(|p| {
                at_most += p;
                draw < at_most
            });
            stock -= demand.unwrap_or(5) as i64;
            total += if stock > 0 { stock as f64 } else { -6.0 * stock as f64 };
        }
        let cost = r_s_nq_cost(&problem, policy).unwrap();
        let simulated = total / f64::from(periods);
        assert!((cost - simulated).abs() < 0.02 * cost, "{cost} {simulated}");
    }
}
