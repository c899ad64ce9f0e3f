//! Held-out error of price response on store-level scanner data.
//!
//! ```sh
//! cargo run --release --example price_response -- orange_juice_store_week.csv [LAST_WEEK]
//! ```
//!
//! The file has a row a store, brand and week: `store,brand,week,logmove,price1..price11,deal,feat,profit`
//! (logarithm of units, prices of all brands, promotion, share advertised, margin in per cent). Weeks up to
//! LAST_WEEK (default 140) are learned from, later ones foreseen at the prices that came.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::BTreeMap;

use purvey::predict::response::{Response, ResponseOptions, Sold, fit};

const BRANDS: usize = 11;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        println!("usage: price_response FILE [LAST_WEEK]");
        return;
    };
    let last: f64 = arguments.next().map_or(140.0, |week| week.parse().unwrap());
    let (past, later) = read(&path, last);
    let fitted = fit(&past, &ResponseOptions::default());
    let (mut off, mut sold) = (0.0, 0.0);
    println!("brand   own   error   by cost   mean cross   promotion   feature   weighted error");
    for (brand, (response, rows)) in fitted.iter().zip(&later).enumerate() {
        let (error, sum) = held_out(response, rows);
        let cross = response.rivals.iter().map(|rival| rival.value).sum::<f64>() / (BRANDS - 1) as f64;
        let by_cost = response.instrumented.map_or(f64::NAN, |instrumented| instrumented.value);
        println!(
            "{:5} {:6.2} {:6.2} {by_cost:9.2} {cross:12.2} {:11.2} {:9.2} {:16.3}",
            brand + 1,
            response.own.value,
            response.own.error,
            response.covariates[0].value,
            response.covariates[1].value,
            error / sum
        );
        (off, sold) = (off + error, sold + sum);
    }
    println!("all brands: {:.4}", off / sold);
}

/// Sum of absolute errors of the median, and of what was sold.
fn held_out(response: &Response, rows: &Sold) -> (f64, f64) {
    let (mut error, mut sum) = (0.0, 0.0);
    for row in 0..rows.price.len() {
        error += (rows.ask(row, |question| response.median(question)) - rows.quantity[row]).abs();
        sum += rows.quantity[row];
    }
    (error, sum)
}

fn read(path: &str, last: f64) -> (Vec<Sold>, Vec<Sold>) {
    let empty =
        || Sold { rivals: vec![Vec::new(); BRANDS - 1], covariates: vec![Vec::new(); 2], ..Sold::default() };
    let (mut past, mut later) = (vec![empty(); BRANDS], vec![empty(); BRANDS]);
    let mut stores: BTreeMap<String, u32> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(path).unwrap();
    for record in reader.records().map(Result::unwrap) {
        let number = |at: usize| record[at].parse::<f64>().unwrap();
        let next = stores.len() as u32;
        let store = *stores.entry(record[0].to_owned()).or_insert(next);
        let brand = number(1) as usize - 1;
        let rows = if number(2) <= last { &mut past[brand] } else { &mut later[brand] };
        rows.group.push(store);
        rows.period.push(number(2));
        rows.quantity.push(number(3).exp());
        rows.price.push(number(4 + brand));
        let others = (0..BRANDS).filter(|&other| other != brand);
        rows.rivals.iter_mut().zip(others).for_each(|(prices, other)| prices.push(number(4 + other)));
        rows.covariates[0].push(number(4 + BRANDS));
        rows.covariates[1].push(number(5 + BRANDS));
        rows.instrument.push(number(4 + brand) * (1.0 - number(6 + BRANDS) / 100.0));
    }
    (past, later)
}
