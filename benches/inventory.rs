//! Speed of the single-item models and of the order plan, on seeded problems.
//!
//! Run: `cargo bench --bench inventory`

#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use purvey::optimize::inventory::demand::Demand;
use purvey::optimize::inventory::newsvendor::newsvendor;
use purvey::optimize::inventory::order_path::{
    PathOptions, PathProblem, Prepared, PriceList, Workspace, solve_prepared,
};
use purvey::optimize::inventory::pmf::Pmf;
use purvey::optimize::inventory::r_q::{ReorderProblem, r_q_poisson};
use purvey::optimize::inventory::s_s::s_s;
use purvey::optimize::inventory::wagner_whitin::{LotProblem, solve};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn textbook(criterion: &mut Criterion) {
    let demand = Demand::normal(50.0, 8.0).expect("a valid demand");
    criterion.bench_function("newsvendor, normal", |b| b.iter(|| newsvendor(0.18, 0.7, &demand)));
    let poisson = Pmf::poisson(50.0).expect("a valid demand");
    criterion.bench_function("(s,S), Poisson 50", |b| b.iter(|| s_s(1.0, 9.0, 100.0, &poisson, 0)));
    let problem = ReorderProblem {
        holding_cost: 1.0,
        shortage_cost: 9.0,
        fixed_cost: 100.0,
        demand_mean: 50.0,
        lead_time: 1.0,
    };
    criterion.bench_function("(r,Q), Poisson 50", |b| b.iter(|| r_q_poisson(&problem)));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let units: Vec<f64> = (0..104).map(|_| rng.random_range(0.0..100.0_f64).round()).collect();
    let (fixed, unit, holding) = ([200.0; 104], [0.0; 104], [1.0; 104]);
    let lots = LotProblem { demand: &units, fixed_cost: &fixed, unit_cost: &unit, holding_cost: &holding };
    criterion.bench_function("Wagner-Whitin, 104 periods", |b| b.iter(|| solve(&lots)));
}

/// 26 periods, 100 scenarios, about 300 levels.
fn order_plan(criterion: &mut Criterion) {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let demand = (0..2600).map(|_| rng.random_range(0.0..20.0_f64).round()).collect();
    let mut problem = PathProblem::new(26, 100, demand);
    problem.fixed_cost = vec![30.0; 26];
    problem.unit_cost = PriceList::single(&[5.0; 26]);
    problem.holding_cost = vec![0.1; 26];
    problem.shortage_cost = vec![9.0; 26];
    problem.moq = 12.0;
    let mut workspace = Workspace::default();
    let options = PathOptions { gap: 0.01, ..PathOptions::default() };
    for (name, lost_sales) in [("order plan, backorders", false), ("order plan, lost sales", true)] {
        problem.lost_sales = lost_sales;
        let prepared = Prepared::new(&problem).expect("a valid problem");
        criterion.bench_function(name, |b| {
            b.iter(|| solve_prepared(&problem, &prepared, &options, &mut workspace));
        });
    }
}

criterion_group!(benches, textbook, order_plan);
criterion_main!(benches);
