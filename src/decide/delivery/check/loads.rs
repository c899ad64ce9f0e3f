//! What is aboard at each point of a route.

use super::super::super::Violation;
use super::super::plan::PlanRoute;
use super::super::problem::Problem;
use super::{SLACK, broken, written};
use crate::optimize::routes::Trip;

/// Loads of a trip in each dimension: at its start, and after each stop.
pub(super) fn of_trip(problem: &Problem, trip: &Trip, dimensions: usize) -> Vec<Vec<f64>> {
    let comes_by_pickup = |visit: usize| problem.pair(visit).is_some_and(|pair| pair.second == visit);
    let mut aboard = vec![0.0; dimensions];
    for &visit in trip.visits.iter().filter(|&&visit| !comes_by_pickup(visit)) {
        for (aboard, amount) in aboard.iter_mut().zip(&problem.data.visits[visit].delivery) {
            *aboard += amount;
        }
    }
    let mut loads = vec![aboard.clone()];
    for &visit in &trip.visits {
        let visit = &problem.data.visits[visit];
        for (dimension, aboard) in aboard.iter_mut().enumerate() {
            *aboard += visit.pickup[dimension] - visit.delivery[dimension];
        }
        loads.push(aboard.clone());
    }
    loads
}

/// Reports the largest excess of each trip and dimension.
pub(super) fn check(problem: &Problem, route: &PlanRoute, name: &str, found: &mut Vec<Violation>) {
    let capacity = &problem.data.vehicles[route.kind].capacity;
    for trip in &route.trips {
        let loads = of_trip(problem, trip, capacity.len());
        for (dimension, &capacity) in capacity.iter().enumerate() {
            let most = loads.iter().map(|load| load[dimension]).fold(0.0, f64::max);
            if most > capacity + SLACK {
                let unit = problem.telling.loads.get(dimension).map_or("", String::as_str);
                let (most_told, limit) = (written(most, unit), written(capacity, unit));
                found.push(broken(
                    "capacity",
                    most - capacity,
                    format!("{name} carries {most_told}, its capacity is {limit}"),
                ));
            }
        }
    }
}

/// Largest load as a share of the capacity, and the loads after each stop.
pub(super) fn of(problem: &Problem, route: &PlanRoute) -> (f64, Vec<Vec<f64>>) {
    let capacity = &problem.data.vehicles[route.kind].capacity;
    let (mut share, mut after) = (0.0_f64, Vec::new());
    for trip in &route.trips {
        let loads = of_trip(problem, trip, capacity.len());
        for load in &loads {
            for (amount, capacity) in load.iter().zip(capacity).filter(|(_, capacity)| **capacity > 0.0) {
                share = share.max(amount / capacity);
            }
        }
        after.extend(loads.into_iter().skip(1));
    }
    (share, after)
}
