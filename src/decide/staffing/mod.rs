//! Staffing: how many vehicles and drivers each hour of the days ahead needs, which shifts start, and
//! where free vehicles wait.
//!
//! Past orders by zone and hour are forecast as a joint distribution; an hour needs the vehicles that
//! are enough for its work in a stated share of cases; shifts cover the needs at least cost; vehicles
//! that are not expected to be busy wait where the way to the next orders is shortest.
//! `docs/staffing.md` has the formulas.

mod check;
mod demand;
mod model;
mod plan;
mod present;
mod problem;
mod replay;
#[cfg(test)]
mod tests;
mod waiting;

use std::sync::OnceLock;
use std::time::Instant;

use super::{
    Backtest, BacktestOptions, Binding, CheckReport, DecideError, Decision, Event, Explanation, Forecast,
    Input, Prepared, Replay, Solution, SolveOptions, Update, Verdict,
};
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Settings, Tables};
use crate::presentation::{Presentation, Style};
use crate::solution::SolutionStatus;
use demand::{Demand, needs};
use problem::Problem;

/// The decision `staffing`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Staffing;

impl Decision for Staffing {
    fn name(&self) -> &'static str {
        "staffing"
    }

    fn schema(&self) -> &'static str {
        problem::CONTRACT
    }

    fn validate(&self, input: Input, _control: &Control) -> Result<Faults, Faults> {
        let (name, tables, settings) = input.into_tables("staffing")?;
        Problem::read(&name, tables, &settings).map(|problem| problem.notices)
    }

    fn prepare(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        Ok(Box::new(Staffed::new(input, control)?))
    }

    fn replay(&self) -> Option<&dyn Replay> {
        Some(self)
    }
}

impl Replay for Staffing {
    fn backtest(
        &self,
        input: Input,
        options: &BacktestOptions,
        control: &Control,
    ) -> Result<Backtest, Faults> {
        if options.own_orders.is_some() {
            let fault =
                Fault::error(Code::UnknownTable, "--own-orders", "staffing replays no orders of one's own");
            return Err(fault.with_help("leave --own-orders out").into());
        }
        let (name, tables, settings) = input.into_tables("staffing")?;
        replay::backtest(&Problem::read(&name, tables, &settings)?, options, control)
    }
}

/// A staffing problem whose orders are forecast.
struct Staffed {
    tables: Tables,
    settings: Settings,
    problem: Problem,
    demand: Demand,
    needs: Vec<f64>,
    control: Control,
    read_seconds: f64,
    predict_seconds: f64,
    /// The table of the forecast, once it was asked for.
    forecast: OnceLock<crate::data::Table>,
}

impl Staffed {
    fn new(input: Input, control: &Control) -> Result<Self, Faults> {
        let began = Instant::now();
        let (name, tables, settings) = input.into_tables("staffing")?;
        let problem = Problem::read(&name, tables.clone(), &settings)?;
        let read_seconds = began.elapsed().as_secs_f64();
        let demand = Demand::forecast(&problem, control)?;
        let needs = needs(&problem, &demand);
        let predict_seconds = began.elapsed().as_secs_f64() - read_seconds;
        let (control, forecast) = (control.silent(), OnceLock::new());
        Ok(Staffed {
            tables,
            settings,
            problem,
            demand,
            needs,
            control,
            read_seconds,
            predict_seconds,
            forecast,
        })
    }
}

impl Prepared for Staffed {
    fn notices(&self) -> &Faults {
        &self.problem.notices
    }

    fn solve(&self, options: &SolveOptions) -> Result<Solution, DecideError> {
        if let Some(start) = &options.start {
            // A cover is found at once; a start that does not fit is refused all the same.
            plan::read(&self.problem, start).map_err(DecideError::Input)?;
        }
        let control = options.control.started();
        let cover = model::cover(&self.problem, &self.needs, &control)?;
        let mut seconds = vec![
            ("read".to_owned(), self.read_seconds),
            ("predict".to_owned(), self.predict_seconds),
            ("solve".to_owned(), cover.seconds),
        ];
        if cover.outcome.solution_status == SolutionStatus::None {
            return Ok(Solution {
                outcome: cover.outcome,
                tables: Tables::default(),
                kpis: Vec::new(),
                seconds,
                checks: CheckReport::default(),
                warnings: Vec::new(),
                headline: vec!["No shifts were found within the limits.".to_owned()],
            });
        }
        let began = Instant::now();
        let checks = check::check(&self.problem, &self.needs, &cover.starts);
        seconds.push(("check".to_owned(), began.elapsed().as_secs_f64()));
        let duty = plan::on_duty(&self.problem, &cover.starts);
        let began = Instant::now();
        let places = waiting::places(&self.problem, &self.demand, &duty, &control);
        seconds.push(("wait".to_owned(), began.elapsed().as_secs_f64()));
        let told =
            present::Told { problem: &self.problem, demand: &self.demand, needs: &self.needs, duty: &duty };
        Ok(Solution {
            tables: plan::tables(&self.problem, &self.demand, &self.needs, &cover.starts, &places.waiting),
            kpis: told.kpis(&cover.starts),
            warnings: told.warnings().into_iter().chain(places.warning()).collect(),
            headline: told.headline(&cover.starts),
            outcome: cover.outcome,
            seconds,
            checks,
        })
    }

    fn variant(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults> {
        Staffing.prepare(input, control)
    }

    fn update(&mut self, event: &Event) -> Result<Update, Faults> {
        let schema = Problem::schema()?;
        let tables = super::new_rows::joined(&self.tables, &event.rows, &schema)?;
        let (name, settings) = (self.problem.name.clone(), self.settings.clone());
        let input = Input::Tables { name, tables, settings };
        let next = Staffed::new(input, &self.control)?;
        let cover = model::cover(&next.problem, &next.needs, &next.control)
            .map_err(|error| Faults::from(Fault::error(Code::OutOfRange, "shifts", error.to_string())))?;
        let orders = plan::shifts(&next.problem, &cover.starts);
        // Only now, so that a fault leaves everything as it was.
        *self = next;
        Ok(Update { orders })
    }

    fn check(&self, tables: &Tables) -> Result<CheckReport, Faults> {
        let starts = plan::read(&self.problem, tables)?;
        let own = plan::needs_told(&self.problem, tables);
        Ok(check::check(&self.problem, own.as_ref().unwrap_or(&self.needs), &starts))
    }

    fn check_notes(&self, tables: &Tables) -> Vec<String> {
        let here = format!("the forecast of this run, with seed {}", self.control.seed);
        let Some(own) = plan::needs_told(&self.problem, tables) else {
            return vec![format!("The plan is judged by the vehicles needed in {here}.")];
        };
        let others = own.iter().zip(&self.needs).filter(|(own, here)| own != here).count();
        let beside = match others {
            0 => format!("{here}, needs the same"),
            others => format!("{here}, needs other numbers in {others} of {} hours", own.len()),
        };
        vec![format!("The plan is judged by the vehicles needed in its own staffing.csv; {beside}.")]
    }

    fn explain(&self, options: &SolveOptions) -> Result<Explanation, DecideError> {
        let control = options.control.started();
        let cover = model::cover(&self.problem, &self.needs, &control)?;
        let duty = plan::on_duty(&self.problem, &cover.starts);
        let told =
            present::Told { problem: &self.problem, demand: &self.demand, needs: &self.needs, duty: &duty };
        let mut explanation = Explanation { status: Verdict::from(&cover.outcome), ..Explanation::default() };
        explanation.text = told.warnings();
        let base = plan::cost(&self.problem, &cover.starts);
        for (at, shift) in self.problem.shifts.iter().enumerate() {
            if !cover.starts.iter().any(|start| start.shift == at && start.drivers >= shift.most) {
                continue;
            }
            let mut larger = self.problem.clone();
            larger.shifts[at].most += 1.0;
            let other = model::cover(&larger, &self.needs, &control)?;
            let saves = base - plan::cost(&larger, &other.starts);
            explanation.text.push(told.one_more(&shift.code, saves));
            explanation.binding.push(Binding {
                name: format!("drivers who may start {}", shift.code),
                file: Some(self.problem.shifts_file.clone()),
                row: Some(shift.row),
                value_of_one_more: saves,
            });
        }
        if explanation.text.is_empty() {
            explanation
                .text
                .push("Every hour has the vehicles that it needs, and no limit of a shift binds.".to_owned());
        }
        Ok(explanation)
    }

    fn forecast(&self) -> Option<Forecast> {
        let table = self.forecast.get_or_init(|| plan::orders(&self.problem, &self.demand)).clone();
        let orders: f64 = (0..self.problem.hours()).map(|hour| self.demand.mean_of(hour)).sum();
        let sentences = vec![format!("{orders:.0} orders are expected in {} days.", self.problem.days)];
        Some(Forecast { table, accuracy: Vec::new(), sentences })
    }

    fn style(&self) -> Style {
        self.problem.style.clone()
    }

    fn present(&self, solution: &Solution) -> Presentation {
        let run = present::Run { seed: self.control.seed, threads: self.control.worker_threads() };
        present::present(&self.problem, &self.demand, &self.needs, solution, run)
    }
}
