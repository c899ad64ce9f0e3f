//! Variants of an input, solved side by side and compared.
//!
//! A scenario is a short list of changes to named tables or settings; each
//! variant is prepared and solved on its own, so nothing is shared that one
//! could spoil for another.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{DecideError, Decision, Input, Settings, Solution, SolveOptions};
use crate::data::{Code, Column, Fault, Faults, Table, Tables, table};
use crate::presentation::{Figure, Style};
use crate::solution::Outcome;

mod present;

pub use present::present;

/// A named variant of the input.
///
/// ```
/// use purvey::decide::what_if::Scenario;
/// let text = "name = \"demand +20 %\"\n[[change]]\ntable = \"sales\"\ncolumn = \"quantity\"\nmultiply = 1.2\n";
/// let scenario = Scenario::parse(text, "up.toml").unwrap();
/// assert_eq!(scenario.change.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name in tables and charts.
    pub name: String,
    /// The changes, made in order.
    #[serde(default)]
    pub change: Vec<Change>,
}

/// One change: which rows of which table, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Name of the table, or `settings`.
    pub table: String,
    /// Column values that a row must have; empty: all rows.
    #[serde(default, rename = "where")]
    pub rows: BTreeMap<String, String>,
    /// Column that changes (or the setting's name); not needed to drop rows.
    #[serde(default)]
    pub column: Option<String>,
    /// Factor for a number.
    #[serde(default)]
    pub multiply: Option<f64>,
    /// Summand for a number, or days for a date.
    #[serde(default)]
    pub add: Option<f64>,
    /// New value.
    #[serde(default)]
    pub set: Option<toml::Value>,
    /// Take the rows out, and the rows of other tables that name them by the same column titles.
    #[serde(default)]
    pub drop: bool,
}

/// What one variant came to.
#[derive(Debug, Clone, Serialize)]
pub struct Variant {
    /// Its name; the unchanged input is called `base`.
    pub name: String,
    /// Status, objective and bound.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Its key figures.
    pub kpis: serde_json::Map<String, serde_json::Value>,
    /// Objective less the base's; `None` where either is missing.
    pub difference: Option<f64>,
    /// Its key figures as the decision presents them.
    #[serde(skip)]
    pub figures: Vec<Figure>,
    /// How its numbers and its money are written.
    #[serde(skip)]
    pub style: Style,
}

impl Scenario {
    /// Reads a scenario from TOML text; `file` is named in messages.
    ///
    /// # Errors
    /// A fault that says where the text is not a scenario.
    pub fn parse(text: &str, file: &str) -> Result<Scenario, Faults> {
        let scenario: Scenario = toml::from_str(text).map_err(|error| {
            let message = format!("not a scenario: {}", error.message());
            Faults::from(Fault::error(Code::BrokenToml, file, message).with_help(
                "write name, then [[change]] with table, where, column and one of multiply, add, set, drop",
            ))
        })?;
        let mut faults = Faults::default();
        for (index, change) in scenario.change.iter().enumerate() {
            let actions = usize::from(change.multiply.is_some())
                + usize::from(change.add.is_some())
                + usize::from(change.set.is_some())
                + usize::from(change.drop);
            if [change.multiply, change.add].into_iter().flatten().any(|number| !number.is_finite()) {
                let message = format!("change {} of `{}` is by no finite number", index + 1, change.table);
                faults.push(Fault::error(Code::NotFinite, file, message).with_help("write a number"));
            }
            if actions != 1 || (!change.drop && change.column.is_none()) {
                faults.push(
                    Fault::error(
                        Code::BadDeclaration,
                        file,
                        format!("change {} of `{}` does not say what to do", index + 1, change.table),
                    )
                    .with_help("give a column and exactly one of multiply, add or set, or drop = true"),
                );
            }
        }
        faults.into_result().map(|_| scenario)
    }

    /// The tables and settings with all changes made.
    ///
    /// # Errors
    /// A fault for each change that meets no table, no column, no row or a wrong type.
    pub fn apply(&self, tables: &Tables, settings: &Settings) -> Result<(Tables, Settings), Faults> {
        let (mut tables, mut settings) = (tables.clone(), settings.clone());
        let mut faults = Faults::default();
        for change in &self.change {
            let done = if change.table == "settings" {
                change.apply_to_settings(&mut settings)
            } else {
                change.apply_to_tables(&mut tables)
            };
            if let Err((code, reason)) = done {
                faults.push(Fault::error(code, format!("scenario `{}`", self.name), reason));
            }
        }
        faults.into_result().map(|_| (tables, settings))
    }
}

impl Change {
    fn apply_to_settings(&self, settings: &mut Settings) -> Result<(), Misfit> {
        let name = self.column.clone().unwrap_or_default();
        if self.drop {
            settings.values.remove(&name);
            return Ok(());
        }
        if let Some(value) = &self.set {
            settings.values.insert(name, plain(value));
            return Ok(());
        }
        let old = settings.values.get(&name).and_then(|text| text.parse::<f64>().ok());
        let old = old.ok_or_else(|| {
            let reason =
                format!("setting `{name}` is not given as a number, so it cannot be changed; use set");
            (Code::UnknownSetting, reason)
        })?;
        settings.values.insert(name, self.moved(old).to_string());
        Ok(())
    }

    fn apply_to_tables(&self, tables: &mut Tables) -> Result<(), Misfit> {
        let table = tables
            .get(&self.table)
            .ok_or_else(|| (Code::UnknownTable, format!("there is no table `{}` to change", self.table)))?
            .clone();
        let hit = self.matches(&table)?;
        if !hit.contains(&true) {
            let wanted: Vec<String> =
                self.rows.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let reason = match wanted.as_slice() {
                [] => format!("`{}` has no rows to change", self.table),
                _ => format!("no row of `{}` has {}", self.table, wanted.join(" and ")),
            };
            return Err((Code::UnknownReference, reason));
        }
        if self.drop {
            drop_rows(tables, &table, &hit, &self.rows);
            return Ok(());
        }
        let column = self.column.as_deref().unwrap_or_default();
        let changed = self.changed(&table, column, &hit)?;
        let mut table = table;
        table.set(column, changed);
        tables.insert(table);
        Ok(())
    }

    /// Which rows of `table` have all values that [`Change::rows`] asks for.
    fn matches(&self, table: &Table) -> Result<Vec<bool>, Misfit> {
        let mut hit = vec![true; table.len()];
        for (name, wanted) in &self.rows {
            let column = table.column(name).ok_or_else(|| unknown_column(table, name))?;
            for (row, hit) in hit.iter_mut().enumerate() {
                *hit = *hit && cell_is(column, row, wanted);
            }
        }
        Ok(hit)
    }

    fn changed(&self, table: &Table, name: &str, hit: &[bool]) -> Result<Column, Misfit> {
        let column = table.column(name).ok_or_else(|| unknown_column(table, name))?;
        let rows = hit.iter().enumerate().filter(|(_, hit)| **hit).map(|(row, _)| row);
        let mismatch =
            || (Code::WrongType, format!("column `{name}` of `{}` cannot take this change", table.name()));
        match column {
            Column::Number(numbers) => {
                let mut numbers = numbers.clone();
                let new = self.set.as_ref().map(|v| plain(v).parse::<f64>().map_err(|_| mismatch()));
                let new = new.transpose()?;
                for row in rows {
                    if let Some(cell) = numbers.get_mut(row) {
                        *cell = new.unwrap_or_else(|| self.moved(*cell));
                    }
                }
                Ok(Column::Number(numbers))
            }
            Column::Date(dates) => {
                let mut dates = dates.clone();
                let new = self.set.as_ref().map(|v| plain(v).parse().map_err(|_| mismatch()));
                let new = new.transpose()?.map(table::day_number);
                let days = self.add.map(|days| days.round() as i32);
                for row in rows {
                    if let Some(cell) = dates.get_mut(row).filter(|cell| **cell != Table::NO_DATE) {
                        *cell = match (new, days) {
                            (Some(new), _) => new,
                            (None, Some(days)) => cell.saturating_add(days),
                            (None, None) => return Err(mismatch()),
                        };
                    }
                }
                Ok(Column::Date(dates))
            }
            Column::Text(text) => {
                let new = plain(self.set.as_ref().ok_or_else(mismatch)?);
                let word =
                    |row: usize| if hit.get(row) == Some(&true) { new.as_str() } else { text.get(row) };
                Ok(Column::Text((0..table.len()).map(word).collect()))
            }
            Column::Flag(flags) => {
                let new = match plain(self.set.as_ref().ok_or_else(mismatch)?).as_str() {
                    "true" | "1" | "yes" => 1,
                    "false" | "0" | "no" => 0,
                    _ => return Err(mismatch()),
                };
                let pick = |(&flag, &hit): (&u8, &bool)| if hit { new } else { flag };
                Ok(Column::Flag(flags.iter().zip(hit).map(pick).collect()))
            }
        }
    }

    fn moved(&self, old: f64) -> f64 {
        old * self.multiply.unwrap_or(1.0) + self.add.unwrap_or(0.0)
    }
}

/// Drops the hit rows of `table`, and the rows of other tables that hold the
/// same values in columns of the same titles (a lost supplier's lanes and orders).
fn drop_rows(tables: &mut Tables, table: &Table, hit: &[bool], rows: &BTreeMap<String, String>) {
    let keep: Vec<bool> = hit.iter().map(|hit| !hit).collect();
    tables.insert(table.filtered(&keep));
    if rows.is_empty() {
        return;
    }
    let others: Vec<Table> =
        tables.as_slice().iter().filter(|other| other.name() != table.name()).cloned().collect();
    for other in others {
        if !rows.keys().all(|name| other.column(name).is_some()) {
            continue;
        }
        let keep: Vec<bool> = (0..other.len())
            .map(|row| {
                !rows.iter().all(|(name, wanted)| {
                    other.column(name).is_some_and(|column| cell_is(column, row, wanted))
                })
            })
            .collect();
        tables.insert(other.filtered(&keep));
    }
}

fn cell_is(column: &Column, row: usize, wanted: &str) -> bool {
    match column {
        Column::Text(text) => text.get(row) == wanted,
        Column::Number(numbers) => wanted
            .parse::<f64>()
            .is_ok_and(|wanted| numbers.get(row).is_some_and(|n| (n - wanted).abs() < 1e-12)),
        Column::Date(dates) => {
            wanted.parse().is_ok_and(|date| dates.get(row).is_some_and(|&day| day == table::day_number(date)))
        }
        Column::Flag(flags) => flags.get(row).is_some_and(|&flag| {
            matches!((flag, wanted), (1, "true" | "1" | "yes") | (0, "false" | "0" | "no"))
        }),
    }
}

/// A TOML value as a person writes it in a cell.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Why a change cannot be made.
type Misfit = (Code, String);

fn unknown_column(table: &Table, name: &str) -> Misfit {
    (Code::UnknownColumn, format!("table `{}` has no column `{name}`", table.name()))
}

/// One variant's answer.
struct Solved {
    name: String,
    solution: Solution,
    figures: Vec<Figure>,
    style: Style,
}

/// Solves the input and every scenario of it, side by side on the control's
/// threads; the first variant is the unchanged input. What a scenario does not
/// touch (forecasts, when only money changes) is taken over from that.
///
/// # Errors
/// Faults of the input or of a scenario, all scenarios' at once.
pub fn compare(
    decision: &dyn Decision,
    input: &Input,
    scenarios: &[Scenario],
    options: &SolveOptions,
) -> Result<Vec<Variant>, WhatIfError> {
    let Input::Tables { name, tables, settings } = input else {
        return Err(WhatIfError::NotTables);
    };
    let mut faults = Faults::default();
    let mut inputs = vec![("base", None)];
    for scenario in scenarios {
        match scenario.apply(tables, settings) {
            Ok((tables, settings)) => {
                let input = Input::Tables { name: name.clone(), tables, settings };
                inputs.push((scenario.name.as_str(), Some(input)));
            }
            Err(found) => faults.extend(found),
        }
    }
    faults.into_result()?;
    let total = inputs.len();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let control = &options.control;
    let base = decision.prepare(input.clone(), &control.silent())?;
    let solve = |(name, input): (&str, Option<Input>)| -> Result<Solved, WhatIfError> {
        let quiet = SolveOptions { control: control.silent().with_threads(1), ..options.clone() };
        let variant = input.map(|input| base.variant(input, &quiet.control)).transpose()?;
        let prepared = variant.as_ref().unwrap_or(&base);
        let solution = prepared.solve(&quiet)?;
        let count = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        control.step("what-if", count, total);
        let figures = prepared.present(&solution).figures;
        Ok(Solved { name: name.to_owned(), solution, figures, style: prepared.style() })
    };
    let solved: Vec<_> = control.install(|| inputs.into_par_iter().map(solve).collect());
    let mut variants: Vec<Variant> = Vec::with_capacity(total);
    for result in solved {
        let Solved { name, solution, figures, style } = result?;
        let base = variants.first().map_or(solution.outcome.objective, |base| base.outcome.objective);
        let difference = solution.outcome.objective.zip(base).map(|(objective, base)| objective - base);
        let kpis = solution.kpis.iter().map(|(name, value)| (name.clone(), (*value).into())).collect();
        variants.push(Variant { name, outcome: solution.outcome, kpis, difference, figures, style });
    }
    Ok(variants)
}

/// Why variants could not be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhatIfError {
    /// The input or a scenario is at fault.
    #[error("{0}")]
    Faults(#[from] Faults),
    /// A variant could not be decided.
    #[error("{0}")]
    Decide(#[from] DecideError),
    /// Scenarios change tables, and the input is a standard file.
    #[error("scenarios change tables; give an instance folder, not a standard file")]
    NotTables,
}
