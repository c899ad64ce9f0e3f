//! What the stages of one allocation share: the effort spent, and a selection
//! of one option a part with what it means for rows and switches.

use super::coupling::Coupling;
use super::offers::Menu;
use crate::control::{Control, Progress};
use crate::optimize::stop_reason;
use crate::solution::Termination;

/// Rounds of proposals, limits and the best objective and bound so far.
pub(super) struct Effort<'a> {
    control: &'a Control,
    pub rounds: u64,
    pub incumbent: Option<f64>,
    pub bound: f64,
}

impl<'a> Effort<'a> {
    pub fn new(control: &'a Control) -> Self {
        Effort { control, rounds: 0, incumbent: None, bound: f64::NEG_INFINITY }
    }

    /// Counts a round of proposals and tells the listener.
    pub fn round(&mut self) {
        self.rounds += 1;
        self.control.report(&Progress {
            stage: "allocate",
            done: self.rounds,
            total: self.control.limits.work,
            incumbent: self.incumbent,
            bound: self.bound.is_finite().then_some(self.bound),
        });
    }

    /// Why the search must end now, if it must.
    pub fn stop(&self) -> Option<Termination> {
        stop_reason(self.control, self.rounds, 1)
    }

    pub fn exhausted(&self) -> bool {
        self.stop().is_some()
    }

    /// Whether objective and bound are within the gap that was asked for.
    pub fn gap_reached(&self) -> bool {
        self.relative_gap().is_some_and(|gap| gap <= self.control.limits.gap)
    }

    pub fn relative_gap(&self) -> Option<f64> {
        let objective = self.incumbent?;
        self.bound.is_finite().then(|| (objective - self.bound).max(0.0) / objective.abs().max(1e-9))
    }

    pub fn control(&self) -> &'a Control {
        self.control
    }
}

/// One option for each part, and the open copies of each switch.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub options: Vec<u32>,
    pub open: Vec<u32>,
    /// Usage by the parts, less what open switches raise.
    pub net: Vec<f64>,
    pub cost: f64,
}

impl Selection {
    pub fn new<M: Menu>(menu: &M, coupling: &Coupling, options: Vec<u32>, open: Vec<u32>) -> Self {
        let mut selection = Selection { options, open, net: Vec::new(), cost: 0.0 };
        selection.recompute(menu, coupling);
        selection
    }

    /// Sums everything again in part order, which wipes out rounding from many moves.
    pub fn recompute<M: Menu>(&mut self, menu: &M, coupling: &Coupling) {
        self.net.clear();
        self.net.resize(coupling.rows().len(), 0.0);
        self.cost = 0.0;
        for (part, &option) in self.options.iter().enumerate() {
            self.cost += menu.cost(part, option);
            for &(row, amount) in menu.usage(part, option) {
                self.net[row as usize] += amount;
            }
        }
        for (switch, &copies) in coupling.switches().iter().zip(&self.open) {
            self.cost += switch.cost * f64::from(copies);
            for &(row, amount) in &switch.raises {
                self.net[row as usize] -= amount * f64::from(copies);
            }
        }
    }

    pub fn feasible(&self, coupling: &Coupling) -> bool {
        coupling.rows().iter().zip(&self.net).all(|(row, &net)| row.allows(net))
    }

    /// Total violation, each row weighted.
    pub fn violation(&self, coupling: &Coupling, weights: &[f64]) -> f64 {
        let excess = |((row, &net), &weight): ((&super::SharedRow, &f64), &f64)| {
            let violation = row.violation(net);
            if violation <= row.tolerance() { 0.0 } else { violation * weight }
        };
        coupling.rows().iter().zip(&self.net).zip(weights).map(excess).sum()
    }

    /// Gives a part another option.
    pub fn change<M: Menu>(&mut self, menu: &M, part: usize, option: u32) {
        let old = self.options[part];
        for &(row, amount) in menu.usage(part, old) {
            self.net[row as usize] -= amount;
        }
        for &(row, amount) in menu.usage(part, option) {
            self.net[row as usize] += amount;
        }
        self.cost += menu.cost(part, option) - menu.cost(part, old);
        self.options[part] = option;
    }

    /// Opens (or closes, when negative) copies of a switch.
    pub fn turn(&mut self, coupling: &Coupling, switch: usize, copies: i64) {
        let turned = &coupling.switches()[switch];
        self.open[switch] = (i64::from(self.open[switch]) + copies).max(0) as u32;
        self.cost += turned.cost * copies as f64;
        for &(row, amount) in &turned.raises {
            self.net[row as usize] -= amount * copies as f64;
        }
    }
}
