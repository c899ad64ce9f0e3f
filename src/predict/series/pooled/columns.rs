//! What a series looked like at an origin, as columns for a regression.
//!
//! Given a series, the seasonal index and an origin, find its levels at several
//! speeds and how it sold lately, all relative to one base, so that series of any
//! size can be learned from together.
//!
//! Method: exponentially weighted ratios of demand to the seasonal index, as in
//! simple smoothing, at five speeds, peaks of the season counting less; once over the record with the buckets in which
//! the item was not on offer, once without them.
//! Cost: time O(t) for an origin, no memory, with t = buckets before it.
//! Use `ets` instead when a single series must choose its own speed.
//! Not for: values below zero.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the literature: none to follow.

use super::StockOuts;
use super::index::SeasonIndex;
use super::row::{Mark, Row};
use crate::predict::series::Frequency;

/// Columns of the regression before covariates.
pub(super) const BASIC: usize = 15;

/// Columns after the covariates that only the trees see.
pub(super) const EXTRA: usize = 11;

/// How many buckets the speeds and windows span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// Weights of the newest bucket, slow to fast.
    pub(super) speeds: [f64; 5],
    /// A few buckets: what is recent.
    pub(super) few: usize,
    /// Buckets of a quarter.
    pub(super) quarter: usize,
    /// Buckets of half a year; no origin is learned from before.
    pub(super) half: usize,
}

impl Pace {
    pub(super) fn of(frequency: Frequency) -> Self {
        match frequency {
            Frequency::Hourly | Frequency::Daily => {
                Pace { speeds: [0.01, 0.03, 0.07, 0.15, 0.4], few: 7, quarter: 28, half: 56 }
            }
            Frequency::Weekly => Pace { speeds: [0.02, 0.05, 0.1, 0.2, 0.4], few: 4, quarter: 13, half: 26 },
            Frequency::Monthly | Frequency::Quarterly | Frequency::Yearly => {
                Pace { speeds: [0.05, 0.1, 0.2, 0.4, 0.7], few: 2, quarter: 4, half: 8 }
            }
        }
    }
}

/// Logarithm that takes zero.
pub(super) fn log(x: f64) -> f64 {
    (x + 0.3).ln()
}

/// Recent demand of a group against what its levels and season let expect.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Recent {
    pub(super) demand: f64,
    pub(super) expected: f64,
}

impl Recent {
    pub(super) fn column(self) -> f64 {
        ((self.demand + 3.0) / (self.expected + 3.0)).ln()
    }
}

/// Where and how a series is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) row: &'a Row,
    pub(super) index: &'a SeasonIndex,
    /// Finest group of the series.
    pub(super) group: usize,
    /// First bucket that is not known.
    pub(super) origin: usize,
    pub(super) pace: &'a Pace,
    pub(super) stock_outs: StockOuts,
}

/// A series at an origin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    recorded: [f64; 5],
    open: [f64; 2],
    /// Share of recent buckets with a sale, less a usual one.
    selling: f64,
    shut_quarter: f64,
    shut_few: f64,
    last: f64,
    last_two: f64,
    largest: f64,
    size: f64,
}

impl View<'_> {
    /// Slow level of open demand, by which a group's expectation is counted.
    pub(super) fn level(&self) -> f64 {
        let slow = 1.0 - self.pace.speeds[0];
        let until = self.row.open_question(self.origin, self.stock_outs);
        let (mut demand, mut weight) = (0.0, 0.0);
        for (t, season) in self.buckets(until) {
            (demand, weight) = (demand * slow, weight * slow);
            if let (y, Mark::Open) = self.row.at(t) {
                let trust = trust(season);
                (demand, weight) = (demand + trust * y, weight + trust * season);
            }
        }
        let beyond = slow.powi((self.origin - until) as i32);
        (demand * beyond / (weight * beyond).max(0.2)).max(0.0)
    }

    /// Known part of the series with its seasonal index.
    fn buckets(&self, until: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let end = self.row.end().min(until);
        let line = self.index.group(self.group);
        (self.row.start..end).map(move |t| (t, line[t.min(line.len() - 1)]))
    }

    pub(super) fn state(&self) -> State {
        let Pace { speeds, .. } = *self.pace;
        let until = self.row.open_question(self.origin, self.stock_outs);
        let (mut recorded, mut open) = ([(0.0, 0.0); 5], [(0.0, 0.0); 2]);
        for (t, season) in self.buckets(until) {
            let (y, mark) = self.row.at(t);
            let (y, season) = (trust(season) * y, trust(season) * season);
            for (sums, speed) in recorded.iter_mut().zip(speeds) {
                fade(sums, 1.0 - speed);
                add(sums, y, season, mark != Mark::Unknown);
            }
            for (sums, speed) in open.iter_mut().zip([speeds[0], speeds[2]]) {
                fade(sums, 1.0 - speed);
                add(sums, y, season, mark == Mark::Open);
            }
        }
        let silent = (self.origin - self.row.end().min(until).max(self.row.start.min(until))) as i32;
        recorded.iter_mut().zip(speeds).for_each(|(sums, speed)| fade(sums, (1.0 - speed).powi(silent)));
        open.iter_mut()
            .zip([speeds[0], speeds[2]])
            .for_each(|(sums, speed)| fade(sums, (1.0 - speed).powi(silent)));
        let mut state = self.recent(until);
        state.recorded = recorded.map(|(demand, weight)| log(demand / (weight + 1e-9)));
        state.open = open.map(|(demand, weight)| log(demand / weight.max(0.2)));
        state
    }

    /// What the windows show.
    fn recent(&self, until: usize) -> State {
        let known = |count: usize| {
            (self.origin.saturating_sub(count)..until)
                .map(|t| self.row.at(t))
                .filter(|(_, mark)| *mark != Mark::Unknown)
        };
        let mean = |count: usize| {
            let (sum, n) = known(count).fold((0.0, 0.0), |(sum, n), (y, _)| (sum + y, n + 1.0));
            if n > 0.0 { log(sum / n) } else { f64::NAN }
        };
        let shut =
            |count: usize| known(count).filter(|(_, mark)| *mark == Mark::Shut).count() as f64 / count as f64;
        let half = self.pace.half;
        let (buckets, sum) = known(half).fold((0.0, 0.0), |(n, sum), (y, _)| (n + 1.0, sum + y));
        let sales = known(half).filter(|(y, _)| *y > 0.0).count() as f64;
        State {
            recorded: [0.0; 5],
            open: [0.0; 2],
            selling: if buckets > 0.0 { sales / buckets - 0.7 } else { 0.0 },
            shut_quarter: -shut(self.pace.quarter),
            shut_few: -shut(self.pace.few),
            last: mean(1),
            last_two: mean(2),
            largest: log(known(half).fold(0.0, |most, (y, _)| most.max(y))),
            size: log(if sales > 0.0 { sum / sales } else { 0.0 }),
        }
    }

    /// Mean of the record around the same phase one season before `t`; NaN where
    /// nothing is known of it.
    fn same_phase(&self, t: usize, period: usize) -> f64 {
        let mut centre = t;
        while centre + 1 >= self.origin {
            let Some(before) = centre.checked_sub(period.max(1)) else {
                return f64::NAN;
            };
            centre = before;
        }
        let reach = usize::from(period >= 24);
        let (mut sum, mut count) = (0.0, 0.0);
        for season in 0..if period >= 24 { 1 } else { 4 } {
            let Some(centre) = centre.checked_sub(season * period) else { break };
            for t in centre.saturating_sub(reach)..=centre + reach {
                let (y, mark) = self.row.at(t);
                if mark != Mark::Unknown {
                    (sum, count) = (sum + y, count + 1.0);
                }
            }
        }
        if count > 0.0 { log(sum / count) } else { f64::NAN }
    }
}

/// Weight of a bucket in the levels: a peak strays from its index by a share of it, so the
/// weight falls with the square of the index.
fn trust(season: f64) -> f64 {
    1.0 / season.max(1.0).powi(2)
}

fn fade(sums: &mut (f64, f64), kept: f64) {
    *sums = (sums.0 * kept, sums.1 * kept);
}

fn add(sums: &mut (f64, f64), y: f64, season: f64, counts: bool) {
    if counts {
        *sums = (sums.0 + y, sums.1 + season);
    }
}

impl State {
    /// Level that all columns are relative to.
    pub(super) fn base(&self) -> f64 {
        0.5 * (self.open[0] + self.open[1])
    }

    /// Appends the row for bucket `origin + step`, learned at lead `lead`.
    pub(super) fn push(
        &self,
        view: &View<'_>,
        recent: [f64; 3],
        covariates: &[f32],
        (step, lead): (usize, usize),
        rows: &mut Vec<f32>,
    ) {
        let base = self.base();
        let t = view.origin + step;
        let season = view.index.at(view.group, t).max(1e-6).ln();
        let mut put = |value: f64| rows.push(value as f32);
        put(1.0);
        self.recorded.iter().chain(&self.open).for_each(|level| put(level - base));
        put(self.selling);
        put(self.shut_quarter);
        recent.iter().for_each(|column| put(*column));
        put(season);
        put(base);
        covariates.iter().for_each(|value| put(f64::from(*value)));
        let slow = self.open[0];
        let period = view.index.longest();
        for value in [self.last, self.last_two, self.largest, self.size, view.same_phase(t, period)] {
            put(value - slow);
        }
        put(self.shut_few);
        let angle = std::f64::consts::TAU * t as f64 / period as f64;
        for wave in [1.0, 2.0] {
            put((wave * angle).sin());
            put((wave * angle).cos());
        }
        put(lead as f64);
    }
}
