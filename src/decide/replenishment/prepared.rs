//! A replenishment problem with its forecasts fitted, ready to be asked.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use super::check::{Checked, check};
use super::model::{Answer, Ties};
use super::plan::Plan;
use super::present::{Run, present};
use super::problem::Problem;
use super::scenarios::{Forecaster, OverrideAccuracy, Scenarios, override_accuracy};
use super::update::{self, Ledger, caught_up};
use super::{explain, reasons, tables};
use crate::control::Control;
use crate::data::{Bucket, Code, Fault, Faults, Schema, Settings, Tables};
use crate::decide::{
    CheckReport, DecideError, Event, Explanation, Forecast, Input, Prepared, Solution, SolveOptions, Update,
};
use crate::presentation::{Presentation, Style};
use crate::solution::{Outcome, SolutionStatus, Termination};

/// Relative difference of the model's objective and the checker's cost that is rounding.
const AGREEMENT: f64 = 1e-6;

/// A replenishment problem that has been read and whose forecasts are fitted.
pub(crate) struct Replenishing {
    pub name: String,
    /// What was handed in, for new facts to be added to.
    pub ledger: Ledger,
    pub schema: Schema,
    settings: Settings,
    pub problem: Problem,
    pub scenarios: Scenarios,
    pub forecaster: Arc<Forecaster>,
    /// What ties stock points together, once a new fact has asked for it.
    pub ties: Option<Ties>,
    /// Prices of the shared limits in the last plan.
    pub prices: Mutex<Vec<f64>>,
    /// Whether new facts also concern stock points that were not read again.
    pub is_behind: bool,
    /// Problem and scenarios with those facts worked in.
    later: OnceLock<Option<(Problem, Scenarios)>>,
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
        Self::like(name, tables, settings, None, control)
    }

    /// As [`Replenishing::new`], with all forecasts of `other` that would come out the same.
    fn like(
        name: String,
        tables: Tables,
        settings: Settings,
        other: Option<&Replenishing>,
        control: &Control,
    ) -> Result<Self, Faults> {
        let schema = Problem::schema()?;
        let mut problem = Problem::read_in(&name, tables.clone(), &settings, &schema, None)?;
        if let Some(other) = other {
            problem.lose_sources(&other.problem);
        }
        let begun = Instant::now();
        let known = other.filter(|other| other.forecaster.has_learned(&problem, control.seed));
        let forecaster = match known {
            Some(known) => Arc::clone(&known.forecaster),
            None => Forecaster::learn(&problem, control)
                .map(Arc::new)
                .map_err(|error| series_fault(&name, &error))?,
        };
        let scenarios = forecaster
            .scenarios(&problem, known.map(|known| &known.scenarios), control)
            .map_err(|error| series_fault(&name, &error))?;
        let overrides = override_accuracy(&problem, control).map_err(|error| series_fault(&name, &error))?;
        Ok(Replenishing {
            name,
            ledger: Ledger::new(tables),
            schema,
            settings,
            problem,
            scenarios,
            forecaster,
            overrides,
            ties: None,
            prices: Mutex::default(),
            is_behind: false,
            later: OnceLock::new(),
            seed: control.seed,
            threads: control.worker_threads(),
            predict_seconds: begun.elapsed().as_secs_f64(),
        })
    }

    /// Threads and seed as they were at the reading.
    pub fn control(&self) -> Control {
        Control::default().with_threads(self.threads).with_seed(self.seed)
    }

    /// Problem and scenarios with all facts worked in.
    fn now(&self) -> (&Problem, &Scenarios) {
        let later = self.is_behind.then(|| self.later.get_or_init(|| caught_up(self).ok()));
        match later {
            Some(Some((problem, scenarios))) => (problem, scenarios),
            _ => (&self.problem, &self.scenarios),
        }
    }

    /// Takes over what [`Replenishing::now`] has worked in.
    pub fn catch_up(&mut self) {
        if let Some(Some((problem, scenarios))) = self.later.take() {
            (self.problem, self.scenarios, self.is_behind) = (problem, scenarios, false);
        }
    }

    fn earlier(&self, options: &SolveOptions) -> Result<Option<Plan>, DecideError> {
        let read = |start| tables::read_start(self.now().0, start);
        options.start.as_ref().map(read).transpose().map_err(DecideError::Input)
    }

    /// The answer as a solution: checked, priced and told.
    fn solution(
        &self,
        (problem, scenarios): (&Problem, &Scenarios),
        answer: &Answer,
        earlier: Option<&Plan>,
        options: &SolveOptions,
        seconds: Vec<(String, f64)>,
    ) -> Result<Solution, DecideError> {
        let begun = Instant::now();
        let checked = check(problem, scenarios, &answer.plan, earlier, &options.control);
        agree(&answer.outcome, &checked)?;
        let reasons =
            reasons::reasons(problem, scenarios, &answer.plan, earlier, &answer.limits, &options.control);
        let checks = checked.report();
        let mut kpis = tables::kpis(problem, &answer.plan, &checked);
        kpis.push(("safety_factor".to_owned(), self.forecaster.safety_factor()));
        kpis.extend(self.overrides.iter().flat_map(tables::accuracy_kpis));
        let mut headline = tables::headline(problem, &kpis, &answer.limits, answer.outcome.gap());
        headline.extend(self.overrides.as_ref().map(|judged| tables::accuracy_words(problem, judged)));
        let mut seconds = seconds;
        seconds.push(("check".to_owned(), begun.elapsed().as_secs_f64()));
        Ok(Solution {
            outcome: answer.outcome,
            tables: tables::plan_tables(problem, scenarios, &answer.plan, &checked, &answer.limits, &reasons),
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

pub(super) fn series_fault(name: &str, error: &crate::predict::series::SeriesError) -> Faults {
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
        let (known, scenarios) = self.now();
        let mut problem = std::borrow::Cow::Borrowed(known);
        let mut given_way = Vec::new();
        if let Some(collision) = explain::collision(known, scenarios, &control)? {
            if !options.relax {
                let outcome = Outcome::without_answer(Termination::Infeasible);
                return Ok(self.without_plan(outcome, &collision.explanation(known), self.seconds(begun)));
            }
            let (relaxed, steps) = collision.relaxed(known);
            (problem, given_way) = (std::borrow::Cow::Owned(relaxed), steps);
        }
        let answer = explain::plan(&problem, scenarios, earlier.as_ref(), &control)?;
        if let Ok(mut prices) = self.prices.lock() {
            prices.clone_from(&answer.prices);
        }
        let seconds = self.seconds(begun);
        if answer.outcome.solution_status == SolutionStatus::None {
            let why = explain::without_plan(&problem, &answer);
            return Ok(self.without_plan(answer.outcome, &why, seconds));
        }
        let mut solution =
            self.solution((&*problem, scenarios), &answer, earlier.as_ref(), options, seconds)?;
        for step in given_way {
            let cost = problem.style().money(step.cost);
            let text = format!("{} gives way by {:.2} at a cost of {cost}", step.name, step.amount);
            solution.headline.push(format!("{text}."));
            solution.warnings.push(text);
        }
        Ok(solution)
    }

    fn variant(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        let (name, tables, settings) = input.into_tables("replenishment")?;
        Ok(Box::new(Replenishing::like(name, tables, settings, Some(self), control)?))
    }

    fn update(&mut self, event: &Event) -> Result<Update, Faults> {
        update::update(self, event)
    }

    fn check(&self, plan: &Tables) -> Result<CheckReport, Faults> {
        let (problem, scenarios) = self.now();
        let plan = tables::read_plan(problem, plan)?;
        Ok(check(problem, scenarios, &plan, None, &self.control()).report())
    }

    fn explain(&self, options: &SolveOptions) -> Result<Explanation, DecideError> {
        let (problem, scenarios) = self.now();
        explain::explain(problem, scenarios, &options.control)
    }

    fn forecast(&self) -> Option<Forecast> {
        let (problem, scenarios) = self.now();
        let judged = self.overrides.as_ref();
        Some(Forecast {
            table: tables::forecast(problem, scenarios),
            accuracy: judged.map(tables::accuracy_kpis).unwrap_or_default(),
            sentences: judged.map(|judged| tables::accuracy_words(problem, judged)).into_iter().collect(),
        })
    }

    fn style(&self) -> Style {
        self.problem.style()
    }

    fn present(&self, solution: &Solution) -> Presentation {
        let (problem, scenarios) = self.now();
        present(problem, scenarios, solution, Run { seed: self.seed, threads: self.threads })
    }
}
