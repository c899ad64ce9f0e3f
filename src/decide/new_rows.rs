//! New rows brought into tables that were read before: their types, and which known rows they take the place of.

use crate::data::{Code, Column, Fault, Faults, RowRule, Schema, Table, TableSchema, Tables};

/// Adds `rows` to `table`. Where a row may stand once only, one with the key of a known row
/// takes its place, column by column; `candidates` are the rows that can have such a key.
pub(crate) fn merge(
    table: &mut Table,
    rows: &Table,
    wanted: &TableSchema,
    candidates: Option<&[u32]>,
    number: u32,
) {
    if wanted.rows != RowRule::Unique || wanted.key.is_empty() {
        table.append_from(rows, number);
        return;
    }
    let key = |table: &Table, row: usize| -> Vec<String> {
        wanted.key.iter().map(|column| table.cell_text(column, row)).collect()
    };
    let first = table.len();
    let mut number = number;
    for row in 0..rows.len() {
        let new = key(rows, row);
        let is_known = |at: &usize| key(table, *at) == new;
        let known = match candidates {
            Some(candidates) => {
                let mut places = candidates.iter().map(|&at| at as usize).chain(first..table.len());
                places.find(is_known)
            }
            None => (0..table.len()).find(is_known),
        };
        match known {
            Some(at) => table.replace_row(at, rows, row),
            None => {
                table.append_from(&rows.picked(&[row as u32]), number);
                number += 1;
            }
        }
    }
}

/// The tables with `rows` brought into the one of their name, which may be new.
///
/// # Errors
/// As [`check_types`].
pub(crate) fn joined(tables: &Tables, rows: &Table, schema: &Schema) -> Result<Tables, Faults> {
    let known = tables.get(rows.name());
    check_types(rows, known, schema)?;
    let mut table = known.cloned().unwrap_or_else(|| rows.picked(&[]));
    if let Some(wanted) = schema.table(rows.name()) {
        let number = table.next_row_number();
        merge(&mut table, rows, wanted, None, number);
    }
    Ok(tables.clone().with(table))
}

/// Checks that the columns of `rows` have the types of those of the table that they join.
///
/// # Errors
/// A fault for the table, or for each column of another type.
pub(crate) fn check_types(rows: &Table, known: Option<&Table>, schema: &Schema) -> Result<(), Faults> {
    let Some(wanted) = schema.table(rows.name()) else {
        let message = format!("there is no table `{}`", rows.name());
        let help = format!("`purvey models {}` lists the tables", schema.name);
        return Err(Fault::error(Code::UnknownTable, rows.name(), message).with_help(help).into());
    };
    let mut faults = Faults::default();
    for (name, column) in rows.columns() {
        let other = known.and_then(|known| known.column(name));
        if column.len() != rows.len() {
            let message =
                format!("column {name} has {} cells and the table {} rows", column.len(), rows.len());
            faults.push(Fault::error(Code::WrongFieldCount, wanted.name.clone(), message));
        } else if other.is_some_and(|other| std::mem::discriminant(other) != std::mem::discriminant(column)) {
            let message = format!("column {name} holds {} in the new rows only", type_name(column));
            let help = "hand it in with the type of the rows that are there";
            faults.push(Fault::error(Code::WrongType, wanted.name.clone(), message).with_help(help));
        }
    }
    faults.into_result().map(|_| ())
}

fn type_name(column: &Column) -> &'static str {
    match column {
        Column::Text(_) => "text",
        Column::Number(_) => "numbers",
        Column::Date(_) => "dates",
        Column::Flag(_) => "flags",
    }
}
