//! Which shifts start: the cheapest cover of the vehicles that each hour needs, as two integer programs.
//!
//! `x_kd` drivers start shift k on day d, `u_t` vehicles are missing in hour t: `sum over shifts that cover
//! t of x + u_t >= need_t`, `sum over them of x <= vehicles`, `x_kd <= most_k`. First the least number of
//! missing vehicles is found, `U = min sum u_t`; then, at that number, the least cost, `min sum cost_k x_kd`
//! with `sum u_t <= U`. No weight of a missing vehicle against money is needed, which a chain of shifts
//! that give way to each other could outweigh. Each column has its ones in consecutive rows, so the first
//! relaxation is whole already where needs and limits are (Veinott and Wagner 1962,
//! doi:10.1287/mnsc.8.2.190, "Optimal capacity scheduling"); the second is a face of it, and whole as well.

use std::time::Instant;

use super::plan::{Start, cost, covered, on_duty};
use super::problem::Problem;
use crate::control::Control;
use crate::decide::DecideError;
use crate::optimize::milp::{ColumnKind, Program, solve};
use crate::solution::{Outcome, SolutionStatus};

/// Share of the time left in which the least number of missing vehicles is to be found.
const SHARE_FOR_MISSING: f64 = 0.5;

/// A cheapest cover.
#[derive(Debug, Clone)]
pub(super) struct Cover {
    pub starts: Vec<Start>,
    pub outcome: Outcome,
    pub seconds: f64,
}

/// What a program makes least.
#[derive(Debug, Clone, Copy)]
enum Aim {
    Missing,
    /// Cost, with so many missing vehicles at most.
    Cost(f64),
}

/// Covers `needs`, one an hour of the days planned.
pub(super) fn cover(problem: &Problem, needs: &[f64], control: &Control) -> Result<Cover, DecideError> {
    let began = Instant::now();
    let control = control.started();
    let columns = columns(problem);
    let find = |aim: Aim, control: &Control| -> Result<(Outcome, Vec<Start>), DecideError> {
        let solved = solve(&program(problem, needs, &columns, aim), control).map_err(refused)?;
        let starts = columns.iter().zip(&solved.values).filter(|(_, value)| value.round() > 0.0);
        let start =
            |(&(day, shift), value): (&(i64, usize), &f64)| Start { day, shift, drivers: value.round() };
        Ok((solved.outcome, starts.map(start).collect()))
    };
    let (least, first) = find(Aim::Missing, &control.for_share(SHARE_FOR_MISSING).with_gap(0.0))?;
    let (mut outcome, mut starts) = match least.solution_status {
        SolutionStatus::None => {
            return Ok(Cover { starts: first, outcome: least, seconds: began.elapsed().as_secs_f64() });
        }
        // Stopped before the number is proved: what can be covered is, whatever it costs.
        SolutionStatus::Feasible => (Outcome { bound: None, ..least }, filled(problem, needs, &first)),
        SolutionStatus::Optimal => find(Aim::Cost(missing_of(problem, needs, &first)), &control)?,
    };
    if outcome.solution_status == SolutionStatus::None {
        // The time was up: the first answer stands.
        (outcome.solution_status, outcome.bound, starts) = (SolutionStatus::Feasible, None, first);
    }
    let priced = cost(problem, &starts);
    outcome.objective = Some(priced);
    outcome.bound = outcome.bound.map(|bound| bound.min(priced));
    Ok(Cover { starts, outcome, seconds: began.elapsed().as_secs_f64() })
}

fn program(problem: &Problem, needs: &[f64], columns: &[(i64, usize)], aim: Aim) -> Program {
    let mut program = Program::minimise();
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); needs.len()];
    for &(day, shift) in columns {
        let kind = &problem.shifts[shift];
        let most = kind.most.min(problem.vehicles);
        let cost = if matches!(aim, Aim::Cost(_)) { kind.cost } else { 0.0 };
        let column = program.add_column(cost, 0.0, most, ColumnKind::Integer);
        covered(problem, day, shift).for_each(|hour| rows[hour].push((column, 1.0)));
    }
    let price = if matches!(aim, Aim::Missing) { 1.0 } else { 0.0 };
    let mut all_missing = Vec::with_capacity(needs.len());
    for (terms, &need) in rows.iter_mut().zip(needs) {
        program.add_row(f64::NEG_INFINITY, problem.vehicles, terms);
        let missing = program.add_column(price, 0.0, f64::INFINITY, ColumnKind::Continuous);
        terms.push((missing, 1.0));
        program.add_row(need, f64::INFINITY, terms);
        all_missing.push((missing, 1.0));
    }
    if let Aim::Cost(most) = aim {
        program.add_row(f64::NEG_INFINITY, most, &all_missing);
    }
    program
}

/// The starts, and as long as an hour is short and one driver more may start a shift that covers it, the
/// cheapest such shift.
pub(super) fn filled(problem: &Problem, needs: &[f64], starts: &[Start]) -> Vec<Start> {
    let columns = columns(problem);
    let drivers_of = |&(day, shift): &(i64, usize)| {
        let here = starts.iter().filter(|start| start.day == day && start.shift == shift);
        here.map(|start| start.drivers).sum::<f64>()
    };
    let mut drivers: Vec<f64> = columns.iter().map(drivers_of).collect();
    let mut duty = on_duty(problem, starts);
    for hour in 0..needs.len() {
        while duty[hour] + 1e-6 < needs[hour] {
            let may_start = |&at: &usize| {
                let (day, shift) = columns[at];
                let has_vehicles = |other: usize| duty[other] + 1.0 <= problem.vehicles;
                covered(problem, day, shift).any(|other| other == hour)
                    && drivers[at] + 1.0 <= problem.shifts[shift].most
                    && covered(problem, day, shift).all(has_vehicles)
            };
            let price = |at: usize| problem.shifts[columns[at].1].cost;
            let cheapest =
                (0..columns.len()).filter(may_start).min_by(|&a, &b| price(a).total_cmp(&price(b)));
            let Some(at) = cheapest else { break };
            drivers[at] += 1.0;
            covered(problem, columns[at].0, columns[at].1).for_each(|other| duty[other] += 1.0);
        }
    }
    let all = columns.into_iter().zip(drivers).filter(|(_, drivers)| *drivers > 0.0);
    all.map(|((day, shift), drivers)| Start { day, shift, drivers }).collect()
}

fn refused(error: impl std::fmt::Display) -> DecideError {
    DecideError::Solver { doing: "covering the hours with shifts".to_owned(), reason: error.to_string() }
}

/// Vehicles that are missing, over all hours.
fn missing_of(problem: &Problem, needs: &[f64], starts: &[Start]) -> f64 {
    let duty = on_duty(problem, starts);
    0.0 + needs.iter().zip(duty).map(|(need, duty)| (need - duty).max(0.0)).sum::<f64>()
}

/// Day and shift of everything that may start and covers an hour that is planned.
fn columns(problem: &Problem) -> Vec<(i64, usize)> {
    let days = -1..problem.days as i64;
    let all = days.flat_map(|day| (0..problem.shifts.len()).map(move |shift| (day, shift)));
    let starts = |&(day, shift): &(i64, usize)| {
        let weekday = chrono::Datelike::weekday(&problem.date(day));
        problem.shifts[shift].weekdays.contains(weekday) && covered(problem, day, shift).next().is_some()
    };
    all.filter(starts).collect()
}
