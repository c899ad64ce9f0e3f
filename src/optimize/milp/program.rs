//! A linear or mixed-integer program as plain arrays.
//!
//! [`Program`] is what files are read into, what the solver is given, and what
//! an infeasible set, a relaxation or an independent check is computed from.
//! Rows are stored one after the other (compressed sparse rows), so that a
//! row can be read without searching.

use super::lines::SourceLines;
use super::{Member, MilpError};
use std::borrow::Cow;

/// Whether a program is minimised or maximised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sense {
    /// Smaller is better.
    #[default]
    Minimise,
    /// Larger is better.
    Maximise,
}

/// The values that a column may take between its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnKind {
    /// Any value within the bounds.
    #[default]
    Continuous,
    /// A whole number within the bounds.
    Integer,
    /// Zero, or any value within the bounds.
    SemiContinuous,
    /// Zero, or a whole number within the bounds.
    SemiInteger,
}

impl ColumnKind {
    /// Whether every value must be a whole number.
    #[must_use]
    pub fn is_integer(self) -> bool {
        matches!(self, ColumnKind::Integer | ColumnKind::SemiInteger)
    }

    /// Whether zero is allowed although it may lie outside the bounds.
    #[must_use]
    pub fn is_semi(self) -> bool {
        matches!(self, ColumnKind::SemiContinuous | ColumnKind::SemiInteger)
    }
}

/// The distance by which a point breaks a program, by kind of rule.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Violation {
    /// Largest distance of a row's activity from its bounds.
    pub row: f64,
    /// Largest distance of a column's value from its bounds.
    pub column: f64,
    /// Largest distance of an integer column's value from a whole number.
    pub integrality: f64,
}

/// Minimise or maximise a linear objective over rows and columns with bounds.
///
/// Build it column by column, then row by row. A number that cannot be used
/// (not a number, a column that does not exist) is remembered and reported by
/// the call that uses the program, so that building needs no error handling.
///
/// ```
/// use purvey::optimize::milp::{ColumnKind, Program};
/// let inf = f64::INFINITY;
/// let mut program = Program::minimise();
/// let x = program.add_column(1.0, 0.0, inf, ColumnKind::Integer);
/// let y = program.add_column(2.5, 0.0, 4.0, ColumnKind::Continuous);
/// program.add_row(3.5, inf, &[(x, 1.0), (y, 1.0)]);
/// assert_eq!((program.columns(), program.rows(), program.nonzeros()), (2, 1, 2));
/// assert_eq!(program.objective_of(&[3.0, 0.5]), 4.25);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Program {
    pub(crate) name: String,
    pub(crate) sense: Sense,
    pub(crate) offset: f64,
    pub(crate) cost: Vec<f64>,
    pub(crate) column_lower: Vec<f64>,
    pub(crate) column_upper: Vec<f64>,
    pub(crate) kinds: Vec<ColumnKind>,
    pub(crate) row_lower: Vec<f64>,
    pub(crate) row_upper: Vec<f64>,
    pub(crate) starts: Vec<i32>,
    pub(crate) indices: Vec<i32>,
    pub(crate) coefficients: Vec<f64>,
    pub(crate) column_names: Vec<String>,
    pub(crate) row_names: Vec<String>,
    pub(super) lines: SourceLines,
    seen_in_row: Vec<u32>,
    fault: Option<String>,
}

impl Program {
    /// An empty program to minimise.
    #[must_use]
    pub fn minimise() -> Self {
        Program { starts: vec![0], ..Program::default() }
    }

    /// An empty program to maximise.
    #[must_use]
    pub fn maximise() -> Self {
        Program { sense: Sense::Maximise, ..Program::minimise() }
    }

    /// Makes room for a program of known size, which saves copying while it is built.
    pub fn reserve(&mut self, columns: usize, rows: usize, nonzeros: usize) {
        self.cost.reserve(columns);
        self.column_lower.reserve(columns);
        self.column_upper.reserve(columns);
        self.kinds.reserve(columns);
        self.seen_in_row.reserve(columns);
        self.row_lower.reserve(rows);
        self.row_upper.reserve(rows);
        self.starts.reserve(rows);
        self.indices.reserve(nonzeros);
        self.coefficients.reserve(nonzeros);
    }

    /// Adds a column (an unknown) with its cost and bounds; returns its index.
    pub fn add_column(&mut self, cost: f64, lower: f64, upper: f64, kind: ColumnKind) -> usize {
        let column = self.cost.len();
        if !cost.is_finite() || !is_bound_pair(lower, upper) {
            self.note_fault(|| format!("column {column}: cost {cost}, bounds {lower} to {upper}"));
        }
        self.cost.push(cost);
        self.column_lower.push(lower);
        self.column_upper.push(upper);
        self.kinds.push(kind);
        self.seen_in_row.push(0);
        column
    }

    /// Adds a row `lower <= sum of coefficient * column <= upper`; returns its index.
    ///
    /// A column that appears more than once in `terms` counts with the sum of
    /// its coefficients.
    pub fn add_row(&mut self, lower: f64, upper: f64, terms: &[(usize, f64)]) -> usize {
        let row = self.row_lower.len();
        if !is_bound_pair(lower, upper) {
            self.note_fault(|| format!("row {row}: bounds {lower} to {upper}"));
        }
        let start = self.indices.len();
        let stamp = u32::try_from(row).map_or(u32::MAX, |row| row.saturating_add(1));
        for &(column, coefficient) in terms {
            self.add_term(row, start, stamp, column, coefficient);
        }
        self.row_lower.push(lower);
        self.row_upper.push(upper);
        match i32::try_from(self.indices.len()) {
            Ok(end) => self.starts.push(end),
            Err(_) => {
                self.starts.push(i32::MAX);
                self.note_fault(|| "more than 2,147,483,647 coefficients".to_owned());
            }
        }
        row
    }

    fn add_term(&mut self, row: usize, start: usize, stamp: u32, column: usize, coefficient: f64) {
        let index = match i32::try_from(column) {
            Ok(index) if column < self.cost.len() && coefficient.is_finite() => index,
            _ => {
                self.note_fault(|| format!("row {row}: coefficient {coefficient} of column {column}"));
                return;
            }
        };
        if self.seen_in_row[column] == stamp {
            let earlier = self.indices[start..].iter().position(|&other| other == index);
            if let Some(earlier) = earlier {
                self.coefficients[start + earlier] += coefficient;
            }
            return;
        }
        self.seen_in_row[column] = stamp;
        self.indices.push(index);
        self.coefficients.push(coefficient);
    }

    fn note_fault(&mut self, fault: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(fault());
        }
    }

    /// The first number that could not be used while the program was built.
    pub(crate) fn check(&self) -> Result<(), MilpError> {
        match &self.fault {
            Some(reason) => Err(MilpError::Model { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// A program from arrays that the caller has checked (sizes, ranges, no duplicates in a row).
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn from_arrays(
        sense: Sense,
        offset: f64,
        columns: (Vec<f64>, Vec<f64>, Vec<f64>, Vec<ColumnKind>),
        rows: (Vec<f64>, Vec<f64>),
        matrix: (Vec<i32>, Vec<i32>, Vec<f64>),
    ) -> Self {
        let (cost, column_lower, column_upper, kinds) = columns;
        let seen_in_row = vec![0; cost.len()];
        Program {
            sense,
            offset,
            cost,
            column_lower,
            column_upper,
            kinds,
            row_lower: rows.0,
            row_upper: rows.1,
            starts: matrix.0,
            indices: matrix.1,
            coefficients: matrix.2,
            seen_in_row,
            ..Program::default()
        }
    }

    /// Sets the constant part of the objective.
    pub fn set_offset(&mut self, offset: f64) {
        if !offset.is_finite() {
            self.note_fault(|| format!("objective constant {offset}"));
        }
        self.offset = offset;
    }

    /// Gives the program, its columns and its rows names; a missing name stays `c0`, `r0`, …
    pub fn set_names(&mut self, name: String, columns: Vec<String>, rows: Vec<String>) {
        self.name = name;
        self.column_names = columns;
        self.row_names = rows;
    }

    /// Line of the file that states a limit, for a program that was read from one: a row where it is
    /// declared, a bound or a kind where it is stated, else where its column first appears.
    #[must_use]
    pub fn line_of(&self, limit: Member) -> Option<usize> {
        self.lines.of(limit)
    }

    /// Replaces the bounds of a column.
    pub fn set_column_bounds(&mut self, column: usize, lower: f64, upper: f64) {
        if column >= self.columns() || !is_bound_pair(lower, upper) {
            self.note_fault(|| format!("column {column}: bounds {lower} to {upper}"));
            return;
        }
        (self.column_lower[column], self.column_upper[column]) = (lower, upper);
    }

    /// Replaces the bounds of a row.
    pub fn set_row_bounds(&mut self, row: usize, lower: f64, upper: f64) {
        if row >= self.rows() || !is_bound_pair(lower, upper) {
            self.note_fault(|| format!("row {row}: bounds {lower} to {upper}"));
            return;
        }
        (self.row_lower[row], self.row_upper[row]) = (lower, upper);
    }

    /// The program's name; empty where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Minimised or maximised.
    #[must_use]
    pub fn sense(&self) -> Sense {
        self.sense
    }

    /// The constant part of the objective.
    #[must_use]
    pub fn offset(&self) -> f64 {
        self.offset
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.cost.len()
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.row_lower.len()
    }

    /// Number of coefficients in the rows.
    #[must_use]
    pub fn nonzeros(&self) -> usize {
        self.indices.len()
    }

    /// Costs of the columns.
    #[must_use]
    pub fn cost(&self) -> &[f64] {
        &self.cost
    }

    /// Kinds of the columns.
    #[must_use]
    pub fn kinds(&self) -> &[ColumnKind] {
        &self.kinds
    }

    /// Whether any column must be whole or may jump to zero.
    #[must_use]
    pub fn has_integers(&self) -> bool {
        self.kinds.iter().any(|kind| *kind != ColumnKind::Continuous)
    }

    /// Lower and upper bound of a column.
    #[must_use]
    pub fn column_bounds(&self, column: usize) -> (f64, f64) {
        (self.column_lower[column], self.column_upper[column])
    }

    /// Lower and upper bound of a row.
    #[must_use]
    pub fn row_bounds(&self, row: usize) -> (f64, f64) {
        (self.row_lower[row], self.row_upper[row])
    }

    /// The columns of a row with their coefficients.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[row] as usize..self.starts[row + 1] as usize;
        let columns = self.indices[range.clone()].iter().map(|&column| column as usize);
        columns.zip(self.coefficients[range].iter().copied())
    }

    /// Name of a column; `c0`, `c1`, … where none was given.
    #[must_use]
    pub fn column_name(&self, column: usize) -> Cow<'_, str> {
        name_or(&self.column_names, column, 'c')
    }

    /// Name of a row; `r0`, `r1`, … where none was given.
    #[must_use]
    pub fn row_name(&self, row: usize) -> Cow<'_, str> {
        name_or(&self.row_names, row, 'r')
    }

    /// Objective of a point, computed from the arrays alone.
    ///
    /// Summed with a compensation term, so that a long sum keeps its digits.
    #[must_use]
    pub fn objective_of(&self, values: &[f64]) -> f64 {
        let terms = self.cost.iter().zip(values).map(|(cost, value)| cost * value);
        compensated_sum(std::iter::once(self.offset).chain(terms))
    }

    /// Activity of a row at a point.
    #[must_use]
    pub fn activity_of(&self, row: usize, values: &[f64]) -> f64 {
        compensated_sum(self.row(row).map(|(column, coefficient)| coefficient * values[column]))
    }

    /// How far a point is from the allowed values of one column: beyond its
    /// bounds, and from a whole number.
    #[must_use]
    pub fn column_violation(&self, column: usize, value: f64) -> (f64, f64) {
        let (lower, upper) = self.column_bounds(column);
        let kind = self.kinds[column];
        let whole = if kind.is_integer() { (value - value.round()).abs() } else { 0.0 };
        let outside = (lower - value).max(value - upper).max(0.0);
        let outside = if kind.is_semi() { outside.min(value.abs()) } else { outside };
        (outside, whole)
    }

    /// How far a point is from satisfying the program, computed from the arrays alone.
    #[must_use]
    pub fn violation_of(&self, values: &[f64]) -> Violation {
        let mut worst = Violation::default();
        for (column, &value) in values.iter().enumerate().take(self.columns()) {
            let (outside, whole) = self.column_violation(column, value);
            worst.column = worst.column.max(outside);
            worst.integrality = worst.integrality.max(whole);
        }
        for row in 0..self.rows() {
            let activity = self.activity_of(row, values);
            let outside = (self.row_lower[row] - activity).max(activity - self.row_upper[row]);
            worst.row = worst.row.max(outside);
        }
        worst
    }
}

/// Two bounds that a solver can work with: no NaN, and neither infinite on the wrong side.
fn is_bound_pair(lower: f64, upper: f64) -> bool {
    lower < f64::INFINITY && upper > f64::NEG_INFINITY
}

fn name_or(names: &[String], index: usize, letter: char) -> Cow<'_, str> {
    match names.get(index) {
        Some(name) if !name.is_empty() => Cow::Borrowed(name),
        _ => Cow::Owned(format!("{letter}{index}")),
    }
}

/// Neumaier's sum: the error of each addition is carried along.
fn compensated_sum(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut carried) = (0.0_f64, 0.0_f64);
    for term in terms {
        let next = sum + term;
        carried += if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
        sum = next;
    }
    sum + carried
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_column_named_twice_in_a_row_counts_with_the_sum() {
        let mut program = Program::minimise();
        let x = program.add_column(1.0, 0.0, 1.0, ColumnKind::Continuous);
        let y = program.add_column(1.0, 0.0, 1.0, ColumnKind::Continuous);
        program.add_row(0.0, 1.0, &[(x, 1.0), (y, 2.0), (x, 3.0)]);
        program.add_row(0.0, 1.0, &[(x, 5.0)]);
        assert_eq!(program.row(0).collect::<Vec<_>>(), [(x, 4.0), (y, 2.0)]);
        assert_eq!(program.row(1).collect::<Vec<_>>(), [(x, 5.0)]);
    }

    #[test]
    fn numbers_that_cannot_be_used_are_named() {
        let mut program = Program::minimise();
        program.add_column(f64::NAN, 0.0, 1.0, ColumnKind::Continuous);
        assert!(program.check().unwrap_err().to_string().contains("column 0"));

        let mut program = Program::minimise();
        program.add_row(0.0, 1.0, &[(7, 1.0)]);
        assert!(program.check().unwrap_err().to_string().contains("column 7"));
    }

    #[test]
    fn a_semi_continuous_column_may_be_zero_or_within_its_bounds() {
        let mut program = Program::minimise();
        let x = program.add_column(0.0, 5.0, 9.0, ColumnKind::SemiContinuous);
        assert_eq!(program.column_violation(x, 0.0), (0.0, 0.0));
        assert_eq!(program.column_violation(x, 6.0), (0.0, 0.0));
        assert_eq!(program.column_violation(x, 4.0), (1.0, 0.0));
        assert_eq!(program.column_violation(x, 1.0), (1.0, 0.0));
    }

    #[test]
    fn a_long_sum_keeps_its_digits() {
        let terms = [1e16, 1.0, -1e16, 1.0];
        assert_eq!(compensated_sum(terms.into_iter()), 2.0);
    }
}
