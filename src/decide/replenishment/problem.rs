//! The validated replenishment problem, made from tables.
//!
//! Codes have become indices, dates have become buckets, units have become
//! stock units, and defaults are filled in. Whatever holds a limit or a price
//! also holds the input row that states it, so that explanations and checks
//! can name it.

use chrono::NaiveDate;

use crate::data::{Bucket, Buckets, Faults};

/// A place in the input: file and row as a spreadsheet shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// File or table name; empty for a default that no row states.
    pub file: String,
    /// Row; 0 for a setting or a default.
    pub row: u64,
}

/// The whole problem; indices below refer to its lists.
#[derive(Debug, Clone)]
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
    /// Complete buckets of history, oldest first; its last entry is bucket -1.
    pub history_buckets: usize,
    /// Items in order of their code.
    pub items: Vec<Item>,
    /// Locations in order of their code.
    pub locations: Vec<Location>,
    /// Suppliers in order of their code.
    pub suppliers: Vec<Supplier>,
    /// Stock points in order of (item, location).
    pub pairs: Vec<Pair>,
    /// Total money for all orders placed in the horizon, and the place that states it.
    pub budget: Option<(f64, Place)>,
    /// Demand scenarios a stock point.
    pub scenarios: usize,
    /// Cost of changing an earlier plan, money per unit changed.
    pub stability_penalty: f64,
    /// Forecasting method by name (`auto` by default).
    pub method: String,
    /// Season length in buckets.
    pub season_length: usize,
    /// Whether a bucket without a sales row is zero (true) or unknown (false).
    pub missing_is_zero: bool,
    /// Repairs and warnings found while reading.
    pub notices: Faults,
}

/// An item.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its code.
    pub code: String,
    /// Where it is defined.
    pub place: Place,
    /// Money for one unit, at or above 0.
    pub unit_cost: f64,
    /// Selling price of one unit; `None` when not given.
    pub price: Option<f64>,
    /// Holding cost, money per unit at the end of a bucket.
    pub holding_cost: f64,
    /// What a missing unit costs, or the target that implies it.
    pub service: Service,
    /// Unmet demand is lost (true) or waits as a backorder (false).
    pub lost_sales: bool,
    /// Buckets from arrival after which a unit has expired; `None`: keeps.
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
#[derive(Debug, Clone)]
pub struct Location {
    /// Its code.
    pub code: String,
    /// Where it is defined.
    pub place: Place,
    /// Room for stock, m3; `None`: unlimited.
    pub storage_m3: Option<f64>,
    /// For each bucket of the horizon: whether orders may be placed for it.
    pub may_order: Vec<bool>,
    /// For each bucket of the horizon: share of the bucket's days on which it is open (0 to 1).
    pub open_share: Vec<f64>,
}

/// A supplier.
#[derive(Debug, Clone)]
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
    /// Most money that can be spent with it over the horizon.
    pub budget: Option<f64>,
}

/// An item from a supplier to a location.
#[derive(Debug, Clone)]
pub struct Source {
    /// Index of the supplier.
    pub supplier: usize,
    /// Where it is stated.
    pub place: Place,
    /// Lead times in whole days with their probabilities (they sum to 1); one entry when certain.
    pub lead_time_days: Vec<(u32, f64)>,
    /// Least quantity of an order line, stock units; 0: none.
    pub moq: f64,
    /// Order lines are multiples of this many stock units; at least the item's quantum.
    pub multiple: f64,
    /// All-units prices per stock unit, by first bucket valid, last bucket valid and least quantity.
    pub prices: Vec<PriceBreak>,
    /// Lower is preferred.
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
#[derive(Debug, Clone)]
pub struct Pair {
    /// Index of the item.
    pub item: usize,
    /// Index of the location.
    pub location: usize,
    /// Where its stock is stated.
    pub place: Place,
    /// Ways to buy it, preferred first; never empty.
    pub sources: Vec<Source>,
    /// Stock at the plan date by lot: quantity and the bucket at whose end it expires (`None`: keeps).
    pub lots: Vec<(f64, Option<i64>)>,
    /// Units owed to customers already.
    pub backorder: f64,
    /// Known arrivals by bucket of the horizon (open orders, locked orders excluded).
    pub inflow: Vec<f64>,
    /// Promised, unshipped quantities by bucket of the horizon.
    pub promised: Vec<f64>,
    /// A person's forecast by bucket of the horizon; NaN where there is none.
    pub overrides: Vec<f64>,
    /// Orders that must stay: bucket of the order, source index, quantity.
    pub locks: Vec<(usize, usize, f64)>,
    /// Recorded sales by bucket of history, returns taken out; NaN where unknown.
    pub sales: Vec<f64>,
    /// Marks by bucket of history.
    pub marks: Vec<Mark>,
    /// Covariate rows over history and horizon, one column a name in [`Pair::covariate_names`].
    pub covariates: Vec<f64>,
    /// Names of the covariates.
    pub covariate_names: Vec<String>,
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

    /// Bucket of the horizon in which an order placed in `bucket` with this lead time can be used:
    /// the first that begins at or after the order's date plus the lead time.
    #[must_use]
    pub fn arrival_bucket(&self, bucket: usize, lead_time_days: u32) -> i64 {
        let ordered = self.buckets.start_of(bucket as i64).max(self.plan_date);
        let arrives = ordered.checked_add_days(chrono::Days::new(u64::from(lead_time_days)));
        arrives.map_or(i64::MAX, |date| self.buckets.first_from(date))
    }
}
