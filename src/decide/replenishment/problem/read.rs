//! From tables and settings to the problem: the readers in their order.

use crate::data::{
    Bucket, Buckets, Code, Fault, Faults, OpenDays, Schema, Settings, SettingsValues, Severity, Tables,
    Valid, Weekdays, validate,
};

use super::calendar::{Calendar, Horizon};
use super::covariates::{Covariates, Inputs};
use super::frame::{Codes, Indices, NONE, given, place, text};
use super::history::{self, History, Past};
use super::items::{self, Items};
use super::notes::Notes;
use super::pairs::{Pairs, location_codes};
use super::receipts::{Counted, Receipts};
use super::sourcing::{self, Sourcing};
use super::stock::{OnHand, Present};
use super::units::Units;
use super::{Location, Pair, Place, Problem, Source};

/// The contract of the decision, as text.
pub const CONTRACT: &str = include_str!("../../../../models/replenishment.toml");

/// Longest horizon that is planned when nothing is set, buckets.
const LONGEST_HORIZON: usize = 1000;

impl Problem {
    /// The decision's contract.
    ///
    /// # Errors
    /// The fault of the contract's text: a defect of the program.
    pub fn schema() -> Result<Schema, Faults> {
        Schema::parse(CONTRACT).map_err(|error| {
            Fault::error(Code::BadDeclaration, "models/replenishment.toml", error.to_string()).into()
        })
    }

    /// Checks tables and settings against the contract and makes the problem of them.
    ///
    /// ```
    /// use purvey::data::{Settings, Table, Tables};
    /// use purvey::decide::replenishment::problem::Problem;
    /// let date = |day: u32| chrono::NaiveDate::from_ymd_opt(2024, 1, day).unwrap();
    /// let tables = Tables::default()
    ///     .with(Table::new("items").with_text("item", ["soap"]).with_number("unit_cost", [2.0]))
    ///     .with(
    ///         Table::new("sales")
    ///             .with_text("item", ["soap"; 4])
    ///             .with_date("date", [1, 8, 15, 22].map(date))
    ///             .with_number("quantity", [5.0, 7.0, 6.0, 8.0]),
    ///     )
    ///     .with(
    ///         Table::new("stock")
    ///             .with_text("item", ["soap"])
    ///             .with_date("date", [date(29)])
    ///             .with_number("on_hand", [4.0]),
    ///     );
    /// let problem = Problem::read("shop", tables, &Settings::default())?;
    /// assert_eq!(problem.pairs[0].sales, [5.0, 7.0, 6.0, 8.0]);
    /// assert_eq!(problem.horizon, 4);
    /// # Ok::<(), purvey::data::Faults>(())
    /// ```
    ///
    /// # Errors
    /// All faults of the input at once, warnings and notices included.
    pub fn read(name: &str, tables: Tables, settings: &Settings) -> Result<Problem, Faults> {
        Self::read_in(name, tables, settings, &Self::schema()?, None)
    }

    /// Reads tables that hold the rows of a few items only as stock points of the problem in `frame`.
    ///
    /// # Errors
    /// As [`Problem::read`].
    pub(crate) fn read_in(
        name: &str,
        tables: Tables,
        settings: &Settings,
        schema: &Schema,
        frame: Option<Frame<'_>>,
    ) -> Result<Problem, Faults> {
        let Valid { tables, settings: values, notices } = validate(tables, settings, schema)?;
        let file = if settings.file.is_empty() { "settings" } else { &settings.file };
        let (problem, found) = build(name, &tables, &values, file, frame);
        let mut faults = notices;
        faults.extend(found);
        match problem {
            Some(mut problem) if !faults.has_errors() => {
                problem.notices = faults;
                Ok(problem)
            }
            _ => Err(faults),
        }
    }
}

/// What stock points have in common, so that some of them can be read without the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The problem as it was read whole.
    pub(crate) known: &'a Problem,
    /// Rows of the table of receipts that are among its deliveries already.
    pub(crate) known_receipts: usize,
}

/// Codes of all kinds, each list sorted.
struct AllCodes {
    items: Codes,
    locations: Codes,
    suppliers: Codes,
}

impl AllCodes {
    fn new(tables: &Tables, frame: Option<Frame<'_>>) -> Self {
        let items = items::codes(tables);
        match frame.map(|frame| frame.known) {
            Some(known) => AllCodes {
                items,
                locations: Codes::new(known.locations.iter().map(|location| location.code.as_str())),
                suppliers: Codes::new(known.suppliers.iter().map(|supplier| supplier.code.as_str())),
            },
            None => AllCodes { items, locations: location_codes(tables), suppliers: sourcing::codes(tables) },
        }
    }
}

fn build(
    name: &str,
    tables: &Tables,
    settings: &SettingsValues,
    file: &str,
    frame: Option<Frame<'_>>,
) -> (Option<Problem>, Faults) {
    let mut notes = Notes::default();
    let codes = AllCodes::new(tables, frame);
    let Some(plan_date) = history::plan_date(tables, settings) else {
        let message = "no plan_date, and neither stock nor sales hold a date".to_owned();
        notes.say(Severity::Error, Code::MissingKey, file, message, "set plan_date");
        return (None, notes.finish());
    };
    let bucket = history::bucket(tables, settings, &codes.items, &codes.locations);
    let buckets = Buckets::new(bucket, history::week_start(settings), plan_date);
    let pairs = Pairs::read(tables, &codes.items, &codes.locations);
    let stock_units = items::stock_units(tables, &codes.items);
    let units = Units::read(tables, &codes.items, stock_units, &mut notes);
    let counted = frame.map_or_else(Counted::default, |frame| Counted {
        by_supplier: &frame.known.deliveries,
        rows: frame.known_receipts,
    });
    let receipts =
        Receipts::read(tables, &codes.items, &codes.suppliers, &units, (plan_date, counted), &mut notes);
    let three = (&codes.items, &codes.locations, &codes.suppliers);
    let sourcing = Sourcing::read(tables, three, (&units, &receipts), settings, &mut notes);
    let lowest = sourcing.lowest_prices(codes.items.len());
    let items = items::read(tables, codes.items.clone(), settings, &buckets, &lowest, &mut notes);
    items::tell_defaults(&items.list, settings, &mut notes);
    let calendar = Calendar::read(tables, &codes.locations, &codes.suppliers, &mut notes);
    if notes.faults.has_errors() {
        // What follows would report the same faults again in other words.
        return (None, notes.finish());
    }
    let length = horizon_length(tables, settings, &sourcing, &pairs, &buckets, file, &mut notes);
    let horizon = Horizon { buckets, plan_date, length };
    let past = Past {
        tables,
        items: &items,
        locations: &codes.locations,
        pairs: &pairs,
        units: &units,
        buckets,
        plan_date,
        missing_is_zero: settings.choice("missing_dates") != Some("unknown"),
        fixed: frame.map(|frame| (frame.known.history_buckets, frame.known.known_buckets)),
    };
    let history = past.read(&calendar, &mut notes);
    let present = Present {
        tables,
        items: &items,
        locations: &codes.locations,
        suppliers: &codes.suppliers,
        pairs: &pairs,
        units: &units,
        buckets,
        plan_date,
        horizon: length,
    };
    let parts = Parts {
        tables,
        settings,
        items: &items,
        codes: &codes,
        sourcing: &sourcing,
        calendar: &calendar,
        covariate_names: frame.map_or(&[][..], |frame| &frame.known.covariate_names[..]),
    };
    let mut problem = parts.problem(name, file, &horizon, &history, &mut notes);
    problem.missing_is_zero = past.missing_is_zero;
    let stock = present.read_stock(&mut notes);
    if problem.scenarios == 0 {
        problem.scenarios = usual_scenarios(pairs.len());
    }
    problem.pairs = parts.pairs(&mut problem, &pairs, &horizon, &history, stock, &mut notes);
    present.read_open_orders(&mut problem.pairs, &mut notes);
    present.read_customer_orders(&mut problem.pairs, &mut notes);
    present.read_overrides(&mut problem.pairs, history.buckets, &mut notes);
    problem.read_locks(&present, &mut notes);
    problem.pairs.iter_mut().for_each(settle_what_is_owed);
    problem.let_dated_lots_expire();
    problem.tell_emptiness(tables, &mut notes);
    problem.deliveries = receipts.by_supplier;
    (Some(problem), notes.finish())
}

/// What is owed is set against stock on hand, the first to expire first; only one of both is left.
fn settle_what_is_owed(pair: &mut Pair) {
    for (quantity, _) in &mut pair.lots {
        let used = quantity.min(pair.backorder);
        *quantity -= used;
        pair.backorder -= used;
    }
    pair.lots.retain(|(quantity, _)| *quantity > 0.0);
}

/// The horizon: set or usual, and never shorter than what an order needs to show its effect.
#[allow(clippy::too_many_arguments)]
fn horizon_length(
    tables: &Tables,
    settings: &SettingsValues,
    sourcing: &Sourcing<'_>,
    pairs: &Pairs,
    buckets: &Buckets,
    file: &str,
    notes: &mut Notes,
) -> usize {
    let (lead, review) = sourcing.longest(&pairs.list);
    let lead = (f64::from(lead) / buckets.bucket().days()).ceil() as usize;
    let least = (lead + review).min(LONGEST_HORIZON);
    match settings.integer("horizon") {
        Some(set) if (set as usize) < least => {
            let message = format!(
                "a horizon of {set} is shorter than the longest lead time and review period, {least} buckets are planned"
            );
            notes.say(Severity::Notice, Code::Repaired, file, message, "");
            least
        }
        Some(set) => set as usize,
        None if orders_are_free(tables) => (least + BEYOND_FREE_ORDERS).min(LONGEST_HORIZON),
        None => usual_horizon(buckets.bucket()).max(least + BEYOND_FREE_ORDERS),
    }
}

/// Buckets planned beyond lead time and review period where orders are free: a
/// later order makes up for what an earlier one left, so looking further only
/// charges today's order for stock that the next plan would trim.
const BEYOND_FREE_ORDERS: usize = 2;

/// Whether unmet demand is lost everywhere and nothing makes it pay to order
/// more at once: no order cost, no least quantity, no multiple, no price break.
fn orders_are_free(tables: &Tables) -> bool {
    let none_above = |table: &str, columns: &[&str], most: f64| {
        let Some(table) = tables.get(table) else { return true };
        columns
            .iter()
            .filter_map(|column| table.number(column))
            .flatten()
            .all(|value| value.is_nan() || *value <= most)
    };
    let kinds = tables.get("items").and_then(|items| items.text("unmet_demand"));
    kinds.is_none_or(|kinds| kinds.find("backorder").is_none())
        && none_above("suppliers", &["order_cost", "minimum_money", "minimum_m3"], 0.0)
        && none_above("sourcing", &["moq", "line_cost", "min_quantity"], 0.0)
        && none_above("sourcing", &["order_multiple"], 1.0)
}

/// Many scenarios for few stock points, fewer where there are many of those.
fn usual_scenarios(pairs: usize) -> usize {
    (200_000 / pairs.max(1)).clamp(40, 200)
}

fn usual_horizon(bucket: Bucket) -> usize {
    match bucket {
        Bucket::Day => 28,
        Bucket::Week => 13,
        Bucket::Month => 6,
    }
}

impl Problem {
    /// An item that keeps may still have a lot with a date: its arrivals expire after the horizon.
    fn let_dated_lots_expire(&mut self) {
        for pair in &self.pairs {
            let dated = pair.lots.iter().any(|(_, expiry)| expiry.is_some());
            let item = &mut self.items[pair.item];
            if dated && item.shelf_life.is_none() {
                item.shelf_life = Some(self.horizon + 1);
            }
        }
    }
}

/// What was read so far, to be put together.
struct Parts<'a> {
    tables: &'a Tables,
    settings: &'a SettingsValues,
    items: &'a Items,
    codes: &'a AllCodes,
    sourcing: &'a Sourcing<'a>,
    calendar: &'a Calendar,
    covariate_names: &'a [String],
}

impl Parts<'_> {
    /// The problem without its pairs.
    fn problem(
        &self,
        name: &str,
        file: &str,
        horizon: &Horizon,
        history: &History,
        notes: &mut Notes,
    ) -> Problem {
        let whole = |name: &str| self.settings.integer(name).and_then(|value| usize::try_from(value).ok());
        let setting = |name: &str| Place { file: file.to_owned(), row: 0 }.with_setting(name);
        Problem {
            name: name.to_owned(),
            plan_date: horizon.plan_date,
            buckets: horizon.buckets,
            horizon: horizon.length,
            frozen_horizon: whole("frozen_horizon").unwrap_or(0).min(horizon.length),
            frozen_place: setting("frozen_horizon"),
            history_buckets: history.buckets,
            known_buckets: history.known,
            items: self.items.list.clone(),
            locations: self.locations(horizon),
            suppliers: self.sourcing.suppliers(self.calendar, horizon),
            pairs: Vec::new(),
            order_calendars: Vec::new(),
            budget: self.settings.number("budget").map(|budget| (budget, setting("budget"))),
            review_period: whole("review_period").unwrap_or(1).max(1),
            scenarios: whole("scenarios").unwrap_or(0),
            stability_penalty: self.settings.number("stability_penalty").unwrap_or(0.0),
            safety_factor: self.safety_factor(file, notes),
            method: self.settings.text("method").unwrap_or("auto").to_owned(),
            season_length: whole("season_length").unwrap_or(horizon.buckets.bucket().season_length()),
            missing_is_zero: true,
            covariate_names: Vec::new(),
            currency: self.settings.text("currency").unwrap_or("EUR").to_owned(),
            deliveries: Vec::new(),
            notices: Faults::default(),
        }
    }

    fn safety_factor(&self, file: &str, notes: &mut Notes) -> Option<f64> {
        const MOST: f64 = 10.0;
        let text = self.settings.text("safety_factor").unwrap_or("auto");
        if text == "auto" {
            return None;
        }
        match text.parse::<f64>() {
            Ok(factor) if (0.0..=MOST).contains(&factor) => Some(factor),
            _ => {
                let message =
                    format!("safety_factor is \"{text}\": neither auto nor a number from 0 to {MOST}");
                let help = "write auto, or a number such as 1.2";
                notes.say(Severity::Error, Code::OutOfRange, file, message, help);
                None
            }
        }
    }

    fn review_weekdays(&self) -> Vec<Weekdays> {
        let mut days = vec![Weekdays::ALL; self.codes.locations.len()];
        if let Some(table) = self.tables.get("locations") {
            let location = Indices::new(table, "location", &self.codes.locations);
            for row in (0..table.len()).filter(|&row| location.at(row) != NONE) {
                days[location.at(row) as usize] =
                    Weekdays::parse(text(table, "review_days", row)).unwrap_or(Weekdays::ALL);
            }
        }
        days
    }

    fn review_days(&self) -> Vec<OpenDays> {
        let weekdays = self.review_weekdays().into_iter().enumerate();
        weekdays.map(|(location, days)| self.calendar.review_days(location as u32, days)).collect()
    }

    fn locations(&self, horizon: &Horizon) -> Vec<Location> {
        let mut list: Vec<Location> = self
            .review_days()
            .iter()
            .enumerate()
            .map(|(index, review)| Location {
                code: self.codes.locations.code(index).to_owned(),
                place: Place::default(),
                category: String::new(),
                storage_m3: None,
                may_order: horizon.any_open(review),
                open_share: horizon.open_share(&self.calendar.open_days(index as u32)),
            })
            .collect();
        if let Some(table) = self.tables.get("locations") {
            let location = Indices::new(table, "location", &self.codes.locations);
            for row in (0..table.len()).filter(|&row| location.at(row) != NONE) {
                let slot = &mut list[location.at(row) as usize];
                slot.place = place(table, row);
                text(table, "category", row).clone_into(&mut slot.category);
                slot.storage_m3 = given(table, "storage_m3", row);
            }
        }
        list
    }

    /// The stock points, without what is on order or promised.
    fn pairs(
        &self,
        problem: &mut Problem,
        pairs: &Pairs,
        horizon: &Horizon,
        history: &History,
        stock: Vec<OnHand>,
        notes: &mut Notes,
    ) -> Vec<Pair> {
        let (calendars, calendar_of) =
            self.sourcing.order_calendars(&pairs.list, &self.review_days(), self.calendar, horizon);
        let inputs = Inputs {
            tables: self.tables,
            items: self.items,
            locations: &self.codes.locations,
            buckets: horizon.buckets,
            horizon: horizon.length,
            names: self.covariate_names,
        };
        let covariates = Covariates::read(&inputs, history, self.calendar, notes);
        problem.covariate_names.clone_from(&covariates.names);
        let length = history.buckets;
        let list = pairs.list.iter().zip(stock).enumerate().map(|(index, (&(item, location), on_hand))| {
            let sources = self.sourcing.sources(
                (item, location),
                self.items,
                (&calendars, &calendar_of),
                horizon,
                notes,
            );
            Pair {
                item: item as usize,
                location: location as usize,
                place: on_hand.place,
                reference_cost: reference_cost(self.items.list[item as usize].unit_cost, &sources),
                sources,
                lots: on_hand.lots,
                backorder: on_hand.backorder,
                inflow: vec![0.0; horizon.length],
                promised: vec![0.0; horizon.length],
                overrides: Vec::new(),
                locks: Vec::new(),
                sales: history.sales[index * length..(index + 1) * length].to_vec(),
                marks: history.marks[index * length..(index + 1) * length].to_vec(),
                covariates: covariates.of_pair(index, pairs, history),
            }
        });
        let list = list.collect();
        problem.order_calendars = calendars;
        list
    }
}

/// The lowest price of the horizon, at most the standard cost.
fn reference_cost(unit_cost: f64, sources: &[Source]) -> f64 {
    let prices = sources.iter().flat_map(|source| &source.prices).map(|price| price.unit_cost);
    prices.fold(unit_cost, f64::min)
}

impl Place {
    /// The place of a setting: a file without a row, and its name.
    fn with_setting(mut self, name: &str) -> Self {
        if self.file.is_empty() || self.file == "settings" {
            self.file = format!("settings.{name}");
        }
        self
    }
}
