//! Vehicle types that are the same in all but number, as one kind.

use super::super::problem::{Problem, VehicleType, Window};
use super::super::schedule::opening;

/// What the search needs to know of vehicle types that are the same in all but number.
pub(in super::super) struct Kind {
    /// Those types, rising.
    pub types: Vec<usize>,
    pub start: u32,
    pub end: u32,
    pub profile: usize,
    pub fixed: f64,
    pub unit_distance: f64,
    pub unit_duration: f64,
    pub max_distance: f64,
    pub max_duration: f64,
    /// When a route may leave its start and reach its end.
    pub leave: Window,
    pub close: f64,
    pub capacity: Vec<f64>,
    pub count: usize,
    /// Types that differ in capacity, cost, count and skills alone have the same class.
    pub class: usize,
}

/// The kinds, and the kind of each vehicle type.
pub(super) fn kinds(problem: &Problem, nowhere: usize) -> (Vec<Kind>, Vec<usize>) {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut kind_of = Vec::new();
    let mut named = vec![Vec::new(); problem.vehicles().len()];
    for (index, visit) in problem.visits().iter().enumerate() {
        visit.vehicles.iter().for_each(|&vehicle| named[vehicle].push(index));
    }
    for (index, vehicle) in problem.vehicles().iter().enumerate() {
        let same = |kind: &Kind| {
            let other = &problem.vehicles()[kind.types[0]];
            // The cheap comparisons first: the last one copies.
            (other.fixed_cost, other.unit_distance_cost) == (vehicle.fixed_cost, vehicle.unit_distance_cost)
                && other.capacity == vehicle.capacity
                && (other.start, other.end, other.profile) == (vehicle.start, vehicle.end, vehicle.profile)
                && vehicle.committed.is_empty()
                && VehicleType { count: other.count, ..vehicle.clone() } == *other
                && named[index] == named[kind.types[0]]
        };
        if let Some(known) = kinds.iter().position(same) {
            kinds[known].types.push(index);
            kinds[known].count = kinds[known].count.saturating_add(vehicle.count);
            kind_of.push(known);
            continue;
        }
        let mut kind = kind(problem, index, nowhere);
        kind.class =
            kinds.iter().find(|other| is_of_class(other, &kind)).map_or(kinds.len(), |other| other.class);
        kind_of.push(kinds.len());
        kinds.push(kind);
    }
    (kinds, kind_of)
}

fn kind(problem: &Problem, index: usize, nowhere: usize) -> Kind {
    let vehicle = &problem.vehicles()[index];
    let end_window = vehicle.end.map_or(Window::ALWAYS, |end| problem.depots()[end].window);
    Kind {
        types: vec![index],
        start: (problem.visits().len() + vehicle.start) as u32,
        end: vehicle.end.map_or(nowhere, |end| problem.visits().len() + end) as u32,
        profile: vehicle.profile,
        fixed: vehicle.fixed_cost,
        unit_distance: vehicle.unit_distance_cost,
        unit_duration: vehicle.unit_duration_cost,
        max_distance: vehicle.max_distance,
        max_duration: vehicle.max_duration,
        leave: Window { start: opening(problem, vehicle), end: problem.depots()[vehicle.start].window.end },
        close: end_window.end.min(vehicle.shift.end),
        capacity: vehicle.capacity.clone(),
        count: if vehicle.committed.is_empty() { vehicle.count } else { 0 },
        class: 0,
    }
}

fn is_of_class(one: &Kind, other: &Kind) -> bool {
    (one.start, one.end, one.profile) == (other.start, other.end, other.profile)
        && (one.max_distance, one.max_duration) == (other.max_distance, other.max_duration)
        && (one.leave, one.close) == (other.leave, other.close)
}
