//! Pricing: which price each product gets.
//!
//! A retailer or maker has products with costs, prices of now, and prices
//! that may be chosen. How demand answers is stated, or fitted on sales with
//! intervals; the prices are those that bring most margin, revenue or volume
//! within limits, competitors' bands, gaps between products, a number of
//! changes and floors for the whole. `docs/pricing.md` has the model.

mod backtest;
mod check;
mod clearance;
#[cfg(test)]
mod clearance_tests;
mod explain;
mod model;
mod plan;
mod present;
mod problem;
#[cfg(test)]
mod tests;
mod trials;
#[cfg(test)]
mod trials_tests;

use std::borrow::Cow;
use std::sync::Mutex;

use super::{
    Backtest, BacktestOptions, CheckReport, DecideError, Decision, Event, Explanation, Input, ObjectiveWords,
    Prepared, Replay, Solution, SolveOptions, Update,
};
use crate::control::Control;
use crate::data::{Faults, Settings, Tables};
use crate::presentation::{Measure, Presentation, Style};
use crate::solution::{Outcome, SolutionStatus, Termination};
use present::Run;
use problem::{Fitting, Goal, Problem, Standing};

/// The decision `pricing`.
#[derive(Debug, Clone, Copy)]
pub struct Pricing;

impl Decision for Pricing {
    fn name(&self) -> &'static str {
        "pricing"
    }

    fn schema(&self) -> &'static str {
        problem::CONTRACT
    }

    fn objective_words(&self) -> ObjectiveWords {
        ObjectiveWords { noun: "result", verb: "brings", verb_of_many: "bring", is_maximised: true }
    }

    fn objective_measure(&self, settings: &Settings) -> Measure {
        plan::measure(Goal::named(settings.values.get("goal").map(String::as_str)))
    }

    fn validate(&self, input: Input, _: &Control) -> Result<Faults, Faults> {
        let (name, tables, settings) = input.into_tables("pricing")?;
        Problem::read(&name, tables, &settings, Fitting::None).map(|problem| problem.notices)
    }

    fn prepare(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        Ok(Box::new(Priced::new(input, Fitting::Anew, control)?))
    }

    fn replay(&self) -> Option<&dyn Replay> {
        Some(self)
    }
}

impl Replay for Pricing {
    fn backtest(
        &self,
        input: Input,
        options: &BacktestOptions,
        control: &Control,
    ) -> Result<Backtest, Faults> {
        let (name, tables, settings) = input.into_tables("pricing")?;
        backtest::backtest(&name, &tables, &settings, options, control)
    }
}

/// Products whose demand is fitted.
struct Priced {
    problem: Problem,
    run: Run,
    /// Prices of the last plan, around which a single product is priced again.
    last: Mutex<Option<Vec<f64>>>,
}

impl Prepared for Priced {
    fn notices(&self) -> &Faults {
        &self.problem.notices
    }

    fn solve(&self, options: &SolveOptions) -> Result<Solution, DecideError> {
        let control = options.control.started();
        let start = options.start.as_ref().map(|plan| plan::prices_of(&self.problem, plan)).transpose();
        let start = start.map_err(DecideError::Input)?;
        let mut problem = Cow::Borrowed(&self.problem);
        let mut answer = model::solve(&problem, start.as_deref(), &control)?;
        let mut given_way = Vec::new();
        if options.relax && answer.outcome().termination == Termination::Infeasible {
            let (loose, said) = explain::loosened(&problem, &answer.model, &control)?;
            (problem, given_way) = (Cow::Owned(loose), said);
            answer = model::solve(&problem, start.as_deref(), &control)?;
        }
        let mut solution = self.solution(&problem, answer.outcome(), answer.prices(&problem).as_deref())?;
        if solution.outcome.solution_status != SolutionStatus::None {
            clear(&problem, &mut solution, &control)?;
            try_prices(&problem, &mut solution, &control)?;
        }
        solution.warnings = given_way;
        let seconds = [
            ("read", self.problem.read_seconds),
            ("predict", self.problem.fit_seconds),
            ("build", answer.build_seconds),
            ("solve", answer.solve_seconds),
        ];
        solution.seconds = seconds.map(|(stage, seconds)| (stage.to_owned(), seconds)).to_vec();
        Ok(solution)
    }

    fn variant(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        let fitting = self.problem.learned.as_ref().map_or(Fitting::Anew, Fitting::From);
        Ok(Box::new(Priced::new(input, fitting, control)?))
    }

    fn update(&mut self, event: &Event) -> Result<Update, Faults> {
        let touched = self.problem.take(&event.rows)?;
        let last = self.last.get_mut().map_or(None, |last| last.clone());
        let prices = last.unwrap_or_else(|| self.problem.prices_now());
        let mut standing = Standing::new(&self.problem, prices);
        for &product in &touched {
            standing.take(product, standing.best(product));
        }
        let prices = standing.prices;
        let orders = plan::price_table(&self.problem, &prices, touched.iter().copied());
        if let Ok(last) = self.last.get_mut() {
            *last = Some(prices);
        }
        Ok(Update { orders })
    }

    fn check(&self, plan: &Tables) -> Result<CheckReport, Faults> {
        Ok(check::whole(&self.problem, &plan::prices_of(&self.problem, plan)?, plan))
    }

    fn explain(&self, options: &SolveOptions) -> Result<Explanation, DecideError> {
        explain::explain(&self.problem, &options.control.started())
    }

    fn style(&self) -> Style {
        self.problem.style.clone()
    }

    fn present(&self, solution: &Solution) -> Presentation {
        present::present(&self.problem, solution, self.run)
    }
}

impl Priced {
    fn new(input: Input, fitting: Fitting<'_>, control: &Control) -> Result<Self, Faults> {
        let (name, tables, settings) = input.into_tables("pricing")?;
        let problem = control.install(|| Problem::read(&name, tables, &settings, fitting))?;
        let run = Run { seed: control.seed, threads: control.worker_threads() };
        Ok(Priced { problem, run, last: Mutex::new(None) })
    }

    /// The answer with its tables, checked.
    fn solution(
        &self,
        problem: &Problem,
        outcome: Outcome,
        prices: Option<&[f64]>,
    ) -> Result<Solution, DecideError> {
        let mut solution = Solution {
            outcome,
            tables: Tables::default(),
            kpis: Vec::new(),
            seconds: Vec::new(),
            checks: CheckReport::default(),
            warnings: Vec::new(),
            headline: Vec::new(),
        };
        let Some(prices) = prices else {
            let said = match outcome.termination {
                Termination::Infeasible => {
                    "No prices keep all rules; `purvey explain` names those that collide."
                }
                _ => "No prices were found within the limits of the run.",
            };
            solution.headline.push(said.to_owned());
            return Ok(solution);
        };
        let checks = check::check(problem, prices);
        if let Some(broken) = checks.violations.first() {
            return Err(DecideError::Check(broken.text.clone()));
        }
        let (claimed, found) = (outcome.objective.unwrap_or(f64::NAN), checks.objective.unwrap_or(f64::NAN));
        if (claimed - found).abs() > 1e-6 * found.abs().max(1.0) {
            return Err(DecideError::Check(format!("the model says {claimed}, the check {found}")));
        }
        if let Ok(mut last) = self.last.lock() {
            *last = Some(prices.to_vec());
        }
        solution.outcome.objective = checks.objective;
        solution.tables = plan::tables(problem, prices);
        solution.kpis = plan::kpis(problem, prices);
        solution.headline = plan::headline(problem, prices);
        solution.checks = checks;
        Ok(solution)
    }
}

/// Adds the markdowns of what is cleared, checked.
fn clear(problem: &Problem, solution: &mut Solution, control: &Control) -> Result<(), DecideError> {
    let Some(shared) = clearance::solve(problem, control) else { return Ok(()) };
    let markdowns = clearance::table(problem, &shared);
    let followed = check::follow(problem, Some(&markdowns));
    if let Some(broken) = followed.violations.first() {
        return Err(DecideError::Check(broken.text.clone()));
    }
    if (shared.reward - followed.revenue).abs() > 1e-6 * followed.revenue.abs().max(1.0) {
        let text = format!("the markdowns say {}, the check {}", shared.reward, followed.revenue);
        return Err(DecideError::Check(text));
    }
    if problem.goal.is_money() {
        let outcome = &mut solution.outcome;
        outcome.objective = outcome.objective.map(|objective| objective + followed.revenue);
        outcome.bound = outcome.bound.map(|bound| bound + shared.bound);
        solution.checks.objective = outcome.objective;
    }
    solution.headline.push(clearance::sentence(problem, &shared, followed.left));
    solution.kpis.extend(clearance::kpis(&shared, followed.left));
    solution.tables.insert(markdowns);
    Ok(())
}

/// Adds the price tests, checked.
fn try_prices(problem: &Problem, solution: &mut Solution, control: &Control) -> Result<(), DecideError> {
    let prices = plan::prices_of(problem, &solution.tables).map_err(DecideError::Input)?;
    let Some(found) = trials::propose(problem, &prices, control) else { return Ok(()) };
    let table = trials::table(problem, &found);
    if let Some(broken) = check::trials(problem, &prices, &table).first() {
        return Err(DecideError::Check(broken.text.clone()));
    }
    solution.headline.push(trials::sentence(problem, &found));
    solution.kpis.extend(trials::kpis(&found));
    solution.tables.insert(table);
    Ok(())
}
