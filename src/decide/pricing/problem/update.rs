//! One new fact: a price, a cost, a demand, a competitor's price, sales.

use super::{Band, LimitRule, Problem, same};
use crate::data::{Code, Fault, Faults, Table};

/// Columns of the tables by which facts come: those that name what the row is about, and those that change.
const FACTS: [(&str, &[&str], &[&str]); 2] = [
    ("products", &["product"], &["price", "unit_cost", "quantity"]),
    ("competitors", &["product", "competitor"], &["price", "low", "high"]),
];

/// Largest number that a fact may hold.
const LARGEST: f64 = 1e15;

impl Problem {
    /// Takes rows of `products` (price, unit_cost, quantity), `competitors` (price, low, high) or `sales` (whole
    /// periods after the last one) in; the products that they are about.
    ///
    /// # Errors
    /// Every fault of the rows; nothing is changed then.
    pub fn take(&mut self, rows: &Table) -> Result<Vec<usize>, Faults> {
        if rows.name() == "sales" {
            return self.take_sales(rows);
        }
        let Some(&(_, keys, changing)) = FACTS.iter().find(|fact| fact.0 == rows.name()) else {
            let text = format!("no new fact comes by {}", rows.name());
            let fault = Fault::error(Code::UnknownTable, rows.file(), text);
            return Err(fault.with_help("give rows of products, competitors or sales").into());
        };
        let mut faults = Faults::default();
        for (title, _) in rows.columns() {
            if !keys.contains(&title.as_str()) && !changing.contains(&title.as_str()) {
                let text = format!("{title} is no fact that changes prices at once");
                let fault = Fault::error(Code::UnknownColumn, rows.file(), text);
                faults.push(fault.with_help(format!("leave it to {}, or prepare anew", changing.join(", "))));
            }
        }
        let touched: Vec<usize> =
            (0..rows.len()).filter_map(|row| self.about(rows, row, changing, &mut faults)).collect();
        faults.into_result()?;
        for (row, &at) in touched.iter().enumerate() {
            let number =
                |column: &str| rows.number(column).map(|all| all[row]).filter(|value| !value.is_nan());
            if rows.name() == "competitors" {
                let competitor = rows.text("competitor").map_or("", |names| names.get(row));
                if let Some(band) = self.band(at, competitor) {
                    band.price = number("price").unwrap_or(band.price);
                    band.low = number("low").unwrap_or(band.low);
                    band.high = number("high").unwrap_or(band.high);
                }
                continue;
            }
            if let Some(price) = number("price").filter(|&price| !same(price, self.products[at].price_now)) {
                self.move_price(at, price);
            }
            let product = &mut self.products[at];
            product.unit_cost = number("unit_cost").unwrap_or(product.unit_cost);
            if let Some(quantity) = number("quantity") {
                (product.quantity_now, product.is_stated) = (quantity, true);
            }
        }
        Ok(touched)
    }

    /// The product that a row is about, or none with its faults.
    fn about(&mut self, rows: &Table, row: usize, changing: &[&str], faults: &mut Faults) -> Option<usize> {
        let text = |column: &str| rows.text(column).map_or("", |texts| texts.get(row)).to_owned();
        let mut refuse = |code: Code, text: String, help: &str| {
            faults.push(Fault::error(code, rows.file(), text).at_row(rows.row_number(row)).with_help(help));
        };
        for column in changing {
            let value = rows.number(column).map_or(f64::NAN, |all| all[row]);
            if !(value.is_nan() || (0.0..=LARGEST).contains(&value)) || (value == 0.0 && *column == "price") {
                refuse(Code::OutOfRange, format!("{column} is {value}"), "write a number above 0");
            }
        }
        let code = text("product");
        let Some(at) = self.index_of(&code) else {
            refuse(
                Code::UnknownReference,
                format!("there is no product \"{code}\""),
                "name one of the products",
            );
            return None;
        };
        if self.is_cleared(at) {
            let text = format!("{code} is cleared; its prices are those of its markdowns");
            refuse(Code::Contradiction, text, "change its rows and solve again");
        }
        let competitor = text("competitor");
        if rows.name() == "competitors" && self.band(at, &competitor).is_none() {
            let text = format!("{code} has no band around the price at \"{competitor}\"");
            refuse(Code::UnknownReference, text, "name a competitor of the product");
        }
        Some(at)
    }

    fn band(&mut self, at: usize, competitor: &str) -> Option<&mut Band> {
        self.products[at].limits.iter_mut().find_map(|limit| match &mut limit.rule {
            LimitRule::Band(band) if band.competitor == competitor => Some(band),
            _ => None,
        })
    }

    /// Another price of now: demand of the product and of those that answer to it is as the new price makes it,
    /// and prices to choose from are made anew around it.
    fn move_price(&mut self, at: usize, price: f64) {
        let price_now = self.products[at].price_now;
        for other in self.answering[at].clone() {
            let product = &mut self.products[other as usize];
            let rivals = product.rivals.iter().enumerate();
            let share: f64 = rivals
                .filter(|(_, answer)| answer.to as usize == at)
                .map(|(number, _)| product.rival_share(number, price, price_now))
                .sum();
            product.quantity_now *= 1.0 + share;
        }
        let rule = self.ladder_rule;
        let product = &mut self.products[at];
        product.quantity_now *= product.own_share(price, 0.0);
        product.price_now = price;
        product.ladder = rule.ladder(product.listed.as_deref(), price, &product.limits);
    }
}
