//! A day as its log tells it: orders, cancellations, traffic, delays and positions, each with its time.

use super::super::super::Input;
use super::super::problem::{Fleet, Problem};
use super::super::update::{column_of, merged};
use super::position::{self, Places, Spot};
use crate::data::{Code, Fault, Faults, Settings, SettingsValues, Table, Tables, WrittenTime};
use crate::optimize::routes::Window;

/// What happens at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// An order becomes known.
    Order,
    /// An order is called off.
    Cancel(usize),
    /// Ways that begin from now on take so many times their usual time.
    Traffic(f64),
    /// A vehicle is free so much later than was planned.
    Delay { vehicle: usize, by: f64 },
    /// A vehicle tells where it is.
    Position { vehicle: usize, at: Spot },
}

/// The day: what can be served by whom, and what happens when.
#[derive(Debug, Clone)]
pub(super) struct Day {
    /// All orders of the day as visits, those of the log after those known before.
    pub problem: Problem,
    /// When each order becomes known; minus infinity where it is known before the day.
    pub arrives: Vec<f64>,
    /// When each order is called off; infinite where it never is.
    pub cancelled: Vec<f64>,
    /// Orders whose windows are over when they arrive, or whose row shows that they cannot be reached.
    pub hopeless: Vec<bool>,
    pub log: Vec<(f64, What)>,
    /// Type and number within it of each vehicle.
    pub vehicles: Vec<(usize, usize)>,
    /// Orders wait for a decision to the end of a period of this length.
    pub period: f64,
    /// Cost of taking a stop from the driver who was told of it.
    pub change_cost: f64,
}

impl Day {
    /// Reads tables and log.
    pub fn read(input: Input) -> Result<Self, Faults> {
        let Input::Tables { name, tables, settings } = input else {
            let fault = Fault::error(Code::WrongType, "dispatch", "a standard file has no log of a day");
            return Err(fault.with_help("give a folder of tables, with a table events").into());
        };
        let Some(events) = tables.get("events").cloned() else {
            let fault = Fault::error(Code::MissingTable, "events", "there is no table events");
            return Err(fault.with_help("`purvey models delivery` lists its columns").into());
        };
        let known = tables.get("visits").map_or(0, Table::len);
        let orders = orders(&tables, &events)?;
        let problem = problem(name, tables.clone(), &settings, orders)?;
        let places = position::places(&tables, &problem);
        let values = settings.typed(&Problem::schema()?)?;
        let minutes = |name: &str| values.number(name).unwrap_or(0.0) * 60.0;
        let count = problem.visits.len();
        let mut day = Day {
            arrives: vec![f64::NEG_INFINITY; count],
            cancelled: vec![f64::INFINITY; count],
            hopeless: vec![false; count],
            log: Vec::new(),
            vehicles: vehicles(&problem),
            period: minutes("dispatch_period_minutes"),
            change_cost: values.number("change_cost").unwrap_or(0.0),
            problem,
        };
        day.take_log(&events, known, &places)?;
        day.clip();
        Ok(day)
    }

    /// When the first vehicle may leave, or the first entry of the log.
    pub fn begins(&self) -> f64 {
        let data = &self.problem.data;
        let opens =
            data.vehicles.iter().map(|kind| kind.shift.start.max(data.depots[kind.start].window.start));
        let first = opens.fold(f64::INFINITY, f64::min);
        self.log.first().map_or(first, |(time, _)| first.min(*time))
    }

    /// By how much ways that begin at a time take longer than usual.
    pub fn traffic(&self, time: f64) -> f64 {
        let mut factors = self.log.iter().rev().filter_map(|(at, what)| match what {
            What::Traffic(factor) if *at <= time => Some(*factor),
            _ => None,
        });
        factors.next().unwrap_or(1.0)
    }

    fn take_log(&mut self, events: &Table, known: usize, places: &Places) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let mut next_order = known;
        for row in 0..events.len() {
            let entry = Entry { events, row };
            let is_order = entry.cell("event") == "order";
            let order = next_order;
            next_order += usize::from(is_order);
            match entry.time().and_then(|time| Ok((time, self.what(entry, places)?))) {
                Ok((time, what)) => {
                    let time = self.problem.clock.at(time, 0);
                    if is_order {
                        self.arrives[order] = time;
                        let named = &mut self.problem.visits[order];
                        (named.file, named.row) = (events.file().to_owned(), events.row_number(row));
                    }
                    if let What::Cancel(order) = what {
                        self.cancelled[order] = self.cancelled[order].min(time);
                    }
                    self.log.push((time, what));
                }
                Err(fault) => faults.push(*fault),
            }
        }
        self.log.sort_by(|a, b| a.0.total_cmp(&b.0));
        faults.into_result().map(|_| ())
    }

    /// What an entry of the log says.
    fn what(&self, entry: Entry<'_>, places: &Places) -> Result<What, Box<Fault>> {
        let vehicle = || {
            let name = entry.cell("vehicle");
            let known = |&(kind, member): &(usize, usize)| self.problem.vehicle(kind, member) == name;
            self.vehicles.iter().position(known).ok_or_else(|| entry.unknown("vehicle"))
        };
        match entry.cell("event") {
            "order" => Ok(What::Order),
            "cancel" => {
                let known = self.problem.visits.iter().position(|visit| visit.code == entry.cell("visit"));
                known.map(What::Cancel).ok_or_else(|| entry.unknown("visit"))
            }
            "traffic" => entry.number("factor").map(What::Traffic),
            "position" => {
                let vehicle = vehicle()?;
                let spot = position::spot(entry.events, entry.row, &self.problem, places);
                match (spot, &places.unlocated) {
                    (Some(at @ Spot::Place(_)), _) | (Some(at), None) => Ok(What::Position { vehicle, at }),
                    (_, Some(unlocated)) if position::gives_coordinates(entry.events, entry.row) => {
                        Err(entry.unplaced(unlocated))
                    }
                    _ => Err(entry.nowhere()),
                }
            }
            _ => {
                let by = 60.0 * entry.number("delay_minutes")?;
                Ok(What::Delay { vehicle: vehicle()?, by })
            }
        }
    }

    /// Puts the delays that positions told of in place of them.
    pub fn replace_positions(&mut self, delays: &[(f64, What)]) {
        self.log.retain(|(_, what)| !matches!(what, What::Position { .. }));
        self.log.extend(delays);
        self.log.sort_by(|a, b| a.0.total_cmp(&b.0));
    }

    /// Nothing is served before it was ordered: windows begin when the order arrives.
    fn clip(&mut self) {
        // The two visits of a shipment are one order: known with the later, called off with the earlier.
        for pair in &self.problem.data.pairs {
            let both = [pair.first, pair.second];
            let known = both.map(|visit| self.arrives[visit]).into_iter().fold(f64::NEG_INFINITY, f64::max);
            let off = both.map(|visit| self.cancelled[visit]).into_iter().fold(f64::INFINITY, f64::min);
            both.into_iter().for_each(|visit| (self.arrives[visit], self.cancelled[visit]) = (known, off));
        }
        for (order, visit) in self.problem.data.visits.iter_mut().enumerate() {
            let arrives = self.arrives[order];
            self.hopeless[order] = self.problem.visits[order].flaw.is_some();
            if arrives == f64::NEG_INFINITY {
                continue;
            }
            // Goods of a depot are not loaded before either; a vehicle without any may set out.
            let is_sent = self.problem.data.pairs.iter().any(|pair| pair.second == order);
            if !is_sent && visit.delivery.iter().any(|&amount| amount > 0.0) {
                visit.release = visit.release.max(arrives);
            }
            if visit.windows.is_empty() {
                visit.windows.push(Window::ALWAYS);
            }
            visit.windows.retain(|window| window.end >= arrives);
            visit.windows.iter_mut().for_each(|window| window.start = window.start.max(arrives));
            self.hopeless[order] |= visit.windows.is_empty();
        }
        for pair in &self.problem.data.pairs {
            let lost = self.hopeless[pair.first] || self.hopeless[pair.second];
            (self.hopeless[pair.first], self.hopeless[pair.second]) = (lost, lost);
        }
    }
}

/// A row of the log.
#[derive(Clone, Copy)]
struct Entry<'a> {
    events: &'a Table,
    row: usize,
}

impl<'a> Entry<'a> {
    fn cell(self, column: &str) -> &'a str {
        self.events.text(column).map_or("", |words| words.get(self.row))
    }

    fn number(self, column: &str) -> Result<f64, Box<Fault>> {
        let number = self.events.number(column).map_or(f64::NAN, |numbers| numbers[self.row]);
        let blank = || self.fault(Code::MissingValue, column, format!("{column} is blank"));
        if number.is_nan() { Err(Box::new(blank().with_help("give a number"))) } else { Ok(number) }
    }

    fn time(self) -> Result<WrittenTime, Box<Fault>> {
        let text = self.cell("time");
        WrittenTime::parse(text).ok_or_else(|| {
            let fault = self.fault(Code::NotADate, "time", format!("time is \"{text}\": not a time"));
            Box::new(fault.with_help("write 08:30, or 2026-03-02 08:30"))
        })
    }

    fn fault(self, code: Code, column: &str, message: String) -> Fault {
        Fault::error(code, self.events.file(), message)
            .at_row(self.events.row_number(self.row))
            .in_column(column, self.events.cell_text(column, self.row))
    }

    fn unknown(self, column: &str) -> Box<Fault> {
        let message = format!("{column} is \"{}\", of which there is none", self.cell(column));
        let fault = self.fault(Code::UnknownReference, column, message);
        Box::new(fault.with_help(format!("name a {column} of the input")))
    }

    fn unplaced(self, (first, count): &(String, usize)) -> Box<Fault> {
        let mut given = ["latitude", "longitude", "x_km", "y_km"].into_iter();
        let column = given.find(|column| self.number(column).is_ok()).unwrap_or("place");
        let message = format!(
            "the position is in coordinates, and {first} has none (depots and visits without: {count})"
        );
        let fault = self.fault(Code::Contradiction, column, message);
        Box::new(fault.with_help("name a place of the tables, or give all depots and visits coordinates"))
    }

    fn nowhere(self) -> Box<Fault> {
        let column = if self.cell("place").is_empty() { "latitude" } else { "place" };
        let message = "the report names no place where the vehicle is".to_owned();
        let fault = self.fault(Code::MissingValue, column, message);
        Box::new(fault.with_help("give latitude and longitude, x_km and y_km, or a place of the tables"))
    }
}

fn vehicles(problem: &Problem) -> Vec<(usize, usize)> {
    let of = |(kind, fleet): (usize, &Fleet)| {
        (0..fleet.names.len()).map(|member| (kind, member)).collect::<Vec<_>>()
    };
    problem.fleet.iter().enumerate().flat_map(of).collect()
}

/// The orders of the log as rows of the table of visits.
fn orders(tables: &Tables, events: &Table) -> Result<Table, Faults> {
    let mut faults = Faults::default();
    let cell = |column: &str, row: usize| events.text(column).map_or("", |words| words.get(row));
    let rows: Vec<usize> = (0..events.len()).filter(|&row| cell("event", row) == "order").collect();
    let mut known: std::collections::HashSet<&str> = std::collections::HashSet::new();
    if let Some(visits) = tables.get("visits").and_then(|table| table.text("visit")) {
        known.extend(visits.words().iter().map(String::as_str));
    }
    for &row in &rows {
        let fault = |code: Code, column: &str, message: String| {
            Fault::error(code, events.file(), message)
                .at_row(events.row_number(row))
                .in_column(column, cell(column, row))
        };
        let code = cell("visit", row);
        if code.is_empty() {
            let missing = fault(Code::MissingValue, "visit", "the order has no code".to_owned());
            faults.push(missing.with_help("give every order a visit of its own"));
        } else if !known.insert(code) {
            let twice = fault(Code::DuplicateKey, "visit", format!("there is a visit \"{code}\" already"));
            faults.push(twice.with_help("give every order a visit of its own"));
        }
        for column in ["window_start", "window_end"] {
            let text = cell(column, row);
            if !text.is_empty() && WrittenTime::parse(text).is_none() {
                let wrong = fault(Code::NotADate, column, format!("{column} is \"{text}\": not a time"));
                faults.push(wrong.with_help("write 08:30, or 2026-03-02 08:30"));
            }
        }
    }
    faults.into_result()?;
    let mut orders = Table::new("visits").from_file(events.file());
    let foreign = ["time", "event", "vehicle", "factor", "delay_minutes"];
    for (title, shape) in events.columns().iter().filter(|(title, _)| !foreign.contains(&title.as_str())) {
        let cells: Vec<(&Table, usize)> = rows.iter().map(|&row| (events, row)).collect();
        orders.set(title.as_str(), column_of(shape, title, &cells));
    }
    let number = |&row: &usize| u32::try_from(events.row_number(row)).unwrap_or(u32::MAX);
    Ok(orders.with_row_numbers(rows.iter().map(number).collect()))
}

/// The orders of the log below the visits known before, and which row is which.
struct Whole {
    visits: Table,
    /// File of the log.
    log: String,
    /// Rows of the log stand this much further down.
    shift: u64,
}

impl Whole {
    fn new(known: Option<&Table>, orders: Table) -> Self {
        let log = orders.file().to_owned();
        let Some(known) = known else { return Whole { visits: orders, log, shift: 0 } };
        if orders.is_empty() {
            return Whole { visits: known.clone(), log, shift: u64::MAX };
        }
        let rows = |table: &Table| (0..table.len()).map(|row| table.row_number(row)).collect::<Vec<u64>>();
        let shift = rows(known).into_iter().max().unwrap_or(1);
        let below = rows(&orders).into_iter().map(|row| row + shift);
        let numbers = rows(known).into_iter().chain(below).map(|row| u32::try_from(row).unwrap_or(u32::MAX));
        let visits = merged(known, &orders, &["visit".to_owned()]).with_row_numbers(numbers.collect());
        Whole { visits, log, shift }
    }

    /// The same faults, those of orders at their row of the log.
    fn placed(&self, faults: Faults) -> Faults {
        if self.shift == 0 {
            return faults;
        }
        let place = |mut fault: Fault| {
            if let Some(row) = fault.row.filter(|row| fault.file == self.visits.file() && *row > self.shift) {
                (fault.file, fault.row) = (self.log.clone(), Some(row - self.shift));
            }
            fault
        };
        faults.as_slice().iter().cloned().map(place).collect()
    }
}

/// The problem with the orders of the log as further visits.
fn problem(name: String, tables: Tables, settings: &Settings, orders: Table) -> Result<Problem, Faults> {
    // Settings with a fault are told with all else.
    if let Ok(values) = settings.typed(&Problem::schema()?) {
        refuse(&values, &settings.file)?;
    }
    let whole = Whole::new(tables.get("visits"), orders);
    let input = Input::Tables { name, tables: tables.with(whole.visits.clone()), settings: settings.clone() };
    let mut problem = Problem::read(input).map_err(|faults| whole.placed(faults))?;
    problem.notices = whole.placed(problem.notices);
    Ok(problem)
}

/// Refuses settings that dispatch does not know.
fn refuse(values: &SettingsValues, file: &str) -> Result<(), Faults> {
    let refused = [
        (values.choice("backhauls").is_some_and(|rule| rule != "mixed"), "backhauls"),
        (values.number("balance_cost").is_some_and(|cost| cost > 0.0), "balance_cost"),
    ];
    for (is_set, rule) in refused {
        if is_set {
            let message = format!("dispatch does not know {rule}");
            let fault =
                Fault::error(Code::Contradiction, if file.is_empty() { "settings" } else { file }, message);
            return Err(fault.with_help(format!("plan the day without {rule}")).into());
        }
    }
    Ok(())
}
