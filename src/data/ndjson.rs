//! Reads a table from NDJSON: one JSON object a line, its members the columns.
//!
//! Every line becomes a row of cells, which then goes the road of a CSV file: the same rules, the same
//! faults, with the number of the line as their row. A member that a line lacks, and `null`, is a blank
//! cell; columns stand in the order in which members first come. Blank lines are skipped, `{}` is a row
//! of blanks. Numbers of JSON have their point whatever sign the table declares for those in texts.
//! Cost: O(bytes) time; memory in proportion to the cells that the table has columns for.

mod members;
mod rows;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::cell::{shown, trim};
use super::csv::{Form, read_formed};
use super::declaration::Declaration;
use super::fault::{Code, Fault, Faults};
use super::records::LONGEST_ROW;
use super::schema::{ExtraRule, Kind, TableSchema};
use super::source;
use super::table::Table;
use members::{Value, members};
use rows::Rows;

/// Endings of such files.
pub(crate) const ENDINGS: [&str; 4] = [".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz"];

/// Different members that the lines of a file may have, and the bytes of their names.
const MOST_TITLES: usize = 1_000;
const LONGEST_TITLES: usize = LONGEST_ROW / 4;

/// Longest line in bytes; as a row it may grow by a comma for each member that it lacks.
const LONGEST_LINE: usize = LONGEST_ROW - 2 * MOST_TITLES;

/// Whether a file is NDJSON by its name.
pub(crate) fn is_ndjson(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Reads lines of JSON, called `label` in messages.
pub(crate) fn read(
    stream: impl Read,
    label: &str,
    schema: &TableSchema,
    declaration: &Declaration,
) -> (Table, Faults) {
    let mut lines = Lines {
        label,
        schema,
        declaration,
        titles: Vec::new(),
        title_bytes: 0,
        at: HashMap::new(),
        rows: Rows::default(),
        lost: false,
        is_wide: false,
        faults: Faults::default(),
    };
    lines.check_delimiter();
    lines.take(BufReader::new(stream));
    let Lines { mut rows, titles, faults: mut found, lost, .. } = lines;
    if titles.is_empty() {
        if !found.has_errors() {
            let message = if rows.is_empty() { "the file is empty" } else { "no line has a member" };
            let help = "write one JSON object a line";
            found.push(Fault::error(Code::MissingHeader, label, message).with_help(help));
        }
        return (Table::new(&schema.name).from_file(label), found);
    }
    let unread = titles.iter().filter(|title| title.column.is_none()).map(|title| title.name.as_str());
    rows.end_header(unread);
    let plain = Declaration { delimiter: b',', ..declaration.clone() };
    let form = Form { width: Some(rows.width()), keeps_blanks: true, lost };
    let (table, faults) = read_formed(rows.csv(), label, schema, &plain, form);
    // The header that the cells got is no line of the file.
    let up = |fault: Fault| Fault { row: fault.row.map(|row| row.saturating_sub(1).max(1)), ..fault };
    found.extend(faults.as_slice().iter().cloned().map(up).collect());
    found.sort();
    let numbers = (0..table.len()).map(|row| u32::try_from(table.row_number(row) - 1).unwrap_or(u32::MAX));
    let numbers = numbers.collect();
    (table.with_row_numbers(numbers), found)
}

/// A member that some line has.
struct Title {
    name: String,
    /// Its column among those that are read; `None` where nothing reads it.
    column: Option<usize>,
    /// Whether its numbers are read as numbers.
    is_number: bool,
    /// The last line that has it, where it is read.
    line: u64,
}

struct Lines<'a> {
    label: &'a str,
    schema: &'a TableSchema,
    declaration: &'a Declaration,
    titles: Vec<Title>,
    title_bytes: usize,
    at: HashMap<String, usize>,
    rows: Rows,
    /// Whether a line could not be read.
    lost: bool,
    /// Whether there are more members than may be.
    is_wide: bool,
    faults: Faults,
}

impl Lines<'_> {
    fn check_delimiter(&mut self) {
        if self.declaration.delimiter != b',' {
            let message = "a delimiter is declared, and lines of JSON have none";
            let fault = Fault::error(Code::BadDeclaration, self.label, message);
            self.faults.push(fault.with_help("delete the delimiter of this table from instance.toml"));
        }
    }

    /// Takes the lines in, one after the other.
    fn take(&mut self, mut stream: impl BufRead) {
        let (mut line, mut text) = (0, Vec::new());
        loop {
            text.clear();
            let read = stream.by_ref().take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut text);
            line += 1;
            match read {
                Ok(0) => return,
                Ok(_) if text.len() > LONGEST_LINE && text.last() != Some(&b'\n') => {
                    self.lose(self.long(line));
                    self.rows.skip();
                    if let Err(error) = stream.skip_until(b'\n') {
                        self.lose(source::reading_fault(self.label, &error));
                        return;
                    }
                }
                Ok(_) => self.add(line, text.trim_ascii_end()),
                Err(error) => {
                    self.lose(source::reading_fault(self.label, &error));
                    return;
                }
            }
        }
    }

    fn add(&mut self, line: u64, text: &[u8]) {
        if text.trim_ascii().is_empty() {
            self.rows.skip();
            return;
        }
        match members(text) {
            Ok(members) => {
                members.into_iter().for_each(|(title, value)| self.member(line, title, value));
                self.rows.end();
            }
            Err(column) => {
                self.lose(self.broken(line, column));
                self.rows.skip();
            }
        }
    }

    fn member(&mut self, line: u64, title: String, value: Value<'_>) {
        // Names lose the blanks at their ends, as titles do.
        let title = std::str::from_utf8(trim(title.as_bytes())).unwrap_or(&title).to_owned();
        let Some(at) = self.title(&title, line) else { return };
        let Title { column: Some(column), is_number, .. } = self.titles[at] else { return };
        if std::mem::replace(&mut self.titles[at].line, line) == line {
            let message = format!("{} is there twice in the line", shown(&title));
            let fault = Fault::error(Code::DuplicateColumn, self.label, message);
            self.faults.push(
                fault.at_row(line).in_column(shown(&title), "").with_help("rename or delete one of them"),
            );
            return;
        }
        match value {
            Value::Null => {}
            Value::Flag(yes) => self.rows.cell(column, if yes { "yes" } else { "no" }),
            Value::Number(digits) if is_number && self.declaration.decimal != b'.' => {
                let sign = char::from(self.declaration.decimal).to_string();
                self.rows.cell(column, &digits.replace('.', &sign));
            }
            Value::Number(digits) => self.rows.cell(column, digits),
            Value::Text(text) => self.rows.cell(column, &text),
            Value::Nested => {
                let message = format!("{} is a list or an object", shown(&title));
                let fault = Fault::error(Code::WrongType, self.label, message).at_row(line);
                let help = "give a text, a number, true, false or null";
                self.faults.push(fault.in_column(shown(&title), "").with_help(help));
            }
        }
    }

    /// Index of a member among those that came; `None` where there are too many.
    fn title(&mut self, name: &str, line: u64) -> Option<usize> {
        if let Some(&at) = self.at.get(name) {
            return Some(at);
        }
        let at = self.titles.len();
        if at == MOST_TITLES || self.title_bytes + name.len() > LONGEST_TITLES {
            if !std::mem::replace(&mut self.is_wide, true) {
                self.lose(self.wide(line, name));
            }
            return None;
        }
        let known = self.schema.columns.iter().find(|column| self.declaration.title_of(&column.name) == name);
        let is_carried = self.declaration.carry.iter().any(|title| title == name);
        let is_extra = self.schema.extra == ExtraRule::Number && !name.is_empty();
        let is_number = match known {
            Some(column) => matches!(column.kind, Kind::Number | Kind::Integer),
            None => is_extra && !is_carried,
        };
        let is_read = known.is_some() || is_carried || is_extra;
        let column = is_read.then(|| self.rows.add_column(name));
        self.title_bytes += name.len();
        self.titles.push(Title { name: name.to_owned(), column, is_number, line: 0 });
        self.at.insert(name.to_owned(), at);
        Some(at)
    }

    /// Tells why something of the file is not in the table.
    fn lose(&mut self, fault: Fault) {
        self.lost = true;
        self.faults.push(fault);
    }

    fn broken(&self, line: u64, column: usize) -> Fault {
        let message = format!("column {column} breaks the JSON object of the line");
        Fault::error(Code::BrokenFormat, self.label, message)
            .at_row(line)
            .with_help("write one JSON object a line, such as {\"time\": \"08:30\"}")
    }

    fn long(&self, line: u64) -> Fault {
        let message = format!("the line is longer than {LONGEST_LINE} bytes");
        Fault::error(Code::TooLarge, self.label, message)
            .at_row(line)
            .with_help("check that the file has one JSON object a line")
    }

    fn wide(&self, line: u64, name: &str) -> Fault {
        let message = format!(
            "the lines have more than {MOST_TITLES} different members, or names of more than {LONGEST_TITLES} bytes"
        );
        Fault::error(Code::TooLarge, self.label, message)
            .at_row(line)
            .in_column(shown(name), "")
            .with_help("give every line the same members, one for each column")
    }
}

#[cfg(test)]
mod tests;
