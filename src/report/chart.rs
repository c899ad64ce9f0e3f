//! A chart on the page: its drawing for wide and for narrow pages, its legend,
//! and its numbers as a table for those who do not see it.

use crate::presentation::{
    Axis, Bars, Cells, Column, Comparison, HeatMap, Lines, Measure, RouteMap, Style, Table, Timetable,
    Tornado, Waterfall,
};

use super::legend::{self, Key};
use super::svg::Canvas;
use super::{heat, lines, map, rows, timetable, waterfall};

/// Width of a drawing on a desk or on paper.
const WIDE: f64 = 860.0;
/// Width of a drawing on a phone.
const NARROW: f64 = 330.0;

/// A chart, drawn.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) keys: Vec<Key>,
    /// The drawing for wide pages.
    pub(super) wide: String,
    /// The drawing for narrow pages.
    pub(super) narrow: String,
    /// Its numbers.
    pub(super) data: Table,
    /// Whether there is anything to draw.
    pub(super) empty: bool,
}

/// Draws both widths.
fn both(id: &str, title: &str, description: &str, draw: impl Fn(f64) -> Canvas) -> (String, String) {
    let finish = |width, name: &str| draw(width).finish(&format!("{id}-{name}"), title, description);
    (finish(WIDE, "wide"), finish(NARROW, "narrow"))
}

/// Draws a waterfall.
pub(super) fn of_waterfall(chart: &Waterfall, style: &Style, id: &str) -> Drawing {
    let draw = |width| waterfall::draw(chart, style, width);
    let (wide, narrow) = both(id, &chart.title, &chart.description, draw);
    let value = chart.steps.iter().map(|step| step.value);
    let data = Table::new("")
        .with(Column::text("step", chart.steps.iter().map(|step| step.label.as_str())))
        .with(Column::number("value", value, chart.measure.clone()));
    let (title, description) = (chart.title.clone(), chart.description.clone());
    let keys = legend::waterfall(chart);
    Drawing { title, description, keys, wide, narrow, data, empty: chart.steps.is_empty() }
}

/// Draws a tornado.
pub(super) fn of_tornado(chart: &Tornado, style: &Style, id: &str) -> Drawing {
    let (wide, narrow) =
        both(id, &chart.title, &chart.description, |width| rows::tornado(chart, style, width));
    let order = rows::tornado_order(chart);
    let bars = || order.iter().map(|&i| &chart.bars[i]);
    let data = Table::new("")
        .with(Column::text("assumption", bars().map(|bar| bar.label.as_str())))
        .with(Column::text("low end", bars().map(|bar| bar.low_label.as_str())))
        .with(Column::number("result at low end", bars().map(|bar| bar.low), chart.measure.clone()))
        .with(Column::text("high end", bars().map(|bar| bar.high_label.as_str())))
        .with(Column::number("result at high end", bars().map(|bar| bar.high), chart.measure.clone()));
    let (title, description) = (chart.title.clone(), chart.description.clone());
    let keys = legend::tornado(chart);
    Drawing { title, description, keys, wide, narrow, data, empty: chart.bars.is_empty() }
}

/// Draws lines.
pub(super) fn of_lines(chart: &Lines, style: &Style, id: &str) -> Drawing {
    let (wide, narrow) = both(id, &chart.title, &chart.description, |width| lines::draw(chart, style, width));
    let (title, description) = (chart.title.clone(), chart.description.clone());
    let keys = legend::lines(chart);
    Drawing { title, description, keys, wide, narrow, data: lines_data(chart), empty: chart.axis.is_empty() }
}

fn lines_data(chart: &Lines) -> Table {
    let axis = match &chart.axis {
        Axis::Dates(dates) => Column::date("date", dates.iter().copied().map(Some)),
        Axis::Labels(labels) => Column::text("position", labels.iter().map(String::as_str)),
    };
    let mut table = Table::new("").with(axis);
    let mut add = |title: String, values: &[f64]| {
        table.columns.push(Column::number(title, values.iter().copied(), chart.measure.clone()));
    };
    chart.lines.iter().for_each(|line| add(line.name.clone(), &line.values));
    for band in &chart.bands {
        add(format!("{}, from", band.name), &band.low);
        add(format!("{}, to", band.name), &band.high);
    }
    table.columns.extend(notes_column(chart));
    table
}

/// What the spans and markers say at each position; `None` without any.
fn notes_column(chart: &Lines) -> Option<Column> {
    if chart.spans.is_empty() && chart.markers.is_empty() {
        return None;
    }
    let mut notes = vec![String::new(); chart.axis.len()];
    let mut note = |at: usize, text: &str| {
        if let Some(cell) = notes.get_mut(at) {
            let separator = if cell.is_empty() { "" } else { "; " };
            *cell += &format!("{separator}{text}");
        }
    };
    for span in &chart.spans {
        (span.from..=span.to.min(chart.axis.len())).for_each(|at| note(at, &span.name));
    }
    for marker in &chart.markers {
        note(marker.at, if marker.text.is_empty() { &marker.name } else { &marker.text });
    }
    Some(Column { title: "notes".to_owned(), cells: Cells::Text(notes), ..Column::default() })
}

/// Draws bars.
pub(super) fn of_bars(chart: &Bars, style: &Style, id: &str) -> Drawing {
    let (wide, narrow) = both(id, &chart.title, &chart.description, |width| rows::bars(chart, style, width));
    let data = Table::new("")
        .with(Column::text("category", chart.labels.iter().map(String::as_str)))
        .with(Column::number("value", chart.values.iter().copied(), chart.measure.clone()));
    let (title, description) = (chart.title.clone(), chart.description.clone());
    Drawing { title, description, keys: Vec::new(), wide, narrow, data, empty: chart.labels.is_empty() }
}

/// Draws a heat map.
pub(super) fn of_heat(chart: &HeatMap, style: &Style, id: &str) -> Drawing {
    let (wide, narrow) = both(id, &chart.title, &chart.description, |width| heat::draw(chart, style, width));
    let mut data = Table::new("").with(Column::text("row", chart.rows.iter().map(String::as_str)));
    for (at, name) in chart.columns.iter().enumerate() {
        let values = chart.values.iter().copied().skip(at).step_by(chart.columns.len());
        data.columns.push(Column::number(name.clone(), values, chart.measure.clone()));
    }
    let (title, description) = (chart.title.clone(), chart.description.clone());
    Drawing { title, description, keys: Vec::new(), wide, narrow, data, empty: chart.rows.is_empty() }
}

/// Draws a comparison.
pub(super) fn of_comparison(chart: &Comparison, style: &Style, id: &str) -> Drawing {
    let (wide, narrow) =
        both(id, &chart.title, &chart.description, |width| rows::comparison(chart, style, width));
    let mut data = Table::new("").with(Column::text("policy", chart.policies.iter().map(String::as_str)));
    for line in &chart.components {
        let values = line.values.iter().copied();
        data.columns.push(Column::number(line.name.clone(), values, chart.measure.clone()));
    }
    let (title, description) = (chart.title.clone(), chart.description.clone());
    let keys = legend::comparison(chart);
    Drawing { title, description, keys, wide, narrow, data, empty: chart.policies.is_empty() }
}

/// Draws a map of routes.
pub(super) fn of_map(chart: &RouteMap, id: &str) -> Drawing {
    let (wide, narrow) = both(id, &chart.title, &chart.description, |width| map::draw(chart, width));
    let stops = || chart.routes.iter().flat_map(|route| route.way.iter().map(move |point| (route, point)));
    let data = Table::new("")
        .with(Column::text("route", stops().map(|(route, _)| route.name.as_str())))
        .with(Column::text("place", stops().map(|(_, point)| point.text.as_str())))
        .with(Column::number("x", stops().map(|(_, point)| point.x), Measure::number().with_decimals(4)))
        .with(Column::number("y", stops().map(|(_, point)| point.y), Measure::number().with_decimals(4)));
    let (title, description) = (chart.title.clone(), chart.description.clone());
    let empty = chart.routes.is_empty() && chart.depots.is_empty();
    Drawing { title, description, keys: legend::map(chart), wide, narrow, data, empty }
}

/// Draws a timetable.
pub(super) fn of_timetable(chart: &Timetable, id: &str) -> Drawing {
    let (wide, narrow) = both(id, &chart.title, &chart.description, |width| timetable::draw(chart, width));
    let spans = || chart.rows.iter().flat_map(|row| row.spans.iter().map(move |span| (row, span)));
    let data = Table::new("")
        .with(Column::text("row", spans().map(|(row, _)| row.name.as_str())))
        .with(Column::text("activity", spans().map(|(_, span)| span.activity.name())))
        .with(Column::text("what", spans().map(|(_, span)| span.text.as_str())));
    let (title, description) = (chart.title.clone(), chart.description.clone());
    Drawing {
        title,
        description,
        keys: legend::timetable(chart),
        wide,
        narrow,
        data,
        empty: chart.rows.is_empty(),
    }
}
