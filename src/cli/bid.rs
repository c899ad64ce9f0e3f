//! `purvey bid`: bids in a stream of auctions under one budget.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use purvey::data::{Faults, Tables};
use purvey::decide::bid::{self, Bids, Purse, Simulation};

use super::exit::{self, Failure};
use super::options::Talk;
use super::{console, input, write};

/// Bids in a stream of auctions: a log replayed, or auctions simulated.
#[derive(Debug, Args)]
pub struct Bid {
    /// CSV `auction,option,value,cost` in the order in which auctions came
    #[arg(value_name = "LOG.csv", required_unless_present = "simulate")]
    log: Option<PathBuf>,
    /// Money for all auctions
    #[arg(long, value_name = "MONEY")]
    budget: f64,
    /// Simulate so many auctions in place of a log
    #[arg(long, value_name = "N", conflicts_with = "log")]
    simulate: Option<usize>,
    /// Creatives whose click rates are to be learned in a simulation
    #[arg(long, value_name = "N", default_value_t = 3, conflicts_with = "log")]
    creatives: usize,
    /// Seed of a simulation
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "log")]
    seed: u64,
    /// Auctions that are expected [default: as many as there are]
    #[arg(long, value_name = "N")]
    expected: Option<usize>,
    /// First price of a unit of money, in value [default: learned from the first auction]
    #[arg(long, value_name = "PRICE")]
    price: Option<f64>,
    /// Currency of all money; it changes no number
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// Folder for bids.csv [default: STEM.out-bid/ here, simulation.out-bid/ for a simulation]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    talk: Talk,
}

impl Bid {
    /// Reads or simulates, bids, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let purse = Purse { budget: self.budget, expected: self.expected, price: self.price };
        let path = self.log.clone().unwrap_or_else(|| PathBuf::from("simulation"));
        let bids = match self.simulate {
            Some(auctions) => {
                let Bid { creatives, seed, .. } = self;
                bid::simulate(&Simulation { auctions, creatives, seed }, &purse)?
            }
            None => {
                let (log, notices) = bid::read_log(&path)?;
                console::print_faults(&notices);
                bid::replay_log(&log, &purse)?
            }
        };
        self.write(&path, bids)?;
        Ok(exit::OK)
    }

    fn write(&self, path: &Path, bids: Bids) -> Result<(), Failure> {
        let document = document(&bids);
        let presentation = bids.present(&input::title(path), &self.currency);
        let default = || match &self.log {
            Some(log) => input::default_output(log, "out-bid"),
            None => PathBuf::from("simulation.out-bid"),
        };
        let folder = self.output.clone().unwrap_or_else(default);
        let tables = Tables::default().with(bids.into_table());
        write::folder(&folder, "bid.json", &document, &tables, &presentation)?;
        if self.talk.json {
            console::say_json(&document);
        } else if self.talk.tells() {
            write::summary(&presentation, &Faults::default());
            console::say(&format!("\nBids: {}", folder.join("bids.csv").display()));
        }
        Ok(())
    }
}

fn document(bids: &Bids) -> Value {
    let creatives: Vec<Value> = bids
        .creatives
        .iter()
        .map(|creative| {
            json!({
                "creative": creative.name,
                "seen": creative.seen,
                "clicks": creative.clicks,
                "learned_rate": creative.learned_rate,
                "true_rate": creative.true_rate,
            })
        })
        .collect();
    json!({ "bid": {
        "auctions": bids.auctions(),
        "taken": bids.taken(),
        "budget": bids.budget,
        "spent": bids.spent,
        "value": bids.value,
        "hindsight": { "bound": bids.hindsight.bound, "value": bids.hindsight.value, "price": bids.hindsight.price },
        "regret": bids.regret(),
        "value_with_known_rates": bids.value_with_known_rates,
        "last_price": bids.last_price(),
        "decisions_per_second": bids.decisions_per_second(),
        "seconds": bids.seconds,
        "creatives": creatives,
        "file": "bids.csv",
    } })
}
