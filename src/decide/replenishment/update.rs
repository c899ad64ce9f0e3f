//! One new fact at the cost of the fact: its stock point is read, forecast and
//! ordered again, the others stay.

use super::model;
use super::prepared::Replenishing;
use super::problem::{Pair, Problem};
use super::tables;
use crate::control::Control;
use crate::data::{Code, Column, Fault, Faults, Table, Tables};
use crate::decide::{Event, Update};

/// Brings in the rows of `event`.
///
/// # Errors
/// Faults of the rows; nothing has changed then.
pub(crate) fn update(state: &mut Replenishing, event: &Event) -> Result<Update, Faults> {
    let rows = &event.rows;
    if Problem::schema()?.table(rows.name()).is_none() {
        return Err(Fault::error(Code::UnknownTable, rows.name(), format!("there is no table `{}`", rows.name())).into());
    }
    let grown = match state.tables.get(rows.name()) {
        Some(table) => table.with_rows(rows),
        None => rows.clone(),
    };
    let whole = std::mem::take(&mut state.tables).with(grown.clone());
    let changed = reread(state, &whole, rows);
    let (problem, touched) = match changed {
        Ok(changed) => changed,
        Err(faults) => {
            state.tables = whole.with(without_last(&grown, rows.len()));
            return Err(faults);
        }
    };
    state.tables = whole;
    state.problem = problem;
    let mut lines = Vec::new();
    for index in touched {
        state.scenarios.pairs[index] = state.forecaster.pair(&state.problem, index);
        let plan = model::plan_pair(&state.problem, &state.scenarios, index, &Control::default())
            .map_err(|error| Faults::from(Fault::error(Code::Contradiction, &state.name, error.to_string())))?;
        lines.extend(plan.lines);
    }
    Ok(Update { orders: tables::order_lines(&state.problem, &lines) })
}

/// The problem with the stock points of the new rows read again, and which they are.
fn reread(state: &Replenishing, whole: &Tables, rows: &Table) -> Result<(Problem, Vec<usize>), Faults> {
    let keys = keys_of(rows);
    let settings = state.pinned_settings();
    let items: Vec<&str> = keys.iter().map(|(item, _)| item.as_str()).collect();
    let is_local = items.len() == 1 && whole.get("receipts").is_none();
    if is_local {
        let small = part(whole, items[0]);
        let part = Problem::read(&state.name, small, &settings)?;
        if let Some(found) = graft(&state.problem, &part) {
            return Ok(found);
        }
    }
    let problem = Problem::read(&state.name, whole.clone(), &settings)?;
    let touched = (0..problem.pairs.len())
        .filter(|&at| state.problem.pairs.get(at) != problem.pairs.get(at))
        .collect();
    Ok((problem, touched))
}

/// Items and locations that rows speak of.
fn keys_of(rows: &Table) -> Vec<(String, String)> {
    let mut keys: Vec<(String, String)> =
        (0..rows.len()).map(|row| (rows.cell_text("item", row), rows.cell_text("location", row))).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// The rows of one item, and everything that is not of an item; the oldest sale
/// of all stays, so that history begins where it did.
fn part(whole: &Tables, item: &str) -> Tables {
    let mut small = Tables::default();
    for table in whole.as_slice() {
        let Some(Column::Text(items)) = table.column("item") else {
            small.insert(table.clone());
            continue;
        };
        let wanted = items.find(item);
        let blank = items.find("");
        let keep: Vec<bool> =
            items.index().iter().map(|index| Some(*index) == wanted || Some(*index) == blank).collect();
        small.insert(table.filtered(&keep));
    }
    small
}

/// Puts the stock points of `part` into a copy of `problem`; `None` where the
/// two do not share their frame, so that all must be read again.
fn graft(problem: &Problem, part: &Problem) -> Option<(Problem, Vec<usize>)> {
    if part.covariate_names != problem.covariate_names || part.history_buckets > problem.history_buckets {
        return None;
    }
    let mut whole = problem.clone();
    let mut touched = Vec::new();
    for pair in &part.pairs {
        let name = part.pair_name(pair);
        let at = whole.pairs.iter().position(|known| problem.pair_name(known) == name)?;
        let mut pair = pair.clone();
        let known = &whole.pairs[at];
        pair.item = known.item;
        pair.location = known.location;
        pad_history(&mut pair, known, problem.covariate_names.len())?;
        for source in &mut pair.sources {
            let code = &part.suppliers.get(source.supplier)?.code;
            source.supplier = problem.suppliers.iter().position(|supplier| supplier.code == *code)?;
            let calendar = part.order_calendars.get(source.calendar)?;
            source.calendar = whole.order_calendars.len();
            whole.order_calendars.push(calendar.clone());
        }
        let item = part.items.get(part.pairs.iter().find(|p| part.pair_name(p) == name)?.item)?.clone();
        whole.items[pair.item] = item;
        whole.pairs[at] = pair;
        touched.push(at);
    }
    (!touched.is_empty()).then_some((whole, touched))
}

/// Gives a history that begins later the known one's first buckets.
fn pad_history(pair: &mut Pair, known: &Pair, columns: usize) -> Option<()> {
    let missing = known.sales.len().checked_sub(pair.sales.len())?;
    pair.sales.splice(0..0, known.sales[..missing].iter().copied());
    pair.marks.splice(0..0, known.marks[..missing].iter().copied());
    pair.covariates.splice(0..0, known.covariates.get(..missing * columns)?.iter().copied());
    Some(())
}

fn without_last(table: &Table, rows: usize) -> Table {
    let keep: Vec<bool> = (0..table.len()).map(|row| row + rows < table.len()).collect();
    table.filtered(&keep)
}
