//! What changed between two plans, line by line, and what the change costs.
//!
//! Lines are matched on their key columns with a hash join: time and memory
//! O(n) for n lines.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::data::{Column, Table, Tables};
use crate::presentation::{Column as Shown, Measure, Table as View};

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

/// A plan as its output folder holds it.
#[derive(Debug, Clone)]
pub struct WrittenPlan {
    /// Its main plan table.
    pub table: Table,
    /// Its `solution.json`; null where the folder has none.
    pub document: serde_json::Value,
}

/// The table that says what is to be done: the first that the document lists,
/// else the first there is.
#[must_use]
pub fn main_table(tables: &Tables, document: &serde_json::Value) -> Option<Table> {
    let listed = document.get("tables").and_then(|tables| tables.as_object());
    let first = listed.and_then(|listed| listed.keys().find_map(|name| tables.get(name)));
    first.or_else(|| tables.as_slice().first()).cloned()
}

/// What changed between two written plans, and what the change costs.
#[derive(Debug, Clone, Serialize)]
pub struct PlanDifference {
    /// Changed lines.
    #[serde(flatten)]
    pub lines: Difference,
    /// Objective of the first plan.
    pub objective_before: Option<f64>,
    /// Objective of the second plan.
    pub objective_after: Option<f64>,
    /// Key figures that differ: before and after by name.
    pub kpis: serde_json::Map<String, serde_json::Value>,
}

/// The plans cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// They answer different decisions.
    #[error(
        "the plans answer different decisions, `{before}` and `{after}`; compare two plans of one decision"
    )]
    Models {
        /// Decision of the first.
        before: String,
        /// Decision of the second.
        after: String,
    },
}

/// Compares two written plans of one decision. Text and date columns are the
/// key of a line as far as both plans have them before the first number.
///
/// # Errors
/// [`DiffError`] when the plans answer different decisions.
pub fn plans(before: &WrittenPlan, after: &WrittenPlan) -> Result<PlanDifference, DiffError> {
    let model = |plan: &WrittenPlan| plan.document.get("model").and_then(|m| m.as_str()).map(str::to_owned);
    if let (Some(old), Some(new)) = (model(before), model(after))
        && old != new
    {
        return Err(DiffError::Models { before: old, after: new });
    }
    let is_key = |(_, column): &&(String, Column)| !matches!(column, Column::Number(_));
    let keys: Vec<&str> = before
        .table
        .columns()
        .iter()
        .take_while(is_key)
        .filter(|(name, _)| after.table.column(name).is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    let amount =
        before.table.columns().iter().find(|entry| !is_key(entry)).map_or("", |(name, _)| name.as_str());
    let objective = |plan: &WrittenPlan| plan.document.get("objective").and_then(serde_json::Value::as_f64);
    Ok(PlanDifference {
        lines: between(&before.table, &after.table, &keys, amount),
        objective_before: objective(before),
        objective_after: objective(after),
        kpis: changed_kpis(&before.document, &after.document),
    })
}

impl PlanDifference {
    /// The change in sentences; `write` writes an objective, which is called by `words`.
    #[must_use]
    pub fn sentences(&self, words: &super::ObjectiveWords, write: impl Fn(f64) -> String) -> Vec<String> {
        let count = |kind| self.lines.lines.iter().filter(|line| line.kind == kind).count();
        let added = count(Kind::Added);
        let mut sentences = vec![format!(
            "{added} {} added, {} removed, {} changed, {} the same.",
            if added == 1 { "line" } else { "lines" },
            count(Kind::Removed),
            count(Kind::Changed),
            self.lines.unchanged
        )];
        if let (Some(before), Some(after)) = (self.objective_before, self.objective_after) {
            let difference = after - before;
            let word = if difference > 0.0 { "more" } else { "less" };
            sentences.push(if same(before, after) {
                format!("Both plans {} {}.", words.verb_of_many, write(before))
            } else {
                let (by, after, before) = (write(difference.abs()), write(after), write(before));
                format!("The second plan {} {by} {word}: {after} after {before}.", words.verb)
            });
        }
        sentences
    }
}

impl Difference {
    /// The changed lines as a table for a person.
    #[must_use]
    pub fn view(&self) -> View {
        let word = |line: &Line| match line.kind {
            Kind::Added => "added",
            Kind::Changed => "changed",
            Kind::Removed => "removed",
        };
        let mut view = View::new("Changed lines").with(Shown::text("change", self.lines.iter().map(word)));
        for (at, title) in self.columns.iter().enumerate() {
            let cells = self.lines.iter().map(|line| line.key.get(at).cloned().unwrap_or_default());
            view = view.with(Shown::text(title, cells));
        }
        view.with(Shown::number("before", self.lines.iter().map(|line| line.before), Measure::number()))
            .with(Shown::number("after", self.lines.iter().map(|line| line.after), Measure::number()))
    }
}

fn changed_kpis(
    before: &serde_json::Value,
    after: &serde_json::Value,
) -> serde_json::Map<String, serde_json::Value> {
    let kpis = |document: &serde_json::Value| {
        document.get("kpis").and_then(|kpis| kpis.as_object()).cloned().unwrap_or_default()
    };
    let after = kpis(after);
    kpis(before)
        .into_iter()
        .filter_map(|(name, old)| {
            let new = after.get(&name)?;
            let moved = !same(old.as_f64()?, new.as_f64()?);
            moved.then(|| (name.clone(), serde_json::json!({ "before": old, "after": new })))
        })
        .collect()
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

fn sums(plan: &Table, keys: &[&str], amount: &str) -> FxHashMap<Vec<String>, f64> {
    let amounts = plan.number(amount).unwrap_or(&[]);
    let mut sums = FxHashMap::default();
    for (row, &value) in amounts.iter().enumerate() {
        let key: Vec<String> = keys.iter().map(|key| plan.cell_text(key, row)).collect();
        *sums.entry(key).or_insert(0.0) += value;
    }
    sums
}
