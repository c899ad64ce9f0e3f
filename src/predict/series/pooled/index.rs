//! Given many series, find what each phase of the season is worth in every group,
//! using only what was known before an origin.
//!
//! Method: ratio to a moving mean of one season, pooled over the groups of a
//! hierarchy and shrunk from the coarse to the fine: a group's index is a weighted
//! mean of its own ratio and the index of the group above, as in D. M. Dekker, K.
//! van Donselaar, P. Ouwehand (2004), "How to use aggregation and combined
//! forecasting to improve seasonal demand forecasts", doi:10.1016/j.ijpe.2004.02.005,
//! with the empirical Bayes weight of a Poisson mean under a gamma prior: demand
//! seen over demand seen plus a constant. Buckets with a stock-out count neither as
//! demand nor as expectation.
//! Cost: time O(n w + g t) for an origin, memory O(g t), with n = series, g = groups,
//! t = buckets, w = buckets of the moving mean.
//! Use `season.rs` instead when a single series must explain its own season.
//! Not for: less than one season of history (the index is 1 then).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: several levels; the moving mean is cut at the ends, so
//! that the newest buckets count.

use super::groups::Groups;
use super::row::{Mark, Row};

/// Demand that the index of the group above is worth: of the panel, between, finest.
const PRIOR_DEMAND: (f64, f64, f64) = (40.0, 60.0, 80.0);

/// One period of the season.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cycle {
    /// Buckets of the period.
    pub(super) period: usize,
    /// Buckets of the moving mean, whole periods.
    window: usize,
    /// Weights by which a bucket counts for the phases around its own; the middle
    /// one is its own.
    kernel: Vec<f64>,
}

impl Cycle {
    /// A period whose phases borrow from their `reach` neighbours on either side;
    /// `None` where the axis is shorter than it.
    pub(super) fn new(period: usize, reach: usize, buckets: usize) -> Option<Self> {
        let most = 26_usize.div_ceil(period.max(1)).min(buckets / 2 / period.max(1)).max(1);
        let window = period * most;
        if period < 2 || buckets < window {
            return None;
        }
        let kernel = match reach {
            0 => vec![1.0],
            1 => vec![0.1, 0.8, 0.1],
            _ => {
                let side = |k: usize| 1.0 - (k as f64 - reach as f64).abs() / (reach as f64 + 1.0);
                let sum: f64 = (0..=2 * reach).map(side).sum();
                (0..=2 * reach).map(|k| side(k) / sum).collect()
            }
        };
        Some(Cycle { period, window, kernel })
    }
}

/// Sums by finest group and bucket that do not depend on the origin.
#[derive(Debug)]
pub(super) struct SeasonSums {
    cycles: Vec<Cycle>,
    buckets: usize,
    /// Demand: `[group * buckets + t]`.
    demand: Vec<f64>,
    /// For each cycle the moving means, where the whole window around is known.
    expected: Vec<Vec<f64>>,
}

/// The index of every finest group at every bucket, as known at an origin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeasonIndex {
    width: usize,
    /// Common multiple of the periods by which later buckets fall back.
    longest: usize,
    index: Vec<f64>,
}

impl SeasonIndex {
    /// Index of all buckets up to the width of the table.
    pub(super) fn group(&self, group: usize) -> &[f64] {
        &self.index[group * self.width..(group + 1) * self.width]
    }

    /// Longest period; 1 without any.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Index of bucket `t`, which may lie beyond the table.
    pub(super) fn at(&self, group: usize, t: usize) -> f64 {
        let back =
            if t < self.width { 0 } else { (t + 1 - self.width).div_ceil(self.longest) * self.longest };
        self.group(group)[t.saturating_sub(back).min(self.width - 1)]
    }
}

impl SeasonSums {
    pub(super) fn new(rows: &[Row], groups: &Groups, cycles: Vec<Cycle>, buckets: usize) -> Self {
        let finest = groups.finest();
        let size = groups.count[finest] * buckets;
        let mut demand = vec![0.0; size];
        let mut expected = vec![vec![0.0; size]; cycles.len()];
        for (i, row) in rows.iter().enumerate() {
            let base = groups.group(finest, i) * buckets;
            for t in row.start..row.end().min(buckets) {
                if let (y, Mark::Open) = row.at(t) {
                    demand[base + t] += y;
                }
            }
            for (cycle, expected) in cycles.iter().zip(&mut expected) {
                add_moving_means(row, cycle.window, buckets, &mut expected[base..base + buckets]);
            }
        }
        SeasonSums { cycles, buckets, demand, expected }
    }

    /// Longest period; 1 without any.
    pub(super) fn longest(&self) -> usize {
        self.cycles.iter().map(|cycle| cycle.period).max().unwrap_or(1)
    }

    /// Buckets before the first index of every cycle; 1 without any.
    pub(super) fn longest_window(&self) -> usize {
        self.cycles.iter().map(|cycle| cycle.window).max().unwrap_or(1)
    }

    /// The index as known before `origin`, for all buckets before `width`.
    pub(super) fn index(&self, rows: &[Row], groups: &Groups, origin: usize, width: usize) -> SeasonIndex {
        let finest = groups.finest();
        let mut index = vec![1.0; groups.count[finest] * width];
        for (place, cycle) in self.cycles.iter().enumerate() {
            if origin < cycle.window {
                continue;
            }
            let phases = self.phases(place, rows, groups, origin, &index, width);
            for (group, phases) in phases.chunks_exact(cycle.period).enumerate() {
                let line = &mut index[group * width..(group + 1) * width];
                line.iter_mut().enumerate().for_each(|(t, value)| *value *= phases[t % cycle.period]);
            }
        }
        SeasonIndex { width, longest: self.longest(), index }
    }

    /// Index of each phase of one cycle for every finest group.
    fn phases(
        &self,
        place: usize,
        rows: &[Row],
        groups: &Groups,
        origin: usize,
        known: &[f64],
        width: usize,
    ) -> Vec<f64> {
        let (cycle, finest) = (&self.cycles[place], groups.finest());
        let (period, half) = (cycle.period, cycle.window / 2);
        let tail = self.tail(cycle, rows, groups, origin);
        let count = groups.count[finest];
        let (mut seen, mut expected) = (vec![0.0; count * period], vec![0.0; count * period]);
        for group in 0..count {
            for t in 0..origin {
                let from_tail = t + half > origin;
                let mean = if from_tail {
                    tail[group * half + t + half - origin]
                } else {
                    self.expected[place][group * self.buckets + t]
                };
                let cell = group * period + t % period;
                seen[cell] += self.demand[group * self.buckets + t];
                expected[cell] += mean * known[group * width + t];
            }
        }
        spread(&mut seen, cycle);
        spread(&mut expected, cycle);
        shrink(groups, period, seen, expected)
    }

    /// Moving means of the newest buckets, whose window ends at the origin.
    fn tail(&self, cycle: &Cycle, rows: &[Row], groups: &Groups, origin: usize) -> Vec<f64> {
        let (finest, half) = (groups.finest(), cycle.window / 2);
        let mut tail = vec![0.0; groups.count[finest] * half];
        for (i, row) in rows.iter().enumerate() {
            let begin = row.start.max(origin - half);
            if begin >= row.end().min(origin) {
                continue;
            }
            let (mut sum, mut count) = (0.25, 0.5);
            for t in row.start.max(origin - cycle.window)..row.end().min(origin) {
                if let (y, Mark::Open) = row.at(t) {
                    (sum, count) = (sum + y, count + 1.0);
                }
            }
            let base = groups.group(finest, i) * half;
            for t in begin..row.end().min(origin) {
                if row.at(t).1 == Mark::Open {
                    tail[base + t + half - origin] += sum / count;
                }
            }
        }
        tail
    }
}

/// Adds the mean of the window around each open bucket; buckets near the begin of
/// the axis take the first whole window.
fn add_moving_means(row: &Row, window: usize, buckets: usize, line: &mut [f64]) {
    let (mut sum, mut count, mut from, mut to) = (0.0, 0.0, 0, 0);
    let open = |t: usize| match row.at(t) {
        (y, Mark::Open) => (y, 1.0),
        _ => (0.0, 0.0),
    };
    // Three windows over the same row move at their own pace, so an index is plainer than iterators.
    #[allow(clippy::needless_range_loop)]
    for t in row.start..row.end().min(buckets) {
        let begin = t.saturating_sub(window / 2);
        if begin + window > buckets {
            break;
        }
        for (end, sign, until) in [(&mut to, 1.0, begin + window), (&mut from, -1.0, begin)] {
            while *end < until {
                let (y, one) = open(*end);
                (sum, count) = (sum + sign * y, count + sign * one);
                *end += 1;
            }
        }
        if row.at(t).1 == Mark::Open {
            line[t] += (sum.max(0.0) + 0.25) / (count + 0.5);
        }
    }
}

/// Lets each phase borrow from its neighbours.
fn spread(sums: &mut [f64], cycle: &Cycle) {
    let (period, reach) = (cycle.period, cycle.kernel.len() / 2);
    let mut line = vec![0.0; period];
    for phases in sums.chunks_exact_mut(period) {
        line.fill(0.0);
        for (phase, value) in phases.iter().enumerate() {
            for (k, weight) in cycle.kernel.iter().enumerate() {
                line[(phase + k + period - reach % period) % period] += weight * value;
            }
        }
        phases.copy_from_slice(&line);
    }
}

/// From the sums of the finest groups to their indices, from coarse to fine.
fn shrink(groups: &Groups, period: usize, seen: Vec<f64>, expected: Vec<f64>) -> Vec<f64> {
    let finest = groups.finest();
    let mut sums = vec![(seen, expected)];
    for level in (1..=finest).rev() {
        let below = &sums[sums.len() - 1];
        let mut above =
            (vec![0.0; groups.count[level - 1] * period], vec![0.0; groups.count[level - 1] * period]);
        for (group, parent) in groups.parent[level].iter().enumerate() {
            for phase in 0..period {
                above.0[*parent as usize * period + phase] += below.0[group * period + phase];
                above.1[*parent as usize * period + phase] += below.1[group * period + phase];
            }
        }
        sums.push(above);
    }
    let mut index = vec![1.0; period];
    for level in 0..=finest {
        let (seen, expected) = &sums[finest - level];
        let prior = match level {
            0 => PRIOR_DEMAND.0,
            _ if level == finest => PRIOR_DEMAND.2,
            _ => PRIOR_DEMAND.1,
        };
        let above = |cell: usize| match level {
            0 => 1.0,
            _ => index[groups.parent[level][cell / period] as usize * period + cell % period],
        };
        index = (0..seen.len())
            .map(|cell| (seen[cell] + prior * above(cell)) / (expected[cell] + prior))
            .collect();
    }
    index
}
