//! Suppliers, and the terms on which each item is bought from them.

use std::collections::BTreeMap;

use crate::data::{Code, Fault, OpenDays, SettingsValues, Table, Tables, Weekdays};

use super::calendar::{Calendar, Horizon};
use super::frame::{Codes, Indices, NONE, date, given, number, place, text, words};
use super::items::Items;
use super::notes::Notes;
use super::receipts::{Receipts, stated};
use super::units::Units;
use super::{Item, OrderCalendar, Place, PriceBreak, Source, Supplier};

/// Name of the supplier where no table names one.
const ONLY_SUPPLIER: &str = "supplier";

/// The suppliers' codes: of their table, or of whatever table names some.
pub(super) fn codes(tables: &Tables) -> Codes {
    let stated = Codes::new(words(tables, "suppliers", "supplier"));
    if stated.len() > 0 {
        return stated;
    }
    let others = ["sourcing", "open_orders", "locks", "receipts"];
    let named = Codes::new(others.into_iter().flat_map(|table| words(tables, table, "supplier")));
    if named.len() > 0 { named } else { Codes::new([ONLY_SUPPLIER]) }
}

/// What is known of a supplier before the horizon is.
#[derive(Debug)]
pub(super) struct SupplierTerms {
    row: Option<usize>,
    lead_time_days: f64,
    lead_time_sd_days: f64,
    order_days: Weekdays,
    pub(super) review_period: usize,
}

/// Terms of one item from one supplier for one location ([`NONE`]: for all).
#[derive(Debug, Default)]
struct Terms {
    place: Place,
    lead_time_days: Stated,
    lead_time_sd_days: Stated,
    moq: Stated,
    multiple: Stated,
    line_cost: Stated,
    preference: Stated,
    share: Stated,
    steps: Vec<Step>,
}

/// A value and the row that states it.
type Stated = Option<(f64, u64)>;

#[derive(Debug)]
struct Step {
    quantity: f64,
    price: f64,
    from: Option<chrono::NaiveDate>,
    until: Option<chrono::NaiveDate>,
    place: Place,
}

/// Everything about buying that does not depend on the horizon.
pub(super) struct Sourcing<'a> {
    codes: &'a Codes,
    pub(super) suppliers: Vec<SupplierTerms>,
    table: Option<&'a Table>,
    /// By item, location ([`NONE`] last) and supplier.
    terms: BTreeMap<(u32, u32, u32), Terms>,
    receipts: &'a Receipts,
}

impl<'a> Sourcing<'a> {
    pub(super) fn read(
        tables: &'a Tables,
        (items, locations, codes): (&Codes, &Codes, &'a Codes),
        (units, receipts): (&Units, &'a Receipts),
        settings: &SettingsValues,
        notes: &mut Notes,
    ) -> Self {
        let suppliers = read_suppliers(tables.get("suppliers"), codes, settings);
        let mut sourcing =
            Sourcing { codes, suppliers, table: tables.get("suppliers"), terms: BTreeMap::new(), receipts };
        if let Some(table) = tables.get("sourcing") {
            sourcing.read_terms(table, (items, locations), units, notes);
        }
        sourcing
    }

    fn read_terms(
        &mut self,
        table: &Table,
        (items, locations): (&Codes, &Codes),
        units: &Units,
        notes: &mut Notes,
    ) {
        let item = Indices::new(table, "item", items);
        let location = Indices::new(table, "location", locations);
        let supplier = Indices::new(table, "supplier", self.codes);
        for row in 0..table.len() {
            let (i, s) = (item.at(row), supplier.at(row));
            if i == NONE || s == NONE {
                continue;
            }
            let owner = (i, items.code(i as usize));
            let mut factor = |column| units.of_row(table, column, row, owner, notes);
            let (moq, multiple) = (factor("moq_unit"), factor("multiple_unit"));
            let (price, quantity) = (factor("price_unit"), factor("quantity_unit"));
            let terms = self.terms.entry((i, location.at(row), s)).or_default();
            let cell = |column| given(table, column, row);
            let stated = [
                (&mut terms.lead_time_days, "lead_time_days", cell("lead_time_days")),
                (&mut terms.lead_time_sd_days, "lead_time_sd_days", cell("lead_time_sd_days")),
                (&mut terms.moq, "moq", cell("moq").map(|q| moq.quantity(q))),
                (&mut terms.multiple, "order_multiple", cell("order_multiple").map(|q| multiple.quantity(q))),
                (&mut terms.line_cost, "line_cost", cell("line_cost")),
                (&mut terms.preference, "preference", cell("preference")),
                (&mut terms.share, "share", cell("share")),
            ];
            for (slot, column, value) in stated {
                state(slot, value, (table, row, column), notes);
            }
            if terms.place.row == 0 || table.row_number(row) < terms.place.row {
                terms.place = place(table, row);
            }
            if let Some(value) = cell("unit_price") {
                terms.steps.push(Step {
                    quantity: quantity.quantity(number(table, "min_quantity", row).max(0.0)),
                    price: price.price(value),
                    from: date(table, "valid_from", row),
                    until: date(table, "valid_until", row),
                    place: place(table, row),
                });
            }
        }
        for terms in self.terms.values_mut() {
            // The later beginning counts: it comes last.
            terms.steps.sort_by(|a, b| {
                a.quantity
                    .total_cmp(&b.quantity)
                    .then(a.from.cmp(&b.from))
                    .then(a.place.row.cmp(&b.place.row))
            });
        }
    }

    /// Lowest price of each item that some row states.
    pub(super) fn lowest_prices(&self, items: usize) -> Vec<Option<f64>> {
        let mut lowest: Vec<Option<f64>> = vec![None; items];
        for ((item, ..), terms) in &self.terms {
            let slot = &mut lowest[*item as usize];
            for step in &terms.steps {
                *slot = Some(slot.map_or(step.price, |known: f64| known.min(step.price)));
            }
        }
        lowest
    }

    /// Terms that apply to a pair, by supplier: those of the location before those for all;
    /// without any every supplier, on its own terms.
    fn applicable(&self, item: u32, location: u32) -> Vec<(u32, Option<&Terms>)> {
        let mut found: BTreeMap<u32, &Terms> = BTreeMap::new();
        for place in [NONE, location] {
            for ((.., supplier), terms) in self.terms.range((item, place, 0)..=(item, place, u32::MAX)) {
                found.insert(*supplier, terms);
            }
        }
        if found.is_empty() {
            return (0..self.codes.len() as u32).map(|supplier| (supplier, None)).collect();
        }
        found.into_iter().map(|(supplier, terms)| (supplier, Some(terms))).collect()
    }

    /// Lead-time distribution and supply fill: what is known of the item counts before what is
    /// known of the supplier.
    fn delivery(&self, item: u32, supplier: u32, terms: Option<&Terms>) -> (Vec<(u32, f64)>, f64) {
        let of_supplier = &self.suppliers[supplier as usize];
        let own = terms.and_then(|terms| terms.lead_time_days);
        let own_sd = terms.and_then(|terms| terms.lead_time_sd_days);
        let learned_of_all = self.receipts.of_supplier(supplier);
        if let Some(learned) = self.receipts.of_item(supplier, item) {
            return (learned.lead_time_days.clone(), learned.supply_fill);
        }
        let fill = learned_of_all.map_or(1.0, |learned| learned.supply_fill);
        match (own, learned_of_all) {
            (None, Some(learned)) => (learned.lead_time_days.clone(), fill),
            _ => {
                let mean = own.map_or(of_supplier.lead_time_days, |(days, _)| days);
                let deviation = own_sd.map_or(of_supplier.lead_time_sd_days, |(days, _)| days);
                (stated(mean, deviation), fill)
            }
        }
    }

    /// The longest lead time and the longest review period among the pairs.
    pub(super) fn longest(&self, pairs: &[(u32, u32)]) -> (u32, usize) {
        let mut lead = 0;
        let mut review = 1;
        for &(item, location) in pairs {
            for (supplier, terms) in self.applicable(item, location) {
                let days = self.delivery(item, supplier, terms).0;
                lead = days.iter().map(|(days, _)| *days).fold(lead, u32::max);
                review = review.max(self.suppliers[supplier as usize].review_period);
            }
        }
        (lead, review)
    }

    /// The suppliers over the horizon.
    pub(super) fn suppliers(&self, calendar: &Calendar, horizon: &Horizon) -> Vec<Supplier> {
        (0..self.codes.len()).map(|index| self.supplier(index, calendar, horizon)).collect()
    }

    fn supplier(&self, index: usize, calendar: &Calendar, horizon: &Horizon) -> Supplier {
        let terms = &self.suppliers[index];
        let reviews = crate::data::review_buckets(terms.review_period, 0, horizon.length);
        let open = horizon.any_open(&self.order_days(index, calendar));
        let row = self.table.zip(terms.row);
        let cell = |column| row.and_then(|(table, row)| given(table, column, row));
        Supplier {
            code: self.codes.code(index).to_owned(),
            place: row.map_or_else(Place::default, |(table, row)| place(table, row)),
            takes_orders: open.iter().zip(reviews).map(|(open, review)| *open && review).collect(),
            order_cost: cell("order_cost").unwrap_or(0.0),
            minimum_money: cell("minimum_money").unwrap_or(0.0),
            minimum_m3: cell("minimum_m3").unwrap_or(0.0),
            capacity_units: cell("capacity_units"),
            capacity_m3: cell("capacity_m3"),
            capacity_kg: cell("capacity_kg"),
            budget: cell("budget"),
        }
    }

    fn order_days(&self, supplier: usize, calendar: &Calendar) -> OpenDays {
        calendar.order_days(supplier as u32, self.suppliers[supplier].order_days)
    }

    /// The order calendars of all suppliers and locations that do business, with an index by both.
    pub(super) fn order_calendars(
        &self,
        pairs: &[(u32, u32)],
        review_days: &[OpenDays],
        calendar: &Calendar,
        horizon: &Horizon,
    ) -> (Vec<OrderCalendar>, BTreeMap<(u32, u32), usize>) {
        let mut index: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        for &(item, location) in pairs {
            for (supplier, _) in self.applicable(item, location) {
                index.entry((supplier, location)).or_default();
            }
        }
        let order_days: Vec<OpenDays> =
            (0..self.codes.len()).map(|supplier| self.order_days(supplier, calendar)).collect();
        let mut list = Vec::with_capacity(index.len());
        for ((supplier, location), slot) in &mut index {
            let (s, l) = (*supplier as usize, *location as usize);
            *slot = list.len();
            let period = self.suppliers[s].review_period;
            list.push(horizon.order_calendar((s, &order_days[s], period), (l, &review_days[l])));
        }
        (list, index)
    }

    /// The ways to buy the item of a pair, preferred first.
    pub(super) fn sources(
        &self,
        (item_index, location): (u32, u32),
        items: &Items,
        (calendars, calendar_of): (&[OrderCalendar], &BTreeMap<(u32, u32), usize>),
        horizon: &Horizon,
        notes: &mut Notes,
    ) -> Vec<Source> {
        let item = &items.list[item_index as usize];
        let mut sources: Vec<Source> = Vec::new();
        for (supplier, terms) in self.applicable(item_index, location) {
            let calendar = calendar_of.get(&(supplier, location)).copied().unwrap_or(0);
            let dates = calendars.get(calendar).map_or(&[][..], |calendar| &calendar.dates);
            let (lead_time_days, supply_fill) = self.delivery(item_index, supplier, terms);
            let value = |stated: fn(&Terms) -> Stated| terms.and_then(stated).map(|(value, _)| value);
            sources.push(Source {
                supplier: supplier as usize,
                place: terms.map_or_else(Place::default, |terms| terms.place.clone()),
                calendar,
                lead_time_days,
                moq: value(|terms| terms.moq).unwrap_or(0.0),
                multiple: multiple(item, terms, notes),
                prices: prices(item, terms, dates, horizon),
                line_cost: value(|terms| terms.line_cost).unwrap_or(0.0),
                preference: value(|terms| terms.preference).unwrap_or(f64::INFINITY),
                share: value(|terms| terms.share),
                supply_fill,
            });
        }
        rank(&mut sources);
        check_shares(item, &sources, notes);
        sources
    }
}

/// Takes `value` as stated by `row`; two rows that state different values contradict each other.
fn state(
    slot: &mut Stated,
    value: Option<f64>,
    (table, row, column): (&Table, usize, &str),
    notes: &mut Notes,
) {
    let Some(value) = value else { return };
    let number = table.row_number(row);
    match *slot {
        Some((known, other)) if known != value => {
            let (first, second) = (number.min(other), number.max(other));
            let (a, b) = if first == number { (value, known) } else { (known, value) };
            let message = format!("{column} is {b} here and {a} in row {first}, for the same source");
            let fault = Fault::error(Code::Contradiction, table.file(), message);
            notes.faults.push(fault.at_row(second).with_help("state it once, or the same in both rows"));
        }
        Some((_, other)) => *slot = Some((value, number.min(other))),
        None => *slot = Some((value, number)),
    }
}

fn read_suppliers(table: Option<&Table>, codes: &Codes, settings: &SettingsValues) -> Vec<SupplierTerms> {
    let default_lead = settings.number("lead_time_days").unwrap_or(7.0);
    let default_review = settings.integer("review_period").unwrap_or(1).max(1) as usize;
    let mut list: Vec<SupplierTerms> = (0..codes.len())
        .map(|_| SupplierTerms {
            row: None,
            lead_time_days: default_lead,
            lead_time_sd_days: 0.0,
            order_days: Weekdays::ALL,
            review_period: default_review,
        })
        .collect();
    let Some(table) = table else { return list };
    let supplier = Indices::new(table, "supplier", codes);
    for row in (0..table.len()).filter(|&row| supplier.at(row) != NONE) {
        let terms = &mut list[supplier.at(row) as usize];
        terms.row = Some(row);
        terms.lead_time_days = given(table, "lead_time_days", row).unwrap_or(default_lead);
        terms.lead_time_sd_days = given(table, "lead_time_sd_days", row).unwrap_or(0.0);
        terms.order_days = Weekdays::parse(text(table, "order_days", row)).unwrap_or(Weekdays::ALL);
        terms.review_period =
            given(table, "review_period", row).map_or(default_review, |n| n.max(1.0) as usize);
    }
    list
}

/// The order multiple, which the item's decimals must allow.
fn multiple(item: &Item, terms: Option<&Terms>, notes: &mut Notes) -> f64 {
    let Some((value, row)) = terms.and_then(|terms| terms.multiple) else { return item.quantum };
    let steps = value / item.quantum;
    if (steps - steps.round()).abs() > 1e-6 * steps.max(1.0) || steps.round() < 1.0 {
        let file = terms.map_or("", |terms| terms.place.file.as_str());
        let message = format!(
            "order_multiple is {value} stock units, but quantities of {} go in steps of {}",
            item.code, item.quantum
        );
        let fault = Fault::error(Code::Contradiction, file, message);
        notes.faults.push(fault.at_row(row).with_help("mend the multiple, or allow decimals in items"));
        return item.quantum;
    }
    value
}

/// The price list, bucket by bucket, buckets with the same list put together.
fn prices(
    item: &Item,
    terms: Option<&Terms>,
    dates: &[Option<chrono::NaiveDate>],
    horizon: &Horizon,
) -> Vec<PriceBreak> {
    let base = || PriceBreak {
        from: 0,
        until: horizon.length,
        quantity: 0.0,
        unit_cost: item.unit_cost,
        place: item.place.clone(),
    };
    let steps: &[Step] = terms.map_or(&[], |terms| &terms.steps);
    if steps.is_empty() {
        return vec![base()];
    }
    let mut list: Vec<PriceBreak> = Vec::new();
    let mut last: Vec<usize> = Vec::new();
    let mut last_start = 0;
    for bucket in 0..horizon.length {
        let date = dates.get(bucket).copied().flatten();
        let date = date.unwrap_or_else(|| horizon.buckets.start_of(bucket as i64).max(horizon.plan_date));
        let valid = valid_steps(steps, date);
        if bucket > 0 && valid == last {
            for price in &mut list[last_start..] {
                price.until = bucket + 1;
            }
            continue;
        }
        last_start = list.len();
        if valid.first().is_none_or(|&step| steps[step].quantity > 0.0) {
            list.push(PriceBreak { from: bucket, until: bucket + 1, ..base() });
        }
        list.extend(valid.iter().map(|&step| PriceBreak {
            from: bucket,
            until: bucket + 1,
            quantity: steps[step].quantity,
            unit_cost: steps[step].price,
            place: steps[step].place.clone(),
        }));
        last = valid;
    }
    list
}

/// The steps that hold on `date`, one a quantity.
fn valid_steps(steps: &[Step], date: chrono::NaiveDate) -> Vec<usize> {
    let mut valid: Vec<usize> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        if step.from.is_some_and(|from| date < from) || step.until.is_some_and(|until| date > until) {
            continue;
        }
        if valid.last().is_some_and(|&other| steps[other].quantity == step.quantity) {
            valid.pop();
        }
        valid.push(index);
    }
    valid
}

/// Preferred first: as stated, then by price, lead time and code. What states no preference
/// comes after what states one; where none does, all are equal.
fn rank(sources: &mut [Source]) {
    if sources.iter().all(|source| source.preference.is_infinite()) {
        sources.iter_mut().for_each(|source| source.preference = 0.0);
    }
    let first_price = |source: &Source| source.prices.first().map_or(0.0, |price| price.unit_cost);
    sources.sort_by(|a, b| {
        a.preference
            .total_cmp(&b.preference)
            .then(first_price(a).total_cmp(&first_price(b)))
            .then(a.mean_lead_time_days().total_cmp(&b.mean_lead_time_days()))
            .then(a.supplier.cmp(&b.supplier))
    });
}

/// Shares are given for all sources and add up to 1, or for none.
fn check_shares(item: &Item, sources: &[Source], notes: &mut Notes) {
    let given = sources.iter().filter(|source| source.share.is_some()).count();
    let sum: f64 = sources.iter().filter_map(|source| source.share).sum();
    if given == 0 || (given == sources.len() && (sum - 1.0).abs() < 1e-6) {
        return;
    }
    let places: Vec<String> = sources.iter().map(|source| source.place.row.to_string()).collect();
    let message = if given < sources.len() {
        format!(
            "{given} of {} sources of {} have a share (rows {})",
            sources.len(),
            item.code,
            places.join(", ")
        )
    } else {
        format!(
            "the shares of {} add up to {} (rows {})",
            item.code,
            super::frame::snap(sum),
            places.join(", ")
        )
    };
    let place = sources.first().map(|source| source.place.clone()).unwrap_or_default();
    let fault = Fault::error(Code::Contradiction, place.file, message);
    notes.faults.push(fault.at_row(place.row).with_help("give all sources a share, 1 together, or none"));
}
