//! The live view over a real socket.

use std::{net::SocketAddr, time::Duration};

use futures::StreamExt as _;
use serde_json::Value;
use sharpeyes_domain::{access::Role, ids::StreamKind, segment::GapCause};
use tokio::{net::TcpStream, task::JoinHandle};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use super::{House, START, run, stream, unit};
use crate::{
    access::accounts::{AccountChange, Author},
    api::serve,
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn start(house: &House) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(serve(listener, house.state.clone())))
}

/// Opens the live view, or gives the status of the refusal.
async fn watch(at: SocketAddr, camera: &str, cookie: &str, origin: Option<&str>) -> Result<Socket, u16> {
    let mut request =
        format!("ws://{at}/api/v1/cameras/{camera}/live?stream=sub").into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn next(socket: &mut Socket) -> Option<Message> {
    let read = tokio::time::timeout(Duration::from_secs(30), socket.next()).await.expect("a word in time");
    read.and_then(Result::ok)
}

async fn word(socket: &mut Socket) -> Value {
    match next(socket).await {
        Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
        other => panic!("a text was expected: {other:?}"),
    }
}

async fn picture(socket: &mut Socket) -> Vec<u8> {
    match next(socket).await {
        Some(Message::Binary(bytes)) => bytes.to_vec(),
        other => panic!("a segment was expected: {other:?}"),
    }
}

/// Publishes pictures from `first` to `last`, one a second.
fn publish(house: &House, camera: &str, first: i64, last: i64) {
    let publisher = house.hub.publisher(&stream(camera, StreamKind::Sub)).unwrap();
    if first == 0 {
        publisher.begin(run(&stream(camera, StreamKind::Sub), START));
    }
    for second in first..=last {
        publisher.unit(unit(START, second));
    }
}

#[tokio::test]
async fn an_operator_sees_own_cameras_until_the_session_ends() {
    let house = House::new().await;
    let id = house.account("op", Role::Operator, "east").await;
    let cookie = house.sign_in("op").await;
    let (at, server) = start(&house).await;
    let own = format!("http://{at}");
    publish(&house, "cam-east", 0, 4);
    let mut socket = watch(at, "cam-east", &cookie, Some(&own)).await.unwrap();
    let init = word(&mut socket).await;
    assert_eq!((&init["type"], &init["width"]), (&"init".into(), &640.into()));
    assert_eq!(init["mime"], "video/mp4; codecs=\"avc1.4D401E\"");
    assert_eq!(&picture(&mut socket).await[4..8], b"ftyp");
    publish(&house, "cam-east", 5, 6);
    assert!(picture(&mut socket).await.windows(4).any(|w| w == b"moof"));
    house.hub.publisher(&stream("cam-east", StreamKind::Sub)).unwrap().end(GapCause::CameraOffline);
    while let Some(message) = next(&mut socket).await {
        if let Message::Text(text) = message {
            assert_eq!(text.as_str(), r#"{"type":"interrupted"}"#);
            break;
        }
    }
    let rows = house.state.accounts.audit().page(None, 100).await.unwrap();
    let look = rows.iter().find(|row| row.action == "live.view").expect("written down before the first byte");
    assert_eq!(
        (look.object.as_str(), look.purpose.as_str(), look.source.as_str()),
        ("camera/cam-east", "live", "127.0.0.1")
    );

    let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
    house.state.accounts.change(id, change, Author::CommandLine).await.unwrap();
    assert_eq!(word(&mut socket).await, serde_json::json!({ "type": "end", "reason": "session_ended" }));
    assert!(!matches!(next(&mut socket).await, Some(Message::Binary(_))), "no further picture");
    house.shutdown.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn nobody_else_sees_them() {
    let house = House::new().await;
    let inside = house.viewer("op", Role::Operator, "east").await;
    let outside = house.viewer("out", Role::Operator, "west").await;
    let (at, server) = start(&house).await;
    let own = format!("http://{at}");
    publish(&house, "cam-east", 0, 4);
    let refused = [
        ("sharpeyes_session=0", Some(own.as_str()), 401),
        ("", Some(&own), 401),
        (&outside, Some(&own), 404),
        (&inside, None, 403),
        (&inside, Some("http://evil.test"), 403),
        (&inside, Some("null"), 403),
    ];
    for (cookie, origin, status) in refused {
        assert_eq!(watch(at, "cam-east", cookie, origin).await.err(), Some(status), "{cookie} {origin:?}");
    }
    for (turn, role) in
        [Role::Police, Role::Technician, Role::Administrator, Role::Auditor].into_iter().enumerate()
    {
        let cookie = house.viewer(&format!("v{turn}"), role, "east").await;
        assert_eq!(watch(at, "cam-east", &cookie, Some(&own)).await.err(), Some(403), "{role}");
    }
    assert_eq!(watch(at, "cam-none", &inside, Some(&own)).await.err(), Some(404));
    house.shutdown.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stopping_service_says_so() {
    let house = House::new().await;
    let cookie = house.viewer("op", Role::Operator, "east").await;
    let (at, server) = start(&house).await;
    publish(&house, "cam-east", 0, 4);
    let mut socket = watch(at, "cam-east", &cookie, Some(&format!("http://{at}"))).await.unwrap();
    word(&mut socket).await;
    house.shutdown.cancel();
    let mut said = None;
    while let Some(message) = next(&mut socket).await {
        if let Message::Text(text) = message {
            said = Some(text.to_string());
        }
    }
    assert_eq!(said.as_deref(), Some(r#"{"type":"end","reason":"shutdown"}"#));
    server.await.unwrap().unwrap();
}
