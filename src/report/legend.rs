//! What the marks of a chart mean, as a list of small samples with names.

use crate::presentation::{Activity, Comparison, Line, Lines, RouteMap, Timetable, Tone, Tornado, Waterfall};

use super::lines::{line_class, marker_kind};
use super::svg::Canvas;
use super::{map, timetable};

/// One entry of a legend.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The sample as inline SVG.
    pub(super) sample: String,
    /// What it means.
    pub(super) name: String,
}

impl Key {
    fn area(class: &str, name: &str) -> Self {
        Key::sample(name, |canvas| canvas.rect(class, (1.0, 2.0), (20.0, 10.0), ""))
    }

    fn line(class: &str, name: &str) -> Self {
        Key::sample(name, |canvas| canvas.path(class, &[(1.0, 7.0), (21.0, 7.0)], false))
    }

    fn sample(name: &str, draw: impl FnOnce(&mut Canvas)) -> Self {
        let mut canvas = Canvas::new(22.0, 14.0);
        draw(&mut canvas);
        Key { sample: canvas.finish_hidden(), name: name.to_owned() }
    }

    /// Class of the bars of a component.
    pub(super) fn component(index: usize) -> &'static str {
        const CLASSES: [&str; 6] = ["bar s0", "bar s1", "bar s2", "bar s3", "bar s4", "bar s5"];
        CLASSES[index % CLASSES.len()]
    }
}

/// Legend of a chart of lines; bands, spans and markers of one name appear once.
pub(super) fn lines(chart: &Lines) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for (i, line) in chart.lines.iter().enumerate() {
        keys.push(Key::line(&format!("curve {} s{}", line_class(line.style), i % 6), &line.name));
    }
    for (i, band) in chart.bands.iter().enumerate() {
        keys.push(Key::area(&format!("band b{}", i.min(3)), &band.name));
    }
    for span in &chart.spans {
        push_once(&mut keys, || Key::area("span", &span.name), &span.name);
    }
    for marker in &chart.markers {
        let kind = marker_kind(chart, &marker.name);
        let draw = || Key::sample(&marker.name, |canvas| canvas.mark(kind, (11.0, 12.5), ""));
        push_once(&mut keys, draw, &marker.name);
    }
    keys.retain(|key| !key.name.is_empty());
    keys
}

/// Legend of a comparison: its components.
pub(super) fn comparison(chart: &Comparison) -> Vec<Key> {
    let key = |(i, line): (usize, &Line)| Key::area(Key::component(i), &line.name);
    chart.components.iter().enumerate().map(key).collect()
}

/// Legend of a tornado: its two ends and the plan.
pub(super) fn tornado(chart: &Tornado) -> Vec<Key> {
    if chart.bars.is_empty() {
        return Vec::new();
    }
    let base = Key::sample("as planned", |canvas| canvas.line("base", (11.0, 0.0), (11.0, 14.0)));
    let low = if chart.low_name.is_empty() { "assumption at its low end" } else { &chart.low_name };
    let high = if chart.high_name.is_empty() { "at its high end" } else { &chart.high_name };
    vec![Key::area("bar low", low), Key::area("bar high", high), base]
}

/// Legend of a waterfall: the tones that occur.
pub(super) fn waterfall(chart: &Waterfall) -> Vec<Key> {
    let occurs = |tone: Tone| chart.steps.iter().any(|step| step.tone == tone);
    let tones = [
        (Tone::Good, "bar good", "saves"),
        (Tone::Warning, "bar warning", "to watch"),
        (Tone::Bad, "bar bad", "hurts"),
    ];
    let known = tones.into_iter().filter(|&(tone, _, _)| occurs(tone));
    known.map(|(_, class, name)| Key::area(class, name)).collect()
}

/// Most routes that the legend of a map names.
const MOST_ROUTES: usize = 24;

/// Legend of a map: its routes, the depots, and what is left out.
pub(super) fn map(chart: &RouteMap) -> Vec<Key> {
    let routes = chart.routes.iter().take(MOST_ROUTES).enumerate();
    let mut keys: Vec<Key> = routes.map(|(at, route)| Key::line(&map::class(at), &route.name)).collect();
    let rest = chart.routes.len().saturating_sub(MOST_ROUTES);
    if rest > 0 {
        keys.push(Key::sample(&format!("and {rest} more"), |_| {}));
    }
    if !chart.depots.is_empty() {
        keys.push(Key::sample("depot", |canvas| canvas.rect("depot", (6.0, 2.0), (10.0, 10.0), "")));
    }
    if !chart.left_out.is_empty() {
        keys.push(Key::sample("left out", |canvas| {
            canvas.path("left-out-mark", &[(7.0, 3.0), (15.0, 11.0)], false);
            canvas.path("left-out-mark", &[(7.0, 11.0), (15.0, 3.0)], false);
        }));
    }
    keys
}

/// Legend of a timetable: the activities that occur.
pub(super) fn timetable(chart: &Timetable) -> Vec<Key> {
    let occurs = |activity: &Activity| {
        chart.rows.iter().flat_map(|row| &row.spans).any(|span| span.activity == *activity)
    };
    let known = Activity::ALL.into_iter().filter(occurs);
    known.map(|activity| Key::area(timetable::class(activity), activity.name())).collect()
}

fn push_once(keys: &mut Vec<Key>, key: impl FnOnce() -> Key, name: &str) {
    if !keys.iter().any(|known| known.name == name) {
        keys.push(key());
    }
}
