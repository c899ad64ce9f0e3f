//! Given a lattice of cumulative orders that may be large, find the best path
//! on it, exactly where that is affordable, with a bound in any case.
//!
//! Method: where cost is convex (L-natural-convex), the optimum of a lattice
//! twice as coarse is a start around which small windows are searched until
//! the path lies off their edges, which proves it: K. Murota (2003), "Discrete
//! Convex Analysis", doi:10.1137/1.9780898718508, scaling and local optimality.
//! Otherwise the whole lattice is swept while it has at most `max_states`
//! points; beyond that a coarse lattice gives the start, windows refine it, and
//! the bound comes from a sweep over cells with the cost of their cheapest member.
//! Cost: time O((S T + M W) log K) when convex (windows of W levels), O(S T + B M K) otherwise.
//! Use [`Lattice::sweep`] alone when the lattice is known to be small.
//! Not for: stage costs that are not convex.
//! Same input gives the same answer: yes.

use super::lattice::{Kinks, Lattice};
use super::prepared::Prepared;
use super::terms::OrderTerms;

/// Levels to each side of the path in a window.
const REACH: usize = 6;
/// Lattices with fewer levels are swept whole.
const SMALL: usize = 512;

/// What a minimisation over the lattice found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LatticeOptimum {
    /// No path costs less.
    pub bound: f64,
    /// Sweeps made.
    pub sweeps: usize,
}

/// The data of one minimisation over the lattice.
pub(crate) struct LatticeTask<'a> {
    pub prepared: &'a Prepared,
    pub terms: &'a OrderTerms,
    pub holding: &'a [f64],
    pub kinks: Kinks<'a>,
    pub max_states: usize,
}

/// Finds the best path; `lattice.path` then holds its level after each stage, in base steps.
pub(crate) fn minimise(lattice: &mut Lattice, task: &LatticeTask<'_>) -> LatticeOptimum {
    let stages = task.prepared.stages.len();
    let levels = task.terms.reach + 1;
    if task.terms.convex && levels > SMALL {
        return minimise_convex(lattice, task);
    }
    if levels.saturating_mul(stages) <= task.max_states.max(stages) || levels <= 2 {
        lattice.open(stages, levels - 1, 1);
        return LatticeOptimum { bound: solve(lattice, task), sweeps: 1 };
    }
    minimise_coarse(lattice, task)
}

fn solve(lattice: &mut Lattice, task: &LatticeTask<'_>) -> f64 {
    lattice.lay(task.prepared, task.holding, task.kinks);
    lattice.sweep(task.terms)
}

fn minimise_convex(lattice: &mut Lattice, task: &LatticeTask<'_>) -> LatticeOptimum {
    let reach = task.terms.reach;
    let mut coarse = (reach / (SMALL / 4)).next_power_of_two();
    lattice.open(task.prepared.stages.len(), reach.div_ceil(coarse), coarse);
    let mut value = solve(lattice, task);
    let mut sweeps = 1;
    while coarse > 1 {
        coarse /= 2;
        lattice.path.iter_mut().for_each(|level| *level *= 2);
        let tries;
        (value, tries) = settle(lattice, task, coarse, REACH);
        sweeps += tries;
    }
    LatticeOptimum { bound: value, sweeps }
}

/// Searches windows around the path until it does not move to their edges.
fn settle(lattice: &mut Lattice, task: &LatticeTask<'_>, coarse: usize, width: usize) -> (f64, usize) {
    let top = task.terms.reach.div_ceil(coarse);
    let (mut value, mut tries) = (f64::INFINITY, 0);
    loop {
        tries += 1;
        narrow(lattice, coarse, top, width);
        let better = solve(lattice, task);
        let inside = lattice.path.iter().enumerate().all(|(stage, &level)| {
            (level > lattice.low[stage] || level == 0) && (level < lattice.high[stage] || level == top)
        });
        if inside || better >= value {
            return (better.min(value), tries);
        }
        value = better;
    }
}

/// Windows of `width` levels to each side of the path.
fn narrow(lattice: &mut Lattice, coarse: usize, top: usize, width: usize) {
    lattice.coarse = coarse;
    lattice.relaxed = false;
    for (stage, &level) in lattice.path.iter().enumerate() {
        lattice.low[stage] = level.saturating_sub(width).min(top);
        lattice.high[stage] = (level + width).min(top);
    }
}

fn minimise_coarse(lattice: &mut Lattice, task: &LatticeTask<'_>) -> LatticeOptimum {
    let stages = task.prepared.stages.len();
    let reach = task.terms.reach;
    let affordable = (task.max_states / stages).max(2 * SMALL);
    let mut coarse = (reach / affordable + 1).next_power_of_two();
    lattice.open(stages, reach / coarse + 1, coarse);
    lattice.relaxed = true;
    let bound = solve(lattice, task);
    lattice.open(stages, reach.div_ceil(coarse), coarse);
    solve(lattice, task);
    let mut sweeps = 2;
    while coarse > 1 {
        coarse /= 2;
        lattice.path.iter_mut().for_each(|level| *level *= 2);
        sweeps += settle(lattice, task, coarse, SMALL / 4).1;
    }
    LatticeOptimum { bound, sweeps }
}
