//! What holds between the rows of a table and between tables: keys and references.
//!
//! Cost: O(rows) time, and memory for one key a row.

use rustc_hash::FxHashMap;

use super::cell::shown;
use super::fault::{Code, Fault, Faults};
use super::near::{did_you_mean, near_miss};
use super::schema::{RowRule, Schema, TableSchema};
use super::table::{Column, Table, Tables};

/// What holds between rows and between tables; `ending` makes a table's name that of its file.
pub(crate) fn check_relations(tables: &Tables, schema: &Schema, ending: &str, faults: &mut Faults) {
    for wanted in &schema.tables {
        match tables.get(&wanted.name) {
            Some(table) if !table.is_even() => {} // told already
            Some(table) => {
                if wanted.rows == RowRule::Unique {
                    check_key(table, &wanted.key, faults);
                }
                check_references(table, wanted, (tables, schema), faults);
            }
            None if wanted.required => faults.push(
                Fault::error(Code::MissingTable, format!("{}{ending}", wanted.name), "the table is missing")
                    .with_help(format!("add it: {}", first_sentence(&wanted.meaning))),
            ),
            None => {}
        }
    }
}

fn first_sentence(text: &str) -> &str {
    text.split(". ").next().unwrap_or(text).trim_end_matches('.')
}

/// No two rows may have the same key. The columns are taken in one by one: each turns the
/// number of the key so far and its own cell into the number of the longer key.
fn check_key(table: &Table, key: &[String], faults: &mut Faults) {
    // A column that is not there is blank in every row and tells none apart.
    let mut columns: Vec<&Column> = key.iter().filter_map(|name| table.column(name)).collect();
    let Some(last) = columns.pop() else { return };
    let rows = table.len();
    let mut numbers: Vec<u32> = vec![0; rows];
    for column in columns {
        let mut known: FxHashMap<(u32, u64), u32> = FxHashMap::default();
        for (row, number) in numbers.iter_mut().enumerate() {
            let next = known.len() as u32;
            *number = *known.entry((*number, cell_bits(column, row))).or_insert(next);
        }
    }
    let mut seen: FxHashMap<(u32, u64), u32> = FxHashMap::default();
    seen.reserve(rows);
    for (row, &number) in numbers.iter().enumerate().filter(|(row, _)| !table.is_flawed(*row)) {
        if let Some(&earlier) = seen.get(&(number, cell_bits(last, row))) {
            faults.push(duplicate_key(table, key, earlier as usize, row));
        } else {
            seen.insert((number, cell_bits(last, row)), row as u32);
        }
    }
}

fn cell_bits(column: &Column, row: usize) -> u64 {
    match column {
        Column::Text(text) => u64::from(text.index()[row]),
        Column::Number(numbers) if numbers[row].is_nan() => u64::MAX,
        Column::Number(numbers) => (numbers[row] + 0.0).to_bits(),
        Column::Date(dates) => u64::from(dates[row] as u32),
        Column::Flag(flags) => u64::from(flags[row]),
    }
}

fn duplicate_key(table: &Table, key: &[String], earlier: usize, row: usize) -> Fault {
    let parts: Vec<_> =
        key.iter().map(|name| format!("{name} \"{}\"", shown(&table.cell_text(name, row)))).collect();
    let message = format!("{} stands in row {} already", parts.join(", "), table.row_number(earlier));
    let value = key.iter().map(|name| table.cell_text(name, row)).collect::<Vec<_>>().join(",");
    Fault::error(Code::DuplicateKey, table.file(), message)
        .at_row(table.row_number(row))
        .in_column(key.join(","), shown(&value))
        .with_help("delete one of the two rows")
}

/// Codes must occur in the column that the schema names. Each unknown code is told once, with
/// its first row and the number of its rows.
fn check_references(
    table: &Table,
    wanted: &TableSchema,
    (tables, schema): (&Tables, &Schema),
    faults: &mut Faults,
) {
    const OFFERS: usize = 100;
    for column in &wanted.columns {
        let Some((target_table, target_column)) =
            column.references.as_deref().and_then(|path| path.split_once('.'))
        else {
            continue;
        };
        let Some(target) = tables.get(target_table) else { continue };
        let (Some(codes), Some(known)) = (table.text(&column.name), target.text(target_column)) else {
            continue;
        };
        let required =
            schema.table(target_table).and_then(|t| t.column(target_column)).is_some_and(|c| c.required);
        if target.lost_rows() || (required && known.find("").is_some()) {
            continue; // the code may stand in a row that could not be read
        }
        let unknown: Vec<bool> =
            codes.words().iter().map(|word| !word.is_empty() && known.find(word).is_none()).collect();
        let mut rows: FxHashMap<u32, (usize, u64)> = FxHashMap::default();
        for (row, &word) in codes.index().iter().enumerate().filter(|(_, word)| unknown[**word as usize]) {
            rows.entry(word).or_insert((row, 0)).1 += 1;
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_unstable_by_key(|(_, (row, _))| *row);
        for (told, (word, (row, count))) in rows.into_iter().enumerate() {
            let code = &codes.words()[word as usize];
            let near = (told < OFFERS).then(|| near_miss(code, known.words().iter().map(String::as_str)));
            faults.push(unknown_reference(table, &column.name, code, (row, count), (target, near.flatten())));
        }
    }
}

fn unknown_reference(
    table: &Table,
    column: &str,
    code: &str,
    (row, count): (usize, u64),
    (target, near): (&Table, Option<&str>),
) -> Fault {
    let more = if count > 1 { format!(" (first of {count} rows)") } else { String::new() };
    let message = format!("{column} is \"{}\": not in {}{more}", shown(code), target.file());
    Fault::error(Code::UnknownReference, table.file(), message)
        .at_row(table.row_number(row))
        .in_column(column, shown(code))
        .with_help(did_you_mean(near, format!("add it to {}, or mend the code", target.file())))
}
