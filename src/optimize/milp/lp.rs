//! Reader of the LP format (the algebraic text format that CPLEX made common).
//!
//! Read: a linear objective with a constant, named rows with one or two
//! sides, bounds, general, binary and semi-continuous columns, comments after
//! a backslash. A row ends with the number on its right-hand side.
//!
//! Cost: one pass, time and memory in proportion to the text.
//! Not for: quadratic terms, indicator rows, ordered sets.

mod tokens;

use super::file::{Fault, LineText, bound_value};
use super::{ColumnKind, Program, Side};
use std::collections::HashMap;
use tokens::{Compare, Kind, Limits, Section, Token, section_of, tokens};

/// Whether the text looks like the LP format: its first word names a sense.
pub(super) fn is_lp(text: &str) -> bool {
    let mut lines = text.lines().map(|line| line.split('\\').next().unwrap_or("").trim());
    let first = lines.find(|line| !line.is_empty()).unwrap_or("");
    let word = first.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or("");
    section_of(&word.to_ascii_lowercase(), "")
        .is_some_and(|section| matches!(section, Section::Minimise | Section::Maximise))
}

/// Reads a program from text in the LP format.
pub(super) fn parse(text: &str) -> Result<Program, Fault> {
    if !is_lp(text) {
        let first = text.lines().enumerate().find(|(_, line)| !line.trim().is_empty());
        let (index, content) = first.unwrap_or((0, ""));
        let line = LineText { number: index + 1, content };
        return Err(line.fault(
            format!("\"{}\" starts neither an MPS nor an LP file", content.trim()),
            "begin with NAME and ROWS (MPS), or with minimise or maximise (LP)",
        ));
    }
    Reader {
        tokens: tokens(text)?,
        at: 0,
        columns: HashMap::new(),
        names: Vec::new(),
        row_names: Vec::new(),
        program: Program::minimise(),
    }
    .read()
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    columns: HashMap<&'a str, usize>,
    names: Vec<String>,
    row_names: Vec<String>,
    program: Program,
}

/// A sum of terms and a constant.
#[derive(Default)]
struct Sum {
    terms: Vec<(usize, f64)>,
    constant: f64,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<Program, Fault> {
        while let Some(token) = self.next() {
            let Kind::Header(section) = token.kind else {
                return Err(
                    token.fault(format!("\"{}\" outside a section", token.text), "open a section first")
                );
            };
            match section {
                Section::Minimise => self.objective()?,
                Section::Maximise => {
                    self.program.sense = super::Sense::Maximise;
                    self.objective()?;
                }
                Section::Rows => self.rows()?,
                Section::Bounds => self.bounds()?,
                Section::General => self.kinds(ColumnKind::Integer)?,
                Section::Binary => self.binaries()?,
                Section::SemiContinuous => self.kinds(ColumnKind::SemiContinuous)?,
                Section::Unsupported => {
                    let found = format!("section {} is not linear rows, columns or bounds", token.text);
                    return Err(
                        token.fault(found, "write the program with linear rows and integer columns only")
                    );
                }
                Section::End => break,
            }
        }
        self.program.set_names(String::new(), self.names, self.row_names);
        Ok(self.program)
    }

    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// Whether the section goes on.
    fn in_section(&self) -> bool {
        self.peek().is_some_and(|token| !matches!(token.kind, Kind::Header(_)))
    }

    fn last_line(&self) -> Token<'a> {
        let last = self.tokens.get(self.at.min(self.tokens.len().saturating_sub(1))).copied();
        last.unwrap_or(Token { kind: Kind::Plus, text: "", line: 1 })
    }

    /// Line of the token that was taken last.
    fn line(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.line)
    }

    fn column(&mut self, name: &'a str) -> usize {
        if let Some(&column) = self.columns.get(name) {
            return column;
        }
        let column = self.program.add_column(0.0, 0.0, f64::INFINITY, ColumnKind::Continuous);
        self.program.lines.add_column(self.line());
        self.columns.insert(name, column);
        self.names.push(name.to_owned());
        column
    }

    fn label(&mut self) -> Option<&'a str> {
        let (name, colon) = (self.peek()?, self.tokens.get(self.at + 1)?);
        let is_label = name.kind == Kind::Name && colon.kind == Kind::Colon;
        if is_label {
            self.at += 2;
        }
        is_label.then_some(name.text)
    }

    fn objective(&mut self) -> Result<(), Fault> {
        self.label();
        let sum = self.sum()?;
        if self.in_section() {
            let token = self.last_line();
            return Err(token.fault(format!("\"{}\" in the objective", token.text), "write a sum of terms"));
        }
        self.program.offset += sum.constant;
        for (column, cost) in sum.terms {
            self.program.cost[column] += cost;
        }
        Ok(())
    }

    /// Reads terms as long as there are some: sign, number, name, in any part.
    fn sum(&mut self) -> Result<Sum, Fault> {
        let mut sum = Sum::default();
        let mut is_first = true;
        while let Some(token) = self.peek() {
            let has_sign = matches!(token.kind, Kind::Plus | Kind::Minus);
            let opens = is_first && matches!(token.kind, Kind::Number(_) | Kind::Name);
            if !(has_sign || opens) {
                break;
            }
            let mut factor = self.signs();
            let mut has_number = false;
            while let Some(Token { kind: Kind::Number(value), .. }) = self.peek() {
                factor *= value;
                has_number = true;
                self.at += 1;
            }
            match self.peek() {
                Some(token) if token.kind == Kind::Name && !self.is_label() => {
                    self.at += 1;
                    match infinity(token.text) {
                        true => sum.constant += factor * f64::INFINITY,
                        false => {
                            let column = self.column(token.text);
                            sum.terms.push((column, factor));
                        }
                    }
                }
                _ if has_number => sum.constant += factor,
                _ => {
                    let token = self.last_line();
                    return Err(token.fault("a sign without a term", "write a number or a column after it"));
                }
            }
            is_first = false;
        }
        Ok(sum)
    }

    fn is_label(&self) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|token| token.kind == Kind::Colon)
    }

    fn signs(&mut self) -> f64 {
        let mut sign = 1.0;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Plus => {}
                Kind::Minus => sign = -sign,
                _ => break,
            }
            self.at += 1;
        }
        sign
    }

    fn compare(&mut self) -> Option<Compare> {
        match self.peek()?.kind {
            Kind::Compare(compare) => {
                self.at += 1;
                Some(compare)
            }
            _ => None,
        }
    }

    /// A signed number; infinity counts as one.
    fn constant(&mut self) -> Result<f64, Fault> {
        let sign = self.signs();
        match self.next() {
            Some(Token { kind: Kind::Number(value), .. }) => Ok(bound_value(sign * value)),
            Some(token) if token.kind == Kind::Name && infinity(token.text) => Ok(sign * f64::INFINITY),
            Some(token) => {
                let found = format!("\"{}\" where a number must stand", token.text);
                Err(token.fault(found, "bring all columns to the left, the number to the right"))
            }
            None => Err(self.last_line().fault("a row without a number on its right", "add the number")),
        }
    }

    fn rows(&mut self) -> Result<(), Fault> {
        while self.in_section() {
            let start = self.last_line();
            let label = self.label();
            let (sum, (lower, upper)) = self.comparison(start)?;
            let lower = lower.map_or(f64::NEG_INFINITY, |lower| lower - sum.constant);
            let upper = upper.map_or(f64::INFINITY, |upper| upper - sum.constant);
            let row = self.program.add_row(lower, upper, &sum.terms);
            self.program.lines.add_row(start.line);
            self.row_names.push(label.map_or_else(|| format!("r{row}"), str::to_owned));
        }
        Ok(())
    }

    /// `sum <= number`, `number <= sum` or `number <= sum <= number`, with any relation.
    fn comparison(&mut self, start: Token<'a>) -> Result<(Sum, Limits), Fault> {
        let missing =
            |token: Token<'a>| token.fault("a row without <=, >= or =", "compare the sum with a number");
        let first = self.sum()?;
        let relation = self.compare().ok_or_else(|| missing(start))?;
        if !first.terms.is_empty() {
            return Ok((first, relation.limits(self.constant()?)));
        }
        if self.peek().is_none_or(|token| matches!(token.kind, Kind::Header(_))) {
            return Err(missing(start));
        }
        let (mut lower, mut upper) = relation.turned().limits(bound_value(first.constant));
        let sum = self.sum()?;
        if let Some(second) = self.compare() {
            let (low, high) = second.limits(self.constant()?);
            (lower, upper) = (low.or(lower), high.or(upper));
        }
        Ok((sum, (lower, upper)))
    }

    fn bounds(&mut self) -> Result<(), Fault> {
        while self.in_section() {
            let start = self.last_line();
            if let Some(column) = self.free_column() {
                self.set_bounds(column, (Some(f64::NEG_INFINITY), Some(f64::INFINITY)), start.line);
                continue;
            }
            let (sum, (lower, upper)) = self.comparison(start)?;
            let [(column, factor)] = sum.terms[..] else {
                return Err(
                    start.fault("a bound of more or less than one column", "write one column a bound")
                );
            };
            if factor != 1.0 || sum.constant != 0.0 {
                return Err(start.fault("a bound with a factor or a constant", "write the column alone"));
            }
            self.set_bounds(column, (lower, upper), start.line);
        }
        Ok(())
    }

    /// Sets the bounds that `line` states.
    fn set_bounds(&mut self, column: usize, (lower, upper): Limits, line: usize) {
        if let Some(lower) = lower {
            self.program.column_lower[column] = lower;
            self.program.lines.set_bound(column, Side::Lower, line);
        }
        if let Some(upper) = upper {
            self.program.column_upper[column] = upper;
            self.program.lines.set_bound(column, Side::Upper, line);
        }
    }

    fn free_column(&mut self) -> Option<usize> {
        let (name, free) = (self.peek()?, self.tokens.get(self.at + 1)?);
        let is_free =
            name.kind == Kind::Name && free.kind == Kind::Name && free.text.eq_ignore_ascii_case("free");
        if !is_free {
            return None;
        }
        self.at += 2;
        Some(self.column(name.text))
    }

    fn kinds(&mut self, kind: ColumnKind) -> Result<(), Fault> {
        while self.in_section() {
            let column = self.listed_column()?;
            self.program.kinds[column] = match (self.program.kinds[column], kind) {
                (ColumnKind::SemiContinuous, ColumnKind::Integer)
                | (ColumnKind::Integer, ColumnKind::SemiContinuous) => ColumnKind::SemiInteger,
                _ => kind,
            };
            self.program.lines.set_kind(column, self.line());
        }
        Ok(())
    }

    fn binaries(&mut self) -> Result<(), Fault> {
        while self.in_section() {
            let column = self.listed_column()?;
            self.program.kinds[column] = ColumnKind::Integer;
            let (lower, upper) = self.program.column_bounds(column);
            let line = self.line();
            self.program.lines.set_kind(column, line);
            let tighter = (Some(0.0).filter(|_| lower < 0.0), Some(1.0).filter(|_| upper > 1.0));
            self.set_bounds(column, tighter, line);
        }
        Ok(())
    }

    fn listed_column(&mut self) -> Result<usize, Fault> {
        match self.next() {
            Some(token) if token.kind == Kind::Name => Ok(self.column(token.text)),
            _ => {
                let token = self.tokens[self.at - 1];
                Err(token
                    .fault(format!("\"{}\" in a list of columns", token.text), "list names of columns only"))
            }
        }
    }
}

fn infinity(text: &str) -> bool {
    text.eq_ignore_ascii_case("inf") || text.eq_ignore_ascii_case("infinity")
}
