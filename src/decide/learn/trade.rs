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
mod tests;
