//! Given a graph and two sets of its nodes, find the fewest edges that part them.
//!
//! Method: maximum flow with unit capacities by blocking flows (Dinic 1970;
//! on unit capacities Even and Tarjan 1975, doi:10.1137/0204043), and the cut
//! nearest to either set, whichever parts more evenly.
//! Cost: O(m min(f, sqrt m)) for a flow of f; memory O(m).
//! Same input gives the same answer: yes.

use super::dissection::Adjacency;

pub(crate) struct Flow<'a> {
    graph: &'a Adjacency,
    /// Position of the opposite of each arc.
    twin: Vec<u32>,
    /// Flow on each arc: -1, 0 or 1.
    flow: Vec<i8>,
    /// 1: source, 2: sink, 0: between.
    end: Vec<u8>,
    level: Vec<u32>,
    next: Vec<u32>,
    queue: Vec<u32>,
    rim: Vec<u32>,
}

const UNSEEN: u32 = u32::MAX;

impl<'a> Flow<'a> {
    pub fn new(graph: &'a Adjacency) -> Self {
        let arcs = graph.head.len();
        let mut twin = vec![0; arcs];
        // Heads visited in rising order of the tail meet their opposite arcs in order only where
        // lists are sorted; here they need not be.
        for node in 0..graph.nodes() as u32 {
            for at in graph.first[node as usize]..graph.first[node as usize + 1] {
                let head = graph.head[at as usize];
                if head > node {
                    let back = graph.of(head).iter().position(|&other| other == node).unwrap_or(0) as u32;
                    let back = graph.first[head as usize] + back;
                    twin[at as usize] = back;
                    twin[back as usize] = at;
                }
            }
        }
        let nodes = graph.nodes();
        Flow {
            graph,
            twin,
            flow: vec![0; arcs],
            end: vec![0; nodes],
            level: vec![UNSEEN; nodes],
            next: vec![0; nodes],
            queue: Vec::with_capacity(nodes),
            rim: Vec::new(),
        }
    }

    pub fn reset(&mut self) {
        self.flow.fill(0);
        self.end.fill(0);
    }

    pub fn source(&mut self, node: u32) {
        self.end[node as usize] = 1;
    }

    pub fn sink(&mut self, node: u32) {
        self.end[node as usize] = 2;
    }

    /// Size of the least cut and the nodes on the side of the sources; `None` where it is above `limit`.
    pub fn cut(&mut self, limit: f64) -> Option<(usize, Vec<bool>)> {
        let graph = self.graph;
        let nodes = graph.nodes();
        self.rim = (0..nodes as u32)
            .filter(|&node| {
                self.end[node as usize] == 1
                    && graph.of(node).iter().any(|&other| self.end[other as usize] != 1)
            })
            .collect();
        let mut value = 0;
        while self.layers() {
            for rim in 0..self.rim.len() {
                let start = self.rim[rim];
                while self.augment(start) {
                    value += 1;
                }
            }
            if value as f64 > limit {
                return None;
            }
        }
        // The last layers hold what sources reach: one least cut. Another is what reaches no sink.
        let from_sources: Vec<bool> =
            (0..nodes).map(|node| self.end[node] == 1 || self.level[node] != UNSEEN).collect();
        let from_sinks = self.reaches_sink();
        let near = from_sources.iter().filter(|side| **side).count();
        let far = from_sinks.iter().filter(|side| **side).count();
        let side = if near >= far { from_sources } else { from_sinks.iter().map(|side| !side).collect() };
        Some((value, side))
    }

    /// Levels from the sources along free arcs; whether a sink is reached.
    fn layers(&mut self) -> bool {
        let graph = self.graph;
        self.level.fill(UNSEEN);
        self.queue.clear();
        for &node in &self.rim {
            self.level[node as usize] = 0;
            self.queue.push(node);
        }
        let mut found = false;
        let mut at = 0;
        while let Some(&node) = self.queue.get(at) {
            at += 1;
            let level = self.level[node as usize] + 1;
            self.next[node as usize] = graph.first[node as usize];
            for arc in graph.first[node as usize]..graph.first[node as usize + 1] {
                let head = graph.head[arc as usize] as usize;
                if self.level[head] != UNSEEN || self.end[head] == 1 || self.flow[arc as usize] > 0 {
                    continue;
                }
                self.level[head] = level;
                if self.end[head] == 2 {
                    found = true;
                } else if !found {
                    self.queue.push(head as u32);
                }
            }
        }
        found
    }

    /// One more unit along the layers from `start`.
    fn augment(&mut self, start: u32) -> bool {
        let graph = self.graph;
        self.queue.clear();
        let mut node = start;
        loop {
            if self.end[node as usize] == 2 {
                for &arc in &self.queue {
                    self.flow[arc as usize] += 1;
                    self.flow[self.twin[arc as usize] as usize] -= 1;
                }
                return true;
            }
            let last = graph.first[node as usize + 1];
            let mut arc = self.next[node as usize].max(graph.first[node as usize]);
            while arc < last {
                let head = graph.head[arc as usize] as usize;
                if self.flow[arc as usize] <= 0
                    && self.end[head] != 1
                    && self.level[head] != UNSEEN
                    && self.level[head] == self.level[node as usize] + 1
                {
                    break;
                }
                arc += 1;
            }
            self.next[node as usize] = arc;
            if arc < last {
                self.queue.push(arc);
                node = graph.head[arc as usize];
            } else {
                let Some(back) = self.queue.pop() else { return false };
                node = graph.head[self.twin[back as usize] as usize];
                self.next[node as usize] += 1;
            }
        }
    }

    /// Nodes from which a sink can still be reached.
    fn reaches_sink(&mut self) -> Vec<bool> {
        let graph = self.graph;
        let nodes = graph.nodes();
        let mut reaches: Vec<bool> = self.end.iter().map(|end| *end == 2).collect();
        let mut stack: Vec<u32> = (0..nodes as u32).filter(|&node| reaches[node as usize]).collect();
        while let Some(node) = stack.pop() {
            for arc in graph.first[node as usize]..graph.first[node as usize + 1] {
                let tail = graph.head[arc as usize];
                // The arc into `node` is free when no unit runs along it.
                let free = self.flow[self.twin[arc as usize] as usize] <= 0;
                if free && !reaches[tail as usize] {
                    reaches[tail as usize] = true;
                    stack.push(tail);
                }
            }
        }
        reaches
    }
}
