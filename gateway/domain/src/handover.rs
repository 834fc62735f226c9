//! Handing over the shift (交接班): who may sign what, and until when. No rows and no words here.

use std::time::Duration;

use crate::{closed::closed_enum, ids::AccountId, time::WallTime};

/// A paper that nobody signed for so long says nothing about the queue any more.
pub const LAPSES_AFTER: Duration = Duration::from_secs(12 * 3600);

closed_enum! {
    /// Where a hand-over stands.
    pub enum HandoverState ("hand-over state") {
        /// The leaver has signed, nobody else yet.
        Open => "open",
        /// The taker has signed: the leaver's claims are theirs.
        Accepted => "accepted",
        /// Whoever should take over does not, with the reason.
        Refused => "refused",
        /// The leaver stays.
        Withdrawn => "withdrawn",
        /// Nobody signed in time.
        Lapsed => "lapsed",
    }
}

closed_enum! {
    /// What the second signature says.
    pub enum HandoverVerb ("hand-over verb") {
        /// I take over.
        Accept => "accept",
        /// I do not take over.
        Refuse => "refuse",
        /// I stay; only the leaver says that.
        Withdraw => "withdraw",
    }
}

closed_enum! {
    /// How somebody has signed.
    pub enum Signature ("signature") {
        /// Signed in with an own session.
        Session => "session",
        /// With name and password, at another one's desk.
        Password => "password",
    }
}

/// What decides about a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Where it stands, as stored.
    pub state: HandoverState,
    /// Who leaves.
    pub leaver: AccountId,
    /// Whom it is meant for; `None`: whoever comes.
    pub meant_for: Option<AccountId>,
    /// When the leaver signed.
    pub opened: WallTime,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// It was decided before, or nobody signed in time.
    #[error("the hand-over is {0}, not open")]
    NotOpen(HandoverState),
    /// Two signatures are two people's.
    #[error("nobody hands over to themselves")]
    SamePerson,
    /// It is meant for somebody else.
    #[error("the hand-over is meant for somebody else")]
    NotForYou,
    /// Only who leaves can stay.
    #[error("only the one who leaves withdraws a hand-over")]
    NotTheLeaver,
}

impl Handover {
    /// Where it stands at `now`.
    #[must_use]
    pub fn state_at(&self, now: WallTime) -> HandoverState {
        let is_old = now >= self.opened && now.since(self.opened) >= LAPSES_AFTER;
        if self.state == HandoverState::Open && is_old { HandoverState::Lapsed } else { self.state }
    }

    /// Where it stands after `by` has signed `verb`.
    ///
    /// # Errors
    /// [`HandoverError`]: nothing is changed.
    pub fn decide(
        &self,
        verb: HandoverVerb,
        by: AccountId,
        now: WallTime,
    ) -> Result<HandoverState, HandoverError> {
        match self.state_at(now) {
            HandoverState::Open => {}
            state => return Err(HandoverError::NotOpen(state)),
        }
        let is_leaver = by == self.leaver;
        match verb {
            HandoverVerb::Withdraw if !is_leaver => Err(HandoverError::NotTheLeaver),
            HandoverVerb::Withdraw => Ok(HandoverState::Withdrawn),
            HandoverVerb::Accept | HandoverVerb::Refuse if is_leaver => Err(HandoverError::SamePerson),
            HandoverVerb::Accept | HandoverVerb::Refuse if self.meant_for.is_some_and(|who| who != by) => {
                Err(HandoverError::NotForYou)
            }
            HandoverVerb::Accept => Ok(HandoverState::Accepted),
            HandoverVerb::Refuse => Ok(HandoverState::Refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_signatures_are_two_peoples_and_come_in_time() {
        use HandoverError as E;
        use HandoverState as S;
        use HandoverVerb as V;
        let (leaver, taker, third) = (AccountId(1), AccountId(2), AccountId(3));
        let open = Handover { state: S::Open, leaver, meant_for: None, opened: WallTime(0) };
        let meant = Handover { meant_for: Some(taker), ..open };
        let late = WallTime(0).plus(LAPSES_AFTER);
        let check = |paper: Handover, verb, by, now, expected| {
            assert_eq!(paper.decide(verb, by, now), expected, "{paper:?} {verb} by {by}");
        };
        let now = WallTime(60_000);
        check(open, V::Accept, taker, now, Ok(S::Accepted));
        check(open, V::Refuse, taker, now, Ok(S::Refused));
        check(open, V::Withdraw, leaver, now, Ok(S::Withdrawn));
        check(open, V::Accept, leaver, now, Err(E::SamePerson));
        check(open, V::Refuse, leaver, now, Err(E::SamePerson));
        check(open, V::Withdraw, taker, now, Err(E::NotTheLeaver));
        check(meant, V::Accept, taker, now, Ok(S::Accepted));
        check(meant, V::Accept, third, now, Err(E::NotForYou));
        check(open, V::Accept, taker, late, Err(E::NotOpen(S::Lapsed)));
        // A clock that was set back makes nothing old.
        check(open, V::Accept, taker, WallTime(-86_400_000), Ok(S::Accepted));
        for state in [S::Accepted, S::Refused, S::Withdrawn, S::Lapsed] {
            let over = Handover { state, ..open };
            check(over, V::Accept, taker, now, Err(E::NotOpen(state)));
            check(over, V::Withdraw, leaver, late, Err(E::NotOpen(state)));
        }
    }
}
