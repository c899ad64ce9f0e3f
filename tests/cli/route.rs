//! `route` and `matrix` on small maps.

use std::fs;

use crate::support::{purvey, text};

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("map.csv", "from,to,seconds,metres\nA,B,10,900\nB,C,20,900\nA,C,50,100\nC,A,3,1\nC,D,inf,1\n");
    write("roads.csv", "from,to,seconds,metres\nA,B,10,900\nB,C,20,900\nA,C,50,100\nC,A,3,1\n");
    write("pairs.csv", "from,to\nA,C\nC,B\nB,B\n");
    write("nodes.csv", "node\nA\nC\n");
    write("rush.csv", "from,to,time,seconds\nA,B,08:00,10\nA,B,08:30,60\nA,B,09:00,10\n");
    place
}

#[test]
fn every_algorithm_gives_the_same_ways() {
    let place = place();
    let at = place.path();
    for algorithm in ["auto", "dijkstra", "a-star", "hierarchy"] {
        let run = purvey(at, &format!("route roads.csv --pairs pairs.csv --algorithm {algorithm} --json"))
            .ends(0)
            .json();
        let route = &run["route"];
        assert_eq!((route["nodes"].as_u64(), route["arcs"].as_u64()), (Some(3), Some(4)));
        let costs: Vec<f64> =
            route["pairs"].as_array().unwrap().iter().map(|pair| pair["cost"].as_f64().unwrap()).collect();
        assert_eq!(costs, [30.0, 13.0, 0.0], "{algorithm}");
        assert!(route["query_microseconds"]["p99"].as_f64().unwrap() > 0.0);
        let written = text(at, "roads.out-route/routes.csv");
        assert_eq!(written, "from,to,cost,nodes\nA,C,30,A B C\nC,B,13,C A B\nB,B,0,B\n", "{algorithm}");
    }
    let told = purvey(at, "route roads.csv --from A --to C --weight metres").ends(0);
    assert!(told.out.starts_with("From A to C: 100.00, over 2 nodes."), "{}", told.out);
}

#[test]
fn the_time_of_departure_changes_the_way() {
    let place = place();
    let way = |time: &str, more: &str| {
        let run = format!("route roads.csv --from A --to C --profiles rush.csv --depart {time} {more}");
        purvey(place.path(), &run).ends(0).out
    };
    for more in ["", "--algorithm a-star"] {
        assert!(way("07:00", more).starts_with("From A to C: 30.00, over 3 nodes."));
        assert!(way("08:30", more).starts_with("From A to C: 50.00, over 2 nodes."));
    }
    let refused = purvey(
        place.path(),
        "route roads.csv --from A --to C --profiles rush.csv --depart 8 --algorithm hierarchy",
    );
    assert!(refused.ends(3).err.contains("no time"));
}

#[test]
fn a_matrix_holds_every_pair() {
    let place = place();
    let document = purvey(place.path(), "matrix roads.csv --nodes nodes.csv --json").ends(0).json();
    assert_eq!(document["matrix"]["unreachable"], 0);
    assert_eq!(
        text(place.path(), "roads.out-matrix/matrix.csv"),
        "from,to,cost\nA,A,0\nA,C,30\nC,A,3\nC,C,0\n"
    );
}

#[test]
fn faults_of_maps_and_questions_are_named() {
    let place = place();
    let at = place.path();
    let bad = purvey(at, "route map.csv --from A --to C").ends(3);
    assert!(bad.err.contains("map.csv:6:") && bad.err.contains("seconds"), "{}", bad.err);
    let unknown = purvey(at, "route roads.csv --from A --to X").ends(2);
    assert!(unknown.err.contains("no node `X`"), "{}", unknown.err);
    fs::write(at.join("pairs.csv"), "from,to\nA,X\nY,C\n").unwrap();
    let unknown = purvey(at, "route roads.csv --pairs pairs.csv").ends(3);
    assert!(unknown.err.contains("pairs.csv:2:") && unknown.err.contains("pairs.csv:3:"), "{}", unknown.err);
    fs::write(at.join("broken.gr"), "a 1 2 3\na 1 two 3\n").unwrap();
    let broken = purvey(at, "route broken.gr --from 1 --to 2").ends(3);
    assert!(broken.err.contains("broken.gr:2:") && broken.err.contains("[broken-format]"), "{}", broken.err);
    purvey(at, "route roads.csv --from A").ends(2);
    purvey(at, "route nothing.gr --from A --to B").ends(3);
}
