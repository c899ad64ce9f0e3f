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
        quantity: vec![f64::NAN; count],
    };
    if let Some(sales) = tables.get("sales") {
        let log = Log::new(products, sales, settings, faults);
        if fitted {
            log.fill(&mut demand, faults);
        } else {
            log.sold().for_each(|product| demand.quantity[product] = 0.0);
        }
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
            Source::Sales | Source::Instrument if own.elasticity >= 0.0 => format!(
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

/// Periods, counted back from the last day of the sales, which ends period 0.
struct Calendar {
    last: i64,
    days: i64,
    /// Periods from here on are whole.
    whole: i64,
}

/// Days of the longest history.
const LONGEST: i64 = 30 * 366;

impl Calendar {
    /// Refuses histories that are too long to be true; the first period of daily rows is left out where it is cut.
    fn new(dates: &[i32], days: i64, sales: &Table, faults: &mut Faults) -> Self {
        let last = dates.iter().copied().max().map_or(0, i64::from);
        let first = dates.iter().enumerate().min_by_key(|(_, date)| **date);
        let Some((row, first)) = first.map(|(row, &date)| (row, i64::from(date))) else {
            return Calendar { last, days, whole: 0 };
        };
        if last - first > LONGEST {
            let text = format!("the sales span {} years", (last - first) / 365);
            let fault = Fault::error(Code::OutOfRange, sales.file(), text).at_row(sales.row_number(row));
            faults.push(
                fault.in_column("date", sales.cell_text("date", row)).with_help("check the first date"),
            );
            return Calendar { last, days, whole: 0 };
        }
        let mut calendar = Calendar { last, days, whole: i64::MIN };
        let start = calendar.period(first as i32).unwrap_or(0);
        let mut distinct: Vec<i32> = dates.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let is_daily = distinct.len() as i64 > 1 - start;
        let is_cut = (last - first + 1) % days != 0;
        if is_daily && is_cut {
            calendar.whole = start + 1;
            let text =
                format!("the first {} days are no whole period and are left out", (last - first + 1) % days);
            faults.push(Fault::error(Code::LeftOut, sales.file(), text).with_severity(Severity::Notice));
        }
        calendar
    }

    fn period(&self, date: i32) -> Option<i64> {
        let period = -((self.last - i64::from(date)) / self.days);
        (period >= self.whole).then_some(period)
    }
}

/// Sales by product, store and period, gaps filled.
struct Log {
    /// For each product its rivals, those that sell most first.
    rivals: Vec<Vec<u32>>,
    cells: Vec<FxHashMap<(u32, i64), Cell>>,
    prices: Vec<f64>,
    season_length: f64,
}

impl Log {
    fn new(products: &Table, sales: &Table, settings: &SettingsValues, faults: &mut Faults) -> Self {
        let codes = codes(products);
        let days = settings.integer("period_days").unwrap_or(7).max(1);
        let number = |column: &str, row: usize| sales.number(column).map_or(f64::NAN, |all| all[row]);
        let dates = sales.date("date").unwrap_or(&[]);
        let calendar = Calendar::new(dates, days, sales, faults);
        let mut log = Log {
            rivals: Vec::new(),
            cells: vec![FxHashMap::default(); products.len()],
            prices: products.number("price").unwrap_or(&[]).to_vec(),
            season_length: 365.25 / days as f64,
        };
        let (mut free, mut returned) = (0, 0);
        for (row, &date) in dates.iter().enumerate() {
            let text = |column: &str| sales.text(column).map(|words| (words.get(row), words.index()[row]));
            let Some(&product) = text("product").and_then(|(code, _)| codes.get(code)) else { continue };
            let (quantity, price) = (number("quantity", row), number("price", row));
            let Some(period) = calendar.period(date) else { continue };
            if price <= 0.0 || quantity < 0.0 {
                free += usize::from(price <= 0.0);
                returned += usize::from(price > 0.0);
                continue;
            }
            let store = text("store").map_or(0, |(_, index)| index);
            let cell = log.cells[product as usize].entry((store, period)).or_default();
            cell.quantity += quantity;
            cell.paid += quantity * price;
            cell.price += price;
            cell.cost += number("cost", row);
            cell.promotion += number("promotion", row);
            cell.feature += number("feature", row);
            cell.rows += 1.0;
            cell.stock_out |= sales.flag("stock_out").is_some_and(|flags| flags[row] == 1);
        }
        for (count, what) in [(free, "of price 0"), (returned, "with a negative quantity")] {
            if count > 0 {
                let fault =
                    Fault::error(Code::LeftOut, sales.file(), format!("{count} rows {what} are left out"));
                faults.push(fault.with_severity(Severity::Notice));
            }
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

    /// Products that sold something while in stock.
    fn sold(&self) -> impl Iterator<Item = usize> + '_ {
        let told = |cells: &FxHashMap<(u32, i64), Cell>| cells.values().any(|cell| !cell.stock_out);
        (0..self.cells.len()).filter(move |&product| told(&self.cells[product]))
    }

    /// The history of a product: every period between its first and its last one in each store. A period
    /// without a row had no sale, at the list price or the last one seen.
    fn history(&self, product: usize, shelves: &[FxHashMap<u32, Shelf>]) -> Sold {
        let rivals = &self.rivals[product];
        let mut sold = Sold {
            rivals: vec![Vec::new(); rivals.len()],
            covariates: vec![Vec::new(); 2],
            ..Sold::default()
        };
        let mut stores: Vec<(&u32, &Shelf)> = shelves[product].iter().collect();
        stores.sort_by_key(|(store, _)| **store);
        for (group, (&store, shelf)) in stores.into_iter().enumerate() {
            for period in shelf.first..=shelf.last {
                let cell = self.cells[product].get(&(store, period)).copied().unwrap_or_default();
                if cell.stock_out {
                    continue;
                }
                sold.group.push(group as u32);
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
        let sold: Vec<usize> = self.sold().collect();
        let histories: Vec<Sold> = sold.iter().map(|&product| self.history(product, &shelves)).collect();
        let options = ResponseOptions { season_length: self.season_length, ..ResponseOptions::default() };
        let fitted = response::fit(&histories, &options);
        let mut followed = 0;
        for ((&product, response), history) in sold.iter().zip(&fitted).zip(&histories) {
            demand.own[product] = self.own(product, response, &mut followed);
            demand.rivals[product] = response
                .rivals
                .iter()
                .zip(&self.rivals[product])
                // What is no larger than its error is not told apart from none.
                .filter(|(cross, _)| cross.value.abs() > cross.error)
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
            "no product has a cost in every row of its sales that moves on its own, so it cannot be told whether prices \
             followed demand; if they did, demand answers more strongly than estimated"
                .to_owned()
        } else {
            format!(
                "of {told} products with costs, the prices of {followed} followed demand; their elasticities are \
                 those that costs reveal"
            )
        };
        faults.push(Fault::error(Code::Repaired, "sales", text).with_severity(Severity::Notice));
    }

    /// Demand of the period after the last one at the prices of now, over the stores that sold it lately.
    fn next_period(&self, product: usize, response: &Response, history: &Sold) -> f64 {
        let rivals: Vec<f64> =
            self.rivals[product].iter().map(|&rival| self.prices[rival as usize]).collect();
        let recent = history.group.iter().zip(&history.period).filter(|(_, period)| **period > -LATELY);
        let mut stores: Vec<u32> = recent.map(|(&group, _)| group).collect();
        stores.sort_unstable();
        stores.dedup();
        let question = |group: u32| Question {
            group,
            period: 1.0,
            price: self.prices[product],
            rivals: &rivals,
            covariates: &[0.0, 0.0],
        };
        stores.into_iter().map(|group| response.mean(&question(group))).sum()
    }
}

/// Periods within which a store that sells a product has a row of it.
const LATELY: f64 = 13.0;

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
