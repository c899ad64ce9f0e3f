#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::print_stdout)]
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::curve::Cover;
use super::filling::fill;
use super::*;
use crate::control::Control;
use crate::solution::Termination;

fn free(a: f64, k: f64, s: f64, upper: f64) -> Curve {
    Curve { a, k, s, lower: 0.0, upper, step: 0.0 }
}

fn control() -> Control {
    Control::default()
}

fn drawn(rng: &mut ChaCha8Rng, shape: impl Fn(&mut ChaCha8Rng) -> f64) -> Curve {
    let lower = if rng.random_range(0..3) == 0 { rng.random_range(0.0..8.0) } else { 0.0 };
    let upper = lower + rng.random_range(0.0..40.0);
    Curve {
        a: rng.random_range(50.0..500.0),
        k: rng.random_range(3.0..60.0),
        s: shape(rng),
        lower,
        upper,
        step: 0.0,
    }
}

fn respects(curves: &[Curve], budget: f64, split: &BudgetSplit) {
    let spent: f64 = split.amounts.iter().sum();
    assert!(spent <= budget * (1.0 + 1e-9) + 1e-9, "{budget} {curves:?} {split:?}");
    for (curve, &x) in curves.iter().zip(&split.amounts) {
        assert!(x >= curve.lower - 1e-9 && x <= curve.upper + 1e-9, "{x} {curve:?}");
    }
    let worth: f64 = curves.iter().zip(&split.amounts).map(|(curve, &x)| curve.value(x)).sum();
    assert!((worth - split.outcome.objective.unwrap()).abs() <= 1e-9 * worth.max(1.0));
    assert!(split.outcome.bound.unwrap() >= worth - 1e-9 * worth.max(1.0));
}

#[test]
fn concave_curves_end_at_one_marginal_value() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for round in 0..300 {
        let count = rng.random_range(1..30);
        let curves: Vec<Curve> = (0..count)
            .map(|_| drawn(&mut rng, |rng| if round % 2 == 0 { 1.0 } else { rng.random_range(0.3..1.0) }))
            .collect();
        let least: f64 = curves.iter().map(|curve| curve.lower).sum();
        let most: f64 = curves.iter().map(|curve| curve.upper).sum();
        let budget = least + rng.random_range(0.01..1.1) * (most - least);
        let split = split_budget(&curves, budget, &control()).unwrap();
        respects(&curves, budget, &split);
        assert_eq!(split.outcome.termination, Termination::Optimal);
        assert!(split.outcome.gap().unwrap() < 1e-9, "{:?}", split.outcome);
        let spent: f64 = split.amounts.iter().sum();
        assert!((spent - budget.min(most)).abs() < 1e-8 * budget, "{spent} {budget}");
        // Karush, Kuhn and Tucker: inside its bounds a curve has the price as its slope; at the
        // lower one no more, at the upper one no less.
        for (curve, &x) in curves.iter().zip(&split.amounts) {
            let (slope, price) = (curve.slope(x), split.price);
            let slack = 1e-6 * price.max(1e-6);
            assert!(x <= curve.lower + 1e-9 || slope >= price - slack, "{curve:?} {x} {slope} {price}");
            // Below s = 1 the slope at 0 has no end, and the best amount may be too small to be told from 0.
            let is_nothing = x < 1e-9 && curve.s < 1.0;
            let is_held = is_nothing || x >= curve.upper - 1e-9;
            assert!(is_held || slope <= price + slack, "{curve:?} {x} {slope} {price}");
        }
    }
}

/// Best value over all splits on a grid, by dynamic programming.
fn by_grid(curves: &[Curve], budget: f64, cell: f64) -> f64 {
    let cells = (budget / cell + 1e-9).floor() as usize;
    let mut best = vec![0.0; cells + 1];
    for curve in curves {
        let mut next = vec![f64::NEG_INFINITY; cells + 1];
        for (spent, value) in next.iter_mut().enumerate() {
            let from = (curve.lower / cell - 1e-9).ceil() as usize;
            let to = ((curve.upper / cell + 1e-9).floor() as usize).min(spent);
            for x in from..=to {
                *value = f64::max(*value, best[spent - x] + curve.value(x as f64 * cell));
            }
        }
        best = next;
    }
    best.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn s_shaped_curves_are_never_below_a_fine_grid_and_the_bound_never_below_the_grid() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..60 {
        let count = rng.random_range(1..6);
        let curves: Vec<Curve> =
            (0..count).map(|_| drawn(&mut rng, |rng| rng.random_range(0.5..5.0))).collect();
        let least: f64 = curves.iter().map(|curve| curve.lower).sum();
        let budget = least + 5.0 + rng.random_range(0.0..12.0 * f64::from(count));
        let split = split_budget(&curves, budget, &control()).unwrap();
        respects(&curves, budget, &split);
        let grid = by_grid(&curves, budget, 0.25);
        assert!(split.outcome.objective.unwrap() >= grid - 1e-9, "{:?} {grid}", split.outcome);
        assert!(split.outcome.gap().unwrap() <= 1e-3, "{:?}", split.outcome);
    }
}

#[test]
fn amounts_in_steps_are_those_of_trying_all() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for round in 0..160 {
        let count = rng.random_range(1..6);
        // Whole amounts, and decimal ones, which doubles only come near to.
        let (steps, unit) = if round < 120 { ([1.0, 2.0, 5.0], 1.0) } else { ([0.1, 0.3, 0.5], 0.1) };
        let curves: Vec<Curve> = (0..count)
            .map(|_| {
                let curve = drawn(&mut rng, |rng| rng.random_range(0.5..4.0));
                let step = steps[rng.random_range(0..3)];
                let upper = f64::from(rng.random_range(10..40)) * unit;
                let lower = f64::from(rng.random_range(0..5)) * unit;
                Curve { step, upper, lower, k: curve.k * unit, ..curve }
            })
            .collect();
        let budget = f64::from(count * 5 + rng.random_range(0..60)) * unit;
        let split = split_budget(&curves, budget, &control()).unwrap();
        respects(&curves, budget, &split);
        let on_steps = |(curve, &x): (&Curve, &f64)| (x / curve.step - (x / curve.step).round()).abs() < 1e-9;
        assert!(curves.iter().zip(&split.amounts).all(on_steps), "{curves:?} {split:?}");
        let all = stepped(&curves, budget);
        assert!((split.outcome.objective.unwrap() - all).abs() < 1e-7 * all, "{split:?} {all} {curves:?}");
    }
}

fn stepped(curves: &[Curve], budget: f64) -> f64 {
    let Some((curve, rest)) = curves.split_first() else { return 0.0 };
    let mut best = f64::NEG_INFINITY;
    let first = (curve.lower / curve.step - 1e-9).ceil() as u32;
    for x in (first..).map(|count| f64::from(count) * curve.step) {
        if x > curve.upper + 1e-9 || x > budget + 1e-9 {
            break;
        }
        best = best.max(curve.value(x) + stepped(rest, budget - x));
    }
    best
}

#[test]
fn narrow_bounds_in_decimal_steps_leave_their_two_amounts() {
    for (lower, upper, step) in [(1.2, 1.3, 0.1), (0.6, 0.9, 0.3), (0.3, 0.4, 0.1)] {
        let curve = Curve { lower, upper, step, ..free(100.0, 5.0, 3.0, upper) };
        for (budget, wanted) in [(10.0, upper), (upper - 0.05, lower), (lower, lower)] {
            let split = split_budget(&[curve], budget, &control()).unwrap();
            assert!((split.amounts[0] - wanted).abs() < 1e-9, "{budget} {split:?}");
            assert_eq!(split.outcome.termination, Termination::Optimal, "{split:?}");
        }
    }
}

#[test]
fn steep_curves_far_beyond_their_turn_do_not_overflow() {
    let curves = [free(100.0, 1.0, 100.0, 2000.0), free(100.0, 1000.0, 1.0, 2000.0)];
    let split = split_budget(&curves, 1000.0, &control()).unwrap();
    respects(&curves, 1000.0, &split);
    let by_hand = curves[0].value(1.1) + curves[1].value(998.9);
    assert!(by_hand > 149.96 && split.outcome.objective.unwrap() >= by_hand, "{split:?}");
    assert_eq!(split.outcome.termination, Termination::Optimal);
}

#[test]
fn slopes_beyond_all_numbers_are_searched_to_an_end() {
    let curves = [free(1e300, 1e-10, 1.0, 10.0), free(1.0, 1.0, 1.0, 10.0)];
    let split = split_budget(&curves, 5.0, &control()).unwrap();
    assert!(split.amounts[0] > 0.0 && split.amounts.iter().sum::<f64>() <= 5.0 + 1e-9, "{split:?}");
    assert!(split.outcome.objective.unwrap() > 0.999e300, "{split:?}");
}

#[test]
fn the_bound_of_every_filling_is_above_the_grid() {
    let mut judged = 0;
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for round in 0..120 {
        let count = rng.random_range(1..6);
        let shapes = if round % 2 == 0 { 0.3..1.0 } else { 0.5..5.0 };
        let curves: Vec<Curve> =
            (0..count).map(|_| drawn(&mut rng, |rng| rng.random_range(shapes.clone()))).collect();
        let least: f64 = curves.iter().map(|curve| curve.lower).sum();
        let budget = least + 5.0 + rng.random_range(0.0..12.0 * f64::from(count));
        let covers: Vec<Cover> =
            curves.iter().map(|&curve| Cover::new(curve, curve.lower, curve.upper)).collect();
        let filling = fill(&covers, budget).unwrap();
        let grid = by_grid(&curves, budget, 0.25);
        if grid == f64::NEG_INFINITY {
            continue; // Bounds with no point of the grid between them.
        }
        judged += 1;
        assert!(filling.bound >= grid - 1e-9 * grid, "{} {grid} {curves:?}", filling.bound);
        let own: f64 = covers.iter().zip(&filling.amounts).map(|(c, &x)| c.curve.value(x)).sum();
        if filling.between.is_none() {
            assert!((filling.bound - own).abs() <= 1e-9 * own, "{} {own} {curves:?}", filling.bound);
        }
    }
    assert!(judged > 80, "{judged}");
}

#[test]
fn ends_of_the_budget() {
    let curves = [free(10.0, 2.0, 2.0, 5.0), free(20.0, 2.0, 0.5, 5.0)];
    let nothing = split_budget(&curves, 0.0, &control()).unwrap();
    assert_eq!((nothing.amounts.as_slice(), nothing.outcome.objective), (&[0.0, 0.0][..], Some(0.0)));
    let plenty = split_budget(&curves, 12.5, &control()).unwrap();
    assert_eq!((plenty.amounts.as_slice(), plenty.left, plenty.price), (&[5.0, 5.0][..], 2.5, 0.0));
    let none = split_budget(&[], 5.0, &control()).unwrap();
    assert_eq!((none.outcome.objective, none.left), (Some(0.0), 5.0));
    let held = [Curve { lower: 3.0, ..curves[0] }, Curve { lower: 3.0, ..curves[1] }];
    let short = split_budget(&held, 5.0, &control()).unwrap();
    assert_eq!((short.outcome.termination, short.amounts.len()), (Termination::Infeasible, 0));
}

#[test]
fn numbers_out_of_range_are_named() {
    let sound = free(1.0, 1.0, 1.0, 1.0);
    let fails = |curve: Curve| split_budget(&[sound, curve], 1.0, &control()).unwrap_err();
    for (name, curve) in [
        ("a", Curve { a: -1.0, ..sound }),
        ("k", Curve { k: 0.0, ..sound }),
        ("s", Curve { s: f64::NAN, ..sound }),
        ("lower", Curve { lower: -1.0, ..sound }),
        ("upper", Curve { lower: 2.0, ..sound }),
        ("step", Curve { step: f64::INFINITY, ..sound }),
    ] {
        assert!(matches!(fails(curve), CurveError::Number { curve: 1, name: n, .. } if n == name));
    }
    let gap = Curve { lower: 0.6, upper: 0.9, step: 0.5, ..sound };
    assert!(matches!(fails(gap), CurveError::NoMultiple { curve: 1, .. }));
    assert!(matches!(split_budget(&[sound], f64::NAN, &control()), Err(CurveError::Budget { .. })));
}

#[test]
fn the_best_known_splits_of_the_public_curves_are_reached_and_proved() {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("PURVEY_SHARED_DATA").map_or_else(beside, Into::into).join("advertising");
    let Ok(text) = std::fs::read_to_string(data.join("response_curves.csv")) else {
        eprintln!("skipped: no response curves in {} (set PURVEY_SHARED_DATA)", data.display());
        return;
    };
    let best = std::fs::read_to_string(data.join("optima.csv")).unwrap();
    let mut judged = 0;
    for line in best.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let known: f64 = cells[1].parse().unwrap();
        let curves: Vec<Curve> = text
            .lines()
            .map(|line| line.split(',').collect::<Vec<_>>())
            .filter(|row| row[0] == cells[0])
            .map(|row| {
                let number = |i: usize| row[i].parse::<f64>().unwrap();
                free(number(2), number(3), number(4), number(5))
            })
            .collect();
        let started = std::time::Instant::now();
        let split = split_budget(&curves, 20.0 * curves.len() as f64, &control()).unwrap();
        let seconds = started.elapsed().as_secs_f64();
        let objective = split.outcome.objective.unwrap();
        let (gap, nodes) = (split.outcome.gap().unwrap(), split.nodes);
        println!(
            "{}: {objective:.6} (known {known}), gap {gap:.1e}, {nodes} nodes, {seconds:.6} s",
            cells[0]
        );
        assert!(objective >= known - 1e-6, "{}: {objective} {known}", cells[0]);
        assert!(gap <= 1e-7, "{}: {gap}", cells[0]);
        assert_eq!(split.outcome.termination, Termination::Optimal, "{}", cells[0]);
        judged += 1;
    }
    assert!(judged >= 16, "{judged}");
}
