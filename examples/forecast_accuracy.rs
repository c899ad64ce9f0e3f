//! Accuracy, calibration and speed of the forecasting methods on held-out data.
//!
//! `cargo run --release --example forecast_accuracy -- DIR [--methods a,b] [--sets m3-monthly,carparts] [--vn2 FOLDER]`
//!
//! `DIR` holds `m3/`, `m4/` and `carparts/` with long CSV files
//! `unique_id,ds,y` (gzipped). The last 12 months of `carparts` are held out; the
//! others come with a test file. With `--vn2 FOLDER` the weekly sales of the VN2
//! challenge are forecast as well, 8 weeks from each of 6 origins, with stock-outs
//! as censored demand and judged by the weeks in stock. Errors are averaged over the series; `Q90`
//! is the pinball loss of the 0.9 quantile in units of the MASE scale, `cover` the share of values inside the 80 % interval,
//! `cover sum` the same for the sum over the whole horizon, `bias` the sum of the
//! forecasts relative to that of the values, less 1.

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

use flate2::bufread::GzDecoder;
use purvey::control::Control;
use purvey::predict::series::{ALL, Forecast, Frequency, Panel, Series, Settings, forecast, metrics};

/// Series of one frequency with what came after them.
struct Set {
    name: &'static str,
    season_length: usize,
    /// Season of the MASE scale and of Naive 2, as the competition defined it.
    benchmark_season: usize,
    series: Vec<(Series, Vec<f64>)>,
}

/// Mean errors of one method on one set.
#[derive(Default, Clone, Copy)]
struct Row {
    smape: f64,
    mase: f64,
    wape: f64,
    bias: f64,
    rmsse: f64,
    pinball: f64,
    cover: f64,
    cover_sum: f64,
    milliseconds: f64,
}

type Long = Vec<(String, Vec<f64>)>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|a| a == name)?;
        arguments.get(place + 1).map(|list| list.split(',').map(str::to_owned).collect::<Vec<_>>())
    };
    let Some(folder) = arguments.first() else {
        return Err("usage: forecast_accuracy DIR [--methods a,b] [--sets x,y]".into());
    };
    let methods = option("--methods");
    let sets = option("--sets");
    println!(
        "{:<14}{:<17}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>7}{:>10}{:>11}",
        "set",
        "method",
        "sMAPE",
        "MASE",
        "OWA",
        "WAPE",
        "bias",
        "RMSSE",
        "Q90",
        "cover",
        "cover sum",
        "ms/series"
    );
    let mut all = read_sets(Path::new(folder))?;
    if let Some(vn2) = option("--vn2") {
        all.push(vn2_set(Path::new(&vn2[0]))?);
    }
    for set in all {
        if sets.as_ref().is_some_and(|chosen| !chosen.iter().any(|name| name == set.name)) {
            continue;
        }
        let benchmark = measure(&set, "naive2", set.benchmark_season)?;
        print_row(&set, "(benchmark)", &benchmark, &benchmark);
        for method in &ALL {
            if methods.as_ref().is_none_or(|chosen| chosen.iter().any(|name| name == method.name)) {
                print_row(&set, method.name, &measure(&set, method.name, set.season_length)?, &benchmark);
            }
        }
    }
    Ok(())
}

fn print_row(set: &Set, method: &str, row: &Row, benchmark: &Row) {
    let owa = metrics::owa(row.smape, row.mase, benchmark.smape, benchmark.mase);
    println!(
        "{:<14}{:<17}{:>8.3}{:>8.3}{:>8.3}{:>8.3}{:>8.3}{:>8.3}{:>8.3}{:>7.3}{:>10.3}{:>11.3}",
        set.name,
        method,
        row.smape,
        row.mase,
        owa,
        row.wape,
        row.bias,
        row.rmsse,
        row.pinball,
        row.cover,
        row.cover_sum,
        row.milliseconds
    );
}

fn measure(set: &Set, name: &str, season_length: usize) -> Result<Row, Box<dyn Error>> {
    let method = purvey::predict::series::method(name)?;
    let horizon = set.series.iter().map(|(_, actual)| actual.len()).max().unwrap_or(0);
    let panel = Panel {
        season_length: Some(season_length),
        ..Panel::new(set.series.iter().map(|(series, _)| series.clone()).collect(), Frequency::Weekly)
    };
    let settings = Settings { horizon, ..Settings::default() };
    let control = Control::default().with_threads(1);
    let begin = Instant::now();
    let forecasts = forecast(&panel, method, &settings, &control)?;
    let milliseconds = begin.elapsed().as_secs_f64() * 1e3 / forecasts.len().max(1) as f64;
    Ok(Row { milliseconds, ..mean_errors(set, &forecasts) })
}

fn mean_errors(set: &Set, forecasts: &[Forecast]) -> Row {
    let (mut row, mut scaled, mut sums) = (Row::default(), 0.0, 0.0);
    let (mut errors, mut sizes, mut covered, mut sum) = (0.0, 0.0, 0.0, 0.0);
    for ((series, actual), forecast) in set.series.iter().zip(forecasts) {
        let known: Vec<usize> = (0..actual.len()).filter(|&h| !actual[h].is_nan()).collect();
        if known.is_empty() {
            continue;
        }
        let n = known.len() as f64;
        let error: f64 = known.iter().map(|&h| (actual[h] - forecast.mean[h]).abs()).sum();
        errors += error;
        sum += known.iter().map(|&h| forecast.mean[h]).sum::<f64>();
        sizes += known.iter().map(|&h| actual[h].abs()).sum::<f64>();
        row.smape += metrics::smape(actual, &forecast.mean);
        row.cover += metrics::coverage(actual, forecast, 0.8);
        covered += 1.0;
        let mase = metrics::mase(actual, &forecast.mean, &series.y, set.benchmark_season);
        let rmsse = metrics::rmsse(actual, &forecast.mean, &series.y, 1);
        // A history without any difference has no scale.
        if mase.is_finite() && rmsse.is_finite() {
            let zeros = vec![0.0; actual.len()];
            let unit = metrics::mase(actual, &zeros, &series.y, set.benchmark_season)
                / (known.iter().map(|&h| actual[h].abs()).sum::<f64>() / n);
            let loss = |h: usize| metrics::pinball_loss(actual[h], forecast.quantile(0.9, h), 0.9);
            row.mase += mase;
            row.rmsse += rmsse;
            row.pinball +=
                if unit.is_finite() { known.iter().map(|&h| loss(h)).sum::<f64>() / n * unit } else { 0.0 };
            scaled += 1.0;
        }
        if known.len() == actual.len() {
            let total: f64 = actual.iter().sum();
            let low = forecast.sum_quantile(0.1, 0, actual.len());
            row.cover_sum += f64::from(low <= total && total <= forecast.sum_quantile(0.9, 0, actual.len()));
            sums += 1.0;
        }
    }
    row.smape /= covered;
    row.cover /= covered;
    row.cover_sum /= sums;
    row.mase /= scaled;
    row.rmsse /= scaled;
    row.pinball /= scaled;
    row.wape = errors / sizes;
    row.bias = sum / sizes - 1.0;
    row
}

/// Weekly sales, one row a store and product, one column a week.
fn vn2_set(folder: &Path) -> Result<Set, Box<dyn Error>> {
    let mut sales = csv::Reader::from_path(folder.join("week_0-2024-04-08-sales.csv"))?;
    let mut in_stock = csv::Reader::from_path(folder.join("week_0-in_stock.csv"))?;
    let mut series = Vec::new();
    for (sold, stocked) in sales.records().zip(in_stock.records()) {
        let (sold, stocked) = (sold?, stocked?);
        let y = sold.iter().skip(2).map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let out: Vec<bool> = stocked.iter().skip(2).take(y.len()).map(|mark| mark != "True").collect();
        for origin in 0..6 {
            let end = y.len() - 8 * (origin + 1);
            let actual = (end..end + 8).map(|t| if out[t] { f64::NAN } else { y[t] }).collect();
            let past = Series { censored: out[..end].to_vec(), ..Series::new(&sold[1], y[..end].to_vec()) };
            series.push((past, actual));
        }
    }
    Ok(Set { name: "vn2", season_length: 52, benchmark_season: 1, series })
}

fn read_sets(folder: &Path) -> Result<Vec<Set>, Box<dyn Error>> {
    let mut sets = m3_sets(&folder.join("m3"))?;
    let m4 = folder.join("m4");
    for (name, stem, season_length, benchmark_season) in
        [("m4-weekly", "weekly", 52, 1), ("m4-hourly", "hourly", 24, 24)]
    {
        let train = read_long(&m4.join(format!("{stem}_train.csv.gz")))?;
        let test = read_long(&m4.join(format!("{stem}_test.csv.gz")))?;
        sets.push(Set { name, season_length, benchmark_season, series: joined(train, test) });
    }
    let parts = read_long(&folder.join("carparts/monthly.csv.gz"))?;
    let held_out = |(id, mut y): (String, Vec<f64>)| {
        let actual = y.split_off(y.len() - 12);
        (Series::new(id, y), actual)
    };
    sets.push(Set {
        name: "carparts",
        season_length: 12,
        benchmark_season: 1,
        series: parts.into_iter().map(held_out).collect(),
    });
    Ok(sets)
}

fn m3_sets(folder: &Path) -> Result<Vec<Set>, Box<dyn Error>> {
    let mut frequencies = HashMap::new();
    for record in csv::Reader::from_path(folder.join("info.csv"))?.records() {
        let record = record?;
        frequencies.insert(record[0].to_owned(), record[1].to_owned());
    }
    let all = joined(read_long(&folder.join("train.csv.gz"))?, read_long(&folder.join("test.csv.gz"))?);
    let kinds = [
        ("m3-yearly", "YEARLY", 1),
        ("m3-quarterly", "QUARTERLY", 4),
        ("m3-monthly", "MONTHLY", 12),
        ("m3-other", "OTHER", 1),
    ];
    let of = |(name, frequency, m): (&'static str, &str, usize)| Set {
        name,
        season_length: m,
        benchmark_season: m,
        series: all
            .iter()
            .filter(|(series, _)| frequencies.get(&series.id).is_some_and(|f| f == frequency))
            .cloned()
            .collect(),
    };
    Ok(kinds.into_iter().map(of).collect())
}

fn joined(train: Long, test: Long) -> Vec<(Series, Vec<f64>)> {
    let mut after: HashMap<String, Vec<f64>> = test.into_iter().collect();
    train
        .into_iter()
        .filter_map(|(id, y)| after.remove(&id).map(|actual| (Series::new(id, y), actual)))
        .collect()
}

fn read_long(path: &Path) -> Result<Long, Box<dyn Error>> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut reader = csv::Reader::from_reader(GzDecoder::new(BufReader::new(file)));
    let mut long: Long = Vec::new();
    for record in reader.records() {
        let record = record?;
        if long.last().is_none_or(|(id, _)| *id != record[0]) {
            long.push((record[0].to_owned(), Vec::new()));
        }
        if let Some((_, y)) = long.last_mut() {
            y.push(record[2].parse()?);
        }
    }
    Ok(long)
}
