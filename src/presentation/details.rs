//! Details on demand: one compact entry for each of thousands of stock points,
//! all on shared axes.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Measure, Tone, nullable};

/// Entries of which a reader picks one at a time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Title.
    pub title: String,
    /// What the parts of an entry's key are (`item`, `location`).
    pub key_names: Vec<String>,
    /// What is forecast (`demand per week`), as the name of its axis.
    pub demand_name: String,
    /// What is projected (`stock at the end of the week`), as the name of its axis.
    pub stock_name: String,
    /// How quantities are written. Entries are rounded to its decimals when added.
    pub measure: Measure,
    /// Start of each past bucket, oldest first.
    pub history_dates: Vec<NaiveDate>,
    /// Start of each bucket of the horizon.
    pub horizon_dates: Vec<NaiveDate>,
    /// What the numbers of [`Detail::facts`] are.
    pub facts: Vec<DetailFact>,
    /// Files of the output folder that hold every entry in full.
    pub files: Vec<String>,
    /// The entries; [`Details::push`] adds one in compact form.
    pub entries: Vec<Detail>,
}

/// What one number of [`Detail::facts`] is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetailFact {
    /// Its label (`on hand`).
    pub label: String,
    /// How it is written.
    pub measure: Measure,
}

/// One entry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Its key, one part for each of [`Details::key_names`].
    pub key: Vec<String>,
    /// Description for a reader; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Importance: entries with more of it come first, and stay when space is short.
    #[serde(with = "nullable")]
    pub rank: f64,
    /// Whether it needs a person.
    pub tone: Tone,
    /// Why it needs a person, or how it was forecast, in short sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// One number for each of [`Details::facts`].
    #[serde(with = "nullable::list")]
    pub facts: Vec<f64>,
    /// What happened in the last buckets of [`Details::history_dates`]; may be shorter than it.
    #[serde(with = "nullable::list")]
    pub history: Vec<f64>,
    /// Positions in [`Details::history_dates`] at which it was out of stock.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history_stock_outs: Vec<u32>,
    /// Mean forecast, one a bucket of the horizon; may be shorter.
    #[serde(with = "nullable::list")]
    pub mean: Vec<f64>,
    /// Quantiles of the forecast, by rising level.
    pub quantiles: Vec<Quantile>,
    /// Projected stock, one a bucket of the horizon; may be shorter.
    #[serde(with = "nullable::list")]
    pub stock: Vec<f64>,
    /// Lower quantile of the projected stock; may be empty.
    #[serde(with = "nullable::list", skip_serializing_if = "Vec::is_empty")]
    pub stock_low: Vec<f64>,
    /// Upper quantile of the projected stock; may be empty.
    #[serde(with = "nullable::list", skip_serializing_if = "Vec::is_empty")]
    pub stock_high: Vec<f64>,
    /// Positions in [`Details::horizon_dates`] at which a stock-out is expected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stock_outs: Vec<u32>,
    /// Orders, proposed and open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<DetailOrder>,
}

/// One quantile of a forecast over the horizon.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quantile {
    /// Probability of a value at or below it.
    #[serde(with = "nullable")]
    pub level: f64,
    /// One value a bucket of the horizon.
    #[serde(with = "nullable::list")]
    pub values: Vec<f64>,
}

/// One order of an entry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetailOrder {
    /// Whom it goes to; may be empty.
    pub supplier: String,
    /// When it is placed; `None` for one that is open already.
    pub order_date: Option<NaiveDate>,
    /// When it arrives.
    pub arrival_date: Option<NaiveDate>,
    /// How much.
    #[serde(with = "nullable")]
    pub quantity: f64,
    /// Why this quantity; may be empty.
    pub reason: String,
}

impl Details {
    /// Decimals to which quantities are kept where the measure does not say.
    const DEFAULT_DECIMALS: u8 = 2;

    /// Names one more number that every entry has.
    pub fn add_fact(&mut self, label: impl Into<String>, measure: Measure) {
        self.facts.push(DetailFact { label: label.into(), measure });
    }

    /// Adds an entry, its quantities rounded to the decimals of [`Details::measure`].
    pub fn push(&mut self, mut entry: Detail) {
        let decimals = self.measure.decimals.unwrap_or(Self::DEFAULT_DECIMALS);
        let series = [
            &mut entry.history,
            &mut entry.mean,
            &mut entry.stock,
            &mut entry.stock_low,
            &mut entry.stock_high,
        ];
        series.into_iter().for_each(|values| round(values, decimals));
        entry.quantiles.iter_mut().for_each(|quantile| round(&mut quantile.values, decimals));
        self.entries.push(entry);
    }

    /// Positions of the entries from the most important to the least; ties by position.
    #[must_use]
    pub fn by_rank(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        let rank = |i: usize| {
            let rank = self.entries[i].rank;
            if rank.is_finite() { rank } else { f64::NEG_INFINITY }
        };
        order.sort_by(|&a, &b| rank(b).total_cmp(&rank(a)).then(a.cmp(&b)));
        order
    }
}

/// Rounds in place; values too large to have such decimals stay.
fn round(values: &mut [f64], decimals: u8) {
    let scale = 10f64.powi(i32::from(decimals));
    for value in values {
        let scaled = *value * scale;
        if scaled.is_finite() && scaled.abs() < 1e15 {
            *value = scaled.round() / scale;
        }
    }
}
