//! Closures, order days and open days, and the calendar's covariates.

use chrono::NaiveDate;

use crate::data::{Buckets, Code, OpenDays, Table, Tables, Weekdays, review_buckets};

use super::OrderCalendar;
use super::frame::{Codes, Indices, NONE, date, text};
use super::notes::{Notes, Rule};

/// Longest span of days that one row can name.
const LONGEST_SPAN: i64 = 3660;

/// The rows of `calendar` and the closures of `locations`.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    /// Closed days: location ([`NONE`]: all), first and last day.
    location_closed: Vec<(u32, NaiveDate, NaiveDate)>,
    /// Days on which a supplier takes no orders.
    supplier_closed: Vec<(u32, NaiveDate, NaiveDate)>,
    /// Holidays and events: name, location ([`NONE`]: all), first and last day.
    pub(super) named: Vec<(String, u32, NaiveDate, NaiveDate)>,
}

impl Calendar {
    pub(super) fn read(tables: &Tables, locations: &Codes, suppliers: &Codes, notes: &mut Notes) -> Self {
        let mut calendar = Calendar::default();
        if let Some(table) = tables.get("locations") {
            let location = Indices::new(table, "location", locations);
            for row in 0..table.len() {
                if let Some((from, to)) = span(table, ("closed_from", "closed_until"), row, notes) {
                    calendar.location_closed.push((location.at(row), from, to));
                }
            }
        }
        let Some(table) = tables.get("calendar") else { return calendar };
        let location = Indices::new(table, "location", locations);
        let supplier = Indices::new(table, "supplier", suppliers);
        for row in 0..table.len() {
            let Some((from, to)) = span(table, ("date", "until"), row, notes) else { continue };
            match text(table, "kind", row) {
                "closure" if supplier.at(row) != NONE => {
                    calendar.supplier_closed.push((supplier.at(row), from, to));
                }
                "closure" => calendar.location_closed.push((location.at(row), from, to)),
                kind => {
                    let name = format!("{kind} {}", text(table, "name", row));
                    calendar.named.push((name.trim_end().to_owned(), location.at(row), from, to));
                }
            }
        }
        calendar.named.sort();
        calendar
    }

    fn closed_days(list: &[(u32, NaiveDate, NaiveDate)], who: u32) -> impl Iterator<Item = NaiveDate> {
        list.iter()
            .filter(move |(other, ..)| *other == who || *other == NONE)
            .flat_map(|(_, from, to)| from.iter_days().take_while(move |day| day <= to))
    }

    /// Days on which a location is open (for sales).
    pub(super) fn open_days(&self, location: u32) -> OpenDays {
        OpenDays::new(Weekdays::ALL, Self::closed_days(&self.location_closed, location))
    }

    /// Days on which a location places orders.
    pub(super) fn review_days(&self, location: u32, weekdays: Weekdays) -> OpenDays {
        OpenDays::new(weekdays, Self::closed_days(&self.location_closed, location))
    }

    /// Days on which a supplier takes orders.
    pub(super) fn order_days(&self, supplier: u32, weekdays: Weekdays) -> OpenDays {
        OpenDays::new(weekdays, Self::closed_days(&self.supplier_closed, supplier))
    }
}

/// First and last day of a row; `None` where it names none.
fn span(
    table: &Table,
    (from, until): (&str, &str),
    row: usize,
    notes: &mut Notes,
) -> Option<(NaiveDate, NaiveDate)> {
    const LONG: Rule = Rule::left_out("a span of more than ten years").warning("mend its last day");
    let first = date(table, from, row)?;
    let last = date(table, until, row).unwrap_or(first);
    if last < first {
        let message = format!("{until} {last} lies before {from} {first}");
        notes.error(Code::Contradiction, table, row, message, "mend one of the two dates");
        return None;
    }
    if (last - first).num_days() > LONGEST_SPAN {
        notes.count(table, row, LONG);
        return None;
    }
    Some((first, last))
}

/// The planned buckets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Horizon {
    pub(super) buckets: Buckets,
    pub(super) plan_date: NaiveDate,
    pub(super) length: usize,
}

impl Horizon {
    /// The days of a bucket that lie on or after the plan date.
    fn days(&self, bucket: usize) -> impl Iterator<Item = NaiveDate> + use<> {
        let start = self.buckets.start_of(bucket as i64).max(self.plan_date);
        let end = self.buckets.start_of(bucket as i64 + 1);
        start.iter_days().take_while(move |day| *day < end)
    }

    /// For each bucket whether one of its days to come is open.
    pub(super) fn any_open(&self, open: &OpenDays) -> Vec<bool> {
        (0..self.length).map(|bucket| self.days(bucket).any(|day| open.is_open(day))).collect()
    }

    /// For each bucket the share of all its days that are still to come and open.
    pub(super) fn open_share(&self, open: &OpenDays) -> Vec<f64> {
        (0..self.length)
            .map(|bucket| {
                let index = bucket as i64;
                let all = (self.buckets.start_of(index + 1) - self.buckets.start_of(index)).num_days();
                let left = self.days(bucket).filter(|day| open.is_open(*day)).count();
                if all > 0 { left as f64 / all as f64 } else { 0.0 }
            })
            .collect()
    }

    /// The order calendar of a supplier and a location.
    pub(super) fn order_calendar(
        &self,
        (supplier, order_days, period): (usize, &OpenDays, usize),
        (location, review_days): (usize, &OpenDays),
    ) -> OrderCalendar {
        let reviews = review_buckets(period, 0, self.length);
        let first =
            |bucket| self.days(bucket).find(|day| order_days.is_open(*day) && review_days.is_open(*day));
        let dates = (0..self.length).map(|bucket| if reviews[bucket] { first(bucket) } else { None });
        OrderCalendar { supplier, location, dates: dates.collect() }
    }
}
