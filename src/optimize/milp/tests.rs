//! Behaviour of the solving core: statuses, limits, starts, signs, and brute force.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::{ColumnKind, LpMethod, Program, Session, Solved, solve};
use crate::control::Control;
use crate::solution::{SolutionStatus, Termination};
use proptest::prelude::*;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

const INF: f64 = f64::INFINITY;

/// A market split problem: equations over binaries that keep branch and bound busy for long.
fn market_split(rows: usize, columns: usize) -> Program {
    let mut program = Program::minimise();
    let mut state = 12345_u64;
    let mut draw = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % 100) as f64
    };
    for _ in 0..columns {
        program.add_column(0.0, 0.0, 1.0, ColumnKind::Integer);
    }
    for _ in 0..rows {
        let weights: Vec<f64> = (0..columns).map(|_| draw()).collect();
        let half = (weights.iter().sum::<f64>() / 2.0).floor();
        let over = program.add_column(1.0, 0.0, INF, ColumnKind::Continuous);
        let under = program.add_column(1.0, 0.0, INF, ColumnKind::Continuous);
        let mut terms: Vec<(usize, f64)> = weights.into_iter().enumerate().collect();
        terms.extend([(over, 1.0), (under, -1.0)]);
        program.add_row(half, half, &terms);
    }
    program
}

fn exact() -> Control {
    Control::default().with_gap(0.0)
}

fn assert_close(left: Option<f64>, right: f64) {
    let left = left.unwrap();
    assert!((left - right).abs() <= 1e-6 * right.abs().max(1.0), "{left} instead of {right}");
}

#[test]
fn an_infeasible_program_is_told_from_an_unbounded_one() {
    let build = |upper: f64, kind: ColumnKind| {
        let mut program = Program::minimise();
        let x = program.add_column(-1.0, 0.0, INF, kind);
        let y = program.add_column(0.0, 0.0, 5.0, kind);
        program.add_row(1.0, upper, &[(y, 1.0)]);
        program.add_row(0.5, 0.75, &[(x, 0.0), (y, 0.0), (x, 0.0)]);
        program.set_row_bounds(1, if upper < 1.0 { 0.5 } else { -INF }, INF);
        program
    };
    for kind in [ColumnKind::Continuous, ColumnKind::Integer] {
        let unbounded = solve(&build(4.0, kind), &exact()).unwrap();
        assert_eq!(unbounded.outcome.termination, Termination::Unbounded, "{kind:?}");
        assert_eq!(unbounded.outcome.solution_status, SolutionStatus::None);
        let infeasible = solve(&build(0.5, kind), &exact()).unwrap();
        assert_eq!(infeasible.outcome.termination, Termination::Infeasible, "{kind:?}");
        assert!(infeasible.values.is_empty() && infeasible.outcome.bound.is_none());
    }
}

#[test]
fn a_whole_number_problem_without_whole_points_is_infeasible_although_its_relaxation_is_unbounded() {
    let mut program = Program::minimise();
    let x = program.add_column(-1.0, 0.0, INF, ColumnKind::Integer);
    let y = program.add_column(0.0, 0.25, 0.75, ColumnKind::Integer);
    program.add_row(0.0, INF, &[(x, 1.0), (y, 1.0)]);
    assert_eq!(solve(&program, &exact()).unwrap().outcome.termination, Termination::Infeasible);
}

#[test]
fn an_empty_program_has_its_constant_as_optimum() {
    let mut program = Program::minimise();
    program.set_offset(7.5);
    let solved = solve(&program, &exact()).unwrap();
    assert_eq!(solved.outcome.termination, Termination::Optimal);
    assert_eq!(solved.outcome.objective, Some(7.5));
}

#[test]
fn a_row_without_columns_can_make_a_program_infeasible() {
    let mut program = Program::minimise();
    program.add_row(1.0, INF, &[]);
    assert_eq!(solve(&program, &exact()).unwrap().outcome.termination, Termination::Infeasible);
}

#[test]
fn maximising_turns_bound_and_duals_to_the_users_side() {
    let mut program = Program::maximise();
    let x = program.add_column(5.0, 0.0, 1.0, ColumnKind::Integer);
    let y = program.add_column(4.0, 0.0, 1.0, ColumnKind::Integer);
    let z = program.add_column(3.0, 0.0, 1.0, ColumnKind::Integer);
    program.add_row(-INF, 5.0, &[(x, 2.0), (y, 3.0), (z, 1.0)]);
    program.set_offset(100.0);
    let solved = solve(&program, &exact()).unwrap();
    assert_close(solved.outcome.objective, 109.0);
    assert!(solved.outcome.bound.unwrap() >= 109.0 - 1e-6);

    let mut lp = Program::maximise();
    let x = lp.add_column(5.0, 0.0, INF, ColumnKind::Continuous);
    lp.add_row(-INF, 3.0, &[(x, 2.0)]);
    let solved = solve(&lp, &exact()).unwrap();
    assert_eq!(solved.row_duals, [2.5]);
    assert_close(solved.outcome.bound, 7.5);
}

#[test]
fn a_node_limit_stops_at_the_same_place_each_time() {
    let program = market_split(4, 30);
    let control = exact().with_work(300).with_seed(3);
    let first = solve(&program, &control).unwrap();
    assert_eq!(first.outcome.termination, Termination::WorkLimit);
    assert!(first.nodes >= 300);
    assert!(first.outcome.bound.unwrap() <= first.outcome.objective.unwrap());
    assert_eq!(solve(&program, &control).unwrap(), first);
}

#[test]
fn a_time_limit_keeps_the_best_answer() {
    let program = market_split(4, 30);
    let solved = solve(&program, &exact().with_time(Duration::from_millis(400))).unwrap();
    assert_eq!(solved.outcome.termination, Termination::TimeLimit);
    assert_eq!(solved.outcome.solution_status, SolutionStatus::Feasible);
    assert!(program.violation_of(&solved.values).row <= 1e-6);
}

#[test]
fn a_time_limit_without_an_answer_says_so() {
    // The equations leave nothing to round to, so the search has no answer early on.
    let mut program = market_split(4, 30);
    for column in 0..program.columns() {
        if program.kinds()[column] == ColumnKind::Continuous {
            program.set_column_bounds(column, 0.0, 0.0);
        }
    }
    let solved = solve(&program, &exact().with_time(Duration::from_millis(300))).unwrap();
    assert_eq!(solved.outcome.termination, Termination::TimeLimit);
    assert_eq!(solved.outcome.solution_status, SolutionStatus::None);
    assert!(solved.values.is_empty() && solved.outcome.objective.is_none());
}

#[test]
fn another_thread_can_cancel() {
    let program = market_split(5, 40);
    let control = exact();
    let cancel = control.cancel.clone();
    let started = std::time::Instant::now();
    let watcher = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.request();
    });
    let solved = solve(&program, &control).unwrap();
    watcher.join().unwrap();
    assert_eq!(solved.outcome.termination, Termination::Interrupted);
    assert!(solved.outcome.objective.is_some());
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_request_before_the_start_ends_at_once() {
    let control = exact();
    control.cancel.request();
    let solved = solve(&market_split(5, 40), &control).unwrap();
    assert_eq!(solved.outcome.termination, Termination::Interrupted);
    assert_eq!(solved.outcome.solution_status, SolutionStatus::None);
}

#[test]
fn the_listener_hears_of_answers_and_its_panic_comes_back_to_the_caller() {
    let heard = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&heard);
    let control = exact().with_work(200).with_progress(move |progress| {
        if progress.incumbent.is_some() {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    solve(&market_split(4, 30), &control).unwrap();
    assert!(heard.load(std::sync::atomic::Ordering::Relaxed) > 0);

    let control = exact().with_progress(|_| panic!("the listener failed"));
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| solve(&market_split(4, 30), &control)));
    assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"the listener failed"));
}

#[test]
fn a_partial_start_is_completed_and_is_the_least_that_comes_back() {
    let program = market_split(4, 30);
    let good = solve(&program, &exact().with_work(3000)).unwrap();
    let start: Vec<(usize, f64)> = (0..program.columns())
        .filter(|&c| program.kinds()[c].is_integer())
        .map(|c| (c, good.values[c]))
        .collect();
    let mut session = Session::new(&program).unwrap();
    session.set_start(start);
    let warm = session.solve(&exact().with_work(1)).unwrap();
    assert!(warm.outcome.objective.unwrap() <= good.outcome.objective.unwrap() + 1e-6);

    let mut session = Session::new(&program).unwrap();
    session.set_start(vec![(program.columns(), 1.0)]);
    assert!(session.solve(&exact()).is_err());
}

#[test]
fn fixing_the_integers_gives_the_duals_of_the_rest_and_leaves_the_program_as_it_was() {
    let mut program = Program::minimise();
    let open = program.add_column(10.0, 0.0, 1.0, ColumnKind::Integer);
    let make = program.add_column(2.0, 0.0, INF, ColumnKind::Continuous);
    program.add_row(-INF, 0.0, &[(make, 1.0), (open, -8.0)]);
    program.add_row(5.0, INF, &[(make, 1.0)]);
    let mut session = Session::new(&program).unwrap();
    let solved = session.solve(&exact()).unwrap();
    assert_close(solved.outcome.objective, 20.0);
    assert!(solved.row_duals.is_empty());
    let fixed = session.solve_with_integers_fixed(&solved.values, &exact()).unwrap();
    assert_eq!(fixed.row_duals, [0.0, 2.0]);
    assert_eq!(session.program().unwrap().kinds(), program.kinds());
    assert_close(session.solve(&exact()).unwrap().outcome.objective, 20.0);
}

#[test]
fn simplex_and_interior_point_agree() {
    let mut program = Program::minimise();
    for column in 0..30 {
        program.add_column(1.0 + f64::from(column % 7), 0.0, 50.0, ColumnKind::Continuous);
    }
    for row in 0..20_usize {
        let terms: Vec<(usize, f64)> = (0..30).filter(|c| (c * row + c) % 3 == 0).map(|c| (c, 1.0)).collect();
        program.add_row(10.0 + row as f64, INF, &terms);
    }
    let objective = |method| {
        let mut session = Session::new(&program).unwrap();
        session.set_method(method);
        session.solve(&exact()).unwrap().outcome.objective.unwrap()
    };
    let simplex = objective(LpMethod::Simplex);
    assert_close(Some(objective(LpMethod::InteriorPoint)), simplex);
    assert_close(Some(objective(LpMethod::Choose)), simplex);
}

#[test]
fn a_semi_continuous_column_is_zero_or_at_least_its_threshold() {
    let build = |need: f64| {
        let mut program = Program::minimise();
        let cheap = program.add_column(1.0, 5.0, 100.0, ColumnKind::SemiContinuous);
        let dear = program.add_column(3.0, 0.0, 100.0, ColumnKind::Continuous);
        program.add_row(need, need, &[(cheap, 1.0), (dear, 1.0)]);
        program
    };
    assert_eq!(solve(&build(4.0), &exact()).unwrap().values, [0.0, 4.0]);
    assert_eq!(solve(&build(6.0), &exact()).unwrap().values, [6.0, 0.0]);
}

/// Best objective over all whole points of a box; `None` where none is allowed.
fn by_enumeration(program: &Program) -> Option<f64> {
    let columns = program.columns();
    let mut best: Option<f64> = None;
    let mut point: Vec<f64> = (0..columns).map(|c| program.column_bounds(c).0).collect();
    loop {
        if program.violation_of(&point).row <= 1e-9 {
            let objective = program.objective_of(&point);
            best = Some(best.map_or(objective, |best: f64| best.min(objective)));
        }
        let Some(next) = (0..columns).find(|&c| point[c] < program.column_bounds(c).1) else {
            return best;
        };
        point[next] += 1.0;
        for (column, value) in point.iter_mut().enumerate().take(next) {
            *value = program.column_bounds(column).0;
        }
    }
}

pub(super) fn small_integer_program() -> impl Strategy<Value = Program> {
    let column = (-9_i32..=9, 0_i32..=2, 0_i32..=2);
    let row = (prop::collection::vec(-5_i32..=5, 4), -8_i32..=8, 0_i32..=10, 0_u8..3);
    (prop::collection::vec(column, 4), prop::collection::vec(row, 1..5)).prop_map(|(columns, rows)| {
        let mut program = Program::minimise();
        for (cost, lower, width) in columns {
            program.add_column(
                f64::from(cost),
                f64::from(lower),
                f64::from(lower + width),
                ColumnKind::Integer,
            );
        }
        for (coefficients, lower, width, form) in rows {
            let terms: Vec<(usize, f64)> =
                coefficients.iter().enumerate().map(|(c, &a)| (c, f64::from(a))).collect();
            let (lower, upper) = (f64::from(lower), f64::from(lower + width));
            match form {
                0 => program.add_row(lower, INF, &terms),
                1 => program.add_row(-INF, upper, &terms),
                _ => program.add_row(lower, upper, &terms),
            };
        }
        program
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(11), ..ProptestConfig::default() })]

    #[test]
    fn the_optimum_is_that_of_enumeration(program in small_integer_program()) {
        let solved: Solved = solve(&program, &exact()).unwrap();
        match by_enumeration(&program) {
            Some(best) => {
                prop_assert_eq!(solved.outcome.termination, Termination::Optimal);
                prop_assert!((solved.outcome.objective.unwrap() - best).abs() < 1e-6);
                prop_assert_eq!(program.violation_of(&solved.values).integrality, 0.0);
                prop_assert!(program.violation_of(&solved.values).row <= 1e-6);
            }
            None => prop_assert_eq!(solved.outcome.termination, Termination::Infeasible),
        }
    }
}
