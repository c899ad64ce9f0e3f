//! The covariate matrix: price, promotion, calendar and any other column of numbers.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::data::{Buckets, Code, Column, Severity, Table, Tables};

use super::calendar::Calendar;
use super::frame::{Codes, DayBuckets, Indices, NONE, day_of, flag, snap};
use super::history::History;
use super::items::Items;
use super::notes::{Notes, Rule};
use super::pairs::Pairs;

/// Columns of the table `covariates` that are no covariates.
const KEYS: [&str; 3] = ["date", "item", "location"];

/// All covariates of all pairs.
pub(super) struct Covariates {
    pub(super) names: Vec<String>,
    length: usize,
    history: usize,
    /// Bucket by column, by location: days of each holiday or event.
    calendar: Vec<Vec<f64>>,
    calendar_names: Vec<String>,
    /// Values of the table, by item and location ([`NONE`]: all), bucket by column.
    table: FxHashMap<(u32, u32), Vec<f64>>,
    table_names: Vec<String>,
}

/// What the reader needs.
pub(super) struct Inputs<'a> {
    pub(super) tables: &'a Tables,
    pub(super) items: &'a Items,
    pub(super) locations: &'a Codes,
    pub(super) buckets: Buckets,
    pub(super) horizon: usize,
    /// Names that there are even where these tables hold no value of one.
    pub(super) names: &'a [String],
}

impl Covariates {
    pub(super) fn read(
        inputs: &Inputs<'_>,
        history: &History,
        calendar: &Calendar,
        notes: &mut Notes,
    ) -> Self {
        let length = history.buckets + inputs.horizon;
        let mut covariates = Covariates {
            names: Vec::new(),
            length,
            history: history.buckets,
            calendar: Vec::new(),
            calendar_names: Vec::new(),
            table: FxHashMap::default(),
            table_names: Vec::new(),
        };
        covariates.read_calendar(inputs, calendar, notes);
        covariates.read_table(inputs, notes);
        let has = |name: &str| covariates.table_names.iter().any(|known| known == name);
        let (price, promotion) = (has("price"), has("promotion"));
        let mut names = BTreeSet::new();
        names.extend(covariates.calendar_names.iter().cloned());
        names.extend(covariates.table_names.iter().filter(|n| *n != "price" && *n != "promotion").cloned());
        if price || !history.price.is_empty() {
            covariates.names.push("price".to_owned());
        }
        if promotion || !history.promotion.is_empty() {
            covariates.names.push("promotion".to_owned());
        }
        covariates.names.extend(names);
        if covariates.names.iter().all(|name| inputs.names.contains(name)) {
            covariates.names = inputs.names.to_vec();
        }
        covariates
    }

    /// Counts the days of each holiday and event in each bucket. What never came in the history
    /// has no known effect and is left out.
    fn read_calendar(&mut self, inputs: &Inputs<'_>, calendar: &Calendar, notes: &mut Notes) {
        let (first, end) = (-(self.history as i64), inputs.horizon as i64);
        let bucket_of = |day| inputs.buckets.index_of(day);
        let came: BTreeSet<&str> = calendar
            .named
            .iter()
            .filter(|(_, _, from, to)| bucket_of(*from) < 0 && bucket_of(*to) >= first)
            .map(|(name, ..)| name.as_str())
            .collect();
        let all: BTreeSet<&str> = calendar.named.iter().map(|(name, ..)| name.as_str()).collect();
        for name in all.difference(&came) {
            let file = inputs.tables.get("calendar").map_or("calendar", Table::file).to_owned();
            let message = format!("{name} never came in the history of sales: it has no known effect");
            notes.say(Severity::Notice, Code::LeftOut, &file, message, "");
        }
        self.calendar_names = came.iter().map(|name| (*name).to_owned()).collect();
        let columns = self.calendar_names.len();
        self.calendar =
            vec![vec![0.0; self.length * columns]; if columns > 0 { inputs.locations.len() } else { 0 }];
        for (name, location, from, to) in &calendar.named {
            let Some(column) = self.calendar_names.iter().position(|known| known == name) else { continue };
            for day in from.iter_days().take_while(|day| day <= to) {
                let bucket = bucket_of(day);
                if bucket < first || bucket >= end {
                    continue;
                }
                let cell = (bucket - first) as usize * columns + column;
                for (index, days) in self.calendar.iter_mut().enumerate() {
                    if *location == NONE || *location as usize == index {
                        days[cell] += 1.0;
                    }
                }
            }
        }
    }

    /// Averages the rows of `covariates` by item, location and bucket.
    fn read_table(&mut self, inputs: &Inputs<'_>, notes: &mut Notes) {
        const OUTSIDE: Rule = Rule::left_out("outside history and horizon");
        let Some(table) = inputs.tables.get("covariates") else { return };
        let filled = |column: &Column| match column {
            Column::Number(numbers) => numbers.iter().any(|number| !number.is_nan()),
            Column::Flag(flags) => flags.iter().any(|flag| *flag != Table::BLANK_FLAG),
            Column::Text(_) | Column::Date(_) => false,
        };
        let named =
            table.columns().iter().filter(|(name, column)| !KEYS.contains(&name.as_str()) && filled(column));
        let mut names: Vec<String> = named.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        let columns = names.len();
        let first_day = day_of(inputs.buckets.start_of(-(self.history as i64)));
        let last_day = day_of(inputs.buckets.start_of(inputs.horizon as i64)) - 1;
        let buckets = DayBuckets::new(&inputs.buckets, first_day, last_day);
        let item = Indices::new(table, "item", &inputs.items.codes);
        let location = Indices::new(table, "location", inputs.locations);
        let days = table.date("date").unwrap_or(&[]);
        let mut counts: FxHashMap<(u32, u32), Vec<f64>> = FxHashMap::default();
        for (row, &day) in days.iter().enumerate() {
            let Some(bucket) = buckets.of(day) else {
                notes.count(table, row, OUTSIDE);
                continue;
            };
            let key = (item.at(row), location.at(row));
            let cells = self.length * columns;
            let sums = self.table.entry(key).or_insert_with(|| vec![0.0; cells]);
            let counts = counts.entry(key).or_insert_with(|| vec![0.0; cells]);
            let base = (i64::from(bucket) + self.history as i64) as usize * columns;
            for (column, name) in names.iter().enumerate() {
                if let Some(value) = value(table, name, row) {
                    sums[base + column] += value;
                    counts[base + column] += 1.0;
                }
            }
        }
        for (key, sums) in &mut self.table {
            for (sum, count) in sums.iter_mut().zip(counts.get(key).into_iter().flatten()) {
                *sum = if *count > 0.0 { snap(*sum / count) } else { f64::NAN };
            }
        }
        self.table_names = names;
    }

    /// The value that applies to a pair: of its item and location, of its item, of its
    /// location, of all.
    fn table_value(&self, (item, location): (u32, u32), bucket: usize, column: usize) -> f64 {
        let keys = [(item, location), (item, NONE), (NONE, location), (NONE, NONE)];
        let cell = bucket * self.table_names.len() + column;
        let values = keys.iter().filter_map(|key| self.table.get(key)).map(|values| values[cell]);
        values.into_iter().find(|value| !value.is_nan()).unwrap_or(f64::NAN)
    }

    /// The rows of one pair, bucket by bucket; empty without covariates.
    pub(super) fn of_pair(&self, pair: usize, pairs: &Pairs, history: &History) -> Vec<f64> {
        let columns = self.names.len();
        let mut rows = vec![f64::NAN; self.length * columns];
        if columns == 0 {
            return Vec::new();
        }
        let key = pairs.list[pair];
        for (column, name) in self.names.iter().enumerate() {
            let mut last = f64::NAN;
            for bucket in 0..self.length {
                let recorded = |values: &[f64]| {
                    let cell = pair * self.history + bucket;
                    if bucket < self.history {
                        values.get(cell).copied().unwrap_or(f64::NAN)
                    } else {
                        f64::NAN
                    }
                };
                let planned = self.table_names.iter().position(|known| known == name);
                let planned = planned.map_or(f64::NAN, |column| self.table_value(key, bucket, column));
                let value = match name.as_str() {
                    "price" => first_known([recorded(&history.price), planned, last]),
                    "promotion" => first_known([recorded(&history.promotion).max(planned), planned, 0.0]),
                    name => match self.calendar_names.iter().position(|known| known == name) {
                        Some(index) => {
                            self.calendar[key.1 as usize][bucket * self.calendar_names.len() + index]
                        }
                        None => planned,
                    },
                };
                last = value;
                rows[bucket * columns + column] = value;
            }
        }
        rows
    }
}

fn value(table: &Table, column: &str, row: usize) -> Option<f64> {
    match table.column(column) {
        Some(Column::Number(numbers)) => numbers.get(row).copied().filter(|value| !value.is_nan()),
        _ => flag(table, column, row).map(|flag| f64::from(u8::from(flag))),
    }
}

fn first_known<const N: usize>(values: [f64; N]) -> f64 {
    values.into_iter().find(|value| !value.is_nan()).unwrap_or(f64::NAN)
}
