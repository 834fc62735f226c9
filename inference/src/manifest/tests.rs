use super::*;

const GOOD: &str = r#"
    id = "yolox-nano"
    family = "yolox"
    sha256 = "e12bf8ba054efc29a5bef65a4462152b1236cd96b9cab942910abecfdff8e177"
    licence = "Apache-2.0"
    score = 0.3
    [input]
    width = 640
    height = 384
    dynamic = true
    colour = "bgr"
    mean = [0, 0, 0]
    std = [1, 1, 1]
    letterbox = "top-left"
    [classes]
    count = 80
    map = { 0 = "person", 2 = "car" }
"#;

fn problems(text: &str) -> String {
    let problems = Manifest::parse(text).unwrap_err();
    problems.iter().map(|p| format!("{p}\n")).collect()
}

#[test]
fn a_short_manifest_is_completed_with_defaults() {
    let manifest = Manifest::parse(GOOD).unwrap();
    assert_eq!(manifest.file, "model.onnx");
    assert_eq!((manifest.nms_iou, manifest.group_iou, manifest.max_boxes), (0.45, None, 300));
    assert_eq!(manifest.input.resolution, Resolution::Dynamic);
    let known = |class| Some(KnownClass { class, floor: Confidence::default() });
    assert_eq!(manifest.classes.table()[..3], [known(ObjectClass::Person), None, known(ObjectClass::Car)]);
    assert_eq!(manifest.classes.table().len(), 80);
}

#[test]
fn no_more_boxes_are_allowed_than_a_flood_can_be_told_from() {
    let with = |n: u32| GOOD.replace("[input]", &format!("max_boxes = {n}\n[input]"));
    assert_eq!(Manifest::parse(&with(300)).unwrap().max_boxes, 300);
    let found = problems(&with(301));
    assert!(found.contains("max_boxes") && found.contains("300"), "{found}");
}

#[test]
fn what_is_written_is_read_back() {
    let full = format!("{GOOD}\nscore = {{ car = 0.35 }}");
    for text in [GOOD.to_owned(), full.replace("[input]", "strong = 0.4\npart = 0.5\n[input]")] {
        let manifest = Manifest::parse(&text).unwrap();
        assert_eq!(manifest.strong.is_some(), text != GOOD);
        assert_eq!(Manifest::parse(&manifest.to_toml()), Ok(manifest));
    }
}

#[test]
fn a_class_may_need_more_than_the_score_of_all_never_less() {
    let with = |score: &str| format!("{GOOD}\nscore = {{ {score} }}");
    let table = Manifest::parse(&with("car = 0.35")).unwrap().classes.table();
    let floors = [table[0], table[2]].map(|known| known.unwrap().floor);
    assert_eq!(floors, [Confidence::default(), Confidence::new(0.35)]);
    let found = problems(&with("car = 0.2, person = 1.1, bus = 0.4"));
    for expected in [
        "classes.score.car: 0.2 is not within 0.3 and 1",
        "classes.score.person: 1.1 is not within 0.3 and 1",
        "classes.score.bus: is the score of a class that classes.map does not name",
    ] {
        assert!(found.contains(expected), "`{expected}` is not in\n{found}");
    }
    assert_eq!(found.lines().count(), 3, "{found}");
}

#[test]
fn all_problems_are_named_at_once() {
    let bad = GOOD
        .replace("\"yolox-nano\"", "\"YOLOX Nano\"")
        .replace("\"yolox\"", "\"yolo3\"")
        .replace("e12bf8", "xyz")
        .replace("0.3", "1.5")
        .replace("640", "650")
        .replace("licence", "file = \"../x.onnx\"\n#")
        .replace("\"bgr\"", "\"yuv\"")
        .replace("2 = \"car\"", "80 = \"car\", 1 = \"ufo\"")
        .replace("std = [1, 1, 1]", "std = [1, 0, 1]");
    let found = problems(&bad);
    for expected in [
        "id: `YOLOX Nano` is no identifier",
        "family: `yolo3` is not known; known here: yolox",
        "sha256: `xyz",
        "licence: is missing",
        "score: 1.5 is not within 0.001 and 1",
        "file: `../x.onnx` must be a plain file name",
        "input.width: 650 is not a multiple of 32",
        "input.colour: `yuv` is not known; known here: rgb, bgr",
        "input.std: 0 is not within",
        "classes.map.80: `80` is no class index",
        "classes.map.1: `ufo` is not known; known here: person",
    ] {
        assert!(found.contains(expected), "`{expected}` is not in\n{found}");
    }
    assert_eq!(found.lines().count(), 11, "{found}");
}

#[test]
fn an_empty_manifest_lists_what_it_needs() {
    let found = problems("");
    for key in ["id", "family", "sha256", "licence", "score", "input.width", "input.mean", "classes.count"] {
        assert!(found.contains(&format!("{key}: is missing")), "{key} is not in\n{found}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let found = problems(&GOOD.replace("dynamic", "dynamik"));
    assert!(found.contains("dynamik") && found.contains("line 10"), "{found}");
}

#[test]
fn a_family_of_identities_is_refused_on_principle() {
    for name in ["reid", "Face-Recognition", "arcface", "person-embedding", "plate"] {
        let found = problems(&GOOD.replace("\"yolox\"", &format!("\"{name}\"")));
        assert!(found.contains("identifies nobody"), "{found}");
    }
}

#[test]
fn a_part_gets_what_it_covers_at_the_scale_of_the_whole() {
    let check = |picture: [u32; 2], part: [u32; 2], expected: [u32; 2]| {
        let input = Manifest::parse(GOOD).unwrap().input;
        let size = input.size_for(picture[0], picture[1]);
        let whole = Letterbox::new(picture[0], picture[1], size, input.placement);
        let area = PixelArea { x_px: 0, y_px: 0, width_px: part[0], height_px: part[1] };
        let found = input.size_for_part((picture[0], picture[1]), &whole, area);
        assert_eq!([found.width_px, found.height_px], expected, "{part:?} of {picture:?}");
    };
    // Pixel for pixel, as in the whole picture.
    check([640, 360], [416, 240], [416, 256]);
    check([1920, 1080], [1248, 720], [416, 256]);
    check([1920, 1080], [1920, 1080], [640, 384]);
    check([640, 360], [2, 2], [32, 32]);
    let fixed = Manifest::parse(&GOOD.replace("dynamic = true", "dynamic = false")).unwrap().input;
    let area = PixelArea { x_px: 0, y_px: 0, width_px: 416, height_px: 240 };
    let whole = Letterbox::new(640, 360, fixed.size, fixed.placement);
    assert_eq!(fixed.size_for_part((640, 360), &whole, area), fixed.size);
}
