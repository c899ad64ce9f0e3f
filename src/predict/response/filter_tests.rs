#![allow(clippy::unwrap_used)]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};

use super::*;

/// What is true of a made-up product in a period.
#[derive(Clone, Copy)]
struct Truth {
    level: f64,
    own: f64,
    spread: f64,
    noise: f64,
}

const USUAL: Truth = Truth { level: 5.0, own: -2.0, spread: 0.12, noise: 0.2 };

/// Rows of three groups over periods, each as the truth of its period says; counts where the noise is 0.
fn sold(periods: std::ops::Range<i32>, seed: u64, truth: impl Fn(i32) -> Truth) -> Sold {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut sold = Sold { rivals: vec![Vec::new()], ..Sold::default() };
    for period in periods {
        let Truth { level, own, spread, noise } = truth(period);
        for group in 0..3_u32 {
            let mut draw = || -> f64 { StandardNormal.sample(&mut random) };
            let (price, rival, shock) = (spread * draw(), 0.1 * draw(), draw());
            let log = level + 0.3 * f64::from(group) + own * price + 0.4 * rival + noise * shock;
            let mean = log.exp();
            sold.group.push(group);
            sold.period.push(f64::from(period));
            sold.price.push(price.exp());
            sold.rivals[0].push(rival.exp());
            let counted =
                || Poisson::new(mean).unwrap().sample(&mut ChaCha8Rng::seed_from_u64(seed ^ log.to_bits()));
            sold.quantity.push(if noise == 0.0 { counted() } else { mean });
        }
    }
    sold
}

/// Takes rows in period by period; the alarms with their periods.
fn fed(filter: &mut Filter, sold: &Sold) -> Vec<(i32, Alarm)> {
    let mut alarms = Vec::new();
    for first in (0..sold.price.len()).step_by(3) {
        let rivals: Vec<[f64; 1]> = (first..first + 3).map(|row| [sold.rivals[0][row]]).collect();
        let question = |row: usize| Question {
            group: sold.group[row],
            period: sold.period[row],
            price: sold.price[row],
            rivals: &rivals[row - first],
            covariates: &[],
        };
        let rows: Vec<(Question<'_>, f64)> =
            (first..first + 3).map(|row| (question(row), sold.quantity[row])).collect();
        let period = sold.period[first] as i32;
        alarms.extend(filter.take(&rows).into_iter().map(|alarm| (period, alarm)));
    }
    alarms
}

const STILL: Drift = Drift { levels: false, elasticity: 0.0, false_alarm_periods: 1e9 };

/// Mean and covariance of levels and coefficients together.
fn whole(state: &filter::State) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (groups, count) = (state.groups.len(), state.beta.len());
    let lean = |at: usize, k: usize| {
        if at < groups { state.groups[at].lean[k] } else { f64::from(u8::from(at - groups == k)) }
    };
    let mean = (0..groups + count).map(|at| {
        let start = if at < groups { state.groups[at].intercept } else { 0.0 };
        start + (0..count).map(|k| lean(at, k) * state.beta[k]).sum::<f64>()
    });
    let cell = |i: usize, j: usize| {
        let own = if i == j && i < groups { state.groups[i].variance } else { 0.0 };
        let pairs = (0..count).flat_map(|k| (0..count).map(move |l| (k, l)));
        own + pairs.map(|(k, l)| lean(i, k) * state.covariance[k * count + l] * lean(j, l)).sum::<f64>()
    };
    let all = groups + count;
    (mean.collect(), (0..all).map(|i| (0..all).map(|j| cell(i, j)).collect()).collect())
}

fn inverse(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let count = matrix.len();
    let mut work: Vec<Vec<f64>> = matrix
        .iter()
        .enumerate()
        .map(|(i, row)| row.iter().copied().chain((0..count).map(|j| f64::from(u8::from(i == j)))).collect())
        .collect();
    for pivot in 0..count {
        let scale = work[pivot][pivot];
        work[pivot].iter_mut().for_each(|cell| *cell /= scale);
        let line = work[pivot].clone();
        for (row, cells) in work.iter_mut().enumerate().filter(|(row, _)| *row != pivot) {
            let times = cells[pivot];
            assert!(row < count);
            cells.iter_mut().zip(&line).for_each(|(cell, other)| *cell -= times * other);
        }
    }
    work.into_iter().map(|row| row[count..].to_vec()).collect()
}

#[test]
fn without_drift_it_is_the_regression_on_all_rows() {
    let (past, new) = (sold(0..12, 1, |_| USUAL), sold(12..40, 2, |_| USUAL));
    let response = &fit(&[past], &ResponseOptions::default())[0];
    let mut filter = Filter::new(response, 11.0, STILL);
    let (prior, covariance) = whole(&response.state);
    fed(&mut filter, &new);
    // Closed form: precision = prior's + X'X / noise; mean = its inverse times (prior's precision times mean + X'y / noise).
    let (groups, noise) = (response.state.groups.len(), response.state.noise);
    let mut precision = inverse(&covariance);
    let mut right: Vec<f64> =
        precision.iter().map(|row| row.iter().zip(&prior).map(|(p, mean)| p * mean).sum()).collect();
    for row in 0..new.price.len() {
        let slope = response.state.groups[new.group[row] as usize].slope;
        let mut x = vec![0.0; prior.len()];
        x[new.group[row] as usize] = 1.0;
        (x[groups], x[groups + 1]) = (new.price[row].ln(), new.rivals[0][row].ln());
        let y = new.quantity[row].ln() - slope * new.price[row].ln();
        for i in 0..x.len() {
            right[i] += x[i] * y / noise;
            for j in 0..x.len() {
                precision[i][j] += x[i] * x[j] / noise;
            }
        }
    }
    let posterior = inverse(&precision);
    let mean: Vec<f64> =
        posterior.iter().map(|row| row.iter().zip(&right).map(|(p, r)| p * r).sum()).collect();
    let (found, wide) = whole(filter.state());
    for i in 0..mean.len() {
        assert!((found[i] - mean[i]).abs() < 1e-8, "{i}: {} {}", found[i], mean[i]);
        for j in 0..mean.len() {
            assert!((wide[i][j] - posterior[i][j]).abs() < 1e-10, "{i} {j}");
        }
    }
    assert!(filter.own().error < 0.7 * response.own.error && filter.taken() == 84);
}

#[test]
fn an_elasticity_drifts_about_the_price_of_the_level() {
    let response = &fit(&[sold(0..30, 3, |_| USUAL)], &ResponseOptions::default())[0];
    let drift = Drift { levels: true, elasticity: 0.01, ..Drift::default() };
    let mut filter = Filter::new(response, 29.0, drift);
    let before = whole(filter.state());
    filter.pass(4.0);
    let after = whole(filter.state());
    assert_eq!(before.0, after.0, "nothing was seen");
    let groups = response.state.groups.len();
    assert!((after.1[groups][groups] - before.1[groups][groups] - 0.04).abs() < 1e-9);
    // Variance of the demand of a group at some logarithm of the price, the rival where the level was measured.
    let variance = |all: &[Vec<f64>], group: usize, log: f64| {
        let mut x = vec![0.0; all.len()];
        x[group] = 1.0;
        (x[groups], x[groups + 1]) = (log, -response.state.groups[group].lean[1]);
        (0..x.len())
            .flat_map(|i| (0..x.len()).map(move |j| (i, j)))
            .map(|(i, j)| x[i] * all[i][j] * x[j])
            .sum::<f64>()
    };
    for (at, group) in response.state.groups.iter().enumerate() {
        let gained = |log: f64| variance(&after.1, at, log) - variance(&before.1, at, log);
        let usual = -group.lean[0];
        assert!(
            (gained(usual) - 4.0 * group.drift).abs() < 1e-9,
            "at the usual price the level drifts alone"
        );
        assert!((gained(usual + 0.5) - 4.0 * group.drift - 0.04 * 0.25).abs() < 1e-9);
    }
}

#[test]
fn a_price_that_never_moves_tells_no_elasticity() {
    let one = |periods: std::ops::Range<i32>, level: f64| {
        let mut sold = sold(periods, 4, |_| Truth { level, ..USUAL });
        sold.price.fill(1.96);
        sold
    };
    let response = &fit(&[one(0..30, 5.0)], &ResponseOptions::default())[0];
    let mut filter = Filter::new(response, 29.0, Drift::default());
    let alarms = fed(&mut filter, &one(30..60, 3.5));
    assert!(!filter.has_moved() && (filter.own().value - response.own.value).abs() < 1e-6);
    assert!(!alarms.is_empty() && alarms.iter().all(|it| it.1 == Alarm::Level { more: false }), "{alarms:?}");
}

#[test]
fn an_elasticity_that_moves_is_followed_and_told() {
    // After period 60 demand answers far more strongly.
    let truth = |period: i32| Truth { own: if period < 60 { -2.0 } else { -3.5 }, ..USUAL };
    let response = &fit(&[sold(0..52, 5, truth)], &ResponseOptions::default())[0];
    let drift = Drift { elasticity: 0.3 * 0.3 / 52.0, ..Drift::default() };
    let mut filter = Filter::new(response, 51.0, drift);
    let alarms = fed(&mut filter, &sold(52..120, 6, truth));
    let own = filter.own();
    assert!((own.value + 3.5).abs() < 0.4 && (own.value + 3.5).abs() < 3.0 * own.error, "{own:?}");
    let first = alarms.iter().find(|(_, alarm)| matches!(alarm, Alarm::Price { .. })).unwrap();
    assert!(first.0 >= 60 && first.0 < 90 && first.1 == Alarm::Price { less: false }, "{alarms:?}");
    let mut still = Filter::new(response, 51.0, drift);
    let quiet = fed(&mut still, &sold(52..120, 6, |_| USUAL));
    assert!(quiet.is_empty(), "{quiet:?}");
}

#[test]
fn counts_are_followed_too() {
    let truth = |_: i32| Truth { level: 0.3, own: -2.5, spread: 0.3, noise: 0.0 };
    let past = sold(0..40, 7, truth);
    assert!(past.quantity.contains(&0.0));
    let response = &fit(std::slice::from_ref(&past), &ResponseOptions::default())[0];
    let new = sold(40..160, 8, truth);
    let mut filter = Filter::new(response, 39.0, STILL);
    fed(&mut filter, &new);
    let mut all = past;
    all.group.extend(&new.group);
    all.period.extend(&new.period);
    all.price.extend(&new.price);
    all.quantity.extend(&new.quantity);
    all.rivals[0].extend(&new.rivals[0]);
    let batch = &fit(&[all], &ResponseOptions::default())[0];
    let own = filter.own();
    assert!((own.value + 2.5).abs() < 3.0 * own.error && own.error < response.own.error, "{own:?}");
    assert!((own.value - batch.own.value).abs() < batch.own.error, "{own:?} {:?}", batch.own);
}

#[test]
fn what_is_expected_shrinks_the_error_as_seeing_it_does() {
    let (past, new) = (sold(0..20, 9, |_| USUAL), sold(20..30, 10, |_| USUAL));
    let response = &fit(&[past], &ResponseOptions::default())[0];
    let mut seen = Filter::new(response, 19.0, Drift::default());
    let mut expected = seen.clone();
    fed(&mut seen, &new);
    (0..new.price.len()).for_each(|row| new.ask(row, |question| expected.expect(question)));
    assert!((seen.own().error - expected.own().error).abs() < 1e-12);
    assert!(expected.own().value == response.own.value, "nothing was learned yet");
    // A store never seen is like the others, and wide.
    let ask = |group: u32| Question { group, period: 30.0, price: 1.0, rivals: &[1.0], covariates: &[] };
    let known: Vec<f64> = (0..3).map(|group| seen.median(&ask(group)).ln()).collect();
    assert!((seen.median(&ask(7)).ln() - known.iter().sum::<f64>() / 3.0).abs() < 0.1);
    seen.take(&[(ask(4), 300.0)]);
    assert!(seen.median(&ask(4)) > 200.0, "the first sale of a new store counts");
}
