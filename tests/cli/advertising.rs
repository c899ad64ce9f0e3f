//! Advertising budgets and bids from the command line.

use std::fs;

use crate::support::purvey;

/// An instance of two channels.
fn channels(at: &std::path::Path) {
    fs::create_dir(at.join("spring")).unwrap();
    fs::write(at.join("spring/instance.toml"), "model = \"advertising\"\n").unwrap();
    let curves = "channel,a,k,s,max,error\nsearch,400,20,1,60,0.1\nsocial,300,25,1.4,60,0.5\n";
    fs::write(at.join("spring/response_curves.csv"), curves).unwrap();
}

#[test]
fn several_goals_give_a_front_a_knee_and_a_plan() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    channels(at);
    let run = "solve spring --set budget=80 --set goals=response,risk,spend --json";
    let solved = purvey(at, run).ends(0).json();
    let kpi = |name: &str| solved["kpis"][name].as_f64().unwrap();
    assert_eq!(solved["tables"]["front"], "front.csv", "{solved}");
    let front = fs::read_to_string(at.join("spring/out/front.csv")).unwrap();
    assert_eq!(front.lines().count() as f64, 1.0 + kpi("front_points"), "{front}");
    let header = front.lines().next().unwrap();
    assert_eq!(header, "point,response,spend,profit,new_customers,risk,knee,chosen");
    let chosen = front.lines().nth(kpi("chosen_point") as usize).unwrap();
    assert!(chosen.ends_with("yes,yes"), "{chosen}");
    assert!(solved["objective"].as_f64().unwrap() <= solved["bound"].as_f64().unwrap(), "{solved}");
    let page = fs::read_to_string(at.join("spring/out/report.html")).unwrap();
    assert!(page.contains("The front") && page.contains("knee"));
    let one =
        purvey(at, "solve spring --set budget=80 --set goals=response,spend --set choice=response --json");
    let most = purvey(at, "solve spring --set budget=80 --json").ends(0).json()["objective"].clone();
    let best = one.ends(0).json()["objective"].as_f64().unwrap();
    assert!((best - most.as_f64().unwrap()).abs() < 1e-6, "{best} {most}");
    purvey(at, "solve spring --set budget=80 --set goals=response,reach").ends(3);
}

#[test]
fn bids_are_replayed_from_a_log() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let mut log = "auction,option,value,cost\n".to_owned();
    for auction in 0..400 {
        let worth = 1.0 + f64::from(auction * 7 % 10);
        log += &format!("{auction},low,{worth},1\n{auction},high,{},2\n", 1.4 * worth);
    }
    fs::write(at.join("log.csv"), &log).unwrap();
    let bid = purvey(at, "bid log.csv --budget 200 --json").ends(0).json()["bid"].clone();
    let number = |name: &str| bid[name].as_f64().unwrap();
    assert_eq!(number("auctions"), 400.0);
    assert!(number("spent") <= 200.0 && number("spent") > 190.0, "{bid}");
    assert!((0.0..0.1).contains(&number("regret")), "{bid}");
    let table = fs::read_to_string(at.join("log.out-bid/bids.csv")).unwrap();
    assert_eq!((table.lines().count(), table.lines().next()), (401, Some("auction,option,value,cost,price")));
    let told = purvey(at, "bid log.csv --budget 200").ends(0).out;
    assert!(told.contains("of 400 auctions taken"), "{told}");
    fs::write(
        at.join("more.csv"),
        log.replace("value,cost\n", "value,cost,extra\n").replace(",1\n", ",1,x\n").replace(",2\n", ",2,x\n"),
    )
    .unwrap();
    let more = purvey(at, "bid more.csv --budget 200").ends(0);
    assert!((more.out + &more.err).contains("extra"), "an unused column is told");
    fs::write(at.join("bad.csv"), "auction,option,value,cost\na,x,1,-1\n").unwrap();
    let refused = purvey(at, "bid bad.csv --budget 5").ends(3);
    assert!(refused.err.contains("bad.csv:2:") && refused.err.contains("cost"), "{}", refused.err);
    purvey(at, "bid log.csv").ends(2);
    purvey(at, "bid log.csv --budget 5 --seed 1").ends(2);
}

#[test]
fn bids_are_simulated_from_a_seed() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let run = "bid --simulate 5000 --budget 1200 --creatives 2 --seed 4 --json";
    let mut first = purvey(at, run).ends(0).json()["bid"].clone();
    let mut again = purvey(at, run).ends(0).json()["bid"].clone();
    assert_eq!(first["creatives"].as_array().unwrap().len(), 2);
    assert!(first["value"].as_f64().unwrap() <= first["hindsight"]["bound"].as_f64().unwrap());
    for bid in [&mut first, &mut again] {
        for measured in ["seconds", "decisions_per_second"] {
            bid[measured].take();
        }
    }
    assert_eq!(first, again);
}

#[test]
fn profit_keeps_the_money_that_would_not_come_back() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    channels(at);
    let run = "solve spring --set budget=1000 --set objective=profit --set margin=0.5 --json";
    let solved = purvey(at, run).ends(0).json();
    let kpi = |name: &str| solved["kpis"][name].as_f64().unwrap();
    assert!(kpi("unspent") > 800.0 && kpi("spent") > 10.0, "{solved}");
    assert_eq!(solved["termination"], "optimal");
    let spend = fs::read_to_string(at.join("spring/out/spend.csv")).unwrap();
    assert!(spend.lines().next().unwrap().ends_with("profit,marginal_return"), "{spend}");
    let told =
        purvey(at, "solve spring --set budget=1000 --set objective=profit --set margin=0.5").ends(0).out;
    assert!(told.contains("stay unspent") && told.contains("bring back less than one"), "{told}");
}

#[test]
fn spend_is_planned_by_period_and_checked() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    channels(at);
    fs::write(at.join("spring/period_limits.csv"), "period,channel,min,max\n2,,,30\n4,social,5,\n").unwrap();
    let run = "--set budget=200 --set pacing=by_period --set plan_periods=6 --set max_change=0.5";
    let solved = purvey(at, &format!("solve spring {run} --json")).ends(0).json();
    assert_eq!(solved["tables"]["pacing"], "pacing.csv", "{solved}");
    assert!(solved["checks"]["feasible"].as_bool().unwrap());
    let plan = fs::read_to_string(at.join("spring/out/pacing.csv")).unwrap();
    assert_eq!(plan.lines().count(), 13, "{plan}");
    let page = fs::read_to_string(at.join("spring/out/report.html")).unwrap();
    assert!(page.contains("Spend by period"));
    purvey(at, "check spring --set budget=200").ends(3);
}
