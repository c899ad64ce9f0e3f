//! Given all offers and the budget, the most that could have been taken: a bound that no way of
//! deciding exceeds, and a choice that comes near it.
//!
//! Method: the multiple-choice knapsack's linear relaxation, P. Sinha and A. A. Zoltners (1979),
//! doi:10.1287/opre.27.3.503: each offer's options are cut down to their concave hull over cost,
//! and the steps of all hulls are taken by falling rate until the budget ends.
//! Cost: time O(n log n) for n options; memory O(n).
//! Use [`super::Pacer`] instead where offers are not known beforehand.
//! Not for: a proved best choice: the value may lie below it by less than one step.
//! Same input gives the same answer: yes.

use super::Stream;

/// The most that a stream and a budget allow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hindsight {
    /// No choice is worth more.
    pub bound: f64,
    /// What a choice that keeps the budget is worth: all whole steps that fit, by falling rate.
    pub value: f64,
    /// Its cost.
    pub cost: f64,
    /// The rate of the first step that did not fit: what one more unit of budget is worth; 0 where
    /// the budget suffices for all.
    pub price: f64,
}

/// A step from one option of an offer to the next on its hull.
#[derive(Debug)]
struct Step {
    offer: u32,
    cost: f64,
    value: f64,
}

impl Step {
    fn rate(&self) -> f64 {
        if self.cost > 0.0 { self.value / self.cost } else { f64::INFINITY }
    }
}

/// Bounds and chooses.
///
/// ```
/// use purvey::optimize::pacing::{Stream, hindsight};
/// let mut stream = Stream::default();
/// stream.push([(4.0, 2.0), (5.0, 4.0)])?;
/// stream.push([(3.0, 1.0)])?;
/// // 3 for 1, 4 for 2, then half of the step of 1 for 2.
/// assert_eq!(hindsight(&stream, 4.0).bound, 7.5);
/// # Ok::<(), purvey::optimize::pacing::PacingError>(())
/// ```
#[must_use]
pub fn hindsight(stream: &Stream, budget: f64) -> Hindsight {
    let mut steps = Steps::default();
    for offer in 0..stream.len() {
        let (values, costs) = stream.offer(offer);
        steps.add(values, costs);
    }
    steps.hindsight(budget)
}

/// The steps of offers that are shown one by one and need not be held.
///
/// ```
/// use purvey::optimize::pacing::Steps;
/// let mut steps = Steps::default();
/// steps.add(&[4.0, 5.0], &[2.0, 4.0]);
/// steps.add(&[3.0], &[1.0]);
/// assert_eq!(steps.hindsight(4.0).bound, 7.5);
/// ```
#[derive(Debug, Default)]
pub struct Steps {
    steps: Vec<Step>,
    offers: usize,
    /// Working space.
    hull: Vec<(f64, f64)>,
}

impl Steps {
    /// Takes the next offer in: values and costs of its options, each a finite number of 0 or more; an option
    /// without one of the two is left out.
    pub fn add(&mut self, values: &[f64], costs: &[f64]) {
        hull_of(values, costs, &mut self.hull);
        let mut before = (0.0, 0.0);
        for &(cost, value) in &self.hull {
            let offer = self.offers as u32;
            self.steps.push(Step { offer, cost: cost - before.0, value: value - before.1 });
            before = (cost, value);
        }
        self.offers += 1;
    }

    /// Bounds and chooses over all offers taken in.
    #[must_use]
    pub fn hindsight(mut self, budget: f64) -> Hindsight {
        // Of one offer no two steps have the same rate, so the order is one only.
        self.steps.sort_unstable_by(|a, b| b.rate().total_cmp(&a.rate()).then(a.offer.cmp(&b.offer)));
        fill(&self.steps, self.offers, budget)
    }
}

/// The options on the concave hull from nothing on, by cost.
fn hull_of(values: &[f64], costs: &[f64], hull: &mut Vec<(f64, f64)>) {
    let mut options: Vec<(f64, f64)> = costs.iter().copied().zip(values.iter().copied()).collect();
    options.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    hull.clear();
    for (cost, value) in options {
        if value <= hull.last().map_or(0.0, |last| last.1) {
            continue;
        }
        while let Some(&(last_cost, last_value)) = hull.last() {
            let (cost_before, value_before) = hull.len().checked_sub(2).map_or((0.0, 0.0), |at| hull[at]);
            let rises = (value - last_value) * (last_cost - cost_before);
            let rose = (last_value - value_before) * (cost - last_cost);
            if rises < rose {
                break;
            }
            hull.pop();
        }
        hull.push((cost, value));
    }
}

/// Takes steps by falling rate: in part up to the budget for the bound, whole ones for the choice.
fn fill(steps: &[Step], offers: usize, budget: f64) -> Hindsight {
    let mut found = Hindsight { bound: 0.0, value: 0.0, cost: 0.0, price: 0.0 };
    // An offer whose step did not fit takes no later one, as that starts where this one ends.
    let mut is_closed = vec![false; offers];
    let mut spent = 0.0;
    let mut is_full = false;
    for step in steps {
        if !is_full {
            let room = (budget - spent).max(0.0);
            is_full = step.cost > room;
            let share = if is_full { room / step.cost } else { 1.0 };
            found.bound += share * step.value;
            spent += share * step.cost;
            if is_full {
                found.price = step.rate();
            }
        }
        let closed = &mut is_closed[step.offer as usize];
        if !*closed && found.cost + step.cost <= budget {
            found.cost += step.cost;
            found.value += step.value;
        } else {
            *closed = true;
        }
    }
    found
}
