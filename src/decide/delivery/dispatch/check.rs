//! Prices and verifies a day that was driven, straight from its log and its steps.
//!
//! Nothing here comes from the planner: ways are driven again under the traffic at their begin, loads
//! are counted, and each rule is looked at on its own.

use super::super::check::{SLACK, broken};
use super::day::{Day, What};
use super::fleet::{Doing, Step};
use super::loadings::Loadings;
use crate::decide::Violation;

/// What a day came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outturn {
    pub served: usize,
    /// Orders that were not served, though nobody called them off in time.
    pub unserved: usize,
    pub vehicles: usize,
    pub distance: f64,
    pub duration: f64,
    /// Orders served after their window, and by how much in all.
    pub late: usize,
    pub lateness: f64,
    pub fixed_cost: f64,
    pub distance_cost: f64,
    pub duration_cost: f64,
    pub lateness_cost: f64,
    pub prizes: f64,
    pub violations: Vec<Violation>,
}

impl Outturn {
    /// All money together.
    pub fn cost(&self) -> f64 {
        self.fixed_cost + self.distance_cost + self.duration_cost + self.lateness_cost + self.prizes
    }
}

/// Prices and verifies what each vehicle did.
pub(super) fn check(day: &Day, done: &[Vec<Step>]) -> Outturn {
    let mut outturn = Outturn::default();
    let mut times = vec![0_usize; day.problem.visits.len()];
    for (vehicle, steps) in done.iter().enumerate() {
        let mut drive = Drive::new(day, vehicle);
        steps.iter().for_each(|step| drive.step(step, &mut times, &mut outturn));
        drive.end(steps, &mut outturn);
    }
    for (order, &times) in times.iter().enumerate() {
        let visit = &day.problem.data.visits[order];
        let code = &day.problem.visits[order].code;
        if times > 1 {
            let text = format!("{code} is served {times} times");
            outturn.violations.push(broken("served", (times - 1) as f64, text));
        }
        outturn.served += usize::from(times > 0);
        if times == 0 && day.cancelled[order] == f64::INFINITY {
            outturn.unserved += 1;
            outturn.prizes += visit.prize.unwrap_or(0.0);
        }
    }
    outturn
}

/// A broken rule of a vehicle: its name, by how much, and how.
type Broken = (&'static str, f64, String);

/// A vehicle that drives its day again.
struct Drive<'a> {
    day: &'a Day,
    vehicle: usize,
    name: &'a str,
    kind: usize,
    place: usize,
    free: f64,
    /// Begin of the route it is on.
    left: Option<f64>,
    aboard: Vec<usize>,
    load: Vec<f64>,
    loadings: Loadings,
    rests: Vec<usize>,
    /// Whether ways became slower while it was on one of its routes.
    slowed: bool,
    distance: f64,
    duration: f64,
}

impl<'a> Drive<'a> {
    fn new(day: &'a Day, vehicle: usize) -> Self {
        let (kind, member) = day.vehicles[vehicle];
        let data = &day.problem.data;
        Drive {
            day,
            vehicle,
            name: day.problem.vehicle(kind, member),
            kind,
            place: data.depots[data.vehicles[kind].start].place,
            free: f64::NEG_INFINITY,
            left: None,
            aboard: Vec::new(),
            load: vec![0.0; data.vehicles[kind].capacity.len()],
            loadings: Loadings::default(),
            rests: Vec::new(),
            slowed: false,
            distance: 0.0,
            duration: 0.0,
        }
    }

    /// Whether the vehicle was held up from some time on.
    fn is_delayed(&self, from: f64, until: f64) -> bool {
        let of_it = |what: What| matches!(what, What::Delay { vehicle, .. } if vehicle == self.vehicle);
        self.day.log.iter().any(|&(time, what)| of_it(what) && from <= time && time <= until)
    }

    /// Whether ways became slower between two times.
    fn is_slowed(&self, from: f64, until: f64) -> bool {
        let slower = |what: What| matches!(what, What::Traffic(factor) if factor > 1.0);
        self.day.log.iter().any(|&(time, what)| slower(what) && from < time && time <= until)
    }

    fn step(&mut self, step: &Step, times: &mut [usize], outturn: &mut Outturn) {
        let mut found = self.way(step);
        match step.doing {
            Doing::Load(order) => found.extend(self.take_aboard(order, step)),
            Doing::Serve(order) => {
                times[order] += 1;
                found.extend(self.serve(order, step));
                self.late(order, step, outturn);
            }
            Doing::Rest(rest) => found.extend(self.rest(rest, step)),
            Doing::Return => found.extend(self.come_back(step)),
        }
        if !matches!(step.doing, Doing::Load(_)) {
            self.loadings.pass();
        }
        let capacity = &self.day.problem.data.vehicles[self.kind].capacity;
        let over = self.load.iter().zip(capacity).map(|(load, most)| load - most).fold(0.0, f64::max);
        if over > SLACK {
            found.push(("capacity", over, "carries more than its capacity".to_owned()));
        }
        let told = |(rule, amount, text): Broken| broken(rule, amount, format!("{} {text}", self.name));
        outturn.violations.extend(found.into_iter().map(told));
        (self.place, self.free) = (step.place, step.end);
    }

    /// Drives to the place of a step.
    fn way(&mut self, step: &Step) -> Vec<Broken> {
        let data = &self.day.problem.data;
        let kind = &data.vehicles[self.kind];
        let mut found: Vec<Broken> = Vec::new();
        if self.left.is_none() {
            let early = self.opens(step.leave) - step.leave;
            if early > SLACK {
                found.push((
                    "shift",
                    early,
                    "leaves before its shift, its depot or what holds it up lets it".to_owned(),
                ));
            }
            self.left = Some(step.leave);
        }
        if step.leave < self.free - SLACK {
            let text = "leaves before it has ended what it does".to_owned();
            found.push(("time", self.free - step.leave, text));
        }
        let profile = &data.profiles[kind.profile];
        let usual = profile.duration_at(self.place, step.place, step.leave);
        let arrives = step.leave + usual * self.day.traffic(step.leave);
        if !(step.arrival >= arrives - SLACK && step.start >= step.arrival - SLACK) {
            found.push(("time", arrives - step.arrival, "is faster than the way".to_owned()));
        }
        self.distance += profile.distance.at(self.place, step.place);
        found
    }

    /// When the vehicle may leave first, with what held it up before `time`; later routes may begin at once.
    fn opens(&self, time: f64) -> f64 {
        let data = &self.day.problem.data;
        let kind = &data.vehicles[self.kind];
        let mut opens = kind.shift.start.max(data.depots[kind.start].window.start);
        if self.free > f64::NEG_INFINITY {
            return opens;
        }
        for &(at, what) in self.day.log.iter().filter(|(at, _)| *at <= time) {
            match what {
                What::Delay { vehicle, by } if vehicle == self.vehicle => opens = opens.max(at) + by,
                _ => {}
            }
        }
        opens
    }

    fn take_aboard(&mut self, order: usize, step: &Step) -> Option<Broken> {
        let data = &self.day.problem.data;
        let kind = &data.vehicles[self.kind];
        let depots = data.depots.iter().enumerate();
        let mut own = depots.filter(|(at, _)| *at == kind.start || kind.reload_depots.contains(at));
        let may = own.any(|(_, depot)| depot.place == step.place)
            && step.start >= data.visits[order].release - SLACK;
        self.loadings.load(step.place);
        self.aboard.push(order);
        self.carry(order, true, false);
        let text = || format!("loads {} where or when it may not", self.code(order));
        (!may).then(|| ("reload", 1.0, text()))
    }

    fn rest(&mut self, at: usize, step: &Step) -> Vec<Broken> {
        let rest = &self.day.problem.data.vehicles[self.kind].breaks[at];
        let mut found: Vec<Broken> = Vec::new();
        let late = step.start - rest.window.end;
        let excused = self.is_delayed(f64::NEG_INFINITY, step.start);
        if step.start < rest.window.start - SLACK || (late > SLACK && !excused) {
            found.push(("break", late.abs(), "rests at another time than it should".to_owned()));
        }
        let short = rest.duration - (step.end - step.start);
        if short > SLACK {
            found.push(("break", short, "rests for too short a time".to_owned()));
        }
        self.rests.push(at);
        found
    }

    fn come_back(&mut self, step: &Step) -> Vec<Broken> {
        let data = &self.day.problem.data;
        let kind = &data.vehicles[self.kind];
        let mut found: Vec<Broken> = Vec::new();
        if step.place != kind.end.map_or(self.place, |end| data.depots[end].place) {
            found.push(("shift", 1.0, "ends its route at another place than its depot".to_owned()));
        }
        let closes = kind.end.map_or(f64::INFINITY, |end| data.depots[end].window.end);
        let late = step.end - kind.shift.end.min(closes);
        let left = self.left.take().unwrap_or(step.end);
        // What has begun is ended: who was on the way when ways became slow may come late.
        let slowed = self.is_slowed(left, step.end);
        if late > SLACK && !slowed && !self.is_delayed(f64::NEG_INFINITY, step.end) {
            found.push(("shift", late, "comes back after its shift or its depot closes".to_owned()));
        }
        self.duration += step.end - left;
        self.slowed |= slowed;
        self.aboard.clear();
        self.load.fill(0.0);
        found
    }

    fn code(&self, order: usize) -> &str {
        &self.day.problem.visits[order].code
    }

    /// Goods of an order come aboard, or its delivery leaves and its pickup comes.
    fn carry(&mut self, order: usize, loads: bool, unloads: bool) {
        let visit = &self.day.problem.data.visits[order];
        for (dimension, load) in self.load.iter_mut().enumerate() {
            *load += if loads { visit.delivery[dimension] } else { 0.0 };
            *load += if unloads { visit.pickup[dimension] - visit.delivery[dimension] } else { 0.0 };
        }
    }

    /// Serves an order; the rules that this breaks.
    fn serve(&mut self, order: usize, step: &Step) -> Vec<Broken> {
        let data = &self.day.problem.data;
        let (visit, kind) = (&data.visits[order], &data.vehicles[self.kind]);
        let code = self.code(order).to_owned();
        let mut found = Vec::new();
        let mut say = |wrong: bool, rule: &'static str, text: &str| {
            if wrong {
                found.push((rule, 1.0, format!("{text} {code}")));
            }
        };
        let sender = data.pairs.iter().find(|pair| pair.second == order).map(|pair| pair.first);
        let delivers = visit.delivery.iter().any(|&amount| amount > 0.0);
        let has_it = match sender {
            Some(first) => self.aboard.contains(&first),
            None => !delivers || self.aboard.contains(&order),
        };
        say(!has_it, "pair", "has not the goods aboard of");
        let left = self.left.unwrap_or(step.leave);
        let missed = kind.breaks.iter().enumerate().any(|(at, rest)| {
            left <= rest.window.end && step.start > rest.window.end + SLACK && !self.rests.contains(&at)
        });
        say(missed && !self.is_delayed(left, step.start), "break", "serves without the rest that was due");
        say(step.place != visit.place, "time", "is elsewhere when it serves");
        say(step.start < self.day.arrives[order] - SLACK, "served", "serves before it was ordered");
        say(step.end < step.start + visit.service_duration - SLACK, "time", "is too quick in serving");
        say(self.day.cancelled[order] < step.leave - SLACK, "served", "leaves for what was called off:");
        let skilled = visit.skills.iter().all(|skill| kind.skills.contains(skill));
        let named = visit.vehicles.is_empty() || visit.vehicles.contains(&self.kind);
        say(!skilled || !named, "allowed", "may not serve");
        let opens = visit.windows.iter().any(|window| step.start >= window.start - SLACK);
        say(!opens && !visit.windows.is_empty(), "time_window", "is too early at");
        let late = lateness(self.day, order, step.start);
        let tolerated = visit.lateness.map_or(0.0, |lateness| lateness.most);
        let excused = self.is_delayed(step.leave, step.start);
        say(late > tolerated + SLACK && !excused, "time_window", "is too late at");
        self.aboard.retain(|&other| other != order && Some(other) != sender);
        if data.pairs.iter().any(|pair| pair.first == order) {
            self.aboard.push(order);
        }
        self.carry(order, false, true);
        found
    }

    fn late(&self, order: usize, step: &Step, outturn: &mut Outturn) {
        let late = lateness(self.day, order, step.start);
        if late > SLACK {
            outturn.late += 1;
            outturn.lateness += late;
            let cost =
                self.day.problem.data.visits[order].lateness.map_or(0.0, |lateness| lateness.unit_cost);
            outturn.lateness_cost += cost * late;
        }
    }

    fn end(self, steps: &[Step], outturn: &mut Outturn) {
        let kind = &self.day.problem.data.vehicles[self.kind];
        let mut say = |wrong: bool, rule: &str, amount: f64, text: &str| {
            if wrong {
                outturn.violations.push(broken(rule, amount, format!("{} {text}", self.name)));
            }
        };
        say(self.left.is_some(), "shift", 1.0, "does not end its route");
        say(self.loadings.count > 1 + kind.max_reloads, "reload", 1.0, "loads more often than it may");
        let far = self.distance - kind.max_distance;
        say(far > SLACK, "max_distance", far, "drives further than it may");
        let long = self.duration - kind.max_duration;
        let excused = self.slowed || self.is_delayed(f64::NEG_INFINITY, f64::INFINITY);
        say(long > SLACK && !excused, "max_duration", long, "is longer on its way than it may");
        if steps.is_empty() {
            return;
        }
        outturn.vehicles += 1;
        outturn.distance += self.distance;
        outturn.duration += self.duration;
        outturn.fixed_cost += kind.fixed_cost;
        outturn.distance_cost += self.distance * kind.unit_distance_cost;
        outturn.duration_cost += self.duration * kind.unit_duration_cost;
    }
}

/// By how much a start misses the window that it should have met.
fn lateness(day: &Day, order: usize, start: f64) -> f64 {
    let windows = &day.problem.data.visits[order].windows;
    let closes = windows.iter().map(|window| window.end).find(|end| start <= end + SLACK);
    match (closes, windows.last()) {
        (None, Some(last)) => start - last.end,
        _ => 0.0,
    }
}
