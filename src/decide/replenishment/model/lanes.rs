//! What a way to buy orders from each of its sources, as the program of the whole problem counts it.
//!
//! An order from one source is one lane. Of a split order every part is a lane of its own, in whole
//! multiples of its source, and parts may be off their shares by as much as the check allows: the
//! program's optimum bounds every split plan, also those between the totals that plans are made of.

use super::super::problem::Pair;
use super::split::at;
use super::ways::Way;
use crate::optimize::inventory::order_path::{Arrival, PathProblem};

/// Orders from one source.
pub(crate) struct Lane<'a> {
    pub source: usize,
    /// Share of each order of the way.
    pub share: f64,
    pub multiple: f64,
    /// Least quantity of a line.
    pub moq: f64,
    /// Most units of a line.
    pub max_order: Option<f64>,
    /// Usable units of each one ordered.
    pub fill: f64,
    /// Cost of a line, by bucket.
    pub fixed_cost: Vec<f64>,
    /// Prices by bucket, least quantities ascending from 0.
    pub prices: Vec<Vec<LanePrice>>,
    arrival: &'a Arrival,
    periods: usize,
}

/// A price of a lane from a least quantity on.
pub(crate) struct LanePrice {
    pub min_quantity: f64,
    /// What a unit costs in the objective.
    pub unit_cost: f64,
    /// Money paid for a unit.
    pub price: f64,
}

impl Lane<'_> {
    /// Bucket in which an order of `bucket` arrives in a scenario.
    pub fn arrival_of(&self, scenario: usize, bucket: usize) -> Option<usize> {
        at(self.arrival, self.periods, scenario, bucket)
    }

    /// Whether an order of `bucket` arrives within the horizon in any of the scenarios.
    pub fn is_open(&self, scenarios: usize, bucket: usize) -> bool {
        (0..scenarios).any(|scenario| self.arrival_of(scenario, bucket).is_some())
    }

    /// Price of an order of `quantity` in `bucket`: that of the last least quantity reached.
    pub fn price_at(&self, bucket: usize, quantity: f64) -> Option<&LanePrice> {
        let reached = quantity * (1.0 + 1e-9);
        self.prices[bucket].iter().take_while(|price| price.min_quantity <= reached).last()
    }
}

/// The lanes of a way; `None` where locks fix parts of a split.
pub(crate) fn lanes<'a>(pair: &Pair, way: &'a Way) -> Option<Vec<Lane<'a>>> {
    match &way.split {
        None => Some(vec![whole(way)]),
        Some(split) if split.has_locks() => None,
        Some(_) => Some(parts(pair, way)),
    }
}

/// The one lane of a way with one source.
fn whole(way: &Way) -> Lane<'_> {
    let path: &PathProblem = &way.path;
    let prices = (0..path.periods).map(|bucket| {
        let both = path.unit_cost.period(bucket).iter().zip(way.price.period(bucket));
        let step = both.map(|(cost, price)| LanePrice {
            min_quantity: cost.min_quantity,
            unit_cost: cost.unit_cost,
            price: price.unit_cost,
        });
        step.collect()
    });
    Lane {
        source: way.sources.first().map_or(0, |&(source, _)| source),
        share: 1.0,
        multiple: path.multiple,
        moq: path.moq,
        max_order: path.max_order,
        fill: path.yield_factor,
        fixed_cost: path.fixed_cost.clone(),
        prices: prices.collect(),
        arrival: &path.arrival,
        periods: path.periods,
    }
}

/// A lane for each part of a split.
fn parts<'a>(pair: &Pair, way: &'a Way) -> Vec<Lane<'a>> {
    let periods = way.path.periods;
    let Some(split) = &way.split else { return Vec::new() };
    let lane = |part: &'a super::split::Part| {
        let prices = (0..periods).map(|bucket| {
            let step = |of: &super::super::problem::PriceBreak| LanePrice {
                min_quantity: of.quantity,
                unit_cost: of.unit_cost - pair.reference_cost,
                price: of.unit_cost,
            };
            pair.sources[part.source].breaks(bucket).map(step).collect()
        });
        Lane {
            source: part.source,
            share: part.share,
            multiple: part.multiple,
            moq: part.least,
            max_order: way.path.max_order.map(|most| most * part.share + split.slack),
            fill: part.fill,
            fixed_cost: vec![part.line_cost; periods],
            prices: prices.collect(),
            arrival: &part.arrival,
            periods,
        }
    };
    split.parts.iter().map(lane).collect()
}
