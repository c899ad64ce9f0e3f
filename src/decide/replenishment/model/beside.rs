//! Given a stock point whose preferred source may not deliver enough, buy from further sources beside it.
//!
//! Method: every source is a way of its own, solved alone; a plan is the orders of one way and
//! lines beside it, simulated together. Moves add, take and shift multiples between sources and
//! buckets while the value falls ([`StockPoint::fill`] without shared limits,
//! [`polish`](super::polish) with them); small problems have all sources in one program.
//! Cost: O(passes x sources x buckets x moves) simulations.
//! Use the ways alone where the preferred source has no limits: they are exact.
//! Not for: a proof; the bound is that of an order path that buys from whichever source is
//! cheapest and soonest, weak where lead times differ much.
//! Same input gives the same answer: yes.

use super::super::plan::OrderLine;
use super::super::problem::Problem;
use super::part::{PointPlan, Ready, StockPoint, Valued};
use super::ways::{LineRule, Way};
use crate::optimize::allocation::Pricing;
use crate::optimize::inventory::order_path::{Arrival, PathProblem, PathTrace, PriceList, evaluate_supply};

/// Multiples by which a line is moved.
const MOVES: [f64; 8] = [16.0, 4.0, 2.0, 1.0, -1.0, -2.0, -4.0, -16.0];
/// Buckets between which multiples are shifted.
const REACH: usize = 3;
/// Most passes over all lines.
const PASSES: usize = 6;
/// Most sources that stand beside a way, those preferred most and those with a locked line.
const MOST_BESIDE: usize = 8;
/// Least gain of a move, relative to the value.
const LEAST_GAIN: f64 = 1e-12;

/// A further source of a stock point, as it stands beside a way.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    pub source: usize,
    fill: f64,
    pub fixed_cost: Vec<f64>,
    arrival: Arrival,
    /// What its lines may be, by bucket.
    rules: Vec<LineRule>,
}

impl Beside {
    fn of(way: &Way) -> Self {
        let path = &way.path;
        Beside {
            source: way.sources.first().map_or(0, |&(source, _)| source),
            fill: path.yield_factor,
            fixed_cost: path.fixed_cost.clone(),
            arrival: path.arrival.clone(),
            rules: (0..path.periods).map(|bucket| way.rule(bucket)).collect(),
        }
    }

    /// What a locked line of `bucket` adds to the inflow of the other ways, and when.
    fn inflow(&self, bucket: usize, periods: usize) -> Option<(usize, f64)> {
        let Arrival::Common(_) = self.arrival else { return None };
        let locked = self.rules[bucket].locked?;
        Some((self.arrival.within(periods, 0, bucket)?, self.fill * locked))
    }
}

/// Lets the ways of a stock point stand beside each other where that is allowed. Gives the order
/// path that no plan of them undercuts.
pub(super) fn join(problem: &Problem, pair: usize, ways: &mut [Way]) -> Option<PathProblem> {
    let pair = &problem.pairs[pair];
    if ways.len() < 2 || !problem.may_combine(pair) {
        return None;
    }
    let relaxed = relaxed(problem.items[pair.item].quantum, ways);
    let all: Vec<Beside> = ways.iter().map(Beside::of).collect();
    for (at, way) in ways.iter_mut().enumerate() {
        let is_near = |(other, of): &(usize, &Beside)| {
            *other != at && (*other <= MOST_BESIDE || of.rules.iter().any(|rule| rule.locked.is_some()))
        };
        let others = all.iter().enumerate().filter(is_near);
        way.beside = others.map(|(_, of)| of.clone()).collect();
        for of in &way.beside {
            for bucket in 0..way.path.periods {
                if let Some((at, units)) = of.inflow(bucket, way.path.periods) {
                    way.path.inflow[at] += units;
                }
            }
        }
    }
    Some(relaxed)
}

/// Any quantity from any of the ways, there as soon as the soonest, held and thrown away for
/// nothing where they do not arrive alike.
fn relaxed(quantum: f64, ways: &[Way]) -> PathProblem {
    let mut path = ways[0].path.clone();
    let least = |way: &Way| way.path.moq.max(way.path.multiple);
    path.locked = vec![None; path.periods];
    path.multiple = quantum;
    // A locked line may be smaller or larger than what a source takes otherwise.
    let is_locked = ways.iter().any(|way| way.path.locked.iter().any(Option::is_some));
    path.moq = if is_locked { quantum } else { ways.iter().map(least).fold(f64::INFINITY, f64::min) };
    path.yield_factor = ways.iter().map(|way| way.path.yield_factor).fold(0.0, f64::max);
    path.unit_cost = PriceList::single(&vec![0.0; path.periods]);
    path.max_order = if is_locked { None } else { ways.iter().map(|way| way.path.max_order).sum() };
    let is_alike = |way: &Way| {
        (&way.path.arrival, way.path.yield_factor) == (&ways[0].path.arrival, ways[0].path.yield_factor)
    };
    if !ways.iter().all(is_alike) {
        let arrivals: Vec<&Arrival> = ways.iter().map(|way| &way.path.arrival).collect();
        path.arrival = Arrival::soonest(&arrivals, path.periods, path.scenarios);
        path.holding_cost = vec![0.0; path.periods];
        (path.shelf_life, path.waste_cost) = (None, 0.0);
        path.initial_lots.clear();
    }
    path
}

impl StockPoint<'_> {
    /// All lines of orders of a way and of what stands beside it.
    pub(super) fn lines<'l>(
        &self,
        ready: &'l Ready,
        orders: &'l [f64],
        beside: &'l [OrderLine],
    ) -> impl Iterator<Item = OrderLine> + 'l {
        let pair = self.index;
        let placed = orders.iter().enumerate().filter(|(_, quantity)| **quantity > 0.0);
        let main = placed.flat_map(move |(bucket, &quantity)| {
            let lines = ready.way.lines(bucket, quantity);
            lines.map(move |(source, quantity)| OrderLine { pair, source, bucket, quantity })
        });
        main.chain(beside.iter().copied())
    }

    /// The lines beside a way that locks fix.
    pub(super) fn locked_beside(&self, ready: &Ready) -> Vec<OrderLine> {
        let of = |of: &Beside| {
            let (pair, source) = (self.index, of.source);
            let line = move |(bucket, rule): (usize, &LineRule)| {
                let quantity = rule.locked.filter(|units| *units > 0.0)?;
                Some(OrderLine { pair, source, bucket, quantity })
            };
            of.rules.iter().enumerate().filter_map(line).collect::<Vec<_>>()
        };
        ready.way.beside.iter().flat_map(of).collect()
    }

    /// What orders and the lines beside them lead to and cost.
    pub(super) fn trace_beside(&self, way: &Way, orders: &[f64], beside: &[OrderLine]) -> Option<PathTrace> {
        let (path, pair) = (&way.path, self.pair());
        let mut supply = vec![0.0; path.scenarios * path.periods];
        let (mut fixed, mut purchase) = (0.0, 0.0);
        let premium = |line: &OrderLine| {
            let price = pair.sources[line.source].price(line.bucket, line.quantity);
            line.quantity * (price - pair.reference_cost)
        };
        let mut arrive = |arrival: &Arrival, bucket: usize, units: f64| {
            for (scenario, course) in supply.chunks_exact_mut(path.periods).enumerate() {
                if let Some(at) = arrival.within(path.periods, scenario, bucket) {
                    course[at] += units;
                }
            }
        };
        for (bucket, &quantity) in orders.iter().enumerate().filter(|(_, quantity)| **quantity > 0.0) {
            arrive(&path.arrival, bucket, path.yield_factor * quantity);
            fixed += path.fixed_cost[bucket];
            let source = way.sources.first()?.0;
            purchase += premium(&OrderLine { pair: self.index, source, bucket, quantity });
        }
        for line in beside {
            let of = way.beside.iter().find(|of| of.source == line.source)?;
            // What is locked may be part of the inflow already.
            if of.inflow(line.bucket, path.periods).is_none() {
                arrive(&of.arrival, line.bucket, of.fill * line.quantity);
            }
            fixed += of.fixed_cost[line.bucket];
            purchase += premium(line);
        }
        let mut trace = evaluate_supply(path, &supply).ok()?;
        trace.cost.fixed += fixed;
        trace.cost.purchase += purchase;
        Some(trace)
    }

    /// Mean units that the lines beside a way bring in each bucket, besides its inflow.
    pub(super) fn arriving_beside(&self, way: &Way, beside: &[OrderLine], arriving: &mut [f64]) {
        let path = &way.path;
        for line in beside {
            let Some(of) = way.beside.iter().find(|of| of.source == line.source) else { continue };
            if of.inflow(line.bucket, path.periods).is_some() {
                continue;
            }
            for scenario in 0..path.scenarios {
                if let Some(at) = of.arrival.within(path.periods, scenario, line.bucket) {
                    arriving[at] += of.fill * line.quantity / path.scenarios as f64;
                }
            }
        }
    }

    /// Places where a plan can be moved: the buckets of its way, then those of every source beside it.
    pub fn slots(&self, plan: &PointPlan) -> usize {
        let beside = self.with_ways(|ways| ways.get(plan.way).map_or(0, |ready| ready.way.beside.len()));
        self.problem.horizon * (1 + beside)
    }

    /// The orders with `steps` multiples more (or fewer) in a slot, where its rules allow that.
    pub(super) fn shifted(
        &self,
        ready: &Ready,
        (orders, beside): (&[f64], &[OrderLine]),
        slot: usize,
        steps: f64,
    ) -> Option<(Vec<f64>, Vec<OrderLine>)> {
        let horizon = self.problem.horizon;
        let (mut orders, mut beside) = (orders.to_vec(), beside.to_vec());
        let Some(at) = slot.checked_sub(horizon) else {
            let before = orders[slot];
            orders[slot] = (before + steps * ready.way.path.multiple).max(0.0);
            let is_moved = (orders[slot] - before).abs() > 1e-12;
            return (is_moved && self.keeps_rules(ready, &orders)).then_some((orders, beside));
        };
        let (of, bucket) = (ready.way.beside.get(at / horizon)?, at % horizon);
        let known = beside.iter().position(|line| (line.source, line.bucket) == (of.source, bucket));
        let before = known.map_or(0.0, |at| beside[at].quantity);
        let rule = &of.rules[bucket];
        let mut after = (before + steps * rule.multiple).max(0.0);
        if before == 0.0 {
            after = after.max(if steps > 0.0 { rule.smallest() } else { 0.0 });
        } else if after < rule.smallest() {
            after = 0.0;
        }
        if (after - before).abs() <= 1e-12 || !rule.takes(after) {
            return None;
        }
        if let Some(known) = known {
            beside.remove(known);
        }
        if after > 0.0 {
            beside.push(OrderLine { pair: self.index, source: of.source, bucket, quantity: after });
            beside.sort_by_key(|line| (line.source, line.bucket));
        }
        Some((orders, beside))
    }

    /// Moves lines of all sources while the value falls.
    pub(super) fn fill(&self, index: usize, ready: &Ready, start: Valued, pricing: &Pricing<'_>) -> Valued {
        let (slots, horizon) = (self.slots(&start.plan), self.problem.horizon);
        let mut best = start;
        let improve = |best: &mut Valued, changes: &[(usize, f64)]| {
            let mut moved = (best.plan.orders.clone(), best.plan.beside.clone());
            for &(slot, steps) in changes {
                let Some(next) = self.shifted(ready, (&moved.0, &moved.1), slot, steps) else { return false };
                moved = next;
            }
            let tried = self.valued(index, ready, moved.0, moved.1, pricing);
            let least = best.value - LEAST_GAIN * best.value.abs().max(1.0);
            let Some(tried) = tried.filter(|tried| tried.value < least) else { return false };
            *best = tried;
            true
        };
        for _ in 0..PASSES {
            let mut has_moved = false;
            for slot in 0..slots {
                for steps in MOVES {
                    has_moved |= improve(&mut best, &[(slot, steps)]);
                }
                let near =
                    |other: &usize| *other != slot && (other % horizon).abs_diff(slot % horizon) <= REACH;
                for other in (0..slots).filter(near) {
                    for steps in [4.0, 1.0] {
                        has_moved |= improve(&mut best, &[(slot, -steps), (other, steps)]);
                    }
                }
            }
            if !has_moved {
                break;
            }
        }
        best
    }
}
