//! Writes a made-up advertising history of which the truth is known.
//!
//! ```sh
//! cargo run --release --example generate_advertising -- CHANNELS PERIODS SEED FOLDER [day]
//! ```
//!
//! `spend.csv`, `sales.csv` and `controls.csv` are what a planner would have; `truth.csv` says what each
//! channel brought and by which curve. At most 8 channels; periods are weeks, or days
//! where the last word is `day`.

#![allow(clippy::print_stdout)]

#[path = "mix/generator.rs"]
mod generator;

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{Days, NaiveDate};
use generator::Period;

/// Periods after the history in which `truth.csv` says what the spend of now brings.
const WINDOW: usize = 13;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (period, days) = match arguments.get(4).map(String::as_str) {
        None => (Period::Week, 7),
        Some("day") => (Period::Day, 1),
        Some(_) => return usage(),
    };
    let [channels, weeks, seed, folder, ..] = arguments.as_slice() else { return usage() };
    let market = generator::market(seed.parse()?, channels.parse()?, weeks.parse()?, NOISE, period);
    let first = NaiveDate::from_ymd_opt(2023, 1, 2).ok_or("no such day")?;
    let (mut spend, mut sales, mut controls, mut truth) = (
        "channel,date,spend\n".to_owned(),
        "date,quantity\n".to_owned(),
        "control,date,value\n".to_owned(),
        "channel,contribution,carry_over,a,k,s,spend_now,brings\n".to_owned(),
    );
    for (week, (quantity, competitor)) in market.sales.iter().zip(&market.competitor).enumerate() {
        let date = first + Days::new(days * week as u64);
        writeln!(sales, "{date},{quantity:.2}")?;
        writeln!(controls, "competitor,{date},{competitor:.4}")?;
        for channel in &market.channels {
            writeln!(spend, "{},{date},{:.2}", channel.name, channel.spend[week])?;
        }
    }
    for c in &market.channels {
        let brought: f64 = c.effect.iter().sum();
        let last = &c.spend[c.spend.len().saturating_sub(WINDOW)..];
        let now = last.iter().sum::<f64>() / last.len().max(1) as f64;
        let brings = c.response(now, WINDOW);
        let (carry_over, shape) = (c.carry_over, c.s);
        writeln!(
            truth,
            "{},{brought:.1},{carry_over:.4},{:.2},{:.2},{shape:.4},{now:.2},{brings:.1}",
            c.name, c.a, c.k
        )?;
    }
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let files = [
        ("instance.toml", "model = \"advertising\"\n".to_owned()),
        ("spend.csv", spend),
        ("sales.csv", sales),
        ("controls.csv", controls),
        ("truth.csv", truth),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn usage() -> Result<(), Box<dyn Error>> {
    println!("usage: generate_advertising CHANNELS PERIODS SEED FOLDER [day]");
    Ok(())
}

/// Noise of sales over their level.
const NOISE: f64 = 0.03;
