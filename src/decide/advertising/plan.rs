//! The answer as a table and in sentences, and the way back from a table to amounts.

use std::collections::HashMap;

use super::check::response;
use super::front::{Front, best_of};
use super::goals::{Choice, Goal, Goals};
use super::model::marginal_response;
use super::problem::{Channel, Problem, TOUCHING};
use crate::data::{Code, Fault, Faults, Table, Tables};
use crate::optimize::allocation::BudgetSplit;
use crate::presentation::{Measure, termination_words};
use crate::solution::SolutionStatus;

/// The table `spend`.
pub(super) fn tables(problem: &Problem, spend: &[f64]) -> Tables {
    let channels = &problem.channels;
    let each = |of: fn(&Channel, f64) -> f64| {
        channels.iter().zip(spend).map(move |(channel, &x)| of(channel, x)).collect::<Vec<f64>>()
    };
    let table = Table::new("spend")
        .with_text("channel", channels.iter().map(|channel| &channel.name))
        .with_number("spend", spend.iter().copied())
        .with_number("response", each(response))
        .with_number("marginal_response", each(marginal_response))
        .with_number("current", channels.iter().map(|channel| channel.current))
        .with_number("current_response", channels.iter().map(current_response))
        .with_number("profit", each(|channel, x| channel.margin * response(channel, x) - x))
        .with_number("marginal_return", each(|channel, x| channel.margin * marginal_response(channel, x)));
    Tables::default().with(table)
}

/// What current spend brings; NaN where it is unknown.
pub(super) fn current_response(channel: &Channel) -> f64 {
    if channel.current.is_nan() { f64::NAN } else { response(channel, channel.current) }
}

/// Spend now and what the problem's aim is worth at it, where the current spend of every channel is known.
pub(super) fn current_total(problem: &Problem) -> Option<(f64, f64)> {
    let now: Vec<f64> = problem.channels.iter().map(|channel| channel.current).collect();
    let (spend, brings) = (now.iter().sum::<f64>(), problem.aim.value(&problem.channels, &now));
    (!problem.channels.is_empty() && !spend.is_nan()).then_some((spend, brings))
}

/// A spend for each channel, from a table `spend` (channel, spend); channels without a row spend nothing.
pub(super) fn amounts_of(problem: &Problem, plan: &Tables) -> Result<Vec<f64>, Faults> {
    let Some(table) = plan.get("spend") else {
        let fault = Fault::error(Code::MissingTable, "spend", "the plan has no table spend");
        return Err(fault.with_help("give a table with the columns channel and spend").into());
    };
    let (Some(names), Some(spend)) = (table.text("channel"), table.number("spend")) else {
        let fault =
            Fault::error(Code::MissingColumn, table.file(), "the columns channel and spend are needed");
        return Err(fault.with_help("write a header channel,spend").into());
    };
    let index: HashMap<&str, usize> =
        problem.channels.iter().enumerate().map(|(at, channel)| (channel.name.as_str(), at)).collect();
    let mut amounts = vec![0.0; problem.channels.len()];
    let mut first: Vec<Option<u64>> = vec![None; amounts.len()];
    let mut faults = Faults::default();
    for (at, &x) in spend.iter().enumerate() {
        let (name, row) = (names.get(at), table.row_number(at));
        let fault = |code, message: String| Fault::error(code, table.file(), message).at_row(row);
        match index.get(name) {
            None => faults.push(
                fault(Code::UnknownReference, format!("channel \"{name}\" is not in {}", problem.file))
                    .in_column("channel", name)
                    .with_help("name a channel of response_curves"),
            ),
            Some(_) if !x.is_finite() => faults.push(
                fault(Code::NotFinite, format!("{name} has no spend"))
                    .in_column("spend", table.cell_text("spend", at))
                    .with_help("write a number"),
            ),
            Some(&channel) => match first[channel].replace(row) {
                Some(first) => faults.push(
                    fault(Code::DuplicateKey, format!("{name} was given in row {first} already"))
                        .in_column("channel", name)
                        .with_help("keep one of the rows"),
                ),
                None => amounts[channel] = x,
            },
        }
    }
    faults.into_result().map(|_| amounts)
}

/// Why money stays unspent.
fn why_unspent(problem: &Problem, spend: &[f64], left: f64) -> &'static str {
    let has_room = |pair: &(&Channel, &f64)| !pair.0.stands_at(*pair.1).most;
    let open: Vec<(&Channel, &f64)> = problem.channels.iter().zip(spend).filter(has_room).collect();
    if problem.channels.is_empty() {
        "there is no channel"
    } else if open.is_empty() {
        "every channel is at its maximum"
    } else if open.iter().all(|(channel, _)| channel.step > left * (1.0 + TOUCHING)) {
        "it is less than one step of any channel below its maximum"
    } else if open.iter().all(|(channel, x)| response(channel, **x + left) <= response(channel, **x)) {
        "more spend would bring nothing"
    } else if problem.aim == Goal::Profit {
        "one more unit of money would bring back less than one"
    } else if problem.most_cost.is_some() {
        "more would bring too little for the target"
    } else {
        "the search ended before it had placed all of it"
    }
}

/// The result in sentences.
pub(super) fn headline(problem: &Problem, split: &BudgetSplit) -> Vec<String> {
    let BudgetSplit { outcome, left, price, amounts: spend, .. } = split;
    let (left, price) = (*left, *price);
    let is_profit = problem.aim == Goal::Profit;
    let number = |value: f64| problem.style.number(value, &Measure::number());
    let Some(objective) = outcome.objective else {
        let why = termination_words(outcome.termination);
        return vec![format!("{}: no split of {}; {why}.", problem.name, problem.money(problem.budget))];
    };
    let spent = problem.budget - left;
    let verb = if is_profit { "earns" } else { "brings" };
    let worth = |value: f64| if is_profit { problem.money(value) } else { number(value) };
    let what = match is_profit {
        true => {
            let brought = Goal::Response.value(&problem.channels, spend);
            format!("{} with {} {}", worth(objective), number(brought), problem.response_unit)
        }
        false => format!("{} {}", number(objective), problem.response_unit),
    };
    let proof = match (outcome.solution_status, outcome.bound) {
        (SolutionStatus::Optimal, _) => format!("no other split {verb} more"),
        (_, Some(bound)) => format!("no split {verb} more than {}", worth(bound)),
        (_, None) => "how much more there is to gain is not known".to_owned(),
    };
    let count = problem.channels.len();
    let over = if count == 1 { "1 channel".to_owned() } else { format!("{count} channels") };
    let mut sentences = vec![format!("{} over {over} {verb} {what}; {proof}.", problem.money(spent))];
    if let Some((now, brings)) = current_total(problem) {
        sentences.push(format!(
            "Current spend of {} {verb} {}: the split changes that by {} ({}).",
            problem.money(now),
            worth(brings),
            worth(objective - brings),
            problem.style.percent((objective - brings) / brings.abs().max(f64::MIN_POSITIVE)),
        ));
    }
    if left > 1e-6 * problem.budget.max(1.0) {
        let why = why_unspent(problem, spend, left);
        sentences.push(format!("{} of the budget stay unspent: {why}.", problem.money(left)));
    } else if price > 0.0 {
        sentences.push(format!("One more unit of budget {verb} about {}.", number(price)));
    }
    sentences
}

/// The result in sentences where several goals were asked for.
pub(super) fn headline_of_goals(problem: &Problem, goals: &Goals, front: &Front) -> Vec<String> {
    let told = |goal: Goal, value: f64| match goal.is_money() {
        true => format!("{} {}", goal.words(), problem.money(value)),
        false => format!("{} {}", goal.words(), problem.style.number(value, &Measure::number())),
    };
    let at = |point: usize| -> String {
        let all = goals.list.iter().zip(&front.values[point]).map(|(&goal, &value)| told(goal, value));
        all.collect::<Vec<String>>().join(", ")
    };
    let count = front.points.len();
    let which = match goals.choice {
        _ if count == 1 => "the only one".to_owned(),
        Choice::Knee => "the knee".to_owned(),
        Choice::Best(goal) => format!("the best in {}", goal.words()),
        Choice::Point(number) if number > count => format!("the last, as there is no point {number}"),
        Choice::Point(_) => "as asked for".to_owned(),
    };
    let mut sentences = vec![format!(
        "Point {} of {count}, {which}: {}. No other point is better in one goal and no worse in the others.",
        front.chosen + 1,
        at(front.chosen)
    )];
    if front.chosen != front.knee {
        sentences.push(format!("The knee of the front is point {}: {}.", front.knee + 1, at(front.knee)));
    }
    for &goal in &goals.list {
        let best = best_of(&goals.list, &front.values, goal);
        sentences.push(format!("Best in {}: point {}, {}.", goal.words(), best + 1, at(best)));
    }
    sentences
}
