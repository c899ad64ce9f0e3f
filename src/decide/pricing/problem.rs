//! The validated problem: products with their prices to choose from, how
//! demand answers, and the rules.

mod arrivals;
mod clearance;
mod fit;
mod ladder;
mod learned;
mod limit;
mod read;
mod sales;
mod standing;
mod trial;
mod update;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::data::Faults;
use crate::presentation::Style;

pub(super) use arrivals::Arrived;
pub(super) use clearance::{Clearance, MarkdownRules};
pub(super) use fit::{Fitting, Source, codes};
pub(super) use ladder::LadderRule;
pub(super) use learned::{Following, Later, Learned, Told, alarm_words, plain};
pub(super) use limit::{Band, Limit, LimitRule};
pub(super) use read::CONTRACT;
pub(super) use standing::{Obstacle, Standing};
pub(super) use trial::{TrialRules, shares};

/// What the prices are to bring most of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Margin,
    Revenue,
    Volume,
}

/// Where a limit stands in the input.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub file: Arc<str>,
    /// `None` for a setting.
    pub row: Option<u64>,
}

/// How demand answers to one price.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// Product whose price it is.
    pub to: u32,
    pub elasticity: f64,
    pub error: f64,
    pub source: Source,
}

/// One product.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Product {
    pub code: String,
    pub unit_cost: f64,
    pub price_now: f64,
    /// Demand at all prices of now.
    pub quantity_now: f64,
    /// Whether that demand is stated, so that sales do not move it.
    pub is_stated: bool,
    pub own: Answer,
    pub rivals: Vec<Answer>,
    pub limits: Vec<Limit>,
    /// Prices that the input lists; `None`: made by the settings.
    pub listed: Option<Vec<f64>>,
    /// Prices that may be chosen, rising; the price now is among them.
    pub ladder: Vec<f64>,
}

/// A rule between two products.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gap {
    pub product: u32,
    pub other: u32,
    pub low: f64,
    pub high: f64,
    /// Money by which it gives way where rules collide.
    pub gives_way: f64,
    pub place: Place,
}

/// What all products together keep.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Floor {
    pub goal: Goal,
    /// Share of what it is now.
    pub share: f64,
    /// By how much it gives way where rules collide.
    pub gives_way: f64,
    pub setting: &'static str,
}

/// A pricing problem.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub name: String,
    pub products: Vec<Product>,
    pub codes: FxHashMap<String, u32>,
    /// For each product those whose demand answers to its price.
    pub answering: Vec<Vec<u32>>,
    pub ladder_rule: LadderRule,
    pub gaps: Vec<Gap>,
    pub floors: Vec<Floor>,
    /// Stock that is to be gone; its products sell nothing in the period's plan.
    pub clearances: Vec<Clearance>,
    pub markdowns: MarkdownRules,
    /// What price tests may cost; `None`: none are asked for.
    pub trials: Option<TrialRules>,
    pub goal: Goal,
    pub max_changes: Option<usize>,
    /// Standard errors of the own elasticity against which prices must stand.
    pub deviations: f64,
    /// What the sales told.
    pub learned: Option<Arc<Learned>>,
    /// What came since.
    pub arrived: Arrived,
    pub notices: Faults,
    pub style: Style,
    pub read_seconds: f64,
    pub fit_seconds: f64,
}

/// Least that a rival's price leaves of demand, shared among all rivals.
const LEAST_LEFT: f64 = 0.1;

impl Goal {
    /// What the setting `goal` says; margin where it says nothing.
    pub fn named(word: Option<&str>) -> Self {
        match word {
            Some("revenue") => Goal::Revenue,
            Some("volume") => Goal::Volume,
            _ => Goal::Margin,
        }
    }

    /// What `quantity` units at `price` bring.
    pub fn of(self, price: f64, unit_cost: f64, quantity: f64) -> f64 {
        match self {
            Goal::Margin => (price - unit_cost) * quantity,
            Goal::Revenue => price * quantity,
            Goal::Volume => quantity,
        }
    }

    /// Whether it is counted in money.
    pub fn is_money(self) -> bool {
        self != Goal::Volume
    }

    pub fn word(self) -> &'static str {
        match self {
            Goal::Margin => "margin",
            Goal::Revenue => "revenue",
            Goal::Volume => "volume",
        }
    }
}

impl Product {
    /// Share of demand left at an own price, with the elasticity `deviations` standard errors worse.
    pub fn own_share(&self, price: f64, deviations: f64) -> f64 {
        let log = (price / self.price_now).ln();
        // A dearer price must stand a stronger answer, a cheaper one a weaker one.
        let elasticity = self.own.elasticity - deviations * self.own.error * log.signum();
        (elasticity.min(0.0) * log).exp()
    }

    /// What the price of rival number `rival` adds to demand, as a share of it.
    pub fn rival_share(&self, rival: usize, price: f64, price_now: f64) -> f64 {
        let share = (price / price_now).powf(self.rivals[rival].elasticity) - 1.0;
        share.max((LEAST_LEFT - 1.0) / self.rivals.len() as f64)
    }

    /// Whether a price may be chosen by the limits of the product alone.
    pub fn allows(&self, price: f64) -> bool {
        self.limits.iter().all(|limit| limit.holds(price, self.price_now))
    }
}

/// Relative distance within which prices are the same.
const SAME: f64 = 1e-9;

impl Gap {
    /// How far two prices lie outside the rule; 0 within.
    pub fn excess(&self, price: f64, other: f64) -> f64 {
        // The solver keeps rows to a millionth.
        let room = 1e-6 * price.max(other).max(1.0);
        let outside = (self.low * other - price).max(price - self.high * other) - self.gives_way;
        if outside > room { outside } else { 0.0 }
    }
}

impl Problem {
    /// Demand of a product at the prices of all.
    pub fn demand(&self, product: usize, prices: &[f64]) -> f64 {
        self.demand_where(product, &|at| prices[at], self.deviations)
    }

    /// Demand of a product at one own price, the others at theirs.
    pub fn demand_at(&self, product: usize, price: f64, prices: &[f64], deviations: f64) -> f64 {
        self.demand_where(product, &|at| if at == product { price } else { prices[at] }, deviations)
    }

    fn demand_where(&self, product: usize, price_of: &impl Fn(usize) -> f64, deviations: f64) -> f64 {
        let it = &self.products[product];
        let share = |(at, answer): (usize, &Answer)| {
            let to = answer.to as usize;
            it.rival_share(at, price_of(to), self.products[to].price_now)
        };
        let rivals: f64 = it.rivals.iter().enumerate().map(share).sum();
        it.quantity_now * it.own_share(price_of(product), deviations) * (1.0 + rivals)
    }

    /// What all products bring more when one takes another price: only it and those that answer to it change.
    pub fn gain(&self, goal: Goal, prices: &[f64], at: usize, price: f64) -> f64 {
        let changed = |other: usize| if other == at { price } else { prices[other] };
        let worth = |product: usize, price_of: &dyn Fn(usize) -> f64| {
            let quantity = self.demand_where(product, &price_of, self.deviations);
            goal.of(price_of(product), self.products[product].unit_cost, quantity)
        };
        let touched = std::iter::once(at).chain(self.answering[at].iter().map(|&other| other as usize));
        touched.map(|product| worth(product, &changed) - worth(product, &|other| prices[other])).sum()
    }

    /// What all products bring at some prices.
    pub fn total(&self, goal: Goal, prices: &[f64]) -> f64 {
        (0..self.products.len())
            .map(|product| {
                goal.of(prices[product], self.products[product].unit_cost, self.demand(product, prices))
            })
            .sum()
    }

    /// Prices of now.
    pub fn prices_now(&self) -> Vec<f64> {
        self.products.iter().map(|product| product.price_now).collect()
    }

    /// Least that a floor asks for.
    pub fn least(&self, floor: &Floor) -> f64 {
        floor.share * self.total(floor.goal, &self.prices_now()) - floor.gives_way
    }

    /// Products whose price is another than now.
    pub fn changes(&self, prices: &[f64]) -> usize {
        prices.iter().zip(&self.products).filter(|(price, product)| !same(**price, product.price_now)).count()
    }

    /// Whether a product is cleared.
    pub fn is_cleared(&self, at: usize) -> bool {
        self.clearances.iter().any(|clearance| clearance.product == at)
    }

    pub fn index_of(&self, code: &str) -> Option<usize> {
        self.codes.get(code).map(|&at| at as usize)
    }
}

/// Whether two prices are the same.
pub(super) fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * a.abs().max(b.abs())
}
