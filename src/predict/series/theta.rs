//! Given a series, forecast half its trend and its smoothed level, both followed
//! as they change.
//!
//! Method: the theta method, V. Assimakopoulos, K. Nikolopoulos (2000),
//! doi:10.1016/S0169-2070(00)00066-2, in its dynamic optimised form, J. A.
//! Fiorucci, T. R. Pellegrini, F. Louzada, F. Petropoulos, A. B. Koehler (2016),
//! "Models for optimising the theta method and their relationship to state space
//! models", doi:10.1016/j.ijforecast.2016.02.005. Symbols follow the latter.
//! Cost: time O(evaluations x n), memory O(n), with n = buckets.
//! Use `ets` instead when the season changes over time.
//! Not for: intermittent demand.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: the season may be harmonics (`season.rs`); unknown
//! values count as their mean; theta is at most 1,000.

use super::calibration::{OneStep, calibrate, noise};
use super::history::{History, mean_of};
use super::method::{Fitted, Forecaster};
use super::nelder_mead::minimise;
use super::predictive::{Part, Predictive};
use super::season::Season;
use super::short::ShortMean;

/// The dynamic optimised theta method.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Theta;

/// Fewest known values.
const FEWEST_VALUES: usize = 6;

impl Forecaster for Theta {
    fn fit(&self, history: &History<'_>) -> Box<dyn Fitted> {
        if history.known_count() < FEWEST_VALUES {
            return ShortMean.fit(history);
        }
        let season = Season::find(history);
        let adjusted = season.remove(history.y);
        let size = mean_of(history.known().map(f64::abs));
        let unit = if size > 0.0 { size } else { 1.0 };
        let scaled: Vec<f64> = adjusted.iter().map(|y| y / unit).collect();
        let first = scaled.iter().copied().find(|y| !y.is_nan()).unwrap_or(0.0);
        let mut point = [0.0, 0.0, 0.0];
        let mut objective = |point: &[f64]| Model::at(point, first).run(&scaled, |_, _| {}).1;
        minimise(&mut objective, &mut point, 0.6, 200);
        minimise(&mut objective, &mut point, 0.2, 100);
        let model = Model::at(&point, first);
        let mut mean = vec![0.0; scaled.len()];
        let (state, _) = model.run(&scaled, |t, value| mean[t] = value * unit);
        // The first two means precede any trend and say nothing of the errors.
        let error = adjusted.iter().zip(&mean).enumerate();
        let error = error.map(|(t, (y, mean))| if t < 2 { f64::NAN } else { y - mean }).collect();
        let steps = OneStep { mean, error, parameters: 3 };
        let plain = History { y: &adjusted, ..*history };
        // The level follows alpha, the trend line adds the rest of its slope.
        let relative = plain.known().all(|y| y > 0.0) && steps.mean.iter().skip(2).all(|mean| *mean > 0.0);
        let part =
            Part::level(Vec::new(), model.alpha, noise(&plain, &steps, relative && season != Season::none()));
        Box::new(FittedTheta { model, state, unit, season, steps, part })
    }
}

/// Parameters of the dynamic theta model.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Model {
    /// First level [l_0].
    level: f64,
    /// Smoothing parameter [alpha].
    alpha: f64,
    /// Weight of the second theta line [theta].
    theta: f64,
}

/// Level, running mean and trend line after `t` buckets.
#[derive(Debug, Clone, Copy, PartialEq)]
struct State {
    level: f64,
    mean: f64,
    /// Intercept [A_t] and slope [B_t] of the line through all values so far.
    intercept: f64,
    slope: f64,
    /// (1 - alpha)^t.
    decay: f64,
    t: f64,
}

impl Model {
    /// Parameters at a point of the search: alpha in (0.01, 0.99), theta in [1, 1000].
    fn at(point: &[f64], first: f64) -> Self {
        Model {
            alpha: 0.01 + 0.98 / (1.0 + (-point[0]).exp()),
            level: 0.5 * first + 0.3 * point[1],
            theta: 1.0 + point[2].clamp(-20.0, 6.9).exp(),
        }
    }

    fn start(&self) -> State {
        State { level: self.level, mean: 0.0, intercept: 0.0, slope: 0.0, decay: 1.0, t: 0.0 }
    }

    /// Mean of the next bucket (equation 15 of the paper).
    fn mean(&self, s: &State) -> f64 {
        let line = s.decay * s.intercept + (1.0 - s.decay * (1.0 - self.alpha)) / self.alpha * s.slope;
        s.level + (1.0 - 1.0 / self.theta) * line
    }

    /// Takes one value in (equations 16 to 19).
    fn step(&self, s: &mut State, y: f64) {
        s.t += 1.0;
        s.level += self.alpha * (y - s.level);
        s.slope =
            if s.t < 2.0 { 0.0 } else { ((s.t - 2.0) * s.slope + 6.0 / s.t * (y - s.mean)) / (s.t + 1.0) };
        s.mean += (y - s.mean) / s.t;
        s.intercept = s.mean - 0.5 * (s.t + 1.0) * s.slope;
        s.decay *= 1.0 - self.alpha;
    }

    /// Runs over `y`; gives the last state and the sum of squared errors from the
    /// third bucket on.
    fn run(&self, y: &[f64], mut visit: impl FnMut(usize, f64)) -> (State, f64) {
        let (mut state, mut squares) = (self.start(), 0.0);
        for (t, &value) in y.iter().enumerate() {
            let mean = self.mean(&state);
            visit(t, mean);
            if value.is_nan() {
                self.step(&mut state, mean);
                continue;
            }
            if t >= 2 {
                squares += (value - mean) * (value - mean);
            }
            self.step(&mut state, value);
        }
        (state, squares)
    }
}

#[derive(Debug)]
struct FittedTheta {
    model: Model,
    state: State,
    unit: f64,
    season: Season,
    steps: OneStep,
    part: Part,
}

impl Fitted for FittedTheta {
    fn label(&self) -> String {
        self.season.label("theta (dynamic optimised)".to_owned())
    }

    fn predict(&self, horizon: usize) -> Predictive {
        let mut state = self.state;
        let mut mean = Vec::with_capacity(horizon);
        for _ in 0..horizon {
            let next = self.model.mean(&state);
            self.model.step(&mut state, next);
            mean.push(next * self.unit);
        }
        let mut part = Part::level(mean, self.part.alpha, self.part.noise.clone());
        calibrate(&mut part, &self.steps);
        self.season.restore(&mut part);
        Predictive::single(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_least_squares_at_every_step() {
        let y = [3.0, 5.0, 4.0, 8.0, 9.0];
        let model = Model { level: 0.0, alpha: 0.3, theta: 2.0 };
        let (state, _) = model.run(&y, |_, _| {});
        // Least squares by hand: slope 15 / 10, mean 5.8.
        assert!((state.slope - 1.5).abs() < 1e-12);
        assert!((state.intercept - (5.8 - 3.0 * 1.5)).abs() < 1e-12);
    }

    #[test]
    fn theta_of_one_is_simple_smoothing() {
        let y = [3.0, 5.0, 4.0, 8.0];
        let model = Model { level: 3.0, alpha: 0.5, theta: 1.0 };
        let (state, _) = model.run(&y, |_, _| {});
        assert!((model.mean(&state) - 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_straight_line_goes_on() {
        let y: Vec<f64> = (0..40).map(|t| 10.0 + 2.0 * f64::from(t)).collect();
        let history = History { y: &y, season_length: 1, nonnegative: true, integers: false };
        let mean = Theta.fit(&history).predict(3).mean();
        for (h, value) in mean.iter().enumerate() {
            let wanted = 10.0 + 2.0 * (40 + h) as f64;
            assert!((value / wanted - 1.0).abs() < 0.02, "{value} {wanted}");
        }
    }
}
