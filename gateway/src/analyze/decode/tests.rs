//! Decoders on the footage of the repository.

use std::{collections::HashMap, path::Path, sync::Arc};

use sharpeyes_domain::{
    ladder::DecoderChoice,
    media::{AccessUnit, VideoParams},
    time::WallTime,
};

use super::*;

pub(in crate::analyze) struct Film {
    pub(in crate::analyze) params: Arc<VideoParams>,
    pub(in crate::analyze) units: Vec<AccessUnit>,
}

pub(in crate::analyze) fn film(scene: &str) -> Film {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/footage");
    let opened = FileDemuxer::open(&root.join(format!("{scene}.mp4")), WallTime(0)).unwrap();
    let OpenedFile { params, mut demuxer } = opened;
    let units = std::iter::from_fn(|| demuxer.next_unit().unwrap()).take(100).collect();
    Film { params, units }
}

fn luma(picture: &Decoded) -> Vec<u8> {
    let (width, height) = picture.size_px();
    let rows = |plane: Plane<'_>| {
        let row = |y: u32| &plane.data[y as usize * plane.stride..][..width as usize];
        (0..height).flat_map(|y| row(y).to_vec()).collect()
    };
    picture.luma(rows).unwrap()
}

#[test]
fn a_shared_decoder_shows_every_cameras_keyframes_as_its_own_decoder_does() {
    let scenes = ["lane_night", "village_square", "road_junction", "market_rain"].map(film);
    let mut shared: HashMap<_, KeyframeDecoder> = HashMap::new();
    let own = scenes.each_ref().map(|film| {
        let mut decoder = Decoder::new(&film.params, DecoderChoice::Software).unwrap();
        let mut pictures: Vec<Decoded> = Vec::new();
        film.units.iter().for_each(|unit| pictures.extend(decoder.feed(unit).unwrap()));
        pictures.extend(decoder.drain().unwrap());
        assert_eq!(pictures.len(), film.units.len());
        assert!(pictures.is_sorted_by_key(|picture| picture.pts));
        pictures
    });
    // A keyframe of each in turn, as idle cameras come.
    let mut n_same = 0;
    for n in 0..4 {
        for (film, own) in scenes.iter().zip(&own) {
            let unit = film.units.iter().filter(|unit| unit.is_keyframe).nth(n).unwrap();
            let shared = shared
                .entry(film.params.codec)
                .or_insert_with(|| KeyframeDecoder::new(film.params.codec, DecoderChoice::Software).unwrap());
            let picture = shared.decode(&film.params, unit).unwrap().expect("a keyframe is a picture");
            assert_eq!((picture.pts, picture.wall), (unit.pts, unit.wall));
            let expected = own.iter().find(|picture| picture.pts == unit.pts).unwrap();
            assert!(luma(&picture) == luma(expected), "{unit:?}");
            n_same += 1;
        }
    }
    assert_eq!((n_same, shared.len()), (16, 2));
}

#[test]
fn what_is_no_picture_is_an_error_or_nothing_and_the_next_keyframe_is_one_again() {
    let film = film("lane_night");
    let mut shared = KeyframeDecoder::new(film.params.codec, DecoderChoice::Software).unwrap();
    let keyframe = &film.units[0];
    let torn = AccessUnit { nals: keyframe.nals.slice(..40), ..keyframe.clone() };
    let noise = AccessUnit { nals: vec![0, 0, 0, 4, 0x65, 1, 2, 3].into(), ..keyframe.clone() };
    for broken in [torn, noise] {
        let _ = shared.decode(&film.params, &broken);
    }
    let mut shared = KeyframeDecoder::new(film.params.codec, DecoderChoice::Software).unwrap();
    assert!(shared.decode(&film.params, keyframe).unwrap().is_some());
}

#[test]
fn a_decoder_that_was_asked_for_and_is_not_there_is_named_and_not_replaced() {
    let film = film("lane_night");
    for choice in [DecoderChoice::NvDec, DecoderChoice::VaApi, DecoderChoice::V4l2] {
        match Decoder::new(&film.params, choice) {
            Ok(decoder) => assert!(decoder.element().is_hardware, "{:?}", decoder.element()),
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains(choice.as_str()) && text.contains("h264"), "{text}");
            }
        }
    }
    let software = Decoder::new(&film.params, DecoderChoice::Software).unwrap();
    assert!(!software.element().is_hardware);
}

/// An element that says it decodes H.264 in hardware, of the highest rank, and does not.
mod broken {
    use std::sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    };

    use gstreamer::{self as gst, glib, prelude::*, subclass::prelude::*};

    /// Its device is busy; else it starts, and refuses the first picture …
    pub(super) static IS_BUSY: AtomicBool = AtomicBool::new(false);
    /// … or takes all of them and makes nothing of them.
    pub(super) static IS_SILENT: AtomicBool = AtomicBool::new(false);
    pub(super) const NAME: &str = "sharpeyesbrokendec";

    #[derive(Default)]
    pub struct Broken;

    #[glib::object_subclass]
    impl ObjectSubclass for Broken {
        const NAME: &'static str = "SharpEyesBrokenDecoder";
        type Type = BrokenDecoder;
        type ParentType = gst::Element;
    }

    impl ObjectImpl for Broken {
        fn constructed(&self) {
            self.parent_constructed();
            let [sink, src] = Self::pad_templates() else { unreachable!() };
            let sink = gst::Pad::builder_from_template(sink).chain_function(|_, element, _| {
                if IS_SILENT.load(Ordering::SeqCst) {
                    return Ok(gst::FlowSuccess::Ok);
                }
                let element = element.unwrap().downcast_ref::<gst::Element>().unwrap();
                gst::element_error!(element, gst::StreamError::Format, ("this profile is not supported"));
                Err(gst::FlowError::NotNegotiated)
            });
            self.obj().add_pad(&sink.build()).unwrap();
            self.obj().add_pad(&gst::Pad::from_template(src)).unwrap();
        }
    }

    impl GstObjectImpl for Broken {}

    impl ElementImpl for Broken {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
                gst::subclass::ElementMetadata::new(
                    "Broken",
                    "Codec/Decoder/Video/Hardware",
                    "Fails",
                    "Nobody",
                )
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                let template = |name, direction, caps: &str| {
                    let caps = gst::Caps::builder(caps).build();
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()
                };
                vec![
                    template("sink", gst::PadDirection::Sink, "video/x-h264"),
                    template("src", gst::PadDirection::Src, "video/x-raw"),
                ]
            });
            &TEMPLATES
        }

        fn change_state(
            &self,
            transition: gst::StateChange,
        ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
            if transition == gst::StateChange::NullToReady && IS_BUSY.load(Ordering::SeqCst) {
                gst::element_imp_error!(self, gst::ResourceError::Busy, ("the device is busy"));
                return Err(gst::StateChangeError);
            }
            self.parent_change_state(transition)
        }
    }

    glib::wrapper! {
        pub struct BrokenDecoder(ObjectSubclass<Broken>) @extends gst::Element, gst::Object;
    }
}

#[test]
fn a_decoder_that_does_not_start_or_gives_no_picture_makes_room_for_the_next_and_is_named() {
    use gstreamer::{Rank, prelude::*};

    init().unwrap();
    gst::Element::register(None, broken::NAME, Rank::PRIMARY + 1000, broken::BrokenDecoder::static_type())
        .unwrap();
    let film = film("lane_night");
    for (is_busy, why) in [(true, "the device is busy"), (false, "this profile is not supported")] {
        broken::IS_BUSY.store(is_busy, std::sync::atomic::Ordering::SeqCst);
        let is_told = |element: &DecoderElement| {
            let [PassedOver { name, why: told }] = &element.passed_over[..] else { panic!("{element:?}") };
            assert!(!element.is_hardware && element.name.starts_with("avdec"), "{element:?}");
            assert!(name == broken::NAME && told.contains(why), "{element:?}");
        };
        let mut decoder = Decoder::new(&film.params, DecoderChoice::Auto).unwrap();
        let mut pictures: Vec<Decoded> = Vec::new();
        film.units.iter().for_each(|unit| pictures.extend(decoder.feed(unit).unwrap()));
        pictures.extend(decoder.drain().unwrap());
        assert_eq!(pictures.len(), film.units.len(), "not one is lost");
        is_told(decoder.element());

        let mut shared = KeyframeDecoder::new(film.params.codec, DecoderChoice::Auto).unwrap();
        for keyframe in film.units.iter().filter(|unit| unit.is_keyframe) {
            assert!(shared.decode(&film.params, keyframe).unwrap().is_some());
        }
        is_told(shared.element());
    }
    broken::IS_SILENT.store(true, std::sync::atomic::Ordering::SeqCst);
    let check = |used_up: u32, expected: &[bool]| {
        let mut shared = KeyframeDecoder::new(film.params.codec, DecoderChoice::Auto).unwrap().after(used_up);
        let keyframes = film.units.iter().filter(|unit| unit.is_keyframe).take(expected.len());
        let came: Vec<bool> =
            keyframes.map(|unit| shared.decode(&film.params, unit).unwrap().is_some()).collect();
        assert_eq!(came, expected);
        let [PassedOver { name, why }] = &shared.element().passed_over[..] else {
            panic!("{:?}", shared.element());
        };
        assert!(name == broken::NAME && why.contains("no picture came of"), "{why}");
        shared.n_silent()
    };
    let used_up = check(0, &[false, false, true, true]);
    // One that is let go and made again does not begin from the beginning.
    check(used_up, &[true, true]);
    // Other tests of this process are to find what is really there.
    gst::ElementFactory::find(broken::NAME).unwrap().set_rank(Rank::NONE);
}
