//! `purvey matrix`: all distances between nodes of a road map.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use purvey::data::Tables;
use purvey::decide::route;
use purvey::optimize::paths::read_road_table;

use super::exit::Failure;
use super::options::Talk;
use super::route::Map;
use super::{input, write};

/// All distances between nodes: matrix.csv `from,to,cost`.
#[derive(Debug, Args)]
pub struct Matrix {
    #[command(flatten)]
    map: Map,
    /// CSV with a column `node`
    #[arg(long, value_name = "NODES.csv")]
    nodes: PathBuf,
    /// Folder for matrix.csv [default: STEM.out-matrix/ here]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    talk: Talk,
}

impl Matrix {
    /// Reads, finds, writes, tells.
    pub fn run(self) -> Result<u8, Failure> {
        let (map, departure) = self.map.read()?;
        let nodes = read_road_table(&self.nodes, "nodes")?;
        let started = Instant::now();
        let control = self.map.control();
        let found = route::distances(&map, &nodes, departure.as_ref(), &control)?;
        let seconds = started.elapsed().as_secs_f64();
        let notices = departure.as_ref().map_or(&[][..], |departure| departure.notices.as_slice());
        let document = json!({ "matrix": {
            "nodes": map.names.len(),
            "arcs": map.graph.arcs(),
            "sources": nodes.len(),
            "targets": nodes.len(),
            "seconds": seconds,
            "unreachable": route::unreachable(&found),
            "notices": notices,
            "file": "matrix.csv",
        } });
        let title = input::title(self.map.path());
        let presentation = route::present_distances(&title, &nodes, &found, notices);
        let folder = self.output.unwrap_or_else(|| input::default_output(self.map.path(), "out-matrix"));
        let table = route::distance_table(&nodes, &found);
        let answer = write::Answer {
            folder,
            name: "matrix.json",
            document,
            tables: &Tables::default().with(table),
            presentation: &presentation,
            next: ("Distances", "matrix.csv"),
        };
        answer.finish(&self.talk, &control)
    }
}
