//! Replays weekly ordering on recorded sales with the pooled forecast.
//!
//! ```sh
//! cargo run --release --example pooled_backtest -- RAW_DIR [METHOD] [STOCK_OUTS]
//! ```
//!
//! RAW_DIR holds one wide file of weekly sales (`*sales.csv`: keys, then a column a
//! week), one of the same shape with stock flags (`*in_stock.csv`) and a master file
//! (`*master.csv`). METHOD is a name of the forecasting room (default `pooled`),
//! STOCK_OUTS one of `long-runs` (default), `left-out`, `recorded`.
//!
//! The rules: an order is decided before the week's demand and arrives two weeks
//! later, in time for that week; six orders, eight weeks, unmet demand is lost; a
//! week costs 0.2 for a unit left and 1.0 for a unit lost; weeks 3 to 8 count.
//! Each start date stands for eight windows, evenly spaced to the last that fits.
//! The last table tells where the cost comes from: by window, the cost against the
//! rules', and forecast units of weeks 3 to 8, three weeks ahead, over those sold.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use purvey::control::Control;
use purvey::predict::series::{
    Forecast, Frequency, Learner, Model, Panel, Pooled, Series, Settings, StockOuts, method,
};

const ROUNDS: usize = 6;
const WEEKS: usize = 8;
const HOLDING: f64 = 0.2;
const SHORTAGE: f64 = 1.0;
const START_DATES: [&str; 4] = ["2022-05-02", "2022-10-03", "2023-01-02", "2023-05-01"];

/// Quantiles of the one-step order rule that are compared.
const QUANTILES: [f64; 4] = [0.72, 0.76, 0.80, 5.0 / 6.0];

/// The one of them that the table of windows shows.
const SHOWN: f64 = QUANTILES[1];

struct Data {
    weeks: Vec<String>,
    /// Sales of each pair by week.
    sales: Vec<Vec<f64>>,
    in_stock: Vec<Vec<bool>>,
    label_names: Vec<String>,
    labels: Vec<Vec<String>>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        println!("usage: pooled_backtest RAW_DIR [METHOD] [long-runs|left-out|recorded]");
        return;
    };
    let name = arguments.next().unwrap_or_else(|| "pooled".to_owned());
    let stock_outs = match arguments.next().as_deref() {
        Some("left-out") => StockOuts::LeftOut,
        Some("recorded") => StockOuts::AsRecorded,
        _ => StockOuts::LongRunsAsZero,
    };
    let data = read(Path::new(&folder));
    let windows: BTreeMap<&str, Vec<usize>> = START_DATES.iter().map(|d| (*d, windows(&data, d))).collect();
    let mut starts: Vec<usize> = windows.values().flatten().copied().collect();
    starts.sort_unstable();
    starts.dedup();
    let Outcome { costs, forecast } = replay(&data, &starts, &name, stock_outs);
    print_costs(&data, &windows, &costs);
    print_windows(&data, &starts, &costs, &forecast, &name);
}

/// Starts of eight windows, evenly spaced from `date` to the last that fits.
fn windows(data: &Data, date: &str) -> Vec<usize> {
    let first = data.weeks.iter().position(|week| week == date).unwrap();
    let last = data.weeks.len() - WEEKS;
    (0..8)
        .map(|k| (first as f64 + (last - first) as f64 * k as f64 / 7.0).round_ties_even() as usize)
        .collect()
}

/// Stock of one pair: on hand, and what arrives this week and the next.
#[derive(Clone, Copy)]
struct Stock {
    on_hand: f64,
    arriving: [f64; 2],
}

impl Stock {
    fn start(history: &[f64]) -> Self {
        let mean = mean13(history).round();
        Stock { on_hand: mean, arriving: [mean, mean] }
    }

    fn position(&self) -> f64 {
        self.on_hand + self.arriving[0] + self.arriving[1]
    }

    /// One week: its cost.
    fn advance(&mut self, demand: f64, order: f64) -> f64 {
        let available = self.on_hand + self.arriving[0];
        self.on_hand = (available - demand).max(0.0);
        self.arriving = [self.arriving[1], order];
        HOLDING * self.on_hand + SHORTAGE * (demand - available).max(0.0)
    }
}

fn mean13(history: &[f64]) -> f64 {
    let last = &history[history.len().saturating_sub(13)..];
    last.iter().sum::<f64>() / last.len() as f64
}

/// Order of the simple rule.
fn simple_rule(history: &[f64], stock: &Stock, coverage: f64) -> f64 {
    (mean13(history) * coverage - stock.position()).round().max(0.0)
}

/// Order that covers the week of its arrival with probability `quantile`, along the
/// sample paths with lost sales on the way.
fn one_step_rule(forecast: &Forecast, stock: &Stock, quantile: f64) -> f64 {
    let mut needs: Vec<f64> = (0..forecast.path_count())
        .map(|s| {
            let path = forecast.path(s);
            let first = (stock.on_hand + stock.arriving[0] - path[0]).max(0.0) + stock.arriving[1];
            path[2] - (first - path[1]).max(0.0)
        })
        .collect();
    needs.sort_unstable_by(f64::total_cmp);
    let rank = (quantile * needs.len() as f64 - 1e-9).ceil() as usize;
    needs[rank.clamp(1, needs.len()) - 1].max(0.0).ceil()
}

/// What a replay found.
struct Outcome {
    /// Costs of weeks 3 to 8 by start and policy.
    costs: Costs,
    /// Units of all pairs by week, as forecast from two weeks before its begin.
    forecast: BTreeMap<usize, f64>,
}

type Costs = BTreeMap<(usize, String), f64>;

fn replay(data: &Data, starts: &[usize], name: &str, stock_outs: StockOuts) -> Outcome {
    let (mut costs, mut forecast) = (Costs::new(), BTreeMap::new());
    for &start in starts {
        let of = |coverage: f64| replay_simple(data, start, coverage);
        costs.insert((start, "simple_rule".to_owned()), of(4.0));
        let tuned = (0..=24).map(|k| of(0.5 * f64::from(k))).fold(f64::INFINITY, f64::min);
        costs.insert((start, "tuned_rule".to_owned()), tuned);
    }
    let mut stocks: BTreeMap<(usize, usize), Vec<Stock>> = BTreeMap::new();
    for t in starts[0]..data.weeks.len() {
        let active: Vec<usize> = starts.iter().copied().filter(|s| (*s..s + WEEKS).contains(&t)).collect();
        let forecasts = if active.iter().any(|s| t < s + ROUNDS) {
            forecasts(data, t, name, stock_outs)
        } else {
            Vec::new()
        };
        if !forecasts.is_empty() {
            forecast.insert(t + 2, forecasts.iter().map(|one| one.mean[2]).sum());
        }
        for start in active {
            for (place, quantile) in QUANTILES.iter().enumerate() {
                let stocks = stocks
                    .entry((start, place))
                    .or_insert_with(|| data.sales.iter().map(|y| Stock::start(&y[..start])).collect());
                let mut week = 0.0;
                for (i, stock) in stocks.iter_mut().enumerate() {
                    let order =
                        if t < start + ROUNDS { one_step_rule(&forecasts[i], stock, *quantile) } else { 0.0 };
                    week += stock.advance(data.sales[i][t], order);
                }
                if t >= start + 2 {
                    *costs.entry((start, policy(name, *quantile))).or_default() += week;
                }
            }
        }
    }
    Outcome { costs, forecast }
}

fn policy(name: &str, quantile: f64) -> String {
    format!("{name}, quantile {quantile:.2}")
}

fn replay_simple(data: &Data, start: usize, coverage: f64) -> f64 {
    let mut cost = 0.0;
    for y in &data.sales {
        let mut stock = Stock::start(&y[..start]);
        for t in start..start + WEEKS {
            let order = if t < start + ROUNDS { simple_rule(&y[..t], &stock, coverage) } else { 0.0 };
            let week = stock.advance(y[t], order);
            cost += if t >= start + 2 { week } else { 0.0 };
        }
    }
    cost
}

/// Forecasts of all pairs with what is known before week `t`.
fn forecasts(data: &Data, t: usize, name: &str, stock_outs: StockOuts) -> Vec<Forecast> {
    let series = (0..data.sales.len())
        .map(|i| Series {
            censored: data.in_stock[i][..t].iter().map(|in_stock| !in_stock).collect(),
            labels: data.labels[i].clone(),
            ..Series::new(i.to_string(), data.sales[i][..t].to_vec())
        })
        .collect();
    let panel = Panel { label_names: data.label_names.clone(), ..Panel::new(series, Frequency::Weekly) };
    let settings = Settings { horizon: 3, paths: 512, nonnegative: true };
    let control = Control::default().with_seed(t as u64);
    let pooled: &'static Pooled = Box::leak(Box::new(Pooled { stock_outs, ..Pooled::default() }));
    let mut method = *method(name).unwrap();
    if name == "pooled" {
        method.learner = pooled as &'static dyn Learner;
    }
    Model::learn(&panel, &method, &settings, &control).unwrap().forecast_all(&panel, &control).unwrap()
}

fn print_costs(data: &Data, windows: &BTreeMap<&str, Vec<usize>>, costs: &Costs) {
    let mut policies: Vec<&String> = costs.keys().map(|(_, policy)| policy).collect();
    policies.sort();
    policies.dedup();
    for (date, starts) in windows {
        println!(
            "from {date}: {} windows, {} to {}",
            starts.len(),
            data.weeks[starts[0]],
            data.weeks[starts[7]]
        );
        let sum = |policy: &str| -> f64 { starts.iter().map(|s| costs[&(*s, policy.to_owned())]).sum() };
        for policy in &policies {
            let cost = sum(policy);
            println!(
                "  {policy:24} {cost:9.0}  {:.3} of simple  {:.3} of tuned",
                cost / sum("simple_rule"),
                cost / sum("tuned_rule")
            );
        }
    }
}

fn print_windows(data: &Data, starts: &[usize], costs: &Costs, forecast: &BTreeMap<usize, f64>, name: &str) {
    println!("by window, quantile {SHOWN:.2}:");
    for start in starts {
        let cost = |policy: &str| costs[&(*start, policy.to_owned())];
        let own = cost(&policy(name, SHOWN));
        let weeks = start + WEEKS - ROUNDS..start + WEEKS;
        let expected: f64 = weeks.clone().map(|t| forecast[&t]).sum();
        let sold: f64 = weeks.map(|t| data.sales.iter().map(|y| y[t]).sum::<f64>()).sum();
        println!(
            "  {} {own:9.0}  {:.3} of simple  {:.3} of tuned  forecast {:.2} of sales",
            data.weeks[*start],
            own / cost("simple_rule"),
            own / cost("tuned_rule"),
            expected / sold
        );
    }
}

/// File in `folder` whose name ends so.
fn file(folder: &Path, end: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    found.sort();
    found.remove(0)
}

fn table(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let own = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<String>>();
    let header = own(reader.headers().unwrap());
    (header, reader.records().map(|record| own(&record.unwrap())).collect())
}

/// Reads the three files; flags after the last week of sales are not looked at.
fn read(folder: &Path) -> Data {
    let (header, sales) = table(&file(folder, "sales.csv"));
    let (flag_header, flags) = table(&file(folder, "in_stock.csv"));
    let (master_header, master) = table(&file(folder, "master.csv"));
    let weeks = header[2..].to_vec();
    let columns: Vec<usize> =
        weeks.iter().map(|week| flag_header.iter().position(|name| name == week).unwrap()).collect();
    let key = |row: &[String]| (row[0].clone(), row[1].clone());
    let flags: BTreeMap<_, _> = flags.iter().map(|row| (key(row), row)).collect();
    let master: BTreeMap<_, _> = master.iter().map(|row| (key(row), row)).collect();
    let wanted = ["Department", "ProductGroup", "Product"];
    let places: Vec<usize> =
        wanted.iter().map(|name| master_header.iter().position(|h| h == name).unwrap()).collect();
    Data {
        sales: sales.iter().map(|row| row[2..].iter().map(|y| y.parse().unwrap()).collect()).collect(),
        in_stock: sales
            .iter()
            .map(|row| columns.iter().map(|c| flags[&key(row)][*c].eq_ignore_ascii_case("true")).collect())
            .collect(),
        label_names: wanted.map(str::to_owned).to_vec(),
        labels: sales
            .iter()
            .map(|row| places.iter().map(|place| master[&key(row)][*place].clone()).collect())
            .collect(),
        weeks,
    }
}
