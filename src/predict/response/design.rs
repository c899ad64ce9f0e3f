//! The columns of a product's regression.

use super::{ONE_PRICE, Question, ResponseOptions, Sold};

/// Order of the columns: own price, rivals, covariates, waves of the year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Columns {
    pub rivals: usize,
    pub covariates: usize,
    /// Waves of the year, a sine and a cosine each.
    waves: usize,
    season_length: f64,
}

impl Columns {
    pub fn count(&self) -> usize {
        1 + self.rivals + self.covariates + 2 * self.waves
    }

    pub fn rivals(&self) -> std::ops::Range<usize> {
        1..1 + self.rivals
    }

    pub fn covariate(&self, at: usize) -> usize {
        1 + self.rivals + at
    }

    /// Columns of the waves.
    pub fn waves(&self) -> std::ops::Range<usize> {
        self.covariate(self.covariates)..self.count()
    }

    pub fn fill(&self, question: &Question<'_>, row: &mut [f64]) {
        row[0] = question.price.ln();
        for (slot, price) in row[self.rivals()].iter_mut().zip(question.rivals) {
            *slot = price.ln();
        }
        let after = self.covariate(0);
        row[after..after + self.covariates].copy_from_slice(question.covariates);
        let after = self.covariate(self.covariates);
        let angle = std::f64::consts::TAU * question.period / self.season_length;
        for wave in 0..self.waves {
            let at = after + 2 * wave;
            (row[at], row[at + 1]) = (((wave + 1) as f64 * angle).sin(), ((wave + 1) as f64 * angle).cos());
        }
    }
}

/// A product's rows as numbers.
#[derive(Debug)]
pub(super) struct Design {
    pub columns: Columns,
    /// Row by row.
    pub x: Vec<f64>,
    pub quantity: Vec<f64>,
    pub group: Vec<u32>,
    /// Groups that have rows, and the largest index of one and one more.
    pub groups: usize,
    pub group_indices: usize,
    pub period: Vec<f64>,
    /// Logarithm of the instrument; empty without one.
    pub instrument: Vec<f64>,
    /// Whether a column differs within groups.
    pub varies: Vec<bool>,
    pub has_zeros: bool,
}

impl Design {
    pub fn new(sold: &Sold, options: &ResponseOptions) -> Self {
        let ends = |pick: fn(f64, f64) -> f64, from: f64| sold.period.iter().copied().fold(from, pick);
        let (first, last) = (ends(f64::min, f64::INFINITY), ends(f64::max, f64::NEG_INFINITY));
        let columns = Columns {
            rivals: sold.rivals.len(),
            covariates: sold.covariates.len(),
            // A wave cannot be told from a drift in less than a year.
            waves: if last - first >= options.season_length { 2 } else { 0 },
            season_length: options.season_length,
        };
        let mut x = vec![0.0; sold.price.len() * columns.count()];
        for (row, line) in x.chunks_exact_mut(columns.count()).enumerate() {
            sold.ask(row, |question| columns.fill(question, line));
        }
        let mut groups = sold.group.clone();
        groups.sort_unstable();
        groups.dedup();
        let known = sold.instrument.len() == sold.price.len() && sold.instrument.iter().all(|z| *z > 0.0);
        let mut design = Design {
            columns,
            x,
            quantity: sold.quantity.clone(),
            group: sold.group.clone(),
            group_indices: groups.last().map_or(0, |&last| last as usize + 1),
            groups: groups.len(),
            period: sold.period.clone(),
            instrument: if known { sold.instrument.iter().map(|z| z.ln()).collect() } else { Vec::new() },
            varies: Vec::new(),
            has_zeros: sold.quantity.iter().any(|&quantity| quantity <= 0.0),
        };
        design.varies = (0..columns.count()).map(|column| design.spread_of(column) > ONE_PRICE).collect();
        design
    }

    pub fn rows(&self) -> usize {
        self.quantity.len()
    }

    pub fn row(&self, row: usize) -> &[f64] {
        let count = self.columns.count();
        &self.x[row * count..(row + 1) * count]
    }

    /// Standard deviation of a column within groups.
    fn spread_of(&self, column: usize) -> f64 {
        let values: Vec<f64> = (0..self.rows()).map(|row| self.row(row)[column]).collect();
        let centred = self.within(&values, &vec![1.0; values.len()]);
        (centred.iter().map(|value| value * value).sum::<f64>() / values.len().max(1) as f64).sqrt()
    }

    /// Values less the weighted mean of their group.
    pub fn within(&self, values: &[f64], weights: &[f64]) -> Vec<f64> {
        let means = self.means(values, weights);
        values.iter().zip(&self.group).map(|(value, &group)| value - means[group as usize]).collect()
    }

    /// Weighted mean by group; 0 of nothing.
    pub fn means(&self, values: &[f64], weights: &[f64]) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); self.group_indices];
        for ((value, weight), &group) in values.iter().zip(weights).zip(&self.group) {
            let sum = &mut sums[group as usize];
            *sum = (sum.0 + weight * value, sum.1 + weight);
        }
        sums.into_iter().map(|(sum, weight)| if weight > 0.0 { sum / weight } else { 0.0 }).collect()
    }
}
