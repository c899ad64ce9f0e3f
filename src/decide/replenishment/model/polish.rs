//! Given plans under shared limits, make them keep the limits, and make them cheaper, by small moves.
//!
//! Method: local search; every move changes one bucket's order of one stock
//! point with one source by 1, 2, 4 … multiples up or down, within its own rules. Where a limit
//! is broken, the move that costs least for what it gives back is taken until
//! all hold; then the first move that saves and fits is kept, stock point by
//! stock point, until none is found or the passes are over.
//! Cost: O(passes x stock points x buckets x moves) simulations of one path.
//! Use it after [`allocate`](crate::optimize::allocation::allocate), whose parts
//! propose only what is best at some price: an order that just fits is none of
//! those; and after [`close`](super::close), whose program may sell any lot
//! first, so that its plans can miss the room of a location by a little.
//! Same input gives the same answer: yes.

use super::limits::{Family, Limits};
use super::part::{PointPlan, StockPoint};
use crate::control::Control;

/// Most passes over all stock points.
const PASSES: usize = 4;
/// Stock points above which a single small order matters too little for the time.
const MOST_POINTS: usize = 1_000;
/// Most moves that bring plans back within the limits.
const MOST_REPAIRS: usize = 60;
/// Multiples tried in one move.
const MOVES: [f64; 12] = [64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0, -1.0, -2.0, -4.0, -8.0, -16.0];

/// Improves `plans` in place, with what they use of the shared rows; gives what was saved.
pub(crate) fn polish(
    limits: &Limits,
    points: &[StockPoint<'_>],
    plans: &mut [PointPlan],
    used: &mut [f64],
    control: &Control,
) -> f64 {
    if points.len() > MOST_POINTS {
        return 0.0;
    }
    let mut saved = 0.0;
    for _ in 0..PASSES {
        let before = saved;
        for (point, plan) in points.iter().zip(plans.iter_mut()) {
            if control.should_stop() {
                return saved;
            }
            saved += improve(limits, point, plan, used);
        }
        if saved - before <= 0.0 {
            break;
        }
    }
    saved
}

/// Moves `plans` until they use no more of the shared rows than there is, at little cost;
/// false where no move helps any further.
pub(crate) fn restore(
    limits: &Limits,
    points: &[StockPoint<'_>],
    plans: &mut [PointPlan],
    used: &mut [f64],
) -> bool {
    for _ in 0..MOST_REPAIRS {
        if (0..used.len()).all(|row| excess(limits, row, used[row]) <= 0.0) {
            return true;
        }
        let mut best: Option<(f64, usize, PointPlan)> = None;
        for (index, (point, plan)) in points.iter().zip(plans.iter()).enumerate() {
            if let Some((rate, moved)) = relieve(limits, point, plan, used)
                && best.as_ref().is_none_or(|known| rate < known.0)
            {
                best = Some((rate, index, moved));
            }
        }
        let Some((_, index, moved)) = best else { return false };
        replace(&points[index], &mut plans[index], moved, used);
    }
    false
}

/// Tries every move of one stock point; gives what was saved.
fn improve(limits: &Limits, point: &StockPoint<'_>, plan: &mut PointPlan, used: &mut [f64]) -> f64 {
    let mut saved = 0.0;
    for slot in 0..point.slots(plan) {
        for step in MOVES {
            let Some(tried) = point.moved(plan, slot, step) else { continue };
            let gain = plan.cost() - tried.cost();
            if gain <= 1e-9 * plan.cost().abs().max(1.0) {
                continue;
            }
            let changes = changes(&point.usage_of(plan), &point.usage_of(&tried));
            let fits = |&(row, change): &(u32, f64)| {
                let row = row as usize;
                change <= 0.0 || excess(limits, row, used[row] + change) <= 0.0
            };
            if keeps_orders(limits, &changes) && changes.iter().all(fits) {
                saved += gain;
                replace(point, plan, tried, used);
            }
        }
    }
    saved
}

/// The move of one stock point that gives back most of what is used too much for what it costs.
fn relieve(
    limits: &Limits,
    point: &StockPoint<'_>,
    plan: &PointPlan,
    used: &[f64],
) -> Option<(f64, PointPlan)> {
    let before = point.usage_of(plan);
    if before.iter().all(|&(row, _)| excess(limits, row as usize, used[row as usize]) <= 0.0) {
        return None;
    }
    let mut best: Option<(f64, PointPlan)> = None;
    for slot in 0..point.slots(plan) {
        for step in MOVES {
            let Some(tried) = point.moved(plan, slot, step) else { continue };
            let changes = changes(&before, &point.usage_of(&tried));
            let relief: f64 = changes
                .iter()
                .map(|&(row, change)| {
                    let row = row as usize;
                    excess(limits, row, used[row]) - excess(limits, row, used[row] + change)
                })
                .sum();
            if relief <= 0.0 || !keeps_orders(limits, &changes) {
                continue;
            }
            let rate = (tried.cost() - plan.cost()) / relief;
            if best.as_ref().is_none_or(|known| rate < known.0) {
                best = Some((rate, tried));
            }
        }
    }
    best
}

fn replace(point: &StockPoint<'_>, plan: &mut PointPlan, moved: PointPlan, used: &mut [f64]) {
    point.usage_of(plan).iter().for_each(|&(row, amount)| used[row as usize] -= amount);
    point.usage_of(&moved).iter().for_each(|&(row, amount)| used[row as usize] += amount);
    *plan = moved;
}

/// What a row would be used beyond its limit, as a share of it; rows of orders have none.
fn excess(limits: &Limits, row: usize, used: f64) -> f64 {
    let shared = &limits.coupling.rows()[row];
    match limits.rows[row].family {
        Family::Header(..) | Family::MinimumMoney(..) | Family::MinimumVolume(..) => 0.0,
        _ if shared.allows(used) => 0.0,
        _ => shared.violation(used) / (1.0 + shared.upper.abs()),
    }
}

/// Orders must not be opened, closed or brought below a minimum: those rows may not change to
/// their worse side.
fn keeps_orders(limits: &Limits, changes: &[(u32, f64)]) -> bool {
    changes.iter().all(|&(row, change)| match limits.rows[row as usize].family {
        Family::Header(..) => change.abs() < 1e-9,
        Family::MinimumMoney(..) | Family::MinimumVolume(..) => change >= 0.0,
        _ => true,
    })
}

/// Change of every row that either usage names; rows ascend in both.
fn changes(before: &[(u32, f64)], after: &[(u32, f64)]) -> Vec<(u32, f64)> {
    let mut changes: Vec<(u32, f64)> = before.iter().map(|&(row, amount)| (row, -amount)).collect();
    for &(row, amount) in after {
        match changes.iter_mut().find(|(other, _)| *other == row) {
            Some((_, change)) => *change += amount,
            None => changes.push((row, amount)),
        }
    }
    changes
}
