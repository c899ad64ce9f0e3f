//! The Lagrangian of an allocation at given prices: its value, and how far the
//! answers of the parts are from the limits.

use super::coupling::{AllocationError, Coupling};
use super::offers::{Answer, Offers, Pricing};
use super::state::Effort;

/// Asks the parts and adds up what they say.
pub(super) struct Oracle<'a, O: Offers> {
    pub offers: &'a mut O,
    pub coupling: &'a Coupling,
    /// 1 for the problem itself, 0 for the question whether it can be met.
    pub cost_weight: f64,
    pub answers: Vec<Answer>,
    /// Usage by the parts.
    pub usage: Vec<f64>,
    /// Open copies of each switch at the prices.
    pub open: Vec<u32>,
}

/// The Lagrangian at a point.
pub(super) struct Evaluation {
    pub bound: f64,
    /// Priced cost of the answers themselves; the bound where all are exact.
    pub value: f64,
    /// Usage beyond the priced limit, row by row: a supergradient.
    pub excess: Vec<f64>,
}

impl<'a, O: Offers> Oracle<'a, O> {
    pub fn new(offers: &'a mut O, coupling: &'a Coupling, cost_weight: f64) -> Self {
        Oracle { offers, coupling, cost_weight, answers: Vec::new(), usage: Vec::new(), open: Vec::new() }
    }

    /// One round of proposals, and the Lagrangian's value and slope.
    pub fn evaluate(
        &mut self,
        prices: &[f64],
        effort: &mut Effort<'_>,
    ) -> Result<Evaluation, AllocationError> {
        self.ask(prices, effort)?;
        let bound: f64 = self.answers.iter().map(|answer| answer.bound).sum();
        let own = |(part, answer): (usize, &Answer)| self.offers.cost(part, answer.option);
        let costs: f64 = self.answers.iter().enumerate().map(own).sum();
        let charges: f64 = self.usage.iter().zip(prices).map(|(usage, price)| usage * price).sum();
        let value = self.cost_weight * costs + charges;
        let mut net = self.usage.clone();
        let shared = self.turn_switches(prices, &mut net) + self.charge_limits(prices);
        let rows = self.coupling.rows().iter().zip(&net).zip(prices);
        let excess = rows.map(|((row, &net), &price)| {
            let limit = if price == 0.0 { net.clamp(row.lower, row.upper) } else { row.priced_limit(price) };
            net - limit
        });
        Ok(Evaluation { bound: bound + shared, value: value + shared, excess: excess.collect() })
    }

    /// One round of proposals; fills `answers` and `usage`.
    pub fn ask(&mut self, prices: &[f64], effort: &mut Effort<'_>) -> Result<(), AllocationError> {
        effort.round();
        self.offers.ask(None, &Pricing { cost_weight: self.cost_weight, prices }, &mut self.answers)?;
        self.usage.clear();
        self.usage.resize(self.coupling.rows().len(), 0.0);
        for (part, answer) in self.answers.iter().enumerate() {
            for &(row, amount) in self.offers.usage(part, answer.option) {
                self.usage[row as usize] += amount;
            }
        }
        Ok(())
    }

    /// The option that each part answered with.
    pub fn options(&self) -> Vec<u32> {
        self.answers.iter().map(|answer| answer.option).collect()
    }

    /// The sum over the parts of the squared usage of each row.
    pub fn squared_usage(&self) -> Vec<f64> {
        let mut squares = vec![0.0; self.coupling.rows().len()];
        for (part, answer) in self.answers.iter().enumerate() {
            for &(row, amount) in self.offers.usage(part, answer.option) {
                squares[row as usize] += amount * amount;
            }
        }
        squares
    }

    /// Opens the switches that pay at the prices, in closed form; their priced cost.
    fn turn_switches(&mut self, prices: &[f64], net: &mut [f64]) -> f64 {
        self.open.clear();
        let mut total = 0.0;
        for switch in self.coupling.switches() {
            let worth: f64 = switch.raises.iter().map(|&(row, amount)| amount * prices[row as usize]).sum();
            let priced = self.cost_weight * switch.cost - worth;
            let open = if priced < 0.0 { switch.copies } else { 0 };
            total += priced.min(0.0) * f64::from(switch.copies);
            for &(row, amount) in &switch.raises {
                net[row as usize] -= amount * f64::from(open);
            }
            self.open.push(open);
        }
        total
    }

    fn charge_limits(&self, prices: &[f64]) -> f64 {
        let rows = self.coupling.rows().iter().zip(prices);
        -rows
            .map(|(row, &price)| if price == 0.0 { 0.0 } else { price * row.priced_limit(price) })
            .sum::<f64>()
    }
}
