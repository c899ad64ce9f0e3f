//! What it is worth to know an elasticity better.
//!
//! The mean that the elasticity will have after a test is normal around the one it has, with the variance that the
//! test takes away. Where it comes out otherwise, another price is the best; what that brings more than the
//! price chosen without the test, on average, is the value of the test's information (Raiffa and Schlaifer 1961,
//! "Applied Statistical Decision Theory", chapter 4). Never below 0, and 0 where no other price would be chosen.

use statrs::distribution::{ContinuousCDF, Normal};

use super::super::problem::{Problem, Standing};

/// Equally likely outcomes that stand for all.
const OUTCOMES: usize = 25;

/// What one product brings more in a period by a mean of its elasticity that will have strayed by `told`, with the
/// best of some prices.
pub(in super::super) fn of_knowing(
    problem: &Problem,
    standing: &Standing<'_>,
    product: usize,
    allowed: &[f64],
    told: f64,
) -> f64 {
    let it = &problem.products[product];
    let brings = |price: f64, elasticity: f64| {
        let log = (price / it.price_now).ln();
        // Demand at the mean elasticity, turned to another one.
        let quantity = problem.demand_at(product, price, &standing.prices, 0.0);
        let turned = quantity * ((elasticity.min(0.0) - it.own.elasticity.min(0.0)) * log).exp();
        problem.goal.of(price, it.unit_cost, turned)
    };
    let best = |elasticity: f64| {
        allowed.iter().copied().max_by(|&a, &b| brings(a, elasticity).total_cmp(&brings(b, elasticity)))
    };
    let Some(chosen) = best(it.own.elasticity) else { return 0.0 };
    let normal = Normal::standard();
    let gain = |outcome: usize| {
        let elasticity =
            it.own.elasticity + told * normal.inverse_cdf((outcome as f64 + 0.5) / OUTCOMES as f64);
        best(elasticity).map_or(0.0, |best| brings(best, elasticity) - brings(chosen, elasticity))
    };
    (0..OUTCOMES).map(gain).sum::<f64>() / OUTCOMES as f64
}
