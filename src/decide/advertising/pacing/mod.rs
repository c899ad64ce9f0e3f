//! Spend period by period: what each channel gets in each of the plan's periods, where earlier spend still works
//! and the plan's own works on after it.
//!
//! A row of `response_curves` is then the curve of one period, of the level that carry-over makes of spend;
//! `min`, `max`, `step` and `current` are those of a period. [`Window`] finds the plan.

mod check;
mod present;
mod read;
#[cfg(test)]
mod tests;

pub(super) use check::check;
pub(super) use present::present;
pub(super) use read::read;

use super::goals::Goal;
use super::problem::{Channel, Problem};
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Table, Tables, date_of};
use crate::decide::DecideError;
use crate::optimize::pacing::{PacedCurve, Window, WindowSplit};
use crate::presentation::{Measure, termination_words};
use crate::solution::SolutionStatus;

/// How a channel's spend works on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Carry {
    /// Share of the effect by periods after the spend.
    pub weights: Vec<f64>,
    /// Level that earlier spend leaves in the plan's periods and after them.
    pub before: Vec<f64>,
}

/// What a plan by period is asked besides curves and budget.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pacing {
    pub periods: usize,
    /// First day of each period, where the history says it.
    pub days: Vec<i32>,
    /// Least and greatest spend of all channels by period.
    pub totals: Vec<(f64, f64)>,
    /// By channel: carry-over, least and greatest spend of each period, and of all.
    pub carries: Vec<Carry>,
    pub ranges: Vec<Vec<(f64, f64)>>,
    pub whole: Vec<(f64, f64)>,
    /// Greatest change from a period to the next, as a share of the greatest spend of a period.
    pub max_change: Option<f64>,
}

impl Pacing {
    /// Greatest change of a channel's spend.
    fn change(&self, channel: &Channel) -> f64 {
        self.max_change.map_or(f64::INFINITY, |share| share * channel.max)
    }

    /// What a period is called.
    fn label(&self, period: usize) -> String {
        match self.days.get(period).and_then(|day| date_of(*day)) {
            Some(date) => date.to_string(),
            None => (period + 1).to_string(),
        }
    }
}

/// The window in the solver's words.
fn window(problem: &Problem, pacing: &Pacing) -> Window {
    let is_profit = problem.aim == Goal::Profit;
    let curve = |(at, channel): (usize, &Channel)| PacedCurve {
        a: channel.a * if is_profit { channel.margin } else { 1.0 },
        k: channel.k,
        s: channel.s,
        weights: pacing.carries[at].weights.clone(),
        before: pacing.carries[at].before.clone(),
        lower: pacing.ranges[at].iter().map(|range| range.0).collect(),
        upper: pacing.ranges[at].iter().map(|range| range.1).collect(),
        least: pacing.whole[at].0,
        most: pacing.whole[at].1,
        change: pacing.change(channel),
        step: channel.step,
    };
    Window {
        curves: problem.channels.iter().enumerate().map(curve).collect(),
        periods: pacing.totals.clone(),
        budget: problem.budget,
        cost: f64::from(u8::from(is_profit)),
    }
}

/// Plans.
pub(super) fn split(
    problem: &Problem,
    pacing: &Pacing,
    control: &Control,
) -> Result<WindowSplit, DecideError> {
    window(problem, pacing).split(control).map_err(|error| DecideError::Solver {
        doing: "planning spend by period".to_owned(),
        reason: error.to_string(),
    })
}

/// Sums by channel.
pub(super) fn sums(amounts: &[Vec<f64>]) -> Vec<f64> {
    amounts.iter().map(|own| own.iter().sum()).collect()
}

/// What each channel brings in all, over what earlier spend does by itself, in units of response.
fn brings(problem: &Problem, pacing: &Pacing, amounts: &[Vec<f64>]) -> Vec<f64> {
    let plain = Problem { aim: Goal::Response, ..problem.clone() };
    window(&plain, pacing).curves.iter().zip(amounts).map(|(curve, own)| curve.brings(own)).collect()
}

/// The tables `spend` and `pacing`.
pub(super) fn tables(problem: &Problem, pacing: &Pacing, amounts: &[Vec<f64>]) -> Tables {
    let channels = &problem.channels;
    let (spent, brought) = (sums(amounts), brings(problem, pacing, amounts));
    let periods = pacing.periods;
    let now = || channels.iter().map(|channel| channel.current * periods as f64);
    let steady = channels.iter().enumerate().map(|(at, channel)| {
        let even = vec![channel.current; periods];
        if channel.current.is_nan() { f64::NAN } else { window_of(problem, pacing, at).brings(&even) }
    });
    let earned = channels.iter().zip(spent.iter().zip(&brought));
    let spend = Table::new("spend")
        .with_text("channel", channels.iter().map(|channel| &channel.name))
        .with_number("spend", spent.iter().copied())
        .with_number("response", brought.iter().copied())
        .with_number("current", now())
        .with_number("current_response", steady)
        .with_number("profit", earned.map(|(channel, (x, response))| channel.margin * response - x));
    let rows = || (0..channels.len()).flat_map(|c| (0..periods).map(move |t| (c, t)));
    let by_period: Vec<Vec<f64>> =
        (0..channels.len()).map(|c| window_of(problem, pacing, c).by_period(&amounts[c]).0).collect();
    let plan = Table::new("pacing")
        .with_text("channel", rows().map(|(c, _)| &channels[c].name))
        .with_number("period", rows().map(|(_, t)| (t + 1) as f64))
        .with_number("spend", rows().map(|(c, t)| amounts[c][t]))
        .with_number("response", rows().map(|(c, t)| by_period[c][t]));
    let plan = match pacing.days.len() == periods {
        true => plan.with_date("date", rows().filter_map(|(_, t)| date_of(pacing.days[t]))),
        false => plan,
    };
    Tables::default().with(spend).with(plan)
}

/// One channel's curve in units of response.
fn window_of(problem: &Problem, pacing: &Pacing, at: usize) -> PacedCurve {
    let channel = &problem.channels[at];
    PacedCurve {
        a: channel.a,
        k: channel.k,
        s: channel.s,
        weights: pacing.carries[at].weights.clone(),
        before: pacing.carries[at].before.clone(),
        lower: Vec::new(),
        upper: Vec::new(),
        least: 0.0,
        most: f64::INFINITY,
        change: f64::INFINITY,
        step: 0.0,
    }
}

/// What earlier spend still brings in the plan's periods and after them, and what the plan's own brings after them.
pub(super) fn carried(problem: &Problem, pacing: &Pacing, amounts: &[Vec<f64>]) -> (f64, f64) {
    let (mut before, mut after) = (0.0, 0.0);
    for (at, own) in amounts.iter().enumerate() {
        let curve = window_of(problem, pacing, at);
        let nothing = curve.by_period(&vec![0.0; own.len()]);
        before += nothing.0.iter().sum::<f64>() + nothing.1;
        after += curve.by_period(own).1 - nothing.1;
    }
    (before, after)
}

/// The result in sentences.
pub(super) fn headline(problem: &Problem, pacing: &Pacing, split: &WindowSplit) -> Vec<String> {
    let number = |value: f64| problem.style.number(value, &Measure::number());
    let is_profit = problem.aim == Goal::Profit;
    let worth = |value: f64| if is_profit { problem.money(value) } else { number(value) };
    let Some(objective) = split.outcome.objective else {
        let why = termination_words(split.outcome.termination);
        return vec![format!(
            "{}: no plan of {} by period; {why}.",
            problem.name,
            problem.money(problem.budget)
        )];
    };
    let verb = if is_profit { "earns" } else { "brings" };
    let proof = match (split.outcome.solution_status, split.outcome.bound) {
        (SolutionStatus::Optimal, _) => format!("no other plan {verb} more"),
        (_, Some(bound)) => format!("no plan {verb} more than {}", worth(bound)),
        (_, None) => "how much more there is to gain is not known".to_owned(),
    };
    let unit = if is_profit { String::new() } else { format!(" {}", problem.response_unit) };
    let mut sentences = vec![format!(
        "{} over {} channels and {} periods {verb} {}{unit}; {proof}.",
        problem.money(problem.budget - split.left),
        problem.channels.len(),
        pacing.periods,
        worth(objective)
    )];
    let (before, after) = carried(problem, pacing, &split.amounts);
    sentences.push(format!(
        "Earlier spend still brings {} by itself, which is not counted; {} of what the plan brings comes after its last period.",
        number(before),
        number(after)
    ));
    if split.left > 1e-6 * problem.budget.max(1.0) {
        let why = why_unspent(problem, pacing, split, is_profit);
        sentences.push(format!("{} of the budget stay unspent: {why}.", problem.money(split.left)));
    } else if split.price > 0.0 {
        sentences.push(format!("One more unit of budget {verb} about {}.", number(split.price)));
    }
    sentences
}

fn why_unspent(problem: &Problem, pacing: &Pacing, split: &WindowSplit, is_profit: bool) -> &'static str {
    let near = |a: f64, b: f64| a >= b - 1e-6 * b.max(1.0);
    let sums = sums(&split.amounts);
    let is_full = |c: usize| {
        let all = split.amounts[c].iter().zip(&pacing.ranges[c]);
        near(sums[c], pacing.whole[c].1) || all.into_iter().all(|(x, range)| near(*x, range.1))
    };
    let total = |t: usize| -> f64 { split.amounts.iter().map(|own| own[t]).sum() };
    if is_profit {
        "one more unit of money would bring back less than one"
    } else if (0..sums.len()).all(is_full) {
        "every channel is at its maximum"
    } else if (0..pacing.periods).any(|t| near(total(t), pacing.totals[t].1)) {
        "periods and channels are at their maximums"
    } else if problem.channels.iter().any(|channel| channel.step > 0.0) {
        "it is less than a step that fits"
    } else {
        "more would bring nothing, or change spend too fast"
    }
}

/// Spends of a plan table `pacing` (channel, period, spend); what has no row is 0.
pub(super) fn amounts_of(problem: &Problem, pacing: &Pacing, plan: &Tables) -> Result<Vec<Vec<f64>>, Faults> {
    let Some(table) = plan.get("pacing") else {
        let fault = Fault::error(Code::MissingTable, "pacing", "the plan has no table pacing");
        return Err(fault.with_help("give a table with the columns channel, period and spend").into());
    };
    let (Some(names), Some(periods), Some(spend)) =
        (table.text("channel"), table.number("period"), table.number("spend"))
    else {
        let message = "the columns channel, period and spend are needed";
        let fault = Fault::error(Code::MissingColumn, table.file(), message);
        return Err(fault.with_help("write a header channel,period,spend").into());
    };
    let index: std::collections::HashMap<&str, usize> =
        problem.channels.iter().enumerate().map(|(at, channel)| (channel.name.as_str(), at)).collect();
    let mut amounts = vec![vec![f64::NAN; pacing.periods]; problem.channels.len()];
    let mut faults = Faults::default();
    for row in 0..table.len() {
        let fault = |code, column: &str, message: String| {
            let fault = Fault::error(code, table.file(), message).at_row(table.row_number(row));
            fault.in_column(column, table.cell_text(column, row))
        };
        let period = periods[row];
        let is_period = period.fract() == 0.0 && period >= 1.0 && period <= pacing.periods as f64;
        match index.get(names.get(row)) {
            None => {
                let message = format!("channel \"{}\" is not in {}", names.get(row), problem.file);
                faults.push(
                    fault(Code::UnknownReference, "channel", message)
                        .with_help("name a channel of response_curves"),
                );
            }
            Some(_) if !is_period => {
                let message = format!("there is no period {period}");
                faults.push(fault(Code::OutOfRange, "period", message).with_help("count periods from 1"));
            }
            Some(_) if !spend[row].is_finite() => {
                faults.push(
                    fault(Code::NotFinite, "spend", "no spend is given".to_owned())
                        .with_help("write a number"),
                );
            }
            Some(&channel) => {
                let cell = &mut amounts[channel][period as usize - 1];
                if !cell.is_nan() {
                    let message = "this channel and period were given already".to_owned();
                    faults
                        .push(fault(Code::DuplicateKey, "period", message).with_help("keep one of the rows"));
                }
                *cell = spend[row];
            }
        }
    }
    faults.into_result()?;
    amounts.iter_mut().flatten().filter(|x| x.is_nan()).for_each(|x| *x = 0.0);
    Ok(amounts)
}

/// By how much least amounts exceed the budget.
pub(super) fn shortfall(problem: &Problem, pacing: &Pacing) -> f64 {
    let own = |(range, whole): (&Vec<(f64, f64)>, &(f64, f64))| {
        range.iter().map(|range| range.0).sum::<f64>().max(whole.0)
    };
    let by_channel: f64 = pacing.ranges.iter().zip(&pacing.whole).map(own).sum();
    let by_period: f64 = pacing.totals.iter().map(|total| total.0).sum();
    (by_channel.max(by_period) - problem.budget).max(0.0)
}
