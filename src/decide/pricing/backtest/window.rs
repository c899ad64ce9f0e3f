//! One window: prices decided round by round on what was known, and judged.
//!
//! The judge is a response fitted on all sales from the window's first day on. In each round it is
//! anchored at what was sold at the prices of that time: other prices change these quantities as its
//! elasticities say. So the prices of that time earn what they earned, and only differences are estimated.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rustc_hash::FxHashSet;

use super::super::model;
use super::super::problem::{Fitting, Goal, Later, Learned, Problem, codes};
use super::Past;
use crate::control::Control;
use crate::data::{Code, Fault, Faults, Settings, Table, Tables};
use crate::solution::Termination;

/// Draws of the judge's elasticities for the interval of the gain.
const DRAWS: usize = 400;
/// Prices of a made-up mean are kept to a hundredth of a cent.
const FINEST: f64 = 10_000.0;

/// One product in one round.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub round: usize,
    pub day: i64,
    pub product: String,
    /// By policy, in the order of [`super::POLICIES`].
    pub prices: [f64; 4],
    pub quantities: [f64; 4],
}

/// What the policies came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Scored {
    /// By policy: margin, revenue, volume.
    pub totals: [[f64; 3]; 4],
    pub rows: Vec<Row>,
    /// Gain over the past prices at each draw of the judge's elasticities.
    gains: Vec<f64>,
    /// Absolute error of the forecasts at the prices that came, and what was sold.
    off: f64,
    sold: f64,
    /// Responses of the judge, and those that rest on one price.
    pub judged: usize,
    pub unidentified: usize,
    /// Rounds that were decided and judged before the run was stopped.
    pub rounds: usize,
    /// Rounds without prices that keep all rules, and those in which none were found within the limits of the run.
    pub unanswered: usize,
    pub unfound: usize,
}

impl Scored {
    /// Adds another window.
    pub fn add(&mut self, other: Scored) {
        for (sums, totals) in self.totals.iter_mut().zip(&other.totals) {
            sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum += total);
        }
        self.gains.resize(self.gains.len().max(other.gains.len()), 0.0);
        self.gains.iter_mut().zip(&other.gains).for_each(|(sum, gain)| *sum += gain);
        self.rows.extend(other.rows);
        self.off += other.off;
        self.sold += other.sold;
        self.judged += other.judged;
        self.unidentified += other.unidentified;
        self.rounds += other.rounds;
        self.unanswered += other.unanswered;
        self.unfound += other.unfound;
    }

    /// What the decided prices bring more than those of the time.
    pub fn gain(&self, goal: Goal) -> f64 {
        self.totals[0][place(goal)] - self.totals[1][place(goal)]
    }

    /// Its 95 % interval, as far as the judge's own elasticities are uncertain.
    pub fn gain_interval(&self) -> (f64, f64) {
        let mut gains = self.gains.clone();
        gains.sort_by(f64::total_cmp);
        let at = |share: f64| gains[((gains.len() - 1) as f64 * share).round() as usize];
        if gains.is_empty() { (f64::NAN, f64::NAN) } else { (at(0.025), at(0.975)) }
    }

    /// Weighted absolute error of the forecasts a store and product; NaN where nothing was sold.
    pub fn wape(&self) -> f64 {
        self.off / self.sold
    }
}

/// Place of a goal in the totals.
pub(super) fn place(goal: Goal) -> usize {
    match goal {
        Goal::Margin => 0,
        Goal::Revenue => 1,
        Goal::Volume => 2,
    }
}

/// A window of the history.
pub(super) struct Window<'a> {
    past: &'a Past<'a>,
    first: i64,
    rounds: usize,
    judge: Problem,
    control: &'a Control,
}

/// What stood in the sales of some days, by product.
struct Seen {
    price: Vec<f64>,
    cost: Vec<f64>,
    quantity: Vec<f64>,
}

impl<'a> Window<'a> {
    /// Fits the judge.
    pub fn new(past: &'a Past<'a>, first: i64, rounds: usize, control: &'a Control) -> Result<Self, Faults> {
        let later = past.sales_between(first, i64::MAX);
        let seen = past.seen(i64::MIN, first)?;
        let products = past.products(&seen, &later)?;
        let blank = vec![f64::NAN; products.len()];
        let mut tables = Tables::default().with(later);
        tables.insert(products.with_number("elasticity", blank));
        let mut settings = Settings { file: past.settings.file.clone(), ..Settings::default() };
        for name in ["period_days", "rivals"] {
            if let Some(value) = past.settings.values.get(name) {
                settings.values.insert(name.to_owned(), value.clone());
            }
        }
        let read = || Problem::read(past.name, tables, &settings, Fitting::Anew);
        Ok(Window { past, first, rounds, judge: control.install(read)?, control })
    }

    /// Decides and judges all rounds.
    pub fn replay(mut self) -> Result<Scored, Faults> {
        // A product that had no sale before stands at the price of its row.
        let seen = self.past.seen(i64::MIN, self.first)?.price.into_iter().zip(self.judge.prices_now());
        let kept: Vec<f64> = seen.map(|(seen, now)| if seen.is_finite() { seen } else { now }).collect();
        let mut scored = Scored { gains: vec![0.0; DRAWS], ..Scored::default() };
        let fitted = self.judge.learned.as_ref().map_or(&[][..], |learned| learned.told.as_slice());
        scored.judged = fitted.len();
        scored.unidentified = fitted.iter().filter(|told| !told.response.identified).count();
        let shocks = self.shocks();
        let mut ours = kept.clone();
        for round in 0..self.rounds {
            let day = self.first + round as i64 * self.past.days;
            let known = self.known(day, &ours)?;
            let then = self.anchor(day, &kept)?;
            let (decided, termination) = self.decide(&known)?;
            let is_found = decided.is_some();
            let decided = decided.unwrap_or_else(|| ours.clone());
            let best = self.foresee(known.clone(), &decided)?;
            // A round that the clock or the person cut short says nothing.
            if self.control.should_stop() {
                break;
            }
            scored.rounds += 1;
            scored.unanswered += usize::from(!is_found && termination == Termination::Infeasible);
            scored.unfound += usize::from(!is_found && termination != Termination::Infeasible);
            ours = decided;
            self.score(&mut scored, (round, day), [&ours, &then, &kept, &best]);
            self.spread(&mut scored, &shocks, &ours, &then);
            if let Some(learned) = &known.learned {
                let (off, sold) = self.past.held_out(learned, day);
                (scored.off, scored.sold) = (scored.off + off, scored.sold + sold);
            }
        }
        if scored.rounds == 0 {
            scored.gains.clear();
        }
        Ok(scored)
    }

    /// The problem as it was known on `day`, at the prices `ours`.
    fn known(&self, day: i64, ours: &[f64]) -> Result<Problem, Faults> {
        let past = self.past;
        let sales = past.sales_between(i64::MIN, day);
        let mut seen = past.seen(i64::MIN, day)?;
        seen.price = ours.to_vec();
        let mut tables = Tables::default().with(past.products(&seen, &sales)?).with(sales);
        for name in ["effects", "ladder", "gaps"] {
            if let Some(table) = past.tables.get(name) {
                tables.insert(table.clone());
            }
        }
        let read = || Problem::read(past.name, tables, past.settings, Fitting::Anew);
        self.control.install(read)
    }

    /// Sets the judge to what was sold from `day` on for a period; gives the prices of then.
    fn anchor(&mut self, day: i64, start: &[f64]) -> Result<Vec<f64>, Faults> {
        let now = self.past.seen(day, day + self.past.days)?;
        let before = self.past.seen(i64::MIN, day + self.past.days)?;
        for (at, product) in self.judge.products.iter_mut().enumerate() {
            let price = [now.price[at], before.price[at], start[at]];
            product.price_now = price.into_iter().find(|price| *price > 0.0).unwrap_or(product.price_now);
            product.quantity_now = now.quantity[at];
            let cost = if now.cost[at].is_nan() { before.cost[at] } else { now.cost[at] };
            product.unit_cost = if cost.is_nan() { product.unit_cost } else { cost };
        }
        Ok(self.judge.prices_now())
    }

    /// The prices that purvey chooses, `None` where none were found, and why it stopped.
    fn decide(&self, known: &Problem) -> Result<(Option<Vec<f64>>, Termination), Faults> {
        let answer = model::solve(known, None, self.control).map_err(internal)?;
        Ok((answer.prices(known), answer.outcome().termination))
    }

    /// The best prices of the same ladders for the judge's response; floors are not asked of them.
    fn foresee(&self, mut known: Problem, ours: &[f64]) -> Result<Vec<f64>, Faults> {
        let judge = &self.judge;
        let now = known.prices_now();
        let quantities: Vec<f64> = (0..now.len()).map(|at| judge.demand(at, &now)).collect();
        for ((product, judged), quantity) in known.products.iter_mut().zip(&judge.products).zip(quantities) {
            product.own = judged.own.clone();
            product.rivals.clone_from(&judged.rivals);
            product.unit_cost = judged.unit_cost;
            product.quantity_now = quantity;
        }
        known.answering.clone_from(&judge.answering);
        known.floors.clear();
        known.deviations = 0.0;
        let found = model::solve(&known, Some(ours), self.control).map_err(internal)?.prices(&known);
        let worth = |prices: &[f64]| judge.total(known.goal, prices);
        // What was decided is among the candidates, so hindsight is never the worse of the two.
        Ok(found.filter(|found| worth(found) > worth(ours)).unwrap_or_else(|| ours.to_vec()))
    }

    fn score(&self, scored: &mut Scored, (round, day): (usize, i64), policies: [&Vec<f64>; 4]) {
        let judge = &self.judge;
        for (totals, prices) in scored.totals.iter_mut().zip(policies) {
            for goal in [Goal::Margin, Goal::Revenue, Goal::Volume] {
                totals[place(goal)] += judge.total(goal, prices);
            }
        }
        for (at, product) in judge.products.iter().enumerate() {
            scored.rows.push(Row {
                round,
                day,
                product: product.code.clone(),
                prices: policies.map(|prices| prices[at]),
                quantities: policies.map(|prices| judge.demand(at, prices)),
            });
        }
    }

    /// Standard normal draws by draw and product, the same in every round.
    fn shocks(&self) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(self.control.seed);
        (0..DRAWS * self.judge.products.len()).map(|_| StandardNormal.sample(&mut random)).collect()
    }

    /// Adds the round's gain at each draw of the own elasticities.
    fn spread(&mut self, scored: &mut Scored, shocks: &[f64], ours: &[f64], then: &[f64]) {
        let judge = &mut self.judge;
        let count = judge.products.len();
        let goal = self.past.goal;
        let middle: Vec<f64> = judge.products.iter().map(|product| product.own.elasticity).collect();
        for (draw, gain) in scored.gains.iter_mut().enumerate() {
            for (at, product) in judge.products.iter_mut().enumerate() {
                product.own.elasticity = middle[at] + product.own.error * shocks[draw * count + at];
            }
            *gain += judge.total(goal, ours) - judge.total(goal, then);
        }
        for (product, elasticity) in judge.products.iter_mut().zip(middle) {
            product.own.elasticity = elasticity;
        }
    }
}

fn internal(error: super::super::DecideError) -> Faults {
    Fault::error(Code::BadDeclaration, "backtest", error.to_string()).into()
}

impl Past<'_> {
    /// Sales from day `from` to the day before `until`.
    fn sales_between(&self, from: i64, until: i64) -> Table {
        let dates = self.sales.date("date").unwrap_or(&[]).iter().zip(0_u32..);
        let within = dates.filter(|(day, _)| (from..until).contains(&i64::from(**day)));
        self.sales.picked(&within.map(|(_, row)| row).collect::<Vec<u32>>())
    }

    /// Mean price, cost and sum of the newest period within some days, product by product; NaN where there is none.
    fn seen(&self, from: i64, until: i64) -> Result<Seen, Faults> {
        let sales = self.sales_between(from, until);
        let (Some(products), Some(sold)) = (self.tables.get("products"), sales.text("product")) else {
            return Err(Fault::error(Code::MissingColumn, "sales", "product is needed").into());
        };
        let number = |name: &str, row: usize| sales.number(name).map_or(f64::NAN, |all| all[row]);
        let dates = sales.date("date").unwrap_or(&[]);
        let count = products.len();
        let rows = codes(products);
        let place: Vec<Option<u32>> =
            sold.words().iter().map(|code| rows.get(code.as_str()).copied()).collect();
        let product_of = |row: usize| place[sold.index()[row] as usize].map(|at| at as usize);
        let mut newest = vec![i64::MIN; count];
        for (row, &day) in dates.iter().enumerate() {
            if let Some(at) = product_of(row) {
                newest[at] = newest[at].max(i64::from(day));
            }
        }
        let mut sums = vec![[0.0; 5]; count];
        for (row, &day) in dates.iter().enumerate() {
            let Some(at) = product_of(row) else { continue };
            let (quantity, price, cost) =
                (number("quantity", row), number("price", row), number("cost", row));
            if i64::from(day) <= newest[at] - self.days || price <= 0.0 || quantity < 0.0 {
                continue;
            }
            // A price without a sale counts little, but it counts where there is no other.
            let weight = quantity.max(1e-6);
            let sum = &mut sums[at];
            (sum[0], sum[1], sum[2]) = (sum[0] + weight, sum[1] + weight * price, sum[2] + quantity);
            if !cost.is_nan() {
                (sum[3], sum[4]) = (sum[3] + weight, sum[4] + weight * cost);
            }
        }
        Ok(Seen {
            price: sums.iter().map(|sum| (sum[1] / sum[0] * FINEST).round() / FINEST).collect(),
            cost: sums.iter().map(|sum| sum[4] / sum[3]).collect(),
            quantity: sums.iter().map(|sum| sum[2]).collect(),
        })
    }

    /// Products with a row that tells demand, the first period aside, which may be cut.
    fn sold<'t>(&self, sales: &'t Table) -> FxHashSet<&'t str> {
        let number = |name: &str, row: usize| sales.number(name).map_or(f64::NAN, |all| all[row]);
        let dates = sales.date("date").unwrap_or(&[]);
        let first = dates.iter().min().map_or(0, |&day| i64::from(day));
        let tells = |row: &usize| {
            let is_out = sales.flag("stock_out").is_some_and(|flags| flags[*row] == 1);
            let is_whole = i64::from(dates[*row]) >= first + self.days;
            is_whole && !is_out && number("price", *row) > 0.0 && number("quantity", *row) >= 0.0
        };
        let code = |row: usize| sales.text("product").map_or("", |codes| codes.get(row));
        (0..sales.len()).filter(tells).map(code).collect()
    }

    /// Absolute error of what was foreseen for the period from `day` on, and what was sold in it.
    fn held_out(&self, learned: &Learned, day: i64) -> (f64, f64) {
        let Some(products) = self.tables.get("products") else { return (0.0, 0.0) };
        let end = day + self.days;
        let (sales, after) = (self.sales_between(i64::MIN, end), self.sales_between(end, i64::MAX));
        let later = Later { sales: &sales, last: end - 1, after: &after };
        learned.held_out(products, &later, &self.values)
    }

    /// The products at the prices and costs seen; one without a row of `sales` sells nothing.
    fn products(&self, seen: &Seen, sales: &Table) -> Result<Table, Faults> {
        let Some(products) = self.tables.get("products") else {
            return Err(Fault::error(Code::MissingTable, "products", "products is needed").into());
        };
        let stated = |name: &str, row: usize| products.number(name).map_or(f64::NAN, |all| all[row]);
        let or = |seen: f64, stated: f64| if seen.is_nan() { stated } else { seen };
        let sold = self.sold(sales);
        let quantity = |row: usize| {
            let code = products.text("product").map_or("", |codes| codes.get(row));
            if sold.contains(code) { f64::NAN } else { 0.0 }
        };
        let rows = 0..products.len();
        Ok(products
            .clone()
            .with_number("price", rows.clone().map(|row| or(seen.price[row], stated("price", row))))
            .with_number("unit_cost", rows.clone().map(|row| or(seen.cost[row], stated("unit_cost", row))))
            .with_number("quantity", rows.map(quantity)))
    }
}
