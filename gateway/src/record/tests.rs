//! Tests of the recorder.
