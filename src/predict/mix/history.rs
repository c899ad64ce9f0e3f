//! What a marketing mix model is fitted on.

use thiserror::Error;

/// A normal belief about a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, above 0.
    pub sd: f64,
}

/// What is believed of a channel before its data are seen; `None`: the usual, which is wide.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Beliefs {
    /// Share of the effect that comes after the period of the spend, between 0 and 1.
    pub carry_over: Option<Belief>,
    /// Spend a period, held for long, that brings half of the most, in money.
    pub half_saturation: Option<Belief>,
    /// Shape of the saturation curve.
    pub shape: Option<Belief>,
    /// Outcome for a unit of money over the history.
    pub roas: Option<Belief>,
}

/// One channel: its spend in every period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Spend (or another measure of exposure) by period, 0 or more.
    pub spend: Vec<f64>,
    /// What is believed of it.
    pub beliefs: Beliefs,
}

/// Something else that moves the outcome.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// Its value by period.
    pub values: Vec<f64>,
}

/// An experiment that measured what the spend of one channel in a window of periods brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiftTest {
    /// Index of the channel.
    pub channel: usize,
    /// First period of the window.
    pub from: usize,
    /// Last period of the window.
    pub to: usize,
    /// Last period whose outcome was measured; `None`: all after-effects were.
    pub until: Option<usize>,
    /// Share of the channel's spend in the window whose effect was measured, above 0 to 1.
    pub share: f64,
    /// Outcome that this spend brought, up to `until`.
    pub lift: f64,
    /// Standard error of `lift`, above 0.
    pub error: f64,
}

/// The history; all series have one entry a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MixHistory {
    /// Outcome (sales, revenue) by period; NaN where it is unknown: such a period is predicted.
    pub outcome: Vec<f64>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Controls.
    pub controls: Vec<Control>,
    /// Experiments that calibrate channels.
    pub lift_tests: Vec<LiftTest>,
    /// Periods of a year; from 300 to 400 a period is a day, and the days of the week get effects
    /// of their own.
    pub season_length: f64,
}

/// How the effect of spend is carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Adstock {
    /// Most at once, then less by the same share each period.
    #[default]
    Geometric,
    /// By a Weibull lifetime, which may peak after the spend.
    Weibull,
    /// Either of them, channel by channel, as probable as the data say.
    Auto,
}

/// Choices of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct MixOptions {
    /// Waves of the year (pairs of sine and cosine); higher ones are shrunk more.
    pub waves: usize,
    /// Periods (weeks where a period is shorter than a week) between two points at which the level may turn.
    pub turn_every: usize,
    /// Chains of draws, 1 to 64.
    pub chains: usize,
    /// Draws of a chain that only settle it, up to 1,000,000.
    pub settle: usize,
    /// Draws that each chain keeps, 1 to 100,000.
    pub draws: usize,
    /// Sweeps between two kept draws, 1 to 1,000.
    pub thin: usize,
    /// Mean share of the outcome that a channel may bring before its data are seen.
    pub share: f64,
    /// How the effect of spend is carried over.
    pub adstock: Adstock,
}

impl Default for MixOptions {
    fn default() -> Self {
        MixOptions {
            waves: 6,
            turn_every: 8,
            chains: 4,
            settle: 400,
            draws: 200,
            thin: 3,
            share: 0.1,
            adstock: Adstock::Geometric,
        }
    }
}

/// Why a model cannot be fitted.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MixError {
    /// Too few known periods.
    #[error("{known} periods have an outcome, at least {least} are needed")]
    TooShort {
        /// Periods with an outcome.
        known: usize,
        /// Least number of them.
        least: usize,
    },
    /// A series of another length.
    #[error("series {name} has {found} periods, the outcome has {wanted}")]
    Length {
        /// The series.
        name: String,
        /// Its periods.
        found: usize,
        /// Periods of the outcome.
        wanted: usize,
    },
    /// A value that is no finite number, or a negative spend.
    #[error("series {name} has {value} in period {period}; spend is 0 or more and every value a number")]
    Value {
        /// The series.
        name: String,
        /// The period, from 0.
        period: usize,
        /// What was found.
        value: f64,
    },
    /// A choice of the fit outside its range.
    #[error("the option {name} is {value}; it must be {range}")]
    Option {
        /// Which choice.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A channel that the history does not have.
    #[error("there is no channel {channel}: the history has {channels}, counted from 0")]
    NoChannel {
        /// Which channel was asked for.
        channel: usize,
        /// Channels of the history.
        channels: usize,
    },
    /// A spend that is no amount, or a window that is none.
    #[error("the plan has the {name} {value}; it must be {range}")]
    Plan {
        /// `spend` or `periods`.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A history that the model was not fitted on.
    #[error("the model was fitted on another history: give the one that it was fitted on")]
    OtherHistory,
    /// A limit or a cancel came before the first draw.
    #[error("the fit was stopped before it had a first draw")]
    Stopped,
    /// An outcome that never changes.
    #[error("the outcome is the same in every period: there is nothing to explain")]
    ConstantOutcome,
    /// A lift test that fits no channel or no period.
    #[error("lift test {at} names a channel, window, share or error that is not possible")]
    LiftTest {
        /// Index of the test.
        at: usize,
    },
    /// A belief without a positive standard deviation or with a mean that cannot be.
    #[error("a belief about channel {channel} has a mean or standard deviation that is not possible")]
    Belief {
        /// The channel.
        channel: String,
    },
}

/// Fewest periods with an outcome.
const LEAST: usize = 12;
/// Weeks of a year.
const WEEKS: f64 = 365.25 / 7.0;
/// Periods of a year that are days.
const DAYS: (f64, f64) = (300.0, 400.0);
/// Most numbers that the kept draws may hold: some 800 megabytes.
const MOST_KEPT: f64 = 1e8;

impl MixOptions {
    /// Says which choice is outside its range.
    pub(super) fn verify(&self, history: &MixHistory) -> Result<(), MixError> {
        let count = |name, value: usize, least: usize, most: usize, range| {
            let is_sound = (least..=most).contains(&value);
            if is_sound { Ok(()) } else { Err(MixError::Option { name, value: value as f64, range }) }
        };
        count("waves", self.waves, 0, 100, "0 to 100")?;
        count("turn_every", self.turn_every, 1, usize::MAX, "1 or more")?;
        count("chains", self.chains, 1, 64, "1 to 64")?;
        count("settle", self.settle, 0, 1_000_000, "up to 1,000,000")?;
        count("draws", self.draws, 1, 100_000, "1 to 100,000")?;
        count("thin", self.thin, 1, 1_000, "1 to 1,000")?;
        if !(self.share > 0.0 && self.share <= 100.0) {
            let range = "above 0, at most 100";
            return Err(MixError::Option { name: "share", value: self.share, range });
        }
        let width = 4 * history.channels.len() + 2 * self.waves + history.controls.len() + 32;
        let kept = self.chains as f64 * self.draws as f64;
        if kept * width as f64 > MOST_KEPT {
            let range =
                "fewer, as chains times draws of so many channels and controls do not fit into memory";
            return Err(MixError::Option { name: "draws", value: kept, range });
        }
        Ok(())
    }
}

impl MixHistory {
    /// Whether the spend of a channel that is spent on never changed, and no test tells what it brings.
    #[must_use]
    pub fn is_untold(&self, channel: usize) -> bool {
        let spend = self.channels.get(channel).map_or(&[][..], |channel| &channel.spend);
        let most = spend.iter().copied().fold(0.0, f64::max);
        let least = spend.iter().copied().fold(f64::INFINITY, f64::min);
        let is_tested = self.lift_tests.iter().any(|test| test.channel == channel);
        most > 0.0 && most - least <= 1e-3 * most && !is_tested
    }

    /// Number of periods.
    #[must_use]
    pub fn periods(&self) -> usize {
        self.outcome.len()
    }

    /// Whether a period is a day.
    pub(super) fn is_daily(&self) -> bool {
        (DAYS.0..=DAYS.1).contains(&self.season_length)
    }

    /// Periods of a week; 1 where nothing is known of the year.
    pub(super) fn periods_a_week(&self) -> f64 {
        let count = self.season_length / WEEKS;
        // A week is a week, however its year is counted.
        if count.is_finite() && count > 0.0 && !(0.9..1.1).contains(&count) { count } else { 1.0 }
    }

    /// Says what cannot be fitted, without fitting it.
    ///
    /// # Errors
    /// The first fault that [`fit`](super::fit) would stop at.
    pub fn verify(&self) -> Result<(), MixError> {
        let known: Vec<f64> = self.outcome.iter().copied().filter(|y| y.is_finite()).collect();
        if known.len() < LEAST {
            return Err(MixError::TooShort { known: known.len(), least: LEAST });
        }
        if known.iter().all(|y| *y == known[0]) {
            return Err(MixError::ConstantOutcome);
        }
        let spends = self.channels.iter().map(|channel| (&channel.name, &channel.spend, 0.0));
        let controls = self.controls.iter().map(|control| (&control.name, &control.values, f64::MIN));
        for (name, values, least) in spends.chain(controls) {
            if values.len() != self.periods() {
                let (found, wanted) = (values.len(), self.periods());
                return Err(MixError::Length { name: name.clone(), found, wanted });
            }
            let bad = values.iter().position(|value| !value.is_finite() || *value < least);
            if let Some(period) = bad {
                return Err(MixError::Value { name: name.clone(), period, value: values[period] });
            }
        }
        self.verify_tests()?;
        self.channels.iter().try_for_each(Channel::verify)
    }

    fn verify_tests(&self) -> Result<(), MixError> {
        let is_possible = |test: &LiftTest| {
            test.channel < self.channels.len()
                && test.from <= test.to
                && test.to < self.periods()
                && test.share > 0.0
                && test.share <= 1.0
                && test.lift.is_finite()
                && test.error > 0.0
                && test.error.is_finite()
        };
        match self.lift_tests.iter().position(|test| !is_possible(test)) {
            Some(at) => Err(MixError::LiftTest { at }),
            None => Ok(()),
        }
    }
}

impl Channel {
    fn verify(&self) -> Result<(), MixError> {
        let Beliefs { carry_over, half_saturation, shape, roas } = self.beliefs;
        let has_sd = |belief: Option<Belief>| {
            belief.is_none_or(|b| b.sd > 0.0 && b.sd.is_finite() && b.mean.is_finite())
        };
        let is_above = |belief: Option<Belief>| belief.is_none_or(|b| b.mean > 0.0);
        let share = carry_over.is_none_or(|b| b.mean >= 0.0 && b.mean < 1.0);
        let sound = [carry_over, half_saturation, shape, roas].into_iter().all(has_sd);
        match sound && share && is_above(half_saturation) && is_above(shape) {
            true => Ok(()),
            false => Err(MixError::Belief { channel: self.name.clone() }),
        }
    }
}
