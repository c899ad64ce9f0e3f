//! The vehicles with which routes that name none cost least.

use super::check::check_route;
use super::plan::{Plan, one_trip};
use super::problem::Problem;
use crate::optimize::matching::assignment;

/// Cost of breaking a rule, far above what routes cost.
const BROKEN: f64 = 1e12;

/// The cheapest plan that drives each list of visits with a vehicle of its own; lists beyond the
/// number of vehicles are left out.
pub(super) fn cheapest(problem: &Problem, lists: &[Vec<usize>]) -> Plan {
    let mut columns: Vec<(usize, usize)> = Vec::new();
    for (kind, vehicle) in problem.data.vehicles.iter().enumerate() {
        columns.extend((0..vehicle.count.min(lists.len())).map(|member| (kind, member)));
    }
    let lists = &lists[..lists.len().min(columns.len())];
    let price = |visits: &Vec<usize>, kind: usize| {
        let (_, costs, violations) = check_route(problem, &one_trip(problem, kind, 0, visits.clone()));
        let cost = costs.total();
        BROKEN * violations.len() as f64 + if cost.is_finite() { cost } else { BROKEN }
    };
    let prices: Vec<Vec<f64>> = lists
        .iter()
        .map(|visits| (0..problem.data.vehicles.len()).map(|kind| price(visits, kind)).collect())
        .collect();
    let assigned = assignment(lists.len(), columns.len(), |row, column| prices[row][columns[column].0]);
    let routes = assigned.into_iter().zip(lists).map(|(column, visits)| {
        let (kind, member) = columns[column];
        one_trip(problem, kind, member, visits.clone())
    });
    Plan { routes: routes.collect(), unserved: Vec::new() }
}
