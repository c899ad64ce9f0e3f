//! How long it takes to read and check a table of a million rows, sound and with 1,000 faults.
//!
//! `cargo bench --bench check` writes the tables into a temporary folder, reads
//! each several times and prints the best time. Figure: under 2 s.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use purvey::control::Control;
use purvey::data::{Faults, Instance, Schema, read_folder};

const SCHEMA: &str = r#"
name = "shop"
title = "Shop"
summary = "Sales of items at locations."

[[table]]
name = "items"
required = true
meaning = "What is sold."
key = ["item"]
[[table.column]]
name = "item"
type = "code"
required = true
meaning = "Code."

[[table]]
name = "sales"
required = true
meaning = "What was sold."
key = ["item", "location", "date"]
[[table.column]]
name = "item"
type = "code"
required = true
references = "items.item"
meaning = "Item."
[[table.column]]
name = "location"
type = "code"
required = true
meaning = "Location."
[[table.column]]
name = "date"
type = "date"
required = true
meaning = "Day."
[[table.column]]
name = "quantity"
type = "number"
required = true
min = -1e9
meaning = "Units."
[[table.column]]
name = "price"
type = "number"
min = 0
meaning = "Money per unit."
[[table.column]]
name = "promotion"
type = "flag"
meaning = "Whether it was promoted."
"#;

const PAIRS: usize = 1_000;

fn write_folder(folder: &Path, rows: usize, faults: usize) {
    let mut items = "item\n".to_owned();
    let mut sales = "item,location,date,quantity,price,promotion\n".to_owned();
    let first: chrono::NaiveDate = "2020-01-06".parse().unwrap();
    for pair in 0..PAIRS {
        writeln!(items, "ITEM-{pair:05}").unwrap();
    }
    let every = rows.checked_div(faults).unwrap_or(usize::MAX);
    for row in 0..rows {
        let (pair, day) = (row % PAIRS, row / PAIRS);
        let date = first + chrono::Days::new(day as u64);
        let quantity = if row % every == every / 2 { "many".to_owned() } else { (row * 7 % 40).to_string() };
        let price = row % 50;
        writeln!(sales, "ITEM-{pair:05},L{:02},{date},{quantity},{price}.99,{}", pair % 37, row % 2).unwrap();
    }
    std::fs::write(folder.join("instance.toml"), "model = \"shop\"\n").unwrap();
    std::fs::write(folder.join("items.csv"), items).unwrap();
    std::fs::write(folder.join("sales.csv"), sales).unwrap();
}

fn read(folder: &Path) -> Result<Instance, Faults> {
    let control = Control::default().with_threads(1);
    control
        .install(|| read_folder(folder, &[], |name| (name == "shop").then(|| Schema::parse(SCHEMA).unwrap())))
}

fn main() {
    println!("{:>10} {:>7} {:>8} {:>9}", "rows", "faults", "seconds", "MB/s");
    for (rows, faults) in
        [(10_000, 0), (100_000, 0), (1_000_000, 0), (1_000_000, 1_000), (1_000_000, 1_000_000)]
    {
        let folder = tempfile::tempdir().unwrap();
        write_folder(folder.path(), rows, faults);
        let megabytes = std::fs::metadata(folder.path().join("sales.csv")).unwrap().len() as f64 / 1e6;
        let best = (0..5).map(|_| {
            let start = Instant::now();
            let found = read(folder.path()).err().map_or(0, |found| found.len());
            assert_eq!(found, faults as u64);
            start.elapsed().as_secs_f64()
        });
        let best = best.fold(f64::INFINITY, f64::min);
        println!("{rows:>10} {faults:>7} {best:>8.3} {:>9.0}", megabytes / best);
    }
}
