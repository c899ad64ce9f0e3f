//! Given a network of visits, improve routes by taking some visits out and putting them back in.
//!
//! Method: simulated annealing over ruin and recreate, Christiaens and Vanden Berghe (2020), "Slack
//! induction by string removals for vehicle routing problems", doi:10.1287/trsc.2019.0914; near the
//! end the routes met are put together anew ([`super::partition`]), where they are short.
//! Cost: about 20 microseconds a step, nearly independent of the number of visits; memory O(n) for n
//! visits beside the network's.
//! Not for: proofs of optimality.
//! Same input, work limit and seed give the same answer: yes. A time limit does not.
//! Differs from the paper: temperatures in units of the mean way between stops; vehicle types are
//! chosen anew for each route that changed; optional visits compete with their prizes.

use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::control::{Control, Progress};
use crate::solution::Termination;

use super::insertion::{Blinks, Place};
use super::network::Network;
use super::partition::recombine;
use super::pool::{Known, Pool};
use super::search::RouteOptions;
use super::solution::{Route, Solution};
use super::tours::{NONE, Tours};
use super::undo::Undo;

/// Steps between two looks at the clock.
const CLOCK_STEPS: u64 = 32;
/// Visits of the first routes between two looks at it.
const CLOCK_VISITS: usize = 8;
/// Steps between two reports of progress.
const REPORT_STEPS: u64 = 32_768;
/// Share of steps in which optional visits may cost more than their prize, and up to how many times.
const OVERPAID_SHARE: f64 = 0.2;
const MOST_OVERPAID: f64 = 4.0;
/// Steps a visit that allow the first temperature in full.
const PATIENT_STEPS: f64 = 300.0;
/// Steps a second that are counted on for it.
const USUAL_SPEED: f64 = 40_000.0;
/// Steps without any limit: this many, and more for each visit.
const DEFAULT_STEPS: (u64, u64) = (20_000, 400);
/// Share of the limits after which the routes met are put together anew, and share that may take.
const RECOMBINED_AT: f64 = 0.85;
const RECOMBINING_SHARE: f64 = 0.1;
/// Of accepted changes each of this number is taken into the pool.
const POOLED_EACH: u64 = 8;
/// Most stops of the routes of the pool, a visit and in all.
const POOLED_STOPS: (usize, usize) = (120, 120_000);
/// Most visits of a route, on average, for which that pays, and least visits of the problem.
const LONGEST_RECOMBINED: usize = 16;
const LEAST_RECOMBINED: usize = 50;
/// Shortest time limit for which it pays.
const BRIEFEST: Duration = Duration::from_secs(2);

pub(super) struct Annealing<'a> {
    network: &'a Network<'a>,
    options: &'a RouteOptions,
    control: &'a Control,
    blinks: Blinks,
    rng: ChaCha8Rng,
    tours: Tours<'a>,
    undo: Undo,
    absent: Vec<u32>,
    unserved: usize,
    cost: f64,
    best_cost: f64,
    best: Vec<(usize, Vec<u32>)>,
    /// Tours that differ from the best, and whether each is listed.
    changed: Vec<u32>,
    is_changed: Vec<bool>,
    pub steps: u64,
    pool: Pool,
    /// Accepted steps since routes were last taken into the pool.
    unpooled: u64,
    is_recombined: bool,
}

impl<'a> Annealing<'a> {
    pub fn new(network: &'a Network<'a>, options: &'a RouteOptions, control: &'a Control) -> Self {
        let mut tours = Tours::new(network);
        if let Some(start) = &options.start {
            tours.adopt(start);
        }
        tours.construct(control);
        let absent: Vec<u32> =
            (0..network.visits as u32).filter(|&visit| tours.seats[visit as usize].tour == NONE).collect();
        let penalties: f64 = absent.iter().map(|&visit| network.nodes[visit as usize].penalty).sum();
        let cost = tours.tours.iter().map(|tour| tour.cost).sum::<f64>() + penalties;
        Annealing {
            network,
            options,
            control,
            blinks: Blinks::new(options.blink_rate),
            rng: ChaCha8Rng::seed_from_u64(control.seed),
            unserved: absent.len(),
            tours,
            undo: Undo::new(),
            absent,
            cost,
            best_cost: f64::INFINITY,
            best: Vec::new(),
            changed: Vec::new(),
            is_changed: Vec::new(),
            steps: 0,
            pool: Pool::new(network.visits, pooled(network)),
            unpooled: 0,
            is_recombined: false,
        }
    }

    pub fn run(&mut self) -> Termination {
        self.begin();
        if self.network.visits == 0 {
            return Termination::Optimal;
        }
        let length = self.mean_way();
        let cold = self.options.coldest * length;
        let hot = (self.options.hottest * self.patience() * length).max(cold);
        let mut temperature = hot;
        loop {
            if self.steps.is_multiple_of(CLOCK_STEPS) {
                if let Some(end) = self.end() {
                    return end;
                }
                let done = self.share_done();
                temperature = hot * (cold / hot).powf(done);
                if done >= RECOMBINED_AT && !self.is_recombined {
                    self.recombine();
                }
            }
            self.steps += 1;
            self.step(temperature);
        }
    }

    /// First routes: far visits first.
    fn begin(&mut self) {
        self.undo.begin(&self.tours);
        let mut absent = std::mem::take(&mut self.absent);
        self.order(&mut absent, Order::Far);
        self.cost += self.recreate(&absent, false);
        self.absent = absent;
        self.refit();
        self.cost += self.change_of_tours();
        self.is_changed.resize(self.tours.tours.len(), true);
        self.changed = (0..self.tours.tours.len() as u32).collect();
        self.keep_best();
    }

    fn step(&mut self, temperature: f64) {
        self.undo.begin(&self.tours);
        let mut absent = std::mem::take(&mut self.absent);
        absent.clear();
        let unserved = self.unserved;
        let removed =
            self.tours.ruin(&mut absent, &mut self.undo, unserved, self.options.removed, &mut self.rng);
        self.unserved += removed;
        let penalties: f64 = absent[..removed].iter().map(|&visit| self.penalty(visit)).sum();
        let order = self.draw_order();
        self.order(&mut absent, order);
        let penalties = penalties + self.recreate(&absent, true);
        self.absent = absent;
        self.refit();
        let change = self.change_of_tours() + penalties;
        let draw: f64 = self.rng.random();
        if change < -temperature * (1.0 - draw).ln() {
            self.cost += change;
            self.note_changes();
            self.take_into_pool();
            if self.cost < self.best_cost - 1e-9 * self.best_cost.abs() {
                self.keep_best();
            }
        } else {
            self.undo.restore(&mut self.tours);
            self.unserved = unserved;
        }
    }

    fn penalty(&self, visit: u32) -> f64 {
        self.network.nodes[visit as usize].penalty
    }

    fn change_of_tours(&self) -> f64 {
        let tours = &self.tours.tours;
        self.undo.touched().map(|(tour, before)| tours[tour as usize].cost - before).sum()
    }

    /// Inserts visits where it is cheapest; returns the change in penalties. Now and then more is
    /// paid for a visit than it is worth, since several together may pay where one does not.
    fn recreate(&mut self, absent: &[u32], varies: bool) -> f64 {
        let mut penalties = 0.0;
        let overpays = varies && self.network.rules.prizes && self.rng.random_bool(OVERPAID_SHARE);
        let worth = if overpays { self.rng.random_range(1.0..MOST_OVERPAID) } else { 1.0 };
        for (index, &visit) in absent.iter().enumerate() {
            // A step has few visits and ends; the first routes may have all.
            if !varies && index.is_multiple_of(CLOCK_VISITS) && self.control.should_stop() {
                break;
            }
            let everywhere = self.network.visits <= self.options.everywhere;
            let place = self.tours.best_place(visit, worth, everywhere, &mut self.blinks, &mut self.rng);
            let Some(place) = place else { continue };
            let tour = match place.tour {
                NONE => self.tours.open(place.kind as usize) as u32,
                tour => tour,
            };
            self.undo.save(&self.tours, tour);
            self.tours.insert(visit, Place { tour, ..place });
            penalties -= self.penalty(visit);
            self.unserved -= 1;
        }
        penalties
    }

    fn refit(&mut self) {
        if self.network.kinds.len() > 1 {
            let touched: Vec<u32> = self.undo.touched().map(|(tour, _)| tour).collect();
            touched.into_iter().for_each(|tour| self.tours.refit(tour as usize));
        }
    }

    fn draw_order(&mut self) -> Order {
        let choices: &[(u32, Order)] = if self.network.rules.timed { &TIMED_ORDERS } else { &ORDERS };
        let sum = choices.iter().map(|choice| choice.0).sum();
        let mut draw = self.rng.random_range(0..sum);
        for &(weight, order) in choices {
            if draw < weight {
                return order;
            }
            draw -= weight;
        }
        Order::Random
    }

    fn order(&mut self, visits: &mut [u32], order: Order) {
        let network = self.network;
        let node = |visit: u32| &network.nodes[visit as usize];
        let away = |visit: u32| network.arcs[0].distance(network.kinds[0].start, visit);
        match order {
            Order::Random => visits.shuffle(&mut self.rng),
            Order::Bulk => sort_by(visits, |visit| -network.bulk[visit as usize]),
            Order::Far => sort_by(visits, |visit| -away(visit)),
            Order::Close => sort_by(visits, away),
            Order::Narrow => sort_by(visits, |visit| node(visit).window.end - node(visit).window.start),
            Order::Early => sort_by(visits, |visit| node(visit).window.start),
            Order::Late => sort_by(visits, |visit| -node(visit).window.end),
        }
    }

    /// Mean cost of a way between stops.
    fn mean_way(&self) -> f64 {
        let used = self.tours.tours.iter().filter(|tour| !tour.visits.is_empty());
        let (mut cost, mut ways) = (0.0, 0.0);
        for tour in used {
            let kind = &self.network.kinds[tour.kind];
            cost += tour.cost - kind.fixed;
            ways += tour.visits.len() as f64 + 1.0;
        }
        if cost > 0.0 { cost / ways } else { 1.0 }
    }

    /// Share of the first temperature that the steps to come allow.
    fn patience(&self) -> f64 {
        let by_time = self.control.time_left().map_or(f64::INFINITY, |left| left.as_secs_f64() * USUAL_SPEED);
        let steps = by_time.min(self.most_steps() as f64) / self.network.visits as f64;
        (steps / PATIENT_STEPS).powf(0.8).min(1.0)
    }

    /// Share of the limits that is used up.
    fn share_done(&self) -> f64 {
        let limits = &self.control.limits;
        let worked = self.steps as f64 / self.most_steps() as f64;
        let timed = match (limits.time, self.control.time_left()) {
            (Some(time), Some(left)) => 1.0 - left.as_secs_f64() / time.as_secs_f64().max(1e-9),
            _ => 0.0,
        };
        worked.max(timed).clamp(0.0, 1.0)
    }

    fn most_steps(&self) -> u64 {
        let limits = &self.control.limits;
        match (limits.work, limits.time) {
            (Some(work), _) => work.max(1),
            (None, Some(_)) => u64::MAX,
            (None, None) => DEFAULT_STEPS.0 + DEFAULT_STEPS.1 * self.network.visits as u64,
        }
    }

    fn end(&self) -> Option<Termination> {
        if self.control.cancel.is_requested() {
            return Some(Termination::Interrupted);
        }
        if self.steps.is_multiple_of(REPORT_STEPS) {
            self.control.report(&Progress {
                stage: "solve",
                done: self.steps,
                total: self.control.limits.work,
                incumbent: Some(self.best_cost),
                bound: None,
            });
        }
        if self.steps >= self.most_steps() {
            return Some(if self.control.limits.work.is_some() {
                Termination::WorkLimit
            } else {
                Termination::Stalled
            });
        }
        self.control.should_stop().then_some(Termination::TimeLimit)
    }

    /// Lists the tours that the last change touched.
    fn note_changes(&mut self) {
        for (tour, _) in self.undo.touched() {
            if self.is_changed.len() <= tour as usize {
                self.is_changed.resize(tour as usize + 1, false);
            }
            if !std::mem::replace(&mut self.is_changed[tour as usize], true) {
                self.changed.push(tour);
            }
        }
    }

    /// Takes the routes of some accepted changes into the pool.
    fn take_into_pool(&mut self) {
        self.unpooled += 1;
        if self.unpooled < POOLED_EACH {
            return;
        }
        self.unpooled = 0;
        for (tour, _) in self.undo.touched() {
            let tour = &self.tours.tours[tour as usize];
            self.pool.add(tour.kind, &tour.visits, tour.cost);
        }
    }

    /// Puts the routes of the pool together anew, where they are short enough for that to be quick.
    fn recombine(&mut self) {
        self.is_recombined = true;
        let network = self.network;
        let plan: Vec<(usize, Vec<u32>)> =
            self.best.iter().filter(|tour| !tour.1.is_empty()).cloned().collect();
        let served: usize = plan.iter().map(|tour| tour.1.len()).sum();
        let committed = self.tours.tours.iter().any(|tour| tour.committed > 0);
        let short = served <= LONGEST_RECOMBINED * plan.len();
        let brief = self.control.limits.time.is_some_and(|time| time < BRIEFEST);
        if committed || !short || brief || network.visits < LEAST_RECOMBINED {
            return;
        }
        let priced = |(kind, visits): (usize, Vec<u32>)| {
            let cost = self.tours.walk(kind, visits.iter().copied())?;
            Some(Known { kind, visits, cost })
        };
        let Some(plan) = plan.into_iter().map(priced).collect::<Option<Vec<Known>>>() else { return };
        let share = RECOMBINING_SHARE / (1.0 - RECOMBINED_AT);
        let Some(routes) = recombine(network, &self.pool, &plan, &self.control.for_share(share)) else {
            return;
        };
        let mut served = vec![false; network.visits];
        routes.iter().flat_map(|known| &known.visits).for_each(|&visit| served[visit as usize] = true);
        let absent: Vec<u32> = (0..network.visits as u32).filter(|&visit| !served[visit as usize]).collect();
        let penalties: f64 = absent.iter().map(|&visit| self.penalty(visit)).sum();
        let cost = routes.iter().map(|known| known.cost).sum::<f64>() + penalties;
        if cost >= self.best_cost - 1e-9 * self.best_cost.abs() {
            return;
        }
        self.tours = Tours::new(network);
        for known in routes {
            let tour = self.tours.open(known.kind);
            self.tours.tours[tour].visits = known.visits;
            self.tours.refresh(tour);
        }
        self.undo = Undo::new();
        (self.unserved, self.cost) = (absent.len(), cost);
        self.best.iter_mut().for_each(|tour| tour.1.clear());
        self.changed = (0..self.tours.tours.len() as u32).collect();
        self.is_changed.clear();
        self.is_changed.resize(self.tours.tours.len(), true);
        self.keep_best();
    }

    fn keep_best(&mut self) {
        self.best_cost = self.cost;
        self.best.resize(self.tours.tours.len().max(self.best.len()), (0, Vec::new()));
        for tour in self.changed.drain(..) {
            self.is_changed[tour as usize] = false;
            let from = &self.tours.tours[tour as usize];
            let (kind, visits) = &mut self.best[tour as usize];
            *kind = from.kind;
            visits.clone_from(&from.visits);
            self.pool.add(from.kind, &from.visits, from.cost);
        }
    }

    pub fn best_solution(&self) -> Solution {
        let used = self.best.iter().filter(|tour| !tour.1.is_empty());
        let visits =
            |tour: &[u32]| tour.iter().map(|&node| self.network.nodes[node as usize].visit).collect();
        let vehicles = self.network.problem.vehicles();
        let mut left: Vec<usize> = vehicles.iter().map(|vehicle| vehicle.count).collect();
        let mut routes: Vec<Route> = Vec::new();
        for (kind, tour) in used {
            let types = &self.network.kinds[*kind].types;
            let vehicle = types.iter().copied().find(|&vehicle| left[vehicle] > 0).unwrap_or(types[0]);
            left[vehicle] = left[vehicle].saturating_sub(1);
            routes.push(Route::of(self.network.problem, vehicle, visits(tour)));
        }
        let mut served = vec![false; self.network.visits];
        routes.iter().flat_map(Route::visits).for_each(|visit| served[visit] = true);
        let unserved = (0..self.network.visits).filter(|&visit| !served[visit]).collect();
        Solution { routes, unserved }
    }
}

/// Orders in which visits are inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Random,
    Bulk,
    Far,
    Close,
    Narrow,
    Early,
    Late,
}

/// How often each order is drawn, as in the paper.
const ORDERS: [(u32, Order); 4] = [(4, Order::Random), (4, Order::Bulk), (2, Order::Far), (1, Order::Close)];
const TIMED_ORDERS: [(u32, Order); 7] = [
    (4, Order::Random),
    (4, Order::Bulk),
    (2, Order::Far),
    (1, Order::Close),
    (2, Order::Narrow),
    (2, Order::Early),
    (2, Order::Late),
];

fn sort_by(visits: &mut [u32], key: impl Fn(u32) -> f64) {
    visits.sort_unstable_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
}

/// Most stops of routes that are worth keeping.
fn pooled(network: &Network<'_>) -> usize {
    let worth = network.visits >= LEAST_RECOMBINED;
    if worth { (POOLED_STOPS.0 * network.visits).min(POOLED_STOPS.1) } else { 0 }
}

/// Makes steps at a high temperature and compares, after each, what the search believes with what
/// the evaluator finds.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) fn audit(problem: &super::problem::Problem, seed: u64, steps: u64) {
    let network = Network::new(problem, 10, &Control::default());
    let options =
        RouteOptions { everywhere: if seed.is_multiple_of(2) { 0 } else { 100 }, ..RouteOptions::default() };
    let control = Control::default().with_seed(seed).with_work(steps);
    let mut annealing = Annealing::new(&network, &options, &control);
    annealing.begin();
    let length = annealing.mean_way();
    for _ in 0..steps {
        annealing.step(length);
        annealing.changed = (0..annealing.tours.tours.len() as u32).collect();
        annealing.is_changed.resize(annealing.tours.tours.len(), true);
        let best = annealing.best_cost;
        annealing.keep_best();
        annealing.best_cost = best;
        let solution = annealing.best_solution();
        let found = super::evaluate(problem, &solution);
        let missing = |rule: &&super::Violation| matches!(rule, super::Violation::Missing { .. });
        assert_eq!(
            found.violations.iter().filter(|rule| !missing(rule)).count(),
            0,
            "{:?}",
            found.violations
        );
        assert_eq!(solution.unserved.len(), annealing.unserved);
        let required = |visit: &&usize| problem.visits()[**visit].prize.is_none();
        let penalties: f64 = solution
            .unserved
            .iter()
            .filter(required)
            .map(|&visit| annealing.penalty(network.node_of[visit]))
            .sum();
        let (believed, cost) = (annealing.cost, found.cost.total() + penalties);
        assert!((believed - cost).abs() < 1e-6 * cost.max(1.0), "{believed} is {cost}: {solution:?}");
    }
}
