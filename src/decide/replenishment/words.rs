//! Amounts, dates and limits in a planner's words, for every sentence that speaks of a plan.

use chrono::NaiveDate;

use super::model::Family;
use super::problem::Problem;
use crate::data::Bucket;
use crate::presentation::Measure;

/// Worth below which cents say too little.
const SMALL: f64 = 0.1;

/// What a limit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Money.
    Money,
    /// Pieces of whatever is ordered.
    Units,
    /// Cubic metres.
    Volume,
    /// Kilograms.
    Weight,
}

impl Unit {
    /// What a shared limit is counted in.
    pub(crate) fn of(family: Family) -> Self {
        match family {
            Family::Budget | Family::SupplierBudget(_) | Family::MinimumMoney(..) => Unit::Money,
            Family::CapacityUnits(..) | Family::Header(..) => Unit::Units,
            Family::CapacityVolume(..) | Family::MinimumVolume(..) | Family::Storage(..) => Unit::Volume,
            Family::CapacityWeight(..) => Unit::Weight,
        }
    }

    /// Its name: the currency, units, m3 or kg.
    #[must_use]
    pub fn name(self, problem: &Problem) -> &str {
        match self {
            Unit::Money if problem.currency.is_empty() => "money",
            Unit::Money => &problem.currency,
            Unit::Units => "units",
            Unit::Volume => "m3",
            Unit::Weight => "kg",
        }
    }

    /// So much of it.
    pub(crate) fn amount(self, problem: &Problem, number: f64) -> String {
        match self {
            Unit::Money => money(problem, number),
            _ => format!("{} {}", amount(number), self.name(problem)),
        }
    }

    /// One more of it, or one less where a least amount holds the plan back.
    pub(crate) fn one_more(self, problem: &Problem, is_least: bool) -> String {
        let one = match self {
            Unit::Money if problem.currency.is_empty() => "unit of money",
            Unit::Units => "unit",
            _ => self.name(problem),
        };
        if is_least { format!("one {one} less") } else { format!("one more {one}") }
    }
}

/// An amount of money in the currency of the problem.
pub(crate) fn money(problem: &Problem, number: f64) -> String {
    plain(problem.style().money((number * 100.0).round() / 100.0))
}

/// What one unit of a limit is worth: to four decimals where it is small.
pub(crate) fn worth(problem: &Problem, value: f64) -> String {
    let decimals = if value < SMALL { 4 } else { 2 };
    plain(problem.style().number(value, &Measure::money().with_decimals(decimals)))
}

fn plain(text: String) -> String {
    text.replace('\u{a0}', " ")
}

/// A day: 5 Feb 2024.
pub(crate) fn day(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

/// When a bucket of the horizon is: `in the week of 5 Feb 2024`.
pub(crate) fn in_bucket(problem: &Problem, bucket: usize) -> String {
    let start = problem.buckets.start_of(bucket as i64);
    match problem.bucket() {
        Bucket::Day => format!("on {}", day(start)),
        Bucket::Week => format!("in the week of {}", day(start)),
        Bucket::Month => start.format("in %B %Y").to_string(),
    }
}

/// The word for a bucket.
pub(crate) fn bucket_word(problem: &Problem) -> &'static str {
    match problem.bucket() {
        Bucket::Day => "day",
        Bucket::Week => "week",
        Bucket::Month => "month",
    }
}

/// `1 week`, `4 weeks`.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// A number with at most three decimals and no idle zeros.
pub(crate) fn amount(number: f64) -> String {
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
