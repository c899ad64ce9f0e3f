//! The prices that may be chosen for a product.

use super::{Limit, LimitRule, SAME, same};

/// How prices are made where the input lists none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct LadderRule {
    /// Largest change of a price, as a share of the price now.
    pub max_change: f64,
    pub points: usize,
    /// How far below a tenth prices end.
    pub ending: Option<f64>,
}

/// Largest fall of a made price, as a share of the price now.
const LARGEST_FALL: f64 = 0.95;

impl LadderRule {
    /// The listed prices, or made ones, rising, each once, with the price now among them.
    pub fn ladder(&self, listed: Option<&[f64]>, price_now: f64, limits: &[Limit]) -> Vec<f64> {
        let mut ladder = listed.map_or_else(|| self.made(price_now, limits), <[f64]>::to_vec);
        ladder.retain(|&price| !same(price, price_now));
        ladder.push(price_now);
        ladder.sort_by(f64::total_cmp);
        ladder.dedup_by(|a, b| same(*a, *b));
        ladder
    }

    /// Prices from the price now down to `lowest`: those of the list, or `points` made ones.
    pub fn falling(&self, listed: Option<&[f64]>, price_now: f64, lowest: f64, points: usize) -> Vec<f64> {
        let parts = parts(price_now);
        let step = (price_now - lowest) / points.max(1) as f64;
        let made =
            || (1..=points).map(|point| self.rounded(price_now - step * point as f64, parts)).collect();
        let mut prices: Vec<f64> = listed.map_or_else(made, <[f64]>::to_vec);
        prices
            .retain(|&price| price >= lowest * (1.0 - SAME) && price < price_now && !same(price, price_now));
        prices.push(price_now);
        prices.sort_by(|a, b| b.total_cmp(a));
        prices.dedup_by(|a, b| same(*a, *b));
        prices
    }

    /// Prices spread evenly over what the product's own limits and the largest change allow.
    fn made(&self, price_now: f64, limits: &[Limit]) -> Vec<f64> {
        let mut low = price_now * (1.0 - self.max_change.min(LARGEST_FALL));
        let mut high = price_now * (1.0 + self.max_change);
        for limit in limits.iter().filter(|limit| !matches!(limit.rule, LimitRule::Band(_))) {
            let (from, to) = limit.range(price_now);
            (low, high) = (low.max(from), high.min(to));
        }
        let points = self.points.max(2);
        let at = |point: usize| low + (high - low) * point as f64 / (points - 1) as f64;
        let parts = parts(price_now);
        let prices = (0..points).map(|point| self.rounded(at(point), parts));
        prices.filter(|&p| p >= low * (1.0 - 1e-9) && p <= high * (1.0 + 1e-9)).collect()
    }

    fn rounded(&self, price: f64, parts: f64) -> f64 {
        match self.ending {
            Some(ending) => to(to(price + ending, 10.0) - ending, 10_000.0).max(0.01),
            None => to(price, parts),
        }
    }
}

/// Parts of one in which a price is counted: things that are priced finer than by the cent stay so.
fn parts(price_now: f64) -> f64 {
    if same(to(price_now, 100.0), price_now) { 100.0 } else { 10_000.0 }
}

/// The nearest multiple of one of `parts` parts.
fn to(price: f64, parts: f64) -> f64 {
    (price * parts).round() / parts
}
