//! Tables of a presentation: typed columns of equal length.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Kind, Measure, Tone, nullable};

/// A table, stored by column.
///
/// ```
/// use purvey::presentation::{Column, Measure, Table};
/// let orders = Table::new("Orders")
///     .with(Column::text("supplier", ["North", "South", "North"]))
///     .with(Column::number("value", [120.0, 80.0, 40.0], Measure::money()).with_total())
///     .grouped_by(["supplier"]);
/// assert_eq!((orders.len(), orders.group_columns()), (3, vec![0]));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Table {
    /// Title.
    pub title: String,
    /// A sentence on what a row is; may be empty.
    pub caption: String,
    /// The columns; a short one counts as blank in its last rows.
    pub columns: Vec<Column>,
    /// Titles of the columns by which the rows may be grouped, outermost first.
    pub group_by: Vec<String>,
    /// Tone of each row; may be empty.
    pub tones: Vec<Tone>,
    /// Whether a reader will want to search, sort, filter and download it.
    pub interactive: bool,
    /// The file of the output folder that holds the same rows; may be empty.
    pub file: String,
}

/// One column of a [`Table`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Column {
    /// Its title, unique in the table.
    pub title: String,
    /// What it means, where the title does not say; may be empty.
    pub help: String,
    /// How its numbers are written.
    pub measure: Measure,
    /// Whether groups and the table show its sum.
    pub total: bool,
    /// Its cells.
    pub cells: Cells,
}

/// The cells of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cells {
    /// Words; blank where empty.
    Text(Vec<String>),
    /// Numbers; blank where NaN.
    Number(#[serde(with = "nullable::list")] Vec<f64>),
    /// Days; blank where `None`.
    Date(Vec<Option<NaiveDate>>),
}

impl Default for Cells {
    fn default() -> Self {
        Cells::Text(Vec::new())
    }
}

impl Cells {
    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Cells::Text(cells) => cells.len(),
            Cells::Number(cells) => cells.len(),
            Cells::Date(cells) => cells.len(),
        }
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Table {
    /// An empty table with a title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Table { title: title.into(), ..Table::default() }
    }

    /// The same with a sentence on what a row is.
    #[must_use]
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// The same with one more column.
    #[must_use]
    pub fn with(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// The same with a tone for each row.
    #[must_use]
    pub fn with_tones(mut self, tones: impl IntoIterator<Item = Tone>) -> Self {
        self.tones = tones.into_iter().collect();
        self
    }

    /// The same, grouped by these columns, outermost first, with a subtotal a group.
    #[must_use]
    pub fn grouped_by<S: Into<String>>(mut self, titles: impl IntoIterator<Item = S>) -> Self {
        self.group_by = titles.into_iter().map(Into::into).collect();
        self
    }

    /// The same, to be searched, sorted, filtered and downloaded.
    #[must_use]
    pub fn interactive(mut self) -> Self {
        self.interactive = true;
        self
    }

    /// The same, with the file of the output folder that holds the same rows.
    #[must_use]
    pub fn from_file(mut self, file: impl Into<String>) -> Self {
        self.file = file.into();
        self
    }

    /// Number of rows: the length of the longest column.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.iter().map(|column| column.cells.len()).max().unwrap_or(0)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Positions of the columns of [`Table::group_by`] that exist.
    #[must_use]
    pub fn group_columns(&self) -> Vec<usize> {
        let position = |title: &String| self.columns.iter().position(|column| column.title == *title);
        self.group_by.iter().filter_map(position).collect()
    }

    /// The tone of a row.
    #[must_use]
    pub fn tone(&self, row: usize) -> Tone {
        self.tones.get(row).copied().unwrap_or_default()
    }
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn text<S: Into<String>>(title: impl Into<String>, cells: impl IntoIterator<Item = S>) -> Self {
        let cells = Cells::Text(cells.into_iter().map(Into::into).collect());
        Column { title: title.into(), cells, ..Column::default() }
    }

    /// A column of numbers; NaN is blank.
    ///
    /// Money without stated decimals is written with cents in every cell or in none.
    #[must_use]
    pub fn number(
        title: impl Into<String>,
        cells: impl IntoIterator<Item = f64>,
        mut measure: Measure,
    ) -> Self {
        let cells: Vec<f64> = cells.into_iter().collect();
        if measure.kind == Kind::Money && measure.decimals.is_none() {
            let cents = cells.iter().any(|cell| cell.fract().abs() > 0.0 && cell.abs() < 10_000.0);
            measure.decimals = Some(if cents { 2 } else { 0 });
        }
        let cells = Cells::Number(cells);
        Column { title: title.into(), measure, cells, ..Column::default() }
    }

    /// A column of days.
    #[must_use]
    pub fn date(title: impl Into<String>, cells: impl IntoIterator<Item = Option<NaiveDate>>) -> Self {
        let cells = Cells::Date(cells.into_iter().collect());
        Column { title: title.into(), cells, ..Column::default() }
    }

    /// The same with an explanation.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same with sums in groups and at the end of the table.
    #[must_use]
    pub fn with_total(mut self) -> Self {
        self.total = true;
        self
    }

    /// Sum of the known numbers among `rows`; `None` for other columns or where nothing is known.
    #[must_use]
    pub fn sum(&self, rows: &[usize]) -> Option<f64> {
        let Cells::Number(cells) = &self.cells else { return None };
        let mut known = rows.iter().filter_map(|&row| cells.get(row)).filter(|cell| cell.is_finite());
        let first = known.next()?;
        Some(known.fold(*first, |sum, cell| sum + cell))
    }
}
