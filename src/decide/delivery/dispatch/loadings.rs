//! How often a vehicle has loaded: goods loaded one after the other at one place are one loading.

/// The loadings of a vehicle so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Loadings {
    pub count: usize,
    /// Where it loads, while it does nothing else.
    at: Option<usize>,
}

impl Loadings {
    /// Loads goods at a place.
    pub fn load(&mut self, place: usize) {
        self.count += usize::from(!self.goes_on(place));
        self.at = Some(place);
    }

    /// Does anything else.
    pub fn pass(&mut self) {
        self.at = None;
    }

    /// Whether goods at a place are part of the loading before.
    pub fn goes_on(&self, place: usize) -> bool {
        self.at == Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goods_of_one_place_in_a_row_are_one_loading() {
        let mut loadings = Loadings::default();
        for (place, count) in [(3, 1), (3, 1), (4, 2), (3, 3)] {
            loadings.load(place);
            assert_eq!(loadings.count, count);
        }
        loadings.pass();
        loadings.load(3);
        assert_eq!(loadings.count, 4, "what lies between parts them");
    }
}
