//! Medians of groups, shrunk to zero by their uncertainty.

/// One effect a group; groups without data have none.
#[derive(Debug, Clone, Default)]
pub(super) struct Effects(Vec<f64>);

/// Variance of a median over that of a mean, for normal data.
const MEDIAN_VARIANCE: f64 = std::f64::consts::FRAC_PI_2;
/// Standard deviation of normal data over their median absolute deviation.
const NORMAL_DEVIATION: f64 = 1.482_602_218_505_602;

impl Effects {
    pub fn of(&self, group: usize) -> f64 {
        self.0.get(group).copied().unwrap_or(0.0)
    }

    /// Moves what the groups have in common from the residuals to the effects.
    pub fn refine(&mut self, residuals: &mut [f64], group_of: impl Fn(usize) -> usize) {
        let groups = (0..residuals.len()).map(|at| group_of(at) + 1).max().unwrap_or(0).max(self.0.len());
        self.0.resize(groups, 0.0);
        // What was taken before goes back, so that each round shrinks the whole effect once.
        residuals.iter_mut().enumerate().for_each(|(at, left)| *left += self.0[group_of(at)]);
        let (first, mut sorted) = by_group(residuals, groups, &group_of);
        let mut medians = vec![0.0; groups];
        let mut within = Vec::with_capacity(residuals.len());
        for group in 0..groups {
            let members = &mut sorted[first[group]..first[group + 1]];
            medians[group] = median(members).unwrap_or(0.0);
            if members.len() > 1 {
                within.extend(members.iter().map(|left| left - medians[group]));
            }
        }
        let noise = MEDIAN_VARIANCE * spread(&mut within).powi(2);
        // A lone trip cannot be told from a stop on the way, so the first one counts for nothing.
        let counts: Vec<f64> =
            first.windows(2).map(|two| (two[1] - two[0]).saturating_sub(1) as f64).collect();
        let between = between(&medians, &counts, noise);
        for group in 0..groups {
            let shrunk = between * counts[group] / (between * counts[group] + noise).max(f64::MIN_POSITIVE);
            self.0[group] = shrunk * medians[group];
        }
        residuals.iter_mut().enumerate().for_each(|(at, left)| *left -= self.0[group_of(at)]);
    }
}

/// Residuals laid out group by group.
fn by_group(residuals: &[f64], groups: usize, group_of: &impl Fn(usize) -> usize) -> (Vec<usize>, Vec<f64>) {
    let mut first = vec![0; groups + 1];
    (0..residuals.len()).for_each(|at| first[group_of(at) + 1] += 1);
    (0..groups).for_each(|group| first[group + 1] += first[group]);
    let mut next = first.clone();
    let mut sorted = vec![0.0; residuals.len()];
    for (at, &left) in residuals.iter().enumerate() {
        let slot = &mut next[group_of(at)];
        sorted[*slot] = left;
        *slot += 1;
    }
    (first, sorted)
}

/// Variance of the true effects: that of the medians less their noise. Groups
/// weigh by their trips, up to ten, so that thin ones do not decide.
fn between(medians: &[f64], counts: &[f64], noise: f64) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (median, &count) in medians.iter().zip(counts).filter(|(_, count)| **count > 0.0) {
        let share = count.min(10.0);
        sum += share * (median * median - noise / count);
        weight += share;
    }
    (sum / f64::max(weight, 1.0)).max(0.0)
}

/// Median, by partial sorting; none of nothing.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    let (middle, odd) = (values.len() / 2, values.len() % 2 == 1);
    if values.is_empty() {
        return None;
    }
    let (below, &mut high, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if odd {
        return Some(high);
    }
    let low = below.iter().copied().max_by(f64::total_cmp)?;
    Some(0.5 * (low + high))
}

/// Robust standard deviation around zero; 0 of nothing.
pub(super) fn spread(values: &mut [f64]) -> f64 {
    let mut sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    NORMAL_DEVIATION * median(&mut sizes).unwrap_or(0.0)
}
