//! Solvers. They speak rows, columns, stages, states and periods, and know no
//! trade: nothing here could not be used outside the shop that needed it first.

pub mod allocation;
pub mod inventory;
pub mod milp;
