//! Given routes and visits that are on none, find the cheapest place for each, one after the other.
//!
//! Method: greedy insertion with blinks, Christiaens and Vanden Berghe (2020), "Slack induction by
//! string removals for vehicle routing problems", doi:10.1287/trsc.2019.0914.
//! Cost: O(k) a visit where one of its k nearest visits has room beside it, else O(n).
//! Same random numbers give the same answer: yes.
//! Differs from the paper: only positions beside near visits are looked at first, then those beside
//! farther ones, then all; an unused vehicle is weighed against them; a route may change to a larger vehicle.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::network::{Kind, Network, WIDER};
use super::problem::Backhauls;
use super::schedule::TOLERANCE;
use super::segment::{Load, Timing};
use super::tours::{NONE, Tour, Tours, end_of, start_of};

/// Where to put a visit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub cost: f64,
    pub tour: u32,
    pub position: u32,
    /// Vehicle type of the tour afterwards.
    pub kind: u32,
}

/// Skips positions now and then, so that the same visits do not always go to the same places.
pub(super) struct Blinks {
    rate: f64,
    left: u32,
}

impl Blinks {
    pub fn new(rate: f64) -> Self {
        Blinks { rate, left: 0 }
    }

    #[inline]
    fn skips(&mut self, rng: &mut ChaCha8Rng) -> bool {
        if self.rate <= 0.0 {
            return false;
        }
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        let draw: f64 = rng.random();
        self.left = ((1.0 - draw).ln() / (1.0 - self.rate).ln()) as u32;
        true
    }
}

/// The visit to be placed, with what is the same for all positions.
struct Newcomer<'a> {
    visit: u32,
    delivery: &'a [f64],
    pickup: &'a [f64],
    /// What a tour must have room for.
    amounts: &'a [f64],
    timing: Timing,
    release: f64,
    backhaul: bool,
}

impl<'a> Newcomer<'a> {
    fn new(network: &'a Network<'a>, visit: u32) -> Self {
        let (node, d) = (&network.nodes[visit as usize], network.dimensions);
        let amounts = visit as usize * d..(visit as usize + 1) * d;
        Newcomer {
            visit,
            delivery: &network.delivery[amounts.clone()],
            pickup: &network.pickup[amounts],
            amounts: network.amounts_at(visit),
            timing: Timing::at(node.window.start, node.window.end),
            release: node.release,
            backhaul: node.backhaul,
        }
    }
}

/// Where a visit may be put: between two nodes of a tour.
#[derive(Clone, Copy)]
struct Spot {
    tour: usize,
    position: usize,
    previous: u32,
    next: u32,
    /// Distance from one to the other.
    direct: f64,
}

impl Tours<'_> {
    /// The cheapest place for a visit; `None` where there is none cheaper than leaving it out, at
    /// `worth` times its price.
    pub fn best_place(
        &self,
        visit: u32,
        worth: f64,
        everywhere: bool,
        blinks: &mut Blinks,
        rng: &mut ChaCha8Rng,
    ) -> Option<Place> {
        let network = self.network;
        let new = Newcomer::new(network, visit);
        let cost = worth * network.nodes[visit as usize].penalty;
        let mut best = Place { cost, tour: NONE, position: 0, kind: 0 };
        self.new_tour(&new, &mut best);
        let room_is_near = !everywhere && self.near_places(&new, &mut best, blinks, rng);
        let must_be_served = best.cost >= cost && !network.nodes[visit as usize].optional;
        if !room_is_near || must_be_served {
            for index in 0..self.tours.len() {
                let tour = &self.tours[index];
                if tour.visits.is_empty() {
                    continue;
                }
                let Some(kind) = self.kind_with_room(index, &new) else { continue };
                for position in tour.committed..=tour.visits.len() {
                    if network.rules.timed && !network.rules.walked && position > 0 {
                        let before = tour.visits[position - 1];
                        if self.seats[before as usize].early > new.timing.late {
                            break;
                        }
                    }
                    if !blinks.skips(rng) {
                        self.try_spot(self.spot(index, position), kind, &new, &mut best);
                    }
                }
            }
        }
        (best.cost < cost).then_some(best)
    }

    /// Tries the positions after and before the companions, the farther ones where the nearer have no
    /// place; tells whether any of their tours had room.
    fn near_places(
        &self,
        new: &Newcomer<'_>,
        best: &mut Place,
        blinks: &mut Blinks,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        let (befores, afters) = self.network.companions(new.visit);
        let near = befores.len().div_ceil(WIDER);
        let mut has_room = false;
        for range in [0..near, near..befores.len()] {
            has_room |= self.places_beside(&befores[range.clone()], true, new, best, blinks, rng);
            has_room |= self.places_beside(&afters[range], false, new, best, blinks, rng);
            if best.tour != NONE {
                break;
            }
        }
        has_room
    }

    /// Tries the positions after, or before, some companions; tells whether any of their tours had room.
    fn places_beside(
        &self,
        companions: &[u32],
        after: bool,
        new: &Newcomer<'_>,
        best: &mut Place,
        blinks: &mut Blinks,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        let mut has_room = false;
        for &other in companions {
            let Some(seat) = self.seats.get(other as usize) else { break };
            if seat.tour == NONE {
                continue;
            }
            let tour = seat.tour as usize;
            let Some(kind) = self.kind_with_room(tour, new) else { continue };
            has_room = true;
            let (previous, next, direct) = if after {
                (other, seat.next, seat.to_next)
            } else {
                (seat.previous, other, seat.from_previous)
            };
            let position = seat.position as usize + usize::from(after);
            let spot = Spot { tour, position, previous, next, direct };
            if self.adds_less(spot, kind, new, best.cost)
                && position >= self.tours[tour].committed
                && !blinks.skips(rng)
            {
                self.try_spot(spot, kind, new, best);
            }
        }
        has_room
    }

    fn spot(&self, tour: usize, position: usize) -> Spot {
        let own = &self.tours[tour];
        let (previous, next) = (self.node_before(own, position), self.node_at(own, position));
        let direct = match own.visits.get(position) {
            Some(&visit) => self.seats[visit as usize].from_previous,
            None => self.seats[previous as usize].to_next,
        };
        Spot { tour, position, previous, next, direct }
    }

    /// Whether the longer way alone costs less than a limit; not asked where the vehicle may change.
    #[inline]
    fn adds_less(&self, spot: Spot, kind: usize, new: &Newcomer<'_>, limit: f64) -> bool {
        let own = &self.network.kinds[kind];
        if self.network.kinds.len() > 1 {
            return true;
        }
        let arcs = &self.network.arcs[own.profile];
        let added = arcs.distance_back(new.visit, spot.previous) + arcs.distance(new.visit, spot.next);
        own.unit_distance * (added - spot.direct) < limit
    }

    /// The type that a tour has once the visit is on it: its own where that has room.
    #[inline]
    fn kind_with_room(&self, tour: usize, new: &Newcomer<'_>) -> Option<usize> {
        let single = self.network.kinds.len() == 1;
        if self.has_room_for(tour, new.amounts) {
            let own = if single { 0 } else { self.tours[tour].kind };
            return self.network.may_serve(own, new.visit).then_some(own);
        }
        if single { None } else { self.larger_kind(tour, new) }
    }

    /// The cheapest free type that can take the place of a tour's and has room for the visit too.
    fn larger_kind(&self, tour: usize, new: &Newcomer<'_>) -> Option<usize> {
        let network = self.network;
        let tour = &self.tours[tour];
        if tour.committed > 0 {
            return None;
        }
        let class = network.kinds[tour.kind].class;
        let serves =
            |kind: usize| tour.visits.iter().chain([&new.visit]).all(|&visit| network.may_serve(kind, visit));
        let larger = network.kinds.iter().enumerate().filter(|&(index, kind)| {
            kind.class == class && self.free[index] > 0 && fits(kind, &tour.load, new) && serves(index)
        });
        let cost = |kind: &Kind| kind.fixed + kind.unit_distance * tour.distance;
        larger.min_by(|a, b| cost(a.1).total_cmp(&cost(b.1))).map(|(index, _)| index)
    }

    #[inline]
    fn try_spot(&self, spot: Spot, kind: usize, new: &Newcomer<'_>, best: &mut Place) {
        let network = self.network;
        let Spot { tour: index, position, previous, next, direct } = spot;
        let tour = &self.tours[index];
        let own = &network.kinds[kind];
        let arcs = &network.arcs[own.profile];
        let added = arcs.distance_back(new.visit, previous) + arcs.distance(new.visit, next) - direct;
        let mut cost = own.unit_distance * added;
        if kind != tour.kind {
            let old = &network.kinds[tour.kind];
            cost += own.fixed - old.fixed + (own.unit_distance - old.unit_distance) * tour.distance;
        }
        let rules = &network.rules;
        if cost >= best.cost
            || tour.distance + added > own.max_distance + TOLERANCE
            || (rules.pickups && !self.has_room(tour, position, own, new))
            || (rules.backhauls != Backhauls::Mixed && self.is_ill_ordered(tour, position, new))
        {
            return;
        }
        if rules.walked {
            let Some(whole) = self.walk_with(tour, position, kind, new) else { return };
            cost = whole - tour.cost;
        } else if rules.segments {
            let Some(duration) = self.duration_with(tour, position, own, new) else { return };
            let old = network.kinds[tour.kind].unit_duration * tour.duration;
            cost += own.unit_duration * duration - old;
        } else if rules.timed && !self.is_in_time(tour, position, own, new) {
            return;
        }
        if cost < best.cost {
            *best = Place { cost, tour: index as u32, position: position as u32, kind: kind as u32 };
        }
    }

    #[inline]
    fn is_in_time(&self, tour: &Tour, position: usize, kind: &Kind, new: &Newcomer<'_>) -> bool {
        let arcs = &self.network.arcs[kind.profile];
        let (before, after) = (self.node_before(tour, position), self.node_at(tour, position));
        let left = if position == 0 { kind.leave.start } else { self.seats[before as usize].early };
        let start = (left + arcs.lag_back(before, new.visit)).max(new.timing.early);
        let latest = match tour.visits.get(position) {
            Some(&visit) => self.seats[visit as usize].late,
            None => kind.close,
        };
        start <= new.timing.late + TOLERANCE && start + arcs.lag(new.visit, after) <= latest + TOLERANCE
    }

    /// Least duration of a tour with the visit; `None` where it cannot be in time.
    #[inline]
    fn duration_with(&self, tour: &Tour, position: usize, kind: &Kind, new: &Newcomer<'_>) -> Option<f64> {
        let arcs = &self.network.arcs[kind.profile];
        let (before, after) = (self.node_before(tour, position), self.node_at(tour, position));
        let head = if position == 0 { start_of(kind) } else { self.before[before as usize] };
        let tail = match tour.visits.get(position) {
            Some(&visit) => self.after[visit as usize],
            None => end_of(kind),
        };
        let whole = head.then(arcs.lag_back(before, new.visit), &new.timing, TOLERANCE)?.then(
            arcs.lag(new.visit, after),
            &tail,
            TOLERANCE,
        )?;
        let release = if tour.visits.is_empty() { new.release } else { tour.release.max(new.release) };
        let keeps = whole.duration <= kind.max_duration + TOLERANCE && release <= whole.late + TOLERANCE;
        keeps.then_some(whole.duration)
    }

    /// Cost of a tour with the visit, by a walk through it.
    fn walk_with(&self, tour: &Tour, position: usize, kind: usize, new: &Newcomer<'_>) -> Option<f64> {
        let (head, tail) = tour.visits.split_at(position);
        self.walk(kind, head.iter().chain([&new.visit]).chain(tail).copied())
    }

    fn has_room(&self, tour: &Tour, position: usize, kind: &Kind, new: &Newcomer<'_>) -> bool {
        let dimensions = self.network.dimensions;
        (0..dimensions).all(|dimension| {
            let at = |visit: u32| visit as usize * dimensions + dimension;
            let head =
                if position == 0 { Load::default() } else { self.load_before[at(tour.visits[position - 1])] };
            let tail = tour.visits.get(position).map_or(Load::default(), |&visit| self.load_after[at(visit)]);
            let own = Load::of(new.delivery[dimension], new.pickup[dimension]);
            head.then(&own).then(&tail).most <= kind.capacity[dimension] + TOLERANCE
        })
    }

    /// Whether the visit would stand on the wrong side of one that loads, or alone.
    fn is_ill_ordered(&self, tour: &Tour, position: usize, new: &Newcomer<'_>) -> bool {
        let is_backhaul = |visit: u32| self.network.nodes[visit as usize].backhaul;
        if new.backhaul {
            let alone = position == 0 && self.network.rules.backhauls == Backhauls::LastAndNeverAlone;
            alone || tour.visits.get(position).is_some_and(|&visit| !is_backhaul(visit))
        } else {
            position > 0 && is_backhaul(tour.visits[position - 1])
        }
    }

    /// Weighs an unused vehicle of each type.
    fn new_tour(&self, new: &Newcomer<'_>, best: &mut Place) {
        let network = self.network;
        let mut tour = Tour::default();
        for (index, kind) in network.kinds.iter().enumerate() {
            if self.free[index] == 0
                || kind.fixed >= best.cost
                || !fits(kind, &[], new)
                || !network.may_serve(index, new.visit)
            {
                continue;
            }
            tour.kind = index;
            let mut own = Place { cost: best.cost - kind.fixed, tour: NONE, position: NONE, kind: 0 };
            self.try_empty(&tour, index, new, &mut own);
            if own.position == 0 {
                *best = Place { cost: own.cost + kind.fixed, ..own };
            }
        }
    }

    fn try_empty(&self, tour: &Tour, index: usize, new: &Newcomer<'_>, best: &mut Place) {
        let network = self.network;
        let kind = &network.kinds[index];
        let arcs = &network.arcs[kind.profile];
        let distance = arcs.distance(kind.start, new.visit) + arcs.distance(new.visit, kind.end);
        let mut cost = kind.unit_distance * distance;
        let rules = &network.rules;
        let wrong = distance > kind.max_distance + TOLERANCE
            || (rules.backhauls != Backhauls::Mixed && self.is_ill_ordered(tour, 0, new));
        if wrong || (!rules.segments && !rules.walked && rules.timed && !self.is_in_time(tour, 0, kind, new))
        {
            return;
        }
        if rules.walked {
            let Some(whole) = self.walk_with(tour, 0, index, new) else { return };
            cost = whole - kind.fixed;
        } else if rules.segments {
            let Some(duration) = self.duration_with(tour, 0, kind, new) else { return };
            cost += kind.unit_duration * duration;
        }
        if cost < best.cost {
            *best = Place { cost, tour: NONE, position: 0, kind: index as u32 };
        }
    }

    /// Puts a visit on a tour; `place.tour` is one that is open.
    pub fn insert(&mut self, visit: u32, place: Place) {
        let tour = &mut self.tours[place.tour as usize];
        let (old, new) = (tour.kind, place.kind as usize);
        tour.visits.insert(place.position as usize, visit);
        tour.kind = new;
        if old != new {
            self.free[old] += 1;
            self.free[new] -= 1;
        }
        self.refresh(place.tour as usize);
    }
}

/// Whether a vehicle has room for the visit beside a load; an empty list is no load.
fn fits(kind: &Kind, load: &[Load], new: &Newcomer<'_>) -> bool {
    (0..kind.capacity.len()).all(|at| {
        let (load, most) = (load.get(at).copied().unwrap_or_default(), kind.capacity[at] + TOLERANCE);
        load.delivery + new.delivery[at] <= most && load.pickup + new.pickup[at] <= most
    })
}
