//! What answers a routing problem.

use super::evaluate::is_unknown;
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

    /// Takes trips without visits out; a trip that is the first then starts where the route did.
    pub(super) fn drop_empty_trips(&mut self) {
        let first = self.trips.first().map(|trip| trip.depot);
        self.trips.retain(|trip| !trip.visits.is_empty());
        if let (Some(trip), Some(depot)) = (self.trips.first_mut(), first) {
            trip.depot = depot;
        }
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

impl Solution {
    /// Its routes as a search can begin with them: without what does not exist, with each visit and
    /// each vehicle once, and without visits that another vehicle is committed to.
    pub(super) fn sound_routes(&self, problem: &Problem) -> Vec<Route> {
        let mut seen = vec![false; problem.visits().len()];
        let mut committed_to = vec![None; problem.visits().len()];
        for (vehicle, kind) in problem.vehicles().iter().enumerate() {
            kind.committed.iter().for_each(|&visit| committed_to[visit] = Some(vehicle));
        }
        let mut left: Vec<usize> = problem.vehicles().iter().map(|kind| kind.count).collect();
        let mut routes = Vec::new();
        for route in self.routes.iter().filter(|route| !is_unknown(problem, route)) {
            if left[route.vehicle] == 0 {
                continue;
            }
            let mut sound = route.clone();
            for trip in &mut sound.trips {
                trip.visits.retain(|&visit| {
                    committed_to[visit].is_none_or(|vehicle| vehicle == route.vehicle)
                        && !std::mem::replace(&mut seen[visit], true)
                });
            }
            sound.drop_empty_trips();
            if !sound.is_empty() {
                left[route.vehicle] -= 1;
                routes.push(sound);
            }
        }
        routes
    }
}
