//! What a plan by period takes from a fitted history: curves of a period, carry-over, days.

use super::read::History;
use super::readout::POINTS;
use crate::decide::advertising::pacing::Carry;
use crate::predict::mix::{Fitted, Hill, MixError, PlanWindow, fit_hill};

/// Part of an effect that a plan by period does not follow.
const REST: f64 = 1e-3;

/// A channel in a plan by period.
#[derive(Debug, Clone)]
pub(super) struct Paced {
    pub curve: Hill,
    pub carry: Carry,
    /// Greatest spend of a period.
    pub most: f64,
    pub current: f64,
}

impl History {
    /// Least and greatest spend of the window, or of a period where spend is planned by period.
    pub(super) fn ends(&self, channel: usize) -> (f64, f64) {
        match self.is_paced {
            true => (0.0, (self.reach * self.greatest(channel)).max(self.rate(channel))),
            false => (self.limits[channel].min, self.most(channel, self.usual(channel))),
        }
    }

    /// Spend of now, of the window or of a period likewise.
    pub(super) fn rate(&self, channel: usize) -> f64 {
        let usual = self.usual(channel);
        if self.is_paced { usual / self.window as f64 } else { usual }
    }

    /// A channel's curve of one period and its carry-over; `None` where it has no curve.
    pub(super) fn paced(
        &self,
        fitted: &Fitted,
        channel: usize,
        weights: &[f64],
    ) -> Result<Option<Paced>, MixError> {
        let (most, current) = (self.ends(channel).1, self.rate(channel));
        let grid: Vec<f64> = (0..=POINTS).map(|i| most * i as f64 / POINTS as f64).collect();
        let steady = fitted.steady(channel, &grid)?;
        let points: Vec<(f64, f64)> = grid.into_iter().zip(steady).collect();
        // What comes later than nearly all is not followed.
        let mut sum = 0.0;
        let kept = weights.iter().position(|weight| {
            sum += weight;
            sum > 1.0 - REST
        });
        let weights = weights[..kept.map_or(weights.len(), |last| last + 1)].to_vec();
        let window = PlanWindow { periods: self.window + weights.len() };
        let before = fitted.carried_levels(channel, window)?;
        let carry = Carry { weights, before };
        Ok(fit_hill(&points).map(|curve| Paced { curve, carry, most, current }))
    }

    /// First days of the plan's periods.
    pub(super) fn days_ahead(&self) -> Vec<i32> {
        let last = self.periods.starts.last().copied().unwrap_or(0);
        (1..=self.window).map(|period| last + (period as f64 * self.periods.days).round() as i32).collect()
    }
}
