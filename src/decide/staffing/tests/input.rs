//! What is told of faulty and odd input.

use super::*;

#[test]
fn faults_are_told_with_their_cell() {
    let odd =
        Table::new("orders").with_text("zone", ["A", "B"]).with_text("time", ["2026-01-05 08:00", "08:00"]);
    let zones = Table::new("zones").with_text("zone", ["A"]);
    let shifts =
        shifts().with_text("start", ["06:30", "14:00", "22:00"]).with_text("weekdays", ["", "moonday", ""]);
    let tables = Tables::default().with(odd.clone()).with(shifts).with(zones);
    let faults = Problem::read("t", tables, &Settings::default()).unwrap_err().to_string();
    for told in [
        "orders:3: zone \"B\" is not in zones",
        "shifts:2: start is \"06:30\": not a full hour of the day",
        "shifts:3: weekdays is \"moonday\"",
    ] {
        assert!(faults.contains(told), "{faults}");
    }
    let faults = Problem::read("t", Tables::default().with(odd).with(super::shifts()), &Settings::default());
    assert!(faults.unwrap_err().to_string().contains("orders:3: time is \"08:00\": not a date with a time"));
}

#[test]
fn a_date_alone_and_half_positions_are_faults() {
    let read = |orders: Table, zones: Option<Table>| {
        let tables = Tables::default().with(orders).with(shifts());
        let tables = if let Some(zones) = zones { tables.with(zones) } else { tables };
        Problem::read("t", tables, &Settings::default())
    };
    let at = |time: &str| Table::new("orders").with_text("zone", ["A"]).with_text("time", [time]);
    let faults = read(at("2026-01-05"), None).unwrap_err().to_string();
    assert!(faults.contains("orders:2: time is \"2026-01-05\": not a date with a time"), "{faults}");
    assert!(read(at("2026-01-05T00:00"), None).is_ok());
    let nan = f64::NAN;
    let zones = |columns: &[(&str, [f64; 2])]| {
        let zones = Table::new("zones").with_text("zone", ["A", "B"]);
        Some(columns.iter().fold(zones, |zones, (name, cells)| zones.with_number(name, *cells)))
    };
    let told = |columns: &[(&str, [f64; 2])]| {
        read(at("2026-01-05 08:00"), zones(columns)).map(|_| ()).map_err(|faults| faults.to_string())
    };
    for (columns, text) in [
        (vec![("latitude", [53.0, nan]), ("longitude", [8.0, nan])], "zones:3: zone \"B\" has no position"),
        (vec![("x_km", [1.0, nan]), ("y_km", [1.0, nan])], "zones:3: zone \"B\" has no position"),
        (
            vec![("latitude", [53.0, 53.0]), ("longitude", [8.0, nan])],
            "zones:3: zone \"B\" has half a position",
        ),
        (vec![("x_km", [1.0, 2.0])], "zones:2: zone \"A\" has half a position: y_km is missing"),
        (
            vec![
                ("latitude", [53.0, nan]),
                ("longitude", [8.0, nan]),
                ("x_km", [nan, 1.0]),
                ("y_km", [nan, 1.0]),
            ],
            "zones:3: zone \"B\" has a position in kilometres, other zones have degrees",
        ),
    ] {
        let faults = told(&columns).unwrap_err();
        assert!(faults.contains(text), "{faults}");
    }
    assert_eq!(told(&[]), Ok(()));
    assert_eq!(told(&[("latitude", [53.0, 53.1]), ("longitude", [8.0, 8.1]), ("x_km", [1.0, nan])]), Ok(()));
}

#[test]
fn many_unknown_zones_are_told_soon() {
    let codes: Vec<String> = (0..20_000).map(|at| format!("ZONE-{at:05}")).collect();
    let orders = Table::new("orders")
        .with_text("zone", codes.iter().map(|code| format!("{code}X")))
        .with_text("time", vec!["2026-01-05 08:00"; codes.len()]);
    let zones = Table::new("zones").with_text("zone", codes.iter().take(2_000).map(String::as_str));
    let tables = Tables::default().with(orders).with(shifts()).with(zones);
    let faults = Problem::read("t", tables, &Settings::default()).unwrap_err();
    assert!(faults.len() >= 20_000);
    // Only so many are compared with all zones.
    let offered = faults.as_slice().iter().filter(|fault| fault.help.contains("did you mean"));
    assert!((1..=100).contains(&offered.count()));
    assert!(faults.to_string().contains("did you mean \"ZONE-00000\"?"), "{faults}");
}

#[test]
fn orders_that_are_left_out_and_a_last_day_alone_are_told() {
    let with = |times: &[&str]| {
        let more = Table::new("orders")
            .with_text("zone", vec!["NORTH"; times.len()])
            .with_text("time", times.iter().copied())
            .with_number("quantity", vec![1.0; times.len()]);
        let mut rows = orders(day("2026-01-05"), 28, &[], 1);
        let schema = Problem::schema().unwrap();
        let number = u32::try_from(rows.len() + 2).unwrap();
        crate::decide::new_rows::merge(&mut rows, &more, schema.table("orders").unwrap(), None, number);
        rows
    };
    let notices = |times: &[&str], settings: Settings| {
        problem(Tables::default().with(with(times)).with(shifts()), settings).notices.to_string()
    };
    assert_eq!(notices(&[], Settings::default()), "");
    let far = notices(&["9999-12-31 08:00"], Settings::default());
    assert!(far.contains("the last day with orders, 9999-12-31, comes 2912"), "{far}");
    assert!(far.contains("the begin of the longest history of 1098 days"), "{far}");
    let known = Settings::default().with("plan_date", "2026-02-02");
    let late = notices(&["9999-12-31 08:00", "2026-02-02 08:00", "1999-01-01 08:00"], known);
    assert!(late.contains("left out: 2; they lie on 2026-02-02, the first day planned, or later"), "{late}");
    assert!(late.contains("left out: 1; they lie before 2023-01-31"), "{late}");
    assert!(!late.contains("the last day with orders"), "{late}");
    assert_eq!(notices(&["2026-02-20 08:00"], Settings::default()), "", "nineteen days are no silence");
}
