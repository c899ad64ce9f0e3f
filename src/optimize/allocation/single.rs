//! Given parts that share one row, find the price of the row at which the priced problem's bound is highest.
//!
//! Method: Lagrangian relaxation of the row. The bound is the sum of one
//! concave function a part; each is known from the answers at the two ends of
//! a bracket around the best price, which makes a two-option model of the part
//! and a cutting-plane model of the sum (Kelley 1960, "The cutting-plane
//! method for solving convex programs", doi:10.1137/0108053, one model a
//! part). The next price is the model's best one, a weighted median of the
//! parts' break-even prices. A part that answers alike at both ends answers so
//! in between and is not asked again, so that late rounds cost next to nothing.
//! Cost: a handful of full rounds; time O(n) besides the parts' own, memory O(n).
//! Use `bundle` instead when there are several rows or switches.
//! Not for: parts that are not solved exactly are correct but never pruned.
//! Same input and work limit give the same answer: yes; sums run in part order.
//! Differs from the paper: none but the model for each part and the pruning.

use super::coupling::{AllocationError, SharedRow};
use super::offers::{Answer, Offers, Pricing};
use super::state::Effort;

/// A bracket this narrow in rounds: more than the pool of a part can hold would be needed to go on.
const MOST_ROUNDS: u64 = 60;
/// Relative distance of bound and model at which the price is exact.
const PRICE_TOLERANCE: f64 = 1e-12;
/// The price grows by this factor until the row holds.
const GROWTH: f64 = 8.0;

/// A price, its bound, and an option for each part to start a repair from.
pub(super) struct PricedRow {
    pub price: f64,
    pub bound: f64,
    pub options: Vec<u32>,
    /// Least usage beyond the limit, where it cannot be met.
    pub excess: Option<f64>,
}

/// What a part answered at one end of the bracket; usage in the direction of the limit.
#[derive(Clone, Copy)]
struct Side {
    option: u32,
    cost: f64,
    usage: f64,
    exact: bool,
}

/// The row seen as `sign * usage <= limit`, with the parts that are still open.
struct Search<'a, O: Offers> {
    offers: &'a mut O,
    sign: f64,
    limit: f64,
    low: Vec<Side>,
    high: Vec<Side>,
    active: Vec<u32>,
    /// Cost and usage of the parts that are no longer active.
    settled: (f64, f64),
    answers: Vec<Answer>,
    best: (f64, f64),
}

pub(super) fn price_row<O: Offers>(
    offers: &mut O,
    row: &SharedRow,
    effort: &mut Effort<'_>,
) -> Result<PricedRow, AllocationError> {
    let parts = offers.parts();
    let mut answers = Vec::new();
    effort.round();
    offers.ask(None, &Pricing { cost_weight: 1.0, prices: &[0.0] }, &mut answers)?;
    let usage: f64 = (0..parts).map(|part| used(offers.usage(part, answers[part].option))).sum();
    if row.allows(usage) {
        let bound = answers.iter().map(|answer| answer.bound).sum();
        let options = answers.iter().map(|answer| answer.option).collect();
        return Ok(PricedRow { price: 0.0, bound, options, excess: None });
    }
    let (sign, limit) = if usage > row.upper { (1.0, row.upper) } else { (-1.0, -row.lower) };
    let mut search = Search {
        offers,
        sign,
        limit,
        low: Vec::new(),
        high: Vec::new(),
        active: (0..parts as u32).collect(),
        settled: (0.0, 0.0),
        answers,
        best: (f64::NEG_INFINITY, 0.0),
    };
    search.note_bound(0.0);
    search.low = search.sides(1.0, 0.0);
    if let Some(excess) = search.open_bracket(row, effort)? {
        let options = search.high.iter().map(|side| side.option).collect();
        return Ok(PricedRow {
            price: sign * search.best.1,
            bound: search.best.0,
            options,
            excess: Some(excess),
        });
    }
    search.close_bracket(effort)?;
    let options = search.rounded_options();
    Ok(PricedRow { price: sign * search.best.1, bound: search.best.0, options, excess: None })
}

fn used(usage: &[(u32, f64)]) -> f64 {
    usage.iter().map(|(_, amount)| amount).sum()
}

impl<O: Offers> Search<'_, O> {
    /// Asks the active parts; `price` is in the direction of the limit.
    fn ask(
        &mut self,
        cost_weight: f64,
        price: f64,
        effort: &mut Effort<'_>,
    ) -> Result<Vec<Side>, AllocationError> {
        effort.round();
        let prices = [self.sign * price];
        let asked = (self.active.len() < self.offers.parts()).then_some(&self.active[..]);
        self.offers.ask(asked, &Pricing { cost_weight, prices: &prices }, &mut self.answers)?;
        Ok(self.sides(cost_weight, price))
    }

    /// The latest answers of the active parts as lines over the price.
    fn sides(&self, cost_weight: f64, price: f64) -> Vec<Side> {
        let side = |(&part, answer): (&u32, &Answer)| {
            let cost = self.offers.cost(part as usize, answer.option);
            let usage = self.sign * used(self.offers.usage(part as usize, answer.option));
            let value = cost_weight * cost + price * usage;
            let exact = value - answer.bound <= 1e-12 * (1.0 + value.abs());
            Side { option: answer.option, cost, usage, exact }
        };
        self.active.iter().zip(&self.answers).map(side).collect()
    }

    fn note_bound(&mut self, price: f64) -> f64 {
        let settled = self.settled.0 + price * (self.settled.1 - self.limit);
        let bound = settled + self.answers.iter().map(|answer| answer.bound).sum::<f64>();
        if bound > self.best.0 {
            self.best = (bound, price);
        }
        bound
    }

    /// Raises the price until the row holds; the excess where it never does.
    fn open_bracket(
        &mut self,
        row: &SharedRow,
        effort: &mut Effort<'_>,
    ) -> Result<Option<f64>, AllocationError> {
        let cost: f64 = self.low.iter().map(|side| side.cost.abs()).sum();
        let usage: f64 = self.low.iter().map(|side| side.usage.abs()).sum();
        let scale = if cost > 0.0 && usage > 0.0 { cost / usage } else { 1.0 };
        let mut price = scale;
        while price <= 1e12 * scale {
            let sides = self.ask(1.0, price, effort)?;
            self.note_bound(price);
            if total_usage(&sides) <= self.limit + row.tolerance() {
                self.high = sides;
                return Ok(None);
            }
            self.low = sides;
            price *= GROWTH;
        }
        self.high = self.ask(0.0, 1.0, effort)?;
        let least: f64 = self.answers.iter().map(|answer| answer.bound).sum();
        Ok((least > self.limit + row.tolerance()).then_some(least - self.limit))
    }

    /// Narrows the bracket until the model's best price is the true one.
    fn close_bracket(&mut self, effort: &mut Effort<'_>) -> Result<(), AllocationError> {
        for _ in 0..MOST_ROUNDS {
            self.drop_settled_parts();
            if self.active.is_empty() || effort.exhausted() {
                return Ok(());
            }
            let price = self.model_price();
            let model = self.model_value(price);
            let sides = self.ask(1.0, price, effort)?;
            let bound = self.note_bound(price);
            let usage = self.settled.1 + total_usage(&sides);
            let end = if usage > self.limit { &mut self.low } else { &mut self.high };
            for (&part, side) in self.active.iter().zip(sides) {
                end[part as usize] = side;
            }
            if bound >= model - PRICE_TOLERANCE * model.abs().max(1.0) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Retires the parts whose answer is the same at both ends of the bracket.
    fn drop_settled_parts(&mut self) {
        let (low, high, settled) = (&self.low, &self.high, &mut self.settled);
        self.active.retain(|&part| {
            let (low, high) = (low[part as usize], high[part as usize]);
            let same = low.option == high.option && low.exact && high.exact;
            if same {
                settled.0 += low.cost;
                settled.1 += low.usage;
            }
            !same
        });
    }

    /// The cutting-plane model of the bound; never below the true one.
    fn model_value(&self, price: f64) -> f64 {
        let settled = self.settled.0 + price * (self.settled.1 - self.limit);
        let ends = self.active.iter().map(|&part| (&self.low[part as usize], &self.high[part as usize]));
        settled + ends.map(|(low, high)| line(low, price).min(line(high, price))).sum::<f64>()
    }

    /// The price at which the two-option models of the active parts use up the limit.
    fn model_price(&self) -> f64 {
        let mut needed = self.limit - self.settled.1;
        let mut steps: Vec<(f64, f64)> = Vec::with_capacity(self.active.len());
        for &part in &self.active {
            needed -= self.high[part as usize].usage;
            if let Some(step) = break_even(&self.low[part as usize], &self.high[part as usize]) {
                steps.push(step);
            }
        }
        // From the highest price down, parts go over to their low-price option
        // until the limit is used up: a weighted median by repeated halving.
        let mut rest = &mut steps[..];
        while rest.len() > 1 {
            let middle = rest.len() / 2;
            rest.select_nth_unstable_by(middle, |a, b| b.0.total_cmp(&a.0));
            let upper: f64 = rest[..middle].iter().map(|step| step.1).sum();
            if upper > needed {
                rest = &mut rest[..middle];
            } else {
                needed -= upper;
                rest = &mut rest[middle..];
            }
        }
        rest.first().map_or(self.best.1, |step| step.0)
    }

    /// Low-price options where the part breaks even above the best price,
    /// high-price options elsewhere: the linear program's answer, rounded to
    /// the side of the limit.
    fn rounded_options(&self) -> Vec<u32> {
        let price = self.best.1;
        let pick = |(low, high): (&Side, &Side)| match break_even(low, high) {
            Some((at, _)) if at > price => low.option,
            _ => high.option,
        };
        self.low.iter().zip(&self.high).map(pick).collect()
    }
}

fn line(side: &Side, price: f64) -> f64 {
    side.cost + price * side.usage
}

fn total_usage(sides: &[Side]) -> f64 {
    sides.iter().map(|side| side.usage).sum()
}

/// Price at which both ends cost the same, and how much usage changes there.
fn break_even(low: &Side, high: &Side) -> Option<(f64, f64)> {
    let saved = low.usage - high.usage;
    (saved > 0.0).then(|| (((high.cost - low.cost) / saved).max(0.0), saved))
}
