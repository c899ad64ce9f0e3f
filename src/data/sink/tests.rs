//! Tests of `sink.rs`.
#![allow(clippy::unwrap_used)]
use super::*;

fn orders(quantity: f64) -> Table {
    Table::new("orders").with_text("item", ["soap"]).with_number("quantity", [quantity])
}

fn write(target: &Path, quantity: f64) -> Result<(), SinkError> {
    let mut output = Output::begin(target)?;
    output.table(&orders(quantity))?;
    output.finish()
}

fn read(target: &Path) -> String {
    fs::read_to_string(target.join("orders.csv")).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_new_plan_takes_the_place_of_the_old_one() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("deep/out");
    write(&target, 1.0).unwrap();
    let mut output = Output::begin(&target).unwrap();
    output.text("report.html", "<p>").unwrap();
    assert_eq!(read(&target), "item,quantity\nsoap,1\n");
    output.finish().unwrap();
    assert_eq!(names(&target), [".purvey", "report.html"]);
    assert_eq!(names(target.parent().unwrap()), ["out"]);
}

#[test]
fn an_abandoned_plan_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("out");
    write(&target, 1.0).unwrap();
    let mut output = Output::begin(&target).unwrap();
    output.table(&orders(2.0)).unwrap();
    drop(output);
    assert_eq!(
        (read(&target).as_str(), names(place.path())),
        ("item,quantity\nsoap,1\n", vec!["out".to_owned()])
    );
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::write(at("file"), "x").unwrap();
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("folder/notes.txt"), "mine").unwrap();
    for name in ["file", "folder"] {
        assert!(matches!(write(&at(name), 1.0), Err(SinkError::NotOurs { .. })), "{name}");
    }
    assert_eq!(fs::read_to_string(at("folder/notes.txt")).unwrap(), "mine");
    fs::create_dir(at("empty")).unwrap();
    write(&at("empty"), 1.0).unwrap();
}

#[test]
fn files_that_somebody_added_are_kept() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("out");
    write(&target, 1.0).unwrap();
    fs::write(target.join("notes.txt"), "mine").unwrap();
    fs::create_dir(target.join("pictures")).unwrap();
    fs::write(target.join("pictures/a.png"), "p").unwrap();
    write(&target, 2.0).unwrap();
    assert_eq!(read(&target), "item,quantity\nsoap,2\n");
    assert_eq!(names(&target), [".purvey", "notes.txt", "orders.csv", "pictures"]);
    assert_eq!(fs::read_to_string(target.join("pictures/a.png")).unwrap(), "p");
    assert_eq!(names(place.path()), ["out"]);
}

#[test]
fn a_full_disk_leaves_the_earlier_plan() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("out");
    write(&target, 1.0).unwrap();
    let mut output = Output::begin(&target).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/dev/full", output.staging.path().join("orders.csv")).unwrap();
    let error = output.table(&orders(2.0)).unwrap_err();
    assert_eq!(error, SinkError::Full { path: target.join("orders.csv") });
    drop(output);
    assert_eq!(
        (read(&target).as_str(), names(place.path())),
        ("item,quantity\nsoap,1\n", vec!["out".to_owned()])
    );
}

#[test]
fn a_read_only_plan_is_not_replaced() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("out");
    write(&target, 1.0).unwrap();
    let mut permissions = fs::metadata(&target).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&target, permissions.clone()).unwrap();
    assert_eq!(write(&target, 2.0), Err(SinkError::ReadOnly { path: target.canonicalize().unwrap() }));
    assert_eq!(read(&target), "item,quantity\nsoap,1\n");
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    fs::set_permissions(&target, permissions).unwrap();
}

#[test]
fn dead_runs_are_tidied_up_and_living_ones_not() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("out");
    let dead = place.path().join(".out.purvey-dead");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join(MARKER), "orders.csv\n").unwrap();
    let living = Output::begin(&target).unwrap();
    assert!(!dead.exists());
    write(&target, 1.0).unwrap();
    assert!(living.staging.path().exists());
}

/// The run that [`a_killed_run_leaves_the_earlier_plan`] kills.
#[test]
#[ignore = "hangs until it is killed; started by another test"]
fn a_run_to_be_killed() {
    let Some(target) = std::env::var_os("PURVEY_TEST_TARGET") else { return };
    let mut output = Output::begin(Path::new(&target)).unwrap();
    output.table(&orders(2.0)).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn a_killed_run_leaves_the_earlier_plan() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("out");
    write(&target, 1.0).unwrap();
    let mut run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "data::sink::tests::a_run_to_be_killed", "--ignored"])
        .env("PURVEY_TEST_TARGET", &target)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let half_written = || {
        let mut staging = names(place.path()).into_iter().filter(|name| name != "out");
        staging.any(|name| place.path().join(name).join("orders.csv").exists())
    };
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !half_written() && std::time::Instant::now() < patience {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(half_written());
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(read(&target), "item,quantity\nsoap,1\n");
    write(&target, 3.0).unwrap();
    assert_eq!(names(place.path()), ["out"]);
}

#[test]
fn a_plan_set_aside_by_a_killed_run_comes_back() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("out");
    write(&target, 1.0).unwrap();
    fs::rename(&target, place.path().join(".out.purvey-x.aside")).unwrap();
    drop(Output::begin(&target).unwrap());
    assert_eq!(
        (read(&target).as_str(), names(place.path())),
        ("item,quantity\nsoap,1\n", vec!["out".to_owned()])
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_stays() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    write(&at("real"), 1.0).unwrap();
    std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
    write(&at("link"), 2.0).unwrap();
    assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
    assert_eq!(read(&at("real")), "item,quantity\nsoap,2\n");
    std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
    assert!(matches!(write(&at("dangling"), 1.0), Err(SinkError::NotOurs { .. })));
}

#[test]
fn names_are_plain_and_one_file_can_be_written_again() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("out");
    let mut output = Output::begin(&target).unwrap();
    for name in ["../x", "a/b", "", ".", MARKER, "/x"] {
        assert!(matches!(output.text(name, ""), Err(SinkError::Name { .. })), "{name}");
    }
    output.text("report.html", "1").unwrap();
    output.finish().unwrap();
    replace_file(&target.join("report.html"), "2").unwrap();
    assert_eq!(fs::read_to_string(target.join("report.html")).unwrap(), "2");
    assert_eq!(names(&target), [".purvey", "report.html"]);
}
