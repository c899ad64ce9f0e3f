//! `purvey check`: every fault of the input at once.

use clap::Args;

use purvey::control::Control;
use purvey::data::{Faults, Severity};

use super::exit::{self, Failure};
use super::options::{Source, Talk};
use super::{console, input};

/// Validate the input: every error and warning at once.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    talk: Talk,
}

impl Check {
    /// Reads, validates, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let faults = self.faults()?;
        if self.talk.json {
            console::say_json(&serde_json::json!(faults.as_slice()));
        } else {
            console::print_faults(&faults);
            if self.talk.tells() {
                console::say(&verdict(&faults));
            }
        }
        Ok(if faults.has_errors() { exit::INVALID } else { exit::OK })
    }

    fn faults(&self) -> Result<Faults, Failure> {
        let loaded = match input::load(&self.source) {
            Ok(loaded) => loaded,
            Err(Failure::Faults(faults)) => return Ok(faults),
            Err(other) => return Err(other),
        };
        let mut faults = loaded.notices;
        match loaded.decision.validate(loaded.input, &Control::default()) {
            Ok(found) | Err(found) => faults.extend(found),
        }
        Ok(faults)
    }
}

fn verdict(faults: &Faults) -> String {
    let count = |severity| faults.as_slice().iter().filter(|fault| fault.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match (errors, warnings) {
        (0, 0) => "The input is valid.".to_owned(),
        (0, warnings) => format!("The input is valid; {}.", numbered(warnings, "warning")),
        (errors, 0) => format!("{}; nothing was solved.", numbered(errors, "error")),
        (errors, warnings) => {
            format!(
                "{} and {}; nothing was solved.",
                numbered(errors, "error"),
                numbered(warnings, "warning")
            )
        }
    }
}

fn numbered(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
