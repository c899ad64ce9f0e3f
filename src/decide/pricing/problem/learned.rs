//! What sales tell of demand, kept so that other costs and rules need no new fit.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::Answer;
use super::fit::{Demand, Source};
use super::sales::Log;
use crate::data::{Code, Fault, Faults, SettingsValues, Severity, Table};
use crate::predict::response::{self, Instrumented, Question, Response, ResponseOptions, Sold};

/// How demand of one product answers, as its sales tell.
#[derive(Debug, Clone)]
pub(in super::super) struct Told {
    pub product: usize,
    pub response: Response,
    /// Group of the response by store, as the sales number stores.
    pub stores: Vec<u32>,
    /// Groups that sold it lately.
    recent: Vec<u32>,
    /// Variance of a period's demand beyond its mean, over its square.
    dispersion: f64,
}

/// A response fitted on sales.
#[derive(Debug, Clone)]
pub(in super::super) struct Learned {
    /// The sales.
    pub(super) log: Log,
    /// Products that sold something, in their order.
    pub told: Vec<Told>,
}

/// F statistic from which an instrument is strong (Staiger and Stock 1997).
const STRONG: f64 = 10.0;
/// Standard errors between two estimates from which the instrumented one is believed.
const APART: f64 = 2.0;
/// Periods over which the spread of demand is measured.
const RECENT: f64 = 26.0;
/// Spread beyond which demand is not told from a few lucky periods.
const LARGEST_DISPERSION: f64 = 5.0;
/// Periods within which a store that sells a product has a row of it.
const LATELY: f64 = 13.0;

impl From<Log> for Learned {
    fn from(log: Log) -> Self {
        let shelves = log.all_shelves();
        let sold: Vec<usize> = log.sold().collect();
        let histories: Vec<Sold> = sold.iter().map(|&product| log.history(product, &shelves)).collect();
        let options = ResponseOptions { season_length: log.season_length, ..ResponseOptions::default() };
        let fitted = response::fit(&histories, &options);
        let told = sold.into_iter().zip(fitted).zip(&histories).map(|((product, response), history)| Told {
            product,
            dispersion: dispersion(history, &response),
            response,
            stores: Log::stores_of(&shelves[product]),
            recent: recent(history),
        });
        Learned { told: told.collect(), log }
    }
}

/// Groups of the newest periods.
fn recent(history: &Sold) -> Vec<u32> {
    let rows = history.group.iter().zip(&history.period).filter(|(_, period)| **period > -LATELY);
    let mut groups: Vec<u32> = rows.map(|(&group, _)| group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// What demand of all stores varies by beyond chance, by moments over the newest periods.
fn dispersion(history: &Sold, response: &Response) -> f64 {
    let mut sums: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for row in (0..history.period.len()).filter(|&row| history.period[row] > -RECENT) {
        let sum = sums.entry(history.period[row] as i64).or_default();
        let foreseen = history.ask(row, |question| response.mean(question));
        *sum = (sum.0 + history.quantity[row], sum.1 + foreseen);
    }
    let excess: f64 = sums.values().map(|(sold, mean)| (sold - mean).powi(2) - mean).sum();
    let square: f64 = sums.values().map(|(_, mean)| mean * mean).sum();
    if square > 0.0 { (excess / square).clamp(0.0, LARGEST_DISPERSION) } else { 0.0 }
}

impl Learned {
    /// Variance of a product's demand of a period beyond its mean, over its square.
    pub(super) fn dispersion(&self, product: usize) -> Option<f64> {
        self.told.iter().find(|told| told.product == product).map(|told| told.dispersion)
    }

    /// Writes down what was learned.
    pub(super) fn fill(&self, demand: &mut Demand, faults: &mut Faults) {
        let mut followed = 0;
        for told in &self.told {
            let (product, response) = (told.product, &told.response);
            let own = told.own();
            followed += usize::from(own.source == Source::Instrument);
            demand.own[product] = own;
            demand.rivals[product] = response
                .rivals
                .iter()
                .zip(&self.log.rivals[product])
                // What is no larger than its error is not told apart from none.
                .filter(|(cross, _)| cross.value.abs() > cross.error)
                .map(|(e, &to)| Answer { to, elasticity: e.value, error: e.error, source: Source::Sales })
                .collect();
            demand.quantity[product] = self.next_period(told);
        }
        self.say_endogeneity(followed, faults);
    }

    fn say_endogeneity(&self, followed: usize, faults: &mut Faults) {
        let told = self.told.iter().filter(|told| told.response.instrumented.is_some()).count();
        let text = if told == 0 {
            "no product has a cost in every row of its sales that moves on its own, so it cannot be told whether prices \
             followed demand; if they did, demand answers more strongly than estimated"
                .to_owned()
        } else {
            format!(
                "of {told} products with costs, the prices of {followed} followed demand; their elasticities are \
                 those that costs reveal"
            )
        };
        faults.push(Fault::error(Code::Repaired, "sales", text).with_severity(Severity::Notice));
    }

    /// Absolute error of the medians foreseen for the last period of other sales, which is the one after the last
    /// known, at the prices that came; and what was sold in it.
    pub fn held_out(&self, products: &Table, sales: &Table, settings: &SettingsValues) -> (f64, f64) {
        let now = Log::new(products, sales, settings, &mut Faults::default());
        let shelves = now.all_shelves();
        let places: FxHashMap<&str, u32> = now.stores.iter().map(String::as_str).zip(0..).collect();
        let (mut off, mut sold) = (0.0, 0.0);
        for told in &self.told {
            for (&store, group) in told.stores.iter().zip(0..) {
                let Some(&place) =
                    self.log.stores.get(store as usize).and_then(|code| places.get(code.as_str()))
                else {
                    continue;
                };
                let Some(cell) = now.last_cell(told.product, place) else { continue };
                let price = |product: usize| {
                    let shelf = shelves[product].get(&place);
                    shelf.map_or(now.prices[product], |shelf| shelf.price(0))
                };
                let rivals = &self.log.rivals[told.product];
                let rivals: Vec<f64> = rivals.iter().map(|&rival| price(rival as usize)).collect();
                let median = told.response.median(&Question {
                    group,
                    period: 1.0,
                    price: price(told.product),
                    rivals: &rivals,
                    covariates: &cell.covariates(),
                });
                (off, sold) = (off + (median - cell.quantity).abs(), sold + cell.quantity);
            }
        }
        (off, sold)
    }

    /// Demand of the period after the last one at the prices of now, over the stores that sold it lately.
    fn next_period(&self, told: &Told) -> f64 {
        let prices = &self.log.prices;
        let rivals: Vec<f64> =
            self.log.rivals[told.product].iter().map(|&rival| prices[rival as usize]).collect();
        let question = |group: u32| Question {
            group,
            period: 1.0,
            price: prices[told.product],
            rivals: &rivals,
            covariates: &[0.0, 0.0],
        };
        told.recent.iter().map(|&group| told.response.mean(&question(group))).sum()
    }
}

impl Told {
    fn own(&self) -> Answer {
        let to = self.product as u32;
        let response = &self.response;
        match response.instrumented {
            Some(Instrumented { value, error, strength, distance })
                if strength >= STRONG && distance >= APART =>
            {
                Answer { to, elasticity: value, error, source: Source::Instrument }
            }
            _ => {
                let source = if response.identified { Source::Sales } else { Source::Others };
                Answer { to, elasticity: response.own.value, error: response.own.error, source }
            }
        }
    }
}
