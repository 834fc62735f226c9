//! Climbs on the footage of the repository, before a detector that answers late.

use sharpeyes_domain::ladder::{LadderMode, Need, RungReason};

use super::*;
use crate::analyze::decode::tests::film;

/// What was asked of a detector that has not answered yet.
#[derive(Default)]
struct Late {
    asked: Vec<(Look, Pts)>,
    /// There is no decoder left.
    is_full: bool,
    n_inside: i32,
}

impl Eyes for Late {
    fn look(&mut self, wanted: Wanted) -> Option<Interest> {
        self.asked.push((wanted.look, wanted.frame.pts));
        None
    }

    fn admit(&mut self) -> bool {
        self.n_inside += i32::from(!self.is_full);
        !self.is_full
    }

    fn rested(&mut self) {}

    fn release(&mut self) {
        self.n_inside -= 1;
    }
}

fn watch() -> (Watch, KeyframeDecoders) {
    let need = Need { rest: Rung::Keyframes, fps: 5.0, doze: MediaDuration::ZERO };
    let settings = LadderSettings::new(LadderMode::Auto, need, 5.0, MediaDuration::from_secs(10));
    let choice = DecoderChoice::Software;
    (Watch::new(settings, choice), KeyframeDecoders::new(choice))
}

#[test]
fn a_reduced_look_that_nobody_had_is_had_once_there_is_a_decoder() {
    let film = film("road_junction");
    let (mut watch, mut keyframes) = watch();
    let mut eyes = Late { is_full: true, ..Late::default() };
    let mut refused = None;
    watch.begin(film.params.clone(), &mut eyes);
    for unit in &film.units {
        let n_asked = eyes.asked.len();
        watch.unit(unit, &mut keyframes, &mut eyes).unwrap();
        if watch.counters().climbs > 0 {
            break;
        }
        for (look, at) in eyes.asked.split_off(n_asked) {
            if look == Look::Reduced {
                // Overload took the look, too; from now on there is time.
                watch.unseen(at);
                refused.get_or_insert(at);
                eyes.is_full = false;
            } else {
                watch.seen(Answer { at, look, interest: Interest::default() }, &mut eyes).unwrap();
            }
        }
    }
    let refused = refused.expect("it was refused a decoder");
    let first = eyes.asked.first().map(|(look, at)| (*look, *at <= refused));
    assert_eq!(first, Some((Look::Watching, true)), "{refused:?}: {:?}", eyes.asked);
}

#[test]
fn who_gives_way_to_a_more_urgent_camera_goes_on_as_one_that_got_no_decoder() {
    let film = film("road_junction");
    let (mut watch, mut keyframes) = watch();
    let mut eyes = Late::default();
    watch.begin(film.params.clone(), &mut eyes);
    watch.give_way(&mut eyes);
    assert_eq!((watch.ladder().reason(), eyes.n_inside), (RungReason::Begin, 0), "it has none to give");
    let mut units = film.units.iter();
    for unit in units.by_ref() {
        watch.unit(unit, &mut keyframes, &mut eyes).unwrap();
        if eyes.n_inside > 0 {
            break;
        }
    }
    watch.give_way(&mut eyes);
    assert_eq!((watch.ladder().rung(), watch.ladder().reason()), (Rung::Keyframes, RungReason::Overload));
    assert_eq!(eyes.n_inside, 0);
    (eyes.is_full, eyes.asked) = (true, Vec::new());
    units.for_each(|unit| watch.unit(unit, &mut keyframes, &mut eyes).unwrap());
    assert!(eyes.asked.iter().any(|(look, _)| *look == Look::Reduced), "{:?}", eyes.asked);
}

#[test]
fn what_a_glance_may_say_is_to_be_seen_again_is_seen_again_whatever_the_climb_was_for() {
    let film = film("road_junction");
    let (mut watch, mut keyframes) = watch();
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
    let last = eyes.asked.iter().filter_map(glanced).next_back().expect("a glance came before the climb");
    let again: Vec<Pts> =
        eyes.asked.iter().filter(|(look, _)| *look == Look::Watching).map(|(_, at)| *at).collect();
    assert_eq!(again.first(), Some(&last), "{:?}", eyes.asked);
}
