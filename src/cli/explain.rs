//! `purvey explain`: why there is no plan, or what holds the plan back.

use clap::Args;

use purvey::decide::{SolveOptions, document};

use super::exit::{self, Failure};
use super::options::{Rounding, Source, Talk, Work};
use super::{console, input};

/// Why it is infeasible, or which limits bind and what one more unit is worth.
#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    rounding: Rounding,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

impl Explain {
    /// Reads, explains, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?.started();
        let loaded = input::load(&self.rounding.of(self.source))?;
        let prepared = loaded.decision.prepare(loaded.input, &control)?;
        let interrupted = control.cancel.clone();
        let explanation = prepared.explain(&SolveOptions { control, ..SolveOptions::default() })?;
        if self.talk.json {
            console::say_json(&document::explanation(&explanation));
        } else if self.talk.tells() {
            for line in &explanation.text {
                console::say(line);
            }
        }
        Ok(if interrupted.is_requested() {
            exit::INTERRUPTED
        } else {
            exit::code_of_verdict(explanation.status)
        })
    }
}
