#![allow(clippy::unwrap_used, clippy::print_stdout)]
use super::*;
use crate::optimize::allocation::{Curve, split_budget};

fn draw(seed: u64) -> impl FnMut(f64, f64) -> f64 {
    let mut state = seed;
    move |from, width| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from + width * ((state >> 33) as f64 / (1_u64 << 31) as f64)
    }
}

fn geometric(d: f64) -> Vec<f64> {
    (0..40).map(|lag| (1.0 - d) * d.powi(lag)).take_while(|weight| *weight > 1e-4).collect()
}

fn random(seed: u64, curves: usize, periods: usize, shapes: (f64, f64)) -> Window {
    let mut draw = draw(seed);
    let one = |draw: &mut dyn FnMut(f64, f64) -> f64| PacedCurve {
        a: draw(20.0, 200.0),
        k: draw(3.0, 20.0),
        s: draw(shapes.0, shapes.1 - shapes.0),
        weights: geometric(draw(0.0, 0.6)),
        before: vec![draw(0.0, 5.0), draw(0.0, 2.0)],
        lower: vec![0.0; periods],
        upper: vec![30.0; periods],
        least: 0.0,
        most: f64::INFINITY,
        change: f64::INFINITY,
        step: 0.0,
    };
    let curves: Vec<PacedCurve> = (0..curves).map(|_| one(&mut draw)).collect();
    let budget = 4.0 * (curves.len() * periods) as f64;
    Window { curves, periods: vec![(0.0, f64::INFINITY); periods], budget, cost: 0.0 }
}

/// Whether amounts keep every limit of a window, to a millionth.
fn keeps(window: &Window, amounts: &[Vec<f64>]) -> bool {
    let hair = 1e-6;
    let own = |(c, x): (&PacedCurve, &Vec<f64>)| {
        let sum: f64 = x.iter().sum();
        let ends = (0..x.len()).all(|t| x[t] >= c.lower[t] - hair && x[t] <= c.upper[t] + hair);
        let moves = x.windows(2).all(|pair| (pair[1] - pair[0]).abs() <= c.change + hair);
        let steps = c.step == 0.0 || x.iter().all(|x| (x / c.step - (x / c.step).round()).abs() < hair);
        ends && moves && steps && sum >= c.least - hair && sum <= c.most + hair
    };
    let total = |t: usize| amounts.iter().map(|x| x[t]).sum::<f64>();
    window.curves.iter().zip(amounts).all(own)
        && (0..window.periods.len()).all(|t| {
            let (least, most) = window.periods[t];
            total(t) >= least - hair && total(t) <= most + hair
        })
        && amounts.iter().flatten().sum::<f64>() <= window.budget + hair
}

#[test]
fn without_carry_over_it_is_water_filling() {
    let mut window = random(3, 6, 4, (0.5, 1.0));
    for curve in &mut window.curves {
        (curve.weights, curve.before) = (vec![1.0], Vec::new());
    }
    let curves: Vec<Curve> = window
        .curves
        .iter()
        .flat_map(|c| {
            (0..4).map(move |_| Curve { a: c.a, k: c.k, s: c.s, lower: 0.0, upper: 30.0, step: 0.0 })
        })
        .collect();
    let exact = split_budget(&curves, window.budget, &Control::default()).unwrap();
    let split = window.split(&Control::default()).unwrap();
    let (found, known) = (split.outcome.objective.unwrap(), exact.outcome.objective.unwrap());
    assert!((found / known - 1.0).abs() < 1e-7, "{found} {known}");
    assert_eq!(split.outcome.termination, Termination::Optimal);
    assert!((split.price / exact.price - 1.0).abs() < 1e-3, "{} {}", split.price, exact.price);
    for (own, exact) in split.amounts.iter().zip(exact.amounts.chunks(4)) {
        assert!(own.iter().zip(exact).all(|(a, b)| (a - b).abs() < 1e-2), "{own:?} {exact:?}");
    }
}

/// Random small moves between amounts that keep all limits: none may gain on a proved plan.
fn no_move_gains(window: &Window, split: &WindowSplit, seed: u64) {
    let mut draw = draw(seed);
    let best = window.value(&split.amounts);
    let (curves, periods) = (window.curves.len(), window.periods.len());
    for _ in 0..3_000 {
        let mut other = split.amounts.clone();
        for _ in 0..3 {
            let mut pick = || (draw(0.0, curves as f64) as usize, draw(0.0, periods as f64) as usize);
            let (from, to) = (pick(), pick());
            let moved = draw(0.0, 1.0).min(other[from.0][from.1]);
            other[from.0][from.1] -= moved;
            other[to.0][to.1] += moved;
        }
        let bound = split.outcome.bound.unwrap();
        if keeps(window, &other) {
            let value = window.value(&other);
            assert!(value <= bound * (1.0 + 1e-7), "{value} over the bound {bound}, the plan has {best}");
        }
    }
}

#[test]
fn every_limit_is_kept_and_the_plan_is_proved() {
    for seed in 0..6 {
        let mut window = random(20 + seed, 5, 8, (0.6, 1.0));
        window.periods[2].1 = 12.0;
        window.periods[5].0 = 30.0;
        window.curves[0].most = 20.0;
        window.curves[1].least = 60.0;
        window.curves[2].change = 1.5;
        window.curves[3].upper[4] = 0.0;
        window.curves[4].lower = vec![1.0; 8];
        let split = window.split(&Control::default()).unwrap();
        assert!(keeps(&window, &split.amounts), "seed {seed}: {:?}", split.amounts);
        assert_eq!(split.outcome.termination, Termination::Optimal, "seed {seed}: {:?}", split.outcome);
        no_move_gains(&window, &split, seed);
    }
}

#[test]
fn what_works_after_the_window_counts() {
    // Of two like curves the one that works only later is spent on early and for its after-effects all the same.
    let curve = |weights: Vec<f64>| PacedCurve {
        a: 100.0,
        k: 10.0,
        s: 1.0,
        weights,
        before: Vec::new(),
        lower: vec![0.0; 3],
        upper: vec![50.0; 3],
        least: 0.0,
        most: f64::INFINITY,
        change: f64::INFINITY,
        step: 0.0,
    };
    let curves = vec![curve(vec![1.0]), curve(vec![0.0, 0.0, 1.0])];
    let window = Window { curves, periods: vec![(0.0, f64::INFINITY); 3], budget: 60.0, cost: 0.0 };
    let split = window.split(&Control::default()).unwrap();
    assert!(split.amounts.iter().flatten().all(|x| (x - 10.0).abs() < 1e-3), "{:?}", split.amounts);
    assert!((window.value(&split.amounts) - 300.0).abs() < 1e-3);
    let (inside, after) = window.curves[1].by_period(&split.amounts[1]);
    assert!(inside[0] == 0.0 && (inside[2] - 50.0).abs() < 1e-2 && (after - 100.0).abs() < 1e-2);
}

#[test]
fn s_shaped_curves_are_pulsed_to_within_the_bound() {
    // Too little for every period: pulses reach where the curve pays, an even spend does not.
    let mut window = random(9, 1, 12, (2.5, 3.0));
    window.curves[0].weights = geometric(0.2);
    window.curves[0].before = Vec::new();
    window.budget = 0.25 * window.curves[0].k * 12.0;
    let split = window.split(&Control::default()).unwrap();
    let even = vec![vec![window.budget / 12.0; 12]];
    let (found, evenly) = (split.outcome.objective.unwrap(), window.value(&even));
    assert!(found > 1.5 * evenly, "{found} {evenly}");
    assert!(keeps(&window, &split.amounts) && found <= split.outcome.bound.unwrap());
    // Of one curve with carry-over the covers promise more than any pulses keep.
    assert!(split.outcome.gap().unwrap() < 0.25, "{:?}", split.outcome);
}

#[test]
fn the_best_of_all_plans_in_steps_is_found_or_bounded() {
    for seed in 0..10 {
        let mut window = random(40 + seed, 2, 3, (0.7, 2.5));
        window.budget = 24.0;
        for curve in &mut window.curves {
            (curve.step, curve.upper) = (4.0, vec![12.0; 3]);
        }
        let split = window.split(&Control::default()).unwrap();
        assert!(keeps(&window, &split.amounts), "{:?}", split.amounts);
        let mut best = f64::NEG_INFINITY;
        for code in 0..4_usize.pow(6) {
            let step = |at: u32| ((code / 4_usize.pow(at)) % 4) as f64 * 4.0;
            let plan = vec![(0..3).map(step).collect::<Vec<f64>>(), (3..6).map(step).collect()];
            if plan.iter().flatten().sum::<f64>() <= 24.0 {
                best = best.max(window.value(&plan));
            }
        }
        let found = split.outcome.objective.unwrap();
        assert!(split.outcome.bound.unwrap() >= best - 1e-9, "seed {seed}: {best} {:?}", split.outcome);
        assert!(found >= 0.97 * best, "seed {seed}: {found} of {best}");
    }
}

#[test]
fn a_cost_keeps_money_back() {
    let mut window = random(11, 3, 5, (0.7, 1.0));
    (window.cost, window.budget) = (3.0, 1e4);
    let split = window.split(&Control::default()).unwrap();
    assert_eq!(split.outcome.termination, Termination::Optimal);
    assert!(split.left > 1.0, "{split:?}");
    let more: Vec<Vec<f64>> = split.amounts.iter().map(|own| own.iter().map(|x| x * 1.1).collect()).collect();
    let less: Vec<Vec<f64>> = split.amounts.iter().map(|own| own.iter().map(|x| x * 0.9).collect()).collect();
    let best = split.outcome.objective.unwrap();
    assert!(window.value(&more) < best && window.value(&less) < best);
}

#[test]
fn collisions_of_limits_and_faulty_numbers_are_told() {
    let window = random(1, 2, 3, (0.7, 1.0));
    let ends = |change: &dyn Fn(&mut Window)| {
        let mut window = window.clone();
        change(&mut window);
        window.split(&Control::default()).map(|split| split.outcome.termination)
    };
    assert_eq!(ends(&|w| w.curves[0].least = 91.0), Ok(Termination::Infeasible));
    assert_eq!(ends(&|w| w.periods[1].0 = 61.0), Ok(Termination::Infeasible));
    assert_eq!(ends(&|w| w.curves[0].lower = vec![20.0; 3]), Ok(Termination::Infeasible));
    assert!(matches!(ends(&|w| w.budget = f64::NAN), Err(WindowError::Number { name: "budget", .. })));
    assert!(matches!(ends(&|w| w.curves[1].k = 0.0), Err(WindowError::Curve { curve: 1, name: "k", .. })));
    assert!(matches!(
        ends(&|w| w.curves[1].weights.clear()),
        Err(WindowError::Curve { name: "weights", .. })
    ));
    assert!(matches!(ends(&|w| w.periods.clear()), Err(WindowError::Number { name: "periods", .. })));
}

#[test]
fn a_thousand_curves_over_twenty_eight_periods() {
    // Of S-shaped curves with carry-over the bound is that of covers, period by period.
    for (shapes, most) in [((0.6, 1.0), 1e-6), ((0.6, 2.2), 1e-2)] {
        let mut window = random(77, 1_000, 28, shapes);
        for t in [5, 6, 12, 13] {
            window.periods[t].1 = 2_500.0;
        }
        let started = std::time::Instant::now();
        let split = window.split(&Control::default()).unwrap();
        println!("shapes {shapes:?}: {:?} {:.2} s", split.outcome, started.elapsed().as_secs_f64());
        assert!(keeps(&window, &split.amounts) && split.outcome.gap().unwrap() < most, "{:?}", split.outcome);
    }
}
