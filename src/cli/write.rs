//! Output: a folder written whole or not at all, and text for a person.

use std::path::{Path, PathBuf};

use serde_json::Value;

use purvey::control::Control;
use purvey::data::{Faults, Output, Severity, SinkError, Tables, replace_file};
use purvey::decide::{CheckReport, Solution};
use purvey::presentation::{Presentation, TextOptions};

use super::console;
use super::exit::{self, Failure};
use super::options::Talk;

/// Writes a plan: its tables, `solution.json`, `presentation.json`, `report.html`, and further
/// `files` (name and text).
pub fn plan(
    folder: &Path,
    solution: &Solution,
    document: &Value,
    presentation: &Presentation,
    files: &[(String, String)],
) -> Result<(), Failure> {
    whole(folder, "solution.json", document, &solution.tables, presentation, files)
}

/// What a command that answers with a folder ends with.
pub struct Answer<'a> {
    /// Folder to write.
    pub folder: PathBuf,
    /// Name of the document in it.
    pub name: &'a str,
    pub document: Value,
    pub tables: &'a Tables,
    pub presentation: &'a Presentation,
    /// What a person is pointed to: a word and a file of the folder.
    pub next: (&'a str, &'a str),
}

impl Answer<'_> {
    /// Writes the folder, prints the document or the text, and gives the exit code.
    pub fn finish(self, talk: &Talk, control: &Control) -> Result<u8, Failure> {
        folder(&self.folder, self.name, &self.document, self.tables, self.presentation)?;
        if talk.json {
            console::say_json(&self.document);
        } else if talk.tells() {
            summary(self.presentation, &Faults::default());
            let (word, file) = self.next;
            console::say(&format!("\n{word}: {}", self.folder.join(file).display()));
        }
        Ok(if control.cancel.is_requested() { exit::INTERRUPTED } else { exit::OK })
    }
}

/// Writes tables, a document called `name`, and the presentation with its report.
pub fn folder(
    folder: &Path,
    name: &str,
    document: &Value,
    tables: &Tables,
    presentation: &Presentation,
) -> Result<(), Failure> {
    whole(folder, name, document, tables, presentation, &[])
}

fn whole(
    folder: &Path,
    name: &str,
    document: &Value,
    tables: &Tables,
    presentation: &Presentation,
    files: &[(String, String)],
) -> Result<(), Failure> {
    let html = html(presentation)?;
    let json =
        serde_json::to_string_pretty(document).map_err(|error| Failure::Internal(error.to_string()))?;
    let told = presentation.to_json().map_err(|error| Failure::Internal(error.to_string()))?;
    let write = || -> Result<(), SinkError> {
        let mut output = Output::begin(folder)?;
        for table in tables.as_slice() {
            output.table(table)?;
        }
        for (name, text) in files {
            output.text(name, text)?;
        }
        output.text(name, &json)?;
        output.text("presentation.json", &told)?;
        output.text("report.html", &html)?;
        output.finish()
    };
    write().map_err(|error| Failure::Output(error.to_string()))
}

/// Writes `report.html` of an output folder again; gives its path.
pub fn report(folder: &Path, presentation: &Presentation) -> Result<PathBuf, Failure> {
    let path = folder.join("report.html");
    replace_file(&path, &html(presentation)?).map_err(|error| Failure::Output(error.to_string()))?;
    Ok(path)
}

fn html(presentation: &Presentation) -> Result<String, Failure> {
    purvey::report::render(presentation).map_err(|error| Failure::Internal(format!("report: {error}")))
}

/// Prints the presentation's text, then how many notices the input caused.
pub fn summary(presentation: &Presentation, notices: &Faults) {
    let text = presentation.to_text(&TextOptions::default());
    for (at, line) in text.trim_end().lines().enumerate() {
        if at < presentation.headline.len() { console::say_strongly(line) } else { console::say(line) }
    }
    let count = |severity| console::count(notices, severity);
    let (warnings, repairs) = (count(Severity::Warning), count(Severity::Notice));
    if warnings + repairs > 0 {
        let (warnings, repairs) =
            (console::numbered(warnings, "warning"), console::numbered(repairs, "notice"));
        console::say(&format!("\nThe input gave {warnings} and {repairs}; `purvey check` lists them."));
    }
}

/// Prints what a check found; `write` writes an objective.
pub fn check_report(report: &CheckReport, objective_noun: &str, write: impl Fn(f64) -> String) {
    if let Some(objective) = report.objective {
        let (first, rest) = objective_noun.split_at(objective_noun.len().min(1));
        console::say(&format!("{}{rest} of the plan: {}", first.to_uppercase(), write(objective)));
    }
    if report.feasible {
        console::say("The plan keeps every rule.");
        return;
    }
    for violation in &report.violations {
        console::say(&format!("{} [{}]", violation.text, violation.rule));
    }
    let count = report.violations.len();
    let places = console::numbered(count as u64, "place");
    console::say(&format!("\nThe plan breaks the rules in {places}."));
}
