//! The limits that stock points share, as rows and switches of an allocation.
//!
//! A limit that concerns one stock point only is folded into its order path
//! instead, which keeps that stock point exact.

use rustc_hash::FxHashMap;

use super::super::problem::{Pair, Place, Problem, Source};
use super::super::words::in_bucket;
use super::ways::Way;
use crate::optimize::allocation::{AllocationError, Coupling, SharedRow, Switch};

/// Above this many lines in a bucket, the lines of an order header share one row.
const LINES_APART: usize = 2_000;

/// What a shared row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    /// Money over the horizon, all suppliers.
    Budget,
    /// Money over the horizon with one supplier.
    SupplierBudget(usize),
    /// Units ordered from a supplier in a bucket.
    CapacityUnits(usize, usize),
    /// Volume ordered from a supplier in a bucket.
    CapacityVolume(usize, usize),
    /// Weight ordered from a supplier in a bucket.
    CapacityWeight(usize, usize),
    /// Least money of an order to a supplier in a bucket.
    MinimumMoney(usize, usize),
    /// Least volume of an order to a supplier in a bucket.
    MinimumVolume(usize, usize),
    /// Volume on hand at a location right after the arrivals of a bucket.
    Storage(usize, usize),
    /// A line needs an order header: supplier, bucket, and the stock point or all of them.
    Header(usize, usize, Option<usize>),
}

/// A shared row with what it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    /// What it is.
    pub family: Family,
    /// The stated limit, in the row's unit.
    pub value: f64,
    /// Input row that states it.
    pub place: Place,
}

/// All shared limits of a problem.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Rows and switches.
    pub coupling: Coupling,
    /// What each row stands for.
    pub rows: Vec<Limit>,
    index: FxHashMap<Family, u32>,
    /// Suppliers whose limits are part of their one buyer's order path.
    private: Vec<bool>,
}

impl Limits {
    /// Collects the shared limits of `problem`.
    pub fn new(problem: &Problem) -> Result<Self, AllocationError> {
        let mut builder = Builder { problem, rows: Vec::new(), shared: Vec::new(), switches: Vec::new() };
        let buyers = buyers(problem);
        if let Some((budget, place)) = &problem.budget {
            builder.at_most(Family::Budget, *budget, place);
        }
        let private: Vec<bool> = buyers
            .iter()
            .enumerate()
            .map(|(supplier, buyers)| is_private(problem, supplier, buyers))
            .collect();
        for (supplier, buyers) in buyers.iter().enumerate() {
            builder.supplier(supplier, buyers, private[supplier]);
        }
        for location in 0..problem.locations.len() {
            builder.storage(location);
        }
        let index = builder.rows.iter().enumerate().map(|(row, limit)| (limit.family, row as u32)).collect();
        let coupling = Coupling::new(builder.shared, builder.switches)?;
        Ok(Limits { coupling, rows: builder.rows, index, private })
    }

    /// Whether no limit is shared, so that every stock point is on its own.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Index of the row of `family`, where there is one.
    pub fn row(&self, family: Family) -> Option<u32> {
        self.index.get(&family).copied()
    }

    /// Whether what a supplier asks of its orders is part of its one buyer's order path.
    pub fn is_private(&self, supplier: usize) -> bool {
        self.private.get(supplier).copied().unwrap_or(false)
    }
}

/// Whether one stock point alone buys from a supplier, and all that the supplier asks of its
/// orders can be said in quantities of a line: a lock may ask for what the supplier refuses, by
/// itself or by the shares of a split that it fixes, and with several prices or for nothing no
/// quantity stands for a least amount of money.
fn is_private(problem: &Problem, supplier: usize, buyers: &[usize]) -> bool {
    let [pair] = buyers else { return false };
    let pair = &problem.pairs[*pair];
    let of_supplier = |at: usize| pair.sources.get(at).is_some_and(|source| source.supplier == supplier);
    let one_price = |source: &Source| {
        source.prices.first().is_some_and(|price| price.unit_cost > 0.0)
            && source.prices.windows(2).all(|two| two[0].unit_cost == two[1].unit_cost)
    };
    let priced = |(at, source)| !of_supplier(at) || one_price(source);
    let is_locked = pair.locks.iter().any(|lock| pair.is_split() || of_supplier(lock.source));
    !is_locked
        && (problem.suppliers[supplier].minimum_money <= 0.0 || pair.sources.iter().enumerate().all(priced))
}

/// Stock points with a source at each supplier.
fn buyers(problem: &Problem) -> Vec<Vec<usize>> {
    let mut buyers = vec![Vec::new(); problem.suppliers.len()];
    for (index, pair) in problem.pairs.iter().enumerate() {
        for source in &pair.sources {
            if buyers[source.supplier].last() != Some(&index) {
                buyers[source.supplier].push(index);
            }
        }
    }
    buyers
}

struct Builder<'a> {
    problem: &'a Problem,
    rows: Vec<Limit>,
    shared: Vec<SharedRow>,
    switches: Vec<Switch>,
}

impl Builder<'_> {
    fn push(&mut self, family: Family, value: f64, place: &Place, row: SharedRow) -> u32 {
        self.rows.push(Limit { family, value, place: place.clone() });
        self.shared.push(row);
        (self.shared.len() - 1) as u32
    }

    fn at_most(&mut self, family: Family, value: f64, place: &Place) {
        let label = label(self.problem, family);
        self.push(family, value, place, SharedRow::at_most(label, value));
    }

    fn supplier(&mut self, index: usize, buyers: &[usize], private: bool) {
        let supplier = &self.problem.suppliers[index];
        if let Some(budget) = supplier.budget {
            self.at_most(Family::SupplierBudget(index), budget, &supplier.place);
        }
        if private || buyers.is_empty() {
            return;
        }
        for bucket in 0..self.problem.horizon {
            if !supplier.takes_orders[bucket] && !self.has_lock(index, bucket, buyers) {
                continue;
            }
            if let Some(units) = supplier.capacity_units {
                self.at_most(Family::CapacityUnits(index, bucket), units, &supplier.place);
            }
            if let Some(volume) = supplier.capacity_m3 {
                self.at_most(Family::CapacityVolume(index, bucket), volume, &supplier.place);
            }
            if let Some(weight) = supplier.capacity_kg {
                self.at_most(Family::CapacityWeight(index, bucket), weight, &supplier.place);
            }
            self.header(index, bucket, buyers);
        }
    }

    /// An order header: its cost, and minimums that hold once it is written.
    fn header(&mut self, index: usize, bucket: usize, buyers: &[usize]) {
        let supplier = &self.problem.suppliers[index];
        let (cost, money, volume) = (supplier.order_cost, supplier.minimum_money, supplier.minimum_m3);
        if cost <= 0.0 && money <= 0.0 && volume <= 0.0 {
            return;
        }
        let mut raises = Vec::new();
        if buyers.len() * self.problem.horizon <= LINES_APART * 26 {
            for &pair in buyers {
                let family = Family::Header(index, bucket, Some(pair));
                let row = SharedRow::at_most(label(self.problem, family), 0.0);
                raises.push((self.push(family, 0.0, &supplier.place, row), 1.0));
            }
        } else {
            let family = Family::Header(index, bucket, None);
            let row = SharedRow::at_most(label(self.problem, family), 0.0);
            raises.push((self.push(family, 0.0, &supplier.place, row), buyers.len() as f64));
        }
        let minimums =
            [(Family::MinimumMoney(index, bucket), money), (Family::MinimumVolume(index, bucket), volume)];
        for (family, minimum) in minimums {
            if minimum > 0.0 {
                let row = SharedRow::at_least(label(self.problem, family), 0.0);
                raises.push((self.push(family, minimum, &supplier.place, row), minimum));
            }
        }
        let label = format!("order to {} in {}", supplier.code, self.problem.buckets.start_of(bucket as i64));
        self.switches.push(Switch { label, cost, copies: 1, raises });
    }

    fn has_lock(&self, supplier: usize, bucket: usize, buyers: &[usize]) -> bool {
        buyers.iter().any(|&pair| {
            let pair = &self.problem.pairs[pair];
            pair.locks.iter().any(|lock| {
                lock.bucket == bucket && pair.sources.get(lock.source).is_some_and(|s| s.supplier == supplier)
            })
        })
    }

    fn storage(&mut self, location: usize) {
        let Some(room) = self.problem.locations[location].storage_m3 else { return };
        for bucket in 0..self.problem.horizon {
            let place = self.problem.locations[location].place.clone();
            self.at_most(Family::Storage(location, bucket), room, &place);
        }
    }
}

/// Where a limit is stated, and its number.
pub(crate) fn place_of(problem: &Problem, family: Family) -> (Place, f64) {
    let of = |at: usize| &problem.suppliers[at];
    let limit = match family {
        Family::Budget => problem.budget.as_ref().map(|(budget, _)| *budget),
        Family::SupplierBudget(s) => of(s).budget,
        Family::CapacityUnits(s, _) => of(s).capacity_units,
        Family::CapacityVolume(s, _) => of(s).capacity_m3,
        Family::CapacityWeight(s, _) => of(s).capacity_kg,
        Family::MinimumMoney(s, _) => Some(of(s).minimum_money),
        Family::MinimumVolume(s, _) => Some(of(s).minimum_m3),
        Family::Storage(l, _) => problem.locations[l].storage_m3,
        Family::Header(..) => None,
    };
    let place = match family {
        Family::Budget => problem.budget.as_ref().map(|(_, place)| place.clone()).unwrap_or_default(),
        Family::Storage(l, _) => problem.locations[l].place.clone(),
        Family::SupplierBudget(s)
        | Family::CapacityUnits(s, _)
        | Family::CapacityVolume(s, _)
        | Family::CapacityWeight(s, _)
        | Family::MinimumMoney(s, _)
        | Family::MinimumVolume(s, _)
        | Family::Header(s, ..) => of(s).place.clone(),
    };
    (place, limit.unwrap_or_default())
}

/// Bucket of a limit, where it has one.
pub(crate) fn bucket(family: Family) -> Option<usize> {
    match family {
        Family::Budget | Family::SupplierBudget(_) => None,
        Family::CapacityUnits(_, t)
        | Family::CapacityVolume(_, t)
        | Family::CapacityWeight(_, t)
        | Family::MinimumMoney(_, t)
        | Family::MinimumVolume(_, t)
        | Family::Storage(_, t)
        | Family::Header(_, t, _) => Some(t),
    }
}

/// A limit in a planner's words.
pub(crate) fn label(problem: &Problem, family: Family) -> String {
    let when = |bucket: usize| in_bucket(problem, bucket);
    let supplier = |index: usize| problem.suppliers[index].code.as_str();
    match family {
        Family::Budget => "budget".to_owned(),
        Family::SupplierBudget(s) => format!("budget with {}", supplier(s)),
        Family::CapacityUnits(s, t) => format!("capacity of {} in units {}", supplier(s), when(t)),
        Family::CapacityVolume(s, t) => format!("capacity of {} in m3 {}", supplier(s), when(t)),
        Family::CapacityWeight(s, t) => format!("capacity of {} in kg {}", supplier(s), when(t)),
        Family::MinimumMoney(s, t) => format!("order minimum of {} {}", supplier(s), when(t)),
        Family::MinimumVolume(s, t) => format!("order minimum of {} in m3 {}", supplier(s), when(t)),
        Family::Storage(l, t) => format!("storage of {} {}", problem.locations[l].code, when(t)),
        Family::Header(s, t, _) => format!("order header of {} {}", supplier(s), when(t)),
    }
}

/// Puts what a supplier asks of its orders into the order path where it has
/// this one buyer only.
pub(crate) fn fold_private_limits(problem: &Problem, limits: &Limits, pair: &Pair, way: &mut Way) {
    for (source, share) in way.sources.clone() {
        let index = pair.sources[source].supplier;
        if !limits.is_private(index) {
            continue;
        }
        let supplier = &problem.suppliers[index];
        for cost in &mut way.path.fixed_cost {
            *cost += supplier.order_cost;
        }
        let (least, most) = asked(problem, pair, source);
        way.path.moq = way.path.moq.max(least / share);
        if most.is_finite() {
            let stated = way.path.max_order.unwrap_or(f64::INFINITY);
            way.path.max_order = Some(stated.min(most / share));
        }
        if let Some(split) = &mut way.split {
            split.charge_line(source, supplier.order_cost);
            split.ask(source, least, most);
        }
    }
    if let Some(split) = &mut way.split {
        split.raise_to(way.path.moq);
    }
}

/// The least and the most units of a line that is a supplier's whole order.
fn asked(problem: &Problem, pair: &Pair, source: usize) -> (f64, f64) {
    let (item, source) = (&problem.items[pair.item], &pair.sources[source]);
    let supplier = &problem.suppliers[source.supplier];
    let mut least = least_quantity(source, supplier.minimum_money);
    let mut most = supplier.capacity_units.unwrap_or(f64::INFINITY);
    if item.volume_m3 > 0.0 {
        least = least.max(supplier.minimum_m3 / item.volume_m3);
        most = most.min(supplier.capacity_m3.unwrap_or(f64::INFINITY) / item.volume_m3);
    }
    if item.weight_kg > 0.0 {
        most = most.min(supplier.capacity_kg.unwrap_or(f64::INFINITY) / item.weight_kg);
    }
    (least, most)
}

/// Least quantity of a line that is worth `money` at every price of its source above 0.
fn least_quantity(source: &Source, money: f64) -> f64 {
    let prices = source.prices.iter().map(|price| price.unit_cost).filter(|price| *price > 0.0);
    let cheapest = prices.fold(f64::INFINITY, f64::min);
    money / cheapest
}

/// Demand of a scenario over the horizon, times this, is the most that one order may hold …
const MOST_DEMANDS: f64 = 2.0;

/// Bounds orders where a shared minimum can make a unit worth more than it
/// costs: … plus what the line's own rules and the supplier's minimums can ask for.
pub(crate) fn cap_orders(problem: &Problem, limits: &Limits, pair: &Pair, way: &mut Way) {
    if limits.is_empty() {
        return;
    }
    let item = &problem.items[pair.item];
    let path = &way.path;
    let largest =
        path.demand.chunks(path.periods).map(|demand| demand.iter().sum::<f64>()).fold(0.0, f64::max);
    let breaks = (0..path.periods).flat_map(|bucket| way.price.period(bucket)).map(|step| step.min_quantity);
    let mut most =
        MOST_DEMANDS * largest + path.moq + breaks.fold(0.0, f64::max) - path.initial_stock.min(0.0);
    for &(source, share) in &way.sources {
        let supplier = &problem.suppliers[pair.sources[source].supplier];
        most += least_quantity(&pair.sources[source], supplier.minimum_money) / share;
        if item.volume_m3 > 0.0 {
            most += supplier.minimum_m3 / item.volume_m3 / share;
        }
    }
    let most = (most / way.path.multiple).ceil() * way.path.multiple;
    way.path.max_order = Some(way.path.max_order.map_or(most, |stated| stated.min(most)));
}
