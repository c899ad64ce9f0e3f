//! Tables on the page: the first rows as HTML, and, for a table to be searched
//! and sorted, its rows as compact JSON for the page's script.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::presentation::{Cells, Column, Style, Table, Tone};

use super::embed::{Words, rounded};

/// Rows of a plain table that the page shows; the rest is counted.
const MOST_PLAIN: usize = 200;
/// Rows of an interactive table that a page without its script shows.
const MOST_STATIC: usize = 50;

/// Characters up to which a text stays on one line.
const SHORT: usize = 24;

/// One line of a table on the page.
#[derive(Debug)]
pub(super) struct Line {
    /// Class of the line (`group`, `total`, a tone); may be empty.
    pub(super) class: &'static str,
    /// The tone in a word, for readers who see no colour; may be empty.
    pub(super) word: &'static str,
    /// Its cells.
    pub(super) cells: Vec<Cell>,
}

/// One cell of a [`Line`].
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Class of the cell: `right` for numbers and dates, else how its text may break.
    pub(super) class: &'static str,
    /// Whether it names its line.
    pub(super) head: bool,
}

/// One column's head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) text: String,
    pub(super) help: String,
    /// Class of the cell.
    pub(super) class: &'static str,
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
        let groups = table.group_columns();
        // A group's name says what its grouping columns would repeat.
        let columns: Vec<&Column> = (table.columns.iter().enumerate())
            .filter_map(|(i, column)| (!groups.contains(&i)).then_some(column))
            .collect();
        let mut lines = Vec::new();
        if groups.is_empty() {
            lines.extend((0..len.min(most)).map(|row| row_line(table, &columns, style, row)));
        } else {
            let mut room = most;
            for (name, rows) in grouped(table, &groups, style) {
                if room == 0 {
                    break;
                }
                lines.push(sum_line(&columns, style, "group", &name, &rows));
                lines.extend(rows.iter().take(room).map(|&row| row_line(table, &columns, style, row)));
                room -= rows.len().min(room);
            }
        }
        if table.columns.iter().any(|column| column.total) && len > 1 {
            let every_row: Vec<usize> = (0..len).collect();
            lines.push(sum_line(&columns, style, "total", "Total", &every_row));
        }
        let left_out = left_out(len.saturating_sub(most), &table.file, style);
        TableView { heads: heads(&columns, style), lines, left_out }
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

fn heads(columns: &[&Column], style: &Style) -> Vec<Head> {
    let head = |column: &&Column| {
        let text = shown_text(column.head(style));
        let class = if is_right(column) && !is_unbroken(&text) { "right" } else { text_class(&text) };
        Head { text, help: column.help.clone(), class }
    };
    columns.iter().map(head).collect()
}

fn row_line(table: &Table, columns: &[&Column], style: &Style, row: usize) -> Line {
    let cell = |(i, column): (usize, &&Column)| {
        let text = shown_text(column.cell_text(row, style));
        Cell { class: cell_class(column, &text), text, head: i == 0 }
    };
    let cells = columns.iter().enumerate().map(cell).collect();
    let tone = table.tone(row);
    Line { class: tone_class(tone), word: tone.word(), cells }
}

/// How a cell stands: numbers and dates at the right, text as it may break.
fn cell_class(column: &Column, text: &str) -> &'static str {
    if is_right(column) { "right" } else { text_class(text) }
}

/// Short text stays on one line, long text has room, a long word breaks anywhere.
fn text_class(text: &str) -> &'static str {
    if text.chars().count() <= SHORT {
        "short"
    } else if is_unbroken(text) {
        "long unbroken"
    } else {
        "long"
    }
}

fn is_unbroken(text: &str) -> bool {
    text.split_whitespace().any(|word| word.chars().count() > SHORT)
}

fn sum_line(columns: &[&Column], style: &Style, class: &'static str, name: &str, rows: &[usize]) -> Line {
    let cell = |(i, column): (usize, &&Column)| {
        let sum = column.total.then(|| column.sum(rows)).flatten();
        let text = match sum {
            Some(sum) => style.digits(sum, &column.measure),
            None if i == 0 => shown_text(name.to_owned()),
            None => String::new(),
        };
        Cell { class: if i == 0 { text_class(&text) } else { cell_class(column, &text) }, text, head: i == 0 }
    };
    Line { class, word: "", cells: columns.iter().enumerate().map(cell).collect() }
}

/// Groups in order of first appearance, each with its name and its rows.
fn grouped(table: &Table, columns: &[usize], style: &Style) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut known: FxHashMap<Vec<String>, usize> = FxHashMap::default();
    for row in 0..table.len() {
        let key: Vec<String> = columns.iter().map(|&c| table.columns[c].cell_text(row, style)).collect();
        let next = groups.len();
        let at = *known.entry(key).or_insert_with_key(|key| {
            let name = key.join(" · ");
            groups.push((if name.is_empty() { "(blank)".to_owned() } else { name }, Vec::new()));
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
pub(super) fn embedded(table: &Table, style: &Style, budget: usize) -> Value {
    let mut rows = table.len();
    loop {
        let told = first_rows(table, style, rows);
        let bytes = told.to_string().len();
        if bytes <= budget || rows == 0 {
            return told;
        }
        // Rows take about equal space; each round leaves fewer of them.
        rows = ((rows as f64 * budget as f64 / bytes as f64 * 0.99) as usize).min(rows - 1);
    }
}

/// The first rows: text is coded where it repeats, a date is its day number.
fn first_rows(table: &Table, style: &Style, rows: usize) -> Value {
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
    let mut words = Words::default();
    let index: Vec<Value> = cells.iter().map(|cell| words.code(cell)).collect();
    if words.words.len() * 2 > cells.len() {
        return cells.iter().map(|cell| Value::String(shown_text(cell.clone()))).collect();
    }
    json!({ "words": words.words, "index": index })
}
