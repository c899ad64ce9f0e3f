//! The settings, columns and the table that a plan by period is asked with.

use std::collections::HashMap;

use super::{Carry, Pacing};
use crate::data::{Code, Fault, Faults, SettingsValues, Table};
use crate::decide::advertising::problem::Channel;

/// Part of an effect that is not followed any further.
const REST: f64 = 1e-4;

/// Reads what is asked; `None` where spend is even over the window.
pub(in crate::decide::advertising) fn read(
    curves: &Table,
    limits: &Table,
    channels: &[Channel],
    settings: &SettingsValues,
    faults: &mut Faults,
) -> Option<Pacing> {
    if settings.text("pacing") != Some("by_period") {
        if !limits.is_empty() {
            let fault = Fault::error(
                Code::Contradiction,
                limits.file(),
                "limits of periods count in a plan by period only",
            );
            faults.push(fault.with_help("set pacing = by_period, or take the table out"));
        }
        return None;
    }
    let periods = settings.integer("plan_periods").map_or(13, |count| count.max(1) as usize);
    let cell = |column: &str, row: usize| {
        curves.number(column).and_then(|cells| cells.get(row)).copied().unwrap_or(f64::NAN)
    };
    let or = |value: f64, other: f64| if value.is_nan() { other } else { value };
    let carry = |row: usize| {
        let share = or(cell("carry_over", row), 0.0);
        carry_of(share, or(cell("carried", row), 0.0))
    };
    let whole = |row: usize| (or(cell("total_min", row), 0.0), or(cell("total_max", row), f64::INFINITY));
    let range = |channel: &Channel| (channel.least(), channel.most());
    let mut pacing = Pacing {
        periods,
        days: Vec::new(),
        totals: vec![(0.0, f64::INFINITY); periods],
        carries: (0..channels.len()).map(carry).collect(),
        ranges: channels.iter().map(|channel| vec![range(channel); periods]).collect(),
        whole: (0..channels.len()).map(whole).collect(),
        max_change: settings.number("max_change"),
    };
    for (row, (least, most)) in pacing.whole.iter().enumerate().filter(|(_, (least, most))| least > most) {
        let message = format!("{} must spend at least {least} and at most {most} in all", channels[row].name);
        let fault = Fault::error(Code::Contradiction, curves.file(), message);
        faults.push(fault.at_row(curves.row_number(row)).with_help("lower total_min or raise total_max"));
    }
    read_limits(&mut pacing, limits, channels, faults);
    Some(pacing)
}

/// Geometric carry-over, and what it leaves of a level before the first period.
fn carry_of(share: f64, carried: f64) -> Carry {
    let lags = if share > 0.0 { (REST.ln() / share.ln()).ceil().clamp(1.0, 2_000.0) as usize } else { 1 };
    let all = 1.0 - share.powi(lags as i32);
    let weights = (0..lags).map(|lag| (1.0 - share) * share.powi(lag as i32) / all).collect();
    let before =
        if carried > 0.0 { (1..=lags).map(|t| carried * share.powi(t as i32)).collect() } else { Vec::new() };
    Carry { weights, before }
}

/// The table `period_limits`: of all channels where none is named.
fn read_limits(pacing: &mut Pacing, table: &Table, channels: &[Channel], faults: &mut Faults) {
    let index: HashMap<&str, usize> =
        channels.iter().enumerate().map(|(at, channel)| (channel.name.as_str(), at)).collect();
    for row in 0..table.len() {
        let cell =
            |column: &str| table.number(column).and_then(|cells| cells.get(row)).copied().unwrap_or(f64::NAN);
        let fault = |code, message: String, help: &str| {
            Fault::error(code, table.file(), message).at_row(table.row_number(row)).with_help(help)
        };
        let (period, name) = (cell("period"), table.cell_text("channel", row));
        let at = period - 1.0;
        if !(at >= 0.0 && at < pacing.periods as f64) {
            let message = format!("period {period} is not one of the {} of the plan", pacing.periods);
            faults.push(fault(Code::OutOfRange, message, "count periods from 1, or raise plan_periods"));
            continue;
        }
        let range = match index.get(name.as_str()) {
            _ if name.is_empty() => &mut pacing.totals[at as usize],
            Some(&channel) => &mut pacing.ranges[channel][at as usize],
            None => {
                let message = format!("channel \"{name}\" has no curve");
                faults.push(fault(
                    Code::UnknownReference,
                    message,
                    "name a channel, or leave it blank for all",
                ));
                continue;
            }
        };
        let (least, most) = (cell("min"), cell("max"));
        let step = index.get(name.as_str()).map_or(0.0, |&channel| channels[channel].step);
        let in_steps = |value: f64, round: fn(f64) -> f64| {
            if step > 0.0 { round(value / step) * step } else { value }
        };
        if !least.is_nan() {
            range.0 = in_steps(least, |steps| (steps - 1e-9).ceil());
        }
        if !most.is_nan() {
            range.1 = in_steps(most, |steps| (steps + 1e-9).floor());
        }
        if range.0 > range.1 {
            let message = format!("period {period} must spend at least {} and at most {}", range.0, range.1);
            faults.push(fault(Code::Contradiction, message, "lower min or raise max"));
        }
    }
}
