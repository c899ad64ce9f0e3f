//! The one place that talks to HiGHS through its C interface; with its submodules all `unsafe` code of the crate.
//!
//! [`Highs`] owns one solver instance. Every array that crosses the border has
//! its length checked here, every index is checked against the size of the
//! model, and a panic in the caller's progress listener is carried past the C
//! code and resumed on this side.

mod callback;
mod infeasible;

use super::{ColumnKind, MilpError, Program, Sense};
use crate::control::Control;
use callback::{HOOKED, Hook, on_callback};
use highs_sys::{
    Highs_changeColBounds, Highs_changeColCost, Highs_changeColIntegrality, Highs_changeObjectiveOffset,
    Highs_changeRowBounds, Highs_clearSolver, Highs_create, Highs_destroy, Highs_getDoubleInfoValue,
    Highs_getInt64InfoValue, Highs_getIntInfoValue, Highs_getLp, Highs_getModelStatus, Highs_getNumCol,
    Highs_getNumNz, Highs_getNumRow, Highs_getObjectiveValue, Highs_getSolution, Highs_passModel, Highs_run,
    Highs_setBoolOptionValue, Highs_setCallback, Highs_setDoubleOptionValue, Highs_setIntOptionValue,
    Highs_setSparseSolution, Highs_setStringOptionValue, Highs_startCallback, Highs_stopCallback,
    Highs_zeroAllClocks, HighsInt, kHighsMatrixFormatRowwise, kHighsObjSenseMaximize, kHighsObjSenseMinimize,
    kHighsSolutionStatusFeasible, kHighsStatusError, kHighsVarTypeContinuous, kHighsVarTypeInteger,
    kHighsVarTypeSemiContinuous, kHighsVarTypeSemiInteger,
};
use std::ffi::{CStr, c_void};
use std::panic::resume_unwind;
use std::ptr::{NonNull, null_mut};

/// What HiGHS says about the model after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelStatus {
    Optimal,
    Infeasible,
    Unbounded,
    UnboundedOrInfeasible,
    TimeLimit,
    WorkLimit,
    Interrupted,
    Failed,
}

/// A value of a solver option.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OptionValue<'a> {
    Flag(bool),
    Whole(i32),
    Number(f64),
    Word(&'a CStr),
}

/// Values, reduced costs, row activities and row duals, in the order of columns and rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Point {
    pub values: Vec<f64>,
    pub reduced_costs: Vec<f64>,
    pub row_activity: Vec<f64>,
    pub row_duals: Vec<f64>,
}

/// One HiGHS instance with one model.
pub(crate) struct Highs {
    instance: NonNull<c_void>,
    /// Owns the instance where the modelling crate made it; then it also destroys it.
    built_elsewhere: Option<highs::Model>,
}

// SAFETY: an instance is used by one thread at a time (every call that can
// change it takes `&mut self`), and HiGHS keeps nothing of an instance that is
// tied to the thread that made it; its task scheduler belongs to the thread
// that calls `run`, which uses one thread only.
unsafe impl Send for Highs {}

impl Drop for Highs {
    fn drop(&mut self) {
        if self.built_elsewhere.is_none() {
            // SAFETY: the instance was made by `Highs_create` in `new`, is
            // destroyed once, and no pointer to it outlives `self`.
            unsafe { Highs_destroy(self.instance.as_ptr()) }
        }
    }
}

impl Highs {
    /// An instance without a model: quiet, one thread.
    pub(crate) fn new() -> Result<Self, MilpError> {
        // SAFETY: no precondition; a null pointer is refused below.
        let instance = NonNull::new(unsafe { Highs_create() }).ok_or_else(|| refused("start"))?;
        Highs { instance, built_elsewhere: None }.quiet()
    }

    /// Takes over a model that the modelling crate has built.
    pub(crate) fn from_built(mut model: highs::Model) -> Result<Self, MilpError> {
        let instance = NonNull::new(model.as_mut_ptr()).ok_or_else(|| refused("start"))?;
        Highs { instance, built_elsewhere: Some(model) }.quiet()
    }

    /// A model that HiGHS reads from a plain file; the oracle of the readers' tests.
    #[cfg(test)]
    pub(crate) fn reading(path: &std::path::Path) -> Result<Self, MilpError> {
        let highs = Highs::new()?;
        let name = std::ffi::CString::new(path.as_os_str().as_encoded_bytes());
        let name = name.map_err(|_| refused("read a file with such a name"))?;
        // SAFETY: the instance is alive and the name is zero-terminated.
        let status = unsafe { highs_sys::Highs_readModel(highs.ptr(), name.as_ptr()) };
        accept(status, || "read the file".to_owned())?;
        Ok(highs)
    }

    fn quiet(mut self) -> Result<Self, MilpError> {
        self.set_option(c"output_flag", OptionValue::Flag(false))?;
        self.set_option(c"log_to_console", OptionValue::Flag(false))?;
        self.set_option(c"threads", OptionValue::Whole(1))?;
        self.set_option(c"parallel", OptionValue::Word(c"off"))?;
        Ok(self)
    }

    fn ptr(&self) -> *mut c_void {
        self.instance.as_ptr()
    }

    /// Sets an option; an unknown name or a value out of range is an error.
    pub(crate) fn set_option(&mut self, name: &CStr, value: OptionValue<'_>) -> Result<(), MilpError> {
        // SAFETY: the instance is alive; name and word are zero-terminated
        // strings that HiGHS copies before it returns.
        let status = unsafe {
            match value {
                OptionValue::Flag(flag) => {
                    Highs_setBoolOptionValue(self.ptr(), name.as_ptr(), HighsInt::from(flag))
                }
                OptionValue::Whole(number) => Highs_setIntOptionValue(self.ptr(), name.as_ptr(), number),
                OptionValue::Number(number) => Highs_setDoubleOptionValue(self.ptr(), name.as_ptr(), number),
                OptionValue::Word(word) => {
                    Highs_setStringOptionValue(self.ptr(), name.as_ptr(), word.as_ptr())
                }
            }
        };
        accept(status, || format!("set the option {} to {value:?}", name.to_string_lossy()))
    }

    /// Hands a program over; an earlier model of this instance is dropped.
    pub(crate) fn pass(&mut self, program: &Program) -> Result<(), MilpError> {
        program.check()?;
        let columns = count(program.columns(), "the number of columns")?;
        let rows = count(program.rows(), "the number of rows")?;
        let nonzeros = count(program.nonzeros(), "the number of coefficients")?;
        let kinds: Vec<HighsInt> = match program.has_integers() {
            true => program.kinds.iter().map(|&kind| kind_code(kind)).collect(),
            false => Vec::new(),
        };
        let integrality = if kinds.is_empty() { null_mut() } else { kinds.as_ptr().cast_mut() };
        // SAFETY: `Program` keeps every array at the length that its counts
        // say (columns, rows, rows + 1 starts, nonzeros) with indices in
        // range; HiGHS copies all of them and keeps no pointer. A quadratic
        // part is declared empty, so its null arrays are not read.
        let status = unsafe {
            Highs_passModel(
                self.ptr(),
                columns,
                rows,
                nonzeros,
                0,
                kHighsMatrixFormatRowwise,
                0,
                sense_code(program.sense),
                program.offset,
                program.cost.as_ptr(),
                program.column_lower.as_ptr(),
                program.column_upper.as_ptr(),
                program.row_lower.as_ptr(),
                program.row_upper.as_ptr(),
                program.starts.as_ptr(),
                program.indices.as_ptr(),
                program.coefficients.as_ptr(),
                null_mut(),
                null_mut(),
                null_mut(),
                integrality,
            )
        };
        accept(status, || "take the model".to_owned())
    }

    /// Number of columns of the model.
    pub(crate) fn columns(&self) -> usize {
        // SAFETY: the instance is alive.
        usize::try_from(unsafe { Highs_getNumCol(self.ptr()) }).unwrap_or(0)
    }

    /// Number of rows of the model.
    pub(crate) fn rows(&self) -> usize {
        // SAFETY: the instance is alive.
        usize::try_from(unsafe { Highs_getNumRow(self.ptr()) }).unwrap_or(0)
    }

    /// The model as plain arrays, without names.
    pub(crate) fn read_back(&self) -> Result<Program, MilpError> {
        let (columns, rows) = (self.columns(), self.rows());
        // SAFETY: the instance is alive.
        let nonzeros = usize::try_from(unsafe { Highs_getNumNz(self.ptr()) }).unwrap_or(0);
        let (mut cost, mut lower, mut upper) = (vec![0.0; columns], vec![0.0; columns], vec![0.0; columns]);
        let mut kinds = vec![kHighsVarTypeContinuous; columns];
        let (mut row_lower, mut row_upper) = (vec![0.0; rows], vec![0.0; rows]);
        let (mut starts, mut indices) = (vec![0; rows + 1], vec![0; nonzeros]);
        let mut coefficients = vec![0.0; nonzeros];
        let (mut c, mut r, mut nz, mut sense, mut offset) = (0, 0, 0, 0, 0.0);
        // SAFETY: every array has the length that HiGHS states for this model
        // (it writes `rows` starts); all pointers are to live, writable memory.
        let status = unsafe {
            Highs_getLp(
                self.ptr(),
                kHighsMatrixFormatRowwise,
                &mut c,
                &mut r,
                &mut nz,
                &mut sense,
                &mut offset,
                cost.as_mut_ptr(),
                lower.as_mut_ptr(),
                upper.as_mut_ptr(),
                row_lower.as_mut_ptr(),
                row_upper.as_mut_ptr(),
                starts.as_mut_ptr(),
                indices.as_mut_ptr(),
                coefficients.as_mut_ptr(),
                kinds.as_mut_ptr(),
            )
        };
        accept(status, || "give the model back".to_owned())?;
        starts[rows] = nz;
        let sense = if sense == kHighsObjSenseMaximize { Sense::Maximise } else { Sense::Minimise };
        let kinds = kinds.into_iter().map(kind_of_code).collect();
        Ok(Program::from_arrays(
            sense,
            offset,
            (cost, lower, upper, kinds),
            (row_lower, row_upper),
            (starts, indices, coefficients),
        ))
    }

    /// Sets the constant part of the objective.
    pub(crate) fn set_offset(&mut self, offset: f64) -> Result<(), MilpError> {
        // SAFETY: the instance is alive.
        let status = unsafe { Highs_changeObjectiveOffset(self.ptr(), offset) };
        accept(status, || "set the objective constant".to_owned())
    }

    /// Sets the cost of a column.
    pub(crate) fn set_cost(&mut self, column: usize, cost: f64) -> Result<(), MilpError> {
        let index = within(column, self.columns(), "column")?;
        // SAFETY: the instance is alive and the column exists.
        let status = unsafe { Highs_changeColCost(self.ptr(), index, cost) };
        accept(status, || format!("set the cost of column {column} to {cost}"))
    }

    /// Sets the bounds of a column.
    pub(crate) fn set_column_bounds(
        &mut self,
        column: usize,
        lower: f64,
        upper: f64,
    ) -> Result<(), MilpError> {
        let index = within(column, self.columns(), "column")?;
        // SAFETY: the instance is alive and the column exists.
        let status = unsafe { Highs_changeColBounds(self.ptr(), index, lower, upper) };
        accept(status, || format!("bound column {column} by {lower} and {upper}"))
    }

    /// Sets the bounds of a row.
    pub(crate) fn set_row_bounds(&mut self, row: usize, lower: f64, upper: f64) -> Result<(), MilpError> {
        let index = within(row, self.rows(), "row")?;
        // SAFETY: the instance is alive and the row exists.
        let status = unsafe { Highs_changeRowBounds(self.ptr(), index, lower, upper) };
        accept(status, || format!("bound row {row} by {lower} and {upper}"))
    }

    /// Sets the kind of a column.
    pub(crate) fn set_kind(&mut self, column: usize, kind: ColumnKind) -> Result<(), MilpError> {
        let index = within(column, self.columns(), "column")?;
        // SAFETY: the instance is alive and the column exists.
        let status = unsafe { Highs_changeColIntegrality(self.ptr(), index, kind_code(kind)) };
        accept(status, || format!("make column {column} {kind:?}"))
    }

    /// Gives a start: values for some columns; HiGHS completes the others.
    pub(crate) fn set_start(&mut self, start: &[(usize, f64)]) -> Result<(), MilpError> {
        let columns = self.columns();
        let mut indices = Vec::with_capacity(start.len());
        for &(column, value) in start {
            if !value.is_finite() {
                return Err(MilpError::Model { reason: format!("start value {value} of column {column}") });
            }
            indices.push(within(column, columns, "column")?);
        }
        let values: Vec<f64> = start.iter().map(|&(_, value)| value).collect();
        let entries = count(start.len(), "the number of start values")?;
        // SAFETY: both arrays have `entries` elements, every index is a column
        // of the model, and HiGHS copies them.
        let status =
            unsafe { Highs_setSparseSolution(self.ptr(), entries, indices.as_ptr(), values.as_ptr()) };
        accept(status, || "take the start".to_owned())
    }

    /// Forgets basis and solution of earlier runs; the model stays.
    pub(crate) fn forget(&mut self) -> Result<(), MilpError> {
        // SAFETY: the instance is alive.
        accept(unsafe { Highs_clearSolver(self.ptr()) }, || "forget the last solve".to_owned())
    }

    /// Runs the solver under the options set, listening to `control`.
    ///
    /// # Panics
    /// Resumes a panic of the caller's progress listener, after the solver has returned.
    pub(crate) fn run(&mut self, control: &Control, stage: &'static str) -> Result<ModelStatus, MilpError> {
        let mut hook = Hook::new(control, stage);
        let data: *mut Hook<'_> = &mut hook;
        // SAFETY: the instance is alive. The data pointer is to a `Hook` on
        // this stack frame, which outlives the run; the callbacks are stopped
        // and the pointer is taken back before the frame ends.
        unsafe {
            Highs_zeroAllClocks(self.ptr());
            Highs_setCallback(self.ptr(), Some(on_callback), data.cast());
            for kind in HOOKED {
                Highs_startCallback(self.ptr(), kind);
            }
            Highs_run(self.ptr());
            for kind in HOOKED {
                Highs_stopCallback(self.ptr(), kind);
            }
            Highs_setCallback(self.ptr(), Some(on_callback), null_mut());
        }
        if let Some(panic) = hook.panic.take() {
            resume_unwind(panic);
        }
        Ok(self.model_status())
    }

    fn model_status(&self) -> ModelStatus {
        // SAFETY: the instance is alive.
        match unsafe { Highs_getModelStatus(self.ptr()) } {
            6 | 7 | 11 | 12 => ModelStatus::Optimal,
            8 => ModelStatus::Infeasible,
            9 => ModelStatus::UnboundedOrInfeasible,
            10 => ModelStatus::Unbounded,
            13 => ModelStatus::TimeLimit,
            14 | 16 => ModelStatus::WorkLimit,
            17 | 19 => ModelStatus::Interrupted,
            _ => ModelStatus::Failed,
        }
    }

    /// Whether the last run left a point that satisfies the model.
    pub(crate) fn has_feasible_point(&self) -> bool {
        self.whole_info(c"primal_solution_status") == Some(i64::from(kHighsSolutionStatusFeasible))
    }

    /// Whether the last run left duals that satisfy the dual program.
    pub(crate) fn has_feasible_duals(&self) -> bool {
        self.whole_info(c"dual_solution_status") == Some(i64::from(kHighsSolutionStatusFeasible))
    }

    /// Objective of the last run's point.
    pub(crate) fn objective(&self) -> f64 {
        // SAFETY: the instance is alive.
        unsafe { Highs_getObjectiveValue(self.ptr()) }
    }

    /// A number of the last run by name; `None` where HiGHS does not have it.
    pub(crate) fn number_info(&self, name: &CStr) -> Option<f64> {
        let mut value = 0.0;
        // SAFETY: the instance is alive, the name is zero-terminated, and the
        // value is written to a live f64.
        let status = unsafe { Highs_getDoubleInfoValue(self.ptr(), name.as_ptr(), &mut value) };
        (status != kHighsStatusError && value.is_finite()).then_some(value)
    }

    /// A count of the last run by name; `None` where HiGHS does not have it.
    pub(crate) fn whole_info(&self, name: &CStr) -> Option<i64> {
        let (mut short, mut long) = (0, 0_i64);
        // SAFETY: the instance is alive, the name is zero-terminated, and each
        // call writes to a live integer of the type that it names; asking for
        // the wrong type is refused by HiGHS with an error status.
        unsafe {
            if Highs_getIntInfoValue(self.ptr(), name.as_ptr(), &mut short) != kHighsStatusError {
                return Some(i64::from(short));
            }
            let status = Highs_getInt64InfoValue(self.ptr(), name.as_ptr(), &mut long);
            (status != kHighsStatusError).then_some(long)
        }
    }

    /// Point and duals of the last run.
    pub(crate) fn point(&self) -> Result<Point, MilpError> {
        let (columns, rows) = (self.columns(), self.rows());
        let mut point = Point {
            values: vec![0.0; columns],
            reduced_costs: vec![0.0; columns],
            row_activity: vec![0.0; rows],
            row_duals: vec![0.0; rows],
        };
        // SAFETY: HiGHS writes as many numbers as the model has columns and
        // rows, and the arrays have those lengths.
        let status = unsafe {
            Highs_getSolution(
                self.ptr(),
                point.values.as_mut_ptr(),
                point.reduced_costs.as_mut_ptr(),
                point.row_activity.as_mut_ptr(),
                point.row_duals.as_mut_ptr(),
            )
        };
        accept(status, || "give its solution".to_owned())?;
        Ok(point)
    }
}

fn accept(status: HighsInt, action: impl FnOnce() -> String) -> Result<(), MilpError> {
    if status == kHighsStatusError { Err(MilpError::Solver { action: action() }) } else { Ok(()) }
}

fn refused(action: &str) -> MilpError {
    MilpError::Solver { action: action.to_owned() }
}

fn count(number: usize, what: &str) -> Result<HighsInt, MilpError> {
    HighsInt::try_from(number).map_err(|_| MilpError::TooLarge { what: what.to_owned() })
}

fn within(index: usize, size: usize, what: &str) -> Result<HighsInt, MilpError> {
    match HighsInt::try_from(index) {
        Ok(code) if index < size => Ok(code),
        _ => Err(MilpError::Model { reason: format!("{what} {index} of {size}") }),
    }
}

fn sense_code(sense: Sense) -> HighsInt {
    match sense {
        Sense::Minimise => kHighsObjSenseMinimize,
        Sense::Maximise => kHighsObjSenseMaximize,
    }
}

fn kind_code(kind: ColumnKind) -> HighsInt {
    match kind {
        ColumnKind::Continuous => kHighsVarTypeContinuous,
        ColumnKind::Integer => kHighsVarTypeInteger,
        ColumnKind::SemiContinuous => kHighsVarTypeSemiContinuous,
        ColumnKind::SemiInteger => kHighsVarTypeSemiInteger,
    }
}

fn kind_of_code(code: HighsInt) -> ColumnKind {
    match code {
        code if code == kHighsVarTypeSemiContinuous => ColumnKind::SemiContinuous,
        code if code == kHighsVarTypeSemiInteger => ColumnKind::SemiInteger,
        code if code == kHighsVarTypeContinuous => ColumnKind::Continuous,
        _ => ColumnKind::Integer,
    }
}
