//! Given nodes with gains and costs that drag others along, find the set of
//! nodes that costs least: a minimum cut.
//!
//! Method: maximum flow by E. A. Dinic (1970), "Algorithm for Solution of a
//! Problem of Maximum Flow in Networks with Power Estimation", levels by
//! breadth-first search and a blocking flow by depth-first search.
//! Cost: time O(V^2 E) at worst, near O(E) on the shallow graphs here; memory O(V + E).
//! Use a general network solver instead when the graph is large or deep.
//! Not for: capacities of very different sizes (residuals below 1e-14 of the
//! largest count as nothing).
//! Same input gives the same answer: yes.

const NONE: u32 = u32::MAX;

/// A flow network whose buffers are used again; node 0 is the source, 1 the sink.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut {
    head: Vec<u32>,
    next: Vec<u32>,
    to: Vec<u32>,
    room: Vec<f64>,
    level: Vec<u32>,
    at: Vec<u32>,
    queue: Vec<u32>,
    largest: f64,
}

/// Where gains come from.
pub(crate) const SOURCE: usize = 0;
/// Where costs go to.
pub(crate) const SINK: usize = 1;

impl Cut {
    /// An empty network with `nodes` nodes, source and sink among them.
    pub fn open(&mut self, nodes: usize) {
        self.head.clear();
        self.head.resize(nodes, NONE);
        self.next.clear();
        self.to.clear();
        self.room.clear();
        self.largest = 0.0;
    }

    /// Adds an arc; infinite room means that `from` drags `to` along.
    pub fn arc(&mut self, from: usize, to: usize, room: f64) {
        for (tail, tip, room) in [(from, to, room), (to, from, 0.0)] {
            self.next.push(self.head[tail]);
            self.head[tail] = (self.to.len()) as u32;
            self.to.push(tip as u32);
            self.room.push(room);
        }
        if room.is_finite() {
            self.largest = self.largest.max(room);
        }
    }

    /// Sends as much as possible from source to sink; returns how much.
    pub fn run(&mut self) -> f64 {
        let least = 1e-14 * self.largest;
        let mut sent = 0.0;
        while self.find_levels(least) {
            self.at.clone_from(&self.head);
            loop {
                let more = self.push(SOURCE, f64::INFINITY, least);
                if more <= least {
                    break;
                }
                sent += more;
            }
        }
        sent
    }

    /// After [`Cut::run`]: whether the node is on the side of the source.
    pub fn is_chosen(&self, node: usize) -> bool {
        self.level[node] != NONE
    }

    fn find_levels(&mut self, least: f64) -> bool {
        self.level.clear();
        self.level.resize(self.head.len(), NONE);
        self.level[SOURCE] = 0;
        self.queue.clear();
        self.queue.push(SOURCE as u32);
        let mut front = 0;
        while front < self.queue.len() {
            let node = self.queue[front] as usize;
            front += 1;
            let mut arc = self.head[node];
            while arc != NONE {
                let tip = self.to[arc as usize] as usize;
                if self.room[arc as usize] > least && self.level[tip] == NONE {
                    self.level[tip] = self.level[node] + 1;
                    self.queue.push(tip as u32);
                }
                arc = self.next[arc as usize];
            }
        }
        self.level[SINK] != NONE
    }

    /// One path of the blocking flow; the levels bound its depth by the number of nodes.
    fn push(&mut self, node: usize, most: f64, least: f64) -> f64 {
        if node == SINK {
            return most;
        }
        while self.at[node] != NONE {
            let arc = self.at[node] as usize;
            let tip = self.to[arc] as usize;
            if self.room[arc] > least && self.level[tip] == self.level[node] + 1 {
                let sent = self.push(tip, most.min(self.room[arc]), least);
                if sent > least {
                    self.room[arc] -= sent;
                    self.room[arc ^ 1] += sent;
                    return sent;
                }
            }
            self.at[node] = self.next[arc];
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn flow_equals_the_least_cut_by_enumeration() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        for _ in 0..300 {
            let nodes = rng.random_range(2..8);
            let mut cut = Cut::default();
            cut.open(nodes);
            let mut arcs = Vec::new();
            for _ in 0..rng.random_range(1..16) {
                let (from, to) = (rng.random_range(0..nodes), rng.random_range(0..nodes));
                let room = rng.random_range(0.0..5.0);
                cut.arc(from, to, room);
                arcs.push((from, to, room));
            }
            let least = (0..1_u32 << nodes)
                .filter(|set| set & 1 == 1 && set >> 1 & 1 == 0)
                .map(|set| {
                    let leaves = |from: usize, to: usize| set >> from & 1 == 1 && set >> to & 1 == 0;
                    arcs.iter().filter(|arc| leaves(arc.0, arc.1)).map(|arc| arc.2).sum()
                })
                .fold(f64::INFINITY, f64::min);
            assert!((cut.run() - least).abs() < 1e-9);
        }
    }
}
