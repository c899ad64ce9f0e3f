//! Given curves of what an amount brings and a budget, split the budget so that they bring most
//! in all.
//!
//! ```text
//! maximise   sum of a x^s / (x^s + k^s)
//! subject to sum of x <= budget,  lower <= x <= upper,  x a multiple of its step where it has one
//! ```
//!
//! Method: for s <= 1 all curves are concave, and the best split has one common marginal value
//! (water-filling; B. O. Koopman 1953, "The Optimum Distribution of Effort",
//! doi:10.1287/opre.1.2.52). For s > 1 a curve is first convex: its least concave cover
//! (envelope) gives a bound by the same filling, at which all but one curve stand where curve and
//! envelope touch; branch and bound splits the interval of that one (J. E. Falk and R. M. Soland
//! 1969, "An Algorithm for Separable Nonconvex Programming Problems", doi:10.1287/mnsc.15.9.550).
//! Cost: time O(n log n + i n) a filling of n curves with about i = 10 steps of the price, one
//! filling a node; memory O(n) a node.
//! Use [`choose`](super::choose) instead for curves of any form on a grid, or several budgets.
//! Not for: curves that depend on each other.
//! Same input and work limit give the same answer: yes.

mod curve;
mod filling;
mod search;
#[cfg(test)]
mod tests;

pub use curve::{Curve, CurveError};
pub use search::{BudgetSplit, split_budget};
