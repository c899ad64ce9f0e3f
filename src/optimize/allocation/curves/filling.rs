//! Given the covers of curves and a budget, split it so that the covers bring most: every cover
//! then has the same slope, the price of the budget.
//!
//! Method: the slopes at which covers jump are sorted and searched first; between two of them the
//! amounts change smoothly with the price, and Newton's method, safeguarded by bisection, in
//! price^(-1/2) finds it (for s = 1 amounts are linear in that, so that it ends at once).
//! Cost: time O(n log n) for n covers and some ten passes over them; memory O(n).
//! Use [`super::search`] instead for curves that are not concave: the answer here is a bound for
//! them.
//! Not for: covers that are not concave.
//! Same input gives the same answer: yes.

use super::curve::Cover;

/// A split of the budget over covers.
#[derive(Debug, Clone)]
pub(super) struct Filling {
    pub amounts: Vec<f64>,
    /// The slope that all share.
    pub price: f64,
    /// No split of the budget brings more than this.
    pub bound: f64,
    /// The cover that stands between two points of its curve, if one does.
    pub between: Option<usize>,
}

/// Covers with the answers to the last prices asked.
struct Asked<'a> {
    covers: &'a [Cover],
    amounts: Vec<f64>,
}

impl Asked<'_> {
    /// Total of the best amounts at a price.
    fn total(&mut self, price: f64) -> f64 {
        let mut total = 0.0;
        for (cover, amount) in self.covers.iter().zip(&mut self.amounts) {
            *amount = cover.best(price, *amount);
            total += *amount;
        }
        total
    }

    /// Bound from the price at which `amounts` were found.
    fn bound(&self, price: f64, budget: f64) -> f64 {
        let gains = self.covers.iter().zip(&self.amounts).map(|(c, &x)| c.curve.value(x) - price * x);
        gains.sum::<f64>() + price * budget
    }

    fn response(&self, price: f64) -> f64 {
        self.covers.iter().zip(&self.amounts).map(|(cover, &x)| cover.response(price, x)).sum()
    }
}

/// Relative width of prices at which the search for one ends.
const TIGHT: f64 = 1e-15;
/// Steps at most; bisection alone needs fewer than this from any start.
const STEPS: usize = 200;

/// The highest price asked: above it arithmetic has no room left.
const DEAREST: f64 = 1e300;

/// Fills; `None` where the lower ends alone cost more than the budget.
pub(super) fn fill(covers: &[Cover], budget: f64) -> Option<Filling> {
    let total = |end: fn(&Cover) -> f64| covers.iter().map(end).sum::<f64>();
    let slack = 1e-9 * budget.max(1.0);
    if total(|cover| cover.lower) > budget + slack {
        return None;
    }
    if total(|cover| cover.upper) <= budget {
        let amounts: Vec<f64> = covers.iter().map(|cover| cover.upper).collect();
        let bound = covers.iter().map(|cover| cover.curve.value(cover.upper)).sum();
        return Some(Filling { amounts, price: 0.0, bound, between: None });
    }
    if total(|cover| cover.lower) >= budget {
        return Some(at_lower_ends(covers));
    }
    let mut asked = Asked { covers, amounts: covers.iter().map(|cover| cover.upper).collect() };
    let (mut low, mut high) = bracket(&mut asked, budget);
    narrow(&mut asked, budget, &mut low, &mut high);
    asked.total(low);
    let (generous, bound_low) = (asked.amounts.clone(), asked.bound(low, budget));
    let frugal = asked.total(high);
    let bound = bound_low.min(asked.bound(high, budget));
    if frugal > budget + slack {
        // Slopes beyond the dearest price: what is asked for there cannot be paid either.
        asked.amounts = covers.iter().map(|cover| cover.lower).collect();
    }
    let mut filling = Filling { amounts: asked.amounts, price: high, bound, between: None };
    top_up(covers, budget, &generous, &mut filling);
    Some(filling)
}

/// The filling of a budget that the lower ends use up.
fn at_lower_ends(covers: &[Cover]) -> Filling {
    let first = |cover: &Cover| if cover.lower < cover.upper { cover.first_slope() } else { 0.0 };
    Filling {
        amounts: covers.iter().map(|cover| cover.lower).collect(),
        price: covers.iter().map(first).fold(0.0, f64::max).min(DEAREST),
        bound: covers.iter().map(|cover| cover.curve.value(cover.lower)).sum(),
        between: None,
    }
}

/// Prices on both sides of the one looked for: at the lower one the budget does not suffice.
/// Between the two no cover jumps.
fn bracket(asked: &mut Asked<'_>, budget: f64) -> (f64, f64) {
    let mut jumps: Vec<f64> =
        asked.covers.iter().map(|cover| cover.lift).filter(|lift| lift.is_finite() && *lift > 0.0).collect();
    jumps.sort_by(f64::total_cmp);
    jumps.dedup();
    // The first jump at which everything that jumps there fits.
    let fits = jumps.partition_point(|&lift| asked.total(lift) > budget);
    let mut low = match fits.checked_sub(1) {
        Some(below) => {
            let price = jumps[below];
            // A hair above, the covers of this jump have not jumped.
            let above = price.next_up();
            if asked.total(above) <= budget {
                return (price, above);
            }
            above
        }
        None => 0.0,
    };
    let mut high = jumps.get(fits).copied().unwrap_or(f64::INFINITY);
    if high.is_infinite() {
        high = low.max(1e-300) * 2.0;
        let steepest = asked.covers.iter().map(|c| c.curve.a / c.curve.k).fold(0.0, f64::max);
        high = high.max(steepest).min(DEAREST);
        while asked.total(high) > budget && high < DEAREST {
            low = high;
            high *= 16.0;
        }
    }
    if low == 0.0 {
        low = high;
        while low > 1e-300 && asked.total(low) <= budget {
            high = low;
            low *= 1.0 / 16.0;
        }
    }
    (low, high)
}

/// Draws the two prices together.
fn narrow(asked: &mut Asked<'_>, budget: f64, low: &mut f64, high: &mut f64) {
    let mut price = low.sqrt() * high.sqrt();
    for _ in 0..STEPS {
        if !(*low < price && price < *high) || *high - *low <= TIGHT * *high {
            return;
        }
        let excess = asked.total(price) - budget;
        if excess > 0.0 {
            *low = price
        } else {
            *high = price
        }
        if excess.abs() <= 1e-14 * budget {
            // Near enough on this side: one hair to the other.
            let other = if excess > 0.0 { price * (1.0 + 1e-12) } else { price * (1.0 - 1e-12) };
            if excess > 0.0 {
                *high = other.min(*high)
            } else {
                *low = other.max(*low)
            }
            return;
        }
        // Newton in m = price^(-1/2): d total / d m = -2 price^(3/2) * d total / d price.
        let m = price.powf(-0.5);
        let change = -2.0 * price * price.sqrt() * asked.response(price);
        let next = m - excess / change;
        let newton = if next > 0.0 { 1.0 / (next * next) } else { f64::NAN };
        let is_inside = newton > *low && newton < *high;
        price = if is_inside && change > 0.0 { newton } else { low.sqrt() * high.sqrt() };
    }
}

/// Hands out what is left after the frugal amounts, towards the generous ones.
fn top_up(covers: &[Cover], budget: f64, generous: &[f64], filling: &mut Filling) {
    let mut left = budget - filling.amounts.iter().sum::<f64>();
    // Large differences first: they are jumps; small ones are the tail of the search.
    let mut order: Vec<usize> = (0..covers.len()).filter(|&i| generous[i] > filling.amounts[i]).collect();
    order.sort_by(|&a, &b| {
        let difference = |i: usize| generous[i] - filling.amounts[i];
        difference(b).total_cmp(&difference(a)).then(a.cmp(&b))
    });
    for i in order {
        if left <= 0.0 {
            break;
        }
        let (from, to) = (filling.amounts[i], generous[i]);
        let given = left.min(to - from);
        let is_whole = given >= to - from;
        filling.amounts[i] = if is_whole { to } else { from + given };
        left -= given;
        let x = filling.amounts[i];
        let is_lattice = covers[i].curve.step > 0.0;
        if !is_whole && (is_lattice || x < covers[i].touch) {
            filling.between = Some(i);
        }
    }
}
