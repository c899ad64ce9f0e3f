//! Regression with fixed effects of groups and beliefs about the coefficients.

use std::collections::BTreeMap;

use super::ONE_PRICE;
use super::design::Design;
use super::filter::Group;
use super::pooling::Prior;
use crate::predict::linear::solve_symmetric;

/// Rounds of the pseudo-likelihood.
const ROUNDS: usize = 50;
/// Variance of residuals below which rows that fit exactly would be taken as certain.
const LEAST_VARIANCE: f64 = 1e-12;
/// Groups from which standard errors are clustered.
const CLUSTERS: usize = 8;
/// Residuals that a group's level leans on.
const LEVEL_WORTH: f64 = 1.0;

/// Coefficients of a product.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    pub beta: Vec<f64>,
    pub error: Vec<f64>,
    /// Covariance of the coefficients, row by row; the roots of its diagonal are the errors.
    pub covariance: Vec<f64>,
    /// Weight and working response of each row.
    weights: Vec<f64>,
    response: Vec<f64>,
    /// Variance of a residual of weight 1.
    pub variance: f64,
}

/// Sums of squares and products within groups.
struct Moments {
    square: Vec<f64>,
    product: Vec<f64>,
    /// Rows less the means of their group.
    centred: Vec<f64>,
    response: Vec<f64>,
}

impl Fit {
    /// Least squares of logarithms, or the pseudo-likelihood where quantities of 0 occur.
    pub fn new(design: &Design, prior: &Prior) -> Self {
        let rows = design.rows();
        let positive = |quantity: f64| quantity.max(0.5).ln();
        let mut fit = Fit {
            beta: vec![0.0; design.columns.count()],
            error: vec![f64::INFINITY; design.columns.count()],
            covariance: Vec::new(),
            weights: vec![1.0; rows],
            response: design.quantity.iter().map(|&quantity| positive(quantity)).collect(),
            variance: 1.0,
        };
        fit.step(design, prior);
        if design.has_zeros {
            fit.poisson(design, prior);
        }
        fit.measure(design, prior);
        fit
    }

    /// Reweighted least squares: demand is counted, its variance grows with its mean.
    fn poisson(&mut self, design: &Design, prior: &Prior) {
        for _ in 0..ROUNDS {
            let before = self.beta.clone();
            let line = self.fitted(design);
            for (row, eta) in line.into_iter().enumerate() {
                let mean = eta.clamp(-12.0, 25.0).exp();
                self.weights[row] = mean;
                self.response[row] = eta + (design.quantity[row] - mean) / mean;
            }
            self.step(design, prior);
            let moved = before.iter().zip(&self.beta).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            if moved < 1e-9 {
                break;
            }
        }
    }

    /// One weighted regression; the variance is that of its own residuals.
    fn step(&mut self, design: &Design, prior: &Prior) {
        let moments = self.moments(design);
        for _ in 0..2 {
            let (mut square, mut product) = self.penalised(design, prior, &moments);
            if solve_symmetric(&mut square, &mut product) {
                self.beta = product;
            }
            self.variance = self.residual_variance(design, &moments);
        }
    }

    fn moments(&self, design: &Design) -> Moments {
        let count = design.columns.count();
        let mut centred = vec![0.0; design.x.len()];
        for column in 0..count {
            let values: Vec<f64> = (0..design.rows()).map(|row| design.row(row)[column]).collect();
            for (row, value) in design.within(&values, &self.weights).into_iter().enumerate() {
                centred[row * count + column] = value;
            }
        }
        let response = design.within(&self.response, &self.weights);
        let (mut square, mut product) = (vec![0.0; count * count], vec![0.0; count]);
        for (row, line) in centred.chunks_exact(count).enumerate() {
            let weight = self.weights[row];
            for (i, &x) in line.iter().enumerate() {
                product[i] += weight * x * response[row];
                for (j, &other) in line.iter().enumerate().take(i + 1) {
                    square[i * count + j] += weight * x * other;
                }
            }
        }
        for i in 0..count {
            for j in 0..i {
                square[j * count + i] = square[i * count + j];
            }
        }
        Moments { square, product, centred, response }
    }

    /// The normal equations with the beliefs, scaled by the variance.
    fn penalised(&self, design: &Design, prior: &Prior, moments: &Moments) -> (Vec<f64>, Vec<f64>) {
        let count = design.columns.count();
        let (mut square, mut product) = (moments.square.clone(), moments.product.clone());
        for column in 0..count {
            let belief = prior.of(&design.columns, column);
            let weight = self.variance.max(LEAST_VARIANCE) / belief.variance;
            square[column * count + column] += weight;
            product[column] += weight * belief.mean;
        }
        (square, product)
    }

    fn residual_variance(&self, design: &Design, moments: &Moments) -> f64 {
        let count = design.columns.count();
        let sum: f64 = moments
            .centred
            .chunks_exact(count)
            .enumerate()
            .map(|(row, line)| {
                let fitted: f64 = line.iter().zip(&self.beta).map(|(x, beta)| x * beta).sum();
                self.weights[row] * (moments.response[row] - fitted).powi(2)
            })
            .sum();
        let free = design.rows().saturating_sub(design.groups + count).max(1);
        sum / free as f64
    }

    /// Standard errors: clustered by group where there are enough, never below those of the plain formula.
    fn measure(&mut self, design: &Design, prior: &Prior) {
        let count = design.columns.count();
        let moments = self.moments(design);
        let (square, _) = self.penalised(design, prior, &moments);
        let inverse: Vec<Vec<f64>> = (0..count)
            .map(|column| {
                let mut unit = vec![0.0; count];
                unit[column] = 1.0;
                let mut left = square.clone();
                solve_symmetric(&mut left, &mut unit);
                unit
            })
            .collect();
        let mut scores = vec![0.0; design.group_indices * count];
        for (row, line) in moments.centred.chunks_exact(count).enumerate() {
            let fitted: f64 = line.iter().zip(&self.beta).map(|(x, beta)| x * beta).sum();
            let left = self.weights[row] * (moments.response[row] - fitted);
            let group = design.group[row] as usize;
            for (score, x) in scores[group * count..(group + 1) * count].iter_mut().zip(line) {
                *score += x * left;
            }
        }
        for (column, inverse) in inverse.iter().enumerate() {
            let clustered: f64 = scores
                .chunks_exact(count)
                .map(|score| score.iter().zip(inverse).map(|(s, i)| s * i).sum::<f64>().powi(2))
                .sum();
            let plain = self.variance.max(LEAST_VARIANCE) * inverse[column].max(0.0);
            let variance = if design.groups >= CLUSTERS { plain.max(clustered) } else { plain };
            self.error[column] = variance.sqrt();
        }
        // The plain covariance, as wide as the errors.
        let plain = |column: usize| inverse[column][column].max(f64::MIN_POSITIVE).sqrt();
        let wide: Vec<f64> = (0..count).map(|column| self.error[column] / plain(column)).collect();
        let cell = |(i, j): (usize, usize)| wide[i] * wide[j] * inverse[i][j];
        self.covariance = (0..count).flat_map(|i| (0..count).map(move |j| (i, j))).map(cell).collect();
    }

    /// Logarithm of demand by row, fixed effects included.
    fn fitted(&self, design: &Design) -> Vec<f64> {
        let line = self.line(design);
        let left: Vec<f64> = self.response.iter().zip(&line).map(|(y, line)| y - line).collect();
        let means = design.means(&left, &self.weights);
        line.iter().zip(&design.group).map(|(line, &group)| line + means[group as usize]).collect()
    }

    /// The same without fixed effects.
    fn line(&self, design: &Design) -> Vec<f64> {
        let of = |row| design.row(row).iter().zip(&self.beta).map(|(x, beta)| x * beta).sum::<f64>();
        (0..design.rows()).map(of).collect()
    }

    /// How the own slope of each group differs, shrunk by the variance between groups.
    pub fn slopes(&self, design: &Design) -> Vec<f64> {
        let residuals = self.residuals(design, &[]);
        let prices: Vec<f64> = (0..design.rows()).map(|row| design.row(row)[0]).collect();
        let prices = design.within(&prices, &self.weights);
        let mut sums = vec![(0.0, 0.0); design.group_indices];
        let mut weights = vec![0.0; design.group_indices];
        for (row, (x, left)) in prices.iter().zip(&residuals).enumerate() {
            let sum = &mut sums[design.group[row] as usize];
            let weight = self.weights[row];
            *sum = (sum.0 + weight * x * left, sum.1 + weight * x * x);
            weights[design.group[row] as usize] += weight;
        }
        // A group with one price has no slope of its own; what rounding leaves of its spread would make one.
        for (sum, weight) in sums.iter_mut().zip(weights) {
            if sum.1 <= ONE_PRICE * ONE_PRICE * weight {
                *sum = (0.0, 0.0);
            }
        }
        let told = || sums.iter().filter(|sum| sum.1 > 0.0);
        let count = told().count() as f64;
        // Between groups: what their slopes differ by beyond what chance explains.
        let excess: f64 = told().map(|(xy, xx)| (xy / xx).powi(2) - self.variance / xx).sum();
        let between = (excess / count.max(1.0)).max(0.0);
        sums.iter()
            .map(|&(xy, xx)| between * xy / (between * xx + self.variance).max(f64::MIN_POSITIVE))
            .collect()
    }

    /// Level of each group: its fixed effect, moved by its newest residuals; as a distribution given the coefficients.
    /// A group without rows is like the others.
    pub fn groups(&self, design: &Design, slopes: &[f64], half_life: f64) -> Vec<Group> {
        let line = self.line(design);
        let slope = |row: usize| slopes[design.group[row] as usize] * design.row(row)[0];
        let left: Vec<f64> =
            (0..design.rows()).map(|row| self.response[row] - line[row] - slope(row)).collect();
        let last = design.period.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> =
            design.period.iter().map(|period| 0.5_f64.powf((last - period) / half_life)).collect();
        let moved = |values: &[f64]| self.moved(design, &shares, values);
        let levels = moved(&left);
        let column = |at: usize| (0..design.rows()).map(|row| design.row(row)[at]).collect::<Vec<f64>>();
        let leans: Vec<Vec<f64>> = (0..design.columns.count()).map(|at| moved(&column(at))).collect();
        let (mut newest, mut weight, mut rows) = (levels.clone(), levels.clone(), levels.clone());
        [&mut newest, &mut weight, &mut rows].into_iter().for_each(|sums| sums.fill(0.0));
        for (row, &group) in design.group.iter().enumerate() {
            newest[group as usize] += shares[row] * self.weights[row];
            weight[group as usize] += self.weights[row];
            rows[group as usize] += 1.0;
        }
        let smoothing = 1.0 - 0.5_f64.powf(1.0 / half_life);
        let noise = self.variance.max(LEAST_VARIANCE);
        let mut groups: Vec<Group> = (0..levels.len())
            .map(|at| {
                let lean: Vec<f64> = leans.iter().map(|means| -means[at]).collect();
                let usual = weight[at] / rows[at].max(1.0);
                Group {
                    intercept: levels[at] - lean.iter().zip(&self.beta).map(|(l, b)| l * b).sum::<f64>(),
                    lean,
                    variance: noise / (newest[at] + LEVEL_WORTH * usual).max(f64::MIN_POSITIVE),
                    slope: slopes[at],
                    // A local level with this drift smooths as the half-life does.
                    drift: smoothing * smoothing / (1.0 - smoothing) * noise / usual.max(f64::MIN_POSITIVE),
                }
            })
            .collect();
        fill_unseen(&mut groups, &rows);
        groups
    }

    /// Weighted mean by group, moved by the newest values.
    fn moved(&self, design: &Design, shares: &[f64], values: &[f64]) -> Vec<f64> {
        let means = design.means(values, &self.weights);
        let mut recent = vec![(0.0, 0.0); design.group_indices];
        for (row, left) in design.within(values, &self.weights).iter().enumerate() {
            let sum = &mut recent[design.group[row] as usize];
            *sum = (sum.0 + shares[row] * left, sum.1 + shares[row]);
        }
        recent.iter().zip(&means).map(|((sum, share), mean)| mean + sum / (share + LEVEL_WORTH)).collect()
    }

    /// How far rows of one period stray together, in standard deviations of what they would if each strayed alone:
    /// of the level and of the answer to the own price, 1 or more.
    pub fn shared(&self, design: &Design, slopes: &[f64]) -> [f64; 2] {
        let residuals = self.residuals(design, slopes);
        let prices: Vec<f64> = (0..design.rows()).map(|row| design.row(row)[0]).collect();
        let prices = design.within(&prices, &self.weights);
        let mut periods: BTreeMap<i64, [f64; 4]> = BTreeMap::new();
        for (row, left) in residuals.iter().enumerate() {
            let left = left * (self.weights[row] / self.variance.max(LEAST_VARIANCE)).sqrt();
            let sums = periods.entry(design.period[row] as i64).or_default();
            for (sum, more) in sums.iter_mut().zip([left, 1.0, left * prices[row], prices[row].powi(2)]) {
                *sum += more;
            }
        }
        let root = |pick: &dyn Fn(&[f64; 4]) -> (f64, f64)| {
            let told = periods.values().map(pick).filter(|(_, square)| *square > 1e-9);
            let (sum, count) =
                told.fold((0.0, 0.0), |(sum, count), (off, square)| (sum + off * off / square, count + 1.0));
            if count > 0.0 { (sum / count).sqrt().max(1.0) } else { 1.0 }
        };
        [root(&|sums| (sums[0], sums[1])), root(&|sums| (sums[2], sums[3]))]
    }

    /// Mean quantity over predicted median, for logarithms that stray evenly (Duan 1983).
    pub fn smear(&self, design: &Design, slopes: &[f64]) -> f64 {
        let residuals = self.residuals(design, slopes);
        residuals.iter().map(|left| left.exp()).sum::<f64>() / residuals.len().max(1) as f64
    }

    /// Working response less everything fitted; with the slopes of groups where given.
    fn residuals(&self, design: &Design, slopes: &[f64]) -> Vec<f64> {
        let line = self.line(design);
        let left: Vec<f64> = (0..design.rows())
            .map(|row| {
                let slope = slopes.get(design.group[row] as usize).copied().unwrap_or(0.0);
                self.response[row] - line[row] - slope * design.row(row)[0]
            })
            .collect();
        design.within(&left, &self.weights)
    }
}

/// Groups without rows take the means of those with some.
fn fill_unseen(groups: &mut [Group], rows: &[f64]) {
    let seen: Vec<Group> =
        groups.iter().zip(rows).filter(|(_, rows)| **rows > 0.0).map(|(group, _)| group.clone()).collect();
    let Some(first) = seen.first() else { return };
    let mean = |of: &dyn Fn(&Group) -> f64| seen.iter().map(of).sum::<f64>() / seen.len() as f64;
    let usual = Group {
        intercept: mean(&|group| group.intercept),
        lean: (0..first.lean.len()).map(|at| mean(&|group| group.lean[at])).collect(),
        variance: mean(&|group| group.variance),
        slope: 0.0,
        drift: mean(&|group| group.drift),
    };
    let spread = mean(&|group| (group.intercept - usual.intercept).powi(2));
    for (group, _) in groups.iter_mut().zip(rows).filter(|(_, rows)| **rows == 0.0) {
        *group = Group { variance: usual.variance + spread, ..usual.clone() };
    }
}
