//! Given a problem and anyone's solution, find what it costs and which rules it breaks.
//!
//! Method: every route is walked through stop by stop ([`schedule`]); nothing is shared with the
//! search, so this is its oracle.
//! Cost: O(n) for n visits, see [`schedule`].
//! Same input gives the same answer: yes.

use super::problem::{Backhauls, Problem};
use super::schedule::{Schedule, TOLERANCE, schedule};
use super::solution::{Route, Solution, Trip};

/// What a solution costs, by cause.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Fixed costs of the vehicles used.
    pub fixed: f64,
    /// Cost of distance.
    pub distance: f64,
    /// Cost of time.
    pub duration: f64,
    /// Cost of tolerated lateness.
    pub lateness: f64,
    /// Prizes of the visits left out.
    pub prizes: f64,
    /// Cost of unequal routes.
    pub balance: f64,
}

impl Cost {
    /// The sum of all causes.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.fixed + self.distance + self.duration + self.lateness + self.prizes + self.balance
    }

    fn add(&mut self, other: &Cost) {
        self.fixed += other.fixed;
        self.distance += other.distance;
        self.duration += other.duration;
        self.lateness += other.lateness;
        self.prizes += other.prizes;
        self.balance += other.balance;
    }
}

/// A rule that a solution breaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Violation {
    /// A visit that must be served is on no route.
    Missing {
        /// The visit.
        visit: usize,
    },
    /// A visit is on several routes, or several times on one, or on a route and among the unserved.
    Repeated {
        /// The visit.
        visit: usize,
    },
    /// A visit, vehicle type or depot does not exist.
    Unknown {
        /// Position of the route.
        route: usize,
    },
    /// More vehicles of a type are used than there are.
    Fleet {
        /// The vehicle type.
        vehicle: usize,
        /// How many too many.
        excess: usize,
    },
    /// Too much is aboard.
    Load {
        /// Position of the route.
        route: usize,
        /// Index of the trip.
        trip: usize,
        /// Dimension of load.
        dimension: usize,
        /// How much too much.
        excess: f64,
    },
    /// A service starts after its window, by more than is tolerated.
    Late {
        /// Position of the route.
        route: usize,
        /// The visit.
        visit: usize,
        /// By how much.
        excess: f64,
    },
    /// A depot is left or reached outside its window, or a shift exceeded.
    OutsideShift {
        /// Position of the route.
        route: usize,
        /// By how much.
        excess: f64,
    },
    /// A route is too long.
    Distance {
        /// Position of the route.
        route: usize,
        /// By how much.
        excess: f64,
    },
    /// A route takes too long.
    Duration {
        /// Position of the route.
        route: usize,
        /// By how much.
        excess: f64,
    },
    /// There is no way between two stops.
    Unreachable {
        /// Position of the route.
        route: usize,
    },
    /// The vehicle lacks a skill, or may not serve the visit.
    NotAllowed {
        /// Position of the route.
        route: usize,
        /// The visit.
        visit: usize,
    },
    /// The visits of a pair are not on one trip in their order.
    Pair {
        /// The visit that comes first.
        first: usize,
    },
    /// A visit that only loads comes before one that unloads, or trips have only such visits.
    Backhaul {
        /// Position of the route.
        route: usize,
        /// The visit that only loads.
        visit: usize,
    },
    /// A rest starts too late.
    Break {
        /// Position of the route.
        route: usize,
        /// By how much.
        excess: f64,
    },
    /// A vehicle loads again too often, or where it may not.
    Reload {
        /// Position of the route.
        route: usize,
    },
    /// A route does not begin with the visits that its vehicle is committed to.
    Commitment {
        /// The vehicle type.
        vehicle: usize,
    },
}

/// What one route does and costs.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteEvaluation {
    /// Its times.
    pub schedule: Schedule,
    /// Its distance.
    pub distance: f64,
    /// Its cost.
    pub cost: Cost,
}

/// What a solution costs and breaks.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Cost of everything.
    pub cost: Cost,
    /// Each route, in the order of the solution.
    pub routes: Vec<RouteEvaluation>,
    /// Rules broken; empty: the solution is feasible.
    pub violations: Vec<Violation>,
}

/// Evaluates a solution. Visits on no route count as unserved, whether listed or not.
#[must_use]
pub fn evaluate(problem: &Problem, solution: &Solution) -> Evaluation {
    let mut violations = Vec::new();
    let mut cost = Cost::default();
    let mut routes = Vec::new();
    for (index, route) in solution.routes.iter().enumerate() {
        if is_unknown(problem, route) {
            violations.push(Violation::Unknown { route: index });
            continue;
        }
        let evaluated = evaluate_route(problem, route, index, &mut violations);
        cost.add(&evaluated.cost);
        routes.push(evaluated);
    }
    coverage(problem, solution, &mut cost, &mut violations);
    fleet(problem, solution, &mut violations);
    let durations = || routes.iter().map(|route| route.schedule.duration());
    let spread = durations().fold(0.0, f64::max) - durations().fold(f64::INFINITY, f64::min);
    if problem.data().balance_cost > 0.0 && spread > 0.0 {
        cost.balance = problem.data().balance_cost * spread;
    }
    Evaluation { cost, routes, violations }
}

/// Whether a route names a vehicle type, depot or visit that does not exist.
pub(super) fn is_unknown(problem: &Problem, route: &Route) -> bool {
    route.vehicle >= problem.vehicles().len()
        || route.trips.iter().any(|trip| trip.depot >= problem.depots().len())
        || route.visits().any(|visit| visit >= problem.visits().len())
}

fn coverage(problem: &Problem, solution: &Solution, cost: &mut Cost, violations: &mut Vec<Violation>) {
    let mut seen = vec![0_u32; problem.visits().len()];
    let known = |visit: &usize| *visit < problem.visits().len();
    for visit in solution.routes.iter().flat_map(Route::visits).filter(known) {
        seen[visit] += 1;
    }
    for (visit, &times) in seen.iter().enumerate() {
        let listed = solution.unserved.contains(&visit);
        match problem.visits()[visit].prize {
            Some(prize) if times == 0 => cost.prizes += prize,
            None if times == 0 => violations.push(Violation::Missing { visit }),
            _ if times > 1 || listed => violations.push(Violation::Repeated { visit }),
            _ => (),
        }
    }
}

fn fleet(problem: &Problem, solution: &Solution, violations: &mut Vec<Violation>) {
    let uses = |vehicle: usize| solution.routes.iter().filter(move |route| route.vehicle == vehicle);
    for (vehicle, kind) in problem.vehicles().iter().enumerate() {
        let excess = uses(vehicle).count().saturating_sub(kind.count);
        if excess > 0 {
            violations.push(Violation::Fleet { vehicle, excess });
        }
        let mut begun = uses(vehicle).filter_map(|route| route.trips.first());
        let keeps = |trip: &Trip| trip.visits.starts_with(&kind.committed);
        if !kind.committed.is_empty() && !begun.next().is_some_and(keeps) {
            violations.push(Violation::Commitment { vehicle });
        }
    }
}

/// Evaluates one route; its violations carry `index`.
pub fn evaluate_route(
    problem: &Problem,
    route: &Route,
    index: usize,
    violations: &mut Vec<Violation>,
) -> RouteEvaluation {
    let kind = &problem.vehicles()[route.vehicle];
    let schedule = schedule(problem, route);
    let distance = distance(problem, route);
    let mut cost = Cost {
        fixed: kind.fixed_cost,
        distance: distance * kind.unit_distance_cost,
        duration: schedule.duration() * kind.unit_duration_cost,
        ..Cost::default()
    };
    if !(distance.is_finite() && schedule.end.is_finite()) {
        violations.push(Violation::Unreachable { route: index });
    }
    let mut exceed = |excess: f64, of: &dyn Fn(f64) -> Violation| {
        if excess > TOLERANCE {
            violations.push(of(excess));
        }
    };
    exceed(distance - kind.max_distance, &|excess| Violation::Distance { route: index, excess });
    exceed(schedule.duration() - kind.max_duration, &|excess| Violation::Duration { route: index, excess });
    exceed(schedule.outside, &|excess| Violation::OutsideShift { route: index, excess });
    let breaks = schedule.breaks.iter().map(|rest| rest.1).sum();
    exceed(breaks, &|excess| Violation::Break { route: index, excess });
    for stop in &schedule.stops {
        let (visit, tolerance) = (stop.visit, problem.visits()[stop.visit].lateness);
        cost.lateness += tolerance.map_or(0.0, |tolerance| tolerance.unit_cost * stop.lateness);
        let excess = stop.lateness - tolerance.map_or(0.0, |tolerance| tolerance.most);
        exceed(excess, &|excess| Violation::Late { route: index, visit, excess });
    }
    order(problem, route, index, violations);
    loads(problem, route, index, violations);
    RouteEvaluation { schedule, distance, cost }
}

fn distance(problem: &Problem, route: &Route) -> f64 {
    let (kind, matrix) = (&problem.vehicles()[route.vehicle], &problem.profile(route.vehicle).distance);
    let mut place = problem.depots()[kind.start].place;
    let mut distance = 0.0;
    let mut go = |to: usize| distance += matrix.at(std::mem::replace(&mut place, to), to);
    for (index, trip) in route.trips.iter().enumerate() {
        if index > 0 {
            go(problem.depots()[trip.depot].place);
        }
        trip.visits.iter().for_each(|&visit| go(problem.visits()[visit].place));
    }
    if let Some(end) = kind.end {
        go(problem.depots()[end].place);
    }
    distance
}

/// Rules on which visits a route may have and in which order.
fn order(problem: &Problem, route: &Route, index: usize, violations: &mut Vec<Violation>) {
    let kind = &problem.vehicles()[route.vehicle];
    let reloads = route.trips.len().saturating_sub(1);
    let starts_right = route.trips.first().is_none_or(|trip| trip.depot == kind.start);
    let allowed = |trip: &Trip| kind.reload_depots.contains(&trip.depot);
    if reloads > kind.max_reloads || !starts_right || !route.trips.iter().skip(1).all(allowed) {
        violations.push(Violation::Reload { route: index });
    }
    for visit in route.visits() {
        if problem.served_by(visit).binary_search(&route.vehicle).is_err() {
            violations.push(Violation::NotAllowed { route: index, visit });
        }
    }
    for trip in &route.trips {
        pairs(problem, trip, violations);
        let backhauls = trip.visits.iter().map(|&visit| problem.is_backhaul(visit));
        let rule = problem.data().backhauls;
        let misplaced = match rule {
            Backhauls::Mixed => None,
            _ => trip
                .visits
                .windows(2)
                .position(|two| problem.is_backhaul(two[0]) && !problem.is_backhaul(two[1])),
        };
        let alone =
            rule == Backhauls::LastAndNeverAlone && !trip.visits.is_empty() && backhauls.clone().all(|is| is);
        if let Some(at) = misplaced.or(alone.then_some(0)) {
            violations.push(Violation::Backhaul { route: index, visit: trip.visits[at] });
        }
    }
}

fn pairs(problem: &Problem, trip: &Trip, violations: &mut Vec<Violation>) {
    for (at, &visit) in trip.visits.iter().enumerate() {
        let Some((partner, is_first)) = problem.partner(visit) else { continue };
        let other = trip.visits.iter().position(|&other| other == partner);
        // A pair in the wrong order is reported once, at its first visit.
        if other.is_none_or(|other| is_first && other < at) {
            violations.push(Violation::Pair { first: if is_first { visit } else { partner } });
        }
    }
}

/// Reports the most by which each trip exceeds each capacity.
fn loads(problem: &Problem, route: &Route, index: usize, violations: &mut Vec<Violation>) {
    let capacity = &problem.vehicles()[route.vehicle].capacity;
    for (trip_index, trip) in route.trips.iter().enumerate() {
        let mut load = vec![0.0; capacity.len()];
        let from_depot = |visit: &&usize| !matches!(problem.partner(**visit), Some((_, false)));
        for &visit in trip.visits.iter().filter(from_depot) {
            load.iter_mut().zip(&problem.visits()[visit].delivery).for_each(|(load, amount)| *load += amount);
        }
        let mut most = load.clone();
        for &visit in &trip.visits {
            let visit = &problem.visits()[visit];
            for dimension in 0..capacity.len() {
                load[dimension] += visit.pickup[dimension] - visit.delivery[dimension];
                most[dimension] = most[dimension].max(load[dimension]);
            }
        }
        for (dimension, (most, capacity)) in most.iter().zip(capacity).enumerate() {
            if most - capacity > TOLERANCE {
                let (route, trip, excess) = (index, trip_index, most - capacity);
                violations.push(Violation::Load { route, trip, dimension, excess });
            }
        }
    }
}
