//! Timelines, recordings by time, stills and transcodes.
