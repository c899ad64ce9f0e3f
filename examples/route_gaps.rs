//! Prints, for each standard file, the cost of the routes found, the best known cost and the gap.
//!
//! `cargo run --release --example route_gaps -- SECONDS SEED FILE.vrp...`
//!
//! The best known cost and the rounding of distances are read from `best_known.csv` beside each
//! file. One thread a file. The time is that of the wall clock, so each run needs a core of its own; the
//! processor time in the last column tells whether it had one.

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use purvey::control::Control;
use purvey::optimize::routes::{Problem, Rounding, RoundingRule, RouteOptions, read_vrplib, search};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, seed, files @ ..] = arguments.as_slice() else {
        return Err("say: route_gaps SECONDS SEED FILE.vrp...".into());
    };
    let (seconds, seed): (f64, u64) = (seconds.parse()?, seed.parse()?);
    println!(
        "{:20} {:>7} {:>12} {:>12} {:>8} {:>10} {:>7}",
        "file", "visits", "cost", "known", "gap %", "steps", "cpu s"
    );
    let mut gaps = Vec::new();
    for file in files {
        let path = Path::new(file);
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let known = best_known(path)?;
        let (best, rule) = known.get(name).copied().unwrap_or((f64::NAN, RoundingRule::Auto));
        let read = read_vrplib(&std::fs::read_to_string(path)?, rule)?;
        let problem = Problem::new(read.data)?;
        let control = Control::default().with_time(Duration::from_secs_f64(seconds)).with_seed(seed);
        let before = processor_seconds();
        let plan = search(&problem, &RouteOptions::default(), &control)?;
        let cost = plan.evaluation.cost.total();
        let gap = 100.0 * (cost / best - 1.0);
        gaps.push(gap);
        let (visits, spent) = (problem.visits().len(), processor_seconds() - before);
        println!("{name:20} {visits:7} {cost:12.2} {best:12.2} {gap:8.3} {:10} {spent:7.1}", plan.steps);
        for violation in plan.evaluation.violations.iter().take(5) {
            println!("  {violation:?}");
        }
    }
    println!("mean gap {:.3} %", gaps.iter().sum::<f64>() / gaps.len().max(1) as f64);
    Ok(())
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
