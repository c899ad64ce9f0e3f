//! Progress and interruption of a run: the C function that HiGHS calls back.

use crate::control::{Control, Progress};
use highs_sys::{
    HighsCallbackDataIn, HighsCallbackDataOut, HighsInt, kHighsCallbackIpmInterrupt,
    kHighsCallbackMipImprovingSolution, kHighsCallbackMipInterrupt, kHighsCallbackSimplexInterrupt,
};
use std::any::Any;
use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// The callbacks through which a run can be stopped or tells its progress.
pub(super) const HOOKED: [HighsInt; 4] = [
    kHighsCallbackSimplexInterrupt,
    kHighsCallbackIpmInterrupt,
    kHighsCallbackMipImprovingSolution,
    kHighsCallbackMipInterrupt,
];

/// Shortest time between two progress reports that bring no new answer.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// What a callback needs, on the stack frame of the run.
pub(super) struct Hook<'a> {
    control: &'a Control,
    stage: &'static str,
    last_report: Option<Instant>,
    incumbent: Option<f64>,
    /// A panic of the caller's listener, to be resumed once the solver has returned.
    pub(super) panic: Option<Box<dyn Any + Send>>,
}

impl<'a> Hook<'a> {
    pub(super) fn new(control: &'a Control, stage: &'static str) -> Self {
        Hook { control, stage, last_report: None, incumbent: None, panic: None }
    }

    /// Tells the progress; returns whether the run should stop.
    fn listen(&mut self, kind: c_int, out: &HighsCallbackDataOut) -> bool {
        let is_mip = kind == kHighsCallbackMipInterrupt || kind == kHighsCallbackMipImprovingSolution;
        let is_news = kind == kHighsCallbackMipImprovingSolution;
        if is_news {
            self.incumbent = Some(out.objective_function_value).filter(|value| value.is_finite());
        }
        if is_news || self.last_report.is_none_or(|last| last.elapsed() >= REPORT_EVERY) {
            self.last_report = Some(Instant::now());
            self.control.report(&Progress {
                stage: self.stage,
                done: if is_mip {
                    u64::try_from(out.mip_node_count).unwrap_or(0)
                } else {
                    u64::try_from(out.simplex_iteration_count.max(out.ipm_iteration_count)).unwrap_or(0)
                },
                total: None,
                incumbent: self.incumbent,
                bound: Some(out.mip_dual_bound).filter(|bound| is_mip && bound.is_finite()),
            });
        }
        self.control.should_stop()
    }
}

/// Called by HiGHS during a run.
///
/// # Safety
/// HiGHS passes pointers that are valid for the call; `data` is null or points
/// to the `Hook` of the run that is under way on this thread.
pub(super) unsafe extern "C" fn on_callback(
    kind: c_int,
    _message: *const c_char,
    out: *const HighsCallbackDataOut,
    input: *mut HighsCallbackDataIn,
    data: *mut c_void,
) {
    // SAFETY: see above; the `Hook` is not touched by `run` while HiGHS works,
    // and HiGHS, on one thread, makes one call at a time.
    let (hook, out, input) = unsafe {
        match (data.cast::<Hook<'_>>().as_mut(), out.as_ref(), input.as_mut()) {
            (Some(hook), Some(out), Some(input)) => (hook, out, input),
            _ => return,
        }
    };
    if hook.panic.is_some() {
        input.user_interrupt = 1;
        return;
    }
    match catch_unwind(AssertUnwindSafe(|| hook.listen(kind, out))) {
        Ok(stop) if stop => input.user_interrupt = 1,
        Ok(_) => {}
        Err(panic) => {
            hook.panic = Some(panic);
            input.user_interrupt = 1;
        }
    }
}
