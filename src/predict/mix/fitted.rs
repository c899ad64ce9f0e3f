//! What the draws say: who brought what, with intervals, and what is to come.

use rayon::prelude::*;

use super::design::{Design, Group};
use super::history::{Beliefs, MixError, MixHistory, MixOptions};
use super::plan::PlanWindow;
use super::sampler::{Chain, Draw};
use super::transform::Shape;
use crate::control::Control;

/// A number with the interval that holds it with 90 %.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// Mean.
    pub mean: f64,
    /// 5 % quantile.
    pub low: f64,
    /// 95 % quantile.
    pub high: f64,
}

impl Estimate {
    /// The mean and interval of draws.
    pub(super) fn of(mut values: Vec<f64>) -> Self {
        if values.is_empty() {
            return Estimate { mean: f64::NAN, low: f64::NAN, high: f64::NAN };
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.sort_by(f64::total_cmp);
        let at = |p: f64| crate::predict::series::quantile_of_sorted(&values, p);
        Estimate { mean, low: at(0.05), high: at(0.95) }
    }
}

/// Whether the data tell what a channel brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identified {
    /// They do.
    Yes,
    /// Hardly: the interval is about as wide as it was before the data were seen.
    Weakly,
    /// Spend never changed, so the channel cannot be told from the baseline; what stands is belief.
    Constant,
    /// Nothing was ever spent.
    NeverSpent,
}

/// A fitted model.
#[derive(Debug, Clone)]
pub struct Fitted {
    pub(super) design: Design,
    pub(super) draws: Vec<Draw>,
    /// Whether the data tell what a channel brings, by channel.
    pub identified: Vec<Identified>,
    /// Share of the outcome's variance that the model explains, in the known periods.
    pub r2: f64,
    /// Greatest potential scale reduction of the channels' totals: near 1 when the chains agree
    /// (A. Gelman, D. B. Rubin 1992, doi:10.1214/ss/1177011136).
    pub scale_reduction: f64,
    /// Whether a limit or a cancel ended the fit before it had all its draws.
    pub is_cut_short: bool,
    /// Draws of each chain, one chain after the other in `draws`.
    lengths: Vec<usize>,
}

/// Parts of the outcome by period; they add up to it where it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// Level and trend.
    pub baseline: Vec<f64>,
    /// Waves of the year.
    pub season: Vec<f64>,
    /// Days of the week; 0 where periods are no days.
    pub week: Vec<f64>,
    /// By control and period.
    pub controls: Vec<Vec<f64>>,
    /// By channel and period.
    pub channels: Vec<Vec<f64>>,
    /// What the model does not explain; 0 where the outcome is unknown.
    pub unexplained: Vec<f64>,
}

impl Decomposition {
    /// The sum of all parts but the unexplained one: what the model expects.
    #[must_use]
    pub fn expected(&self) -> Vec<f64> {
        let parts = self.controls.iter().chain(&self.channels);
        let base = self.baseline.iter().zip(&self.season).zip(&self.week);
        let base = base.map(|((a, b), c)| a + b + c).collect();
        parts.fold(base, |sum: Vec<f64>, part| sum.iter().zip(part).map(|(a, b)| a + b).collect())
    }
}

/// Fits the model.
///
/// # Errors
/// [`MixError`] says what in the history does not fit.
pub fn fit(history: &MixHistory, options: &MixOptions, control: &Control) -> Result<Fitted, MixError> {
    history.verify()?;
    options.verify(history)?;
    let control = &control.started();
    let design = Design::new(history, options);
    let beliefs: Vec<Beliefs> = history.channels.iter().map(|channel| channel.beliefs).collect();
    let runs: Vec<Vec<Draw>> = control.install(|| {
        let run = |chain| {
            let chain = Chain::new(&design, &beliefs, options, control.seed, chain);
            chain.run(options, || control.should_stop())
        };
        (0..options.chains as u64).into_par_iter().map(run).collect()
    });
    let lengths: Vec<usize> = runs.iter().map(Vec::len).collect();
    let draws: Vec<Draw> = runs.into_iter().flatten().collect();
    if draws.is_empty() {
        return Err(MixError::Stopped);
    }
    let mut fitted = Fitted {
        design,
        draws,
        identified: vec![Identified::Yes; history.channels.len()],
        r2: f64::NAN,
        scale_reduction: f64::NAN,
        is_cut_short: lengths.iter().any(|&length| length < options.draws),
        lengths,
    };
    fitted.judge(history, options);
    Ok(fitted)
}

impl Fitted {
    /// Effect of a channel in every period under a draw, in units of outcome.
    fn effect(&self, draw: &Draw, channel: usize) -> Vec<f64> {
        let spend = &self.design.spend[channel];
        let mut effect = vec![0.0; spend.len()];
        draw.shapes[channel].effect(spend, self.design.start[channel], &mut effect);
        let height = draw.heights[channel] * self.design.scale;
        effect.iter_mut().for_each(|value| *value *= height);
        effect
    }

    /// What every channel and every other part brought, by period: the mean of the draws.
    ///
    /// # Errors
    /// [`MixError::OtherHistory`] where `history` is not the one that was fitted.
    pub fn decomposition(&self, history: &MixHistory) -> Result<Decomposition, MixError> {
        if !self.design.is_of(history) {
            return Err(MixError::OtherHistory);
        }
        Ok(self.parts(history))
    }

    fn parts(&self, history: &MixHistory) -> Decomposition {
        let (periods, scale) = (history.periods(), self.design.scale);
        let mean = |of: &dyn Fn(&Draw) -> f64| {
            self.draws.iter().map(of).sum::<f64>() / self.draws.len().max(1) as f64
        };
        let channels: Vec<Vec<f64>> = (0..history.channels.len())
            .map(|c| {
                let mut sum = vec![0.0; periods];
                for draw in &self.draws {
                    sum.iter_mut().zip(self.effect(draw, c)).for_each(|(sum, value)| *sum += value);
                }
                sum.iter().map(|value| value / self.draws.len().max(1) as f64).collect()
            })
            .collect();
        let mut parts = Decomposition {
            baseline: vec![scale * mean(&|draw| draw.intercept); periods],
            season: vec![0.0; periods],
            week: vec![0.0; periods],
            controls: vec![vec![0.0; periods]; history.controls.len()],
            channels,
            unexplained: vec![0.0; periods],
        };
        for (at, column) in self.design.columns.iter().enumerate() {
            let coefficient = scale * mean(&|draw| draw.baseline[at]);
            let part = match (column.group, column.control) {
                (Group::Season, _) => &mut parts.season,
                (Group::Week, _) => &mut parts.week,
                (_, Some(control)) => &mut parts.controls[control],
                _ => &mut parts.baseline,
            };
            part.iter_mut().zip(&column.values).for_each(|(part, value)| *part += coefficient * value);
        }
        let expected = parts.expected();
        for (t, y) in history.outcome.iter().enumerate().filter(|(_, y)| y.is_finite()) {
            parts.unexplained[t] = y - expected[t];
        }
        parts
    }

    /// What each channel brought in the known periods, with its interval.
    #[must_use]
    pub fn contributions(&self) -> Vec<Estimate> {
        (0..self.design.spend.len()).map(|c| Estimate::of(self.totals(c))).collect()
    }

    /// What a channel brought in the known periods, by draw.
    pub(super) fn totals(&self, channel: usize) -> Vec<f64> {
        let total = |draw: &Draw| {
            let effect = self.effect(draw, channel);
            self.design.rows.iter().map(|&t| effect[t]).sum()
        };
        self.draws.iter().map(total).collect()
    }

    /// Share of the effect that comes after the period of the spend, by channel.
    #[must_use]
    pub fn carry_over(&self) -> Vec<Estimate> {
        self.shapes(|shape, _| if shape.is_geometric() { shape.carry_over } else { shape.survival(1.0) })
    }

    /// Periods from the spend to the one in which most of its effect comes, by channel; 0 for geometric adstock.
    #[must_use]
    pub fn peak(&self) -> Vec<Estimate> {
        self.shapes(|shape, _| if shape.is_geometric() { 0.0 } else { shape.peak() as f64 })
    }

    /// Share of the draws in which a channel's carry-over is Weibull: how probable that is where the kind was to be found.
    #[must_use]
    pub fn weibull_share(&self) -> Vec<f64> {
        let share = |estimate: Estimate| estimate.mean;
        self.shapes(|shape, _| f64::from(u8::from(!shape.is_geometric()))).into_iter().map(share).collect()
    }

    /// Share of the effect of a spend that comes so many periods later, by channel: the mean of the draws.
    #[must_use]
    pub fn carry_weights(&self) -> Vec<Vec<f64>> {
        let mut all = vec![Vec::new(); self.design.spend.len()];
        for draw in &self.draws {
            for (sum, shape) in all.iter_mut().zip(&draw.shapes) {
                let weights = shape.weights();
                sum.resize(sum.len().max(weights.len()), 0.0);
                sum.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
            }
        }
        let count = self.draws.len().max(1) as f64;
        all.iter_mut().flatten().for_each(|sum| *sum /= count);
        all
    }

    /// What a channel brings a period at spends held for long: the mean of the draws.
    ///
    /// # Errors
    /// [`MixError`] where there is no such channel or a spend is not a finite number of 0 or more.
    pub fn steady(&self, channel: usize, spend: &[f64]) -> Result<Vec<f64>, MixError> {
        self.verify_plan(channel, PlanWindow { periods: 1 }, spend)?;
        let unit = self.design.spend_scale[channel];
        let at = |x: f64| -> f64 {
            let of = |draw: &Draw| draw.heights[channel] * draw.shapes[channel].saturate(x / unit);
            let sum: f64 = if unit > 0.0 { self.draws.iter().map(of).sum() } else { 0.0 };
            sum / self.draws.len().max(1) as f64 * self.design.scale
        };
        Ok(spend.iter().map(|&x| at(x)).collect())
    }

    /// Spend a period, held for long, that brings half of the most, in money, by channel.
    #[must_use]
    pub fn half_saturation(&self) -> Vec<Estimate> {
        self.shapes(|shape, unit| shape.half * unit)
    }

    /// Shape of the saturation curve, by channel.
    #[must_use]
    pub fn shape(&self) -> Vec<Estimate> {
        self.shapes(|shape, _| shape.exponent)
    }

    fn shapes(&self, of: impl Fn(&Shape, f64) -> f64) -> Vec<Estimate> {
        let unit = &self.design.spend_scale;
        let one =
            |c: usize| Estimate::of(self.draws.iter().map(|draw| of(&draw.shapes[c], unit[c])).collect());
        (0..unit.len()).map(one).collect()
    }

    /// Number of draws that it rests on.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.draws.len()
    }

    /// Standard deviation of what the model does not explain.
    #[must_use]
    pub fn noise(&self) -> f64 {
        let sum: f64 = self.draws.iter().map(|draw| draw.noise).sum();
        sum / self.draws.len().max(1) as f64 * self.design.scale
    }

    fn judge(&mut self, history: &MixHistory, options: &MixOptions) {
        let parts = self.parts(history);
        let rows = &self.design.rows;
        let mean = rows.iter().map(|&t| history.outcome[t]).sum::<f64>() / rows.len() as f64;
        let square = |of: &dyn Fn(usize) -> f64| rows.iter().map(|&t| of(t).powi(2)).sum::<f64>();
        self.r2 = 1.0 - square(&|t| parts.unexplained[t]) / square(&|t| history.outcome[t] - mean);
        let before = options.share * 1.25 * mean.abs() * rows.len() as f64;
        for (c, channel) in history.channels.iter().enumerate() {
            let totals = self.totals(c);
            let most = channel.spend.iter().copied().fold(0.0, f64::max);
            self.identified[c] = if most <= 0.0 {
                Identified::NeverSpent
            } else if history.is_untold(c) {
                Identified::Constant
            } else if spread(&totals) > 0.4 * before && channel.beliefs.roas.is_none() {
                Identified::Weakly
            } else {
                Identified::Yes
            };
            if most > 0.0 {
                self.scale_reduction = self.scale_reduction.max(reduction(&totals, &self.lengths));
            }
        }
    }
}

/// Standard deviation.
fn spread(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// Potential scale reduction of chains of these lengths, one after the other in `values`; of chains that were
/// cut short as many draws of each are taken as the shortest has.
fn reduction(values: &[f64], lengths: &[usize]) -> f64 {
    let length = lengths.iter().copied().min().unwrap_or(0);
    if lengths.len() < 2 || length < 2 {
        return f64::NAN;
    }
    let mut rest = values;
    let parts: Vec<&[f64]> = lengths
        .iter()
        .map(|&own| {
            let (part, others) = rest.split_at(own.min(rest.len()));
            rest = others;
            &part[..length.min(part.len())]
        })
        .collect();
    let means: Vec<f64> = parts.iter().map(|part| part.iter().sum::<f64>() / length as f64).collect();
    let within = parts.iter().map(|part| spread(part).powi(2)).sum::<f64>() / parts.len() as f64;
    let between = spread(&means).powi(2);
    ((within + between) / within).sqrt()
}
