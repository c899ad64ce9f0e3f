//! `purvey bench`: solves instances and compares with what is known of them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use purvey::decide::bench::{Expected, Verdict};
use purvey::decide::{Solution, SolveOptions};

use super::exit::{self, Failure};
use super::options::{Source, Talk, Work};
use super::{console, input};

/// Solve instances and compare with what is known of them.
#[derive(Debug, Args)]
pub struct Bench {
    /// Instance folders, or folders of instance folders [default: instances]
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Run only the instances of this tier (smoke, standard, large)
    #[arg(long, value_name = "TIER")]
    tier: Option<String>,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

/// One line of the table.
struct Row {
    name: String,
    expected: Expected,
    solution: Solution,
    verdict: Verdict,
    seconds: f64,
}

impl Bench {
    /// Solves all, prints the table, fails on a gate.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?;
        let roots =
            if self.folders.is_empty() { vec![PathBuf::from("instances")] } else { self.folders.clone() };
        let mut rows = Vec::new();
        for folder in instances(&roots)? {
            let text = std::fs::read_to_string(folder.join("expected.json")).map_err(|error| {
                Failure::Usage(format!("cannot read {}/expected.json: {error}", folder.display()))
            })?;
            let expected = Expected::parse(&text)
                .map_err(|reason| Failure::Usage(format!("{}/expected.json: {reason}", folder.display())))?;
            if self.tier.as_ref().is_some_and(|tier| *tier != expected.tier) {
                continue;
            }
            let mut control = control.clone();
            if control.limits.time.is_none() {
                control.limits.time = expected.time_limit_seconds.map(Duration::from_secs_f64);
            }
            if let (None, Some(gap)) = (self.work.gap, expected.gap) {
                control.limits.gap = gap;
            }
            let begun = Instant::now();
            let loaded = input::load(&Source { path: folder.clone(), set: Vec::new() })?;
            let prepared = loaded.decision.prepare(loaded.input, &control.started())?;
            let solution =
                prepared.solve(&SolveOptions { control: control.started(), ..SolveOptions::default() })?;
            let verdict = expected.judge(
                &solution.outcome,
                &solution.checks,
                loaded.decision.objective_words().is_maximised,
            );
            let name = name_of(&folder);
            rows.push(Row { name, expected, solution, verdict, seconds: begun.elapsed().as_secs_f64() });
            if control.cancel.is_requested() {
                break;
            }
        }
        if rows.is_empty() {
            return Err(Failure::Usage("no instance with an expected.json was found".to_owned()));
        }
        self.tell(&rows);
        let failed = rows.iter().any(|row| !row.verdict.passes());
        Ok(if control.cancel.is_requested() {
            exit::INTERRUPTED
        } else if failed {
            exit::GATE
        } else {
            exit::OK
        })
    }

    fn tell(&self, rows: &[Row]) {
        if self.talk.json {
            console::say_json(&json!({ "bench": rows.iter().map(document).collect::<Vec<_>>() }));
            return;
        }
        if self.talk.quiet {
            return;
        }
        let mut table = console::table(&["instance", "objective", "best known", "gap", "seconds", "verdict"]);
        let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        for row in rows {
            let outcome = &row.solution.outcome;
            table.add_row([
                row.name.clone(),
                number(outcome.objective),
                number(row.expected.objective),
                outcome.gap().map_or("-".to_owned(), |gap| format!("{:.3} %", 100.0 * gap)),
                format!("{:.1}", row.seconds),
                row.verdict.as_str().to_owned(),
            ]);
        }
        console::say(&table.to_string());
        for row in rows.iter().filter(|row| !row.verdict.advice().is_empty()) {
            let far = row.expected.distance(row.solution.outcome.objective);
            let far = far
                .map_or_else(String::new, |far| format!(" ({:+.3} % against the best known)", 100.0 * far));
            console::say(&format!("{}: {}{far}.", row.name, row.verdict.advice()));
        }
    }
}

fn document(row: &Row) -> Value {
    let outcome = &row.solution.outcome;
    json!({
        "instance": row.name,
        "tier": row.expected.tier,
        "termination": outcome.termination,
        "objective": outcome.objective,
        "bound": outcome.bound,
        "gap": outcome.gap(),
        "best_known": row.expected.objective,
        "distance": row.expected.distance(outcome.objective),
        "seconds": row.seconds,
        "verdict": row.verdict,
    })
}

/// The folders with an `expected.json` at or below each root, sorted.
fn instances(roots: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for root in roots {
        if root.join("expected.json").is_file() {
            found.push(root.clone());
            continue;
        }
        let entries = std::fs::read_dir(root)
            .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", root.display())))?;
        let mut below: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.join("expected.json").is_file())
            .collect();
        below.sort();
        found.extend(below);
    }
    Ok(found)
}

fn name_of(folder: &Path) -> String {
    folder
        .file_name()
        .map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}
