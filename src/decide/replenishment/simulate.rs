//! What a plan leads to at one stock point, scenario by scenario: the checker's
//! own simulation, written from `docs/replenishment.md` and sharing no code with
//! the solver.
//!
//! In a bucket arrivals come first, then waiting backorders, then the bucket's
//! demand, first expired first out; then stock is counted, unmet demand is
//! counted, and what may no longer be sold is thrown away.
//! Cost: time O(S T (1 + lots)), memory O(S T) for the traces that are kept.

use super::plan::OrderLine;
use super::problem::{Pair, Problem};
use super::scenarios::{PairScenarios, Scenarios};

/// What happens at a stock point under a plan: means over the scenarios by
/// bucket, and the stock of every scenario.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Trace {
    /// Units that arrive.
    pub arrivals: Vec<f64>,
    /// Units asked for.
    pub demand: Vec<f64>,
    /// Stock right after the arrivals, before demand.
    pub after_arrivals: Vec<f64>,
    /// Stock at the end, before what expires is thrown away.
    pub stock: Vec<f64>,
    /// Units lost, or waiting at the end.
    pub unmet: Vec<f64>,
    /// Units of the bucket's own demand that were served in it.
    pub served: Vec<f64>,
    /// Units thrown away.
    pub waste: Vec<f64>,
    /// Share of scenarios with unmet demand.
    pub stock_out: Vec<f64>,
    /// Stock at the end, bucket by bucket, all scenarios.
    pub stocks: Vec<f32>,
}

/// A lot on hand: units and the last bucket in which they can be sold.
type Lot = (f64, i64);

/// Last bucket of a lot that keeps.
const KEEPS: i64 = i64::MAX;

/// Simulates `lines` (those of this stock point) over all scenarios.
pub(crate) fn simulate(problem: &Problem, scenarios: &Scenarios, index: usize, lines: &[OrderLine]) -> Trace {
    let (horizon, count) = (problem.horizon, scenarios.count.max(1));
    let pair = &problem.pairs[index];
    let sample = &scenarios.pairs[index];
    let mut trace = Trace::of(horizon, count);
    let mut arriving = vec![0.0; horizon];
    let mut lots: Vec<Lot> = Vec::new();
    // Stock without a date is as fresh as what arrives in the first bucket.
    let fresh = problem.items[pair.item].shelf_life.map_or(KEEPS, |life| life as i64 - 1);
    for scenario in 0..scenarios.count {
        arrivals_of(problem, scenarios, pair, sample, lines, scenario, &mut arriving);
        lots.clear();
        lots.extend(pair.lots.iter().map(|&(quantity, last)| (quantity, last.unwrap_or(fresh))));
        run(problem, pair, sample.path(scenario, horizon), &arriving, &mut lots, scenario, &mut trace);
    }
    let share = 1.0 / count as f64;
    trace.means().for_each(|mean| mean.iter_mut().for_each(|value| *value *= share));
    trace
}

/// Usable units by bucket in one scenario: what is on its way, and the plan's lines.
fn arrivals_of(
    problem: &Problem,
    scenarios: &Scenarios,
    pair: &Pair,
    sample: &PairScenarios,
    lines: &[OrderLine],
    scenario: usize,
    arriving: &mut [f64],
) {
    arriving.copy_from_slice(&pair.inflow);
    for line in lines {
        let Some(source) = pair.sources.get(line.source) else { continue };
        let drawn = sample.lead_time_days.get(line.source * scenarios.count + scenario).copied();
        let certain = source.lead_time_days.first().map_or(0, |(days, _)| *days);
        let days = if source.lead_time_days.len() > 1 { drawn.map_or(certain, u32::from) } else { certain };
        let at = problem.arrival_bucket(source, line.bucket, days);
        if let Some(slot) = usize::try_from(at).ok().and_then(|at| arriving.get_mut(at)) {
            *slot += line.quantity * source.supply_fill;
        }
    }
}

fn run(
    problem: &Problem,
    pair: &Pair,
    demand: &[f32],
    arriving: &[f64],
    lots: &mut Vec<Lot>,
    scenario: usize,
    trace: &mut Trace,
) {
    let item = &problem.items[pair.item];
    let mut waiting = pair.backorder;
    for (bucket, &arrived) in arriving.iter().enumerate() {
        let now = bucket as i64;
        if arrived > 0.0 {
            let last = item.shelf_life.map_or(KEEPS, |life| now + life as i64 - 1);
            lots.push((arrived, last));
        }
        let wanted = demand.get(bucket).map_or(0.0, |units| f64::from(*units));
        let on_hand: f64 = lots.iter().map(|(quantity, _)| quantity).sum();
        trace.arrivals[bucket] += arrived;
        trace.demand[bucket] += wanted;
        trace.after_arrivals[bucket] += on_hand;
        if item.shelf_life.is_some() {
            lots.sort_by_key(|&(_, last)| last);
        }
        waiting -= take(lots, waiting);
        let served = take(lots, wanted);
        let short = wanted - served;
        let unmet = if item.lost_sales {
            // Owed units of an item whose sales are lost are demand of the first bucket.
            let all = short + if bucket == 0 { waiting } else { 0.0 };
            waiting = 0.0;
            all
        } else {
            waiting += short;
            waiting
        };
        lots.retain(|(quantity, _)| *quantity > 0.0);
        let left: f64 = lots.iter().map(|(quantity, _)| quantity).sum();
        let expired: f64 = lots.iter().filter(|(_, last)| *last <= now).map(|(quantity, _)| quantity).sum();
        lots.retain(|(_, last)| *last > now);
        trace.served[bucket] += served;
        trace.stock[bucket] += left;
        trace.unmet[bucket] += unmet;
        trace.waste[bucket] += expired;
        trace.stock_out[bucket] += f64::from(u8::from(unmet > 1e-9));
        let slot = bucket * (trace.stocks.len() / arriving.len()) + scenario;
        if let Some(slot) = trace.stocks.get_mut(slot) {
            *slot = left as f32;
        }
    }
}

/// Takes up to `wanted` units from the lots in their order; gives what was taken.
fn take(lots: &mut [Lot], wanted: f64) -> f64 {
    let mut left = wanted;
    for (quantity, _) in lots.iter_mut() {
        if left <= 0.0 {
            break;
        }
        let used = quantity.min(left);
        *quantity -= used;
        left -= used;
    }
    wanted - left
}

impl Trace {
    fn of(horizon: usize, scenarios: usize) -> Self {
        let zeros = || vec![0.0; horizon];
        Trace {
            arrivals: zeros(),
            demand: zeros(),
            after_arrivals: zeros(),
            stock: zeros(),
            unmet: zeros(),
            served: zeros(),
            waste: zeros(),
            stock_out: zeros(),
            stocks: vec![0.0; horizon * scenarios],
        }
    }

    fn means(&mut self) -> impl Iterator<Item = &mut Vec<f64>> {
        [
            &mut self.arrivals,
            &mut self.demand,
            &mut self.after_arrivals,
            &mut self.stock,
            &mut self.unmet,
            &mut self.served,
            &mut self.waste,
            &mut self.stock_out,
        ]
        .into_iter()
    }

    /// Stock at the end of `bucket` that is not exceeded in this share of the scenarios.
    pub fn stock_quantile(&self, bucket: usize, level: f64) -> f64 {
        let count = self.stocks.len() / self.stock.len().max(1);
        let mut stocks = self.stocks.get(bucket * count..(bucket + 1) * count).unwrap_or(&[]).to_vec();
        stocks.sort_by(f32::total_cmp);
        let at = (level * count as f64).ceil().max(1.0) as usize - 1;
        stocks.get(at.min(count.saturating_sub(1))).map_or(0.0, |stock| f64::from(*stock))
    }
}
