//! Standard files: the decision `program`.

use std::fs;
use std::path::Path;

use crate::support::{purvey, text};

/// Minimise 2 x + 3 y where x + y is at least `least`, and both at most 4.
fn write(folder: &Path, name: &str, least: u32) {
    let columns = "    x cost 2 demand 1\n    y cost 3 demand 1\n";
    let bounds = " UP BND x 4\n UP BND y 4\n";
    let text = format!(
        "NAME small\nROWS\n N cost\n G demand\nCOLUMNS\n{columns}RHS\n    RHS demand {least}\nBOUNDS\n{bounds}ENDATA\n"
    );
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn a_feasible_file_is_solved_checked_and_explained() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    write(at, "small.mps", 6);
    let document = purvey(at, "solve small.mps --json").ends(0).json();
    assert_eq!(document["model"], "program");
    assert_eq!(document["termination"], "optimal");
    assert!((document["objective"].as_f64().unwrap() - 14.0).abs() < 1e-6);
    assert!(text(at, "small.out/variables.csv").starts_with("name,value\nx,4\ny,2"));
    let check = purvey(at, "check-plan small.mps --json --plan small.out/variables.csv").ends(0).json();
    assert!((check["check_plan"]["objective"].as_f64().unwrap() - 14.0).abs() < 1e-6);
    fs::write(at.join("variables.csv"), "name,value\nx,4\ny,1\n").unwrap();
    let broken = purvey(at, "check-plan small.mps --json --plan variables.csv").ends(4).json();
    assert!(broken["check_plan"]["violations"][0]["text"].as_str().unwrap().contains("demand"), "{broken}");
    let explain = purvey(at, "explain small.mps --json").ends(0).json();
    assert_eq!(explain["explain"]["status"], "optimal");
    assert_eq!(explain["explain"]["binding"][0]["name"], "demand", "{explain}");
    purvey(at, "solve small.mps --quiet --start variables.csv").ends(0);
    let forecast = purvey(at, "backtest small.mps").ends(2);
    assert!(forecast.err.contains("`program` has no history to replay"), "{}", forecast.err);
}

#[test]
fn an_infeasible_file_has_no_plan_and_an_irreducible_reason() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    write(at, "small.mps", 9);
    let solve = purvey(at, "solve small.mps --json").ends(4).json();
    assert_eq!(solve["solution_status"], "none");
    assert_eq!(solve["objective"], serde_json::Value::Null);
    assert!(!at.join("small.out").exists());
    let told = purvey(at, "solve small.mps").ends(4);
    assert!(
        told.out.contains("No plan was written to small.out.\nNext: purvey explain small.mps\n"),
        "{}",
        told.out
    );
    let explain = purvey(at, "explain small.mps --json").ends(4).json();
    assert_eq!(explain["explain"]["irreducible"], true);
    let members = explain["explain"]["members"].as_array().unwrap();
    let names: Vec<&str> = members.iter().map(|member| member["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in ["demand", "x", "y"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let relaxed = purvey(at, "solve small.mps --json --relax").ends(0).json();
    assert_ne!(relaxed["solution_status"], "none", "{relaxed}");
}

#[test]
fn a_file_that_is_no_program_is_invalid() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("odd.mps"), "dear aunt\n").unwrap();
    for command in ["check", "solve", "explain"] {
        let run = purvey(place.path(), &format!("{command} odd.mps")).ends(3);
        assert!(run.err.starts_with("odd.mps"), "{}", run.err);
    }
}
