#![allow(clippy::panic, clippy::unwrap_used)]
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::chances::{logistic, of_scores};
use super::*;
use crate::control::Control;
use crate::data::Table;

/// Visits with the true chances of their classes: minutes, a page of sixty and a device tell
/// them; some minutes are blank.
fn visits(rows: usize, classes: usize, seed: u64) -> (Frame, Vec<u32>, Chances) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut minutes, mut page, mut device) = (Vec::new(), Vec::new(), Vec::new());
    let (mut y, mut values) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let (x, p, d) =
            (rng.random::<f64>() * 4.0, rng.random_range(0..60_u32), rng.random_range(0..3_usize));
        let score = 1.2 * x - 2.5 + 0.02 * f64::from(p * 37 % 60) + [0.0, 0.8, -0.8][d];
        let mut chances = vec![0.0; classes];
        if classes == 2 {
            chances = vec![1.0 - logistic(score), logistic(score)];
        } else {
            let scores: Vec<f64> = (0..classes).map(|k| score * k as f64 / 2.0).collect();
            of_scores(&scores, &mut chances);
        }
        let draw: f64 = rng.random();
        let mut sum = 0.0;
        let class = chances.iter().position(|p| {
            sum += p;
            draw < sum
        });
        y.push(class.unwrap_or(classes - 1) as u32);
        values.extend(chances);
        minutes.push(if row % 13 == 5 { f64::NAN } else { x });
        page.push(format!("p{p}"));
        device.push(["desk", "phone", "tablet"][d]);
    }
    let table = Table::new("visits")
        .with_number("minutes", minutes)
        .with_text("page", page)
        .with_text("device", device);
    (Frame::of(&table, &[]), y, Chances { classes, values })
}

fn names(classes: usize) -> Vec<String> {
    (0..classes).map(|class| format!("c{class}")).collect()
}

fn taught(method: Option<Method>, classes: usize) -> LearnedClasses {
    let (frame, y, _) = visits(3000, classes, 1);
    let options = LearnOptions { method, ..LearnOptions::default() };
    classify(&frame, &y, &names(classes), &options, &Control::default()).unwrap()
}

fn some(y: &[u32]) -> Vec<Option<u32>> {
    y.iter().copied().map(Some).collect()
}

#[test]
fn chances_are_nearly_as_good_as_the_true_ones_and_calibrated() {
    for classes in [2, 3] {
        let learned = taught(None, classes);
        let (frame, y, best) = visits(4000, classes, 2);
        let (chances, _) = learned.model.predict(&frame, &Control::default()).unwrap();
        let (told, best) = (chances.scores(&some(&y)), best.scores(&some(&y)));
        // Blank minutes cost the rest.
        assert!(told.log_loss < best.log_loss + 0.05, "{told:?}\n{best:?}");
        assert!(told.calibration_error < 0.04, "{told:?}");
        assert!((learned.scores.log_loss - told.log_loss).abs() < 0.04, "{:?}\n{told:?}", learned.scores);
        for row in 0..50 {
            assert!((chances.row(row).iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
        let first = learned.model.ranking()[0];
        assert_eq!(learned.model.schema().features[first].name, "minutes");
        assert_eq!((learned.rows.len(), learned.model.rows()), (3000, 3000));
    }
}

#[test]
fn every_method_learns_explains_and_reads_back_as_saved() {
    let (frame, y, _) = visits(500, 2, 3);
    let control = Control::default();
    for method in [Method::Linear, Method::Forest, Method::Boosted, Method::Online, Method::Factors] {
        let learned = taught(Some(method), 2);
        let (chances, _) = learned.model.predict(&frame, &control).unwrap();
        let scores = chances.scores(&some(&y));
        assert!(scores.auc > 0.78, "{method:?} {scores:?}");
        for (row, effects) in learned.model.explain(&frame, 5, &control).unwrap().iter().enumerate() {
            let sum = effects.base + effects.by_feature.iter().sum::<f64>();
            assert!((sum - effects.answer).abs() < 1e-9, "{method:?} {effects:?}");
            assert!((effects.answer - chances.row(row)[1]).abs() < 1e-5, "{method:?} {effects:?}");
        }
        let text = learned.model.to_json().unwrap();
        let Saved::Classes(again) = Saved::from_json(&text).unwrap() else { panic!("no classes") };
        assert_eq!(again.predict(&frame, &control).unwrap().0, chances, "{method:?}");
        let cut = text.replacen("\"importance\":[", "\"importance\":[0.5,", 1);
        assert!(matches!(Saved::from_json(&cut), Err(ModelError::Unsound)));
    }
}

#[test]
fn effects_of_several_classes_add_up_and_curves_follow_their_column() {
    let learned = taught(Some(Method::Boosted), 3);
    let (frame, _, _) = visits(300, 3, 4);
    let control = Control::default();
    let (chances, _) = learned.model.predict(&frame, &control).unwrap();
    for (row, effects) in learned.model.explain(&frame, 10, &control).unwrap().iter().enumerate() {
        assert_eq!(effects.class, chances.likeliest(row));
        let sum = effects.base + effects.by_feature.iter().sum::<f64>();
        assert!((sum - effects.answer).abs() < 1e-9, "{effects:?}");
    }
    let curve = learned.model.curve(&frame, 0, &control).unwrap();
    let last = &curve.chances[2];
    assert!(curve.feature == "minutes" && last.last() > last.first());
    let sums = (0..last.len()).map(|at| curve.chances.iter().map(|of| of[at]).sum::<f64>());
    assert!(sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-9));
}

/// Threads change nothing; the other name for a class turns its chance over for lines.
#[test]
fn threads_change_nothing_and_names_of_classes_only_their_places() {
    let (frame, y, _) = visits(600, 2, 5);
    let learn = |y: &[u32], method, threads| {
        let options = LearnOptions { method, ..LearnOptions::default() };
        let control = Control::default().with_threads(threads);
        classify(&frame, y, &names(2), &options, &control).unwrap().model
    };
    let one = learn(&y, None, 1);
    assert!(one.to_json().unwrap() == learn(&y, None, 2).to_json().unwrap());
    let other: Vec<u32> = y.iter().map(|class| 1 - class).collect();
    let told = |y: &[u32]| learn(y, Some(Method::Linear), 1).predict(&frame, &Control::default()).unwrap().0;
    let (plain, turned) = (told(&y), told(&other));
    for row in 0..600 {
        assert!((plain.row(row)[0] - turned.row(row)[1]).abs() < 2e-3, "{row}");
    }
}

#[test]
fn hashed_words_need_no_list_and_new_ones_no_warning() {
    let (frame, y, _) = visits(3000, 2, 6);
    let options = LearnOptions { hash: vec!["page".to_owned()], buckets: 1024, ..LearnOptions::default() };
    let learned = classify(&frame, &y, &names(2), &options, &Control::default()).unwrap();
    let page = learned.model.schema().features.iter().find(|feature| feature.name == "page").unwrap();
    assert_eq!(page.kind, FeatureKind::Hashed { buckets: 1024 });
    assert!(!learned.model.to_json().unwrap().contains("p59"));
    let fresh = Table::new("new")
        .with_number("minutes", [1.0])
        .with_text("page", ["never seen"])
        .with_text("device", ["desk"]);
    let (_, notes) = learned.model.predict(&Frame::of(&fresh, &[]), &Control::default()).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    let absent = LearnOptions { hash: vec!["pages".to_owned()], ..options.clone() };
    let refused = classify(&frame, &y, &names(2), &absent, &Control::default());
    assert_eq!(refused, Err(LearnError::NoSuchColumn { column: "pages".to_owned() }));
    let none = LearnOptions { buckets: 0, ..options };
    let refused = classify(&frame, &y, &names(2), &none, &Control::default());
    assert_eq!(refused, Err(LearnError::Buckets { buckets: 0 }));
}

/// A column of words is told by few of the classes, however many there are.
#[test]
fn many_classes_add_few_means_and_a_stop_comes_before_them() {
    let (frame, mut y, _) = visits(600, 3, 11);
    // Four kinds of each class.
    y.iter_mut().enumerate().for_each(|(row, class)| *class += 3 * (row % 4) as u32);
    let options = LearnOptions { method: Some(Method::Linear), ..LearnOptions::default() };
    let model = classify(&frame, &y, &names(12), &options, &Control::default()).unwrap().model;
    assert!(model.encodings.iter().all(|encoding| (encoding.bins().len(), encoding.means()) == (11, 8)));
    let (chances, _) = model.predict(&frame, &Control::default()).unwrap();
    let effects = model.explain(&frame, 3, &Control::default()).unwrap();
    assert!((effects[2].answer - chances.row(2)[effects[2].class]).abs() < 1e-5, "{effects:?}");
    assert_eq!(Classifier::from_json(&model.to_json().unwrap()).unwrap(), model);
    let stopped = Control::default();
    stopped.cancel.request();
    let refused = classify(&frame, &y, &names(12), &options, &stopped);
    assert_eq!(refused, Err(LearnError::Interrupted));
}

/// Words that have nothing to do with the class say nothing about rows that were not learned from.
#[test]
fn what_says_nothing_has_no_importance() {
    let (frame, y, _) = visits(2000, 2, 12);
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let words = (0..2000).map(|_| format!("w{}", rng.random_range(0..600_u32))).collect();
    let frame = frame.with("words", Cells::Category(words));
    let numbers: Vec<f64> = y.iter().map(|class| f64::from(*class)).collect();
    for method in [Method::Boosted, Method::Forest] {
        let options = LearnOptions { method: Some(method), ..LearnOptions::default() };
        let control = Control::default();
        let model = classify(&frame, &y, &names(2), &options, &control).unwrap().model;
        let of_number = learn(&frame, &numbers, &options, &control).unwrap().model;
        for (features, importance) in [
            (&model.schema().features, model.importance()),
            (&of_number.schema().features, of_number.importance()),
        ] {
            let of = |name: &str| importance[features.iter().position(|f| f.name == name).unwrap()];
            // Near 0 but for the noise of 2,000 rows.
            assert!(of("words").abs() < 0.2 * of("minutes"), "{method:?} {importance:?}");
        }
    }
}

#[test]
fn options_of_no_use_and_tables_without_bounds_are_refused() {
    let (frame, y, _) = visits(3000, 2, 14);
    let refused = |options: &LearnOptions| classify(&frame, &y, &names(2), options, &Control::default());
    let metric = LearnOptions { metric: Some(Metric::Mae), ..LearnOptions::default() };
    assert_eq!(refused(&metric), Err(LearnError::MetricOfClasses { metric: Metric::Mae }));
    let idle = LearnOptions { method: Some(Method::Boosted), buckets: 512, ..LearnOptions::default() };
    assert_eq!(refused(&idle), Err(LearnError::IdleBuckets { buckets: 512 }));
    let numbers: Vec<f64> = y.iter().map(|class| f64::from(*class)).collect();
    let idle = LearnOptions { method: None, ..idle };
    let of_numbers = learn(&frame, &numbers, &idle, &Control::default());
    assert_eq!(of_numbers, Err(LearnError::IdleBuckets { buckets: 512 }));
    let factors = Method::Factors;
    for method in [None, Some(factors)] {
        let large = LearnOptions { method, buckets: 4_000_000, ..LearnOptions::default() };
        let error =
            LearnError::TooManyBuckets { buckets: 4_000_000, most: 1_491_308, method: factors, folds: 5 };
        assert_eq!(refused(&large), Err(error.clone()));
        assert!(error.to_string().starts_with("the option buckets is 4000000"), "{error}");
    }
}

/// A model that learns on from batches becomes nearly as good as one that saw all rows at once.
#[test]
fn batches_are_worth_nearly_what_all_rows_are() {
    let control = Control::default();
    let options = LearnOptions { method: Some(Method::Online), ..LearnOptions::default() };
    let loss = |model: &Classifier| {
        let (frame, y, _) = visits(5000, 2, 70);
        model.predict(&frame, &control).unwrap().0.scores(&some(&y)).log_loss
    };
    let (frame, y, _) = visits(300, 2, 7);
    let mut model = classify(&frame, &y, &names(2), &options, &control).unwrap().model;
    let before = loss(&model);
    for batch in 0..20 {
        let (frame, y, _) = visits(500, 2, 100 + batch);
        model.update(&frame, &y, &control).unwrap();
    }
    let (frame, y, _) = visits(10_300, 2, 8);
    let whole = loss(&classify(&frame, &y, &names(2), &options, &control).unwrap().model);
    let after = loss(&model);
    assert!(after < before && after < whole + 0.02, "{before} {after} {whole}");
    assert_eq!((model.batches(), model.rows()), (20, 10_300));
    let (frame, y, _) = visits(300, 2, 9);
    let mut boosted = taught(Some(Method::Boosted), 2).model;
    let refused = boosted.update(&frame, &y, &control);
    assert_eq!(refused, Err(UpdateError::LearnsAtOnce { method: Method::Boosted }));
}

#[test]
fn what_cannot_be_learned_as_classes_is_said() {
    let (frame, y, _) = visits(300, 3, 10);
    let control = Control::default();
    let online = LearnOptions { method: Some(Method::Online), ..LearnOptions::default() };
    let refused = classify(&frame, &y, &names(3), &online, &control).unwrap_err();
    assert_eq!(refused.to_string(), "the method online learns two classes only; there are 3");
    let numbers: Vec<f64> = y.iter().map(|class| f64::from(*class)).collect();
    let refused = learn(&frame, &numbers, &online, &control).unwrap_err();
    assert_eq!(refused.to_string(), "the method online learns two classes only; there are numbers");
    let plain = LearnOptions::default();
    let refused = classify(&frame, &y, &names(101), &plain, &control);
    assert_eq!(refused, Err(LearnError::TooManyClasses { classes: 101 }));
    assert_eq!(classify(&frame, &[1; 300], &names(2), &plain, &control), Err(LearnError::OneTarget));
    let few = Frame::default().with("x", Cells::Number(vec![1.0; 5]));
    let refused = classify(&few, &[0; 5], &names(2), &plain, &control);
    assert_eq!(refused, Err(LearnError::TooFewRows { rows: 5 }));
}
