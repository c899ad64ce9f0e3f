//! Given a plan under shared limits, make it cheaper by small moves that keep them.
//!
//! Method: local search; every move changes one bucket's order of one stock
//! point by 1, 2, 4 … multiples up or down, within its own rules and the room
//! that the shared limits leave; the first move that saves is kept, stock point
//! by stock point, until none is found or the passes are over.
//! Cost: O(passes x stock points x buckets x moves) simulations of one path.
//! Use it after [`allocate`](crate::optimize::allocation::allocate), whose parts
//! propose only what is best at some price: an order that just fits is none of those.
//! Same input gives the same answer: yes.

use super::limits::{Family, Limits};
use super::part::{PointPlan, StockPoint};
use crate::control::Control;

/// Most passes over all stock points.
const PASSES: usize = 4;
/// Stock points above which a single small order matters too little for the time.
const MOST_POINTS: usize = 1_000;
/// Multiples tried in one move.
const MOVES: [f64; 12] = [64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0, -1.0, -2.0, -4.0, -8.0, -16.0];

/// Improves `plans` in place; gives what was saved.
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

/// Tries every move of one stock point; gives what was saved.
fn improve(limits: &Limits, point: &StockPoint<'_>, plan: &mut PointPlan, used: &mut [f64]) -> f64 {
    let mut saved = 0.0;
    let mut usage = point.usage_of(plan);
    for bucket in 0..plan.orders.len() {
        for step in MOVES {
            let Some(tried) = point.moved(plan, bucket, step) else { continue };
            let gain = plan.cost() - tried.cost();
            if gain <= 1e-9 * plan.cost().abs().max(1.0) {
                continue;
            }
            let wanted = point.usage_of(&tried);
            if fits(limits, used, &usage, &wanted) {
                usage.iter().for_each(|&(row, amount)| used[row as usize] -= amount);
                wanted.iter().for_each(|&(row, amount)| used[row as usize] += amount);
                (saved, *plan, usage) = (saved + gain, tried, wanted);
            }
        }
    }
    saved
}

/// Whether the rows still hold when a stock point's usage changes. Orders must
/// not be opened, closed or brought below a minimum: those rows may not change
/// to their worse side.
fn fits(limits: &Limits, used: &[f64], before: &[(u32, f64)], after: &[(u32, f64)]) -> bool {
    let amount = |list: &[(u32, f64)], row: u32| {
        list.iter().find(|(other, _)| *other == row).map_or(0.0, |(_, amount)| *amount)
    };
    let rows = before.iter().chain(after).map(|&(row, _)| row);
    rows.into_iter().all(|row| {
        let change = amount(after, row) - amount(before, row);
        match limits.rows[row as usize].family {
            Family::Header(..) => change.abs() < 1e-9,
            Family::MinimumMoney(..) | Family::MinimumVolume(..) => change >= 0.0,
            _ => change <= 0.0 || limits.coupling.rows()[row as usize].allows(used[row as usize] + change),
        }
    })
}
