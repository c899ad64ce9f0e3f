//! Given an answer, name the limits that hold it back and what one more unit of each is worth.
//!
//! Method: linear programming duality. Where the program has integers, they
//! are held at their values and the continuous rest is solved again; the
//! worth is that of the rest, and says nothing about another choice of the
//! integers. A worth is for the objective as the user states it: negative
//! means that the objective falls by so much for one more unit on the right
//! of the row (good when minimising), positive that it rises.
//! Cost: one linear program.
//! Use a second solve with the limit changed instead when a large change is
//! in question; a worth holds for a small one.
//! Not for: choosing among several optimal duals; one of them is given.
//! Same input gives the same answer: yes.
//! Differs from the textbook: none.

use super::{MilpError, Program, Session, Side, Solved};
use crate::control::Control;

/// Distance of activity and limit, relative to the limit's size, at which a row counts as binding.
const TOUCHING: f64 = 1e-6;
/// Worth below this, relative to the largest cost, counts as none.
const WORTHLESS: f64 = 1e-9;

/// A row that is at its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BindingRow {
    /// Index of the row.
    pub row: usize,
    /// The side it touches.
    pub side: Side,
    /// Activity, equal to the limit up to rounding.
    pub activity: f64,
    /// Change of the user's objective for one more unit on the right of the
    /// row; 0 where the row touches its limit without holding anything back.
    pub dual: f64,
}

/// Binding rows and the duals they were taken from.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The binding rows with a worth first, the largest worth first, then the others by index.
    pub rows: Vec<BindingRow>,
    /// Whether integers were held at their values for it.
    pub integers_fixed: bool,
    /// Worth of one more unit on the right of each row.
    pub row_duals: Vec<f64>,
    /// Change of the objective for one more unit of each column.
    pub reduced_costs: Vec<f64>,
}

/// The binding rows of an answer; `None` without an answer, or where the
/// arithmetic gives no duals.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::milp::{ColumnKind, Program, Session, binding};
/// let mut program = Program::maximise();
/// let x = program.add_column(3.0, 0.0, f64::INFINITY, ColumnKind::Continuous);
/// let y = program.add_column(2.0, 0.0, f64::INFINITY, ColumnKind::Integer);
/// program.add_row(f64::NEG_INFINITY, 4.5, &[(x, 1.0), (y, 1.0)]);
/// program.add_row(f64::NEG_INFINITY, 9.0, &[(x, 1.0)]);
/// let mut session = Session::new(&program)?;
/// let solved = session.solve(&Control::default())?;
/// let binding = binding(&program, &mut session, &solved, &Control::default())?.expect("an answer");
/// assert_eq!(binding.rows.len(), 1);
/// assert_eq!((binding.rows[0].row, binding.rows[0].dual), (0, 3.0));
/// assert!(binding.integers_fixed);
/// # Ok::<(), purvey::optimize::milp::MilpError>(())
/// ```
///
/// # Errors
/// When the solver refuses.
pub fn binding(
    program: &Program,
    session: &mut Session,
    solved: &Solved,
    control: &Control,
) -> Result<Option<Binding>, MilpError> {
    if solved.values.is_empty() && program.columns() > 0 {
        return Ok(None);
    }
    let integers_fixed = program.has_integers();
    let (row_duals, reduced_costs) = if integers_fixed || solved.row_duals.is_empty() {
        let mut unlimited = control.clone();
        unlimited.limits.work = None;
        let fixed = session.solve_with_integers_fixed(&solved.values, &unlimited)?;
        (fixed.row_duals, fixed.reduced_costs)
    } else {
        (solved.row_duals.clone(), solved.reduced_costs.clone())
    };
    if row_duals.len() != program.rows() || reduced_costs.len() != program.columns() {
        return Ok(None);
    }
    let rows = binding_rows(program, &solved.row_activity, &row_duals);
    Ok(Some(Binding { rows, integers_fixed, row_duals, reduced_costs }))
}

fn binding_rows(program: &Program, activity: &[f64], duals: &[f64]) -> Vec<BindingRow> {
    let largest_cost = program.cost.iter().fold(0.0_f64, |largest, cost| largest.max(cost.abs()));
    let mut rows: Vec<BindingRow> = Vec::new();
    for (row, &activity) in activity.iter().enumerate().take(program.rows()) {
        let (lower, upper) = program.row_bounds(row);
        let touches =
            |limit: f64| limit.is_finite() && (activity - limit).abs() <= TOUCHING * limit.abs().max(1.0);
        let worth = if duals[row].abs() > WORTHLESS * largest_cost { duals[row] } else { 0.0 };
        let side = match (touches(lower), touches(upper)) {
            (true, true) => side_of_dual(program, worth),
            (true, false) => Side::Lower,
            (false, true) => Side::Upper,
            (false, false) => continue,
        };
        rows.push(BindingRow { row, side, activity, dual: worth });
    }
    rows.sort_by(|a, b| {
        let by_worth = b.dual.abs().total_cmp(&a.dual.abs());
        by_worth.then(a.row.cmp(&b.row))
    });
    rows
}

/// The side of an equation that holds the objective back.
fn side_of_dual(program: &Program, worth: f64) -> Side {
    let is_upper = match program.sense {
        super::Sense::Minimise => worth < 0.0,
        super::Sense::Maximise => worth > 0.0,
    };
    if is_upper { Side::Upper } else { Side::Lower }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{ColumnKind, solve};
    use super::*;

    /// The worth of a row is the change of the optimum when its limit moves a little.
    #[test]
    fn the_worth_is_the_slope_of_the_optimum() {
        let build = |need: f64, room: f64| {
            let mut program = Program::minimise();
            let x = program.add_column(2.0, 0.0, f64::INFINITY, ColumnKind::Continuous);
            let y = program.add_column(3.0, 0.0, f64::INFINITY, ColumnKind::Continuous);
            program.add_row(need, f64::INFINITY, &[(x, 1.0), (y, 1.0)]);
            program.add_row(f64::NEG_INFINITY, room, &[(x, 1.0)]);
            program.add_row(0.0, f64::INFINITY, &[(y, 1.0)]);
            program
        };
        let optimum =
            |program: &Program| solve(program, &Control::default()).unwrap().outcome.objective.unwrap();
        let program = build(10.0, 4.0);
        let mut session = Session::new(&program).unwrap();
        let solved = session.solve(&Control::default()).unwrap();
        let found = binding(&program, &mut session, &solved, &Control::default()).unwrap().unwrap();
        let worths: Vec<(usize, f64)> = found.rows.iter().map(|row| (row.row, row.dual)).collect();
        let step = 0.125;
        let slope = |changed: Program| (optimum(&changed) - optimum(&program)) / step;
        assert_eq!(worths, [(0, slope(build(10.0 + step, 4.0))), (1, slope(build(10.0, 4.0 + step)))]);
        assert_eq!(found.rows[1].side, Side::Upper);
        assert!(!found.integers_fixed);
    }

    #[test]
    fn without_an_answer_nothing_binds() {
        let mut program = Program::minimise();
        let x = program.add_column(1.0, 0.0, 1.0, ColumnKind::Continuous);
        program.add_row(2.0, f64::INFINITY, &[(x, 1.0)]);
        let mut session = Session::new(&program).unwrap();
        let solved = session.solve(&Control::default()).unwrap();
        assert!(binding(&program, &mut session, &solved, &Control::default()).unwrap().is_none());
    }
}
