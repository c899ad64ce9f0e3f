//! Given sales of regions before and during an experiment, find what the treatment changed.
