//! Given a directed graph whose weights change, answer shortest-path questions
//! in microseconds.
//!
//! Method: customisable contraction hierarchy (Dibbelt, Strasser and Wagner
//! 2016, doi:10.1145/2886843). Three steps: the order and the shortcuts from
//! the topology alone ([`Topology::new`]); the weights of all shortcuts
//! ([`Metric`](super::Metric)); questions along the elimination tree.
//! Cost: memory O(n + a) for a arcs with shortcuts (4 to 6 a node on roads);
//! customising O(triangles); a question O(arcs above source and target).
//! Not for: graphs without small separators.
//! Same input gives the same answer: yes, whatever the number of threads.

use super::dissection::{Adjacency, elimination_order};
use super::graph::{Graph, GraphError};

/// No node, no arc.
pub(crate) const NONE: u32 = u32::MAX;

/// Order, elimination tree and shortcuts of a graph, without weights.
///
/// Nodes are numbered by rank inside; an arc leads from the lower to the
/// higher end and carries a weight for either direction.
#[derive(Debug, Clone)]
pub struct Topology {
    /// Rank of each node.
    pub(crate) rank: Vec<u32>,
    /// Lowest upper neighbour of each rank: its parent in the elimination tree.
    pub(crate) parent: Vec<u32>,
    /// Arcs up from each rank, heads rising.
    first: Vec<u32>,
    pub(crate) head: Vec<u32>,
    pub(crate) tail: Vec<u32>,
    /// For each lowest node and each two of its arcs, in order: the arc between their heads.
    pub(crate) across: Vec<u32>,
    /// Arcs of the graph on each arc here, first those up, then those down.
    arcs_first: Vec<u32>,
    arcs_at: Vec<u32>,
}

impl Topology {
    /// Finds order and shortcuts; coordinates, where there are some, help to find the order.
    ///
    /// # Errors
    /// [`GraphError::TooLarge`] when the shortcuts are too many.
    pub fn new(graph: &Graph, coordinates: Option<&[(f64, f64)]>) -> Result<Self, GraphError> {
        let nodes = graph.nodes();
        let tails =
            (0..nodes as u32).flat_map(|tail| graph.arcs_from(tail).map(move |(head, _)| (tail, head)));
        let adjacency = Adjacency::new(nodes, tails);
        let order = elimination_order(&adjacency, coordinates);
        let (rank, parent) = post_order(&adjacency, &order);
        let (first, head) = fill(&adjacency, &rank, &parent)?;
        let mut tail = Vec::with_capacity(head.len());
        (0..nodes).for_each(|low| tail.resize(first[low + 1] as usize, low as u32));
        let across = Vec::new();
        let (arcs_first, arcs_at) = (Vec::new(), Vec::new());
        let mut topology = Topology { rank, parent, first, head, tail, across, arcs_first, arcs_at };
        topology.place_arcs(graph);
        topology.close_triangles();
        Ok(topology)
    }

    /// Number of nodes.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.parent.len()
    }

    /// Number of arcs, shortcuts among them.
    #[must_use]
    pub fn arcs(&self) -> usize {
        self.head.len()
    }

    #[inline]
    pub(crate) fn up(&self, rank: u32) -> std::ops::Range<usize> {
        self.first[rank as usize] as usize..self.first[rank as usize + 1] as usize
    }

    /// The arc from `low` up to `high`.
    pub(crate) fn arc_between(&self, low: u32, high: u32) -> Option<usize> {
        let range = self.up(low);
        self.head[range.clone()].binary_search(&high).ok().map(|at| range.start + at)
    }

    /// Finds the arc here that each arc of the graph lies on. Loops lie on none.
    fn place_arcs(&mut self, graph: &Graph) {
        let mut slot = vec![NONE; graph.arcs()];
        let mut first = vec![0_u32; 2 * self.arcs() + 1];
        for tail in 0..graph.nodes() as u32 {
            for position in graph.range(tail) {
                let (a, b) = (self.rank[tail as usize], self.rank[graph.head(position) as usize]);
                if a != b
                    && let Some(arc) = self.arc_between(a.min(b), a.max(b))
                {
                    slot[position] = 2 * arc as u32 + u32::from(a > b);
                    first[slot[position] as usize + 1] += 1;
                }
            }
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut next = first.clone();
        self.arcs_at = vec![0; first[first.len() - 1] as usize];
        for (position, &slot) in slot.iter().enumerate().filter(|(_, slot)| **slot != NONE) {
            self.arcs_at[next[slot as usize] as usize] = position as u32;
            next[slot as usize] += 1;
        }
        self.arcs_first = first;
    }

    /// Arcs of the graph that lie on `arc`: up (0) or down (1).
    pub(crate) fn arcs_on(&self, arc: usize, direction: usize) -> &[u32] {
        let slot = 2 * arc + direction;
        &self.arcs_at[self.arcs_first[slot] as usize..self.arcs_first[slot + 1] as usize]
    }

    /// Finds the arc that closes each triangle of a lowest node, middle end by
    /// middle end: its arcs are laid out once for all lower nodes.
    fn close_triangles(&mut self) {
        let nodes = self.nodes();
        let mut start = vec![0_usize; nodes + 1];
        for low in 0..nodes {
            let degree = self.up(low as u32).len();
            start[low + 1] = start[low] + degree * degree.saturating_sub(1) / 2;
        }
        let mut across = vec![NONE; start[nodes]];
        let (below_first, below) = self.lower_neighbours();
        let mut arc_to = vec![NONE; nodes];
        for middle in 0..nodes {
            for arc in self.up(middle as u32) {
                arc_to[self.head[arc] as usize] = arc as u32;
            }
            for &(low, place) in &below[below_first[middle] as usize..below_first[middle + 1] as usize] {
                let (range, place) = (self.up(low), place as usize);
                // Pairs of the arcs before: (degree - 1) + (degree - 2) + ...
                let before = start[low as usize] + place * (2 * range.len() - place - 1) / 2;
                for (at, arc) in (range.start + place + 1..range.end).enumerate() {
                    across[before + at] = arc_to[self.head[arc] as usize];
                }
            }
        }
        self.across = across;
    }

    /// Lower neighbours of each node, with the place of the node among their arcs.
    fn lower_neighbours(&self) -> (Vec<u32>, Vec<(u32, u32)>) {
        let mut first = vec![0_u32; self.nodes() + 1];
        self.head.iter().for_each(|&head| first[head as usize + 1] += 1);
        for node in 0..self.nodes() {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut below = vec![(0_u32, 0_u32); self.arcs()];
        for low in 0..self.nodes() as u32 {
            for (place, arc) in self.up(low).enumerate() {
                let slot = &mut next[self.head[arc] as usize];
                below[*slot as usize] = (low, place as u32);
                *slot += 1;
            }
        }
        (first, below)
    }

    /// Number of triangles, which is the work of bringing in new weights.
    #[must_use]
    pub fn triangles(&self) -> usize {
        self.across.len()
    }
}

/// Ranks in a post-order of the elimination tree of `order`, and the parent of
/// each rank: subtrees lie together, the fill stays the same.
fn post_order(graph: &Adjacency, order: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let nodes = order.len();
    let mut position = vec![0; nodes];
    order.iter().enumerate().for_each(|(at, &node)| position[node as usize] = at as u32);
    // Elimination tree by ancestors with path compression (Liu 1986).
    let mut parent = vec![NONE; nodes];
    let mut ancestor = vec![NONE; nodes];
    for at in 0..nodes as u32 {
        for &other in graph.of(order[at as usize]) {
            let mut low = position[other as usize];
            while low < at && ancestor[low as usize] != at {
                let above = std::mem::replace(&mut ancestor[low as usize], at);
                if above == NONE {
                    parent[low as usize] = at;
                    break;
                }
                low = above;
            }
        }
    }
    let mut first_child = vec![NONE; nodes];
    let mut sibling = vec![NONE; nodes];
    let mut stack = Vec::new();
    for at in (0..nodes as u32).rev() {
        match parent[at as usize] {
            NONE => stack.push(at),
            above => {
                sibling[at as usize] = first_child[above as usize];
                first_child[above as usize] = at;
            }
        }
    }
    let mut rank_of = vec![0; nodes];
    let mut ranked = 0;
    while let Some(&at) = stack.last() {
        let child = first_child[at as usize];
        if child == NONE {
            rank_of[at as usize] = ranked;
            ranked += 1;
            stack.pop();
        } else {
            first_child[at as usize] = sibling[child as usize];
            stack.push(child);
        }
    }
    let mut rank = vec![0; nodes];
    let mut tree = vec![NONE; nodes];
    for at in 0..nodes {
        rank[order[at] as usize] = rank_of[at];
        if parent[at] != NONE {
            tree[rank_of[at] as usize] = rank_of[parent[at] as usize];
        }
    }
    (rank, tree)
}

/// Upper neighbours of each rank when nodes are eliminated in rank order: its
/// own and those of its children.
fn fill(graph: &Adjacency, rank: &[u32], parent: &[u32]) -> Result<(Vec<u32>, Vec<u32>), GraphError> {
    let nodes = rank.len();
    let mut node = vec![0_u32; nodes];
    rank.iter().enumerate().for_each(|(at, &rank)| node[rank as usize] = at as u32);
    let mut first = vec![0_u32; nodes + 1];
    let mut head: Vec<u32> = Vec::with_capacity(2 * graph.head.len());
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); nodes];
    let mut seen = vec![NONE; nodes];
    for at in 0..nodes as u32 {
        let start = head.len();
        seen[at as usize] = at;
        let own = graph.of(node[at as usize]).iter().map(|&other| rank[other as usize]);
        for other in own.filter(|&other| other > at) {
            if std::mem::replace(&mut seen[other as usize], at) != at {
                head.push(other);
            }
        }
        for child in std::mem::take(&mut children[at as usize]) {
            for slot in first[child as usize]..first[child as usize + 1] {
                let other = head[slot as usize];
                if other > at && std::mem::replace(&mut seen[other as usize], at) != at {
                    head.push(other);
                }
            }
        }
        head[start..].sort_unstable();
        if head.len() > (u32::MAX / 2 - 1) as usize {
            return Err(GraphError::TooLarge {
                what: "shortcuts",
                found: head.len(),
                most: (u32::MAX / 2 - 1) as usize,
            });
        }
        first[at as usize + 1] = head.len() as u32;
        if parent[at as usize] != NONE {
            children[parent[at as usize] as usize].push(at);
        }
    }
    Ok((first, head))
}
