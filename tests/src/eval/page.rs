//! One HTML file that shows every missed and every false alarm: the picture at that instant, what was tracked in it, the
//! rule's zone or line. Self-contained: pictures are in it as data.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use sharpeyes_domain::{geometry::NormPoint, rule::RuleClass, track::Track};

use super::{
    clip::Clip,
    run::{Replayed, Setting},
};

/// Width of a still, pixels.
const WIDTH_PX: u32 = 640;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// An event without an alarm.
    Missed,
    /// An alarm without an event.
    False,
    /// A second alarm about an event that has one already.
    Repeated,
}

impl Wrong {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::False => "false",
            Self::Repeated => "repeated",
        }
    }
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What went wrong.
    pub wrong: Wrong,
    /// Which clip.
    pub clip: String,
    /// Which rule of its camera.
    pub rule: String,
    /// Of which class.
    pub class: RuleClass,
    /// Detector.
    pub model: &'static str,
    /// Rung.
    pub ladder: &'static str,
    /// From when, seconds of the video: of the event, or of the alarm.
    pub from_s: f64,
    /// Until when.
    pub to_s: f64,
    /// The instant to look at.
    pub shown_s: f64,
    /// What the ladder said, where it decides.
    pub rung: Option<String>,
}

/// The page while it grows.
#[derive(Debug)]
pub struct Page {
    html: String,
    n_findings: usize,
}

impl Page {
    /// With a heading.
    #[must_use]
    pub fn new(heading: &str) -> Self {
        let html = format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{heading}</title>\n<style>\n\
             body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 1340px; color: #222 }}\n\
             pre {{ background: #f5f5f5; padding: 1em; overflow-x: auto; font-size: 12px }}\n\
             main {{ display: grid; grid-template-columns: repeat(2, 1fr); gap: 1.5em }}\n\
             figure {{ margin: 0 }} .still {{ position: relative }} .still img {{ width: 100%; display: block }}\n\
             .still svg {{ position: absolute; inset: 0; width: 100%; height: 100% }}\n\
             .missed {{ color: #b00020 }} .false {{ color: #b36b00 }} .repeated {{ color: #555 }}\n\
             rect, polygon, polyline {{ fill: none; stroke-width: 2; vector-effect: non-scaling-stroke }}\n\
             polygon {{ stroke: #ffd400; stroke-dasharray: 6 4 }} polyline {{ stroke: #ffd400 }}\n\
             rect.box {{ stroke: #00e5ff }} rect.old {{ stroke: #00e5ff; stroke-dasharray: 3 3 }}\n\
             </style>\n<h1>{heading}</h1>\n"
        );
        Self { html, n_findings: 0 }
    }

    /// Tables as they were printed.
    pub fn tables(&mut self, text: &str) {
        let _ = write!(self.html, "<pre>{}</pre>\n<main>\n", escaped(text));
    }

    /// A still with its caption.
    ///
    /// # Errors
    /// When the picture cannot be taken out of the video.
    pub fn finding(&mut self, finding: &Finding, clip: &Clip, replayed: &Replayed) -> anyhow::Result<()> {
        let picture = still(&clip.video, finding.shown_s)?;
        let rules = clip.rules()?;
        let rule = rules.iter().find(|rule| rule.id == finding.rule);
        let mut shapes = String::new();
        if let Some(zone) = rule.and_then(|rule| rule.zone.as_ref()) {
            let _ = write!(shapes, "<polygon points=\"{}\"/>", points(zone));
        }
        if let Some(line) = rule.and_then(|rule| rule.line.as_ref()) {
            let _ = write!(shapes, "<polyline points=\"{}\"/>", points(line));
        }
        for (track, is_old) in tracks_at(replayed, finding.shown_s)? {
            let rect = track.rect.clipped();
            let class = if is_old { "old" } else { "box" };
            let _ = write!(
                shapes,
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">\
                 <title>{} {} {:.2}</title></rect>",
                rect.x0,
                rect.y0,
                rect.width(),
                rect.height(),
                track.class,
                track.id.0,
                track.confidence.value()
            );
        }
        let wrong = finding.wrong.as_str();
        let rung = finding.rung.as_ref().map(|rung| format!("<br>ladder: {}", escaped(rung)));
        let _ = writeln!(
            self.html,
            "<figure><div class=\"still\"><img src=\"data:image/jpeg;base64,{}\" alt=\"\">\
             <svg viewBox=\"0 0 1 1\" preserveAspectRatio=\"none\">{shapes}</svg></div>\
             <figcaption><b class=\"{wrong}\">{wrong}</b> {} <code>{}</code> in <b>{}</b>, {} at {}: \
             {:.1} to {:.1} s, shown {:.1} s{}</figcaption></figure>",
            STANDARD.encode(picture),
            finding.class,
            escaped(&finding.rule),
            escaped(&finding.clip),
            finding.model,
            finding.ladder,
            finding.from_s,
            finding.to_s,
            finding.shown_s,
            rung.unwrap_or_default()
        );
        self.n_findings += 1;
        Ok(())
    }

    /// The whole page.
    #[must_use]
    pub fn finish(mut self) -> String {
        if self.n_findings == 0 {
            self.html += "<p>Nothing was missed and nothing false was raised.</p>\n";
        }
        self.html += "</main>\n";
        self.html
    }
}

impl Finding {
    /// With what the ladder said then.
    #[must_use]
    pub fn explained(self, replayed: &Replayed) -> Self {
        let rung = replayed.rung_reason(self.from_s, self.to_s);
        Self { rung, ..self }
    }

    /// Under a setting.
    #[must_use]
    pub fn under(self, setting: Setting) -> Self {
        Self { model: setting.model.as_str(), ladder: setting.ladder.as_str(), ..self }
    }
}

/// The picture at `at_s` as a JPEG.
fn still(video: &Path, at_s: f64) -> anyhow::Result<Vec<u8>> {
    let taken = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-ss", &format!("{:.3}", at_s.max(0.0)), "-i"])
        .arg(video)
        .args(["-frames:v", "1", "-vf", &format!("scale={WIDTH_PX}:-2"), "-q:v", "5", "-f", "mjpeg", "-"])
        .stdin(Stdio::null())
        .output()
        .context("ffmpeg")?;
    ensure!(taken.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&taken.stderr));
    Ok(taken.stdout)
}

/// The tracks of the picture that was looked at last before `at_s`, and whether each was out of sight there.
fn tracks_at(replayed: &Replayed, at_s: f64) -> anyhow::Result<Vec<(Track, bool)>> {
    #[expect(clippy::cast_possible_truncation, reason = "minutes of video")]
    let at = (at_s * 90_000.0).round() as i64;
    let tracks = replayed.tracks()?;
    let latest = tracks.range(..=at).next_back();
    let with_age = |(pts, tracks): (&i64, &Vec<Track>)| {
        tracks.iter().map(|track| (*track, track.last_seen.0 < *pts)).collect()
    };
    Ok(latest.map(with_age).unwrap_or_default())
}

fn points(corners: &[NormPoint]) -> String {
    corners.iter().map(|corner| format!("{},{} ", corner.x, corner.y)).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_is_called_cannot_break_the_page() {
        assert_eq!(escaped("<b>&"), "&lt;b&gt;&amp;");
        let mut page = Page::new("x");
        page.tables("a < b");
        let html = page.finish();
        assert!(html.contains("a &lt; b") && html.contains("Nothing was missed"), "{html}");
    }
}
