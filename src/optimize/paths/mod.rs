//! Shortest paths on directed graphs with weights of 0 or more.
//!
//! | question | method |
//! |---|---|
//! | one pair, now and then | [`Bidirectional`], or [`Dijkstra::guided`] with [`Landmarks`] or [`StraightLine`] |
//! | from one node to several or all | [`Dijkstra`] |
//! | many pairs on one graph, weights that change | [`Topology`] once, [`Metric`] for each set of weights, [`Query`] for each pair |
//! | all pairs of two sets | [`matrix`] |
//! | travel times that change over the day | [`Profiles`], from paces by [`travel_times`] |
//!
//! [`RoadMap`] reads the standard formats.

mod bidirectional;
mod customise;
mod dijkstra;
mod dimacs;
mod dissection;
mod file;
mod flow;
mod generate;
mod graph;
mod hierarchy;
mod map;
mod matrix;
mod potential;
mod query;
mod queue;
mod speeds;
#[cfg(test)]
mod tests;
mod time_dependent;
mod tntp;

pub use bidirectional::Bidirectional;
pub use customise::Metric;
pub use dijkstra::{Dijkstra, Path};
pub use file::{read_map, read_road_table};
pub use generate::{Roads, roads};
pub use graph::{Arc, Graph, GraphError};
pub use hierarchy::Topology;
pub use map::{Labels, MapError, RoadMap};
pub use matrix::matrix;
pub use potential::{Landmarks, Potential, StraightLine};
pub use query::Query;
pub use queue::{QuaternaryHeap, Queue, RadixHeap};
pub use speeds::{Stretch, travel_times};
pub use time_dependent::{Point, ProfileError, Profiles};
