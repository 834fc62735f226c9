//! Climbs on the footage of the repository, before a detector that answers late.

use sharpeyes_domain::ladder::{LadderMode, Need};

use super::*;
use crate::analyze::decode::tests::film;

/// What was asked of a detector that has not answered yet.
#[derive(Default)]
struct Late(Vec<(Look, Pts)>);

impl Eyes for Late {
    fn look(&mut self, wanted: Wanted) -> Option<Interest> {
        self.0.push((wanted.look, wanted.frame.pts));
        None
    }

    fn admit(&mut self) -> bool {
        true
    }

    fn rested(&mut self) {}

    fn release(&mut self) {}
}

#[test]
fn what_a_glance_may_say_is_to_be_seen_again_is_seen_again_whatever_the_climb_was_for() {
    let film = film("road_junction");
    let need = Need { rest: Rung::Keyframes, fps: 5.0, doze: MediaDuration::ZERO };
    let settings = LadderSettings::new(LadderMode::Auto, need, 5.0, MediaDuration::from_secs(10));
    let mut watch = Watch::new(settings, DecoderChoice::Software);
    let mut keyframes = KeyframeDecoders::new(DecoderChoice::Software);
    let mut eyes = Late::default();
    watch.begin(film.params.clone(), &mut eyes);
    for unit in &film.units {
        watch.unit(unit, &mut keyframes, &mut eyes).unwrap();
        if watch.ladder().rung() >= Rung::Few {
            break;
        }
    }
    assert_eq!(watch.ladder().reason(), RungReason::Changing);
    let glanced = |(look, at): &(Look, Pts)| (*look == Look::Changed).then_some(*at);
    let last = eyes.0.iter().filter_map(glanced).next_back().expect("a glance came before the climb");
    let again: Vec<Pts> =
        eyes.0.iter().filter(|(look, _)| *look == Look::Watching).map(|(_, at)| *at).collect();
    assert_eq!(again.first(), Some(&last), "{:?}", eyes.0);
}
