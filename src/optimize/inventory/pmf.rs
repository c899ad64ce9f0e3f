//! Demand in whole units, and what a stock level costs under it.

use statrs::function::gamma::ln_gamma;

use super::error::{InventoryError, positive, range};

/// Probabilities smaller than this are left out of a Poisson table.
const NEGLIGIBLE: f64 = 1e-18;

/// Probabilities of a demand of 0, 1, 2, … units.
///
/// ```
/// use purvey::optimize::inventory::pmf::Pmf;
/// let day = Pmf::new(vec![0.5, 0.25, 0.25])?;
/// assert_eq!(day.mean(), 0.75);
/// assert_eq!(day.sum_of(2).probabilities(), [0.25, 0.25, 0.3125, 0.125, 0.0625]);
/// # Ok::<(), purvey::optimize::inventory::error::InventoryError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Pmf {
    p: Vec<f64>,
    mean: f64,
}

impl Pmf {
    /// Probabilities as given; they must add up to one.
    ///
    /// # Errors
    /// [`InventoryError`] where one is negative or the sum is not 1 (within 1e-6).
    pub fn new(p: Vec<f64>) -> Result<Self, InventoryError> {
        for &value in &p {
            range("probability", value, (0.0..=1.0).contains(&value), "between 0 and 1")?;
        }
        let sum: f64 = p.iter().sum();
        range("sum of the probabilities", sum, (sum - 1.0).abs() < 1e-6, "1")?;
        Ok(Self::of(p))
    }

    /// Poisson demand.
    ///
    /// # Errors
    /// [`InventoryError`] unless the mean is above 0 and at most 1e7.
    pub fn poisson(mean: f64) -> Result<Self, InventoryError> {
        positive("demand_mean", mean)?;
        range("demand_mean", mean, mean <= 1e7, "at most 1e7 units")?;
        let mode = mean.floor();
        let top = (mode * mean.ln() - mean - ln_gamma(mode + 1.0)).exp();
        let mut below = Vec::new();
        let (mut k, mut p) = (mode, top);
        while k > 0.0 && p > NEGLIGIBLE {
            p *= k / mean;
            k -= 1.0;
            below.push(p);
        }
        let mut table = vec![0.0; mode as usize - below.len()];
        table.extend(below.iter().rev());
        table.push(top);
        (k, p) = (mode, top);
        while p > NEGLIGIBLE {
            k += 1.0;
            p *= mean / k;
            table.push(p);
        }
        Ok(Pmf { p: table, mean })
    }

    fn of(p: Vec<f64>) -> Self {
        let mean = p.iter().enumerate().map(|(units, p)| units as f64 * p).sum();
        Pmf { p, mean }
    }

    /// Probability of 0, 1, 2, … units.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.p
    }

    /// Expected demand.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Demand of `periods` independent periods together.
    #[must_use]
    pub fn sum_of(&self, periods: usize) -> Pmf {
        let mut sum = vec![1.0];
        for _ in 0..periods {
            let mut longer = vec![0.0; sum.len() + self.p.len().max(1) - 1];
            for (i, &a) in sum.iter().enumerate().filter(|(_, a)| **a > 0.0) {
                for (j, &b) in self.p.iter().enumerate() {
                    longer[i + j] += a * b;
                }
            }
            sum = longer;
        }
        Pmf { p: sum, mean: self.mean * periods as f64 }
    }
}

/// Expected holding and shortage cost `G(y)` of an inventory position of `y`
/// units under a demand in whole units.
#[derive(Debug, Clone)]
pub(crate) struct PositionCost {
    holding: f64,
    shortage: f64,
    mean: f64,
    table: Vec<f64>,
}

impl PositionCost {
    /// `G(0) = p E[D]` and `G(y + 1) = G(y) - p + (h + p) P(D <= y)`.
    pub fn new(demand: &Pmf, holding: f64, shortage: f64) -> Self {
        let mut table = Vec::with_capacity(demand.p.len() + 1);
        let (mut cost, mut at_most) = (shortage * demand.mean, 0.0);
        table.push(cost);
        for p in &demand.p {
            at_most += p;
            cost += (holding + shortage) * at_most - shortage;
            table.push(cost);
        }
        PositionCost { holding, shortage, mean: demand.mean, table }
    }

    /// `G(position)`.
    pub fn at(&self, position: i64) -> f64 {
        if position < 0 {
            return self.shortage * (self.mean - position as f64);
        }
        match self.table.get(position as usize) {
            Some(cost) => *cost,
            None => self.holding * (position as f64 - self.mean),
        }
    }

    /// Smallest position of least cost.
    pub fn best(&self) -> i64 {
        let rises = self.table.windows(2).position(|pair| pair[1] >= pair[0]);
        rises.unwrap_or(self.table.len() - 1) as i64
    }
}
