//! A limit as the planner states it: what it is called, where it stands, what
//! it is worth to keep, and how the problem looks when it gives way.

use super::super::problem::{Lock, Pair, Place, Problem, Source};
use super::super::words::{Unit, amount, bucket_word, count, day};
use crate::decide::Member;

/// Least cost of a unit that gives way, so that nothing gives way for free.
const LEAST_WEIGHT: f64 = 0.01;
/// An agreed order gives way at this many times what it costs.
const AGREED: f64 = 2.0;

/// A limit that one cell of the input states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Rule {
    /// Order `1` of the locks of pair `0`.
    Lock(usize, usize),
    /// Money for all orders.
    Budget,
    /// Money for orders with a supplier.
    SupplierBudget(usize),
    /// Units that a supplier takes in a bucket.
    CapacityUnits(usize),
    /// Volume that a supplier takes in a bucket.
    CapacityVolume(usize),
    /// Weight that a supplier takes in a bucket.
    CapacityWeight(usize),
    /// Money that an order with a supplier must reach.
    MinimumMoney(usize),
    /// Volume that an order with a supplier must reach.
    MinimumVolume(usize),
    /// Room of a location.
    Storage(usize),
    /// Least quantity of pair `0` from its source `1`.
    Moq(usize, usize),
    /// Order multiple of pair `0` from its source `1`.
    Multiple(usize, usize),
    /// Order days of pair `0` at its source `1`.
    OrderDays(usize),
    /// The first buckets take no new order.
    Frozen,
    /// An item is no longer sold.
    EndOfLife(usize),
    /// A pair is split by shares.
    Shares(usize),
    /// A pair without shares has one source.
    OneSource(usize),
}

impl Rule {
    fn supplier(self, problem: &Problem) -> &str {
        match self {
            Rule::SupplierBudget(at)
            | Rule::CapacityUnits(at)
            | Rule::CapacityVolume(at)
            | Rule::CapacityWeight(at)
            | Rule::MinimumMoney(at)
            | Rule::MinimumVolume(at) => &problem.suppliers[at].code,
            Rule::Moq(pair, source) | Rule::Multiple(pair, source) => {
                &problem.suppliers[problem.pairs[pair].sources[source].supplier].code
            }
            Rule::OrderDays(calendar) => &problem.suppliers[problem.order_calendars[calendar].supplier].code,
            _ => "",
        }
    }

    /// What it is called.
    pub fn name(self, problem: &Problem) -> String {
        let supplier = self.supplier(problem);
        let pair = |at: usize| problem.pair_name(&problem.pairs[at]);
        match self {
            Rule::Lock(at, lock) => {
                let (pair, lock) = lock_of(problem, at, lock);
                format!(
                    "locked order of {} on {}",
                    problem.pair_name(pair),
                    day(lock_day(problem, pair, lock))
                )
            }
            Rule::Budget => "budget".to_owned(),
            Rule::SupplierBudget(_) => format!("budget with {supplier}"),
            Rule::CapacityUnits(_) => format!("capacity of {supplier} in units"),
            Rule::CapacityVolume(_) => format!("capacity of {supplier} in m3"),
            Rule::CapacityWeight(_) => format!("capacity of {supplier} in kg"),
            Rule::MinimumMoney(_) => format!("order minimum of {supplier}"),
            Rule::MinimumVolume(_) => format!("order minimum of {supplier} in m3"),
            Rule::Storage(at) => format!("storage of {}", problem.locations[at].code),
            Rule::Moq(at, _) => format!("least quantity of {} from {supplier}", pair(at)),
            Rule::Multiple(at, _) => format!("order multiple of {} from {supplier}", pair(at)),
            Rule::OrderDays(at) => {
                let location = &problem.locations[problem.order_calendars[at].location].code;
                format!("order days of {location} at {supplier}")
            }
            Rule::Frozen => "frozen horizon".to_owned(),
            Rule::EndOfLife(at) => format!("end of life of {}", problem.items[at].code),
            Rule::Shares(at) => format!("shares of {}", pair(at)),
            Rule::OneSource(at) => format!("one supplier for {}", pair(at)),
        }
    }

    /// What it is counted in, where it is counted in anything but units of one item.
    fn unit(self) -> Option<Unit> {
        match self {
            Rule::Budget | Rule::SupplierBudget(_) | Rule::MinimumMoney(_) => Some(Unit::Money),
            Rule::CapacityUnits(_) => Some(Unit::Units),
            Rule::CapacityVolume(_) | Rule::MinimumVolume(_) | Rule::Storage(_) => Some(Unit::Volume),
            Rule::CapacityWeight(_) => Some(Unit::Weight),
            _ => None,
        }
    }

    /// So much of what it is counted in.
    pub fn amount(self, problem: &Problem, number: f64) -> String {
        self.unit().map_or_else(|| amount(number), |unit| unit.amount(problem, number))
    }

    /// The limit in a sentence without a full stop.
    pub fn text(self, problem: &Problem) -> String {
        let supplier = self.supplier(problem);
        let value = self.amount(problem, self.value(problem).unwrap_or_default());
        let bucket = bucket_word(problem);
        let pair = |at: usize| problem.pair_name(&problem.pairs[at]);
        match self {
            Rule::Lock(at, lock) => {
                let (of, lock) = lock_of(problem, at, lock);
                let from = &problem.suppliers[of.sources[lock.source].supplier].code;
                format!(
                    "the order of {value} {} on {} with {from} is locked",
                    pair(at),
                    day(lock_day(problem, of, lock))
                )
            }
            Rule::Budget => format!("all orders together may cost {value}"),
            Rule::SupplierBudget(_) => format!("all orders with {supplier} may cost {value}"),
            Rule::CapacityUnits(_) => format!("{supplier} takes at most {value} a {bucket}"),
            Rule::CapacityVolume(_) => format!("{supplier} takes at most {value} a {bucket}"),
            Rule::CapacityWeight(_) => format!("{supplier} takes at most {value} a {bucket}"),
            Rule::MinimumMoney(_) => format!("an order with {supplier} must reach {value}"),
            Rule::MinimumVolume(_) => format!("an order with {supplier} must reach {value}"),
            Rule::Storage(at) => format!("{} has room for {value}", problem.locations[at].code),
            Rule::Moq(at, _) => format!("{supplier} sells {} in at least {value}", pair(at)),
            Rule::Multiple(at, _) => format!("{supplier} sells {} in multiples of {value}", pair(at)),
            Rule::OrderDays(at) => {
                let location = &problem.locations[problem.order_calendars[at].location].code;
                format!("{location} orders from {supplier} on its order days only")
            }
            Rule::Frozen => format!("the first {} take no new order", count(problem.frozen_horizon, bucket)),
            Rule::EndOfLife(at) => {
                format!("{} is not bought for after its end of life", problem.items[at].code)
            }
            Rule::Shares(at) => format!("orders of {} are split by the shares of its sources", pair(at)),
            Rule::OneSource(at) => {
                format!("{} has one supplier, since its sources state no shares", pair(at))
            }
        }
    }

    /// The input row that states it.
    pub fn place(self, problem: &Problem) -> Place {
        match self {
            Rule::Lock(pair, lock) => problem.pairs[pair].locks[lock].place.clone(),
            Rule::Budget => problem.budget.as_ref().map(|(_, place)| place.clone()).unwrap_or_default(),
            Rule::SupplierBudget(at)
            | Rule::CapacityUnits(at)
            | Rule::CapacityVolume(at)
            | Rule::CapacityWeight(at)
            | Rule::MinimumMoney(at)
            | Rule::MinimumVolume(at) => problem.suppliers[at].place.clone(),
            Rule::Storage(at) => problem.locations[at].place.clone(),
            Rule::Moq(pair, source) | Rule::Multiple(pair, source) => {
                problem.pairs[pair].sources[source].place.clone()
            }
            Rule::OrderDays(at) => problem.suppliers[problem.order_calendars[at].supplier].place.clone(),
            Rule::Frozen => problem.frozen_place.clone(),
            Rule::EndOfLife(at) => problem.items[at].place.clone(),
            Rule::Shares(pair) | Rule::OneSource(pair) => {
                problem.pairs[pair].sources.last().map(|source| source.place.clone()).unwrap_or_default()
            }
        }
    }

    /// Column or setting that states it.
    fn column(self) -> &'static str {
        match self {
            Rule::Lock(..) => "quantity",
            Rule::Budget | Rule::SupplierBudget(_) => "budget",
            Rule::CapacityUnits(_) => "capacity_units",
            Rule::CapacityVolume(_) => "capacity_m3",
            Rule::CapacityWeight(_) => "capacity_kg",
            Rule::MinimumMoney(_) => "minimum_money",
            Rule::MinimumVolume(_) => "minimum_m3",
            Rule::Storage(_) => "storage_m3",
            Rule::Moq(..) => "moq",
            Rule::Multiple(..) => "order_multiple",
            Rule::OrderDays(_) => "order_days",
            Rule::Frozen => "frozen_horizon",
            Rule::EndOfLife(_) => "end_date",
            Rule::Shares(_) | Rule::OneSource(_) => "share",
        }
    }

    /// Whether it asks for at least its value.
    fn is_least(self) -> bool {
        matches!(self, Rule::MinimumMoney(_) | Rule::MinimumVolume(_) | Rule::Moq(..) | Rule::Lock(..))
    }

    /// The stated number; `None` for rules without one.
    pub fn value(self, problem: &Problem) -> Option<f64> {
        let supplier = |at: usize| &problem.suppliers[at];
        match self {
            Rule::Lock(pair, lock) => Some(problem.pairs[pair].locks[lock].quantity),
            Rule::Budget => problem.budget.as_ref().map(|(budget, _)| *budget),
            Rule::SupplierBudget(at) => supplier(at).budget,
            Rule::CapacityUnits(at) => supplier(at).capacity_units,
            Rule::CapacityVolume(at) => supplier(at).capacity_m3,
            Rule::CapacityWeight(at) => supplier(at).capacity_kg,
            Rule::MinimumMoney(at) => Some(supplier(at).minimum_money),
            Rule::MinimumVolume(at) => Some(supplier(at).minimum_m3),
            Rule::Storage(at) => problem.locations[at].storage_m3,
            Rule::Moq(pair, source) => Some(problem.pairs[pair].sources[source].moq),
            Rule::Multiple(pair, source) => Some(problem.pairs[pair].sources[source].multiple),
            Rule::Frozen => Some(problem.frozen_horizon as f64),
            Rule::OrderDays(_) | Rule::EndOfLife(_) | Rule::Shares(_) | Rule::OneSource(_) => None,
        }
    }

    /// Cost of one unit of giving way: 1 for money; for quantities what the goods cost (the mean
    /// of the items concerned, per unit, m3 or kg), twice that for an agreed order. `None`: the
    /// rule cannot give way by degrees.
    pub fn weight(self, problem: &Problem) -> Option<f64> {
        let unit_cost = |pair: usize| problem.items[problem.pairs[pair].item].unit_cost;
        let bought = |at: usize| move |pair: &Pair| pair.sources.iter().any(|source| source.supplier == at);
        let weight = match self {
            Rule::Lock(pair, _) => AGREED * unit_cost(pair),
            Rule::Budget | Rule::SupplierBudget(_) | Rule::MinimumMoney(_) => 1.0,
            Rule::CapacityUnits(at) => mean_cost(problem, bought(at), Measure::Units),
            Rule::CapacityVolume(at) | Rule::MinimumVolume(at) => {
                mean_cost(problem, bought(at), Measure::Volume)
            }
            Rule::CapacityWeight(at) => mean_cost(problem, bought(at), Measure::Weight),
            Rule::Storage(at) => mean_cost(problem, |pair| pair.location == at, Measure::Volume),
            Rule::Moq(pair, _) => unit_cost(pair),
            _ => return None,
        };
        Some(weight.max(LEAST_WEIGHT))
    }

    /// Moves the limit of `problem` by `by`. An order that gives way altogether stays as one of
    /// nothing until [`drop_empty_locks`] takes it out.
    pub fn give_way(self, problem: &mut Problem, by: f64) {
        let least = |value: &mut f64| *value = (*value - by).max(0.0);
        // A hair more than needed, so that rounding does not close the gap again.
        let most = |value: &mut Option<f64>| {
            if let Some(value) = value {
                *value += by + 1e-9 * by.max(1.0);
            }
        };
        match self {
            Rule::Lock(pair, lock) => {
                let lock = &mut problem.pairs[pair].locks[lock];
                lock.quantity = (lock.quantity - by).max(0.0);
            }
            Rule::Budget => {
                if let Some((budget, _)) = &mut problem.budget {
                    *budget += by + 1e-9 * by.max(1.0);
                }
            }
            Rule::SupplierBudget(at) => most(&mut problem.suppliers[at].budget),
            Rule::CapacityUnits(at) => most(&mut problem.suppliers[at].capacity_units),
            Rule::CapacityVolume(at) => most(&mut problem.suppliers[at].capacity_m3),
            Rule::CapacityWeight(at) => most(&mut problem.suppliers[at].capacity_kg),
            Rule::MinimumMoney(at) => least(&mut problem.suppliers[at].minimum_money),
            Rule::MinimumVolume(at) => least(&mut problem.suppliers[at].minimum_m3),
            Rule::Storage(at) => most(&mut problem.locations[at].storage_m3),
            Rule::Moq(pair, source) => least(&mut problem.pairs[pair].sources[source].moq),
            _ => {}
        }
    }

    /// What to do about it, for a line of help.
    pub fn advice(self, problem: &Problem, by: f64) -> String {
        let (name, value) = (self.name(problem), self.value(problem).unwrap_or_default());
        let told = |number: f64| self.amount(problem, number);
        let moved = format!("by {}, to", told(by));
        match self {
            Rule::Lock(..) if by >= value * (1.0 - 1e-9) => format!("drop the {name}"),
            _ if self.is_least() => format!("lower the {name} {moved} {}", told((value - by).max(0.0))),
            _ => format!("raise the {name} {moved} {}", told(value + by)),
        }
    }

    /// The limit as a member of a colliding set.
    pub fn member(self, problem: &Problem, more: &str) -> Member {
        let place = self.place(problem);
        let stated = match (place.file.as_str(), place.row) {
            ("", _) => "by default".to_owned(),
            (file, 0) if file.starts_with("settings.") => file.to_owned(),
            (file, 0) => format!("{file}, {}", self.column()),
            (file, row) => format!("{file}:{row}, {}", self.column()),
        };
        Member {
            kind: "row".to_owned(),
            name: self.name(problem),
            side: if self.is_least() { "lower" } else { "upper" }.to_owned(),
            file: Some(place.file).filter(|file| !file.is_empty()),
            row: Some(place.row).filter(|row| *row > 0),
            value: self.value(problem),
            text: format!("{}{more} ({stated})", self.text(problem)),
        }
    }
}

/// Takes out locked orders of nothing.
pub(super) fn drop_empty_locks(problem: &mut Problem) {
    for pair in &mut problem.pairs {
        pair.locks.retain(|lock| lock.quantity > 0.0);
    }
}

fn lock_of(problem: &Problem, pair: usize, lock: usize) -> (&Pair, &Lock) {
    let pair = &problem.pairs[pair];
    (pair, &pair.locks[lock])
}

fn lock_day(problem: &Problem, pair: &Pair, lock: &Lock) -> chrono::NaiveDate {
    let source: &Source = &pair.sources[lock.source];
    problem
        .order_date(source, lock.bucket)
        .unwrap_or_else(|| problem.buckets.start_of(lock.bucket as i64).max(problem.plan_date))
}

#[derive(Clone, Copy)]
enum Measure {
    Units,
    Volume,
    Weight,
}

/// Mean cost of a unit, m3 or kg of the items at the pairs that are `among` those concerned.
fn mean_cost(problem: &Problem, among: impl Fn(&Pair) -> bool, measure: Measure) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0_f64);
    for pair in problem.pairs.iter().filter(|pair| among(pair)) {
        let item = &problem.items[pair.item];
        let size = match measure {
            Measure::Units => 1.0,
            Measure::Volume => item.volume_m3,
            Measure::Weight => item.weight_kg,
        };
        if size > 0.0 {
            sum += item.unit_cost / size;
            count += 1.0;
        }
    }
    sum / count.max(1.0)
}
