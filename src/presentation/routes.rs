//! Routes as data: a map of who goes where, and a timetable of what each does when.

use serde::{Deserialize, Serialize};

use super::nullable;

/// Routes over places, drawn to scale without a background.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteMap {
    /// Title.
    pub title: String,
    /// What it says, in a sentence, for those who do not see it.
    pub description: String,
    /// Whether positions are longitude and latitude in degrees.
    pub geographic: bool,
    /// Where routes start and end.
    pub depots: Vec<MapPoint>,
    /// The routes.
    pub routes: Vec<MapRoute>,
    /// Places on no route.
    pub left_out: Vec<MapPoint>,
}

/// A place on a [`RouteMap`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapPoint {
    /// Position to the right.
    #[serde(with = "nullable")]
    pub x: f64,
    /// Position upwards.
    #[serde(with = "nullable")]
    pub y: f64,
    /// What it is, for a tooltip.
    pub text: String,
}

/// One route of a [`RouteMap`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MapRoute {
    /// Its name in the legend.
    pub name: String,
    /// The way, ends included.
    pub way: Vec<MapPoint>,
}

/// What each vehicle (or machine, or person) does when.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timetable {
    /// Title.
    pub title: String,
    /// What it says, in a sentence, for those who do not see it.
    pub description: String,
    /// Named times of the axis.
    pub ticks: Vec<TimeTick>,
    /// One row each.
    pub rows: Vec<TimeRow>,
}

/// A named time of a [`Timetable`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeTick {
    /// The time, in any unit that the whole table shares.
    #[serde(with = "nullable")]
    pub at: f64,
    /// Its name.
    pub name: String,
}

/// One row of a [`Timetable`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeRow {
    /// Its name.
    pub name: String,
    /// What is done, in order.
    pub spans: Vec<TimeSpan>,
}

/// One span of a row of a [`Timetable`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeSpan {
    /// Start.
    #[serde(with = "nullable")]
    pub from: f64,
    /// End.
    #[serde(with = "nullable")]
    pub to: f64,
    /// What is done.
    pub activity: Activity,
    /// What it is, for a tooltip.
    pub text: String,
}

/// What is done in a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// On the way.
    #[default]
    Driving,
    /// Work at a place.
    Service,
    /// Work that began too late.
    LateService,
    /// Waiting.
    Waiting,
    /// A rest.
    Rest,
    /// Loading.
    Loading,
}

impl Activity {
    /// All of them, in the order of a legend.
    pub const ALL: [Activity; 6] = [
        Activity::Driving,
        Activity::Service,
        Activity::LateService,
        Activity::Waiting,
        Activity::Rest,
        Activity::Loading,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Activity::Driving => "on the way",
            Activity::Service => "at work",
            Activity::LateService => "at work, late",
            Activity::Waiting => "waiting",
            Activity::Rest => "rest",
            Activity::Loading => "loading",
        }
    }
}
