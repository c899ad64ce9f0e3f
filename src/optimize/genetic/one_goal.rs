//! What the searches for one goal share: effort, bookkeeping of the best, evaluation in parallel.
//!
//! Method: candidates are evaluated in batches and compared by violation first, then by the goal.
//! Cost: that of the evaluations.
//! Use [`super::evolution`] instead for several goals.
//! Not for: orders among the genes.
//! Same input and seed give the same answer: yes, whatever the number of threads.

use std::cmp::Ordering;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Candidate, Genes, GeneticError, Problem, evaluated};
use crate::control::Control;
use crate::optimize::stop_reason;
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
    violation: f64,
    goal: f64,
}

impl Worth {
    pub(super) fn compare(&self, other: &Worth) -> Ordering {
        self.violation.total_cmp(&other.violation).then(self.goal.total_cmp(&other.goal))
    }
}

/// The candidates that a search keeps: numbers one after the other, and what each is worth.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub numbers: Vec<f64>,
    pub worths: Vec<Worth>,
}

/// Runs rounds: `propose` turns the trials of the last round, one a candidate, into those of the next;
/// a trial takes the place of its candidate where `replaces` says so of its order before it.
pub(super) fn search_rounds(
    problem: &impl Problem,
    effort: &SearchEffort,
    control: &Control,
    propose: impl FnMut(&Kept, &mut [f64], &mut ChaCha8Rng) + Send,
    replaces: fn(Ordering) -> bool,
) -> Result<Best, GeneticError> {
    check(problem, effort)?;
    let control = &control.started();
    Ok(control.install(|| run_rounds(problem, effort, control, propose, replaces)))
}

fn run_rounds(
    problem: &impl Problem,
    effort: &SearchEffort,
    control: &Control,
    mut propose: impl FnMut(&Kept, &mut [f64], &mut ChaCha8Rng),
    replaces: fn(Ordering) -> bool,
) -> Best {
    let mut rng = ChaCha8Rng::seed_from_u64(control.seed);
    let (size, length) = (effort.population, problem.space().numbers().len());
    let first = beginning(problem, effort, &mut rng);
    let mut trials = first.clone();
    let mut kept = Kept { worths: worths(problem, &first), numbers: first };
    let (mut evaluations, mut termination) = (size as u64, Termination::WorkLimit);
    for _ in 0..effort.rounds {
        if let Some(reason) = stop_reason(control, evaluations, size as u64) {
            termination = reason;
            break;
        }
        propose(&kept, &mut trials, &mut rng);
        let found = worths(problem, &trials);
        evaluations += size as u64;
        for (i, &worth) in found.iter().enumerate() {
            if replaces(worth.compare(&kept.worths[i])) {
                let own = i * length..(i + 1) * length;
                kept.worths[i] = worth;
                kept.numbers[own.clone()].copy_from_slice(&trials[own]);
            }
        }
    }
    let best = (0..size).min_by(|&a, &b| kept.worths[a].compare(&kept.worths[b])).unwrap_or(0);
    let worth = kept.worths[best];
    let genes = settled(problem, &kept.numbers[best * length..(best + 1) * length]);
    let candidate = Candidate { genes, objectives: vec![worth.goal], violation: worth.violation };
    Best { candidate, evaluations, termination }
}

fn check(problem: &impl Problem, effort: &SearchEffort) -> Result<(), GeneticError> {
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
fn worths(problem: &impl Problem, numbers: &[f64]) -> Vec<Worth> {
    let length = problem.space().numbers().len();
    let one = |numbers: &[f64]| {
        let mut goal = [f64::INFINITY];
        let violation = evaluated(problem, &settled(problem, numbers), &mut goal);
        Worth { violation, goal: goal[0] }
    };
    numbers.par_chunks_exact(length).with_min_len(8).map(one).collect()
}

/// The candidate that stands for free numbers.
fn settled(problem: &impl Problem, numbers: &[f64]) -> Genes {
    let settled = numbers.iter().zip(problem.space().numbers()).map(|(&value, range)| range.settle(value));
    Genes { numbers: settled.collect(), orders: Vec::new() }
}

/// The numbers of the first candidates, one after the other.
fn beginning(problem: &impl Problem, effort: &SearchEffort, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut first: Vec<Genes> = effort.start.iter().take(effort.population).cloned().collect();
    first.extend(problem.space().spread(effort.population - first.len(), rng));
    first.into_iter().flat_map(|genes| genes.numbers).collect()
}
