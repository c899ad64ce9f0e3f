//! What answers a routing problem.

use super::problem::Problem;

/// Part of a route between two loadings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Trip {
    /// Depot where it starts.
    pub depot: usize,
    /// Visits in order.
    pub visits: Vec<usize>,
}

/// What one vehicle does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// Its vehicle type.
    pub vehicle: usize,
    /// Its trips in order; the first starts at the start depot of the type.
    pub trips: Vec<Trip>,
}

impl Route {
    /// A route of one trip from the start depot of the type.
    #[must_use]
    pub fn of(problem: &Problem, vehicle: usize, visits: Vec<usize>) -> Self {
        Route { vehicle, trips: vec![Trip { depot: problem.vehicles()[vehicle].start, visits }] }
    }

    /// Its visits in order, of all trips.
    pub fn visits(&self) -> impl Iterator<Item = usize> + '_ {
        self.trips.iter().flat_map(|trip| trip.visits.iter().copied())
    }

    /// Whether it has no visit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trips.iter().all(|trip| trip.visits.is_empty())
    }
}

/// Routes, and the visits that are on none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Solution {
    /// Routes with at least one visit.
    pub routes: Vec<Route>,
    /// Visits left out, rising.
    pub unserved: Vec<usize>,
}
