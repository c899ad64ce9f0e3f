//! Why no plan exists and what giving way costs, or which limits hold a plan
//! back and what one more unit of each is worth.

mod collide;
#[cfg(test)]
mod family_tests;
mod lines;
mod rule;
mod storage;
#[cfg(test)]
pub(super) mod tests;
#[cfg(test)]
mod value_tests;
mod values;

use super::check::check;
use super::model::{self, Answer, LimitUse, ModelError};
use super::plan::Plan;
use super::problem::Problem;
use super::scenarios::Scenarios;
use super::tables;
use super::words::{amount, in_bucket, money};
use crate::control::Control;
use crate::decide::{DecideError, Explanation, Member, Relaxation, Verdict};
use crate::optimize::milp::MilpError;
use crate::solution::{SolutionStatus, Termination};
use collide::{Limits, Locks};
use rule::{Rule, drop_empty_locks};

/// Explains the problem: a collision of its limits where there is one, else a plan's binding limits.
///
/// # Errors
/// [`DecideError::Solver`] when a solver fails.
pub fn explain(
    problem: &Problem,
    scenarios: &Scenarios,
    control: &Control,
) -> Result<Explanation, DecideError> {
    let control = control.started();
    if let Some(collision) = collision(problem, scenarios, &control)? {
        return Ok(collision.explanation(problem));
    }
    let answer = plan(problem, scenarios, None, &control)?;
    if answer.outcome.solution_status == SolutionStatus::None {
        return Ok(without_plan(problem, &answer));
    }
    values::explain(problem, scenarios, &answer, &control)
}

/// The order plan; where the search finds none that keeps all limits, though the program of the
/// limits does, that one.
///
/// # Errors
/// [`DecideError::Solver`] when a solver fails.
pub fn plan(
    problem: &Problem,
    scenarios: &Scenarios,
    earlier: Option<&Plan>,
    control: &Control,
) -> Result<Answer, DecideError> {
    let planning = |error: ModelError| failed("planning orders", &error);
    let answer = model::plan(problem, scenarios, earlier, control).map_err(planning)?;
    if answer.outcome.solution_status != SolutionStatus::None {
        return Ok(answer);
    }
    let lines = match Limits::new(problem, scenarios, Locks::Whole, control) {
        Some(limits) => {
            limits.plan(control).map_err(|error| solver("finding a plan in the limits", &error))?
        }
        None => Some(Plan::new(Vec::new())),
    };
    let Some(lines) = lines else { return Ok(answer) };
    let found = model::from_lines(problem, scenarios, &lines, earlier, control).map_err(planning)?;
    let keeps_all =
        |found: &Answer| check(problem, scenarios, &found.plan, None, control).violations.is_empty();
    Ok(found.filter(keeps_all).unwrap_or(answer))
}

/// Limits that cannot hold together, and the cheapest steps by which they give way until a plan exists.
pub struct Collision {
    members: Vec<Member>,
    irreducible: bool,
    /// Rule, amount and cost.
    steps: Vec<(Rule, f64, f64)>,
}

impl Collision {
    /// It in a planner's words.
    pub fn explanation(self, problem: &Problem) -> Explanation {
        let mut text = vec![format!("{}: no plan keeps all limits [infeasible]", problem.name)];
        text.extend(self.members.iter().map(|member| format!("  {}", member.text)));
        text.extend(self.steps.iter().map(|&(rule, by, cost)| {
            format!("  help: {} (giving way costs {})", rule.advice(problem, by), money(problem, cost))
        }));
        Explanation {
            status: Verdict::Infeasible,
            irreducible: Some(self.irreducible),
            relaxation: self.steps.iter().map(|step| relaxation(problem, step)).collect(),
            members: self.members,
            text,
            ..Explanation::default()
        }
    }

    /// The problem with its limits moved by those steps, and the steps.
    pub fn relaxed(&self, problem: &Problem) -> (Problem, Vec<Relaxation>) {
        let mut moved = problem.clone();
        for &(rule, by, _) in &self.steps {
            rule.give_way(&mut moved, by);
        }
        drop_empty_locks(&mut moved);
        (moved, self.steps.iter().map(|step| relaxation(problem, step)).collect())
    }
}

/// The collision of the limits with its cheapest relaxation; `None` where none is proved.
///
/// Quick where nothing is agreed and storage is not overfull; else a small mixed-integer program.
///
/// # Errors
/// [`DecideError::Solver`] when the solver fails.
pub fn collision(
    problem: &Problem,
    scenarios: &Scenarios,
    control: &Control,
) -> Result<Option<Collision>, DecideError> {
    let Some(limits) = Limits::new(problem, scenarios, Locks::Whole, control) else { return Ok(None) };
    let found = limits.collision(control).map_err(|error| solver("finding the colliding limits", &error))?;
    let Some((rules, irreducible)) = found else { return Ok(None) };
    let steps = cheapest(problem, scenarios, control)?;
    let members = rules.iter().map(|rule| rule.member(problem, &takes(&limits, *rule))).collect();
    Ok(Some(Collision { members, irreducible, steps }))
}

/// What stock takes of a location that it fills beyond its room.
fn takes(limits: &Limits<'_>, rule: Rule) -> String {
    let Rule::Storage(location) = rule else { return String::new() };
    let Some(&(used, bucket)) = limits.overfull.get(&location) else { return String::new() };
    format!(", but stock and deliveries take {} m3 {}", amount(used), in_bucket(limits.problem, bucket))
}

/// The cheapest steps by which limits give way until a plan exists: by rule, amount and cost.
fn cheapest(
    problem: &Problem,
    scenarios: &Scenarios,
    control: &Control,
) -> Result<Vec<(Rule, f64, f64)>, DecideError> {
    let Some(limits) = Limits::new(problem, scenarios, Locks::Cut, control) else { return Ok(Vec::new()) };
    limits.cheapest(control).map_err(|error| solver("finding the cheapest relaxation", &error))
}

fn relaxation(problem: &Problem, &(rule, amount, cost): &(Rule, f64, f64)) -> Relaxation {
    Relaxation { name: rule.name(problem), amount, cost }
}

/// Why the planning itself found no plan, without a smaller proof: shared limits that it found no
/// way to keep, or the end of its time.
pub fn without_plan(problem: &Problem, answer: &Answer) -> Explanation {
    if answer.outcome.termination != Termination::Infeasible {
        let text = vec![tables::no_plan(answer.outcome.termination).to_owned()];
        return Explanation { status: Verdict::Unknown, text, ..Explanation::default() };
    }
    let member = |limit: &LimitUse| Member {
        kind: "row".to_owned(),
        name: limit.name.clone(),
        side: if limit.family == "order_minimum" { "lower" } else { "upper" }.to_owned(),
        file: Some(limit.place.file.clone()).filter(|file| !file.is_empty()),
        row: Some(limit.place.row).filter(|row| *row > 0),
        value: Some(limit.limit),
        text: format!(
            "{} ({}) cannot be kept with the others",
            limit.name,
            limit.unit.amount(problem, limit.limit)
        ),
    };
    let members: Vec<Member> = answer.collisions.iter().map(member).collect();
    let mut text = vec![format!("{}: no plan keeps all limits [infeasible]", problem.name)];
    text.extend(members.iter().map(|member| format!("  {}", member.text)));
    Explanation {
        status: Verdict::Infeasible,
        irreducible: Some(false),
        members,
        text,
        ..Explanation::default()
    }
}

fn solver(doing: &str, error: &MilpError) -> DecideError {
    failed(doing, error)
}

fn failed(doing: &str, error: &dyn std::fmt::Display) -> DecideError {
    DecideError::Solver { doing: doing.to_owned(), reason: error.to_string() }
}
