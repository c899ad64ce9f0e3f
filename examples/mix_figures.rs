//! Measures the marketing mix model on data whose truth is known and on later sales.
//!
//! `cargo run --release --example mix_figures -- [MARKETS]` prints, for generated markets, the error of each
//! channel's contribution and what the recommended split loses against the true best one;
//! and the same for the public data sets beside the project where they are there.

#![allow(clippy::print_stdout)]

#[path = "mix/generator.rs"]
mod generator;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use generator::{Market, Period, market};
use purvey::control::Control;
use purvey::optimize::allocation::{Curve, split_budget};
use purvey::predict::mix::{
    Channel, ControlSeries, Fitted, LiftTest, MixHistory, MixOptions, PlanWindow, fit, fit_hill,
};

/// Weeks of the plan.
const WEEKS: usize = 13;

fn main() -> Result<(), Box<dyn Error>> {
    let markets = std::env::args().nth(1).map_or(Ok(20), |text| text.parse::<u64>())?;
    generated("generated", markets, Period::Week, 156)?;
    generated("generated, daily", markets.min(6), Period::Day, 1_095)?;
    let folder = std::env::var_os("PURVEY_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let folder = folder.join("advertising");
    if folder.is_dir() {
        roas(&folder)?;
        weekly(&folder)?;
    } else {
        println!("public data sets: {} is not there", folder.display());
    }
    Ok(())
}

fn generated(name: &str, markets: u64, period: Period, periods: usize) -> Result<(), Box<dyn Error>> {
    let (mut errors, mut losses, mut covered, mut seconds) = (Vec::new(), Vec::new(), 0, 0.0);
    for seed in 0..markets {
        let market = market(seed, 3 + (seed % 4) as usize, periods, 0.03, period);
        let history = MixHistory {
            outcome: market.sales.clone(),
            channels: market
                .channels
                .iter()
                .map(|c| Channel { name: c.name.clone(), spend: c.spend.clone(), ..Channel::default() })
                .collect(),
            controls: vec![ControlSeries { name: "competitor".into(), values: market.competitor.clone() }],
            season_length: period.in_year(),
            ..MixHistory::default()
        };
        let started = Instant::now();
        let fitted = fit(&history, &MixOptions::default(), &Control::default())?;
        seconds += started.elapsed().as_secs_f64();
        let mut own = Vec::new();
        for (channel, found) in market.channels.iter().zip(fitted.contributions()) {
            let truth: f64 = channel.effect.iter().sum();
            own.push((found.mean / truth - 1.0).abs());
            covered += usize::from(found.low <= truth && truth <= found.high);
        }
        let loss = loss(&market, &history, &fitted)?;
        println!(
            "market {seed:2}: contributions {:.1} % off, loss {:.2} %, scale reduction {:.3}, r2 {:.3}",
            100.0 * own.iter().sum::<f64>() / own.len() as f64,
            100.0 * loss,
            fitted.scale_reduction,
            fitted.r2,
        );
        errors.extend(own);
        losses.push(loss);
    }
    let mean = |values: &[f64]| 100.0 * values.iter().sum::<f64>() / values.len() as f64;
    println!(
        "{name}: contributions {:.1} % off, {:.0} % of intervals hold the truth, loss {:.2} %, {:.2} s a fit",
        mean(&errors),
        100.0 * covered as f64 / errors.len() as f64,
        mean(&losses),
        seconds / markets as f64
    );
    Ok(())
}

/// The split that curves recommend.
fn split(curves: &[Curve], budget: f64) -> Result<Vec<f64>, Box<dyn Error>> {
    Ok(split_budget(curves, budget, &Control::default())?.amounts)
}

/// Share of the best true response that the recommended split loses.
fn loss(market: &Market, history: &MixHistory, fitted: &Fitted) -> Result<f64, Box<dyn Error>> {
    let window = PlanWindow { periods: WEEKS };
    let current: Vec<f64> = history
        .channels
        .iter()
        .map(|c| c.spend.iter().sum::<f64>() / c.spend.len() as f64 * WEEKS as f64)
        .collect();
    let budget: f64 = current.iter().sum();
    let curve = |response: &dyn Fn(f64) -> f64, most: f64| {
        let points: Vec<(f64, f64)> =
            (0..=60).map(|i| most * f64::from(i) / 60.0).map(|x| (x, response(x))).collect();
        fit_hill(&points).map(|h| Curve { a: h.a, k: h.k, s: h.s, lower: 0.0, upper: most, step: 0.0 })
    };
    let most = |c: usize| {
        let greatest = history.channels[c].spend.iter().copied().fold(0.0, f64::max);
        (1.5 * greatest * WEEKS as f64).min(budget)
    };
    let (mut mine, mut best) = (Vec::new(), Vec::new());
    for (c, channel) in market.channels.iter().enumerate() {
        let grid: Vec<f64> = (0..=60).map(|i| most(c) * f64::from(i) / 60.0).collect();
        let band = fitted.response(c, window, &grid)?;
        let points: Vec<(f64, f64)> =
            grid.iter().copied().zip(band.response.iter().map(|e| e.mean)).collect();
        let h = fit_hill(&points).ok_or("no curve")?;
        mine.push(Curve { a: h.a, k: h.k, s: h.s, lower: 0.0, upper: most(c), step: 0.0 });
        let truth = |x: f64| channel.response(x / WEEKS as f64, WEEKS);
        best.push(curve(&truth, budget).ok_or("no curve")?);
    }
    let value = |split: &[f64]| -> f64 {
        market.channels.iter().zip(split).map(|(c, x)| c.response(x / WEEKS as f64, WEEKS)).sum()
    };
    Ok(1.0 - value(&split(&mine, budget)?) / value(&split(&best, budget)?))
}

/// Columns of a CSV file.
struct Columns {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let mut reader = csv::Reader::from_path(path)?;
        let header = reader.headers()?.iter().map(str::to_owned).collect();
        let rows = reader
            .records()
            .map(|record| record.map(|r| r.iter().map(str::to_owned).collect()))
            .collect::<Result<_, _>>()?;
        Ok(Columns { header, rows })
    }

    fn text(&self, name: &str) -> Vec<&str> {
        let at = self.header.iter().position(|h| h == name).unwrap_or(usize::MAX);
        self.rows.iter().map(|row| row.get(at).map_or("", String::as_str)).collect()
    }

    fn number(&self, name: &str) -> Result<Vec<f64>, Box<dyn Error>> {
        self.text(name)
            .iter()
            .map(|t| t.parse::<f64>().map_err(|e| format!("{name}: {t}: {e}").into()))
            .collect()
    }
}

/// Contributions of the two channels of pymc-marketing's simulation, with the confounder, without
/// it, and without it but with a lift test of each channel.
fn roas(folder: &Path) -> Result<(), Box<dyn Error>> {
    let table = Columns::read(&folder.join("pymc_mmm_roas_data.csv"))?;
    let outcome = table.number("y")?;
    let truth: Vec<Vec<f64>> = ["y01", "y02"]
        .iter()
        .map(|name| Ok(outcome.iter().zip(table.number(name)?).map(|(y, less)| y - less).collect()))
        .collect::<Result<_, Box<dyn Error>>>()?;
    let channel = |name: &str| -> Result<Channel, Box<dyn Error>> {
        Ok(Channel { name: name.into(), spend: table.number(name)?, ..Channel::default() })
    };
    let plain = MixHistory {
        outcome: outcome.clone(),
        channels: vec![channel("x1")?, channel("x2")?],
        season_length: 52.18,
        ..MixHistory::default()
    };
    let controlled = MixHistory {
        controls: vec![ControlSeries { name: "z".into(), values: table.number("z")? }],
        ..plain.clone()
    };
    let test = |c: usize| {
        let lift = truth[c][60..70].iter().sum::<f64>();
        LiftTest { channel: c, from: 60, to: 69, until: None, share: 1.0, lift, error: 0.1 * lift }
    };
    let tested = MixHistory { lift_tests: vec![test(0), test(1)], ..plain.clone() };
    for (name, history) in [("with z", controlled), ("without z", plain), ("without z, lift tests", tested)] {
        let fitted = fit(&history, &MixOptions::default(), &Control::default())?;
        let mut errors = Vec::new();
        for (found, truth) in fitted.contributions().iter().zip(&truth) {
            let truth: f64 = truth.iter().sum();
            errors.push((found.mean / truth - 1.0).abs());
            print!("  {:.0} ({:.0} to {:.0}), truth {truth:.0};", found.mean, found.low, found.high);
        }
        println!(
            " pymc_mmm_roas_data {name}: {:.1} % off, scale reduction {:.3}, r2 {:.3}",
            100.0 * errors.iter().sum::<f64>() / errors.len() as f64,
            fitted.scale_reduction,
            fitted.r2
        );
    }
    Ok(())
}

/// Error on the last 26 weeks of Robyn's simulated data.
fn weekly(folder: &Path) -> Result<(), Box<dyn Error>> {
    const HELD_OUT: usize = 26;
    let table = Columns::read(&folder.join("dt_simulated_weekly.csv"))?;
    let outcome = table.number("revenue")?;
    let mut channels = Vec::new();
    for name in ["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"] {
        channels.push(Channel { name: name.into(), spend: table.number(name)?, ..Channel::default() });
    }
    let mut controls = Vec::new();
    for name in ["competitor_sales_B", "newsletter"] {
        controls.push(ControlSeries { name: name.into(), values: table.number(name)? });
    }
    for event in ["event1", "event2"] {
        let values = table.text("events").iter().map(|e| f64::from(u8::from(*e == event))).collect();
        controls.push(ControlSeries { name: event.into(), values });
    }
    for (name, controls) in [("with controls", controls), ("spend only", Vec::new())] {
        let mut known = outcome.clone();
        let cut = known.len() - HELD_OUT;
        known[cut..].fill(f64::NAN);
        let history = MixHistory {
            outcome: known,
            channels: channels.clone(),
            controls,
            season_length: 52.18,
            ..MixHistory::default()
        };
        let started = Instant::now();
        let fitted = fit(&history, &MixOptions::default(), &Control::default())?;
        let seconds = started.elapsed().as_secs_f64();
        let expected = fitted.decomposition(&history)?.expected();
        let pairs = || outcome[cut..].iter().zip(&expected[cut..]);
        let rmse = (pairs().map(|(y, f)| (y - f).powi(2)).sum::<f64>() / HELD_OUT as f64).sqrt();
        let wape = pairs().map(|(y, f)| (y - f).abs()).sum::<f64>() / outcome[cut..].iter().sum::<f64>();
        println!(
            "dt_simulated_weekly {name}: last {HELD_OUT} weeks WAPE {:.2} %, RMSE {rmse:.0}, scale reduction {:.3}, r2 {:.3}, {seconds:.1} s",
            100.0 * wape,
            fitted.scale_reduction,
            fitted.r2
        );
        for (channel, found) in channels.iter().zip(fitted.contributions()) {
            println!("  {}: {:.0} ({:.0} to {:.0})", channel.name, found.mean, found.low, found.high);
        }
    }
    Ok(())
}
