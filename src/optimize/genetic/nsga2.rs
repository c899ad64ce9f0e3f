//! Given a problem with two or three goals, find candidates of which none beats another in all
//! goals, spread evenly over the trade-off.
//!
//! Method: NSGA-II, K. Deb, A. Pratap, S. Agarwal and T. Meyarivan (2002), "A Fast and Elitist
//! Multiobjective Genetic Algorithm: NSGA-II", doi:10.1109/4235.996017, with the pruning of
//! `spread.rs`.
//! Cost: evaluations plus O(generations * (n log n + n^2)) for two goals and a population of n,
//! memory O(n * genes).
//! Use [`nsga3`](super::nsga3()) instead for four goals and more.
//! Not for: one goal over real numbers ([`differential_evolution`](super::differential_evolution)
//! needs fewer evaluations).
//! Same input and seed give the same answer: yes, whatever the number of threads.
//! Differs from the paper: the last front is thinned one member at a time with distances
//! recomputed, and for three goals and more by distances to neighbours; the first population is
//! a Latin hypercube; children equal to someone who lives are made again.

use rand_chacha::ChaCha8Rng;

use super::evolution::{Evolution, Front, Pool, Survival, Survivors, evolve};
use super::ranking::constrained_fronts;
use super::spread::prune;
use super::{GeneticError, Problem};
use crate::control::Control;

/// Searches with NSGA-II.
///
/// ```
/// use purvey::control::Control;
/// use purvey::optimize::genetic::testbed::TestProblem;
/// use purvey::optimize::genetic::{Evolution, nsga2};
/// let problem = TestProblem::named("zdt1").unwrap();
/// let front = nsga2(&problem, &Evolution { generations: 20, ..Evolution::default() }, &Control::default())?;
/// assert_eq!(front.evaluations, 2100);
/// assert!(front.members.windows(2).all(|pair| pair[0].objectives[1] >= pair[1].objectives[1]));
/// # Ok::<(), purvey::optimize::genetic::GeneticError>(())
/// ```
///
/// # Errors
/// [`GeneticError`] where the space, the options or a start candidate cannot be used.
pub fn nsga2(problem: &impl Problem, options: &Evolution, control: &Control) -> Result<Front, GeneticError> {
    evolve(problem, options, control, || Crowding)
}

/// Survival by fronts, then by room.
struct Crowding;

impl Survival for Crowding {
    fn select(&mut self, pool: &Pool, keep: usize, _: &mut ChaCha8Rng) -> Survivors {
        let rank = constrained_fronts(&pool.objectives, &pool.violations, pool.m);
        let last = rank.iter().copied().max().unwrap_or(0) as usize;
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); last + 1];
        rank.iter().enumerate().for_each(|(i, &front)| members[front as usize].push(i));
        let mut room_of = vec![0.0; rank.len()];
        let mut kept = Vec::with_capacity(keep);
        for front in members {
            let open = keep - kept.len();
            if open == 0 {
                break;
            }
            let goals: Vec<f64> =
                front.iter().flat_map(|&i| &pool.objectives[i * pool.m..(i + 1) * pool.m]).copied().collect();
            let (stays, room) = prune(&goals, pool.m, open);
            for ((&i, stays), room) in front.iter().zip(stays).zip(room) {
                room_of[i] = room;
                if stays {
                    kept.push(i);
                }
            }
        }
        kept.sort_unstable();
        let (rank, room) = kept.iter().map(|&i| (rank[i], room_of[i])).unzip();
        Survivors { kept, rank, room }
    }
}
