//! Shortest paths and distance tables on a road map, as commands ask for them.

use std::collections::HashMap;
use std::path::Path as FilePath;
use std::time::Instant;

use crate::control::Control;
use crate::data::{Code, Fault, Faults, Table, near_miss};
use crate::optimize::paths::{
    Bidirectional, Dijkstra, Landmarks, Metric, Path, Point, Profiles, QuaternaryHeap, Query, RoadMap,
    StraightLine, Topology, matrix, read_road_table,
};
use crate::presentation::{Block, Column as Shown, Figure, Measure, Presentation, Section, Table as View};

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
/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Travel times by time of day, and when to leave.
#[derive(Debug, Clone)]
pub struct Departure {
    /// Seconds after midnight.
    pub seconds: f64,
    /// Travel times of the arcs that have some.
    pub profiles: Profiles,
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Name of the start.
    pub from: String,
    /// Name of the end.
    pub to: String,
    /// Sum of the weights; infinite where no path leads there.
    pub cost: f64,
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
}

/// A prepared way to answer questions.
enum Solver<'a> {
    Dijkstra(Box<Bidirectional>),
    Timed(Dijkstra, &'a Departure, Option<Landmarks>),
    StraightLine(Dijkstra, StraightLine<'a>),
    Landmarks(Dijkstra, Landmarks),
    Hierarchy(Box<(Topology, Metric, Query)>),
}

/// Finds shortest paths between the named `pairs` of `map`.
///
/// # Errors
/// [`Faults`] for names that are not on the map, and for a hierarchy asked for
/// a departure: its weights are constant.
pub fn routes(
    map: &RoadMap,
    pairs: &Table,
    algorithm: Algorithm,
    departure: Option<&Departure>,
    control: &Control,
) -> Result<Routes, Faults> {
    let ends = ends(map, pairs)?;
    if departure.is_some() && algorithm == Algorithm::Hierarchy {
        let fault = Fault::error(
            Code::Contradiction,
            pairs.file(),
            "a hierarchy has constant weights, and a departure is given",
        );
        return Err(fault.with_help("take --algorithm dijkstra or a-star with --depart").into());
    }
    let algorithm = match algorithm {
        Algorithm::Auto if departure.is_none() && ends.len() >= MANY => Algorithm::Hierarchy,
        Algorithm::Auto => Algorithm::Dijkstra,
        asked => asked,
    };
    control.install(|| {
        let (mut solver, prepare_seconds, customise_seconds) = Solver::prepare(map, algorithm, departure);
        let mut path = Path::default();
        for &(from, to) in &ends {
            solver.path(map, from, to, &mut path);
        }
        let mut times = Vec::with_capacity(ends.len());
        let mut answers = Vec::with_capacity(ends.len());
        for &(from, to) in &ends {
            let started = Instant::now();
            solver.path(map, from, to, &mut path);
            times.push(started.elapsed().as_secs_f64() * 1e6);
            answers.push(answer(map, from, to, &path));
        }
        Ok(Routes {
            algorithm,
            nodes: map.names.len(),
            arcs: map.graph.arcs(),
            prepare_seconds,
            customise_seconds,
            query_microseconds: [percentile(&mut times, 0.5), percentile(&mut times, 0.99)],
            answers,
        })
    })
}

impl<'a> Solver<'a> {
    /// The solver with the seconds of its preparation and of bringing in weights.
    fn prepare(map: &'a RoadMap, algorithm: Algorithm, departure: Option<&'a Departure>) -> (Self, f64, f64) {
        let started = Instant::now();
        let graph = &map.graph;
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

    fn path(&mut self, map: &RoadMap, from: u32, to: u32, path: &mut Path) {
        let graph = &map.graph;
        match self {
            Solver::Dijkstra(search) => *path = search.path(graph, from, to),
            Solver::Timed(search, Departure { seconds, profiles }, None) => {
                *path = profiles.path(search, from, to, *seconds);
            }
            Solver::Timed(search, Departure { seconds, profiles }, Some(landmarks)) => {
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

fn answer(map: &RoadMap, from: u32, to: u32, path: &Path) -> Answer {
    let reached = path.distance.is_finite();
    Answer {
        from: map.name(from).to_owned(),
        to: map.name(to).to_owned(),
        cost: path.distance,
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
        Some(Departure { seconds, profiles }) => profiles.matrix(&[*seconds], &from, &to),
        None => match Topology::new(&map.graph, map.coordinates.as_deref()) {
            Ok(topology) => matrix(&topology, &Metric::new(&topology, &map.graph), &from, &to),
            Err(_) => {
                let mut search = Dijkstra::<QuaternaryHeap>::new(&map.graph);
                from.iter().flat_map(|&source| search.distances(&map.graph, source, &to)).collect()
            }
        },
    }))
}

/// Number of pairs between which no path leads.
#[must_use]
pub fn unreachable(distances: &[f64]) -> usize {
    distances.iter().filter(|distance| distance.is_infinite()).count()
}

/// Distances between `nodes` as the table `matrix`: `from,to,cost`.
#[must_use]
pub fn distance_table(nodes: &Table, distances: &[f64]) -> Table {
    let names: Vec<&str> = nodes
        .text("node")
        .map_or_else(Vec::new, |names| (0..nodes.len()).map(|row| names.get(row)).collect());
    let count = names.len();
    Table::new("matrix")
        .with_text("from", (0..count * count).map(|cell| names[cell / count]))
        .with_text("to", (0..count * count).map(|cell| names[cell % count]))
        .with_number("cost", distances.iter().map(|&cost| known(cost)))
}

/// Distances between `nodes` for a person.
#[must_use]
pub fn present_distances(title: &str, nodes: &Table, distances: &[f64]) -> Presentation {
    let mut presentation = Presentation::new(format!("{title}: distances"));
    let (count, without) = (nodes.len(), unreachable(distances));
    presentation.headline.push(format!("{} distances between {count} nodes.", distances.len()));
    if without > 0 {
        presentation.headline.push(format!("Between {without} of the pairs no path leads."));
    }
    presentation
}

/// Reads travel times by time of day from a CSV `from,to,time,seconds`.
///
/// # Errors
/// Every fault of the file at once: unknown arcs, times that are none, and
/// travel times under which who starts later arrives earlier.
pub fn read_departure(path: &FilePath, map: &RoadMap, depart: &str) -> Result<Departure, Faults> {
    let option = |text: String| Faults::from(Fault::error(Code::NotADate, "--depart", text));
    let seconds = time_of_day(depart)
        .ok_or_else(|| option(format!("\"{depart}\" is no time: write 08:30 or 08:30:15")))?;
    let table = read_road_table(path, "profiles")?;
    let mut of_arc: Vec<Vec<Point>> = vec![Vec::new(); map.graph.arcs()];
    let mut arcs: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
    for tail in 0..map.graph.nodes() as u32 {
        for position in map.graph.range(tail) {
            arcs.entry((tail, map.graph.head(position))).or_default().push(map.graph.input_of(position));
        }
    }
    let mut faults = Faults::default();
    for row in 0..table.len() {
        let text = |column: &str| table.text(column).map_or("", |text| text.get(row));
        let fault = |column: &str, text: String| {
            Fault::error(Code::UnknownReference, table.file(), text)
                .at_row(table.row_number(row))
                .in_column(column, "")
        };
        let ends = map.start(text("from")).zip(map.end(text("to")));
        let Some(found) = ends.and_then(|ends| arcs.get(&ends)) else {
            faults.push(fault("to", format!("no arc leads from \"{}\" to \"{}\"", text("from"), text("to"))));
            continue;
        };
        let Some(departure) = time_of_day(text("time")) else {
            let found = text("time");
            faults.push(
                Fault::error(Code::NotADate, table.file(), format!("\"{found}\" is no time of day"))
                    .at_row(table.row_number(row))
                    .in_column("time", found)
                    .with_help("write 08:30 or 08:30:15"),
            );
            continue;
        };
        let travel = table.number("seconds").map_or(0.0, |seconds| seconds[row]);
        found.iter().for_each(|&arc| of_arc[arc as usize].push(Point { departure, travel }));
    }
    faults.into_result()?;
    of_arc.iter_mut().for_each(|points| points.sort_by(|a, b| a.departure.total_cmp(&b.departure)));
    let profiles = Profiles::new(&map.graph, DAY, &of_arc)
        .map_err(|error| Faults::from(Fault::error(Code::Contradiction, table.file(), error.to_string())))?;
    Ok(Departure { seconds, profiles })
}

fn time_of_day(text: &str) -> Option<f64> {
    let parts: Vec<u32> = text.trim().split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match *parts.as_slice() {
        [hours @ 0..24, minutes @ 0..60] => Some(f64::from(3600 * hours + 60 * minutes)),
        [hours @ 0..24, minutes @ 0..60, seconds @ 0..60] => {
            Some(f64::from(3600 * hours + 60 * minutes + seconds))
        }
        _ => None,
    }
}

impl Routes {
    /// The answers as the table `routes`: `from,to,cost,nodes`.
    #[must_use]
    pub fn table(&self) -> Table {
        Table::new("routes")
            .with_text("from", self.answers.iter().map(|answer| &answer.from))
            .with_text("to", self.answers.iter().map(|answer| &answer.to))
            .with_number("cost", self.answers.iter().map(|answer| known(answer.cost)))
            .with_text("nodes", self.answers.iter().map(|answer| answer.nodes.join(" ")))
    }

    /// The answers for a person.
    #[must_use]
    pub fn present(&self, title: &str) -> Presentation {
        let mut presentation = Presentation::new(format!("{title}: shortest paths"));
        let found = self.answers.iter().filter(|answer| answer.cost.is_finite()).count();
        presentation.headline.push(match self.answers.as_slice() {
            [one] if found == 1 => {
                format!("From {} to {}: {:.2}, over {} nodes.", one.from, one.to, one.cost, one.nodes.len())
            }
            [one] => format!("No path leads from {} to {}.", one.from, one.to),
            all => format!("{found} of {} pairs have a path.", all.len()),
        });
        let whole = || Measure::number().with_decimals(0);
        let median = Measure::quantity("microseconds").with_decimals(1);
        presentation.figures.extend([
            Figure::number("Nodes of the map", self.nodes as f64, whole()),
            Figure::number("Arcs of the map", self.arcs as f64, whole()),
            Figure::number("Median time of a question", self.query_microseconds[0], median),
        ]);
        let shown = self.answers.iter().take(SHOWN_ROWS);
        let table = View::new("Paths")
            .with(Shown::text("from", shown.clone().map(|answer| answer.from.clone())))
            .with(Shown::text("to", shown.clone().map(|answer| answer.to.clone())))
            .with(Shown::number("cost", shown.clone().map(|answer| known(answer.cost)), Measure::number()))
            .with(Shown::text("way", shown.map(|answer| shortened(&answer.nodes))));
        presentation.sections.push(Section::new("Paths").with(Block::Table(table)));
        presentation
    }
}

/// Answers shown to a person; the file holds all.
const SHOWN_ROWS: usize = 20;
/// Nodes of a way shown to a person.
const SHOWN_NODES: usize = 12;

fn shortened(nodes: &[String]) -> String {
    if nodes.len() <= SHOWN_NODES {
        return nodes.join(" ");
    }
    let (head, tail) = (&nodes[..SHOWN_NODES / 2], &nodes[nodes.len() - SHOWN_NODES / 2..]);
    format!("{} … {} more … {}", head.join(" "), nodes.len() - SHOWN_NODES, tail.join(" "))
}

/// A cell that is blank where no path leads.
fn known(cost: f64) -> f64 {
    if cost.is_finite() { cost } else { f64::NAN }
}
