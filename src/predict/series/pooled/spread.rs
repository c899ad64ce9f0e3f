//! How far demand strays from its mean, measured over a whole panel.
//!
//! Given means and what came, find the variance of the gamma factors that multiply
//! the mean: one drawn for every bucket, one for the whole horizon.
//!
//! Method: moments of a Poisson mixture, the excess of squared errors over the mean
//! against the squared mean, N. E. Breslow (1984), doi:10.2307/2347661, by size of
//! the mean; the product of the errors of two leads of one origin gives the factor
//! of the horizon. Few rows lean on a prior.
//! Cost: time O(n), no memory, with n = rows.
//! Use `calibration.rs` instead when a single series has errors enough of its own.
//! Not for: distributions with two humps.
//! Same input, budget and seed give the same answer: yes.
//! Differs from the paper: targets are capped, so that no spike decides.

use super::train::Sample;

/// Squared coefficient of variation of the factor of a bucket and of the horizon
/// before the rows speak.
const PRIOR: (f64, f64) = (0.15, 0.02);

/// Rows that the prior is worth.
const PRIOR_ROWS: f64 = 40.0;

/// Means that part the classes of whole numbers.
const LIMITS: [f64; 4] = [1.0, 3.0, 10.0, 30.0];

/// Classes: by mean, and one for what is not counted in whole numbers.
const CLASSES: usize = LIMITS.len() + 2;

/// Range of a squared coefficient of variation.
const RANGE: (f64, f64) = (0.0, 4.0);

/// Leads whose errors are multiplied.
const PAIR: (usize, usize) = (0, 2);

/// Squared coefficients of variation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spread {
    /// Of the factor of a bucket, by class.
    bucket: [f64; CLASSES],
    /// Of the factor of the horizon.
    pub(super) horizon: f64,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { bucket: [PRIOR.0; CLASSES], horizon: PRIOR.1 }
    }
}

/// Excess of squares over what the means explain, and squared means.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    excess: f64,
    squares: f64,
    rows: f64,
}

impl Moments {
    fn add(&mut self, excess: f64, square: f64) {
        self.excess += excess;
        self.squares += square;
        self.rows += 1.0;
    }

    fn variation(&self, prior: f64) -> f64 {
        if self.rows == 0.0 || self.squares <= 0.0 {
            return prior;
        }
        let worth = PRIOR_ROWS * self.squares / self.rows;
        ((self.excess + prior * worth) / (self.squares + worth)).clamp(RANGE.0, RANGE.1)
    }
}

impl Spread {
    /// Measures the spread of the targets around `means`, which are in the order of
    /// the samples and their rows; `whole` tells the series that are counted. Origins
    /// before `earliest` are left out, targets capped.
    pub(super) fn measure(
        samples: &[Sample],
        means: &[Vec<f64>],
        whole: &[bool],
        (cap, earliest): (f32, usize),
    ) -> Self {
        let mut bucket = [Moments::default(); CLASSES];
        for (sample, means) in samples.iter().zip(means).take(3) {
            let rows = sample.capped(cap).into_iter().zip(means).zip(&sample.series);
            let settled = |origin: &u32| *origin as usize >= earliest;
            for (((y, mean), series), _) in rows.zip(&sample.origins).filter(|row| settled(row.1)) {
                let (error, whole) = (f64::from(y) - mean, whole[*series as usize]);
                // What is not counted has no Poisson part.
                let explained = if whole { *mean } else { 0.0 };
                bucket[class(*mean, whole)].add(error * error - explained, mean * mean);
            }
        }
        let at = |lead: usize| samples.iter().position(|sample| sample.lead == lead);
        let horizon = match (at(PAIR.0), at(PAIR.1)) {
            (Some(near), Some(far)) => {
                let (near, far) = ((&samples[near], &means[near]), (&samples[far], &means[far]));
                common(near, far, (cap, earliest)).variation(PRIOR.1)
            }
            _ => PRIOR.1,
        };
        let total = bucket.map(|moments| moments.variation(PRIOR.0));
        Spread { bucket: total.map(|total| ((total - horizon) / (1.0 + horizon)).max(0.0)), horizon }
    }

    /// Squared coefficient of variation of the factor of a bucket with this mean, in a
    /// series of whole numbers or not.
    pub(super) fn bucket(&self, mean: f64, whole: bool) -> f64 {
        self.bucket[class(mean, whole)]
    }
}

fn class(mean: f64, whole: bool) -> usize {
    if whole { LIMITS.iter().filter(|limit| mean >= **limit).count() } else { CLASSES - 1 }
}

/// Products of the errors of two leads from the same origin of the same series.
fn common(near: (&Sample, &Vec<f64>), far: (&Sample, &Vec<f64>), (cap, earliest): (f32, usize)) -> Moments {
    let errors = |(sample, means): (&Sample, &Vec<f64>)| -> Vec<f64> {
        sample.capped(cap).iter().zip(means).map(|(y, mean)| f64::from(*y) - mean).collect()
    };
    let (first, second) = (errors(near), errors(far));
    // Rows come with falling origins, and within an origin with rising series.
    let key = |sample: &Sample, place: usize| (u32::MAX - sample.origins[place], sample.series[place]);
    let (mut i, mut j, mut sums) = (0, 0, Moments::default());
    while i < first.len() && j < second.len() {
        match key(near.0, i).cmp(&key(far.0, j)) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                if near.0.origins[i] as usize >= earliest {
                    sums.add(first[i] * second[j], near.1[i] * far.1[j]);
                }
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    sums
}
