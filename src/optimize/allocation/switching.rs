//! Given a selection, open and close whole switches where that lowers the cost.
//!
//! Method: compound moves. Closing takes all parts that need the switch to
//! their cheapest option without it and drops its charge; opening pays the
//! charge and lets the parts take what it allows. A move stays when all rows
//! hold and the cost falls, and is undone otherwise.
//! Cost: O(options of the parts that touch a switch) for each switch and pass.
//! Use `repair` first where rows are violated.
//! Not for: switches that only pay off together; prices must lead there.
//! Same input gives the same answer: yes; switches are tried in index order.

use super::offers::Menu;
use super::repair::Market;
use super::state::Selection;

const MOST_PASSES: usize = 4;

/// Which parts have options that touch the upper rows of each switch.
pub(super) struct Users {
    of_switch: Vec<Vec<u32>>,
    /// For each row the switch that raises it from above, or `u32::MAX`.
    switch_of_row: Vec<u32>,
}

impl Users {
    pub fn new<M: Menu>(market: &Market<'_, M>) -> Self {
        let mut switch_of_row = vec![u32::MAX; market.coupling.rows().len()];
        for (index, switch) in market.coupling.switches().iter().enumerate() {
            for &(row, amount) in &switch.raises {
                if amount > 0.0 && market.coupling.rows()[row as usize].upper.is_finite() {
                    switch_of_row[row as usize] = index as u32;
                }
            }
        }
        let mut of_switch: Vec<Vec<u32>> = vec![Vec::new(); market.coupling.switches().len()];
        for part in 0..market.menu.parts() {
            for option in 0..market.menu.options(part) as u32 {
                for &(row, amount) in market.menu.usage(part, option) {
                    let switch = switch_of_row[row as usize];
                    if switch != u32::MAX && amount > 0.0 {
                        let users = &mut of_switch[switch as usize];
                        if users.last() != Some(&(part as u32)) {
                            users.push(part as u32);
                        }
                    }
                }
            }
        }
        Users { of_switch, switch_of_row }
    }

    fn uses(&self, usage: &[(u32, f64)], switch: usize) -> bool {
        usage.iter().any(|&(row, amount)| amount > 0.0 && self.switch_of_row[row as usize] == switch as u32)
    }
}

impl<M: Menu> Market<'_, M> {
    /// Tries to close every open switch and to open every closed one.
    pub fn reswitch(&self, selection: &mut Selection, users: &Users) {
        for _ in 0..MOST_PASSES {
            let mut changed = false;
            for switch in 0..self.coupling.switches().len() {
                changed |= selection.open[switch] > 0 && self.try_switch(selection, users, switch, -1);
                let more = selection.open[switch] < self.coupling.switches()[switch].copies;
                changed |= more && self.try_switch(selection, users, switch, 1);
            }
            if !changed {
                return;
            }
        }
    }

    /// Turns one copy and lets the parts adapt; undoes it unless it helps.
    fn try_switch(&self, selection: &mut Selection, users: &Users, switch: usize, copies: i64) -> bool {
        let cost_before = selection.cost;
        let mut undo: Vec<(usize, u32)> = Vec::new();
        selection.turn(self.coupling, switch, copies);
        let closed = selection.open[switch] == 0;
        for &part in &users.of_switch[switch] {
            let part = part as usize;
            let current = selection.options[part];
            let must_leave = closed && users.uses(self.menu.usage(part, current), switch);
            let next = if closed {
                must_leave.then(|| self.best_without(selection, users, part, switch)).flatten()
            } else {
                self.best_that_fits(selection, part)
            };
            if let Some(option) = next {
                undo.push((part, current));
                selection.change(self.menu, part, option);
            }
        }
        let lower = selection.cost < cost_before - 1e-12 * cost_before.abs();
        if lower && selection.feasible(self.coupling) {
            return true;
        }
        for (part, option) in undo.into_iter().rev() {
            selection.change(self.menu, part, option);
        }
        selection.turn(self.coupling, switch, -copies);
        false
    }

    /// The part's cheapest option that does without the switch; one that hurts no row if there is any.
    fn best_without(&self, selection: &Selection, users: &Users, part: usize, switch: usize) -> Option<u32> {
        let free = (0..self.menu.options(part) as u32)
            .filter(|&option| !users.uses(self.menu.usage(part, option), switch));
        let mut best: Option<(f64, f64, u32)> = None;
        for option in free {
            let effect = self.effect(selection, part, option).max(0.0);
            let cost = self.menu.cost(part, option);
            if best.is_none_or(|(known_effect, known_cost, _)| (effect, cost) < (known_effect, known_cost)) {
                best = Some((effect, cost, option));
            }
        }
        best.map(|(_, _, option)| option)
    }

    /// The part's cheapest option that fits, if it is cheaper than its present one.
    fn best_that_fits(&self, selection: &Selection, part: usize) -> Option<u32> {
        let current = selection.options[part];
        let mut best = (self.menu.cost(part, current), None);
        for option in (0..self.menu.options(part) as u32).filter(|&option| option != current) {
            let cost = self.menu.cost(part, option);
            if cost < best.0 && self.effect(selection, part, option) <= 0.0 {
                best = (cost, Some(option));
            }
        }
        best.1
    }
}
