//! Given columns of numbers and codes and the class of each row, learn penalised straight lines of the odds.
//!
//! Method: multinomial logistic regression with a squared penalty, J. Friedman, T. Hastie,
//! R. Tibshirani (2010), doi:10.18637/jss.v033.i01, section 4, along a path of penalties, each
//! started from the last; the optimum by limited-memory BFGS, D. C. Liu, J. Nocedal (1989),
//! doi:10.1007/BF01589116. The penalty is the one with the least error on held-out rows.
//! Cost: time O(l i n p c), memory O(n p + p c), with l = penalties, i = steps of each (tens),
//! n = rows (thinned so that n p c stays below 2e8), p = terms, c = classes (1 for two).
//! Use `online` instead for words by the thousand, `boost` where effects bend.
//! Not for: more than a few hundred terms; rare codes share their column's mean.
//! Same input, budget and seed give the same answer: yes; rows are added up in their order.
//! Differs from the papers: no absolute penalty; terms are those of `linear.rs`.

use super::bins::Told;
use super::boost::prior_scores;
use super::chances;
use super::linear::{Linear, Term, standardise, terms_of};

/// Penalties of the path, greatest first: each a third of the one before.
const PENALTIES: usize = 11;
const GREATEST: f64 = 1.0;
const STEP: f64 = 1.0 / 3.0;
/// The path ends after so many penalties without a smaller error.
const PATIENCE: usize = 2;
/// Steps of the search for one penalty, and the steps that it remembers.
const STEPS: usize = 120;
const MEMORY: usize = 8;
/// The slope at which a search is done.
const FLAT: f64 = 1e-5;
/// Cells of the terms, times outputs, that are learned from.
const CELLS: usize = 200_000_000;
/// Rows that are worked on at a time.
const BLOCK: usize = 256;

/// Rows whose class is known.
pub(crate) struct Known<'a> {
    pub(crate) columns: &'a [Vec<f32>],
    /// What the columns tell.
    pub(crate) told: &'a [Told],
    /// Index of the class of each row.
    pub(crate) target: &'a [f64],
    pub(crate) classes: usize,
}

/// Learns one set of lines for each output; `error` judges scores for the rows of `held_out`.
///
/// `stop` is asked between penalties; the best one until then stays.
pub(crate) fn learn(
    known: &Known<'_>,
    held_out: &[Vec<f32>],
    error: &(dyn Fn(&[f64]) -> f64 + Sync),
    stop: &(dyn Fn() -> bool + Sync),
) -> Vec<Linear> {
    let mut terms = terms_of(known.columns, known.told);
    let starts = prior_scores(known.target, known.classes);
    let outputs = starts.len();
    let most = (CELLS / (terms.len().max(1) * outputs)).max(2000);
    let stride = known.target.len().div_ceil(most).max(1);
    let rows: Vec<usize> = (0..known.target.len()).step_by(stride).collect();
    let (design, scales) = standardise(known.columns, &mut terms, &rows);
    let classes = rows.iter().map(|row| known.target[*row] as u32).collect();
    let problem = Problem { design: &design, classes, outputs };
    let width = terms.len() + 1;
    let mut weights = vec![0.0; outputs * width];
    starts.iter().enumerate().for_each(|(output, start)| weights[output * width] = *start);
    let lines_of = |weights: &[f64]| lines(weights, &terms, &scales);
    let held_out_error = |lines: &[Linear]| {
        let rows = held_out.first().map_or(0, Vec::len);
        let of_row = |row| lines.iter().map(move |line| line.score(&|column| held_out[column][row]));
        let scores: Vec<f64> = (0..rows).flat_map(of_row).collect();
        error(&scores)
    };
    let mut best = lines_of(&weights);
    let mut least = held_out_error(&best);
    let mut since = 0;
    for k in 0..PENALTIES {
        if stop() || since >= PATIENCE {
            break;
        }
        problem.descend(GREATEST * STEP.powi(k as i32), &mut weights);
        let lines = lines_of(&weights);
        let error = held_out_error(&lines);
        since += 1;
        if error < least {
            (best, least, since) = (lines, error, 0);
        }
    }
    best
}

/// The lines of each output, whose weights stand one after the other, the constant first.
fn lines(weights: &[f64], terms: &[Term], scales: &[f64]) -> Vec<Linear> {
    let of_output = |weights: &[f64]| Linear::from_weights(weights[0], terms, &weights[1..], scales);
    weights.chunks_exact(terms.len() + 1).map(of_output).collect()
}

/// Mean log loss with half the squared weights times a penalty.
struct Problem<'a> {
    /// Terms with mean 0 and mean square 1.
    design: &'a [Vec<f32>],
    classes: Vec<u32>,
    outputs: usize,
}

impl Problem<'_> {
    /// The value at `weights`; fills the slopes.
    fn value(&self, penalty: f64, weights: &[f64], slopes: &mut [f64]) -> f64 {
        let (rows, width) = (self.classes.len(), self.design.len() + 1);
        slopes.fill(0.0);
        let mut loss = 0.0;
        let mut scores = vec![0.0_f32; self.outputs * BLOCK];
        for start in (0..rows).step_by(BLOCK) {
            let end = (start + BLOCK).min(rows);
            for (output, weights) in weights.chunks_exact(width).enumerate() {
                let scores = &mut scores[output * BLOCK..][..end - start];
                scores.fill(weights[0] as f32);
                for (term, weight) in self.design.iter().zip(&weights[1..]) {
                    let weight = *weight as f32;
                    scores.iter_mut().zip(&term[start..end]).for_each(|(z, x)| *z += weight * x);
                }
            }
            loss += self.to_pulls(&self.classes[start..end], &mut scores);
            for (output, slopes) in slopes.chunks_exact_mut(width).enumerate() {
                let pulls = &scores[output * BLOCK..][..end - start];
                slopes[0] += f64::from(pulls.iter().sum::<f32>());
                for (term, slope) in self.design.iter().zip(&mut slopes[1..]) {
                    *slope += f64::from(dot(&term[start..end], pulls));
                }
            }
        }
        let n = rows.max(1) as f64;
        slopes.iter_mut().for_each(|slope| *slope /= n);
        let mut square = 0.0;
        for (weights, slopes) in weights.chunks_exact(width).zip(slopes.chunks_exact_mut(width)) {
            for (weight, slope) in weights[1..].iter().zip(&mut slopes[1..]) {
                *slope += penalty * weight;
                square += weight * weight;
            }
        }
        loss / n + 0.5 * penalty * square
    }

    /// Turns the scores of a block into chance less truth; gives the loss.
    fn to_pulls(&self, classes: &[u32], scores: &mut [f32]) -> f64 {
        let mut loss = 0.0;
        let mut of_row = vec![0.0; self.outputs];
        let mut p = vec![0.0; self.outputs.max(2)];
        for (row, class) in classes.iter().enumerate() {
            for (output, score) in of_row.iter_mut().enumerate() {
                *score = f64::from(scores[output * BLOCK + row]);
            }
            loss += chances::log_loss_of_scores(&of_row, &[f64::from(*class)], self.outputs);
            chances::of_scores(&of_row, &mut p);
            // The one score of two classes is that of the second.
            let first = if self.outputs == 1 { 1 } else { 0 };
            for output in 0..self.outputs {
                let is_class = f64::from(u8::from(*class as usize == output + first));
                scores[output * BLOCK + row] = (p[output + first] - is_class) as f32;
            }
        }
        loss
    }

    /// Goes from `weights` to the optimum for `penalty`.
    fn descend(&self, penalty: f64, weights: &mut Vec<f64>) {
        let mut slopes = vec![0.0; weights.len()];
        let mut value = self.value(penalty, weights, &mut slopes);
        let mut steps: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        for _ in 0..STEPS {
            if slopes.iter().all(|slope| slope.abs() < FLAT) {
                break;
            }
            let way = direction(&slopes, &steps);
            let fall = inner(&way, &slopes);
            if fall >= 0.0 {
                break;
            }
            let mut length =
                if steps.is_empty() { (1.0 / inner(&slopes, &slopes).sqrt()).min(1.0) } else { 1.0 };
            let mut new_slopes = vec![0.0; weights.len()];
            let moved = (0..30).find_map(|_| {
                let there: Vec<f64> = weights.iter().zip(&way).map(|(w, d)| w + length * d).collect();
                let found = self.value(penalty, &there, &mut new_slopes);
                if found <= value + 1e-4 * length * fall {
                    return Some((there, found));
                }
                length *= 0.5;
                None
            });
            // Where nothing falls any more, the numbers are as fine as they get.
            let Some((there, found)) = moved else { break };
            let step: Vec<f64> = there.iter().zip(weights.iter()).map(|(a, b)| a - b).collect();
            let turn: Vec<f64> = new_slopes.iter().zip(&slopes).map(|(a, b)| a - b).collect();
            if inner(&step, &turn) > 1e-14 {
                if steps.len() == MEMORY {
                    steps.remove(0);
                }
                steps.push((step, turn));
            }
            (*weights, value, slopes) = (there, found, new_slopes);
        }
    }
}

/// The step that the slopes and the last steps suggest.
fn direction(slopes: &[f64], steps: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let mut way: Vec<f64> = slopes.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(steps.len());
    for (step, turn) in steps.iter().rev() {
        let share = inner(step, &way) / inner(step, turn);
        way.iter_mut().zip(turn).for_each(|(way, turn)| *way -= share * turn);
        shares.push(share);
    }
    if let Some((step, turn)) = steps.last() {
        let scale = inner(step, turn) / inner(turn, turn);
        way.iter_mut().for_each(|way| *way *= scale);
    }
    for ((step, turn), share) in steps.iter().zip(shares.iter().rev()) {
        let more = share - inner(turn, &way) / inner(step, turn);
        way.iter_mut().zip(step).for_each(|(way, step)| *way += more * step);
    }
    way
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Added up in eight lanes, which a processor does side by side.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (pairs_a, pairs_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = pairs_a.remainder().iter().zip(pairs_b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0_f32; 8];
    for (a, b) in pairs_a.zip(pairs_b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn draw(rows: usize, classes: usize, seed: u64) -> (Vec<Vec<f32>>, Vec<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let columns: Vec<Vec<f32>> =
            (0..3).map(|_| (0..rows).map(|_| rng.random::<f32>() * 4.0 - 2.0).collect()).collect();
        let class = |row: usize, draw: f64| {
            let scores: Vec<f64> =
                (0..classes).map(|k| k as f64 * f64::from(columns[k % 2][row]) + 0.3 * k as f64).collect();
            let mut p = vec![0.0; classes];
            if classes == 2 {
                chances::of_scores(&scores[1..], &mut p)
            } else {
                chances::of_scores(&scores, &mut p)
            }
            let mut sum = 0.0;
            p.iter()
                .position(|p| {
                    sum += p;
                    draw < sum
                })
                .unwrap_or(classes - 1) as f64
        };
        let target = (0..rows).map(|row| class(row, rng.random())).collect();
        (columns, target)
    }

    /// At the optimum the slopes are 0, reckoned anew row by row in full precision.
    #[test]
    fn the_optimum_is_flat() {
        for classes in [2, 3] {
            let (columns, target) = draw(700, classes, classes as u64);
            let outputs = crate::predict::tabular::goal::outputs_of(classes);
            let problem =
                Problem { design: &columns, classes: target.iter().map(|y| *y as u32).collect(), outputs };
            let (penalty, mut weights) = (0.02, vec![0.0; outputs * 4]);
            problem.descend(penalty, &mut weights);
            let mut p = vec![0.0; classes];
            let mut slopes: Vec<f64> = weights.clone();
            slopes.iter_mut().enumerate().for_each(|(at, w)| *w *= if at % 4 == 0 { 0.0 } else { penalty });
            for row in 0..700 {
                let x =
                    [1.0, f64::from(columns[0][row]), f64::from(columns[1][row]), f64::from(columns[2][row])];
                let scores: Vec<f64> = weights.chunks_exact(4).map(|w| inner(w, &x)).collect();
                chances::of_scores(&scores, &mut p);
                for output in 0..outputs {
                    let class = if outputs == 1 { 1 } else { output };
                    let pull = p[class] - f64::from(u8::from(target[row] as usize == class));
                    (0..4).for_each(|k| slopes[output * 4 + k] += pull * x[k] / 700.0);
                }
            }
            assert!(slopes.iter().all(|slope| slope.abs() < 1e-4), "{classes}: {slopes:?}");
        }
    }

    /// With one yes-or-no column and no penalty the odds are those of the table of counts.
    #[test]
    fn one_flag_gives_the_odds_of_the_counts() {
        let x: Vec<f32> = (0..100).map(|row| if row < 40 { 1.0 } else { 0.0 }).collect();
        let classes: Vec<u32> = (0..100).map(|row| u32::from(row < 30 || (40..55).contains(&row))).collect();
        let design = [x];
        let problem = Problem { design: &design, classes, outputs: 1 };
        let mut weights = vec![0.0; 2];
        problem.descend(0.0, &mut weights);
        assert!((weights[0] - (15.0_f64 / 45.0).ln()).abs() < 1e-3, "{weights:?}");
        assert!((weights[1] - (30.0_f64 / 10.0).ln() + (15.0_f64 / 45.0).ln()).abs() < 2e-3, "{weights:?}");
    }

    #[test]
    fn held_out_rows_choose_a_penalty_that_finds_the_lines() {
        let (columns, target) = draw(4000, 2, 8);
        let (fresh, truth) = draw(1000, 2, 9);
        let known = Known { columns: &columns, told: &[Told::Size; 3], target: &target, classes: 2 };
        let error = |scores: &[f64]| chances::log_loss_of_scores(scores, &truth, 1);
        let lines = learn(&known, &fresh, &error, &|| false);
        let mut effects = [0.0; 3];
        let ones = |_: usize| 1.0;
        lines[0].add_effects(&ones, 1.0, &mut effects);
        assert!((effects[1] - 1.0).abs() < 0.15 && effects[0].abs() < 0.15, "{effects:?}");
        let stopped = learn(&known, &fresh, &error, &|| true);
        assert!(stopped[0].is_blank());
    }
}
