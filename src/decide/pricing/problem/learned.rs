//! What sales tell of demand, kept so that other costs and rules need no new fit.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::Answer;
use super::fit::{Demand, Source};
use super::sales::{Log, Shelf};
use crate::data::{Code, Fault, Faults, SettingsValues, Severity, Table, date_of};
use crate::predict::response::{
    self, Alarm, Filter, Instrumented, Question, Response, ResponseOptions, Sold,
};

/// How demand of one product answers, as its sales tell.
#[derive(Debug, Clone)]
pub(in super::super) struct Told {
    pub product: usize,
    pub response: Response,
    /// The same with everything that was taken in since.
    pub following: Following,
    /// Alarms with their periods.
    pub alarms: Vec<(i64, Alarm)>,
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
    /// For each product its periods and prices by store.
    pub(super) shelves: Vec<FxHashMap<u32, Shelf>>,
}

/// What came after the sales that a response was fitted on.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Later<'a> {
    /// Sales up to the end of the period after.
    pub sales: &'a Table,
    /// Last day of that period.
    pub last: i64,
    /// Sales of the days after it.
    pub after: &'a Table,
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
        let fitted = if log.fitted == 0 {
            response::fit(&histories, &options)
        } else {
            let known: Vec<Sold> = histories.iter().map(|all| until(all, log.fitted)).collect();
            response::fit(&known, &options)
        };
        let told = sold.into_iter().zip(fitted).zip(&histories).map(|((product, response), history)| {
            let stores = Log::stores_of(&shelves[product]);
            let first = history.period.iter().copied().fold(f64::INFINITY, f64::min);
            let known = if first > log.fitted as f64 { 0 } else { log.fitted };
            let mut following = Following {
                filter: Filter::new(&response, known as f64, log.drift),
                stores,
                recent: recent(history),
            };
            let alarms = following.follow(history, known);
            Told { product, dispersion: dispersion(history, &response), response, following, alarms }
        });
        let told = told.collect();
        Learned { told, shelves, log }
    }
}

/// The rows up to a period; all where there are none.
fn until(all: &Sold, last: i64) -> Sold {
    let kept: Vec<usize> = (0..all.period.len()).filter(|&row| all.period[row] <= last as f64).collect();
    if kept.is_empty() {
        return all.clone();
    }
    let pick = |values: &[f64]| kept.iter().map(|&row| values[row]).collect::<Vec<f64>>();
    Sold {
        group: kept.iter().map(|&row| all.group[row]).collect(),
        period: pick(&all.period),
        quantity: pick(&all.quantity),
        price: pick(&all.price),
        rivals: all.rivals.iter().map(|prices| pick(prices)).collect(),
        covariates: all.covariates.iter().map(|values| pick(values)).collect(),
        instrument: pick(&all.instrument),
    }
}

/// A response that takes in new sales, with the stores that its groups are.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Following {
    pub filter: Filter,
    /// Store of each group, as the sales number stores.
    pub stores: Vec<u32>,
    /// Groups that sold it lately.
    pub recent: Vec<u32>,
}

/// What a store sold in a period.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NewRow {
    pub group: u32,
    pub period: i64,
    pub price: f64,
    pub rivals: Vec<f64>,
    pub covariates: [f64; 2],
    pub quantity: f64,
}

impl Following {
    /// Takes in the rows of a history after a period, period by period.
    fn follow(&mut self, history: &Sold, known: i64) -> Vec<(i64, Alarm)> {
        let mut periods: BTreeMap<i64, Vec<NewRow>> = BTreeMap::new();
        for row in (0..history.period.len()).filter(|&row| history.period[row] > known as f64) {
            let period = history.period[row] as i64;
            periods.entry(period).or_default().push(NewRow {
                group: history.group[row],
                period,
                price: history.price[row],
                rivals: history.rivals.iter().map(|prices| prices[row]).collect(),
                covariates: [history.covariates[0][row], history.covariates[1][row]],
                quantity: history.quantity[row],
            });
        }
        let taken = periods.into_iter().map(|(period, rows)| (period, self.take(&rows)));
        taken.flat_map(|(period, alarms)| alarms.into_iter().map(move |alarm| (period, alarm))).collect()
    }

    /// Takes in the rows of one period.
    pub(super) fn take(&mut self, rows: &[NewRow]) -> Vec<Alarm> {
        let asked: Vec<(Question<'_>, f64)> = rows.iter().map(|row| (row.question(), row.quantity)).collect();
        self.filter.take(&asked)
    }

    /// Demand of a period over the stores that sold it lately, without promotion.
    pub fn demand(&self, period: i64, price: f64, rivals: &[f64]) -> f64 {
        self.recent.iter().map(|&group| self.filter.mean(&plain(group, period, price, rivals))).sum()
    }
}

impl NewRow {
    fn question(&self) -> Question<'_> {
        Question {
            group: self.group,
            period: self.period as f64,
            price: self.price,
            rivals: &self.rivals,
            covariates: &self.covariates,
        }
    }
}

/// A question without promotion.
pub(in super::super) fn plain(group: u32, period: i64, price: f64, rivals: &[f64]) -> Question<'_> {
    Question { group, period: period as f64, price, rivals, covariates: &[0.0, 0.0] }
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
        self.of(product).map(|told| told.dispersion)
    }

    /// What is known of a product.
    pub fn of(&self, product: usize) -> Option<&Told> {
        let place = self.told.binary_search_by_key(&product, |told| told.product).ok()?;
        self.told.get(place)
    }

    /// Prices of a product's rivals out of those of all products.
    pub fn rivals_of(&self, product: usize, prices: &[f64]) -> Vec<f64> {
        self.log.rivals[product].iter().map(|&rival| prices[rival as usize]).collect()
    }

    /// Place of a product among the rivals of another.
    pub fn rival(&self, product: usize, to: u32) -> Option<usize> {
        self.log.rivals[product].iter().position(|&rival| rival == to)
    }

    /// Writes down what was learned.
    pub(super) fn fill(&self, products: &Table, demand: &mut Demand, faults: &mut Faults) {
        let mut followed = 0;
        for told in &self.told {
            let product = told.product;
            let own = told.own();
            followed += usize::from(own.source == Source::Instrument);
            demand.own[product] = own;
            demand.rivals[product] = (0..)
                .map(|at| told.following.filter.rival(at))
                .zip(&self.log.rivals[product])
                // What is no larger than its error is not told apart from none.
                .filter(|(cross, _)| cross.value.abs() > cross.error)
                .map(|(e, &to)| Answer { to, elasticity: e.value, error: e.error, source: Source::Sales })
                .collect();
            demand.quantity[product] = self.next_period(told);
        }
        self.say_endogeneity(followed, faults);
        self.say_alarms(products, faults);
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

    /// Absolute error of the medians foreseen for the period after the last known, at the prices that came; and what
    /// was sold in it. A store that sells a product again later sold none where it has no row.
    pub fn held_out(&self, products: &Table, later: &Later<'_>, settings: &SettingsValues) -> (f64, f64) {
        let read = |sales: &Table, last: i64| {
            Log::ending(products, sales, settings, Some(last), &mut Faults::default())
        };
        let (now, after) = (read(later.sales, later.last), Log::pairs(products, later.after));
        let shelves = now.all_shelves();
        let places: FxHashMap<&str, u32> = now.stores.iter().map(String::as_str).zip(0..).collect();
        let (mut off, mut sold) = (0.0, 0.0);
        for told in &self.told {
            for (&store, group) in told.following.stores.iter().zip(0..) {
                let Some(code) = self.log.stores.get(store as usize).map(String::as_str) else { continue };
                let Some(&place) = places.get(code) else { continue };
                let (quantity, covariates) = match now.last_cell(told.product, place) {
                    Some(cell) if cell.is_out() => continue,
                    Some(cell) => (cell.quantity, cell.covariates()),
                    None if after.contains(&(told.product as u32, code)) => (0.0, [0.0; 2]),
                    None => continue,
                };
                let price = |product: usize| {
                    let shelf = shelves[product].get(&place);
                    shelf.map_or(now.prices[product], |shelf| shelf.price(0))
                };
                let rivals = &self.log.rivals[told.product];
                let rivals: Vec<f64> = rivals.iter().map(|&rival| price(rival as usize)).collect();
                let median = told.following.filter.median(&Question {
                    group,
                    period: 1.0,
                    price: price(told.product),
                    rivals: &rivals,
                    covariates: &covariates,
                });
                (off, sold) = (off + (median - quantity).abs(), sold + quantity);
            }
        }
        (off, sold)
    }

    /// Demand of the period after the last one at the prices of now, over the stores that sold it lately.
    pub fn next_period(&self, told: &Told) -> f64 {
        let prices = &self.log.prices;
        told.following.demand(1, prices[told.product], &self.rivals_of(told.product, prices))
    }

    /// The same as it was fitted, before anything was taken in.
    pub fn next_as_fitted(&self, told: &Told) -> f64 {
        let prices = &self.log.prices;
        let rivals = self.rivals_of(told.product, prices);
        let question = |group: u32| plain(group, 1, prices[told.product], &rivals);
        told.following.recent.iter().map(|&group| told.response.mean(&question(group))).sum()
    }

    /// First and last day of a period.
    pub fn log_days(&self, period: i64) -> (i64, i64) {
        self.log.days_of(period)
    }

    /// Whether sales were taken in after the fit.
    pub fn follows(&self) -> bool {
        self.log.fitted < 0
    }

    /// Tells the alarms of sales taken in after the fit.
    fn say_alarms(&self, products: &Table, faults: &mut Faults) {
        let code = |at: usize| products.text("product").map_or("", |codes| codes.get(at));
        let whole = self.told.iter().filter(|told| told.following.filter.taken() == 0).count();
        if self.follows() && whole > 0 {
            let text = format!(
                "{whole} products have sales only before or only after fit_until; all of theirs are fitted"
            );
            faults.push(Fault::error(Code::Repaired, "sales", text).with_severity(Severity::Notice));
        }
        for told in &self.told {
            if let Some(&(period, alarm)) = told.alarms.last() {
                faults.push(self.alarmed(code(told.product), period, alarm));
            }
        }
    }

    /// An alarm as a warning.
    pub fn alarmed(&self, code: &str, period: i64, alarm: Alarm) -> Fault {
        let day = i32::try_from(self.log.days_of(period).1).ok().and_then(date_of);
        let text = format!(
            "{code}: {} than the fit says, found in the period to {}",
            alarm_words(alarm),
            day.map_or_else(String::new, |day| day.to_string())
        );
        let warning = Fault::error(Code::Repaired, "sales", text).with_severity(Severity::Warning);
        warning.with_help("fit again: set fit_until to a later day, or leave it out")
    }
}

/// An alarm in words, before "than the fit says".
pub(in super::super) fn alarm_words(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Level { more: true } => "more is sold",
        Alarm::Level { more: false } => "less is sold",
        Alarm::Price { less: true } => "demand answers less to the price",
        Alarm::Price { less: false } => "demand answers more to the price",
    }
}

impl Told {
    fn own(&self) -> Answer {
        let to = self.product as u32;
        match self.response.instrumented {
            Some(Instrumented { value, error, strength, distance })
                if strength >= STRONG && distance >= APART =>
            {
                Answer { to, elasticity: value, error, source: Source::Instrument }
            }
            _ => {
                let is_told = self.response.identified || self.following.filter.has_moved();
                let source = if is_told { Source::Sales } else { Source::Others };
                let own = self.following.filter.own();
                Answer { to, elasticity: own.value, error: own.error, source }
            }
        }
    }
}
