//! Sales history: which rows count in which bucket, and what is known of each.

use super::*;

#[test]
fn rows_of_a_day_are_summed_and_returns_left_out() {
    let sales = "item,date,quantity\nA,2024-01-01,5\nA,2024-01-01,2\nA,2024-01-08,7\nA,2024-01-09,-3\nA,2024-01-15,6\nA,2024-01-22,8\n";
    let problem = read(&[("sales", sales)]);
    assert_eq!(problem.pairs[0].sales, [7.0, 7.0, 6.0, 8.0]);
    assert!(noticed(&problem, "1 row: returns (quantity below 0), left out of demand"));
}

#[test]
fn sales_from_the_plan_date_on_are_not_known() {
    let sales = format!("{SALES}A,2024-01-29,90\nA,2024-02-05,90\n");
    let problem = read(&[("sales", &sales)]);
    assert_eq!(problem.pairs[0].sales, [5.0, 7.0, 6.0, 8.0]);
    assert!(noticed(&problem, "2 rows: dated on the plan date or later"));
}

#[test]
fn an_incomplete_bucket_is_left_out() {
    let sales = format!("{SALES}A,2024-01-29,3\n");
    let stock = "item,date,on_hand\nA,2024-01-31,4\n";
    let problem = read(&[("sales", &sales), ("stock", stock)]);
    assert_eq!(problem.pairs[0].sales, [5.0, 7.0, 6.0, 8.0]);
    assert!(noticed(&problem, "1 row: in the bucket of the plan date, which is incomplete"));
    assert!((problem.locations[0].open_share[0] - 5.0 / 7.0).abs() < 1e-12);
    // Ordered on Wednesday, there on Wednesday a week later, usable from the Monday after.
    assert_eq!(problem.arrival_bucket(&problem.pairs[0].sources[0], 0, 7), 2);
}

#[test]
fn daily_sales_that_end_inside_a_week_leave_that_week_out() {
    let mut sales = "item,date,quantity\n".to_owned();
    for day in date("2024-01-01").iter_days().take(25) {
        sales.push_str(&format!("A,{day},1\n"));
    }
    let problem = read_with(&[("sales", &sales)], &[("bucket", "week")]).unwrap();
    assert_eq!(problem.pairs[0].sales[..3], [7.0; 3]);
    assert!(problem.pairs[0].sales[3].is_nan());
    assert!(noticed(&problem, "sales end on 2024-01-25, within a bucket"));
}

#[test]
fn the_bucket_follows_the_spacing_of_the_data() {
    for (days, wanted) in [(1, Bucket::Day), (7, Bucket::Week), (31, Bucket::Month), (14, Bucket::Week)] {
        let mut sales = "item,date,quantity\n".to_owned();
        for day in date("2020-01-01").iter_days().step_by(days).take(20) {
            sales.push_str(&format!("A,{day},1\n"));
        }
        let problem = read_with(&[("sales", &sales)], &[("plan_date", "2024-01-29")]).unwrap();
        assert_eq!(problem.bucket(), wanted);
    }
}

#[test]
fn missing_dates_are_zero_or_unknown_by_setting() {
    let sales = "item,date,quantity\nA,2024-01-08,7\nA,2024-01-22,8\nB,2024-01-01,1\nB,2024-01-22,1\n";
    let items = "item,unit_cost\nA,2\nB,2\n";
    let problem = read(&[("sales", sales), ("items", items)]);
    let pair = &problem.pairs[0];
    assert!(pair.sales[0].is_nan() && pair.marks[0].inactive);
    assert_eq!(pair.sales[1..], [7.0, 0.0, 8.0]);
    let problem = read_with(&[("sales", sales), ("items", items)], &[("missing_dates", "unknown")]).unwrap();
    assert!(problem.pairs[0].sales[2].is_nan() && !problem.pairs[0].marks[2].inactive);
}

#[test]
fn buckets_after_the_last_sale_of_all_are_unknown() {
    let problem = read_with(&[], &[("plan_date", "2024-02-12")]).unwrap();
    assert_eq!(problem.history_buckets, 6);
    assert!(problem.pairs[0].sales[4..].iter().all(|sales| sales.is_nan()));
    assert!(noticed(&problem, "no sales in the last 2 buckets before the plan date"));
}

#[test]
fn stock_outs_come_from_flags_and_from_empty_stock() {
    let sales = "item,date,quantity,stock_out,exceptional\nA,2024-01-01,5,no,yes\nA,2024-01-08,7,yes,no\nA,2024-01-22,8,no,no\n";
    let history = "item,date,on_hand\nA,2024-01-16,0\nA,2024-01-22,0\nA,2024-01-02,3\n";
    let problem = read(&[("sales", sales), ("stock_history", history)]);
    let censored: Vec<bool> = problem.pairs[0].marks.iter().map(|mark| mark.censored).collect();
    assert_eq!(censored, [false, true, true, false]);
    assert!(problem.pairs[0].marks[0].excluded);
    assert_eq!(problem.pairs[0].sales[2], 0.0);
}

#[test]
fn life_cycle_and_closures_make_buckets_inactive() {
    let items = "item,unit_cost,start_date,end_date\nA,2,2024-01-08,2024-02-18\n";
    let calendar = "date,until,kind\n2024-01-15,2024-01-21,closure\n2024-01-22,,closure\n2024-02-05,2024-02-11,closure\n";
    let problem = read(&[("items", items), ("calendar", calendar)]);
    let pair = &problem.pairs[0];
    let inactive: Vec<bool> = pair.marks.iter().map(|mark| mark.inactive).collect();
    assert_eq!(inactive, [true, false, true, false]);
    assert!(pair.marks[3].excluded && pair.sales[0].is_nan() && pair.sales[2].is_nan());
    assert_eq!((problem.items[0].start, problem.items[0].end), (Some(-3), Some(3)));
    assert_eq!(problem.locations[0].open_share[..3], [1.0, 0.0, 1.0]);
    assert!(!problem.locations[0].may_order[1]);
    // An order of bucket 1 is impossible, one of bucket 2 would come after the end.
    let source = &pair.sources[0];
    let may: Vec<bool> = (0..4).map(|bucket| problem.may_order(pair, source, bucket)).collect();
    assert_eq!(may, [true, false, false, false]);
}

#[test]
fn a_predecessor_lends_its_history() {
    let items = "item,unit_cost,predecessor,predecessor_share\nA,2,,\nB,2,A,0.5\nC,2,B,\n";
    let stock = "item,date,on_hand\nA,2024-01-29,4\nB,2024-01-29,0\nC,2024-01-29,0\n";
    let sales = format!("{SALES}B,2024-01-22,9\n");
    let problem = read(&[("items", items), ("stock", stock), ("sales", &sales)]);
    assert_eq!(problem.pairs[1].sales, [2.5, 3.5, 3.0, 9.0]);
    assert_eq!(problem.pairs[2].sales, [2.5, 3.5, 3.0, 9.0]);
    assert!(problem.pairs[2].marks.iter().all(|mark| !mark.inactive));
    let circle = "item,unit_cost,predecessor\nA,2,A\n";
    assert_eq!(fault(&[("items", circle)]), "items.csv:2: A comes after itself [contradiction]");
}
