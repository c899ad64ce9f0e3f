//! Writes a table as CSV: a header row, ISO dates, points, as few digits as read back exactly.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::table::{Column, Table, date_of};

/// Writes `table` to `out`.
///
/// Numbers have the fewest digits that read back as the same number, flags are
/// yes and no, blanks are empty. Text is written as it is, quoted where CSV
/// needs it; a cell that a spreadsheet would take for a formula stays data.
///
/// ```
/// use purvey::data::{Table, write_csv};
/// let table = Table::new("t").with_text("item", ["a,b"]).with_number("share", [0.1 + 0.2]);
/// let mut out = Vec::new();
/// write_csv(&table, &mut out)?;
/// assert_eq!(out, b"item,share\n\"a,b\",0.30000000000000004\n");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What `out` fails with.
pub fn write_csv(table: &Table, out: &mut impl Write) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().from_writer(out);
    let titles = table.columns().iter().map(|(title, _)| title);
    writer.write_record(titles)?;
    let mut text = String::new();
    for row in 0..table.len() {
        for (_, column) in table.columns() {
            text.clear();
            let cell = match column {
                Column::Text(words) => words.get(row),
                Column::Number(numbers) => {
                    number_text(numbers.get(row).copied().unwrap_or(f64::NAN), &mut text)
                }
                Column::Date(dates) => {
                    date_text(dates.get(row).copied().unwrap_or(Table::NO_DATE), &mut text)
                }
                Column::Flag(flags) => match flags.get(row) {
                    Some(0) => "no",
                    Some(1) => "yes",
                    _ => "",
                },
            };
            writer.write_field(cell)?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

fn number_text(number: f64, text: &mut String) -> &str {
    if !number.is_nan() {
        // Adding zero turns -0 into 0; writing into a string cannot fail.
        let _ = write!(text, "{}", number + 0.0);
    }
    text
}

fn date_text(day: i32, text: &mut String) -> &str {
    if let Some(date) = date_of(day).filter(|_| day != Table::NO_DATE) {
        let _ = write!(text, "{date}");
    }
    text
}
