//! Given what was sold at which prices, find how demand answers to prices.
//!
//! Method: one log-log regression a product over all its groups (stores) with a
//! fixed effect of each: own price, prices of rivals, covariates (promotion,
//! feature) and two waves of the year; drift is in the level of the group. Products with periods without a
//! sale are fitted by Poisson pseudo-likelihood (Santos Silva and Tenreyro 2006,
//! doi:10.1162/rest.88.4.641), which takes zeros. A second pass shrinks every
//! coefficient to what the products have in common, with the variance between
//! them by DerSimonian and Laird (1986), doi:10.1016/0197-2456(86)90046-2; where
//! there are few products the own price leans on published elasticities (mean
//! -2.6: Bijmolt, van Heerde and Pieters 2005, doi:10.1509/jmkr.42.2.141.62296).
//! Groups of a product differ by a shrunk slope and a level that follows their
//! newest residuals. Standard errors are clustered by group.
//! Cost: O(rows x k^2) time, O(rows x k) memory, with k = columns.
//! Not for: products that had one price only (they get the common elasticity and are marked).
//! Same input gives the same answer: yes.

mod design;
mod filter;
#[cfg(test)]
mod filter_tests;
mod instrument;
mod pooling;
mod regression;
#[cfg(test)]
mod tests;
mod watch;

use rayon::prelude::*;

use design::{Columns, Design};
use filter::State;
pub use filter::{Drift, Filter};
pub use instrument::Instrumented;
use pooling::{Estimate, Prior, pooled};
use regression::Fit;
pub use watch::Alarm;

/// One product's history. All vectors but `rivals` have one entry a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sold {
    /// Group of the row (a store), counted from 0.
    pub group: Vec<u32>,
    /// Period of the row, such as a week counted from any start.
    pub period: Vec<f64>,
    /// Quantity sold, 0 or more.
    pub quantity: Vec<f64>,
    /// Price, above 0.
    pub price: Vec<f64>,
    /// Prices of rivals, above 0: `rivals[r][row]`.
    pub rivals: Vec<Vec<f64>>,
    /// Covariates such as promotion: `covariates[c][row]`; every product has the same ones.
    pub covariates: Vec<Vec<f64>>,
    /// What moves the price but not demand, such as unit cost: above 0, or NaN where unknown.
    pub instrument: Vec<f64>,
}

impl Sold {
    /// Answers with the demand question that a row stands for.
    ///
    /// # Panics
    /// Where a vector has no such row.
    pub fn ask<R>(&self, row: usize, answer: impl FnOnce(&Question<'_>) -> R) -> R {
        let rivals: Vec<f64> = self.rivals.iter().map(|prices| prices[row]).collect();
        let covariates: Vec<f64> = self.covariates.iter().map(|values| values[row]).collect();
        answer(&Question {
            group: self.group[row],
            period: self.period[row],
            price: self.price[row],
            rivals: &rivals,
            covariates: &covariates,
        })
    }
}

/// Choices of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseOptions {
    /// Periods of a year; no waves of the year where the history is shorter.
    pub season_length: f64,
    /// Periods after which a residual counts half for the level of its group.
    pub half_life: f64,
}

impl Default for ResponseOptions {
    fn default() -> Self {
        ResponseOptions { season_length: 52.0, half_life: 4.0 }
    }
}

/// An elasticity with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Elasticity {
    /// Change of the logarithm of demand over that of the price.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// How demand of one product answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// To its own price.
    pub own: Elasticity,
    /// To the price of each rival.
    pub rivals: Vec<Elasticity>,
    /// To each covariate: change of the logarithm for one more unit.
    pub covariates: Vec<Elasticity>,
    /// Whether its own prices tell the elasticity; else it is what the products have in common.
    pub identified: bool,
    /// What the instrument says of the own price, where there is one.
    pub instrumented: Option<Instrumented>,
    state: State,
    /// How far rows of a period stray together.
    shared: [f64; 2],
}

/// Variance of rows that fit exactly.
const LEAST_NOISE: f64 = 1e-12;
/// Distinct prices, as a spread of their logarithm, below which nothing is identified.
const ONE_PRICE: f64 = 1e-3;

/// Fits all products.
///
/// ```
/// use purvey::predict::response::{ResponseOptions, Sold, fit};
/// let price: Vec<f64> = (0..40).map(|week| 2.0 + 0.25 * f64::from(week % 4)).collect();
/// let quantity = price.iter().map(|p| 100.0 * p.powf(-3.0)).collect();
/// let sold = Sold {
///     group: vec![0; 40],
///     period: (0..40).map(f64::from).collect(),
///     quantity,
///     price,
///     ..Sold::default()
/// };
/// let response = &fit(&[sold], &ResponseOptions::default())[0];
/// assert!((response.own.value + 3.0).abs() < 0.05);
/// ```
#[must_use]
pub fn fit(products: &[Sold], options: &ResponseOptions) -> Vec<Response> {
    let designs: Vec<Design> = products.par_iter().map(|sold| Design::new(sold, options)).collect();
    let plain = Prior::published();
    let first: Vec<Fit> = designs.par_iter().map(|design| Fit::new(design, &plain)).collect();
    let prior = common(&designs, &first, &plain);
    designs.par_iter().map(|design| response(design, &prior, options)).collect()
}

/// What the products have in common, role by role.
fn common(designs: &[Design], fits: &[Fit], plain: &Prior) -> Prior {
    let collect = |column: &dyn Fn(&Columns) -> Vec<usize>| -> Vec<Estimate> {
        let of = |(design, fit): (&Design, &Fit)| -> Vec<Estimate> {
            let told = |at: &usize| design.varies[*at];
            let columns = column(&design.columns).into_iter().filter(told);
            columns.map(|at| Estimate { value: fit.beta[at], error: fit.error[at] }).collect()
        };
        designs.iter().zip(fits).flat_map(of).collect()
    };
    let covariates = designs.first().map_or(0, |design| design.columns.covariates);
    Prior {
        own: pooled(&collect(&|_| vec![0]), plain.own),
        rival: pooled(&collect(&|columns| columns.rivals().collect()), plain.rival),
        covariates: (0..covariates)
            .map(|at| pooled(&collect(&|columns| vec![columns.covariate(at)]), plain.other))
            .collect(),
        wave: pooled(&collect(&|columns| columns.waves().collect()), plain.wave),
        other: plain.other,
    }
}

fn response(design: &Design, prior: &Prior, options: &ResponseOptions) -> Response {
    let fit = Fit::new(design, prior);
    let columns = design.columns;
    let slopes = fit.slopes(design);
    let elasticity = |at: usize| Elasticity { value: fit.beta[at], error: fit.error[at] };
    Response {
        own: elasticity(0),
        rivals: columns.rivals().map(elasticity).collect(),
        covariates: (0..columns.covariates).map(|at| elasticity(columns.covariate(at))).collect(),
        identified: design.varies[0],
        instrumented: Instrumented::of(design, &fit),
        shared: fit.shared(design, &slopes),
        state: State {
            groups: fit.groups(design, &slopes, options.half_life),
            smear: if design.has_zeros { 1.0 } else { fit.smear(design, &slopes) },
            columns,
            noise: fit.variance.max(LEAST_NOISE),
            counts: design.has_zeros,
            beta: fit.beta,
            covariance: fit.covariance,
        },
    }
}

/// Where and when demand is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question<'a> {
    /// Group.
    pub group: u32,
    /// Period.
    pub period: f64,
    /// Own price, above 0.
    pub price: f64,
    /// Prices of rivals, above 0.
    pub rivals: &'a [f64],
    /// Covariates.
    pub covariates: &'a [f64],
}

impl Response {
    /// Median demand.
    ///
    /// A group beyond those of the history has the mean level of the others.
    #[must_use]
    pub fn median(&self, question: &Question<'_>) -> f64 {
        self.state.median(question)
    }

    /// Mean demand.
    #[must_use]
    pub fn mean(&self, question: &Question<'_>) -> f64 {
        self.state.mean(question)
    }
}
