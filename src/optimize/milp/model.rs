//! Models whose rows read like formulas, with what each row stands for kept beside it.
//!
//! Columns and expressions are those of `good_lp`; [`Model::row`] takes a
//! `good_lp` constraint and a [`RowLabel`]. good_lp keeps an expression as a
//! hash map, which costs a few hundred nanoseconds a coefficient: right up to
//! a few million coefficients. Use [`Program`](super::Program) directly for
//! larger models, and for columns that may jump to zero (semi-continuous).

use super::highs_api::Highs;
use super::session::SessionColumns;
use super::{ColumnKind, MilpError, Sense, Session, Solved};
use crate::control::Control;
use good_lp::solvers::highs::{HighsProblem, highs};
use good_lp::{Constraint, Expression, IntoAffineExpression, ProblemVariables, SolverModel, Variable};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What a row stands for: the family of constraints it belongs to, and the
/// row of an input file that states it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowLabel {
    /// Name of the constraint family.
    pub family: Cow<'static, str>,
    /// File that states the limit.
    pub file: Option<Arc<str>>,
    /// Row in that file, as a spreadsheet shows it.
    pub line: Option<usize>,
}

impl RowLabel {
    /// A label of a constraint family that no input row states.
    #[must_use]
    pub fn new(family: impl Into<Cow<'static, str>>) -> Self {
        RowLabel { family: family.into(), file: None, line: None }
    }

    /// The same label with the place that states the limit.
    #[must_use]
    pub fn stated_in(mut self, file: &Arc<str>, line: usize) -> Self {
        self.file = Some(Arc::clone(file));
        self.line = Some(line);
        self
    }
}

/// A row of a [`Model`], as a key into the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row(pub usize);

/// A model under construction: columns and objective are set, rows are added.
///
/// ```
/// use good_lp::{constraint, variable, ProblemVariables};
/// use purvey::control::Control;
/// use purvey::optimize::milp::{Model, RowLabel, column_of};
///
/// let mut columns = ProblemVariables::new();
/// let bread = columns.add(variable().integer().min(0).name("bread"));
/// let cake = columns.add(variable().min(0).max(3).name("cake"));
/// let mut model = Model::maximise(columns, 2.0 * bread + 5.0 * cake + 1.0);
/// let oven = model.row(RowLabel::new("oven"), constraint!(bread + 2.0 * cake <= 7.5));
/// let solved = model.solve(&Control::default())?;
/// assert_eq!(solved.values[column_of(bread)], 2.0);
/// assert_eq!(solved.values[column_of(cake)], 2.75);
/// assert_eq!(solved.row_activity[oven.0], 7.5);
/// assert_eq!(solved.outcome.objective, Some(18.75));
/// # Ok::<(), purvey::optimize::milp::MilpError>(())
/// ```
#[derive(Debug)]
pub struct Model {
    problem: HighsProblem,
    sense: Sense,
    offset: f64,
    columns: SessionColumns,
    labels: Vec<RowLabel>,
    ranges: Vec<(usize, f64, f64)>,
    fault: Option<String>,
}

impl Model {
    /// A model that minimises `objective` over `columns`.
    #[must_use]
    pub fn minimise(columns: ProblemVariables, objective: impl IntoAffineExpression) -> Self {
        Model::new(columns, objective.into_expression(), Sense::Minimise)
    }

    /// A model that maximises `objective` over `columns`.
    #[must_use]
    pub fn maximise(columns: ProblemVariables, objective: impl IntoAffineExpression) -> Self {
        Model::new(columns, objective.into_expression(), Sense::Maximise)
    }

    fn new(variables: ProblemVariables, objective: Expression, sense: Sense) -> Self {
        let count = variables.len();
        let mut columns = SessionColumns {
            cost: vec![0.0; count],
            lower: Vec::with_capacity(count),
            upper: Vec::with_capacity(count),
            kinds: Vec::with_capacity(count),
            start: Vec::new(),
        };
        let mut fault = None;
        for (index, (_, definition)) in variables.iter_variables_with_def().enumerate() {
            let (lower, upper) = (definition.get_min(), definition.get_max());
            if lower.is_nan() || upper.is_nan() {
                fault.get_or_insert_with(|| format!("column {index}: bounds {lower} to {upper}"));
            }
            columns.lower.push(lower);
            columns.upper.push(upper);
            columns.kinds.push(if definition.is_integer() {
                ColumnKind::Integer
            } else {
                ColumnKind::Continuous
            });
            columns.start.extend(definition.get_initial().map(|value| (index, value)));
        }
        for (variable, cost) in (&objective).linear_coefficients() {
            match columns.cost.get_mut(column_of(variable)) {
                Some(slot) if cost.is_finite() => *slot = cost,
                _ => {
                    fault.get_or_insert_with(|| {
                        format!("objective: cost {cost} of column {}", column_of(variable))
                    });
                }
            }
        }
        let offset = objective.constant();
        if !offset.is_finite() {
            fault.get_or_insert_with(|| format!("objective: constant {offset}"));
        }
        let objective = if fault.is_some() { Expression::from(0.0) } else { objective };
        let unsolved = match sense {
            Sense::Minimise => variables.minimise(objective),
            Sense::Maximise => variables.maximise(objective),
        };
        let problem = unsolved.using(highs);
        Model { problem, sense, offset, columns, labels: Vec::new(), ranges: Vec::new(), fault }
    }

    /// Adds a row with what it stands for.
    ///
    /// A coefficient that is not a finite number, or a variable of another
    /// model, is reported when the model is handed over.
    pub fn row(&mut self, label: RowLabel, constraint: Constraint) -> Row {
        let row = Row(self.labels.len());
        self.labels.push(label);
        let expression = constraint.expression();
        let columns = self.columns.cost.len();
        let is_usable = |(variable, coefficient): (Variable, f64)| {
            column_of(variable) < columns && coefficient.is_finite()
        };
        if expression.linear_coefficients().all(is_usable) && expression.constant().is_finite() {
            self.problem.add_constraint(constraint);
        } else {
            self.fault.get_or_insert_with(|| format!("row {}: {constraint:?}", row.0));
            self.problem.add_constraint(good_lp::constraint::eq(Expression::from(0.0), 0.0));
        }
        row
    }

    /// Adds a row `lower <= expression <= upper`.
    pub fn range(&mut self, label: RowLabel, lower: f64, expression: Expression, upper: f64) -> Row {
        let constant = expression.constant();
        let row = self.row(label, expression.geq(0.0));
        self.ranges.push((row.0, lower - constant, upper - constant));
        row
    }

    /// Number of rows so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns.cost.len()
    }

    /// Hands the model over to the solver.
    ///
    /// # Errors
    /// When a row or the objective holds a number that cannot be used.
    pub fn hand_over(self) -> Result<Session, MilpError> {
        if let Some(reason) = self.fault {
            return Err(MilpError::Model { reason });
        }
        for (size, what) in
            [(self.columns.cost.len(), "the number of columns"), (self.labels.len(), "the number of rows")]
        {
            if i32::try_from(size).is_err() {
                return Err(MilpError::TooLarge { what: what.to_owned() });
            }
        }
        let built = self.problem.try_into_inner();
        let built = built.map_err(|_| MilpError::Solver { action: "take the model".to_owned() })?;
        let mut highs = Highs::from_built(built)?;
        highs.set_offset(self.offset)?;
        for (row, lower, upper) in self.ranges {
            highs.set_row_bounds(row, lower, upper)?;
        }
        Ok(Session::around(highs, self.sense, self.columns, self.labels))
    }

    /// Hands the model over and solves it once, from the columns' initial values where they have some.
    ///
    /// # Errors
    /// As [`hand_over`](Model::hand_over) and [`Session::solve`].
    pub fn solve(self, control: &Control) -> Result<Solved, MilpError> {
        self.hand_over()?.solve(control)
    }
}

/// Index of a variable among the columns of its model.
///
/// good_lp keeps the index to itself, but a variable *is* its index, and that
/// is what it hands to a hasher.
#[must_use]
pub fn column_of(variable: Variable) -> usize {
    let mut index = IndexReader(0);
    variable.hash(&mut index);
    index.0
}

/// A hasher that keeps the last machine word it was given.
struct IndexReader(usize);

impl Hasher for IndexReader {
    fn finish(&self) -> u64 {
        self.0 as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ usize::from(byte);
        }
    }

    fn write_usize(&mut self, word: usize) {
        self.0 = word;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use good_lp::{constraint, variable};

    #[test]
    fn a_variable_tells_its_column() {
        let mut columns = ProblemVariables::new();
        let all = columns.add_vector(variable(), 1000);
        for (index, variable) in all.into_iter().enumerate() {
            assert_eq!(column_of(variable), index);
        }
    }

    #[test]
    fn duals_have_the_sign_of_one_more_unit_on_the_right() {
        // Minimise 2x + 3y, x + y >= 4, y >= 1 as a row: one more unit of the
        // first row costs 2, one more of the second (3 - 2).
        let mut columns = ProblemVariables::new();
        let x = columns.add(variable().min(0));
        let y = columns.add(variable().min(0));
        let mut model = Model::minimise(columns, 2.0 * x + 3.0 * y);
        model.row(RowLabel::new("need"), constraint!(x + y >= 4.0));
        model.row(RowLabel::new("share"), constraint!(y >= 1.0));
        let solved = model.solve(&Control::default()).unwrap();
        assert_eq!(solved.row_duals, [2.0, 1.0]);

        // Maximise 3x, x <= 5 as a row: one more unit earns 3.
        let mut columns = ProblemVariables::new();
        let x = columns.add(variable().min(0));
        let mut model = Model::maximise(columns, 3.0 * x);
        model.row(RowLabel::new("room"), constraint!(x <= 5.0));
        let solved = model.solve(&Control::default()).unwrap();
        assert_eq!(solved.row_duals, [3.0]);
    }

    #[test]
    fn a_range_keeps_both_sides_and_the_constant() {
        let mut columns = ProblemVariables::new();
        let x = columns.add(variable().min(0));
        let mut model = Model::minimise(columns, x);
        model.range(RowLabel::new("band"), 3.0, x + 1.0, 5.0);
        let mut session = model.hand_over().unwrap();
        assert_eq!(session.program().unwrap().row_bounds(0), (2.0, 4.0));
        assert_eq!(session.solve(&Control::default()).unwrap().values, [2.0]);
        assert_eq!(session.labels()[0].family, "band");
    }

    #[test]
    fn a_number_that_cannot_be_used_is_an_error_and_not_a_panic() {
        let mut columns = ProblemVariables::new();
        let x = columns.add(variable().min(0));
        let mut model = Model::minimise(columns, x);
        model.row(RowLabel::new("bad"), constraint!(f64::NAN * x >= 1.0));
        assert!(model.hand_over().is_err());

        let mut other = ProblemVariables::new();
        let foreign = other.add_vector(variable(), 5)[4];
        let mut columns = ProblemVariables::new();
        let x = columns.add(variable().min(0));
        let mut model = Model::minimise(columns, x);
        model.row(RowLabel::new("foreign"), constraint!(foreign >= 1.0));
        assert!(model.hand_over().is_err());
    }
}
