//! Given a plan, find the linear program of its continuous part: quantities,
//! stock and shortage in every scenario, with what is whole held as planned.
//!
//! Method: sample average approximation, Shapiro, Dentcheva and Ruszczynski
//! (2009), "Lectures on Stochastic Programming", doi:10.1137/1.9780898718751,
//! chapter 5, written out scenario by scenario. What is whole is held at the
//! plan: which lines with a cost or least quantity and which orders are placed,
//! which source and price step each line has. Quantities move freely (order
//! multiples are left out), so that a limit has a worth; so do lines that the
//! plan leaves out where they would cost nothing to place.
//! Cost: two columns and a row a scenario and bucket of each stock point with a line.
//! Use the prices of [`plan`](super::plan) instead above [`MOST_CELLS`] cells.
//! Not for: quantities of stock points where stock expires; they are held as planned.
//! Same input gives the same answer: yes.
//! Differs from the textbook: none.

use std::collections::{BTreeMap, BTreeSet};

use good_lp::{Expression, ProblemVariables, Variable, constraint, variable};

use super::super::plan::{OrderLine, Plan};
use super::super::problem::Problem;
use super::super::scenarios::Scenarios;
use super::super::simulate::simulate;
use super::limits::Family;
use crate::optimize::milp::{Model, RowLabel};

/// Scenario cells (lines' stock points x scenarios x buckets) up to which the program is written out.
pub(crate) const MOST_CELLS: usize = 15_000;

/// What a row of the program holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// A limit that stock points can share.
    Shared(Family),
    /// Least quantity of a pair from a source.
    Moq(usize, usize),
}

/// A line as columns or, where it is held, as constants.
pub(crate) struct Line {
    pub pair: usize,
    pub source: usize,
    pub bucket: usize,
    pub quantity: Variable,
    /// Whether it is ordered, 0 or 1.
    pub on: Expression,
    /// Money paid.
    pub money: Expression,
    /// Whether its quantity is that of the plan.
    pub is_fixed: bool,
}

/// The program with the rows that state limits.
pub(crate) struct Compact {
    pub model: Model,
    /// Whether multiples of a unit or more are left out of it.
    pub without_multiples: bool,
    /// Limits in the order of their rows, which are the last of the model.
    pub held: Vec<(Held, usize)>,
}

/// The program around `plan`; `None` where it is too large or there is nothing to move.
pub(crate) fn around(problem: &Problem, scenarios: &Scenarios, plan: &Plan) -> Option<Compact> {
    let mut columns = ProblemVariables::new();
    let mut lines: Vec<Line> = plan.lines.iter().map(|line| held_line(problem, line, &mut columns)).collect();
    let moving: BTreeSet<usize> =
        lines.iter().map(|line| line.pair).filter(|&pair| !expires(problem, pair)).collect();
    let cells = |pairs: usize| pairs * scenarios.count * problem.horizon;
    if moving.is_empty() || cells(moving.len()) > MOST_CELLS {
        return None;
    }
    let others = (0..problem.pairs.len()).filter(|pair| plan.of_pair(*pair).is_empty());
    let others = others.filter(|&pair| !expires(problem, pair) && problem.pairs[pair].sources.len() == 1);
    let room = MOST_CELLS / cells(1).max(1) - moving.len();
    for pair in moving.iter().copied().chain(others.take(room)) {
        add_open_lines(problem, plan, pair, &mut columns, &mut lines);
    }
    let mut writer = Writer::new(problem, scenarios, columns);
    for line in lines.iter().filter(|line| !line.is_fixed) {
        let moq = problem.pairs[line.pair].sources[line.source].moq;
        if moq > 0.0 {
            writer.limit(Held::Moq(line.pair, line.source), constraint!(line.quantity >= moq));
        }
    }
    writer.without_multiples = lines
        .iter()
        .any(|line| !line.is_fixed && problem.pairs[line.pair].sources[line.source].multiple >= 1.0);
    writer.orders(&lines, |_, _, _| Expression::from(1.0));
    writer.shares(&lines);
    writer.stock(&lines);
    writer.room(&lines, plan);
    Some(writer.finish())
}

/// Whether stock of a pair expires.
fn expires(problem: &Problem, pair: usize) -> bool {
    let pair = &problem.pairs[pair];
    problem.items[pair.item].shelf_life.is_some() || pair.lots.iter().any(|lot| lot.1.is_some())
}

/// Lines that the plan leaves out and that cost nothing to place: no line cost and no least
/// quantity, in an order that is placed anyhow or asks for nothing.
fn add_open_lines(
    problem: &Problem,
    plan: &Plan,
    index: usize,
    columns: &mut ProblemVariables,
    lines: &mut Vec<Line>,
) {
    let pair = &problem.pairs[index];
    let planned = plan.of_pair(index);
    let at = planned.first().map_or(0, |line| line.source);
    let source = &pair.sources[at];
    let supplier = &problem.suppliers[source.supplier];
    let is_free = supplier.order_cost <= 0.0 && supplier.minimum_money <= 0.0 && supplier.minimum_m3 <= 0.0;
    if source.moq > 0.0 || source.line_cost > 0.0 || planned.iter().any(|line| line.source != at) {
        return;
    }
    for bucket in 0..problem.horizon {
        let is_placed = |line: &OrderLine| {
            line.bucket == bucket && problem.pairs[line.pair].sources[line.source].supplier == source.supplier
        };
        let is_taken = planned.iter().any(|line| line.bucket == bucket)
            || pair.locks.iter().any(|lock| lock.bucket == bucket);
        if is_taken
            || !problem.may_order(pair, source, bucket)
            || !(is_free || plan.lines.iter().any(is_placed))
        {
            continue;
        }
        let next = source.breaks(bucket).map(|step| step.quantity).find(|from| *from > 0.0);
        let quantity = columns.add(variable().min(0.0).max(next.unwrap_or(f64::INFINITY)));
        let money = source.price(bucket, 0.0) * quantity;
        let on = Expression::from(1.0);
        lines.push(Line { pair: index, source: at, bucket, quantity, on, money, is_fixed: false });
    }
}

/// A line held on, within the price step that it reaches.
fn held_line(problem: &Problem, line: &OrderLine, columns: &mut ProblemVariables) -> Line {
    let pair = &problem.pairs[line.pair];
    let source = &pair.sources[line.source];
    let is_locked = pair.locks.iter().any(|lock| (lock.bucket, lock.source) == (line.bucket, line.source));
    let reached = |from: f64| from <= line.quantity * (1.0 + 1e-9);
    let from = source.breaks(line.bucket).map(|step| step.quantity).filter(|from| reached(*from)).last();
    let next = source.breaks(line.bucket).map(|step| step.quantity).find(|from| !reached(*from));
    let is_fixed = is_locked || expires(problem, line.pair);
    let (least, most) = if is_fixed {
        (line.quantity, line.quantity)
    } else {
        (from.unwrap_or(0.0), next.unwrap_or(f64::INFINITY))
    };
    let quantity = columns.add(variable().min(least).max(most));
    let price = source.price(line.bucket, line.quantity);
    Line {
        pair: line.pair,
        source: line.source,
        bucket: line.bucket,
        quantity,
        on: Expression::from(1.0),
        money: price * quantity,
        is_fixed,
    }
}

/// Writes the program: columns and objective first, rows kept until then.
pub(crate) struct Writer<'a> {
    problem: &'a Problem,
    scenarios: &'a Scenarios,
    pub columns: ProblemVariables,
    pub cost: Expression,
    pub rules: Vec<good_lp::Constraint>,
    limits: Vec<(Held, good_lp::Constraint)>,
    without_multiples: bool,
    /// Stock carried out of each bucket, by pair: `stock[pair][scenario * horizon + bucket]`.
    carried: BTreeMap<usize, Vec<Variable>>,
}

impl<'a> Writer<'a> {
    pub fn new(problem: &'a Problem, scenarios: &'a Scenarios, columns: ProblemVariables) -> Self {
        let cost = Expression::from(0.0);
        let (rules, limits, carried) = (Vec::new(), Vec::new(), BTreeMap::new());
        Writer { problem, scenarios, columns, cost, rules, limits, without_multiples: false, carried }
    }

    pub fn limit(&mut self, held: Held, row: good_lp::Constraint) {
        self.limits.push((held, row));
    }

    /// Order costs, budgets, capacities and minimums; `header` tells whether an order is placed.
    pub fn orders(
        &mut self,
        lines: &[Line],
        mut header: impl FnMut(&mut Self, (usize, usize), &[&Line]) -> Expression,
    ) {
        let problem = self.problem;
        let mut orders: BTreeMap<(usize, usize), Vec<&Line>> = BTreeMap::new();
        let (mut spend, mut spend_with) = (Expression::from(0.0), BTreeMap::new());
        for line in lines {
            let pair = &problem.pairs[line.pair];
            let source = &pair.sources[line.source];
            orders.entry((source.supplier, line.bucket)).or_default().push(line);
            self.cost +=
                line.money.clone() - pair.reference_cost * line.quantity + source.line_cost * line.on.clone();
            spend += line.money.clone();
            *spend_with.entry(source.supplier).or_insert_with(|| Expression::from(0.0)) += line.money.clone();
        }
        if let Some((budget, _)) = &problem.budget {
            self.limit(Held::Shared(Family::Budget), constraint!(spend <= *budget));
        }
        for (at, money) in spend_with {
            if let Some(budget) = problem.suppliers[at].budget {
                self.limit(Held::Shared(Family::SupplierBudget(at)), constraint!(money <= budget));
            }
        }
        for ((at, bucket), lines) in orders {
            let placed = header(self, (at, bucket), &lines);
            self.order(at, bucket, &lines, placed);
        }
    }

    /// What one order must keep.
    fn order(&mut self, at: usize, bucket: usize, lines: &[&Line], placed: Expression) {
        let supplier = &self.problem.suppliers[at];
        let item = |line: &Line| &self.problem.items[self.problem.pairs[line.pair].item];
        let sum = |of: &dyn Fn(&Line) -> Expression| {
            lines.iter().fold(Expression::from(0.0), |sum, line| sum + of(line))
        };
        let units = sum(&|line| 1.0 * line.quantity);
        let volume = sum(&|line| item(line).volume_m3 * line.quantity);
        let weight = sum(&|line| item(line).weight_kg * line.quantity);
        let money = sum(&|line| line.money.clone());
        self.cost += supplier.order_cost * placed.clone();
        let most = [
            (supplier.capacity_units, units, Family::CapacityUnits(at, bucket)),
            (supplier.capacity_m3, volume.clone(), Family::CapacityVolume(at, bucket)),
            (supplier.capacity_kg, weight, Family::CapacityWeight(at, bucket)),
        ];
        for (limit, used, family) in most {
            if let Some(limit) = limit {
                self.limit(Held::Shared(family), constraint!(used <= limit));
            }
        }
        let least = [
            (supplier.minimum_money, money, Family::MinimumMoney(at, bucket)),
            (supplier.minimum_m3, volume, Family::MinimumVolume(at, bucket)),
        ];
        for (limit, reached, family) in least {
            if limit > 0.0 {
                // The limit stands alone on the right where the order is placed, so that the
                // row's worth is that of one more unit of it.
                self.limit(
                    Held::Shared(family),
                    constraint!(reached + limit * (1.0 - placed.clone()) >= limit),
                );
            }
        }
    }

    /// Parts of split orders, as near to their shares as the check asks.
    fn shares(&mut self, lines: &[Line]) {
        let mut orders: BTreeMap<(usize, usize), Vec<&Line>> = BTreeMap::new();
        for line in lines.iter().filter(|line| !line.is_fixed) {
            orders.entry((line.pair, line.bucket)).or_default().push(line);
        }
        for ((pair, _), lines) in orders {
            let sources = &self.problem.pairs[pair].sources;
            let shares: f64 = sources.iter().filter_map(|source| source.share).sum();
            if lines.len() < 2 || shares <= 0.0 {
                continue;
            }
            let slack = sources.iter().map(|source| source.multiple.max(source.moq)).fold(0.0, f64::max);
            let total = lines.iter().fold(Expression::from(0.0), |sum, line| sum + line.quantity);
            for line in lines {
                let share = sources[line.source].share.unwrap_or(0.0) / shares;
                self.rules.push(constraint!(line.quantity - share * total.clone() <= slack));
                self.rules.push(constraint!(line.quantity - share * total.clone() >= -slack));
            }
        }
    }

    /// Stock and shortage of the pairs with a line in every scenario.
    pub fn stock(&mut self, lines: &[Line]) {
        let mut of_pair: BTreeMap<usize, Vec<&Line>> = BTreeMap::new();
        for line in lines.iter().filter(|line| !expires(self.problem, line.pair)) {
            of_pair.entry(line.pair).or_default().push(line);
        }
        for (pair, lines) in of_pair {
            let carried: Vec<Variable> =
                (0..self.scenarios.count).flat_map(|scenario| self.course(pair, &lines, scenario)).collect();
            self.carried.insert(pair, carried);
        }
    }

    /// Stock at the end of each bucket of one scenario.
    fn course(&mut self, index: usize, lines: &[&Line], scenario: usize) -> Vec<Variable> {
        let problem = self.problem;
        let pair = &problem.pairs[index];
        let item = &problem.items[pair.item];
        let sample = &self.scenarios.pairs[index];
        let weight = 1.0 / self.scenarios.count as f64;
        let on_hand: f64 = pair.lots.iter().map(|(quantity, _)| quantity).sum();
        let mut net = Expression::from(on_hand - pair.backorder);
        let mut carried = Vec::new();
        for (bucket, &units) in sample.path(scenario, problem.horizon).iter().enumerate() {
            let owed = if item.lost_sales && bucket == 0 { pair.backorder } else { 0.0 };
            let demand = f64::from(units);
            let stock = self.columns.add(variable().min(0.0));
            let most = if item.lost_sales { demand + owed } else { f64::INFINITY };
            let unmet = self.columns.add(variable().min(0.0).max(most));
            self.cost += weight * item.holding_cost * stock + weight * sample.shortage_cost * unmet;
            let arriving = self.arriving(lines, bucket, scenario) + pair.inflow[bucket];
            self.rules.push(constraint!(stock - unmet == net + arriving - demand));
            net = if item.lost_sales { Expression::from(stock) } else { stock - unmet };
            carried.push(stock);
        }
        carried
    }

    /// Usable units of the lines that arrive in a bucket of a scenario.
    fn arriving(&self, lines: &[&Line], bucket: usize, scenario: usize) -> Expression {
        let here = lines.iter().filter(|line| self.arrival(line, scenario) == Some(bucket));
        here.fold(Expression::from(0.0), |sum, line| {
            sum + self.problem.pairs[line.pair].sources[line.source].supply_fill * line.quantity
        })
    }

    fn arrival(&self, line: &Line, scenario: usize) -> Option<usize> {
        let source = &self.problem.pairs[line.pair].sources[line.source];
        let certain = source.lead_time_days.first().map_or(0, |(days, _)| *days);
        let sample = &self.scenarios.pairs[line.pair].lead_time_days;
        let days = match source.lead_time_days.len() {
            0 | 1 => certain,
            _ => sample.get(line.source * self.scenarios.count + scenario).map_or(certain, |d| u32::from(*d)),
        };
        let at = self.problem.arrival_bucket(source, line.bucket, days);
        usize::try_from(at).ok().filter(|at| *at < self.problem.horizon)
    }

    /// Room at the locations: pairs without a line take what they take under `plan`.
    pub fn room(&mut self, lines: &[Line], plan: &Plan) {
        let (problem, scenarios) = (self.problem, self.scenarios);
        let weight = 1.0 / scenarios.count.max(1) as f64;
        for (at, location) in problem.locations.iter().enumerate() {
            let Some(room) = location.storage_m3 else { continue };
            let mut used = vec![Expression::from(0.0); problem.horizon];
            for (index, pair) in problem.pairs.iter().enumerate().filter(|(_, pair)| pair.location == at) {
                let volume = problem.volume_m3(pair);
                if volume <= 0.0 {
                    continue;
                }
                let Some(carried) = self.carried.get(&index) else {
                    let trace = simulate(problem, scenarios, index, plan.of_pair(index));
                    let stock = trace.after_arrivals.iter();
                    used.iter_mut().zip(stock).for_each(|(used, units)| *used += volume * units);
                    continue;
                };
                let of: Vec<&Line> = lines.iter().filter(|line| line.pair == index).collect();
                let on_hand: f64 = pair.lots.iter().map(|(quantity, _)| quantity).sum();
                for (bucket, used) in used.iter_mut().enumerate() {
                    *used += volume * pair.inflow[bucket] + if bucket == 0 { volume * on_hand } else { 0.0 };
                    for scenario in 0..scenarios.count {
                        *used += weight * volume * self.arriving(&of, bucket, scenario);
                        if bucket > 0 {
                            *used += weight * volume * carried[scenario * problem.horizon + bucket - 1];
                        }
                    }
                }
            }
            for (bucket, used) in used.into_iter().enumerate() {
                self.limit(Held::Shared(Family::Storage(at, bucket)), constraint!(used <= room));
            }
        }
    }

    /// The program.
    pub fn finish(self) -> Compact {
        let mut model = Model::minimise(self.columns, self.cost);
        for rule in self.rules {
            model.row(RowLabel::new("balance"), rule);
        }
        let held =
            self.limits.into_iter().map(|(held, row)| (held, model.row(RowLabel::new(family(held)), row).0));
        let held = held.collect();
        Compact { model, without_multiples: self.without_multiples, held }
    }
}

fn family(held: Held) -> &'static str {
    match held {
        Held::Shared(family) => super::family_name(family),
        Held::Moq(..) => "moq",
    }
}
