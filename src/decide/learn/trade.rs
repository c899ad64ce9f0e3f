//! Buy, sell or hold, on top of a predicted price.
//!
//! The prediction says what a thing is worth, as a set of equally likely draws. A row may have
//! a price asked, at which it can be bought, and a price offered, at which it can be sold.
//! With a cost of a share s of the price paid and a fee f:
//!
//! - buying at a gains W - a (1 + s) - f, where W is the worth;
//! - selling at o gains o (1 - s) - f - W.
//!
//! Of the two the one with the greater expected gain is done where that gain is at least a
//! margin, a share of the price; else the row is held. The margin of each side is the one that
//! would have gained most on rows held out in learning: prices know things that columns do not,
//! so that what looks cheap is often worth less.

use serde_json::{Value, json};

use super::number;
use crate::data::{Code, Column, Fault, Faults, Kind, Severity, Table};
use crate::predict::tabular::Worths;

/// Trades that a margin must rest on.
const FEWEST_TRADES: usize = 20;

/// A price for each row.
#[derive(Debug, Clone, PartialEq)]
pub enum Price {
    /// The numbers of a column.
    Column(String),
    /// The same for all rows.
    Same(f64),
}

/// At which prices, at what cost, and from which gain on to trade.
///
/// | name | default | meaning | range |
/// |---|---|---|---|
/// | `asked` | none | price at which a row can be bought | above 0 |
/// | `offered` | none | price at which a row can be sold | above 0 |
/// | `cost_share` | 0 | cost of a trade as a share of its price | 0 to below 1 |
/// | `fee` | 0 | cost of a trade besides | 0 and above |
/// | `margin` | none | least expected gain as a share of the price; none: as rows held out say | |
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trade {
    /// Price at which a row can be bought.
    pub asked: Option<Price>,
    /// Price at which a row can be sold.
    pub offered: Option<Price>,
    /// Cost of a trade as a share of its price.
    pub cost_share: f64,
    /// Cost of a trade besides.
    pub fee: f64,
    /// Least expected gain as a share of the price.
    pub margin: Option<f64>,
}

/// What to do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Buy it at the price asked.
    Buy,
    /// Sell it at the price offered.
    Sell,
    /// Neither.
    Hold,
}

impl Move {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Move::Buy => "buy",
            Move::Sell => "sell",
            Move::Hold => "hold",
        }
    }
}

/// One possible trade: what it is expected to gain, and what it gained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance {
    /// Price at which it is done.
    pub price: f64,
    /// Expected gain.
    pub expected: f64,
    /// Probability that it gains anything.
    pub probability: f64,
    /// Gain at the true worth; NaN where that is not known.
    pub gain: f64,
}

/// What is decided for a row. Of a row that is held, the trade is the better one that was not done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decided {
    /// What to do.
    pub action: Move,
    /// The better trade; `None` where the row has no price.
    pub trade: Option<Chance>,
}

/// What decisions gained on rows whose worth is known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Backtest {
    /// Rows with a price and a known worth.
    pub rows: usize,
    /// Rows bought.
    pub bought: usize,
    /// Rows sold.
    pub sold: usize,
    /// Share of the trades that gained.
    pub won: f64,
    /// Gain of all trades, and its standard error.
    pub gain: f64,
    /// Standard error of the gain.
    pub error: f64,
    /// Gain that was expected of these trades.
    pub expected: f64,
    /// Gain where every trade with an expected gain above 0 is done.
    pub gain_without_margin: f64,
    /// Gain where every row is bought, or sold where nothing is asked.
    pub gain_of_all: f64,
    /// Gain of knowing every worth.
    pub gain_of_foresight: f64,
}

/// Margins of buying and selling.
pub type Margins = [f64; 2];

/// Prices of the rows of a table; NaN where there is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices {
    asked: Option<Vec<f64>>,
    offered: Option<Vec<f64>>,
}

/// What is said about the trades of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeAnswer {
    /// The terms.
    pub trade: Trade,
    /// Margins of buying and selling that were kept.
    pub margins: Margins,
    /// Where the margins come from.
    pub because: String,
    /// Gain on rows held out in learning, from which the margins were chosen.
    pub held_out: Option<Backtest>,
    /// Gain on the rows predicted, where their worth is known.
    pub backtest: Option<Backtest>,
    /// What is decided for each row.
    pub decided: Vec<Decided>,
    /// Gain on rows held out by the margin of buying, else of selling.
    pub by_margin: Vec<(f64, f64)>,
}

impl Trade {
    /// The columns that hold prices.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        [&self.asked, &self.offered]
            .into_iter()
            .filter_map(|price| match price {
                Some(Price::Column(name)) => Some(name.as_str()),
                Some(Price::Same(_)) | None => None,
            })
            .collect()
    }

    /// The same columns with their type, for reading.
    #[must_use]
    pub fn known_columns(&self) -> Vec<(&str, Option<Kind>)> {
        self.columns().into_iter().map(|name| (name, Some(Kind::Number))).collect()
    }

    /// The prices of a table's rows; those that are blank or not above 0 are none, and told.
    ///
    /// # Errors
    /// A column of prices that is missing or holds no numbers.
    pub fn prices(&self, table: &Table, notices: &mut Faults) -> Result<Prices, Faults> {
        let mut of = |price: &Option<Price>| -> Result<Option<Vec<f64>>, Faults> {
            match price {
                None => Ok(None),
                Some(Price::Same(price)) => Ok(Some(vec![*price; table.len()])),
                Some(Price::Column(name)) => {
                    let Some(prices) = table.number(name) else {
                        let fault = Fault::error(Code::MissingColumn, table.file(), "there are no prices");
                        return Err(fault.in_column(name, "").with_help("name a column of numbers").into());
                    };
                    let known: Vec<f64> =
                        prices.iter().map(|price| if *price > 0.0 { *price } else { f64::NAN }).collect();
                    let none = known.iter().filter(|price| price.is_nan()).count();
                    if none > 0 {
                        let message = format!("{name} is no price above 0 in {none} rows: not traded");
                        let fault = Fault::error(Code::LeftOut, table.file(), message);
                        notices.push(fault.with_severity(Severity::Notice).in_column(name, ""));
                    }
                    Ok(Some(known))
                }
            }
        };
        Ok(Prices { asked: of(&self.asked)?, offered: of(&self.offered)? })
    }

    /// The possible trades of a row, buying first, for its draws and true worth.
    fn trades(&self, prices: &Prices, row: usize, draws: &[f64], worth: f64) -> [Option<Chance>; 2] {
        let chance = |price: f64, gain: &dyn Fn(f64) -> f64| {
            let n = draws.len() as f64;
            Chance {
                price,
                expected: draws.iter().map(|w| gain(*w)).sum::<f64>() / n,
                probability: draws.iter().filter(|w| gain(**w) > 0.0).count() as f64 / n,
                gain: gain(worth),
            }
        };
        let price = |side: &Option<Vec<f64>>| side.as_ref().map(|of| of[row]).filter(|x| !x.is_nan());
        let (share, fee) = (self.cost_share, self.fee);
        [
            price(&prices.asked).map(|a| chance(a, &|worth| worth - a * (1.0 + share) - fee)),
            price(&prices.offered).map(|o| chance(o, &|worth| o * (1.0 - share) - fee - worth)),
        ]
    }

    /// All possible trades of rows.
    fn all_trades(
        &self,
        prices: &Prices,
        worths: &Worths,
        truth: Option<&[f64]>,
    ) -> Vec<[Option<Chance>; 2]> {
        let worth = |row: usize| truth.map_or(f64::NAN, |truth| truth[row]);
        let mut draws = Vec::new();
        (0..worths.rows())
            .map(|row| {
                worths.fill(row, &mut draws);
                self.trades(prices, row, &draws, worth(row))
            })
            .collect()
    }
}

impl Prices {
    /// The prices of some rows.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let of = |side: &Option<Vec<f64>>| {
            side.as_ref().map(|prices| rows.iter().map(|row| prices[*row as usize]).collect())
        };
        Prices { asked: of(&self.asked), offered: of(&self.offered) }
    }
}

/// What to do with rows, by their possible trades.
fn decide(trades: &[[Option<Chance>; 2]], margins: Margins) -> Vec<Decided> {
    let of_row = |sides: &[Option<Chance>; 2]| {
        let best = match sides {
            [Some(buy), Some(sell)] if sell.expected > buy.expected => Some((Move::Sell, 1, *sell)),
            [Some(buy), _] => Some((Move::Buy, 0, *buy)),
            [None, Some(sell)] => Some((Move::Sell, 1, *sell)),
            [None, None] => None,
        };
        match best {
            Some((action, side, trade)) if trade.expected >= margins[side] * trade.price => {
                Decided { action, trade: Some(trade) }
            }
            best => Decided { action: Move::Hold, trade: best.map(|(.., trade)| trade) },
        }
    };
    trades.iter().map(of_row).collect()
}

/// What rows with a known worth gained.
fn backtest(trades: &[[Option<Chance>; 2]], margins: Margins) -> Backtest {
    let decided = decide(trades, margins);
    let known = |chance: &Chance| !chance.gain.is_nan();
    let mut told = Backtest { won: f64::NAN, ..Backtest::default() };
    let mut squares = 0.0;
    let mut won = 0;
    for (sides, decided) in trades.iter().zip(&decided) {
        let best = sides.iter().flatten().filter(|chance| known(chance));
        let Some(most) = best.clone().map(|chance| chance.gain).reduce(f64::max) else { continue };
        told.rows += 1;
        told.gain_of_foresight += most.max(0.0);
        told.gain_of_all += best.clone().next().map_or(0.0, |chance| chance.gain);
        let Some(trade) = decided.trade.filter(|_| decided.action != Move::Hold) else { continue };
        told.bought += usize::from(decided.action == Move::Buy);
        told.sold += usize::from(decided.action == Move::Sell);
        won += usize::from(trade.gain > 0.0);
        told.gain += trade.gain;
        told.expected += trade.expected;
        squares += trade.gain * trade.gain;
    }
    let done = told.bought + told.sold;
    if done > 0 {
        told.won = won as f64 / done as f64;
    }
    // The spread over all rows, those that are held gaining nothing.
    let n = told.rows.max(1) as f64;
    told.error = (squares - told.gain * told.gain / n).max(0.0).sqrt();
    if margins != [0.0; 2] {
        let plain = decide(trades, [0.0; 2]);
        let done = plain.iter().filter(|decided| decided.action != Move::Hold);
        let gains = done.filter_map(|decided| decided.trade).map(|trade| trade.gain);
        told.gain_without_margin = gains.filter(|gain| !gain.is_nan()).sum();
    } else {
        told.gain_without_margin = told.gain;
    }
    told
}

/// Edges (expected gain as a share of the price) of the trades of one side that would be the
/// better one, with their gains, the greatest edge first.
fn edges(trades: &[[Option<Chance>; 2]], side: usize) -> Vec<(f64, f64)> {
    let mut edges: Vec<(f64, f64)> = trades
        .iter()
        .filter_map(|sides| {
            let mine = sides[side]?;
            let is_better = sides[1 - side].is_none_or(|other| match side {
                0 => mine.expected >= other.expected,
                _ => mine.expected > other.expected,
            });
            (is_better && !mine.gain.is_nan()).then_some((mine.expected / mine.price, mine.gain))
        })
        .collect();
    edges.sort_by(|a, b| b.0.total_cmp(&a.0));
    edges
}

/// The edge from which on trades gain most, with the gain by edge.
fn best_margin(edges: &[(f64, f64)]) -> (f64, Vec<(f64, f64)>) {
    let mut sum = 0.0;
    let mut by_margin = Vec::new();
    for (at, (edge, gain)) in edges.iter().enumerate() {
        sum += gain;
        // Trades of equal edge are done together.
        if edges.get(at + 1).is_none_or(|(next, _)| next < edge) {
            by_margin.push((at + 1, *edge, sum));
        }
    }
    let enough = by_margin.iter().filter(|(trades, ..)| *trades >= FEWEST_TRADES);
    let best = enough.fold(None, |best: Option<&(usize, f64, f64)>, next| match best {
        Some(best) if best.2 >= next.2 => Some(best),
        _ => Some(next),
    });
    let margin = match best {
        Some((_, edge, gain)) if *gain > 0.0 => *edge,
        // Nothing gains: only what looks better than all that was seen.
        Some(_) => by_margin.first().map_or(0.0, |(_, edge, _)| edge.max(0.0)),
        None => 0.0,
    };
    (margin, by_margin.into_iter().map(|(_, edge, gain)| (edge, gain)).collect())
}

/// Rows held out in learning, to choose margins from.
pub(super) struct HeldOutRows<'a> {
    pub(super) prices: &'a Prices,
    pub(super) worths: Worths,
    pub(super) truth: &'a [f64],
}

/// Rows to decide about.
pub(super) struct NewRows<'a> {
    pub(super) prices: &'a Prices,
    pub(super) worths: Worths,
    pub(super) truth: Option<&'a [f64]>,
}

/// Decides for rows; margins are those given, else those of rows held out, else those saved, else 0.
pub(super) fn answer(
    trade: &Trade,
    held_out: Option<&HeldOutRows<'_>>,
    saved: Option<Margins>,
    rows: &NewRows<'_>,
) -> TradeAnswer {
    let seen = held_out.map(|rows| trade.all_trades(rows.prices, &rows.worths, Some(rows.truth)));
    let found = seen.as_ref().map(|trades| [0, 1].map(|side| best_margin(&edges(trades, side))));
    let (margins, because) = match (trade.margin, &found, saved) {
        (Some(margin), ..) => ([margin; 2], "given"),
        (None, Some([buy, sell]), _) => ([buy.0, sell.0], "gained most on rows held out"),
        (None, None, Some(margins)) => (margins, "saved with the model"),
        (None, None, None) => ([0.0; 2], "no rows held out had prices"),
    };
    let trades = trade.all_trades(rows.prices, &rows.worths, rows.truth);
    let by_margin = found.map_or_else(Vec::new, |[buy, sell]| if buy.1.is_empty() { sell.1 } else { buy.1 });
    let backtested = backtest(&trades, margins);
    TradeAnswer {
        trade: trade.clone(),
        margins,
        because: because.to_owned(),
        held_out: seen.map(|trades| backtest(&trades, margins)),
        backtest: (backtested.rows > 0).then_some(backtested),
        decided: decide(&trades, margins),
        by_margin,
    }
}

impl TradeAnswer {
    /// Adds what is decided to a table of predictions.
    pub(super) fn add_to(&self, predictions: &mut Table) {
        let words = self.decided.iter().map(|decided| decided.action.as_str());
        predictions.set("decision", Column::Text(words.collect()));
        let of = |value: fn(&Chance) -> f64| -> Column {
            Column::Number(self.decided.iter().map(|d| d.trade.as_ref().map_or(f64::NAN, value)).collect())
        };
        predictions.set("expected_gain", of(|trade| trade.expected));
        predictions.set("probability_of_gain", of(|trade| trade.probability));
        if self.backtest.is_some() {
            let gain = |decided: &Decided| match (decided.action, decided.trade) {
                (Move::Buy | Move::Sell, Some(trade)) => trade.gain,
                _ => 0.0,
            };
            predictions.set("gain", Column::Number(self.decided.iter().map(gain).collect()));
        }
    }

    /// How many rows are bought, sold and held.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        [Move::Buy, Move::Sell, Move::Hold]
            .map(|action| self.decided.iter().filter(|decided| decided.action == action).count())
    }

    /// Its part of the document.
    pub(super) fn document(&self) -> Value {
        let [buy, sell, hold] = self.counts();
        json!({
            "cost_share": self.trade.cost_share,
            "fee": self.trade.fee,
            "margin_buy": number(self.margins[0]),
            "margin_sell": number(self.margins[1]),
            "margin_because": self.because,
            "buy": buy,
            "sell": sell,
            "hold": hold,
            "held_out": self.held_out.as_ref().map(Backtest::document),
            "backtest": self.backtest.as_ref().map(Backtest::document),
        })
    }
}

impl Backtest {
    fn document(&self) -> Value {
        json!({
            "rows": self.rows,
            "bought": self.bought,
            "sold": self.sold,
            "won": number(self.won),
            "gain": number(self.gain),
            "gain_standard_error": number(self.error),
            "expected_gain": number(self.expected),
            "gain_without_margin": number(self.gain_without_margin),
            "gain_of_all": number(self.gain_of_all),
            "gain_of_foresight": number(self.gain_of_foresight),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::control::Control;
    use crate::decide::learn::Lesson;
    use crate::predict::tabular::LearnOptions;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Things whose worth is known up to a factor of noise, asked at a price around the worth.
    ///
    /// With `knowing` the price follows the noise that the columns do not tell.
    fn things(rows: usize, knowing: f64, seed: u64) -> Table {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = || rng.random::<f64>() - 0.5;
        let (mut size, mut price, mut asked, mut offered) = (vec![], vec![], vec![], vec![]);
        for _ in 0..rows {
            let x = 5.5 + draw();
            let (noise, ask, offer) = (0.4 * draw(), 0.5 * draw(), 0.5 * draw());
            size.push(x);
            price.push(100.0 * x * (1.0 + noise));
            asked.push(100.0 * x * (1.0 + knowing * noise + ask));
            offered.push(100.0 * x * (1.0 + knowing * noise + offer));
        }
        Table::new("things")
            .with_number("size", size)
            .with_number("price", price)
            .with_number("asked", asked)
            .with_number("offered", offered)
    }

    fn terms() -> Trade {
        let column = |name: &str| Some(Price::Column(name.to_owned()));
        Trade { asked: column("asked"), offered: column("offered"), cost_share: 0.02, fee: 3.0, margin: None }
    }

    fn decided(knowing: f64) -> TradeAnswer {
        let control = Control::default();
        let (train, test) = (things(3000, knowing, 1), things(3000, knowing, 2));
        let lesson =
            Lesson::learn_to_trade(&train, "price", terms(), &LearnOptions::default(), &control).unwrap();
        assert!(lesson.model().schema().features.iter().all(|feature| feature.name == "size"));
        let answer = lesson.answer(Some(&test), 2, &control).unwrap();
        assert_eq!(answer.predictions.text("decision").unwrap().index().len(), 3000);
        answer.trade.unwrap()
    }

    /// Expected gain and probability of a gain are those of a simulation of the true law.
    #[test]
    fn gains_are_those_of_a_simulation() {
        let told = decided(0.0);
        let test = things(3000, 0.0, 2);
        let [size, asked] = ["size", "asked"].map(|name| test.number(name).unwrap());
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (mut off, mut off_probability, mut bought) = (0.0, 0.0, 0.0);
        let buys = told.decided.iter().enumerate().filter(|(_, decided)| decided.action == Move::Buy);
        for (row, decided) in buys.take(300) {
            let paid = asked[row] * 1.02 + 3.0;
            let gains: Vec<f64> = (0..2000)
                .map(|_| 100.0 * size[row] * (1.0 + 0.4 * (rng.random::<f64>() - 0.5)) - paid)
                .collect();
            let mean = gains.iter().sum::<f64>() / 2000.0;
            let probability = gains.iter().filter(|gain| **gain > 0.0).count() as f64 / 2000.0;
            let trade = decided.trade.unwrap();
            off += (trade.expected - mean).abs() / asked[row];
            off_probability += (trade.probability - probability).abs();
            bought += 1.0;
        }
        assert!(bought > 200.0 && off / bought < 0.02, "{off} of {bought}");
        assert!(off_probability / bought < 0.06, "{off_probability} of {bought}");
        let test = told.backtest.unwrap();
        assert!((test.gain - test.expected).abs() < 3.0 * test.error, "{test:?}");
        assert!(test.gain > test.gain_of_all && test.gain < test.gain_of_foresight, "{test:?}");
        assert!(test.bought > 500 && test.sold > 500 && told.counts()[2] > 100, "{test:?}");
    }

    /// Where prices know more than the columns, a margin earns on fresh rows what trading on every
    /// expected gain loses.
    #[test]
    fn a_margin_guards_against_prices_that_know_more() {
        let told = decided(0.95);
        let test = told.backtest.unwrap();
        assert!(told.margins[0] > 0.01, "{:?}", told.margins);
        assert!(test.gain > test.gain_without_margin, "{test:?}");
        assert!(test.gain_without_margin < test.expected, "{test:?}");
    }

    #[test]
    fn the_margin_is_the_best_of_all() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let mut edges: Vec<(f64, f64)> = (0..500)
            .map(|_| {
                let edge = (rng.random::<f64>() * 40.0).round() / 100.0 - 0.2;
                (edge, edge - 0.08 + rng.random::<f64>() - 0.5)
            })
            .collect();
        edges.sort_by(|a, b| b.0.total_cmp(&a.0));
        let gain =
            |margin: f64| edges.iter().filter(|(edge, _)| *edge >= margin).map(|(_, g)| g).sum::<f64>();
        let best = (-20..=20).map(|k| gain(f64::from(k) / 100.0 - 1e-9)).fold(f64::MIN, f64::max);
        let (margin, by_margin) = best_margin(&edges);
        assert!((gain(margin) - best).abs() < 1e-9, "{} for {best}", gain(margin));
        assert!(by_margin.len() <= 41 && by_margin.iter().any(|(edge, _)| *edge == margin));
        let losing: Vec<(f64, f64)> = edges.iter().map(|(edge, _)| (*edge, -1.0)).collect();
        assert!(best_margin(&losing).0 >= edges[0].0);
    }

    #[test]
    fn rows_without_a_price_are_held() {
        let table = Table::new("t").with_number("asked", [5.0, f64::NAN, -1.0]);
        let mut notices = Faults::default();
        let trade = Trade { asked: Some(Price::Column("asked".to_owned())), ..Trade::default() };
        let prices = trade.prices(&table, &mut notices).unwrap();
        assert_eq!(notices.as_slice().len(), 1);
        let buy = |row: usize| trade.trades(&prices, row, &[8.0, 4.0], f64::NAN);
        let decided = decide(&[buy(0), buy(1), buy(2)], [0.0; 2]);
        let actions: Vec<Move> = decided.iter().map(|decided| decided.action).collect();
        assert_eq!(actions, [Move::Buy, Move::Hold, Move::Hold]);
        assert_eq!(decided[0].trade.map(|trade| (trade.expected, trade.probability)), Some((1.0, 0.5)));
        assert!(decided[1].trade.is_none());
        assert!(trade.prices(&Table::new("t").with_number("x", [1.0]), &mut notices).is_err());
    }
}
