//! Splits a stream of bytes into rows and cells, CSV as RFC 4180 has it.
//!
//! Reads through a buffer that holds one row (at most [`LONGEST_ROW`]), so
//! memory does not grow with the file. Rows end in LF, CR LF or CR; blank lines
//! count as rows and are skipped. A quote inside an unquoted cell is an
//! ordinary letter (`5" pipe`). Where quoting is broken the row is reported and
//! reading goes on at the next line, so one stray quote does not swallow a file.

use std::io::{self, Read};

/// Longest row in bytes.
pub(crate) const LONGEST_ROW: usize = 1 << 20;

/// What [`Records::advance`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A row; its cells are ready.
    Row,
    /// A row whose quoting is broken; skipped.
    Broken(Breach),
    /// The end of the file.
    End,
}

/// How a row breaks the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    /// Letters follow a closing quote.
    TextAfterQuote,
    /// The row is longer than [`LONGEST_ROW`].
    TooLong,
    /// A quote is not closed before the end of the file or of the longest row.
    Unclosed,
}

/// A reader of rows.
pub(crate) struct Records<R> {
    source: R,
    delimiter: u8,
    buffer: Vec<u8>,
    /// Unread bytes of the buffer: `start..end`.
    start: usize,
    end: usize,
    /// Bytes of the stream before the buffer.
    before: u64,
    at_end: bool,
    has_nul: bool,
    row: u64,
    first_byte: usize,
    cells: Vec<Span>,
    unescaped: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
    escaped: bool,
}

enum Scan {
    /// The row ends before this byte of the buffer.
    Row(usize),
    More,
    Breach(Breach),
}

impl<R: Read> Records<R> {
    /// Reads rows of cells between `delimiter`s from `source`.
    pub fn new(source: R, delimiter: u8) -> Self {
        Records {
            source,
            delimiter,
            buffer: vec![0; 1 << 16],
            start: 0,
            end: 0,
            before: 0,
            at_end: false,
            has_nul: false,
            row: 0,
            first_byte: 0,
            cells: Vec::new(),
            unescaped: Vec::new(),
        }
    }

    /// Goes to the next row that is not blank.
    pub fn advance(&mut self) -> io::Result<Step> {
        loop {
            if self.start == self.end && !self.fill()? {
                return Ok(Step::End);
            }
            match self.scan() {
                Scan::Row(next) => {
                    self.row += 1;
                    self.first_byte = self.start;
                    let blank = self.cells.len() == 1 && self.cells[0].start == self.cells[0].end;
                    let raw_blank = blank && !self.buffer[self.start..next].contains(&b'"');
                    self.start = next;
                    if !raw_blank {
                        return Ok(Step::Row);
                    }
                }
                Scan::More if self.end - self.start >= LONGEST_ROW => {
                    return self.skip_line(self.why_too_long());
                }
                Scan::More => {
                    self.fill()?;
                }
                Scan::Breach(breach) => return self.skip_line(breach),
            }
        }
    }

    /// Row as a spreadsheet shows it.
    pub fn row(&self) -> u64 {
        self.row
    }

    /// Number of cells of the row.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Bytes of one cell, quotes taken off; empty past the end.
    pub fn cell(&self, index: usize) -> &[u8] {
        let Some(span) = self.cells.get(index) else { return &[] };
        let bytes = if span.escaped { &self.unescaped } else { &self.buffer };
        &bytes[span.start as usize..span.end as usize]
    }

    /// Position of a cell in the (unpacked, decoded) stream, in bytes from 0.
    pub fn position(&self, index: usize) -> u64 {
        let start = match self.cells.get(index) {
            Some(span) if !span.escaped => span.start as usize,
            _ => self.first_byte,
        };
        self.before + start as u64
    }

    /// Whether a zero byte stands in the row.
    pub fn holds_nul(&self) -> bool {
        self.has_nul && self.buffer[self.first_byte..self.start].contains(&0)
    }

    /// Reads on behind the unread bytes; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.before += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < 1 << 12 {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        let count = loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.has_nul = self.buffer[..self.end + count].contains(&0);
        self.end += count;
        self.at_end |= count == 0;
        Ok(count > 0)
    }

    /// Splits the row that begins at the first unread byte.
    fn scan(&mut self) -> Scan {
        self.cells.clear();
        self.unescaped.clear();
        let mut at = self.start;
        loop {
            let mut ahead = at;
            while ahead < self.end && self.buffer[ahead] == b' ' {
                ahead += 1;
            }
            let after = if ahead < self.end && self.buffer[ahead] == b'"' {
                match self.quoted(ahead + 1) {
                    Scan::Row(after) => after,
                    other => return other,
                }
            } else {
                self.unquoted(at)
            };
            if after == self.end {
                return if self.at_end { Scan::Row(after) } else { Scan::More };
            }
            match self.buffer[after] {
                b'\n' => return Scan::Row(after + 1),
                b'\r' if after + 1 < self.end => {
                    return Scan::Row(after + 1 + usize::from(self.buffer[after + 1] == b'\n'));
                }
                b'\r' => return if self.at_end { Scan::Row(after + 1) } else { Scan::More },
                _ => at = after + 1,
            }
        }
    }

    /// Takes an unquoted cell and returns the place of what ends it.
    fn unquoted(&mut self, start: usize) -> usize {
        let rest = &self.buffer[start..self.end];
        let delimiter = self.delimiter;
        let length = rest
            .iter()
            .position(|&byte| byte == delimiter || byte == b'\n' || byte == b'\r')
            .unwrap_or(rest.len());
        self.cells.push(Span { start: start as u32, end: (start + length) as u32, escaped: false });
        start + length
    }

    /// Takes a quoted cell whose text begins at `start`; `Row` holds the place of what ends it.
    fn quoted(&mut self, start: usize) -> Scan {
        let kept = self.unescaped.len();
        let (mut from, mut escaped) = (start, false);
        let close = loop {
            let Some(length) = self.buffer[from..self.end].iter().position(|&byte| byte == b'"') else {
                return if self.at_end { Scan::Breach(Breach::Unclosed) } else { Scan::More };
            };
            let quote = from + length;
            if quote + 1 == self.end && !self.at_end {
                return Scan::More;
            }
            if quote + 1 == self.end || self.buffer[quote + 1] != b'"' {
                if escaped {
                    self.unescaped.extend_from_slice(&self.buffer[from..quote]);
                }
                break quote;
            }
            if !escaped {
                self.unescaped.extend_from_slice(&self.buffer[start..from]);
                escaped = true;
            }
            self.unescaped.extend_from_slice(&self.buffer[from..=quote]);
            from = quote + 2;
        };
        let span = if escaped { (kept, self.unescaped.len()) } else { (start, close) };
        self.cells.push(Span { start: span.0 as u32, end: span.1 as u32, escaped });
        let mut after = close + 1;
        while after < self.end && self.buffer[after] == b' ' && self.delimiter != b' ' {
            after += 1;
        }
        match self.buffer[..self.end].get(after) {
            None if !self.at_end => Scan::More,
            None | Some(b'\n' | b'\r') => Scan::Row(after),
            Some(&byte) if byte == self.delimiter => Scan::Row(after),
            Some(_) => Scan::Breach(Breach::TextAfterQuote),
        }
    }

    fn why_too_long(&self) -> Breach {
        let line = &self.buffer[self.start..self.end];
        if line.contains(&b'\n') { Breach::Unclosed } else { Breach::TooLong }
    }

    /// Leaves out the line that begins at the first unread byte.
    fn skip_line(&mut self, breach: Breach) -> io::Result<Step> {
        self.row += 1;
        self.cells.clear();
        loop {
            let rest = &self.buffer[self.start..self.end];
            if let Some(length) = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r') {
                let ending = rest[length];
                self.start += length + 1;
                let more = self.start < self.end || self.fill()?;
                if ending == b'\r' && more && self.buffer[self.start] == b'\n' {
                    self.start += 1;
                }
                break;
            }
            self.start = self.end;
            if !self.fill()? {
                break;
            }
        }
        self.first_byte = self.start;
        Ok(Step::Broken(breach))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Gives one byte at a time, so that every boundary of the buffer is met.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    type Rows = Vec<(u64, Result<Vec<String>, Breach>)>;

    fn rows_of(source: impl Read) -> Rows {
        let mut records = Records::new(source, b',');
        let mut rows = Vec::new();
        loop {
            match records.advance().unwrap() {
                Step::End => return rows,
                Step::Broken(breach) => rows.push((records.row(), Err(breach))),
                Step::Row => {
                    let cells =
                        (0..records.len()).map(|i| String::from_utf8_lossy(records.cell(i)).into_owned());
                    rows.push((records.row(), Ok(cells.collect())));
                }
            }
        }
    }

    fn rows(text: &str) -> Rows {
        let whole = rows_of(text.as_bytes());
        assert_eq!(whole, rows_of(Drip(text.as_bytes())));
        whole
    }

    fn good(row: u64, cells: &[&str]) -> (u64, Result<Vec<String>, Breach>) {
        (row, Ok(cells.iter().map(|&cell| cell.to_owned()).collect()))
    }

    #[test]
    fn rows_end_in_any_usual_way_and_blank_lines_count() {
        assert_eq!(
            rows("a,b\r\n\r\n1,2\n3,\r4,5"),
            [good(1, &["a", "b"]), good(3, &["1", "2"]), good(4, &["3", ""]), good(5, &["4", "5"]),]
        );
        assert_eq!(rows(""), []);
    }

    #[test]
    fn quotes_hold_delimiters_newlines_and_quotes() {
        assert_eq!(
            rows("\"a,b\",\"c\nd\", \"e\"\"f\" ,5\" pipe\nx,y,z,w\n\"\"\n"),
            [good(1, &["a,b", "c\nd", "e\"f", "5\" pipe"]), good(2, &["x", "y", "z", "w"]), good(3, &[""]),]
        );
    }

    #[test]
    fn a_stray_quote_costs_its_own_line_only() {
        assert_eq!(
            rows("a,b\n\"x,1\ny,2\nz,\"3\"\n"),
            [
                good(1, &["a", "b"]),
                (2, Err(Breach::TextAfterQuote)),
                good(3, &["y", "2"]),
                good(4, &["z", "3"]),
            ]
        );
        assert_eq!(rows("\"x\ny"), [(1, Err(Breach::Unclosed)), good(2, &["y"])]);
    }

    #[test]
    fn a_row_without_end_is_left_out() {
        let text = format!("{}\nlast", "x".repeat(2 * LONGEST_ROW));
        assert_eq!(rows_of(text.as_bytes()), [(1, Err(Breach::TooLong)), good(2, &["last"])]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(2), ..Default::default() })]
        #[test]
        fn the_buffer_never_shows(text in "[a,\" \n\r]{0,40}") {
            rows(&text);
        }

        #[test]
        fn sound_files_are_split_as_another_reader_splits_them(
            table in prop::collection::vec(prop::collection::vec("[ab,\"\n]{0,5}", 3), 1..6)
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let cells: Vec<_> = rows(&text).into_iter().map(|(_, row)| row.unwrap()).collect();
            prop_assert_eq!(cells, table);
        }
    }
}
