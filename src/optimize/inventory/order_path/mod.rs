//! The order plan of one stock point over a horizon: one fixed vector of
//! orders that costs least on average over equally likely demand scenarios.

mod evaluate;
mod prepared;
mod problem;

pub use evaluate::{PathCost, PathTrace, evaluate};
pub use prepared::Prepared;
pub use problem::{Arrival, ExpiringLot, PathError, PathProblem, PriceBreak, PriceList};

/// How hard [`solve_path`] tries.
#[derive(Debug, Clone, PartialEq)]
pub struct PathOptions {
    /// Relative gap between cost and bound at which the plan is good enough.
    pub gap: f64,
    /// Most rounds of the multipliers that bound a plan with lost sales.
    pub max_rounds: usize,
    /// Most lattice points (order periods times cumulative quantities) that
    /// are looked at one by one; beyond them the lattice is first coarsened.
    pub max_states: usize,
}

impl Default for PathOptions {
    /// Gap 1e-6, 60 rounds, 2^20 states.
    fn default() -> Self {
        PathOptions { gap: 1e-6, max_rounds: 60, max_states: 1 << 20 }
    }
}

/// A plan, what it costs, and how much better another could be.
#[derive(Debug, Clone, PartialEq)]
pub struct PathSolution {
    /// Units ordered, by period; the locked orders are among them.
    pub orders: Vec<f64>,
    /// Average cost over the scenarios.
    pub cost: PathCost,
    /// No plan costs less than this.
    pub bound: f64,
    /// Whether cost and bound meet within [`PathOptions::gap`].
    pub exact: bool,
    /// Lattice sweeps made.
    pub iterations: usize,
}
