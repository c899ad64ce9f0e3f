//! The answer: shifts that start, drivers on duty by hour, and where free vehicles wait.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::demand::{Demand, at_level};
use super::problem::{DAY, Problem};
use super::waiting::Waiting;
use crate::data::{Code, Fault, Faults, Table, Tables, WrittenTime, date_of};

/// Quantiles that are told of the orders, in percent.
const LEVELS: [f64; 5] = [2.5, 10.0, 50.0, 90.0, 97.5];

/// Drivers that start one shift on one day; -1 is the day before the first, for shifts past midnight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Start {
    pub day: i64,
    pub shift: usize,
    pub drivers: f64,
}

/// What shifts cost.
pub(super) fn cost(problem: &Problem, starts: &[Start]) -> f64 {
    // An empty sum is -0.0, which would be told as such.
    0.0 + starts.iter().map(|start| start.drivers * problem.shifts[start.shift].cost).sum::<f64>()
}

/// Hours of the days planned that a shift covers.
pub(super) fn covered(problem: &Problem, day: i64, shift: usize) -> impl Iterator<Item = usize> + use<> {
    let shift = &problem.shifts[shift];
    let first = day * DAY as i64 + shift.start as i64;
    let hours = problem.hours() as i64;
    (first.max(0)..(first + shift.hours as i64).min(hours)).map(|hour| hour as usize)
}

/// Drivers on duty in each hour.
pub(super) fn on_duty(problem: &Problem, starts: &[Start]) -> Vec<f64> {
    let mut duty = vec![0.0; problem.hours()];
    for start in starts {
        covered(problem, start.day, start.shift).for_each(|hour| duty[hour] += start.drivers);
    }
    duty
}

/// Date and hour of the day of an hour that is planned.
pub(super) fn moment(problem: &Problem, hour: usize) -> (NaiveDate, usize) {
    (problem.date((hour / DAY) as i64), hour % DAY)
}

fn clock(hour: usize) -> String {
    format!("{:02}:00", hour % DAY)
}

/// All plan tables.
pub(super) fn tables(
    problem: &Problem,
    demand: &Demand,
    needs: &[f64],
    starts: &[Start],
    waiting: &[Waiting],
) -> Tables {
    Tables::default()
        .with(shifts(problem, starts))
        .with(staffing(problem, demand, needs, starts))
        .with(waiting_places(problem, demand, waiting))
        .with(orders(problem, demand))
}

/// The table of the shifts that start.
pub(super) fn shifts(problem: &Problem, starts: &[Start]) -> Table {
    let rows = || starts.iter().map(|start| (start, &problem.shifts[start.shift]));
    Table::new("shifts_plan")
        .with_date("date", rows().map(|(start, _)| problem.date(start.day)))
        .with_text("shift", rows().map(|(_, shift)| shift.code.as_str()))
        .with_text("start", rows().map(|(_, shift)| clock(shift.start)))
        .with_text("end", rows().map(|(_, shift)| clock(shift.start + shift.hours)))
        .with_number("drivers", rows().map(|(start, _)| start.drivers))
        .with_number("cost", rows().map(|(start, shift)| start.drivers * shift.cost))
}

fn staffing(problem: &Problem, demand: &Demand, needs: &[f64], starts: &[Start]) -> Table {
    let duty = on_duty(problem, starts);
    let hours = || 0..problem.hours();
    let orders = |hour: usize| at_level(&demand.sums(hour, |_| 1.0), problem.level);
    Table::new("staffing")
        .with_date("date", hours().map(|hour| moment(problem, hour).0))
        .with_text("hour", hours().map(clock))
        .with_number("expected_orders", hours().map(|hour| demand.mean_of(hour)))
        .with_number("orders_at_level", hours().map(orders))
        .with_number("needed", needs.iter().copied())
        .with_number("drivers", duty.iter().copied())
        .with_number("missing", needs.iter().zip(&duty).map(|(need, duty)| (need - duty).max(0.0)))
}

fn waiting_places(problem: &Problem, demand: &Demand, waiting: &[Waiting]) -> Table {
    Table::new("waiting")
        .with_date("date", waiting.iter().map(|wait| moment(problem, wait.hour).0))
        .with_text("hour", waiting.iter().map(|wait| clock(wait.hour)))
        .with_text("zone", waiting.iter().map(|wait| problem.zones[wait.zone].code.as_str()))
        .with_number("vehicles", waiting.iter().map(|wait| wait.vehicles))
        .with_number("expected_orders", waiting.iter().map(|wait| demand.mean(wait.zone, wait.hour)))
}

/// Orders ahead by zone and hour, in the columns of a forecast.
pub(super) fn orders(problem: &Problem, demand: &Demand) -> Table {
    let levels = LEVELS.map(|level| level / 100.0);
    let cells: Vec<(usize, usize)> = (0..problem.zones.len())
        .flat_map(|zone| (0..problem.hours()).map(move |hour| (zone, hour)))
        .collect();
    let quantiles: Vec<Vec<f64>> =
        cells.iter().map(|&(zone, hour)| demand.quantiles(zone, hour, &levels)).collect();
    let stamp = |&(_, hour): &(usize, usize)| {
        let (date, hour) = moment(problem, hour);
        format!("{date} {}", clock(hour))
    };
    let mut table = Table::new("forecast")
        .with_text("unique_id", cells.iter().map(|cell| problem.zones[cell.0].code.as_str()))
        .with_text("ds", cells.iter().map(stamp))
        .with_number("mean", cells.iter().map(|&(zone, hour)| demand.mean(zone, hour)));
    for (at, level) in LEVELS.iter().enumerate() {
        table = table.with_number(&format!("q{level}"), quantiles.iter().map(|row| row[at]));
    }
    table
}

/// The vehicles that each hour needs as the plan's own table `staffing` tells them; `None` where the plan
/// has no such table, or not a whole number of vehicles for each hour of the days planned.
pub(super) fn needs_told(problem: &Problem, tables: &Tables) -> Option<Vec<f64>> {
    let table = tables.get("staffing")?;
    let (dates, needed) = (table.date("date")?, table.number("needed")?);
    let mut needs = vec![None; problem.hours()];
    for (row, (&date, &need)) in dates.iter().zip(needed).enumerate() {
        let day = usize::try_from((date_of(date)? - problem.first).num_days()).ok()?;
        let hour = WrittenTime::parse(&table.cell_text("hour", row)).filter(|time| time.date.is_none())?;
        let at = day.checked_mul(DAY)?.checked_add(hour.seconds as usize / 3600)?;
        let is_number = need >= 0.0 && need.is_finite() && need.fract() == 0.0;
        *needs.get_mut(at)? = Some(is_number.then_some(need)?);
    }
    needs.into_iter().collect()
}

/// The shifts that a plan starts.
pub(super) fn read(problem: &Problem, tables: &Tables) -> Result<Vec<Start>, Faults> {
    let Some(table) = tables.get("shifts_plan") else {
        let fault = Fault::error(Code::MissingTable, "shifts_plan", "there is no table shifts_plan");
        return Err(fault.with_help("give an output folder or a shifts_plan.csv").into());
    };
    let shifts: HashMap<&str, usize> =
        problem.shifts.iter().enumerate().map(|(at, shift)| (shift.code.as_str(), at)).collect();
    let mut faults = Faults::default();
    let mut starts = Vec::new();
    for row in 0..table.len() {
        let fault = |code: Code, column: &str, message: String| {
            Fault::error(code, table.file(), message)
                .at_row(table.row_number(row))
                .in_column(column, table.cell_text(column, row))
        };
        let code = table.cell_text("shift", row);
        let date = table.date("date").and_then(|dates| date_of(dates[row]));
        let drivers = table.number("drivers").map_or(f64::NAN, |numbers| numbers[row]);
        let day = date.map(|date| (date - problem.first).num_days());
        match (shifts.get(code.as_str()), day.filter(|day| (-1..problem.days as i64).contains(day))) {
            (None, _) => faults.push(
                fault(Code::UnknownReference, "shift", format!("shift \"{code}\" is not in shifts"))
                    .with_help("name a shift of the input"),
            ),
            (_, None) => faults.push(
                fault(Code::OutOfRange, "date", "the date is not one of the days planned".to_owned())
                    .with_help(format!("plan from {} for {} days", problem.first, problem.days)),
            ),
            (Some(&shift), Some(day)) if drivers >= 0.0 => starts.push(Start { day, shift, drivers }),
            _ => faults.push(
                fault(Code::MissingValue, "drivers", "drivers is not a number of people".to_owned())
                    .with_help("write 0, 1, 2 …"),
            ),
        }
    }
    faults.into_result()?;
    Ok(starts)
}
