//! What is on hand, what is on order, and which orders are fixed.

use chrono::{Days, NaiveDate};

use crate::data::{Buckets, Code, Severity, Table, Tables};

use super::frame::{Codes, Indices, NONE, date, day, day_of, number, place};
use super::items::Items;
use super::notes::{Notes, Rule, counted};
use super::pairs::{PairRows, Pairs};
use super::units::Units;
use super::{Lock, Pair, Place, Problem, Source};

/// What the readers of stock and orders need.
pub(super) struct Present<'a> {
    pub(super) tables: &'a Tables,
    pub(super) items: &'a Items,
    pub(super) locations: &'a Codes,
    pub(super) suppliers: &'a Codes,
    pub(super) pairs: &'a Pairs,
    pub(super) units: &'a Units,
    pub(super) buckets: Buckets,
    pub(super) plan_date: NaiveDate,
    pub(super) horizon: usize,
}

/// Lots and backorders of one pair.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct OnHand {
    pub(super) place: Place,
    pub(super) lots: Vec<(f64, Option<i64>)>,
    pub(super) backorder: f64,
}

impl Present<'_> {
    pub(super) fn pair_rows<'t>(&'t self, table: &'t Table) -> PairRows<'t> {
        PairRows::new(table, (&self.items.codes, self.locations), self.pairs)
    }

    /// Reads `stock`: of each pair the rows of its latest date up to the plan date.
    pub(super) fn read_stock(&self, notes: &mut Notes) -> Vec<OnHand> {
        const LATER: Rule = Rule::left_out("dated after the plan date, not known to the decision");
        const OLDER: Rule = Rule::left_out("older than the latest stock of their item and location");
        const EXPIRED: Rule = Rule::left_out("expired before the plan date, not counted as stock");
        let mut stock = vec![OnHand::default(); self.pairs.len()];
        let Some(table) = self.tables.get("stock") else { return stock };
        let plan_day = day_of(self.plan_date);
        let counted = |row| day(table, "date", row).unwrap_or(plan_day);
        let mut latest: Vec<Option<i32>> = vec![None; self.pairs.len()];
        let mut rows = self.pair_rows(table);
        for row in 0..table.len() {
            let Some((pair, _)) = rows.at(row) else { continue };
            if counted(row) > plan_day {
                notes.count(table, row, LATER);
            } else {
                latest[pair] = latest[pair].max(Some(counted(row)));
            }
        }
        let mut unit = self.units.column(table, "unit");
        for row in 0..table.len() {
            let Some((pair, item)) = rows.at(row) else { continue };
            if counted(row) > plan_day {
                continue;
            }
            if Some(counted(row)) < latest[pair] {
                notes.count(table, row, OLDER);
                continue;
            }
            let quantity = unit.convert(row, item, &self.items.codes, number(table, "on_hand", row), notes);
            let on_hand = &mut stock[pair];
            let here = place(table, row);
            if on_hand.place.row == 0 || here.row < on_hand.place.row {
                on_hand.place = here;
            }
            let expiry = date(table, "expiry", row);
            match expiry {
                _ if quantity < 0.0 => self.owe(item, on_hand, -quantity, (table, row), notes),
                Some(expiry) if expiry < self.plan_date => notes.count(table, row, EXPIRED),
                _ if quantity > 0.0 => {
                    on_hand.lots.push((quantity, expiry.map(|expiry| self.last_use(expiry))));
                }
                _ => {}
            }
        }
        self.tell_stock_gaps(table, &latest, notes);
        for on_hand in &mut stock {
            // First expired first; what keeps comes last.
            on_hand.lots.sort_by(|a, b| {
                a.1.unwrap_or(i64::MAX).cmp(&b.1.unwrap_or(i64::MAX)).then(a.0.total_cmp(&b.0))
            });
        }
        stock
    }

    fn owe(
        &self,
        item: u32,
        on_hand: &mut OnHand,
        quantity: f64,
        (table, row): (&Table, usize),
        notes: &mut Notes,
    ) {
        const LOST: Rule =
            Rule::repaired("negative stock of an item whose unmet demand is lost, taken as zero");
        if self.items.list[item as usize].lost_sales {
            notes.count(table, row, LOST);
        } else {
            on_hand.backorder += quantity;
        }
    }

    /// The last bucket in which a lot with this last day can be used: the last one that it
    /// covers whole, but at least the plan date's.
    fn last_use(&self, expiry: NaiveDate) -> i64 {
        let after = expiry.checked_add_days(Days::new(1)).unwrap_or(expiry);
        (self.buckets.index_of(after) - 1).max(0)
    }

    fn tell_stock_gaps(&self, table: &Table, latest: &[Option<i32>], notes: &mut Notes) {
        let missing = latest.iter().filter(|day| day.is_none()).count();
        if missing > 0 {
            let points = counted(missing, "item at a location has", "items at locations have");
            let message = format!("{points} no stock row, taken as none on hand");
            notes.say(Severity::Notice, Code::Repaired, table.file(), message, "");
        }
        let plan_day = day_of(self.plan_date);
        let old = latest.iter().flatten().filter(|day| **day < plan_day).count();
        if old > 0 {
            let points = counted(old, "item at a location", "items at locations");
            let message = format!("the stock of {points} is older than the plan date {}", self.plan_date);
            let help = "hand in newer stock, or set plan_date to its date";
            notes.say(Severity::Warning, Code::Repaired, table.file(), message, help);
        }
    }

    /// Adds `open_orders` to the inflow of the pairs.
    pub(super) fn read_open_orders(&self, pairs: &mut [Pair], notes: &mut Notes) {
        const OVERDUE: Rule = Rule::repaired("overdue, taken as arriving in the next bucket")
            .warning("mend the due date, or enter what was received");
        const FAR: Rule = Rule::left_out("due after the horizon, no part of this plan");
        const DONE: Rule = Rule::left_out("received whole, nothing is open");
        let Some(table) = self.tables.get("open_orders") else { return };
        let supplier = Indices::new(table, "supplier", self.suppliers);
        let mut rows = self.pair_rows(table);
        let mut unit = self.units.column(table, "unit");
        for row in 0..table.len() {
            let Some((index, item)) = rows.at(row) else { continue };
            let received = number(table, "received", row).max(0.0);
            let open = number(table, "quantity", row) - received;
            let open = unit.convert(row, item, &self.items.codes, open, notes);
            if open <= 0.0 {
                notes.count(table, row, DONE);
                continue;
            }
            let pair = &mut pairs[index];
            let source = self.source(&pair.sources, supplier.at(row));
            let due = due_date(table, row, source, self.plan_date);
            if due < self.plan_date {
                notes.count(table, row, OVERDUE);
            }
            let bucket = self.buckets.first_from(due.max(self.plan_date));
            let fill = source.map_or(1.0, |source| source.supply_fill);
            match usize::try_from(bucket).ok().and_then(|bucket| pair.inflow.get_mut(bucket)) {
                Some(inflow) => *inflow = super::frame::snap(*inflow + open * fill),
                None => notes.count(table, row, FAR),
            }
        }
    }

    /// The source with this supplier, or the preferred one.
    fn source<'s>(&self, sources: &'s [Source], supplier: u32) -> Option<&'s Source> {
        let named = sources.iter().find(|source| supplier != NONE && source.supplier == supplier as usize);
        named.or(sources.first())
    }
}

/// The day on which an open order is expected.
fn due_date(table: &Table, row: usize, source: Option<&Source>, plan_date: NaiveDate) -> NaiveDate {
    let stated = date(table, "due_date", row).or_else(|| date(table, "arrival_date", row));
    stated.unwrap_or_else(|| {
        let ordered = date(table, "order_date", row).unwrap_or(plan_date);
        let lead = source.map_or(0.0, Source::mean_lead_time_days).ceil() as u64;
        ordered.checked_add_days(Days::new(lead)).unwrap_or(ordered)
    })
}

impl Problem {
    /// Reads `locks` into the pairs.
    pub(super) fn read_locks(&mut self, present: &Present<'_>, notes: &mut Notes) {
        const OUTSIDE: Rule = Rule::left_out("outside the horizon, no part of this plan")
            .warning("delete the row, or mend order_date");
        let Some(table) = present.tables.get("locks") else { return };
        let supplier = Indices::new(table, "supplier", present.suppliers);
        let mut rows = present.pair_rows(table);
        let mut unit = present.units.column(table, "unit");
        for row in 0..table.len() {
            let (Some((index, item)), Some(date)) = (rows.at(row), date(table, "order_date", row)) else {
                continue;
            };
            let bucket = self.buckets.index_of(date);
            if date < self.plan_date || bucket >= present.horizon as i64 {
                notes.count(table, row, OUTSIDE);
                continue;
            }
            let quantity =
                unit.convert(row, item, &present.items.codes, number(table, "quantity", row), notes);
            let sources = &self.pairs[index].sources;
            let wanted = supplier.at(row);
            let source = match sources.iter().position(|source| source.supplier == wanted as usize) {
                Some(source) => source,
                None if wanted == NONE => 0,
                None => {
                    let code = present.suppliers.code(wanted as usize);
                    let message = format!("{} does not buy from {code}", self.pair_name(&self.pairs[index]));
                    let help = "add the source to sourcing, or mend the supplier";
                    notes.error(Code::Contradiction, table, row, message, help);
                    continue;
                }
            };
            let lock = Lock { bucket: bucket.max(0) as usize, source, quantity, place: place(table, row) };
            self.add_lock(index, lock, (table, row), notes);
        }
        for pair in &mut self.pairs {
            pair.locks.sort_by_key(|lock| (lock.bucket, lock.source));
        }
    }

    /// One bucket and source has one lock.
    fn add_lock(&mut self, pair: usize, lock: Lock, (table, row): (&Table, usize), notes: &mut Notes) {
        let same = |other: &&Lock| (other.bucket, other.source) == (lock.bucket, lock.source);
        if let Some(other) = self.pairs[pair].locks.iter().find(same) {
            let (first, second) = (other.place.row.min(lock.place.row), other.place.row.max(lock.place.row));
            let message = format!("row {first} locks the order of the same bucket and supplier already");
            let fault = crate::data::Fault::error(Code::DuplicateKey, table.file(), message);
            notes.faults.push(fault.at_row(second).with_help("put the two rows together"));
            return;
        }
        let quantum = self.items[self.pairs[pair].item].quantum;
        let steps = lock.quantity / quantum;
        if (steps - steps.round()).abs() > 1e-6 * steps.max(1.0) {
            let message =
                format!("quantity is {} stock units, which go in steps of {quantum}", lock.quantity);
            notes.error(
                Code::Contradiction,
                table,
                row,
                message,
                "mend the quantity, or allow decimals in items",
            );
        }
        self.pairs[pair].locks.push(lock);
    }
}
