//! Where free vehicles wait in each hour.
//!
//! Vehicles of an hour that are not expected to be busy are free. Up to as many as there are zones they
//! wait where the expected way to the orders of the hour is shortest, a p-median problem
//! ([`crate::optimize::median`]); further ones go one by one to the zone with the most expected orders
//! for each vehicle that waits there.

use rayon::prelude::*;

use super::demand::Demand;
use super::problem::Problem;
use crate::control::Control;
use crate::optimize::median::{Distances, median_of};

/// Vehicles that wait in a zone in an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Waiting {
    pub hour: usize,
    pub zone: usize,
    pub vehicles: f64,
}

/// The places of all hours.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Places {
    pub waiting: Vec<Waiting>,
    /// Hours whose search was ended by the time limit or a cancel.
    pub cut_short: usize,
}

impl Places {
    /// What is to be told where the search was cut short.
    pub fn warning(&self) -> Option<String> {
        (self.cut_short > 0).then(|| {
            format!(
                "in {} hours the search for the places of free vehicles was stopped early; a longer time limit \
                 finds better ones",
                self.cut_short
            )
        })
    }
}

/// Finds the places of all hours.
pub(super) fn places(problem: &Problem, demand: &Demand, duty: &[f64], control: &Control) -> Places {
    let distances = Distances::new(problem.zones.len(), |a, b| problem.minutes_between(a, b));
    let of_hour = |(hour, &duty): (usize, &f64)| {
        let orders: Vec<f64> = (0..problem.zones.len()).map(|zone| demand.mean(zone, hour)).collect();
        let busy: f64 =
            orders.iter().zip(&problem.zones).map(|(orders, zone)| orders * zone.minutes / 60.0).sum();
        spread(&orders, (duty - busy).floor().max(0.0) as usize, &distances, control)
    };
    let hours: Vec<(Vec<usize>, bool)> =
        control.install(|| duty.par_iter().enumerate().map(of_hour).collect());
    let mut places = Places::default();
    for (hour, (vehicles, is_cut_short)) in hours.iter().enumerate() {
        let there = vehicles.iter().enumerate().filter(|(_, vehicles)| **vehicles > 0);
        places.waiting.extend(there.map(|(zone, &there)| Waiting { hour, zone, vehicles: there as f64 }));
        places.cut_short += usize::from(*is_cut_short);
    }
    places
}

/// How many of the free vehicles wait in each zone, and whether the search for it was cut short.
fn spread(orders: &[f64], free: usize, distances: &Distances, control: &Control) -> (Vec<usize>, bool) {
    let mut vehicles = vec![0; orders.len()];
    let found = median_of(orders, free, distances, control);
    found.open.into_iter().for_each(|zone| vehicles[zone] = 1);
    for _ in orders.len().min(free)..free {
        let each = |zone: usize| orders[zone] / vehicles[zone] as f64;
        let most = (0..orders.len()).max_by(|&a, &b| each(a).total_cmp(&each(b)).then(b.cmp(&a)));
        if let Some(zone) = most {
            vehicles[zone] += 1;
        }
    }
    (vehicles, found.is_cut_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_vehicles_wait_near_the_orders_and_then_where_most_come() {
        let place = [0.0_f64, 1.0, 9.0];
        let distances = Distances::new(3, |a, b| (place[a] - place[b]).abs());
        let spread = |free| spread(&[2.0, 3.0, 4.0], free, &distances, &Control::default()).0;
        assert_eq!(spread(0), [0, 0, 0]);
        // From the middle 2 + 32, from the right 18 + 24, from the left 3 + 36.
        assert_eq!(spread(1), [0, 1, 0]);
        assert_eq!(spread(2), [0, 1, 1]);
        assert_eq!(spread(5), [1, 2, 2]);
    }
}
