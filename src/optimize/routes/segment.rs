//! Parts of routes that are put together in constant time.
//!
//! Method: concatenation of segments, Vidal, Crainic, Gendreau and Prins (2013), "A hybrid genetic
//! algorithm with adaptive diversity management for a large class of vehicle routing problems with
//! time-windows", doi:10.1016/j.cor.2012.07.018. Without time warp: a part that cannot be in time
//! is none.
//! Cost: O(1) each.

/// Timing of a part of a route: its least duration, and the starts that allow it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Timing {
    /// Least time from the start of service at its first node to that at its last.
    pub duration: f64,
    /// Earliest start that takes no longer than the least.
    pub early: f64,
    /// Latest start that is in time.
    pub late: f64,
}

impl Timing {
    pub fn at(early: f64, late: f64) -> Self {
        Timing { duration: 0.0, early, late }
    }

    /// This part, then, `lag` after the start of its last service, the next; `None`: too late.
    #[inline]
    pub fn then(&self, lag: f64, next: &Timing, tolerance: f64) -> Option<Timing> {
        let passed = self.duration + lag;
        let wait = (next.early - passed - self.late).max(0.0);
        if self.early + passed > next.late + tolerance {
            return None;
        }
        Some(Timing {
            duration: passed + next.duration + wait,
            early: (next.early - passed).max(self.early) - wait,
            late: (next.late - passed).min(self.late),
        })
    }
}

/// Load of a part of a route in one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Load {
    /// What must be aboard at its start to be unloaded in it.
    pub delivery: f64,
    /// What is loaded in it and aboard at its end.
    pub pickup: f64,
    /// The most aboard of both.
    pub most: f64,
}

impl Load {
    pub fn of(delivery: f64, pickup: f64) -> Self {
        Load { delivery, pickup, most: delivery.max(pickup) }
    }

    /// This part, then the next.
    #[inline]
    pub fn then(&self, next: &Load) -> Load {
        Load {
            delivery: self.delivery + next.delivery,
            pickup: self.pickup + next.pickup,
            most: (self.most + next.delivery).max(self.pickup + next.most),
        }
    }
}
