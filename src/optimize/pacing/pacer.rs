//! Given a budget and offers that come one by one, take at each the option that is worth most
//! after a price for its cost, and move the price so that the budget lasts.
//!
//! Method: dual mirror descent with the entropy as its distance, S. Balseiro, H. Lu, V. Mirrokni
//! (2020), "Dual Mirror Descent for Online Allocation Problems", ICML, PMLR 119; adaptive pacing
//! by S. Balseiro and Y. Gur (2019), doi:10.1287/mnsc.2018.3174. The price is multiplied by
//! exp(step (cost / target - 1)), the step being 1 / sqrt(t) at offer t.
//! Cost: O(options) an offer; memory O(1).
//! Use [`super::hindsight()`] instead where all offers are known.
//! Not for: several budgets at once.
//! Same input gives the same answer: yes.
//! Differs from the papers: the target is what is left of the budget over the offers that are still
//! expected, not the budget over all; the first price is half the best rate of the first offer that
//! has one; one offer moves the price at most by a factor e^0.5.

use super::{PacingError, Stream};

/// How a budget is paced.
#[derive(Debug, Clone, PartialEq)]
pub struct PacingOptions {
    /// First price of one unit of cost; `None`: learned from the first offer. Above 0.
    pub price: Option<f64>,
    /// Steps of the price, as a multiple of 1 / sqrt(t); above 0.
    pub step: f64,
}

impl Default for PacingOptions {
    /// No first price, and steps of 1 / sqrt(t).
    fn default() -> Self {
        PacingOptions { price: None, step: 1.0 }
    }
}

/// Most that one offer adds to the logarithm of the price.
const LARGEST_MOVE: f64 = 0.5;

/// Takes options while a budget lasts.
#[derive(Debug, Clone, PartialEq)]
pub struct Pacer {
    left: f64,
    expected: usize,
    seen: usize,
    price: Option<f64>,
    step: f64,
}

impl Pacer {
    /// A pacer with a budget for about `expected` offers.
    ///
    /// ```
    /// use purvey::optimize::pacing::{Pacer, PacingOptions};
    /// let mut pacer = Pacer::new(10.0, 100, &PacingOptions { price: Some(2.0), ..Default::default() })?;
    /// // At 2 a unit of cost the second option is worth 5 - 2, the first 3 - 1.
    /// assert_eq!(pacer.take(&[3.0, 5.0], &[0.5, 1.0]), Some(1));
    /// assert_eq!(pacer.left(), 9.0);
    /// # Ok::<(), purvey::optimize::pacing::PacingError>(())
    /// ```
    ///
    /// # Errors
    /// [`PacingError`] where the budget or an option is outside its range.
    pub fn new(budget: f64, expected: usize, options: &PacingOptions) -> Result<Self, PacingError> {
        let is_sound = |value: f64, least: f64| value.is_finite() && value >= least;
        let number = |name, value, range| Err(PacingError::Number { name, value, range });
        match (budget, options.price, options.step) {
            (budget, ..) if !is_sound(budget, 0.0) => {
                number("budget", budget, "a finite number of 0 or more")
            }
            (_, Some(price), _) if !is_sound(price, f64::MIN_POSITIVE) => {
                number("price", price, "a finite number above 0")
            }
            (.., step) if !is_sound(step, f64::MIN_POSITIVE) => {
                number("step", step, "a finite number above 0")
            }
            (_, price, step) => Ok(Pacer { left: budget, expected, seen: 0, price, step }),
        }
    }

    /// The option to take, if any; its cost leaves the budget.
    pub fn take(&mut self, values: &[f64], costs: &[f64]) -> Option<usize> {
        let chosen = self.best(values, costs);
        self.settle(chosen.map_or(0.0, |option| costs[option]));
        chosen
    }

    /// The option that is worth most at the price and that the budget still pays; the first of equals.
    #[must_use]
    pub fn best(&mut self, values: &[f64], costs: &[f64]) -> Option<usize> {
        let price = match self.price {
            Some(price) => price,
            None => self.first_price(values, costs)?,
        };
        let (mut chosen, mut most) = (None, 0.0);
        for (option, (&value, &cost)) in values.iter().zip(costs).enumerate() {
            let worth = value - price * cost;
            if worth > most && cost <= self.left {
                (chosen, most) = (Some(option), worth);
            }
        }
        chosen
    }

    /// Pays for the offer at hand and moves the price for the next.
    pub fn settle(&mut self, cost: f64) {
        // Who still waits for offers beyond those expected spends as if one more came.
        let to_come = self.expected.saturating_sub(self.seen).max(1) as f64;
        let target = self.left / to_come;
        self.seen += 1;
        self.left = (self.left - cost).max(0.0);
        if let Some(price) = &mut self.price
            && target > 0.0
        {
            let pull = self.step / (self.seen as f64).sqrt() * (cost / target - 1.0);
            let moved = *price * pull.clamp(-LARGEST_MOVE, LARGEST_MOVE).exp();
            *price = moved.clamp(f64::MIN_POSITIVE, f64::MAX);
        }
    }

    /// What is left of the budget.
    #[must_use]
    pub fn left(&self) -> f64 {
        self.left
    }

    /// The price of one unit of cost; `None` before the first offer with a rate.
    #[must_use]
    pub fn price(&self) -> Option<f64> {
        self.price
    }

    /// Half the best rate of value to cost of an offer: it is taken, and tells the scale.
    fn first_price(&mut self, values: &[f64], costs: &[f64]) -> Option<f64> {
        let rates = values.iter().zip(costs).map(|(value, cost)| value / cost);
        let best = rates.filter(|rate| rate.is_finite() && *rate > 0.0).fold(0.0, f64::max);
        if best > 0.0 {
            self.price = Some((0.5 * best).max(f64::MIN_POSITIVE));
        }
        // An offer whose options cost nothing has no rate, and is taken all the same.
        Some(self.price.unwrap_or(0.0))
    }
}

/// What a pacer took of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The option taken of each offer, if any.
    pub taken: Vec<Option<u32>>,
    /// The price at each offer, before it was decided; 0 before there was one.
    pub prices: Vec<f64>,
    /// Value of all that was taken.
    pub value: f64,
    /// Cost of all that was taken; never above the budget.
    pub cost: f64,
}

/// Runs `pacer` over a stream.
#[must_use]
pub fn replay(pacer: &mut Pacer, stream: &Stream) -> Replay {
    let (mut value, mut cost) = (0.0, 0.0);
    let mut taken = Vec::with_capacity(stream.len());
    let mut prices = Vec::with_capacity(stream.len());
    for at in 0..stream.len() {
        let (values, costs) = stream.offer(at);
        prices.push(pacer.price().unwrap_or(0.0));
        let option = pacer.take(values, costs);
        if let Some(option) = option {
            value += values[option];
            cost += costs[option];
        }
        taken.push(option.map(|option| option as u32));
    }
    Replay { taken, prices, value, cost }
}
