//! Given a problem in which unmet demand waits, find the orders that cost least.
//!
//! Method: dynamic programming over cumulative orders. As orders never cross,
//! the cost of a scenario and period depends on one cumulative quantity only,
//! so cost separates into one convex function a stage; after H. M. Wagner and
//! T. M. Whitin (1958), "Dynamic Version of the Economic Lot Size Model",
//! doi:10.1287/mnsc.5.1.89, with a sample average in the place of known demand.
//! Cost: time O(S T + B M K), memory O(S T + M K); see [`lattice`](super::lattice).
//! Use [`lost_sales`](super::lost_sales) instead when unmet demand does not wait.
//! Not for: stock that expires.
//! Same input gives the same answer: yes.

use super::lattice::Kinks;
use super::prepared::Prepared;
use super::problem::PathProblem;
use super::refine::{LatticeOptimum, LatticeTask, minimise};
use super::{PathOptions, Workspace};

/// Best path under `holding` and the shortage costs as if stock kept and
/// demand waited; left in `workspace.lattice.path`.
pub(crate) fn solve(
    problem: &PathProblem,
    prepared: &Prepared,
    holding: &[f64],
    options: &PathOptions,
    workspace: &mut Workspace,
) -> LatticeOptimum {
    let kinks = &mut workspace.period_kinks;
    kinks.clear();
    kinks.extend(holding.iter().zip(&problem.shortage_cost).map(|(h, p)| h + p));
    let task = LatticeTask {
        prepared,
        terms: &workspace.terms,
        holding,
        kinks: Kinks::Period(kinks),
        max_states: options.max_states,
    };
    minimise(&mut workspace.lattice, &task)
}
