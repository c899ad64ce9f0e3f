//! Linear and mixed-integer programs: modelling, solving with HiGHS, and explaining.
//!
//! | to | use |
//! |---|---|
//! | write a model whose rows read like formulas | [`Model`], with good_lp's expressions and a [`RowLabel`] for each row |
//! | hand over millions of coefficients, or a file | [`Program`], plain sparse rows |
//! | solve, change bounds, solve again | [`Session`] |
//! | read an `.mps` or `.lp` file | [`read_program`] |
//! | say why there is no answer | [`infeasible_set`], [`infeasible_groups`] |
//! | say what to give up for an answer | [`relax`](fn@relax) |
//! | say which limits hold an answer back | [`binding`](fn@binding) |
//!
//! All answer in the words of [`solution`](crate::solution) and obey a
//! [`Control`](crate::control::Control).

mod binding;
mod error;
mod file;
mod highs_api;
mod iis;
mod lines;
mod lp;
mod model;
mod mps;
mod program;
mod relax;
mod session;
mod subsystem;

pub use binding::{Binding, BindingRow, binding};
pub use error::MilpError;
pub use file::{looks_like_program, parse_program, read_program};
pub use iis::{InfeasibleGroups, InfeasibleSet, infeasible_groups, infeasible_set};
pub use model::{Model, Row, RowLabel, column_of};
pub use program::{ColumnKind, Program, Sense, Violation};
pub use relax::{Elastic, Relaxation, Widening, all_elastic, relax, widened};
pub use session::{LpMethod, Session, Solved, solve};
pub use subsystem::{Member, Side};

#[cfg(test)]
mod data_tests;
#[cfg(test)]
mod iis_tests;
#[cfg(test)]
mod tests;
