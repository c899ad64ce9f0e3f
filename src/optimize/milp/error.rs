//! What can go wrong before a solver gives an answer.

use std::path::PathBuf;

/// A program that could not be read, built or handed over.
///
/// "There is no answer" is not an error but a
/// [`Termination`](crate::solution::Termination).
#[derive(Debug, thiserror::Error)]
pub enum MilpError {
    /// The file says something that cannot be understood.
    #[error("{file}:{line}: {found}\n  help: {help}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// How to mend it.
        help: String,
    },
    /// The program itself has a number that cannot be used.
    #[error("the program has a number that cannot be used: {reason}")]
    Model {
        /// Which number, and where.
        reason: String,
    },
    /// The file could not be opened or read.
    #[error("{file}: {source}", file = file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The solver refused a call; the state of the solve is lost.
    #[error("the solver refused to {action}")]
    Solver {
        /// What it was asked to do.
        action: String,
    },
    /// The program is larger than the solver can address.
    #[error("the program is too large for the solver: {what} is above 2,147,483,647")]
    TooLarge {
        /// Which number is too large.
        what: String,
    },
}
