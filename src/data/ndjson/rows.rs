//! Cells of lines, and how the reader of CSV gets them.

use std::io::{self, Read};

/// Cells of the columns that are read, line by line.
#[derive(Default)]
pub(super) struct Rows {
    header: Vec<u8>,
    width: usize,
    /// Texts of all cells, one after the other.
    texts: String,
    /// Column and end of the text of each cell.
    cells: Vec<(usize, usize)>,
    /// Cells up to the end of each line; `None` for a line that is no row.
    lines: Vec<Option<usize>>,
}

impl Rows {
    pub fn add_column(&mut self, title: &str) -> usize {
        self.add_title(title);
        self.width += 1;
        self.width - 1
    }

    fn add_title(&mut self, title: &str) {
        if !self.header.is_empty() {
            self.header.push(b',');
        }
        quote(title, &mut self.header);
    }

    /// Titles whose cells are not read stand at the end of the header only; the first has blank cells
    /// where there is no other.
    pub fn end_header<'t>(&mut self, unread: impl Iterator<Item = &'t str>) {
        unread.for_each(|title| self.add_title(title));
        self.header.push(b'\n');
    }

    /// Cells that every row has.
    pub fn width(&self) -> usize {
        self.width.max(1)
    }

    pub fn is_empty(&self) -> bool {
        self.lines.iter().all(Option::is_none)
    }

    pub fn cell(&mut self, column: usize, text: &str) {
        self.texts.push_str(text);
        self.cells.push((column, self.texts.len()));
    }

    /// Ends the row of a line.
    pub fn end(&mut self) {
        self.lines.push(Some(self.cells.len()));
    }

    /// A line that is no row.
    pub fn skip(&mut self) {
        self.lines.push(None);
    }

    /// The rows as CSV under their titles; a line that is no row is a blank one.
    pub fn csv(&self) -> Csv<'_> {
        Csv { rows: self, next: 0, cell: 0, text: 0, row: self.header.clone(), at: 0, order: Vec::new() }
    }
}

/// CSV that is written as it is read, one row at a time.
pub(super) struct Csv<'a> {
    rows: &'a Rows,
    /// The next line, its first cell, and the begin of its text.
    next: usize,
    cell: usize,
    text: usize,
    row: Vec<u8>,
    at: usize,
    /// Begin and end of the text of each column.
    order: Vec<(usize, usize)>,
}

impl Csv<'_> {
    fn write_row(&mut self) {
        self.row.clear();
        self.at = 0;
        if let Some(end) = self.rows.lines[self.next] {
            self.order.clear();
            self.order.resize(self.rows.width(), (0, 0));
            for &(column, until) in &self.rows.cells[self.cell..end] {
                self.order[column] = (self.text, until);
                self.text = until;
            }
            self.cell = end;
            for (at, &(from, until)) in self.order.iter().enumerate() {
                if at > 0 {
                    self.row.push(b',');
                }
                // A row of blanks only is no blank line.
                if from < until || at == 0 {
                    quote(&self.rows.texts[from..until], &mut self.row);
                }
            }
        }
        self.row.push(b'\n');
        self.next += 1;
    }
}

impl Read for Csv<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < buffer.len() {
            if self.at == self.row.len() {
                if self.next == self.rows.lines.len() {
                    break;
                }
                self.write_row();
            }
            let part = (self.row.len() - self.at).min(buffer.len() - count);
            buffer[count..count + part].copy_from_slice(&self.row[self.at..self.at + part]);
            (self.at, count) = (self.at + part, count + part);
        }
        Ok(count)
    }
}

fn quote(text: &str, row: &mut Vec<u8>) {
    row.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            row.push(b'"');
        }
        row.push(byte);
    }
    row.push(b'"');
}
