//! The own elasticity from what moves the price but not demand: two-stage least
//! squares within groups, with Hausman's test of whether it matters
//! (Hausman 1978, doi:10.2307/1913827).

use super::design::Design;
use super::regression::Fit;
use crate::predict::linear::solve_symmetric;

/// What an instrument says of the own elasticity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instrumented {
    /// The own elasticity by two-stage least squares.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// F statistic of the instrument in the first stage; below 10 it is weak.
    pub strength: f64,
    /// Distance to the plain elasticity in standard errors; from about 2 on prices followed demand.
    pub distance: f64,
}

impl Instrumented {
    /// `None` without an instrument that moves the price, and for products with periods without a sale.
    pub(super) fn of(design: &Design, fit: &Fit) -> Option<Self> {
        if design.instrument.is_empty() || design.has_zeros || !design.varies[0] {
            return None;
        }
        let (rows, count) = (design.rows(), design.columns.count());
        let weights = vec![1.0; rows];
        let logs: Vec<f64> = design.quantity.iter().map(|quantity| quantity.ln()).collect();
        let column = |at: usize| -> Vec<f64> {
            let values: Vec<f64> = (0..rows).map(|row| design.row(row)[at]).collect();
            design.within(&values, &weights)
        };
        let others: Vec<Vec<f64>> = (1..count).filter(|&at| design.varies[at]).map(column).collect();
        let instrument = left_over(&others, &design.within(&design.instrument, &weights))?;
        let price = left_over(&others, &column(0))?;
        let demand = left_over(&others, &design.within(&logs, &weights))?;
        let free = rows.checked_sub(design.groups + count).filter(|&free| free > 0)? as f64;
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (zz, zp, zy) =
            (dot(&instrument, &instrument), dot(&instrument, &price), dot(&instrument, &demand));
        if zz <= 1e-9 * rows as f64 || zp == 0.0 {
            return None;
        }
        let first = zp / zz;
        let unexplained = dot(&price, &price) - first * zp;
        let strength = first * zp / (unexplained.max(0.0) / free).max(f64::MIN_POSITIVE);
        let value = zy / zp;
        let left: f64 = demand.iter().zip(&price).map(|(y, p)| (y - value * p).powi(2)).sum();
        let variance = left / free * zz / (zp * zp);
        let plain = dot(&price, &demand) / dot(&price, &price);
        let plain_variance = fit.variance / dot(&price, &price);
        let apart = (variance - plain_variance).max(1e-12).sqrt();
        Some(Instrumented {
            value,
            error: variance.sqrt(),
            strength,
            distance: (value - plain).abs() / apart,
        })
    }
}

/// What `columns` leave of `values`.
fn left_over(columns: &[Vec<f64>], values: &[f64]) -> Option<Vec<f64>> {
    let count = columns.len();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut square: Vec<f64> = columns.iter().flat_map(|a| columns.iter().map(move |b| dot(a, b))).collect();
    for at in 0..count {
        square[at * count + at] *= 1.0 + 1e-9;
    }
    let mut beta: Vec<f64> = columns.iter().map(|column| dot(column, values)).collect();
    if !solve_symmetric(&mut square, &mut beta) {
        return None;
    }
    let mut left = values.to_vec();
    for (column, beta) in columns.iter().zip(&beta) {
        left.iter_mut().zip(column).for_each(|(left, x)| *left -= beta * x);
    }
    Some(left)
}
