//! `purvey check-plan`: prices and verifies anyone's plan.

use std::path::PathBuf;

use clap::Args;

use purvey::decide::document;

use super::exit::{self, Failure};
use super::options::{Rounding, Source, Talk, Work};
use super::{console, input, write};

/// Price and verify anyone's plan.
#[derive(Debug, Args)]
pub struct CheckPlan {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    rounding: Rounding,
    /// The plan: an output folder, or one plan table (orders.csv, variables.csv), or a .sol file
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

impl CheckPlan {
    /// Reads, checks, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?.started();
        let loaded = input::load(&self.rounding.of(self.source))?;
        let (measure, words) =
            (loaded.decision.objective_measure(loaded.input.settings()), loaded.decision.objective_words());
        let prepared = loaded.decision.prepare(loaded.input, &control)?;
        let plan = input::plan_for(&self.plan, loaded.decision, &*prepared)?;
        let report = prepared.check(&plan)?;
        let notes = prepared.check_notes(&plan);
        if self.talk.json {
            let mut told = document::check_plan(&report);
            if !notes.is_empty() {
                told["check_plan"]["notes"] = notes.into();
            }
            console::say_json(&told);
        } else if self.talk.tells() {
            let style = prepared.style();
            notes.iter().for_each(|note| console::say(note));
            write::check_report(&report, words.noun, |cost| style.number(cost, &measure));
        }
        Ok(if report.feasible { exit::OK } else { exit::INFEASIBLE })
    }
}
