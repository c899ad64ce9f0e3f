//! Given sales of regions before and during an experiment, find what the treatment changed.
//!
//! Method: difference in differences on the logarithm: each region's change is the
//! logarithm of its mean outcome during the test over that before it; the effect is the mean change of
//! treated regions less that of the others, its error by B. L. Welch (1947), doi:10.1093/biomet/34.1-2.28.
//! One number a region, so that outcomes of one region may depend on each other
//! (M. Bertrand, E. Duflo, S. Mullainathan 2004, doi:10.1162/003355304772839588).
//! Cost: time O(rows), memory O(regions).
//! Use a matched control instead when treated regions had another trend before the test.
//! Not for: fewer than two regions on a side.
//! Same input gives the same answer: yes.
//! Differs from the paper: none.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};
use thiserror::Error;

/// One outcome of a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoRow {
    /// The region.
    pub region: u32,
    /// Whether the region belongs to the treated ones.
    pub is_treated: bool,
    /// Whether it falls into the test, rather than before it.
    pub is_during: bool,
    /// Outcome, 0 or more.
    pub outcome: f64,
}

/// What the treatment changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoEffect {
    /// Difference of the changes of logarithms.
    pub effect: f64,
    /// Its standard error.
    pub error: f64,
    /// Ends of its 95 % interval.
    pub interval: (f64, f64),
    /// Treated regions.
    pub treated: usize,
    /// Other regions.
    pub others: usize,
    /// Regions left out: nothing sold before or during the test.
    pub left_out: usize,
}

impl GeoEffect {
    /// The effect as a share of the outcome.
    #[must_use]
    pub fn relative(&self) -> f64 {
        self.effect.exp_m1()
    }
}

/// Why there is no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GeoError {
    /// Too few regions on a side.
    #[error(
        "{treated} treated and {others} other regions sold before and during the test; two of each are needed"
    )]
    Regions {
        /// Treated ones.
        treated: usize,
        /// Others.
        others: usize,
    },
    /// A region on both sides.
    #[error("region {region} is treated in some rows and not in others")]
    BothSides {
        /// The region.
        region: u32,
    },
}

/// Sums and counts of a region: before, during.
#[derive(Default)]
struct Region {
    is_treated: bool,
    sums: [f64; 2],
    counts: [f64; 2],
}

/// Reads an experiment out.
///
/// # Errors
/// [`GeoError`] when a side has fewer than two regions or a region is on both.
///
/// ```
/// use purvey::predict::mix::geo::{GeoRow, read_out};
/// let row = |region, is_during, outcome| GeoRow { region, is_treated: region < 2, is_during, outcome };
/// let rows = [
///     row(0, false, 100.0), row(0, true, 90.0), row(1, false, 50.0), row(1, true, 45.5),
///     row(2, false, 80.0), row(2, true, 80.4), row(3, false, 20.0), row(3, true, 20.0),
/// ];
/// let effect = read_out(&rows)?;
/// assert!((effect.relative() + 0.097).abs() < 0.002);
/// # Ok::<(), purvey::predict::mix::geo::GeoError>(())
/// ```
pub fn read_out(rows: &[GeoRow]) -> Result<GeoEffect, GeoError> {
    let mut regions: BTreeMap<u32, Region> = BTreeMap::new();
    for row in rows {
        let is_new = !regions.contains_key(&row.region);
        let region = regions.entry(row.region).or_default();
        if is_new {
            region.is_treated = row.is_treated;
        } else if region.is_treated != row.is_treated {
            return Err(GeoError::BothSides { region: row.region });
        }
        region.sums[usize::from(row.is_during)] += row.outcome;
        region.counts[usize::from(row.is_during)] += 1.0;
    }
    let changes = |is_treated: bool| -> Vec<f64> {
        let of_side = regions.values().filter(|region| region.is_treated == is_treated);
        let sold = of_side.filter(|region| region.sums[0] > 0.0 && region.sums[1] > 0.0);
        sold.map(|r| ((r.sums[1] / r.counts[1]) / (r.sums[0] / r.counts[0])).ln()).collect()
    };
    let sides = [changes(true), changes(false)];
    let (treated, others) = (sides[0].len(), sides[1].len());
    if treated < 2 || others < 2 {
        return Err(GeoError::Regions { treated, others });
    }
    let [(mean_treated, square_treated), (mean_others, square_others)] =
        [&sides[0], &sides[1]].map(|side| mean_and_error(side));
    let effect = mean_treated - mean_others;
    let square = square_treated + square_others;
    let freedom = square.powi(2)
        / (square_treated.powi(2) / (treated as f64 - 1.0) + square_others.powi(2) / (others as f64 - 1.0));
    let quantile = StudentsT::new(0.0, 1.0, freedom).map_or(1.96, |t| t.inverse_cdf(0.975));
    let half = quantile * square.sqrt();
    Ok(GeoEffect {
        effect,
        error: square.sqrt(),
        interval: (effect - half, effect + half),
        treated,
        others,
        left_out: regions.len() - treated - others,
    })
}

/// Mean and the square of its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, square / (count - 1.0) / count)
}
