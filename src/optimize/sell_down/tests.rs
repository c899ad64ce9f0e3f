#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn level(reward: f64, charge: f64, rate: f64) -> Level {
    Level { reward, charge, rate }
}

/// Expected reward and charge of one choice for every stage, level before and units, by following all that can happen.
fn followed(part: &Part, choice: &dyn Fn(usize, usize, usize) -> usize) -> (f64, f64) {
    fn from(
        part: &Part,
        choice: &dyn Fn(usize, usize, usize) -> usize,
        (stage, before, units): (usize, usize, usize),
    ) -> (f64, f64) {
        if stage == part.stages {
            return (part.left * units as f64, 0.0);
        }
        let at = choice(stage, before, units);
        let Level { reward, charge, rate } = part.levels[at];
        let mut below = 0.0;
        let mut sum = (0.0, 0.0);
        for gone in 0..=units {
            let mut factorial = 1.0;
            (1..=gone).for_each(|k| factorial *= k as f64);
            let exactly = rate.powi(gone as i32) * (-rate).exp() / factorial;
            let share = if gone == units { 1.0 - below } else { exactly };
            below += exactly;
            let after = from(part, choice, (stage + 1, at, units - gone));
            sum.0 += share * (reward * gone as f64 + after.0);
            sum.1 += share * (charge * gone as f64 + after.1);
        }
        sum
    }
    from(part, choice, (0, 0, part.units))
}

/// Every policy of two stages, two levels and up to two units: one bit a stage, level before and units.
fn tried(part: &Part, keeps: impl Fn(f64) -> bool) -> f64 {
    let mut best = f64::NEG_INFINITY;
    for bits in 0..1_u32 << 12 {
        let choice = |stage: usize, before: usize, units: usize| {
            (bits >> ((stage * 2 + before) * 3 + units) & 1) as usize
        };
        let allowed =
            !part.one_way || (0..2).all(|stage| (0..=part.units).all(|units| choice(stage, 1, units) == 1));
        if allowed {
            let (reward, charge) = followed(part, &choice);
            if keeps(charge) {
                best = best.max(reward);
            }
        }
    }
    best
}

fn part(numbers: &[f64], one_way: bool, units: usize) -> Part {
    let levels = vec![
        level(4.0 + 4.0 * numbers[0], 0.0, 1.5 * numbers[1]),
        level(1.0 + 3.0 * numbers[2], 1.0, 1.5 * numbers[1] + 2.0 * numbers[3]),
    ];
    Part { units, stages: 2, levels, one_way, left: numbers[4], dispersion: 0.0 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_policy_is_the_best_of_all(
        numbers in proptest::collection::vec(0.0..1.0_f64, 5),
        one_way: bool,
        units in 0..3_usize,
    ) {
        let part = part(&numbers, one_way, units);
        let policy = best(&part, 0.0);
        let most = tried(&part, |_| true);
        prop_assert!((policy.reward - most).abs() < 1e-9, "{} {most}", policy.reward);
        let again = followed(&part, &|stage, before, units| policy.choice(stage, before, units));
        prop_assert!((again.0 - policy.reward).abs() < 1e-9 && (again.1 - policy.charge).abs() < 1e-9);
    }

    #[test]
    fn a_shared_budget_is_kept_and_bounded(
        numbers in proptest::collection::vec(0.0..1.0_f64, 10),
        one_way: bool,
        share in 0.0..1.2_f64,
    ) {
        let parts = [part(&numbers[..5], one_way, 2), part(&numbers[5..], one_way, 2)];
        let free: f64 = parts.iter().map(|part| best(part, 0.0).charge).sum();
        let budget = share * free;
        let shared = best_within(&parts, Some(budget), &Control::default()).unwrap();
        prop_assert!(shared.charge <= budget + 1e-9, "{} {budget}", shared.charge);
        prop_assert!(shared.reward <= shared.bound + 1e-9);
        let sum: f64 = shared.policies.iter().map(|policy| policy.reward).sum();
        prop_assert!((sum - shared.reward).abs() < 1e-9);
        // One part alone: no policy within the budget passes the bound.
        let alone = best_within(&parts[..1], Some(0.5 * budget), &Control::default()).unwrap();
        let most = tried(&parts[0], |charge| charge <= 0.5 * budget + 1e-12);
        prop_assert!(most <= alone.bound + 1e-9 && alone.reward <= most + 1e-9, "{alone:?} {most}");
        if share >= 1.0 {
            prop_assert!((shared.bound - shared.reward).abs() < 1e-9 && shared.price == 0.0);
        }
    }
}

#[test]
fn what_a_level_earns_and_charges_is_told_apart_at_any_price() {
    for (price, one_way) in [(0.0, true), (0.7, true), (2.0, false)] {
        let part = part(&[0.3, 0.8, 0.9, 0.5, 0.1], one_way, 2);
        let policy = best(&part, price);
        for level in 0..2 {
            let forced = |stage: usize, before: usize, units: usize| {
                if stage == 0 { level } else { policy.choice(stage, before, units) }
            };
            let (reward, charge) = followed(&part, &forced);
            let told = policy.charge_of(0, level, 2);
            assert!((told - charge).abs() < 1e-9, "{told} {charge}");
            assert!((policy.worth(0, level, 2) + policy.price * told - reward).abs() < 1e-9);
        }
    }
}

#[test]
fn what_a_budget_leaves_goes_where_it_earns_most() {
    let made = |reward: f64, charge: f64| {
        let free = best(&part(&[0.3, 0.8, 0.9, 0.5, 0.1], true, 2), 0.0);
        Policy { reward, charge, ..free }
    };
    let cheap = vec![made(10.0, 1.0), made(10.0, 1.0), made(10.0, 1.0), made(10.0, 1.0)];
    // Per unit of charge: 2, 5 (too large for the room), 3, and one that earns less.
    let dear = [made(14.0, 3.0), made(60.0, 11.0), made(16.0, 3.0), made(9.0, 2.0)];
    let taken = |budget: f64| {
        let mut kept = cheap.clone();
        fill(&mut kept, &dear, budget);
        let charge: f64 = kept.iter().map(|policy| policy.charge).sum();
        assert!(charge <= budget, "{charge} {budget}");
        kept.iter().map(|policy| policy.reward).collect::<Vec<f64>>()
    };
    assert_eq!(taken(4.0), [10.0; 4]);
    assert_eq!(taken(7.9), [10.0, 10.0, 16.0, 10.0], "the better of the two that fit");
    assert_eq!(taken(9.0), [14.0, 10.0, 16.0, 10.0]);
    assert_eq!(taken(14.0), [10.0, 60.0, 10.0, 10.0], "the best rate first");
    assert_eq!(taken(100.0), [14.0, 60.0, 16.0, 10.0]);
}

/// Rates fall with the reward as exp(-reward); short stages.
fn exponential(units: usize, time: f64, stages: usize, steps: usize) -> Part {
    let reward = |step: usize| 4.0 * (steps - step) as f64 / steps as f64;
    let length = time / stages as f64;
    let levels = (0..steps).map(|step| level(reward(step), 0.0, (-reward(step)).exp() * length)).collect();
    Part { units, stages, levels, one_way: false, left: 0.0, dispersion: 0.0 }
}

#[test]
fn many_short_stages_earn_what_the_closed_form_says() {
    // Gallego and van Ryzin (1994): with rates exp(-p) the value of n units over t is
    // ln(sum over i = 0..n of (t / e)^i / i!).
    let (units, time) = (4, 8.0);
    let mut terms = (1.0, 1.0);
    for i in 1..=units {
        terms.1 *= time / std::f64::consts::E / i as f64;
        terms.0 += terms.1;
    }
    let known = f64::ln(terms.0);
    let found = best(&exponential(units, time, 800, 80), 0.0).reward;
    assert!((found / known - 1.0).abs() < 0.01, "{found} {known}");
}

#[test]
fn the_level_falls_with_units_and_rises_with_stages_left() {
    let part = exponential(6, 6.0, 120, 40);
    let policy = best(&part, 0.0);
    for stage in 1..part.stages {
        for units in 2..=part.units {
            let at = policy.choice(stage, 0, units);
            assert!(at >= policy.choice(stage, 0, units - 1), "more units, no lower a level index");
            assert!(at >= policy.choice(stage - 1, 0, units), "fewer stages left, no lower an index");
        }
    }
    assert!(policy.worth(0, 0, 6) <= policy.reward + 1e-12);
}

#[test]
fn a_wider_distribution_has_the_same_mean() {
    for (mean, dispersion) in [(3.0, 0.0), (3.0, 0.5), (40.0, 0.2)] {
        let all = probabilities(mean, dispersion, 2_000);
        let sum: f64 = all.iter().sum();
        let first: f64 = all.iter().zip(0..).map(|(p, k)| p * f64::from(k)).sum();
        let square: f64 = all.iter().zip(0..).map(|(p, k)| p * f64::from(k * k)).sum();
        let variance = square - first * first;
        assert!((sum - 1.0).abs() < 1e-9 && (first / mean - 1.0).abs() < 1e-9, "{mean} {dispersion}");
        assert!((variance / (mean + dispersion * mean * mean) - 1.0).abs() < 1e-6, "{variance}");
    }
    assert_eq!(probabilities(0.0, 0.0, 2), [1.0, 0.0, 0.0]);
}
