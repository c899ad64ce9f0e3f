//! What a vehicle's position says of its lateness.
//!
//! A vehicle on its way has, from where it is, a share of the way ahead: the straight line to its stop
//! over the straight line of the whole way. That share of the way's time under the traffic of the moment
//! is when it arrives; what this is later than was planned, less what it would have waited there, is its
//! delay. Between coordinates that is exact; along tables and roads it takes the way as driven evenly.

use std::collections::HashMap;

use super::super::problem::{Problem, on_the_globe};
use super::fleet::{Doing, Vehicle};
use crate::data::{Table, Tables};
use crate::optimize::routes::Profile;

/// Where a vehicle is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spot {
    /// A place of the tables distances or roads.
    Place(usize),
    /// Degrees east and north, or kilometres.
    Point([f64; 2]),
}

/// The spot that a row of the log names; `None` where it names none.
pub(super) fn spot(
    events: &Table,
    row: usize,
    problem: &Problem,
    places: &HashMap<String, usize>,
) -> Option<Spot> {
    let named = events.text("place").map_or("", |words| words.get(row));
    if let Some(&place) = places.get(named) {
        return Some(Spot::Place(place));
    }
    let number =
        |column: &str| events.number(column).map(|numbers| numbers[row]).filter(|number| !number.is_nan());
    let columns = if problem.telling.geographic { ["longitude", "latitude"] } else { ["x_km", "y_km"] };
    Some(Spot::Point([number(columns[0])?, number(columns[1])?]))
}

/// Places by the names that visits and depots have for them.
pub(super) fn places(tables: &Tables, problem: &Problem) -> HashMap<String, usize> {
    let mut places = HashMap::new();
    let visits = problem.data.visits.iter().map(|visit| visit.place).collect::<Vec<_>>();
    let depots = problem.data.depots.iter().map(|depot| depot.place).collect::<Vec<_>>();
    for (name, code, indices) in [("visits", "visit", visits), ("depots", "depot", depots)] {
        let Some(table) = tables.get(name) else { continue };
        for (row, place) in (0..table.len()).zip(indices) {
            for column in [code, "place"] {
                let text = table.cell_text(column, row);
                if !text.is_empty() {
                    places.insert(text, place);
                }
            }
        }
    }
    places
}

/// By how much a vehicle that is at a spot will be free later than was planned.
pub(super) fn delay(problem: &Problem, profile: &Profile, vehicle: &Vehicle, spot: Spot, now: f64) -> f64 {
    let mut steps = vehicle.done.iter().rev();
    let Some(step) = steps.next().filter(|step| step.leave < now && now < step.end) else { return 0.0 };
    let kind = &problem.data.vehicles[vehicle.kind];
    let from = steps.next().map_or(problem.data.depots[kind.start].place, |before| before.place);
    let ahead = match spot {
        Spot::Place(place) => Some(profile.duration_at(place, step.place, now)),
        Spot::Point(point) => share(problem, from, step.place, point)
            .map(|share| share * profile.duration_at(from, step.place, now)),
    };
    let Some(ahead) = ahead.filter(|ahead| *ahead > 0.0 && ahead.is_finite()) else { return 0.0 };
    let setup = match step.doing {
        Doing::Serve(order) if from != step.place => problem.data.visits[order].setup_duration,
        _ => 0.0,
    };
    let waits = (step.start - step.arrival - setup).max(0.0);
    (now + ahead - step.arrival - waits).max(0.0)
}

/// Straight line from a point to the end of a way, over that of the way.
fn share(problem: &Problem, from: usize, to: usize, point: [f64; 2]) -> Option<f64> {
    let (from, to) = (position(problem, from)?, position(problem, to)?);
    let line = |a: [f64; 2], b: [f64; 2]| {
        if problem.telling.geographic { on_the_globe(a, b) } else { (a[0] - b[0]).hypot(a[1] - b[1]) }
    };
    let whole = line(from, to);
    (whole > 0.0).then(|| line(point, to) / whole)
}

/// Where a place lies.
fn position(problem: &Problem, place: usize) -> Option<[f64; 2]> {
    let visits = problem.data.visits.iter().map(|visit| visit.place).zip(&problem.visits);
    let depots = problem.data.depots.iter().map(|depot| depot.place).zip(&problem.depots);
    let mut here = depots.chain(visits).filter(|(known, _)| *known == place);
    here.find_map(|(_, named)| named.position)
}
