//! Why the program has no answer, or which rows hold its answer back.

use super::super::{
    Binding, DecideError, Explanation, Member as Limit, Relaxation as Step, SolveOptions, Verdict,
};
use super::model::{self, Answer, failed};
use super::plan::{headline, limit_text, limit_value};
use super::problem::Problem;
use crate::control::Control;
use crate::optimize::milp::{Member, Program, Sense, Side, all_elastic, binding, infeasible_set};
use crate::solution::Termination;

/// Solves and explains what was found.
pub(super) fn explain(problem: &Problem, options: &SolveOptions) -> Result<Explanation, DecideError> {
    let control = options.control.started();
    let answer = model::answer(&problem.program, Vec::new(), &control)?;
    let outcome = answer.solved.outcome;
    let mut explanation = Explanation { status: Verdict::from(&outcome), ..Explanation::default() };
    explanation.text = headline(problem, &outcome);
    match outcome.termination {
        Termination::Infeasible => explain_collision(problem, &control, &mut explanation)?,
        _ if outcome.objective.is_some() => explain_binding(problem, answer, &control, &mut explanation)?,
        _ => {}
    }
    Ok(explanation)
}

fn explain_collision(
    problem: &Problem,
    control: &Control,
    explanation: &mut Explanation,
) -> Result<(), DecideError> {
    let program = &problem.program;
    let set =
        infeasible_set(program, control).map_err(|error| failed("find the colliding limits", &error))?;
    if let Some(set) = set {
        explanation.irreducible = Some(set.irreducible);
        explanation.members = set.members.iter().map(|&member| limit(problem, member)).collect();
        let all = if set.irreducible {
            "these limits collide; without any one of them there is an answer"
        } else {
            "these limits collide"
        };
        explanation.text.push(format!("{}: {all}.", problem.file));
        explanation.text.extend(explanation.members.iter().map(|member| format!("  {}", member.text)));
    }
    let relaxation = model::cheapest(problem, control)?;
    let elastics = all_elastic(program);
    for widening in &relaxation.widenings {
        for &member in &elastics[widening.elastic].members {
            let name = limit_name(program, member);
            explanation.relaxation.push(Step { name, amount: widening.amount, cost: widening.cost });
            let words = limit_text(program, member);
            explanation.text.push(format!("help: widen by {}: {words}", widening.amount));
        }
    }
    Ok(())
}

fn explain_binding(
    problem: &Problem,
    answer: Answer,
    control: &Control,
    explanation: &mut Explanation,
) -> Result<(), DecideError> {
    let Answer { mut session, solved, .. } = answer;
    let found = binding(&problem.program, &mut session, &solved, control);
    let Some(found) = found.map_err(|error| failed("find the binding rows", &error))? else { return Ok(()) };
    let better = match problem.program.sense() {
        Sense::Minimise => -1.0,
        Sense::Maximise => 1.0,
    };
    if found.integers_fixed {
        explanation.text.push("What one more unit is worth holds with the integers as they are.".to_owned());
    }
    for row in found.rows.iter().filter(|row| row.dual != 0.0) {
        let name = problem.program.row_name(row.row).into_owned();
        explanation
            .text
            .push(format!("one more unit of row {name} improves the objective by {}", better * row.dual));
        explanation.binding.push(Binding {
            name,
            file: Some(problem.file.clone()),
            row: line_of(&problem.program, Member::Row { row: row.row, side: row.side }),
            value_of_one_more: better * row.dual,
        });
    }
    Ok(())
}

fn limit(problem: &Problem, member: Member) -> Limit {
    let program = &problem.program;
    let side = |side| if side == Side::Lower { "lower" } else { "upper" };
    let (kind, side) = match member {
        Member::Row { side: of, .. } => ("row", side(of)),
        Member::Bound { side: of, .. } => ("bound", side(of)),
        Member::Integrality { .. } => ("integrality", ""),
    };
    Limit {
        kind: kind.to_owned(),
        name: limit_name(program, member),
        side: side.to_owned(),
        file: Some(problem.file.clone()),
        row: line_of(program, member),
        value: Some(limit_value(program, member)).filter(|value| value.is_finite()),
        text: match program.line_of(member) {
            Some(line) => format!("{} ({}:{line})", limit_text(program, member), problem.file),
            None => limit_text(program, member),
        },
    }
}

/// Line of the file that states a limit.
fn line_of(program: &Program, member: Member) -> Option<u64> {
    program.line_of(member).and_then(|line| u64::try_from(line).ok())
}

fn limit_name(program: &Program, member: Member) -> String {
    match member {
        Member::Row { row, .. } => program.row_name(row).into_owned(),
        Member::Bound { column, .. } | Member::Integrality { column } => {
            program.column_name(column).into_owned()
        }
    }
}
