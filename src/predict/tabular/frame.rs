//! Columns as they were found: numbers, categories, days.

use chrono::NaiveDateTime;

use crate::data::{Column, Table, TextColumn};

/// Share of a text column's words that must be times for it to be a column of times.
const TIMES: f64 = 0.98;

/// The cells of one column; blanks are NaN, or the empty word.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Numbers.
    Number(Vec<f64>),
    /// Words.
    Category(TextColumn),
    /// Days since 1970-01-01, with the hour as a fraction.
    Day(Vec<f64>),
}

/// Named columns of equal length, to learn from or to predict for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    rows: usize,
    columns: Vec<(String, Cells)>,
}

impl Frame {
    /// Takes the columns of a table, all but those named in `without`.
    ///
    /// A text column whose words are times (`2024-03-01 17:30`) becomes a column of days.
    ///
    /// ```
    /// use purvey::data::Table;
    /// use purvey::predict::tabular::{Cells, Frame};
    /// let table = Table::new("cars").with_text("sold", ["2024-03-01 12:00", ""]).with_number("price", [9.0, 7.0]);
    /// let frame = Frame::of(&table, &["price"]);
    /// let Some(Cells::Day(days)) = frame.column("sold") else { panic!("no days") };
    /// assert_eq!((frame.rows(), days[0], days[1].is_nan()), (2, 19783.5, true));
    /// ```
    #[must_use]
    pub fn of(table: &Table, without: &[&str]) -> Self {
        let mut frame = Frame { rows: table.len(), columns: Vec::new() };
        for (name, column) in table.columns() {
            if without.contains(&name.as_str()) {
                continue;
            }
            let cells = match column {
                Column::Number(numbers) => Cells::Number(numbers.clone()),
                Column::Date(days) => Cells::Day(days.iter().map(|day| day_of(*day)).collect()),
                Column::Flag(flags) => Cells::Number(
                    flags.iter().map(|f| if *f > 1 { f64::NAN } else { f64::from(*f) }).collect(),
                ),
                Column::Text(words) => {
                    times_of(words).map_or_else(|| Cells::Category(words.clone()), Cells::Day)
                }
            };
            frame.columns.push((name.clone(), cells));
        }
        frame
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All columns, in order.
    #[must_use]
    pub fn columns(&self) -> &[(String, Cells)] {
        &self.columns
    }

    /// One column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Cells> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, cells)| cells)
    }

    /// The same frame with one more column (or that column replaced).
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, cells: Cells) -> Self {
        let name = name.into();
        self.rows = match &cells {
            Cells::Number(values) | Cells::Day(values) => values.len(),
            Cells::Category(words) => words.index().len(),
        };
        match self.columns.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => *place = cells,
            None => self.columns.push((name, cells)),
        }
        self
    }
}

impl Cells {
    /// The cells of some rows.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let numbers = |values: &[f64]| rows.iter().map(|row| values[*row as usize]).collect();
        match self {
            Cells::Number(values) => Cells::Number(numbers(values)),
            Cells::Day(values) => Cells::Day(numbers(values)),
            Cells::Category(words) => {
                Cells::Category(rows.iter().map(|row| words.get(*row as usize)).collect())
            }
        }
    }
}

fn day_of(day: i32) -> f64 {
    if day == Table::NO_DATE { f64::NAN } else { f64::from(day) }
}

/// The days of a column of times; `None` where it holds other words.
fn times_of(words: &TextColumn) -> Option<Vec<f64>> {
    let days: Vec<f64> = words.words().iter().map(|word| time_of(word)).collect();
    let filled = words.words().iter().filter(|word| !word.is_empty()).count();
    let times = days.iter().filter(|day| !day.is_nan()).count();
    if times == 0 || (times as f64) < TIMES * filled as f64 {
        return None;
    }
    Some(words.index().iter().map(|index| days[*index as usize]).collect())
}

fn time_of(word: &str) -> f64 {
    const FORMS: [&str; 4] =
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    if let Ok(date) = word.parse::<chrono::NaiveDate>() {
        return f64::from(crate::data::day_number(date));
    }
    let word = word.trim_end_matches('Z');
    let time = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(word, form).ok());
    time.map_or(f64::NAN, |time| time.and_utc().timestamp() as f64 / 86_400.0)
}
