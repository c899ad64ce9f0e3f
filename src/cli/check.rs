//! `purvey check`: every fault of the input at once.

use clap::Args;

use purvey::control::Control;
use purvey::data::{Faults, Severity};

use super::console::{count, numbered};
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
        match loaded.decision.validate(loaded.input, &Control::default()) {
            Ok(faults) | Err(faults) => Ok(faults),
        }
    }
}

fn verdict(faults: &Faults) -> String {
    let [errors, warnings, notices] =
        [Severity::Error, Severity::Warning, Severity::Notice].map(|severity| count(faults, severity));
    let rest = format!("{} and {}", numbered(warnings, "warning"), numbered(notices, "notice"));
    match (errors, warnings + notices) {
        (0, 0) => "The input is valid.".to_owned(),
        (0, _) => format!("The input is valid; {rest}."),
        (errors, 0) => format!("{}; nothing can be solved until that is mended.", numbered(errors, "error")),
        (errors, _) => {
            format!("{}; nothing can be solved until that is mended. Also {rest}.", numbered(errors, "error"))
        }
    }
}
