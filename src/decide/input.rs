//! What a decision is made from: tables in memory, or a standard file.

use std::path::PathBuf;

use crate::data::{Code, Fault, Faults, Settings, Tables};

/// What a decision is made from.
#[derive(Debug, Clone)]
pub enum Input {
    /// Named tables and settings.
    Tables {
        /// Name of the instance, for titles.
        name: String,
        /// The tables; names and columns as in the decision's schema.
        tables: Tables,
        /// The settings that differ from their defaults.
        settings: Settings,
    },
    /// A standard file that the decision takes.
    File {
        /// Path of the file.
        path: PathBuf,
        /// Settings for it.
        settings: Settings,
    },
}

impl Input {
    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        match self {
            Input::Tables { settings, .. } | Input::File { settings, .. } => settings,
        }
    }

    /// Name, tables and settings, for the decision called `model`, which takes no standard files.
    ///
    /// # Errors
    /// A file.
    pub(crate) fn into_tables(self, model: &str) -> Result<(String, Tables, Settings), Faults> {
        match self {
            Input::Tables { name, tables, settings } => Ok((name, tables, settings)),
            Input::File { path, .. } => {
                let message = format!("{model} takes tables, not a standard file");
                let help = format!("give an instance folder; `purvey new {model} DIR` writes one");
                let file = path.display().to_string();
                Err(Fault::error(Code::WrongType, file, message).with_help(help).into())
            }
        }
    }
}
