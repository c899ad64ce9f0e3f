//! Reads a road map from files: `.gr`, TNTP, or a CSV of arcs; plain or gzip, told apart by content.

use std::path::Path;

use crate::data::{
    Code, Declaration, Fault, Faults, Schema, Settings, Table, Tables, near_miss, read_csv, read_text,
    validate,
};

use super::graph::Arc;
use super::map::{Draft, MapError, RoadMap};
use super::tntp;

/// The contract of road maps and questions in tables.
const CONTRACT: &str = include_str!("roads.toml");

/// Reads the road map at `path`; `places` names a file with coordinates, in
/// the format of the map (`.co`, a TNTP node file, a CSV `node,x,y`); `weight`
/// is the column of a CSV that holds the weights.
///
/// # Errors
/// Every fault of a CSV at once; the first of a standard file.
pub fn read_map(path: &Path, places: Option<&Path>, weight: &str) -> Result<RoadMap, Faults> {
    let text = read_text(path)?;
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("c "));
    let is_dimacs = first.is_some_and(|line| line.starts_with("a ") || line.starts_with("p ") || line == "c");
    if tntp::is_tntp(&text) || is_dimacs {
        let places = places.map(read_text).transpose()?;
        return RoadMap::parse(&text, places.as_deref()).map_err(|error| fault_of(path, &error));
    }
    let table = read_road_table(path, "arcs")?;
    let mut draft = arcs_of(&table, weight)?;
    if let Some(places) = places {
        place(&mut draft, &read_road_table(places, "places")?)?;
    }
    draft.finish().map_err(|error| fault_of(path, &MapError { line: 1, text: error.to_string() }))
}

/// Reads one of the tables of the contract, every fault at once: `arcs`,
/// `places`, `pairs`, `nodes`, `profiles`, `traffic`, `weather` or `travel_log`.
///
/// # Errors
/// Every fault of the file at once.
pub fn read_road_table(path: &Path, name: &str) -> Result<Table, Faults> {
    let label = path.display().to_string();
    let broken = |why: String| Faults::from(Fault::error(Code::UnknownTable, &label, why));
    let mut schema = Schema::parse(CONTRACT).map_err(|error| broken(error.to_string()))?;
    schema.tables.retain(|table| table.name == name);
    let Some(wanted) = schema.tables.first() else { return Err(broken(format!("no contract for `{name}`"))) };
    let (table, faults) = read_csv(path, &label, wanted, &Declaration::default());
    let mut notices = faults.into_result()?;
    match validate(Tables::default().with(table), &Settings::default(), &schema) {
        Ok(valid) => valid.tables.get(name).cloned().ok_or_else(|| broken(format!("no table `{name}`"))),
        Err(faults) => {
            notices.extend(faults);
            Err(notices)
        }
    }
}

fn arcs_of(table: &Table, weight: &str) -> Result<Draft, Faults> {
    let (Some(from), Some(to)) = (table.text("from"), table.text("to")) else {
        return Err(Fault::error(Code::MissingColumn, table.file(), "from and to are missing").into());
    };
    let numbers = ["seconds", "metres"];
    let weights = numbers.contains(&weight).then(|| table.number(weight)).flatten().ok_or_else(|| {
        let near = near_miss(weight, numbers).unwrap_or("seconds");
        let fault =
            Fault::error(Code::MissingColumn, table.file(), format!("there is no weight column `{weight}`"));
        Faults::from(fault.with_help(format!("give the column, or take --weight {near}")))
    })?;
    let word = |column: &str, row: usize| table.text(column).map_or("", |text| text.get(row));
    let mut draft = Draft::default();
    let mut faults = Faults::default();
    for (row, &weight) in weights.iter().enumerate() {
        let arc = Arc::new(draft.node(from.get(row)), draft.node(to.get(row)), weight);
        if weight >= 0.0 {
            draft.arcs.push(arc);
            draft.classes.put(word("class", row));
            draft.areas.put(word("area", row));
            draft.metres.extend(table.number("metres").map(|metres| metres[row]));
        } else {
            let fault = Fault::error(Code::MissingValue, table.file(), "the arc has no weight");
            faults.push(fault.at_row(table.row_number(row)).with_help("give a number of 0 or more"));
        }
    }
    faults.into_result()?;
    Ok(draft)
}

fn place(draft: &mut Draft, places: &Table) -> Result<(), Faults> {
    let (Some(nodes), Some(x), Some(y)) = (places.text("node"), places.number("x"), places.number("y"))
    else {
        return Err(Fault::error(Code::MissingColumn, places.file(), "node, x and y are needed").into());
    };
    for row in 0..places.len() {
        if let Some(&node) = draft.index.get(nodes.get(row)) {
            draft.coordinates[node as usize] = Some((x[row], y[row]));
        }
    }
    Ok(())
}

fn fault_of(path: &Path, error: &MapError) -> Faults {
    let fault = Fault::error(Code::BrokenFormat, path.display().to_string(), error.text.clone());
    fault
        .at_row(error.line as u64)
        .with_help("a road map is a .gr file, a TNTP network, or a CSV `from,to,seconds`")
        .into()
}
