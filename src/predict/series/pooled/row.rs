//! One series as the pooled method sees it: cleaned, scaled and marked.

use super::super::panel::Series;
use super::{LONG_RUN, StockOuts};

/// Level above which a series is brought to this level; so are values that are
/// not whole, whatever their level. The method then looks at ratios only.
const LARGEST_LEVEL: f64 = 100.0;

/// Known buckets from the first sale on that decide the unit of a series.
const UNIT_BUCKETS: usize = 26;

/// What a bucket says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing: not known, left out, or demand cut off by a stock-out.
    Unknown,
    /// Demand.
    Open,
    /// Sales while the item was not on offer: part of the record, not of demand.
    Shut,
}

/// A series on the time axis of the panel.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Position of the first bucket on the axis.
    pub(super) start: usize,
    /// Position of the first bucket that says anything.
    pub(super) first: usize,
    /// Values in units of `unit`; 0 where unknown.
    pub(super) value: Vec<f64>,
    /// What each bucket says.
    pub(super) mark: Vec<Mark>,
    /// Size of one unit.
    pub(super) unit: f64,
    /// All values are whole numbers.
    pub(super) whole: bool,
    /// Largest value, in units.
    pub(super) largest: f64,
}

impl Row {
    /// The series as known before bucket `until` of the axis.
    pub(super) fn new(series: &Series, start: usize, stock_outs: StockOuts, until: usize) -> Self {
        let count = series.y.len().min(until.saturating_sub(start));
        let known =
            |t: usize, y: f64| if series.is_excluded(t) || !y.is_finite() { None } else { Some(y.max(0.0)) };
        let mut value: Vec<f64> =
            series.y.iter().enumerate().take(count).map(|(t, &y)| known(t, y).unwrap_or(0.0)).collect();
        let mut mark: Vec<Mark> = (0..value.len())
            .map(|t| match known(t, series.y[t]) {
                None => Mark::Unknown,
                Some(_) if series.is_censored(t) => Mark::Shut,
                Some(_) => Mark::Open,
            })
            .collect();
        let whole = value.iter().all(|y| y.fract() == 0.0);
        if stock_outs != StockOuts::AsRecorded {
            hide_stock_outs(&mut value, &mut mark, stock_outs);
        }
        if stock_outs == StockOuts::LongRunsAsZero {
            forget_before_offer(&mut mark);
        }
        let unit = unit_of(&value, &mark, whole);
        let first = mark.iter().position(|mark| *mark != Mark::Unknown).unwrap_or(value.len());
        value.iter_mut().for_each(|y| *y /= unit);
        let largest = value.iter().fold(0.0_f64, |most, y| most.max(*y));
        Row { start, first: start + first, value, mark, unit, whole, largest }
    }

    /// Whether nothing is known but one value.
    pub(super) fn is_constant(&self) -> bool {
        let mut known = self.value.iter().zip(&self.mark).filter(|(_, mark)| **mark != Mark::Unknown);
        let first = known.next().map(|(y, _)| *y);
        known.all(|(y, _)| Some(*y) == first)
    }

    /// Position after the last bucket on the axis.
    pub(super) fn end(&self) -> usize {
        self.start + self.value.len()
    }

    /// Value and mark of bucket `t` of the axis.
    pub(super) fn at(&self, t: usize) -> (f64, Mark) {
        match t.checked_sub(self.start) {
            Some(local) if local < self.value.len() => (self.value[local], self.mark[local]),
            _ => (0.0, Mark::Unknown),
        }
    }

    /// First bucket of a run of shut ones that touches `origin` and is still
    /// shorter than a long run: at that time nobody knew how it would go on.
    pub(super) fn open_question(&self, origin: usize, stock_outs: StockOuts) -> usize {
        if stock_outs != StockOuts::LongRunsAsZero {
            return origin;
        }
        let mut from = origin;
        while from > self.start && origin - from < LONG_RUN && self.at(from - 1).1 == Mark::Shut {
            from -= 1;
        }
        if origin - from < LONG_RUN { from } else { origin }
    }
}

/// Makes stock-outs unknown, except for long runs without any sale.
fn hide_stock_outs(value: &mut [f64], mark: &mut [Mark], stock_outs: StockOuts) {
    let mut from = 0;
    while from < mark.len() {
        let silent = |t: usize| mark[t] == Mark::Shut && value[t] == 0.0;
        let length = (from..mark.len()).take_while(|&t| silent(t)).count();
        let is_long = stock_outs == StockOuts::LongRunsAsZero && length >= LONG_RUN;
        let to = from + length.max(1);
        for t in from..to {
            if mark[t] == Mark::Shut && !is_long {
                (value[t], mark[t]) = (0.0, Mark::Unknown);
            }
        }
        from = to;
    }
}

/// A long run at the begin is the time before the item was offered at all.
fn forget_before_offer(mark: &mut [Mark]) {
    mark.iter_mut().take_while(|mark| **mark != Mark::Open).for_each(|mark| *mark = Mark::Unknown);
}

/// The early level decides, so that the unit tells nothing of what came later.
fn unit_of(value: &[f64], mark: &[Mark], whole: bool) -> f64 {
    let open = value.iter().zip(mark).filter(|(_, mark)| **mark == Mark::Open).map(|(y, _)| *y);
    let (mut sum, mut count) = (0.0, 0.0);
    for y in open.skip_while(|y| *y == 0.0).take(UNIT_BUCKETS) {
        count += 1.0;
        sum += (y - sum) / count;
    }
    let unit = sum / LARGEST_LEVEL;
    if count == 0.0 || (whole && unit < 1.0) { 1.0 } else { unit.max(f64::MIN_POSITIVE) }
}
