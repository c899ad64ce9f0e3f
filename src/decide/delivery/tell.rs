//! An answer as a solution: tables, key figures, headline and warnings.

use super::super::Solution;
use super::check::written;
use super::model::{Answer, hopeless};
use super::plan::{self, Unserved};
use super::problem::Problem;
use crate::data::{Code, Fault, Faults, Severity};
use crate::presentation::Measure;

/// A bound further away than this says too little for a headline.
const WORTH_TELLING: f64 = 0.25;

/// The notices of the input, with a warning for each visit that no vehicle could serve.
pub(super) fn with_left_out(problem: &Problem) -> Faults {
    let mut faults = problem.notices.clone();
    for (named, reason) in problem.visits.iter().zip(hopeless(problem)) {
        if let Some(reason) = reason {
            let message = format!("{} is left out: {reason}", named.code);
            let fault = Fault::error(Code::LeftOut, &named.file, message).at_row(named.row);
            let help = "correct the row, or plan a vehicle that can serve it";
            faults.push(fault.with_severity(Severity::Warning).with_help(help));
        }
    }
    faults
}

/// The answer with everything that is told of it.
pub(super) fn solution(problem: &Problem, answer: Answer) -> Solution {
    let Answer { plan, checked, outcome, solve_seconds, check_seconds } = answer;
    let kpis = plan::kpis(problem, &plan, &checked);
    let must = |left: &&Unserved| problem.data.visits[left.visit].prize.is_none();
    let warnings = plan.unserved.iter().filter(must).map(|left| {
        let named = &problem.visits[left.visit];
        format!("{} ({}:{}) is not served: {}", named.code, named.file, named.row, left.reason)
    });
    Solution {
        headline: headline(problem, &kpis, outcome.objective, outcome.gap()),
        tables: plan::tables(problem, &plan, &checked),
        warnings: warnings.collect(),
        kpis,
        seconds: vec![
            ("read".to_owned(), problem.read_seconds),
            ("solve".to_owned(), solve_seconds),
            ("check".to_owned(), check_seconds),
        ],
        checks: checked.report(),
        outcome,
    }
}

fn headline(
    problem: &Problem,
    kpis: &[(String, f64)],
    objective: Option<f64>,
    gap: Option<f64>,
) -> Vec<String> {
    let value = |name: &str| kpis.iter().find(|(known, _)| known == name).map_or(0.0, |(_, value)| *value);
    let telling = &problem.telling;
    let cost = telling.style.number(objective.unwrap_or(f64::NAN), &telling.cost);
    let (served, vehicles) = (value("visits_served"), value("vehicles_used"));
    let visits = counted(served, "visit");
    let by = counted(vehicles, "vehicle");
    let distance = if problem.from_file {
        String::new()
    } else {
        let km = telling.style.number(value("distance_km"), &Measure::quantity("km").with_decimals(0));
        format!(", {km} on the way")
    };
    let mut sentences = vec![format!("{visits} by {by} for {cost}{distance}.")];
    let (unserved, must) = (value("visits_unserved"), value("visits_unserved_without_prize"));
    if unserved > 0.0 {
        let free = unserved - must;
        let mut parts = Vec::new();
        if must > 0.0 {
            parts.push(format!("{} cannot be served", counted(must, "visit")));
        }
        if free > 0.0 {
            parts.push(format!(
                "{} not worth serving",
                if free == 1.0 { "1 is".to_owned() } else { format!("{free} are") }
            ));
        }
        sentences.push(format!("{}; the table unserved says why.", parts.join(", ")));
    }
    if value("visits_late") > 0.0 {
        let name = if problem.from_file { "lateness" } else { "lateness_minutes" };
        let late = written(value(name), &telling.time_unit);
        sentences.push(format!("{} late, {late} in all.", counted(value("visits_late"), "visit")));
    }
    if let Some(gap) = gap.filter(|gap| *gap <= WORTH_TELLING) {
        sentences.push(format!("No plan is more than {} cheaper.", telling.style.percent(gap)));
    }
    sentences
}

/// A number of things.
pub(super) fn counted(count: f64, thing: &str) -> String {
    if count == 1.0 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
