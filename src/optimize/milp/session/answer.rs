//! What a run of the solver left, as an answer: how it ended, its bound, and whole numbers where
//! whole numbers were asked for.

use super::super::highs_api::{ModelStatus, Point};
use super::super::{MilpError, Sense};
use super::{PROVED, Session, Solved};
use crate::control::Control;
use crate::solution::{Outcome, SolutionStatus, Termination};

/// Distance from a whole number that is only the rounding of the arithmetic.
const ROUNDING: f64 = 1e-9;

impl Session {
    pub(super) fn answer(&mut self, status: ModelStatus, control: &Control) -> Result<Solved, MilpError> {
        let is_mip = self.has_integers();
        let has_point = self.highs.has_feasible_point();
        let objective = has_point.then(|| self.highs.objective()).filter(|value| value.is_finite());
        let bound = self.bound(status, objective, is_mip);
        let mut solved = self.without_answer(termination_of(status, objective, bound, control));
        if status == ModelStatus::Infeasible || objective.is_none() {
            solved.outcome.bound = bound.filter(|_| status != ModelStatus::Infeasible);
            return Ok(solved);
        }
        let proved = solved.outcome.termination == Termination::Optimal;
        let solution_status = if proved { SolutionStatus::Optimal } else { SolutionStatus::Feasible };
        solved.outcome = Outcome { solution_status, objective, bound, ..solved.outcome };
        let point = self.highs.point()?;
        if is_mip {
            self.whole_numbers(&mut solved, point, control)?;
        } else {
            let has_duals = proved && self.highs.has_feasible_duals();
            (solved.values, solved.row_activity) = (point.values, point.row_activity);
            if has_duals {
                (solved.row_duals, solved.reduced_costs) = (point.row_duals, point.reduced_costs);
            }
        }
        Ok(solved)
    }

    /// The proven bound, never beyond the objective that has been reached.
    fn bound(&self, status: ModelStatus, objective: Option<f64>, is_mip: bool) -> Option<f64> {
        if !is_mip {
            return objective.filter(|_| status == ModelStatus::Optimal);
        }
        let bound = self.highs.number_info(c"mip_dual_bound")?;
        Some(match (self.sense, objective) {
            (Sense::Minimise, Some(objective)) => bound.min(objective),
            (Sense::Maximise, Some(objective)) => bound.max(objective),
            (_, None) => bound,
        })
    }

    /// Takes the integer columns to whole numbers. What is off by rounding
    /// only is rounded; where a value is farther off, the continuous columns
    /// are solved again around the rounded ones, and if that has no answer
    /// the solver's own values stay.
    fn whole_numbers(
        &mut self,
        solved: &mut Solved,
        point: Point,
        control: &Control,
    ) -> Result<(), MilpError> {
        (solved.values, solved.row_activity) = (point.values, point.row_activity);
        let whole = |column: usize| self.kinds[column].is_integer();
        let distance = |column: usize| (solved.values[column] - solved.values[column].round()).abs();
        let worst =
            (0..solved.values.len()).filter(|&column| whole(column)).map(distance).fold(0.0, f64::max);
        if worst <= ROUNDING {
            for column in 0..solved.values.len() {
                if self.kinds[column].is_integer() {
                    solved.values[column] = solved.values[column].round();
                }
            }
            return Ok(());
        }
        let (objective, bound) = (solved.outcome.objective, solved.outcome.bound);
        let around = self
            .solve_with_integers_fixed(&solved.values.clone(), &Control::default().with_seed(control.seed))?;
        if let (SolutionStatus::Optimal, Some(exact), Some(before)) =
            (around.outcome.solution_status, around.outcome.objective, objective)
        {
            let is_close = (exact - before).abs() <= PROVED * before.abs().max(1.0);
            if is_close {
                (solved.values, solved.row_activity) = (around.values, around.row_activity);
                solved.outcome.objective = Some(exact);
                solved.outcome.bound = bound.map(|bound| match self.sense {
                    Sense::Minimise => bound.min(exact),
                    Sense::Maximise => bound.max(exact),
                });
            }
        }
        Ok(())
    }
}

fn termination_of(
    status: ModelStatus,
    objective: Option<f64>,
    bound: Option<f64>,
    control: &Control,
) -> Termination {
    match status {
        ModelStatus::Optimal => match (objective, bound) {
            (Some(objective), Some(bound)) => {
                let distance = (objective - bound).abs();
                let proved = distance <= PROVED * objective.abs().max(1.0);
                if proved { Termination::Optimal } else { Termination::TargetGap }
            }
            (Some(_), None) => Termination::TargetGap,
            (None, _) => Termination::NumericalError,
        },
        ModelStatus::Infeasible => Termination::Infeasible,
        ModelStatus::Unbounded => Termination::Unbounded,
        ModelStatus::UnboundedOrInfeasible => Termination::InfeasibleOrUnbounded,
        ModelStatus::TimeLimit => Termination::TimeLimit,
        ModelStatus::WorkLimit => Termination::WorkLimit,
        ModelStatus::Interrupted if control.cancel.is_requested() => Termination::Interrupted,
        ModelStatus::Interrupted => Termination::TimeLimit,
        ModelStatus::Failed => Termination::NumericalError,
    }
}
