//! How far the look-up of users is: something that moves at a terminal, else nothing.

use std::io::{self, IsTerminal as _};

use indicatif::ProgressBar;
use tagoio::bulk::users::PlanProgress;

use super::drawing::{REDRAW, style_as_bar};

pub(super) struct Looking(Option<ProgressBar>);

impl Looking {
    pub(super) fn begin(quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new_spinner().with_message("looking users up");
        bar.enable_steady_tick(REDRAW);
        Self(Some(bar))
    }

    /// The bar, to write above it.
    pub(super) fn bar(&self) -> Option<ProgressBar> {
        self.0.clone()
    }

    pub(super) fn tell(&self, progress: PlanProgress) {
        let Some(bar) = &self.0 else { return };
        match progress.total.map(|total| total as u64) {
            Some(total) => {
                if bar.length() != Some(total) {
                    style_as_bar(bar);
                    bar.set_length(total);
                }
            }
            None => bar.set_message(format!("{} users read", progress.done)),
        }
        bar.set_position(progress.done as u64);
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
