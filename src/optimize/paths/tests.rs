//! Every way to find a path against the same oracles.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// Distances between all pairs by Floyd's and Warshall's three loops.
fn all_pairs(nodes: usize, arcs: &[Arc]) -> Vec<Vec<f64>> {
    let mut distance = vec![vec![f64::INFINITY; nodes]; nodes];
    (0..nodes).for_each(|node| distance[node][node] = 0.0);
    for arc in arcs {
        let cell = &mut distance[arc.from as usize][arc.to as usize];
        *cell = cell.min(arc.weight);
    }
    for middle in 0..nodes {
        for from in 0..nodes {
            for to in 0..nodes {
                let through = distance[from][middle] + distance[middle][to];
                distance[from][to] = distance[from][to].min(through);
            }
        }
    }
    distance
}

/// Whole weights, so that sums are exact in any order; loops, parallel arcs, zeros and closed arcs among them.
fn graphs() -> impl Strategy<Value = (usize, Vec<Arc>)> {
    (1_usize..14).prop_flat_map(|nodes| {
        let node = 0..nodes as u32;
        let weight = prop_oneof![8 => (0_u32..20).prop_map(f64::from), 1 => Just(f64::INFINITY)];
        let arc = (node.clone(), node, weight).prop_map(|(from, to, weight)| Arc::new(from, to, weight));
        (Just(nodes), prop::collection::vec(arc, 0..40))
    })
}

fn length(graph: &Graph, from: u32, to: u32, path: &Path) -> f64 {
    if path.distance == f64::INFINITY {
        return f64::INFINITY;
    }
    let mut at = from;
    let mut sum = 0.0;
    for &arc in &path.arcs {
        assert!(graph.range(at).contains(&(arc as usize)), "the arcs of a path join");
        sum += graph.weight(arc as usize);
        at = graph.head(arc as usize);
    }
    assert_eq!(at, to, "a path ends at its target");
    sum
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_method_finds_the_distances_of_three_loops((nodes, arcs) in graphs()) {
        let graph = Graph::new(nodes, &arcs).unwrap();
        let expected = all_pairs(nodes, &arcs);
        let topology = Topology::new(&graph, None).unwrap();
        let metric = Metric::new(&topology, &graph);
        let mut query = Query::new(&topology);
        let mut heap = Dijkstra::<QuaternaryHeap>::new(&graph);
        let mut radix = Dijkstra::<RadixHeap>::new(&graph);
        let mut both = Bidirectional::<QuaternaryHeap>::new(&graph);
        let mut both_radix = Bidirectional::<RadixHeap>::new(&graph);
        let landmarks = Landmarks::new(&graph, 3);
        let mut path = Path::default();
        for from in 0..nodes as u32 {
            for to in 0..nodes as u32 {
                let wanted = expected[from as usize][to as usize];
                query.path(&topology, &metric, from, to, &mut path);
                let found = [
                    path.clone(),
                    heap.path(&graph, from, to),
                    radix.path(&graph, from, to),
                    both.path(&graph, from, to),
                    both_radix.path(&graph, from, to),
                    heap.guided(&graph, from, to, &landmarks),
                ];
                for (method, path) in found.iter().enumerate() {
                    prop_assert_eq!(path.distance, wanted, "method {}, {} to {}", method, from, to);
                    prop_assert_eq!(length(&graph, from, to, path), wanted, "method {}", method);
                }
                prop_assert_eq!(query.distance(&topology, &metric, from, to), wanted);
            }
        }
        let every: Vec<u32> = (0..nodes as u32).collect();
        prop_assert_eq!(matrix(&topology, &metric, &every, &every), expected.concat());
        prop_assert_eq!(heap.distances(&graph, 0, &every), expected[0].clone());
        prop_assert_eq!(radix.all_distances(&graph, 0), expected[0].clone());
    }

    #[test]
    fn new_weights_are_as_good_as_a_fresh_start((nodes, arcs) in graphs(), seed in 0_u32..1000) {
        let mut graph = Graph::new(nodes, &arcs).unwrap();
        let topology = Topology::new(&graph, None).unwrap();
        let mut metric = Metric::new(&topology, &graph);
        let weights: Vec<f64> = (0..arcs.len() as u32).map(|arc| f64::from((arc * 7919 + seed) % 23)).collect();
        graph.set_weights(&weights).unwrap();
        metric.customise(&topology, &graph);
        let changed: Vec<Arc> = arcs.iter().zip(&weights).map(|(arc, &weight)| Arc { weight, ..*arc }).collect();
        let every: Vec<u32> = (0..nodes as u32).collect();
        prop_assert_eq!(matrix(&topology, &metric, &every, &every), all_pairs(nodes, &changed).concat());
    }

    #[test]
    fn who_starts_later_never_arrives_earlier((nodes, arcs) in graphs(), slow in 1_u32..9) {
        let arcs: Vec<Arc> = arcs.into_iter().filter(|arc| arc.weight.is_finite()).collect();
        let graph = Graph::new(nodes, &arcs).unwrap();
        // A rush in the middle of a day of 100, reached and left over 30 with a slope of less than one.
        let rush = |arc: &Arc| [(20.0, 1.0), (50.0, 1.0 + f64::from(slow)), (80.0, 1.0)]
            .map(|(departure, factor)| Point { departure, travel: arc.weight + factor });
        let of_arc: Vec<Vec<Point>> = arcs.iter().map(|arc| rush(arc).to_vec()).collect();
        let profiles = Profiles::new(&graph, 100.0, &of_arc).unwrap();
        let landmarks = Landmarks::new(profiles.least(), 2);
        let mut search = Dijkstra::<QuaternaryHeap>::new(&graph);
        for to in 0..nodes as u32 {
            let mut earlier = f64::NEG_INFINITY;
            for step in 0..12 {
                let departure = 10.0 * f64::from(step);
                let path = profiles.path(&mut search, 0, to, departure);
                prop_assert!(departure + path.distance >= earlier - 1e-9);
                earlier = departure + path.distance;
                let guided = profiles.guided(&mut search, 0, to, departure, &landmarks);
                prop_assert!(guided.distance == path.distance || (guided.distance - path.distance).abs() < 1e-9);
                let driven = path.arcs.iter().fold(departure, |time, &arc| time + profiles.travel(arc as usize, time));
                prop_assert!(path.distance == f64::INFINITY || (driven - departure - path.distance).abs() < 1e-9);
                let best = earliest(nodes, &graph, &profiles, departure)[to as usize];
                prop_assert!(best == path.distance || (best - path.distance).abs() < 1e-9, "{} {}", best, path.distance);
            }
        }
    }
}

/// Travel times from node 0 by going over all arcs until nothing improves.
fn earliest(nodes: usize, graph: &Graph, profiles: &Profiles, departure: f64) -> Vec<f64> {
    let mut passed = vec![f64::INFINITY; nodes];
    passed[0] = 0.0;
    for _ in 0..nodes {
        for tail in 0..nodes as u32 {
            let at_tail = passed[tail as usize];
            for arc in graph.range(tail).filter(|_| at_tail.is_finite()) {
                let reached = at_tail + profiles.travel(arc, departure + at_tail);
                let head = graph.head(arc) as usize;
                passed[head] = passed[head].min(reached);
            }
        }
    }
    passed
}

/// Distances from `from` by petgraph.
fn petgraph_distances(nodes: usize, arcs: &[Arc], from: u32) -> Vec<f64> {
    let mut graph = petgraph::graph::DiGraph::<(), f64>::new();
    (0..nodes).for_each(|_| {
        graph.add_node(());
    });
    arcs.iter().for_each(|arc| {
        graph.add_edge(arc.from.into(), arc.to.into(), arc.weight);
    });
    let found = petgraph::algo::dijkstra(&graph, from.into(), None, |edge| *edge.weight());
    (0..nodes)
        .map(|node| found.get(&petgraph::graph::NodeIndex::new(node)).copied().unwrap_or(f64::INFINITY))
        .collect()
}

#[test]
fn a_road_network_has_the_distances_of_petgraph_and_pathfinding() {
    let Roads { arcs, coordinates } = roads(2_500, 7);
    let graph = Graph::new(coordinates.len(), &arcs).unwrap();
    let lines = StraightLine::new(&graph, &coordinates);
    let landmarks = Landmarks::new(&graph, 8);
    let mut search = Dijkstra::<QuaternaryHeap>::new(&graph);
    let targets: Vec<u32> = (0..coordinates.len() as u32).step_by(37).collect();
    let orders = [Topology::new(&graph, None).unwrap(), Topology::new(&graph, Some(&coordinates)).unwrap()];
    for from in [0, 711, 2_000] {
        let expected = petgraph_distances(coordinates.len(), &arcs, from);
        let close = |found: f64, to: u32| {
            let wanted = expected[to as usize];
            assert!(
                found == wanted || (found - wanted).abs() < 1e-9 * wanted,
                "{from} to {to}: {found}, not {wanted}"
            );
        };
        for topology in &orders {
            let found = matrix(topology, &Metric::new(topology, &graph), &[from], &targets);
            found.iter().zip(&targets).for_each(|(&found, &to)| close(found, to));
        }
        for &to in &targets {
            let straight = search.guided(&graph, from, to, &lines);
            close(straight.distance, to);
            close(search.guided(&graph, from, to, &landmarks).distance, to);
            close(length(&graph, from, to, &straight), to);
        }
        let tenths = |node: &u32| {
            graph
                .arcs_from(*node)
                .map(|(to, weight)| (to, (10.0 * weight).round() as u64))
                .collect::<Vec<_>>()
        };
        let to = targets[targets.len() / 2];
        let found = pathfinding::directed::dijkstra::dijkstra(&from, tenths, |node| *node == to);
        close(found.map_or(f64::INFINITY, |(_, tenths)| tenths as f64 / 10.0), to);
    }
}

#[test]
fn threads_do_not_change_the_order() {
    let Roads { arcs, coordinates } = roads(40_000, 3);
    let graph = Graph::new(coordinates.len(), &arcs).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Topology::new(&graph, None).unwrap().rank)
    };
    assert!(on(1) == on(3));
}

#[test]
fn separators_keep_the_shortcuts_few() {
    let Roads { arcs, coordinates } = roads(40_000, 3);
    let graph = Graph::new(coordinates.len(), &arcs).unwrap();
    let topology = Topology::new(&graph, Some(&coordinates)).unwrap();
    assert!(topology.arcs() < 7 * topology.nodes(), "{} arcs", topology.arcs());
}

#[test]
fn empty_and_single_graphs_have_answers() {
    let empty = Graph::new(0, &[]).unwrap();
    assert_eq!(Topology::new(&empty, None).unwrap().nodes(), 0);
    assert!(matrix(&Topology::new(&empty, None).unwrap(), &Metric::default(), &[], &[]).is_empty());
    let one = Graph::new(1, &[Arc::new(0, 0, 3.0)]).unwrap();
    let topology = Topology::new(&one, None).unwrap();
    let metric = Metric::new(&topology, &one);
    assert_eq!(Query::new(&topology).distance(&topology, &metric, 0, 0), 0.0);
}

#[test]
fn bad_arcs_and_weights_are_named() {
    let arcs = [Arc::new(0, 1, 2.0), Arc::new(1, 5, 2.0)];
    assert_eq!(
        Graph::new(2, &arcs).unwrap_err().to_string(),
        "arc 1 leads from 1 to 5, but there are 2 nodes; number them from 0"
    );
    for weight in [-1.0, f64::NAN] {
        let error = Graph::new(2, &[Arc::new(0, 1, weight)]).unwrap_err().to_string();
        assert!(error.starts_with("the weight of arc 0 is"), "{error}");
    }
    let mut graph = Graph::new(2, &arcs[..1]).unwrap();
    assert!(matches!(graph.set_weights(&[]), Err(GraphError::WrongLength { found: 0, expected: 1 })));
}

#[test]
fn travel_times_that_let_later_overtake_are_refused() {
    let graph = Graph::new(2, &[Arc::new(0, 1, 5.0)]).unwrap();
    let point = |departure, travel| Point { departure, travel };
    let made = |points: Vec<Point>| Profiles::new(&graph, 100.0, &[points]).map(|_| ());
    assert!(made(vec![point(10.0, 5.0), point(20.0, 1.0)]).is_ok());
    let overtaking = made(vec![point(10.0, 50.0), point(20.0, 1.0)]);
    assert!(matches!(overtaking, Err(ProfileError::Overtaking { arc: 0, .. })), "{overtaking:?}");
    assert!(matches!(made(vec![point(90.0, 50.0), point(95.0, 1.0)]), Err(ProfileError::Overtaking { .. })));
    assert!(matches!(made(vec![point(20.0, 1.0), point(10.0, 1.0)]), Err(ProfileError::Unordered { .. })));
    assert!(matches!(made(vec![point(100.0, 1.0)]), Err(ProfileError::Unordered { .. })));
}

#[test]
fn standard_files_are_read_and_faults_name_their_line() {
    let map =
        RoadMap::parse("c x\np sp 3 2\na 1 2 4\na 2 3 1.5\n", Some("v 1 0 0\nv 2 1 0\nv 3 1 1\n")).unwrap();
    assert_eq!((map.names.len(), map.graph.arcs()), (3, 2));
    let (from, to) = (map.start("1").unwrap(), map.end("3").unwrap());
    let path = Dijkstra::<RadixHeap>::new(&map.graph).path(&map.graph, from, to);
    assert_eq!((path.distance, map.names_of(from, &path)), (5.5, vec!["1", "2", "3"]));
    assert_eq!(map.coordinates.as_ref().unwrap()[to as usize], (1.0, 1.0));
    for (text, line) in [
        ("p sp 2 1\na 1 3 4\n", 2),
        ("a 1 2 -4\n", 1),
        ("c\na 1 2\n", 2),
        ("x\n", 1),
        ("", 1),
        ("<NUMBER OF NODES> two\n", 1),
        ("<NUMBER OF NODES> 2\n~ comment\n1 2 9 9 x 1 1 1 1 1 ;\n", 3),
    ] {
        assert_eq!(RoadMap::parse(text, None).unwrap_err().line, line, "{text}");
    }
}

#[test]
fn zones_are_ends_and_never_passed() {
    let net = "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 4\n<FIRST THRU NODE> 3\n<END OF METADATA>\n\n~ links ;\n\
        3\t1\t9\t9\t1\t0\t0\t0\t0\t1\t;\n1\t4\t9\t9\t1\t0\t0\t0\t0\t1\t;\n3\t4\t9\t9\t7\t0\t0\t0\t0\t1\t;\n";
    let map = RoadMap::parse(net, None).unwrap();
    let mut search = Dijkstra::<RadixHeap>::new(&map.graph);
    let mut between = |from: &str, to: &str| {
        search.path(&map.graph, map.start(from).unwrap(), map.end(to).unwrap()).distance
    };
    // Through zone 1 it would be 2.
    assert_eq!((between("3", "4"), between("3", "1"), between("1", "4")), (7.0, 1.0, 1.0));
}

/// A file of the data beside the project, or `None` with a message.
fn shared(file: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let path = std::env::var_os("PURVEY_SHARED_DATA").map_or(beside, PathBuf::from).join(file);
    if !path.is_file() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn real_road_networks_have_the_distances_of_petgraph() {
    for file in ["bremen_time.gr", "Philadelphia_net.tntp"] {
        let Some(path) = shared(&format!("routing/roads/{file}")) else { return };
        let map = read_map(&path, None, "seconds").unwrap();
        assert_eq!(map.names.len(), if file.starts_with('b') { 40_461 } else { 13_389 });
        let nodes = map.graph.nodes();
        let arcs: Vec<Arc> = (0..nodes as u32)
            .flat_map(|from| map.graph.arcs_from(from).map(move |(to, weight)| Arc::new(from, to, weight)))
            .collect();
        let topology = Topology::new(&map.graph, None).unwrap();
        let metric = Metric::new(&topology, &map.graph);
        let from = map.start(&map.names[100]).unwrap();
        let expected = petgraph_distances(nodes, &arcs, from);
        let targets: Vec<u32> = (0..nodes as u32).collect();
        let found = matrix(&topology, &metric, &[from], &targets);
        for (to, (&found, &wanted)) in found.iter().zip(&expected).enumerate() {
            assert!(
                found == wanted || (found - wanted).abs() <= 1e-9 * wanted,
                "{file}: {to}: {found}, not {wanted}"
            );
        }
    }
}
