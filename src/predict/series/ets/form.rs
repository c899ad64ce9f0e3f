//! The forms of exponential smoothing and their recursion.

use std::fmt;

/// How errors enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorForm {
    /// Value = mean + error.
    Additive,
    /// Value = mean x (1 + error).
    Multiplicative,
}

/// How the level moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrendForm {
    /// It stays.
    None,
    /// It grows by a slope.
    Additive,
    /// It grows by a slope that fades.
    Damped,
}

/// How a season enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeasonForm {
    /// Not at all.
    None,
    /// Added.
    Additive,
    /// Multiplied.
    Multiplicative,
}

/// One of the forms ETS(error, trend, season) of Hyndman et al. (2008), table 2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// E.
    pub error: ErrorForm,
    /// T.
    pub trend: TrendForm,
    /// S.
    pub season: SeasonForm,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = if self.error == ErrorForm::Additive { "A" } else { "M" };
        let trend = match self.trend {
            TrendForm::None => "N",
            TrendForm::Additive => "A",
            TrendForm::Damped => "Ad",
        };
        let season = match self.season {
            SeasonForm::None => "N",
            SeasonForm::Additive => "A",
            SeasonForm::Multiplicative => "M",
        };
        write!(f, "ETS({error},{trend},{season})")
    }
}

impl Form {
    /// Estimated numbers with the variance: smoothing parameters and initial states.
    #[must_use]
    pub fn parameter_count(self, season_length: usize) -> usize {
        let trend = match self.trend {
            TrendForm::None => 0,
            TrendForm::Additive => 2,
            TrendForm::Damped => 3,
        };
        let season = if self.season == SeasonForm::None { 0 } else { season_length };
        3 + trend + season
    }
}

/// Smoothing parameters and initial level and slope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameters {
    /// Level (alpha).
    pub alpha: f64,
    /// Slope (beta).
    pub beta: f64,
    /// Season (gamma).
    pub gamma: f64,
    /// Damping (phi); 1 without it.
    pub phi: f64,
    /// Level before the first bucket.
    pub level: f64,
    /// Slope before the first bucket.
    pub slope: f64,
}

/// Level and slope after the last bucket, and what the likelihood needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// Last level.
    pub level: f64,
    /// Last slope.
    pub slope: f64,
    /// Sum of squared (relative) errors.
    pub squares: f64,
    /// Sum of the logarithms of the means; 0 for additive errors.
    pub logs: f64,
    /// Known values.
    pub count: usize,
}

impl Run {
    /// -2 log likelihood, up to a constant (Hyndman et al. 2008, equation 5.3).
    #[must_use]
    pub fn likelihood(&self) -> f64 {
        if !self.squares.is_finite() {
            return f64::INFINITY;
        }
        // A perfect fit has no finite likelihood; the floor keeps forms comparable.
        let floor = 1e-20 * self.count.max(1) as f64;
        self.count as f64 * self.squares.max(floor).ln() + 2.0 * self.logs
    }
}

/// Runs `form` over `y` from the initial states; `season` holds the seasonal
/// states (oldest first, `season[t % m]` belongs to bucket t) and is moved on.
/// `visit` sees every bucket's mean. Unknown values leave the states as they are
/// expected. The sum of squares is infinite where a mean is not positive but
/// must be.
pub fn run(form: Form, p: &Parameters, y: &[f64], season: &mut [f64], visit: impl FnMut(usize, f64)) -> Run {
    use SeasonForm as S;
    let trend = form.trend != TrendForm::None;
    let relative = form.error == ErrorForm::Multiplicative;
    match (relative, trend, form.season) {
        (false, false, S::None) => recursion::<false, false, 0>(p, y, season, visit),
        (false, true, S::None) => recursion::<false, true, 0>(p, y, season, visit),
        (true, false, S::None) => recursion::<true, false, 0>(p, y, season, visit),
        (true, true, S::None) => recursion::<true, true, 0>(p, y, season, visit),
        (false, false, S::Additive) => recursion::<false, false, 1>(p, y, season, visit),
        (false, true, S::Additive) => recursion::<false, true, 1>(p, y, season, visit),
        (true, false, S::Additive) => recursion::<true, false, 1>(p, y, season, visit),
        (true, true, S::Additive) => recursion::<true, true, 1>(p, y, season, visit),
        (false, false, S::Multiplicative) => recursion::<false, false, 2>(p, y, season, visit),
        (false, true, S::Multiplicative) => recursion::<false, true, 2>(p, y, season, visit),
        (true, false, S::Multiplicative) => recursion::<true, false, 2>(p, y, season, visit),
        (true, true, S::Multiplicative) => recursion::<true, true, 2>(p, y, season, visit),
    }
}

/// Smallest mean that a relative error may be taken of.
const SMALLEST_MEAN: f64 = 1e-10;

fn recursion<const RELATIVE: bool, const TREND: bool, const SEASON: u8>(
    p: &Parameters,
    y: &[f64],
    season: &mut [f64],
    mut visit: impl FnMut(usize, f64),
) -> Run {
    let (mut level, mut slope) = (p.level, p.slope);
    let (mut squares, mut logs, mut product, mut count) = (0.0, 0.0, 1.0_f64, 0);
    let mut position = 0;
    for (t, &value) in y.iter().enumerate() {
        let faded = if TREND { p.phi * slope } else { 0.0 };
        let base = level + faded;
        let index = if SEASON == 0 { 0.0 } else { season[position] };
        let mean = match SEASON {
            0 => base,
            1 => base + index,
            _ => base * index,
        };
        visit(t, mean);
        if (RELATIVE && mean < SMALLEST_MEAN)
            || (SEASON == 2 && (base < SMALLEST_MEAN || index < SMALLEST_MEAN))
        {
            squares = f64::INFINITY;
            break;
        }
        let known = !value.is_nan();
        let error = if known { value - mean } else { 0.0 };
        let in_level = if SEASON == 2 { error / index } else { error };
        level = base + p.alpha * in_level;
        if TREND {
            slope = faded + p.beta * in_level;
        }
        if SEASON != 0 {
            season[position] = index + p.gamma * if SEASON == 2 { error / base } else { error };
            position += 1;
            if position == season.len() {
                position = 0;
            }
        }
        if known {
            count += 1;
            if RELATIVE {
                let relative = error / mean;
                squares += relative * relative;
                product *= mean;
                // One logarithm for many buckets: the product is taken as long as it is in range.
                if !(1e-100..1e100).contains(&product) {
                    logs += product.ln();
                    product = 1.0;
                }
            } else {
                squares += error * error;
            }
        }
    }
    Run { level, slope, squares, logs: logs + product.ln(), count }
}
