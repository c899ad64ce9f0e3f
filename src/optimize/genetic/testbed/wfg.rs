//! Given genes, the goals of the WFG test problems.
//!
//! Method: transformations and shapes of S. Huband et al. (2006), doi:10.1109/TEVC.2005.861417,
//! tables VI to IX; the names of functions and letters follow them.
//! Cost: O(genes) an evaluation, O(genes^2) for WFG6 and WFG7; memory O(genes).
//! Use the ZDT problems of [`super`] instead for a first look.
//! Not for: WFG3, 8 and 9, which are not here.
//! Same input gives the same answer: yes.

use std::f64::consts::PI;

/// Genes that say where on the front, k of the paper.
pub(super) fn position_genes(objectives: usize) -> usize {
    if objectives == 2 { 4 } else { 2 * (objectives - 1) }
}

/// The goals.
pub(super) fn evaluate(number: u8, genes: &[f64], m: usize) -> Vec<f64> {
    let k = position_genes(m);
    let mut y: Vec<f64> = genes.iter().enumerate().map(|(i, z)| z / (2.0 * (i + 1) as f64)).collect();
    match number {
        1 => {
            y[k..].iter_mut().for_each(|y| *y = b_flat(s_linear(*y, 0.35), 0.8, 0.75, 0.85));
            y.iter_mut().for_each(|y| *y = y.powf(0.02));
        }
        2 => {
            y[k..].iter_mut().for_each(|y| *y = s_linear(*y, 0.35));
            for pair in 0..(y.len() - k) / 2 {
                y[k + pair] = r_nonsep(&y[k + 2 * pair..k + 2 * pair + 2], 2);
            }
            y.truncate(k + (y.len() - k) / 2);
        }
        4 => y.iter_mut().for_each(|y| *y = s_multi(*y, 30.0, 10.0, 0.35)),
        5 => y.iter_mut().for_each(|y| *y = s_decept(*y, 0.35, 0.001, 0.05)),
        6 => y[k..].iter_mut().for_each(|y| *y = s_linear(*y, 0.35)),
        _ => {
            for i in 0..k {
                let rest = y[i + 1..].iter().sum::<f64>() / (y.len() - i - 1) as f64;
                y[i] = b_param(y[i], rest, 0.98 / 49.98, 0.02, 50.0);
            }
            y[k..].iter_mut().for_each(|y| *y = s_linear(*y, 0.35));
        }
    }
    let reduce = |from: usize, to: usize| {
        let part = &y[from..to];
        match number {
            1 => {
                let weight = |i: usize| 2.0 * (from + i + 1) as f64;
                let total: f64 = (0..part.len()).map(weight).sum();
                part.iter().enumerate().map(|(i, y)| weight(i) * y).sum::<f64>() / total
            }
            6 => r_nonsep(part, part.len()),
            _ => part.iter().sum::<f64>() / part.len() as f64,
        }
    };
    let group = k / (m - 1);
    let position: Vec<f64> = (0..m - 1).map(|i| reduce(i * group, (i + 1) * group)).collect();
    shape(number, &position, reduce(k, y.len()))
}

/// The goals at `position` on the front, `distance` away from it.
pub(super) fn shape(number: u8, position: &[f64], distance: f64) -> Vec<f64> {
    let m = position.len() + 1;
    let angle = |i: usize| position[i] * PI / 2.0;
    let convex = number <= 2;
    let goal = |k: usize| {
        if convex && k == m - 1 {
            let x = position[0];
            return match number {
                1 => 1.0 - x - (10.0 * PI * x + PI / 2.0).cos() / (10.0 * PI),
                _ => 1.0 - x * (5.0 * x * PI).cos().powi(2),
            };
        }
        let fold = |i: usize| if convex { 1.0 - angle(i).cos() } else { angle(i).sin() };
        let turn = |i: usize| if convex { 1.0 - angle(i).sin() } else { angle(i).cos() };
        let product: f64 = (0..m - 1 - k).map(fold).product();
        product * if k == 0 { 1.0 } else { turn(m - 1 - k) }
    };
    (0..m).map(|k| distance + 2.0 * (k + 1) as f64 * goal(k)).collect()
}

/// Rounding takes transformed genes a little out of 0 to 1.
fn unit(value: f64) -> f64 {
    value.clamp(0.0, 1.0)
}

fn s_linear(y: f64, a: f64) -> f64 {
    unit((y - a).abs() / ((a - y).floor() + a).abs())
}

fn b_flat(y: f64, a: f64, b: f64, c: f64) -> f64 {
    let below = (y - b).floor().min(0.0) * a * (b - y) / b;
    let above = (c - y).floor().min(0.0) * (1.0 - a) * (y - c) / (1.0 - c);
    unit(a + below - above)
}

fn s_multi(y: f64, a: f64, b: f64, c: f64) -> f64 {
    let away = (y - c).abs() / (2.0 * ((c - y).floor() + c));
    unit((1.0 + ((4.0 * a + 2.0) * PI * (0.5 - away)).cos() + 4.0 * b * away * away) / (b + 2.0))
}

fn s_decept(y: f64, a: f64, b: f64, c: f64) -> f64 {
    let left = (y - a + b).floor() * (1.0 - c + (a - b) / b) / (a - b);
    let right = (a + b - y).floor() * (1.0 - c + (1.0 - a - b) / b) / (1.0 - a - b);
    unit(1.0 + ((y - a).abs() - b) * (left + right + 1.0 / b))
}

fn b_param(y: f64, u: f64, a: f64, b: f64, c: f64) -> f64 {
    let v = a - (1.0 - 2.0 * u) * ((0.5 - u).floor() + a).abs();
    unit(y.powf(b + (c - b) * v))
}

fn r_nonsep(y: &[f64], a: usize) -> f64 {
    let length = y.len();
    let around = |j: usize| (0..a - 1).map(|k| (y[j] - y[(j + k + 1) % length]).abs()).sum::<f64>();
    let total: f64 = (0..length).map(|j| y[j] + around(j)).sum();
    let half = a.div_ceil(2) as f64;
    unit(total / (length as f64 / a as f64 * half * (1.0 + 2.0 * a as f64 - 2.0 * half)))
}
