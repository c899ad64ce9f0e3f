//! Replays history: shifts planned on what was known, and the orders that came then.
//!
//! Every decision plans `horizon_days` days; the windows and decisions of a window follow each other
//! without a gap. Shifts are covered in the same way under each policy, only the needs differ: from the
//! forecast, from the work of the same hour a week before, and from the work that came.

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value};

use super::demand::{Demand, needs, vehicles};
use super::model::cover;
use super::plan::{cost, on_duty};
use super::present;
use super::problem::{DAY, Problem};
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Table, Tables};
use crate::decide::backtest::spaced;
use crate::decide::{Backtest, BacktestOptions, BacktestWindow};

/// Policies in the order in which they are shown.
pub(super) const POLICIES: [&str; 3] = ["purvey", "last_week", "perfect_foresight"];
/// Days before the first decision, at least.
const LEAST_HISTORY: u64 = 21;

/// What shifts and orders came to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Outturn {
    pub shift_cost: f64,
    pub late_cost: f64,
    pub orders: f64,
    /// Hours that a vehicle needs for them.
    pub work: f64,
    /// Orders that were not served in the hour in which they came.
    pub late: f64,
    /// Hours of drivers, and those in which they had nothing to do, with what these cost.
    pub hours: f64,
    pub idle: f64,
    pub idle_cost: f64,
    /// Hours in which no order had to wait, of all with orders.
    pub kept: f64,
    pub busy_hours: f64,
}

impl Outturn {
    /// All money together.
    pub fn cost(&self) -> f64 {
        self.shift_cost + self.late_cost
    }

    /// Share of the orders served in their hour.
    pub fn served_in_time(&self) -> f64 {
        if self.orders > 0.0 { 1.0 - self.late / self.orders } else { 1.0 }
    }

    /// The service level for which late orders pay: that at which the last driver's hour costs as much as the
    /// orders that would be late without it (the critical ratio of a newsvendor).
    pub fn level_that_pays(&self) -> f64 {
        let driver_hour = if self.hours > 0.0 { self.shift_cost / self.hours } else { 0.0 };
        let late_hour =
            if self.late > 0.0 { self.late_cost / self.late } else { 0.0 } * self.orders / self.work;
        if late_hour > 0.0 { (1.0 - driver_hour / late_hour).max(0.0) } else { f64::NAN }
    }

    fn add(&mut self, other: &Outturn) {
        self.shift_cost += other.shift_cost;
        self.late_cost += other.late_cost;
        self.orders += other.orders;
        self.work += other.work;
        self.late += other.late;
        self.hours += other.hours;
        self.idle += other.idle;
        self.idle_cost += other.idle_cost;
        self.kept += other.kept;
        self.busy_hours += other.busy_hours;
    }

    fn document(&self) -> Value {
        let figures = [
            ("cost", self.cost()),
            ("shift_cost", self.shift_cost),
            ("late_cost", self.late_cost),
            ("overstaffing_cost", self.idle_cost),
            ("orders", self.orders),
            ("orders_late", self.late),
            ("share_in_time", self.served_in_time()),
            ("driver_hours", self.hours),
            ("idle_hours", self.idle),
            ("share_of_hours_kept", if self.busy_hours > 0.0 { self.kept / self.busy_hours } else { 1.0 }),
        ];
        Value::Object(figures.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect())
    }
}

/// Replays the windows that `options` ask for.
pub(super) fn backtest(
    problem: &Problem,
    options: &BacktestOptions,
    control: &Control,
) -> Result<Backtest, Faults> {
    let span = options.rounds * problem.days;
    let starts = starts(problem, options, span)?;
    let (mut windows, mut totals) = (Vec::new(), [Outturn::default(); 3]);
    let mut rows = Vec::new();
    for (index, &from) in starts.iter().enumerate() {
        let (mut window, mut played) = ([Outturn::default(); 3], 0);
        for round in 0..options.rounds {
            control.step("backtest", index * options.rounds + round, starts.len() * options.rounds);
            let first = from.checked_add_days(Days::new((round * problem.days) as u64)).unwrap_or(from);
            let decided = decide(problem, first, control);
            if control.should_stop() {
                // This decision was broken off, and its cost would be that of no plan of ours.
                break;
            }
            let outturns = decided?;
            window.iter_mut().zip(&outturns).for_each(|(sum, one)| sum.add(one));
            rows.push((first, outturns));
            played += 1;
        }
        if played > 0 {
            totals.iter_mut().zip(&window).for_each(|(sum, one)| sum.add(one));
            windows.push(BacktestWindow { from, rounds: played, policies: document(&window) });
        }
        if played < options.rounds {
            break;
        }
    }
    let asked = starts.len() * options.rounds;
    let stopped = (rows.len() < asked)
        .then(|| format!("The backtest was stopped after {} of {asked} decisions.", rows.len()));
    let told = if rows.is_empty() { Vec::new() } else { present::backtest_headline(problem, &totals) };
    let headline: Vec<String> = stopped.clone().into_iter().chain(told).collect();
    Ok(Backtest {
        from: starts[0],
        rounds: options.rounds,
        policies: document(&totals),
        presentation: present::backtest(problem, &headline, &totals, &rows),
        tables: Tables::default().with(replayed(&rows)),
        windows,
        headline,
        warnings: stopped.into_iter().collect(),
    })
}

fn document(outturns: &[Outturn; 3]) -> Map<String, Value> {
    let told = POLICIES.iter().zip(outturns);
    told.map(|(policy, outturn)| ((*policy).to_owned(), outturn.document())).collect()
}

/// First days of the windows.
fn starts(problem: &Problem, options: &BacktestOptions, span: usize) -> Result<Vec<NaiveDate>, Faults> {
    let earliest = problem.since.checked_add_days(Days::new(LEAST_HISTORY)).unwrap_or(problem.since);
    let latest = problem.first.checked_sub_days(Days::new(span as u64)).filter(|latest| *latest >= earliest);
    let from = options
        .from
        .or(latest)
        .filter(|from| latest.is_some_and(|latest| (earliest..=latest).contains(from)));
    let (Some(latest), Some(from)) = (latest, from) else {
        let message = format!(
            "{} decisions of {} days after {LEAST_HISTORY} days of history do not fit into {} days of orders",
            options.rounds,
            problem.days,
            problem.history_days()
        );
        let help = "ask for fewer --rounds, a later --from, or give more past orders";
        return Err(Fault::error(Code::OutOfRange, "orders", message).with_help(help).into());
    };
    let days = spaced(0, (latest - from).num_days(), options.windows);
    Ok(days.into_iter().filter_map(|day| from.checked_add_signed(chrono::TimeDelta::days(day))).collect())
}

/// Plans the days from `first` on under each policy, and lets them happen.
fn decide(problem: &Problem, first: NaiveDate, control: &Control) -> Result<[Outturn; 3], Faults> {
    let known = problem.at(first, problem.days);
    let from = known.history_days() * DAY;
    let work = |hour: usize| -> f64 {
        let zones = problem.history.iter().zip(&problem.zones);
        zones.map(|(hours, zone)| hours.get(hour).copied().unwrap_or(0.0) * zone.minutes / 60.0).sum()
    };
    let week = 7 * DAY;
    let demand = Demand::forecast(&known, control)?;
    let before = |hour: usize| vehicles(work(from + hour - week * (1 + hour / week)));
    let hours = 0..known.hours();
    let all = [
        needs(&known, &demand),
        hours.clone().map(before).collect(),
        hours.map(|hour| vehicles(work(from + hour))).collect(),
    ];
    let mut outturns = [Outturn::default(); 3];
    for (outturn, needs) in outturns.iter_mut().zip(&all) {
        let cover = cover(&known, needs, control)
            .map_err(|error| Faults::from(Fault::error(Code::OutOfRange, "shifts", error.to_string())))?;
        let arrivals: Vec<(f64, f64)> = (0..known.hours())
            .map(|hour| {
                let orders = problem.history.iter().map(|zone| zone.get(from + hour).copied().unwrap_or(0.0));
                (orders.sum(), work(from + hour))
            })
            .collect();
        *outturn = happen(&on_duty(&known, &cover.starts), &arrivals, problem.late_cost);
        outturn.shift_cost = cost(&known, &cover.starts);
        let paid: f64 =
            cover.starts.iter().map(|start| start.drivers * known.shifts[start.shift].hours as f64).sum();
        outturn.idle_cost = if paid > 0.0 { outturn.idle * outturn.shift_cost / paid } else { 0.0 };
    }
    Ok(outturns)
}

/// Lets orders come hour by hour, each as (orders, vehicle-hours of work): the older are served first,
/// and what an hour leaves undone is late.
fn happen(duty: &[f64], arrivals: &[(f64, f64)], late_cost: f64) -> Outturn {
    let mut outturn = Outturn::default();
    let mut waiting = 0.0;
    for (&duty, &(orders, work)) in duty.iter().zip(arrivals) {
        let for_new = (duty - waiting).max(0.0);
        let undone = (work - for_new).max(0.0);
        let late = if work > 0.0 { orders * undone / work } else { 0.0 };
        let served = (waiting + work).min(duty);
        outturn.orders += orders;
        outturn.work += work;
        outturn.late += late;
        outturn.late_cost += late * late_cost;
        outturn.hours += duty;
        outturn.idle += duty - served;
        outturn.busy_hours += f64::from(u8::from(orders > 0.0));
        outturn.kept += f64::from(u8::from(orders > 0.0 && undone <= 1e-9));
        waiting += work - served;
    }
    outturn
}

/// Every decision and policy.
fn replayed(rows: &[(NaiveDate, [Outturn; 3])]) -> Table {
    let all: Vec<(NaiveDate, &str, &Outturn)> = rows
        .iter()
        .flat_map(|(first, outturns)| {
            POLICIES.iter().zip(outturns).map(move |(policy, one)| (*first, *policy, one))
        })
        .collect();
    Table::new("replayed_staffing")
        .with_date("from", all.iter().map(|row| row.0))
        .with_text("policy", all.iter().map(|row| row.1))
        .with_number("cost", all.iter().map(|row| row.2.cost()))
        .with_number("shift_cost", all.iter().map(|row| row.2.shift_cost))
        .with_number("late_cost", all.iter().map(|row| row.2.late_cost))
        .with_number("overstaffing_cost", all.iter().map(|row| row.2.idle_cost))
        .with_number("orders", all.iter().map(|row| row.2.orders))
        .with_number("orders_late", all.iter().map(|row| row.2.late))
        .with_number("driver_hours", all.iter().map(|row| row.2.hours))
        .with_number("idle_hours", all.iter().map(|row| row.2.idle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_orders_and_idle_hours_are_as_by_hand() {
        // Two orders of half an hour each a vehicle-hour; the second hour has five with one driver.
        let arrivals = [(2.0, 1.0), (5.0, 2.5), (1.0, 0.5), (0.0, 0.0)];
        let outturn = happen(&[2.0, 1.0, 2.0, 1.0], &arrivals, 10.0);
        // Hour 1 leaves 1.5 undone: 3 late. Hour 2 does these and the new one. 1 + 0 + 0 + 1 idle.
        assert_eq!((outturn.orders, outturn.late, outturn.late_cost), (8.0, 3.0, 30.0));
        assert_eq!((outturn.hours, outturn.idle, outturn.kept, outturn.busy_hours), (6.0, 2.0, 2.0, 3.0));
        // An hour of late orders is two of them, 20; an hour of a driver costs 24 / 6.
        let paid = Outturn { shift_cost: 24.0, ..outturn };
        assert!((paid.level_that_pays() - 0.8).abs() < 1e-12);
    }
}
