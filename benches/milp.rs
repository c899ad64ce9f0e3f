//! Modelling, handing over and reading back, beside the bare solver on the same model.
//!
//! `cargo bench --bench milp` prints three parts:
//!
//! 1. building and handing over 200,000 columns, 100,000 rows and 1,000,000
//!    coefficients: written in good_lp ([`Model`]), as sparse rows
//!    ([`Program`]), and the bare `highs` crate;
//! 2. the share of modelling, handing over and reading back in a solve of
//!    more than a second, and the whole beside the bare solver;
//! 3. the same for the program of a decision: `instances/every-feature` written
//!    out from its stock points, and its plan read back.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use good_lp::{Expression, ProblemVariables, variable};
use purvey::control::Control;
use purvey::data::read_folder;
use purvey::data::schema::Schema;
use purvey::decide;
use purvey::decide::replenishment::{model, problem::Problem, scenarios::Forecaster};
use purvey::optimize::milp::{ColumnKind, Model, Program, RowLabel, Session, Solved};
use purvey::solution::Termination;
use std::sync::Arc;
use std::time::Instant;

/// A set of rows over columns drawn by a fixed generator: `rows` rows of ten columns, each
/// to be covered, with a cost for each column and a few whole ones.
struct Instance {
    costs: Vec<f64>,
    whole: Vec<bool>,
    rows: Vec<(f64, Vec<(usize, f64)>)>,
}

fn instance(columns: usize, rows: usize, whole_every: usize) -> Instance {
    let mut state = 88_172_645_463_325_252_u64;
    let mut draw = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let costs = (0..columns).map(|_| 1.0 + draw(100) as f64).collect();
    let whole = (0..columns).map(|column| whole_every > 0 && column % whole_every == 0).collect();
    let row = |draw: &mut dyn FnMut(usize) -> usize| {
        let block = columns / 10;
        let terms = (0..10).map(|part| (part * block + draw(block), 1.0 + draw(9) as f64)).collect();
        (5.0 + draw(50) as f64, terms)
    };
    let rows = (0..rows).map(|_| row(&mut draw)).collect();
    Instance { costs, whole, rows }
}

fn as_model(instance: &Instance) -> Model {
    let file: Arc<str> = Arc::from("needs.csv");
    let mut columns = ProblemVariables::new();
    let definitions = instance.whole.iter();
    let all: Vec<good_lp::Variable> = definitions
        .map(|&whole| {
            let definition = variable().min(0.0).max(40.0);
            columns.add(if whole { definition.integer() } else { definition })
        })
        .collect();
    let mut objective = Expression::with_capacity(all.len());
    all.iter().zip(&instance.costs).for_each(|(&column, &cost)| objective.add_mul(cost, column));
    let mut model = Model::minimise(columns, objective);
    for (line, (need, terms)) in instance.rows.iter().enumerate() {
        let mut sum = Expression::with_capacity(terms.len());
        terms.iter().for_each(|&(column, coefficient)| sum.add_mul(coefficient, all[column]));
        model.row(RowLabel::new("need").stated_in(&file, line + 2), sum.geq(*need));
    }
    model
}

fn as_program(instance: &Instance) -> Program {
    let mut program = Program::minimise();
    let nonzeros = instance.rows.iter().map(|row| row.1.len()).sum();
    program.reserve(instance.costs.len(), instance.rows.len(), nonzeros);
    for (&cost, &whole) in instance.costs.iter().zip(&instance.whole) {
        program.add_column(cost, 0.0, 40.0, if whole { ColumnKind::Integer } else { ColumnKind::Continuous });
    }
    for (need, terms) in &instance.rows {
        program.add_row(*need, f64::INFINITY, terms);
    }
    program
}

fn as_bare(instance: &Instance) -> highs::Model {
    let mut problem = highs::RowProblem::new();
    let columns: Vec<highs::Col> = instance
        .costs
        .iter()
        .zip(&instance.whole)
        .map(|(&cost, &whole)| problem.add_column_with_integrality(cost, 0.0..=40.0, whole))
        .collect();
    for (need, terms) in &instance.rows {
        problem.add_row(*need.., terms.iter().map(|&(column, coefficient)| (columns[column], coefficient)));
    }
    let mut model = problem.optimise(highs::Sense::Minimise);
    model.make_quiet();
    model
}

/// Seconds of the fastest of `times` runs, with the last result.
fn fastest<T>(times: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut best: Option<(f64, T)> = None;
    for _ in 0..times {
        let started = Instant::now();
        let result = work();
        let seconds = started.elapsed().as_secs_f64();
        let least = best.as_ref().map_or(seconds, |best| best.0.min(seconds));
        best = Some((least, result));
    }
    best.unwrap()
}

fn build_table(columns: usize, rows: usize) {
    let instance = instance(columns, rows, 50);
    let (modelled, session) = fastest(5, || as_model(&instance).hand_over().unwrap());
    assert_eq!(session.labels().len(), rows);
    let (sparse, _) = fastest(5, || Session::new(&as_program(&instance)).unwrap());
    let (bare, _) = fastest(5, || as_bare(&instance));
    println!("{columns:9} {rows:8} {:9} {modelled:10.3} {sparse:10.3} {bare:10.3}", rows * 10);
}

/// Nodes after which a search ends: the same work for every way of writing the program.
const NODES: u64 = 200;

fn control(has_integers: bool) -> Control {
    let control = Control::default().with_gap(1e-4);
    if has_integers { control.with_work(NODES) } else { control }
}

fn solve_table(name: &str, columns: usize, rows: usize, whole_every: usize) {
    let instance = instance(columns, rows, whole_every);
    let bare = || {
        let mut model = as_bare(&instance);
        model.set_option("threads", 1);
        model.set_option("parallel", "off");
        model.set_option("mip_rel_gap", 1e-4);
        model.set_option("mip_max_nodes", NODES as i32);
        let solved = model.solve();
        (solved.objective_value(), solved.get_solution())
    };
    let (bare_seconds, (objective, _)) = fastest(1, bare);
    let report = |way: &str, build: &dyn Fn() -> Session| {
        let started = Instant::now();
        let mut session = build();
        let built = started.elapsed().as_secs_f64();
        let solved: Solved = session.solve(&control(whole_every > 0)).unwrap();
        let total = started.elapsed().as_secs_f64();
        let ended = [Termination::Optimal, Termination::TargetGap, Termination::WorkLimit];
        assert!(ended.contains(&solved.outcome.termination));
        let ours = solved.outcome.objective.unwrap();
        assert!((ours - objective).abs() <= 0.02 * objective.abs(), "{ours} {objective}");
        let share = 100.0 * built / total;
        println!("{name:12} {way:8} {built:9.3} {total:9.2} {share:7.2} {bare_seconds:9.2}");
    };
    report("good_lp", &|| as_model(&instance).hand_over().unwrap());
    report("sparse", &|| Session::new(&as_program(&instance)).unwrap());
}

/// Nodes of the decision's program.
const DECISION_NODES: u64 = 5;

/// The same program for the bare solver.
fn bare_program(program: &Program) -> highs::Model {
    let mut problem = highs::RowProblem::new();
    let columns: Vec<highs::Col> = (0..program.columns())
        .map(|column| {
            let (lower, upper) = program.column_bounds(column);
            let whole = program.kinds()[column].is_integer();
            problem.add_column_with_integrality(program.cost()[column], lower..=upper, whole)
        })
        .collect();
    for row in 0..program.rows() {
        let (lower, upper) = program.row_bounds(row);
        problem.add_row(lower..=upper, program.row(row).map(|(column, factor)| (columns[column], factor)));
    }
    let mut model = problem.optimise(highs::Sense::Minimise);
    model.make_quiet();
    model.set_option("threads", 1);
    model.set_option("parallel", "off");
    model.set_option("random_seed", 0);
    model.set_option("mip_rel_gap", 1e-4);
    model.set_option("mip_max_nodes", DECISION_NODES as i32);
    model
}

fn decision_table(name: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("instances").join(name);
    let schema = |name: &str| decide::find(name).and_then(|found| Schema::parse(found.schema()).ok());
    let instance = read_folder(&folder, &[], schema).unwrap();
    let problem = Problem::read(name, instance.tables, &instance.settings).unwrap();
    let control = Control::default();
    let scenarios =
        Forecaster::learn(&problem, &control).unwrap().scenarios(&problem, None, &control).unwrap();
    let started = Instant::now();
    let all = model::with_whole_program(&problem, &scenarios, &Control::default(), |program, back| {
        let written = started.elapsed().as_secs_f64();
        let mut session = Session::new(program).unwrap();
        let built = started.elapsed().as_secs_f64();
        let limits = Control::default().with_gap(1e-4).with_work(DECISION_NODES);
        let solved = session.solve(&limits).unwrap();
        let ended = started.elapsed().as_secs_f64();
        let lines = back(&solved.values).unwrap().lines.len();
        let total = started.elapsed().as_secs_f64();
        let begun = Instant::now();
        let bare = bare_program(program).solve();
        let bare_seconds = begun.elapsed().as_secs_f64();
        let share = 100.0 * (built + total - ended) / total;
        let (ours, raw) = (solved.outcome.objective.unwrap(), bare.objective_value());
        assert!((ours - raw).abs() <= 0.02 * raw.abs(), "{ours} {raw}");
        println!("columns {}, rows {}, plan of {lines} lines", program.columns(), program.rows());
        println!(
            "written {written:.3}, handed over {:.3}, solved {:.2}, read back {:.3}, overhead {share:.2} %",
            built - written,
            ended - built,
            total - ended
        );
        println!("bare {bare_seconds:.2}");
    });
    assert!(all.unwrap().is_some());
}

fn main() {
    println!("Building and handing over (seconds, fastest of five)");
    println!(
        "{:>9} {:>8} {:>9} {:>10} {:>10} {:>10}",
        "columns", "rows", "nonzeros", "good_lp", "sparse", "bare"
    );
    for scale in [1, 10, 100] {
        build_table(2_000 * scale, 1_000 * scale);
    }
    println!("\nSolving (seconds; share: building and handing over, of the total, in percent)");
    println!("{:12} {:8} {:>9} {:>9} {:>7} {:>9}", "program", "written", "built", "total", "share", "bare");
    solve_table("lp", 20_000, 10_000, 0);
    solve_table("mip", 300, 150, 2);
    println!("\nThe program of a decision, instances/every-feature (seconds)");
    decision_table("every-feature");
}
