//! A tree over binned rows, as an array of nodes.

use serde::{Deserialize, Serialize};

/// One node: a leaf where `left` is 0, for the root is nobody's child.
///
/// Written as an array of its fields, so that saved models stay small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Node {
    /// Column that is asked.
    pub(crate) column: u32,
    /// Last bin of the left side, where bins have an order.
    pub(crate) cut: u8,
    /// Whether blanks go left, where bins have an order.
    pub(crate) blank_left: bool,
    /// Index from 1 of the set of bins on the left side, where bins have no order.
    pub(crate) set: u32,
    /// First child; the second is the one after it.
    pub(crate) left: u32,
    /// What the node would answer if it were a leaf.
    pub(crate) value: f32,
    /// Weight of the rows that were here when it grew.
    pub(crate) cover: f32,
}

impl Serialize for Node {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let flags = u32::from(self.cut) * 2 + u32::from(self.blank_left);
        (self.column, flags, self.set, self.left, self.value, self.cover).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (column, flags, set, left, value, cover) =
            <(u32, u32, u32, u32, f32, f32)>::deserialize(deserializer)?;
        let cut = u8::try_from(flags / 2).map_err(serde::de::Error::custom)?;
        Ok(Node { column, cut, blank_left: flags % 2 == 1, set, left, value, cover })
    }
}

/// A set of bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Set([u64; 4]);

impl Set {
    pub(crate) fn insert(&mut self, bin: u8) {
        self.0[usize::from(bin >> 6)] |= 1 << (bin & 63);
    }

    pub(crate) fn holds(&self, bin: u8) -> bool {
        self.0[usize::from(bin >> 6)] >> (bin & 63) & 1 == 1
    }
}

/// Nodes, the root first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) sets: Vec<Set>,
}

impl Tree {
    /// A tree that adds nothing.
    pub(crate) fn nothing() -> Self {
        let leaf = Node { column: 0, cut: 0, blank_left: false, set: 0, left: 0, value: 0.0, cover: 1.0 };
        Tree { nodes: vec![leaf], sets: Vec::new() }
    }

    /// Whether `bin` goes left at `node`.
    pub(crate) fn goes_left(&self, node: &Node, bin: u8) -> bool {
        if node.set > 0 {
            self.sets[node.set as usize - 1].holds(bin)
        } else if bin == 0 {
            node.blank_left
        } else {
            bin <= node.cut
        }
    }

    /// The child of `node` to which a row of bins goes.
    pub(crate) fn next(&self, node: &Node, row: &[u8]) -> usize {
        let left = self.goes_left(node, row[node.column as usize]);
        node.left as usize + usize::from(!left)
    }

    /// The answer for a row of bins.
    pub(crate) fn value(&self, row: &[u8]) -> f64 {
        let mut node = &self.nodes[0];
        while node.left != 0 {
            node = &self.nodes[self.next(node, row)];
        }
        f64::from(node.value)
    }

    /// Whether every index of the tree leads somewhere, deeper in the array, among `columns` columns.
    pub(crate) fn is_sound(&self, columns: usize) -> bool {
        let inside = |at: usize, node: &Node| {
            let left = node.left as usize;
            left == 0
                || (left > at
                    && left + 1 < self.nodes.len()
                    && (node.column as usize) < columns
                    && node.set as usize <= self.sets.len())
        };
        !self.nodes.is_empty() && self.nodes.iter().enumerate().all(|(at, node)| inside(at, node))
    }

    /// What each column adds to the answer for a row, by the change of the node's
    /// value at each question on its way; gives the value of the root.
    ///
    /// Cost: O(depth).
    pub(crate) fn add_path(&self, row: &[u8], scale: f64, effects: &mut [f64]) -> f64 {
        let mut node = &self.nodes[0];
        while node.left != 0 {
            let next = &self.nodes[self.next(node, row)];
            effects[node.column as usize] += scale * f64::from(next.value - node.value);
            node = next;
        }
        scale * f64::from(self.nodes[0].value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn leaf(value: f32) -> Node {
        Node { column: 0, cut: 0, blank_left: false, set: 0, left: 0, value, cover: 1.0 }
    }

    fn small() -> Tree {
        let mut set = Set::default();
        [1, 64, 255].into_iter().for_each(|bin| set.insert(bin));
        let root = Node { column: 1, cut: 3, blank_left: true, set: 0, left: 1, value: 2.0, cover: 4.0 };
        let inner = Node { column: 0, set: 1, left: 3, value: 1.0, cover: 2.0, ..root };
        Tree { nodes: vec![root, inner, leaf(5.0), leaf(7.0), leaf(9.0)], sets: vec![set] }
    }

    #[test]
    fn rows_find_their_leaf() {
        let tree = small();
        assert!(tree.is_sound(2) && !tree.is_sound(1));
        let answers = [[0, 4], [64, 3], [255, 0], [2, 1]].map(|row: [u8; 2]| tree.value(&row));
        assert_eq!(answers, [5.0, 7.0, 7.0, 9.0]);
    }

    #[test]
    fn effects_of_a_path_add_up() {
        let tree = small();
        let mut effects = [0.0; 2];
        let base = tree.add_path(&[2, 1], 1.0, &mut effects);
        assert_eq!((base, effects), (2.0, [8.0, -1.0]));
    }

    #[test]
    fn a_tree_reads_back_as_written() {
        let text = serde_json::to_string(&small()).unwrap();
        assert_eq!(serde_json::from_str::<Tree>(&text).unwrap(), small());
        assert!(serde_json::from_str::<Node>("[0, 600, 0, 0, 1.0, 1.0]").is_err());
    }
}
