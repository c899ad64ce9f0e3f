//! What speaks against another price of one product, the others at theirs.

use super::{Floor, Gap, Problem, same};

/// Room within which a floor counts as kept, relative.
const ROOM: f64 = 1e-9;

/// Why a price cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Obstacle<'a> {
    Limit(&'a super::Limit),
    Gap(&'a Gap),
    Changes,
    Floor(&'a Floor),
}

/// Prices of all products, with what the rules for the whole make of them.
///
/// Cost: O(products) once, and for each price asked O(gaps + answering products).
#[derive(Debug, Clone)]
pub(in super::super) struct Standing<'a> {
    problem: &'a Problem,
    pub prices: Vec<f64>,
    changes: usize,
    /// For each floor what there is and what there must be.
    floors: Vec<(f64, f64)>,
}

impl<'a> Standing<'a> {
    pub fn new(problem: &'a Problem, prices: Vec<f64>) -> Self {
        let floors = problem.floors.iter();
        let floors = floors.map(|floor| (problem.total(floor.goal, &prices), problem.least(floor))).collect();
        Standing { changes: problem.changes(&prices), floors, prices, problem }
    }

    /// What the goal gains by another price of one product.
    pub fn gain(&self, at: usize, price: f64) -> f64 {
        self.problem.gain(self.problem.goal, &self.prices, at, price)
    }

    /// The first rule that another price of one product would break.
    pub fn obstacle(&self, at: usize, price: f64) -> Option<Obstacle<'a>> {
        let problem = self.problem;
        let product = &problem.products[at];
        if let Some(limit) = product.limits.iter().find(|limit| !limit.holds(price, product.price_now)) {
            return Some(Obstacle::Limit(limit));
        }
        let of = |other: u32| if other as usize == at { price } else { self.prices[other as usize] };
        let about = |gap: &&Gap| [gap.product, gap.other].contains(&(at as u32));
        let broken = |gap: &&Gap| gap.excess(of(gap.product), of(gap.other)) > 0.0;
        if let Some(gap) = problem.gaps.iter().filter(about).find(broken) {
            return Some(Obstacle::Gap(gap));
        }
        let is_changed = |price: f64| usize::from(!same(price, product.price_now));
        let changes = self.changes + is_changed(price) - is_changed(self.prices[at]);
        if problem.max_changes.is_some_and(|most| changes > most && is_changed(price) == 1) {
            return Some(Obstacle::Changes);
        }
        let floors = problem.floors.iter().zip(&self.floors);
        let sinks = |(floor, (total, least)): &(&Floor, &(f64, f64))| {
            let gain = problem.gain(floor.goal, &self.prices, at, price);
            gain < 0.0 && total + gain < least - ROOM * least.abs()
        };
        floors.clone().find(|pair| sinks(pair)).map(|(floor, _)| Obstacle::Floor(floor))
    }

    /// The best price of one product that no rule speaks against; the one it has where every other breaks one.
    pub fn best(&self, at: usize) -> f64 {
        let product = &self.problem.products[at];
        let free = product.ladder.iter().copied().filter(|&price| self.obstacle(at, price).is_none());
        let best = free.map(|price| (self.gain(at, price), price)).max_by(|a, b| a.0.total_cmp(&b.0));
        best.map_or(self.prices[at], |(_, price)| price)
    }

    /// Takes another price of one product.
    pub fn take(&mut self, at: usize, price: f64) {
        self.prices[at] = price;
        *self = Standing::new(self.problem, std::mem::take(&mut self.prices));
    }
}
