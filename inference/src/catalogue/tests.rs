use std::{
    io::{Read, Write},
    net::TcpListener,
    thread::JoinHandle,
    time::Duration,
};

use super::*;
use crate::{
    catalogue::add::{Description, Origin, install},
    letterbox::InputSize,
    manifest::Manifest,
};

const BYTES: &[u8] = b"not a model, but bytes with a hash";

fn id(text: &str) -> ModelId {
    ModelId::new(text).unwrap()
}

/// Of known address and unknown hash.
const UNPINNED: &str = "nanodet-plus-m-320";
/// Of known address and known hash.
const PINNED: &str = "yolox-nano";

fn known_as(id: &str) -> &'static KnownModel {
    known().iter().find(|model| model.id == id).unwrap()
}

fn refuse(question: &Question) -> bool {
    panic!("nothing was to be asked: {question:?}")
}

/// Serves these answers, one connection each, and ends.
struct Server {
    address: String,
    thread: JoinHandle<Vec<String>>,
}

impl Server {
    fn start(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            answers
                .into_iter()
                .map(|answer| {
                    let (mut stream, _) = listener.accept().unwrap();
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    let mut request = Vec::new();
                    let mut byte = [0];
                    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                        request.push(byte[0]);
                    }
                    // The client may hang up early; that is what some of these tests are about.
                    let _ = stream.write_all(&answer);
                    String::from_utf8(request).unwrap().lines().next().unwrap_or_default().to_owned()
                })
                .collect()
        });
        Self { address, thread }
    }

    fn requests(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

struct Fetched {
    models: tempfile::TempDir,
    result: Result<ModelFile, CatalogueError>,
    questions: Vec<Question>,
}

fn fetch(url: &str, max_bytes: u64, says: bool) -> Fetched {
    fetch_as(UNPINNED, url, max_bytes, says)
}

fn fetch_as(name: &str, url: &str, max_bytes: u64, says: bool) -> Fetched {
    let models = tempfile::tempdir().unwrap();
    let mut questions = Vec::new();
    let limits = Limits { max_bytes, connect: Duration::from_secs(10), total: Duration::from_secs(20) };
    let result = install(
        models.path(),
        &id(name),
        Origin::Address(url),
        &Description::Known(known_as(name)),
        &limits,
        None,
        &mut |question| {
            questions.push(question.clone());
            says
        },
    );
    Fetched { models, result, questions }
}

fn names(models: &Path) -> Vec<String> {
    let files = |dir: &Path| fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    let mut all: Vec<_> = files(models)
        .iter()
        .flat_map(|dir| files(dir))
        .map(|p| p.strip_prefix(models).unwrap().display().to_string())
        .collect();
    all.sort();
    all
}

#[test]
fn a_download_of_unknown_hash_is_installed_when_confirmed() {
    let server = Server::start(vec![
        b"HTTP/1.1 302 Found\r\nlocation: /elsewhere.onnx\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            .to_vec(),
        answer(BYTES),
    ]);
    let url = format!("{}/m.onnx", server.address);
    let fetched = fetch(&url, 1 << 20, true);
    let model = fetched.result.unwrap();
    assert_eq!(server.requests(), ["GET /m.onnx HTTP/1.1", "GET /elsewhere.onnx HTTP/1.1"]);
    let sha256 = Sha256Hash::of(BYTES);
    let question = Question {
        id: id(UNPINNED),
        origin: url,
        sha256,
        size_bytes: BYTES.len() as u64,
        licence: "Apache-2.0 (RangiLyu NanoDet)".to_owned(),
    };
    assert_eq!(fetched.questions, [question]);
    let (file, manifest) =
        (format!("{UNPINNED}/model-{}.onnx", &sha256.to_string()[..12]), format!("{UNPINNED}/model.toml"));
    assert_eq!(names(fetched.models.path()), [file, manifest]);
    assert_eq!(model.manifest.input.size, InputSize { width_px: 320, height_px: 320 });
    assert_eq!(find(fetched.models.path(), &id(UNPINNED)).unwrap(), model);
    check(&model, None).unwrap();
    let listed = list(fetched.models.path()).unwrap();
    assert_eq!(listed.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), [BUILT_IN, UNPINNED]);
    assert_eq!(listed[1].model.as_ref().unwrap(), &model);
}

#[test]
fn a_download_of_another_hash_than_the_known_one_is_refused_without_a_question() {
    let server = Server::start(vec![answer(BYTES)]);
    let fetched = fetch_as(PINNED, &format!("{}/m.onnx", server.address), 1 << 20, true);
    let error = fetched.result.unwrap_err();
    assert!(matches!(error, CatalogueError::Hash { found, .. } if found == Sha256Hash::of(BYTES)), "{error}");
    assert_eq!(fetched.questions, []);
    assert_eq!(names(fetched.models.path()), [""; 0]);
    server.requests();
}

#[test]
fn a_file_of_ones_own_export_is_described_and_asked_about() {
    let dir = tempfile::tempdir().unwrap();
    let (models, file) = (dir.path().join("models"), dir.path().join("inference_model.onnx"));
    fs::write(&file, BYTES).unwrap();
    for name in [PINNED, "rf-detr-small"] {
        let addition = Addition { id: id(name), source: Source::File(file.clone()), manifest: None };
        let mut asked = 0;
        let model = add(&models, &addition, &Limits::default(), None, &mut |question| {
            assert_eq!(question.sha256, Sha256Hash::of(BYTES));
            asked += 1;
            true
        });
        assert_eq!((model.unwrap().manifest.id, asked), (id(name), 1));
    }
}

#[test]
fn the_built_in_model_is_there_whatever_the_folder_holds() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere");
    let shipped = find(&nowhere, &id(BUILT_IN)).unwrap();
    check(&shipped, None).unwrap();
    assert_eq!(shipped, built_in());
    assert_eq!(list(&nowhere).unwrap().len(), 1);
    // A folder of its name is not used, and nobody has to wonder why.
    fs::create_dir(dir.path().join(BUILT_IN)).unwrap();
    assert_eq!(find(dir.path(), &id(BUILT_IN)).unwrap(), shipped);
    let listed = list(dir.path()).unwrap();
    assert_eq!(listed.len(), 2);
    let text = listed[1].model.as_ref().unwrap_err().to_string();
    assert!(text.contains("rename the folder") && text.contains(BUILT_IN), "{text}");
}

#[test]
fn a_download_that_fails_or_is_refused_leaves_nothing() {
    let check = |answers: Vec<Vec<u8>>, max_bytes, says, expected: &str| {
        let server = Server::start(answers);
        let fetched = fetch(&format!("{}/m.onnx", server.address), max_bytes, says);
        let error = fetched.result.unwrap_err();
        let text = format!("{error} / {:?}", std::error::Error::source(&error).map(ToString::to_string));
        assert!(text.contains(expected), "`{expected}` is not in `{text}`");
        assert_eq!(names(fetched.models.path()), [""; 0], "{text}");
        assert_eq!(fs::read_dir(fetched.models.path()).unwrap().count(), 0, "{text}");
        server.requests();
    };
    let not_found = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec();
    check(vec![not_found], 100, true, "404");
    check(vec![answer(BYTES)], 1 << 20, false, "was not confirmed");
    check(vec![answer(BYTES)], 10, true, "larger than 10 bytes");
    // No length announced, and too many bytes all the same.
    let endless = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), BYTES].concat();
    check(vec![endless], 10, true, "larger than 10 bytes");
    // The connection breaks in the middle.
    let mut broken = answer(BYTES);
    broken.truncate(broken.len() - 5);
    check(vec![broken], 1 << 20, true, "could not be fetched");
    check(vec![b"garbage\r\n\r\n".to_vec()], 1 << 20, true, "could not be fetched");
}

#[test]
fn nobody_at_the_address_is_said_with_the_remedy() {
    let url = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/m.onnx", free.local_addr().unwrap())
    };
    let text = fetch(&url, 100, true).result.unwrap_err().to_string();
    assert!(text.contains("--file") && text.contains(&url), "{text}");
}

#[test]
fn a_server_that_does_not_speak_tls_is_not_believed() {
    let server = Server::start(vec![answer(BYTES)]);
    let url = server.address.replace("http://", "https://");
    let error = fetch(&format!("{url}/m.onnx"), 1 << 20, true).result.unwrap_err();
    assert!(matches!(error, CatalogueError::Fetch { .. }), "{error}");
}

#[test]
fn a_manifests_hash_is_enforced_and_a_second_model_replaces_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let (models, file, manifest) =
        (dir.path().join("models"), dir.path().join("own.onnx"), dir.path().join("own.toml"));
    let template = known_as(PINNED).manifest_of_unknown(Sha256Hash::of(BYTES)).unwrap();
    let write = |bytes: &[u8], sha256| {
        fs::write(&file, bytes).unwrap();
        let own = Manifest { id: id("own"), sha256, ..template.clone() };
        fs::write(&manifest, own.to_toml()).unwrap();
        let addition =
            Addition { id: id("own"), source: Source::File(file.clone()), manifest: Some(manifest.clone()) };
        add(&models, &addition, &Limits::default(), None, &mut refuse)
    };
    write(BYTES, Sha256Hash::of(BYTES)).unwrap();
    let first = names(&models);
    let error = write(b"other", Sha256Hash::of(BYTES)).unwrap_err();
    assert!(matches!(error, CatalogueError::Hash { .. }), "{error}");
    assert_eq!(names(&models), first);
    write(b"other", Sha256Hash::of(b"other")).unwrap();
    let second = names(&models);
    assert_eq!(second.len(), 2, "{second:?}");
    assert_ne!(second, first);
    let own = find(&models, &id("own")).unwrap();
    check(&own, None).unwrap();
    fs::write(models.join(&second[0]), b"othel").unwrap();
    let text = check(&own, None).unwrap_err().to_string();
    let (expected, found) = (Sha256Hash::of(b"other").to_string(), Sha256Hash::of(b"othel").to_string());
    assert!(
        text.contains(&expected) && text.contains(&found) && text.contains("sharpeyes model add"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_added_is_said_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.onnx");
    fs::write(&file, BYTES).unwrap();
    let check = |name: &str, source: Source, expected: &str| {
        let models = dir.path().join("models");
        let addition = Addition { id: id(name), source, manifest: None };
        let text = add(&models, &addition, &Limits::default(), None, &mut refuse).unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
        assert_eq!(list(&models).unwrap().len(), 1, "the built-in one alone");
    };
    check("unheard-of", Source::Release, "known: yolox-nano, yolox-tiny");
    check(
        "deimv2-femto",
        Source::Release,
        "export_onnx.py --check -c configs/deimv2/deimv2_hgnetv2_femto_coco.yml",
    );
    check("person-yolox", Source::Release, "no release of `person-yolox`");
    check("person-yolox", Source::File(file.clone()), "--manifest");
    check(BUILT_IN, Source::Release, "is built into the program");
    check(BUILT_IN, Source::File(file.clone()), "is built into the program");
    check("yolox-nano", Source::File(dir.path().join("none.onnx")), "cannot read");
}

#[test]
fn a_broken_directory_is_listed_with_its_problem() {
    let models = tempfile::tempdir().unwrap();
    fs::create_dir(models.path().join("empty")).unwrap();
    fs::create_dir(models.path().join("bad")).unwrap();
    fs::write(models.path().join("bad/model.toml"), "id = 7").unwrap();
    let listed = list(models.path()).unwrap();
    assert_eq!(listed.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), [BUILT_IN, "bad", "empty"]);
    assert!(matches!(listed[1].model, Err(InferenceError::ManifestInvalid { .. })));
    assert!(matches!(listed[2].model, Err(InferenceError::ModelMissing { .. })));
}
