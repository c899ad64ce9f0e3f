//! Whether a plan has room for a visit that it leaves out.
//!
//! Ways that a bound refuses ([`super::gaps`]) are passed over; every other one is walked and priced by
//! the check itself, so the answer is the same as if all were walked.

use std::collections::HashSet;

use super::super::super::Violation;
use super::super::plan::{Plan, PlanRoute, one_trip};
use super::super::problem::Problem;
use super::gaps::Gaps;
use super::{check_route, price_route};

/// Stops that are walked to look for room in one plan, about a second's work; visits that come
/// after them are taken to have none.
const MOST_WALKED: usize = 10_000_000;

/// A way to serve a visit beside the others.
#[derive(Debug, Clone)]
struct Way {
    /// Route of the plan that grows; one past the last for a vehicle that has none.
    at: usize,
    /// The route with the visit.
    route: PlanRoute,
    /// What it costs more.
    added: f64,
}

/// A plan in which room is looked for.
pub(in super::super) struct Room<'a> {
    problem: &'a Problem,
    routes: Vec<PlanRoute>,
    /// Bounds of each route, once they were asked for.
    gaps: Vec<Option<Gaps<'a>>>,
    /// Routes of each type.
    of_kind: Vec<Vec<usize>>,
    used: HashSet<(usize, usize)>,
    /// First member of each type that may be free.
    free: Vec<usize>,
    walked: usize,
}

impl<'a> Room<'a> {
    pub fn new(problem: &'a Problem, routes: Vec<PlanRoute>) -> Self {
        let kinds = problem.data.vehicles.len();
        let mut room = Room {
            problem,
            routes: Vec::new(),
            gaps: Vec::new(),
            of_kind: vec![Vec::new(); kinds],
            used: HashSet::new(),
            free: vec![0; kinds],
            walked: 0,
        };
        routes.into_iter().for_each(|route| room.push(route));
        room
    }

    fn push(&mut self, route: PlanRoute) {
        self.of_kind[route.kind].push(self.routes.len());
        self.used.insert((route.kind, route.member));
        self.routes.push(route);
        self.gaps.push(None);
    }

    /// Whether the plan could serve the visit, all else as it is.
    pub fn exists(&mut self, visit: usize) -> bool {
        let mut found = false;
        self.ways(visit, f64::INFINITY, |_| {
            found = true;
            None
        });
        found
    }

    /// The way that adds least, and less than `most`.
    fn cheapest(&mut self, visit: usize, most: f64) -> Option<Way> {
        let (mut best, mut bar): (Option<Way>, f64) = (None, most);
        self.ways(visit, most, |way| {
            if way.added < bar {
                bar = way.added;
                best = Some(way);
            }
            Some(bar)
        });
        best
    }

    /// Tells `take` every way that breaks no rule and may add less than `most`; it answers what is of
    /// interest from then on, or nothing where it has enough.
    fn ways(&mut self, visit: usize, most: f64, mut take: impl FnMut(Way) -> Option<f64>) {
        let problem = self.problem;
        let unit = unit(problem, visit);
        if unit.iter().any(|&visit| problem.visits[visit].flaw.is_some()) {
            return;
        }
        let mut bar = most;
        let kinds = 0..problem.data.vehicles.len();
        let alone: Vec<_> = kinds
            .map(|kind| {
                let alone = one_trip(problem, kind, 0, unit.clone());
                let (_, costs, violations) = check_route(problem, &alone);
                (alone, costs, violations)
            })
            .collect();
        // Alone, a visit that only loads breaks the rule on backhauls; beside others it need not.
        let fails = |found: &[Violation]| found.iter().any(|violation| violation.rule != "backhaul");
        // What no vehicle can serve alone is left out by rule.
        let is_lost = alone.iter().all(|(.., violations)| fails(violations));
        for (kind, (alone, costs, violations)) in alone.into_iter().enumerate() {
            if let Some(member) = self.free(kind).filter(|_| violations.is_empty()) {
                let route = PlanRoute { member, ..alone };
                match take(Way { at: self.routes.len(), route, added: costs.total() }) {
                    Some(next) => bar = next,
                    None => return,
                }
            }
            // A vehicle that cannot serve it alone may beside others: on a later trip, by a shorter way,
            // or with a set-up that is shared. A skill or room that it lacks it lacks there too.
            let never = |violation: &Violation| ["allowed", "capacity"].contains(&violation.rule.as_str());
            let hopeless = if is_lost { fails(&violations) } else { violations.iter().any(never) };
            if hopeless && problem.data.vehicles[kind].max_reloads == 0 {
                continue;
            }
            for index in 0..self.of_kind[kind].len() {
                let at = self.of_kind[kind][index];
                if !self.beside(at, &unit, &mut bar, &mut take) {
                    return;
                }
            }
        }
    }

    /// A vehicle of a type that has no route.
    fn free(&mut self, kind: usize) -> Option<usize> {
        let next = &mut self.free[kind];
        while self.used.contains(&(kind, *next)) {
            *next += 1;
        }
        Some(*next).filter(|&member| member < self.problem.data.vehicles[kind].count)
    }

    /// Tells every way to serve the unit on a route that may add less than the bar; whether more are wanted.
    fn beside(
        &mut self,
        at: usize,
        unit: &[usize],
        bar: &mut f64,
        take: &mut impl FnMut(Way) -> Option<f64>,
    ) -> bool {
        let (problem, route) = (self.problem, &self.routes[at]);
        let gaps = self.gaps[at].get_or_insert_with(|| {
            let (walked, costs) = price_route(problem, route);
            Gaps::new(problem, route, &walked, costs.total())
        });
        let gaps = &*gaps;
        let length = route.visits().count() + 1;
        let walked = &mut self.walked;
        (0..route.trips.len()).all(|trip| {
            gaps.ways(trip, unit, |places, least| {
                // A bound is rounded; a way that may be as good is walked.
                if least > *bar + 1e-9 * (1.0 + least.abs()) {
                    return true;
                }
                if *walked > MOST_WALKED {
                    return false;
                }
                *walked += length;
                let mut longer = route.clone();
                for (&place, &visit) in places.iter().zip(unit) {
                    longer.trips[trip].visits.insert(place, visit);
                }
                let (_, costs, violations) = check_route(problem, &longer);
                if !violations.is_empty() {
                    return true;
                }
                let added = costs.total() - gaps.cost();
                match take(Way { at, route: longer, added }) {
                    Some(next) => *bar = next,
                    None => return false,
                }
                true
            })
        })
    }
}

/// Puts visits where they add least, in their order: those that must be served wherever there is
/// room, others where that is below their prize. Those that it finds no place for come back.
pub(in super::super) fn take_in(problem: &Problem, plan: &mut Plan, visits: &[usize]) -> Vec<usize> {
    let mut planned: HashSet<usize> = plan.routes.iter().flat_map(PlanRoute::visits).collect();
    let mut room = Room::new(problem, std::mem::take(&mut plan.routes));
    let mut left = Vec::new();
    for &visit in visits {
        if planned.contains(&visit) {
            continue;
        }
        let unit = unit(problem, visit);
        let worth = |&visit: &usize| problem.data.visits[visit].prize.unwrap_or(f64::INFINITY);
        match room.cheapest(visit, unit.iter().map(worth).sum()) {
            Some(way) => {
                planned.extend(unit);
                if way.at < room.routes.len() {
                    (room.routes[way.at], room.gaps[way.at]) = (way.route, None);
                } else {
                    room.push(way.route);
                }
            }
            None => left.push(visit),
        }
    }
    plan.routes = room.routes;
    plan.routes.sort_by_key(|route| (route.kind, route.member));
    left
}

/// A visit, or the two of its shipment, the pickup first.
pub(in super::super) fn unit(problem: &Problem, visit: usize) -> Vec<usize> {
    problem.pair(visit).map_or_else(|| vec![visit], |pair| vec![pair.first, pair.second])
}

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;
