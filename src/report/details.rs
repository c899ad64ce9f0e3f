//! The entries of a details block as compact JSON for the page's script, the
//! most important first, as many as the page has room for.

use serde_json::{Value, json};

use crate::presentation::{Detail, DetailOrder, Details, Quantile};

use super::embed::{Words, day, drawn_decimals, pack, rounded};

/// What a page holds of a details block.
#[derive(Debug)]
pub(super) struct Embedded {
    /// The data of the script.
    pub(super) json: Value,
    /// Entries that it holds.
    pub(super) kept: usize,
}

/// Packs entries by rank until about `budget` bytes are used.
pub(super) fn embedded(details: &Details, budget: usize) -> Embedded {
    let mut words = Words::default();
    let (mut entries, mut used) = (Vec::new(), 0);
    for index in details.by_rank() {
        let known = words.words.len();
        let entry = entry_json(details, &details.entries[index], &mut words);
        let new_words = words.words[known..].iter().map(|word| word.len() + 8).sum::<usize>();
        used += entry.to_string().len() + 1 + new_words;
        if used > budget {
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
    let keys: Vec<Value> = entry.key.iter().map(|part| words.code(part)).collect();
    let notes: Vec<Value> = entry.notes.iter().map(|note| words.code(note)).collect();
    let facts: Vec<Value> = entry.facts.iter().map(|&fact| rounded(fact, 4)).collect();
    let drawn = |values: &[f64]| pack(values, drawn_decimals(values, decimals));
    let quantile = |quantile: &Quantile| json!([rounded(quantile.level, 4), drawn(&quantile.values)]);
    let quantiles: Vec<Value> = entry.quantiles.iter().map(quantile).collect();
    let orders: Vec<Value> = entry.orders.iter().map(|order| order_json(order, words)).collect();
    json!([
        keys,
        words.code(&entry.label),
        entry.tone as u8,
        notes,
        facts,
        pack(&entry.history, decimals),
        ranges(&entry.history_stock_outs),
        drawn(&entry.mean),
        quantiles,
        drawn(&entry.stock),
        drawn(&entry.stock_low),
        drawn(&entry.stock_high),
        ranges(&entry.stock_outs),
        orders,
    ])
}

fn order_json(order: &DetailOrder, words: &mut Words) -> Value {
    json!([
        words.code(&order.supplier),
        order.order_date.map_or(Value::Null, day),
        order.arrival_date.map_or(Value::Null, day),
        rounded(order.quantity, 6),
        words.code(&order.reason),
    ])
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
        assert_eq!(some.json["words"][0], "item \u{1}");
        assert_eq!(some.json["entries"][0][0][0], "0 49");
        assert!(some.json.to_string().len() < 1400);
    }
}
