//! Given a hierarchy with weights, sources and targets, find all distances between them.
//!
//! Method: every target climbs the elimination tree and leaves its distance in
//! a bucket at each node it reaches; every source climbs and scans the buckets
//! on its way (Knopp, Sanders, Schultes, Schulz and Wagner 2007,
//! doi:10.1137/1.9781611972870.4). Sources are shared out over threads.
//! Cost: O((s + t) climb + s t reached in common); memory O(t climb).
//! Use [`Query`](super::Query) for single pairs.
//! Same input gives the same answer: yes, whatever the number of threads.

use rayon::prelude::*;

use super::customise::{Metric, Search};
use super::hierarchy::{NONE, Topology};

/// Distances from each source (rows) to each target (columns), infinite where there is no path.
#[must_use]
pub fn matrix(topology: &Topology, metric: &Metric, sources: &[u32], targets: &[u32]) -> Vec<f64> {
    let buckets = Buckets::new(topology, metric, targets);
    let mut distances = vec![f64::INFINITY; sources.len() * targets.len()];
    if !targets.is_empty() {
        distances.par_chunks_mut(targets.len()).zip(sources).for_each_init(
            || Climb::new(topology),
            |climb, (row, &source)| {
                climb.run(topology, &metric.forward, source);
                for &(rank, distance) in &climb.reached {
                    for &(target, rest) in buckets.of(rank) {
                        let sum = distance + rest;
                        let cell = &mut row[target as usize];
                        *cell = if sum < *cell { sum } else { *cell };
                    }
                }
            },
        );
    }
    distances
}

/// Targets with their distances, by rank.
struct Buckets {
    first: Vec<u32>,
    entries: Vec<(u32, f64)>,
}

impl Buckets {
    fn new(topology: &Topology, metric: &Metric, targets: &[u32]) -> Self {
        let climbs: Vec<Vec<(u32, f64)>> = targets
            .par_iter()
            .map_init(
                || Climb::new(topology),
                |climb, &target| {
                    climb.run(topology, &metric.backward, target);
                    climb.reached.clone()
                },
            )
            .collect();
        let mut first = vec![0_u32; topology.nodes() + 1];
        climbs.iter().flatten().for_each(|&(rank, _)| first[rank as usize + 1] += 1);
        for rank in 0..topology.nodes() {
            first[rank + 1] += first[rank];
        }
        let mut next = first.clone();
        let mut entries = vec![(0, 0.0); first[topology.nodes()] as usize];
        for (target, climb) in climbs.iter().enumerate() {
            for &(rank, distance) in climb {
                let slot = &mut next[rank as usize];
                entries[*slot as usize] = (target as u32, distance);
                *slot += 1;
            }
        }
        Buckets { first, entries }
    }

    fn of(&self, rank: u32) -> &[(u32, f64)] {
        &self.entries[self.first[rank as usize] as usize..self.first[rank as usize + 1] as usize]
    }
}

/// One climb of the elimination tree.
struct Climb {
    distance: Vec<f64>,
    /// Ranks reached with their distances.
    reached: Vec<(u32, f64)>,
}

impl Climb {
    fn new(topology: &Topology) -> Self {
        Climb { distance: vec![f64::INFINITY; topology.nodes()], reached: Vec::new() }
    }

    fn run(&mut self, topology: &Topology, search: &Search, node: u32) {
        self.reached.clear();
        let mut rank = topology.rank[node as usize];
        self.distance[rank as usize] = 0.0;
        while rank != NONE {
            let distance = std::mem::replace(&mut self.distance[rank as usize], f64::INFINITY);
            if distance < f64::INFINITY {
                self.reached.push((rank, distance));
                for arc in search.of(rank) {
                    let label = &mut self.distance[arc.head as usize];
                    *label = label.min(distance + arc.weight);
                }
            }
            rank = topology.parent[rank as usize];
        }
    }
}
