//! Decisions, the only room that knows both predictions and solvers.
//!
//! A decision joins by one line in [`DECISIONS`]. Commands, backtests and
//! what-ifs look it up there by name and talk to it through the object-safe
//! traits below; none of them matches on its name.
//!
//! The road: [`Decision::prepare`] reads tables or a standard file once (all
//! that does not depend on the question: validation, fitting), then
//! [`Prepared`] is asked many times: solve, check, explain, update.

use crate::control::Control;
pub use crate::data::Settings;
use crate::data::{Code, Fault, Faults, Table, Tables};
use crate::presentation::{Measure, Presentation, Style};
use crate::solution::{Outcome, SolutionStatus, Termination};

pub mod advertising;
pub mod backtest;
pub mod bench;
pub mod bid;
pub mod delivery;
pub mod diff;
pub mod document;
pub mod forecast;
mod input;
pub mod learn;
mod new_rows;
mod notices;
pub mod pricing;
pub mod program;
pub mod replenishment;
pub mod route;
pub mod staffing;
pub mod what_if;

pub use input::Input;

/// Every decision, in the order in which `purvey models` lists them.
pub static DECISIONS: &[&dyn Decision] = &[
    &replenishment::Replenishment,
    &pricing::Pricing,
    &advertising::Advertising,
    &delivery::Delivery,
    &staffing::Staffing,
    &program::ProgramDecision,
];

/// The decision called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Decision> {
    DECISIONS.iter().copied().find(|decision| decision.name() == name)
}

/// One kind of decision: its contract and how to begin.
pub trait Decision: Sync {
    /// Its name, as in `model = "…"`.
    fn name(&self) -> &'static str;

    /// Its contract: the text of `models/NAME.toml`.
    fn schema(&self) -> &'static str;

    /// Name endings of the standard files that it takes (`mps`, `lp`), lower case.
    fn file_endings(&self) -> &'static [&'static str] {
        &[]
    }

    /// Name endings of standard files that hold a plan of it (`sol`), lower case.
    fn plan_endings(&self) -> &'static [&'static str] {
        &[]
    }

    /// How its objective is written for a person under some settings; money where nothing else is said.
    fn objective_measure(&self, _settings: &Settings) -> Measure {
        Measure::money()
    }

    /// What its objective is called, and whether more of it is better.
    fn objective_words(&self) -> ObjectiveWords {
        ObjectiveWords::default()
    }

    /// Validates the input only: every error, warning and notice, quickly (no fitting).
    ///
    /// # Errors
    /// All faults of the input at once, when one of them is an error.
    fn validate(&self, input: Input, control: &Control) -> Result<Faults, Faults>;

    /// Validates the input and does what does not depend on the question.
    ///
    /// # Errors
    /// All faults of the input at once.
    fn prepare(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults>;

    /// Replays history, where the decision can.
    fn replay(&self) -> Option<&dyn Replay> {
        None
    }

    /// Replays a day on which facts come while the plan is carried out, where the decision can.
    fn dispatch(&self) -> Option<&dyn Dispatch> {
        None
    }
}

/// What an objective is called in sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectiveWords {
    /// What it is (`cost`).
    pub noun: &'static str,
    /// What a plan does with it (`costs`).
    pub verb: &'static str,
    /// What several plans do with it (`cost`).
    pub verb_of_many: &'static str,
    /// Whether more of it is better.
    pub is_maximised: bool,
}

impl Default for ObjectiveWords {
    /// A cost, the less the better.
    fn default() -> Self {
        ObjectiveWords { noun: "cost", verb: "costs", verb_of_many: "cost", is_maximised: false }
    }
}

/// A decision with its input read and its forecasts fitted.
pub trait Prepared: Send + Sync {
    /// Warnings and notices of the input (repairs by stated rules, with counts).
    fn notices(&self) -> &Faults;

    /// Decides. Infeasible is an answer: it comes back as a [`Solution`] without a plan.
    ///
    /// # Errors
    /// [`DecideError`] when the start plan or the locks do not fit, or on an internal failure.
    fn solve(&self, options: &SolveOptions) -> Result<Solution, DecideError>;

    /// Prepares another input like this one; what the two have in common (forecasts of the same
    /// history) is taken over instead of being made again. The answer is that of
    /// [`Decision::prepare`], except that what the other input loses (the only supplier of an
    /// item) is not replaced by a default.
    ///
    /// # Errors
    /// As [`Decision::prepare`].
    fn variant(&self, input: Input, control: &Control) -> Result<Box<dyn Prepared>, Faults>;

    /// Brings in one new fact (a row of an input table) at the cost of the fact.
    ///
    /// # Errors
    /// The faults of the row; the prepared state is then unchanged.
    fn update(&mut self, event: &Event) -> Result<Update, Faults>;

    /// Prices and verifies a plan, anyone's, straight from the problem.
    ///
    /// # Errors
    /// The faults of the plan's tables when they cannot be read as a plan.
    fn check(&self, plan: &Tables) -> Result<CheckReport, Faults>;

    /// What one must know to read the report of [`check`](Prepared::check) on this plan, in sentences:
    /// by what it is judged where that is not the input alone.
    fn check_notes(&self, _plan: &Tables) -> Vec<String> {
        Vec::new()
    }

    /// The tables of a plan that a standard file (see [`Decision::plan_endings`]) holds; `label`
    /// names the file in messages.
    ///
    /// # Errors
    /// The faults of the text; one of them where the decision has no such files.
    fn read_plan(&self, label: &str, _text: &str) -> Result<Tables, Faults> {
        let fault = Fault::error(Code::WrongType, label, "plans of this decision are tables");
        Err(fault.with_help("give an output folder or a plan table").into())
    }

    /// The plan in standard formats, to be written beside its tables: name and text of each file.
    fn plan_files(&self, _solution: &Solution) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Why it is infeasible, or which limits bind and what one more unit is worth.
    ///
    /// # Errors
    /// [`DecideError`] on an internal failure.
    fn explain(&self, options: &SolveOptions) -> Result<Explanation, DecideError>;

    /// Forecasts only; `None` where the decision has none.
    fn forecast(&self) -> Option<Forecast> {
        None
    }

    /// How its numbers and its money are written for a person.
    fn style(&self) -> Style {
        Style::default()
    }

    /// Tells a solution to a person.
    fn present(&self, solution: &Solution) -> Presentation;
}

/// Replays history with a rolling origin; the costs of several policies.
pub trait Replay: Sync {
    /// Runs the windows that `options` ask for.
    ///
    /// # Errors
    /// Faults of the input, among them windows that the history cannot hold.
    fn backtest(
        &self,
        input: Input,
        options: &BacktestOptions,
        control: &Control,
    ) -> Result<Backtest, Faults>;
}

/// Replays a day that its log tells, under several ways to decide while it runs.
pub trait Dispatch: Sync {
    /// Plays the day. The limits of `control` are those of one search for a plan.
    ///
    /// # Errors
    /// Faults of the input or its log, or an internal failure.
    fn dispatch(&self, input: Input, control: &Control) -> Result<Dispatched, DecideError>;
}

/// What the ways to dispatch a day came to.
#[derive(Debug, Clone)]
pub struct Dispatched {
    /// For programs: key figures by way.
    pub document: serde_json::Value,
    /// What each vehicle did when, and what was left out.
    pub tables: Tables,
    /// The same for a person.
    pub presentation: Presentation,
}

/// What to solve with, beyond the input itself.
#[derive(Debug, Clone, Default)]
pub struct SolveOptions {
    /// Limits, threads, seed, progress, cancel.
    pub control: Control,
    /// An earlier plan to start from (and to stay close to), as plan tables.
    pub start: Option<Tables>,
    /// Plan with the cheapest relaxation of the limits when they collide.
    pub relax: bool,
}

/// Forecasts without a decision.
#[derive(Debug, Clone)]
pub struct Forecast {
    /// A table `unique_id,ds,mean,q10,…`.
    pub table: Table,
    /// How good people's own forecasts were next to these, by name; empty without any.
    pub accuracy: Vec<(String, f64)>,
    /// The same in sentences.
    pub sentences: Vec<String>,
}

/// One new fact: a row for an input table.
#[derive(Debug, Clone)]
pub struct Event {
    /// A table with the name of an input table and one or more rows that join it. Where a row
    /// may stand once only, one with the key of a known row takes its place; columns that are not
    /// given then stay.
    pub rows: Table,
}

/// What a new fact changed.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// The new plan lines of what the fact touches, with the columns of the main plan table;
    /// under limits shared with others, at the prices of these limits in the last plan.
    pub orders: Table,
}

/// An answer: status, plan tables, key figures.
#[derive(Debug, Clone)]
pub struct Solution {
    /// Status, objective, bound.
    pub outcome: Outcome,
    /// Plan tables with fixed columns (`orders`, `forecast`, …); empty without a plan.
    pub tables: Tables,
    /// Key figures by name, in the order in which people read them.
    pub kpis: Vec<(String, f64)>,
    /// Seconds by stage (`read`, `predict`, `build`, `solve`, `check`).
    pub seconds: Vec<(String, f64)>,
    /// What the independent check found.
    pub checks: CheckReport,
    /// Warnings in sentences.
    pub warnings: Vec<String>,
    /// Headline in sentences and money.
    pub headline: Vec<String>,
}

/// What an independent check of a plan found.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct CheckReport {
    /// Whether no rule is broken.
    pub feasible: bool,
    /// The plan's cost, recomputed; `None` where the plan cannot be priced.
    pub objective: Option<f64>,
    /// Each broken rule.
    pub violations: Vec<Violation>,
}

/// One broken rule of a plan.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Violation {
    /// Constraint family, as in `models/NAME.toml`.
    pub rule: String,
    /// What is broken, in a sentence with numbers and the input row that states the limit.
    pub text: String,
    /// By how much, in the rule's unit.
    pub amount: f64,
}

/// What is known of a problem once it was looked into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There is a plan, and it is proved to be the best.
    Optimal,
    /// There is a plan.
    Feasible,
    /// Proved: nothing keeps all limits.
    Infeasible,
    /// The objective improves without end.
    Unbounded,
    /// One of the two.
    InfeasibleOrUnbounded,
    /// Neither a plan nor a proof that there is none was found.
    #[default]
    Unknown,
}

impl From<&Outcome> for Verdict {
    fn from(outcome: &Outcome) -> Self {
        match (outcome.solution_status, outcome.termination) {
            (_, Termination::Unbounded) => Verdict::Unbounded,
            (SolutionStatus::Optimal, _) => Verdict::Optimal,
            (SolutionStatus::Feasible, _) => Verdict::Feasible,
            (SolutionStatus::None, Termination::Infeasible) => Verdict::Infeasible,
            (SolutionStatus::None, Termination::InfeasibleOrUnbounded) => Verdict::InfeasibleOrUnbounded,
            (SolutionStatus::None, _) => Verdict::Unknown,
        }
    }
}

/// Why a decision is infeasible, or what holds it back.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Explanation {
    /// What is known of the problem.
    pub status: Verdict,
    /// Whether `members` is irreducible; `None` where the problem is feasible.
    pub irreducible: Option<bool>,
    /// The colliding limits.
    pub members: Vec<Member>,
    /// The cheapest relaxation.
    pub relaxation: Vec<Relaxation>,
    /// The limits that bind and what one more unit of each is worth.
    pub binding: Vec<Binding>,
    /// The same in sentences.
    pub text: Vec<String>,
}

/// One limit of an irreducible infeasible set.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Member {
    /// `row`, `bound` or `integrality`.
    pub kind: String,
    /// Name of the row, column or business limit.
    pub name: String,
    /// `lower` or `upper`; empty for integrality.
    pub side: String,
    /// Input file that states it.
    pub file: Option<String>,
    /// Row of that file.
    pub row: Option<u64>,
    /// The limit's value.
    pub value: Option<f64>,
    /// The limit in a sentence.
    pub text: String,
}

/// One step of the cheapest relaxation.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Relaxation {
    /// Name of the limit.
    pub name: String,
    /// By how much it gives way, in its unit.
    pub amount: f64,
    /// What that costs.
    pub cost: f64,
}

/// A limit that binds.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Binding {
    /// Name of the limit.
    pub name: String,
    /// Input file that states it.
    pub file: Option<String>,
    /// Row of that file.
    pub row: Option<u64>,
    /// Money saved by one more unit.
    pub value_of_one_more: f64,
}

/// Which windows of history a backtest replays.
#[derive(Debug, Clone)]
pub struct BacktestOptions {
    /// Decisions a window.
    pub rounds: usize,
    /// Date of the first decision; `None`: as late as the history allows.
    pub from: Option<chrono::NaiveDate>,
    /// Windows, evenly spaced from `from` to the last that fits.
    pub windows: usize,
    /// The planner's own past orders (`orders` columns), replayed as a policy of their own.
    pub own_orders: Option<Tables>,
}

impl Default for BacktestOptions {
    fn default() -> Self {
        BacktestOptions { rounds: 6, from: None, windows: 1, own_orders: None }
    }
}

/// What the policies of a backtest cost.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Backtest {
    /// One entry a window.
    pub windows: Vec<BacktestWindow>,
    /// Decisions a window.
    pub rounds: usize,
    /// Date of the first decision of the first window.
    pub from: chrono::NaiveDate,
    /// Costs summed over the windows, fill rate pooled; by policy name.
    pub policies: serde_json::Map<String, serde_json::Value>,
    /// Sentences for a person: savings with their interval, share of flagged stock-outs.
    #[serde(skip)]
    pub headline: Vec<String>,
    /// What the reader should know of the windows, in sentences.
    pub warnings: Vec<String>,
    /// Further tables (cost by pair and policy) to write beside the report.
    #[serde(skip)]
    pub tables: Tables,
    /// The same for a person.
    #[serde(skip)]
    pub presentation: Presentation,
}

/// One window of a backtest.
#[derive(Debug, Clone, serde::Serialize)]
pub struct BacktestWindow {
    /// Date of the first decision.
    pub from: chrono::NaiveDate,
    /// Decisions in it.
    pub rounds: usize,
    /// Key figures (`total_cost`, `controllable_cost`, `holding_cost`, …) by policy name.
    pub policies: serde_json::Map<String, serde_json::Value>,
}

/// Why a decision could not be made at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecideError {
    /// The plan handed in (start plan, locks) does not fit the instance.
    #[error("{0}")]
    Input(Faults),
    /// The solver failed in a way that no input should cause.
    #[error("the solver failed while {doing}: {reason}")]
    Solver {
        /// What it was doing.
        doing: String,
        /// What it said.
        reason: String,
    },
    /// The independent check refused the plan: a defect of the program.
    #[error("the plan failed its own check: {0}")]
    Check(String),
}
