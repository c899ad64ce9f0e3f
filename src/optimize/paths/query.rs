//! Given a hierarchy with weights, a source and a target, find a shortest path.
//!
//! Method: both ends climb the elimination tree, each node passing its
//! distance up; the best common ancestor joins the two halves, and shortcuts
//! are unfolded (Dibbelt, Strasser and Wagner 2016, doi:10.1145/2886843).
//! Cost: O(arcs above source and target) and O(arcs of the path).
//! Same input gives the same answer: yes.

use super::customise::{Metric, Search};
use super::dijkstra::Path;
use super::hierarchy::{NONE, Topology};

/// Memory of a searcher, used again from question to question.
#[derive(Debug, Clone)]
pub struct Query {
    forward: Labels,
    backward: Labels,
    /// Shortcuts that wait to be unfolded, and whether they lead up.
    stack: Vec<(u32, bool)>,
}

/// Distance and last arc by rank; infinite between questions.
#[derive(Debug, Clone)]
struct Labels(Vec<(f64, u32)>);

impl Labels {
    #[inline]
    fn distance(&self, rank: u32) -> f64 {
        self.0[rank as usize].0
    }

    /// Passes the distance of `rank` up.
    #[inline]
    fn relax(&mut self, search: &Search, rank: u32) {
        let distance = self.distance(rank);
        if distance == f64::INFINITY {
            return;
        }
        for arc in search.of(rank) {
            let label = &mut self.0[arc.head as usize];
            let reached = distance + arc.weight;
            if reached < label.0 {
                *label = (reached, arc.arc);
            }
        }
    }

    fn clear(&mut self, topology: &Topology, from: u32) {
        let mut at = from;
        while at != NONE {
            self.0[at as usize].0 = f64::INFINITY;
            at = topology.parent[at as usize];
        }
    }
}

impl Query {
    /// Memory for a hierarchy.
    #[must_use]
    pub fn new(topology: &Topology) -> Self {
        let labels = Labels(vec![(f64::INFINITY, NONE); topology.nodes()]);
        Query { forward: labels.clone(), backward: labels, stack: Vec::new() }
    }

    /// Distance from `from` to `to`, infinite when there is no path.
    pub fn distance(&mut self, topology: &Topology, metric: &Metric, from: u32, to: u32) -> f64 {
        let ends = (topology.rank[from as usize], topology.rank[to as usize]);
        let (distance, _) = self.meet(topology, metric, ends);
        self.clear(topology, ends);
        distance
    }

    /// A shortest path from `from` to `to`, unfolded to arcs of the graph; `path` is written over.
    pub fn path(&mut self, topology: &Topology, metric: &Metric, from: u32, to: u32, path: &mut Path) {
        let ends = (topology.rank[from as usize], topology.rank[to as usize]);
        let (distance, meeting) = self.meet(topology, metric, ends);
        path.distance = distance;
        path.arcs.clear();
        if meeting != NONE {
            self.unfold(topology, metric, ends, meeting, &mut path.arcs);
        }
        self.clear(topology, ends);
    }

    /// Least distance over all common ancestors, and where it is reached.
    fn meet(&mut self, topology: &Topology, metric: &Metric, (mut a, mut b): (u32, u32)) -> (f64, u32) {
        self.forward.0[a as usize] = (0.0, NONE);
        self.backward.0[b as usize] = (0.0, NONE);
        while a != b {
            // The lower of two different ranks is no ancestor of the other. `NONE` is above all.
            if a < b {
                self.forward.relax(&metric.forward, a);
                a = topology.parent[a as usize];
            } else {
                self.backward.relax(&metric.backward, b);
                b = topology.parent[b as usize];
            }
        }
        let (mut best, mut meeting) = (f64::INFINITY, NONE);
        while a != NONE {
            let (ahead, behind) = (self.forward.distance(a), self.backward.distance(a));
            if ahead + behind < best {
                (best, meeting) = (ahead + behind, a);
            }
            if ahead < best {
                self.forward.relax(&metric.forward, a);
            }
            if behind < best {
                self.backward.relax(&metric.backward, a);
            }
            a = topology.parent[a as usize];
        }
        (best, meeting)
    }

    fn unfold(
        &mut self,
        topology: &Topology,
        metric: &Metric,
        (source, target): (u32, u32),
        meeting: u32,
        arcs: &mut Vec<u32>,
    ) {
        self.stack.clear();
        let mut at = meeting;
        while at != source {
            let arc = self.forward.0[at as usize].1;
            self.stack.push((arc, true));
            at = topology.tail[arc as usize];
        }
        self.unfold_stack(metric, arcs);
        let mut at = meeting;
        while at != target {
            let arc = self.backward.0[at as usize].1;
            self.stack.push((arc, false));
            self.unfold_stack(metric, arcs);
            at = topology.tail[arc as usize];
        }
    }

    fn unfold_stack(&mut self, metric: &Metric, arcs: &mut Vec<u32>) {
        while let Some((arc, up)) = self.stack.pop() {
            let side = if up { &metric.up } else { &metric.down };
            let [first, second] = side.via[arc as usize];
            if first == NONE {
                arcs.push(second);
            } else {
                self.stack.push((second, true));
                self.stack.push((first, false));
            }
        }
    }

    fn clear(&mut self, topology: &Topology, (a, b): (u32, u32)) {
        self.forward.clear(topology, a);
        self.backward.clear(topology, b);
    }
}
