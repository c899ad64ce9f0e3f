//! Prices and verifies a plan straight from the problem, with its own clock and its own loads.
//!
//! Nothing here comes from the solver: routes are walked again, stop by stop. The rule of the clock
//! is that of `docs/delivery.md`: everything as early as it can be, and then the start as late as
//! that leaves the end and every lateness as they are.

mod gaps;
mod loads;
mod room;
mod walk;

use std::collections::HashMap;

use super::super::{CheckReport, Violation};
use super::plan::{Plan, PlanRoute};
use super::problem::Problem;
use crate::optimize::routes::Trip;

pub(super) use room::{Room, take_in, unit};
pub(super) use walk::{Stop, Walked, walk};

/// Slack of times, distances and loads that is rounding.
pub(super) const SLACK: f64 = 1e-6;

/// What a plan costs, by cause.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Costs {
    pub fixed: f64,
    pub distance: f64,
    pub duration: f64,
    pub lateness: f64,
    pub prizes: f64,
    pub balance: f64,
}

impl Costs {
    /// The sum.
    pub fn total(&self) -> f64 {
        self.fixed + self.distance + self.duration + self.lateness + self.prizes + self.balance
    }
}

/// A plan, priced.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub costs: Costs,
    /// Each route in the plan's order, with its cost.
    pub routes: Vec<(Walked, f64)>,
    pub violations: Vec<Violation>,
}

impl Checked {
    pub fn report(&self) -> CheckReport {
        CheckReport {
            feasible: self.violations.is_empty(),
            objective: Some(self.costs.total()).filter(|cost| cost.is_finite()),
            violations: self.violations.clone(),
        }
    }
}

/// A broken rule of a plan.
pub(super) fn broken(rule: &str, amount: f64, text: String) -> Violation {
    Violation { rule: rule.to_owned(), text, amount }
}

/// Prices and verifies `plan`.
pub(super) fn check(problem: &Problem, plan: &Plan) -> Checked {
    let (costs, routes) = priced(problem, plan);
    let mut checked = Checked { costs, routes, violations: Vec::new() };
    for (route, (walked, _)) in plan.routes.iter().zip(&checked.routes) {
        checked.violations.extend(broken_by(problem, route, walked));
    }
    cover(problem, plan, &mut checked.violations);
    fleet(problem, plan, &mut checked.violations);
    checked
}

/// What `plan` costs, whether it keeps the rules or not.
pub(super) fn price(problem: &Problem, plan: &Plan) -> Costs {
    priced(problem, plan).0
}

/// The costs of a plan, and its routes walked, each with its cost.
fn priced(problem: &Problem, plan: &Plan) -> (Costs, Vec<(Walked, f64)>) {
    let (mut all, mut routes) = (Costs::default(), Vec::with_capacity(plan.routes.len()));
    for route in &plan.routes {
        let (walked, costs) = price_route(problem, route);
        all.fixed += costs.fixed;
        all.distance += costs.distance;
        all.duration += costs.duration;
        all.lateness += costs.lateness;
        routes.push((walked, costs.total()));
    }
    let durations = || routes.iter().map(|(walked, _)| walked.end - walked.start);
    let spread = durations().fold(0.0, f64::max) - durations().fold(f64::INFINITY, f64::min);
    all.balance = problem.data.balance_cost * if spread.is_finite() { spread.max(0.0) } else { 0.0 };
    let times = times(problem, plan);
    let left = problem.data.visits.iter().zip(&times).filter(|(_, times)| **times == 0);
    all.prizes = left.filter_map(|(visit, _)| visit.prize).sum();
    (all, routes)
}

/// How often each visit is on a route.
fn times(problem: &Problem, plan: &Plan) -> Vec<usize> {
    let mut times = vec![0_usize; problem.visits.len()];
    plan.routes.iter().flat_map(PlanRoute::visits).for_each(|visit| times[visit] += 1);
    times
}

/// Walks and prices one route; finds what it breaks.
pub(super) fn check_route(problem: &Problem, route: &PlanRoute) -> (Walked, Costs, Vec<Violation>) {
    let (walked, costs) = price_route(problem, route);
    let found = broken_by(problem, route, &walked);
    (walked, costs, found)
}

/// What one route breaks.
fn broken_by(problem: &Problem, route: &PlanRoute, walked: &Walked) -> Vec<Violation> {
    let name = problem.vehicle(route.kind, route.member);
    let mut found = Vec::new();
    limits(problem, route, walked, name, &mut found);
    members(problem, route, name, &mut found);
    loads::check(problem, route, name, &mut found);
    found
}

/// Walks and prices one route.
fn price_route(problem: &Problem, route: &PlanRoute) -> (Walked, Costs) {
    let kind = &problem.data.vehicles[route.kind];
    let walked = walk(problem, route.kind, &route.trips);
    let lateness = walked.stops.iter().filter_map(|stop| {
        let tolerance = problem.data.visits[stop.visit].lateness?;
        Some(tolerance.unit_cost * stop.lateness)
    });
    let costs = Costs {
        fixed: kind.fixed_cost,
        distance: walked.distance * kind.unit_distance_cost,
        duration: (walked.end - walked.start) * kind.unit_duration_cost,
        lateness: lateness.sum(),
        ..Costs::default()
    };
    (walked, costs)
}

/// Largest load of a route as a share of the capacity, and the loads after each stop.
pub(super) fn loads_of(problem: &Problem, route: &PlanRoute) -> (f64, Vec<Vec<f64>>) {
    loads::of(problem, route)
}

/// Time and distance limits of a route.
fn limits(problem: &Problem, route: &PlanRoute, walked: &Walked, name: &str, found: &mut Vec<Violation>) {
    let (kind, telling) = (&problem.data.vehicles[route.kind], &problem.telling);
    if !(walked.distance.is_finite() && walked.end.is_finite()) {
        found.push(broken("reachable", 1.0, format!("{name}: there is no way between two of its stops")));
        return;
    }
    let minutes = |time: f64| written(time * telling.time, &telling.time_unit);
    for stop in &walked.stops {
        let visit = &problem.data.visits[stop.visit];
        let excess = stop.lateness - visit.lateness.map_or(0.0, |tolerance| tolerance.most);
        if excess > SLACK {
            let closes = stop.start - stop.lateness;
            let text = format!(
                "{name} serves {} at {}, {} after its window closes at {}{}",
                problem.visits[stop.visit].code,
                problem.time(stop.start),
                minutes(stop.lateness),
                problem.time(closes),
                stated(problem, stop.visit)
            );
            found.push(broken("time_window", excess * telling.time, text));
        }
    }
    if walked.outside > SLACK {
        let text = format!(
            "{name} is on its way from {} to {}, {} outside its shift or a depot's hours",
            problem.time(walked.start),
            problem.time(walked.end),
            minutes(walked.outside)
        );
        found.push(broken("shift", walked.outside * telling.time, text));
    }
    let (length, duration) =
        (walked.distance - kind.max_distance, walked.end - walked.start - kind.max_duration);
    if length > SLACK {
        let most = written(kind.max_distance * telling.distance, &telling.distance_unit);
        let text = format!(
            "{name} drives {}, its limit is {most}",
            written(walked.distance * telling.distance, &telling.distance_unit)
        );
        found.push(broken("max_distance", length * telling.distance, text));
    }
    if duration > SLACK {
        let text = format!(
            "{name} takes {}, its limit is {}",
            minutes(walked.end - walked.start),
            minutes(kind.max_duration)
        );
        found.push(broken("max_duration", duration * telling.time, text));
    }
    for rest in walked.rests.iter().filter(|rest| rest.late > SLACK) {
        let text = format!("{name} rests at {}, {} too late", problem.time(rest.start), minutes(rest.late));
        found.push(broken("break", rest.late * telling.time, text));
    }
}

/// Rules on which visits a route has, and in which order.
fn members(problem: &Problem, route: &PlanRoute, name: &str, found: &mut Vec<Violation>) {
    let kind = &problem.data.vehicles[route.kind];
    let reloads = route.trips.len().saturating_sub(1);
    if reloads > kind.max_reloads {
        let text = format!("{name} loads again {reloads} times, its limit is {}", kind.max_reloads);
        found.push(broken("reload", (reloads - kind.max_reloads) as f64, text));
    }
    for (at, trip) in route.trips.iter().enumerate() {
        let right = if at == 0 { trip.depot == kind.start } else { kind.reload_depots.contains(&trip.depot) };
        if !right {
            let text =
                format!("{name} starts a trip at {}, where it may not", problem.depots[trip.depot].code);
            found.push(broken("reload", 1.0, text));
        }
        order(problem, trip, name, found);
    }
    for &index in route.trips.iter().flat_map(|trip| &trip.visits) {
        let visit = &problem.data.visits[index];
        let skilled = visit.skills.iter().all(|skill| kind.skills.contains(skill));
        if !skilled || !(visit.vehicles.is_empty() || visit.vehicles.contains(&route.kind)) {
            let why = if skilled { "is not one of its vehicles" } else { "lacks a skill that it needs" };
            let text =
                format!("{name} serves {} and {why}{}", problem.visits[index].code, stated(problem, index));
            found.push(broken("allowed", 1.0, text));
        }
    }
}

/// Pickups before their deliveries, and visits that only load last.
fn order(problem: &Problem, trip: &Trip, name: &str, found: &mut Vec<Violation>) {
    use crate::optimize::routes::Backhauls;
    let paired = trip.visits.iter().filter(|_| !problem.data.pairs.is_empty());
    let place: HashMap<usize, usize> =
        paired.enumerate().map(|(at, &visit)| (visit, at)).collect::<Vec<_>>().into_iter().rev().collect();
    for pair in trip.visits.iter().filter_map(|&visit| problem.pair(visit)) {
        let (first, second) = (place.get(&pair.first), place.get(&pair.second));
        if !matches!((first, second), (Some(a), Some(b)) if a < b) {
            let (first, second) = (&problem.visits[pair.first].code, &problem.visits[pair.second].code);
            let text = format!("{name} does not load at {first} before it unloads at {second} on one trip");
            // A pair on two trips is found on both, and told once.
            if !found.iter().any(|known| known.text == text) {
                found.push(broken("pair", 1.0, text));
            }
        }
    }
    if problem.data.backhauls == Backhauls::Mixed {
        return;
    }
    let only_loads = |visit: usize| {
        let visit = &problem.data.visits[visit];
        visit.pickup.iter().any(|&amount| amount > 0.0) && visit.delivery.iter().all(|&amount| amount <= 0.0)
    };
    let mut loading = None;
    for &visit in &trip.visits {
        match (only_loads(visit), loading) {
            (true, _) => loading = Some(visit),
            (false, Some(before)) => {
                let (after, before) = (&problem.visits[visit].code, &problem.visits[before].code);
                found.push(broken(
                    "backhaul",
                    1.0,
                    format!("{name} loads at {before} before it unloads at {after}"),
                ));
                break;
            }
            _ => {}
        }
    }
    let alone = !trip.visits.is_empty() && trip.visits.iter().all(|&visit| only_loads(visit));
    if alone && problem.data.backhauls == Backhauls::LastAndNeverAlone {
        found.push(broken("backhaul", 1.0, format!("{name} has a trip with nothing to unload")));
    }
}

/// Every visit on one route or left out.
fn cover(problem: &Problem, plan: &Plan, found: &mut Vec<Violation>) {
    let times = times(problem, plan);
    let mut stated_out = vec![false; problem.visits.len()];
    plan.unserved.iter().for_each(|left| stated_out[left.visit] = true);
    let mut room = Room::new(problem, plan.routes.clone());
    for (visit, &times) in times.iter().enumerate() {
        let code = &problem.visits[visit].code;
        let prize = problem.data.visits[visit].prize;
        if times > 1 || (times == 1 && stated_out[visit]) {
            let text = if times > 1 {
                format!("{code} is served {times} times")
            } else {
                format!("{code} is served and left out")
            };
            found.push(broken("served", (times.max(2) - 1) as f64, text + &stated(problem, visit)));
        } else if times == 0 && prize.is_none() {
            // That a plan states a visit as left out says nothing: the reason is that there is no room.
            let text = if !stated_out[visit] {
                format!("{code} is on no route{}", stated(problem, visit))
            } else if room.exists(visit) {
                format!("{code} is left out, and could be served{}", stated(problem, visit))
            } else {
                continue;
            };
            found.push(broken("served", 1.0, text));
        }
    }
}

/// No vehicle twice.
fn fleet(problem: &Problem, plan: &Plan, found: &mut Vec<Violation>) {
    for (kind, vehicle) in problem.data.vehicles.iter().enumerate() {
        let used = plan.routes.iter().filter(|route| route.kind == kind).count();
        if used > vehicle.count {
            let text = format!(
                "{used} routes of {}, of which there are {}",
                problem.fleet[kind].code, vehicle.count
            );
            found.push(broken("fleet", (used - vehicle.count) as f64, text));
            continue;
        }
        let mut members: Vec<usize> =
            plan.routes.iter().filter(|route| route.kind == kind).map(|route| route.member).collect();
        members.sort_unstable();
        for twice in members.windows(2).filter(|two| two[0] == two[1]) {
            found.push(broken("fleet", 1.0, format!("{} has two routes", problem.vehicle(kind, twice[0]))));
        }
    }
}

/// The input row of a visit, for the end of a sentence.
fn stated(problem: &Problem, visit: usize) -> String {
    let named = &problem.visits[visit];
    format!(" ({}:{})", named.file, named.row)
}

/// A number with its unit.
pub(super) fn written(value: f64, unit: &str) -> String {
    let value = (value * 100.0).round() / 100.0;
    if unit.is_empty() { value.to_string() } else { format!("{value} {unit}") }
}
