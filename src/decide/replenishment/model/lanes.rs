//! What a way to buy orders from each of its sources, as the program of the whole problem counts it.
//!
//! An order from one source is one lane. Of a split order every part is a lane of its own, in whole
//! multiples of its source, and parts may be off their shares by as much as the check allows: the
//! program's optimum bounds every split plan, also those between the totals that plans are made of.

use super::super::problem::{Pair, PriceBreak, Problem, Source};
use super::split::{Part, Split};
use super::ways::Way;
use crate::optimize::inventory::order_path::Arrival;

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
    /// Units that locks fix, by bucket.
    pub locked: Vec<Option<f64>>,
    /// Whether a line beside locks may be ordered, by bucket. A part of a split may arrive after
    /// the horizon where another part does not.
    pub open: Vec<bool>,
    of: &'a Source,
    reference_cost: f64,
    arrival: &'a Arrival,
}

impl Lane<'_> {
    /// Bucket in which an order of `bucket` arrives in a scenario.
    pub fn arrival_of(&self, scenario: usize, bucket: usize) -> Option<usize> {
        self.arrival.within(self.open.len(), scenario, bucket)
    }

    /// Prices of `bucket`, least quantities ascending from 0.
    pub fn breaks(&self, bucket: usize) -> impl Iterator<Item = &PriceBreak> {
        self.of.breaks(bucket)
    }

    /// Money paid for a unit of an order of `quantity` in `bucket`.
    pub fn price(&self, bucket: usize, quantity: f64) -> f64 {
        self.of.price(bucket, quantity)
    }

    /// What a unit at this price costs in the objective.
    pub fn premium(&self, price: f64) -> f64 {
        price - self.reference_cost
    }
}

/// The lanes of a way: one with one source, one for each part of a split.
pub(crate) fn lanes<'a>(problem: &Problem, pair: &'a Pair, way: &'a Way) -> Vec<Lane<'a>> {
    match &way.split {
        None => vec![whole(pair, way)],
        Some(split) => split.parts.iter().map(|part| of_part(problem, pair, way, split, part)).collect(),
    }
}

/// The one lane of a way with one source.
fn whole<'a>(pair: &'a Pair, way: &'a Way) -> Lane<'a> {
    let path = &way.path;
    let source = way.sources.first().map_or(0, |&(source, _)| source);
    Lane {
        source,
        share: 1.0,
        multiple: path.multiple,
        moq: path.moq,
        max_order: path.max_order,
        fill: path.yield_factor,
        fixed_cost: path.fixed_cost.clone(),
        locked: path.locked.clone(),
        open: (0..path.periods).map(|bucket| path.is_open(bucket)).collect(),
        of: &pair.sources[source],
        reference_cost: pair.reference_cost,
        arrival: &path.arrival,
    }
}

/// The lane of a part of a split.
fn of_part<'a>(problem: &Problem, pair: &'a Pair, way: &'a Way, split: &Split, part: &'a Part) -> Lane<'a> {
    let (path, source) = (&way.path, &pair.sources[part.source]);
    let is_open = |bucket: usize| {
        let arrives = |of: &Part| of.arrival.is_open(path.periods, path.scenarios, bucket);
        let is_wanted = split.parts.iter().any(arrives) || split.locked(bucket).is_some();
        is_wanted && problem.may_order(pair, source, bucket)
    };
    // An order of which one part is this much is no larger in all.
    let whole = |lock: &super::super::problem::Lock| {
        let of = split.parts.iter().find(|part| part.source == lock.source);
        of.map_or(0.0, |of| (lock.quantity + split.slack) / of.share)
    };
    let locked = pair.locks.iter().map(whole).fold(0.0, f64::max);
    let most = |most: f64| (most + split.spread()).max(locked) * part.share + split.slack;
    Lane {
        source: part.source,
        share: part.share,
        multiple: part.multiple,
        moq: part.least,
        max_order: path.max_order.map(|stated| most(stated).min(part.most)),
        fill: part.fill,
        fixed_cost: vec![part.line_cost; path.periods],
        locked: (0..path.periods).map(|bucket| pair.locked(part.source, bucket)).collect(),
        open: (0..path.periods).map(is_open).collect(),
        of: source,
        reference_cost: pair.reference_cost,
        arrival: &part.arrival,
    }
}
