//! How much of the forecast demand stock is kept for, learned from what recent
//! orders would have cost.
//!
//! Given the history of many stock points and what a unit left and a unit short
//! cost, find the factor on demand at which the orders of the last buckets would
//! have been cheapest.
//!
//! Method: a replay with a rolling origin (L. J. Tashman 2000, "Out-of-sample tests of
//! forecasting accuracy", doi:10.1016/S0169-2070(00)00065-0): one model learned from
//! what was known before the first replayed bucket forecasts from every later one, and
//! orders up to the critical ratio of the demand until the order after next arrives. The
//! best of a few factors counts for a quarter, because a few months are one draw of what
//! may come.
//! Cost: one fit and O(B n S F) steps, at most 600 stock points, with B = buckets
//! replayed, n = stock points, S = paths, F = factors.
//! Use a number for the setting instead when the factor must not move with the data.
//! Not for: stock points with a service target (it states their safety), shelf lives, and
//! panels that are learned from one series at a time (the factor is 1).
//! Same input, budget and seed give the same answer: yes. The newest bucket plays no part,
//! so that a late sale moves its own stock point only.

use rayon::prelude::*;

use super::super::problem::{Problem, Service};
use super::Cover;
use super::panel;
use super::service::critical_ratio;
use crate::control::Control;
use crate::predict::series::{Learned, Learner, Panel, Pooled, SeriesError, Settings};

/// Factors that are tried.
const FACTORS: [f64; 9] = [0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2];

/// Share of the way from 1 to the best factor that is gone.
const TRUST: f64 = 0.25;

/// Seasons that must lie before the replay: a model that has seen less is not the one
/// that will forecast.
const SETTLED: f64 = 1.75;

/// Most stock points that are replayed.
const MOST_POINTS: usize = 600;

/// Fewest stock points, and fewest decisions of each, that say anything.
const FEWEST: (usize, usize) = (20, 5);

/// Sample paths of a forecast.
const PATHS: usize = 50;

/// Newest buckets that are left alone.
const HELD_BACK: usize = 1;

/// Review periods that a unit too many is held for: not every one is gone by the next
/// order. With this the rule of the replay orders like the plan.
const HELD: f64 = 5.0 / 3.0;

/// Simple rule's mean for the stock at the start.
const START_BUCKETS: usize = 13;

/// The fitted factor; 1 where the history cannot be replayed.
///
/// # Errors
/// [`SeriesError::Stopped`] when the control's cancel flag was set.
pub(super) fn fit(problem: &Problem, panel: &Panel, control: &Control) -> Result<f64, SeriesError> {
    let all: Vec<usize> = (0..problem.pairs.len()).filter(|&at| can_be_replayed(problem, at)).collect();
    let chosen: Vec<usize> = all.iter().copied().step_by(all.len().div_ceil(MOST_POINTS).max(1)).collect();
    let covers: Vec<Cover> = chosen.iter().map(|&at| Cover::new(problem, &problem.pairs[at])).collect();
    let reach = covers.iter().map(|cover| cover.last).max().unwrap_or(1);
    let known = problem.history_buckets.saturating_sub(HELD_BACK);
    let usual = (problem.season_length / 2).clamp(8, 26).max(reach + FEWEST.1 * problem.review_period);
    let span = usual.min(known / 2);
    let settled = (SETTLED * problem.season_length as f64).ceil() as usize;
    let enough = span >= reach + FEWEST.1 * problem.review_period && known - span >= settled;
    if chosen.len() < FEWEST.0 || !enough {
        return Ok(1.0);
    }
    let replay = Replay { problem, panel, chosen: &chosen, begin: known - span, span };
    let settings = Settings { horizon: reach, paths: PATHS, nonnegative: true };
    let pooled = Pooled { own_share: false, ..Pooled::default() };
    let mut learned = pooled.learn(&replay.known_before(0), &settings, control)?;
    let mut points: Vec<Point> =
        chosen.iter().zip(covers).map(|(&at, cover)| replay.point(at, cover)).collect();
    for bucket in 0..span {
        if control.cancel.is_requested() {
            return Err(SeriesError::Stopped { done: bucket, total: span });
        }
        if bucket.is_multiple_of(problem.review_period) {
            replay.decide(bucket, learned.as_mut(), &mut points, control);
        }
        points.iter_mut().for_each(|point| point.happen(bucket));
    }
    let costs = points.iter().fold([0.0; FACTORS.len()], |mut sum, point| {
        sum.iter_mut().zip(&point.trials).for_each(|(sum, trial)| *sum += trial.cost);
        sum
    });
    let best = (0..FACTORS.len()).min_by(|&a, &b| costs[a].total_cmp(&costs[b])).unwrap_or(0);
    Ok(1.0 + TRUST * (FACTORS[best] - 1.0))
}

fn can_be_replayed(problem: &Problem, at: usize) -> bool {
    let pair = &problem.pairs[at];
    let item = &problem.items[pair.item];
    let priced = matches!(item.service, Service::ShortageCost(cost) if cost > 0.0);
    let lives = item.start.is_none() && item.end.is_none() && item.shelf_life.is_none();
    priced && lives && item.holding_cost > 0.0 && !pair.sources.is_empty()
}

/// What is replayed: the chosen stock points from the bucket `begin` of the history on.
struct Replay<'a> {
    problem: &'a Problem,
    panel: &'a Panel,
    chosen: &'a [usize],
    begin: usize,
    span: usize,
}

impl Replay<'_> {
    /// The chosen series as known before `bucket` of the replay.
    fn known_before(&self, bucket: usize) -> Panel {
        let until = self.begin + bucket;
        let series =
            self.chosen.iter().map(|&at| panel::cut(&self.panel.series[at], until, self.panel)).collect();
        Panel {
            series,
            covariate_names: self.panel.covariate_names.clone(),
            label_names: self.panel.label_names.clone(),
            ..*self.panel
        }
    }

    /// A stock point at the start: one review period of its recent mean on hand and in
    /// every order on its way.
    fn point(&self, at: usize, cover: Cover) -> Point {
        let (pair, review) = (&self.problem.pairs[at], self.problem.review_period);
        let item = &self.problem.items[pair.item];
        let sale =
            |t: usize| pair.sales.get(t).copied().filter(|y| y.is_finite()).map_or(0.0, |y| y.max(0.0));
        let recent = START_BUCKETS.min(self.begin).max(1);
        let mean = (self.begin.saturating_sub(recent)..self.begin).map(sale).sum::<f64>() / recent as f64;
        let order = in_steps(mean * review as f64, item.quantum);
        let mut arrivals = vec![0.0; self.span + cover.last];
        (0..cover.first).step_by(review).for_each(|bucket| arrivals[bucket] = order);
        let shortage_cost = match item.service {
            Service::ShortageCost(cost) => cost,
            _ => 0.0,
        };
        let (holding_cost, lost_sales) = (item.holding_cost, item.lost_sales);
        Point {
            demand: (self.begin..self.begin + self.span).map(sale).collect(),
            cover,
            ratio: critical_ratio(shortage_cost, HELD * holding_cost, lost_sales, review),
            quantum: item.quantum,
            holding_cost,
            shortage_cost,
            lost_sales,
            trials: vec![Trial { stock: order, arrivals, cost: 0.0 }; FACTORS.len()],
        }
    }

    /// Lets every trial of every stock point order.
    fn decide(&self, bucket: usize, learned: &mut dyn Learned, points: &mut [Point], control: &Control) {
        let panel = self.known_before(bucket);
        learned.refresh(&panel);
        let learned = &*learned;
        control.install(|| {
            points.par_iter_mut().zip(&panel.series).enumerate().for_each(|(index, (point, series))| {
                if bucket + point.cover.first < self.span {
                    let forecast = learned.forecast(series, index);
                    point.order(bucket, &forecast.paths, forecast.horizon());
                }
            });
        });
    }
}

/// A stock point in the replay.
struct Point {
    demand: Vec<f64>,
    cover: Cover,
    ratio: f64,
    quantum: f64,
    holding_cost: f64,
    shortage_cost: f64,
    lost_sales: bool,
    /// One for each factor.
    trials: Vec<Trial>,
}

/// A stock point under one factor.
#[derive(Debug, Clone)]
struct Trial {
    stock: f64,
    arrivals: Vec<f64>,
    cost: f64,
}

impl Point {
    fn order(&mut self, bucket: usize, paths: &[f64], horizon: usize) {
        let mut needs = Vec::with_capacity(PATHS);
        for (trial, factor) in self.trials.iter_mut().zip(FACTORS) {
            needs.clear();
            for path in paths.chunks_exact(horizon.max(1)) {
                let mut stock = trial.stock;
                for (ahead, units) in path[..self.cover.first].iter().enumerate() {
                    stock += trial.arrivals[bucket + ahead] - factor * units;
                    if self.lost_sales {
                        stock = stock.max(0.0);
                    }
                }
                let cycle: f64 = path[self.cover.first..self.cover.last].iter().sum();
                needs.push(factor * cycle - stock);
            }
            if needs.is_empty() {
                continue;
            }
            let rank = (self.ratio * needs.len() as f64 - 1e-9).ceil().max(1.0) as usize - 1;
            let rank = rank.min(needs.len() - 1);
            let (_, need, _) = needs.select_nth_unstable_by(rank, f64::total_cmp);
            trial.arrivals[bucket + self.cover.first] += in_steps(need.max(0.0), self.quantum);
        }
    }

    fn happen(&mut self, bucket: usize) {
        for trial in &mut self.trials {
            trial.stock += trial.arrivals[bucket] - self.demand[bucket];
            let short = (-trial.stock).max(0.0);
            if bucket >= self.cover.first {
                trial.cost += self.holding_cost * trial.stock.max(0.0) + self.shortage_cost * short;
            }
            if self.lost_sales {
                trial.stock = trial.stock.max(0.0);
            }
        }
    }
}

/// The nearest multiple of the smallest step of an item.
fn in_steps(quantity: f64, quantum: f64) -> f64 {
    if quantum > 0.0 { (quantity / quantum).round() * quantum } else { quantity }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(lost_sales: bool, arrivals: Vec<f64>, demand: Vec<f64>) -> Point {
        Point {
            demand,
            cover: Cover { first: 1, last: 2 },
            ratio: 0.75,
            quantum: 1.0,
            holding_cost: 0.5,
            shortage_cost: 2.0,
            lost_sales,
            trials: vec![Trial { stock: 1.0, arrivals, cost: 0.0 }; FACTORS.len()],
        }
    }

    #[test]
    fn an_order_reaches_the_critical_ratio_of_the_need() {
        // Stock 1 and arrival 2 meet 4 in the first bucket: nothing is left, or 1 is owed. The
        // third of four needs in the second bucket is 7 at factor 1, and 9 at factor 1.2 (8.4 up to
        // rounding, plus what the greater first bucket takes).
        let paths = [4.0, 5.0, 4.0, 7.0, 4.0, 9.0, 4.0, 3.0];
        let mut lost = point(true, vec![2.0, 0.0, 0.0], vec![0.0; 3]);
        lost.order(0, &paths, 2);
        assert_eq!((lost.trials[4].arrivals[1], lost.trials[8].arrivals[1]), (7.0, 8.0));
        let mut owed = point(false, vec![2.0, 0.0, 0.0], vec![0.0; 3]);
        owed.order(0, &paths, 2);
        assert_eq!((owed.trials[4].arrivals[1], owed.trials[8].arrivals[1]), (8.0, 10.0));
    }

    #[test]
    fn costs_count_from_the_first_order_on() {
        let mut lost = point(true, vec![0.0, 3.0, 0.0], vec![4.0, 1.0, 5.0]);
        (0..3).for_each(|bucket| lost.happen(bucket));
        // 3 short before the first order: free. Then 2 left, then 3 short.
        assert_eq!(lost.trials[0].cost, 0.5 * 2.0 + 2.0 * 3.0);
        let mut owed = point(false, vec![0.0, 3.0, 0.0], vec![4.0, 1.0, 5.0]);
        (0..3).for_each(|bucket| owed.happen(bucket));
        // 3 owed go on: 1 short, then 6.
        assert_eq!(owed.trials[0].cost, 2.0 * 1.0 + 2.0 * 6.0);
    }
}
