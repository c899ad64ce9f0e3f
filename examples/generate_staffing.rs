//! Writes a staffing instance from a seed, and the truth behind it.
//!
//! usage: `generate_staffing ZONES WEEKS SEED FOLDER`. Orders are a Poisson process whose rate is known: a
//! zone's size, times its two peaks of the day, times the weekday, times a slow trend; holidays have a
//! third of it. The rates of the week after the last order go to standard output as `zone,time,rate`.

#![allow(clippy::print_stdout)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use chrono::{Datelike, NaiveDate, TimeDelta};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [zones, weeks, seed, folder] => {
            city(zones.parse()?, weeks.parse()?, seed.parse()?, Path::new(folder))
        }
        _ => Err("usage: generate_staffing ZONES WEEKS SEED FOLDER".into()),
    }
}

/// A zone with the rates of its orders.
struct Zone {
    place: [f64; 2],
    size: f64,
    peaks: [f64; 2],
    minutes: u32,
}

fn city(zones: usize, weeks: i64, seed: u64, folder: &Path) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut zone = || Zone {
        place: [53.08 + random.random_range(-0.06..0.06), 8.81 + random.random_range(-0.1..0.1)],
        size: random.random_range(0.5..4.0),
        peaks: [random.random_range(10.0..13.0), random.random_range(16.5..20.0)],
        minutes: random.random_range(16..34),
    };
    let zones: Vec<Zone> = (0..zones).map(|_| zone()).collect();
    let since = NaiveDate::from_ymd_opt(2025, 9, 1).ok_or("the calendar has no such day")?;
    let days = weeks * 7;
    let holidays: Vec<NaiveDate> =
        [24, 60, 115, 116, days + 3].map(|day| since + TimeDelta::days(day)).to_vec();
    let rate = |zone: &Zone, day: i64, hour: u32| {
        let date = since + TimeDelta::days(day);
        let weekday = [0.9, 0.85, 0.9, 1.0, 1.4, 1.3, 0.8][date.weekday().num_days_from_monday() as usize];
        let kind = if holidays.contains(&date) { 0.33 } else { weekday };
        let bell = |peak: f64| (-((f64::from(hour) + 0.5 - peak) / 2.0).powi(2)).exp();
        zone.size * kind * (bell(zone.peaks[0]) + 1.3 * bell(zone.peaks[1])) * (1.0 + 0.001 * day as f64)
    };
    let mut orders = String::from("zone,time,quantity\n");
    for day in 0..days {
        let date = since + TimeDelta::days(day);
        for (at, zone) in zones.iter().enumerate() {
            for hour in 0..24 {
                let count = poisson(rate(zone, day, hour), &mut random);
                if count > 0 {
                    writeln!(orders, "Z{at:02},{date} {hour:02}:00,{count}")?;
                }
            }
        }
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("orders.csv"), orders)?;
    let mut rows = String::from("zone,latitude,longitude,minutes_per_order\n");
    for (at, zone) in zones.iter().enumerate() {
        writeln!(rows, "Z{at:02},{:.4},{:.4},{}", zone.place[0], zone.place[1], zone.minutes)?;
    }
    fs::write(folder.join("zones.csv"), rows)?;
    let rows: String = holidays.iter().map(|date| format!("{date}\n")).collect();
    fs::write(folder.join("holidays.csv"), format!("date\n{rows}"))?;
    fs::write(
        folder.join("shifts.csv"),
        "shift,start,hours,cost\nS07,07:00,8,176\nS09,09:00,8,176\nS11,11:00,8,180\nS14,14:00,8,184\nP10,10:00,4,100\n\
         P17,17:00,4,104\nN19,19:00,5,130\nL00,00:00,7,190\n",
    )?;
    fs::write(folder.join("instance.toml"), "model = \"staffing\"\n")?;
    println!("zone,time,rate");
    for day in days..days + 7 {
        let date = since + TimeDelta::days(day);
        for (at, zone) in zones.iter().enumerate() {
            for hour in 0..24 {
                println!("Z{at:02},{date} {hour:02}:00,{:.4}", rate(zone, day, hour));
            }
        }
    }
    Ok(())
}

fn poisson(mean: f64, random: &mut ChaCha8Rng) -> u32 {
    let (mut product, mut count) = (random.random::<f64>(), 0);
    while product > (-mean).exp() {
        product *= random.random::<f64>();
        count += 1;
    }
    count
}
