//! The product's own footage, scored through the public program with the built-in detector: every event of a scene
//! becomes exactly one alarm of the right rule and class within its tolerance, and nothing else does.

use anyhow::{Context as _, ensure};
use sharpeyes_config::Site;
use sharpeyes_domain::{ladder::LadderMode, rule::RuleClass};
use sharpeyes_tests::{
    camsim::Clip,
    eval::clip::Clip as Labelled,
    gateway::Program,
    replayed::{Verdict, replay},
    scene::Scene,
    site::SiteBuilder,
};

/// The widest tolerance that a truth file may ask for.
const TOLERANCE_S: f64 = 3.0;
/// A box may reach over the border by this much: a picture's last row and a box's edge are rounded apart.
const ROUNDING_PX: f64 = 1.0;

#[tokio::test]
async fn every_event_of_our_footage_is_one_alarm_and_nothing_else_is() -> anyhow::Result<()> {
    let program = Program::new(env!("CARGO_BIN_EXE_sharpeyes-under-test"));
    let mut is_exact = true;
    let mut table = String::new();
    for scene in Scene::all()? {
        for &ladder in LadderMode::ALL {
            let camera = scene.camera("rtsp://127.0.0.1/unused")?;
            let alarms = replay(&program, camera, &scene.video(), ladder, None).await?;
            let verdict = Verdict::of(&scene.truth()?.events, &alarms);
            is_exact &= verdict.is_exact();
            for line in verdict.lines() {
                table += &format!("{:20} {ladder:4} {line}\n", scene.name);
            }
        }
    }
    println!("{table}");
    ensure!(is_exact, "not every event is exactly one alarm:\n{table}");
    Ok(())
}

#[test]
fn the_truth_about_our_footage_is_about_its_frames() -> anyhow::Result<()> {
    gstreamer::init()?;
    for scene in Scene::all()?.into_iter().chain(Scene::clips()?) {
        let name = &scene.name;
        let clip = Clip::load(&scene.video())?;
        let seconds = clip.video.end.as_secs_f64();
        ensure!(clip.unfit().is_none(), "{name} cannot be played as it is: {:?}", clip.unfit());
        let truth = scene.truth()?;
        ensure!(
            (truth.frames, truth.width, truth.height) == (clip.len(), clip.width_px, clip.height_px),
            "{name} has {} frames of {}x{}: {truth:?}",
            clip.len(),
            clip.width_px,
            clip.height_px
        );
        let (width, height) = (f64::from(clip.width_px), f64::from(clip.height_px));
        let boxes = scene.boxes()?;
        let is_empty_on_purpose = name.starts_with("quiet_");
        ensure!(boxes.is_empty() == is_empty_on_purpose, "{name}: {} boxes", boxes.len());
        for row in boxes {
            ensure!((1..=clip.len()).contains(&row.frame), "{name}: {} frames, {row:?}", clip.len());
            let is_inside = row.left_px >= -ROUNDING_PX
                && row.top_px >= -ROUNDING_PX
                && row.left_px + row.width_px <= width + ROUNDING_PX
                && row.top_px + row.height_px <= height + ROUNDING_PX;
            ensure!(
                is_inside && row.width_px > 0.0 && row.height_px > 0.0,
                "{name} {width}x{height}: {row:?}"
            );
        }
        for event in truth.events {
            ensure!(
                0.0 <= event.begin_s && event.begin_s < event.end_s && event.end_s <= seconds,
                "{name} lasts {seconds} s: {event:?}"
            );
            ensure!((0.0..=TOLERANCE_S).contains(&event.tolerance_s), "{name}: {event:?}");
        }
    }
    Ok(())
}

#[test]
fn there_is_a_crowd_and_an_intrusion_to_be_shown() -> anyhow::Result<()> {
    let mut classes = Vec::new();
    for scene in Scene::all()? {
        classes.extend(scene.truth()?.events.into_iter().map(|event| event.class));
    }
    for class in [RuleClass::Crowding, RuleClass::Intrusion] {
        ensure!(classes.contains(&class), "no scene has an event of class {class}");
    }
    Ok(())
}

#[test]
fn every_rule_is_due_in_some_video() -> anyhow::Result<()> {
    let all = Labelled::all(None)?;
    for class in RuleClass::ALL {
        // Nothing of ours burns.
        if matches!(class, RuleClass::Smoke | RuleClass::Fire) {
            continue;
        }
        let is_due = |labelled: &Labelled| labelled.truth.events.iter().any(|event| event.class == *class);
        ensure!(all.iter().any(is_due), "no video has an event of class {class}");
    }
    Ok(())
}

#[test]
fn the_clips_cameras_are_accepted_by_a_site() -> anyhow::Result<()> {
    for labelled in Labelled::all(None)? {
        let site = SiteBuilder::new().camera(labelled.camera().with("analyse", "main")).write()?;
        Site::load(&site.file()).with_context(|| labelled.name.clone())?;
    }
    Ok(())
}
