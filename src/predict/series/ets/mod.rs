//! Given a series, find the exponential smoothing form that explains it best and
//! forecast with it.
//!
//! Method: innovations state space models with automatic selection, R. J.
//! Hyndman, A. B. Koehler, J. K. Ord, R. D. Snyder (2008), "Forecasting with
//! Exponential Smoothing", doi:10.1007/978-3-540-71918-2; R. J. Hyndman, A. B.
//! Koehler, R. D. Snyder, S. Grose (2002), doi:10.1016/S0169-2070(01)00110-8.
//! Symbols follow the book.
//! Cost: time O(forms x evaluations x n), memory O(n + m), with n = buckets, m =
//! season length; about 0.5 ms for 104 weeks without and 3 ms for 120 months
//! with a season (`benches/series.rs`).
//! Use `theta.rs` instead when the series is short or only a trend and a level matter.
//! Not for: intermittent demand (`croston.rs`, `tsb.rs`); more than one season.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the book: seasonal states start at the indices of a classical
//! decomposition and are not optimised; seasons longer than 24 buckets are taken
//! out beforehand by harmonics (`season.rs`); multiplicative trends and
//! ETS(A,*,M) are not tried, the others that stay stable are. Smoothing
//! parameters keep to the usual range 0 < beta < alpha < 1, 0 < gamma < 1 -
//! alpha, 0.8 < phi < 0.98.

mod fit;
mod form;
mod start;

pub use form::{ErrorForm, Form, Parameters, Run, SeasonForm, TrendForm, run};

use self::fit::{Candidate, fit, replay};
use self::start::{LONGEST_SEASON, Start};
use super::calibration::{OneStep, calibrate, noise};
use super::history::History;
use super::method::{Fitted, Forecaster};
use super::predictive::{Part, Predictive};
use super::season::Season;
use super::short::ShortMean;

/// Exponential smoothing with automatic selection by AICc.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ets {
    /// Leave out forms with a trend.
    pub level_only: bool,
}

/// Fewest known values for any form.
const FEWEST_VALUES: usize = 6;

impl Forecaster for Ets {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        if history.season_length > LONGEST_SEASON {
            let season = Season::harmonic(history);
            let adjusted = season.remove(history.y);
            let plain = History { y: &adjusted, season_length: 1, ..*history };
            return self.fit_adjusted(&plain, season);
        }
        self.fit_adjusted(history, Season::none())
    }
}

impl Ets {
    fn fit_adjusted(self, history: &History<'_>, season: Season) -> Box<dyn Fitted> {
        match self.select(history) {
            Some(fitted) => Box::new(FittedEts { season, ..fitted }),
            None => ShortMean.fit(history),
        }
    }

    /// The form with the smallest AICc.
    fn select(self, history: &History<'_>) -> Option<FittedEts> {
        let start = Start::new(history);
        if start.count < FEWEST_VALUES {
            return None;
        }
        let mut buffer = Vec::with_capacity(history.season_length);
        let mut best: Option<Candidate> = None;
        for season in [SeasonForm::None, SeasonForm::Additive, SeasonForm::Multiplicative] {
            for trend in [TrendForm::None, TrendForm::Additive, TrendForm::Damped] {
                if self.level_only && trend != TrendForm::None {
                    continue;
                }
                let mut near: Option<Candidate> = None;
                for error in [ErrorForm::Additive, ErrorForm::Multiplicative] {
                    let form = Form { error, trend, season };
                    if !is_tried(form, start.positive) {
                        continue;
                    }
                    let Some(candidate) = fit(form, &start, &mut buffer, near.as_ref()) else {
                        continue;
                    };
                    if best.as_ref().is_none_or(|best| candidate.aicc < best.aicc) {
                        best = Some(candidate.clone());
                    }
                    near = Some(candidate);
                }
            }
        }
        Some(FittedEts::new(history, &start, &best?))
    }
}

/// ETS(A,*,M) is left out for its unstable variance (Hyndman et al. 2008, section
/// 15.2); relative errors and indices need values above zero.
fn is_tried(form: Form, positive: bool) -> bool {
    let relative = form.error == ErrorForm::Multiplicative || form.season == SeasonForm::Multiplicative;
    let unstable = form.error == ErrorForm::Additive && form.season == SeasonForm::Multiplicative;
    !unstable && (positive || !relative)
}

/// A fitted form at the end of its series.
#[derive(Debug, Clone)]
struct FittedEts {
    form: Form,
    parameters: Parameters,
    level: f64,
    slope: f64,
    /// Seasonal states in the order of the coming buckets.
    states: Vec<f64>,
    /// A long season that was taken out beforehand.
    season: Season,
    steps: OneStep,
    part: Part,
}

impl FittedEts {
    fn new(history: &History<'_>, start: &Start, candidate: &Candidate) -> Self {
        let (mut states, mut means) = (Vec::new(), vec![0.0; start.y.len()]);
        let run = replay(candidate, start, &mut states, |t, mean| means[t] = mean * start.unit);
        if !states.is_empty() {
            let phase = start.y.len() % states.len();
            states.rotate_left(phase);
        }
        if candidate.form.season == SeasonForm::Additive {
            states.iter_mut().for_each(|state| *state *= start.unit);
        }
        let error = history.y.iter().zip(&means).map(|(y, mean)| y - mean).collect();
        let parameters = candidate.form.parameter_count(states.len()) - 1;
        let steps = OneStep { mean: means, error, parameters };
        let relative = candidate.form.error == ErrorForm::Multiplicative;
        let p = candidate.parameters;
        let part = Part {
            beta: p.beta,
            phi: p.phi,
            gamma: p.gamma,
            season_length: history.season_length,
            ..Part::level(Vec::new(), p.alpha, noise(history, &steps, relative))
        };
        FittedEts {
            form: candidate.form,
            parameters: p,
            level: run.level * start.unit,
            slope: run.slope * start.unit,
            states,
            season: Season::none(),
            steps,
            part,
        }
    }

    fn mean_and_scale(&self, horizon: usize) -> (Vec<f64>, Vec<f64>) {
        let (mut level, mut slope) = (self.level, self.slope);
        let (mut mean, mut scale) = (Vec::with_capacity(horizon), Vec::with_capacity(horizon));
        for h in 0..horizon {
            slope *= self.parameters.phi;
            level += slope;
            let state = if self.states.is_empty() { 0.0 } else { self.states[h % self.states.len()] };
            let (value, worth) = match self.form.season {
                SeasonForm::None => (level, 1.0),
                SeasonForm::Additive => (level + state, 1.0),
                SeasonForm::Multiplicative => (level * state, state),
            };
            mean.push(value);
            scale.push(worth);
        }
        (mean, scale)
    }
}

impl Fitted for FittedEts {
    fn label(&self) -> String {
        self.season.label(self.form.to_string())
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let (mean, scale) = self.mean_and_scale(horizon);
        let mut part = Part { mean, scale, ..self.part.clone() };
        calibrate(&mut part, &self.steps);
        self.season.restore(&mut part);
        Predictive::single(part)
    }
}

#[cfg(test)]
mod tests;
