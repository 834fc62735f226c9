//! Who may see and do what: accounts, sessions, the policies and the one gate that evaluates them.
//!
//! Cedar and Argon2 stay in here; rows are `store`'s. `api` asks for every request, and again for every live update.

pub mod accounts;
pub mod gate;
pub mod password;
pub mod viewer;
