//! What a person should know about columns and rows.

use crate::data::date_of;

/// One remark; rows count from 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// A column that only numbers the rows was left out.
    CountsRows {
        /// Its title.
        column: String,
    },
    /// A value far outside the range that was learned.
    FarOutside {
        /// Its column.
        column: String,
        /// The first such row.
        row: usize,
        /// How many there are.
        rows: usize,
        /// The value in the first.
        value: f64,
        /// Least value learned from.
        low: f64,
        /// Greatest value learned from.
        high: f64,
        /// Whether these are days.
        is_day: bool,
    },
    /// A column that the model needs is not there.
    MissingColumn {
        /// Its title.
        column: String,
    },
    /// A column of words that are nearly all different was left out.
    NearlyAllDifferent {
        /// Its title.
        column: String,
        /// Different words.
        words: usize,
    },
    /// A blank in a column that never had one.
    NewBlank {
        /// Its column.
        column: String,
        /// The first such row.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// A column that says nothing was left out.
    OneValue {
        /// Its title.
        column: String,
    },
    /// A column of another type than the model learned.
    OtherType {
        /// Its title.
        column: String,
        /// The type that the model learned.
        wanted: &'static str,
    },
    /// A word that was not there in learning.
    Unseen {
        /// Its column.
        column: String,
        /// The first such row.
        row: usize,
        /// How many there are.
        rows: usize,
        /// The word in the first.
        word: String,
    },
}

impl Note {
    /// The column that it speaks of.
    #[must_use]
    pub fn column(&self) -> &str {
        match self {
            Note::CountsRows { column }
            | Note::FarOutside { column, .. }
            | Note::MissingColumn { column }
            | Note::NearlyAllDifferent { column, .. }
            | Note::NewBlank { column, .. }
            | Note::OneValue { column }
            | Note::OtherType { column, .. }
            | Note::Unseen { column, .. } => column,
        }
    }

    /// The first row that it speaks of.
    #[must_use]
    pub fn row(&self) -> Option<usize> {
        match self {
            Note::FarOutside { row, .. } | Note::NewBlank { row, .. } | Note::Unseen { row, .. } => {
                Some(*row)
            }
            Note::CountsRows { .. }
            | Note::MissingColumn { .. }
            | Note::NearlyAllDifferent { .. }
            | Note::OneValue { .. }
            | Note::OtherType { .. } => None,
        }
    }

    /// The remark in words.
    #[must_use]
    pub fn text(&self) -> String {
        let more = |rows: &usize| match rows - 1 {
            0 => String::new(),
            1 => " (and 1 more row)".to_owned(),
            more => format!(" (and {more} more rows)"),
        };
        match self {
            Note::CountsRows { column } => format!("{column} only numbers the rows: left out"),
            Note::FarOutside { column, rows, value, low, high, is_day, .. } => {
                let tell = |x: f64| match date_of(x.floor() as i32).filter(|_| *is_day) {
                    Some(date) => date.to_string(),
                    None => x.to_string(),
                };
                format!(
                    "{column} is {}, far outside {} to {} that the model learned from{}",
                    tell(*value),
                    tell(*low),
                    tell(*high),
                    more(rows)
                )
            }
            Note::MissingColumn { column } => {
                format!("column {column} is missing; the model learned from it")
            }
            Note::NearlyAllDifferent { column, words } => {
                format!("{column} has {words} different words, nearly one a row: left out")
            }
            Note::NewBlank { column, rows, .. } => {
                format!("{column} is blank, which it never was in learning{}", more(rows))
            }
            Note::OneValue { column } => format!("{column} has one value or none: left out"),
            Note::OtherType { column, wanted } => format!("column {column} does not hold a {wanted}"),
            Note::Unseen { column, rows, word, .. } => {
                format!("{column} is \"{word}\", which was not there in learning{}", more(rows))
            }
        }
    }
}
