//! `purvey route`: shortest paths on a road map.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use purvey::control::Control;
use purvey::data::{Faults, Table, Tables};
use purvey::decide::route::{self, Algorithm, Conditions, Departure, Judged, Routes};
use purvey::optimize::paths::{RoadMap, read_map, read_road_table};

use super::exit::{self, Failure};
use super::options::{Talk, Threads};
use super::{console, input, write};

/// Shortest paths: one with --from and --to, many with --pairs.
#[derive(Debug, Args)]
pub struct Route {
    #[command(flatten)]
    map: Map,
    /// Node where the path starts
    #[arg(long, value_name = "NODE", required_unless_present_any = ["pairs", "judge_from"], requires = "to")]
    from: Option<String>,
    /// Node where it ends
    #[arg(long, value_name = "NODE", requires = "from")]
    to: Option<String>,
    /// CSV `from,to` of many questions
    #[arg(long, value_name = "PAIRS.csv", conflicts_with = "from")]
    pairs: Option<PathBuf>,
    /// How paths are found
    #[arg(long, value_enum, default_value = "auto", value_name = "NAME")]
    algorithm: Name,
    /// Judge instead of plan: foresee the trips of the travel log from this day on by those before
    #[arg(long, value_name = "DATE", requires = "travel_log", conflicts_with_all = ["pairs", "from", "depart", "profiles", "traffic", "percentile", "algorithm", "output"])]
    judge_from: Option<String>,
    /// Folder for routes.csv [default: STEM.out-route/ here]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    talk: Talk,
}

/// A road map and its weights.
#[derive(Debug, Args)]
pub struct Map {
    /// Road map: DIMACS .gr, TNTP network, or CSV `from,to,seconds,metres`
    #[arg(value_name = "GRAPH")]
    path: PathBuf,
    /// Places of the nodes: .co, TNTP nodes, or CSV `node,x,y`
    #[arg(long, value_name = "FILE")]
    places: Option<PathBuf>,
    /// Weight column of a CSV map: seconds or metres
    #[arg(long, value_name = "COLUMN", default_value = "seconds")]
    weight: String,
    /// Time of departure, as 08:30, or 2026-11-25T08:30 where the day matters
    #[arg(long, value_name = "TIME")]
    depart: Option<String>,
    /// CSV `from,to,time,seconds`: travel times by time of day
    #[arg(long, value_name = "FILE", requires = "depart", conflicts_with_all = ["traffic", "weather", "travel_log"])]
    profiles: Option<PathBuf>,
    /// CSV of what holds on roads now: `from,to` or `area` or `class`, `start,until`, `factor` or `speed`
    #[arg(long, value_name = "FILE", requires = "depart")]
    traffic: Option<PathBuf>,
    /// CSV of weather: `area` and `class` or neither, `start,until,factor`
    #[arg(long, value_name = "FILE")]
    weather: Option<PathBuf>,
    /// CSV `from,to,departure,seconds` of trips, from which travel times are learned
    #[arg(long, value_name = "FILE")]
    travel_log: Option<PathBuf>,
    /// Percent of days on which the planned times should hold [default: 50, the median]
    #[arg(long, value_name = "PERCENT", requires = "travel_log", default_value_t = 50.0, value_parser = percentile)]
    percentile: f64,
    #[command(flatten)]
    threads: Threads,
}

impl Map {
    /// The map's file.
    pub fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Reads the map, and the departure where one is asked for.
    pub fn read(&self) -> Result<(RoadMap, Option<Departure>), Failure> {
        let timeless = [("--weather", &self.weather), ("--travel-log", &self.travel_log)];
        if let Some((option, _)) = timeless.iter().find(|(_, file)| self.depart.is_none() && file.is_some()) {
            let text =
                format!("{option} counts at a time of day only: give --depart 2026-11-25T08:30 as well");
            return Err(Failure::Usage(text));
        }
        let map = read_map(&self.path, self.places.as_deref(), &self.weight)?;
        let conditions = self.conditions()?;
        let departure = match (&self.depart, &self.profiles) {
            (Some(depart), Some(profiles)) => {
                Some(Departure::from_profiles(&map, &read_road_table(profiles, "profiles")?, depart)?)
            }
            (Some(depart), None) => Some(Departure::under(&map, depart, &conditions)?),
            (None, _) => None,
        };
        Ok((map, departure))
    }

    /// Reads the tables of traffic, weather and trips.
    fn conditions(&self) -> Result<Conditions, Faults> {
        let mut faults = Faults::default();
        let mut read = |path: &Option<PathBuf>, name: &str| {
            let read = path.as_ref().map(|path| read_road_table(path, name)).transpose();
            read.unwrap_or_else(|more| {
                faults.extend(more);
                None
            })
        };
        let traffic = read(&self.traffic, "traffic");
        let weather = read(&self.weather, "weather");
        let travel_log = read(&self.travel_log, "travel_log");
        faults.into_result()?;
        Ok(Conditions { traffic, weather, travel_log, percentile: self.percentile })
    }

    /// Threads for the work on it.
    pub fn control(&self) -> Control {
        self.threads.control()
    }
}

fn percentile(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(percent) if (1.0..=99.0).contains(&percent) => Ok(percent),
        _ => Err("wanted a number from 1 to 99".to_owned()),
    }
}

/// How paths are found.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    /// Hierarchy for 100 questions or more, else Dijkstra
    Auto,
    /// Dijkstra from both ends
    Dijkstra,
    /// A* with straight lines or landmarks
    AStar,
    /// Contraction hierarchy
    Hierarchy,
}

impl From<Name> for Algorithm {
    fn from(name: Name) -> Self {
        match name {
            Name::Auto => Algorithm::Auto,
            Name::Dijkstra => Algorithm::Dijkstra,
            Name::AStar => Algorithm::AStar,
            Name::Hierarchy => Algorithm::Hierarchy,
        }
    }
}

impl Route {
    /// Reads, finds, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        if let Some(from) = &self.judge_from {
            return self.judge(from);
        }
        let (map, departure) = self.map.read()?;
        let pairs = match (&self.pairs, &self.from, &self.to) {
            (Some(path), ..) => read_road_table(path, "pairs")?,
            (None, Some(from), Some(to)) => {
                let known = |name: &String| map.start(name).is_some();
                if let Some(name) = [from, to].into_iter().find(|name| !known(name)) {
                    return Err(Failure::Usage(format!("there is no node `{name}` on the map")));
                }
                Table::new("pairs").with_text("from", [from]).with_text("to", [to])
            }
            _ => return Err(Failure::Usage("give --from and --to, or --pairs".to_owned())),
        };
        let control = self.map.control();
        let found = route::routes(&map, &pairs, self.algorithm.into(), departure.as_ref(), &control)?;
        let document = document(&found);
        let presentation = found.present(&input::title(self.map.path()));
        let folder = self.output.unwrap_or_else(|| input::default_output(self.map.path(), "out-route"));
        let answer = write::Answer {
            folder,
            name: "route.json",
            document,
            tables: &Tables::default().with(found.table()),
            presentation: &presentation,
            next: ("Routes", "routes.csv"),
        };
        answer.finish(&self.talk, &control)
    }

    fn judge(&self, from: &str) -> Result<u8, Failure> {
        let map = read_map(&self.map.path, self.map.places.as_deref(), &self.map.weight)?;
        let judged = route::judge(&map, &self.map.conditions()?, from, &self.map.control())?;
        if self.talk.json {
            console::say_json(&judgement(&judged));
        } else if self.talk.tells() {
            write::summary(&judged.present(&input::title(self.map.path())), &Faults::default());
        }
        Ok(exit::OK)
    }
}

fn judgement(judged: &Judged) -> Value {
    let [map, usual, live] = judged.error;
    let [on_map, on_forecast, on_hindsight] = judged.driven;
    json!({ "route_backtest": {
        "from": judged.from,
        "trips": judged.trips,
        "wape": { "map": map, "usual": usual, "live": live },
        "coverage_80": judged.coverage,
        "ways": judged.ways,
        "mean_driven": { "map": on_map, "forecast": on_forecast, "hindsight": on_hindsight },
        "notices": judged.notices,
    } })
}

fn document(found: &Routes) -> Value {
    let [median, p99] = found.query_microseconds;
    let pairs: Vec<Value> = found
        .answers
        .iter()
        .map(|answer| match answer.span {
            None => json!({ "from": answer.from, "to": answer.to, "cost": answer.cost }),
            Some([q10, q90]) => {
                json!({ "from": answer.from, "to": answer.to, "cost": answer.cost, "q10": q10, "q90": q90 })
            }
        })
        .collect();
    json!({ "route": {
        "algorithm": found.algorithm.as_str(),
        "nodes": found.nodes,
        "arcs": found.arcs,
        "prepare_seconds": found.prepare_seconds,
        "customise_seconds": found.customise_seconds,
        "query_microseconds": { "median": median, "p99": p99 },
        "pairs": pairs,
        "notices": found.notices,
    } })
}
