//! Prices and verifies shifts straight from the problem and what its hours need.

use std::collections::BTreeMap;

use chrono::Datelike;

use super::plan::Start;
use super::problem::{DAY, Problem};
use crate::decide::{CheckReport, Violation};

/// Rounding of numbers of people.
const SLACK: f64 = 1e-6;

/// Prices the shifts and looks at each rule.
pub(super) fn check(problem: &Problem, needs: &[f64], starts: &[Start]) -> CheckReport {
    let mut violations = Vec::new();
    let mut broken = |rule: &str, amount: f64, text: String| {
        violations.push(Violation { rule: rule.to_owned(), text, amount });
    };
    // Drivers by day and shift, and on duty, both counted anew.
    let mut by_start: BTreeMap<(i64, usize), f64> = BTreeMap::new();
    let mut duty = vec![0.0; needs.len()];
    let mut cost = 0.0;
    for start in starts {
        *by_start.entry((start.day, start.shift)).or_default() += start.drivers;
        let shift = &problem.shifts[start.shift];
        cost += start.drivers * shift.cost;
        let begins = start.day * DAY as i64 + shift.start as i64;
        for hour in begins..begins + shift.hours as i64 {
            if let Some(duty) = usize::try_from(hour).ok().and_then(|hour| duty.get_mut(hour)) {
                *duty += start.drivers;
            }
        }
    }
    for (&(day, at), &drivers) in &by_start {
        let (shift, date) = (&problem.shifts[at], problem.date(day));
        let stated = format!("({}:{})", problem.shifts_file, shift.row);
        if drivers > shift.most + SLACK {
            let text = format!(
                "{drivers} drivers start {} on {date}, at most {} may {stated}",
                shift.code, shift.most
            );
            broken("most", drivers - shift.most, text);
        }
        if (drivers - drivers.round()).abs() > SLACK {
            broken(
                "whole",
                1.0,
                format!("{drivers} drivers start {} on {date}: not whole people", shift.code),
            );
        }
        if !shift.weekdays.contains(date.weekday()) && drivers > 0.0 {
            broken(
                "weekday",
                drivers,
                format!("{} starts on {date}, which is not one of its weekdays {stated}", shift.code),
            );
        }
    }
    for (hour, (&need, &on_duty)) in needs.iter().zip(&duty).enumerate() {
        let at = || format!("{} {:02}:00", problem.date((hour / DAY) as i64), hour % DAY);
        if on_duty > problem.vehicles + SLACK {
            let text =
                format!("{on_duty} drivers are on duty on {}, there are {} vehicles", at(), problem.vehicles);
            broken("vehicles", on_duty - problem.vehicles, text);
        }
        let missing = need - on_duty;
        if missing > SLACK && may_start(problem, &duty, &by_start, hour) {
            broken("cover", missing, format!("{need} vehicles are needed on {}, {on_duty} are there", at()));
        }
    }
    CheckReport { feasible: violations.is_empty(), objective: Some(cost), violations }
}

/// Whether one driver more could start a shift that covers an hour.
fn may_start(problem: &Problem, duty: &[f64], by_start: &BTreeMap<(i64, usize), f64>, hour: usize) -> bool {
    (0..problem.shifts.len()).any(|at| {
        let shift = &problem.shifts[at];
        (-1..problem.days as i64).any(|day| {
            let begins = day * DAY as i64 + shift.start as i64;
            let hours = begins..begins + shift.hours as i64;
            let started = by_start.get(&(day, at)).copied().unwrap_or(0.0);
            let has_vehicles = |hour: i64| {
                let duty = usize::try_from(hour).ok().and_then(|hour| duty.get(hour));
                duty.is_none_or(|duty| duty + 1.0 <= problem.vehicles + SLACK)
            };
            hours.contains(&(hour as i64))
                && shift.weekdays.contains(problem.date(day).weekday())
                && started + 1.0 <= shift.most + SLACK
                && hours.clone().all(has_vehicles)
        })
    })
}
