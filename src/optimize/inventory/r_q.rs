//! Given demand watched all the time, backorders and a cost of placing an
//! order, find the reorder point r and the order quantity Q that cost least.
//!
//! Method: A. Federgruen and Y.-S. Zheng (1992), "An Efficient Algorithm for
//! Computing an Optimal (r, Q) Policy in Continuous Review Stochastic Inventory
//! Systems", doi:10.1287/opre.40.4.808, exact for Poisson demand: the positions
//! r+1..r+Q are equally likely, so the cheapest positions are taken one by one
//! until the next would cost more than the average. The same for normal demand,
//! by bisection on the cost. The expected-inventory-level (EIL) approximation
//! of G. Hadley and T. M. Whitin (1963), "Analysis of Inventory Systems", stands
//! beside it for a penalty on each unit short, whatever the delay.
//! Cost: O(r + Q) for Poisson demand, some hundred evaluations for normal.
//! Use [`s_s`](super::s_s) instead when stock is reviewed once a period.
//! Not for: lost sales.
//! Same input gives the same answer: yes.

use super::demand::{Demand, normal_cdf, normal_loss, normal_quantile, normal_second_loss};
use super::error::{InventoryError, not_negative, positive, range};
use super::pmf::{Pmf, PositionCost};

/// Order `order_quantity` whenever the position falls to `reorder_point`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReorderPolicy<T> {
    /// r.
    pub reorder_point: T,
    /// Q.
    pub order_quantity: T,
}

/// Costs, demand rate and lead time in one unit of time.
///
/// The shortage cost is per unit and unit of time, except in [`r_q_eil`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReorderProblem {
    /// Cost of a unit on hand, for each unit of time.
    pub holding_cost: f64,
    /// Cost of a unit backordered.
    pub shortage_cost: f64,
    /// Cost of placing an order.
    pub fixed_cost: f64,
    /// Mean demand in one unit of time.
    pub demand_mean: f64,
    /// Time from order to arrival.
    pub lead_time: f64,
}

impl ReorderProblem {
    fn check(&self) -> Result<(), InventoryError> {
        positive("holding_cost", self.holding_cost)?;
        positive("shortage_cost", self.shortage_cost)?;
        positive("fixed_cost", self.fixed_cost)?;
        positive("demand_mean", self.demand_mean)?;
        positive("lead_time", self.lead_time)
    }

    fn positions(&self) -> Result<PositionCost, InventoryError> {
        self.check()?;
        let demand = Pmf::poisson(self.demand_mean * self.lead_time)?;
        Ok(PositionCost::new(&demand, self.holding_cost, self.shortage_cost))
    }
}

/// Best (r, Q) under Poisson demand, and its expected cost for each unit of time.
///
/// ```
/// use purvey::optimize::inventory::r_q::{ReorderProblem, r_q_poisson};
/// // Snyder and Shen, example 5.8.
/// let (policy, cost) = r_q_poisson(&ReorderProblem {
///     holding_cost: 20.0,
///     shortage_cost: 150.0,
///     fixed_cost: 100.0,
///     demand_mean: 1.5,
///     lead_time: 2.0,
/// })?;
/// assert_eq!((policy.reorder_point, policy.order_quantity), (3, 5));
/// assert!((cost - 107.92358063314975).abs() < 1e-9);
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
///
/// # Errors
/// [`InventoryError`] unless all numbers are above 0.
pub fn r_q_poisson(problem: &ReorderProblem) -> Result<(ReorderPolicy<i64>, f64), InventoryError> {
    let positions = problem.positions()?;
    let best = positions.best();
    let (mut r, mut q) = (best - 1, 1);
    let mut sum = problem.fixed_cost * problem.demand_mean + positions.at(best);
    loop {
        let (below, above) = (positions.at(r), positions.at(r + q + 1));
        if below.min(above) * q as f64 >= sum {
            break;
        }
        sum += below.min(above);
        q += 1;
        if below <= above {
            r -= 1;
        }
    }
    Ok((ReorderPolicy { reorder_point: r, order_quantity: q }, sum / q as f64))
}

/// Expected cost for each unit of time of a given policy under Poisson demand.
///
/// # Errors
/// [`InventoryError`] unless all numbers of the problem and the quantity are above 0.
pub fn r_q_poisson_cost(problem: &ReorderProblem, policy: ReorderPolicy<i64>) -> Result<f64, InventoryError> {
    positive("order_quantity", policy.order_quantity as f64)?;
    let positions = problem.positions()?;
    let from = policy.reorder_point + 1;
    let sum: f64 = (from..from + policy.order_quantity).map(|y| positions.at(y)).sum();
    Ok((problem.fixed_cost * problem.demand_mean + sum) / policy.order_quantity as f64)
}

/// Normal demand over the lead time, and what a position costs under it.
struct NormalPositions {
    holding: f64,
    shortage: f64,
    mean: f64,
    sd: f64,
}

impl NormalPositions {
    fn new(problem: &ReorderProblem, demand_sd: f64) -> Result<Self, InventoryError> {
        problem.check()?;
        positive("demand_sd", demand_sd)?;
        Ok(NormalPositions {
            holding: problem.holding_cost,
            shortage: problem.shortage_cost,
            mean: problem.demand_mean * problem.lead_time,
            sd: demand_sd * problem.lead_time.sqrt(),
        })
    }

    fn at(&self, y: f64) -> f64 {
        let z = (y - self.mean) / self.sd;
        self.holding * (y - self.mean) + (self.holding + self.shortage) * self.sd * normal_loss(z)
    }

    fn slope(&self, y: f64) -> f64 {
        (self.holding + self.shortage) * normal_cdf((y - self.mean) / self.sd) - self.shortage
    }

    /// Integral of the cost from `from` to `to`.
    fn between(&self, from: f64, to: f64) -> f64 {
        let (a, b) = (from - self.mean, to - self.mean);
        let loss = normal_second_loss(a / self.sd) - normal_second_loss(b / self.sd);
        self.holding * (b * b - a * a) / 2.0 + (self.holding + self.shortage) * self.sd * self.sd * loss
    }

    /// The position on the falling (or rising) side that costs `cost`, by
    /// Newton steps from outside, which a convex function never lets overshoot.
    fn where_cost_is(&self, cost: f64, rising: bool) -> f64 {
        let reach = cost / if rising { self.holding } else { self.shortage };
        let mut y = if rising { self.mean + reach } else { self.mean - reach };
        for _ in 0..100 {
            let step = (self.at(y) - cost) / self.slope(y);
            y -= step;
            if step.abs() <= 1e-13 * (1.0 + y.abs()) {
                break;
            }
        }
        y
    }
}

/// Best (r, Q) under normal demand, and its expected cost for each unit of time.
///
/// Exact for a position that is spread evenly over (r, r + Q]; demand in one
/// unit of time has deviation `demand_sd`.
///
/// # Errors
/// [`InventoryError`] unless all numbers are above 0.
pub fn r_q_normal(
    problem: &ReorderProblem,
    demand_sd: f64,
) -> Result<(ReorderPolicy<f64>, f64), InventoryError> {
    let positions = NormalPositions::new(problem, demand_sd)?;
    let ratio = problem.shortage_cost / (problem.shortage_cost + problem.holding_cost);
    let least = positions.at(positions.mean + positions.sd * normal_quantile(ratio));
    let wanted = problem.fixed_cost * problem.demand_mean;
    // The best cost c is where the area between c and the position costs is K lambda.
    let area = |cost: f64| {
        let (r, top) = (positions.where_cost_is(cost, false), positions.where_cost_is(cost, true));
        (cost * (top - r) - positions.between(r, top), r, top)
    };
    let (mut low, mut high) = (least, 2.0 * least);
    while area(high).0 < wanted {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if area(middle).0 < wanted { low = middle } else { high = middle }
    }
    let (_, r, top) = area(high);
    Ok((ReorderPolicy { reorder_point: r, order_quantity: top - r }, high))
}

/// Expected cost for each unit of time of a given policy under normal demand.
///
/// # Errors
/// [`InventoryError`] unless all numbers of the problem and the quantity are above 0.
pub fn r_q_normal_cost(
    problem: &ReorderProblem,
    demand_sd: f64,
    policy: ReorderPolicy<f64>,
) -> Result<f64, InventoryError> {
    let positions = NormalPositions::new(problem, demand_sd)?;
    let (r, q) = (policy.reorder_point, policy.order_quantity);
    range("reorder_point", r, true, "a number")?;
    positive("order_quantity", q)?;
    Ok((problem.fixed_cost * problem.demand_mean + positions.between(r, r + q)) / q)
}

/// EIL approximation of (r, Q) under normal demand with a penalty on each unit
/// short, and the cost that it promises:
/// `h (r - lambda L + Q/2) + K lambda / Q + p lambda n(r) / Q`.
///
/// # Errors
/// [`InventoryError`] unless all numbers are above 0, or where the penalty is
/// too small for any safety (`h Q >= p lambda`).
pub fn r_q_eil(
    problem: &ReorderProblem,
    demand_sd: f64,
) -> Result<(ReorderPolicy<f64>, f64), InventoryError> {
    problem.check()?;
    not_negative("demand_sd", demand_sd)?;
    let ReorderProblem { holding_cost: h, shortage_cost: p, fixed_cost, demand_mean, lead_time } = *problem;
    let demand = Demand::normal(demand_mean * lead_time, demand_sd * lead_time.sqrt())?;
    let (mut r, mut q) = (0.0, (2.0 * fixed_cost * demand_mean / h).sqrt());
    for _ in 0..1000 {
        let short_share = h * q / (p * demand_mean);
        range("shortage_cost", p, short_share < 1.0, "large enough for h Q < p lambda")?;
        r = demand.quantile(1.0 - short_share);
        let next = (2.0 * demand_mean * (fixed_cost + p * demand.shortfall(r)) / h).sqrt();
        let settled = (next - q).abs() <= 1e-13 * q;
        q = next;
        if settled {
            break;
        }
    }
    let cost = h * (r - demand.mean() + q / 2.0) + (fixed_cost + p * demand.shortfall(r)) * demand_mean / q;
    Ok((ReorderPolicy { reorder_point: r, order_quantity: q }, cost))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn problem(h: f64, p: f64, k: f64, demand_mean: f64, lead_time: f64) -> ReorderProblem {
        ReorderProblem { holding_cost: h, shortage_cost: p, fixed_cost: k, demand_mean, lead_time }
    }

    fn near(a: f64, b: f64, slack: f64) -> bool {
        (a - b).abs() < slack * b.abs()
    }

    /// Snyder and Shen, problem 5.2, and a policy given (stockpyl 1.0.2).
    #[test]
    fn textbook_poisson() {
        let (policy, cost) = r_q_poisson(&problem(4.0, 28.0, 4.0, 12.0, 0.5)).unwrap();
        assert_eq!((policy.reorder_point, policy.order_quantity), (6, 7));
        assert!(near(cost, 28.241_312_842_169_155, 1e-9));
        let given = ReorderPolicy { reorder_point: 2, order_quantity: 6 };
        let cost = r_q_poisson_cost(&problem(20.0, 150.0, 100.0, 1.5, 2.0), given).unwrap();
        assert!(near(cost, 108.979_870_844_999_43, 1e-9));
    }

    #[test]
    fn poisson_equals_brute_force() {
        for (h, p, k, rate, lead) in
            [(1.0, 9.0, 5.0, 3.0, 1.0), (2.0, 3.0, 1.0, 0.4, 2.0), (0.5, 50.0, 20.0, 10.0, 0.3)]
        {
            let problem = problem(h, p, k, rate, lead);
            let (_, cost) = r_q_poisson(&problem).unwrap();
            let mut best = f64::INFINITY;
            for reorder_point in -10..40 {
                for order_quantity in 1..60 {
                    let policy = ReorderPolicy { reorder_point, order_quantity };
                    best = best.min(r_q_poisson_cost(&problem, policy).unwrap());
                }
            }
            assert!(near(cost, best, 1e-12), "{cost} {best}");
        }
    }

    /// Example 5.1 and problem 5.1 of the same book; stockpyl 1.0.2 prints these digits.
    #[test]
    fn textbook_eil() {
        let (policy, cost) = r_q_eil(&problem(0.225, 7.5, 8.0, 1300.0, 1.0 / 12.0), 150.0).unwrap();
        assert!(near(policy.reorder_point, 213.970_442, 1e-6), "{policy:?}");
        assert!(near(policy.order_quantity, 318.590_181, 1e-6), "{policy:?}");
        assert!(near(cost, 95.451_140, 1e-6), "{cost}");
        let (policy, _) = r_q_eil(&problem(3.1, 45.0, 50.0, 800.0, 4.0 / 365.0), 40.0).unwrap();
        assert!(near(policy.order_quantity, 162.123_162, 1e-6), "{policy:?}");
    }

    /// The exact cost of a given policy (stockpyl 1.0.2), and no neighbour is better.
    #[test]
    fn normal_is_the_best_of_its_neighbours() {
        let problem = problem(0.225, 7.5, 8.0, 1300.0, 1.0 / 12.0);
        let given = ReorderPolicy { reorder_point: 126.0, order_quantity: 328.0 };
        assert!(near(r_q_normal_cost(&problem, 150.0, given).unwrap(), 78.074_463_925_662_44, 1e-6));
        let (policy, cost) = r_q_normal(&problem, 150.0).unwrap();
        assert!(near(r_q_normal_cost(&problem, 150.0, policy).unwrap(), cost, 1e-9));
        for (dr, dq) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, -1.0), (-1.0, 1.0)] {
            let other = ReorderPolicy {
                reorder_point: policy.reorder_point + dr,
                order_quantity: policy.order_quantity + dq,
            };
            assert!(r_q_normal_cost(&problem, 150.0, other).unwrap() >= cost);
        }
    }
}
