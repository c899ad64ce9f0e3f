//! From the sections of a VRPLIB file to a problem: nodes become depots and visits.

use std::sync::Arc;

use super::super::file::{FileError, FileProblem, RoundingRule};
use super::super::problem::{Backhauls, Depot, ProblemData, Profile, Visit, Window};
use super::{Row, Text, fleet, weights};

/// The problem of the whole file.
pub(super) fn problem(text: &Text<'_>, rounding: RoundingRule) -> Result<FileProblem, FileError> {
    let nodes = text.dimension()?;
    let depots = depots(text, nodes)?;
    let points: Vec<[f64; 2]> = text
        .rows("NODE_COORD", nodes, 2..=2)?
        .map_or_else(Vec::new, |rows| rows.iter().map(|row| [row.values[1], row.values[2]]).collect());
    let distance = weights::matrix(text, &points, nodes, rounding)?;
    let columns = Columns::read(text, nodes)?;
    let visit_nodes: Vec<usize> = (0..nodes).filter(|node| !depots.contains(node)).collect();
    let visits: Vec<Visit> = visit_nodes.iter().map(|&node| columns.visit(node)).collect();
    let depot_list: Vec<Depot> = depots.iter().map(|&node| columns.depot(node)).collect();
    columns.refuse_amounts_at(&depots)?;
    let fleet = fleet::read(text, &depots, &visit_nodes, columns.dimensions)?;
    let mut visits = visits;
    fleet.restrict(&mut visits);
    let kind = text.word("TYPE").to_owned();
    let data = ProblemData {
        profiles: vec![Arc::new(Profile::constant(distance.clone(), distance))],
        depots: depot_list,
        visits,
        vehicles: fleet.types,
        pairs: Vec::new(),
        backhauls: if kind == "VRPB" { Backhauls::LastAndNeverAlone } else { Backhauls::Mixed },
        balance_cost: 0.0,
    };
    let number = |&node: &usize| node as u32;
    Ok(FileProblem {
        name: text.word("NAME").trim_matches('"').to_owned(),
        kind,
        data,
        visit_numbers: visit_nodes.iter().map(number).collect(),
        visit_lines: visit_nodes.iter().map(|&node| columns.lines[node]).collect(),
        depot_numbers: depots.iter().map(number).collect(),
        vehicle_numbers: fleet.numbers,
        points,
    })
}

/// Nodes of the depots, counted from 0.
fn depots(text: &Text<'_>, nodes: usize) -> Result<Vec<usize>, FileError> {
    let Some((start, rows)) = text.sections.get("DEPOT") else {
        return Err(FileError::new(
            text.lines,
            "there is no DEPOT_SECTION",
            "name the depot: DEPOT_SECTION, 1, -1",
        ));
    };
    let mut depots = Vec::new();
    for (line, value) in rows.iter().flat_map(|row| row.values.iter().map(|&value| (row.line, value))) {
        if value.fract() != 0.0 || value < 1.0 || value > nodes as f64 {
            return Err(FileError::new(
                line,
                format!("the depot {value} is no node"),
                format!("write a number from 1 to {nodes}"),
            ));
        }
        let node = value as usize - 1;
        if depots.contains(&node) {
            return Err(FileError::new(line, format!("the depot {value} is named twice"), "name it once"));
        }
        depots.push(node);
    }
    if depots.is_empty() {
        return Err(FileError::new(*start, "the DEPOT_SECTION is empty", "name the node of the depot"));
    }
    if depots.len() == nodes {
        return Err(FileError::new(*start, "every node is a depot", "leave nodes to be visited"));
    }
    Ok(depots)
}

/// What the sections say of each node.
struct Columns<'a> {
    demand: Option<Vec<&'a Row>>,
    pickup: Option<Vec<&'a Row>>,
    windows: Option<Vec<&'a Row>>,
    release: Option<Vec<&'a Row>>,
    prize: Option<Vec<&'a Row>>,
    service: Option<Vec<&'a Row>>,
    service_of_all: f64,
    dimensions: usize,
    lines: Vec<usize>,
}

impl<'a> Columns<'a> {
    fn read(text: &'a Text<'_>, nodes: usize) -> Result<Self, FileError> {
        const MOST_DIMENSIONS: usize = 16;
        let demand = text.rows("DEMAND", nodes, 1..=MOST_DIMENSIONS)?;
        let pickup = match text.rows("BACKHAUL", nodes, 1..=MOST_DIMENSIONS)? {
            Some(rows) if text.sections.contains_key("PICKUP") => {
                let (line, found) = (rows[0].line, "the file has a BACKHAUL_SECTION and a PICKUP_SECTION");
                return Err(FileError::new(line, found, "keep one of the two"));
            }
            None => text.rows("PICKUP", nodes, 1..=MOST_DIMENSIONS)?,
            rows => rows,
        };
        let dimensions = demand.as_ref().or(pickup.as_ref()).map_or(0, |rows| rows[0].values.len() - 1);
        for row in demand.iter().chain(&pickup).flatten() {
            if row.values.len() - 1 != dimensions {
                let found = format!("the row has {} amounts, others {dimensions}", row.values.len() - 1);
                return Err(FileError::new(row.line, found, "give every node as many"));
            }
        }
        let coordinates = text.rows("NODE_COORD", nodes, 2..=2)?;
        let first = demand.as_ref().or(coordinates.as_ref());
        let lines = (0..nodes).map(|node| first.map_or(text.lines, |rows| rows[node].line)).collect();
        let columns = Columns {
            windows: text.rows("TIME_WINDOW", nodes, 2..=2)?,
            release: text.rows("RELEASE_TIME", nodes, 1..=1)?,
            prize: text.rows("PRIZE", nodes, 1..=1)?,
            service: text.rows("SERVICE_TIME", nodes, 1..=1)?,
            service_of_all: text.number("SERVICE_TIME")?.unwrap_or(0.0),
            demand,
            pickup,
            dimensions,
            lines,
        };
        columns.refuse_negative(text)?;
        Ok(columns)
    }

    fn refuse_negative(&self, text: &Text<'_>) -> Result<(), FileError> {
        let amounts =
            self.demand.iter().chain(&self.pickup).chain(&self.prize).chain(&self.service).flatten();
        for row in amounts {
            if let Some(value) = row.values.iter().find(|value| **value < 0.0) {
                return Err(FileError::new(
                    row.line,
                    format!("the row has {value}"),
                    "write a number of 0 or more",
                ));
            }
        }
        if let Some(row) = self.windows.iter().flatten().find(|row| row.values[1] > row.values[2]) {
            let found = format!("the window opens at {} and closes at {}", row.values[1], row.values[2]);
            return Err(FileError::new(row.line, found, "write the opening first"));
        }
        if self.service_of_all < 0.0 {
            let line = text.line_of("SERVICE_TIME");
            return Err(FileError::new(line, "SERVICE_TIME is below 0", "write a number of 0 or more"));
        }
        Ok(())
    }

    fn refuse_amounts_at(&self, depots: &[usize]) -> Result<(), FileError> {
        let rows = self.demand.iter().chain(&self.pickup);
        for row in rows.flat_map(|rows| depots.iter().map(|&depot| rows[depot])) {
            if row.values[1..].iter().any(|&amount| amount != 0.0) {
                return Err(FileError::new(row.line, "a depot has a demand", "write 0"));
            }
        }
        Ok(())
    }

    fn window(&self, node: usize) -> Option<Window> {
        self.windows.as_ref().map(|rows| Window { start: rows[node].values[1], end: rows[node].values[2] })
    }

    fn depot(&self, node: usize) -> Depot {
        Depot { place: node, window: self.window(node).unwrap_or(Window::ALWAYS), reload_duration: 0.0 }
    }

    fn visit(&self, node: usize) -> Visit {
        let one = |rows: &Option<Vec<&Row>>| rows.as_ref().map(|rows| rows[node].values[1]);
        let amounts = |rows: &Option<Vec<&Row>>| {
            rows.as_ref().map_or_else(|| vec![0.0; self.dimensions], |rows| rows[node].values[1..].to_vec())
        };
        Visit {
            delivery: amounts(&self.demand),
            pickup: amounts(&self.pickup),
            windows: self.window(node).into_iter().collect(),
            service_duration: one(&self.service).unwrap_or(self.service_of_all),
            release: one(&self.release).unwrap_or(f64::NEG_INFINITY),
            prize: one(&self.prize).filter(|&prize| prize > 0.0),
            ..Visit::at(node, self.dimensions)
        }
    }
}
