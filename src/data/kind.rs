//! Types of cells and settings, and ranges of numbers.

use std::fmt;

use serde::Deserialize;

/// Type of a cell or a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A name of something: text in which `00123` and `123` differ.
    Code,
    /// Free text.
    Text,
    /// A finite number.
    Number,
    /// A whole number.
    Integer,
    /// A calendar day.
    Date,
    /// Yes or no.
    Flag,
    /// One of a few words.
    Choice,
    /// A list of weekdays, `mon,thu`.
    Weekdays,
}

impl Kind {
    /// Its word in schemas and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Code => "code",
            Kind::Text => "text",
            Kind::Number => "number",
            Kind::Integer => "integer",
            Kind::Date => "date",
            Kind::Flag => "flag",
            Kind::Choice => "choice",
            Kind::Weekdays => "weekdays",
        }
    }
}

/// An interval of allowed numbers.
///
/// ```
/// use purvey::data::Range;
/// let share = Range { above: Some(0.0), max: Some(1.0), ..Range::default() };
/// assert!(share.contains(1.0) && !share.contains(0.0));
/// assert_eq!(share.to_string(), "above 0 and at most 1");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Range {
    /// Least value.
    pub min: Option<f64>,
    /// Values are greater than this.
    pub above: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
    /// Values are less than this.
    pub below: Option<f64>,
}

impl Range {
    /// Whether `value` lies inside; NaN never does.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        !value.is_nan()
            && self.min.is_none_or(|bound| value >= bound)
            && self.above.is_none_or(|bound| value > bound)
            && self.max.is_none_or(|bound| value <= bound)
            && self.below.is_none_or(|bound| value < bound)
    }

    /// Whether every number is allowed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Range::default()
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds =
            [("at least", self.min), ("above", self.above), ("at most", self.max), ("below", self.below)];
        let mut first = true;
        for (word, bound) in bounds {
            if let Some(bound) = bound {
                write!(f, "{}{word} {bound}", if first { "" } else { " and " })?;
                first = false;
            }
        }
        if first { f.write_str("any number") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_tells_each_bound_apart() {
        let half_open = Range { min: Some(0.0), below: Some(1.0), ..Range::default() };
        assert!(half_open.contains(0.0) && half_open.contains(0.5));
        assert!(!half_open.contains(1.0) && !half_open.contains(-0.1) && !half_open.contains(f64::NAN));
        assert_eq!(half_open.to_string(), "at least 0 and below 1");
    }
}
