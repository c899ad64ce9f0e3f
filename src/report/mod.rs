//! The report: one self-contained HTML file, drawn from a presentation.
//!
//! It knows no decision and computes none. Charts are drawn here as inline SVG;
//! the details of single items are drawn by the page's own small script from
//! embedded JSON when a reader asks for them. Nothing is loaded from anywhere,
//! so the file works offline and can be mailed. The same presentation gives the
//! same bytes.
//!
//! A page stays under [`PAGE_BYTES`]: tables and details that do not fit are cut by
//! importance, and the page says how much is left out and which file holds it.

use askama::Template;
use serde_json::json;

use crate::presentation::{Block, Figure, Kind, Measure, Notice, Presentation, Style, Table, Value};

mod chart;
mod details;
mod embed;
mod heat;
mod legend;
mod lines;
mod map;
mod rows;
mod scale;
mod svg;
mod tables;
mod timetable;
mod waterfall;

use chart::Drawing;
use tables::{TableView, shown_text, tone_class};

/// Size that a page stays under.
pub const PAGE_BYTES: usize = 5_000_000;
/// Room for the embedded rows of all tables of a page.
const TABLE_BYTES: usize = 1_500_000;
/// Room that is kept free for what is only estimated.
const SPARE_BYTES: usize = 150_000;
/// Notices of a block that are shown; the rest is counted.
const MOST_NOTICES: usize = 200;

/// Why a report could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A template could not be filled.
    #[error("the report could not be written: {source}")]
    Template {
        /// What the template said.
        #[from]
        source: askama::Error,
    },
}

/// Draws a presentation as one HTML file.
///
/// # Errors
/// [`ReportError`] when a template cannot be filled, which no presentation causes.
///
/// ```
/// use purvey::presentation::{Block, Presentation, Section};
/// let mut presentation = Presentation::new("Corner shop <north>");
/// presentation.sections.push(Section::new("Notes").with(Block::text("Nothing to order.")));
/// let page = purvey::report::render(&presentation).unwrap();
/// assert!(page.contains("<h1>Corner shop &#60;north&#62;</h1>"));
/// ```
pub fn render(presentation: &Presentation) -> Result<String, ReportError> {
    let mut writer = Writer::new(&presentation.style);
    let mut sections = Vec::with_capacity(presentation.sections.len());
    for (i, section) in presentation.sections.iter().enumerate() {
        let mut blocks = Vec::with_capacity(section.blocks.len());
        for block in &section.blocks {
            blocks.push(writer.block(block)?);
        }
        let (title, lead) = (shown_text(section.title.clone()), section.lead.clone());
        sections.push(SectionView { id: format!("s{i}"), title, lead, blocks });
    }
    writer.fill_details(&mut sections)?;
    let page = Page {
        title: shown_text(presentation.title.clone()),
        subtitle: &presentation.subtitle,
        date: presentation.date.map(|date| presentation.style.date(date)).unwrap_or_default(),
        headline: &presentation.headline,
        figures: figures(&presentation.figures, &presentation.style),
        sections,
        style_json: embed::script_json(&json!(presentation.style)),
        version: env!("CARGO_PKG_VERSION"),
        css: include_str!("../../templates/report.css"),
        script: SCRIPT,
    };
    Ok(page.render()?)
}

/// The page's script, in the order in which its parts use each other.
const SCRIPT: &str = concat!(
    include_str!("../../templates/report-base.js"),
    include_str!("../../templates/report-table.js"),
    include_str!("../../templates/report-details.js"),
);

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: String,
    subtitle: &'a str,
    date: String,
    headline: &'a [String],
    figures: Vec<FigureView>,
    sections: Vec<SectionView<'a>>,
    style_json: String,
    version: &'a str,
    css: &'a str,
    script: &'a str,
}

struct SectionView<'a> {
    id: String,
    title: String,
    lead: String,
    blocks: Vec<BlockView<'a>>,
}

/// A block, ready for the page.
enum BlockView<'a> {
    /// HTML that a template of this room wrote.
    Html(String),
    /// Details, which get the room that everything else leaves.
    Details(&'a crate::presentation::Details),
}

struct FigureView {
    label: String,
    value: String,
    /// Unit of a quantity, which is written smaller; may be empty.
    unit: String,
    note: String,
    /// Whether the value is words, which are written smaller than numbers.
    words: bool,
    tone: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "text.html")]
struct TextBlock<'a> {
    paragraphs: &'a [String],
}

#[derive(Template)]
#[template(path = "facts.html")]
struct FactsBlock<'a> {
    title: &'a str,
    figures: Vec<FigureView>,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesBlock<'a> {
    title: &'a str,
    notices: &'a [Notice],
    left_out: usize,
}

#[derive(Template)]
#[template(path = "table.html")]
struct TableBlock<'a> {
    id: String,
    title: String,
    caption: &'a str,
    view: TableView,
    json: String,
}

#[derive(Template)]
#[template(path = "chart.html")]
struct ChartBlock {
    id: String,
    drawing: Drawing,
    data: TableView,
}

#[derive(Template)]
#[template(path = "details.html")]
struct DetailsBlock<'a> {
    id: String,
    title: &'a str,
    kept: String,
    left_out: String,
    json: String,
}

/// Writes blocks one after the other and keeps account of ids and bytes.
struct Writer<'a> {
    style: &'a Style,
    blocks: usize,
    bytes: usize,
    table_bytes: usize,
}

impl<'a> Writer<'a> {
    fn new(style: &'a Style) -> Self {
        let fixed = include_str!("../../templates/report.css").len() + SCRIPT.len();
        Writer { style, blocks: 0, bytes: fixed, table_bytes: TABLE_BYTES }
    }

    fn block(&mut self, block: &'a Block) -> Result<BlockView<'a>, ReportError> {
        self.blocks += 1;
        let id = format!("b{}", self.blocks);
        let html = match block {
            Block::Text { paragraphs } => TextBlock { paragraphs }.render()?,
            Block::Facts { title, figures: list } => {
                FactsBlock { title, figures: figures(list, self.style) }.render()?
            }
            Block::Notices { title, notices } => {
                let shown = &notices[..notices.len().min(MOST_NOTICES)];
                let left_out = notices.len() - shown.len();
                NoticesBlock { title, notices: shown, left_out }.render()?
            }
            Block::Table(table) => self.table(table, id)?,
            Block::Waterfall(chart) => self.chart(chart::of_waterfall(chart, self.style, &id), id)?,
            Block::Tornado(chart) => self.chart(chart::of_tornado(chart, self.style, &id), id)?,
            Block::Lines(chart) => self.chart(chart::of_lines(chart, self.style, &id), id)?,
            Block::Bars(chart) => self.chart(chart::of_bars(chart, self.style, &id), id)?,
            Block::HeatMap(chart) => self.chart(chart::of_heat(chart, self.style, &id), id)?,
            Block::Comparison(chart) => self.chart(chart::of_comparison(chart, self.style, &id), id)?,
            Block::RouteMap(map) => self.chart(chart::of_map(map, &id), id)?,
            Block::Timetable(table) => self.chart(chart::of_timetable(table, &id), id)?,
            Block::Details(details) => return Ok(BlockView::Details(details)),
        };
        self.bytes += html.len();
        Ok(BlockView::Html(html))
    }

    fn table(&mut self, table: &Table, id: String) -> Result<String, ReportError> {
        let json = if table.interactive && !table.is_empty() {
            let json = embed::script_json(&tables::embedded(table, self.style, self.table_bytes));
            self.table_bytes = self.table_bytes.saturating_sub(json.len());
            json
        } else {
            String::new()
        };
        let view = TableView::new(table, self.style);
        let title = shown_text(table.title.clone());

        Ok(TableBlock { id, title, caption: &table.caption, view, json }.render()?)
    }

    fn chart(&self, drawing: Drawing, id: String) -> Result<String, ReportError> {
        let data = TableView::new(&drawing.data, self.style);
        Ok(ChartBlock { id, drawing, data }.render()?)
    }

    /// Gives the details blocks equal shares of the room that is left.
    fn fill_details(&self, sections: &mut [SectionView<'a>]) -> Result<(), ReportError> {
        let blocks = || sections.iter().flat_map(|section| &section.blocks);
        let count = blocks().filter(|block| matches!(block, BlockView::Details(_))).count();
        let share = PAGE_BYTES.saturating_sub(self.bytes + SPARE_BYTES) / count.max(1);
        let views = sections.iter_mut().flat_map(|section| &mut section.blocks);
        for (i, view) in views.enumerate() {
            if let BlockView::Details(details) = view {
                let html = self.details(details, format!("d{i}"), share)?;
                *view = BlockView::Html(html);
            }
        }
        Ok(())
    }

    fn details(
        &self,
        details: &crate::presentation::Details,
        id: String,
        budget: usize,
    ) -> Result<String, ReportError> {
        let embedded = details::embedded(details, budget);
        let count = |count: usize| self.style.number(count as f64, &Measure::number());
        let all = details.entries.len();
        let files =
            if details.files.is_empty() { "the output folder".to_owned() } else { details.files.join(", ") };
        let left_out = if embedded.kept == all {
            String::new()
        } else {
            let (kept, rest) = (count(embedded.kept), count(all - embedded.kept));
            format!("The {kept} most important entries are here; {rest} more are in {files}.")
        };
        let (kept, json) = (count(embedded.kept), embed::script_json(&embedded.json));
        Ok(DetailsBlock { id, title: &details.title, kept, left_out, json }.render()?)
    }
}

/// Figures, ready for their template.
fn figures(list: &[Figure], style: &Style) -> Vec<FigureView> {
    let view = |figure: &Figure| FigureView {
        label: figure.label.clone(),
        value: match (&figure.value, figure.measure.kind) {
            (Value::Number(value), Kind::Number) => style.digits(*value, &figure.measure),
            _ => shown_text(style.figure(figure)),
        },
        unit: match (&figure.value, figure.measure.kind) {
            (Value::Number(value), Kind::Number) if value.is_finite() => figure.measure.unit.clone(),
            _ => String::new(),
        },
        note: figure.note.clone(),
        words: matches!(figure.value, Value::Text(_)),
        tone: tone_class(figure.tone),
        word: figure.tone.word(),
    };
    list.iter().map(view).collect()
}
