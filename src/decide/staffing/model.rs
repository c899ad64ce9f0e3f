//! Which shifts start: the cheapest cover of the vehicles that each hour needs, as an integer program.
//!
//! `min  sum cost_k x_kd + M sum u_t`, where `x_kd` drivers start shift k on day d, `u_t` vehicles are
//! missing in hour t: `sum over shifts that cover t of x + u_t >= need_t`, `sum over them of x <=
//! vehicles`, `x_kd <= most_k`. `M` is above the cost of one of each shift, so that a vehicle is missing only
//! where no shift can cover it. Each column has its ones in consecutive rows, so the relaxation is whole
//! already where needs and limits are (Veinott and Wagner 1962, doi:10.1287/mnsc.8.2.190, "Optimal
//! capacity scheduling").

use std::time::Instant;

use super::plan::{Start, cost, covered, on_duty};
use super::problem::Problem;
use crate::control::Control;
use crate::decide::DecideError;
use crate::optimize::milp::{ColumnKind, Program, solve};
use crate::solution::Outcome;

/// A cheapest cover.
#[derive(Debug, Clone)]
pub(super) struct Cover {
    pub starts: Vec<Start>,
    pub outcome: Outcome,
    pub seconds: f64,
}

/// Covers `needs`, one an hour of the days planned.
pub(super) fn cover(problem: &Problem, needs: &[f64], control: &Control) -> Result<Cover, DecideError> {
    let began = Instant::now();
    let columns = columns(problem);
    let dearest = problem.shifts.iter().map(|shift| shift.cost).fold(0.0, f64::max);
    let missing_cost = 1.0 + dearest * (problem.shifts.len() + 1) as f64;
    let mut program = Program::minimise();
    let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); needs.len()];
    for &(day, shift) in &columns {
        let kind = &problem.shifts[shift];
        let most = kind.most.min(problem.vehicles);
        let column = program.add_column(kind.cost, 0.0, most, ColumnKind::Integer);
        covered(problem, day, shift).for_each(|hour| rows[hour].push((column, 1.0)));
    }
    for (terms, &need) in rows.iter_mut().zip(needs) {
        program.add_row(f64::NEG_INFINITY, problem.vehicles, terms);
        let missing = program.add_column(missing_cost, 0.0, f64::INFINITY, ColumnKind::Continuous);
        terms.push((missing, 1.0));
        program.add_row(need, f64::INFINITY, terms);
    }
    let solved = solve(&program, control).map_err(|error| DecideError::Solver {
        doing: "covering the hours with shifts".to_owned(),
        reason: error.to_string(),
    })?;
    let starts = columns.iter().zip(&solved.values).filter(|(_, value)| value.round() > 0.0);
    let starts: Vec<Start> =
        starts.map(|(&(day, shift), value)| Start { day, shift, drivers: value.round() }).collect();
    let missing: f64 = missing_cost * missing_of(problem, needs, &starts);
    let mut outcome = solved.outcome;
    // Told is what the shifts cost; what is missing stands beside it.
    outcome.objective = outcome.objective.map(|_| cost(problem, &starts));
    outcome.bound = outcome.bound.map(|bound| (bound - missing).min(cost(problem, &starts)));
    Ok(Cover { starts, outcome, seconds: began.elapsed().as_secs_f64() })
}

fn missing_of(problem: &Problem, needs: &[f64], starts: &[Start]) -> f64 {
    let duty = on_duty(problem, starts);
    needs.iter().zip(duty).map(|(need, duty)| (need - duty).max(0.0)).sum()
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
