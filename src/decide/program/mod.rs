//! A plain linear or mixed-integer program: the best values of the columns of an `.mps` or `.lp` file.
//!
//! The rows and bounds of the file are the limits, its objective row the
//! cost. The answer is a value for each column (`variables.csv`) and the
//! activity of each row (`rows.csv`), checked by arithmetic on the file's own
//! numbers. Where no answer exists, the limits that collide are named with
//! the cheapest way to widen them. `docs/programs.md` has the details.

mod check;
mod explain;
mod model;
mod plan;
mod present;
mod problem;

use super::{
    CheckReport, DecideError, Decision, Event, Explanation, Input, Prepared, Solution, SolveOptions, Update,
};
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Settings, Tables};
use crate::presentation::{Measure, Presentation};
use present::Run;
use problem::Problem;

/// The decision `program`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProgramDecision;

impl Decision for ProgramDecision {
    fn name(&self) -> &'static str {
        "program"
    }

    fn schema(&self) -> &'static str {
        include_str!("../../../models/program.toml")
    }

    fn file_endings(&self) -> &'static [&'static str] {
        &["mps", "lp"]
    }

    fn objective_measure(&self, _: &Settings) -> Measure {
        Measure::number()
    }

    fn validate(&self, input: Input, _control: &Control) -> Result<Faults, Faults> {
        Problem::read(input, self.schema()).map(|_| Faults::default())
    }

    fn prepare(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        Ok(Box::new(PreparedProgram {
            problem: Problem::read(input, self.schema())?,
            notices: Faults::default(),
            run: Run { seed: control.seed, threads: control.worker_threads() },
        }))
    }
}

/// A program that was read and can be solved.
#[derive(Debug)]
struct PreparedProgram {
    problem: Problem,
    notices: Faults,
    run: Run,
}

impl Prepared for PreparedProgram {
    fn notices(&self) -> &Faults {
        &self.notices
    }

    fn solve(&self, options: &SolveOptions) -> Result<Solution, DecideError> {
        model::solve(&self.problem, options)
    }

    fn variant(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        ProgramDecision.prepare(input, control)
    }

    fn update(&mut self, event: &Event) -> Result<Update, Faults> {
        let message = format!("table \"{}\" is not part of a program, which is one file", event.rows.name());
        let fault = Fault::error(Code::UnknownTable, &self.problem.file, message);
        Err(fault.with_help("change the file and read it again").into())
    }

    fn check(&self, plan: &Tables) -> Result<CheckReport, Faults> {
        let values = plan::complete_values(&self.problem, plan)?;
        Ok(check::check(&self.problem, &self.problem.program, &values))
    }

    fn explain(&self, options: &SolveOptions) -> Result<Explanation, DecideError> {
        explain::explain(&self.problem, options)
    }

    fn present(&self, solution: &Solution) -> Presentation {
        present::present(&self.problem, solution, self.run)
    }
}

#[cfg(test)]
mod tests;
