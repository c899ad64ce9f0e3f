//! One curve: value, slope, and its least concave cover over an interval.
//!
//! Method: the Hill curve a x^s / (x^s + k^s), A. V. Hill (1910), J. Physiol. 40, iv–vii. It turns from
//! convex to concave at k ((s - 1) / (s + 1))^(1/s); the cover is the tangent from the lower end
//! of the interval, then the curve.
//! Cost: O(1), with some ten steps of Newton's method for s other than 1.
//! Use [`super::filling`] instead for many curves together.
//! Not for: curves that fall.
//! Same input gives the same answer: yes.

/// What an amount x brings: `a x^s / (x^s + k^s)` for `lower <= x <= upper`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// What unlimited amounts tend to; 0 and above.
    pub a: f64,
    /// The amount that brings half of it; above 0.
    pub k: f64,
    /// Shape: concave up to 1, S-shaped above; above 0.
    pub s: f64,
    /// Least amount; 0 and above.
    pub lower: f64,
    /// Greatest amount.
    pub upper: f64,
    /// Amounts are multiples of it; 0 for any amount.
    pub step: f64,
}

/// Why a budget cannot be split.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CurveError {
    /// A budget that is no amount.
    #[error("the budget is {budget}; it must be a finite number of 0 or more")]
    Budget {
        /// The budget.
        budget: f64,
    },
    /// A number of a curve outside its range.
    #[error("curve {curve} has {name} = {value}; it must be {range}")]
    Number {
        /// Which curve.
        curve: usize,
        /// Which number.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// No multiple of the step lies between the bounds.
    #[error("curve {curve} has no multiple of {step} between {lower} and {upper}: widen its bounds")]
    NoMultiple {
        /// Which curve.
        curve: usize,
        /// Its least amount.
        lower: f64,
        /// Its greatest amount.
        upper: f64,
        /// Its step.
        step: f64,
    },
}

/// Share of a step by which a bound may miss a multiple and still count as one.
const NEAR: f64 = 1e-9;

impl Curve {
    /// What `x` brings.
    ///
    /// ```
    /// use purvey::optimize::allocation::Curve;
    /// let curve = Curve { a: 100.0, k: 5.0, s: 2.0, lower: 0.0, upper: 20.0, step: 0.0 };
    /// assert_eq!((curve.value(5.0), curve.value(0.0)), (50.0, 0.0));
    /// ```
    #[must_use]
    pub fn value(&self, x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { self.a / (1.0 + self.power(self.k / x)) }
    }

    /// What one more unit brings at `x`, by the unit; infinite at 0 for s below 1.
    #[must_use]
    pub fn slope(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return match self.s.total_cmp(&1.0) {
                std::cmp::Ordering::Less if self.a > 0.0 => f64::INFINITY,
                std::cmp::Ordering::Equal => self.a / self.k,
                _ => 0.0,
            };
        }
        let u = self.power(x / self.k);
        // Small factors first, so that nothing between overflows.
        if u.is_infinite() { 0.0 } else { u / (1.0 + u) / (1.0 + u) * self.s / x * self.a }
    }

    /// Where the curve turns from convex to concave; 0 for s up to 1.
    #[must_use]
    pub fn inflection(&self) -> f64 {
        if self.s <= 1.0 { 0.0 } else { self.k * ((self.s - 1.0) / (self.s + 1.0)).powf(1.0 / self.s) }
    }

    fn power(&self, ratio: f64) -> f64 {
        if self.s == 1.0 { ratio } else { ratio.powf(self.s) }
    }

    /// Change of the logarithm of the slope with that of x.
    fn elasticity(&self, x: f64) -> f64 {
        let u = self.power(x / self.k);
        let share = if u.is_infinite() { 1.0 } else { u / (1.0 + u) };
        self.s - 1.0 - 2.0 * self.s * share
    }

    /// The curve with bounds that its step allows, or what is wrong with its numbers.
    pub(super) fn checked(&self, curve: usize) -> Result<Curve, CurveError> {
        let numbers = [
            ("a", self.a, self.a >= 0.0, "0 or more"),
            ("k", self.k, self.k > 0.0, "above 0"),
            ("s", self.s, self.s > 0.0, "above 0"),
            ("lower", self.lower, self.lower >= 0.0, "0 or more"),
            ("upper", self.upper, self.upper >= self.lower, "at least the lower bound"),
            ("step", self.step, self.step >= 0.0, "0 or more"),
        ];
        for (name, value, sound, range) in numbers {
            if !(value.is_finite() && sound) {
                return Err(CurveError::Number { curve, name, value, range });
            }
        }
        let mut fitted = *self;
        if self.step > 0.0 {
            fitted.lower = self.step * (self.lower / self.step - NEAR).ceil().max(0.0);
            fitted.upper = self.step * (self.upper / self.step + NEAR).floor();
            if fitted.lower > fitted.upper {
                let (lower, upper, step) = (self.lower, self.upper, self.step);
                return Err(CurveError::NoMultiple { curve, lower, upper, step });
            }
        }
        Ok(fitted)
    }

    /// The multiple of the step after `x`, which is one.
    pub(super) fn multiple_after(&self, x: f64) -> f64 {
        self.step * ((x / self.step).round() + 1.0)
    }

    /// The multiple of the step at or below `x`, within `from..=to`.
    pub(super) fn multiple_below(&self, x: f64, from: f64, to: f64) -> f64 {
        (self.step * (x / self.step + NEAR).floor()).clamp(from, to)
    }
}

/// The least concave cover of a curve over an interval: straight from `lower` to `touch` with the
/// slope `lift`, from there on the curve itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cover {
    pub curve: Curve,
    pub lower: f64,
    pub upper: f64,
    pub touch: f64,
    /// Infinite where there is no straight part.
    pub lift: f64,
    /// Slopes of the curve at `touch` and `upper`.
    slopes: [f64; 2],
}

impl Cover {
    pub(super) fn new(curve: Curve, lower: f64, upper: f64) -> Self {
        let slopes = [curve.slope(lower), curve.slope(upper)];
        let cover = Cover { curve, lower, upper, touch: lower, lift: f64::INFINITY, slopes };
        if upper <= lower || lower >= curve.inflection() {
            return cover;
        }
        let mut touch = tangent_from(&curve, lower, upper);
        let chord = |x: f64| (curve.value(x) - curve.value(lower)) / (x - lower);
        if curve.step > 0.0 {
            let below = curve.multiple_below(touch, curve.multiple_after(lower).min(upper), upper);
            let above = curve.multiple_after(below).min(upper);
            touch = if chord(above) > chord(below) { above } else { below };
        }
        Cover { touch, lift: chord(touch), slopes: [curve.slope(touch), slopes[1]], ..cover }
    }

    /// The amount that brings most less `price` for each unit; near the price that it was asked
    /// last, `near` (what it answered) makes it quick.
    pub(super) fn best(&self, price: f64, near: f64) -> f64 {
        if price > self.lift || self.upper <= self.lower {
            return self.lower;
        }
        let free = self.slope_inverse(price, near).clamp(self.touch, self.upper);
        if self.curve.step == 0.0 {
            return free;
        }
        let below = self.curve.multiple_below(free, self.touch, self.upper);
        let above = self.curve.multiple_after(below).min(self.upper);
        let gain = |x: f64| self.curve.value(x) - price * x;
        if gain(above) > gain(below) { above } else { below }
    }

    /// Slope at the lower end; infinite there for s below 1 at 0.
    pub(super) fn first_slope(&self) -> f64 {
        if self.lift.is_finite() { self.lift } else { self.slopes[0] }
    }

    /// Change of [`Cover::best`] with the price at the answer `x`; 0 at an end.
    pub(super) fn response(&self, price: f64, x: f64) -> f64 {
        let is_inner = x > self.touch && x < self.upper && self.curve.step == 0.0;
        if is_inner { x / (price * self.curve.elasticity(x)) } else { 0.0 }
    }

    /// Where the concave part of the curve has the slope `price`.
    fn slope_inverse(&self, price: f64, near: f64) -> f64 {
        let Curve { a, k, s, .. } = self.curve;
        if price >= self.slopes[0] || a <= 0.0 {
            return self.touch;
        }
        if price <= self.slopes[1] || price <= 0.0 {
            return self.upper;
        }
        if s == 1.0 {
            return (a * k / price).sqrt() - k;
        }
        // With u = (x / k)^s and y = ln u, ln of the slope is concave in y, and Newton's steps
        // from a point right of the root stay right of it.
        let level = (a * s / (k * price)).ln();
        let rise = 1.0 - 1.0 / s;
        // ln(1 + e^y), also where e^y has no end.
        let softplus = |y: f64| y.max(0.0) + (-y.abs()).exp().ln_1p();
        let excess = |y: f64| level + rise * y - 2.0 * softplus(y);
        let fall = |y: f64| rise - 2.0 / (1.0 + (-y).exp());
        let top = (self.upper / k).ln() * s;
        let mut y = if near > self.touch && near < self.upper { (near / k).ln() * s } else { top };
        // One step from the left may overshoot to the right, never beyond the upper end.
        for _ in 0..60 {
            let slope = fall(y);
            if slope >= 0.0 {
                y = top;
                continue;
            }
            let next = (y - excess(y) / slope).min(top);
            let moved = (next - y).abs();
            y = next;
            if moved < 1e-14 * y.abs().max(1.0) {
                break;
            }
        }
        k * (y / s).exp()
    }
}

/// Where the tangent from (lower, value) touches the concave part; `upper` where it does not
/// before that.
fn tangent_from(curve: &Curve, lower: f64, upper: f64) -> f64 {
    if lower == 0.0 {
        return (curve.k * (curve.s - 1.0).powf(1.0 / curve.s)).min(upper);
    }
    let base = curve.value(lower);
    let above = |x: f64| curve.value(x) - base - curve.slope(x) * (x - lower);
    let (mut low, mut high) = (curve.inflection().max(lower), upper);
    if high <= low || above(high) <= 0.0 {
        return upper;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if above(middle) < 0.0 { low = middle } else { high = middle }
    }
    high
}
