//! Given one option a part, change options and switches until all shared rows hold, at little cost.
//!
//! Method: greedy by cost per unit of violation removed, the multi-row form of
//! Senju & Toyoda (1968), "An approach to linear programming with 0-1
//! variables", doi:10.1287/mnsc.15.4.B196; the cost of a change is its priced
//! cost, so that rows which hold are not emptied for nothing.
//! Cost: a pass costs O(options · usage) and O(n log n); few passes are needed.
//! Use `improve` afterwards: it fills what the repair left free.
//! Not for: proving that nothing feasible exists (see `feasibility`).
//! Same input gives the same answer: yes; candidates are collected in part order.
//! Differs from the paper: options are swapped in place of items being dropped,
//! and rows may bound from below.

use rayon::prelude::*;

use super::coupling::Coupling;
use super::offers::{Menu, Pricing};
use super::state::Selection;

const MOST_PASSES: usize = 40;
/// A change that has become this much dearer since it was ranked waits for the next pass.
const STALE: f64 = 1.5;

/// The shared side as the primal steps see it.
pub(super) struct Market<'a, M: Menu> {
    pub menu: &'a M,
    pub coupling: &'a Coupling,
    pub prices: &'a [f64],
    /// Weight of a unit of violation of each row, for comparing rows.
    pub weights: &'a [f64],
}

#[derive(Clone, Copy)]
enum Change {
    Part { part: u32, option: u32 },
    Switch { switch: u32, copies: i8 },
}

impl<M: Menu> Market<'_, M> {
    pub fn priced(&self, part: usize, option: u32) -> f64 {
        let pricing = Pricing { cost_weight: 1.0, prices: self.prices };
        pricing.value(self.menu.cost(part, option), self.menu.usage(part, option))
    }

    /// Change of the weighted violation when the usage of a row moves.
    pub fn row_effect(&self, net: &[f64], row: u32, delta: f64) -> f64 {
        let shared = &self.coupling.rows()[row as usize];
        let outside = |net: f64| {
            let violation = shared.violation(net);
            if violation <= shared.tolerance() { 0.0 } else { violation }
        };
        let net = net[row as usize];
        self.weights[row as usize] * (outside(net + delta) - outside(net))
    }

    /// Change of the weighted violation when a part takes another option.
    pub fn effect(&self, selection: &Selection, part: usize, option: u32) -> f64 {
        let old = self.menu.usage(part, selection.options[part]);
        let new = self.menu.usage(part, option);
        let mut effect = 0.0;
        for_each_difference(old, new, |row, delta| effect += self.row_effect(&selection.net, row, delta));
        effect
    }

    fn switch_effect(&self, selection: &Selection, switch: usize, copies: i8) -> f64 {
        let raises = &self.coupling.switches()[switch].raises;
        raises
            .iter()
            .map(|&(row, amount)| self.row_effect(&selection.net, row, -amount * f64::from(copies)))
            .sum()
    }

    /// Priced cost and violation removed by a change.
    fn rate(&self, selection: &Selection, change: Change) -> (f64, f64) {
        match change {
            Change::Part { part, option } => {
                let part = part as usize;
                let cost = self.priced(part, option) - self.priced(part, selection.options[part]);
                (cost, -self.effect(selection, part, option))
            }
            Change::Switch { switch, copies } => {
                let turned = &self.coupling.switches()[switch as usize];
                let cost = turned.cost * f64::from(copies);
                (cost, -self.switch_effect(selection, switch as usize, copies))
            }
        }
    }

    fn apply(&self, selection: &mut Selection, change: Change) {
        match change {
            Change::Part { part, option } => selection.change(self.menu, part as usize, option),
            Change::Switch { switch, copies } => {
                selection.turn(self.coupling, switch as usize, i64::from(copies))
            }
        }
    }

    /// The change of a part that removes violation most cheaply.
    fn best_part_change(&self, selection: &Selection, part: usize) -> Option<(f64, Change)> {
        let mut best: Option<(f64, Change)> = None;
        for option in 0..self.menu.options(part) as u32 {
            if option == selection.options[part] {
                continue;
            }
            let change = Change::Part { part: part as u32, option };
            best = cheaper(best, self.ratio(selection, change), change);
        }
        best
    }

    fn best_switch_change(&self, selection: &Selection, switch: usize) -> Option<(f64, Change)> {
        let open = selection.open[switch];
        let mut best = None;
        for copies in [1i8, -1] {
            if (copies > 0 && open < self.coupling.switches()[switch].copies) || (copies < 0 && open > 0) {
                let change = Change::Switch { switch: switch as u32, copies };
                best = cheaper(best, self.ratio(selection, change), change);
            }
        }
        best
    }

    fn ratio(&self, selection: &Selection, change: Change) -> Option<f64> {
        let (cost, removed) = self.rate(selection, change);
        (removed > 0.0).then(|| cost / removed)
    }

    /// One pass: ranks a change of each part and switch, applies them while they help.
    fn repair_pass(&self, selection: &mut Selection) -> bool {
        let state = &*selection;
        let mut ranked: Vec<(f64, Change)> = (0..self.menu.parts())
            .into_par_iter()
            .filter_map(|part| self.best_part_change(state, part))
            .collect();
        let switches =
            (0..self.coupling.switches().len()).filter_map(|switch| self.best_switch_change(state, switch));
        ranked.extend(switches);
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut changed = false;
        let mut left = selection.violation(self.coupling, self.weights);
        for (ratio, change) in ranked {
            if left <= 0.0 {
                break;
            }
            let (cost, removed) = self.rate(selection, change);
            let worth = removed > 0.0 && cost <= ratio.max(0.0) * STALE * removed + f64::EPSILON * cost.abs();
            if worth || (removed > 0.0 && !changed) {
                self.apply(selection, change);
                left -= removed;
                changed = true;
            }
        }
        changed
    }

    /// Repairs the selection; true when all rows hold.
    pub fn repair(&self, selection: &mut Selection) -> bool {
        for _ in 0..MOST_PASSES {
            if selection.feasible(self.coupling) {
                return true;
            }
            if !self.repair_pass(selection) {
                break;
            }
            selection.recompute(self.menu, self.coupling);
        }
        selection.feasible(self.coupling)
    }
}

fn cheaper(best: Option<(f64, Change)>, ratio: Option<f64>, change: Change) -> Option<(f64, Change)> {
    match (best, ratio) {
        (None, Some(ratio)) => Some((ratio, change)),
        (Some((known, _)), Some(ratio)) if ratio < known => Some((ratio, change)),
        (best, _) => best,
    }
}

/// Calls `visit(row, new - old)` for every row that either usage names.
pub(super) fn for_each_difference(old: &[(u32, f64)], new: &[(u32, f64)], mut visit: impl FnMut(u32, f64)) {
    let (mut a, mut b) = (0, 0);
    while a < old.len() || b < new.len() {
        let left = old.get(a).map_or(u32::MAX, |entry| entry.0);
        let right = new.get(b).map_or(u32::MAX, |entry| entry.0);
        let row = left.min(right);
        let mut delta = 0.0;
        if left == row {
            delta -= old[a].1;
            a += 1;
        }
        if right == row {
            delta += new[b].1;
            b += 1;
        }
        visit(row, delta);
    }
}
