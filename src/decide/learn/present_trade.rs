//! How decisions to buy, sell and hold are told to a person.

use super::TradeAnswer;
use super::present::short;
use crate::presentation::{Axis, Block, Figure, Line, LineStyle, Lines, Measure, Section};

/// Most points of the chart.
const POINTS: usize = 40;

impl TradeAnswer {
    /// The decisions in sentences.
    pub(super) fn headline(&self) -> Vec<String> {
        let [buy, sell, hold] = self.counts();
        let mut told = vec![format!("Buy {buy} rows, sell {sell}, hold {hold}.")];
        if let Some(test) = &self.backtest {
            let gain = short(test.gain);
            let mut text = format!(
                "On {} rows whose worth is known this gains {gain} (standard error {})",
                test.rows,
                short(test.error)
            );
            if test.gain_of_foresight > 0.0 {
                let share = 100.0 * test.gain / test.gain_of_foresight;
                text.push_str(&format!(", {share:.0} % of what knowing every worth would"));
            }
            told.push(text + ".");
        }
        told
    }

    /// The terms, the backtest, and the gain by margin.
    pub(super) fn section(&self) -> Section {
        let lead = "A row is traded where the better of its trades is expected to gain the margin or more.";
        let percent = || Measure::percent().with_decimals(1);
        let mut figures = Vec::new();
        for (label, price, margin) in [
            ("Margin of buying", &self.trade.asked, self.margins[0]),
            ("Margin of selling", &self.trade.offered, self.margins[1]),
        ] {
            if price.is_some() {
                figures.push(Figure::number(label, margin, percent()).with_note(self.because.clone()));
            }
        }
        figures.push(Figure::number("Cost of a trade, of its price", self.trade.cost_share, percent()));
        figures.push(Figure::number("Fee of a trade", self.trade.fee, Measure::number()));
        for (where_, test) in [("rows predicted", &self.backtest), ("rows held out", &self.held_out)] {
            let Some(test) = test else { continue };
            let number = |label: &str, value: f64| {
                Figure::number(format!("{label} ({where_})"), value, Measure::number())
            };
            figures.extend([
                number("Gain", test.gain),
                number("Standard error of the gain", test.error),
                number("Gain that was expected", test.expected),
                number("Gain without a margin", test.gain_without_margin),
                number("Gain of trading every row", test.gain_of_all),
                number("Gain of foresight", test.gain_of_foresight),
                Figure::number(format!("Trades that gained ({where_})"), test.won, percent()),
            ]);
        }
        let facts = Block::Facts { title: String::new(), figures };
        let mut section = Section::new("Buy, sell or hold").with_lead(lead).with(facts);
        if !self.by_margin.is_empty() {
            section = section.with(self.chart());
        }
        section
    }

    fn chart(&self) -> Block {
        let stride = self.by_margin.len().div_ceil(POINTS).max(1);
        let points: Vec<&(f64, f64)> = self.by_margin.iter().rev().step_by(stride).collect();
        let line = Line {
            name: "gain".to_owned(),
            values: points.iter().map(|point| point.1).collect(),
            style: LineStyle::Observed,
        };
        Block::Lines(Lines {
            title: "Gain on rows held out by margin".to_owned(),
            description: "What trades with an expected gain of the margin or more gained".to_owned(),
            axis: Axis::Labels(points.iter().map(|point| format!("{:.1} %", 100.0 * point.0)).collect()),
            lines: vec![line],
            ..Lines::default()
        })
    }
}
