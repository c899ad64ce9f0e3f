//! Infeasible sets: each claim is checked by solves that share nothing with the filter.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use super::data_tests::{collection, file_of};
use super::tests::small_integer_program;
use super::{ColumnKind, Member, Program, Side, infeasible_groups, infeasible_set, read_program, solve};
use crate::control::Control;
use crate::solution::Termination;
use proptest::prelude::*;

const INF: f64 = f64::INFINITY;

/// The program with only the given limits left, zero objective.
fn with_only(program: &Program, members: &[Member]) -> Program {
    let mut left = Program::minimise();
    for column in 0..program.columns() {
        let (lower, upper) = program.column_bounds(column);
        let has = |side| members.contains(&Member::Bound { column, side });
        let is_whole = members.contains(&Member::Integrality { column });
        let kind = if is_whole { program.kinds()[column] } else { ColumnKind::Continuous };
        let lower = if has(Side::Lower) { lower } else { -INF };
        left.add_column(0.0, lower, if has(Side::Upper) { upper } else { INF }, kind);
    }
    for row in 0..program.rows() {
        let (lower, upper) = program.row_bounds(row);
        let has = |side| members.contains(&Member::Row { row, side });
        let lower = if has(Side::Lower) { lower } else { -INF };
        let terms: Vec<(usize, f64)> = program.row(row).collect();
        left.add_row(lower, if has(Side::Upper) { upper } else { INF }, &terms);
    }
    left
}

fn termination(program: &Program) -> Termination {
    solve(program, &Control::default().with_gap(0.0)).unwrap().outcome.termination
}

fn assert_irreducible(program: &Program, members: &[Member], name: &str) {
    assert_eq!(termination(&with_only(program, members)), Termination::Infeasible, "{name}: all members");
    for (index, dropped) in members.iter().enumerate() {
        let mut rest = members.to_vec();
        rest.remove(index);
        assert_eq!(
            termination(&with_only(program, &rest)),
            Termination::Optimal,
            "{name}: without {dropped:?}"
        );
    }
}

const INFEASIBLE: [&str; 22] = [
    "infeasible/bgdbg1",
    "infeasible/bgetam",
    "infeasible/bgprtr",
    "infeasible/box1",
    "infeasible/ceria3d",
    "infeasible/cplex1",
    "infeasible/ex72a",
    "infeasible/forest6",
    "infeasible/galenet",
    "infeasible/gran",
    "infeasible/itest2",
    "infeasible/itest6",
    "infeasible/klein1",
    "infeasible/klein2",
    "infeasible/mondou2",
    "infeasible/pilot4i",
    "infeasible/reactor",
    "infeasible/refinery",
    "infeasible/vol1",
    "infeasible/woodinfe",
    "mixed/infeasible-mip0",
    "mixed/infeasible-mip1",
];

#[test]
fn every_infeasible_public_program_gets_a_verified_irreducible_set() {
    let Some(folder) = collection() else { return };
    eprintln!(
        "{:24} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7} {:>8}",
        "program", "rows", "cols", "rows", "bounds", "whole", "solves", "seconds"
    );
    for name in INFEASIBLE {
        let program = read_program(&file_of(&folder, name)).unwrap();
        let started = std::time::Instant::now();
        let set = infeasible_set(&program, &Control::default()).unwrap().unwrap();
        let seconds = started.elapsed().as_secs_f64();
        let count = |wanted: fn(&Member) -> bool| set.members.iter().filter(|m| wanted(m)).count();
        eprintln!(
            "{name:24} {:6} {:6} {:6} {:6} {:6} {:7} {seconds:8.2}",
            program.rows(),
            program.columns(),
            count(|m| matches!(m, Member::Row { .. })),
            count(|m| matches!(m, Member::Bound { .. })),
            count(|m| matches!(m, Member::Integrality { .. })),
            set.solves,
        );
        assert!(set.irreducible, "{name}");
        assert_irreducible(&program, &set.members, name);
    }
}

#[test]
fn a_program_that_can_be_satisfied_has_no_infeasible_set() {
    let mut program = Program::minimise();
    let x = program.add_column(1.0, 0.0, 3.0, ColumnKind::Integer);
    program.add_row(2.0, INF, &[(x, 1.0)]);
    assert_eq!(infeasible_set(&program, &Control::default()).unwrap(), None);
}

#[test]
fn integrality_is_a_member_where_it_is_part_of_the_collision() {
    let mut program = Program::minimise();
    let x = program.add_column(1.0, 0.0, 10.0, ColumnKind::Integer);
    let y = program.add_column(1.0, 0.0, 10.0, ColumnKind::Integer);
    program.add_row(3.0, 3.0, &[(x, 2.0), (y, 2.0)]);
    program.add_row(0.0, 15.0, &[(x, 1.0), (y, 1.0)]);
    let set = infeasible_set(&program, &Control::default()).unwrap().unwrap();
    assert!(set.irreducible);
    assert!(set.members.contains(&Member::Integrality { column: x }));
    assert!(set.members.contains(&Member::Integrality { column: y }));
    assert_irreducible(&program, &set.members, "parity");
}

#[test]
fn bounds_that_cross_and_empty_rows_are_found() {
    let mut program = Program::minimise();
    program.add_column(1.0, 4.0, 3.0, ColumnKind::Continuous);
    let set = infeasible_set(&program, &Control::default()).unwrap().unwrap();
    assert_eq!(set.members.len(), 2);
    assert!(set.irreducible);

    let mut program = Program::minimise();
    program.add_column(1.0, 0.0, 3.0, ColumnKind::Continuous);
    program.add_row(1.0, INF, &[]);
    let set = infeasible_set(&program, &Control::default()).unwrap().unwrap();
    assert_eq!(set.members, [Member::Row { row: 0, side: Side::Lower }]);
    assert!(set.irreducible);

    let mut program = Program::minimise();
    program.add_column(1.0, 0.25, 0.75, ColumnKind::Integer);
    let set = infeasible_set(&program, &Control::default()).unwrap().unwrap();
    assert_eq!(set.members.len(), 3);
    assert!(set.irreducible);
}

#[test]
fn groups_are_dropped_or_kept_as_a_whole_and_the_rest_always_holds() {
    let mut program = Program::minimise();
    let x = program.add_column(1.0, 0.0, INF, ColumnKind::Continuous);
    let y = program.add_column(1.0, 0.0, INF, ColumnKind::Continuous);
    program.add_row(10.0, INF, &[(x, 1.0), (y, 1.0)]); // hard: the need
    program.add_row(-INF, 4.0, &[(x, 1.0)]);
    program.add_row(-INF, 5.0, &[(y, 1.0)]);
    program.add_row(-INF, 100.0, &[(y, 1.0)]);
    let upper = |row| Member::Row { row, side: Side::Upper };
    let groups = [vec![upper(3)], vec![upper(1)], vec![upper(2)]];
    let found = infeasible_groups(&program, &groups, &Control::default()).unwrap().unwrap();
    assert_eq!((found.groups, found.irreducible), (vec![1, 2], true));

    let together = [vec![upper(1), upper(2)], vec![upper(3)]];
    let found = infeasible_groups(&program, &together, &Control::default()).unwrap().unwrap();
    assert_eq!((found.groups, found.irreducible), (vec![0], true));

    let missing = [vec![upper(99)]];
    assert!(infeasible_groups(&program, &missing, &Control::default()).is_err());
}

#[test]
fn a_cancelled_search_says_that_its_set_may_not_be_irreducible() {
    let mut program = Program::minimise();
    let x = program.add_column(1.0, 0.0, 3.0, ColumnKind::Continuous);
    program.add_row(4.0, INF, &[(x, 1.0)]);
    let control = Control::default();
    control.cancel.request();
    let set = infeasible_set(&program, &control).unwrap();
    assert!(set.is_none_or(|set| !set.irreducible));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn random_infeasible_programs_get_irreducible_sets(program in small_integer_program()) {
        let is_infeasible = termination(&program) == Termination::Infeasible;
        let set = infeasible_set(&program, &Control::default()).unwrap();
        prop_assert_eq!(set.is_some(), is_infeasible);
        if let Some(set) = set.filter(|set| set.irreducible) {
            assert_irreducible(&program, &set.members, "random");
        }
    }
}
