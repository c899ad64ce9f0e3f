//! Given a routing problem with any rules, find routes of low cost, slowly.
//!
//! Method: ruin and recreate, Schrimpf, Schneider, Stamm-Wilbrandt and Dueck (2000), "Record breaking
//! optimization results using the ruin and recreate principle", doi:10.1006/jcph.1999.6413, with
//! record-to-record acceptance. Every route is priced as a whole by [`evaluate_route`], so it knows
//! every rule that can be stated.
//! Cost: a step inserts up to 12 visits at O(n) positions each of O(l), for n visits and routes of
//! l stops, and 60 times that with rests or durations that change with the time; memory O(n).
//! Use [`super::search`] instead where it knows all rules: it is some hundred times faster.
//! Not for: more than some hundred visits.
//! Same input, work limit and seed give the same answer: yes. A time limit does not.
//! Differs from the paper: one trip more is opened where that is cheaper, and pairs move together.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::control::{Control, Progress};
use crate::solution::{Outcome, SolutionStatus, Termination};

use super::evaluate::{Violation, evaluate, evaluate_route};
use super::problem::Problem;
use super::search::RoutePlan;
use super::solution::{Route, Solution, Trip};

/// Steps without any limit, and more for each visit.
const DEFAULT_STEPS: (u64, u64) = (300, 20);
/// Most visits taken out in a step.
const MOST_REMOVED: usize = 12;
/// A worse answer is accepted up to this share above the best, which falls to 0.
const TOLERATED: f64 = 0.05;
/// Noise of what an insertion adds, in mean costs of a visit.
const NOISE: f64 = 1.0;
/// Steps between two reports of progress.
const REPORT_STEPS: u64 = 64;

/// Searches until a limit of `control` ends it; without any, for a number of steps that grows with
/// the problem. Routes of `start` that break a rule are taken apart.
#[must_use]
pub fn search_any(problem: &Problem, start: Option<&Solution>, control: &Control) -> RoutePlan {
    let control = control.started();
    let mut state = State::new(problem, start, &control);
    let (fixed, each) = DEFAULT_STEPS;
    let unlimited = control.limits.time.is_none() && control.limits.work.is_none();
    let default_steps = fixed + each * problem.visits().len() as u64;
    let most = control.limits.work.or(unlimited.then_some(default_steps));
    let mut best = state.clone_routes();
    let mut best_cost = state.total;
    let mut steps = 0;
    let termination = loop {
        if control.cancel.is_requested() {
            break Termination::Interrupted;
        }
        if most.is_some_and(|most| steps >= most) {
            break if control.limits.work.is_some() { Termination::WorkLimit } else { Termination::Stalled };
        }
        if control.should_stop() {
            break Termination::TimeLimit;
        }
        let left = progress_left(steps, most, &control);
        let before = (state.clone_routes(), state.total);
        state.step();
        steps += 1;
        if state.total < best_cost - 1e-9 {
            (best, best_cost) = (state.clone_routes(), state.total);
        } else if state.total > best_cost + TOLERATED * left * best_cost.abs() {
            state.restore(before);
        }
        if steps % REPORT_STEPS == 0 {
            let incumbent = Some(best_cost).filter(|cost| *cost < state.missing_cost);
            control.report(&Progress { stage: "routes", done: steps, total: most, incumbent, bound: None });
        }
    };
    let solution = state.solution(best);
    let evaluation = evaluate(problem, &solution);
    let objective = Some(evaluation.cost.total());
    let outcome = Outcome { termination, solution_status: SolutionStatus::Feasible, objective, bound: None };
    RoutePlan { solution, evaluation, outcome, steps }
}

/// Share of the search that is left, by steps where they are counted.
fn progress_left(steps: u64, most: Option<u64>, control: &Control) -> f64 {
    match (most, control.limits.time, control.time_left()) {
        (Some(most), ..) => 1.0 - steps as f64 / most.max(1) as f64,
        (None, Some(all), Some(left)) => left.as_secs_f64() / all.as_secs_f64().max(1e-9),
        _ => 0.0,
    }
}

/// A route with one unit more.
struct Place {
    /// What is added, as it is judged.
    told: f64,
    added: f64,
    route: Route,
}

/// Routes with their costs.
type Priced = Vec<(Route, f64)>;

struct State<'a> {
    problem: &'a Problem,
    routes: Priced,
    total: f64,
    /// Cost of leaving each visit out: its prize, or far above all others where it must be served.
    out: Vec<f64>,
    /// Least cost of a visit that must be served.
    missing_cost: f64,
    random: ChaCha8Rng,
    control: &'a Control,
}

impl<'a> State<'a> {
    fn new(problem: &'a Problem, start: Option<&Solution>, control: &'a Control) -> Self {
        let prizes: f64 = problem.visits().iter().filter_map(|visit| visit.prize).sum();
        let mut state = State {
            problem,
            routes: Vec::new(),
            total: 0.0,
            out: Vec::new(),
            missing_cost: f64::INFINITY,
            random: ChaCha8Rng::seed_from_u64(control.seed),
            control,
        };
        let alone = (0..problem.visits().len()).filter(|&visit| is_unit(problem, visit));
        let alone: f64 =
            alone.filter_map(|visit| state.cheapest_alone(&unit(problem, visit))).map(|new| new.1).sum();
        state.missing_cost = 10.0 * (prizes + alone) + 1.0;
        let out = |visit: &super::problem::Visit| {
            visit.prize.unwrap_or(state.missing_cost * (1.0 + f64::from(visit.priority)))
        };
        state.out = problem.visits().iter().map(out).collect();
        for route in start.iter().flat_map(|start| start.sound_routes(problem)) {
            let cost = state.price(&route);
            state.routes.extend(cost.map(|cost| (route, cost)));
        }
        for (vehicle, kind) in
            problem.vehicles().iter().enumerate().filter(|(_, kind)| !kind.committed.is_empty())
        {
            let route = Route::of(problem, vehicle, kind.committed.clone());
            let cost = state
                .price(&route)
                .filter(|_| state.routes.iter().all(|(known, _)| known.vehicle != vehicle));
            state.routes.extend(cost.map(|cost| (route, cost)));
        }
        let mut missing = state.absent();
        state.recreate(&mut missing);
        state.total = state.cost();
        state
    }

    /// Units on no route.
    fn absent(&self) -> Vec<usize> {
        let mut served = vec![false; self.problem.visits().len()];
        self.routes.iter().flat_map(|(route, _)| route.visits()).for_each(|visit| served[visit] = true);
        (0..served.len()).filter(|&visit| !served[visit] && is_unit(self.problem, visit)).collect()
    }

    fn clone_routes(&self) -> Priced {
        self.routes.clone()
    }

    fn restore(&mut self, (routes, total): (Priced, f64)) {
        (self.routes, self.total) = (routes, total);
    }

    /// The cost of a route; `None` where it breaks a rule or does not begin as its vehicle is committed to.
    fn price(&self, route: &Route) -> Option<f64> {
        let committed = &self.problem.vehicles()[route.vehicle].committed;
        if !route.trips.first().is_some_and(|trip| trip.visits.starts_with(committed)) {
            return None;
        }
        let mut violations: Vec<Violation> = Vec::new();
        let evaluated = evaluate_route(self.problem, route, 0, &mut violations);
        violations.is_empty().then(|| evaluated.cost.total())
    }

    /// Cost of everything, visits left out and unequal routes among it.
    fn cost(&self) -> f64 {
        let mut left_out = self.out.clone();
        for visit in self.routes.iter().flat_map(|(route, _)| route.visits()) {
            left_out[visit] = 0.0;
        }
        let routes: f64 = self.routes.iter().map(|(_, cost)| cost).sum();
        let mut balance = 0.0;
        if self.problem.data().balance_cost > 0.0 {
            let lengths = self
                .routes
                .iter()
                .map(|(route, _)| super::schedule::schedule(self.problem, route).duration());
            let (least, most) = lengths.fold((f64::INFINITY, 0.0_f64), |(least, most), length| {
                (least.min(length), most.max(length))
            });
            balance = self.problem.data().balance_cost * if least.is_finite() { most - least } else { 0.0 };
        }
        routes + balance + left_out.iter().sum::<f64>()
    }

    /// Takes some visits out, near each other or anywhere, and puts all that are out back in.
    fn step(&mut self) {
        let count = self.problem.visits().len();
        if count == 0 {
            return;
        }
        let wanted = 1 + self.random.random_range(0..MOST_REMOVED.min(count));
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut self.random);
        if self.random.random_range(0..3) > 0 {
            let centre = self.problem.visits()[order[0]].place;
            let distance = &self.problem.profile(0).distance;
            let near = |visit: &usize| distance.at(centre, self.problem.visits()[*visit].place);
            order.sort_by(|a, b| near(a).total_cmp(&near(b)));
        }
        order.truncate(wanted);
        let mut removed = Vec::new();
        for &visit in &order {
            removed.extend(self.remove(visit));
        }
        let mut open = self.absent();
        open.shuffle(&mut self.random);
        self.recreate(&mut open);
        self.total = self.cost();
    }

    /// Takes a visit and its partner off their route, unless the rest would break a rule.
    fn remove(&mut self, visit: usize) -> Vec<usize> {
        let Some(at) = self.routes.iter().position(|(route, _)| route.visits().any(|other| other == visit))
        else {
            return Vec::new();
        };
        let gone = unit(self.problem, visit);
        let mut route = self.routes[at].0.clone();
        for trip in &mut route.trips {
            trip.visits.retain(|visit| !gone.contains(visit));
        }
        route.drop_empty_trips();
        if route.is_empty() {
            self.routes.swap_remove(at);
            return gone;
        }
        match self.price(&route) {
            Some(cost) => {
                self.routes[at] = (route, cost);
                gone
            }
            None => Vec::new(),
        }
    }

    /// Puts the units of `open` where they add least, those that must be served by priority first. In
    /// half of the steps what is added is judged with noise, so that second best places are taken.
    /// Once it is time to stop, the others stay out.
    fn recreate(&mut self, open: &mut [usize]) {
        let urgency =
            |visit: usize| if self.problem.visits()[visit].prize.is_none() { self.out[visit] } else { 0.0 };
        open.sort_by(|&a, &b| urgency(b).total_cmp(&urgency(a)));
        let mean =
            self.routes.iter().map(|(_, cost)| cost).sum::<f64>() / self.problem.visits().len().max(1) as f64;
        let noise = if self.random.random::<bool>() { NOISE * mean } else { 0.0 };
        for &visit in open.iter() {
            if self.control.should_stop() {
                return;
            }
            let members = unit(self.problem, visit);
            let worth: f64 = members.iter().map(|&member| self.out[member]).sum();
            let alone = self.cheapest_alone(&members).filter(|(_, cost)| *cost < worth);
            let mut best = alone.map(|(route, cost)| {
                let told = cost + noise * self.random.random::<f64>();
                (Place { told, added: cost, route }, usize::MAX)
            });
            for at in 0..self.routes.len() {
                let limit = best.as_ref().map_or(f64::INFINITY, |(place, _)| place.told);
                let mut random = ChaCha8Rng::seed_from_u64(self.random.random());
                let told = |added: f64| added + noise * random.random::<f64>();
                if let Some(place) = self.cheapest_in(at, &members, (worth, limit), told) {
                    best = Some((place, at));
                }
            }
            if let Some((Place { added, route, .. }, at)) = best {
                match self.routes.get_mut(at) {
                    Some(slot) => *slot = (route, slot.1 + added),
                    None => self.routes.push((route, added)),
                }
            }
        }
    }

    /// A vehicle of its own for a unit, of a type that is left.
    fn cheapest_alone(&self, members: &[usize]) -> Option<(Route, f64)> {
        let kinds = 0..self.problem.vehicles().len();
        let free = kinds.filter(|&kind| {
            let used = self.routes.iter().filter(|(route, _)| route.vehicle == kind).count();
            used < self.problem.vehicles()[kind].count
        });
        let priced = free.filter_map(|kind| {
            let route = Route::of(self.problem, kind, members.to_vec());
            self.price(&route).map(|cost| (route, cost))
        });
        priced.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The best way to put a unit into a route, where it adds less than it is worth and is judged below
    /// a limit by `told`.
    fn cheapest_in(
        &self,
        at: usize,
        members: &[usize],
        (worth, limit): (f64, f64),
        mut told: impl FnMut(f64) -> f64,
    ) -> Option<Place> {
        let (route, before) = &self.routes[at];
        let mut best: Option<Place> = None;
        let mut consider = |longer: Route| {
            let Some(added) = self.price(&longer).map(|cost| cost - before) else { return };
            let told = told(added);
            if added < worth && told < best.as_ref().map_or(limit, |known| known.told) {
                best = Some(Place { told, added, route: longer });
            }
        };
        for trip in 0..route.trips.len() {
            let stops = route.trips[trip].visits.len();
            for first in 0..=stops {
                let mut longer = route.clone();
                longer.trips[trip].visits.insert(first, members[0]);
                let Some(&second) = members.get(1) else {
                    consider(longer);
                    continue;
                };
                for later in first + 1..=stops + 1 {
                    let mut both = longer.clone();
                    both.trips[trip].visits.insert(later, second);
                    consider(both);
                }
            }
        }
        let kind = &self.problem.vehicles()[route.vehicle];
        if route.trips.len() <= kind.max_reloads {
            for (at, &depot) in
                (1..=route.trips.len()).flat_map(|at| kind.reload_depots.iter().map(move |depot| (at, depot)))
            {
                let mut longer = route.clone();
                longer.trips.insert(at, Trip { depot, visits: members.to_vec() });
                consider(longer);
            }
            for &depot in &kind.reload_depots {
                let mut longer = route.clone();
                let first = Trip { depot: kind.start, visits: members.to_vec() };
                longer.trips[0].depot = depot;
                longer.trips.insert(0, first);
                consider(longer);
            }
        }
        best
    }

    fn solution(&self, routes: Priced) -> Solution {
        let routes: Vec<Route> = routes.into_iter().map(|(route, _)| route).collect();
        let mut served = vec![false; self.problem.visits().len()];
        routes.iter().flat_map(Route::visits).for_each(|visit| served[visit] = true);
        let unserved = (0..served.len()).filter(|&visit| !served[visit]).collect();
        Solution { routes, unserved }
    }
}

/// Whether a visit stands for its unit: alone, or the first of a pair.
fn is_unit(problem: &Problem, visit: usize) -> bool {
    !matches!(problem.partner(visit), Some((_, false)))
}

/// The visits that move together with `visit`, the first of a pair first.
fn unit(problem: &Problem, visit: usize) -> Vec<usize> {
    match problem.partner(visit) {
        None => vec![visit],
        Some((second, true)) => vec![visit, second],
        Some((first, false)) => vec![first, visit],
    }
}

#[cfg(test)]
mod tests;
