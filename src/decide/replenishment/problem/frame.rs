//! What all readers share: codes as indices, dates as buckets, cells of optional columns.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;

use crate::data::{Buckets, Table, Tables, TextColumn, date_of, day_number};

use super::Place;

/// Distinct codes in their order, with their indices.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    list: Vec<String>,
    index: FxHashMap<String, u32>,
}

/// Index of a code that is not there.
pub(super) const NONE: u32 = u32::MAX;

impl Codes {
    /// The distinct words of `columns` in order, blanks left out.
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut list: Vec<String> =
            words.into_iter().filter(|word| !word.is_empty()).map(str::to_owned).collect();
        list.sort_unstable();
        list.dedup();
        let index = list.iter().enumerate().map(|(i, code)| (code.clone(), i as u32)).collect();
        Codes { list, index }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn code(&self, index: usize) -> &str {
        self.list.get(index).map_or("", String::as_str)
    }

    pub(super) fn find(&self, code: &str) -> u32 {
        self.index.get(code).copied().unwrap_or(NONE)
    }
}

/// One column of codes, each row as an index into its [`Codes`].
pub(super) struct Indices<'a> {
    column: Option<&'a TextColumn>,
    of_word: Vec<u32>,
}

impl<'a> Indices<'a> {
    pub(super) fn new(table: &'a Table, column: &str, codes: &Codes) -> Self {
        let column = table.text(column);
        let of_word = column
            .map_or_else(Vec::new, |column| column.words().iter().map(|word| codes.find(word)).collect());
        Indices { column, of_word }
    }

    /// Index of the code of `row`; [`NONE`] where it is blank or the column is not there.
    pub(super) fn at(&self, row: usize) -> u32 {
        self.column.map_or(NONE, |column| self.of_word[column.index()[row] as usize])
    }
}

/// The words of a column that may be missing.
pub(super) fn words<'a>(tables: &'a Tables, table: &str, column: &str) -> impl Iterator<Item = &'a str> {
    let column = tables.get(table).and_then(|table| table.text(column));
    column.into_iter().flat_map(|column| column.words().iter().map(String::as_str))
}

/// A number cell; NaN where it is blank or the column is not there.
pub(super) fn number(table: &Table, column: &str, row: usize) -> f64 {
    table.number(column).and_then(|numbers| numbers.get(row)).copied().unwrap_or(f64::NAN)
}

/// A number cell that is filled.
pub(super) fn given(table: &Table, column: &str, row: usize) -> Option<f64> {
    Some(number(table, column, row)).filter(|value| !value.is_nan())
}

/// A date cell as a day number; `None` where it is blank or the column is not there.
pub(super) fn day(table: &Table, column: &str, row: usize) -> Option<i32> {
    table.date(column).and_then(|days| days.get(row)).copied().filter(|&day| day != Table::NO_DATE)
}

/// A date cell.
pub(super) fn date(table: &Table, column: &str, row: usize) -> Option<NaiveDate> {
    day(table, column, row).and_then(date_of)
}

/// A flag cell; `None` where it is blank or the column is not there.
pub(super) fn flag(table: &Table, column: &str, row: usize) -> Option<bool> {
    table.flag(column).and_then(|flags| flags.get(row)).filter(|&&f| f != Table::BLANK_FLAG).map(|&f| f == 1)
}

/// A text cell.
pub(super) fn text<'a>(table: &'a Table, column: &str, row: usize) -> &'a str {
    table.text(column).map_or("", |column| column.get(row))
}

/// Where `row` of `table` stands.
pub(super) fn place(table: &Table, row: usize) -> Place {
    Place { file: table.file().to_owned(), row: table.row_number(row) }
}

/// Bucket numbers of days, looked up instead of computed: a table has few days and many rows.
pub(super) struct DayBuckets {
    first: i32,
    bucket: Vec<i32>,
}

impl DayBuckets {
    /// For the days from `first` to `last`, both included.
    pub(super) fn new(buckets: &Buckets, first: i32, last: i32) -> Self {
        let bucket = (first..=last)
            .map(|day| date_of(day).map_or(i32::MIN, |date| buckets.index_of(date) as i32))
            .collect();
        DayBuckets { first, bucket }
    }

    /// Bucket of `day`; `None` outside the days asked for.
    pub(super) fn of(&self, day: i32) -> Option<i32> {
        usize::try_from(i64::from(day) - i64::from(self.first)).ok().and_then(|i| self.bucket.get(i)).copied()
    }
}

/// Rounds away what adding up in another order would change: nine decimals for usual sizes.
pub(super) fn snap(value: f64) -> f64 {
    const SCALES: [(f64, f64); 3] = [(4e6, 1e9), (4e9, 1e6), (4e12, 1e3)];
    match SCALES.iter().find(|(limit, _)| value.abs() < *limit) {
        Some((_, scale)) => (value * scale).round() / scale,
        None => value,
    }
}

/// The day number of a date.
pub(super) fn day_of(date: NaiveDate) -> i32 {
    day_number(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_any_order_snap_to_one_value() {
        let parts = [0.1, 0.2, 0.3, 0.7, 1e5 + 0.9];
        let forward: f64 = parts.iter().sum();
        let backward: f64 = parts.iter().rev().sum();
        assert_eq!(snap(forward), snap(backward));
        assert_eq!(snap(12.0 * (1.0 / 12.0)), 1.0);
        assert_eq!(snap(-2.5), -2.5);
    }

    #[test]
    fn codes_are_sorted_and_blank_free() {
        let codes = Codes::new(["b", "", "a", "b"]);
        assert_eq!((codes.len(), codes.code(0), codes.code(1)), (2, "a", "b"));
        assert_eq!((codes.find("b"), codes.find("c")), (1, NONE));
    }
}
