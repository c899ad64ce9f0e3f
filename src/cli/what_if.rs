//! `purvey what-if`: variants of the input, side by side.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use purvey::data::{Faults, Tables};
use purvey::decide::SolveOptions;
use purvey::decide::what_if::{self, Scenario};

use super::exit::Failure;
use super::options::{Rounding, Source, Talk, Work};
use super::{input, write};

/// Solve variants of the input side by side and compare them.
#[derive(Debug, Args)]
pub struct WhatIf {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    rounding: Rounding,
    /// Scenario files (TOML: name, then [[change]] with table, where, column and one of multiply, add, set, drop)
    #[arg(long = "scenario", value_name = "FILE", num_args = 1.., required = true)]
    scenarios: Vec<PathBuf>,
    /// Folder for the comparison [default: out-what-if/ in the instance folder]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

impl WhatIf {
    /// Reads all scenarios, solves, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?.started();
        let scenarios = self.read_scenarios()?;
        let source = self.rounding.of(self.source);
        let loaded = input::load(&source)?;
        let options = SolveOptions { control: control.clone(), ..SolveOptions::default() };
        let variants =
            what_if::compare(loaded.decision, &loaded.input, &scenarios, &options).map_err(|error| {
                match error {
                    what_if::WhatIfError::Faults(faults) => Failure::Faults(faults),
                    what_if::WhatIfError::Decide(error) => error.into(),
                    other => Failure::Usage(other.to_string()),
                }
            })?;
        let (measure, words) =
            (loaded.decision.objective_measure(loaded.input.settings()), loaded.decision.objective_words());
        let presentation = what_if::present(&loaded.name, &scenarios, &variants, &measure, &words);
        let document = json!({ "what_if": { "variants": variants } });
        let folder = self.output.unwrap_or_else(|| input::default_output(&source.path, "out-what-if"));
        let answer = write::Answer {
            folder,
            name: "what-if.json",
            document,
            tables: &Tables::default(),
            presentation: &presentation,
            next: ("Report", "report.html"),
        };
        answer.finish(&self.talk, &control)
    }

    fn read_scenarios(&self) -> Result<Vec<Scenario>, Failure> {
        let mut faults = Faults::default();
        let mut scenarios = Vec::new();
        for path in &self.scenarios {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
            match Scenario::parse(&text, &path.display().to_string()) {
                Ok(scenario) => scenarios.push(scenario),
                Err(found) => faults.extend(found),
            }
        }
        faults.into_result()?;
        Ok(scenarios)
    }
}
