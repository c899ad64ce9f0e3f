//! Everything that could break a page: hostile texts, unknown numbers, empty
//! and one-point series, huge values.

use chrono::NaiveDate;
use purvey::presentation::{
    Axis, Bars, Block, Column, Comparison, Detail, Details, Figure, Line, LineStyle, Lines, Measure, Notice,
    Presentation, Section, Severity, Style, Table, Tone, Tornado, Waterfall, WaterfallStep,
};

fn start() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 4, 15).unwrap_or_default()
}

fn line(name: &str, values: Vec<f64>, style: LineStyle) -> Line {
    Line { name: name.to_owned(), values, style }
}

/// The whole report.
pub fn presentation() -> Presentation {
    let hostile = "</script><script>alert('x')</script> & \"quoted\" <!-- ";
    let long = "AnExtremelyLongItemCodeWithoutAnyBlankThatWouldPushEveryLayoutApart".repeat(3);
    let rtl = "مرحبا بالعالم 123 שלום";
    let mut told = Presentation::new(format!("{hostile} {long}"));
    told.style = Style { currency: "<b>$</b>".to_owned(), ..Style::default() };
    told.subtitle = rtl.to_owned();
    told.headline = vec![hostile.to_owned(), long.clone(), String::new()];
    let values = [f64::NAN, f64::INFINITY, -1e300, 1e-300, 0.0, -0.0, 123_456_789_012.345];
    told.figures = values
        .iter()
        .map(|&value| Figure::number(hostile, value, Measure::money()).with_note(long.clone()))
        .collect();
    told.figures.push(Figure::text("words", long.clone()).with_tone(Tone::Bad));
    let texts = [hostile, &long, rtl, "", "日本語の商品名", "🍎🍏", "=1+1"];
    let table = Table::new(hostile)
        .with_caption(long.clone())
        .with(Column::text("item", texts))
        .with(Column::text(long.clone(), texts))
        .with(Column::number("value", values, Measure::money()).with_total().with_help(hostile))
        .with(Column::date("date", [None, Some(start()), Some(NaiveDate::MIN), Some(NaiveDate::MAX)]))
        .grouped_by(["item", "no such column"]);
    let empty = Section::new("Empty")
        .with(Block::Table(Table::new("No rows").interactive()))
        .with(Block::Waterfall(Waterfall::default()))
        .with(Block::Tornado(Tornado::default()))
        .with(Block::Lines(Lines::default()))
        .with(Block::Bars(Bars::default()))
        .with(Block::Comparison(Comparison::default()))
        .with(Block::Details(Details::default()))
        .with(Block::Notices { title: String::new(), notices: Vec::new() })
        .with(Block::Facts { title: String::new(), figures: Vec::new() });
    let charts = Section::new(rtl)
        .with(Block::Bars(Bars {
            title: hostile.to_owned(),
            labels: texts.map(String::from).to_vec(),
            values: values.to_vec(),
            ..Bars::default()
        }))
        .with(Block::Waterfall(Waterfall {
            title: "Unknown and huge steps".to_owned(),
            steps: values
                .iter()
                .zip(texts)
                .map(|(&value, label)| WaterfallStep {
                    label: label.to_owned(),
                    value,
                    ..WaterfallStep::default()
                })
                .collect(),
            ..Waterfall::default()
        }))
        .with(Block::Lines(Lines {
            title: "One point".to_owned(),
            axis: Axis::Dates(vec![start()]),
            lines: vec![line(hostile, vec![5.0], LineStyle::Observed)],
            ..Lines::default()
        }))
        .with(Block::Lines(Lines {
            title: "Nothing known".to_owned(),
            axis: Axis::Labels(texts.map(String::from).to_vec()),
            lines: vec![line("gap", values.to_vec(), LineStyle::Level)],
            ..Lines::default()
        }));
    let mut details =
        Details { title: hostile.to_owned(), key_names: vec!["item".to_owned()], ..Details::default() };
    for (i, text) in texts.iter().enumerate() {
        details.push(Detail {
            key: vec![(*text).to_owned()],
            label: long.clone(),
            rank: values[i],
            notes: vec![hostile.to_owned()],
            history: values[..i].to_vec(),
            ..Detail::default()
        });
    }
    let notices = vec![Notice::new(Severity::Error, hostile).at(long.clone()).with_code(hostile)];
    told.sections = vec![
        Section::new(hostile)
            .with(Block::text(long.clone()))
            .with(Block::Table(table.clone()))
            .with(Block::Table(table.interactive())),
        charts,
        Section::new("Details")
            .with(Block::Details(details))
            .with(Block::Notices { title: hostile.to_owned(), notices }),
        empty,
    ];
    told
}
