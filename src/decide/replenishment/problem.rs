//! The validated replenishment problem, made from tables.
//!
//! Codes have become indices, dates have become buckets, units have become
//! stock units, and defaults are filled in. Whatever holds a limit or a price
//! also holds the input row that states it, so that explanations and checks
//! can name it. The files of the folder `problem/` read it, one a subject.

mod calendar;
mod covariates;
mod demand;
mod frame;
mod history;
mod items;
mod lost;
mod notes;
mod pairs;
mod read;
mod receipts;
mod sourcing;
mod stock;
#[cfg(test)]
pub(super) mod tests;
mod units;

pub(crate) use history::Span;
pub use read::CONTRACT;
pub(crate) use read::Frame;
use receipts::Deliveries;

use chrono::NaiveDate;

use crate::data::{Bucket, Buckets, Faults};
use crate::presentation::Style;

/// A place in the input: file and row as a spreadsheet shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// File or table name; empty for a default that no row states.
    pub file: String,
    /// Row; 0 for a setting or a default.
    pub row: u64,
}

/// The whole problem; indices below refer to its lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Name of the instance.
    pub name: String,
    /// The day on which is decided; facts dated then or later are unknown.
    pub plan_date: NaiveDate,
    /// Buckets counted from the plan date's: 0 is the first planned one, history is negative.
    pub buckets: Buckets,
    /// Buckets planned, at least 1.
    pub horizon: usize,
    /// Buckets at the start in which no new order may be proposed (locks and open orders stay).
    pub frozen_horizon: usize,
    /// The setting that states it.
    pub frozen_place: Place,
    /// Complete buckets of history, oldest first; its last entry is bucket -1.
    pub history_buckets: usize,
    /// Buckets of history, the oldest first, up to the last whose sales are known.
    pub known_buckets: usize,
    /// Items in order of their code.
    pub items: Vec<Item>,
    /// Locations in order of their code.
    pub locations: Vec<Location>,
    /// Suppliers in order of their code.
    pub suppliers: Vec<Supplier>,
    /// Stock points in order of (item, location).
    pub pairs: Vec<Pair>,
    /// When orders can be placed, by supplier and location that do business.
    pub order_calendars: Vec<OrderCalendar>,
    /// Total money for all orders placed in the horizon, and the place that states it.
    pub budget: Option<(f64, Place)>,
    /// Buckets from one order to the next, at least 1 (a supplier may have its own).
    pub review_period: usize,
    /// Demand scenarios a stock point.
    pub scenarios: usize,
    /// Cost of changing an earlier plan, money per unit changed.
    pub stability_penalty: f64,
    /// Factor on the demand that stock is kept for; `None`: fitted by replaying the history.
    pub safety_factor: Option<f64>,
    /// Forecasting method by name (`auto` by default).
    pub method: String,
    /// Season length in buckets.
    pub season_length: usize,
    /// Whether a bucket without a sales row is zero (true) or unknown (false).
    pub missing_is_zero: bool,
    /// Names of the covariates, the columns of [`Pair::covariates`].
    pub covariate_names: Vec<String>,
    /// Currency of all money, for people.
    pub currency: String,
    /// Past deliveries of all items, by supplier.
    pub(crate) deliveries: Vec<Deliveries>,
    /// Repairs and warnings found while reading.
    pub notices: Faults,
}

/// An item.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its code.
    pub code: String,
    /// Where it is defined.
    pub place: Place,
    /// Group for reports and for learning across series; may be empty.
    pub category: String,
    /// Name of the stock unit; may be empty.
    pub unit: String,
    /// Money for one unit, at or above 0: the standard that stock is valued at.
    pub unit_cost: f64,
    /// Selling price of one unit; `None` when not given.
    pub price: Option<f64>,
    /// Holding cost, money per unit at the end of a bucket.
    pub holding_cost: f64,
    /// What a missing unit costs, or the target that implies it.
    pub service: Service,
    /// Unmet demand is lost (true) or waits as a backorder (false).
    pub lost_sales: bool,
    /// Buckets in which a unit can be used, the one of its arrival included; `None`: keeps.
    pub shelf_life: Option<usize>,
    /// Money for an expired unit (its unit cost plus disposal).
    pub waste_cost: f64,
    /// Volume of one unit, m3.
    pub volume_m3: f64,
    /// Weight of one unit, kg.
    pub weight_kg: f64,
    /// Smallest amount that can be ordered: 1, or 0.1, 0.01 … where decimals are allowed.
    pub quantum: f64,
    /// First bucket in which it is sold (negative: already).
    pub start: Option<i64>,
    /// Bucket from which on it is no longer sold.
    pub end: Option<i64>,
}

/// How dear a missing unit is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Service {
    /// Money per unit lost (lost sales) or per unit and bucket (backorders).
    ShortageCost(f64),
    /// Probability of no stock-out in a cycle, in (0, 1).
    CycleServiceLevel(f64),
    /// Share of demand served from stock, in (0, 1).
    FillRate(f64),
    /// Stock that covers this many days of mean demand.
    DaysOfCover(f64),
}

/// A location.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// Its code.
    pub code: String,
    /// Where it is defined.
    pub place: Place,
    /// Group for reports and for learning across series; may be empty.
    pub category: String,
    /// Room for stock, m3; `None`: unlimited.
    pub storage_m3: Option<f64>,
    /// For each bucket of the horizon: whether orders may be placed for it.
    pub may_order: Vec<bool>,
    /// For each bucket of the horizon: share of its days that lie on or after the plan date and
    /// on which the location is open (0 to 1). Demand is scaled by it.
    pub open_share: Vec<f64>,
}

/// A supplier.
#[derive(Debug, Clone, PartialEq)]
pub struct Supplier {
    /// Its code.
    pub code: String,
    /// Where it is defined.
    pub place: Place,
    /// For each bucket of the horizon: whether it takes orders.
    pub takes_orders: Vec<bool>,
    /// Money for each bucket in which anything is ordered from it.
    pub order_cost: f64,
    /// Least money an order must reach; 0: none.
    pub minimum_money: f64,
    /// Least volume an order must reach, m3; 0: none.
    pub minimum_m3: f64,
    /// Most units that can be ordered in a bucket; `None`: unlimited.
    pub capacity_units: Option<f64>,
    /// Most volume that can be ordered in a bucket (truck or container fill), m3.
    pub capacity_m3: Option<f64>,
    /// Most weight that can be ordered in a bucket, kg.
    pub capacity_kg: Option<f64>,
    /// Most money that can be spent with it over the horizon.
    pub budget: Option<f64>,
}

/// An item from a supplier to a location.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Index of the supplier.
    pub supplier: usize,
    /// Where it is stated.
    pub place: Place,
    /// Index into [`Problem::order_calendars`].
    pub calendar: usize,
    /// Lead times in whole days with their probabilities (they sum to 1); one entry when certain.
    pub lead_time_days: Vec<(u32, f64)>,
    /// Least quantity of an order line, stock units; 0: none.
    pub moq: f64,
    /// Order lines are multiples of this many stock units; at least the item's quantum.
    pub multiple: f64,
    /// All-units prices per stock unit in order of bucket and least quantity; every bucket of the
    /// horizon has at least the one from quantity 0 on ([`Source::breaks`]).
    pub prices: Vec<PriceBreak>,
    /// Money for each order line (bucket with a quantity above 0).
    pub line_cost: f64,
    /// Only the sources of the lowest preference that can deliver are used, and those of the next
    /// where all of these are limited; infinite: after all others.
    pub preference: f64,
    /// Share of each order when an order is split; `None`: not split.
    pub share: Option<f64>,
    /// Share of an ordered quantity that arrives, in (0, 1].
    pub supply_fill: f64,
}

/// A price per unit from a least quantity on, for a span of buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceBreak {
    /// First bucket of the horizon in which it holds.
    pub from: usize,
    /// Bucket from which on it no longer holds (the horizon's length: to the end).
    pub until: usize,
    /// Least quantity of the line.
    pub quantity: f64,
    /// Money per unit.
    pub unit_cost: f64,
    /// Where it is stated.
    pub place: Place,
}

/// A stock point: an item at a location.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Index of the item.
    pub item: usize,
    /// Index of the location.
    pub location: usize,
    /// Where its stock is stated.
    pub place: Place,
    /// Ways to buy it, preferred first; never empty.
    pub sources: Vec<Source>,
    /// Stock at the plan date by lot: quantity and the bucket at whose end it expires (`None`: as an
    /// arrival of the first bucket does).
    pub lots: Vec<(f64, Option<i64>)>,
    /// Units owed to customers already.
    pub backorder: f64,
    /// Known arrivals of usable units by bucket of the horizon (open orders, locked orders excluded).
    pub inflow: Vec<f64>,
    /// Promised, unshipped quantities by bucket of the horizon.
    pub promised: Vec<f64>,
    /// A person's forecasts in order of bucket, those for past buckets (negative) included.
    pub overrides: Vec<Override>,
    /// Orders that must stay, in order of bucket and source.
    pub locks: Vec<Lock>,
    /// Lowest price at which one unit can be had in the horizon, at most the item's unit cost:
    /// what is paid above it is the purchase variance.
    pub reference_cost: f64,
    /// Recorded sales by bucket of history, returns taken out; NaN where unknown.
    pub sales: Vec<f64>,
    /// Marks by bucket of history.
    pub marks: Vec<Mark>,
    /// Covariate rows over history and horizon, one column a name in
    /// [`Problem::covariate_names`]; NaN where not known.
    pub covariates: Vec<f64>,
}

/// A person's forecast for a bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The bucket; negative in history.
    pub bucket: i64,
    /// Units expected on the days that it covers.
    pub quantity: f64,
    /// Share of the bucket's days that it covers, above 0 and at most 1.
    pub share: f64,
    /// Where it is stated.
    pub place: Place,
}

/// An order that must stay in the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    /// Bucket of the order.
    pub bucket: usize,
    /// Index into the pair's sources.
    pub source: usize,
    /// Quantity, stock units.
    pub quantity: f64,
    /// Where it is stated.
    pub place: Place,
}

/// When a location can order from a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderCalendar {
    /// Index of the supplier.
    pub supplier: usize,
    /// Index of the location.
    pub location: usize,
    /// For each bucket of the horizon the first day, not before the plan date, on which the
    /// supplier takes orders and the location reviews; `None`: no order in this bucket.
    pub dates: Vec<Option<NaiveDate>>,
}

/// What is known of a bucket of history besides its sales.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// Out of stock in it: demand was at least the sales.
    pub censored: bool,
    /// Exceptional: kept out of the fit.
    pub excluded: bool,
    /// Not on sale in it (before its start, after its end, closed).
    pub inactive: bool,
}

impl Problem {
    /// How numbers and money are written for people.
    #[must_use]
    pub fn style(&self) -> Style {
        Style::for_currency(&self.currency)
    }

    /// Length of a bucket.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        self.buckets.bucket()
    }

    /// `ITEM@LOCATION`, the name of a stock point in messages and series ids.
    #[must_use]
    pub fn pair_name(&self, pair: &Pair) -> String {
        let item = self.items.get(pair.item).map_or("", |item| item.code.as_str());
        let location = self.locations.get(pair.location).map_or("", |l| l.code.as_str());
        format!("{item}@{location}")
    }

    /// Whether the plan may buy from several sources of the pair without shares: its preferred
    /// one may deliver less than is needed.
    #[must_use]
    pub fn may_combine(&self, pair: &Pair) -> bool {
        let preferred = pair.sources.first().and_then(|source| self.suppliers.get(source.supplier));
        !pair.is_split() && preferred.is_some_and(Supplier::is_limited)
    }

    /// Day on which an order of `bucket` is placed with `source`; `None` where none can be.
    #[must_use]
    pub fn order_date(&self, source: &Source, bucket: usize) -> Option<NaiveDate> {
        self.order_calendars.get(source.calendar)?.dates.get(bucket).copied().flatten()
    }

    /// Whether the plan may propose an order of `bucket` with `source` (locks aside): it is not
    /// frozen, it has an order day, and the order would arrive before the item's end of life.
    #[must_use]
    pub fn may_order(&self, pair: &Pair, source: &Source, bucket: usize) -> bool {
        let end = self.items.get(pair.item).and_then(|item| item.end);
        let shortest = source.lead_time_days.iter().map(|(days, _)| *days).min().unwrap_or(0);
        bucket >= self.frozen_horizon
            && self.order_date(source, bucket).is_some()
            && end.is_none_or(|end| self.arrival_bucket(source, bucket, shortest) < end)
    }

    /// Bucket in which an order placed in `bucket` with this lead time can be used: the first
    /// that begins at or after the order's date plus the lead time. At or beyond the horizon:
    /// not in this plan. An order that cannot be placed on any day of the bucket counts from
    /// the bucket's first day.
    #[must_use]
    pub fn arrival_bucket(&self, source: &Source, bucket: usize, lead_time_days: u32) -> i64 {
        let ordered = self
            .order_date(source, bucket)
            .unwrap_or_else(|| self.buckets.start_of(bucket as i64).max(self.plan_date));
        let arrives = ordered.checked_add_days(chrono::Days::new(u64::from(lead_time_days)));
        arrives.map_or(i64::MAX, |date| self.buckets.first_from(date))
    }

    /// Volume of one unit of the pair's item, m3.
    #[must_use]
    pub fn volume_m3(&self, pair: &Pair) -> f64 {
        self.items.get(pair.item).map_or(0.0, |item| item.volume_m3)
    }
}

impl Supplier {
    /// Whether it may deliver less than is asked for: it states a capacity, a budget or an order minimum.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        let most = [self.capacity_units, self.capacity_m3, self.capacity_kg, self.budget];
        most.iter().any(Option::is_some) || self.minimum_money > 0.0 || self.minimum_m3 > 0.0
    }
}

impl Pair {
    /// Whether its orders are split over several sources by shares.
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.sources.iter().filter(|source| source.share.is_some_and(|share| share > 0.0)).count() > 1
    }

    /// Units that locks fix of an order of `bucket` with a source.
    #[must_use]
    pub fn locked(&self, source: usize, bucket: usize) -> Option<f64> {
        let locks = self.locks.iter().filter(|lock| (lock.bucket, lock.source) == (bucket, source));
        locks.map(|lock| lock.quantity).reduce(|sum, quantity| sum + quantity)
    }
}

impl Source {
    /// The prices of `bucket`, from least quantity 0 upwards.
    pub fn breaks(&self, bucket: usize) -> impl Iterator<Item = &PriceBreak> {
        self.prices.iter().filter(move |price| price.from <= bucket && bucket < price.until)
    }

    /// Price of each unit of a line of `quantity` ordered in `bucket`: that of the last least
    /// quantity reached.
    #[must_use]
    pub fn price(&self, bucket: usize, quantity: f64) -> f64 {
        let reached = quantity * (1.0 + 1e-9);
        let step = self.breaks(bucket).take_while(|price| price.quantity <= reached).last();
        step.map_or(0.0, |price| price.unit_cost)
    }

    /// Mean lead time in days.
    #[must_use]
    pub fn mean_lead_time_days(&self) -> f64 {
        self.lead_time_days.iter().map(|(days, share)| f64::from(*days) * share).sum()
    }

    /// Longest lead time in days.
    #[must_use]
    pub fn longest_lead_time_days(&self) -> u32 {
        self.lead_time_days.iter().map(|(days, _)| *days).max().unwrap_or(0)
    }
}
