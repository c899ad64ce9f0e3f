//! Given a problem in which unmet demand is lost (or stock expires), find good
//! orders and a bound that no orders can beat.
//!
//! Method: Lagrangian relaxation of "lost demand never comes back" over the
//! lattice of cumulative orders (derivation in [`multipliers`](super::multipliers)):
//! each round solves the relaxed problem exactly, which gives a bound, prices
//! its orders by simulation and improves them by [`search`](super::search).
//! Paul Zipkin (2008), "On the Structure of Lost-Sales Inventory Models",
//! doi:10.1287/opre.1070.0482, for the structure; F. Barahona and R. Anbil
//! (2000), doi:10.1007/s101070050002, for the multipliers.
//! Cost: a lattice sweep and O(S T) a round, and the simulations of the search.
//! Use [`backorders`](super::backorders) instead when unmet demand waits and stock keeps.
//! Not for: a proof at any price; cost and bound may stay apart, by what
//! averaging several plans would gain.
//! Same input gives the same answer: yes.

use super::lattice::Kinks;
use super::prepared::Prepared;
use super::problem::PathProblem;
use super::refine::{LatticeTask, minimise};
use super::search::{Candidate, Descent};
use super::{PathOptions, Workspace};

/// Simulations that one descent may use, for each stage.
const DESCENT_BUDGET: usize = 24;
/// Rounds after which a bound that closed less than [`PROGRESS`] of the gap ends the work.
const PATIENCE: usize = 8;
/// See [`PATIENCE`].
const PROGRESS: f64 = 0.05;

/// One run of rounds; the best plan stays in `workspace.best`.
pub(crate) struct Rounds<'a> {
    pub problem: &'a PathProblem,
    pub prepared: &'a Prepared,
    pub options: &'a PathOptions,
    /// Holding costs of the relaxation.
    pub holding: &'a [f64],
    /// Cost of the locked orders.
    pub locked_cost: f64,
    pub bound: f64,
    pub sweeps: usize,
}

impl Rounds<'_> {
    /// Improves `workspace.best`, which holds a priced plan, and the bound.
    pub fn run(&mut self, workspace: &mut Workspace) {
        let mut multipliers = std::mem::take(&mut workspace.multipliers);
        if multipliers.open(self.prepared, self.holding, &self.problem.shortage_cost) {
            self.adjust(workspace, &mut multipliers);
        }
        workspace.multipliers = multipliers;
    }

    fn adjust(&mut self, workspace: &mut Workspace, multipliers: &mut super::multipliers::Multipliers) {
        multipliers.read_shortfall(self.prepared, &levels(&workspace.best));
        multipliers.average(1.0);
        multipliers.answer(self.prepared, self.holding);
        let mut factor = 1.0;
        let (mut idle, mut mark) = (0, self.bound);
        for round in 0..self.options.max_rounds {
            let bound = self.relax(workspace, multipliers);
            self.try_path(workspace);
            if bound > self.bound {
                self.bound = bound;
                multipliers.accept();
                idle = 0;
            } else {
                idle += 1;
            }
            let best = workspace.best.cost.total();
            let open = best - self.bound;
            if open <= self.options.gap * best.abs() {
                return;
            }
            if round % PATIENCE == PATIENCE - 1 {
                if self.bound - mark < PROGRESS * open {
                    return;
                }
                mark = self.bound;
            }
            if idle == 3 {
                factor *= 0.6;
                idle = 0;
            }
            multipliers.average(if round == 0 { 0.5 } else { 0.3 });
            multipliers.step(self.prepared, self.holding, open, factor);
        }
    }

    /// Solves the relaxed problem at the trial values; returns its bound.
    fn relax(&mut self, workspace: &mut Workspace, multipliers: &mut super::multipliers::Multipliers) -> f64 {
        let task = LatticeTask {
            prepared: self.prepared,
            terms: &workspace.terms,
            holding: self.holding,
            kinks: Kinks::Cell(&multipliers.kinks),
            max_states: self.options.max_states,
        };
        let optimum = minimise(&mut workspace.lattice, &task);
        self.sweeps += optimum.sweeps;
        multipliers.read_shortfall(self.prepared, &workspace.lattice.path);
        optimum.bound + self.locked_cost
    }

    /// Prices the orders of the last path, and searches around one that is better than all before.
    fn try_path(&mut self, workspace: &mut Workspace) {
        let candidate = &mut workspace.candidate;
        candidate.follow(self.prepared, &workspace.lattice.path);
        candidate.cost = workspace.simulator.price(self.problem, self.prepared, &candidate.orders);
        if candidate.cost.total() < workspace.best.cost.total() {
            descend(self.problem, self.prepared, workspace);
        }
    }
}

/// Improves the candidate by descent; the better of it and the best becomes the best.
pub(crate) fn descend(problem: &PathProblem, prepared: &Prepared, workspace: &mut Workspace) {
    let candidate = &mut workspace.candidate;
    Descent {
        problem,
        prepared,
        terms: &workspace.terms,
        simulator: &mut workspace.simulator,
        budget: DESCENT_BUDGET * prepared.stages.len(),
    }
    .run(candidate);
    if candidate.cost.total() < workspace.best.cost.total() {
        workspace.best.copy_from(candidate);
    }
}

/// Cumulative steps after each stage.
fn levels(plan: &Candidate) -> Vec<usize> {
    plan.steps
        .iter()
        .scan(0, |level, steps| {
            *level += steps;
            Some(*level)
        })
        .collect()
}
