//! Lead times and supply fill, learned from past deliveries or made of stated figures.

use rustc_hash::FxHashMap;
use statrs::distribution::{ContinuousCDF, Gamma};

use crate::data::Tables;

use super::frame::{Codes, Indices, NONE, day, day_of, number};
use super::notes::{Notes, Rule};
use super::units::Units;

/// Deliveries from which on a distribution is learned.
pub(super) const FEWEST_RECEIPTS: usize = 8;

/// Points of a lead-time distribution.
const MOST_POINTS: usize = 15;

/// Lead times that are rarer than this are left out.
const RAREST: f64 = 0.005;

/// Longest lead time that is believed, days.
const LONGEST: i64 = 3650;

/// Past deliveries by supplier, and what they say by supplier and by supplier and item.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    pub(super) by_supplier: Vec<Deliveries>,
    of_supplier: Vec<Option<Learned>>,
    of_item: FxHashMap<(u32, u32), Learned>,
}

/// Deliveries of a supplier, perhaps of one item.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Deliveries {
    days: Vec<u32>,
    ordered: f64,
    received: f64,
}

/// What was learned of a supplier, perhaps for one item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Learned {
    pub(super) lead_time_days: Vec<(u32, f64)>,
    pub(super) supply_fill: f64,
}

/// Deliveries of all items that are known without reading them again, by supplier, and how many
/// rows of the table are among them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counted<'a> {
    pub(super) by_supplier: &'a [Deliveries],
    pub(super) rows: usize,
}

impl Receipts {
    pub(super) fn read(
        tables: &Tables,
        items: &Codes,
        suppliers: &Codes,
        units: &Units,
        (plan_date, counted): (chrono::NaiveDate, Counted<'_>),
        notes: &mut Notes,
    ) -> Self {
        const LATER: Rule = Rule::left_out("dated on the plan date or later, not known yet");
        const BACKWARDS: Rule = Rule::left_out("received before it was ordered").warning("mend the dates");
        let mut by_supplier = counted.by_supplier.to_vec();
        by_supplier.resize(suppliers.len(), Deliveries::default());
        let mut by_item: FxHashMap<(u32, u32), Deliveries> = FxHashMap::default();
        let Some(table) = tables.get("receipts") else {
            return Receipts {
                of_supplier: vec![None; by_supplier.len()],
                by_supplier,
                ..Receipts::default()
            };
        };
        let (item, supplier) =
            (Indices::new(table, "item", items), Indices::new(table, "supplier", suppliers));
        let mut unit = units.column(table, "unit");
        for row in 0..table.len() {
            let (i, s) = (item.at(row), supplier.at(row));
            let (Some(from), Some(to)) = (day(table, "order_date", row), day(table, "receipt_date", row))
            else {
                continue;
            };
            if i == NONE || s == NONE {
                continue;
            }
            if to >= day_of(plan_date) {
                notes.count(table, row, LATER);
                continue;
            }
            let days = i64::from(to) - i64::from(from);
            if !(0..=LONGEST).contains(&days) {
                notes.count(table, row, BACKWARDS);
                continue;
            }
            let ordered = unit.convert(row, i, items, number(table, "ordered", row), notes);
            let received = unit.convert(row, i, items, number(table, "received", row), notes);
            by_item.entry((s, i)).or_default().add(days as u32, ordered, received);
            if row >= counted.rows {
                by_supplier[s as usize].add(days as u32, ordered, received);
            }
        }
        Receipts {
            of_supplier: by_supplier.iter().map(Deliveries::learn).collect(),
            of_item: by_item.iter().filter_map(|(key, known)| Some((*key, known.learn()?))).collect(),
            by_supplier,
        }
    }

    /// What the deliveries of this item say, where there are enough.
    pub(super) fn of_item(&self, supplier: u32, item: u32) -> Option<&Learned> {
        self.of_item.get(&(supplier, item))
    }

    /// What the deliveries of all items of a supplier say, where there are enough.
    pub(super) fn of_supplier(&self, supplier: u32) -> Option<&Learned> {
        self.of_supplier.get(supplier as usize)?.as_ref()
    }
}

impl Deliveries {
    fn add(&mut self, days: u32, ordered: f64, received: f64) {
        self.days.push(days);
        self.ordered += ordered;
        self.received += received;
    }

    /// What they say, where there are enough of them.
    pub(crate) fn learn(&self) -> Option<Learned> {
        if self.days.len() < FEWEST_RECEIPTS {
            return None;
        }
        let mut days = self.days.clone();
        days.sort_unstable();
        let fill = super::frame::snap(self.received / self.ordered);
        Some(Learned { lead_time_days: empirical(&days), supply_fill: fill.clamp(0.01, 1.0) })
    }
}

/// Frequencies of ascending lead times; of many different ones, the means of equal groups.
fn empirical(sorted: &[u32]) -> Vec<(u32, f64)> {
    let total = sorted.len() as f64;
    let mut points: Vec<(u32, f64)> = Vec::new();
    for &days in sorted {
        match points.last_mut() {
            Some((last, share)) if *last == days => *share += 1.0 / total,
            _ => points.push((days, 1.0 / total)),
        }
    }
    if points.len() <= MOST_POINTS {
        return points;
    }
    let means = (0..MOST_POINTS).map(|group| {
        let (from, to) = (group * sorted.len() / MOST_POINTS, (group + 1) * sorted.len() / MOST_POINTS);
        let sum: f64 = sorted[from..to].iter().map(|&days| f64::from(days)).sum();
        ((sum / (to - from) as f64).round() as u32, (to - from) as f64 / total)
    });
    merged(means)
}

/// Lead times of a stated mean and standard deviation: gamma distributed, in whole days.
pub(super) fn stated(mean: f64, deviation: f64) -> Vec<(u32, f64)> {
    let certain = || vec![(mean.round().max(0.0) as u32, 1.0)];
    if deviation <= 0.0 || mean <= 0.0 {
        return certain();
    }
    let (shape, rate) = ((mean / deviation).powi(2), mean / deviation.powi(2));
    let Ok(gamma) = Gamma::new(shape, rate) else { return certain() };
    let last = (mean + 6.0 * deviation).ceil().min(LONGEST as f64) as u32;
    let step = (last / 60).max(1);
    let day = |d: u32| gamma.cdf(f64::from(d) + 0.5 * f64::from(step));
    let points: Vec<(u32, f64)> = (0..=last / step)
        .map(|k| k * step)
        .map(|d| (d, day(d) - if d == 0 { 0.0 } else { day(d - step) }))
        .filter(|(_, share)| *share >= RAREST)
        .collect();
    let sum: f64 = points.iter().map(|(_, share)| share).sum();
    if sum <= 0.0 {
        return certain();
    }
    points.into_iter().map(|(days, share)| (days, share / sum)).collect()
}

fn merged(points: impl Iterator<Item = (u32, f64)>) -> Vec<(u32, f64)> {
    let mut list: Vec<(u32, f64)> = Vec::new();
    for (days, share) in points {
        match list.last_mut() {
            Some((last, sum)) if *last == days => *sum += share,
            _ => list.push((days, share)),
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(points: &[(u32, f64)]) -> (f64, f64, f64) {
        let total: f64 = points.iter().map(|(_, share)| share).sum();
        let mean: f64 = points.iter().map(|(days, share)| f64::from(*days) * share).sum();
        let square: f64 = points.iter().map(|(days, share)| (f64::from(*days) - mean).powi(2) * share).sum();
        (total, mean, square.sqrt())
    }

    #[test]
    fn stated_lead_times_keep_mean_and_deviation() {
        for (mean, deviation) in [(7.0, 2.0), (14.0, 5.0), (120.0, 30.0)] {
            let (total, m, s) = moments(&stated(mean, deviation));
            assert!((total - 1.0).abs() < 1e-12);
            assert!((m / mean - 1.0).abs() < 0.02, "{m}");
            assert!((s / deviation - 1.0).abs() < 0.1, "{s}");
        }
        assert_eq!(stated(7.0, 0.0), [(7, 1.0)]);
    }

    #[test]
    fn many_different_lead_times_become_few() {
        let days: Vec<u32> = (1..=100).collect();
        let (total, mean, _) = moments(&empirical(&days));
        assert!(empirical(&days).len() <= MOST_POINTS);
        assert!((total - 1.0).abs() < 1e-12 && (mean - 50.5).abs() < 0.5);
        assert_eq!(empirical(&[3, 3, 5, 5]), [(3, 0.5), (5, 0.5)]);
    }
}
