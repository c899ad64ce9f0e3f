//! Given a front with too many members, leave out those that crowd, so that the rest stands
//! evenly along it.
//!
//! Method: for two objectives crowding distances, recomputed after each removal, S. Kukkonen and
//! K. Deb (2006), "Improved Pruning of Non-Dominated Solutions Based on Crowding Distance for
//! Bi-Objective Optimization Problems", doi:10.1109/CEC.2006.1688443; for more objectives the
//! product of distances to the m nearest neighbours, by the same authors (2006), "A Fast and
//! Effective Method for Pruning of Non-dominated Solutions in Many-Objective Problems",
//! doi:10.1007/11844297_56.
//! Cost: time O(n^2) for two objectives, O(m n^2) expected for more; memory O(m n).
//! Use [`super::nsga3`] instead for more than three objectives.
//! Not for: fronts of tens of thousands.
//! Same input gives the same answer: yes.

/// Which of `count` members stay when `keep` may, and how free each stands (infinite at the ends
/// of the front); `objectives` has `m` a member.
pub(super) fn prune(objectives: &[f64], m: usize, keep: usize) -> (Vec<bool>, Vec<f64>) {
    let scaled = scaled(objectives, m);
    match m {
        2 => prune_line(&scaled, keep),
        _ => prune_cloud(&scaled, m, keep),
    }
}

/// Objectives moved and stretched to 0 to 1, each on its own.
fn scaled(objectives: &[f64], m: usize) -> Vec<f64> {
    let mut scaled = objectives.to_vec();
    for k in 0..m {
        let column = || objectives.iter().skip(k).step_by(m).copied().filter(|value| value.is_finite());
        let low = column().fold(f64::INFINITY, f64::min);
        let width = column().fold(f64::NEG_INFINITY, f64::max) - low;
        for value in scaled.iter_mut().skip(k).step_by(m) {
            let share = if width > 0.0 { (*value - low) / width } else { 0.0 };
            *value = if share.is_finite() { share } else { 1.0 };
        }
    }
    scaled
}

const NOBODY: usize = usize::MAX;

fn prune_line(points: &[f64], keep: usize) -> (Vec<bool>, Vec<f64>) {
    let count = points.len() / 2;
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| points[2 * a].total_cmp(&points[2 * b]).then(a.cmp(&b)));
    let (mut before, mut after) = (vec![NOBODY; count], vec![NOBODY; count]);
    for pair in order.windows(2) {
        after[pair[0]] = pair[1];
        before[pair[1]] = pair[0];
    }
    let gap = |i: usize, before: &[usize], after: &[usize]| match (before[i], after[i]) {
        (NOBODY, _) | (_, NOBODY) => f64::INFINITY,
        (b, a) => (points[2 * a] - points[2 * b]).abs() + (points[2 * a + 1] - points[2 * b + 1]).abs(),
    };
    let mut free: Vec<f64> = (0..count).map(|i| gap(i, &before, &after)).collect();
    let mut stays = vec![true; count];
    for _ in keep..count {
        let Some(out) = most_crowded(&free, &stays) else { break };
        stays[out] = false;
        let (b, a) = (before[out], after[out]);
        if b != NOBODY {
            after[b] = a;
            free[b] = gap(b, &before, &after);
        }
        if a != NOBODY {
            before[a] = b;
            free[a] = gap(a, &before, &after);
        }
    }
    (stays, free)
}

/// The one of those that stay with the least room, the first among equals.
fn most_crowded(free: &[f64], stays: &[bool]) -> Option<usize> {
    let mut least = None;
    let mut room = f64::INFINITY;
    for (i, (&free, &stays)) in free.iter().zip(stays).enumerate() {
        if stays && (free < room || least.is_none()) {
            (least, room) = (Some(i), free);
        }
    }
    least
}

/// A cloud's members and, for each, its nearest neighbours; who left stands infinitely far away.
struct Cloud {
    /// One column of coordinates an objective.
    columns: Vec<Vec<f64>>,
    near: Vec<usize>,
    squares: Vec<f64>,
    found: Vec<f64>,
}

impl Cloud {
    /// Looks up the m nearest of `i` and gives the product of their squared distances.
    fn look_around(&mut self, i: usize) -> f64 {
        self.squares.fill(0.0);
        for column in &self.columns {
            let from = column[i];
            let distances = column.iter().map(|to| (to - from) * (to - from));
            self.squares.iter_mut().zip(distances).for_each(|(square, part)| *square += part);
        }
        self.squares[i] = f64::INFINITY;
        let m = self.columns.len();
        let near = &mut self.near[i * m..(i + 1) * m];
        let found = &mut self.found[..m];
        near.fill(NOBODY);
        found.fill(f64::INFINITY);
        for (j, &square) in self.squares.iter().enumerate() {
            // Those that left stand infinitely far away.
            if square < found[m - 1] {
                let mut at = m - 1;
                while at > 0 && found[at - 1] > square {
                    (found[at], near[at]) = (found[at - 1], near[at - 1]);
                    at -= 1;
                }
                (found[at], near[at]) = (square, j);
            }
        }
        // A cloud of few has no m neighbours; all its members then have equally many.
        let known = self.found.iter().take_while(|square| square.is_finite());
        if self.found[0].is_finite() { known.product() } else { f64::INFINITY }
    }
}

fn prune_cloud(points: &[f64], m: usize, keep: usize) -> (Vec<bool>, Vec<f64>) {
    let count = points.len() / m;
    let mut stays = vec![true; count];
    let ends = ends(points, m);
    let mut cloud = Cloud {
        columns: (0..m).map(|k| points.iter().skip(k).step_by(m).copied().collect()).collect(),
        near: vec![NOBODY; count * m],
        squares: vec![0.0; count],
        found: vec![f64::INFINITY; m],
    };
    let mut free: Vec<f64> = (0..count).map(|i| cloud.look_around(i)).collect();
    for &end in &ends {
        free[end] = f64::INFINITY;
    }
    let mut open = count.saturating_sub(keep);
    while open > 0 {
        let Some(out) = most_crowded(&free, &stays) else { break };
        // Room only grows when neighbours go, so the least is looked at again before it goes.
        let near = &cloud.near[out * m..(out + 1) * m];
        if free[out] < f64::INFINITY && near.iter().any(|&i| i != NOBODY && !stays[i]) {
            free[out] = cloud.look_around(out);
        } else {
            stays[out] = false;
            cloud.columns[0][out] = f64::INFINITY;
            open -= 1;
        }
    }
    (stays, free)
}

/// For each objective the member that is best in it (among equals the one with the least sum).
fn ends(points: &[f64], m: usize) -> Vec<usize> {
    let sum = |i: usize| points[i * m..(i + 1) * m].iter().sum::<f64>();
    let best = |k: usize| {
        (0..points.len() / m)
            .min_by(|&a, &b| points[a * m + k].total_cmp(&points[b * m + k]).then(sum(a).total_cmp(&sum(b))))
    };
    (0..m).filter_map(best).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_thinned_to_even_steps_with_its_ends() {
        let points: Vec<f64> =
            [0.0, 0.01, 0.02, 0.5, 0.51, 0.99, 1.0].iter().flat_map(|&x| [x, 1.0 - x]).collect();
        let (stays, free) = prune(&points, 2, 3);
        let left: Vec<usize> = (0..7).filter(|&i| stays[i]).collect();
        assert_eq!((left[0], left[2]), (0, 6));
        assert!(left[1] == 3 || left[1] == 4);
        assert!(free[0].is_infinite() && (free[left[1]] - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_cloud_of_fewer_than_its_goals_loses_a_double_too() {
        let (stays, free) = prune(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 3, 2);
        assert_eq!(stays, [true, false, true]);
        assert!(free.iter().all(|free| !free.is_nan()), "{free:?}");
    }

    #[test]
    fn a_cloud_loses_its_doubles_first() {
        // Corners and middle of a triangle, the middle three times.
        let mut points = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        for shift in [0.0, 1e-6, 2e-6] {
            points.extend([1.0 / 3.0 + shift, 1.0 / 3.0, 1.0 / 3.0 - shift]);
        }
        let (stays, _) = prune(&points, 3, 4);
        assert_eq!(stays[..3], [true; 3]);
        assert_eq!(stays[3..].iter().filter(|&&stays| stays).count(), 1);
    }
}
