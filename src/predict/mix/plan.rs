//! What spend in a coming window brings, after-effects included.

use super::fitted::{Estimate, Fitted};
use super::history::MixError;
use super::transform::Shape;

/// A window to plan: equal spend in each of its periods, right after the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanWindow {
    /// Periods in it.
    pub periods: usize,
}

/// A channel's response to the spend of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseBand {
    /// Spend of the whole window, rising from 0.
    pub spend: Vec<f64>,
    /// What it brings, in the window and after it.
    pub response: Vec<Estimate>,
    /// What earlier spend still brings in the window and after it, were nothing spent in it.
    pub carried_in: f64,
    /// Share of the response that comes after the window, at the widest spend.
    pub carried_out: f64,
}

/// Draws that a curve is taken from.
const DRAWS: usize = 400;
/// Longest window.
const LONGEST: usize = 100_000;

impl Fitted {
    /// Responses of a channel to `spend` (of the whole window).
    ///
    /// # Errors
    /// [`MixError`] where there is no such channel, a window of no or of more than 100,000 periods, or a spend
    /// that is not a finite number of 0 or more.
    pub fn response(
        &self,
        channel: usize,
        window: PlanWindow,
        spend: &[f64],
    ) -> Result<ResponseBand, MixError> {
        self.verify_plan(channel, window, spend)?;
        Ok(self.band(channel, window, spend))
    }

    pub(super) fn verify_plan(
        &self,
        channel: usize,
        window: PlanWindow,
        spend: &[f64],
    ) -> Result<(), MixError> {
        let channels = self.design.spend.len();
        if channel >= channels {
            return Err(MixError::NoChannel { channel, channels });
        }
        if !(1..=LONGEST).contains(&window.periods) {
            let range = "1 to 100,000";
            return Err(MixError::Plan { name: "periods", value: window.periods as f64, range });
        }
        match spend.iter().find(|x| !(x.is_finite() && **x >= 0.0)) {
            Some(&value) => {
                Err(MixError::Plan { name: "spend", value, range: "a finite number of 0 or more" })
            }
            None => Ok(()),
        }
    }

    fn band(&self, channel: usize, window: PlanWindow, spend: &[f64]) -> ResponseBand {
        let step = self.draws.len().div_ceil(DRAWS).max(1);
        let mut values = vec![Vec::new(); spend.len()];
        let (mut carried_in, mut after, mut whole, mut count) = (0.0, 0.0, 0.0, 0.0);
        for draw in self.draws.iter().step_by(step) {
            let shape = &draw.shapes[channel];
            let unit = self.design.spend_scale[channel] * window.periods as f64;
            let height = draw.heights[channel] * self.design.scale;
            let periods = window.periods + shape.lags();
            // Levels are linear in the spend of the window.
            let ones: Vec<f64> = (0..periods).map(|t| f64::from(u8::from(t < window.periods))).collect();
            let mut own = vec![0.0; periods];
            shape.levels(&ones, 0.0, &mut own);
            let before = self.left_by(channel, shape, periods);
            let run = |x: f64| {
                let (mut inside, mut outside) = (0.0, 0.0);
                for (t, (before, own)) in before.iter().zip(&own).enumerate() {
                    let value = height * shape.saturate(before + x * own);
                    if t < window.periods { inside += value } else { outside += value }
                }
                (inside, outside)
            };
            let nothing = run(0.0);
            for (values, &x) in values.iter_mut().zip(spend) {
                let scaled = if unit > 0.0 { x / unit } else { 0.0 };
                let with = run(scaled);
                values.push((with.0 + with.1) - (nothing.0 + nothing.1));
                if Some(&x) == spend.last() {
                    after += with.1 - nothing.1;
                    whole += (with.0 + with.1) - (nothing.0 + nothing.1);
                }
            }
            carried_in += nothing.0 + nothing.1;
            count += 1.0;
        }
        ResponseBand {
            spend: spend.to_vec(),
            response: values.into_iter().map(Estimate::of).collect(),
            carried_in: if count > 0.0 { carried_in / count } else { 0.0 },
            carried_out: if whole > 0.0 { after / whole } else { 0.0 },
        }
    }

    /// Levels that the history's spend leaves in the periods after it.
    fn left_by(&self, channel: usize, shape: &Shape, periods: usize) -> Vec<f64> {
        let history = &self.design.spend[channel];
        let mut spend = history.clone();
        spend.resize(history.len() + periods, 0.0);
        let mut levels = vec![0.0; spend.len()];
        shape.levels(&spend, self.design.start[channel], &mut levels);
        levels.split_off(history.len())
    }

    /// What earlier spend leaves of the level in the periods after the history, in money: the mean of the draws.
    ///
    /// # Errors
    /// [`MixError`] where there is no such channel or a window of no or of more than 100,000 periods.
    pub fn carried_levels(&self, channel: usize, window: PlanWindow) -> Result<Vec<f64>, MixError> {
        self.verify_plan(channel, window, &[])?;
        let mut sums = vec![0.0; window.periods];
        for draw in &self.draws {
            let levels = self.left_by(channel, &draw.shapes[channel], window.periods);
            sums.iter_mut().zip(levels).for_each(|(sum, level)| *sum += level);
        }
        let unit = self.design.spend_scale[channel] / self.draws.len().max(1) as f64;
        Ok(sums.into_iter().map(|sum| sum * unit).collect())
    }
}
