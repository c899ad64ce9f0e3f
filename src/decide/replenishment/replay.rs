//! One step of the backtest of order decisions: what is known, what is ordered,
//! what happens, what it costs.
//!
//! Demand of a replayed bucket is the recorded sale. An order arrives in the
//! first bucket that begins at or after its date plus the lead time; the replay
//! of a stock point ends before an order of one round more would arrive. What an
//! order costs counts in the bucket in which it arrives, so that the costs from
//! round 1's arrival on are those of all orders that were decided, and of no other.
//! The lead time of a stock point is that of its first source. What a plan orders
//! from another one arrives when that one delivers, and is paid when the first one
//! would have: so the costs of all rounds count once, whoever delivers.

use super::model;
use super::plan::OrderLine;
use super::problem::{Problem, Source};
use super::scenarios::Scenarios;
use crate::control::Control;
use crate::data::{Code, Fault, Faults};
use crate::decide::backtest::{Stage, StepCost};

/// Buckets that the simple rule averages over.
pub(crate) const RULE_BUCKETS: usize = 13;

/// What the policies of a window share: the facts.
pub(crate) struct Facts<'a> {
    /// The problem as read with all history known.
    pub all: &'a Problem,
    /// Index into the history of the window's first bucket.
    pub first: usize,
    /// Buckets between two decisions.
    pub review: usize,
    /// Decisions in the window.
    pub rounds: usize,
    /// Money for a missing unit, given or implied by the target, by stock point.
    pub shortage_cost: Vec<f64>,
    /// Buckets from an order with the first source to its arrival, by stock point.
    pub lead: Vec<usize>,
    /// Buckets from an order to its arrival, by stock point and source.
    pub leads: Vec<Vec<usize>>,
    /// Buckets replayed, by stock point.
    pub length: Vec<usize>,
    /// Stock and arrivals at the start, by stock point.
    pub start: Vec<Start>,
}

/// How a stock point starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Start {
    /// Lots on hand: units and the last bucket of the window in which they can be used.
    pub lots: Vec<(f64, Option<usize>)>,
    /// Units owed.
    pub backorder: f64,
    /// Units that arrive at the start of each bucket.
    pub arrivals: Vec<f64>,
}

impl Facts<'_> {
    /// Recorded sales of a stock point in a bucket of the window; unknown ones count as none.
    pub fn demand(&self, pair: usize, bucket: usize) -> f64 {
        let sale = self.all.pairs[pair].sales.get(self.first + bucket).copied().unwrap_or(0.0);
        if sale.is_finite() { sale.max(0.0) } else { 0.0 }
    }

    /// Mean of the last buckets before `bucket` of the window.
    pub fn recent_mean(&self, pair: usize, bucket: usize) -> f64 {
        let until = self.first + bucket;
        let known = self.all.pairs[pair].sales.get(until.saturating_sub(RULE_BUCKETS)..until).unwrap_or(&[]);
        let (sum, count) = known
            .iter()
            .filter(|sale| sale.is_finite())
            .fold((0.0, 0.0), |(sum, count), sale| (sum + sale.max(0.0), count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    }

    /// Share of replayed buckets that were flagged as stock-outs.
    pub fn flagged_share(&self) -> f64 {
        let cells: usize = self.length.iter().sum();
        let flagged: usize = self
            .all
            .pairs
            .iter()
            .zip(&self.length)
            .map(|(pair, &length)| {
                let marks = pair.marks.get(self.first..self.first + length).unwrap_or(&[]);
                marks.iter().filter(|mark| mark.censored).count()
            })
            .sum();
        if cells > 0 { flagged as f64 / cells as f64 } else { 0.0 }
    }
}

/// How a policy orders in a bucket of the window.
pub(crate) trait Orders: Send {
    /// What to order now, knowing the state of the warehouse.
    fn orders(&mut self, bucket: usize, warehouse: &Warehouse<'_>) -> Result<Vec<OrderLine>, Faults>;
}

/// Quantities by stock point as lines of `bucket` with each first source.
fn of_first_source(bucket: usize, quantities: impl IntoIterator<Item = f64>) -> Vec<OrderLine> {
    let line = |(pair, quantity)| OrderLine { pair, source: 0, bucket, quantity };
    quantities.into_iter().enumerate().map(line).filter(|line| line.quantity > 0.0).collect()
}

/// Stock, pipeline and costs of one policy in one window.
pub(crate) struct Warehouse<'a> {
    pub facts: &'a Facts<'a>,
    points: Vec<Point>,
    /// All lines ordered so far.
    pub ordered: Vec<OrderLine>,
}

#[derive(Debug, Clone)]
struct Point {
    lots: Vec<(f64, Option<usize>)>,
    backorder: f64,
    /// Units by bucket of the arrival, those after the end of the replay too.
    arrivals: Vec<f64>,
    /// Money for orders and lines, by bucket in which the first source would deliver them.
    order_cost: Vec<f64>,
    /// Money above the lowest price, likewise.
    variance: Vec<f64>,
}

impl<'a> Warehouse<'a> {
    /// The warehouse at the window's start.
    pub fn new(facts: &'a Facts<'a>) -> Self {
        let points: Vec<Point> = facts
            .start
            .iter()
            .zip(facts.length.iter().zip(&facts.leads))
            .map(|(start, (length, leads))| {
                let longest = leads.iter().max().map_or(0, |lead| length + lead);
                let mut arrivals = start.arrivals.clone();
                arrivals.resize(longest, 0.0);
                let none = || vec![0.0; longest];
                Point {
                    lots: start.lots.clone(),
                    backorder: start.backorder,
                    arrivals,
                    order_cost: none(),
                    variance: none(),
                }
            })
            .collect();
        Warehouse { facts, points, ordered: Vec::new() }
    }

    /// Units on hand or on order less units owed, before the bucket's demand.
    pub fn position(&self, pair: usize, bucket: usize) -> f64 {
        let point = &self.points[pair];
        let on_hand: f64 = point.lots.iter().map(|(quantity, _)| quantity).sum();
        on_hand + point.arrivals.iter().skip(bucket).sum::<f64>() - point.backorder
    }

    /// Writes the state before `bucket` into a problem read for that date.
    pub fn enter(&self, bucket: usize, problem: &mut Problem) {
        for (pair, point) in problem.pairs.iter_mut().zip(&self.points) {
            pair.lots = point
                .lots
                .iter()
                .map(|&(quantity, last)| (quantity, last.map(|last| last as i64 - bucket as i64)))
                .collect();
            pair.backorder = point.backorder;
            let coming = point.arrivals.iter().skip(bucket).copied();
            pair.inflow = coming.chain(std::iter::repeat(0.0)).take(problem.horizon).collect();
            pair.locks.clear();
        }
    }

    /// Places orders of `bucket`: they arrive after the lead time of their source, and are paid after that of
    /// the first one.
    fn place(&mut self, bucket: usize, orders: Vec<OrderLine>) {
        let problem = self.facts.all;
        let mut lines = vec![Vec::new(); problem.suppliers.len()];
        for line in orders {
            let OrderLine { pair: index, source, quantity, .. } = line;
            let pair = &problem.pairs[index];
            let Some(of) = pair.sources.get(source) else { continue };
            let point = &mut self.points[index];
            point.arrivals[bucket + self.facts.leads[index][source]] += quantity * of.supply_fill;
            let at = bucket + self.facts.lead[index];
            point.order_cost[at] += of.line_cost;
            point.variance[at] += quantity * (of.price(0, quantity) - pair.reference_cost);
            lines[of.supplier].push((index, at));
            self.ordered.push(line);
        }
        for (supplier, lines) in lines.iter().enumerate().filter(|(_, lines)| !lines.is_empty()) {
            let share = problem.suppliers[supplier].order_cost / lines.len() as f64;
            for &(index, at) in lines {
                self.points[index].order_cost[at] += share;
            }
        }
    }

    /// Lets the bucket happen at one stock point.
    fn step(&mut self, index: usize, bucket: usize) -> StepCost {
        let pair = &self.facts.all.pairs[index];
        let item = &self.facts.all.items[pair.item];
        let shortage_price = self.facts.shortage_cost[index];
        let demand = self.facts.demand(index, bucket);
        let point = &mut self.points[index];
        if point.arrivals[bucket] > 0.0 {
            let last = item.shelf_life.map(|life| bucket + life.saturating_sub(1));
            point.lots.push((point.arrivals[bucket], last));
        }
        take(&mut point.lots, &mut point.backorder);
        let mut unmet = demand;
        take(&mut point.lots, &mut unmet);
        let served = demand - unmet;
        if item.lost_sales {
            // What was owed at the start is lost where it cannot be served at once.
            unmet += std::mem::take(&mut point.backorder);
        } else {
            point.backorder += unmet;
        }
        let stock: f64 = point.lots.iter().map(|(quantity, _)| quantity).sum();
        let expired: f64 = point
            .lots
            .iter()
            .filter(|(_, last)| last.is_some_and(|last| last <= bucket))
            .map(|lot| lot.0)
            .sum();
        point.lots.retain(|(quantity, last)| *quantity > 0.0 && last.is_none_or(|last| last > bucket));
        let short = if item.lost_sales { unmet } else { point.backorder };
        StepCost {
            holding: item.holding_cost * stock,
            shortage: shortage_price * short,
            order: point.order_cost[bucket],
            purchase_variance: point.variance[bucket],
            waste: item.waste_cost * expired,
            demand,
            served,
            stock,
        }
    }
}

/// Serves `wanted` from the lots, those that expire first before others.
fn take(lots: &mut [(f64, Option<usize>)], wanted: &mut f64) {
    lots.sort_by_key(|&(_, last)| last.unwrap_or(usize::MAX));
    for (quantity, _) in lots.iter_mut() {
        let used = quantity.min(*wanted);
        *quantity -= used;
        *wanted -= used;
    }
}

/// A policy at work in a warehouse.
pub(crate) struct Trial<'a> {
    pub warehouse: Warehouse<'a>,
    pub policy: Box<dyn Orders + 'a>,
}

impl Stage for Trial<'_> {
    fn decide(&mut self, bucket: usize) -> Result<(), Faults> {
        let orders = self.policy.orders(bucket, &self.warehouse)?;
        self.warehouse.place(bucket, orders);
        Ok(())
    }

    fn happen(&mut self, bucket: usize) -> Vec<Option<StepCost>> {
        (0..self.warehouse.points.len())
            .map(|index| {
                (bucket < self.warehouse.facts.length[index]).then(|| self.warehouse.step(index, bucket))
            })
            .collect()
    }
}

/// Mean of the last buckets times a coverage, less the position, in whole units.
pub(crate) struct Rule {
    /// Buckets covered beyond the lead time's own; `lead + extra` in all.
    pub coverage: Coverage,
}

/// How many buckets a rule covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Coverage {
    /// Lead time, review period and one bucket.
    Simple,
    /// This many more (or fewer) buckets than [`Coverage::Simple`].
    Shifted(f64),
}

impl Orders for Rule {
    fn orders(&mut self, bucket: usize, warehouse: &Warehouse<'_>) -> Result<Vec<OrderLine>, Faults> {
        let facts = warehouse.facts;
        let shift = match self.coverage {
            Coverage::Simple => 0.0,
            Coverage::Shifted(buckets) => buckets,
        };
        let wanted = |pair: usize| {
            let cover = (facts.lead[pair] + facts.review + 1) as f64 + shift;
            let wanted = facts.recent_mean(pair, bucket) * cover - warehouse.position(pair, bucket);
            wanted.max(0.0).round()
        };
        Ok(of_first_source(bucket, (0..facts.lead.len()).map(wanted)))
    }
}

/// Orders that were decided before: the planner's own, or those that foresight found.
pub(crate) struct Given {
    pub lines: Vec<OrderLine>,
}

impl Given {
    /// Quantities by stock point and bucket of the window, from each first source.
    pub fn of_first_sources(orders: &[Vec<f64>]) -> Self {
        let buckets = orders.iter().map(Vec::len).max().unwrap_or(0);
        let of = |bucket: usize| {
            let quantities = orders.iter().map(move |of| of.get(bucket).copied().unwrap_or(0.0));
            of_first_source(bucket, quantities)
        };
        Given { lines: (0..buckets).flat_map(of).collect() }
    }
}

impl Orders for Given {
    fn orders(&mut self, bucket: usize, _: &Warehouse<'_>) -> Result<Vec<OrderLine>, Faults> {
        Ok(self.lines.iter().filter(|line| line.bucket == bucket).copied().collect())
    }
}

/// The source of a line of `known` among those of `all`, where prices of another day may have them in
/// another order.
fn same_source(known: &Problem, all: &Problem, line: &OrderLine) -> Option<usize> {
    let supplier = |problem: &Problem, source: &Source| problem.suppliers[source.supplier].code.clone();
    let wanted = supplier(known, known.pairs[line.pair].sources.get(line.source)?);
    all.pairs[line.pair].sources.iter().position(|source| supplier(all, source) == wanted)
}

/// The product's decision in a replay.
pub(crate) struct Purvey<'a> {
    /// What was known at each decision.
    pub known: &'a [(Problem, Scenarios)],
    pub control: Control,
}

impl Orders for Purvey<'_> {
    fn orders(&mut self, bucket: usize, warehouse: &Warehouse<'_>) -> Result<Vec<OrderLine>, Faults> {
        let Some((problem, scenarios)) = self.known.get(bucket / warehouse.facts.review) else {
            return Ok(Vec::new());
        };
        let mut problem = problem.clone();
        warehouse.enter(bucket, &mut problem);
        let aim = model::Aim::Orders;
        let answer = model::plan_to(&problem, scenarios, None, aim, &self.control).map_err(|error| {
            Faults::from(Fault::error(Code::Contradiction, problem.name.clone(), error.to_string()))
        })?;
        let now = answer.plan.lines.into_iter().filter(|line| line.bucket == 0);
        let as_replayed = |line: OrderLine| {
            let source = same_source(&problem, warehouse.facts.all, &line)?;
            Some(OrderLine { bucket, source, ..line })
        };
        Ok(now.filter_map(as_replayed).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::explain::tests::problem;
    use super::*;
    use crate::decide::backtest::{Schedule, play};

    /// A shop with a slow supplier and a quick one, at these prices.
    fn shop(prices: [f64; 2]) -> Problem {
        let mut sales = "item,date,quantity\n".to_owned();
        for week in 0..8 {
            let day = chrono::NaiveDate::from_ymd_opt(2023, 12, 4).unwrap() + chrono::Duration::weeks(week);
            sales += &format!("A,{day},1\n");
        }
        let suppliers = "supplier,lead_time_days,order_cost\nSLOW,28,0.5\nQUICK,7,0.75\n";
        let items = "item,unit_cost,price,holding_cost,unmet_demand\nA,2,5,0.4,backorder\n";
        let [slow, quick] = prices;
        let sourcing = format!("item,supplier,unit_price\nA,SLOW,{slow}\nA,QUICK,{quick}\n");
        let stock = "item,date,on_hand\nA,2024-01-29,0\n";
        let tables = [
            ("sales", &*sales),
            ("suppliers", suppliers),
            ("items", items),
            ("stock", stock),
            ("sourcing", &*sourcing),
        ];
        problem(&tables, &[])
    }

    fn code(problem: &Problem, source: usize) -> &str {
        &problem.suppliers[problem.pairs[0].sources[source].supplier].code
    }

    #[test]
    fn goods_of_another_source_come_when_it_delivers_and_are_paid_once() {
        let all = shop([2.0, 2.5]);
        assert_eq!((code(&all, 0), code(&all, 1)), ("SLOW", "QUICK"));
        let facts = Facts {
            all: &all,
            first: 2,
            review: 1,
            rounds: 1,
            shortage_cost: vec![3.0],
            lead: vec![4],
            leads: vec![vec![4, 1]],
            length: vec![5],
            start: vec![Start { lots: vec![(0.0, None)], backorder: 0.0, arrivals: vec![0.0; 4] }],
        };
        let line = OrderLine { pair: 0, source: 1, bucket: 0, quantity: 5.0 };
        let policy = Box::new(Given { lines: vec![line] });
        let mut trial = Trial { warehouse: Warehouse::new(&facts), policy };
        let schedule =
            Schedule { from: all.plan_date, decisions: vec![0], buckets: 5, controllable_from: vec![4] };
        let played = play(&schedule, &mut trial).unwrap();
        for costs in [&played.controllable, &played.total] {
            assert_eq!((costs.order, costs.purchase_variance), (0.75, 2.5));
        }
        // One unit is owed in the first week alone; the five of the quick source serve the others.
        assert_eq!(played.total.shortage, 3.0);
    }

    #[test]
    fn a_source_is_found_again_where_prices_put_it_elsewhere() {
        let (before, after) = (shop([2.0, 2.5]), shop([2.5, 2.0]));
        assert_eq!(code(&after, 0), "QUICK");
        for source in 0..2 {
            let line = OrderLine { pair: 0, source, bucket: 0, quantity: 1.0 };
            let again = same_source(&before, &after, &line).unwrap();
            assert_eq!(code(&after, again), code(&before, source));
        }
    }
}
