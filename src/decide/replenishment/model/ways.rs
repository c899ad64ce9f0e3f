//! From a stock point to order paths: one for each way to buy.
//!
//! A way to buy is one source, or all sources of a stock point together where
//! they state shares. Its order path ([`PathProblem`]) holds everything that
//! concerns the stock point alone; shared limits come in as prices on it.

use super::super::problem::{Item, Pair, Problem, Source};
use super::super::scenarios::PairScenarios;
use super::beside::Beside;
use super::split::Split;
use crate::optimize::inventory::order_path::{Arrival, ExpiringLot, PathProblem, PriceBreak, PriceList};

/// One way to buy for one stock point.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Sources that each order is split over, with their shares; one with share 1 mostly.
    pub sources: Vec<(usize, f64)>,
    /// The order path, without prices of shared limits.
    pub path: PathProblem,
    /// Money paid for a unit, by bucket and least quantity, summed over the split.
    pub price: PriceList,
    /// How each order is split, where there are several sources.
    pub split: Option<Split>,
    /// Further sources that may be bought from in the same plan.
    pub beside: Vec<Beside>,
}

impl Way {
    /// Source and quantity of each line of an order.
    pub fn lines(&self, bucket: usize, quantity: f64) -> impl Iterator<Item = (usize, f64)> + '_ {
        let split = self.split.as_ref().map(|split| split.parts(bucket, quantity));
        let whole = if split.is_none() { self.sources.first() } else { None };
        split.into_iter().flatten().chain(whole.map(|&(source, _)| (source, quantity)))
    }

    /// What an order of `bucket` may be.
    pub fn rule(&self, bucket: usize) -> LineRule {
        let path = &self.path;
        let PathProblem { multiple, moq, max_order, .. } = *path;
        LineRule { locked: path.locked[bucket], is_open: path.is_open(bucket), multiple, moq, max_order }
    }

    /// The way's split, where its path is not exact.
    pub fn inexact(&self) -> Option<&Split> {
        self.split.as_ref().filter(|split| !split.is_exact())
    }
}

/// What an order of one bucket may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineRule {
    /// Units that locks fix.
    pub locked: Option<f64>,
    /// Whether an order beside locks is possible.
    pub is_open: bool,
    pub multiple: f64,
    pub moq: f64,
    pub max_order: Option<f64>,
}

impl LineRule {
    /// Whether `quantity` keeps it.
    pub fn takes(&self, quantity: f64) -> bool {
        let steps = quantity / self.multiple;
        match self.locked {
            Some(locked) => (quantity - locked).abs() < 1e-9,
            None => {
                quantity == 0.0
                    || (self.is_open
                        && quantity >= self.moq - 1e-9
                        && self.max_order.is_none_or(|most| quantity <= most + 1e-9)
                        && (steps - steps.round()).abs() < 1e-6)
            }
        }
    }

    /// The least quantity of a line, in whole multiples.
    pub fn smallest(&self) -> f64 {
        (self.moq / self.multiple - 1e-9).ceil().max(1.0) * self.multiple
    }
}

/// All ways to buy for `pair`: its split, the source that locked orders name, or every source of
/// the lowest preference that can deliver within the horizon. Where all of those may not deliver
/// enough, the sources of the next preference compete too.
pub(crate) fn ways(problem: &Problem, pair: &Pair, sample: &PairScenarios) -> Vec<Way> {
    let split: Vec<(usize, f64)> = pair
        .sources
        .iter()
        .enumerate()
        .filter_map(|(index, source)| Some((index, source.share.filter(|share| *share > 0.0)?)))
        .collect();
    if split.len() > 1 {
        let total: f64 = split.iter().map(|(_, share)| share).sum();
        let sources = split.into_iter().map(|(index, share)| (index, share / total)).collect();
        return vec![way(problem, pair, sample, sources)];
    }
    let may_combine = problem.may_combine(pair);
    let usable = |index: &usize| {
        let is_locked = pair.locks.iter().any(|lock| lock.source == *index);
        let is_free = pair.locks.is_empty() || may_combine;
        is_locked || (is_free && delivers(problem, pair, &pair.sources[*index]))
    };
    // Preferred first.
    let mut list: Vec<Way> = Vec::new();
    let (mut preference, mut is_enough) = (f64::NEG_INFINITY, false);
    for (index, source) in pair.sources.iter().enumerate().filter(|(index, _)| usable(index)) {
        let is_locked = pair.locks.iter().any(|lock| lock.source == index);
        if is_enough && source.preference > preference && !is_locked {
            continue;
        }
        preference = preference.max(source.preference);
        is_enough |= !problem.suppliers[source.supplier].is_limited();
        list.push(way(problem, pair, sample, vec![(index, 1.0)]));
    }
    if list.is_empty() {
        list.push(way(problem, pair, sample, vec![(0, 1.0)]));
    }
    list
}

/// Whether an order with `source` can arrive within the horizon.
fn delivers(problem: &Problem, pair: &Pair, source: &Source) -> bool {
    let shortest = source.lead_time_days.iter().map(|(days, _)| *days).min().unwrap_or(0);
    (0..problem.horizon).any(|bucket| {
        problem.may_order(pair, source, bucket)
            && problem.arrival_bucket(source, bucket, shortest) < problem.horizon as i64
    })
}

fn way(problem: &Problem, pair: &Pair, sample: &PairScenarios, sources: Vec<(usize, f64)>) -> Way {
    let item = &problem.items[pair.item];
    let horizon = problem.horizon;
    let parts: Vec<(&Source, f64)> =
        sources.iter().map(|&(index, share)| (&pair.sources[index], share)).collect();
    // The slowest source of a split stands for all: no plan relies on stock that is not there yet.
    let lead = |index: usize| pair.sources[index].mean_lead_time_days();
    let slowest =
        sources.iter().max_by(|a, b| lead(a.0).total_cmp(&lead(b.0))).map_or(0, |&(index, _)| index);
    let is_own = |source: usize| sources.iter().any(|&(index, _)| index == source);
    let locked = |bucket: usize| pair.locks.iter().any(|lock| lock.bucket == bucket && is_own(lock.source));
    let allowed = |bucket: usize| {
        locked(bucket) || parts.iter().all(|(source, _)| problem.may_order(pair, source, bucket))
    };
    let demand = sample.demand.iter().map(|&units| f64::from(units)).collect();
    let mut path = PathProblem::new(horizon, problem.scenarios, demand);
    path.arrival = arrivals(problem, pair, sample, slowest, allowed);
    set_stock(&mut path, problem, pair, item, sample.shortage_cost);
    path.moq = parts.iter().map(|(source, share)| source.moq / share).fold(0.0, f64::max);
    path.multiple = parts.first().map_or(1.0, |(source, _)| source.multiple);
    path.yield_factor = parts.iter().map(|(source, share)| source.supply_fill * share).sum();
    for (bucket, cost) in path.fixed_cost.iter_mut().enumerate() {
        *cost = parts.iter().map(|(source, _)| source.line_cost).sum();
        if !allowed(bucket) {
            *cost = 0.0;
        }
    }
    let price = price_list(&parts, horizon);
    path.unit_cost = PriceList::from_periods((0..horizon).map(|bucket| {
        let premium = price
            .period(bucket)
            .iter()
            .map(|step| PriceBreak { unit_cost: step.unit_cost - pair.reference_cost, ..*step });
        premium.collect::<Vec<_>>()
    }));
    for lock in pair.locks.iter().filter(|lock| lock.bucket < horizon) {
        if is_own(lock.source) {
            *path.locked[lock.bucket].get_or_insert(0.0) += lock.quantity;
        }
    }
    let split = (sources.len() > 1).then(|| split(problem, pair, sample, &sources, &path));
    if let Some(split) = &split {
        path.multiple = split.common_multiple();
        for (bucket, locked) in path.locked.iter_mut().enumerate() {
            *locked = split.locked(bucket);
        }
    }
    Way { sources, path, price, split, beside: Vec::new() }
}

/// The split over `sources`, ordered when `path` is.
fn split(
    problem: &Problem,
    pair: &Pair,
    sample: &PairScenarios,
    sources: &[(usize, f64)],
    path: &PathProblem,
) -> Split {
    let parts = sources.iter().map(|&(index, share)| {
        let allowed = |bucket: usize| {
            pair.locks.iter().any(|lock| (lock.bucket, lock.source) == (bucket, index))
                || problem.may_order(pair, &pair.sources[index], bucket)
        };
        (index, share, arrivals(problem, pair, sample, index, allowed))
    });
    Split::new(problem, pair, parts.collect(), path)
}

fn set_stock(path: &mut PathProblem, problem: &Problem, pair: &Pair, item: &Item, shortage_cost: f64) {
    let on_hand: f64 = pair.lots.iter().map(|(quantity, _)| quantity).sum();
    path.initial_stock = on_hand - pair.backorder;
    path.inflow.copy_from_slice(&pair.inflow);
    path.lost_sales = item.lost_sales;
    path.holding_cost = vec![item.holding_cost; problem.horizon];
    path.shortage_cost = vec![shortage_cost; problem.horizon];
    path.shelf_life = item.shelf_life;
    path.waste_cost = item.waste_cost;
    if item.shelf_life.is_some() {
        path.initial_lots = pair
            .lots
            .iter()
            .filter_map(|&(quantity, expiry)| {
                let last_period = usize::try_from(expiry?).unwrap_or(0);
                Some(ExpiringLot { last_period, quantity })
            })
            .collect();
    }
}

/// When the orders of each bucket arrive: one list where the lead time is
/// certain, one a scenario where it is not.
fn arrivals(
    problem: &Problem,
    pair: &Pair,
    sample: &PairScenarios,
    source: usize,
    allowed: impl Fn(usize) -> bool,
) -> Arrival {
    let of = &pair.sources[source];
    let at = |bucket: usize, days: u32| {
        let at = problem.arrival_bucket(of, bucket, days);
        usize::try_from(at).ok().filter(|&at| allowed(bucket) && at < problem.horizon)
    };
    let row = |days: u32| (0..problem.horizon).map(move |bucket| at(bucket, days));
    match of.lead_time_days.as_slice() {
        [] => Arrival::Common(row(0).collect()),
        [(days, _)] => Arrival::Common(row(*days).collect()),
        _ => {
            let days = sample.lead_time_days.iter().skip(source * problem.scenarios).take(problem.scenarios);
            Arrival::PerScenario(days.flat_map(|&days| row(u32::from(days))).collect())
        }
    }
}

/// Price of a unit of the split order, by bucket and least total quantity.
fn price_list(parts: &[(&Source, f64)], horizon: usize) -> PriceList {
    PriceList::from_periods((0..horizon).map(|bucket| {
        let mut limits: Vec<f64> = parts
            .iter()
            .flat_map(|(source, share)| source.breaks(bucket).map(move |price| price.quantity / share))
            .collect();
        limits.push(0.0);
        limits.sort_by(f64::total_cmp);
        limits.dedup();
        let price = |total: f64| {
            parts.iter().map(|(source, share)| share * source.price(bucket, total * share)).sum()
        };
        limits
            .into_iter()
            .map(|total| PriceBreak { min_quantity: total, unit_cost: price(total) })
            .collect::<Vec<_>>()
    }))
}
