//! The part of the problem that the solver gets: all visits that some vehicle could serve.

use super::super::super::DecideError;
use super::super::plan::{Plan, PlanRoute};
use super::super::problem::Problem;
use crate::control::Control;
use crate::optimize::routes::{
    self, Pair, ProblemData, Route, RouteOptions, Solution, Trip, search, search_any, supports,
};
use crate::solution::Termination;

/// Share of the limits that goes into the lower bound of a small problem.
const BOUND_SHARE: f64 = 0.15;

/// The solver's problem, and which of its visits is which.
pub(super) struct Part {
    problem: routes::Problem,
    /// Visit of the whole for each visit of the part.
    kept: Vec<usize>,
    /// Visit of the part for each visit of the whole.
    index: Vec<Option<usize>>,
}

/// What the solver found.
pub(super) struct Found {
    pub solution: Solution,
    pub cost: f64,
    pub bound: Option<f64>,
    pub termination: Termination,
    known: Vec<bool>,
}

impl Found {
    /// Whether the solver decided on a visit.
    pub fn knows(&self, visit: usize) -> bool {
        self.known[visit]
    }
}

impl Part {
    /// Takes out the visits that are `lost`.
    pub fn new(whole: &Problem, lost: &[Option<String>]) -> Result<Self, DecideError> {
        let kept: Vec<usize> = (0..whole.visits.len()).filter(|&visit| lost[visit].is_none()).collect();
        let mut index = vec![None; whole.visits.len()];
        kept.iter().enumerate().for_each(|(at, &visit)| index[visit] = Some(at));
        let pair = |pair: &Pair| Some(Pair { first: index[pair.first]?, second: index[pair.second]? });
        let data = ProblemData {
            visits: kept.iter().map(|&visit| whole.data.visits[visit].clone()).collect(),
            pairs: whole.data.pairs.iter().filter_map(pair).collect(),
            ..whole.data.clone()
        };
        let problem = routes::Problem::new(data).map_err(|error| DecideError::Solver {
            doing: "reading the problem".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Part { problem, kept, index })
    }

    /// Solves the part, from a plan of the whole where one is given. Problems with a rule that the fast
    /// search does not know go to the one that knows all.
    pub fn solve(&self, start: Option<&Plan>, control: &Control) -> Result<Found, DecideError> {
        let start = start.map(|plan| self.start(plan));
        let known = self.index.iter().map(Option::is_some).collect();
        let (solution, evaluation, outcome) = if supports(&self.problem).is_ok() {
            let options = RouteOptions { start, bound_share: BOUND_SHARE, ..RouteOptions::default() };
            let found = search(&self.problem, &options, control).map_err(|error| DecideError::Solver {
                doing: "searching for routes".to_owned(),
                reason: error.to_string(),
            })?;
            (found.solution, found.evaluation, found.outcome)
        } else {
            let found = search_any(&self.problem, start.as_ref(), control);
            (found.solution, found.evaluation, found.outcome)
        };
        let cost = evaluation.cost.total();
        Ok(Found { solution, cost, bound: outcome.bound, termination: outcome.termination, known })
    }

    /// A plan of the whole as a start: each visit where the plan names it first, and of each type as
    /// many routes as it has vehicles.
    fn start(&self, plan: &Plan) -> Solution {
        let mut named = vec![false; self.kept.len()];
        let mut free: Vec<usize> = self.problem.vehicles().iter().map(|kind| kind.count).collect();
        let mut routes = Vec::new();
        for planned in &plan.routes {
            let mut trips = Vec::new();
            for trip in &planned.trips {
                let known = trip.visits.iter().filter_map(|&visit| self.index[visit]);
                let visits: Vec<usize> =
                    known.filter(|&visit| !std::mem::replace(&mut named[visit], true)).collect();
                trips.push(Trip { depot: trip.depot, visits });
            }
            let route = Route { vehicle: planned.kind, trips };
            if !route.is_empty() && free[planned.kind] > 0 {
                free[planned.kind] -= 1;
                routes.push(route);
            }
        }
        Solution { routes, unserved: Vec::new() }
    }

    /// The solver's answer as a plan; vehicles of a type are taken in their order.
    pub fn plan(&self, solution: &Solution) -> Plan {
        let mut used = vec![0; self.problem.vehicles().len()];
        let mut routes = Vec::new();
        for route in &solution.routes {
            let trip = |trip: &Trip| Trip {
                depot: trip.depot,
                visits: trip.visits.iter().map(|&visit| self.kept[visit]).collect(),
            };
            let trips = route.trips.iter().map(trip).collect();
            routes.push(PlanRoute { kind: route.vehicle, member: used[route.vehicle], trips });
            used[route.vehicle] += 1;
        }
        routes.sort_by_key(|route| (route.kind, route.member));
        Plan { routes, unserved: Vec::new() }
    }

    /// Visits of the whole that the solver left out.
    pub fn unserved(&self, solution: &Solution) -> Vec<usize> {
        let mut served = vec![false; self.kept.len()];
        solution.routes.iter().flat_map(Route::visits).for_each(|visit| served[visit] = true);
        (0..served.len()).filter(|&visit| !served[visit]).map(|visit| self.kept[visit]).collect()
    }
}
