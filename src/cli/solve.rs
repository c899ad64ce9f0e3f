//! `purvey solve`: the main job.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use purvey::decide::{SolveOptions, document};
use purvey::solution::{SolutionStatus, Termination};

use super::exit::{self, Failure};
use super::options::{Rounding, Source, Talk, Work};
use super::{console, input, write};

/// Decide: plan tables, solution.json and report.html.
#[derive(Debug, Args)]
pub struct Solve {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    rounding: Rounding,
    /// Folder for the plan [default: out/ in the instance folder, STEM.out/ here for a file]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Folder of an earlier plan to start from and stay close to
    #[arg(long, value_name = "DIR")]
    start: Option<PathBuf>,
    /// Where limits collide, plan with their cheapest relaxation
    #[arg(long)]
    relax: bool,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

impl Solve {
    /// Reads, decides, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let begun = Instant::now();
        let control = self.work.control(&self.talk)?.started();
        let source = self.rounding.of(self.source);
        let loaded = input::load(&source)?;
        let (name, decision) = (loaded.name.clone(), loaded.decision);
        let measure = decision.objective_measure(loaded.input.settings());
        let read_seconds = begun.elapsed().as_secs_f64();
        let prepared = decision.prepare(loaded.input, &control)?;
        let start =
            self.start.as_deref().map(|path| input::plan_for(path, decision, &*prepared)).transpose()?;
        let threads = control.worker_threads();
        let options = SolveOptions { control, start, relax: self.relax };
        let mut solution = prepared.solve(&options)?;
        if !solution.seconds.iter().any(|(stage, _)| stage == "read") {
            solution.seconds.insert(0, ("read".to_owned(), read_seconds));
        }

        let header = document::Header {
            model: decision.name(),
            instance: &name,
            seed: self.work.seed,
            threads,
            total_seconds: begun.elapsed().as_secs_f64(),
            measure: &measure,
        };
        let document = document::solution(&header, &solution);
        let presentation = prepared.present(&solution);
        let folder = self.output.unwrap_or_else(|| input::default_output(&source.path, "out"));
        if solution.outcome.solution_status != SolutionStatus::None {
            write::plan(&folder, &solution, &document, &presentation, &prepared.plan_files(&solution))?;
        }
        if self.talk.json {
            console::say_json(&document);
        } else if self.talk.tells() {
            write::summary(&presentation, prepared.notices());
            if solution.outcome.solution_status == SolutionStatus::None {
                let kept = if folder.exists() { "; the earlier one there is as it was" } else { "" };
                console::say(&format!("\nNo plan was written to {}{kept}.", folder.display()));
                if matches!(solution.outcome.termination, Termination::Infeasible | Termination::WorkLimit) {
                    console::say(&format!("Next: purvey explain {}", source.as_typed()));
                }
            } else {
                console::say(&format!("\nReport: {}", folder.join("report.html").display()));
            }
        }
        if !solution.checks.feasible && solution.outcome.solution_status != SolutionStatus::None {
            for violation in &solution.checks.violations {
                console::error(&format!("check failed: {} [{}]", violation.text, violation.rule));
            }
            return Ok(exit::INTERNAL);
        }
        Ok(exit::code_of(&solution.outcome))
    }
}
