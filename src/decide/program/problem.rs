//! The program as it was read: its arrays, its name, the file, the tolerance.

use super::super::Input;
use crate::data::{Code, Fault, Faults, Schema, Settings};
use crate::optimize::milp::{MilpError, Program, read_program};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Instant;

/// A program that can be solved: every number in it is usable.
#[derive(Debug)]
pub(super) struct Problem {
    /// Name for titles: the program's own, or the file's.
    pub name: String,
    /// The file as messages name it.
    pub file: String,
    pub program: Program,
    /// How far a value may lie beyond a limit, relative to the limit's size.
    pub tolerance: f64,
    /// Seconds that reading took.
    pub read_seconds: f64,
}

impl Problem {
    pub(super) fn read(input: Input, schema: &str) -> Result<Self, Faults> {
        let (path, settings) = match input {
            Input::File { path, settings } => (path, settings),
            Input::Tables { name, .. } => {
                let fault =
                    Fault::error(Code::MissingFile, name, "a program is one .mps or .lp file, not a folder");
                return Err(fault.with_help("give the path of the file").into());
            }
        };
        let started = Instant::now();
        let tolerance = tolerance(&settings, schema, &path)?;
        let program = read_program(&path).map_err(|error| fault_of(error, &path))?;
        let name = if program.name().is_empty() { stem(&path) } else { program.name().to_owned() };
        let read_seconds = started.elapsed().as_secs_f64();
        Ok(Problem { name, file: path.display().to_string(), program, tolerance, read_seconds })
    }

    /// Index of each column by name.
    pub(super) fn column_index(&self) -> HashMap<String, usize> {
        (0..self.program.columns())
            .map(|column| (self.program.column_name(column).into_owned(), column))
            .collect()
    }
}

fn tolerance(settings: &Settings, schema: &str, path: &Path) -> Result<f64, Faults> {
    let schema = Schema::parse(schema).map_err(|error| {
        Faults::from(Fault::error(Code::BadDeclaration, path.display().to_string(), error.to_string()))
    })?;
    let values = settings.typed(&schema)?;
    values.number("tolerance").ok_or_else(|| {
        Fault::error(Code::BadDeclaration, path.display().to_string(), "tolerance has no value").into()
    })
}

fn stem(path: &Path) -> String {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

fn fault_of(error: MilpError, path: &Path) -> Faults {
    let file = path.display().to_string();
    let fault = match error {
        MilpError::File { line, found, help, .. } => {
            Fault::error(Code::BrokenFormat, file, found).at_row(line as u64).with_help(help)
        }
        MilpError::Read { source, .. } => match source.kind() {
            ErrorKind::NotFound => {
                Fault::error(Code::MissingFile, file, "the file is not there").with_help("check the path")
            }
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
                Fault::error(Code::BrokenCompression, file, source.to_string())
                    .with_help("pack the file again")
            }
            _ => Fault::error(Code::UnreadableFile, file, source.to_string())
                .with_help("check its permissions"),
        },
        MilpError::TooLarge { what } => {
            Fault::error(Code::TooLarge, file, format!("{what} is above 2,147,483,647"))
                .with_help("split the program")
        }
        MilpError::Model { reason } => {
            Fault::error(Code::NotFinite, file, reason).with_help("write finite numbers")
        }
        MilpError::Solver { action } => {
            Fault::error(Code::BrokenFormat, file, format!("the solver refused to {action}"))
        }
    };
    fault.into()
}
