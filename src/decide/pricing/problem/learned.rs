//! What sales tell of demand, kept so that other costs and rules need no new fit.

use super::Answer;
use super::fit::{Demand, Source};
use super::sales::Log;
use crate::data::{Code, Fault, Faults, Severity};
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

impl Learned {
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
