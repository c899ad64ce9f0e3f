//! When to leave, and the travel times from then on.

use std::collections::HashMap;
use std::sync::Arc;

use statrs::distribution::{ContinuousCDF, Normal};

use super::moment::{DAY, Moment, day_and_second};
use super::paces::{Pace, Paces, Scope, Statement, Statements, Usual};
use super::{TENTH, trips, unknown};
use crate::data::{Code, Fault, Faults, Table, near_miss};
use crate::optimize::paths::{Labels, Path, Point, Profiles, RoadMap};

/// Travel times from a departure on.
#[derive(Debug, Clone)]
pub struct Departure {
    /// Seconds from the start of the profiles to the departure.
    pub seconds: f64,
    /// Travel times of the arcs that have some.
    pub profiles: Profiles,
    /// What of the tables counts for nothing, in sentences.
    pub notices: Vec<String>,
    /// How the times were found, where they have a spread.
    pub(super) paces: Option<Box<Paces>>,
}

/// What is known of the roads besides the map. Tables have the columns of the contract of roads.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// Table `traffic`: what holds in place of the usual.
    pub traffic: Option<Table>,
    /// Table `weather`: what comes on top.
    pub weather: Option<Table>,
    /// Table `travel_log`: trips of the past, and those of today.
    pub travel_log: Option<Table>,
    /// Percent of days, above 0 and below 100, on which planned times should hold.
    pub percentile: f64,
}

impl Default for Conditions {
    fn default() -> Self {
        Conditions { traffic: None, weather: None, travel_log: None, percentile: 50.0 }
    }
}

impl Departure {
    /// Travel times by time of day from the table `profiles`.
    ///
    /// # Errors
    /// Every fault of the table at once: unknown arcs, times that are none, and
    /// travel times under which who starts later arrives earlier.
    pub fn from_profiles(map: &RoadMap, table: &Table, depart: &str) -> Result<Self, Faults> {
        let seconds = match departure_of(depart)? {
            Moment::Daily(seconds) => seconds,
            Moment::Dated(moment) => day_and_second(moment).1,
        };
        let mut of_arc: Vec<Vec<Point>> = vec![Vec::new(); map.graph.arcs()];
        let arcs = arcs_by_ends(map);
        let mut faults = Faults::default();
        for row in 0..table.len() {
            let found = arcs_of(map, &arcs, table, row, &mut faults);
            let departure = match moment_of(table, "time", row, &mut faults) {
                Some(Moment::Daily(second)) => second,
                Some(Moment::Dated(moment)) => day_and_second(moment).1,
                None => continue,
            };
            let travel = table.number("seconds").map_or(0.0, |seconds| seconds[row]);
            found.iter().for_each(|&arc| of_arc[arc as usize].push(Point { departure, travel }));
        }
        faults.into_result()?;
        of_arc.iter_mut().for_each(|points| points.sort_by(|a, b| a.departure.total_cmp(&b.departure)));
        let profiles =
            Profiles::new(&map.graph, DAY, &of_arc).map_err(|error| contradiction(table.file(), &error))?;
        Ok(Departure { seconds, profiles, notices: Vec::new(), paces: None })
    }

    /// Travel times under what is known of traffic and weather, and what trips of the past say.
    /// Trips that had not ended by then are not known.
    ///
    /// # Errors
    /// Every fault of the tables at once; a departure without a date where a table has dates.
    pub fn under(map: &RoadMap, depart: &str, conditions: &Conditions) -> Result<Self, Faults> {
        let moment = departure_of(depart)?;
        let dated = matches!(moment, Moment::Dated(_));
        let (Moment::Daily(at) | Moment::Dated(at)) = moment;
        if !dated && conditions.travel_log.is_some() {
            let fault = Fault::error(Code::Contradiction, "--depart", "a travel log knows weekdays");
            return Err(fault.with_help("write the day as well: 2026-11-25T08:30").into());
        }
        let mut faults = Faults::default();
        let arcs = arcs_by_ends(map);
        let read = |table: &Option<Table>, faults: &mut Faults| {
            let rows = table.as_ref().map(|table| statements(map, &arcs, table, dated, faults));
            Arc::new(Statements::new(rows.unwrap_or_default()))
        };
        let mut paces = Paces {
            origin: (at / 3600.0).floor() * 3600.0,
            traffic: read(&conditions.traffic, &mut faults),
            weather: read(&conditions.weather, &mut faults),
            usual: None,
        };
        let mut notices = Vec::new();
        if let Some(log) = &conditions.travel_log {
            match trips::journeys(map, log) {
                Ok(log) => {
                    notices = log.notices();
                    paces.usual = Some(usual(map, &log.journeys, &paces.weather, at));
                }
                Err(more) => faults.extend(more),
            }
        }
        faults.into_result()?;
        let deviations = Normal::standard().inverse_cdf(conditions.percentile.clamp(0.01, 99.99) / 100.0);
        let profiles = paces
            .profiles(map, deviations)
            .map_err(|text| Faults::from(Fault::error(Code::Contradiction, "--depart", text)))?;
        let seconds = at - paces.origin;
        let paces = paces.usual.is_some().then(|| Box::new(paces));
        Ok(Departure { seconds, profiles, notices, paces })
    }

    /// The 10 and 90 % quantiles of the travel time over a path, its arcs all being slow or all fast.
    pub(super) fn span(&self, map: &RoadMap, path: &Path) -> Option<[f64; 2]> {
        let paces = self.paces.as_ref()?;
        Some([-TENTH, TENTH].map(|deviations| paces.drive(map, &path.arcs, self.seconds, deviations)))
    }
}

/// Rows of a table for any moment.
pub(super) fn read_statements(map: &RoadMap, table: Option<&Table>) -> Result<Statements, Faults> {
    let mut faults = Faults::default();
    let rows = table.map(|table| statements(map, &arcs_by_ends(map), table, true, &mut faults));
    faults.into_result()?;
    Ok(Statements::new(rows.unwrap_or_default()))
}

/// The usual as it was known at a moment: journeys of earlier days are fitted, those of its day move it.
fn usual(map: &RoadMap, journeys: &[trips::Journey], weather: &Statements, moment: f64) -> Usual {
    let (day, second) = day_and_second(moment);
    let midnight = moment - second;
    let known = |journey: &&trips::Journey| journey.arrival() <= moment;
    let (past, today): (Vec<_>, Vec<_>) =
        journeys.iter().filter(known).cloned().partition(|journey| journey.departure < midnight);
    let model = trips::fit(map, &past, weather);
    let residuals = model.residuals(&trips::trips(map, &today, weather), day, second);
    Usual { model: model.into(), residuals: residuals.into(), midnight }
}

fn departure_of(text: &str) -> Result<Moment, Faults> {
    Moment::parse(text).ok_or_else(|| {
        let fault = Fault::error(Code::NotADate, "--depart", format!("\"{text}\" is no moment"));
        fault.with_help("write 08:30, or 2026-11-25T08:30 where the day matters").into()
    })
}

/// Rows of `traffic` or `weather`.
fn statements(
    map: &RoadMap,
    arcs: &HashMap<(u32, u32), Vec<u32>>,
    table: &Table,
    dated: bool,
    faults: &mut Faults,
) -> Vec<Statement> {
    let mut rows = Vec::with_capacity(table.len());
    for row in 0..table.len() {
        let said = faults.len();
        let scope = scope(map, arcs, table, row, faults);
        let ends = moment_of(table, "start", row, faults).zip(moment_of(table, "until", row, faults));
        let pace = pace(map, table, row, &scope, faults);
        let (Some((start, until)), Some(pace)) = (ends, pace) else { continue };
        let mut refuse = |column: &str, text: &str, help: &str| {
            let value = table.text(column).map_or("", |text| text.get(row));
            let fault = Fault::error(Code::Contradiction, table.file(), text);
            faults.push(fault.at_row(table.row_number(row)).in_column(column, value).with_help(help));
        };
        if !start.same_kind(until) {
            refuse("until", "one end of the row has a date, the other has none", "give both or none");
        } else if let (Moment::Dated(from), Moment::Dated(end)) = (start, until) {
            if end <= from {
                refuse("until", "the row ends before it starts", "exchange start and until");
            }
            if !dated {
                refuse("start", "the row has a date, --depart has none", "write --depart 2026-11-25T08:30");
            }
        }
        if faults.len() == said {
            rows.push(Statement { scope, start, until, pace });
        }
    }
    rows
}

fn pace(map: &RoadMap, table: &Table, row: usize, scope: &Scope, faults: &mut Faults) -> Option<Pace> {
    let number =
        |column: &str| table.number(column).map(|numbers| numbers[row]).filter(|number| !number.is_nan());
    let mut refuse = |code: Code, text: &str, help: &str| {
        let fault = Fault::error(code, table.file(), text);
        faults.push(fault.at_row(table.row_number(row)).with_help(help));
        None
    };
    match (number("factor"), number("speed")) {
        (Some(_), Some(_)) => refuse(Code::Contradiction, "factor and speed are both given", "leave one out"),
        (None, None) => {
            refuse(Code::MissingValue, "neither factor nor speed is given", "give one; speed 0: closed")
        }
        (Some(factor), None) => Some(Pace::Factor(factor)),
        (None, Some(0.0)) => Some(Pace::Factor(f64::INFINITY)),
        (None, Some(speed)) => {
            let known = |arc: u32| map.metres.get(arc as usize).is_some_and(|&metres| metres > 0.0);
            let all = match &scope.arcs {
                Some(arcs) => arcs.iter().all(|&arc| known(arc)),
                None => (0..map.graph.arcs() as u32).all(known),
            };
            if !all {
                return refuse(
                    Code::MissingValue,
                    "a speed needs the length of its arcs",
                    "give metres in the map, or a factor",
                );
            }
            Some(Pace::Speed(speed / 3.6))
        }
    }
}

fn scope(
    map: &RoadMap,
    arcs: &HashMap<(u32, u32), Vec<u32>>,
    table: &Table,
    row: usize,
    faults: &mut Faults,
) -> Scope {
    let text = |column: &str| table.text(column).map_or("", |text| text.get(row));
    let mut label = |column: &str, labels: &Labels| {
        let name = text(column);
        if name.is_empty() {
            return None;
        }
        let found = labels.index(name);
        if found.is_none() {
            let fault = Fault::error(
                Code::UnknownReference,
                table.file(),
                format!("no arc of the map has the {column} \"{name}\""),
            );
            let help = near_miss(name, labels.words().iter().map(String::as_str)).map_or_else(
                || "give a word of the map's column of that name".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            faults.push(fault.at_row(table.row_number(row)).in_column(column, name).with_help(help));
        }
        found
    };
    let (class, area) = (label("class", &map.classes), label("area", &map.areas));
    let named = !(text("from").is_empty() && text("to").is_empty());
    Scope { arcs: named.then(|| arcs_of(map, arcs, table, row, faults)), class, area }
}

fn moment_of(table: &Table, column: &str, row: usize, faults: &mut Faults) -> Option<Moment> {
    let text = table.text(column).map_or("", |text| text.get(row));
    let found = Moment::parse(text);
    if found.is_none() {
        let fault = Fault::error(Code::NotADate, table.file(), format!("\"{text}\" is no moment"));
        faults.push(
            fault
                .at_row(table.row_number(row))
                .in_column(column, text)
                .with_help("write 08:30 for every day, or 2026-11-25T08:30"),
        );
    }
    found
}

fn contradiction(file: &str, error: &dyn std::fmt::Display) -> Faults {
    Fault::error(Code::Contradiction, file, error.to_string()).into()
}

/// Places in the input of the arcs between two nodes.
fn arcs_by_ends(map: &RoadMap) -> HashMap<(u32, u32), Vec<u32>> {
    let mut arcs: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
    for tail in 0..map.graph.nodes() as u32 {
        for position in map.graph.range(tail) {
            arcs.entry((tail, map.graph.head(position))).or_default().push(map.graph.input_of(position));
        }
    }
    arcs
}

/// Ends that a row names, or none with a fault.
pub(super) fn ends_of(map: &RoadMap, table: &Table, row: usize, faults: &mut Faults) -> Option<(u32, u32)> {
    let text = |column: &str| table.text(column).map_or("", |text| text.get(row));
    let (from, to) = (map.start(text("from")), map.end(text("to")));
    for (column, found) in [("from", from), ("to", to)] {
        if found.is_none() {
            faults.push(unknown(map, table, column, text(column), row));
        }
    }
    from.zip(to)
}

fn arcs_of(
    map: &RoadMap,
    arcs: &HashMap<(u32, u32), Vec<u32>>,
    table: &Table,
    row: usize,
    faults: &mut Faults,
) -> Vec<u32> {
    let Some(ends) = ends_of(map, table, row, faults) else { return Vec::new() };
    arcs.get(&ends).cloned().unwrap_or_else(|| {
        let text = |column: &str| table.text(column).map_or("", |text| text.get(row));
        let said = format!("no arc leads from \"{}\" to \"{}\"", text("from"), text("to"));
        let fault = Fault::error(Code::UnknownReference, table.file(), said);
        faults.push(fault.at_row(table.row_number(row)).in_column("to", text("to")));
        Vec::new()
    })
}
