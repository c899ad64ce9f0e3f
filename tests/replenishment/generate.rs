//! Small random instances with features switched on at random; the same for the same seed.

use std::collections::{BTreeMap, BTreeSet};

use purvey::data::{Column, Settings, Table, Tables, TextColumn};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::support::{lines, plan_of, table, week};

/// A table that grows row by row; a cell that a row leaves out is blank.
struct Rows {
    name: &'static str,
    titles: Vec<&'static str>,
    rows: Vec<BTreeMap<&'static str, String>>,
}

impl Rows {
    fn new(name: &'static str) -> Self {
        Rows { name, titles: Vec::new(), rows: Vec::new() }
    }

    fn row<const N: usize>(&mut self, cells: [(&'static str, String); N]) -> &mut Self {
        self.rows.push(BTreeMap::new());
        cells.into_iter().for_each(|(title, cell)| self.set(title, cell));
        self
    }

    /// Sets a cell of the last row.
    fn set(&mut self, title: &'static str, cell: impl ToString) {
        if !self.titles.contains(&title) {
            self.titles.push(title);
        }
        if let Some(row) = self.rows.last_mut() {
            row.insert(title, cell.to_string());
        }
    }

    fn table(&self) -> Option<Table> {
        let line = |row: &BTreeMap<&str, String>| {
            let cells = self.titles.iter().map(|title| row.get(title).cloned().unwrap_or_default());
            cells.collect::<Vec<_>>().join(",")
        };
        let lines: Vec<String> =
            std::iter::once(self.titles.join(",")).chain(self.rows.iter().map(line)).collect();
        (!self.rows.is_empty()).then(|| table(self.name, &lines.join("\n")))
    }
}

/// An instance, and an earlier plan where it has one.
pub struct Instance {
    pub tables: Tables,
    pub settings: Settings,
    pub start: Option<Tables>,
}

impl Instance {
    /// All tables and settings as text, to be looked into.
    pub fn text(&self) -> String {
        let mut text = format!("{:?}\n", self.settings);
        for table in self.tables.as_slice().iter().chain(self.start.iter().flat_map(Tables::as_slice)) {
            let titles: Vec<&str> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
            text += &format!(
                "--- {}.csv\n{}\n{}\n",
                table.name(),
                titles.join(","),
                lines(table, &titles).join("\n")
            );
        }
        text
    }
}

/// What the tables share while they are drawn.
struct Draw {
    rng: ChaCha8Rng,
    items: Vec<&'static str>,
    locations: Vec<&'static str>,
    /// Mean weekly demand by item.
    mean: Vec<f64>,
    horizon: i64,
    /// Shares state how every order is split over both suppliers.
    split: bool,
    /// Dated stock, and items that expire.
    fresh: bool,
}

/// The instance of a seed.
pub fn instance(seed: u64) -> Instance {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let items = ["A", "B", "C"][..rng.random_range(1..=3)].to_vec();
    let locations = ["L", "M"][..rng.random_range(1..=2)].to_vec();
    let mean = items.iter().map(|_| f64::from(rng.random_range(1..12))).collect();
    let (split, fresh) = (rng.random_bool(0.2), rng.random_bool(0.4));
    let horizon = rng.random_range(4..=7);
    let mut draw = Draw { rng, items, locations, mean, horizon, split, fresh };
    let tables = draw.tables();
    let settings = draw.settings();
    let start = (!draw.split && draw.chance(0.3)).then(|| draw.start());
    Instance { tables, settings, start }
}

impl Draw {
    fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    fn whole(&mut self, from: i64, to: i64) -> i64 {
        self.rng.random_range(from..=to)
    }

    fn money(&mut self, from: f64, to: f64) -> String {
        format!("{:.2}", self.rng.random_range(from..to))
    }

    /// A day within the weeks `from..=to` of the horizon.
    fn day(&mut self, from: i64, to: i64) -> String {
        let (week_of, day) = (self.whole(from, to), self.whole(0, 6));
        week(week_of).checked_add_signed(chrono::TimeDelta::days(day)).unwrap().to_string()
    }

    fn points(&self) -> Vec<(usize, &'static str, &'static str)> {
        let of_item = |(at, item): (usize, &&'static str)| {
            self.locations.iter().map(|location| (at, *item, *location)).collect::<Vec<_>>()
        };
        self.items.iter().enumerate().flat_map(of_item).collect()
    }

    fn tables(&mut self) -> Tables {
        let all = [
            self.sales(),
            self.items(),
            self.units(),
            self.stock(),
            self.suppliers(),
            self.sourcing(),
            self.open_orders(),
            self.customer_orders(),
            self.locations(),
            self.calendar(),
            self.locks(),
            self.overrides(),
        ];
        all.iter().filter_map(Rows::table).fold(Tables::default(), Tables::with)
    }

    fn sales(&mut self) -> Rows {
        let mut rows = Rows::new("sales");
        for (at, item, location) in self.points() {
            for back in 1..=14 {
                let quantity = (self.mean[at] * self.rng.random_range(0.3..1.7)).round();
                rows.row([
                    ("item", item.into()),
                    ("location", location.into()),
                    ("date", week(-back).to_string()),
                    ("quantity", quantity.to_string()),
                ]);
            }
        }
        rows
    }

    fn items(&mut self) -> Rows {
        let mut rows = Rows::new("items");
        for item in self.items.clone() {
            let cost = self.whole(2, 9);
            rows.row([("item", item.into()), ("unit_cost", cost.to_string())]);
            let unmet = if self.chance(0.4) { "backorder" } else { "lost" };
            rows.set("unmet_demand", unmet);
            rows.set("volume_m3", self.money(0.01, 0.1));
            rows.set("weight_kg", self.whole(1, 4));
            match self.whole(0, 5) {
                0 => rows.set("shortage_cost", self.money(0.5, 12.0)),
                1 => rows.set("cycle_service_level", self.money(0.6, 0.98)),
                2 => rows.set("fill_rate", self.money(0.6, 0.98)),
                3 => rows.set("days_of_cover", self.whole(3, 20)),
                4 => rows.set("price", 2 * cost),
                _ => {}
            }
            if self.chance(0.6) {
                rows.set("holding_cost", self.money(0.02, 1.0));
            }
            if self.fresh && self.chance(0.7) {
                rows.set("shelf_life_days", [5, 7, 14, 21, 28][self.whole(0, 4) as usize]);
                if self.chance(0.5) {
                    rows.set("waste_cost", self.money(0.0, 6.0));
                }
            }
            if self.chance(0.2) {
                rows.set("decimals", 1);
            }
            if self.chance(0.1) {
                rows.set("end_date", self.day(1, self.horizon));
            }
        }
        rows
    }

    fn units(&mut self) -> Rows {
        let mut rows = Rows::new("units");
        for item in self.items.clone() {
            let factor = self.whole(2, 6);
            rows.row([("item", item.into()), ("unit", "case".into()), ("factor", factor.to_string())]);
        }
        rows
    }

    fn stock(&mut self) -> Rows {
        let mut rows = Rows::new("stock");
        for (at, item, location) in self.points() {
            let lots = if self.fresh { self.whole(1, 3) } else { 1 };
            for lot in 0..lots {
                let (least, most) = if self.chance(0.15) { (-4, -1) } else { (0, 2 * self.mean[at] as i64) };
                let quantity = self.whole(least, most);
                rows.row([
                    ("item", item.into()),
                    ("location", location.into()),
                    ("date", week(0).to_string()),
                    ("on_hand", quantity.to_string()),
                ]);
                if lot > 0 {
                    // Distinct days, so that no lot is stated twice.
                    let day = week(self.whole(0, 4)).checked_add_signed(chrono::TimeDelta::days(lot + 4));
                    rows.set("expiry", day.unwrap());
                } else if self.chance(0.2) {
                    rows.set("unit", "case");
                }
            }
        }
        rows
    }

    fn suppliers(&mut self) -> Rows {
        let mut rows = Rows::new("suppliers");
        let volume: f64 = self.mean.iter().sum::<f64>() * self.locations.len() as f64;
        let lead = self.whole(0, 14).to_string();
        for supplier in ["S", "T"] {
            rows.row([("supplier", supplier.into()), ("lead_time_days", lead.clone())]);
            if self.split {
                continue;
            }
            rows.set("lead_time_days", self.whole(0, 14));
            if self.chance(0.25) {
                rows.set("lead_time_sd_days", self.whole(1, 6));
            }
            if self.chance(0.2) {
                rows.set("order_days", ["mon", "tue", "wed fri"][self.whole(0, 2) as usize]);
            }
            if self.chance(0.2) {
                rows.set("review_period", 2);
            }
            if self.chance(0.3) {
                rows.set("order_cost", self.money(1.0, 20.0));
            }
            match self.whole(0, 9) {
                0 => rows.set("minimum_money", self.money(5.0, 60.0)),
                1 => rows.set("minimum_m3", self.money(0.1, 1.0)),
                2 => rows.set("capacity_units", (volume * 1.5).ceil()),
                3 => rows.set("capacity_m3", format!("{:.2}", volume * 0.1)),
                4 => rows.set("capacity_kg", (volume * 4.0).ceil()),
                5 => rows.set("budget", (volume * 12.0).ceil()),
                _ => {}
            }
        }
        rows
    }

    fn sourcing(&mut self) -> Rows {
        let mut rows = Rows::new("sourcing");
        for (at, item) in self.items.clone().into_iter().enumerate() {
            let both = self.split || self.chance(0.4);
            let multiple = self.whole(1, 4);
            let price = self.whole(2, 9) as f64;
            for supplier in if both { &["S", "T"][..] } else { &["S"][..] } {
                rows.row([("item", item.into()), ("supplier", (*supplier).into())]);
                rows.set("unit_price", price);
                if self.split {
                    rows.set("share", 0.5);
                    rows.set("order_multiple", multiple);
                    continue;
                }
                if self.chance(0.4) {
                    rows.set("order_multiple", multiple);
                    if self.chance(0.4) {
                        rows.set("multiple_unit", "case");
                    }
                }
                if self.chance(0.3) {
                    rows.set("moq", self.whole(1, 2 * self.mean[at] as i64 + 1));
                }
                if self.chance(0.2) {
                    rows.set("line_cost", self.money(0.5, 4.0));
                }
                if self.chance(0.2) {
                    rows.set("preference", self.whole(1, 2));
                }
                if self.chance(0.3) {
                    rows.row([("item", item.into()), ("supplier", (*supplier).into())]);
                    rows.set("unit_price", 0.8 * price);
                    rows.set("min_quantity", 2.0 * self.mean[at]);
                    if self.chance(0.3) {
                        rows.set("valid_from", self.day(0, 2));
                    }
                }
            }
        }
        rows
    }

    fn open_orders(&mut self) -> Rows {
        let mut rows = Rows::new("open_orders");
        for (at, item, location) in self.points() {
            if self.chance(0.35) {
                let quantity = self.whole(1, 2 * self.mean[at] as i64 + 1);
                rows.row([("item", item.into()), ("location", location.into()), ("supplier", "S".into())]);
                rows.set("quantity", quantity);
                // Overdue, on its way, or after the horizon.
                rows.set("due_date", self.day(-2, self.horizon));
                rows.set("received", if self.chance(0.3) { self.whole(0, quantity) } else { 0 });
            }
        }
        rows
    }

    fn customer_orders(&mut self) -> Rows {
        let mut rows = Rows::new("customer_orders");
        for (at, item, location) in self.points() {
            if self.chance(0.25) {
                rows.row([("item", item.into()), ("location", location.into())]);
                rows.set("order", format!("{item}{location}"));
                rows.set("due_date", self.day(-1, self.horizon));
                rows.set("quantity", self.whole(1, 3 * self.mean[at] as i64));
            }
        }
        rows
    }

    fn locations(&mut self) -> Rows {
        let mut rows = Rows::new("locations");
        let volume: f64 = self.mean.iter().sum();
        for location in self.locations.clone() {
            rows.row([("location", location.into())]);
            if self.chance(0.2) {
                rows.set("storage_m3", format!("{:.2}", 0.3 * volume));
            }
            if self.chance(0.15) {
                rows.set("review_days", "mon thu");
            }
            if self.chance(0.15) {
                rows.set("closed_from", week(2));
                rows.set("closed_until", self.day(2, 2));
            }
        }
        rows
    }

    fn calendar(&mut self) -> Rows {
        let mut rows = Rows::new("calendar");
        if self.chance(0.15) {
            rows.row([("date", week(1).to_string()), ("until", self.day(1, 1)), ("kind", "closure".into())]);
            let of_supplier = !self.split && self.chance(0.5);
            rows.set("supplier", if of_supplier { "S" } else { "" });
        }
        rows
    }

    fn locks(&mut self) -> Rows {
        let mut rows = Rows::new("locks");
        if self.split {
            return rows;
        }
        for (at, item, location) in self.points() {
            if self.chance(0.15) {
                rows.row([("item", item.into()), ("location", location.into()), ("supplier", "S".into())]);
                rows.set("order_date", week(self.whole(0, 2)));
                rows.set("quantity", self.whole(0, 2 * self.mean[at] as i64));
            }
        }
        rows
    }

    fn overrides(&mut self) -> Rows {
        let mut rows = Rows::new("overrides");
        let (_, item, location) = self.points()[0];
        if self.chance(0.15) {
            rows.row([("item", item.into()), ("location", location.into())]);
            rows.set("from", week(1));
            rows.set("until", self.day(1, 2));
            rows.set("quantity", self.whole(0, 20));
        }
        rows
    }

    fn settings(&mut self) -> Settings {
        let mut settings = Settings::default()
            .with("plan_date", week(0))
            .with("bucket", "week")
            .with("horizon", self.horizon)
            .with("method", if self.chance(0.5) { "naive" } else { "moving-average" })
            .with("scenarios", self.whole(1, 9))
            .with("safety_factor", "1");
        if self.chance(0.25) {
            let spend = self.mean.iter().sum::<f64>() * self.locations.len() as f64 * self.horizon as f64;
            settings = settings.with("budget", (spend * self.rng.random_range(1.0..6.0)).round());
        }
        if self.chance(0.1) {
            settings = settings.with("frozen_horizon", 1);
        }
        if self.chance(0.1) {
            settings = settings.with("review_period", 2);
        }
        if self.chance(0.5) {
            settings = settings.with("stability_penalty", self.money(0.01, 1.0));
        }
        settings
    }

    fn start(&mut self) -> Tables {
        let mut lines = Vec::new();
        for (at, item, location) in self.points() {
            for placed in 0..self.horizon {
                if self.chance(0.4) {
                    let supplier = if self.split && self.chance(0.5) { "T" } else { "S" };
                    let quantity = self.whole(1, 2 * self.mean[at] as i64 + 1);
                    lines.push(format!("{item},{location},{supplier},{},{quantity}", week(placed)));
                }
            }
        }
        plan_of(&lines)
    }
}

/// The same tables with quantities and prices in quarters of the stock unit wherever a row names no unit.
pub fn in_quarters(tables: &Tables) -> Tables {
    const QUANTITIES: [(&str, &[&str], &str); 9] = [
        ("sales", &["quantity"], "unit"),
        ("stock", &["on_hand"], "unit"),
        ("open_orders", &["quantity", "received"], "unit"),
        ("customer_orders", &["quantity"], "unit"),
        ("locks", &["quantity"], "unit"),
        ("overrides", &["quantity"], "unit"),
        ("sourcing", &["moq"], "moq_unit"),
        ("sourcing", &["order_multiple"], "multiple_unit"),
        ("sourcing", &["min_quantity"], "quantity_unit"),
    ];
    let mut restated = tables.clone();
    for (name, columns, unit) in QUANTITIES {
        restate(&mut restated, name, columns, unit, 4.0);
    }
    restate(&mut restated, "sourcing", &["unit_price"], "price_unit", 0.25);
    let units =
        restated.get("units").map_or_else(Vec::new, |units| lines(units, &["item", "unit", "factor"]));
    let items: BTreeSet<&str> = units.iter().filter_map(|line| line.split(',').next()).collect();
    let rows =
        units.iter().map(|line| format!("{line},")).chain(items.iter().map(|i| format!("{i},quarter,1,4")));
    let rows: Vec<String> = rows.collect();
    restated.insert(table("units", &format!("item,unit,factor,per\n{}", rows.join("\n"))));
    restated
}

/// Multiplies columns in rows that name no unit, and names the quarter there.
fn restate(tables: &mut Tables, name: &str, columns: &[&str], unit: &str, by: f64) {
    let Some(source) = tables.get(name) else { return };
    let mut restated = source.clone();
    let units: Vec<String> = (0..source.len())
        .map(|row| if source.column(unit).is_some() { source.cell_text(unit, row) } else { String::new() })
        .collect();
    let mut used = vec![false; source.len()];
    for column in columns {
        let Some(numbers) = source.number(column) else { continue };
        let scaled = numbers
            .iter()
            .zip(&units)
            .map(|(number, unit)| if unit.is_empty() { number * by } else { *number });
        restated.set(*column, Column::Number(scaled.collect()));
        used.iter_mut().zip(numbers).for_each(|(used, number)| *used |= !number.is_nan());
    }
    let named = units.iter().zip(&used).map(|(unit, used)| match unit.as_str() {
        "" if *used => "quarter",
        unit => unit,
    });
    restated.set(unit, Column::Text(named.collect::<TextColumn>()));
    tables.insert(restated);
}
