//! Given parts and shared rows, prove that the rows cannot all hold, and how far from it they stay.
//!
//! Method: phase one by prices. With costs left out, the Lagrangian of the
//! rows is a lower bound of the least weighted violation while every scaled
//! price stays within 1; where it is positive no selection exists (Farkas'
//! lemma by prices), and the rows with a price are those that collide.
//! Cost: as `dual`, at most 60 rounds.
//! Use `dual` where a feasible selection is known.
//! Not for: contradictions that only whole options show and averages do not.
//! Same input and work limit give the same answer: yes.

use super::coupling::{AllocationError, Coupling};
use super::dual::PriceSearch;
use super::offers::Offers;
use super::oracle::Oracle;
use super::primal::Incumbent;
use super::state::{Effort, Selection};

const MOST_ROUNDS: u64 = 60;
/// Violation, relative to the limits of the rows, below which it is rounding.
const TOLERANCE: f64 = 1e-7;

/// Rows that cannot hold together.
#[derive(Debug, Clone, PartialEq)]
pub struct Collision {
    /// The rows that collide with the weight of a unit of violation of each;
    /// the greatest weight is 1, so that one row alone is in its own unit.
    pub rows: Vec<CollidingRow>,
    /// Proven least sum of weight times violation, over everything the parts can do.
    pub least_violation: f64,
}

/// One row of a collision.
#[derive(Debug, Clone, PartialEq)]
pub struct CollidingRow {
    /// Index of the row.
    pub row: u32,
    /// Its label.
    pub label: String,
    /// Weight of a unit of its violation: positive for the upper limit, negative for the lower.
    pub weight: f64,
}

/// Looks for a proof that the rows collide; feeds the incumbent when it finds selections on the way.
pub(super) fn find_collision<O: Offers>(
    offers: &mut O,
    coupling: &Coupling,
    incumbent: &mut Incumbent,
    effort: &mut Effort<'_>,
) -> Result<Option<Collision>, AllocationError> {
    let prices = vec![0.0; coupling.rows().len()];
    let mut search = PriceSearch::start(Oracle::new(offers, coupling, 0.0), &prices, 1.0, effort)?;
    let first = effort.rounds;
    loop {
        let options = search.oracle.options();
        let open = coupling.switches().iter().map(|switch| switch.copies).collect();
        let selection = Selection::new(&*search.oracle.offers, coupling, options, open);
        let prices = vec![0.0; coupling.rows().len()];
        incumbent.offer(search.oracle.offers, coupling, selection, &prices, &search.model.scale, effort);
        let prices = search.model.centre.clone();
        if let Some(collision) = proof(coupling, &prices, search.model.value) {
            return Ok(Some(collision));
        }
        if !incumbent.is_empty() || effort.exhausted() || effort.rounds >= first + MOST_ROUNDS {
            return Ok(None);
        }
        if !search.round(1e-9, effort)? {
            return Ok(None);
        }
    }
}

/// The collision that a positive bound proves.
fn proof(coupling: &Coupling, prices: &[f64], bound: f64) -> Option<Collision> {
    let size = |row: &super::SharedRow, price: f64| {
        let limit = row.priced_limit(price);
        if price == 0.0 { 0.0 } else { price.abs() * (1.0 + limit.abs()) }
    };
    let rounding: f64 = coupling.rows().iter().zip(prices).map(|(row, &price)| size(row, price)).sum();
    if bound <= TOLERANCE * rounding {
        return None;
    }
    let largest = prices.iter().fold(0.0, |largest: f64, price| largest.max(price.abs()));
    let colliding = prices.iter().enumerate().filter(|(_, price)| price.abs() > 1e-9 * largest);
    let rows = colliding.map(|(row, price)| CollidingRow {
        row: row as u32,
        label: coupling.rows()[row].label.clone(),
        weight: price / largest,
    });
    Some(Collision { rows: rows.collect(), least_violation: bound / largest })
}
