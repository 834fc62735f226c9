//! Which alarm is which event, and what follows for each rule class.

use std::collections::BTreeMap;

use serde::Serialize;
use sharpeyes_domain::rule::RuleClass;

use crate::replayed::{Alarm, Event};

/// One clip under one setting, compared with its labels.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Every event that a rule of the camera could notice, with its alarm.
    pub events: Vec<(Event, Option<Alarm>)>,
    /// Alarms that are no event.
    pub false_alarms: Vec<Alarm>,
    /// Events of which the camera has no rule: nothing was asked.
    pub unasked: Vec<Event>,
}

impl Judged {
    /// An alarm may be an event of its class and rule whose time, widened by the tolerance on both sides, it overlaps.
    /// Each is used once, and as many as possible are: a second alarm about the same event is a false one.
    #[must_use]
    pub fn of(events: &[Event], alarms: &[Alarm], is_asked: impl Fn(&Event) -> bool) -> Self {
        let (events, unasked): (Vec<Event>, Vec<Event>) = events.iter().cloned().partition(is_asked);
        let mut taken: Vec<Option<usize>> = vec![None; alarms.len()];
        for event in 0..events.len() {
            augment(event, &events, alarms, &mut taken, &mut vec![false; alarms.len()]);
        }
        let alarm_of =
            |event: usize| taken.iter().position(|by| *by == Some(event)).map(|at| alarms[at].clone());
        let found = (0..events.len()).map(alarm_of).collect::<Vec<_>>();
        let is_free = |(_, by): &(&Alarm, &Option<usize>)| by.is_none();
        let false_alarms =
            alarms.iter().zip(&taken).filter(is_free).map(|(alarm, _)| alarm.clone()).collect();
        Self { events: events.into_iter().zip(found).collect(), false_alarms, unasked }
    }
}

/// Whether an alarm may be this event.
#[must_use]
pub fn fits(event: &Event, alarm: &Alarm) -> bool {
    let is_same = alarm.rule == event.rule && alarm.class == event.class;
    let from = event.begin_s - event.tolerance_s;
    is_same && alarm.began_s <= event.end_s + event.tolerance_s && alarm.ended_s >= from
}

/// Finds an alarm for `event`, moving others' where they have a choice (Kuhn). The nearest beginning is asked first.
fn augment(
    event: usize,
    events: &[Event],
    alarms: &[Alarm],
    taken: &mut [Option<usize>],
    is_tried: &mut [bool],
) -> bool {
    let off = |at: usize| (alarms[at].began_s - events[event].begin_s).abs();
    let mut able: Vec<usize> = (0..alarms.len()).filter(|at| fits(&events[event], &alarms[*at])).collect();
    able.sort_by(|a, b| off(*a).total_cmp(&off(*b)));
    for at in able {
        if std::mem::replace(&mut is_tried[at], true) {
            continue;
        }
        if taken[at].is_none_or(|other| augment(other, events, alarms, taken, is_tried)) {
            taken[at] = Some(event);
            return true;
        }
    }
    false
}

/// One rule class over all clips under one setting.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RuleScore {
    /// Events that were to be noticed.
    pub events: usize,
    /// Of those, noticed.
    pub found: usize,
    /// Alarms that were no event.
    pub false_alarms: usize,
    /// Media time that a rule of this class watched.
    pub camera_hours: f64,
    /// From the beginning of an event to its alarm, seconds, in order.
    pub delays_s: Vec<f64>,
}

impl RuleScore {
    /// Adds one clip.
    pub fn add(&mut self, judged: &Judged, class: RuleClass, hours: f64) {
        for (event, alarm) in judged.events.iter().filter(|(event, _)| event.class == class) {
            self.events += 1;
            if let Some(alarm) = alarm {
                self.found += 1;
                self.delays_s.push(alarm.raised_s - event.begin_s);
            }
        }
        self.false_alarms += judged.false_alarms.iter().filter(|alarm| alarm.class == class).count();
        self.camera_hours += hours;
        self.delays_s.sort_by(f64::total_cmp);
    }

    /// Share of the alarms that were events; `None` without alarms.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.found, self.found + self.false_alarms)
    }

    /// Share of the events that were noticed; `None` without events.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.found, self.events)
    }

    /// Harmonic mean of both; `None` without events.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let due = self.events + self.found + self.false_alarms;
        if self.events == 0 { None } else { share(2 * self.found, due) }
    }

    /// False alarms of one camera in an hour; `None` when nothing was watched.
    #[must_use]
    pub fn false_alarms_per_hour(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a few alarms")]
        let n = self.false_alarms as f64;
        (self.camera_hours > 0.0).then(|| n / self.camera_hours)
    }

    /// Delay that this share of the alarms stays below, by the nearest rank.
    #[must_use]
    pub fn delay_s(&self, share: f64) -> Option<f64> {
        let n = self.delays_s.len();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let rank = (share * n as f64).ceil() as usize;
        self.delays_s.get(rank.clamp(1, n.max(1)) - 1).copied()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few alarms")]
fn share(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// How many events `full` noticed, and how many of those `auto` noticed too.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Kept {
    /// Noticed at `full`.
    pub full: usize,
    /// Of those, noticed at `auto`.
    pub both: usize,
    /// Noticed at `auto` alone.
    pub auto_only: usize,
}

impl Kept {
    /// Adds one clip.
    pub fn add(&mut self, full: &Judged, auto: &Judged, class: RuleClass) {
        for ((event, at_full), (_, at_auto)) in full.events.iter().zip(&auto.events) {
            if event.class == class {
                self.full += usize::from(at_full.is_some());
                self.both += usize::from(at_full.is_some() && at_auto.is_some());
                self.auto_only += usize::from(at_full.is_none() && at_auto.is_some());
            }
        }
    }

    /// Share of what `full` noticed; `None` when that is nothing.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.both, self.full)
    }

    /// Over all classes.
    #[must_use]
    pub fn sum(parts: &BTreeMap<&'static str, Self>) -> Self {
        parts.values().fold(Self::default(), |sum, part| Self {
            full: sum.full + part.full,
            both: sum.both + part.both,
            auto_only: sum.auto_only + part.auto_only,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(begin_s: f64, end_s: f64) -> Event {
        Event { class: RuleClass::Intrusion, rule: "in".into(), begin_s, end_s, tolerance_s: 1.0 }
    }

    fn alarm(began_s: f64, ended_s: f64) -> Alarm {
        Alarm { rule: "in".into(), class: RuleClass::Intrusion, began_s, raised_s: began_s + 0.5, ended_s }
    }

    fn check(events: &[Event], alarms: &[Alarm], found: usize, false_alarms: usize) {
        let judged = Judged::of(events, alarms, |_| true);
        let n_found = judged.events.iter().filter(|(_, alarm)| alarm.is_some()).count();
        assert_eq!((n_found, judged.false_alarms.len()), (found, false_alarms), "{judged:?}");
    }

    #[test]
    fn an_alarm_is_an_event_that_it_overlaps_within_the_tolerance() {
        check(&[event(10.0, 20.0)], &[alarm(12.0, 15.0)], 1, 0);
        check(&[event(10.0, 20.0)], &[alarm(20.9, 30.0)], 1, 0);
        check(&[event(10.0, 20.0)], &[alarm(5.0, 9.1)], 1, 0);
        check(&[event(10.0, 20.0)], &[alarm(21.1, 30.0)], 0, 1);
        check(&[event(10.0, 20.0)], &[alarm(5.0, 8.9)], 0, 1);
        check(&[], &[alarm(1.0, 2.0)], 0, 1);
        check(&[event(1.0, 2.0)], &[], 0, 0);
    }

    #[test]
    fn each_event_and_each_alarm_counts_once() {
        // One alarm over two events is one of them; two alarms on one event are one of them and a false one.
        check(&[event(10.0, 12.0), event(14.0, 16.0)], &[alarm(9.0, 20.0)], 1, 0);
        check(&[event(10.0, 20.0)], &[alarm(10.0, 13.0), alarm(16.0, 20.0)], 1, 1);
    }

    #[test]
    fn an_event_with_a_choice_leaves_the_only_alarm_of_another_to_it() {
        // The long alarm is nearest to the first event, and the only one of the second.
        let events = [event(10.0, 12.0), event(30.0, 32.0)];
        check(&events, &[alarm(10.1, 31.0), alarm(11.0, 12.0)], 2, 0);
    }

    #[test]
    fn other_rules_and_events_that_nobody_asked_for_do_not_count() {
        let other = Alarm { rule: "other".into(), ..alarm(10.0, 12.0) };
        check(&[event(10.0, 12.0)], &[other], 0, 1);
        let judged = Judged::of(&[event(10.0, 12.0)], &[], |_| false);
        assert_eq!((judged.events.len(), judged.unasked.len()), (0, 1));
    }

    #[test]
    fn scores_of_a_rule_are_those_of_the_textbook() {
        let mut score = RuleScore::default();
        let events = [event(10.0, 12.0), event(30.0, 32.0), event(50.0, 52.0)];
        let alarms = [alarm(10.0, 12.0), alarm(31.0, 32.0), alarm(80.0, 81.0)];
        score.add(&Judged::of(&events, &alarms, |_| true), RuleClass::Intrusion, 0.5);
        assert_eq!((score.events, score.found, score.false_alarms), (3, 2, 1));
        assert_eq!(score.precision(), Some(2.0 / 3.0));
        assert_eq!(score.recall(), Some(2.0 / 3.0));
        assert_eq!(score.f1(), Some(2.0 / 3.0));
        assert_eq!(score.false_alarms_per_hour(), Some(2.0));
        assert_eq!((score.delay_s(0.5), score.delay_s(0.95)), (Some(0.5), Some(1.5)));
        assert_eq!(RuleScore::default().f1(), None);
        assert_eq!(RuleScore::default().delay_s(0.5), None);
    }

    #[test]
    fn what_auto_keeps_is_a_share_of_what_full_has() {
        let events = [event(10.0, 12.0), event(30.0, 32.0), event(50.0, 52.0)];
        let full = Judged::of(&events, &[alarm(10.0, 12.0), alarm(30.0, 32.0)], |_| true);
        let auto = Judged::of(&events, &[alarm(10.0, 12.0), alarm(50.0, 52.0)], |_| true);
        let mut kept = Kept::default();
        kept.add(&full, &auto, RuleClass::Intrusion);
        assert_eq!((kept.full, kept.both, kept.auto_only), (2, 1, 1));
        assert_eq!(kept.recall(), Some(0.5));
    }
}
