//! Given a program and limits, find the best answer that the limits allow, with a bound.
//!
//! Method: HiGHS (Huangfu and Hall (2018), "Parallelizing the dual revised
//! simplex method", doi:10.1007/s12532-017-0130-5, and its branch-and-cut),
//! one thread, fixed seed. What is added here: limits and cancellation,
//! a plain answer to "unbounded or infeasible", a second attempt where the
//! arithmetic failed, whole numbers where whole numbers were asked for.
//! Cost: the solver's; exponential in the number of integer columns at worst.
//! Use a specialised solver of `optimize` instead where the structure has one.
//! Not for: quadratic objectives, and parallel search (solve independent
//! parts in parallel instead).
//! Same input, work limit and seed give the same answer: yes; a time limit
//! depends on the clock.

mod answer;

use super::highs_api::{Highs, ModelStatus, OptionValue};
use super::subsystem::Verdict;
use super::{ColumnKind, MilpError, Program, RowLabel, Sense};
use crate::control::Control;
use crate::solution::{Outcome, SolutionStatus, Termination};

/// Distance of objective and bound, relative or absolute, below which an answer counts as proved.
const PROVED: f64 = 1e-6;

/// How a program without integers is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LpMethod {
    /// The solver chooses.
    #[default]
    Choose,
    /// Dual simplex: warm re-solves, vertex solutions.
    Simplex,
    /// Interior point with crossover: often faster on large, sparse programs.
    InteriorPoint,
}

/// What a solve found.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// Status, objective and bound.
    pub outcome: Outcome,
    /// Value of each column; empty without an answer.
    pub values: Vec<f64>,
    /// Activity of each row; empty without an answer.
    pub row_activity: Vec<f64>,
    /// Change of the objective for one more unit on the right of each row;
    /// empty unless a program without integers was solved to optimality.
    pub row_duals: Vec<f64>,
    /// Change of the objective for one more unit of each column; empty as `row_duals` is.
    pub reduced_costs: Vec<f64>,
    /// Branch-and-bound nodes.
    pub nodes: u64,
    /// Simplex and interior-point iterations.
    pub iterations: u64,
}

/// A program inside the solver, to be solved, changed and solved again.
///
/// A change of bounds or costs keeps what the solver has learnt (its basis),
/// so the next solve is short.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::milp::{ColumnKind, Program, Session};
/// let mut program = Program::maximise();
/// let x = program.add_column(3.0, 0.0, 4.0, ColumnKind::Continuous);
/// let y = program.add_column(5.0, 0.0, 6.0, ColumnKind::Continuous);
/// program.add_row(f64::NEG_INFINITY, 18.0, &[(x, 3.0), (y, 2.0)]);
/// let mut session = Session::new(&program)?;
/// let solved = session.solve(&Control::default())?;
/// assert_eq!(solved.outcome.objective, Some(36.0));
/// assert_eq!(solved.row_duals, [1.0]); // one more unit of the row earns 1
/// session.set_row_bounds(0, f64::NEG_INFINITY, 21.0)?;
/// assert_eq!(session.solve(&Control::default())?.outcome.objective, Some(39.0));
/// # Ok::<(), purvey::optimize::milp::MilpError>(())
/// ```
pub struct Session {
    pub(super) highs: Highs,
    sense: Sense,
    cost: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    kinds: Vec<ColumnKind>,
    labels: Vec<RowLabel>,
    start: Vec<(usize, f64)>,
    method: LpMethod,
    presolve: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("columns", &self.cost.len())
            .field("rows", &self.highs.rows())
            .field("sense", &self.sense)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Hands a program over to the solver.
    ///
    /// # Errors
    /// When the program holds a number that cannot be used, or is too large.
    pub fn new(program: &Program) -> Result<Self, MilpError> {
        let mut highs = Highs::new()?;
        highs.pass(program)?;
        Ok(Session {
            highs,
            sense: program.sense,
            cost: program.cost.clone(),
            lower: program.column_lower.clone(),
            upper: program.column_upper.clone(),
            kinds: program.kinds.clone(),
            labels: Vec::new(),
            start: Vec::new(),
            method: LpMethod::Choose,
            presolve: true,
        })
    }

    /// A session around a model that is inside the solver already.
    pub(super) fn around(highs: Highs, sense: Sense, columns: SessionColumns, labels: Vec<RowLabel>) -> Self {
        let SessionColumns { cost, lower, upper, kinds, start } = columns;
        let (method, presolve) = (LpMethod::Choose, true);
        Session { highs, sense, cost, lower, upper, kinds, labels, start, method, presolve }
    }

    /// What each row stands for; empty where the rows were not labelled.
    #[must_use]
    pub fn labels(&self) -> &[RowLabel] {
        &self.labels
    }

    /// The program as it now stands in the solver, without names.
    ///
    /// # Errors
    /// When the solver refuses.
    pub fn program(&self) -> Result<Program, MilpError> {
        self.highs.read_back()
    }

    /// Chooses how programs without integers are solved.
    pub fn set_method(&mut self, method: LpMethod) {
        self.method = method;
    }

    /// Turns the reductions before the solve on (the default) or off.
    ///
    /// Off, a re-solve starts from the last basis, which is faster after a
    /// small change of a program without integers.
    pub fn set_presolve(&mut self, presolve: bool) {
        self.presolve = presolve;
    }

    /// Sets the cost of a column.
    ///
    /// # Errors
    /// When there is no such column or the cost is not a finite number.
    pub fn set_cost(&mut self, column: usize, cost: f64) -> Result<(), MilpError> {
        self.highs.set_cost(column, cost)?;
        self.cost[column] = cost;
        Ok(())
    }

    /// Sets the bounds of a column.
    ///
    /// # Errors
    /// When there is no such column or a bound is not a number.
    pub fn set_column_bounds(&mut self, column: usize, lower: f64, upper: f64) -> Result<(), MilpError> {
        self.highs.set_column_bounds(column, lower, upper)?;
        (self.lower[column], self.upper[column]) = (lower, upper);
        Ok(())
    }

    /// Sets the bounds of a row.
    ///
    /// # Errors
    /// When there is no such row or a bound is not a number.
    pub fn set_row_bounds(&mut self, row: usize, lower: f64, upper: f64) -> Result<(), MilpError> {
        self.highs.set_row_bounds(row, lower, upper)
    }

    /// Sets the kind of a column.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn set_kind(&mut self, column: usize, kind: ColumnKind) -> Result<(), MilpError> {
        self.highs.set_kind(column, kind)?;
        self.kinds[column] = kind;
        Ok(())
    }

    /// Gives the next solve a start: values for some of the columns.
    ///
    /// The others are completed by the solver. A start that cannot be
    /// completed is dropped; one that can is the first answer, so a limit never
    /// returns less. It is used once.
    pub fn set_start(&mut self, start: Vec<(usize, f64)>) {
        self.start = start;
    }

    /// Whether any column must be whole or may jump to zero.
    #[must_use]
    pub fn has_integers(&self) -> bool {
        self.kinds.iter().any(|kind| *kind != ColumnKind::Continuous)
    }

    /// Solves under the limits of `control`, with its seed, telling its listener.
    ///
    /// The work limit counts branch-and-bound nodes, and iterations where the
    /// program has no integers. Cancelling ends a search between two linear
    /// programs; `threads` does not matter, one is used.
    ///
    /// # Errors
    /// When the solver refuses a setting or the start names a column that does not exist.
    pub fn solve(&mut self, control: &Control) -> Result<Solved, MilpError> {
        let control = control.started();
        if self.cost.is_empty() {
            return self.without_columns();
        }
        if !self.start.is_empty() {
            let start = std::mem::take(&mut self.start);
            if self.has_integers() {
                self.highs.set_start(&start)?;
            }
        }
        self.apply_limits(&control)?;
        let mut status = self.run(&control)?;
        if status == ModelStatus::Failed && !control.should_stop() {
            status = self.second_attempt(&control)?;
        }
        match status {
            ModelStatus::Unbounded if !self.has_integers() => Ok(self.without_answer(Termination::Unbounded)),
            ModelStatus::Unbounded | ModelStatus::UnboundedOrInfeasible => {
                let termination = self.unbounded_or_infeasible(&control)?;
                Ok(self.without_answer(termination))
            }
            _ => self.answer(status, &control),
        }
    }

    /// Kind of a column.
    pub(super) fn kind(&self, column: usize) -> ColumnKind {
        self.kinds[column]
    }

    /// Whether the program can be satisfied at all; its objective must be zero.
    ///
    /// The work limit of `control` counts nodes; a program without integers
    /// is decided without one.
    pub(super) fn feasibility(&mut self, control: &Control) -> Result<Verdict, MilpError> {
        let mut control = control.clone();
        if !self.has_integers() {
            control.limits.work = None;
        }
        let solved = self.solve(&control)?;
        Ok(match solved.outcome.termination {
            Termination::Infeasible => Verdict::Infeasible,
            _ if solved.outcome.solution_status != SolutionStatus::None => Verdict::Feasible,
            Termination::Unbounded => Verdict::Feasible,
            _ => Verdict::Unknown,
        })
    }

    /// Solves the program with its integer columns held at `values`: the
    /// continuous rest of an answer, with duals.
    ///
    /// # Errors
    /// As [`solve`](Session::solve); also when `values` has another length than the columns.
    pub fn solve_with_integers_fixed(
        &mut self,
        values: &[f64],
        control: &Control,
    ) -> Result<Solved, MilpError> {
        if values.len() != self.kinds.len() {
            return Err(MilpError::Model {
                reason: format!("{} values for {} columns", values.len(), self.kinds.len()),
            });
        }
        let fixed = (0..values.len()).filter(|&column| self.kinds[column] != ColumnKind::Continuous);
        let fixed: Vec<usize> = fixed.collect();
        for &column in &fixed {
            let (lower, upper) = self.fixed_bounds(column, values[column]);
            self.highs.set_kind(column, ColumnKind::Continuous)?;
            self.highs.set_column_bounds(column, lower, upper)?;
        }
        let kinds = std::mem::replace(&mut self.kinds, vec![ColumnKind::Continuous; values.len()]);
        let solved = self.solve(control);
        self.kinds = kinds;
        for &column in &fixed {
            self.highs.set_column_bounds(column, self.lower[column], self.upper[column])?;
            self.highs.set_kind(column, self.kinds[column])?;
        }
        solved
    }

    fn fixed_bounds(&self, column: usize, value: f64) -> (f64, f64) {
        match self.kinds[column] {
            ColumnKind::SemiContinuous if value.abs() > PROVED => (self.lower[column], self.upper[column]),
            ColumnKind::SemiContinuous => (0.0, 0.0),
            _ => (value.round(), value.round()),
        }
    }

    fn apply_limits(&mut self, control: &Control) -> Result<(), MilpError> {
        let limits = &control.limits;
        let work = limits.work.map_or(i32::MAX, |work| i32::try_from(work).unwrap_or(i32::MAX));
        let seed = i32::try_from(control.seed & 0x7fff_ffff).unwrap_or(0);
        let is_mip = self.has_integers();
        self.highs.set_option(c"mip_rel_gap", OptionValue::Number(limits.gap))?;
        self.highs.set_option(c"mip_max_nodes", OptionValue::Whole(work))?;
        let iterations = if is_mip { i32::MAX } else { work };
        self.highs.set_option(c"simplex_iteration_limit", OptionValue::Whole(iterations))?;
        self.highs.set_option(c"ipm_iteration_limit", OptionValue::Whole(iterations))?;
        self.highs.set_option(c"random_seed", OptionValue::Whole(seed))?;
        self.highs
            .set_option(c"presolve", OptionValue::Word(if self.presolve { c"choose" } else { c"off" }))?;
        let method = match self.method {
            LpMethod::Simplex if !is_mip => c"simplex",
            LpMethod::InteriorPoint if !is_mip => c"ipm",
            _ => c"choose",
        };
        self.highs.set_option(c"solver", OptionValue::Word(method))
    }

    fn run(&mut self, control: &Control) -> Result<ModelStatus, MilpError> {
        if control.cancel.is_requested() {
            return Ok(ModelStatus::Interrupted);
        }
        let seconds = control.time_left().map_or(f64::INFINITY, |left| left.as_secs_f64());
        self.highs.set_option(c"time_limit", OptionValue::Number(seconds))?;
        self.highs.run(control, "solve")
    }

    /// Without presolve, by simplex: slower, and steadier where the numbers are bad.
    fn second_attempt(&mut self, control: &Control) -> Result<ModelStatus, MilpError> {
        self.highs.forget()?;
        self.highs.set_option(c"presolve", OptionValue::Word(c"off"))?;
        if !self.has_integers() {
            self.highs.set_option(c"solver", OptionValue::Word(c"simplex"))?;
        }
        self.run(control)
    }

    /// Tells an unbounded program from an infeasible one by solving it with a zero objective.
    fn unbounded_or_infeasible(&mut self, control: &Control) -> Result<Termination, MilpError> {
        let priced: Vec<usize> = (0..self.cost.len()).filter(|&column| self.cost[column] != 0.0).collect();
        for &column in &priced {
            self.highs.set_cost(column, 0.0)?;
        }
        let status = self.run(control);
        for &column in &priced {
            self.highs.set_cost(column, self.cost[column])?;
        }
        Ok(match status? {
            ModelStatus::Infeasible => Termination::Infeasible,
            ModelStatus::Optimal | ModelStatus::Unbounded => Termination::Unbounded,
            _ => Termination::InfeasibleOrUnbounded,
        })
    }

    /// A program without columns has one point; it satisfies the rows or not.
    fn without_columns(&self) -> Result<Solved, MilpError> {
        let program = self.highs.read_back()?;
        let mut solved = self.without_answer(Termination::Infeasible);
        if program.violation_of(&[]).row <= PROVED {
            let objective = Some(program.offset);
            solved.row_activity = vec![0.0; program.rows()];
            solved.row_duals = vec![0.0; program.rows()];
            solved.outcome = Outcome {
                termination: Termination::Optimal,
                solution_status: SolutionStatus::Optimal,
                objective,
                bound: objective,
            };
        }
        Ok(solved)
    }

    fn without_answer(&self, termination: Termination) -> Solved {
        Solved {
            outcome: Outcome::without_answer(termination),
            values: Vec::new(),
            row_activity: Vec::new(),
            row_duals: Vec::new(),
            reduced_costs: Vec::new(),
            nodes: self.count(&[c"mip_node_count"]),
            iterations: self.count(&[c"simplex_iteration_count", c"ipm_iteration_count"]),
        }
    }

    fn count(&self, names: &[&std::ffi::CStr]) -> u64 {
        let counts = names.iter().filter_map(|name| self.highs.whole_info(name));
        counts.map(|count| u64::try_from(count).unwrap_or(0)).sum()
    }
}

/// Costs, bounds and kinds of the columns, and their start values, as a session keeps them.
#[derive(Debug)]
pub(super) struct SessionColumns {
    pub cost: Vec<f64>,
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    pub kinds: Vec<ColumnKind>,
    pub start: Vec<(usize, f64)>,
}

/// Solves a program once.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::milp::{ColumnKind, Program, solve};
/// use purvey::solution::Termination;
/// let mut program = Program::minimise();
/// let x = program.add_column(1.0, 0.0, 10.0, ColumnKind::Integer);
/// program.add_row(2.5, f64::INFINITY, &[(x, 1.0)]);
/// let solved = solve(&program, &Control::default())?;
/// assert_eq!(solved.outcome.termination, Termination::Optimal);
/// assert_eq!(solved.values, [3.0]);
/// # Ok::<(), purvey::optimize::milp::MilpError>(())
/// ```
///
/// # Errors
/// When the program holds a number that cannot be used, or the solver refuses it.
pub fn solve(program: &Program, control: &Control) -> Result<Solved, MilpError> {
    Session::new(program)?.solve(control)
}
