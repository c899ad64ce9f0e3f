//! From validated tables to a problem.

use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashMap;
use statrs::distribution::{ContinuousCDF, Normal};

use super::clearance::MOST_UNITS;
use super::fit::{self, Demand, Fitting};
use super::{
    Arrived, Band, Clearance, Floor, Gap, Goal, LadderRule, Limit, LimitRule, MarkdownRules, Place, Problem,
    Product, TrialRules,
};
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
    /// Validates tables and settings and fits demand where it is to be fitted.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn read(
        name: &str,
        tables: Tables,
        settings: &Settings,
        fitting: Fitting<'_>,
    ) -> Result<Self, Faults> {
        let started = Instant::now();
        let broken = |text: String| Faults::from(Fault::error(Code::BadDeclaration, "pricing.toml", text));
        let schema = Schema::parse(CONTRACT).map_err(|error| broken(error.to_string()))?;
        let valid = validate(tables, settings, &schema)?;
        let Some(products) = valid.tables.get("products") else {
            return Err(broken("no table products".to_owned()));
        };
        let mut reader = Reader {
            tables: &valid.tables,
            settings: &valid.settings,
            codes: fit::codes(products),
            faults: valid.notices,
        };
        let read_seconds = started.elapsed().as_secs_f64();
        let demand = fit::demand(products, &valid.tables, &valid.settings, fitting, &mut reader.faults);
        let fit_seconds = started.elapsed().as_secs_f64() - read_seconds;
        let ladder_rule = reader.ladder_rule();
        let mut products = reader.products(products, &demand, &ladder_rule);
        let markdowns = reader.markdown_rules();
        let clearances = reader.clearances(&mut products, &demand, &ladder_rule, markdowns);
        let mut problem = Problem {
            name: name.to_owned(),
            codes: reader.codes.iter().map(|(code, &at)| ((*code).to_owned(), at)).collect(),
            answering: answering(&products),
            products,
            ladder_rule,
            gaps: reader.gaps(&clearances),
            floors: reader.floors(),
            clearances,
            markdowns,
            trials: TrialRules::read(&valid.settings),
            goal: Goal::named(valid.settings.choice("goal")),
            max_changes: valid.settings.integer("max_changes").map(|most| most as usize),
            deviations: reader.deviations(),
            learned: demand.learned,
            arrived: Arrived::default(),
            notices: Faults::default(),
            style: Style::for_currency(valid.settings.text("currency").unwrap_or("EUR")),
            read_seconds,
            fit_seconds,
        };
        reader.refuse_sizes(&problem);
        problem.notices = reader.faults.into_result()?;
        Ok(problem)
    }
}

/// For each product those whose demand answers to its price.
fn answering(products: &[Product]) -> Vec<Vec<u32>> {
    let mut answering = vec![Vec::new(); products.len()];
    for (product, at) in products.iter().zip(0..) {
        product.rivals.iter().for_each(|answer| answering[answer.to as usize].push(at));
    }
    answering
}

/// Demand that the arithmetic of the solver still tells from its neighbours.
const LARGEST_DEMAND: f64 = 1e12;
/// States of all clearances, of which a dozen bytes are kept three times.
const MOST_STATES: usize = 30_000_000;
/// Prices of one clearance.
const MOST_STEPS: usize = 1_000;
/// Pairs of prices of products that answer to each other, at most.
const MOST_CELLS: usize = 4_000_000;

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

    fn ladder_rule(&self) -> LadderRule {
        LadderRule {
            max_change: self.settings.number("max_change").unwrap_or(0.2),
            points: self.settings.integer("ladder_points").unwrap_or(10).max(2) as usize,
            ending: self.settings.number("price_ending"),
        }
    }

    fn products(&mut self, table: &Table, demand: &Demand, rule: &LadderRule) -> Vec<Product> {
        let mut listed = self.ladders();
        let mut bands = self.bands();
        let number = |column: &str, row: usize| table.number(column).map_or(f64::NAN, |all| all[row]);
        (0..table.len())
            .map(|row| {
                let code = table.text("product").map_or("", |codes| codes.get(row)).to_owned();
                let price_now = number("price", row);
                let ends = (number("min_price", row), number("max_price", row));
                if ends.0 > ends.1 {
                    self.refuse(
                        table,
                        row,
                        Code::Contradiction,
                        "min_price is above max_price",
                        "exchange the two",
                    );
                }
                let mut limits = own_limits(rule.max_change, ends, &self.place(table, row));
                limits.extend(bands.remove(&(row as u32)).unwrap_or_default());
                let (own, rivals, foreseen) = demand.of(row);
                let stated = number("quantity", row);
                let quantity_now = if stated.is_nan() { foreseen } else { stated };
                if quantity_now.is_nan() {
                    let text = format!("how much {code} sells is not known");
                    self.refuse(table, row, Code::MissingValue, &text, "give its quantity, or rows of sales");
                }
                let listed = listed.remove(&(row as u32));
                let ladder = rule.ladder(listed.as_deref(), price_now, &limits);
                let unit_cost = number("unit_cost", row);
                let is_stated = !stated.is_nan();
                Product {
                    code,
                    unit_cost,
                    price_now,
                    quantity_now,
                    is_stated,
                    own,
                    rivals,
                    limits,
                    listed,
                    ladder,
                }
            })
            .collect()
    }

    fn refuse(&mut self, table: &Table, row: usize, code: Code, text: &str, help: &str) {
        self.faults
            .push(Fault::error(code, table.file(), text).at_row(table.row_number(row)).with_help(help));
    }

    /// Refuses demand that the solver could not count, and programs that would not fit.
    fn refuse_sizes(&mut self, problem: &Problem) {
        for product in &problem.products {
            let beyond = product.ladder.iter().copied().find(|&price| {
                product.allows(price)
                    && product.quantity_now * product.own_share(price, 0.0) * price.max(1.0) > LARGEST_DEMAND
            });
            if let Some(price) = beyond {
                let text = format!("{} at {price} would sell more than can be counted", product.code);
                let fault = Fault::error(Code::OutOfRange, "products", text);
                self.faults.push(fault.with_help("lower max_change, or check quantity and elasticity"));
            }
        }
        let states = |it: &Clearance| {
            it.periods.saturating_mul(it.steps.len()).saturating_mul(it.stock.saturating_add(1))
        };
        let count = problem.clearances.iter().map(states).fold(0_usize, usize::saturating_add);
        if count > MOST_STATES || problem.clearances.iter().any(|it| it.steps.len() > MOST_STEPS) {
            let text = format!("{count} states of stock, period and price are too many to clear at once");
            let fault = Fault::error(Code::TooLarge, "clearance", text);
            let help =
                "lower markdown_steps, list fewer prices in ladder, or clear fewer products in one run";
            self.faults.push(fault.with_help(help));
        }
        let cells = |(product, at): (&Product, usize)| -> usize {
            let others = product.rivals.iter().map(|answer| answer.to as usize);
            others
                .map(|other| {
                    product.ladder.len() * problem.products[other].ladder.len() * usize::from(other != at)
                })
                .sum()
        };
        let count: usize = problem.products.iter().zip(0..).map(cells).sum();
        if count > MOST_CELLS {
            let text = format!("{count} pairs of prices of products that answer to each other are too many");
            let fault = Fault::error(Code::TooLarge, "products", text);
            self.faults
                .push(fault.with_help("lower the settings rivals or ladder_points, or list fewer effects"));
        }
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
                rule: LimitRule::Band(Band { competitor: name.to_owned(), price, low, high }),
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

    /// Rules between products; a product that is cleared follows none.
    fn gaps(&mut self, clearances: &[Clearance]) -> Vec<Gap> {
        let Some(table) = self.tables.get("gaps") else { return Vec::new() };
        let number = |column: &str, row: usize| table.number(column).map_or(f64::NAN, |all| all[row]);
        let mut gaps = Vec::with_capacity(table.len());
        for row in 0..table.len() {
            let ends = self.product(table, "product", row).zip(self.product(table, "other", row));
            let Some((product, other)) = ends else { continue };
            let (low, high) = (number("low", row), number("high", row));
            if product == other {
                let text = "a product has no gap to itself";
                self.refuse(table, row, Code::Contradiction, text, "name two products");
            }
            if low > high {
                self.refuse(table, row, Code::Contradiction, "low is above high", "exchange the two");
            }
            gaps.push(Gap { product, other, low, high, gives_way: 0.0, place: self.place(table, row) });
        }
        let is_cleared = |product: u32| clearances.iter().any(|it| it.product == product as usize);
        gaps.retain(|gap| !is_cleared(gap.product) && !is_cleared(gap.other));
        gaps
    }

    fn markdown_rules(&self) -> MarkdownRules {
        MarkdownRules {
            budget: self.settings.number("markdown_budget"),
            only_fall: self.settings.flag("markdowns_only_fall").unwrap_or(true),
            deepest: self.settings.number("deepest_markdown").unwrap_or(0.6),
            steps: self.settings.integer("markdown_steps").unwrap_or(8).max(1) as usize,
        }
    }

    /// Stock that is to be gone. Its products leave the period's plan: no demand, no other price, no rules.
    fn clearances(
        &mut self,
        products: &mut [Product],
        demand: &Demand,
        ladder: &LadderRule,
        rules: MarkdownRules,
    ) -> Vec<Clearance> {
        let Some(table) = self.tables.get("clearance") else { return Vec::new() };
        let number = |column: &str, row: usize| table.number(column).map_or(f64::NAN, |all| all[row]);
        let mut clearances = Vec::with_capacity(table.len());
        for row in 0..table.len() {
            let Some(at) = self.product(table, "product", row) else { continue };
            let (stock, stated) = (number("stock", row), number("dispersion", row));
            if stock > MOST_UNITS {
                let text = format!("a stock of {stock} is too large to be followed unit by unit");
                self.refuse(
                    table,
                    row,
                    Code::TooLarge,
                    &text,
                    "count it in packs, with prices and demand alike",
                );
                continue;
            }
            let product = &mut products[at as usize];
            let own = product.limits.iter().filter(|limit| matches!(limit.rule, LimitRule::AtLeast(_)));
            let lowest = own.map(|limit| limit.range(product.price_now).0);
            let lowest = lowest.fold(product.price_now * (1.0 - rules.deepest), f64::max);
            let told = demand.learned.as_ref().and_then(|learned| learned.dispersion(at as usize));
            clearances.push(Clearance {
                product: at as usize,
                stock: stock as usize,
                periods: number("periods", row) as usize,
                salvage: number("salvage", row),
                rate: product.quantity_now,
                dispersion: if stated.is_nan() { told.unwrap_or(0.0) } else { stated },
                steps: ladder.falling(product.listed.as_deref(), product.price_now, lowest, rules.steps),
                place: self.place(table, row),
            });
            (product.quantity_now, product.ladder) = (0.0, vec![product.price_now]);
            product.limits.clear();
        }
        clearances
    }

    fn floors(&self) -> Vec<Floor> {
        [("min_margin", Goal::Margin), ("min_revenue", Goal::Revenue), ("min_volume", Goal::Volume)]
            .into_iter()
            .filter_map(|(setting, goal)| {
                Some(Floor { goal, share: self.settings.number(setting)?, gives_way: 0.0, setting })
            })
            .collect()
    }
}

/// Limits that stand in the product's row, and the largest change.
fn own_limits(max_change: f64, (low, high): (f64, f64), place: &Place) -> Vec<Limit> {
    let own = |rule: LimitRule| Limit { rule, place: place.clone() };
    let mut limits = Vec::new();
    limits.extend((low > 0.0).then(|| own(LimitRule::AtLeast(low))));
    limits.extend(high.is_finite().then(|| own(LimitRule::AtMost(high))));
    let place = Place { file: Arc::from("settings"), row: None };
    limits.push(Limit { rule: LimitRule::Change(max_change), place });
    limits
}
