//! Orders that are split over several sources by shares: the part of each
//! source, when it arrives, and what no split plan undercuts.
//!
//! Order paths know one arrival an order. The path of a split takes the slowest
//! source's and serves to propose orders; what they cost is simulated part by
//! part, and the bound comes from a path of its own ([`Split::relaxed`]).

use super::super::problem::{Pair, Problem, Source};
use super::ways::Way;
use crate::optimize::inventory::order_path::{
    Arrival, PathError, PathProblem, PathTrace, PriceList, evaluate_supply,
};

/// Sources whose parts beside a lock are tried in all combinations.
const FEW: usize = 4;

/// How the orders of a way are split.
#[derive(Debug, Clone)]
pub(crate) struct Split {
    pub(super) parts: Vec<Part>,
    /// Parts of the orders with a lock, by bucket; empty where there is none.
    locked: Vec<Vec<f64>>,
    /// Most units by which a part may be off its share.
    pub(super) slack: f64,
    /// Whether all parts are whole multiples and arrive together, so that the path is exact.
    is_exact: bool,
}

/// What one source delivers of a split order.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub source: usize,
    pub share: f64,
    pub multiple: f64,
    /// Least part, a whole multiple; 0: none.
    pub least: f64,
    /// Least part that the least order of the way leaves to it.
    floor: f64,
    /// Most units of the part, a whole multiple; infinite: no limit.
    pub most: f64,
    pub fill: f64,
    pub line_cost: f64,
    pub arrival: Arrival,
}

impl Split {
    /// The split over `sources` (index, share, arrival of its orders), ordered when `path` is.
    pub fn new(
        problem: &Problem,
        pair: &Pair,
        sources: Vec<(usize, f64, Arrival)>,
        path: &PathProblem,
    ) -> Self {
        let slack = pair.sources.iter().map(|source| source.multiple.max(source.moq)).fold(0.0, f64::max);
        let parts = sources.into_iter().map(|(index, share, arrival)| {
            let Source { multiple, moq, supply_fill: fill, line_cost, .. } = pair.sources[index];
            let least = whole_up(moq, multiple);
            let most = f64::INFINITY;
            Part { source: index, share, multiple, least, floor: least, most, fill, line_cost, arrival }
        });
        let mut split = Split {
            parts: parts.collect(),
            locked: vec![Vec::new(); problem.horizon],
            slack,
            is_exact: false,
        };
        for bucket in 0..problem.horizon {
            let locks: Vec<Option<f64>> =
                split.parts.iter().map(|part| pair.locked(part.source, bucket)).collect();
            if locks.iter().any(Option::is_some) {
                split.locked[bucket] = split.beside(problem, pair, bucket, &locks);
            }
        }
        split.is_exact = split.arrives_together(path) && split.fits(split.common_multiple(), 1e-9);
        split
    }

    /// Whether the parts of every order that may be placed arrive in one bucket, equally complete.
    fn arrives_together(&self, path: &PathProblem) -> bool {
        let first = &self.parts[0];
        let open: Vec<usize> = (0..path.periods).filter(|&bucket| path.is_open(bucket)).collect();
        let is_alike = |part: &Part| {
            let arrives = |of: &Part, scenario, bucket| of.arrival.within(path.periods, scenario, bucket);
            part.fill == first.fill
                && (0..path.scenarios).all(|scenario| {
                    open.iter().all(|&b| arrives(part, scenario, b) == arrives(first, scenario, b))
                })
        };
        self.parts.iter().all(is_alike)
    }

    /// Whether locks fix an order.
    pub fn has_locks(&self) -> bool {
        self.locked.iter().any(|parts| !parts.is_empty())
    }

    /// Whether the path's cost is that of the plan.
    pub fn is_exact(&self) -> bool {
        self.is_exact && !self.has_locks()
    }

    /// Adds what an order with the supplier of `source` costs to its lines.
    pub fn charge_line(&mut self, source: usize, cost: f64) {
        self.parts.iter_mut().filter(|part| part.source == source).for_each(|part| part.line_cost += cost);
    }

    /// What the supplier of `source` asks of each of its orders, where they hold nothing but this
    /// part: at least and at most this many units.
    pub fn ask(&mut self, source: usize, least: f64, most: f64) {
        for part in self.parts.iter_mut().filter(|part| part.source == source) {
            part.least = part.least.max(whole_up(least, part.multiple));
            part.floor = part.floor.max(part.least);
            part.most = part.most.min((most / part.multiple + 1e-9).floor() * part.multiple);
        }
    }

    /// Most units by which the total that one part stands for may differ from the whole order.
    pub fn spread(&self) -> f64 {
        self.slack / self.parts.iter().map(|part| part.share).fold(1.0, f64::min)
    }

    /// Total of the order of `bucket` that locks fix.
    pub fn locked(&self, bucket: usize) -> Option<f64> {
        (!self.locked[bucket].is_empty()).then(|| self.locked[bucket].iter().sum())
    }

    /// Raises the parts to what the least order of the way, `moq`, leaves to each.
    pub fn raise_to(&mut self, moq: f64) {
        for part in &mut self.parts {
            part.floor = part.floor.max(whole_up(moq * part.share, part.multiple));
        }
    }

    /// Smallest total quantity whose shares are multiples for every source, to a thousandth of a
    /// multiple; for shares that never fit (1/3 of whole cases of a prime size) the largest
    /// multiple, and the parts are rounded.
    pub fn common_multiple(&self) -> f64 {
        let largest = self.parts.iter().map(|part| part.multiple / part.share).fold(0.0, f64::max);
        (1..=100).map(|k| f64::from(k) * largest).find(|&total| self.fits(total, 1e-3)).unwrap_or(largest)
    }

    /// Whether the shares of `total` are whole multiples.
    fn fits(&self, total: f64, within: f64) -> bool {
        self.parts.iter().all(|part| {
            let multiples = total * part.share / part.multiple;
            (multiples - multiples.round()).abs() < within
        })
    }

    /// Source and quantity of each part of an order; parts of nothing are left out.
    pub fn parts(&self, bucket: usize, quantity: f64) -> impl Iterator<Item = (usize, f64)> + '_ {
        let locked = &self.locked[bucket];
        let part = move |(at, part): (usize, &Part)| {
            let share = (quantity * part.share / part.multiple).round() * part.multiple;
            (part.source, if locked.is_empty() { share.max(part.floor).min(part.most) } else { locked[at] })
        };
        self.parts.iter().enumerate().map(part).filter(|(_, quantity)| *quantity > 0.0)
    }

    /// The parts of an order with locks: what is locked, and beside it what keeps the shares,
    /// as near to them as multiples, least quantities and the suppliers' capacities allow.
    fn beside(&self, problem: &Problem, pair: &Pair, bucket: usize, locks: &[Option<f64>]) -> Vec<f64> {
        let (mut quantity, mut share) = (0.0, 0.0);
        for (part, lock) in self.parts.iter().zip(locks) {
            if let Some(lock) = lock {
                (quantity, share) = (quantity + lock, share + part.share);
            }
        }
        let total = quantity / share;
        let choices = |(part, lock): (&Part, &Option<f64>)| -> Vec<f64> {
            if let Some(lock) = lock {
                return vec![*lock];
            }
            if !problem.may_order(pair, &pair.sources[part.source], bucket) {
                return vec![0.0];
            }
            let steps = total * part.share / part.multiple;
            let near = |steps: f64| (steps * part.multiple).max(part.least);
            let mut list = vec![near(steps.round())];
            if self.parts.len() <= FEW {
                // The least that two parts allow: what the slack leaves of the share.
                let least = (quantity * part.share - self.slack) / (1.0 - part.share) / part.multiple;
                list.extend([
                    near(steps.floor()),
                    near(steps.ceil()),
                    near((least - 1e-9).ceil().max(0.0)),
                    0.0,
                ]);
            }
            list
        };
        let choices: Vec<Vec<f64>> = self.parts.iter().zip(locks).map(choices).collect();
        let off = |parts: &[f64]| -> f64 {
            self.parts.iter().zip(parts).map(|(part, quantity)| (quantity - total * part.share).abs()).sum()
        };
        let mut all: Vec<Vec<f64>> = vec![Vec::new()];
        for of in &choices {
            let longer = |parts: &Vec<f64>| {
                let parts = parts.clone();
                of.iter().map(move |quantity| parts.iter().copied().chain([*quantity]).collect())
            };
            all = all.iter().flat_map(longer).collect();
        }
        let fits = |parts: &Vec<f64>| {
            let mut parts = self.parts.iter().zip(parts);
            parts.all(|(part, &quantity)| {
                fits_capacity(problem, pair, part.source, quantity)
                    && reaches_minimum(problem, pair, part.source, bucket, quantity)
            })
        };
        let kept = || all.iter().filter(|parts| self.keeps_shares(parts));
        let sum = |parts: &[f64]| parts.iter().sum::<f64>();
        let nearer = |a: &&Vec<f64>, b: &&Vec<f64>| off(a).total_cmp(&off(b)).then(sum(a).total_cmp(&sum(b)));
        let best = kept().filter(|parts| fits(parts)).min_by(nearer);
        let best = best.or_else(|| kept().min_by(nearer)).or(all.first());
        best.cloned().unwrap_or_default()
    }

    fn keeps_shares(&self, parts: &[f64]) -> bool {
        let total: f64 = parts.iter().sum();
        let within = |(part, quantity): (&Part, &f64)| (quantity - total * part.share).abs() <= self.slack;
        self.parts.iter().zip(parts).all(within)
    }

    /// Usable units of `orders` by scenario and bucket.
    pub fn supply(&self, path: &PathProblem, orders: &[f64]) -> Vec<f64> {
        let mut supply = vec![0.0; path.scenarios * path.periods];
        for (bucket, &quantity) in orders.iter().enumerate().filter(|(_, quantity)| **quantity > 0.0) {
            for (source, quantity) in self.parts(bucket, quantity) {
                let of = self.parts.iter().find(|part| part.source == source);
                let Some(part) = of else { continue };
                for (scenario, course) in supply.chunks_exact_mut(path.periods).enumerate() {
                    if let Some(at) = part.arrival.within(path.periods, scenario, bucket) {
                        course[at] += part.fill * quantity;
                    }
                }
            }
        }
        supply
    }

    /// What `orders` lead to and cost, part by part.
    pub fn trace(&self, pair: &Pair, path: &PathProblem, orders: &[f64]) -> Result<PathTrace, PathError> {
        let mut trace = evaluate_supply(path, &self.supply(path, orders))?;
        for (bucket, &quantity) in orders.iter().enumerate().filter(|(_, quantity)| **quantity > 0.0) {
            for (source, quantity) in self.parts(bucket, quantity) {
                let line_cost = self.parts.iter().find(|part| part.source == source);
                trace.cost.fixed += line_cost.map_or(0.0, |part| part.line_cost);
                let price = pair.sources[source].price(bucket, quantity);
                trace.cost.purchase += quantity * (price - pair.reference_cost);
            }
        }
        Ok(trace)
    }

    /// Least cost of a line of any source.
    pub fn least_line_cost(&self, of: impl Fn(usize, f64) -> f64) -> f64 {
        self.parts.iter().map(|part| of(part.source, part.line_cost)).fold(f64::INFINITY, f64::min)
    }

    /// The order path that no split plan undercuts: any quantity from the source that is cheapest
    /// in a bucket, all of it there as early as any part can be and, where parts do not arrive
    /// together, held and thrown away for nothing.
    pub fn relaxed(&self, problem: &Problem, pair: &Pair, way: &Way) -> PathProblem {
        let mut path = way.path.clone();
        path.locked = vec![None; path.periods];
        path.multiple = problem.items[pair.item].quantum;
        let least = |part: &Part| part.least.max(part.multiple);
        path.moq = self.parts.iter().map(least).fold(f64::INFINITY, f64::min);
        path.yield_factor = self.parts.iter().map(|part| part.fill).fold(0.0, f64::max);
        path.unit_cost = PriceList::single(&vec![0.0; path.periods]);
        path.max_order = path.max_order.map(|most| most + self.spread());
        let first = &self.parts[0];
        if self.parts.iter().any(|part| part.arrival != first.arrival || part.fill != first.fill) {
            let arrivals: Vec<&Arrival> = self.parts.iter().map(|part| &part.arrival).collect();
            path.arrival = Arrival::soonest(&arrivals, path.periods, path.scenarios);
            path.holding_cost = vec![0.0; path.periods];
            (path.shelf_life, path.waste_cost) = (None, 0.0);
            path.initial_lots.clear();
        }
        path
    }
}

/// Whether a supplier's capacities take a line of this quantity.
fn fits_capacity(problem: &Problem, pair: &Pair, source: usize, quantity: f64) -> bool {
    let (item, supplier) = (&problem.items[pair.item], &problem.suppliers[pair.sources[source].supplier]);
    let most = [
        (supplier.capacity_units, 1.0),
        (supplier.capacity_m3, item.volume_m3),
        (supplier.capacity_kg, item.weight_kg),
    ];
    let fits =
        |(most, each): (Option<f64>, f64)| most.is_none_or(|most| quantity * each <= most * (1.0 + 1e-9));
    most.into_iter().all(fits)
}

/// Whether a line of this quantity is nothing or as much as its supplier asks of an order. Where
/// others buy there too, they may fill the order up.
fn reaches_minimum(problem: &Problem, pair: &Pair, source: usize, bucket: usize, quantity: f64) -> bool {
    let (index, volume) = (pair.sources[source].supplier, problem.volume_m3(pair));
    let supplier = &problem.suppliers[index];
    if quantity <= 0.0 || (supplier.minimum_money <= 0.0 && supplier.minimum_m3 <= 0.0) {
        return true;
    }
    let buys_there = |of: &&Pair| of.sources.iter().any(|source| source.supplier == index);
    let money = quantity * pair.sources[source].price(bucket, quantity);
    let enough = |reached: f64, least: f64| reached >= least * (1.0 - 1e-9);
    problem.pairs.iter().filter(buys_there).nth(1).is_some()
        || (enough(money, supplier.minimum_money) && enough(quantity * volume, supplier.minimum_m3))
}

/// The least whole multiple that is no less than `quantity`.
fn whole_up(quantity: f64, multiple: f64) -> f64 {
    (quantity / multiple - 1e-9).ceil().max(0.0) * multiple
}
