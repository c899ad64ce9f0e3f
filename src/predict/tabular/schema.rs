//! What a model knows of its columns, and how cells become the numbers it learns from.

use chrono::{Datelike, Timelike};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::bins::OWN_CODES;
use super::frame::{Cells, Frame};
use super::notes::Note;

/// A value further outside than this share of the range it was learned on is told.
const FAR: f64 = 0.1;

/// Categories with more levels than this are also told by the mean of the target.
const LEVELS_FOR_MEANS: usize = 48;

/// Categories of at least this many levels, nearly all different, say nothing.
const NAMES: usize = 100;

/// A column that the model learns from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Its title.
    pub name: String,
    /// Its type and what was seen of it.
    pub kind: FeatureKind,
    /// Share of its cells that were blank.
    pub blanks: f64,
}

/// Type of a column and what was seen of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// Numbers between `low` and `high`.
    Number {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Words, the commonest first.
    Category {
        /// The words.
        levels: Vec<String>,
    },
    /// Words that are known by one of so many buckets only; new words need no new place.
    Hashed {
        /// Number of buckets.
        buckets: u32,
    },
    /// Days since 1970-01-01 between `first` and `last`.
    Day {
        /// First day.
        first: f64,
        /// Last day.
        last: f64,
        /// Whether hours differ.
        has_hours: bool,
    },
}

impl FeatureKind {
    /// Its word in texts.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            FeatureKind::Number { .. } => "number",
            FeatureKind::Category { .. } => "category",
            FeatureKind::Hashed { .. } => "hashed",
            FeatureKind::Day { .. } => "date",
        }
    }
}

/// What a number of a row says about a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    Value,
    Code,
    Month,
    Weekday,
    DayOfMonth,
    Hour,
    /// The mean of the target by code.
    Mean,
}

/// One number of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) feature: usize,
    pub(crate) part: Part,
}

/// The columns of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The columns, in order.
    pub features: Vec<Feature>,
}

impl Schema {
    /// Looks at every column; those that can say nothing are left out with a note.
    pub(crate) fn of(frame: &Frame, hashing: &Hashing, notes: &mut Vec<Note>) -> Self {
        let looks: Vec<Result<Feature, Note>> = frame
            .columns()
            .par_iter()
            .map(|(name, cells)| match hashing.buckets_of(name, cells) {
                Some(buckets) => Feature::hashed(name, cells, buckets),
                None => Feature::of(name, cells),
            })
            .collect();
        let mut features = Vec::new();
        for look in looks {
            match look {
                Ok(feature) => features.push(feature),
                Err(note) => notes.push(note),
            }
        }
        Schema { features }
    }

    /// The numbers of a row with so many means of each column of many words: those that need no
    /// target first.
    pub(crate) fn inputs(&self, means: usize) -> Vec<Input> {
        let mut inputs = Vec::new();
        for (feature, known) in self.features.iter().enumerate() {
            let parts: &[Part] = match &known.kind {
                FeatureKind::Number { .. } => &[Part::Value],
                FeatureKind::Category { .. } | FeatureKind::Hashed { .. } => &[Part::Code],
                FeatureKind::Day { has_hours: false, .. } => {
                    &[Part::Value, Part::Month, Part::Weekday, Part::DayOfMonth]
                }
                FeatureKind::Day { .. } => {
                    &[Part::Value, Part::Month, Part::Weekday, Part::DayOfMonth, Part::Hour]
                }
            };
            inputs.extend(parts.iter().map(|&part| Input { feature, part }));
        }
        let many = self.features.iter().enumerate().filter(|(_, known)| known.is_many_valued());
        inputs.extend(
            many.flat_map(|(feature, _)| (0..means).map(move |_| Input { feature, part: Part::Mean })),
        );
        inputs
    }

    /// Columns that are also told by means of the target.
    pub(crate) fn many_valued(&self) -> usize {
        self.features.iter().filter(|feature| feature.is_many_valued()).count()
    }

    /// The numbers of all rows that need no target, `[input][row]`; a blank is NaN, an unknown word the number of known ones.
    ///
    /// The frame must hold every feature as its kind ([`Schema::review`] sees to it).
    pub(crate) fn encode(&self, frame: &Frame) -> Vec<Vec<f32>> {
        let inputs: Vec<Input> = self.inputs(0);
        inputs
            .par_iter()
            .map(|input| {
                let feature = &self.features[input.feature];
                match (frame.column(&feature.name), &feature.kind) {
                    (Some(Cells::Category(words)), FeatureKind::Category { levels }) => {
                        let codes = codes_of(words.words(), levels);
                        words.index().iter().map(|index| codes[*index as usize]).collect()
                    }
                    (Some(cells), FeatureKind::Hashed { buckets }) => buckets_of(cells, *buckets),
                    (Some(Cells::Day(days)), _) => {
                        days.iter().map(|day| day_part(*day, input.part)).collect()
                    }
                    (Some(Cells::Number(numbers)), _) => numbers.iter().map(|x| *x as f32).collect(),
                    _ => vec![f32::NAN; frame.rows()],
                }
            })
            .collect()
    }

    /// Brings new rows into the form of the model's columns and says what is unusual about them.
    ///
    /// # Errors
    /// A note for each column that is missing or of another type.
    pub(crate) fn review(&self, frame: &Frame) -> Result<(Frame, Vec<Note>), Vec<Note>> {
        let mut notes = Vec::new();
        let mut faults = Vec::new();
        let mut fit = Frame::default();
        for feature in &self.features {
            let Some(cells) = frame.column(&feature.name) else {
                faults.push(Note::MissingColumn { column: feature.name.clone() });
                continue;
            };
            match feature.take(cells, &mut notes) {
                Some(cells) => fit = fit.with(feature.name.clone(), cells),
                None => faults
                    .push(Note::OtherType { column: feature.name.clone(), wanted: feature.kind.as_str() }),
            }
        }
        if faults.is_empty() { Ok((fit, notes)) } else { Err(faults) }
    }
}

impl Feature {
    /// Whether it is also told by the mean of the target.
    pub(crate) fn is_many_valued(&self) -> bool {
        match &self.kind {
            FeatureKind::Category { levels } => levels.len() > LEVELS_FOR_MEANS,
            FeatureKind::Hashed { .. } => true,
            FeatureKind::Number { .. } | FeatureKind::Day { .. } => false,
        }
    }

    fn hashed(name: &str, cells: &Cells, buckets: u32) -> Result<Self, Note> {
        let name = name.to_owned();
        let told = buckets_of(cells, buckets);
        let blank = told.iter().filter(|code| code.is_nan()).count();
        let mut filled = told.iter().filter(|code| !code.is_nan());
        let first = filled.next();
        if blank == told.len() || (blank == 0 && filled.all(|code| Some(code) == first)) {
            return Err(Note::OneValue { column: name });
        }
        let blanks = blank as f64 / told.len().max(1) as f64;
        Ok(Feature { name, kind: FeatureKind::Hashed { buckets }, blanks })
    }

    fn of(name: &str, cells: &Cells) -> Result<Self, Note> {
        let name = name.to_owned();
        let (kind, blank, rows) = match cells {
            Cells::Number(values) => {
                let (low, high, blank) = range(values);
                if counts_rows(values) {
                    return Err(Note::CountsRows { column: name });
                }
                (FeatureKind::Number { low, high }, blank, values.len())
            }
            Cells::Day(values) => {
                let (first, last, blank) = range(values);
                let has_hours = values.iter().any(|day| day.fract() != 0.0 && !day.is_nan());
                (FeatureKind::Day { first, last, has_hours }, blank, values.len())
            }
            Cells::Category(words) => {
                let mut counts: Vec<(usize, usize)> = (0..words.words().len()).map(|at| (0, at)).collect();
                words.index().iter().for_each(|index| counts[*index as usize].0 += 1);
                let blank = words.find("").map_or(0, |index| counts[index as usize].0);
                counts.retain(|(count, at)| *count > 0 && !words.words()[*at].is_empty());
                let filled = words.index().len() - blank;
                if counts.len() >= NAMES && counts.len() as f64 > 0.9 * filled as f64 {
                    return Err(Note::NearlyAllDifferent { column: name, words: counts.len() });
                }
                counts.sort_by_key(|(count, at)| (std::cmp::Reverse(*count), *at));
                let levels: Vec<String> = counts.iter().map(|(_, at)| words.words()[*at].clone()).collect();
                (FeatureKind::Category { levels }, blank, words.index().len())
            }
        };
        let same = match &kind {
            FeatureKind::Number { low: a, high: b } | FeatureKind::Day { first: a, last: b, .. } => a >= b,
            FeatureKind::Category { levels } => levels.len() <= 1,
            FeatureKind::Hashed { .. } => false,
        };
        if blank == rows || (same && blank == 0) {
            return Err(Note::OneValue { column: name });
        }
        Ok(Feature { name, kind, blanks: blank as f64 / rows.max(1) as f64 })
    }

    /// The cells of new rows in this feature's type, with notes on what was never seen; `None` where they have another type.
    fn take(&self, cells: &Cells, notes: &mut Vec<Note>) -> Option<Cells> {
        match (&self.kind, cells) {
            (FeatureKind::Number { low, high }, Cells::Number(values)) => {
                self.note_far(values, *low, *high, false, notes);
                Some(cells.clone())
            }
            (FeatureKind::Day { first, last, .. }, Cells::Day(values)) => {
                self.note_far(values, *first, *last, true, notes);
                Some(cells.clone())
            }
            (FeatureKind::Hashed { buckets }, _) => {
                self.note_blanks(buckets_of(cells, *buckets).iter().map(|code| code.is_nan()), notes);
                Some(cells.clone())
            }
            (FeatureKind::Category { levels }, _) => {
                let words = match cells {
                    Cells::Category(words) => words.clone(),
                    Cells::Number(values) => values
                        .iter()
                        .map(|x| if x.is_nan() { String::new() } else { x.to_string() })
                        .collect(),
                    Cells::Day(_) => return None,
                };
                self.note_unseen(&words, levels, notes);
                Some(Cells::Category(words))
            }
            // A column in which every cell is blank has no type of its own.
            (_, Cells::Category(words)) if words.words().iter().all(String::is_empty) => {
                let blanks = vec![f64::NAN; words.index().len()];
                Some(match self.kind {
                    FeatureKind::Day { .. } => Cells::Day(blanks),
                    _ => Cells::Number(blanks),
                })
            }
            _ => None,
        }
    }

    fn note_far(&self, values: &[f64], low: f64, high: f64, is_day: bool, notes: &mut Vec<Note>) {
        let reach = FAR * (high - low);
        let is_far = |x: &f64| *x < low - reach || *x > high + reach;
        let rows: Vec<usize> = (0..values.len()).filter(|row| is_far(&values[*row])).collect();
        if let Some(&row) = rows.first() {
            let column = self.name.clone();
            let value = values[row];
            notes.push(Note::FarOutside { column, row, rows: rows.len(), value, low, high, is_day });
        }
        self.note_blanks(values.iter().map(|x| x.is_nan()), notes);
    }

    fn note_unseen(&self, words: &crate::data::TextColumn, levels: &[String], notes: &mut Vec<Note>) {
        let codes = codes_of(words.words(), levels);
        let unseen = |index: u32| codes[index as usize] >= levels.len() as f32;
        let rows: Vec<usize> = (0..words.index().len()).filter(|row| unseen(words.index()[*row])).collect();
        if let Some(&row) = rows.first() {
            let word = words.get(row).to_owned();
            notes.push(Note::Unseen { column: self.name.clone(), row, rows: rows.len(), word });
        }
        self.note_blanks(words.index().iter().map(|index| codes[*index as usize].is_nan()), notes);
    }

    /// Blanks in a column that never had one.
    fn note_blanks(&self, blank: impl Iterator<Item = bool>, notes: &mut Vec<Note>) {
        if self.blanks > 0.0 {
            return;
        }
        let rows: Vec<usize> = blank.enumerate().filter(|(_, blank)| *blank).map(|(row, _)| row).collect();
        if let Some(&row) = rows.first() {
            notes.push(Note::NewBlank { column: self.name.clone(), row, rows: rows.len() });
        }
    }
}

/// Which columns are hashed, and into how many buckets.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Hashing {
    /// Their names.
    pub(crate) columns: Vec<String>,
    /// Whether all columns of words are.
    pub(crate) all_words: bool,
    pub(crate) buckets: u32,
}

impl Hashing {
    fn buckets_of(&self, name: &str, cells: &Cells) -> Option<u32> {
        let is_word = matches!(cells, Cells::Category(_));
        (self.columns.iter().any(|known| known == name) || (self.all_words && is_word))
            .then_some(self.buckets)
    }
}

/// The bucket of a word: FNV-1a, G. Fowler, L. C. Noll, K.-P. Vo (1991), with its bits mixed
/// once more. Saved models rely on it.
pub(crate) fn bucket(word: &str, buckets: u32) -> u32 {
    let hash = word
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (mix(hash) % u64::from(buckets.max(1))) as u32
}

/// Mixes the bits of a number.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ (x >> 32)
}

/// The bucket of each cell; NaN where blank.
fn buckets_of(cells: &Cells, buckets: u32) -> Vec<f32> {
    let of_word = |word: &str| if word.is_empty() { f32::NAN } else { bucket(word, buckets) as f32 };
    match cells {
        Cells::Category(words) => {
            let by_word: Vec<f32> = words.words().iter().map(|word| of_word(word)).collect();
            words.index().iter().map(|index| by_word[*index as usize]).collect()
        }
        Cells::Number(values) | Cells::Day(values) => values
            .iter()
            .map(|x| if x.is_nan() { f32::NAN } else { bucket(&x.to_string(), buckets) as f32 })
            .collect(),
    }
}

/// For each word its place among the levels; NaN where blank, the number of levels where unknown.
fn codes_of(words: &[String], levels: &[String]) -> Vec<f32> {
    let known: FxHashMap<&str, usize> =
        levels.iter().enumerate().map(|(code, word)| (word.as_str(), code)).collect();
    words
        .iter()
        .map(|word| match known.get(word.as_str()) {
            _ if word.is_empty() => f32::NAN,
            Some(&code) => code as f32,
            // Where every known word has a bin of its own, this leads to the bin of others.
            None => levels.len().max(OWN_CODES) as f32,
        })
        .collect()
}

fn range(values: &[f64]) -> (f64, f64, usize) {
    let filled = values.iter().copied().filter(|x| !x.is_nan());
    let low = filled.clone().fold(f64::INFINITY, f64::min);
    let high = filled.clone().fold(f64::NEG_INFINITY, f64::max);
    (low, high, values.len() - filled.count())
}

/// Whether a column is 0, 1, 2 … from any start.
fn counts_rows(values: &[f64]) -> bool {
    values.len() >= NAMES && values.windows(2).all(|pair| pair[1] - pair[0] == 1.0)
}

fn day_part(day: f64, part: Part) -> f32 {
    if day.is_nan() {
        return f32::NAN;
    }
    let Some(time) = chrono::DateTime::from_timestamp((day * 86_400.0).round() as i64, 0) else {
        return f32::NAN;
    };
    match part {
        Part::Month => time.month() as f32,
        Part::Weekday => time.weekday().num_days_from_monday() as f32,
        Part::DayOfMonth => time.day() as f32,
        Part::Hour => time.hour() as f32 + time.minute() as f32 / 60.0,
        Part::Value | Part::Code | Part::Mean => day as f32,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::data::Table;

    fn frame() -> Frame {
        let table = Table::new("t")
            .with_number("size", (0..200).map(|k| f64::from(k % 7)))
            .with_text("kind", (0..200).map(|k| if k % 3 == 0 { "a" } else { "b" }))
            .with_text("sold", (0..200).map(|k| format!("2024-01-{:02} {:02}:00", k % 28 + 1, k % 24)))
            .with_number("row", (0..200).map(f64::from))
            .with_text("name", (0..200).map(|k| format!("n{k}")))
            .with_number("same", [4.0; 200]);
        Frame::of(&table, &[])
    }

    #[test]
    fn types_are_found_and_useless_columns_left_out() {
        let mut notes = Vec::new();
        let schema = Schema::of(&frame(), &Hashing::default(), &mut notes);
        let kinds: Vec<(&str, &str)> =
            schema.features.iter().map(|f| (f.name.as_str(), f.kind.as_str())).collect();
        assert_eq!(kinds, [("size", "number"), ("kind", "category"), ("sold", "date")]);
        assert_eq!(notes.len(), 3);
        let levels = ["b", "a"].map(String::from).to_vec();
        assert_eq!(schema.features[1].kind, FeatureKind::Category { levels });
        let columns = schema.encode(&frame());
        assert_eq!(columns.len(), schema.inputs(1).len());
        assert_eq!([columns[1][0], columns[1][1]], [1.0, 0.0]);
        // 2024-01-03 02:00 was a Wednesday.
        assert_eq!([columns[3][2], columns[4][2], columns[5][2], columns[6][2]], [1.0, 2.0, 3.0, 2.0]);
    }

    #[test]
    fn what_is_new_is_said() {
        let schema = Schema::of(&frame(), &Hashing::default(), &mut Vec::new());
        let table = Table::new("t")
            .with_number("size", [1.0, 60.0, f64::NAN])
            .with_text("kind", ["a", "z", "z"])
            .with_text("sold", ["2024-01-02 11:30", "", "2031-01-01"]);
        let (_, notes) = schema.review(&Frame::of(&table, &[])).unwrap();
        let told: Vec<String> = notes.iter().map(Note::text).collect();
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(told.iter().any(|text| text.contains("\"z\"")), "{told:?}");
        let missing = schema.review(&Frame::of(&table, &["kind"])).unwrap_err();
        assert_eq!(missing, [Note::MissingColumn { column: "kind".to_owned() }]);
        let other = table.with_text("size", ["x", "y", "z"]);
        assert_eq!(schema.review(&Frame::of(&other, &[])).unwrap_err().len(), 1);
    }
}
