//! Given a problem, find whether its limits leave a plan, which of them collide, and what
//! giving way costs least.
//!
//! Method: a mixed-integer program of the limits alone. To order nothing is
//! always allowed, so only what is forced can collide: agreed orders, and stock
//! and deliveries that need room. The program holds the orders (supplier and
//! bucket) with an agreed line, every line that could fill them up to a
//! minimum or a share, and the mean stock of the locations with a limit. Each
//! stated limit is a group of rows; an irreducible set over the groups comes
//! from [`infeasible_groups`], the cheapest relaxation from [`relax`].
//! Cost: at most [`LINES_APART`] lines of integers an order with a minimum; for
//! stock O(pairs with such lines x scenarios x buckets) continuous columns, or
//! one mean scenario beyond [`STOCK_CELLS`].
//! Use `model::plan` instead when a plan is sought.
//! Not for: collisions that only expiry resolves (stock with a shelf life is
//! counted without what orders add to later buckets) or, beyond the size, only
//! single scenarios show; such a collision is not found here.
//! Same input, seed and work limit give the same answer: yes.

use std::collections::{BTreeMap, BTreeSet};

use super::super::plan::{OrderLine, Plan};
use super::super::problem::Problem;
use super::super::scenarios::Scenarios;
use super::lines::{Line, Lines};
use super::rule::Rule;
use super::storage;
use crate::control::Control;
use crate::optimize::milp::{
    ColumnKind, Elastic, InfeasibleGroups, Member, MilpError, Program, Relaxation, Side, infeasible_groups,
    relax, solve,
};

/// Most lines of an order that are kept apart; further ones fill it as one.
pub(super) const LINES_APART: usize = 200;
/// Scenario cells of stock up to which every scenario is kept.
pub(super) const STOCK_CELLS: usize = 20_000;

/// How agreed orders enter: as they are or not at all, or cut step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// A lock stands or falls: the group of rows that keeps it can be left out.
    Whole,
    /// A lock can be cut at a cost.
    Cut,
}

/// The program of the limits, with the rows of each.
pub(super) struct Limits<'a> {
    pub problem: &'a Problem,
    pub scenarios: &'a Scenarios,
    pub program: Program,
    /// Rows of each limit.
    pub groups: BTreeMap<Rule, Vec<Member>>,
    /// Rows of each cut of a lock with the units of one step.
    pub cuts: Vec<(Rule, Member, f64)>,
    /// A column that is 1.
    pub one: usize,
    /// The lines that can be ordered.
    pub lines: Vec<Line>,
    /// What stock and deliveries alone take where that is too much, by location: m3 and bucket.
    pub overfull: BTreeMap<usize, (f64, usize)>,
}

impl<'a> Limits<'a> {
    /// The program; `None` where nothing is forced, so that ordering nothing keeps all limits.
    pub fn new(
        problem: &'a Problem,
        scenarios: &'a Scenarios,
        locks: Locks,
        control: &Control,
    ) -> Option<Self> {
        let base = storage::base(problem, scenarios, control);
        let has_locks =
            problem.pairs.iter().any(|pair| pair.locks.iter().any(|l| l.bucket < problem.horizon));
        let overfull = storage::overfull(problem, &base);
        if !has_locks && overfull.is_empty() {
            return None;
        }
        let mut program = Program::minimise();
        let one = program.add_column(0.0, 1.0, 1.0, ColumnKind::Continuous);
        let mut limits = Limits {
            problem,
            scenarios,
            program,
            groups: BTreeMap::new(),
            cuts: Vec::new(),
            one,
            lines: Vec::new(),
            overfull,
        };
        let lines = limits.add_lines(locks);
        limits.add_budgets(&lines);
        limits.add_sources(&lines);
        limits.add_storage(&lines, &base);
        limits.lines = lines;
        Some(limits)
    }

    /// A row `terms <= most` that belongs to `rule`, where one is given.
    pub fn at_most(&mut self, rule: Option<Rule>, terms: &[(usize, f64)], most: f64) {
        let row = self.program.add_row(f64::NEG_INFINITY, most, terms);
        if let Some(rule) = rule {
            self.groups.entry(rule).or_default().push(Member::Row { row, side: Side::Upper });
        }
    }

    /// A row `terms >= least` that belongs to `rule`, where one is given.
    pub fn at_least(&mut self, rule: Option<Rule>, terms: &[(usize, f64)], least: f64) {
        let row = self.program.add_row(least, f64::INFINITY, terms);
        if let Some(rule) = rule {
            self.groups.entry(rule).or_default().push(Member::Row { row, side: Side::Lower });
        }
    }

    /// A row `terms = value` that belongs to `rule`, where one is given.
    pub fn equal(&mut self, rule: Option<Rule>, terms: &[(usize, f64)], value: f64) {
        let row = self.program.add_row(value, value, terms);
        if let Some(rule) = rule {
            let sides = [Side::Lower, Side::Upper].map(|side| Member::Row { row, side });
            self.groups.entry(rule).or_default().extend(sides);
        }
    }

    /// A column from 0 to `most`.
    pub fn column(&mut self, most: f64, kind: ColumnKind) -> usize {
        self.program.add_column(0.0, 0.0, most, kind)
    }

    /// Money over the horizon.
    fn add_budgets(&mut self, lines: &[Line]) {
        if let Some((budget, _)) = &self.problem.budget {
            let money: Vec<_> = lines.iter().flat_map(|line| line.money.iter().copied()).collect();
            self.at_most(Some(Rule::Budget), &money, *budget);
        }
        for (at, supplier) in self.problem.suppliers.iter().enumerate() {
            let Some(budget) = supplier.budget else { continue };
            let of = lines.iter().filter(|line| line.supplier == at);
            let money: Vec<_> = of.flat_map(|line| line.money.iter().copied()).collect();
            if !money.is_empty() {
                self.at_most(Some(Rule::SupplierBudget(at)), &money, budget);
            }
        }
    }

    /// From whom: shares, or one source.
    fn add_sources(&mut self, lines: &[Line]) {
        let mut of_pair: BTreeMap<usize, Vec<&Line>> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.pair != Line::OTHERS) {
            of_pair.entry(line.pair).or_default().push(line);
        }
        for (pair, lines) in of_pair {
            if self.problem.pairs[pair].is_split() {
                self.add_shares(pair, &lines);
            } else if !self.problem.may_combine(&self.problem.pairs[pair]) {
                self.add_one_source(pair, &lines);
            }
        }
    }

    fn add_shares(&mut self, pair: usize, lines: &[&Line]) {
        let sources = &self.problem.pairs[pair].sources;
        let total: f64 = sources.iter().filter_map(|source| source.share).sum();
        let slack = sources.iter().map(|source| source.multiple.max(source.moq)).fold(0.0, f64::max);
        let buckets: BTreeSet<usize> = lines.iter().map(|line| line.bucket).collect();
        for bucket in buckets {
            for (source, stated) in sources.iter().enumerate() {
                let share = stated.share.unwrap_or(0.0) / total;
                let here = lines.iter().filter(|line| line.bucket == bucket);
                let off: Vec<_> = here
                    .map(|line| (line.quantity, if line.source == source { 1.0 - share } else { -share }))
                    .collect();
                self.at_most(Some(Rule::Shares(pair)), &off, slack);
                self.at_least(Some(Rule::Shares(pair)), &off, -slack);
            }
        }
    }

    fn add_one_source(&mut self, pair: usize, lines: &[&Line]) {
        let sources: BTreeSet<usize> = lines.iter().map(|line| line.source).collect();
        if sources.len() < 2 {
            return;
        }
        let mut chosen = Vec::new();
        for source in sources {
            let is_chosen = self.column(1.0, ColumnKind::Integer);
            chosen.push((is_chosen, 1.0));
            for line in lines.iter().filter(|line| line.source == source) {
                self.at_most(None, &[(line.on, 1.0), (is_chosen, -1.0)], 0.0);
            }
        }
        self.at_most(Some(Rule::OneSource(pair)), &chosen, 1.0);
    }

    /// Order lines that keep all limits; `None` where none are found, or where lines were taken
    /// together.
    pub fn plan(&self, control: &Control) -> Result<Option<Plan>, MilpError> {
        let solved = solve(&self.program, &control.silent())?;
        if solved.values.is_empty() {
            return Ok(None);
        }
        let mut quantities: BTreeMap<(usize, usize, usize), f64> = BTreeMap::new();
        for line in &self.lines {
            let quantity = tidy(solved.values[line.quantity]);
            if quantity > 0.0 {
                *quantities.entry((line.pair, line.source, line.bucket)).or_default() += quantity;
            }
        }
        let lines = quantities.into_iter();
        let lines =
            lines.map(|((pair, source, bucket), quantity)| OrderLine { pair, source, bucket, quantity });
        let lines: Vec<OrderLine> = lines.collect();
        let is_whole = lines.iter().all(|line| line.pair != Line::OTHERS);
        Ok(is_whole.then(|| Plan::new(lines)))
    }

    /// An irreducible set of colliding limits, locks first; `None` where a plan can exist.
    pub fn collision(&self, control: &Control) -> Result<Option<(Vec<Rule>, bool)>, MilpError> {
        let groups: Vec<Vec<Member>> = self.groups.values().cloned().collect();
        let rules: Vec<Rule> = self.groups.keys().copied().collect();
        let found = infeasible_groups(&self.program, &groups, &control.silent())?;
        Ok(found.map(|InfeasibleGroups { groups, irreducible, .. }| {
            (groups.into_iter().map(|group| rules[group]).collect(), irreducible)
        }))
    }

    /// The cheapest way to give way: each limit with the amount and its cost.
    pub fn cheapest(&self, control: &Control) -> Result<Vec<(Rule, f64, f64)>, MilpError> {
        let mut rules = Vec::new();
        let mut elastics = Vec::new();
        for (&rule, members) in &self.groups {
            let Some(weight) = rule.weight(self.problem) else { continue };
            let at_most = match rule {
                Rule::MinimumMoney(_) | Rule::MinimumVolume(_) | Rule::Moq(..) => {
                    rule.value(self.problem).unwrap_or(f64::INFINITY)
                }
                _ => f64::INFINITY,
            };
            rules.push((rule, 1.0));
            elastics.push(Elastic { members: members.clone(), cost_per_unit: weight, at_most });
        }
        for &(rule, member, step) in &self.cuts {
            let weight = rule.weight(self.problem).unwrap_or(1.0);
            rules.push((rule, step));
            elastics.push(Elastic::one(member, weight * step));
        }
        let control = control.silent().with_gap(1e-9);
        let Relaxation { widenings, .. } = relax(&self.program, &elastics, &control)?;
        let mut steps: BTreeMap<Rule, (f64, f64)> = BTreeMap::new();
        for widening in widenings {
            let (rule, step) = rules[widening.elastic];
            let amount = tidy(widening.amount) * step;
            let cost = amount * rule.weight(self.problem).unwrap_or(1.0);
            if amount > 0.0 {
                let sum = steps.entry(rule).or_default();
                *sum = (sum.0 + amount, sum.1 + cost);
            }
        }
        Ok(steps.into_iter().map(|(rule, (amount, cost))| (rule, amount, cost)).collect())
    }

    fn add_lines(&mut self, locks: Locks) -> Vec<Line> {
        Lines::new(self, locks).add_all()
    }

    fn add_storage(&mut self, lines: &[Line], base: &storage::Base) {
        storage::add(self, lines, base);
    }
}

/// An amount without the solver's rounding.
fn tidy(amount: f64) -> f64 {
    let near = (amount * 1e4).round() / 1e4;
    if (near - amount).abs() <= 1e-6 * amount.max(1.0) { near } else { amount }
}
