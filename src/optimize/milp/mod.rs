//! Linear and mixed-integer programs: modelling, solving with HiGHS, and explaining.
//!
//! | to | use |
//! |---|---|
//! | write a model whose rows read like formulas | [`Model`], with good_lp's expressions and a [`RowLabel`] for each row |
//! | hand over millions of coefficients, or a file | [`Program`], plain sparse rows |
//! | solve, change bounds, solve again | [`Session`] |
//!
//! All three answer in the words of [`solution`](crate::solution) and obey a
//! [`Control`](crate::control::Control).

mod error;
mod file;
mod highs_api;
mod lp;
mod model;
mod mps;
mod program;
mod session;

pub use error::MilpError;
pub use file::{looks_like_program, parse_program, read_program};
pub use model::{Model, Row, RowLabel, column_of};
pub use program::{ColumnKind, Program, Sense, Violation};
pub use session::{LpMethod, Session, Solved, solve};

#[cfg(test)]
mod data_tests;
#[cfg(test)]
mod tests;
