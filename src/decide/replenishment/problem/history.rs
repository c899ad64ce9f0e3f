//! Sales history: rows become buckets, with what is known of each.

use rustc_hash::FxHashSet;

use crate::data::{Bucket, Buckets, Code, SettingsValues, Severity, Table, Tables, Weekdays, day_number};

use super::Mark;
use super::calendar::Calendar;
use super::frame::{Codes, DayBuckets, day, day_of, number, snap};
use super::items::Items;
use super::notes::{Notes, Rule, counted};
use super::pairs::{PairRows, Pairs};
use super::units::Units;

/// Most buckets of history that are kept: four years of days, ten of weeks, twenty of months.
fn longest_history(bucket: Bucket) -> i32 {
    match bucket {
        Bucket::Day => 1461,
        Bucket::Week => 522,
        Bucket::Month => 240,
    }
}

/// Pairs whose dates are looked at to find the spacing of the data.
const SPACING_PAIRS: usize = 200;

/// History of all pairs, flat: `pair * buckets + bucket`.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Complete buckets before the plan date's.
    pub(super) buckets: usize,
    /// Buckets, the oldest first, up to the last whose sales are known.
    pub(super) known: usize,
    /// Recorded sales; NaN where unknown.
    pub(super) sales: Vec<f64>,
    pub(super) marks: Vec<Mark>,
    /// Mean price by bucket, NaN where none was recorded; empty without prices.
    pub(super) price: Vec<f64>,
    /// 1 in buckets with a promotion; empty without promotions.
    pub(super) promotion: Vec<f64>,
}

/// What all readers of history need.
pub(super) struct Past<'a> {
    pub(super) tables: &'a Tables,
    pub(super) items: &'a Items,
    pub(super) locations: &'a Codes,
    pub(super) pairs: &'a Pairs,
    pub(super) units: &'a Units,
    pub(super) buckets: Buckets,
    pub(super) plan_date: chrono::NaiveDate,
    pub(super) missing_is_zero: bool,
    /// Buckets of history and how many of them are known, where that is fixed beforehand.
    pub(super) fixed: Option<(usize, usize)>,
}

/// The plan date: set, or the latest date of stock, or the day after the last sale.
pub(super) fn plan_date(tables: &Tables, settings: &SettingsValues) -> Option<chrono::NaiveDate> {
    let latest = |table: &str| {
        let days = tables.get(table)?.date("date")?;
        days.iter().copied().filter(|&day| day != Table::NO_DATE).max().and_then(crate::data::date_of)
    };
    settings.date("plan_date").or_else(|| latest("stock")).or_else(|| latest("sales")?.succ_opt())
}

/// The length of a bucket: set, or by the median distance of the dates of one pair.
pub(super) fn bucket(tables: &Tables, settings: &SettingsValues, items: &Codes, locations: &Codes) -> Bucket {
    match settings.choice("bucket") {
        Some("day") => return Bucket::Day,
        Some("week") => return Bucket::Week,
        Some("month") => return Bucket::Month,
        _ => {}
    }
    match tables.get("sales").and_then(|sales| median_gap(sales, items, locations)) {
        Some(..=2) => Bucket::Day,
        Some(27..) => Bucket::Month,
        _ => Bucket::Week,
    }
}

/// Median distance in days of successive dates of one pair, over the first pairs in their order.
fn median_gap(sales: &Table, items: &Codes, locations: &Codes) -> Option<i32> {
    let item = super::frame::Indices::new(sales, "item", items);
    let location = super::frame::Indices::new(sales, "location", locations);
    let mut chosen: std::collections::BTreeMap<(u32, u32), Vec<i32>> = std::collections::BTreeMap::new();
    for row in 0..sales.len() {
        let pair = (item.at(row), location.at(row));
        let full = chosen.len() >= SPACING_PAIRS;
        if full && !chosen.contains_key(&pair) {
            match chosen.last_key_value() {
                Some((last, _)) if pair < *last => {
                    chosen.pop_last();
                }
                _ => continue,
            }
        }
        chosen.entry(pair).or_default().extend(day(sales, "date", row));
    }
    let mut gaps: Vec<i32> = Vec::new();
    for days in chosen.values_mut() {
        days.sort_unstable();
        days.dedup();
        gaps.extend(days.windows(2).map(|pair| pair[1].saturating_sub(pair[0])));
    }
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied()
}

/// The day on which weeks begin.
pub(super) fn week_start(settings: &SettingsValues) -> chrono::Weekday {
    let days = settings.choice("week_start").and_then(Weekdays::parse).unwrap_or(Weekdays::ALL);
    let monday = chrono::Weekday::Mon;
    std::iter::successors(Some(monday), |day| Some(day.succ()))
        .take(7)
        .find(|day| days.contains(*day))
        .unwrap_or(monday)
}

/// From the first to the last bucket of history, both negative.
pub(crate) struct Span {
    first: i32,
    last: i32,
    /// The last day, where its bucket is left out as incomplete.
    cut_short: Option<chrono::NaiveDate>,
}

impl Span {
    /// The span of these days of sales; `None` without any before the plan date's bucket.
    pub(crate) fn of<I: Iterator<Item = i32>>(buckets: &Buckets, days: impl Fn() -> I) -> Option<Span> {
        let start = day_number(buckets.origin());
        let before = || days().filter(|&d| d != Table::NO_DATE && d < start);
        let (first_day, last_day) =
            before().fold((i32::MAX, i32::MIN), |(first, last), day| (first.min(day), last.max(day)));
        let bucket_of = |day: i32| crate::data::date_of(day).map(|date| buckets.index_of(date) as i32);
        let (first, mut last) = (bucket_of(first_day)?, bucket_of(last_day)?);
        let cut_short = ends_early(buckets, &days, last_day, last).then(|| crate::data::date_of(last_day));
        if cut_short.is_some() {
            last -= 1;
        }
        Some(Span {
            first: first.max(-longest_history(buckets.bucket())),
            last,
            cut_short: cut_short.flatten(),
        })
    }

    /// Buckets of history.
    pub(crate) fn length(&self) -> usize {
        (-self.first) as usize
    }

    /// Those of them that are known.
    pub(crate) fn known(&self) -> usize {
        (self.last - self.first + 1).clamp(0, -self.first) as usize
    }
}

/// Whether the last day of daily data lies inside its bucket, before the plan date's bucket.
fn ends_early<I: Iterator<Item = i32>>(
    buckets: &Buckets,
    days: impl Fn() -> I,
    last_day: i32,
    last: i32,
) -> bool {
    let end = day_number(buckets.start_of(i64::from(last) + 1));
    if buckets.bucket() == Bucket::Day || last_day + 1 >= end {
        return false;
    }
    // Data are daily when most days of the weeks before the last one occur.
    let recent: FxHashSet<i32> =
        days().filter(|&day| day <= last_day && day > last_day.saturating_sub(28)).collect();
    recent.len() >= 20
}

impl Past<'_> {
    /// Reads `sales` and `stock_history`.
    pub(super) fn read(&self, calendar: &Calendar, notes: &mut Notes) -> History {
        let Some(sales) = self.tables.get("sales") else { return History::default() };
        let span = match self.fixed {
            Some(fixed) => Some(fixed).filter(|(length, _)| *length > 0),
            None => self.span(sales, notes),
        };
        let Some((length, known)) = span else { return History::default() };
        let cells = self.pairs.len() * length;
        let mut history = History {
            buckets: length,
            known,
            sales: vec![f64::NAN; cells],
            marks: vec![Mark::default(); cells],
            price: Vec::new(),
            promotion: Vec::new(),
        };
        let out_of_stock = self.read_sales(sales, &mut history, notes);
        let firsts = self.fill_missing(&mut history, known);
        self.mark_stock_outs(&out_of_stock, &mut history, notes);
        self.prepend_predecessors(&firsts, &mut history);
        self.mark_life(&mut history);
        self.mark_closures(calendar, &mut history);
        for cell in 0..cells {
            if history.marks[cell].inactive {
                history.sales[cell] = f64::NAN;
            }
        }
        history
    }

    /// Buckets of history, and how many of them are known; `None` without any.
    fn span(&self, sales: &Table, notes: &mut Notes) -> Option<(usize, usize)> {
        let span = Span::of(&self.buckets, || sales.date("date").unwrap_or(&[]).iter().copied())?;
        if let Some(date) = span.cut_short {
            let message =
                format!("sales end on {date}, within a bucket: that bucket is left out as incomplete");
            notes.say(Severity::Notice, Code::LeftOut, sales.file(), message, "");
        }
        if span.last < -1 {
            let message = format!(
                "no sales in the last {} before the plan date: demand there is unknown",
                counted((-1 - span.last) as usize, "bucket", "buckets")
            );
            let help = "hand in newer sales, or set plan_date to the day after the last sale";
            notes.say(Severity::Warning, Code::LeftOut, sales.file(), message, help);
        }
        Some((span.length(), span.known()))
    }

    /// Adds up the rows; gives the (pair, day) of stock counts at zero without a sale.
    fn read_sales(&self, sales: &Table, history: &mut History, notes: &mut Notes) -> Vec<(usize, i32)> {
        const RETURNS: Rule = Rule::left_out("returns (quantity below 0), left out of demand");
        let codes = (&self.items.codes, self.locations);
        let mut pair_rows = PairRows::new(sales, codes, self.pairs);
        let mut unit = self.units.column(sales, "unit");
        let mut empty_days = self.empty_stock_days();
        let cells = self.cells(history.buckets);
        let columns = SalesColumns::new(sales);
        let mut prices = columns.price.map(|_| Prices::new(history.sales.len()));
        if columns.promotion.is_some() {
            history.promotion = vec![0.0; history.sales.len()];
        }
        for row in 0..sales.len() {
            let Some((pair, item)) = pair_rows.at(row) else { continue };
            let day = columns.day[row];
            let bucket = match cells.bucket(day) {
                Ok(bucket) => bucket,
                Err(rule) => {
                    notes.count(sales, row, rule);
                    continue;
                }
            };
            let cell = pair * history.buckets + bucket;
            let quantity = unit.convert(row, item, &self.items.codes, columns.quantity[row], notes);
            if quantity < 0.0 {
                notes.count(sales, row, RETURNS);
            }
            let sold = quantity.max(0.0);
            let known = history.sales[cell];
            history.sales[cell] = if known.is_nan() { sold } else { known + sold };
            let mark = &mut history.marks[cell];
            mark.censored |= columns.stock_out.is_some_and(|flags| flags[row] == 1);
            mark.excluded |= columns.exceptional.is_some_and(|flags| flags[row] == 1);
            if sold > 0.0 && !empty_days.is_empty() {
                empty_days.remove(&(pair, day));
            }
            if let (Some(column), Some(prices)) = (columns.price, &mut prices) {
                prices.add(cell, column[row], sold);
            }
            if columns.promotion.is_some_and(|flags| flags[row] == 1) {
                history.promotion[cell] = 1.0;
            }
        }
        history.sales.iter_mut().for_each(|sales| *sales = snap(*sales));
        history.price = prices.map_or_else(Vec::new, Prices::means);
        let mut empty: Vec<(usize, i32)> = empty_days.into_iter().collect();
        empty.sort_unstable();
        empty
    }

    fn cells(&self, length: usize) -> Cells {
        let plan_day = day_of(self.plan_date);
        let first_day = day_number(self.buckets.start_of(-(length as i64)));
        Cells { buckets: DayBuckets::new(&self.buckets, first_day, plan_day), plan_day, length }
    }

    /// Stock counts at zero, by pair and day.
    fn empty_stock_days(&self) -> FxHashSet<(usize, i32)> {
        let plan_day = day_of(self.plan_date);
        let mut empty = FxHashSet::default();
        let Some(table) = self.tables.get("stock_history") else { return empty };
        let mut pair_rows = PairRows::new(table, (&self.items.codes, self.locations), self.pairs);
        for row in 0..table.len() {
            let (Some((pair, _)), Some(day)) = (pair_rows.at(row), day(table, "date", row)) else { continue };
            if day < plan_day && number(table, "on_hand", row) <= 0.0 {
                empty.insert((pair, day));
            }
        }
        empty
    }

    /// Buckets from the first row of a pair to the last of the table without a row are zero, if
    /// so set; those before are not its own. Returns the first bucket of each pair.
    fn fill_missing(&self, history: &mut History, known_end: usize) -> Vec<usize> {
        let length = history.buckets;
        let mut firsts = vec![length; self.pairs.len()];
        for (pair, first) in firsts.iter_mut().enumerate() {
            let cells = &mut history.sales[pair * length..(pair + 1) * length];
            let marks = &mut history.marks[pair * length..(pair + 1) * length];
            *first = cells.iter().position(|sales| !sales.is_nan()).unwrap_or(length);
            marks[..*first].iter_mut().for_each(|mark| mark.inactive = true);
            // What was recorded in an incomplete last bucket says too little.
            cells[known_end..].iter_mut().for_each(|sales| *sales = f64::NAN);
            if self.missing_is_zero && *first < known_end {
                cells[*first..known_end].iter_mut().filter(|sales| sales.is_nan()).for_each(|s| *s = 0.0);
            }
        }
        firsts
    }

    fn mark_stock_outs(&self, empty: &[(usize, i32)], history: &mut History, notes: &mut Notes) {
        let length = history.buckets as i64;
        let mut marked = 0;
        for &(pair, day) in empty {
            let Some(date) = crate::data::date_of(day) else { continue };
            let bucket = self.buckets.index_of(date) + length;
            if bucket < 0 || bucket >= length {
                continue;
            }
            let mark = &mut history.marks[pair * history.buckets + bucket as usize];
            marked += u64::from(!mark.censored);
            mark.censored = true;
        }
        let file = self.tables.get("stock_history").map_or("stock_history", Table::file).to_owned();
        if marked > 0 {
            let buckets = counted(marked as usize, "bucket of an item", "buckets of items");
            let message = format!("{buckets} without stock and without a sale taken as stock-outs");
            notes.say(Severity::Notice, Code::Repaired, &file, message, "");
        }
    }

    /// Puts a predecessor's history, times its share, before a pair's own.
    fn prepend_predecessors(&self, firsts: &[usize], history: &mut History) {
        let length = history.buckets;
        let mut done = vec![false; self.pairs.len()];
        for pair in 0..self.pairs.len() {
            self.prepend(pair, firsts, &mut done, history, length);
        }
    }

    fn prepend(
        &self,
        pair: usize,
        firsts: &[usize],
        done: &mut [bool],
        history: &mut History,
        length: usize,
    ) {
        if std::mem::replace(&mut done[pair], true) {
            return;
        }
        let (item, location) = self.pairs.list[pair];
        let Some((before, share)) = self.items.predecessor[item as usize] else { return };
        let Some(other) = self.pairs.find(before, location) else { return };
        self.prepend(other, firsts, done, history, length);
        for bucket in 0..firsts[pair] {
            let (from, to) = (other * length + bucket, pair * length + bucket);
            history.marks[to] = history.marks[from];
            history.sales[to] = snap(history.sales[from] * share);
            if !history.price.is_empty() {
                history.price[to] = history.price[from];
            }
            if !history.promotion.is_empty() {
                history.promotion[to] = history.promotion[from];
            }
        }
    }

    /// Before its start and after its end a pair is not on sale.
    /// History that was inherited stays.
    fn mark_life(&self, history: &mut History) {
        let length = history.buckets;
        for (pair, &(item, _)) in self.pairs.list.iter().enumerate() {
            let life = &self.items.list[item as usize];
            let inherited = self.items.predecessor[item as usize].is_some();
            let at = |bucket: i64| (bucket + length as i64).clamp(0, length as i64) as usize;
            let marks = &mut history.marks[pair * length..(pair + 1) * length];
            if let Some(start) = life.start.filter(|_| !inherited) {
                marks[..at(start)].iter_mut().for_each(|mark| mark.inactive = true);
            }
            if let Some(end) = life.end {
                marks[at(end)..].iter_mut().for_each(|mark| mark.inactive = true);
            }
        }
    }

    /// Closed all days: not on sale. Closed on some: kept out of the fit.
    fn mark_closures(&self, calendar: &Calendar, history: &mut History) {
        let length = history.buckets;
        let first = -(length as i64);
        let shares: Vec<Vec<f64>> = (0..self.locations.len())
            .map(|location| calendar.open_days(location as u32).shares(&self.buckets, first, length))
            .collect();
        for (pair, &(_, location)) in self.pairs.list.iter().enumerate() {
            let marks = &mut history.marks[pair * length..(pair + 1) * length];
            for (mark, share) in marks.iter_mut().zip(&shares[location as usize]) {
                mark.inactive |= *share == 0.0;
                mark.excluded |= *share < 1.0;
            }
        }
    }
}

/// The columns of sales that are read row by row; those that say nothing are `None`.
struct SalesColumns<'a> {
    day: &'a [i32],
    quantity: &'a [f64],
    price: Option<&'a [f64]>,
    promotion: Option<&'a [u8]>,
    stock_out: Option<&'a [u8]>,
    exceptional: Option<&'a [u8]>,
}

impl<'a> SalesColumns<'a> {
    fn new(sales: &'a Table) -> Self {
        let flags = |name| sales.flag(name).filter(|flags| flags.contains(&1));
        SalesColumns {
            day: sales.date("date").unwrap_or(&[]),
            quantity: sales.number("quantity").unwrap_or(&[]),
            price: sales.number("price").filter(|prices| prices.iter().any(|price| !price.is_nan())),
            promotion: flags("promotion"),
            stock_out: flags("stock_out"),
            exceptional: flags("exceptional"),
        }
    }
}

/// Which bucket of history a day falls into.
struct Cells {
    buckets: DayBuckets,
    plan_day: i32,
    length: usize,
}

impl Cells {
    /// The bucket, counted from the oldest, or the rule by which a row of this day is left out.
    fn bucket(&self, day: i32) -> Result<usize, Rule> {
        const LATER: Rule = Rule::left_out("dated on the plan date or later, not known to the decision");
        const CURRENT: Rule =
            Rule::left_out("in the bucket of the plan date, which is incomplete, left out of the fit");
        const OLD: Rule = Rule::left_out("older than the history that is kept, left out");
        if day >= self.plan_day {
            return Err(LATER);
        }
        let bucket = self.buckets.of(day).ok_or(OLD)?;
        usize::try_from(i64::from(bucket) + self.length as i64)
            .ok()
            .filter(|bucket| *bucket < self.length)
            .ok_or(CURRENT)
    }
}

/// Mean prices, weighted by what was sold at them.
struct Prices {
    sums: Vec<f64>,
    weights: Vec<f64>,
}

impl Prices {
    fn new(cells: usize) -> Self {
        Prices { sums: vec![0.0; cells], weights: vec![0.0; cells] }
    }

    fn add(&mut self, cell: usize, price: f64, sold: f64) {
        if !price.is_nan() {
            // A row without sales still tells the price, with little weight.
            let weight = sold.max(1e-3);
            self.sums[cell] += weight * price;
            self.weights[cell] += weight;
        }
    }

    fn means(mut self) -> Vec<f64> {
        for (sum, weight) in self.sums.iter_mut().zip(&self.weights) {
            *sum = if *weight > 0.0 { snap(*sum / weight) } else { f64::NAN };
        }
        self.sums
    }
}
