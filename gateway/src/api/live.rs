//! Live pictures over a WebSocket: text messages say what comes, binary messages are fragmented MP4.

use std::time::Duration;

use axum::{
    extract::{
        Path,
        ws::{Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use serde::Deserialize;
use sharpeyes_domain::ids::{StreamId, StreamKind};
use utoipa::IntoParams;

use super::{
    dto::{self, LiveEnd, LiveMessage},
    error::ApiError,
    extract::Params,
    guard::{Guard, of_camera},
    vigil::Vigil,
};
use crate::{
    access::gate::Purpose,
    live::{LivePart, LiveStream},
};

/// Viewers have nothing to say; what they send is read only to notice that they left.
const LARGEST_FROM_VIEWER: usize = 1024;
/// A viewer that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(20);

/// Which stream.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LiveQuery {
    /// `sub` (usual) or `main`.
    #[serde(default)]
    stream: dto::LiveStream,
}

/// A WebSocket. Text: [`LiveMessage`]. Binary: an initialisation segment after each `init`, then fragments.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/live", params(("id" = String, Path), LiveQuery), responses(
    (status = 101, body = dto::LiveMessage), (status = 404, body = dto::ErrorBody),
    (status = 426, body = dto::ErrorBody),
))]
pub(super) async fn watch(
    guard: Guard,
    Path(id): Path<String>,
    Params(query): Params<LiveQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let (camera, allowed) = guard.camera(&id, Purpose::LiveWatch).await?;
    let kind = match query.stream {
        dto::LiveStream::Main => StreamKind::Main,
        dto::LiveStream::Sub => StreamKind::Sub,
    };
    let stream = StreamId { camera: camera.id.clone(), kind };
    let units = guard.state.hub.subscribe(&stream).ok_or(ApiError::NotFound)?;
    let upgrade = upgrade.map_err(|_| ApiError::UpgradeNeeded)?;
    guard.looked(&allowed, &of_camera(camera), Purpose::LiveWatch, kind.as_str().to_owned()).await?;
    let vigil = Vigil::new(&guard);
    let upgrade = upgrade.max_message_size(LARGEST_FROM_VIEWER).max_frame_size(LARGEST_FROM_VIEWER);
    Ok(upgrade.on_upgrade(move |socket| show(socket, LiveStream::new(units), vigil, stream)))
}

/// The viewer is gone.
struct Gone;

async fn show(mut socket: WebSocket, mut live: LiveStream, mut vigil: Vigil, stream: StreamId) {
    let reason = loop {
        let part = tokio::select! {
            biased;
            () = vigil.ended() => break if vigil.is_shutdown() { LiveEnd::Shutdown } else { LiveEnd::SessionEnded },
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            part = live.next() => part,
        };
        let part = match part {
            Ok(Some(part)) => part,
            Ok(None) => break LiveEnd::StreamEnded,
            Err(error) => {
                tracing::warn!(%stream, %error, "a live view ended: the camera sends what fits into no MP4");
                break LiveEnd::StreamEnded;
            }
        };
        let sent = tokio::select! {
            biased;
            // Half a fragment may be out: nothing more can be said on this socket.
            () = vigil.ended() => return,
            sent = send(&mut socket, part) => sent,
        };
        if sent.is_err() {
            return;
        }
    };
    // Whether the last word still arrives is the viewer's affair.
    let _ = tokio::time::timeout(STUCK, say(&mut socket, &LiveMessage::End { reason })).await;
}

async fn send(socket: &mut WebSocket, part: LivePart) -> Result<(), Gone> {
    match part {
        LivePart::Init { mime, width_px, height_px, segment } => {
            say(socket, &LiveMessage::Init { mime, width: width_px, height: height_px }).await?;
            deliver(socket, Message::Binary(segment)).await
        }
        LivePart::Fragment(bytes) => deliver(socket, Message::Binary(bytes)).await,
        LivePart::Lagged { dropped } => say(socket, &LiveMessage::Lagged { dropped }).await,
        LivePart::Interrupted => say(socket, &LiveMessage::Interrupted).await,
    }
}

async fn say(socket: &mut WebSocket, message: &LiveMessage) -> Result<(), Gone> {
    let text = serde_json::to_string(message).expect("our own enum with text keys always becomes JSON");
    deliver(socket, Message::Text(text.into())).await
}

async fn deliver(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    tokio::time::timeout(STUCK, socket.send(message)).await.map_err(|_| Gone)?.map_err(|_| Gone)
}
