//! Why no split keeps every limit, or which limits hold the response back and what they are worth.

use super::goals::Goal;
use super::model;
use super::pacing::{self, Pacing};
use super::plan::headline;
use super::problem::{Channel, Problem, TOUCHING};
use crate::control::Control;
use crate::decide::{Binding, DecideError, Explanation, Member, Relaxation, SolveOptions, Verdict};
use crate::optimize::allocation::BudgetSplit;
use crate::solution::Termination;

/// Solves and explains.
pub(super) fn explain(problem: &Problem, options: &SolveOptions) -> Result<Explanation, DecideError> {
    let control = options.control.started();
    if let Some(pacing) = &problem.pacing {
        return explain_by_period(problem, pacing, &control);
    }
    let split = model::split(problem, problem.budget, &control)?;
    if split.outcome.objective.is_none() {
        return Ok(if shortfall(problem) > 0.0 { collision(problem) } else { missed_target(problem) });
    }
    let is_best = split.outcome.termination == Termination::Optimal;
    let status = if is_best { Verdict::Optimal } else { Verdict::Feasible };
    let mut explanation = Explanation { status, text: headline(problem, &split), ..Explanation::default() };
    let asked = Asked { problem, split: &split, control: control.silent() };
    if split.left <= TOUCHING * problem.budget.max(1.0) {
        let worth = asked.worth(&problem.channels, problem.budget + 1.0, 1.0)?;
        let binding = Binding { name: "budget".to_owned(), ..Binding::default() };
        add(&mut explanation, problem.aim, binding, "one more unit of budget", worth);
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
            add(&mut explanation, problem.aim, binding, &words, worth);
        }
    }
    Ok(explanation)
}

/// Solves and explains a plan by period: which sums are at their limit, and what one more unit of budget is worth.
fn explain_by_period(
    problem: &Problem,
    pacing: &Pacing,
    control: &Control,
) -> Result<Explanation, DecideError> {
    let split = pacing::split(problem, pacing, control)?;
    let Some(_) = split.outcome.objective else {
        let text = pacing::headline(problem, pacing, &split);
        let is_known = split.outcome.termination == Termination::Infeasible;
        let status = if is_known { Verdict::Infeasible } else { Verdict::Unknown };
        let mut explanation = Explanation { status, text, ..Explanation::default() };
        let help = "help: raise the budget or the maximums, or lower minimums of channels and periods";
        explanation.text.push(help.to_owned());
        return Ok(explanation);
    };
    let is_best = split.outcome.termination == Termination::Optimal;
    let status = if is_best { Verdict::Optimal } else { Verdict::Feasible };
    let text = pacing::headline(problem, pacing, &split);
    let mut explanation = Explanation { status, text, ..Explanation::default() };
    let near = |a: f64, b: f64| b.is_finite() && (a - b).abs() <= TOUCHING.max(1e-6) * b.abs().max(1.0);
    let mut bind = |name: String, worth: f64| {
        explanation.text.push(format!("{name} is reached"));
        explanation.binding.push(Binding { name, value_of_one_more: worth, ..Binding::default() });
    };
    if split.left <= TOUCHING * problem.budget.max(1.0) {
        bind("budget".to_owned(), if is_best { split.price } else { f64::NAN });
    }
    for (t, &(least, most)) in pacing.totals.iter().enumerate() {
        let sum: f64 = split.amounts.iter().map(|own| own[t]).sum();
        if near(sum, most) {
            bind(format!("maximum of period {}", t + 1), f64::NAN);
        } else if least > 0.0 && near(sum, least) {
            bind(format!("minimum of period {}", t + 1), f64::NAN);
        }
    }
    for (channel, (sum, &(least, most))) in
        problem.channels.iter().zip(pacing::sums(&split.amounts).into_iter().zip(&pacing.whole))
    {
        if near(sum, most) {
            bind(format!("total maximum of {}", channel.name), f64::NAN);
        } else if least > 0.0 && near(sum, least) {
            bind(format!("total minimum of {}", channel.name), f64::NAN);
        }
    }
    Ok(explanation)
}

/// What one more unit of a limit brings, or why that is not known.
type Worth = Result<f64, &'static str>;

fn add(explanation: &mut Explanation, aim: Goal, binding: Binding, words: &str, worth: Worth) {
    explanation.text.push(match worth {
        Ok(value) => format!("{words} changes the {} by {value}", aim.name()),
        Err(reason) => format!("what {words} is worth is not known: {reason}"),
    });
    explanation.binding.push(Binding { value_of_one_more: worth.unwrap_or(f64::NAN), ..binding });
}

/// A split whose limits are asked for their worth.
struct Asked<'a> {
    problem: &'a Problem,
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
        let other = model::split_as(self.problem, channels, budget, &self.control)?.outcome;
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
    if let Some(pacing) = &problem.pacing {
        return pacing::shortfall(problem, pacing);
    }
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
