//! The entries of a details block as compact JSON for the page's script, the
//! most important first, as many as the page has room for.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::presentation::{Detail, DetailOrder, Details, Quantile, Tone};

use super::embed::{day, pack, rounded};
use super::tables::shown_text;

/// What a page holds of a details block.
#[derive(Debug)]
pub(super) struct Embedded {
    /// The data of the script.
    pub(super) json: Value,
    /// Entries that it holds.
    pub(super) kept: usize,
}

/// Words that entries share, each written once.
#[derive(Default)]
struct Words {
    words: Vec<String>,
    known: FxHashMap<String, usize>,
    bytes: usize,
}

impl Words {
    fn index(&mut self, word: &str) -> usize {
        if let Some(&index) = self.known.get(word) {
            return index;
        }
        let shown = shown_text(word.to_owned());
        self.bytes += shown.len() + 3;
        self.words.push(shown);
        self.known.insert(word.to_owned(), self.words.len() - 1);
        self.words.len() - 1
    }
}

/// Packs entries by rank until about `budget` bytes are used.
pub(super) fn embedded(details: &Details, budget: usize) -> Embedded {
    let mut words = Words::default();
    let (mut entries, mut used) = (Vec::new(), 0);
    for index in details.by_rank() {
        let entry = entry_json(details, &details.entries[index], &mut words);
        used += entry.to_string().len() + 1;
        if used + words.bytes > budget {
            break;
        }
        entries.push(entry);
    }
    let kept = entries.len();
    let dates = |dates: &[chrono::NaiveDate]| dates.iter().map(|&date| day(date)).collect::<Value>();
    let json = json!({
        "title": details.title,
        "keys": details.key_names,
        "demand": details.demand_name,
        "stock": details.stock_name,
        "measure": details.measure,
        "history": dates(&details.history_dates),
        "horizon": dates(&details.horizon_dates),
        "facts": details.facts,
        "words": words.words,
        "entries": entries,
    });
    Embedded { json, kept }
}

/// One entry as a list; the script reads it by position.
fn entry_json(details: &Details, entry: &Detail, words: &mut Words) -> Value {
    let decimals = details.measure.decimals.unwrap_or(2);
    let keys: Vec<usize> = entry.key.iter().map(|part| words.index(part)).collect();
    let notes: Vec<usize> = entry.notes.iter().map(|note| words.index(note)).collect();
    let facts: Vec<Value> = entry.facts.iter().map(|&fact| rounded(fact, 4)).collect();
    let quantile =
        |quantile: &Quantile| json!([rounded(quantile.level, 4), pack(&quantile.values, decimals)]);
    let quantiles: Vec<Value> = entry.quantiles.iter().map(quantile).collect();
    let orders: Vec<Value> = entry.orders.iter().map(|order| order_json(order, words)).collect();
    json!([
        keys,
        words.index(&entry.label),
        tone_number(entry.tone),
        notes,
        facts,
        pack(&entry.history, decimals),
        ranges(&entry.history_stock_outs),
        pack(&entry.mean, decimals),
        quantiles,
        pack(&entry.stock, decimals),
        pack(&entry.stock_low, decimals),
        pack(&entry.stock_high, decimals),
        ranges(&entry.stock_outs),
        orders,
    ])
}

fn order_json(order: &DetailOrder, words: &mut Words) -> Value {
    json!([
        words.index(&order.supplier),
        order.order_date.map_or(Value::Null, day),
        order.arrival_date.map_or(Value::Null, day),
        rounded(order.quantity, 6),
        words.index(&order.reason),
    ])
}

fn tone_number(tone: Tone) -> u8 {
    tone as u8
}

/// Positions as first, last, first, last …
fn ranges(positions: &[u32]) -> Vec<u32> {
    let mut sorted = positions.to_vec();
    sorted.sort_unstable();
    let mut ranges: Vec<u32> = Vec::new();
    for position in sorted {
        match ranges.last_mut() {
            Some(last) if position <= last.saturating_add(1) => *last = position,
            _ => ranges.extend([position, position]),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_become_ranges() {
        assert_eq!(ranges(&[5, 1, 2, 3, 9]), [1, 3, 5, 5, 9, 9]);
        assert!(ranges(&[]).is_empty());
    }

    #[test]
    fn the_most_important_entries_stay() {
        let mut details = Details::default();
        for i in 0..100 {
            let key = vec![format!("item {i}")];
            details.push(Detail { key, rank: f64::from(i % 50), ..Detail::default() });
        }
        let all = embedded(&details, usize::MAX);
        let some = embedded(&details, 1000);
        assert_eq!(all.kept, 100);
        assert!(some.kept > 3 && some.kept < 50, "{}", some.kept);
        assert_eq!(some.json["words"][0], "item 49");
        assert!(some.json.to_string().len() < 1400);
    }
}
