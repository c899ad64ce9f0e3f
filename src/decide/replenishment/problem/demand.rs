//! What people know of demand to come: promises to customers and their own forecasts.

use crate::data::{Code, Fault};

use super::frame::{date, number, place, snap};
use super::notes::{Notes, Rule};
use super::stock::Present;
use super::{Override, Pair};

/// Buckets that one override may span.
const LONGEST_OVERRIDE: i64 = 1000;

impl Present<'_> {
    /// Adds `customer_orders` to the promises of the pairs; overdue ones are owed already.
    pub(super) fn read_customer_orders(&self, pairs: &mut [Pair], notes: &mut Notes) {
        const OVERDUE: Rule = Rule::repaired("promised before the plan date and not shipped, owed already");
        const FAR: Rule = Rule::left_out("promised after the horizon, no part of this plan");
        let Some(table) = self.tables.get("customer_orders") else { return };
        let mut rows = self.pair_rows(table);
        let mut unit = self.units.column(table, "unit");
        for row in 0..table.len() {
            let (Some((index, item)), Some(due)) = (rows.at(row), date(table, "due_date", row)) else {
                continue;
            };
            let open = number(table, "quantity", row) - number(table, "shipped", row).max(0.0);
            let open = unit.convert(row, item, &self.items.codes, open, notes).max(0.0);
            let pair = &mut pairs[index];
            if due < self.plan_date {
                notes.count(table, row, OVERDUE);
                pair.backorder = snap(pair.backorder + open);
                continue;
            }
            let bucket = usize::try_from(self.buckets.index_of(due)).unwrap_or(0);
            match pair.promised.get_mut(bucket) {
                Some(promised) => *promised = snap(*promised + open),
                None => notes.count(table, row, FAR),
            }
        }
    }

    /// Spreads `overrides` over the buckets of the pairs, those of the past included.
    pub(super) fn read_overrides(&self, pairs: &mut [Pair], history: usize, notes: &mut Notes) {
        let Some(table) = self.tables.get("overrides") else { return };
        let mut rows = self.pair_rows(table);
        let mut unit = self.units.column(table, "unit");
        for row in 0..table.len() {
            let Some((index, item)) = rows.at(row) else { continue };
            let (Some(from), Some(until)) = (date(table, "from", row), date(table, "until", row)) else {
                continue;
            };
            if until < from {
                let message = format!("until {until} lies before from {from}");
                notes.error(Code::Contradiction, table, row, message, "mend one of the two dates");
                continue;
            }
            let quantity = unit.convert(row, item, &self.items.codes, number(table, "quantity", row), notes);
            let (first, last) = (self.buckets.index_of(from), self.buckets.index_of(until));
            if last - first > LONGEST_OVERRIDE {
                notes.error(
                    Code::OutOfRange,
                    table,
                    row,
                    format!("a span of {} buckets", last - first),
                    "split it",
                );
                continue;
            }
            let days = (until - from).num_days() + 1;
            for bucket in first.max(-(history as i64))..=last.min(self.horizon as i64 - 1) {
                let (start, end) = (self.buckets.start_of(bucket), self.buckets.start_of(bucket + 1));
                let covered = (until.min(end.pred_opt().unwrap_or(end)) - from.max(start)).num_days() + 1;
                pairs[index].overrides.push(Override {
                    bucket,
                    quantity: quantity * covered as f64 / days as f64,
                    share: covered as f64 / (end - start).num_days().max(1) as f64,
                    place: place(table, row),
                });
            }
        }
        for pair in pairs {
            pair.overrides.sort_by(|a, b| (a.bucket, a.place.row).cmp(&(b.bucket, b.place.row)));
            refuse_overlaps(pair, notes);
            merge_overrides(pair);
        }
    }
}

/// Two overrides may share a bucket only where they cover different days of it.
fn refuse_overlaps(pair: &Pair, notes: &mut Notes) {
    for two in pair.overrides.windows(2) {
        let [first, second] = two else { continue };
        if first.bucket == second.bucket && first.share + second.share > 1.0 + 1e-9 {
            let (a, b) = (first.place.row, second.place.row);
            let message = format!("overlaps the override of row {a}");
            let fault = Fault::error(Code::Contradiction, &second.place.file, message);
            notes.faults.push(fault.at_row(b).with_help("keep one of them for these days"));
        }
    }
}

/// Overrides of different days of one bucket become one.
fn merge_overrides(pair: &mut Pair) {
    pair.overrides.dedup_by(|next, kept| {
        let same = next.bucket == kept.bucket;
        if same {
            kept.quantity += next.quantity;
            kept.share = (kept.share + next.share).min(1.0);
        }
        same
    });
}
