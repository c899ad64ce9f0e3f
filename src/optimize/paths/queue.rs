//! Queues of nodes by distance, for searches that settle nodes in rising order.
//!
//! Methods: a heap with four children a node, and a radix heap (Ahuja,
//! Mehlhorn, Orlin and Tarjan 1990, doi:10.1145/77600.77615), which relies on
//! keys that never fall below the last one taken.
//! Cost: O(log n) a call for the heap; O(64) amortised over all calls for the
//! radix heap, and O(1) to put.
//! Keys are the bits of distances: for numbers of 0 or more they rise as the numbers do.

/// What a search needs of a queue.
pub trait Queue: Default {
    /// Forgets all entries.
    fn clear(&mut self);
    /// Puts `node` at `distance`, 0 or more and not below the last one taken.
    fn put(&mut self, distance: f64, node: u32);
    /// Takes the nearest entry.
    fn take(&mut self) -> Option<(f64, u32)>;
    /// Distance of the nearest entry.
    fn nearest(&mut self) -> Option<f64>;
    /// Number of entries, those made void by later ones among them.
    fn len(&self) -> usize;
    /// Whether there is no entry.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Heap with four children a node: fewer levels, and children side by side in memory.
#[derive(Debug, Clone, Default)]
pub struct QuaternaryHeap {
    entries: Vec<(u64, u32)>,
}

impl Queue for QuaternaryHeap {
    fn clear(&mut self) {
        self.entries.clear();
    }

    #[inline]
    fn put(&mut self, distance: f64, node: u32) {
        let entry = (distance.to_bits(), node);
        let mut at = self.entries.len();
        self.entries.push(entry);
        while at > 0 {
            let above = (at - 1) / 4;
            if self.entries[above].0 <= entry.0 {
                break;
            }
            self.entries[at] = self.entries[above];
            at = above;
        }
        self.entries[at] = entry;
    }

    #[inline]
    fn take(&mut self) -> Option<(f64, u32)> {
        let last = self.entries.pop()?;
        let Some(&top) = self.entries.first() else { return Some((f64::from_bits(last.0), last.1)) };
        let length = self.entries.len();
        let mut at = 0;
        loop {
            let child = 4 * at + 1;
            if child >= length {
                break;
            }
            let mut least = child;
            for other in child + 1..(child + 4).min(length) {
                if self.entries[other].0 < self.entries[least].0 {
                    least = other;
                }
            }
            if self.entries[least].0 >= last.0 {
                break;
            }
            self.entries[at] = self.entries[least];
            at = least;
        }
        self.entries[at] = last;
        Some((f64::from_bits(top.0), top.1))
    }

    fn nearest(&mut self) -> Option<f64> {
        self.entries.first().map(|entry| f64::from_bits(entry.0))
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Radix heap: an entry lies in the bucket of the highest bit in which its key
/// differs from the last key taken.
#[derive(Debug, Clone)]
pub struct RadixHeap {
    buckets: Vec<Vec<(u64, u32)>>,
    /// Which buckets hold entries, a bit each.
    filled: u128,
    last: u64,
    entries: usize,
}

impl Default for RadixHeap {
    fn default() -> Self {
        RadixHeap { buckets: vec![Vec::new(); 65], filled: 0, last: 0, entries: 0 }
    }
}

impl RadixHeap {
    #[inline]
    fn bucket(&self, key: u64) -> usize {
        64 - (key ^ self.last).leading_zeros() as usize
    }

    /// Moves the nearest entries into the first bucket.
    fn settle(&mut self) -> bool {
        if self.filled & 1 != 0 {
            return true;
        }
        if self.filled == 0 {
            return false;
        }
        let from = self.filled.trailing_zeros() as usize;
        let mut entries = std::mem::take(&mut self.buckets[from]);
        self.filled &= !(1 << from);
        self.last = entries.iter().map(|entry| entry.0).min().unwrap_or(self.last);
        for entry in entries.drain(..) {
            let bucket = self.bucket(entry.0);
            self.filled |= 1 << bucket;
            self.buckets[bucket].push(entry);
        }
        self.buckets[from] = entries;
        true
    }
}

impl Queue for RadixHeap {
    fn clear(&mut self) {
        self.buckets.iter_mut().for_each(Vec::clear);
        self.filled = 0;
        self.last = 0;
        self.entries = 0;
    }

    #[inline]
    fn put(&mut self, distance: f64, node: u32) {
        let key = distance.to_bits();
        let bucket = self.bucket(key);
        self.filled |= 1 << bucket;
        self.buckets[bucket].push((key, node));
        self.entries += 1;
    }

    #[inline]
    fn take(&mut self) -> Option<(f64, u32)> {
        if !self.settle() {
            return None;
        }
        let (key, node) = self.buckets[0].pop()?;
        self.entries -= 1;
        if self.buckets[0].is_empty() {
            self.filled &= !1;
        }
        Some((f64::from_bits(key), node))
    }

    fn nearest(&mut self) -> Option<f64> {
        self.settle().then(|| f64::from_bits(self.last))
    }

    fn len(&self) -> usize {
        self.entries
    }
}
