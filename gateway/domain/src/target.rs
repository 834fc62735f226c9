//! Other systems that are told of incidents: what may be shared with them, and at which stage telling them fails.
//!
//! Words only. Who is told is in the site file, and when and how is `gateway::outbound`'s.

use crate::closed::closed_enum;

closed_enum! {
    /// What a target may be told beyond what an incident is, where, and how far it has come: only what its purpose needs.
    pub enum Share ("share") {
        /// What was reported: title, description, place in words.
        Report => "report",
        /// Who reported it, and how they can be reached.
        Reporter => "reporter",
        /// What people write about what they do.
        Notes => "notes",
        /// Where it is on the earth.
        Position => "position",
        /// Whom an escalation reaches, and where they are called.
        Recipients => "recipients",
    }
}

closed_enum! {
    /// How far an attempt came.
    pub enum SendStage ("stage") {
        /// Finding the host's address.
        Resolve => "resolve",
        /// Reaching it.
        Connect => "connect",
        /// Agreeing on encryption.
        Tls => "tls",
        /// Handing the message over.
        Send => "send",
        /// What came back.
        Answer => "answer",
    }
}
