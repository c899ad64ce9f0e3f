//! One new fact: a price, a cost, a demand, a competitor's price.

use super::{Problem, same};
use crate::data::{Code, Fault, Faults, Table};

impl Problem {
    /// Takes rows of `products` (price, unit_cost, quantity) or `competitors` (price) in; the products they are about.
    ///
    /// # Errors
    /// Every fault of the rows; nothing is changed then.
    pub fn take(&mut self, rows: &Table) -> Result<Vec<usize>, Faults> {
        let columns: &[&str] = match rows.name() {
            "products" => &["price", "unit_cost", "quantity"],
            "competitors" => &["price"],
            other => {
                let fault =
                    Fault::error(Code::UnknownTable, rows.file(), format!("no new fact comes by {other}"));
                return Err(fault.with_help("give rows of products or competitors").into());
            }
        };
        let mut faults = Faults::default();
        let mut touched = Vec::new();
        for row in 0..rows.len() {
            let code = rows.text("product").map_or("", |codes| codes.get(row));
            match self.index_of(code) {
                Some(at) => touched.push((at, row)),
                None => {
                    let fault = Fault::error(
                        Code::UnknownReference,
                        rows.file(),
                        format!("there is no product \"{code}\""),
                    );
                    faults.push(fault.at_row(rows.row_number(row)));
                }
            }
            for column in columns {
                let value = rows.number(column).map_or(f64::NAN, |all| all[row]);
                if value.is_infinite() || value < 0.0 || (value == 0.0 && *column == "price") {
                    let fault = Fault::error(Code::OutOfRange, rows.file(), format!("{column} is {value}"));
                    faults.push(fault.at_row(rows.row_number(row)).with_help("write a number above 0"));
                }
            }
        }
        faults.into_result()?;
        for &(at, row) in &touched {
            let number =
                |column: &str| rows.number(column).map(|all| all[row]).filter(|value| !value.is_nan());
            if rows.name() == "competitors" {
                self.move_band(
                    at,
                    rows.text("competitor").map_or("", |names| names.get(row)),
                    number("price"),
                );
                continue;
            }
            let product = &mut self.products[at];
            product.unit_cost = number("unit_cost").unwrap_or(product.unit_cost);
            product.quantity_now = number("quantity").unwrap_or(product.quantity_now);
            if let Some(price) = number("price").filter(|&price| !same(price, product.price_now)) {
                self.move_price(at, price);
            }
        }
        Ok(touched.into_iter().map(|(at, _)| at).collect())
    }

    /// The price of now, with demand as it is there, and the largest change around it.
    fn move_price(&mut self, at: usize, price: f64) {
        let product = &mut self.products[at];
        let times = price / product.price_now;
        product.quantity_now *= product.own_share(price, 0.0);
        product.price_now = price;
        for limit in product.limits.iter_mut().filter(|limit| limit.rule == "price_change") {
            (limit.low, limit.high) = (limit.low * times, limit.high * times);
        }
        product.ladder.retain(|&step| !same(step, price));
        let place = product.ladder.partition_point(|&step| step < price);
        product.ladder.insert(place, price);
    }

    fn move_band(&mut self, at: usize, competitor: &str, price: Option<f64>) {
        let Some(price) = price else { return };
        let ending = format!(" at {competitor}");
        for limit in &mut self.products[at].limits {
            if limit.rule == "competitor_band" && limit.text.ends_with(&ending) && limit.base > 0.0 {
                let times = price / limit.base;
                (limit.low, limit.high, limit.base) = (limit.low * times, limit.high * times, price);
                limit.text =
                    format!("must be {:.2} to {:.2}, near the {price}{ending}", limit.low, limit.high);
            }
        }
    }

    /// The best price of one product that its limits and gaps allow, the others at theirs.
    pub fn best_alone(&self, at: usize, prices: &[f64]) -> f64 {
        let product = &self.products[at];
        let mut prices = prices.to_vec();
        let gaps: Vec<&super::Gap> =
            self.gaps.iter().filter(|gap| [gap.product, gap.other].contains(&(at as u32))).collect();
        let mut best: Option<(f64, f64)> = None;
        for &price in product.ladder.iter().filter(|&&price| product.allows(price)) {
            prices[at] = price;
            let kept = gaps
                .iter()
                .all(|gap| gap.excess(prices[gap.product as usize], prices[gap.other as usize]) == 0.0);
            let worth = self.goal.of(price, product.unit_cost, self.demand(at, &prices));
            if kept && best.is_none_or(|(most, _)| worth > most) {
                best = Some((worth, price));
            }
        }
        best.map_or(product.price_now, |(_, price)| price)
    }
}
