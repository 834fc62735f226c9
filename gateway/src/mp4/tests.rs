//! Tests of the boxes.
