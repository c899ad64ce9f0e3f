//! Given concave stand-ins of curves and rows of limits, find the amounts of most value.
//!
//! Method: primal-dual interior point with predictor and corrector (S. Mehrotra 1992, doi:10.1137/0802028). Curves meet in
//! the sums of periods only, so the normal matrix is a block a curve plus a matrix of the periods: blocks are
//! factorised one by one, the rest is joined by the formula of Sherman, Morrison and Woodbury.
//! Cost: O(curves x periods^3) an iteration, some 15 to 40 iterations; memory O(curves x periods^2).
//! Use water-filling instead when curves have no carry-over and no limits but ends and a budget.
//! Not for: curves that are not concave.
//! Same input gives the same answer: yes, whatever the number of threads.
//! Differs from the paper: one step length for amounts and multipliers, as the objective is not linear.

use rayon::prelude::*;

use super::model::{Model, StandIn};
use crate::control::Control;

/// Amounts, slacks of the rows, and their multipliers; scaled.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub x: Vec<f64>,
    pub s: Vec<f64>,
    pub z: Vec<f64>,
}

/// Iterations at most.
const STEPS: usize = 100;
/// Mean product of slack and multiplier, and residual of the slopes, at which a point is the best.
const CLOSE: f64 = 1e-9;
/// Residual up to which limits are kept.
const NEAR: f64 = 1e-8;
/// Share of the way to the nearest end that a step goes.
const SHORT: f64 = 0.995;
/// Share of the missed slopes below which the mean product of slack and multiplier does not fall.
const HOLD: f64 = 0.1;
/// Least share of the mean product of slack and multiplier that an iteration aims at: slopes of s < 1 change fast near 0.
const SLOW: f64 = 0.02;
/// Weight of an amount that is not free.
const STIFF: f64 = 1e12;

pub(super) struct Interior<'a> {
    model: &'a Model<'a>,
    stand_ins: &'a [StandIn],
    control: &'a Control,
    is_on: Vec<bool>,
    count: f64,
    /// Distance of plan and bound at which the plan is good enough.
    close: f64,
    /// Sum of what amounts may be.
    reach_of_all: f64,
}

/// One iteration's matrices: the inverse of each curve's block, and what joins them.
struct Factors {
    inverses: Vec<Vec<f64>>,
    /// Weights of the periods' sums and of the budget.
    periods: Vec<f64>,
    budget: f64,
    /// Sum of the inverses.
    sum: Vec<f64>,
}

impl<'a> Interior<'a> {
    pub fn new(model: &'a Model<'a>, stand_ins: &'a [StandIn], control: &'a Control, close: f64) -> Self {
        let is_on: Vec<bool> = model.limits.iter().map(|limit| limit.is_finite()).collect();
        let count = is_on.iter().filter(|is_on| **is_on).count().max(1) as f64;
        let budget = model.limits[model.limits.len() - 1];
        Interior { model, stand_ins, control, is_on, count, close, reach_of_all: budget }
    }

    /// The best point; `None` where it was stopped or came to no point that keeps the limits.
    pub fn solve(&self) -> Option<Point> {
        let mut point = self.start();
        let mut best: Option<(f64, Point)> = None;
        for _ in 0..STEPS {
            if self.control.should_stop() {
                return None;
            }
            let gradient = gradient(self.model, self.stand_ins, &point.x);
            let pull = self.model.transposed(&point.z);
            let dual: Vec<f64> = gradient.iter().zip(&pull).map(|(g, p)| g + p).collect();
            let primal = self.primal(&point);
            let mu = self.mu(&point);
            let (miss, is_kept) = (mu.max(self.worst(&dual)), largest(&primal) < NEAR);
            if !point.x.iter().chain(&point.z).all(|value| value.is_finite()) {
                break;
            }
            if is_kept && best.as_ref().is_none_or(|(least, _)| miss < *least) {
                best = Some((miss, point.clone()));
            }
            // Near the end rounding moves the slopes more than a step improves them.
            let is_spoilt = mu < CLOSE && best.as_ref().is_some_and(|(least, _)| miss > 2.0 * least);
            // What the products leave between the plan and its bound, and what missed slopes may add to it.
            let open = self.count * mu + self.worst(&dual) * self.reach_of_all;
            if (is_kept && (open < self.close || miss < CLOSE)) || is_spoilt {
                break;
            }
            let Some(factors) = self.factors(&point) else { break };
            let products: Vec<f64> = point.s.iter().zip(&point.z).map(|(s, z)| s * z).collect();
            let (_, ds, dz) = self.direction(&factors, &point, &dual, &primal, &products);
            let reach = self.reach(&point, &ds, &dz).min(1.0);
            let moved: f64 = (0..ds.len())
                .filter(|&i| self.is_on[i])
                .map(|i| (point.s[i] + reach * ds[i]) * (point.z[i] + reach * dz[i]))
                .sum();
            // Where slopes are missed by far, the middle of the way is kept to until they are not.
            let center = (moved / self.count / mu).powi(3).clamp(SLOW, 1.0) * mu;
            let center = center.max(mu.min(HOLD * self.worst(&dual)));
            let aimed: Vec<f64> = (0..ds.len()).map(|i| products[i] + ds[i] * dz[i] - center).collect();
            let (dx, ds, dz) = self.direction(&factors, &point, &dual, &primal, &aimed);
            let length = (SHORT * self.reach(&point, &ds, &dz)).min(1.0);
            if length.is_nan() || length <= 1e-10 {
                break;
            }
            let go =
                |to: &mut [f64], by: &[f64]| to.iter_mut().zip(by).for_each(|(to, by)| *to += length * by);
            go(&mut point.x, &dx);
            go(&mut point.s, &ds);
            go(&mut point.z, &dz);
        }
        best.map(|(_, point)| point)
    }

    /// Inside of all ends, slacks of the other rows as large as they are or a little above 0.
    fn start(&self) -> Point {
        let model = self.model;
        let n = model.curves * model.periods;
        let room: f64 = (0..n).map(|i| model.upper(i) - model.lower(i)).sum();
        let least: f64 = (0..n).map(|i| model.lower(i)).sum();
        let budget = model.limits[model.limits.len() - 1];
        let share = (0.7 * (budget - least) / room.max(1e-12)).clamp(0.01, 0.7);
        let at = |i: usize| match model.is_fixed[i] {
            true => model.lower(i),
            false => model.lower(i) + share * (model.upper(i) - model.lower(i)),
        };
        let x: Vec<f64> = (0..n).map(at).collect();
        let left = model.apply(&x);
        let slack = |(row, left): (usize, &f64)| {
            let slack = model.limits[row] - left;
            if row < 2 * n && !model.is_fixed[row % n] { slack } else { slack.max(0.1) }
        };
        let s: Vec<f64> =
            left.iter().enumerate().map(|at| if self.is_on[at.0] { slack(at) } else { 1.0 }).collect();
        let z = s.iter().zip(&self.is_on).map(|(s, on)| if *on { 0.1 / s.max(0.01) } else { 0.0 }).collect();
        Point { x, s, z }
    }

    fn primal(&self, point: &Point) -> Vec<f64> {
        let left = self.model.apply(&point.x);
        let n = self.model.curves * self.model.periods;
        let of = |row: usize| {
            // Ends of an amount that is not free have no room for a slack.
            let is_stiff = row < 2 * n && self.model.is_fixed[row % n];
            let is_left_out = !self.is_on[row] || is_stiff;
            if is_left_out { 0.0 } else { left[row] + point.s[row] - self.model.limits[row] }
        };
        (0..left.len()).map(of).collect()
    }

    fn mu(&self, point: &Point) -> f64 {
        point.s.iter().zip(&point.z).map(|(s, z)| s * z).sum::<f64>() / self.count
    }

    /// The largest residual of the slopes over the amounts that are free.
    fn worst(&self, dual: &[f64]) -> f64 {
        let free = dual.iter().zip(&self.model.is_fixed).filter(|(_, is_fixed)| !**is_fixed);
        free.map(|(value, _)| value.abs()).fold(0.0, f64::max)
    }

    fn factors(&self, point: &Point) -> Option<Factors> {
        let model = self.model;
        let (t, n) = (model.periods, model.curves * model.periods);
        let weight = |row: usize| if self.is_on[row] { point.z[row] / point.s[row] } else { 0.0 };
        let block = |c: usize| -> Option<Vec<f64>> {
            let mut block = self.curvature(c, &point.x[c * t..(c + 1) * t]);
            let own = weight(4 * n + c) + weight(4 * n + model.curves + c);
            block.iter_mut().for_each(|value| *value += own);
            for p in 0..t {
                let i = c * t + p;
                let stiff = if model.is_fixed[i] { STIFF } else { 0.0 };
                block[p * t + p] += weight(i) + weight(n + i) + stiff + 1e-13;
                if p > 0 {
                    let moves = weight(2 * n + i) + weight(3 * n + i);
                    block[p * t + p] += moves;
                    block[(p - 1) * t + p - 1] += moves;
                    block[p * t + p - 1] -= moves;
                    block[(p - 1) * t + p] -= moves;
                }
            }
            inverse(block, t)
        };
        let inverses: Option<Vec<Vec<f64>>> = (0..model.curves).into_par_iter().map(block).collect();
        let inverses = inverses?;
        let mut sum = vec![0.0; t * t];
        for own in &inverses {
            sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        let first = 4 * n + 2 * model.curves;
        let periods = (0..t).map(|p| weight(first + p) + weight(first + t + p)).collect();
        Some(Factors { inverses, periods, budget: weight(first + 2 * t), sum })
    }

    /// Second derivatives of a curve's part of the objective by its amounts.
    fn curvature(&self, c: usize, x: &[f64]) -> Vec<f64> {
        let (curve, (from, _)) = (self.model.scaled(c), self.model.rows[c]);
        let weights = &self.model.window.curves[c].weights;
        let t = x.len();
        let mut block = vec![0.0; t * t];
        for (r, level) in self.model.levels(c, x).into_iter().enumerate() {
            let bend = -self.stand_ins[from + r].at(&curve, level)[2];
            let first = (r + 1).saturating_sub(weights.len());
            if bend <= 0.0 || first >= t {
                continue;
            }
            for i in first..t.min(r + 1) {
                let scaled = bend * weights[r - i];
                let row = &mut block[i * t..=i * t + i];
                for j in first..=i {
                    row[j] += scaled * weights[r - j];
                }
            }
        }
        for i in 0..t {
            for j in 0..i {
                block[j * t + i] = block[i * t + j];
            }
        }
        block
    }

    /// The step of amounts, slacks and multipliers that makes residuals and `products` vanish.
    fn direction(
        &self,
        factors: &Factors,
        point: &Point,
        dual: &[f64],
        primal: &[f64],
        products: &[f64],
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let pushed: Vec<f64> = (0..primal.len())
            .map(|i| if self.is_on[i] { (point.z[i] * primal[i] - products[i]) / point.s[i] } else { 0.0 })
            .collect();
        let pull = self.model.transposed(&pushed);
        let mut right: Vec<f64> = dual.iter().zip(&pull).map(|(d, p)| -d - p).collect();
        right
            .iter_mut()
            .zip(&self.model.is_fixed)
            .filter(|(_, fixed)| **fixed)
            .for_each(|(value, _)| *value = 0.0);
        let dx = self.solved(factors, &right);
        let moved = self.model.apply(&dx);
        let ds: Vec<f64> =
            (0..primal.len()).map(|i| if self.is_on[i] { -primal[i] - moved[i] } else { 0.0 }).collect();
        let dz = (0..primal.len())
            .map(|i| if self.is_on[i] { -(products[i] + point.z[i] * ds[i]) / point.s[i] } else { 0.0 })
            .collect();
        (dx, ds, dz)
    }

    /// Solves with the joined matrix.
    fn solved(&self, factors: &Factors, right: &[f64]) -> Vec<f64> {
        let t = self.model.periods;
        let times = |right: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let mut out = Vec::with_capacity(self.model.curves * t);
            for (c, inverse) in factors.inverses.iter().enumerate() {
                for row in inverse.chunks(t) {
                    out.push(row.iter().enumerate().map(|(p, value)| value * right(c * t + p)).sum());
                }
            }
            out
        };
        let alone = times(&|i| right[i]);
        let sums = self.model.by_period(&alone);
        let weigh = |v: &[f64]| -> Vec<f64> {
            let all: f64 = factors.budget * v.iter().sum::<f64>();
            v.iter().zip(&factors.periods).map(|(v, weight)| weight * v + all).collect()
        };
        // (I + sum W) v = sums, W being symmetric.
        let mut matrix = vec![0.0; t * t];
        for p in 0..t {
            let row = &factors.sum[p * t..(p + 1) * t];
            let weighed = weigh(row);
            matrix[p * t..(p + 1) * t].copy_from_slice(&weighed);
            matrix[p * t + p] += 1.0;
        }
        let joined = weigh(&eliminated(matrix, sums, t));
        let less = times(&|i| joined[i % t]);
        alone.iter().zip(less).map(|(a, b)| a - b).collect()
    }

    /// How far slacks and multipliers can go before one of them is 0.
    fn reach(&self, point: &Point, ds: &[f64], dz: &[f64]) -> f64 {
        let one = |at: f64, by: f64| if by < 0.0 { -at / by } else { f64::INFINITY };
        let ways = (0..ds.len()).filter(|&i| self.is_on[i]);
        ways.map(|i| one(point.s[i], ds[i]).min(one(point.z[i], dz[i]))).fold(f64::INFINITY, f64::min)
    }
}

/// Slopes of cost less value by amount.
pub(super) fn gradient(model: &Model, stand_ins: &[StandIn], x: &[f64]) -> Vec<f64> {
    let cost = model.cost();
    let own = |(c, x): (usize, &[f64])| -> Vec<f64> {
        let (curve, (from, _)) = (model.scaled(c), model.rows[c]);
        let levels = model.levels(c, x);
        let slopes: Vec<f64> =
            levels.iter().enumerate().map(|(r, &level)| stand_ins[from + r].at(&curve, level)[1]).collect();
        let weights = &model.window.curves[c].weights;
        (0..x.len())
            .map(|t| cost - slopes[t..].iter().zip(weights).map(|(s, w)| s * w).sum::<f64>())
            .collect()
    };
    x.par_chunks(model.periods).enumerate().map(own).collect::<Vec<_>>().concat()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most: f64, value| most.max(value.abs()))
}

/// Inverse of a positive definite matrix; `None` where it is none.
fn inverse(mut a: Vec<f64>, t: usize) -> Option<Vec<f64>> {
    // Lower factor in place.
    for j in 0..t {
        for i in j..t {
            let (head, tail) = a.split_at(i * t);
            let (row_j, row_i) =
                if i == j { (&tail[..j], &tail[..j]) } else { (&head[j * t..j * t + j], &tail[..j]) };
            let sum: f64 = row_j.iter().zip(row_i).map(|(x, y)| x * y).sum();
            let value = a[i * t + j] - sum;
            if i == j {
                if value.is_nan() || value <= 0.0 {
                    return None;
                }
                a[j * t + j] = value.sqrt();
            } else {
                a[i * t + j] = value / a[j * t + j];
            }
        }
    }
    // Rows of the factor's inverse, transposed: column c solves L w = e_c.
    let mut columns = vec![0.0; t * t];
    for c in 0..t {
        let column = &mut columns[c * t..(c + 1) * t];
        column[c] = 1.0 / a[c * t + c];
        for i in c + 1..t {
            let known: f64 = a[i * t + c..i * t + i].iter().zip(&column[c..i]).map(|(x, y)| x * y).sum();
            column[i] = -known / a[i * t + i];
        }
    }
    let mut out = vec![0.0; t * t];
    for i in 0..t {
        for j in 0..=i {
            let (a, b) = (&columns[i * t + i..(i + 1) * t], &columns[j * t + i..(j + 1) * t]);
            let value = a.iter().zip(b).map(|(x, y)| x * y).sum();
            (out[i * t + j], out[j * t + i]) = (value, value);
        }
    }
    Some(out)
}

/// Solves a square system by elimination with pivots.
fn eliminated(mut a: Vec<f64>, mut b: Vec<f64>, t: usize) -> Vec<f64> {
    for j in 0..t {
        let pivot = (j..t).max_by(|&p, &q| a[p * t + j].abs().total_cmp(&a[q * t + j].abs())).unwrap_or(j);
        if pivot != j {
            (0..t).for_each(|p| a.swap(j * t + p, pivot * t + p));
            b.swap(j, pivot);
        }
        for i in j + 1..t {
            let factor = a[i * t + j] / a[j * t + j];
            if factor != 0.0 {
                (j..t).for_each(|p| a[i * t + p] -= factor * a[j * t + p]);
                b[i] -= factor * b[j];
            }
        }
    }
    for i in (0..t).rev() {
        let known: f64 = (i + 1..t).map(|p| a[i * t + p] * b[p]).sum();
        b[i] = (b[i] - known) / a[i * t + i];
    }
    b
}
