//! Why no split keeps every limit, or which limits hold the response back and what they are worth.

use super::model;
use super::plan::headline;
use super::problem::{Channel, Problem, TOUCHING};
use crate::control::Control;
use crate::decide::{Binding, DecideError, Explanation, Member, Relaxation, SolveOptions, Verdict};
use crate::optimize::allocation::BudgetSplit;
use crate::solution::Termination;

/// Solves and explains.
pub(super) fn explain(problem: &Problem, options: &SolveOptions) -> Result<Explanation, DecideError> {
    let control = options.control.started();
    let split = model::split(problem, problem.budget, &control)?;
    if split.outcome.objective.is_none() {
        return Ok(if shortfall(problem) > 0.0 { collision(problem) } else { missed_target(problem) });
    }
    let is_best = split.outcome.termination == Termination::Optimal;
    let status = if is_best { Verdict::Optimal } else { Verdict::Feasible };
    let mut explanation = Explanation { status, text: headline(problem, &split), ..Explanation::default() };
    let asked = Asked { most_cost: problem.most_cost, split: &split, control: control.silent() };
    if split.left <= TOUCHING * problem.budget.max(1.0) {
        let worth = asked.worth(&problem.channels, problem.budget + 1.0, 1.0)?;
        let binding = Binding { name: "budget".to_owned(), ..Binding::default() };
        add(&mut explanation, binding, "one more unit of budget", worth);
    }
    for (at, (channel, &x)) in problem.channels.iter().zip(&split.amounts).enumerate() {
        let ends = channel.stands_at(x);
        // A channel that is bought in steps takes one more step; its value is told by the unit.
        let more = if channel.step > 0.0 { channel.step } else { 1.0 };
        let sides = [("maximum", ends.most), ("minimum", ends.least && channel.least() > 0.0)];
        for (side, _) in sides.into_iter().filter(|(_, binds)| *binds) {
            let mut channels = problem.channels.clone();
            let moved = &mut channels[at];
            if side == "maximum" {
                moved.max = channel.most() + more;
            } else {
                moved.min = channel.least() + more;
                moved.max = channel.most().max(moved.min);
            }
            let worth = asked.worth(&channels, problem.budget, more)?;
            let binding = Binding {
                name: format!("{side} of {}", channel.name),
                file: Some(problem.file.clone()),
                row: Some(channel.row),
                ..Binding::default()
            };
            let words = format!("one more unit of the {side} of {}", channel.name);
            add(&mut explanation, binding, &words, worth);
        }
    }
    Ok(explanation)
}

/// What one more unit of a limit brings, or why that is not known.
type Worth = Result<f64, &'static str>;

fn add(explanation: &mut Explanation, binding: Binding, words: &str, worth: Worth) {
    explanation.text.push(match worth {
        Ok(value) => format!("{words} changes the response by {value}"),
        Err(reason) => format!("what {words} is worth is not known: {reason}"),
    });
    explanation.binding.push(Binding { value_of_one_more: worth.unwrap_or(f64::NAN), ..binding });
}

/// A split whose limits are asked for their worth.
struct Asked<'a> {
    most_cost: Option<f64>,
    split: &'a BudgetSplit,
    control: Control,
}

impl Asked<'_> {
    /// What a problem with `more` units of one limit brings more, by the unit.
    fn worth(&self, channels: &[Channel], budget: f64, more: f64) -> Result<Worth, DecideError> {
        if channels.iter().map(Channel::least).sum::<f64>() > budget * (1.0 + TOUCHING) {
            return Ok(Err("the least spend would exceed the budget"));
        }
        if self.split.outcome.termination != Termination::Optimal {
            return Ok(Err("the split is not proved to be the best"));
        }
        let other = model::split_over(channels, budget, self.most_cost, &self.control)?.outcome;
        // The difference of two totals says something only where both are the best.
        let both = self.split.outcome.objective.zip(other.objective);
        Ok(match both.filter(|_| other.termination == Termination::Optimal) {
            Some((now, then)) => Ok((then - now) / more),
            None => Err("a limit ended the search for it"),
        })
    }
}

/// By how much the least amounts exceed the budget.
pub(super) fn shortfall(problem: &Problem) -> f64 {
    (problem.channels.iter().map(Channel::least).sum::<f64>() - problem.budget).max(0.0)
}

/// Why no split costs as little a unit of response as is asked.
fn missed_target(problem: &Problem) -> Explanation {
    let most = problem.most_cost.unwrap_or(f64::NAN);
    let mut explanation = Explanation { status: Verdict::Infeasible, ..Explanation::default() };
    let text = format!("no split brings a unit of response for {}", problem.money(most));
    explanation.text.push(format!("{}: {text}.", problem.name));
    explanation.text.push("help: lower the minimums, raise max_cpa or lower min_roas".to_owned());
    explanation.members.push(Member {
        kind: "row".to_owned(),
        name: "target".to_owned(),
        side: "upper".to_owned(),
        value: Some(most),
        text,
        ..Member::default()
    });
    explanation
}

/// The fewest minimums that exceed the budget: the largest ones.
fn collision(problem: &Problem) -> Explanation {
    let mut order: Vec<&Channel> = problem.channels.iter().filter(|channel| channel.least() > 0.0).collect();
    order.sort_by(|a, b| b.least().total_cmp(&a.least()).then(a.row.cmp(&b.row)));
    let (mut members, mut sum) = (Vec::new(), 0.0);
    for channel in order {
        if sum > problem.budget {
            break;
        }
        sum += channel.least();
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
        let text = format!("{} spends at least {}", channel.name, problem.money(channel.least()));
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
