//! Where exponential smoothing starts: scaled values and initial states.

use super::form::SeasonForm;
use crate::predict::series::history::{History, mean_of};
use crate::predict::series::season::classical_indices;

/// A series divided by its mean size, with initial states for every season form.
#[derive(Debug, Clone)]
pub(super) struct Start {
    /// Values divided by `unit`; NaN where not known.
    pub(super) y: Vec<f64>,
    /// Mean size of the values.
    pub(super) unit: f64,
    /// All known values are above zero.
    pub(super) positive: bool,
    /// Known values.
    pub(super) count: usize,
    additive: Option<Vec<f64>>,
    multiplicative: Option<Vec<f64>>,
}

impl Start {
    pub(super) fn new(history: &History<'_>) -> Self {
        let size = mean_of(history.known().map(f64::abs));
        let unit = if size > 0.0 { size } else { 1.0 };
        let y: Vec<f64> = history.y.iter().map(|value| value / unit).collect();
        let positive = history.known().all(|value| value > 0.0);
        let m = history.season_length;
        let seasonal = m > 1 && m <= LONGEST_SEASON;
        Start {
            additive: seasonal.then(|| classical_indices(&y, m, false)).flatten(),
            multiplicative: (seasonal && positive).then(|| classical_indices(&y, m, true)).flatten(),
            unit,
            positive,
            count: history.known_count(),
            y,
        }
    }

    /// Initial seasonal states; `None` where this form cannot be started.
    pub(super) fn season(&self, form: SeasonForm) -> Option<&[f64]> {
        match form {
            SeasonForm::None => Some(&[]),
            SeasonForm::Additive => self.additive.as_deref(),
            SeasonForm::Multiplicative => self.multiplicative.as_deref(),
        }
    }

    /// Initial level and slope: a straight line through the first ten values
    /// (Hyndman et al. 2008, section 2.6.1), after the season is taken out.
    pub(super) fn level_and_slope(&self, form: SeasonForm) -> (f64, f64) {
        let season = self.season(form).unwrap_or(&[]);
        let (mut n, mut st, mut sy, mut stt, mut sty) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (t, &y) in
            self.y.iter().enumerate().filter(|(_, y)| !y.is_nan()).take(LINE_VALUES.max(season.len()))
        {
            let y = match form {
                SeasonForm::None => y,
                SeasonForm::Additive => y - season[t % season.len()],
                SeasonForm::Multiplicative => y / season[t % season.len()],
            };
            let t = (t + 1) as f64;
            n += 1.0;
            st += t;
            sy += y;
            stt += t * t;
            sty += t * y;
        }
        let spread = n * stt - st * st;
        let slope = if n < 3.0 || spread <= 0.0 { 0.0 } else { (n * sty - st * sy) / spread };
        let level = if n > 0.0 { (sy - slope * st) / n } else { 0.0 };
        (level, slope)
    }
}

/// Longest season that gets its own state for every bucket.
pub(super) const LONGEST_SEASON: usize = 24;

/// Values that the first line is drawn through.
const LINE_VALUES: usize = 10;
