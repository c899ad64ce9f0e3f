//! Given a route, find when each of its stops is reached, served and left.
//!
//! The rule: the vehicle does everything as early as it can, and then starts as late as it can
//! without ending later or being later anywhere. A service waits for the first window that has not
//! closed; where all have, it starts at once and is late. A rest is taken at the first stop or
//! departure at which it is due, and before a stop or a way that it could not follow in time.
//! Cost: O(n) for n visits; 60 times that with rests or durations that change with the time.
//! Same input gives the same answer: yes.

use super::problem::{Break, Problem, VehicleType, Visit};
use super::solution::Route;

/// Slack within which limits on times, loads and distances count as kept.
pub const TOLERANCE: f64 = 1e-6;

/// When one visit of a route is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// The visit.
    pub visit: usize,
    /// Index of its trip.
    pub trip: usize,
    /// When the vehicle arrives.
    pub arrival: f64,
    /// When service starts.
    pub start: f64,
    /// When service ends.
    pub end: f64,
    /// Time without driving, rest, set-up or service before it starts.
    pub waiting: f64,
    /// Time by which service starts after its window.
    pub lateness: f64,
}

/// The times of a route.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schedule {
    /// When it leaves its start depot.
    pub start: f64,
    /// When it reaches its end depot, or ends its last service on an open route.
    pub end: f64,
    /// Each visit in order.
    pub stops: Vec<Stop>,
    /// Start of each rest that was taken and the time by which it was late.
    pub breaks: Vec<(f64, f64)>,
    /// Time by which depots were left or reached outside their windows, and shifts exceeded.
    pub outside: f64,
}

impl Schedule {
    /// Time between start and end.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.end - self.start
    }
}

/// The schedule of a route by the rule above.
#[must_use]
pub fn schedule(problem: &Problem, route: &Route) -> Schedule {
    let vehicle = &problem.vehicles()[route.vehicle];
    let first_release = route.trips.first().map_or(f64::NEG_INFINITY, |trip| release(problem, &trip.visits));
    let opening = opening(problem, vehicle).max(first_release);
    let early = Walk::new(problem, route, opening).run();
    let changes = !vehicle.breaks.is_empty() || !problem.profile(route.vehicle).slices.is_empty();
    let delay = if changes { search_delay(problem, route, &early.schedule) } else { early.delay() };
    if delay <= TOLERANCE {
        return early.schedule;
    }
    Walk::new(problem, route, opening + delay).run().schedule
}

/// Earliest start of a route without visits: 0 where nothing states it.
pub(super) fn opening(problem: &Problem, vehicle: &VehicleType) -> f64 {
    let opening = problem.depots()[vehicle.start].window.start.max(vehicle.shift.start);
    if opening.is_finite() { opening } else { 0.0 }
}

/// Earliest departure of a trip.
fn release(problem: &Problem, visits: &[usize]) -> f64 {
    visits.iter().map(|&visit| problem.visits()[visit].release).fold(f64::NEG_INFINITY, f64::max)
}

/// The longest delay of the start that harms nothing, by halving.
fn search_delay(problem: &Problem, route: &Route, early: &Schedule) -> f64 {
    let late = |schedule: &Schedule| {
        let stops: f64 = schedule.stops.iter().map(|stop| stop.lateness).sum();
        let breaks: f64 = schedule.breaks.iter().map(|rest| rest.1).sum();
        stops + breaks + schedule.outside
    };
    let harmless = |delay: f64| {
        let other = Walk::new(problem, route, early.start + delay).run().schedule;
        other.end <= early.end + TOLERANCE && late(&other) <= late(early) + TOLERANCE
    };
    let (mut low, mut high) = (0.0, early.stops.iter().map(|stop| stop.waiting).sum::<f64>());
    for _ in 0..40 {
        if high <= low + TOLERANCE {
            break;
        }
        let middle = 0.5 * (low + high);
        if harmless(middle) { low = middle } else { high = middle }
    }
    low
}

/// A vehicle under way.
struct Walk<'a> {
    problem: &'a Problem,
    route: &'a Route,
    vehicle: &'a VehicleType,
    clock: f64,
    pending: &'a [Break],
    waited: f64,
    /// Most that the start can be delayed without making anything later than it may be.
    slack: f64,
    schedule: Schedule,
}

impl<'a> Walk<'a> {
    fn new(problem: &'a Problem, route: &'a Route, start: f64) -> Self {
        let vehicle = &problem.vehicles()[route.vehicle];
        let window = problem.depots()[vehicle.start].window;
        let schedule = Schedule { start, outside: (start - window.end).max(0.0), ..Schedule::default() };
        let slack = (window.end - start).max(0.0);
        let pending = vehicle.breaks.as_slice();
        Walk { problem, route, vehicle, clock: start, pending, waited: 0.0, slack, schedule }
    }

    fn run(mut self) -> Self {
        let depots = self.problem.depots();
        let mut place = depots[self.vehicle.start].place;
        for (index, trip) in self.route.trips.iter().enumerate() {
            let depot = &depots[trip.depot];
            if index > 0 {
                self.drive(place, depot.place);
                self.close(depot.window.end);
                self.clock += depot.reload_duration;
                self.wait_until(release(self.problem, &trip.visits).max(depot.window.start));
                place = depot.place;
            }
            for &visit in &trip.visits {
                self.serve(index, visit, place);
                place = self.problem.visits()[visit].place;
            }
        }
        let mut latest = self.vehicle.shift.end;
        if let Some(end) = self.vehicle.end {
            self.drive(place, depots[end].place);
            latest = latest.min(depots[end].window.end);
        }
        self.close(latest);
        self.schedule.end = self.clock;
        self
    }

    fn delay(&self) -> f64 {
        self.slack.min(self.waited)
    }

    fn wait_until(&mut self, time: f64) {
        if time > self.clock {
            self.waited += time - self.clock;
            self.clock = time;
        }
    }

    /// What happens now may not happen after `latest`.
    fn close(&mut self, latest: f64) {
        self.schedule.outside += if self.clock > latest + TOLERANCE { self.clock - latest } else { 0.0 };
        self.slack = self.slack.min(self.waited + (latest - self.clock).max(0.0));
    }

    fn rest(&mut self, at: f64) {
        let rest = self.pending[0];
        self.pending = &self.pending[1..];
        let late = if at > rest.window.end + TOLERANCE { at - rest.window.end } else { 0.0 };
        self.schedule.breaks.push((at, late));
        self.clock = at + rest.duration;
    }

    fn drive(&mut self, from: usize, to: usize) {
        let profile = self.problem.profile(self.route.vehicle);
        while let Some(rest) = self.pending.first() {
            let arrival = self.clock + profile.duration_at(from, to, self.clock);
            if self.clock >= rest.window.start {
                self.rest(self.clock);
            } else if arrival > rest.window.end + TOLERANCE {
                self.rest(rest.window.start);
            } else {
                break;
            }
        }
        self.clock += profile.duration_at(from, to, self.clock);
    }

    fn serve(&mut self, trip: usize, index: usize, from: usize) {
        let visit = &self.problem.visits()[index];
        self.drive(from, visit.place);
        let arrival = self.clock;
        if visit.place != from || self.schedule.stops.is_empty() {
            self.clock += visit.setup_duration;
        }
        while let Some(rest) = self.pending.first() {
            let (start, _) = service_start(visit, self.clock);
            let due = rest.window.start;
            if self.clock >= due {
                self.rest(self.clock);
            } else if start >= due || start + visit.service_duration > rest.window.end + TOLERANCE {
                self.rest(due);
            } else {
                break;
            }
        }
        let ready = self.clock;
        let (start, closes) = service_start(visit, ready);
        let waiting = start - ready;
        self.waited += waiting;
        self.slack = self.slack.min(self.waited + (closes - start).max(0.0));
        let lateness = if start > closes + TOLERANCE { start - closes } else { 0.0 };
        self.clock = start + visit.service_duration;
        let end = self.clock;
        self.schedule.stops.push(Stop { visit: index, trip, arrival, start, end, waiting, lateness });
    }
}

/// When service starts for a vehicle that is ready at `ready`, and when its window closes.
fn service_start(visit: &Visit, ready: f64) -> (f64, f64) {
    match visit.windows.iter().find(|window| ready <= window.end + TOLERANCE) {
        Some(window) => (ready.max(window.start), window.end),
        None => (ready, visit.windows.last().map_or(f64::INFINITY, |window| window.end)),
    }
}
