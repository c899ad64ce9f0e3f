//! Files in the MPS and LP formats: hand-made ones, damaged ones, and the
//! public collections beside the project where they are there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use super::{ColumnKind, MilpError, Program, Sense, parse_program, read_program, solve};
use crate::control::Control;
use crate::solution::Termination;
use proptest::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const INF: f64 = f64::INFINITY;

/// The folder of public programs; `None`, with a message, where it is absent.
pub(super) fn collection() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("PURVEY_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let folder = data.join("lp");
    if !folder.is_dir() {
        eprintln!("skipped: no public programs in {} (set PURVEY_SHARED_DATA)", folder.display());
        return None;
    }
    Some(folder)
}

/// The file of an instance, plain or gzip.
pub(super) fn file_of(folder: &Path, instance: &str) -> PathBuf {
    let plain = folder.join(format!("{instance}.mps"));
    if plain.exists() { plain } else { folder.join(format!("{instance}.mps.gz")) }
}

fn parsed(text: &str) -> Program {
    parse_program(text, "test".as_ref()).unwrap()
}

fn fault(text: &str) -> (usize, String) {
    match parse_program(text, "test".as_ref()).unwrap_err() {
        MilpError::File { line, found, .. } => (line, found),
        other => panic!("{other}"),
    }
}

const SMALL_MPS: &str = "\
* a comment
NAME          small
ROWS
 N  cost
 L  lim1
 G  lim2
 E  eqn
 N  free
COLUMNS
    MARKER                 'MARKER'                 'INTORG'
    x         cost         1.0   lim1         1.0
    x         lim2         1.0
    MARKER                 'MARKER'                 'INTEND'
    y         cost         2.0   lim1         1.0
    y         eqn         -1.0   free         9.0
    z         cost        -1.0   eqn          1.0
RHS
    RHS       lim1         4.0   lim2         1.0
    RHS       eqn          7.0   cost        10.0
RANGES
    RNG       lim1         2.5   eqn         -3.0
BOUNDS
 UP BND       x            4.0
 LO BND       y           -1.0
 UP BND       y            1.0
 FR BND       z
ENDATA
";

#[test]
fn every_section_of_an_mps_file_is_read() {
    let program = parsed(SMALL_MPS);
    assert_eq!((program.name(), program.sense(), program.offset()), ("small", Sense::Minimise, -10.0));
    assert_eq!((program.columns(), program.rows(), program.nonzeros()), (3, 3, 5));
    assert_eq!(program.row_bounds(0), (1.5, 4.0));
    assert_eq!(program.row_bounds(1), (1.0, INF));
    assert_eq!(program.row_bounds(2), (4.0, 7.0));
    assert_eq!(program.column_bounds(0), (0.0, 4.0));
    assert_eq!(program.column_bounds(1), (-1.0, 1.0));
    assert_eq!(program.column_bounds(2), (-INF, INF));
    assert_eq!(program.kinds(), [ColumnKind::Integer, ColumnKind::Continuous, ColumnKind::Continuous]);
    assert_eq!(program.row(2).collect::<Vec<_>>(), [(1, -1.0), (2, 1.0)]);
    assert_eq!((program.row_name(2).as_ref(), program.column_name(2).as_ref()), ("eqn", "z"));
}

#[test]
fn names_with_blanks_are_read_by_their_columns() {
    let text = "\
NAME          BLANKS
ROWS
 N  COST
 L  ROW 1
COLUMNS
    COL A     COST               1.0   ROW 1              2.0
    COL B     ROW 1              3.0
RHS
    RHS       ROW 1              8.0
BOUNDS
 UP BND       COL A              4.0
ENDATA
";
    let program = parsed(text);
    assert_eq!(program.column_name(1), "COL B");
    assert_eq!(program.row(0).collect::<Vec<_>>(), [(0, 2.0), (1, 3.0)]);
    assert_eq!(program.column_bounds(0), (0.0, 4.0));
}

#[test]
fn every_section_of_an_lp_file_is_read() {
    let text = "\
\\ a comment
Maximize
 obj: 3 x + 2.5e1 y - z + 4
Subject To
 c1: x + y + z <= 10
 c2: -2 <= x - y <= 8
 x - z >= -5
 c4: 2 x + 3 y + x = 7
Bounds
 x <= 4
 -inf <= z <= 3
 y free
 0 <= b <= 5
 5 >= s
General
 x
Binary
 b
Semi-continuous
 s
End
";
    let program = parsed(text);
    assert_eq!((program.sense(), program.offset()), (Sense::Maximise, 4.0));
    assert_eq!(program.cost(), [3.0, 25.0, -1.0, 0.0, 0.0]);
    assert_eq!(program.row_bounds(1), (-2.0, 8.0));
    assert_eq!(program.row_bounds(2), (-5.0, INF));
    assert_eq!(program.row(3).collect::<Vec<_>>(), [(0, 3.0), (1, 3.0)]);
    assert_eq!(program.column_bounds(0), (0.0, 4.0));
    assert_eq!(program.column_bounds(1), (-INF, INF));
    assert_eq!(program.column_bounds(2), (-INF, 3.0));
    assert_eq!(program.column_bounds(3), (0.0, 1.0));
    assert_eq!(program.column_bounds(4), (0.0, 5.0));
    assert_eq!(program.kinds()[4], ColumnKind::SemiContinuous);
    assert_eq!((program.row_name(0).as_ref(), program.row_name(2).as_ref()), ("c1", "r2"));
}

#[test]
fn a_fault_names_its_line() {
    let broken = |from: &str, to: &str| fault(&SMALL_MPS.replace(from, to));
    assert_eq!(broken("-1.0   free", "1,5   free"), (15, "\"1,5\" is not a number".to_owned()));
    assert_eq!(broken(" G  lim2", " X  lim2"), (6, "row type \"X\"".to_owned()));
    assert_eq!(broken("FR BND       z", "FR BND       w").0, 26);
    assert_eq!(broken("    x         lim2", "    x         lim9").0, 12);
    assert_eq!(broken(" E  eqn", " E  lim1").0, 7);
    assert_eq!(broken("ENDATA\n", "").0, 26);
    assert_eq!(broken("ENDATA", "QUADOBJ").0, 27);
    assert_eq!(fault("min\n x\nst\n x >= y\nend\n").0, 4);
    assert_eq!(fault("min\n x\nst\n [ x ^ 2 ] <= 3\nend\n").0, 4);
    assert_eq!(fault("min\n x\nst\n c: x + <= 3\nend\n").0, 4);
    assert_eq!(fault("hello\n").0, 1);
    assert_eq!(fault("").0, 1);
}

#[test]
fn a_gzip_bomb_is_refused() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.mps.gz");
    let mut writer =
        flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..100 {
        writer.write_all(&blanks).unwrap();
    }
    writer.finish().unwrap();
    assert!(read_program(&path).unwrap_err().to_string().contains("unfolds to more than"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(5), ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(cut in 0_usize..900, at in 0_usize..900, byte in any::<u8>(), lp in any::<bool>()) {
        let lp_text = "max\n o: 3 x1 + 2 y - 4\nst\n c: 2 <= x1 + y <= 8\n d: x1 - 2 y >= -4e2\nbounds\n x1 <= inf\n y free\ngen\n x1\nend\n";
        let mut bytes = if lp { lp_text.as_bytes().to_vec() } else { SMALL_MPS.as_bytes().to_vec() };
        let position = at % bytes.len();
        bytes[position] = byte;
        bytes.truncate(bytes.len().max(1) - cut % bytes.len());
        let _ = parse_program(&String::from_utf8_lossy(&bytes), "test".as_ref());
    }
}

/// Objective of each public program; `None` where it is infeasible.
fn known_optima(folder: &Path) -> HashMap<String, Option<f64>> {
    let text = std::fs::read_to_string(folder.join("optima.csv")).unwrap();
    let rows = text.lines().skip(1).filter_map(|line| line.split_once(','));
    rows.map(|(name, rest)| (name.to_owned(), rest.split(',').next().unwrap().parse().ok())).collect()
}

/// qiu takes minutes to prove, the others two seconds and more.
const SLOW: [&str; 3] = ["miplib3/qiu", "miplib3/fixnet6", "miplib3/vpm2"];

#[test]
fn the_public_programs_are_solved_to_their_known_optima() {
    let Some(folder) = collection() else { return };
    let control = Control::default().with_gap(0.0).with_time(Duration::from_secs(60));
    let mut solved_programs = 0;
    for (name, known) in known_optima(&folder) {
        if SLOW.contains(&name.as_str()) {
            continue;
        }
        let program = read_program(&file_of(&folder, &name)).unwrap();
        let solved = solve(&program, &control).unwrap();
        match known {
            None => assert_eq!(solved.outcome.termination, Termination::Infeasible, "{name}"),
            Some(known) => {
                assert_eq!(solved.outcome.termination, Termination::Optimal, "{name}");
                let objective = program.objective_of(&solved.values);
                assert!(
                    (objective - known).abs() <= 1e-6 * known.abs().max(1.0),
                    "{name}: {objective} {known}"
                );
            }
        }
        solved_programs += 1;
    }
    assert!(solved_programs >= 68, "{solved_programs}");
}

#[test]
fn the_readers_agree_with_those_of_the_solver() {
    let Some(folder) = collection() else { return };
    for name in known_optima(&folder).into_keys() {
        let path = file_of(&folder, &name);
        let ours = read_program(&path).unwrap();
        let mut theirs = highs_reading(&path);
        theirs.set_names(ours.name.clone(), ours.column_names.clone(), ours.row_names.clone());
        assert!(same_program(&ours, &theirs), "{name}");
    }
}

/// The program as the solver's own reader understands it; gzip is unpacked first.
fn highs_reading(path: &Path) -> Program {
    let folder = tempfile::tempdir().unwrap();
    let mut plain = path.to_owned();
    if path.extension().is_some_and(|extension| extension == "gz") {
        plain = folder.path().join("program.mps");
        let mut reader = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap());
        std::io::copy(&mut reader, &mut std::fs::File::create(&plain).unwrap()).unwrap();
    }
    super::highs_api::Highs::reading(&plain).unwrap().read_back().unwrap()
}

fn same_program(left: &Program, right: &Program) -> bool {
    let sorted = |program: &Program, row: usize| {
        let mut terms: Vec<(usize, f64)> = program.row(row).collect();
        terms.sort_by_key(|term| term.0);
        terms
    };
    left.cost == right.cost
        && left.offset == right.offset
        && left.sense == right.sense
        && left.column_lower == right.column_lower
        && left.column_upper == right.column_upper
        && left.kinds == right.kinds
        && left.row_lower == right.row_lower
        && left.row_upper == right.row_upper
        && (0..left.rows()).all(|row| sorted(left, row) == sorted(right, row))
}
