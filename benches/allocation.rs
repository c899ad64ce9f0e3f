//! Speed of the allocation by prices: multiple choice with one budget, with
//! three, and lot sizing under joint orders.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use purvey::control::Control;
use purvey::optimize::allocation::{AllocationOptions, Candidates, Coupling, SharedRow, choose};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Five candidates a part (the first of them nothing) on budgets of about a quarter of the wishes.
fn multiple_choice(parts: usize, rows: usize) -> (Candidates, Coupling) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut candidates = Candidates::with_capacity(parts, 5 * parts, 4 * parts * rows);
    for _ in 0..parts {
        candidates.add(0.0, &[]);
        for _ in 1..5 {
            let usage: Vec<(u32, f64)> =
                (0..rows as u32).map(|row| (row, random.random_range(1.0..10.0))).collect();
            candidates.add(-random.random_range(1.0..20.0), &usage);
        }
        candidates.end_part();
    }
    let limit = 1.25 * parts as f64;
    let rows = (0..rows).map(|row| SharedRow::at_most(format!("budget {row}"), limit)).collect();
    (candidates, Coupling::new(rows, Vec::new()).unwrap())
}

fn allocation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("allocation");
    group.sample_size(10);
    for (parts, rows, gap) in [(10_000, 1, 1e-5), (100_000, 1, 1e-6), (1_000_000, 1, 1e-6), (10_000, 3, 1e-4)]
    {
        let (candidates, coupling) = multiple_choice(parts, rows);
        let control = Control::default().with_threads(1).with_gap(gap);
        let options = AllocationOptions::default();
        let answer = choose(&candidates, &coupling, &options, &control).unwrap();
        let reached = answer.outcome.gap().unwrap();
        println!("{parts} parts, {rows} rows: gap {reached:.1e} in {} rounds", answer.rounds);
        assert!(reached <= gap, "gap {reached} above {gap}");
        group.bench_function(format!("{parts} parts x 5, {rows} rows"), |bench| {
            bench.iter_batched(
                || (),
                |()| choose(&candidates, &coupling, &options, &control),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, allocation);
criterion_main!(benches);
