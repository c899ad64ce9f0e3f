//! Solves the program of the file, or, where asked, the cheapest relaxation of it.

use super::super::{DecideError, Solution, SolveOptions};
use super::problem::Problem;
use super::{check, plan};
use crate::control::Control;
use crate::optimize::milp::{MilpError, Program, Relaxation, Session, Solved, all_elastic, relax, widened};
use crate::solution::Termination;
use std::time::Instant;

/// Room added to each widening, so that rounding does not close the gap again.
const WIDENING_ROOM: f64 = 1e-9;

/// A program in the solver with its answer.
pub(super) struct Answer {
    pub session: Session,
    pub solved: Solved,
    pub build_seconds: f64,
    pub solve_seconds: f64,
}

pub(super) fn solve(problem: &Problem, options: &SolveOptions) -> Result<Solution, DecideError> {
    let control = options.control.started();
    let start = match &options.start {
        Some(tables) => plan::values_of(problem, tables).map_err(DecideError::Input)?,
        None => Vec::new(),
    };
    let answer = answer(&problem.program, start, &control)?;
    if options.relax && answer.solved.outcome.termination == Termination::Infeasible {
        let relaxation = cheapest(problem, &control)?;
        let wide = widened(&problem.program, &all_elastic(&problem.program), &relaxation, WIDENING_ROOM);
        let again = self::answer(&wide, Vec::new(), &control)?;
        let mut solution = solution_of(problem, &wide, again);
        solution.warnings.extend(plan::widening_sentences(problem, &relaxation));
        return Ok(solution);
    }
    Ok(solution_of(problem, &problem.program, answer))
}

/// Hands a program over and solves it.
pub(super) fn answer(
    program: &Program,
    start: Vec<(usize, f64)>,
    control: &Control,
) -> Result<Answer, DecideError> {
    let started = Instant::now();
    let mut session = Session::new(program).map_err(|error| failed("hand the program over", &error))?;
    session.set_start(start);
    let build_seconds = started.elapsed().as_secs_f64();
    let solved = session.solve(control).map_err(|error| failed("solve the program", &error))?;
    let solve_seconds = started.elapsed().as_secs_f64() - build_seconds;
    Ok(Answer { session, solved, build_seconds, solve_seconds })
}

/// The cheapest relaxation, every row side and bound at a cost of one a unit.
pub(super) fn cheapest(problem: &Problem, control: &Control) -> Result<Relaxation, DecideError> {
    let elastics = all_elastic(&problem.program);
    relax(&problem.program, &elastics, control).map_err(|error| failed("relax the program", &error))
}

pub(super) fn failed(doing: &str, error: &MilpError) -> DecideError {
    DecideError::Solver { doing: doing.to_owned(), reason: error.to_string() }
}

fn solution_of(problem: &Problem, program: &Program, answer: Answer) -> Solution {
    let Answer { solved, build_seconds, solve_seconds, .. } = answer;
    let started = Instant::now();
    let has_values = solved.outcome.objective.is_some();
    let checks = match has_values {
        true => check::check(problem, program, &solved.values),
        false => super::CheckReport { feasible: false, ..Default::default() },
    };
    let mut warnings = Vec::new();
    if has_values && !checks.feasible {
        warnings.push(format!(
            "the answer breaks {} of the file's limits by more than the tolerance: its numbers are badly scaled",
            checks.violations.len()
        ));
    }
    let check_seconds = started.elapsed().as_secs_f64();
    Solution {
        headline: plan::headline(problem, &solved.outcome),
        tables: plan::tables(program, &solved),
        kpis: vec![
            ("columns".to_owned(), program.columns() as f64),
            ("rows".to_owned(), program.rows() as f64),
            ("nonzeros".to_owned(), program.nonzeros() as f64),
            ("nodes".to_owned(), solved.nodes as f64),
            ("iterations".to_owned(), solved.iterations as f64),
        ],
        seconds: vec![
            ("read".to_owned(), problem.read_seconds),
            ("build".to_owned(), build_seconds),
            ("solve".to_owned(), solve_seconds),
            ("check".to_owned(), check_seconds),
        ],
        outcome: solved.outcome,
        checks,
        warnings,
    }
}
