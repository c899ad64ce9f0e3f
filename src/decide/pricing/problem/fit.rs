//! How demand answers: stated, or from sales.

use rustc_hash::FxHashMap;

use super::Answer;
use crate::data::{Code, Fault, Faults, SettingsValues, Severity, Table, Tables};
use crate::predict::response::{self, Instrumented, Question, Response, ResponseOptions, Sold};

/// Where an elasticity comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Source {
    Stated,
    Sales,
    /// From what the instrument moved, since prices followed demand.
    Instrument,
    /// What the other products have in common: this one had one price only.
    Others,
    /// Nothing is known: published elasticities.
    Published,
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Source::Stated => "stated",
            Source::Sales => "sales",
            Source::Instrument => "instrument",
            Source::Others => "other products",
            Source::Published => "published mean",
        }
    }
}

/// Demand of all products.
pub(super) struct Demand {
    own: Vec<Answer>,
    rivals: Vec<Vec<Answer>>,
    quantity: Vec<f64>,
}

impl Demand {
    pub fn of(&self, product: usize) -> (Answer, Vec<Answer>, f64) {
        (self.own[product].clone(), self.rivals[product].clone(), self.quantity[product])
    }
}

/// F statistic from which an instrument is strong (Staiger and Stock 1997).
const STRONG: f64 = 10.0;
/// Standard errors between two estimates from which the instrumented one is believed.
const APART: f64 = 2.0;
/// Mean of published elasticities and its spread over products (Bijmolt et al. 2005).
const PUBLISHED: (f64, f64) = (-2.6, 2.0);

/// Reads what is stated and fits the rest; without `fitted` only what is stated.
pub(super) fn demand(
    tables: &Tables,
    settings: &SettingsValues,
    fitted: bool,
    faults: &mut Faults,
) -> Demand {
    let Some(products) = tables.get("products") else {
        return Demand { own: Vec::new(), rivals: Vec::new(), quantity: Vec::new() };
    };
    let count = products.len();
    let plain = |product: usize| Answer {
        to: product as u32,
        elasticity: PUBLISHED.0,
        error: PUBLISHED.1,
        source: Source::Published,
    };
    let mut demand = Demand {
        own: (0..count).map(plain).collect(),
        rivals: vec![Vec::new(); count],
        quantity: vec![if fitted { f64::NAN } else { 0.0 }; count],
    };
    if let Some(sales) = tables.get("sales").filter(|_| fitted) {
        let log = Log::new(products, sales, settings, faults);
        log.fill(&mut demand, faults);
    }
    stated(products, tables.get("effects"), &mut demand);
    if fitted {
        warn(products, &demand, faults);
    }
    demand
}

fn stated(products: &Table, effects: Option<&Table>, demand: &mut Demand) {
    let number = |column: &str, row: usize| products.number(column).map_or(f64::NAN, |all| all[row]);
    for row in 0..products.len() {
        let elasticity = number("elasticity", row);
        if !elasticity.is_nan() {
            let error = number("elasticity_error", row).max(0.0);
            demand.own[row] = Answer { to: row as u32, elasticity, error, source: Source::Stated };
        }
    }
    let Some(effects) = effects else { return };
    let codes = codes(products);
    let of = |column: &str, row: usize| codes.get(effects.text(column)?.get(row)).copied();
    for (row, &elasticity) in effects.number("elasticity").unwrap_or(&[]).iter().enumerate() {
        let (Some(product), Some(to)) = (of("product", row), of("other", row)) else { continue };
        let rivals = &mut demand.rivals[product as usize];
        rivals.retain(|rival| rival.to != to);
        if to != product {
            rivals.push(Answer { to, elasticity, error: 0.0, source: Source::Stated });
        }
    }
}

fn codes(products: &Table) -> FxHashMap<&str, u32> {
    let of = |row: usize| products.text("product").map(|codes| (codes.get(row), row as u32));
    (0..products.len()).filter_map(of).collect()
}

/// Says what cannot be relied on.
fn warn(products: &Table, demand: &Demand, faults: &mut Faults) {
    let code = |row: usize| products.text("product").map_or("", |codes| codes.get(row));
    for (row, own) in demand.own.iter().enumerate() {
        let said = match own.source {
            Source::Published => format!(
                "nothing tells how {} answers to its price; the mean of published elasticities, {}, stands in",
                code(row),
                PUBLISHED.0
            ),
            Source::Others => format!(
                "{} had one price only; its elasticity, {:.2}, is what the other products have in common",
                code(row),
                own.elasticity
            ),
            _ if own.elasticity >= 0.0 => format!(
                "the sales say that {} sells more when it is dearer (elasticity {:.2}); it is planned as if the price did not matter",
                code(row),
                own.elasticity
            ),
            _ => continue,
        };
        let warning = Fault::error(Code::Repaired, products.file(), said).with_severity(Severity::Warning);
        faults.push(
            warning.at_row(products.row_number(row)).with_help("state its elasticity if you know better"),
        );
    }
}

/// One product, store and period of the sales.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    quantity: f64,
    /// Sums weighted by quantity, and plain ones for periods without a sale.
    paid: f64,
    price: f64,
    cost: f64,
    promotion: f64,
    feature: f64,
    rows: f64,
    stock_out: bool,
}

/// Sales by product, store and period, gaps filled.
struct Log {
    /// For each product its rivals, those that sell most first.
    rivals: Vec<Vec<u32>>,
    cells: Vec<FxHashMap<(u32, i64), Cell>>,
    prices: Vec<f64>,
    periods: (i64, i64),
    season_length: f64,
}

impl Log {
    fn new(products: &Table, sales: &Table, settings: &SettingsValues, faults: &mut Faults) -> Self {
        let codes = codes(products);
        let days = settings.integer("period_days").unwrap_or(7).max(1);
        let number = |column: &str, row: usize| sales.number(column).map_or(f64::NAN, |all| all[row]);
        let mut log = Log {
            rivals: Vec::new(),
            cells: vec![FxHashMap::default(); products.len()],
            prices: products.number("price").unwrap_or(&[]).to_vec(),
            periods: (i64::MAX, i64::MIN),
            season_length: 365.25 / days as f64,
        };
        let mut free = 0;
        let dates = sales.date("date").unwrap_or(&[]);
        for (row, &date) in dates.iter().enumerate() {
            let text = |column: &str| sales.text(column).map(|words| (words.get(row), words.index()[row]));
            let Some(&product) = text("product").and_then(|(code, _)| codes.get(code)) else { continue };
            let (quantity, price) = (number("quantity", row), number("price", row));
            if price <= 0.0 {
                free += 1;
                continue;
            }
            let store = text("store").map_or(0, |(_, index)| index);
            let period = i64::from(date).div_euclid(days);
            log.periods = (log.periods.0.min(period), log.periods.1.max(period));
            let cell = log.cells[product as usize].entry((store, period)).or_default();
            let sold = quantity.max(0.0);
            cell.quantity += sold;
            cell.paid += sold * price;
            cell.price += price;
            cell.cost += number("cost", row);
            cell.promotion += number("promotion", row);
            cell.feature += number("feature", row);
            cell.rows += 1.0;
            cell.stock_out |= sales.flag("stock_out").is_some_and(|flags| flags[row] == 1);
        }
        if free > 0 {
            let text = format!("{free} rows of price 0 are left out");
            faults.push(Fault::error(Code::LeftOut, sales.file(), text).with_severity(Severity::Notice));
        }
        log.rivals = log.rivals_of(products, settings.integer("rivals").unwrap_or(5).max(0) as usize);
        log
    }

    fn rivals_of(&self, products: &Table, most: usize) -> Vec<Vec<u32>> {
        let mut sold: Vec<(u32, f64)> = (0..products.len())
            .map(|at| (at as u32, self.cells[at].values().map(|cell| cell.quantity).sum::<f64>()))
            .filter(|(_, quantity)| *quantity > 0.0)
            .collect();
        sold.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let category = |at: u32| products.text("category").map_or("", |words| words.get(at as usize));
        let mut of_category: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
        sold.iter().for_each(|(at, _)| of_category.entry(category(*at)).or_default().push(*at));
        (0..products.len() as u32)
            .map(|at| match category(at) {
                "" => Vec::new(),
                word => {
                    let others = of_category.get(word).into_iter().flatten().copied();
                    others.filter(|&other| other != at).take(most).collect()
                }
            })
            .collect()
    }

    /// The history of a product: every period between its first and its last one in each store. A period
    /// without a row had no sale, at the list price or the last one seen.
    fn sold(&self, product: usize, shelves: &[FxHashMap<u32, Shelf>]) -> Sold {
        let rivals = &self.rivals[product];
        let mut sold = Sold {
            rivals: vec![Vec::new(); rivals.len()],
            covariates: vec![Vec::new(); 2],
            ..Sold::default()
        };
        let mut stores: Vec<(&u32, &Shelf)> = shelves[product].iter().collect();
        stores.sort_by_key(|(store, _)| **store);
        for (&store, shelf) in stores {
            for period in shelf.first..=shelf.last {
                let cell = self.cells[product].get(&(store, period)).copied().unwrap_or_default();
                if cell.stock_out {
                    continue;
                }
                sold.group.push(store);
                sold.period.push(period as f64);
                sold.quantity.push(cell.quantity);
                sold.price.push(shelf.price(period));
                sold.covariates[0].push(cell.promotion / cell.rows.max(1.0));
                sold.covariates[1].push(cell.feature / cell.rows.max(1.0));
                sold.instrument.push(cell.cost / cell.rows);
                for (prices, &rival) in sold.rivals.iter_mut().zip(rivals) {
                    let shelf = shelves[rival as usize].get(&store);
                    prices.push(shelf.map_or(self.prices[rival as usize], |shelf| shelf.price(period)));
                }
            }
        }
        sold
    }

    fn shelves(&self, product: usize) -> FxHashMap<u32, Shelf> {
        let mut shelves: FxHashMap<u32, Shelf> = FxHashMap::default();
        for (&(store, period), cell) in &self.cells[product] {
            let shelf =
                shelves.entry(store).or_insert(Shelf { first: period, last: period, prices: Vec::new() });
            shelf.first = shelf.first.min(period);
            shelf.last = shelf.last.max(period);
            let paid = if cell.quantity > 0.0 { cell.paid / cell.quantity } else { cell.price / cell.rows };
            shelf.prices.push((period, paid));
        }
        shelves.values_mut().for_each(|shelf| shelf.prices.sort_by_key(|price| price.0));
        shelves
    }

    fn fill(&self, demand: &mut Demand, faults: &mut Faults) {
        let shelves: Vec<_> = (0..self.cells.len()).map(|product| self.shelves(product)).collect();
        let sold: Vec<usize> = (0..self.cells.len()).filter(|&at| !self.cells[at].is_empty()).collect();
        let histories: Vec<Sold> = sold.iter().map(|&product| self.sold(product, &shelves)).collect();
        let options = ResponseOptions { season_length: self.season_length, ..ResponseOptions::default() };
        let fitted = response::fit(&histories, &options);
        let mut followed = 0;
        for ((&product, response), history) in sold.iter().zip(&fitted).zip(&histories) {
            demand.own[product] = self.own(product, response, &mut followed);
            demand.rivals[product] = response
                .rivals
                .iter()
                .zip(&self.rivals[product])
                .map(|(e, &to)| Answer { to, elasticity: e.value, error: e.error, source: Source::Sales })
                .collect();
            demand.quantity[product] = self.next_period(product, response, history);
        }
        self.say_endogeneity(&fitted, followed, faults);
    }

    fn own(&self, product: usize, response: &Response, followed: &mut usize) -> Answer {
        let to = product as u32;
        match response.instrumented {
            Some(Instrumented { value, error, strength, distance })
                if strength >= STRONG && distance >= APART =>
            {
                *followed += 1;
                Answer { to, elasticity: value, error, source: Source::Instrument }
            }
            _ => {
                let source = if response.identified { Source::Sales } else { Source::Others };
                Answer { to, elasticity: response.own.value, error: response.own.error, source }
            }
        }
    }

    fn say_endogeneity(&self, fitted: &[Response], followed: usize, faults: &mut Faults) {
        let told = fitted.iter().filter(|response| response.instrumented.is_some()).count();
        let text = if told == 0 {
            "the sales have no cost column, so it cannot be told whether prices followed demand; if they did, \
             demand answers more strongly than estimated"
                .to_owned()
        } else {
            format!(
                "of {told} products with costs, the prices of {followed} followed demand; their elasticities are \
                 those that costs reveal"
            )
        };
        faults.push(Fault::error(Code::Repaired, "sales", text).with_severity(Severity::Notice));
    }

    /// Demand of the period after the last one at the prices of now, over all stores still selling it.
    fn next_period(&self, product: usize, response: &Response, history: &Sold) -> f64 {
        let rivals: Vec<f64> =
            self.rivals[product].iter().map(|&rival| self.prices[rival as usize]).collect();
        let mut stores: Vec<u32> = history.group.clone();
        stores.sort_unstable();
        stores.dedup();
        let question = |group: u32| Question {
            group,
            period: (self.periods.1 + 1) as f64,
            price: self.prices[product],
            rivals: &rivals,
            covariates: &[0.0, 0.0],
        };
        stores.into_iter().map(|group| response.mean(&question(group))).sum()
    }
}

/// A product in a store.
#[derive(Debug, Clone)]
struct Shelf {
    first: i64,
    last: i64,
    /// Price by period, where there is a row.
    prices: Vec<(i64, f64)>,
}

impl Shelf {
    /// The price of a period: the last one seen, before the first row the first one.
    fn price(&self, period: i64) -> f64 {
        let after = self.prices.partition_point(|price| price.0 <= period);
        self.prices[after.saturating_sub(1)].1
    }
}
