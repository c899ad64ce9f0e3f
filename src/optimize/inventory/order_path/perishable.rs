//! Given stock that expires and lost sales, find the orders that minimise a
//! cost which no plan falls below: what is lost and thrown away in full, and of
//! the stock that is held the part that one shelf life shows.
//!
//! Let `Y_t` be the units arrived and `Z_t` those sold or thrown away up to the
//! end of `t`. With first expired first out, losses and waste cost the least
//! over `Y_{t-m+1} <= Z_t <= Y_t` of `sum_t phi_t(Z_t - Z_{t-1})`, where `phi_t`
//! is convex (sold up to demand, thrown away beyond) and `m` is the shelf life:
//! selling at once is best as long as a shortage costs no more later on. A sum of
//! convex functions of differences is L-natural-convex, and so is its minimum
//! over `Z`. Stock at the end of `t` is at least what the arrivals after `t - m`
//! leave of the demand after it, none of which has expired: a maximum of
//! differences, L-natural-convex too. What that leaves out is the holding cost of
//! stock that units older than a shelf life kept from being sold.
//!
//! Method: steepest descent on L-natural-convex functions, K. Murota (2003),
//! "Discrete Convex Analysis", doi:10.1137/1.9780898718508, section 10.3: a plan
//! is best when no set of stages gains by moving up together or down together;
//! the sets are looked at one by one. Multimodularity of perishable stock:
//! Q. Li and P. Yu (2014), "Multimodularity and Its Applications in Three
//! Stochastic Dynamic Inventory Problems", doi:10.1287/msom.2014.0488.
//! Cost: O(2^M S T m) a step with M stages; memory O(S + T + m).
//! Use [`steepest`](super::steepest) instead when stock keeps.
//! Not for: backorders; more than 8 stages; fixed costs, minima or price breaks,
//! unless [`patterns`](super::patterns) fixes which stages order at which price.
//! Same input gives the same answer: yes.
//! Differs from the book: sets by enumeration in place of submodular minimisation.

use super::PathOptions;
use super::prepared::Prepared;
use super::problem::{PathProblem, steps_up};
use super::steepest::OrderRange;

/// Most stages whose sets are looked at one by one.
const MOST_STAGES: usize = 8;

/// Buffers of the descent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Perishable {
    /// Units on hand at the start by their last period of use; one more for what outlives the horizon.
    first: Vec<f64>,
    lots: Vec<f64>,
    /// Usable units of the orders of the first k periods.
    cumulative: Vec<f64>,
    arrivals: Vec<f64>,
    orders: Vec<f64>,
    tried: Vec<usize>,
    best: Vec<usize>,
    /// Largest order worth looking at, in steps.
    pub reach: usize,
    /// Sets looked at since the last [`Perishable::open`].
    pub looks: usize,
}

impl Perishable {
    /// Reads the stock at the start; false where the method does not apply.
    pub fn open(&mut self, problem: &PathProblem, prepared: &Prepared, largest: usize) -> bool {
        let Some(life) = problem.shelf_life else { return false };
        self.looks = 0;
        let falls = |costs: &[f64]| costs.windows(2).all(|two| two[0] >= two[1]);
        let in_order = problem.initial_lots.iter().all(|lot| lot.last_period < life);
        let applies = problem.lost_sales
            && (1..=MOST_STAGES).contains(&prepared.stages.len())
            && in_order
            && falls(&problem.shortage_cost)
            && problem.holding_cost.iter().all(|cost| *cost >= 0.0);
        if applies {
            self.lay_first(problem, life);
            let demand = problem.demand.chunks_exact(problem.periods).map(|path| path.iter().sum::<f64>());
            let most = demand.fold(0.0, f64::max) + (-problem.initial_stock).max(0.0);
            self.reach = steps_up(most, prepared.unit).saturating_add(largest);
        }
        applies
    }

    fn lay_first(&mut self, problem: &PathProblem, life: usize) {
        let periods = problem.periods;
        self.first.clear();
        self.first.resize(periods + 1, 0.0);
        let mut fresh = problem.initial_stock.max(0.0);
        for lot in &problem.initial_lots {
            self.first[lot.last_period.min(periods)] += lot.quantity;
            fresh -= lot.quantity;
        }
        self.first[(life - 1).min(periods)] += fresh.max(0.0);
    }

    /// How many patterns may be looked at, by the looks at sets that one of them takes at least.
    pub fn nodes(&self, prepared: &Prepared, options: &PathOptions) -> usize {
        (options.max_looks >> prepared.stages.len()).clamp(1, options.max_nodes.max(1))
    }

    /// Moves `steps` to the best ones within `ranges`; returns their cost of stock, without prices.
    pub fn run(
        &mut self,
        problem: &PathProblem,
        prepared: &Prepared,
        ranges: &[OrderRange],
        steps: &mut [usize],
    ) -> f64 {
        for (steps, range) in steps.iter_mut().zip(ranges) {
            *steps = (*steps).clamp(range.from, range.to);
        }
        let most = steps.iter().copied().max().unwrap_or(0);
        let mut size = (most / 32).max(1).next_power_of_two();
        let mut cost = self.cost(problem, prepared, steps);
        loop {
            let paid = priced(ranges, steps, cost);
            // Neighbouring stages gain most often; all sets are asked only where those gain nothing.
            let mut found = self.step(problem, prepared, ranges, steps, (size, is_run), paid);
            if found.is_none() && size == 1 {
                found = self.step(problem, prepared, ranges, steps, (size, |set| !is_run(set)), paid);
            }
            match found {
                Some(found) => cost = found,
                None if size == 1 => return cost,
                None => size /= 2,
            }
        }
    }

    /// Moves the wanted set of stages that gains most by `size`; its new cost of stock, if any gains.
    fn step(
        &mut self,
        problem: &PathProblem,
        prepared: &Prepared,
        ranges: &[OrderRange],
        steps: &mut [usize],
        (size, wanted): (usize, fn(u32) -> bool),
        paid: f64,
    ) -> Option<f64> {
        let (mut least, mut found) = (paid - 1e-11 * paid.abs(), None);
        let mut tried = std::mem::take(&mut self.tried);
        for set in (1_u32..1 << steps.len()).filter(|set| wanted(*set)) {
            for up in [true, false] {
                if !moved(ranges, steps, set, up, size, &mut tried) {
                    continue;
                }
                self.looks += 1;
                let cost = self.cost(problem, prepared, &tried);
                let value = priced(ranges, &tried, cost);
                if value < least {
                    (least, found) = (value, Some(cost));
                    self.best.clone_from(&tried);
                }
            }
        }
        self.tried = tried;
        if found.is_some() {
            steps.copy_from_slice(&self.best);
        }
        found
    }

    /// Mean cost of losses and waste, and of the stock that one shelf life shows.
    fn cost(&mut self, problem: &PathProblem, prepared: &Prepared, steps: &[usize]) -> f64 {
        self.orders.clear();
        self.orders.extend(problem.locked.iter().map(|locked| locked.unwrap_or(0.0)));
        for (&stage, &steps) in prepared.stages.iter().zip(steps) {
            self.orders[stage] = steps as f64 * prepared.multiple;
        }
        prepared.accumulate(problem.yield_factor, &self.orders, &mut self.cumulative);
        let life = problem.shelf_life.unwrap_or(problem.periods + 1);
        let sum: f64 = (0..problem.scenarios).map(|s| self.scenario(problem, prepared, life, s)).sum();
        sum / problem.scenarios as f64
    }

    fn scenario(&mut self, problem: &PathProblem, prepared: &Prepared, life: usize, scenario: usize) -> f64 {
        let periods = problem.periods;
        let demand = &problem.demand[scenario * periods..(scenario + 1) * periods];
        self.lots.clone_from(&self.first);
        self.arrivals.clear();
        let mut owed = (-problem.initial_stock).max(0.0);
        let mut total = 0.0;
        for (period, &asked) in demand.iter().enumerate() {
            let arrived = problem.inflow[period] + prepared.arrivals(&self.cumulative, period, scenario);
            self.arrivals.push(arrived - asked - owed);
            let last = (period + life - 1).min(periods);
            self.lots[last] += arrived;
            let mut missing = asked + owed;
            owed = 0.0;
            for lot in &mut self.lots[period..=last] {
                let used = lot.min(missing);
                *lot -= used;
                missing -= used;
                if missing <= 0.0 {
                    break;
                }
            }
            total += problem.shortage_cost[period] * missing + problem.waste_cost * self.lots[period];
            total += problem.holding_cost[period] * self.shown(period, life);
        }
        total
    }

    /// Stock at the end of `period` if all that came a shelf life before were gone.
    fn shown(&self, period: usize, life: usize) -> f64 {
        let from = (period + 1).saturating_sub(life);
        let mut stock = if period < life { self.first[period..].iter().sum() } else { 0.0 };
        for net in &self.arrivals[from..=period] {
            stock = f64::max(0.0, stock + net);
        }
        stock
    }
}

/// Whether a set holds stages that follow each other.
fn is_run(set: u32) -> bool {
    let from_first = set >> set.trailing_zeros();
    from_first & (from_first + 1) == 0
}

/// Cost of stock and the price of the steps.
fn priced(ranges: &[OrderRange], steps: &[usize], cost: f64) -> f64 {
    cost + ranges.iter().zip(steps).map(|(range, steps)| range.unit * *steps as f64).sum::<f64>()
}

/// The orders when the cumulative orders of a set of stages move by `size`; false where a range forbids it.
fn moved(
    ranges: &[OrderRange],
    steps: &[usize],
    set: u32,
    up: bool,
    size: usize,
    tried: &mut Vec<usize>,
) -> bool {
    tried.clear();
    let mut before = false;
    for (stage, (range, &steps)) in ranges.iter().zip(steps).enumerate() {
        let now = set >> stage & 1 == 1;
        let change = i64::from(now) - i64::from(before);
        before = now;
        let change = change * size as i64 * if up { 1 } else { -1 };
        let Some(steps) = steps.checked_add_signed(change as isize) else { return false };
        if !(range.from..=range.to).contains(&steps) {
            return false;
        }
        tried.push(steps);
    }
    true
}
