//! Why no split keeps every limit, or which limits hold the response back and what they are worth.

use super::model;
use super::plan::headline;
use super::problem::{Channel, Problem};
use crate::control::Control;
use crate::decide::{Binding, DecideError, Explanation, Member, Relaxation, SolveOptions, Verdict};
use crate::solution::Termination;

/// Relative distance at which a spend stands at a bound.
const TOUCHING: f64 = 1e-7;

/// Solves and explains.
pub(super) fn explain(problem: &Problem, options: &SolveOptions) -> Result<Explanation, DecideError> {
    let control = options.control.started();
    let split = model::split(problem, problem.budget, &control)?;
    let outcome = split.outcome;
    let Some(objective) = outcome.objective else { return Ok(collision(problem)) };
    let status =
        if outcome.termination == Termination::Optimal { Verdict::Optimal } else { Verdict::Feasible };
    let mut explanation = Explanation { status, ..Explanation::default() };
    explanation.text = headline(problem, &outcome, split.left, split.price);
    let gain = |channels: &[Channel], budget: f64| worth(channels, budget, objective, &control);
    if split.left <= TOUCHING * problem.budget.max(1.0) {
        let value_of_one_more = gain(&problem.channels, problem.budget + 1.0)?;
        let binding = Binding { name: "budget".to_owned(), file: None, row: None, value_of_one_more };
        add(&mut explanation, binding, "one more unit of budget");
    }
    for (at, (channel, &x)) in problem.channels.iter().zip(&split.amounts).enumerate() {
        let near = |bound: f64| (x - bound).abs() <= TOUCHING * bound.max(1.0);
        let sides = [("maximum", near(channel.max)), ("minimum", near(channel.min) && channel.min > 0.0)];
        for (side, _) in sides.into_iter().filter(|(_, binds)| *binds) {
            let mut channels = problem.channels.clone();
            if side == "maximum" {
                channels[at].max += 1.0
            } else {
                channels[at].min += 1.0
            }
            channels[at].max = channels[at].max.max(channels[at].min);
            let value_of_one_more = gain(&channels, problem.budget)?;
            let binding = Binding {
                name: format!("{side} of {}", channel.name),
                file: Some(problem.file.clone()),
                row: Some(channel.row),
                value_of_one_more,
            };
            let words = format!("one more unit of the {side} of {}", channel.name);
            add(&mut explanation, binding, &words);
        }
    }
    Ok(explanation)
}

fn add(explanation: &mut Explanation, binding: Binding, words: &str) {
    explanation.text.push(format!("{words} changes the response by {}", binding.value_of_one_more));
    explanation.binding.push(binding);
}

/// How much more than `objective` another problem brings; NaN where it has no split.
fn worth(channels: &[Channel], budget: f64, objective: f64, control: &Control) -> Result<f64, DecideError> {
    let split = model::split_over(channels, budget, &control.silent())?;
    Ok(split.outcome.objective.map_or(f64::NAN, |other| other - objective))
}

/// What the least amounts of a channel come to, steps included.
fn least(channel: &Channel) -> f64 {
    match channel.step > 0.0 {
        true => (channel.min / channel.step - 1e-9).ceil() * channel.step,
        false => channel.min,
    }
}

/// By how much the least amounts exceed the budget.
pub(super) fn shortfall(problem: &Problem) -> f64 {
    (problem.channels.iter().map(least).sum::<f64>() - problem.budget).max(0.0)
}

/// The fewest minimums that exceed the budget: the largest ones.
fn collision(problem: &Problem) -> Explanation {
    let mut order: Vec<&Channel> = problem.channels.iter().filter(|channel| least(channel) > 0.0).collect();
    order.sort_by(|a, b| least(b).total_cmp(&least(a)).then(a.row.cmp(&b.row)));
    let (mut members, mut sum) = (Vec::new(), 0.0);
    for channel in order {
        if sum > problem.budget {
            break;
        }
        sum += least(channel);
        members.push(channel);
    }
    let mut explanation =
        Explanation { status: Verdict::Infeasible, irreducible: Some(true), ..Explanation::default() };
    let budget = problem.money(problem.budget);
    explanation
        .text
        .push(format!("{}: the least spend of channels exceeds the budget of {budget}.", problem.name));
    explanation.members.push(Member {
        kind: "row".to_owned(),
        name: "budget".to_owned(),
        side: "upper".to_owned(),
        value: Some(problem.budget),
        text: format!("the budget is {budget}"),
        ..Member::default()
    });
    for channel in members {
        let text = format!("{} spends at least {}", channel.name, problem.money(least(channel)));
        explanation.members.push(Member {
            kind: "bound".to_owned(),
            name: format!("minimum of {}", channel.name),
            side: "lower".to_owned(),
            file: Some(problem.file.clone()),
            row: Some(channel.row),
            value: Some(channel.min),
            text: format!("{text} ({}:{}, min)", problem.file, channel.row),
        });
    }
    let texts: Vec<String> = explanation.members.iter().map(|member| format!("  {}", member.text)).collect();
    explanation.text.extend(texts);
    let amount = shortfall(problem);
    explanation
        .text
        .push(format!("help: raise the budget by {}, or lower minimums by as much", problem.money(amount)));
    explanation.relaxation.push(Relaxation { name: "budget".to_owned(), amount, cost: amount });
    explanation
}
