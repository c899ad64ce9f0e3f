//! From the rows of a panel to its model: a regression for each lead, trees on what
//! they leave, and how far demand strays from both.

use super::boosting::{Booster, Options};
use super::columns::{BASIC, EXTRA};
use super::regression::{self, Prior};
use super::spread::Spread;
use super::train::{Sample, Source};

/// Weight of the prior of a basic column.
const PRIOR_WEIGHT: f64 = 4000.0;

/// Weight of the prior of a covariate.
const COVARIATE_WEIGHT: f64 = 100.0;

/// Times of the plain level and season that a target counts for at most, without
/// covariates, with them, and when trees are grown.
const CAPS: (f32, f32, f32) = (2.0, 8.0, 4.0);

/// Most rows that trees are grown on.
const MOST_BOOSTED_ROWS: usize = 150_000;

/// Logarithmic means are kept within this range.
const FARTHEST: f64 = 8.0;

/// Columns of the calendar, counted from the end: two waves, and the lead after them.
const CALENDAR: std::ops::Range<usize> = 1..5;

/// The regression of one lead.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lead {
    /// Steps ahead, less one.
    pub(super) lead: usize,
    pub(super) beta: Vec<f64>,
}

impl Lead {
    /// Logarithmic mean of a row.
    pub(super) fn eta(&self, row: &[f32]) -> f64 {
        regression::linear(row, &self.beta).clamp(-FARTHEST, FARTHEST)
    }
}

/// What was learned from the rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    pub(super) leads: Vec<Lead>,
    pub(super) booster: Booster,
    pub(super) spread: Spread,
}

impl Fit {
    /// Learns from the samples of all leads; with `trees` or without.
    pub(super) fn learn(source: &Source<'_>, samples: &[Sample], trees: bool) -> Self {
        let leads: Vec<Lead> = samples.iter().map(|sample| fit_lead(source, sample)).collect();
        let booster = if trees { boost(source, samples, &leads) } else { Booster::default() };
        let mut fit = Fit { leads, booster, spread: Spread::default() };
        fit.spread = fit.measure_spread(source, samples);
        fit
    }

    /// Logarithmic mean of a row of the lead nearest to `step`; `None` where nothing
    /// was learned.
    pub(super) fn eta(&self, lead: &Lead, row: &[f32]) -> f64 {
        lead.eta(row) + self.booster.correction(&row[1..])
    }

    /// The model of the nearest lead.
    pub(super) fn nearest(&self, step: usize) -> Option<&Lead> {
        self.leads.iter().min_by_key(|lead| lead.lead.abs_diff(step))
    }

    fn measure_spread(&self, source: &Source<'_>, samples: &[Sample]) -> Spread {
        let means: Vec<Vec<f64>> = samples
            .iter()
            .zip(&self.leads)
            .map(|(sample, lead)| {
                sample.rows.chunks_exact(source.stride()).map(|row| self.eta(lead, row).exp()).collect()
            })
            .collect();
        let whole: Vec<bool> = source.rows.iter().map(|row| row.whole).collect();
        Spread::measure(samples, &means, &whole, (CAPS.2, first_settled(source)))
    }
}

fn fit_lead(source: &Source<'_>, sample: &Sample) -> Lead {
    let mut priors = vec![Prior { value: 0.0, weight: PRIOR_WEIGHT }; BASIC];
    // The constant is free; level and season count fully unless the rows object.
    priors[0].weight = 1e-6;
    priors[BASIC - 2].value = 1.0;
    priors[BASIC - 1].value = 1.0;
    priors.resize(source.regressors(), Prior { value: 0.0, weight: COVARIATE_WEIGHT });
    let targets = sample.capped(if source.planned.columns() > 0 { CAPS.1 } else { CAPS.0 });
    Lead { lead: sample.lead, beta: regression::fit(&sample.rows, source.stride(), &targets, &priors) }
}

/// First origin that has a seasonal index; what came before still has the season in it
/// and is left out where enough remains.
fn first_settled(source: &Source<'_>) -> usize {
    let window = source.sums.longest_window();
    if 4 * source.cut >= 7 * window { window } else { 0 }
}

/// Trees over the rows of all leads, every so many rows of them.
fn boost(source: &Source<'_>, samples: &[Sample], leads: &[Lead]) -> Booster {
    let stride = source.stride();
    let season = source.sums.longest();
    let earliest = first_settled(source);
    let usable =
        |sample: &Sample| sample.origins.iter().filter(|origin| **origin as usize >= earliest).count();
    let total: usize = samples.iter().map(usable).sum();
    let every = total.div_ceil(MOST_BOOSTED_ROWS).max(1);
    let mut columns: Vec<Vec<f32>> = vec![Vec::with_capacity(total / every + 1); stride - 1];
    let (mut targets, mut first, mut place) = (Vec::new(), Vec::new(), 0);
    for (sample, lead) in samples.iter().zip(leads) {
        let capped = sample.capped(CAPS.2);
        for ((row, target), origin) in sample.rows.chunks_exact(stride).zip(capped).zip(&sample.origins) {
            if (*origin as usize) < earliest {
                continue;
            }
            place += 1;
            if place % every == 0 {
                columns.iter_mut().zip(&row[1..]).for_each(|(column, value)| column.push(*value));
                targets.push(target);
                first.push(lead.eta(row) as f32);
            }
        }
    }
    if source.cut < source.pace.half + 2 * season {
        // A phase seen once cannot be told from what else happened then.
        let last = columns.len();
        CALENDAR.for_each(|back| columns[last - 1 - back].fill(0.0));
    }
    debug_assert!(columns.len() >= EXTRA);
    Booster::learn(&columns, &targets, &first, &Options::default())
}
