//! A map of routes: ways as lines, places as dots, depots as squares, to scale.

use crate::presentation::{MapPoint, RouteMap};

use super::scale::extent;
use super::svg::{Anchor, Canvas};

/// Tallest a map gets, as a share of its width.
const TALLEST: f64 = 0.9;
/// Space around the places.
const EDGE: f64 = 14.0;
/// Places beyond this many get smaller dots.
const MANY: usize = 300;
/// Routes of one colour are told apart by their dashes.
const DASHES: usize = 3;

/// Class of a route's line: six colours, then the same with other dashes.
pub(super) fn class(route: usize) -> String {
    format!("way s{} d{}", route % 6, route / 6 % DASHES)
}

/// Draws the map.
pub(super) fn draw(chart: &RouteMap, width: f64) -> Canvas {
    let frame = Frame::new(chart, width);
    let mut canvas = Canvas::new(width, frame.height);
    let places: usize = chart.routes.iter().map(|route| route.way.len()).sum();
    let radius = if places > MANY { 1.8 } else { 3.4 };
    for (index, route) in chart.routes.iter().enumerate() {
        let points: Vec<(f64, f64)> = route.way.iter().filter_map(|point| frame.at(point)).collect();
        canvas.path(&class(index), &points, false);
    }
    for (index, route) in chart.routes.iter().enumerate() {
        for point in &route.way {
            if let Some(at) = frame.at(point).filter(|_| !point.text.is_empty()) {
                canvas.dot(&format!("stop s{}", index % 6), at, radius, &point.text);
            }
        }
    }
    for point in &chart.left_out {
        if let Some((x, y)) = frame.at(point) {
            let r = radius + 1.2;
            canvas.path("left-out-mark", &[(x - r, y - r), (x + r, y + r)], false);
            canvas.path("left-out-mark", &[(x - r, y + r), (x + r, y - r)], false);
            canvas.dot("left-out-touch", (x, y), r + 2.0, &point.text);
        }
    }
    for point in &chart.depots {
        if let Some((x, y)) = frame.at(point) {
            canvas.rect("depot", (x - 5.0, y - 5.0), (10.0, 10.0), &point.text);
        }
    }
    if frame.places == 0 {
        canvas.text("tick", Anchor::Start, (EDGE, EDGE), width, "no positions are known");
    }
    canvas
}

/// From positions to the drawing.
struct Frame {
    left: f64,
    top: f64,
    scale: [f64; 2],
    origin: [f64; 2],
    height: f64,
    places: usize,
}

impl Frame {
    fn new(chart: &RouteMap, width: f64) -> Self {
        let ways = chart.routes.iter().flat_map(|route| &route.way);
        let all: Vec<&MapPoint> = ways.chain(&chart.depots).chain(&chart.left_out).collect();
        let range =
            |of: fn(&MapPoint) -> f64| extent(all.iter().map(|point| of(point))).unwrap_or((0.0, 0.0));
        let ((west, east), (south, north)) = (range(|point| point.x), range(|point| point.y));
        // A degree of longitude is shorter than one of latitude, the more so the further from the equator.
        let squeeze =
            if chart.geographic { ((south + north) / 2.0).to_radians().cos().max(0.05) } else { 1.0 };
        let (wide, tall) =
            (((east - west) * squeeze).max(f64::MIN_POSITIVE), (north - south).max(f64::MIN_POSITIVE));
        let room = (width - 2.0 * EDGE, width * TALLEST - 2.0 * EDGE);
        let unit = (room.0 / wide).min(room.1 / tall).min(1e12);
        let (used, height) = (wide * unit, (tall * unit).clamp(40.0, room.1));
        Frame {
            left: (width - used) / 2.0,
            top: EDGE,
            scale: [unit * squeeze, unit],
            origin: [west, north],
            height: height + 2.0 * EDGE,
            places: all.iter().filter(|point| point.x.is_finite() && point.y.is_finite()).count(),
        }
    }

    fn at(&self, point: &MapPoint) -> Option<(f64, f64)> {
        let x = self.left + (point.x - self.origin[0]) * self.scale[0];
        let y = self.top + (self.origin[1] - point.y) * self.scale[1];
        (x.is_finite() && y.is_finite()).then_some((x, y))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn point(x: f64, y: f64) -> MapPoint {
        MapPoint { x, y, text: "a place".to_owned() }
    }

    #[test]
    fn north_is_up_and_everything_is_inside() {
        let chart = RouteMap {
            depots: vec![point(8.0, 53.0)],
            left_out: vec![point(8.4, 53.1)],
            geographic: true,
            ..RouteMap::default()
        };
        let frame = Frame::new(&chart, 860.0);
        let (south, north) = (frame.at(&chart.depots[0]).unwrap(), frame.at(&chart.left_out[0]).unwrap());
        assert!(north.1 < south.1 && north.0 > south.0);
        for (x, y) in [south, north] {
            assert!(
                (0.0..=860.0).contains(&x) && (0.0..=frame.height).contains(&y),
                "{x} {y} in {}",
                frame.height
            );
        }
        // At 53 degrees, 0.4 degrees of longitude are 2.4 times 0.1 degrees of latitude.
        let shape = (north.0 - south.0) / (south.1 - north.1);
        assert!((shape - 4.0 * 53.05_f64.to_radians().cos()).abs() < 1e-6, "{shape}");
    }

    #[test]
    fn one_place_or_none_is_drawn() {
        for depots in [vec![], vec![point(1.0, 1.0)], vec![point(f64::NAN, 0.0)]] {
            let chart = RouteMap { depots, ..RouteMap::default() };
            assert!(draw(&chart, 330.0).finish("m", "", "").starts_with("<svg"));
        }
    }
}
