//! From history to scenarios: forecasts as joint distributions, bent by what
//! people and calendars know, thinned to the scenarios that a plan is judged on.
//!
//! More paths are drawn than are kept: the paths are ordered by their demand
//! over the first lead time and review period and one of each stratum is kept,
//! which makes few scenarios stand for many (systematic sampling).

use std::hash::{Hash, Hasher};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHasher;

use super::problem::{Pair, Problem, Service, Source};
use super::scenarios::{PairScenarios, QUANTILE_LEVELS, Scenarios};
use crate::control::Control;
use crate::data::Bucket;
use crate::predict::series::{
    Forecast, Frequency, Model, Panel, Series, SeriesError, Settings, method, quantile_of_sorted,
};

/// Paths drawn for each scenario kept …
const PATHS_PER_SCENARIO: usize = 4;
/// … within these limits.
const FEWEST_PATHS: usize = 200;
const MOST_PATHS: usize = 800;

/// Fitted forecasts of all stock points, ready to be asked again for one.
pub(crate) struct Forecasts {
    panel: Panel,
    model: Model,
    seed: u64,
}

impl Forecasts {
    /// Fits the problem's method to the history of every stock point.
    ///
    /// # Errors
    /// [`SeriesError`] on an unknown method or a stop.
    pub fn learn(problem: &Problem, control: &Control) -> Result<Self, SeriesError> {
        let panel = panel_of(problem);
        let paths =
            (PATHS_PER_SCENARIO * problem.scenarios).clamp(FEWEST_PATHS, MOST_PATHS.max(problem.scenarios));
        let settings = Settings { horizon: problem.horizon, paths, nonnegative: true };
        let model = Model::learn(&panel, method(&problem.method)?, &settings, control)?;
        Ok(Forecasts { panel, model, seed: control.seed })
    }

    /// Scenarios of every stock point.
    ///
    /// # Errors
    /// [`SeriesError::Stopped`] when the control was cancelled.
    pub fn draw(&self, problem: &Problem, control: &Control) -> Result<Scenarios, SeriesError> {
        let pairs = self.model.forecast_map(&self.panel, control, |index, forecast| {
            pair_scenarios(problem, &problem.pairs[index], &forecast, self.seed)
        })?;
        Ok(Scenarios { count: problem.scenarios, horizon: problem.horizon, pairs })
    }

    /// Scenarios of one stock point after its history changed; the model stays as learned.
    ///
    /// # Errors
    /// [`SeriesError`] where the changed history does not fit the panel.
    pub fn draw_again(&mut self, problem: &Problem, index: usize) -> Result<PairScenarios, SeriesError> {
        if let (Some(slot), Some(pair)) = (self.panel.series.get_mut(index), problem.pairs.get(index)) {
            *slot = series_of(problem, pair);
        }
        let forecast = self.model.forecast(&self.panel, index)?;
        Ok(pair_scenarios(problem, &problem.pairs[index], &forecast, self.seed))
    }
}

fn panel_of(problem: &Problem) -> Panel {
    let frequency = match problem.bucket() {
        Bucket::Day => Frequency::Daily,
        Bucket::Week => Frequency::Weekly,
        Bucket::Month => Frequency::Monthly,
    };
    Panel {
        series: problem.pairs.iter().map(|pair| series_of(problem, pair)).collect(),
        frequency,
        season_length: Some(problem.season_length),
        covariate_names: problem.covariate_names.clone(),
        label_names: ["item_category", "item", "location_category", "location"].map(str::to_owned).to_vec(),
    }
}

/// The history of a stock point from its first active bucket on.
fn series_of(problem: &Problem, pair: &Pair) -> Series {
    let columns = problem.covariate_names.len();
    let first = pair.marks.iter().position(|mark| !mark.inactive).unwrap_or(pair.sales.len());
    let marks = pair.marks.get(first..).unwrap_or(&[]);
    let known = pair.sales.len() * columns;
    let (item, location) = (&problem.items[pair.item], &problem.locations[pair.location]);
    Series {
        id: problem.pair_name(pair),
        y: pair.sales.get(first..).unwrap_or(&[]).to_vec(),
        censored: marks.iter().map(|mark| mark.censored).collect(),
        excluded: marks.iter().map(|mark| mark.excluded || mark.inactive).collect(),
        covariates: pair.covariates.get(first * columns..known).unwrap_or(&[]).to_vec(),
        future_covariates: pair.covariates.get(known..).unwrap_or(&[]).to_vec(),
        labels: [&item.category, &item.code, &location.category, &location.code].map(Clone::clone).to_vec(),
        first_bucket: first,
    }
}

fn pair_scenarios(problem: &Problem, pair: &Pair, forecast: &Forecast, seed: u64) -> PairScenarios {
    let horizon = problem.horizon;
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ name_hash(problem, pair));
    let mut paths = forecast.paths.clone();
    let mut mean = forecast.mean.clone();
    mean.resize(horizon, 0.0);
    if paths.len() < horizon {
        paths = mean.clone();
    }
    let mut notes = forecast.notes.clone();
    widen(&mut paths, &mean, problem.safety_factor.unwrap_or(1.0));
    bend(problem, pair, &mut paths, &mut mean, &mut notes);

    let mut column: Vec<f64> = Vec::with_capacity(paths.len() / horizon);
    let mut quantiles = vec![0.0_f32; QUANTILE_LEVELS.len() * horizon];
    for bucket in 0..horizon {
        column.clear();
        column.extend(paths.iter().skip(bucket).step_by(horizon));
        column.sort_by(f64::total_cmp);
        for (at, level) in QUANTILE_LEVELS.iter().enumerate() {
            quantiles[at * horizon + bucket] = quantile_of_sorted(&column, *level) as f32;
        }
    }
    let protected = protection(problem, pair);
    let totals = ordered_totals(&paths, horizon, protected);
    let shortage_cost = shortage_cost(problem, pair, &totals, &mean, protected);
    let holding = problem.items[pair.item].holding_cost;
    let demand = thin(&paths, horizon, &totals, problem.scenarios, &mut rng);
    PairScenarios {
        demand,
        lead_time_days: lead_times(&pair.sources, problem.scenarios, &mut rng),
        shortage_cost,
        critical_ratio: if shortage_cost > 0.0 { shortage_cost / (shortage_cost + holding) } else { 0.0 },
        mean: mean.iter().map(|value| *value as f32).collect(),
        quantiles,
        label: forecast.label.clone(),
        notes,
    }
}

/// A number that depends on the codes of a stock point alone.
fn name_hash(problem: &Problem, pair: &Pair) -> u64 {
    let mut hasher = FxHasher::default();
    problem.items[pair.item].code.hash(&mut hasher);
    problem.locations[pair.location].code.hash(&mut hasher);
    hasher.finish()
}

/// Stretches the paths around their mean, never below zero.
fn widen(paths: &mut [f64], mean: &[f64], factor: f64) {
    if factor == 1.0 {
        return;
    }
    for path in paths.chunks_mut(mean.len()) {
        for (value, mean) in path.iter_mut().zip(mean) {
            *value = (mean + factor * (*value - mean)).max(0.0);
        }
    }
}

/// What people and calendars know of the horizon: overrides, closures, life cycle, promised orders.
fn bend(problem: &Problem, pair: &Pair, paths: &mut [f64], mean: &mut [f64], notes: &mut Vec<String>) {
    let item = &problem.items[pair.item];
    let location = &problem.locations[pair.location];
    let horizon = mean.len();
    let mut overridden = 0;
    for (bucket, mean) in mean.iter_mut().enumerate() {
        let at = bucket as i64;
        let on_sale = item.start.is_none_or(|start| at >= start) && item.end.is_none_or(|end| at < end);
        let open = if on_sale { location.open_share.get(bucket).copied().unwrap_or(1.0) } else { 0.0 };
        // The factor that brings the bucket's mean to what a person expects on the days that are open.
        let mut factor = open;
        let mut level = None;
        if let Some(stated) = pair.overrides.iter().find(|stated| stated.bucket == at) {
            let expected = stated.quantity + *mean * open * (1.0 - stated.share);
            overridden += 1;
            if *mean > 0.0 { factor = expected / *mean } else { level = Some(expected) }
        }
        let promised = pair.promised.get(bucket).copied().unwrap_or(0.0);
        let mut sum = 0.0;
        for value in paths.iter_mut().skip(bucket).step_by(horizon) {
            // Promised orders are part of the forecast, and a floor of it.
            *value = level.unwrap_or(*value * factor).max(promised);
            sum += *value;
        }
        let count = paths.len() / horizon;
        if factor != 1.0 || promised != 0.0 || level.is_some() {
            *mean = sum / count.max(1) as f64;
        }
    }
    if overridden > 0 {
        notes.push(format!("a person's forecast stands in for {overridden} buckets"));
    }
}

/// Buckets that an order of today must cover: lead time and review period.
fn protection(problem: &Problem, pair: &Pair) -> usize {
    let lead = pair.sources.first().map_or(0.0, Source::mean_lead_time_days) / problem.bucket().days();
    (lead.ceil() as usize + problem.review_period).clamp(1, problem.horizon)
}

/// Demand of each path over its first buckets, with the path's number, ascending.
fn ordered_totals(paths: &[f64], horizon: usize, buckets: usize) -> Vec<(f64, usize)> {
    let mut totals: Vec<(f64, usize)> = paths
        .chunks(horizon)
        .enumerate()
        .map(|(index, path)| (path.iter().take(buckets).sum(), index))
        .collect();
    totals.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    totals
}

/// Keeps one path of each of `count` strata of the ordered paths.
fn thin(
    paths: &[f64],
    horizon: usize,
    totals: &[(f64, usize)],
    count: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<f32> {
    let share = totals.len() as f64 / count as f64;
    let mut demand = Vec::with_capacity(count * horizon);
    for stratum in 0..count {
        let at = ((stratum as f64 + rng.random::<f64>()) * share) as usize;
        let (_, path) = totals[at.min(totals.len() - 1)];
        demand.extend(paths[path * horizon..(path + 1) * horizon].iter().map(|value| *value as f32));
    }
    demand
}

/// Lead times of every source in every scenario: strata of the distribution in a random order.
fn lead_times(sources: &[Source], count: usize, rng: &mut ChaCha8Rng) -> Vec<u16> {
    let mut all = Vec::with_capacity(sources.len() * count);
    for source in sources {
        let from = all.len();
        for scenario in 0..count {
            let target = (scenario as f64 + 0.5) / count as f64;
            let mut below = 0.0;
            let reached = source.lead_time_days.iter().find(|(_, probability)| {
                below += probability;
                below >= target
            });
            let days = reached.or(source.lead_time_days.last()).map_or(0, |(days, _)| *days);
            all.push(u16::try_from(days).unwrap_or(u16::MAX));
        }
        for at in (from + 1..all.len()).rev() {
            all.swap(at, rng.random_range(from..=at));
        }
    }
    all
}

/// The shortage cost given, or the one at which the target is the cheapest answer.
fn shortage_cost(
    problem: &Problem,
    pair: &Pair,
    totals: &[(f64, usize)],
    mean: &[f64],
    protected: usize,
) -> f64 {
    let item = &problem.items[pair.item];
    // Without a holding cost every target is free: a nominal one keeps the ratio.
    let holding =
        if item.holding_cost > 0.0 { item.holding_cost } else { 1e-6_f64.max(1e-4 * item.unit_cost) };
    let implied = |ratio: f64| {
        let ratio = ratio.clamp(0.0, 0.9999);
        holding * ratio / (1.0 - ratio)
    };
    let reached = |level: f64| {
        let below = totals.partition_point(|(total, _)| *total <= level);
        below as f64 / totals.len().max(1) as f64
    };
    match item.service {
        Service::ShortageCost(cost) => cost,
        Service::CycleServiceLevel(level) => implied(level),
        Service::FillRate(rate) => implied(reached(level_for_fill(totals, rate, mean, protected))),
        Service::DaysOfCover(days) => {
            let per_day =
                mean.iter().take(protected).sum::<f64>() / (protected as f64 * problem.bucket().days());
            let lead = pair.sources.first().map_or(0.0, Source::mean_lead_time_days);
            implied(reached(per_day * (days + lead)))
        }
    }
}

/// Least stock for the protected buckets from which this share of their last
/// review period's demand is served.
fn level_for_fill(totals: &[(f64, usize)], rate: f64, mean: &[f64], protected: usize) -> f64 {
    let per_cycle = mean.iter().take(protected).sum::<f64>() / protected as f64;
    let allowed = (1.0 - rate) * per_cycle * totals.len() as f64;
    // Unmet units grow as the level falls through the ordered totals.
    let (mut unmet, mut above) = (0.0, 0.0);
    let mut level = totals.last().map_or(0.0, |(total, _)| *total);
    for (total, _) in totals.iter().rev() {
        let next = unmet + above * (level - total);
        if next > allowed && above > 0.0 {
            return level - (allowed - unmet) / above;
        }
        (unmet, level) = (next, *total);
        above += 1.0;
    }
    level
}
