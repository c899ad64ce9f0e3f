//! A delivery problem from a `.vrp` (VRPLIB) or Solomon file.

use std::path::Path;

use super::tables::of_solver;
use super::{Clock, Fleet, Named, Problem, Telling, UNITS, rounding};
use crate::data::{Code, Fault, Faults, Format, Recognised, Settings, read_text, recognise};
use crate::optimize::routes::{self, FileError, FileProblem, read_solomon, read_vrplib};
use crate::presentation::{Measure, Style};

/// Reads the file at `path`, its format told by its content.
pub(super) fn read(path: &Path, settings: &Settings) -> Result<Problem, Faults> {
    let label = path.display().to_string();
    let values = settings.typed(&Problem::schema()?)?;
    let rule = rounding(values.choice("round"));
    let text = read_text(path)?;
    let parsed = match recognise(path)? {
        Recognised::Standard(Format::Solomon) => read_solomon(&text, rule),
        _ => read_vrplib(&text, rule),
    };
    let file = parsed.map_err(|error| fault_of(&label, &error))?;
    routes::Problem::new(file.data.clone()).map_err(|error| of_solver(&label, &error))?;
    Ok(problem(&label, stem(path), file))
}

/// An error of a reader as a fault of its file.
pub(in super::super) fn fault_of(label: &str, error: &FileError) -> Faults {
    let fault = Fault::error(Code::BrokenFormat, label, &error.found);
    fault.at_row(error.line as u64).with_help(&error.help).into()
}

fn stem(path: &Path) -> String {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    // A file may be called `.vrp`.
    if stem.is_empty() { "plan".to_owned() } else { stem.to_owned() }
}

fn problem(label: &str, stem: String, file: FileProblem) -> Problem {
    let named = |number: u32, row: usize, place: usize| Named {
        code: number.to_string(),
        file: label.to_owned(),
        row: row as u64,
        position: file.points.get(place).copied(),
        flaw: None,
    };
    let rows = file.visit_numbers.iter().zip(&file.visit_lines).zip(&file.data.visits);
    let visits = rows.map(|((&number, &line), visit)| named(number, line, visit.place)).collect();
    let depots = file.depot_numbers.iter().zip(&file.data.depots);
    let depots = depots.map(|(&number, depot)| named(number, 0, depot.place)).collect();
    let fleet = file.vehicle_numbers.iter().map(|numbers| Fleet {
        code: numbers.first().map_or_else(String::new, u32::to_string),
        names: numbers.iter().map(u32::to_string).collect(),
    });
    let dimensions = file.data.vehicles.first().map_or(0, |vehicle| vehicle.capacity.len());
    let unit = |at: usize| UNITS.get(at).map_or_else(String::new, |unit| (*unit).to_owned());
    Problem {
        name: if file.name.is_empty() { stem.clone() } else { file.name.clone() },
        stem,
        visits,
        depots,
        fleet: fleet.collect(),
        clock: Clock::default(),
        telling: Telling {
            distance: 1.0,
            time: 1.0,
            distance_unit: String::new(),
            time_unit: String::new(),
            loads: (0..dimensions).map(unit).collect(),
            cost: Measure::number().with_decimals(2),
            style: Style::default(),
            geographic: false,
        },
        from_file: true,
        notices: Faults::default(),
        read_seconds: 0.0,
        shipments: std::sync::OnceLock::new(),
        data: file.data,
    }
}
