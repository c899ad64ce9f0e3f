//! Sales by product, store and period: what the fit is made on.

use rustc_hash::{FxHashMap, FxHashSet};

use super::fit::codes;
use crate::data::{Code, Fault, Faults, SettingsValues, Severity, Table, day_number};
use crate::predict::response::{Drift, Sold};

/// One product, store and period of the sales.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    pub quantity: f64,
    /// Sums weighted by quantity, and plain ones for periods without a sale.
    paid: f64,
    price: f64,
    cost: f64,
    promotion: f64,
    feature: f64,
    rows: f64,
    stock_out: bool,
}

impl Cell {
    /// Promotion and feature, as means of the rows.
    pub fn covariates(&self) -> [f64; 2] {
        [self.promotion, self.feature].map(|sum| sum / self.rows.max(1.0))
    }

    /// Whether it was out of stock at some time.
    pub fn is_out(&self) -> bool {
        self.stock_out
    }

    fn bits(&self) -> [u64; 7] {
        [self.quantity, self.paid, self.price, self.cost, self.promotion, self.feature, self.rows]
            .map(f64::to_bits)
    }
}

impl PartialEq for Cell {
    /// Bit by bit, so that a cost that is not known equals itself.
    fn eq(&self, other: &Self) -> bool {
        (self.bits(), self.stock_out) == (other.bits(), other.stock_out)
    }
}

/// Periods, counted back from the last day of the sales, which ends period 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    fn new(dates: &[i32], (days, last): (i64, Option<i64>), sales: &Table, faults: &mut Faults) -> Self {
        let last = last.unwrap_or_else(|| dates.iter().copied().max().map_or(0, i64::from));
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
        let period = -((self.last - i64::from(date)).div_euclid(self.days));
        (period >= self.whole).then_some(period)
    }

    /// The last period that ends by a day; 0 where that is later than all.
    fn ended(&self, day: i64) -> i64 {
        (day - self.last).div_euclid(self.days).min(0)
    }

    /// First and last day of a period.
    fn days_of(&self, period: i64) -> (i64, i64) {
        let end = self.last + period * self.days;
        (end - self.days + 1, end)
    }
}

/// Sales by product, store and period.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Log {
    /// For each product its rivals, those that sell most first.
    pub rivals: Vec<Vec<u32>>,
    /// Codes of the stores.
    pub stores: Vec<String>,
    cells: Vec<FxHashMap<(u32, i64), Cell>>,
    /// Prices of now.
    pub prices: Vec<f64>,
    pub season_length: f64,
    calendar: Calendar,
    /// The last period whose sales are fitted; later ones are taken in one by one.
    pub fitted: i64,
    pub drift: Drift,
}

impl Log {
    pub fn new(products: &Table, sales: &Table, settings: &SettingsValues, faults: &mut Faults) -> Self {
        Log::ending(products, sales, settings, None, faults)
    }

    /// The same where the last period ends on day `last`, whether something was sold then or not.
    pub fn ending(
        products: &Table,
        sales: &Table,
        settings: &SettingsValues,
        last: Option<i64>,
        faults: &mut Faults,
    ) -> Self {
        let codes = codes(products);
        let days = settings.integer("period_days").unwrap_or(7).max(1);
        let number = |column: &str, row: usize| sales.number(column).map_or(f64::NAN, |all| all[row]);
        let dates = sales.date("date").unwrap_or(&[]);
        let calendar = Calendar::new(dates, (days, last), sales, faults);
        let mut log = Log {
            rivals: Vec::new(),
            stores: sales.text("store").map_or_else(Vec::new, |stores| stores.words().to_vec()),
            cells: vec![FxHashMap::default(); products.len()],
            prices: products.number("price").unwrap_or(&[]).to_vec(),
            season_length: 365.25 / days as f64,
            calendar,
            fitted: settings.date("fit_until").map_or(0, |day| calendar.ended(i64::from(day_number(day)))),
            drift: drift(settings, 365.25 / days as f64),
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
    pub fn sold(&self) -> impl Iterator<Item = usize> + '_ {
        let told = |cells: &FxHashMap<(u32, i64), Cell>| cells.values().any(|cell| !cell.stock_out);
        (0..self.cells.len()).filter(move |&product| told(&self.cells[product]))
    }

    /// The history of a product: every period between its first and its last one in each store. A period
    /// without a row had no sale, at the list price or the last one seen.
    pub fn history(&self, product: usize, shelves: &[FxHashMap<u32, Shelf>]) -> Sold {
        let rivals = &self.rivals[product];
        let mut sold = Sold {
            rivals: vec![Vec::new(); rivals.len()],
            covariates: vec![Vec::new(); 2],
            ..Sold::default()
        };
        for (group, store) in Self::stores_of(&shelves[product]).into_iter().enumerate() {
            let shelf = &shelves[product][&store];
            for period in shelf.first..=shelf.last {
                let cell = self.cells[product].get(&(store, period)).copied().unwrap_or_default();
                if cell.stock_out {
                    continue;
                }
                sold.group.push(group as u32);
                sold.period.push(period as f64);
                sold.quantity.push(cell.quantity);
                sold.price.push(shelf.price(period));
                for (values, value) in sold.covariates.iter_mut().zip(cell.covariates()) {
                    values.push(value);
                }
                sold.instrument.push(cell.cost / cell.rows);
                for (prices, &rival) in sold.rivals.iter_mut().zip(rivals) {
                    let shelf = shelves[rival as usize].get(&store);
                    prices.push(shelf.map_or(self.prices[rival as usize], |shelf| shelf.price(period)));
                }
            }
        }
        sold
    }

    /// The period of a day, which may lie after the last one.
    pub fn period(&self, date: i32) -> Option<i64> {
        self.calendar.period(date)
    }

    /// First and last day of a period.
    pub fn days_of(&self, period: i64) -> (i64, i64) {
        self.calendar.days_of(period)
    }

    /// Place of a store, if it is known.
    pub fn store(&self, code: &str) -> Option<u32> {
        self.stores.iter().position(|store| store == code).map(|at| at as u32)
    }

    /// What a store sold of a product in the last period.
    pub fn last_cell(&self, product: usize, store: u32) -> Option<&Cell> {
        self.cells[product].get(&(store, 0))
    }

    /// Products and stores that have a row of sales.
    pub fn pairs<'a>(products: &Table, sales: &'a Table) -> FxHashSet<(u32, &'a str)> {
        let codes = codes(products);
        let text = |column: &str, row: usize| sales.text(column).map_or("", |words| words.get(row));
        let pair = |row: usize| Some((*codes.get(text("product", row))?, text("store", row)));
        (0..sales.len()).filter_map(pair).collect()
    }

    /// For each product its shelves by store.
    pub fn all_shelves(&self) -> Vec<FxHashMap<u32, Shelf>> {
        (0..self.cells.len()).map(|product| self.shelves(product)).collect()
    }

    /// Stores of some shelves in the order of the groups of a history.
    pub fn stores_of(shelves: &FxHashMap<u32, Shelf>) -> Vec<u32> {
        let mut stores: Vec<u32> = shelves.keys().copied().collect();
        stores.sort_unstable();
        stores
    }

    fn shelves(&self, product: usize) -> FxHashMap<u32, Shelf> {
        let mut shelves: FxHashMap<u32, Shelf> = FxHashMap::default();
        for (&(store, period), cell) in &self.cells[product] {
            let shelf = shelves.entry(store).or_insert_with(|| Shelf::new(period));
            shelf.first = shelf.first.min(period);
            shelf.last = shelf.last.max(period);
            let paid = if cell.quantity > 0.0 { cell.paid / cell.quantity } else { cell.price / cell.rows };
            shelf.prices.push((period, paid));
        }
        shelves.values_mut().for_each(|shelf| shelf.prices.sort_by_key(|price| price.0));
        shelves
    }
}

/// How responses move between periods.
fn drift(settings: &SettingsValues, season_length: f64) -> Drift {
    let a_year = settings.number("elasticity_drift").unwrap_or(0.2);
    Drift {
        elasticity: a_year * a_year / season_length,
        false_alarm_periods: settings.number("false_alarm_periods").unwrap_or(1000.0),
        ..Drift::default()
    }
}

/// A product in a store.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    first: i64,
    pub(super) last: i64,
    /// Price by period, where there is a row.
    prices: Vec<(i64, f64)>,
}

impl Shelf {
    /// One without a price yet.
    pub fn new(period: i64) -> Self {
        Shelf { first: period, last: period, prices: Vec::new() }
    }

    /// Adds the price of a period after all others.
    pub fn put(&mut self, period: i64, price: f64) {
        self.last = period;
        self.prices.push((period, price));
    }

    /// The price of a period: the last one seen, before the first row the first one.
    pub fn price(&self, period: i64) -> f64 {
        let after = self.prices.partition_point(|price| price.0 <= period);
        self.prices[after.saturating_sub(1)].1
    }
}
