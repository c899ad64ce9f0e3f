//! `route` and `matrix` on small maps.

use std::fs;

use crate::support::{purvey, text};

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("map.csv", "from,to,seconds,metres\nA,B,10,900\nB,C,20,900\nA,C,50,100\nC,A,3,1\nC,D,inf,1\n");
    write("roads.csv", "from,to,seconds,metres\nA,B,10,900\nB,C,20,900\nA,C,50,100\nC,A,3,1\n");
    write("pairs.csv", "from,to\nA,C\nC,B\nB,B\n");
    write("nodes.csv", "node\nA\nC\n");
    write("rush.csv", "from,to,time,seconds\nA,B,08:00,10\nA,B,08:30,60\nA,B,09:00,10\n");
    place
}

#[test]
fn every_algorithm_gives_the_same_ways() {
    let place = place();
    let at = place.path();
    for algorithm in ["auto", "dijkstra", "a-star", "hierarchy"] {
        let run = purvey(at, &format!("route roads.csv --pairs pairs.csv --algorithm {algorithm} --json"))
            .ends(0)
            .json();
        let route = &run["route"];
        assert_eq!((route["nodes"].as_u64(), route["arcs"].as_u64()), (Some(3), Some(4)));
        let costs: Vec<f64> =
            route["pairs"].as_array().unwrap().iter().map(|pair| pair["cost"].as_f64().unwrap()).collect();
        assert_eq!(costs, [30.0, 13.0, 0.0], "{algorithm}");
        assert!(route["query_microseconds"]["p99"].as_f64().unwrap() > 0.0);
        let written = text(at, "roads.out-route/routes.csv");
        assert_eq!(written, "from,to,cost,nodes\nA,C,30,A B C\nC,B,13,C A B\nB,B,0,B\n", "{algorithm}");
    }
    let told = purvey(at, "route roads.csv --from A --to C --weight metres").ends(0);
    assert!(told.out.starts_with("From A to C: 100.00, over 2 nodes."), "{}", told.out);
}

#[test]
fn the_time_of_departure_changes_the_way() {
    let place = place();
    let way = |time: &str, more: &str| {
        let run = format!("route roads.csv --from A --to C --profiles rush.csv --depart {time} {more}");
        purvey(place.path(), &run).ends(0).out
    };
    for more in ["", "--algorithm a-star"] {
        assert!(way("07:00", more).starts_with("From A to C: 30.00, over 3 nodes."));
        assert!(way("08:30", more).starts_with("From A to C: 50.00, over 2 nodes."));
    }
    let refused = purvey(
        place.path(),
        "route roads.csv --from A --to C --profiles rush.csv --depart 8 --algorithm hierarchy",
    );
    assert!(refused.ends(3).err.contains("no moment"));
}

#[test]
fn a_matrix_holds_every_pair() {
    let place = place();
    let document = purvey(place.path(), "matrix roads.csv --nodes nodes.csv --json").ends(0).json();
    assert_eq!(document["matrix"]["unreachable"], 0);
    assert_eq!(
        text(place.path(), "roads.out-matrix/matrix.csv"),
        "from,to,cost\nA,A,0\nA,C,30\nC,A,3\nC,C,0\n"
    );
}

#[test]
fn faults_of_maps_and_questions_are_named() {
    let place = place();
    let at = place.path();
    let bad = purvey(at, "route map.csv --from A --to C").ends(3);
    assert!(bad.err.contains("map.csv:6:") && bad.err.contains("seconds"), "{}", bad.err);
    let unknown = purvey(at, "route roads.csv --from A --to X").ends(2);
    assert!(unknown.err.contains("no node `X`"), "{}", unknown.err);
    fs::write(at.join("pairs.csv"), "from,to\nA,X\nY,C\n").unwrap();
    let unknown = purvey(at, "route roads.csv --pairs pairs.csv").ends(3);
    assert!(unknown.err.contains("pairs.csv:2:") && unknown.err.contains("pairs.csv:3:"), "{}", unknown.err);
    fs::write(at.join("broken.gr"), "a 1 2 3\na 1 two 3\n").unwrap();
    let broken = purvey(at, "route broken.gr --from 1 --to 2").ends(3);
    assert!(broken.err.contains("broken.gr:2:") && broken.err.contains("[broken-format]"), "{}", broken.err);
    purvey(at, "route roads.csv --from A").ends(2);
    purvey(at, "route nothing.gr --from A --to B").ends(3);
}

/// Four roads: a fast one through the middle that jams from 7 to 9 on weekdays,
/// and a way round; trips of four weeks on it.
fn city(at: &std::path::Path) {
    let write = |name: &str, text: &str| fs::write(at.join(name), text).unwrap();
    write(
        "city.csv",
        "from,to,seconds,metres,class,area\nA,M,100,2000,main,south\nM,B,100,2000,main,north\n\
         A,R,160,2000,side,south\nR,B,160,2000,side,north\n",
    );
    let mut log = "from,to,departure,seconds\n".to_owned();
    for day in 1..29 {
        let weekend = (day + 6) % 7 >= 5; // 2026-06-01 is a Monday
        for hour in 5..22 {
            for (minute, wobble) in [(5, -4), (20, 0), (35, 4), (50, 1)] {
                let jam = if !weekend && (7..9).contains(&hour) { 3 } else { 1 };
                let mut trip = |from: &str, to: &str, base: i32| {
                    let seconds = base + wobble;
                    log += &format!("{from},{to},2026-06-{day:02}T{hour:02}:{minute:02},{seconds}\n");
                };
                trip("A", "M", 100 * jam);
                trip("M", "B", 100 * jam);
                trip("A", "B", 200 * jam);
                trip("A", "R", 160);
                trip("R", "B", 160);
            }
        }
    }
    write("log.csv", &log);
    write("traffic.csv", "from,to,start,until,factor,speed\nA,M,2026-06-29T12:00,2026-06-29T14:00,,0\n");
    write("weather.csv", "area,class,start,until,factor\nnorth,main,16:00,18:00,3\n");
}

#[test]
fn travel_times_are_learned_from_trips() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    city(at);
    let way = |depart: &str| {
        let run = format!("route city.csv --from A --to B --travel-log log.csv --depart {depart} --json");
        let found = purvey(at, &run).ends(0).json()["route"]["pairs"][0].clone();
        let number = |name: &str| found[name].as_f64().unwrap();
        (number("cost"), number("q10"), number("q90"))
    };
    let (calm, low, high) = way("2026-06-29T12:00");
    assert!((195.0..210.0).contains(&calm) && low < calm && calm < high, "{calm} {low} {high}");
    let (jammed, ..) = way("2026-06-29T07:30");
    assert!((315.0..330.0).contains(&jammed), "{jammed}: the way round");
    let (sunday, ..) = way("2026-07-05T07:30");
    assert!((195.0..210.0).contains(&sunday), "{sunday}");
    let told = purvey(at, "route city.csv --from A --to B --travel-log log.csv --depart 07:30").ends(3);
    assert!(told.err.contains("a travel log knows weekdays"), "{}", told.err);
}

#[test]
fn traffic_and_weather_change_the_way() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    city(at);
    for algorithm in ["dijkstra", "a-star", "hierarchy"] {
        let cost = |depart: &str| {
            let run = format!(
                "route city.csv --from A --to B --traffic traffic.csv --weather weather.csv \
                 --depart {depart} --algorithm {algorithm} --json"
            );
            purvey(at, &run).ends(0).json()["route"]["pairs"][0]["cost"].as_f64().unwrap()
        };
        assert_eq!(cost("2026-06-29T10:00"), 200.0, "{algorithm}");
        assert_eq!(cost("2026-06-29T12:30"), 320.0, "{algorithm}: closed, so round");
        assert_eq!(cost("2026-06-30T12:30"), 200.0, "{algorithm}: open on the next day");
        assert_eq!(cost("2026-06-30T16:30"), 320.0, "{algorithm}: weather in the north, so round");
    }
    fs::write(
        at.join("traffic.csv"),
        "from,to,area,start,until,factor,speed\nA,X,,08:00,09:00,2,\n,,east,08:00,2026-01-01T09:00,2,3\n",
    )
    .unwrap();
    let refused = purvey(at, "route city.csv --from A --to B --traffic traffic.csv --depart 08:30").ends(3);
    for text in [
        "traffic.csv:2:",
        "no node \"X\"",
        "traffic.csv:3:",
        "no arc of the map has the area \"east\"",
        "factor and speed",
    ] {
        assert!(refused.err.contains(text), "{text}: {}", refused.err);
    }
}

#[test]
fn forecasts_of_travel_times_are_judged_by_later_trips() {
    let place = tempfile::tempdir().unwrap();
    city(place.path());
    let run = "route city.csv --travel-log log.csv --judge-from 2026-06-22 --json";
    let judged = purvey(place.path(), run).ends(0).json()["route_backtest"].clone();
    let number = |group: &str, name: &str| judged[group][name].as_f64().unwrap();
    assert!(number("wape", "usual") < 0.2 * number("wape", "map"), "{judged}");
    assert!(number("mean_driven", "forecast") < 0.98 * number("mean_driven", "map"), "{judged}");
    assert!(number("mean_driven", "hindsight") <= number("mean_driven", "forecast") + 1e-9, "{judged}");
    let text =
        purvey(place.path(), "route city.csv --travel-log log.csv --judge-from 2026-06-22").ends(0).out;
    assert!(text.contains("Driven on what happened"), "{text}");
    purvey(place.path(), "route city.csv --travel-log log.csv --judge-from 2027-01-01").ends(3);
}

#[test]
fn options_that_would_count_for_nothing_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    city(at);
    for option in ["--weather weather.csv", "--travel-log log.csv"] {
        let told = purvey(at, &format!("route city.csv --from A --to B {option}")).ends(2);
        assert!(told.err.contains("--depart"), "{option}: {}", told.err);
    }
    for option in ["--percentile 90", "--algorithm a-star", "--output x", "--traffic traffic.csv"] {
        let run = format!("route city.csv --travel-log log.csv --judge-from 2026-06-22 {option}");
        purvey(at, &run).ends(2);
    }
}

#[test]
fn rows_of_the_log_that_count_for_nothing_are_counted_with_their_reason() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    city(at);
    let log = fs::read_to_string(at.join("log.csv")).unwrap();
    let more = "B,A,2026-06-02T10:00,50\nM,M,2026-06-02T10:00,50\nB,M,2026-06-02T11:00,50\n";
    fs::write(at.join("log.csv"), log + more).unwrap();
    let run = "route city.csv --from A --to B --travel-log log.csv --depart 2026-06-29T12:00 --json";
    let found = purvey(at, run).ends(0).json()["route"].clone();
    let notices = found["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 2, "{found}");
    assert!(notices[0].as_str().unwrap().starts_with("2 rows of the travel log"), "{found}");
    assert!(notices[1].as_str().unwrap().starts_with("1 row of the travel log"), "{found}");
    let judged = purvey(at, "route city.csv --travel-log log.csv --judge-from 2026-06-22 --json").ends(0);
    assert_eq!(judged.json()["route_backtest"]["notices"].as_array().unwrap().len(), 2);
}

#[test]
fn an_arc_that_takes_no_time_can_be_closed() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    fs::write(at.join("map.csv"), "from,to,seconds\nA,M,10\nM,B,0\nA,B,50\n").unwrap();
    fs::write(at.join("traffic.csv"), "from,to,start,until,factor,speed\nM,B,12:00,14:00,,0\n").unwrap();
    let cost = |depart: &str| {
        let run = format!("route map.csv --from A --to B --traffic traffic.csv --depart {depart} --json");
        purvey(at, &run).ends(0).json()["route"]["pairs"][0]["cost"].as_f64().unwrap()
    };
    assert!((cost("10:00") - 10.0).abs() < 0.2, "{}", cost("10:00"));
    assert!((cost("12:30") - 50.0).abs() < 0.2, "{}", cost("12:30"));
}
