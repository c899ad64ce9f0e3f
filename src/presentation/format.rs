//! How numbers, money and dates are written, for the terminal, the report and
//! its script alike.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Figure, Kind, Measure, Value};

/// What stands for a value that is not known.
const UNKNOWN: &str = "–";
/// No-break space: between a number and its unit no line ends.
const SPACE: char = '\u{a0}';
const MINUS: char = '\u{2212}';
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// From here on a number is written as a power of ten.
const TOO_LONG: f64 = 1e15;

/// How numbers are written.
///
/// ```
/// use purvey::presentation::{Measure, Style};
/// let style = Style::for_currency("EUR");
/// assert_eq!(style.money(-1234.5), "\u{2212}€\u{a0}1,234.50");
/// assert_eq!(style.percent(0.953), "95.3\u{a0}%");
/// assert_eq!(style.number(12.0, &Measure::quantity("pieces")), "12\u{a0}pieces");
/// assert_eq!(style.money(f64::NAN), "–");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    /// Sign or code of the currency (`€`, `CHF`); empty for none.
    pub currency: String,
    /// Whether the sign stands after the amount.
    pub currency_after: bool,
    /// Between groups of three digits; empty for none.
    pub thousands: String,
    /// Between whole and fraction.
    pub decimal: String,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            currency: "€".to_owned(),
            currency_after: false,
            thousands: ",".to_owned(),
            decimal: ".".to_owned(),
        }
    }
}

impl Style {
    /// The default style with the sign of a currency: an ISO code with a well
    /// known sign is written with it, everything else stands as it is.
    #[must_use]
    pub fn for_currency(currency: &str) -> Self {
        let sign = match currency.trim().to_uppercase().as_str() {
            "EUR" => "€",
            "GBP" => "£",
            "USD" => "$",
            "JPY" | "CNY" => "¥",
            "INR" => "₹",
            "KRW" => "₩",
            _ => currency.trim(),
        };
        Style { currency: sign.to_owned(), ..Style::default() }
    }

    /// An amount of money; cents where the amount is below 10,000.
    #[must_use]
    pub fn money(&self, amount: f64) -> String {
        self.number(amount, &Measure::money())
    }

    /// A share: 0.95 is 95 %.
    #[must_use]
    pub fn percent(&self, share: f64) -> String {
        self.number(share, &Measure::percent())
    }

    /// A quantity of a unit; the unit may be empty.
    #[must_use]
    pub fn quantity(&self, quantity: f64, unit: &str) -> String {
        self.number(quantity, &Measure::quantity(unit))
    }

    /// A number as its measure says, with unit.
    #[must_use]
    pub fn number(&self, value: f64, measure: &Measure) -> String {
        if !value.is_finite() {
            return UNKNOWN.to_owned();
        }
        let digits = self.digits(value, measure);
        let (sign, digits) = match digits.strip_prefix(MINUS) {
            Some(digits) => (MINUS.to_string(), digits.to_owned()),
            None => (String::new(), digits),
        };
        match measure.kind {
            Kind::Percent => format!("{sign}{digits}{SPACE}%"),
            Kind::Money if self.currency.is_empty() => sign + &digits,
            Kind::Money if self.currency_after => format!("{sign}{digits}{SPACE}{}", self.currency),
            Kind::Money => format!("{sign}{}{SPACE}{digits}", self.currency),
            Kind::Number if measure.unit.is_empty() => sign + &digits,
            Kind::Number => format!("{sign}{digits}{SPACE}{}", measure.unit),
        }
    }

    /// A number without its unit or currency, for the cells of a column that names it.
    #[must_use]
    pub fn digits(&self, value: f64, measure: &Measure) -> String {
        if !value.is_finite() {
            return UNKNOWN.to_owned();
        }
        let value = if measure.kind == Kind::Percent { value * 100.0 } else { value };
        let decimals = measure.decimals.unwrap_or_else(|| fitting_decimals(value, measure.kind));
        self.grouped(value, usize::from(decimals.min(9)))
    }

    /// A short form for the ticks of an axis: 1,500,000 is 1.5M.
    #[must_use]
    pub fn tick(&self, value: f64, measure: &Measure) -> String {
        if !value.is_finite() {
            return UNKNOWN.to_owned();
        }
        let value = if measure.kind == Kind::Percent { value * 100.0 } else { value };
        let (scaled, suffix) = match value.abs() {
            size if size >= TOO_LONG => return with_minus(format!("{value:.0e}")),
            size if size >= 1e12 => (value / 1e12, "T"),
            size if size >= 1e9 => (value / 1e9, "B"),
            size if size >= 1e6 => (value / 1e6, "M"),
            size if size >= 1e4 => (value / 1e3, "k"),
            _ => (value, ""),
        };
        let digits = self.trimmed(scaled);
        let percent = if measure.kind == Kind::Percent { "%" } else { "" };
        format!("{digits}{suffix}{percent}")
    }

    /// The unit of a measure, for the head of a column or an axis; may be empty.
    #[must_use]
    pub fn unit<'a>(&'a self, measure: &'a Measure) -> &'a str {
        match measure.kind {
            Kind::Money => &self.currency,
            Kind::Percent => "%",
            Kind::Number => &measure.unit,
        }
    }

    /// A day: 6 May 2024.
    #[must_use]
    pub fn date(&self, date: NaiveDate) -> String {
        format!("{}{SPACE}{}{SPACE}{}", date.day(), month(date), date.year())
    }

    /// A day without its year: 6 May.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> String {
        format!("{}{SPACE}{}", date.day(), month(date))
    }

    /// The value of a figure.
    #[must_use]
    pub fn figure(&self, figure: &Figure) -> String {
        match &figure.value {
            Value::Number(value) => self.number(*value, &figure.measure),
            Value::Date(date) => self.date(*date),
            Value::Text(text) => text.clone(),
        }
    }

    /// `value` with up to three decimals, without the zeros at its end.
    fn trimmed(&self, value: f64) -> String {
        let decimals = (0..3).find(|&d| (value * 10f64.powi(d)).fract().abs() < 1e-6).unwrap_or(3);
        self.grouped(value, decimals as usize)
    }

    /// `value` with its digits in groups of three.
    fn grouped(&self, value: f64, decimals: usize) -> String {
        if value.abs() >= TOO_LONG {
            return with_minus(format!("{value:.2e}"));
        }
        let plain = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = String::with_capacity(plain.len() + 8);
        if value < 0.0 && plain.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
            text.push(MINUS);
        }
        for (i, digit) in whole.char_indices() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                text.push_str(&self.thousands);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push_str(&self.decimal);
            text.push_str(fraction);
        }
        text
    }
}

/// The text with a true minus in place of each hyphen.
fn with_minus(text: String) -> String {
    text.replace('-', MINUS.encode_utf8(&mut [0; 4]))
}

/// As many decimals as a number of this size deserves.
fn fitting_decimals(value: f64, kind: Kind) -> u8 {
    let size = value.abs();
    let whole = value.fract() == 0.0;
    match kind {
        Kind::Money if size >= 10_000.0 || whole => 0,
        Kind::Money => 2,
        _ if whole || size >= 1000.0 => 0,
        Kind::Percent => 1,
        Kind::Number if size >= 10.0 => 1,
        Kind::Number => 2,
    }
}

/// Short name of a date's month.
fn month(date: NaiveDate) -> &'static str {
    MONTHS.get(date.month0() as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn plain(value: f64) -> String {
        Style::default().digits(value, &Measure::number())
    }

    #[test]
    fn groups_of_three_digits_and_fitting_decimals() {
        assert_eq!(plain(0.0), "0");
        assert_eq!(plain(1234567.0), "1,234,567");
        assert_eq!(plain(999.96), "1,000.0");
        assert_eq!(plain(-0.001), "0.00");
        assert_eq!(plain(-12.34), "\u{2212}12.3");
        assert_eq!(plain(1.0e300), "1.00e300");
    }

    #[test]
    fn unknown_values_are_dashes_in_every_form() {
        let style = Style::default();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for measure in [Measure::money(), Measure::percent(), Measure::quantity("kg")] {
                assert_eq!(style.number(value, &measure), "–");
                assert_eq!(style.tick(value, &measure), "–");
            }
        }
    }

    #[test]
    fn style_settings_take_effect() {
        let style = Style {
            currency: "kr".to_owned(),
            currency_after: true,
            thousands: ".".to_owned(),
            decimal: ",".to_owned(),
        };
        assert_eq!(style.money(-1234.56), "\u{2212}1.234,56\u{a0}kr");
        assert_eq!(Style::for_currency("usd").money(3.0), "$\u{a0}3");
        assert_eq!(Style::for_currency("").money(3.5), "3.50");
    }

    #[test]
    fn ticks_are_short() {
        let style = Style::default();
        assert_eq!(style.tick(1_500_000.0, &Measure::money()), "1.5M");
        assert_eq!(style.tick(2_500.0, &Measure::money()), "2,500");
        assert_eq!(style.tick(12_500.0, &Measure::money()), "12.5k");
        assert_eq!(style.tick(0.25, &Measure::percent()), "25%");
    }

    #[test]
    fn dates_name_their_month() {
        let date = NaiveDate::from_ymd_opt(2024, 5, 6).unwrap();
        assert_eq!(Style::default().date(date), "6\u{a0}May\u{a0}2024");
    }
}
