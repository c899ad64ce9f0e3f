//! Random problems of every class that the search knows.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::*;

/// A class of problems: what it has beside capacities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Capacities,
    Windows,
    Mixed,
    Depots,
    Prizes,
    Backhauls,
    Exchange,
    Releases,
    Skills,
    Open,
    Durations,
    Committed,
    SeveralWindows,
    Lateness,
    Breaks,
    Slices,
    Islands,
}

pub const CLASSES: [Class; 17] = [
    Class::Capacities,
    Class::Windows,
    Class::Mixed,
    Class::Depots,
    Class::Prizes,
    Class::Backhauls,
    Class::Exchange,
    Class::Releases,
    Class::Skills,
    Class::Open,
    Class::Durations,
    Class::Committed,
    Class::SeveralWindows,
    Class::Lateness,
    Class::Breaks,
    Class::Slices,
    Class::Islands,
];

pub fn random_problem(class: Class, seed: u64, visits: usize) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut point = || [rng.random_range(0..100) as f64, rng.random_range(0..100) as f64];
    let points = Arc::new((0..visits + 2).map(|_| point()).collect::<Vec<_>>());
    let line = Matrix::Plane { points, rounding: Rounding::Exact };
    let depot = |place| Depot { place, window: Window { start: 0.0, end: 1000.0 }, reload_duration: 0.0 };
    let mut data = ProblemData {
        profiles: vec![Arc::new(Profile::constant(line.clone(), line))],
        depots: vec![depot(0), depot(1)],
        visits: (0..visits).map(|index| Visit::at(index + 2, 2)).collect(),
        vehicles: vec![VehicleType::new(visits, vec![20.0, f64::INFINITY])],
        ..ProblemData::default()
    };
    for visit in &mut data.visits {
        visit.delivery = vec![f64::from(rng.random_range(1..9)), 1.0];
        visit.service_duration = f64::from(rng.random_range(0..10));
    }
    add_class(class, &mut data, &mut rng);
    Problem::new(data).unwrap()
}

fn add_class(class: Class, data: &mut ProblemData, rng: &mut ChaCha8Rng) {
    let visits = data.visits.len();
    match class {
        Class::Capacities => asymmetric(data, rng),
        Class::Windows => windows(data, rng, 1.0),
        Class::Mixed => {
            let mut large = VehicleType::new(2, vec![35.0, 9.0]);
            (large.fixed_cost, large.unit_distance_cost) = (60.0, 1.5);
            data.vehicles[0].fixed_cost = 30.0;
            data.vehicles.push(large);
        }
        Class::Depots => {
            windows(data, rng, 0.5);
            let mut second = data.vehicles[0].clone();
            (second.start, second.end, second.max_duration) = (1, Some(1), 400.0);
            data.vehicles.push(second);
        }
        Class::Prizes => {
            data.visits.iter_mut().for_each(|visit| visit.prize = Some(f64::from(rng.random_range(1..80))));
        }
        Class::Backhauls => {
            data.backhauls = if rng.random() { Backhauls::Last } else { Backhauls::LastAndNeverAlone };
            for visit in data.visits.iter_mut().skip(2).step_by(2) {
                std::mem::swap(&mut visit.delivery, &mut visit.pickup);
            }
        }
        Class::Exchange => {
            data.visits.iter_mut().for_each(|visit| visit.pickup[0] = f64::from(rng.random_range(0..9)));
        }
        Class::Releases => {
            windows(data, rng, 0.3);
            data.visits.iter_mut().for_each(|visit| visit.release = f64::from(rng.random_range(0..300)));
        }
        Class::Skills => {
            let mut able = data.vehicles[0].clone();
            (able.count, able.skills, able.unit_distance_cost) = (visits.div_ceil(4), vec![3], 1.3);
            data.vehicles.push(able);
            data.visits.iter_mut().step_by(3).for_each(|visit| visit.skills = vec![3]);
        }
        Class::Open => (data.vehicles[0].end, data.vehicles[0].max_distance) = (None, 260.0),
        Class::Durations => {
            windows(data, rng, 0.7);
            let kind = &mut data.vehicles[0];
            (kind.unit_duration_cost, kind.max_duration, kind.shift.end) = (0.7, 420.0, 900.0);
            data.visits.iter_mut().for_each(|visit| visit.setup_duration = f64::from(rng.random_range(0..5)));
        }
        Class::Committed => {
            let mut begun = data.vehicles[0].clone();
            (begun.count, begun.committed) = (1, vec![3, 1]);
            data.visits[3].vehicles = vec![1];
            data.visits[1].vehicles = vec![1];
            data.vehicles.push(begun);
        }
        Class::SeveralWindows => {
            windows(data, rng, 1.0);
            for visit in data.visits.iter_mut().step_by(2) {
                visit.windows.push(Window { start: 820.0, end: 850.0 });
            }
        }
        Class::Lateness => {
            windows(data, rng, 1.0);
            let lateness = Lateness { unit_cost: 0.5, most: 50.0 };
            data.visits.iter_mut().for_each(|visit| visit.lateness = Some(lateness));
        }
        Class::Breaks => {
            windows(data, rng, 0.3);
            let rest = Break { window: Window { start: 200.0, end: 260.0 }, duration: 30.0 };
            data.vehicles[0].breaks = vec![rest];
        }
        Class::Slices => {
            windows(data, rng, 0.5);
            data.vehicles[0].unit_duration_cost = 0.3;
            slices(data);
        }
        Class::Islands => islands(data),
    }
}

/// Windows that a vehicle of its own can keep, for a share of the visits.
fn windows(data: &mut ProblemData, rng: &mut ChaCha8Rng, share: f64) {
    for visit in data.visits.iter_mut() {
        if rng.random_bool(share) {
            let start = f64::from(rng.random_range(150..600));
            visit.windows = vec![Window { start, end: start + f64::from(rng.random_range(10..200)) }];
        }
    }
}

/// Ways that are longer in one direction.
fn asymmetric(data: &mut ProblemData, rng: &mut ChaCha8Rng) {
    let places = data.profiles[0].distance.places();
    let pairs = (0..places).flat_map(|from| (0..places).map(move |to| (from, to)));
    let longer = |(from, to)| data.profiles[0].distance.at(from, to) * rng.random_range(1.0..1.3);
    let table = Matrix::Table { places, values: Arc::new(pairs.map(longer).collect()) };
    data.profiles = vec![Arc::new(Profile::constant(table.clone(), table))];
}

/// Three islands of visits with ways from and to the depots alone between them.
fn islands(data: &mut ProblemData) {
    let line = data.profiles[0].distance.clone();
    let places = line.places();
    let apart = |(from, to): (usize, usize)| from > 1 && to > 1 && from % 3 != to % 3;
    let pairs = (0..places).flat_map(|from| (0..places).map(move |to| (from, to)));
    let values = pairs.map(|pair| if apart(pair) { f64::INFINITY } else { line.at(pair.0, pair.1) });
    let table = Matrix::Table { places, values: Arc::new(values.collect()) };
    data.profiles = vec![Arc::new(Profile::constant(table.clone(), table))];
}

/// Ways that take up to twice as long around the time 300.
fn slices(data: &mut ProblemData) {
    let way = data.profiles[0].distance.clone();
    let places = way.places();
    let values = (0..places * places).map(|at| 2.0 * way.at(at / places, at % places)).collect();
    let slow = Matrix::Table { places, values: Arc::new(values) };
    let slice = |departure, duration: &Matrix| Slice { departure, duration: duration.clone() };
    let slices = vec![slice(100.0, &way), slice(300.0, &slow), slice(600.0, &way)];
    data.profiles = vec![Arc::new(Profile { distance: way.clone(), duration: way, slices })];
}
