//! Searches a test problem and prints the objectives of the final front as CSV.
//!
//! ```text
//! cargo run --release --example nsga2 -- PROBLEM [--population 100] [--generations 250] [--seed 1]
//!     [--method nsga2|nsga3] [--genes N --objectives M] [--runs 1] [--threads 1]
//!     [--hypervolume]     print the front's hypervolume and the seconds instead
//!     [--at-test-point]   print the problem's objectives at a fixed point instead
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Instant;

use purvey::control::Control;
use purvey::optimize::genetic::testbed::TestProblem;
use purvey::optimize::genetic::{Evolution, Front, Genes, Problem, hypervolume, nsga2, nsga3};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<String, String> {
    let known = || format!("give a problem: one of {}", TestProblem::NAMES.join(", "));
    let name = arguments.first().filter(|name| !name.starts_with("--")).ok_or_else(known)?;
    let option = |option: &str, default: usize| -> Result<usize, String> {
        match arguments.iter().position(|argument| argument == option) {
            Some(at) => arguments
                .get(at + 1)
                .and_then(|value| value.parse().ok())
                .ok_or_else(|| format!("{option} needs a whole number")),
            None => Ok(default),
        }
    };
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let problem = TestProblem::named(name).ok_or_else(known)?;
    let genes = option("--genes", problem.space().numbers().len())?;
    let objectives = option("--objectives", problem.objectives())?;
    let problem = problem.sized(genes, objectives).ok_or("the problem has no form of that size")?;
    if has("--at-test-point") {
        return Ok(line(&at_test_point(&problem)));
    }
    let options = Evolution {
        population: option("--population", 100)?,
        generations: option("--generations", 250)?,
        runs: option("--runs", 1)?,
        ..Evolution::default()
    };
    let control =
        Control::default().with_seed(option("--seed", 1)? as u64).with_threads(option("--threads", 1)?);
    let started = Instant::now();
    let front = match arguments.iter().any(|argument| argument == "nsga3") {
        true => nsga3(&problem, &options, &control),
        false => nsga2(&problem, &options, &control),
    };
    let seconds = started.elapsed().as_secs_f64();
    let front = front.map_err(|error| error.to_string())?;
    Ok(if has("--hypervolume") { volume(&problem, &front, seconds) } else { rows(&front, objectives) })
}

fn line(values: &[f64]) -> String {
    let cells: Vec<String> = values.iter().map(f64::to_string).collect();
    format!("{}\n", cells.join(","))
}

fn rows(front: &Front, objectives: usize) -> String {
    let header: Vec<String> = (1..=objectives).map(|i| format!("f{i}")).collect();
    let rows: String = front.members.iter().map(|member| line(&member.objectives)).collect();
    format!("{}\n{rows}", header.join(","))
}

fn volume(problem: &TestProblem, front: &Front, seconds: f64) -> String {
    let points: Vec<f64> = front.members.iter().flat_map(|member| member.objectives.clone()).collect();
    let found = hypervolume(&points, problem.objectives(), &problem.reference());
    format!("hypervolume,seconds\n{found},{seconds}\n")
}

/// Gene i of n at (i + 1) / (n + 1) of its range.
fn at_test_point(problem: &TestProblem) -> Vec<f64> {
    let ranges = problem.space().numbers();
    let share = |i: usize| (i + 1) as f64 / (ranges.len() + 1) as f64;
    let numbers = ranges.iter().enumerate().map(|(i, r)| r.lower + share(i) * (r.upper - r.lower));
    let mut objectives = vec![0.0; problem.objectives()];
    problem.evaluate(&Genes { numbers: numbers.collect(), orders: Vec::new() }, &mut objectives);
    objectives
}
