//! What can be wrong with a request for forecasts.

use thiserror::Error;

/// Why no forecast was made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SeriesError {
    /// An array does not have the length that its series asks for.
    #[error(
        "series {series}: {what} has {found} values, {wanted} expected\n  help: give one value (or one row) for each bucket, or none at all"
    )]
    Length {
        /// Name of the series.
        series: String,
        /// Which array.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that fits.
        wanted: usize,
    },
    /// Somebody asked for a stop before all series were done.
    #[error("stopped after {done} of {total} series\n  help: run again to get the forecasts")]
    Stopped {
        /// Series that were done.
        done: usize,
        /// Series in the panel.
        total: usize,
    },
    /// No method has this name.
    #[error("no forecasting method is called {name}\n  help: use one of {known}")]
    UnknownMethod {
        /// The name that was asked for.
        name: String,
        /// All names.
        known: String,
    },
}
