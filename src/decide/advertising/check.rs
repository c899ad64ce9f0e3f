//! Recomputes what a spend brings and whether it keeps every limit, from the table's own numbers.
//!
//! Nothing of the solver is used. A limit counts as kept when it is broken by
//! at most a millionth of its size (of one where the limit is smaller).

use super::goals::Goal;
use super::problem::{Channel, Problem};
use crate::decide::{CheckReport, Violation};

/// Relative excess that is rounding.
const ROUNDING: f64 = 1e-6;

/// What a spend on a channel brings.
pub(super) fn response(channel: &Channel, spend: f64) -> f64 {
    if spend <= 0.0 {
        return 0.0;
    }
    // As written, a x^s / (x^s + k^s), by way of the ratio, which cannot overflow.
    let ratio = (spend / channel.k).powf(channel.s);
    if ratio.is_infinite() { channel.a } else { channel.a * ratio / (ratio + 1.0) }
}

/// Prices and verifies a spend for each channel.
pub(super) fn check(problem: &Problem, spend: &[f64]) -> CheckReport {
    let mut violations = Vec::new();
    let file = &problem.file;
    let total: f64 = spend.iter().sum();
    let mut add = |rule: &str, amount: f64, limit: f64, text: String| {
        if amount > ROUNDING * limit.abs().max(1.0) {
            violations.push(Violation { rule: rule.to_owned(), text, amount });
        }
    };
    let over = total - problem.budget;
    add("budget", over, problem.budget, format!("{total} is spent, the budget is {}", problem.budget));
    for (channel, &x) in problem.channels.iter().zip(spend) {
        let Channel { name, min, max, step, row, .. } = channel;
        add(
            "minimum",
            min - x,
            *min,
            format!("{name} spends {x}, at least {min} is asked ({file}:{row}, min)"),
        );
        add(
            "maximum",
            x - max,
            *max,
            format!("{name} spends {x}, at most {max} is allowed ({file}:{row}, max)"),
        );
        if *step > 0.0 {
            let off = (x - (x / step).round() * step).abs();
            add("step", off, *step, format!("{name} spends {x}, no multiple of {step} ({file}:{row}, step)"));
        }
    }
    let brings: f64 = problem.channels.iter().zip(spend).map(|(channel, &x)| response(channel, x)).sum();
    if let Some(most) = problem.most_cost {
        let text = format!("{total} is spent for a response of {brings}, at most {most} a unit is allowed");
        let allowed = most * brings;
        if total - allowed > ROUNDING * allowed.max(1.0) {
            violations.push(Violation { rule: "target".to_owned(), text, amount: total - allowed });
        }
    }
    let objective = match problem.aim {
        Goal::Profit => problem.channels.iter().zip(spend).map(|(c, &x)| c.margin * response(c, x) - x).sum(),
        _ => brings,
    };
    CheckReport { feasible: violations.is_empty(), objective: Some(objective), violations }
}
