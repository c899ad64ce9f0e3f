//! Given the objectives of candidates, all to be small, put them into fronts: the first is
//! dominated by nobody, the next only by the first, and so on.
//!
//! Method: for two objectives a sweep with binary search over the last member of each front
//! (M. T. Jensen 2003, "Reducing the run-time complexity of multiobjective EAs",
//! doi:10.1109/TEVC.2003.817234); for more, efficient non-dominated sort with binary search, X. Zhang, Y. Tian,
//! R. Cheng and Y. Jin (2015), "An Efficient Approach to Nondominated Sorting for Evolutionary
//! Multiobjective Optimization", doi:10.1109/TEVC.2014.2308305.
//! Cost: time O(n log n) for one or two objectives, O(m n^2) at worst for m; memory O(n).
//! Use [`super::hypervolume()`] instead to compare whole fronts.
//! Not for: goals of which only some count (take those columns out first).
//! Same input gives the same answer: yes.

/// The number of each candidate's front, 0 for the best, from `objectives` of `m` a candidate.
///
/// ```
/// use purvey::optimize::genetic::fronts;
/// assert_eq!(fronts(&[1.0, 4.0, 2.0, 2.0, 3.0, 3.0, 2.0, 2.0], 2), [0, 0, 1, 0]);
/// ```
#[must_use]
pub fn fronts(objectives: &[f64], m: usize) -> Vec<u32> {
    let count = objectives.len().checked_div(m).unwrap_or(0);
    let row = |i: u32| &objectives[i as usize * m..(i as usize + 1) * m];
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_unstable_by(|&a, &b| compare(row(a), row(b)).then(a.cmp(&b)));
    let mut rank = vec![0; count];
    let mut members: Vec<Vec<u32>> = Vec::new();
    for (at, &candidate) in order.iter().enumerate() {
        // Equal candidates share a front.
        let twin = at.checked_sub(1).map(|before| order[before]).filter(|&twin| row(twin) == row(candidate));
        let front = match twin {
            Some(twin) => rank[twin as usize] as usize,
            None => members.partition_point(|front| is_dominated(front, row(candidate), m, row)),
        };
        rank[candidate as usize] = front as u32;
        if twin.is_none() {
            match members.get_mut(front) {
                Some(front) => front.push(candidate),
                None => members.push(vec![candidate]),
            }
        }
    }
    rank
}

/// Whether a front holds one that dominates `candidate`, which comes after all of them in the
/// order of [`compare`].
fn is_dominated<'a>(front: &[u32], candidate: &[f64], m: usize, row: impl Fn(u32) -> &'a [f64]) -> bool {
    if m <= 2 {
        // The last member has the least second objective of its front.
        return front.last().is_some_and(|&last| row(last)[m - 1] <= candidate[m - 1]);
    }
    let (tail, end) = (&candidate[1..m - 1], candidate[m - 1]);
    front.iter().rev().any(|&member| {
        let member = row(member);
        member[m - 1] <= end && member[1..m - 1].iter().zip(tail).all(|(a, b)| a <= b)
    })
}

/// By the first objective that differs.
pub(super) fn compare(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    a.iter()
        .zip(b)
        .map(|(a, b)| a.total_cmp(b))
        .find(|order| order.is_ne())
        .unwrap_or(std::cmp::Ordering::Equal)
}

/// Whether `a` is nowhere worse than `b` and somewhere better.
#[must_use]
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// The fronts of candidates of which some violate constraints: those that do not come first, by
/// their objectives; the others follow by the size of their violation (constraint domination, K.
/// Deb et al. 2002).
pub(super) fn constrained_fronts(objectives: &[f64], violations: &[f64], m: usize) -> Vec<u32> {
    if violations.iter().all(|&violation| violation <= 0.0) {
        return fronts(objectives, m);
    }
    let (feasible, mut broken): (Vec<usize>, Vec<usize>) =
        (0..violations.len()).partition(|&i| violations[i] <= 0.0);
    let sound: Vec<f64> = feasible.iter().flat_map(|&i| &objectives[i * m..(i + 1) * m]).copied().collect();
    let mut rank = vec![0; violations.len()];
    let mut next = 0;
    for (&i, front) in feasible.iter().zip(fronts(&sound, m)) {
        rank[i] = front;
        next = next.max(front + 1);
    }
    broken.sort_by(|&a, &b| violations[a].total_cmp(&violations[b]));
    for (at, &i) in broken.iter().enumerate() {
        if at > 0 && violations[i] > violations[broken[at - 1]] {
            next += 1;
        }
        rank[i] = next;
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Peels fronts off by comparing everyone with everyone.
    fn by_hand(objectives: &[f64], m: usize) -> Vec<u32> {
        let count = objectives.len() / m;
        let row = |i: usize| &objectives[i * m..(i + 1) * m];
        let mut rank = vec![u32::MAX; count];
        for front in 0.. {
            let open: Vec<usize> = (0..count).filter(|&i| rank[i] == u32::MAX).collect();
            if open.is_empty() {
                return rank;
            }
            for &i in &open {
                if open.iter().all(|&j| !dominates(row(j), row(i))) {
                    rank[i] = front;
                }
            }
        }
        rank
    }

    #[test]
    fn fronts_are_those_of_comparing_everyone_with_everyone() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(11);
        for round in 0..300 {
            let m = 1 + round % 5;
            let objectives: Vec<f64> =
                (0..m * rng.random_range(0..40)).map(|_| f64::from(rng.random_range(0..8))).collect();
            assert_eq!(fronts(&objectives, m), by_hand(&objectives, m), "{m}: {objectives:?}");
        }
    }

    #[test]
    fn who_keeps_the_constraints_comes_first() {
        let objectives = [5.0, 5.0, 1.0, 1.0, 0.0, 0.0, 6.0, 6.0];
        assert_eq!(constrained_fronts(&objectives, &[0.0, 2.0, 1.0, 0.0], 2), [0, 3, 2, 1]);
    }
}
