//! Response curves out of history: where `spend` and `sales` are given in place of curves.
//!
//! The history is fitted by `predict::mix`; what a channel would bring in the plan's
//! window becomes a row of `response_curves`, which the decision then takes as if
//! it had been given. [`Readout`] keeps what the fit says besides, for tables, warnings and the report.

mod geo;
mod paced;
mod periods;
mod read;
mod readout;
mod sections;
#[cfg(test)]
mod tests;

use crate::control::Control;
use crate::data::{Code, Fault, Faults, Severity, Table, Tables, validate};
use crate::decide::Input;
use crate::predict::mix::{MixOptions, fit};
use read::History;
pub(super) use readout::Readout;

use super::problem::Problem;

/// Whether curves have to be fitted: none are given.
fn lacks_curves(tables: &Tables) -> bool {
    is_blank(tables, "response_curves")
}

fn is_blank(tables: &Tables, name: &str) -> bool {
    tables.get(name).is_none_or(|table| table.is_empty())
}

/// Whether the folder holds regional experiments and nothing to split.
pub(super) fn has_tests_only(tables: &Tables) -> bool {
    let has_history = ["response_curves", "spend", "sales"].iter().any(|name| !is_blank(tables, name));
    !has_history && !is_blank(tables, "geo_tests")
}

/// A channel that takes no money, for a folder that is only read out.
fn no_curve() -> Table {
    let zero = |table: Table, name: &str| table.with_number(name, [0.0]);
    let table = Table::new("response_curves").with_text("channel", ["none"]).with_number("k", [1.0]);
    ["a", "max", "current"].iter().fold(table.with_number("s", [1.0]), |table, name| zero(table, name))
}

/// The faults of a history, without fitting it; `None` where curves are given.
pub(super) fn check(input: &Input) -> Result<Option<Faults>, Faults> {
    let Input::Tables { tables, settings, .. } = input else { return Ok(None) };
    if !lacks_curves(tables) {
        return Ok(None);
    }
    if has_tests_only(tables) {
        return Readout::of_tests(tables, settings).map(|_| Some(Faults::default()));
    }
    let valid = validate(tables.clone(), settings, &Problem::schema()?)?;
    let mut faults = valid.notices;
    let history = History::read(&valid.tables, &valid.settings, &mut faults)?;
    faults.extend(history.notices());
    history.mix.verify().map_err(|error| history.refused(&error))?;
    // Limits and goals are looked at with curves that any fit would give.
    let mut tables = tables.clone();
    tables.insert(history.stand_ins());
    let name = String::new();
    Problem::read(Input::Tables { name, tables, settings: settings.clone() })?;
    faults.into_result().map(Some)
}

/// The input with curves: its own, or those that its history gives.
pub(super) fn with_curves(input: Input, control: &Control) -> Result<(Input, Option<Readout>), Faults> {
    let Input::Tables { name, mut tables, settings } = input else { return Ok((input, None)) };
    if has_tests_only(&tables) {
        tables.insert(no_curve());
    }
    if !lacks_curves(&tables) {
        let readout = Readout::of_tests(&tables, &settings)?;
        return Ok((Input::Tables { name, tables, settings }, readout));
    }
    let valid = validate(tables.clone(), &settings, &Problem::schema()?)?;
    let mut faults = Faults::default();
    let history = History::read(&valid.tables, &valid.settings, &mut faults)?;
    faults.extend(history.notices());
    let options = MixOptions { adstock: history.adstock, ..MixOptions::default() };
    let fitted = fit(&history.mix, &options, control).map_err(|error| history.refused(&error))?;
    let readout = Readout::new(history, &fitted, faults)?;
    tables.insert(readout.curves());
    Ok((Input::Tables { name, tables, settings }, Some(readout)))
}

/// A fault that is only told.
fn notice(code: Code, file: &str, message: String) -> Fault {
    Fault::error(code, file, message).with_severity(Severity::Notice)
}

/// A fault that is warned of.
fn warning(code: Code, file: &str, message: String) -> Fault {
    Fault::error(code, file, message).with_severity(Severity::Warning)
}
