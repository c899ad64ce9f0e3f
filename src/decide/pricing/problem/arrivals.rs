//! New sales: rows of whole periods that move the fitted responses, and with them demand and elasticities.

use rustc_hash::{FxHashMap, FxHashSet};

use super::learned::{Following, NewRow};
use super::{Problem, Source};
use crate::data::{Code, Fault, Faults, Table};

/// What came after the problem was read.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Arrived {
    /// Responses by product, once something was taken in.
    following: FxHashMap<usize, Following>,
    /// Last period taken in by product and store.
    seen: FxHashMap<(usize, u32), i64>,
    /// Last prices by product and store.
    paid: FxHashMap<(usize, u32), f64>,
    /// Stores that the sales did not know.
    stores: Vec<String>,
    /// The newest period.
    now: i64,
}

/// Columns by which sales come.
const COLUMNS: [&str; 9] =
    ["product", "store", "date", "quantity", "price", "cost", "promotion", "feature", "stock_out"];

/// Largest quantity of a row.
const LARGEST: f64 = 1e12;
/// Periods after the last one beyond which a date is taken for a slip.
const FARTHEST: i64 = 520;

/// Sums of the rows of one product, store and period.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    rows: f64,
    quantity: f64,
    paid: f64,
    price: f64,
    covariates: [f64; 2],
    is_out: bool,
}

impl Sum {
    fn price(&self) -> f64 {
        if self.quantity > 0.0 { self.paid / self.quantity } else { self.price / self.rows }
    }
}

/// A row that was understood.
struct Sale {
    product: usize,
    store: u32,
    period: i64,
    row: usize,
}

impl Problem {
    /// Takes in new rows of `sales`, each product, store and period whole; the products that they are about.
    ///
    /// # Errors
    /// Every fault of the rows; nothing is changed then.
    pub(super) fn take_sales(&mut self, rows: &Table) -> Result<Vec<usize>, Faults> {
        let mut faults = Faults::default();
        for (title, _) in rows.columns().iter().filter(|(title, _)| !COLUMNS.contains(&title.as_str())) {
            let fault =
                Fault::error(Code::UnknownColumn, rows.file(), format!("sales have no column {title}"));
            faults.push(fault.with_help(format!("give {}", COLUMNS.join(", "))));
        }
        let mut stores = self.arrived.stores.clone();
        let sales: Vec<Sale> =
            (0..rows.len()).filter_map(|row| self.sale(rows, row, &mut stores, &mut faults)).collect();
        faults.into_result()?;
        self.arrived.stores = stores;
        let mut sums: FxHashMap<(i64, usize, u32), Sum> = FxHashMap::default();
        for Sale { product, store, period, row } in sales {
            add(sums.entry((period, product, store)).or_default(), rows, row);
        }
        let mut cells: Vec<((i64, usize, u32), Sum)> = sums.into_iter().collect();
        cells.sort_unstable_by_key(|(key, _)| *key);
        for ((period, product, store), sum) in &cells {
            self.arrived.paid.insert((*product, *store), sum.price());
            self.arrived.seen.insert((*product, *store), *period);
            self.arrived.now = self.arrived.now.max(*period);
        }
        for of_product in cells.chunk_by(|(a, _), (b, _)| (a.0, a.1) == (b.0, b.1)) {
            self.take_period(of_product);
        }
        let touched: FxHashSet<usize> = cells.iter().map(|((_, product, _), _)| *product).collect();
        let mut touched: Vec<usize> = touched.into_iter().collect();
        touched.sort_unstable();
        touched.iter().for_each(|&product| self.foresee(product));
        Ok(touched)
    }

    /// Reads one row, or none with its faults.
    fn sale(&self, rows: &Table, row: usize, stores: &mut Vec<String>, faults: &mut Faults) -> Option<Sale> {
        let text = |column: &str| rows.text(column).map_or("", |texts| texts.get(row));
        let number = |column: &str| rows.number(column).map_or(f64::NAN, |all| all[row]);
        let mut refuse = |code: Code, text: String, help: &str| {
            faults.push(Fault::error(code, rows.file(), text).at_row(rows.row_number(row)).with_help(help));
        };
        let code = text("product");
        let told = self.index_of(code).filter(|&at| !self.is_cleared(at));
        let known = told.and_then(|at| Some((at, self.learned.as_ref()?, self.learned.as_ref()?.of(at)?)));
        let Some((product, learned, _)) = known else {
            let text = format!("no demand of \"{code}\" was fitted on sales, so new ones tell nothing");
            refuse(Code::UnknownReference, text, "add them to the table sales and prepare anew");
            return None;
        };
        let (quantity, price) = (number("quantity"), number("price"));
        if !((0.0..=LARGEST).contains(&quantity) && price > 0.0 && price <= LARGEST) {
            let text = format!("{quantity} units at {price} are no sale");
            refuse(Code::OutOfRange, text, "give a quantity of 0 or more and a price above 0");
            return None;
        }
        let period = rows.date("date").and_then(|days| learned.log.period(days[row]));
        let Some(period) = period.filter(|period| (1..=FARTHEST).contains(period)) else {
            let (text, help) =
                ("the date is not after the last period of the sales", "prepare anew with all sales");
            refuse(Code::OutOfRange, text.to_owned(), help);
            return None;
        };
        let name =
            if rows.text("store").is_none() || text("store").is_empty() { "main" } else { text("store") };
        let store = learned.log.store(name).unwrap_or_else(|| {
            let place = stores.iter().position(|store| store == name).unwrap_or_else(|| {
                stores.push(name.to_owned());
                stores.len() - 1
            });
            (learned.log.stores.len() + place) as u32
        });
        if self.arrived.seen.get(&(product, store)).is_some_and(|&seen| period <= seen) {
            let text = format!("a later or the same period of {code} at {name} was taken in before");
            refuse(Code::DuplicateKey, text, "give all rows of a period at once, periods in their order");
            return None;
        }
        Some(Sale { product, store, period, row })
    }

    /// Moves the response of one product by one period.
    fn take_period(&mut self, cells: &[((i64, usize, u32), Sum)]) {
        let Some(((period, product, _), _)) = cells.first() else { return };
        let (period, product) = (*period, *product);
        let Some(learned) = self.learned.clone() else { return };
        let Some(told) = learned.of(product) else { return };
        let arrived = &mut self.arrived;
        let following = arrived.following.entry(product).or_insert_with(|| told.following.clone());
        let rivals = &learned.log.rivals[product];
        let price_of = |rival: u32, store: u32| {
            let rival = rival as usize;
            let known = arrived.paid.get(&(rival, store)).or_else(|| learned.paid[rival].get(&store));
            known.copied().unwrap_or(learned.log.prices[rival])
        };
        let taken: Vec<NewRow> = cells
            .iter()
            .filter(|(_, sum)| !sum.is_out)
            .map(|((_, _, store), sum)| NewRow {
                group: following.group_of(*store),
                period,
                price: sum.price(),
                rivals: rivals.iter().map(|&rival| price_of(rival, *store)).collect(),
                covariates: sum.covariates.map(|covariate| covariate / sum.rows),
                quantity: sum.quantity,
            })
            .collect();
        let code = &self.products[product].code;
        for alarm in following.take(&taken) {
            self.notices.push(learned.alarmed(code, period, alarm));
        }
    }

    /// What is known now of a product: its elasticities, and its demand unless that is stated.
    fn foresee(&mut self, product: usize) {
        let (Some(learned), Some(following)) = (&self.learned, self.arrived.following.get(&product)) else {
            return;
        };
        let prices = |rival: &u32| self.products[*rival as usize].price_now;
        let rivals: Vec<f64> = learned.log.rivals[product].iter().map(prices).collect();
        let demand = following.demand(self.arrived.now + 1, self.products[product].price_now, &rivals);
        let it = &mut self.products[product];
        if !it.is_stated {
            it.quantity_now = demand;
        }
        if matches!(it.own.source, Source::Sales | Source::Others) {
            let own = following.filter.own();
            (it.own.elasticity, it.own.error) = (own.value, own.error);
            if following.filter.has_moved() {
                it.own.source = Source::Sales;
            }
        }
        for answer in it.rivals.iter_mut().filter(|answer| answer.source == Source::Sales) {
            if let Some(place) = learned.rival(product, answer.to) {
                let rival = following.filter.rival(place);
                (answer.elasticity, answer.error) = (rival.value, rival.error);
            }
        }
    }

    /// What a product's response is now, with everything taken in.
    pub fn following(&self, product: usize) -> Option<&Following> {
        let fitted = || Some(&self.learned.as_ref()?.of(product)?.following);
        self.arrived.following.get(&product).or_else(fitted)
    }

    /// The newest period; 0 is the last one of the sales that were read.
    pub fn newest_period(&self) -> i64 {
        self.arrived.now
    }

    /// Code of a store, as groups number them.
    pub fn store(&self, at: u32) -> &str {
        let known = self.learned.as_ref().map_or(&[][..], |learned| learned.log.stores.as_slice());
        let at = at as usize;
        known
            .get(at)
            .or_else(|| self.arrived.stores.get(at - known.len().min(at)))
            .map_or("main", String::as_str)
    }
}

impl Following {
    /// Group of a store; one that sells the product for the first time gets one of its own.
    fn group_of(&mut self, store: u32) -> u32 {
        let place = self.stores.iter().position(|&known| known == store).unwrap_or_else(|| {
            self.stores.push(store);
            self.stores.len() - 1
        });
        if !self.recent.contains(&(place as u32)) {
            self.recent.push(place as u32);
        }
        place as u32
    }
}

fn add(sum: &mut Sum, rows: &Table, row: usize) {
    let number = |column: &str| rows.number(column).map_or(0.0, |all| all[row]);
    let or_none = |value: f64| if value.is_nan() { 0.0 } else { value };
    sum.rows += 1.0;
    sum.quantity += number("quantity");
    sum.paid += number("quantity") * number("price");
    sum.price += number("price");
    sum.covariates[0] += or_none(number("promotion"));
    sum.covariates[1] += or_none(number("feature"));
    sum.is_out |= rows.flag("stock_out").is_some_and(|flags| flags[row] == 1);
}
