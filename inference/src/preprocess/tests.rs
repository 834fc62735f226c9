use crate::{
    letterbox::{InputSize, Letterbox, Placement},
    manifest::{ColourOrder, Input, Layout, Normalisation, Resolution},
    picture::{ColourMatrix, ColourRange, ColourSpace, Picture, Plane},
    preprocess::Preprocessor,
};

fn input(width_px: u32, height_px: u32, colour: ColourOrder) -> Input {
    Input {
        size: InputSize { width_px, height_px },
        resolution: Resolution::Fixed,
        layout: Layout::Nchw,
        colour,
        normalisation: Normalisation { mean: [0.0; 3], std: [1.0; 3] },
        placement: Placement::TopLeft,
        pad: 114,
    }
}

fn run(picture: &Picture<'_>, input: &Input) -> Vec<f32> {
    picture.check().unwrap();
    let letterbox = Letterbox::new(picture.width_px(), picture.height_px(), input.size, input.placement);
    Preprocessor::new(picture.width_px(), picture.height_px(), letterbox, input).run(picture).to_vec()
}

fn i420<'a>(planes: [&'a [u8]; 3], width: u32, height: u32, pad: usize, colour: ColourSpace) -> Picture<'a> {
    let w = width as usize;
    Picture::I420 {
        width_px: width,
        height_px: height,
        y: Plane { data: planes[0], stride: w + pad },
        u: Plane { data: planes[1], stride: w.div_ceil(2) + pad },
        v: Plane { data: planes[2], stride: w.div_ceil(2) + pad },
        colour,
    }
}

fn check_flat(colour: ColourSpace, yuv: [u8; 3], rgb: [f32; 3]) {
    let planes = yuv.map(|v| vec![v; 64]);
    let picture = i420([&planes[0], &planes[1], &planes[2]], 8, 8, 0, colour);
    let tensor = run(&picture, &input(8, 8, ColourOrder::Rgb));
    for (channel, expected) in rgb.iter().enumerate() {
        for value in &tensor[channel * 64..][..64] {
            assert!((value - expected).abs() < 1.6, "{colour:?} {yuv:?}: {value} for {expected}");
        }
    }
}

#[test]
fn flat_colours_become_the_standards_rgb() {
    // White, black and the saturated primaries of ITU-R BT.601 and BT.709.
    let limited = |matrix| ColourSpace { matrix, range: ColourRange::Limited };
    let (bt601, bt709) = (limited(ColourMatrix::Bt601), limited(ColourMatrix::Bt709));
    let full = ColourSpace { matrix: ColourMatrix::Bt601, range: ColourRange::Full };
    check_flat(bt601, [16, 128, 128], [0.0, 0.0, 0.0]);
    check_flat(bt601, [235, 128, 128], [255.0, 255.0, 255.0]);
    check_flat(bt601, [81, 90, 240], [255.0, 0.0, 0.0]);
    check_flat(bt601, [145, 54, 34], [0.0, 255.0, 0.0]);
    check_flat(bt601, [41, 240, 110], [0.0, 0.0, 255.0]);
    check_flat(bt709, [63, 102, 240], [255.0, 0.0, 0.0]);
    check_flat(bt709, [173, 42, 26], [0.0, 255.0, 0.0]);
    check_flat(bt709, [32, 240, 118], [0.0, 0.0, 255.0]);
    check_flat(full, [76, 85, 255], [255.0, 0.0, 0.0]);
    check_flat(full, [255, 128, 128], [255.0, 255.0, 255.0]);
    // Beyond white is white.
    check_flat(bt601, [255, 128, 128], [255.0, 255.0, 255.0]);
}

#[test]
fn bgr_is_rgb_with_the_ends_exchanged() {
    let data: Vec<u8> = [10, 20, 30].repeat(16);
    let picture = Picture::Rgb8 { width_px: 4, height_px: 4, data: &data, stride: 12 };
    let rgb = run(&picture, &input(4, 4, ColourOrder::Rgb));
    let bgr = run(&picture, &input(4, 4, ColourOrder::Bgr));
    assert_eq!((rgb[0], rgb[16], rgb[32]), (10.0, 20.0, 30.0));
    assert_eq!((bgr[0], bgr[16], bgr[32]), (30.0, 20.0, 10.0));
}

#[test]
fn the_rest_of_the_letterbox_is_grey() {
    let data = vec![200; 8 * 4 * 3];
    let picture = Picture::Rgb8 { width_px: 8, height_px: 4, data: &data, stride: 24 };
    let tensor = run(&picture, &input(8, 8, ColourOrder::Rgb));
    assert!(tensor[..32].iter().all(|v| *v == 200.0));
    assert!(tensor[32..64].iter().all(|v| *v == 114.0));
    let centred = run(&picture, &Input { placement: Placement::Centred, ..input(8, 8, ColourOrder::Rgb) });
    assert!(centred[..16].iter().chain(&centred[48..64]).all(|v| *v == 114.0));
    assert!(centred[16..48].iter().all(|v| *v == 200.0));
}

#[test]
fn samples_are_normalised_by_channel_and_so_is_the_padding() {
    let data: Vec<u8> = [30, 20, 10].repeat(8);
    let picture = Picture::Rgb8 { width_px: 4, height_px: 2, data: &data, stride: 12 };
    let normalisation = Normalisation { mean: [1.0, 2.0, 3.0], std: [2.0, 4.0, 8.0] };
    let tensor = run(&picture, &Input { normalisation, pad: 0, ..input(4, 4, ColourOrder::Bgr) });
    assert_eq!((tensor[0], tensor[16], tensor[32]), (4.5, 4.5, 3.375));
    assert_eq!((tensor[8], tensor[24], tensor[40]), (-0.5, -0.5, -0.375));
}

#[test]
fn resizing_is_bilinear_between_pixel_centres() {
    // A ramp of 8 columns at half width: centres fall between pairs. At double width: a quarter and three quarters.
    let ramp: Vec<u8> = (0..8u8).flat_map(|x| [x * 10; 3]).collect();
    let data = ramp.repeat(8);
    let picture = Picture::Rgb8 { width_px: 8, height_px: 8, data: &data, stride: 24 };
    assert_eq!(run(&picture, &input(4, 4, ColourOrder::Rgb))[..4], [5.0, 25.0, 45.0, 65.0]);
    let double = run(&picture, &input(16, 16, ColourOrder::Rgb));
    assert_eq!(double[..4], [0.0, 2.5, 7.5, 12.5]);
    assert_eq!(double[14..16], [67.5, 70.0]);
}

#[test]
fn strides_and_odd_sides_do_not_shift_the_picture() {
    // A vertical step edge, with and without padding bytes of a shrill value.
    let plane = |w: usize, h: usize, pad: usize, value: &dyn Fn(usize) -> u8| -> Vec<u8> {
        let row: Vec<u8> = (0..w).map(value).chain(std::iter::repeat_n(255, pad)).collect();
        row.repeat(h)
    };
    let step = |x: usize| if x < 4 { 40 } else { 200 };
    let tensor = |pad: usize| {
        let (y, c) = (plane(9, 7, pad, &step), plane(5, 4, pad, &|_| 128));
        run(&i420([&y, &c, &c], 9, 7, pad, ColourSpace::default()), &input(9, 7, ColourOrder::Rgb))
    };
    let tight = tensor(0);
    assert_eq!(tight, tensor(13));
    let grey = |v: f32| (v - 16.0) * 255.0 / 219.0;
    assert!((tight[3] - grey(40.0)).abs() < 1e-3 && (tight[4] - grey(200.0)).abs() < 1e-3);
}

#[test]
fn a_picture_shorter_than_it_says_is_refused() {
    let data = vec![0; 100];
    let i420 = |height_px, n: [usize; 3], strides: [usize; 3]| {
        let plane = |i: usize| Plane { data: &data[..n[i]], stride: strides[i] };
        let colour = ColourSpace::default();
        Picture::I420 { width_px: 8, height_px, y: plane(0), u: plane(1), v: plane(2), colour }
    };
    let rgb = |side, stride| Picture::Rgb8 { width_px: side, height_px: side, data: &data, stride };
    let refused = [
        (i420(8, [63, 16, 16], [8, 4, 4]), "plane Y has 63 bytes, 64 are needed"),
        (i420(8, [64, 16, 16], [8, 3, 4]), "plane U has a stride of 3 bytes"),
        (i420(8, [64, 16, 15], [8, 4, 4]), "plane V has 15 bytes"),
        (i420(0, [64, 16, 16], [8, 4, 4]), "sides must be"),
        (rgb(8, 24), "plane RGB has 100 bytes"),
        (rgb(4, usize::MAX / 2), "plane RGB has 100 bytes"),
    ];
    for (picture, reason) in refused {
        let error = picture.check().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
