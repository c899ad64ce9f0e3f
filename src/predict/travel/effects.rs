//! Medians of groups, shrunk to zero by their uncertainty.

use rustc_hash::FxHashMap;

/// One effect a group that occurs; others have none.
#[derive(Debug, Clone, Default)]
pub(super) struct Effects {
    places: FxHashMap<u64, u32>,
    effects: Vec<f64>,
}

/// Variance of a median over that of a mean, for normal data.
const MEDIAN_VARIANCE: f64 = std::f64::consts::FRAC_PI_2;
/// Standard deviation of normal data over their median absolute deviation.
const NORMAL_DEVIATION: f64 = 1.482_602_218_505_602;

impl Effects {
    pub fn of(&self, group: u64) -> f64 {
        self.place(group).map_or(0.0, |at| self.effects[at])
    }

    /// Where a group stands among those that occur.
    pub fn place(&self, group: u64) -> Option<usize> {
        self.places.get(&group).map(|&at| at as usize)
    }

    /// Number of groups that occur.
    pub fn len(&self) -> usize {
        self.effects.len()
    }

    /// Takes note of the groups that occur; where each of them stands.
    pub fn occur(&mut self, groups: impl Iterator<Item = u64>) -> Vec<u32> {
        let of = groups
            .map(|group| {
                let next = self.places.len() as u32;
                *self.places.entry(group).or_insert(next)
            })
            .collect();
        self.effects.resize(self.places.len(), 0.0);
        of
    }

    /// Moves what the groups have in common from the residuals to the effects; `of` is where the
    /// group of each residual stands.
    pub fn refine(&mut self, residuals: &mut [f64], of: &[u32]) {
        let groups = self.effects.len();
        // What was taken before goes back, so that each round shrinks the whole effect once.
        residuals.iter_mut().zip(of).for_each(|(left, &at)| *left += self.effects[at as usize]);
        let (first, mut sorted) = by_group(residuals, groups, of);
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
            self.effects[group] = shrunk * medians[group];
        }
        residuals.iter_mut().zip(of).for_each(|(left, &at)| *left -= self.effects[at as usize]);
    }
}

/// Residuals laid out group by group.
fn by_group(residuals: &[f64], groups: usize, of: &[u32]) -> (Vec<usize>, Vec<f64>) {
    let mut first = vec![0; groups + 1];
    of.iter().for_each(|&at| first[at as usize + 1] += 1);
    (0..groups).for_each(|group| first[group + 1] += first[group]);
    let mut next = first.clone();
    let mut sorted = vec![0.0; residuals.len()];
    for (&left, &at) in residuals.iter().zip(of) {
        let slot = &mut next[at as usize];
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
