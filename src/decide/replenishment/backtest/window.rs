//! One window of a backtest: what was known at each decision, how everyone
//! starts, and every policy played through it.

use chrono::NaiveDate;
use rayon::prelude::*;

use super::super::foresight::Foresight;
use super::super::plan::OrderLine;
use super::super::problem::{Pair, Problem};
use super::super::replay::{Coverage, Facts, Given, Orders, Purvey, Rule, Start, Trial, Warehouse};
use super::super::scenarios::{Forecaster, Scenarios};
use super::own::OwnOrders;
use super::{FORESIGHT, OWN, PURVEY, Reader, SIMPLE, TUNED, lead_buckets, lead_of};
use crate::control::Control;
use crate::data::{Code, Fault, Faults};
use crate::decide::BacktestOptions;
use crate::decide::backtest::{Played, Schedule, Stage, play};

/// Buckets planned beyond lead time and review period: only the first order of
/// each plan is placed, and later buckets hardly move it.
const LOOKAHEAD: usize = 2;
/// Widest change of the simple rule's coverage that is tried, in half buckets.
const HALF_BUCKETS: std::ops::RangeInclusive<i32> = -8..=8;

/// What each policy cost, and whether perfect foresight is proved to be the cheapest.
pub(super) struct Outcome {
    pub played: Vec<(&'static str, Played)>,
    pub is_floor: bool,
}

/// One window: what was known at each decision, and how everyone starts.
pub(super) struct Window {
    pub from: NaiveDate,
    /// Index into the history of `all` of the first bucket.
    first: usize,
    review: usize,
    rounds: usize,
    lead: Vec<usize>,
    leads: Vec<Vec<usize>>,
    start: Vec<Start>,
    shortage_cost: Vec<f64>,
    known: Vec<(Problem, Scenarios)>,
    own: Option<Vec<OrderLine>>,
}

impl Window {
    pub fn new(
        reader: &Reader<'_>,
        base: &Problem,
        all: &Problem,
        first: i64,
        (options, own): (&BacktestOptions, Option<&OwnOrders>),
        control: &Control,
    ) -> Result<Self, Faults> {
        let from = base.buckets.start_of(first);
        let of_sources = |pair: &Pair| -> Vec<usize> {
            pair.sources.iter().map(|source| lead_of(base, source, first)).collect()
        };
        let leads: Vec<Vec<usize>> = all.pairs.iter().map(of_sources).collect();
        let lead: Vec<usize> = all.pairs.iter().map(|pair| lead_buckets(base, pair, first)).collect();
        let longest = lead.iter().copied().max().unwrap_or(0);
        let horizon = base.horizon.min(longest + base.review_period + LOOKAHEAD);
        let mut known = Vec::with_capacity(options.rounds);
        let mut safety_factor = None;
        for round in 0..options.rounds {
            let date = base.buckets.start_of(first + (round * base.review_period) as i64);
            let mut problem = reader.at(date, Some(horizon.max(longest + 1)))?;
            // The factor of the first round serves the whole window.
            problem.safety_factor = problem.safety_factor.or(safety_factor);
            let refuse =
                |error| Faults::from(Fault::error(Code::OutOfRange, reader.name, format!("{error}")));
            let forecaster = Forecaster::learn(&problem, control).map_err(refuse)?;
            let scenarios = forecaster.scenarios(&problem, None, control).map_err(refuse)?;
            safety_factor = Some(forecaster.safety_factor());
            known.push((problem, scenarios));
        }
        let shortage_cost = known
            .first()
            .map(|(_, known)| known.pairs.iter().map(|pair| pair.shortage_cost).collect())
            .unwrap_or_default();
        let index = all.history_buckets as i64 - (base.buckets.index_of(all.plan_date) - first);
        let mut window = Window {
            from,
            first: usize::try_from(index).unwrap_or(0),
            review: base.review_period,
            rounds: options.rounds,
            lead,
            leads,
            start: Vec::new(),
            shortage_cost,
            known,
            own: own.map(|own| own.of_window(base, first, options.rounds)),
        };
        window.start = if first == 0 { given_start(base) } else { window.rule_start(all) };
        Ok(window)
    }

    pub fn facts<'a>(&self, all: &'a Problem) -> Facts<'a> {
        let length = self.lead.iter().map(|lead| self.rounds * self.review + lead).collect();
        Facts {
            all,
            first: self.first,
            review: self.review,
            rounds: self.rounds,
            shortage_cost: self.shortage_cost.clone(),
            lead: self.lead.clone(),
            leads: self.leads.clone(),
            length,
            start: self.start.clone(),
        }
    }

    /// One review period of the rule on hand, and its mean order in the pipeline.
    fn rule_start(&self, all: &Problem) -> Vec<Start> {
        let facts = self.facts(all);
        let of = |(pair, &lead): (usize, &usize)| {
            let order = (facts.recent_mean(pair, 0) * self.review as f64).round();
            let last = all.items[all.pairs[pair].item].shelf_life.map(|life| life.saturating_sub(1));
            let arrivals =
                (0..lead).map(|bucket| if bucket % self.review == 0 { order } else { 0.0 }).collect();
            Start { lots: vec![(order, last)], backorder: 0.0, arrivals }
        };
        self.lead.iter().enumerate().map(of).collect()
    }

    pub fn play(&self, all: &Problem, control: &Control) -> Result<Outcome, Faults> {
        let facts = self.facts(all);
        let schedule = Schedule {
            from: self.from,
            decisions: (0..self.rounds).map(|round| round * self.review).collect(),
            buckets: facts.length.iter().copied().max().unwrap_or(0),
            controllable_from: self.lead.clone(),
        };
        let run = |policy: Box<dyn Orders + '_>| -> Result<(Played, Vec<OrderLine>), Faults> {
            let mut trial = Trial { warehouse: Warehouse::new(&facts), policy };
            let played = play(&schedule, &mut trial as &mut dyn Stage)?;
            Ok((played, trial.warehouse.ordered))
        };
        let purvey = run(Box::new(Purvey { known: &self.known, control: control.silent() }))?;
        let simple = run(Box::new(Rule { coverage: Coverage::Simple }))?;
        let tuned = control.install(|| {
            HALF_BUCKETS
                .into_par_iter()
                .map(|half| run(Box::new(Rule { coverage: Coverage::Shifted(0.5 * f64::from(half)) })))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let cost = |played: &Played| played.controllable.total();
        let tuned = tuned.into_iter().min_by(|(a, _), (b, _)| cost(a).total_cmp(&cost(b)));
        let mut list = vec![(PURVEY, purvey), (SIMPLE, simple)];
        list.extend(tuned.map(|tuned| (TUNED, tuned)));
        if let Some(lines) = &self.own {
            list.push((OWN, run(Box::new(Given { lines: lines.clone() }))?));
        }
        let rivals: Vec<Vec<Vec<f64>>> = list.iter().map(|(_, (_, lines))| of_first(all, lines)).collect();
        let foresight = Foresight::new(&facts, &rivals, control)?;
        // Foresight looks at first sources; where another one served better, it knows that too.
        let (mut best, _) = run(Box::new(Given::of_first_sources(&foresight.orders)))?;
        // It knows first sources only: where there are others, they may be better for it too.
        let is_floor = foresight.proved && all.pairs.iter().all(|pair| pair.sources.len() <= 1);
        for (_, (played, _)) in &list {
            if cost(played) < cost(&best) {
                best = played.clone();
            }
        }
        let mut played: Vec<_> = list.into_iter().map(|(policy, (played, _))| (policy, played)).collect();
        played.push((FORESIGHT, best));
        Ok(Outcome { played, is_floor })
    }
}

/// Units ordered by stock point and bucket; nothing where a source besides the first was used.
fn of_first(all: &Problem, lines: &[OrderLine]) -> Vec<Vec<f64>> {
    let buckets = lines.iter().map(|line| line.bucket + 1).max().unwrap_or(0);
    let mut orders = vec![vec![0.0; buckets]; all.pairs.len()];
    for line in lines {
        orders[line.pair][line.bucket] += line.quantity;
    }
    lines.iter().filter(|line| line.source > 0).for_each(|line| orders[line.pair].fill(0.0));
    orders
}

/// Stock and orders on their way as the tables give them on the plan date.
fn given_start(base: &Problem) -> Vec<Start> {
    // Stock without a date is as fresh as what arrives in the first bucket.
    let fresh = |pair: &Pair| base.items[pair.item].shelf_life.map(|life| life.saturating_sub(1));
    let of = |pair: &Pair| Start {
        lots: pair
            .lots
            .iter()
            .map(|&(quantity, last)| {
                (quantity, last.map(|last| usize::try_from(last).unwrap_or(0)).or_else(|| fresh(pair)))
            })
            .collect(),
        backorder: pair.backorder,
        arrivals: pair.inflow.clone(),
    };
    base.pairs.iter().map(of).collect()
}
