//! The day played through under one way to dispatch: at each moment something is decided, and what the
//! vehicles leave for until the next is begun.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::super::super::{DecideError, SolveOptions};
use super::super::check::{SLACK, check_route, price, take_in, unit};
use super::super::model::answer;
use super::super::plan::{Plan, PlanRoute};
use super::super::update::relieved;
use super::day::{Day, What};
use super::fleet::{Doing, Step, Vehicle};
use super::position::ahead;
use super::scene::{Moment, Scene, under_traffic};
use crate::control::Control;
use crate::optimize::routes::Profile;

/// Work of a decision without any limit: steps of the fast search, and of the one that knows pairs.
const DEFAULT_WORK: (u64, u64) = (2_000, 200);
/// How much more work a decision with foresight gets, as there are few of them.
const FORESIGHT_WORK: u64 = 10;

/// A way to dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// Plans anew whenever something happens.
    Rolling,
    /// Keeps the plan of the morning; a new order goes to the nearest vehicle, after its other stops.
    Nearest,
    /// Knows all orders and cancellations from the begin; traffic and delays as they come.
    Foresight,
}

impl Policy {
    pub const ALL: [Policy; 3] = [Policy::Rolling, Policy::Nearest, Policy::Foresight];

    pub fn name(self) -> &'static str {
        match self {
            Policy::Rolling => "rolling",
            Policy::Nearest => "nearest_vehicle",
            Policy::Foresight => "foresight",
        }
    }
}

/// A day as it was played.
#[derive(Debug, Clone)]
pub(super) struct Played {
    /// What each vehicle did.
    pub done: Vec<Vec<Step>>,
    pub decisions: usize,
    pub longest_seconds: f64,
    /// Stops that were taken from the driver who was told of them.
    pub changes: usize,
    /// Delays that positions told of.
    pub observed: Vec<(f64, What)>,
}

/// Plays the day. Limits of time and work are those of one search.
pub(super) fn play(day: &Day, policy: Policy, control: &Control) -> Result<Played, DecideError> {
    let mut dispatcher = Dispatcher {
        day,
        policy,
        control,
        fleet: Vehicle::all(day),
        gone: day.hopeless.clone(),
        profiles: day.problem.data.profiles.clone(),
        played: Played {
            done: Vec::new(),
            decisions: 0,
            longest_seconds: 0.0,
            changes: 0,
            observed: Vec::new(),
        },
    };
    let mut next = 0;
    for time in dispatcher.times() {
        let began = Instant::now();
        dispatcher.proceed(time);
        while let Some((_, what)) = day.log.get(next).filter(|(at, _)| *at <= time) {
            dispatcher.happen(time, *what);
            next += 1;
        }
        dispatcher.decide(time)?;
        let played = &mut dispatcher.played;
        played.decisions += 1;
        played.longest_seconds = played.longest_seconds.max(began.elapsed().as_secs_f64());
    }
    dispatcher.proceed(f64::INFINITY);
    let mut played = dispatcher.played;
    played.done = dispatcher.fleet.into_iter().map(|vehicle| vehicle.done).collect();
    Ok(played)
}

struct Dispatcher<'a> {
    day: &'a Day,
    policy: Policy,
    control: &'a Control,
    fleet: Vec<Vehicle>,
    /// Orders that are served, called off, or can no longer be served.
    gone: Vec<bool>,
    /// Ways under the traffic of the moment.
    profiles: Vec<Arc<Profile>>,
    played: Played,
}

impl Dispatcher<'_> {
    /// Moments of decision: the begin, and whatever happens, orders at the end of their period.
    fn times(&self) -> Vec<f64> {
        let begins = self.day.begins();
        let period = self.day.period;
        let decided = |&(time, what): &(f64, What)| match (what, self.policy) {
            (What::Order | What::Cancel(_), Policy::Foresight) => None,
            (What::Order, _) if period > 0.0 => Some(begins + ((time - begins) / period).ceil() * period),
            _ => Some(time),
        };
        let mut times: Vec<f64> = self.day.log.iter().filter_map(decided).chain([begins]).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        times
    }

    fn proceed(&mut self, time: f64) {
        for vehicle in &mut self.fleet {
            let before = vehicle.done.len();
            let back = vehicle.proceed(self.day, time);
            for step in &vehicle.done[before..] {
                if let Doing::Serve(order) = step.doing {
                    self.gone[order] = true;
                }
            }
            // Goods of a depot can be loaded again, those of a sender cannot.
            for order in back {
                self.gone[order] |= self.day.problem.data.pairs.iter().any(|pair| pair.second == order);
            }
        }
    }

    fn happen(&mut self, now: f64, what: What) {
        match what {
            What::Order => {}
            What::Traffic(factor) => {
                self.profiles = under_traffic(&self.day.problem.data.profiles, factor);
            }
            What::Delay { vehicle, by } => self.fleet[vehicle].delay(self.day, now, by),
            What::Position { vehicle, at } => {
                let kind = &self.day.problem.data.vehicles[self.fleet[vehicle].kind];
                let profile = &self.profiles[kind.profile];
                let ahead = ahead(&self.day.problem, profile, &self.fleet[vehicle], at, now);
                let by = ahead.map_or(0.0, |ahead| self.fleet[vehicle].seen(self.day, now, ahead));
                if by > SLACK {
                    self.played.observed.push((now, What::Delay { vehicle, by }));
                }
            }
            What::Cancel(_) => {
                for order in (0..self.gone.len()).filter(|&order| self.day.cancelled[order] <= now) {
                    if !std::mem::replace(&mut self.gone[order], true) {
                        self.fleet.iter_mut().for_each(|vehicle| vehicle.strand(self.day, order));
                    }
                }
            }
        }
    }

    /// Orders that are known, neither served nor called off.
    fn open(&self, now: f64) -> Vec<usize> {
        let foresees = self.policy == Policy::Foresight;
        let open = |&order: &usize| {
            let known = foresees || self.day.arrives[order] <= now;
            !self.gone[order] && known && !(foresees && self.day.cancelled[order] < f64::INFINITY)
        };
        (0..self.gone.len()).filter(open).collect()
    }

    fn decide(&mut self, now: f64) -> Result<(), DecideError> {
        let (open, fleet, profiles) = (self.open(now), self.fleet.clone(), self.profiles.clone());
        let moment = Moment { day: self.day, fleet: &fleet, now, profiles: &profiles, open: &open };
        let comes_back = moment.comes_back();
        let scene = moment.scene(|_| comes_back);
        let told = relieved(&scene.problem, scene.told(&fleet), &[]);
        let is_morning = self.played.decisions == 0;
        let plan = match self.policy {
            Policy::Nearest if !is_morning => self.nearest(&scene, told, &moment),
            _ => self.replanned(&scene, told)?,
        };
        self.played.changes += changes(&scene, &plan, &self.told_to());
        self.tell(&scene, &moment, &plan, comes_back);
        Ok(())
    }

    /// Of the plan that only takes in what is new, one that leaves told stops with their drivers, and
    /// one that is free, the cheapest with its changes.
    fn replanned(&mut self, scene: &Scene, told: Plan) -> Result<Plan, DecideError> {
        if scene.tasks.is_empty() {
            return Ok(told);
        }
        let told_to = self.told_to();
        let mut kept = told;
        let all: Vec<usize> = (0..scene.tasks.len()).collect();
        take_in(&scene.problem, &mut kept, &all);
        let options = SolveOptions { control: self.effort(scene), ..SolveOptions::default() };
        let mut candidates = vec![self.trimmed(scene, kept.clone())];
        if self.day.change_cost > 0.0 {
            let mut problem = scene.problem.clone();
            for (visit, task) in scene.tasks.iter().enumerate() {
                let (Doing::Serve(order) | Doing::Load(order)) = task else { continue };
                if let Some(vehicle) = told_to[*order] {
                    problem.data.visits[visit].vehicles = vec![vehicle];
                }
            }
            let plan = answer(&problem, Some(&kept), &options)?.plan;
            candidates.push(self.trimmed(scene, plan));
        }
        let plan = answer(&scene.problem, Some(&kept), &options)?.plan;
        candidates.push(self.trimmed(scene, plan));
        let score = |plan: &Plan| {
            let changes = changes(scene, plan, &told_to) as f64;
            let cost = price(&scene.problem, plan).total() + self.day.change_cost * changes;
            (missing(scene, plan), cost)
        };
        let scored = candidates.into_iter().map(|plan| (score(&plan), plan));
        let best = scored.min_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Ok(best.map(|(_, plan)| plan).unwrap_or_default())
    }

    fn effort(&self, scene: &Scene) -> Control {
        let mut control = self.control.silent();
        let (fast, slow) = DEFAULT_WORK;
        let usual = if scene.problem.data.pairs.is_empty() { fast } else { slow };
        if control.limits.work.is_none() && control.limits.time.is_none() {
            control.limits.work = Some(usual);
        }
        if self.policy == Policy::Foresight {
            control.limits.work = control.limits.work.map(|work| work.saturating_mul(FORESIGHT_WORK));
        }
        control
    }

    /// The vehicle whose driver was told of each order.
    fn told_to(&self) -> Vec<Option<usize>> {
        let mut told = vec![None; self.gone.len()];
        for (at, vehicle) in self.fleet.iter().enumerate() {
            vehicle.told().for_each(|order| told[order] = Some(at));
        }
        told
    }

    /// Each new order to the nearest vehicle that can take it after its other stops.
    fn nearest(&self, scene: &Scene, told: Plan, moment: &Moment<'_>) -> Plan {
        let mut plan = told;
        let mut planned: HashSet<usize> = plan.routes.iter().flat_map(PlanRoute::visits).collect();
        let mut orders = moment.open.to_vec();
        orders.sort_by(|&a, &b| self.day.arrives[a].total_cmp(&self.day.arrives[b]));
        for order in orders {
            let Some(visit) = scene.visit(Doing::Serve(order)).filter(|visit| !planned.contains(visit))
            else {
                continue;
            };
            let unit = unit(&scene.problem, visit);
            let to = scene.problem.data.visits[unit[0]].place;
            let mut near: Vec<(f64, usize)> = (0..self.fleet.len())
                .map(|at| {
                    let (kind, from) = (&scene.problem.data.vehicles[at], self.fleet[at].place);
                    (scene.problem.data.profiles[kind.profile].duration_at(from, to, moment.now), at)
                })
                .collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let longer = near.iter().find_map(|&(_, at)| self.appended(scene, &plan, at, &unit));
            if let Some(longer) = longer {
                planned.extend(unit);
                plan.routes.retain(|route| route.kind != longer.kind);
                plan.routes.push(longer);
            }
        }
        plan
    }

    /// The route of a vehicle with a unit after its stops, where it breaks no rule.
    fn appended(&self, scene: &Scene, plan: &Plan, vehicle: usize, unit: &[usize]) -> Option<PlanRoute> {
        let known = plan.routes.iter().find(|route| route.kind == vehicle);
        let mut visits: Vec<usize> = known.into_iter().flat_map(PlanRoute::visits).collect();
        let loads = matches!(scene.tasks[unit[0]], Doing::Load(_));
        if loads && self.fleet[vehicle].is_home(self.day) {
            // It loads before it leaves.
            visits.insert(0, unit[0]);
            visits.extend(&unit[1..]);
        } else {
            visits.extend(unit);
        }
        let route = scene.route(vehicle, visits);
        let sound = check_route(&scene.problem, &route).2.is_empty();
        let trimmed = self.trimmed(scene, Plan { routes: vec![route.clone()], unserved: Vec::new() });
        (sound && trimmed.routes.first() == Some(&route)).then_some(route)
    }

    /// The plan without orders for which a vehicle would load more often than it may, or for which it has no room
    /// beside what stays aboard.
    fn trimmed(&self, scene: &Scene, mut plan: Plan) -> Plan {
        for route in &mut plan.routes {
            let vehicle = &self.fleet[route.kind];
            let most = 1 + self.day.problem.data.vehicles[vehicle.kind].max_reloads;
            let mut loadings = vehicle.loadings;
            let mut refused: HashSet<usize> = HashSet::new();
            for visit in route.visits() {
                let task = scene.tasks[visit];
                if let Doing::Load(order) = task {
                    let place = scene.problem.data.visits[visit].place;
                    if !loadings.goes_on(place) && loadings.count >= most {
                        refused.insert(order);
                        continue;
                    }
                    loadings.load(place);
                } else {
                    loadings.pass();
                }
            }
            let keeps = |visit: &usize| match scene.tasks[*visit] {
                Doing::Load(order) | Doing::Serve(order) => !refused.contains(&order),
                Doing::Rest(_) | Doing::Return => true,
            };
            route.trips.iter_mut().for_each(|trip| trip.visits.retain(keeps));
            while !self.has_room(scene, route) {
                let taken = |visit: &usize| match scene.tasks[*visit] {
                    Doing::Load(order) | Doing::Serve(order) => {
                        (!vehicle.aboard.contains(&order)).then_some(order)
                    }
                    Doing::Rest(_) | Doing::Return => None,
                };
                let visits: Vec<usize> = route.visits().collect();
                let Some(last) = visits.iter().rev().find_map(taken) else { break };
                let keeps = |visit: &usize| taken(visit) != Some(last);
                route.trips.iter_mut().for_each(|trip| trip.visits.retain(keeps));
            }
        }
        plan.routes.retain(|route| route.visits().next().is_some());
        plan
    }

    /// Whether a vehicle can carry what a route loads and collects beside what is aboard already.
    fn has_room(&self, scene: &Scene, route: &PlanRoute) -> bool {
        let vehicle = &self.fleet[route.kind];
        let data = &self.day.problem.data;
        let tasks = || route.visits().map(|visit| scene.tasks[visit]);
        let comes_later: HashSet<usize> = tasks()
            .filter_map(|task| if let Doing::Load(order) = task { Some(order) } else { None })
            .collect();
        let at_start = tasks().filter_map(|task| match task {
            Doing::Serve(order) if !comes_later.contains(&order) => Some(order),
            _ => None,
        });
        let begins: HashSet<usize> = vehicle.aboard.iter().copied().chain(at_start).collect();
        data.vehicles[vehicle.kind].capacity.iter().enumerate().all(|(at, most)| {
            let delivery = |order: usize| data.visits[order].delivery[at];
            let mut load = vehicle.carried[at] + begins.iter().map(|&order| delivery(order)).sum::<f64>();
            let mut peak = load;
            for task in tasks() {
                load += match task {
                    Doing::Load(order) => delivery(order),
                    Doing::Serve(order) => data.visits[order].pickup[at] - delivery(order),
                    Doing::Rest(_) | Doing::Return => 0.0,
                };
                peak = peak.max(load);
            }
            peak <= most + SLACK
        })
    }

    /// Gives every vehicle its steps.
    fn tell(&mut self, scene: &Scene, moment: &Moment<'_>, plan: &Plan, comes_back: bool) {
        let mut tasks: Vec<Vec<Doing>> = vec![Vec::new(); self.fleet.len()];
        let mut first: HashSet<usize> = HashSet::new();
        for route in &plan.routes {
            let list: Vec<Doing> = route.visits().map(|visit| scene.tasks[visit]).collect();
            let vehicle = &self.fleet[route.kind];
            if vehicle.is_home(self.day) {
                let here = |visit: usize| scene.problem.data.visits[visit].place == vehicle.place;
                first.extend(route.visits().map_while(|visit| match scene.tasks[visit] {
                    Doing::Load(order) if here(visit) => Some(order),
                    _ => None,
                }));
            }
            tasks[route.kind] = list;
        }
        // What is loaded before a route begins takes none of its time.
        let timed = moment.scene(|order| comes_back && !first.contains(&order));
        for (at, tasks) in tasks.into_iter().enumerate() {
            let visits: Vec<usize> = tasks.iter().filter_map(|&task| timed.visit(task)).collect();
            let steps = if visits.is_empty() { Vec::new() } else { timed.steps(&timed.route(at, visits)) };
            let loads = |order: usize| steps.iter().any(|step| step.doing == Doing::Load(order));
            let takes = steps.iter().filter_map(|step| match step.doing {
                Doing::Serve(order) if moment.comes_from_depot(order) => Some(order),
                _ => None,
            });
            let takes = takes.filter(|&order| moment.carrier(order).is_none() && !loads(order)).collect();
            let vehicle = &mut self.fleet[at];
            vehicle.takes = takes;
            vehicle.plan = steps;
            if vehicle.plan.is_empty() && vehicle.out {
                vehicle.plan.push(return_of(&timed, at, vehicle, moment.now));
            }
        }
    }
}

/// The way back of a vehicle that has nothing left to do.
fn return_of(scene: &Scene, at: usize, vehicle: &Vehicle, now: f64) -> Step {
    let data = &scene.problem.data;
    let kind = &data.vehicles[at];
    let place = kind.end.map_or(vehicle.place, |end| data.depots[end].place);
    let leave = vehicle.free_at.max(now);
    let end = leave + data.profiles[kind.profile].duration_at(vehicle.place, place, leave);
    Step { doing: Doing::Return, place, leave, arrival: end, start: end, end }
}

/// Stops of which another driver was told, or that are dropped.
fn changes(scene: &Scene, plan: &Plan, told_to: &[Option<usize>]) -> usize {
    let mut now = vec![None; told_to.len()];
    for route in &plan.routes {
        for visit in route.visits() {
            if let Doing::Serve(order) = scene.tasks[visit] {
                now[order] = Some(route.kind);
            }
        }
    }
    let known = |&order: &usize| scene.visit(Doing::Serve(order)).is_some();
    let changed = |&order: &usize| told_to[order].is_some() && told_to[order] != now[order];
    (0..told_to.len()).filter(known).filter(changed).count()
}

/// Orders that should be served and are not, the more urgent more.
fn missing(scene: &Scene, plan: &Plan) -> f64 {
    let served: HashSet<usize> = plan.routes.iter().flat_map(PlanRoute::visits).collect();
    let weight = |visit: usize| 1.0 + f64::from(scene.problem.data.visits[visit].priority);
    let must = |visit: &usize| {
        matches!(scene.tasks[*visit], Doing::Serve(_)) && scene.problem.data.visits[*visit].prize.is_none()
    };
    (0..scene.tasks.len()).filter(must).filter(|visit| !served.contains(visit)).map(weight).sum()
}
