//! Given one goal over real and whole numbers that can only be evaluated, find a good candidate by
//! a swarm: kept for comparison, since it is asked for by name.
//!
//! Method: particle swarm with constriction, J. Kennedy and R. Eberhart (1995),
//! doi:10.1109/ICNN.1995.488968, and M. Clerc and J. Kennedy (2002), "The particle swarm –
//! explosion, stability, and convergence in a multidimensional complex space",
//! doi:10.1109/4235.985692 (chi = 0.7298, phi = 4.1); each particle follows the best of its ring
//! of three.
//! Cost: evaluations plus O(rounds * population * genes), memory O(population * genes).
//! Use [`differential_evolution`](super::differential_evolution) instead: it gets further with the
//! same evaluations on most functions.
//! Not for: goals with derivatives, or with a structure that an exact method uses.
//! Same input and seed give the same answer: yes, whatever the number of threads.
//! Differs from the paper: a particle that reaches a bound stops there.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::one_goal::{Best, Kept, SearchEffort, Worth, search_rounds};
use super::{GeneticError, Problem};
use crate::control::Control;

const CONSTRICTION: f64 = 0.7298;
const PULL: f64 = 2.05;

/// Searches with a particle swarm.
///
/// # Errors
/// [`GeneticError`] unless the problem has one goal and numbers only, and the start fits.
pub fn particle_swarm(
    problem: &impl Problem,
    effort: &SearchEffort,
    control: &Control,
) -> Result<Best, GeneticError> {
    let ranges = problem.space().numbers();
    let mut speed = vec![0.0; effort.population * ranges.len()];
    let fly = |own: &Kept, place: &mut [f64], rng: &mut ChaCha8Rng| {
        for i in 0..own.worths.len() {
            let leader = leader(&own.worths, i);
            for (gene, range) in ranges.iter().enumerate() {
                let at = i * ranges.len() + gene;
                let mut pull = |to: f64| PULL * rng.random::<f64>() * (to - place[at]);
                let drift = pull(own.numbers[at]) + pull(own.numbers[leader * ranges.len() + gene]);
                speed[at] = CONSTRICTION * (speed[at] + drift);
                let moved = place[at] + speed[at];
                place[at] = moved.clamp(range.lower, range.upper);
                if place[at] != moved {
                    speed[at] = 0.0;
                }
            }
        }
    };
    search_rounds(problem, effort, control, fly, std::cmp::Ordering::is_lt)
}

/// The best of a particle and its two neighbours on the ring.
fn leader(worth: &[Worth], i: usize) -> usize {
    let size = worth.len();
    let ring = [i, (i + 1) % size, (i + size - 1) % size];
    ring.into_iter().min_by(|&a, &b| worth[a].compare(&worth[b])).unwrap_or(i)
}
