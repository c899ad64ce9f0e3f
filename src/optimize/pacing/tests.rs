#![allow(clippy::unwrap_used)]
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn random_stream(rng: &mut ChaCha8Rng, offers: usize, options: usize) -> Stream {
    let mut stream = Stream::default();
    for _ in 0..offers {
        let count = rng.random_range(0..=options);
        let option =
            |rng: &mut ChaCha8Rng| (rng.random_range(0.0..5.0), f64::from(rng.random_range(0..8_u8)));
        let all: Vec<(f64, f64)> = (0..count).map(|_| option(rng)).collect();
        stream.push(all).unwrap();
    }
    stream
}

/// Two options an offer with rates around `scale`.
fn steady_stream(seed: u64, offers: usize, scale: impl Fn(usize) -> f64) -> Stream {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut stream = Stream::default();
    for at in 0..offers {
        let cost = rng.random_range(0.2..1.8);
        let value = scale(at) * cost * rng.random_range(0.1..2.0_f64);
        stream.push([(value, cost), (1.3 * value, 1.8 * cost)]).unwrap();
    }
    stream
}

/// The most of the offers from `at` on, by trying all.
fn by_trying(stream: &Stream, at: usize, budget: f64) -> f64 {
    if at == stream.len() {
        return 0.0;
    }
    let (values, costs) = stream.offer(at);
    let taken = values.iter().zip(costs).filter(|(_, cost)| **cost <= budget);
    let best = taken.map(|(value, cost)| value + by_trying(stream, at + 1, budget - cost));
    best.fold(by_trying(stream, at + 1, budget), f64::max)
}

/// The least of the dual function over the rates at which a choice changes.
fn by_dual(stream: &Stream, budget: f64) -> f64 {
    let mut rates = vec![0.0];
    for at in 0..stream.len() {
        let (values, costs) = stream.offer(at);
        let mut points = vec![(0.0, 0.0)];
        points.extend(costs.iter().copied().zip(values.iter().copied()));
        for a in &points {
            rates.extend(points.iter().filter(|b| b.0 > a.0).map(|b| ((b.1 - a.1) / (b.0 - a.0)).max(0.0)));
        }
    }
    let dual = |&price: &f64| {
        let best = |at: usize| {
            let (values, costs) = stream.offer(at);
            values.iter().zip(costs).map(|(value, cost)| value - price * cost).fold(0.0, f64::max)
        };
        price * budget + (0..stream.len()).map(best).sum::<f64>()
    };
    rates.iter().map(dual).fold(f64::INFINITY, f64::min)
}

#[test]
fn the_bound_is_that_of_the_dual_and_no_choice_exceeds_it() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..300 {
        let stream = random_stream(&mut rng, 5, 3);
        let budget = f64::from(rng.random_range(0..20_u8));
        let found = hindsight(&stream, budget);
        let best = by_trying(&stream, 0, budget);
        assert!(found.bound >= best - 1e-9 && found.value <= best + 1e-9, "{found:?} {best} {stream:?}");
        assert!(found.cost <= budget, "{found:?} {budget}");
        let dual = by_dual(&stream, budget);
        assert!((found.bound - dual).abs() < 1e-9, "{} {dual} {stream:?}", found.bound);
        // The greedy choice misses less than the one step that did not fit.
        assert!(found.bound - found.value < 5.0 + 1e-9, "{found:?}");
    }
}

#[test]
fn the_budget_is_never_exceeded_and_no_pacer_beats_trying_all() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..300 {
        let stream = random_stream(&mut rng, 6, 3);
        let budget = f64::from(rng.random_range(0..25_u8));
        let mut pacer = Pacer::new(budget, rng.random_range(1..9), &PacingOptions::default()).unwrap();
        let run = replay(&mut pacer, &stream);
        assert!(run.cost <= budget && (run.cost + pacer.left() - budget).abs() < 1e-9, "{run:?}");
        assert!(run.value <= by_trying(&stream, 0, budget) + 1e-9, "{run:?} {stream:?}");
    }
}

#[test]
fn a_steady_stream_is_paced_to_near_the_hindsight_bound() {
    let stream = steady_stream(3, 20_000, |_| 1.0);
    let budget = 6_000.0;
    let bound = hindsight(&stream, budget).bound;
    let run = replay(&mut Pacer::new(budget, 20_000, &PacingOptions::default()).unwrap(), &stream);
    assert!(run.value > 0.98 * bound, "{} of {bound}", run.value);
    assert!(run.cost > 0.98 * budget, "{}", run.cost);
    // The budget lasts: half of the offers use about half of it.
    let half: f64 =
        (0..10_000).filter_map(|at| run.taken[at].map(|option| stream.offer(at).1[option as usize])).sum();
    assert!((half / budget - 0.5).abs() < 0.05, "{half}");
    // Taking whatever comes is far worse.
    let greedy: f64 = {
        let (mut left, mut value) = (budget, 0.0);
        for at in 0..stream.len() {
            let (values, costs) = stream.offer(at);
            if costs[1] <= left {
                left -= costs[1];
                value += values[1];
            }
        }
        value
    };
    assert!(run.value > 1.3 * greedy, "{} {greedy}", run.value);
}

#[test]
fn the_price_follows_a_stream_whose_worth_doubles_and_does_not_depend_on_units() {
    let stream = steady_stream(4, 20_000, |at| if at < 10_000 { 1.0 } else { 2.0 });
    let pace = |stream: &Stream| {
        replay(&mut Pacer::new(6_000.0, 20_000, &PacingOptions::default()).unwrap(), stream)
    };
    let run = pace(&stream);
    let mean = |prices: &[f64]| prices.iter().sum::<f64>() / prices.len() as f64;
    let (early, late) = (mean(&run.prices[5_000..10_000]), mean(&run.prices[15_000..]));
    assert!(late > 1.5 * early, "{early} {late}");
    let scaled = steady_stream(4, 20_000, |at| if at < 10_000 { 1024.0 } else { 2048.0 });
    assert_eq!(pace(&scaled).taken, run.taken);
}

#[test]
fn what_costs_nothing_is_taken_and_an_empty_offer_is_passed() {
    let mut stream = Stream::default();
    for options in [vec![(2.0, 0.0)], vec![], vec![(0.0, 0.0)], vec![(1.0, 5.0)]] {
        stream.push(options).unwrap();
    }
    let run = replay(&mut Pacer::new(4.0, 4, &PacingOptions::default()).unwrap(), &stream);
    assert_eq!((run.taken, run.value, run.cost), (vec![Some(0), None, None, None], 2.0, 0.0));
}

#[test]
fn numbers_out_of_range_are_named() {
    let mut stream = Stream::default();
    for (option, name) in [((f64::NAN, 1.0), "value"), ((1.0, -1.0), "cost")] {
        let error = stream.push([(1.0, 1.0), option]).unwrap_err();
        assert!(matches!(error, PacingError::Option { offer: 0, option: 1, name: n, .. } if n == name));
    }
    assert!(stream.is_empty() && stream.offer(0).0.is_empty());
    let fails = |budget: f64, price: Option<f64>, step: f64| match Pacer::new(
        budget,
        1,
        &PacingOptions { price, step },
    ) {
        Err(PacingError::Number { name, .. }) => name,
        other => unreachable!("{other:?}"),
    };
    assert_eq!(fails(f64::INFINITY, None, 1.0), "budget");
    assert_eq!(fails(1.0, Some(0.0), 1.0), "price");
    assert_eq!(fails(1.0, None, f64::NAN), "step");
    assert!(Explorer::new(2, [1.0, 0.0], 0).is_err());
}

#[test]
fn exploring_ends_with_the_best_thing_and_little_regret() {
    let truth = [0.02, 0.05, 0.11];
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut explorer = Explorer::new(3, [1.0, 10.0], 6).unwrap();
    let (mut shares, mut tries, mut regret) = (Vec::new(), [0_usize; 3], 0.0);
    for _ in 0..10_000 {
        explorer.draw(&mut shares);
        let thing = (0..3).max_by(|&a, &b| shares[a].total_cmp(&shares[b])).unwrap();
        tries[thing] += 1;
        regret += truth[2] - truth[thing];
        explorer.observe(thing, rng.random_bool(truth[thing]));
    }
    assert!(tries[2] > 9_000 && tries.iter().all(|&count| count > 0), "{tries:?}");
    // Trying all in turn would have cost 500.
    assert!(regret < 50.0, "{regret}");
    assert!((explorer.means()[2] - truth[2]).abs() < 0.015, "{:?}", explorer.means());
}
