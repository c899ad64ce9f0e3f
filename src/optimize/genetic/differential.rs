//! Given one goal over real and whole numbers that can only be evaluated, find a good candidate.
//!
//! Method: differential evolution DE/rand/1/bin, R. Storn and K. Price (1997), "Differential
//! Evolution – A Simple and Efficient Heuristic for Global Optimization over Continuous Spaces",
//! doi:10.1023/A:1008202821328.
//! Cost: evaluations plus O(rounds * population * genes), memory O(population * genes).
//! Use [`particle_swarm`](super::particle_swarm) instead only to compare.
//! Not for: goals with derivatives, or with a structure that an exact method uses.
//! Same input and seed give the same answer: yes, whatever the number of threads.
//! Differs from the paper: the weight F is drawn anew for each child between 0.5 and 1; a gene
//! that leaves its range is drawn between its parent and the bound.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::one_goal::{Best, Kept, SearchEffort, search_rounds};
use super::{GeneticError, Problem};
use crate::control::Control;

/// Probability CR that a gene comes from the mutant.
const CROSSOVER: f64 = 0.9;

/// Searches with differential evolution.
///
/// # Errors
/// [`GeneticError`] unless the problem has one goal and numbers only, and the start fits.
pub fn differential_evolution(
    problem: &impl Problem,
    effort: &SearchEffort,
    control: &Control,
) -> Result<Best, GeneticError> {
    let length = problem.space().numbers().len();
    let breed = |living: &Kept, children: &mut [f64], rng: &mut ChaCha8Rng| {
        for (i, child) in children.chunks_exact_mut(length).enumerate() {
            mutate(problem, &living.numbers, i, child, rng);
        }
    };
    search_rounds(problem, effort, control, breed, std::cmp::Ordering::is_le)
}

/// The child of parent `i`: a + F (b - c) in most genes.
fn mutate(problem: &impl Problem, living: &[f64], i: usize, child: &mut [f64], rng: &mut ChaCha8Rng) {
    let length = child.len();
    let size = living.len() / length;
    let [mut a, mut b, mut c] = [i; 3];
    while a == i {
        a = rng.random_range(0..size);
    }
    while b == i || b == a {
        b = rng.random_range(0..size);
    }
    while c == i || c == a || c == b {
        c = rng.random_range(0..size);
    }
    let weight = 0.5 + 0.5 * rng.random::<f64>();
    let sure = rng.random_range(0..length);
    for (gene, range) in problem.space().numbers().iter().enumerate() {
        let at = |who: usize| living[who * length + gene];
        child[gene] = at(i);
        if gene == sure || rng.random::<f64>() < CROSSOVER {
            let moved = at(a) + weight * (at(b) - at(c));
            child[gene] = if moved < range.lower {
                range.lower + rng.random::<f64>() * (at(i) - range.lower)
            } else if moved > range.upper {
                range.upper - rng.random::<f64>() * (range.upper - at(i))
            } else {
                moved
            };
        }
    }
}
