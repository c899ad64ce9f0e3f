//! From validated tables to a problem.

use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashMap;
use statrs::distribution::{ContinuousCDF, Normal};

use super::fit::{self, Demand};
use super::{Floor, Gap, Goal, Limit, Place, Problem, Product, same};
use crate::data::{Code, Fault, Faults, Schema, Settings, SettingsValues, Table, Tables, validate};
use crate::presentation::Style;

/// The contract.
pub(in super::super) const CONTRACT: &str = include_str!("../../../../models/pricing.toml");

/// Tables, settings and codes while a problem is read.
struct Reader<'a> {
    tables: &'a Tables,
    settings: &'a SettingsValues,
    codes: FxHashMap<&'a str, u32>,
    faults: Faults,
}

impl Problem {
    /// Validates tables and settings and fits demand.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn read(name: &str, tables: Tables, settings: &Settings, fitted: bool) -> Result<Self, Faults> {
        let started = Instant::now();
        let broken = |text: String| Faults::from(Fault::error(Code::BadDeclaration, "pricing.toml", text));
        let schema = Schema::parse(CONTRACT).map_err(|error| broken(error.to_string()))?;
        let valid = validate(tables, settings, &schema)?;
        let Some(products) = valid.tables.get("products") else {
            return Err(broken("no table products".to_owned()));
        };
        let codes =
            (0..products.len()).filter_map(|row| Some((products.text("product")?.get(row), row as u32)));
        let mut reader = Reader {
            tables: &valid.tables,
            settings: &valid.settings,
            codes: codes.collect(),
            faults: valid.notices,
        };
        let read_seconds = started.elapsed().as_secs_f64();
        let demand = fit::demand(&valid.tables, &valid.settings, fitted, &mut reader.faults);
        let fit_seconds = started.elapsed().as_secs_f64() - read_seconds;
        let mut problem = Problem {
            name: name.to_owned(),
            products: reader.products(products, &demand),
            gaps: reader.gaps(),
            floors: reader.floors(),
            goal: goal(valid.settings.choice("goal")),
            max_changes: valid.settings.integer("max_changes").map(|most| most as usize),
            deviations: reader.deviations(),
            notices: Faults::default(),
            style: Style::for_currency(valid.settings.text("currency").unwrap_or("EUR")),
            read_seconds,
            fit_seconds,
        };
        problem.notices = reader.faults.into_result()?;
        Ok(problem)
    }
}

fn goal(word: Option<&str>) -> Goal {
    match word {
        Some("revenue") => Goal::Revenue,
        Some("volume") => Goal::Volume,
        _ => Goal::Margin,
    }
}

impl<'a> Reader<'a> {
    fn deviations(&self) -> f64 {
        let caution = self.settings.number("caution").unwrap_or(0.0);
        Normal::standard().inverse_cdf(0.5 + 0.5 * caution)
    }

    fn place(&self, table: &Table, row: usize) -> Place {
        Place { file: Arc::from(table.file()), row: Some(table.row_number(row)) }
    }

    fn product(&self, table: &'a Table, column: &str, row: usize) -> Option<u32> {
        self.codes.get(table.text(column)?.get(row)).copied()
    }

    fn products(&mut self, table: &Table, demand: &Demand) -> Vec<Product> {
        let ladders = self.ladders();
        let bands = self.bands();
        let number = |column: &str, row: usize| table.number(column).map_or(f64::NAN, |all| all[row]);
        (0..table.len())
            .map(|row| {
                let code = table.text("product").map_or("", |codes| codes.get(row)).to_owned();
                let place = self.place(table, row);
                let price_now = number("price", row);
                let (low, high) = (number("min_price", row), number("max_price", row));
                if low > high {
                    let fault =
                        Fault::error(Code::Contradiction, table.file(), "min_price is above max_price");
                    self.faults.push(fault.at_row(table.row_number(row)).with_help("exchange the two"));
                }
                let mut limits = self.own_limits(price_now, (low, high), &place);
                limits.extend(bands.get(&(row as u32)).cloned().unwrap_or_default());
                let (own, rivals, quantity) = demand.of(row);
                let stated = number("quantity", row);
                let quantity_now = if stated.is_nan() { quantity } else { stated };
                if quantity_now.is_nan() {
                    let fault = Fault::error(
                        Code::MissingValue,
                        table.file(),
                        format!("how much {code} sells is not known"),
                    );
                    let help = "give its quantity, or rows of sales";
                    self.faults
                        .push(fault.at_row(table.row_number(row)).in_column("quantity", "").with_help(help));
                }
                let given = ladders.get(&(row as u32)).cloned();
                let ladder = given.unwrap_or_else(|| self.made_ladder(price_now, (low, high)));
                Product {
                    code,
                    unit_cost: number("unit_cost", row),
                    price_now,
                    quantity_now,
                    own,
                    rivals,
                    limits,
                    ladder: with_price(ladder, price_now),
                    place,
                }
            })
            .collect()
    }

    fn own_limits(&self, price: f64, (low, high): (f64, f64), place: &Place) -> Vec<Limit> {
        let mut limits = Vec::new();
        let mut put = |rule, low: f64, high: f64, text: String, place: &Place| {
            limits.push(Limit { rule, low, high, base: 0.0, text, place: place.clone() });
        };
        if low > 0.0 {
            put("price_limit", low, f64::INFINITY, format!("must be at least {low}"), place);
        }
        if high.is_finite() {
            put("price_limit", 0.0, high, format!("must be at most {high}"), place);
        }
        let change = self.settings.number("max_change").unwrap_or(0.2);
        let setting = Place { file: Arc::from("settings"), row: None };
        let text = format!("may change by {} % at most (max_change)", 100.0 * change);
        put("price_change", price * (1.0 - change), price * (1.0 + change), text, &setting);
        limits
    }

    fn bands(&self) -> FxHashMap<u32, Vec<Limit>> {
        let mut bands: FxHashMap<u32, Vec<Limit>> = FxHashMap::default();
        let Some(table) = self.tables.get("competitors") else { return bands };
        let number = |column: &str, row: usize| table.number(column).map_or(f64::NAN, |all| all[row]);
        for row in 0..table.len() {
            let Some(product) = self.product(table, "product", row) else { continue };
            let (price, low, high) = (number("price", row), number("low", row), number("high", row));
            let name = table.text("competitor").map_or("", |names| names.get(row));
            bands.entry(product).or_default().push(Limit {
                rule: "competitor_band",
                low: low * price,
                high: high * price,
                base: price,
                text: format!(
                    "must be {:.2} to {:.2}, {low} to {high} of the {price} at {name}",
                    low * price,
                    high * price
                ),
                place: self.place(table, row),
            });
        }
        bands
    }

    fn ladders(&self) -> FxHashMap<u32, Vec<f64>> {
        let mut ladders: FxHashMap<u32, Vec<f64>> = FxHashMap::default();
        let Some(table) = self.tables.get("ladder") else { return ladders };
        for (row, &price) in table.number("price").unwrap_or(&[]).iter().enumerate() {
            if let Some(product) = self.product(table, "product", row) {
                ladders.entry(product).or_default().push(price);
            }
        }
        ladders
    }

    /// Prices spread evenly over what limits and largest change allow, rounded as asked.
    fn made_ladder(&self, price: f64, (low, high): (f64, f64)) -> Vec<f64> {
        let change = self.settings.number("max_change").unwrap_or(0.2).min(0.95);
        let (low, high) = ((price * (1.0 - change)).max(low), (price * (1.0 + change)).min(high));
        let points = self.settings.integer("ladder_points").unwrap_or(10).max(2) as usize;
        let ending = self.settings.number("price_ending");
        let rounded = |price: f64| match ending {
            Some(ending) => (((price + ending) * 10.0).round() / 10.0 - ending).max(0.01),
            // Cheap things are priced finer than by the cent.
            None if price < 1.0 => (price * 10_000.0).round() / 10_000.0,
            None => (price * 100.0).round() / 100.0,
        };
        let at = |point: usize| rounded(low + (high - low) * point as f64 / (points - 1) as f64);
        let cents = |price: f64| (price * 10_000.0).round() / 10_000.0;
        (0..points)
            .map(at)
            .map(cents)
            .filter(|&p| p >= low * (1.0 - 1e-9) && p <= high * (1.0 + 1e-9))
            .collect()
    }

    fn gaps(&self) -> Vec<Gap> {
        let Some(table) = self.tables.get("gaps") else { return Vec::new() };
        let number = |column: &str, row: usize| table.number(column).map_or(f64::NAN, |all| all[row]);
        (0..table.len())
            .filter_map(|row| {
                Some(Gap {
                    product: self.product(table, "product", row)?,
                    other: self.product(table, "other", row)?,
                    low: number("low", row),
                    high: number("high", row),
                    place: self.place(table, row),
                })
            })
            .collect()
    }

    fn floors(&self) -> Vec<Floor> {
        [("min_margin", Goal::Margin), ("min_revenue", Goal::Revenue), ("min_volume", Goal::Volume)]
            .into_iter()
            .filter_map(|(setting, goal)| {
                Some(Floor { goal, share: self.settings.number(setting)?, setting })
            })
            .collect()
    }
}

/// The prices rising, each once, with the price now among them.
fn with_price(mut ladder: Vec<f64>, price_now: f64) -> Vec<f64> {
    ladder.retain(|&price| !same(price, price_now));
    ladder.push(price_now);
    ladder.sort_by(f64::total_cmp);
    ladder.dedup_by(|a, b| same(*a, *b));
    ladder
}
