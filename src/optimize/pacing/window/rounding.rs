//! Given a plan of the concave covers, find amounts that S-shaped curves and steps are good for.
//!
//! Method: what the cover's plan gives an S-shaped curve is put into pulses of equal size, as many as bring most.
//! Steps: amounts are rounded down so that running sums stay below the plan's, then single steps are added,
//! those that bring most first, and in small windows moved while that gains, with all limits kept.
//! Cost: O(periods^2 x lags) a curve; a step added O(curves x periods), a round of moves (curves x periods)^2.
//! Use the convex-concave procedure of the parent to make a plan of pulses that keeps the limits.
//! Not for: bounds.
//! Same input gives the same answer: yes.

use rayon::prelude::*;

use super::interior::Point;
use super::model::Model;
use super::{PacedCurve, Window};

/// Cells up to which steps are moved, steps moved at a time, and rounds of it.
const SMALL: usize = 400;
const AT_ONCE: usize = 3;
const ROUNDS: usize = 20;
/// Relative distance at which a limit is broken.
const HAIR: f64 = 1e-9;

/// Scaled amounts of the same sums in pulses; they need not keep limits that curves share.
pub(super) fn pulses(window: &Window, model: &Model, point: &Point) -> Vec<f64> {
    let own = |(c, x): (usize, &[f64])| -> Vec<f64> {
        let curve = &window.curves[c];
        if curve.s <= 1.0 {
            return x.to_vec();
        }
        let x = x.iter().map(|x| x * model.unit).collect();
        pulsed(curve, x).into_iter().map(|x| x / model.unit).collect()
    };
    point.x.par_chunks(model.periods).enumerate().map(own).collect::<Vec<_>>().concat()
}

/// The best of the plan's amounts and of pulses of equal size, evenly spread.
fn pulsed(curve: &PacedCurve, plan: Vec<f64>) -> Vec<f64> {
    let (count, sum) = (plan.len(), plan.iter().sum::<f64>());
    let mut best = (curve.brings(&plan), plan);
    for pulses in 1..=count {
        let mut x = curve.lower.clone();
        for pulse in 0..pulses {
            let at = (2 * pulse + 1) * count / (2 * pulses);
            x[at] = (sum / pulses as f64).clamp(curve.lower[at], curve.upper[at]);
        }
        let value = curve.brings(&x);
        if value > best.0 {
            best = (value, x);
        }
    }
    best.1
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
    move_steps(window, &mut amounts);
    totals = (0..window.periods.len()).map(|t| amounts.iter().map(|own| own[t]).sum()).collect();
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

/// Moves steps from one cell to another while that gains.
fn move_steps(window: &Window, amounts: &mut [Vec<f64>]) {
    let count = window.periods.len();
    let cells: Vec<(usize, usize)> = (0..amounts.len())
        .filter(|&c| window.curves[c].step > 0.0)
        .flat_map(|c| (0..count).map(move |t| (c, t)))
        .collect();
    if cells.len() > SMALL {
        return;
    }
    for _ in 0..ROUNDS {
        let mut has_gained = false;
        for (&from, &to) in cells.iter().flat_map(|from| cells.iter().map(move |to| (from, to))) {
            for steps in (1..=AT_ONCE).filter(|_| from != to) {
                has_gained |= is_moved(window, amounts, from, to, steps as f64);
            }
        }
        if !has_gained {
            return;
        }
    }
}

/// Moves so many steps of the one cell to the other, as many as its own step takes, if that gains and keeps the limits.
fn is_moved(
    window: &Window,
    amounts: &mut [Vec<f64>],
    from: (usize, usize),
    to: (usize, usize),
    steps: f64,
) -> bool {
    let moved = steps * window.curves[from.0].step;
    let taken = (moved / window.curves[to.0].step + HAIR).floor() * window.curves[to.0].step;
    let own = |amounts: &[Vec<f64>], c: usize| window.curves[c].brings(&amounts[c]);
    let both =
        |amounts: &[Vec<f64>]| own(amounts, from.0) + if from.0 == to.0 { 0.0 } else { own(amounts, to.0) };
    if taken <= 0.0 || amounts[from.0][from.1] < moved * (1.0 - HAIR) {
        return false;
    }
    let before = both(amounts);
    amounts[from.0][from.1] -= moved;
    amounts[to.0][to.1] += taken;
    let gain = both(amounts) - before + window.cost * (moved - taken);
    let totals: Vec<f64> =
        (0..window.periods.len()).map(|t| amounts.iter().map(|own| own[t]).sum()).collect();
    if gain > HAIR * before.abs()
        && keeps_most(window, amounts, &totals)
        && keeps_least(window, amounts, &totals)
    {
        return true;
    }
    amounts[from.0][from.1] += moved;
    amounts[to.0][to.1] -= taken;
    false
}

/// Whether ends and greatest sums are kept.
fn keeps_most(window: &Window, amounts: &[Vec<f64>], totals: &[f64]) -> bool {
    let hair = |limit: f64| limit + HAIR * limit.abs().max(1.0);
    let curve = |(curve, own): (&PacedCurve, &Vec<f64>)| {
        let ends = own.iter().zip(curve.lower.iter().zip(&curve.upper));
        own.iter().sum::<f64>() <= hair(curve.most)
            && ends.into_iter().all(|(x, (lower, upper))| *x <= hair(*upper) && hair(*x) >= *lower)
    };
    window.curves.iter().zip(amounts).all(curve)
        && window.periods.iter().zip(totals).all(|((_, most), sum)| *sum <= hair(*most))
        && totals.iter().sum::<f64>() <= hair(window.budget)
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
