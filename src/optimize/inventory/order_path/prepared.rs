//! What of a problem does not depend on prices, worked out once.
//!
//! An order vector enters every scenario and period only through the sum of
//! the first so many orders, because orders never cross. The preparation finds
//! that "so many" and the net requirement that the sum must cover, and lays
//! both on the lattice of whole order multiples.

use super::problem::{Arrival, PathError, PathProblem, steps_up};

/// For each period: of how many periods the orders have arrived.
#[derive(Debug, Clone)]
pub(crate) enum ArrivedPrefix {
    /// The same in all scenarios, by period.
    Common(Vec<usize>),
    /// Period by period, all scenarios; a first row of zeros stands for the start.
    PerScenario(Vec<u32>),
}

/// The part of a [`PathProblem`] that stays when only prices change: demand by
/// period, net requirements and the lattice of cumulative orders.
///
/// Make it once, and solve with it for as many prices as wanted.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(crate) periods: usize,
    pub(crate) scenarios: usize,
    /// Demand, period by period, all scenarios.
    pub(crate) demand: Vec<f64>,
    /// Supply from outside the decision, by period; the initial stock in the first.
    pub(crate) external: Vec<f64>,
    /// Whether an order of the period can arrive.
    pub(crate) open: Vec<bool>,
    pub(crate) prefix: ArrivedPrefix,
    /// Periods whose order is to be decided; their positions are the stages.
    pub(crate) stages: Vec<usize>,
    /// By period and scenario: number of stages whose orders have arrived.
    pub(crate) stage: Vec<u16>,
    /// By period and scenario: cumulative demand less the supply that is certain.
    pub(crate) need: Vec<f64>,
    /// By period and scenario: the highest level that does not cover the need; -1: level 0 does.
    pub(crate) below: Vec<i64>,
    /// Usable units in one step of the lattice.
    pub(crate) unit: f64,
    /// Ordered units in one step of the lattice.
    pub(crate) multiple: f64,
    /// Smallest and largest order, in steps.
    pub(crate) min_steps: usize,
    pub(crate) max_steps: Option<usize>,
    /// Steps that cover every requirement.
    pub(crate) cover: usize,
}

impl Prepared {
    /// Checks the problem and works out what does not depend on prices.
    ///
    /// # Errors
    /// [`PathError`] naming the field that is wrong.
    pub fn new(problem: &PathProblem) -> Result<Self, PathError> {
        problem.check()?;
        let (periods, scenarios) = (problem.periods, problem.scenarios);
        let open: Vec<bool> = (0..periods).map(|period| problem.is_open(period)).collect();
        let stages: Vec<usize> =
            (0..periods).filter(|&period| open[period] && problem.locked[period].is_none()).collect();
        let mut external = problem.inflow.clone();
        external[0] += problem.initial_stock;
        let mut prepared = Prepared {
            periods,
            scenarios,
            demand: transposed(problem),
            external,
            prefix: arrived_prefix(problem, &open),
            open,
            stages,
            stage: vec![0; periods * scenarios],
            need: vec![0.0; periods * scenarios],
            below: vec![-1; periods * scenarios],
            unit: problem.multiple * problem.yield_factor,
            multiple: problem.multiple,
            min_steps: problem.min_steps(),
            max_steps: problem.max_steps(),
            cover: 0,
        };
        prepared.lay_requirements(problem);
        Ok(prepared)
    }

    /// Whether `problem` has the size that was prepared.
    pub(crate) fn check_size(&self, problem: &PathProblem) -> Result<(), PathError> {
        let (found, expected) = (problem.periods * problem.scenarios, self.periods * self.scenarios);
        if problem.periods != self.periods || found != expected {
            return Err(PathError::WrongLength { field: "demand", found, expected });
        }
        Ok(())
    }

    /// Usable units of the orders of the first k periods, for each k.
    pub(crate) fn accumulate(&self, yield_factor: f64, orders: &[f64], cumulative: &mut Vec<f64>) {
        cumulative.clear();
        cumulative.push(0.0);
        let mut sum = 0.0;
        for (&quantity, &open) in orders.iter().zip(&self.open) {
            if open {
                sum += yield_factor * quantity;
            }
            cumulative.push(sum);
        }
    }

    /// Usable units that arrive in `period`, given the sums of orders by prefix.
    pub(crate) fn arrivals(&self, cumulative: &[f64], period: usize, scenario: usize) -> f64 {
        match &self.prefix {
            ArrivedPrefix::Common(prefix) => {
                let before = if period == 0 { 0 } else { prefix[period - 1] };
                cumulative[prefix[period]] - cumulative[before]
            }
            ArrivedPrefix::PerScenario(prefix) => {
                let now = prefix[(period + 1) * self.scenarios + scenario] as usize;
                let before = prefix[period * self.scenarios + scenario] as usize;
                cumulative[now] - cumulative[before]
            }
        }
    }

    fn lay_requirements(&mut self, problem: &PathProblem) {
        let locked = locked_sums(problem, &self.open);
        let mut stages_in = vec![0_u16; self.periods + 1];
        for period in 0..self.periods {
            let is_stage = self.stages.binary_search(&period).is_ok();
            stages_in[period + 1] = stages_in[period] + u16::from(is_stage);
        }
        let mut most: f64 = 0.0;
        let mut running = vec![0.0; self.scenarios];
        for period in 0..self.periods {
            for (scenario, running) in running.iter_mut().enumerate() {
                let at = period * self.scenarios + scenario;
                let prefix = self.prefix_at(period, scenario);
                *running += self.demand[at] - self.external[period];
                self.need[at] = *running - locked[prefix];
                self.stage[at] = stages_in[prefix];
                self.below[at] = steps_up(self.need[at], self.unit) as i64 - 1;
                most = most.max(self.need[at]);
            }
        }
        self.cover = steps_up(most, self.unit);
    }

    fn prefix_at(&self, period: usize, scenario: usize) -> usize {
        match &self.prefix {
            ArrivedPrefix::Common(prefix) => prefix[period],
            ArrivedPrefix::PerScenario(prefix) => prefix[(period + 1) * self.scenarios + scenario] as usize,
        }
    }
}

/// Usable units of the locked orders of the first k periods.
fn locked_sums(problem: &PathProblem, open: &[bool]) -> Vec<f64> {
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for (locked, &open) in problem.locked.iter().zip(open) {
        if open {
            sum += locked.unwrap_or(0.0) * problem.yield_factor;
        }
        sums.push(sum);
    }
    sums
}

fn transposed(problem: &PathProblem) -> Vec<f64> {
    let (periods, scenarios) = (problem.periods, problem.scenarios);
    let mut demand = vec![0.0; periods * scenarios];
    for (scenario, path) in problem.demand.chunks_exact(periods).enumerate() {
        for (period, &units) in path.iter().enumerate() {
            demand[period * scenarios + scenario] = units;
        }
    }
    demand
}

fn arrived_prefix(problem: &PathProblem, open: &[bool]) -> ArrivedPrefix {
    let periods = problem.periods;
    let fill = |scenario: usize, mut set: Box<dyn FnMut(usize, usize) + '_>| {
        let mut arrived = 0;
        for period in 0..periods {
            while arrived < periods
                && (!open[arrived] || problem.arrival_of(scenario, arrived).is_some_and(|at| at <= period))
            {
                arrived += 1;
            }
            set(period, arrived);
        }
    };
    match problem.arrival {
        Arrival::Common(_) => {
            let mut prefix = vec![0; periods];
            fill(0, Box::new(|period, arrived| prefix[period] = arrived));
            ArrivedPrefix::Common(prefix)
        }
        Arrival::PerScenario(_) => {
            let scenarios = problem.scenarios;
            let mut prefix = vec![0; (periods + 1) * scenarios];
            for scenario in 0..scenarios {
                fill(
                    scenario,
                    Box::new(|period, arrived| {
                        prefix[(period + 1) * scenarios + scenario] = arrived as u32;
                    }),
                );
            }
            ArrivedPrefix::PerScenario(prefix)
        }
    }
}
