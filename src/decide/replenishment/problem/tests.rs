//! Small tables for each rule of the reading.
#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::NaiveDate;

use crate::data::{Code, Declaration, Faults, Settings, Severity, Tables, read_csv};

use super::*;

mod history;

/// Tables from CSV text: `name: header / row / row`, read as files are.
pub(crate) fn tables(texts: &[(&str, &str)]) -> Tables {
    let schema = Problem::schema().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut tables = Tables::default();
    for (name, text) in texts {
        let file = format!("{name}.csv");
        std::fs::write(folder.path().join(&file), text.trim()).unwrap();
        let wanted = schema.table(name).unwrap();
        let (table, faults) = read_csv(&folder.path().join(&file), &file, wanted, &Declaration::default());
        assert!(!faults.has_errors(), "{faults}");
        tables.insert(table);
    }
    tables
}

/// Four weeks of one item, planned on Monday 2024-01-29.
const SALES: &str = "item,date,quantity\nA,2024-01-01,5\nA,2024-01-08,7\nA,2024-01-15,6\nA,2024-01-22,8\n";
const ITEMS: &str = "item,unit_cost,price\nA,2,5\n";
const STOCK: &str = "item,date,on_hand\nA,2024-01-29,4\n";

fn read_with(more: &[(&str, &str)], settings: &[(&str, &str)]) -> Result<Problem, Faults> {
    let mut texts = vec![("sales", SALES), ("items", ITEMS), ("stock", STOCK)];
    for (name, text) in more {
        texts.retain(|(other, _)| other != name);
        texts.push((name, text));
    }
    let settings = settings.iter().fold(Settings::default(), |all, (name, value)| all.with(*name, value));
    Problem::read("test", tables(&texts), &settings)
}

fn read(more: &[(&str, &str)]) -> Problem {
    read_with(more, &[]).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The only fault of these tables.
fn fault(more: &[(&str, &str)]) -> String {
    let faults = read_with(more, &[]).unwrap_err();
    let errors: Vec<_> = faults.as_slice().iter().filter(|f| f.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{faults}");
    errors[0].to_string().lines().next().unwrap().to_owned()
}

fn noticed(problem: &Problem, text: &str) -> bool {
    problem.notices.as_slice().iter().any(|notice| notice.to_string().contains(text))
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn the_plainest_folder_has_sane_defaults() {
    let problem = read(&[]);
    assert_eq!(problem.plan_date, date("2024-01-29"));
    assert_eq!((problem.bucket(), problem.horizon, problem.history_buckets), (Bucket::Week, 4, 4));
    assert_eq!((problem.season_length, problem.scenarios, problem.safety_factor), (52, 200, None));
    let (item, pair) = (&problem.items[0], &problem.pairs[0]);
    assert_eq!(item.service, Service::ShortageCost(3.0));
    assert!((item.holding_cost - 0.2 * 2.0 * 7.0 / 365.25).abs() < 1e-12 && item.lost_sales);
    assert_eq!((item.waste_cost, item.quantum, item.shelf_life), (2.0, 1.0, None));
    assert_eq!(
        (pair.sales.as_slice(), pair.lots.as_slice()),
        (&[5.0, 7.0, 6.0, 8.0][..], &[(4.0, None)][..])
    );
    assert_eq!(problem.locations[0].code, "main");
    let source = &pair.sources[0];
    assert_eq!((source.lead_time_days.as_slice(), source.multiple, source.moq), (&[(7, 1.0)][..], 1.0, 0.0));
    assert_eq!(problem.suppliers[0].code, "supplier");
    assert_eq!(problem.arrival_bucket(source, 0, 7), 1);
    assert_eq!(problem.order_date(source, 2), Some(date("2024-02-12")));
}

#[test]
fn cases_and_pieces_give_the_same_problem() {
    let pieces = [
        ("sales", "item,date,quantity\nA,2024-01-01,24\nA,2024-01-08,36\nA,2024-01-15,12\nA,2024-01-22,48\n"),
        ("stock", "item,date,on_hand\nA,2024-01-29,60\n"),
        ("suppliers", "supplier\nS\n"),
        (
            "sourcing",
            "item,supplier,moq,order_multiple,unit_price,min_quantity\nA,S,24,12,2,0\nA,S,,,1.5,120\n",
        ),
        ("open_orders", "item,due_date,quantity\nA,2024-02-05,24\n"),
        ("units", "item,unit,factor\nA,case,12\n"),
    ];
    let cases = [
        (
            "sales",
            "item,date,quantity,unit\nA,2024-01-01,2,case\nA,2024-01-08,3,case\nA,2024-01-15,1,case\nA,2024-01-22,4,case\n",
        ),
        ("stock", "item,date,on_hand,unit\nA,2024-01-29,5,case\n"),
        ("suppliers", "supplier\nS\n"),
        (
            "sourcing",
            "item,supplier,moq,moq_unit,order_multiple,multiple_unit,unit_price,price_unit,min_quantity,quantity_unit\n\
             A,S,2,case,1,case,24,case,0,case\nA,S,,,,,18,case,10,case\n",
        ),
        ("open_orders", "item,due_date,quantity,unit\nA,2024-02-05,2,case\n"),
        ("units", "item,unit,factor\nA,case,12\n"),
    ];
    assert_eq!(read(&pieces), read(&cases));
    let problem = read(&cases);
    let source = &problem.pairs[0].sources[0];
    assert_eq!((source.moq, source.multiple), (24.0, 12.0));
    assert_eq!((source.price(0, 119.0), source.price(0, 120.0)), (2.0, 1.5));
    assert_eq!(problem.pairs[0].reference_cost, 1.5);
}

#[test]
fn a_twelfth_of_a_case_converts_exactly() {
    let units = "item,unit,factor,per\nA,piece,1,12\n";
    let mut sales = "item,date,quantity,unit\n".to_owned();
    for _ in 0..12 {
        sales.push_str("A,2024-01-22,1,piece\n");
    }
    let problem = read(&[("units", units), ("sales", &sales)]);
    assert_eq!(problem.pairs[0].sales, [1.0]);
}

#[test]
fn unknown_units_and_untrue_factors_are_faults() {
    let sales = "item,date,quantity,unit\nA,2024-01-01,5,csae\nA,2024-01-08,5,csae\n";
    let units = ("units", "item,unit,factor\nA,case,12\n");
    assert_eq!(
        fault(&[units, ("sales", sales)]),
        "sales.csv:2: unit is \"csae\": no unit of item A [unknown-unit]"
    );
    let items = "item,unit,unit_cost\nA,case,2\n";
    let told = fault(&[units, ("items", items)]);
    assert_eq!(
        told,
        "units.csv:2: case is the stock unit of A, so its factor is 1 and not 12 [contradiction]"
    );
}

#[test]
fn stock_counts_of_the_latest_date_count() {
    let stock = "item,date,on_hand,expiry\nA,2024-01-22,99,\nA,2024-01-28,3,2024-02-13\nA,2024-01-28,2,2024-01-30\n\
                 A,2024-01-28,8,2024-01-20\nA,2024-02-05,50,\n";
    let problem = read_with(&[("stock", stock)], &[("plan_date", "2024-01-29")]).unwrap();
    // Good until Tuesday 13: the last whole week ends on the 11th. Good until the 30th: this week at least.
    assert_eq!(problem.pairs[0].lots, [(2.0, Some(0)), (3.0, Some(1))]);
    assert_eq!(problem.items[0].shelf_life, Some(problem.horizon + 1));
    for text in ["1 row: older than the latest", "1 row: dated after the plan date", "1 row: expired before"]
    {
        assert!(noticed(&problem, text), "{text}");
    }
    assert!(noticed(&problem, "is older than the plan date 2024-01-29"));
}

#[test]
fn negative_stock_is_owed_unless_sales_are_lost() {
    let stock = ("stock", "item,date,on_hand\nA,2024-01-29,-6\n");
    let problem = read(&[stock]);
    assert!(problem.pairs[0].backorder == 0.0 && noticed(&problem, "negative stock of an item"));
    let problem = read(&[stock, ("items", "item,unit_cost,unmet_demand\nA,2,backorder\n")]);
    assert!(problem.pairs[0].backorder == 6.0 && problem.pairs[0].lots.is_empty());
    assert_eq!(problem.items[0].service, Service::CycleServiceLevel(0.95));
}

#[test]
fn open_orders_arrive_less_what_came_already() {
    let orders = "item,supplier,order_date,due_date,quantity,received\nA,S,2024-01-22,2024-02-05,10,4\n\
                  A,S,2024-01-10,2024-01-20,3,\nA,S,2024-01-22,,5,\nA,S,,2030-01-01,9,\nA,S,,2024-02-05,4,4\n";
    let problem = read(&[("open_orders", orders)]);
    assert_eq!(problem.pairs[0].inflow[..3], [8.0, 6.0, 0.0]);
    for text in ["1 row: overdue", "1 row: due after the horizon", "1 row: received whole"] {
        assert!(noticed(&problem, text), "{text}");
    }
}

#[test]
fn an_accepted_plan_reads_back_as_open_orders() {
    let orders = "item,location,supplier,order_date,arrival_date,quantity\nA,main,supplier,2024-01-29,2024-02-05,12\n\
                  A,main,supplier,2024-02-05,2024-02-12,6\n";
    let problem = read(&[("open_orders", orders)]);
    assert_eq!(problem.pairs[0].inflow[..4], [0.0, 12.0, 6.0, 0.0]);
}

#[test]
fn customer_orders_are_promises_and_overdue_ones_are_owed() {
    let orders = "item,due_date,quantity,shipped\nA,2024-02-07,10,4\nA,2024-02-08,1,\nA,2024-01-20,3,\n";
    let problem = read(&[("customer_orders", orders)]);
    assert_eq!((problem.pairs[0].promised[1], problem.pairs[0].backorder), (7.0, 0.0));
    // Four on hand less the three that are owed.
    assert_eq!(problem.pairs[0].lots, [(1.0, None)]);
}

#[test]
fn overrides_are_spread_over_their_days() {
    let overrides = "item,from,until,quantity\nA,2024-02-01,2024-02-11,22\nA,2024-01-08,2024-01-14,9\n";
    let problem = read(&[("overrides", overrides)]);
    let found: Vec<_> = problem.pairs[0].overrides.iter().map(|o| (o.bucket, o.quantity, o.share)).collect();
    assert_eq!(found, [(-3, 9.0, 1.0), (0, 8.0, 4.0 / 7.0), (1, 14.0, 1.0)]);
    let twice = "item,from,until,quantity\nA,2024-02-01,2024-02-11,22\nA,2024-02-05,2024-02-06,9\n";
    assert_eq!(
        fault(&[("overrides", twice)]),
        "overrides.csv:3: overlaps the override of row 2 [contradiction]"
    );
}

#[test]
fn receipts_teach_lead_times_and_supply_fill() {
    let mut receipts = "item,supplier,order_date,receipt_date,ordered,received\n".to_owned();
    for k in 0..8 {
        receipts.push_str(&format!("A,S,2023-11-0{},2023-11-1{},10,{}\n", k + 1, k + 1 + k % 2, 9));
    }
    let suppliers = ("suppliers", "supplier,lead_time_days\nS,7\n");
    let problem = read(&[suppliers, ("receipts", &receipts)]);
    let source = &problem.pairs[0].sources[0];
    assert_eq!((source.lead_time_days.as_slice(), source.supply_fill), (&[(10, 0.5), (11, 0.5)][..], 0.9));
    // A stated lead time of the item counts before deliveries of other items.
    let items = "item,unit_cost\nA,2\nB,2\n";
    let stock = "item,date,on_hand\nA,2024-01-29,4\nB,2024-01-29,4\n";
    let sourcing = "item,supplier,lead_time_days\nA,S,\nB,S,3\n";
    let more =
        [suppliers, ("receipts", &receipts), ("items", items), ("stock", stock), ("sourcing", sourcing)];
    let problem = read(&more);
    assert_eq!(problem.pairs[1].sources[0].lead_time_days, [(3, 1.0)]);
    let few: String = receipts.lines().take(8).map(|line| format!("{line}\n")).collect();
    assert_eq!(read(&[suppliers, ("receipts", &few)]).pairs[0].sources[0].lead_time_days, [(7, 1.0)]);
}

#[test]
fn order_days_and_review_periods_decide_when() {
    let suppliers = "supplier,order_days,review_period\nS,\"thu\",2\n";
    let calendar = "date,kind,supplier\n2024-02-15,closure,S\n";
    let problem = read(&[("suppliers", suppliers), ("calendar", calendar)]);
    let source = &problem.pairs[0].sources[0];
    let dates: Vec<_> = (0..5).map(|bucket| problem.order_date(source, bucket)).collect();
    assert_eq!(dates, [Some(date("2024-02-01")), None, None, None, Some(date("2024-02-29"))]);
    // Ordered on Thursday of week 0, seven days: usable from the Monday of week 2.
    assert_eq!(problem.arrival_bucket(source, 0, 7), 2);
    assert_eq!(problem.suppliers[0].takes_orders[..3], [true, false, false]);
}

#[test]
fn dated_prices_hold_in_their_buckets() {
    let sourcing = "item,supplier,unit_price,min_quantity,valid_from,valid_until\nA,S,2,0,,\nA,S,1.8,50,,\n\
                    A,S,1.5,0,2024-02-05,2024-02-18\n";
    let problem = read(&[("suppliers", "supplier\nS\n"), ("sourcing", sourcing)]);
    let source = &problem.pairs[0].sources[0];
    let prices: Vec<f64> = (0..4).map(|bucket| source.price(bucket, 10.0)).collect();
    assert_eq!(prices, [2.0, 1.5, 1.5, 2.0]);
    assert_eq!(source.price(3, 50.0), 1.8);
    assert_eq!(source.breaks(1).count(), 2);
    assert_eq!(problem.pairs[0].reference_cost, 1.5);
}

#[test]
fn terms_of_a_location_count_before_those_for_all() {
    let sales = "item,location,date,quantity\nA,N,2024-01-01,5\nA,S,2024-01-01,5\n";
    let sourcing = "item,supplier,location,moq,preference\nA,X,,10,2\nA,X,N,20,\nA,Y,,5,1\n";
    let problem = read(&[
        ("sales", sales),
        ("stock", "item,location,date,on_hand\nA,N,2024-01-29,4\n"),
        ("suppliers", "supplier\nX\nY\n"),
        ("sourcing", sourcing),
    ]);
    let moqs = |pair: usize| -> Vec<(usize, f64)> {
        problem.pairs[pair].sources.iter().map(|source| (source.supplier, source.moq)).collect()
    };
    assert_eq!(moqs(0), [(1, 5.0), (0, 20.0)]);
    assert_eq!(moqs(1), [(1, 5.0), (0, 10.0)]);
    assert!(noticed(&problem, "1 item at a location has no stock row"));
}

#[test]
fn contradictions_name_both_rows() {
    let s = ("suppliers", "supplier\nS\nT\n");
    let cases: [(&[(&str, &str)], &str); 8] = [
        (
            &[s, ("sourcing", "item,supplier,moq,min_quantity\nA,S,5,0\nA,S,6,9\n")],
            "sourcing.csv:3: moq is 6 here and 5 in row 2, for the same source [contradiction]",
        ),
        (
            &[s, ("sourcing", "item,supplier,share\nA,S,0.5\nA,T,0.6\n")],
            "sourcing.csv:2: the shares of A add up to 1.1 (rows 2, 3) [contradiction]",
        ),
        (
            &[s, ("sourcing", "item,supplier,share\nA,S,0.5\nA,T,\n")],
            "sourcing.csv:2: 1 of 2 sources of A have a share (rows 2, 3) [contradiction]",
        ),
        (
            &[s, ("sourcing", "item,supplier,order_multiple\nA,S,2.5\n")],
            "sourcing.csv:2: order_multiple is 2.5 stock units, but quantities of A go in steps of 1 [contradiction]",
        ),
        (
            &[("items", "item,unit_cost,shortage_cost,fill_rate\nA,2,3,0.9\n")],
            "items.csv:2: shortage_cost and fill_rate are given, and each states what a shortage is worth [contradiction]",
        ),
        (
            &[("items", "item,unit_cost,start_date,end_date\nA,2,2024-02-01,2024-01-01\n")],
            "items.csv:2: A ends on 2024-01-01, before it starts on 2024-02-01 [contradiction]",
        ),
        (
            &[("items", "item,unit_cost\nA,0\n")],
            "items.csv:2: holding A costs nothing, so a service target has no price [contradiction]",
        ),
        (
            &[s, ("locks", "item,supplier,order_date,quantity\nA,S,2024-01-29,5\nA,S,2024-01-30,5\n")],
            "locks.csv:3: row 2 locks the order of the same bucket and supplier already [duplicate-key]",
        ),
    ];
    for (more, wanted) in cases {
        assert_eq!(fault(more), wanted);
    }
    let twice = "item,date,on_hand\nA,2024-01-29,4\nA,2024-01-29,5\n";
    assert!(fault(&[("stock", twice)]).contains("stands in row 2 already [duplicate-key]"));
}

#[test]
fn locks_stay_in_their_bucket() {
    let locks = "item,order_date,arrival_date,quantity\nA,2024-02-07,2024-02-14,5\nA,2023-02-07,,5\n";
    let problem = read(&[("locks", locks)]);
    let lock = &problem.pairs[0].locks[0];
    assert_eq!((lock.bucket, lock.source, lock.quantity, lock.place.row), (1, 0, 5.0, 2));
    assert!(noticed(&problem, "1 row: outside the horizon"));
}

#[test]
fn covariates_of_history_and_horizon_stand_in_rows() {
    let sales = "item,date,quantity,price,promotion\nA,2024-01-01,5,3,no\nA,2024-01-08,7,2,yes\nA,2024-01-15,6,,no\nA,2024-01-22,8,3,no\n";
    let covariates =
        "date,item,price,promotion,sun\n2024-02-05,A,2.5,yes,\n2024-01-01,,,,6\n2024-01-02,,,,8\n";
    let calendar =
        "date,kind,name\n2024-01-10,holiday,feast\n2024-02-14,holiday,feast\n2024-02-20,event,fair\n";
    let given = [("sales", sales), ("covariates", covariates), ("calendar", calendar)];
    let problem = read_with(&given, &[("horizon", "13")]).unwrap();
    assert_eq!(problem.covariate_names, ["price", "promotion", "holiday feast", "sun"]);
    assert!(noticed(&problem, "event fair never came in the history"));
    let rows: Vec<&[f64]> = problem.pairs[0].covariates.chunks(4).collect();
    assert_eq!(rows.len(), 4 + 13);
    assert_eq!(rows[0][..3], [3.0, 0.0, 0.0]);
    assert_eq!(rows[0][3], 7.0);
    assert_eq!(rows[1][..3], [2.0, 1.0, 1.0]);
    assert_eq!(rows[2][..3], [2.0, 0.0, 0.0]);
    assert_eq!(rows[5][..3], [2.5, 1.0, 0.0]);
    assert_eq!(rows[6][..3], [2.5, 0.0, 1.0]);
    assert!(rows[6][3].is_nan());
}

#[test]
fn settings_are_checked_and_the_horizon_is_long_enough() {
    let problem =
        read_with(&[("suppliers", "supplier,lead_time_days\nS,140\n")], &[("horizon", "4")]).unwrap();
    assert_eq!(problem.horizon, 21);
    assert!(noticed(&problem, "is shorter than the longest lead time"));
    let faults = read_with(&[], &[("safety_factor", "much")]).unwrap_err();
    assert!(faults.to_string().contains("safety_factor is \"much\""), "{faults}");
    let faults = read_with(&[], &[("budget", "-1"), ("horizn", "3")]).unwrap_err();
    assert_eq!(faults.len(), 2);
}

#[test]
fn shelf_lives_count_whole_buckets() {
    for (days, wanted, short) in [(20, 2, false), (21, 3, false), (3, 1, true)] {
        let items = format!("item,unit_cost,shelf_life_days\nA,2,{days}\n");
        let problem = read(&[("items", &items)]);
        assert_eq!(problem.items[0].shelf_life, Some(wanted));
        assert_eq!(noticed(&problem, "shorter than a bucket"), short);
    }
}

#[test]
fn the_contract_is_kept_by_its_own_examples() {
    let schema = Problem::schema().unwrap();
    let texts: Vec<(&str, &str)> =
        schema.tables.iter().map(|table| (table.name.as_str(), table.example.as_str())).collect();
    assert!(texts.iter().all(|(_, text)| text.lines().count() > 1));
    let problem = Problem::read("example", tables(&texts), &Settings::default()).unwrap();
    assert_eq!(problem.pairs.len(), 2);
    let warnings: Vec<String> = problem
        .notices
        .as_slice()
        .iter()
        .filter(|notice| notice.severity == Severity::Warning)
        .map(ToString::to_string)
        .collect();
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn the_methods_of_the_contract_are_the_forecasters() {
    let schema = Problem::schema().unwrap();
    let known: Vec<&str> = crate::predict::series::ALL.iter().map(|method| method.name).collect();
    assert_eq!(schema.setting("method").unwrap().values, known);
}

#[test]
fn unknown_items_are_faults_with_rows() {
    let sales = format!("{SALES}Z,2024-01-01,5\n");
    let told = fault(&[("sales", &sales)]);
    assert_eq!(told, "sales.csv:6: item is \"Z\": not in items.csv [unknown-reference]");
    let code = read_with(&[("sales", &sales)], &[]).unwrap_err().as_slice()[0].code;
    assert_eq!(code, Code::UnknownReference);
}
