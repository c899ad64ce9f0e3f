//! Given an undirected graph, find an order of its nodes in which eliminating
//! them one by one adds few edges.
//!
//! Method: nodes of degree one and two first, in rounds of nodes that do not
//! touch; the rest by nested dissection, each part cut where a maximum flow
//! between its two ends is least (inertial flow: Schild and Sommer 2015, "On
//! Balanced Separators in Road Networks", doi:10.1007/978-3-319-20086-6_22).
//! Where nodes have no coordinates, their distances in hops from far corners
//! stand for them. Parts of up to 64 nodes by least degree.
//! Cost: O(n log n) times the rounds of the flow (tens); memory O(n).
//! Not for: dense graphs; the order is valid, but the fill is large.
//! Same input gives the same answer: yes, whatever the number of threads.

use super::flow::Flow;

/// An undirected graph without loops and parallel edges.
#[derive(Debug, Clone, Default)]
pub(crate) struct Adjacency {
    pub first: Vec<u32>,
    pub head: Vec<u32>,
}

impl Adjacency {
    /// From pairs of nodes in any order, with repeats and loops.
    pub fn new(nodes: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut edges: Vec<u64> = pairs
            .filter(|(a, b)| a != b)
            .flat_map(|(a, b)| [(u64::from(a) << 32) | u64::from(b), (u64::from(b) << 32) | u64::from(a)])
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let mut first = vec![0_u32; nodes + 1];
        for edge in &edges {
            first[(edge >> 32) as usize + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        Adjacency { first, head: edges.into_iter().map(|edge| edge as u32).collect() }
    }

    pub fn nodes(&self) -> usize {
        self.first.len() - 1
    }

    pub fn of(&self, node: u32) -> &[u32] {
        &self.head[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }
}

/// The nodes in the order of their elimination.
pub(crate) fn elimination_order(graph: &Adjacency, coordinates: Option<&[(f64, f64)]>) -> Vec<u32> {
    let mut shaved = Shaving::new(graph);
    let mut order = shaved.run();
    order.reserve(graph.nodes() - order.len());
    let core = shaved.rest();
    let place = coordinates.map(|all| {
        core.label.iter().map(|&node| (all[node as usize].0 as f32, all[node as usize].1 as f32)).collect()
    });
    order.extend(Part { place, ..core }.order());
    order
}

/// Elimination of nodes of degree one and two.
struct Shaving {
    first: Vec<u32>,
    len: Vec<u32>,
    head: Vec<u32>,
    gone: Vec<bool>,
}

impl Shaving {
    fn new(graph: &Adjacency) -> Self {
        Shaving {
            first: graph.first.clone(),
            len: graph.first.windows(2).map(|two| two[1] - two[0]).collect(),
            head: graph.head.clone(),
            gone: vec![false; graph.nodes()],
        }
    }

    fn of(&self, node: u32) -> &[u32] {
        let first = self.first[node as usize] as usize;
        &self.head[first..first + self.len[node as usize] as usize]
    }

    /// Rounds of nodes that do not touch: a chain falls in log many of them,
    /// so that the elimination tree stays shallow.
    fn run(&mut self) -> Vec<u32> {
        let mut order = Vec::new();
        let mut blocked = vec![u32::MAX; self.gone.len()];
        let mut round: Vec<u32> = (0..self.gone.len() as u32).collect();
        let mut number = 0;
        while !round.is_empty() {
            let mut next = Vec::new();
            for &node in &round {
                if self.gone[node as usize] || self.len[node as usize] > 2 {
                    continue;
                }
                if blocked[node as usize] == number {
                    next.push(node);
                    continue;
                }
                let neighbours: ([u32; 2], usize) = match *self.of(node) {
                    [] => ([0; 2], 0),
                    [a] => ([a, 0], 1),
                    [a, b, ..] => ([a, b], 2),
                };
                self.eliminate(node, &neighbours.0[..neighbours.1]);
                order.push(node);
                for &neighbour in &neighbours.0[..neighbours.1] {
                    blocked[neighbour as usize] = number;
                    next.push(neighbour);
                }
            }
            next.sort_unstable();
            next.dedup();
            round = next;
            number += 1;
        }
        order
    }

    fn eliminate(&mut self, node: u32, neighbours: &[u32]) {
        self.gone[node as usize] = true;
        match *neighbours {
            [a] => self.remove(a, node),
            [a, b] if self.of(a).contains(&b) => {
                self.remove(a, node);
                self.remove(b, node);
            }
            [a, b] => {
                self.replace(a, node, b);
                self.replace(b, node, a);
            }
            _ => {}
        }
    }

    fn slot(&self, node: u32, neighbour: u32) -> Option<usize> {
        let at = self.of(node).iter().position(|&other| other == neighbour)?;
        Some(self.first[node as usize] as usize + at)
    }

    fn remove(&mut self, node: u32, neighbour: u32) {
        if let Some(slot) = self.slot(node, neighbour) {
            let last = (self.first[node as usize] + self.len[node as usize]) as usize - 1;
            self.head.swap(slot, last);
            self.len[node as usize] -= 1;
        }
    }

    fn replace(&mut self, node: u32, neighbour: u32, by: u32) {
        if let Some(slot) = self.slot(node, neighbour) {
            self.head[slot] = by;
        }
    }

    /// What is left, as one part.
    fn rest(&self) -> Part {
        let label: Vec<u32> = (0..self.gone.len() as u32).filter(|&node| !self.gone[node as usize]).collect();
        let mut local = vec![u32::MAX; self.gone.len()];
        for (at, &node) in label.iter().enumerate() {
            local[node as usize] = at as u32;
        }
        let mut first = vec![0];
        let mut head = Vec::new();
        for &node in &label {
            head.extend(self.of(node).iter().map(|&other| local[other as usize]));
            first.push(head.len() as u32);
        }
        Part { graph: Adjacency { first, head }, label, place: None }
    }
}

/// A part of the graph with the names of its nodes in the whole.
struct Part {
    graph: Adjacency,
    label: Vec<u32>,
    place: Option<Vec<(f32, f32)>>,
}

/// Parts of up to so many nodes are ordered by least degree.
const LEAF: usize = 64;
/// Parts of more nodes than this are worth another thread.
const FORK: usize = 4096;

impl Part {
    fn order(self) -> Vec<u32> {
        let nodes = self.label.len();
        if nodes <= LEAF {
            return self.by_least_degree();
        }
        let (component, count) = self.components();
        if count > 1 {
            let parts = self.split(&component, count);
            return parts.into_iter().flat_map(Part::order).collect();
        }
        let side = self.bisect();
        let separator: Vec<u32> =
            (0..nodes).filter(|&node| side[node] == 2).map(|node| self.label[node]).collect();
        let mut halves = self.split(&side, 2).into_iter();
        let (left, right) = (halves.next(), halves.next());
        drop(self);
        let order = |half: Option<Part>| half.map_or_else(Vec::new, Part::order);
        let (mut all, more) = if nodes > FORK {
            rayon::join(|| order(left), || order(right))
        } else {
            (order(left), order(right))
        };
        all.extend(more);
        all.extend(separator);
        all
    }

    /// Component of each node, and how many there are.
    fn components(&self) -> (Vec<u8>, usize) {
        // More than 254 components are told apart in rounds: the last number stands for the rest.
        let mut component = vec![u8::MAX; self.label.len()];
        let mut stack = Vec::new();
        let mut count = 0;
        for start in 0..self.label.len() {
            if component[start] != u8::MAX || count == 254 {
                continue;
            }
            component[start] = count;
            stack.push(start as u32);
            while let Some(node) = stack.pop() {
                for &other in self.graph.of(node) {
                    if component[other as usize] == u8::MAX {
                        component[other as usize] = count;
                        stack.push(other);
                    }
                }
            }
            count += 1;
        }
        let mut count = usize::from(count);
        if component.contains(&u8::MAX) {
            component.iter_mut().filter(|c| **c == u8::MAX).for_each(|c| *c = 254);
            count = 255;
        }
        (component, count)
    }

    /// The parts numbered 0 to `count - 1`; nodes of other numbers are left out.
    fn split(&self, number: &[u8], count: usize) -> Vec<Part> {
        let mut local = vec![0_u32; self.label.len()];
        let mut parts: Vec<Part> = (0..count)
            .map(|_| Part {
                graph: Adjacency { first: vec![0], head: Vec::new() },
                label: Vec::new(),
                place: self.place.as_ref().map(|_| Vec::new()),
            })
            .collect();
        for (node, &of) in number.iter().enumerate().filter(|(_, of)| usize::from(**of) < count) {
            let part = &mut parts[usize::from(of)];
            local[node] = part.label.len() as u32;
            part.label.push(self.label[node]);
            if let (Some(mine), Some(all)) = (&mut part.place, &self.place) {
                mine.push(all[node]);
            }
        }
        for (node, &of) in number.iter().enumerate().filter(|(_, of)| usize::from(**of) < count) {
            let Adjacency { first, head } = &mut parts[usize::from(of)].graph;
            let inside = self.graph.of(node as u32).iter().filter(|&&other| number[other as usize] == of);
            head.extend(inside.map(|&other| local[other as usize]));
            first.push(head.len() as u32);
        }
        parts
    }

    /// Side of each node: 0 and 1, and 2 for those that part them.
    fn bisect(&self) -> Vec<u8> {
        let keys = self.directions();
        let mut flow = Flow::new(&self.graph);
        let nodes = self.label.len();
        let ends = nodes / 4;
        let mut index: Vec<u32> = (0..nodes as u32).collect();
        let mut best: Option<(f64, Vec<bool>)> = None;
        for key in keys {
            let by_key = |a: &u32, b: &u32| key[*a as usize].total_cmp(&key[*b as usize]).then(a.cmp(b));
            index.select_nth_unstable_by(ends, by_key);
            flow.reset();
            index[..ends].iter().for_each(|&node| flow.source(node));
            index[ends..].select_nth_unstable_by(nodes - 2 * ends, by_key);
            index[nodes - ends..].iter().for_each(|&node| flow.sink(node));
            let limit = best.as_ref().map_or(f64::INFINITY, |(score, _)| *score * (nodes / 2) as f64);
            let Some((cut, near)) = flow.cut(limit) else { continue };
            let on = near.iter().filter(|side| **side).count();
            let score = cut as f64 / on.min(nodes - on).max(1) as f64;
            if best.as_ref().is_none_or(|(least, _)| score < *least) {
                best = Some((score, near));
            }
        }
        let near = best.map_or_else(|| vec![false; nodes], |(_, near)| near);
        self.separate(&near)
    }

    /// Directions along which the part may be long.
    fn directions(&self) -> Vec<Vec<f32>> {
        let nodes = self.label.len();
        let (x, y): (Vec<f32>, Vec<f32>) = match &self.place {
            Some(place) => place.iter().copied().unzip(),
            None => {
                let from = |node: usize| self.hops(node as u32);
                let farthest = |hops: &[f32]| {
                    let better = |best: usize, node: usize| if hops[node] > hops[best] { node } else { best };
                    (0..nodes).fold(0, better)
                };
                let a = farthest(&from(0));
                let from_a = from(a);
                let from_b = from(farthest(&from_a));
                let near: Vec<f32> = from_a.iter().zip(&from_b).map(|(a, b)| a.min(*b)).collect();
                let from_c = from(farthest(&near));
                let from_d = from(farthest(&from_c));
                let less = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a - b).collect();
                (less(&from_a, &from_b), less(&from_c, &from_d))
            }
        };
        let sum = x.iter().zip(&y).map(|(x, y)| x + y).collect();
        let difference = x.iter().zip(&y).map(|(x, y)| x - y).collect();
        vec![x, y, sum, difference]
    }

    fn hops(&self, start: u32) -> Vec<f32> {
        let mut hops = vec![f32::INFINITY; self.label.len()];
        let mut queue = vec![start];
        hops[start as usize] = 0.0;
        let mut next = 0;
        while let Some(&node) = queue.get(next) {
            next += 1;
            for &other in self.graph.of(node) {
                if hops[other as usize] == f32::INFINITY {
                    hops[other as usize] = hops[node as usize] + 1.0;
                    queue.push(other);
                }
            }
        }
        hops
    }

    /// Fewest nodes that touch every edge between the sides: a least vertex
    /// cover of the cut edges, from a largest matching.
    fn separate(&self, near: &[bool]) -> Vec<u8> {
        let nodes = near.len();
        let mut side: Vec<u8> = near.iter().map(|&near| u8::from(!near)).collect();
        let across = |node: u32| self.graph.of(node).iter().copied().filter(|&o| !near[o as usize]);
        let left: Vec<u32> =
            (0..nodes as u32).filter(|&node| near[node as usize] && across(node).next().is_some()).collect();
        let mut matched = vec![u32::MAX; nodes];
        let mut seen = vec![u32::MAX; nodes];
        for (round, &node) in left.iter().enumerate() {
            self.match_up(node, near, round as u32, &mut seen, &mut matched);
        }
        // König: from unmatched left nodes along alternating paths; what is left of the left and
        // reached of the right covers all.
        let mut reached = vec![false; nodes];
        let mut stack: Vec<u32> =
            left.iter().copied().filter(|&node| matched[node as usize] == u32::MAX).collect();
        stack.iter().for_each(|&node| reached[node as usize] = true);
        while let Some(node) = stack.pop() {
            for other in across(node)
                .filter(|&other| !std::mem::replace(&mut reached[other as usize], true))
                .collect::<Vec<_>>()
            {
                let partner = matched[other as usize];
                if partner != u32::MAX && !std::mem::replace(&mut reached[partner as usize], true) {
                    stack.push(partner);
                }
            }
        }
        for &node in left.iter().filter(|&&node| !reached[node as usize]) {
            side[node as usize] = 2;
        }
        for node in (0..nodes).filter(|&node| !near[node] && reached[node]) {
            side[node] = 2;
        }
        side
    }

    fn match_up(&self, node: u32, near: &[bool], round: u32, seen: &mut [u32], matched: &mut [u32]) -> bool {
        for at in self.graph.first[node as usize]..self.graph.first[node as usize + 1] {
            let other = self.graph.head[at as usize];
            if near[other as usize] || seen[other as usize] == round {
                continue;
            }
            seen[other as usize] = round;
            let partner = matched[other as usize];
            if partner == u32::MAX || self.match_up(partner, near, round, seen, matched) {
                matched[other as usize] = node;
                matched[node as usize] = other;
                return true;
            }
        }
        false
    }

    /// Least degree first, with the neighbourhoods as bits of a word.
    fn by_least_degree(&self) -> Vec<u32> {
        let nodes = self.label.len();
        let mut around: Vec<u64> = (0..nodes)
            .map(|node| self.graph.of(node as u32).iter().fold(0, |bits, &other| bits | 1 << other))
            .collect();
        let mut left: u64 = if nodes == 64 { u64::MAX } else { (1 << nodes) - 1 };
        let mut order = Vec::with_capacity(nodes);
        while left != 0 {
            let mut best = (u32::MAX, 0);
            let mut bits = left;
            while bits != 0 {
                let node = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                best = best.min((around[node].count_ones(), node));
            }
            let node = best.1;
            left &= !(1 << node);
            order.push(self.label[node]);
            let mut bits = around[node];
            while bits != 0 {
                let other = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                around[other] = (around[other] | around[node]) & !(1 << other) & !(1 << node);
            }
        }
        order
    }
}
