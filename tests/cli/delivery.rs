//! Routes: the decision `delivery` from tables and from standard files.

use std::fs;

use crate::support::purvey;

const SMALL: &str = "NAME : small\nTYPE : CVRP\nDIMENSION : 5\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 10\n\
    NODE_COORD_SECTION\n1 0 0\n2 0 10\n3 10 10\n4 0 -10\n5 -10 -10\nDEMAND_SECTION\n1 0\n2 5\n3 5\n4 5\n5 5\n\
    DEPOT_SECTION\n1\n-1\nEOF\n";

#[test]
fn a_new_folder_solves_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    purvey(folder.path(), "new delivery city").ends(0);
    purvey(folder.path(), "check city").ends(0);
    let document = purvey(folder.path(), "solve city --work-limit 200 --seed 1 --json").ends(0).json();
    assert_eq!(document["kpis"]["visits_unserved"], 0.0);
    assert_eq!(document["checks"]["feasible"], true);
    let check = purvey(folder.path(), "check-plan city --plan city/out --json").ends(0).json();
    let (told, priced) =
        (document["objective"].as_f64().unwrap(), check["check_plan"]["objective"].as_f64().unwrap());
    assert!((told - priced).abs() < 1e-6, "{told} {priced}");
    let again =
        purvey(folder.path(), "solve city --work-limit 200 --seed 1 --json --threads 2 --output other")
            .ends(0);
    assert_eq!(again.json()["objective"], document["objective"]);
    let diff = purvey(folder.path(), "diff city/out other").ends(0);
    assert!(diff.out.contains("0 lines added, 0 removed, 0 changed"), "{}", diff.out);
    fs::write(
        folder.path().join("more.toml"),
        "name = \"dear vans\"\n[[change]]\ntable = \"vehicles\"\ncolumn = \"cost_per_km\"\nmultiply = 2\n",
    )
    .unwrap();
    let variants =
        purvey(folder.path(), "what-if city --scenario more.toml --work-limit 100 --json").ends(0).json();
    assert!(variants["what_if"]["variants"][1]["difference"].as_f64().unwrap() > 0.0, "{variants}");
}

#[test]
fn a_vrplib_file_is_solved_written_and_priced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.vrp"), SMALL).unwrap();
    let document =
        purvey(folder.path(), "solve small.vrp --work-limit 2000 --threads 1 --seed 1 --json").ends(0).json();
    // Two routes of 10 + 10 + 14 in whole numbers.
    assert_eq!(document["objective"], 68.0);
    assert!(document["bound"].as_f64().is_none_or(|bound| bound <= 68.0), "{document}");
    let written = fs::read_to_string(folder.path().join("small.out/small.sol")).unwrap();
    assert!(written.ends_with("Cost 68\n") && written.starts_with("Route #1: "), "{written}");
    purvey(folder.path(), "check-plan small.vrp --plan small.out/small.sol").ends(0);
    let exact = purvey(folder.path(), "check-plan small.vrp --plan small.out/small.sol --round exact --json")
        .ends(0)
        .json();
    let cost = exact["check_plan"]["objective"].as_f64().unwrap();
    assert!((cost - 2.0 * (20.0 + 200.0_f64.sqrt())).abs() < 1e-9, "{cost}");
    fs::write(folder.path().join("broken.sol"), "Route #1: 1 2 3\nCost 60\n").unwrap();
    let broken = purvey(folder.path(), "check-plan small.vrp --plan broken.sol").ends(4);
    assert!(
        broken.out.contains("1 carries 15 pieces, its capacity is 10 pieces [capacity]"),
        "{}",
        broken.out
    );
    assert!(broken.out.contains("4 is on no route (small.vrp:17) [served]"), "{}", broken.out);
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("odd.vrp"), SMALL.replace("CAPACITY : 10", "TOLL : 10")).unwrap();
    let odd = purvey(folder.path(), "solve odd.vrp").ends(3);
    assert_eq!(
        odd.err,
        "odd.vrp:5: the header TOLL is not supported [broken-format]\n  \
         help: write KEY : value; take it out if the plan need not keep it\n"
    );
    fs::write(folder.path().join("small.vrp"), SMALL).unwrap();
    let unknown = purvey(folder.path(), "solve small.vrp --round up").ends(3);
    assert!(
        unknown.err.contains("round is \"up\"") && unknown.err.contains("[not-a-choice]"),
        "{}",
        unknown.err
    );
    fs::write(folder.path().join("odd.sol"), "Route 1 2 3\n").unwrap();
    let sol = purvey(folder.path(), "check-plan small.vrp --plan odd.sol").ends(3);
    assert!(
        sol.err.starts_with("odd.sol:1: the route has no colon after its number [broken-format]"),
        "{}",
        sol.err
    );
}

#[test]
fn a_hopeless_visit_voids_nothing() {
    let folder = tempfile::tempdir().unwrap();
    purvey(folder.path(), "new delivery city").ends(0);
    let path = folder.path().join("city/visits.csv");
    let rows = fs::read_to_string(&path).unwrap();
    let header = rows.lines().next().unwrap();
    let cells: Vec<&str> = header
        .split(',')
        .map(|title| match title {
            "visit" => "SWAPPED",
            "latitude" => "8.80",
            "longitude" => "53.08",
            _ => "",
        })
        .collect();
    fs::write(&path, format!("{rows}{}\n", cells.join(","))).unwrap();
    let document = purvey(folder.path(), "solve city --work-limit 100 --json").ends(0).json();
    assert_eq!(document["kpis"]["visits_unserved"], 1.0);
    let unserved = fs::read_to_string(folder.path().join("city/out/unserved.csv")).unwrap();
    assert!(
        unserved.contains("SWAPPED,visits.csv,8,latitude 8.8 and longitude 53.08 look swapped"),
        "{unserved}"
    );
    assert!(
        document["warnings"][0].as_str().unwrap().starts_with("SWAPPED (visits.csv:8) is not served"),
        "{document}"
    );
}

#[test]
fn a_day_is_dispatched_as_its_log_tells() {
    let folder = tempfile::tempdir().unwrap();
    purvey(folder.path(), "new delivery city").ends(0);
    let first = purvey(folder.path(), "dispatch city --work-limit 200 --json").ends(0).json();
    let told = &first["dispatch"];
    assert_eq!(
        (&told["orders"], &told["orders_of_the_day"], &told["called_off"]),
        (&8.into(), &2.into(), &1.into())
    );
    let cost = |document: &serde_json::Value, policy: &str| {
        document["dispatch"]["policies"][policy]["cost"].as_f64().unwrap()
    };
    let again = purvey(folder.path(), "dispatch city --work-limit 200 --threads 2 --json --output other")
        .ends(0)
        .json();
    for policy in ["rolling", "nearest_vehicle", "foresight"] {
        let figures = &told["policies"][policy];
        let (served, left) =
            (figures["orders_served"].as_u64().unwrap(), figures["orders_unserved"].as_u64().unwrap());
        assert!(served >= 6 && served + left >= 7, "{figures}");
        assert!(cost(&first, policy) > 0.0);
        assert_eq!(cost(&first, policy), cost(&again, policy));
    }
    let steps = fs::read_to_string(folder.path().join("city/out-dispatch/dispatch.csv")).unwrap();
    assert!(steps.starts_with("policy,vehicle,doing,visit,leave,arrival,start,end\n"), "{steps}");
    assert!(
        steps.lines().any(|line| line.starts_with("rolling,") && line.contains(",serve,CALL1,")),
        "{steps}"
    );
    assert!(folder.path().join("city/out-dispatch/report.html").is_file());
    let text = purvey(folder.path(), "dispatch city --work-limit 200").ends(0).out;
    assert!(text.contains("The nearest-vehicle rule serves") && text.contains("€"), "{text}");
    fs::remove_file(folder.path().join("city/events.csv")).unwrap();
    let none = purvey(folder.path(), "dispatch city").ends(3);
    assert!(none.err.contains("there is no table events"), "{}", none.err);
}

#[test]
fn a_log_in_ndjson_is_the_same_day() {
    let folder = tempfile::tempdir().unwrap();
    purvey(folder.path(), "new delivery city").ends(0);
    let cost = |output: &str| {
        let told = purvey(folder.path(), &format!("dispatch city --work-limit 50 --json --output {output}"));
        told.ends(0).json()["dispatch"]["policies"]["rolling"]["cost"].as_f64().unwrap()
    };
    let by_table = cost("table");
    let [table, lines] = ["city/events.csv", "city/events.ndjson"].map(|name| folder.path().join(name));
    let rows = fs::read_to_string(&table).unwrap();
    let titles: Vec<&str> = rows.lines().next().unwrap().split(',').collect();
    let object = |line: &str| {
        let cells = titles.iter().zip(line.split(',')).filter(|(_, cell)| !cell.is_empty());
        let value = |cell: &str| cell.parse::<f64>().map_or_else(|_| cell.into(), serde_json::Value::from);
        let members = cells.map(|(title, cell)| ((*title).to_owned(), value(cell)));
        serde_json::Value::Object(members.collect()).to_string() + "\n"
    };
    let text: String = rows.lines().skip(1).map(object).collect();
    fs::write(&lines, &text).unwrap();
    let both = purvey(folder.path(), "dispatch city").ends(3);
    assert!(both.err.contains("events.ndjson is there as well"), "{}", both.err);
    fs::remove_file(&table).unwrap();
    assert_eq!(cost("lines"), by_table);
    let odd = text.replacen("\"traffic\"", "\"jam\"", 1).replacen("\"order\"", "\"order\",", 1);
    fs::write(&lines, odd).unwrap();
    let faults = purvey(folder.path(), "dispatch city").ends(3);
    assert!(faults.err.contains("events.ndjson:1: column "), "{}", faults.err);
    assert!(faults.err.contains("events.ndjson:2: event is \"jam\""), "{}", faults.err);
}
