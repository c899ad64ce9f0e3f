//! Given all demand of a window of history, find the orders that would have cost least in it.
//!
//! Orders are placed in the window's decisions and cost what the replay charges for them. Order
//! multiples beyond the smallest amount, minima and shared limits do not bind them: a floor.
//! Method: every stock point is an order path with one scenario. The orders of a supplier with an
//! order cost tie its stock points together: which decisions it is ordered from in is branched
//! on, where the order costs of the decisions taken plus what the stock points cost with all
//! undecided ones open is a bound; the search starts from the decisions that other policies used
//! and from steps of one decision, and an order path that costs more than what another policy
//! ordered gives way to it.
//! Cost: one order path a stock point and set of decisions, at most [`MOST_PATHS`] for a supplier.
//! Use `model::plan` instead for a decision under limits.
//! Not for: suppliers with many decisions and stock points, where the search ends unproved
//! ([`Foresight::proved`]); it then costs no more than any policy handed in.
//! Same input gives the same answer: yes, whatever the number of threads.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::replay::Facts;
use crate::control::Control;
use crate::data::{Code, Fault, Faults};
use crate::optimize::inventory::order_path::{
    Arrival, ExpiringLot, PathError, PathOptions, PathProblem, PriceBreak, PriceList, Workspace, evaluate,
    solve_path,
};

/// Order paths solved for one supplier at most.
const MOST_PATHS: usize = 200_000;
/// Relative difference of two costs that is rounding.
const ROUNDING: f64 = 1e-9;

/// The cheapest orders of a window.
pub(crate) struct Foresight {
    /// Units by stock point and bucket.
    pub orders: Vec<Vec<f64>>,
    /// Whether nothing can cost less.
    pub proved: bool,
}

impl Foresight {
    /// Solves the window; `rivals` are the orders of other policies, by stock point and bucket.
    ///
    /// # Errors
    /// A stock point that the solver refuses: a defect.
    pub fn new(facts: &Facts<'_>, rivals: &[Vec<Vec<f64>>], control: &Control) -> Result<Self, Faults> {
        let mut found = Foresight { orders: vec![Vec::new(); facts.lead.len()], proved: true };
        for supplier in 0..facts.all.suppliers.len() {
            let group = Group::new(facts, supplier, rivals).map_err(|error| refused(facts, &error))?;
            let (answer, proved) = control.install(|| group.best(control));
            found.proved &= proved;
            for (point, orders) in group.points.iter().zip(answer) {
                found.orders[point.index] = orders;
            }
        }
        Ok(found)
    }
}

fn refused(facts: &Facts<'_>, error: &PathError) -> Faults {
    Fault::error(Code::Contradiction, facts.all.name.clone(), format!("perfect foresight failed: {error}"))
        .into()
}

/// Which decisions of the window may order.
type Open = Vec<bool>;

/// The stock points that one supplier serves.
struct Group {
    points: Vec<Point>,
    /// Buckets of the decisions.
    decisions: Vec<usize>,
    /// Money for each decision in which anything is ordered from it.
    order_cost: f64,
    /// Decisions in which other policies ordered.
    starts: Vec<Open>,
}

/// A stock point with what other policies ordered for it.
struct Point {
    index: usize,
    path: PathProblem,
    rivals: Vec<Rival>,
}

/// Orders of another policy: their decisions and what they cost.
struct Rival {
    open: Open,
    cost: f64,
    orders: Vec<f64>,
}

/// What the stock points of a group cost under a set of decisions: found, and at least.
#[derive(Clone, Copy)]
struct Value {
    cost: f64,
    bound: f64,
}

impl Group {
    fn new(facts: &Facts<'_>, supplier: usize, rivals: &[Vec<Vec<f64>>]) -> Result<Self, PathError> {
        let decisions: Vec<usize> = (0..facts.rounds).map(|round| round * facts.review).collect();
        let serves = |index: &usize| {
            let first = facts.all.pairs[*index].sources.first();
            first.is_some_and(|source| source.supplier == supplier) && facts.length[*index] > 0
        };
        let indices: Vec<usize> = (0..facts.lead.len()).filter(serves).collect();
        // One stock point alone pays the order cost as its own.
        let cost = facts.all.suppliers[supplier].order_cost;
        let (own, order_cost) = if indices.len() == 1 { (cost, 0.0) } else { (0.0, cost) };
        let mut points = Vec::with_capacity(indices.len());
        for index in indices {
            let path = path(facts, index, own);
            let mut list = Vec::new();
            for orders in rivals.iter().map(|rival| &rival[index]) {
                let mut orders = orders.clone();
                orders.resize(path.periods, 0.0);
                let open = decisions.iter().map(|&bucket| orders[bucket] > 0.0).collect();
                let cost = evaluate(&path, &orders)?.cost.total();
                list.push(Rival { open, cost, orders });
            }
            points.push(Point { index, path, rivals: list });
        }
        let used = |rival: usize, round: usize| points.iter().any(|point| point.rivals[rival].open[round]);
        let starts = (0..rivals.len())
            .map(|rival| (0..decisions.len()).map(|round| used(rival, round)).collect())
            .collect();
        Ok(Group { points, decisions, order_cost, starts })
    }

    /// The cheapest orders of each stock point, and whether that is proved.
    fn best(&self, control: &Control) -> (Vec<Vec<f64>>, bool) {
        let all = vec![true; self.decisions.len()];
        if self.points.is_empty() {
            return (Vec::new(), true);
        }
        if self.order_cost <= 0.0 {
            let (value, orders) = self.solve(&all);
            return (orders, value.cost <= value.bound + rounding(value.cost));
        }
        let mut search = Search {
            group: self,
            control,
            known: FxHashMap::default(),
            best: (f64::INFINITY, all.clone()),
            paths: 0,
        };
        for start in [all.clone()].iter().chain(&self.starts) {
            search.offer(start);
        }
        search.step_down();
        let proved = search.branch(&all);
        (self.solve(&search.best.1).1, proved)
    }

    /// Value and orders of all stock points where only these decisions order.
    fn solve(&self, open: &[bool]) -> (Value, Vec<Vec<f64>>) {
        let of = |workspace: &mut Workspace, point: &Point| point.solve(open, &self.decisions, workspace);
        let answers: Vec<(Value, Vec<f64>)> =
            self.points.par_iter().map_init(Workspace::default, of).collect();
        let sum = |pick: fn(&Value) -> f64| answers.iter().map(|(value, _)| pick(value)).sum();
        let value = Value { cost: sum(|value| value.cost), bound: sum(|value| value.bound) };
        (value, answers.into_iter().map(|(_, orders)| orders).collect())
    }
}

impl Point {
    fn solve(&self, open: &[bool], decisions: &[usize], workspace: &mut Workspace) -> (Value, Vec<f64>) {
        let mut path = self.path.clone();
        if let Arrival::Common(arrival) = &mut path.arrival {
            let closed = decisions.iter().zip(open).filter(|(_, is_open)| !**is_open);
            closed.for_each(|(&bucket, _)| arrival[bucket] = None);
        }
        // The path was accepted when the stock point was made; closing periods keeps it valid.
        let found = solve_path(&path, &PathOptions::default(), workspace);
        let (mut value, mut orders) = found.map_or_else(
            |_| (Value { cost: f64::INFINITY, bound: f64::NEG_INFINITY }, vec![0.0; path.periods]),
            |found| (Value { cost: found.cost.total(), bound: found.bound }, found.orders),
        );
        for rival in &self.rivals {
            let allowed = rival.open.iter().zip(open).all(|(used, is_open)| !used || *is_open);
            if allowed && rival.cost < value.cost {
                (value.cost, orders) = (rival.cost, rival.orders.clone());
            }
        }
        value.bound = value.bound.min(value.cost);
        (value, orders)
    }
}

/// The search for the decisions in which a supplier is ordered from.
struct Search<'a> {
    group: &'a Group,
    control: &'a Control,
    known: FxHashMap<Open, Value>,
    best: (f64, Open),
    paths: usize,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.paths >= MOST_PATHS || self.control.should_stop()
    }

    fn value(&mut self, open: &[bool]) -> Value {
        if let Some(value) = self.known.get(open) {
            return *value;
        }
        let (value, _) = self.group.solve(open);
        self.paths += self.group.points.len();
        self.known.insert(open.to_vec(), value);
        value
    }

    fn order_cost(&self, open: &[bool]) -> f64 {
        self.group.order_cost * open.iter().filter(|is_open| **is_open).count() as f64
    }

    /// Takes the set where it costs less than the best one.
    fn offer(&mut self, open: &[bool]) -> bool {
        let cost = self.order_cost(open) + self.value(open).cost;
        let better = cost < self.best.0 - rounding(self.best.0);
        if better {
            self.best = (cost, open.to_vec());
        }
        better
    }

    /// Opens or closes one decision of the best set as long as that costs less.
    fn step_down(&mut self) {
        loop {
            let from = self.best.1.clone();
            let mut found = false;
            for round in 0..from.len() {
                let mut open = from.clone();
                open[round] = !open[round];
                found |= !self.is_over() && self.offer(&open);
            }
            if !found {
                return;
            }
        }
    }

    /// Looks through all sets that the bound leaves; whether it came to the end, with a proof.
    fn branch(&mut self, all: &[bool]) -> bool {
        let mut proved = true;
        // A set, and how many of its decisions are settled; the others stand open.
        let mut stack: Vec<(usize, Open)> = vec![(0, all.to_vec())];
        while let Some((settled, open)) = stack.pop() {
            if self.is_over() {
                return false;
            }
            let bound = self.order_cost(&open[..settled]) + self.value(&open).bound;
            if bound >= self.best.0 - rounding(self.best.0) {
                continue;
            }
            if settled == open.len() {
                self.offer(&open);
                proved &= bound >= self.best.0 - rounding(self.best.0);
                continue;
            }
            let mut closed = open.clone();
            closed[settled] = false;
            stack.push((settled + 1, open));
            stack.push((settled + 1, closed));
        }
        proved
    }
}

fn rounding(cost: f64) -> f64 {
    if cost.is_finite() { ROUNDING * cost.abs().max(1.0) } else { 0.0 }
}

/// The window of one stock point as an order path; `order_cost` is charged for each order.
fn path(facts: &Facts<'_>, index: usize, order_cost: f64) -> PathProblem {
    let pair = &facts.all.pairs[index];
    let item = &facts.all.items[pair.item];
    let (length, lead, start) = (facts.length[index], facts.lead[index], &facts.start[index]);
    let mut path =
        PathProblem::new(length, 1, (0..length).map(|bucket| facts.demand(index, bucket)).collect());
    let on_hand: f64 = start.lots.iter().map(|(quantity, _)| quantity).sum();
    path.initial_stock = on_hand - start.backorder;
    for (slot, arriving) in path.inflow.iter_mut().zip(&start.arrivals) {
        *slot = *arriving;
    }
    let decided = |bucket: usize| bucket.is_multiple_of(facts.review) && bucket / facts.review < facts.rounds;
    let at = |bucket: usize| Some(bucket + lead).filter(|&at| decided(bucket) && at < length);
    path.arrival = Arrival::Common((0..length).map(at).collect());
    path.multiple = item.quantum;
    path.holding_cost = vec![item.holding_cost; length];
    path.shortage_cost = vec![facts.shortage_cost[index]; length];
    path.lost_sales = item.lost_sales;
    path.waste_cost = item.waste_cost;
    // A lot with a date expires even where the item keeps.
    let expires = start.lots.iter().any(|(_, last)| last.is_some());
    path.shelf_life = item.shelf_life.or(expires.then_some(length + lead));
    let dated = start.lots.iter().filter_map(|&(quantity, last)| Some((quantity, last?)));
    path.initial_lots = dated.map(|(quantity, last_period)| ExpiringLot { last_period, quantity }).collect();
    if let Some(source) = pair.sources.first() {
        path.yield_factor = source.supply_fill;
        path.fixed_cost = vec![source.line_cost + order_cost; length];
        let premium = |quantity: f64, unit_cost: f64| PriceBreak {
            min_quantity: quantity,
            unit_cost: unit_cost - pair.reference_cost,
        };
        let steps: Vec<PriceBreak> =
            source.breaks(0).map(|step| premium(step.quantity, step.unit_cost)).collect();
        path.unit_cost = PriceList::same(&steps, length);
    }
    path
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::explain::tests::problem;
    use super::super::replay::{Given, Start, Trial, Warehouse};
    use super::*;
    use crate::decide::backtest::{Schedule, play};

    /// Three decisions a week apart in a history of nine weeks, lead time one week.
    fn facts(problem: &crate::decide::replenishment::problem::Problem, first: usize) -> Facts<'_> {
        let points = problem.pairs.len();
        let start = Start { lots: vec![(2.0, None)], backorder: 0.0, arrivals: vec![0.0; 1] };
        Facts {
            all: problem,
            first,
            review: 1,
            rounds: 3,
            shortage_cost: vec![3.0; points],
            lead: vec![1; points],
            leads: vec![vec![1]; points],
            length: vec![4; points],
            start: vec![start; points],
        }
    }

    fn shop(order_cost: u32) -> super::super::problem::Problem {
        let mut sales = "item,date,quantity\n".to_owned();
        for (week, (a, b)) in [(2, 1), (1, 2), (2, 2), (2, 1), (1, 3), (3, 1), (2, 2)].iter().enumerate() {
            let day =
                chrono::NaiveDate::from_ymd_opt(2023, 12, 11).unwrap() + chrono::Duration::weeks(week as i64);
            sales += &format!("A,{day},{a}\nB,{day},{b}\n");
        }
        let suppliers = format!("supplier,lead_time_days,order_cost,line_cost\nS,7,{order_cost},0.5\n");
        let items = "item,unit_cost,price,holding_cost,unmet_demand\nA,2,5,0.4,backorder\nB,2,5,0.3,lost\n";
        // The second item is dearer in small quantities.
        let sourcing = "item,supplier,unit_price,min_quantity\nA,S,2,\nB,S,2.2,\nB,S,2,3\n";
        problem(
            &[("sales", &sales), ("suppliers", &suppliers), ("items", items), ("sourcing", sourcing)],
            &[],
        )
    }

    fn cost(facts: &Facts<'_>, orders: Vec<Vec<f64>>) -> f64 {
        let schedule = Schedule {
            from: facts.all.plan_date,
            decisions: vec![0, 1, 2],
            buckets: 4,
            controllable_from: facts.lead.clone(),
        };
        let mut trial =
            Trial { warehouse: Warehouse::new(facts), policy: Box::new(Given::of_first_sources(&orders)) };
        play(&schedule, &mut trial).unwrap().controllable.total()
    }

    #[test]
    fn nothing_costs_less_among_all_orders() {
        for order_cost in [0, 1, 4] {
            let problem = shop(order_cost);
            let facts = facts(&problem, 3);
            let foresight = Foresight::new(&facts, &[], &Control::default()).unwrap();
            assert!(foresight.proved);
            let found = cost(&facts, foresight.orders);
            let mut least = f64::INFINITY;
            // Every order of 0 to 7 units in each of three decisions, for both items.
            for code in 0..8_usize.pow(6) {
                let quantity = |place: u32| (code / 8_usize.pow(place) % 8) as f64;
                let orders = [0, 3].map(|from| (0..3).map(|week| quantity(from + week)).collect());
                least = least.min(cost(&facts, orders.to_vec()));
            }
            assert!((found - least).abs() < 1e-9, "order cost {order_cost}: {found}, {least} can be had");
        }
    }

    /// A search that is cut short still costs no more than what others ordered.
    #[test]
    fn no_rival_costs_less_than_a_search_without_time() {
        let problem = shop(4);
        let facts = facts(&problem, 3);
        let rival = vec![vec![0.0, 3.0, 0.0], vec![0.0, 3.0, 0.0]];
        let theirs = cost(&facts, rival.clone());
        let stopped = Control::default();
        stopped.cancel.request();
        let late = Control::default().with_time(std::time::Duration::ZERO).started();
        for control in [stopped, late] {
            let foresight = Foresight::new(&facts, std::slice::from_ref(&rival), &control).unwrap();
            assert!(!foresight.proved);
            assert!(cost(&facts, foresight.orders) <= theirs + 1e-9);
        }
    }
}
