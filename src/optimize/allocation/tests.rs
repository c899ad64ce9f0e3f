//! The whole method against brute force, and its promises as properties.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::offers::Menu;
use super::*;

/// Cost and dense usage of every candidate of every part.
type Lists = Vec<Vec<(f64, Vec<f64>)>>;

/// Lists every combination of candidates (and switch copies); the least cost of a feasible one.
fn brute_force(parts: &[Vec<(f64, Vec<f64>)>], coupling: &Coupling) -> Option<f64> {
    fn walk(
        parts: &[Vec<(f64, Vec<f64>)>],
        coupling: &Coupling,
        net: Vec<f64>,
        cost: f64,
        at: usize,
    ) -> Option<f64> {
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
            let usage: Vec<(u32, f64)> =
                usage.iter().enumerate().map(|(row, &amount)| (row as u32, amount)).collect();
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
            let usage: Vec<(u32, f64)> =
                amounts.iter().enumerate().map(|(row, &amount)| (row as u32, amount)).collect();
            Proposal { cost: *cost, bound: pricing.value(*cost, &usage), usage, choice }
        };
        (1..self.0.len()).map(offer).fold(offer(0), |a, b| if b.bound < a.bound { b } else { a })
    }
}

/// Up to 5 parts of up to 4 candidates on 1 to 3 rows.
fn parts(rows: usize) -> impl Strategy<Value = Lists> {
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

fn problem() -> impl Strategy<Value = (Lists, Coupling)> {
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
            prop_assert_eq!(answer.outcome.solution_status, SolutionStatus::Optimal);
            prop_assert!((objective - optimum).abs() <= 1e-6);
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
            prop_assert!(answer.collision.is_none_or(|collision| collision.least_violation > 0.0));
        } else {
            prop_assert!(optimum.is_some() == answer.outcome.objective.is_some());
        }
    }

    #[test]
    fn answering_parts_have_no_higher_bound_than_listed_ones((parts, coupling) in problem()) {
        let options = AllocationOptions { most_rounds: 60, ..AllocationOptions::default() };
        let control = Control::default().with_threads(1).with_gap(0.0);
        let listed = choose(&listed(&parts), &coupling, &options, &control).unwrap();
        let answering: Vec<Answering> = parts.into_iter().map(Answering).collect();
        let answered = allocate(&answering, &coupling, &options, &control).unwrap();
        if let (Some(a), Some(b)) = (listed.outcome.bound, answered.outcome.bound) {
            // The list may be solved to the end; the answers leave the gap of the convexified parts.
            prop_assert!(b <= a + 1e-6 * (1.0 + a.abs()), "{a} and {b}");
        }
    }
}

#[test]
fn large_lists_come_close_to_the_bound() {
    for (parts, rows, gap) in [(50_000, 1, 1e-6), (5_000, 3, 2e-4)] {
        let (candidates, coupling) = generate::multiple_choice(parts, rows, 1);
        let control = Control::default().with_threads(1).with_gap(gap);
        let answer = choose(&candidates, &coupling, &AllocationOptions::default(), &control).unwrap();
        assert_eq!(answer.outcome.termination, Termination::TargetGap, "{:?}", answer.outcome);
        assert!(answer.outcome.gap().unwrap() <= gap);
    }
}

#[test]
fn threads_change_nothing() {
    for rows in [1, 3] {
        let (candidates, coupling) = generate::multiple_choice(9_000, rows, 2);
        let solve = |threads| {
            let control = Control::default().with_threads(threads).with_gap(0.0).with_work(25);
            let options = AllocationOptions { most_master_columns: 0, ..AllocationOptions::default() };
            choose(&candidates, &coupling, &options, &control).unwrap()
        };
        let (one, three) = (solve(1), solve(3));
        assert_eq!(one.chosen, three.chosen);
        assert_eq!(one.prices, three.prices);
        assert_eq!(one.outcome, three.outcome);
    }
}

#[test]
fn rows_that_collide_are_named_with_the_least_violation() {
    // Each part uses at least 3 of row 0; either 1 of row 1 or none, at 5 more of row 0.
    let parts: Lists = vec![vec![(0.0, vec![3.0, 1.0]), (0.0, vec![8.0, 0.0])]; 4];
    let single = vec![SharedRow::at_most("budget", 10.0)];
    let only_budget: Vec<_> =
        parts.iter().map(|part| part.iter().map(|(cost, usage)| (*cost, vec![usage[0]])).collect()).collect();
    let coupling = Coupling::new(single, Vec::new()).unwrap();
    let answer =
        choose(&listed(&only_budget), &coupling, &AllocationOptions::default(), &Control::default()).unwrap();
    let collision = answer.collision.unwrap();
    assert_eq!(answer.outcome.termination, Termination::Infeasible);
    assert_eq!(collision.rows[0].label, "budget");
    assert!((collision.least_violation - 2.0).abs() < 1e-9);
    assert_eq!(answer.row_usage, [12.0]);

    let rows = vec![SharedRow::at_most("budget", 22.0), SharedRow::at_most("slots", 1.0)];
    let coupling = Coupling::new(rows, Vec::new()).unwrap();
    let answer =
        choose(&listed(&parts), &coupling, &AllocationOptions::default(), &Control::default()).unwrap();
    let collision = answer.collision.unwrap();
    assert_eq!(answer.outcome.termination, Termination::Infeasible);
    assert_eq!(collision.rows.len(), 2);
    assert!(collision.least_violation > 0.0);
}

#[test]
fn more_budget_never_costs_more_in_the_bound() {
    let (candidates, _) = generate::multiple_choice(500, 2, 3);
    let mut last = f64::INFINITY;
    for limit in [100.0, 300.0, 500.0, 800.0, 1200.0, 5000.0] {
        let rows = vec![SharedRow::at_most("a", limit), SharedRow::at_most("b", 700.0)];
        let coupling = Coupling::new(rows, Vec::new()).unwrap();
        let control = Control::default().with_gap(1e-4);
        let answer = choose(&candidates, &coupling, &AllocationOptions::default(), &control).unwrap();
        let (objective, bound) = (answer.outcome.objective.unwrap(), answer.outcome.bound.unwrap());
        assert!(bound <= last + 1e-6 * last.abs().min(1e9), "{bound} after {last}");
        assert!(bound <= objective);
        last = objective;
    }
}

#[test]
fn joint_orders_are_shared_by_their_lines() {
    let (parts, coupling) = generate::joint_orders(40, 12, 60.0, None, 1);
    let control = Control::default().with_threads(1).with_gap(0.01);
    let answer = allocate(&parts, &coupling, &AllocationOptions::default(), &control).unwrap();
    assert!(answer.outcome.gap().unwrap() <= 0.03, "{:?}", answer.outcome);
    for (part, orders) in parts.iter().zip(&answer.chosen) {
        let ordered: f64 = orders.iter().map(|(_, quantity)| quantity).sum();
        assert!((ordered - part.total_demand()).abs() < 1e-9);
        assert!(orders.iter().all(|&(bucket, _)| answer.open[bucket] == 1));
    }
}

/// The bound of the prices is the linear program over the listed candidates.
#[test]
fn bound_is_the_linear_program() {
    use crate::optimize::milp::{ColumnKind, Program, solve};
    for rows in [1, 2, 4] {
        let (candidates, coupling) = generate::multiple_choice(300, rows, 5);
        let mut program = Program::minimise();
        let mut terms: Vec<Vec<(usize, f64)>> = vec![Vec::new(); rows];
        for part in 0..candidates.parts() {
            let mut one = Vec::new();
            for option in 0..candidates.options(part) as u32 {
                let column = program.add_column(
                    Menu::cost(&candidates, part, option),
                    0.0,
                    1.0,
                    ColumnKind::Continuous,
                );
                one.push((column, 1.0));
                for &(row, amount) in Menu::usage(&candidates, part, option) {
                    terms[row as usize].push((column, amount));
                }
            }
            program.add_row(1.0, 1.0, &one);
        }
        for (row, terms) in coupling.rows().iter().zip(&terms) {
            program.add_row(row.lower, row.upper, terms);
        }
        let linear = solve(&program, &Control::default()).unwrap().outcome.objective.unwrap();
        let control = Control::default().with_gap(1e-8).with_threads(1);
        let mut effort = Effort::new(&control);
        let mut incumbent = Incumbent::default();
        let mut offers = &candidates;
        dual::price_rows(&mut offers, &coupling, &vec![0.0; rows], 300, &mut incumbent, &mut effort).unwrap();
        assert!((effort.bound - linear).abs() <= 1e-6 * linear.abs(), "{} and {linear}", effort.bound);
        if rows == 1 {
            let mut effort = Effort::new(&control);
            let priced = single::price_row(&mut offers, &coupling.rows()[0], &mut effort).unwrap();
            assert!((priced.bound - linear).abs() <= 1e-7 * linear.abs());
        }
    }
}
