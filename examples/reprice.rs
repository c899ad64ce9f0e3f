//! Time of a repricing call after new facts.
//!
//! ```sh
//! cargo run --release --example reprice -- [PRODUCTS] [STORES] [CALLS]
//! ```
//!
//! Products in categories of three (default 1000) with 60 weeks of made-up sales in some stores (default 5) are
//! fitted once. Each call then brings in a week of sales of one product in all stores, or a competitor's price, and
//! prices the product again. Prints milliseconds a call: median, 95 %, largest.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::Instant;

use chrono::{Duration, NaiveDate};
use purvey::control::Control;
use purvey::data::{Settings, Table, Tables};
use purvey::decide::{Event, Input, Prepared, SolveOptions, find};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Weeks of sales before the first call.
const WEEKS: i64 = 60;

fn main() {
    let arguments: Vec<usize> = std::env::args().skip(1).map(|word| word.parse().unwrap()).collect();
    let number = |at: usize, usual: usize| arguments.get(at).copied().unwrap_or(usual);
    let (products, stores, calls) = (number(0, 1000), number(1, 5), number(2, 2000));
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let codes = || (0..products).map(|at| format!("P{at}"));
    let shop = Table::new("products")
        .with_text("product", codes())
        .with_text("category", (0..products).map(|at| format!("C{}", at / 3)))
        .with_number("unit_cost", (0..products).map(|_| 1.2))
        .with_number("price", (0..products).map(|_| 2.0));
    let rivals = Table::new("competitors")
        .with_text("product", codes())
        .with_text("competitor", codes().map(|_| "CORNER"))
        .with_number("price", (0..products).map(|_| 2.0))
        .with_number("low", (0..products).map(|_| 0.8))
        .with_number("high", (0..products).map(|_| 1.3));
    let cells: Vec<(usize, usize, i64)> = (0..products)
        .flat_map(|at| (0..stores).flat_map(move |store| (0..WEEKS).map(move |week| (at, store, week))))
        .collect();
    let sales = sales(&cells, &mut random);
    let tables = Tables::default().with(shop).with(rivals).with(sales);
    let input = Input::Tables { name: "reprice".to_owned(), tables, settings: Settings::default() };
    let started = Instant::now();
    let mut prepared = find("pricing").unwrap().prepare(input, &Control::default()).unwrap();
    println!("prepared in {:.1} s: {products} products, {stores} stores", started.elapsed().as_secs_f64());
    let options = SolveOptions { control: Control::default().with_gap(0.05), ..SolveOptions::default() };
    prepared.solve(&options).unwrap();
    let weeks = |call: usize| WEEKS + (call / products) as i64;
    let sold: Vec<Table> = (0..calls)
        .map(|call| {
            let cells: Vec<_> = (0..stores).map(|store| (call % products, store, weeks(call))).collect();
            self::sales(&cells, &mut random)
        })
        .collect();
    timed("a week of sales", &mut *prepared, sold);
    let prices = (0..calls).map(|call| {
        Table::new("competitors")
            .with_text("product", [format!("P{}", call % products)])
            .with_text("competitor", ["CORNER"])
            .with_number("price", [1.8 + 0.4 * random.random::<f64>()])
    });
    timed("a competitor's price", &mut *prepared, prices.collect());
}

fn sales(cells: &[(usize, usize, i64)], random: &mut ChaCha8Rng) -> Table {
    let monday = NaiveDate::from_ymd_opt(2025, 1, 6).unwrap();
    let prices: Vec<f64> = cells.iter().map(|_| random.random_range(1.7..2.3)).collect();
    let quantity =
        |price: &f64| (80.0 * (price / 2.0_f64).powf(-2.5) * random.random_range(0.7..1.3)).round();
    let quantities: Vec<f64> = prices.iter().map(quantity).collect();
    Table::new("sales")
        .with_text("product", cells.iter().map(|cell| format!("P{}", cell.0)))
        .with_text("store", cells.iter().map(|cell| format!("S{}", cell.1)))
        .with_date("date", cells.iter().map(|cell| monday + Duration::weeks(cell.2)))
        .with_number("quantity", quantities)
        .with_number("price", prices)
}

/// Brings facts in one by one and prints how long the calls took.
fn timed(what: &str, prepared: &mut dyn Prepared, facts: Vec<Table>) {
    let mut milliseconds: Vec<f64> = facts
        .into_iter()
        .map(|rows| {
            let event = Event { rows };
            let started = Instant::now();
            prepared.update(&event).unwrap();
            1e3 * started.elapsed().as_secs_f64()
        })
        .collect();
    milliseconds.sort_by(f64::total_cmp);
    let at = |share: f64| milliseconds[((milliseconds.len() - 1) as f64 * share) as usize];
    println!("{what}: {:.3} ms, 95 % {:.3} ms, largest {:.3} ms", at(0.5), at(0.95), at(1.0));
}
