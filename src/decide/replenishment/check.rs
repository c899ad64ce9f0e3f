//! Prices and verifies any plan, the product's own or a person's, straight from
//! the problem and the scenarios. It knows nothing of the model.
//!
//! One function a rule, named as in the contract; every breach is told with the
//! input row that states the limit. `simulate.rs` recomputes what happens.

use rayon::prelude::*;

use super::plan::{OrderLine, Plan};
use super::problem::{Place, Problem};
use super::scenarios::Scenarios;
use super::simulate::{Trace, simulate};
use super::words::in_bucket;
use crate::control::Control;
use crate::decide::{CheckReport, Violation};

/// Relative slack of a limit.
const SLACK: f64 = 1e-6;

/// The cost of a plan by its terms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Stock at the ends of buckets.
    pub holding_cost: f64,
    /// Units lost or waiting.
    pub shortage_cost: f64,
    /// Units expired.
    pub waste_cost: f64,
    /// Order headers and lines.
    pub order_cost: f64,
    /// Money paid above the lowest price.
    pub purchase_variance: f64,
    /// Changes of the plan given as start.
    pub stability: f64,
}

impl Cost {
    /// All terms together: the objective.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.holding_cost
            + self.shortage_cost
            + self.waste_cost
            + self.order_cost
            + self.purchase_variance
            + self.stability
    }

    fn add(&mut self, other: &Cost) {
        self.holding_cost += other.holding_cost;
        self.shortage_cost += other.shortage_cost;
        self.waste_cost += other.waste_cost;
        self.order_cost += other.order_cost;
        self.purchase_variance += other.purchase_variance;
        self.stability += other.stability;
    }
}

/// A plan checked: its cost, what happens at every stock point, and every broken rule.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checked {
    /// Cost of the whole plan.
    pub cost: Cost,
    /// Cost of each stock point; order headers are shared by the value of their lines.
    pub pair_costs: Vec<Cost>,
    /// What happens at each stock point.
    pub traces: Vec<Trace>,
    /// Broken rules.
    pub violations: Vec<Violation>,
}

impl Checked {
    /// The report that people and programs read.
    pub fn report(&self) -> CheckReport {
        CheckReport {
            feasible: self.violations.is_empty(),
            objective: Some(self.cost.total()),
            violations: self.violations.clone(),
        }
    }
}

/// Checks `plan` against every rule and prices it; `earlier` is the plan given as start.
pub(crate) fn check(
    problem: &Problem,
    scenarios: &Scenarios,
    plan: &Plan,
    earlier: Option<&Plan>,
    control: &Control,
) -> Checked {
    let traces: Vec<Trace> = control.install(|| {
        (0..problem.pairs.len())
            .into_par_iter()
            .map(|index| simulate(problem, scenarios, index, plan.of_pair(index)))
            .collect()
    });
    let mut pair_costs: Vec<Cost> = traces
        .iter()
        .enumerate()
        .map(|(index, trace)| stock_cost(problem, scenarios, index, trace))
        .collect();
    add_order_costs(problem, plan, &mut pair_costs);
    add_stability(problem, plan, earlier, &mut pair_costs);
    let mut cost = Cost::default();
    pair_costs.iter().for_each(|part| cost.add(part));

    let mut breaches = Breaches { problem, list: Vec::new() };
    for line in &plan.lines {
        breaches.moq(line);
        breaches.order_multiple(line);
        breaches.order_days(line);
        breaches.frozen_horizon(line);
        breaches.life_cycle(line);
    }
    breaches.locks(plan);
    breaches.shares(plan);
    breaches.budget(plan);
    breaches.suppliers(plan);
    breaches.storage(&traces);
    Checked { cost, pair_costs, traces, violations: breaches.list }
}

fn stock_cost(problem: &Problem, scenarios: &Scenarios, index: usize, trace: &Trace) -> Cost {
    let item = &problem.items[problem.pairs[index].item];
    Cost {
        holding_cost: item.holding_cost * trace.stock.iter().sum::<f64>(),
        shortage_cost: scenarios.pairs[index].shortage_cost * trace.unmet.iter().sum::<f64>(),
        waste_cost: item.waste_cost * trace.waste.iter().sum::<f64>(),
        ..Cost::default()
    }
}

/// Money paid for a line.
pub(crate) fn line_value(problem: &Problem, line: &OrderLine) -> f64 {
    let source = &problem.pairs[line.pair].sources[line.source];
    line.quantity * source.price(line.bucket, line.quantity)
}

/// Lines of each order: those of one supplier in one bucket.
fn orders_of<'p>(problem: &Problem, plan: &'p Plan) -> Vec<((usize, usize), Vec<&'p OrderLine>)> {
    let mut orders = std::collections::BTreeMap::new();
    for line in &plan.lines {
        let supplier = problem.pairs[line.pair].sources[line.source].supplier;
        orders.entry((supplier, line.bucket)).or_insert_with(Vec::new).push(line);
    }
    orders.into_iter().collect()
}

fn add_order_costs(problem: &Problem, plan: &Plan, costs: &mut [Cost]) {
    for ((supplier, _), lines) in orders_of(problem, plan) {
        let total: f64 = lines.iter().map(|line| line_value(problem, line)).sum();
        for line in &lines {
            let pair = &problem.pairs[line.pair];
            let source = &pair.sources[line.source];
            let value = line_value(problem, line);
            let share = if total > 0.0 { value / total } else { 1.0 / lines.len() as f64 };
            costs[line.pair].order_cost += problem.suppliers[supplier].order_cost * share + source.line_cost;
            costs[line.pair].purchase_variance += value - pair.reference_cost * line.quantity;
        }
    }
}

fn add_stability(problem: &Problem, plan: &Plan, earlier: Option<&Plan>, costs: &mut [Cost]) {
    let Some(earlier) = earlier.filter(|_| problem.stability_penalty > 0.0) else { return };
    for (index, cost) in costs.iter_mut().enumerate() {
        let (now, before) = (plan.of_pair(index), earlier.of_pair(index));
        let same = |a: &OrderLine, b: &OrderLine| (a.bucket, a.source) == (b.bucket, b.source);
        let moved: f64 = now
            .iter()
            .map(|line| {
                (line.quantity - before.iter().find(|b| same(line, b)).map_or(0.0, |b| b.quantity)).abs()
            })
            .sum();
        let gone: f64 =
            before.iter().filter(|b| !now.iter().any(|line| same(line, b))).map(|line| line.quantity).sum();
        cost.stability = problem.stability_penalty * (moved + gone);
    }
}

struct Breaches<'a> {
    problem: &'a Problem,
    list: Vec<Violation>,
}

impl Breaches<'_> {
    fn add(&mut self, rule: &str, amount: f64, place: &Place, text: String) {
        let stated = match (place.file.as_str(), place.row) {
            ("", _) => String::new(),
            (file, 0) => format!(" ({file})"),
            (file, row) => format!(" ({file}:{row})"),
        };
        self.list.push(Violation { rule: rule.to_owned(), text: format!("{text}{stated}"), amount });
    }

    fn name(&self, line: &OrderLine) -> String {
        let pair = &self.problem.pairs[line.pair];
        let day = self.problem.buckets.start_of(line.bucket as i64);
        format!("{} of {day}", self.problem.pair_name(pair))
    }

    fn is_locked(&self, line: &OrderLine) -> bool {
        let locks = &self.problem.pairs[line.pair].locks;
        locks.iter().any(|lock| lock.bucket == line.bucket && lock.source == line.source)
    }

    fn moq(&mut self, line: &OrderLine) {
        let source = &self.problem.pairs[line.pair].sources[line.source];
        if line.quantity < source.moq * (1.0 - SLACK) && !self.is_locked(line) {
            let text = format!(
                "{}: {} is less than the least quantity {}",
                self.name(line),
                line.quantity,
                source.moq
            );
            let place = source.place.clone();
            self.add("moq", source.moq - line.quantity, &place, text);
        }
    }

    fn order_multiple(&mut self, line: &OrderLine) {
        let source = &self.problem.pairs[line.pair].sources[line.source];
        let multiples = line.quantity / source.multiple;
        let off = (multiples - multiples.round()).abs() * source.multiple;
        if off > SLACK * line.quantity.max(source.multiple) && !self.is_locked(line) {
            let text = format!(
                "{}: {} is not a whole multiple of {}",
                self.name(line),
                line.quantity,
                source.multiple
            );
            let place = source.place.clone();
            self.add("order_multiple", off, &place, text);
        }
    }

    fn order_days(&mut self, line: &OrderLine) {
        let source = &self.problem.pairs[line.pair].sources[line.source];
        if self.problem.order_date(source, line.bucket).is_none() && !self.is_locked(line) {
            let supplier = &self.problem.suppliers[source.supplier];
            let text = format!("{}: {} takes no order in this bucket", self.name(line), supplier.code);
            let place = supplier.place.clone();
            self.add("order_days", line.quantity, &place, text);
        }
    }

    fn frozen_horizon(&mut self, line: &OrderLine) {
        if line.bucket < self.problem.frozen_horizon && !self.is_locked(line) {
            let text = format!("{}: lies in the frozen horizon", self.name(line));
            self.add("frozen_horizon", line.quantity, &Place::default(), text);
        }
    }

    fn life_cycle(&mut self, line: &OrderLine) {
        let pair = &self.problem.pairs[line.pair];
        let source = &pair.sources[line.source];
        let item = &self.problem.items[pair.item];
        let shortest = source.lead_time_days.iter().map(|(days, _)| *days).min().unwrap_or(0);
        let arrives = self.problem.arrival_bucket(source, line.bucket, shortest);
        if item.end.is_some_and(|end| arrives >= end) && !self.is_locked(line) {
            let text = format!("{}: arrives after the item's end of life", self.name(line));
            let place = item.place.clone();
            self.add("life_cycle", line.quantity, &place, text);
        }
    }

    fn locks(&mut self, plan: &Plan) {
        for (index, pair) in self.problem.pairs.iter().enumerate() {
            for lock in &pair.locks {
                let planned: f64 = plan
                    .of_pair(index)
                    .iter()
                    .filter(|line| line.bucket == lock.bucket && line.source == lock.source)
                    .map(|line| line.quantity)
                    .sum();
                let off = (planned - lock.quantity).abs();
                if off > SLACK * lock.quantity.max(1.0) {
                    let day = self.problem.buckets.start_of(lock.bucket as i64);
                    let text = format!(
                        "{} of {day}: {planned} is planned, {} is locked",
                        self.problem.pair_name(pair),
                        lock.quantity
                    );
                    self.add("locks", off, &lock.place, text);
                }
            }
        }
    }

    fn shares(&mut self, plan: &Plan) {
        for (index, pair) in self.problem.pairs.iter().enumerate() {
            let lines = plan.of_pair(index);
            let total: f64 = pair.sources.iter().filter_map(|source| source.share).sum();
            if !pair.is_split() {
                if !self.problem.may_combine(pair) {
                    self.one_source(index, lines);
                }
                continue;
            }
            let slack =
                pair.sources.iter().map(|s| s.multiple.max(s.moq)).fold(0.0, f64::max) * (1.0 + SLACK);
            for bucket in 0..self.problem.horizon {
                let of = |source: usize| -> f64 {
                    let here = lines.iter().filter(|line| line.bucket == bucket && line.source == source);
                    here.map(|line| line.quantity).sum()
                };
                let all: f64 = (0..pair.sources.len()).map(of).sum();
                for (source, stated) in pair.sources.iter().enumerate() {
                    let wanted = all * stated.share.unwrap_or(0.0) / total;
                    let off = (of(source) - wanted).abs();
                    if off > slack {
                        let day = self.problem.buckets.start_of(bucket as i64);
                        let name = self.problem.pair_name(pair);
                        let text =
                            format!("{name} of {day}: {} instead of the share {wanted:.2}", of(source));
                        self.add("shares", off, &stated.place, text);
                    }
                }
            }
        }
    }

    fn one_source(&mut self, index: usize, lines: &[OrderLine]) {
        let Some(first) = lines.first().map(|line| line.source) else { return };
        if let Some(other) = lines.iter().find(|line| line.source != first) {
            let pair = &self.problem.pairs[index];
            let text = format!("{}: is bought from two sources without shares", self.problem.pair_name(pair));
            let place = pair.sources[other.source].place.clone();
            self.add("shares", other.quantity, &place, text);
        }
    }

    fn at_most(&mut self, rule: &str, used: f64, limit: f64, place: &Place, name: &str) {
        if used > limit + SLACK * limit.abs().max(1.0) {
            self.add(rule, used - limit, place, format!("{name}: {used:.2} is more than {limit:.2}"));
        }
    }

    fn budget(&mut self, plan: &Plan) {
        if let Some((budget, place)) = &self.problem.budget {
            let spend: f64 = plan.lines.iter().map(|line| line_value(self.problem, line)).sum();
            self.at_most("budget", spend, *budget, &place.clone(), "budget");
        }
    }

    /// Budgets of suppliers, capacities and minimums of their orders.
    fn suppliers(&mut self, plan: &Plan) {
        let problem = self.problem;
        let mut spend = vec![0.0; problem.suppliers.len()];
        for ((index, bucket), lines) in orders_of(problem, plan) {
            let supplier = &problem.suppliers[index];
            let sum = |of: &dyn Fn(&OrderLine) -> f64| lines.iter().map(|line| of(line)).sum::<f64>();
            let item = |line: &OrderLine| &problem.items[problem.pairs[line.pair].item];
            let money = sum(&|line| line_value(problem, line));
            let volume = sum(&|line| line.quantity * item(line).volume_m3);
            spend[index] += money;
            let day = problem.buckets.start_of(bucket as i64);
            let capacities = [
                (supplier.capacity_units, sum(&|line| line.quantity), "units"),
                (supplier.capacity_m3, volume, "m3"),
                (supplier.capacity_kg, sum(&|line| line.quantity * item(line).weight_kg), "kg"),
            ];
            for (limit, used, unit) in capacities {
                if let Some(limit) = limit {
                    let name =
                        format!("capacity of {} in {unit} {}", supplier.code, in_bucket(problem, bucket));
                    self.at_most("supplier_capacity", used, limit, &supplier.place, &name);
                }
            }
            for (least, reached, unit) in
                [(supplier.minimum_money, money, "money"), (supplier.minimum_m3, volume, "m3")]
            {
                if reached < least * (1.0 - SLACK) {
                    let text = format!(
                        "order to {} of {day}: {reached:.2} {unit} is less than {least:.2}",
                        supplier.code
                    );
                    self.add("order_minimum", least - reached, &supplier.place, text);
                }
            }
        }
        for (supplier, spend) in problem.suppliers.iter().zip(spend) {
            if let Some(budget) = supplier.budget {
                let name = format!("budget with {}", supplier.code);
                self.at_most("supplier_budget", spend, budget, &supplier.place, &name);
            }
        }
    }

    fn storage(&mut self, traces: &[Trace]) {
        for (at, location) in self.problem.locations.iter().enumerate() {
            let Some(room) = location.storage_m3 else { continue };
            let here: Vec<usize> =
                (0..traces.len()).filter(|&index| self.problem.pairs[index].location == at).collect();
            for bucket in 0..self.problem.horizon {
                let used: f64 = here
                    .iter()
                    .map(|&index| {
                        let pair = &self.problem.pairs[index];
                        traces[index].after_arrivals[bucket] * self.problem.volume_m3(pair)
                    })
                    .sum();
                let name = format!("storage of {} {}", location.code, in_bucket(self.problem, bucket));
                self.at_most("storage", used, room, &location.place, &name);
            }
        }
    }
}
