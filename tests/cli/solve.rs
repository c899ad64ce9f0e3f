//! `new`, `check` and `solve`: from an empty folder to a plan.

use std::fs;

use crate::support::{contents, edit, purvey, shell, shop, text};

#[test]
fn a_new_folder_is_valid_and_solves() {
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    purvey(at, "new replenishment mine").ends(0);
    let check = purvey(at, "check mine").ends(0);
    assert!(check.out.starts_with("The input is valid"), "{}", check.out);
    let solve = purvey(at, "solve mine").ends(0);
    assert!(solve.out.contains("Report: mine/out/report.html"), "{}", solve.out);
    let again = purvey(at, "new replenishment mine").ends(2);
    assert!(again.err.contains("exists and is not empty; nothing was written"), "{}", again.err);
}

#[test]
fn the_document_has_every_key_and_stdout_nothing_else() {
    let place = shop();
    let solve = purvey(place.path(), "solve shop --json --seed 3 --threads 1").ends(0);
    let document = solve.json();
    let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "purvey",
            "model",
            "instance",
            "termination",
            "solution_status",
            "objective",
            "objective_measure",
            "bound",
            "gap",
            "seconds",
            "seed",
            "threads",
            "checks",
            "kpis",
            "tables",
            "warnings"
        ]
    );
    assert_eq!(document["model"], "replenishment");
    assert_eq!(document["instance"], "Shop");
    assert_eq!((document["seed"].as_u64(), document["threads"].as_u64()), (Some(3), Some(1)));
    assert_eq!(document["checks"]["feasible"], true);
    let (objective, bound) = (document["objective"].as_f64().unwrap(), document["bound"].as_f64().unwrap());
    assert!(bound <= objective + 1e-6 * objective.abs());
    assert!((document["kpis"]["total_cost"].as_f64().unwrap() - objective).abs() <= 1e-6 * objective);
    for stage in ["read", "predict", "solve", "check", "total"] {
        assert!(document["seconds"][stage].as_f64().unwrap() >= 0.0, "{stage}");
    }
    assert_eq!(text(place.path(), "shop/out/solution.json").trim(), solve.out.trim());
}

#[test]
fn the_folder_holds_every_table_that_the_document_names() {
    let place = shop();
    let document = purvey(place.path(), "solve shop --json --output plan").ends(0).json();
    let out = place.path().join("plan");
    let tables = document["tables"].as_object().unwrap();
    let names: Vec<&str> = tables.keys().map(String::as_str).collect();
    assert_eq!(names, ["orders", "forecast", "projection", "costs", "limits"]);
    for file in tables.values() {
        assert!(out.join(file.as_str().unwrap()).is_file(), "{file}");
    }
    assert!(text(&out, "report.html").starts_with("<!DOCTYPE html>"));
    assert!(out.join("presentation.json").is_file());
    assert!(!place.path().join("shop/out").exists());
    assert!(text(&out, "orders.csv").starts_with("item,location,supplier,order_date,arrival_date,quantity"));
}

#[test]
fn the_same_input_gives_the_same_plan_with_any_number_of_threads() {
    let place = shop();
    for (threads, folder) in [(1, "a"), (1, "b"), (2, "c")] {
        purvey(place.path(), &format!("solve shop --quiet --threads {threads} --output {folder}")).ends(0);
    }
    for file in ["orders.csv", "forecast.csv", "projection.csv", "costs.csv", "limits.csv"] {
        let first = text(place.path(), &format!("a/{file}"));
        assert!(first.lines().count() > 1 || file == "limits.csv", "{file} is empty");
        assert_eq!(first, text(place.path(), &format!("b/{file}")), "{file}, twice");
        assert_eq!(first, text(place.path(), &format!("c/{file}")), "{file}, two threads");
    }
}

#[test]
fn a_setting_can_be_changed_for_one_run() {
    let place = shop();
    let free = purvey(place.path(), "solve shop --json").ends(0).json();
    let tight = purvey(place.path(), "solve shop --json --set budget=40 --set horizon=5").ends(0).json();
    assert!(free["kpis"]["spend"].as_f64().unwrap() > 40.0);
    assert!(tight["kpis"]["spend"].as_f64().unwrap() <= 40.0 + 1e-6);
    let unknown = purvey(place.path(), "solve shop --set budgt=40").ends(3);
    assert!(unknown.err.contains("[unknown-setting]") && unknown.err.contains("budget"), "{}", unknown.err);
}

#[test]
fn quiet_prints_nothing_and_progress_goes_to_stderr() {
    let place = shop();
    let quiet = purvey(place.path(), "solve shop --quiet").ends(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    let told = purvey(place.path(), "solve shop --json --progress json").ends(0);
    told.json();
    assert!(told.err.lines().count() > 0);
    for line in told.err.lines() {
        let step: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(step["stage"].is_string() && step["done"].is_u64(), "{line}");
    }
}

#[test]
fn a_plan_handed_in_as_start_is_kept_when_changes_are_dear() {
    let place = shop();
    let at = place.path();
    purvey(at, "solve shop --quiet --output first").ends(0);
    let orders = text(at, "first/orders.csv");
    edit(&at.join("shop/items.csv"), "SOAP,piece,1.40,2.50", "SOAP,piece,1.40,2.90");
    let key_of = |table: String| -> Vec<String> {
        table.lines().map(|line| line.split(',').take(6).collect::<Vec<_>>().join(",")).collect()
    };
    let dear = "--set stability_penalty=1000";
    let kept = purvey(at, &format!("solve shop --json --start first {dear} --output second")).ends(0).json();
    assert_eq!(key_of(orders), key_of(text(at, "second/orders.csv")));
    assert!(kept["kpis"]["stability"].as_f64().unwrap().abs() < 1e-9);
    let diff = purvey(at, "diff first second --json").ends(0).json();
    assert_eq!(diff["diff"]["lines"].as_array().unwrap().len(), 0, "{diff}");
}

#[test]
fn a_lock_stays_in_the_plan() {
    let place = shop();
    let at = place.path();
    fs::write(
        at.join("shop/locks.csv"),
        "item,location,supplier,order_date,quantity\nSOAP,NORTH,WHOLESALE,2024-07-08,42\nSALT,NORTH,MAKER,2024-07-01,0\n",
    )
    .unwrap();
    purvey(at, "solve shop --quiet").ends(0);
    let orders = text(at, "shop/out/orders.csv");
    let locked = |line: &&str| line.starts_with("SOAP,NORTH,WHOLESALE,2024-07-08,");
    assert_eq!(orders.lines().find(locked).unwrap().split(',').nth(5), Some("42"));
    assert!(!orders.contains("SALT,NORTH,MAKER,2024-07-01"), "{orders}");
}

#[test]
fn an_output_that_cannot_be_written_leaves_the_earlier_plan_whole() {
    let place = shop();
    let at = place.path();
    purvey(at, "solve shop --quiet").ends(0);
    let before = contents(&at.join("shop/out"));
    // The second run may write only 16 KiB a file: the report does not fit.
    let full = shell(at, "trap '' XFSZ; ulimit -f 32; \"$PURVEY\" solve shop --seed 9 --set horizon=5");
    assert_eq!(full.code, 1, "{}{}", full.out, full.err);
    assert!(full.err.starts_with("purvey: "), "{}", full.err);
    assert_eq!(before, contents(&at.join("shop/out")));
    // The third is killed in the middle of writing.
    let killed = shell(at, "ulimit -f 32; \"$PURVEY\" solve shop --seed 9 --set horizon=5; exit $?");
    assert_ne!(killed.code, 0);
    assert_eq!(before, contents(&at.join("shop/out")));
    // And what the killed run left behind does not hold up the next.
    purvey(at, "solve shop --quiet --seed 9 --set horizon=5").ends(0);
    assert_ne!(before, contents(&at.join("shop/out")));
    let beside: Vec<_> = fs::read_dir(at.join("shop")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!beside.iter().any(|name| name.to_string_lossy().contains(".purvey-")), "{beside:?}");
}

#[test]
fn a_read_only_place_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let place = shop();
    let at = place.path();
    let closed = at.join("closed");
    fs::create_dir(&closed).unwrap();
    purvey(at, "solve shop --quiet --output closed/plan").ends(0);
    let before = contents(&closed.join("plan"));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(closed.join("plan"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(closed.join("probe"), "").is_ok() {
        println!("skipped: this user may write to a read-only folder");
        return;
    }
    let refused = purvey(at, "solve shop --seed 9 --output closed/plan").ends(1);
    assert!(refused.err.contains("no permission to write"), "{}", refused.err);
    assert_eq!(before, contents(&closed.join("plan")));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(closed.join("plan"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_folder_of_somebody_else_is_not_touched() {
    let place = shop();
    let at = place.path();
    fs::create_dir(at.join("letters")).unwrap();
    fs::write(at.join("letters/aunt.txt"), "Dear aunt").unwrap();
    let refused = purvey(at, "solve shop --output letters").ends(1);
    assert!(refused.err.contains("letters"), "{}", refused.err);
    assert_eq!(contents(&at.join("letters")), [("aunt.txt".to_owned(), b"Dear aunt".to_vec())]);
}

/// Who reads the files of a plan can rely on the columns that the contract states.
#[test]
fn plan_tables_have_the_columns_of_the_contract() {
    let place = shop();
    let at = place.path();
    let solved = purvey(at, "solve shop --json --set budget=60").ends(0).json();
    let contract = purvey(at, "models replenishment --json").ends(0).json();
    let stated = contract["output"].as_array().unwrap();
    for (name, file) in solved["tables"].as_object().unwrap() {
        let head = text(at, &format!("shop/out/{}", file.as_str().unwrap()));
        let columns: Vec<&str> = head.lines().next().unwrap().split(',').collect();
        let output = stated.iter().find(|output| output["name"] == *name).unwrap();
        let wanted: Vec<&str> =
            output["column"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert_eq!(columns, wanted, "{name}");
    }
    assert_eq!(solved["tables"].as_object().unwrap().len(), stated.len());
}
