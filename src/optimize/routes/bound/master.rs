//! Given some routes, find what shares of them serve all visits at the least cost, and the prices of
//! visits that follow.
//!
//! Method: the linear relaxation of set covering over routes, Balinski and Quandt (1964), "On an integer
//! program for a delivery problem", doi:10.1287/opre.12.2.300, by HiGHS.
//! Cost: a linear program of a row a visit and a column a route.
//! Use [`super::super::partition`] for whole routes.
//! Same input gives the same answer: yes.

use crate::control::Control;
use crate::optimize::milp::{ColumnKind, Program, Session};
use crate::solution::SolutionStatus;

use super::super::network::Network;
use super::ways::Ways;

/// A route as a column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Place of its kind among the kinds that have ways.
    pub kind: usize,
    pub cost: f64,
    pub visits: Vec<u32>,
    /// Its share in the last answer, and what it would cost to use more of it.
    pub share: f64,
    pub reduced: f64,
}

/// An answer.
pub(super) struct Prices {
    pub visits: Vec<f64>,
    /// Of another vehicle of each kind, 0 or less.
    pub kinds: Vec<f64>,
    pub cost: f64,
}

/// The least cost of shares of the columns; `None` where the solver has none in time.
pub(super) fn solve(
    network: &Network<'_>,
    ways: &[Ways],
    columns: &mut [Column],
    control: &Control,
) -> Option<Prices> {
    let mut program = Program::minimise();
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.visits + ways.len()];
    for column in columns.iter() {
        let index = program.add_column(column.cost, 0.0, f64::INFINITY, ColumnKind::Continuous);
        column.visits.iter().for_each(|&visit| rows[visit as usize].push((index, 1.0)));
        rows[network.visits + column.kind].push((index, 1.0));
    }
    for (visit, row) in rows[..network.visits].iter_mut().enumerate() {
        let out = program.add_column(network.nodes[visit].penalty, 0.0, 1.0, ColumnKind::Continuous);
        row.push((out, 1.0));
        program.add_row(1.0, f64::INFINITY, row);
    }
    for (ways, row) in ways.iter().zip(&rows[network.visits..]) {
        program.add_row(f64::NEG_INFINITY, ways.count as f64, row);
    }
    let mut control = control.silent();
    control.limits.work = None;
    let mut session = Session::new(&program).ok()?;
    session.set_presolve(false);
    let solved = session.solve(&control).ok()?;
    let cost =
        solved.outcome.objective.filter(|_| solved.outcome.solution_status == SolutionStatus::Optimal)?;
    if solved.row_duals.len() != rows.len() {
        return None;
    }
    for (column, (share, reduced)) in columns.iter_mut().zip(solved.values.iter().zip(&solved.reduced_costs))
    {
        (column.share, column.reduced) = (*share, *reduced);
    }
    // What is below 0 here, or above a penalty, is rounding, and would make a bound that holds not.
    let price = |visit: usize| solved.row_duals[visit].clamp(0.0, network.nodes[visit].penalty);
    let kinds = solved.row_duals[network.visits..].iter().map(|dual| dual.min(0.0)).collect();
    Some(Prices { visits: (0..network.visits).map(price).collect(), kinds, cost })
}
