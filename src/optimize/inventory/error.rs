//! What can be wrong with the numbers of a single-item model.

use thiserror::Error;

/// A number that a model cannot use.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum InventoryError {
    /// A number outside its range.
    #[error("{field} is {value}: wanted {wanted}")]
    OutOfRange {
        /// The argument.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What would do.
        wanted: &'static str,
    },
    /// Two lists that must go together do not.
    #[error("{field} has {found} entries, not {expected}")]
    WrongLength {
        /// The argument.
        field: &'static str,
        /// Entries found.
        found: usize,
        /// Entries wanted.
        expected: usize,
    },
}

/// Refuses what is not a finite number above zero.
pub(crate) fn positive(field: &'static str, value: f64) -> Result<(), InventoryError> {
    range(field, value, value > 0.0, "above 0")
}

/// Refuses what is not a finite number of zero or more.
pub(crate) fn not_negative(field: &'static str, value: f64) -> Result<(), InventoryError> {
    range(field, value, value >= 0.0, "0 or more")
}

/// Refuses a number that is not finite or not `good`.
pub(crate) fn range(
    field: &'static str,
    value: f64,
    good: bool,
    wanted: &'static str,
) -> Result<(), InventoryError> {
    if value.is_finite() && good { Ok(()) } else { Err(InventoryError::OutOfRange { field, value, wanted }) }
}
