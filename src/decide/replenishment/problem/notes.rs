//! Repairs and warnings of the same kind, counted into one line each, and what a person should
//! know where there is nothing to plan.

use super::super::words::bucket_word;
use super::Problem;
use crate::data::{Code, Fault, Faults, Severity, Table, Tables, day_number};

/// A count with its noun.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What was done to rows by stated rules, and the faults of single rows.
#[derive(Debug, Default)]
pub(super) struct Notes {
    tallies: Vec<Tally>,
    pub(super) faults: Faults,
}

#[derive(Debug)]
struct Tally {
    severity: Severity,
    code: Code,
    file: String,
    message: &'static str,
    help: &'static str,
    count: u64,
    first_row: Option<u64>,
}

/// A rule that is told once with the number of the rows that it met.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) severity: Severity,
    pub(super) code: Code,
    /// What happened to each of them, a clause that reads on after `3 rows: `.
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

impl Rule {
    /// Rows that were left out, harmlessly.
    pub(super) const fn left_out(message: &'static str) -> Self {
        Rule { severity: Severity::Notice, code: Code::LeftOut, message, help: "" }
    }

    /// Values that were mended.
    pub(super) const fn repaired(message: &'static str) -> Self {
        Rule { severity: Severity::Notice, code: Code::Repaired, message, help: "" }
    }

    /// The same rule as a warning with a fix.
    pub(super) const fn warning(self, help: &'static str) -> Self {
        Rule { severity: Severity::Warning, help, ..self }
    }
}

impl Notes {
    /// Counts one row of `table` that met `rule`.
    pub(super) fn count(&mut self, table: &Table, row: usize, rule: Rule) {
        self.add(table.file(), Some(table.row_number(row)), 1, rule);
    }

    /// Counts `count` cases of `rule` in `file`; `row` is the first of them.
    pub(super) fn add(&mut self, file: &str, row: Option<u64>, count: u64, rule: Rule) {
        if count == 0 {
            return;
        }
        let known = self.tallies.iter_mut().find(|t| t.message == rule.message && t.file == file);
        match known {
            Some(tally) => {
                tally.count += count;
                tally.first_row = tally.first_row.into_iter().chain(row).min();
            }
            None => self.tallies.push(Tally {
                severity: rule.severity,
                code: rule.code,
                file: file.to_owned(),
                message: rule.message,
                help: rule.help,
                count,
                first_row: row,
            }),
        }
    }

    /// A sentence about a table or a setting.
    pub(super) fn say(&mut self, severity: Severity, code: Code, file: &str, message: String, help: &str) {
        self.faults.push(Fault::error(code, file, message).with_severity(severity).with_help(help));
    }

    /// An error at one row.
    pub(super) fn error(&mut self, code: Code, table: &Table, row: usize, message: String, help: &str) {
        let fault = Fault::error(code, table.file(), message).at_row(table.row_number(row));
        self.faults.push(fault.with_help(help));
    }

    /// Everything, in order of file and row, whatever the order of the rows was.
    pub(super) fn finish(self) -> Faults {
        let mut list: Vec<Fault> = self.faults.as_slice().to_vec();
        list.extend(self.tallies.into_iter().map(|tally| {
            let rows = if tally.count == 1 { "1 row".to_owned() } else { format!("{} rows", tally.count) };
            Fault {
                row: tally.first_row,
                ..Fault::error(tally.code, tally.file, format!("{rows}: {}", tally.message))
                    .with_severity(tally.severity)
                    .with_help(tally.help)
            }
        }));
        list.sort_by(|a, b| (&a.file, a.row, &a.message).cmp(&(&b.file, b.row, &b.message)));
        list.dedup();
        list.into_iter().collect()
    }
}

impl Problem {
    /// Nothing to plan, or nothing to plan it from, is no error, but a person should know.
    pub(super) fn tell_emptiness(&self, tables: &Tables, notes: &mut Notes) {
        let file = |table: &str| tables.get(table).map_or(table, |table| table.file()).to_owned();
        let sold = self.pairs.iter().flat_map(|pair| &pair.sales).any(|quantity| *quantity > 0.0);
        if self.pairs.is_empty() {
            let message = "no item is sold or stocked anywhere: there is nothing to plan".to_owned();
            let help = "fill in items.csv, sales.csv and stock.csv";
            notes.say(Severity::Warning, Code::Repaired, &file("items"), message, help);
        } else if !sold {
            let days = tables.get("sales").and_then(|sales| sales.date("date")).unwrap_or(&[]);
            let is_past = |day: &i32| *day != Table::NO_DATE && *day < day_number(self.plan_date);
            let bucket = bucket_word(self);
            let (what, help) = if days.iter().any(is_past) {
                (
                    format!("no sale lies in a whole {bucket} before"),
                    "set plan_date behind the last sale's bucket, or a shorter bucket",
                )
            } else {
                (
                    "nothing was sold before".to_owned(),
                    "hand in sales from before plan_date, or set plan_date to the day after the last sale",
                )
            };
            let message = format!("{what} the plan date {}: no demand is forecast", self.plan_date);
            notes.say(Severity::Warning, Code::Repaired, &file("sales"), message, help);
        }
    }
}
