//! Whole programs through the decision's entry: solve, check, explain, relax, faults.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use super::super::{Input, Prepared, SolveOptions, Verdict};
use super::{Decision, ProgramDecision};
use crate::control::Control;
use crate::data::{Code, Faults, Schema, Settings, Table, Tables};
use crate::presentation::{Block, Cells};
use crate::solution::Termination;
use std::path::Path;

const BAKERY: &str = "\
max
 profit: 3 bread + 5 cake + 1
st
 oven: bread + 2 cake <= 7.5
 staff: bread + cake <= 6
bounds
 cake <= 3
gen
 bread
end
";

const COLLISION: &str = "\
min
 cost: x + y
st
 need: x + y >= 10
 room: x <= 4
 slots: y <= 5
 spare: x - y <= 100
end
";

fn prepare(text: &str) -> Result<Box<dyn Prepared>, Faults> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.lp");
    std::fs::write(&path, text).unwrap();
    ProgramDecision.prepare(Input::File { path, settings: Settings::default() }, &Control::default())
}

fn options() -> SolveOptions {
    SolveOptions { control: Control::default().with_gap(0.0), ..SolveOptions::default() }
}

fn plan(rows: &[(&str, f64)]) -> Tables {
    let table = Table::new("variables")
        .with_text("name", rows.iter().map(|row| row.0))
        .with_number("value", rows.iter().map(|row| row.1));
    Tables::default().with(table)
}

#[test]
fn the_contract_can_be_read_and_names_the_tables_that_are_written() {
    let schema = Schema::parse(ProgramDecision.schema()).unwrap();
    assert_eq!(schema.name, ProgramDecision.name());
    let solution = prepare(BAKERY).unwrap().solve(&options()).unwrap();
    for table in solution.tables.as_slice() {
        let written: Vec<&str> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
        let stated: Vec<&str> =
            schema.output(table.name()).unwrap().columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(written, stated, "{}", table.name());
    }
    assert_eq!(solution.tables.as_slice().len(), schema.outputs.len());
}

#[test]
fn a_program_is_solved_checked_and_its_answer_reads_back() {
    let prepared = prepare(BAKERY).unwrap();
    let solution = prepared.solve(&options()).unwrap();
    assert_eq!(solution.outcome.termination, Termination::Optimal);
    // By hand: bread 4, cake (7.5 - 4) / 2, so 3 x 4 + 5 x 1.75 + 1.
    assert_eq!(solution.outcome.objective, Some(21.75));
    assert!(solution.checks.feasible && solution.warnings.is_empty());
    assert_eq!(solution.checks.objective, Some(21.75));
    let variables = solution.tables.get("variables").unwrap();
    assert_eq!(variables.cell_text("name", 0), "bread");
    assert_eq!(prepared.check(&solution.tables).unwrap(), solution.checks);
    let again = SolveOptions { start: Some(solution.tables.clone()), ..options() };
    assert_eq!(prepared.solve(&again).unwrap().tables.get("variables"), solution.tables.get("variables"));
    assert_eq!(prepared.present(&solution).headline, ["program: the maximum is 21.75."]);
}

#[test]
fn every_kind_of_broken_limit_is_found_in_a_plan() {
    let prepared = prepare(BAKERY).unwrap();
    let rules = |rows: &[(&str, f64)]| -> Vec<String> {
        let report = prepared.check(&plan(rows)).unwrap();
        assert_eq!(report.feasible, report.violations.is_empty());
        report.violations.into_iter().map(|violation| violation.rule).collect()
    };
    assert!(rules(&[("bread", 1.0), ("cake", 3.0)]).is_empty());
    assert_eq!(rules(&[("bread", 0.5), ("cake", 3.0)]), ["integrality"]);
    assert_eq!(rules(&[("bread", 0.0), ("cake", 3.5)]), ["bound"]);
    assert_eq!(rules(&[("bread", -1.0), ("cake", 0.0)]), ["bound"]);
    assert_eq!(rules(&[("bread", 2.0), ("cake", 3.0)]), ["row"]);
    assert_eq!(rules(&[("bread", 7.0), ("cake", 0.0)]), ["row"]);
}

#[test]
fn a_plan_that_does_not_fit_is_refused_with_its_rows() {
    let prepared = prepare(BAKERY).unwrap();
    let codes = |tables: &Tables| -> Vec<Code> {
        let faults = prepared.check(tables).unwrap_err();
        faults.as_slice().iter().map(|fault| fault.code).collect()
    };
    assert_eq!(codes(&Tables::default()), [Code::MissingTable]);
    assert_eq!(codes(&plan(&[("bread", 1.0)])), [Code::MissingValue]);
    assert_eq!(codes(&plan(&[("bread", 1.0), ("cake", 1.0), ("pie", 1.0)])), [Code::UnknownReference]);
    assert_eq!(codes(&plan(&[("bread", 1.0), ("cake", f64::NAN)])), [Code::NotFinite]);
    assert_eq!(codes(&plan(&[("bread", 1.0), ("cake", 1.0), ("cake", 1.0)])), [Code::DuplicateKey]);
}

#[test]
fn a_collision_is_named_with_its_cheapest_relaxation() {
    let prepared = prepare(COLLISION).unwrap();
    let solution = prepared.solve(&options()).unwrap();
    assert_eq!(solution.outcome.termination, Termination::Infeasible);
    assert!(solution.tables.as_slice().is_empty());

    let explanation = prepared.explain(&options()).unwrap();
    assert_eq!((explanation.status, explanation.irreducible), (Verdict::Infeasible, Some(true)));
    let members: Vec<(&str, &str, &str, Option<u64>)> = explanation
        .members
        .iter()
        .map(|m| (m.kind.as_str(), m.name.as_str(), m.side.as_str(), m.row))
        .collect();
    assert_eq!(
        members,
        [
            ("row", "need", "lower", Some(4)),
            ("row", "room", "upper", Some(5)),
            ("row", "slots", "upper", Some(6))
        ]
    );
    assert!(explanation.members[0].text.ends_with("program.lp:4)"), "{}", explanation.members[0].text);
    assert_eq!(explanation.relaxation.iter().map(|step| step.amount).sum::<f64>(), 1.0);
    assert!(explanation.binding.is_empty());

    let relaxed = prepared.solve(&SolveOptions { relax: true, ..options() }).unwrap();
    assert_eq!(relaxed.outcome.termination, Termination::Optimal);
    assert!(relaxed.checks.feasible);
    assert_eq!(relaxed.warnings.len(), 1, "{:?}", relaxed.warnings);
}

#[test]
fn binding_rows_tell_what_one_more_unit_is_worth() {
    let explanation = prepare(BAKERY).unwrap().explain(&options()).unwrap();
    assert_eq!(explanation.status, Verdict::Optimal);
    let binding: Vec<(&str, Option<u64>, f64)> =
        explanation.binding.iter().map(|b| (b.name.as_str(), b.row, b.value_of_one_more)).collect();
    assert_eq!(binding, [("oven", Some(4), 2.5)]);
}

#[test]
fn the_answer_is_told_with_its_columns_and_its_rows_by_weight() {
    let text = BAKERY.replace("gen\n bread\n", "");
    let prepared = prepare(&text).unwrap();
    let told = prepared.present(&prepared.solve(&options()).unwrap());
    let labels: Vec<&str> = told.figures.iter().map(|figure| figure.label.as_str()).collect();
    assert_eq!(labels, ["Objective", "Bound", "Gap", "Columns", "Rows", "Coefficients", "Check"]);
    let rows = |title: &str| -> Vec<(Vec<String>, Vec<Vec<f64>>)> {
        let section = told.sections.iter().find(|section| section.title == title).unwrap();
        let Block::Table(table) = &section.blocks[0] else { return Vec::new() };
        let (mut names, mut numbers) = (Vec::new(), Vec::new());
        for column in &table.columns {
            match &column.cells {
                Cells::Text(cells) => names.clone_from(cells),
                Cells::Number(cells) => numbers.push(cells.clone()),
                Cells::Date(_) => {}
            }
        }
        vec![(names, numbers)]
    };
    let names = |words: [&str; 2]| words.map(str::to_owned).to_vec();
    // By hand: bread and cake share oven and staff, 4.5 and 1.5 of them.
    let values = vec![vec![4.5, 1.5], vec![3.0, 5.0], vec![13.5, 7.5]];
    assert_eq!(rows("Values"), [(names(["bread", "cake"]), values)]);
    let (reached, numbers) = rows("Limits that are reached").remove(0);
    assert_eq!(
        (reached, &numbers[0], &numbers[2]),
        (names(["oven", "staff"]), &vec![7.5, 6.0], &vec![7.5, 6.0])
    );
    assert!((numbers[3][0] - 2.0).abs() < 1e-9 && (numbers[3][1] - 1.0).abs() < 1e-9, "{numbers:?}");

    let mixed = prepare(BAKERY).unwrap();
    let told = mixed.present(&mixed.solve(&options()).unwrap());
    assert!(told.figures.iter().any(|figure| figure.note == "1 of them whole"));
    let prepared = prepare(COLLISION).unwrap();
    let told = prepared.present(&prepared.solve(&options()).unwrap());
    assert_eq!(told.sections.iter().map(|s| s.title.as_str()).collect::<Vec<_>>(), ["This run"]);
}

#[test]
fn a_broken_file_is_a_fault_with_its_line() {
    let faults = prepare("min\n x\nst\n c: x >= y\nend\n").map(|_| ()).unwrap_err();
    let fault = &faults.as_slice()[0];
    assert_eq!((fault.code, fault.row), (Code::BrokenFormat, Some(4)));

    let missing = Input::File { path: Path::new("no-such.mps").to_owned(), settings: Settings::default() };
    let faults = ProgramDecision.validate(missing, &Control::default()).unwrap_err();
    assert_eq!(faults.as_slice()[0].code, Code::MissingFile);

    let unknown = Input::File { path: "x.mps".into(), settings: Settings::default().with("speed", "9") };
    let faults = ProgramDecision.validate(unknown, &Control::default()).unwrap_err();
    assert_eq!(faults.as_slice()[0].code, Code::UnknownSetting);
}

#[test]
fn the_public_mixed_programs_pass_the_independent_check() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("PURVEY_SHARED_DATA").map_or_else(beside, Into::into);
    let folder = data.join("lp/mixed");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: no public programs in {} (set PURVEY_SHARED_DATA)", folder.display());
        return;
    };
    let mut solved = 0;
    for file in files {
        let path = file.unwrap().path();
        let input = Input::File { path: path.clone(), settings: Settings::default() };
        let prepared = ProgramDecision.prepare(input, &Control::default()).unwrap();
        let solution = prepared.solve(&options()).unwrap();
        if solution.outcome.termination == Termination::Infeasible {
            continue;
        }
        let objective = solution.outcome.objective.unwrap();
        assert!(solution.checks.feasible, "{}: {:?}", path.display(), solution.checks.violations);
        let priced = solution.checks.objective.unwrap();
        assert!((priced - objective).abs() <= 1e-6 * objective.abs().max(1.0), "{}", path.display());
        solved += 1;
    }
    assert!(solved >= 17, "{solved}");
}
