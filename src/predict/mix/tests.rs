#![allow(clippy::unwrap_used, clippy::panic)]
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::geo::{GeoError, GeoRow, read_out};
use super::*;
use crate::control::Control;

const WEEKS: usize = 120;

fn options() -> MixOptions {
    MixOptions { chains: 2, settle: 400, draws: 150, thin: 4, ..MixOptions::default() }
}

/// Carry-over, height, half-saturation and shape of the two true channels.
const TRUTH: [(f64, f64, f64, f64); 2] = [(0.5, 400.0, 120.0, 1.3), (0.2, 250.0, 60.0, 1.0)];

/// What a true channel brings by week.
fn effects(c: usize, spend: &[f64]) -> Vec<f64> {
    let (carry, a, k, s) = TRUTH[c];
    let mut level = 0.0;
    let effect = |x: &f64| {
        level = carry * level + (1.0 - carry) * x;
        if level > 0.0 { a / (1.0 + (k / level).powf(s)) } else { 0.0 }
    };
    spend.iter().map(effect).collect()
}

/// Sales of two channels in flights on a level of 1,000, and what each channel brought.
fn market(noise: f64) -> (MixHistory, [f64; 2]) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut outcome: Vec<f64> = (0..WEEKS)
        .map(|t| {
            let season = 60.0 * (std::f64::consts::TAU * t as f64 / 52.0).sin();
            1000.0 + t as f64 + season + noise * rng.sample::<f64, _>(StandardNormal)
        })
        .collect();
    let mut totals = [0.0; 2];
    let channels = (0..2)
        .map(|c| {
            let spend: Vec<f64> = (0..WEEKS)
                .map(|_| {
                    if rng.random::<f64>() < 0.35 { 0.0 } else { 20.0 + 250.0 * rng.random::<f64>().powi(2) }
                })
                .collect();
            for (y, effect) in outcome.iter_mut().zip(effects(c, &spend)) {
                *y += effect;
                totals[c] += effect;
            }
            Channel { name: format!("c{c}"), spend, ..Channel::default() }
        })
        .collect();
    (MixHistory { outcome, channels, season_length: 52.0, ..MixHistory::default() }, totals)
}

fn fitted(history: &MixHistory) -> Fitted {
    fit(history, &options(), &Control::default().with_seed(1)).unwrap()
}

#[test]
fn known_parameters_come_back() {
    let (history, truth) = market(5.0);
    let fitted = fitted(&history);
    for (c, (found, truth)) in fitted.contributions().iter().zip(truth).enumerate() {
        assert!((found.mean / truth - 1.0).abs() < 0.1, "channel {c}: {found:?}, truth {truth}");
        assert!(found.low < found.mean && found.mean < found.high);
        let carry = fitted.carry_over()[c];
        assert!((carry.mean - TRUTH[c].0).abs() < 0.08, "channel {c} carries {carry:?}");
        let half = fitted.half_saturation()[c];
        assert!((half.mean / TRUTH[c].2 - 1.0).abs() < 0.4, "channel {c} halves at {half:?}");
    }
    assert!(fitted.scale_reduction < 1.1, "{}", fitted.scale_reduction);
    assert!(fitted.r2 > 0.97, "{}", fitted.r2);
    assert_eq!(fitted.identified, [Identified::Yes, Identified::Yes]);
}

#[test]
fn parts_add_up_to_sales() {
    let (mut history, _) = market(20.0);
    let values = (0..WEEKS).map(|t| f64::from(u8::from(t % 7 == 0))).collect();
    history.controls.push(ControlSeries { name: "event".into(), values });
    let parts = fitted(&history).decomposition(&history).unwrap();
    for (t, y) in history.outcome.iter().enumerate() {
        let channels: f64 = parts.channels.iter().map(|part| part[t]).sum();
        let sum =
            parts.baseline[t] + parts.season[t] + parts.controls[0][t] + channels + parts.unexplained[t];
        assert!((sum - y).abs() < 1e-9 * y, "period {t}: {sum} is not {y}");
        assert!(parts.channels.iter().all(|part| part[t] >= 0.0));
    }
}

#[test]
fn another_currency_changes_nothing_else() {
    let (history, _) = market(15.0);
    let mut other = history.clone();
    other.outcome.iter_mut().for_each(|y| *y *= 1024.0);
    for channel in &mut other.channels {
        channel.spend.iter_mut().for_each(|x| *x *= 64.0);
    }
    let (one, two) = (fitted(&history), fitted(&other));
    for (a, b) in one.contributions().iter().zip(two.contributions()) {
        assert!((a.mean * 1024.0 / b.mean - 1.0).abs() < 1e-6);
    }
    for (a, b) in one.half_saturation().iter().zip(two.half_saturation()) {
        assert!((a.mean * 64.0 / b.mean - 1.0).abs() < 1e-6);
    }
}

#[test]
fn threads_change_nothing() {
    let (history, _) = market(15.0);
    let run = |threads| fit(&history, &options(), &Control::default().with_threads(threads)).unwrap();
    assert_eq!(run(1).contributions(), run(2).contributions());
}

#[test]
fn a_channel_without_spend_brings_nothing() {
    let (mut history, _) = market(15.0);
    history.channels[1].spend = vec![0.0; WEEKS];
    let fitted = fitted(&history);
    assert_eq!(fitted.identified[1], Identified::NeverSpent);
    assert_eq!(fitted.contributions()[1], Estimate { mean: 0.0, low: 0.0, high: 0.0 });
}

#[test]
fn constant_spend_is_not_identified_until_it_is_tested() {
    let (mut history, _) = market(15.0);
    history.channels[1].spend = vec![100.0; WEEKS];
    assert_eq!(fitted(&history).identified[1], Identified::Constant);
    history.lift_tests =
        vec![LiftTest { channel: 1, from: 50, to: 59, until: None, share: 1.0, lift: 900.0, error: 30.0 }];
    let fitted = fitted(&history);
    assert_eq!(fitted.identified[1], Identified::Yes);
    let brought = fitted.contributions()[1].mean * 10.0 / WEEKS as f64;
    assert!((brought / 900.0 - 1.0).abs() < 0.1, "ten weeks bring {brought}");
}

#[test]
fn a_lift_test_draws_the_contribution_to_what_it_measured() {
    let (mut history, truth) = market(15.0);
    let before = fitted(&history).contributions()[0].mean;
    // A test that says twice the truth, and is sure of it.
    let lift = 2.0 * truth[0] * 20.0 / WEEKS as f64;
    history.lift_tests =
        vec![LiftTest { channel: 0, from: 40, to: 59, until: None, share: 1.0, lift, error: 0.02 * lift }];
    let after = fitted(&history).contributions()[0].mean;
    assert!(after > 1.3 * before, "{before} became {after}");
}

#[test]
fn what_a_test_did_not_see_is_not_asked_of_it() {
    let (mut history, truth) = market(15.0);
    let spend = history.channels[0].spend.clone();
    let mut without = spend.clone();
    without[40..=43].fill(0.0);
    let (with, without) = (effects(0, &spend), effects(0, &without));
    let lift: f64 = (40..=43).map(|t| with[t] - without[t]).sum();
    let test =
        LiftTest { channel: 0, from: 40, to: 43, until: Some(43), share: 1.0, lift, error: 0.01 * lift };
    history.lift_tests = vec![test];
    let brought = fitted(&history).contributions()[0].mean;
    assert!((brought / truth[0] - 1.0).abs() < 0.05, "{brought} instead of {}", truth[0]);
}

#[test]
fn a_belief_in_the_return_is_heard() {
    let (mut history, _) = market(15.0);
    let spent: f64 = history.channels[1].spend.iter().sum();
    history.channels[1].beliefs.roas = Some(Belief { mean: 0.2, sd: 0.001 });
    let roas = fitted(&history).contributions()[1].mean / spent;
    assert!((roas - 0.2).abs() < 0.01, "{roas}");
}

#[test]
fn periods_without_sales_are_foreseen() {
    let (mut history, _) = market(8.0);
    let hidden = [30, 31, 70, 110, 118, 119];
    let truth: Vec<f64> = hidden.iter().map(|&t| history.outcome[t]).collect();
    hidden.iter().for_each(|&t| history.outcome[t] = f64::NAN);
    let parts = fitted(&history).decomposition(&history).unwrap();
    let expected = parts.expected();
    for (&t, truth) in hidden.iter().zip(&truth) {
        assert!((expected[t] / truth - 1.0).abs() < 0.05, "period {t}: {} for {truth}", expected[t]);
        assert_eq!(parts.unexplained[t], 0.0);
    }
}

#[test]
fn a_short_history_is_refused_or_wide() {
    let (mut history, _) = market(15.0);
    let cut = |history: &mut MixHistory, periods: usize| {
        history.outcome.truncate(periods);
        history.channels.iter_mut().for_each(|channel| channel.spend.truncate(periods));
    };
    cut(&mut history, 26);
    let short = fitted(&history).contributions()[0];
    assert!(short.high - short.low > 0.3 * short.mean, "{short:?}");
    cut(&mut history, 11);
    let refused = fit(&history, &options(), &Control::default()).unwrap_err();
    assert_eq!(refused, MixError::TooShort { known: 11, least: 12 });
}

#[test]
fn faulty_histories_are_named() {
    let (history, _) = market(15.0);
    let refuse = |change: &dyn Fn(&mut MixHistory)| {
        let mut history = history.clone();
        change(&mut history);
        fit(&history, &options(), &Control::default()).unwrap_err()
    };
    let negative = refuse(&|h| h.channels[0].spend[3] = -1.0);
    assert_eq!(negative, MixError::Value { name: "c0".into(), period: 3, value: -1.0 });
    assert!(matches!(refuse(&|h| h.channels[0].spend.truncate(5)), MixError::Length { found: 5, .. }));
    assert_eq!(refuse(&|h| h.outcome.fill(3.0)), MixError::ConstantOutcome);
    let sure = Some(Belief { mean: 0.3, sd: 0.0 });
    assert!(matches!(refuse(&|h| h.channels[0].beliefs.carry_over = sure), MixError::Belief { .. }));
    let test = LiftTest { channel: 9, from: 0, to: 1, until: None, share: 1.0, lift: 1.0, error: 1.0 };
    assert_eq!(refuse(&|h| h.lift_tests.push(test)), MixError::LiftTest { at: 0 });
}

#[test]
fn a_cancelled_fit_says_so() {
    let (history, _) = market(15.0);
    let control = Control::default();
    control.cancel.request();
    assert_eq!(fit(&history, &options(), &control).unwrap_err(), MixError::Stopped);
}

#[test]
fn a_plan_counts_what_comes_after_it_and_not_what_came_before() {
    let (history, _) = market(8.0);
    let fitted = fitted(&history);
    let window = PlanWindow { periods: 4 };
    let band = fitted.response(0, window, &[0.0, 200.0, 400.0, 800.0]).unwrap();
    assert_eq!(band.response[0].mean, 0.0);
    assert!(band.response.windows(2).all(|pair| pair[0].mean < pair[1].mean));
    assert!(band.carried_in > 0.0 && band.carried_out > 0.05 && band.carried_out < 0.8, "{band:?}");
    // Half of the effect of a week comes later, so a longer window holds a greater share of it.
    let longer = fitted.response(0, PlanWindow { periods: 26 }, &[0.0, 5200.0]).unwrap();
    assert!(longer.carried_out < band.carried_out);
}

#[test]
fn the_closest_curve_is_the_curve() {
    let truth = Hill { a: 420.0, k: 35.0, s: 1.6 };
    let points: Vec<(f64, f64)> = (0..40).map(|i| f64::from(i) * 3.0).map(|x| (x, truth.at(x))).collect();
    let found = fit_hill(&points).unwrap();
    assert!((found.a / truth.a - 1.0).abs() < 1e-3 && (found.k / truth.k - 1.0).abs() < 1e-3, "{found:?}");
    assert!((found.s - truth.s).abs() < 1e-3);
    assert_eq!(fit_hill(&[(0.0, 0.0)]), None);
}

#[test]
fn an_experiment_is_read_out_as_by_hand() {
    let row = |region, is_treated, is_during, outcome| GeoRow { region, is_treated, is_during, outcome };
    let mut rows = Vec::new();
    for (region, before, during) in [(0, 10.0, 9.0), (1, 20.0, 19.0), (2, 10.0, 10.5), (3, 30.0, 30.0)] {
        rows.extend([row(region, region < 2, false, before), row(region, region < 2, true, during)]);
    }
    let found = read_out(&rows).unwrap();
    let changes = [0.9_f64.ln(), 0.95_f64.ln(), 1.05_f64.ln(), 0.0];
    let effect = (changes[0] + changes[1]) / 2.0 - (changes[2] + changes[3]) / 2.0;
    // Of two values the error of the mean is half of their distance.
    let error = ((changes[0] - changes[1]) / 2.0).hypot((changes[2] - changes[3]) / 2.0);
    assert!((found.effect - effect).abs() < 1e-12 && (found.error - error).abs() < 1e-12, "{found:?}");
    assert!(found.interval.0 < effect && effect < found.interval.1);
    rows.push(row(0, false, true, 1.0));
    assert_eq!(read_out(&rows), Err(GeoError::BothSides { region: 0 }));
    assert_eq!(read_out(&rows[..4]), Err(GeoError::Regions { treated: 2, others: 0 }));
}

const DAYS: usize = 1_095;

/// Daily sales of two channels in flights, with days of the week; what each channel brought, and the days' effects.
fn daily_market() -> (MixHistory, [f64; 2], [f64; 7]) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let week = [-80.0, -100.0, -60.0, 0.0, 40.0, 160.0, 40.0];
    let truth = [(0.88_f64, 400.0, 120.0, 1.3), (0.7, 250.0, 60.0, 1.0)];
    let mut outcome: Vec<f64> = (0..DAYS)
        .map(|t| {
            let season = 60.0 * (std::f64::consts::TAU * t as f64 / 365.25).sin();
            1000.0 + t as f64 / 7.0 + season + week[t % 7] + 25.0 * rng.sample::<f64, _>(StandardNormal)
        })
        .collect();
    let mut totals = [0.0; 2];
    let mut channels = Vec::new();
    for (c, (carry, a, k, s)) in truth.into_iter().enumerate() {
        let (mut spend, mut level, mut size) = (Vec::with_capacity(DAYS), 0.0, 0.0);
        for y in &mut outcome {
            if rng.random::<f64>() < 0.1 {
                size = if rng.random::<f64>() < 0.4 { 0.0 } else { 20.0 + 250.0 * rng.random::<f64>() };
            }
            let x = size * (0.7 + 0.6 * rng.random::<f64>());
            level = carry * level + (1.0 - carry) * x;
            let effect = if level > 0.0 { a / (1.0 + (k / level).powf(s)) } else { 0.0 };
            *y += effect;
            totals[c] += effect;
            spend.push(x);
        }
        channels.push(Channel { name: format!("c{c}"), spend, ..Channel::default() });
    }
    (MixHistory { outcome, channels, season_length: 365.25, ..MixHistory::default() }, totals, week)
}

#[test]
fn three_years_of_days_are_fitted_with_their_weekdays() {
    let (history, truth, week) = daily_market();
    let options = MixOptions { chains: 2, settle: 300, draws: 100, ..MixOptions::default() };
    let fitted = fit(&history, &options, &Control::default().with_seed(1)).unwrap();
    for (c, (found, truth)) in fitted.contributions().iter().zip(truth).enumerate() {
        assert!((found.mean / truth - 1.0).abs() < 0.1, "channel {c}: {found:?}, truth {truth}");
        let (carry, known) = (fitted.carry_over()[c], [0.88, 0.7][c]);
        assert!((carry.mean - known).abs() < 0.04, "channel {c} carries {carry:?}");
    }
    let parts = fitted.decomposition(&history).unwrap();
    for (day, known) in week.iter().enumerate() {
        assert!((parts.week[day] - known).abs() < 8.0, "day {day}: {} for {known}", parts.week[day]);
        assert_eq!(parts.week[day], parts.week[day + 7]);
    }
}

#[test]
fn choices_outside_their_range_are_refused() {
    let (history, _) = market(15.0);
    let name = |options: MixOptions| match fit(&history, &options, &Control::default()) {
        Err(MixError::Option { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    let usual = MixOptions::default;
    assert_eq!(name(MixOptions { chains: 0, ..usual() }), "chains");
    assert_eq!(name(MixOptions { chains: usize::MAX, ..usual() }), "chains");
    assert_eq!(name(MixOptions { draws: 0, ..usual() }), "draws");
    assert_eq!(name(MixOptions { draws: usize::MAX, ..usual() }), "draws");
    assert_eq!(name(MixOptions { chains: 64, draws: 100_000, ..usual() }), "draws");
    assert_eq!(name(MixOptions { settle: usize::MAX, ..usual() }), "settle");
    assert_eq!(name(MixOptions { thin: 0, ..usual() }), "thin");
    assert_eq!(name(MixOptions { turn_every: 0, ..usual() }), "turn_every");
    assert_eq!(name(MixOptions { waves: usize::MAX, ..usual() }), "waves");
    assert_eq!(name(MixOptions { share: f64::NAN, ..usual() }), "share");
}

#[test]
fn questions_that_the_model_cannot_answer_are_refused() {
    let (history, _) = market(15.0);
    let fitted = fitted(&history);
    let window = PlanWindow { periods: 4 };
    let refused =
        |channel, periods, x: f64| fitted.response(channel, PlanWindow { periods }, &[x]).unwrap_err();
    assert_eq!(
        fitted.response(99, window, &[1.0]).unwrap_err(),
        MixError::NoChannel { channel: 99, channels: 2 }
    );
    assert!(matches!(refused(0, 0, 1.0), MixError::Plan { name: "periods", .. }));
    assert!(matches!(refused(0, usize::MAX, 1.0), MixError::Plan { name: "periods", .. }));
    assert!(matches!(refused(0, 4, -1.0), MixError::Plan { name: "spend", .. }));
    assert!(matches!(refused(0, 4, f64::NAN), MixError::Plan { name: "spend", .. }));
    let mut other = history.clone();
    other.channels[0].spend[7] += 1.0;
    assert_eq!(fitted.decomposition(&other).unwrap_err(), MixError::OtherHistory);
    other.channels.truncate(1);
    assert_eq!(fitted.decomposition(&other).unwrap_err(), MixError::OtherHistory);
    other = history.clone();
    other.controls.push(ControlSeries { name: "more".into(), values: vec![0.0; WEEKS] });
    assert_eq!(fitted.decomposition(&other).unwrap_err(), MixError::OtherHistory);
    assert_eq!(fitted.decomposition(&MixHistory::default()).unwrap_err(), MixError::OtherHistory);
}

#[test]
fn a_fit_that_time_cuts_short_says_so() {
    let (history, _) = market(15.0);
    let endless = MixOptions { settle: 20, draws: 100_000, thin: 10, ..options() };
    let control = Control::default().with_time(std::time::Duration::from_millis(400));
    let fitted = fit(&history, &endless, &control).unwrap();
    assert!(fitted.is_cut_short && fitted.draws() > 0 && fitted.draws() < 200_000, "{}", fitted.draws());
    assert!(!super::tests::fitted(&history).is_cut_short);
}

/// Weights of a Weibull lifetime of this scale and shape.
fn lifetime(scale: f64, shape: f64) -> Vec<f64> {
    let survival = |x: usize| (-(x as f64 / scale).powf(shape)).exp();
    (0..40).map(|lag| survival(lag) - survival(lag + 1)).collect()
}

/// Sales of a channel whose effect peaks three weeks after the spend and of one whose effect is greatest at once.
fn late_market() -> (MixHistory, [f64; 2]) {
    let (mut history, mut totals) = (market(10.0).0, [0.0; 2]);
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    history.outcome =
        (0..WEEKS).map(|t| 1000.0 + t as f64 + 10.0 * rng.sample::<f64, _>(StandardNormal)).collect();
    for (c, weights) in [lifetime(4.0, 3.0), lifetime(1.4, 1.0)].into_iter().enumerate() {
        let (_, a, k, s) = TRUTH[c];
        for t in 0..WEEKS {
            let spend = &history.channels[c].spend;
            let level: f64 = weights.iter().take(t + 1).enumerate().map(|(lag, w)| w * spend[t - lag]).sum();
            let effect = if level > 0.0 { a / (1.0 + (k / level).powf(s)) } else { 0.0 };
            history.outcome[t] += effect;
            totals[c] += effect;
        }
    }
    (history, totals)
}

#[test]
fn an_effect_that_peaks_late_is_told_from_one_that_does_not() {
    let (history, truth) = late_market();
    let with = |adstock, options| {
        fit(&history, &MixOptions { adstock, ..options }, &Control::default().with_seed(1)).unwrap()
    };
    let auto = with(Adstock::Auto, MixOptions::default());
    let share = auto.weibull_share();
    assert!(share[0] > 0.95 && share[1] < 0.6, "{share:?}");
    assert!((auto.peak()[0].mean - 3.0).abs() < 0.6, "{:?}", auto.peak()[0]);
    let off = |fitted: &Fitted| -> f64 {
        let found = fitted.contributions();
        (0..2).map(|c| (found[c].mean / truth[c] - 1.0).abs()).sum::<f64>() / 2.0
    };
    let (geometric, weibull) = (with(Adstock::Geometric, options()), with(Adstock::Weibull, options()));
    assert!(off(&auto) < 0.1 && off(&weibull) < 0.12, "{} {}", off(&auto), off(&weibull));
    assert!(auto.r2 > geometric.r2 && auto.noise() < 0.8 * geometric.noise(), "{}", geometric.noise());
    assert_eq!((geometric.weibull_share(), weibull.weibull_share()), (vec![0.0; 2], vec![1.0; 2]));
    assert!(auto.scale_reduction < 1.1, "{}", auto.scale_reduction);
    // The weights of the late channel come back, each within three hundredths.
    let (found, known) = (&auto.carry_weights()[0], lifetime(4.0, 3.0));
    for (lag, known) in known.iter().enumerate().take(10) {
        let found = found.get(lag).copied().unwrap_or(0.0);
        assert!((found - known).abs() < 0.03, "lag {lag}: {found} for {known}");
    }
}

#[test]
fn weibull_carry_over_of_shape_one_is_geometric() {
    use super::transform::Shape;
    let geometric = Shape { carry_over: 0.6, half: 50.0, exponent: 1.4, delay: 1.0 };
    let nearly = Shape { delay: 1.0 + 1e-9, ..geometric };
    let (history, _) = market(15.0);
    let spend = &history.channels[0].spend;
    let (mut one, mut two) = (vec![0.0; WEEKS], vec![0.0; WEEKS]);
    geometric.effect(spend, 80.0, &mut one);
    nearly.effect(spend, 80.0, &mut two);
    // The effect is followed until a ten-thousandth of it is left.
    assert!(one.iter().zip(&two).all(|(a, b)| (a - b).abs() < 2e-4), "{one:?} {two:?}");
    let test = LiftTest { channel: 0, from: 20, to: 30, until: None, share: 0.5, lift: 1.0, error: 1.0 };
    let (a, b) = (geometric.brought(spend, 80.0, &test), nearly.brought(spend, 80.0, &test));
    assert!((a - b).abs() < 1e-3 * a, "{a} {b}");
    assert_eq!(Shape { delay: 3.0, carry_over: (-0.25_f64).exp(), ..geometric }.peak(), 3);
    assert_eq!(nearly.peak(), 0);
}

#[test]
fn jumps_between_kinds_of_carry_over_keep_what_is_believed() {
    // Where the spend of a channel tells nothing, both kinds stay as probable as they were.
    let (mut history, _) = market(15.0);
    history.channels[1].spend = vec![100.0; WEEKS];
    let options = MixOptions { adstock: Adstock::Auto, draws: 400, ..options() };
    let fitted = fit(&history, &options, &Control::default().with_seed(3)).unwrap();
    let share = fitted.weibull_share()[1];
    assert!((share - 0.5).abs() < 0.12, "{share}");
}
