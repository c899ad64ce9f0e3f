//! The clock of a route: when each stop is reached, served and left.

use super::super::problem::Problem;
use super::SLACK;
use crate::optimize::routes::{Break, Trip};

/// One visit, served.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Stop {
    pub visit: usize,
    /// Index of its trip.
    pub trip: usize,
    pub arrival: f64,
    pub start: f64,
    pub end: f64,
    pub waiting: f64,
    pub lateness: f64,
    /// Time in set-up before service.
    pub setup: f64,
}

/// One rest, taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Rest {
    pub start: f64,
    pub end: f64,
    pub late: f64,
}

/// A route with its times.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in super::super) struct Walked {
    pub start: f64,
    pub end: f64,
    pub stops: Vec<Stop>,
    pub rests: Vec<Rest>,
    /// Start and end of each loading between two trips.
    pub reloads: Vec<(f64, f64)>,
    pub distance: f64,
    pub driving: f64,
    /// Time outside the shift and the hours of depots.
    pub outside: f64,
    /// Time without doing anything, stops and depots together.
    idle: f64,
}

impl Walked {
    fn harm(&self) -> f64 {
        let stops: f64 = self.stops.iter().map(|stop| stop.lateness).sum();
        stops + self.rests.iter().map(|rest| rest.late).sum::<f64>() + self.outside
    }
}

/// The times of a route of a type: as early as it can, and then started as late as does no harm.
pub(in super::super) fn walk(problem: &Problem, kind: usize, trips: &[Trip]) -> Walked {
    const HALVINGS: usize = 40;
    let vehicle = &problem.data.vehicles[kind];
    let opening = problem.data.depots[vehicle.start].window.start.max(vehicle.shift.start);
    let released = trips.first().map_or(f64::NEG_INFINITY, |trip| released(problem, trip));
    let opening = opening.max(released);
    let opening = if opening.is_finite() { opening } else { 0.0 };
    let (early, room) = depart(problem, kind, trips, opening);
    if early.idle <= SLACK {
        return early;
    }
    if vehicle.breaks.is_empty() && problem.data.profiles[vehicle.profile].slices.is_empty() {
        return depart(problem, kind, trips, opening + room.min(early.idle)).0;
    }
    let harmless = |walked: &Walked| walked.end <= early.end + SLACK && walked.harm() <= early.harm() + SLACK;
    let (mut low, mut high) = (0.0, early.idle);
    let mut best = None;
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let walked = depart(problem, kind, trips, opening + middle).0;
        if harmless(&walked) {
            low = middle;
            best = Some(walked);
        } else {
            high = middle;
        }
    }
    best.unwrap_or(early)
}

/// Earliest departure of a trip.
fn released(problem: &Problem, trip: &Trip) -> f64 {
    trip.visits.iter().map(|&visit| problem.data.visits[visit].release).fold(f64::NEG_INFINITY, f64::max)
}

/// A vehicle on its way.
struct Driver<'a> {
    problem: &'a Problem,
    profile: usize,
    now: f64,
    place: usize,
    due: &'a [Break],
    /// By how much the start can move without harm, as far as the way was walked.
    room: f64,
    walked: Walked,
}

/// Walks the route that leaves its depot at `start`; also by how much that can move without harm, where
/// durations do not depend on the time.
fn depart(problem: &Problem, kind: usize, trips: &[Trip], start: f64) -> (Walked, f64) {
    let (vehicle, depots) = (&problem.data.vehicles[kind], &problem.data.depots);
    let begin = &depots[vehicle.start];
    let mut driver = Driver {
        problem,
        profile: vehicle.profile,
        now: start,
        place: begin.place,
        due: &vehicle.breaks,
        room: f64::INFINITY,
        walked: Walked { start, ..Walked::default() },
    };
    driver.not_after(begin.window.end);
    for (index, trip) in trips.iter().enumerate() {
        if index > 0 {
            let depot = &depots[trip.depot];
            driver.drive(depot.place);
            driver.not_after(depot.window.end);
            let arrival = driver.now;
            driver.now += depot.reload_duration;
            driver.wait(released(problem, trip).max(depot.window.start));
            driver.walked.reloads.push((arrival, driver.now));
        }
        for &visit in &trip.visits {
            driver.serve(index, visit);
        }
    }
    let mut latest = vehicle.shift.end;
    if let Some(end) = vehicle.end {
        driver.drive(depots[end].place);
        latest = latest.min(depots[end].window.end);
    }
    driver.not_after(latest);
    driver.walked.end = driver.now;
    (driver.walked, driver.room)
}

impl Driver<'_> {
    fn not_after(&mut self, latest: f64) {
        if self.now > latest + SLACK {
            self.walked.outside += self.now - latest;
        }
        self.room_until(latest - self.now);
    }

    /// What happens now can happen so much later; idle time before it takes up as much.
    fn room_until(&mut self, later: f64) {
        self.room = self.room.min(self.walked.idle + later.max(0.0));
    }

    fn wait(&mut self, until: f64) {
        if until > self.now {
            self.walked.idle += until - self.now;
            self.now = until;
        }
    }

    fn travel_time(&self, to: usize) -> f64 {
        self.problem.data.profiles[self.profile].duration_at(self.place, to, self.now)
    }

    /// Takes the next rest at `at`.
    fn rest(&mut self, at: f64) {
        let Some((rest, later)) = self.due.split_first() else { return };
        self.due = later;
        let late = if at > rest.window.end + SLACK { at - rest.window.end } else { 0.0 };
        self.walked.rests.push(Rest { start: at, end: at + rest.duration, late });
        self.now = at + rest.duration;
    }

    /// Drives to a place; a rest that is due, or that the way would make late, comes first.
    fn drive(&mut self, to: usize) {
        while let Some(rest) = self.due.first() {
            if self.now >= rest.window.start {
                self.rest(self.now);
            } else if self.now + self.travel_time(to) > rest.window.end + SLACK {
                self.rest(rest.window.start);
            } else {
                break;
            }
        }
        let time = self.travel_time(to);
        self.walked.driving += time;
        self.walked.distance += self.problem.data.profiles[self.profile].distance.at(self.place, to);
        self.now += time;
        self.place = to;
    }

    fn serve(&mut self, trip: usize, index: usize) {
        let visit = &self.problem.data.visits[index];
        let same_place = self.place == visit.place && !self.walked.stops.is_empty();
        self.drive(visit.place);
        let arrival = self.now;
        let setup = if same_place { 0.0 } else { visit.setup_duration };
        self.now += setup;
        while let Some(rest) = self.due.first() {
            let (start, _) = self.opens(index);
            if self.now >= rest.window.start {
                self.rest(self.now);
            } else if start >= rest.window.start || start + visit.service_duration > rest.window.end + SLACK {
                self.rest(rest.window.start);
            } else {
                break;
            }
        }
        let ready = self.now;
        let (start, closes) = self.opens(index);
        self.wait(start);
        self.room_until(closes - start);
        let lateness = if start > closes + SLACK { start - closes } else { 0.0 };
        self.now += visit.service_duration;
        let (waiting, end) = (start - ready, self.now);
        self.walked.stops.push(Stop { visit: index, trip, arrival, start, end, waiting, lateness, setup });
    }

    /// When service can start now, and when the window that it falls into closes.
    fn opens(&self, visit: usize) -> (f64, f64) {
        let windows = &self.problem.data.visits[visit].windows;
        match windows.iter().find(|window| self.now <= window.end + SLACK) {
            Some(window) => (self.now.max(window.start), window.end),
            None => (self.now, windows.last().map_or(f64::INFINITY, |window| window.end)),
        }
    }
}
