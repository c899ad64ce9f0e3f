//! Given points with objectives to be small and a reference point, measure the space that the
//! points dominate up to it: one number that judges a whole front.
//!
//! Method: a sweep for two objectives; for more the WFG algorithm, L. While, L. Bradstreet and
//! L. Barone (2012), "A Fast Way of Calculating Exact Hypervolumes",
//! doi:10.1109/TEVC.2010.2077298.
//! Cost: time O(n log n) for two objectives, exponential in the number of objectives at worst
//! (three objectives and hundreds of points take milliseconds); memory O(m n) a level.
//! Use [`fronts`](super::fronts) instead where only who dominates whom is asked.
//! Not for: more than about eight objectives.
//! Same input gives the same answer: yes.

use super::ranking::dominates;

/// The hypervolume of `points`, `m` objectives each; points beyond the reference add nothing.
///
/// ```
/// use purvey::optimize::genetic::hypervolume;
/// assert_eq!(hypervolume(&[0.0, 0.5, 0.5, 0.0], 2, &[1.0, 1.0]), 0.75);
/// ```
#[must_use]
pub fn hypervolume(points: &[f64], m: usize, reference: &[f64]) -> f64 {
    if m == 0 || reference.len() != m {
        return 0.0;
    }
    let inside = |point: &&[f64]| point.iter().zip(reference).all(|(value, limit)| value < limit);
    let inside: Vec<f64> = points.chunks_exact(m).filter(inside).flatten().copied().collect();
    volume(&inside, m, reference)
}

/// Volume in `m` objectives.
fn volume(points: &[f64], m: usize, reference: &[f64]) -> f64 {
    if points.is_empty() {
        return 0.0;
    }
    if m == 1 {
        let least = points.iter().copied().fold(f64::INFINITY, f64::min);
        return reference[0] - least;
    }
    if m == 2 {
        return area(points, reference);
    }
    // Worst last objective first: each point then only meets points that are better in it, so
    // the last objective of its exclusive part is a plain factor.
    let mut order: Vec<usize> = (0..points.len() / m).collect();
    order.sort_by(|&a, &b| points[b * m + m - 1].total_cmp(&points[a * m + m - 1]));
    let mut total = 0.0;
    let mut limited: Vec<f64> = Vec::new();
    for (at, &i) in order.iter().enumerate() {
        let point = &points[i * m..(i + 1) * m];
        limited.clear();
        for &j in &order[at + 1..] {
            let other = &points[j * m..j * m + m - 1];
            limited.extend(other.iter().zip(point).map(|(a, b)| a.max(*b)));
        }
        keep_front(&mut limited, m - 1);
        let base: f64 = point[..m - 1].iter().zip(reference).map(|(value, limit)| limit - value).product();
        let exclusive = base - volume(&limited, m - 1, reference);
        total += exclusive * (reference[m - 1] - point[m - 1]);
    }
    total
}

/// Drops points that others dominate or equal.
fn keep_front(points: &mut Vec<f64>, m: usize) {
    let count = points.len() / m;
    let row = |i: usize| &points[i * m..(i + 1) * m];
    let beaten = |i: usize| (0..count).any(|j| dominates(row(j), row(i)) || (j < i && row(j) == row(i)));
    let kept: Vec<usize> = (0..count).filter(|&i| !beaten(i)).collect();
    for (to, &from) in kept.iter().enumerate() {
        points.copy_within(from * m..(from + 1) * m, to * m);
    }
    points.truncate(kept.len() * m);
}

fn area(points: &[f64], reference: &[f64]) -> f64 {
    let mut order: Vec<[f64; 2]> = points.chunks_exact(2).map(|point| [point[0], point[1]]).collect();
    order.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let (mut total, mut ceiling) = (0.0, reference[1]);
    for [x, y] in order {
        if y < ceiling {
            total += (reference[0] - x) * (ceiling - y);
            ceiling = y;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Volume by counting the cells of a grid on whole coordinates.
    fn counted(points: &[f64], m: usize, side: usize) -> f64 {
        let cells = side.pow(m as u32);
        let dominated = (0..cells).filter(|&cell| {
            let corner: Vec<f64> = (0..m).map(|k| (cell / side.pow(k as u32) % side) as f64).collect();
            points.chunks_exact(m).any(|point| point.iter().zip(&corner).all(|(a, b)| a <= b))
        });
        dominated.count() as f64
    }

    #[test]
    fn volumes_are_those_of_counting_cells() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        for round in 0..120 {
            let m = 1 + round % 5;
            let points: Vec<f64> =
                (0..m * rng.random_range(0..9)).map(|_| f64::from(rng.random_range(0..7))).collect();
            let found = hypervolume(&points, m, &vec![6.0; m]);
            assert!((found - counted(&points, m, 6)).abs() < 1e-9, "{m} {points:?} {found}");
        }
    }

    #[test]
    fn an_eighth_of_a_ball_is_approached() {
        // Points on the unit sphere: the volume tends to 1 less an eighth of the ball.
        let mut points = Vec::new();
        for i in 0..=40 {
            for j in 0..=40 {
                let (a, b) = (f64::from(i) / 40.0, f64::from(j) / 40.0);
                let (a, b) = (a * std::f64::consts::FRAC_PI_2, b * std::f64::consts::FRAC_PI_2);
                points.extend([a.cos() * b.cos(), a.cos() * b.sin(), a.sin()]);
            }
        }
        let found = hypervolume(&points, 3, &[1.0, 1.0, 1.0]);
        let limit = 1.0 - std::f64::consts::PI / 6.0;
        assert!(found < limit && found > limit - 0.05, "{found} {limit}");
    }
}
