//! A small minimiser without derivatives.
//!
//! Given a function of at most six variables and a starting point, find a point
//! near it where the function is smallest.
//!
//! Method: the downhill simplex, J. A. Nelder, R. Mead (1965), "A Simplex Method
//! for Function Minimization", doi:10.1093/comjnl/7.4.308, with the usual
//! coefficients (1, 2, 1/2, 1/2).
//! Cost: time O(evaluations), memory on the stack.
//! Use a gradient method instead when derivatives are at hand or there are more variables.
//! Not for: more than six variables; constraints (map them away first).
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: it ends when the values or the corners have met, and
//! a NaN counts as infinity.

/// Most variables.
pub(super) const MOST_VARIABLES: usize = 6;

type Point = [f64; MOST_VARIABLES];

/// Moves `start` to the best point found and returns its value.
pub(super) fn minimise(
    objective: &mut impl FnMut(&[f64]) -> f64,
    start: &mut [f64],
    step: f64,
    most_evaluations: usize,
) -> f64 {
    let n = start.len().min(MOST_VARIABLES);
    let mut corners = [[0.0; MOST_VARIABLES]; MOST_VARIABLES + 1];
    let mut values = [f64::INFINITY; MOST_VARIABLES + 1];
    let mut evaluations = 0;
    let mut value_at = |point: &Point| {
        evaluations += 1;
        let value = objective(&point[..n]);
        (if value.is_nan() { f64::INFINITY } else { value }, evaluations)
    };
    for (i, corner) in corners[..=n].iter_mut().enumerate() {
        corner[..n].copy_from_slice(&start[..n]);
        if i > 0 {
            corner[i - 1] += step;
        }
        values[i] = value_at(corner).0;
    }
    loop {
        sort(&mut corners[..=n], &mut values[..=n]);
        if has_met(&corners[..=n], &values[..=n], n) {
            break;
        }
        let center = center_without_last(&corners[..=n], n);
        let along = |factor: f64| {
            let mut point = [0.0; MOST_VARIABLES];
            for (j, place) in point[..n].iter_mut().enumerate() {
                *place = center[j] + factor * (corners[n][j] - center[j]);
            }
            point
        };
        let reflected = along(-1.0);
        let (value, used) = value_at(&reflected);
        if used >= most_evaluations {
            break;
        }
        let (candidate, candidate_value) = if value < values[0] {
            let expanded = along(-2.0);
            let (far, _) = value_at(&expanded);
            if far < value { (expanded, far) } else { (reflected, value) }
        } else if value < values[n - 1] {
            (reflected, value)
        } else {
            let contracted = along(if value < values[n] { -0.5 } else { 0.5 });
            let (near, _) = value_at(&contracted);
            (contracted, near)
        };
        if candidate_value < values[n] {
            corners[n] = candidate;
            values[n] = candidate_value;
        } else {
            for i in 1..=n {
                let best = corners[0];
                for (place, best) in corners[i].iter_mut().zip(best) {
                    *place = 0.5 * (*place + best);
                }
                values[i] = value_at(&corners[i]).0;
            }
        }
    }
    start[..n].copy_from_slice(&corners[0][..n]);
    values[0]
}

/// Insertion sort by value: the corners are nearly sorted all the time.
fn sort(corners: &mut [Point], values: &mut [f64]) {
    for i in 1..values.len() {
        let mut j = i;
        while j > 0 && values[j] < values[j - 1] {
            values.swap(j, j - 1);
            corners.swap(j, j - 1);
            j -= 1;
        }
    }
}

fn has_met(corners: &[Point], values: &[f64], n: usize) -> bool {
    let spread = values[n] - values[0];
    let near = spread <= 1e-7 * (values[0].abs() + 1e-7);
    let width = (0..n)
        .map(|j| corners.iter().map(|corner| (corner[j] - corners[0][j]).abs()).fold(0.0, f64::max))
        .fold(0.0, f64::max);
    near && width < 0.05 || width < 1e-6
}

fn center_without_last(corners: &[Point], n: usize) -> Point {
    let mut center = [0.0; MOST_VARIABLES];
    for corner in &corners[..n] {
        for j in 0..n {
            center[j] += corner[j] / n as f64;
        }
    }
    center
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_rosenbrocks_valley() {
        let mut point = [-1.2, 1.0];
        let mut valley = |x: &[f64]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let value = minimise(&mut valley, &mut point, 0.5, 2000);
        assert!(value < 1e-6 && (point[0] - 1.0).abs() < 1e-2, "{point:?} {value}");
    }

    #[test]
    fn stops_at_the_evaluation_limit_and_survives_nan() {
        let mut count = 0;
        let mut point = [3.0, 3.0, 3.0];
        let value = minimise(
            &mut |x: &[f64]| {
                count += 1;
                if x[0] > 3.2 { f64::NAN } else { x.iter().map(|v| v * v).sum() }
            },
            &mut point,
            0.5,
            50,
        );
        assert!(value < 27.0);
        assert!(count < 60);
    }
}
