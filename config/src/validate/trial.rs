//! Rules that are tried on a camera without standing in its site file: the same words, the same refusals.

use std::path::Path;

use sharpeyes_domain::{rule::RuleConfig, zone::Zone};
use toml::{Table, Value};

use super::{
    Check, Environment,
    camera::{Drawn, Known},
    line_of,
};
use crate::{Camera, ConfigError, Fault};

/// More rules than a camera has are a mistake of whoever asks.
const MOST_RULES: usize = 16;
/// As the refusals call the text.
const NAME: &str = "rules";

/// What is tried, checked.
#[derive(Clone, Debug)]
pub struct TrialRules {
    /// One at least.
    pub rules: Vec<RuleConfig>,
    /// The camera's zones, and those that came with the rules.
    pub zones: Vec<Zone>,
}

impl Camera {
    /// Checks `text`: `[[camera.rule]]` as in the site file, and `[[camera.zone]]` and `[[camera.line]]` where one is
    /// tried that the camera does not have, or has otherwise.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] or [`ConfigError::Invalid`], all problems at once.
    pub fn trial_rules(&self, text: &str) -> Result<TrialRules, ConfigError> {
        let path = Path::new(NAME);
        let mut root = text.parse::<Table>().map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            message: error.message().to_owned(),
        })?;
        let environment = Environment { base: path, variable: &|_| None };
        let mut check = Check { problems: Vec::new(), environment: &environment };
        let tried = check.trial(self, &mut root);
        if check.problems.is_empty() {
            Ok(tried)
        } else {
            Err(ConfigError::Invalid { path: path.to_owned(), problems: check.problems })
        }
    }
}

impl Check<'_> {
    fn trial(&mut self, camera: &Camera, root: &mut Table) -> TrialRules {
        let mut own = match root.remove("camera") {
            Some(Value::Table(own)) => own,
            None => Table::new(),
            Some(_) => {
                self.report("camera", Fault::Shape("must not be a list here: write [[camera.rule]]".into()));
                Table::new()
            }
        };
        for key in root.keys() {
            self.report(key.clone(), Fault::Section("camera.rule, camera.zone, camera.line"));
        }
        let mut take = |key: &str| self.list(&mut own, key).into_iter().map(|(_, value)| value).collect();
        let (zones, lines, rules): (Vec<Value>, Vec<Value>, Vec<Value>) =
            (take("zone"), take("line"), take("rule"));
        for key in own.keys() {
            let fault = Fault::Section("camera.rule, camera.zone, camera.line");
            self.report(format!("camera.{key}"), fault);
        }
        if rules.is_empty() || rules.len() > MOST_RULES {
            self.report("camera.rule", super::range(rules.len(), 1, MOST_RULES));
        }
        let zones = beside(self.zones("camera", zones), &camera.zones, |zone| zone.id.as_str());
        let lines = beside(self.lines("camera", lines), &camera.lines, |line| line.id.as_str());
        let drawn = Drawn { place: Some(camera.place), zones: &zones, lines: &lines };
        let mut found = self.rules("camera", rules, &drawn);
        found.live.append(&mut found.shadow);
        TrialRules { rules: found.live, zones: zones.fine }
    }
}

/// Those that came, and of the camera's own those of another id.
fn beside<T: Clone>(mut new: Known<T>, own: &[T], id: impl Fn(&T) -> &str) -> Known<T> {
    for one in own {
        if !new.written.iter().any(|written| written == id(one)) {
            new.written.push(id(one).to_owned());
            new.fine.push(one.clone());
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use crate::{Camera, ConfigError, EXAMPLE_SITE, Environment, Site, rule_text};

    fn cameras() -> Vec<Camera> {
        let environment = Environment { base: std::path::Path::new("/"), variable: &|_| Some("x".into()) };
        Site::parse(EXAMPLE_SITE, std::path::Path::new("site.toml"), &environment).unwrap().cameras
    }

    #[test]
    fn what_a_camera_has_can_be_written_and_tried_as_it_is() {
        let mut n_rules = 0;
        for camera in cameras().iter().filter(|camera| !camera.rules.is_empty()) {
            let text: String = camera.rules.iter().map(rule_text).collect();
            let tried = camera.trial_rules(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
            // A heading is kept as a unit vector, so it comes back to within a rounding.
            let again: String = tried.rules.iter().map(rule_text).collect();
            assert_eq!(again, text);
            let zones = |rules: &[sharpeyes_domain::rule::RuleConfig]| -> Vec<_> {
                rules.iter().map(|rule| rule.zone.clone()).collect()
            };
            assert_eq!(zones(&tried.rules), zones(&camera.rules), "{text}");
            n_rules += tried.rules.len();
        }
        assert!(n_rules >= 3, "the example has rules");
    }

    #[test]
    fn every_kind_can_be_written_and_read_again() {
        let camera = &cameras()[0];
        let line = "[[camera.line]]\nid = \"l\"\nname = \"L\"\npoints = [[0.2, 0.5], [0.8, 0.5]]\n";
        for own in [
            "kind = \"crowding\"\nat_least = 7\nschedule = [\"mon-fri 22:00-06:00\"]",
            "kind = \"crowd_surge\"\ngrows_by = 4\nwithin = \"1m 30s\"\nmust_have_moved = true",
            "kind = \"intrusion\"\nclasses = [\"person\", \"other\"]",
            "kind = \"water_edge\"\nlevel = \"red\"",
            "kind = \"line_crossing\"\nline = \"l\"\ndirection = \"backward\"",
            "kind = \"wrong_way\"\nheading = [0.5, -1.0]",
            "kind = \"loitering\"\nstay = \"90s\"",
            "kind = \"stopped_vehicle\"\nstay = \"2min\"\nclear = \"1500ms\"",
            "kind = \"accident\"\nleast_score = 0.55",
            "kind = \"person_down\"\nstill = \"8s\"",
            "kind = \"left_object\"",
            "kind = \"running\"\nat_least = 2",
            "kind = \"smoke\"",
            "kind = \"fire\"",
        ] {
            let rule = camera.trial_rules(&format!("{line}[[camera.rule]]\nid = \"r\"\n{own}\n"));
            let rule = rule.unwrap_or_else(|error| panic!("{own}\n{error}")).rules.remove(0);
            let text = format!("{line}{}", rule_text(&rule));
            let again = camera.trial_rules(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
            assert_eq!(rule_text(&again.rules[0]), rule_text(&rule), "{text}");
            assert_eq!(again.rules[0].kind.class(), rule.kind.class());
        }
    }

    #[test]
    fn what_is_wrong_is_named_as_in_a_site_file() {
        let camera = &cameras()[0];
        let check = |text: &str, places: &[&str]| match camera.trial_rules(text) {
            Err(ConfigError::Invalid { problems, .. }) => {
                let found: Vec<&str> = problems.iter().map(|problem| problem.at.as_str()).collect();
                assert_eq!(found, places, "{text}");
            }
            other => panic!("{text}: {other:?}"),
        };
        check("", &["camera.rule"]);
        check("[[camera.rule]]\nid = \"r\"\nkind = \"crowding\"\nat_least = 0", &["camera.rule[0].at_least"]);
        check(
            "[[camera.rule]]\nid = \"r\"\nkind = \"loitering\"\nstay = \"5\"\nzone = \"nowhere\"",
            &["camera.rule[0].zone", "camera.rule[0].stay"],
        );
        check("[[camera.rule]]\nid = \"r\"\nkind = \"fire\"\n[server]\nlisten = \"x\"", &["server"]);
        check("[camera]\nmain = \"x\"\n[[camera.rule]]\nid = \"r\"\nkind = \"fire\"", &["camera.main"]);
        let line = camera.trial_rules("[[camera.rule]]\nid = ");
        assert!(matches!(line, Err(ConfigError::Syntax { line: 2, .. })), "{line:?}");
    }
}
