//! The planner's own past orders, replayed as a policy beside the others.

use chrono::NaiveDate;

use super::super::plan::{OrderLine, Plan};
use super::super::problem::Problem;
use super::super::tables::{Placed, order_table, pair_index, placed};
use super::super::words::count;
use crate::data::{Faults, Tables};

/// An order of a stock point, with the source that it counts for.
struct OwnOrder {
    pair: usize,
    source: usize,
    date: NaiveDate,
    quantity: f64,
}

/// Own orders, and what had to be said of them.
pub(super) struct OwnOrders {
    orders: Vec<OwnOrder>,
    pub warnings: Vec<String>,
}

impl OwnOrders {
    /// Reads an order table. Rows of stock points that are not planned, or without a date, are
    /// left out; a supplier that does not deliver there any more counts as the first source.
    /// Both are told.
    ///
    /// # Errors
    /// A plan without an order table, or without its columns.
    pub fn read(all: &Problem, tables: &Tables) -> Result<Self, Faults> {
        let table = order_table(tables, &["order_date"])?;
        let index = pair_index(all);
        let (mut orders, mut left_out, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..table.len() {
            match placed(all, &index, table, row) {
                Ok(Placed { pair, source, date: Some(date), quantity }) => {
                    if source.is_none() {
                        let supplier = table.cell_text("supplier", row);
                        elsewhere.push(format!("row {}: {supplier}", table.row_number(row)));
                    }
                    orders.push(OwnOrder { pair, source: source.unwrap_or(0), date, quantity });
                }
                Ok(_) => left_out.push(format!("row {}: no order_date", table.row_number(row))),
                Err(fault) => left_out.push(format!("row {}: {}", table.row_number(row), fault.message)),
            }
        }
        let told = |what: &str, list: &[String]| {
            let first = list.first()?;
            Some(format!("{} of the own orders {what} (first {first})", count(list.len(), "row")))
        };
        let warnings = [
            told("left out", &left_out),
            told("counted as of the first source, since their supplier does not deliver there", &elsewhere),
        ];
        Ok(OwnOrders { orders, warnings: warnings.into_iter().flatten().collect() })
    }

    /// The orders as lines of a window of `rounds` decisions that starts with bucket `first`: one
    /// between two decisions counts at the decision before it.
    pub fn of_window(&self, base: &Problem, first: i64, rounds: usize) -> Vec<OrderLine> {
        let review = base.review_period;
        let line = |order: &OwnOrder| {
            let bucket = usize::try_from(base.buckets.index_of(order.date) - first).ok()?;
            let &OwnOrder { pair, source, quantity, .. } = order;
            let bucket = (bucket < rounds * review).then_some(bucket / review * review)?;
            Some(OrderLine { pair, source, bucket, quantity })
        };
        // Orders of one decision are one order.
        Plan::new(self.orders.iter().filter_map(line).collect()).lines
    }
}
