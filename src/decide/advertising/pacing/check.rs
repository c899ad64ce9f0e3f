//! Recomputes what a plan by period brings and whether it keeps every limit, from the table's own numbers.
//!
//! Nothing of the solver is used. A limit counts as kept when it is broken by at most a millionth of its size (of one
//! where the limit is smaller).

use super::Pacing;
use crate::decide::advertising::check::response;
use crate::decide::advertising::goals::Goal;
use crate::decide::advertising::problem::{Channel, Problem};
use crate::decide::{CheckReport, Violation};

/// Relative excess that is rounding.
const ROUNDING: f64 = 1e-6;

/// Prices and verifies a spend for each channel and period.
pub(in crate::decide::advertising) fn check(
    problem: &Problem,
    pacing: &Pacing,
    amounts: &[Vec<f64>],
) -> CheckReport {
    let mut violations = Vec::new();
    let mut add = |rule: &str, amount: f64, limit: f64, text: String| {
        if amount > ROUNDING * limit.abs().max(1.0) {
            violations.push(Violation { rule: rule.to_owned(), text, amount });
        }
    };
    let all: f64 = amounts.iter().flatten().sum();
    let budget = problem.budget;
    add("budget", all - budget, budget, format!("{all} is spent, the budget is {budget}"));
    for (t, &(least, most)) in pacing.totals.iter().enumerate() {
        let (sum, label) = (amounts.iter().map(|own| own[t]).sum::<f64>(), pacing.label(t));
        add("period", least - sum, least, format!("period {label} spends {sum}, at least {least} is asked"));
        add("period", sum - most, most, format!("period {label} spends {sum}, at most {most} is allowed"));
    }
    for (at, (channel, own)) in problem.channels.iter().zip(amounts).enumerate() {
        let (name, sum) = (&channel.name, own.iter().sum::<f64>());
        let (least, most) = pacing.whole[at];
        add("minimum", least - sum, least, format!("{name} spends {sum} in all, at least {least} is asked"));
        add("maximum", sum - most, most, format!("{name} spends {sum} in all, at most {most} is allowed"));
        let change = pacing.max_change.map_or(f64::INFINITY, |share| share * channel.max);
        for (t, &x) in own.iter().enumerate() {
            let ((least, most), label) = (pacing.ranges[at][t], pacing.label(t));
            add(
                "minimum",
                least - x,
                least,
                format!("{name} spends {x} in period {label}, at least {least} is asked"),
            );
            add(
                "maximum",
                x - most,
                most,
                format!("{name} spends {x} in period {label}, at most {most} is allowed"),
            );
            if channel.step > 0.0 {
                let off = (x - (x / channel.step).round() * channel.step).abs();
                let text = format!("{name} spends {x} in period {label}, no multiple of {}", channel.step);
                add("step", off, channel.step, text);
            }
            if t > 0 {
                let moved = (x - own[t - 1]).abs();
                let text =
                    format!("{name} changes by {moved} in period {label}, at most {change} is allowed");
                add("change", moved - change, change, text);
            }
        }
    }
    let brought: Vec<f64> = problem
        .channels
        .iter()
        .enumerate()
        .map(|(at, channel)| brings(channel, pacing, at, &amounts[at]))
        .collect();
    let objective = match problem.aim {
        Goal::Profit => problem.channels.iter().zip(&brought).map(|(c, y)| c.margin * y).sum::<f64>() - all,
        _ => brought.iter().sum(),
    };
    CheckReport { feasible: violations.is_empty(), objective: Some(objective), violations }
}

/// What a channel's spends bring in the periods and after them, over what earlier spend does by itself.
fn brings(channel: &Channel, pacing: &Pacing, at: usize, spend: &[f64]) -> f64 {
    let carry = &pacing.carries[at];
    let last = (spend.len() + carry.weights.len()).max(carry.before.len());
    let mut sum = 0.0;
    for r in 0..last {
        let before = carry.before.get(r).copied().unwrap_or(0.0);
        let lag = |t: usize| r.checked_sub(t).and_then(|lag| carry.weights.get(lag)).copied().unwrap_or(0.0);
        let level = before + spend.iter().enumerate().map(|(t, x)| lag(t) * x).sum::<f64>();
        sum += response(channel, level) - response(channel, before);
    }
    sum
}
