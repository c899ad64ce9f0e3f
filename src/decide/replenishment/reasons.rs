//! Why each order line has its quantity, in one sentence.
//!
//! A sentence says what the line covers, what is asked for in that time and is
//! in stock before it in the mean, and what its own rules and the
//! shared limits make of the need: the quantity that would cost least if only
//! this line were decided, in the smallest steps, at the price of a small
//! order and without shared limits (`model::need`).
//! Cost: one small solve a line with such a rule; above [`MOST_SOLVED`] lines
//! only for those of the first order bucket, the others are told without it.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::check::line_value;
use super::model::need::{Memory, needs};
use super::model::{Family, LimitUse, label};
use super::plan::{OrderLine, Plan};
use super::problem::{Item, Pair, Place, Problem, Source};
use super::scenarios::Scenarios;
use super::simulate::simulate;
use super::words::{self, Unit, amount, bucket_word, count, in_bucket};
use crate::control::Control;

/// Lines up to which every need is solved.
const MOST_SOLVED: usize = 5_000;
/// Relative distance at which quantities are the same.
const SAME: f64 = 1e-6;

/// One sentence for each line of the plan, in its order; `earlier` is a plan to stay close to.
pub(crate) fn reasons(
    problem: &Problem,
    scenarios: &Scenarios,
    plan: &Plan,
    earlier: Option<&Plan>,
    limits: &[LimitUse],
    control: &Control,
) -> Vec<String> {
    let view = View::new(problem, plan, earlier, limits);
    let first = plan.lines.iter().map(|line| line.bucket).min().unwrap_or(0);
    let all = plan.lines.len() <= MOST_SOLVED;
    let of_pairs: Vec<&[OrderLine]> = plan.lines.chunk_by(|a, b| a.pair == b.pair).collect();
    let of_pair = |memory: &mut Memory, lines: &&[OrderLine]| -> Vec<String> {
        let asked = |line: &OrderLine| (all || line.bucket == first) && view.is_bound(line);
        let needs = needs(problem, scenarios, lines, asked, memory);
        let pair = lines.first().map_or(0, |line| line.pair);
        let course = all.then(|| Course::new(problem, scenarios, pair, lines));
        lines
            .iter()
            .zip(needs)
            .map(|(line, need)| view.sentence(line, lines, course.as_ref(), need))
            .collect()
    };
    control.install(|| of_pairs.par_iter().map_init(Memory::default, of_pair).flatten_iter().collect())
}

/// What one order to a supplier in a bucket sums up to.
#[derive(Debug, Clone, Copy, Default)]
struct Order {
    units: f64,
    volume: f64,
    weight: f64,
    money: f64,
}

/// The plan with what is looked up for every line.
struct View<'a> {
    problem: &'a Problem,
    earlier: Option<&'a Plan>,
    limits: FxHashMap<&'a str, &'a LimitUse>,
    orders: FxHashMap<(usize, usize), Order>,
    /// Whether any shared limit has a price.
    priced: bool,
}

/// Mean demand of each bucket, and stock before its arrivals.
struct Course {
    demand: Vec<f64>,
    stock: Vec<f64>,
}

impl Course {
    fn new(problem: &Problem, scenarios: &Scenarios, pair: usize, lines: &[OrderLine]) -> Self {
        let trace = simulate(problem, scenarios, pair, lines);
        let on_hand: f64 = problem.pairs[pair].lots.iter().map(|(quantity, _)| quantity).sum();
        let left = trace.stock.iter().zip(&trace.waste).map(|(stock, waste)| stock - waste);
        Course { stock: [on_hand].into_iter().chain(left).collect(), demand: trace.demand }
    }

    /// What is asked for in these buckets, and what is in stock before them.
    fn told(&self, buckets: std::ops::Range<usize>) -> String {
        let stock = self.stock.get(buckets.start).copied().unwrap_or(0.0);
        let demand: f64 = self.demand.get(buckets).map_or(0.0, |demand| demand.iter().sum());
        format!("demand of {}, {} in stock", rough(demand), rough(stock))
    }
}

/// A line with its surroundings.
#[derive(Clone, Copy)]
struct Of<'a> {
    line: &'a OrderLine,
    pair: &'a Pair,
    source: &'a Source,
    item: &'a Item,
}

impl Of<'_> {
    /// Steps that the order multiple makes.
    fn multiple(&self) -> f64 {
        self.source.multiple
    }

    fn has_cases(&self) -> bool {
        self.source.multiple > self.item.quantum * (1.0 + SAME)
    }

    /// The quantity as cases.
    fn cases(&self) -> String {
        let (quantity, multiple) = (self.line.quantity, self.multiple());
        let cases = (quantity / multiple).round();
        if !self.has_cases() || (cases * multiple - quantity).abs() > SAME * quantity {
            amount(quantity)
        } else if cases <= 1.0 {
            format!("a case of {}", amount(quantity))
        } else if multiple >= 2.0 {
            format!("{cases:.0} cases of {} = {}", amount(multiple), amount(quantity))
        } else {
            format!("{cases:.0} x {} = {}", amount(multiple), amount(quantity))
        }
    }

    /// The least quantity in whole multiples, where there is one.
    fn least(&self) -> Option<f64> {
        let steps = (self.source.moq / self.multiple() * (1.0 - SAME)).ceil();
        (self.source.moq > 0.0 && steps > 1.0).then(|| steps * self.multiple())
    }
}

impl<'a> View<'a> {
    fn new(problem: &'a Problem, plan: &Plan, earlier: Option<&'a Plan>, limits: &'a [LimitUse]) -> Self {
        let mut orders: FxHashMap<(usize, usize), Order> = FxHashMap::default();
        for line in &plan.lines {
            let pair = &problem.pairs[line.pair];
            let item = &problem.items[pair.item];
            let order = orders.entry((pair.sources[line.source].supplier, line.bucket)).or_default();
            order.units += line.quantity;
            order.volume += line.quantity * item.volume_m3;
            order.weight += line.quantity * item.weight_kg;
            order.money += line_value(problem, line);
        }
        let priced = limits.iter().any(|limit| limit.value_of_one_more.abs() > 1e-9);
        let limits = limits.iter().map(|limit| (limit.name.as_str(), limit)).collect();
        let earlier = earlier.filter(|_| problem.stability_penalty > 0.0);
        View { problem, earlier, limits, orders, priced }
    }

    fn of<'l>(&self, line: &'l OrderLine) -> Of<'l>
    where
        'a: 'l,
    {
        let pair = &self.problem.pairs[line.pair];
        Of { line, pair, source: &pair.sources[line.source], item: &self.problem.items[pair.item] }
    }

    fn order(&self, of: &Of<'_>) -> Order {
        self.orders.get(&(of.source.supplier, of.line.bucket)).copied().unwrap_or_default()
    }

    /// Whether anything but the need of the line itself can have set its quantity.
    fn is_bound(&self, line: &OrderLine) -> bool {
        let of = self.of(line);
        let supplier = &self.problem.suppliers[of.source.supplier];
        let has_limit = supplier.capacity_units.is_some()
            || supplier.capacity_m3.is_some()
            || supplier.capacity_kg.is_some()
            || supplier.minimum_money > 0.0
            || supplier.minimum_m3 > 0.0;
        !is_locked(of)
            && (self.priced
                || has_limit
                || self.earlier.is_some()
                || of.has_cases()
                || of.least().is_some()
                || of.source.breaks(line.bucket).any(|step| step.quantity > 0.0))
    }

    /// Why the line has its quantity.
    fn sentence(
        &self,
        line: &OrderLine,
        lines: &[OrderLine],
        course: Option<&Course>,
        need: Option<f64>,
    ) -> String {
        let of = self.of(line);
        let locks = || of.pair.locks.iter().filter(|lock| lock.bucket == line.bucket);
        if let Some(lock) = locks().find(|lock| lock.source == line.source) {
            return format!("locked{}", stated(&lock.place));
        }
        let mut parts = vec![self.coverage(of, lines, course)];
        if let Some(lock) = locks().find(|_| of.source.share.is_some()) {
            let with = &self.problem.suppliers[of.pair.sources[lock.source].supplier].code;
            let share = amount(100.0 * of.source.share.unwrap_or(0.0));
            parts.push(format!(
                "its share of {share} % beside the locked order with {with}{}",
                stated(&lock.place)
            ));
            return parts.join("; ");
        }
        match need {
            Some(need) => parts.extend(self.against(of, need)),
            None => parts.extend(self.form(of)),
        }
        parts.extend(self.share(of, lines));
        parts.join("; ")
    }

    /// The part of a split order that the line is.
    fn share(&self, of: Of<'_>, lines: &[OrderLine]) -> Option<String> {
        let share = of.source.share.filter(|share| *share < 1.0)?;
        let together = lines.iter().filter(|line| line.bucket == of.line.bucket);
        let total: f64 = together.clone().map(|line| line.quantity).sum();
        let others = together.filter(|line| line.source != of.line.source);
        let names: Vec<&str> = others
            .map(|line| self.problem.suppliers[of.pair.sources[line.source].supplier].code.as_str())
            .collect();
        (!names.is_empty()).then(|| {
            let percent = amount(100.0 * share);
            format!("{percent} % of {}, split with {}", amount(total), names.join(" and "))
        })
    }

    /// What the line's arrival covers until the next arrival of the plan.
    fn coverage(&self, of: Of<'_>, lines: &[OrderLine], course: Option<&Course>) -> String {
        let problem = self.problem;
        let lead = of.source.mean_lead_time_days().round().max(0.0) as u32;
        let end = problem.horizon as i64;
        let arrives = problem.arrival_bucket(of.source, of.line.bucket, lead);
        if arrives >= end {
            return "arrives after the horizon".to_owned();
        }
        let next = lines.iter().find(|other| other.bucket > of.line.bucket);
        let until = next.map_or(end, |next| {
            let source = &of.pair.sources[next.source];
            let lead = source.mean_lead_time_days().round().max(0.0) as u32;
            problem.arrival_bucket(source, next.bucket, lead).clamp(arrives + 1, end)
        });
        let span = count(usize::try_from(until - arrives).unwrap_or(1), bucket_word(problem));
        let buckets = usize::try_from(arrives).unwrap_or(0)..usize::try_from(until).unwrap_or(0);
        let told = course.map_or_else(String::new, |course| format!(" ({})", course.told(buckets)));
        match next {
            Some(next) => {
                let source = &of.pair.sources[next.source];
                let start = problem.buckets.start_of(next.bucket as i64);
                let date = problem.order_date(source, next.bucket).unwrap_or(start);
                format!("covers {span}, to the arrival of the order of {}{told}", words::day(date))
            }
            None => format!("covers {span}, to the end of the horizon{told}"),
        }
    }

    /// The form of the quantity, where its need is not known.
    fn form(&self, of: Of<'_>) -> Option<String> {
        if of.least().is_some_and(|least| same(least, of.line.quantity)) {
            Some(format!("the least quantity {}", amount(of.source.moq)))
        } else {
            of.has_cases().then(|| of.cases())
        }
    }

    /// What raised or cut the need to the quantity.
    fn against(&self, of: Of<'_>, need: f64) -> Vec<String> {
        let quantity = of.line.quantity;
        if (quantity - need).abs() < 0.5 * of.item.quantum {
            return Vec::new();
        }
        if self.is_kept(of) {
            return vec![format!("kept from the earlier plan, {} without it", amount(need))];
        }
        if quantity > need { self.raised(of, need) } else { self.cut(of, need) }
    }

    fn is_kept(&self, of: Of<'_>) -> bool {
        let same_line = |other: &&OrderLine| {
            (other.bucket, other.source) == (of.line.bucket, of.line.source)
                && same(other.quantity, of.line.quantity)
        };
        self.earlier.is_some_and(|plan| plan.of_pair(of.line.pair).iter().any(|line| same_line(&line)))
    }

    fn raised(&self, of: Of<'_>, need: f64) -> Vec<String> {
        let quantity = of.line.quantity;
        let from = amount(need);
        let is_least = of.least().is_some_and(|least| same(least, quantity)) && need < of.source.moq;
        let mut parts = Vec::new();
        if is_least {
            let whole =
                if same(of.source.moq, quantity) { String::new() } else { format!(", {}", of.cases()) };
            parts.push(format!("raised from {from} to the least quantity {}{whole}", amount(of.source.moq)));
        } else if quantity < need + of.multiple() * (1.0 - SAME) && of.has_cases() {
            return vec![format!("rounded up from {from} to {}", of.cases())];
        } else if let Some(text) = self.price_reached(of, need) {
            parts.push(text);
        } else if let Some(name) = self.minimum(of) {
            parts.push(format!("raised from {from} to {} by the {name}", of.cases()));
        } else {
            return vec![within_gap(of, need)];
        }
        // Where the least that is allowed is also the most, both are named.
        parts.extend(self.full(of).into_iter().take(1).map(|name| format!("no more fits the {name}")));
        parts
    }

    /// A price break that the need alone does not reach.
    fn price_reached(&self, of: Of<'_>, need: f64) -> Option<String> {
        let quantity = of.line.quantity;
        let step = of
            .source
            .breaks(of.line.bucket)
            .take_while(|step| step.quantity <= quantity * (1.0 + SAME))
            .last()?;
        if step.quantity <= need || quantity >= step.quantity + of.multiple() * (1.0 - SAME) {
            return None;
        }
        let before = of.source.price(of.line.bucket, need);
        let saved = (before - step.unit_cost) * quantity;
        Some(format!(
            "raised from {} to reach the price of {} from {} on (saves {})",
            amount(need),
            words::worth(self.problem, step.unit_cost),
            amount(step.quantity),
            words::money(self.problem, saved)
        ))
    }

    /// The minimum of the order that the line is in, where the order is no more than one multiple
    /// of the line above it.
    fn minimum(&self, of: Of<'_>) -> Option<String> {
        let supplier = &self.problem.suppliers[of.source.supplier];
        let order = self.order(&of);
        let price = of.source.price(of.line.bucket, of.line.quantity);
        let (at, bucket) = (of.source.supplier, of.line.bucket);
        let least = [
            (supplier.minimum_money, order.money, price, Family::MinimumMoney(at, bucket)),
            (supplier.minimum_m3, order.volume, of.item.volume_m3, Family::MinimumVolume(at, bucket)),
        ];
        let binds = |&(least, reached, each, family): &(f64, f64, f64, Family)| {
            least > 0.0
                && each > 0.0
                && (reached - least < each * of.multiple() * (1.0 + SAME) || self.value(family) > 0.0)
        };
        least.into_iter().find(binds).map(|_| format!("order minimum of {}", supplier.code))
    }

    fn cut(&self, of: Of<'_>, need: f64) -> Vec<String> {
        let from = amount(need);
        if need - of.line.quantity < of.multiple() * (1.0 - SAME) && of.has_cases() {
            return vec![format!("rounded down from {from} to {}", of.cases())];
        }
        let names = self.holding(of);
        if names.is_empty() {
            return vec![within_gap(of, need)];
        }
        vec![format!("cut from {from} to {} by the {}", of.cases(), names.join(" and the "))]
    }

    /// Limits that hold the line down, at most two: those that leave no room first, then by worth.
    fn holding(&self, of: Of<'_>) -> Vec<String> {
        let mut names = self.full(of);
        let families = [Family::Budget, Family::SupplierBudget(of.source.supplier)];
        let arrives =
            self.problem.arrival_bucket(of.source, of.line.bucket, of.source.longest_lead_time_days());
        let from = usize::try_from(arrives).unwrap_or(0).min(self.problem.horizon);
        let rooms = (from..self.problem.horizon).map(|bucket| Family::Storage(of.pair.location, bucket));
        let room = rooms.max_by(|a, b| self.value(*a).total_cmp(&self.value(*b)));
        let (at, bucket) = (of.source.supplier, of.line.bucket);
        let capacities = [
            Family::CapacityUnits(at, bucket),
            Family::CapacityVolume(at, bucket),
            Family::CapacityWeight(at, bucket),
        ];
        let mut worth: Vec<(f64, Family)> = families
            .into_iter()
            .chain(capacities)
            .chain(room.filter(|_| of.item.volume_m3 > 0.0))
            .map(|family| (self.value(family), family))
            .filter(|(value, _)| *value > 1e-9)
            .collect();
        worth.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (value, family) in worth {
            let name = self.short(family);
            let more = Unit::of(family).one_more(self.problem, false);
            let told = format!("{name} ({more} saves {})", words::worth(self.problem, value));
            match names.iter_mut().find(|other| **other == name) {
                Some(other) => *other = told,
                None => names.push(told),
            }
        }
        names.truncate(2);
        names
    }

    /// Limits of the order and of money that leave no room for one more multiple.
    fn full(&self, of: Of<'_>) -> Vec<String> {
        let supplier = &self.problem.suppliers[of.source.supplier];
        let order = self.order(&of);
        let (at, bucket, step) = (of.source.supplier, of.line.bucket, of.multiple());
        let price = of.source.price(bucket, of.line.quantity);
        let spent = |family: Family| {
            self.limits.get(label(self.problem, family).as_str()).map_or(0.0, |limit| limit.used)
        };
        let budget = self.problem.budget.as_ref().map(|(budget, _)| *budget);
        let most = [
            (supplier.capacity_units, order.units, 1.0, Family::CapacityUnits(at, bucket)),
            (supplier.capacity_m3, order.volume, of.item.volume_m3, Family::CapacityVolume(at, bucket)),
            (supplier.capacity_kg, order.weight, of.item.weight_kg, Family::CapacityWeight(at, bucket)),
            (budget, spent(Family::Budget), price, Family::Budget),
            (supplier.budget, spent(Family::SupplierBudget(at)), price, Family::SupplierBudget(at)),
        ];
        most.into_iter()
            .filter_map(|(limit, used, each, family)| {
                let limit = limit?;
                (each > 0.0 && used + step * each > limit * (1.0 + SAME)).then(|| self.short(family))
            })
            .collect()
    }

    /// A limit of the line's own order, or of money or room.
    fn short(&self, family: Family) -> String {
        let supplier = |at: usize| self.problem.suppliers[at].code.as_str();
        match family {
            Family::CapacityUnits(at, _) => format!("capacity of {} in units", supplier(at)),
            Family::CapacityVolume(at, _) => format!("capacity of {} in m3", supplier(at)),
            Family::CapacityWeight(at, _) => format!("capacity of {} in kg", supplier(at)),
            Family::Storage(at, bucket) => {
                format!("storage of {} {}", self.problem.locations[at].code, in_bucket(self.problem, bucket))
            }
            _ => label(self.problem, family),
        }
    }

    /// What one more unit of a shared limit is worth, by size.
    fn value(&self, family: Family) -> f64 {
        let name = label(self.problem, family);
        self.limits.get(name.as_str()).map_or(0.0, |limit| limit.value_of_one_more.abs())
    }
}

/// The row that states something, in brackets.
fn stated(place: &Place) -> String {
    match (place.file.as_str(), place.row) {
        ("", _) | (_, 0) => String::new(),
        (file, row) => format!(" ({file}:{row})"),
    }
}

/// A mean quantity to a tenth, or to a whole from ten on.
fn rough(quantity: f64) -> String {
    let tenths = if quantity.abs() < 9.95 { (quantity * 10.0).round() / 10.0 } else { quantity.round() };
    amount(tenths)
}

fn is_locked(of: Of<'_>) -> bool {
    of.pair.locks.iter().any(|lock| (lock.bucket, lock.source) == (of.line.bucket, of.line.source))
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * a.abs().max(b.abs())
}

fn within_gap(of: Of<'_>, need: f64) -> String {
    format!("{}, where {} would cost about the same", of.cases(), amount(need))
}
