//! Shortest paths and distance tables on a road map, as commands ask for them:
//! by day and hour, under traffic and weather, and what forecasts of travel times are worth.

mod departure;
mod judge;
mod moment;
mod paces;
mod present;
mod trips;

use std::time::Instant;

use crate::control::Control;
use crate::data::{Code, Fault, Faults, Table, near_miss};
use crate::optimize::paths::{
    Bidirectional, Dijkstra, Graph, Landmarks, Metric, Path, QuaternaryHeap, Query, RoadMap, StraightLine,
    Topology, matrix,
};

pub use departure::{Conditions, Departure};
pub use judge::{Judged, judge};
pub use present::{distance_table, present_distances, unreachable};

/// How paths are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// A hierarchy where there are many questions, Dijkstra from both ends where there are few.
    #[default]
    Auto,
    /// Dijkstra, from both ends where weights are constant.
    Dijkstra,
    /// A*: straight lines where the map has places, else landmarks.
    AStar,
    /// Customisable contraction hierarchy.
    Hierarchy,
}

impl Algorithm {
    /// Name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Auto => "auto",
            Algorithm::Dijkstra => "dijkstra",
            Algorithm::AStar => "a-star",
            Algorithm::Hierarchy => "hierarchy",
        }
    }
}

/// From so many questions on a hierarchy pays for its preparation.
const MANY: usize = 100;
/// Landmarks of A*; more of them lead better and cost more at each node.
const LANDMARKS: usize = 16;
/// Standard deviations from the median to the 10 and 90 % quantiles.
const TENTH: f64 = 1.281_551_565_544_6;

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Name of the start.
    pub from: String,
    /// Name of the end.
    pub to: String,
    /// Sum of the weights; infinite where no path leads there.
    pub cost: f64,
    /// The 10 and 90 % quantiles of the travel time, where a travel log tells them.
    pub span: Option<[f64; 2]>,
    /// Names of the nodes on the way; empty where no path leads there.
    pub nodes: Vec<String>,
}

/// What was asked and found, and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Routes {
    /// How the paths were found.
    pub algorithm: Algorithm,
    /// Nodes of the map's file.
    pub nodes: usize,
    /// Arcs of the map's file.
    pub arcs: usize,
    /// Seconds that do not depend on weights (order, shortcuts, landmarks).
    pub prepare_seconds: f64,
    /// Seconds that bring in the weights.
    pub customise_seconds: f64,
    /// Microseconds of a question with the path unfolded, the middle one and
    /// the one in a hundred, after one pass over all questions.
    pub query_microseconds: [f64; 2],
    /// The answers, in the order of the questions.
    pub answers: Vec<Answer>,
    /// What of the tables counts for nothing, in sentences.
    pub notices: Vec<String>,
}

/// A prepared way to answer questions.
enum Solver<'a> {
    Dijkstra(Box<Bidirectional>),
    Timed(Dijkstra, &'a Departure, Option<Landmarks>),
    StraightLine(Dijkstra, StraightLine<'a>),
    Landmarks(Dijkstra, Landmarks),
    Hierarchy(Box<(Topology, Metric, Query)>),
}

/// Finds shortest paths between the named `pairs` of `map`. A hierarchy takes
/// travel times as they are at the departure.
///
/// # Errors
/// [`Faults`] for names that are not on the map.
pub fn routes(
    map: &RoadMap,
    pairs: &Table,
    algorithm: Algorithm,
    departure: Option<&Departure>,
    control: &Control,
) -> Result<Routes, Faults> {
    let ends = ends(map, pairs)?;
    let algorithm = match algorithm {
        Algorithm::Auto if departure.is_none() && ends.len() >= MANY => Algorithm::Hierarchy,
        Algorithm::Auto => Algorithm::Dijkstra,
        asked => asked,
    };
    let now = departure.filter(|_| algorithm == Algorithm::Hierarchy).map(|d| d.profiles.at(d.seconds));
    let graph = now.as_ref().unwrap_or(&map.graph);
    control.install(|| {
        let (mut solver, prepare_seconds, customise_seconds) =
            Solver::prepare(map, graph, algorithm, departure);
        let mut path = Path::default();
        for &(from, to) in &ends {
            solver.path(graph, from, to, &mut path);
        }
        let mut times = Vec::with_capacity(ends.len());
        let mut answers = Vec::with_capacity(ends.len());
        for &(from, to) in &ends {
            let started = Instant::now();
            solver.path(graph, from, to, &mut path);
            times.push(started.elapsed().as_secs_f64() * 1e6);
            answers.push(answer(map, from, to, &path, departure));
        }
        Ok(Routes {
            algorithm,
            nodes: map.names.len(),
            arcs: map.graph.arcs(),
            prepare_seconds,
            customise_seconds,
            query_microseconds: [percentile(&mut times, 0.5), percentile(&mut times, 0.99)],
            answers,
            notices: departure.map_or_else(Vec::new, |departure| departure.notices.clone()),
        })
    })
}

impl<'a> Solver<'a> {
    /// The solver with the seconds of its preparation and of bringing in weights.
    fn prepare(
        map: &'a RoadMap,
        graph: &'a Graph,
        algorithm: Algorithm,
        departure: Option<&'a Departure>,
    ) -> (Self, f64, f64) {
        let started = Instant::now();
        let solver = match (algorithm, departure, &map.coordinates) {
            (Algorithm::Hierarchy, ..) => {
                let Ok(topology) = Topology::new(graph, map.coordinates.as_deref()) else {
                    // More shortcuts than can be counted: the plain search answers as well.
                    return (
                        Solver::Dijkstra(Box::new(Bidirectional::new(graph))),
                        started.elapsed().as_secs_f64(),
                        0.0,
                    );
                };
                let prepared = started.elapsed().as_secs_f64();
                let metric = Metric::new(&topology, graph);
                let query = Query::new(&topology);
                let customised = started.elapsed().as_secs_f64() - prepared;
                return (Solver::Hierarchy(Box::new((topology, metric, query))), prepared, customised);
            }
            (Algorithm::AStar, Some(departure), _) => {
                let least = departure.profiles.least();
                Solver::Timed(Dijkstra::new(least), departure, Some(Landmarks::new(least, LANDMARKS)))
            }
            (_, Some(departure), _) => Solver::Timed(Dijkstra::new(graph), departure, None),
            (Algorithm::AStar, None, Some(places)) => {
                Solver::StraightLine(Dijkstra::new(graph), StraightLine::new(graph, places))
            }
            (Algorithm::AStar, None, None) => {
                Solver::Landmarks(Dijkstra::new(graph), Landmarks::new(graph, LANDMARKS))
            }
            (_, None, _) => Solver::Dijkstra(Box::new(Bidirectional::new(graph))),
        };
        (solver, started.elapsed().as_secs_f64(), 0.0)
    }

    fn path(&mut self, graph: &Graph, from: u32, to: u32, path: &mut Path) {
        match self {
            Solver::Dijkstra(search) => *path = search.path(graph, from, to),
            Solver::Timed(search, Departure { seconds, profiles, .. }, None) => {
                *path = profiles.path(search, from, to, *seconds);
            }
            Solver::Timed(search, Departure { seconds, profiles, .. }, Some(landmarks)) => {
                *path = profiles.guided(search, from, to, *seconds, landmarks);
            }
            Solver::StraightLine(search, lines) => *path = search.guided(graph, from, to, lines),
            Solver::Landmarks(search, landmarks) => *path = search.guided(graph, from, to, landmarks),
            Solver::Hierarchy(hierarchy) => {
                let (topology, metric, query) = &mut **hierarchy;
                query.path(topology, metric, from, to, path);
            }
        }
    }
}

fn answer(map: &RoadMap, from: u32, to: u32, path: &Path, departure: Option<&Departure>) -> Answer {
    let reached = path.distance.is_finite();
    let span = departure.filter(|_| reached).and_then(|departure| departure.span(map, path));
    Answer {
        from: map.name(from).to_owned(),
        to: map.name(to).to_owned(),
        cost: path.distance,
        span,
        nodes: if reached {
            map.names_of(from, path).into_iter().map(str::to_owned).collect()
        } else {
            Vec::new()
        },
    }
}

fn percentile(times: &mut [f64], level: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (level * times.len() as f64).ceil() as usize;
    times.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// Starts and ends of all questions, or every name that is not on the map.
fn ends(map: &RoadMap, pairs: &Table) -> Result<Vec<(u32, u32)>, Faults> {
    let mut faults = Faults::default();
    let mut node = |column: &str, row: usize, find: &dyn Fn(&str) -> Option<u32>| {
        let name = pairs.text(column).map_or("", |names| names.get(row));
        find(name).unwrap_or_else(|| {
            faults.push(unknown(map, pairs, column, name, row));
            0
        })
    };
    let ends = (0..pairs.len())
        .map(|row| (node("from", row, &|name| map.start(name)), node("to", row, &|name| map.end(name))))
        .collect();
    faults.into_result()?;
    Ok(ends)
}

fn unknown(map: &RoadMap, table: &Table, column: &str, name: &str, row: usize) -> Fault {
    let near = near_miss(name, map.names.iter().map(String::as_str).take(100_000));
    let help = near.map_or("give a node of the map".to_owned(), |near| format!("did you mean `{near}`?"));
    Fault::error(Code::UnknownReference, table.file(), format!("there is no node \"{name}\" on the map"))
        .at_row(table.row_number(row))
        .in_column(column, name)
        .with_help(help)
}

/// All distances between the named `nodes` of `map`, from the first to each,
/// then from the second; infinite where no path leads there.
///
/// # Errors
/// [`Faults`] for names that are not on the map.
pub fn distances(
    map: &RoadMap,
    nodes: &Table,
    departure: Option<&Departure>,
    control: &Control,
) -> Result<Vec<f64>, Faults> {
    let pairs = Table::new("nodes").from_file(nodes.file());
    let names = nodes.text("node");
    let of = |row: usize| names.map_or("", |names| names.get(row));
    let pairs = pairs
        .with_text("from", (0..nodes.len()).map(of))
        .with_text("to", (0..nodes.len()).map(of))
        .with_row_numbers((0..nodes.len()).map(|row| nodes.row_number(row) as u32).collect());
    let (from, to): (Vec<u32>, Vec<u32>) = ends(map, &pairs)?.into_iter().unzip();
    Ok(control.install(|| match departure {
        Some(Departure { seconds, profiles, .. }) => profiles.matrix(&[*seconds], &from, &to),
        None => match Topology::new(&map.graph, map.coordinates.as_deref()) {
            Ok(topology) => matrix(&topology, &Metric::new(&topology, &map.graph), &from, &to),
            Err(_) => {
                let mut search = Dijkstra::<QuaternaryHeap>::new(&map.graph);
                from.iter().flat_map(|&source| search.distances(&map.graph, source, &to)).collect()
            }
        },
    }))
}
