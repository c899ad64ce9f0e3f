#![allow(clippy::unwrap_used)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use super::*;

/// Trips of a made-up city: 40 roads of 2 classes in 2 areas, rush hours on
/// weekdays, one road always slow, shared jams with a memory of an hour, rain
/// that slows by half of what is stated, and one trip in fifty that stopped for a coffee.
struct City {
    roads: Roads,
    trips: Vec<Trip>,
    /// What each trip would take without noise, jam and stop.
    usual: Vec<f64>,
}

fn usual(road: u32, day: i32, second: f64) -> f64 {
    let rush = |peak: f64| (-((second / 3600.0 - peak) / 1.2).powi(2)).exp();
    let class = f64::from(road % 2);
    let weekend = day.rem_euclid(7) >= 5;
    let rush = if weekend { 0.1 * rush(13.0) } else { (0.5 + 0.3 * class) * (rush(8.0) + rush(17.5)) };
    0.1 + rush + if road == 7 { 0.4 } else { 0.0 }
}

fn city(days: i32, seed: u64) -> City {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let normal = Normal::new(0.0, 1.0).unwrap();
    let roads = Roads {
        class: (0..40).map(|road| road % 2).collect(),
        area: (0..40).map(|road| u32::from(road >= 20)).collect(),
    };
    let (mut trips, mut truth) = (Vec::new(), Vec::new());
    for day in 0..days {
        let rain = if random.random_bool(0.3) { 1.4_f64.ln() } else { 0.0 };
        let mut jam = [0.0; 4];
        for minute in 0..1440 {
            let keep = (-1.0_f64 / 60.0).exp();
            for level in &mut jam {
                *level = keep * *level + 0.2 * (1.0 - keep * keep).sqrt() * normal.sample(&mut random);
            }
            let second = 60.0 * f64::from(minute);
            let road = random.random_range(0..40_u32);
            let group = (road % 2 + 2 * u32::from(road >= 20)) as usize;
            let level = usual(road, day, second);
            let stop = if random.random_bool(0.02) { 1.5 } else { 0.0 };
            let noise = 0.15 * normal.sample(&mut random);
            let ratio = (level + 0.5 * rain + jam[group] + stop + noise).exp();
            trips.push(Trip { road, day, second, ratio, stated: rain });
            truth.push(level);
        }
    }
    City { roads, trips, usual: truth }
}

/// Mean absolute error of logarithms against the truth.
fn error(city: &City, of: impl Fn(&Trip) -> f64) -> f64 {
    let off = city.trips.iter().zip(&city.usual).map(|(trip, usual)| (of(trip) - usual).abs());
    off.sum::<f64>() / city.trips.len() as f64
}

fn predicted(fitted: &TravelTimes, trip: &Trip) -> f64 {
    fitted.ratio(trip.road, trip.day.rem_euclid(7) as usize, trip.second, 0.0).ln()
}

#[test]
fn the_usual_is_found_under_jams_rain_and_stops() {
    let (past, later) = (city(42, 1), city(7, 2));
    let fitted = TravelTimes::fit(past.roads.clone(), &past.trips);
    let flat = error(&later, |_| 0.2);
    let found = error(&later, |trip| predicted(&fitted, trip));
    assert!(found < 0.4 * flat, "{found} against {flat}");
    assert!((fitted.exponent() - 0.5).abs() < 0.15, "{}", fitted.exponent());
    let (slow, like) = (fitted.ratio(7, 6, 3.0 * 3600.0, 0.0), fitted.ratio(9, 6, 3.0 * 3600.0, 0.0));
    assert!((slow / like).ln() > 0.25, "{slow} {like}");
}

#[test]
fn most_trips_lie_between_the_quantiles() {
    let (past, later) = (city(42, 3), city(14, 4));
    let fitted = TravelTimes::fit(past.roads.clone(), &past.trips);
    let inside = later.trips.iter().filter(|trip| {
        let at = |z: f64| fitted.ratio(trip.road, trip.day.rem_euclid(7) as usize, trip.second, z);
        let ratio = trip.ratio / (fitted.exponent() * trip.stated).exp();
        at(-1.2816) <= ratio && ratio <= at(1.2816)
    });
    let share = inside.count() as f64 / later.trips.len() as f64;
    assert!((0.75..0.85).contains(&share), "{share}");
}

#[test]
fn what_is_seen_now_helps_for_the_next_hour() {
    let (past, later) = (city(42, 5), city(10, 6));
    let fitted = TravelTimes::fit(past.roads.clone(), &past.trips);
    let memory = fitted.live().memory_seconds();
    assert!((1800.0..7200.0).contains(&memory), "{memory}");
    let (mut usual, mut live) = (0.0, 0.0);
    for (trip, ahead) in later.trips.iter().flat_map(|trip| [(trip, 300.0), (trip, 900.0)]) {
        if trip.second < 6.0 * 3600.0 {
            continue;
        }
        let left = fitted.residual(trip).clamp(-0.8, 0.8);
        let now = fitted.residuals(&later.trips, trip.day, trip.second - ahead);
        usual += left.abs();
        live += (left - fitted.above_usual(&now, trip.road, trip.second)).abs();
    }
    assert!(live < 0.95 * usual, "{live} against {usual}");
}

#[test]
fn few_trips_keep_to_the_class_and_many_do_not() {
    let roads = Roads { class: vec![0; 30], area: vec![0; 30] };
    let mut trips: Vec<Trip> = (0..30_u32)
        .flat_map(|road| (0..40).map(move |at| (road, at)))
        .map(|(road, at)| Trip {
            road,
            day: at,
            second: 43_200.0,
            ratio: (0.2 * f64::from(road % 5 == 0) + 0.1 * (f64::from(at * 7 % 11) - 5.0) / 5.0).exp(),
            stated: 0.0,
        })
        .collect();
    trips.retain(|trip| trip.road != 3 || trip.day < 1);
    trips.iter_mut().filter(|trip| trip.road == 3).for_each(|trip| trip.ratio = 3.0);
    let fitted = TravelTimes::fit(roads, &trips);
    let at = |road: u32| fitted.ratio(road, 0, 43_200.0, 0.0).ln();
    assert!(at(3) < 0.5 * 3.0_f64.ln(), "{}", at(3));
    assert!(at(5) - at(6) > 0.15, "{} {}", at(5), at(6));
}

#[test]
fn nothing_known_is_free_flow() {
    let fitted = TravelTimes::fit(Roads { class: vec![0], area: vec![0] }, &[]);
    assert_eq!(fitted.ratio(0, 0, 0.0, 1.0), 1.0);
    assert_eq!(fitted.live().memory_seconds(), 0.0);
}

#[test]
fn reports_that_are_no_trips_count_for_nothing() {
    let trips: Vec<Trip> = (0..200)
        .map(|at| Trip { road: 0, day: at / 20, second: 28_800.0, ratio: 1.5, stated: 0.0 })
        .collect();
    let fitted = TravelTimes::fit(Roads { class: vec![0], area: vec![0] }, &trips);
    let sound = Trip { road: 0, day: 20, second: 28_000.0, ratio: 3.0, stated: 0.0 };
    let known = fitted.residuals(&[sound], 20, 28_800.0);
    let faulty = [
        Trip { road: 7, ..sound },
        Trip { ratio: f64::NAN, ..sound },
        Trip { ratio: 0.0, ..sound },
        Trip { stated: f64::INFINITY, ..sound },
        sound,
    ];
    assert_eq!(fitted.residuals(&faulty, 20, 28_800.0), known);
}

#[test]
fn memory_follows_the_trips_and_not_the_number_of_classes() {
    let classes = 1_000_000;
    let roads = Roads { class: (0..classes).collect(), area: vec![0; classes as usize] };
    let trip = |at: u32| Trip { road: at % 3, day: at as i32 / 9, second: 3600.0, ratio: 1.2, stated: 0.0 };
    let trips: Vec<Trip> = (0..300).map(trip).collect();
    let fitted = TravelTimes::fit(roads, &trips);
    assert!((fitted.ratio(1, 2, 3600.0, 0.0) - 1.2).abs() < 1e-9);
    assert!(fitted.weekday.len() <= 21 && fitted.spread.len() == 3);
    // A class without trips is as the map says.
    assert_eq!(fitted.ratio(classes - 1, 2, 3600.0, 1.0), 1.0);
}
