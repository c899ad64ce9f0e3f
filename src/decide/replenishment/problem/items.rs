//! Items: costs, service, life cycle.

use crate::data::{Bucket, Buckets, Code, SettingsValues, Severity, Table, Tables};

use super::frame::{Codes, Indices, NONE, date, given, number, place, text};
use super::notes::{Notes, Rule, counted};
use super::{Item, Service};

const DAYS_OF_A_YEAR: f64 = 365.25;

/// Items and what only reading needs of them.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) codes: Codes,
    pub(super) list: Vec<Item>,
    /// Predecessor and share of its history.
    pub(super) predecessor: Vec<Option<(u32, f64)>>,
}

pub(super) fn codes(tables: &Tables) -> Codes {
    Codes::new(super::frame::words(tables, "items", "item"))
}

/// Names of the stock units, by item.
pub(super) fn stock_units(tables: &Tables, codes: &Codes) -> Vec<String> {
    let mut units = vec![String::new(); codes.len()];
    if let Some(table) = tables.get("items") {
        let item = Indices::new(table, "item", codes);
        for row in (0..table.len()).filter(|&row| item.at(row) != NONE) {
            units[item.at(row) as usize] = text(table, "unit", row).to_owned();
        }
    }
    units
}

/// Reads the items; `lowest_price` is the lowest price at which each can be bought, if stated.
pub(super) fn read(
    tables: &Tables,
    codes: Codes,
    settings: &SettingsValues,
    buckets: &Buckets,
    lowest_price: &[Option<f64>],
    notes: &mut Notes,
) -> Items {
    let mut items = Items { list: Vec::new(), predecessor: vec![None; codes.len()], codes };
    let Some(table) = tables.get("items") else { return items };
    let index = Indices::new(table, "item", &items.codes);
    let mut rows: Vec<usize> = (0..table.len()).filter(|&row| index.at(row) != NONE).collect();
    rows.sort_unstable_by_key(|&row| index.at(row));
    let predecessor = Indices::new(table, "predecessor", &items.codes);
    for row in rows {
        let i = index.at(row) as usize;
        let reader = ItemRow { table, row, bucket: buckets.bucket(), settings };
        items.list.push(reader.item(
            items.codes.code(i),
            buckets,
            lowest_price.get(i).copied().flatten(),
            notes,
        ));
        if predecessor.at(row) != NONE {
            items.predecessor[i] = Some((predecessor.at(row), number(table, "predecessor_share", row)));
        }
    }
    refuse_circles(&items, table, &index, notes);
    items
}

/// An item may not come after itself.
fn refuse_circles(items: &Items, table: &Table, index: &Indices<'_>, notes: &mut Notes) {
    for row in 0..table.len() {
        let start = index.at(row);
        let mut at = start;
        for _ in 0..=items.codes.len() {
            match items.predecessor.get(at as usize).copied().flatten() {
                Some((before, _)) => at = before,
                None => break,
            }
            if at == start {
                let message = format!("{} comes after itself", items.codes.code(start as usize));
                notes.error(Code::Contradiction, table, row, message, "mend the column predecessor");
                break;
            }
        }
    }
}

struct ItemRow<'a> {
    table: &'a Table,
    row: usize,
    bucket: Bucket,
    settings: &'a SettingsValues,
}

impl ItemRow<'_> {
    fn given(&self, column: &str) -> Option<f64> {
        given(self.table, column, self.row)
    }

    fn item(&self, code: &str, buckets: &Buckets, lowest_price: Option<f64>, notes: &mut Notes) -> Item {
        let unit_cost = self.unit_cost(lowest_price, notes);
        let holding_cost = self.holding_cost(unit_cost);
        let lost_sales = text(self.table, "unmet_demand", self.row) != "backorder";
        let price = self.given("price");
        let service = self.service(unit_cost, price, lost_sales, notes);
        self.check_target(service, holding_cost, code, notes);
        let start = date(self.table, "start_date", self.row);
        let end = date(self.table, "end_date", self.row);
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            let message = format!("{code} ends on {end}, before it starts on {start}");
            notes.error(Code::Contradiction, self.table, self.row, message, "mend one of the two dates");
        }
        Item {
            code: code.to_owned(),
            place: place(self.table, self.row),
            category: text(self.table, "category", self.row).to_owned(),
            unit: text(self.table, "unit", self.row).to_owned(),
            unit_cost,
            price,
            holding_cost,
            service,
            lost_sales,
            shelf_life: self.shelf_life(notes),
            waste_cost: self.given("waste_cost").unwrap_or(unit_cost),
            volume_m3: self.given("volume_m3").unwrap_or(0.0),
            weight_kg: self.given("weight_kg").unwrap_or(0.0),
            quantum: quantum(self.given("decimals").unwrap_or(0.0)),
            start: start.map(|date| buckets.index_of(date)),
            end: end.map(|date| buckets.index_of(date) + 1),
        }
    }

    fn unit_cost(&self, lowest_price: Option<f64>, notes: &mut Notes) -> f64 {
        const PRICE: Rule =
            Rule::repaired("no unit_cost and no price in sourcing, the selling price is taken")
                .warning("fill in unit_cost");
        const ONE: Rule = Rule::repaired("no unit_cost and no price, 1 is taken")
            .warning("fill in unit_cost, so that costs are in money");
        if let Some(cost) = self.given("unit_cost").or(lowest_price) {
            return cost;
        }
        let price = self.given("price").filter(|price| *price > 0.0);
        notes.count(self.table, self.row, if price.is_some() { PRICE } else { ONE });
        price.unwrap_or(1.0)
    }

    fn holding_cost(&self, unit_cost: f64) -> f64 {
        let rate = || self.given("holding_rate").or(self.settings.number("holding_rate")).unwrap_or(0.0);
        self.given("holding_cost").unwrap_or_else(|| rate() * unit_cost * self.bucket.days() / DAYS_OF_A_YEAR)
    }

    fn service(&self, unit_cost: f64, price: Option<f64>, lost_sales: bool, notes: &mut Notes) -> Service {
        let stated: Vec<(&str, Service)> = [
            ("shortage_cost", self.given("shortage_cost").map(Service::ShortageCost)),
            ("cycle_service_level", self.given("cycle_service_level").map(Service::CycleServiceLevel)),
            ("fill_rate", self.given("fill_rate").map(Service::FillRate)),
            ("days_of_cover", self.given("days_of_cover").map(Service::DaysOfCover)),
        ]
        .into_iter()
        .filter_map(|(name, service)| service.map(|service| (name, service)))
        .collect();
        if stated.len() > 1 {
            let names: Vec<&str> = stated.iter().map(|(name, _)| *name).collect();
            let message =
                format!("{} are given, and each states what a shortage is worth", names.join(" and "));
            notes.error(Code::Contradiction, self.table, self.row, message, "keep one of them");
        }
        let margin = price.map(|price| price - unit_cost).filter(|margin| *margin > 0.0 && lost_sales);
        let level = self.settings.number("service_level").unwrap_or(0.95);
        let default = margin.map_or(Service::CycleServiceLevel(level), Service::ShortageCost);
        stated.first().map_or(default, |(_, service)| *service)
    }

    /// A target is weighed against the cost of holding, so holding must cost something.
    fn check_target(&self, service: Service, holding_cost: f64, code: &str, notes: &mut Notes) {
        if holding_cost > 0.0 || matches!(service, Service::ShortageCost(_)) {
            return;
        }
        let message = format!("holding {code} costs nothing, so a service target has no price");
        let help = "give a unit_cost or holding_cost above 0, or a shortage_cost in place of the target";
        notes.error(Code::Contradiction, self.table, self.row, message, help);
    }

    fn shelf_life(&self, notes: &mut Notes) -> Option<usize> {
        const SHORT: Rule = Rule::repaired("shelf_life_days is shorter than a bucket, one bucket is taken")
            .warning("plan in shorter buckets");
        let days = self.given("shelf_life_days")?;
        let whole = (days / self.bucket.days() + 1e-9).floor();
        if whole < 1.0 {
            notes.count(self.table, self.row, SHORT);
        }
        Some((whole as usize).max(1))
    }
}

/// The smallest quantity with this many decimals.
fn quantum(decimals: f64) -> f64 {
    const QUANTA: [f64; 7] = [1.0, 0.1, 0.01, 0.001, 0.0001, 0.000_01, 0.000_001];
    QUANTA[(decimals.max(0.0) as usize).min(6)]
}

/// Says which setting stands in where items state nothing.
pub(super) fn tell_defaults(items: &[Item], settings: &SettingsValues, notes: &mut Notes) {
    let level = settings.number("service_level").unwrap_or(0.95);
    let by_default = |item: &&Item| item.service == Service::CycleServiceLevel(level) && item.price.is_none();
    let count = items.iter().filter(by_default).count();
    if count > 0 {
        let file = items.first().map_or("items", |item| item.place.file.as_str()).to_owned();
        let message = format!(
            "{} without shortage_cost, target or price: a cycle service level of {level} is taken",
            counted(count, "item", "items")
        );
        notes.say(Severity::Notice, Code::Repaired, &file, message, "");
    }
}
