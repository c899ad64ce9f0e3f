//! `pricing` from the command line.

use std::fmt::Write as _;
use std::fs;

use crate::support::{purvey, text};

#[test]
fn the_folder_of_new_is_priced_explained_and_compared() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    purvey(at, "new pricing shop").ends(0);
    purvey(at, "check shop").ends(0);
    let document = purvey(at, "solve shop --json").ends(0).json();
    assert_eq!(
        (document["termination"].as_str(), document["checks"]["feasible"].as_bool()),
        (Some("optimal"), Some(true))
    );
    let margin = document["kpis"]["margin"].as_f64().unwrap();
    assert!(margin > document["kpis"]["margin_now"].as_f64().unwrap());
    let prices = text(at, "shop/out/prices.csv");
    assert!(prices.starts_with("product,price,price_now,quantity,quantity_now,margin,margin_now,reason\n"));
    let checked = purvey(at, "check-plan shop --plan shop/out/prices.csv --json").ends(0).json();
    let again = checked["check_plan"]["objective"].as_f64().unwrap();
    assert!((again - margin).abs() < 1e-4 * margin, "{again} {margin}");
    let told = purvey(at, "solve shop --set max_changes=1").ends(0).out;
    assert!(told.contains("Margin of a period:") && told.contains("than at the prices of now"), "{told}");
    let priced = purvey(at, "check-plan shop --plan shop/out/prices.csv").ends(0).out;
    assert!(!priced.to_lowercase().contains("cost of the plan"), "{priced}");
    let binding = purvey(at, "explain shop --set min_volume=1.0 --json").ends(0).json();
    assert_eq!(binding["explain"]["status"], "optimal");
    let page = text(at, "shop/out/report.html");
    assert!(page.contains("Price and margin") && page.contains("How demand answers"));
}

#[test]
fn rules_that_collide_are_named_with_their_rows() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    purvey(at, "new pricing shop").ends(0);
    fs::write(at.join("shop/gaps.csv"), "product,other,low,high\nCOLA-XL,COLA,3.1,4\n").unwrap();
    let told = purvey(at, "explain shop --json").ends(4).json();
    assert_eq!(
        (told["explain"]["status"].as_str(), told["explain"]["irreducible"].as_bool()),
        (Some("infeasible"), Some(true))
    );
    let members = told["explain"]["members"].to_string();
    assert!(members.contains("\"file\":\"gaps.csv\"") && members.contains("\"row\":2"), "{members}");
    purvey(at, "solve shop").ends(4);
    let relaxed = purvey(at, "solve shop --relax --json").ends(0).json();
    let warnings = relaxed["warnings"].to_string();
    assert!(warnings.contains("at least 3.1 times that of COLA"), "{warnings}");
    assert!(text(at, "shop/out/prices.csv").contains("COLA-XL,"));
}

/// Two years of weeks of two products in three stores: elasticities -2 and -3.
fn sales() -> String {
    let mut rows = "product,store,date,quantity,price\n".to_owned();
    let monday = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    for week in 0..104_u32 {
        let date = monday + chrono::Duration::weeks(i64::from(week));
        for (number, store) in ["N", "S", "W"].into_iter().enumerate() {
            let step = (week * 7 + 3 * number as u32) % 5;
            let price = 1.8 + 0.1 * f64::from(step);
            let noise = 1.0 + 0.05 * f64::from((week * 13 + 5 * number as u32) % 7) - 0.15;
            let tea = (200.0 * price.powf(-2.0) * noise).round();
            let other = 2.2 - 0.1 * f64::from((step * 3 + week) % 5);
            let jam = (500.0 * other.powf(-3.0) * noise).round();
            writeln!(rows, "TEA,{store},{date},{tea},{price:.2}\nJAM,{store},{date},{jam},{other:.2}")
                .unwrap();
        }
    }
    rows
}

#[test]
fn elasticities_come_from_sales() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let write = |name: &str, text: &str| fs::write(at.join(name), text).unwrap();
    write("instance.toml", "model = \"pricing\"\n");
    write(
        "products.csv",
        "product,category,unit_cost,price\nTEA,drink,1.2,2.00\nJAM,food,1.4,2.00\nSALT,food,0.2,0.50\n",
    );
    write("sales.csv", &sales());
    for command in ["check .", "solve ."] {
        let missing = purvey(at, command).ends(3);
        assert!(missing.err.contains("how much SALT sells is not known"), "{}", missing.err);
    }
    write("products.csv", "product,category,unit_cost,price\nTEA,drink,1.2,2.00\nJAM,food,1.4,2.00\n");
    let document = purvey(at, "solve . --json").ends(0).json();
    assert_eq!(document["solution_status"], "optimal");
    let told = text(at, "out/elasticities.csv");
    let own = |code: &str| -> f64 {
        let line = told.lines().find(|line| line.starts_with(&format!("{code},{code},"))).unwrap();
        line.split(',').nth(2).unwrap().parse().unwrap()
    };
    assert!((own("TEA") + 2.0).abs() < 0.2 && (own("JAM") + 3.0).abs() < 0.2, "{told}");
    write("products.csv", "product,unit_cost,price\nTEA,-1,0\nTEA,x,2\n");
    let bad = purvey(at, "check .").ends(3);
    for said in ["products.csv:2:", "out-of-range", "products.csv:3:", "not-a-number"] {
        assert!(bad.err.contains(said), "{said}: {}", bad.err);
    }
}

#[test]
fn prices_are_replayed_and_a_goal_in_units_is_told_in_units() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let write = |name: &str, text: &str| fs::write(at.join(name), text).unwrap();
    write("instance.toml", "model = \"pricing\"\n");
    write("products.csv", "product,category,unit_cost,price\nTEA,drink,1.2,2.00\nJAM,food,1.4,2.00\n");
    write("sales.csv", &sales());
    let document = purvey(at, "backtest . --from 2025-01-06 --rounds 3 --windows 2 --json").ends(0).json();
    let backtest = &document["backtest"];
    assert_eq!((backtest["from"].as_str(), backtest["rounds"].as_u64()), (Some("2025-01-06"), Some(3)));
    let names: Vec<&String> = backtest["policies"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["purvey", "past_prices", "kept_prices", "perfect_foresight"]);
    let of = |policy: &str, figure: &str| backtest["policies"][policy][figure].as_f64().unwrap();
    let windows = backtest["windows"].as_array().unwrap();
    for policy in names {
        let sum: f64 = windows.iter().map(|it| it["policies"][policy]["margin"].as_f64().unwrap()).sum();
        assert!((sum - of(policy, "margin")).abs() < 1e-6 * sum.abs(), "{policy}");
        assert!(of(policy, "margin") <= of("perfect_foresight", "margin") + 1e-9 || policy != "purvey");
    }
    let gain = of("purvey", "margin") - of("past_prices", "margin");
    assert!(of("purvey", "wape") < 0.2 && (of("purvey", "gain") - gain).abs() < 1e-6 * gain.abs().max(1.0));
    let rows = text(at, "out-backtest/replayed_prices.csv");
    assert_eq!(rows.lines().count(), 1 + 2 * 2 * 3);
    let told = purvey(at, "backtest . --from 2025-01-06 --rounds 3").ends(0).out;
    assert!(told.contains("Nobody bought at these prices"), "{told}");
    let refused = purvey(at, "backtest . --from 2024-01-08").ends(3);
    assert!(refused.err.contains("choose --from between 2024-02-26 and"), "{}", refused.err);
    let solved = purvey(at, "solve . --set goal=volume --json").ends(0).json();
    assert_eq!(solved["objective_measure"]["unit"], "units");
    let checked = purvey(at, "check-plan . --plan out --set goal=volume").ends(0).out;
    assert!(checked.contains("units") && !checked.contains('€'), "{checked}");
    fs::rename(at.join("out"), at.join("first")).unwrap();
    purvey(at, "solve . --set goal=volume --set max_change=0.1").ends(0);
    let changed = purvey(at, "diff first out").ends(0).out;
    assert!(changed.contains("units less") && !changed.contains('€'), "{changed}");
}

#[test]
fn stock_is_cleared_and_its_markdowns_are_checked() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    purvey(at, "new pricing shop").ends(0);
    let clearance = "product,stock,periods,salvage\nCRISPS,4000,4,0.1\n";
    fs::write(at.join("shop/clearance.csv"), clearance).unwrap();
    let document = purvey(at, "solve shop --json").ends(0).json();
    assert_eq!(document["checks"]["feasible"], true);
    let kpi = |document: &serde_json::Value, name: &str| document["kpis"][name].as_f64().unwrap();
    assert!(kpi(&document, "clearance_revenue") <= kpi(&document, "clearance_bound") + 1e-6);
    let markdowns = text(at, "shop/out/markdowns.csv");
    assert!(markdowns.starts_with("product,period,price_before,stock_from,stock_to,price,chance,reason\n"));
    assert!(markdowns.lines().nth(1).unwrap().starts_with("CRISPS,1,1.49,4000,4000,"), "{markdowns}");
    purvey(at, "check-plan shop --plan shop/out").ends(0);
    let bare = purvey(at, "check-plan shop --plan shop/out/prices.csv").ends(4).out;
    assert!(bare.contains("[markdown]") && bare.contains("no table markdowns"), "{bare}");
    let told = purvey(at, "check-plan shop --plan shop/out --set markdown_budget=1").ends(4).out;
    assert!(told.contains("[markdown_budget]"), "{told}");
    assert!(text(at, "shop/out/report.html").contains("Markdowns"));
    fs::write(at.join("shop/clearance.csv"), "product,stock,periods\nCRISPS,60000,4\n").unwrap();
    let refused = purvey(at, "check shop").ends(3).err;
    assert!(refused.contains("clearance.csv:2") && refused.contains("count it in packs"), "{refused}");
}

/// Forty weeks of two products in four stores at prices that hardly move; from week 30 on TEA sells a third as much.
fn quiet_sales() -> String {
    let mut rows = "product,store,date,quantity,price\n".to_owned();
    let monday = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap();
    for week in 0..40_u32 {
        let date = monday + chrono::Duration::weeks(i64::from(week));
        for (number, store) in ["N", "S", "W", "E"].into_iter().enumerate() {
            for (product, place, fall) in [("TEA", 0, 3.0), ("JAM", 5, 1.0)] {
                let mixed = (week * 7919 + number as u32 * 104_729 + place * 1_299_709) % 101;
                let noise = (0.008 * (f64::from(mixed) - 50.0)).exp();
                let price = 2.0 + 0.02 * f64::from((week + number as u32 + place) % 3);
                let less = if week < 30 { 1.0 } else { fall };
                let quantity = (300.0 * (price / 2.0_f64).powf(-2.0) * noise / less).round();
                writeln!(rows, "{product},{store},{date},{quantity},{price:.2}").unwrap();
            }
        }
    }
    rows
}

#[test]
fn prices_are_tested_and_newer_sales_are_told() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let write = |name: &str, text: &str| fs::write(at.join(name), text).unwrap();
    write("instance.toml", "model = \"pricing\"\n");
    write("products.csv", "product,unit_cost,price\nTEA,1.1,2.00\nJAM,1.2,2.00\n");
    write("sales.csv", &quiet_sales());
    let document = purvey(at, "solve . --seed 4 --set test_loss_share=0.05 --json").ends(0).json();
    let kpi = |name: &str| document["kpis"][name].as_f64().unwrap();
    assert!(kpi("price_tests") >= 1.0 && kpi("test_worth") > kpi("test_loss"));
    assert!(kpi("test_loss") <= 0.05 * 4.0 * kpi("margin"));
    let tests = text(at, "out/price_tests.csv");
    let header =
        "product,group,arm,from,until,price,control_price,expected_loss,width_now,width_after,reason\n";
    assert!(tests.starts_with(header) && tests.contains(",test,2025-10-07,2025-11-03,"), "{tests}");
    assert!(text(at, "out/report.html").contains("Price tests"));
    let told = purvey(at, "solve . --seed 4 --set test_loss_share=0.05").ends(0).out;
    assert!(told.contains("price_tests.csv") && told.contains("narrow the interval"), "{told}");
    assert_eq!(text(at, "out/price_tests.csv"), tests, "the same lot again");
    purvey(at, "check-plan . --plan out --set test_loss_share=0.05").ends(0);
    let broken = purvey(at, "check-plan . --plan out --set test_loss=0").ends(4).out;
    assert!(broken.contains("[test_loss]"), "{broken}");
    let told = purvey(at, "solve . --set fit_until=2025-07-20").ends(0);
    assert!((told.out + &told.err).contains("TEA: less is sold than the fit says"));
    let updates = text(at, "out/updates.csv");
    let tea = updates.lines().find(|line| line.starts_with("TEA,")).unwrap();
    assert!(tea.starts_with("TEA,48,") && tea.contains(",less is sold,2025-"), "{updates}");
    assert!(updates.lines().any(|line| line.starts_with("JAM,48,") && line.ends_with(",,")), "{updates}");
    assert!(text(at, "out/report.html").contains("What newer sales told"));
}
