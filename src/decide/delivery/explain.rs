//! What holds a plan back: visits that no vehicle can serve, and what one more vehicle would save.

use super::super::{Binding, DecideError, Explanation, SolveOptions, Verdict};
use super::model::{answer, hopeless};
use super::problem::Problem;
use super::tell::counted;
use crate::control::Control;

/// Types of which one more vehicle is tried.
const MOST_TYPES: usize = 6;

/// Solves, and solves again with one more vehicle of each type that is used up.
pub(super) fn explain(problem: &Problem, options: &SolveOptions) -> Result<Explanation, DecideError> {
    let control = options.control.started();
    let used =
        |plan: &super::plan::Plan, kind: usize| plan.routes.iter().filter(|route| route.kind == kind).count();
    // The time is shared by the plan and the plans with one vehicle more.
    let share = |of: usize| SolveOptions { control: part_of(&control, of), ..options.clone() };
    let base = answer(problem, None, &share(2))?;
    let objective = base.checked.costs.total();
    let mut explanation = Explanation { status: Verdict::Feasible, ..Explanation::default() };
    let lost = hopeless(problem);
    for (visit, reason) in problem.visits.iter().zip(&lost) {
        if let Some(reason) = reason {
            explanation
                .text
                .push(format!("{} ({}:{}) cannot be served: {reason}", visit.code, visit.file, visit.row));
        }
    }
    let scarce: Vec<usize> = (0..problem.fleet.len())
        .filter(|&kind| used(&base.plan, kind) == problem.data.vehicles[kind].count)
        .take(MOST_TYPES)
        .collect();
    for (at, &kind) in scarce.iter().enumerate() {
        let mut larger = problem.clone();
        larger.data.vehicles[kind].count += 1;
        let name = format!("{} more", larger.fleet[kind].code);
        larger.fleet[kind].names.push(name);
        let other = answer(&larger, Some(&base.plan), &share(scarce.len() - at))?;
        let more = base.plan.unserved.len() as f64 - other.plan.unserved.len() as f64;
        let saves = objective - other.checked.costs.total();
        let code = &problem.fleet[kind].code;
        let money = problem.telling.style.number(saves.abs(), &problem.telling.cost);
        explanation.text.push(match (more > 0.0, saves > 0.0) {
            (true, _) => format!("one more vehicle like {code} serves {} more", counted(more, "visit")),
            (false, true) => format!("one more vehicle like {code} saves {money}"),
            (false, false) => format!("one more vehicle like {code} saves nothing that was found"),
        });
        explanation.binding.push(Binding {
            name: format!("vehicles of {code}"),
            file: None,
            row: None,
            value_of_one_more: saves,
        });
    }
    if explanation.text.is_empty() {
        explanation.text.push("Every visit can be served, and vehicles are left over.".to_owned());
    }
    Ok(explanation)
}

/// The control for one of so many parts of the work that is left.
fn part_of(control: &Control, parts: usize) -> Control {
    let mut part = control.for_share(1.0 / parts.max(1) as f64);
    // How far a search is follows from the time that it was given.
    part.limits.time = part.time_left();
    part
}
