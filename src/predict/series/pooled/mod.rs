//! Given a panel, forecast every series with what all of them have in common.
//!
//! Method: levels at several speeds and a seasonal index of the group (`columns.rs`,
//! `index.rs`) go into one log-linear regression for each of a few leads, D.
//! Salinas, V. Flunkert, J. Gasthaus, T. Januschowski (2020),
//! doi:10.1016/j.ijforecast.2019.07.001, and P. Montero-Manso, R. J. Hyndman (2021),
//! doi:10.1016/j.ijforecast.2021.03.004, on why one model for all series wins over
//! one for each; demand is Poisson times a gamma factor of the bucket and one of
//! the whole horizon.
//! Cost: time O(n t) for the levels and O(r k^2) for the regression, with n = series,
//! t = buckets, r = rows (at most 40,000 a lead), k = columns.
//! Use `auto` instead when it is not clear that series resemble each other: it
//! tries both.
//! Not for: values below zero (such a series gets the method of its own class).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: a regression in place of a network.

mod columns;
mod groups;
mod index;
mod notes;
mod planned;
mod regression;
mod row;
mod train;

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
use columns::{BASIC, Pace, Recent, View};
use groups::Groups;
use index::{Cycle, SeasonIndex, SeasonSums};
use planned::Planned;
use regression::Prior;
use row::Row;
use train::{Sample, Source, places, recent_of};

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pooled {
    /// How the buckets with a stock-out are taken.
    pub stock_outs: StockOuts,
}

impl Learner for Pooled {
    fn learn(
        &self,
        panel: &Panel,
        settings: &Settings,
        control: &Control,
    ) -> Result<Box<dyn Learned>, SeriesError> {
        let cut = usual_end(panel).saturating_sub(HELD_BACK);
        Ok(Box::new(PooledModel::learn(self, panel, cut, settings, control)?))
    }
}

/// The median end of the series on the axis: one series that is ahead of the others
/// does not move it.
pub(super) fn usual_end(panel: &Panel) -> usize {
    let mut ends: Vec<usize> =
        panel.series.iter().map(|series| series.first_bucket + series.y.len()).collect();
    ends.sort_unstable();
    ends.get(ends.len() / 2).copied().unwrap_or(0)
}

/// What was learned from a panel.
pub(super) struct PooledModel {
    stock_outs: StockOuts,
    settings: Settings,
    seed: u64,
    pace: Pace,
    groups: Groups,
    index: SeasonIndex,
    planned: Planned,
    /// For series that cannot be pooled.
    season_length: usize,
    covariate_names: Vec<String>,
    /// End of the axis for the recent course of groups.
    end: usize,
    /// For each watched level and group the recent course, without rounding.
    recent: Vec<Vec<Exact>>,
    /// What each series gives to it.
    own: Vec<Exact>,
    leads: Vec<Lead>,
}

/// The regression of one lead.
#[derive(Debug, Clone, PartialEq)]
struct Lead {
    lead: usize,
    beta: Vec<f64>,
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
    /// Learns from what is known before bucket `cut` of the axis; the forecasts then
    /// start from whatever the series hold.
    pub(super) fn learn(
        pooled: &Pooled,
        panel: &Panel,
        cut: usize,
        settings: &Settings,
        control: &Control,
    ) -> Result<Self, SeriesError> {
        let (pace, groups) = (Pace::of(panel.frequency), Groups::of(panel));
        let planned = Planned::of(panel, cut);
        let stop = || {
            if control.cancel.is_requested() {
                Err(SeriesError::Stopped { done: 0, total: panel.series.len() })
            } else {
                Ok(())
            }
        };
        stop()?;
        control.install(|| {
            let early: Vec<Row> =
                panel.series.par_iter().map(|s| Row::new(s, pooled.stock_outs, cut)).collect();
            let sums = SeasonSums::new(&early, &groups, cycles(panel, cut), cut);
            let source = Source {
                panel,
                rows: &early,
                groups: &groups,
                sums: &sums,
                planned: &planned,
                pace,
                stock_outs: pooled.stock_outs,
                cut,
            };
            let samples = source.samples(settings.horizon);
            stop()?;
            let leads = samples.iter().map(|sample| fit_lead(&source, sample)).collect();
            let end = usual_end(panel).max(cut);
            let index = sums.index(&early, &groups, cut, end + settings.horizon + 1);
            let mut model = PooledModel {
                stock_outs: pooled.stock_outs,
                settings: *settings,
                seed: control.seed,
                pace,
                index,
                planned: planned.clone(),
                season_length: panel.season(),
                covariate_names: panel.covariate_names.clone(),
                end,
                recent: Vec::new(),
                own: Vec::new(),
                leads,
                groups: groups.clone(),
            };
            model.add_recent(panel);
            Ok(model)
        })
    }

    fn add_recent(&mut self, panel: &Panel) {
        let watched = self.groups.watched();
        self.recent = watched.iter().map(|level| vec![Exact::default(); self.groups.count[*level]]).collect();
        let own =
            |(i, series): (usize, &Series)| self.own_recent(&Row::new(series, self.stock_outs, self.end), i);
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
            stock_outs: self.stock_outs,
        }
    }

    /// The recent course of the groups of a series, with its newest facts.
    fn recent_columns(&self, series: &Series, index: usize) -> [f64; 3] {
        let own = self.own_recent(&Row::new(series, self.stock_outs, self.end), index);
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
        let centres = self.planned.centres(series, row.end());
        let (mut covariates, mut line) = (Vec::new(), Vec::new());
        (0..self.settings.horizon)
            .map(|step| {
                let lead = nearest(&self.leads, step);
                let t = view.origin + step;
                self.planned.fill(series, &centres, view.origin, t, &mut covariates);
                line.clear();
                state.push(
                    &view,
                    recent,
                    &covariates,
                    (step, lead.map_or(step, |lead| lead.lead)),
                    &mut line,
                );
                let eta = match lead {
                    Some(lead) => regression::linear(&line, &lead.beta),
                    None => state.base() + view.index.at(view.group, t).max(1e-6).ln(),
                };
                eta.clamp(-8.0, (4.0 * row.largest + 3.0).ln()).exp()
            })
            .collect()
    }
}

impl Learned for PooledModel {
    fn forecast(&self, series: &Series, index: usize) -> Forecast {
        let row = Row::new(series, self.stock_outs, usize::MAX);
        if !self.settings.nonnegative || row.is_constant() {
            let (season, names) = (self.season_length, &self.covariate_names);
            return forecast_one(&Auto, series, index, season, names, &self.settings, self.seed);
        }
        let horizon = self.settings.horizon;
        let means = self.means(series, &row, index);
        let draws = Draws::new(self.seed, index, self.settings.paths, horizon);
        let mut paths = Vec::with_capacity(self.settings.paths * horizon);
        for path in 0..draws.paths() {
            let shared = gamma_quantile(draws.once(path), 0.02);
            for (h, mean) in means.iter().enumerate() {
                let mean = mean * row.unit * shared;
                let y = if row.whole {
                    count_quantile(draws.at(path, h), mean, 1.0 / 0.15)
                } else {
                    mean * gamma_quantile(draws.at(path, h), 0.15)
                };
                paths.push(y);
            }
        }
        Forecast {
            id: series.id.clone(),
            mean: means.iter().map(|mean| mean * row.unit).collect(),
            paths,
            label: "pooled".to_owned(),
            notes: notes::of(series, &row),
        }
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

/// The model of the nearest lead.
fn nearest(leads: &[Lead], step: usize) -> Option<&Lead> {
    leads.iter().min_by_key(|lead| lead.lead.abs_diff(step))
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

fn fit_lead(source: &Source<'_>, sample: &Sample) -> Lead {
    let mut priors = vec![Prior { value: 0.0, weight: 4000.0 }; BASIC];
    priors[0].weight = 1e-6;
    priors[BASIC - 2].value = 1.0;
    priors[BASIC - 1].value = 1.0;
    priors.resize(source.regressors(), Prior { value: 0.0, weight: 100.0 });
    let planned = source.planned.columns() > 0;
    let targets = sample.capped(if planned { 8.0 } else { 2.0 });
    Lead { lead: sample.lead, beta: regression::fit(&sample.rows, source.stride(), &targets, &priors) }
}
