//! Rows of a travel log as trips over the arcs of a map.

use std::collections::HashMap;
use std::sync::Arc;

use super::departure::ends_of;
use super::moment::{Moment, day_and_second};
use super::paces::Statements;
use crate::data::{Code, Fault, Faults, Table};
use crate::optimize::paths::{Dijkstra, QuaternaryHeap, RoadMap};
use crate::predict::travel::{Roads, TravelTimes, Trip};

/// One row of the log: a way and how long it took.
#[derive(Debug, Clone)]
pub(super) struct Journey {
    /// Positions of the arcs, from the first.
    pub way: Arc<[u32]>,
    /// Nodes where it starts and ends.
    pub ends: (u32, u32),
    pub departure: f64,
    pub seconds: f64,
    /// Travel time of the way on the map.
    pub base: f64,
}

impl Journey {
    pub fn arrival(&self) -> f64 {
        self.departure + self.seconds
    }
}

/// What a log says.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    /// By departure.
    pub journeys: Vec<Journey>,
    /// Rows between nodes that no way joins on the map.
    without_way: usize,
    /// Rows whose way takes no time on the map, so that nothing can be said of its pace.
    without_time: usize,
}

impl Log {
    /// Which rows count for nothing, and why; one sentence a reason.
    pub fn notices(&self) -> Vec<String> {
        let said = |count: usize, reason: &str| {
            let rows = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
            (count > 0).then(|| format!("{rows} of the travel log count for nothing: {reason}."))
        };
        let reasons = [
            said(self.without_way, "no way joins their nodes on the map"),
            said(self.without_time, "their way takes no time on the map"),
        ];
        reasons.into_iter().flatten().collect()
    }
}

/// Reads the log. A row between nodes that no arc joins is laid on the way that is fastest on the map.
pub(super) fn journeys(map: &RoadMap, log: &Table) -> Result<Log, Faults> {
    let mut faults = Faults::default();
    let mut ways: HashMap<(u32, u32), Arc<[u32]>> = HashMap::new();
    let mut search = Dijkstra::<QuaternaryHeap>::new(&map.graph);
    let mut found = Log { journeys: Vec::with_capacity(log.len()), ..Log::default() };
    for (row, &seconds) in log.number("seconds").unwrap_or(&[]).iter().enumerate() {
        let departure = departure_of(log, row, &mut faults);
        let ends = ends_of(map, log, row, &mut faults);
        let (Some(departure), Some(ends)) = (departure, ends) else { continue };
        let way = ways.entry(ends).or_insert_with(|| way_of(map, &mut search, ends));
        let base = way.iter().map(|&arc| map.graph.weight(arc as usize)).sum::<f64>();
        if (way.is_empty() && ends.0 != ends.1) || base.is_infinite() {
            found.without_way += 1;
        } else if base > 0.0 {
            found.journeys.push(Journey { way: way.clone(), ends, departure, seconds, base });
        } else {
            found.without_time += 1;
        }
    }
    faults.into_result()?;
    found.journeys.sort_by(|a, b| a.departure.total_cmp(&b.departure));
    Ok(found)
}

fn departure_of(log: &Table, row: usize, faults: &mut Faults) -> Option<f64> {
    let text = log.text("departure").map_or("", |text| text.get(row));
    if let Some(Moment::Dated(departure)) = Moment::parse(text) {
        return Some(departure);
    }
    let fault = Fault::error(Code::NotADate, log.file(), format!("\"{text}\" is no moment"));
    let fault = fault.at_row(log.row_number(row)).in_column("departure", text);
    faults.push(fault.with_help("write 2026-11-25T08:30"));
    None
}

fn way_of(map: &RoadMap, search: &mut Dijkstra<QuaternaryHeap>, (from, to): (u32, u32)) -> Arc<[u32]> {
    let arcs = map.graph.range(from).filter(|&arc| map.graph.head(arc) == to);
    match arcs.min_by(|&a, &b| map.graph.weight(a).total_cmp(&map.graph.weight(b))) {
        Some(arc) => [arc as u32].into(),
        None => search.path(&map.graph, from, to).arcs.into(),
    }
}

/// Each arc of each journey as a trip; the arcs of a way share its slowness.
pub(super) fn trips(map: &RoadMap, journeys: &[Journey], weather: &Statements) -> Vec<Trip> {
    let mut trips = Vec::with_capacity(journeys.len());
    for journey in journeys {
        let ratio = journey.seconds / journey.base;
        let mut moment = journey.departure;
        for &position in journey.way.iter() {
            let arc = map.graph.input_of(position as usize);
            let base = map.graph.weight(position as usize);
            let (day, second) = day_and_second(moment);
            let factor = weather.product(map, arc, moment);
            let stated = if factor > 0.0 && factor.is_finite() { factor.ln() } else { 0.0 };
            if base > 0.0 {
                trips.push(Trip { road: arc, day, second, ratio, stated });
            }
            moment += base * ratio;
        }
    }
    trips
}

/// Fits travel times by weekday and time of day on journeys.
pub(super) fn fit(map: &RoadMap, journeys: &[Journey], weather: &Statements) -> TravelTimes {
    let arcs = 0..map.graph.arcs() as u32;
    let roads = Roads {
        class: arcs.clone().map(|arc| map.classes.of(arc)).collect(),
        area: arcs.map(|arc| map.areas.of(arc)).collect(),
    };
    TravelTimes::fit(roads, &trips(map, journeys, weather))
}
