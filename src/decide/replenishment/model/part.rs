//! A stock point as a part of the whole: it answers prices of shared limits
//! with its best order path.

use super::super::plan::OrderLine;
use super::super::problem::{Pair, Problem};
use super::super::scenarios::PairScenarios;
use super::beside::join;
use super::branch::{close_unused, prove};
use super::limits::{Limits, cap_orders, fold_private_limits};
use super::ways::{Way, ways};
use crate::optimize::allocation::{Part, Pricing, Proposal};
use crate::optimize::inventory::order_path::{
    PathCost, PathError, PathOptions, PathProblem, PathSolution, PathTrace, Prepared, PriceBreak, PriceList,
    Workspace, evaluate_prepared, solve_prepared,
};

/// The plan of one stock point.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PointPlan {
    /// Index of the way it buys.
    pub way: usize,
    /// Total quantity by order bucket.
    pub orders: Vec<f64>,
    /// Lines from sources beside the way, in order of source and bucket.
    pub beside: Vec<OrderLine>,
    /// Its cost, without shared charges.
    pub cost: PathCost,
    /// What changing the earlier plan costs.
    pub stability: f64,
}

impl PointPlan {
    fn nothing(horizon: usize) -> Self {
        let (orders, beside) = (vec![0.0; horizon], Vec::new());
        PointPlan { way: 0, orders, beside, cost: PathCost::default(), stability: 0.0 }
    }

    /// All that the plan costs by itself.
    pub fn cost(&self) -> f64 {
        self.cost.total() + self.stability
    }
}

/// A stock point with the shared rows that it uses.
pub(crate) struct StockPoint<'a> {
    pub problem: &'a Problem,
    pub limits: &'a Limits,
    pub index: usize,
    sample: &'a PairScenarios,
    /// Kept where memory allows; else made for each question.
    ways: Option<Vec<Ready>>,
    pub(super) options: PathOptions,
    /// Lines of an earlier plan to stay close to.
    pub(super) earlier: Option<&'a [OrderLine]>,
}

/// A way to buy, prepared for many prices.
pub(crate) struct Ready {
    pub way: Way,
    prepared: Prepared,
    /// The path that bounds it: of a split, and of the first of ways that stand beside each other.
    relaxed: Option<(PathProblem, Prepared)>,
}

/// Ways that further sources are tried beside, those preferred most.
const MOST_COMBINED: usize = 2;

/// How much work an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// One solve of the order path.
    Usual,
    /// Branching where the order path leaves a gap.
    Proof,
}

/// Stock points up to which each is proved where no limit is shared.
const MOST_PROVED: usize = 2_000;

/// A plan at given prices: its value, and how much of each shared row it uses.
pub(super) struct Valued {
    pub plan: PointPlan,
    pub usage: Vec<(u32, f64)>,
    pub value: f64,
}

/// Memory of one thread, used again from part to part.
#[derive(Default)]
pub(crate) struct Memory {
    pub(super) paths: Workspace,
}

impl<'a> StockPoint<'a> {
    /// The stock point at `index`; `keep` holds its order paths ready for many questions.
    ///
    /// # Errors
    /// [`PathError`] where an order path is refused: a defect, since the problem is validated.
    pub fn new(
        problem: &'a Problem,
        limits: &'a Limits,
        index: usize,
        sample: &'a PairScenarios,
        earlier: Option<&'a [OrderLine]>,
        options: PathOptions,
        keep: bool,
    ) -> Result<Self, PathError> {
        let mut point = StockPoint { problem, limits, index, sample, ways: None, options, earlier };
        let ways = point.make_ways()?;
        if keep {
            point.ways = Some(ways);
        }
        Ok(point)
    }

    pub(super) fn pair(&self) -> &Pair {
        &self.problem.pairs[self.index]
    }

    fn make_ways(&self) -> Result<Vec<Ready>, PathError> {
        let mut list = ways(self.problem, self.pair(), self.sample);
        for way in &mut list {
            fold_private_limits(self.problem, self.limits, self.pair(), way);
            cap_orders(self.problem, self.limits, self.pair(), way);
        }
        let mut joined = join(self.problem, self.index, &mut list);
        let ready = |way: Way| {
            let split = way.split.as_ref().map(|split| split.relaxed(self.problem, self.pair(), &way));
            let bounding = split.or_else(|| joined.take());
            let prepared = |path| Prepared::new(&path).map(|prepared| (path, prepared));
            let relaxed = bounding.map(prepared).transpose()?;
            Ok(Ready { prepared: Prepared::new(&way.path)?, way, relaxed })
        };
        list.into_iter().map(ready).collect()
    }

    /// Runs `work` on the ways to buy, kept or made anew.
    pub fn with_ways<R>(&self, work: impl FnOnce(&[Ready]) -> R) -> R {
        match &self.ways {
            Some(ways) => work(ways),
            // The same construction succeeded when the stock point was made.
            None => work(&self.make_ways().unwrap_or_default()),
        }
    }

    /// How much of each shared row a plan uses.
    pub fn usage_of(&self, plan: &PointPlan) -> Vec<(u32, f64)> {
        self.with_ways(|ways| ways.get(plan.way).map_or_else(Vec::new, |ready| self.usage(ready, plan)))
    }

    /// The plan that buys these lines; `None` where no way does.
    pub fn bought(&self, lines: &[OrderLine]) -> Option<PointPlan> {
        let mut orders = vec![0.0; self.problem.horizon];
        self.with_ways(|ways| {
            let buys = |at: usize, line: &OrderLine| {
                ways[at].way.sources.iter().any(|(source, _)| *source == line.source)
            };
            let units = |at: usize| -> f64 {
                lines.iter().filter(|line| buys(at, line)).map(|line| line.quantity).sum()
            };
            // The way that most is bought by, the first of them.
            let index = (0..ways.len()).rev().max_by(|&a, &b| units(a).total_cmp(&units(b)))?;
            let (main, beside): (Vec<OrderLine>, Vec<OrderLine>) =
                lines.iter().partition(|line| buys(index, line));
            main.iter().for_each(|line| orders[line.bucket] += line.quantity);
            let stands = |line: &OrderLine| ways[index].way.beside.iter().any(|of| of.source == line.source);
            if !beside.iter().all(stands) {
                return None;
            }
            self.plan_of(index, &ways[index], orders, beside)
        })
    }

    /// The plan with `steps` multiples more (or fewer) in a [slot](StockPoint::slots), where its own
    /// rules allow that.
    pub fn moved(&self, plan: &PointPlan, slot: usize, steps: f64) -> Option<PointPlan> {
        self.with_ways(|ways| {
            let ready = ways.get(plan.way)?;
            let (orders, beside) = self.shifted(ready, (&plan.orders, &plan.beside), slot, steps)?;
            self.plan_of(plan.way, ready, orders, beside)
        })
    }

    /// The best plan without prices, and a lower bound of its cost where there is one.
    pub fn alone(&self, memory: &mut Memory) -> (PointPlan, Option<f64>) {
        let prices = vec![0.0; self.limits.rows.len()];
        let pricing = Pricing { cost_weight: 1.0, prices: &prices };
        let best = self.with_ways(|ways| self.best(ways, &pricing, self.work_alone(), true, memory));
        best.map_or_else(
            || (PointPlan::nothing(self.problem.horizon), None),
            |(best, bound)| (best.plan, Some(bound)),
        )
    }

    /// The best plan at these prices of the shared limits.
    pub fn at_prices(&self, prices: &[f64], memory: &mut Memory) -> PointPlan {
        let pricing = Pricing { cost_weight: 1.0, prices };
        let work = if self.limits.is_empty() { self.work_alone() } else { Work::Usual };
        let best = self.with_ways(|ways| self.best(ways, &pricing, work, true, memory));
        best.map_or_else(|| PointPlan::nothing(self.problem.horizon), |(best, _)| best.plan)
    }

    /// Proofs where there are few stock points; with many of them they would take too long.
    fn work_alone(&self) -> Work {
        if self.problem.pairs.len() <= MOST_PROVED { Work::Proof } else { Work::Usual }
    }

    /// The best plan over all ways at these prices, and a bound of its value; `None` where no
    /// way could be solved. With `combine` the ways preferred most are bought from beside each other.
    fn best(
        &self,
        ways: &[Ready],
        pricing: &Pricing<'_>,
        work: Work,
        combine: bool,
        memory: &mut Memory,
    ) -> Option<(Valued, f64)> {
        let mut best: Option<Valued> = None;
        let mut bound = f64::INFINITY;
        for (index, ready) in ways.iter().enumerate() {
            let Ok((solution, path, constant)) = self.solve_way(ready, pricing, work, memory) else {
                continue;
            };
            let proven = match &ready.relaxed {
                // The bound of the first way is that of all.
                None if !ready.way.beside.is_empty() => Ok((f64::INFINITY, Vec::new())),
                None => Ok((solution.bound + constant, Vec::new())),
                Some(relaxed) => self.split_bound(ready, relaxed, pricing, memory),
            };
            let Ok((proven, relaxed_orders)) = proven else { continue };
            let found = if ready.way.inexact().is_some() {
                self.split_orders(index, ready, vec![solution.orders, relaxed_orders], pricing)
            } else {
                let orders = self.stay_close(ready, &path, solution.orders, pricing.cost_weight);
                self.valued(index, ready, orders, self.locked_beside(ready), pricing)
            };
            let Some(mut found) = found else { continue };
            // Where plans are put together that is left to what does it.
            if combine && index < MOST_COMBINED && !ready.way.beside.is_empty() {
                found = self.fill(index, ready, found, pricing);
            }
            bound = bound.min(proven).min(found.value);
            if best.as_ref().is_none_or(|best| found.value < best.value) {
                best = Some(found);
            }
        }
        best.map(|best| (best, bound))
    }

    pub(super) fn valued(
        &self,
        index: usize,
        ready: &Ready,
        orders: Vec<f64>,
        beside: Vec<OrderLine>,
        pricing: &Pricing<'_>,
    ) -> Option<Valued> {
        let plan = self.plan_of(index, ready, orders, beside)?;
        let usage = self.usage(ready, &plan);
        let value = pricing.value(plan.cost(), &usage);
        Some(Valued { plan, usage, value })
    }

    /// True cost of the orders, without prices.
    pub(super) fn plan_of(
        &self,
        index: usize,
        ready: &Ready,
        orders: Vec<f64>,
        beside: Vec<OrderLine>,
    ) -> Option<PointPlan> {
        let cost = self.trace(ready, &orders, &beside)?.cost;
        let stability = self.stability_cost(ready, &orders, &beside);
        Some(PointPlan { way: index, orders, beside, cost, stability })
    }

    /// What the orders lead to.
    pub(super) fn trace(&self, ready: &Ready, orders: &[f64], beside: &[OrderLine]) -> Option<PathTrace> {
        if !beside.is_empty() {
            return self.trace_beside(&ready.way, orders, beside);
        }
        let trace = match ready.way.inexact() {
            Some(split) => split.trace(self.pair(), &ready.way.path, orders),
            None => evaluate_prepared(&ready.way.path, &ready.prepared, orders),
        };
        trace.ok()
    }

    /// Solves one way with the prices of shared limits on it; the last value is
    /// what prices charge whatever is ordered.
    fn solve_way(
        &self,
        ready: &Ready,
        pricing: &Pricing<'_>,
        work: Work,
        memory: &mut Memory,
    ) -> Result<(PathSolution, PathProblem, f64), PathError> {
        let of = &ready.way;
        let mut path = of.path.clone();
        let weight = pricing.cost_weight;
        for cost in path.holding_cost.iter_mut().chain(&mut path.shortage_cost).chain(&mut path.fixed_cost) {
            *cost *= weight;
        }
        path.waste_cost *= weight;
        let constant = self.charge_storage(of, pricing, &mut path.holding_cost);
        path.unit_cost = PriceList::from_periods((0..self.problem.horizon).map(|bucket| {
            let per_unit = self.unit_charge(of, bucket, pricing);
            let money = self.money_charge(of, bucket, pricing);
            let base = of.path.unit_cost.period(bucket).iter().zip(of.price.period(bucket));
            base.map(|(step, price)| PriceBreak {
                unit_cost: weight * step.unit_cost + per_unit + money * price.unit_cost,
                ..*step
            })
            .collect::<Vec<_>>()
        }));
        for bucket in 0..self.problem.horizon {
            path.fixed_cost[bucket] += self.line_charge(of, bucket, pricing);
        }
        if work == Work::Usual {
            let solution = solve_prepared(&path, &ready.prepared, &self.options, &mut memory.paths)?;
            return Ok((solution, path, constant));
        }
        let closed = close_unused(&mut path, &ready.prepared)?;
        let prepared = closed.as_ref().unwrap_or(&ready.prepared);
        let solution = solve_prepared(&path, prepared, &self.options, &mut memory.paths)?;
        Ok((prove(&path, prepared, solution, &self.options, memory), path, constant))
    }

    /// Quantities of the earlier plan bought this way, by bucket.
    pub(super) fn earlier_orders(&self, ready: &Ready) -> Option<Vec<f64>> {
        let lines = self.earlier.filter(|_| self.problem.stability_penalty > 0.0)?;
        let mut orders = vec![0.0; self.problem.horizon];
        for line in lines.iter().filter(|line| line.bucket < self.problem.horizon) {
            if ready.way.sources.iter().any(|&(source, _)| source == line.source) {
                orders[line.bucket] += line.quantity;
            }
        }
        Some(orders)
    }

    /// What changing the earlier plan to these orders costs, line by line.
    fn stability_cost(&self, ready: &Ready, orders: &[f64], beside: &[OrderLine]) -> f64 {
        let Some(earlier) = self.earlier.filter(|_| self.problem.stability_penalty > 0.0) else { return 0.0 };
        let (mut changed, mut gone) = (0.0, earlier.iter().map(|line| line.quantity).sum::<f64>());
        for line in self.lines(ready, orders, beside) {
            let is_same = |known: &&OrderLine| (known.bucket, known.source) == (line.bucket, line.source);
            let before: f64 = earlier.iter().filter(is_same).map(|line| line.quantity).sum();
            changed += (line.quantity - before).abs();
            gone -= before;
        }
        self.problem.stability_penalty * (changed + gone.max(0.0))
    }

    /// Moves a plan toward the earlier one, bucket by bucket, while cost and
    /// penalty together fall.
    fn stay_close(&self, ready: &Ready, path: &PathProblem, orders: Vec<f64>, weight: f64) -> Vec<f64> {
        let Some(earlier) = self.earlier_orders(ready) else { return orders };
        let value = |orders: &[f64]| match evaluate_prepared(path, &ready.prepared, orders) {
            Ok(trace) => trace.cost.total() + weight * self.stability_cost(ready, orders, &[]),
            Err(_) => f64::INFINITY,
        };
        let mut best = orders;
        let mut least = value(&best);
        let whole = value(&earlier);
        if self.keeps_rules(ready, &earlier) && whole < least {
            (best, least) = (earlier.clone(), whole);
        }
        loop {
            let mut moved = false;
            for bucket in 0..best.len() {
                if best[bucket] == earlier[bucket] {
                    continue;
                }
                let mut tried = best.clone();
                tried[bucket] = earlier[bucket];
                let cost = if self.keeps_rules(ready, &tried) { value(&tried) } else { f64::INFINITY };
                if cost < least {
                    (best, least, moved) = (tried, cost, true);
                }
            }
            if !moved {
                return best;
            }
        }
    }

    /// Whether orders keep the line rules of the way: closed buckets, locks, least and whole quantities.
    pub(super) fn keeps_rules(&self, ready: &Ready, orders: &[f64]) -> bool {
        orders.iter().enumerate().all(|(bucket, &quantity)| ready.way.rule(bucket).takes(quantity))
    }
}

impl Part for StockPoint<'_> {
    type Choice = PointPlan;
    type Workspace = Memory;

    fn propose(&self, pricing: &Pricing<'_>, memory: &mut Memory) -> Proposal<PointPlan> {
        self.proposal(pricing, Work::Usual, memory)
    }

    fn prove(&self, pricing: &Pricing<'_>, memory: &mut Memory) -> Proposal<PointPlan> {
        self.proposal(pricing, Work::Proof, memory)
    }
}

impl StockPoint<'_> {
    fn proposal(&self, pricing: &Pricing<'_>, work: Work, memory: &mut Memory) -> Proposal<PointPlan> {
        let best = self.with_ways(|ways| self.best(ways, pricing, work, false, memory));
        let Some((Valued { plan, usage, .. }, bound)) = best else {
            // No way can be solved: no finite cost, which the allocation refuses by name.
            let choice = PointPlan::nothing(self.problem.horizon);
            return Proposal { cost: f64::INFINITY, bound: f64::INFINITY, usage: Vec::new(), choice };
        };
        Proposal { cost: plan.cost(), bound, usage, choice: plan }
    }
}
