//! One cell: from its bytes to a number, date, flag or word, or to the flaw that is in it.
//!
//! The same rules hold for cells of files, columns made in memory, and settings.

use chrono::NaiveDate;

use super::calendar::Weekdays;
use super::fault::Code;
use super::near::did_you_mean;
use super::schema::{ColumnSchema, Kind, Range, SettingSchema};
use super::table::{Table, day_number};
use crate::data::near_miss;

/// Numbers beyond this size are refused: none is a quantity or a price.
pub(crate) const HUGE: f64 = 1e15;

/// How numbers and dates are written in a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Format {
    /// The decimal sign, an ASCII character.
    pub decimal: u8,
    /// What stands between groups of three digits.
    pub thousands: Option<char>,
    /// The form of dates as in `strftime`; `None`: ISO.
    pub date: Option<String>,
}

impl Default for Format {
    fn default() -> Self {
        Format { decimal: b'.', thousands: None, date: None }
    }
}

/// What is wrong with one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Blank,
    FarDate,
    NotAChoice,
    NotADate,
    NotAFlag,
    NotANumber,
    NotAWeekday,
    NotFinite,
    NotWhole,
    OutOfRange,
    TooBig,
}

/// What a cell or a setting must be, borrowed from its schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule<'a> {
    pub name: &'a str,
    pub kind: Kind,
    pub range: Range,
    pub values: &'a [String],
    pub required: bool,
}

impl<'a> From<&'a ColumnSchema> for Rule<'a> {
    fn from(column: &'a ColumnSchema) -> Self {
        Rule {
            name: &column.name,
            kind: column.kind,
            range: column.range(),
            values: &column.values,
            required: column.required,
        }
    }
}

impl<'a> From<&'a SettingSchema> for Rule<'a> {
    fn from(setting: &'a SettingSchema) -> Self {
        Rule {
            name: &setting.name,
            kind: setting.kind,
            range: setting.range(),
            values: &setting.values,
            required: false,
        }
    }
}

impl<'a> Rule<'a> {
    /// The rule of an extra column that holds numbers.
    pub fn plain_number(name: &'a str) -> Self {
        Rule { name, kind: Kind::Number, range: Range::default(), values: &[], required: false }
    }

    /// Reads a number (or whole number) and checks its range.
    pub fn number(&self, text: &[u8], format: &Format) -> Result<f64, Flaw> {
        let value = parse_number(text, format)?;
        self.check_number(value)?;
        Ok(value)
    }

    /// Checks a number that is there already.
    pub fn check_number(&self, value: f64) -> Result<(), Flaw> {
        if !value.is_finite() {
            return Err(Flaw::NotFinite);
        }
        if value.abs() > HUGE {
            return Err(Flaw::TooBig);
        }
        if self.kind == Kind::Integer && value.fract() != 0.0 {
            return Err(Flaw::NotWhole);
        }
        if self.range.contains(value) { Ok(()) } else { Err(Flaw::OutOfRange) }
    }

    /// The canonical word of a code, text, choice or list of weekdays.
    pub fn word<'t>(&'t self, text: &'t str) -> Result<std::borrow::Cow<'t, str>, Flaw> {
        match self.kind {
            Kind::Choice => {
                let known = self.values.iter().find(|value| value.eq_ignore_ascii_case(text));
                known.map(|value| value.as_str().into()).ok_or(Flaw::NotAChoice)
            }
            Kind::Weekdays => {
                Weekdays::parse(text).map(|days| days.to_string().into()).ok_or(Flaw::NotAWeekday)
            }
            _ => Ok(text.into()),
        }
    }

    /// Percent where a share is wanted is the usual cause of a value out of range.
    fn range_help(&self, text: &str) -> String {
        let share = self.range.max == Some(1.0) || self.range.below == Some(1.0);
        match text.parse::<f64>() {
            Ok(value) if share && value > 1.0 && self.range.contains(value / 100.0) => {
                format!("write a share: {} for {value} %", value / 100.0)
            }
            _ => format!("write a value that is {}", self.range),
        }
    }

    /// Whether `text` is allowed here, written in the plain form of settings and defaults.
    pub fn accepts(&self, text: &str) -> bool {
        let format = Format::default();
        match self.kind {
            Kind::Number | Kind::Integer => self.number(text.as_bytes(), &format).is_ok(),
            Kind::Date => parse_date(text.as_bytes(), &format).is_ok(),
            Kind::Flag => parse_flag(text.as_bytes()).is_ok(),
            Kind::Choice | Kind::Weekdays => self.word(text).is_ok(),
            Kind::Code | Kind::Text => true,
        }
    }

    /// Code, message and help for a flaw in a cell that reads `text`.
    pub fn tell(&self, flaw: Flaw, text: &str, format: &Format) -> (Code, String, String) {
        let (code, what, help) = match flaw {
            Flaw::Blank => {
                let help = format!("fill in {}", article(self.kind));
                return (Code::MissingValue, format!("{} is blank", self.name), help);
            }
            Flaw::FarDate => {
                (Code::OutOfRange, "not between 1900 and 2199".to_owned(), "check the year".to_owned())
            }
            Flaw::NotAChoice => {
                let near = near_miss(text, self.values.iter().map(String::as_str));
                let list = self.values.join(", ");
                (
                    Code::NotAChoice,
                    format!("not one of {list}"),
                    did_you_mean(near, "write one of these words"),
                )
            }
            Flaw::NotADate => (Code::NotADate, "not a date".to_owned(), date_help(text, format)),
            Flaw::NotAFlag => (Code::NotAFlag, "neither yes nor no".to_owned(), "write yes or no".to_owned()),
            Flaw::NotANumber => {
                (Code::NotANumber, "not a number".to_owned(), number_help(text, format, self.required))
            }
            Flaw::NotAWeekday => {
                let help = "write weekdays such as mon,thu, or all".to_owned();
                (Code::NotAWeekday, "not a list of weekdays".to_owned(), help)
            }
            Flaw::NotFinite => {
                let rest = if self.required { "" } else { ", or leave the cell empty" };
                (Code::NotFinite, "not a finite number".to_owned(), format!("write a number{rest}"))
            }
            Flaw::NotWhole => {
                (Code::NotWhole, "not a whole number".to_owned(), "write it without a fraction".to_owned())
            }
            Flaw::OutOfRange => (Code::OutOfRange, format!("must be {}", self.range), self.range_help(text)),
            Flaw::TooBig => (
                Code::OutOfRange,
                "beyond 1e15 in size".to_owned(),
                "check the number and its unit".to_owned(),
            ),
        };
        (code, format!("{} is \"{}\": {what}", self.name, shown(text)), help)
    }
}

/// A number in digits, with the file's decimal and thousands signs.
pub(crate) fn parse_number(text: &[u8], format: &Format) -> Result<f64, Flaw> {
    if format.thousands.is_none()
        && let Some(value) = short_number(text, format.decimal)
    {
        return Ok(value);
    }
    long_number(text, format)
}

/// Up to 15 digits with at most one decimal sign: mantissa and power of ten are both exact, so
/// one division rounds correctly.
fn short_number(text: &[u8], decimal: u8) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let (mut mantissa, mut count, mut places) = (0_u64, 0, None);
    for &byte in digits {
        if byte.is_ascii_digit() {
            mantissa = mantissa * 10 + u64::from(byte - b'0');
            count += 1;
            places = places.map(|places| places + 1);
        } else if byte == decimal && places.is_none() {
            places = Some(0);
        } else {
            return None;
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let value = mantissa as f64 / POWERS_OF_TEN[places.unwrap_or(0)];
    Some(if negative { -value } else { value })
}

const POWERS_OF_TEN: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

fn long_number(text: &[u8], format: &Format) -> Result<f64, Flaw> {
    let text = std::str::from_utf8(text).map_err(|_| Flaw::NotANumber)?;
    let plain = match format.thousands {
        Some(sign) if text.contains(sign) => {
            without_groups(text, sign, format.decimal as char).ok_or(Flaw::NotANumber)?
        }
        _ => text.to_owned(),
    };
    let bare = plain.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if ["nan", "inf", "infinity", "#n/a", "#div/0!", "#num!", "#value!", "#ref!"].contains(&bare.as_str()) {
        return Err(Flaw::NotFinite);
    }
    let decimal = format.decimal as char;
    if decimal != '.' && plain.contains('.') {
        return Err(Flaw::NotANumber);
    }
    let value: f64 = plain.replace(decimal, ".").parse().map_err(|_| Flaw::NotANumber)?;
    if value.is_infinite() { Err(Flaw::TooBig) } else { Ok(value) }
}

/// `1.234.567,8` without its group signs; `None` when the groups are not of three digits.
fn without_groups(text: &str, sign: char, decimal: char) -> Option<String> {
    let (whole, rest) = match text.find(decimal) {
        Some(place) => text.split_at(place),
        None => (text, ""),
    };
    let mut groups = whole.trim_start_matches(['+', '-']).split(sign);
    let first = groups.next()?;
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let sound = (1..=3).contains(&first.len()) && digits(first) && groups.all(|g| g.len() == 3 && digits(g));
    (sound && !rest.contains(sign)).then(|| whole.replace(sign, "") + rest)
}

/// A date in the file's form as a day number.
pub(crate) fn parse_date(text: &[u8], format: &Format) -> Result<i32, Flaw> {
    let date = match &format.date {
        None => iso_date(text),
        Some(form) => {
            std::str::from_utf8(text).ok().and_then(|text| NaiveDate::parse_from_str(text, form).ok())
        }
    };
    check_date(day_number(date.ok_or(Flaw::NotADate)?))
}

/// Refuses dates so far away that a line of buckets to them would fill the memory.
pub(crate) fn check_date(day: i32) -> Result<i32, Flaw> {
    const FIRST: i32 = -25_567; // 1900-01-01
    const LAST: i32 = 84_005; // 2199-12-31
    if (FIRST..=LAST).contains(&day) { Ok(day) } else { Err(Flaw::FarDate) }
}

fn iso_date(text: &[u8]) -> Option<NaiveDate> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
    NaiveDate::from_ymd_opt(year, number(&[m1, m2])?, number(&[d1, d2])?)
}

/// yes/no, true/false or 1/0, in any case.
pub(crate) fn parse_flag(text: &[u8]) -> Result<u8, Flaw> {
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    if is(["1", "yes", "true"]) {
        Ok(1)
    } else if is(["0", "no", "false"]) {
        Ok(0)
    } else {
        Err(Flaw::NotAFlag)
    }
}

/// Text without blanks at its ends, no-break ones included.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    loop {
        text = match text {
            [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] | [0xc2, 0xa0, rest @ ..] => rest,
            [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] | [rest @ .., 0xc2, 0xa0] => rest,
            _ => return text,
        }
    }
}

/// A cell's text as messages show it: on one line and not too long.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out = String::new();
    for (index, letter) in text.chars().enumerate() {
        if index == LONGEST {
            out.push('…');
            break;
        }
        if letter.is_control() { out.extend(letter.escape_default()) } else { out.push(letter) }
    }
    out
}

/// The text form of a typed value in memory, for messages.
pub(crate) fn date_text(day: i32) -> String {
    if day == Table::NO_DATE {
        return String::new();
    }
    super::table::date_of(day).map_or_else(|| day.to_string(), |date| date.to_string())
}

fn number_help(text: &str, format: &Format, required: bool) -> String {
    let plain = |candidate: &str| candidate.parse::<f64>().is_ok_and(f64::is_finite);
    let point = format.decimal == b'.';
    if point && text.matches(',').count() == 1 && plain(&text.replace(',', ".")) {
        let mended = text.replace(',', ".");
        return format!(
            "write decimals with a point: {mended} (or declare decimal = \",\" for this table in instance.toml)"
        );
    }
    let bare: String =
        text.chars().filter(|c| !matches!(c, ',' | ' ' | '\'' | '\u{a0}' | '\u{202f}')).collect();
    if point && plain(&bare) {
        return format!("write it without thousands signs: {bare} (or declare thousands in instance.toml)");
    }
    if let Some(share) = text.strip_suffix('%').and_then(|share| share.trim().parse::<f64>().ok()) {
        return format!("write percent as a share: {}", share / 100.0);
    }
    if !point && plain(text) {
        return "this table declares another decimal sign in instance.toml".to_owned();
    }
    if required {
        "write the number in digits".to_owned()
    } else {
        "write the number in digits, or leave the cell empty".to_owned()
    }
}

fn date_help(text: &str, format: &Format) -> String {
    if let Some(form) = &format.date {
        return format!("write dates in the declared form {form}");
    }
    for form in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d"] {
        if let Ok(date) = NaiveDate::parse_from_str(text, form) {
            return format!("write {date} (or declare date = \"{form}\" for this table in instance.toml)");
        }
    }
    "write dates as 2024-12-31, or declare their form for this table in instance.toml".to_owned()
}

fn article(kind: Kind) -> &'static str {
    match kind {
        Kind::Code => "the code",
        Kind::Text => "the text",
        Kind::Number => "the number",
        Kind::Integer => "the whole number",
        Kind::Date => "the date",
        Kind::Flag => "yes or no",
        Kind::Choice => "one of its words",
        Kind::Weekdays => "the weekdays",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Result<f64, Flaw> {
        parse_number(text.as_bytes(), &Format::default())
    }

    #[test]
    fn numbers_are_read_and_others_refused() {
        assert_eq!(number("12.50"), Ok(12.5));
        assert_eq!(number("-0.1"), Ok(-0.1));
        assert_eq!(number("+3"), Ok(3.0));
        assert_eq!(number("1e3"), Ok(1000.0));
        assert_eq!(number("12345678901234567890"), Ok(12_345_678_901_234_567_890.0));
        for text in ["", ".", "-", "12,50", "1.2.3", "0x10", "1 000", "twelve"] {
            assert_eq!(number(text), Err(Flaw::NotANumber), "{text}");
        }
        for text in ["NaN", "-inf", "Infinity", "#N/A"] {
            assert_eq!(number(text), Err(Flaw::NotFinite), "{text}");
        }
        assert_eq!(number("1e400"), Err(Flaw::TooBig));
    }

    #[test]
    fn declared_signs_are_kept_to() {
        let german = Format { decimal: b',', thousands: Some('.'), date: None };
        let read = |text: &str| parse_number(text.as_bytes(), &german);
        assert_eq!(read("1.234.567,5"), Ok(1_234_567.5));
        assert_eq!(read("-12,25"), Ok(-12.25));
        assert_eq!(read("12.50"), Err(Flaw::NotANumber));
        assert_eq!(read("1.23,4"), Err(Flaw::NotANumber));
        let french = Format { decimal: b',', thousands: Some('\u{202f}'), date: None };
        assert_eq!(parse_number("1\u{202f}234,5".as_bytes(), &french), Ok(1234.5));
    }

    #[test]
    fn dates_are_iso_unless_declared() {
        let iso = Format::default();
        assert_eq!(parse_date(b"1970-01-02", &iso), Ok(1));
        for text in ["2024-02-30", "2024-1-1", "01.02.2024", "2024-01-01T00:00:00", "２024-01-01"] {
            assert_eq!(parse_date(text.as_bytes(), &iso), Err(Flaw::NotADate), "{text}");
        }
        assert_eq!(parse_date(b"0202-01-01", &iso), Err(Flaw::FarDate));
        let declared = Format { date: Some("%d.%m.%Y %H:%M".to_owned()), ..Format::default() };
        assert_eq!(parse_date(b"03.01.1970 10:30", &declared), Ok(2));
    }

    #[test]
    fn the_far_ends_of_the_calendar_are_those_stated() {
        let day = |text: &str| day_number(text.parse().unwrap());
        assert!(check_date(day("1900-01-01")).is_ok() && check_date(day("1899-12-31")).is_err());
        assert!(check_date(day("2199-12-31")).is_ok() && check_date(day("2200-01-01")).is_err());
    }

    #[test]
    fn blanks_are_cut_at_the_ends_only() {
        assert_eq!(trim("\u{a0} a b\t ".as_bytes()), b"a b");
        assert_eq!(trim(b"  "), b"");
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..Default::default() })]
        #[test]
        fn the_fast_road_rounds_as_the_slow_one(whole in 0_u64..1_000_000_000, places in 0_u64..1_000_000) {
            let text = format!("-{whole}.{places}");
            prop_assert_eq!(short_number(text.as_bytes(), b'.'), Some(text.parse::<f64>().unwrap()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = number(&String::from_utf8_lossy(&bytes));
            let _ = (parse_date(&bytes, &Format::default()), parse_flag(&bytes), trim(&bytes));
        }
    }
}
