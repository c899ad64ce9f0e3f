//! Bids as a table and for a person.

use super::Bids;
use crate::data::{Column, Table};
use crate::presentation::{
    Axis, Block, Column as Shown, Figure, Line, LineStyle, Lines, Measure, Presentation, Section, Style,
    Table as View,
};

/// Points of a drawn line.
const POINTS: usize = 100;

impl Bids {
    /// The table `bids`: `auction,option,value,cost,price`; the option is blank where none was taken.
    #[must_use]
    pub fn table(&self) -> Table {
        self.clone().into_table()
    }

    /// The same without a copy of its columns.
    #[must_use]
    pub fn into_table(self) -> Table {
        let count = self.auctions();
        let table = Table::new("bids");
        let table = match self.auctions {
            Some(names) => table.with_text("auction", names),
            None => table.with_number("auction", (1..=count).map(|number| number as f64)),
        };
        table
            .with("option", Column::Text(self.options))
            .with_number("value", self.values)
            .with_number("cost", self.costs)
            .with_number("price", self.prices)
    }

    /// The bids for a person.
    #[must_use]
    pub fn present(&self, title: &str, currency: &str) -> Presentation {
        let mut presentation = Presentation::new(format!("{title}: bids"));
        presentation.style = Style::for_currency(currency);
        let style = presentation.style.clone();
        let number = |value: f64| style.number(value, &Measure::number());
        presentation.headline.push(format!(
            "{} of {} auctions taken: {} of {} brings a value of {}, {} less than the most that was possible with \
             all auctions known.",
            self.taken(),
            self.auctions(),
            style.money(self.spent),
            style.money(self.budget),
            number(self.value),
            style.percent(self.regret()),
        ));
        if let Some(known) = self.value_with_known_rates {
            presentation.headline.push(format!(
                "With click rates known from the start the value would have been {}.",
                number(known)
            ));
        }
        presentation.figures.extend([
            Figure::number("Value", self.value, Measure::number().with_decimals(2)),
            Figure::number("Bound", self.hindsight.bound, Measure::number().with_decimals(2))
                .with_note("no way of bidding brings more"),
            Figure::number("Spent", self.spent, Measure::money()),
            Figure::number("Unspent", self.budget - self.spent, Measure::money()),
            Figure::number("Last price of money", self.last_price(), Measure::number()),
            Figure::number(
                "Decisions a second",
                self.decisions_per_second(),
                Measure::number().with_decimals(0),
            ),
        ]);
        presentation.sections.push(self.pacing());
        presentation.sections.extend(self.learned());
        presentation
    }

    /// How the budget was used, and what money was worth, over the auctions.
    fn pacing(&self) -> Section {
        let count = self.auctions();
        let mut spent = Vec::with_capacity(count + 1);
        spent.push(0.0);
        self.costs.iter().for_each(|cost| spent.push(spent[spent.len() - 1] + cost));
        let at = |point: usize| point * count / POINTS;
        let points = || 0..=POINTS;
        let line = |name: &str, values: Vec<f64>, style| Line { name: name.to_owned(), values, style };
        let axis = || Axis::Labels(points().map(|point| at(point).to_string()).collect());
        let chart = |title: &str, description: &str, measure: Measure, lines: Vec<Line>| {
            Block::Lines(Lines {
                title: title.to_owned(),
                description: description.to_owned(),
                measure,
                axis: axis(),
                lines,
                ..Lines::default()
            })
        };
        let even = points().map(|point| self.budget * point as f64 / POINTS as f64).collect();
        let prices = points().map(|point| self.prices.get(at(point)).copied().unwrap_or(f64::NAN)).collect();
        Section::new("Pacing")
            .with_lead("Money by auction, and the price that an option has to be worth for a unit of it.")
            .with(chart(
                "Spent so far",
                "Money spent up to each auction, beside an even use of the budget.",
                Measure::money(),
                vec![
                    line("spent", points().map(|point| spent[at(point)]).collect(), LineStyle::Observed),
                    line("even", even, LineStyle::Expected),
                ],
            ))
            .with(chart(
                "Price of money",
                "Value that a unit of money has to bring, by auction; hindsight's is the best constant one.",
                Measure::number(),
                vec![
                    line("price", prices, LineStyle::Observed),
                    line("hindsight", vec![self.hindsight.price; POINTS + 1], LineStyle::Limit),
                ],
            ))
    }

    /// What was learned of the creatives, where there are some.
    fn learned(&self) -> Option<Section> {
        let all = &self.creatives;
        let count = |numbers: Vec<u64>| numbers.into_iter().map(|n| n as f64).collect::<Vec<f64>>();
        let whole = || Measure::number().with_decimals(0);
        let rate = || Measure::number().with_decimals(4);
        let table = View::new("Creatives")
            .with(Shown::text("creative", all.iter().map(|creative| creative.name.clone())))
            .with(Shown::number("seen", count(all.iter().map(|c| c.seen).collect()), whole()))
            .with(Shown::number("clicks", count(all.iter().map(|c| c.clicks).collect()), whole()))
            .with(Shown::number("learned rate", all.iter().map(|c| c.learned_rate), rate()))
            .with(Shown::number("true rate", all.iter().map(|c| c.true_rate), rate()));
        let section = Section::new("What was learned")
            .with_lead("Each creative is tried as often as it may be the best.");
        (!all.is_empty()).then(|| section.with(Block::Table(table)))
    }
}
