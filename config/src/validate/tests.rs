use sharpeyes_domain::{
    ids::{AreaId, CameraId, StreamKind},
    level::Level,
    rule::{Defaults, Direction, RuleClass, RuleKind},
    tamper::TamperKind,
    time::MediaDuration,
};

use super::*;
use crate::{AnalyseStream, EXAMPLE_SITE, Record};

fn parse(text: &str) -> Result<Site, ConfigError> {
    let variable = |name: &str| (name == "SHARPEYES_CAMERA_PASSWORD").then(|| "from-env".to_owned());
    let environment = Environment { base: Path::new("/etc/sharpeyes"), variable: &variable };
    Site::parse(text, Path::new("site.toml"), &environment)
}

fn problems(text: &str) -> Vec<String> {
    match parse(text) {
        Err(ConfigError::Invalid { problems, .. }) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

/// A small fine site, then `more`.
fn site_with(more: &str) -> String {
    format!(
        r#"
        [site]
        name = "t"
        timezone = "Asia/Shanghai"
        data_dir = "data"
        [[area]]
        id = "town"
        name = "Town"
        kind = "township"
        {more}
        "#
    )
}

fn camera_with(more: &str) -> String {
    site_with(&format!(
        r#"
        [[camera]]
        id = "a"
        name = "A"
        area = "town"
        place = "village"
        main = "rtsp://h/main"
        sub = "rtsp://h/sub"
        {more}
        "#
    ))
}

#[test]
fn a_camera_is_looked_at_as_often_as_its_rules_need_unless_it_says_how_often() {
    let check = |more: &str, expected: f32| {
        let site = parse(&camera_with(more)).unwrap();
        assert!((site.cameras[0].fps - expected).abs() < 1e-6, "{more}: {}", site.cameras[0].fps);
    };
    let accident = "[[camera.rule]]\nid = \"crash\"\nkind = \"accident\"";
    check("", 5.0);
    check("[[camera.rule]]\nid = \"in\"\nkind = \"intrusion\"", 5.0);
    check(accident, 8.0);
    check(&format!("fps = 4\n{accident}"), 4.0);
}

#[test]
fn a_budget_of_alarms_is_the_usual_one_unless_written_and_is_possible() {
    let usual = parse(&site_with("")).unwrap().noise;
    assert_eq!(usual, NoiseBudget::default());
    let own = parse(&site_with("[noise]\nsource_per_hour = 30\nwindow = \"3d\"")).unwrap().noise;
    let expected = NoiseBudget { source_per_hour: 30, window: Duration::from_hours(72), ..usual };
    assert_eq!(own, expected);
    let wrong = "[noise]\nsource_per_hour = 0\nfalse_percent = 100\nfalse_of = -1\nwindow = \"1h\"";
    let found = problems(&site_with(wrong));
    for key in ["noise.source_per_hour", "noise.false_percent", "noise.false_of", "noise.window"] {
        assert!(found.iter().any(|problem| problem.starts_with(key)), "{key}: {found:?}");
    }
}

#[test]
fn the_shipped_example_is_fine() {
    let site = parse(EXAMPLE_SITE).unwrap();
    assert_eq!(site.noise, NoiseBudget::default(), "what the example shows is the default");
    assert_eq!(site.cameras.len(), 4);
    let square = site.camera(&CameraId::new("square").unwrap()).unwrap();
    assert_eq!(square.credentials.as_ref().unwrap().password.expose(), "from-env");
    assert_eq!(square.rules[0].kind, RuleKind::Crowding { at_least: 20 });
    assert_eq!(square.rules[0].zone.as_ref().unwrap().name, "广场");
    assert_eq!(site.cameras[2].rules[0].level, Level::Red);
    assert_eq!(site.cameras[3].analyse, AnalyseStream::Main);
    let mut shown: Vec<RuleClass> =
        site.cameras.iter().flat_map(|camera| &camera.rules).map(|rule| rule.kind.class()).collect();
    shown.sort_unstable();
    let without = [RuleClass::Intrusion, RuleClass::Smoke, RuleClass::Fire];
    let all: Vec<RuleClass> =
        RuleClass::ALL.iter().copied().filter(|class| !without.contains(class)).collect();
    assert_eq!(shown, all, "the example shows every kind, if only in a comment");
    assert!(without.iter().all(|class| EXAMPLE_SITE.contains(&format!("\"{class}\""))));
}

#[test]
fn relative_paths_start_at_the_site_files_folder() {
    let site = parse(&site_with("")).unwrap();
    assert_eq!(site.data_dir, Path::new("/etc/sharpeyes/data"));
    let [disk] = &site.storage.disks[..] else { panic!("{:?}", site.storage.disks) };
    assert_eq!((disk.name.as_str(), &*disk.dir), ("main", Path::new("/etc/sharpeyes/data/media")));
    assert_eq!(site.inference.models, Path::new("/etc/sharpeyes/data/models"));
}

#[test]
fn disks_are_named_beside_or_instead_of_media_dir_and_cameras_may_choose() {
    let with = |storage: &str, camera: &str| {
        let site = site_with(&format!("[storage]\n{storage}\n"));
        let camera = camera_with(camera);
        format!("{site}\n{}", &camera[camera.find("[[camera]]").unwrap()..])
    };
    let disk = |name: &str, dir: &str| format!("[[storage.disk]]\nname = \"{name}\"\ndir = \"{dir}\"\n");
    let site = parse(&with(
        &format!(
            "media_dir = \"/m\"\nreserve = \"2GiB\"\n{}reserve = \"1GiB\"\n{}",
            disk("b", "/b"),
            disk("c", "c")
        ),
        "disk = \"b\"",
    ))
    .unwrap();
    let disks: Vec<(&str, &Path, Option<u64>)> =
        site.storage.disks.iter().map(|disk| (disk.name.as_str(), &*disk.dir, disk.reserve)).collect();
    let expected = [("main", "/m", None), ("b", "/b", Some(1 << 30)), ("c", "/etc/sharpeyes/c", None)];
    assert_eq!(disks, expected.map(|(name, dir, reserve)| (name, Path::new(dir), reserve)));
    assert_eq!(site.storage.reserve, Some(2 << 30));
    assert_eq!(site.cameras[0].disk.as_ref().map(|disk| disk.as_str()), Some("b"));
    let alone = parse(&with(&disk("b", "/b"), "")).unwrap();
    assert_eq!(alone.storage.disks.len(), 1, "no `main` where the site names its disks");
    let refuse = |storage: &str, camera: &str, expected: &str| {
        let found = problems(&with(storage, camera));
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}: {found:?}");
    };
    refuse(&format!("{}{}", disk("b", "/b"), disk("b", "/c")), "", "storage.disk[1].name");
    refuse(&format!("media_dir = \"/m\"\n{}", disk("main", "/c")), "", "storage.disk[0].name");
    refuse(&format!("media_dir = \"/m\"\n{}", disk("b", "/m/b")), "", "storage.disk[0].dir");
    refuse(&disk("B b", "/b"), "", "storage.disk[0].name");
    refuse("[[storage.disk]]\nname = \"b\"\n", "", "storage.disk[0].dir");
    refuse(&disk("b", "/b"), "disk = \"c\"", "camera[0].disk");
}

#[test]
fn all_problems_are_reported_at_once_with_their_paths() {
    let found = problems(
        r#"
        colour = 1
        [site]
        name = " "
        timezone = "Asia/Shanghai "
        [server]
        listen = "localhost"
        [storage]
        segment = "60"
        ring_bytes = "16"
        [inference]
        threads = 0
        provider = "gpu"
        process = "none"
        [[area]]
        id = "a"
        name = "A"
        kind = "village"
        parent = "b"
        [[area]]
        id = "b"
        name = "B"
        kind = "hamlet"
        [[camera]]
        id = "Cam 1"
        nam = "typo"
        [[camera]]
        id = "c2"
        name = "C2"
        area = "nowhere"
        place = "village"
        main = "http://u:hunter2@h/"
        fps = 100
        analyse = "off"
        [[camera.zone]]
        id = "z"
        name = "Z"
        polygon = [[0.0, 0.0], [1.5, 0.0], [1.0, 1.0]]
        [[camera.rule]]
        id = "r"
        kind = "crowding"
        zone = "z"
        at_least = 0
        classes = ["person"]
        [[camera.rule]]
        id = "r"
        kind = "intrusion"
        zone = "y"
        classes = []
        at_least = 2
        hold = "2h"
        level = "purple"
        schedule = ["always", "mon 08:00-09:00"]
        "#,
    );
    let expected = [
        "server.listen: `localhost`",
        "site.name: must not be empty",
        "site.timezone: there is no time zone",
        "site.data_dir: is missing",
        "storage.segment: `60` is no duration",
        "storage.ring_bytes: `16` is no size",
        "inference.threads: is 0, must be within 1 and 64",
        "inference.provider: `gpu` is no execution provider",
        "inference.process: `none` is no place for detectors",
        "area[1].kind: `hamlet` is no area kind",
        "camera[0]: unknown field `nam`",
        "camera[1].area: there is no area `nowhere`; defined: a, b",
        "camera[1].main: has the scheme `http`",
        "camera[1].zone[0].polygon: corner 1 (1.5, 0)",
        "camera[1].rule[0].classes: has no meaning in a rule of kind `crowding`",
        "camera[1].rule[0].at_least: is 0, must be within 1 and 1000",
        "camera[1].rule[1].id: `r` is already used by camera[1].rule[0]",
        "camera[1].rule[1].at_least: has no meaning in a rule of kind `intrusion`",
        "camera[1].rule[1].classes: must not be empty",
        "camera[1].rule[1].zone: there is no zone of this camera `y`",
        "camera[1].rule[1].level: `purple` is no level",
        "camera[1].rule[1].hold: is 2h, must be within 0s and 1h",
        "camera[1].rule[1].schedule[0]: `always` is no window",
        "camera[1].analyse: the camera has rules",
        "camera[1].fps: is 100, must be within 0.2 and 30",
        "colour: there is no such section",
    ];
    for start in expected {
        assert!(found.iter().any(|problem| problem.starts_with(start)), "{start}\nnot in {found:#?}");
    }
    assert!(found.iter().all(|problem| !problem.contains("hunter2")), "{found:#?}");
    // The unknown parent `b` is written, only wrong itself: its own complaint is enough, one more is allowed.
    assert!(found.len() <= expected.len() + 1, "{found:#?}");
}

#[test]
fn targets_are_checked_and_no_secret_is_repeated() {
    let found = problems(&site_with(
        r#"
        [[outbound]]
        id = "a"
        kind = "webhook"
        url = "https://user:hunter2@county.test/"
        secret = "hunter2"
        purpose = "x"
        topic = "t"
        keep = "1d"
        events = ["explode"]
        share = ["faces"]
        areas = ["nowhere"]
        classes = ["none-such"]
        [[outbound]]
        id = "b"
        kind = "mqtt"
        url = "http://county.test/"
        topic = "a/#"
        username = "u"
        [[outbound]]
        id = "c"
        kind = "fax"
        url = "x"
        purpose = "x"
        "#,
    ));
    let expected = [
        "outbound[0].url: carries a user name or password",
        "outbound[0].secret: has fewer than 24 characters",
        "outbound[0].topic: has no meaning for a target of kind `webhook`",
        "outbound[0].keep: is 1d, must be within 7days and",
        "outbound[0].events: there is no event `explode`",
        "outbound[0].share: `faces` is no share",
        "outbound[0].areas: there is no area `nowhere`",
        "outbound[0].classes: there is no class `none-such`",
        "outbound[1].purpose: is missing",
        "outbound[1].url: has the scheme `http`, must be mqtts or mqtt",
        "outbound[1].topic: must be levels",
        "outbound[1].username: is set without `password`",
        "outbound[2].kind: there is no kind of target `fax`",
    ];
    for start in expected {
        assert!(found.iter().any(|problem| problem.starts_with(start)), "{start}\nnot in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert!(found.iter().all(|problem| !problem.contains("hunter2")), "{found:#?}");
}

#[test]
fn a_shadow_model_is_another_one_and_has_a_question() {
    let rule = "[[camera.rule]]\nid = \"r\"\nkind = \"intrusion\"\n";
    let check = |more: &str, expected: Option<&str>| match (parse(&camera_with(more)), expected) {
        (Ok(site), None) => {
            assert_eq!(site.cameras[0].shadow_model.as_ref().unwrap().as_str(), "b", "{more}")
        }
        (Err(ConfigError::Invalid { problems, .. }), Some(start)) => {
            let [one] = &problems[..] else { panic!("{problems:?}") };
            assert!(one.to_string().starts_with(start), "{one}");
        }
        (found, expected) => panic!("{more}: {found:?}, {expected:?}"),
    };
    let own = "camera[0].shadow_model: is the camera's own";
    let unasked = "camera[0].shadow_model: is asked nothing";
    check(&format!("shadow_model = \"b\"\n{rule}"), None);
    check(&format!("model = \"a\"\nshadow_model = \"b\"\n{rule}"), None);
    check(&format!("model = \"b\"\nshadow_model = \"b\"\n{rule}"), Some(own));
    check(&format!("shadow_model = \"a b\"\n{rule}"), Some("camera[0].shadow_model: "));
    check("shadow_model = \"b\"", Some(unasked));
    check(&format!("shadow_model = \"b\"\n{rule}shadow = true"), Some(unasked));
    let site = parse(&site_with("[inference]\nshadow_model = \"b\"")).unwrap();
    assert_eq!(site.inference.shadow_model.unwrap().as_str(), "b");
}

#[test]
fn every_key_that_is_missing_is_named() {
    let found = problems("[site]\n[[camera]]\n[[camera.rule]]\n[[area]]\n");
    for at in [
        "site.name",
        "site.timezone",
        "site.data_dir",
        "area[0].id",
        "area[0].name",
        "area[0].kind",
        "camera[0].id",
    ]
    .into_iter()
    .chain(["camera[0].name", "camera[0].area", "camera[0].place", "camera[0].main", "camera[0].rule[0].id"])
    .chain(["camera[0].rule[0].kind"])
    {
        assert!(found.contains(&format!("{at}: is missing")), "{at} not in {found:#?}");
    }
    assert!(problems("").iter().any(|problem| problem == "site: is missing"));
}

#[test]
fn identifiers_are_unique_and_areas_are_a_tree() {
    let found = problems(&camera_with(
        r#"
        [[camera]]
        id = "a"
        name = "A again"
        area = "town"
        place = "village"
        main = "rtsp://h/x"
        analyse = "off"
        [[area]]
        id = "town"
        name = "Town again"
        kind = "township"
        [[area]]
        id = "v"
        name = "V"
        kind = "village"
        parent = "w"
        [[area]]
        id = "w"
        name = "W"
        kind = "township"
        parent = "v"
        "#,
    ));
    assert!(
        found.iter().any(|p| p.starts_with("camera[1].id: `a` is already used by camera[0]")),
        "{found:#?}"
    );
    assert!(found.iter().any(|p| p.starts_with("area[1].id: area `town` is declared twice")), "{found:#?}");
    assert!(
        found.iter().any(|p| p.starts_with("area[2].parent: area `v` lies in itself: v in w in v")),
        "{found:#?}"
    );
}

#[test]
fn passwords_come_from_three_places_and_are_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("pw"), "from-file\n").unwrap();
    let parse_here = |more: &str| {
        let variable = |name: &str| (name == "PW").then(|| "from-env".to_owned());
        let environment = Environment { base: dir.path(), variable: &variable };
        Site::parse(&camera_with(more), Path::new("site.toml"), &environment)
    };
    let check = |more: &str, username: &str, password: &str| {
        let site = parse_here(more).unwrap();
        let credentials = site.cameras[0].credentials.as_ref().unwrap();
        assert_eq!(credentials.username, username);
        assert_eq!(credentials.password.expose(), password);
        assert!(password.is_empty() || !format!("{site:?}").contains(password));
    };
    check("username = \"u\"\npassword = \"literal-word\"", "u", "literal-word");
    check("username = \"u\"\npassword = \"\"", "u", "");
    check("username = \"u\"\npassword = { env = \"PW\" }", "u", "from-env");
    check("username = \"u\"\npassword = { file = \"pw\" }", "u", "from-file");

    let refuse = |more: &str, start: &str| {
        let error = parse_here(more).unwrap_err().to_string();
        assert!(error.contains(start), "{start} not in {error}");
        assert!(!error.contains("4711"), "{error}");
    };
    refuse("username = \"u\"\npassword = 4711", "camera[0].password: must be");
    refuse("username = \"u\"\npassword = [\"4711\"]", "camera[0].password: must be");
    refuse("username = \"u\"\npassword = { text = \"4711\" }", "camera[0].password: must be");
    refuse(
        "username = \"u\"\npassword = { env = \"NONE\" }",
        "camera[0].password: the environment variable NONE",
    );
    refuse(
        "username = \"u\"\npassword = { file = \"none\" }",
        "camera[0].password: cannot read the password file",
    );
    refuse("password = \"4711\"", "camera[0].password: is set without `username`");
    refuse("username = \"u\"", "camera[0].username: is set without `password`");
    refuse("username = \"u\"\npassword = \"4711", "site.toml: line ");
}

#[test]
fn credentials_in_an_address_are_taken_out_of_it() {
    let camera = |main: &str, sub: &str, more: &str| {
        camera_with(more).replace("rtsp://h/main", main).replace("rtsp://h/sub", sub)
    };
    let site = parse(&camera("rtsp://u:4711@h/main", "rtsp://h/sub", "")).unwrap();
    let found = &site.cameras[0];
    assert_eq!(found.credentials.as_ref().unwrap().password.expose(), "4711");
    assert_eq!(found.source(StreamKind::Main).unwrap().url.as_url().as_str(), "rtsp://h/main");
    assert!(!format!("{site:?}").contains("4711"));

    parse(&camera("rtsp://u:4711@h/main", "rtsp://u:4711@h/sub", "")).unwrap();
    let twice = problems(&camera("rtsp://u:4711@h/main", "rtsp://u:4712@h/sub", ""));
    assert!(twice[0].starts_with("camera[0].sub: carries a user name"), "{twice:?}");
    let both =
        problems(&camera("rtsp://u:4711@h/main", "rtsp://h/sub", "username = \"u\"\npassword = \"x\""));
    assert!(both[0].starts_with("camera[0].main: carries a user name"), "{both:?}");
}

#[test]
fn nothing_falls_back_unasked() {
    let one_stream = |more: &str| camera_with(more).replace("sub = \"rtsp://h/sub\"", "");
    let rule = "[[camera.rule]]\nid = \"r\"\nkind = \"intrusion\"";
    assert!(problems(&one_stream(rule))[0].starts_with("camera[0].analyse: there is no `sub` stream"));
    assert!(
        problems(&one_stream("analyse = \"sub\""))[0]
            .starts_with("camera[0].analyse: there is no `sub` stream")
    );
    assert_eq!(parse(&one_stream("")).unwrap().cameras[0].analyse, AnalyseStream::Off);
    let main = parse(&one_stream(&format!("analyse = \"main\"\n{rule}"))).unwrap();
    assert_eq!(main.cameras[0].analysed().unwrap().0.to_string(), "a/main");
    assert!(
        problems(&camera_with("record = false\nanalyse = \"off\""))[0]
            .starts_with("camera[0]: the camera is neither")
    );
}

#[test]
fn what_is_recorded_is_said_by_word_or_by_truth_value() {
    let record = |written: &str, expected: Record| {
        assert_eq!(parse(&camera_with(written)).unwrap().cameras[0].record, expected, "{written}");
    };
    record("", Record::Main);
    record("record = true", Record::Main);
    record("record = false", Record::Off);
    record("record = \"main\"", Record::Main);
    record("record = \"sub\"", Record::Sub);
    record("record = \"both\"", Record::Both);
    let refuse = |written: &str, expected: &str| {
        let found = problems(written);
        assert!(found[0].starts_with(expected), "{written}: {found:?}");
    };
    refuse(&camera_with("record = \"all\""), "camera[0].record: ");
    refuse(&camera_with("record = 1"), "camera[0].record: must be true, false");
    let one_stream = camera_with("record = \"both\"").replace("sub = \"rtsp://h/sub\"", "");
    refuse(&one_stream, "camera[0].record: there is no `sub` stream");

    assert!(!parse(&camera_with("")).unwrap().cameras[0].audio);
    assert!(parse(&camera_with("audio = true")).unwrap().cameras[0].audio);
    refuse(&camera_with("record = false\naudio = true"), "camera[0].audio: sound is recorded beside");
}

#[test]
fn a_camera_says_which_tampering_makes_tickets_and_unsaid_all_of_it_does() {
    let of = |more: &str| parse(&camera_with(more)).unwrap().cameras[0].tamper.clone();
    assert_eq!(of(""), TamperKind::ALL);
    assert_eq!(of("tamper = []"), []);
    let patrols = "tamper = [\"covered\", \"signal_lost\"]";
    assert_eq!(of(patrols), [TamperKind::Covered, TamperKind::SignalLost]);
    let found = problems(&camera_with("tamper = [\"covered\", \"turned\"]"));
    let expected = "camera[0].tamper[1]: `turned` is no tamper kind: use one of covered, defocused, moved";
    assert!(found[0].starts_with(expected), "{found:?}");
}

#[test]
fn the_cookie_is_secure_wherever_the_network_is_not_the_machine() {
    let check = |server: &str, secure| {
        let site = parse(&site_with(&format!("[server]\n{server}"))).unwrap();
        assert_eq!(site.server.secure_cookie, secure, "{server}");
    };
    check("", false);
    check("listen = \"[::1]:1\"", false);
    check("listen = \"0.0.0.0:8460\"", true);
    check("listen = \"0.0.0.0:8460\"\nsecure_cookie = false", false);
}

#[test]
fn a_subtree_is_an_area_and_all_in_it() {
    let site = parse(EXAMPLE_SITE).unwrap();
    let names = |root: &str| {
        let found = site.area_subtree(&AreaId::new(root).unwrap());
        found.iter().map(AreaId::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names("shiqiao"), ["dongcun", "shiqiao", "shuiku"]);
    assert_eq!(names("dongcun"), ["dongcun"]);
    assert!(names("nowhere").is_empty());
}

#[test]
fn a_site_that_is_no_toml_names_the_line_and_repeats_none_of_it() {
    let error = parse("[site]\nname = \"a\"\npassword = hunter2\n").unwrap_err();
    assert!(matches!(error, ConfigError::Syntax { line: 3, .. }), "{error:?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn recordings_are_never_kept_shorter_than_the_law_asks() {
    use sharpeyes_domain::retention::LegalBasis;

    let site = parse(EXAMPLE_SITE).unwrap();
    let days = |index: usize| {
        let policy = site.cameras[index].retention;
        (policy.base_days(), policy.incident_days(), policy.basis())
    };
    assert_eq!(days(0), (30, 90, LegalBasis::General));
    assert_eq!(days(2), (90, 90, LegalBasis::KeyTarget), "a stricter basis alone is enough");
    let site = parse(&camera_with("")).unwrap();
    assert_eq!((site.storage.policy.base_days(), site.storage.policy.incident_days()), (30, 90));
    assert_eq!(site.storage.database_reserve, 64 << 20);
    assert_eq!(site.storage.reserve, None);

    let storage = |storage: &str, camera: &str| {
        let site = site_with(&format!("[storage]\n{storage}\n"));
        let camera = camera_with(camera);
        let camera = &camera[camera.find("[[camera]]").unwrap()..];
        format!("{site}\n{camera}")
    };
    let site = parse(&storage("keep_days = 120\nmax_bytes = \"2TiB\"", "keep_days = 60\nincident_days = 61"))
        .unwrap();
    let camera = site.cameras[0].retention;
    assert_eq!((camera.base_days(), camera.incident_days(), camera.max_bytes()), (60, 61, Some(2 << 40)));
    assert_eq!((site.storage.policy.base_days(), site.storage.policy.incident_days()), (120, 120));
    let tiers = "incident_max_bytes = \"1TiB\"\nheld_warn_bytes = \"200GiB\"";
    let site = parse(&storage(tiers, "held_warn_bytes = \"5GiB\"")).unwrap();
    let of = |policy: sharpeyes_domain::retention::Policy| {
        (policy.tiers().incident_bytes, policy.tiers().held_bytes)
    };
    assert_eq!(of(site.storage.policy), (Some(1 << 40), Some(200 << 30)));
    assert_eq!(of(site.cameras[0].retention), (Some(1 << 40), Some(5 << 30)), "a camera fills its holes");

    let refuse = |storage_text: &str, camera: &str, expected: &str| {
        let found = problems(&storage(storage_text, camera));
        assert!(found.iter().any(|problem| problem == expected), "{expected}\nnot in {found:#?}");
    };
    let floor = "the legal floor is 30 days (legal_basis = \"general\")";
    refuse(
        "held_warn_bytes = \"much\"",
        "",
        "storage.held_warn_bytes: `much` is no size: write for example \"16MiB\" or \"2GiB\"",
    );
    refuse("keep_days = 7", "", &format!("storage.keep_days: is 7 days, and {floor}"));
    refuse("", "keep_days = 29", &format!("camera[0].keep_days: is 29 days, and {floor}"));
    let floor = "the legal floor is 90 days (legal_basis = \"key_target\")";
    refuse(
        "keep_days = 60\nlegal_basis = \"key_target\"",
        "",
        &format!("storage.keep_days: is 60 days, and {floor}"),
    );
    refuse(
        "",
        "legal_basis = \"key_target\"\nkeep_days = 60",
        &format!("camera[0].keep_days: is 60 days, and {floor}"),
    );
    refuse(
        "incident_days = 20",
        "",
        "storage.incident_days: is 20 days, which is shorter than keep_days = 30",
    );
    refuse("keep_days = 0", "", "storage.keep_days: is 0, must be within 1 and 3660");
    let found = problems(&storage("legal_basis = \"none\"", ""));
    assert!(found[0].starts_with("storage.legal_basis: `none` is no legal basis"), "{found:?}");
}

#[test]
fn a_rule_that_leaves_keys_out_is_as_usual_for_its_place() {
    use sharpeyes_domain::area::Place;

    let settings = |class: RuleClass| match class {
        RuleClass::LineCrossing => "line = \"l\"",
        RuleClass::WrongWay => "heading = [0.0, 1.0]",
        _ => "",
    };
    for &class in RuleClass::ALL {
        for &place in Place::ALL {
            let text = camera_with(&format!(
                r#"
                [[camera.line]]
                id = "l"
                name = "L"
                points = [[0.1, 0.5], [0.9, 0.5]]
                [[camera.rule]]
                id = "r"
                kind = "{class}"
                {}
                "#,
                settings(class)
            ));
            let site = parse(&text.replace("\"village\"", &format!("\"{place}\""))).unwrap();
            let rule = &site.cameras[0].rules[0];
            let usual = Defaults::of(class, place);
            assert_eq!(rule.kind.class(), class);
            assert_eq!(
                (rule.level, rule.hold, rule.clear),
                (usual.level, usual.hold, usual.clear),
                "{class} {place}"
            );
            assert_eq!(rule.must_have_moved, usual.must_have_moved, "{class}");
            match &rule.kind {
                RuleKind::Crowding { at_least } => assert_eq!(*at_least, usual.at_least),
                RuleKind::CrowdSurge { grows_by, within } => {
                    assert_eq!((*grows_by, *within), (usual.grows_by, usual.within));
                }
                RuleKind::Loitering { stay, .. }
                | RuleKind::StoppedVehicle { stay }
                | RuleKind::LeftObject { stay } => assert_eq!(*stay, usual.stay),
                RuleKind::PersonDown { still } => assert_eq!(*still, usual.still),
                RuleKind::Accident { least_score } => assert_eq!(*least_score, usual.least_score),
                RuleKind::Running { at_least, .. } => assert_eq!(*at_least, usual.at_least),
                RuleKind::Intrusion { .. }
                | RuleKind::WaterEdge { .. }
                | RuleKind::LineCrossing { .. }
                | RuleKind::WrongWay { .. }
                | RuleKind::Smoke
                | RuleKind::Fire => {}
            }
        }
    }
}

#[test]
fn every_kind_of_rule_takes_its_own_keys_and_no_others() {
    let with_line = |rule: &str| {
        camera_with(&format!(
            "[[camera.line]]\nid = \"l\"\nname = \"L\"\npoints = [[0.1, 0.5], [0.9, 0.5]]\n\
             [[camera.rule]]\nid = \"r\"\n{rule}"
        ))
    };
    let site = parse(&with_line(
        "kind = \"line_crossing\"\nline = \"l\"\ndirection = \"backward\"\nclasses = [\"car\"]",
    ))
    .unwrap();
    let RuleKind::LineCrossing { line, direction, .. } = &site.cameras[0].rules[0].kind else { panic!() };
    assert_eq!((line.name.as_str(), *direction), ("L", Direction::Backward));
    assert_eq!(site.cameras[0].lines.len(), 1);
    let site = parse(&with_line("kind = \"loitering\"\nstay = \"90s\"")).unwrap();
    let RuleKind::Loitering { stay, .. } = &site.cameras[0].rules[0].kind else { panic!() };
    assert_eq!(*stay, MediaDuration::from_secs(90));

    let refuse = |rule: &str, expected: &str| {
        let found = problems(&with_line(rule));
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "{expected}\nnot in {found:#?}");
    };
    refuse("kind = \"line_crossing\"", "camera[0].rule[0].line: is missing");
    refuse(
        "kind = \"line_crossing\"\nline = \"m\"",
        "camera[0].rule[0].line: there is no line of this camera `m`; defined: l",
    );
    refuse("kind = \"line_crossing\"\nline = \"l\"\nhold = \"1s\"", "camera[0].rule[0].hold: has no meaning");
    refuse(
        "kind = \"line_crossing\"\nline = \"l\"\ndirection = \"left\"",
        "camera[0].rule[0].direction: `left` is no direction: use one of forward, backward, both",
    );
    refuse("kind = \"wrong_way\"", "camera[0].rule[0].heading: is missing");
    refuse("kind = \"wrong_way\"\nheading = [0.0, 0.0]", "camera[0].rule[0].heading: (0, 0) points nowhere");
    refuse(
        "kind = \"accident\"\nleast_score = 2",
        "camera[0].rule[0].least_score: is 2, must be within 0.05 and 1",
    );
    refuse(
        "kind = \"person_down\"\nstay = \"5s\"",
        "camera[0].rule[0].stay: has no meaning in a rule of kind `person_down`",
    );
    refuse(
        "kind = \"loitering\"\nstill = \"5s\"",
        "camera[0].rule[0].still: has no meaning in a rule of kind `loitering`",
    );
    refuse("kind = \"loitering\"\nstay = \"0s\"", "camera[0].rule[0].stay: is 0s, must be within 1s and 1h");
    refuse(
        "kind = \"crowd_surge\"\nwithin = \"1s\"",
        "camera[0].rule[0].within: is 1s, must be within 2s and 1h",
    );
    refuse("kind = \"crowd_surge\"\nat_least = 3", "camera[0].rule[0].at_least: has no meaning");
    refuse("kind = \"fire\"\nclasses = [\"fire\"]", "camera[0].rule[0].classes: has no meaning");
    refuse("kind = \"robbery\"", "camera[0].rule[0].kind: `robbery` is no rule class");
    let line = |points: &str| {
        problems(&camera_with(&format!("[[camera.line]]\nid = \"l\"\nname = \"L\"\npoints = {points}")))
    };
    assert!(line("[[0.1, 0.5]]")[0].starts_with("camera[0].line[0].points: a line has 2 points"));
    assert!(line("[[0.1, 0.5], [0.1, 0.5]]")[0].starts_with("camera[0].line[0].points: the two points"));
    assert!(line("[[0.1, 0.5], [0.1, 1.5]]")[0].starts_with("camera[0].line[0].points: point 1 (0.1, 1.5)"));
}

#[test]
fn the_centres_tables_are_read_and_what_they_refer_to_exists() {
    use sharpeyes_domain::{
        centre::{Allowance, Date},
        ids::ClassId,
        incident::ClockKind,
    };
    let site = parse(&site_with(
        r#"
        [[unit]]
        id = "patrol"
        name = "巡防队"
        [[class]]
        id = "accident"
        lead = "patrol"
        external = { p110 = "0102" }
        [class.deadlines.red]
        finish = "90m"
        [[class]]
        id = "stray_dog"
        name = "流浪犬"
        level = "blue"
        grid_workers = false
        [[route]]
        area = "town"
        lead = "patrol"
        [deadlines.yellow]
        finish = "2d working"
        accept = "20m working"
        [calendar]
        hours = ["09:00-12:00", "13:00-18:00"]
        closed = ["2026-10-10"]
        open = ["2026-10-07"]
        [[intake]]
        id = "p110"
        name = "110"
        source = "police_110"
        area = "town"
        token = "0123456789abcdef01234567"
        "#,
    ))
    .unwrap();
    let class = |id: &str| site.centre.class(&ClassId::new(id).unwrap()).unwrap();
    let accident = class("accident");
    assert_eq!((accident.name.as_str(), accident.lead.is_some()), ("交通事故", true), "changed in part");
    assert_eq!(accident.plan.allowance(Level::Red, ClockKind::Finish), Allowance::wall(5_400));
    let yellow = |clock| accident.plan.allowance(Level::Yellow, clock);
    assert_eq!(
        yellow(ClockKind::Finish),
        Allowance::working(2 * 8 * 3_600),
        "days have the calendar's hours"
    );
    assert_eq!(yellow(ClockKind::Accept), Allowance::working(1_200));
    assert!(!class("stray_dog").is_for_grid);
    let october = |day| Date { year: 2026, month: 10, day };
    let calendar = &site.centre.calendar;
    assert!(calendar.closed.contains(&october(1)) && calendar.closed.contains(&october(10)));
    assert!(
        !calendar.closed.contains(&october(7)) && calendar.open.contains(&october(7)),
        "its own word counts"
    );
    assert_eq!(site.intake_tokens.len(), 1);

    let wrong = problems(&site_with(
        r#"
        [[unit]]
        id = "patrol"
        name = "P"
        areas = ["nowhere"]
        [[class]]
        id = "new"
        [[route]]
        class = "unheard"
        area = "town"
        lead = "navy"
        [deadlines.red]
        lunch = "1h"
        accept = "0s"
        [calendar]
        hours = ["18:00-09:00"]
        closed = ["soon"]
        [[intake]]
        id = "x"
        name = "X"
        source = "camera"
        area = "town"
        token = "short"
        "#,
    ));
    for at in [
        "unit[0].areas",
        "class[0].name",
        "class[0].level",
        "route[0].class",
        "route[0].lead",
        "deadlines.red.lunch",
        "deadlines.red.accept",
        "calendar.hours",
        "calendar.closed",
        "intake[0].source",
        "intake[0].token",
    ] {
        assert!(wrong.iter().any(|problem| problem.starts_with(at)), "{at} is not in {wrong:#?}");
    }
}

#[test]
fn places_on_plan_and_earth_stay_on_them() {
    let site = parse(&camera_with("at = [0.25, 1]\nposition = [25.6, 100.25]")).unwrap();
    let camera = &site.cameras[0];
    assert_eq!(camera.at, Some([0.25, 1.0]));
    assert_eq!(camera.position.unwrap().longitude, 100.25);
    assert_eq!(site.map, crate::MapSettings::default());
    let found = problems(&camera_with("at = [0.25, 1.5]\nposition = [86, 100]\n[map]\nplan = \"plan.pdf\""));
    assert_eq!(
        found,
        [
            "map.plan: must be a file that ends in svg, png, jpg, jpeg, webp",
            "camera[0].at: is 1.5, must be within 0 and 1",
            "camera[0].position: is 86, must be within -85 and 85",
        ]
    );
    let site = parse(&site_with("[map]\nplan = \"plan.svg\"\ntiles = \"tiles\"")).unwrap();
    assert_eq!(site.map.tiles.as_deref(), Some(Path::new("/etc/sharpeyes/tiles")));
}
