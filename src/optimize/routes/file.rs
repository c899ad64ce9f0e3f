//! What a file of routes holds: a problem with the numbers that its file gives to nodes and vehicles.

use super::problem::{ProblemData, Rounding};

/// What is wrong with a file's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {found}")]
pub struct FileError {
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub found: String,
    /// How to mend it.
    pub help: String,
}

impl FileError {
    pub(super) fn new(line: usize, found: impl Into<String>, help: impl Into<String>) -> Self {
        FileError { line, found: found.into(), help: help.into() }
    }
}

/// How distances between coordinates are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RoundingRule {
    /// As the benchmarks of the file's type are published: capacities alone and backhauls to the
    /// nearest whole number, time windows of one depot down to one decimal, all others exactly.
    #[default]
    Auto,
    /// The same for every type.
    Always(Rounding),
}

impl RoundingRule {
    /// The rounding for files of type `kind`.
    #[must_use]
    pub fn of(self, kind: &str) -> Rounding {
        match (self, kind) {
            (RoundingRule::Always(rounding), _) => rounding,
            (RoundingRule::Auto, "CVRP" | "VRPB") => Rounding::Nearest,
            (RoundingRule::Auto, "VRPTW" | "PCVRPTW") => Rounding::Tenth,
            (RoundingRule::Auto, _) => Rounding::Exact,
        }
    }
}

/// A problem as a file states it. Places are the nodes of the file in its order.
#[derive(Debug, Clone, Default)]
pub struct FileProblem {
    /// The file's own name for it.
    pub name: String,
    /// The file's type (`CVRP`, `VRPTW` …).
    pub kind: String,
    /// The problem.
    pub data: ProblemData,
    /// Number of each visit in a solution file: its node less one.
    pub visit_numbers: Vec<u32>,
    /// Line that states each visit.
    pub visit_lines: Vec<usize>,
    /// Number of each depot, likewise.
    pub depot_numbers: Vec<u32>,
    /// Numbers of the vehicles of each type, from 1.
    pub vehicle_numbers: Vec<Vec<u32>>,
    /// Position of each place; empty where the file gives distances only.
    pub points: Vec<[f64; 2]>,
}
