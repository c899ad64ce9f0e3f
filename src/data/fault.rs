//! What can be wrong with a user's data, where, and how to mend it.

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

/// The stable name of a class of fault; `docs/errors.md` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// Two tables say things that cannot both be true.
    Contradiction,
    /// Two rows have the same key.
    DuplicateKey,
    /// A column that the table must have is not there.
    MissingColumn,
    /// A table that the decision needs is not there.
    MissingTable,
    /// A cell that must be filled is blank.
    MissingValue,
    /// A date that cannot be read.
    NotADate,
    /// A number that cannot be read.
    NotANumber,
    /// A value outside its allowed range.
    OutOfRange,
    /// A code that another table should define and does not.
    UnknownReference,
}

impl Code {
    /// The name that users see, in kebab case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Contradiction => "contradiction",
            Code::DuplicateKey => "duplicate-key",
            Code::MissingColumn => "missing-column",
            Code::MissingTable => "missing-table",
            Code::MissingValue => "missing-value",
            Code::NotADate => "not-a-date",
            Code::NotANumber => "not-a-number",
            Code::OutOfRange => "out-of-range",
            Code::UnknownReference => "unknown-reference",
        }
    }
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
        write!(f, ": {} [{}]", self.message, self.code.as_str())?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

/// Everything found wrong in one reading.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Faults {
    list: Vec<Fault>,
}

impl Faults {
    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        self.list.push(fault);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Faults) {
        self.list.extend(other.list);
    }

    /// All faults in the order they were found.
    #[must_use]
    pub fn as_slice(&self) -> &[Fault] {
        &self.list
    }

    /// Whether any of them stops the run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// `Err(self)` when one of them is an error.
    ///
    /// # Errors
    /// Returns the whole list, warnings included, when it holds an error.
    pub fn into_result(self) -> Result<Faults, Faults> {
        if self.has_errors() { Err(self) } else { Ok(self) }
    }
}

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}
