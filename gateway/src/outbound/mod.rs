//! Telling other systems of incidents: a county platform, a department's own system, an MQTT broker.
//!
//! `message` says who is told of a change and in which words, inside the change's own transaction; `store::outbox` keeps
//! that until it is delivered; a `sender` per target delivers it, over a `line`: HTTP (`webhook`) or MQTT (`mqtt`).
//! Nothing here waits for a target but that target's own sender, and nothing here touches incidents.
//!
//! **Invariant:** of one incident a target gets one message at a time, in the order in which it happened. A message that
//! cannot be delivered holds back the later ones of its incident and no others.

mod board;
mod fault;
mod line;
mod message;
mod mqtt;
mod sender;
#[cfg(test)]
mod tests;
mod tls;
mod webhook;
mod words;

pub use self::{
    board::Board,
    fault::{Failure, Verdict, remedy},
    message::News,
    sender::{Prod, Sender},
};
