//! Vehicles on the road: what each has begun, has aboard, and is told to do next.

use super::day::Day;
use super::loadings::Loadings;
use crate::optimize::routes::ProblemData;

/// What a vehicle does at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Doing {
    /// Loads the goods of an order at a depot.
    Load(usize),
    /// Serves an order.
    Serve(usize),
    /// Takes this one of the rests of its type.
    Rest(usize),
    /// Ends its route.
    Return,
}

/// One thing done, with the way to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub doing: Doing,
    pub place: usize,
    /// When it leaves for the place.
    pub leave: f64,
    pub arrival: f64,
    pub start: f64,
    pub end: f64,
}

/// A vehicle at one moment.
#[derive(Debug, Clone)]
pub(super) struct Vehicle {
    pub kind: usize,
    /// Where it is, or is on its way to.
    pub place: usize,
    /// When it has ended what it has begun.
    pub free_at: f64,
    /// Whether it is on a route.
    pub out: bool,
    pub used: bool,
    /// When its route began, and what earlier ones took.
    left_at: f64,
    pub worked: f64,
    pub driven: f64,
    /// Aboard to the end of the route: what was collected, and goods of orders that were called off.
    pub carried: Vec<f64>,
    /// How often it has loaded.
    pub loadings: Loadings,
    /// Rests of its type that it has taken.
    pub rests: Vec<usize>,
    /// Orders whose goods are aboard.
    pub aboard: Vec<usize>,
    /// Orders whose goods it takes aboard when it leaves.
    pub takes: Vec<usize>,
    /// What it is told to do.
    pub plan: Vec<Step>,
    /// What it has done.
    pub done: Vec<Step>,
    /// Whether it was seen at the last of them.
    is_there: bool,
}

impl Vehicle {
    /// All vehicles at the begin of the day.
    pub fn all(day: &Day) -> Vec<Vehicle> {
        let data = &day.problem.data;
        let at_start = |&(kind, _): &(usize, usize)| Vehicle {
            kind,
            place: data.depots[data.vehicles[kind].start].place,
            free_at: f64::NEG_INFINITY,
            out: false,
            used: false,
            left_at: f64::NAN,
            worked: 0.0,
            driven: 0.0,
            carried: vec![0.0; data.vehicles[kind].capacity.len()],
            loadings: Loadings::default(),
            rests: Vec::new(),
            aboard: Vec::new(),
            takes: Vec::new(),
            plan: Vec::new(),
            done: Vec::new(),
            is_there: false,
        };
        day.vehicles.iter().map(at_start).collect()
    }

    /// Whether it may load once more.
    pub fn may_load(&self, day: &Day) -> bool {
        self.loadings.count <= day.problem.data.vehicles[self.kind].max_reloads
    }

    /// Whether it waits at the depot where its goods are loaded before it leaves.
    pub fn is_home(&self, day: &Day) -> bool {
        let data = &day.problem.data;
        !self.out && self.place == data.depots[data.vehicles[self.kind].start].place
    }

    /// Time of its routes up to `time`.
    pub fn worked_until(&self, time: f64) -> f64 {
        self.worked + if self.out { time - self.left_at } else { 0.0 }
    }

    /// Orders that it is told to serve and has not left for.
    pub fn told(&self) -> impl Iterator<Item = usize> + '_ {
        self.plan.iter().filter_map(|step| match step.doing {
            Doing::Serve(order) => Some(order),
            _ => None,
        })
    }

    /// Does what it leaves for before `time`; orders whose goods come back to the depot are told.
    pub fn proceed(&mut self, day: &Day, time: f64) -> Vec<usize> {
        let mut back = Vec::new();
        let begun = self.plan.iter().take_while(|step| step.leave < time).count();
        for step in self.plan.drain(..begun).collect::<Vec<_>>() {
            self.set_out(step.leave);
            let profile = &day.problem.data.profiles[day.problem.data.vehicles[self.kind].profile];
            self.driven += profile.distance.at(self.place, step.place);
            match step.doing {
                Doing::Load(order) => {
                    self.loadings.load(step.place);
                    self.aboard.push(order);
                }
                Doing::Serve(order) => self.serve(day, order),
                Doing::Rest(rest) => self.rests.push(rest),
                Doing::Return => {
                    self.worked += step.end - self.left_at;
                    self.out = false;
                    self.carried.fill(0.0);
                    back.append(&mut self.aboard);
                }
            }
            if !matches!(step.doing, Doing::Load(_)) {
                self.loadings.pass();
            }
            (self.place, self.free_at, self.is_there) = (step.place, step.end, false);
            self.done.push(step);
        }
        back
    }

    fn set_out(&mut self, time: f64) {
        if self.out {
            return;
        }
        (self.out, self.used, self.left_at) = (true, true, time);
        for order in std::mem::take(&mut self.takes) {
            self.loadings.load(self.place);
            let (place, doing) = (self.place, Doing::Load(order));
            self.done.push(Step { doing, place, leave: time, arrival: time, start: time, end: time });
            self.aboard.push(order);
        }
    }

    fn serve(&mut self, day: &Day, order: usize) {
        self.aboard.retain(|&other| other != order);
        match day.problem.data.pairs.iter().find(|pair| pair.first == order) {
            Some(pair) => self.aboard.push(pair.second),
            None => add(&mut self.carried, &day.problem.data.visits[order].pickup),
        }
    }

    /// The goods of an order that was called off stay aboard to the end of the route.
    pub fn strand(&mut self, day: &Day, order: usize) {
        if self.aboard.contains(&order) {
            self.aboard.retain(|&other| other != order);
            add(&mut self.carried, &day.problem.data.visits[order].delivery);
        }
    }

    /// The two ends of the way to what it has begun and not ended.
    pub fn way(&self, data: &ProblemData, now: f64) -> Option<(usize, usize)> {
        let mut steps = self.done.iter().rev();
        let step = steps.next().filter(|step| step.leave < now && now < step.end)?;
        let start = data.depots[data.vehicles[self.kind].start].place;
        Some((steps.next().map_or(start, |before| before.place), step.place))
    }

    /// It was seen so far ahead of its stop, in time: it arrives and starts then, and not before it was
    /// expected. By how much what it has begun ends later.
    pub fn seen(&mut self, day: &Day, now: f64, ahead: f64) -> f64 {
        let Some((from, to)) = self.way(&day.problem.data, now) else { return 0.0 };
        self.is_there |= ahead <= 0.0;
        let setup = if from == to { 0.0 } else { self.setup(day) };
        let Some(last) = self.done.last_mut().filter(|last| !self.is_there && now + ahead > last.arrival)
        else {
            return 0.0;
        };
        // Waiting takes up lateness.
        let by = (now + ahead + setup - last.start).max(0.0);
        last.arrival = now + ahead;
        last.start += by;
        last.end += by;
        self.free_at = last.end;
        // The route of a vehicle on its last way is over, and counted, already.
        self.worked += if self.out { 0.0 } else { by };
        by
    }

    /// Time between the arrival at what it does last and its start, without waiting.
    fn setup(&self, day: &Day) -> f64 {
        let data = &day.problem.data;
        let depot = |place: usize| data.depots.iter().find(|depot| depot.place == place);
        self.done.last().map_or(0.0, |step| match step.doing {
            Doing::Serve(order) => data.visits[order].setup_duration,
            Doing::Load(_) => depot(step.place).map_or(0.0, |depot| depot.reload_duration),
            Doing::Rest(_) | Doing::Return => 0.0,
        })
    }

    /// What it has begun, or its next start, comes so much later; before its day begins, that is when
    /// its shift and its depot let it leave.
    pub fn delay(&mut self, day: &Day, now: f64, by: f64) {
        if let Some(last) = self.done.last_mut().filter(|last| last.end > now) {
            for time in [&mut last.arrival, &mut last.start, &mut last.end] {
                *time += if *time > now { by } else { 0.0 };
            }
            // The route of a vehicle on its last way is over, and counted, already.
            self.worked += if self.out { 0.0 } else { by };
        }
        let data = &day.problem.data;
        let kind = &data.vehicles[self.kind];
        let opens = if self.used { now } else { kind.shift.start.max(data.depots[kind.start].window.start) };
        self.free_at = self.free_at.max(now).max(opens) + by;
    }
}

fn add(sum: &mut [f64], amounts: &[f64]) {
    sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
}
