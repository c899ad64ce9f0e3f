//! Bids in a stream of auctions under one budget, as the command asks for them: a log replayed, or
//! auctions simulated with creatives whose click rates have to be learned.

mod present;
mod simulate;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Instant;

use crate::data::{
    Code, Declaration, Fault, Faults, Schema, Settings, Table, Tables, TextColumn, read_csv, validate,
};
use crate::optimize::pacing::{Hindsight, Pacer, PacingError, PacingOptions, Stream, hindsight, replay};

pub use simulate::{Simulation, simulate};

/// The contract of a log.
const CONTRACT: &str = include_str!("bid/auctions.toml");

/// How the money is to be spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purse {
    /// Money for all auctions.
    pub budget: f64,
    /// Auctions that are expected; `None`: as many as there are.
    pub expected: Option<usize>,
    /// First price of a unit of money, in value; `None`: learned from the first auction.
    pub price: Option<f64>,
}

/// A creative and what was seen of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Creative {
    /// Its name.
    pub name: String,
    /// Auctions in which it was shown and seen.
    pub seen: u64,
    /// Clicks.
    pub clicks: u64,
    /// Expected click rate after all that was seen.
    pub learned_rate: f64,
    /// The rate that clicks were drawn with.
    pub true_rate: f64,
}

/// What was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Bids {
    /// Names of the auctions; none where they are numbered from 1.
    auctions: Option<Vec<String>>,
    /// The option taken in each auction, with its value and cost; empty where none was.
    options: TextColumn,
    values: Vec<f64>,
    costs: Vec<f64>,
    prices: Vec<f64>,
    /// Money for all.
    pub budget: f64,
    /// Money spent; never above the budget.
    pub spent: f64,
    /// Value of what was taken.
    pub value: f64,
    /// The most that was possible, had all auctions been known.
    pub hindsight: Hindsight,
    /// Value where the click rates were known from the start, in a simulation.
    pub value_with_known_rates: Option<f64>,
    /// Creatives, in a simulation.
    pub creatives: Vec<Creative>,
    /// Seconds for the decisions alone.
    pub seconds: f64,
}

impl Bids {
    /// Number of auctions.
    #[must_use]
    pub fn auctions(&self) -> usize {
        self.values.len()
    }

    /// Auctions in which something was taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        (0..self.auctions()).filter(|&at| !self.options.get(at).is_empty()).count()
    }

    /// Share of the hindsight bound that was missed; 0 where nothing was to be had.
    #[must_use]
    pub fn regret(&self) -> f64 {
        let bound = self.hindsight.bound;
        if bound > 0.0 { (bound - self.value) / bound } else { 0.0 }
    }

    /// Decisions a second, on one core.
    #[must_use]
    pub fn decisions_per_second(&self) -> f64 {
        self.auctions() as f64 / self.seconds.max(1e-9)
    }

    /// The price of a unit of money at the last auction, in value.
    #[must_use]
    pub fn last_price(&self) -> f64 {
        self.prices.last().copied().unwrap_or(f64::NAN)
    }
}

/// Reads a log of auctions, with what is to be told of it.
///
/// # Errors
/// Every fault of the file at once.
pub fn read_log(path: &Path) -> Result<(Table, Faults), Faults> {
    let label = path.display().to_string();
    let broken = |why: String| Faults::from(Fault::error(Code::UnknownTable, &label, why));
    let schema = Schema::parse(CONTRACT).map_err(|error| broken(error.to_string()))?;
    let Some(wanted) = schema.table("auctions") else { return Err(broken("no contract".to_owned())) };
    let (table, faults) = read_csv(path, &label, wanted, &Declaration::default());
    let mut notices = faults.into_result()?;
    match validate(Tables::default().with(table), &Settings::default(), &schema) {
        Ok(valid) => {
            notices.extend(valid.notices);
            let table = valid.tables.get("auctions").cloned();
            table.map(|table| (table, notices)).ok_or_else(|| broken("no rows".to_owned()))
        }
        Err(faults) => {
            notices.extend(faults);
            Err(notices)
        }
    }
}

/// Replays a log: each auction is decided with what the ones before it showed.
///
/// # Errors
/// Auctions whose rows do not stand together; a budget or price that is none.
pub fn replay_log(log: &Table, purse: &Purse) -> Result<Bids, Faults> {
    let (Some(names), Some(options)) = (log.text("auction"), log.text("option")) else {
        let fault = Fault::error(Code::MissingColumn, log.file(), "auction and option are needed");
        return Err(fault.with_help("write a header auction,option,value,cost").into());
    };
    let (stream, firsts) = stream_of(log)?;
    let mut pacer = pacer(purse, stream.len())?;
    let started = Instant::now();
    let run = replay(&mut pacer, &stream);
    let seconds = started.elapsed().as_secs_f64();
    let row = |at: usize| run.taken[at].map(|option| firsts[at] + option as usize);
    let taken = |numbers: &str| -> Vec<f64> {
        let numbers = log.number(numbers).unwrap_or(&[]);
        (0..firsts.len()).map(|at| row(at).map_or(0.0, |row| numbers[row])).collect()
    };
    Ok(Bids {
        auctions: Some(firsts.iter().map(|&first| names.get(first).to_owned()).collect()),
        options: (0..firsts.len()).map(|at| row(at).map_or("", |row| options.get(row))).collect(),
        values: taken("value"),
        costs: taken("cost"),
        prices: run.prices,
        budget: purse.budget,
        spent: run.cost,
        value: run.value,
        hindsight: hindsight(&stream, purse.budget),
        value_with_known_rates: None,
        creatives: Vec::new(),
        seconds,
    })
}

/// The auctions of a log, and the row with which each begins.
fn stream_of(log: &Table) -> Result<(Stream, Vec<usize>), Faults> {
    let (Some(names), Some(values), Some(costs)) =
        (log.text("auction"), log.number("value"), log.number("cost"))
    else {
        let fault = Fault::error(Code::MissingColumn, log.file(), "auction, value and cost are needed");
        return Err(fault.with_help("write a header auction,option,value,cost").into());
    };
    let index = names.index();
    let mut is_known = vec![false; names.words().len()];
    let (mut stream, mut firsts, mut faults) = (Stream::default(), Vec::new(), Faults::default());
    let mut first = 0;
    for row in 1..=log.len() {
        if row < log.len() && index[row] == index[first] {
            continue;
        }
        if std::mem::replace(&mut is_known[index[first] as usize], true) {
            let name = names.get(first);
            let fault = Fault::error(Code::DuplicateKey, log.file(), format!("auction {name} comes again"));
            let fault = fault.at_row(log.row_number(first)).in_column("auction", name);
            faults.push(fault.with_help("put the rows of one auction together"));
        }
        let options = values[first..row].iter().copied().zip(costs[first..row].iter().copied());
        stream.push(options).map_err(|error| refused(log.file(), &error))?;
        firsts.push(first);
        first = row;
    }
    faults.into_result()?;
    Ok((stream, firsts))
}

fn pacer(purse: &Purse, auctions: usize) -> Result<Pacer, Faults> {
    let options = PacingOptions { price: purse.price, ..PacingOptions::default() };
    let expected = purse.expected.unwrap_or(auctions);
    Pacer::new(purse.budget, expected, &options).map_err(|error| refused("--budget, --price", &error))
}

fn refused(file: &str, error: &PacingError) -> Faults {
    Fault::error(Code::OutOfRange, file, error.to_string()).into()
}
