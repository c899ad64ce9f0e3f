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

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::one_goal::{Best, SearchEffort, Worth, answer, beginning, best_of, check, stop, worths};
use super::{GeneticError, Problem};
use crate::control::Control;
use crate::solution::Termination;

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
    check(problem, effort)?;
    let control = &control.started();
    Ok(control.install(|| search(problem, effort, control)))
}

fn search(problem: &impl Problem, effort: &SearchEffort, control: &Control) -> Best {
    let mut rng = ChaCha8Rng::seed_from_u64(control.seed);
    let (size, length) = (effort.population, problem.space().numbers().len());
    let mut place = beginning(problem, effort, &mut rng);
    let mut speed = vec![0.0; place.len()];
    let mut own = place.clone();
    let mut worth = worths(problem, &place);
    let (mut evaluations, mut termination) = (size as u64, Termination::WorkLimit);
    for _ in 0..effort.rounds {
        if let Some(reason) = stop(control, evaluations, size) {
            termination = reason;
            break;
        }
        for i in 0..size {
            let leader = leader(&worth, i);
            for (gene, range) in problem.space().numbers().iter().enumerate() {
                let at = i * length + gene;
                let mut pull = |to: f64| PULL * rng.random::<f64>() * (to - place[at]);
                let drift = pull(own[at]) + pull(own[leader * length + gene]);
                speed[at] = CONSTRICTION * (speed[at] + drift);
                let moved = place[at] + speed[at];
                place[at] = moved.clamp(range.lower, range.upper);
                if place[at] != moved {
                    speed[at] = 0.0;
                }
            }
        }
        let now = worths(problem, &place);
        evaluations += size as u64;
        for i in 0..size {
            if now[i].compare(&worth[i]).is_lt() {
                worth[i] = now[i];
                own[i * length..(i + 1) * length].copy_from_slice(&place[i * length..(i + 1) * length]);
            }
        }
    }
    let best = best_of(&worth);
    answer(problem, &own[best * length..(best + 1) * length], worth[best], evaluations, termination)
}

/// The best of a particle and its two neighbours on the ring.
fn leader(worth: &[Worth], i: usize) -> usize {
    let size = worth.len();
    let ring = [i, (i + 1) % size, (i + size - 1) % size];
    ring.into_iter().min_by(|&a, &b| worth[a].compare(&worth[b])).unwrap_or(i)
}
