//! Tables in memory: named, typed columns of equal length.
//!
//! Blank cells are NaN (numbers), [`Table::NO_DATE`] (dates),
//! [`Table::BLANK_FLAG`] (flags) and the empty string (text). Text is
//! dictionary-coded, so a million rows of item codes cost four bytes each.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;

use super::fault::Faults;

/// Text of one column: each row holds the index of its word in a dictionary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextColumn {
    pub(super) index: Vec<u32>,
    words: Vec<String>,
    lookup: FxHashMap<String, u32>,
}

impl TextColumn {
    /// Appends one word.
    pub fn push(&mut self, word: &str) {
        if let Some(&last) = self.index.last()
            && self.words.get(last as usize).is_some_and(|known| known == word)
        {
            self.index.push(last);
            return;
        }
        let index = self.index_of(word);
        self.index.push(index);
    }

    /// Dictionary index of `word`, which is taken in where it is new.
    pub(super) fn index_of(&mut self, word: &str) -> u32 {
        if let Some(&index) = self.lookup.get(word) {
            return index;
        }
        let next = self.words.len() as u32;
        self.words.push(word.to_owned());
        self.lookup.insert(word.to_owned(), next);
        next
    }

    /// The word of `row`; rows count from 0; blank past the end.
    #[must_use]
    pub fn get(&self, row: usize) -> &str {
        self.index.get(row).and_then(|&i| self.words.get(i as usize)).map_or("", String::as_str)
    }

    /// For each row the index of its word in [`TextColumn::words`].
    #[must_use]
    pub fn index(&self) -> &[u32] {
        &self.index
    }

    /// The distinct words, in order of first appearance.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Dictionary index of `word`, if it occurs.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<u32> {
        self.lookup.get(word).copied()
    }
}

impl<S: AsRef<str>> FromIterator<S> for TextColumn {
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        let mut column = TextColumn::default();
        for word in words {
            column.push(word.as_ref());
        }
        column
    }
}

/// One typed column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Codes and free text.
    Text(TextColumn),
    /// Numbers; NaN is a blank cell.
    Number(Vec<f64>),
    /// Days since 1970-01-01; [`Table::NO_DATE`] is a blank cell.
    Date(Vec<i32>),
    /// 0 no, 1 yes, [`Table::BLANK_FLAG`] blank.
    Flag(Vec<u8>),
}

impl Column {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Column::Text(text) => text.index.len(),
            Column::Number(numbers) => numbers.len(),
            Column::Date(dates) => dates.len(),
            Column::Flag(flags) => flags.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A named table of typed columns.
///
/// ```
/// use purvey::data::Table;
/// let stock = Table::new("stock")
///     .with_text("item", ["soap", "salt"])
///     .with_text("location", ["north", "north"])
///     .with_number("on_hand", [12.0, 0.0]);
/// assert_eq!(stock.len(), 2);
/// assert_eq!(stock.text("item").unwrap().get(1), "salt");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    name: String,
    file: String,
    pub(super) columns: Vec<(String, Column)>,
    pub(super) row_numbers: Vec<u32>,
    carried: Vec<String>,
    flawed: Vec<u32>,
    lost_rows: bool,
}

impl Table {
    /// A blank date.
    pub const NO_DATE: i32 = i32::MIN;
    /// A blank flag.
    pub const BLANK_FLAG: u8 = 2;

    /// An empty table that calls itself `name` in messages.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Table { file: name.clone(), name, ..Table::default() }
    }

    /// The same table, read from `file` (for messages).
    #[must_use]
    pub fn from_file(mut self, file: impl Into<String>) -> Self {
        self.file = file.into();
        self
    }

    /// The same table with row numbers of its file (one a row) in place of 2, 3, 4 …
    #[must_use]
    pub fn with_row_numbers(mut self, row_numbers: Vec<u32>) -> Self {
        self.row_numbers = row_numbers;
        self
    }

    /// The same table in which these text columns (descriptions) go along into the output.
    #[must_use]
    pub fn with_carried(mut self, titles: Vec<String>) -> Self {
        self.carried = titles;
        self
    }

    /// The same table with the indices of its rows that hold a fault, in order, and whether
    /// rows could not be read at all.
    pub(crate) fn with_flaws(mut self, flawed: Vec<u32>, lost_rows: bool) -> Self {
        self.flawed = flawed;
        self.lost_rows = lost_rows;
        self
    }

    /// The same table with one more column (or that column replaced).
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, column: Column) -> Self {
        self.set(name, column);
        self
    }

    /// The same table with a text column.
    #[must_use]
    pub fn with_text<S: AsRef<str>>(self, name: &str, words: impl IntoIterator<Item = S>) -> Self {
        self.with(name, Column::Text(words.into_iter().collect()))
    }

    /// The same table with a number column.
    #[must_use]
    pub fn with_number(self, name: &str, numbers: impl IntoIterator<Item = f64>) -> Self {
        self.with(name, Column::Number(numbers.into_iter().collect()))
    }

    /// The same table with a date column.
    #[must_use]
    pub fn with_date(self, name: &str, dates: impl IntoIterator<Item = NaiveDate>) -> Self {
        self.with(name, Column::Date(dates.into_iter().map(day_number).collect()))
    }

    /// The same table with a yes/no column.
    #[must_use]
    pub fn with_flag(self, name: &str, flags: impl IntoIterator<Item = bool>) -> Self {
        self.with(name, Column::Flag(flags.into_iter().map(u8::from).collect()))
    }

    /// Adds or replaces a column.
    pub fn set(&mut self, name: impl Into<String>, column: Column) {
        let name = name.into();
        match self.columns.iter_mut().find(|(existing, _)| *existing == name) {
            Some((_, slot)) => *slot = column,
            None => self.columns.push((name, column)),
        }
    }

    /// The table's name, for example `sales`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file it was read from, or its name when it was made in memory.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row number as a spreadsheet shows it (the header is row 1) of the row at `index` (from 0).
    #[must_use]
    pub fn row_number(&self, index: usize) -> u64 {
        self.row_numbers.get(index).map_or(index as u64 + 2, |&row| u64::from(row))
    }

    /// The same table without columns and rows.
    pub(super) fn without_rows(&self) -> Table {
        Table {
            name: self.name.clone(),
            file: self.file.clone(),
            carried: self.carried.clone(),
            lost_rows: self.lost_rows,
            ..Table::default()
        }
    }

    /// Titles of the columns that go along into the output.
    #[must_use]
    pub fn carried(&self) -> &[String] {
        &self.carried
    }

    /// Whether the row at `index` holds a fault that was reported already.
    pub(crate) fn is_flawed(&self, index: usize) -> bool {
        !self.flawed.is_empty() && self.flawed.binary_search(&(index as u32)).is_ok()
    }

    /// Whether all columns have the same length.
    pub(crate) fn is_even(&self) -> bool {
        self.columns.iter().all(|(_, column)| column.len() == self.len())
    }

    /// Whether rows could not be read, so that nothing should be concluded from absence.
    pub(crate) fn lost_rows(&self) -> bool {
        self.lost_rows
    }

    /// Takes a column out, to be put back by [`Table::set`].
    pub(crate) fn take_column(&mut self, name: &str) -> Option<Column> {
        let (_, column) = self.columns.iter_mut().find(|(existing, _)| existing == name)?;
        Some(std::mem::replace(column, Column::Flag(Vec::new())))
    }

    /// The text of one cell, as a file would hold it; blank past the end.
    #[must_use]
    pub fn cell_text(&self, name: &str, index: usize) -> String {
        match self.column(name) {
            Some(Column::Text(text)) => text.get(index).to_owned(),
            Some(Column::Number(numbers)) => {
                numbers.get(index).filter(|n| !n.is_nan()).map_or_else(String::new, f64::to_string)
            }
            Some(Column::Date(dates)) => dates
                .get(index)
                .and_then(|&day| date_of(day))
                .map_or_else(String::new, |date| date.to_string()),
            Some(Column::Flag(flags)) => match flags.get(index) {
                Some(0) => "no".to_owned(),
                Some(1) => "yes".to_owned(),
                _ => String::new(),
            },
            None => String::new(),
        }
    }

    /// All columns in order.
    #[must_use]
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// One column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(existing, _)| existing == name).map(|(_, column)| column)
    }

    /// A text column; `None` when absent or of another type.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&TextColumn> {
        match self.column(name) {
            Some(Column::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A number column; `None` when absent or of another type.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<&[f64]> {
        match self.column(name) {
            Some(Column::Number(numbers)) => Some(numbers),
            _ => None,
        }
    }

    /// A date column as day numbers; `None` when absent or of another type.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<&[i32]> {
        match self.column(name) {
            Some(Column::Date(dates)) => Some(dates),
            _ => None,
        }
    }

    /// A yes/no column; `None` when absent or of another type.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&[u8]> {
        match self.column(name) {
            Some(Column::Flag(flags)) => Some(flags),
            _ => None,
        }
    }
}

/// Tables by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables {
    list: Vec<Table>,
    notices: Faults,
}

impl Tables {
    /// The same tables with one more (or that one replaced).
    #[must_use]
    pub fn with(mut self, table: Table) -> Self {
        self.insert(table);
        self
    }

    /// Adds or replaces a table.
    pub fn insert(&mut self, table: Table) {
        match self.list.iter_mut().find(|existing| existing.name == table.name) {
            Some(slot) => *slot = table,
            None => self.list.push(table),
        }
    }

    /// One table.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Table> {
        self.list.iter().find(|table| table.name == name)
    }

    /// All tables in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Table] {
        &self.list
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [Table] {
        &mut self.list
    }

    /// The same tables with what was repaired or left out when they were read.
    #[must_use]
    pub fn with_notices(mut self, notices: Faults) -> Self {
        self.notices = notices;
        self
    }

    /// What was repaired or left out when they were read.
    #[must_use]
    pub fn notices(&self) -> &Faults {
        &self.notices
    }

    pub(crate) fn take_notices(&mut self) -> Faults {
        std::mem::take(&mut self.notices)
    }
}

/// Days from 1970-01-01 to `date`.
#[must_use]
pub fn day_number(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// The date `days` after 1970-01-01; `None` when the calendar ends before it.
#[must_use]
pub fn date_of(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(days)
}
