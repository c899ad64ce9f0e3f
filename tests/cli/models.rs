//! `models`: the contracts that the program can tell.

use crate::support::purvey;

#[test]
fn the_decisions_are_listed_and_shown() {
    let here = std::path::Path::new(".");
    let list = purvey(here, "models --json").ends(0).json();
    let names: Vec<&str> =
        list["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!(names[0], "replenishment");
    assert!(names.contains(&"program"));
    assert!(purvey(here, "models").ends(0).out.contains("replenishment"));
    for name in names {
        let shown = purvey(here, &format!("models {name} --json")).ends(0).json();
        assert_eq!(shown["name"], name);
        let text = purvey(here, &format!("models {name}")).ends(0).out;
        for output in shown["output"].as_array().unwrap() {
            assert!(text.contains(&format!("OUTPUT {}.csv", output["name"].as_str().unwrap())), "{text}");
        }
        for term in ["table", "setting", "constraint", "cost"] {
            for entry in shown[term].as_array().into_iter().flatten() {
                assert!(text.contains(entry["name"].as_str().unwrap()), "{name} does not show {entry}");
            }
        }
    }
    let near = purvey(here, "models replenishmint").ends(2);
    assert!(near.err.contains("did you mean `replenishment`?"), "{}", near.err);
}

/// The example that every planner starts from has something to order on its first day.
#[test]
fn the_scaffold_orders_at_once() {
    let place = tempfile::tempdir().unwrap();
    purvey(place.path(), "new replenishment shop").ends(0);
    let solved = purvey(place.path(), "solve shop --json").ends(0).json();
    assert!(solved["kpis"]["lines_now"].as_f64().unwrap() >= 2.0, "{}", solved["kpis"]);
    assert_eq!(solved["warnings"].as_array().unwrap().len(), 0);
    let orders = std::fs::read_to_string(place.path().join("shop/out/orders.csv")).unwrap();
    assert!(orders.contains(",2024-04-01,") && orders.contains("locked (locks.csv:2)"), "{orders}");
}
