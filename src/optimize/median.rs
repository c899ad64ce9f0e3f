//! Given points with weights and the distances between them, find the places to keep open so that the
//! weighted distance of all points to their nearest open place is least.
//!
//! Method: the p-median problem, Hakimi (1964), "Optimum locations of switching centers and the absolute
//! centers and medians of a graph", doi:10.1287/opre.12.3.450: all choices where there are few, else
//! greedy and then the vertex interchange of Teitz and Bart (1968), "Heuristic methods for estimating
//! the generalized vertex median of a weighted graph", doi:10.1287/opre.16.5.955, with all swaps of one
//! newcomer priced at once from each point's nearest and second-nearest open place (Whitaker 1983, "A fast
//! algorithm for the greedy interchange for large-scale clustering and median location problems",
//! doi:10.1080/03155986.1983.11731889).
//! Cost: time O(choices n p) where all are tried; else O(n² p) for the greedy part and O(n² + n p) for each
//! interchange; memory O(n²) for the distances, with n = points, p = open places.
//! Use [`super::milp`] instead where side conditions hold or a bound is asked for.
//! Not for: more than some thousand points.
//! Same input gives the same answer: yes, unless time or a cancel ends it; of equal choices the one with
//! the lower indices.
//! Differs from the paper: the interchange takes the best swap of all, not the first that helps.

use crate::control::Control;

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
    /// Whether time or a cancel ended the search early; places not chosen by then are those with the
    /// heaviest points.
    pub is_cut_short: bool,
}

/// Distances from each place to each point, for any number of searches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Distances {
    points: usize,
    /// Place by place.
    table: Vec<f64>,
}

impl Distances {
    /// Asks for each distance once, from a place to a point.
    #[must_use]
    pub fn new(points: usize, distance: impl Fn(usize, usize) -> f64) -> Self {
        let from = |place: usize| (0..points).map(move |point| (place, point));
        let table = (0..points).flat_map(from).map(|(place, point)| distance(place, point)).collect();
        Distances { points, table }
    }

    fn from(&self, place: usize) -> &[f64] {
        &self.table[place * self.points..(place + 1) * self.points]
    }
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
    median_of(weights, count, &Distances::new(weights.len(), distance), &Control::default())
}

/// As [`median`], on distances that are known already, until the time is up or somebody cancels.
/// Points without a weight in `weights` weigh nothing, weights beyond the points are not read.
#[must_use]
pub fn median_of(weights: &[f64], count: usize, distances: &Distances, control: &Control) -> Median {
    let points = distances.points;
    let count = count.min(points);
    if count == 0 {
        return Median { is_best: true, ..Median::default() };
    }
    let weigh = |point: usize| weights.get(point).copied().filter(|weight| *weight > 0.0).unwrap_or(0.0);
    let search = Search { weights: (0..points).map(weigh).collect(), distances, control };
    if choices(points, count).is_some_and(|choices| choices <= FEW) {
        return search.exhausted(count);
    }
    let (open, is_whole) = search.greedy(count);
    if is_whole { search.interchange(open) } else { search.told(open, true) }
}

/// Number of ways to choose; `None` where it is beyond counting.
fn choices(points: usize, count: usize) -> Option<usize> {
    let count = count.min(points - count);
    (0..count).try_fold(1_usize, |ways, at| Some(ways.checked_mul(points - at)? / (at + 1)))
}

/// What all parts of a search look at.
struct Search<'a> {
    /// One for each point, none below 0.
    weights: Vec<f64>,
    distances: &'a Distances,
    control: &'a Control,
}

/// The open places nearest to a point, as positions in the list of open places.
#[derive(Clone, Copy)]
struct Near {
    first: usize,
    distance: f64,
    /// Distance to the second-nearest.
    second: f64,
}

impl Search<'_> {
    fn cost(&self, open: &[usize]) -> f64 {
        let nearest = |point: usize| {
            open.iter().map(|&place| self.distances.from(place)[point]).fold(f64::INFINITY, f64::min)
        };
        let busy = self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        0.0 + busy.map(|(point, weight)| weight * nearest(point)).sum::<f64>()
    }

    fn told(&self, mut open: Vec<usize>, is_cut_short: bool) -> Median {
        open.sort_unstable();
        Median { cost: self.cost(&open), open, is_best: false, is_cut_short }
    }

    fn exhausted(&self, count: usize) -> Median {
        let points = self.weights.len();
        let mut open: Vec<usize> = (0..count).collect();
        let mut best =
            Median { cost: self.cost(&open), open: open.clone(), is_best: true, is_cut_short: false };
        // Choices in their order: the last place that can move up does, and those after it follow.
        while let Some(at) = (0..count).rev().find(|&at| open[at] < points - count + at) {
            if self.control.should_stop() {
                return self.told(self.filled(Vec::new(), count), true);
            }
            let first = open[at] + 1;
            (at..count).for_each(|later| open[later] = first + later - at);
            let cost = self.cost(&open);
            if cost < best.cost {
                (best.cost, best.open) = (cost, open.clone());
            }
        }
        best
    }

    /// Opens one place after the other; `false` where the search was ended before all were chosen.
    fn greedy(&self, count: usize) -> (Vec<usize>, bool) {
        let points = self.weights.len();
        let mut open: Vec<usize> = Vec::with_capacity(count);
        let mut nearest = vec![f64::INFINITY; points];
        let mut is_open = vec![false; points];
        while open.len() < count {
            let mut best: Option<(f64, usize)> = None;
            for place in (0..points).filter(|&place| !is_open[place]) {
                if self.control.should_stop() {
                    return (self.filled(open, count), false);
                }
                let terms = self.weights.iter().zip(self.distances.from(place)).zip(&nearest);
                let of = |((weight, distance), known): ((&f64, &f64), &f64)| {
                    // Nothing times a way that is not known yet stays nothing.
                    if *weight > 0.0 { weight * distance.min(*known) } else { 0.0 }
                };
                let cost: f64 = terms.map(of).sum();
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, place));
                }
            }
            let Some((_, place)) = best else { break };
            is_open[place] = true;
            open.push(place);
            let ways = nearest.iter_mut().zip(self.distances.from(place));
            ways.for_each(|(known, distance)| *known = known.min(*distance));
        }
        (open, true)
    }

    /// The open places and, up to `count`, those of the heaviest other points.
    fn filled(&self, mut open: Vec<usize>, count: usize) -> Vec<usize> {
        let mut closed: Vec<usize> = (0..self.weights.len()).filter(|point| !open.contains(point)).collect();
        closed.sort_by(|&a, &b| self.weights[b].total_cmp(&self.weights[a]).then(a.cmp(&b)));
        open.extend(closed.into_iter().take(count.saturating_sub(open.len())));
        open
    }

    /// Swaps an open place for a closed one as long as that helps.
    fn interchange(&self, mut open: Vec<usize>) -> Median {
        let points = self.weights.len();
        let mut now = self.cost(&open);
        let mut is_open = vec![false; points];
        open.iter().for_each(|&place| is_open[place] = true);
        let mut losses = vec![0.0; open.len()];
        loop {
            let near = self.near(&open);
            let mut best: Option<(f64, usize, usize)> = None;
            for place in (0..points).filter(|&place| !is_open[place]) {
                if self.control.should_stop() {
                    return self.told(open, true);
                }
                let change = self.changes(place, &near, &mut losses);
                for (out, loss) in losses.iter().enumerate() {
                    let change = change + loss;
                    if change < best.map_or(0.0, |(least, ..)| least) - 1e-12 * now.abs() {
                        best = Some((change, out, place));
                    }
                }
            }
            let Some((_, out, place)) = best else { break };
            let left = std::mem::replace(&mut open[out], place);
            (is_open[left], is_open[place]) = (false, true);
            let swapped = self.cost(&open);
            if swapped >= now {
                // Only rounding promised a gain.
                open[out] = left;
                break;
            }
            now = swapped;
        }
        self.told(open, false)
    }

    fn near(&self, open: &[usize]) -> Vec<Near> {
        let none = Near { first: 0, distance: f64::INFINITY, second: f64::INFINITY };
        let mut near = vec![none; self.weights.len()];
        for (at, &place) in open.iter().enumerate() {
            for (near, &distance) in near.iter_mut().zip(self.distances.from(place)) {
                if distance < near.distance {
                    *near = Near { first: at, distance, second: near.distance };
                } else if distance < near.second {
                    near.second = distance;
                }
            }
        }
        near
    }

    /// What opening `place` saves (below 0), and into `losses` what closing each open place then adds.
    fn changes(&self, place: usize, near: &[Near], losses: &mut [f64]) -> f64 {
        losses.fill(0.0);
        let mut change = 0.0;
        for ((&weight, near), &distance) in self.weights.iter().zip(near).zip(self.distances.from(place)) {
            if weight <= 0.0 {
                continue;
            }
            if distance < near.distance {
                change += weight * (distance - near.distance);
            } else {
                losses[near.first] += weight * (distance.min(near.second) - near.distance);
            }
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use std::time::Duration;

    fn random(points: usize, random: &mut ChaCha8Rng) -> (Vec<f64>, Vec<[f64; 2]>) {
        let weights = (0..points).map(|_| random.random_range(0.0..5.0)).collect();
        (weights, (0..points).map(|_| [random.random(), random.random()]).collect())
    }

    fn distances(places: &[[f64; 2]]) -> Distances {
        Distances::new(places.len(), |a, b| (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]))
    }

    /// The cost by its definition.
    fn cost_of(weights: &[f64], open: &[usize], distances: &Distances) -> f64 {
        let nearest = |point: usize| {
            open.iter().map(|&place| distances.from(place)[point]).fold(f64::INFINITY, f64::min)
        };
        weights.iter().enumerate().map(|(point, weight)| weight * nearest(point)).sum()
    }

    /// Least cost over all subsets of that size, told by their bits.
    fn brute(weights: &[f64], count: usize, distances: &Distances) -> f64 {
        let subsets = (0_u32..1 << weights.len()).filter(|bits| bits.count_ones() as usize == count);
        let cost = |bits: u32| {
            let open: Vec<usize> = (0..weights.len()).filter(|place| bits >> place & 1 == 1).collect();
            cost_of(weights, &open, distances)
        };
        subsets.map(cost).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn few_choices_are_all_tried_and_interchange_comes_near() {
        let mut draws = ChaCha8Rng::seed_from_u64(4);
        let (mut hits, mut cases) = (0, 0);
        for case in 0..60 {
            let (weights, places) = random(9, &mut draws);
            let distances = distances(&places);
            let count = 1 + case % 4;
            let best = brute(&weights, count, &distances);
            let found = median_of(&weights, count, &distances, &Control::default());
            assert!(found.is_best && (found.cost - best).abs() < 1e-9, "{case}: {} {best}", found.cost);
            // From the worst begin, the first places, the interchange alone.
            let control = Control::default();
            let search = Search { weights, distances: &distances, control: &control };
            let swapped = search.interchange((0..count).collect());
            assert!(swapped.cost >= best - 1e-9 && swapped.cost <= 1.25 * best + 1e-9, "{case}");
            (hits, cases) = (hits + usize::from(swapped.cost < best + 1e-9), cases + 1);
        }
        assert!(hits * 10 >= cases * 8, "{hits} of {cases}");
    }

    #[test]
    fn many_choices_are_searched() {
        let (weights, places) = random(60, &mut ChaCha8Rng::seed_from_u64(8));
        let distances = distances(&places);
        let find = |count| median_of(&weights, count, &distances, &Control::default());
        let found = find(8);
        assert!(!found.is_best && !found.is_cut_short && found.open.len() == 8);
        assert!((found.cost - cost_of(&weights, &found.open, &distances)).abs() < 1e-12);
        let first: Vec<usize> = (0..8).collect();
        assert!(found.cost < 0.7 * cost_of(&weights, &first, &distances));
        assert_eq!(find(99).cost, 0.0, "every point is open");
        assert_eq!(find(0).open, [0; 0]);
        // No swap of one open place for one closed place helps any more.
        for out in 0..8 {
            for place in (0..60).filter(|place| !found.open.contains(place)) {
                let mut swapped = found.open.clone();
                swapped[out] = place;
                assert!(cost_of(&weights, &swapped, &distances) >= found.cost - 1e-9, "{out} for {place}");
            }
        }
    }

    #[test]
    fn changes_of_all_swaps_are_those_of_the_cost() {
        let (mut weights, places) = random(12, &mut ChaCha8Rng::seed_from_u64(5));
        weights[3] = 0.0;
        let (distances, control) = (distances(&places), Control::default());
        let search = Search { weights, distances: &distances, control: &control };
        for open in [vec![7], vec![2, 9, 4, 0]] {
            let (near, mut losses) = (search.near(&open), vec![0.0; open.len()]);
            for place in (0..12).filter(|place| !open.contains(place)) {
                let change = search.changes(place, &near, &mut losses);
                for out in 0..open.len() {
                    let mut swapped = open.clone();
                    swapped[out] = place;
                    let real = search.cost(&swapped) - search.cost(&open);
                    assert!((change + losses[out] - real).abs() < 1e-12, "{out} for {place}");
                }
            }
        }
    }

    #[test]
    fn a_search_ends_when_it_is_cancelled_or_its_time_is_up() {
        let (weights, places) = random(1_000, &mut ChaCha8Rng::seed_from_u64(3));
        let distances = distances(&places);
        let cancelled = Control::default();
        cancelled.cancel.request();
        let late = Control::default().with_time(Duration::ZERO).started();
        for control in [cancelled, late] {
            for count in [1, 300] {
                let found = median_of(&weights, count, &distances, &control);
                assert!(found.is_cut_short && !found.is_best && found.open.len() == count, "{count}");
            }
            let heaviest = median_of(&weights, 1, &distances, &control).open[0];
            assert!(weights.iter().all(|weight| *weight <= weights[heaviest]));
        }
    }
}
