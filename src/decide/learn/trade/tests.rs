#![allow(clippy::unwrap_used)]
use super::*;
use crate::control::Control;
use crate::decide::learn::Lesson;
use crate::predict::tabular::LearnOptions;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Things whose worth is known up to a factor of noise, asked at a price around the worth.
///
/// With `knowing` the price follows the noise that the columns do not tell.
fn things(rows: usize, knowing: f64, seed: u64) -> Table {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || rng.random::<f64>() - 0.5;
    let (mut size, mut price, mut asked, mut offered) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let x = 5.5 + draw();
        let (noise, ask, offer) = (0.4 * draw(), 0.5 * draw(), 0.5 * draw());
        size.push(x);
        price.push(100.0 * x * (1.0 + noise));
        asked.push(100.0 * x * (1.0 + knowing * noise + ask));
        offered.push(100.0 * x * (1.0 + knowing * noise + offer));
    }
    Table::new("things")
        .with_number("size", size)
        .with_number("price", price)
        .with_number("asked", asked)
        .with_number("offered", offered)
}

fn terms() -> Trade {
    let column = |name: &str| Some(Price::Column(name.to_owned()));
    Trade { asked: column("asked"), offered: column("offered"), cost_share: 0.02, fee: 3.0, margin: None }
}

fn decided(knowing: f64) -> TradeAnswer {
    let control = Control::default();
    let (train, test) = (things(3000, knowing, 1), things(3000, knowing, 2));
    let lesson =
        Lesson::learn_to_trade(&train, "price", terms(), &LearnOptions::default(), &control).unwrap();
    assert!(lesson.model().schema().features.iter().all(|feature| feature.name == "size"));
    let answer = lesson.answer(Some(&test), 2, &control).unwrap();
    assert_eq!(answer.predictions.text("decision").unwrap().index().len(), 3000);
    answer.trade.unwrap()
}

/// Expected gain and probability of a gain are those of a simulation of the true law.
#[test]
fn gains_are_those_of_a_simulation() {
    let told = decided(0.0);
    let test = things(3000, 0.0, 2);
    let [size, asked] = ["size", "asked"].map(|name| test.number(name).unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut off, mut off_probability, mut bought) = (0.0, 0.0, 0.0);
    let buys = told.decided.iter().enumerate().filter(|(_, decided)| decided.action == Move::Buy);
    for (row, decided) in buys.take(300) {
        let paid = asked[row] * 1.02 + 3.0;
        let gains: Vec<f64> =
            (0..2000).map(|_| 100.0 * size[row] * (1.0 + 0.4 * (rng.random::<f64>() - 0.5)) - paid).collect();
        let mean = gains.iter().sum::<f64>() / 2000.0;
        let probability = gains.iter().filter(|gain| **gain > 0.0).count() as f64 / 2000.0;
        let trade = decided.trade.unwrap();
        off += (trade.expected - mean).abs() / asked[row];
        off_probability += (trade.probability - probability).abs();
        bought += 1.0;
    }
    assert!(bought > 200.0 && off / bought < 0.02, "{off} of {bought}");
    assert!(off_probability / bought < 0.06, "{off_probability} of {bought}");
    let test = told.backtest.unwrap();
    assert!((test.gain - test.expected).abs() < 3.0 * test.error, "{test:?}");
    assert!(test.gain > test.gain_of_all && test.gain < test.gain_of_foresight, "{test:?}");
    assert!(test.bought > 500 && test.sold > 500 && told.counts()[2] > 100, "{test:?}");
}

/// Where prices know more than the columns, a margin earns on fresh rows what trading on every
/// expected gain loses.
#[test]
fn a_margin_guards_against_prices_that_know_more() {
    let told = decided(0.95);
    let test = told.backtest.unwrap();
    assert!(told.margins[0] > 0.01, "{:?}", told.margins);
    assert!(test.gain > test.gain_without_margin, "{test:?}");
    assert!(test.gain_without_margin < test.expected, "{test:?}");
}

#[test]
fn the_margin_is_the_best_of_all() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut edges: Vec<(f64, f64)> = (0..500)
        .map(|_| {
            let edge = (rng.random::<f64>() * 40.0).round() / 100.0 - 0.2;
            (edge, edge - 0.08 + rng.random::<f64>() - 0.5)
        })
        .collect();
    edges.sort_by(|a, b| b.0.total_cmp(&a.0));
    let gain = |margin: f64| edges.iter().filter(|(edge, _)| *edge >= margin).map(|(_, g)| g).sum::<f64>();
    let best = (-20..=20).map(|k| gain(f64::from(k) / 100.0 - 1e-9)).fold(f64::MIN, f64::max);
    let (margin, by_margin) = best_margin(&edges);
    assert!((gain(margin) - best).abs() < 1e-9, "{} for {best}", gain(margin));
    assert!(by_margin.len() <= 41 && by_margin.iter().any(|(edge, _)| *edge == margin));
    let losing: Vec<(f64, f64)> = edges.iter().map(|(edge, _)| (*edge, -1.0)).collect();
    assert!(best_margin(&losing).0 >= edges[0].0);
}

#[test]
fn rows_without_a_price_are_held() {
    let table = Table::new("t").with_number("asked", [5.0, f64::NAN, -1.0]);
    let mut notices = Faults::default();
    let trade = Trade { asked: Some(Price::Column("asked".to_owned())), ..Trade::default() };
    let prices = trade.prices(&table, &mut notices).unwrap();
    assert_eq!(notices.as_slice().len(), 1);
    let buy = |row: usize| trade.trades(&prices, row, &[8.0, 4.0], f64::NAN);
    let decided = decide(&[buy(0), buy(1), buy(2)], [0.0; 2]);
    let actions: Vec<Move> = decided.iter().map(|decided| decided.action).collect();
    assert_eq!(actions, [Move::Buy, Move::Hold, Move::Hold]);
    assert_eq!(decided[0].trade.map(|trade| (trade.expected, trade.probability)), Some((1.0, 0.5)));
    assert!(decided[1].trade.is_none());
    assert!(trade.prices(&Table::new("t").with_number("x", [1.0]), &mut notices).is_err());
}
