//! Given columns of numbers and codes and a target, learn a penalised sum of straight lines.
//!
//! Method: elastic net, H. Zou, T. Hastie (2005), doi:10.1111/j.1467-9868.2005.00503.x, by
//! coordinate descent on the products of columns along a path of penalties, J. Friedman,
//! T. Hastie, R. Tibshirani (2010), doi:10.18637/jss.v033.i01; the penalty is the one with
//! the least error on held-out rows.
//! Cost: time O(n p^2 + l r p^2), memory O(n p + p^2), with n = rows (thinned so that n p^2
//! stays below 2e9), p = terms, l = penalties, r = rounds of each.
//! Use `boost` instead where effects bend or depend on one another.
//! Not for: more than a few hundred terms; rare codes share their column's mean.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the papers: a quarter of the penalty is absolute, the rest squared; positive
//! columns with a long tail enter with their logarithm too, blanks as a term of their own.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::bins::Told;

/// Share of the penalty on absolute sizes.
const ABSOLUTE: f64 = 0.25;
/// Penalties of the path.
const PENALTIES: usize = 30;
/// Ratio of the least penalty to the one that lets nothing in.
const LEAST: f64 = 1e-5;
/// Rounds of coordinate descent for one penalty.
const ROUNDS: usize = 200;
/// Most terms for codes of one column, and in all.
const MOST_CODES: usize = 60;
const MOST_TERMS: usize = 400;
/// Rows that a code must have for a term of its own.
const ROWS_OF_CODE: usize = 5;
/// A positive column whose greatest value is so many times its median has a long tail.
const LONG_TAIL: f32 = 4.0;
/// Multiplications for the products of columns.
const PRODUCTS: usize = 2_000_000_000;

/// What a term makes of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Value,
    Log,
    Blank,
    Is(u32),
}

impl Shape {
    /// The number; NaN where the cell is blank and the term does not care.
    fn of(self, x: f32) -> f32 {
        match self {
            Shape::Value => x,
            Shape::Log => x.max(f32::MIN_POSITIVE).ln() + 0.0 * x,
            Shape::Blank => f32::from(u8::from(x.is_nan())),
            Shape::Is(code) => f32::from(u8::from(x == code as f32)),
        }
    }
}

/// One term of a sum of lines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Term {
    column: u32,
    shape: Shape,
    mean: f64,
    /// Effect of one more unit.
    slope: f64,
}

/// Straight lines that were learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Linear {
    start: f64,
    terms: Vec<Term>,
}

impl Linear {
    /// Learns from `columns` (`told` says what they tell); `error` judges answers for the rows of `held_out`.
    ///
    /// `stop` is asked between penalties; the best one until then stays.
    pub(crate) fn learn(
        columns: &[Vec<f32>],
        told: &[Told],
        target: &[f64],
        held_out: &[Vec<f32>],
        error: &(dyn Fn(&[f64]) -> f64 + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Self {
        let mut terms = terms_of(columns, told);
        let width = terms.len().max(1);
        let most = (PRODUCTS / (width * width)).max(2000);
        let stride = target.len().div_ceil(most).max(1);
        let rows: Vec<usize> = (0..target.len()).step_by(stride).collect();
        let y: Vec<f64> = rows.iter().map(|row| target[*row]).collect();
        let start = y.iter().sum::<f64>() / y.len().max(1) as f64;
        let (design, scales) = standardise(columns, &mut terms, &rows);
        let path = Path::new(&design, &y, start);
        let mut best = (f64::INFINITY, vec![0.0; terms.len()]);
        let mut weights = vec![0.0; terms.len()];
        for penalty in path.penalties() {
            if stop() {
                break;
            }
            path.descend(penalty, &mut weights);
            let model = Linear::from_weights(start, &terms, &weights, &scales);
            let answers: Vec<f64> = (0..held_out.first().map_or(0, Vec::len))
                .map(|row| model.score(&|column| held_out[column][row]))
                .collect();
            let error = error(&answers);
            if error < best.0 {
                best = (error, weights.clone());
            }
        }
        Linear::from_weights(start, &terms, &best.1, &scales)
    }

    /// The lines of weights of standardised terms.
    pub(crate) fn from_weights(start: f64, terms: &[Term], weights: &[f64], scales: &[f64]) -> Self {
        let slopes = terms.iter().zip(weights.iter().zip(scales));
        let lines = slopes.map(|(term, (weight, scale))| Term { slope: weight / scale, ..*term });
        Linear { start, terms: lines.filter(|term| term.slope != 0.0).collect() }
    }

    /// The answer for a row whose cells `cell` gives.
    pub(crate) fn score(&self, cell: &dyn Fn(usize) -> f32) -> f64 {
        self.start + self.terms.iter().map(|term| term.effect(cell)).sum::<f64>()
    }

    /// Adds what each column adds to the answer for a row; gives the answer of no column.
    pub(crate) fn add_effects(&self, cell: &dyn Fn(usize) -> f32, scale: f64, effects: &mut [f64]) -> f64 {
        self.terms.iter().for_each(|term| effects[term.column as usize] += scale * term.effect(cell));
        scale * self.start
    }

    /// Whether it answers the same for every row.
    pub(crate) fn is_blank(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether every term is a number for a column among `columns`.
    pub(crate) fn is_sound(&self, columns: usize) -> bool {
        let sound = |term: &Term| (term.column as usize) < columns && (term.slope * term.mean).is_finite();
        self.start.is_finite() && self.terms.iter().all(sound)
    }
}

impl Term {
    fn effect(&self, cell: &dyn Fn(usize) -> f32) -> f64 {
        let x = self.shape.of(cell(self.column as usize));
        // A blank counts as the mean.
        if x.is_nan() { 0.0 } else { self.slope * (f64::from(x) - self.mean) }
    }
}

/// The terms that columns may have.
pub(crate) fn terms_of(columns: &[Vec<f32>], told: &[Told]) -> Vec<Term> {
    let mut terms = Vec::new();
    for (column, cells) in columns.iter().enumerate() {
        let mut add = |shape| terms.push(Term { column: column as u32, shape, mean: 0.0, slope: 0.0 });
        if told[column] == Told::Word {
            let mut counts = [0_usize; MOST_CODES];
            cells.iter().filter(|x| **x < MOST_CODES as f32).for_each(|x| counts[*x as usize] += 1);
            (0..MOST_CODES)
                .filter(|code| counts[*code] >= ROWS_OF_CODE)
                .for_each(|code| add(Shape::Is(code as u32)));
        }
        if told[column] == Told::Size {
            add(Shape::Value);
            if has_long_tail(cells) {
                add(Shape::Log);
            }
        }
        if cells.iter().any(|x| x.is_nan()) {
            add(Shape::Blank);
        }
    }
    // Rare codes go first where there are too many terms, then the last columns.
    if terms.len() > MOST_TERMS {
        let mut codes: Vec<u32> = terms
            .iter()
            .filter_map(|term| if let Shape::Is(code) = term.shape { Some(code) } else { None })
            .collect();
        codes.sort_unstable();
        let others = terms.len() - codes.len();
        let last = codes.get(MOST_TERMS.saturating_sub(others)).copied().unwrap_or(0);
        terms.retain(|term| !matches!(term.shape, Shape::Is(code) if code >= last));
        terms.truncate(MOST_TERMS);
    }
    terms
}

fn has_long_tail(cells: &[f32]) -> bool {
    let mut filled: Vec<f32> =
        cells.iter().copied().step_by(cells.len() / 10_000 + 1).filter(|x| !x.is_nan()).collect();
    filled.sort_unstable_by(f32::total_cmp);
    match (filled.first(), filled.get(filled.len() / 2), filled.last()) {
        (Some(least), Some(median), Some(most)) => *least > 0.0 && *most > LONG_TAIL * *median,
        _ => false,
    }
}

/// Columns of terms with mean 0 and mean square 1, and what they were divided by.
pub(crate) fn standardise(
    columns: &[Vec<f32>],
    terms: &mut [Term],
    rows: &[usize],
) -> (Vec<Vec<f32>>, Vec<f64>) {
    let made: Vec<(Vec<f32>, f64, f64)> = terms
        .par_iter()
        .map(|term| {
            let cells = &columns[term.column as usize];
            let mut values: Vec<f32> = rows.iter().map(|row| term.shape.of(cells[*row])).collect();
            let filled = values.iter().filter(|x| !x.is_nan());
            let count = filled.clone().count().max(1) as f64;
            let mean = filled.clone().map(|x| f64::from(*x)).sum::<f64>() / count;
            let square = filled.map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>();
            let scale = (square / rows.len().max(1) as f64).sqrt();
            let scale = if scale > 1e-9 * mean.abs().max(1e-9) { scale } else { f64::INFINITY };
            values.iter_mut().for_each(|x| {
                *x = if x.is_nan() { 0.0 } else { ((f64::from(*x) - mean) / scale) as f32 };
            });
            (values, mean, scale)
        })
        .collect();
    let mut design = Vec::with_capacity(terms.len());
    let mut scales = Vec::with_capacity(terms.len());
    for (term, (values, mean, scale)) in terms.iter_mut().zip(made) {
        term.mean = mean;
        design.push(values);
        scales.push(scale);
    }
    (design, scales)
}

/// Products of the columns with one another and with the target.
struct Path {
    width: usize,
    /// `[i * width + j]`, divided by the number of rows.
    products: Vec<f64>,
    with_target: Vec<f64>,
}

impl Path {
    fn new(design: &[Vec<f32>], y: &[f64], start: f64) -> Self {
        let (width, n) = (design.len(), y.len().max(1) as f64);
        let residual: Vec<f32> = y.iter().map(|y| (y - start) as f32).collect();
        let lines: Vec<(Vec<f64>, f64)> = (0..width)
            .into_par_iter()
            .map(|i| {
                let line = (0..=i).map(|j| dot(&design[i], &design[j]) / n).collect();
                (line, dot(&design[i], &residual) / n)
            })
            .collect();
        let mut products = vec![0.0; width * width];
        for (i, (line, _)) in lines.iter().enumerate() {
            for (j, value) in line.iter().enumerate() {
                products[i * width + j] = *value;
                products[j * width + i] = *value;
            }
        }
        Path { width, products, with_target: lines.into_iter().map(|(_, with_target)| with_target).collect() }
    }

    fn penalties(&self) -> Vec<f64> {
        let most = self.with_target.iter().fold(0.0_f64, |most, x| most.max(x.abs())) / ABSOLUTE;
        (0..PENALTIES).map(|k| most * LEAST.powf(k as f64 / (PENALTIES - 1) as f64)).collect()
    }

    /// Coordinate descent from `weights` to the optimum for `penalty`.
    fn descend(&self, penalty: f64, weights: &mut [f64]) {
        let (absolute, squared) = (penalty * ABSOLUTE, penalty * (1.0 - ABSOLUTE));
        // What is left of each product with the target.
        let mut left: Vec<f64> = (0..self.width)
            .map(|i| {
                let line = &self.products[i * self.width..(i + 1) * self.width];
                self.with_target[i] - line.iter().zip(weights.iter()).map(|(p, w)| p * w).sum::<f64>()
            })
            .collect();
        for _ in 0..ROUNDS {
            let mut moved = 0.0_f64;
            for i in 0..self.width {
                let own = self.products[i * self.width + i];
                if own == 0.0 {
                    continue;
                }
                let pull = left[i] + own * weights[i];
                let weight = (pull.abs() - absolute).max(0.0).copysign(pull) / (own + squared);
                let step = weight - weights[i];
                if step != 0.0 {
                    weights[i] = weight;
                    let line = &self.products[i * self.width..(i + 1) * self.width];
                    left.iter_mut().zip(line).for_each(|(left, p)| *left -= p * step);
                    moved = moved.max(step.abs());
                }
            }
            if moved < 1e-7 * weights.iter().fold(1e-12_f64, |most, w| most.max(w.abs())) {
                break;
            }
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    const LANES: usize = 8;
    let mut total = 0.0;
    // Short blocks in f32, which a processor adds side by side, their sums in f64.
    for (a, b) in a.chunks(1024).zip(b.chunks(1024)) {
        let mut sums = [0.0_f32; LANES];
        let (pairs_a, pairs_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
        let rest: f32 = pairs_a.remainder().iter().zip(pairs_b.remainder()).map(|(a, b)| a * b).sum();
        for (a, b) in pairs_a.zip(pairs_b) {
            for lane in 0..LANES {
                sums[lane] += a[lane] * b[lane];
            }
        }
        total += f64::from(sums.iter().sum::<f32>() + rest);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again() {
        let a: Vec<f32> = (0..500).map(|k| (k % 23) as f32).collect();
        let code: Vec<f32> = (0..500).map(|k| (k % 3) as f32).collect();
        let noise: Vec<f32> = (0..500).map(|k| (k * 7919 % 101) as f32).collect();
        let truth = |k: usize| 4.0 + 2.0 * f64::from(a[k]) + [0.0, 5.0, -1.0][code[k] as usize];
        let y: Vec<f64> = (0..500).map(truth).collect();
        let columns = vec![a.clone(), code.clone(), noise];
        let error = |answers: &[f64]| answers.iter().zip(&y).map(|(a, y)| (a - y).powi(2)).sum::<f64>();
        let model =
            Linear::learn(&columns, &[Told::Size, Told::Word, Told::Size], &y, &columns, &error, &|| false);
        for row in [0, 1, 2, 77] {
            let got = model.score(&|column| columns[column][row]);
            assert!((got - y[row]).abs() < 0.02, "{got} for {}", y[row]);
        }
        let mut effects = [0.0; 3];
        let base = model.add_effects(&|column| columns[column][7], 1.0, &mut effects);
        assert!(
            (base + effects.iter().sum::<f64>() - model.score(&|column| columns[column][7])).abs() < 1e-9
        );
        assert!(effects[2].abs() < 0.02);
        let stopped =
            Linear::learn(&columns, &[Told::Size, Told::Word, Told::Size], &y, &columns, &error, &|| true);
        assert!(stopped.is_blank() && !model.is_blank());
        assert!(model.is_sound(3) && !model.is_sound(1));
    }

    #[test]
    fn the_optimum_keeps_its_conditions() {
        let x: Vec<Vec<f32>> = (0..4)
            .map(|c| (0..60).map(|k| ((k * (c + 3) * 37 % 53) as f32 - 26.0) / 15.0).collect())
            .collect();
        let y: Vec<f64> = (0..60).map(|k| f64::from(x[0][k]) - 0.5 * f64::from(x[2][k]) + 0.1).collect();
        let path = Path::new(&x, &y, 0.0);
        let (penalty, mut weights) = (0.3, vec![0.0; 4]);
        path.descend(penalty, &mut weights);
        for i in 0..4 {
            let fitted: f64 = (0..4).map(|j| path.products[i * 4 + j] * weights[j]).sum();
            let pull = path.with_target[i] - fitted - penalty * (1.0 - ABSOLUTE) * weights[i];
            let limit = penalty * ABSOLUTE;
            let kept = if weights[i] == 0.0 {
                pull.abs() <= limit + 1e-6
            } else {
                (pull - limit.copysign(weights[i])).abs() < 1e-6
            };
            assert!(kept, "condition {i}: {pull} with weight {}", weights[i]);
        }
    }

    #[test]
    fn blanks_count_as_the_mean_and_have_a_term() {
        let x: Vec<f32> = (0..300).map(|k| if k % 5 == 0 { f32::NAN } else { (k % 7) as f32 }).collect();
        let y: Vec<f64> = x.iter().map(|x| if x.is_nan() { 20.0 } else { f64::from(*x) }).collect();
        let error = |answers: &[f64]| answers.iter().zip(&y).map(|(a, y)| (a - y).powi(2)).sum::<f64>();
        let model = Linear::learn(
            std::slice::from_ref(&x),
            &[Told::Size],
            &y,
            std::slice::from_ref(&x),
            &error,
            &|| false,
        );
        assert!((model.score(&|_| f32::NAN) - 20.0).abs() < 0.05);
        assert!((model.score(&|_| 3.0) - 3.0).abs() < 0.05);
    }
}
