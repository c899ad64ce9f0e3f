//! Depots and visits: where they are, when they are open, what is loaded and unloaded.

use std::collections::HashMap;

use super::fleet::Vehicles;
use super::tables::{Cells, Reading};
use super::travel::Places;
use super::{Named, UNITS};
use crate::data::{Code, Fault, did_you_mean};
use crate::optimize::routes::{Depot, Lateness, Pair, Visit, Window};

/// Reads the depots.
pub(super) fn depots<'a>(reading: &mut Reading<'a>, places: &mut Places) -> (Vec<Depot>, Vec<Named>) {
    let (mut depots, mut names) = (Vec::new(), Vec::new());
    for cells in Cells::all(reading.tables, "depots") {
        let mut named = named(cells, "depot");
        let place = match places.of(cells, "depot") {
            Ok((place, position)) => {
                named.position = position;
                place
            }
            Err(reason) => {
                let fault = cells.fault(Code::MissingValue, "latitude", format!("the depot is {reason}"));
                reading
                    .faults
                    .push(fault.with_help("give latitude and longitude, or x_km and y_km, or a place"));
                0
            }
        };
        let (from, to, _) = reading.span(cells, "open", "close");
        let window = Window { start: from.unwrap_or(f64::NEG_INFINITY), end: to.unwrap_or(f64::INFINITY) };
        let reload_duration = cells.number("reload_minutes").unwrap_or(0.0) * 60.0;
        depots.push(Depot { place, window, reload_duration });
        names.push(named);
    }
    if depots.is_empty() {
        let file = reading.tables.get("depots").map_or("depots", |table| table.file());
        reading
            .faults
            .push(Fault::error(Code::MissingValue, file, "there is no depot").with_help("give one row"));
    }
    (depots, names)
}

fn named(cells: Cells<'_>, column: &str) -> Named {
    Named {
        code: cells.text(column).to_owned(),
        file: cells.table.file().to_owned(),
        row: cells.table.row_number(cells.row),
        position: None,
        flaw: None,
    }
}

/// Reads the visits and which of them are pickup and delivery of one shipment.
pub(super) fn read<'a>(
    reading: &mut Reading<'a>,
    places: &mut Places,
    depots: &[Named],
    vehicles: &Vehicles,
) -> (Vec<Visit>, Vec<Named>, Vec<Pair>) {
    let (mut visits, mut names) = (Vec::new(), Vec::new());
    let mut windows = further_windows(reading);
    for cells in Cells::all(reading.tables, "visits") {
        let mut named = named(cells, "visit");
        let place = match places.of(cells, "visit") {
            Ok((place, position)) => {
                named.position = position;
                named.flaw = position.and_then(|position| places.misplaced(position, depots));
                place
            }
            Err(reason) => {
                named.flaw = Some(reason);
                0
            }
        };
        let further = windows.remove(&named.code).unwrap_or_default();
        visits.push(visit(reading, cells, place, further, vehicles));
        names.push(named);
    }
    let pairs = pairs(reading, &visits);
    (visits, names, pairs)
}

/// Windows of the table of that name, by visit.
fn further_windows(reading: &mut Reading<'_>) -> HashMap<String, Vec<Window>> {
    let mut windows: HashMap<String, Vec<Window>> = HashMap::new();
    for cells in Cells::all(reading.tables, "windows") {
        let found = window(reading, cells);
        windows.entry(cells.text("visit").to_owned()).or_default().extend(found);
    }
    windows
}

/// The window of a row; one without dates that is over before any shift begins is on the day after.
fn window<'a>(reading: &mut Reading<'a>, cells: Cells<'a>) -> Option<Window> {
    let (from, to, undated) = reading.span(cells, "window_start", "window_end");
    if from.is_none() && to.is_none() {
        return None;
    }
    let later = if undated && to.is_some_and(|end| end < reading.first_shift) { 86_400.0 } else { 0.0 };
    Some(Window {
        start: from.map_or(f64::NEG_INFINITY, |start| start + later),
        end: to.map_or(f64::INFINITY, |end| end + later),
    })
}

fn visit<'a>(
    reading: &mut Reading<'a>,
    cells: Cells<'a>,
    place: usize,
    further: Vec<Window>,
    vehicles: &Vehicles,
) -> Visit {
    let amounts = |of: &str| {
        UNITS.iter().map(|unit| cells.number(&format!("{of}_{unit}")).unwrap_or(0.0)).collect::<Vec<f64>>()
    };
    let windows = joined(window(reading, cells).into_iter().chain(further).collect());
    let release =
        reading.written(cells, "release").map_or(f64::NEG_INFINITY, |time| reading.clock.at(time, 0));
    let most = cells.number("max_lateness_minutes").unwrap_or(1440.0) * 60.0;
    let minutes = |column: &str| cells.number(column).unwrap_or(0.0) * 60.0;
    Visit {
        place,
        delivery: amounts("delivery"),
        pickup: amounts("pickup"),
        windows,
        service_duration: minutes("service_minutes"),
        setup_duration: minutes("setup_minutes"),
        release,
        prize: cells.number("prize"),
        priority: cells.number("priority").unwrap_or(0.0) as u32,
        skills: reading.skills(cells),
        vehicles: allowed(reading, cells, vehicles),
        lateness: cells.number("lateness_cost").map(|cost| Lateness { unit_cost: cost / 60.0, most }),
    }
}

/// Types that the column `vehicles` names.
fn allowed<'a>(reading: &mut Reading<'a>, cells: Cells<'a>, vehicles: &Vehicles) -> Vec<usize> {
    let mut types = Vec::new();
    for code in cells.words("vehicles") {
        match vehicles.find(code) {
            Some(kind) => types.push(kind),
            None => {
                let message = format!("vehicles names \"{code}\", of which there is none");
                let help = did_you_mean(vehicles.near(code), "name rows of the table vehicles");
                reading.faults.push(cells.fault(Code::UnknownReference, "vehicles", message).with_help(help));
            }
        }
    }
    types.sort_unstable();
    types.dedup();
    types
}

/// Windows in their order, those that meet joined.
fn joined(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_by(|a, b| a.start.total_cmp(&b.start));
    let mut apart: Vec<Window> = Vec::with_capacity(windows.len());
    for window in windows {
        match apart.last_mut() {
            Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
            _ => apart.push(window),
        }
    }
    apart
}

fn pairs(reading: &mut Reading<'_>, visits: &[Visit]) -> Vec<Pair> {
    let mut shipments: Vec<(&str, Vec<Cells<'_>>)> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for cells in Cells::all(reading.tables, "visits").filter(|cells| !cells.text("shipment").is_empty()) {
        let code = cells.text("shipment");
        let index = *at.entry(code).or_insert(shipments.len());
        if index == shipments.len() {
            shipments.push((code, Vec::new()));
        }
        shipments[index].1.push(cells);
    }
    let mut pairs = Vec::new();
    for (code, rows) in shipments {
        let loads = |cells: &Cells<'_>| visits[cells.row].pickup.iter().any(|&amount| amount > 0.0);
        let (first, second) = match rows[..] {
            [a, b] if loads(&a) != loads(&b) => {
                if loads(&a) {
                    (a, b)
                } else {
                    (b, a)
                }
            }
            _ => {
                let message = format!(
                    "the shipment \"{code}\" has {} visits, not one that loads and one that unloads",
                    rows.len()
                );
                reading.faults.push(
                    rows[0]
                        .fault(Code::Contradiction, "shipment", message)
                        .with_help("give it to exactly two visits"),
                );
                continue;
            }
        };
        if visits[first.row].pickup != visits[second.row].delivery {
            let message = format!("the shipment \"{code}\" unloads other amounts than it loads");
            reading.faults.push(
                second
                    .fault(Code::Contradiction, "shipment", message)
                    .with_help("give both visits the same amounts"),
            );
        }
        pairs.push(Pair { first: first.row, second: second.row });
    }
    pairs
}
