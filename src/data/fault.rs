//! What can be wrong with a user's data, where, and how to mend it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something was repaired by a stated rule, or left out harmlessly.
    Notice,
    /// The run goes on, but a person should look.
    Warning,
    /// The input cannot be used.
    Error,
}

/// Defines [`Code`] with its names, so that the list, the names and the enum are one thing.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The stable name of a class of fault; `docs/errors.md` explains each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, in alphabetical order.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The name that users see, in kebab case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    /// A table's file exists in more than one form.
    AmbiguousFile = "ambiguous-file",
    /// How a table is declared cannot hold.
    BadDeclaration = "bad-declaration",
    /// A compressed file cannot be unpacked.
    BrokenCompression = "broken-compression",
    /// Bytes that are no text in the declared encoding.
    BrokenEncoding = "broken-encoding",
    /// A standard file breaks the rules of its format.
    BrokenFormat = "broken-format",
    /// A quote that is not closed, or text after a closing quote.
    BrokenQuoting = "broken-quoting",
    /// `instance.toml` is not TOML.
    BrokenToml = "broken-toml",
    /// Two tables say things that cannot both be true.
    Contradiction = "contradiction",
    /// Two columns have the same title.
    DuplicateColumn = "duplicate-column",
    /// Two rows have the same key.
    DuplicateKey = "duplicate-key",
    /// Rows were left out by a stated rule.
    LeftOut = "left-out",
    /// A column that the table must have is not there.
    MissingColumn = "missing-column",
    /// A file or folder that is named is not there.
    MissingFile = "missing-file",
    /// A table's file has no header row.
    MissingHeader = "missing-header",
    /// `instance.toml` lacks a key that it must have.
    MissingKey = "missing-key",
    /// A table that the decision needs is not there.
    MissingTable = "missing-table",
    /// A cell that must be filled is blank.
    MissingValue = "missing-value",
    /// A word that is none of the allowed ones.
    NotAChoice = "not-a-choice",
    /// A date that cannot be read.
    NotADate = "not-a-date",
    /// Something other than a file where a file should be.
    NotAFile = "not-a-file",
    /// A yes or no that cannot be read.
    NotAFlag = "not-a-flag",
    /// A number that cannot be read.
    NotANumber = "not-a-number",
    /// A list of weekdays that cannot be read.
    NotAWeekday = "not-a-weekday",
    /// NaN or infinity in place of a number.
    NotFinite = "not-finite",
    /// A fraction where a whole number should be.
    NotWhole = "not-whole",
    /// A zero byte in a text file.
    NulByte = "nul-byte",
    /// A value outside its allowed range.
    OutOfRange = "out-of-range",
    /// A path that leads out of the instance folder.
    OutsideFolder = "outside-folder",
    /// Values were mended by a stated rule.
    Repaired = "repaired",
    /// A compressed file unpacks to far more than its size allows.
    TooLarge = "too-large",
    /// Blanks at the ends of cells were cut.
    TrimmedBlanks = "trimmed-blanks",
    /// A declaration names a column that the table does not have.
    UnknownColumn = "unknown-column",
    /// `instance.toml` holds a key that nothing reads.
    UnknownKey = "unknown-key",
    /// A decision that does not exist.
    UnknownModel = "unknown-model",
    /// A code that another table should define and does not.
    UnknownReference = "unknown-reference",
    /// A setting that the decision does not have.
    UnknownSetting = "unknown-setting",
    /// A table that the decision does not have.
    UnknownTable = "unknown-table",
    /// A unit that is not defined for an item.
    UnknownUnit = "unknown-unit",
    /// A file that the system does not let us read.
    UnreadableFile = "unreadable-file",
    /// A column that nothing reads.
    UnusedColumn = "unused-column",
    /// A table file that nothing reads.
    UnusedFile = "unused-file",
    /// A row with more or fewer cells than the header.
    WrongFieldCount = "wrong-field-count",
    /// A value of another type than its place allows.
    WrongType = "wrong-type",
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One fault: its place, what was found, and the fix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// Stable name of the class of fault.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// File (or in-memory table) in which it stands.
    pub file: String,
    /// Row as a spreadsheet shows it (the header is row 1).
    pub row: Option<u64>,
    /// Column title.
    pub column: Option<String>,
    /// The text read.
    pub value: Option<String>,
    /// What is wrong, in one clause without a full stop.
    pub message: String,
    /// The fix, in one clause; may be empty.
    pub help: String,
}

impl Fault {
    /// An error in `file`; place and fix are added by the setters.
    #[must_use]
    pub fn error(code: Code, file: impl Into<String>, message: impl Into<String>) -> Self {
        Fault {
            code,
            severity: Severity::Error,
            file: file.into(),
            row: None,
            column: None,
            value: None,
            message: message.into(),
            help: String::new(),
        }
    }

    /// The same fault with another severity.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same fault at `row`.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    /// The same fault in `column` with the text read there.
    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>, value: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self.value = Some(value.into());
        self
    }

    /// The same fault with its fix.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(row) = self.row {
            write!(f, ":{row}")?;
        }
        let kind = match self.severity {
            Severity::Notice => "notice: ",
            Severity::Warning => "warning: ",
            Severity::Error => "",
        };
        write!(f, ": {kind}{} [{}]", self.message, self.code.as_str())?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

/// Everything found in one reading.
///
/// All are counted; of each file the first [`Faults::KEPT_PER_FILE`] are kept,
/// so that a file of nothing but faults does not fill the memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    list: Vec<Fault>,
    counts: BTreeMap<(Severity, Code), u64>,
    kept: Vec<(String, usize)>,
}

impl Faults {
    /// How many faults of one file are kept; the rest is counted.
    pub const KEPT_PER_FILE: usize = 10_000;
    /// How many faults the text form shows; the rest is counted.
    pub const SHOWN: usize = 100;

    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        *self.counts.entry((fault.severity, fault.code)).or_default() += 1;
        let kept = match self.kept.iter().position(|(file, _)| *file == fault.file) {
            Some(index) => index,
            None => {
                self.kept.push((fault.file.clone(), 0));
                self.kept.len() - 1
            }
        };
        if self.kept[kept].1 < Self::KEPT_PER_FILE {
            self.kept[kept].1 += 1;
            self.list.push(fault);
        }
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Faults) {
        let mut dropped = other.counts;
        for fault in &other.list {
            if let Some(count) = dropped.get_mut(&(fault.severity, fault.code)) {
                *count -= 1;
            }
        }
        other.list.into_iter().for_each(|fault| self.push(fault));
        for (class, count) in dropped.into_iter().filter(|(_, count)| *count > 0) {
            *self.counts.entry(class).or_default() += count;
        }
    }

    /// The faults that were kept, in the order they were found or, after [`Faults::sort`], by place.
    #[must_use]
    pub fn as_slice(&self) -> &[Fault] {
        &self.list
    }

    /// How many faults there are, whether kept or not.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many faults of each severity and code there are, whether kept or not.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<(Severity, Code), u64> {
        &self.counts
    }

    /// Whether any of them stops the run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.counts.keys().any(|(severity, _)| *severity == Severity::Error)
    }

    /// Orders them by file (as the files came) and row.
    pub fn sort(&mut self) {
        let rank = |file: &str| self.kept.iter().position(|(known, _)| known == file);
        self.list.sort_by_cached_key(|fault| (rank(&fault.file), fault.row));
    }

    /// `Err(self)` when one of them is an error.
    ///
    /// # Errors
    /// Returns the whole list, warnings included, when it holds an error.
    pub fn into_result(self) -> Result<Faults, Faults> {
        if self.has_errors() { Err(self) } else { Ok(self) }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Faults::from_iter([fault])
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(list: I) -> Self {
        let mut faults = Faults::default();
        list.into_iter().for_each(|fault| faults.push(fault));
        faults
    }
}

impl std::error::Error for Faults {}

impl Serialize for Faults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

/// The first [`Faults::SHOWN`], one a paragraph, then a count of the rest by code.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.list[..self.list.len().min(Self::SHOWN)];
        for (index, fault) in shown.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        let mut rest: BTreeMap<Code, u64> = BTreeMap::new();
        for ((_, code), count) in &self.counts {
            *rest.entry(*code).or_default() += count;
        }
        for fault in shown {
            rest.entry(fault.code).and_modify(|count| *count -= 1);
        }
        rest.retain(|_, count| *count > 0);
        if rest.is_empty() {
            return Ok(());
        }
        let total: u64 = rest.values().sum();
        let by_code: Vec<_> = rest.iter().map(|(code, count)| format!("{count} {}", code.as_str())).collect();
        write!(f, "\nand {total} more: {}", by_code.join(", "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fault(file: &str, row: u64) -> Fault {
        Fault::error(Code::NotANumber, file, "quantity is \"x\": not a number").at_row(row)
    }

    #[test]
    fn codes_are_in_alphabetical_order_and_differ() {
        let names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }

    #[test]
    fn the_text_shows_a_hundred_and_counts_the_rest() {
        let faults: Faults = (0..105).map(|row| fault("sales.csv", row + 2)).collect();
        let text = faults.to_string();
        assert_eq!(text.lines().count(), 101);
        assert!(text.ends_with("\nand 5 more: 5 not-a-number"), "{text}");
    }

    #[test]
    fn memory_is_bounded_and_counts_are_not() {
        let mut first: Faults = (0..20_000).map(|row| fault("sales.csv", row + 2)).collect();
        first.extend((0..3).map(|row| fault("items.csv", row + 2)).collect());
        let mut all = Faults::default();
        all.extend(first);
        assert_eq!((all.as_slice().len(), all.len()), (10_003, 20_003));
        assert!(all.has_errors());
    }

    #[test]
    fn sorting_is_by_file_as_it_came_and_row() {
        let list = [fault("sales.csv", 9), fault("items.csv", 3), fault("sales.csv", 2)];
        let mut faults: Faults = list.into_iter().collect();
        faults.sort();
        let places: Vec<_> = faults.as_slice().iter().map(|f| (f.file.as_str(), f.row.unwrap())).collect();
        assert_eq!(places, [("sales.csv", 2), ("sales.csv", 9), ("items.csv", 3)]);
    }
}
