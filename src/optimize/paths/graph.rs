//! A directed graph with non-negative arc weights, laid out flat.

use thiserror::Error;

/// What is wrong with the nodes or arcs of a graph.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum GraphError {
    /// An arc names a node that is not there.
    #[error("arc {arc} leads from {from} to {to}, but there are {nodes} nodes; number them from 0")]
    UnknownNode {
        /// Position of the arc in the input.
        arc: usize,
        /// Its tail.
        from: u32,
        /// Its head.
        to: u32,
        /// Number of nodes.
        nodes: usize,
    },
    /// A weight that no shortest path can use.
    #[error(
        "the weight of arc {arc} is {weight}: wanted a number of 0 or more, or infinity for a closed arc"
    )]
    BadWeight {
        /// Position of the arc in the input.
        arc: usize,
        /// Its weight.
        weight: f64,
    },
    /// More nodes or arcs than 32-bit numbers hold.
    #[error("{found} {what} are too many: at most {most}")]
    TooLarge {
        /// `nodes` or `arcs`.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many may be.
        most: usize,
    },
    /// A list of weights of the wrong length.
    #[error("{found} weights for {expected} arcs; give one for each arc, in the order of the input")]
    WrongLength {
        /// Weights given.
        found: usize,
        /// Arcs of the graph.
        expected: usize,
    },
}

/// One directed arc.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arc {
    /// Node it leaves.
    pub from: u32,
    /// Node it reaches.
    pub to: u32,
    /// Its cost, 0 or more; infinite: closed.
    pub weight: f64,
}

impl Arc {
    /// An arc.
    #[must_use]
    pub fn new(from: u32, to: u32, weight: f64) -> Self {
        Arc { from, to, weight }
    }
}

/// A directed graph: arcs sorted by tail, one flat array each for heads and weights.
///
/// ```
/// use purvey::optimize::paths::{Arc, Graph};
/// let graph = Graph::new(3, &[Arc::new(0, 1, 2.0), Arc::new(1, 2, 2.5)])?;
/// assert_eq!(graph.arcs_from(1).collect::<Vec<_>>(), [(2, 2.5)]);
/// # Ok::<(), purvey::optimize::paths::GraphError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    first: Vec<u32>,
    /// Head and weight of each arc, side by side.
    out: Vec<(u32, f64)>,
    /// Position in the input of each arc.
    input: Vec<u32>,
}

/// Largest number of nodes and arcs.
const MOST: usize = (u32::MAX - 2) as usize;

impl Graph {
    /// A graph of `nodes` nodes, numbered from 0.
    ///
    /// # Errors
    /// [`GraphError`] for an unknown node, a negative or missing weight, or too many of them.
    pub fn new(nodes: usize, arcs: &[Arc]) -> Result<Self, GraphError> {
        for (what, found) in [("nodes", nodes), ("arcs", arcs.len())] {
            if found > MOST {
                return Err(GraphError::TooLarge { what, found, most: MOST });
            }
        }
        let mut first = vec![0_u32; nodes + 1];
        for (arc, &Arc { from, to, weight }) in arcs.iter().enumerate() {
            if from.max(to) as usize >= nodes {
                return Err(GraphError::UnknownNode { arc, from, to, nodes });
            }
            check_weight(arc, weight)?;
            first[from as usize + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut graph = Graph { first, out: vec![(0, 0.0); arcs.len()], input: vec![0; arcs.len()] };
        for (position, arc) in arcs.iter().enumerate() {
            let slot = next[arc.from as usize];
            next[arc.from as usize] += 1;
            graph.out[slot as usize] = (arc.to, arc.weight);
            graph.input[slot as usize] = position as u32;
        }
        Ok(graph)
    }

    /// Number of nodes.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.first.len() - 1
    }

    /// Number of arcs.
    #[must_use]
    pub fn arcs(&self) -> usize {
        self.out.len()
    }

    /// Positions of the arcs that leave `node`.
    #[inline]
    #[must_use]
    pub fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.first[node as usize] as usize..self.first[node as usize + 1] as usize
    }

    /// Heads and weights of the arcs that leave `node`.
    #[inline]
    pub fn arcs_from(&self, node: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.out[self.range(node)].iter().copied()
    }

    /// Node that the arc at `position` reaches.
    #[inline]
    #[must_use]
    pub fn head(&self, position: usize) -> u32 {
        self.out[position].0
    }

    /// Weight of the arc at `position`.
    #[inline]
    #[must_use]
    pub fn weight(&self, position: usize) -> f64 {
        self.out[position].1
    }

    /// Place in the input of the arc at `position`.
    #[must_use]
    pub fn input_of(&self, position: usize) -> u32 {
        self.input[position]
    }

    /// The weights of all arcs, in the order of the input.
    #[must_use]
    pub fn weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.arcs()];
        for (&(_, weight), &position) in self.out.iter().zip(&self.input) {
            weights[position as usize] = weight;
        }
        weights
    }

    /// The same arcs with other weights, given in the order of the input.
    ///
    /// # Errors
    /// [`GraphError`] for a wrong number of weights or a bad one.
    pub fn set_weights(&mut self, weights: &[f64]) -> Result<(), GraphError> {
        if weights.len() != self.arcs() {
            return Err(GraphError::WrongLength { found: weights.len(), expected: self.arcs() });
        }
        weights.iter().enumerate().try_for_each(|(arc, &weight)| check_weight(arc, weight))?;
        for ((_, weight), &position) in self.out.iter_mut().zip(&self.input) {
            *weight = weights[position as usize];
        }
        Ok(())
    }

    /// The same arcs, each with the weight that `of` gives for its position, 0 or more.
    pub(crate) fn reweighted(&self, of: impl Fn(usize) -> f64) -> Graph {
        let mut graph = self.clone();
        graph.out.iter_mut().enumerate().for_each(|(position, arc)| arc.1 = of(position));
        graph
    }

    /// New numbers for the nodes, in the order of a walk breadth first over
    /// arcs in either direction: nodes near in the graph then lie near in memory.
    #[must_use]
    pub fn walk(&self) -> Vec<u32> {
        let turned = self.reversed();
        let mut number = vec![u32::MAX; self.nodes()];
        let mut queue: Vec<u32> = Vec::with_capacity(self.nodes());
        for start in 0..self.nodes() as u32 {
            let mut at = queue.len();
            let visit = |node: u32, number: &mut Vec<u32>, queue: &mut Vec<u32>| {
                if number[node as usize] == u32::MAX {
                    number[node as usize] = queue.len() as u32;
                    queue.push(node);
                }
            };
            visit(start, &mut number, &mut queue);
            while let Some(&node) = queue.get(at) {
                at += 1;
                for graph in [self, &turned] {
                    graph.arcs_from(node).for_each(|(head, _)| visit(head, &mut number, &mut queue));
                }
            }
        }
        number
    }

    /// The graph with every arc turned round.
    #[must_use]
    pub fn reversed(&self) -> Graph {
        self.reversed_with_origin().0
    }

    /// The graph turned round, and for each of its arcs the position here.
    pub(crate) fn reversed_with_origin(&self) -> (Graph, Vec<u32>) {
        let (nodes, arcs) = (self.nodes(), self.arcs());
        let mut first = vec![0_u32; nodes + 1];
        for &(head, _) in &self.out {
            first[head as usize + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut turned = Graph { first, out: vec![(0, 0.0); arcs], input: vec![0; arcs] };
        let mut origin = vec![0; arcs];
        for tail in 0..nodes as u32 {
            for position in self.range(tail) {
                let (head, weight) = self.out[position];
                let slot = &mut next[head as usize];
                let at = *slot as usize;
                *slot += 1;
                turned.out[at] = (tail, weight);
                turned.input[at] = self.input[position];
                origin[at] = position as u32;
            }
        }
        (turned, origin)
    }
}

fn check_weight(arc: usize, weight: f64) -> Result<(), GraphError> {
    if weight >= 0.0 { Ok(()) } else { Err(GraphError::BadWeight { arc, weight }) }
}
