#![allow(clippy::unwrap_used)]
use rand::RngExt;

use super::keys::Weights;
use super::*;
use crate::predict::tabular::bins::{Binned, Bins};
use crate::predict::tabular::chances::{log_loss_of_scores, logistic};
use crate::predict::tabular::folds::Rows;

const SETTINGS: Settings = Settings { buckets: 4096, rate: 0.1, penalty: 0.1, passes: 20 };

/// Two columns of codes and one of numbers.
fn rows(n: usize, seed: u64) -> (Rows, Vec<Bins>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut code = || -> Vec<f32> { (0..n).map(|_| (rng.random::<f32>() * 30.0).floor()).collect() };
    let (a, b) = (code(), code());
    let x: Vec<f32> = (0..n).map(|_| rng.random::<f32>()).collect();
    let bins = vec![
        Bins::Codes(0),
        Bins::Codes(30),
        Bins::of_numbers(&(0..1000).map(|k| k as f32 / 1e3).collect::<Vec<f32>>()),
    ];
    let columns = vec![a, b, x];
    let binned = Binned::new(&columns, &bins);
    (Rows { columns, binned }, bins)
}

/// The odds are the sum of one effect a column, or (with `together`) depend on pairs of codes.
fn odds(rows: &Rows, row: usize, together: bool) -> f64 {
    let cell = |column: usize| f64::from(rows.columns[column][row]);
    let wave = |x: f64| (x * 2.4).sin();
    if together {
        2.5 * wave(cell(0)) * wave(cell(1) + 1.0)
    } else {
        1.2 * wave(cell(0)) + 0.8 * wave(cell(1) + 0.5) + cell(2) - 1.0
    }
}

fn classes(rows: &Rows, together: bool, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..rows.binned.rows)
        .map(|row| f64::from(u8::from(rng.random::<f64>() < logistic(odds(rows, row, together)))))
        .collect()
}

/// Learns from 20,000 rows; gives the log loss on 10,000 more, and that of the true odds.
fn losses<L: Pass>(
    start: impl Fn(Vec<Field>) -> L,
    keys: impl Fn(&L, &Rows) -> Keys,
    together: bool,
) -> (f64, f64) {
    let ((train, bins), (held_out, _), (test, _)) = (rows(20_000, 1), rows(5000, 2), rows(10_000, 3));
    let learner = start(Field::of(&bins));
    let [inside, outside, fresh] = [&train, &held_out, &test].map(|rows| keys(&learner, rows));
    let (y, y_out, truth) =
        (classes(&train, together, 4), classes(&held_out, together, 5), classes(&test, together, 6));
    let error = |scores: &[f64]| log_loss_of_scores(scores, &y_out, 1);
    let course = Course { settings: &SETTINGS, seed: 1, error: &error, stop: &|| false };
    let learned = course.learn(learner, &inside, &y, &outside);
    let best: Vec<f64> = (0..10_000).map(|row| odds(&test, row, together)).collect();
    (log_loss_of_scores(&learned.scores(&fresh), &truth, 1), log_loss_of_scores(&best, &truth, 1))
}

#[test]
fn sums_of_effects_are_learned_nearly_as_well_as_can_be() {
    let (loss, best) =
        losses(|fields| Online::new(fields, &SETTINGS), |l: &Online, rows| l.keys(rows), false);
    assert!(loss < best + 0.01, "{loss} for {best}");
}

#[test]
fn pairs_need_factors() {
    let settings = Settings { penalty: 1e-4, ..SETTINGS };
    let (loss, best) =
        losses(|fields| Factors::new(fields, &settings), |l: &Factors, rows| l.keys(rows), true);
    assert!(loss < best + 0.03, "{loss} for {best}");
    let (alone, _) = losses(|fields| Online::new(fields, &SETTINGS), |l: &Online, rows| l.keys(rows), true);
    assert!(alone > best + 0.1, "{alone} for {best}");
}

/// The slopes that a machine steps along are those of its loss.
#[test]
fn the_score_is_the_sum_over_pairs_and_effects_add_up() {
    let settings = Settings { penalty: 0.0, ..SETTINGS };
    let (train, bins) = rows(500, 7);
    let mut learner = Factors::new(Field::of(&bins), &settings);
    let keys = learner.keys(&train);
    learner.pass(&keys, &classes(&train, true, 8), 1);
    let mut effects = [0.0; 3];
    let base = learner.add_effects(keys.row(3), 2.0, &mut effects);
    assert!((base + effects.iter().sum::<f64>() - 2.0 * learner.score(keys.row(3))).abs() < 1e-5);
    // All pairs one by one, through what two columns alone and each alone come to.
    let places = keys.row(3);
    let alone = |chosen: &[u32]| learner.score(chosen);
    let nothing = alone(&[]);
    let singles: f64 = places.iter().map(|place| alone(&[*place]) - nothing).sum();
    let pair = |i: usize, j: usize| {
        alone(&[places[i], places[j]]) - alone(&[places[i]]) - alone(&[places[j]]) + nothing
    };
    let whole = nothing + singles + pair(0, 1) + pair(0, 2) + pair(1, 2);
    assert!((whole - learner.score(places)).abs() < 1e-5, "{whole} for {}", learner.score(places));
}

/// Without a penalty and with many passes, the leader's weights bring the loss down to where
/// chances match shares: the condition of the optimum of logistic regression.
#[test]
fn chances_match_shares_word_by_word() {
    let (train, bins) = rows(20_000, 9);
    let settings = Settings { penalty: 0.0, rate: 0.5, ..SETTINGS };
    let mut learner = Online::new(Field::of(&bins), &settings);
    let keys = learner.keys(&train);
    let y = classes(&train, false, 10);
    (0..100).for_each(|pass| learner.pass(&keys, &y, pass));
    let scores = learner.scores(&keys);
    for word in 0..30 {
        let of_word: Vec<usize> = (0..20_000).filter(|row| train.columns[0][*row] == word as f32).collect();
        let off: f64 = of_word.iter().map(|row| logistic(scores[*row]) - y[*row]).sum();
        assert!((off / of_word.len() as f64).abs() < 0.03, "{word}: {off} of {}", of_word.len());
    }
}

#[test]
fn weights_read_back_as_saved_and_damage_is_seen() {
    let mut weights = Weights::new(64, 2);
    weights.at_mut(5).copy_from_slice(&[1.5, -2.0]);
    let text = serde_json::to_string(&weights).unwrap();
    assert!(text.len() < 80, "{text}");
    assert_eq!(serde_json::from_str::<Weights>(&text).unwrap(), weights);
    assert!(serde_json::from_str::<Weights>(&text.replace("[5]", "[64]")).is_err());
    assert!(serde_json::from_str::<Weights>(&text.replace("\"width\":2", "\"width\":3")).is_err());
    // Few bytes that ask for much memory: no such width, and a table beyond what is learned.
    let empty = |buckets: u32, width: usize| {
        let text = format!("{{\"buckets\":{buckets},\"width\":{width},\"places\":[],\"cells\":[]}}");
        serde_json::from_str::<Weights>(&text)
    };
    assert!(empty(64, 256).is_err() && empty(1 << 24, Factors::WIDTH).is_err());
    assert!(empty(64, Factors::WIDTH).is_ok() && empty(1 << 24, Online::WIDTH).is_ok());
}
