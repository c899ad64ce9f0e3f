//! `purvey diff`: what changed between two plans.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use purvey::decide::diff;
use purvey::presentation::TextOptions;

use super::exit::{self, Failure};
use super::options::Talk;
use super::{console, input};

/// What changed between two plans.
#[derive(Debug, Args)]
pub struct Diff {
    /// Output folder of the first plan
    #[arg(value_name = "PLAN")]
    before: PathBuf,
    /// Output folder of the second plan
    #[arg(value_name = "PLAN")]
    after: PathBuf,
    #[command(flatten)]
    talk: Talk,
}

impl Diff {
    /// Reads both, compares, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let (before, after) = (input::written_plan(&self.before)?, input::written_plan(&self.after)?);
        let report = diff::plans(&before, &after).map_err(|error| Failure::Usage(error.to_string()))?;
        if self.talk.json {
            console::say_json(&json!({ "diff": report }));
        } else if self.talk.tells() {
            let style = input::presentation(&self.after).map(|told| told.style).unwrap_or_default();
            let (measure, words) = input::objective(&after);
            for line in report.sentences(&words, |cost| style.number(cost, &measure)) {
                console::say(&line);
            }
            let view = report.lines.view();
            if !view.is_empty() {
                let all = TextOptions { rows: view.len(), ..TextOptions::default() };
                console::say(&format!("\n{}", view.to_text(&style, &all)));
            }
        }
        Ok(exit::OK)
    }
}
