//! Given a directed graph, a source and a target, find a shortest path.
//!
//! Method: Dijkstra from both ends, always the side whose queue is shorter,
//! until the two next distances together reach the best path found (Nicholson
//! 1966, doi:10.1093/comjnl/9.3.275; the choice of side is Pohl's, 1971).
//! Cost: about half of the nodes that a search from one end settles; memory
//! O(n) twice, and the graph turned round.
//! Use [`Dijkstra`](super::Dijkstra) for many targets and
//! [`Topology`](super::Topology) for many pairs.
//! Same input gives the same answer: yes.

use super::dijkstra::{Label, NONE, Path, UNSEEN};
use super::graph::Graph;
use super::queue::{QuaternaryHeap, Queue};

/// Search from both ends, with memory that lasts from question to question.
///
/// ```
/// use purvey::optimize::paths::{Arc, Bidirectional, Graph, QuaternaryHeap};
/// let graph = Graph::new(3, &[Arc::new(0, 1, 2.0), Arc::new(1, 2, 2.0), Arc::new(0, 2, 5.0)])?;
/// let mut search = Bidirectional::<QuaternaryHeap>::new(&graph);
/// assert_eq!(search.path(&graph, 0, 2).distance, 4.0);
/// # Ok::<(), purvey::optimize::paths::GraphError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Bidirectional<Q = QuaternaryHeap> {
    /// The graph turned round, and where its arcs stand in the graph.
    reversed: Graph,
    origin: Vec<u32>,
    sides: [Side<Q>; 2],
}

#[derive(Debug, Clone)]
struct Side<Q> {
    labels: Vec<Label>,
    seen: Vec<u32>,
    queue: Q,
}

impl<Q: Queue> Side<Q> {
    fn new(nodes: usize) -> Self {
        Side { labels: vec![UNSEEN; nodes], seen: Vec::new(), queue: Q::default() }
    }

    fn start(&mut self, at: u32) {
        for node in self.seen.drain(..) {
            self.labels[node as usize] = UNSEEN;
        }
        self.queue.clear();
        self.labels[at as usize].distance = 0.0;
        self.seen.push(at);
        self.queue.put(0.0, at);
    }

    /// Settles the nearest node and calls `meet` with every node it reaches.
    #[inline]
    fn step(&mut self, graph: &Graph, mut meet: impl FnMut(u32, f64)) {
        let Some((key, node)) = self.queue.take() else { return };
        if key > self.labels[node as usize].distance {
            return;
        }
        let first = graph.range(node).start;
        for (at, (head, weight)) in graph.arcs_from(node).enumerate() {
            let reached = key + weight;
            let label = &mut self.labels[head as usize];
            if reached < label.distance {
                if label.distance == f64::INFINITY {
                    self.seen.push(head);
                }
                *label = Label { distance: reached, arc: (first + at) as u32, tail: node };
                self.queue.put(reached, head);
                meet(head, reached);
            }
        }
    }
}

impl<Q: Queue> Bidirectional<Q> {
    /// Turns the graph round and makes memory for its size.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        let (reversed, origin) = graph.reversed_with_origin();
        Bidirectional { reversed, origin, sides: [Side::new(graph.nodes()), Side::new(graph.nodes())] }
    }

    /// A shortest path from `from` to `to` in the graph that this was made for.
    pub fn path(&mut self, graph: &Graph, from: u32, to: u32) -> Path {
        let [forward, backward] = &mut self.sides;
        forward.start(from);
        backward.start(to);
        let (mut best, mut meeting) = if from == to { (0.0, from) } else { (f64::INFINITY, NONE) };
        while let (Some(ahead), Some(behind)) = (forward.queue.nearest(), backward.queue.nearest()) {
            if ahead + behind >= best {
                break;
            }
            let (side, other, graph) = if forward.queue.len() <= backward.queue.len() {
                (&mut *forward, &*backward, graph)
            } else {
                (&mut *backward, &*forward, &self.reversed)
            };
            side.step(graph, |node, reached| {
                let sum = reached + other.labels[node as usize].distance;
                if sum < best {
                    (best, meeting) = (sum, node);
                }
            });
        }
        self.unpacked(best, meeting)
    }

    fn unpacked(&self, distance: f64, meeting: u32) -> Path {
        let mut arcs = Vec::new();
        if meeting != NONE {
            let mut at = self.sides[0].labels[meeting as usize];
            while at.arc != NONE {
                arcs.push(at.arc);
                at = self.sides[0].labels[at.tail as usize];
            }
            arcs.reverse();
            let mut at = self.sides[1].labels[meeting as usize];
            while at.arc != NONE {
                arcs.push(self.origin[at.arc as usize]);
                at = self.sides[1].labels[at.tail as usize];
            }
        }
        Path { distance, arcs }
    }
}
