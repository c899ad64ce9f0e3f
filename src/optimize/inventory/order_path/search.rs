//! Given an order plan, find a cheaper one near by.
//!
//! Method: descent over small moves, priced by simulation and taken as soon as
//! they pay: an order some steps larger or smaller, steps moved to the next
//! order period, an order dropped, merged with a neighbour, or set to a price
//! break. The first two are the steps of descent on L-natural-convex costs:
//! P. Zipkin (2008), "On the Structure of Lost-Sales Inventory Models",
//! doi:10.1287/opre.1070.0482.
//! Cost: O(M S T) a round over M order periods, rounds until nothing pays or
//! the budget of simulations is used.
//! Use [`minimise`](super::refine::minimise) instead when unmet demand waits and stock keeps.
//! Not for: proofs; it stops at a plan that no single move betters.
//! Same input gives the same answer: yes.

use super::evaluate::{PathCost, Simulator};
use super::prepared::Prepared;
use super::problem::PathProblem;
use super::terms::OrderTerms;

/// A plan in lattice steps with its orders in units and its cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Candidate {
    /// Steps by stage.
    pub steps: Vec<usize>,
    /// Units by period, locked orders included.
    pub orders: Vec<f64>,
    /// Simulated cost.
    pub cost: PathCost,
}

impl Candidate {
    /// Starts from the locked orders alone.
    pub fn reset(&mut self, problem: &PathProblem, stages: usize) {
        self.steps.clear();
        self.steps.resize(stages, 0);
        self.orders.clear();
        self.orders.extend(problem.locked.iter().map(|locked| locked.unwrap_or(0.0)));
    }

    /// Takes the increases of a path of levels in base steps.
    pub fn follow(&mut self, prepared: &Prepared, path: &[usize]) {
        let mut before = 0;
        for (stage, &level) in path.iter().enumerate() {
            self.set(prepared, stage, level - before);
            before = level;
        }
    }

    pub fn set(&mut self, prepared: &Prepared, stage: usize, steps: usize) {
        self.steps[stage] = steps;
        self.orders[prepared.stages[stage]] = steps as f64 * prepared.multiple;
    }

    /// Takes over another candidate without giving up buffers.
    pub fn copy_from(&mut self, other: &Candidate) {
        self.steps.clone_from(&other.steps);
        self.orders.clone_from(&other.orders);
        self.cost = other.cost;
    }
}

/// Everything a descent reads, and its budget.
pub(crate) struct Descent<'a> {
    pub problem: &'a PathProblem,
    pub prepared: &'a Prepared,
    pub terms: &'a OrderTerms,
    pub simulator: &'a mut Simulator,
    /// Simulations left.
    pub budget: usize,
}

impl Descent<'_> {
    /// Improves `plan` until no move pays.
    pub fn run(&mut self, plan: &mut Candidate) {
        let mean = plan.steps.iter().sum::<usize>() / plan.steps.len().max(1);
        let mut size = (mean / 4).max(1).next_power_of_two();
        loop {
            let before = plan.cost.total();
            for stage in 0..plan.steps.len() {
                self.resize(plan, stage, size);
                self.shift(plan, stage, size);
                self.merge(plan, stage);
                self.jump(plan, stage);
            }
            if self.budget == 0 || (size == 1 && plan.cost.total() >= before) {
                return;
            }
            size = (size / 2).max(1);
        }
    }

    /// More or less in one stage.
    fn resize(&mut self, plan: &mut Candidate, stage: usize, size: usize) {
        let steps = plan.steps[stage];
        let least = self.prepared.min_steps;
        if !self.attempt(plan, &[(stage, (steps + size).max(least))]) && steps > 0 {
            let smaller = steps.saturating_sub(size);
            let smaller = if smaller < least { 0 } else { smaller };
            self.attempt(plan, &[(stage, smaller)]);
            if smaller == 0 && plan.steps[stage] > least {
                self.attempt(plan, &[(stage, least)]);
            }
        }
    }

    /// Some steps from one stage to the next or back.
    fn shift(&mut self, plan: &mut Candidate, stage: usize, size: usize) {
        let next = stage + 1;
        if next == plan.steps.len() {
            return;
        }
        let (here, there) = (plan.steps[stage], plan.steps[next]);
        if here >= size && self.attempt(plan, &[(stage, here - size), (next, there + size)]) {
            return;
        }
        if there >= size {
            self.attempt(plan, &[(stage, here + size), (next, there - size)]);
        }
    }

    /// The whole order to the next order, or to the stage before or after.
    fn merge(&mut self, plan: &mut Candidate, stage: usize) {
        let steps = plan.steps[stage];
        if steps == 0 || self.terms.convex {
            return;
        }
        if stage > 0 && self.attempt(plan, &[(stage, 0), (stage - 1, plan.steps[stage - 1] + steps)]) {
            return;
        }
        let next_order = (stage + 1..plan.steps.len()).find(|&other| plan.steps[other] > 0);
        for other in
            [Some(stage + 1).filter(|&other| other < plan.steps.len()), next_order].into_iter().flatten()
        {
            if self.attempt(plan, &[(stage, 0), (other, plan.steps[other] + steps)]) {
                return;
            }
        }
        self.attempt(plan, &[(stage, 0)]);
    }

    /// To the start of another price segment.
    fn jump(&mut self, plan: &mut Candidate, stage: usize) {
        let terms = self.terms;
        if terms.segments(stage).len() > 1 && plan.steps[stage] > 0 {
            for segment in terms.segments(stage) {
                self.attempt(plan, &[(stage, segment.from)]);
            }
        }
    }

    /// Sets some stages to new steps and keeps that if it pays.
    fn attempt(&mut self, plan: &mut Candidate, moves: &[(usize, usize)]) -> bool {
        let allowed = moves.iter().all(|&(stage, steps)| self.terms.order_cost(stage, steps).is_finite());
        let changes = moves.iter().any(|&(stage, steps)| plan.steps[stage] != steps);
        if !allowed || !changes || self.budget == 0 {
            return false;
        }
        self.budget -= 1;
        let before = [moves[0].0, moves[moves.len() - 1].0].map(|stage| (stage, plan.steps[stage]));
        for &(stage, steps) in moves {
            plan.set(self.prepared, stage, steps);
        }
        let cost = self.simulator.price(self.problem, self.prepared, &plan.orders);
        let pays = cost.total() < plan.cost.total() - 1e-12 * plan.cost.total().abs();
        if pays {
            plan.cost = cost;
        } else {
            for (stage, steps) in before {
                plan.set(self.prepared, stage, steps);
            }
        }
        pays
    }
}
