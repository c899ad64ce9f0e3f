//! The validated staffing problem: past orders by zone and hour, shifts, and the days to plan.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, Days, NaiveDate};

use crate::data::{
    Code, Fault, Faults, Schema, Settings, SettingsValues, Severity, Table, Tables, Valid, Weekdays,
    WrittenTime, date_of, did_you_mean, near_miss, validate,
};
use crate::presentation::Style;

/// The contract of the decision, as text.
pub(super) const CONTRACT: &str = include_str!("../../../models/staffing.toml");

/// Hours of a day.
pub(super) const DAY: usize = 24;
/// Longest history that is read, in days, back from the first day planned.
const LONGEST_HISTORY: u64 = 3 * 366;
/// Days without orders before the last day with orders, beyond which that day is doubted.
const LONGEST_SILENCE: i64 = 28;
/// Codes of unknown zones for which a near one is looked for.
const OFFERS: usize = 100;
/// Mean radius of the earth in kilometres.
const EARTH_KM: f64 = 6_371.008_8;

/// A zone in which orders come.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Zone {
    pub code: String,
    /// Degrees east and north, or kilometres.
    pub position: Option<[f64; 2]>,
    /// Time of a vehicle for an order, in minutes.
    pub minutes: f64,
}

/// A shift that drivers may start.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shift {
    pub code: String,
    pub row: u64,
    /// Hour of the day at which it starts, and how many hours it lasts.
    pub start: usize,
    pub hours: usize,
    pub cost: f64,
    /// Most drivers that start it on one day.
    pub most: f64,
    pub weekdays: Weekdays,
}

/// A staffing problem.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub name: String,
    pub zones: Vec<Zone>,
    pub shifts: Vec<Shift>,
    pub shifts_file: String,
    /// First day of the history and first day planned.
    pub since: NaiveDate,
    pub first: NaiveDate,
    /// Days planned.
    pub days: usize,
    /// Orders of each zone in each hour of the history.
    pub history: Vec<Vec<f64>>,
    pub holidays: HashSet<NaiveDate>,
    /// Share of cases in which the drivers of an hour are enough for its orders.
    pub level: f64,
    pub late_cost: f64,
    /// Most vehicles on duty at once.
    pub vehicles: f64,
    pub minutes_per_km: f64,
    pub is_geographic: bool,
    pub method: String,
    pub style: Style,
    pub notices: Faults,
}

impl Problem {
    /// The decision's contract.
    pub fn schema() -> Result<Schema, Faults> {
        Schema::parse(CONTRACT).map_err(|error| {
            Fault::error(Code::BadDeclaration, "models/staffing.toml", error.to_string()).into()
        })
    }

    /// Reads and checks tables and settings.
    pub fn read(name: &str, tables: Tables, settings: &Settings) -> Result<Self, Faults> {
        let Valid { tables, settings: values, notices } = validate(tables, settings, &Self::schema()?)?;
        let mut faults = notices;
        let mut zones = zones(&tables, &values, &mut faults);
        let orders = orders(&tables, &mut zones, &values, &mut faults);
        let shifts = shifts(&tables, &mut faults);
        let holidays = tables.get("holidays").and_then(|table| table.date("date")).unwrap_or_default();
        let last = orders.iter().map(|order| order.date).max();
        let first = values.date("plan_date").or_else(|| last?.succ_opt()).unwrap_or_default();
        let since = orders.iter().map(|order| order.date).filter(|date| *date < first).min();
        let orders_file = tables.get("orders").map_or("orders", Table::file);
        let Some(since) = since else {
            let help = "give past orders, or a later plan_date";
            let fault = Fault::error(
                Code::MissingValue,
                orders_file,
                "there is no order before the first day planned",
            );
            faults.push(fault.with_help(help));
            return Err(faults);
        };
        let notices = faults.into_result()?;
        let since = first.checked_sub_days(Days::new(LONGEST_HISTORY)).map_or(since, |far| since.max(far));
        let mut problem = Problem {
            name: name.to_owned(),
            is_geographic: tables.get("zones").is_some_and(|table| {
                table.number("latitude").is_some_and(|numbers| numbers.iter().any(|number| !number.is_nan()))
            }),
            history: Vec::new(),
            zones,
            shifts,
            shifts_file: tables.get("shifts").map_or("shifts", Table::file).to_owned(),
            since,
            first,
            days: usize::try_from(values.integer("horizon_days").unwrap_or(7)).unwrap_or(7),
            holidays: holidays.iter().filter_map(|&day| date_of(day)).collect(),
            level: values.number("service_level").unwrap_or(0.9),
            late_cost: values.number("late_cost").unwrap_or(0.0),
            vehicles: values.number("vehicles").unwrap_or(f64::INFINITY),
            minutes_per_km: 60.0 * values.number("detour_factor").unwrap_or(1.3)
                / values.number("speed_kmh").unwrap_or(30.0),
            method: values.choice("method").unwrap_or("auto").to_owned(),
            style: Style::for_currency(values.text("currency").unwrap_or("€")),
            notices,
        };
        problem.count(&orders);
        problem.notice(orders_file);
        problem.notice_left_out(&orders, orders_file);
        if let (None, Some(table)) = (values.date("plan_date"), tables.get("orders")) {
            problem.doubt_last_day(&orders, table);
        }
        Ok(problem)
    }

    fn count(&mut self, orders: &[Order]) {
        let hours = self.history_days() * DAY;
        self.history = vec![vec![0.0; hours]; self.zones.len()];
        for order in orders.iter().filter(|order| order.date >= self.since && order.date < self.first) {
            let day = (order.date - self.since).num_days() as usize;
            self.history[order.zone][day * DAY + order.hour] += order.quantity;
        }
    }

    fn notice(&mut self, file: &str) {
        const FEW_WEEKS: usize = 4;
        let days = self.history_days();
        if days < FEW_WEEKS * 7 {
            let message =
                format!("there are {days} days of orders: hours of the week are known from few of each");
            let fault = Fault::error(Code::OutOfRange, file, message).with_severity(Severity::Warning);
            self.notices.push(fault.with_help("give at least four weeks, better half a year"));
        }
    }

    /// Counts the orders that are not read.
    fn notice_left_out(&mut self, orders: &[Order], file: &str) {
        let early = orders.iter().filter(|order| order.date < self.since).count();
        let late = orders.iter().filter(|order| order.date >= self.first).count();
        let told = [
            (
                early,
                format!(
                    "lie before {}, the begin of the longest history of {LONGEST_HISTORY} days",
                    self.since
                ),
            ),
            (late, format!("lie on {}, the first day planned, or later, and are not known then", self.first)),
        ];
        for (count, what) in told.into_iter().filter(|(count, _)| *count > 0) {
            let message = format!("rows of orders that are left out: {count}; they {what}");
            let fault = Fault::error(Code::LeftOut, file, message).with_severity(Severity::Notice);
            self.notices.push(fault.with_help("nothing is to be done where their dates are right"));
        }
    }

    /// Warns where the day before the first planned is far from all others: it may be written wrongly.
    fn doubt_last_day(&mut self, orders: &[Order], table: &Table) {
        let Some(last) = orders.iter().max_by_key(|order| (order.date, std::cmp::Reverse(order.row))) else {
            return;
        };
        let before = orders.iter().map(|order| order.date).filter(|date| *date < last.date).max();
        let silence = before.map(|before| (last.date - before).num_days());
        if let Some(days) = silence.filter(|days| *days > LONGEST_SILENCE) {
            let message = format!(
                "the last day with orders, {}, comes {days} days after the one before, and the days from {} on \
                 are planned",
                last.date, self.first
            );
            let fault =
                fault(table, last.row, "time", Code::OutOfRange, message).with_severity(Severity::Warning);
            self.notices.push(fault.with_help("mend the date where it is wrong, or give plan_date"));
        }
    }

    /// Days of the history.
    pub fn history_days(&self) -> usize {
        usize::try_from((self.first - self.since).num_days()).unwrap_or(0)
    }

    /// Hours planned.
    pub fn hours(&self) -> usize {
        self.days * DAY
    }

    /// The date so many days after the first that is planned.
    pub fn date(&self, day: i64) -> NaiveDate {
        self.first.checked_add_signed(chrono::TimeDelta::days(day)).unwrap_or(self.first)
    }

    /// Class of a day: its weekday, or 7 for a holiday.
    pub fn class(&self, date: NaiveDate) -> usize {
        if self.holidays.contains(&date) { 7 } else { date.weekday().num_days_from_monday() as usize }
    }

    /// Minutes from one zone to another; one unit apart where no zone has a position.
    pub fn minutes_between(&self, a: usize, b: usize) -> f64 {
        match (self.zones[a].position, self.zones[b].position) {
            _ if a == b => 0.0,
            (Some(from), Some(to)) if self.is_geographic => self.minutes_per_km * on_the_globe(from, to),
            (Some([x, y]), Some([u, v])) => self.minutes_per_km * (x - u).hypot(y - v),
            _ => 1.0,
        }
    }

    /// Whether all zones have a position.
    pub fn has_positions(&self) -> bool {
        self.zones.iter().all(|zone| zone.position.is_some())
    }

    /// The same problem as it stood on another day.
    pub fn at(&self, first: NaiveDate, days: usize) -> Problem {
        let shift = usize::try_from((first - self.since).num_days()).unwrap_or(0) * DAY;
        let history = self.history.iter().map(|hours| hours[..shift.min(hours.len())].to_vec());
        Problem { first, days, history: history.collect(), ..self.clone() }
    }
}

/// Kilometres along a great circle.
fn on_the_globe(a: [f64; 2], b: [f64; 2]) -> f64 {
    let ([x1, y1], [x2, y2]) = (a.map(f64::to_radians), b.map(f64::to_radians));
    let (sy, sx) = (((y2 - y1) / 2.0).sin(), ((x2 - x1) / 2.0).sin());
    let h = sy * sy + y1.cos() * y2.cos() * sx * sx;
    2.0 * EARTH_KM * h.sqrt().clamp(0.0, 1.0).asin()
}

struct Order {
    row: usize,
    zone: usize,
    date: NaiveDate,
    hour: usize,
    quantity: f64,
}

fn number(table: &Table, column: &str, row: usize) -> Option<f64> {
    table.number(column).and_then(|numbers| numbers.get(row)).copied().filter(|number| !number.is_nan())
}

fn text<'a>(table: &'a Table, column: &str, row: usize) -> &'a str {
    table.text(column).map_or("", |words| words.get(row))
}

fn fault(table: &Table, row: usize, column: &str, code: Code, message: String) -> Fault {
    Fault::error(code, table.file(), message)
        .at_row(table.row_number(row))
        .in_column(column, table.cell_text(column, row))
}

/// The zones of the table; none where there is no table.
fn zones(tables: &Tables, values: &SettingsValues, faults: &mut Faults) -> Vec<Zone> {
    let usual = values.number("minutes_per_order").unwrap_or(30.0);
    let Some(table) = tables.get("zones") else { return Vec::new() };
    let zone = |row: usize| {
        let pair = |a: &str, b: &str| Some([number(table, a, row)?, number(table, b, row)?]);
        Zone {
            code: text(table, "zone", row).to_owned(),
            position: pair("longitude", "latitude").or_else(|| pair("x_km", "y_km")),
            minutes: number(table, "minutes_per_order", row).unwrap_or(usual),
        }
    };
    check_positions(table, faults);
    (0..table.len()).map(zone).collect()
}

/// Either no zone has a position, or all have one of the same kind.
fn check_positions(table: &Table, faults: &mut Faults) {
    const KINDS: [[&str; 2]; 2] = [["latitude", "longitude"], ["x_km", "y_km"]];
    let has = |row: usize, column: &str| number(table, column, row).is_some();
    let has_kind = |kind: [&str; 2]| (0..table.len()).any(|row| kind.iter().any(|column| has(row, column)));
    let [globe, plane] = KINDS.map(has_kind);
    // Where all zones have degrees, kilometres beside them do no harm: they are not read.
    let kind = KINDS[usize::from(!globe)];
    if !globe && !plane {
        return;
    }
    for row in 0..table.len() {
        let Some(missing) = kind.into_iter().find(|column| !has(row, column)) else { continue };
        let code = text(table, "zone", row);
        let is_half = kind.iter().any(|column| has(row, column));
        let (class, message) = if is_half {
            (Code::MissingValue, format!("zone \"{code}\" has half a position: {missing} is missing"))
        } else if globe && KINDS[1].iter().any(|column| has(row, column)) {
            let message = format!("zone \"{code}\" has a position in kilometres, other zones have degrees");
            (Code::Contradiction, message)
        } else {
            (Code::MissingValue, format!("zone \"{code}\" has no position, other zones have one"))
        };
        let help = format!("give {} and {} to every zone, or to none", kind[0], kind[1]);
        faults.push(fault(table, row, missing, class, message).with_help(help));
    }
}

/// Past orders; without a table of zones, each zone that an order names is one.
fn orders(
    tables: &Tables,
    zones: &mut Vec<Zone>,
    values: &SettingsValues,
    faults: &mut Faults,
) -> Vec<Order> {
    let Some(table) = tables.get("orders") else { return Vec::new() };
    let is_open = zones.is_empty();
    let minutes = values.number("minutes_per_order").unwrap_or(30.0);
    let mut index: HashMap<String, usize> =
        zones.iter().enumerate().map(|(at, zone)| (zone.code.clone(), at)).collect();
    let mut orders = Vec::with_capacity(table.len());
    // Near codes of unknown ones, each looked for once.
    let mut offers: HashMap<&str, Option<String>> = HashMap::new();
    for row in 0..table.len() {
        let code = text(table, "zone", row);
        let zone = index.get(code).copied().or_else(|| {
            is_open.then(|| {
                index.insert(code.to_owned(), zones.len());
                zones.push(Zone { code: code.to_owned(), position: None, minutes });
                zones.len() - 1
            })
        });
        let Some(zone) = zone else {
            if !offers.contains_key(code) && offers.len() < OFFERS {
                let near = near_miss(code, zones.iter().map(|zone| zone.code.as_str()));
                offers.insert(code, near.map(str::to_owned));
            }
            let near = offers.get(code).and_then(Option::as_deref);
            let wrong =
                fault(table, row, "zone", Code::UnknownReference, format!("zone \"{code}\" is not in zones"));
            faults.push(wrong.with_help(did_you_mean(near, "add it to the table zones")));
            continue;
        };
        let written = text(table, "time", row);
        // A date alone would pass for midnight.
        let time = WrittenTime::parse(written).filter(|_| written.contains(':'));
        let time = time.and_then(|time| Some((time.date?, time.seconds)));
        let Some((date, seconds)) = time else {
            let message = format!("time is \"{written}\": not a date with a time");
            faults
                .push(fault(table, row, "time", Code::NotADate, message).with_help("write 2026-03-02 08:30"));
            continue;
        };
        let hour = (seconds as usize / 3600).min(DAY - 1);
        orders.push(Order { row, zone, date, hour, quantity: number(table, "quantity", row).unwrap_or(1.0) });
    }
    orders
}

fn shifts(tables: &Tables, faults: &mut Faults) -> Vec<Shift> {
    let Some(table) = tables.get("shifts") else { return Vec::new() };
    let mut shifts = Vec::new();
    for row in 0..table.len() {
        let written = text(table, "start", row);
        let start =
            WrittenTime::parse(written).filter(|time| time.date.is_none() && time.seconds % 3600 == 0);
        let Some(start) = start else {
            let message = format!("start is \"{written}\": not a full hour of the day");
            faults.push(fault(table, row, "start", Code::NotADate, message).with_help("write 06:00"));
            continue;
        };
        let days = text(table, "weekdays", row);
        let weekdays = if days.is_empty() { Some(Weekdays::ALL) } else { Weekdays::parse(days) };
        let Some(weekdays) = weekdays else {
            let message = format!("weekdays is \"{days}\": not names of weekdays");
            faults.push(
                fault(table, row, "weekdays", Code::NotAWeekday, message).with_help("write mon;tue;wed"),
            );
            continue;
        };
        shifts.push(Shift {
            code: text(table, "shift", row).to_owned(),
            row: table.row_number(row),
            start: (start.seconds as usize / 3600) % DAY,
            hours: number(table, "hours", row).map_or(8, |hours| hours as usize),
            cost: number(table, "cost", row).unwrap_or(0.0),
            most: number(table, "most", row).unwrap_or(f64::INFINITY),
            weekdays,
        });
    }
    if shifts.is_empty() && !faults.has_errors() {
        let empty = Fault::error(Code::MissingValue, table.file(), "there is no shift");
        faults.push(empty.with_help("give one row for each start of a shift"));
    }
    shifts
}
