use super::*;
use crate::{
    letterbox::Placement,
    manifest::{ColourOrder, Layout, Normalisation},
};

const FRAME: Frame = Frame { input: InputSize { width_px: 64, height_px: 32 }, n_classes: 3, floor: 0.3 };

fn input(resolution: Resolution) -> Input {
    Input {
        size: InputSize { width_px: 416, height_px: 416 },
        resolution,
        layout: Layout::Nchw,
        colour: ColourOrder::Bgr,
        normalisation: Normalisation { mean: [0.0; 3], std: [1.0; 3] },
        placement: Placement::TopLeft,
        pad: 114,
    }
}

fn view(shape: &[i64], data: &[f32]) -> Vec<TensorView<'static>> {
    vec![TensorView { shape: shape.to_vec(), data: TensorData::Float(data.to_vec().leak()) }]
}

fn port(name: &str, shape: &[i64]) -> Port {
    Port { name: name.to_owned(), element: Element::Float, shape: shape.to_vec() }
}

/// 64x32 at strides 8, 16, 32: 32 + 8 + 2 cells.
fn yolox_tensor(cells: &[(usize, [f32; 8])]) -> Vec<f32> {
    let mut tensor = vec![0.0; 42 * 8];
    for (cell, values) in cells {
        tensor[cell * 8..][..8].copy_from_slice(values);
    }
    tensor
}

#[test]
fn yolox_boxes_stand_on_their_grids() {
    // Level 8: 8 columns, 4 rows. Level 16: 4 columns, 2 rows, from cell 32. Level 32: 2 columns, 1 row, from cell 40.
    let tensor = yolox_tensor(&[
        (10, [0.5, 0.25, 0.0, 0.0, 0.9, 0.1, 0.8, 0.2]),
        (37, [0.5, 0.5, 2.0_f32.ln(), 0.0, 1.0, 0.5, 0.1, 0.1]),
        (41, [0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.9]),
        (0, [0.5, 0.5, 0.0, 0.0, 0.9, 0.3, 0.3, 0.3]),
        (1, [0.5, 0.5, 0.0, 0.0, 0.2, 1.0, 0.0, 0.0]),
    ]);
    let decoded = Family::Yolox.decode(&FRAME, &view(&[1, 42, 8], &tensor)).unwrap();
    assert_eq!(decoded.n_non_finite, 0);
    // Cell 10 of level 8 is column 2, row 1: centre (2.5, 1.25) * 8. Cell 37 is column 1, row 1 of level 16: centre
    // (1.5, 1.5) * 16, 2 cells wide. Cell 41 is column 1 of level 32: centre (32, 0).
    let expected = [
        (1, 0.72, PixelRect::from_centre(20.0, 10.0, 8.0, 8.0)),
        (0, 0.5, PixelRect::from_centre(24.0, 24.0, 32.0, 16.0)),
        (2, 0.45, PixelRect::from_centre(32.0, 0.0, 32.0, 32.0)),
    ];
    assert_eq!(decoded.candidates.len(), expected.len());
    for (found, (class_index, score, rect)) in decoded.candidates.iter().zip(expected) {
        assert_eq!(found.class_index, class_index);
        assert!((found.score - score).abs() < 1e-6);
        for (a, b) in [
            (found.rect.x0, rect.x0),
            (found.rect.y0, rect.y0),
            (found.rect.x1, rect.x1),
            (found.rect.y1, rect.y1),
        ] {
            assert!((a - b).abs() < 1e-4, "{found:?}");
        }
    }
}

#[test]
fn numbers_that_are_none_are_dropped_and_counted() {
    let good = [0.5, 0.5, 0.0, 0.0, 0.9, 0.9, 0.0, 0.0];
    for position in 0..8 {
        for broken in [f32::NAN, f32::INFINITY] {
            let mut bad = good;
            bad[position] = broken;
            let tensor = yolox_tensor(&[(3, bad), (20, good)]);
            let decoded = Family::Yolox.decode(&FRAME, &view(&[1, 42, 8], &tensor)).unwrap();
            assert_eq!(decoded.candidates.len(), 1, "{broken} at {position}");
            assert_eq!(decoded.n_non_finite, 1, "{broken} at {position}");
        }
    }
}

#[test]
fn nanodet_distances_reach_out_from_the_grid_point() {
    // 64x32 at strides 8, 16, 32, 64: 32 + 8 + 2 + 1 cells of 3 classes and 4 distributions.
    let depth = 3 + 32;
    let mut tensor = vec![0.0; 43 * depth];
    // Cell 5 of level 16 (column 1, row 1): left 1, top 0, right 2, bottom 3 cells.
    let cell = &mut tensor[37 * depth..][..depth];
    cell[..3].copy_from_slice(&[0.1, 0.2, 0.6]);
    for (side, bin) in [1, 0, 2, 3].into_iter().enumerate() {
        cell[3 + side * 8 + bin] = 60.0;
    }
    let decoded = Family::Nanodet.decode(&FRAME, &view(&[1, 43, 35], &tensor)).unwrap();
    assert_eq!(decoded.candidates.len(), 1);
    let found = decoded.candidates[0];
    assert_eq!((found.class_index, found.score), (2, 0.6));
    let rect = found.rect;
    assert!((rect.x0 - 0.0).abs() < 1e-3 && (rect.y0 - 16.0).abs() < 1e-3, "{rect:?}");
    assert!((rect.x1 - 48.0).abs() < 1e-3 && (rect.y1 - 64.0).abs() < 1e-3, "{rect:?}");
}

#[test]
fn picodet_distances_reach_out_from_the_middle_of_the_cell() {
    // 64x32 at strides 8, 16, 32, 64: 32, 8, 2 and 1 cells.
    let cells = [32, 8, 2, 1];
    let mut classes = cells.map(|n| vec![0.0; n * 3]);
    let mut distances = cells.map(|n| vec![0.0; n * 32]);
    // Cell 5 of level 16 (column 1, row 1): left 1, top 0, right 2, bottom 3 cells.
    classes[1][5 * 3..][..3].copy_from_slice(&[0.1, 0.2, 0.6]);
    for (side, bin) in [1, 0, 2, 3].into_iter().enumerate() {
        distances[1][5 * 32 + side * 8 + bin] = 60.0;
    }
    // A level that computes a number which is none loses that cell only.
    classes[3][0] = f32::NAN;
    let tensors: Vec<_> = classes
        .iter()
        .map(|data| (data, 3))
        .chain(distances.iter().map(|data| (data, 32)))
        .flat_map(|(data, depth)| view(&[1, i64::try_from(data.len()).unwrap() / depth, depth], data))
        .collect();
    let decoded = Family::Picodet.decode(&FRAME, &tensors).unwrap();
    assert_eq!((decoded.candidates.len(), decoded.n_non_finite), (1, 1));
    let found = decoded.candidates[0];
    assert_eq!((found.class_index, found.score), (2, 0.6));
    let rect = found.rect;
    assert!((rect.x0 - 8.0).abs() < 1e-3 && (rect.y0 - 24.0).abs() < 1e-3, "{rect:?}");
    assert!((rect.x1 - 56.0).abs() < 1e-3 && (rect.y1 - 72.0).abs() < 1e-3, "{rect:?}");
}

#[test]
fn picodet_has_eight_outputs_in_the_makers_order() {
    let image = port("image", &[1, 3, 416, 416]);
    let outputs = |depths: [i64; 2]| -> Vec<Port> {
        let level = |depth| [52 * 52, 26 * 26, 13 * 13, 7 * 7].map(|n| port("", &[1, n, depth]));
        depths.into_iter().flat_map(level).collect()
    };
    let signature = Family::Picodet.signature(&input(Resolution::Fixed), 80);
    signature.compare(std::slice::from_ref(&image), &outputs([80, 32])).unwrap();
    assert_eq!(signature.compare(&[image], &outputs([32, 80])).unwrap_err().len(), 8);
}

#[test]
fn detr_without_post_processing_gives_parts_of_the_picture_and_logits() {
    let tensors = [
        view(&[1, 3, 4], &[0.5, 0.5, 0.5, 0.25, 0.1, 0.1, 0.1, 0.1, 0.5, f32::NAN, 0.1, 0.1]),
        view(&[1, 3, 3], &[-3.0, 2.0, -1.0, -3.0, -2.0, -1.0, 5.0, 0.0, 0.0]),
    ]
    .concat();
    let decoded = Family::DetrRaw.decode(&FRAME, &tensors).unwrap();
    assert_eq!((decoded.candidates.len(), decoded.n_non_finite), (1, 1));
    let found = decoded.candidates[0];
    assert_eq!(found.class_index, 1);
    assert!((found.score - 0.880_797).abs() < 1e-5, "{}", found.score);
    assert_eq!(found.rect, PixelRect { x0: 16.0, y0: 12.0, x1: 48.0, y1: 20.0 });
    // Found by name, whatever their order: with three classes both have the same shape in some exports.
    let outputs = [port("labels", &[1, 300, 91]), port("dets", &[1, 300, 4])];
    let signature = Family::DetrRaw.signature(&input(Resolution::Fixed), 91);
    let names = signature.compare(&[port("input", &[1, 3, 416, 416])], &outputs).unwrap();
    assert_eq!(names.outputs, ["dets", "labels"]);
}

#[test]
fn ultralytics_reads_columns() {
    let n = 42;
    let mut tensor = vec![0.0; 7 * n];
    for (row, value) in [30.0, 20.0, 10.0, 4.0, 0.1, 0.2, 0.8].into_iter().enumerate() {
        tensor[row * n + 17] = value;
    }
    tensor[4 * n + 3] = f32::NAN;
    let decoded = Family::Ultralytics.decode(&FRAME, &view(&[1, 7, 42], &tensor)).unwrap();
    let rect = PixelRect { x0: 25.0, y0: 18.0, x1: 35.0, y1: 22.0 };
    assert_eq!(decoded.candidates, [Candidate { class_index: 2, score: 0.8, rect }]);
    assert_eq!(decoded.n_non_finite, 1);
}

#[test]
fn detr_labels_beyond_the_classes_are_nobody() {
    let tensors = [
        TensorView { shape: vec![1, 3], data: TensorData::Int64(&[1, -7, 2]) },
        TensorView {
            shape: vec![1, 3, 4],
            data: TensorData::Float(&[1., 2., 3., 4., 0., 0., 1., 1., 0., 0., 1., 1.]),
        },
        TensorView { shape: vec![1, 3], data: TensorData::Float(&[0.9, 0.8, 0.1]) },
    ];
    let decoded = Family::DetrPost.decode(&FRAME, &tensors).unwrap();
    let found: Vec<_> = decoded.candidates.iter().map(|c| c.class_index).collect();
    assert_eq!(found, [1, usize::MAX]);
}

#[test]
fn a_tensor_of_another_size_is_an_error_not_a_panic() {
    for family in Family::ALL {
        let short = Family::Yolox.decode(&FRAME, &view(&[1, 41, 8], &[0.0; 328]));
        assert_eq!(short.unwrap_err().expected, Shape(vec![1, 42, 8]));
        let odd = TensorView { shape: vec![1, 2, 4], data: TensorData::Int64(&[]) };
        let n_outputs = family.signature(&input(Resolution::Fixed), 3).outputs.len();
        assert!(family.decode(&FRAME, &vec![odd; n_outputs]).is_err(), "{family}");
    }
}

#[test]
fn what_differs_from_the_manifest_is_named() {
    let compare = |resolution, image: &Port, outputs: &[Port]| {
        let inputs = std::slice::from_ref(image);
        let problems = Family::Yolox.signature(&input(resolution), 80).compare(inputs, outputs);
        problems.err().unwrap_or_default().iter().map(|p| format!("{p}\n")).collect::<String>()
    };
    let (fixed, free) = (port("images", &[1, 3, 416, 416]), port("images", &[1, 3, -1, -1]));
    let output = |depth| port("output", &[1, 3549, depth]);
    assert_eq!(compare(Resolution::Fixed, &fixed, &[output(85)]), "");
    assert_eq!(compare(Resolution::Dynamic, &free, &[port("o", &[1, -1, 85])]), "");
    assert_eq!(compare(Resolution::Fixed, &free, &[port("o", &[1, -1, 85])]), "");
    assert_eq!(
        compare(Resolution::Dynamic, &fixed, &[output(85)]),
        "input `images` is [1, 3, 416, 416], the manifest needs [1, 3, ?, ?]\n"
    );
    assert_eq!(
        compare(Resolution::Fixed, &port("in", &[1, 256, 128, 3]), &[output(6), port("x", &[1])]),
        "it has 2 outputs (output, x), this family has exactly 1\n\
         input `in` is [1, 256, 128, 3], the manifest needs [1, 3, 416, 416]\n\
         output `output` is [1, 3549, 6], the manifest needs [1, 3549, 85] ([1, cells of strides 8, 16 and 32, 5 + classes.count])\n"
    );
    let integers = Port { element: Element::Int64, ..fixed.clone() };
    assert_eq!(
        compare(Resolution::Fixed, &integers, &[output(85)]),
        "input `images` takes 64-bit integers, not 32-bit floats\n"
    );
}

#[test]
fn outputs_that_say_who_instead_of_where_are_found() {
    let found = |outputs: &[Port]| identity_output(outputs).map(|port| port.name.clone());
    assert_eq!(found(&[port("Identity:0", &[1, 256])]).as_deref(), Some("Identity:0"));
    assert_eq!(found(&[port("658", &[-1, 512, 1, 1])]).as_deref(), Some("658"));
    assert_eq!(
        found(&[port("boxes", &[1, 300, 4]), port("reid_embedding", &[1, 300, 128])]).as_deref(),
        Some("reid_embedding")
    );
    // Sides of 1, an open batch, a batch that is the vector: turned and folded they are still a vector.
    for shape in [&[1, 1, 256][..], &[1, 256, 1], &[256, 1], &[256], &[-1, 1, 1, 512], &[-1, 128]] {
        assert_eq!(found(&[port("out", shape)]).as_deref(), Some("out"), "{shape:?}");
    }
    assert_eq!(found(&[port("output", &[1, 3549, 85])]), None);
    assert_eq!(found(&[port("output", &[1, -1, 85])]), None);
    assert_eq!(found(&[port("boxes", &[1, 300, 4]), port("scores", &[1, 300])]), None);
    assert_eq!(found(&[port("scores", &[1, 5])]), None);
}
