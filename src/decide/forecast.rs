//! Forecasts on their own: from a long table `unique_id,ds,y`, or of a decision.

use std::path::Path;

use chrono::NaiveDate;
use rustc_hash::FxHashMap;

use super::Forecast;
use crate::control::Control;
use crate::data::{
    Bucket, Buckets, Code, Column, ColumnSchema, Declaration, Fault, Faults, Kind, RowRule, Table,
    TableSchema, date_of, read_csv,
};
use crate::predict::series::{Frequency, Model, Panel, Series, Settings, method};
use crate::presentation::{Block, Column as Shown, Measure, Presentation, Section, Table as View};

/// Quantile levels of a forecast table, in percent.
pub const LEVELS: [f64; 5] = [2.5, 10.0, 50.0, 90.0, 97.5];

/// Rows of a forecast shown to a person; the file holds all.
const SHOWN_ROWS: usize = 20;

/// What a forecast of a long table may be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LongOptions {
    /// Buckets ahead; `None`: one season, at most 26.
    pub horizon: Option<usize>,
    /// Buckets in a season; `None`: the usual one of the dates' spacing.
    pub season_length: Option<usize>,
    /// Method by name; `None`: `auto`.
    pub method: Option<String>,
}

/// Forecasts every series of the long CSV at `path`: `unique_id,ds,y`, where `ds`
/// is an ISO date or a whole number.
///
/// The answer has the columns `unique_id,ds,mean,q2.5,q10,q50,q90,q97.5`, series
/// in the order of their first row.
///
/// # Errors
/// Every fault of the file at once, or an unknown method.
pub fn long_csv(path: &Path, options: &LongOptions, control: &Control) -> Result<Forecast, Faults> {
    let label = path.display().to_string();
    let (table, faults) = read_csv(path, &label, &long_schema(), &Declaration::default());
    faults.into_result()?;
    let line = TimeLine::of(&table)?;
    let panel = panel_of(&table, &line, options)?;
    let settings =
        Settings { horizon: options.horizon.unwrap_or(panel.season().clamp(1, 26)), ..Settings::default() };
    let refuse = |error: &dyn std::fmt::Display| {
        Faults::from(Fault::error(Code::OutOfRange, &label, error.to_string()))
    };
    let method = method(options.method.as_deref().unwrap_or("auto")).map_err(|error| refuse(&error))?;
    let model = Model::learn(&panel, method, &settings, control).map_err(|error| refuse(&error))?;
    let rows = model
        .forecast_map(&panel, control, |index, forecast| {
            let last = panel.series.get(index).map_or(0, |series| series.first_bucket + series.y.len());
            let levels: Vec<f64> = LEVELS.iter().map(|level| level / 100.0).collect();
            (last, forecast.quantiles(&levels), forecast.mean, forecast.id)
        })
        .map_err(|error| refuse(&error))?;

    let mut ids = Vec::new();
    let mut stamps = Vec::new();
    let mut mean = Vec::new();
    let mut quantiles: Vec<Vec<f64>> = vec![Vec::new(); LEVELS.len()];
    for (last, levels, means, id) in &rows {
        for (step, value) in means.iter().enumerate() {
            ids.push(id.as_str());
            stamps.push(line.stamp(last + step));
            mean.push(*value);
            for (column, level) in quantiles.iter_mut().zip(levels) {
                column.push(level.get(step).copied().unwrap_or(f64::NAN));
            }
        }
    }
    let mut answer =
        Table::new("forecast").with_text("unique_id", ids).with_text("ds", stamps).with_number("mean", mean);
    for (level, values) in LEVELS.iter().zip(quantiles) {
        answer.set(format!("q{level}"), Column::Number(values));
    }
    Ok(Forecast { table: answer, accuracy: Vec::new(), sentences: Vec::new() })
}

/// Number of series in a forecast table.
#[must_use]
pub fn series_count(forecast: &Table) -> usize {
    forecast.text("unique_id").map_or(0, |ids| ids.words().len())
}

/// Tells forecasts to a person.
#[must_use]
pub fn present(title: &str, told: &Forecast) -> Presentation {
    let forecast = &told.table;
    let mut presentation = Presentation::new(format!("{title}: forecast"));
    let series = series_count(forecast);
    let rows = forecast.len();
    presentation.headline.push(format!(
        "Forecast of {series} series, {} buckets ahead: {rows} rows in forecast.csv.",
        rows.checked_div(series).unwrap_or(0)
    ));
    presentation.headline.extend(told.sentences.iter().cloned());
    let rows = forecast.len().min(SHOWN_ROWS);
    let mut view = View::new("First rows").from_file("forecast.csv");
    for (name, column) in forecast.columns() {
        let cells = (0..rows).map(|row| forecast.cell_text(name, row));
        view = view.with(match column {
            Column::Number(numbers) => {
                Shown::number(name, numbers.iter().copied().take(rows), Measure::number())
            }
            Column::Date(days) => Shown::date(name, days.iter().take(rows).map(|&day| date_of(day))),
            _ => Shown::text(name, cells),
        });
    }
    presentation.sections.push(Section::new("Forecast").with(Block::Table(view)));
    presentation
}

/// The buckets that the `ds` column counts.
enum TimeLine {
    Dates(Buckets),
    /// Whole numbers from this one on.
    Numbers(i64),
}

impl TimeLine {
    fn of(table: &Table) -> Result<TimeLine, Faults> {
        let stamps = table.text("ds").map(|text| text.words()).unwrap_or_default();
        if let Some(numbers) = stamps.iter().map(|word| word.parse::<i64>().ok()).collect::<Option<Vec<_>>>()
        {
            return Ok(TimeLine::Numbers(numbers.into_iter().min().unwrap_or(0)));
        }
        let mut dates: Vec<NaiveDate> = stamps.iter().filter_map(|word| word.parse().ok()).collect();
        if dates.len() < stamps.len() {
            return Err(not_a_stamp(table));
        }
        dates.sort_unstable();
        let gap = dates.windows(2).map(|pair| (pair[1] - pair[0]).num_days()).min().unwrap_or(7);
        let first = dates.first().copied().unwrap_or_default();
        let bucket = match gap {
            ..=6 => Bucket::Day,
            7..=27 => Bucket::Week,
            _ => Bucket::Month,
        };
        let week_start = chrono::Datelike::weekday(&first);
        Ok(TimeLine::Dates(Buckets::new(bucket, week_start, first)))
    }

    fn index_of(&self, word: &str) -> usize {
        let index = match self {
            TimeLine::Dates(buckets) => word.parse().map_or(0, |date| buckets.index_of(date)),
            TimeLine::Numbers(first) => word.parse::<i64>().map_or(0, |number| number.saturating_sub(*first)),
        };
        usize::try_from(index).unwrap_or(0)
    }

    fn stamp(&self, index: usize) -> String {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        match self {
            TimeLine::Dates(buckets) => buckets.start_of(index).to_string(),
            TimeLine::Numbers(first) => first.saturating_add(index).to_string(),
        }
    }

    fn frequency(&self) -> (Frequency, Option<usize>) {
        match self {
            TimeLine::Dates(buckets) => match buckets.bucket() {
                Bucket::Day => (Frequency::Daily, None),
                Bucket::Week => (Frequency::Weekly, None),
                Bucket::Month => (Frequency::Monthly, None),
            },
            // Numbered periods say nothing of a season.
            TimeLine::Numbers(_) => (Frequency::Yearly, None),
        }
    }
}

fn not_a_stamp(table: &Table) -> Faults {
    let text = table.text("ds");
    let bad = |word: &str| word.parse::<NaiveDate>().is_err();
    (0..table.len())
        .filter_map(|row| {
            let word = text?.get(row);
            bad(word).then(|| {
                Fault::error(Code::NotADate, table.file(), format!("ds is \"{word}\": not a date"))
                    .at_row(table.row_number(row))
                    .in_column("ds", word)
                    .with_help("write every ds as 2024-04-15, or every ds as a whole number")
            })
        })
        .collect()
}

/// Longest line of buckets that one stray date may stretch a series to.
const LONGEST: usize = 200_000;

fn panel_of(table: &Table, line: &TimeLine, options: &LongOptions) -> Result<Panel, Faults> {
    let (Some(ids), Some(stamps), Some(values)) =
        (table.text("unique_id"), table.text("ds"), table.number("y"))
    else {
        return Ok(Panel::default());
    };
    let at: Vec<usize> = stamps.words().iter().map(|word| line.index_of(word)).collect();
    let mut rows: Vec<Vec<(usize, f64, usize)>> = vec![Vec::new(); ids.words().len()];
    for (row, (&id, (&stamp, &value))) in
        ids.index().iter().zip(stamps.index().iter().zip(values)).enumerate()
    {
        rows[id as usize].push((at[stamp as usize], value, row));
    }
    let mut faults = Faults::default();
    let mut series = Vec::with_capacity(rows.len());
    for (id, mut rows) in ids.words().iter().zip(rows) {
        rows.sort_unstable_by_key(|&(bucket, _, row)| (bucket, row));
        let first = rows.first().map_or(0, |&(bucket, ..)| bucket);
        let length = rows.last().map_or(0, |&(bucket, ..)| bucket - first + 1);
        if length > LONGEST {
            faults.push(
                Fault::error(Code::OutOfRange, table.file(), format!("series {id} spans {length} buckets"))
                    .with_help("check its first and last ds"),
            );
            continue;
        }
        let mut y = vec![f64::NAN; length];
        let mut row_of: FxHashMap<usize, usize> = FxHashMap::default();
        for (bucket, value, row) in rows {
            if let Some(earlier) = row_of.insert(bucket, row) {
                faults.push(
                    Fault::error(
                        Code::DuplicateKey,
                        table.file(),
                        format!("series {id} has its bucket in row {} already", table.row_number(earlier)),
                    )
                    .at_row(table.row_number(row))
                    .in_column("ds", stamps.get(row))
                    .with_help("delete one of the two rows"),
                );
            }
            y[bucket - first] = value;
        }
        series.push(Series { first_bucket: first, ..Series::new(id.clone(), y) });
    }
    faults.into_result()?;
    let (frequency, usual) = line.frequency();
    Ok(Panel { season_length: options.season_length.or(usual), ..Panel::new(series, frequency) })
}

fn long_schema() -> TableSchema {
    let column = |name: &str, kind: Kind, required: bool, meaning: &str| ColumnSchema {
        required,
        ..ColumnSchema::plain(name, kind, meaning)
    };
    TableSchema {
        name: "series".to_owned(),
        required: true,
        meaning: "Series in long form.".to_owned(),
        key: Vec::new(),
        rows: RowRule::Sum,
        extra: crate::data::ExtraRule::Ignore,
        example: String::new(),
        columns: vec![
            column("unique_id", Kind::Code, true, "Name of the series."),
            column("ds", Kind::Text, true, "Date or number of the bucket."),
            column("y", Kind::Number, false, "Value; blank where unknown."),
        ],
    }
}
