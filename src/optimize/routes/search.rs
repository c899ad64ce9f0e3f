//! The search for routes as others call it: its options, its answer, and the problems that it knows.
//!
//! How it searches is told in [`super::annealing`], what it holds of a problem in [`super::network`].

use crate::control::Control;
use crate::solution::{Outcome, SolutionStatus, Termination};

use super::annealing::Annealing;
use super::bound::{MOST_VISITS as MOST_BOUNDED, Plan, quick, strong};
use super::evaluate::{Evaluation, evaluate};
use super::network::Network;
use super::problem::Problem;
use super::solution::Solution;

/// Ways tried by the bound that take about as long as a step of the search.
const WAYS_A_STEP: u64 = 100;
/// Difference of cost and bound, relative to the cost, that is rounding.
const PROVED: f64 = 1e-9;

/// How routes are searched for.
#[derive(Debug, Clone)]
pub struct RouteOptions {
    /// Routes to begin with; those that break a rule are taken apart.
    pub start: Option<Solution>,
    /// First temperature, in mean lengths of a way between stops, of a search of 300 steps or more a
    /// visit; a shorter one begins cooler, since it could not cool down. Above 0; no lower than the last.
    pub hottest: f64,
    /// Last temperature, likewise. Above 0.
    pub coldest: f64,
    /// Average number of visits taken out of routes in a step, 1 or more.
    pub removed: f64,
    /// Share of positions that insertion overlooks, from 0 to below 1.
    pub blink_rate: f64,
    /// Near visits beside which insertion looks first, 1 or more. Where they have no place it looks beside
    /// three times as many, 250 at most, and then everywhere.
    pub near: usize,
    /// Problems of at most this many visits have every position looked at.
    pub everywhere: usize,
    /// Share of the limits, from 0 to below 1, that goes into a strong lower bound after the search, where
    /// the problem has at most 200 visits. 0: none but the quick one.
    pub bound_share: f64,
}

impl Default for RouteOptions {
    fn default() -> Self {
        RouteOptions {
            start: None,
            hottest: 1.0,
            coldest: 0.02,
            removed: 10.0,
            blink_rate: 0.01,
            near: 20,
            everywhere: 100,
            bound_share: 0.0,
        }
    }
}

/// Routes found.
#[derive(Debug, Clone)]
pub struct RoutePlan {
    /// The routes.
    pub solution: Solution,
    /// Their cost and times. Visits that must be served and are not are its only violations.
    pub evaluation: Evaluation,
    /// Why the search ended, and with what.
    pub outcome: Outcome,
    /// Steps made.
    pub steps: u64,
}

impl RouteOptions {
    fn check(&self) -> Result<(), SearchError> {
        let above = |value: f64| value > 0.0 && value.is_finite();
        let rules = [
            (
                "hottest",
                self.hottest,
                above(self.hottest) && self.hottest >= self.coldest,
                "at least coldest",
            ),
            ("coldest", self.coldest, above(self.coldest), "above 0"),
            ("removed", self.removed, self.removed >= 1.0 && self.removed.is_finite(), "1 or more"),
            ("blink_rate", self.blink_rate, (0.0..1.0).contains(&self.blink_rate), "from 0 to below 1"),
            ("bound_share", self.bound_share, (0.0..1.0).contains(&self.bound_share), "from 0 to below 1"),
            ("near", self.near as f64, self.near > 0, "1 or more"),
        ];
        match rules.into_iter().find(|rule| !rule.2) {
            Some((option, value, _, range)) => Err(SearchError::Option { option, value, range }),
            None => Ok(()),
        }
    }
}

/// What a search cannot do.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SearchError {
    /// The problem has a rule that the search does not know.
    #[error("the search for routes does not know {rule} yet: leave it out, or price plans of your own")]
    Unsupported {
        /// The rule.
        rule: &'static str,
    },
    /// An option is out of its range.
    #[error("the option {option} is {value}: give a number {range}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        value: f64,
        /// The numbers that it can have.
        range: &'static str,
    },
}

/// Searches until a limit of `control` ends it; without any, for a number of steps that grows with
/// the problem.
///
/// # Errors
/// The problem has a rule that the search does not know, or an option is out of range.
pub fn search(
    problem: &Problem,
    options: &RouteOptions,
    control: &Control,
) -> Result<RoutePlan, SearchError> {
    supports(problem)?;
    options.check()?;
    let control = control.started();
    let network = Network::new(problem, options.near, &control);
    let mut bound = quick(&network, &control);
    let is_small = options.bound_share > 0.0 && network.visits <= MOST_BOUNDED;
    let searching = if is_small { without_share(&control, options.bound_share) } else { control.clone() };
    let mut annealing = Annealing::new(&network, options, &searching);
    let mut termination = annealing.run();
    let solution = annealing.best_solution();
    let steps = annealing.steps;
    let evaluation = evaluate(problem, &solution);
    let cost = evaluation.cost.total();
    if evaluation.violations.is_empty() && is_small {
        let plan = plan_of(&network, &solution, cost);
        let by_clock = control.limits.work.is_none() && control.limits.time.is_some();
        let by_steps = options.bound_share * (steps * WAYS_A_STEP) as f64;
        let budget = if by_clock { u64::MAX } else { by_steps as u64 };
        bound = bound.into_iter().chain(strong(&network, &plan, budget, &control)).reduce(f64::max);
    }
    bound = bound.filter(|_| evaluation.violations.is_empty());
    let proved = bound.is_some_and(|bound| cost - bound <= PROVED * cost.abs());
    if proved {
        termination = Termination::Optimal;
    }
    let solution_status = if proved { SolutionStatus::Optimal } else { SolutionStatus::Feasible };
    let outcome = Outcome { termination, solution_status, objective: Some(cost), bound };
    Ok(RoutePlan { solution, evaluation, outcome, steps })
}

/// The control of a search that leaves a share of the limits.
fn without_share(control: &Control, share: f64) -> Control {
    let mut part = control.for_share(1.0 - share);
    part.limits.time = control.limits.time.map(|time| time.mul_f64(1.0 - share));
    part
}

/// A solution in the numbers of a network.
fn plan_of(network: &Network<'_>, solution: &Solution, cost: f64) -> Plan {
    let routes = solution.routes.iter().map(|route| {
        (network.kind_of[route.vehicle], route.visits().map(|visit| network.node_of[visit]).collect())
    });
    Plan { routes: routes.collect(), cost }
}

/// Whether the search knows all rules of a problem.
///
/// # Errors
/// The first rule that it does not know.
pub fn supports(problem: &Problem) -> Result<(), SearchError> {
    let data = problem.data();
    let rules = [
        (data.vehicles.iter().any(|kind| kind.max_reloads > 0), "several trips of a vehicle"),
        (!data.pairs.is_empty(), "pairs of visits"),
        (data.balance_cost > 0.0, "a cost of unequal routes"),
    ];
    match rules.iter().find(|rule| rule.0) {
        Some(&(_, rule)) => Err(SearchError::Unsupported { rule }),
        None => Ok(()),
    }
}
