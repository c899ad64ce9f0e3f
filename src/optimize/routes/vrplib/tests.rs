#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use super::*;
use crate::optimize::routes::{Backhauls, Matrix, Problem, Rounding, read_solomon};

const SMALL: &str = "NAME : small\nTYPE : VRPTW\nDIMENSION : 3\nVEHICLES : 2\nCAPACITY : 10\nSERVICE_TIME : 5\n\
    EDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 1 1\n3 2 2\nDEMAND_SECTION\n1 0\n2 4\n3 5\n\
    TIME_WINDOW_SECTION\n1 0 100\n2 10 20\n3 0 50\nDEPOT_SECTION\n1\n-1\nEOF\n";

fn explicit(format: &str, numbers: &str) -> Result<FileProblem, FileError> {
    let text = format!(
        "NAME : m\nTYPE : CVRP\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EXPLICIT\nEDGE_WEIGHT_FORMAT : {format}\n\
         EDGE_WEIGHT_SECTION\n{numbers}\nDEPOT_SECTION\n1\n-1\nEOF\n"
    );
    read_vrplib(&text, RoundingRule::Auto)
}

#[test]
fn every_layout_of_a_matrix_is_read() {
    let layouts = [
        ("FULL_MATRIX", "0 1 2\n1 0 3\n2 3 0"),
        ("LOWER_ROW", "1\n2 3"),
        ("UPPER_COL", "1 2 3"),
        ("LOWER_DIAG_ROW", "0 1 0\n2 3 0"),
        ("UPPER_DIAG_COL", "0 1 0 2 3 0"),
        ("UPPER_ROW", "1 2 3"),
        ("LOWER_COL", "1 2\n3"),
        ("UPPER_DIAG_ROW", "0 1 2 0 3 0"),
        ("LOWER_DIAG_COL", "0 1 2 0 3 0"),
    ];
    for (format, numbers) in layouts {
        let file = explicit(format, numbers).unwrap();
        let at = |from, to| file.data.profiles[0].distance.at(from, to);
        assert_eq!([at(0, 1), at(0, 2), at(1, 2), at(2, 1)], [1.0, 2.0, 3.0, 3.0], "{format}");
    }
    let huge = "NAME : m\nTYPE : CVRP\nDIMENSION : 1000000\nEDGE_WEIGHT_TYPE : EXPLICIT\nEDGE_WEIGHT_FORMAT : \
        FULL_MATRIX\nEDGE_WEIGHT_SECTION\n0 1\nDEPOT_SECTION\n1\n-1\nEOF\n";
    let error = read_vrplib(huge, RoundingRule::Auto).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 6: the matrix has 2 numbers, FULL_MATRIX of 1000000 nodes has 1000000000000"
    );
    let error = explicit("LOWER_ROW", "1 2").unwrap_err();
    assert_eq!(error.to_string(), "line 6: the matrix has 2 numbers, LOWER_ROW of 3 nodes has 3");
}

#[test]
fn sections_become_visits() {
    let file = read_vrplib(SMALL, RoundingRule::Auto).unwrap();
    let visit = &file.data.visits[0];
    assert_eq!((visit.place, visit.service_duration, visit.delivery[0]), (1, 5.0, 4.0));
    assert_eq!((visit.windows[0].start, visit.windows[0].end), (10.0, 20.0));
    assert_eq!((file.data.vehicles[0].count, file.data.vehicles[0].capacity[0]), (2, 10.0));
    assert_eq!(file.data.profiles[0].distance.at(0, 1), 1.4);
    let nearest = read_vrplib(SMALL, RoundingRule::Always(Rounding::Nearest)).unwrap();
    assert_eq!(nearest.data.profiles[0].distance.at(0, 1), 1.0);
    assert_eq!(file.visit_lines, [14, 15]);
}

#[test]
fn faults_name_their_line() {
    let cases = [
        ("DIMENSION : 3", "DIMENSION : 1000000000", "line 3: DIMENSION is 1000000000"),
        ("DIMENSION : 3", "DIMENSION : x", "line 3: \"x\" is not a number"),
        ("3 2 2\n", "4 2 2\n", "line 11: NODE_COORD_SECTION has a row for 4"),
        ("3 5\n", "2 5\n", "line 15: DEMAND_SECTION has 2 in line 14 already"),
        ("3 5\n", "", "line 12: DEMAND_SECTION has no row for 3"),
        ("2 10 20", "2 30 20", "line 18: the window opens at 30 and closes at 20"),
        ("EUC_2D", "XRAY1", "line 7: EDGE_WEIGHT_TYPE \"XRAY1\" is not supported"),
        ("DEPOT_SECTION\n1\n", "DEPOT_SECTION\n9\n", "line 21: the depot 9 is no node"),
        ("SERVICE_TIME :", "SERVICE :", "line 6: the header SERVICE is not supported"),
        ("TIME_WINDOW_SECTION", "TIDE_SECTION", "line 16: the section TIDE_SECTION is not supported"),
        ("CAPACITY : 10", "CAPACITY : 10 20", "line 5: there are 2 capacities and 1 demands of a node"),
        ("1 0\n2 4", "1 1\n2 4", "line 13: a depot has a demand"),
    ];
    for (right, wrong, message) in cases {
        let text = SMALL.replacen(right, wrong, 1);
        assert_ne!(text, SMALL);
        let error = read_vrplib(&text, RoundingRule::Auto).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(!error.help.is_empty());
    }
}

#[test]
fn vehicles_alike_are_one_type() {
    let fleet = "CAPACITY_SECTION\n1 5\n2 9\n3 5\nVEHICLES_FIXED_COST_SECTION\n1 1\n2 1\n3 1\n\
        VEHICLES_ALLOWED_CLIENTS_SECTION\n1 2 3\n2 2\n3 2 3\nDEPOT_SECTION";
    let text = SMALL.replace("VEHICLES : 2\nCAPACITY : 10", "VEHICLES : 3").replace("DEPOT_SECTION", fleet);
    let file = read_vrplib(&text, RoundingRule::Auto).unwrap();
    assert_eq!(file.vehicle_numbers, [vec![1, 3], vec![2]]);
    assert_eq!((file.data.vehicles[0].count, file.data.vehicles[1].capacity[0]), (2, 9.0));
    assert_eq!((&file.data.visits[0].vehicles[..], &file.data.visits[1].vehicles[..]), (&[][..], &[0][..]));
}

#[test]
fn formulas_give_the_values_of_tsplib() {
    // ulysses: nodes 1 (38.24, 20.42) and 2 (39.57, 26.15) are 509 km apart in TSPLIB.
    let text = |kind: &str| {
        format!(
            "NAME : f\nTYPE : CVRP\nDIMENSION : 2\nEDGE_WEIGHT_TYPE : {kind}\nNODE_COORD_SECTION\n\
             1 38.24 20.42\n2 39.57 26.15\nDEPOT_SECTION\n1\n-1\nEOF\n"
        )
    };
    let distance =
        |kind: &str| read_vrplib(&text(kind), RoundingRule::Auto).unwrap().data.profiles[0].distance.at(0, 1);
    assert_eq!(distance("GEO"), 509.0);
    assert_eq!(
        [distance("CEIL_2D"), distance("FLOOR_2D"), distance("MAN_2D"), distance("MAX_2D")],
        [6.0, 5.0, 7.0, 6.0]
    );
}

#[test]
fn a_table_takes_no_more_memory_than_its_numbers() {
    let nodes: String = (1..=20).map(|node| format!("{node} {node} {}\n", node * node % 7)).collect();
    let text = format!(
        "NAME : t\nTYPE : CVRP\nDIMENSION : 20\nEDGE_WEIGHT_TYPE : CEIL_2D\nNODE_COORD_SECTION\n{nodes}DEPOT_SECTION\n1\n-1\nEOF\n"
    );
    let file = read_vrplib(&text, RoundingRule::Auto).unwrap();
    let Matrix::Table { values, .. } = &file.data.profiles[0].distance else { panic!("no table") };
    assert_eq!((values.len(), values.capacity()), (400, 400));
}

#[test]
fn a_table_beyond_memory_is_refused() {
    let mut text = String::from(
        "NAME : m\nTYPE : CVRP\nDIMENSION : 20001\nEDGE_WEIGHT_TYPE : GEO\nNODE_COORD_SECTION\n",
    );
    (1..=20_001).for_each(|node| text += &format!("{node} 1 1\n"));
    text += "DEPOT_SECTION\n1\n-1\nEOF\n";
    let error = read_vrplib(&text, RoundingRule::Auto).unwrap_err();
    assert_eq!(error.to_string(), "line 4: a table of distances of 20001 nodes is too large");
}

#[test]
fn solomon_files_are_read() {
    let text = "R1\n\nVEHICLE\nNUMBER     CAPACITY\n 25 200\n\nCUSTOMER\nCUST NO.  XCOORD.\n\n\
        0 35 35 0 0 230 0\n1 41 49 10 161 171 10\n2 35 17 7 50 60 10\n";
    let file = read_solomon(text, RoundingRule::Auto).unwrap();
    assert_eq!((file.name.as_str(), file.data.visits.len(), file.data.vehicles[0].count), ("R1", 2, 25));
    assert_eq!(file.data.profiles[0].distance.at(0, 1), 15.2);
    let wrong = text.replace("2 35 17 7 50 60 10", "3 35 17 7 50 60 10");
    let error = read_solomon(&wrong, RoundingRule::Auto).unwrap_err();
    assert_eq!(error.to_string(), "line 12: the node is 3, not 2");
    for count in ["0", "-5", "2.7", "4294967295"] {
        let wrong = text.replace(" 25 200", &format!(" {count} 200"));
        let error = read_solomon(&wrong, RoundingRule::Auto).unwrap_err();
        assert_eq!(error.to_string(), format!("line 5: the number of vehicles is {count}"));
    }
}

#[test]
fn the_shared_instances_are_read() {
    let shared = std::env::var("PURVEY_SHARED_DATA")
        .unwrap_or_else(|_| format!("{}/../shared/data", env!("CARGO_MANIFEST_DIR")));
    let folder = std::path::Path::new(&shared).join("routing");
    if !folder.is_dir() {
        eprintln!("skipped: there is no data at {}", folder.display());
        return;
    }
    let read = |class: &str, name: &str| {
        let text = std::fs::read_to_string(folder.join(class).join(name)).unwrap();
        read_vrplib(&text, RoundingRule::Auto).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    for class in ["cvrp", "vrptw", "hfvrp", "mdvrptw", "pcvrptw", "vrpb"] {
        for entry in std::fs::read_dir(folder.join(class)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".vrp") {
                let file = read(class, &name);
                Problem::new(file.data).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
    let fleet = read("hfvrp", "X331-FSMF.vrp").data.vehicles;
    assert_eq!((fleet.len(), fleet[0].count, fleet[0].unit_distance_cost), (9, 330, 100.0));
    let depots = read("mdvrptw", "PR11A.vrp").data;
    assert_eq!((depots.depots.len(), depots.vehicles.len(), depots.vehicles[1].start), (4, 4, 1));
    assert_eq!(depots.vehicles[0].max_duration, 450.0);
    let prizes = read("pcvrptw", "C1_10_1.vrp").data;
    assert!(prizes.visits.iter().all(|visit| visit.prize.is_some()));
    assert_eq!(read("vrpb", "X-n599-66-k61.vrp").data.backhauls, Backhauls::LastAndNeverAlone);
}
