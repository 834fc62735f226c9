//! Who may do what, as names. The policies themselves are Cedar text in `gateway::access`; nothing decides here.

use std::time::Duration;

use crate::closed::closed_enum;

/// Younger footage needs no reason beyond the work itself; for older one a [`FootagePurpose`] and a case are named.
pub const FRESH_FOOTAGE: Duration = Duration::from_secs(24 * 3600);

closed_enum! {
    /// What a viewer is. One account has one role; what it may see is narrowed further by its areas.
    pub enum Role ("role") {
        /// Works the dispatch queue of its areas.
        Operator => "operator",
        /// Looks at incidents and their clips in its areas; changes nothing and sees no live picture.
        Police => "police",
        /// Works for a department or as a grid worker: sees and works what its unit was told, and reports.
        Unit => "unit",
        /// Keeps cameras running and tunes their rules; sees states and numbers, of recordings the moments of a trial's
        /// alarms, never incident video.
        Technician => "technician",
        /// Manages accounts and settings; sees no video.
        Administrator => "administrator",
        /// Reads the audit log, and nothing else.
        Auditor => "auditor",
    }
}

closed_enum! {
    /// Every verb that a route may declare. A route without one does not exist.
    pub enum Action ("action") {
        /// See and end one's own session.
        SessionOwn => "session.own",
        /// Read the description of the interface (OpenAPI).
        InterfaceRead => "interface.read",
        /// See that a camera exists: name, area, place.
        CameraList => "camera.list",
        /// See a camera's states, rates and faults.
        CameraHealth => "camera.health",
        /// Watch a camera's live picture.
        LiveView => "live.view",
        /// See incidents in the queue, and be told of changes.
        IncidentList => "incident.list",
        /// Open one incident: alarms, evidence, history.
        IncidentView => "incident.view",
        /// Change an incident's state.
        IncidentAct => "incident.act",
        /// Do a unit's part in an incident: sign in, arrive, feed back, finish, return, ask for time, add files.
        IncidentWork => "incident.work",
        /// Report an incident.
        IncidentReport => "incident.report",
        /// Hand the shift over, and take one over.
        ShiftHandOver => "shift.hand_over",
        /// Say whether one's own console would be heard, and see of which others an alarm would not.
        ConsoleWatch => "console.watch",
        /// Read the centre's own tables: units, classes, deadlines, duty.
        CentreRead => "centre.read",
        /// Read statistics of one's areas, and the bulletins made of them.
        StatisticsRead => "statistics.read",
        /// See which rules of which cameras raise too much, and what the centre's budget is.
        NoiseRead => "noise.read",
        /// Make a bulletin: a report over a period, a topic or one incident, that is kept as it was made.
        BulletinMake => "bulletin.make",
        /// Play or download the clip of an incident.
        ClipView => "clip.view",
        /// Read the boxes that belong to an incident's clip.
        TraceView => "trace.view",
        /// See the still picture of an incident.
        ThumbnailView => "thumbnail.view",
        /// See when a camera was recorded, and why not: no pictures.
        RecordingList => "recording.list",
        /// Play a camera's recording, or see stills of it.
        RecordingView => "recording.view",
        /// List, make and release holds: footage that stays for a case.
        HoldManage => "hold.manage",
        /// See the disks, how long they last, and what retention does.
        StorageRead => "storage.read",
        /// Say that a clock that has jumped is right, so that retention goes by it.
        StorageManage => "storage.manage",
        /// See tickets: technical faults of cameras and of the site.
        TicketRead => "ticket.read",
        /// Acknowledge and close tickets.
        TicketManage => "ticket.manage",
        /// See how telling other systems of incidents goes.
        OutboundRead => "outbound.read",
        /// Have other systems told once more.
        OutboundResend => "outbound.resend",
        /// Try rules on a camera's recording, and see in words and numbers what they would have raised.
        RuleTry => "rule.try",
        /// See the still of an alarm of such a trial.
        RuleStill => "rule.still",
        /// List, create and change accounts.
        AccountManage => "account.manage",
        /// Read and verify the audit log.
        AuditRead => "audit.read",
    }
}

impl Action {
    /// What its policy must look at besides the viewer.
    #[must_use]
    pub const fn resource(self) -> ResourceKind {
        match self {
            Self::SessionOwn
            | Self::InterfaceRead
            | Self::StorageRead
            | Self::StorageManage
            | Self::AccountManage
            | Self::OutboundRead
            | Self::OutboundResend
            | Self::CentreRead
            | Self::AuditRead => ResourceKind::Site,
            Self::IncidentReport
            | Self::ShiftHandOver
            | Self::ConsoleWatch
            | Self::StatisticsRead
            | Self::BulletinMake => ResourceKind::Area,
            Self::CameraList
            | Self::CameraHealth
            | Self::LiveView
            | Self::RecordingList
            | Self::RecordingView
            | Self::HoldManage
            | Self::NoiseRead
            | Self::RuleTry
            | Self::RuleStill
            | Self::TicketRead
            | Self::TicketManage => ResourceKind::Camera,
            Self::IncidentList
            | Self::IncidentView
            | Self::IncidentAct
            | Self::IncidentWork
            | Self::ClipView
            | Self::TraceView
            | Self::ThumbnailView => ResourceKind::Incident,
        }
    }

    /// Shows moving or still pictures of people: each use is an audit row written before the bytes flow.
    #[must_use]
    pub const fn shows_pictures(self) -> bool {
        matches!(
            self,
            Self::LiveView | Self::ClipView | Self::ThumbnailView | Self::RecordingView | Self::RuleStill
        )
    }
}

closed_enum! {
    /// Why someone looks at footage that is no longer fresh. With a case, it is a condition of looking.
    pub enum FootagePurpose ("purpose") {
        /// Following up an incident.
        Incident => "incident",
        /// A check of the work that an inspector or the centre ordered.
        Inspection => "inspection",
        /// Finding out why a camera or its recording failed.
        Fault => "fault",
        /// An authority's written request for footage.
        Retrieval => "retrieval",
    }
}

closed_enum! {
    /// What an action is done to.
    pub enum ResourceKind ("resource") {
        /// The installation as a whole.
        Site => "site",
        /// One area.
        Area => "area",
        /// One camera, and through it its area.
        Camera => "camera",
        /// One incident, and through it its camera and area.
        Incident => "incident",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_what_they_were() {
        for &action in Action::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
        }
        for &role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("".parse::<Action>().is_err());
        assert!("ADMINISTRATOR".parse::<Role>().is_err());
    }
}
