//! Given a problem with many goals, find candidates of which none beats another in all goals, one
//! near each of evenly spread directions.
//!
//! Method: NSGA-III, K. Deb and H. Jain (2014), "An Evolutionary Many-Objective Optimization
//! Algorithm Using Reference-Point-Based Nondominated Sorting Approach, Part I",
//! doi:10.1109/TEVC.2013.2281535; directions by I. Das and J. E. Dennis (1998),
//! doi:10.1137/S1052623496307510.
//! Cost: evaluations plus O(generations * m n^2) for m goals and a population of n, memory
//! O(n * genes + m n).
//! Use [`nsga2`](super::nsga2()) instead for two goals, and for three where the front is bent or
//! torn so that many directions miss it.
//! Not for: one goal.
//! Same input and seed give the same answer: yes, whatever the number of threads.
//! Differs from the paper: the number of directions follows the population, the largest set that
//! is not above it; where the plane through the extreme points is degenerate, the worst values of
//! the first front stand in for its intercepts.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::evolution::{Evolution, Front, Pool, Survival, Survivors, evolve};
use super::ranking::constrained_fronts;
use super::{GeneticError, Problem};
use crate::control::Control;

/// Searches with NSGA-III.
///
/// # Errors
/// [`GeneticError`] where there is one goal only, or where the space, the options or a start
/// candidate cannot be used.
pub fn nsga3(problem: &impl Problem, options: &Evolution, control: &Control) -> Result<Front, GeneticError> {
    let objectives = problem.objectives();
    if objectives < 2 {
        return Err(GeneticError::Objectives { objectives, takes: "two or more" });
    }
    let directions = directions(objectives, options.population);
    evolve(problem, options, control, || Niches::new(directions.clone(), objectives))
}

/// Evenly spread directions, `m` shares that add up to 1 each: the largest such set of at most
/// `most` (but the `m` axes at least).
///
/// ```
/// use purvey::optimize::genetic::directions;
/// assert_eq!(directions(3, 100).len(), 91 * 3);
/// assert_eq!(directions(2, 3), [0.0, 1.0, 0.5, 0.5, 1.0, 0.0]);
/// ```
#[must_use]
pub fn directions(m: usize, most: usize) -> Vec<f64> {
    if m == 0 {
        return Vec::new();
    }
    let count = |parts: usize| (1..m).fold(1.0, |count, k| count * (parts + k) as f64 / k as f64);
    let parts = (1..).take_while(|&parts| m > 1 && count(parts) <= most as f64 + 0.5).last().unwrap_or(1);
    let mut all = Vec::new();
    let mut shares = vec![0; m];
    share_out(parts, 0, &mut shares, &mut |shares| {
        all.extend(shares.iter().map(|&share| share as f64 / parts as f64));
    });
    all
}

/// Every way to give `left` to the places from `at` on.
fn share_out(left: usize, at: usize, shares: &mut [usize], each: &mut impl FnMut(&[usize])) {
    if at + 1 == shares.len() {
        shares[at] = left;
        each(shares);
        return;
    }
    for share in 0..=left {
        shares[at] = share;
        share_out(left - share, at + 1, shares, each);
    }
}

/// Survival by fronts, then by the directions that have fewest members.
struct Niches {
    /// Of length 1.
    directions: Vec<f64>,
    m: usize,
    frame: Frame,
}

/// What goals are measured by: the best value of each so far, and the extreme points so far, one
/// a goal. Only candidates that keep the constraints may shape it for good.
struct Frame {
    ideal: Vec<f64>,
    extremes: Vec<Vec<f64>>,
}

/// Weight of the other goals when the extreme point of one is looked for.
const AXIS: f64 = 1e6;

impl Niches {
    fn new(mut directions: Vec<f64>, m: usize) -> Self {
        for direction in directions.chunks_exact_mut(m) {
            let length = direction.iter().map(|share| share * share).sum::<f64>().sqrt();
            direction.iter_mut().for_each(|share| *share /= length);
        }
        Niches { directions, m, frame: Frame::new(m) }
    }

    /// The direction nearest to a point, and the squared distance to it.
    fn nearest(&self, point: &[f64]) -> (usize, f64) {
        let square: f64 = point.iter().map(|value| value * value).sum();
        let distance = |direction: &[f64]| {
            let along: f64 = direction.iter().zip(point).map(|(a, b)| a * b).sum();
            square - along * along
        };
        let all = self.directions.chunks_exact(self.m).map(distance).enumerate();
        all.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
    }
}

impl Frame {
    fn new(m: usize) -> Self {
        Frame { ideal: vec![f64::INFINITY; m], extremes: Vec::new() }
    }

    /// The lengths by which goals are divided, from the first front (sections IV.C of the paper).
    fn widths(&mut self, first: &[&[f64]]) -> Vec<f64> {
        for row in first {
            self.ideal.iter_mut().zip(*row).for_each(|(ideal, value)| *ideal = ideal.min(*value));
        }
        let ideal = &self.ideal;
        let mut candidates = std::mem::take(&mut self.extremes);
        candidates.extend(first.iter().map(|row| row.to_vec()));
        let reach = |row: &[f64], axis: usize| {
            let part = |(k, value): (usize, &f64)| (value - ideal[k]) * if k == axis { 1.0 } else { AXIS };
            row.iter().enumerate().map(part).fold(f64::NEG_INFINITY, f64::max)
        };
        let nearest =
            |axis| candidates.iter().min_by(|a, b| reach(a, axis).total_cmp(&reach(b, axis))).cloned();
        let m = ideal.len();
        self.extremes = (0..m).filter_map(nearest).collect();
        let worst = |k: usize| first.iter().map(|row| row[k] - ideal[k]).fold(0.0, f64::max);
        let plane: Vec<Vec<f64>> =
            self.extremes.iter().map(|row| row.iter().zip(ideal).map(|(a, b)| a - b).collect()).collect();
        let intercepts = intercepts(plane).unwrap_or_default();
        let sound = intercepts.len() == m && intercepts.iter().all(|&width| width > 1e-6);
        (0..m).map(|k| if sound { intercepts[k] } else { worst(k) }.max(1e-12)).collect()
    }
}

impl Survival for Niches {
    fn select(&mut self, pool: &Pool, keep: usize, rng: &mut ChaCha8Rng) -> Survivors {
        let m = self.m;
        let rank = constrained_fronts(&pool.objectives, &pool.violations, m);
        let mut order: Vec<usize> = (0..rank.len()).collect();
        order.sort_by_key(|&i| (rank[i], i));
        let edge = order.get(keep.min(order.len()).saturating_sub(1)).map_or(0, |&i| rank[i]);
        let row = |i: usize| &pool.objectives[i * m..(i + 1) * m];
        let (mut kept, mut open): (Vec<usize>, Vec<usize>) =
            order.iter().filter(|&&i| rank[i] <= edge).partition(|&&i| rank[i] < edge);
        let first: Vec<&[f64]> = order.iter().filter(|&&i| rank[i] == 0).map(|&i| row(i)).collect();
        // Where nobody keeps the constraints, those that violate least are measured among themselves.
        let is_sound = order.first().is_some_and(|&best| pool.violations[best] <= 0.0);
        let mut passing = Frame::new(m);
        let frame = if is_sound { &mut self.frame } else { &mut passing };
        let widths = frame.widths(&first);
        let ideal = frame.ideal.clone();
        let place = |i: usize| {
            let scaled: Vec<f64> = (0..m).map(|k| (row(i)[k] - ideal[k]) / widths[k]).collect();
            self.nearest(&scaled)
        };
        let mut members = vec![0_u32; self.directions.len() / m];
        kept.iter().for_each(|&i| members[place(i).0] += 1);
        let places: Vec<(usize, f64)> = open.iter().map(|&i| place(i)).collect();
        fill(&mut kept, keep, &mut open, &places, &mut members, rng);
        kept.sort_unstable();
        // Parents are drawn evenly; only violations are held against them.
        let standing = |&i: &usize| if pool.violations[i] > 0.0 { 1 + rank[i] } else { 0 };
        let rank = kept.iter().map(standing).collect();
        Survivors { room: vec![0.0; kept.len()], kept, rank }
    }
}

/// Takes members of the last front, always for a direction with fewest members (algorithm 4).
fn fill(
    kept: &mut Vec<usize>,
    keep: usize,
    open: &mut [usize],
    places: &[(usize, f64)],
    members: &mut [u32],
    rng: &mut ChaCha8Rng,
) {
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    places.iter().enumerate().for_each(|(at, &(direction, _))| waiting[direction].push(at));
    while kept.len() < keep {
        let fewest = (0..members.len()).filter(|&d| !waiting[d].is_empty()).map(|d| members[d]).min();
        let Some(fewest) = fewest else { break };
        let least: Vec<usize> =
            (0..members.len()).filter(|&d| !waiting[d].is_empty() && members[d] == fewest).collect();
        let direction = least[rng.random_range(0..least.len())];
        let queue = &mut waiting[direction];
        let at = if fewest == 0 {
            let nearest = (0..queue.len()).min_by(|&a, &b| places[queue[a]].1.total_cmp(&places[queue[b]].1));
            nearest.unwrap_or(0)
        } else {
            rng.random_range(0..queue.len())
        };
        kept.push(open[queue.swap_remove(at)]);
        members[direction] += 1;
    }
}

/// Where the plane through `points` meets the axes, by Gaussian elimination; `None` where they
/// span no plane.
fn intercepts(mut points: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let m = points.len();
    let mut right = vec![1.0; m];
    for column in 0..m {
        let pivot =
            (column..m).max_by(|&a, &b| points[a][column].abs().total_cmp(&points[b][column].abs()))?;
        if points[pivot][column].abs() < 1e-12 {
            return None;
        }
        points.swap(column, pivot);
        right.swap(column, pivot);
        let upper = points[column].clone();
        for row in (0..m).filter(|&row| row != column) {
            let factor = points[row][column] / upper[column];
            points[row].iter_mut().zip(&upper).for_each(|(value, above)| *value -= factor * above);
            right[row] -= factor * right[column];
        }
    }
    Some((0..m).map(|k| points[k][k] / right[k]).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Genes;
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn intercepts_of_a_known_plane() {
        // x/2 + y/4 + z/5 = 1
        let points = vec![vec![2.0, 0.0, 0.0], vec![1.0, 2.0, 0.0], vec![0.0, 2.0, 2.5]];
        let found = intercepts(points).unwrap_or_default();
        for (found, known) in found.iter().zip([2.0, 4.0, 5.0]) {
            assert!((found - known).abs() < 1e-12, "{found} {known}");
        }
        assert!(intercepts(vec![vec![1.0, 1.0], vec![2.0, 2.0]]).is_none());
    }

    /// Candidates with these goals and violations, two goals each.
    fn pool(objectives: &[f64], violation: f64) -> Pool {
        let count = objectives.len() / 2;
        let violations = vec![violation; count];
        Pool { genes: vec![Genes::default(); count], objectives: objectives.to_vec(), violations, m: 2 }
    }

    #[test]
    fn who_violates_constraints_leaves_no_trace_in_the_frame() {
        let line: Vec<f64> = (0..9).flat_map(|i| [f64::from(i), f64::from(8 - i)]).collect();
        let select =
            |niches: &mut Niches, pool: &Pool| niches.select(pool, 4, &mut ChaCha8Rng::seed_from_u64(1)).kept;
        let mut fresh = Niches::new(directions(2, 4), 2);
        let known = select(&mut fresh, &pool(&line, 0.0));
        let mut niches = Niches::new(directions(2, 4), 2);
        // Far better in both goals, and forbidden.
        let forbidden: Vec<f64> = line.iter().map(|value| 3.0 * value - 1000.0).collect();
        assert_eq!(select(&mut niches, &pool(&forbidden, 1.0)).len(), 4);
        assert_eq!(niches.frame.ideal, [f64::INFINITY; 2]);
        assert_eq!(select(&mut niches, &pool(&line, 0.0)), known);
        assert_eq!(niches.frame.ideal, [0.0, 0.0]);
    }

    #[test]
    fn directions_add_up_to_one_and_fit() {
        assert!(directions(0, 7).is_empty());
        for (m, most) in [(2, 100), (3, 100), (5, 210), (4, 3)] {
            let all = directions(m, most);
            assert!(all.len() / m <= most.max(m), "{m} {most}");
            assert!(all.chunks_exact(m).all(|shares| (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        }
    }
}
