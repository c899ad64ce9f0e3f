//! Given the options that a better selection may hold, choose among them exactly.
//!
//! Method: restricted master program (Dantzig & Wolfe 1960, "Decomposition
//! principle for linear programs", doi:10.1287/opre.8.1.101, over whole
//! options): a binary column an option, a row `sum = 1` a part, the shared rows
//! and an integer column a switch, solved by branch and bound. Options whose
//! priced cost lies above the part's cheapest by more than the gap are left
//! out, since no better selection holds one.
//! Cost: exponential in the worst case; limited in columns (an option of the
//! allocation), to 5,000 shared rows, and to fewer nodes the more columns there are.
//! Use `improve` alone beyond these sizes.
//! Not for: bounds of parts whose options are not all known.
//! Same input and work limit give the same answer: yes.

use super::coupling::Coupling;
use super::offers::{Menu, Offers, Pricing};
use super::primal::Incumbent;
use super::state::{Effort, Selection};
use crate::optimize::milp::{ColumnKind, MilpError, Program, Session, Solved};
use crate::solution::Termination;

const MOST_ROWS: usize = 5_000;
/// Nodes are limited so that nodes times columns stay within this.
const NODE_COLUMNS: u64 = 400_000;
/// Rounding allowed for when an option is left out, relative to the gap and the objective.
const ROUNDING: f64 = 1e-9;

/// What the master program proved.
pub(super) enum Proof {
    /// No selection of the known options costs less.
    Bound(f64),
    /// No selection of the known options respects all rows.
    Infeasible,
    Nothing,
}

/// The options in play; column of an option is its place in `options`.
struct Columns {
    options: Vec<(u32, u32)>,
    /// First column of each part, and the end of the last.
    start: Vec<usize>,
}

/// Solves the master where it is small enough; feeds the incumbent.
pub(super) fn solve_master<O: Offers>(
    offers: &mut O,
    coupling: &Coupling,
    prices: &[f64],
    most_columns: usize,
    incumbent: &mut Incumbent,
    effort: &mut Effort<'_>,
) -> Proof {
    let gap = effort.incumbent.map_or(f64::INFINITY, |objective| {
        (objective - effort.bound).max(0.0) * (1.0 + ROUNDING) + ROUNDING * objective.abs()
    });
    if coupling.rows().len() > MOST_ROWS {
        return Proof::Nothing;
    }
    let Some(columns) = columns_in_play(&*offers, prices, gap, most_columns) else {
        return Proof::Nothing;
    };
    // A solver that fails proves nothing; the selection at hand stays.
    let Ok(solved) = solve(&*offers, coupling, &columns, incumbent, effort) else {
        return Proof::Nothing;
    };
    if !solved.values.is_empty() {
        let selection = chosen(&*offers, coupling, &columns, &solved.values);
        let weights = vec![1.0; coupling.rows().len()];
        incumbent.take(offers, coupling, selection, &weights, effort);
    }
    match (solved.outcome.termination, solved.outcome.bound) {
        (Termination::Infeasible, _) if incumbent.is_empty() => Proof::Infeasible,
        (_, Some(bound)) => Proof::Bound(bound),
        _ => Proof::Nothing,
    }
}

/// The options within the gap; `None` where more than `most` of them are a choice.
fn columns_in_play<M: Menu>(menu: &M, prices: &[f64], gap: f64, most: usize) -> Option<Columns> {
    let pricing = Pricing { cost_weight: 1.0, prices };
    let mut columns = Columns { options: Vec::new(), start: vec![0] };
    let (mut values, mut choices) = (Vec::new(), 0);
    for part in 0..menu.parts() {
        values.clear();
        values.extend(
            (0..menu.options(part) as u32)
                .map(|option| pricing.value(menu.cost(part, option), menu.usage(part, option))),
        );
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let near = values.iter().enumerate().filter(|(_, value)| **value - least <= gap);
        columns.options.extend(near.map(|(option, _)| (part as u32, option as u32)));
        let count = columns.options.len() - columns.start[part];
        choices += if count > 1 { count } else { 0 };
        columns.start.push(columns.options.len());
        if choices > most {
            return None;
        }
    }
    Some(columns)
}

fn solve<M: Menu>(
    menu: &M,
    coupling: &Coupling,
    columns: &Columns,
    incumbent: &Incumbent,
    effort: &Effort<'_>,
) -> Result<Solved, MilpError> {
    let mut program = Program::minimise();
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); coupling.rows().len()];
    for &(part, option) in &columns.options {
        let column = program.add_column(menu.cost(part as usize, option), 0.0, 1.0, ColumnKind::Integer);
        for &(row, amount) in menu.usage(part as usize, option) {
            rows[row as usize].push((column, amount));
        }
    }
    for switch in coupling.switches() {
        let column = program.add_column(switch.cost, 0.0, f64::from(switch.copies), ColumnKind::Integer);
        for &(row, amount) in &switch.raises {
            rows[row as usize].push((column, -amount));
        }
    }
    for ends in columns.start.windows(2) {
        let terms: Vec<(usize, f64)> = (ends[0]..ends[1]).map(|column| (column, 1.0)).collect();
        program.add_row(1.0, 1.0, &terms);
    }
    for (row, terms) in coupling.rows().iter().zip(&rows) {
        program.add_row(row.lower, row.upper, terms);
    }
    let mut session = Session::new(&program)?;
    if let Some(best) = incumbent.feasible() {
        let held = |&(part, option): &(u32, u32)| f64::from(u8::from(best.options[part as usize] == option));
        let parts = columns.options.iter().map(held);
        let switches = best.open.iter().map(|&copies| f64::from(copies));
        session.set_start(parts.chain(switches).enumerate().collect());
    }
    let nodes = (NODE_COLUMNS / columns.options.len().max(1) as u64).clamp(20, 20_000);
    session.solve(&effort.control().clone().with_work(nodes))
}

fn chosen<M: Menu>(menu: &M, coupling: &Coupling, columns: &Columns, values: &[f64]) -> Selection {
    let best = |ends: &[usize]| {
        let mut best = ends[0];
        for column in ends[0]..ends[1] {
            if values[column] > values[best] {
                best = column;
            }
        }
        columns.options[best].1
    };
    let options = columns.start.windows(2).map(best).collect();
    let open = values[columns.options.len()..].iter().map(|value| value.round().max(0.0) as u32).collect();
    Selection::new(menu, coupling, options, open)
}
