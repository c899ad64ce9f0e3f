//! The best selection found so far, and how an answer of the parts becomes one.

use super::coupling::Coupling;
use super::offers::Offers;
use super::repair::Market;
use super::state::{Effort, Selection};
use super::switching::Users;

/// The cheapest selection that respects all rows; without one, the selection that violates them least.
#[derive(Default)]
pub(super) struct Incumbent {
    feasible: Option<Selection>,
    /// The selection with the least weighted violation, while none is feasible.
    nearest: Option<(f64, Selection)>,
}

impl Incumbent {
    pub fn is_empty(&self) -> bool {
        self.feasible.is_none()
    }

    pub fn feasible(&self) -> Option<&Selection> {
        self.feasible.as_ref()
    }

    /// The open copies of the best selection, or of the one that violates the rows least.
    pub fn open(&self) -> Option<Vec<u32>> {
        let nearest = || self.nearest.as_ref().map(|(_, selection)| selection);
        self.feasible.as_ref().or_else(nearest).map(|selection| selection.open.clone())
    }

    pub fn into_parts(self) -> (Option<Selection>, Option<Selection>) {
        (self.feasible, self.nearest.map(|(_, selection)| selection))
    }

    /// Repairs and improves a selection, and keeps it if it is the best so far.
    pub fn offer<O: Offers>(
        &mut self,
        offers: &mut O,
        coupling: &Coupling,
        mut selection: Selection,
        prices: &[f64],
        scale: &[f64],
        effort: &mut Effort<'_>,
    ) {
        let weights: Vec<f64> = scale.iter().map(|scale| 1.0 / scale).collect();
        let market = Market { menu: &*offers, coupling, prices, weights: &weights };
        if market.repair(&mut selection) {
            let gap = if effort.bound.is_finite() {
                (selection.cost - effort.bound).max(0.0)
            } else {
                f64::INFINITY
            };
            market.improve(&mut selection, gap);
            if !coupling.switches().is_empty() {
                market.reswitch(&mut selection, &Users::new(&market));
                market.improve(&mut selection, gap);
            }
        }
        self.take(offers, coupling, selection, &weights, effort);
    }

    /// Keeps a selection if it is the best so far.
    pub fn take<O: Offers>(
        &mut self,
        offers: &mut O,
        coupling: &Coupling,
        mut selection: Selection,
        weights: &[f64],
        effort: &mut Effort<'_>,
    ) {
        selection.recompute(&*offers, coupling);
        if selection.feasible(coupling) {
            if self.feasible.as_ref().is_none_or(|best| selection.cost < best.cost) {
                offers.keep(&selection.options);
                effort.incumbent = Some(selection.cost);
                self.feasible = Some(selection);
                self.nearest = None;
            }
        } else if self.feasible.is_none() {
            let violation = selection.violation(coupling, weights);
            if self.nearest.as_ref().is_none_or(|(least, _)| violation < *least) {
                offers.keep(&selection.options);
                self.nearest = Some((violation, selection));
            }
        }
    }
}
