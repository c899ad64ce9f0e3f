//! Given a channel's spend, find its effect: carried over by adstock, saturated by Hill's curve.
//!
//! Method: of a period's spend the share w_j works j periods later. Geometric adstock (S. Broadbent
//! 1979, "One way TV advertisements work", Journal of the Market Research Society 21) has
//! w_j = (1 - d) d^j. Weibull adstock takes for w_j the chance that a Weibull lifetime falls between j and j + 1,
//! S(j) - S(j + 1) with S(x) = exp(-(x / scale)^shape): the flavour called PDF, whose effect may peak
//! after the spend (a shape above 1); the one called CDF, which lets the effect survive by S(j), always falls and
//! is not this one. Shape 1 is geometric adstock with d = exp(-1 / scale), so the scale is kept as that d.
//! Cost: geometric O(periods), Weibull O(periods x lags).
//! Use a control of its own instead when the effect does not follow spend.
//! Not for: effects that depend on the order of spends.
//! Same input gives the same answer: yes.
//! Differs from the papers: Weibull weights sum to 1 rather than having the greatest at 1.

use super::history::LiftTest;

/// How a channel's spend becomes effect, in the model's scale of spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    /// exp(-1 / scale) of the lifetime: where `delay` is 1, the share carried to the next period.
    pub carry_over: f64,
    /// Level that brings half of the most.
    pub half: f64,
    /// Exponent.
    pub exponent: f64,
    /// Shape of the Weibull lifetime; 1 for geometric adstock.
    pub delay: f64,
}

/// Part of an effect that is not followed any further.
const REST: f64 = 1e-4;
/// Most periods that an effect is followed.
const LONGEST: usize = 2_000;

impl Shape {
    /// Hill's curve at `level`, between 0 and 1.
    #[inline]
    pub fn saturate(&self, level: f64) -> f64 {
        if level <= 0.0 { 0.0 } else { 1.0 / (1.0 + (self.half / level).powf(self.exponent)) }
    }

    /// Whether carry-over is geometric.
    #[inline]
    pub fn is_geometric(&self) -> bool {
        self.delay == 1.0
    }

    /// The level after `spend` under geometric adstock, whose weights sum to 1.
    #[inline]
    fn carried(&self, level: f64, spend: f64) -> f64 {
        self.carry_over * level + (1.0 - self.carry_over) * spend
    }

    /// Periods of scale of the lifetime.
    pub fn scale(&self) -> f64 {
        -1.0 / self.carry_over.ln()
    }

    /// Share of the effect that comes `x` periods after the spend or later.
    pub fn survival(&self, x: f64) -> f64 {
        (-(x / self.scale()).powf(self.delay)).exp()
    }

    /// Periods after which all but a ten-thousandth of the effect has come.
    pub fn lags(&self) -> usize {
        let lags = self.scale().max(1e-9) * (-REST.ln()).powf(1.0 / self.delay);
        (lags.ceil() as usize).clamp(1, LONGEST)
    }

    /// Shares of the effect by lag; they sum to 1.
    pub fn weights(&self) -> Vec<f64> {
        let lags = self.lags();
        let all = 1.0 - self.survival(lags as f64);
        let ends: Vec<f64> = (0..=lags).map(|lag| self.survival(lag as f64)).collect();
        ends.windows(2).map(|pair| (pair[0] - pair[1]) / all).collect()
    }

    /// The period after the spend in which most of its effect comes, counted from that of the spend.
    pub fn peak(&self) -> usize {
        let weights = self.weights();
        (0..weights.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b]).then(b.cmp(&a))).unwrap_or(0)
    }

    /// The level in every period; `start` is the spend of all periods before the first one.
    pub fn levels(&self, spend: &[f64], start: f64, levels: &mut [f64]) {
        if self.is_geometric() {
            let mut level = start;
            for (out, &x) in levels.iter_mut().zip(spend) {
                level = self.carried(level, x);
                *out = level;
            }
            return;
        }
        let weights = self.weights();
        let mut before = 1.0;
        for (t, out) in levels.iter_mut().enumerate() {
            let seen = weights.len().min(t + 1);
            before -= weights.get(t).copied().unwrap_or(0.0);
            let own: f64 = weights[..seen].iter().zip(spend[..=t].iter().rev()).map(|(w, x)| w * x).sum();
            *out = own + before.max(0.0) * start;
        }
    }

    /// Effect in every period; `start` is the spend of all periods before the first one.
    pub fn effect(&self, spend: &[f64], start: f64, effect: &mut [f64]) {
        self.levels(spend, start, effect);
        let log_half = self.half.ln();
        for out in effect {
            *out = match *out > 0.0 {
                true => 1.0 / (1.0 + (self.exponent * (log_half - out.ln())).exp()),
                false => 0.0,
            };
        }
    }

    /// Effect of the spend that a test was about, as far as it was measured; full saturation is 1.
    pub fn brought(&self, spend: &[f64], start: f64, test: &LiftTest) -> f64 {
        let LiftTest { from, to, until, share, .. } = *test;
        let is_seen = |t: usize| t >= from && until.is_none_or(|until| t <= until);
        let last = spend.last().copied().unwrap_or(0.0);
        // Spend after the history is taken as the last one.
        let with: Vec<f64> = spend.iter().copied().chain((0..self.lags()).map(|_| last)).collect();
        let mut without = with.clone();
        without[from..=to].iter_mut().for_each(|x| *x *= 1.0 - share);
        let mut levels = vec![0.0; with.len()];
        let mut sum = |spend: &[f64]| -> f64 {
            self.levels(spend, start, &mut levels);
            (from..levels.len()).filter(|&t| is_seen(t)).map(|t| self.saturate(levels[t])).sum()
        };
        sum(&with) - sum(&without)
    }
}

/// Periods (weeks where they are shorter) whose mean spend stands for the spend before the history.
const BEFORE: usize = 8;

/// The level before the first period: as if spend had been what it was at first.
pub(super) fn start_level(spend: &[f64], periods_a_week: f64) -> f64 {
    let before = (BEFORE as f64 * periods_a_week.max(1.0)).round() as usize;
    let count = before.min(spend.len()).max(1);
    spend.iter().take(count).sum::<f64>() / count as f64
}
