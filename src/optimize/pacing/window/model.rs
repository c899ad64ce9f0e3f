//! The window in scaled numbers, its rows of limits, and concave stand-ins of its curves.
//!
//! Rows, all of the form g x <= h: lower and upper ends by curve and period, rise and fall by curve and
//! period, the greatest and least of a curve, the greatest and least of a period, the budget. A limit that is not
//! there has an infinite h and is left out.

use super::interior::Point;
use super::{PacedCurve, Window};

/// The window with amounts near 1 and values near 1.
pub(super) struct Model<'a> {
    pub window: &'a Window,
    pub curves: usize,
    pub periods: usize,
    /// Money of an amount of 1, value of a value of 1.
    pub unit: f64,
    pub worth: f64,
    /// Right-hand sides.
    pub limits: Vec<f64>,
    /// Whether an amount is not free.
    pub is_fixed: Vec<bool>,
    /// Where each curve's levels begin, and how many there are.
    pub rows: Vec<(usize, usize)>,
    /// Levels that earlier amounts leave, scaled.
    pub before: Vec<f64>,
}

/// A concave stand-in of a curve at one level: the line `base + slope l`, and beyond `from` what the curve is over its
/// tangent there; the curve itself where `is_whole`.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandIn {
    pub is_whole: bool,
    pub base: f64,
    pub slope: f64,
    pub from: f64,
    /// Value and slope of the curve at `from`.
    pub value: f64,
    pub rise: f64,
}

/// A curve in scaled numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scaled {
    pub a: f64,
    pub k: f64,
    pub s: f64,
}

impl Scaled {
    /// Value, slope and curvature at a level above 0.
    #[inline]
    pub fn at(&self, level: f64) -> [f64; 3] {
        let level = level.max(1e-12 * self.k);
        let u = (level / self.k).powf(self.s);
        let share = if u.is_infinite() { 1.0 } else { u / (1.0 + u) };
        let slope = self.a * self.s / level * share * (1.0 - share);
        [self.a * share, slope, slope / level * (self.s - 1.0 - 2.0 * self.s * share)]
    }
}

impl StandIn {
    const WHOLE: StandIn =
        StandIn { is_whole: true, base: 0.0, slope: 0.0, from: 0.0, value: 0.0, rise: 0.0 };

    /// Value, slope and curvature at a level.
    #[inline]
    pub fn at(&self, curve: &Scaled, level: f64) -> [f64; 3] {
        if self.is_whole {
            return curve.at(level);
        }
        let line = self.base + self.slope * level;
        if level <= self.from {
            return [line, self.slope, 0.0];
        }
        let [value, slope, bend] = curve.at(level);
        let over = value - self.value - self.rise * (level - self.from);
        [line + over, self.slope + slope - self.rise, bend.min(0.0)]
    }
}

impl<'a> Model<'a> {
    pub fn new(window: &'a Window) -> Self {
        let (curves, periods) = (window.curves.len(), window.periods.len());
        let room: f64 = window.curves.iter().flat_map(|curve| &curve.upper).sum();
        let usual = room.min(window.budget) / (curves * periods).max(1) as f64;
        let unit = if usual > 0.0 { usual } else { 1.0 };
        let steep = window.curves.iter().map(|curve| curve.a / curve.k * unit);
        let worth = steep.sum::<f64>() / curves.max(1) as f64;
        let mut rows = Vec::with_capacity(curves);
        let mut before = Vec::new();
        for curve in &window.curves {
            let count = (periods + curve.weights.len() - 1).max(curve.before.len());
            rows.push((before.len(), count));
            before.extend((0..count).map(|r| curve.before.get(r).copied().unwrap_or(0.0) / unit));
        }
        let mut model = Model {
            window,
            curves,
            periods,
            unit,
            worth: if worth > 0.0 { worth } else { 1.0 },
            limits: Vec::new(),
            is_fixed: Vec::new(),
            rows,
            before,
        };
        model.limits = model.right_sides();
        model.is_fixed = (0..curves * periods).map(|i| model.upper(i) - model.lower(i) <= 1e-9).collect();
        model
    }

    fn right_sides(&self) -> Vec<f64> {
        let of = |value: f64| value / self.unit;
        let all = || self.window.curves.iter();
        let mut limits: Vec<f64> = all().flat_map(|c| c.lower.iter().map(|x| -of(*x))).collect();
        limits.extend(all().flat_map(|c| c.upper.iter().map(|x| of(*x))));
        for _ in 0..2 {
            limits.extend(all().flat_map(|c| {
                (0..self.periods).map(move |t| if t == 0 { f64::INFINITY } else { of(c.change) })
            }));
        }
        limits.extend(all().map(|c| of(c.most)));
        // A least amount of 0 is one by the lower ends.
        let least = |value: f64| if value > 0.0 { -of(value) } else { f64::INFINITY };
        limits.extend(all().map(|c| least(c.least)));
        limits.extend(self.window.periods.iter().map(|(_, most)| of(*most)));
        limits.extend(self.window.periods.iter().map(|(low, _)| least(*low)));
        limits.push(of(self.window.budget));
        limits
    }

    pub fn lower(&self, i: usize) -> f64 {
        -self.limits[i]
    }

    pub fn upper(&self, i: usize) -> f64 {
        self.limits[self.curves * self.periods + i]
    }

    /// The rows' left-hand sides.
    pub fn apply(&self, x: &[f64]) -> Vec<f64> {
        let n = x.len();
        let mut out = Vec::with_capacity(self.limits.len());
        out.extend(x.iter().map(|x| -x));
        out.extend_from_slice(x);
        let rise = |i: usize| if i.is_multiple_of(self.periods) { 0.0 } else { x[i] - x[i - 1] };
        out.extend((0..n).map(rise));
        out.extend((0..n).map(|i| -rise(i)));
        let sums: Vec<f64> = x.chunks(self.periods).map(|own| own.iter().sum()).collect();
        out.extend_from_slice(&sums);
        out.extend(sums.iter().map(|sum| -sum));
        let totals = self.by_period(x);
        out.extend_from_slice(&totals);
        out.extend(totals.iter().map(|sum| -sum));
        out.push(sums.iter().sum());
        out
    }

    /// Sums over the curves by period.
    pub fn by_period(&self, x: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.periods];
        for own in x.chunks(self.periods) {
            sums.iter_mut().zip(own).for_each(|(sum, x)| *sum += x);
        }
        sums
    }

    /// The transposed rows times multipliers.
    pub fn transposed(&self, z: &[f64]) -> Vec<f64> {
        let (n, t_count) = (self.curves * self.periods, self.periods);
        let (ends, rest) = z.split_at(2 * n);
        let (moves, rest) = rest.split_at(2 * n);
        let (own, rest) = rest.split_at(2 * self.curves);
        let mut out: Vec<f64> = (0..n)
            .map(|i| {
                let (c, t) = (i / t_count, i % t_count);
                ends[n + i] - ends[i] + own[c] - own[self.curves + c] + rest[t] - rest[t_count + t]
                    + rest[2 * t_count]
            })
            .collect();
        for i in (0..n).filter(|i| i % t_count != 0) {
            let pull = moves[i] - moves[n + i];
            out[i] += pull;
            out[i - 1] -= pull;
        }
        out
    }

    pub fn scaled(&self, c: usize) -> Scaled {
        let curve = &self.window.curves[c];
        Scaled { a: curve.a / self.worth, k: curve.k / self.unit, s: curve.s }
    }

    /// Scaled levels of a curve under its amounts.
    pub fn levels(&self, c: usize, x: &[f64]) -> Vec<f64> {
        let (from, count) = self.rows[c];
        let mut levels = self.before[from..from + count].to_vec();
        let weights = &self.window.curves[c].weights;
        for (t, &x) in x.iter().enumerate() {
            levels[t..].iter_mut().zip(weights).for_each(|(level, weight)| *level += weight * x);
        }
        levels
    }

    /// Least concave covers.
    pub fn cover(&self) -> Vec<StandIn> {
        let of = |c: usize| {
            let curve = self.scaled(c);
            if curve.s <= 1.0 {
                return StandIn::WHOLE;
            }
            let from = curve.k * (curve.s - 1.0).powf(1.0 / curve.s);
            let [value, ..] = curve.at(from);
            StandIn { is_whole: false, base: 0.0, slope: value / from, from, value, rise: value / from }
        };
        (0..self.curves).flat_map(|c| std::iter::repeat_n(of(c), self.rows[c].1)).collect()
    }

    /// Concave functions that touch the curves at the levels of `x` and lie below them everywhere.
    pub fn minorant(&self, x: &[f64]) -> Vec<StandIn> {
        let mut all = Vec::with_capacity(self.before.len());
        for (c, own) in x.chunks(self.periods).enumerate() {
            let curve = self.scaled(c);
            if curve.s <= 1.0 {
                all.extend(std::iter::repeat_n(StandIn::WHOLE, self.rows[c].1));
                continue;
            }
            let from = curve.k * ((curve.s - 1.0) / (curve.s + 1.0)).powf(1.0 / curve.s);
            let [value, rise, _] = curve.at(from);
            all.extend(self.levels(c, own).into_iter().map(|level| {
                let touch = level.min(from);
                let [at, slope, _] = if touch > 0.0 { curve.at(touch) } else { [0.0; 3] };
                StandIn { is_whole: false, base: at - slope * touch, slope, from, value, rise }
            }));
        }
        all
    }

    /// Values of the stand-ins less cost, in all.
    pub fn value(&self, stand_ins: &[StandIn], x: &[f64]) -> f64 {
        let of = |(c, own): (usize, &[f64])| -> f64 {
            let (curve, (from, _)) = (self.scaled(c), self.rows[c]);
            let levels = self.levels(c, own);
            levels.iter().enumerate().map(|(r, &level)| stand_ins[from + r].at(&curve, level)[0]).sum()
        };
        x.chunks(self.periods).enumerate().map(of).sum::<f64>() - self.cost() * x.iter().sum::<f64>()
    }

    /// About what all bring, scaled: at even amounts.
    pub fn scale(&self) -> f64 {
        let even = vec![1.0; self.curves * self.periods];
        let cover = self.cover();
        let free = |c: usize, level: f64, at: usize| cover[at].at(&self.scaled(c), level)[0];
        let of = |(c, own): (usize, &[f64])| -> f64 {
            let levels = self.levels(c, own);
            levels.iter().enumerate().map(|(r, &level)| free(c, level, self.rows[c].0 + r)).sum()
        };
        even.chunks(self.periods).enumerate().map(of).sum()
    }

    /// Cost of a scaled amount in scaled value.
    pub fn cost(&self) -> f64 {
        self.window.cost * self.unit / self.worth
    }

    /// What no plan exceeds, from the slopes and multipliers at a point of the cover's problem.
    pub fn bound(&self, cover: &[StandIn], point: &Point) -> f64 {
        let n = self.curves * self.periods;
        let gradient = super::interior::gradient(self, cover, &point.x);
        let mut others = point.z.clone();
        others[..2 * n].fill(0.0);
        let prices = self.transposed(&others);
        let left = self.apply(&point.x);
        let mut bound = self.value(cover, &point.x);
        for i in 0..n {
            let pull = -gradient[i] - prices[i];
            let end = if pull > 0.0 { self.upper(i) } else { self.lower(i) };
            bound += pull * (end - point.x[i]);
        }
        for row in (2 * n..left.len()).filter(|&row| self.limits[row].is_finite()) {
            bound += others[row] * (self.limits[row] - left[row]);
        }
        bound * self.worth - self.alone()
    }

    /// What earlier amounts bring by themselves.
    fn alone(&self) -> f64 {
        let of = |curve: &PacedCurve| -> f64 { curve.before.iter().map(|&level| curve.at(level)).sum() };
        self.window.curves.iter().map(of).sum()
    }

    /// Amounts in the window's numbers, within their ends.
    pub fn amounts(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let own = |(curve, x): (&PacedCurve, &[f64])| {
            let range = curve.lower.iter().zip(&curve.upper);
            let within = |(x, (&lower, &upper)): (&f64, (&f64, &f64))| {
                let x = (x * self.unit).clamp(lower, upper);
                // What is left beside an end is what the method cannot tell from it.
                let hair = 1e-8 * self.unit;
                if x - lower < hair {
                    lower
                } else if upper - x < hair {
                    upper
                } else {
                    x
                }
            };
            x.iter().zip(range).map(within).collect()
        };
        self.window.curves.iter().zip(x.chunks(self.periods)).map(own).collect()
    }

    /// The multiplier of the budget, in value by amount.
    pub fn price(&self, point: &Point) -> f64 {
        point.z.last().copied().unwrap_or(0.0) * self.worth / self.unit
    }
}
