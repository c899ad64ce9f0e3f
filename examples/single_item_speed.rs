//! Seconds for 1,000 single-item problems of each textbook model, on one core.
//!
//! Run: `cargo run --release --example single_item_speed`; with
//! `-- --problems N` it prints the first N problems as JSON instead, for
//! `scripts/stockpyl_speed.py`.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use purvey::optimize::inventory::demand::Demand;
use purvey::optimize::inventory::error::InventoryError;
use purvey::optimize::inventory::newsvendor::newsvendor;
use purvey::optimize::inventory::pmf::Pmf;
use purvey::optimize::inventory::r_q::{ReorderProblem, r_q_eil, r_q_poisson};
use purvey::optimize::inventory::s_s::s_s;
use purvey::optimize::inventory::wagner_whitin::{LotProblem, solve};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// One item; the demand of a horizon of 104 periods goes with it.
struct Item {
    holding_cost: f64,
    shortage_cost: f64,
    fixed_cost: f64,
    demand_mean: f64,
    demand_sd: f64,
    lead_time: f64,
    demand: Vec<f64>,
}

fn items(count: usize) -> Vec<Item> {
    let mut rng = ChaCha8Rng::seed_from_u64(2026);
    (0..count)
        .map(|_| {
            let demand_mean = rng.random_range(2.0..60.0);
            let holding_cost: f64 = rng.random_range(0.2..2.0);
            Item {
                holding_cost,
                shortage_cost: holding_cost * rng.random_range(4.0..30.0),
                fixed_cost: rng.random_range(5.0..150.0),
                demand_mean,
                demand_sd: demand_mean * rng.random_range(0.1..0.3),
                lead_time: rng.random_range(0.2..2.0),
                demand: (0..104).map(|_| (demand_mean * rng.random_range(0.0..2.0_f64)).round()).collect(),
            }
        })
        .collect()
}

type Model = fn(&Item) -> Result<f64, InventoryError>;

fn min_max(item: &Item) -> Result<f64, InventoryError> {
    let demand = Pmf::poisson(item.demand_mean)?;
    Ok(s_s(item.holding_cost, item.shortage_cost, item.fixed_cost, &demand, 0)?.1)
}

fn reorder(item: &Item) -> ReorderProblem {
    ReorderProblem {
        holding_cost: item.holding_cost,
        shortage_cost: item.shortage_cost,
        fixed_cost: item.fixed_cost,
        demand_mean: item.demand_mean,
        lead_time: item.lead_time,
    }
}

fn lots(item: &Item, periods: usize) -> Result<f64, InventoryError> {
    let problem = LotProblem {
        demand: &item.demand[..periods],
        fixed_cost: &vec![item.fixed_cost; periods],
        unit_cost: &vec![0.0; periods],
        holding_cost: &vec![item.holding_cost; periods],
    };
    Ok(solve(&problem)?.cost)
}

fn main() -> Result<(), InventoryError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, count] = arguments.as_slice()
        && flag == "--problems"
    {
        print_problems(count.parse().unwrap_or(10));
        return Ok(());
    }
    let items = items(1000);
    let models: [(&str, Model); 7] = [
        ("newsvendor, normal", |item| {
            let demand = Demand::normal(item.demand_mean, item.demand_sd)?;
            Ok(newsvendor(item.holding_cost, item.shortage_cost, &demand)?.cost)
        }),
        ("newsvendor, Poisson", |item| {
            let demand = Demand::poisson(item.demand_mean)?;
            Ok(newsvendor(item.holding_cost, item.shortage_cost, &demand)?.cost)
        }),
        ("(s,S), Poisson", min_max),
        ("(r,Q), Poisson", |item| Ok(r_q_poisson(&reorder(item))?.1)),
        ("(r,Q), EIL", |item| {
            // A penalty for each unit short, not for its waiting: some 25 times as much.
            let problem = reorder(item);
            let shortage_cost = 25.0 * problem.shortage_cost;
            Ok(r_q_eil(&ReorderProblem { shortage_cost, ..problem }, item.demand_sd)?.1)
        }),
        ("Wagner-Whitin, 52", |item| lots(item, 52)),
        ("Wagner-Whitin, 104", |item| lots(item, 104)),
    ];
    println!("{:22} {:>12} {:>16}", "model", "seconds", "sum of costs");
    for (name, model) in models {
        let clock = Instant::now();
        let mut sum = 0.0;
        for item in &items {
            sum += model(item)?;
        }
        println!("{name:22} {:12.5} {sum:16.3}", clock.elapsed().as_secs_f64());
    }
    Ok(())
}

fn print_problems(count: usize) {
    let rows: Vec<serde_json::Value> = items(1000)
        .iter()
        .take(count)
        .map(|item| {
            json!({
                "holding_cost": item.holding_cost, "shortage_cost": item.shortage_cost,
                "fixed_cost": item.fixed_cost, "demand_mean": item.demand_mean,
                "demand_sd": item.demand_sd, "lead_time": item.lead_time, "demand": item.demand,
            })
        })
        .collect();
    println!("{}", serde_json::Value::Array(rows));
}
