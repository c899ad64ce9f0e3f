//! Given known demand by period, find the order quantities that cost least.
//!
//! Method: A. Wagelmans, S. van Hoesel and A. Kolen (1992), "Economic Lot
//! Sizing: An O(n log n) Algorithm That Runs in Linear Time in the Wagner-Whitin
//! Case", doi:10.1287/opre.40.1.S145: holding costs move into the unit costs
//! `c_t = p_t + h_t + … + h_T`, and the recursion
//! `F(t) = K_t + min_j c_t (D_t - D_j) + F(j)` (D: demand from a period on) asks
//! a lower convex envelope for its point of tangency.
//! Cost: time O(T log T), memory O(T), for T periods.
//! Use [`order_path`](super::order_path) instead when demand is uncertain or orders have minima or multiples.
//! Not for: backlogging or capacities.
//! Same input gives the same answer: yes.
//! Differs from the paper: the tangent is found by bisection even where costs
//! never rise, because T log T is fast enough and needs no second routine.

use super::error::{InventoryError, not_negative};

/// Costs and demand by period. All lists have one entry a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LotProblem<'a> {
    /// Units asked for.
    pub demand: &'a [f64],
    /// Cost of an order placed in the period.
    pub fixed_cost: &'a [f64],
    /// Price of a unit bought in the period.
    pub unit_cost: &'a [f64],
    /// Cost of a unit held at the end of the period.
    pub holding_cost: &'a [f64],
}

/// Orders and their cost.
#[derive(Debug, Clone, PartialEq)]
pub struct LotPlan {
    /// Units ordered by period.
    pub orders: Vec<f64>,
    /// Fixed, purchase and holding cost together.
    pub cost: f64,
}

/// Finds the orders of least cost.
///
/// ```
/// use purvey::optimize::inventory::wagner_whitin::{LotProblem, solve};
/// // Snyder and Shen, "Fundamentals of Supply Chain Theory", example 3.9.
/// let plan = solve(&LotProblem {
///     demand: &[90.0, 120.0, 80.0, 70.0],
///     fixed_cost: &[500.0; 4],
///     unit_cost: &[0.0; 4],
///     holding_cost: &[2.0; 4],
/// })?;
/// assert_eq!(plan.orders, [210.0, 0.0, 150.0, 0.0]);
/// assert_eq!(plan.cost, 1380.0);
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
///
/// # Errors
/// [`InventoryError`] where lists differ in length or a number is negative.
pub fn solve(problem: &LotProblem<'_>) -> Result<LotPlan, InventoryError> {
    check(problem)?;
    let periods = problem.demand.len();
    let (mut unit, mut ahead) = (0.0, 0.0);
    let mut next_order = vec![periods; periods];
    let mut value = vec![0.0; periods + 1];
    let mut envelope = vec![Point { ahead: 0.0, value: 0.0, period: periods }];
    for t in (0..periods).rev() {
        unit += problem.holding_cost[t];
        ahead += problem.demand[t];
        let price = problem.unit_cost[t] + unit;
        let touch = tangent(&envelope, price);
        let ordered = problem.fixed_cost[t] + price * (ahead - touch.ahead) + touch.value;
        let skip = problem.demand[t] == 0.0 && value[t + 1] <= ordered;
        value[t] = if skip { value[t + 1] } else { ordered };
        next_order[t] = if skip { usize::MAX } else { touch.period };
        push(&mut envelope, Point { ahead, value: value[t], period: t });
    }
    let orders = orders(problem.demand, &next_order);
    let cost = cost_of(problem, &orders);
    Ok(LotPlan { orders, cost })
}

/// Cost of `orders` that leave no demand unmet.
///
/// # Errors
/// [`InventoryError`] where lists differ in length, a number is negative, or
/// the orders fall short of demand in some period.
pub fn cost(problem: &LotProblem<'_>, orders: &[f64]) -> Result<f64, InventoryError> {
    check(problem)?;
    check_list("orders", orders, problem.demand.len())?;
    let mut stock = 0.0;
    for (order, demand) in orders.iter().zip(problem.demand) {
        stock += order - demand;
        not_negative("stock after demand", if stock > -1e-9 { stock.max(0.0) } else { stock })?;
    }
    Ok(cost_of(problem, orders))
}

/// Demand from a period on, least cost of covering it, and the period.
#[derive(Debug, Clone, Copy)]
struct Point {
    ahead: f64,
    value: f64,
    period: usize,
}

/// The point of the envelope with the least `value - price * ahead`.
fn tangent(envelope: &[Point], price: f64) -> Point {
    let (mut low, mut high) = (0, envelope.len() - 1);
    while low < high {
        let middle = (low + high) / 2;
        let (a, b) = (envelope[middle], envelope[middle + 1]);
        if b.value - a.value < price * (b.ahead - a.ahead) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    envelope[low]
}

/// Adds a point at the right end of the lower convex envelope.
fn push(envelope: &mut Vec<Point>, point: Point) {
    if let Some(last) = envelope.last()
        && last.ahead >= point.ahead
    {
        if last.value <= point.value {
            return;
        }
        envelope.pop();
    }
    while let [.., a, b] = envelope[..] {
        let rise_before = (b.value - a.value) * (point.ahead - b.ahead);
        let rise_after = (point.value - b.value) * (b.ahead - a.ahead);
        if rise_before < rise_after {
            break;
        }
        envelope.pop();
    }
    envelope.push(point);
}

fn orders(demand: &[f64], next_order: &[usize]) -> Vec<f64> {
    let mut orders = vec![0.0; demand.len()];
    let mut t = 0;
    while t < demand.len() {
        if next_order[t] == usize::MAX {
            t += 1;
        } else {
            orders[t] = demand[t..next_order[t]].iter().sum();
            t = next_order[t];
        }
    }
    orders
}

fn cost_of(problem: &LotProblem<'_>, orders: &[f64]) -> f64 {
    let (mut stock, mut cost) = (0.0, 0.0);
    for (t, &order) in orders.iter().enumerate() {
        stock += order - problem.demand[t];
        let fixed = if order > 0.0 { problem.fixed_cost[t] } else { 0.0 };
        cost += fixed + problem.unit_cost[t] * order + problem.holding_cost[t] * stock;
    }
    cost
}

fn check(problem: &LotProblem<'_>) -> Result<(), InventoryError> {
    let periods = problem.demand.len();
    check_list("demand", problem.demand, periods)?;
    check_list("fixed_cost", problem.fixed_cost, periods)?;
    check_list("unit_cost", problem.unit_cost, periods)?;
    check_list("holding_cost", problem.holding_cost, periods)
}

fn check_list(field: &'static str, list: &[f64], expected: usize) -> Result<(), InventoryError> {
    if list.len() != expected {
        return Err(InventoryError::WrongLength { field, found: list.len(), expected });
    }
    list.iter().try_for_each(|&value| not_negative(field, value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Least cost over all sets of order periods, each order covering the demand up to the next.
    fn brute_force(problem: &LotProblem<'_>) -> f64 {
        let periods = problem.demand.len();
        let mut best = f64::INFINITY;
        for set in 0..1_u32 << periods {
            let mut orders = vec![0.0; periods];
            let mut last = None;
            for t in 0..periods {
                if set >> t & 1 == 1 {
                    last = Some(t);
                }
                if let Some(last) = last {
                    orders[last] += problem.demand[t];
                }
            }
            if let Ok(cost) = cost(problem, &orders) {
                best = best.min(cost);
            }
        }
        best
    }

    #[test]
    fn equals_brute_force() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for case in 0..500 {
            let periods = rng.random_range(1..=9);
            let mut draw = |most: f64, zero: f64| -> Vec<f64> {
                (0..periods)
                    .map(|_| if rng.random_bool(zero) { 0.0 } else { rng.random_range(0.0..most) })
                    .collect()
            };
            let (demand, fixed_cost) = (draw(50.0, 0.3), draw(100.0, 0.1));
            let (unit_cost, holding_cost) = (draw(5.0, 0.1), draw(2.0, 0.1));
            let problem = LotProblem {
                demand: &demand,
                fixed_cost: &fixed_cost,
                unit_cost: &unit_cost,
                holding_cost: &holding_cost,
            };
            let plan = solve(&problem).unwrap();
            let best = brute_force(&problem);
            assert!((plan.cost - best).abs() < 1e-8 * (1.0 + best), "case {case}: {plan:?} {best}");
            assert!((cost(&problem, &plan.orders).unwrap() - plan.cost).abs() < 1e-9);
        }
    }

    fn textbook(demand: &[f64], fixed: f64, holding: f64, unit: &[f64]) -> LotPlan {
        solve(&LotProblem {
            demand,
            fixed_cost: &vec![fixed; demand.len()],
            unit_cost: unit,
            holding_cost: &vec![holding; demand.len()],
        })
        .unwrap()
    }

    /// Snyder and Shen, problems 3.27 and 3.29, and a case with changing unit
    /// costs (stockpyl 1.0.2, instance `scmo_ww_hw_c`).
    #[test]
    fn textbook_problems() {
        let plan = textbook(&[150.0, 100.0, 80.0, 200.0], 120.0, 0.8, &[0.0; 4]);
        assert_eq!((plan.orders, plan.cost), (vec![150.0, 180.0, 0.0, 200.0], 424.0));
        let plan = textbook(&[730.0, 580.0, 445.0, 650.0, 880.0], 100.0, 0.1, &[0.0; 5]);
        assert_eq!(plan.orders, [1310.0, 0.0, 1095.0, 0.0, 880.0]);
        assert!((plan.cost - 423.0).abs() < 1e-9, "{plan:?}");
        let plan = textbook(&[400.0, 500.0, 500.0, 1100.0, 900.0], 100.0, 0.1, &[3.0, 1.0, 4.0, 6.0, 6.0]);
        assert_eq!(plan.orders, [400.0, 3000.0, 0.0, 0.0, 0.0]);
        assert!((plan.cost - 4940.0).abs() < 1e-9, "{plan:?}");
    }

    #[test]
    fn demand_that_is_not_covered_is_refused() {
        let problem = LotProblem {
            demand: &[1.0, 2.0],
            fixed_cost: &[1.0; 2],
            unit_cost: &[0.0; 2],
            holding_cost: &[1.0; 2],
        };
        assert!(cost(&problem, &[1.0, 1.0]).is_err());
        assert!(solve(&LotProblem { fixed_cost: &[1.0], ..problem }).is_err());
    }
}
