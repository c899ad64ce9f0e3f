//! The routes that a search changes, with what constant-time moves need to know of each position.

use super::evaluate::evaluate_route;
use super::network::{Kind, Network};
use super::problem::Backhauls;
use super::schedule::TOLERANCE;
use super::segment::{Load, Timing};
use super::solution::{Route, Solution};

/// Where a visit is when it is on no tour.
pub(super) const NONE: u32 = u32::MAX;

/// One route; empty ones are slots to be used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Tour {
    pub kind: usize,
    pub visits: Vec<u32>,
    /// Visits at its beginning that stay.
    pub committed: usize,
    pub distance: f64,
    /// Least duration; only where segments are needed.
    pub duration: f64,
    pub release: f64,
    pub cost: f64,
    /// Amounts unloaded and loaded in each dimension.
    pub load: Vec<Load>,
}

/// What is known of a visit on a tour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub tour: u32,
    pub position: u32,
    /// Nodes before and after it.
    pub previous: u32,
    pub next: u32,
    /// Distance from the node before, and to that after.
    pub from_previous: f64,
    pub to_next: f64,
    /// Earliest start of service.
    pub early: f64,
    /// Latest start of service that keeps the rest in time.
    pub late: f64,
}

#[derive(Clone)]
pub(super) struct Tours<'a> {
    pub network: &'a Network<'a>,
    pub tours: Vec<Tour>,
    pub seats: Vec<Seat>,
    /// Timing up to and from each visit; filled where segments are needed.
    pub before: Vec<Timing>,
    pub after: Vec<Timing>,
    /// Loads up to and from each visit, by dimension; filled where visits load.
    pub load_before: Vec<Load>,
    pub load_after: Vec<Load>,
    /// What each tour has room for, by dimension: amounts unloaded and, where visits load, loaded.
    room: Vec<f64>,
    /// Vehicles of each kind that are not used.
    pub free: Vec<usize>,
    /// Empty tours.
    pub slots: Vec<u32>,
}

impl<'a> Tours<'a> {
    /// No visit on any tour but those that vehicles are committed to.
    pub fn new(network: &'a Network<'a>) -> Self {
        let visits = network.visits;
        let seat = Seat {
            tour: NONE,
            position: 0,
            previous: NONE,
            next: NONE,
            from_previous: 0.0,
            to_next: 0.0,
            early: 0.0,
            late: 0.0,
        };
        let timings = if network.rules.segments { visits } else { 0 };
        let loads = if network.rules.pickups { visits * network.dimensions } else { 0 };
        let mut tours = Tours {
            network,
            tours: Vec::new(),
            seats: vec![seat; visits],
            before: vec![Timing::at(0.0, 0.0); timings],
            after: vec![Timing::at(0.0, 0.0); timings],
            load_before: vec![Load::default(); loads],
            load_after: vec![Load::default(); loads],
            room: Vec::new(),
            free: network.kinds.iter().map(|kind| kind.count).collect(),
            slots: Vec::new(),
        };
        for (&kind, vehicle) in network.kind_of.iter().zip(network.problem.vehicles()) {
            if !vehicle.committed.is_empty() {
                let visits: Vec<u32> =
                    vehicle.committed.iter().map(|&visit| network.node_of[visit]).collect();
                let committed = visits.len();
                tours.tours.push(Tour { kind, visits, committed, ..Tour::default() });
                tours.refresh(tours.tours.len() - 1);
            }
        }
        tours
    }

    /// Takes the routes of an earlier solution that keep all rules. A route of a vehicle that is
    /// committed to its first visits goes on after them.
    pub fn adopt(&mut self, solution: &Solution) {
        for route in solution.sound_routes(self.network.problem) {
            let visits: Vec<u32> = route.visits().map(|visit| self.network.node_of[visit]).collect();
            let kind = self.network.kind_of[route.vehicle];
            let begun = self.tours.iter().position(|tour| tour.kind == kind && tour.committed > 0);
            let begin = begun.map_or(Vec::new(), |tour| self.tours[tour].visits.clone());
            let Some(added) = visits.strip_prefix(begin.as_slice()) else { continue };
            let new = |&visit: &u32| self.seats[visit as usize].tour == NONE;
            let serves = |visit: &u32| self.network.may_serve(kind, *visit);
            if route.trips.len() != 1
                || (begun.is_none() && self.free[kind] == 0)
                || !added.iter().all(new)
                || !visits.iter().all(serves)
            {
                continue;
            }
            let tour = begun.unwrap_or_else(|| self.open(kind));
            self.tours[tour].visits.extend_from_slice(added);
            if self.measure(tour).is_some() {
                continue;
            }
            if begun.is_none() {
                self.clear(tour);
                continue;
            }
            added.iter().for_each(|&visit| self.seats[visit as usize].tour = NONE);
            self.tours[tour].visits.truncate(begin.len());
            self.refresh(tour);
        }
    }

    /// A new empty tour of a kind.
    pub fn open(&mut self, kind: usize) -> usize {
        self.free[kind] -= 1;
        let slot = match self.slots.pop() {
            Some(slot) => slot as usize,
            None => {
                self.tours.push(Tour::default());
                self.tours.len() - 1
            }
        };
        self.tours[slot].kind = kind;
        slot
    }

    /// Removes all visits of a tour and gives its vehicle back.
    pub fn clear(&mut self, tour: usize) {
        for at in 0..self.tours[tour].visits.len() {
            self.seats[self.tours[tour].visits[at] as usize].tour = NONE;
        }
        self.tours[tour].visits.clear();
        self.retire(tour);
    }

    /// Forgets empty tours.
    pub fn compact(&mut self) {
        self.tours.retain(|tour| !tour.visits.is_empty());
        self.slots.clear();
        self.room.clear();
        for index in 0..self.tours.len() {
            for &visit in &self.tours[index].visits {
                self.seats[visit as usize].tour = index as u32;
            }
            self.refresh_room(index);
        }
    }

    /// Gives the vehicle of an empty tour back.
    pub fn retire(&mut self, tour: usize) {
        self.free[self.tours[tour].kind] += 1;
        self.slots.push(tour as u32);
        let emptied = &mut self.tours[tour];
        (emptied.cost, emptied.distance, emptied.duration) = (0.0, 0.0, 0.0);
        emptied.load.fill(Load::default());
    }

    /// The node before a position of a tour.
    #[inline]
    pub fn node_before(&self, tour: &Tour, position: usize) -> u32 {
        if position == 0 { self.network.kinds[tour.kind].start } else { tour.visits[position - 1] }
    }

    /// The node at a position of a tour; its end behind the last visit.
    #[inline]
    pub fn node_at(&self, tour: &Tour, position: usize) -> u32 {
        tour.visits.get(position).copied().unwrap_or(self.network.kinds[tour.kind].end)
    }

    /// Computes everything about a tour anew; `false` where it is not in time, too long or ill-ordered.
    pub fn refresh(&mut self, index: usize) -> bool {
        let network = self.network;
        let tour = &mut self.tours[index];
        let kind = &network.kinds[tour.kind];
        let arcs = &network.arcs[kind.profile];
        let (mut from, mut distance, mut release) = (kind.start, 0.0, f64::NEG_INFINITY);
        for (position, &visit) in tour.visits.iter().enumerate() {
            let from_previous = arcs.distance(from, visit);
            distance += from_previous;
            if position > 0 {
                let seat = &mut self.seats[from as usize];
                (seat.next, seat.to_next) = (visit, from_previous);
            }
            let seat = &mut self.seats[visit as usize];
            (seat.tour, seat.position) = (index as u32, position as u32);
            (seat.previous, seat.from_previous) = (from, from_previous);
            release = network.nodes[visit as usize].release.max(release);
            from = visit;
        }
        let to_end = arcs.distance(from, kind.end);
        if let Some(seat) = tour.visits.last().map(|&last| &mut self.seats[last as usize]) {
            (seat.next, seat.to_next) = (kind.end, to_end);
        }
        tour.distance = distance + to_end;
        tour.release = release;
        let dimensions = network.dimensions;
        tour.load.clear();
        tour.load.resize(dimensions, Load::default());
        if !network.rules.pickups {
            for &visit in &tour.visits {
                for dimension in 0..dimensions {
                    tour.load[dimension].delivery +=
                        network.delivery[visit as usize * dimensions + dimension];
                }
            }
        }
        tour.load.iter_mut().for_each(|load| load.most = load.delivery);
        tour.cost = kind.fixed + kind.unit_distance * tour.distance;
        // A way that does not exist is endless, and within no limit.
        let fits = tour.distance.is_finite() && tour.distance <= kind.max_distance + TOLERANCE;
        if network.rules.pickups {
            self.refresh_loads(index);
        }
        self.refresh_room(index);
        let in_time = !network.rules.timed || self.refresh_times(index);
        let keeps = !network.rules.walked || self.refresh_by_walk(index);
        fits && in_time && keeps && self.is_ordered(index)
    }

    fn refresh_room(&mut self, index: usize) {
        let (dimensions, stride) = (self.network.dimensions, self.network.amounts());
        let tour = &self.tours[index];
        if self.room.len() < (index + 1) * stride {
            self.room.resize((index + 1) * stride, 0.0);
        }
        let room = &mut self.room[index * stride..(index + 1) * stride];
        let capacity = &self.network.kinds[tour.kind].capacity;
        for (dimension, load) in tour.load.iter().enumerate() {
            room[dimension] = capacity[dimension] + TOLERANCE - load.delivery;
            if stride > dimensions {
                room[dimensions + dimension] = capacity[dimension] + TOLERANCE - load.pickup;
            }
        }
    }

    /// Whether a tour has room for amounts, in its own vehicle.
    #[inline]
    pub fn has_room_for(&self, tour: usize, amounts: &[f64]) -> bool {
        let room = &self.room[tour * amounts.len()..];
        amounts.iter().zip(room).all(|(amount, room)| amount <= room)
    }

    fn refresh_by_walk(&mut self, index: usize) -> bool {
        let tour = &self.tours[index];
        let walked = self.walk(tour.kind, tour.visits.iter().copied());
        if let Some(cost) = walked {
            self.tours[index].cost = cost;
        }
        walked.is_some()
    }

    /// Cost of a route by the evaluator; `None` where it breaks a rule.
    pub fn walk(&self, kind: usize, visits: impl Iterator<Item = u32>) -> Option<f64> {
        let network = self.network;
        let visits = visits.map(|node| network.nodes[node as usize].visit).collect();
        let mut violations = Vec::new();
        let route = Route::of(network.problem, network.kinds[kind].types[0], visits);
        let cost = evaluate_route(network.problem, &route, 0, &mut violations).cost.total();
        violations.is_empty().then_some(cost)
    }

    fn refresh_loads(&mut self, index: usize) {
        let network = self.network;
        let dimensions = network.dimensions;
        let tour = &mut self.tours[index];
        for dimension in 0..dimensions {
            let slot = |visit: u32| visit as usize * dimensions + dimension;
            let own = |visit: u32| Load::of(network.delivery[slot(visit)], network.pickup[slot(visit)]);
            let mut load = Load::default();
            for &visit in &tour.visits {
                load = load.then(&own(visit));
                self.load_before[slot(visit)] = load;
            }
            tour.load[dimension] = load;
            load = Load::default();
            for &visit in tour.visits.iter().rev() {
                load = own(visit).then(&load);
                self.load_after[slot(visit)] = load;
            }
        }
    }

    fn refresh_times(&mut self, index: usize) -> bool {
        let network = self.network;
        let tour = &mut self.tours[index];
        let kind = &network.kinds[tour.kind];
        let arcs = &network.arcs[kind.profile];
        let mut in_time = true;
        let (mut from, mut clock) = (kind.start, kind.leave.start);
        for &visit in &tour.visits {
            let window = network.nodes[visit as usize].window;
            clock = (clock + arcs.lag(from, visit)).max(window.start);
            in_time &= clock <= window.end + TOLERANCE;
            self.seats[visit as usize].early = clock;
            from = visit;
        }
        in_time &= clock + arcs.lag(from, kind.end) <= kind.close + TOLERANCE;
        let (mut to, mut clock) = (kind.end, kind.close);
        for &visit in tour.visits.iter().rev() {
            clock = (clock - arcs.lag(visit, to)).min(network.nodes[visit as usize].window.end);
            self.seats[visit as usize].late = clock;
            to = visit;
        }
        in_time &= kind.leave.start + arcs.lag(kind.start, to) <= clock + TOLERANCE;
        in_time && (!network.rules.segments || self.refresh_segments(index))
    }

    fn refresh_segments(&mut self, index: usize) -> bool {
        let network = self.network;
        let tour = &mut self.tours[index];
        let kind = &network.kinds[tour.kind];
        let arcs = &network.arcs[kind.profile];
        let own = |visit: u32| {
            let window = network.nodes[visit as usize].window;
            Timing::at(window.start, window.end)
        };
        let (mut from, mut timing) = (kind.start, start_of(kind));
        for &visit in &tour.visits {
            let Some(next) = timing.then(arcs.lag(from, visit), &own(visit), TOLERANCE) else { return false };
            self.before[visit as usize] = next;
            (from, timing) = (visit, next);
        }
        let Some(whole) = timing.then(arcs.lag(from, kind.end), &end_of(kind), TOLERANCE) else {
            return false;
        };
        let (mut to, mut timing) = (kind.end, end_of(kind));
        for &visit in tour.visits.iter().rev() {
            let Some(next) = own(visit).then(arcs.lag(visit, to), &timing, TOLERANCE) else { return false };
            self.after[visit as usize] = next;
            (to, timing) = (visit, next);
        }
        tour.duration = whole.duration;
        tour.cost += kind.unit_duration * whole.duration;
        whole.duration.is_finite()
            && whole.duration <= kind.max_duration + TOLERANCE
            && tour.release <= whole.late + TOLERANCE
    }

    fn is_ordered(&self, index: usize) -> bool {
        let is_backhaul = |visit: &u32| self.network.nodes[*visit as usize].backhaul;
        let visits = &self.tours[index].visits;
        match self.network.rules.backhauls {
            Backhauls::Mixed => true,
            Backhauls::Last => visits.is_sorted_by_key(is_backhaul),
            Backhauls::LastAndNeverAlone => {
                visits.is_sorted_by_key(is_backhaul) && !visits.first().is_some_and(is_backhaul)
            }
        }
    }

    /// Refreshes a tour and tells whether it keeps all rules, loads too.
    pub fn measure(&mut self, index: usize) -> Option<f64> {
        let ordered = self.refresh(index);
        let tour = &self.tours[index];
        let capacity = &self.network.kinds[tour.kind].capacity;
        let fits = tour.load.iter().zip(capacity).all(|(load, capacity)| load.most <= capacity + TOLERANCE);
        (ordered && fits).then_some(tour.cost)
    }

    /// Gives a tour the cheapest vehicle that is free and can drive it.
    pub fn refit(&mut self, index: usize) {
        let network = self.network;
        let own = self.tours[index].kind;
        if network.kinds.len() == 1 || self.tours[index].committed > 0 || self.tours[index].visits.is_empty()
        {
            return;
        }
        let mut best = (self.tours[index].cost, own);
        for kind in 0..network.kinds.len() {
            let serves = kind != own
                && self.free[kind] > 0
                && self.tours[index].visits.iter().all(|&v| network.may_serve(kind, v));
            if !serves {
                continue;
            }
            self.tours[index].kind = kind;
            if let Some(cost) = self.measure(index)
                && cost < best.0 - TOLERANCE
            {
                best = (cost, kind);
            }
        }
        self.tours[index].kind = best.1;
        self.refresh(index);
        self.free[own] += 1;
        self.free[best.1] -= 1;
    }
}

/// Timing of the start of a route.
#[inline]
pub(super) fn start_of(kind: &Kind) -> Timing {
    Timing::at(kind.leave.start, kind.leave.end)
}

/// Timing of the end of a route.
#[inline]
pub(super) fn end_of(kind: &Kind) -> Timing {
    Timing::at(f64::NEG_INFINITY, kind.close)
}
