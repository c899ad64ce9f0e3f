//! Given a directed graph with weights of 0 or more and one source, find
//! shortest paths to one target, to several or to all nodes.
//!
//! Method: Dijkstra 1959, doi:10.1007/BF01386390, stopped as soon as the last
//! target is settled; with a potential that never overestimates it is A*
//! (Hart, Nilsson and Raphael 1968, doi:10.1109/TSSC.1968.300136).
//! Cost: O((n + m) log n) at worst, in practice what lies nearer than the
//! target; memory O(n), used again from question to question.
//! Use [`Bidirectional`](super::Bidirectional) for one pair and
//! [`Topology`](super::Topology) for many pairs on one graph.
//! Same input gives the same answer: yes.

use super::graph::Graph;
use super::potential::Potential;
use super::queue::{QuaternaryHeap, Queue};

/// No arc.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Label {
    pub distance: f64,
    /// Position of the last arc of the path, and its tail.
    pub arc: u32,
    pub tail: u32,
}

pub(crate) const UNSEEN: Label = Label { distance: f64::INFINITY, arc: NONE, tail: NONE };

/// A shortest path.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// Sum of the weights of its arcs; infinite when there is no path.
    pub distance: f64,
    /// Positions of its arcs in the graph, from source to target.
    pub arcs: Vec<u32>,
}

impl Path {
    /// Nodes of the path, the source first.
    #[must_use]
    pub fn nodes(&self, graph: &Graph, from: u32) -> Vec<u32> {
        let heads = self.arcs.iter().map(|&arc| graph.head(arc as usize));
        std::iter::once(from).chain(heads).collect()
    }
}

/// Search from one source, with memory that lasts from question to question.
///
/// ```
/// use purvey::optimize::paths::{Arc, Dijkstra, Graph, RadixHeap};
/// let graph = Graph::new(3, &[Arc::new(0, 1, 2.0), Arc::new(1, 2, 2.0), Arc::new(0, 2, 5.0)])?;
/// let mut search = Dijkstra::<RadixHeap>::new(&graph);
/// let path = search.path(&graph, 0, 2);
/// assert_eq!((path.distance, path.arcs.len()), (4.0, 2));
/// # Ok::<(), purvey::optimize::paths::GraphError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dijkstra<Q = QuaternaryHeap> {
    labels: Vec<Label>,
    seen: Vec<u32>,
    queue: Q,
    /// Nodes settled by the last question.
    settled: usize,
}

impl<Q: Queue> Dijkstra<Q> {
    /// Memory for graphs of the size of `graph`.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        Dijkstra { labels: vec![UNSEEN; graph.nodes()], seen: Vec::new(), queue: Q::default(), settled: 0 }
    }

    /// Nodes that the last question settled.
    #[must_use]
    pub fn settled(&self) -> usize {
        self.settled
    }

    /// A shortest path from `from` to `to`.
    pub fn path(&mut self, graph: &Graph, from: u32, to: u32) -> Path {
        self.run(graph, from, &|_| 0.0, &|arc, _| graph.weight(arc), |node| node == to);
        self.unpacked(to)
    }

    /// Distances from `from` to each of `targets`, infinite where there is no path.
    pub fn distances(&mut self, graph: &Graph, from: u32, targets: &[u32]) -> Vec<f64> {
        self.towards(graph, from, targets, &|arc, _| graph.weight(arc))
    }

    /// The same where the weight of an arc depends on the distance at its tail.
    pub(crate) fn towards(
        &mut self,
        graph: &Graph,
        from: u32,
        targets: &[u32],
        weight: &impl Fn(usize, f64) -> f64,
    ) -> Vec<f64> {
        let mut wanted: Vec<u32> = targets.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut left = wanted.len();
        if left > 0 {
            self.run(graph, from, &|_| 0.0, weight, |node| {
                left -= usize::from(wanted.binary_search(&node).is_ok());
                left == 0
            });
        }
        targets.iter().map(|&node| self.labels[node as usize].distance).collect()
    }

    /// Distances from `from` to all nodes, infinite where there is no path.
    pub fn all_distances(&mut self, graph: &Graph, from: u32) -> Vec<f64> {
        self.run(graph, from, &|_| 0.0, &|arc, _| graph.weight(arc), |_| false);
        self.labels.iter().map(|label| label.distance).collect()
    }

    /// Settles nodes in the order of distance plus potential until `done` says
    /// so; `weight` is asked for an arc and the distance at its tail.
    pub(crate) fn run(
        &mut self,
        graph: &Graph,
        from: u32,
        potential: &impl Fn(u32) -> f64,
        weight: &impl Fn(usize, f64) -> f64,
        mut done: impl FnMut(u32) -> bool,
    ) {
        for node in self.seen.drain(..) {
            self.labels[node as usize] = UNSEEN;
        }
        self.queue.clear();
        self.settled = 0;
        self.labels[from as usize].distance = 0.0;
        self.seen.push(from);
        self.queue.put(potential(from), from);
        while let Some((key, node)) = self.queue.take() {
            let distance = self.labels[node as usize].distance;
            // An entry that a later one made void: its key lies above that of the label.
            if key > distance + potential(node) {
                continue;
            }
            self.settled += 1;
            if done(node) {
                return;
            }
            for position in graph.range(node) {
                let head = graph.head(position);
                let reached = distance + weight(position, distance);
                let label = &mut self.labels[head as usize];
                if reached < label.distance {
                    if label.distance == f64::INFINITY {
                        self.seen.push(head);
                    }
                    *label = Label { distance: reached, arc: position as u32, tail: node };
                    let key = reached + potential(head);
                    // An infinite bound says that no way leads on.
                    if key < f64::INFINITY {
                        self.queue.put(key, head);
                    }
                }
            }
        }
    }

    pub(crate) fn unpacked(&self, to: u32) -> Path {
        let mut arcs = Vec::new();
        let mut at = self.labels[to as usize];
        let distance = at.distance;
        while at.arc != NONE {
            arcs.push(at.arc);
            at = self.labels[at.tail as usize];
        }
        arcs.reverse();
        Path { distance, arcs }
    }
}

impl Dijkstra<QuaternaryHeap> {
    /// A shortest path, led by lower bounds of the way that is left (A*). The
    /// radix heap is not for it: rounding may let its keys fall.
    pub fn guided(&mut self, graph: &Graph, from: u32, to: u32, potential: &impl Potential) -> Path {
        self.run(graph, from, &potential.towards(to), &|arc, _| graph.weight(arc), |node| node == to);
        self.unpacked(to)
    }
}
