//! Tables on the page: the first rows as HTML, and, for a table to be searched
//! and sorted, its rows as compact JSON for the page's script.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::presentation::{Cells, Column, Style, Table, Tone};

use super::embed::rounded;

/// Rows of a plain table that the page shows; the rest is counted.
const MOST_PLAIN: usize = 200;
/// Rows of an interactive table that a page without its script shows.
const MOST_STATIC: usize = 50;

/// One line of a table on the page.
#[derive(Debug)]
pub(super) struct Line {
    /// Class of the line (`group`, `total`, a tone); may be empty.
    pub(super) class: &'static str,
    /// Its cells.
    pub(super) cells: Vec<Cell>,
}

/// One cell of a [`Line`].
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Whether it holds a number or a date, which stand at the right.
    pub(super) right: bool,
    /// Whether it names its line.
    pub(super) head: bool,
}

/// One column's head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) text: String,
    pub(super) help: String,
    pub(super) right: bool,
}

/// A table, ready for its template.
#[derive(Debug)]
pub(super) struct TableView {
    pub(super) heads: Vec<Head>,
    pub(super) lines: Vec<Line>,
    /// A sentence on rows that are not shown; may be empty.
    pub(super) left_out: String,
}

impl TableView {
    /// The first rows of a table, in groups with subtotals where it asks for them.
    pub(super) fn new(table: &Table, style: &Style) -> Self {
        let most = if table.interactive { MOST_STATIC } else { MOST_PLAIN };
        let len = table.len();
        let shown: Vec<usize> = (0..len.min(most)).collect();
        let groups = table.group_columns();
        let mut lines = Vec::new();
        if groups.is_empty() {
            lines.extend(shown.iter().map(|&row| row_line(table, style, row)));
        } else {
            let mut place = most;
            for (name, rows) in grouped(table, &groups, style) {
                if place == 0 {
                    break;
                }
                lines.push(sum_line(table, style, "group", &name, &rows));
                lines.extend(rows.iter().take(place).map(|&row| row_line(table, style, row)));
                place -= rows.len().min(place);
            }
        }
        if table.columns.iter().any(|column| column.total) && len > 1 {
            let every_row: Vec<usize> = (0..len).collect();
            lines.push(sum_line(table, style, "total", "Total", &every_row));
        }
        let left_out = left_out(len - shown.len(), &table.file, style);
        TableView { heads: heads(table, style), lines, left_out }
    }
}

/// A sentence on rows that are not shown.
pub(super) fn left_out(count: usize, file: &str, style: &Style) -> String {
    let place = if file.is_empty() { "the output folder" } else { file };
    match count {
        0 => String::new(),
        1 => format!("One more row is in {place}."),
        _ => {
            let count = style.number(count as f64, &crate::presentation::Measure::number());
            format!("{count} more rows are in {place}.")
        }
    }
}

fn heads(table: &Table, style: &Style) -> Vec<Head> {
    let head = |column: &Column| Head {
        text: column.head(style),
        help: column.help.clone(),
        right: is_right(column),
    };
    table.columns.iter().map(head).collect()
}

fn row_line(table: &Table, style: &Style, row: usize) -> Line {
    let cell = |(i, column): (usize, &Column)| {
        let text = shown_text(column.cell_text(row, style));
        Cell { text, right: is_right(column), head: i == 0 }
    };
    let cells = table.columns.iter().enumerate().map(cell).collect();
    Line { class: tone_class(table.tone(row)), cells }
}

fn sum_line(table: &Table, style: &Style, class: &'static str, name: &str, rows: &[usize]) -> Line {
    let cell = |(i, column): (usize, &Column)| {
        let sum = column.total.then(|| column.sum(rows)).flatten();
        let text = match sum {
            Some(sum) => style.digits(sum, &column.measure),
            None if i == 0 => shown_text(name.to_owned()),
            None => String::new(),
        };
        Cell { text, right: is_right(column), head: i == 0 }
    };
    Line { class, cells: table.columns.iter().enumerate().map(cell).collect() }
}

/// Groups in order of first appearance, each with its name and its rows.
fn grouped(table: &Table, columns: &[usize], style: &Style) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut known: FxHashMap<Vec<String>, usize> = FxHashMap::default();
    for row in 0..table.len() {
        let key: Vec<String> = columns.iter().map(|&c| table.columns[c].cell_text(row, style)).collect();
        let next = groups.len();
        let at = *known.entry(key).or_insert_with_key(|key| {
            groups.push((key.join(" · "), Vec::new()));
            next
        });
        groups[at].1.push(row);
    }
    groups
}

/// Class of a tone; empty for neutral.
pub(super) fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
    }
}

/// A very long text is cut; the files hold the whole.
pub(super) fn shown_text(text: String) -> String {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn is_right(column: &Column) -> bool {
    !matches!(column.cells, Cells::Text(_))
}

/// The rows of an interactive table as JSON of at most about `budget` bytes.
///
/// Text is coded by a dictionary where words repeat; a date is its day number.
pub(super) fn embedded(table: &Table, style: &Style, budget: usize) -> Value {
    let rows = rows_within(table, budget);
    let columns: Vec<Value> = table.columns.iter().map(|column| column_json(column, rows, style)).collect();
    let tones: Vec<u8> = (0..rows).map(|row| table.tone(row) as u8).collect();
    json!({
        "title": table.title,
        "rows": rows,
        "columns": columns,
        "group": table.group_columns(),
        "tones": if tones.iter().all(|&tone| tone == 0) { Value::Null } else { json!(tones) },
        "file": table.file,
        "leftOut": left_out(table.len() - rows, &table.file, style),
    })
}

/// How many of the first rows take `budget` bytes, dictionaries not counted.
fn rows_within(table: &Table, budget: usize) -> usize {
    let mut used = 0;
    for row in 0..table.len() {
        used += table.columns.iter().map(|column| cell_bytes(column, row)).sum::<usize>();
        if used > budget {
            return row;
        }
    }
    table.len()
}

fn cell_bytes(column: &Column, row: usize) -> usize {
    match &column.cells {
        Cells::Text(cells) => cells.get(row).map_or(3, |cell| cell.len().min(1200) + 3),
        Cells::Number(cells) => cells.get(row).map_or(2, |&cell| if cell.fract() == 0.0 { 6 } else { 11 }),
        Cells::Date(_) => 6,
    }
}

fn column_json(column: &Column, rows: usize, style: &Style) -> Value {
    let mut told = json!({
        "title": column.title,
        "head": column.head(style),
        "help": column.help,
        "measure": column.measure,
        "total": column.total,
    });
    let (kind, cells) = match &column.cells {
        Cells::Text(cells) => ("text", text_json(&cells[..cells.len().min(rows)])),
        Cells::Number(cells) => ("number", cells.iter().take(rows).map(|&cell| rounded(cell, 6)).collect()),
        Cells::Date(cells) => {
            let day = |cell: &Option<chrono::NaiveDate>| cell.map_or(Value::Null, super::embed::day);
            ("date", cells.iter().take(rows).map(day).collect())
        }
    };
    told["kind"] = json!(kind);
    told["cells"] = cells;
    told
}

fn text_json(cells: &[String]) -> Value {
    let mut words: Vec<String> = Vec::new();
    let mut known: FxHashMap<&str, usize> = FxHashMap::default();
    let index: Vec<usize> = cells
        .iter()
        .map(|cell| {
            *known.entry(cell).or_insert_with(|| {
                words.push(shown_text(cell.clone()));
                words.len() - 1
            })
        })
        .collect();
    if words.len() * 2 > cells.len() {
        return cells.iter().map(|cell| Value::String(shown_text(cell.clone()))).collect();
    }
    json!({ "words": words, "index": index })
}
