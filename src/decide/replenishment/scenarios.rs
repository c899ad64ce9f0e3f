//! The demand scenarios and lead times that a plan is judged on.
//!
//! Each stock point's history is forecast as sample paths; people's knowledge
//! (closures, life cycle, overrides, promises) is worked into them; a few of
//! them, spread evenly over the totals up to the next order's arrival, become
//! the equally likely scenarios of the plan, scaled by the safety factor where a
//! shortage has a cost (a service target states its own safety). Lead times are drawn evenly from
//! their distribution. All draws depend on the seed and the codes of the stock
//! point only, so that other stock points and the order of rows change nothing.

mod accuracy;
mod adjust;
mod panel;
mod safety;
mod service;
#[cfg(test)]
mod tests;

use std::hash::{DefaultHasher, Hash, Hasher};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::control::Control;
use crate::predict::series::{self, Forecast, Learned, SeriesError};

use super::problem::{Pair, Problem, Service, Source};

pub use accuracy::{OverrideAccuracy, override_accuracy};
pub use service::critical_ratio;

/// What is uncertain, as equally likely scenarios.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenarios {
    /// Number of scenarios.
    pub count: usize,
    /// Buckets of the horizon.
    pub horizon: usize,
    /// One entry a pair, in the problem's order.
    pub pairs: Vec<PairScenarios>,
}

/// The scenarios of one pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairScenarios {
    /// Units asked for, scenario by scenario: `demand[scenario * horizon + bucket]`.
    pub demand: Vec<f32>,
    /// Lead time of every order, in days, source by source: `lead_time_days[source * count + scenario]`.
    pub lead_time_days: Vec<u16>,
    /// Money per unit lost (lost sales) or per unit and bucket (backorders): given, or implied by the target.
    pub shortage_cost: f64,
    /// Probability of no shortage at which ordering one unit more stops paying.
    pub critical_ratio: f64,
    /// Expected demand of each bucket, promises aside.
    pub mean: Vec<f32>,
    /// Quantiles of each bucket's demand: `quantiles[level * horizon + bucket]`, levels of [`QUANTILE_LEVELS`].
    pub quantiles: Vec<f32>,
    /// The forecasting model as the field names it.
    pub label: String,
    /// What a reader of the forecast should know.
    pub notes: Vec<String>,
    /// Fingerprint of everything that these scenarios were made of.
    pub key: u64,
}

/// The quantiles that forecasts are told with.
pub const QUANTILE_LEVELS: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Sample paths from which the scenarios are chosen, at least.
const PATHS: usize = 160;

impl PairScenarios {
    /// Demand path of one scenario.
    #[must_use]
    pub fn path(&self, scenario: usize, horizon: usize) -> &[f32] {
        self.demand.get(scenario * horizon..(scenario + 1) * horizon).unwrap_or(&[])
    }
}

/// A forecasting method that has learned from a problem's history, ready to make the scenarios
/// of any of its pairs, also after new facts.
pub struct Forecaster {
    learned: Box<dyn Learned>,
    /// Fingerprint of the method and of all that it learned from.
    learned_from: u64,
    seed: u64,
    /// Factor on the demand that stock is kept for.
    safety_factor: f64,
}

impl std::fmt::Debug for Forecaster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forecaster").field("learned_from", &self.learned_from).finish_non_exhaustive()
    }
}

/// Stock points from which on `auto` learns from all of them together …
const PANEL: usize = 20;

/// … with this method.
const POOLED: &str = "pooled";

/// The method by name: `auto` learns from all stock points together where there
/// are enough of them with more than a season of history, else from each alone.
fn method_name(problem: &Problem) -> &str {
    let pooled = problem.pairs.len() >= PANEL && problem.history_buckets > problem.season_length;
    if problem.method == "auto" && pooled { POOLED } else { &problem.method }
}

impl Forecaster {
    /// Lets the problem's method learn from its history.
    ///
    /// # Errors
    /// [`SeriesError`] for an unknown method, or when the control's cancel flag was set.
    pub fn learn(problem: &Problem, control: &Control) -> Result<Self, SeriesError> {
        let panel = panel::panel(problem);
        let settings = series::Settings {
            horizon: problem.horizon,
            paths: path_count(problem.scenarios),
            nonnegative: true,
        };
        panel.check(settings.horizon)?;
        let method = series::method(method_name(problem))?;
        let learned = control.install(|| method.learner.learn(&panel, &settings, control))?;
        let learned_from = panel::fingerprint(problem, &panel, control.seed);
        let safety_factor = match problem.safety_factor {
            Some(stated) => stated,
            None if method.name == POOLED => safety::fit(problem, &panel, control)?,
            None => 1.0,
        };
        Ok(Forecaster { learned, learned_from, seed: control.seed, safety_factor })
    }

    /// Factor on the demand that stock is kept for: the setting's, or fitted.
    #[must_use]
    pub fn safety_factor(&self) -> f64 {
        self.safety_factor
    }

    /// Whether learning from `problem` would give this forecaster again.
    #[must_use]
    pub fn has_learned(&self, problem: &Problem, seed: u64) -> bool {
        self.learned_from == panel::fingerprint(problem, &panel::panel(problem), seed)
    }

    /// Makes the scenarios of every pair. Those of `earlier` whose makings are the same are taken
    /// over instead.
    ///
    /// # Errors
    /// [`SeriesError::Stopped`] when the control's cancel flag was set.
    pub fn scenarios(
        &self,
        problem: &Problem,
        earlier: Option<&Scenarios>,
        control: &Control,
    ) -> Result<Scenarios, SeriesError> {
        use std::sync::atomic::{AtomicUsize, Ordering};
        const REPORT_EVERY: usize = 500;
        let (done, total) = (AtomicUsize::new(0), problem.pairs.len());
        let one = |index: usize| {
            if control.cancel.is_requested() {
                return None;
            }
            let known = earlier.and_then(|earlier| earlier.pairs.get(index));
            let made = match known.filter(|known| known.key == self.key(problem, index)) {
                Some(known) => known.clone(),
                None => self.pair(problem, index),
            };
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            if count.is_multiple_of(REPORT_EVERY) || count == total {
                control.step("forecast", count, total);
            }
            Some(made)
        };
        let pairs: Option<Vec<PairScenarios>> =
            control.install(|| (0..total).into_par_iter().map(one).collect());
        let stopped = SeriesError::Stopped { done: done.load(Ordering::Relaxed), total };
        let pairs = pairs.ok_or(stopped)?;
        Ok(Scenarios { count: problem.scenarios, horizon: problem.horizon, pairs })
    }

    /// Makes the scenarios of one pair, as [`Forecaster::scenarios`] does.
    #[must_use]
    pub fn pair(&self, problem: &Problem, index: usize) -> PairScenarios {
        let Some(pair) = problem.pairs.get(index) else { return PairScenarios::default() };
        let forecast = self.learned.forecast(&panel::series(problem, pair), index);
        let mut made = self.make(problem, pair, forecast);
        made.key = self.key(problem, index);
        made
    }

    /// From the forecast of a pair to its scenarios.
    fn make(&self, problem: &Problem, pair: &Pair, forecast: Forecast) -> PairScenarios {
        let (count, horizon) = (problem.scenarios, problem.horizon);
        let Forecast { mean, mut paths, label, notes, .. } = forecast;
        let mean = adjust::work_in(problem, pair, mean, &mut paths);
        let quantiles = quantiles(&paths, horizon);
        let mut rng = ChaCha8Rng::seed_from_u64(seed_of(problem, pair, self.seed));
        let cover = Cover::new(problem, pair);
        let mut demand = choose(&paths, horizon, count, cover.last, &mut rng);
        let service = service::price(problem, pair, &paths, &cover);
        if matches!(problem.items[pair.item].service, Service::ShortageCost(_)) {
            demand.iter_mut().for_each(|units| *units *= self.safety_factor);
        }
        adjust::keep_promises(pair, horizon, &mut demand);
        PairScenarios {
            demand: demand.iter().map(|&units| units as f32).collect(),
            lead_time_days: lead_times(&pair.sources, count, &mut rng),
            shortage_cost: service.shortage_cost,
            critical_ratio: service.critical_ratio,
            mean: mean.iter().map(|&units| units as f32).collect(),
            quantiles,
            label,
            notes,
            key: 0,
        }
    }

    /// Fingerprint of everything that the scenarios of a pair are made of.
    fn key(&self, problem: &Problem, index: usize) -> u64 {
        let Some(pair) = problem.pairs.get(index) else { return 0 };
        let mut hasher = DefaultHasher::new();
        (self.learned_from, index, self.safety_factor.to_bits()).hash(&mut hasher);
        panel::hash_pair(problem, pair, &mut hasher);
        hasher.finish()
    }
}

impl Scenarios {
    /// Learns from the history of `problem` and makes the scenarios of every pair.
    ///
    /// # Errors
    /// As [`Forecaster::learn`] and [`Forecaster::scenarios`].
    pub fn forecast(problem: &Problem, control: &Control) -> Result<Scenarios, SeriesError> {
        Forecaster::learn(problem, control)?.scenarios(problem, None, control)
    }
}

/// Paths to draw: a whole number for each scenario.
fn path_count(scenarios: usize) -> usize {
    scenarios * PATHS.div_ceil(scenarios.max(1))
}

/// The buckets that an order of the first bucket answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cover {
    /// Bucket in which it arrives.
    pub(crate) first: usize,
    /// Bucket before which the next order arrives; above `first`.
    pub(crate) last: usize,
}

impl Cover {
    fn new(problem: &Problem, pair: &Pair) -> Self {
        let horizon = problem.horizon.max(1);
        let arrival = pair.sources.first().map_or(0, |source| {
            let days = source.mean_lead_time_days().round() as u32;
            problem.arrival_bucket(source, 0, days).max(0) as usize
        });
        let first = arrival.min(horizon - 1);
        Cover { first, last: (first + problem.review_period.max(1)).min(horizon) }
    }
}

/// Chooses `count` of the paths: sorted by their total over the first `cover` buckets they fall
/// into `count` groups of equal size, and each group gives one.
fn choose(paths: &[f64], horizon: usize, count: usize, cover: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let total = paths.len().checked_div(horizon).unwrap_or(0);
    if total == 0 {
        return vec![0.0; count * horizon];
    }
    let path = |index: usize| &paths[index * horizon..(index + 1) * horizon];
    let mut order: Vec<(f64, usize)> =
        (0..total).map(|index| (path(index)[..cover.min(horizon)].iter().sum(), index)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let group = (total / count).max(1);
    let mut chosen = Vec::with_capacity(count * horizon);
    for scenario in 0..count {
        let within = if group > 1 { (rng.random::<u32>() as usize) % group } else { 0 };
        let (_, index) = order[(scenario * group + within).min(total - 1)];
        chosen.extend_from_slice(path(index));
    }
    chosen
}

/// Lead times of all sources: each takes every stratum of its distribution once, in an order of
/// its own.
fn lead_times(sources: &[Source], count: usize, rng: &mut ChaCha8Rng) -> Vec<u16> {
    let mut days = Vec::with_capacity(sources.len() * count);
    let mut strata: Vec<u32> = (0..count as u32).collect();
    for source in sources {
        for i in (1..count).rev() {
            let j = (rng.random::<u32>() as usize) % (i + 1);
            strata.swap(i, j);
        }
        for &stratum in &strata {
            let u = (f64::from(stratum) + 0.5) / count as f64;
            days.push(lead_time_at(source, u));
        }
    }
    days
}

/// Lead time that is not exceeded with probability `u`.
fn lead_time_at(source: &Source, u: f64) -> u16 {
    let mut below = 0.0;
    for (days, share) in &source.lead_time_days {
        below += share;
        if u <= below {
            return u16::try_from(*days).unwrap_or(u16::MAX);
        }
    }
    u16::try_from(source.longest_lead_time_days()).unwrap_or(u16::MAX)
}

fn quantiles(paths: &[f64], horizon: usize) -> Vec<f32> {
    let total = paths.len().checked_div(horizon).unwrap_or(0);
    let mut found = vec![0.0; QUANTILE_LEVELS.len() * horizon];
    let mut column = Vec::with_capacity(total);
    for bucket in 0..horizon {
        column.clear();
        column.extend((0..total).map(|index| paths[index * horizon + bucket]));
        column.sort_unstable_by(f64::total_cmp);
        for (level, q) in QUANTILE_LEVELS.iter().enumerate() {
            let value = series::quantile_of_sorted(&column, *q);
            found[level * horizon + bucket] = if value.is_nan() { 0.0 } else { value as f32 };
        }
    }
    found
}

/// A seed of the codes of a pair, so that other pairs do not matter.
fn seed_of(problem: &Problem, pair: &Pair, seed: u64) -> u64 {
    series::stream_of(&format!("{seed} {}", problem.pair_name(pair)))
}
