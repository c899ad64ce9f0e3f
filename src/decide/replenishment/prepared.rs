//! A replenishment problem with its forecasts fitted, ready to be asked.

use std::time::Instant;

use super::check::{Checked, check};
use super::model::Answer;
use super::plan::Plan;
use super::present::{Run, present};
use super::problem::Problem;
use super::scenarios::{Forecaster, OverrideAccuracy, Scenarios, override_accuracy};
use super::{explain, reasons, tables};
use crate::control::Control;
use crate::data::{Bucket, Code, Fault, Faults, Settings, Table, Tables};
use crate::decide::{CheckReport, DecideError, Event, Explanation, Prepared, Solution, SolveOptions, Update};
use crate::presentation::{Presentation, Style};
use crate::solution::{Outcome, SolutionStatus, Termination};

/// Relative difference of the model's objective and the checker's cost that is rounding.
const AGREEMENT: f64 = 1e-6;

/// A replenishment problem that has been read and whose forecasts are fitted.
pub(crate) struct Replenishing {
    pub name: String,
    /// What was handed in, for new facts to be added to.
    pub tables: Tables,
    settings: Settings,
    pub problem: Problem,
    pub scenarios: Scenarios,
    pub forecaster: Forecaster,
    /// How good past overrides were.
    overrides: Option<OverrideAccuracy>,
    seed: u64,
    threads: usize,
    predict_seconds: f64,
}

impl Replenishing {
    /// Reads the tables and fits the forecasts.
    ///
    /// # Errors
    /// All faults of the input at once.
    pub fn new(name: String, tables: Tables, settings: Settings, control: &Control) -> Result<Self, Faults> {
        let problem = Problem::read(&name, tables.clone(), &settings)?;
        let begun = Instant::now();
        let forecaster = Forecaster::learn(&problem, control).map_err(|error| series_fault(&name, &error))?;
        let scenarios =
            forecaster.scenarios(&problem, None, control).map_err(|error| series_fault(&name, &error))?;
        let overrides = override_accuracy(&problem, control).map_err(|error| series_fault(&name, &error))?;
        Ok(Replenishing {
            name,
            tables,
            settings,
            problem,
            scenarios,
            forecaster,
            overrides,
            seed: control.seed,
            threads: control.worker_threads(),
            predict_seconds: begun.elapsed().as_secs_f64(),
        })
    }

    fn earlier(&self, options: &SolveOptions) -> Result<Option<Plan>, DecideError> {
        let read = |start| tables::read_start(&self.problem, start);
        options.start.as_ref().map(read).transpose().map_err(DecideError::Input)
    }

    /// The answer as a solution: checked, priced and told.
    fn solution(
        &self,
        problem: &Problem,
        answer: &Answer,
        earlier: Option<&Plan>,
        options: &SolveOptions,
        seconds: Vec<(String, f64)>,
    ) -> Result<Solution, DecideError> {
        let begun = Instant::now();
        let checked = check(problem, &self.scenarios, &answer.plan, earlier, &options.control);
        agree(&answer.outcome, &checked)?;
        let reasons = reasons::reasons(
            problem,
            &self.scenarios,
            &answer.plan,
            earlier,
            &answer.limits,
            &options.control,
        );
        let checks = checked.report();
        let mut kpis = tables::kpis(problem, &answer.plan, &checked);
        kpis.push(("safety_factor".to_owned(), self.forecaster.safety_factor()));
        kpis.extend(self.overrides.iter().flat_map(tables::accuracy_kpis));
        let mut headline = tables::headline(problem, &kpis, &answer.limits, answer.outcome.gap());
        headline.extend(self.overrides.as_ref().map(tables::accuracy_words));
        let mut seconds = seconds;
        seconds.push(("check".to_owned(), begun.elapsed().as_secs_f64()));
        Ok(Solution {
            outcome: answer.outcome,
            tables: tables::plan_tables(
                problem,
                &self.scenarios,
                &answer.plan,
                &checked,
                &answer.limits,
                &reasons,
            ),
            kpis,
            seconds,
            checks,
            warnings: self.warnings(),
            headline,
        })
    }

    /// What is told where there is no plan: why, and what giving way costs.
    fn without_plan(&self, outcome: Outcome, why: &Explanation, seconds: Vec<(String, f64)>) -> Solution {
        let members = why.members.iter().map(|member| member.text.clone());
        Solution {
            outcome,
            tables: Tables::default(),
            kpis: Vec::new(),
            seconds,
            checks: CheckReport::default(),
            warnings: self.warnings().into_iter().chain(members).collect(),
            headline: why.text.clone(),
        }
    }

    /// Time taken so far, where solving began at `begun`.
    fn seconds(&self, begun: Instant) -> Vec<(String, f64)> {
        let stages = [("predict", self.predict_seconds), ("solve", begun.elapsed().as_secs_f64())];
        stages.map(|(stage, seconds)| (stage.to_owned(), seconds)).to_vec()
    }

    /// The settings with everything fixed that would otherwise follow from the data.
    pub fn pinned_settings(&self) -> Settings {
        let problem = &self.problem;
        let bucket = match problem.bucket() {
            Bucket::Day => "day",
            Bucket::Week => "week",
            Bucket::Month => "month",
        };
        self.settings
            .clone()
            .with("plan_date", problem.plan_date)
            .with("bucket", bucket)
            .with("horizon", problem.horizon)
            .with("season_length", problem.season_length)
            .with("scenarios", problem.scenarios)
            .with("safety_factor", self.forecaster.safety_factor())
    }

    fn warnings(&self) -> Vec<String> {
        let list = self.problem.notices.as_slice().iter();
        list.filter(|fault| fault.severity == crate::data::Severity::Warning)
            .map(|fault| fault.message.clone())
            .collect()
    }
}

/// Whether the checker prices the plan as the solver judged it.
///
/// # Errors
/// [`DecideError::Check`] where they differ: one of the two is wrong.
fn agree(outcome: &Outcome, checked: &Checked) -> Result<(), DecideError> {
    let (found, told) = (checked.cost.total(), outcome.objective.unwrap_or(f64::NAN));
    if (found - told).abs() <= AGREEMENT * found.abs().max(1.0) {
        return Ok(());
    }
    Err(DecideError::Check(format!("it costs {found}, and the solver judged it at {told}")))
}

fn series_fault(name: &str, error: &crate::predict::series::SeriesError) -> Faults {
    Fault::error(Code::OutOfRange, name, error.to_string())
        .with_help("see `purvey models replenishment`, setting method")
        .into()
}

impl Prepared for Replenishing {
    fn notices(&self) -> &Faults {
        &self.problem.notices
    }

    fn solve(&self, options: &SolveOptions) -> Result<Solution, DecideError> {
        let earlier = self.earlier(options)?;
        let begun = Instant::now();
        let control = options.control.started();
        let mut problem = std::borrow::Cow::Borrowed(&self.problem);
        let mut given_way = Vec::new();
        if let Some(collision) = explain::collision(&self.problem, &self.scenarios, &control)? {
            if !options.relax {
                let outcome = Outcome::without_answer(Termination::Infeasible);
                return Ok(self.without_plan(outcome, &collision, self.seconds(begun)));
            }
            let (relaxed, steps) = explain::relaxed(&self.problem, &self.scenarios, &control)?;
            (problem, given_way) = (std::borrow::Cow::Owned(relaxed), steps);
        }
        let answer = explain::plan(&problem, &self.scenarios, earlier.as_ref(), &control)?;
        let seconds = self.seconds(begun);
        if answer.outcome.solution_status == SolutionStatus::None {
            let why = explain::without_plan(&problem, &answer);
            return Ok(self.without_plan(answer.outcome, &why, seconds));
        }
        let mut solution = self.solution(&problem, &answer, earlier.as_ref(), options, seconds)?;
        for step in given_way {
            let cost = problem.style().money(step.cost);
            let text = format!("{} gives way by {:.2} at a cost of {cost}", step.name, step.amount);
            solution.headline.push(format!("{text}."));
            solution.warnings.push(text);
        }
        Ok(solution)
    }

    fn update(&mut self, event: &Event) -> Result<Update, Faults> {
        super::update::update(self, event)
    }

    fn check(&self, plan: &Tables) -> Result<CheckReport, Faults> {
        let plan = tables::read_plan(&self.problem, plan)?;
        let control = Control::default().with_threads(self.threads);
        Ok(check(&self.problem, &self.scenarios, &plan, None, &control).report())
    }

    fn explain(&self, options: &SolveOptions) -> Result<Explanation, DecideError> {
        explain::explain(&self.problem, &self.scenarios, &options.control)
    }

    fn forecast(&self) -> Option<Table> {
        Some(tables::forecast(&self.problem, &self.scenarios))
    }

    fn style(&self) -> Style {
        self.problem.style()
    }

    fn present(&self, solution: &Solution) -> Presentation {
        present(&self.problem, &self.scenarios, solution, Run { seed: self.seed, threads: self.threads })
    }
}
