//! Demand of one span of time as a probability distribution.
//!
//! The models ask three things of it: a quantile, the probability of at most
//! so many units, and the units expected beyond a level (loss function).

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use super::error::{InventoryError, not_negative, positive, range};
use super::pmf::{Pmf, PositionCost};

/// A demand distribution, checked when made.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand(Shape);

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Normal { mean: f64, sd: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Discrete(Pmf),
    Empirical { sorted: Vec<f64> },
}

impl Demand {
    /// Normal demand.
    ///
    /// # Errors
    /// [`InventoryError`] unless the mean is 0 or more and the deviation above 0.
    pub fn normal(mean: f64, sd: f64) -> Result<Self, InventoryError> {
        not_negative("demand_mean", mean)?;
        positive("demand_sd", sd)?;
        Ok(Demand(Shape::Normal { mean, sd }))
    }

    /// Demand whose logarithm is normal with mean `mu` and deviation `sigma`.
    ///
    /// # Errors
    /// [`InventoryError`] unless `sigma` is above 0.
    pub fn lognormal(mu: f64, sigma: f64) -> Result<Self, InventoryError> {
        range("mu", mu, true, "a number")?;
        positive("sigma", sigma)?;
        Ok(Demand(Shape::Lognormal { mu, sigma }))
    }

    /// Poisson demand.
    ///
    /// # Errors
    /// See [`Pmf::poisson`].
    pub fn poisson(mean: f64) -> Result<Self, InventoryError> {
        Ok(Demand(Shape::Discrete(Pmf::poisson(mean)?)))
    }

    /// Demand in whole units with given probabilities.
    #[must_use]
    pub fn discrete(pmf: Pmf) -> Self {
        Demand(Shape::Discrete(pmf))
    }

    /// Equally likely amounts, such as scenarios.
    ///
    /// # Errors
    /// [`InventoryError`] where there is none, or one is negative or no number.
    pub fn empirical(mut amounts: Vec<f64>) -> Result<Self, InventoryError> {
        if amounts.is_empty() {
            return Err(InventoryError::WrongLength { field: "amounts", found: 0, expected: 1 });
        }
        amounts.iter().try_for_each(|&amount| not_negative("amount", amount))?;
        amounts.sort_by(f64::total_cmp);
        Ok(Demand(Shape::Empirical { sorted: amounts }))
    }

    /// Expected units.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match &self.0 {
            Shape::Normal { mean, .. } => *mean,
            Shape::Lognormal { mu, sigma } => (mu + sigma * sigma / 2.0).exp(),
            Shape::Discrete(pmf) => pmf.mean(),
            Shape::Empirical { sorted } => sorted.iter().sum::<f64>() / sorted.len() as f64,
        }
    }

    /// Smallest level that covers demand with probability `share`.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        match &self.0 {
            Shape::Normal { mean, sd } => mean + sd * normal_quantile(share),
            Shape::Lognormal { mu, sigma } => (mu + sigma * normal_quantile(share)).exp(),
            Shape::Discrete(pmf) => {
                let mut at_most = 0.0;
                let reached = pmf.probabilities().iter().position(|p| {
                    at_most += p;
                    at_most >= share
                });
                reached.unwrap_or(pmf.probabilities().len().saturating_sub(1)) as f64
            }
            Shape::Empirical { sorted } => {
                let needed = (share * sorted.len() as f64 - 1e-9).ceil().max(1.0) as usize;
                sorted[needed.min(sorted.len()) - 1]
            }
        }
    }

    /// Probability that demand is at most `level`.
    #[must_use]
    pub fn cdf(&self, level: f64) -> f64 {
        match &self.0 {
            Shape::Normal { mean, sd } => normal_cdf((level - mean) / sd),
            Shape::Lognormal { mu, sigma } if level > 0.0 => normal_cdf((level.ln() - mu) / sigma),
            Shape::Lognormal { .. } => 0.0,
            Shape::Discrete(pmf) if level >= 0.0 => pmf.probabilities().iter().take(level as usize + 1).sum(),
            Shape::Discrete(_) => 0.0,
            Shape::Empirical { sorted } => {
                sorted.partition_point(|&amount| amount <= level) as f64 / sorted.len() as f64
            }
        }
    }

    /// Units expected beyond `level`, `E[max(D - level, 0)]`.
    #[must_use]
    pub fn shortfall(&self, level: f64) -> f64 {
        match &self.0 {
            Shape::Normal { mean, sd } => sd * normal_loss((level - mean) / sd),
            Shape::Lognormal { mu, sigma } if level > 0.0 => {
                let z = (mu - level.ln()) / sigma;
                self.mean() * normal_cdf(z + sigma) - level * normal_cdf(z)
            }
            Shape::Lognormal { .. } => self.mean() - level,
            Shape::Discrete(pmf) => {
                let beyond = PositionCost::new(pmf, 0.0, 1.0);
                let (low, share) = (level.floor(), level - level.floor());
                let at = |level: f64| beyond.at(level as i64);
                if share == 0.0 { at(low) } else { (1.0 - share) * at(low) + share * at(low + 1.0) }
            }
            Shape::Empirical { sorted } => {
                let beyond: f64 = sorted.iter().rev().take_while(|&&d| d > level).map(|d| d - level).sum();
                beyond / sorted.len() as f64
            }
        }
    }

    /// Demand of `periods` independent spans together; `None` where that sum
    /// has no closed form (lognormal and empirical demand).
    #[must_use]
    pub fn sum_of(&self, periods: usize) -> Option<Demand> {
        let n = periods as f64;
        match &self.0 {
            Shape::Normal { mean, sd } => Some(Demand(Shape::Normal { mean: n * mean, sd: n.sqrt() * sd })),
            Shape::Discrete(pmf) => Some(Demand(Shape::Discrete(pmf.sum_of(periods)))),
            Shape::Lognormal { .. } | Shape::Empirical { .. } => None,
        }
    }
}

/// Quantile of the standard normal distribution.
pub(crate) fn normal_quantile(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share)
}

/// Standard normal distribution function.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Standard normal density.
pub(crate) fn normal_pdf(z: f64) -> f64 {
    Normal::standard().pdf(z)
}

/// Standard normal loss `E[max(Z - z, 0)]`.
pub(crate) fn normal_loss(z: f64) -> f64 {
    normal_pdf(z) - z * normal_cdf(-z)
}

/// Second-order loss: the integral of [`normal_loss`] from `z` up.
pub(crate) fn normal_second_loss(z: f64) -> f64 {
    0.5 * ((z * z + 1.0) * normal_cdf(-z) - z * normal_pdf(z))
}
