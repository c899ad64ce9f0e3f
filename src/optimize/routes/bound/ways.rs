//! What a vehicle of one kind meets between two nodes, and what of the rules a lower bound keeps.
//!
//! Kept: amounts delivered and loaded on a whole route, windows (from the first opening of a visit
//! to its last close, tolerated lateness included), longest distances, longest durations without
//! waiting, skills, the order of backhauls, and costs but those of waiting and lateness. All other
//! rules only make plans dearer. Durations that change with the departure are not counted at all.

use super::super::network::Network;
use super::super::problem::Backhauls;
use super::super::schedule::TOLERANCE;

/// Most resources beside time; the loosest ones beyond are not counted.
pub(super) const RESOURCES: usize = 3;

/// One way to a visit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub to: u32,
    pub cost: f64,
    /// Time from the start of service here to the earliest one there.
    pub lag: f64,
    /// What the way and the visit there use of each resource.
    pub uses: [f64; RESOURCES],
}

/// Something of which a route has only so much.
#[derive(Debug, Clone, Copy)]
enum Resource {
    Amount(usize),
    Distance,
    Work,
    Visits,
}

/// The ways of one kind of vehicle.
pub(super) struct Ways {
    pub kind: usize,
    pub fixed: f64,
    pub count: usize,
    /// Ways from each visit, then from the start of routes, the cheapest first.
    pub from: Vec<Vec<Way>>,
    /// The way from each visit to the end of routes, where there is one in time.
    pub home: Vec<Option<Way>>,
    pub limits: [f64; RESOURCES],
    /// When service may start at each visit.
    pub windows: Vec<(f64, f64)>,
    pub leave: f64,
    pub close: f64,
    pub is_timed: bool,
}

impl Ways {
    pub fn new(network: &Network<'_>, kind: usize) -> Self {
        let own = &network.kinds[kind];
        let is_timed = network.rules.timed;
        let resources = resources(network, kind);
        let mut limits = [f64::INFINITY; RESOURCES];
        limits.iter_mut().zip(&resources).for_each(|(limit, resource)| *limit = resource.1 + TOLERANCE);
        let committed = network.problem.vehicles()[own.types[0]].committed.len();
        let windows = network.nodes[..network.visits].iter().map(|node| {
            let always = (f64::NEG_INFINITY, f64::INFINITY);
            if is_timed { (node.window.start, node.window.end + TOLERANCE) } else { always }
        });
        let mut ways = Ways {
            kind,
            fixed: own.fixed,
            // A vehicle that is committed to its first visits is taken for a free one.
            count: if committed > 0 { 1 } else { own.count },
            from: Vec::new(),
            home: Vec::new(),
            limits,
            windows: windows.collect(),
            leave: own.leave.start,
            close: if is_timed { own.close + TOLERANCE } else { f64::INFINITY },
            is_timed,
        };
        let starts = (0..network.visits as u32).chain([own.start]);
        ways.from = starts.map(|from| ways.ways_from(network, &resources, from)).collect();
        let home = |from: u32| {
            let way = way(network, kind, &resources, from, own.end);
            let begins = ways.windows[from as usize].0.max(ways.leave);
            (way.cost.is_finite() && (!is_timed || begins + way.lag <= ways.close)).then_some(way)
        };
        ways.home = (0..network.visits as u32).map(home).collect();
        ways
    }

    fn ways_from(&self, network: &Network<'_>, resources: &[(Resource, f64)], from: u32) -> Vec<Way> {
        let is_start = from as usize >= network.visits;
        let leaves = if is_start { self.leave } else { self.windows[from as usize].0.max(self.leave) };
        let may_follow = |to: u32| {
            let (node, before) = (&network.nodes[to as usize], &network.nodes[from as usize]);
            let ordered = match network.rules.backhauls {
                Backhauls::Mixed => true,
                Backhauls::Last => is_start || node.backhaul || !before.backhaul,
                Backhauls::LastAndNeverAlone if is_start => !node.backhaul,
                Backhauls::LastAndNeverAlone => node.backhaul || !before.backhaul,
            };
            to != from && ordered && network.may_serve(self.kind, to)
        };
        let in_time = |way: &Way| !self.is_timed || leaves + way.lag <= self.windows[way.to as usize].1;
        let mut ways: Vec<Way> = (0..network.visits as u32)
            .filter(|&to| may_follow(to))
            .map(|to| way(network, self.kind, resources, from, to))
            .filter(|way| way.cost.is_finite() && in_time(way))
            .filter(|way| way.uses.iter().zip(&self.limits).all(|(used, limit)| used <= limit))
            .collect();
        ways.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        ways
    }

    /// Cost of a route as the bound counts it; `None` where it takes a way that the bound leaves out.
    pub fn cost_of(&self, visits: &[u32]) -> Option<f64> {
        let (mut from, mut cost) = (self.from.len() - 1, self.fixed);
        for &visit in visits {
            cost += self.from[from].iter().find(|way| way.to == visit)?.cost;
            from = visit as usize;
        }
        Some(cost + self.home.get(from).copied().flatten()?.cost)
    }

    /// Least cost of any route.
    pub fn least_route(&self) -> f64 {
        let out = self.from.last().into_iter().flatten().map(|way| way.cost).fold(f64::INFINITY, f64::min);
        let home = self.home.iter().flatten().map(|way| way.cost).fold(f64::INFINITY, f64::min);
        self.fixed + out + home
    }
}

fn way(network: &Network<'_>, kind: usize, resources: &[(Resource, f64)], from: u32, to: u32) -> Way {
    let own = &network.kinds[kind];
    let arcs = &network.arcs[own.profile];
    let (distance, lag) =
        (arcs.distance(from, to), if counts_time(network) { arcs.lag(from, to) } else { 0.0 });
    let cost =
        own.unit_distance * distance + if own.unit_duration > 0.0 { own.unit_duration * lag } else { 0.0 };
    let mut uses = [0.0; RESOURCES];
    for (used, (resource, _)) in uses.iter_mut().zip(resources) {
        *used = match *resource {
            Resource::Amount(at) if (to as usize) < network.visits => network.amounts_at(to)[at],
            Resource::Amount(_) => 0.0,
            Resource::Distance => distance,
            Resource::Work => lag,
            Resource::Visits => f64::from(u8::from((to as usize) < network.visits)),
        };
    }
    Way { to, cost, lag: if network.rules.timed { lag } else { 0.0 }, uses }
}

/// Whether durations are the same at all times of departure.
fn counts_time(network: &Network<'_>) -> bool {
    network.problem.data().profiles.iter().all(|profile| profile.slices.is_empty())
}

/// What routes of a kind may run out of, with its limits, the tightest first. Something always is:
/// without that a route could go round for ever.
fn resources(network: &Network<'_>, kind: usize) -> Vec<(Resource, f64)> {
    let own = &network.kinds[kind];
    let visits = network.visits as u32;
    let mut limited: Vec<(f64, Resource, f64)> = Vec::new();
    for at in 0..network.amounts() {
        let limit = own.capacity[at % network.dimensions];
        let all: f64 = (0..visits).map(|visit| network.amounts_at(visit)[at]).sum();
        if all > limit {
            limited.push((limit / all, Resource::Amount(at), limit));
        }
    }
    // How tight these are is not known beforehand.
    if own.max_distance.is_finite() {
        limited.push((0.0, Resource::Distance, own.max_distance));
    }
    if own.max_duration.is_finite() && counts_time(network) {
        limited.push((0.0, Resource::Work, own.max_duration));
    }
    limited.sort_by(|a, b| a.0.total_cmp(&b.0));
    limited.truncate(RESOURCES);
    if limited.is_empty() {
        limited.push((1.0, Resource::Visits, f64::from(visits)));
    }
    limited.into_iter().map(|(_, resource, limit)| (resource, limit)).collect()
}
