//! Given a routing problem, find routes of low cost.
//!
//! Method: simulated annealing over ruin and recreate, Christiaens and Vanden Berghe (2020), "Slack
//! induction by string removals for vehicle routing problems", doi:10.1287/trsc.2019.0914.
//! Cost: about 10 microseconds a step, nearly independent of the number of visits; memory
//! O(n^2) up to 2,600 nodes, O(n) beyond what the problem itself holds.
//! Not for: proofs of optimality.
//! Same input, work limit and seed give the same answer: yes. A time limit does not.
//! Differs from the paper: temperatures in units of the mean way between stops; vehicle types are
//! chosen anew for each route that changed; optional visits compete with their prizes.

use crate::control::Control;
use crate::solution::{Outcome, SolutionStatus};

use super::annealing::Annealing;
use super::bound::bound;
use super::evaluate::{Evaluation, evaluate};
use super::network::Network;
use super::problem::Problem;
use super::solution::Solution;

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
    let mut annealing = Annealing::new(&network, options, &control);
    let termination = annealing.run();
    let solution = annealing.best_solution();
    let steps = annealing.steps;
    let evaluation = evaluate(problem, &solution);
    let outcome = Outcome {
        termination,
        solution_status: SolutionStatus::Feasible,
        objective: Some(evaluation.cost.total()),
        bound: bound(&network).filter(|_| evaluation.violations.is_empty()),
    };
    Ok(RoutePlan { solution, evaluation, outcome, steps })
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
