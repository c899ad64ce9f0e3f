//! Given a feasible selection, prices and the distance to the bound, lower its cost with all rows kept.
//!
//! Method: core search. A change raises the priced cost by its *loss*; no
//! selection better than the present one holds an option whose loss against
//! the part's cheapest priced option exceeds the gap (reduced-cost fixing), so
//! only the options below that form the core (Balas & Zemel 1980, "An
//! algorithm for large zero-one knapsack problems", doi:10.1287/opre.28.5.1130).
//! Core changes that lower the cost are applied in the order of their loss,
//! then pairs of changes of which one makes room for the other.
//! Cost: one pass over all options, then O(core log core) a pass and O(pairs)
//! for at most 400 changes.
//! Use `master` for a proof on small cases. Not for: infeasible selections.
//! Same input gives the same answer: yes; ties go to the lower index.
//! Differs from the paper: several rows and a core from the gap, not of a chosen size.

use rayon::prelude::*;

use super::offers::Menu;
use super::repair::{Market, for_each_difference};
use super::state::Selection;

/// Parts looked through by one task; fixed, so that the order never depends on threads.
const CHUNK: usize = 4096;
const MOST_FILL_PASSES: usize = 20;
const MOST_PAIR_ROUNDS: usize = 60;
/// Changes that take part in the pair search.
const PAIR_CORE: usize = 400;

/// An option that a better selection may hold.
#[derive(Clone, Copy)]
struct CoreOption {
    part: u32,
    option: u32,
    /// Priced cost above the part's cheapest option.
    loss: f64,
}

impl<M: Menu> Market<'_, M> {
    /// Lowers the cost of a feasible selection; `gap` is its cost less the bound (infinite where unknown).
    pub fn improve(&self, selection: &mut Selection, gap: f64) {
        let core = self.core(selection, gap);
        loop {
            self.fill(selection, &core);
            if !self.exchange(selection, &core) {
                break;
            }
        }
        selection.recompute(self.menu, self.coupling);
    }

    /// Options within the gap of their part's cheapest, where the part has another choice than its present one.
    fn core(&self, selection: &Selection, gap: f64) -> Vec<CoreOption> {
        let parts = self.menu.parts();
        let chunks: Vec<Vec<CoreOption>> = (0..parts.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let mut found = Vec::new();
                let mut priced = Vec::new();
                for part in chunk * CHUNK..parts.min((chunk + 1) * CHUNK) {
                    priced.clear();
                    priced
                        .extend((0..self.menu.options(part) as u32).map(|option| self.priced(part, option)));
                    let least = priced.iter().copied().fold(f64::INFINITY, f64::min);
                    let near = |value: f64| value - least <= gap;
                    let current = selection.options[part] as usize;
                    if priced.iter().enumerate().any(|(option, &value)| option != current && near(value)) {
                        let options = priced.iter().enumerate().filter(|(_, value)| near(**value));
                        found.extend(options.map(|(option, value)| CoreOption {
                            part: part as u32,
                            option: option as u32,
                            loss: value - least,
                        }));
                    }
                }
                found
            })
            .collect();
        let mut core: Vec<CoreOption> = chunks.into_iter().flatten().collect();
        core.sort_by(|a, b| a.loss.total_cmp(&b.loss));
        core
    }

    /// Takes every change that lowers the cost and fits, smallest loss first, until none is left.
    fn fill(&self, selection: &mut Selection, core: &[CoreOption]) {
        let mut ranked: Vec<(f64, usize)> = Vec::new();
        for _ in 0..MOST_FILL_PASSES {
            ranked.clear();
            for (index, near) in core.iter().enumerate() {
                let part = near.part as usize;
                let current = selection.options[part];
                if self.menu.cost(part, near.option) < self.menu.cost(part, current) {
                    ranked.push((self.priced(part, near.option) - self.priced(part, current), index));
                }
            }
            // Smallest rise of the priced cost first: those use the slack best.
            ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let mut changed = false;
            for &(_, index) in &ranked {
                let CoreOption { part, option, .. } = core[index];
                let part = part as usize;
                let saves = self.menu.cost(part, option) < self.menu.cost(part, selection.options[part]);
                if saves && self.effect(selection, part, option) <= 0.0 {
                    selection.change(self.menu, part, option);
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// Applies pairs of changes that fit and lower the cost together; true when one was found.
    fn exchange(&self, selection: &mut Selection, core: &[CoreOption]) -> bool {
        let mut found = false;
        let core = &core[..core.len().min(PAIR_CORE)];
        for _ in 0..MOST_PAIR_ROUNDS {
            match self.best_pair(selection, core) {
                Some((a, b)) => {
                    selection.change(self.menu, a.part as usize, a.option);
                    selection.change(self.menu, b.part as usize, b.option);
                    found = true;
                }
                None => return found,
            }
        }
        found
    }

    /// The pair of changes with the greatest saving that keeps all rows.
    fn best_pair(&self, selection: &Selection, core: &[CoreOption]) -> Option<(CoreOption, CoreOption)> {
        let saving = |near: &CoreOption| {
            let part = near.part as usize;
            self.menu.cost(part, selection.options[part]) - self.menu.cost(part, near.option)
        };
        let mut changes: Vec<(f64, &CoreOption)> = core
            .iter()
            .filter(|near| selection.options[near.part as usize] != near.option)
            .map(|near| (saving(near), near))
            .collect();
        changes.sort_by(|a, b| b.0.total_cmp(&a.0));
        let threshold = 1e-12 * selection.cost.abs().max(1e-300);
        let mut best = (threshold, None);
        let mut trial =
            Selection { options: Vec::new(), open: Vec::new(), net: selection.net.clone(), cost: 0.0 };
        for (index, &(first_saving, first)) in changes.iter().enumerate() {
            if first_saving <= 0.0 || 2.0 * first_saving <= best.0 {
                break;
            }
            let old = self.menu.usage(first.part as usize, selection.options[first.part as usize]);
            let new = self.menu.usage(first.part as usize, first.option);
            let mut first_effect = 0.0;
            for_each_difference(old, new, |row, delta| {
                first_effect += self.row_effect(&selection.net, row, delta)
            });
            for_each_difference(old, new, |row, delta| trial.net[row as usize] += delta);
            for &(second_saving, second) in &changes[index + 1..] {
                if first_saving + second_saving <= best.0 {
                    break;
                }
                if second.part != first.part && self.fits(selection, &trial.net, first_effect, second) {
                    best = (first_saving + second_saving, Some((*first, *second)));
                    break;
                }
            }
            for_each_difference(old, new, |row, _| trial.net[row as usize] = selection.net[row as usize]);
        }
        best.1
    }

    /// Whether a change on top of another, which has this effect, leaves no violation.
    fn fits(&self, selection: &Selection, net: &[f64], effect: f64, change: &CoreOption) -> bool {
        let part = change.part as usize;
        let old = self.menu.usage(part, selection.options[part]);
        let mut total = effect;
        for_each_difference(old, self.menu.usage(part, change.option), |row, delta| {
            total += self.row_effect(net, row, delta);
        });
        total <= 1e-15
    }
}
