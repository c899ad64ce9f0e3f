//! Classes of demand by how often and how evenly it comes.

use super::calibration::INTERMITTENT_INTERVAL;
use super::history::{History, deviation_of, mean_of};

/// Squared coefficient of variation of the sizes from which they are uneven.
const UNEVEN_SIZES: f64 = 0.49;

/// Probability below which a run of empty buckets is no accident.
const NO_ACCIDENT: f64 = 1e-3;

/// The four classes of A. A. Syntetos, J. E. Boylan, J. D. Croston (2005), "On the
/// categorization of demand patterns", doi:10.1057/palgrave.jors.2601841.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemandClass {
    /// Demand in most buckets, of even size.
    Smooth,
    /// Demand in most buckets, of uneven size.
    Erratic,
    /// Demand now and then, of even size.
    Intermittent,
    /// Demand now and then, of uneven size.
    Lumpy,
}

impl DemandClass {
    /// The class of a history.
    #[must_use]
    pub fn of(history: &History<'_>) -> Self {
        let sizes = history.known().filter(|&y| y != 0.0);
        let mean = mean_of(sizes.clone());
        let variation = if mean == 0.0 { 0.0 } else { deviation_of(sizes) / mean };
        let rare = history.average_interval() >= INTERMITTENT_INTERVAL;
        match (rare, variation * variation >= UNEVEN_SIZES) {
            (false, false) => DemandClass::Smooth,
            (false, true) => DemandClass::Erratic,
            (true, false) => DemandClass::Intermittent,
            (true, true) => DemandClass::Lumpy,
        }
    }

    /// Whether demand comes only now and then.
    #[must_use]
    pub fn is_rare(self) -> bool {
        matches!(self, DemandClass::Intermittent | DemandClass::Lumpy)
    }
}

/// Empty buckets at the end, where there are too many of them to be an accident:
/// with demand in a share p of the buckets before, k of them in a row have the
/// probability (1 - p)^k.
pub(super) fn silent_end(history: &History<'_>) -> Option<usize> {
    let silent = history.known().rev().take_while(|&y| y == 0.0).count();
    let before = history.known_count() - silent;
    if silent == 0 || before == 0 {
        return None;
    }
    let demands = history.known().filter(|&y| y != 0.0).count() as f64;
    // One more empty bucket than seen keeps a steady seller from ending after one.
    let share = demands / (before as f64 + 1.0);
    ((1.0 - share).powf(silent as f64) < NO_ACCIDENT).then_some(silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(y: &[f64]) -> History<'_> {
        History { y, season_length: 1, nonnegative: true, integers: true }
    }

    #[test]
    fn classes_of_the_paper() {
        assert_eq!(DemandClass::of(&history(&[5.0, 6.0, 5.0, 4.0])), DemandClass::Smooth);
        assert_eq!(DemandClass::of(&history(&[1.0, 20.0, 1.0, 2.0])), DemandClass::Erratic);
        assert_eq!(DemandClass::of(&history(&[2.0, 0.0, 0.0, 2.0])), DemandClass::Intermittent);
        assert_eq!(DemandClass::of(&history(&[1.0, 0.0, 0.0, 20.0])), DemandClass::Lumpy);
    }

    #[test]
    fn a_long_silence_is_an_end() {
        let mut y = vec![3.0, 0.0, 2.0, 4.0, 0.0, 3.0];
        assert_eq!(silent_end(&history(&y)), None);
        y.extend([0.0; 20]);
        assert_eq!(silent_end(&history(&y)), Some(20));
        assert_eq!(silent_end(&history(&[0.0, 0.0])), None);
    }
}
