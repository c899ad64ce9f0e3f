//! Given a routing problem, find a cost that no plan of all its required visits can go below.
//!
//! Method: every visit on a route is reached and left once, and every route leaves a depot: half the
//! cheapest ways to and from each visit, or its prize where that is less, and, for as many routes as
//! the amounts need, half the cheapest first and last way and the least fixed cost.
//! Cost: O(n^2) for n visits and each profile.
//! Use [`super::columns`] instead for small problems: this stays tens of percent below the best plan.
//! Not for: small gaps.
//! Same input gives the same answer: yes.

use super::super::network::Network;
use crate::control::Control;

/// Most visits for which it is worth its time.
const MOST_VISITS: usize = 3_000;
/// Visits between two looks at the clock.
const CLOCK_VISITS: u32 = 32;

/// The bound; `None` where there are too many visits for it, or no time.
pub(in super::super) fn quick(network: &Network<'_>, control: &Control) -> Option<f64> {
    if network.visits > MOST_VISITS {
        return None;
    }
    let mut cheapest = vec![(f64::INFINITY, f64::INFINITY); network.visits];
    let (mut first, mut last, mut fixed) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    for kind in &network.kinds {
        let arcs = &network.arcs[kind.profile];
        fixed = fixed.min(kind.fixed);
        for visit in 0..network.visits as u32 {
            first = first.min(kind.unit_distance * arcs.distance(kind.start, visit));
            last = last.min(kind.unit_distance * arcs.distance(visit, kind.end));
        }
    }
    for (profile, arcs) in network.arcs.iter().enumerate() {
        let kinds = || network.kinds.iter().filter(move |kind| kind.profile == profile);
        let unit = kinds().map(|kind| kind.unit_distance).fold(f64::INFINITY, f64::min);
        if unit.is_infinite() {
            continue;
        }
        let nowhere = network.nodes.len() as u32;
        let ends_open = kinds().any(|kind| kind.end == nowhere);
        for (visit, (to, from)) in (0..network.visits as u32).zip(&mut cheapest) {
            if visit.is_multiple_of(CLOCK_VISITS) && control.should_stop() {
                return None;
            }
            for other in (0..nowhere).filter(|&other| other != visit) {
                *from = from.min(unit * arcs.distance(visit, other));
                *to = to.min(unit * arcs.distance_back(visit, other));
            }
            // Nothing is reached from where open routes end.
            *from = if ends_open { 0.0 } else { *from };
        }
    }
    let of_visit = |visit: usize| {
        let half = 0.5 * (cheapest[visit].0 + cheapest[visit].1);
        let node = &network.nodes[visit];
        if node.optional { half.min(node.penalty) } else { half }
    };
    let visits: f64 = (0..network.visits).map(of_visit).sum();
    let routes = least_routes(network);
    Some(visits + if routes > 0.0 { routes * (fixed + 0.5 * (first + last)) } else { 0.0 })
}

/// Fewest routes that can take all required visits.
fn least_routes(network: &Network<'_>) -> f64 {
    let required: Vec<usize> = (0..network.visits).filter(|&visit| !network.nodes[visit].optional).collect();
    let reloads = network.problem.vehicles().iter().map(|kind| kind.max_reloads).max().unwrap_or(0);
    let mut routes: f64 = if required.is_empty() { 0.0 } else { 1.0 };
    let paired = !network.problem.data().pairs.is_empty();
    for dimension in (0..network.dimensions).filter(|_| !paired) {
        let most = network.kinds.iter().map(|kind| kind.capacity[dimension]).fold(0.0, f64::max);
        let slot = |visit: &usize| visit * network.dimensions + dimension;
        let delivered: f64 = required.iter().map(|visit| network.delivery[slot(visit)]).sum();
        let loaded: f64 = required.iter().map(|visit| network.pickup[slot(visit)]).sum();
        let trips = delivered.max(loaded) / most.max(f64::MIN_POSITIVE);
        routes = routes.max((trips / (1.0 + reloads as f64) - 1e-9).ceil());
    }
    routes
}
