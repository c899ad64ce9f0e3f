//! Given demand in whole units, backorders and a cost of placing an order, find
//! the reorder point s and the order-up-to level S that cost least a period.
//!
//! Method: Y.-S. Zheng and A. Federgruen (1991), "Finding Optimal (s, S)
//! Policies Is About As Simple As Evaluating a Single Policy",
//! doi:10.1287/opre.39.4.654, exact; for normal demand the power approximation
//! of R. Ehrhardt and C. Mosier (1984), "A Revision of the Power Approximation
//! for Computing (s, S) Policies", doi:10.1287/mnsc.30.5.618.
//! Cost: O(n (S - s)) time, n the number of demand values; O(n + S - s) memory.
//! Use [`r_q`](super::r_q) instead when stock is watched all the time and demand comes unit by unit.
//! Not for: lost sales.
//! Same input gives the same answer: yes.

use super::demand::Demand;
use super::error::{InventoryError, positive};
use super::pmf::{Pmf, PositionCost};

/// Order up to `order_up_to_level` whenever the position is at `reorder_point` or below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinMaxPolicy {
    /// s.
    pub reorder_point: i64,
    /// S.
    pub order_up_to_level: i64,
}

/// Best (s, S) policy and its expected cost a period.
///
/// `demand` is that of one period; an order placed before demand arrives after
/// `lead_time` periods.
///
/// ```
/// use purvey::optimize::inventory::{pmf::Pmf, s_s::{MinMaxPolicy, s_s}};
/// // Snyder and Shen, example 4.7.
/// let (policy, cost) = s_s(1.0, 4.0, 5.0, &Pmf::poisson(6.0)?, 0)?;
/// assert_eq!(policy, MinMaxPolicy { reorder_point: 4, order_up_to_level: 10 });
/// assert!((cost - 8.034111561471642).abs() < 1e-9);
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
///
/// # Errors
/// [`InventoryError`] unless all costs are above 0 and demand is not always 0.
pub fn s_s(
    holding_cost: f64,
    shortage_cost: f64,
    fixed_cost: f64,
    demand: &Pmf,
    lead_time: usize,
) -> Result<(MinMaxPolicy, f64), InventoryError> {
    let mut renewal = Renewal::new(holding_cost, shortage_cost, fixed_cost, demand, lead_time)?;
    // Step 0: s below the cheapest position until it is worth ordering at s.
    let best = renewal.position.best();
    let (mut s, mut top) = (best, best);
    loop {
        s -= 1;
        if renewal.cost(s, top) <= renewal.position.at(s) {
            break;
        }
    }
    let mut cost = renewal.cost(s, top);
    // Step 1: larger S as long as a position there costs less than the policy.
    let mut candidate = top + 1;
    while renewal.position.at(candidate) <= cost {
        let other = renewal.cost(s, candidate);
        if other < cost {
            top = candidate;
            while renewal.cost(s, top) <= renewal.position.at(s + 1) {
                s += 1;
            }
            cost = renewal.cost(s, top);
        }
        candidate += 1;
    }
    Ok((MinMaxPolicy { reorder_point: s, order_up_to_level: top }, cost))
}

/// Expected cost a period of a given policy.
///
/// # Errors
/// See [`s_s`]; the order-up-to level must be above the reorder point.
pub fn s_s_cost(
    holding_cost: f64,
    shortage_cost: f64,
    fixed_cost: f64,
    demand: &Pmf,
    lead_time: usize,
    policy: MinMaxPolicy,
) -> Result<f64, InventoryError> {
    let span = policy.order_up_to_level - policy.reorder_point;
    positive("order_up_to_level - reorder_point", span as f64)?;
    let mut renewal = Renewal::new(holding_cost, shortage_cost, fixed_cost, demand, lead_time)?;
    Ok(renewal.cost(policy.reorder_point, policy.order_up_to_level))
}

/// Expected visits to the positions below S between two orders.
struct Renewal<'a> {
    position: PositionCost,
    fixed_cost: f64,
    demand: &'a [f64],
    /// m(j): expected periods with the position j below S.
    visits: Vec<f64>,
    /// M(j): sum of the first j of them.
    sums: Vec<f64>,
}

impl<'a> Renewal<'a> {
    fn new(
        holding_cost: f64,
        shortage_cost: f64,
        fixed_cost: f64,
        demand: &'a Pmf,
        lead_time: usize,
    ) -> Result<Self, InventoryError> {
        positive("holding_cost", holding_cost)?;
        positive("shortage_cost", shortage_cost)?;
        positive("fixed_cost", fixed_cost)?;
        positive("mean demand", demand.mean())?;
        let position = if lead_time == 0 {
            PositionCost::new(demand, holding_cost, shortage_cost)
        } else {
            PositionCost::new(&demand.sum_of(lead_time + 1), holding_cost, shortage_cost)
        };
        let first = 1.0 / (1.0 - demand.probabilities()[0]);
        Ok(Renewal {
            position,
            fixed_cost,
            demand: demand.probabilities(),
            visits: vec![first],
            sums: vec![0.0, first],
        })
    }

    /// `c(s, S) = (K + sum_{j < S - s} m(j) G(S - j)) / M(S - s)`.
    fn cost(&mut self, s: i64, top: i64) -> f64 {
        let span = (top - s) as usize;
        while self.visits.len() < span {
            self.extend();
        }
        let visited: f64 = (0..span).map(|j| self.visits[j] * self.position.at(top - j as i64)).sum();
        (self.fixed_cost + visited) / self.sums[span]
    }

    /// `m(j) (1 - p_0) = sum_{l = 1..j} p_l m(j - l)`.
    fn extend(&mut self) {
        let j = self.visits.len();
        let reached: f64 =
            (1..self.demand.len().min(j + 1)).map(|units| self.demand[units] * self.visits[j - units]).sum();
        let visits = reached * self.visits[0];
        self.visits.push(visits);
        self.sums.push(self.sums[j] + visits);
    }
}

/// Power approximation of the best (s, S) under normal demand, as (s, S).
///
/// `demand_mean` and `demand_sd` are those of one period. Where the lot is at
/// most one and a half periods of demand, both levels are capped at the
/// newsvendor level, as the paper advises.
///
/// # Errors
/// [`InventoryError`] unless all numbers are above 0.
pub fn s_s_power_approximation(
    holding_cost: f64,
    shortage_cost: f64,
    fixed_cost: f64,
    demand_mean: f64,
    demand_sd: f64,
    lead_time: usize,
) -> Result<(f64, f64), InventoryError> {
    positive("holding_cost", holding_cost)?;
    positive("shortage_cost", shortage_cost)?;
    positive("fixed_cost", fixed_cost)?;
    positive("demand_mean", demand_mean)?;
    let span = lead_time as f64 + 1.0;
    let (mean, sd) = (span * demand_mean, span.sqrt() * demand_sd);
    let over_span = Demand::normal(mean, sd)?;
    let (low, lot) =
        power_formulas(holding_cost / shortage_cost, fixed_cost / holding_cost, demand_mean, mean, sd);
    if lot / demand_mean > 1.5 {
        return Ok((low, low + lot));
    }
    let newsvendor = over_span.quantile(shortage_cost / (shortage_cost + holding_cost));
    Ok((low.min(newsvendor), (low + lot).min(newsvendor)))
}

/// s and S - s by the fitted formulas, before the correction for small lots.
fn power_formulas(h_over_p: f64, k_over_h: f64, demand_mean: f64, mean: f64, sd: f64) -> (f64, f64) {
    let lot = 1.30
        * demand_mean.powf(0.494)
        * k_over_h.powf(0.506)
        * (1.0 + (sd / demand_mean).powi(2)).powf(0.116);
    let z = (lot * h_over_p / sd).sqrt();
    (0.973 * mean + sd * (0.183 / z + 1.063 - 2.192 * z), lot)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Snyder and Shen, problem 4.31, and a policy given (stockpyl 1.0.2).
    #[test]
    fn textbook_policies() {
        let (policy, cost) = s_s(40.0, 125.0, 150.0, &Pmf::poisson(4.0).unwrap(), 0).unwrap();
        assert_eq!((policy.reorder_point, policy.order_up_to_level), (2, 7));
        assert!((cost - 223.574_829_566_968_8).abs() < 1e-8);
        let given = MinMaxPolicy { reorder_point: 3, order_up_to_level: 9 };
        let cost = s_s_cost(1.0, 4.0, 5.0, &Pmf::poisson(6.0).unwrap(), 0, given).unwrap();
        assert!((cost - 8.176_686_734_267_14).abs() < 1e-8);
    }

    /// Example 4.8 and problem 4.32 of the same book, which does not correct small lots.
    #[test]
    fn textbook_power_formulas() {
        for (h, p, k, mean, sd, s, top) in [
            (0.18, 0.7, 2.5, 50.0, 8.0, 40.194_616_956_474_07, 74.290_170_109_805_79),
            (2.0, 36.0, 60.0, 190.0, 48.0, 226.613_792_822_283_87, 324.379_786_813_397_4),
        ] {
            let (low, lot) = power_formulas(h / p, k / h, mean, mean, sd);
            assert!((low - s).abs() < 1e-8 && (low + lot - top).abs() < 1e-8, "{low} {lot}");
        }
    }

    /// The paper reports policies within a few percent of the best.
    #[test]
    fn power_approximation_is_near_the_best() {
        for (mean, k) in [(8.0, 40.0), (20.0, 300.0), (9.0, 5.0)] {
            let demand = Pmf::poisson(mean).unwrap();
            let (_, best) = s_s(1.0, 9.0, k, &demand, 1).unwrap();
            let (s, top) = s_s_power_approximation(1.0, 9.0, k, mean, mean.sqrt(), 1).unwrap();
            let (s, top) = (s.round() as i64, top.round() as i64);
            let policy = MinMaxPolicy { reorder_point: s.min(top - 1), order_up_to_level: top };
            let cost = s_s_cost(1.0, 9.0, k, &demand, 1, policy).unwrap();
            assert!(cost < 1.06 * best, "{cost} {best}");
        }
    }

    /// All policies in a box, each by the stationary distribution of its Markov chain.
    #[test]
    fn equals_brute_force_over_markov_chains() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        for case in 0..40 {
            let weights: Vec<f64> =
                (0..rng.random_range(2..5)).map(|_| rng.random_range(0.05..1.0)).collect();
            let sum: f64 = weights.iter().sum();
            let demand = Pmf::new(weights.iter().map(|w| w / sum).collect()).unwrap();
            let (h, p, k) = (1.0, rng.random_range(1.0..10.0), rng.random_range(0.5..8.0));
            let lead = rng.random_range(0..3);
            let (policy, cost) = s_s(h, p, k, &demand, lead).unwrap();
            let position = PositionCost::new(&demand.sum_of(lead + 1), h, p);
            let mut best = f64::INFINITY;
            for s in -4..10 {
                for top in s + 1..18 {
                    best = best.min(chain_cost(&position, k, demand.probabilities(), s, top));
                }
            }
            assert!((cost - best).abs() < 1e-7, "case {case}: {policy:?} {cost} {best}");
        }
    }

    /// Long-run cost by iterating the distribution of the position after ordering.
    fn chain_cost(position: &PositionCost, fixed: f64, demand: &[f64], s: i64, top: i64) -> f64 {
        let span = (top - s) as usize;
        let mut share = vec![1.0 / span as f64; span];
        let mut orders = 0.0;
        for _ in 0..400 {
            let mut next = vec![0.0; span];
            orders = 0.0;
            for (j, &at) in share.iter().enumerate() {
                for (units, &p) in demand.iter().enumerate() {
                    if j + units >= span {
                        next[0] += at * p;
                        orders += at * p;
                    } else {
                        next[j + units] += at * p;
                    }
                }
            }
            // Mixing with the old share keeps periodic chains from swinging.
            share.iter_mut().zip(&next).for_each(|(old, new)| *old = 0.5 * (*old + new));
        }
        let held: f64 = share.iter().enumerate().map(|(j, at)| at * position.at(top - j as i64)).sum();
        held + fixed * orders
    }
}
