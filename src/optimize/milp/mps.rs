//! Reader of the MPS format, free and fixed.
//!
//! Read as HiGHS reads it: an integer column without any bound lies between 0
//! and 1, a second bound on the same side is ignored, a bound of 1e20 or more
//! is no bound, a number on the objective's right-hand side is the negative
//! of a constant, free rows after the first are dropped. Fixed format is
//! tried where the free one fails, so that names may contain blanks. Unlike
//! HiGHS, a name that was never declared and an entry that is given twice are
//! errors with their line.
//!
//! Cost: one pass, time and memory in proportion to the text.
//! Not for: quadratic objectives, cones, indicator rows, ordered sets.

mod fields;

use super::file::{Fault, LineText, bound_value, number};
use super::lines::SourceLines;
use super::{ColumnKind, Program, Sense, Side};
use fields::{Fields, fixed_fields, free_fields};
use std::collections::HashMap;

/// Reads a program from MPS text.
pub(super) fn parse(text: &str) -> Result<Program, Fault> {
    Reader::new(Layout::Free)
        .read(text)
        .or_else(|fault| Reader::new(Layout::Fixed).read(text).map_err(|_| fault))
}

/// Whether the text looks like MPS: its first line that says anything is one of the format's section headers.
pub(super) fn is_mps(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('*'));
    let first = lines.next().unwrap_or("");
    let word = first.split_whitespace().next().unwrap_or("");
    ["NAME", "ROWS", "OBJSENSE", "OBJNAME"].contains(&word) && first.starts_with(word)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Free,
    Fixed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Start,
    Sense,
    Rows,
    Columns,
    RightHandSide,
    Ranges,
    Bounds,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Objective,
    Ignored,
    Row(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowType {
    Equal,
    AtLeast,
    AtMost,
}

struct Reader<'a> {
    layout: Layout,
    section: Section,
    name: String,
    sense: Sense,
    offset: f64,
    targets: HashMap<&'a str, Target>,
    row_types: Vec<RowType>,
    row_names: Vec<String>,
    row_lower: Vec<f64>,
    row_upper: Vec<f64>,
    last_column_in_row: Vec<usize>,
    column_index: HashMap<&'a str, usize>,
    column_names: Vec<String>,
    cost: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    kinds: Vec<ColumnKind>,
    has_bound: Vec<[bool; 2]>,
    in_integers: bool,
    column_starts: Vec<usize>,
    entries: Vec<(i32, f64)>,
    lines: SourceLines,
}

impl<'a> Reader<'a> {
    fn new(layout: Layout) -> Self {
        Reader {
            layout,
            section: Section::Start,
            name: String::new(),
            sense: Sense::Minimise,
            offset: 0.0,
            targets: HashMap::new(),
            row_types: Vec::new(),
            row_names: Vec::new(),
            row_lower: Vec::new(),
            row_upper: Vec::new(),
            last_column_in_row: Vec::new(),
            column_index: HashMap::new(),
            column_names: Vec::new(),
            cost: Vec::new(),
            lower: Vec::new(),
            upper: Vec::new(),
            kinds: Vec::new(),
            has_bound: Vec::new(),
            in_integers: false,
            column_starts: vec![0],
            entries: Vec::new(),
            lines: SourceLines::default(),
        }
    }

    fn read(mut self, text: &'a str) -> Result<Program, Fault> {
        let mut last = 1;
        for (index, content) in text.lines().enumerate() {
            let line = LineText { number: index + 1, content };
            last = line.number;
            if content.starts_with('*') || content.trim().is_empty() {
                continue;
            }
            if !self.header(line)? {
                self.data(line)?;
            }
            if self.section == Section::End {
                return self.finish(last);
            }
        }
        let end = LineText { number: last, content: "" };
        Err(end.fault("the file ends without ENDATA", "the file may have been cut off; copy it again"))
    }

    /// Takes a section header; false where the line is data.
    fn header(&mut self, line: LineText<'a>) -> Result<bool, Fault> {
        if line.content.starts_with([' ', '\t']) {
            return Ok(false);
        }
        let mut words = line.content.split_whitespace();
        let (word, rest) = (words.next().unwrap_or(""), words.next());
        self.section = match (word, rest) {
            ("NAME", _) => {
                self.name = line.content["NAME".len()..].trim().to_owned();
                return Ok(true);
            }
            ("OBJSENSE", Some(sense)) => {
                self.sense = sense_of(sense)
                    .ok_or_else(|| line.fault(format!("sense \"{sense}\""), "write MIN or MAX"))?;
                Section::Sense
            }
            ("OBJSENSE" | "OBJSENSE:", None) => Section::Sense,
            ("ROWS", None) => Section::Rows,
            ("COLUMNS", None) => Section::Columns,
            ("RHS", None) => Section::RightHandSide,
            ("RANGES", None) => Section::Ranges,
            ("BOUNDS", None) => Section::Bounds,
            ("ENDATA", _) => Section::End,
            (
                "QUADOBJ" | "QMATRIX" | "QSECTION" | "QCMATRIX" | "CSECTION" | "INDICATORS" | "SOS" | "SOS1"
                | "SOS2" | "SETS" | "GENCONS" | "PWLOBJ" | "LAZYCONS" | "USERCUTS",
                _,
            ) => {
                let found = format!("section {word} is not linear rows, columns or bounds");
                return Err(line.fault(found, "write the program with linear rows and integer columns only"));
            }
            _ => return Ok(false),
        };
        Ok(true)
    }

    fn data(&mut self, line: LineText<'a>) -> Result<(), Fault> {
        match self.section {
            Section::Start | Section::End => {
                Err(line.fault("data before the section ROWS", "begin with a line NAME and a line ROWS"))
            }
            Section::Sense => {
                let word = line.content.trim();
                self.sense = sense_of(word)
                    .ok_or_else(|| line.fault(format!("sense \"{word}\""), "write MIN or MAX"))?;
                Ok(())
            }
            Section::Rows => self.declare_row(line),
            Section::Columns => self.column(line),
            Section::RightHandSide => self.right_hand_side(line),
            Section::Ranges => self.range(line),
            Section::Bounds => self.bound(line),
        }
    }

    fn declare_row(&mut self, line: LineText<'a>) -> Result<(), Fault> {
        let fields = self.fields(line, true)?;
        let target = match fields.code {
            "N" if self.targets.values().any(|target| *target == Target::Objective) => Target::Ignored,
            "N" => Target::Objective,
            "E" | "G" | "L" => Target::Row(self.row_types.len()),
            other => return Err(line.fault(format!("row type \"{other}\""), "write N, E, G or L")),
        };
        if self.targets.insert(fields.name, target).is_some() {
            let found = format!("row \"{}\" is declared twice", fields.name);
            return Err(line.fault(found, "give every row a name of its own"));
        }
        if let Target::Row(_) = target {
            let (row_type, lower, upper) = match fields.code {
                "E" => (RowType::Equal, 0.0, 0.0),
                "G" => (RowType::AtLeast, 0.0, f64::INFINITY),
                _ => (RowType::AtMost, f64::NEG_INFINITY, 0.0),
            };
            self.row_types.push(row_type);
            self.row_lower.push(lower);
            self.row_upper.push(upper);
            self.row_names.push(fields.name.to_owned());
            self.last_column_in_row.push(usize::MAX);
            self.lines.add_row(line.number);
        }
        Ok(())
    }

    fn column(&mut self, line: LineText<'a>) -> Result<(), Fault> {
        if line.content.contains("'MARKER'") {
            self.in_integers = match (line.content.contains("'INTORG'"), line.content.contains("'INTEND'")) {
                (true, false) => true,
                (false, true) => false,
                _ => {
                    return Err(
                        line.fault("a marker that is not one of 'INTORG', 'INTEND'", "write one of the two")
                    );
                }
            };
            return Ok(());
        }
        let fields = self.fields(line, false)?;
        if self.column_names.last().is_none_or(|last| last != fields.name) {
            self.declare_column(line, fields.name)?;
        }
        for (row, text) in fields.pairs.into_iter().flatten() {
            let coefficient = number(line, text)?;
            self.entry(line, row, coefficient)?;
        }
        Ok(())
    }

    fn declare_column(&mut self, line: LineText<'a>, name: &'a str) -> Result<(), Fault> {
        let column = self.column_names.len();
        if self.column_index.insert(name, column).is_some() {
            let found = format!("column \"{name}\" goes on after other columns");
            return Err(line.fault(found, "keep the entries of a column together"));
        }
        if column > 0 {
            self.column_starts.push(self.entries.len());
        }
        self.column_names.push(name.to_owned());
        self.lines.add_column(line.number);
        self.cost.push(0.0);
        self.lower.push(0.0);
        self.upper.push(f64::INFINITY);
        self.kinds.push(if self.in_integers { ColumnKind::Integer } else { ColumnKind::Continuous });
        self.has_bound.push([false; 2]);
        Ok(())
    }

    fn entry(&mut self, line: LineText<'a>, row: &'a str, coefficient: f64) -> Result<(), Fault> {
        let column = self.column_names.len() - 1;
        match self.target(line, row)? {
            Target::Ignored => {}
            Target::Objective => self.cost[column] += coefficient,
            Target::Row(index) => {
                if self.last_column_in_row[index] == column {
                    let found =
                        format!("row \"{row}\" appears twice in column \"{}\"", self.column_names[column]);
                    return Err(line.fault(found, "give one coefficient"));
                }
                self.last_column_in_row[index] = column;
                if coefficient != 0.0 {
                    let index =
                        i32::try_from(index).map_err(|_| line.fault("too many rows", "split the program"))?;
                    self.entries.push((index, coefficient));
                }
            }
        }
        Ok(())
    }

    fn right_hand_side(&mut self, line: LineText<'a>) -> Result<(), Fault> {
        let fields = self.fields(line, false)?;
        for (row, text) in fields.pairs.into_iter().flatten() {
            let value = number(line, text)?;
            match self.target(line, row)? {
                Target::Ignored => {}
                Target::Objective => self.offset = -value,
                Target::Row(index) => {
                    let value = bound_value(value);
                    if self.row_types[index] != RowType::AtMost {
                        self.row_lower[index] = value;
                    }
                    if self.row_types[index] != RowType::AtLeast {
                        self.row_upper[index] = value;
                    }
                }
            }
        }
        Ok(())
    }

    fn range(&mut self, line: LineText<'a>) -> Result<(), Fault> {
        let fields = self.fields(line, false)?;
        for (row, text) in fields.pairs.into_iter().flatten() {
            let value = number(line, text)?;
            let Target::Row(index) = self.target(line, row)? else { continue };
            let widens_up = match self.row_types[index] {
                RowType::AtLeast => true,
                RowType::AtMost => false,
                RowType::Equal => value >= 0.0,
            };
            if widens_up {
                self.row_upper[index] = bound_value(self.row_lower[index] + value.abs());
            } else {
                self.row_lower[index] = bound_value(self.row_upper[index] - value.abs());
            }
        }
        Ok(())
    }

    fn bound(&mut self, line: LineText<'a>) -> Result<(), Fault> {
        let (code, name, value) = self.bound_fields(line)?;
        let &column = self.column_index.get(name).ok_or_else(|| {
            line.fault(
                format!("column \"{name}\" is not in the section COLUMNS"),
                "name a column of the program",
            )
        })?;
        let value = match (code, value) {
            ("FR" | "MI" | "PL" | "BV", _) => 0.0,
            (_, Some(text)) => bound_value(number(line, text)?),
            (_, None) => return Err(line.fault(format!("bound {code} without a number"), "add the number")),
        };
        let inf = f64::INFINITY;
        let (lower, upper) = match code {
            "UP" | "UI" | "SC" | "SI" => (None, Some(value)),
            "LO" | "LI" => (Some(value), None),
            "FX" => (Some(value), Some(value)),
            "FR" => (Some(-inf), Some(inf)),
            "MI" => (Some(-inf), None),
            "PL" => (None, Some(inf)),
            "BV" => (Some(0.0), Some(1.0)),
            other => {
                return Err(line.fault(
                    format!("bound type \"{other}\""),
                    "write UP, LO, FX, FR, MI, PL, BV, LI, UI, SC or SI",
                ));
            }
        };
        if (lower.is_some() && self.has_bound[column][0]) || (upper.is_some() && self.has_bound[column][1]) {
            return Ok(());
        }
        if let Some(lower) = lower {
            self.lower[column] = lower;
            self.has_bound[column][0] = true;
            self.lines.set_bound(column, Side::Lower, line.number);
        }
        if let Some(upper) = upper {
            self.upper[column] = upper;
            self.has_bound[column][1] = true;
            self.lines.set_bound(column, Side::Upper, line.number);
        }
        self.kinds[column] = match code {
            "BV" | "LI" | "UI" => ColumnKind::Integer,
            "SI" => ColumnKind::SemiInteger,
            "SC" if self.kinds[column].is_integer() => ColumnKind::SemiInteger,
            "SC" => ColumnKind::SemiContinuous,
            _ => return Ok(()),
        };
        self.lines.set_kind(column, line.number);
        Ok(())
    }

    fn target(&self, line: LineText<'a>, row: &str) -> Result<Target, Fault> {
        self.targets.get(row).copied().ok_or_else(|| {
            line.fault(format!("row \"{row}\" is not in the section ROWS"), "name a row of the program")
        })
    }

    fn fields(&self, line: LineText<'a>, with_code: bool) -> Result<Fields<'a>, Fault> {
        match self.layout {
            Layout::Fixed => fixed_fields(line),
            Layout::Free => free_fields(line, with_code, self.section == Section::Columns),
        }
    }

    /// Type, column and number of a bound; the name of the bound set may be left out.
    fn bound_fields(&self, line: LineText<'a>) -> Result<(&'a str, &'a str, Option<&'a str>), Fault> {
        if self.layout == Layout::Fixed {
            let fields = fixed_fields(line)?;
            let (name, value) = fields.pairs[0].unwrap_or(("", ""));
            return Ok((fields.code, name, Some(value).filter(|value| !value.is_empty())));
        }
        let words: Vec<&str> = line.content.split_whitespace().take(5).collect();
        match words[..] {
            [code, name] => Ok((code, name, None)),
            [code, set_or_name, other] => match code {
                "FR" | "MI" | "PL" | "BV" if self.column_index.contains_key(other) => Ok((code, other, None)),
                _ => Ok((code, set_or_name, Some(other))),
            },
            [code, _, name, value] => Ok((code, name, Some(value))),
            _ => {
                Err(line.fault(format!("{} fields", words.len()), "write type, bound set, column and number"))
            }
        }
    }

    fn finish(mut self, last_line: usize) -> Result<Program, Fault> {
        for column in 0..self.kinds.len() {
            if self.kinds[column] == ColumnKind::Integer && self.has_bound[column] == [false; 2] {
                self.upper[column] = 1.0;
            }
        }
        let end = LineText { number: last_line, content: "" };
        let too_many = || end.fault("more than 2,147,483,647 entries", "split the program");
        i32::try_from(self.entries.len()).map_err(|_| too_many())?;
        i32::try_from(self.cost.len()).map_err(|_| too_many())?;
        if !self.column_names.is_empty() {
            self.column_starts.push(self.entries.len());
        }
        let matrix = by_rows(self.row_lower.len(), &self.column_starts, &self.entries);
        let columns = (self.cost, self.lower, self.upper, self.kinds);
        let rows = (self.row_lower, self.row_upper);
        let mut program = Program::from_arrays(self.sense, self.offset, columns, rows, matrix);
        program.set_names(self.name, self.column_names, self.row_names);
        program.lines = self.lines;
        Ok(program)
    }
}

/// Turns columns of (row, coefficient) into rows.
fn by_rows(rows: usize, column_starts: &[usize], entries: &[(i32, f64)]) -> (Vec<i32>, Vec<i32>, Vec<f64>) {
    let mut starts = vec![0_i32; rows + 1];
    for &(row, _) in entries {
        starts[row as usize + 1] += 1;
    }
    for row in 0..rows {
        starts[row + 1] += starts[row];
    }
    let mut next = starts.clone();
    let (mut indices, mut coefficients) = (vec![0; entries.len()], vec![0.0; entries.len()]);
    for (column, range) in column_starts.windows(2).enumerate() {
        for &(row, coefficient) in &entries[range[0]..range[1]] {
            let slot = &mut next[row as usize];
            indices[*slot as usize] = column as i32;
            coefficients[*slot as usize] = coefficient;
            *slot += 1;
        }
    }
    (starts, indices, coefficients)
}

fn sense_of(word: &str) -> Option<Sense> {
    match word.to_ascii_uppercase().as_str() {
        "MAX" | "MAXIMIZE" | "MAXIMISE" => Some(Sense::Maximise),
        "MIN" | "MINIMIZE" | "MINIMISE" => Some(Sense::Minimise),
        _ => None,
    }
}
