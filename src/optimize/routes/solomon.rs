//! Reads routing problems with time windows in Solomon's form (also used by Gehring and Homberger).
//!
//! The first line is the name; a block `VEHICLE` gives the number of vehicles and their capacity, a
//! block headed by `CUST NO.` one row a node: number, x, y, demand, opening, closing, service time.
//! The first node is the depot. Numbers of nodes are those of solution files.

use std::sync::Arc;

use super::file::{FileError, FileProblem, RoundingRule};
use super::problem::{Depot, Matrix, ProblemData, Profile, VehicleType, Visit, Window};

/// Most vehicles of a file.
const MOST_VEHICLES: usize = 1_000_000;

/// A row of numbers with its line.
type Row = (usize, Vec<f64>);

/// Reads the text of a Solomon file. Straight lines are cut after one decimal unless told otherwise.
///
/// # Errors
/// [`FileError`] with the line of the first thing that is wrong.
pub fn read_solomon(text: &str, rounding: RoundingRule) -> Result<FileProblem, FileError> {
    let lines = || {
        text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())).filter(|(_, line)| !line.is_empty())
    };
    let last = lines().last().map_or(1, |(line, _)| line);
    let name = lines().next().map_or("", |(_, name)| name).to_owned();
    let is_row = |line: &str| line.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    let mut rows = Vec::new();
    // The name may begin with a digit; rows begin after the first heading.
    for (line, words) in lines().skip(1).filter(|(_, line)| is_row(line)) {
        rows.push(row(line, words)?);
    }
    let fleet = rows.first().filter(|(_, values)| values.len() == 2).cloned().ok_or_else(|| {
        FileError::new(
            last.min(5),
            "there is no row with number and capacity of vehicles",
            "write both under VEHICLE",
        )
    })?;
    let nodes = &rows[1..];
    if nodes.len() < 2 {
        return Err(FileError::new(last, "there is no node to visit", "write the depot and then the others"));
    }
    let count = count(&fleet)?;
    check_nodes(nodes)?;
    Ok(problem(name, (count, fleet.1[1]), nodes, rounding.of("VRPTW")))
}

fn row(line: usize, words: &str) -> Result<Row, FileError> {
    let values: Result<Vec<f64>, FileError> = words
        .split_whitespace()
        .map(|word| {
            word.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| {
                FileError::new(
                    line,
                    format!("\"{word}\" is not a number"),
                    "write a number such as 12 or 12.5",
                )
            })
        })
        .collect();
    Ok((line, values?))
}

fn check_nodes(nodes: &[Row]) -> Result<(), FileError> {
    for (index, (line, values)) in nodes.iter().enumerate() {
        if values.len() != 7 {
            let help = "write number, x, y, demand, ready time, due date, service time";
            return Err(FileError::new(*line, format!("the row has {} numbers, not 7", values.len()), help));
        }
        if values[0] != index as f64 {
            let help = "number the nodes 0, 1, 2 … from the depot on";
            return Err(FileError::new(*line, format!("the node is {}, not {index}", values[0]), help));
        }
        if values[3] < 0.0 || values[6] < 0.0 || values[4] > values[5] {
            let found = "a demand or service time is below 0, or the window closes before it opens";
            return Err(FileError::new(*line, found, "correct the row"));
        }
    }
    Ok(())
}

/// The number of vehicles that their row states.
fn count((line, values): &Row) -> Result<usize, FileError> {
    let count = values[0];
    if count.fract() == 0.0 && (1.0..=MOST_VEHICLES as f64).contains(&count) {
        return Ok(count as usize);
    }
    let help = format!("write a whole number from 1 to {MOST_VEHICLES}");
    Err(FileError::new(*line, format!("the number of vehicles is {count}"), help))
}

fn problem(
    name: String,
    (count, capacity): (usize, f64),
    nodes: &[Row],
    rounding: super::problem::Rounding,
) -> FileProblem {
    let points: Vec<[f64; 2]> = nodes.iter().map(|(_, values)| [values[1], values[2]]).collect();
    let plane = Matrix::Plane { points: Arc::new(points.clone()), rounding };
    let window = |values: &[f64]| Window { start: values[4], end: values[5] };
    let visits: Vec<Visit> = nodes[1..]
        .iter()
        .enumerate()
        .map(|(index, (_, values))| Visit {
            delivery: vec![values[3]],
            windows: vec![window(values)],
            service_duration: values[6],
            ..Visit::at(index + 1, 1)
        })
        .collect();
    let data = ProblemData {
        profiles: vec![Arc::new(Profile::constant(plane.clone(), plane))],
        depots: vec![Depot { place: 0, window: window(&nodes[0].1), reload_duration: 0.0 }],
        vehicles: vec![VehicleType::new(count, vec![capacity])],
        visits,
        ..ProblemData::default()
    };
    FileProblem {
        name,
        kind: "VRPTW".to_owned(),
        visit_numbers: (1..nodes.len() as u32).collect(),
        visit_lines: nodes[1..].iter().map(|(line, _)| *line).collect(),
        depot_numbers: vec![0],
        vehicle_numbers: vec![(1..=count as u32).collect()],
        points,
        data,
    }
}
