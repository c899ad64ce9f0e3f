//! The JSON documents that programs read: one form for every decision.

use serde_json::{Map, Value, json};

use super::{CheckReport, Explanation, Solution};
use crate::presentation::Measure;

/// What a solution document says besides the solution itself.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    /// Name of the decision.
    pub model: &'a str,
    /// Name of the instance.
    pub instance: &'a str,
    /// Seed of the run.
    pub seed: u64,
    /// Threads of the run.
    pub threads: usize,
    /// Seconds from the start of the command to now.
    pub total_seconds: f64,
    /// How the objective is written.
    pub measure: &'a Measure,
}

/// The document that `solve --json` prints and `solution.json` holds.
#[must_use]
pub fn solution(header: &Header<'_>, solution: &Solution) -> Value {
    let outcome = &solution.outcome;
    let mut seconds: Map<String, Value> =
        solution.seconds.iter().map(|(stage, value)| (stage.clone(), number(*value))).collect();
    seconds.insert("total".to_owned(), number(header.total_seconds));
    let kpis = figures(&solution.kpis);
    let tables: Map<String, Value> = solution
        .tables
        .as_slice()
        .iter()
        .map(|table| (table.name().to_owned(), Value::from(format!("{}.csv", table.name()))))
        .collect();
    json!({
        "purvey": env!("CARGO_PKG_VERSION"),
        "model": header.model,
        "instance": header.instance,
        "termination": outcome.termination,
        "solution_status": outcome.solution_status,
        "objective": optional(outcome.objective),
        "objective_measure": header.measure,
        "bound": optional(outcome.bound),
        "gap": optional(outcome.gap()),
        "seconds": seconds,
        "seed": header.seed,
        "threads": header.threads,
        "checks": { "feasible": solution.checks.feasible, "violations": solution.checks.violations },
        "kpis": kpis,
        "tables": tables,
        "warnings": solution.warnings,
    })
}

/// Figures by name.
#[must_use]
pub fn figures(list: &[(String, f64)]) -> Value {
    Value::Object(list.iter().map(|(name, value)| (name.clone(), number(*value))).collect())
}

/// The document of `explain --json`.
#[must_use]
pub fn explanation(explanation: &Explanation) -> Value {
    json!({ "explain": explanation })
}

/// The document of `check-plan --json`.
#[must_use]
pub fn check_plan(report: &CheckReport) -> Value {
    json!({ "check_plan": {
        "feasible": report.feasible,
        "objective": report.objective.map_or(Value::Null, number),
        "violations": report.violations,
    } })
}

fn optional(value: Option<f64>) -> Value {
    value.map_or(Value::Null, number)
}

/// A number, or null where it is not one.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}
