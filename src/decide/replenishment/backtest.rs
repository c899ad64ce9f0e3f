//! The windows of a replenishment backtest: which dates, which policies, and
//! what they cost, for programs and for people.

use chrono::NaiveDate;
use rayon::prelude::*;
use serde_json::{Map, Value};

use super::problem::{Pair, Problem};
use super::replay::{Coverage, Facts, Foresight, Known, Orders, Own, Purvey, Rule, Start, Trial, Warehouse};
use super::scenarios::{Forecaster, Scenarios};
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Settings, Table, Tables, date_of, day_number};
use crate::decide::backtest::{Played, Schedule, Stage, paired_interval, play, spaced};
use crate::decide::{Backtest, BacktestOptions, BacktestWindow};
use crate::presentation::{
    Bars, Block, Column, Figure, Measure, Presentation, Section, Style, Table as View, Tone,
};

/// Buckets planned beyond lead time and review period: only the first order of
/// each plan is placed, and later buckets hardly move it.
const LOOKAHEAD: usize = 2;
/// Buckets of history before the first window that is chosen without a date.
const LEAST_HISTORY: i64 = 26;
/// Widest change of the simple rule's coverage that is tried, in half buckets.
const HALF_BUCKETS: std::ops::RangeInclusive<i32> = -8..=8;

/// Names of the policies in the order in which they are shown.
const PURVEY: &str = "purvey";
const SIMPLE: &str = "simple_rule";
const TUNED: &str = "tuned_rule";
const OWN: &str = "own_orders";
const FORESIGHT: &str = "perfect_foresight";

/// Replays the windows that `options` ask for.
///
/// # Errors
/// Faults of the input, or windows that the history cannot hold.
pub(crate) fn backtest(
    name: &str,
    tables: &Tables,
    settings: &Settings,
    options: &BacktestOptions,
    control: &Control,
) -> Result<Backtest, Faults> {
    let reader = Reader { name, tables, settings };
    let base = Problem::read(name, tables.clone(), settings)?;
    let all = reader.at(reader.after_last_sale(&base), None)?;
    let starts = window_starts(&base, &all, options)?;
    let mut windows = Vec::new();
    let mut sums: Vec<(&'static str, Played)> = Vec::new();
    let mut flagged = 0.0;
    for (index, &first) in starts.iter().enumerate() {
        control.step("backtest", index, starts.len());
        let window = Window::new(&reader, &base, &all, first, options, control)?;
        flagged += window.facts(&all).flagged_share() / starts.len() as f64;
        let played = window.play(&all, options, control)?;
        let policies = document(&played);
        windows.push(BacktestWindow { from: window.from, rounds: options.rounds, policies });
        for (policy, played) in played {
            match sums.iter_mut().find(|(known, _)| *known == policy) {
                Some((_, sum)) => sum.add(&played),
                None => sums.push((policy, played)),
            }
        }
        if control.cancel.is_requested() {
            break;
        }
    }
    control.step("backtest", starts.len(), starts.len());
    let headline = headline(&sums, flagged, windows.len());
    let by_pair = by_pair(&all, &sums);
    let presentation = present(name, &base, &headline, &windows, &sums);
    Ok(Backtest {
        from: windows.first().map_or(base.plan_date, |window| window.from),
        windows,
        rounds: options.rounds,
        policies: document(&sums),
        headline,
        tables: Tables::default().with(by_pair),
        presentation,
    })
}

/// Reads the input as it was known at a date.
struct Reader<'a> {
    name: &'a str,
    tables: &'a Tables,
    settings: &'a Settings,
}

impl Reader<'_> {
    /// The problem as known on `date`; the state of stock and orders is the replay's, not the tables'.
    fn at(&self, date: NaiveDate, horizon: Option<usize>) -> Result<Problem, Faults> {
        let mut tables = Tables::default();
        for table in self.tables.as_slice() {
            match table.name() {
                "open_orders" | "customer_orders" | "locks" => {}
                "stock" => {
                    // Which stock points there are; how much they hold is the replay's.
                    let mut stock = table.clone();
                    stock.set("date", crate::data::Column::Date(vec![day_number(date); stock.len()]));
                    tables.insert(stock);
                }
                _ => tables.insert(table.clone()),
            }
        }
        let mut settings = self.settings.clone().with("plan_date", date);
        if let Some(horizon) = horizon {
            settings = settings.with("horizon", horizon);
        }
        Problem::read(self.name, tables, &settings)
    }

    /// First day of the bucket after the last sale.
    fn after_last_sale(&self, base: &Problem) -> NaiveDate {
        let days = self.tables.get("sales").and_then(|sales| sales.date("date")).unwrap_or(&[]);
        let last = days.iter().copied().filter(|&day| day != Table::NO_DATE).max();
        let last = last.and_then(date_of).unwrap_or(base.plan_date).max(base.buckets.start_of(-1));
        base.buckets.start_of(base.buckets.index_of(last) + 1)
    }
}

/// Buckets from an order placed on the first day of `bucket` to its use.
fn lead_buckets(problem: &Problem, pair: &Pair, bucket: i64) -> usize {
    let days = pair.sources.first().map_or(0.0, |source| source.mean_lead_time_days().round()) as u64;
    let placed = problem.buckets.start_of(bucket);
    let arrives = placed.checked_add_days(chrono::Days::new(days)).unwrap_or(placed);
    usize::try_from(problem.buckets.first_from(arrives) - bucket).unwrap_or(0)
}

/// First buckets of the windows, counted on the line of `base`.
fn window_starts(base: &Problem, all: &Problem, options: &BacktestOptions) -> Result<Vec<i64>, Faults> {
    let end = base.buckets.index_of(all.plan_date);
    let oldest = end - all.history_buckets as i64;
    let lead = base.pairs.iter().map(|pair| lead_buckets(base, pair, 0)).max().unwrap_or(0);
    let span = (options.rounds * base.review_period + lead) as i64;
    let last = end - span;
    let first = match options.from {
        Some(date) => base.buckets.index_of(date),
        None => (last - (options.windows.max(1) as i64 - 1) * (options.rounds * base.review_period) as i64)
            .max((oldest + LEAST_HISTORY).min(last)),
    };
    if options.rounds == 0 || first > last || first <= oldest {
        let fault = if options.rounds == 0 {
            Fault::error(Code::OutOfRange, "--rounds", "a backtest needs at least one round")
        } else {
            let date = base.buckets.start_of(first);
            Fault::error(
                Code::OutOfRange,
                "--from",
                format!(
                    "{} rounds from {date} need sales to {}",
                    options.rounds,
                    base.buckets.start_of(first + span)
                ),
            )
            .with_help(format!(
                "the history allows first decisions from {} to {}",
                base.buckets.start_of(oldest + 1),
                base.buckets.start_of(last)
            ))
        };
        return Err(fault.into());
    }
    Ok(spaced(first, last, options.windows))
}

/// One window: what was known at each decision, and how everyone starts.
struct Window {
    from: NaiveDate,
    /// Index into the history of `all` of the first bucket.
    first: usize,
    review: usize,
    rounds: usize,
    lead: Vec<usize>,
    start: Vec<Start>,
    shortage_cost: Vec<f64>,
    known: Vec<(Problem, Scenarios)>,
    own: Vec<Vec<f64>>,
}

impl Window {
    fn new(
        reader: &Reader<'_>,
        base: &Problem,
        all: &Problem,
        first: i64,
        options: &BacktestOptions,
        control: &Control,
    ) -> Result<Self, Faults> {
        let from = base.buckets.start_of(first);
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
            start: Vec::new(),
            shortage_cost,
            known,
            own: own_orders(base, all, first, options),
        };
        window.start = if first == 0 { given_start(base) } else { window.rule_start(all) };
        Ok(window)
    }

    fn facts<'a>(&self, all: &'a Problem) -> Facts<'a> {
        let length = self.lead.iter().map(|lead| self.rounds * self.review + lead).collect();
        Facts {
            all,
            first: self.first,
            review: self.review,
            rounds: self.rounds,
            shortage_cost: self.shortage_cost.clone(),
            lead: self.lead.clone(),
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

    fn play(
        &self,
        all: &Problem,
        options: &BacktestOptions,
        control: &Control,
    ) -> Result<Vec<(&'static str, Played)>, Faults> {
        let facts = self.facts(all);
        let schedule = Schedule {
            from: self.from,
            decisions: (0..self.rounds).map(|round| round * self.review).collect(),
            buckets: facts.length.iter().copied().max().unwrap_or(0),
            controllable_from: self.lead.clone(),
        };
        let known = |bucket: usize| Ok(self.known[bucket / self.review].clone());
        let run = |policy: Box<dyn Orders + '_>| {
            let mut trial = Trial { warehouse: Warehouse::new(&facts), policy };
            play(&schedule, &mut trial as &mut dyn Stage)
        };
        let purvey = run(Box::new(Purvey { known: Known(&known), control: control.silent() }))?;
        let simple = run(Box::new(Rule { coverage: Coverage::Simple }))?;
        let tuned = control.install(|| {
            HALF_BUCKETS
                .into_par_iter()
                .map(|half| run(Box::new(Rule { coverage: Coverage::Shifted(0.5 * f64::from(half)) })))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let cheapest = |a: &Played, b: &Played| a.controllable.total().total_cmp(&b.controllable.total());
        let tuned = tuned.into_iter().min_by(cheapest).unwrap_or_default();
        let mut played = vec![(PURVEY, purvey), (SIMPLE, simple), (TUNED, tuned)];
        if options.own_orders.is_some() {
            played.push((OWN, run(Box::new(Own { orders: self.own.clone() }))?));
        }
        played.push((FORESIGHT, run(Box::new(Foresight::new(&facts)?))?));
        Ok(played)
    }
}

/// Stock and orders on their way as the tables give them on the plan date.
fn given_start(base: &Problem) -> Vec<Start> {
    let of = |pair: &Pair| Start {
        lots: pair
            .lots
            .iter()
            .map(|&(q, last)| (q, last.map(|last| usize::try_from(last).unwrap_or(0))))
            .collect(),
        backorder: pair.backorder,
        arrivals: pair.inflow.clone(),
    };
    base.pairs.iter().map(of).collect()
}

/// The planner's own orders by stock point and bucket of the window.
fn own_orders(base: &Problem, all: &Problem, first: i64, options: &BacktestOptions) -> Vec<Vec<f64>> {
    let length = options.rounds * base.review_period;
    let mut orders = vec![vec![0.0; length]; all.pairs.len()];
    let Some(table) = options.own_orders.as_ref().and_then(|tables| tables.get("orders")) else {
        return orders;
    };
    let index: rustc_hash::FxHashMap<String, usize> =
        all.pairs.iter().enumerate().map(|(at, pair)| (all.pair_name(pair), at)).collect();
    let quantities = table.number("quantity").unwrap_or(&[]);
    let days = table.date("order_date").unwrap_or(&[]);
    for (row, (&quantity, &day)) in quantities.iter().zip(days).enumerate() {
        let location =
            if table.column("location").is_some() { table.cell_text("location", row) } else { "main".into() };
        let name = format!("{}@{location}", table.cell_text("item", row));
        let bucket = date_of(day).map(|date| base.buckets.index_of(date) - first);
        let slot = bucket.and_then(|bucket| usize::try_from(bucket).ok()).filter(|&bucket| bucket < length);
        if let (Some(&pair), Some(bucket)) = (index.get(&name), slot) {
            // An order between two decisions counts at the decision before it.
            let at = bucket / base.review_period * base.review_period;
            orders[pair][at] += quantity.max(0.0);
        }
    }
    orders
}

fn document(played: &[(&'static str, Played)]) -> Map<String, Value> {
    played.iter().map(|(name, played)| ((*name).to_owned(), played.document())).collect()
}

fn find<'p>(sums: &'p [(&'static str, Played)], policy: &str) -> Option<&'p Played> {
    sums.iter().find(|(name, _)| *name == policy).map(|(_, played)| played)
}

fn headline(sums: &[(&'static str, Played)], flagged: f64, windows: usize) -> Vec<String> {
    let style = Style::default();
    let mut told = Vec::new();
    let Some(purvey) = find(sums, PURVEY) else { return told };
    let cost = purvey.controllable.total();
    for (policy, words) in [
        (SIMPLE, "the simple rule"),
        (TUNED, "the same rule tuned in hindsight"),
        (OWN, "the planner's own orders"),
    ] {
        let Some(other) = find(sums, policy) else { continue };
        let rival = other.controllable.total();
        let (_, low, high) = paired_interval(&purvey.by_part, &other.by_part);
        let parts = purvey.by_part.len() as f64;
        told.push(format!(
            "Against {words} Purvey would have cost {} instead of {} ({:+.1} %; 95 % interval of the difference {} to {}).",
            style.money(cost),
            style.money(rival),
            if rival > 0.0 { 100.0 * (cost / rival - 1.0) } else { 0.0 },
            style.money(low * parts),
            style.money(high * parts),
        ));
    }
    if let Some(floor) = find(sums, FORESIGHT) {
        told.push(format!(
            "With perfect foresight it would have cost {}.",
            style.money(floor.controllable.total())
        ));
    }
    told.push(format!(
        "Costs are those that the decisions could influence, over {windows} window{}; demand is recorded sales, \
         and {} of the replayed buckets were flagged as stock-outs.",
        if windows == 1 { "" } else { "s" },
        style.percent(flagged),
    ));
    told
}

/// Controllable cost of every stock point and policy.
fn by_pair(all: &Problem, sums: &[(&'static str, Played)]) -> Table {
    let item = |pair: &Pair| all.items[pair.item].code.clone();
    let location = |pair: &Pair| all.locations[pair.location].code.clone();
    let table = Table::new("cost_by_pair")
        .with_text("item", all.pairs.iter().map(item))
        .with_text("location", all.pairs.iter().map(location));
    sums.iter().fold(table, |table, (policy, played)| {
        table.with_number(policy, played.by_part.iter().map(|cost| (cost * 1e4).round() / 1e4))
    })
}

/// A policy's name for people.
fn words(policy: &str) -> &'static str {
    match policy {
        PURVEY => "Purvey",
        SIMPLE => "Simple rule",
        TUNED => "Rule tuned in hindsight",
        OWN => "Own orders",
        _ => "Perfect foresight",
    }
}

fn present(
    name: &str,
    base: &Problem,
    headline: &[String],
    windows: &[BacktestWindow],
    sums: &[(&'static str, Played)],
) -> Presentation {
    let mut told = Presentation::new(format!("{name}: backtest"));
    told.subtitle = format!("{} windows over {} stock points", windows.len(), base.pairs.len());
    told.headline = headline.to_vec();
    for (policy, played) in sums {
        let figure = Figure::number(words(policy), played.controllable.total(), Measure::money());
        let tone = if *policy == PURVEY { Tone::Good } else { Tone::Neutral };
        told.figures
            .push(figure.with_tone(tone).with_note(format!("fill rate {:.1} %", 100.0 * played.fill_rate())));
    }
    let bars = Bars {
        title: "Cost that the decisions could influence".to_owned(),
        description: "One bar a policy; lower is better.".to_owned(),
        measure: Measure::money(),
        labels: sums.iter().map(|(policy, _)| words(policy).to_owned()).collect(),
        values: sums.iter().map(|(_, played)| played.controllable.total()).collect(),
    };
    let column = |title: &str, pick: fn(&Played) -> f64, measure: Measure| {
        Column::number(title, sums.iter().map(|(_, played)| pick(played)).collect::<Vec<_>>(), measure)
    };
    let totals = View::new("By policy, all buckets replayed")
        .with(Column::text("policy", sums.iter().map(|(policy, _)| words(policy))))
        .with(column("controllable", |p| p.controllable.total(), Measure::money()))
        .with(column("total", |p| p.total.total(), Measure::money()))
        .with(column("holding", |p| p.total.holding, Measure::money()))
        .with(column("shortage", |p| p.total.shortage, Measure::money()))
        .with(column("ordering", |p| p.total.order, Measure::money()))
        .with(column("dearer purchase", |p| p.total.purchase_variance, Measure::money()))
        .with(column("waste", |p| p.total.waste, Measure::money()))
        .with(column("fill rate", Played::fill_rate, Measure::percent().with_decimals(1)));
    let mut by_window = View::new("Controllable cost by window")
        .with(Column::date("from", windows.iter().map(|window| Some(window.from))));
    for (policy, _) in sums {
        let cost = |window: &BacktestWindow| {
            window
                .policies
                .get(*policy)
                .and_then(|p| p.get("controllable_cost"))
                .and_then(Value::as_f64)
                .unwrap_or(f64::NAN)
        };
        by_window = by_window.with(Column::number(words(policy), windows.iter().map(cost), Measure::money()));
    }
    told.sections.push(
        Section::new("Costs")
            .with_lead("Every policy starts alike and meets the same demand.")
            .with(Block::Bars(bars))
            .with(Block::Table(totals))
            .with(Block::Table(by_window)),
    );
    told
}
