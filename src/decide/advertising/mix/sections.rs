//! The readout in the report: intervals around the curves, the parts of sales over time, experiments.

use super::readout::{ChannelReadout, POINTS, Parts, Readout};
use crate::data::date_of;
use crate::decide::advertising::problem::Problem;
use crate::presentation::{
    Axis, Band, Block, Column, Line, LineStyle, Lines, Measure, Presentation, Section, Table,
};

impl Readout {
    /// Adds intervals to the curves of the presentation, and the history's section after them.
    pub(in crate::decide::advertising) fn decorate(
        &self,
        problem: &Problem,
        presentation: &mut Presentation,
    ) {
        for block in presentation.sections.iter_mut().flat_map(|section| &mut section.blocks) {
            let Block::Lines(lines) = block else { continue };
            let Some(channel) = self.channels.iter().find(|channel| channel.name == lines.title) else {
                continue;
            };
            // Bands are those of the window, a plan by period draws curves of a period.
            if lines.axis.len() == POINTS + 1 && problem.pacing.is_none() {
                lines.bands.push(Band {
                    name: "90 % of draws".to_owned(),
                    low: channel.band.response.iter().map(|estimate| estimate.low).collect(),
                    high: channel.band.response.iter().map(|estimate| estimate.high).collect(),
                });
            }
        }
        let last = presentation.sections.len().saturating_sub(1);
        if let Some(parts) = &self.parts {
            presentation.sections.insert(last, self.history(problem, parts));
        }
        if !self.geo.is_empty() {
            presentation.sections.insert(last, self.experiments());
        }
    }

    fn history(&self, problem: &Problem, parts: &Parts) -> Section {
        let each =
            |of: &dyn Fn(&ChannelReadout) -> f64| -> Vec<f64> { self.channels.iter().map(of).collect() };
        let number = || Measure::number().with_decimals(2);
        let table = Table::new("What each channel brought")
            .with(Column::text("channel", self.channels.iter().map(|channel| channel.name.clone())))
            .with(Column::number("spend", each(&|channel| channel.spent), Measure::money()).with_total())
            .with(
                Column::number("brought", each(&|channel| channel.contribution.mean), Measure::number())
                    .with_total(),
            )
            .with(Column::number("at least", each(&|channel| channel.contribution.low), Measure::number()))
            .with(Column::number("at most", each(&|channel| channel.contribution.high), Measure::number()))
            .with(Column::number("for a unit of money", each(&|c| c.contribution.mean / c.spent), number()))
            .with(Column::number("one more unit at current spend", each(&ChannelReadout::mroi), number()))
            .with(Column::number("comes after its period", each(&|c| c.carry_over.mean), number()))
            .with(Column::number("greatest after periods", each(&|c| c.peak.mean), number()))
            .from_file("contributions.csv");
        Section::new("What history says")
            .with_lead(
                "The parts add up to sales in every period; intervals hold 90 % of draws from the posterior.",
            )
            .with(Block::Lines(parts.lines(problem)))
            .with(Block::Table(table))
    }

    fn experiments(&self) -> Section {
        let each =
            |of: &dyn Fn(&super::geo::GeoReadout) -> f64| -> Vec<f64> { self.geo.iter().map(of).collect() };
        let share = || Measure::number().with_decimals(4);
        let table = Table::new("Regional experiments")
            .with(Column::text("test", self.geo.iter().map(|test| test.name.clone())))
            .with(Column::text("channel", self.geo.iter().map(|test| test.channel.clone())))
            .with(Column::number("relative effect", each(&|test| test.effect.relative()), share()))
            .with(Column::number("at least", each(&|test| test.effect.interval.0.exp_m1()), share()))
            .with(Column::number("at most", each(&|test| test.effect.interval.1.exp_m1()), share()))
            .from_file("geo_readout.csv");
        Section::new("Regional experiments")
            .with_lead("Change of treated regions against the others, with its 95 % interval.")
            .with(Block::Table(table))
    }
}

impl Parts {
    /// Sales and their parts over time.
    fn lines(&self, problem: &Problem) -> Lines {
        let line = |name: &str, values: Vec<f64>, style| Line { name: name.to_owned(), values, style };
        let mut lines = vec![
            line("sales", self.outcome.clone(), LineStyle::Observed),
            line("expected", self.values.expected(), LineStyle::Expected),
        ];
        for (name, values) in self.named().into_iter().filter(|(name, _)| name != "unexplained") {
            lines.push(Line { name, values: values.to_vec(), style: LineStyle::Level });
        }
        Lines {
            title: "Sales and what they are made of".to_owned(),
            description: format!("{} by period, and the part of each channel.", problem.response_unit),
            measure: Measure::number(),
            axis: Axis::Dates(self.days.iter().filter_map(|day| date_of(*day)).collect()),
            lines,
            ..Lines::default()
        }
    }
}
