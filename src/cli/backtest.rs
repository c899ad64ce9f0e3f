//! `purvey backtest`: what the decisions would have cost.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use purvey::decide::BacktestOptions;

use super::exit::Failure;
use super::options::{Source, Talk, Work};
use super::{input, write};

/// Replay history: what the decisions would have cost, against simple rules and perfect foresight.
#[derive(Debug, Args)]
pub struct Backtest {
    #[command(flatten)]
    source: Source,
    /// Decisions in each window, 1 to 1000
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Date of the first decision of the first window [default: as late as history allows]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Windows, 1 to 1000, evenly spaced from --from to the last that fits
    #[arg(long, default_value_t = 1, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=1000))]
    windows: u16,
    /// The planner's own past orders (columns of orders.csv), replayed as a policy of their own
    #[arg(long, value_name = "FILE")]
    own_orders: Option<PathBuf>,
    /// Folder for the report [default: out-backtest/ in the instance folder]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    work: Work,
    #[command(flatten)]
    talk: Talk,
}

impl Backtest {
    /// Replays, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let control = self.work.control(&self.talk)?.started();
        let loaded = input::load(&self.source)?;
        let replay = loaded.decision.replay().ok_or_else(|| {
            Failure::Usage(format!("`{}` has no history to replay", loaded.decision.name()))
        })?;
        let schema = input::schema(loaded.decision)?;
        let own_orders = self.own_orders.as_deref().map(|path| input::plan(path, &schema)).transpose()?;
        let options = BacktestOptions {
            rounds: usize::from(self.rounds),
            from: self.from,
            windows: usize::from(self.windows),
            own_orders,
        };
        let backtest = replay.backtest(loaded.input, &options, &control)?;
        let document = json!({ "backtest": backtest });
        let folder = self.output.unwrap_or_else(|| input::default_output(&self.source.path, "out-backtest"));
        let answer = write::Answer {
            folder,
            name: "backtest.json",
            document,
            tables: &backtest.tables,
            presentation: &backtest.presentation,
            next: ("Report", "report.html"),
        };
        answer.finish(&self.talk, &control)
    }
}
