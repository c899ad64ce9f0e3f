//! The answer as tables and sentences, and the way back from a table to values.

use super::problem::Problem;
use crate::data::{Code, Fault, Faults, Table, Tables};
use crate::optimize::milp::{Member, Program, Relaxation, Sense, Side, Solved, all_elastic};
use crate::solution::{Outcome, Termination};

/// `variables` and `rows`; empty without an answer.
pub(super) fn tables(program: &Program, solved: &Solved) -> Tables {
    if solved.outcome.objective.is_none() {
        return Tables::default();
    }
    let column_names = (0..program.columns()).map(|column| program.column_name(column));
    let row_names = (0..program.rows()).map(|row| program.row_name(row));
    let finite = |limit: f64| if limit.is_finite() { limit } else { f64::NAN };
    let duals = (0..program.rows()).map(|row| solved.row_duals.get(row).copied().unwrap_or(f64::NAN));
    let variables = Table::new("variables")
        .with_text("name", column_names)
        .with_number("value", solved.values.iter().copied());
    let rows = Table::new("rows")
        .with_text("name", row_names)
        .with_number("activity", (0..program.rows()).map(|row| program.activity_of(row, &solved.values)))
        .with_number("lower", (0..program.rows()).map(|row| finite(program.row_bounds(row).0)))
        .with_number("upper", (0..program.rows()).map(|row| finite(program.row_bounds(row).1)))
        .with_number("dual", duals);
    Tables::default().with(variables).with(rows)
}

/// Column indices with values, from a table `variables` (name, value) that may name some of the columns only.
pub(super) fn values_of(problem: &Problem, plan: &Tables) -> Result<Vec<(usize, f64)>, Faults> {
    let Some(table) = plan.get("variables") else {
        let fault = Fault::error(Code::MissingTable, "variables", "the plan has no table variables");
        return Err(fault.with_help("give a table with the columns name and value").into());
    };
    let (Some(names), Some(values)) = (table.text("name"), table.number("value")) else {
        let fault = Fault::error(Code::MissingColumn, table.file(), "the columns name and value are needed");
        return Err(fault.with_help("write a header name,value").into());
    };
    let index = problem.column_index();
    let mut row_of_column: Vec<Option<u64>> = vec![None; problem.program.columns()];
    let mut faults = Faults::default();
    let mut pairs = Vec::with_capacity(values.len());
    for (at, &value) in values.iter().enumerate() {
        let (name, row) = (names.get(at), table.row_number(at));
        let fault = |code, message: String| Fault::error(code, table.file(), message).at_row(row);
        match index.get(name) {
            None => faults.push(
                fault(Code::UnknownReference, format!("column \"{name}\" is not in {}", problem.file))
                    .in_column("name", name)
                    .with_help("name a column of the program"),
            ),
            Some(_) if !value.is_finite() => faults.push(
                fault(Code::NotFinite, format!("{name} has no value"))
                    .in_column("value", table.cell_text("value", at))
                    .with_help("write a number"),
            ),
            Some(&column) => match row_of_column[column].replace(row) {
                Some(first) => faults.push(
                    fault(Code::DuplicateKey, format!("{name} was given in row {first} already"))
                        .in_column("name", name)
                        .with_help("keep one of the rows"),
                ),
                None => pairs.push((column, value)),
            },
        }
    }
    faults.into_result().map(|_| pairs)
}

/// A value for every column.
pub(super) fn complete_values(problem: &Problem, plan: &Tables) -> Result<Vec<f64>, Faults> {
    let pairs = values_of(problem, plan)?;
    let mut values = vec![f64::NAN; problem.program.columns()];
    pairs.into_iter().for_each(|(column, value)| values[column] = value);
    let missing = values.iter().enumerate().filter(|(_, value)| value.is_nan());
    let missing = missing.map(|(column, _)| {
        let name = problem.program.column_name(column);
        let file = plan.get("variables").map_or("variables", Table::file);
        Fault::error(Code::MissingValue, file, format!("{name} has no row")).with_help("add a row for it")
    });
    missing.collect::<Faults>().into_result().map(|_| values)
}

/// The result in a sentence or two.
pub(super) fn headline(problem: &Problem, outcome: &Outcome) -> Vec<String> {
    let verb = match problem.program.sense() {
        Sense::Minimise => "minimum",
        Sense::Maximise => "maximum",
    };
    let name = &problem.name;
    let number = |value: Option<f64>| value.map_or_else(|| "not known".to_owned(), |value| value.to_string());
    let (objective, bound) = (number(outcome.objective), number(outcome.bound));
    let why = match outcome.termination {
        Termination::Optimal => return vec![format!("{name}: the {verb} is {objective}.")],
        Termination::Infeasible => return vec![format!("{name}: no values satisfy all limits.")],
        Termination::Unbounded => return vec![format!("{name}: the objective improves without end.")],
        Termination::InfeasibleOrUnbounded => {
            return vec![format!(
                "{name}: no values satisfy all limits, or the objective improves without end."
            )];
        }
        Termination::NumericalError => {
            return vec![format!("{name}: the arithmetic failed; scale the numbers.")];
        }
        Termination::TargetGap => "the gap that was asked for is reached",
        Termination::TimeLimit => "the time was up",
        Termination::WorkLimit => "the work allowed was done",
        Termination::Stalled => "the search found nothing more to gain",
        Termination::Interrupted => "the search was interrupted",
    };
    match outcome.objective {
        Some(_) => vec![format!("{name}: {objective}, bound {bound}; {why}.")],
        None => vec![format!("{name}: no answer yet, bound {bound}; {why}.")],
    }
}

/// What each widening says in a sentence.
pub(super) fn widening_sentences(problem: &Problem, relaxation: &Relaxation) -> Vec<String> {
    let elastics = all_elastic(&problem.program);
    let widenings = relaxation.widenings.iter();
    let sentence = |widening: &crate::optimize::milp::Widening| {
        let limits =
            elastics[widening.elastic].members.iter().map(|&member| limit_text(&problem.program, member));
        format!("widened by {}: {}", widening.amount, limits.collect::<Vec<_>>().join(", "))
    };
    widenings.map(sentence).collect()
}

/// A limit in words.
pub(super) fn limit_text(program: &Program, member: Member) -> String {
    let relation = |side| if side == Side::Lower { "at least" } else { "at most" };
    match member {
        Member::Row { row, side } => {
            format!(
                "row {} must be {} {}",
                program.row_name(row),
                relation(side),
                limit_value(program, member)
            )
        }
        Member::Bound { column, side } => {
            format!(
                "{} must be {} {}",
                program.column_name(column),
                relation(side),
                limit_value(program, member)
            )
        }
        Member::Integrality { column } if program.kinds()[column].is_semi() => {
            format!("{} must be zero or within its bounds", program.column_name(column))
        }
        Member::Integrality { column } => format!("{} must be a whole number", program.column_name(column)),
    }
}

/// The number a limit states; NaN for integrality.
pub(super) fn limit_value(program: &Program, member: Member) -> f64 {
    let of_side = |pair: (f64, f64), side| if side == Side::Lower { pair.0 } else { pair.1 };
    match member {
        Member::Row { row, side } => of_side(program.row_bounds(row), side),
        Member::Bound { column, side } => of_side(program.column_bounds(column), side),
        Member::Integrality { .. } => f64::NAN,
    }
}
