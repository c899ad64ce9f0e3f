//! What a vehicle's position says of its lateness.
//!
//! A vehicle on its way has, from where it is, a share of the way ahead: the straight line to its stop
//! over the straight line of the whole way. That share of the way's time under the traffic of the moment
//! is what it still needs; within [`ARRIVED`] of its stop it has arrived. Between coordinates that is
//! exact; along tables and roads it takes the way as driven evenly.

use std::collections::HashMap;

use super::super::problem::{Problem, on_the_globe};
use super::fleet::Vehicle;
use crate::data::{Table, Tables};
use crate::optimize::routes::Profile;

/// Metres to its stop within which a vehicle has arrived: a yard, and how far receivers are off.
const ARRIVED: f64 = 200.0;

/// Where a vehicle is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spot {
    /// A place of the tables distances or roads.
    Place(usize),
    /// Degrees east and north, or kilometres.
    Point([f64; 2]),
}

/// The spot that a row of the log names; `None` where it names none.
pub(super) fn spot(events: &Table, row: usize, problem: &Problem, places: &Places) -> Option<Spot> {
    let named = events.text("place").map_or("", |words| words.get(row));
    if let Some(&place) = places.by_name.get(named) {
        return Some(Spot::Place(place));
    }
    let number =
        |column: &str| events.number(column).map(|numbers| numbers[row]).filter(|number| !number.is_nan());
    let columns = if problem.telling.geographic { ["longitude", "latitude"] } else { ["x_km", "y_km"] };
    Some(Spot::Point([number(columns[0])?, number(columns[1])?]))
}

/// Whether a row of the log gives a coordinate.
pub(super) fn gives_coordinates(events: &Table, row: usize) -> bool {
    let given = |column| events.number(column).is_some_and(|numbers| !numbers[row].is_nan());
    ["latitude", "longitude", "x_km", "y_km"].into_iter().any(given)
}

/// What positions can name, and be compared with.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_name: HashMap<String, usize>,
    /// A depot or visit without coordinates, and how many there are.
    pub unlocated: Option<(String, usize)>,
}

/// Places by the names that visits and depots have for them.
pub(super) fn places(tables: &Tables, problem: &Problem) -> Places {
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
    let visits = problem.visits.iter().filter(|visit| visit.flaw.is_none());
    let mut unlocated = problem.depots.iter().chain(visits).filter(|named| named.position.is_none());
    let unlocated = unlocated.next().map(|first| (first.code.clone(), 1 + unlocated.count()));
    Places { by_name: places, unlocated }
}

/// Time that a vehicle at a spot still needs to the stop that it has left for: none once it is there;
/// `None` where it is on no way, or the spot says nothing of it.
pub(super) fn ahead(
    problem: &Problem,
    profile: &Profile,
    vehicle: &Vehicle,
    spot: Spot,
    now: f64,
) -> Option<f64> {
    let (from, to) = vehicle.way(&problem.data, now)?;
    let ahead = match spot {
        Spot::Place(place) => profile.duration_at(place, to, now),
        Spot::Point(point) => share(problem, from, to, point)? * profile.duration_at(from, to, now),
    };
    Some(ahead).filter(|ahead| ahead.is_finite())
}

/// Straight line from a point to the end of a way, over that of the way; nothing near its end.
fn share(problem: &Problem, from: usize, to: usize, point: [f64; 2]) -> Option<f64> {
    let (from, to) = (position(problem, from)?, position(problem, to)?);
    let metres = |a: [f64; 2], b: [f64; 2]| {
        if problem.telling.geographic {
            on_the_globe(a, b)
        } else {
            1000.0 * (a[0] - b[0]).hypot(a[1] - b[1])
        }
    };
    let (left, whole) = (metres(point, to), metres(from, to));
    if left <= ARRIVED {
        return Some(0.0);
    }
    (whole > 0.0).then(|| left / whole)
}

/// Where a place lies.
fn position(problem: &Problem, place: usize) -> Option<[f64; 2]> {
    let visits = problem.data.visits.iter().map(|visit| visit.place).zip(&problem.visits);
    let depots = problem.data.depots.iter().map(|depot| depot.place).zip(&problem.depots);
    let mut here = depots.chain(visits).filter(|(known, _)| *known == place);
    here.find_map(|(_, named)| named.position)
}
