//! How fast order plans are found, and how often they are proved best, on
//! seeded random problems of retail size.
//!
//! Run: `cargo run --release --example order_path_speed`

use std::time::Instant;

use purvey::optimize::inventory::order_path::{
    Arrival, PathOptions, PathProblem, Prepared, PriceBreak, PriceList, Workspace, solve_prepared,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson};

/// One family of problems.
struct Family {
    name: &'static str,
    periods: usize,
    scenarios: usize,
    mean: f64,
    lost_sales: bool,
    fixed: bool,
    lots: bool,
    breaks: bool,
    shelf_life: Option<usize>,
}

impl Family {
    fn plain(name: &'static str, lost_sales: bool) -> Self {
        Family {
            name,
            periods: 26,
            scenarios: 100,
            mean: 10.0,
            lost_sales,
            fixed: false,
            lots: false,
            breaks: false,
            shelf_life: None,
        }
    }
}

fn main() {
    let families = [
        Family { periods: 8, fixed: true, lots: true, ..Family::plain("lost sales, all, 8 periods", true) },
        Family {
            periods: 8,
            fixed: true,
            lots: true,
            breaks: true,
            ..Family::plain("lost sales, all, 8 periods, br", true)
        },
        Family { periods: 10, fixed: true, ..Family::plain("lost sales, fixed, 10 periods", true) },
        Family { periods: 10, lots: true, ..Family::plain("lost sales, lots, 10 periods", true) },
    ];
    println!(
        "{:34} {:>8} {:>8} {:>8} {:>10} {:>10} {:>8}",
        "family", "ms", "proved", "< 0.1 %", "mean gap", "worst gap", "sweeps"
    );
    for family in &families {
        report(family, 40);
    }
}

fn report(family: &Family, count: u64) {
    let mut workspace = Workspace::default();
    let options = PathOptions::default();
    let (mut seconds, mut proved, mut close, mut sum, mut worst) = (0.0, 0, 0, 0.0, 0.0_f64);
    let mut sweeps = 0;
    for seed in 0..count {
        let problem = problem(family, seed);
        let clock = Instant::now();
        let solved = Prepared::new(&problem)
            .and_then(|prepared| solve_prepared(&problem, &prepared, &options, &mut workspace));
        let near = Prepared::new(&problem)
            .and_then(|prepared| {
                solve_prepared(
                    &problem,
                    &prepared,
                    &PathOptions { max_nodes: 0, ..PathOptions::default() },
                    &mut workspace,
                )
            })
            .unwrap();
        let o = PathOptions { max_nodes: 100000, ..PathOptions::default() };
        let full = Prepared::new(&problem)
            .and_then(|prepared| solve_prepared(&problem, &prepared, &o, &mut workspace))
            .unwrap();
        let (a, b) = (near.cost.total(), full.cost.total());
        println!(
            "   excess {:.4}% exact {} gap {:.3}%",
            100.0 * (a / b - 1.0),
            full.exact,
            100.0 * (a - near.bound) / a
        );
        seconds += clock.elapsed().as_secs_f64();
        match solved {
            Ok(plan) => {
                let gap = (plan.cost.total() - plan.bound) / plan.cost.total();
                proved += u32::from(plan.exact);
                close += u32::from(gap < 1e-3);
                sum += gap;
                worst = worst.max(gap);
                sweeps += plan.iterations;
            }
            Err(error) => println!("{}: {error}", family.name),
        }
    }
    let n = count as f64;
    println!(
        "{:34} {:8.3} {:>7.0}% {:>7.0}% {:>9.4}% {:>9.4}% {:8.1}",
        family.name,
        1e3 * seconds / n,
        100.0 * f64::from(proved) / n,
        100.0 * f64::from(close) / n,
        100.0 * sum / n,
        100.0 * worst,
        sweeps as f64 / n,
    );
}

/// Poisson demand around a season and a level that the scenarios do not agree on.
fn problem(family: &Family, seed: u64) -> PathProblem {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (periods, scenarios) = (family.periods, family.scenarios);
    let mean = family.mean * rng.random_range(0.4..1.6);
    let phase = rng.random_range(0.0..1.0);
    let mut demand = Vec::with_capacity(periods * scenarios);
    for _ in 0..scenarios {
        let level = rng.random_range(0.7..1.3);
        for period in 0..periods {
            let season = 1.0 + 0.4 * (std::f64::consts::TAU * (period as f64 / 13.0 + phase)).sin();
            let rate: f64 = mean * level * season;
            demand.push(Poisson::new(rate).map_or(0.0, |poisson| poisson.sample(&mut rng)));
        }
    }
    let mut problem = PathProblem::new(periods, scenarios, demand);
    let lead = rng.random_range(1..=2);
    problem.arrival = Arrival::Common(
        (0..periods).map(|period| (period + lead < periods).then_some(period + lead)).collect(),
    );
    let unit_cost: f64 = rng.random_range(2.0..10.0);
    problem.initial_stock = (mean * rng.random_range(0.0..4.0)).round();
    problem.holding_cost = vec![unit_cost * 0.2 / 52.0 * rng.random_range(1.0..10.0); periods];
    problem.shortage_cost = vec![unit_cost * rng.random_range(1.2..2.5); periods];
    // What is left at the end keeps most of its value.
    problem.holding_cost[periods - 1] -= 0.8 * unit_cost;
    problem.lost_sales = family.lost_sales;
    if family.fixed {
        problem.fixed_cost = vec![unit_cost * mean * rng.random_range(0.1..1.0); periods];
    }
    if family.lots {
        problem.multiple = [1.0, 2.0, 6.0][rng.random_range(0..3)];
        problem.moq = (mean * rng.random_range(0.5..3.0)).round();
    }
    problem.unit_cost = if family.breaks {
        let breaks = [
            PriceBreak { min_quantity: 0.0, unit_cost },
            PriceBreak { min_quantity: (3.0 * mean).ceil(), unit_cost: 0.95 * unit_cost },
            PriceBreak { min_quantity: (8.0 * mean).ceil(), unit_cost: 0.9 * unit_cost },
        ];
        PriceList::same(&breaks, periods)
    } else {
        PriceList::single(&vec![unit_cost; periods])
    };
    problem.shelf_life = family.shelf_life;
    problem.waste_cost = if family.shelf_life.is_some() { 0.1 * unit_cost } else { 0.0 };
    problem
}
