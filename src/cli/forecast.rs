//! `purvey forecast`: forecasts only.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use purvey::data::Tables;
use purvey::decide::document;
use purvey::decide::forecast::{LongOptions, long_csv, present, series_count};

use super::exit::Failure;
use super::options::{Source, Talk, Work};
use super::{input, write};

/// Forecast only: forecast.csv with mean and quantiles.
#[derive(Debug, Args)]
pub struct Forecast {
    /// Instance folder, or a long CSV `unique_id,ds,y`
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Change a setting for this run (may be given several times; folders only)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Buckets ahead, 1 to 1000
    #[arg(long, value_name = "H", value_parser = clap::value_parser!(u16).range(1..=1000))]
    horizon: Option<u16>,
    /// Buckets in a season, 1 to 1000
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u16).range(1..=1000))]
    season_length: Option<u16>,
    /// Forecasting method [default: auto]
    #[arg(long, value_name = "NAME")]
    method: Option<String>,
    /// Folder for forecast.csv [default: out-forecast/ in the instance folder, STEM.out-forecast/ here for a file]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

impl Forecast {
    /// Reads, forecasts, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?.started();
        let forecast = if self.path.is_file() { self.long_csv(&control)? } else { self.folder(&control)? };
        let presentation = present(&input::title(&self.path), &forecast);
        let document = json!({ "forecast": {
            "rows": forecast.table.len(),
            "series": series_count(&forecast.table),
            "file": "forecast.csv",
            "overrides": document::figures(&forecast.accuracy),
        } });
        let folder = self.output.unwrap_or_else(|| input::default_output(&self.path, "out-forecast"));
        let answer = write::Answer {
            folder,
            name: "forecast.json",
            document,
            tables: &Tables::default().with(forecast.table),
            presentation: &presentation,
            next: ("Forecast", "forecast.csv"),
        };
        answer.finish(&self.talk, &control)
    }

    fn long_csv(&self, control: &purvey::control::Control) -> Result<purvey::decide::Forecast, Failure> {
        let options = LongOptions {
            horizon: self.horizon.map(usize::from),
            season_length: self.season_length.map(usize::from),
            method: self.method.clone(),
        };
        Ok(long_csv(&self.path, &options, control)?)
    }

    fn folder(&self, control: &purvey::control::Control) -> Result<purvey::decide::Forecast, Failure> {
        let mut set = self.set.clone();
        let asked = [
            ("horizon", self.horizon.map(|h| h.to_string())),
            ("season_length", self.season_length.map(|m| m.to_string())),
            ("method", self.method.clone()),
        ];
        set.extend(asked.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?))));
        let loaded = input::load(&Source { path: self.path.clone(), set })?;
        let name = loaded.decision.name();
        let prepared = loaded.decision.prepare(loaded.input, control)?;
        prepared.forecast().ok_or_else(|| Failure::Usage(format!("`{name}` forecasts nothing")))
    }
}
