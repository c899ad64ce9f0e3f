//! New sales: rows of whole periods that move the fitted responses, and with them demand and elasticities.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::learned::{Following, Learned, NewRow};
use super::sales::Shelf;
use super::{Problem, Source};
use crate::data::{Code, Column, Fault, Faults, Table};
use crate::predict::response::Alarm;

/// What came after the problem was read.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Arrived {
    /// Products of which something was taken in.
    moved: FxHashMap<usize, Moved>,
    /// Periods and prices by product and store, where something came.
    shelves: FxHashMap<(usize, u32), Shelf>,
    /// Stores that the sales did not know.
    stores: Vec<String>,
    /// The newest period.
    now: i64,
}

/// A product of which something was taken in.
#[derive(Debug, Clone)]
struct Moved {
    following: Following,
    /// What was taken in, by period: a store that sells again tells of periods before the newest.
    rows: BTreeMap<i64, Vec<NewRow>>,
    alarms: Vec<(i64, Alarm)>,
}

/// Columns by which sales come.
const COLUMNS: [&str; 9] =
    ["product", "store", "date", "quantity", "price", "cost", "promotion", "feature", "stock_out"];
/// Those that every row has.
const REQUIRED: [&str; 4] = ["product", "date", "quantity", "price"];

/// Largest quantity, price and cost of a row.
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
        refuse_columns(rows, &mut faults);
        faults = faults.into_result()?;
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
        for of_period in cells.chunk_by(|(a, _), (b, _)| a.0 == b.0) {
            self.take_period(of_period);
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
        let shares = ["promotion", "feature"].map(|column| (column, 1.0));
        for (column, most) in shares.into_iter().chain([("cost", LARGEST)]) {
            let value = rows.number(column).map_or(f64::NAN, |all| all[row]);
            if !(value.is_nan() || (0.0..=most).contains(&value)) {
                let help = if most == 1.0 { "give 0 to 1" } else { "give a cost of 0 or more" };
                refuse(Code::OutOfRange, format!("{column} is {value}"), help);
                return None;
            }
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
        if self.arrived.shelves.get(&(product, store)).is_some_and(|shelf| period <= shelf.last) {
            let text = format!("a later or the same period of {code} at {name} was taken in before");
            refuse(Code::DuplicateKey, text, "give all rows of a period at once, periods in their order");
            return None;
        }
        Some(Sale { product, store, period, row })
    }

    /// Moves the responses of all products by one period.
    fn take_period(&mut self, cells: &[((i64, usize, u32), Sum)]) {
        let Some(learned) = self.learned.clone() else { return };
        let gaps: Vec<i64> = cells.iter().map(|(key, sum)| self.arrived.put(&learned, *key, sum)).collect();
        let of_products = cells.iter().zip(gaps).collect::<Vec<_>>();
        for of_product in of_products.chunk_by(|(a, _), (b, _)| a.0.1 == b.0.1) {
            let mut rows = Vec::new();
            for (((period, product, store), sum), gap) in of_product {
                // As in the history of the fit: a period without a row had no sale, at the last price.
                rows.extend((*gap..*period).map(|empty| (empty, *product, *store, None)));
                let told = (!sum.is_out).then_some((*period, *product, *store, Some(sum)));
                rows.extend(told);
            }
            if let Some(&(((_, product, _), _), _)) = of_product.first() {
                self.take_rows(&learned, *product, &rows);
            }
        }
    }

    /// Moves the response of one product by rows of the newest period, and of earlier ones without a sale.
    fn take_rows(&mut self, learned: &Learned, product: usize, rows: &[(i64, usize, u32, Option<&Sum>)]) {
        let Some(told) = learned.of(product) else { return };
        let mut moved = self.arrived.moved.remove(&product).unwrap_or_else(|| Moved {
            following: told.following.clone(),
            rows: BTreeMap::new(),
            alarms: Vec::new(),
        });
        let newest = moved.rows.last_key_value().map_or(i64::MIN, |(&period, _)| period);
        let mut first = i64::MAX;
        for &(period, product, store, sum) in rows {
            first = first.min(period);
            let price_of = |product: usize| self.arrived.price(learned, (product, store), period);
            let row = NewRow {
                group: moved.following.group_of(store),
                period,
                price: sum.map_or_else(|| price_of(product), Sum::price),
                rivals: learned.log.rivals[product].iter().map(|&rival| price_of(rival as usize)).collect(),
                covariates: sum.map_or([0.0; 2], |sum| sum.covariates.map(|all| all / sum.rows)),
                quantity: sum.map_or(0.0, |sum| sum.quantity),
            };
            let of_period = moved.rows.entry(period).or_default();
            of_period.push(row);
            of_period.sort_by_key(|row| row.group);
        }
        let from = if first > newest {
            first
        } else {
            moved.following.filter = told.following.filter.clone();
            i64::MIN
        };
        for (&period, rows) in moved.rows.range(from..) {
            for alarm in moved.following.take(rows) {
                if !moved.alarms.contains(&(period, alarm)) {
                    moved.alarms.push((period, alarm));
                    self.notices.push(learned.alarmed(&self.products[product].code, period, alarm));
                }
            }
        }
        self.arrived.moved.insert(product, moved);
    }

    /// What is known now of a product: its elasticities, and its demand unless that is stated.
    fn foresee(&mut self, product: usize) {
        let (Some(learned), Some(Moved { following, .. })) =
            (&self.learned, self.arrived.moved.get(&product))
        else {
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
        self.arrived.moved.get(&product).map(|moved| &moved.following).or_else(fitted)
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

impl Arrived {
    /// Writes down what a product cost in a store and period; the first period since its last one there.
    fn put(&mut self, learned: &Learned, (period, product, store): (i64, usize, u32), sum: &Sum) -> i64 {
        self.now = self.now.max(period);
        let shelf = self.shelves.entry((product, store)).or_insert_with(|| {
            let known = learned.shelves[product].get(&store);
            known.cloned().unwrap_or_else(|| Shelf::new(period))
        });
        // One that is sold for the first time has no gap before it.
        let gap = (shelf.last + 1).min(period);
        shelf.put(period, sum.price());
        gap
    }

    /// Price of a product in a store and period: the last one seen by then.
    fn price(&self, learned: &Learned, (product, store): (usize, u32), period: i64) -> f64 {
        let fitted = || learned.shelves[product].get(&store);
        let shelf = self.shelves.get(&(product, store)).or_else(fitted);
        shelf.map_or(learned.log.prices[product], |shelf| shelf.price(period))
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

/// Refuses sales without a column that every row has, and columns of another type.
fn refuse_columns(rows: &Table, faults: &mut Faults) {
    for title in COLUMNS {
        let Some(column) = rows.column(title) else {
            if REQUIRED.contains(&title) {
                let text = format!("column {title} is missing");
                let fault = Fault::error(Code::MissingColumn, rows.file(), text);
                faults.push(fault.with_help(format!("sales need {}", REQUIRED.join(", "))));
            }
            continue;
        };
        let is_right = match title {
            "product" | "store" => matches!(column, Column::Text(_)),
            "date" => matches!(column, Column::Date(_)),
            "stock_out" => matches!(column, Column::Flag(_)),
            _ => matches!(column, Column::Number(_)),
        };
        if !is_right {
            let text = format!("column {title} is of another type than in the table sales");
            let fault = Fault::error(Code::WrongType, rows.file(), text);
            faults.push(fault.with_help("give codes as text, days as dates, stock_out as yes or no"));
        }
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
