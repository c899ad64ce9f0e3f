//! Whether a column is a number or a class, and which classes it holds.

use rustc_hash::FxHashMap;

use crate::data::{Code, Column, Fault, Faults, Kind, Severity, Table, Wanted};
use crate::predict::tabular::Classifier;

/// Whole numbers are classes where so few are different.
const FEW_NUMBERS: usize = 10;
/// Each of them must stand in so many rows on average.
const ROWS_OF_NUMBER: usize = 10;

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A number.
    Regression,
    /// A class.
    Classification,
}

impl Task {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Regression => "regression",
            Task::Classification => "classification",
        }
    }
}

/// A task, and why it is that one.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskFound {
    /// The task.
    pub task: Task,
    /// The reason, in words.
    pub because: String,
}

/// Columns of a file to learn from, of which `target` may hold numbers or words, without those
/// of `drop`; those of `hash` are read as words.
#[must_use]
pub fn open_columns<'a>(target: &'a str, drop: &'a [String], hash: &'a [String]) -> Wanted<'a> {
    let without = drop.iter().map(String::as_str).collect();
    let words = hash.iter().map(|name| (name.as_str(), Some(Kind::Text)));
    Wanted { without, known: [(target, None)].into_iter().chain(words).collect(), ..Wanted::default() }
}

/// The same columns, of which `target` must hold nothing but numbers.
#[must_use]
pub fn strict_columns<'a>(target: &'a str, open: Wanted<'a>) -> Wanted<'a> {
    let known = open.known.into_iter().filter(|(name, _)| *name != target).collect();
    Wanted { known, strict: vec![target], ..open }
}

/// Columns of a file whose rows `model` is to predict; with `is_truth_needed` the target must be there.
#[must_use]
pub fn class_columns(model: &Classifier, is_truth_needed: bool) -> Wanted<'_> {
    let mut known = super::known_columns(model.schema());
    let mut maybe_words = Vec::new();
    if is_truth_needed {
        known.push((model.target(), Some(Kind::Text)));
    } else {
        maybe_words.push(model.target());
    }
    Wanted { known, maybe_words, only_named: true, ..Wanted::default() }
}

/// What the column `target` asks for: words are classes, and so are few different whole numbers.
///
/// ```
/// use purvey::data::Table;
/// use purvey::decide::learn::{Task, task_of};
/// let table = Table::new("t")
///     .with_text("churn", (0..40).map(|k| if k % 3 == 0 { "yes" } else { "no" }))
///     .with_number("clicks", (0..40).map(|k| f64::from(k % 2)))
///     .with_number("price", (0..40).map(|k| f64::from(k) + 0.5));
/// let tasks = ["churn", "clicks", "price"].map(|target| task_of(&table, target).task);
/// assert_eq!(tasks, [Task::Classification, Task::Classification, Task::Regression]);
/// ```
#[must_use]
pub fn task_of(table: &Table, target: &str) -> TaskFound {
    let found = |task, because: String| TaskFound { task, because };
    match table.column(target) {
        Some(Column::Text(words)) => {
            let filled: Vec<&String> = words.words().iter().filter(|word| !word.is_empty()).collect();
            let numbers = filled.iter().filter(|word| is_plain_number(word)).count();
            if 2 * numbers > filled.len() {
                return found(Task::Regression, format!("{target} holds numbers, and words that are none"));
            }
            found(Task::Classification, format!("{target} holds {} different words", filled.len()))
        }
        Some(Column::Flag(_)) => found(Task::Classification, format!("{target} is yes or no")),
        Some(Column::Number(numbers)) => {
            let few = few_whole_numbers(numbers);
            let rows = numbers.iter().filter(|x| !x.is_nan()).count();
            match few {
                Some(different) if different >= 2 && rows >= different * ROWS_OF_NUMBER => {
                    found(Task::Classification, format!("{target} holds {different} different whole numbers"))
                }
                _ => found(Task::Regression, format!("{target} holds numbers")),
            }
        }
        Some(Column::Date(_)) | None => found(Task::Regression, format!("{target} holds no words")),
    }
}

/// Numbers, but no codes such as 007.
fn is_plain_number(word: &str) -> bool {
    let padded = word.len() > 1 && word.starts_with('0') && !word.starts_with("0.");
    !padded && word.parse::<f64>().is_ok_and(f64::is_finite)
}

/// How many different whole numbers there are; `None` where they are many, or not whole.
fn few_whole_numbers(numbers: &[f64]) -> Option<usize> {
    let mut different: Vec<f64> = Vec::new();
    for x in numbers.iter().filter(|x| !x.is_nan()) {
        if x.fract() != 0.0 {
            return None;
        }
        if !different.contains(x) {
            different.push(*x);
        }
        if different.len() > FEW_NUMBERS {
            return None;
        }
    }
    Some(different.len())
}

/// Classes in order, and the class of each row; `None` where the cell is blank.
pub(super) struct Labels {
    pub(super) classes: Vec<String>,
    pub(super) of_rows: Vec<Option<u32>>,
}

impl Labels {
    /// The classes of a column: numbers in ascending order, else words in alphabetical order.
    pub(super) fn of(table: &Table, target: &str) -> Result<Self, Faults> {
        let words = words_of(table, target)?;
        let mut classes: Vec<String> = Vec::new();
        let mut seen: FxHashMap<&str, ()> = FxHashMap::default();
        for word in words.iter().filter(|word| !word.is_empty()) {
            if seen.insert(word, ()).is_none() {
                classes.push(word.clone());
            }
        }
        let number = |word: &str| word.parse::<f64>().ok().filter(|x| !x.is_nan());
        if classes.iter().all(|word| number(word).is_some()) {
            classes.sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
        } else {
            classes.sort();
        }
        let of_rows = places(&words, &classes);
        Ok(Labels { classes, of_rows })
    }

    /// The classes of new rows among those of a model; words that are none of them are blank,
    /// and told as faults of `severity`.
    pub(super) fn among(
        table: &Table,
        model: &Classifier,
        severity: Severity,
        notices: &mut Faults,
    ) -> Result<Vec<Option<u32>>, Faults> {
        let target = model.target();
        let words = words_of(table, target)?;
        let of_rows = places(&words, model.classes());
        let is_strange = |row: &usize| of_rows[*row].is_none() && !words[*row].is_empty();
        let strange: Vec<usize> = (0..words.len()).filter(is_strange).collect();
        if let Some(&row) = strange.first() {
            let more = match strange.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more rows)"),
            };
            let message = format!("{target} is \"{}\", which is no class of the model{more}", words[row]);
            let help = format!("the model knows {}", model.classes().join(", "));
            let fault = Fault::error(Code::NotAChoice, table.file(), message).with_severity(severity);
            notices.push(fault.at_row(table.row_number(row)).in_column(target, &words[row]).with_help(help));
        }
        Ok(of_rows)
    }
}

/// The place of each word among the classes; numbers are alike however they are written.
fn places(words: &[String], classes: &[String]) -> Vec<Option<u32>> {
    let places: FxHashMap<&str, u32> =
        classes.iter().enumerate().map(|(at, class)| (class.as_str(), at as u32)).collect();
    let values: Vec<Option<f64>> = classes.iter().map(|class| class.parse().ok()).collect();
    let mut met: FxHashMap<&str, Option<u32>> = FxHashMap::default();
    let place = |word: &str| {
        places.get(word).copied().or_else(|| {
            let value: f64 = word.parse().ok()?;
            values.iter().position(|known| *known == Some(value)).map(|at| at as u32)
        })
    };
    words.iter().map(|word| *met.entry(word).or_insert_with(|| place(word))).collect()
}

/// The cells of a column as words; blank where empty.
fn words_of(table: &Table, target: &str) -> Result<Vec<String>, Faults> {
    match table.column(target) {
        Some(Column::Text(words)) => Ok((0..table.len()).map(|row| words.get(row).to_owned()).collect()),
        Some(Column::Number(numbers)) => {
            // Zero with a minus is the same number.
            let word = |x: &f64| if x.is_nan() { String::new() } else { (x + 0.0).to_string() };
            Ok(numbers.iter().map(word).collect())
        }
        Some(Column::Flag(flags)) => {
            let word = |flag: &u8| match flag {
                0 => "false",
                1 => "true",
                _ => "",
            };
            Ok(flags.iter().map(|flag| word(flag).to_owned()).collect())
        }
        Some(Column::Date(_)) | None => {
            let fault = Fault::error(Code::MissingColumn, table.file(), "there are no classes to predict");
            Err(fault
                .in_column(target, "")
                .with_help("name a column of words or of few whole numbers")
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn classes_have_an_order_and_numbers_one_form() {
        let table = Table::new("t")
            .with_number("grade", [10.0, 9.0, f64::NAN, 10.0])
            .with_text("kind", ["b", "", "a", "b"]);
        let grades = Labels::of(&table, "grade").unwrap();
        assert_eq!(
            (grades.classes.join(" "), grades.of_rows),
            ("9 10".to_owned(), vec![Some(1), Some(0), None, Some(1)])
        );
        let zeros = Labels::of(&Table::new("t").with_number("x", [0.0, -0.0, 1.0]), "x").unwrap();
        assert_eq!(
            (zeros.classes.join(" "), zeros.of_rows),
            ("0 1".to_owned(), vec![Some(0), Some(0), Some(1)])
        );
        let kinds = Labels::of(&table, "kind").unwrap();
        assert_eq!(
            (kinds.classes.join(" "), kinds.of_rows),
            ("a b".to_owned(), vec![Some(1), None, Some(0), Some(1)])
        );
        let written = ["10.0", "9", "x", ""].map(String::from);
        assert_eq!(places(&written, &["9".to_owned(), "10".to_owned()]), [Some(1), Some(0), None, None]);
    }

    #[test]
    fn codes_are_classes_and_many_numbers_are_not() {
        let table = Table::new("t")
            .with_text("code", (0..50).map(|k| ["01", "02", "03"][k % 3]))
            .with_text("slips", (0..50).map(|k| if k == 7 { "x".to_owned() } else { k.to_string() }))
            .with_number("count", (0..50).map(|k| f64::from(k % 11)));
        let tasks = ["code", "slips", "count"].map(|target| task_of(&table, target).task);
        assert_eq!(tasks, [Task::Classification, Task::Regression, Task::Regression]);
    }
}
