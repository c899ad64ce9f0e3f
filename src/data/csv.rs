//! Reads one CSV file into a typed table, by its schema and its declaration.
//!
//! One pass: cells go from the buffer into typed columns, and every flaw goes
//! into the list of faults with row and column; reading goes on after each.
//! Cost: O(bytes) time; memory in proportion to the rows kept.

use std::io::Read;
use std::path::Path;

use encoding_rs::{Encoding, UTF_8};

use super::cell::{Format, Rule, shown, trim};
use super::declaration::Declaration;
use super::fault::{Code, Fault, Faults, Severity};
use super::ndjson;
use super::near::{did_you_mean, near_miss};
use super::records::{Breach, LONGEST_ROW, Records, Step};
use super::schema::{ColumnSchema, ExtraRule, TableSchema};
use super::source;
use super::store::{CellFlaw, Slot, Store};
use super::table::{Table, TextColumn};

/// Reads the file at `path`, called `label` in messages; one that ends in `.ndjson` or `.jsonl` holds one
/// JSON object a line.
///
/// The table holds every row that has as many cells as the header; cells with a fault are
/// blank in it. Checks between rows and between tables are left to the caller
/// ([`read_folder`](super::read_folder) does them).
#[must_use]
pub fn read_csv(
    path: &Path,
    label: &str,
    schema: &TableSchema,
    declaration: &Declaration,
) -> (Table, Faults) {
    match source::open(path, label, declaration.encoding) {
        Ok(stream) if ndjson::is_ndjson(path) => ndjson::read(stream, label, schema, declaration),
        Ok(stream) => read_stream(stream, label, schema, declaration),
        Err(faults) => (Table::new(&schema.name).from_file(label), faults),
    }
}

/// Reads a table from a stream of UTF-8 bytes.
pub(crate) fn read_stream(
    stream: impl Read,
    label: &str,
    schema: &TableSchema,
    declaration: &Declaration,
) -> (Table, Faults) {
    read_formed(stream, label, schema, declaration, Form::default())
}

/// What holds for rows that another format hands over as CSV.
#[derive(Default)]
pub(crate) struct Form {
    /// Cells of a row, where rows leave out those of the last titles, which nothing reads.
    pub width: Option<usize>,
    /// Whether a row of blank cells is a row.
    pub keeps_blanks: bool,
    /// Whether rows were lost before.
    pub lost: bool,
}

/// Reads a table from rows of some form.
pub(crate) fn read_formed(
    stream: impl Read,
    label: &str,
    schema: &TableSchema,
    declaration: &Declaration,
    form: Form,
) -> (Table, Faults) {
    let mut reader = Reader {
        label,
        encoding: declaration.encoding,
        format: Format {
            decimal: declaration.decimal,
            thousands: declaration.thousands,
            date: declaration.date.clone(),
        },
        faults: Faults::default(),
        slots: Vec::new(),
        rows: Rows { lost: form.lost, ..Rows::default() },
        form,
        trimmed: Trimmed::default(),
    };
    let mut records = Records::new(stream, declaration.delimiter);
    if reader.read_header(&mut records, schema, declaration) {
        reader.read_rows(&mut records);
    }
    reader.finish(schema, declaration)
}

struct Reader<'a> {
    label: &'a str,
    encoding: &'static Encoding,
    format: Format,
    faults: Faults,
    /// One a column of the file.
    slots: Vec<Slot<'a>>,
    form: Form,
    rows: Rows,
    trimmed: Trimmed,
}

/// Which rows of the file are in the table.
#[derive(Default)]
struct Rows {
    numbers: Vec<u32>,
    flawed: Vec<u32>,
    lost: bool,
}

/// Cells with blanks at their ends.
#[derive(Default)]
struct Trimmed {
    count: u64,
    first_row: u64,
}

impl<'a> Reader<'a> {
    /// Reads the header row and lays out the columns; false when there is none.
    fn read_header<R: Read>(
        &mut self,
        records: &mut Records<R>,
        schema: &'a TableSchema,
        declaration: &Declaration,
    ) -> bool {
        loop {
            match records.advance() {
                Ok(Step::Row) => break,
                Ok(Step::Broken(breach)) => self.faults.push(self.breach_fault(breach, records.row())),
                Ok(Step::End) => {
                    self.faults.push(
                        Fault::error(Code::MissingHeader, self.label, "the file is empty")
                            .with_help(format!("begin it with the titles: {}", titles(schema))),
                    );
                    return false;
                }
                Err(error) => {
                    self.faults.push(source::reading_fault(self.label, &error));
                    return false;
                }
            }
        }
        let mut header = Vec::new();
        for index in 0..records.len() {
            match std::str::from_utf8(trim(records.cell(index))) {
                Ok(title) => header.push(title.to_owned()),
                Err(_) => {
                    let place = records.position(index);
                    self.faults.push(self.encoding_fault(records.row(), place));
                    return false;
                }
            }
        }
        if let Some(fault) = self.header_fault(&header, records.row(), declaration) {
            self.rows.lost = true;
            self.faults.push(fault);
            return false;
        }
        self.lay_out(header, schema, declaration);
        true
    }

    /// A header that shows that the whole file is written in another way.
    fn header_fault(&self, header: &[String], row: u64, declaration: &Declaration) -> Option<Fault> {
        if let Some(at) = header.first().and_then(|title| title.find('\0')) {
            let encoding = if at == 0 { "utf-16be" } else { "utf-16le" };
            let message = "zero bytes stand between the letters: the file seems to be UTF-16, not UTF-8";
            let help = format!(
                "save it as UTF-8, or declare encoding = \"{encoding}\" for this table in instance.toml"
            );
            return Some(Fault::error(Code::BrokenEncoding, self.label, message).at_row(row).with_help(help));
        }
        let [title] = header else { return None };
        let other = [(';', ";"), ('\t', "\\t"), ('|', "|"), (',', ",")]
            .into_iter()
            .find(|(sign, _)| *sign != char::from(declaration.delimiter) && title.contains(*sign));
        other.map(|(_, sign)| {
            Fault::error(Code::MissingHeader, self.label, format!("the header is one cell, \"{}\"", shown(title)))
                .at_row(row)
                .with_help(format!(
                    "its cells seem to stand between \"{sign}\": declare delimiter = \"{sign}\" for this table in \
                     instance.toml"
                ))
        })
    }

    /// Finds for each title of the file where its cells go.
    fn lay_out(&mut self, header: Vec<String>, schema: &'a TableSchema, declaration: &Declaration) {
        self.check_declared(&header, schema, declaration);
        let wanted: Vec<(&ColumnSchema, &str)> =
            schema.columns.iter().map(|column| (column, declaration.title_of(&column.name))).collect();
        let mut unused = Vec::new();
        for (index, title) in header.iter().enumerate() {
            let column = wanted.iter().find(|(_, wanted)| wanted == title).map(|(column, _)| *column);
            let carried = declaration.carry.contains(title);
            let store = match column {
                Some(column) => Store::of(column),
                None if carried => Store::Text(TextColumn::default(), String::new()),
                None if schema.extra == ExtraRule::Number && !title.is_empty() => {
                    Store::Number(Vec::new(), f64::NAN)
                }
                None => {
                    unused.push(title.as_str());
                    Store::Skip
                }
            };
            let twice = header[..index].contains(title) && !matches!(store, Store::Skip);
            if twice {
                self.faults.push(
                    Fault::error(Code::DuplicateColumn, self.label, format!("column {title} is there twice"))
                        .at_row(1)
                        .in_column(title, "")
                        .with_help("rename or delete one of them"),
                );
            }
            let name = column.map_or(title.as_str(), |column| column.name.as_str()).to_owned();
            let store = if twice { Store::Skip } else { store };
            self.slots.push(Slot { rule: column.map(Rule::from), title: name, store });
        }
        let offered = self.report_missing(&header, &wanted, &unused);
        unused.retain(|title| !offered.contains(title));
        self.report_unused(&unused, &header, &wanted);
    }

    /// Declarations must name columns that the schema and the file have.
    fn check_declared(&mut self, header: &[String], schema: &TableSchema, declaration: &Declaration) {
        let known = header.iter().map(String::as_str);
        for (name, title) in &declaration.columns {
            if schema.column(name).is_some() && !header.contains(title) {
                self.faults.push(missing_column(self.label, title, near_miss(title, known.clone())));
            }
        }
        for title in declaration.carry.iter().filter(|title| !header.contains(title)) {
            self.faults.push(missing_column(self.label, title, near_miss(title, known.clone())));
        }
    }

    /// Gives back the unused titles that it offered in place of missing ones.
    fn report_missing<'t>(
        &mut self,
        header: &[String],
        wanted: &[(&ColumnSchema, &str)],
        unused: &[&'t str],
    ) -> Vec<&'t str> {
        let mut offered = Vec::new();
        for (column, title) in wanted {
            let declared = *title != column.name;
            if column.required && !declared && !header.iter().any(|there| there == title) {
                let near = near_miss(title, unused.iter().copied());
                offered.extend(near);
                self.faults.push(missing_column(self.label, title, near));
            }
        }
        offered
    }

    fn report_unused(&mut self, unused: &[&str], header: &[String], wanted: &[(&ColumnSchema, &str)]) {
        let open: Vec<&str> = wanted
            .iter()
            .map(|(_, title)| *title)
            .filter(|title| !header.iter().any(|there| there == title))
            .collect();
        for title in unused.iter().filter(|title| !title.is_empty()) {
            self.faults.push(unused_column(self.label, title, near_miss(title, open.iter().copied())));
        }
    }

    fn read_rows<R: Read>(&mut self, records: &mut Records<R>) {
        loop {
            match records.advance() {
                Ok(Step::Row) => self.read_row(records),
                Ok(Step::Broken(breach)) => {
                    self.rows.lost = true;
                    self.faults.push(self.breach_fault(breach, records.row()));
                }
                Ok(Step::End) => return,
                Err(error) => {
                    self.rows.lost = true;
                    self.faults.push(source::reading_fault(self.label, &error));
                    return;
                }
            }
        }
    }

    fn read_row<R: Read>(&mut self, records: &Records<R>) {
        let row = records.row();
        let blank = (0..records.len()).all(|index| trim(records.cell(index)).is_empty());
        if blank && !self.form.keeps_blanks && (self.slots.len() > 1 || records.len() > 1) {
            return;
        }
        if let Some(fault) = self.row_fault(records) {
            self.rows.lost = true;
            self.faults.push(fault);
            return;
        }
        let mut flawed = false;
        for index in 0..records.len() {
            let cell = records.cell(index);
            let text = trim(cell);
            if text.len() < cell.len() && !matches!(self.slots[index].store, Store::Skip) {
                self.trimmed.add(row);
            }
            let slot = &mut self.slots[index];
            if let Err(flaw) = slot.push(text, &self.format) {
                flawed = true;
                let fault = self.cell_fault(index, flaw, text, row, records.position(index));
                self.faults.push(fault);
            }
        }
        if flawed {
            self.rows.flawed.push(self.rows.numbers.len() as u32);
        }
        self.rows.numbers.push(u32::try_from(row).unwrap_or(u32::MAX));
    }

    /// What makes a whole row unreadable.
    fn row_fault<R: Read>(&self, records: &Records<R>) -> Option<Fault> {
        let width = self.form.width.unwrap_or(self.slots.len());
        if records.len() != width {
            return Some(field_count_fault(self.label, records.row(), records.len(), width));
        }
        records.holds_nul().then(|| {
            Fault::error(Code::NulByte, self.label, "a zero byte stands in the row")
                .at_row(records.row())
                .with_help("the file was damaged or is not text: export it again")
        })
    }

    fn cell_fault(&self, index: usize, flaw: CellFlaw, text: &[u8], row: u64, byte: u64) -> Fault {
        let slot = &self.slots[index];
        let text = String::from_utf8_lossy(text);
        match flaw {
            CellFlaw::Encoding(at) => {
                self.encoding_fault(row, byte + at as u64).in_column(&slot.title, shown(&text))
            }
            CellFlaw::Value(flaw) => {
                let rule = slot.rule.unwrap_or(Rule::plain_number(&slot.title));
                let (code, message, help) = rule.tell(flaw, &text, &self.format);
                Fault::error(code, self.label, message)
                    .at_row(row)
                    .in_column(&slot.title, shown(&text))
                    .with_help(help)
            }
        }
    }

    /// Positions are told for UTF-8 only: other encodings are decoded before they are split.
    fn encoding_fault(&self, row: u64, byte: u64) -> Fault {
        let name = self.encoding.name();
        let place = if self.encoding == UTF_8 { format!("byte {byte}") } else { "a cell".to_owned() };
        let help = if self.encoding == UTF_8 {
            "save the file as UTF-8, or declare its encoding for this table in instance.toml"
        } else {
            "declare the encoding in which the file was saved"
        };
        Fault::error(Code::BrokenEncoding, self.label, format!("{place} is no {name} text"))
            .at_row(row)
            .with_help(help)
    }

    fn breach_fault(&self, breach: Breach, row: u64) -> Fault {
        let (code, message, help) = match breach {
            Breach::TextAfterQuote => (
                Code::BrokenQuoting,
                "text follows a closing quote".to_owned(),
                "double the quotes inside a quoted cell: \"\"",
            ),
            Breach::Unclosed => (
                Code::BrokenQuoting,
                "a quote is opened and not closed".to_owned(),
                "close the quote, or delete it",
            ),
            Breach::TooLong => (
                Code::TooLarge,
                format!("the row is longer than {} MiB", LONGEST_ROW >> 20),
                "check that the file is a table with one row a line",
            ),
        };
        Fault::error(code, self.label, message).at_row(row).with_help(help)
    }

    /// Puts the table together.
    fn finish(mut self, schema: &TableSchema, declaration: &Declaration) -> (Table, Faults) {
        if self.trimmed.count > 0 {
            self.faults.push(trimmed_notice(self.label, &self.trimmed));
        }
        let mut table = Table::new(&schema.name).from_file(self.label);
        let mut carried = Vec::new();
        for slot in self.slots {
            if slot.rule.is_none() && declaration.carry.contains(&slot.title) {
                carried.push(slot.title.clone());
            }
            if let Some(column) = slot.store.into_column() {
                table.set(slot.title, column);
            }
        }
        let in_line = self.rows.numbers.iter().enumerate().all(|(index, &row)| row as usize == index + 2);
        let numbers = if in_line { Vec::new() } else { self.rows.numbers };
        let table = table.with_row_numbers(numbers).with_flaws(self.rows.flawed, self.rows.lost);
        (table.with_carried(carried), self.faults)
    }
}

impl Trimmed {
    fn add(&mut self, row: u64) {
        if self.count == 0 {
            self.first_row = row;
        }
        self.count += 1;
    }
}

fn trimmed_notice(label: &str, trimmed: &Trimmed) -> Fault {
    let cells = if trimmed.count == 1 { "cell" } else { "cells" };
    Fault::error(
        Code::TrimmedBlanks,
        label,
        format!("blanks at the ends of {} {cells} were cut", trimmed.count),
    )
    .with_severity(Severity::Notice)
    .at_row(trimmed.first_row)
}

pub(crate) fn missing_column(label: &str, title: &str, near: Option<&str>) -> Fault {
    let help = match near {
        Some(there) => format!(
            "the file has \"{}\": rename it to {title}, or declare columns = {{ {title} = \"{there}\" }}",
            shown(there)
        ),
        None => format!("add the column {title}, or declare which column holds it"),
    };
    Fault::error(Code::MissingColumn, label, format!("column {title} is missing"))
        .in_column(title, "")
        .with_help(help)
}

/// A notice; a warning where the title is near one that the table could have.
pub(crate) fn unused_column(label: &str, title: &str, near: Option<&str>) -> Fault {
    let severity = if near.is_some() { Severity::Warning } else { Severity::Notice };
    Fault::error(Code::UnusedColumn, label, format!("column {} is not used", shown(title)))
        .with_severity(severity)
        .in_column(title, "")
        .with_help(did_you_mean(near, ""))
}

fn field_count_fault(label: &str, row: u64, found: usize, wanted: usize) -> Fault {
    let help = if found > wanted {
        "put quotes around cells that hold the delimiter, or delete the extra cells"
    } else {
        "fill the row up with empty cells"
    };
    Fault::error(Code::WrongFieldCount, label, format!("the row has {found} cells and the header {wanted}"))
        .at_row(row)
        .with_help(help)
}

fn titles(schema: &TableSchema) -> String {
    let names = |all: bool| -> Vec<&str> {
        schema.columns.iter().filter(|c| all || c.required).map(|c| c.name.as_str()).collect()
    };
    let required = names(false);
    if required.is_empty() { names(true).join(",") } else { required.join(",") }
}
