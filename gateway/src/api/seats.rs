//! Which consoles of operators are open, and at which of them an alarm would be heard.
//!
//! Every console says so itself, every few seconds and when it changes. A seat is a session, which is one browser at one
//! desk: it hears as long as one of its tabs does. What is not heard of any more is silent for a while, because nobody
//! knows whether its alarm would sound, and is then forgotten; a console that is closed says so, and is forgotten at once.
//!
//! In memory on purpose: it is about now, nobody may ask for it later, and a write for every console every few seconds
//! would cost the disk more than the queue does. After a restart every console says it again within seconds, and since
//! when, so that nothing is lost by it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sharpeyes_domain::{
    ids::{AccountId, AreaId},
    time::WallTime,
};
use tokio::sync::watch;

use crate::{
    access::viewer::{SessionId, Viewer},
    clock::Clock,
};

/// How often a console says how it is.
pub(super) const BEAT: Duration = Duration::from_secs(20);
/// A console that said nothing for so long is silent. Browsers slow a window that is not in front down to a word a minute.
const SILENT: Duration = Duration::from_secs(90);
/// A silent console is forgotten after so long: it was switched off.
const FORGOTTEN: Duration = Duration::from_secs(600);
/// Nobody is told of what is shorter: after a reload the browser asks for a click.
const GRACE: Duration = Duration::from_secs(10);
/// Longer than a shift: what a console says of since when is believed so far.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Tabs of one browser; of more the one that was heard of longest ago is forgotten.
const MOST_TABS: usize = 16;

/// What a console says of its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sound {
    /// An alarm would be heard.
    Armed,
    /// Muted, usually until a time.
    Muted {
        /// Then it is armed again.
        until: Option<WallTime>,
    },
    /// The browser plays nothing until somebody clicks, or the operator has switched it off.
    Off,
}

/// Why an alarm would not be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deaf {
    /// Muted.
    Muted {
        /// Then it is armed again.
        until: Option<WallTime>,
    },
    /// Not switched on.
    Off,
    /// Nothing was heard of it.
    Silent,
}

/// A console at which an alarm would not be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeafSeat {
    /// Whose.
    pub(super) account: AccountId,
    /// Roots of their areas.
    pub(super) areas: Vec<AreaId>,
    /// Why.
    pub(super) why: Deaf,
    /// Since when.
    pub(super) since: WallTime,
}

struct Tab {
    sound: Sound,
    since: WallTime,
    heard: Instant,
    heard_wall: WallTime,
}

struct Seat {
    account: AccountId,
    areas: Vec<AreaId>,
    tabs: HashMap<String, Tab>,
    /// Since when none of its tabs would be heard; `None`: one would.
    deaf_since: Option<WallTime>,
}

/// What one console says.
pub(super) struct Word<'a> {
    /// Which tab, by a name that it has chosen.
    pub(super) tab: &'a str,
    /// `None`: it is closed.
    pub(super) sound: Option<Sound>,
    /// For so long by its own clock.
    pub(super) for_: Duration,
}

/// All seats.
pub(super) struct Seats {
    seats: Mutex<HashMap<SessionId, Seat>>,
    /// Grows with every change that somebody might be told of.
    version: watch::Sender<u64>,
}

impl Default for Seats {
    fn default() -> Self {
        Self { seats: Mutex::default(), version: watch::Sender::new(0) }
    }
}

impl Seats {
    /// Wakes when a console's sound changes. What changes by time alone wakes nobody: see [`Seats::deaf`].
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Takes what a console says.
    pub(super) fn tell(&self, viewer: &Viewer, word: &Word<'_>, clock: &Clock) {
        let (now, wall) = (clock.instant(), clock.wall());
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seats.get(&viewer.session).map(|seat| seat.state(now));
        match word.sound {
            None => {
                if let Some(seat) = seats.get_mut(&viewer.session) {
                    seat.tabs.remove(word.tab);
                    seat.settle(now);
                }
            }
            Some(sound) => {
                let seat = seats.entry(viewer.session).or_insert_with(|| Seat::of(viewer));
                let since = wall.minus(word.for_.min(LONGEST));
                seat.hear(word.tab, Tab { sound, since, heard: now, heard_wall: wall }, now);
            }
        }
        seats.retain(|_, seat| !seat.is_forgotten(now));
        let after = seats.get(&viewer.session).map(|seat| seat.state(now));
        drop(seats);
        if before != after {
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// The session is over: nobody sits there any more.
    pub(super) fn leave(&self, session: SessionId) {
        let gone = self.seats.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
        if gone.is_some() {
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// Seats at which an alarm would not be heard, the longest deaf first; and in how long that may be otherwise though
    /// no console says anything.
    pub(super) fn deaf(&self, clock: &Clock) -> (Vec<DeafSeat>, Option<Duration>) {
        let (now, wall) = (clock.instant(), clock.wall());
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.retain(|_, seat| !seat.is_forgotten(now));
        let mut deaf: Vec<DeafSeat> = Vec::new();
        let mut next: Option<Duration> = None;
        for seat in seats.values() {
            let mut due = seat.due(now);
            if let Some((why, since)) = seat.state(now) {
                let lasts = wall.since(since);
                if lasts >= GRACE {
                    deaf.push(DeafSeat { account: seat.account, areas: seat.areas.clone(), why, since });
                } else {
                    due = due.min(GRACE.saturating_sub(lasts));
                }
            }
            next = Some(next.map_or(due, |next| next.min(due)));
        }
        deaf.sort_by_key(|seat| (seat.since, seat.account));
        (deaf, next)
    }
}

impl Seat {
    fn of(viewer: &Viewer) -> Self {
        let (account, areas) = (viewer.account, viewer.areas.clone());
        Self { account, areas, tabs: HashMap::new(), deaf_since: None }
    }

    fn hear(&mut self, name: &str, tab: Tab, now: Instant) {
        let is_first = self.tabs.is_empty();
        let since = tab.since;
        self.tabs.insert(name.to_owned(), tab);
        while self.tabs.len() > MOST_TABS {
            let oldest = self.tabs.iter().min_by_key(|(_, tab)| tab.heard).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            self.tabs.remove(&oldest);
        }
        // A reload that did not say goodbye is not a second console that fell silent.
        self.tabs.retain(|_, tab| !tab.is_silent(now));
        if is_first {
            self.deaf_since = Some(since);
        }
        self.settle_since(now, since);
    }

    fn settle(&mut self, now: Instant) {
        let since = self.tabs.values().map(|tab| tab.since).max();
        self.settle_since(now, since.unwrap_or(WallTime(i64::MAX)));
    }

    /// `since`: when it became deaf, if it is deaf now and was not before.
    fn settle_since(&mut self, now: Instant, since: WallTime) {
        let hears = self.tabs.values().any(|tab| tab.sound == Sound::Armed && !tab.is_silent(now));
        self.deaf_since = if hears { None } else { Some(self.deaf_since.unwrap_or(since)) };
    }

    /// Why an alarm would not be heard there, and since when.
    fn state(&self, now: Instant) -> Option<(Deaf, WallTime)> {
        let live = || self.tabs.values().filter(|tab| !tab.is_silent(now));
        if live().next().is_none() {
            let last = self.tabs.values().map(|tab| tab.heard_wall).max()?;
            return Some((Deaf::Silent, last));
        }
        if live().any(|tab| tab.sound == Sound::Armed) {
            return None;
        }
        let muted = live().find_map(|tab| match tab.sound {
            Sound::Muted { until } => Some(Deaf::Muted { until }),
            Sound::Armed | Sound::Off => None,
        });
        // One that hears may have fallen silent beside one that does not: since its last word.
        let last_heard = || {
            let armed = self.tabs.values().filter(|tab| tab.sound == Sound::Armed);
            armed.map(|tab| tab.heard_wall).max()
        };
        let since = self.deaf_since.or_else(last_heard)?;
        Some((muted.unwrap_or(Deaf::Off), since))
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        self.tabs.values().all(|tab| now.saturating_duration_since(tab.heard) >= SILENT + FORGOTTEN)
    }

    /// In how long time alone changes it, if no console says anything.
    fn due(&self, now: Instant) -> Duration {
        let left = |tab: &Tab| {
            let quiet = now.saturating_duration_since(tab.heard);
            if quiet < SILENT { SILENT - quiet } else { (SILENT + FORGOTTEN).saturating_sub(quiet) }
        };
        self.tabs.values().map(left).min().unwrap_or(FORGOTTEN)
    }
}

impl Tab {
    fn is_silent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) >= SILENT
    }
}

#[cfg(test)]
mod tests {
    use sharpeyes_domain::access::Role;

    use super::*;
    use crate::access::viewer::Language;

    const START: WallTime = WallTime(1_800_000_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    struct Room {
        seats: Seats,
        clock: Clock,
    }

    impl Room {
        fn new() -> Self {
            Self { seats: Seats::default(), clock: Clock::simulated(START) }
        }

        /// Of a browser of account 1.
        fn says(&self, session: i64, tab: &str, sound: Option<Sound>, for_: Duration) {
            let viewer = Viewer {
                account: AccountId(1),
                session: SessionId(session),
                name: "op".to_owned(),
                display_name: "Op".to_owned(),
                role: Role::Operator,
                areas: vec![AreaId::new("east").unwrap()],
                unit: None,
                language: Language::Chinese,
            };
            self.seats.tell(&viewer, &Word { tab, sound, for_ }, &self.clock);
        }

        fn deaf(&self) -> Vec<(Deaf, WallTime)> {
            self.seats.deaf(&self.clock).0.into_iter().map(|seat| (seat.why, seat.since)).collect()
        }

        fn wait(&self, by: Duration) {
            self.clock.advance(by);
        }
    }

    const MUTED: Sound = Sound::Muted { until: None };
    const SAYS_MUTED: Deaf = Deaf::Muted { until: None };

    #[test]
    fn a_console_is_deaf_from_when_it_was_muted_until_it_is_armed() {
        let room = Room::new();
        let changed = room.seats.changed();
        room.says(1, "a", Some(Sound::Armed), Duration::ZERO);
        assert_eq!(room.deaf(), []);
        room.wait(MINUTE);
        room.says(1, "a", Some(MUTED), Duration::ZERO);
        assert!(changed.has_changed().unwrap());
        assert_eq!(room.deaf(), [], "a moment is nobody's business");
        assert_eq!(room.seats.deaf(&room.clock).1, Some(GRACE));
        room.wait(GRACE);
        let since = START.plus(MINUTE);
        assert_eq!(room.deaf(), [(SAYS_MUTED, since)]);
        room.says(1, "a", Some(Sound::Off), Duration::ZERO);
        assert_eq!(room.deaf(), [(Deaf::Off, since)], "deaf without a pause");
        room.says(1, "a", Some(Sound::Armed), Duration::ZERO);
        assert_eq!(room.deaf(), []);
    }

    #[test]
    fn a_browser_hears_as_long_as_one_of_its_tabs_does() {
        let room = Room::new();
        room.says(1, "a", Some(Sound::Off), MINUTE);
        assert_eq!(room.deaf().len(), 1);
        room.says(1, "b", Some(Sound::Armed), Duration::ZERO);
        assert_eq!(room.deaf(), []);
        // Another browser of the same person is at another desk.
        room.says(2, "a", Some(Sound::Off), MINUTE);
        assert_eq!(room.deaf().len(), 1);
        room.wait(MINUTE);
        room.says(1, "a", Some(Sound::Off), MINUTE * 2);
        room.says(1, "b", None, Duration::ZERO);
        room.says(2, "a", None, Duration::ZERO);
        room.wait(GRACE);
        assert_eq!(room.deaf().len(), 1, "the tab that heard is closed");
        room.says(1, "a", None, Duration::ZERO);
        assert_eq!(
            room.seats.deaf(&room.clock),
            (Vec::new(), None),
            "who closes the last one is gone at once"
        );
    }

    #[test]
    fn a_console_that_vanishes_is_silent_and_then_forgotten() {
        let room = Room::new();
        room.says(1, "a", Some(Sound::Armed), Duration::ZERO);
        room.wait(SILENT - Duration::from_secs(1));
        assert_eq!(room.deaf(), []);
        assert_eq!(room.seats.deaf(&room.clock).1, Some(Duration::from_secs(1)));
        room.wait(Duration::from_secs(1));
        assert_eq!(room.deaf(), [(Deaf::Silent, START)]);
        // It was only the network.
        room.says(1, "a", Some(Sound::Armed), SILENT);
        assert_eq!(room.deaf(), []);
        room.wait(SILENT + FORGOTTEN);
        assert_eq!(room.deaf(), []);
        assert_eq!(room.seats.deaf(&room.clock).1, None);
    }

    #[test]
    fn a_tab_that_vanished_does_not_hear_for_the_others() {
        let room = Room::new();
        room.says(1, "a", Some(Sound::Armed), Duration::ZERO);
        room.says(1, "b", Some(Sound::Off), Duration::ZERO);
        room.wait(MINUTE);
        room.says(1, "b", Some(Sound::Off), MINUTE);
        room.wait(MINUTE);
        assert_eq!(room.deaf(), [(Deaf::Off, START)], "since the last word of the one that heard");
    }

    #[test]
    fn after_a_restart_the_consoles_say_since_when() {
        let room = Room::new();
        room.says(1, "a", Some(MUTED), MINUTE * 25);
        assert_eq!(room.deaf(), [(SAYS_MUTED, START.minus(MINUTE * 25))]);
        room.says(2, "a", Some(MUTED), Duration::MAX);
        assert_eq!(room.deaf()[0].1, START.minus(LONGEST), "and are not believed everything");
    }

    #[test]
    fn a_browser_has_so_many_tabs_and_no_more() {
        let room = Room::new();
        for n in 0..100 {
            room.says(1, &n.to_string(), Some(Sound::Off), Duration::ZERO);
            room.wait(Duration::from_millis(1));
        }
        assert_eq!(room.seats.seats.lock().unwrap()[&SessionId(1)].tabs.len(), MOST_TABS);
        room.seats.leave(SessionId(1));
        assert!(room.seats.seats.lock().unwrap().is_empty());
    }
}
