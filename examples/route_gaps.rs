//! Prints, for each standard file, the cost of the routes found, the best known cost and the gap.
//!
//! `cargo run --release --example route_gaps -- SECONDS SEED [--bound SHARE] [--first VISITS] FILE.vrp...`
//!
//! `--bound` spends that share of the time on the lower bound, which is printed with its distance from the
//! cost; `--first` keeps the first visits of each file only, whose best known cost is not known.
//! The best known cost and the rounding of distances are read from `best_known.csv` beside each
//! file. One thread a file. The time is that of the wall clock, so each run needs a core of its own; the
//! processor time in the last column tells whether it had one.

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use purvey::control::Control;
use purvey::optimize::routes::{Problem, Rounding, RoundingRule, RouteOptions, read_vrplib, search};

/// What is asked for.
struct Request {
    seconds: f64,
    seed: u64,
    bound_share: f64,
    /// How many visits of each file are kept.
    first: Option<usize>,
    files: Vec<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = request(std::env::args().skip(1))?;
    println!(
        "{:20} {:>7} {:>12} {:>12} {:>8} {:>12} {:>8} {:>10} {:>7}",
        "file", "visits", "cost", "known", "gap %", "bound", "below %", "steps", "cpu s"
    );
    let mut gaps = Vec::new();
    for file in &request.files {
        gaps.extend(run(Path::new(file), &request)?);
    }
    println!("mean gap {:.3} %", gaps.iter().sum::<f64>() / gaps.len().max(1) as f64);
    Ok(())
}

fn request(mut arguments: impl Iterator<Item = String>) -> Result<Request, Box<dyn std::error::Error>> {
    let usage = "say: route_gaps SECONDS SEED [--bound SHARE] [--first VISITS] FILE.vrp...";
    let (seconds, seed) = (arguments.next().ok_or(usage)?, arguments.next().ok_or(usage)?);
    let (seconds, seed) = (seconds.parse()?, seed.parse()?);
    let mut request = Request { seconds, seed, bound_share: 0.0, first: None, files: Vec::new() };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bound" => request.bound_share = arguments.next().ok_or(usage)?.parse()?,
            "--first" => request.first = Some(arguments.next().ok_or(usage)?.parse()?),
            _ => request.files.push(argument),
        }
    }
    Ok(request)
}

/// Solves one file and prints its line; the gap to the best known cost.
fn run(path: &Path, request: &Request) -> Result<Option<f64>, Box<dyn std::error::Error>> {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let known = best_known(path)?;
    let (best, rule) = known.get(name).copied().unwrap_or((f64::NAN, RoundingRule::Auto));
    let best = if request.first.is_some() { f64::NAN } else { best };
    let mut data = read_vrplib(&std::fs::read_to_string(path)?, rule)?.data;
    data.visits.truncate(request.first.unwrap_or(usize::MAX));
    let problem = Problem::new(data)?;
    let time = Duration::from_secs_f64(request.seconds);
    let control = Control::default().with_time(time).with_seed(request.seed);
    let options = RouteOptions { bound_share: request.bound_share, ..RouteOptions::default() };
    let before = processor_seconds();
    let plan = search(&problem, &options, &control)?;
    let spent = processor_seconds() - before;
    let (cost, bound) = (plan.evaluation.cost.total(), plan.outcome.bound.unwrap_or(f64::NAN));
    let (gap, below) = (100.0 * (cost / best - 1.0), 100.0 * (1.0 - bound / cost));
    let (visits, steps) = (problem.visits().len(), plan.steps);
    println!(
        "{name:20} {visits:7} {cost:12.2} {best:12.2} {gap:8.3} {bound:12.2} {below:8.3} {steps:10} {spent:7.1}"
    );
    for violation in plan.evaluation.violations.iter().take(5) {
        println!("  {violation:?}");
    }
    Ok(Some(gap).filter(|gap| gap.is_finite()))
}

/// Best known cost and rounding of the files in the folder of `path`.
fn best_known(path: &Path) -> Result<HashMap<String, (f64, RoundingRule)>, Box<dyn std::error::Error>> {
    let Ok(text) = std::fs::read_to_string(path.with_file_name("best_known.csv")) else {
        return Ok(HashMap::new());
    };
    let mut known = HashMap::new();
    for line in text.lines().skip(1) {
        let mut fields = line.trim().split(',');
        let (Some(name), Some(cost), Some(rounding)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let rule = match rounding {
            "nearest" => RoundingRule::Always(Rounding::Nearest),
            "dimacs" => RoundingRule::Always(Rounding::Tenth),
            _ => RoundingRule::Always(Rounding::Exact),
        };
        known.insert(name.to_owned(), (cost.parse()?, rule));
    }
    Ok(known)
}

/// Processor time of this process; 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    ticks.iter().sum::<f64>() / 100.0
}
