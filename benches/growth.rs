//! How time and memory grow with the number of stock points: 1x, 10x, 100x.
//!
//! `cargo bench --bench growth` writes instances of 300, 3,000 and 30,000 stock points with 104
//! weeks of sales into a temporary folder and prints a table: seconds to read and check, to
//! forecast, to plan without and with a shared budget (0.8 of what would be spent without, gap
//! 1 %), milliseconds until a new sale, receipt, price or stock count has given the new orders of
//! its stock point, and the most memory used so far.
//! `cargo bench --bench growth -- PAIRS...` takes other sizes.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, dead_code)]

#[path = "../examples/shops/mod.rs"]
mod shops;

use std::path::Path;
use std::time::Instant;

use purvey::control::Control;
use purvey::data::{Schema, Table, read_folder};
use purvey::decide::{self, Event, Input, SolveOptions};

const WEEKS: usize = 104;
/// Facts of each kind; the slowest counts.
const FACTS: usize = 5;

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![300, 3_000, 30_000] } else { sizes };
    println!(
        "{:>9} {:>7} {:>9} {:>7} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>7}",
        "points",
        "read s",
        "predict s",
        "plan s",
        "budget s",
        "gap %",
        "sale ms",
        "recpt ms",
        "price ms",
        "stock ms",
        "MiB"
    );
    for pairs in sizes {
        let folder = tempfile::tempdir().unwrap();
        let points = shops::write(&shops::sized(pairs, WEEKS), folder.path()).unwrap();
        row(points, folder.path());
    }
}

fn row(points: usize, folder: &Path) {
    let control = Control::default().with_gap(0.01);
    let begun = Instant::now();
    let input = read(folder);
    let decision = decide::find("replenishment").unwrap();
    decision.validate(input.clone(), &control).unwrap();
    let read_seconds = begun.elapsed().as_secs_f64();

    let (mut prepared, all) = timed(|| decision.prepare(input.clone(), &control).unwrap());
    let options = || SolveOptions { control: control.started(), ..SolveOptions::default() };
    let (free, plan_seconds) = timed(|| prepared.solve(&options()).unwrap());
    let predict_seconds =
        free.seconds.iter().find(|(stage, _)| stage == "predict").map_or(all, |(_, seconds)| *seconds);
    let spend = free.kpis.iter().find(|(name, _)| name == "spend").unwrap().1;
    drop(free);

    let Input::Tables { name, tables, settings } = input else { return };
    let tight = Input::Tables { name, tables, settings: settings.with("budget", (0.8 * spend).round()) };
    let held = prepared.variant(tight, &control).unwrap();
    let (held, budget_seconds) = timed(|| held.solve(&options()).unwrap());
    let gap = 100.0 * held.outcome.gap().unwrap_or(f64::NAN);
    drop(held);

    let mut slowest = |fact: fn(usize) -> Table| {
        let one = |index: usize| timed(|| prepared.update(&Event { rows: fact(index) }).unwrap()).1;
        1e3 * (0..FACTS).map(one).fold(0.0, f64::max)
    };
    let (sale_ms, receipt_ms) = (slowest(sale), slowest(receipt));
    let (price_ms, stock_ms) = (slowest(price), slowest(stock));
    println!(
        "{points:>9} {read_seconds:>7.2} {predict_seconds:>9.2} {plan_seconds:>7.2} {budget_seconds:>8.2} \
         {gap:>7.3} {sale_ms:>8.2} {receipt_ms:>8.2} {price_ms:>8.2} {stock_ms:>8.2} {:>7}",
        peak_mib()
    );
}

fn read(folder: &Path) -> Input {
    let instance = read_folder(folder, &[], |name| {
        decide::find(name).and_then(|decision| Schema::parse(decision.schema()).ok())
    })
    .unwrap();
    Input::Tables { name: instance.name, tables: instance.tables, settings: instance.settings }
}

fn timed<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed().as_secs_f64())
}

fn item(index: usize) -> String {
    format!("I{:05}", 1 + 5 * index)
}

fn date(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

fn sale(index: usize) -> Table {
    Table::new("sales")
        .with_text("item", [item(index)])
        .with_text("location", ["L01"])
        .with_date("date", [date("2024-03-28")])
        .with_number("quantity", [9.0])
}

/// The first comes to a table that is not there, later ones join it.
fn receipt(index: usize) -> Table {
    Table::new("receipts")
        .with_text("item", [item(index)])
        .with_text("supplier", ["S01"])
        .with_date("order_date", [date("2024-03-01")])
        .with_date("receipt_date", [date("2024-03-12")])
        .with_number("ordered", [10.0])
        .with_number("received", [10.0])
}

fn price(index: usize) -> Table {
    Table::new("items").with_text("item", [item(index)]).with_number("price", [30.0])
}

fn stock(index: usize) -> Table {
    Table::new("stock")
        .with_text("item", [item(index)])
        .with_text("location", ["L01"])
        .with_date("date", [date("2024-04-01")])
        .with_number("on_hand", [3.0])
}

/// Most memory used so far, MiB; 0 where the system does not tell.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}
