#![allow(clippy::unwrap_used)]
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::control::Control;
use crate::data::Table;

/// Houses: a positive price of size, age, town and day, with noise; some sizes are blank.
fn houses(rows: usize, seed: u64) -> (Frame, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut noise = || rng.random::<f64>() - 0.5;
    let size: Vec<f64> = (0..rows).map(|_| 100.0 + 120.0 * noise()).collect();
    let age: Vec<f64> = (0..rows).map(|_| 40.0 + 60.0 * noise()).collect();
    let town: Vec<usize> = (0..rows).map(|_| ((noise() + 0.5) * 80.0) as usize).collect();
    let day: Vec<f64> = (0..rows).map(|_| 19_000.0 + 1000.0 * noise()).collect();
    let price = (0..rows)
        .map(|k| {
            let level = 6.0 + 0.012 * size[k] - 0.008 * age[k] + 0.3 * ((town[k] * 37 % 80) as f64 / 80.0);
            (level + 0.0004 * (day[k] - 19_000.0) + 0.2 * noise()).exp()
        })
        .collect();
    let blank = |k: usize| if k % 11 == 3 { f64::NAN } else { size[k] };
    let table = Table::new("houses")
        .with_number("size", (0..rows).map(blank))
        .with_number("age", age)
        .with_text("town", town.iter().map(|town| format!("t{town}")));
    (Frame::of(&table, &[]).with("sold", Cells::Day(day)), price)
}

fn taught(method: Option<Method>) -> Learned {
    let (frame, price) = houses(3000, 1);
    let options = LearnOptions { method, metric: Some(Metric::Mape), ..LearnOptions::default() };
    learn(&frame, &price, &options, &Control::default()).unwrap()
}

#[test]
fn prices_are_learned_with_bounds_that_hold() {
    let learned = taught(None);
    let (frame, price) = houses(3000, 2);
    let answers = learned.model.predict(&frame, &Control::default()).unwrap();
    let scores = Scores::of(&answers.mean, &answers.quantiles, &price);
    // The noise alone makes 5 %; a blank size costs the rest.
    assert!(scores.mape < 0.09, "{scores:?}");
    assert!((scores.coverage_80 - 0.8).abs() < 0.035, "{scores:?}");
    assert!((scores.coverage_95 - 0.95).abs() < 0.02, "{scores:?}");
    assert!(answers.quantiles.iter().all(|q| q[0] <= q[1] && q[1] <= q[2] && q[2] <= q[3]));
    assert!((learned.scores.mape - scores.mape).abs() < 0.01);
    assert_eq!(learned.held_out.rows.len(), 3000);
    let first = learned.model.ranking()[0];
    assert_eq!(learned.model.schema().features[first].name, "size");
}

#[test]
fn every_method_learns_and_explains() {
    let (frame, price) = houses(500, 3);
    for method in [Method::Linear, Method::Forest, Method::Boosted] {
        let learned = taught(Some(method));
        let answers = learned.model.predict(&frame, &Control::default()).unwrap();
        let scores = Scores::of(&answers.mean, &answers.quantiles, &price);
        assert!(scores.mape < 0.16, "{method:?} {scores:?}");
        for (row, effects) in
            learned.model.explain(&frame, 5, &Control::default()).unwrap().iter().enumerate()
        {
            let sum = effects.base + effects.by_feature.iter().sum::<f64>();
            assert!((sum - effects.answer).abs() < 1e-6 * sum, "{method:?} {effects:?}");
            assert!((effects.answer - answers.mean[row]).abs() < 1e-4 * sum, "{method:?} {effects:?}");
        }
    }
}

#[test]
fn a_model_reads_back_as_saved_and_damage_is_seen() {
    let learned = taught(Some(Method::Boosted));
    let model = learned.model.with_target("price");
    let text = model.to_json().unwrap();
    let again = Model::from_json(&text).unwrap();
    let (frame, _) = houses(50, 4);
    let control = Control::default();
    assert_eq!(again.predict(&frame, &control).unwrap(), model.predict(&frame, &control).unwrap());
    assert_eq!(again.target(), "price");
    let other = text.replacen("\"version\":1", "\"version\":9", 1);
    assert!(matches!(Model::from_json(&other), Err(ModelError::OtherVersion { found: 9 })));
    let cut = text.replacen("\"importance\":[", "\"importance\":[0.5,", 1);
    assert!(matches!(Model::from_json(&cut), Err(ModelError::Unsound)));
    assert!(matches!(Model::from_json("{}"), Err(ModelError::Broken(_))));
}

#[test]
fn threads_change_nothing_and_seeds_do() {
    let (frame, price) = houses(600, 5);
    let text = |control: &Control| {
        learn(&frame, &price, &LearnOptions::default(), control).unwrap().model.to_json().unwrap()
    };
    let one = text(&Control::default().with_threads(1));
    assert!(one == text(&Control::default().with_threads(2)));
    assert!(one != text(&Control::default().with_seed(8)));
}

#[test]
fn curves_follow_their_column() {
    let learned = taught(Some(Method::Boosted));
    let (frame, _) = houses(500, 6);
    let features = &learned.model.schema().features;
    let at = |name: &str| features.iter().position(|feature| feature.name == name).unwrap();
    let curve = |name: &str| learned.model.curve(&frame, at(name), &Control::default()).unwrap();
    let size = curve("size");
    assert!(size.mean.last() > size.mean.first() && matches!(size.at, Positions::Numbers(_)));
    let sold = curve("sold");
    assert!(sold.mean.last() > sold.mean.first() && matches!(sold.at, Positions::Days(_)));
    assert!(matches!(curve("town").at, Positions::Words(_)));
}

#[test]
fn what_cannot_be_learned_is_said() {
    let (frame, price) = houses(15, 7);
    let control = Control::default();
    let options = LearnOptions::default();
    assert_eq!(learn(&frame, &price, &options, &control), Err(LearnError::TooFewRows { rows: 15 }));
    let (frame, _) = houses(50, 7);
    assert_eq!(learn(&frame, &[3.0; 50], &options, &control), Err(LearnError::OneTarget));
    let same = Frame::default().with("x", Cells::Number(vec![1.0; 50]));
    let (_, price) = houses(50, 7);
    assert_eq!(learn(&same, &price, &options, &control), Err(LearnError::NoColumns));
    let stopped = Control::default();
    stopped.cancel.request();
    assert_eq!(learn(&frame, &price, &options, &stopped), Err(LearnError::Interrupted));
}

#[test]
fn small_tables_and_odd_columns_are_no_trouble() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let y: Vec<f64> = (0..25).map(|_| rng.random::<f64>() * 4.0 - 2.0).collect();
    let frame = Frame::default()
        .with("blank mostly", Cells::Number((0..25).map(|k| if k < 23 { f64::NAN } else { 1e12 }).collect()))
        .with("word", Cells::Category((0..25).map(|k| ["a", "", "b"][k % 3]).collect()));
    let learned = learn(&frame, &y, &LearnOptions::default(), &Control::default()).unwrap();
    let answers = learned.model.predict(&frame, &Control::default()).unwrap();
    assert!(answers.mean.iter().all(|x| x.is_finite()));
    assert!(answers.quantiles.iter().flatten().all(|x| x.is_finite()));
}
