//! Given points with weights and the distances between them, find the places to keep open so that the
//! weighted distance of all points to their nearest open place is least.
//!
//! Method: the p-median problem, Hakimi (1964), "Optimum locations of switching centers and the absolute
//! centers and medians of a graph", doi:10.1287/opre.12.3.450: all choices where there are few, else
//! greedy and then the vertex interchange of Teitz and Bart (1968), "Heuristic methods for estimating
//! the generalized vertex median of a weighted graph", doi:10.1287/opre.16.5.955.
//! Cost: time O(choices n p) where all are tried; else O(n² p) for the greedy part and O(n² p) for each
//! interchange; memory O(n), with n = points, p = open places.
//! Use [`super::milp`] instead where side conditions hold or a bound is asked for.
//! Not for: more than some thousand points.
//! Same input gives the same answer: yes; of equal choices the one with the lower indices.
//! Differs from the paper: the interchange takes the best swap of all, not the first that helps.

/// Choices up to which all are tried.
const FEW: usize = 20_000;

/// Open places and what they come to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Median {
    /// Open places, ascending.
    pub open: Vec<usize>,
    /// Sum over points of weight times distance to the nearest of them; 0 where none is open.
    pub cost: f64,
    /// Whether it is proved that no other choice costs less.
    pub is_best: bool,
}

/// Opens `count` of the points (all of them where there are fewer).
///
/// ```
/// use purvey::optimize::median::median;
/// let place = [0.0_f64, 1.0, 10.0];
/// let found = median(&[1.0, 5.0, 2.0], 2, |a, b| (place[a] - place[b]).abs());
/// assert_eq!((found.open, found.cost), (vec![1, 2], 1.0));
/// ```
#[must_use]
pub fn median(weights: &[f64], count: usize, distance: impl Fn(usize, usize) -> f64) -> Median {
    let points = weights.len();
    let count = count.min(points);
    if count == 0 {
        return Median { is_best: true, ..Median::default() };
    }
    let cost = |open: &[usize]| cost_of(weights, open, &distance);
    if choices(points, count).is_some_and(|choices| choices <= FEW) {
        return exhausted(points, count, cost);
    }
    let mut open: Vec<usize> = Vec::with_capacity(count);
    for _ in 0..count {
        let closed = (0..points).filter(|point| !open.contains(point));
        let opened = closed.map(|point| (cost(&with(&open, point)), point));
        let Some((_, best)) = opened.min_by(|a, b| a.0.total_cmp(&b.0)) else { break };
        open.push(best);
    }
    interchange(points, open, cost)
}

fn cost_of(weights: &[f64], open: &[usize], distance: &impl Fn(usize, usize) -> f64) -> f64 {
    let nearest =
        |point: usize| open.iter().map(|&place| distance(place, point)).fold(f64::INFINITY, f64::min);
    let busy = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
    busy.map(|(point, weight)| weight * nearest(point)).sum()
}

/// Number of ways to choose; `None` where it is beyond counting.
fn choices(points: usize, count: usize) -> Option<usize> {
    let count = count.min(points - count);
    (0..count).try_fold(1_usize, |ways, at| Some(ways.checked_mul(points - at)? / (at + 1)))
}

fn exhausted(points: usize, count: usize, cost: impl Fn(&[usize]) -> f64) -> Median {
    let mut open: Vec<usize> = (0..count).collect();
    let mut best = Median { cost: cost(&open), open: open.clone(), is_best: true };
    // Choices in their order: the last place that can move up does, and those after it follow.
    while let Some(at) = (0..count).rev().find(|&at| open[at] < points - count + at) {
        let first = open[at] + 1;
        (at..count).for_each(|later| open[later] = first + later - at);
        let cost = cost(&open);
        if cost < best.cost {
            best = Median { cost, open: open.clone(), is_best: true };
        }
    }
    best
}

/// Swaps an open place for a closed one as long as that helps.
fn interchange(points: usize, mut open: Vec<usize>, cost: impl Fn(&[usize]) -> f64) -> Median {
    let mut now = cost(&open);
    loop {
        let mut best = None;
        for out in 0..open.len() {
            let mut kept = open.clone();
            kept.swap_remove(out);
            for point in (0..points).filter(|point| !open.contains(point)) {
                let swapped = with(&kept, point);
                let cost = cost(&swapped);
                if cost < best.as_ref().map_or(now, |(known, _)| *known) - 1e-12 * now.abs() {
                    best = Some((cost, swapped));
                }
            }
        }
        let Some((cost, swapped)) = best else { break };
        (now, open) = (cost, swapped);
    }
    open.sort_unstable();
    Median { open, cost: now, is_best: false }
}

fn with(open: &[usize], point: usize) -> Vec<usize> {
    let mut longer = open.to_vec();
    longer.push(point);
    longer
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn random(points: usize, random: &mut ChaCha8Rng) -> (Vec<f64>, Vec<[f64; 2]>) {
        let weights = (0..points).map(|_| random.random_range(0.0..5.0)).collect();
        (weights, (0..points).map(|_| [random.random(), random.random()]).collect())
    }

    /// Least cost over all subsets of that size, told by their bits.
    fn brute(weights: &[f64], count: usize, distance: &impl Fn(usize, usize) -> f64) -> f64 {
        let subsets = (0_u32..1 << weights.len()).filter(|bits| bits.count_ones() as usize == count);
        let cost = |bits: u32| {
            let open: Vec<usize> = (0..weights.len()).filter(|place| bits >> place & 1 == 1).collect();
            cost_of(weights, &open, distance)
        };
        subsets.map(cost).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn few_choices_are_all_tried_and_interchange_comes_near() {
        let mut draws = ChaCha8Rng::seed_from_u64(4);
        let (mut hits, mut cases) = (0, 0);
        for case in 0..60 {
            let (weights, places) = random(9, &mut draws);
            let distance = |a: usize, b: usize| {
                let [x, y] = [0, 1].map(|at| places[a][at] - places[b][at]);
                x.hypot(y)
            };
            let count = 1 + case % 4;
            let best = brute(&weights, count, &distance);
            let found = median(&weights, count, distance);
            assert!(found.is_best && (found.cost - best).abs() < 1e-9, "{case}: {} {best}", found.cost);
            // From the worst begin, the first places, the interchange alone.
            let swapped = interchange(9, (0..count).collect(), |open| cost_of(&weights, open, &distance));
            assert!(swapped.cost >= best - 1e-9 && swapped.cost <= 1.25 * best + 1e-9, "{case}");
            (hits, cases) = (hits + usize::from(swapped.cost < best + 1e-9), cases + 1);
        }
        assert!(hits * 10 >= cases * 8, "{hits} of {cases}");
    }

    #[test]
    fn many_choices_are_searched() {
        let (weights, places) = random(60, &mut ChaCha8Rng::seed_from_u64(8));
        let distance = |a: usize, b: usize| (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]);
        let found = median(&weights, 8, distance);
        assert!(!found.is_best && found.open.len() == 8);
        assert!((found.cost - cost_of(&weights, &found.open, &distance)).abs() < 1e-12);
        let first: Vec<usize> = (0..8).collect();
        assert!(found.cost < 0.7 * cost_of(&weights, &first, &distance));
        assert_eq!(median(&weights, 99, distance).cost, 0.0, "every point is open");
        assert_eq!(median(&weights, 0, distance).open, [0; 0]);
    }
}
