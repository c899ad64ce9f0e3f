//! Given a panel, forecast every series with what all of them have in common.
//!
//! Method: levels at several speeds and a seasonal index of the group (`columns.rs`,
//! `index.rs`) go into one log-linear regression for each of a few leads, D.
//! Salinas, V. Flunkert, J. Gasthaus, T. Januschowski (2020),
//! doi:10.1016/j.ijforecast.2019.07.001, and P. Montero-Manso, R. J. Hyndman (2021),
//! doi:10.1016/j.ijforecast.2021.03.004, on why one model for all series wins over
//! one for each; demand is Poisson times a gamma factor of the bucket and one of
//! the whole horizon. Before there are seven quarters of a season, the mean is shared with
//! the forecast of each series on its own (`auto.rs`), J. M. Bates, C. W. J. Granger
//! (1969), doi:10.1057/jors.1969.103.
//! Cost: time O(n t) for the levels and O(r k^2) for the regression, with n = series,
//! t = buckets, r = rows (at most 40,000 a lead), k = columns.
//! Use `auto` instead when it is not clear that series resemble each other: it
//! tries both.
//! Not for: values below zero (such a series gets the method of its own class).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: a regression in place of a network.

mod boosting;
mod columns;
mod fit;
mod groups;
mod index;
mod notes;
mod planned;
mod regression;
mod row;
mod spread;
mod train;

use std::borrow::Cow;

use rayon::prelude::*;

use super::auto::Auto;
use super::draws::Draws;
use super::engine::{Settings, forecast_one};
use super::error::SeriesError;
use super::forecast::Forecast;
use super::method::{Learned, Learner};
use super::normal::{count_quantile, normal_quantile};
use super::panel::{Frequency, Panel, Series};
use crate::control::Control;
use columns::{Pace, Recent, View};
use fit::Fit;
use groups::Groups;
use index::{Cycle, SeasonIndex, SeasonSums};
use planned::Planned;
use row::Row;
use train::{Source, places, recent_of};

/// Buckets without a sale and marked as stocked out, in a row, from which the item
/// counts as not on offer.
const LONG_RUN: usize = 8;

/// Newest buckets that are forecast from but not learned from, so that a late sale
/// changes the forecast of its own series only.
const HELD_BACK: usize = 1;

/// Known buckets before an origin from which a series is learned.
const HISTORY_TO_LEARN: usize = 4;

/// How the buckets with a stock-out are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StockOuts {
    /// Long runs without a sale are an item that is not on offer and will sell
    /// nothing; every other stock-out says nothing of demand and is left out.
    #[default]
    LongRunsAsZero,
    /// All are left out.
    LeftOut,
    /// Recorded sales are what is to be forecast, whatever held them down.
    AsRecorded,
}

/// One model for all series of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pooled {
    /// How the buckets with a stock-out are taken.
    pub stock_outs: StockOuts,
    /// Short histories share the mean with what the series says on its own.
    pub own_share: bool,
}

impl Default for Pooled {
    fn default() -> Self {
        Pooled { stock_outs: StockOuts::default(), own_share: true }
    }
}

/// Seasons of history at which the common model stands alone, and at which its share is
/// least: in the first season nobody can tell a season from a trend.
const SEASONS: (f64, f64) = (1.75, 1.0);

/// Largest share of what a series says on its own.
const LARGEST_SHARE: f64 = 0.75;

/// Share of the series' own forecast in the mean after so many buckets.
fn share_of_own(buckets: usize, season: usize) -> f64 {
    if season < 2 {
        return 0.0;
    }
    let seasons = buckets as f64 / season as f64;
    ((SEASONS.0 - seasons) / (SEASONS.0 - SEASONS.1)).clamp(0.0, LARGEST_SHARE)
}

impl Learner for Pooled {
    fn learn(
        &self,
        panel: &Panel,
        settings: &Settings,
        control: &Control,
    ) -> Result<Box<dyn Learned>, SeriesError> {
        Ok(Box::new(PooledModel::learn(*self, panel, HELD_BACK, true, settings, control)?))
    }
}

/// The axis that all series lie on, counted from the earliest bucket of the panel.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Axis {
    first: usize,
    stock_outs: StockOuts,
}

impl Axis {
    fn of(panel: &Panel, stock_outs: StockOuts) -> Self {
        let first = panel.series.iter().map(|series| series.first_bucket).min().unwrap_or(0);
        Axis { first, stock_outs }
    }

    /// Position of the first bucket of `series`.
    fn start(self, series: &Series) -> usize {
        series.first_bucket.saturating_sub(self.first)
    }

    /// The series as known before bucket `until`.
    fn row(self, series: &Series, until: usize) -> Row {
        Row::new(series, self.start(series), self.stock_outs, until)
    }

    /// The median end of the series: one that is ahead of the others does not move it.
    fn usual_end(self, panel: &Panel) -> usize {
        let end = |series: &Series| self.start(series) + series.y.len();
        let mut ends: Vec<usize> = panel.series.iter().map(end).collect();
        ends.sort_unstable();
        ends.get(ends.len() / 2).copied().unwrap_or(0)
    }
}

/// A panel in the order of the ids, which decides the order of all sums: whoever lists
/// the series in another order learns the same.
struct Ordered<'a> {
    panel: Cow<'a, Panel>,
    /// For each series of the panel as given its place.
    place: Vec<usize>,
}

impl<'a> Ordered<'a> {
    fn of(panel: &'a Panel) -> Self {
        let id = |index: usize| panel.series[index].id.as_str();
        let mut order: Vec<usize> = (0..panel.series.len()).collect();
        if order.is_sorted_by_key(|&index| id(index)) {
            return Ordered { panel: Cow::Borrowed(panel), place: order };
        }
        order.sort_by_key(|&index| id(index));
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &index)| place[index] = at);
        let series = order.iter().map(|&index| panel.series[index].clone()).collect();
        let names = (panel.covariate_names.clone(), panel.label_names.clone());
        let (covariate_names, label_names) = names;
        Ordered { panel: Cow::Owned(Panel { series, covariate_names, label_names, ..*panel }), place }
    }
}

/// What was learned from a panel.
pub(super) struct PooledModel {
    axis: Axis,
    /// For each series as given its place in the order of what was learned.
    place: Vec<usize>,
    settings: Settings,
    seed: u64,
    pace: Pace,
    groups: Groups,
    index: SeasonIndex,
    planned: Planned,
    /// For series that cannot be pooled.
    season_length: usize,
    covariate_names: Vec<String>,
    /// Share of the series' own forecast in the mean.
    own_share: f64,
    /// End of the axis for the recent course of groups.
    end: usize,
    /// For each watched level and group the recent course, without rounding.
    recent: Vec<Vec<Exact>>,
    /// What each series gives to it.
    own: Vec<Exact>,
    fit: Fit,
}

/// Sums that do not depend on their order: one series can be taken out and put
/// back without a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Exact {
    demand: i128,
    expected: i128,
}

impl Exact {
    const ONE: f64 = 1_048_576.0;

    fn of(recent: Recent) -> Self {
        // Casts to integers saturate: a size beyond all bounds stays one.
        let whole = |x: f64| (x * Exact::ONE).round().min(1e30) as i128;
        Exact { demand: whole(recent.demand), expected: whole(recent.expected) }
    }

    fn add(&mut self, other: Exact, sign: i128) {
        self.demand += sign * other.demand;
        self.expected += sign * other.expected;
    }

    fn column(self) -> f64 {
        let part = |x: i128| x as f64 / Exact::ONE;
        Recent { demand: part(self.demand), expected: part(self.expected) }.column()
    }
}

impl PooledModel {
    /// Learns from all but the newest `held_back` buckets, with trees or without; the
    /// forecasts start from whatever the series hold.
    pub(super) fn learn(
        pooled: Pooled,
        panel: &Panel,
        held_back: usize,
        trees: bool,
        settings: &Settings,
        control: &Control,
    ) -> Result<Self, SeriesError> {
        let Ordered { panel, place } = Ordered::of(panel);
        let panel = panel.as_ref();
        let axis = Axis::of(panel, pooled.stock_outs);
        let end = axis.usual_end(panel);
        let cut = end.saturating_sub(held_back);
        let (pace, groups) = (Pace::of(panel.frequency), Groups::of(panel));
        let stop = || match control.cancel.is_requested() {
            true => Err(SeriesError::Stopped { done: 0, total: panel.series.len() }),
            false => Ok(()),
        };
        stop()?;
        control.install(|| {
            let rows: Vec<Row> = panel.series.par_iter().map(|series| axis.row(series, cut)).collect();
            let planned = Planned::of(panel, &rows);
            let sums = SeasonSums::new(&rows, &groups, cycles(panel, cut), cut);
            let source = Source {
                panel,
                rows: &rows,
                groups: &groups,
                sums: &sums,
                planned: &planned,
                pace,
                axis,
                cut,
            };
            let samples = source.samples(settings.horizon);
            stop()?;
            let fit = Fit::learn(&source, &samples, trees);
            stop()?;
            let index = sums.index(&rows, &groups, cut, end + settings.horizon + 1);
            let mut model = PooledModel {
                axis,
                place,
                settings: *settings,
                seed: control.seed,
                pace,
                index,
                planned,
                season_length: panel.season(),
                covariate_names: panel.covariate_names.clone(),
                own_share: if pooled.own_share { share_of_own(end, panel.season()) } else { 0.0 },
                end,
                recent: Vec::new(),
                own: Vec::new(),
                fit,
                groups,
            };
            model.add_recent(panel);
            Ok(model)
        })
    }

    fn add_recent(&mut self, panel: &Panel) {
        let watched = self.groups.watched();
        self.recent = watched.iter().map(|level| vec![Exact::default(); self.groups.count[*level]]).collect();
        let own = |(i, series): (usize, &Series)| self.own_recent(&self.axis.row(series, self.end), i);
        self.own = panel.series.par_iter().enumerate().map(own).collect();
        for (i, own) in self.own.iter().enumerate() {
            for (level, recent) in watched.iter().zip(&mut self.recent) {
                recent[self.groups.group(*level, i)].add(*own, 1);
            }
        }
    }

    fn own_recent(&self, row: &Row, index: usize) -> Exact {
        let view = View { origin: self.end, ..self.view(row, index) };
        Exact::of(recent_of(&view, self.end))
    }

    fn view<'a>(&'a self, row: &'a Row, index: usize) -> View<'a> {
        View {
            row,
            index: &self.index,
            group: self.groups.group(self.groups.finest(), index),
            origin: row.end(),
            pace: &self.pace,
            stock_outs: self.axis.stock_outs,
        }
    }

    /// The recent course of the groups of a series, with its newest facts.
    fn recent_columns(&self, series: &Series, index: usize) -> [f64; 3] {
        let own = self.own_recent(&self.axis.row(series, self.end), index);
        let before = self.own.get(index).copied().unwrap_or_default();
        let watched = self.groups.watched();
        let mut columns = [0.0; 3];
        for ((level, recent), place) in watched.iter().zip(&self.recent).zip(places(watched.len())) {
            let mut sum = recent[self.groups.group(*level, index)];
            sum.add(before, -1);
            sum.add(own, 1);
            columns[place] = sum.column();
        }
        columns
    }

    /// Mean of every bucket of the horizon, in units of the row.
    fn means(&self, series: &Series, row: &Row, index: usize) -> Vec<f64> {
        let view = self.view(row, index);
        let (state, recent) = (view.state(), self.recent_columns(series, index));
        let usual = self.planned.usual(series, row);
        let highest = (4.0 * row.largest + 3.0).ln();
        let mut line = Vec::new();
        (0..self.settings.horizon)
            .map(|step| {
                let lead = self.fit.nearest(step);
                let t = view.origin + step;
                line.clear();
                let covariates = self.planned.fill(series, row, &usual, (view.origin, t));
                state.push(
                    &view,
                    recent,
                    &covariates,
                    (step, lead.map_or(step, |lead| lead.lead)),
                    &mut line,
                );
                let eta = match lead {
                    Some(lead) => self.fit.eta(lead, &line),
                    None => state.base() + view.index.at(view.group, t).max(1e-6).ln(),
                };
                eta.min(highest).exp()
            })
            .collect()
    }

    /// Sample paths: the factor of the horizon, then in each bucket its own factor
    /// and, for whole numbers, a Poisson variable.
    fn paths(&self, means: &[f64], row: &Row, id: &str) -> Vec<f64> {
        let spread = &self.fit.spread;
        let draws = Draws::new(self.seed, id, self.settings.paths, means.len());
        let mut paths = Vec::with_capacity(draws.paths() * means.len());
        for path in 0..draws.paths() {
            let shared = gamma_quantile(draws.once(path), spread.horizon);
            for (h, mean) in means.iter().enumerate() {
                let (variation, u) = (spread.bucket(*mean, row.whole), draws.at(path, h));
                let scaled = mean * row.unit * shared;
                paths.push(if row.whole {
                    count_quantile(u, scaled, 1.0 / variation)
                } else {
                    scaled * gamma_quantile(u, variation)
                });
            }
        }
        paths
    }
}

impl PooledModel {
    /// What the series says on its own.
    fn alone(&self, series: &Series, paths: usize) -> Forecast {
        let settings = Settings { paths, ..self.settings };
        forecast_one(&Auto, series, self.season_length, &self.covariate_names, &settings, self.seed)
    }
}

impl Learned for PooledModel {
    fn forecast(&self, series: &Series, index: usize) -> Forecast {
        let index = self.place.get(index).copied().unwrap_or(index);
        let row = self.axis.row(series, usize::MAX);
        if !self.settings.nonnegative || row.is_constant() {
            return self.alone(series, self.settings.paths);
        }
        let mut means = self.means(series, &row, index);
        if self.own_share > 0.0 {
            let own = self.alone(series, 0);
            for (mean, own) in means.iter_mut().zip(&own.mean) {
                *mean += self.own_share * (own / row.unit - *mean);
            }
        }
        let limit = |value: f64| if value.is_finite() { value } else { f64::MAX };
        let mut paths = self.paths(&means, &row, &series.id);
        paths.iter_mut().for_each(|value| *value = limit(*value));
        Forecast {
            id: series.id.clone(),
            mean: means.iter().map(|mean| limit(mean * row.unit)).collect(),
            paths,
            label: if self.own_share > 0.0 { "pooled + own" } else { "pooled" }.to_owned(),
            notes: notes::of(series, &row),
        }
    }

    fn refresh(&mut self, panel: &Panel) {
        let ordered = Ordered::of(panel);
        self.end = self.axis.usual_end(&ordered.panel);
        self.place = ordered.place;
        self.add_recent(&ordered.panel);
    }
}

/// Value of a gamma variable of mean 1 and this squared coefficient of variation
/// (Wilson and Hilferty 1931).
fn gamma_quantile(p: f64, variation: f64) -> f64 {
    if variation <= 0.0 {
        return 1.0;
    }
    let shrink = variation / 9.0;
    (1.0 - shrink + normal_quantile(p) * shrink.sqrt()).max(0.0).powi(3)
}

/// The seasons of a panel: its own, and a longer one where the buckets are short.
fn cycles(panel: &Panel, buckets: usize) -> Vec<Cycle> {
    let season = panel.season();
    let reach = usize::from(season >= 24);
    let longer = match panel.frequency {
        Frequency::Hourly if season == 24 && buckets >= 2 * 168 => Cycle::new(168, 0, buckets),
        Frequency::Daily if season == 7 && buckets >= 2 * 365 => Cycle::new(365, 10, buckets),
        _ => None,
    };
    Cycle::new(season, reach, buckets).into_iter().chain(longer).collect()
}
