//! A presentation as text for a terminal: headline, key figures, tables, notices.

use std::fmt::Write;

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table as TextTable, TableStyle,
    Width,
};

use super::{Block, Cells, Column, Figure, Notice, Presentation, Style, Table, Tone};

/// A line under the head, nothing else.
const PLAIN: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// Blanks before the content of a cell.
const PADDING: u16 = 1;
/// Blanks between two columns.
const BETWEEN: u16 = 1;
/// A text column wider than this is prose: it wraps, but never to less than this.
const PROSE: u16 = 44;
/// Longest word of a head that is kept whole.
const LONGEST_WORD: u16 = 100;

/// How much of a presentation is told in text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOptions {
    /// Width of the page in characters.
    pub width: u16,
    /// Rows of a table that are shown; the rest is counted.
    pub rows: usize,
    /// Whether sections are told at all, or headline and key figures only.
    pub sections: bool,
}

impl Default for TextOptions {
    /// 100 characters, 10 rows a table, with sections.
    fn default() -> Self {
        TextOptions { width: 100, rows: 10, sections: true }
    }
}

impl Presentation {
    /// Headline, key figures and, where asked for, tables, facts and notices as plain text.
    ///
    /// Charts and details are left to the report.
    #[must_use]
    pub fn to_text(&self, options: &TextOptions) -> String {
        let mut text = String::new();
        for sentence in &self.headline {
            push_line(&mut text, sentence);
        }
        push_figures(&mut text, &self.figures, &self.style, options);
        if options.sections {
            for section in &self.sections {
                for block in &section.blocks {
                    self.push_block(&mut text, &section.title, block, options);
                }
            }
        }
        text
    }

    fn push_block(&self, text: &mut String, section: &str, block: &Block, options: &TextOptions) {
        match block {
            Block::Text { paragraphs } => {
                push_title(text, section);
                paragraphs.iter().for_each(|paragraph| push_line(text, paragraph));
            }
            Block::Facts { title, figures } if !figures.is_empty() => {
                push_title(text, if title.is_empty() { section } else { title });
                push_figures(text, figures, &self.style, options);
            }
            Block::Notices { title, notices } if !notices.is_empty() => {
                push_title(text, if title.is_empty() { section } else { title });
                notices.iter().for_each(|notice| push_line(text, &notice_line(notice)));
            }
            Block::Table(table) if !table.is_empty() => {
                push_title(text, if table.title.is_empty() { section } else { &table.title });
                push_line(text, &table.to_text(&self.style, options));
            }
            _ => {}
        }
    }
}

impl Table {
    /// The first rows as a text table, with the totals and the count of rows left out.
    ///
    /// Columns that do not fit the width are left out and named; no word is broken.
    #[must_use]
    pub fn to_text(&self, style: &Style, options: &TextOptions) -> String {
        let mut page = self.page(style, options.rows);
        let left_out = self.fit(&mut page, style, options.width);
        let mut text = plain_text(&page.trim_fmt());
        let rest = self.len().saturating_sub(options.rows);
        if rest > 0 {
            let rows = if rest == 1 { "row" } else { "rows" };
            let place = if self.file.is_empty() { String::new() } else { format!(" in {}", self.file) };
            let _ = write!(text, "\n … and {rest} more {rows}{place}");
        }
        if !left_out.is_empty() {
            let columns = if left_out.len() == 1 { "column" } else { "columns" };
            let _ = write!(text, "\n … without the {columns} {} (in the report)", left_out.join(", "));
        }
        text
    }

    fn page(&self, style: &Style, rows: usize) -> TextTable {
        let mut page = TextTable::new();
        page.load_style(PLAIN);
        page.set_header(self.columns.iter().map(|column| column.aligned(column.head(style))));
        for row in 0..self.len().min(rows) {
            page.add_row(self.columns.iter().map(|column| column.aligned(column.cell_text(row, style))));
        }
        page.column_iter_mut().for_each(|column| _ = column.set_padding((PADDING, 0)));
        let every_row: Vec<usize> = (0..self.len()).collect();
        if self.columns.iter().any(|column| column.total) {
            page.add_row(self.columns.iter().enumerate().map(|(i, column)| {
                let sum = column.total.then(|| column.sum(&every_row)).flatten();
                let first = if i == 0 { "total" } else { "" };
                let sum = sum.map_or(first.to_owned(), |sum| style.digits(sum, &column.measure));
                column.aligned(sum)
            }));
        }
        page
    }

    /// Gives every column the room that its words need, first come first served, and what is left
    /// over to those that would fill more; hides the columns that are left without, and returns
    /// their titles.
    fn fit(&self, page: &mut TextTable, style: &Style, width: u16) -> Vec<&str> {
        let mut bare = page.clone();
        bare.set_header(Vec::<Cell>::new());
        let cells = bare.column_max_content_widths();
        let mut room = width;
        let mut left_out = Vec::new();
        // Width in use and width with everything on one line; `None` where the column is hidden.
        let mut widths: Vec<Option<(u16, u16)>> = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.iter().enumerate() {
            let head = column.head(style);
            let longest = cells.get(at).copied().unwrap_or(0);
            let word = head.split(' ').map(str_width).max().unwrap_or(0).min(LONGEST_WORD);
            let needed = longest.min(if column.is_prose(longest) { PROSE } else { u16::MAX }).max(word);
            let padded = needed.saturating_add(PADDING);
            let between = if at > 0 { BETWEEN } else { 0 };
            if at > 0 && padded.saturating_add(between) > room {
                left_out.push(column.title.as_str());
                widths.push(None);
            } else {
                room = room.saturating_sub(padded.saturating_add(between));
                widths.push(Some((padded, longest.max(str_width(&head)).saturating_add(PADDING))));
            }
        }
        for (used, whole) in widths.iter_mut().flatten() {
            let more = whole.saturating_sub(*used).min(room);
            (*used, room) = (*used + more, room - more);
        }
        let constraint = |width: Option<(u16, u16)>| {
            width.map_or(ColumnConstraint::Hidden, |(used, _)| ColumnConstraint::Absolute(Width::Fixed(used)))
        };
        page.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        page.set_constraints(widths.into_iter().map(constraint));
        left_out
    }
}

impl Column {
    /// The text of one cell; blank where there is none.
    #[must_use]
    pub fn cell_text(&self, row: usize, style: &Style) -> String {
        match &self.cells {
            Cells::Text(cells) => cells.get(row).cloned().unwrap_or_default(),
            Cells::Number(cells) => match cells.get(row) {
                Some(cell) if cell.is_finite() => style.digits(*cell, &self.measure),
                _ => String::new(),
            },
            Cells::Date(cells) => {
                cells.get(row).copied().flatten().map_or(String::new(), |day| style.date(day))
            }
        }
    }

    /// The column's title with the unit of its numbers.
    #[must_use]
    pub fn head(&self, style: &Style) -> String {
        match (&self.cells, style.unit(&self.measure)) {
            (Cells::Number(_), unit) if !unit.is_empty() => format!("{} ({unit})", self.title),
            _ => self.title.clone(),
        }
    }

    /// Whether it is text that may be broken into lines.
    fn is_prose(&self, longest: u16) -> bool {
        matches!(self.cells, Cells::Text(_)) && longest > PROSE
    }

    fn aligned(&self, text: String) -> Cell {
        let alignment = match self.cells {
            Cells::Text(_) => CellAlignment::Left,
            Cells::Number(_) | Cells::Date(_) => CellAlignment::Right,
        };
        Cell::new(plain_text(&text)).set_alignment(alignment)
    }
}

fn str_width(text: &str) -> u16 {
    u16::try_from(text.chars().count()).unwrap_or(u16::MAX)
}

/// Labelled values, one a line, values under one another.
fn push_figures(text: &mut String, figures: &[Figure], style: &Style, options: &TextOptions) {
    if figures.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let widest = figures.iter().map(|figure| figure.label.chars().count()).max().unwrap_or(0);
    let widest = widest.min(usize::from(options.width) / 2);
    for figure in figures {
        let mark =
            if figure.tone == Tone::Neutral { String::new() } else { format!("  [{}]", figure.tone.word()) };
        let note = if figure.note.is_empty() { String::new() } else { format!("  ({})", figure.note) };
        let value = style.figure(figure);
        push_line(text, &format!("  {:<widest$}  {value}{mark}{note}", figure.label));
    }
}

fn notice_line(notice: &Notice) -> String {
    let place = if notice.place.is_empty() { String::new() } else { format!("{}: ", notice.place) };
    let code = if notice.code.is_empty() { String::new() } else { format!(" [{}]", notice.code) };
    format!("  {}: {place}{}{code}", notice.severity.word(), notice.text)
}

fn push_title(text: &mut String, title: &str) {
    if title.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    push_line(text, title);
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(plain_text(line).trim_end());
    text.push('\n');
}

/// The text as a terminal may show it: control characters in user data steer no
/// terminal, and no-break spaces become plain ones.
fn plain_text(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{a0}' => ' ',
            '\n' => '\n',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Measure, Section, Severity};
    use super::*;

    fn orders() -> Table {
        Table::new("Orders")
            .with(Column::text("item", ["soap", "salt\u{1b}[31m"]))
            .with(Column::number("value", [1200.0, f64::NAN], Measure::money()).with_total())
            .from_file("orders.csv")
    }

    #[test]
    fn columns_without_room_are_named_and_no_word_is_broken() {
        let why = "covers four weeks to the next order day; rounded up from 47 to a case of 48";
        let wide = Table::new("Orders")
            .with(Column::text("item", ["a-code-of-some-length"]))
            .with(Column::number("quantity ordered", [48.0], Measure::quantity("pieces")))
            .with(Column::text("why", [why]));
        let narrow = wide.to_text(&Style::default(), &TextOptions { width: 60, ..TextOptions::default() });
        assert!(narrow.ends_with("… without the column why (in the report)"), "{narrow}");
        assert!(narrow.contains("a-code-of-some-length") && narrow.contains("48"), "{narrow}");
        let roomy = wide.to_text(&Style::default(), &TextOptions { width: 100, ..TextOptions::default() });
        assert!(!roomy.contains("without the column"), "{roomy}");
        for word in why.split(' ') {
            assert!(roomy.contains(word), "{word} in {roomy}");
        }
    }

    #[test]
    fn a_table_that_just_fits_breaks_no_date() {
        let columns =
            ["change", "item", "location", "supplier", "order_date", "arrival_date", "before", "after"];
        let cells = ["changed", "SOAP", "NORTH", "WHOLESALE", "2024-04-15", "2024-04-22", "120", "156"];
        let table = columns
            .iter()
            .zip(cells)
            .fold(Table::new("Lines"), |table, (title, cell)| table.with(Column::text(*title, [cell])));
        let text = table.to_text(&Style::default(), &TextOptions { width: 80, ..TextOptions::default() });
        assert!(columns.iter().chain(&cells).all(|word| text.contains(word)), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn a_table_shows_its_first_rows_and_counts_the_rest() {
        let text = orders().to_text(&Style::default(), &TextOptions { rows: 1, ..TextOptions::default() });
        assert!(text.contains("value (€)") && text.contains("1,200") && text.contains("total"), "{text}");
        assert!(text.contains("… and 1 more row in orders.csv"), "{text}");
        assert!(!text.contains("salt"), "{text}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let text = orders().to_text(&Style::default(), &TextOptions::default());
        assert!(text.contains("salt") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn headline_figures_and_notices_are_told_in_order() {
        let mut told = Presentation::new("shop");
        told.headline.push("Order 3 pieces.".to_owned());
        told.figures.push(Figure::number("Spend", 5.0, Measure::money()).with_tone(Tone::Bad).with_note("n"));
        told.sections.push(Section::new("Data").with(Block::Notices {
            title: String::new(),
            notices: vec![Notice::new(Severity::Warning, "odd").at("sales.csv:3").with_code("odd-row")],
        }));
        assert_eq!(
            told.to_text(&TextOptions::default()),
            "Order 3 pieces.\n\n  Spend  € 5  [act]  (n)\n\nData\n  warning: sales.csv:3: odd [odd-row]\n"
        );
        let short = told.to_text(&TextOptions { sections: false, ..TextOptions::default() });
        assert!(!short.contains("Data"));
    }
}
