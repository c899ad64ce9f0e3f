//! Orders by zone and hour of the days ahead, as draws from one joint distribution.
//!
//! **Problem.** From past orders by zone and hour, the distribution of orders in every zone and hour
//! ahead, such that zones and hours add up.
//! **Method.** The orders of a day in all zones are forecast by [`crate::predict::series`] with a season
//! of seven days, holidays as a covariate: its sample paths are the days. A day's orders are shared out
//! to zones in the proportions of their own daily forecasts (top-down with forecast proportions,
//! Athanasopoulos, Ahmed and Hyndman 2009, doi:10.1016/j.ijforecast.2008.07.004), and to hours by the
//! profile of the zone on that kind of day. Given its day, each order falls into its zone and hour on its
//! own: the counts are multinomial, as those of a Poisson process given their sum. Many orders are split
//! between two halves of the cells by a binomial draw, and these again; few fall one by one.
//! **Profiles** are shrunk: of a zone on a kind of day towards that kind of day in all zones, and that
//! towards all days, with [`PRIOR`] orders of weight each.
//! **Cost.** O(history + paths x min(orders, cells) x log cells) time, O(paths x cells) memory.
//! **Not for** orders that wait for each other (batches). **Determinism.** A stream for each path.

use std::ops::Range;

use chrono::NaiveDate;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use super::problem::{DAY, Problem};
use crate::control::Control;
use crate::data::{Code, Fault, Faults};
use crate::predict::series::{Frequency, Panel, Series, Settings, forecast, method, quantile_of_sorted};

/// Sample paths.
pub(super) const PATHS: usize = 400;
/// Weight, in orders, of the wider profile that a narrower one is shrunk to.
const PRIOR: f64 = 30.0;
/// Kinds of days: seven weekdays and holidays.
const CLASSES: usize = 8;
/// Orders that fall into their cells one by one; more are split between halves of the cells.
const FEW_ORDERS: u64 = 64;

/// Orders ahead.
#[derive(Debug, Clone, Default)]
pub(super) struct Demand {
    zones: usize,
    hours: usize,
    /// Expected orders, zone by zone.
    means: Vec<f64>,
    /// Orders of each path, hour by hour, zone by zone.
    draws: Vec<u32>,
}

impl Demand {
    /// Forecasts the days of a problem.
    pub fn forecast(problem: &Problem, control: &Control) -> Result<Self, Faults> {
        let panel = panel(problem);
        let settings = Settings { horizon: problem.days, paths: PATHS, nonnegative: true };
        let refuse = |error: &dyn std::fmt::Display| {
            Faults::from(Fault::error(Code::OutOfRange, "orders", error.to_string()))
        };
        let method = method(&problem.method).map_err(|error| refuse(&error))?;
        let mut daily = forecast(&panel, method, &settings, control).map_err(|error| refuse(&error))?;
        let Some(total) = daily.pop() else { return Ok(Demand::default()) };
        let profiles = Profiles::new(problem);
        let shares: Vec<Vec<f64>> = (0..problem.days)
            .map(|day| {
                let zones: Vec<f64> = daily.iter().map(|zone| zone.mean[day].max(0.0)).collect();
                cells(problem, &profiles, problem.date(day as i64), &zones)
            })
            .collect();
        let (zones, hours) = (problem.zones.len(), problem.hours());
        let mut means = vec![0.0; zones * hours];
        for (day, shares) in shares.iter().enumerate() {
            for (cell, share) in shares.iter().enumerate() {
                let (zone, hour) = (cell / DAY, cell % DAY);
                means[zone * hours + day * DAY + hour] = total.mean[day].max(0.0) * share;
            }
        }
        let cumulated: Vec<Vec<f64>> = shares.iter().map(|shares| cumulated(shares)).collect();
        let draw = |path: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(control.seed);
            random.set_stream(path as u64);
            let mut counts = vec![0_u32; hours * zones];
            for (day, &orders) in total.path(path).iter().enumerate() {
                let mut add = |cell: usize, orders: u64| {
                    let count = &mut counts[(day * DAY + cell % DAY) * zones + cell / DAY];
                    *count = count.saturating_add(u32::try_from(orders).unwrap_or(u32::MAX));
                };
                split(&cumulated[day], 0..zones * DAY, orders.round().max(0.0) as u64, &mut random, &mut add);
            }
            counts
        };
        let paths = total.path_count();
        let draws = control.install(|| (0..paths).into_par_iter().flat_map_iter(draw).collect());
        Ok(Demand { zones, hours, means, draws })
    }

    /// Expected orders of a zone in an hour.
    pub fn mean(&self, zone: usize, hour: usize) -> f64 {
        self.means[zone * self.hours + hour]
    }

    /// Expected orders of an hour.
    pub fn mean_of(&self, hour: usize) -> f64 {
        (0..self.zones).map(|zone| self.mean(zone, hour)).sum()
    }

    fn paths(&self) -> usize {
        self.draws.len().checked_div(self.zones * self.hours).unwrap_or(0)
    }

    /// Sum over zones of orders times `weight` in each case, ascending.
    pub fn sums(&self, hour: usize, weight: impl Fn(usize) -> f64) -> Vec<f64> {
        let of = |path: usize| {
            let first = (path * self.hours + hour) * self.zones;
            let counts = self.draws[first..first + self.zones].iter().enumerate();
            counts.map(|(zone, &count)| f64::from(count) * weight(zone)).sum()
        };
        let mut sums: Vec<f64> = (0..self.paths()).map(of).collect();
        sums.sort_unstable_by(f64::total_cmp);
        sums
    }

    /// Quantiles of the orders of a zone in an hour.
    pub fn quantiles(&self, zone: usize, hour: usize, levels: &[f64]) -> Vec<f64> {
        let count = |path: usize| self.draws[(path * self.hours + hour) * self.zones + zone];
        let mut counts: Vec<u32> = (0..self.paths()).map(count).collect();
        counts.sort_unstable();
        let sorted: Vec<f64> = counts.into_iter().map(f64::from).collect();
        levels.iter().map(|&level| quantile_of_sorted(&sorted, level)).collect()
    }
}

/// Vehicles that are enough for the work of each hour in a share `level` of the cases.
pub(super) fn needs(problem: &Problem, demand: &Demand) -> Vec<f64> {
    let need = |hour: usize| {
        let work = demand.sums(hour, |zone| problem.zones[zone].minutes / 60.0);
        vehicles(at_level(&work, problem.level))
    };
    (0..problem.hours()).map(need).collect()
}

/// The smallest of ascending values that is not exceeded in a share `level` of the cases.
pub(super) fn at_level(sorted: &[f64], level: f64) -> f64 {
    let rank = (level * sorted.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    sorted.get(rank.min(sorted.len()).wrapping_sub(1)).copied().unwrap_or(0.0)
}

/// Whole vehicles for so many vehicle-hours within an hour.
pub(super) fn vehicles(work: f64) -> f64 {
    (work - 1e-9).ceil().max(0.0)
}

/// Daily orders of each zone, and of all of them last.
fn panel(problem: &Problem) -> Panel {
    let by_day = |hours: &[f64]| hours.chunks(DAY).map(|day| day.iter().sum()).collect::<Vec<f64>>();
    let days = problem.history_days();
    let flag = |day: i64| f64::from(u8::from(problem.holidays.contains(&problem.date(day))));
    let past: Vec<f64> = (0..days).map(|day| flag(day as i64 - days as i64)).collect();
    let has_holidays = past.iter().any(|&flag| flag > 0.0);
    let ahead: Vec<f64> = (0..problem.days).map(|day| flag(day as i64)).collect();
    let mut all = vec![0.0; days];
    let mut series: Vec<Series> = Vec::with_capacity(problem.zones.len() + 1);
    for (zone, hours) in problem.zones.iter().zip(&problem.history) {
        let daily = by_day(hours);
        all.iter_mut().zip(&daily).for_each(|(sum, orders)| *sum += orders);
        series.push(Series::new(&zone.code, daily));
    }
    series.push(Series::new("", all));
    let mut panel = Panel::new(series, Frequency::Daily);
    if has_holidays {
        panel.covariate_names = vec!["holiday".to_owned()];
        for series in &mut panel.series {
            (series.covariates, series.future_covariates) = (past.clone(), ahead.clone());
        }
    }
    panel
}

/// Share of each zone and hour in the orders of a day.
fn cells(problem: &Problem, profiles: &Profiles, date: NaiveDate, zones: &[f64]) -> Vec<f64> {
    let sum: f64 = zones.iter().sum();
    let class = problem.class(date);
    let mut cells = Vec::with_capacity(zones.len() * DAY);
    for (zone, orders) in zones.iter().enumerate() {
        let share = if sum > 0.0 { orders / sum } else { 1.0 / zones.len() as f64 };
        cells.extend(profiles.of(zone, class).map(|hour| share * hour));
    }
    cells
}

fn cumulated(shares: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let sums = shares.iter().map(|share| {
        sum += share;
        sum
    });
    sums.collect()
}

/// Lets `orders` fall into cells of `range` in the proportions that `cumulated` sums up.
fn split(
    cumulated: &[f64],
    range: Range<usize>,
    orders: u64,
    random: &mut ChaCha8Rng,
    add: &mut impl FnMut(usize, u64),
) {
    let below = |cell: usize| cell.checked_sub(1).map_or(0.0, |before| cumulated[before]);
    if orders == 0 || range.is_empty() {
        return;
    }
    if range.len() == 1 {
        return add(range.start, orders);
    }
    let (from, to) = (below(range.start), below(range.end));
    if orders <= FEW_ORDERS {
        for _ in 0..orders {
            let at = from + random.random::<f64>() * (to - from);
            let cell = range.start + cumulated[range.clone()].partition_point(|&sum| sum <= at);
            add(cell.min(range.end - 1), 1);
        }
        return;
    }
    let middle = range.start + range.len() / 2;
    let share = if to > from { ((below(middle) - from) / (to - from)).clamp(0.0, 1.0) } else { 0.5 };
    let left = Binomial::new(orders, share).map_or(0, |count| count.sample(random)).min(orders);
    split(cumulated, range.start..middle, left, random, add);
    split(cumulated, middle..range.end, orders - left, random, add);
}

/// Shares of the hours in the orders of a day, by zone and kind of day.
struct Profiles {
    shares: Vec<[f64; DAY]>,
}

impl Profiles {
    fn new(problem: &Problem) -> Self {
        let zones = problem.zones.len();
        let mut counts = vec![[0.0; DAY]; zones * CLASSES];
        for (zone, hours) in problem.history.iter().enumerate() {
            for (day, orders) in hours.chunks(DAY).enumerate() {
                let class = problem.class(problem.date(day as i64 - problem.history_days() as i64));
                let sums = &mut counts[zone * CLASSES + class];
                sums.iter_mut().zip(orders).for_each(|(sum, orders)| *sum += orders);
            }
        }
        let added = |which: &dyn Fn(usize) -> bool| {
            let mut sums = [0.0; DAY];
            for (_, counts) in counts.iter().enumerate().filter(|(at, _)| which(*at)) {
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
            sums
        };
        let all = shrunk(&added(&|_| true), &[1.0 / DAY as f64; DAY]);
        let by_class: Vec<[f64; DAY]> =
            (0..CLASSES).map(|class| shrunk(&added(&|at| at % CLASSES == class), &all)).collect();
        let shares = counts.iter().enumerate().map(|(at, counts)| shrunk(counts, &by_class[at % CLASSES]));
        Profiles { shares: shares.collect() }
    }

    fn of(&self, zone: usize, class: usize) -> impl Iterator<Item = f64> + '_ {
        self.shares[zone * CLASSES + class].iter().copied()
    }
}

/// Shares of counts, pulled towards wider shares; they add up to one.
fn shrunk(counts: &[f64; DAY], wider: &[f64; DAY]) -> [f64; DAY] {
    let sum: f64 = counts.iter().sum();
    std::array::from_fn(|hour| (counts[hour] + PRIOR * wider[hour]) / (sum + PRIOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of each cell over many splits.
    fn moments(shares: &[f64], orders: u64) -> Vec<(f64, f64)> {
        const DRAWS: usize = 4_000;
        let cumulated = cumulated(shares);
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut sums = vec![(0.0, 0.0); shares.len()];
        for _ in 0..DRAWS {
            let mut counts = vec![0; shares.len()];
            split(&cumulated, 0..shares.len(), orders, &mut random, &mut |cell, orders| {
                counts[cell] += orders
            });
            assert_eq!(counts.iter().sum::<u64>(), orders);
            for (sum, &count) in sums.iter_mut().zip(&counts) {
                let count = count as f64;
                *sum = (sum.0 + count / DRAWS as f64, sum.1 + count * count / DRAWS as f64);
            }
        }
        sums.into_iter().map(|(mean, square)| (mean, square - mean * mean)).collect()
    }

    #[test]
    fn orders_split_as_a_multinomial_draw_few_or_many() {
        let shares = [0.1, 0.0, 0.25, 0.05, 0.3, 0.2, 0.1];
        for orders in [20, 64, 65, 100_000] {
            let n = orders as f64;
            for ((mean, variance), share) in moments(&shares, orders).into_iter().zip(shares) {
                let wanted = n * share * (1.0 - share);
                assert!(
                    (mean - n * share).abs() <= 5.0 * (wanted / 4_000.0).sqrt(),
                    "{orders} {share}: {mean}"
                );
                assert!((variance - wanted).abs() <= 0.15 * wanted, "{orders} {share}: {variance} {wanted}");
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_the_zone_alone() {
        // Two zones, one hour, four paths.
        let demand = Demand {
            zones: 2,
            hours: 1,
            means: vec![0.0; 2],
            draws: vec![7, 100_000, 1, 0, 3, 5, 2, 200_000],
        };
        assert_eq!(demand.quantiles(0, 0, &[0.0, 1.0]), [1.0, 7.0]);
        assert_eq!(demand.quantiles(1, 0, &[0.0, 1.0]), [0.0, 200_000.0]);
        assert_eq!(demand.sums(0, |_| 1.0), [1.0, 8.0, 100_007.0, 200_002.0]);
    }
}
