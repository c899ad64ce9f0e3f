//! Given a plan of the concave covers, find amounts that S-shaped curves and steps are good for.
//!
//! Method: at the prices of the cover's plan each curve stands for itself; its amounts are changed one by one
//! to the best of a few (nothing, what lifts the level to where the cover touches, the upper end, the cover's)
//! until none gains. Steps: amounts are rounded down so that running sums stay below the plan's, then single steps are
//! added, those that bring most first, while all limits are kept.
//! Cost: O(sweeps x periods x tries x lags) a curve; a step added O(curves x periods).
//! Use the convex-concave procedure of the parent to make a plan of pulses that keeps the limits.
//! Not for: bounds.
//! Same input gives the same answer: yes.

use rayon::prelude::*;

use super::interior::Point;
use super::model::Model;
use super::{PacedCurve, Window};

/// Sweeps over a curve's amounts.
const SWEEPS: usize = 6;
/// Relative distance at which a limit is broken.
const HAIR: f64 = 1e-9;

/// Scaled amounts with pulses; they need not keep limits that curves share.
pub(super) fn pulses(window: &Window, model: &Model, point: &Point) -> Vec<f64> {
    let (t, n) = (model.periods, model.curves * model.periods);
    let mut shared = point.z.clone();
    shared[..4 * n].fill(0.0);
    let prices = model.transposed(&shared);
    let own = |c: usize| -> Vec<f64> {
        let curve = &window.curves[c];
        let x: Vec<f64> = point.x[c * t..(c + 1) * t].iter().map(|x| x * model.unit).collect();
        if curve.s <= 1.0 {
            return point.x[c * t..(c + 1) * t].to_vec();
        }
        let scale = model.worth / model.unit;
        let price = |p: usize| prices[c * t + p] * scale + window.cost;
        pulsed(curve, x, &price).into_iter().map(|x| x / model.unit).collect()
    };
    (0..model.curves).into_par_iter().map(own).collect::<Vec<_>>().concat()
}

fn pulsed(curve: &PacedCurve, mut x: Vec<f64>, price: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let touch = curve.k * (curve.s - 1.0).powf(1.0 / curve.s);
    let mut levels = curve.levels(&x);
    for _ in 0..SWEEPS {
        let mut has_gained = false;
        for t in 0..x.len() {
            let now = x[t];
            let gain = |levels: &[f64], to: f64| -> f64 {
                let moved = levels[t..].iter().zip(&curve.weights);
                let change: f64 = moved
                    .map(|(level, weight)| curve.at(level + weight * (to - now)) - curve.at(*level))
                    .sum();
                change - price(t) * (to - now)
            };
            let first = curve.weights[0];
            let lift = if first > 0.0 { now + (touch - levels[t]) / first } else { now };
            let more = now + 0.5 * (lift - now).abs();
            let tries = [curve.lower[t], lift, 1.5 * lift, more, 0.5 * now, 2.0 * now, curve.upper[t]];
            let best = tries
                .into_iter()
                .map(|to| to.clamp(curve.lower[t], curve.upper[t]))
                .map(|to| (gain(&levels, to), to))
                .fold((0.0, now), |best, tried| if tried.0 > best.0 { tried } else { best });
            if best.0 > 1e-9 * curve.a {
                levels[t..].iter_mut().zip(&curve.weights).for_each(|(l, w)| *l += w * (best.1 - now));
                x[t] = best.1;
                has_gained = true;
            }
        }
        if !has_gained {
            break;
        }
    }
    x
}

/// Amounts in steps; `None` where least amounts or changes cannot be kept in this way.
pub(super) fn in_steps(window: &Window, plan: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let mut amounts: Vec<Vec<f64>> = window.curves.iter().zip(plan).map(|(c, own)| floored(c, own)).collect();
    let mut totals: Vec<f64> =
        (0..window.periods.len()).map(|t| amounts.iter().map(|own| own[t]).sum()).collect();
    // Running sums may leave a period above its greatest: take steps out that bring least.
    for t in 0..totals.len() {
        while totals[t] > window.periods[t].1 * (1.0 + HAIR) {
            let loss = |c: usize| gain(window, c, &amounts[c], t, -window.curves[c].step);
            let can = |c: &usize| {
                let curve = &window.curves[*c];
                curve.step > 0.0 && amounts[*c][t] - curve.step >= curve.lower[t] * (1.0 - HAIR)
            };
            let worst = (0..amounts.len()).filter(can).max_by(|&a, &b| loss(a).total_cmp(&loss(b)))?;
            amounts[worst][t] -= window.curves[worst].step;
            totals[t] -= window.curves[worst].step;
        }
    }
    top_up(window, &mut amounts, &mut totals);
    keeps_least(window, &amounts, &totals).then_some(amounts)
}

fn floored(curve: &PacedCurve, own: &[f64]) -> Vec<f64> {
    if curve.step <= 0.0 {
        return own.to_vec();
    }
    let (mut wanted, mut given) = (0.0, 0.0);
    own.iter()
        .enumerate()
        .map(|(t, x)| {
            wanted += x;
            let least = (curve.lower[t] / curve.step - HAIR).ceil();
            let most = (curve.upper[t] / curve.step + HAIR).floor();
            let steps = ((wanted - given) / curve.step + HAIR).floor().min(most).max(least).max(0.0);
            given += steps * curve.step;
            steps * curve.step
        })
        .collect()
}

/// What one step more (or less) in a period is worth.
fn gain(window: &Window, c: usize, own: &[f64], t: usize, step: f64) -> f64 {
    let curve = &window.curves[c];
    let levels = curve.levels(own);
    let moved = levels[t..].iter().zip(&curve.weights);
    moved.map(|(level, weight)| curve.at(level + weight * step) - curve.at(*level)).sum::<f64>()
        - window.cost * step
}

/// Adds steps that fit, those that bring most for their amount first.
fn top_up(window: &Window, amounts: &mut [Vec<f64>], totals: &mut [f64]) {
    let mut left = window.budget - totals.iter().sum::<f64>();
    let rate = |c: usize, own: &[f64], t: usize| {
        gain(window, c, own, t, window.curves[c].step) / window.curves[c].step
    };
    let stepped: Vec<usize> = (0..amounts.len()).filter(|&c| window.curves[c].step > 0.0).collect();
    let mut rates: Vec<Vec<f64>> = (0..amounts.len()).map(|_| Vec::new()).collect();
    for &c in &stepped {
        rates[c] = (0..totals.len()).map(|t| rate(c, &amounts[c], t)).collect();
    }
    loop {
        let fits = |&(c, t): &(usize, usize)| {
            let (curve, step) = (&window.curves[c], window.curves[c].step);
            let own = &amounts[c];
            let near = |other: f64| (own[t] + step - other).abs() <= curve.change * (1.0 + HAIR);
            rates[c][t] > 0.0
                && step <= left * (1.0 + HAIR)
                && own[t] + step <= curve.upper[t] * (1.0 + HAIR)
                && own.iter().sum::<f64>() + step <= curve.most * (1.0 + HAIR)
                && totals[t] + step <= window.periods[t].1 * (1.0 + HAIR)
                && (t == 0 || near(own[t - 1]))
                && own.get(t + 1).is_none_or(|next| near(*next))
        };
        let all = stepped.iter().flat_map(|&c| (0..totals.len()).map(move |t| (c, t)));
        let best = all.filter(fits).max_by(|a, b| rates[a.0][a.1].total_cmp(&rates[b.0][b.1]).then(b.cmp(a)));
        let Some((c, t)) = best else { return };
        let step = window.curves[c].step;
        amounts[c][t] += step;
        totals[t] += step;
        left -= step;
        rates[c] = (0..totals.len()).map(|t| rate(c, &amounts[c], t)).collect();
    }
}

/// Whether least amounts and changes are kept.
fn keeps_least(window: &Window, amounts: &[Vec<f64>], totals: &[f64]) -> bool {
    let curve = |(curve, own): (&PacedCurve, &Vec<f64>)| {
        let slack = HAIR * curve.least.max(1.0);
        let moves = own.windows(2).all(|pair| (pair[1] - pair[0]).abs() <= curve.change * (1.0 + HAIR));
        own.iter().sum::<f64>() >= curve.least - slack && moves
    };
    window.curves.iter().zip(amounts).all(curve)
        && window.periods.iter().zip(totals).all(|((least, _), sum)| *sum >= least - HAIR * least.max(1.0))
}
