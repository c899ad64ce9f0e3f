//! Road-like graphs for tests and benchmarks: planar, with a hierarchy of faster roads.

use super::graph::Arc;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A generated road network.
#[derive(Debug, Clone)]
pub struct Roads {
    /// Arcs with their travel time in seconds.
    pub arcs: Vec<Arc>,
    /// Place of each node, in metres.
    pub coordinates: Vec<(f64, f64)>,
}

/// About `nodes` nodes on a jittered grid of 100 m. Every 8th line is an
/// arterial and every 32nd a motorway; a quarter of the other streets is
/// missing and a tenth of them is one-way. Rivers and railways run beside
/// every 32nd line, crossed by arterials only, and beside every 128th,
/// crossed by motorways only: as on real maps, few roads join large parts.
#[must_use]
pub fn roads(nodes: usize, seed: u64) -> Roads {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let side = (nodes as f64).sqrt().round().max(2.0) as usize;
    let jitter = |random: &mut ChaCha8Rng| random.random_range(-30.0..30.0);
    let coordinates: Vec<(f64, f64)> = (0..side * side)
        .map(|at| {
            let (row, column) = (at / side, at % side);
            (100.0 * column as f64 + jitter(&mut random), 100.0 * row as f64 + jitter(&mut random))
        })
        .collect();
    let mut arcs = Vec::with_capacity(3 * side * side);
    for at in 0..side * side {
        let (row, column) = (at / side, at % side);
        for (to, line, along, inside) in
            [(at + 1, row, column, column + 1 < side), (at + side, column, row, row + 1 < side)]
        {
            let class = class_of(line);
            let missing = class < barrier_after(along) || (class == 0 && random.random_bool(0.25));
            if !inside || missing {
                continue;
            }
            let ((x, y), (u, v)) = (coordinates[at], coordinates[to]);
            let metres_per_second = [8.0, 17.0, 33.0][class];
            let seconds = (x - u).hypot(y - v) / metres_per_second * random.random_range(1.0..1.3);
            let seconds = (10.0 * seconds).round() / 10.0;
            arcs.push(Arc::new(at as u32, to as u32, seconds));
            if class > 0 || !random.random_bool(0.1) {
                arcs.push(Arc::new(to as u32, at as u32, seconds));
            }
        }
    }
    Roads { arcs, coordinates }
}

/// 0: street, 1: arterial, 2: motorway.
fn class_of(line: usize) -> usize {
    usize::from(line % 8 == 4) + usize::from(line % 32 == 12)
}

/// Least class of a road that crosses what lies after this line.
fn barrier_after(line: usize) -> usize {
    usize::from(line % 32 == 31) + usize::from(line % 128 == 127)
}
