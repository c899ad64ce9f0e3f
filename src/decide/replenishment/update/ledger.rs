//! The input tables with the rows of every item at hand, so that one item's can
//! be read without a look at the others'.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::data::{Table, TableSchema, Tables};
use crate::decide::new_rows::merge;

/// The column that names the item in every table that has rows of items.
const ITEM: &str = "item";

/// Rows that can be added to a table before its cells are moved.
const ROOM: usize = 4_096;

/// Tables as they were handed in, with new facts added to them.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    tables: Tables,
    /// For each table the rows of each word of its column `item`; `None` without such a column.
    rows: Vec<Option<Vec<Vec<u32>>>>,
    /// Days with a row of sales.
    sales_days: BTreeSet<i32>,
}

impl Ledger {
    /// The tables as they were read and found sound.
    pub(crate) fn new(mut tables: Tables) -> Self {
        tables.as_mut_slice().iter_mut().for_each(|table| table.reserve(ROOM));
        let rows = tables.as_slice().iter().map(rows_by_item).collect();
        let sales_days =
            distinct_days(tables.get("sales").and_then(|sales| sales.date("date")).unwrap_or(&[]));
        Ledger { tables, rows, sales_days }
    }

    /// Days with a row of sales.
    pub(super) fn sales_days(&self) -> &BTreeSet<i32> {
        &self.sales_days
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The items that `rows` name; `None` where a row names none or the table has no items.
    pub(super) fn items_of(rows: &Table) -> Option<Vec<String>> {
        let mut items: Vec<String> = rows.text(ITEM)?.words().to_vec();
        items.sort_unstable();
        (!items.is_empty() && !items.iter().any(String::is_empty)).then_some(items)
    }

    /// These items with all that they follow and that follow them.
    pub(super) fn family(&self, items: Vec<String>) -> Vec<String> {
        let table = self.tables.get("items");
        let predecessors = table.and_then(|table| Some((table.text(ITEM)?, table.text("predecessor")?)));
        let Some((codes, before)) =
            predecessors.filter(|(_, before)| before.words().iter().any(|w| !w.is_empty()))
        else {
            return items;
        };
        let mut family: FxHashSet<String> = items.into_iter().collect();
        loop {
            let size = family.len();
            for row in 0..codes.index().len() {
                let (after, before) = (codes.get(row), before.get(row));
                if !before.is_empty() && (family.contains(after) || family.contains(before)) {
                    family.extend([after.to_owned(), before.to_owned()]);
                }
            }
            if family.len() == size {
                let mut family: Vec<String> = family.into_iter().collect();
                family.sort_unstable();
                return family;
            }
        }
    }

    /// The rows of these items, and everything that is not of an item.
    pub(super) fn part(&self, items: &[String]) -> Tables {
        let mut part = Tables::default();
        for (table, rows) in self.tables.as_slice().iter().zip(&self.rows) {
            part.insert(match rows {
                Some(rows) => table.picked(&rows_of(table, rows, items)),
                None => table.clone(),
            });
        }
        part
    }

    /// Rows of a table among those of [`Ledger::part`].
    pub(super) fn count(&self, table: &str, items: &[String]) -> usize {
        let at = self.tables.as_slice().iter().position(|known| known.name() == table);
        let found = at.and_then(|at| Some((&self.tables.as_slice()[at], self.rows[at].as_ref()?)));
        found.map_or(0, |(table, rows)| rows_of(table, rows, items).len())
    }

    /// Number of the next row of `table`, as a spreadsheet shows it.
    pub(super) fn next_row_number(&self, table: &str) -> u32 {
        self.tables.get(table).map_or(2, Table::next_row_number)
    }

    /// Brings `rows` in.
    pub(super) fn add(&mut self, rows: &Table, wanted: &TableSchema) {
        if rows.name() == "sales" {
            self.sales_days.extend(rows.date("date").unwrap_or(&[]));
        }
        let Some(at) = self.tables.as_slice().iter().position(|table| table.name() == rows.name()) else {
            self.tables.insert(rows.clone());
            self.rows.push(rows_by_item(rows));
            return;
        };
        let number = self.next_row_number(rows.name());
        let candidates = self.rows[at].as_ref().zip(Self::items_of(rows));
        let table = &mut self.tables.as_mut_slice()[at];
        let candidates = candidates.map(|(index, items)| rows_of(table, index, &items));
        let first = table.len();
        merge(table, rows, wanted, candidates.as_deref(), number);
        let table = &self.tables.as_slice()[at];
        match (&mut self.rows[at], table.text(ITEM)) {
            (Some(index), Some(text)) => {
                index.resize(text.words().len(), Vec::new());
                for (row, &word) in text.index().iter().enumerate().skip(first) {
                    index[word as usize].push(row as u32);
                }
            }
            (index, _) => *index = rows_by_item(table),
        }
    }
}

/// The days without repetition: a table has few days and many rows.
fn distinct_days(days: &[i32]) -> BTreeSet<i32> {
    let known = || days.iter().copied().filter(|&day| day != Table::NO_DATE);
    let (Some(first), Some(last)) = (known().min(), known().max()) else { return BTreeSet::new() };
    let mut seen = vec![false; (i64::from(last) - i64::from(first)) as usize + 1];
    known().for_each(|day| seen[(i64::from(day) - i64::from(first)) as usize] = true);
    (first..=last).zip(seen).filter(|(_, seen)| *seen).map(|(day, _)| day).collect()
}

fn rows_by_item(table: &Table) -> Option<Vec<Vec<u32>>> {
    let text = table.text(ITEM)?;
    let mut rows = vec![Vec::new(); text.words().len()];
    for (row, &word) in (0_u32..).zip(text.index()) {
        rows[word as usize].push(row);
    }
    Some(rows)
}

/// The rows of these items and of no item, ascending.
fn rows_of(table: &Table, rows: &[Vec<u32>], items: &[String]) -> Vec<u32> {
    let Some(text) = table.text(ITEM) else { return Vec::new() };
    let words = items.iter().map(String::as_str).chain([""]).filter_map(|word| text.find(word));
    let mut found: Vec<u32> = words.filter_map(|word| rows.get(word as usize)).flatten().copied().collect();
    found.sort_unstable();
    found
}
