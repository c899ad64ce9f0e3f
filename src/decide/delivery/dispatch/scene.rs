//! One moment of a day as a delivery problem: every vehicle starts where it is, when it is free, with
//! what is aboard.
//!
//! What is aboard can be unloaded by its vehicle only. Goods at a depot are loaded by a vehicle that
//! has not left yet before its route begins; where vehicles may come back to load, such an order is a
//! pickup at the depot and its delivery.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::check::walk;
use super::super::plan::{Plan, PlanRoute};
use super::super::problem::{Fleet, Named, Problem};
use super::day::Day;
use super::fleet::{Doing, Step, Vehicle};
use crate::optimize::routes::{
    Backhauls, Break, Depot, Matrix, Pair, ProblemData, Profile, Slice, Trip, VehicleType, Visit, Window,
};

/// A moment as a problem; its vehicle types are the vehicles of the day.
pub(super) struct Scene {
    pub problem: Problem,
    /// What each visit of the problem stands for.
    pub tasks: Vec<Doing>,
    visit_of: HashMap<Doing, usize>,
    /// Depots of the day; those of the vehicles follow.
    depots: usize,
    /// For each vehicle which rests of its type it still owes.
    owed: Vec<Vec<usize>>,
}

/// What a scene is made from.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub day: &'a Day,
    pub fleet: &'a [Vehicle],
    pub now: f64,
    /// Ways under the traffic of the moment.
    pub profiles: &'a [Arc<Profile>],
    /// Orders that are known, neither served nor called off.
    pub open: &'a [usize],
}

impl<'a> Moment<'a> {
    /// The vehicle that has the goods of an order aboard.
    pub fn carrier(self, order: usize) -> Option<usize> {
        self.fleet.iter().position(|vehicle| vehicle.aboard.contains(&order))
    }

    /// Whether the goods of an order come from a depot.
    pub fn comes_from_depot(self, order: usize) -> bool {
        let data = &self.day.problem.data;
        data.visits[order].delivery.iter().any(|&amount| amount > 0.0)
            && data.pairs.iter().all(|pair| pair.second != order)
    }

    /// Whether vehicles may come to a depot to load on their way.
    pub fn comes_back(self) -> bool {
        let most = |vehicle: &Vehicle| self.day.problem.data.vehicles[vehicle.kind].max_reloads;
        self.fleet.iter().any(|vehicle| vehicle.may_load(self.day) && (vehicle.out || most(vehicle) > 0))
    }

    /// The depot where the goods of an order lie: the nearest at which a vehicle loads that may serve it.
    fn depot(self, order: usize) -> usize {
        let data = &self.day.problem.data;
        let visit = &data.visits[order];
        let away = |depot: usize| {
            let kinds = data.vehicles.iter().enumerate();
            let mut fit = kinds.filter(|(at, kind)| loads_at(kind, depot) && may_serve(*at, kind, visit));
            fit.next().map(|(_, kind)| {
                data.profiles[kind.profile].distance.at(data.depots[depot].place, visit.place)
            })
        };
        let known = (0..data.depots.len()).filter_map(|depot| Some((away(depot)?, depot)));
        known.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |(_, depot)| depot)
    }

    /// Vehicles that may serve an order now.
    fn allowed(self, order: usize, paired: bool) -> Vec<usize> {
        if let Some(vehicle) = self.carrier(order) {
            return vec![vehicle];
        }
        let data = &self.day.problem.data;
        let visit = &data.visits[order];
        let (from_depot, depot) = (self.comes_from_depot(order), self.depot(order));
        let may = |&at: &usize| {
            let vehicle = &self.fleet[at];
            let kind = &data.vehicles[vehicle.kind];
            let named = visit.vehicles.is_empty() || visit.vehicles.contains(&vehicle.kind);
            let waits = vehicle.is_home(self.day) && kind.start == depot;
            let loads = vehicle.may_load(self.day) && loads_at(kind, depot) && (paired || waits);
            named && (!from_depot || loads)
        };
        (0..self.fleet.len()).filter(may).collect()
    }

    /// The problem, with the goods of those orders loaded on the way that `paired` tells.
    pub fn scene(self, paired: impl Fn(usize) -> bool) -> Scene {
        let data = &self.day.problem.data;
        let mut made = Made::default();
        for &order in self.open {
            let on_the_way = self.comes_from_depot(order) && self.carrier(order).is_none() && paired(order);
            let vehicles = self.allowed(order, on_the_way);
            // Without a vehicle that may, it waits; an empty list would mean any.
            if vehicles.is_empty() {
                continue;
            }
            if on_the_way {
                self.load(order, &vehicles, &mut made);
            }
            let named = self.day.problem.visits[order].clone();
            let release = if on_the_way { f64::NEG_INFINITY } else { data.visits[order].release };
            // What is aboard was released.
            let release = if self.carrier(order).is_some() { f64::NEG_INFINITY } else { release };
            made.push(Doing::Serve(order), named, Visit { vehicles, release, ..data.visits[order].clone() });
            if on_the_way {
                made.pair(Doing::Load(order), Doing::Serve(order));
            }
        }
        for pair in &data.pairs {
            made.pair(Doing::Serve(pair.first), Doing::Serve(pair.second));
        }
        self.assemble(made)
    }

    /// The loading of an order at its depot.
    fn load(self, order: usize, vehicles: &[usize], made: &mut Made) {
        let data = &self.day.problem.data;
        let (visit, depot) = (&data.visits[order], self.depot(order));
        let from = &data.depots[depot];
        let opens = from.window.start.max(visit.release);
        let load = Visit {
            pickup: visit.delivery.clone(),
            windows: vec![Window { start: opens, end: from.window.end.max(opens) }],
            setup_duration: from.reload_duration,
            prize: visit.prize.map(|_| 0.0),
            priority: visit.priority,
            skills: visit.skills.clone(),
            vehicles: vehicles.to_vec(),
            ..Visit::at(from.place, visit.delivery.len())
        };
        let named = &self.day.problem.visits[order];
        let code = format!("{} at {}", named.code, self.day.problem.depots[depot].code);
        made.push(Doing::Load(order), Named { code, ..named.clone() }, load);
    }

    fn assemble(self, made: Made) -> Scene {
        let whole = &self.day.problem;
        let (mut depots, mut depot_names) = (whole.data.depots.clone(), whole.depots.clone());
        let (mut vehicles, mut fleet, mut owed) = (Vec::new(), Vec::new(), Vec::new());
        for (vehicle, &(kind, member)) in self.fleet.iter().zip(&self.day.vehicles) {
            let name = whole.vehicle(kind, member).to_owned();
            let (rests, breaks) = self.owed(vehicle).into_iter().unzip();
            owed.push(rests);
            vehicles.push(VehicleType { breaks, ..self.vehicle(vehicle, depots.len()) });
            depots.push(self.start(vehicle));
            depot_names.push(Named { code: name.clone(), ..Named::default() });
            fleet.push(Fleet { code: name.clone(), names: vec![name] });
        }
        let data = ProblemData {
            profiles: self.profiles.to_vec(),
            depots,
            visits: made.visits,
            vehicles,
            pairs: made.pairs,
            backhauls: Backhauls::Mixed,
            balance_cost: 0.0,
        };
        let problem = Problem {
            name: whole.name.clone(),
            stem: String::new(),
            data,
            visits: made.names,
            depots: depot_names,
            fleet,
            clock: whole.clock.clone(),
            telling: whole.telling.clone(),
            from_file: false,
            notices: crate::data::Faults::default(),
            read_seconds: 0.0,
            shipments: std::sync::OnceLock::new(),
        };
        Scene { problem, tasks: made.tasks, visit_of: made.visit_of, depots: whole.data.depots.len(), owed }
    }

    /// Rests that a vehicle has not taken; one whose time went by while it was not on the road is not
    /// owed, and one that it was held up for is taken as soon as it can be.
    fn owed(self, vehicle: &Vehicle) -> Vec<(usize, Break)> {
        let free = vehicle.free_at.max(self.now);
        let breaks = self.day.problem.data.vehicles[vehicle.kind].breaks.iter().copied().enumerate();
        let open = breaks
            .filter(|(at, rest)| !vehicle.rests.contains(at) && (vehicle.out || rest.window.end >= free));
        let soon = open.map(|(at, mut rest)| {
            rest.window.end = if vehicle.out { rest.window.end.max(free) } else { rest.window.end };
            (at, rest)
        });
        soon.collect()
    }

    /// Where and when a vehicle can begin.
    fn start(self, vehicle: &Vehicle) -> Depot {
        let data = &self.day.problem.data;
        let free = vehicle.free_at.max(self.now);
        let window = if vehicle.out {
            // Its time counts from now on, whether it moves or not.
            Window { start: free, end: free }
        } else if vehicle.is_home(self.day) {
            let home = data.depots[data.vehicles[vehicle.kind].start].window;
            let opens = home.start.max(free);
            Window { start: opens, end: home.end.max(opens) }
        } else {
            Window { start: free, end: f64::INFINITY }
        };
        Depot { place: vehicle.place, window, reload_duration: 0.0 }
    }

    /// A vehicle with what is left of its limits.
    fn vehicle(self, vehicle: &Vehicle, start: usize) -> VehicleType {
        let kind = &self.day.problem.data.vehicles[vehicle.kind];
        let worked = vehicle.worked_until(vehicle.free_at.max(self.now));
        let room =
            kind.capacity.iter().zip(&vehicle.carried).map(|(most, carried)| (most - carried).max(0.0));
        VehicleType {
            count: 1,
            capacity: room.collect(),
            start,
            fixed_cost: if vehicle.used { 0.0 } else { kind.fixed_cost },
            max_distance: (kind.max_distance - vehicle.driven).max(0.0),
            max_duration: (kind.max_duration - worked).max(0.0),
            max_reloads: 0,
            reload_depots: Vec::new(),
            ..kind.clone()
        }
    }
}

/// Whether vehicles of a type have the skills and the capacity for a visit and are not refused by it.
fn may_serve(at: usize, kind: &VehicleType, visit: &Visit) -> bool {
    let is_named = visit.vehicles.is_empty() || visit.vehicles.contains(&at);
    let is_skilled = visit.skills.iter().all(|skill| kind.skills.contains(skill));
    is_named && is_skilled && visit.delivery.iter().zip(&kind.capacity).all(|(amount, most)| amount <= most)
}

fn loads_at(kind: &VehicleType, depot: usize) -> bool {
    kind.start == depot || kind.reload_depots.contains(&depot)
}

/// Visits of a scene while it is made.
#[derive(Default)]
struct Made {
    tasks: Vec<Doing>,
    names: Vec<Named>,
    visits: Vec<Visit>,
    pairs: Vec<Pair>,
    visit_of: HashMap<Doing, usize>,
}

impl Made {
    fn push(&mut self, task: Doing, named: Named, visit: Visit) {
        self.visit_of.insert(task, self.visits.len());
        self.tasks.push(task);
        self.names.push(named);
        self.visits.push(visit);
    }

    /// Two visits belong together, where both are there.
    fn pair(&mut self, first: Doing, second: Doing) {
        let both = self.visit_of.get(&first).zip(self.visit_of.get(&second));
        self.pairs.extend(both.map(|(&first, &second)| Pair { first, second }));
    }
}

impl Scene {
    /// The visit that stands for a task.
    pub fn visit(&self, task: Doing) -> Option<usize> {
        self.visit_of.get(&task).copied()
    }

    /// A route of a vehicle.
    pub fn route(&self, vehicle: usize, visits: Vec<usize>) -> PlanRoute {
        PlanRoute { kind: vehicle, member: 0, trips: vec![Trip { depot: self.depots + vehicle, visits }] }
    }

    /// What the vehicles are told already, as far as it is still to be done.
    pub fn told(&self, fleet: &[Vehicle]) -> Plan {
        let mut routes = Vec::new();
        for (at, vehicle) in fleet.iter().enumerate() {
            let taken = vehicle.takes.iter().map(|&order| Doing::Load(order));
            let tasks = taken.chain(vehicle.plan.iter().map(|step| step.doing));
            let visits: Vec<usize> = tasks.filter_map(|task| self.visit(task)).collect();
            if !visits.is_empty() {
                routes.push(self.route(at, visits));
            }
        }
        Plan { routes, unserved: Vec::new() }
    }

    /// The steps of a route in time. A vehicle that would wait at a stop waits where it is.
    pub fn steps(&self, route: &PlanRoute) -> Vec<Step> {
        let kind = &self.problem.data.vehicles[route.kind];
        let walked = walk(&self.problem, route.kind, &route.trips);
        let profile = &self.problem.data.profiles[kind.profile];
        let moves = kind.breaks.is_empty() && profile.slices.is_empty();
        let mut place = self.problem.data.depots[kind.start].place;
        let mut steps: Vec<Step> = Vec::new();
        let mut rests = self.owed[route.kind].iter().copied().zip(&walked.rests).peekable();
        let mut free = walked.start;
        for stop in &walked.stops {
            while let Some((at, rest)) = rests.next_if(|(_, rest)| rest.start < stop.arrival) {
                let (doing, start) = (Doing::Rest(at), rest.start);
                steps.push(Step { doing, place, leave: free, arrival: free, start, end: rest.end });
                free = rest.end;
            }
            let later = if moves { stop.waiting } else { 0.0 };
            place = self.problem.data.visits[stop.visit].place;
            let (mut leave, mut arrival) = (free + later, stop.arrival + later);
            while let Some((at, rest)) = rests.next_if(|(_, rest)| rest.start < stop.end) {
                let (doing, start) = (Doing::Rest(at), rest.start);
                steps.push(Step { doing, place, leave, arrival, start, end: rest.end });
                (leave, arrival) = (rest.end, rest.end);
            }
            let doing = self.tasks[stop.visit];
            steps.push(Step { doing, place, leave, arrival, start: stop.start, end: stop.end });
            free = stop.end;
        }
        for (at, rest) in rests {
            let (doing, start) = (Doing::Rest(at), rest.start);
            steps.push(Step { doing, place, leave: free, arrival: free, start, end: rest.end });
            free = rest.end;
        }
        let place = kind.end.map_or(place, |end| self.problem.data.depots[end].place);
        let end = walked.end;
        steps.push(Step { doing: Doing::Return, place, leave: free, arrival: end, start: end, end });
        steps
    }
}

/// Profiles whose ways take so many times as long.
pub(super) fn under_traffic(profiles: &[Arc<Profile>], factor: f64) -> Vec<Arc<Profile>> {
    let longer = |matrix: &Matrix| match matrix {
        Matrix::Table { places, values } => Matrix::Table {
            places: *places,
            values: Arc::new(values.iter().map(|value| value * factor).collect()),
        },
        Matrix::Plane { points, rounding } => Matrix::Plane {
            points: Arc::new(points.iter().map(|point| point.map(|x| x * factor)).collect()),
            rounding: *rounding,
        },
    };
    let slice = |slice: &Slice| Slice { departure: slice.departure, duration: longer(&slice.duration) };
    let profile = |profile: &Arc<Profile>| {
        Arc::new(Profile {
            distance: profile.distance.clone(),
            duration: longer(&profile.duration),
            slices: profile.slices.iter().map(slice).collect(),
        })
    };
    profiles.iter().map(profile).collect()
}
