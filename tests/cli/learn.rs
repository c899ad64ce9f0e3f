//! `learn`: from a table to a saved model and back.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::support::{purvey, text};

/// Cars with a price of age, distance, make and day of sale.
fn write_cars(path: &Path, rows: usize, from: usize) {
    let mut text = "make,age,km,sold,price\n".to_owned();
    for k in from..from + rows {
        let (age, km) = (k * 7 % 15, k * 7919 % 2000 * 100);
        let (make, base) = [("Kombi", 30_000.0), ("Limo", 50_000.0), ("Mini", 15_000.0)][k % 3];
        let noise = 1.0 + 0.1 * ((k * 104_729 % 1000) as f64 / 1000.0 - 0.5);
        let price = base * 0.9_f64.powi(age as i32) * (1.0 - km as f64 / 400_000.0) * noise;
        let km = if k % 17 == 0 { "NA".to_owned() } else { km.to_string() };
        writeln!(text, "{make},{age},{km},2024-{:02}-{:02},{price:.0}", k % 12 + 1, k % 28 + 1).unwrap();
    }
    fs::write(path, text).unwrap();
}

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    write_cars(&place.path().join("train.csv"), 800, 0);
    write_cars(&place.path().join("test.csv"), 200, 5000);
    place
}

#[test]
fn a_model_is_learned_saved_and_used_again() {
    let place = place();
    let at = place.path();
    let learned =
        purvey(at, "learn train.csv --target price --test test.csv --save model.json --output o --json")
            .ends(0)
            .json();
    let learn = &learned["learn"];
    assert_eq!((learn["rows"].as_u64(), learn["metric"].as_str()), (Some(800), Some("mape")));
    let score = |name: &str| learn["test"][name].as_f64().unwrap();
    assert!(score("mape") < 0.08 && score("r2") > 0.95, "{learn:#}");
    assert!((0.68..0.92).contains(&score("coverage_80")), "{learn:#}");
    assert!((0.88..=1.0).contains(&score("coverage_95")), "{learn:#}");
    assert!(learn["seconds"]["fit"].as_f64().unwrap() > 0.0);
    let predictions = text(at, "o/predictions.csv");
    assert!(predictions.starts_with("row,mean,q10,q90,q2.5,q97.5\n0,"));
    assert_eq!(predictions.lines().count(), 201);
    assert!(
        text(at, "o/effects.csv")
            .starts_with("row,base,effect_make,effect_age,effect_km,effect_sold,answer\n")
    );
    assert!(text(at, "o/report.html").contains("What matters"));

    let again = purvey(at, "learn test.csv --with model.json --output again --json").ends(0).json();
    assert_eq!(again["learn"]["test"]["mae"], learn["test"]["mae"]);
    assert_eq!(text(at, "again/predictions.csv"), predictions);
    let told =
        purvey(at, "learn train.csv --target price --drop sold --method linear --output linear").ends(0);
    assert!(told.out.starts_with("price is predicted to within "), "{}", told.out);
    assert_eq!(text(at, "linear/predictions.csv").lines().count(), 801);
}

#[test]
fn what_is_new_in_rows_is_said_and_what_is_missing_refused() {
    let place = place();
    let at = place.path();
    purvey(at, "learn train.csv --target price --method linear --save model.json --quiet").ends(0);
    fs::write(at.join("new.csv"), "make,age,km,sold\nRaket,3,,2024-02-03\nMini,900,5,2024-02-03\n").unwrap();
    let run = purvey(at, "learn new.csv --with model.json --json").ends(0);
    assert!(
        run.err.contains("new.csv:2: warning: make is \"Raket\", which was not there in learning"),
        "{}",
        run.err
    );
    assert!(run.err.contains("new.csv:3: warning: age is 900, far outside 0 to 14"), "{}", run.err);
    let document = run.json();
    assert_eq!(document["learn"]["warnings"].as_array().unwrap().len(), 2, "{document:#}");
    assert!(document["learn"]["test"].is_null());
    fs::write(at.join("short.csv"), "make,km,sold\nMini,5,2024-02-03\n").unwrap();
    let refused = purvey(at, "learn short.csv --with model.json").ends(3);
    assert!(refused.err.contains("short.csv: column age is missing [missing-column]"), "{}", refused.err);
    fs::write(at.join("model.json"), "{\"version\": 1}").unwrap();
    assert!(purvey(at, "learn new.csv --with model.json").ends(3).err.contains("[broken-format]"));
}

#[test]
fn faults_of_the_table_have_their_place() {
    let place = place();
    let at = place.path();
    let table = text(at, "train.csv").replacen("\nMini,14,", "\nMini,fourteen,", 1);
    fs::write(at.join("stray.csv"), &table).unwrap();
    let run = purvey(at, "learn stray.csv --target age --method linear").ends(3);
    assert!(run.err.contains("age is \"fourteen\": not a number [not-a-number]"), "{}", run.err);
    let run = purvey(at, "learn stray.csv --target prise").ends(3);
    assert!(
        run.err.contains("column prise is missing [missing-column]\n  help: the file has \"price\""),
        "{}",
        run.err
    );
    purvey(at, "learn absent.csv --target price").ends(3);
    purvey(at, "learn train.csv").ends(2);
    purvey(at, "learn --target price").ends(2);
    fs::write(at.join("few.csv"), "a,price\n1,2\n2,3\n").unwrap();
    assert!(purvey(at, "learn few.csv --target price").ends(3).err.contains("too few"));
}

#[test]
fn a_target_that_is_dropped_is_refused() {
    let place = place();
    let refused = purvey(place.path(), "learn train.csv --target price --drop price").ends(2);
    assert!(refused.err.contains("price is the target and stands in --drop"), "{}", refused.err);
}

#[test]
fn a_model_reads_the_file_that_it_was_learned_from() {
    let place = tempfile::tempdir().unwrap();
    let mut text = "sold,size,price\n".to_owned();
    for k in 0..300 {
        let sold = if k % 20 == 0 { "NA".to_owned() } else { format!("2024-03-{:02}", k % 28 + 1) };
        writeln!(text, "{sold},{},{}", k % 37, 100 + 3 * (k % 37) + k % 28).unwrap();
    }
    fs::write(place.path().join("train.csv"), text).unwrap();
    purvey(place.path(), "learn train.csv --target price --save model.json --output o").ends(0);
    purvey(place.path(), "learn train.csv --with model.json --output again").ends(0);
}

#[test]
fn a_slip_among_many_numbers_is_told_and_large_numbers_stay_codes() {
    let place = tempfile::tempdir().unwrap();
    let mut text = "age,stamp,price\n".to_owned();
    for k in 0..3000_u64 {
        let age = if k == 1500 { "x".to_owned() } else { (18 + k % 50).to_string() };
        writeln!(text, "{age},{},{}", 1_700_000_000_000_000_000_u64 + k % 9, 100 + 3 * (k % 50)).unwrap();
    }
    fs::write(place.path().join("train.csv"), text).unwrap();
    let told = purvey(place.path(), "learn train.csv --target price --method linear --output o").ends(0);
    assert!(told.err.contains("age is \"x\""), "{}", told.err);
    assert!(!told.err.contains("stamp"), "{}", told.err);
}

/// Visits of users to ads, with a click that both decide.
fn write_clicks(path: &Path, rows: usize, from: usize) {
    let mut text = "user,ad,seconds,click\n".to_owned();
    for k in from..from + rows {
        let (user, ad, seconds) = (k * 7919 % 97, k * 104_729 % 13, k * 31 % 60);
        let chance = 0.1 + 0.4 * (user % 3) as f64 / 2.0 + 0.4 * (ad % 2) as f64;
        let click = u8::from(((k * 15_485_863 % 1000) as f64) < 1000.0 * chance);
        writeln!(text, "u{user},a{ad},{seconds},{click}").unwrap();
    }
    fs::write(path, text).unwrap();
}

#[test]
fn classes_are_found_learned_and_told() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    write_clicks(&at.join("train.csv"), 2000, 0);
    write_clicks(&at.join("test.csv"), 500, 7000);
    let run = "learn train.csv --target click --test test.csv --save model.json --output o --json";
    let learned = purvey(at, run).ends(0).json();
    let learn = &learned["learn"];
    assert_eq!((learn["task"].as_str(), learn["rows"].as_u64()), (Some("classification"), Some(2000)));
    assert_eq!(learn["because"].as_str(), Some("click holds 2 different whole numbers"));
    let score = |name: &str| learn["test"][name].as_f64().unwrap();
    assert!(score("auc") > 0.75 && score("log_loss") < 0.58, "{learn:#}");
    assert!(
        score("accuracy") > 0.68 && score("brier") < 0.2 && score("calibration_error") < 0.1,
        "{learn:#}"
    );
    let predictions = text(at, "o/predictions.csv");
    assert!(predictions.starts_with("row,class,p_0,p_1\n0,"));
    assert_eq!(predictions.lines().count(), 501);
    let effects = text(at, "o/effects.csv");
    assert!(effects.starts_with("row,class,base,effect_user,effect_ad,effect_seconds,answer\n0,1,"));
    let page = text(at, "o/report.html");
    for title in ["ROC", "Chance told and share that came true", "Truth and answer", "What matters"] {
        assert!(page.contains(title), "{title}");
    }
    let again = purvey(at, "learn test.csv --with model.json --output again --json").ends(0).json();
    assert_eq!(again["learn"]["test"], learn["test"]);
    assert_eq!(text(at, "again/predictions.csv"), predictions);
    let number =
        purvey(at, "learn train.csv --target click --task regression --method linear --json").ends(0);
    assert_eq!(number.json()["learn"]["task"].as_str(), Some("regression"));
    let refused = purvey(at, "learn train.csv --target seconds --method online").ends(3);
    assert!(refused.err.contains("the method online learns two classes only"), "{}", refused.err);
}

#[test]
fn a_model_of_clicks_learns_on_from_batches() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    write_clicks(&at.join("train.csv"), 400, 0);
    write_clicks(&at.join("next.csv"), 5000, 400);
    write_clicks(&at.join("last.csv"), 1000, 6000);
    purvey(at, "learn train.csv --target click --method online --save model.json --output o").ends(0);
    let before = purvey(at, "learn last.csv --with model.json --output o --json").ends(0).json();
    let update = purvey(at, "learn next.csv --with model.json --update --output o --json").ends(0).json();
    assert_eq!(update["learn"]["updated"].as_u64(), Some(5000), "{update:#}");
    assert_eq!(
        (update["learn"]["batches"].as_u64(), update["learn"]["rows"].as_u64()),
        (Some(1), Some(5400))
    );
    assert!(update["learn"]["test"]["log_loss"].as_f64().unwrap() > 0.3);
    let after = purvey(at, "learn last.csv --with model.json --output o --json").ends(0).json();
    let loss = |told: &serde_json::Value| told["learn"]["test"]["log_loss"].as_f64().unwrap();
    assert!(loss(&after) < loss(&before), "{} {}", loss(&after), loss(&before));
    fs::write(at.join("odd.csv"), "user,ad,seconds,click\nu1,a1,5,maybe\n").unwrap();
    let refused = purvey(at, "learn odd.csv --with model.json --update").ends(3);
    assert!(refused.err.contains("click is \"maybe\", which is no class of the model"), "{}", refused.err);
    purvey(at, "learn train.csv --target click --method linear --save lines.json --output o").ends(0);
    let refused = purvey(at, "learn next.csv --with lines.json --update").ends(3);
    assert!(refused.err.contains("the method linear learns from all rows at once"), "{}", refused.err);
    let refused = purvey(at, "learn next.csv --target click --update").ends(2);
    assert!(refused.err.contains("--update needs a saved model"), "{}", refused.err);
}

#[test]
fn options_of_no_use_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    write_clicks(&at.join("train.csv"), 300, 0);
    let refused = purvey(at, "learn train.csv --target click --metric mape").ends(2);
    assert!(refused.err.contains("--metric is for numbers; click is learned as classes"), "{}", refused.err);
    for run in [
        "learn train.csv --target click --method linear --buckets 512",
        "learn train.csv --target seconds --buckets 512",
    ] {
        let refused = purvey(at, run).ends(2);
        assert!(refused.err.contains("--buckets is for hashed words"), "{}", refused.err);
    }
    let refused = purvey(at, "learn train.csv --target ad --buckets 512").ends(3);
    assert!(refused.err.contains("the option buckets is 512, but no words are hashed"), "{}", refused.err);
    let refused = purvey(at, "learn train.csv --target click --method factors --buckets 4000000").ends(3);
    assert!(refused.err.contains("the option buckets is 4000000; for the method factors"), "{}", refused.err);
    purvey(at, "learn train.csv --target click --method linear --hash user --buckets 512").ends(0);
}

#[test]
fn what_cannot_be_reckoned_is_left_out_of_sentences() {
    let place = place();
    let at = place.path();
    write_clicks(&at.join("clicks.csv"), 400, 0);
    let yes: Vec<String> = text(at, "clicks.csv")
        .lines()
        .filter(|line| line.starts_with("user") || line.ends_with(",1"))
        .map(str::to_owned)
        .collect();
    fs::write(at.join("yes.csv"), yes.join("\n")).unwrap();
    let told =
        purvey(at, "learn clicks.csv --target click --method linear --test yes.csv --output o").ends(0);
    assert!(told.out.contains("\nChances are off by "), "{}", told.out);
    assert!(!told.out.contains("NaN") && !text(at, "o/report.html").contains("NaN %"), "{}", told.out);
    let run = "learn train.csv --target price --method linear --test test.csv --asked 1000000000 --output t";
    let told = purvey(at, run).ends(0);
    assert!(told.out.contains("this gains 0 (standard error 0).\n"), "{}", told.out);
}

#[test]
fn prices_asked_lead_to_buying_and_holding() {
    let place = place();
    let at = place.path();
    let with_prices = |name: &str| {
        let told = text(at, name);
        let rows = told.lines().enumerate().map(|(row, line)| match line.rsplit_once(',') {
            Some((_, "price")) => format!("{line},asked"),
            Some((_, price)) => {
                let price: f64 = price.parse().unwrap();
                format!("{line},{:.0}", price * (0.8 + 0.4 * ((row * 7919 % 100) as f64 / 100.0)))
            }
            None => line.to_owned(),
        });
        fs::write(at.join(name), rows.collect::<Vec<String>>().join("\n")).unwrap();
    };
    with_prices("train.csv");
    with_prices("test.csv");
    let run = "learn train.csv --target price --test test.csv --asked asked --cost 2%+50 --save model.json --output o --json";
    let told = purvey(at, run).ends(0).json();
    let trade = &told["learn"]["trade"];
    assert_eq!((trade["cost_share"].as_f64(), trade["fee"].as_f64()), (Some(0.02), Some(50.0)));
    let [buy, hold] = ["buy", "hold"].map(|name| trade[name].as_u64().unwrap());
    assert!(buy > 20 && hold > 20 && buy + hold == 200, "{trade:#}");
    let of = |name: &str| trade["backtest"][name].as_f64().unwrap();
    assert!(of("gain") > 0.0 && of("gain") > of("gain_of_all") && of("gain") <= of("gain_of_foresight"));
    let features: Vec<&str> =
        told["learn"]["features"].as_array().unwrap().iter().filter_map(|f| f["name"].as_str()).collect();
    assert!(!features.contains(&"asked"), "{features:?}");
    let predictions = text(at, "o/predictions.csv");
    assert!(
        predictions
            .starts_with("row,mean,q10,q90,q2.5,q97.5,decision,expected_gain,probability_of_gain,gain\n0,")
    );
    assert!(text(at, "o/report.html").contains("Buy, sell or hold"));
    let again = "learn test.csv --with model.json --asked asked --cost 2%+50 --output again --json";
    let again = purvey(at, again).ends(0).json();
    assert_eq!(again["learn"]["trade"]["backtest"], trade["backtest"]);
    assert_eq!(again["learn"]["trade"]["margin_because"].as_str(), Some("saved with the model"));
    let refused = purvey(at, "learn train.csv --target make --asked asked").ends(2);
    assert!(refused.err.contains("make is learned as classes"), "{}", refused.err);
    purvey(at, "learn train.csv --target price --asked asked --cost 120%").ends(2);
}
