//! Reads a table from NDJSON: one JSON object a line, its members the columns.
//!
//! Every line becomes a row of cells, which then goes the road of a CSV file: the same rules, the same
//! faults, with the number of the line as their row. A member that a line lacks, and `null`, is a blank
//! cell; columns stand in the order in which members first come. Blank lines are skipped.
//! Cost: O(bytes) time and memory.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::cell::shown;
use super::csv::{Declaration, read_stream};
use super::fault::{Code, Fault, Faults};
use super::schema::TableSchema;
use super::source;
use super::table::Table;

/// Endings of such files.
pub(crate) const ENDINGS: [&str; 4] = [".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz"];

/// Whether a file is NDJSON by its name.
pub(crate) fn is_ndjson(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Reads lines of JSON, called `label` in messages.
pub(crate) fn read(
    mut stream: impl Read,
    label: &str,
    schema: &TableSchema,
    declaration: &Declaration,
) -> (Table, Faults) {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        return (Table::new(&schema.name).from_file(label), source::reading_fault(label, &error).into());
    }
    let mut lines =
        Lines { label, titles: Vec::new(), at: HashMap::new(), rows: Vec::new(), faults: Faults::default() };
    bytes.split(|&byte| byte == b'\n').enumerate().for_each(|(line, text)| lines.add(line as u64 + 1, text));
    let Lines { rows, titles, faults: mut found, .. } = lines;
    if titles.is_empty() {
        if !found.has_errors() {
            let help = "write one JSON object a line";
            found.push(Fault::error(Code::MissingHeader, label, "the file is empty").with_help(help));
        }
        return (Table::new(&schema.name).from_file(label), found);
    }
    let plain = Declaration { decimal: b'.', thousands: None, delimiter: b',', ..declaration.clone() };
    let (table, faults) = read_stream(Cursor::new(as_csv(&titles, &rows)), label, schema, &plain);
    // The header that the cells got is no line of the file.
    let up = |fault: Fault| Fault { row: fault.row.map(|row| row.saturating_sub(1).max(1)), ..fault };
    found.extend(faults.as_slice().iter().cloned().map(up).collect());
    found.sort();
    let numbers = (0..table.len()).map(|row| u32::try_from(table.row_number(row) - 1).unwrap_or(u32::MAX));
    let numbers = numbers.collect();
    (table.with_row_numbers(numbers), found)
}

struct Lines<'a> {
    label: &'a str,
    titles: Vec<String>,
    at: HashMap<String, usize>,
    /// Cells of each line; none for a blank or a broken one.
    rows: Vec<Vec<(usize, String)>>,
    faults: Faults,
}

impl Lines<'_> {
    fn add(&mut self, line: u64, text: &[u8]) {
        let mut row = Vec::new();
        if !text.trim_ascii().is_empty() {
            match serde_json::from_slice::<Map<String, Value>>(text) {
                Ok(members) => {
                    members.into_iter().for_each(|(title, value)| self.member(line, title, value, &mut row))
                }
                Err(error) => self.faults.push(self.broken(line, &error)),
            }
        }
        self.rows.push(row);
    }

    fn member(&mut self, line: u64, title: String, value: Value, row: &mut Vec<(usize, String)>) {
        let text = match value {
            Value::Null => String::new(),
            Value::Bool(yes) => if yes { "yes" } else { "no" }.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text,
            Value::Array(_) | Value::Object(_) => {
                let fault = Fault::error(
                    Code::WrongType,
                    self.label,
                    format!("{} is a list or an object", shown(&title)),
                );
                self.faults.push(
                    fault
                        .at_row(line)
                        .in_column(shown(&title), "")
                        .with_help("give a text, a number, true, false or null"),
                );
                String::new()
            }
        };
        let next = self.titles.len();
        let at = *self.at.entry(title).or_insert_with_key(|title| {
            self.titles.push(title.clone());
            next
        });
        row.push((at, text));
    }

    fn broken(&self, line: u64, error: &serde_json::Error) -> Fault {
        let message = format!("column {} breaks the JSON object of the line", error.column());
        Fault::error(Code::BrokenFormat, self.label, message)
            .at_row(line)
            .with_help("write one JSON object a line, such as {\"time\": \"08:30\"}")
    }
}

/// The rows as CSV under their titles; a line without cells is a blank one.
fn as_csv(titles: &[String], rows: &[Vec<(usize, String)>]) -> String {
    let mut text = String::new();
    let line = |cells: &[&str], text: &mut String| {
        for (at, cell) in cells.iter().enumerate() {
            text.push_str(if at > 0 { "," } else { "" });
            text.push('"');
            text.push_str(&cell.replace('"', "\"\"").replace(['\n', '\r'], " "));
            text.push('"');
        }
        text.push('\n');
    };
    line(&titles.iter().map(String::as_str).collect::<Vec<_>>(), &mut text);
    for row in rows {
        if row.is_empty() {
            text.push('\n');
            continue;
        }
        let mut cells = vec![""; titles.len()];
        row.iter().for_each(|(at, cell)| cells[*at] = cell);
        line(&cells, &mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::data::Schema;

    const SCHEMA: &str = r#"
name = "shop"
title = "Shop"
summary = "A shop."
[[table]]
name = "items"
required = true
meaning = "What is sold."
key = ["item"]
[[table.column]]
name = "item"
type = "code"
required = true
meaning = "Code."
[[table.column]]
name = "price"
type = "number"
min = 0
meaning = "Money per unit."
[[table.column]]
name = "fresh"
type = "flag"
meaning = "Whether it spoils."
"#;

    fn both(text: &str) -> (Table, Faults) {
        let schema = Schema::parse(SCHEMA).unwrap();
        read(text.as_bytes(), "items.ndjson", schema.table("items").unwrap(), &Declaration::default())
    }

    #[test]
    fn lines_are_rows_and_members_columns() {
        let (table, faults) = both(
            "{\"item\": \"a, \\\"b\\\"\", \"price\": 1.5}\n\n{\"fresh\": true, \"item\": 12, \"price\": null}\n",
        );
        assert!(faults.is_empty(), "{faults}");
        assert_eq!(
            (table.cell_text("item", 0), table.cell_text("item", 1)),
            ("a, \"b\"".to_owned(), "12".to_owned())
        );
        assert_eq!(
            (table.cell_text("price", 0), table.cell_text("price", 1)),
            ("1.5".to_owned(), String::new())
        );
        assert_eq!(
            (table.cell_text("fresh", 0), table.cell_text("fresh", 1)),
            (String::new(), "yes".to_owned())
        );
        assert_eq!((table.row_number(0), table.row_number(1)), (1, 3));
    }

    #[test]
    fn faults_are_those_of_a_csv_file_with_the_line() {
        let (table, faults) = both(
            "{\"item\": \"a\", \"price\": -1}\n{\"item\": \"b\", \"price\": [2]}\n{\"item\"\n7\n{\"price\": 3}\n",
        );
        let told: Vec<String> = faults.as_slice().iter().map(|fault| fault.to_string()).collect();
        assert_eq!(told.len(), 5, "{told:?}");
        for (fault, begins) in told.iter().zip([
            "items.ndjson:1: price is \"-1\": must be at least 0",
            "items.ndjson:2: price is a list or an object [wrong-type]",
            "items.ndjson:3: column 7 breaks the JSON object of the line [broken-format]",
            "items.ndjson:4: column 1 breaks the JSON object of the line [broken-format]",
            "items.ndjson:5: item",
        ]) {
            assert!(fault.starts_with(begins), "{fault}");
        }
        assert_eq!(table.len(), 3);
        let (_, empty) = both("\n\n");
        assert!(empty.to_string().starts_with("items.ndjson: the file is empty [missing-header]"), "{empty}");
    }
}
