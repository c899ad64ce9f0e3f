//! The shipped instance that shows every table and every setting.

use purvey::data::Schema;

use crate::support::{contents, copy, purvey, repository, text};

fn schema() -> Schema {
    Schema::parse(&std::fs::read_to_string(repository("models/replenishment.toml")).unwrap()).unwrap()
}

#[test]
fn every_table_setting_and_column_is_shown() {
    let folder = repository("instances/every-feature");
    let names: Vec<String> = contents(&folder).into_iter().map(|(name, _)| name).collect();
    let settings: toml::Value = toml::from_str(&text(&folder, "instance.toml")).unwrap();
    for setting in &schema().settings {
        assert!(settings["settings"].get(&setting.name).is_some(), "setting {}", setting.name);
    }
    // What the words of orders.csv repeat, and limits that one instance cannot have at once.
    let left_out = ["locks.arrival_date"];
    for table in &schema().tables {
        let file = format!("{}.csv", table.name);
        assert!(names.contains(&file), "{file} is missing");
        let head = text(&folder, &file);
        let titles: Vec<&str> = head.lines().next().unwrap().split(',').collect();
        for column in &table.columns {
            let name = format!("{}.{}", table.name, column.name);
            let at = titles.iter().position(|title| *title == column.name);
            let at = at.unwrap_or_else(|| panic!("column {name} is missing"));
            let filled =
                head.lines().skip(1).any(|line| line.split(',').nth(at).is_some_and(|cell| !cell.is_empty()));
            assert!(filled || left_out.contains(&name.as_str()), "{name} is never filled");
        }
    }
}

#[test]
fn it_is_valid_solves_and_its_budget_binds() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    copy(&repository("instances/every-feature"), &at.join("every"));
    let list = purvey(at, "check every --json").ends(0).json();
    assert!(list.as_array().unwrap().iter().all(|fault| fault["severity"] != "error"));
    let overdue =
        list.as_array().unwrap().iter().any(|fault| fault["message"].as_str().unwrap().contains("overdue"));
    assert!(overdue, "{list}");
    let document = purvey(at, "solve every --json").ends(0).json();
    assert_eq!(document["checks"]["feasible"], true);
    let spend = document["kpis"]["spend"].as_f64().unwrap();
    let loose = purvey(at, "solve every --json --output loose --set budget=100000").ends(0).json();
    assert!(loose["kpis"]["spend"].as_f64().unwrap() > spend, "the budget does not bind at {spend}");
    assert!(loose["objective"].as_f64() <= document["objective"].as_f64());
    assert!(document["kpis"]["waste"].as_f64().unwrap() > 0.0);
}
