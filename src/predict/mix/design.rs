//! The scaled data and the columns of the baseline.

use std::f64::consts::TAU;

use super::history::{LiftTest, MixHistory, MixOptions};
use super::transform::start_level;

/// Parts of the baseline that share one variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Intercept,
    Slope,
    Level,
    Season,
    Control,
    Week,
}

impl Group {
    /// Groups whose variance is learned.
    pub const LEARNED: [Group; 4] = [Group::Level, Group::Season, Group::Control, Group::Week];
}

/// One column of the baseline, in all periods; all but the intercept have mean 0 over those with an outcome.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub group: Group,
    /// Standard deviation of its coefficient relative to the group's.
    pub weight: f64,
    pub values: Vec<f64>,
    /// Index of the control that it stands for.
    pub control: Option<usize>,
}

/// The data as the sampler sees them: outcome and spend near 1, known periods only.
#[derive(Debug, Clone)]
pub(super) struct Design {
    /// Periods with an outcome.
    pub rows: Vec<usize>,
    /// Outcome of those over `scale`, less its mean.
    pub y: Vec<f64>,
    pub y_mean: f64,
    pub scale: f64,
    pub columns: Vec<Column>,
    /// Spend over `spend_scale`, all periods.
    pub spend: Vec<Vec<f64>>,
    pub start: Vec<f64>,
    /// Money that 1 of `spend` stands for; 0 where nothing was spent.
    pub spend_scale: Vec<f64>,
    pub lift_tests: Vec<LiftTest>,
    pub periods_a_week: f64,
    /// Number of controls.
    pub controls: usize,
}

impl Design {
    pub fn new(history: &MixHistory, options: &MixOptions) -> Self {
        let rows: Vec<usize> = (0..history.periods()).filter(|&t| history.outcome[t].is_finite()).collect();
        let known = |t: &usize| history.outcome[*t];
        let scale = rows.iter().map(|t| known(t).abs()).sum::<f64>() / rows.len() as f64;
        let y_mean = rows.iter().map(known).sum::<f64>() / rows.len() as f64 / scale;
        let spend_scale: Vec<f64> = history.channels.iter().map(|c| typical(&c.spend)).collect();
        let spend: Vec<Vec<f64>> = history
            .channels
            .iter()
            .zip(&spend_scale)
            .map(|(c, &unit)| c.spend.iter().map(|x| if unit > 0.0 { x / unit } else { 0.0 }).collect())
            .collect();
        let lift_tests = history
            .lift_tests
            .iter()
            .map(|test| LiftTest { lift: test.lift / scale, error: test.error / scale, ..*test })
            .collect();
        Design {
            y: rows.iter().map(|t| known(t) / scale - y_mean).collect(),
            columns: baseline(history, options, &rows),
            start: spend.iter().map(|x| start_level(x, history.periods_a_week())).collect(),
            periods_a_week: history.periods_a_week(),
            controls: history.controls.len(),
            rows,
            y_mean,
            scale,
            spend,
            spend_scale,
            lift_tests,
        }
    }
}

impl Design {
    /// Whether this was made from `history`: the same outcome, spend and number of controls.
    pub fn is_of(&self, history: &MixHistory) -> bool {
        let is_same = |y: &f64, own: f64| (y - own).abs() <= 1e-9 * own.abs().max(self.scale);
        let outcome = |(&t, y): (&usize, &f64)| is_same(&history.outcome[t], (y + self.y_mean) * self.scale);
        let spend = |(c, unit): (usize, &f64)| {
            let given = &history.channels[c].spend;
            given.len() == self.periods()
                && given.iter().zip(&self.spend[c]).all(|(x, own)| (x - own * unit).abs() <= 1e-9 * unit)
        };
        history.periods() == self.periods()
            && history.channels.len() == self.spend.len()
            && history.controls.len() == self.controls
            && self.rows.len() == history.outcome.iter().filter(|y| y.is_finite()).count()
            && self.rows.iter().zip(&self.y).all(outcome)
            && self.spend_scale.iter().enumerate().all(spend)
    }

    /// Number of periods.
    fn periods(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }
}

/// Spend where a unit of money is typically spent: Σx² / Σx.
fn typical(spend: &[f64]) -> f64 {
    let sum: f64 = spend.iter().sum();
    if sum > 0.0 { spend.iter().map(|x| x * (x / sum)).sum() } else { 0.0 }
}

/// Intercept, slope, turning level, waves of the year, days of the week and controls.
fn baseline(history: &MixHistory, options: &MixOptions, rows: &[usize]) -> Vec<Column> {
    let periods = history.periods();
    let (first, last) = (rows[0] as f64, rows[rows.len() - 1] as f64);
    let span = (last - first).max(1.0);
    let intercept =
        Column { group: Group::Intercept, weight: 1.0, values: vec![1.0; periods], control: None };
    let mut columns = vec![intercept];
    let mut add = |group, weight, control, value: &dyn Fn(f64) -> f64| {
        let mut values: Vec<f64> = (0..periods).map(|t| value(t as f64)).collect();
        let mean = rows.iter().map(|&t| values[t]).sum::<f64>() / rows.len() as f64;
        values.iter_mut().for_each(|value| *value -= mean);
        if rows.iter().any(|&t| values[t].abs() > 1e-12) {
            columns.push(Column { group, weight, values, control });
        }
    };
    add(Group::Slope, 1.0, None, &|t| (t - first) / span);
    // The level is a broken line: one ramp between each two turning points.
    let turn = options.turn_every.max(1) as f64 * history.periods_a_week().max(1.0);
    let ramps = (span / turn).floor() as usize;
    for ramp in 0..if ramps > 1 { ramps } else { 0 } {
        let (from, width) = (first + span * ramp as f64 / ramps as f64, span / ramps as f64);
        add(Group::Level, 1.0, None, &|t| ((t - from) / width).clamp(0.0, 1.0));
    }
    if span + 1.0 >= history.season_length && history.season_length > 2.0 {
        for wave in (1..=options.waves).take_while(|&wave| 2.0 * wave as f64 <= history.season_length) {
            let turn = TAU * wave as f64 / history.season_length;
            add(Group::Season, 1.0 / wave as f64, None, &|t| (turn * t).sin());
            add(Group::Season, 1.0 / wave as f64, None, &|t| (turn * t).cos());
        }
    }
    // The last day of the week is what the others do not add up to.
    for day in 0..if history.is_daily() { 6 } else { 0 } {
        let is = |t: f64, day: usize| f64::from(u8::from(t as usize % 7 == day));
        add(Group::Week, 1.0, None, &|t| is(t, day) - is(t, 6));
    }
    for (at, control) in history.controls.iter().enumerate() {
        let mean = rows.iter().map(|&t| control.values[t]).sum::<f64>() / rows.len() as f64;
        let square = rows.iter().map(|&t| (control.values[t] - mean).powi(2)).sum::<f64>();
        let spread = (square / rows.len() as f64).sqrt();
        if spread > 0.0 {
            add(Group::Control, 1.0, Some(at), &|t| (control.values[t as usize] - mean) / spread);
        }
    }
    columns
}
