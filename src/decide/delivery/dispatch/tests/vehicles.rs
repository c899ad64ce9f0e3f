//! Where vehicles load, are held up and report from, and what changes for their drivers.

use super::*;

#[test]
fn goods_lie_where_a_vehicle_that_may_bring_them_loads() {
    let mut all = tables(&[("A", 9.0, 0.0, ""), ("B", 10.0, 0.0, "08:01")], &[], vans(1.0));
    all.insert(
        Table::new("depots")
            .with_text("depot", ["NEAR", "FAR"])
            .with_number("x_km", [10.0, -10.0])
            .with_number("y_km", [0.0, 0.0]),
    );
    all.insert(
        Table::new("vehicles")
            .with_text("vehicle", ["VAN", "CRANE"])
            .with_text("depot", ["NEAR", "FAR"])
            .with_text("shift_start", ["08:00", "08:30"])
            .with_text("shift_end", ["18:00", "18:00"])
            .with_number("capacity_kg", [100.0, 100.0])
            .with_text("skills", ["", "crane"]),
    );
    for (name, kg) in [("visits", 0.0), ("events", 30.0)] {
        let table = all.get(name).unwrap().clone().with_number("delivery_kg", [kg]);
        all.insert(if name == "events" { table.with_text("skills", ["crane"]) } else { table });
    }
    let one = day(all, settings());
    for policy in Policy::ALL {
        // 20 km from FAR after 08:30.
        let (done, outturn) = run(&one, policy);
        assert_eq!(outturn.served, 2, "{policy:?}");
        assert!(served(&one, &done).contains(&at("B", "08:50")), "{policy:?}: {:?}", served(&one, &done));
    }
}

#[test]
fn a_vehicle_held_up_before_its_shift_begins_later() {
    let orders = [("A", 10.0, 0.0, "")];
    let held = [("06:00", "delay", "", "VAN", 30.0), ("06:30", "delay", "", "VAN", 20.0)];
    let one = day(tables(&orders, &held, vans(1.0)), settings());
    for policy in Policy::ALL {
        let (mut done, _) = run(&one, policy);
        assert_eq!(served(&one, &done), [at("A", "09:00")], "{policy:?}: 08:50 and ten minutes");
        for step in &mut done[0] {
            for time in [&mut step.leave, &mut step.arrival, &mut step.start, &mut step.end] {
                *time -= 60.0;
            }
        }
        let rules = check(&one, &done).violations.into_iter().map(|violation| violation.rule);
        assert_eq!(rules.collect::<Vec<_>>(), ["shift"], "a minute earlier it was still held up");
    }
}

#[test]
fn a_position_tells_how_late_a_vehicle_is() {
    // A is 30 minutes away. At 08:10 the van should be at 10, and is at 5: five minutes late.
    let orders = [("A", 30.0, 0.0, ""), ("B", 30.0, 10.0, "08:12")];
    let seen = |x: f64, time: &str| {
        let told = [(time, "position", "", "VAN", f64::NAN)];
        let mut all = tables(&orders, &told, vans(1.0));
        let log = all
            .get("events")
            .unwrap()
            .clone()
            .with_number("x_km", [30.0, x])
            .with_number("y_km", [10.0, 0.0]);
        all.insert(log);
        day(all, settings())
    };
    for (x, time, first) in
        [(5.0, "08:10", "08:35"), (10.0, "08:10", "08:30"), (12.0, "08:10", "08:30"), (0.0, "07:00", "08:30")]
    {
        let one = seen(x, time);
        let (done, _) = run(&one, Policy::Rolling);
        assert_eq!(served(&one, &done)[0], at("A", first), "at {x} at {time}");
    }
    let one = seen(5.0, "08:10");
    let played = play(&one, Policy::Rolling, &Control::default().with_work(100)).unwrap();
    assert!(check(&one, &played.done).violations.is_empty());
    let mut other = one.clone();
    other.replace_positions(&played.observed);
    // What the position said delays the van under every way to dispatch.
    assert_eq!(served(&other, &run(&other, Policy::Nearest).0)[0], at("A", "08:35"));
    let nowhere = tables(&orders, &[("08:10", "position", "", "VAN", f64::NAN)], vans(1.0));
    let faults = Day::read(input(nowhere, settings())).unwrap_err().to_string();
    assert!(faults.contains("events:3: the report names no place where the vehicle is"), "{faults}");
}

/// A day of one van and the stop A, 30 minutes away, with ten minutes of service: from when it is served
/// to when that ends, after positions with their times.
fn served_after(reports: &[(&str, f64)]) -> (String, String) {
    let told: Vec<Event<'_>> =
        reports.iter().map(|&(time, _)| (time, "position", "", "VAN", f64::NAN)).collect();
    let mut all = tables(&[("A", 30.0, 0.0, "")], &told, vans(1.0));
    let log = all.get("events").unwrap().clone();
    let x = reports.iter().map(|&(_, x)| x);
    all.insert(log.with_number("x_km", x).with_number("y_km", reports.iter().map(|_| 0.0)));
    let one = day(all, settings());
    let (done, outturn) = run(&one, Policy::Rolling);
    let step = done[0].iter().find(|step| matches!(step.doing, Doing::Serve(_))).unwrap();
    // The way back takes as long as the way there.
    assert!((outturn.duration - (step.end + 1800.0 - 8.0 * 3600.0 - midnight(&one))).abs() < 1e-6);
    (one.problem.time(step.start), one.problem.time(step.end))
}

/// Midnight of the day.
fn midnight(day: &Day) -> f64 {
    day.problem.data.vehicles[0].shift.start - 8.0 * 3600.0
}

#[test]
fn a_position_is_counted_once() {
    let spans = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    let late = spans("08:35", "08:45");
    assert_eq!(served_after(&[("08:32", 27.0)]), late, "five minutes late");
    assert_eq!(served_after(&[("08:32", 27.0), ("08:34", 29.0)]), late, "the same five minutes");
    assert_eq!(served_after(&[("08:10", 5.0), ("08:20", 15.0), ("08:33", 28.0)]), late);
    let stuck = served_after(&[("08:32", 27.0), ("08:40", 28.0)]);
    assert_eq!(stuck, spans("08:42", "08:52"), "seven minutes more");
}

#[test]
fn a_vehicle_at_its_stop_is_not_late() {
    let spans = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    let punctual = spans("08:30", "08:40");
    // Ten metres off while it serves; then it has left a little early.
    assert_eq!(served_after(&[("08:31", 29.99), ("08:34", 30.01), ("08:38", 29.99)]), punctual);
    assert_eq!(served_after(&[("08:31", 30.0), ("08:38", 25.0)]), punctual);
    let late = spans("08:35", "08:45");
    assert_eq!(served_after(&[("08:32", 27.0), ("08:36", 29.99), ("08:44", 30.0)]), late);
}

#[test]
fn coordinates_need_places_that_have_them() {
    let told = [("08:10", "position", "", "VAN", f64::NAN)];
    let mut all = tables(&[("A", 30.0, 0.0, "")], &told, vans(1.0));
    all.insert(Table::new("visits").with_text("visit", ["A"]).with_number("service_minutes", [10.0]));
    all.insert(Table::new("depots").with_text("depot", ["D"]));
    all.insert(
        Table::new("distances")
            .with_text("from", ["D"])
            .with_text("to", ["A"])
            .with_number("km", [30.0])
            .with_number("minutes", [30.0]),
    );
    let log = all.get("events").unwrap().clone();
    let at_depot = all.clone().with(log.clone().with_text("place", ["D"]));
    for columns in [["x_km", "y_km"], ["longitude", "latitude"]] {
        let seen = columns.iter().fold(log.clone(), |log, column| log.with_number(column, [5.0]));
        let faults = Day::read(input(all.clone().with(seen), settings())).unwrap_err().to_string();
        let begins =
            "events:2: the position is in coordinates, and D has none (depots and visits without: 2)";
        assert!(faults.starts_with(begins), "{faults}");
    }
    let one = day(at_depot, settings());
    let (done, _) = run(&one, Policy::Rolling);
    assert_eq!(served(&one, &done), [at("A", "08:40")], "still at the depot at 08:10");
}

#[test]
fn stops_that_change_their_driver_are_counted_for_every_way() {
    // VAN 1 has the stops of the west until it is held up for hours; their windows make VAN 2 take one.
    let orders = [("A", -30.0, 0.0, ""), ("B", 30.0, 0.0, ""), ("C", 31.0, 0.0, "08:41")];
    let held = [("08:05", "delay", "", "VAN 1", 300.0), ("08:05", "delay", "", "VAN 2", 300.0)];
    let mut all = tables(&orders, &held, vans(2.0));
    let narrow = all.get("visits").unwrap().clone().with_text("window_end", ["09:00", "09:00"]);
    all.insert(narrow.with_text("window_start", ["08:50", "08:50"]));
    let one = day(all, settings());
    for policy in [Policy::Nearest, Policy::Rolling] {
        let played = play(&one, policy, &Control::default().with_work(100)).unwrap();
        assert_eq!(played.changes, 2, "{policy:?}: neither is reached in time, and both drivers knew");
    }
}
