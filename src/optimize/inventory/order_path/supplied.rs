//! Given what arrives in every scenario, find what stock and shortage cost on average.
//!
//! Method: simulation of every scenario, period by period, as in
//! [`evaluate`](super::evaluate), but for any course of arrivals.
//! Cost: time O(S T) without a shelf life, O(S T L) at worst with one of L
//! periods; memory O(S T) for the arrivals.
//! Use [`evaluate_prepared`](super::evaluate_prepared) instead where every order
//! arrives at once and orders never cross.
//! Not for: what placing and buying cost; those depend on orders, not on arrivals.
//! Same input gives the same answer: yes.

use super::evaluate::{PathCost, PathTrace, Simulator, dot};
use super::problem::{PathError, PathProblem};

/// Prices usable units that arrive besides the problem's own inflow
/// (`supply[scenario * periods + period]`): holding, shortage and waste.
///
/// ```
/// use purvey::optimize::inventory::order_path::{PathProblem, evaluate_supply};
/// let mut problem = PathProblem::new(2, 2, vec![3.0, 1.0, 5.0, 2.0]);
/// problem.holding_cost = vec![1.0, 1.0];
/// problem.shortage_cost = vec![4.0, 4.0];
/// // Scenario 0 gets 4 and 2, scenario 1 nothing and 6.
/// let trace = evaluate_supply(&problem, &[4.0, 2.0, 0.0, 6.0])?;
/// assert_eq!(trace.mean_stock, [0.5, 1.0]); // (1, 0), then (2, 0)
/// assert_eq!(trace.mean_unmet, [2.5, 0.5]); // (0, 5), then (0, 1)
/// assert_eq!(trace.cost.total(), 1.5 + 4.0 * 3.0);
/// # Ok::<(), purvey::optimize::inventory::order_path::PathError>(())
/// ```
///
/// # Errors
/// [`PathError`] where there is not one number of at least 0 for each scenario and period.
pub fn evaluate_supply(problem: &PathProblem, supply: &[f64]) -> Result<PathTrace, PathError> {
    let (found, expected) = (supply.len(), problem.periods * problem.scenarios);
    if found != expected || problem.demand.len() != expected {
        return Err(PathError::WrongLength { field: "supply", found, expected });
    }
    if let Some(&value) = supply.iter().find(|units| !(units.is_finite() && **units >= 0.0)) {
        return Err(PathError::OutOfRange { field: "supply", value, wanted: "0 or more" });
    }
    let mut simulator = Simulator::default();
    for buffer in [&mut simulator.stock, &mut simulator.unmet, &mut simulator.waste] {
        buffer.resize(problem.periods, 0.0);
    }
    match problem.shelf_life {
        Some(life) => simulator.supply_lots(problem, supply, life),
        None => simulator.supply_levels(problem, supply),
    }
    let share = 1.0 / problem.scenarios as f64;
    for buffer in [&mut simulator.stock, &mut simulator.unmet, &mut simulator.waste] {
        buffer.iter_mut().for_each(|sum| *sum *= share);
    }
    let cost = PathCost {
        holding: dot(&simulator.stock, &problem.holding_cost),
        shortage: dot(&simulator.unmet, &problem.shortage_cost),
        waste: problem.waste_cost * simulator.waste.iter().sum::<f64>(),
        ..PathCost::default()
    };
    let Simulator { stock: mean_stock, unmet: mean_unmet, waste: mean_waste, .. } = simulator;
    Ok(PathTrace { cost, mean_stock, mean_unmet, mean_waste })
}

impl Simulator {
    fn supply_levels(&mut self, problem: &PathProblem, supply: &[f64]) {
        let courses = problem.demand.chunks_exact(problem.periods).zip(supply.chunks_exact(problem.periods));
        for (demand, supply) in courses {
            let mut level = problem.initial_stock;
            for period in 0..problem.periods {
                let net = level + problem.inflow[period] + supply[period] - demand[period];
                let left = net.max(0.0);
                self.stock[period] += left;
                self.unmet[period] += left - net;
                level = if problem.lost_sales { left } else { net };
            }
        }
    }

    fn supply_lots(&mut self, problem: &PathProblem, supply: &[f64], life: usize) {
        let courses = problem.demand.chunks_exact(problem.periods).zip(supply.chunks_exact(problem.periods));
        for (demand, supply) in courses {
            let mut backlog = (-problem.initial_stock).max(0.0);
            let mut on_hand = self.open_lots(problem, life);
            for period in 0..problem.periods {
                let arrivals = problem.inflow[period] + supply[period];
                on_hand += arrivals;
                let (left, unmet, expired) =
                    self.use_lots(period, life, arrivals, on_hand, backlog + demand[period]);
                backlog = if problem.lost_sales { 0.0 } else { unmet };
                self.stock[period] += left;
                self.unmet[period] += unmet;
                self.waste[period] += expired;
                on_hand = (left - expired).max(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Arrival, evaluate};
    use super::*;

    /// Where orders arrive at once, the arrivals cost what the orders do.
    #[test]
    fn arrivals_of_plain_orders_cost_what_the_orders_do() {
        let demand: Vec<f64> = (0..24).map(|cell| f64::from((cell * 7 + 3) % 9)).collect();
        for (lost_sales, shelf_life, stock) in
            [(false, None, 4.0), (true, None, -3.0), (false, Some(2), 6.0), (true, Some(1), 2.0)]
        {
            let mut problem = PathProblem::new(6, 4, demand.clone());
            (problem.lost_sales, problem.shelf_life, problem.initial_stock) = (lost_sales, shelf_life, stock);
            problem.holding_cost = vec![0.5; 6];
            problem.shortage_cost = vec![3.0; 6];
            (problem.waste_cost, problem.yield_factor) = (2.0, 0.75);
            problem.inflow[2] = 3.0;
            problem.arrival = Arrival::Common((1..=6).map(|at| (at < 6).then_some(at)).collect());
            let orders = [8.0, 0.0, 4.0, 12.0, 0.0, 0.0];
            let supply: Vec<f64> = (0..4)
                .flat_map(|_| (0..6).map(|at: usize| if at > 0 { 0.75 * orders[at - 1] } else { 0.0 }))
                .collect();
            let expected = evaluate(&problem, &orders).unwrap();
            assert_eq!(evaluate_supply(&problem, &supply).unwrap(), expected);
        }
    }

    #[test]
    fn wrong_arrivals_are_refused() {
        let problem = PathProblem::new(2, 1, vec![1.0, 1.0]);
        assert!(matches!(evaluate_supply(&problem, &[1.0]), Err(PathError::WrongLength { .. })));
        assert!(matches!(evaluate_supply(&problem, &[1.0, -1.0]), Err(PathError::OutOfRange { .. })));
    }
}
