//! The whole method against brute force, and its promises as properties.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::*;

/// Lists every combination of candidates (and switch copies); the least cost of a feasible one.
fn brute_force(parts: &[Vec<(f64, Vec<f64>)>], coupling: &Coupling) -> Option<f64> {
    fn walk(parts: &[Vec<(f64, Vec<f64>)>], coupling: &Coupling, net: Vec<f64>, cost: f64, at: usize) -> Option<f64> {
        if at < parts.len() {
            let options = parts[at].iter().filter_map(|(own, usage)| {
                let net = net.iter().zip(usage).map(|(a, b)| a + b).collect();
                walk(parts, coupling, net, cost + own, at + 1)
            });
            return options.reduce(f64::min);
        }
        if let Some(switch) = coupling.switches().get(at - parts.len()) {
            let options = (0..=switch.copies).filter_map(|copies| {
                let mut net = net.clone();
                for &(row, amount) in &switch.raises {
                    net[row as usize] -= amount * f64::from(copies);
                }
                walk(parts, coupling, net, cost + switch.cost * f64::from(copies), at + 1)
            });
            return options.reduce(f64::min);
        }
        coupling.rows().iter().zip(&net).all(|(row, &net)| row.allows(net)).then_some(cost)
    }
    walk(parts, coupling, vec![0.0; coupling.rows().len()], 0.0, 0)
}

fn listed(parts: &[Vec<(f64, Vec<f64>)>]) -> Candidates {
    let mut candidates = Candidates::default();
    for part in parts {
        for (cost, usage) in part {
            let usage: Vec<(u32, f64)> = usage.iter().enumerate().map(|(row, &amount)| (row as u32, amount)).collect();
            candidates.add(*cost, &usage);
        }
        candidates.end_part();
    }
    candidates
}

/// A part that answers from the same list, as a dynamic program would.
struct Answering(Vec<(f64, Vec<f64>)>);

impl Part for Answering {
    type Choice = usize;
    type Workspace = ();
    fn propose(&self, pricing: &Pricing<'_>, (): &mut ()) -> Proposal<usize> {
        let offer = |choice: usize| {
            let (cost, amounts) = &self.0[choice];
            let usage: Vec<(u32, f64)> = amounts.iter().enumerate().map(|(row, &amount)| (row as u32, amount)).collect();
            Proposal { cost: *cost, bound: pricing.value(*cost, &usage), usage, choice }
        };
        (1..self.0.len()).map(offer).fold(offer(0), |a, b| if b.bound < a.bound { b } else { a })
    }
}

/// Up to 5 parts of up to 4 candidates on 1 to 3 rows.
fn parts(rows: usize) -> impl Strategy<Value = Vec<Vec<(f64, Vec<f64>)>>> {
    let usage = prop::collection::vec((0..=8u32).prop_map(f64::from), rows);
    let candidate = ((-20..=20i32).prop_map(f64::from), usage);
    prop::collection::vec(prop::collection::vec(candidate, 1..=4), 1..=5)
}

fn row(kind: u8, limit: f64) -> SharedRow {
    match kind {
        0 | 1 => SharedRow::at_most("upper", limit),
        2 => SharedRow::at_least("lower", limit),
        _ => SharedRow::between("both", limit, limit + 4.0),
    }
}

fn problem() -> impl Strategy<Value = (Vec<Vec<(f64, Vec<f64>)>>, Coupling)> {
    (1..=3usize).prop_flat_map(|rows| {
        let shared = prop::collection::vec((0..=3u8, 0..=25u32), rows);
        let switches = prop::collection::vec((0..=9u32, 1..=2u32, 1..=6u32, 0..rows as u32), 0..=2);
        (parts(rows), shared, switches).prop_map(|(parts, shared, switches)| {
            let rows = shared.into_iter().map(|(kind, limit)| row(kind, f64::from(limit))).collect();
            let switch = |(cost, copies, amount, row)| Switch {
                label: "switch".into(),
                cost: f64::from(cost),
                copies,
                raises: vec![(row, f64::from(amount))],
            };
            (parts, Coupling::new(rows, switches.into_iter().map(switch).collect()).unwrap())
        })
    })
}

fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(11), failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn bound_optimum_and_objective_are_in_order((parts, coupling) in problem()) {
        let optimum = brute_force(&parts, &coupling);
        let options = AllocationOptions { most_rounds: 60, ..AllocationOptions::default() };
        let control = Control::default().with_threads(1).with_gap(0.0);
        let answer = choose(&listed(&parts), &coupling, &options, &control).unwrap();
        if let (Some(bound), Some(optimum)) = (answer.outcome.bound, optimum) {
            prop_assert!(bound <= optimum + 1e-6, "bound {bound} above the optimum {optimum}");
        }
        if let Some(objective) = answer.outcome.objective {
            let optimum = optimum.unwrap();
            prop_assert!(objective >= optimum - 1e-6);
            if answer.outcome.solution_status == SolutionStatus::Optimal {
                prop_assert!((objective - optimum).abs() <= 1e-6);
            }
            let mut net = answer.row_usage.clone();
            for (switch, &copies) in coupling.switches().iter().zip(&answer.open) {
                prop_assert!(copies <= switch.copies);
                for &(row, amount) in &switch.raises {
                    net[row as usize] -= amount * f64::from(copies);
                }
            }
            prop_assert!(coupling.rows().iter().zip(&net).all(|(row, &net)| row.allows(net)));
        }
        if answer.outcome.termination == Termination::Infeasible {
            prop_assert_eq!(optimum, None);
            prop_assert!(answer.collision.is_some_and(|collision| collision.least_violation > 0.0));
        }
    }

    #[test]
    fn listed_and_answering_parts_have_the_same_bound((parts, coupling) in problem()) {
        let options = AllocationOptions { most_rounds: 60, ..AllocationOptions::default() };
        let control = Control::default().with_threads(1).with_gap(0.0);
        let listed = choose(&listed(&parts), &coupling, &options, &control).unwrap();
        let answering: Vec<Answering> = parts.into_iter().map(Answering).collect();
        let answered = allocate(&answering, &coupling, &options, &control).unwrap();
        if let (Some(a), Some(b)) = (listed.outcome.bound, answered.outcome.bound) {
            prop_assert!((a - b).abs() <= 1e-5 * (1.0 + a.abs()), "{a} and {b}");
        }
    }
}

#[test]
fn timing_probe() {
    for (parts, rows) in [(100_000, 1), (1_000_000, 1), (10_000, 3)] {
        let (candidates, coupling) = generate::multiple_choice(parts, rows, 1);
        let control = Control::default().with_threads(1).with_gap(1e-7);
        let start = std::time::Instant::now();
        let answer = choose(&candidates, &coupling, &AllocationOptions::default(), &control).unwrap();
        println!("{parts} x {rows}: {:?} {:?} gap {:?} rounds {} {:?}", start.elapsed(), answer.outcome, answer.outcome.gap(), answer.rounds, answer.prices);
    }
}
