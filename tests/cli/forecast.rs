//! `forecast`: of a long table and of a folder.

use std::fmt::Write;
use std::fs;

use crate::support::{purvey, shop, text};

#[test]
fn a_long_table_is_forecast() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let mut long = "unique_id,ds,y\n".to_owned();
    for month in 0..36_u32 {
        let (year, number) = (2021 + month / 12, month % 12 + 1);
        writeln!(long, "a,{year}-{number:02}-01,{}", 100 + 10 * (month % 12)).unwrap();
        writeln!(long, "b,{year}-{number:02}-01,{}", 20 + month % 3).unwrap();
    }
    fs::write(at.join("series.csv"), long).unwrap();
    let arguments = "forecast series.csv --json --horizon 12 --method seasonal-naive";
    let document = purvey(at, arguments).ends(0).json();
    assert_eq!(document["forecast"]["rows"], 24);
    assert_eq!(document["forecast"]["series"], 2);
    let table = text(at, "series.out-forecast/forecast.csv");
    let mut lines = table.lines();
    assert!(lines.next().unwrap().starts_with("unique_id,ds,mean,q"), "{table}");
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(first[..2], ["a", "2024-01-01"]);
    assert!((first[2].parse::<f64>().unwrap() - 100.0).abs() < 1e-6, "{first:?}");
    for line in table.lines().skip(1) {
        let levels: Vec<f64> = line.split(',').skip(3).map(|cell| cell.parse().unwrap()).collect();
        assert!(levels.is_sorted(), "{line}");
    }
    let again = purvey(at, "forecast series.csv --method guess").ends(3);
    assert!(again.err.contains("guess"), "{}", again.err);
}

#[test]
fn a_folder_is_forecast_as_its_plan_says() {
    let place = shop();
    let at = place.path();
    let document = purvey(at, "forecast shop --json").ends(0).json();
    assert_eq!(document["forecast"]["series"], 2);
    assert_eq!(document["forecast"]["rows"], 12);
    purvey(at, "solve shop --quiet").ends(0);
    assert_eq!(text(at, "shop/out-forecast/forecast.csv"), text(at, "shop/out/forecast.csv"));
    let short = purvey(at, "forecast shop --json --horizon 4 --method naive").ends(0).json();
    assert_eq!(short["forecast"]["rows"], 8);
    let bad = purvey(at, "forecast shop --method guess").ends(3);
    assert!(bad.err.contains("[not-a-choice]"), "{}", bad.err);
}

/// A person's forecasts of weeks that have passed are judged next to the model's.
#[test]
fn past_overrides_are_judged() {
    let place = shop();
    let at = place.path();
    let header = "item,location,from,until,quantity\n";
    fs::write(at.join("shop/overrides.csv"), format!("{header}SOAP,NORTH,2024-06-10,2024-06-16,90\n"))
        .unwrap();
    let told = purvey(at, "forecast shop").ends(0);
    assert!(told.out.contains("Past overrides, judged over 1 week, were off by"), "{}", told.out);
    let judged = &purvey(at, "forecast shop --json").ends(0).json()["forecast"]["overrides"];
    assert_eq!(judged["overrides_judged"], 1.0);
    assert!(judged["override_wape"].as_f64() > judged["model_wape"].as_f64(), "{judged}");
}

#[test]
fn a_faulty_long_table_is_refused_with_its_row() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("s.csv"), "unique_id,ds,y\na,2024-01-01,1\na,2024-02-31,2\n").unwrap();
    let refused = purvey(place.path(), "forecast s.csv").ends(3);
    assert!(refused.err.starts_with("s.csv:3: ds is \"2024-02-31\""), "{}", refused.err);
}
