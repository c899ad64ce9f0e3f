//! Where free vehicles wait in each hour.
//!
//! Vehicles of an hour that are not expected to be busy are free. Up to as many as there are zones they
//! wait where the expected way to the orders of the hour is shortest, a p-median problem
//! ([`crate::optimize::median`]); further ones go one by one to the zone with the most expected orders
//! for each vehicle that waits there.

use super::demand::Demand;
use super::problem::Problem;
use crate::optimize::median::median;

/// Vehicles that wait in a zone in an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Waiting {
    pub hour: usize,
    pub zone: usize,
    pub vehicles: f64,
}

/// The places of all hours.
pub(super) fn places(problem: &Problem, demand: &Demand, duty: &[f64]) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    for (hour, &duty) in duty.iter().enumerate() {
        let orders: Vec<f64> = (0..problem.zones.len()).map(|zone| demand.mean(zone, hour)).collect();
        let busy: f64 =
            orders.iter().zip(&problem.zones).map(|(orders, zone)| orders * zone.minutes / 60.0).sum();
        let free = (duty - busy).floor().max(0.0) as usize;
        let vehicles = spread(&orders, free, |a, b| problem.minutes_between(a, b));
        let there = vehicles.iter().enumerate().filter(|(_, vehicles)| **vehicles > 0);
        waiting.extend(there.map(|(zone, &vehicles)| Waiting { hour, zone, vehicles: vehicles as f64 }));
    }
    waiting
}

/// How many of the free vehicles wait in each zone.
fn spread(orders: &[f64], free: usize, minutes: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let mut vehicles = vec![0; orders.len()];
    median(orders, free, minutes).open.into_iter().for_each(|zone| vehicles[zone] = 1);
    for _ in orders.len().min(free)..free {
        let each = |zone: usize| orders[zone] / vehicles[zone] as f64;
        let most = (0..orders.len()).max_by(|&a, &b| each(a).total_cmp(&each(b)).then(b.cmp(&a)));
        if let Some(zone) = most {
            vehicles[zone] += 1;
        }
    }
    vehicles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_vehicles_wait_near_the_orders_and_then_where_most_come() {
        let place = [0.0_f64, 1.0, 9.0];
        let minutes = |a: usize, b: usize| (place[a] - place[b]).abs();
        assert_eq!(spread(&[2.0, 3.0, 4.0], 0, minutes), [0, 0, 0]);
        // From the middle 2 + 32, from the right 18 + 24, from the left 3 + 36.
        assert_eq!(spread(&[2.0, 3.0, 4.0], 1, minutes), [0, 1, 0]);
        assert_eq!(spread(&[2.0, 3.0, 4.0], 2, minutes), [0, 1, 1]);
        assert_eq!(spread(&[2.0, 3.0, 4.0], 5, minutes), [1, 2, 2]);
    }
}
