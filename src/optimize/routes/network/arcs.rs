//! Distances and lags between nodes: in tables for small problems, looked up by place above.

use super::super::problem::Profile;
use super::Node;

/// Distances and lags of one profile.
pub(in super::super) struct Arcs<'a> {
    profile: &'a Profile,
    visits: usize,
    size: usize,
    /// Empty where pairs are not tabled.
    distance: Vec<f64>,
    /// Whether tabled distances are the same in both directions.
    is_symmetric: bool,
    lag: Vec<f64>,
    /// The same, by the second node first.
    lag_back: Vec<f64>,
    /// Place, service and set-up of each node, for pairs that are not tabled.
    stops: Vec<(usize, f64, f64)>,
}

impl<'a> Arcs<'a> {
    pub fn new(profile: &'a Profile, nodes: &[Node], visits: usize, tabled: usize) -> Self {
        let size = nodes.len() + 1;
        let stops = nodes.iter().map(|node| (node.place, node.service, node.setup)).collect();
        let mut arcs = Arcs {
            profile,
            visits,
            size,
            distance: Vec::new(),
            is_symmetric: false,
            lag: Vec::new(),
            lag_back: Vec::new(),
            stops,
        };
        if size <= tabled {
            let pairs = || (0..size as u32).flat_map(|from| (0..size as u32).map(move |to| (from, to)));
            // At its full size at once: a list that grows would hold up to twice the table.
            let table = |of: &dyn Fn(u32, u32) -> f64| {
                let mut values = Vec::with_capacity(size * size);
                values.extend(pairs().map(|(from, to)| of(from, to)));
                values
            };
            let distance = table(&|from, to| arcs.distance_by_place(from, to));
            let lag = table(&|from, to| arcs.lag_by_place(from, to));
            arcs.lag_back = table(&|to, from| lag[from as usize * size + to as usize]);
            (arcs.distance, arcs.lag) = (distance, lag);
            let back = |from: u32, to: u32| arcs.distance(from, to) == arcs.distance(to, from);
            arcs.is_symmetric = pairs().all(|(from, to)| back(from, to));
        }
        arcs
    }

    /// Distance between two nodes.
    #[inline]
    pub fn distance(&self, from: u32, to: u32) -> f64 {
        match self.distance.get(from as usize * self.size + to as usize) {
            Some(&distance) => distance,
            None => self.distance_by_place(from, to),
        }
    }

    /// Distance from the second node to the first, read beside the distances from the first where
    /// that is the same.
    #[inline]
    pub fn distance_back(&self, to: u32, from: u32) -> f64 {
        if self.is_symmetric { self.distance(to, from) } else { self.distance(from, to) }
    }

    /// Time from the start of service at one node to the earliest start of service at the next.
    #[inline]
    pub fn lag(&self, from: u32, to: u32) -> f64 {
        match self.lag.get(from as usize * self.size + to as usize) {
            Some(&lag) => lag,
            None => self.lag_by_place(from, to),
        }
    }

    /// The same, read beside the times to the second node.
    #[inline]
    pub fn lag_back(&self, from: u32, to: u32) -> f64 {
        match self.lag_back.get(to as usize * self.size + from as usize) {
            Some(&lag) => lag,
            None => self.lag_by_place(from, to),
        }
    }

    fn distance_by_place(&self, from: u32, to: u32) -> f64 {
        match (self.stops.get(from as usize), self.stops.get(to as usize)) {
            (Some(a), Some(b)) => self.profile.distance.at(a.0, b.0),
            _ => 0.0,
        }
    }

    fn lag_by_place(&self, from: u32, to: u32) -> f64 {
        match (self.stops.get(from as usize), self.stops.get(to as usize)) {
            (Some(a), Some(b)) => {
                let sets_up = from as usize >= self.visits || a.0 != b.0;
                a.1 + self.profile.duration.at(a.0, b.0) + if sets_up { b.2 } else { 0.0 }
            }
            (Some(a), None) => a.1,
            _ => 0.0,
        }
    }
}
