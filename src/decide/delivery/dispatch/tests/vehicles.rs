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
