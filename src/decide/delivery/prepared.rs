//! A delivery problem that was read, ready to be asked.

use std::sync::Mutex;

use super::super::{
    CheckReport, DecideError, Decision, Event, Explanation, Input, Prepared, Solution, SolveOptions, Update,
};
use super::plan::Plan;
use super::present::{Run, present};
use super::problem::Problem;
use super::{Delivery, check, explain, model, plan, tell, update};
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Tables};
use crate::presentation::{Presentation, Style};

/// A delivery problem with its input.
pub(super) struct PreparedDelivery {
    pub input: Input,
    pub problem: Problem,
    notices: Faults,
    /// The last plan, for new visits to be put into.
    pub last: Mutex<Option<Plan>>,
    run: Run,
}

impl PreparedDelivery {
    /// Reads the input.
    pub fn new(input: Input, control: &Control) -> Result<Self, Faults> {
        let problem = Problem::read(input.clone())?;
        let notices = tell::with_left_out(&problem);
        let run = Run { seed: control.seed, threads: control.worker_threads() };
        Ok(PreparedDelivery { input, problem, notices, last: Mutex::new(None), run })
    }

    /// Takes another input, and the problem read from it, in place of its own.
    pub fn replace(&mut self, input: Input, problem: Problem) {
        self.notices = tell::with_left_out(&problem);
        (self.input, self.problem) = (input, problem);
    }
}

impl Prepared for PreparedDelivery {
    fn notices(&self) -> &Faults {
        &self.notices
    }

    fn solve(&self, options: &SolveOptions) -> Result<Solution, DecideError> {
        let start = options.start.as_ref().map(|tables| plan::read(&self.problem, tables));
        let start = start.transpose().map_err(DecideError::Input)?;
        let answer = model::answer(&self.problem, start.as_ref(), options)?;
        if let Ok(mut last) = self.last.lock() {
            *last = Some(answer.plan.clone());
        }
        Ok(tell::solution(&self.problem, answer))
    }

    fn variant(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        Delivery.prepare(input, control)
    }

    fn update(&mut self, event: &Event) -> Result<Update, Faults> {
        update::update(self, event)
    }

    fn check(&self, tables: &Tables) -> Result<CheckReport, Faults> {
        Ok(check::check(&self.problem, &plan::read(&self.problem, tables)?).report())
    }

    fn read_plan(&self, label: &str, text: &str) -> Result<Tables, Faults> {
        if self.problem.from_file {
            return plan::from_sol(&self.problem, label, text);
        }
        let fault = Fault::error(Code::WrongType, label, "a .sol file holds plans of .vrp and Solomon files");
        Err(fault.with_help("give an output folder or a visits_plan.csv").into())
    }

    fn plan_files(&self, solution: &Solution) -> Vec<(String, String)> {
        let objective = solution.outcome.objective.filter(|_| self.problem.from_file);
        let Some((cost, plan)) = objective.zip(plan::read(&self.problem, &solution.tables).ok()) else {
            return Vec::new();
        };
        vec![(format!("{}.sol", self.problem.stem), plan::to_sol(&self.problem, &plan, cost))]
    }

    fn explain(&self, options: &SolveOptions) -> Result<Explanation, DecideError> {
        explain::explain(&self.problem, options)
    }

    fn style(&self) -> Style {
        self.problem.telling.style.clone()
    }

    fn present(&self, solution: &Solution) -> Presentation {
        present(&self.problem, solution, self.run)
    }
}
