//! Which limits hold a plan back, and what one more unit of each is worth.
//!
//! Where the plan's linear program is small enough to be written out
//! (`model::compact`), the worth is its dual: which lines and orders are
//! placed is held, quantities are free. Beyond that it is the price of the
//! shared limit, from the search for the plan. A limit that is reached and
//! worth nothing is not told.

use super::super::model::compact::{self, Held};
use super::super::model::{Answer, LimitUse, label, place_of};
use super::super::problem::{Place, Problem};
use super::super::scenarios::Scenarios;
use super::super::words::{self, Unit};
use super::rule::Rule;
use super::{failed, solver};
use crate::control::Control;
use crate::decide::{Binding, DecideError, Explanation, Verdict};
use crate::solution::Termination;

/// Worth below which a limit does not hold the plan back.
const WORTHLESS: f64 = 1e-7;

/// What the worth from the linear program holds.
const HELD: &str =
    "from the linear program with lines, orders, sources and price steps held as planned (integers fixed)";

/// A limit that binds; its worth is negative for a least amount, of which one more unit costs.
struct Worth {
    name: String,
    place: Place,
    unit: Unit,
    limit: f64,
    value: f64,
}

/// The binding limits of a plan.
pub(super) fn explain(
    problem: &Problem,
    scenarios: &Scenarios,
    answer: &Answer,
    control: &Control,
) -> Result<Explanation, DecideError> {
    let exact = from_program(problem, scenarios, answer, control)?;
    let source = match &exact {
        Some((_, false)) => HELD.to_owned(),
        Some((_, true)) => {
            format!("{HELD}, and order multiples left out: in whole multiples it comes in steps")
        }
        None => "by the prices of the shared limits, from the search for the plan".to_owned(),
    };
    let mut worths = match exact {
        Some((worths, _)) => worths,
        None => answer.limits.iter().map(priced).collect(),
    };
    worths.retain(|worth| worth.value.abs() > WORTHLESS);
    worths.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
    let mut text = vec![if worths.is_empty() {
        "A plan exists and no limit that orders share holds it back.".to_owned()
    } else {
        format!("A plan exists. These limits hold it back. The saving is for a small change, {source}:")
    }];
    text.extend(worths.iter().map(|worth| {
        let (limit, value) =
            (worth.unit.amount(problem, worth.limit), words::worth(problem, worth.value.abs()));
        format!(
            "  {} ({limit}): {} saves {value}",
            worth.name,
            worth.unit.one_more(problem, worth.value < 0.0)
        )
    }));
    let binding = worths.into_iter().map(|worth| Binding {
        name: worth.name,
        file: Some(worth.place.file).filter(|file| !file.is_empty()),
        row: Some(worth.place.row).filter(|row| *row > 0),
        value_of_one_more: worth.value,
    });
    Ok(Explanation {
        status: Verdict::from(&answer.outcome),
        binding: binding.collect(),
        text,
        ..Explanation::default()
    })
}

fn priced(limit: &LimitUse) -> Worth {
    let sign = if limit.family == "order_minimum" { -1.0 } else { 1.0 };
    Worth {
        name: limit.name.clone(),
        place: limit.place.clone(),
        unit: limit.unit,
        limit: limit.limit,
        value: sign * limit.value_of_one_more.abs(),
    }
}

/// The duals of the program around the plan, where it is written out and solved, and whether
/// order multiples are left out of it.
fn from_program(
    problem: &Problem,
    scenarios: &Scenarios,
    answer: &Answer,
    control: &Control,
) -> Result<Option<(Vec<Worth>, bool)>, DecideError> {
    let Some(program) = compact::around(problem, scenarios, &answer.plan) else { return Ok(None) };
    let mut session =
        program.model.hand_over().map_err(|error| solver("writing out the plan's linear program", &error))?;
    let mut control = control.silent();
    control.limits.work = None;
    let solved =
        session.solve(&control).map_err(|error| failed("solving the plan's linear program", &error))?;
    if solved.outcome.termination != Termination::Optimal || solved.row_duals.is_empty() {
        return Ok(None);
    }
    let worths = program.held.iter().map(|&(held, row)| {
        // Minimising, a dual is what one more unit on the right adds to the cost.
        let value = -solved.row_duals[row];
        match held {
            Held::Shared(family) => {
                let (place, limit) = place_of(problem, family);
                Worth { name: label(problem, family), place, unit: Unit::of(family), limit, value }
            }
            Held::Moq(pair, source) => {
                let rule = Rule::Moq(pair, source);
                let limit = rule.value(problem).unwrap_or_default();
                Worth {
                    name: rule.name(problem),
                    place: rule.place(problem),
                    unit: Unit::Units,
                    limit,
                    value,
                }
            }
        }
    });
    Ok(Some((worths.collect(), program.without_multiples)))
}
