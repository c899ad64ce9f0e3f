//! Vehicles, their shifts and their rests.

use std::collections::HashMap;

use super::tables::{Cells, Reading};
use super::{Fleet, UNITS};
use crate::data::{Code, WrittenTime, did_you_mean, near_miss};
use crate::optimize::routes::{Break, VehicleType, Window};

/// Longest list of vehicles, all rows together.
const MOST_VEHICLES: usize = 1_000_000;

/// The fleet as its tables state it.
pub(super) struct Vehicles {
    pub types: Vec<VehicleType>,
    pub names: Vec<Fleet>,
    /// Speed in metres per second on straight lines (`None`: the setting's) and profile of each type.
    pub travel: Vec<(Option<f64>, String)>,
    index: HashMap<String, usize>,
}

impl Vehicles {
    /// The type that a row of vehicles became; `None` where there is no such row, or none of them.
    pub fn find(&self, code: &str) -> Option<usize> {
        self.index.get(code).copied()
    }

    /// A code that looks like `code`.
    pub fn near(&self, code: &str) -> Option<&str> {
        near_miss(code, self.names.iter().map(|fleet| fleet.code.as_str()))
    }
}

/// Reads vehicles and breaks; finds the start of the first shift.
pub(super) fn read<'a>(reading: &mut Reading<'a>) -> Vehicles {
    let mut vehicles =
        Vehicles { types: Vec::new(), names: Vec::new(), travel: Vec::new(), index: HashMap::new() };
    let tables = reading.tables;
    let depots: Vec<&str> = Cells::all(tables, "depots").map(|cells| cells.text("depot")).collect();
    let mut all = 0;
    for cells in Cells::all(tables, "vehicles") {
        let count = cells.number("count").unwrap_or(1.0) as usize;
        all += count;
        if count == 0 || all > MOST_VEHICLES {
            continue;
        }
        let kind = vehicle(reading, cells, count, &depots);
        reading.first_shift = reading.first_shift.min(kind.shift.start);
        let code = cells.text("vehicle").to_owned();
        let number = |at: usize| if count == 1 { code.clone() } else { format!("{code} {}", at + 1) };
        vehicles.index.insert(code.clone(), vehicles.types.len());
        vehicles.names.push(Fleet { names: (0..count).map(number).collect(), code });
        let speed = cells.number("speed_kmh").map(|speed| speed / 3.6);
        vehicles.travel.push((speed, cells.text("profile").to_owned()));
        vehicles.types.push(kind);
    }
    if vehicles.types.is_empty() || all > MOST_VEHICLES {
        let file = tables.get("vehicles").map_or("vehicles", |table| table.file());
        let (message, help) = match all {
            0 => ("there is no vehicle".to_owned(), "give a vehicle with a count of 1 or more"),
            _ => (format!("there are {all} vehicles, more than {MOST_VEHICLES}"), "give fewer"),
        };
        reading.faults.push(crate::data::Fault::error(Code::OutOfRange, file, message).with_help(help));
    }
    breaks(reading, &mut vehicles);
    vehicles
}

fn vehicle<'a>(reading: &mut Reading<'a>, cells: Cells<'a>, count: usize, depots: &[&str]) -> VehicleType {
    let position = |code: &str| depots.iter().position(|depot| *depot == code).unwrap_or(0);
    let start = position(cells.text("depot"));
    let end = if cells.text("end_depot").is_empty() { start } else { position(cells.text("end_depot")) };
    if cells.flag("open_end") && !cells.text("end_depot").is_empty() {
        let fault = cells.fault(
            Code::Contradiction,
            "open_end",
            "a route that ends at its last visit has an end_depot",
        );
        reading.faults.push(fault.with_help("clear one of the two"));
    }
    let (from, to, _) = reading.span(cells, "shift_start", "shift_end");
    let day = WrittenTime { date: None, seconds: 0 };
    let shift_start = from.unwrap_or_else(|| reading.clock.at(day, 0));
    let shift_end = to.unwrap_or_else(|| reading.clock.at(day, 1).max(shift_start));
    let limit =
        |column: &str, factor: f64| cells.number(column).map_or(f64::INFINITY, |limit| limit * factor);
    let max_reloads = cells.number("max_reloads").unwrap_or(0.0) as usize;
    let mut reload_depots = Vec::new();
    for word in cells.words("reload_depots") {
        match depots.iter().position(|depot| *depot == word) {
            Some(depot) => reload_depots.push(depot),
            None => {
                let message = format!("reload_depots names \"{word}\", which is no depot");
                let near = near_miss(word, depots.iter().copied());
                let help = did_you_mean(near, "name rows of the table depots");
                reading
                    .faults
                    .push(cells.fault(Code::UnknownReference, "reload_depots", message).with_help(help));
            }
        }
    }
    if max_reloads > 0 && reload_depots.is_empty() {
        reload_depots.push(start);
    }
    reload_depots.sort_unstable();
    reload_depots.dedup();
    VehicleType {
        start,
        end: (!cells.flag("open_end")).then_some(end),
        fixed_cost: cells.number("fixed_cost").unwrap_or(0.0),
        unit_distance_cost: cells.number("cost_per_km").unwrap_or(1.0) / 1000.0,
        unit_duration_cost: cells.number("cost_per_hour").unwrap_or(0.0) / 3600.0,
        shift: Window { start: shift_start, end: shift_end },
        max_distance: limit("max_km", 1000.0),
        max_duration: limit("max_hours", 3600.0),
        skills: reading.skills(cells),
        max_reloads,
        reload_depots,
        ..VehicleType::new(count, UNITS.iter().map(|unit| limit(&format!("capacity_{unit}"), 1.0)).collect())
    }
}

fn breaks<'a>(reading: &mut Reading<'a>, vehicles: &mut Vehicles) {
    for cells in Cells::all(reading.tables, "breaks") {
        let (from, to, undated) = reading.span(cells, "earliest", "latest");
        let (Some(at), Some(mut start), Some(mut end)) = (vehicles.find(cells.text("vehicle")), from, to)
        else {
            continue;
        };
        let kind = &mut vehicles.types[at];
        if undated && end < kind.shift.start {
            (start, end) = (start + 86_400.0, end + 86_400.0);
        }
        let duration = cells.number("minutes").unwrap_or(0.0) * 60.0;
        kind.breaks.push(Break { window: Window { start, end }, duration });
        kind.breaks.sort_by(|a, b| a.window.start.total_cmp(&b.window.start));
    }
}
