//! From a stock point to order paths: one for each way to buy.
//!
//! A way to buy is one source, or all sources of a stock point together where
//! they state shares. Its order path ([`PathProblem`]) holds everything that
//! concerns the stock point alone; shared limits come in as prices on it.

use super::super::problem::{Item, Pair, Problem, Source};
use super::super::scenarios::PairScenarios;
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
    /// Whether cost and bound of the path are those of the plan (false for a
    /// split over sources of different lead times).
    pub exact: bool,
}

/// All ways to buy for `pair`, preferred first.
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
    let locked: Vec<usize> = pair.locks.iter().map(|&(_, source, _)| source).collect();
    (0..pair.sources.len())
        .filter(|source| locked.is_empty() || locked.contains(source))
        .map(|source| way(problem, pair, sample, vec![(source, 1.0)]))
        .collect()
}

fn way(problem: &Problem, pair: &Pair, sample: &PairScenarios, sources: Vec<(usize, f64)>) -> Way {
    let item = &problem.items[pair.item];
    let horizon = problem.horizon;
    let parts: Vec<(&Source, f64)> =
        sources.iter().map(|&(index, share)| (&pair.sources[index], share)).collect();
    // The slowest source of a split stands for all: no plan relies on stock that is not there yet.
    let slowest = sources
        .iter()
        .max_by(|a, b| mean_lead(&pair.sources[a.0]).total_cmp(&mean_lead(&pair.sources[b.0])))
        .map_or(0, |&(index, _)| index);
    let allowed = |bucket: usize| {
        bucket >= problem.frozen_horizon
            && problem.locations[pair.location].may_order[bucket]
            && parts.iter().all(|(source, _)| problem.suppliers[source.supplier].takes_orders[bucket])
            && item.end.is_none_or(|end| (bucket as i64) < end)
    };
    let mut path = PathProblem::new(horizon, problem.scenarios, sample.demand.clone());
    path.arrival = closed_where(&sample.arrival[slowest], horizon, |bucket| !allowed(bucket));
    set_stock(&mut path, problem, pair, item);
    path.moq = parts.iter().map(|(source, share)| source.moq / share).fold(0.0, f64::max);
    path.multiple = common_multiple(&parts);
    path.yield_factor = parts.iter().map(|(source, share)| source.supply_fill * share).sum();
    let price = price_list(item, &parts, horizon);
    path.unit_cost = PriceList::from_periods((0..horizon).map(|bucket| {
        let premium = price.period(bucket).iter().map(|step| PriceBreak {
            unit_cost: step.unit_cost - item.unit_cost,
            ..*step
        });
        premium.collect::<Vec<_>>()
    }));
    for &(bucket, source, quantity) in &pair.locks {
        if sources.iter().any(|&(index, _)| index == source) && bucket < horizon {
            let locked = path.locked[bucket].get_or_insert(0.0);
            *locked += quantity;
        }
    }
    let exact = parts.windows(2).all(|two| two[0].0.lead_time_days == two[1].0.lead_time_days);
    Way { sources, path, price, exact }
}

fn set_stock(path: &mut PathProblem, problem: &Problem, pair: &Pair, item: &Item) {
    let on_hand: f64 = pair.lots.iter().map(|(quantity, _)| quantity).sum();
    path.initial_stock = on_hand - pair.backorder;
    path.inflow.copy_from_slice(&pair.inflow);
    path.lost_sales = item.lost_sales;
    path.holding_cost = vec![item.holding_cost; problem.horizon];
    path.shortage_cost = vec![problem.shortage_cost(pair); problem.horizon];
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

fn mean_lead(source: &Source) -> f64 {
    source.lead_time_days.iter().map(|&(days, probability)| f64::from(days) * probability).sum()
}

/// The arrivals with the buckets in which nothing may be ordered shut.
fn closed_where(arrival: &Arrival, horizon: usize, shut: impl Fn(usize) -> bool) -> Arrival {
    let close = |(index, at): (usize, &Option<usize>)| if shut(index % horizon) { None } else { *at };
    match arrival {
        Arrival::Common(at) => Arrival::Common(at.iter().enumerate().map(close).collect()),
        Arrival::PerScenario(at) => Arrival::PerScenario(at.iter().enumerate().map(close).collect()),
    }
}

/// Smallest total quantity whose shares are multiples for every source, to a
/// thousandth of a multiple; for shares that never fit (1/3 of whole cases of
/// a prime size) the largest multiple, and the lines are rounded.
fn common_multiple(parts: &[(&Source, f64)]) -> f64 {
    let largest = parts.iter().map(|(source, share)| source.multiple / share).fold(0.0, f64::max);
    if parts.len() == 1 {
        return largest;
    }
    let fits = |total: f64| {
        parts.iter().all(|(source, share)| {
            let multiples = total * share / source.multiple;
            (multiples - multiples.round()).abs() < 1e-3
        })
    };
    (1..=100).map(|k| f64::from(k) * largest).find(|&total| fits(total)).unwrap_or(largest)
}

/// Price of a unit of the split order, by bucket and least total quantity.
fn price_list(item: &Item, parts: &[(&Source, f64)], horizon: usize) -> PriceList {
    PriceList::from_periods((0..horizon).map(|bucket| {
        let mut limits: Vec<f64> = parts
            .iter()
            .flat_map(|(source, share)| {
                source.prices.iter().filter(|p| p.holds(bucket)).map(move |p| p.quantity / share)
            })
            .collect();
        limits.push(0.0);
        limits.sort_by(f64::total_cmp);
        limits.dedup();
        limits
            .into_iter()
            .map(|total| PriceBreak {
                min_quantity: total,
                unit_cost: parts
                    .iter()
                    .map(|(source, share)| share * source.price_at(bucket, total * share, item.unit_cost))
                    .sum(),
            })
            .collect::<Vec<_>>()
    }))
}
