//! Recomputes the objective and every limit from the file's own numbers.
//!
//! Nothing of the solver is used: only the arrays that were read and the
//! values that are to be judged. A limit counts as kept when it is broken by
//! at most the tolerance, times the size of the limit or of the row's largest
//! term where that is above one.

use super::super::{CheckReport, Violation};
use super::problem::Problem;
use crate::optimize::milp::Program;

/// Prices and verifies values for the columns of `program`.
pub(super) fn check(problem: &Problem, program: &Program, values: &[f64]) -> CheckReport {
    let mut violations = Vec::new();
    for (column, &value) in values.iter().enumerate() {
        check_column(program, column, value, problem.tolerance, &mut violations);
    }
    for row in 0..program.rows() {
        check_row(program, row, values, problem.tolerance, &mut violations);
    }
    CheckReport { feasible: violations.is_empty(), objective: Some(program.objective_of(values)), violations }
}

fn check_column(program: &Program, column: usize, value: f64, tolerance: f64, found: &mut Vec<Violation>) {
    let (lower, upper) = program.column_bounds(column);
    let (outside, from_whole) = program.column_violation(column, value);
    let name = program.column_name(column);
    let size =
        [lower, upper].into_iter().filter(|bound| bound.is_finite()).fold(1.0, |s: f64, b| s.max(b.abs()));
    if outside > tolerance * size {
        let text = match value < lower {
            true => format!("{name} is {value}, its lower bound {lower}"),
            false => format!("{name} is {value}, its upper bound {upper}"),
        };
        found.push(Violation { rule: "bound".to_owned(), text, amount: outside });
    }
    if from_whole > tolerance {
        let text = format!("{name} is {value}, not a whole number");
        found.push(Violation { rule: "integrality".to_owned(), text, amount: from_whole });
    }
}

fn check_row(program: &Program, row: usize, values: &[f64], tolerance: f64, found: &mut Vec<Violation>) {
    let (lower, upper) = program.row_bounds(row);
    let activity = program.activity_of(row, values);
    let largest =
        program.row(row).fold(1.0_f64, |largest, (column, a)| largest.max((a * values[column]).abs()));
    let size = |limit: f64| largest.max(if limit.is_finite() { limit.abs() } else { 0.0 });
    let sides = [(lower - activity, lower, "lower"), (activity - upper, upper, "upper")];
    for (amount, limit, side) in sides {
        if amount > tolerance * size(limit) {
            let text =
                format!("row {} sums to {activity}, its {side} limit is {limit}", program.row_name(row));
            found.push(Violation { rule: "row".to_owned(), text, amount });
        }
    }
}
