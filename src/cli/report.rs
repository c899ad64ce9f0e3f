//! `purvey report`: draws the HTML report of an output folder again.

use std::path::PathBuf;

use clap::Args;

use super::exit::{self, Failure};
use super::options::Talk;
use super::{console, input, write};

/// Draw the HTML report of an output folder again.
#[derive(Debug, Args)]
pub struct Report {
    /// Output folder of an earlier solve, backtest or what-if
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    talk: Talk,
}

impl Report {
    /// Reads presentation.json and writes report.html beside it.
    pub fn run(self) -> Result<u8, Failure> {
        let presentation = input::presentation(&self.folder)?;
        let path = write::report(&self.folder, &presentation)?;
        if self.talk.json {
            console::say_json(&serde_json::json!({ "report": path }));
        } else if self.talk.tells() {
            console::say(&format!("Report: {}", path.display()));
        }
        Ok(exit::OK)
    }
}
