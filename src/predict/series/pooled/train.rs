//! The rows that a pooled model learns from: many series at many origins.

use rayon::prelude::*;

use super::super::panel::Panel;
use super::columns::{BASIC, EXTRA, Pace, Recent, State, View};
use super::groups::Groups;
use super::index::{SeasonIndex, SeasonSums};
use super::planned::Planned;
use super::row::{Mark, Row};
use super::{Axis, HISTORY_TO_LEARN};

/// Steps ahead that get a model of their own, less one; others use the nearest.
const LEADS: [usize; 7] = [0, 1, 2, 4, 7, 12, 25];

/// Most rows of one lead.
const MOST_ROWS: usize = 40_000;

/// Most origins of one lead.
const MOST_ORIGINS: usize = 80;

/// Everything the rows are made of, before bucket `cut` of the axis.
pub(super) struct Source<'a> {
    pub(super) panel: &'a Panel,
    pub(super) rows: &'a [Row],
    pub(super) groups: &'a Groups,
    pub(super) sums: &'a SeasonSums,
    pub(super) planned: &'a Planned,
    pub(super) pace: Pace,
    pub(super) axis: Axis,
    pub(super) cut: usize,
}

/// Rows of one lead.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    /// Steps ahead, less one.
    pub(super) lead: usize,
    /// Rows of `Source::stride` columns.
    pub(super) rows: Vec<f32>,
    /// Series of each row.
    pub(super) series: Vec<u32>,
    /// Origin of each row.
    pub(super) origins: Vec<u32>,
    /// What came.
    pub(super) targets: Vec<f32>,
    /// What the plain level and season say.
    pub(super) plain: Vec<f32>,
}

impl Source<'_> {
    /// Columns of the regression.
    pub(super) fn regressors(&self) -> usize {
        BASIC + self.planned.columns()
    }

    /// Columns of a row.
    pub(super) fn stride(&self) -> usize {
        self.regressors() + EXTRA
    }

    /// The rows of every lead up to `horizon`, oldest origin last.
    pub(super) fn samples(&self, horizon: usize) -> Vec<Sample> {
        let leads: Vec<usize> = LEADS.iter().copied().filter(|lead| *lead < horizon.max(1)).collect();
        let span = self.cut.saturating_sub(self.pace.half);
        let step = span.div_ceil(MOST_ORIGINS).max(2);
        let plan: Vec<(usize, Vec<usize>)> = (self.pace.half..self.cut)
            .rev()
            .map(|origin| {
                let uses = |lead: &usize| {
                    // Long steps share their origins between leads.
                    let back = if step == 2 { *lead } else { lead.div_ceil(step) * step };
                    origin + lead < self.cut && (self.cut - 1 - origin) % step == back % step
                };
                (origin, leads.iter().copied().filter(uses).collect())
            })
            .filter(|(_, leads): &(usize, Vec<usize>)| !leads.is_empty())
            .collect();
        let pairs = self.rows.len() * span.div_ceil(step);
        let stride = pairs.div_ceil(MOST_ROWS).max(1);
        let parts: Vec<Vec<Sample>> = plan
            .par_iter()
            .enumerate()
            .map(|(place, (origin, leads))| self.at_origin(*origin, leads, horizon, (place, stride)))
            .collect();
        join(&leads, parts)
    }

    fn at_origin(
        &self,
        origin: usize,
        leads: &[usize],
        horizon: usize,
        (place, stride): (usize, usize),
    ) -> Vec<Sample> {
        let index = self.sums.index(self.rows, self.groups, origin, origin + horizon + 1);
        let recents = self.recents(&index, origin);
        let mut samples: Vec<Sample> =
            leads.iter().map(|lead| Sample { lead: *lead, ..Sample::default() }).collect();
        for (i, row) in self.rows.iter().enumerate().filter(|(i, _)| (i + place) % stride == 0) {
            if origin < row.first + HISTORY_TO_LEARN || origin > row.end() {
                continue;
            }
            let view = self.view(&index, i, origin);
            let state = view.state();
            let series = &self.panel.series[i];
            let usual = self.planned.usual(series, row);
            for sample in &mut samples {
                let (y, mark) = row.at(origin + sample.lead);
                if mark == Mark::Unknown {
                    continue;
                }
                let covariates = self.planned.fill(series, row, &usual, (origin, origin + sample.lead));
                sample.push(&view, &state, self.recent_columns(&recents, i), &covariates, (i as u32, y));
            }
        }
        samples
    }

    fn view<'a>(&'a self, index: &'a SeasonIndex, i: usize, origin: usize) -> View<'a> {
        View {
            row: &self.rows[i],
            index,
            group: self.groups.group(self.groups.finest(), i),
            origin,
            pace: &self.pace,
            stock_outs: self.axis.stock_outs,
        }
    }

    /// Recent course of every group of the watched levels.
    fn recents(&self, index: &SeasonIndex, origin: usize) -> Vec<Vec<Recent>> {
        let watched = self.groups.watched();
        let mut sums: Vec<Vec<Recent>> =
            watched.iter().map(|level| vec![Recent::default(); self.groups.count[*level]]).collect();
        for i in 0..self.rows.len() {
            let own = recent_of(&self.view(index, i, origin), origin);
            for (level, sums) in watched.iter().zip(&mut sums) {
                let sum = &mut sums[self.groups.group(*level, i)];
                *sum = Recent { demand: sum.demand + own.demand, expected: sum.expected + own.expected };
            }
        }
        sums
    }

    fn recent_columns(&self, recents: &[Vec<Recent>], i: usize) -> [f64; 3] {
        let watched = self.groups.watched();
        let mut columns = [0.0; 3];
        for ((level, sums), place) in watched.iter().zip(recents).zip(places(watched.len())) {
            columns[place] = sums[self.groups.group(*level, i)].column();
        }
        columns
    }
}

/// Columns of the watched levels: the whole panel has the last one.
pub(super) fn places(watched: usize) -> impl Iterator<Item = usize> {
    (0..watched).map(move |place| if place + 1 == watched { 2 } else { place })
}

/// What a series gives to the recent course of its groups: the last buckets before `end`.
pub(super) fn recent_of(view: &View<'_>, end: usize) -> Recent {
    let level = view.level();
    let line = view.index.group(view.group);
    let mut recent = Recent::default();
    for t in end.saturating_sub(view.pace.few)..end {
        let (y, mark) = view.row.at(t);
        if mark != Mark::Unknown {
            recent.demand += y;
            recent.expected += line[t.min(line.len() - 1)] * level;
        }
    }
    recent
}

impl Sample {
    fn push(
        &mut self,
        view: &View<'_>,
        state: &State,
        recent: [f64; 3],
        covariates: &[f32],
        (series, y): (u32, f64),
    ) {
        state.push(view, recent, covariates, (self.lead, self.lead), &mut self.rows);
        self.series.push(series);
        self.origins.push(view.origin as u32);
        self.targets.push(y as f32);
        let season = view.index.at(view.group, view.origin + self.lead);
        self.plain.push((state.base().exp() * season) as f32);
    }

    /// Targets that no spike can dominate.
    pub(super) fn capped(&self, times: f32) -> Vec<f32> {
        self.targets.iter().zip(&self.plain).map(|(y, plain)| y.min(times * plain + 3.0)).collect()
    }
}

fn join(leads: &[usize], parts: Vec<Vec<Sample>>) -> Vec<Sample> {
    let mut samples: Vec<Sample> =
        leads.iter().map(|lead| Sample { lead: *lead, ..Sample::default() }).collect();
    for part in parts.into_iter().flatten() {
        if let Some(sample) = samples.iter_mut().find(|sample| sample.lead == part.lead) {
            sample.rows.extend(part.rows);
            sample.series.extend(part.series);
            sample.origins.extend(part.origins);
            sample.targets.extend(part.targets);
            sample.plain.extend(part.plain);
        }
    }
    samples
}
