//! Reads routing problems in VRPLIB form: capacities, time windows, several depots, vehicles that
//! differ, backhauls, prizes; distances from coordinates or given as a matrix.
//!
//! A file is a list of headers (`KEY : value`) and sections (`KEY_SECTION`, then rows that begin
//! with the number of a node or a vehicle), up to `EOF`. What is not understood is refused with its
//! line, because a rule that is passed over in silence gives a wrong plan.

use std::collections::HashMap;

mod assemble;
mod fleet;
mod weights;

use super::file::{FileError, FileProblem, RoundingRule};

/// Sections whose rows begin with the number of a node.
const NODE_SECTIONS: &[&str] =
    &["NODE_COORD", "DEMAND", "PICKUP", "BACKHAUL", "SERVICE_TIME", "TIME_WINDOW", "RELEASE_TIME", "PRIZE"];
/// Sections whose rows begin with the number of a vehicle.
const VEHICLE_SECTIONS: &[&str] = &[
    "CAPACITY",
    "VEHICLES_DEPOT",
    "VEHICLES_FIXED_COST",
    "VEHICLES_UNIT_DISTANCE_COST",
    "VEHICLES_UNIT_DURATION_COST",
    "VEHICLES_MAX_DISTANCE",
    "VEHICLES_MAX_DURATION",
    "VEHICLES_ALLOWED_CLIENTS",
    "VEHICLES_MAX_RELOADS",
    "VEHICLES_RELOAD_DEPOT",
];
/// Headers that say nothing of the problem itself, or are read elsewhere.
const HEADERS: &[&str] = &[
    "NAME",
    "COMMENT",
    "TYPE",
    "DIMENSION",
    "VEHICLES",
    "DISTANCE",
    "SERVICE_TIME",
    "EDGE_WEIGHT_TYPE",
    "EDGE_WEIGHT_FORMAT",
    "NODE_COORD_TYPE",
    "DISPLAY_DATA_TYPE",
];
/// Most nodes of a file; a matrix of them would not fit into memory long before.
const MOST_NODES: usize = 1_000_000;

/// One row of a section.
struct Row {
    line: usize,
    values: Vec<f64>,
}

/// The text, cut into headers and sections.
#[derive(Default)]
struct Text<'a> {
    headers: HashMap<String, (usize, &'a str)>,
    sections: HashMap<String, (usize, Vec<Row>)>,
    lines: usize,
}

/// Reads the text of a `.vrp` file.
///
/// ```
/// use purvey::optimize::routes::{RoundingRule, read_vrplib};
/// let text = "NAME : two\nTYPE : CVRP\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 10\n\
///     NODE_COORD_SECTION\n1 0 0\n2 3 4\n3 6 8\nDEMAND_SECTION\n1 0\n2 4\n3 5\nDEPOT_SECTION\n1\n-1\nEOF\n";
/// let file = read_vrplib(text, RoundingRule::Auto)?;
/// assert_eq!((file.data.visits.len(), file.visit_numbers[1]), (2, 2));
/// assert_eq!(file.data.profiles[0].distance.at(0, 2), 10.0);
/// # Ok::<(), purvey::optimize::routes::FileError>(())
/// ```
///
/// # Errors
/// [`FileError`] with the line of the first thing that is wrong or not supported.
pub fn read_vrplib(text: &str, rounding: RoundingRule) -> Result<FileProblem, FileError> {
    assemble::problem(&Text::parse(text)?, rounding)
}

impl<'a> Text<'a> {
    fn parse(text: &'a str) -> Result<Self, FileError> {
        let mut parsed = Text::default();
        let mut section: Option<String> = None;
        for (at, raw) in text.lines().enumerate() {
            let (line, trimmed) = (at + 1, raw.trim());
            parsed.lines = line;
            if trimmed.is_empty() {
                continue;
            }
            if !trimmed.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let Some(name) = &section else {
                    return Err(FileError::new(
                        line,
                        "numbers before any section",
                        "write the section's name first",
                    ));
                };
                let values = numbers(line, trimmed)?;
                let end_of_list = name == "DEPOT" && values.first() == Some(&-1.0);
                if end_of_list {
                    section = None;
                } else if let Some((_, rows)) = parsed.sections.get_mut(name) {
                    rows.push(Row { line, values });
                }
                continue;
            }
            let (key, value) =
                trimmed.split_once(':').map_or((trimmed, ""), |(key, value)| (key.trim(), value.trim()));
            if key == "EOF" {
                break;
            }
            section = match key.strip_suffix("_SECTION") {
                Some(name) => Some(parsed.begin_section(line, name)?),
                None => {
                    parsed.header(line, key, value)?;
                    None
                }
            };
        }
        Ok(parsed)
    }

    fn begin_section(&mut self, line: usize, name: &str) -> Result<String, FileError> {
        let others = ["DEPOT", "EDGE_WEIGHT"];
        if ![NODE_SECTIONS, VEHICLE_SECTIONS, &others].concat().contains(&name) {
            return Err(FileError::new(
                line,
                format!("the section {name}_SECTION is not supported"),
                "take it out if the plan need not keep it",
            ));
        }
        if let Some((first, _)) = self.sections.get(name) {
            let found = format!("{name}_SECTION stands in line {first} already");
            return Err(FileError::new(line, found, "keep one of the two"));
        }
        self.sections.insert(name.to_owned(), (line, Vec::new()));
        Ok(name.to_owned())
    }

    fn header(&mut self, line: usize, key: &str, value: &'a str) -> Result<(), FileError> {
        if !HEADERS.contains(&key) && !VEHICLE_SECTIONS.contains(&key) {
            return Err(FileError::new(
                line,
                format!("the header {key} is not supported"),
                "write KEY : value; take it out if the plan need not keep it",
            ));
        }
        self.headers.insert(key.to_owned(), (line, value));
        Ok(())
    }

    /// The words of a header; empty where it is not there.
    fn word(&self, key: &str) -> &'a str {
        self.headers.get(key).map_or("", |(_, value)| value)
    }

    /// The line of a header or section, else the last.
    fn line_of(&self, key: &str) -> usize {
        let section = self.sections.get(key).map(|(line, _)| *line);
        self.headers.get(key).map(|(line, _)| *line).or(section).unwrap_or(self.lines)
    }

    /// The number of a header.
    fn number(&self, key: &str) -> Result<Option<f64>, FileError> {
        let Some(&(line, value)) = self.headers.get(key) else { return Ok(None) };
        match numbers(line, value)?[..] {
            [one] => Ok(Some(one)),
            _ => Err(FileError::new(line, format!("{key} has not one number"), format!("write {key} : 100"))),
        }
    }

    /// A header that counts something, at least 1 and at most `most`.
    fn count(&self, key: &str, most: usize) -> Result<Option<usize>, FileError> {
        let Some(value) = self.number(key)? else { return Ok(None) };
        if value.fract() == 0.0 && value >= 1.0 && value <= most as f64 {
            return Ok(Some(value as usize));
        }
        let help = format!("write a whole number from 1 to {most}");
        Err(FileError::new(self.line_of(key), format!("{key} is {value}"), help))
    }

    fn dimension(&self) -> Result<usize, FileError> {
        self.count("DIMENSION", MOST_NODES)?.ok_or_else(|| {
            FileError::new(self.lines, "there is no DIMENSION", "write DIMENSION : number of nodes")
        })
    }

    /// Values by number (from 1, the first column) of a section; `None` where there is none.
    ///
    /// Every one of `count` numbers must have exactly one row of `widths` values.
    fn rows(
        &self,
        name: &str,
        count: usize,
        widths: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<Vec<&Row>>, FileError> {
        let Some((start, rows)) = self.sections.get(name) else { return Ok(None) };
        let mut found: Vec<Option<&Row>> = vec![None; count];
        for row in rows {
            let number = row.values[0];
            if number.fract() != 0.0 || number < 1.0 || number > count as f64 {
                let help = format!("write a number from 1 to {count}");
                return Err(FileError::new(row.line, format!("{name}_SECTION has a row for {number}"), help));
            }
            if !widths.contains(&(row.values.len() - 1)) {
                let found = format!("{name}_SECTION has {} values in a row", row.values.len() - 1);
                return Err(FileError::new(
                    row.line,
                    found,
                    format!("write {} values after the number", widths.start()),
                ));
            }
            let slot = &mut found[number as usize - 1];
            if let Some(first) = slot.replace(row) {
                let found = format!("{name}_SECTION has {number} in line {} already", first.line);
                return Err(FileError::new(row.line, found, "keep one of the rows"));
            }
        }
        let missing = found.iter().position(Option::is_none);
        if let Some(at) = missing {
            let (found, help) = (format!("{name}_SECTION has no row for {}", at + 1), "add the row");
            return Err(FileError::new(*start, found, help));
        }
        Ok(Some(found.into_iter().flatten().collect()))
    }
}

/// The numbers of a line, at least one.
fn numbers(line: usize, text: &str) -> Result<Vec<f64>, FileError> {
    let values: Result<Vec<f64>, FileError> = text
        .split_whitespace()
        .map(|word| match word.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(FileError::new(
                line,
                format!("\"{word}\" is not a number"),
                "write a number such as 12 or 12.5",
            )),
        })
        .collect();
    match values {
        Ok(values) if values.is_empty() => {
            Err(FileError::new(line, "a value is missing", "write a number after it"))
        }
        other => other,
    }
}

#[cfg(test)]
#[path = "vrplib/tests.rs"]
mod tests;
