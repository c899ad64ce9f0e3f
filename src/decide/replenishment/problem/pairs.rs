//! Which stock points there are, and the index of each.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::data::Tables;

use super::frame::{Codes, Indices, NONE, words};

/// Tables whose rows make a stock point.
const TABLES: [&str; 6] = ["sales", "stock", "open_orders", "customer_orders", "overrides", "locks"];

/// The stock points in order of item and location.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) list: Vec<(u32, u32)>,
    index: FxHashMap<u64, u32>,
}

/// The locations' codes: of their table, or of all tables that name some.
pub(super) fn location_codes(tables: &Tables) -> Codes {
    let stated = Codes::new(words(tables, "locations", "location"));
    if stated.len() > 0 {
        return stated;
    }
    let others = TABLES.iter().chain(&["stock_history"]);
    Codes::new(others.flat_map(|table| words(tables, table, "location")))
}

fn key(item: u32, location: u32) -> u64 {
    (u64::from(item) << 32) | u64::from(location)
}

impl Pairs {
    pub(super) fn read(tables: &Tables, items: &Codes, locations: &Codes) -> Self {
        let mut keys: FxHashSet<u64> = FxHashSet::default();
        for table in TABLES.iter().filter_map(|name| tables.get(name)) {
            let (item, location) =
                (Indices::new(table, "item", items), Indices::new(table, "location", locations));
            let mut last = u64::MAX;
            for row in 0..table.len() {
                let (i, l) = (item.at(row), location.at(row));
                if i == NONE || l == NONE || key(i, l) == last {
                    continue;
                }
                last = key(i, l);
                keys.insert(last);
            }
        }
        let mut sorted: Vec<u64> = keys.into_iter().collect();
        sorted.sort_unstable();
        let list = sorted.iter().map(|key| ((key >> 32) as u32, *key as u32)).collect();
        let index = sorted.iter().enumerate().map(|(index, key)| (*key, index as u32)).collect();
        Pairs { list, index }
    }

    /// Index of a stock point; `None` where it is not one.
    pub(super) fn find(&self, item: u32, location: u32) -> Option<usize> {
        self.index.get(&key(item, location)).map(|&index| index as usize)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
}

/// Finds the pairs of a table's rows, most of which follow a row of the same pair.
pub(super) struct PairRows<'a> {
    item: Indices<'a>,
    location: Indices<'a>,
    pairs: &'a Pairs,
    last: (u32, u32, Option<usize>),
}

impl<'a> PairRows<'a> {
    pub(super) fn new(
        table: &'a crate::data::Table,
        (items, locations): (&Codes, &Codes),
        pairs: &'a Pairs,
    ) -> Self {
        PairRows {
            item: Indices::new(table, "item", items),
            location: Indices::new(table, "location", locations),
            pairs,
            last: (NONE, NONE, None),
        }
    }

    /// Pair and item of `row`.
    pub(super) fn at(&mut self, row: usize) -> Option<(usize, u32)> {
        let (item, location) = (self.item.at(row), self.location.at(row));
        if (item, location) != (self.last.0, self.last.1) {
            self.last = (item, location, self.pairs.find(item, location));
        }
        self.last.2.map(|pair| (pair, item))
    }
}
