//! Whether a plan has room for a visit that it leaves out.

use super::super::plan::{Plan, PlanRoute, one_trip};
use super::super::problem::Problem;
use super::{SLACK, check_route, loads};
use crate::optimize::routes::Trip;

/// Stops that are walked to look for room in one plan, about a second's work; visits that come
/// after them are taken to have none.
const MOST_WALKED: usize = 10_000_000;

/// A way to serve a visit beside the others.
#[derive(Debug, Clone)]
pub(in super::super) struct Way {
    /// Route of the plan that grows; one past the last for a vehicle that has none.
    pub at: usize,
    /// The route with the visit.
    pub route: PlanRoute,
    /// What it costs more.
    pub added: f64,
}

/// Looks for room in plans of one problem.
pub(in super::super) struct Room<'a> {
    problem: &'a Problem,
    walked: usize,
}

impl<'a> Room<'a> {
    pub fn new(problem: &'a Problem) -> Self {
        Room { problem, walked: 0 }
    }

    /// Whether the plan could serve the visit, all else as it is.
    pub fn exists(&mut self, plan: &Plan, visit: usize) -> bool {
        let mut found = false;
        self.ways(plan, visit, |_| {
            found = true;
            false
        });
        found
    }

    /// The way that adds least.
    pub fn cheapest(&mut self, plan: &Plan, visit: usize) -> Option<Way> {
        let mut best: Option<Way> = None;
        self.ways(plan, visit, |way| {
            if best.as_ref().is_none_or(|known| way.added < known.added) {
                best = Some(way);
            }
            true
        });
        best
    }

    /// Puts visits where they add least, in their order: those that must be served wherever there is
    /// room, others where that is below their prize. Those that it finds no place for come back.
    pub fn take_in(&mut self, plan: &mut Plan, visits: &[usize]) -> Vec<usize> {
        let mut left = Vec::new();
        for &visit in visits {
            if plan.routes.iter().flat_map(PlanRoute::visits).any(|known| known == visit) {
                continue;
            }
            let unit = unit(self.problem, visit);
            let worth = |&visit: &usize| self.problem.data.visits[visit].prize.unwrap_or(f64::INFINITY);
            let worth: f64 = unit.iter().map(worth).sum();
            match self.cheapest(plan, visit).filter(|way| way.added < worth) {
                Some(way) if way.at < plan.routes.len() => plan.routes[way.at] = way.route,
                Some(way) => plan.routes.push(way.route),
                None => left.push(visit),
            }
        }
        plan.routes.sort_by_key(|route| (route.kind, route.member));
        left
    }

    /// Tells `take` every way that breaks no rule, until it has enough.
    fn ways(&mut self, plan: &Plan, visit: usize, mut take: impl FnMut(Way) -> bool) {
        let problem = self.problem;
        let unit = unit(problem, visit);
        if unit.iter().any(|&visit| problem.visits[visit].flaw.is_some()) {
            return;
        }
        for kind in 0..problem.data.vehicles.len() {
            let alone = one_trip(problem, kind, 0, unit.clone());
            let (_, costs, violations) = check_route(problem, &alone);
            let used =
                |member: usize| plan.routes.iter().any(|route| (route.kind, route.member) == (kind, member));
            let free = (0..problem.data.vehicles[kind].count).find(|&member| !used(member));
            if let Some(member) = free.filter(|_| violations.is_empty()) {
                let way =
                    Way { at: plan.routes.len(), route: PlanRoute { member, ..alone }, added: costs.total() };
                if !take(way) {
                    return;
                }
            }
            // What a vehicle cannot serve alone it serves beside others only on a later trip, or where
            // the rule on backhauls forbids it to be alone.
            let hopeless = violations.iter().any(|violation| violation.rule != "backhaul");
            if hopeless && problem.data.vehicles[kind].max_reloads == 0 {
                continue;
            }
            for (at, route) in plan.routes.iter().enumerate().filter(|(_, route)| route.kind == kind) {
                if !self.beside(at, route, &unit, &mut take) {
                    return;
                }
            }
        }
    }

    /// Tells every way to serve the unit on a route; whether more are wanted.
    fn beside(
        &mut self,
        at: usize,
        route: &PlanRoute,
        unit: &[usize],
        take: &mut impl FnMut(Way) -> bool,
    ) -> bool {
        let length = route.visits().count();
        let mut before = None;
        for (index, trip) in route.trips.iter().enumerate() {
            if self.is_full(route.kind, trip, unit) {
                continue;
            }
            for longer in placements(&trip.visits, unit) {
                if self.walked > MOST_WALKED {
                    return false;
                }
                self.walked += length;
                let mut route = route.clone();
                let before = *before.get_or_insert_with(|| check_route(self.problem, &route).1.total());
                route.trips[index].visits = longer;
                let (_, costs, violations) = check_route(self.problem, &route);
                if violations.is_empty() && !take(Way { at, route, added: costs.total() - before }) {
                    return false;
                }
            }
        }
        true
    }

    /// Whether one visit more is too much for a trip, wherever it stands.
    fn is_full(&self, kind: usize, trip: &Trip, unit: &[usize]) -> bool {
        let [visit] = unit else { return false };
        let visit = &self.problem.data.visits[*visit];
        let capacity = &self.problem.data.vehicles[kind].capacity;
        let loads = loads::of_trip(self.problem, trip, capacity.len());
        let (Some(first), Some(last)) = (loads.first(), loads.last()) else { return false };
        (0..capacity.len()).any(|dimension| {
            first[dimension] + visit.delivery[dimension] > capacity[dimension] + SLACK
                || last[dimension] + visit.pickup[dimension] > capacity[dimension] + SLACK
        })
    }
}

/// A visit, or the two of its shipment, the pickup first.
pub(in super::super) fn unit(problem: &Problem, visit: usize) -> Vec<usize> {
    let pair = problem.data.pairs.iter().find(|pair| pair.first == visit || pair.second == visit);
    pair.map_or_else(|| vec![visit], |pair| vec![pair.first, pair.second])
}

/// All ways to put the visits of a unit, in their order, into a list.
fn placements(visits: &[usize], unit: &[usize]) -> Vec<Vec<usize>> {
    let with = |list: &[usize], at: usize, visit: usize| {
        let mut longer = list.to_vec();
        longer.insert(at, visit);
        longer
    };
    let firsts = (0..=visits.len()).map(|at| (at, with(visits, at, unit[0])));
    match unit.get(1) {
        None => firsts.map(|(_, list)| list).collect(),
        Some(&second) => firsts
            .flat_map(|(at, list)| (at + 1..=list.len()).map(move |later| with(&list, later, second)))
            .collect(),
    }
}
