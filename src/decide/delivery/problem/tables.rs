//! A delivery problem from tables: the readers in their order.

use std::collections::HashMap;

use super::{Clock, Problem, Telling, UNITS, fleet, travel, visits};
use crate::data::{
    Code, Fault, Faults, Settings, SettingsValues, Table, Tables, Valid, WrittenTime, did_you_mean,
    near_miss, validate,
};
use crate::optimize::routes::{self, Backhauls, ProblemData};
use crate::presentation::{Measure, Style};

/// One row of a table.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub table: &'a Table,
    pub row: usize,
}

impl<'a> Cells<'a> {
    /// All rows of a table that may be missing.
    pub fn all(tables: &'a Tables, name: &str) -> impl Iterator<Item = Cells<'a>> + 'a {
        tables.get(name).into_iter().flat_map(|table| (0..table.len()).map(move |row| Cells { table, row }))
    }

    /// A word; blank where the column is missing.
    pub fn text(self, column: &str) -> &'a str {
        self.table.text(column).map_or("", |words| words.get(self.row))
    }

    /// A number; `None` where it is blank.
    pub fn number(self, column: &str) -> Option<f64> {
        self.table.number(column).and_then(|numbers| numbers.get(self.row)).copied().filter(|n| !n.is_nan())
    }

    /// A yes.
    pub fn flag(self, column: &str) -> bool {
        self.table.flag(column).and_then(|flags| flags.get(self.row)) == Some(&1)
    }

    /// A list of words between semicolons.
    pub fn words(self, column: &str) -> impl Iterator<Item = &'a str> {
        self.text(column).split(';').map(str::trim).filter(|word| !word.is_empty())
    }

    /// A fault of a cell.
    pub fn fault(self, code: Code, column: &str, message: impl Into<String>) -> Fault {
        Fault::error(code, self.table.file(), message)
            .at_row(self.table.row_number(self.row))
            .in_column(column, self.table.cell_text(column, self.row))
    }
}

/// What the readers share.
pub(super) struct Reading<'a> {
    pub tables: &'a Tables,
    pub settings: &'a SettingsValues,
    pub clock: Clock,
    pub faults: Faults,
    /// Start of the first shift.
    pub first_shift: f64,
    skills: HashMap<String, u32>,
}

impl<'a> Reading<'a> {
    /// Number of each skill that a cell lists.
    pub fn skills(&mut self, cells: Cells<'a>) -> Vec<u32> {
        let mut numbers = Vec::new();
        for word in cells.words("skills") {
            let next = self.skills.len() as u32;
            numbers.push(*self.skills.entry(word.to_lowercase()).or_insert(next));
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// A time as it is written; `None` where the cell is blank or wrong.
    pub fn written(&mut self, cells: Cells<'a>, column: &str) -> Option<WrittenTime> {
        let text = cells.text(column);
        if text.is_empty() {
            return None;
        }
        let time = WrittenTime::parse(text);
        if time.is_none() {
            let fault = cells.fault(Code::NotADate, column, format!("{column} is \"{text}\": not a time"));
            self.faults.push(fault.with_help("write 08:30, or 2026-03-02 08:30"));
        }
        time
    }

    /// Start and end of a span on the clock; an end before its start is on the day after.
    pub fn span(&mut self, cells: Cells<'a>, from: &str, to: &str) -> (Option<f64>, Option<f64>, bool) {
        let start = self.written(cells, from);
        let mut end = self.written(cells, to);
        if let (Some(start), Some(end)) = (start, &mut end) {
            end.date = end.date.or(start.date);
        }
        let undated = [start, end].iter().flatten().all(|time| time.date.is_none());
        let at = |time: Option<WrittenTime>, later: i64| time.map(|time| self.clock.at(time, later));
        let (from_time, mut to_time) = (at(start, 0), at(end, 0));
        if let (Some(start), Some(time), Some(end)) = (from_time, to_time, end)
            && time < start
        {
            let is_next_day = cells.text(to).trim().len() <= "00:00:00".len();
            if is_next_day {
                let day = end.date.and_then(|date| date.succ_opt());
                to_time = Some(self.clock.at(WrittenTime { date: day, ..end }, 1));
            } else {
                let fault = cells.fault(Code::Contradiction, to, format!("{to} is before {from}"));
                self.faults.push(fault.with_help("write the earlier time first"));
                to_time = from_time;
            }
        }
        (from_time, to_time, undated)
    }
}

/// Reads and checks tables and settings.
pub(super) fn read(name: &str, tables: Tables, settings: &Settings) -> Result<Problem, Faults> {
    let Valid { tables, settings: values, notices } = validate(tables, settings, &Problem::schema()?)?;
    let clock = clock(&tables, &values, &settings.file)?;
    let mut reading = Reading {
        tables: &tables,
        settings: &values,
        clock,
        faults: notices,
        first_shift: f64::INFINITY,
        skills: HashMap::new(),
    };
    let fleet = fleet::read(&mut reading);
    let mut places = travel::Places::new(&reading);
    let (depots, depot_names) = visits::depots(&mut reading, &mut places);
    let (visits, names, pairs) = visits::read(&mut reading, &mut places, &depot_names, &fleet);
    let mut vehicles = fleet.types;
    let profiles = travel::profiles(&mut reading, &places, &fleet.travel, &mut vehicles);
    let data = ProblemData {
        profiles,
        depots,
        visits,
        vehicles,
        pairs,
        backhauls: match values.choice("backhauls") {
            Some("last") => Backhauls::Last,
            Some("last_never_alone") => Backhauls::LastAndNeverAlone,
            _ => Backhauls::Mixed,
        },
        balance_cost: values.number("balance_cost").unwrap_or(0.0) / 3600.0,
    };
    let Reading { clock, faults, .. } = reading;
    let notices = faults.into_result()?;
    routes::Problem::new(data.clone()).map_err(|error| of_solver(name, &error))?;
    Ok(Problem {
        name: name.to_owned(),
        stem: String::new(),
        data,
        visits: names,
        depots: depot_names,
        fleet: fleet.names,
        clock,
        telling: telling(&values, places.geographic),
        from_file: false,
        notices,
        read_seconds: 0.0,
        shipments: std::sync::OnceLock::new(),
    })
}

/// The clock of the zone; its plan date is set, or the first that the shifts name.
fn clock(tables: &Tables, values: &SettingsValues, file: &str) -> Result<Clock, Faults> {
    let shifts = Cells::all(tables, "vehicles")
        .flat_map(|cells| ["shift_start", "shift_end"].map(|at| cells.text(at)));
    let named = shifts.filter_map(|text| WrittenTime::parse(text)?.date).min();
    let date = values.date("plan_date").or(named);
    let zone = values.text("time_zone").unwrap_or("UTC");
    Clock::new(zone, date.unwrap_or_default(), date.is_some()).ok_or_else(|| {
        let near = near_miss(zone, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let help = did_you_mean(near, "write a name such as Europe/Berlin");
        let file = if file.is_empty() { "settings" } else { file };
        Fault::error(Code::NotAChoice, file, format!("there is no time zone \"{zone}\""))
            .with_help(help)
            .into()
    })
}

/// What the solver finds wrong with the whole, which no single cell shows.
pub(super) fn of_solver(name: &str, error: &routes::ProblemError) -> Faults {
    let faults = error.faults.iter();
    faults.map(|fault| Fault::error(Code::Contradiction, name, fault.to_string())).collect()
}

fn telling(values: &SettingsValues, geographic: bool) -> Telling {
    Telling {
        distance: 1e-3,
        time: 1.0 / 60.0,
        distance_unit: "km".to_owned(),
        time_unit: "min".to_owned(),
        loads: UNITS.iter().map(|unit| (*unit).to_owned()).collect(),
        cost: Measure::money(),
        style: Style::for_currency(values.text("currency").unwrap_or("€")),
        geographic,
    }
}
