//! What changed between two plans, line by line, and what the change costs.
//!
//! Lines are matched on their key columns with a hash join: time and memory
//! O(n) for n lines.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::data::{Column, Table, table};

/// How a line of a plan changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Only in the second plan.
    Added,
    /// In both, with another amount.
    Changed,
    /// Only in the first plan.
    Removed,
}

/// One changed line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// How it changed.
    pub kind: Kind,
    /// Its key, one text a key column.
    pub key: Vec<String>,
    /// Amount in the first plan; 0 where it is not there.
    pub before: f64,
    /// Amount in the second plan; 0 where it is not there.
    pub after: f64,
}

/// The changes from one plan table to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Key columns, in the order of [`Line::key`].
    pub columns: Vec<String>,
    /// Changed lines in the order of their key.
    pub lines: Vec<Line>,
    /// Lines that are the same in both.
    pub unchanged: usize,
}

/// Compares two plan tables on `keys`; `amount` is the column that may change.
///
/// Lines with the same key are summed first.
///
/// ```
/// use purvey::data::Table;
/// use purvey::decide::diff::{Kind, between};
/// let before = Table::new("orders").with_text("item", ["soap", "salt"]).with_number("quantity", [4.0, 1.0]);
/// let after = Table::new("orders").with_text("item", ["soap", "rice"]).with_number("quantity", [6.0, 2.0]);
/// let difference = between(&before, &after, &["item"], "quantity");
/// let kinds: Vec<Kind> = difference.lines.iter().map(|line| line.kind).collect();
/// assert_eq!(kinds, [Kind::Added, Kind::Removed, Kind::Changed]);
/// ```
#[must_use]
pub fn between(before: &Table, after: &Table, keys: &[&str], amount: &str) -> Difference {
    let (before, after) = (sums(before, keys, amount), sums(after, keys, amount));
    let mut lines: Vec<Line> = after
        .iter()
        .filter(|(key, _)| !before.contains_key(*key))
        .map(|(key, &after)| Line { kind: Kind::Added, key: key.clone(), before: 0.0, after })
        .collect();
    let mut unchanged = 0;
    for (key, &old) in &before {
        match after.get(key) {
            None => lines.push(Line { kind: Kind::Removed, key: key.clone(), before: old, after: 0.0 }),
            Some(&new) if same(old, new) => unchanged += 1,
            Some(&new) => {
                lines.push(Line { kind: Kind::Changed, key: key.clone(), before: old, after: new });
            }
        }
    }
    lines.sort_by(|a, b| a.key.cmp(&b.key));
    Difference { columns: keys.iter().map(|&key| key.to_owned()).collect(), lines, unchanged }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

fn sums(plan: &Table, keys: &[&str], amount: &str) -> FxHashMap<Vec<String>, f64> {
    let amounts = plan.number(amount).unwrap_or(&[]);
    let mut sums = FxHashMap::default();
    for (row, &value) in amounts.iter().enumerate() {
        let key: Vec<String> = keys.iter().map(|key| cell(plan, key, row)).collect();
        *sums.entry(key).or_insert(0.0) += value;
    }
    sums
}

fn cell(plan: &Table, column: &str, row: usize) -> String {
    match plan.column(column) {
        Some(Column::Text(text)) => text.get(row).to_owned(),
        Some(Column::Number(numbers)) => numbers.get(row).map_or(String::new(), f64::to_string),
        Some(Column::Date(dates)) => {
            dates.get(row).and_then(|&day| table::date_of(day)).map_or(String::new(), |date| date.to_string())
        }
        Some(Column::Flag(flags)) => flags.get(row).map_or(String::new(), u8::to_string),
        None => String::new(),
    }
}
