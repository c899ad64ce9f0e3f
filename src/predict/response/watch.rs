//! Given standardised innovations of a response, find from when on it is another one than was fitted.
//!
//! Method: cumulative sums (Page 1954, doi:10.1093/biomet/41.1-2.100) of the innovations and of their product
//! with the price, upward and downward, with reference value 1/2; the limit is that at which the four sums
//! together give a false alarm in the periods asked for, by Siegmund's approximation (1985, "Sequential
//! Analysis", section 2.6). Where rows of a period stray together, sums are divided by what they strayed
//! together in the fit; one wild period alone sets off nothing, since innovations are cut at three.
//! Cost: O(1) time and memory a period.
//! Not for: innovations that follow each other (a season that the response does not know): these raise
//! false alarms beyond those stated.
//! Same input gives the same answer: yes.

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// More or less is sold than foreseen, faster than levels drift.
    Level {
        /// Whether more.
        more: bool,
    },
    /// Demand answers to the own price otherwise than foreseen.
    Price {
        /// Whether it answers less.
        less: bool,
    },
}

/// Cumulative sums: level and price, upward and downward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Watch {
    sums: [[f64; 2]; 2],
    limit: f64,
    /// Standard deviation of innovations of a period that stray together, for level and price, 1 or more.
    shared: [f64; 2],
}

/// Reference value: shifts of one standard deviation are found soonest.
const REFERENCE: f64 = 0.5;
/// Largest innovation that counts.
const LARGEST: f64 = 3.0;
/// Excess of a sum over its limit, on average (Siegmund 1985).
const EXCESS: f64 = 1.166;

impl Watch {
    pub fn new(false_alarm_periods: f64, shared: [f64; 2]) -> Self {
        Watch { sums: [[0.0; 2]; 2], limit: limit(false_alarm_periods), shared }
    }

    /// Takes in a period.
    pub fn take(&mut self, level: f64, price: f64) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        for (at, value) in [level, price].into_iter().enumerate() {
            let value = (value / self.shared[at]).clamp(-LARGEST, LARGEST);
            for (up, sum) in self.sums[at].iter_mut().enumerate() {
                let towards = if up == 0 { value } else { -value };
                *sum = (*sum + towards - REFERENCE).max(0.0);
                if *sum > self.limit {
                    *sum = 0.0;
                    let is_up = up == 0;
                    alarms.push(if at == 0 {
                        Alarm::Level { more: is_up }
                    } else {
                        Alarm::Price { less: is_up }
                    });
                }
            }
        }
        alarms
    }
}

/// The limit at which four sums give a false alarm once in so many periods.
fn limit(periods: f64) -> f64 {
    let between = |limit: f64| {
        let reach = 2.0 * REFERENCE * (limit + EXCESS);
        (reach.exp() - reach - 1.0) / (2.0 * REFERENCE * REFERENCE) / 4.0
    };
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if between(middle) < periods {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Periods until the first alarm, on average, where innovations have a mean.
    fn run_length(asked: f64, mean: f64, runs: usize) -> f64 {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let mut draw = || -> f64 { StandardNormal.sample(&mut random) };
        let mut sum = 0;
        for _ in 0..runs {
            let mut watch = Watch::new(asked, [1.0; 2]);
            sum += 1 + (0..).find(|_| !watch.take(mean + draw(), draw()).is_empty()).unwrap();
        }
        f64::from(sum) / runs as f64
    }

    #[test]
    fn false_alarms_are_as_rare_as_stated() {
        for asked in [100.0, 500.0] {
            let found = run_length(asked, 0.0, 800);
            assert!((found / asked - 1.0).abs() < 0.2, "{found} {asked}");
        }
        // Published for one two-sided sum with limit 5: 465 periods (Montgomery, Statistical Quality Control, 9.1.3).
        assert!((limit(465.0 / 2.0) - 5.0).abs() < 0.02, "{}", limit(465.0 / 2.0));
    }

    #[test]
    fn a_shift_is_found_soon_and_told_by_its_side() {
        assert!(run_length(500.0, 1.0, 400) < 15.0);
        let mut watch = Watch::new(500.0, [1.0; 2]);
        let alarms: Vec<Alarm> = (0..12).flat_map(|_| watch.take(0.0, -1.5)).collect();
        assert_eq!(alarms.first(), Some(&Alarm::Price { less: false }));
        let mut wild = Watch::new(500.0, [1.0; 2]);
        assert!(wild.take(40.0, 0.0).is_empty(), "one wild period alone says nothing");
    }
}
