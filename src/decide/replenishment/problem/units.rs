//! Units of an item: every quantity becomes stock units, exactly.

use rustc_hash::FxHashMap;

use crate::data::{Code, Table, Tables, near_miss};

use super::frame::{Codes, Indices, NONE, number, snap, text};
use super::notes::Notes;

/// Stock units in one of each unit, by item and name.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// (numerator, denominator), so that a twelfth stays exact.
    factor: FxHashMap<(u32, String), (f64, f64)>,
    stock_unit: Vec<String>,
}

impl Units {
    pub(super) fn read(tables: &Tables, items: &Codes, stock_unit: Vec<String>, notes: &mut Notes) -> Self {
        let mut units = Units { factor: FxHashMap::default(), stock_unit };
        let Some(table) = tables.get("units") else { return units };
        let item = Indices::new(table, "item", items);
        for row in 0..table.len() {
            let (index, name) = (item.at(row), text(table, "unit", row));
            let (factor, per) = (number(table, "factor", row), number(table, "per", row));
            if index == NONE {
                continue;
            }
            if units.is_stock_unit(index, name) && factor != per {
                let code = items.code(index as usize);
                let message = format!(
                    "{name} is the stock unit of {code}, so its factor is 1 and not {}",
                    factor / per
                );
                notes.error(
                    Code::Contradiction,
                    table,
                    row,
                    message,
                    "give the row another unit, or items another stock unit",
                );
            }
            units.factor.insert((index, name.to_owned()), (factor, per));
        }
        units
    }

    fn is_stock_unit(&self, item: u32, unit: &str) -> bool {
        unit.is_empty() || self.stock_unit.get(item as usize).is_some_and(|own| own == unit)
    }

    /// Stock units in one `unit` of `item`.
    fn find(&self, item: u32, unit: &str) -> Option<(f64, f64)> {
        if self.is_stock_unit(item, unit) {
            return Some((1.0, 1.0));
        }
        self.factor.get(&(item, unit.to_owned())).copied()
    }

    /// Stock units in one of the unit that `column` of `row` names; an unknown one is a fault
    /// and counts as 1.
    pub(super) fn of_row(
        &self,
        table: &Table,
        column: &str,
        row: usize,
        (item, code): (u32, &str),
        notes: &mut Notes,
    ) -> Factor {
        let unit = text(table, column, row);
        if let Some((factor, per)) = self.find(item, unit) {
            return Factor { factor, per };
        }
        let own = self.factor.keys().filter(|(other, _)| *other == item).map(|(_, unit)| unit.as_str());
        let mut known: Vec<&str> = own
            .chain(self.stock_unit.get(item as usize).map(String::as_str))
            .filter(|u| !u.is_empty())
            .collect();
        known.sort_unstable();
        let help = match near_miss(unit, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "add it to units, or leave the cell blank for the stock unit".to_owned(),
        };
        let message = format!("{column} is \"{unit}\": no unit of item {code}");
        notes.error(Code::UnknownUnit, table, row, message, &help);
        Factor { factor: 1.0, per: 1.0 }
    }

    /// Converts the quantities of a table row by row; each unknown unit of an item is told once.
    pub(super) fn column<'a>(&'a self, table: &'a Table, column: &'static str) -> UnitColumn<'a> {
        let named = table.text(column).is_some_and(|text| text.words().iter().any(|word| !word.is_empty()));
        UnitColumn { units: self, table, column, named, known: FxHashMap::default() }
    }
}

/// Stock units in one unit, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Factor {
    factor: f64,
    per: f64,
}

impl Factor {
    /// A quantity in stock units.
    pub(super) fn quantity(self, quantity: f64) -> f64 {
        let exact = quantity * self.factor / self.per;
        let near = snap(exact);
        // Rounding errors go, thirds stay.
        if (exact - near).abs() <= 1e-12 * exact.abs() { near } else { exact }
    }

    /// A price for one unit as a price for one stock unit.
    pub(super) fn price(self, price: f64) -> f64 {
        if self.factor == self.per { price } else { price * self.per / self.factor }
    }
}

/// The unit column of one table.
pub(super) struct UnitColumn<'a> {
    units: &'a Units,
    table: &'a Table,
    column: &'static str,
    named: bool,
    known: FxHashMap<(u32, u32), Factor>,
}

impl UnitColumn<'_> {
    /// `quantity` of `row` in stock units.
    pub(super) fn convert(
        &mut self,
        row: usize,
        item: u32,
        items: &Codes,
        quantity: f64,
        notes: &mut Notes,
    ) -> f64 {
        if !self.named {
            return quantity;
        }
        let word = self.table.text(self.column).map_or(0, |text| text.index()[row]);
        let factor = match self.known.get(&(item, word)) {
            Some(&factor) => factor,
            None => {
                let owner = (item, items.code(item as usize));
                let factor = self.units.of_row(self.table, self.column, row, owner, notes);
                self.known.insert((item, word), factor);
                factor
            }
        };
        factor.quantity(quantity)
    }
}
