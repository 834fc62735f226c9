//! Digest authentication for each camera by itself: GStreamer's own asks for one password or none on a whole server.

use std::collections::HashMap;

use gstreamer::glib;
use gstreamer_rtsp as gst_rtsp;
use gstreamer_rtsp_server::{self as gst_rtsp_server, prelude::*};
use sharpeyes_domain::ids::CameraId;

use super::Login;

/// The role of everybody who got in; factories let it see and open them.
pub(super) const VIEWER: &str = "viewer";
/// Field of a token that names its user.
const USER: &str = "user";

/// `None` when no camera wants a password.
pub(super) fn authentication<'a>(
    cameras: impl Iterator<Item = (&'a CameraId, Option<&'a Login>)>,
) -> Option<gst_rtsp_server::RTSPAuth> {
    let logins: HashMap<_, _> =
        cameras.filter_map(|(camera, login)| Some((camera.clone(), login?.clone()))).collect();
    if logins.is_empty() {
        return None;
    }
    let auth: PerCamera = glib::Object::new();
    auth.set_supported_methods(gst_rtsp::RTSPAuthMethod::Digest);
    auth.set_realm(Some("camsim"));
    auth.set_default_token(Some(&mut token("")));
    for login in logins.values() {
        auth.add_digest(&login.user, &login.password, &token(&login.user));
    }
    auth.set_logins(logins);
    Some(auth.upcast())
}

fn token(user: &str) -> gst_rtsp_server::RTSPToken {
    gst_rtsp_server::RTSPToken::builder().field("media.factory.role", VIEWER).field(USER, user).build()
}

glib::wrapper! {
    pub(super) struct PerCamera(ObjectSubclass<imp::PerCamera>)
        @extends gst_rtsp_server::RTSPAuth;
}

impl PerCamera {
    fn set_logins(&self, logins: HashMap<CameraId, Login>) {
        use glib::subclass::prelude::ObjectSubclassIsExt;
        // Set once, before the server starts.
        let _ = self.imp().logins.set(logins);
    }
}

mod imp {
    use std::{collections::HashMap, sync::OnceLock};

    use gstreamer::glib::{self, subclass::prelude::*};
    use gstreamer_rtsp_server::{self as gst_rtsp_server, RTSPContext, subclass::prelude::*};
    use sharpeyes_domain::ids::CameraId;

    use super::{Login, USER};

    #[derive(Default)]
    pub(in crate::camsim) struct PerCamera {
        pub(super) logins: OnceLock<HashMap<CameraId, Login>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for PerCamera {
        const NAME: &'static str = "CamSimAuth";
        type Type = super::PerCamera;
        type ParentType = gst_rtsp_server::RTSPAuth;
    }

    impl ObjectImpl for PerCamera {}

    impl RTSPAuthImpl for PerCamera {
        /// The parent checks the digest; here the user must also be this camera's.
        fn authenticate(&self, context: &RTSPContext) -> bool {
            if !self.parent_authenticate(context) {
                return false;
            }
            // `/camera/kind`: the first component is empty.
            let login = context
                .uri()
                .and_then(|url| CameraId::new(url.decode_path_components().get(1)?).ok())
                .and_then(|camera| self.logins.get()?.get(&camera));
            let user = context.token().and_then(|token| token.string(USER));
            login.is_none_or(|login| user.as_deref() == Some(login.user.as_str()))
        }
    }
}
