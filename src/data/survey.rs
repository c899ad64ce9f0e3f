//! Reads a table whose columns are not known before: a first pass finds their types, a second reads them.
//!
//! A column is of numbers (or dates) where nearly all of its filled cells are; the cells
//! that are not are left blank and told. Words that stand for a blank (`NA`, `null`, …)
//! are blanks in such columns. Whole numbers with leading zeros are codes.
//! Cost: O(bytes) time twice; memory in proportion to the rows kept.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::cell::{Format, Rule, parse_date, shown, trim};
use super::csv::{missing_column, read_csv};
use super::declaration::Declaration;
use super::fault::{Code, Fault, Faults, Severity};
use super::kind::Kind;
use super::near::near_miss;
use super::records::{Records, Step};
use super::schema::{ColumnSchema, ExtraRule, RowRule, TableSchema};
use super::source;
use super::table::Table;

/// Share of the filled cells of a column that must be of its type.
const SHARE_OF_TYPE: f64 = 0.98;
/// A column of numbers with stray words and fewer different cells than this is one of codes.
const FEW_CODES: usize = 64;
/// Share of the filled cells that are slips of the pen, however few different cells there are.
const SLIPS: f64 = 0.001;
/// Words that stand for a blank in columns of numbers and dates.
const BLANK_WORDS: [&str; 9] = ["na", "n/a", "nan", "null", "none", "nil", "?", "-", "#n/a"];

/// What a first pass found in one column.
#[derive(Debug, Clone, Default, PartialEq)]
struct Look {
    title: String,
    numbers: u64,
    dates: u64,
    words: u64,
    blank_words: u64,
    padded: u64,
    /// Hashes of different cells, up to [`FEW_CODES`].
    different: Vec<u64>,
    /// Row and text of the first cell that is no number, and no date.
    first_word: Option<(u64, String)>,
    first_no_date: Option<(u64, String)>,
}

/// Which columns an open table must hold, and what is known of them before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted<'a> {
    /// Columns to leave out.
    pub without: Vec<&'a str>,
    /// Columns that must be there, with their types; `None`: as the cells say.
    pub known: Vec<(&'a str, Option<Kind>)>,
    /// Columns of numbers that must be there, in which no cell may be anything else; other
    /// columns may hold a few strays.
    pub strict: Vec<&'a str>,
    /// Columns of numbers that are read where they are there, as strictly.
    pub maybe: Vec<&'a str>,
    /// Columns of words that are read where they are there.
    pub maybe_words: Vec<&'a str>,
    /// Whether columns that are not named above are left out.
    pub only_named: bool,
}

/// Reads the table at `path`, called `label` in messages, with all of its columns but those left out.
///
/// # Errors
/// Every fault of the file at once: broken rows, columns that are not there, cells that are
/// not of their column's type.
///
/// ```
/// use purvey::data::{Declaration, Wanted, read_open};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("cars.csv");
/// std::fs::write(&path, "price,sold,make,plz\n9.5,2024-03-01,Kombi,01067\nNA,2024-03-02,Limo,00123\n")?;
/// let (table, _) = read_open(&path, "cars.csv", &Wanted::default(), &Declaration::default()).unwrap();
/// assert!(table.number("price").unwrap()[1].is_nan());
/// assert_eq!(table.text("plz").unwrap().get(1), "00123");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_open(
    path: &Path,
    label: &str,
    wanted: &Wanted<'_>,
    declaration: &Declaration,
) -> Result<(Table, Faults), Faults> {
    let looks = survey(path, label, declaration)?;
    check_titles(label, &looks, wanted)?;
    let schema = schema_of(&looks, wanted);
    let (table, faults) = read_csv(path, label, &schema, declaration);
    let faults = soften(label, faults, &looks, &schema, wanted);
    Ok((table, faults.into_result()?))
}

impl Wanted<'_> {
    fn is_strict(&self, title: &str) -> bool {
        self.strict.contains(&title) || self.maybe.contains(&title)
    }

    /// Whether a column of the file is read.
    fn takes(&self, title: &str) -> bool {
        let named = self.is_strict(title)
            || self.maybe_words.contains(&title)
            || self.known.iter().any(|(name, _)| *name == title);
        !title.is_empty() && !self.without.contains(&title) && (named || !self.only_named)
    }
}

fn survey(path: &Path, label: &str, declaration: &Declaration) -> Result<Vec<Look>, Faults> {
    let stream = source::open(path, label, declaration.encoding)?;
    let format = Format {
        decimal: declaration.decimal,
        thousands: declaration.thousands,
        date: declaration.date.clone(),
    };
    let mut records = Records::new(stream, declaration.delimiter);
    let mut looks: Vec<Look> = Vec::new();
    // Faults of rows are told by the second pass.
    loop {
        match records.advance().map_err(|error| source::reading_fault(label, &error))? {
            Step::End => return Ok(looks),
            Step::Broken(_) => {}
            Step::Row if looks.is_empty() => {
                let title = |index| String::from_utf8_lossy(trim(records.cell(index))).into_owned();
                looks = (0..records.len()).map(|i| Look { title: title(i), ..Look::default() }).collect();
            }
            Step::Row if records.len() == looks.len() => {
                let row = records.row();
                for (index, look) in looks.iter_mut().enumerate() {
                    look.take(trim(records.cell(index)), row, &format);
                }
            }
            Step::Row => {}
        }
    }
}

impl Look {
    fn take(&mut self, text: &[u8], row: u64, format: &Format) {
        if text.is_empty() {
            return;
        }
        if self.different.len() < FEW_CODES {
            let hash = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
            });
            if !self.different.contains(&hash) {
                self.different.push(hash);
            }
        }
        let told = || Some((row, shown(&String::from_utf8_lossy(text))));
        if Rule::plain_number("").number(text, format).is_ok() {
            self.numbers += 1;
            let whole = text.iter().all(u8::is_ascii_digit);
            self.padded += u64::from(whole && text.len() > 1 && text[0] == b'0');
        } else if is_blank_word(text) {
            self.blank_words += 1;
            return;
        } else {
            self.first_word = self.first_word.take().or_else(told);
            if parse_date(text, format).is_ok() {
                self.dates += 1;
                return;
            }
            self.words += 1;
        }
        self.first_no_date = self.first_no_date.take().or_else(told);
    }

    fn kind(&self) -> Kind {
        let filled = (self.numbers + self.dates + self.words) as f64;
        let nearly = |count: u64| count > 0 && count as f64 >= SHARE_OF_TYPE * filled;
        // A word among few different numbers is one of the codes, unless it is a slip among many cells.
        let strays = filled - self.numbers as f64;
        let is_slip = strays <= SLIPS * filled;
        let codes = self.padded > 0 || (!is_slip && self.different.len() < FEW_CODES);
        if nearly(self.dates) {
            Kind::Date
        } else if nearly(self.numbers) && !codes {
            Kind::Number
        } else {
            Kind::Text
        }
    }

    /// Whether nearly all filled cells could be of `kind`.
    fn fits(&self, kind: Kind) -> bool {
        let filled = (self.numbers + self.dates + self.words) as f64;
        let of_kind = if kind == Kind::Date { self.dates } else { self.numbers };
        kind == Kind::Text || of_kind as f64 >= SHARE_OF_TYPE * filled
    }
}

fn is_blank_word(text: &[u8]) -> bool {
    BLANK_WORDS.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

fn check_titles(label: &str, looks: &[Look], wanted: &Wanted<'_>) -> Result<(), Faults> {
    if looks.is_empty() {
        let fault = Fault::error(Code::MissingHeader, label, "the file is empty");
        return Err(fault.with_help("begin it with the titles of its columns").into());
    }
    let titles = || looks.iter().map(|look| look.title.as_str());
    let known = wanted.known.iter().map(|(name, _)| *name).chain(wanted.strict.iter().copied());
    let mut missing: Vec<&str> = Vec::new();
    for name in known.chain(wanted.without.iter().copied()) {
        if !titles().any(|title| title == name) && !missing.contains(&name) {
            missing.push(name);
        }
    }
    let faults: Faults = missing
        .into_iter()
        .map(|name| {
            let near = near_miss(name, titles());
            let help = match near {
                Some(near) => format!("the file has \"{near}\""),
                None => format!("it has {}", titles().take(12).collect::<Vec<_>>().join(", ")),
            };
            missing_column(label, name, None).with_help(help)
        })
        .collect();
    faults.into_result().map(|_| ())
}

fn schema_of(looks: &[Look], wanted: &Wanted<'_>) -> TableSchema {
    let column = |look: &Look| {
        let known = wanted.known.iter().find(|(name, _)| *name == look.title).and_then(|(_, kind)| *kind);
        let kind = match known {
            Some(kind) => kind,
            None if wanted.is_strict(&look.title) => Kind::Number,
            None if wanted.maybe_words.contains(&look.title.as_str()) => Kind::Text,
            None => look.kind(),
        };
        ColumnSchema::plain(&look.title, kind, "")
    };
    let kept = looks.iter().filter(|look| wanted.takes(&look.title));
    TableSchema {
        name: "rows".to_owned(),
        required: true,
        meaning: String::new(),
        key: Vec::new(),
        rows: RowRule::Unique,
        extra: ExtraRule::Ignore,
        example: String::new(),
        columns: kept.map(column).collect(),
    }
}

/// Turns stray cells into one warning a column, blank words into one notice, and leaves the rest as it is.
fn soften(label: &str, faults: Faults, looks: &[Look], schema: &TableSchema, wanted: &Wanted<'_>) -> Faults {
    let by_title: FxHashMap<&str, &Look> = looks.iter().map(|look| (look.title.as_str(), look)).collect();
    let is_of_type =
        |code: Code| matches!(code, Code::NotANumber | Code::NotADate | Code::NotFinite | Code::OutOfRange);
    let mut told = Faults::default();
    for fault in faults.as_slice() {
        if fault.code == Code::UnusedColumn {
            continue;
        }
        let title = fault.column.as_deref().unwrap_or("");
        let is_blank = fault.value.as_deref().is_some_and(|value| is_blank_word(value.as_bytes()));
        let kind = schema.column(title).map_or(Kind::Text, |column| column.kind);
        let fits = by_title.get(title).is_some_and(|look| look.fits(kind));
        if !is_of_type(fault.code) || !(is_blank || (fits && !wanted.is_strict(title))) {
            told.push(fault.clone());
        }
    }
    // Of very many faults not all are kept; what is no matter of one cell must not pass for that.
    for (&(severity, code), &count) in faults.counts() {
        let kept = faults.as_slice().iter().filter(|fault| (fault.severity, fault.code) == (severity, code));
        let lost = count - kept.count() as u64;
        if severity == Severity::Error && !is_of_type(code) && lost > 0 {
            told.push(Fault::error(code, label, format!("{lost} more faults of this kind")));
        }
    }
    for column in &schema.columns {
        let Some(look) = by_title.get(column.name.as_str()) else { continue };
        if column.kind == Kind::Text {
            continue;
        }
        if look.blank_words > 0 {
            let message = format!(
                "{} cells of {} hold a word for nothing: read as blank",
                look.blank_words, column.name
            );
            let fault = Fault::error(Code::Repaired, label, message).with_severity(Severity::Notice);
            told.push(fault.in_column(&column.name, ""));
        }
        told_strays(label, look, column.kind, wanted, &mut told);
    }
    told
}

fn told_strays(label: &str, look: &Look, kind: Kind, wanted: &Wanted<'_>, told: &mut Faults) {
    let (strays, first, code, what) = if kind == Kind::Date {
        (look.words + look.numbers, &look.first_no_date, Code::NotADate, "date")
    } else {
        (look.words + look.dates, &look.first_word, Code::NotANumber, "number")
    };
    let Some((row, text)) = first.as_ref().filter(|_| strays > 0) else { return };
    if wanted.is_strict(&look.title) || !look.fits(kind) {
        // Told cell by cell; where those were too many to keep, once more.
        if !told.has_errors() {
            let message = format!("{} is \"{text}\": not a {what}", look.title);
            told.push(Fault::error(code, label, message).at_row(*row).in_column(&look.title, text));
        }
        return;
    }
    let more = if strays > 1 { format!(" (and {} more cells)", strays - 1) } else { String::new() };
    let message = format!("{} is \"{text}\": not a {what}; read as blank{more}", look.title);
    let fault = Fault::error(code, label, message).with_severity(Severity::Warning).at_row(*row);
    told.push(fault.in_column(&look.title, text).with_help("mend these cells, or leave them empty"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str, wanted: &Wanted<'_>) -> Result<(Table, Faults), Faults> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        read_open(&path, "t.csv", wanted, &Declaration::default())
    }

    fn long(stray: &str) -> String {
        let rows: String = (0..200).map(|k| format!("{k},a\n")).collect();
        format!("x,c\n{rows}{stray},b\n")
    }

    #[test]
    fn strays_are_told_and_blank() {
        let (table, faults) = read(&long("oops"), &Wanted::default()).unwrap();
        assert!(table.number("x").unwrap()[200].is_nan());
        let fault = &faults.as_slice()[0];
        assert_eq!((fault.severity, fault.row, fault.code), (Severity::Warning, Some(202), Code::NotANumber));
        let strict = Wanted { strict: vec!["x"], ..Wanted::default() };
        let faults = read(&long("oops"), &strict).unwrap_err();
        assert_eq!(
            faults.as_slice()[0].to_string().lines().next().unwrap(),
            "t.csv:202: x is \"oops\": not a number [not-a-number]"
        );
    }

    #[test]
    fn words_for_nothing_are_blank() {
        let (table, faults) = read(&long("NA"), &Wanted { strict: vec!["x"], ..Wanted::default() }).unwrap();
        assert!(table.number("x").unwrap()[200].is_nan());
        assert_eq!(faults.as_slice()[0].code, Code::Repaired);
    }

    #[test]
    fn few_different_cells_with_words_are_codes() {
        let (table, faults) = read("k\n1\n2\nA\n2\n1\n", &Wanted::default()).unwrap();
        assert_eq!((table.text("k").unwrap().get(2), faults.len()), ("A", 0));
    }

    #[test]
    fn missing_columns_are_told_with_what_is_near() {
        let wanted = Wanted { strict: vec!["prise"], ..Wanted::default() };
        let faults = read("price,size\n1,2\n", &wanted).unwrap_err();
        assert!(faults.as_slice()[0].help.contains("price"));
        let known = Wanted { known: vec![("size", Some(Kind::Number))], ..Wanted::default() };
        let faults = read("price,size\n1,big\n2,small\n", &known).unwrap_err();
        assert_eq!((faults.len(), faults.as_slice()[0].row), (2, Some(2)));
    }

    #[test]
    fn broken_rows_stop_the_reading() {
        let faults = read("a,b\n1,2\n3\n", &Wanted::default()).unwrap_err();
        assert_eq!((faults.as_slice()[0].code, faults.as_slice()[0].row), (Code::WrongFieldCount, Some(3)));
        assert!(read("", &Wanted::default()).is_err());
    }
}
