//! A problem that was read, ready to be asked.

use std::time::Instant;

use super::check::check;
use super::explain::{explain, shortfall};
use super::goals::Goal;
use super::mix::{Readout, has_tests_only, with_curves};
use super::pacing::Pacing;
use super::present::{Run, present};
use super::problem::{Problem, Source};
use super::{Advertising, front, model, pacing, plan};
use crate::control::{Control, Limits};
use crate::data::{Code, Fault, Faults, Tables};
use crate::decide::new_rows::joined;
use crate::decide::{
    CheckReport, DecideError, Decision, Event, Explanation, Input, Prepared, Solution, SolveOptions, Update,
};
use crate::presentation::{Presentation, Style};

/// Relative difference of the solver's total and the checker's that is rounding.
const AGREEMENT: f64 = 1e-7;

/// A problem that was read.
#[derive(Debug)]
pub(super) struct PreparedAdvertising {
    problem: Problem,
    source: Source,
    /// What history says, where it is given.
    readout: Option<Readout>,
    /// Whether there are regional experiments and nothing to split.
    reads_only: bool,
    run: Run,
    limits: Limits,
}

impl PreparedAdvertising {
    pub fn new(input: Input, control: &Control) -> Result<Self, Faults> {
        let reads_only = matches!(&input, Input::Tables { tables, .. } if has_tests_only(tables));
        let (input, readout) = with_curves(input, control)?;
        let (mut problem, source) = Problem::read(input)?;
        if let Some(readout) = &readout {
            readout.pace(&mut problem);
            problem.notices.extend(readout.notices());
        }
        let run = Run { seed: control.seed, threads: control.worker_threads() };
        let limits = control.limits.clone();
        Ok(PreparedAdvertising { problem, source, readout, reads_only, run, limits })
    }

    /// Plans period by period.
    fn solve_by_period(
        &self,
        problem: &Problem,
        pacing: &Pacing,
        control: &Control,
    ) -> Result<Solution, DecideError> {
        let started = Instant::now();
        let split = pacing::split(problem, pacing, control)?;
        let solve = started.elapsed().as_secs_f64();
        let named =
            |list: &[(&str, f64)]| list.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let mut solution = Solution {
            headline: pacing::headline(problem, pacing, &split),
            tables: Tables::default(),
            kpis: Vec::new(),
            seconds: named(&[("read", problem.read_seconds), ("solve", solve)]),
            checks: CheckReport::default(),
            warnings: Vec::new(),
            outcome: split.outcome,
        };
        if let Some(objective) = split.outcome.objective {
            solution.checks = pacing::check(problem, pacing, &split.amounts);
            agree(objective, &solution.checks)?;
            solution.tables = pacing::tables(problem, pacing, &split.amounts);
            let (before, after) = pacing::carried(problem, pacing, &split.amounts);
            solution.kpis = named(&[
                ("budget", problem.budget),
                ("spent", problem.budget - split.left),
                ("unspent", split.left),
                ("value_of_one_more", split.price),
                ("carried_in", before),
                ("carried_out", after),
            ]);
        }
        if let Some(readout) = &self.readout {
            readout.tables().into_iter().for_each(|table| solution.tables.insert(table));
            // The greatest spend of a period, as a spend of the whole window.
            let most = |own: &Vec<f64>| own.iter().copied().fold(0.0, f64::max) * pacing.periods as f64;
            let greatest: Vec<f64> = split.amounts.iter().map(most).collect();
            solution.warnings = readout.warnings(problem, &greatest);
            solution.headline.extend(readout.sentences(problem));
        }
        Ok(solution)
    }

    fn solve_for(&self, problem: &Problem, options: &SolveOptions) -> Result<Solution, DecideError> {
        let started = Instant::now();
        let control = options.control.started();
        if let Some(pacing) = &problem.pacing {
            return self.solve_by_period(problem, pacing, &control);
        }
        let mut split = model::split(problem, problem.budget, &control)?;
        let mut chosen = None;
        if let Some(goals) = problem.goals.as_ref().filter(|_| !split.amounts.is_empty()) {
            let (of_goals, front) = front::split(problem, goals, &split, &control)?;
            split = of_goals;
            chosen = Some((goals, front));
        }
        let solve = started.elapsed().as_secs_f64();
        let has_plan = split.outcome.objective.is_some();
        let checks = if has_plan { check(problem, &split.amounts) } else { CheckReport::default() };
        if let Some(objective) = split.outcome.objective {
            agree(objective, &checks)?;
        }
        let seconds = [("read", problem.read_seconds), ("solve", solve)];
        let mut kpis = vec![];
        if has_plan {
            let spent: f64 = split.amounts.iter().sum();
            kpis.extend([
                ("budget", problem.budget),
                ("spent", spent),
                ("unspent", split.left),
                ("value_of_one_more", split.price),
            ]);
            if problem.most_cost.is_some() {
                kpis.push(("cost_of_response", spent / split.outcome.objective.unwrap_or(f64::NAN)));
            }
            if problem.aim == Goal::Profit {
                kpis.push(("response", Goal::Response.value(&problem.channels, &split.amounts)));
            }
            let current = if problem.aim == Goal::Profit { "current_profit" } else { "current_response" };
            if let Some((now, brings)) = plan::current_total(problem) {
                kpis.extend([("current_spend", now), (current, brings)]);
            }
        }
        let mut tables = if has_plan { plan::tables(problem, &split.amounts) } else { Tables::default() };
        let mut headline = plan::headline(problem, &split);
        if let Some((goals, front)) = &chosen {
            headline = plan::headline_of_goals(problem, goals, front);
            kpis.extend([
                ("front_points", front.points.len() as f64),
                ("knee_point", front.knee as f64 + 1.0),
                ("chosen_point", front.chosen as f64 + 1.0),
            ]);
            kpis.extend(
                goals.list.iter().zip(&front.values[front.chosen]).map(|(g, &value)| (g.name(), value)),
            );
            for table in front::tables(problem, goals, front) {
                tables.insert(table);
            }
        }
        let named =
            |list: &[(&str, f64)]| list.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        if self.reads_only {
            (headline, tables, kpis) = (Vec::new(), Tables::default(), Vec::new());
        }
        let mut warnings = Vec::new();
        if let Some(readout) = &self.readout {
            readout.tables().into_iter().for_each(|table| tables.insert(table));
            warnings = readout.warnings(problem, &split.amounts);
        }
        headline.extend(self.readout.iter().flat_map(|readout| readout.sentences(problem)));
        Ok(Solution {
            headline,
            tables,
            kpis: named(&kpis),
            seconds: named(&seconds),
            checks,
            warnings,
            outcome: split.outcome,
        })
    }
}

impl Prepared for PreparedAdvertising {
    fn notices(&self) -> &Faults {
        &self.problem.notices
    }

    fn solve(&self, options: &SolveOptions) -> Result<Solution, DecideError> {
        if let Some(start) = &options.start {
            // The search needs no start; one that does not fit is refused all the same.
            self.check(start).map_err(DecideError::Input)?;
        }
        let missing = shortfall(&self.problem);
        if !options.relax || missing <= 0.0 {
            return self.solve_for(&self.problem, options);
        }
        let budget = self.problem.budget + missing;
        let mut solution = self.solve_for(&Problem { budget, ..self.problem.clone() }, options)?;
        solution.warnings.push(format!("the budget was raised by {}", self.problem.money(missing)));
        Ok(solution)
    }

    fn variant(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        Advertising.prepare(input, control)
    }

    fn update(&mut self, event: &Event) -> Result<Update, Faults> {
        if event.rows.name() != "response_curves" {
            let message = format!("table \"{}\" is not part of advertising", event.rows.name());
            let fault = Fault::error(Code::UnknownTable, event.rows.file(), message);
            return Err(fault.with_help("give rows of response_curves").into());
        }
        let tables = joined(&self.source.tables, &event.rows, &Problem::schema()?)?;
        let (name, settings) = (self.source.name.clone(), self.source.settings.clone());
        let (mut problem, source) = Problem::read(Input::Tables { name, tables, settings })?;
        if let Some(readout) = &self.readout {
            readout.pace(&mut problem);
        }
        let mut control = Control::default().with_seed(self.run.seed).with_threads(self.run.threads);
        control.limits = self.limits.clone();
        let options = SolveOptions { control, ..SolveOptions::default() };
        let solution =
            self.solve_for(&problem, &options).map_err(|error| refused(event, error.to_string()))?;
        let Some(spend) = solution.tables.get("spend").cloned() else {
            return Err(refused(event, solution.headline.join(" ")));
        };
        (self.problem, self.source) = (problem, source);
        Ok(Update { orders: spend })
    }

    fn check(&self, plan: &Tables) -> Result<CheckReport, Faults> {
        if let Some(pacing) = &self.problem.pacing {
            let amounts = pacing::amounts_of(&self.problem, pacing, plan)?;
            return Ok(pacing::check(&self.problem, pacing, &amounts));
        }
        Ok(check(&self.problem, &plan::amounts_of(&self.problem, plan)?))
    }

    fn explain(&self, options: &SolveOptions) -> Result<Explanation, DecideError> {
        explain(&self.problem, options)
    }

    fn style(&self) -> Style {
        self.problem.style.clone()
    }

    fn present(&self, solution: &Solution) -> Presentation {
        let mut presentation = present(&self.problem, solution, self.run);
        if self.reads_only {
            "Regional experiments".clone_into(&mut presentation.subtitle);
        }
        if let Some(readout) = &self.readout {
            readout.decorate(&self.problem, &mut presentation);
        }
        presentation
    }
}

/// Refuses a solver's plan that the check does not confirm.
fn agree(objective: f64, checks: &CheckReport) -> Result<(), DecideError> {
    let priced = checks.objective.unwrap_or(objective);
    let is_sound = (objective - priced).abs() <= AGREEMENT * priced.abs().max(1.0);
    if is_sound && checks.feasible {
        return Ok(());
    }
    Err(DecideError::Check(format!(
        "the solver counts {objective}, the check {priced} with {} broken limits",
        checks.violations.len()
    )))
}

/// Why new rows were not taken in.
fn refused(event: &Event, reason: String) -> Faults {
    let fault = Fault::error(Code::Contradiction, event.rows.file(), reason);
    fault.with_help("correct the new rows, or raise the budget; nothing was changed").into()
}
