//! Given a list of numbers and orders to be decided, draw, change and compare candidates.
//!
//! Method: uniform draws for numbers, Fisher–Yates shuffles for orders.
//! Cost: O(genes) a candidate, in time and memory.
//! Use [`super::operators`] instead to change candidates.
//! Not for: genes whose number varies from candidate to candidate.
//! Same input and seed give the same answer: yes.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::GeneticError;

/// The range of one number gene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Least value.
    pub lower: f64,
    /// Greatest value.
    pub upper: f64,
    /// Whether only whole numbers count.
    pub whole: bool,
}

/// What a candidate is made of: numbers (real or whole) and orders (permutations), any mix.
///
/// ```
/// use purvey::optimize::genetic::Space;
/// let space = Space::default().with_reals(2, 0.0, 1.0).with_integers(1, 1.0, 6.0).with_order(5);
/// assert_eq!((space.numbers().len(), space.orders()), (3, &[5][..]));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Space {
    numbers: Vec<Range>,
    orders: Vec<usize>,
}

impl Space {
    /// The same with `count` more real numbers between `lower` and `upper`.
    #[must_use]
    pub fn with_reals(mut self, count: usize, lower: f64, upper: f64) -> Self {
        self.numbers.extend((0..count).map(|_| Range { lower, upper, whole: false }));
        self
    }

    /// The same with `count` more whole numbers between `lower` and `upper`.
    #[must_use]
    pub fn with_integers(mut self, count: usize, lower: f64, upper: f64) -> Self {
        let (lower, upper) = (lower.ceil(), upper.floor());
        self.numbers.extend((0..count).map(|_| Range { lower, upper, whole: true }));
        self
    }

    /// The same with one more order of the things `0..length`.
    #[must_use]
    pub fn with_order(mut self, length: usize) -> Self {
        self.orders.push(length);
        self
    }

    /// The ranges of the numbers.
    #[must_use]
    pub fn numbers(&self) -> &[Range] {
        &self.numbers
    }

    /// The lengths of the orders.
    #[must_use]
    pub fn orders(&self) -> &[usize] {
        &self.orders
    }

    /// Number of genes that can change, an order counting as one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len() + self.orders.len()
    }

    /// Whether there is nothing to decide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn check(&self) -> Result<(), GeneticError> {
        if self.is_empty() {
            return Err(GeneticError::NoGenes);
        }
        for (gene, range) in self.numbers.iter().enumerate() {
            let sound = range.lower.is_finite() && range.upper.is_finite() && range.lower <= range.upper;
            if !sound {
                return Err(GeneticError::Range { gene, lower: range.lower, upper: range.upper });
            }
        }
        match self.orders.iter().position(|&length| u32::try_from(length).is_err()) {
            Some(order) => Err(GeneticError::OrderTooLong { order, length: self.orders[order] }),
            None => Ok(()),
        }
    }

    /// Whether `genes` is a candidate of this space.
    #[must_use]
    pub fn contains(&self, genes: &Genes) -> bool {
        let number_fits = |(range, value): (&Range, &f64)| {
            *value >= range.lower && *value <= range.upper && (!range.whole || value.fract() == 0.0)
        };
        let order_fits = |(&length, order): (&usize, &Vec<u32>)| {
            let mut seen = vec![false; length];
            order.iter().for_each(|&thing| {
                if let Some(cell) = seen.get_mut(thing as usize) {
                    *cell = true;
                }
            });
            order.len() == length && seen.iter().all(|&seen| seen)
        };
        genes.numbers.len() == self.numbers.len()
            && genes.orders.len() == self.orders.len()
            && self.numbers.iter().zip(&genes.numbers).all(number_fits)
            && self.orders.iter().zip(&genes.orders).all(order_fits)
    }

    /// A candidate drawn evenly.
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Genes {
        let number = |range: &Range, rng: &mut ChaCha8Rng| match range.whole {
            true => range.settle(range.lower - 0.5 + rng.random::<f64>() * (range.upper - range.lower + 1.0)),
            false => range.settle(range.lower + rng.random::<f64>() * (range.upper - range.lower)),
        };
        let numbers = self.numbers.iter().map(|range| number(range, rng)).collect();
        let orders = self.orders.iter().map(|&length| {
            let mut order: Vec<u32> = (0..length as u32).collect();
            order.shuffle(rng);
            order
        });
        Genes { numbers, orders: orders.collect() }
    }

    /// Candidates that fill the space more evenly than independent draws: every number takes
    /// each of `count` equal slices of its range once (a Latin hypercube).
    pub(super) fn spread(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<Genes> {
        let mut candidates: Vec<Genes> = (0..count).map(|_| self.draw(rng)).collect();
        let mut slices: Vec<usize> = (0..count).collect();
        for (gene, range) in self.numbers.iter().enumerate().filter(|(_, range)| !range.whole) {
            slices.shuffle(rng);
            for (candidate, &slice) in candidates.iter_mut().zip(&slices) {
                let share = (slice as f64 + rng.random::<f64>()) / count as f64;
                candidate.numbers[gene] = range.settle(range.lower + share * (range.upper - range.lower));
            }
        }
        candidates
    }
}

impl Range {
    /// The nearest value that the range allows.
    pub(super) fn settle(&self, value: f64) -> f64 {
        let value = if self.whole { value.round() } else { value };
        value.clamp(self.lower, self.upper)
    }
}

/// One candidate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Genes {
    /// The numbers, in the order of [`Space::numbers`]; whole ones have no fraction.
    pub numbers: Vec<f64>,
    /// The orders, each holding the things `0..length` once.
    pub orders: Vec<Vec<u32>>,
}

impl Genes {
    /// A fingerprint: equal genes have equal ones.
    pub(super) fn fingerprint(&self) -> u64 {
        use std::hash::{Hash, Hasher};
        let mut hasher = rustc_hash::FxHasher::default();
        // Adding 0 makes the two zeros one.
        self.numbers.iter().for_each(|number| (number + 0.0).to_bits().hash(&mut hasher));
        self.orders.hash(&mut hasher);
        hasher.finish()
    }

    /// Takes over the genes of `other` without a new allocation.
    pub(super) fn copy_from(&mut self, other: &Genes) {
        self.numbers.clone_from(&other.numbers);
        self.orders.clone_from(&other.orders);
    }
}
