//! `purvey dispatch`: a day on which orders come while vehicles are on the road.

use std::path::PathBuf;

use clap::Args;

use super::exit::Failure;
use super::options::{Source, Talk, Work};
use super::{input, write};

/// Replay a day: orders that come while the plan is carried out, planned anew, by a rule, and with foresight.
///
/// Limits of time and work hold for each search for a plan, not for the whole day.
#[derive(Debug, Args)]
pub struct Dispatch {
    #[command(flatten)]
    source: Source,
    /// Folder for dispatch.csv and the report [default: out-dispatch/ in the instance folder]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

impl Dispatch {
    /// Replays, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?;
        let loaded = input::load(&self.source)?;
        let dispatch = loaded
            .decision
            .dispatch()
            .ok_or_else(|| Failure::Usage(format!("`{}` has no day to dispatch", loaded.decision.name())))?;
        let dispatched = dispatch.dispatch(loaded.input, &control)?;
        let folder = self.output.unwrap_or_else(|| input::default_output(&self.source.path, "out-dispatch"));
        let answer = write::Answer {
            folder,
            name: "dispatch.json",
            document: dispatched.document,
            tables: &dispatched.tables,
            presentation: &dispatched.presentation,
            next: ("What each vehicle did", "dispatch.csv"),
        };
        answer.finish(&self.talk, &control)
    }
}
