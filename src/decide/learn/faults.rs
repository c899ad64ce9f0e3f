//! What learning refuses and remarks, as faults of the table.

use super::LearnFailure;
use crate::data::{Code, Fault, Severity, Table};
use crate::predict::tabular::{LearnError, Note};

/// Why nothing was learned, as a fault of the table.
pub(super) fn refusal(error: LearnError, table: &Table, target: &str) -> LearnFailure {
    let (code, column, help) = match &error {
        LearnError::Interrupted => return LearnFailure::Interrupted,
        LearnError::Buckets { .. } | LearnError::TooManyBuckets { .. } => {
            (Code::OutOfRange, target, "choose another number of buckets")
        }
        LearnError::IdleBuckets { .. } => {
            (Code::NotAChoice, target, "name columns to hash, or leave the number of buckets out")
        }
        LearnError::MetricOfClasses { .. } => (Code::NotAChoice, target, "leave the metric out"),
        LearnError::NeedsTwoClasses { .. } => (Code::NotAChoice, target, "choose another method"),
        LearnError::NoColumns => (Code::MissingColumn, target, "add columns that differ from row to row"),
        LearnError::NoSuchColumn { column } => {
            (Code::MissingColumn, column.as_str(), "name a column of the table")
        }
        LearnError::OneTarget => (Code::OutOfRange, target, "name a column that differs from row to row"),
        LearnError::TooFewRows { .. } => (Code::MissingValue, target, "add rows"),
        LearnError::TooManyClasses { .. } => {
            (Code::OutOfRange, target, "name a column of fewer words, or put words together")
        }
    };
    let fault = Fault::error(code, table.file(), error.to_string()).in_column(column, "");
    LearnFailure::Input(fault.with_help(help).into())
}

/// A note on columns and rows as a fault of the file.
pub(super) fn fault_of(note: &Note, table: &Table) -> Fault {
    let (code, severity, help) = match note {
        Note::CountsRows { .. } | Note::NearlyAllDifferent { .. } | Note::OneValue { .. } => {
            (Code::UnusedColumn, Severity::Notice, "")
        }
        Note::FarOutside { .. } => (
            Code::OutOfRange,
            Severity::Warning,
            "check the unit; the prediction is that of the nearest rows learned from",
        ),
        Note::MissingColumn { .. } => {
            (Code::MissingColumn, Severity::Error, "add it, or learn a model without it")
        }
        Note::NewBlank { .. } => {
            (Code::MissingValue, Severity::Warning, "fill it in; the prediction does without it")
        }
        Note::OtherType { .. } => (Code::WrongType, Severity::Error, "write it as in the table learned from"),
        Note::Unseen { .. } => (
            Code::NotAChoice,
            Severity::Warning,
            "check the word; the prediction takes it for one of the rare ones",
        ),
    };
    let mut fault = Fault::error(code, table.file(), note.text()).with_severity(severity).with_help(help);
    let column = note.column();
    match note.row() {
        Some(row) => {
            fault = fault.at_row(table.row_number(row)).in_column(column, table.cell_text(column, row));
        }
        None => fault = fault.in_column(column, ""),
    }
    fault
}
