//! Given a problem and a rule for who survives, run generations of parents and children.
//!
//! Method: the (mu + lambda) loop of NSGA-II (K. Deb et al. 2002, doi:10.1109/4235.996017):
//! children by binary tournaments, survivors from parents and children together; children equal
//! to someone who lives are made again.
//! Cost: evaluations plus O(generations * population * genes); memory O(population * genes).
//! Use [`super::differential_evolution`] instead for one goal over real numbers.
//! Not for: problems whose evaluation has a random part (fix its draws first).
//! Same input and seed give the same answer: yes, whatever the number of threads; a time limit or
//! a request to stop ends it after a whole generation.

use std::time::{Duration, Instant};

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::operators::{Variation, breed};
use super::ranking::{compare, constrained_fronts};
use super::{Genes, GeneticError, Problem, evaluated};
use crate::control::Control;
use crate::optimize::stop_reason;
use crate::solution::Termination;

/// How long and with how many to search.
#[derive(Debug, Clone, PartialEq)]
pub struct Evolution {
    /// Candidates that live at a time; 4 or more.
    pub population: usize,
    /// Generations of children of each run, beside the first population; 0 and above.
    pub generations: usize,
    /// How children are made.
    pub variation: Variation,
    /// Independent runs, whose fronts are put together at the end; 1 or more.
    pub runs: usize,
    /// Candidates that join the first population of every run, for example exact answers.
    pub start: Vec<Genes>,
}

impl Default for Evolution {
    /// 100 candidates, 250 generations, one run, nobody given.
    fn default() -> Self {
        Evolution {
            population: 100,
            generations: 250,
            variation: Variation::default(),
            runs: 1,
            start: Vec::new(),
        }
    }
}

/// One candidate that was evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its genes.
    pub genes: Genes,
    /// Its goals.
    pub objectives: Vec<f64>,
    /// By how much it violates the constraints.
    pub violation: f64,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Front {
    /// The candidates that no other of the last population dominates, by their first goal; where
    /// none keeps the constraints, those that violate them least.
    pub members: Vec<Candidate>,
    /// Candidates evaluated.
    pub evaluations: u64,
    /// Why it stopped.
    pub termination: Termination,
}

/// Candidates in flat arrays.
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub genes: Vec<Genes>,
    pub objectives: Vec<f64>,
    pub violations: Vec<f64>,
    pub m: usize,
}

/// Who survives, with what tournaments compare: first the rank, then room (more is better).
#[derive(Debug, Default)]
pub(super) struct Survivors {
    /// Ascending positions in the pool.
    pub kept: Vec<usize>,
    pub rank: Vec<u32>,
    pub room: Vec<f64>,
}

/// A rule for who survives.
pub(super) trait Survival {
    /// Chooses `keep` of the pool, or all where there are no more.
    fn select(&mut self, pool: &Pool, keep: usize, rng: &mut ChaCha8Rng) -> Survivors;
}

/// Evaluations that take longer than this are spread over threads.
const WORTH_A_THREAD: Duration = Duration::from_micros(10);
/// Evaluations timed to find out.
const TIMED: usize = 8;
/// Children made for a place in the population before an equal one is let in.
const TRIES: usize = 10;

impl Pool {
    fn row(&self, i: usize) -> &[f64] {
        &self.objectives[i * self.m..(i + 1) * self.m]
    }

    fn candidate(&self, i: usize) -> Candidate {
        Candidate {
            genes: self.genes[i].clone(),
            objectives: self.row(i).to_vec(),
            violation: self.violations[i],
        }
    }

    /// Moves the kept candidates to the front, in order; the others stay behind them as room.
    fn compact(&mut self, kept: &[usize]) {
        for (to, &from) in kept.iter().enumerate() {
            self.genes.swap(to, from);
            self.violations.swap(to, from);
            for k in 0..self.m {
                self.objectives.swap(to * self.m + k, from * self.m + k);
            }
        }
    }

    /// Evaluates the candidates from `from` on.
    fn evaluate(&mut self, problem: &impl Problem, from: usize, parallel: &mut Option<bool>) {
        let m = self.m;
        let one = |(genes, (objectives, violation)): (&Genes, (&mut [f64], &mut f64))| {
            *violation = evaluated(problem, genes, objectives);
        };
        let mut at = from;
        if parallel.is_none() && from < self.genes.len() {
            let last = (from + TIMED).min(self.genes.len());
            let started = Instant::now();
            let rows =
                self.objectives[from * m..last * m].chunks_mut(m).zip(&mut self.violations[from..last]);
            self.genes[from..last].iter().zip(rows).for_each(one);
            *parallel = Some(started.elapsed() > WORTH_A_THREAD * (last - from) as u32);
            at = last;
        }
        if *parallel == Some(true) {
            let rows = self.objectives[at * m..].par_chunks_mut(m).zip(&mut self.violations[at..]);
            self.genes[at..].par_iter().zip(rows).for_each(one);
        } else {
            let rows = self.objectives[at * m..].chunks_mut(m).zip(&mut self.violations[at..]);
            self.genes[at..].iter().zip(rows).for_each(one);
        }
    }
}

/// Runs the generations; `survival` gives a fresh rule for each run.
pub(super) fn evolve<S: Survival>(
    problem: &impl Problem,
    options: &Evolution,
    control: &Control,
    survival: impl Fn() -> S + Sync,
) -> Result<Front, GeneticError> {
    check(problem, options)?;
    let control = &control.started();
    let search = || {
        let mut all = Pool { m: problem.objectives(), ..Pool::default() };
        let (mut evaluations, mut termination) = (0, Termination::WorkLimit);
        for run in 0..options.runs {
            let mut one = Run::new(problem, options, control, survival(), run);
            termination = one.run(evaluations);
            evaluations += one.evaluations;
            all.genes.append(&mut one.pool.genes);
            all.objectives.append(&mut one.pool.objectives);
            all.violations.append(&mut one.pool.violations);
            if termination != Termination::WorkLimit || run + 1 == options.runs {
                break;
            }
            if let Some(reason) = one.stop(evaluations) {
                termination = reason;
                break;
            }
        }
        Front { members: front(&mut all, options, &mut survival()), evaluations, termination }
    };
    // One thread needs no pool of threads.
    if control.worker_threads() == 1 { Ok(search()) } else { Ok(control.install(search)) }
}

fn check(problem: &impl Problem, options: &Evolution) -> Result<(), GeneticError> {
    problem.space().check()?;
    let objectives = problem.objectives();
    if objectives == 0 {
        return Err(GeneticError::Objectives { objectives, takes: "one or more" });
    }
    let variation = &options.variation;
    let ranges = [
        ("population", options.population as f64, 4.0, f64::MAX, "4 or more"),
        ("runs", options.runs as f64, 1.0, f64::MAX, "1 or more"),
        ("crossover_probability", variation.crossover_probability, 0.0, 1.0, "between 0 and 1"),
        ("crossover_index", variation.crossover_index, 0.0, 1e3, "between 0 and 1000"),
        ("mutated_genes", variation.mutated_genes, f64::MIN_POSITIVE, f64::MAX, "above 0"),
        ("mutation_index", variation.mutation_index, 0.0, 1e3, "between 0 and 1000"),
    ];
    for (option, value, least, most, range) in ranges {
        if !(value >= least && value <= most) {
            return Err(GeneticError::Option { option, value, range });
        }
    }
    match options.start.iter().position(|start| !problem.space().contains(start)) {
        Some(start) => Err(GeneticError::Start { start }),
        None => Ok(()),
    }
}

/// The first front of all runs together, thinned to one population.
fn front(all: &mut Pool, options: &Evolution, survival: &mut impl Survival) -> Vec<Candidate> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    if options.runs > 1 {
        let kept = survival.select(all, options.population, &mut rng).kept;
        all.compact(&kept);
        all.genes.truncate(kept.len());
        all.objectives.truncate(kept.len() * all.m);
        all.violations.truncate(kept.len());
    }
    let rank = constrained_fronts(&all.objectives, &all.violations, all.m);
    let mut order: Vec<usize> = (0..rank.len()).filter(|&i| rank[i] == 0).collect();
    order.sort_by(|&a, &b| compare(all.row(a), all.row(b)).then(a.cmp(&b)));
    order.into_iter().map(|i| all.candidate(i)).collect()
}

/// One run of generations.
struct Run<'a, P, S> {
    problem: &'a P,
    options: &'a Evolution,
    control: &'a Control,
    survival: S,
    rng: ChaCha8Rng,
    pool: Pool,
    parallel: Option<bool>,
    evaluations: u64,
    lives: FxHashSet<u64>,
    draws: Vec<usize>,
}

impl<'a, P: Problem, S: Survival> Run<'a, P, S> {
    fn new(problem: &'a P, options: &'a Evolution, control: &'a Control, survival: S, run: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(control.seed);
        rng.set_stream(run as u64);
        let mut genes: Vec<Genes> = options.start.iter().take(options.population).cloned().collect();
        genes.extend(problem.space().spread(options.population - genes.len(), &mut rng));
        let (m, count) = (problem.objectives(), genes.len());
        let pool = Pool { genes, objectives: vec![0.0; count * m], violations: vec![0.0; count], m };
        let parallel = if control.worker_threads() == 1 { Some(false) } else { None };
        Run {
            problem,
            options,
            control,
            survival,
            rng,
            pool,
            parallel,
            evaluations: 0,
            lives: FxHashSet::default(),
            draws: Vec::new(),
        }
    }

    /// Why no generation may follow after so many evaluations, if none may.
    fn stop(&self, evaluations: u64) -> Option<Termination> {
        stop_reason(self.control, evaluations, self.options.population as u64)
    }

    /// Runs to the end; `before` are the evaluations of earlier runs.
    fn run(&mut self, before: u64) -> Termination {
        let size = self.options.population;
        self.pool.evaluate(self.problem, 0, &mut self.parallel);
        self.evaluations = size as u64;
        let mut survivors = self.survival.select(&self.pool, size, &mut self.rng);
        self.pool.compact(&survivors.kept);
        let m = self.pool.m;
        self.pool.genes.resize_with(2 * size, Genes::default);
        self.pool.objectives.resize(2 * size * m, 0.0);
        self.pool.violations.resize(2 * size, 0.0);
        let mut termination = Termination::WorkLimit;
        for generation in 0..self.options.generations {
            if let Some(reason) = self.stop(before + self.evaluations) {
                termination = reason;
                break;
            }
            self.breed(&survivors);
            self.pool.evaluate(self.problem, size, &mut self.parallel);
            self.evaluations += size as u64;
            survivors = self.survival.select(&self.pool, size, &mut self.rng);
            self.pool.compact(&survivors.kept);
            self.control.step("evolve", generation + 1, self.options.generations);
        }
        self.pool.genes.truncate(size);
        self.pool.objectives.truncate(size * m);
        self.pool.violations.truncate(size);
        termination
    }

    /// Fills the second half of the pool with children of the first.
    fn breed(&mut self, survivors: &Survivors) {
        let size = self.options.population;
        self.lives.clear();
        self.lives.extend(self.pool.genes[..size].iter().map(Genes::fingerprint));
        let mut spare = Genes::default();
        let (mut born, mut tries) = (0, 0);
        while born < size {
            let parents = [self.tournament(survivors), self.tournament(survivors)];
            let (living, children) = self.pool.genes.split_at_mut(size);
            let (first, rest) = children[born..].split_at_mut(1);
            let second = rest.first_mut().unwrap_or(&mut spare);
            let pair = [&living[parents[0]], &living[parents[1]]];
            let space = self.problem.space();
            breed(space, &self.options.variation, pair, [&mut first[0], &mut *second], &mut self.rng);
            tries += 2;
            let is_free = tries > TRIES * size;
            let first_is_new = self.lives.insert(first[0].fingerprint()) || is_free;
            let second_is_new = born + usize::from(first_is_new) < size
                && (self.lives.insert(second.fingerprint()) || is_free);
            if !first_is_new && second_is_new {
                std::mem::swap(&mut first[0], second);
            }
            born += usize::from(first_is_new) + usize::from(second_is_new);
        }
    }

    /// The better of two; all are drawn once before one is drawn again.
    fn tournament(&mut self, survivors: &Survivors) -> usize {
        let mut draw = || {
            if self.draws.is_empty() {
                self.draws.extend(0..survivors.kept.len());
                self.draws.shuffle(&mut self.rng);
            }
            self.draws.pop().unwrap_or(0)
        };
        let (a, b) = (draw(), draw());
        let (rank, room) = (&survivors.rank, &survivors.room);
        let order = rank[a].cmp(&rank[b]).then(room[b].total_cmp(&room[a]));
        match order {
            std::cmp::Ordering::Less => a,
            std::cmp::Ordering::Greater => b,
            std::cmp::Ordering::Equal => [a, b][usize::from(self.rng.random::<bool>())],
        }
    }
}
