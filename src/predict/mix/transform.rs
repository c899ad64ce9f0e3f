//! Adstock and saturation: from spend to effect.

/// How a channel's spend becomes effect, in the model's scale of spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    /// Share carried to the next period.
    pub carry_over: f64,
    /// Level that brings half of the most.
    pub half: f64,
    /// Exponent.
    pub exponent: f64,
}

impl Shape {
    /// Hill's curve at `level`, between 0 and 1.
    #[inline]
    pub fn saturate(&self, level: f64) -> f64 {
        if level <= 0.0 { 0.0 } else { 1.0 / (1.0 + (self.half / level).powf(self.exponent)) }
    }

    /// The level after `spend`: geometric adstock whose weights sum to 1 (Broadbent 1979).
    #[inline]
    pub fn carried(&self, level: f64, spend: f64) -> f64 {
        self.carry_over * level + (1.0 - self.carry_over) * spend
    }

    /// Effect in every period; `start` is the level before the first one.
    pub fn effect(&self, spend: &[f64], start: f64, effect: &mut [f64]) {
        let mut level = start;
        let log_half = self.half.ln();
        for (out, &x) in effect.iter_mut().zip(spend) {
            level = self.carried(level, x);
            *out = match level > 0.0 {
                true => 1.0 / (1.0 + (self.exponent * (log_half - level.ln())).exp()),
                false => 0.0,
            };
        }
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
