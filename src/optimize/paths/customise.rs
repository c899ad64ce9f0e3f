//! Given a hierarchy's topology and the weights of the graph, find the weights
//! of all shortcuts.
//!
//! Method: lower triangles from the lowest node up give each shortcut its
//! weight; upper triangles from the highest down find the arcs that a way over
//! a higher node beats, which no search needs ("perfect customisation":
//! Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843, section 5).
//! Cost: two passes over the triangles; memory for two weights and two origins an arc.
//! Same input gives the same answer: yes.

use super::graph::Graph;
use super::hierarchy::{NONE, Topology};

/// One direction of all arcs: weights, and where they come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    pub weight: Vec<f64>,
    /// The two arcs of a shortcut over its lower node, or `NONE` and the arc of the graph.
    pub via: Vec<[u32; 2]>,
}

/// Arcs that a search from one end needs, by the rank of their tail.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    first: Vec<u32>,
    arcs: Vec<SearchArc>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SearchArc {
    pub weight: f64,
    pub head: u32,
    pub arc: u32,
}

impl Search {
    #[inline]
    pub fn of(&self, rank: u32) -> &[SearchArc] {
        &self.arcs[self.first[rank as usize] as usize..self.first[rank as usize + 1] as usize]
    }

    fn collect(&mut self, topology: &Topology, weight: &[f64], least: &[f64]) {
        self.first.clear();
        self.first.push(0);
        self.arcs.clear();
        for rank in 0..topology.nodes() as u32 {
            for arc in topology.up(rank) {
                // Below its own weight: a way over a higher node is shorter.
                if weight[arc] < f64::INFINITY && least[arc] >= weight[arc] {
                    self.arcs.push(SearchArc {
                        weight: weight[arc],
                        head: topology.head[arc],
                        arc: arc as u32,
                    });
                }
            }
            self.first.push(self.arcs.len() as u32);
        }
    }
}

/// The weights of a hierarchy. Made once, it takes new weights in place.
#[derive(Debug, Clone, Default)]
pub struct Metric {
    pub(crate) up: Side,
    pub(crate) down: Side,
    pub(crate) forward: Search,
    pub(crate) backward: Search,
    /// Least weights between the ends of each arc, up and down.
    least: [Vec<f64>; 2],
}

impl Metric {
    /// The weights of all shortcuts for the weights of `graph`, which has the arcs of `topology`.
    #[must_use]
    pub fn new(topology: &Topology, graph: &Graph) -> Self {
        let mut metric = Metric::default();
        metric.customise(topology, graph);
        metric
    }

    /// Brings in the weights of `graph`, which has the arcs of `topology`.
    pub fn customise(&mut self, topology: &Topology, graph: &Graph) {
        self.load(topology, graph);
        self.lower_triangles(topology);
        self.upper_triangles(topology);
        self.forward.collect(topology, &self.up.weight, &self.least[0]);
        self.backward.collect(topology, &self.down.weight, &self.least[1]);
    }

    fn load(&mut self, topology: &Topology, graph: &Graph) {
        for (direction, side) in [&mut self.up, &mut self.down].into_iter().enumerate() {
            side.weight.clear();
            side.weight.resize(topology.arcs(), f64::INFINITY);
            side.via.clear();
            side.via.resize(topology.arcs(), [NONE; 2]);
            for arc in 0..topology.arcs() {
                for &position in topology.arcs_on(arc, direction) {
                    let weight = graph.weight(position as usize);
                    if weight < side.weight[arc] {
                        side.weight[arc] = weight;
                        side.via[arc] = [NONE, position];
                    }
                }
            }
        }
    }

    /// Shortcuts over lower nodes, the lowest first.
    fn lower_triangles(&mut self, topology: &Topology) {
        let (up, down) = (&mut self.up, &mut self.down);
        let mut triangles = topology.across.iter();
        for low in 0..topology.nodes() as u32 {
            let range = topology.up(low);
            for first in range.clone() {
                let (to_first, from_first) = (up.weight[first], down.weight[first]);
                for (second, &across) in (first + 1..range.end).zip(triangles.by_ref()) {
                    let across = across as usize;
                    let through = from_first + up.weight[second];
                    if through < up.weight[across] {
                        up.weight[across] = through;
                        up.via[across] = [first as u32, second as u32];
                    }
                    let through = down.weight[second] + to_first;
                    if through < down.weight[across] {
                        down.weight[across] = through;
                        down.via[across] = [second as u32, first as u32];
                    }
                }
            }
        }
    }

    /// Least weights between the ends of arcs, the highest first.
    fn upper_triangles(&mut self, topology: &Topology) {
        let [up, down] = &mut self.least;
        up.clone_from(&self.up.weight);
        down.clone_from(&self.down.weight);
        let mut end = topology.across.len();
        for low in (0..topology.nodes() as u32).rev() {
            let range = topology.up(low);
            let start = end - range.len() * range.len().saturating_sub(1) / 2;
            let mut triangles = topology.across[start..end].iter();
            end = start;
            for first in range.clone() {
                let (mut to_first, mut from_first) = (up[first], down[first]);
                for (second, &across) in (first + 1..range.end).zip(triangles.by_ref()) {
                    let (rise, fall) = (up[across as usize], down[across as usize]);
                    to_first = to_first.min(up[second] + fall);
                    from_first = from_first.min(rise + down[second]);
                    up[second] = up[second].min(to_first + rise);
                    down[second] = down[second].min(fall + from_first);
                }
                (up[first], down[first]) = (to_first, from_first);
            }
        }
    }
}
