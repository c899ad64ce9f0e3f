//! The order lines that agreed orders bring into play, as columns and rows of
//! the program of the limits.

use std::collections::{BTreeMap, BTreeSet};

use super::super::problem::{Problem, Source};
use super::collide::{LINES_APART, Limits, Locks};
use super::rule::Rule;
use crate::optimize::milp::{ColumnKind, Member, Side};

/// A line: its columns, and what it costs.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub pair: usize,
    pub source: usize,
    pub supplier: usize,
    pub bucket: usize,
    /// Column of its quantity.
    pub quantity: usize,
    /// Column that is 1 where it is ordered.
    pub on: usize,
    /// Money for it, by column.
    pub money: Vec<(usize, f64)>,
}

impl Line {
    /// In place of the pair, for lines that are taken together.
    pub const OTHERS: usize = usize::MAX;
}

/// A supplier and a bucket.
type Order = (usize, usize);

/// Adds the lines, order by order.
pub(super) struct Lines<'l, 'a> {
    limits: &'l mut Limits<'a>,
    problem: &'a Problem,
    locks: Locks,
    /// Pairs and sources at each supplier.
    buyers: Vec<Vec<(usize, usize)>>,
}

impl<'l, 'a> Lines<'l, 'a> {
    pub fn new(limits: &'l mut Limits<'a>, locks: Locks) -> Self {
        let problem = limits.problem;
        let mut buyers = vec![Vec::new(); problem.suppliers.len()];
        for (pair, of) in problem.pairs.iter().enumerate() {
            for (source, stated) in of.sources.iter().enumerate() {
                buyers[stated.supplier].push((pair, source));
            }
        }
        Lines { limits, problem, locks, buyers }
    }

    /// Adds all lines of all orders that agreed lines open.
    pub fn add_all(mut self) -> Vec<Line> {
        let mut all = Vec::new();
        for (order, lines) in self.orders() {
            let (apart, others) = lines.split_at(lines.len().min(LINES_APART));
            let from = all.len();
            for &(pair, source) in apart {
                self.add_lock(pair, source, order.1, &mut all);
                self.add_open(pair, source, order.1, &mut all);
            }
            self.add_others(order, others, &mut all);
            self.add_order(order, &all[from..]);
        }
        all
    }

    /// The orders with an agreed line, with the lines that can be in them: those agreed first, then
    /// those of split pairs, then those that can fill the order up to a minimum.
    fn orders(&self) -> BTreeMap<Order, Vec<(usize, usize)>> {
        let mut needed: BTreeMap<Order, BTreeSet<(usize, usize)>> = BTreeMap::new();
        for (pair, of) in self.problem.pairs.iter().enumerate() {
            for lock in of.locks.iter().filter(|lock| lock.bucket < self.problem.horizon) {
                let order = (of.sources[lock.source].supplier, lock.bucket);
                needed.entry(order).or_default().insert((pair, lock.source));
            }
        }
        let mut lines: BTreeMap<Order, Vec<(usize, usize)>> = BTreeMap::new();
        let mut open: Vec<Order> = needed.keys().copied().collect();
        while let Some(order) = open.pop() {
            let mut list: Vec<_> = needed.get(&order).into_iter().flatten().copied().collect();
            let supplier = &self.problem.suppliers[order.0];
            if supplier.minimum_money > 0.0 || supplier.minimum_m3 > 0.0 {
                let more = self.buyers[order.0].iter().filter(|line| !list.contains(line)).copied();
                let room = LINES_APART.saturating_sub(list.len());
                let more: Vec<_> = more.collect();
                list.extend(more.iter().take(room).copied());
                list.extend(more.iter().skip(room).filter(|line| self.may_fill(**line, order.1)).copied());
            }
            for &(pair, _) in
                list.iter().take(LINES_APART).filter(|(pair, _)| self.problem.pairs[*pair].is_split())
            {
                let sources = self.problem.pairs[pair].sources.iter().enumerate();
                for (source, stated) in sources.filter(|(_, stated)| stated.share.is_some_and(|s| s > 0.0)) {
                    let other = (stated.supplier, order.1);
                    if needed.entry(other).or_default().insert((pair, source)) {
                        open.push(other);
                    }
                }
            }
            lines.insert(order, list);
        }
        lines
    }

    /// Whether a line can be one of many that fill an order: open, not split, not agreed.
    fn may_fill(&self, (pair, source): (usize, usize), bucket: usize) -> bool {
        let of = &self.problem.pairs[pair];
        self.problem.may_order(of, &of.sources[source], bucket) && !of.is_split()
    }

    /// The agreed quantity of a line, where there is one.
    fn add_lock(&mut self, pair: usize, source: usize, bucket: usize, all: &mut Vec<Line>) {
        let of = &self.problem.pairs[pair];
        let agreed = of.locks.iter().position(|lock| (lock.bucket, lock.source) == (bucket, source));
        let Some(at) = agreed else { return };
        let (rule, quantity) = (Rule::Lock(pair, at), of.locks[at].quantity);
        if quantity <= 0.0 {
            return;
        }
        let line = self.columns(pair, source, bucket, quantity);
        match self.locks {
            Locks::Whole => {
                self.limits.equal(None, &[(line.quantity, 1.0), (line.on, -quantity)], 0.0);
                self.limits.at_least(Some(rule), &[(line.on, 1.0)], 1.0);
            }
            Locks::Cut => {
                let multiple = of.sources[source].multiple;
                let steps = (quantity / multiple * (1.0 + 1e-9)).floor();
                let rest = (quantity - steps * multiple).max(0.0);
                let mut whole = vec![(line.quantity, 1.0)];
                for (count, step) in [(steps, multiple), (1.0, rest)] {
                    if count < 1.0 || step < 1e-9 {
                        continue;
                    }
                    let cut = self.limits.column(count, ColumnKind::Integer);
                    whole.push((cut, step));
                    let row = self.limits.program.add_row(f64::NEG_INFINITY, 0.0, &[(cut, 1.0)]);
                    self.limits.cuts.push((rule, Member::Row { row, side: Side::Upper }, step));
                }
                self.limits.equal(None, &whole, quantity);
            }
        }
        all.push(line);
    }

    /// What can be ordered besides: nothing beside an agreed quantity of the same line.
    fn add_open(&mut self, pair: usize, source: usize, bucket: usize, all: &mut Vec<Line>) {
        let of = &self.problem.pairs[pair];
        let stated = &of.sources[source];
        let item = &self.problem.items[of.item];
        let most = self.most(pair, bucket);
        let line = self.columns(pair, source, bucket, most);
        let quantum = item.quantum;
        let steps = self.limits.column((most / stated.multiple).ceil(), ColumnKind::Integer);
        let lattice = [(line.quantity, 1.0), (steps, -stated.multiple)];
        if stated.multiple > quantum * (1.0 + 1e-9) {
            let units = self.limits.column((most / quantum).ceil(), ColumnKind::Integer);
            self.limits.equal(None, &[(line.quantity, 1.0), (units, -quantum)], 0.0);
            self.limits.equal(Some(Rule::Multiple(pair, source)), &lattice, 0.0);
        } else {
            self.limits.equal(None, &lattice, 0.0);
        }
        if stated.moq > 0.0 {
            let reached = [(line.quantity, 1.0), (line.on, -stated.moq)];
            self.limits.at_least(Some(Rule::Moq(pair, source)), &reached, 0.0);
        }
        for rule in self.blocks(pair, stated, bucket) {
            self.limits.at_most(Some(rule), &[(line.on, 1.0)], 0.0);
        }
        if let Some(agreed) = all.last().filter(|other| (other.pair, other.source) == (pair, source))
            && agreed.bucket == bucket
        {
            self.limits.at_most(None, &[(line.on, 1.0), (agreed.on, 1.0)], 1.0);
        }
        all.push(line);
    }

    /// Rules that keep a new line out of a bucket.
    fn blocks(&self, pair: usize, source: &Source, bucket: usize) -> Vec<Rule> {
        let item = self.problem.pairs[pair].item;
        let shortest = source.lead_time_days.iter().map(|(days, _)| *days).min().unwrap_or(0);
        let arrives = self.problem.arrival_bucket(source, bucket, shortest);
        let is_late = self.problem.items[item].end.is_some_and(|end| arrives >= end);
        [
            (bucket < self.problem.frozen_horizon, Rule::Frozen),
            (self.problem.order_date(source, bucket).is_none(), Rule::OrderDays(source.calendar)),
            (is_late, Rule::EndOfLife(item)),
        ]
        .into_iter()
        .filter_map(|(blocked, rule)| blocked.then_some(rule))
        .collect()
    }

    /// More of a pair than any minimum, share or agreed order can ask for in a bucket.
    fn most(&self, pair: usize, bucket: usize) -> f64 {
        let of = &self.problem.pairs[pair];
        let volume = self.problem.volume_m3(of);
        let total: f64 = of.sources.iter().filter_map(|source| source.share).sum();
        let slack = of.sources.iter().map(|source| source.multiple.max(source.moq)).fold(0.0, f64::max);
        let asked = of.sources.iter().enumerate().map(|(at, source)| {
            let supplier = &self.problem.suppliers[source.supplier];
            let price = source.breaks(bucket).map(|step| step.unit_cost).fold(f64::INFINITY, f64::min);
            let mut most = source.moq + source.multiple;
            if price > 0.0 && price.is_finite() {
                most += supplier.minimum_money / price;
            }
            if volume > 0.0 {
                most += supplier.minimum_m3 / volume;
            }
            let agreed = of.locks.iter().filter(|lock| (lock.bucket, lock.source) == (bucket, at));
            most += agreed.map(|lock| lock.quantity + slack).sum::<f64>();
            let share = source.share.filter(|_| total > 0.0).map_or(1.0, |share| share / total);
            if share > 0.0 { most / share } else { most }
        });
        asked.sum::<f64>() + 2.0 * slack
    }

    /// Columns of a line of at most `most`, with its price.
    fn columns(&mut self, pair: usize, source: usize, bucket: usize, most: f64) -> Line {
        let stated = &self.problem.pairs[pair].sources[source];
        let quantum = self.problem.items[self.problem.pairs[pair].item].quantum;
        let quantity = self.limits.column(most, ColumnKind::Continuous);
        let on = self.limits.column(1.0, ColumnKind::Integer);
        self.limits.at_most(None, &[(quantity, 1.0), (on, -most)], 0.0);
        let steps: Vec<(f64, f64)> = stated
            .breaks(bucket)
            .map(|step| (step.quantity, step.unit_cost))
            .filter(|(from, _)| *from <= most)
            .collect();
        let mut money = Vec::new();
        if let [(_, price)] = steps.as_slice() {
            money.push((quantity, *price));
        } else {
            let (mut chosen, mut parts) = (vec![(on, -1.0)], vec![(quantity, -1.0)]);
            for (at, &(from, price)) in steps.iter().enumerate() {
                let until = steps.get(at + 1).map_or(most, |next| next.0 - 0.5 * quantum).max(from);
                let part = self.limits.column(until, ColumnKind::Continuous);
                let reached = self.limits.column(1.0, ColumnKind::Integer);
                self.limits.at_most(None, &[(part, 1.0), (reached, -until)], 0.0);
                self.limits.at_least(None, &[(part, 1.0), (reached, -from)], 0.0);
                chosen.push((reached, 1.0));
                parts.push((part, 1.0));
                money.push((part, price));
            }
            self.limits.equal(None, &chosen, 0.0);
            self.limits.equal(None, &parts, 0.0);
        }
        Line { pair, source, supplier: stated.supplier, bucket, quantity, on, money }
    }

    /// The lines beyond those kept apart, as one of any amount, counted in money, that takes
    /// nothing of a capacity: never less handy than they are.
    fn add_others(&mut self, (supplier, bucket): Order, others: &[(usize, usize)], all: &mut Vec<Line>) {
        if others.is_empty() {
            return;
        }
        let on = self.limits.column(1.0, ColumnKind::Integer);
        let quantity = self.limits.column(f64::INFINITY, ColumnKind::Continuous);
        let money = vec![(quantity, 1.0)];
        all.push(Line { pair: Line::OTHERS, source: 0, supplier, bucket, quantity, on, money });
    }

    /// What the order as a whole must keep.
    fn add_order(&mut self, (at, _): Order, lines: &[Line]) {
        let supplier = &self.problem.suppliers[at];
        let header = self.limits.column(1.0, ColumnKind::Integer);
        for line in lines {
            self.limits.at_most(None, &[(line.on, 1.0), (header, -1.0)], 0.0);
        }
        let apart = || lines.iter().filter(|line| line.pair != Line::OTHERS);
        let item = |line: &Line| &self.problem.items[self.problem.pairs[line.pair].item];
        let units: Vec<_> = apart().map(|line| (line.quantity, 1.0)).collect();
        let mut volume: Vec<_> = apart().map(|line| (line.quantity, item(line).volume_m3)).collect();
        let weight: Vec<_> = apart().map(|line| (line.quantity, item(line).weight_kg)).collect();
        let mut money: Vec<_> = lines.iter().flat_map(|line| line.money.iter().copied()).collect();
        let capacities = [
            (Rule::CapacityUnits(at), supplier.capacity_units, &units),
            (Rule::CapacityVolume(at), supplier.capacity_m3, &volume),
            (Rule::CapacityWeight(at), supplier.capacity_kg, &weight),
        ];
        for (rule, most, terms) in capacities {
            if let Some(most) = most {
                self.limits.at_most(Some(rule), terms, most);
            }
        }
        if supplier.minimum_money > 0.0 {
            money.push((header, -supplier.minimum_money));
            self.limits.at_least(Some(Rule::MinimumMoney(at)), &money, 0.0);
        }
        if supplier.minimum_m3 > 0.0 {
            if lines.iter().any(|line| line.pair == Line::OTHERS) {
                volume.push((self.limits.column(f64::INFINITY, ColumnKind::Continuous), 1.0));
            }
            volume.push((header, -supplier.minimum_m3));
            self.limits.at_least(Some(Rule::MinimumVolume(at)), &volume, 0.0);
        }
    }
}
