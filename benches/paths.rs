//! Shortest paths beside petgraph and pathfinding, on one thread.
//!
//! `cargo bench --bench paths` measures the road network of Bremen where the
//! data beside the project has it, else a generated one of its size;
//! `cargo bench --bench paths -- large` a generated one of a million nodes.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::PathBuf;
use std::time::Instant;

use purvey::optimize::paths::{
    Arc, Bidirectional, Dijkstra, Graph, Landmarks, Metric, Path, QuaternaryHeap, Query, RadixHeap, Roads,
    Topology, matrix, read_map, roads,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PAIRS: usize = 1_000;

fn main() {
    let large = std::env::args().any(|argument| argument == "large");
    let (graph, places) = network(large);
    println!("{} nodes, {} arcs, {PAIRS} random pairs", graph.nodes(), graph.arcs());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(if large { 2 } else { 1 }).build().unwrap();
    pool.install(|| hierarchy(&graph, places.as_deref()));
    if !large {
        searches(&graph);
        rivals(&graph);
    }
}

fn network(large: bool) -> (Graph, Option<Vec<(f64, f64)>>) {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("PURVEY_SHARED_DATA").map_or(beside, PathBuf::from);
    let bremen = data.join("routing/roads/bremen_time.gr");
    if !large && bremen.is_file() {
        return (read_map(&bremen, None, "seconds").unwrap().graph, None);
    }
    let Roads { arcs, coordinates } = roads(if large { 1_000_000 } else { 40_461 }, 1);
    (Graph::new(coordinates.len(), &arcs).unwrap(), Some(coordinates))
}

fn pairs(graph: &Graph) -> Vec<(u32, u32)> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let nodes = graph.nodes() as u32;
    (0..PAIRS).map(|_| (random.random_range(0..nodes), random.random_range(0..nodes))).collect()
}

fn timed<R>(what: &str, work: impl FnOnce() -> R) -> R {
    let started = Instant::now();
    let result = work();
    println!("{what:<44}{:>12.1} ms", started.elapsed().as_secs_f64() * 1e3);
    result
}

/// Mean time of a question after one pass over all; the sum of the answers.
fn asked(what: &str, graph: &Graph, mut ask: impl FnMut(u32, u32) -> f64) -> f64 {
    let pairs = pairs(graph);
    let passes = if graph.nodes() > 100_000 { 2 } else { 1 };
    for &(from, to) in pairs.iter().cycle().take(passes * PAIRS) {
        ask(from, to);
    }
    let mut times = Vec::new();
    let mut sum = 0.0;
    for &(from, to) in &pairs {
        let started = Instant::now();
        let distance = ask(from, to);
        times.push(started.elapsed().as_secs_f64() * 1e6);
        sum += if distance.is_finite() { distance } else { 0.0 };
    }
    times.sort_by(f64::total_cmp);
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    println!("{what:<44}{mean:>12.1} µs, median {:.1}, p99 {:.1}", times[PAIRS / 2], times[PAIRS * 99 / 100]);
    sum
}

fn hierarchy(graph: &Graph, places: Option<&[(f64, f64)]>) {
    let topology = timed("hierarchy: order and shortcuts", || Topology::new(graph, places).unwrap());
    let mut metric = timed("hierarchy: first weights", || Metric::new(&topology, graph));
    timed("hierarchy: new weights", || metric.customise(&topology, graph));
    let mut query = Query::new(&topology);
    let mut path = Path::default();
    asked("hierarchy: path", graph, |from, to| {
        query.path(&topology, &metric, from, to, &mut path);
        path.distance
    });
    let (sources, targets): (Vec<u32>, Vec<u32>) = pairs(graph).into_iter().unzip();
    timed("hierarchy: 1,000 x 1,000 distances", || matrix(&topology, &metric, &sources, &targets));
}

fn searches(graph: &Graph) {
    let mut heap = Dijkstra::<QuaternaryHeap>::new(graph);
    let mut radix = Dijkstra::<RadixHeap>::new(graph);
    let mut both = Bidirectional::<QuaternaryHeap>::new(graph);
    let mut both_radix = Bidirectional::<RadixHeap>::new(graph);
    let landmarks = timed("16 landmarks", || Landmarks::new(graph, 16));
    let sums = [
        asked("Dijkstra, heap", graph, |from, to| heap.path(graph, from, to).distance),
        asked("Dijkstra, radix heap", graph, |from, to| radix.path(graph, from, to).distance),
        asked("Dijkstra from both ends, heap", graph, |from, to| both.path(graph, from, to).distance),
        asked("Dijkstra from both ends, radix heap", graph, |from, to| {
            both_radix.path(graph, from, to).distance
        }),
        asked("A*, landmarks", graph, |from, to| heap.guided(graph, from, to, &landmarks).distance),
    ];
    assert!(sums.windows(2).all(|two| (two[0] - two[1]).abs() <= 1e-9 * two[0]), "{sums:?}");
}

fn rivals(graph: &Graph) {
    let nodes = graph.nodes();
    let arcs: Vec<Arc> = (0..nodes as u32)
        .flat_map(|from| graph.arcs_from(from).map(move |(to, weight)| Arc::new(from, to, weight)))
        .collect();
    let mut petgraph = petgraph::graph::DiGraph::<(), f64>::new();
    (0..nodes).for_each(|_| {
        petgraph.add_node(());
    });
    for arc in &arcs {
        petgraph.add_edge(arc.from.into(), arc.to.into(), arc.weight);
    }
    asked("petgraph: dijkstra (distance only)", graph, |from, to| {
        let found = petgraph::algo::dijkstra(&petgraph, from.into(), Some(to.into()), |edge| *edge.weight());
        found.get(&petgraph::graph::NodeIndex::from(to)).copied().unwrap_or(f64::INFINITY)
    });
    asked("petgraph: astar without bound (path)", graph, |from, to| {
        let target = petgraph::graph::NodeIndex::from(to);
        petgraph::algo::astar(&petgraph, from.into(), |node| node == target, |edge| *edge.weight(), |_| 0.0)
            .map_or(f64::INFINITY, |found| found.0)
    });
    let tenths = |node: &u32| {
        graph.arcs_from(*node).map(|(to, weight)| (to, (10.0 * weight) as u64)).collect::<Vec<_>>()
    };
    asked("pathfinding: dijkstra (path)", graph, |from, to| {
        let found = pathfinding::directed::dijkstra::dijkstra(&from, tenths, |node| *node == to);
        found.map_or(f64::INFINITY, |(_, length)| length as f64 / 10.0)
    });
}
