//! A routing problem as the search sees it: nodes with flat tables instead of places and lists.
//!
//! Nodes are the visits, then the depots, then `nowhere`, where open routes end: every way from
//! and to it is free. Visits are numbered along a chain of nearest neighbours, so that what is
//! looked at together lies together in memory. Up to [`TABLED`] nodes the numbers of each ordered
//! pair stand in tables; above, they are looked up by place, which costs time and no memory.

mod arcs;
mod kinds;

use crate::control::Control;

use super::problem::{Backhauls, Problem, Visit, Window};
use super::schedule::TOLERANCE;
use super::tours::NONE;
pub(super) use arcs::Arcs;
pub(super) use kinds::Kind;
use kinds::kinds;

/// Most nodes whose pairs are tabled, fewer where there are several profiles.
const TABLED: usize = 2_600;

/// Rows of neighbours between two looks at the clock.
const CLOCK_ROWS: usize = 32;
/// Most neighbours kept for each visit.
const NEIGHBOURS: usize = 250;

/// How many times as many companions are kept as are looked at first.
pub(super) const WIDER: usize = 3;

/// What a unit of waiting counts for in the choice of companions, beside a unit of distance.
const WAITING_WEIGHT: f64 = 0.2;

/// What the search needs to know of a visit.
pub(super) struct Node {
    /// Its number in the problem.
    pub visit: usize,
    pub place: usize,
    pub window: Window,
    pub service: f64,
    pub setup: f64,
    pub release: f64,
    /// Cost of leaving it out.
    pub penalty: f64,
    /// Whether the problem says that cost.
    pub optional: bool,
    pub backhaul: bool,
}

/// Which rules the problem has at all, so that others cost nothing.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Anything about time.
    pub timed: bool,
    /// Limits or costs of duration, or releases, which need whole segments.
    pub segments: bool,
    /// Visits that load.
    pub pickups: bool,
    /// Vehicle types that may not serve every visit.
    pub restricted: bool,
    pub backhauls: Backhauls,
    /// Visits that may be left out.
    pub prizes: bool,
    /// Rules that only a walk through the whole route can judge.
    pub walked: bool,
}

pub(super) struct Network<'a> {
    pub problem: &'a Problem,
    pub visits: usize,
    /// Node of each visit of the problem.
    pub node_of: Vec<u32>,
    pub nodes: Vec<Node>,
    pub kinds: Vec<Kind>,
    /// Kind of each vehicle type.
    pub kind_of: Vec<usize>,
    pub arcs: Vec<Arcs<'a>>,
    pub rules: Rules,
    pub dimensions: usize,
    /// Amounts of each visit in each dimension.
    pub delivery: Vec<f64>,
    pub pickup: Vec<f64>,
    /// Both of each visit in a row, as far as they are of interest, see [`Network::amounts`].
    amounts: Vec<f64>,
    /// Share of the largest vehicle that each visit takes.
    pub bulk: Vec<f64>,
    /// Nearest visits of each visit, nearest first, as many for each.
    neighbours: Vec<u32>,
    per_visit: usize,
    /// Visits that each visit is best served after and before, best first, as many for each;
    /// [`NONE`] behind the last that is in time. Without times both are one list, kept once.
    befores: Vec<u32>,
    afters: Vec<u32>,
    per_companion: usize,
}

impl<'a> Network<'a> {
    /// The network of a problem, with `near` companions for each visit to be looked
    /// at first. Once `control` says to stop,
    /// the visits to come get neither neighbours nor companions.
    pub fn new(problem: &'a Problem, near: usize, control: &Control) -> Self {
        let data = problem.data();
        let visits = data.visits.len();
        let nowhere = visits + data.depots.len();
        let chain = chain(problem, control);
        let mut node_of = vec![0; visits];
        chain.iter().enumerate().for_each(|(node, &visit)| node_of[visit] = node as u32);
        let nodes = nodes(problem, &chain);
        let (kinds, kind_of) = kinds(problem, nowhere);
        let tabled = ((TABLED * TABLED / data.profiles.len().max(1)) as f64).sqrt() as usize;
        let arcs = data.profiles.iter().map(|profile| Arcs::new(profile, &nodes, visits, tabled)).collect();
        let flat = |of: fn(&Visit) -> &Vec<f64>| {
            chain.iter().flat_map(|&visit| of(&data.visits[visit]).iter().copied()).collect::<Vec<f64>>()
        };
        let dimensions = problem.dimensions();
        let (delivery, pickup) = (flat(|visit| &visit.delivery), flat(|visit| &visit.pickup));
        let largest: Vec<f64> = (0..dimensions)
            .map(|at| data.vehicles.iter().map(|kind| kind.capacity[at]).fold(0.0, f64::max))
            .collect();
        let bulk = (0..visits)
            .map(|visit| {
                let share = |at: usize| {
                    let slot = visit * dimensions + at;
                    delivery[slot].max(pickup[slot]) / largest[at].max(f64::MIN_POSITIVE)
                };
                (0..dimensions).map(share).fold(0.0, f64::max)
            })
            .collect();
        let rules = rules(problem, &kinds);
        let per_visit = visits.saturating_sub(1).min(NEIGHBOURS);
        let mut network = Network {
            problem,
            visits,
            node_of,
            nodes,
            kinds,
            kind_of,
            arcs,
            rules,
            dimensions,
            delivery,
            pickup,
            amounts: Vec::new(),
            bulk,
            neighbours: Vec::new(),
            per_visit,
            befores: Vec::new(),
            afters: Vec::new(),
            per_companion: per_visit.min(near.saturating_mul(WIDER)),
        };
        network.amounts = (0..visits).flat_map(|visit| network.amounts_of(visit)).collect();
        let arcs = &network.arcs[0];
        let way = |a, b| arcs.distance(a, b) + arcs.distance_back(a, b);
        network.neighbours = network.nearest(per_visit, &[], way, control);
        let near = network.per_companion;
        if network.rules.timed {
            // Of many visits those that are far are no companions, whatever their times.
            let among = if visits > tabled { std::mem::take(&mut network.neighbours) } else { Vec::new() };
            network.befores = network.nearest(near, &among, |a, b| network.strain(b, a), control);
            network.afters = network.nearest(near, &among, |a, b| network.strain(a, b), control);
            if !among.is_empty() {
                network.neighbours = among;
            }
        } else {
            let rows = network.neighbours.chunks(per_visit.max(1));
            network.befores = rows.flat_map(|row| &row[..near]).copied().collect();
        }
        network.price_absence();
        network
    }

    /// How many amounts of a visit a tour must have room for: one for each dimension, or, where visits
    /// load, two.
    pub fn amounts(&self) -> usize {
        if self.rules.pickups { 2 * self.dimensions } else { self.dimensions }
    }

    fn amounts_of(&self, visit: usize) -> Vec<f64> {
        let own = visit * self.dimensions..(visit + 1) * self.dimensions;
        let loaded = if self.rules.pickups { &self.pickup[own.clone()] } else { &[] };
        [&self.delivery[own], loaded].concat()
    }

    /// The amounts of a visit.
    pub fn amounts_at(&self, visit: u32) -> &[f64] {
        let count = self.amounts();
        &self.amounts[visit as usize * count..(visit as usize + 1) * count]
    }

    /// Nearest visits of a visit, nearest first; those without a way there and back are none.
    pub fn neighbours(&self, visit: u32) -> &[u32] {
        let from = visit as usize * self.per_visit;
        let near = &self.neighbours[from..from + self.per_visit];
        &near[..near.partition_point(|&other| other != NONE)]
    }

    /// Visits that a visit is best served after and before, best first, each list up to [`NONE`].
    pub fn companions(&self, visit: u32) -> (&[u32], &[u32]) {
        let from = visit as usize * self.per_companion;
        let own = from..from + self.per_companion;
        let befores = &self.befores[own.clone()];
        (befores, self.afters.get(own).unwrap_or(befores))
    }

    /// How hard it is to serve one visit right after another: distance and waiting; infinite where it
    /// cannot be in time.
    fn strain(&self, from: u32, to: u32) -> f64 {
        let distance = self.arcs[0].distance(from, to);
        let lag = self.arcs[0].lag(from, to);
        let (a, b) = (self.nodes[from as usize].window, self.nodes[to as usize].window);
        let waiting = (b.start - lag - a.end).max(0.0);
        if a.start + lag > b.end + TOLERANCE { f64::INFINITY } else { distance + WAITING_WEIGHT * waiting }
    }

    /// Whether vehicles of a kind may serve a visit.
    pub fn may_serve(&self, kind: usize, visit: u32) -> bool {
        !self.rules.restricted
            || self
                .problem
                .served_by(self.nodes[visit as usize].visit)
                .binary_search(&self.kinds[kind].types[0])
                .is_ok()
    }

    /// The `count` visits of least `strain` of each visit, of all or of those in its row of `among`.
    fn nearest(
        &self,
        count: usize,
        among: &[u32],
        strain: impl Fn(u32, u32) -> f64,
        control: &Control,
    ) -> Vec<u32> {
        let mut all = Vec::with_capacity(self.visits * count);
        let mut row: Vec<(f64, u32)> = Vec::with_capacity(self.visits);
        let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        for visit in 0..self.visits {
            if visit.is_multiple_of(CLOCK_ROWS) && control.should_stop() {
                break;
            }
            row.clear();
            let judged = |other: u32| (strain(visit as u32, other), other);
            if among.is_empty() {
                let others = (0..self.visits as u32).filter(|&other| other as usize != visit);
                row.extend(others.map(judged));
            } else {
                let others = &among[visit * self.per_visit..(visit + 1) * self.per_visit];
                row.extend(others.iter().take_while(|&&other| other != NONE).map(|&other| judged(other)));
            }
            if count > 0 && count < row.len() {
                row.select_nth_unstable_by(count - 1, order);
                row.truncate(count);
            }
            row.sort_unstable_by(order);
            all.extend(row.iter().map(|near| if near.0.is_finite() { near.1 } else { NONE }));
            all.resize((visit + 1) * count, NONE);
        }
        all.resize(self.visits * count, NONE);
        all
    }

    /// Makes leaving out a visit that must be served dearer than any way to serve it.
    fn price_absence(&mut self) {
        let mut dearest: f64 = 0.0;
        for kind in &self.kinds {
            let arcs = &self.arcs[kind.profile];
            for visit in 0..self.visits as u32 {
                let way = arcs.distance(kind.start, visit) + arcs.distance(visit, kind.end);
                let time = arcs.lag(kind.start, visit) + arcs.lag(visit, kind.end);
                let cost = kind.fixed + kind.unit_distance * way + kind.unit_duration * time;
                dearest = if cost.is_finite() { dearest.max(cost) } else { dearest };
            }
        }
        let base = 4.0 * dearest + 1.0;
        for node in &mut self.nodes[..self.visits] {
            let visit = &self.problem.visits()[node.visit];
            node.penalty = visit.prize.unwrap_or(base * (1.0 + f64::from(visit.priority)));
        }
    }
}

/// Visits, each followed by its nearest of those still to come while there is time to look.
fn chain(problem: &Problem, control: &Control) -> Vec<usize> {
    let matrix = &problem.data().profiles[0].distance;
    let place = |visit: usize| problem.visits()[visit].place;
    let mut left: Vec<usize> = (0..problem.visits().len()).collect();
    let mut chain = Vec::with_capacity(left.len());
    let mut at = 0;
    while !left.is_empty() {
        let visit = left.swap_remove(at);
        chain.push(visit);
        if chain.len().is_multiple_of(CLOCK_ROWS) && control.should_stop() {
            break;
        }
        let from = place(visit);
        let away = |&position: &usize| matrix.at(from, place(left[position]));
        at = (0..left.len()).min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(0);
    }
    chain.append(&mut left);
    chain
}

fn nodes(problem: &Problem, chain: &[usize]) -> Vec<Node> {
    let visits = chain.iter().map(|&index| {
        let visit = &problem.visits()[index];
        Node {
            visit: index,
            place: visit.place,
            window: hull(visit),
            service: visit.service_duration,
            setup: visit.setup_duration,
            release: visit.release,
            penalty: 0.0,
            optional: visit.prize.is_some(),
            backhaul: problem.is_backhaul(index),
        }
    });
    let depots = problem.depots().iter().map(|depot| Node {
        visit: usize::MAX,
        place: depot.place,
        window: depot.window,
        service: 0.0,
        setup: 0.0,
        release: f64::NEG_INFINITY,
        penalty: 0.0,
        optional: false,
        backhaul: false,
    });
    visits.chain(depots).collect()
}

/// From the first to the last time at which service may start.
fn hull(visit: &Visit) -> Window {
    let (Some(first), Some(last)) = (visit.windows.first(), visit.windows.last()) else {
        return Window::ALWAYS;
    };
    Window { start: first.start, end: last.end + visit.lateness.map_or(0.0, |lateness| lateness.most) }
}

fn rules(problem: &Problem, kinds: &[Kind]) -> Rules {
    let data = problem.data();
    let (visits, vehicles) = (&data.visits, &data.vehicles);
    let segments = vehicles.iter().any(|kind| kind.unit_duration_cost > 0.0 || kind.max_duration.is_finite())
        || visits.iter().any(|visit| visit.release > f64::NEG_INFINITY);
    let closes = kinds.iter().any(|kind| kind.close.is_finite() || kind.leave.end.is_finite());
    let slices = data.profiles.iter().any(|profile| !profile.slices.is_empty());
    let walked = slices
        || visits.iter().any(|visit| visit.windows.len() > 1 || visit.lateness.is_some())
        || vehicles.iter().any(|kind| !kind.breaks.is_empty());
    Rules {
        timed: !slices && (segments || closes || visits.iter().any(|visit| !visit.windows.is_empty())),
        segments: segments && !walked,
        walked,
        pickups: visits.iter().any(|visit| visit.pickup.iter().any(|&amount| amount > 0.0)),
        restricted: (0..visits.len()).any(|visit| problem.served_by(visit).len() < vehicles.len()),
        backhauls: data.backhauls,
        prizes: visits.iter().any(|visit| visit.prize.is_some()),
    }
}
