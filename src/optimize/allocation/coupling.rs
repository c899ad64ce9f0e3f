//! The shared side of an allocation: rows with limits, and switches that raise them.

use thiserror::Error;

/// Relative slack within which a row counts as respected.
const ROW_TOLERANCE: f64 = 1e-9;

/// One shared limit: the usages of all parts add up, and the sum must stay
/// between `lower` and `upper`.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedRow {
    /// What the row is called in an answer (`budget`, `capacity of period 4`).
    pub label: String,
    /// Least total usage; `-inf` for a row that only bounds from above.
    pub lower: f64,
    /// Greatest total usage; `inf` for a row that only bounds from below.
    pub upper: f64,
}

impl SharedRow {
    /// A row `sum of usage <= limit`.
    pub fn at_most(label: impl Into<String>, limit: f64) -> Self {
        SharedRow { label: label.into(), lower: f64::NEG_INFINITY, upper: limit }
    }

    /// A row `sum of usage >= limit`.
    pub fn at_least(label: impl Into<String>, limit: f64) -> Self {
        SharedRow { label: label.into(), lower: limit, upper: f64::INFINITY }
    }

    /// A row `lower <= sum of usage <= upper`; equal sides make an equation.
    pub fn between(label: impl Into<String>, lower: f64, upper: f64) -> Self {
        SharedRow { label: label.into(), lower, upper }
    }

    /// How far `usage` is outside the limits, in the row's unit; 0 inside.
    #[must_use]
    pub fn violation(&self, usage: f64) -> f64 {
        (usage - self.upper).max(self.lower - usage).max(0.0)
    }

    /// Whether `usage` is inside the limits up to rounding.
    #[must_use]
    pub fn allows(&self, usage: f64) -> bool {
        self.violation(usage) <= self.tolerance()
    }

    pub(super) fn tolerance(&self) -> f64 {
        let size = |limit: f64| if limit.is_finite() { limit.abs() } else { 0.0 };
        ROW_TOLERANCE * (1.0 + size(self.lower).max(size(self.upper)))
    }

    /// The end of the row that `price` pays for: a positive price belongs to
    /// the upper limit, a negative one to the lower.
    pub(super) fn priced_limit(&self, price: f64) -> f64 {
        if price > 0.0 {
            self.upper
        } else if price < 0.0 {
            self.lower
        } else {
            0.0
        }
    }

    /// The price nearest to `price` that the sides of the row allow.
    pub(super) fn allowed_price(&self, price: f64) -> f64 {
        let lowest = if self.lower.is_finite() { f64::NEG_INFINITY } else { 0.0 };
        let highest = if self.upper.is_finite() { f64::INFINITY } else { 0.0 };
        price.clamp(lowest, highest)
    }
}

/// A fixed charge that parts share: each copy that is opened costs `cost` and
/// shifts the limits of some rows up.
///
/// An order header that many lines need is a row `line usage <= 0` for each
/// line and one switch that raises all of them by 1; a truck is a row
/// `load <= 0` and a switch with as many copies as there are trucks, each
/// raising it by one load; a joint minimum is a row `quantity >= 0` that the
/// switch raises to the minimum.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// What the switch is called in an answer.
    pub label: String,
    /// Cost of each open copy; 0 or more.
    pub cost: f64,
    /// How many copies may be open; at least 1.
    pub copies: u32,
    /// Row and amount by which one copy raises its limits.
    pub raises: Vec<(u32, f64)>,
}

/// The rows and switches of a problem, validated.
///
/// ```
/// use purvey::optimize::allocation::{Coupling, SharedRow};
/// let coupling = Coupling::new(vec![SharedRow::at_most("budget", 100.0)], Vec::new())?;
/// assert_eq!(coupling.rows()[0].label, "budget");
/// assert!(Coupling::new(vec![SharedRow::between("budget", 2.0, 1.0)], Vec::new()).is_err());
/// # Ok::<(), purvey::optimize::allocation::AllocationError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Coupling {
    rows: Vec<SharedRow>,
    switches: Vec<Switch>,
}

impl Coupling {
    /// Checks rows and switches and puts them together.
    ///
    /// # Errors
    /// A row without a usable limit, or a switch that names no row of the
    /// problem, costs less than nothing or has no copy.
    pub fn new(rows: Vec<SharedRow>, switches: Vec<Switch>) -> Result<Self, AllocationError> {
        for (index, row) in rows.iter().enumerate() {
            let empty = row.lower.is_nan() || row.upper.is_nan() || row.lower > row.upper;
            if empty || row.lower == f64::INFINITY || row.upper == f64::NEG_INFINITY {
                return Err(AllocationError::EmptyRow {
                    row: index,
                    label: row.label.clone(),
                    lower: row.lower,
                    upper: row.upper,
                });
            }
        }
        for (index, switch) in switches.iter().enumerate() {
            let amounts =
                switch.raises.iter().all(|(row, amount)| (*row as usize) < rows.len() && amount.is_finite());
            if !amounts || !switch.cost.is_finite() || switch.cost < 0.0 || switch.copies == 0 {
                return Err(AllocationError::BadSwitch {
                    switch: index,
                    label: switch.label.clone(),
                    rows: rows.len(),
                });
            }
        }
        Ok(Coupling { rows, switches })
    }

    /// Rows known to be valid, without switches.
    pub(super) fn of_valid_rows(rows: Vec<SharedRow>) -> Self {
        Coupling { rows, switches: Vec::new() }
    }

    /// The shared rows.
    #[must_use]
    pub fn rows(&self) -> &[SharedRow] {
        &self.rows
    }

    /// The switches.
    #[must_use]
    pub fn switches(&self) -> &[Switch] {
        &self.switches
    }
}

/// Why an allocation could not be set up.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum AllocationError {
    /// A switch that cannot be used.
    #[error(
        "switch {switch} (\"{label}\") needs a finite cost of 0 or more, at least one copy and finite raises of rows below {rows}"
    )]
    BadSwitch {
        /// Its index.
        switch: usize,
        /// Its label.
        label: String,
        /// Number of rows of the problem.
        rows: usize,
    },
    /// A part without anything to choose from.
    #[error("part {part} has no candidate: give it at least one, such as doing nothing at cost 0")]
    EmptyPart {
        /// Its index.
        part: usize,
    },
    /// A row whose limits leave no room.
    #[error(
        "row {row} (\"{label}\") has limits {lower} to {upper}: give a lower limit that is not above the upper one"
    )]
    EmptyRow {
        /// Its index.
        row: usize,
        /// Its label.
        label: String,
        /// Its lower limit.
        lower: f64,
        /// Its upper limit.
        upper: f64,
    },
    /// A cost, bound or usage that is not a finite number.
    #[error("part {part} proposes a cost, bound or usage that is not a finite number")]
    NotFinite {
        /// The part.
        part: usize,
    },
    /// A usage of a row that the problem does not have.
    #[error("part {part} uses row {row}, but the problem has {rows} rows")]
    UnknownRow {
        /// The part.
        part: usize,
        /// The row it names.
        row: u32,
        /// Number of rows of the problem.
        rows: usize,
    },
}
