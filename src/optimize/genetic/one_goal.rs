//! What the searches for one goal share: effort, bookkeeping of the best, evaluation in parallel.
//!
//! Method: candidates are evaluated in batches and compared by violation first, then by the goal.
//! Cost: that of the evaluations.
//! Use [`super::evolution`] instead for several goals.
//! Not for: orders among the genes.
//! Same input and seed give the same answer: yes, whatever the number of threads.

use rayon::prelude::*;

use super::{Candidate, Genes, GeneticError, Problem};
use crate::control::Control;
use crate::solution::Termination;

/// How long and with how many a search for one goal runs.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchEffort {
    /// Candidates at a time; 4 or more.
    pub population: usize,
    /// Rounds in which each candidate moves once.
    pub rounds: usize,
    /// Candidates given to begin with.
    pub start: Vec<Genes>,
}

impl Default for SearchEffort {
    /// 40 candidates, 500 rounds.
    fn default() -> Self {
        SearchEffort { population: 40, rounds: 500, start: Vec::new() }
    }
}

/// The best candidate that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The candidate.
    pub candidate: Candidate,
    /// Candidates evaluated.
    pub evaluations: u64,
    /// Why it stopped.
    pub termination: Termination,
}

/// Violation and goal of a candidate; smaller is better, in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Worth {
    pub violation: f64,
    pub goal: f64,
}

impl Worth {
    pub(super) fn compare(&self, other: &Worth) -> std::cmp::Ordering {
        self.violation.total_cmp(&other.violation).then(self.goal.total_cmp(&other.goal))
    }
}

pub(super) fn check(problem: &impl Problem, effort: &SearchEffort) -> Result<(), GeneticError> {
    problem.space().check()?;
    let objectives = problem.objectives();
    if objectives != 1 {
        return Err(GeneticError::Objectives { objectives, takes: "exactly one" });
    }
    if !problem.space().orders().is_empty() {
        return Err(GeneticError::Orders { orders: problem.space().orders().len() });
    }
    if effort.population < 4 {
        let value = effort.population as f64;
        return Err(GeneticError::Option { option: "population", value, range: "4 or more" });
    }
    match effort.start.iter().position(|start| !problem.space().contains(start)) {
        Some(start) => Err(GeneticError::Start { start }),
        None => Ok(()),
    }
}

/// Values of all candidates, whose numbers lie one after the other; whole numbers are rounded first.
pub(super) fn worths(problem: &impl Problem, numbers: &[f64]) -> Vec<Worth> {
    let length = problem.space().numbers().len();
    let one = |numbers: &[f64]| {
        let mut goal = [f64::INFINITY];
        let violation = problem.evaluate(&settled(problem, numbers), &mut goal);
        let finite = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
        Worth { violation: finite(violation).max(0.0), goal: finite(goal[0]) }
    };
    numbers.par_chunks_exact(length).with_min_len(8).map(one).collect()
}

/// The candidate that stands for free numbers.
pub(super) fn settled(problem: &impl Problem, numbers: &[f64]) -> Genes {
    let settled = numbers.iter().zip(problem.space().numbers()).map(|(&value, range)| range.settle(value));
    Genes { numbers: settled.collect(), orders: Vec::new() }
}

/// Whether to stop before the next round, and why.
pub(super) fn stop(control: &Control, evaluations: u64, next: usize) -> Option<Termination> {
    if control.cancel.is_requested() {
        return Some(Termination::Interrupted);
    }
    if control.should_stop() {
        return Some(Termination::TimeLimit);
    }
    let is_over = control.limits.work.is_some_and(|work| evaluations + next as u64 > work);
    is_over.then_some(Termination::WorkLimit)
}

/// The numbers of the first candidates, one after the other.
pub(super) fn beginning(
    problem: &impl Problem,
    effort: &SearchEffort,
    rng: &mut rand_chacha::ChaCha8Rng,
) -> Vec<f64> {
    let mut first: Vec<Genes> = effort.start.iter().take(effort.population).cloned().collect();
    first.extend(problem.space().spread(effort.population - first.len(), rng));
    first.into_iter().flat_map(|genes| genes.numbers).collect()
}

/// Position of the best.
pub(super) fn best_of(worths: &[Worth]) -> usize {
    (0..worths.len()).min_by(|&a, &b| worths[a].compare(&worths[b])).unwrap_or(0)
}

/// Wraps the best up.
pub(super) fn answer(
    problem: &impl Problem,
    numbers: &[f64],
    worth: Worth,
    evaluations: u64,
    termination: Termination,
) -> Best {
    let genes = settled(problem, numbers);
    let candidate = Candidate { genes, objectives: vec![worth.goal], violation: worth.violation };
    Best { candidate, evaluations, termination }
}
