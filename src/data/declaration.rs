//! How the file of a table is written, as the user or a calling program states it.

use std::collections::BTreeMap;

use encoding_rs::{Encoding, UTF_8};

/// How a table's file is written, where it differs from CSV in UTF-8 with ISO dates and points.
///
/// ```
/// use purvey::data::Declaration;
/// let export = Declaration { delimiter: b';', decimal: b',', ..Declaration::default() };
/// assert_eq!(export.encoding.name(), "UTF-8");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// File in the instance folder; `None`: `NAME.csv`, `NAME.ndjson` or `NAME.jsonl`, or one of them with
    /// `.gz`.
    pub file: Option<String>,
    /// Title in the file of a column of the schema.
    pub columns: BTreeMap<String, String>,
    /// Decimal sign.
    pub decimal: u8,
    /// What stands between groups of three digits.
    pub thousands: Option<char>,
    /// Form of dates as in `strftime`; `None`: ISO.
    pub date: Option<String>,
    /// What stands between cells.
    pub delimiter: u8,
    /// Encoding of the text.
    pub encoding: &'static Encoding,
    /// Further columns to keep as text, under the titles of the file.
    pub carry: Vec<String>,
}

impl Default for Declaration {
    fn default() -> Self {
        Declaration {
            file: None,
            columns: BTreeMap::new(),
            decimal: b'.',
            thousands: None,
            date: None,
            delimiter: b',',
            encoding: UTF_8,
            carry: Vec::new(),
        }
    }
}

impl Declaration {
    /// The title that a column of the schema has in the file.
    pub(super) fn title_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.columns.get(name).map_or(name, String::as_str)
    }
}
