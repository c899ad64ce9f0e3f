//! A road map as a file gives it: a graph with names and places.

use std::collections::HashMap;

use rustc_hash::FxHashMap;
use thiserror::Error;

use super::dijkstra::Path;
use super::graph::{Arc, Graph, GraphError};
use super::{dimacs, tntp};

/// What is wrong with a map's text.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("line {line}: {text}")]
pub struct MapError {
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub text: String,
}

/// A word for each arc, such as the class or the area of a road.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    words: Vec<String>,
    places: FxHashMap<String, u32>,
    of_arc: Vec<u32>,
}

impl Labels {
    pub(crate) fn put(&mut self, word: &str) {
        let index = self.index(word).unwrap_or_else(|| {
            let next = self.words.len() as u32;
            self.words.push(word.to_owned());
            self.places.insert(word.to_owned(), next);
            next
        });
        self.of_arc.push(index);
    }

    /// Index of the word of an arc, given by its place in the input; 0 where the map has no words.
    #[must_use]
    pub fn of(&self, arc: u32) -> u32 {
        self.of_arc.get(arc as usize).copied().unwrap_or(0)
    }

    /// Index of a word.
    #[must_use]
    pub fn index(&self, word: &str) -> Option<u32> {
        self.places.get(word).copied()
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
}

/// A graph with the names that its file gives the nodes.
///
/// Some nodes, such as the zones of a traffic model, are starts and ends of
/// ways but lie on none: they are two nodes of the graph, one with the arcs
/// out and one with the arcs in.
#[derive(Debug, Clone)]
pub struct RoadMap {
    /// The graph.
    pub graph: Graph,
    /// Names of the nodes of the file.
    pub names: Vec<String>,
    /// Places of the nodes of the graph, where the file has them.
    pub coordinates: Option<Vec<(f64, f64)>>,
    /// Class of each arc, where the file has one.
    pub classes: Labels,
    /// Area of each arc, where the file has one.
    pub areas: Labels,
    /// Length in metres of each arc by its place in the input, where the file has one.
    pub metres: Vec<f64>,
    /// Node of the graph at which ways from a name start, and at which ways to it end.
    ends: Vec<(u32, u32)>,
    /// Name of each node of the graph.
    name_of: Vec<u32>,
    index: HashMap<String, u32>,
}

/// Nodes and arcs as a reader collects them, by places in `names`.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub names: Vec<String>,
    pub index: HashMap<String, u32>,
    pub arcs: Vec<Arc>,
    pub coordinates: Vec<Option<(f64, f64)>>,
    /// Whether ways may only start and end at the node.
    pub terminal: Vec<bool>,
    pub classes: Labels,
    pub areas: Labels,
    pub metres: Vec<f64>,
}

impl Draft {
    /// Place of the node called `name`, which is added when it is new.
    pub fn node(&mut self, name: &str) -> u32 {
        if let Some(&at) = self.index.get(name) {
            return at;
        }
        let at = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), at);
        self.coordinates.push(None);
        self.terminal.push(false);
        at
    }

    /// The map: terminal nodes doubled, nodes numbered so that neighbours lie together.
    pub fn finish(self) -> Result<RoadMap, GraphError> {
        let Draft { names, index, mut arcs, coordinates, terminal, classes, areas, metres } = self;
        let mut ends: Vec<(u32, u32)> = (0..names.len() as u32).map(|at| (at, at)).collect();
        let mut name_of: Vec<u32> = (0..names.len() as u32).collect();
        for at in (0..names.len()).filter(|&at| terminal[at]) {
            ends[at].1 = name_of.len() as u32;
            name_of.push(at as u32);
        }
        for arc in &mut arcs {
            arc.to = ends[arc.to as usize].1;
        }
        let number = Graph::new(name_of.len(), &arcs)?.walk();
        let renumbered = |node: u32| number[node as usize];
        for arc in &mut arcs {
            (arc.from, arc.to) = (renumbered(arc.from), renumbered(arc.to));
        }
        let mut moved = name_of.clone();
        name_of.iter().enumerate().for_each(|(at, &name)| moved[number[at] as usize] = name);
        let places = coordinates.iter().copied().collect::<Option<Vec<_>>>();
        Ok(RoadMap {
            graph: Graph::new(name_of.len(), &arcs)?,
            coordinates: places.map(|all| moved.iter().map(|&name| all[name as usize]).collect()),
            ends: ends.into_iter().map(|(from, to)| (renumbered(from), renumbered(to))).collect(),
            name_of: moved,
            classes,
            areas,
            metres,
            names,
            index,
        })
    }
}

impl RoadMap {
    /// Reads a map, its format told by its content: DIMACS `.gr` (with the
    /// places of a `.co` text, where given) or TNTP (with those of a node text).
    ///
    /// ```
    /// use purvey::optimize::paths::{Dijkstra, RadixHeap, RoadMap};
    /// let map = RoadMap::parse("c two streets\na 0 7 3\na 7 9 4\n", None)?;
    /// let (from, to) = (map.start("0").unwrap(), map.end("9").unwrap());
    /// let path = Dijkstra::<RadixHeap>::new(&map.graph).path(&map.graph, from, to);
    /// assert_eq!(path.distance, 7.0);
    /// assert_eq!(map.names_of(from, &path), ["0", "7", "9"]);
    /// # Ok::<(), purvey::optimize::paths::MapError>(())
    /// ```
    ///
    /// # Errors
    /// [`MapError`] with the line.
    pub fn parse(text: &str, places: Option<&str>) -> Result<Self, MapError> {
        let mut draft = if tntp::is_tntp(text) { tntp::parse(text)? } else { dimacs::parse(text)? };
        if let Some(places) = places {
            if tntp::is_tntp(text) {
                tntp::parse_places(places, &mut draft)?;
            } else {
                dimacs::parse_places(places, &mut draft)?;
            }
        }
        draft.finish().map_err(|error| MapError { line: 1, text: error.to_string() })
    }

    /// Node of the graph at which ways from `name` start.
    #[must_use]
    pub fn start(&self, name: &str) -> Option<u32> {
        self.index.get(name).map(|&at| self.ends[at as usize].0)
    }

    /// Node of the graph at which ways to `name` end.
    #[must_use]
    pub fn end(&self, name: &str) -> Option<u32> {
        self.index.get(name).map(|&at| self.ends[at as usize].1)
    }

    /// Name of a node of the graph.
    #[must_use]
    pub fn name(&self, node: u32) -> &str {
        &self.names[self.name_of[node as usize] as usize]
    }

    /// Names along a path that leaves `from`.
    #[must_use]
    pub fn names_of(&self, from: u32, path: &Path) -> Vec<&str> {
        path.nodes(&self.graph, from).into_iter().map(|node| self.name(node)).collect()
    }
}
