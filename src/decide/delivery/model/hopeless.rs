//! Visits that no vehicle could serve even if it served nothing else.

use super::super::super::Violation;
use super::super::check::{check_route, unit, written};
use super::super::plan::one_trip;
use super::super::problem::Problem;

/// For each visit why no vehicle could serve it; `None` where one could.
pub(in super::super) fn hopeless(problem: &Problem) -> Vec<Option<String>> {
    let mut lost: Vec<Option<String>> =
        (0..problem.visits.len()).map(|visit| reason(problem, visit)).collect();
    for pair in &problem.data.pairs {
        for (visit, other) in [(pair.first, pair.second), (pair.second, pair.first)] {
            if lost[visit].is_none() && lost[other].is_some() {
                lost[visit] = Some(format!(
                    "its shipment's other visit {} cannot be served",
                    problem.visits[other].code
                ));
            }
        }
    }
    lost
}

fn reason(problem: &Problem, visit: usize) -> Option<String> {
    if let Some(flaw) = &problem.visits[visit].flaw {
        return Some(flaw.clone());
    }
    let visits = unit(problem, visit);
    if visits.iter().any(|&visit| problem.visits[visit].flaw.is_some()) {
        return None;
    }
    let mut mildest: Option<(usize, Violation)> = None;
    for kind in 0..problem.data.vehicles.len() {
        // Alone, a visit that only loads breaks the rule on backhauls; with others it need not.
        let (_, _, mut violations) = check_route(problem, &one_trip(problem, kind, 0, visits.clone()));
        violations.retain(|violation| violation.rule != "backhaul");
        let worst = violations.into_iter().max_by_key(|violation| severity(&violation.rule))?;
        let rank = severity(&worst.rule);
        // Of vehicles that fail by the same rule the nearest miss is told.
        let nearer = |(known, other): &(usize, Violation)| {
            rank < *known || (rank == *known && worst.amount < other.amount)
        };
        if mildest.as_ref().is_none_or(nearer) {
            mildest = Some((rank, worst));
        }
    }
    mildest.map(|(_, violation)| words(problem, visit, &violation))
}

/// How far a rule is from being kept: a vehicle that is only too small is nearer than one without the skill.
fn severity(rule: &str) -> usize {
    const ORDER: [&str; 8] =
        ["break", "shift", "time_window", "max_duration", "max_distance", "capacity", "reachable", "allowed"];
    ORDER.iter().position(|known| *known == rule).unwrap_or(ORDER.len())
}

fn words(problem: &Problem, visit: usize, violation: &Violation) -> String {
    let telling = &problem.telling;
    match violation.rule.as_str() {
        "allowed" => "no vehicle has the skills that it needs and may serve it".to_owned(),
        "reachable" => "unreachable: no way leads there from a depot and back".to_owned(),
        "capacity" => format!("too large for every vehicle: {}", load_words(problem, visit)),
        "max_distance" => {
            let more = written(violation.amount, &telling.distance_unit);
            format!("too far: its own route is at least {more} longer than any vehicle's limit")
        }
        "max_duration" => {
            let more = written(violation.amount, &telling.time_unit);
            format!("too long: its own route takes at least {more} more than any vehicle's limit")
        }
        "break" => {
            let by = written(violation.amount, &telling.time_unit);
            format!("no vehicle can serve it and rest in time: the nearest miss is by {by}")
        }
        _ => {
            let (after, before) = span(problem, visit);
            let window = match (after.is_empty(), before.is_empty()) {
                (true, true) => String::new(),
                (false, true) => format!(" (open from {after})"),
                (true, false) => format!(" (open until {before})"),
                (false, false) => format!(" (open from {after} to {before})"),
            };
            let by = written(violation.amount, &telling.time_unit);
            format!("outside every shift{window}: the nearest miss is by {by}")
        }
    }
}

/// First opening and last closing.
fn span(problem: &Problem, visit: usize) -> (String, String) {
    let windows = &problem.data.visits[visit].windows;
    let tell = |time: f64| if time.is_finite() { problem.time(time) } else { String::new() };
    let first = windows.first().map_or(f64::NEG_INFINITY, |window| window.start);
    (tell(first), tell(windows.last().map_or(f64::INFINITY, |window| window.end)))
}

/// The amounts that exceed the largest capacity of each dimension.
fn load_words(problem: &Problem, visit: usize) -> String {
    let visit = &problem.data.visits[visit];
    let mut told = Vec::new();
    for (dimension, unit) in problem.telling.loads.iter().enumerate() {
        let amount = visit.delivery[dimension].max(visit.pickup[dimension]);
        let most =
            problem.data.vehicles.iter().map(|vehicle| vehicle.capacity[dimension]).fold(0.0, f64::max);
        if amount > most {
            told.push(format!("{}, the largest holds {}", written(amount, unit), written(most, unit)));
        }
    }
    if told.is_empty() { "no vehicle that may serve it is large enough".to_owned() } else { told.join("; ") }
}
