//! `purvey new`: a small folder that solves as it is.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use purvey::data::scaffold::scaffold;

use super::exit::{self, Failure};
use super::options::Talk;
use super::{console, input};

/// Write a small folder that solves as it is, to be filled with your own rows.
#[derive(Debug, Args)]
pub struct New {
    /// Name of the decision; `purvey models` lists them
    #[arg(value_name = "MODEL")]
    model: String,
    /// Folder to write; must not exist yet, or be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    talk: Talk,
}

impl New {
    /// Writes the folder.
    pub fn run(self) -> Result<u8, Failure> {
        let schema = input::schema(input::decision(&self.model)?)?;
        if schema.tables.is_empty() {
            return Err(Failure::Usage(format!(
                "`{}` takes a standard file, not a folder: `purvey solve FILE`",
                self.model
            )));
        }
        let full = |error: std::io::Error| {
            Failure::Output(format!("cannot write {}: {error}", self.folder.display()))
        };
        if self.folder.exists() && fs::read_dir(&self.folder).map_err(full)?.next().is_some() {
            return Err(Failure::Usage(format!(
                "{} exists and is not empty; nothing was written",
                self.folder.display()
            )));
        }
        fs::create_dir_all(&self.folder).map_err(full)?;
        let files = scaffold(&schema);
        for (name, text) in &files {
            fs::write(self.folder.join(name), text).map_err(full)?;
        }
        if self.talk.json {
            let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
            console::say_json(&serde_json::json!({ "folder": self.folder, "files": names }));
        } else if self.talk.tells() {
            console::say(&format!(
                "Wrote {} files to {}.\nNext: purvey solve {}",
                files.len(),
                self.folder.display(),
                self.folder.display()
            ));
        }
        Ok(exit::OK)
    }
}
