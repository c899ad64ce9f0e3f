//! Stock that is to be gone: what is left of it, until when, and at which prices.

use super::Place;

/// A product that is cleared.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Clearance {
    pub product: usize,
    pub stock: usize,
    pub periods: usize,
    /// What a unit left at the end brings.
    pub salvage: f64,
    /// Mean demand of a period at the price now.
    pub rate: f64,
    /// Variance of demand beyond its mean, over its square.
    pub dispersion: f64,
    /// Prices that may be taken, falling from the price now.
    pub steps: Vec<f64>,
    pub place: Place,
}

/// What holds for all clearances.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct MarkdownRules {
    /// Most that buyers may pay less than the price now, expected over all clearances.
    pub budget: Option<f64>,
    /// Whether a price that fell stays down.
    pub only_fall: bool,
    /// Largest fall, as a share of the price now.
    pub deepest: f64,
    pub steps: usize,
}

/// Units of one clearance, at most.
pub(super) const MOST_UNITS: f64 = 5_000.0;
