//! The validated delivery problem, made from tables or from a standard file.
//!
//! Times are numbers on one clock, distances and costs plain numbers; what each visit, depot and
//! vehicle is called and which input row states it stands beside them. The files of the folder
//! `problem/` read it, one a subject.

mod clock;
mod file;
mod fleet;
mod tables;
mod travel;
mod visits;

use std::collections::HashMap;
use std::sync::OnceLock;

use super::super::Input;
use crate::data::{Code, Fault, Faults, Schema};
use crate::optimize::routes::{Pair, ProblemData, Rounding, RoundingRule};
use crate::presentation::{Measure, Style};

pub(super) use clock::Clock;
pub(super) use file::fault_of;
pub(super) use travel::on_the_globe;

/// The contract of the decision, as text.
pub(super) const CONTRACT: &str = include_str!("../../../models/delivery.toml");

/// Units of load, in the order of the dimensions.
pub(super) const UNITS: [&str; 4] = ["pieces", "kg", "m3", "pallets"];

/// Name and origin of a visit or a depot.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    pub code: String,
    /// File that states it, and the row.
    pub file: String,
    pub row: u64,
    /// Where it lies on the map.
    pub position: Option<[f64; 2]>,
    /// What makes it impossible to reach, known from its row alone.
    pub flaw: Option<String>,
}

/// A row of vehicles that are alike.
#[derive(Debug, Clone, Default)]
pub(super) struct Fleet {
    pub code: String,
    /// Name of each of them.
    pub names: Vec<String>,
}

/// How the numbers of the problem are told to a person.
#[derive(Debug, Clone)]
pub(super) struct Telling {
    /// Kilometres (or units of the file) in a unit of distance.
    pub distance: f64,
    /// Minutes (or units of the file) in a unit of time.
    pub time: f64,
    pub distance_unit: String,
    pub time_unit: String,
    /// Unit of each dimension of load.
    pub loads: Vec<String>,
    pub cost: Measure,
    pub style: Style,
    /// Whether positions are degrees.
    pub geographic: bool,
}

/// A delivery problem that can be solved and checked.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub name: String,
    /// Name of its standard file without ending, for files beside it; empty for tables.
    pub stem: String,
    pub data: ProblemData,
    pub visits: Vec<Named>,
    pub depots: Vec<Named>,
    /// One entry a type of vehicles.
    pub fleet: Vec<Fleet>,
    pub clock: Clock,
    pub telling: Telling,
    /// Whether it came from a standard file, whose plans are `.sol` files.
    pub from_file: bool,
    pub notices: Faults,
    pub read_seconds: f64,
    /// The shipment of each visit, once it was asked for.
    pub shipments: OnceLock<Vec<Option<Pair>>>,
}

impl Problem {
    /// The decision's contract.
    pub fn schema() -> Result<Schema, Faults> {
        Schema::parse(CONTRACT).map_err(|error| {
            Fault::error(Code::BadDeclaration, "models/delivery.toml", error.to_string()).into()
        })
    }

    /// Reads the input and checks it.
    pub fn read(input: Input) -> Result<Self, Faults> {
        let started = std::time::Instant::now();
        let mut problem = match input {
            Input::File { path, settings } => file::read(&path, &settings)?,
            Input::Tables { name, tables, settings } => tables::read(&name, tables, &settings)?,
        };
        problem.read_seconds = started.elapsed().as_secs_f64();
        Ok(problem)
    }

    /// Index of each visit by code.
    pub fn visit_index(&self) -> HashMap<&str, usize> {
        self.visits.iter().enumerate().map(|(index, visit)| (visit.code.as_str(), index)).collect()
    }

    /// Type and position within it of each vehicle by name.
    pub fn vehicle_index(&self) -> HashMap<&str, (usize, usize)> {
        let of = |(kind, fleet): (usize, &'_ Fleet)| -> Vec<(usize, usize)> {
            (0..fleet.names.len()).map(|member| (kind, member)).collect()
        };
        let all = self.fleet.iter().enumerate().flat_map(of);
        all.map(|(kind, member)| (self.fleet[kind].names[member].as_str(), (kind, member))).collect()
    }

    /// The pickup and delivery that a visit belongs to.
    pub fn pair(&self, visit: usize) -> Option<Pair> {
        let shipments = self.shipments.get_or_init(|| {
            let mut of = vec![None; self.data.visits.len()];
            for &pair in &self.data.pairs {
                for visit in [pair.first, pair.second] {
                    of[visit].get_or_insert(pair);
                }
            }
            of
        });
        shipments.get(visit).copied().flatten()
    }

    /// Name of a vehicle.
    pub fn vehicle(&self, kind: usize, member: usize) -> &str {
        self.fleet.get(kind).and_then(|fleet| fleet.names.get(member)).map_or("", String::as_str)
    }

    /// A time as the input writes it.
    pub fn time(&self, time: f64) -> String {
        self.clock.write(time)
    }
}

/// The rounding of a standard file's straight lines that the setting `round` asks for.
fn rounding(word: Option<&str>) -> RoundingRule {
    match word {
        Some("nearest") => RoundingRule::Always(Rounding::Nearest),
        Some("dimacs") => RoundingRule::Always(Rounding::Tenth),
        Some("exact") => RoundingRule::Always(Rounding::Exact),
        _ => RoundingRule::Auto,
    }
}
