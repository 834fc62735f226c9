//! What tests, benches and the demo share: cameras and servers that are not the product's own.
//!
//! Nothing of this crate is linked into the product.

pub mod alarm;
pub mod bench;
pub mod browser;
pub mod camsim;
pub mod console;
pub mod eval;
pub mod faulty;
pub mod footage;
pub mod gateway;
pub mod image;
pub mod model;
pub mod peer;
pub mod players;
pub mod poll;
pub mod receiver;
pub mod recording;
pub mod replayed;
pub mod rough;
pub mod samples;
pub mod scene;
pub mod shared;
pub mod site;
pub mod soak;
pub mod tls;
pub mod viewer;
