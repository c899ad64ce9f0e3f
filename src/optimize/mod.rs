//! Solvers. They speak rows, columns, stages, states and periods, and know no
//! trade: nothing here could not be used outside the question that needed it first.

pub mod allocation;
pub mod genetic;
pub mod inventory;
pub mod matching;
pub mod milp;
pub mod paths;
pub mod routes;
