//! Detectors on this machine.
