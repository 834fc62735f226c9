//! The RTSP side: mount points, and a GStreamer media for each viewer.
//!
//! The server runs in a GLib main loop on a thread of its own. No file is read here.

use std::{thread::JoinHandle, time::Duration};

use gst::glib::{self, translate::IntoGlib};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use gstreamer_rtsp as gst_rtsp;
use gstreamer_rtsp_server::{self as gst_rtsp_server, prelude::*};
use sharpeyes_domain::media::VideoCodec;

use super::{
    Audio, StreamPlan,
    auth::{VIEWER, authentication},
    clip::{Track, Unit},
    fault::{Fault, ForeignCodec},
    pace::{FeedId, Pacer},
};

pub(super) struct Server {
    port: u16,
    main_loop: glib::MainLoop,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(
        port: u16,
        plans: Vec<StreamPlan>,
        pacer: &Pacer,
    ) -> Result<Self, super::CamSimError> {
        let context = glib::MainContext::new();
        let main_loop = glib::MainLoop::new(Some(&context), false);
        let server = gst_rtsp_server::RTSPServer::new();
        server.set_address("127.0.0.1");
        server.set_service(&port.to_string());
        server.set_backlog(256);
        let threads = gst_rtsp_server::RTSPThreadPool::new();
        threads.set_max_threads(4);
        server.set_thread_pool(Some(&threads));
        if let Some(auth) = authentication(plans.iter().map(|plan| (&plan.id.camera, plan.login.as_ref()))) {
            server.set_auth(Some(&auth));
        }
        let mounts = gst_rtsp_server::RTSPMountPoints::new();
        server.set_mount_points(Some(&mounts));
        for plan in plans {
            let path = format!("/{}/{}", plan.id.camera, plan.id.kind.as_str());
            mounts.add_factory(&path, factory(plan, pacer));
        }
        let source = server.attach(Some(&context))?;
        let port = u16::try_from(server.bound_port())
            .map_err(|_| glib::bool_error!("the server is bound to no TCP port"))?;
        let sessions = server.session_pool();
        let loop_handle = main_loop.clone();
        let thread = std::thread::Builder::new().name("camsim-rtsp".to_owned()).spawn(move || {
            let cleanup =
                glib::timeout_source_new(Duration::from_secs(2), None, glib::Priority::DEFAULT, move || {
                    if let Some(sessions) = &sessions {
                        sessions.cleanup();
                    }
                    glib::ControlFlow::Continue
                });
            cleanup.attach(Some(&context));
            loop_handle.run();
            cleanup.destroy();
            if let Some(source) = context.find_source_by_id(&source) {
                source.destroy();
            }
            server.client_filter(Some(&mut |_, _| gst_rtsp_server::RTSPFilterResult::Remove));
            // Closed clients leave the server through the loop.
            while context.iteration(false) {}
        })?;
        Ok(Self { port, main_loop, thread: Some(thread) })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn stop(&mut self) {
        // Through the loop: a quit before the thread has entered it would be lost.
        let main_loop = self.main_loop.clone();
        let quit = glib::idle_source_new(None, glib::Priority::HIGH, move || {
            main_loop.quit();
            glib::ControlFlow::Break
        });
        quit.attach(Some(&self.main_loop.context()));
        if let Some(thread) = self.thread.take() {
            // A panic there was already printed by its thread.
            let _ = thread.join();
        }
    }
}

fn factory(plan: StreamPlan, pacer: &Pacer) -> gst_rtsp_server::RTSPMediaFactory {
    let factory = gst_rtsp_server::RTSPMediaFactory::new();
    // A media of its own for each viewer: all begin with a keyframe, and none meets one that is just being torn down
    // (503). The coded pictures are shared all the same.
    factory.set_shared(false);
    factory.set_launch(&launch(&plan));
    factory.set_clock(Some(pacer.clock()));
    factory.set_protocols(gst_rtsp::RTSPLowerTrans::TCP | gst_rtsp::RTSPLowerTrans::UDP);
    let access = gst::Structure::builder(VIEWER)
        .field("media.factory.access", true)
        .field("media.factory.construct", true)
        .build();
    factory.add_role_from_structure(&access);
    let pacer = pacer.clone();
    factory.connect_media_configure(move |_, media| configure(&plan, &pacer, media));
    factory
}

/// Lets the pacer feed a new media for as long as it lives.
fn configure(plan: &StreamPlan, pacer: &Pacer, media: &gst_rtsp_server::RTSPMedia) {
    let Ok(bin) = media.element().downcast::<gst::Bin>() else { return };
    let find = |name| bin.by_name(name).and_then(|element| element.downcast::<gst_app::AppSrc>().ok());
    // The pacer keeps the time; a second clock at the far end would only cost.
    for stream in (0..media.n_streams()).filter_map(|index| media.stream(index)) {
        stream.set_rate_control(false);
    }
    let mut feeds: Vec<FeedId> = Vec::new();
    if let Some(source) = find("video") {
        source.set_caps(Some(&plan.video.track.caps));
        feeds.push(pacer.add(source, plan.video.clone(), plan.log.clone(), plan.wishes.clone()));
    }
    if let Some((source, (_, timeline))) = find("audio").zip(plan.audio.as_ref()) {
        source.set_caps(Some(&timeline.track.caps));
        feeds.push(pacer.add(source, timeline.clone(), None, None));
    }
    if plan.fault != Some(Fault::Silent) {
        let (pacer, feeds) = (pacer.clone(), feeds.clone());
        // Emitted after PLAY.
        media.connect_new_state(move |_, state| {
            if state == gst::State::Playing.into_glib() {
                feeds.iter().for_each(|feed| pacer.play(*feed));
            }
        });
    }
    let pacer = pacer.clone();
    media.connect_unprepared(move |_| feeds.iter().for_each(|feed| pacer.remove(*feed)));
}

/// The pipeline between the pacer and the RTP session.
fn launch(plan: &StreamPlan) -> String {
    const SOURCE: &str = "is-live=true format=time max-bytes=0 block=false";
    if let Some(Fault::Unsupported(codec)) = plan.fault {
        let picture =
            "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=5/1";
        return match codec {
            ForeignCodec::Vp8 => format!("( {picture} ! vp8enc deadline=1 ! rtpvp8pay name=pay0 pt=96 )"),
            ForeignCodec::MotionJpeg => format!("( {picture} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )"),
        };
    }
    let payloader = match plan.codec {
        VideoCodec::H264 => "rtph264pay",
        VideoCodec::H265 => "rtph265pay",
    };
    let video = format!(
        "appsrc name=video {SOURCE} ! {payloader} name=pay0 pt=96 config-interval=-1 aggregate-mode=none"
    );
    if plan.fault == Some(Fault::ForeignSound) {
        let sound = "audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=1 ! opusenc";
        return format!("( {video} {sound} ! rtpopuspay name=pay1 pt=97 )");
    }
    let payloader = match plan.audio.as_ref().map(|(audio, _)| *audio) {
        None | Some(Audio::None) => return format!("( {video} )"),
        Some(Audio::Aac) => "rtpmp4gpay name=pay1 pt=97",
        Some(Audio::Pcmu) => "rtppcmupay name=pay1 pt=0",
        Some(Audio::Pcma) => "rtppcmapay name=pay1 pt=8",
    };
    format!("( {video} appsrc name=audio {SOURCE} ! {payloader} perfect-rtptime=false )")
}

/// One second of 440 Hz, which is a whole number of waves: it loops without a click.
pub(super) fn tone(audio: Audio) -> Result<Track, glib::BoolError> {
    let encoder = if audio == Audio::Pcma { "alawenc" } else { "mulawenc" };
    let line = format!(
        "audiotestsrc num-buffers=25 samplesperbuffer=320 freq=440 volume=0.2 \
         ! audio/x-raw,rate=8000,channels=1 ! {encoder} ! appsink name=sink sync=false"
    );
    let pipeline = gst::parse::launch(&line).map_err(|error| glib::bool_error!("{error}"))?;
    let sink = pipeline
        .downcast_ref::<gst::Bin>()
        .and_then(|bin| bin.by_name("sink"))
        .and_then(|sink| sink.downcast::<gst_app::AppSink>().ok())
        .ok_or_else(|| glib::bool_error!("no appsink"))?;
    pipeline.set_state(gst::State::Playing).map_err(|error| glib::bool_error!("{error}"))?;
    let mut units = Vec::new();
    let mut caps = gst::Caps::new_any();
    while let Ok(sample) = sink.pull_sample() {
        if let (Some(buffer), Some(found)) = (sample.buffer_owned(), sample.caps_owned()) {
            let at = buffer.pts().unwrap_or_default().into();
            units.push(Unit { at, leaves: at, is_keyframe: true, buffer });
            caps = found;
        }
    }
    // A pipeline that does not stop is only leaked.
    let _ = pipeline.set_state(gst::State::Null);
    Ok(Track { units, caps, end: Duration::from_secs(1) })
}
