//! Lower bounds of distances, which lead A* towards its target.
//!
//! Methods: the straight line at the highest speed of the network; landmarks
//! and the triangle inequality (ALT: Goldberg and Harrelson 2005, "Computing
//! the Shortest Path: A* Search Meets Graph Theory"), landmarks far from each other.
//! Cost: landmarks take two searches over all nodes each, and memory for two
//! distances a node; a bound O(landmarks).
//! Not for: weights that fell after the landmarks were made; the bounds then
//! overestimate. Weights that only rose keep them valid.

use super::dijkstra::Dijkstra;
use super::graph::Graph;
use super::queue::RadixHeap;

/// A lower bound of the distance to a target that obeys the triangle inequality along arcs.
pub trait Potential {
    /// The bound from every node to `target`.
    fn towards(&self, target: u32) -> impl Fn(u32) -> f64;
}

/// Straight lines at the highest speed that an arc allows.
#[derive(Debug, Clone)]
pub struct StraightLine<'a> {
    coordinates: &'a [(f64, f64)],
    /// Least weight of a unit of straight-line distance.
    least: f64,
}

impl<'a> StraightLine<'a> {
    /// Measures the least weight of a unit of distance over all arcs of `graph`.
    ///
    /// `coordinates` holds one plane coordinate a node; arcs beyond its end allow no bound.
    #[must_use]
    pub fn new(graph: &Graph, coordinates: &'a [(f64, f64)]) -> Self {
        let mut least = f64::INFINITY;
        for tail in 0..graph.nodes() as u32 {
            for (head, weight) in graph.arcs_from(tail) {
                let (Some(a), Some(b)) = (coordinates.get(tail as usize), coordinates.get(head as usize))
                else {
                    return StraightLine { coordinates, least: 0.0 };
                };
                let length = (a.0 - b.0).hypot(a.1 - b.1);
                if length > 0.0 {
                    least = least.min(weight / length);
                }
            }
        }
        // A hair less, so that rounding never makes the bound too high.
        StraightLine { coordinates, least: if least.is_finite() { least * (1.0 - 1e-12) } else { 0.0 } }
    }
}

impl Potential for StraightLine<'_> {
    fn towards(&self, target: u32) -> impl Fn(u32) -> f64 {
        let place = |node: u32| self.coordinates.get(node as usize).copied().unwrap_or_default();
        let (x, y) = place(target);
        move |node| {
            let (u, v) = place(node);
            self.least * (x - u).hypot(y - v)
        }
    }
}

/// Distances from and to a few nodes at the rim of the graph.
#[derive(Debug, Clone)]
pub struct Landmarks {
    count: usize,
    /// Distance from each landmark and to it, node by node.
    distance: Vec<[f64; 2]>,
}

impl Landmarks {
    /// `count` landmarks, each as far as possible from those before.
    #[must_use]
    pub fn new(graph: &Graph, count: usize) -> Self {
        let nodes = graph.nodes();
        let count = count.min(nodes);
        let reversed = graph.reversed();
        let mut search = Dijkstra::<RadixHeap>::new(graph);
        let mut distance = vec![[f64::INFINITY; 2]; nodes * count];
        let mut nearest = if nodes > 0 { search.all_distances(graph, 0) } else { Vec::new() };
        for landmark in 0..count {
            let farthest = (0..nodes).filter(|&node| nearest[node].is_finite());
            let node = farthest.max_by(|&a, &b| nearest[a].total_cmp(&nearest[b])).unwrap_or(0) as u32;
            let from = search.all_distances(graph, node);
            let to = search.all_distances(&reversed, node);
            for (at, (&from, &to)) in from.iter().zip(&to).enumerate() {
                distance[at * count + landmark] = [from, to];
                nearest[at] = if landmark == 0 { from } else { nearest[at].min(from) };
            }
        }
        Landmarks { count, distance }
    }

    fn of(&self, node: u32) -> &[[f64; 2]] {
        &self.distance[node as usize * self.count..(node as usize + 1) * self.count]
    }
}

impl Potential for Landmarks {
    fn towards(&self, target: u32) -> impl Fn(u32) -> f64 {
        let at_target = self.of(target);
        move |node| {
            let mut bound: f64 = 0.0;
            for (here, there) in self.of(node).iter().zip(at_target) {
                // Differences of infinities are no numbers, and no bounds.
                bound = bound.max(there[0] - here[0]).max(here[1] - there[1]);
            }
            // A hair less, so that rounding never makes the bound too high.
            if bound.is_finite() { bound * (1.0 - 1e-12) } else { f64::INFINITY }
        }
    }
}
