//! Given a problem small enough, write all of it as one mixed-integer program.
//!
//! Method: sample average approximation, Shapiro, Dentcheva and Ruszczynski
//! (2009), "Lectures on Stochastic Programming", doi:10.1137/1.9780898718751,
//! chapter 5: stock, shortage and waste of every scenario beside whole order
//! multiples, a switch for each line and price step, and one for each order to
//! a supplier. Every order is bounded by the demand that it could still meet,
//! and lines open orders one by one, which keeps the relaxation tight.
//! Cost: two or three columns and a row a scenario and bucket of each stock
//! point, two columns a bucket and price step, solved by branch and bound.
//! Use the prices of [`allocate`](crate::optimize::allocation::allocate)
//! instead above the sizes that [`close`](super::close) states.
//! Not for: a plan's own cost where stock expires or orders are split: the
//! program may sell any lot first, and parts of split orders are free within
//! what the check allows, so that its optimum is a bound there and the cost
//! comes from the simulation.
//! Same input gives the same answer: yes.
//! Differs from the textbook: none.

use super::super::plan::OrderLine;
use super::super::problem::PriceBreak;
use super::counts::Measure;
use super::lanes::Lane;
use super::limits::Limits;
use super::part::{PointPlan, Ready, StockPoint};
use super::ways::Way;
use super::windows::{Course, add_windows};
use crate::optimize::inventory::order_path::PathProblem;
use crate::optimize::milp::{ColumnKind, Program};

/// The program, and which columns stand for what.
pub(crate) struct Whole {
    /// The program.
    pub program: Program,
    points: Vec<Vec<WayColumns>>,
    /// Column of the first switch.
    switches: usize,
}

/// Columns of one way to buy.
pub(crate) struct WayColumns {
    /// Whether the stock point buys this way.
    pub taken: usize,
    /// Orders by bucket; those that cannot arrive are missing.
    pub orders: Vec<Order>,
}

/// The order of a bucket from one source.
pub(crate) struct Order {
    /// Which lane of the way.
    pub lane: usize,
    source: usize,
    multiple: f64,
    pub bucket: usize,
    /// Units locked already.
    pub locked: f64,
    pub steps: Vec<Step>,
}

/// An order within one price step, in multiples.
pub(crate) struct Step {
    pub on: usize,
    count: usize,
    least: f64,
    pub most: f64,
    price: f64,
}

/// Terms of a row and its constant.
#[derive(Default, Clone)]
pub(crate) struct Terms {
    pub list: Vec<(usize, f64)>,
    pub constant: f64,
}

/// Writes the program; `None` where an order has no largest quantity.
pub(crate) fn whole(limits: &Limits, points: &[StockPoint<'_>]) -> Option<Whole> {
    let rows = vec![Terms::default(); limits.rows.len()];
    let mut writer = Writer { limits, program: Program::minimise(), rows, offset: 0.0 };
    let mut columns = Vec::with_capacity(points.len());
    for point in points {
        columns.push(point.with_ways(|ways| writer.point(point, ways))?);
    }
    let switches = writer.shared();
    let mut program = writer.program;
    program.set_offset(writer.offset);
    Some(Whole { program, points: columns, switches })
}

impl Whole {
    /// Columns that state these plans and open switches.
    pub fn start(&self, points: &[StockPoint<'_>], plans: &[PointPlan], open: &[u32]) -> Vec<(usize, f64)> {
        let mut values = Vec::new();
        for ((ways, point), plan) in self.points.iter().zip(points).zip(plans) {
            for (index, way) in ways.iter().enumerate() {
                let taken = ways.len() == 1 || index == plan.way;
                values.push((way.taken, f64::from(u8::from(taken))));
                for order in &way.orders {
                    let parts = if taken { point.parts_of(plan, order.bucket) } else { Vec::new() };
                    let part = parts.iter().find(|(source, _)| *source == order.source);
                    let quantity = part.map_or(0.0, |(_, quantity)| quantity - order.locked);
                    let count = (quantity / order.multiple).round();
                    for step in &order.steps {
                        let on = count > 0.0 && (step.least..=step.most).contains(&count);
                        values.push((step.on, f64::from(u8::from(on))));
                        values.push((step.count, if on { count } else { 0.0 }));
                    }
                }
            }
        }
        values.extend(open.iter().enumerate().map(|(at, copies)| (self.switches + at, f64::from(*copies))));
        values
    }

    /// The plans that the values state, each with its true cost; `None` where one breaks a rule.
    pub fn plans(&self, points: &[StockPoint<'_>], values: &[f64]) -> Option<Vec<PointPlan>> {
        let plan = |(ways, point): (&Vec<WayColumns>, &StockPoint<'_>)| {
            let taken = (0..ways.len())
                .max_by(|&a, &b| values[ways[a].taken].total_cmp(&values[ways[b].taken]).then(b.cmp(&a)))?;
            let lines = ways[taken].orders.iter().map(|order| {
                let count: f64 = order.steps.iter().map(|step| values[step.count].round()).sum();
                let (source, bucket, pair) = (order.source, order.bucket, point.index);
                OrderLine { pair, source, bucket, quantity: order.locked + count * order.multiple }
            });
            if point.combines() {
                return point.bought(&lines.filter(|line| line.quantity > 0.0).collect::<Vec<_>>());
            }
            let mut orders = vec![0.0; point.problem.horizon];
            lines.for_each(|line| orders[line.bucket] += line.quantity);
            point.planned(taken, orders)
        };
        self.points.iter().zip(points).map(plan).collect()
    }

    /// The open copies of the switches.
    pub fn open(&self, values: &[f64]) -> Vec<u32> {
        values[self.switches..].iter().map(|value| value.round().max(0.0) as u32).collect()
    }
}

struct Writer<'a> {
    limits: &'a Limits,
    program: Program,
    /// What counts in each shared row so far.
    rows: Vec<Terms>,
    offset: f64,
}

impl Writer<'_> {
    fn point(&mut self, point: &StockPoint<'_>, ways: &[Ready]) -> Option<Vec<WayColumns>> {
        let mut lanes: Vec<Vec<Lane<'_>>> = ways.iter().map(|ready| point.lanes_of(&ready.way)).collect();
        if point.combines() {
            // One way, with a lane for each source.
            lanes = vec![lanes.into_iter().flatten().collect()];
        }
        let least = if lanes.len() == 1 { 1.0 } else { 0.0 };
        let mut columns = Vec::with_capacity(lanes.len());
        for (index, lanes) in lanes.iter().enumerate() {
            let taken = self.program.add_column(0.0, least, 1.0, ColumnKind::Integer);
            let orders = self.orders(point, (ways, index), lanes, taken)?;
            columns.push(WayColumns { taken, orders });
        }
        let one: Vec<(usize, f64)> = columns.iter().map(|way| (way.taken, 1.0)).collect();
        if columns.len() > 1 {
            self.program.add_row(1.0, 1.0, &one);
        }
        if let Some(first) = ways.first() {
            let mut path = first.way.path.clone();
            // Without the locked lines of other sources, which are columns here.
            path.inflow.copy_from_slice(&point.pair().inflow);
            self.stock(point, &path, &lanes, &columns);
        }
        Some(columns)
    }

    /// The orders of a way: columns, costs, and what they count in shared rows.
    fn orders(
        &mut self,
        point: &StockPoint<'_>,
        (ways, index): (&[Ready], usize),
        lanes: &[Lane<'_>],
        taken: usize,
    ) -> Option<Vec<Order>> {
        let way = &ways.get(index)?.way;
        let path = &way.path;
        let mut orders = Vec::new();
        for bucket in 0..path.periods {
            let first = orders.len();
            for (at, lane) in lanes.iter().enumerate() {
                let (locked, steps) = match lane.locked[bucket] {
                    Some(locked) => (locked, Vec::new()),
                    None if lane.open[bucket] => {
                        let of = if point.combines() { &ways.get(at)?.way } else { way };
                        (0.0, self.steps(lane, bucket, most_steps(point, of, lane, bucket)?))
                    }
                    None => continue,
                };
                let (source, multiple) = (lane.source, lane.multiple);
                let order = Order { lane: at, source, multiple, bucket, locked, steps };
                self.link(lane, &order, taken);
                self.charge(point, lane, &order, taken);
                orders.push(order);
            }
            if let Some(split) = &way.split {
                self.share(lanes, &orders[first..], split.slack, taken);
            }
        }
        if let Some((earlier, elsewhere)) = point.earlier_plan(lanes) {
            self.stay_close(&orders, &earlier, point.problem.stability_penalty, taken);
            self.cost_of(taken, point.problem.stability_penalty * elsewhere);
        }
        Some(orders)
    }

    /// One step for each price that an order can reach.
    fn steps(&mut self, lane: &Lane<'_>, bucket: usize, most: f64) -> Vec<Step> {
        let prices: Vec<&PriceBreak> = lane.breaks(bucket).collect();
        let up = |quantity: f64| (quantity / lane.multiple - 1e-9).ceil();
        let mut steps = Vec::new();
        for (index, price) in prices.iter().enumerate() {
            let reached = if index == 0 { 0.0 } else { up(price.quantity) };
            let least = up(lane.moq).max(1.0).max(reached);
            let most = prices.get(index + 1).map_or(most, |next| most.min(up(next.quantity) - 1.0));
            if least <= most {
                let on = self.program.add_column(lane.fixed_cost[bucket], 0.0, 1.0, ColumnKind::Integer);
                let unit = lane.premium(price.unit_cost) * lane.multiple;
                let count = self.program.add_column(unit, 0.0, most, ColumnKind::Integer);
                steps.push(Step { on, count, least, most, price: price.unit_cost });
            }
        }
        steps
    }

    /// Parts of one split order are no further off their shares than `slack`; a part that may not
    /// be ordered is nothing, and its share limits the others.
    fn share(&mut self, lanes: &[Lane<'_>], orders: &[Order], slack: f64, taken: usize) {
        for (at, lane) in lanes.iter().enumerate() {
            let mut terms = Vec::new();
            let mut fixed = 0.0;
            for order in orders {
                let of = if order.lane == at { 1.0 } else { 0.0 } - lane.share;
                fixed += of * order.locked;
                terms.extend(order.steps.iter().map(|step| (step.count, of * order.multiple)));
            }
            // Where locks leave no choice, the check tells of what is off.
            if !terms.is_empty() {
                terms.push((taken, fixed));
                self.program.add_row(-slack, slack, &terms);
            }
        }
    }

    /// Quantities only where the line is on, and one price step at most.
    fn link(&mut self, lane: &Lane<'_>, order: &Order, taken: usize) {
        for step in &order.steps {
            self.program.add_row(f64::NEG_INFINITY, 0.0, &[(step.count, 1.0), (step.on, -step.most)]);
            self.program.add_row(0.0, f64::INFINITY, &[(step.count, 1.0), (step.on, -step.least)]);
        }
        if !order.steps.is_empty() {
            let mut one: Vec<(usize, f64)> = order.steps.iter().map(|step| (step.on, 1.0)).collect();
            one.push((taken, -1.0));
            self.program.add_row(f64::NEG_INFINITY, 0.0, &one);
        }
        if order.locked > 0.0 {
            let unit = lane.premium(lane.price(order.bucket, order.locked));
            self.cost_of(taken, lane.fixed_cost[order.bucket] + order.locked * unit);
        }
    }

    /// Adds a cost to a column by one that equals it, since a column's own cost is fixed when it is made.
    fn cost_of(&mut self, column: usize, cost: f64) {
        if cost != 0.0 {
            let priced = self.program.add_column(cost, 0.0, 1.0, ColumnKind::Continuous);
            self.program.add_row(0.0, 0.0, &[(priced, 1.0), (column, -1.0)]);
        }
    }

    /// What an order counts in shared rows.
    fn charge(&mut self, point: &StockPoint<'_>, lane: &Lane<'_>, order: &Order, taken: usize) {
        let (rows, multiple) = (&mut self.rows, lane.multiple);
        let locked_price = lane.price(order.bucket, order.locked);
        point.each_row(lane.source, order.bucket, |row, measure, factor| {
            let list = &mut rows[row as usize].list;
            for step in &order.steps {
                list.push(match measure {
                    Measure::Money => (step.count, factor * multiple * step.price),
                    Measure::Quantity => (step.count, factor * multiple),
                    Measure::Line => (step.on, factor),
                });
            }
            if order.locked > 0.0 {
                let amount = match measure {
                    Measure::Money => order.locked * locked_price,
                    Measure::Quantity => order.locked,
                    Measure::Line => 1.0,
                };
                list.push((taken, factor * amount));
            }
        });
    }

    /// Pays for each unit more or less than the earlier plan orders, by lane and bucket.
    fn stay_close(&mut self, orders: &[Order], earlier: &[Vec<f64>], penalty: f64, taken: usize) {
        for order in orders {
            let before = earlier[order.lane][order.bucket];
            let changed = self.program.add_column(penalty, 0.0, f64::INFINITY, ColumnKind::Continuous);
            let mut terms: Vec<(usize, f64)> =
                order.steps.iter().map(|step| (step.count, order.multiple)).collect();
            terms.push((taken, order.locked - before));
            for sign in [1.0, -1.0] {
                let mut row: Vec<(usize, f64)> =
                    terms.iter().map(|(column, factor)| (*column, sign * factor)).collect();
                row.push((changed, -1.0));
                self.program.add_row(f64::NEG_INFINITY, 0.0, &row);
            }
        }
        // What was ordered when nothing may be ordered any more.
        let seen =
            |at: usize, bucket: usize| orders.iter().any(|order| (order.lane, order.bucket) == (at, bucket));
        let gone = |(at, of): (usize, &Vec<f64>)| -> f64 {
            of.iter().enumerate().filter(|(bucket, _)| !seen(at, *bucket)).map(|(_, units)| units).sum()
        };
        self.cost_of(taken, penalty * earlier.iter().enumerate().map(gone).sum::<f64>());
    }

    /// Stock, shortage and waste of every scenario, and the room that stock takes.
    fn stock(
        &mut self,
        point: &StockPoint<'_>,
        path: &PathProblem,
        lanes: &[Vec<Lane<'_>>],
        columns: &[WayColumns],
    ) {
        let mut room = vec![Terms::default(); path.periods];
        let mut courses = Vec::with_capacity(path.scenarios);
        for scenario in 0..path.scenarios {
            let arriving = arriving(path, lanes, columns, scenario);
            courses.push(self.course(path, scenario, &arriving, &mut room));
        }
        add_windows(&mut self.program, path, lanes, columns, &courses);
        let share = point.volume_m3() / path.scenarios as f64;
        for (bucket, used) in room.into_iter().enumerate() {
            let Some(row) = point.storage_row(bucket) else { continue };
            let held = &mut self.rows[row as usize];
            held.constant += share * used.constant;
            held.list.extend(used.list.into_iter().map(|(column, factor)| (column, share * factor)));
        }
    }

    /// One scenario; adds what is there after the arrivals of each bucket to `room`.
    fn course(
        &mut self,
        path: &PathProblem,
        scenario: usize,
        arriving: &[Terms],
        room: &mut [Terms],
    ) -> Course {
        let mut course = Course::default();
        let weight = 1.0 / path.scenarios as f64;
        let owed = (-path.initial_stock).max(0.0);
        let mut before = Terms { list: Vec::new(), constant: path.initial_stock };
        // What can be carried into the next bucket.
        let mut stored = Terms { list: Vec::new(), constant: path.initial_stock.max(0.0) };
        for bucket in 0..path.periods {
            let demand = path.demand[scenario * path.periods + bucket];
            room[bucket].add(&stored, 1.0);
            room[bucket].add(&arriving[bucket], 1.0);
            let lost = demand + if bucket == 0 { owed } else { 0.0 };
            let most = if path.lost_sales { lost } else { f64::INFINITY };
            let add = |program: &mut Program, cost: f64, most: f64| {
                program.add_column(weight * cost, 0.0, most, ColumnKind::Continuous)
            };
            let stock = add(&mut self.program, path.holding_cost[bucket], f64::INFINITY);
            let unmet = add(&mut self.program, path.shortage_cost[bucket], most);
            let mut row = vec![(stock, 1.0), (unmet, -1.0)];
            row.extend(
                before.list.iter().chain(&arriving[bucket].list).map(|&(column, factor)| (column, -factor)),
            );
            let level = before.constant + arriving[bucket].constant - demand;
            self.program.add_row(level, level, &row);
            stored = Terms { list: vec![(stock, 1.0)], constant: 0.0 };
            if let Some(life) = path.shelf_life {
                let waste = add(&mut self.program, path.waste_cost, f64::INFINITY);
                stored.list.push((waste, -1.0));
                self.expiry(path, (bucket, life), arriving, &stored, waste);
            }
            before = stored.clone();
            if !path.lost_sales {
                before.list.push((unmet, -1.0));
            }
            course.stored.push(stored.clone());
            course.unmet.push(unmet);
        }
        course
    }

    /// What is stored after a bucket came in recently enough, and only what is too old is thrown away.
    fn expiry(
        &mut self,
        path: &PathProblem,
        (bucket, life): (usize, usize),
        arriving: &[Terms],
        stored: &Terms,
        waste: usize,
    ) {
        let lots: f64 = path.initial_lots.iter().map(|lot| lot.quantity).sum();
        let fresh = (path.initial_stock.max(0.0) - lots).max(0.0);
        let of = |is_it: &dyn Fn(usize) -> bool| -> f64 {
            let kept = path.initial_lots.iter().filter(|lot| is_it(lot.last_period));
            kept.map(|lot| lot.quantity).sum::<f64>() + if is_it(life - 1) { fresh } else { 0.0 }
        };
        let (mut usable, mut expiring) = (Terms::default(), Terms::default());
        usable.constant = of(&|last| last > bucket);
        expiring.constant = of(&|last| last == bucket);
        for (at, arrived) in arriving.iter().enumerate().take(bucket + 1) {
            match (at + life - 1).cmp(&bucket) {
                std::cmp::Ordering::Greater => usable.add(arrived, 1.0),
                std::cmp::Ordering::Equal => expiring.add(arrived, 1.0),
                std::cmp::Ordering::Less => {}
            }
        }
        for (mut row, limit) in [(stored.list.clone(), usable), (vec![(waste, 1.0)], expiring)] {
            row.extend(limit.list.iter().map(|&(column, factor)| (column, -factor)));
            self.program.add_row(f64::NEG_INFINITY, limit.constant, &row);
        }
        self.program.add_row(0.0, f64::INFINITY, &stored.list);
    }

    /// The switches and the shared rows; the column of the first switch.
    fn shared(&mut self) -> usize {
        let switches = self.program.columns();
        for switch in self.limits.coupling.switches() {
            let column =
                self.program.add_column(switch.cost, 0.0, f64::from(switch.copies), ColumnKind::Integer);
            for &(row, amount) in &switch.raises {
                self.rows[row as usize].list.push((column, -amount));
            }
        }
        for (row, terms) in self.limits.coupling.rows().iter().zip(&self.rows) {
            self.program.add_row(row.lower - terms.constant, row.upper - terms.constant, &terms.list);
        }
        switches
    }
}

impl Terms {
    fn add(&mut self, other: &Terms, factor: f64) {
        self.constant += factor * other.constant;
        self.list.extend(other.list.iter().map(|&(column, term)| (column, factor * term)));
    }
}

/// Usable units by bucket of one scenario: what comes anyhow, and the orders.
fn arriving(
    path: &PathProblem,
    lanes: &[Vec<Lane<'_>>],
    columns: &[WayColumns],
    scenario: usize,
) -> Vec<Terms> {
    let mut arriving: Vec<Terms> =
        path.inflow.iter().map(|&constant| Terms { list: Vec::new(), constant }).collect();
    for (lanes, columns) in lanes.iter().zip(columns) {
        for order in &columns.orders {
            let lane = &lanes[order.lane];
            let Some(at) = lane.arrival_of(scenario, order.bucket) else { continue };
            let unit = lane.fill * lane.multiple;
            arriving[at].list.extend(order.steps.iter().map(|step| (step.count, unit)));
            if order.locked > 0.0 {
                arriving[at].list.push((columns.taken, lane.fill * order.locked));
            }
        }
    }
    arriving
}

/// The most multiples that an order may hold: the lane's own limit, and where nothing but demand
/// makes a unit worth buying, no more than the demand that it could still meet. A part of a split
/// may be worth buying for what another part brings with it.
fn most_steps(point: &StockPoint<'_>, way: &Way, lane: &Lane<'_>, bucket: usize) -> Option<f64> {
    let path = &way.path;
    let stated = (lane.max_order? / lane.multiple + 1e-9).floor();
    if way.split.is_some() || point.buys_for_its_own_sake(way, bucket) {
        return Some(stated);
    }
    let owed = (-path.initial_stock).max(0.0);
    let open = |scenario: usize| {
        let from =
            if path.lost_sales { lane.arrival_of(scenario, bucket).unwrap_or(path.periods) } else { 0 };
        let demand = &path.demand[scenario * path.periods..(scenario + 1) * path.periods];
        demand[from..].iter().sum::<f64>() + if from == 0 { owed } else { 0.0 }
    };
    let cover = (0..path.scenarios).map(open).fold(0.0, f64::max);
    let smallest = lane.breaks(bucket).last().map_or(0.0, |price| price.quantity).max(lane.moq);
    let up = |quantity: f64| (quantity / lane.multiple - 1e-9).ceil().max(1.0);
    Some(stated.min(up(cover / lane.fill).max(up(smallest))))
}
