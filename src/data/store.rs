//! Typed columns under construction, filled cell by cell from the bytes of a file.

use super::cell::{Flaw, Format, Rule, parse_date, parse_flag, parse_number};
use super::schema::{ColumnSchema, Kind};
use super::table::{Column, Table, TextColumn};

/// Where the cells of one column of the file go.
pub(crate) struct Slot<'a> {
    pub rule: Option<Rule<'a>>,
    pub title: String,
    pub store: Store,
}

/// A typed column under construction, with what stands in for a blank cell.
pub(crate) enum Store {
    Skip,
    Text(TextColumn, String),
    Number(Vec<f64>, f64),
    Date(Vec<i32>, i32),
    Flag(Vec<u8>, u8),
}

/// What is wrong with a cell.
pub(crate) enum CellFlaw {
    /// Bytes that are no text, this far into the cell.
    Encoding(usize),
    Value(Flaw),
}

impl Slot<'_> {
    /// Appends one cell; a flawed one becomes a blank.
    pub fn push(&mut self, text: &[u8], format: &Format) -> Result<(), CellFlaw> {
        if text.is_empty() {
            return self.push_blank();
        }
        let rule = self.rule.as_ref();
        match &mut self.store {
            Store::Skip => Ok(()),
            Store::Number(numbers, _) => {
                let read = match rule {
                    Some(rule) => rule.number(text, format),
                    None => parse_number(text, format),
                };
                push_or(numbers, read, f64::NAN)
            }
            Store::Date(dates, _) => push_or(dates, parse_date(text, format), Table::NO_DATE),
            Store::Flag(flags, _) => push_or(flags, parse_flag(text), Table::BLANK_FLAG),
            Store::Text(words, _) => push_word(words, text, rule),
        }
    }

    fn push_blank(&mut self) -> Result<(), CellFlaw> {
        match &mut self.store {
            Store::Skip => return Ok(()),
            Store::Number(numbers, blank) => numbers.push(*blank),
            Store::Date(dates, blank) => dates.push(*blank),
            Store::Flag(flags, blank) => flags.push(*blank),
            Store::Text(words, blank) => words.push(blank),
        }
        if self.rule.is_some_and(|rule| rule.required) { Err(CellFlaw::Value(Flaw::Blank)) } else { Ok(()) }
    }
}

fn push_or<T>(cells: &mut Vec<T>, read: Result<T, Flaw>, blank: T) -> Result<(), CellFlaw> {
    match read {
        Ok(value) => {
            cells.push(value);
            Ok(())
        }
        Err(flaw) => {
            cells.push(blank);
            Err(CellFlaw::Value(flaw))
        }
    }
}

fn push_word(words: &mut TextColumn, text: &[u8], rule: Option<&Rule<'_>>) -> Result<(), CellFlaw> {
    let flaw = match std::str::from_utf8(text) {
        Ok(word) => match rule.filter(|rule| matches!(rule.kind, Kind::Choice | Kind::Weekdays)) {
            None => match word.find('\u{fffd}') {
                None => {
                    words.push(word);
                    return Ok(());
                }
                Some(at) => CellFlaw::Encoding(at),
            },
            Some(rule) => match rule.word(word) {
                Ok(word) => {
                    words.push(&word);
                    return Ok(());
                }
                Err(flaw) => CellFlaw::Value(flaw),
            },
        },
        Err(error) => CellFlaw::Encoding(error.valid_up_to()),
    };
    words.push("");
    Err(flaw)
}

impl Store {
    /// An empty column of the schema's type; its default stands in for blanks.
    pub fn of(column: &ColumnSchema) -> Self {
        match column.kind {
            Kind::Number | Kind::Integer => Store::Number(Vec::new(), column.default_number()),
            Kind::Date => Store::Date(Vec::new(), column.default_date()),
            Kind::Flag => Store::Flag(Vec::new(), column.default_flag()),
            Kind::Code | Kind::Text | Kind::Choice | Kind::Weekdays => {
                Store::Text(TextColumn::default(), column.default.clone().unwrap_or_default())
            }
        }
    }

    pub fn into_column(self) -> Option<Column> {
        match self {
            Store::Skip => None,
            Store::Text(words, _) => Some(Column::Text(words)),
            Store::Number(numbers, _) => Some(Column::Number(numbers)),
            Store::Date(dates, _) => Some(Column::Date(dates)),
            Store::Flag(flags, _) => Some(Column::Flag(flags)),
        }
    }
}
