//! Given a small routing problem, find a cost close below that of the best plan that no plan of all its
//! required visits can go below.
//!
//! Method: column generation over set covering, Desrochers, Desrosiers and Solomon (1992), "A new
//! optimization algorithm for the vehicle routing problem with time windows", doi:10.1287/opre.40.2.342:
//! routes that pay at the prices of the visits ([`super::labels`]) join the linear program
//! ([`super::master`]) until none is left. Prices are smoothed, Wentges (1997), "Weighted Dantzig-Wolfe
//! decomposition for linear mixed-integer programming", doi:10.1111/j.1475-3995.1997.tb00076.x; the
//! neighbourhoods of ng-routes grow where the answer goes in circles, Roberti and Mingozzi (2014),
//! "Dynamic ng-path relaxation for the delivery man problem", doi:10.1287/trsc.2013.0474.
//! Any prices give a bound (Lagrange), so it may be stopped at any time.
//! Cost: tens of linear programs and of searches for routes; seconds for 100 visits on short routes.
//! Use [`super::halves`] instead for more than [`MOST_VISITS`] visits, or for long routes.
//! Not for: proofs of optimality in general, since the bound is that of shares of routes.
//! Same input and budget give the same answer: yes, where no time limit strikes.
//! Differs from the papers: the rules that are kept are those of [`super::ways`].

use super::super::network::Network;
use super::labels::{self, Labels, Memory, Question};
use super::master::{self, Column, Prices};
use super::ways::Ways;
use crate::control::Control;

/// Most visits for which routes are generated.
pub(in super::super) const MOST_VISITS: usize = 200;
const _: () = assert!(MOST_VISITS <= labels::MOST_VISITS);
/// Most kinds of vehicles.
const MOST_KINDS: usize = 32;
/// Visits that a route cannot return to from each, at first.
const NEAR: usize = 3;
/// Weight of the best prices known in the prices that are tried.
const SMOOTHING: f64 = 0.6;
/// Differences of costs that are rounding, relative to the whole.
const ROUNDING: f64 = 1e-7;
/// Where the linear program falls by less than this share, quick searches give way to exact ones.
const STALLED: f64 = 1e-4;
/// Columns beyond which the dearest half is dropped, for each visit, and more.
const MOST_COLUMNS: (usize, usize) = (10, 1_000);
/// A share of a route below this is none.
const NO_SHARE: f64 = 1e-6;

/// The best plan known.
pub(in super::super) struct Plan {
    /// Kind of vehicle and visits of each route.
    pub routes: Vec<(usize, Vec<u32>)>,
    /// What it costs; infinite where it leaves out a visit that must be served.
    pub cost: f64,
}

/// The bound, never above the cost of the plan; `None` where the problem is too large or the budget
/// (ways tried) or time too short for any.
pub(in super::super) fn strong(
    network: &Network<'_>,
    plan: &Plan,
    budget: u64,
    control: &Control,
) -> Option<f64> {
    let (visits, kinds) = (network.visits, network.kinds.len());
    if visits == 0 || visits > MOST_VISITS || kinds > MOST_KINDS || control.should_stop() {
        return None;
    }
    let mut generation = Generation::new(network, plan, budget, control);
    generation.run();
    generation.bound()
}

struct Generation<'a> {
    network: &'a Network<'a>,
    control: &'a Control,
    ways: Vec<Ways>,
    memories: Vec<Memory>,
    columns: Vec<Column>,
    labels: Labels,
    budget: u64,
    /// Cost of the best plan.
    most: f64,
    /// More routes than this cost more than the best plan.
    most_routes: usize,
    /// All plans cost a multiple of it, where there is such a number.
    step: Option<f64>,
    best: f64,
    best_prices: Vec<f64>,
}

impl<'a> Generation<'a> {
    fn new(network: &'a Network<'a>, plan: &Plan, budget: u64, control: &'a Control) -> Self {
        let ways: Vec<Ways> = (0..network.kinds.len()).map(|kind| Ways::new(network, kind)).collect();
        let column = |(kind, visits): &(usize, Vec<u32>)| {
            let cost = ways[*kind].cost_of(visits)?;
            Some(Column { kind: *kind, cost, visits: visits.clone(), share: 0.0, reduced: 0.0 })
        };
        let columns = plan.routes.iter().filter_map(column).collect();
        let memory = |visit: u32| {
            let mut memory = Memory::default();
            network.neighbours(visit).iter().take(NEAR).chain([&visit]).for_each(|&near| memory.insert(near));
            memory
        };
        let cheapest = ways.iter().map(Ways::least_route).fold(f64::INFINITY, f64::min);
        let affordable = plan.cost / cheapest;
        let bounded = affordable.is_finite() && affordable < network.visits as f64;
        Generation {
            network,
            control,
            memories: (0..network.visits as u32).map(memory).collect(),
            step: step(network, &ways),
            ways,
            columns,
            labels: Labels::default(),
            budget,
            most: plan.cost,
            most_routes: if bounded { (affordable + ROUNDING).floor() as usize } else { network.visits },
            best: f64::NEG_INFINITY,
            best_prices: Vec::new(),
        }
    }

    /// The best bound so far, rounded up to what plans can cost.
    fn bound(&self) -> Option<f64> {
        let slack = ROUNDING * self.best.abs().max(1.0);
        let rounded = self.step.map_or(self.best, |step| ((self.best - slack) / step).ceil() * step);
        self.best.is_finite().then_some(rounded.max(self.best).min(self.most))
    }

    /// Adds routes until none pays, the plan is proved to be the best, or the limits end it.
    fn run(&mut self) {
        let (mut is_quick, mut last) = (true, f64::INFINITY);
        while let Some(prices) = master::solve(self.network, &self.ways, &mut self.columns, self.control) {
            let slack = ROUNDING * prices.cost.abs().max(1.0);
            if self.bound().is_some_and(|bound| bound >= self.most - slack) {
                return;
            }
            self.drop_dear();
            let falls = prices.cost < last * (1.0 - STALLED);
            last = prices.cost;
            if is_quick && falls {
                match self.generate(&prices, &prices.visits, false) {
                    Some(added) => is_quick = added > 0,
                    None => return,
                }
                continue;
            }
            let is_near = self.best >= prices.cost - slack;
            let added = if is_near { Some(0) } else { self.generate_smoothed(&prices) };
            match added {
                None => return,
                Some(0) if !self.remember_circles() => return,
                Some(_) => (is_quick, last) = (true, f64::INFINITY),
            }
        }
    }

    /// Exact routes at prices between the best known and those of the master, then at the latter.
    fn generate_smoothed(&mut self, prices: &Prices) -> Option<usize> {
        if !self.best_prices.is_empty() {
            let mix = |(best, own): (&f64, &f64)| SMOOTHING * best + (1.0 - SMOOTHING) * own;
            let mixed: Vec<f64> = self.best_prices.iter().zip(&prices.visits).map(mix).collect();
            let added = self.generate(prices, &mixed, true)?;
            if added > 0 {
                return Some(added);
            }
        }
        self.generate(prices, &prices.visits, true)
    }

    /// Searches for routes at `tried` prices and adds those that pay at the master's; how many. An exact
    /// search gives a bound.
    fn generate(&mut self, prices: &Prices, tried: &[f64], exact: bool) -> Option<usize> {
        let pays = -ROUNDING * (prices.cost.abs() / self.network.visits as f64).max(1.0);
        let mut least = Vec::with_capacity(self.ways.len());
        let mut found = Vec::new();
        for (kind, ways) in self.ways.iter().enumerate().filter(|(_, ways)| ways.count > 0) {
            let question = Question { prices: tried, memories: &self.memories, exact, control: self.control };
            let priced = self.labels.price(ways, question, &mut self.budget)?;
            least.push((priced.least, ways.count));
            for (_, visits) in priced.routes {
                let Some(cost) = ways.cost_of(&visits) else { continue };
                let worth: f64 = visits.iter().map(|&visit| prices.visits[visit as usize]).sum();
                let reduced = cost - worth - prices.kinds[kind];
                if reduced < pays {
                    found.push(Column { kind, cost, visits, share: 0.0, reduced });
                }
            }
        }
        if exact {
            self.note_bound(tried, least);
        }
        let added = found.len();
        self.columns.append(&mut found);
        Some(added)
    }

    /// The bound of some prices: their sum, and the cheapest route of each vehicle where that earns more
    /// than it costs.
    fn note_bound(&mut self, prices: &[f64], mut least: Vec<(f64, usize)>) {
        least.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut bound: f64 = prices.iter().sum();
        let mut left = self.most_routes;
        for (cost, count) in least {
            let used = count.min(left);
            bound += used as f64 * cost.min(0.0);
            left -= used;
        }
        if bound > self.best {
            (self.best, self.best_prices) = (bound, prices.to_vec());
        }
    }

    /// Has visits between two calls at one remember it, and drops routes that this forbids; `false` where
    /// no route of the answer calls twice.
    fn remember_circles(&mut self) -> bool {
        let mut grown = false;
        for column in self.columns.iter().filter(|column| column.share > NO_SHARE) {
            for (first, next, visit) in circles(&column.visits) {
                for &between in &column.visits[first + 1..next] {
                    self.memories[between as usize].insert(visit);
                }
                grown = true;
            }
        }
        let memories = &self.memories;
        self.columns.retain(|column| {
            let forgets = |(first, next, visit): (usize, usize, u32)| {
                column.visits[first + 1..next]
                    .iter()
                    .any(|&between| !memories[between as usize].contains(visit))
            };
            circles(&column.visits).all(forgets)
        });
        grown
    }

    fn drop_dear(&mut self) {
        let most = MOST_COLUMNS.0 * self.network.visits + MOST_COLUMNS.1;
        if self.columns.len() > most {
            self.columns.sort_by(|a, b| a.reduced.total_cmp(&b.reduced).then(b.share.total_cmp(&a.share)));
            self.columns.truncate(most / 2);
        }
    }
}

/// Positions of two calls at one visit with none between, and the visit.
fn circles(visits: &[u32]) -> impl Iterator<Item = (usize, usize, u32)> + '_ {
    visits.iter().enumerate().filter_map(|(first, &visit)| {
        let next = visits[first + 1..].iter().position(|&later| later == visit)?;
        Some((first, first + 1 + next, visit))
    })
}

/// A number of which the costs of all plans are multiples: 1, 0.1 or 0.01, where there is one.
fn step(network: &Network<'_>, ways: &[Ways]) -> Option<f64> {
    let lateness = network.problem.visits().iter().any(|visit| visit.lateness.is_some());
    let timed = network.kinds.iter().any(|kind| kind.unit_duration > 0.0);
    if lateness || timed || network.problem.data().balance_cost > 0.0 {
        return None;
    }
    let all = || {
        let prizes =
            network.nodes[..network.visits].iter().filter(|node| node.optional).map(|node| node.penalty);
        let of_kind = |ways: &Ways| {
            let between: Vec<f64> = ways.from.iter().flatten().map(|way| way.cost).collect();
            let home = ways.home.iter().flatten().map(|way| way.cost).collect::<Vec<f64>>();
            [vec![ways.fixed], between, home].concat()
        };
        prizes.chain(ways.iter().flat_map(of_kind))
    };
    let is_multiple = |parts: f64| all().all(|cost| (cost * parts - (cost * parts).round()).abs() < 1e-6);
    [1.0, 10.0, 100.0].into_iter().find(|&parts| is_multiple(parts)).map(|parts| 1.0 / parts)
}

#[cfg(test)]
mod tests;
