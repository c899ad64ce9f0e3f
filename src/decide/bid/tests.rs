#![allow(clippy::unwrap_used, clippy::print_stdout)]
use super::*;

fn log(rows: &[(&str, &str, f64, f64)]) -> Table {
    Table::new("auctions")
        .with_text("auction", rows.iter().map(|row| row.0))
        .with_text("option", rows.iter().map(|row| row.1))
        .with_number("value", rows.iter().map(|row| row.2))
        .with_number("cost", rows.iter().map(|row| row.3))
}

const PURSE: Purse = Purse { budget: 4.0, expected: None, price: Some(1.5) };

#[test]
fn a_log_is_replayed_option_by_option_and_bounded() {
    let rows =
        [("a", "high", 4.0, 2.0), ("a", "low", 2.5, 1.0), ("b", "high", 1.0, 1.0), ("c", "low", 9.0, 2.0)];
    let bids = replay_log(&log(&rows), &PURSE).unwrap();
    // At 1.5: 4 - 3 and 2.5 - 1.5 are equal, and the first of equals is taken; b is worth less than it costs.
    let table = bids.table();
    let options: Vec<&str> = (0..3).map(|row| table.text("option").unwrap().get(row)).collect();
    assert_eq!(options, ["high", "", "low"]);
    assert_eq!((bids.taken(), bids.spent, bids.value), (2, 4.0, 13.0));
    assert_eq!((table.number("cost").unwrap(), bids.hindsight.bound), (&[2.0, 0.0, 2.0][..], 13.0));
    assert!(bids.regret().abs() < 1e-12);
    assert!(bids.present("log", "EUR").headline[0].starts_with("2 of 3 auctions taken"));
}

#[test]
fn rows_of_an_auction_that_stand_apart_are_told() {
    let apart = log(&[("a", "x", 1.0, 1.0), ("b", "x", 1.0, 1.0), ("a", "y", 1.0, 1.0)]);
    let faults = replay_log(&apart, &PURSE).unwrap_err();
    assert_eq!((faults.as_slice()[0].code, faults.as_slice()[0].row), (Code::DuplicateKey, Some(4)));
    assert!(replay_log(&apart, &Purse { budget: -1.0, ..PURSE }).is_err());
}

#[test]
fn a_simulation_learns_the_best_creative_and_comes_near_the_bound() {
    let simulation = Simulation { auctions: 30_000, creatives: 4, seed: 3 };
    let purse = Purse { budget: 8_000.0, expected: None, price: None };
    let bids = simulate(&simulation, &purse).unwrap();
    assert!(bids.spent <= purse.budget && bids.spent > 0.97 * purse.budget, "{}", bids.spent);
    assert!(bids.value <= bids.hindsight.bound && bids.regret() < 0.15, "{}", bids.regret());
    let known = bids.value_with_known_rates.unwrap();
    assert!(known > bids.value && known > 0.95 * bids.hindsight.bound, "{known}");
    let best = bids.creatives.iter().max_by(|a, b| a.true_rate.total_cmp(&b.true_rate)).unwrap();
    let all: u64 = bids.creatives.iter().map(|creative| creative.seen).sum();
    assert!(best.seen as f64 > 0.6 * all as f64, "{:?}", bids.creatives);
    assert!((best.learned_rate / best.true_rate - 1.0).abs() < 0.15, "{best:?}");
    let again = simulate(&simulation, &purse).unwrap();
    assert_eq!((again.table(), again.value), (bids.table(), bids.value));
    assert!(simulate(&Simulation { creatives: 0, ..simulation }, &purse).is_err());
    println!("{:.0} decisions a second", bids.decisions_per_second());
}
