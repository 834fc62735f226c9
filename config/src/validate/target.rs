//! `[[outbound]]`: other systems that are told of incidents.

use std::{collections::BTreeMap, num::NonZeroU16, time::Duration};

use sharpeyes_domain::{
    centre::Centre,
    ids::{ClassId, TargetId},
    incident::ActionKind,
};
use toml::Table;

use super::{Check, Limits, centre::LEAST_TOKEN, range, secs, unknown};
use crate::{Channel, Fault, Target, TargetUrl, raw::RawTarget};

const DAY: u64 = 86_400;

impl Check<'_> {
    /// `areas` are the ids of all that are written.
    pub(super) fn targets(&mut self, root: &mut Table, areas: &[String], centre: &Centre) -> Vec<Target> {
        let mut targets = Vec::new();
        let mut seen = BTreeMap::new();
        for (at, value) in self.list(root, "outbound") {
            let Some(raw) = self.raw::<RawTarget>(&at, value) else { continue };
            let Some(target) = self.target(&at, raw, areas, centre) else { continue };
            self.unique(&mut seen, target.id.as_str(), &at);
            targets.push(target);
        }
        targets
    }

    fn target(&mut self, at: &str, mut raw: RawTarget, areas: &[String], centre: &Centre) -> Option<Target> {
        let id = self.id(format!("{at}.id"), raw.id.take(), TargetId::new);
        let name = match raw.name.take() {
            Some(name) => self.name(format!("{at}.name"), Some(name)),
            None => id.as_ref().map(|id| id.as_str().to_owned()),
        };
        let purpose = self.name(format!("{at}.purpose"), raw.purpose.take());
        let channel = self.channel(at, &mut raw);
        let classes = self.known_classes(&format!("{at}.classes"), &raw.classes, centre);
        let levels: Vec<_> = raw
            .levels
            .into_iter()
            .filter_map(|level| self.word(format!("{at}.levels"), Some(level)))
            .collect();
        let areas: Vec<_> = raw
            .areas
            .into_iter()
            .filter_map(|area| self.area(format!("{at}.areas"), Some(area), areas))
            .collect();
        let events = self.events(&format!("{at}.events"), raw.events);
        let share =
            raw.share.into_iter().filter_map(|share| self.word(format!("{at}.share"), Some(share))).collect();
        let authority = raw.ca.map(|file| self.path(&file));
        let timeout = self.duration(&format!("{at}.timeout"), raw.timeout, secs(10), Limits::secs(1, 60));
        let keep = Limits::secs(7 * DAY, 90 * DAY);
        let keep = self.duration(&format!("{at}.keep"), raw.keep, secs(7 * DAY), keep);
        let alert = Limits { least: secs(60), most: Duration::from_secs(DAY) };
        let alert_after = self.duration(&format!("{at}.alert_after"), raw.alert_after, secs(600), alert);
        let written = raw.at_once.unwrap_or(4);
        let at_once = u16::try_from(written).ok().filter(|n| *n <= 16).and_then(NonZeroU16::new);
        let at_once = self.accept(format!("{at}.at_once"), at_once.ok_or_else(|| range(written, 1, 16)));
        Some(Target {
            id: id?,
            name: name?,
            purpose: purpose?,
            channel: channel?,
            classes,
            levels,
            areas,
            events,
            share,
            authority,
            timeout: timeout?,
            keep: keep?,
            alert_after: alert_after?,
            at_once: at_once?,
        })
    }

    fn channel(&mut self, at: &str, raw: &mut RawTarget) -> Option<Channel> {
        let kind = self.required(format!("{at}.kind"), raw.kind.take())?;
        let url = self.required(format!("{at}.url"), raw.url.take())?;
        let secret = raw.secret.take().map(|secret| self.password(format!("{at}.secret"), secret));
        let password = raw.password.take().map(|password| self.password(format!("{at}.password"), password));
        let at_url = format!("{at}.url");
        match kind.as_str() {
            "webhook" => {
                let url = self.accept(at_url, TargetUrl::parse(&url, &["https", "http"]));
                let secret = self.required(format!("{at}.secret"), secret)??;
                if secret.expose().len() < LEAST_TOKEN {
                    self.report(format!("{at}.secret"), Fault::ShortToken);
                }
                for (key, is_set) in [
                    ("topic", raw.topic.is_some()),
                    ("username", raw.username.is_some()),
                    ("password", password.is_some()),
                ] {
                    if is_set {
                        self.report(format!("{at}.{key}"), Fault::NotOfThisTarget("webhook"));
                    }
                }
                Some(Channel::Webhook { url: url?, secret })
            }
            "mqtt" => {
                let url = self.accept(at_url, TargetUrl::parse(&url, &["mqtts", "mqtt"]));
                if secret.is_some() {
                    self.report(format!("{at}.secret"), Fault::NotOfThisTarget("mqtt"));
                }
                let topic = raw.topic.take().unwrap_or_else(|| "sharpeyes".to_owned());
                let is_plain = !topic.is_empty()
                    && topic.len() <= 200
                    && !topic.starts_with('$')
                    && !topic.chars().any(|c| c.is_control() || matches!(c, '+' | '#'))
                    && topic.split('/').all(|level| !level.is_empty());
                let topic =
                    self.accept(format!("{at}.topic"), if is_plain { Ok(topic) } else { Err(Fault::Topic) });
                let login = match (raw.username.take(), password) {
                    (None, None) => None,
                    (Some(username), Some(password)) => Some((username, password?)),
                    (None, Some(_)) => {
                        self.report(format!("{at}.password"), Fault::PasswordAlone);
                        return None;
                    }
                    (Some(_), None) => {
                        self.report(format!("{at}.username"), Fault::UsernameAlone);
                        return None;
                    }
                };
                Some(Channel::Mqtt { url: url?, topic: topic?, login })
            }
            other => {
                let fault = unknown("kind of target", other, ["webhook", "mqtt"].into_iter());
                self.report(format!("{at}.kind"), fault);
                None
            }
        }
    }

    fn known_classes(&mut self, at: &str, written: &[String], centre: &Centre) -> Vec<ClassId> {
        let mut classes = Vec::new();
        for class in written {
            let Some(id) = self.id(at.to_owned(), Some(class.clone()), ClassId::new) else { continue };
            if centre.class(&id).is_none() {
                let defined = centre.classes.iter().map(|class| class.id.as_str());
                self.report(at.to_owned(), unknown("class", id.as_str(), defined));
            }
            classes.push(id);
        }
        classes
    }

    /// `open` is how an incident begins; every other event is what was done to it.
    fn events(&mut self, at: &str, written: Vec<String>) -> Vec<String> {
        for event in &written {
            if event != "open" && event.parse::<ActionKind>().is_err() {
                let known = std::iter::once("open").chain(ActionKind::NAMES.iter().copied());
                self.report(at.to_owned(), unknown("event", event, known));
            }
        }
        written
    }
}
