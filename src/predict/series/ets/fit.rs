//! Maximum likelihood for one form.

use super::form::{ErrorForm, Form, Parameters, Run, SeasonForm, TrendForm, run};
use super::start::Start;
use crate::predict::series::nelder_mead::{MOST_VARIABLES, minimise};

/// Range of the damping parameter [phi].
const DAMPING: (f64, f64) = (0.8, 0.98);

/// Distance of a smoothing parameter from the ends of its range.
const MARGIN: f64 = 1e-4;

/// One fitted form.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) form: Form,
    pub(super) parameters: Parameters,
    /// Corrected Akaike criterion.
    pub(super) aicc: f64,
    point: [f64; MOST_VARIABLES],
}

/// Fits `form`; starts from `near` where a fit of a neighbouring form is given.
/// `None` where the form cannot be estimated from so few values.
pub(super) fn fit(
    form: Form,
    start: &Start,
    buffer: &mut Vec<f64>,
    near: Option<&Candidate>,
) -> Option<Candidate> {
    let season = start.season(form.season)?;
    let k = form.parameter_count(season.len()) as f64;
    let n = start.count as f64;
    if n < k + 2.0 {
        return None;
    }
    let variables = variable_count(form);
    let line = start.level_and_slope(form.season);
    buffer.resize(season.len(), 0.0);
    let mut objective = |point: &[f64]| {
        buffer.copy_from_slice(season);
        run(form, &parameters_of(form, line, point), &start.y, buffer, |_, _| {}).likelihood()
            + prior(form, point)
    };
    let mut point = match near {
        Some(candidate) => candidate.point,
        None => first_point(form),
    };
    let budget = if near.is_some() { 40 } else { 70 } * variables;
    minimise(&mut objective, &mut point[..variables], if near.is_some() { 0.15 } else { 0.6 }, budget);
    let value = minimise(&mut objective, &mut point[..variables], 0.2, budget / 2);
    let aicc = value + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
    aicc.is_finite().then(|| Candidate { form, parameters: parameters_of(form, line, &point), aicc, point })
}

/// Runs a candidate over its series; the seasonal states end in `season`.
pub(super) fn replay(
    candidate: &Candidate,
    start: &Start,
    season: &mut Vec<f64>,
    visit: impl FnMut(usize, f64),
) -> Run {
    season.clear();
    season.extend_from_slice(start.season(candidate.form.season).unwrap_or(&[]));
    run(candidate.form, &candidate.parameters, &start.y, season, visit)
}

fn variable_count(form: Form) -> usize {
    let trend = match form.trend {
        TrendForm::None => 0,
        TrendForm::Additive => 2,
        TrendForm::Damped => 3,
    };
    2 + trend + usize::from(form.season != SeasonForm::None)
}

/// A weak normal prior that keeps level and slope near the first line; short
/// series would otherwise spend them on their first values.
fn prior(form: Form, point: &[f64]) -> f64 {
    let slope = if form.trend == TrendForm::None { 0.0 } else { point[2] };
    point[1] * point[1] + slope * slope
}

/// Order of the variables: alpha, level, then slope and beta, phi, gamma as far
/// as the form has them. Smoothing parameters go through the logistic function,
/// so that every point lies in the usual range: 0 < alpha < 1,
/// 0 < beta < alpha, 0 < gamma < 1 - alpha. Level and slope are distances from
/// the first `line` in steps of the size that they usually move.
fn parameters_of(form: Form, line: (f64, f64), point: &[f64]) -> Parameters {
    let alpha = between(point[0], MARGIN, 1.0 - MARGIN);
    let mut p = Parameters { alpha, beta: 0.0, gamma: 0.0, phi: 1.0, level: 0.0, slope: 0.0 };
    let first = if form.trend == TrendForm::None { line.0 + LINE_MIDDLE * line.1 } else { line.0 };
    let positive = form.error == ErrorForm::Multiplicative || form.season == SeasonForm::Multiplicative;
    p.level = if positive && first <= 0.0 { 0.5 } else { first } + LEVEL_STEP * point[1];
    let mut next = 2;
    if form.trend != TrendForm::None {
        p.slope = line.1 + SLOPE_STEP * point[2];
        p.beta = between(point[3], MARGIN * alpha, alpha);
        next = 4;
    }
    if form.trend == TrendForm::Damped {
        p.phi = between(point[4], DAMPING.0, DAMPING.1);
        next = 5;
    }
    if form.season != SeasonForm::None {
        p.gamma = between(point[next], MARGIN * (1.0 - alpha), 1.0 - alpha);
    }
    p
}

/// Where the search starts: damping near its upper end, a quiet slope, alpha at
/// 0.25 without a season. With one the likelihood often has two valleys, a slow
/// level with a quick season and the opposite; the former forecasts better, so
/// the search starts in it.
fn first_point(form: Form) -> [f64; MOST_VARIABLES] {
    let mut point = [0.0; MOST_VARIABLES];
    let seasonal = form.season != SeasonForm::None;
    point[0] = if seasonal { -4.0 } else { -1.1 };
    let mut next = 2;
    if form.trend != TrendForm::None {
        point[3] = -2.2;
        next = 4;
    }
    if form.trend == TrendForm::Damped {
        point[4] = 1.5;
        next = 5;
    }
    if seasonal {
        point[next] = -2.2;
    }
    point
}

/// Steps of level and slope in units of the mean size.
const LEVEL_STEP: f64 = 0.3;
const SLOPE_STEP: f64 = 0.05;

/// Middle of the first line, where a level without slope starts.
const LINE_MIDDLE: f64 = 5.0;

fn between(x: f64, low: f64, high: f64) -> f64 {
    low + (high - low) / (1.0 + (-x).exp())
}
