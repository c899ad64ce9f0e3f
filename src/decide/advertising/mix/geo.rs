//! Regional experiments in the table `geo_tests`.

use std::collections::BTreeMap;

use super::read::{cell, day};
use crate::data::{Code, Fault, Faults, Table};
use crate::predict::mix::geo::{GeoEffect, GeoRow, read_out};

/// One experiment, read out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GeoReadout {
    pub name: String,
    pub channel: String,
    /// The first of its rows.
    pub row: usize,
    /// First and last day of the test.
    pub first: i32,
    pub last: i32,
    /// Share of the channel's spend that was cut in treated regions.
    pub share: f64,
    /// Share of the regions that were not treated in the sales before the test.
    pub untreated: f64,
    pub effect: GeoEffect,
}

/// Reads every experiment out.
pub(super) fn read_tests(table: &Table, faults: &mut Faults) -> Vec<GeoReadout> {
    let mut tests: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for row in 0..table.len() {
        let key = (table.cell_text("test", row), table.cell_text("channel", row));
        tests.entry(key).or_default().push(row);
    }
    let mut readouts = Vec::new();
    for ((name, channel), rows) in tests {
        match read_test(table, &rows) {
            Ok((first, last, untreated, effect)) => {
                let share = rows.iter().map(|&row| cell(table, "share", row)).fold(f64::NAN, f64::max);
                let row = rows[0];
                readouts.push(GeoReadout { name, channel, row, first, last, share, untreated, effect });
            }
            Err(reason) => {
                let fault = Fault::error(Code::Contradiction, table.file(), format!("test {name}: {reason}"));
                let help = "give regions of both kinds with rows before and during the test";
                faults.push(fault.at_row(table.row_number(rows[0])).with_help(help));
            }
        }
    }
    readouts
}

/// First and last day, share of the untreated regions before, and effect.
fn read_test(table: &Table, rows: &[usize]) -> Result<(i32, i32, f64, GeoEffect), String> {
    let given_flag = |column: &str, row: usize| table.flag(column).and_then(|cells| cells.get(row)).copied();
    let flag = |column: &str, row: usize| given_flag(column, row) == Some(1);
    let mut regions: BTreeMap<String, u32> = BTreeMap::new();
    let mut given = Vec::with_capacity(rows.len());
    let (mut first, mut last) = (i32::MAX, i32::MIN);
    let mut before = [0.0; 2];
    for &row in rows {
        let next = regions.len() as u32;
        let region = *regions.entry(table.cell_text("region", row)).or_insert(next);
        let is_treated = match (given_flag("treated", row), given_flag("kept", row)) {
            (Some(treated @ 0..=1), _) => treated == 1,
            (_, Some(kept @ 0..=1)) => kept == 0,
            _ => return Err(format!("row {} says neither treated nor kept", table.row_number(row))),
        };
        let is_during = flag("during", row);
        if is_during {
            (first, last) = (first.min(day(table, "date", row)), last.max(day(table, "date", row)));
        }
        let outcome = cell(table, "quantity", row);
        if !is_during && outcome.is_finite() {
            before[usize::from(is_treated)] += outcome;
        }
        given.push(GeoRow { region, is_treated, is_during, outcome });
    }
    let untreated = before[0] / (before[0] + before[1]);
    read_out(&given).map(|effect| (first, last, untreated, effect)).map_err(|error| {
        let name = |region: u32| regions.iter().find(|(_, at)| **at == region).map(|(name, _)| name.clone());
        match error {
            crate::predict::mix::geo::GeoError::BothSides { region } => {
                format!(
                    "region {} is treated in some rows and not in others",
                    name(region).unwrap_or_default()
                )
            }
            other => other.to_string(),
        }
    })
}
