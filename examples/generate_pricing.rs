//! Writes a made-up pricing instance.
//!
//! ```sh
//! cargo run --release --example generate_pricing -- PRODUCTS GAPS FOLDER
//! ```
//!
//! Products with stated elasticities; every 25th answers to the prices of the next two. Eleven prices each (the
//! price now and ten made ones), up to GAPS gaps between neighbours (one a product, wide enough for the prices of
//! now), a floor on units, and at most a third of the prices changing.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::PathBuf;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [products, gaps, folder] = arguments.as_slice() else {
        println!("usage: generate_pricing PRODUCTS GAPS FOLDER");
        return;
    };
    let (count, gaps): (usize, usize) = (products.parse().unwrap(), gaps.parse().unwrap());
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut products = "product,category,unit_cost,price,quantity,elasticity,elasticity_error\n".to_owned();
    let (mut effects, mut rules) =
        ("product,other,elasticity\n".to_owned(), "product,other,low,high\n".to_owned());
    let mut prices = Vec::new();
    for at in 0..count {
        let price = (random.random_range(1.0..20.0_f64) * 10.0).round() / 10.0 - 0.01;
        let cost = price * random.random_range(0.45..0.8);
        let quantity = 20.0 * (3.0 * random.random::<f64>()).exp();
        let elasticity = random.random_range(-3.8..-1.3_f64);
        writeln!(products, "P{at},C{},{cost:.4},{price:.2},{quantity:.1},{elasticity:.3},0.3", at / 5)
            .unwrap();
        prices.push(price);
        if at % 25 == 0 && at + 2 < count {
            for other in [at + 1, at + 2] {
                writeln!(effects, "P{at},P{other},{:.3}", random.random_range(0.1..0.6)).unwrap();
            }
        }
    }
    for _ in 0..gaps {
        let at = random.random_range(0..count - 1);
        let ratio = prices[at] / prices[at + 1];
        let line = format!("P{at},P{},{:.4},{:.4}", at + 1, 0.97 * ratio, 1.05 * ratio);
        let key = format!("\nP{at},");
        if !rules.contains(&key) {
            writeln!(rules, "{line}").unwrap();
        }
    }
    let settings = format!(
        "# Made by examples/generate_pricing.rs, seed 1.\nmodel = \"pricing\"\n\n[settings]\nmin_volume = 0.98\nmax_changes = {}\n",
        count / 3
    );
    let files = [
        ("instance.toml", settings),
        ("products.csv", products),
        ("effects.csv", effects),
        ("gaps.csv", rules),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    println!("{}: {count} products", folder.display());
}
