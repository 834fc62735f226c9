//! Models that the product knows by name and by hash. Their weights are third parties' and are not shipped.
//!
//! Addresses, sizes and colours are those of the makers' own documents and demos. A hash is pinned where several
//! independent projects wrote down the same one; where that is not so, it is shown and must be confirmed.

use crate::{letterbox::InputSize, manifest::Manifest, sha256::Sha256Hash};

/// A model that the product can describe.
#[derive(Debug)]
pub struct KnownModel {
    /// Its name in the catalogue.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// How its makers publish it.
    pub published: Published,
    files: &'static [KnownFile],
}

/// How a model's makers publish it.
#[derive(Debug)]
pub enum Published {
    /// As an ONNX file.
    Onnx(Release),
    /// As weights, of which their own tool makes an ONNX file.
    Weights(Export),
    /// Not as anything that could be installed: only files whose hash is known are.
    Nowhere,
}

/// A file at its makers' address.
#[derive(Debug)]
pub struct Release {
    /// Where.
    pub url: &'static str,
    /// What arrives there, where that is known.
    sha256: Option<&'static str>,
    form: Form,
}

/// The way from weights to an ONNX file.
#[derive(Debug)]
pub struct Export {
    /// Where weights and tool are.
    pub page: &'static str,
    /// What makes the file, in a checkout or an environment of the makers' project.
    pub command: &'static str,
    form: Form,
}

/// A file that was tested, by its hash.
#[derive(Debug)]
struct KnownFile {
    sha256: &'static str,
    template: &'static str,
}

/// The manifest of a file whose hash is not known beforehand.
#[derive(Debug)]
struct Form {
    /// Without id and hash.
    template: &'static str,
    /// The side of its square input.
    side_px: u32,
}

/// Every model that the product can describe.
#[must_use]
pub fn known() -> &'static [KnownModel] {
    KNOWN
}

const YOLOX: &str = include_str!("../../models/yolox-416.toml");
const NANODET_PLUS: &str = include_str!("../../models/nanodet-plus-416.toml");
const PICODET: &str = include_str!("../../models/picodet-416.toml");
const DEIMV2: &str = include_str!("../../models/deimv2-640.toml");
const DFINE: &str = include_str!("../../models/dfine-640.toml");
const RF_DETR: &str = include_str!("../../models/rf-detr-384.toml");

const KNOWN: &[KnownModel] = &[
    KnownModel {
        id: "yolox-nano",
        title: "YOLOX-nano (Megvii, Apache-2.0): people and vehicles at 416x416",
        published: onnx(
            "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
            Some("c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d"),
            YOLOX,
            416,
        ),
        files: &[
            KnownFile {
                sha256: "e12bf8ba054efc29a5bef65a4462152b1236cd96b9cab942910abecfdff8e177",
                template: include_str!("../../models/yolox-nano-dynamic.toml"),
            },
            KnownFile {
                sha256: "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
                template: YOLOX,
            },
        ],
    },
    KnownModel {
        id: "yolox-tiny",
        title: "YOLOX-tiny (Megvii, Apache-2.0): surer and slower than nano, 416x416",
        published: onnx(
            "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_tiny.onnx",
            Some("427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7"),
            YOLOX,
            416,
        ),
        files: &[],
    },
    KnownModel {
        id: "yolox-s",
        title: "YOLOX-s (Megvii, Apache-2.0): surer and slower again, 640x640",
        published: onnx(
            "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_s.onnx",
            Some("c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063"),
            YOLOX,
            640,
        ),
        files: &[],
    },
    KnownModel {
        id: "nanodet-plus-m",
        title: "NanoDet-Plus-m (RangiLyu, Apache-2.0): fast, 416x416",
        published: onnx(
            "https://github.com/RangiLyu/nanodet/releases/download/v1.0.0-alpha-1/nanodet-plus-m_416.onnx",
            Some("59d2f166088889c902f523bf08079391993491324f0d84847e3c4016a8f7cc3d"),
            NANODET_PLUS,
            416,
        ),
        files: &[KnownFile {
            sha256: "a80205834d566ad899d0e94f097b27ecec9a3211847caa325de497db34bd27a2",
            template: include_str!("../../models/nanodet-plus-m-dynamic.toml"),
        }],
    },
    KnownModel {
        id: "nanodet-plus-m-320",
        title: "NanoDet-Plus-m (RangiLyu, Apache-2.0): the same at 320x320",
        published: onnx(
            "https://github.com/RangiLyu/nanodet/releases/download/v1.0.0-alpha-1/nanodet-plus-m_320.onnx",
            None,
            NANODET_PLUS,
            320,
        ),
        files: &[],
    },
    KnownModel {
        id: "nanodet-plus-m-15x",
        title: "NanoDet-Plus-m-1.5x (RangiLyu, Apache-2.0): better on vehicles and people lying down, 416x416",
        published: onnx(
            "https://github.com/RangiLyu/nanodet/releases/download/v1.0.0-alpha-1/nanodet-plus-m-1.5x_416.onnx",
            None,
            NANODET_PLUS,
            416,
        ),
        files: &[
            KnownFile {
                sha256: "0e73477ec377aced8c5236907df5f3665b74d8c30b3453144d95b0363d397058",
                template: include_str!("../../models/nanodet-plus-m-15x-dynamic.toml"),
            },
            KnownFile {
                sha256: "9757bcc25c2890ddb755922127db8175dc5056c4b4edbf8f9cefb4afa55b42f4",
                template: include_str!("../../models/nanodet-plus-m-15x-416-int8.toml"),
            },
        ],
    },
    KnownModel {
        id: "nanodet-plus-m-15x-320",
        title: "NanoDet-Plus-m-1.5x (RangiLyu, Apache-2.0): the same at 320x320",
        published: onnx(
            "https://github.com/RangiLyu/nanodet/releases/download/v1.0.0-alpha-1/nanodet-plus-m-1.5x_320.onnx",
            None,
            NANODET_PLUS,
            320,
        ),
        files: &[],
    },
    KnownModel {
        id: "picodet-xs",
        title: "PicoDet-XS (PaddleDetection, Apache-2.0): the smallest of its kind, 416x416",
        published: onnx(
            "https://paddledet.bj.bcebos.com/deploy/third_engine/picodet_xs_416_coco_lcnet.onnx",
            None,
            PICODET,
            416,
        ),
        files: &[],
    },
    KnownModel {
        id: "picodet-s",
        title: "PicoDet-S (PaddleDetection, Apache-2.0): 416x416",
        published: onnx(
            "https://paddledet.bj.bcebos.com/deploy/third_engine/picodet_s_416_coco_lcnet.onnx",
            None,
            PICODET,
            416,
        ),
        files: &[],
    },
    KnownModel {
        id: "picodet-m",
        title: "PicoDet-M (PaddleDetection, Apache-2.0): 416x416",
        published: onnx(
            "https://paddledet.bj.bcebos.com/deploy/third_engine/picodet_m_416_coco_lcnet.onnx",
            None,
            PICODET,
            416,
        ),
        files: &[],
    },
    KnownModel {
        id: "picodet-l",
        title: "PicoDet-L (PaddleDetection, Apache-2.0): 640x640",
        published: onnx(
            "https://paddledet.bj.bcebos.com/deploy/third_engine/picodet_l_640_coco_lcnet.onnx",
            None,
            PICODET,
            640,
        ),
        files: &[],
    },
    KnownModel {
        id: "deimv2-atto",
        title: "DEIMv2-Atto (Intellindust, Apache-2.0): the fastest and weakest, 320x320",
        published: weights(
            "https://github.com/Intellindust-AI-Lab/DEIMv2",
            "python tools/deployment/export_onnx.py --check -c configs/deimv2/deimv2_hgnetv2_atto_coco.yml -r model.pth",
            DEIMV2,
            320,
        ),
        files: &[KnownFile {
            sha256: "b114aa6610ac7c2bd9b3186ffb001afa872430db957407ef2473f7148d00646e",
            template: include_str!("../../models/deimv2-atto-320.toml"),
        }],
    },
    KnownModel {
        id: "deimv2-femto",
        title: "DEIMv2-Femto (Intellindust, Apache-2.0): 416x416",
        published: weights(
            "https://github.com/Intellindust-AI-Lab/DEIMv2",
            "python tools/deployment/export_onnx.py --check -c configs/deimv2/deimv2_hgnetv2_femto_coco.yml -r model.pth",
            DEIMV2,
            416,
        ),
        files: &[KnownFile {
            sha256: "c6ad358f750132b891165e034c2ba507abefc5ebe1c1d2732a0acbcacc47e52c",
            template: include_str!("../../models/deimv2-femto-416.toml"),
        }],
    },
    KnownModel {
        id: "deimv2-pico",
        title: "DEIMv2-Pico (Intellindust, Apache-2.0): 640x640",
        published: weights(
            "https://github.com/Intellindust-AI-Lab/DEIMv2",
            "python tools/deployment/export_onnx.py --check -c configs/deimv2/deimv2_hgnetv2_pico_coco.yml -r model.pth",
            DEIMV2,
            640,
        ),
        files: &[],
    },
    KnownModel {
        id: "deimv2-n",
        title: "DEIMv2-N (Intellindust, Apache-2.0): 640x640",
        published: weights(
            "https://github.com/Intellindust-AI-Lab/DEIMv2",
            "python tools/deployment/export_onnx.py --check -c configs/deimv2/deimv2_hgnetv2_n_coco.yml -r model.pth",
            DEIMV2,
            640,
        ),
        files: &[],
    },
    KnownModel {
        id: "dfine-s",
        title: "D-FINE-S (Peterande, Apache-2.0): for a fast processor, 640x640",
        published: weights(
            "https://github.com/Peterande/storage/releases/download/dfinev1/dfine_s_coco.pth",
            "python tools/deployment/export_onnx.py --check -c configs/dfine/dfine_hgnetv2_s_coco.yml -r dfine_s_coco.pth",
            DFINE,
            640,
        ),
        files: &[],
    },
    KnownModel {
        id: "dfine-m",
        title: "D-FINE-M (Peterande, Apache-2.0): twice as large, 640x640",
        published: weights(
            "https://github.com/Peterande/storage/releases/download/dfinev1/dfine_m_coco.pth",
            "python tools/deployment/export_onnx.py --check -c configs/dfine/dfine_hgnetv2_m_coco.yml -r dfine_m_coco.pth",
            DFINE,
            640,
        ),
        files: &[],
    },
    KnownModel {
        id: "rf-detr-nano",
        title: "RF-DETR-nano (Roboflow, Apache-2.0): for a fast processor, 384x384",
        published: weights(
            "https://github.com/roboflow/rf-detr (pip install \"rfdetr[onnx]\")",
            "python -c 'from rfdetr import RFDETRNano; RFDETRNano().export()'",
            RF_DETR,
            384,
        ),
        files: &[],
    },
    KnownModel {
        id: "rf-detr-small",
        title: "RF-DETR-small (Roboflow, Apache-2.0): 512x512",
        published: weights(
            "https://github.com/roboflow/rf-detr (pip install \"rfdetr[onnx]\")",
            "python -c 'from rfdetr import RFDETRSmall; RFDETRSmall().export()'",
            RF_DETR,
            512,
        ),
        files: &[],
    },
    KnownModel {
        id: "rf-detr-medium",
        title: "RF-DETR-medium (Roboflow, Apache-2.0): 576x576",
        published: weights(
            "https://github.com/roboflow/rf-detr (pip install \"rfdetr[onnx]\")",
            "python -c 'from rfdetr import RFDETRMedium; RFDETRMedium().export()'",
            RF_DETR,
            576,
        ),
        files: &[],
    },
    KnownModel {
        id: "person-yolox",
        title: "A YOLOX of 192x192 that knows people only (Apache-2.0)",
        published: Published::Nowhere,
        files: &[KnownFile {
            sha256: "4bf5f704cd3bd900645a4303e0934ede13d9fb2135058b38005f4c2886c68576",
            template: include_str!("../../models/person-yolox-192.toml"),
        }],
    },
];

const fn onnx(
    url: &'static str,
    sha256: Option<&'static str>,
    template: &'static str,
    side_px: u32,
) -> Published {
    Published::Onnx(Release { url, sha256, form: Form { template, side_px } })
}

const fn weights(
    page: &'static str,
    command: &'static str,
    template: &'static str,
    side_px: u32,
) -> Published {
    Published::Weights(Export { page, command, form: Form { template, side_px } })
}

impl KnownModel {
    /// The manifest of a file whose hash is known; `None` for any other file.
    pub(super) fn manifest_of(&self, sha256: Sha256Hash) -> Option<Manifest> {
        if self.pinned() == Some(sha256) {
            return self.manifest_of_unknown(sha256);
        }
        let file = self.files.iter().find(|file| file.sha256.parse() == Ok(sha256))?;
        Some(complete(self.id, sha256, file.template))
    }

    /// The manifest for a file that claims to be this model; `None` when only known files can be described.
    pub(super) fn manifest_of_unknown(&self, sha256: Sha256Hash) -> Option<Manifest> {
        let (Published::Onnx(Release { form, .. }) | Published::Weights(Export { form, .. })) =
            &self.published
        else {
            return None;
        };
        let mut manifest = complete(self.id, sha256, form.template);
        manifest.input.size = InputSize { width_px: form.side_px, height_px: form.side_px };
        Some(manifest)
    }

    /// The hash of what its makers publish, where it is known.
    pub(super) fn pinned(&self) -> Option<Sha256Hash> {
        let Published::Onnx(Release { sha256: Some(sha256), .. }) = &self.published else { return None };
        Some(sha256.parse().expect("the pinned hashes are read by a test"))
    }
}

/// Whose file this is, by its hash.
pub(super) fn owner(sha256: Sha256Hash) -> Option<&'static KnownModel> {
    known().iter().find(|model| model.manifest_of(sha256).is_some())
}

fn complete(id: &str, sha256: Sha256Hash, template: &str) -> Manifest {
    Manifest::parse(&format!("id = \"{id}\"\nsha256 = \"{sha256}\"\n{template}"))
        .expect("the shipped manifests are read by a test")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sharpeyes_domain::ids::ModelId;

    use super::*;
    use crate::BUILT_IN;

    #[test]
    fn every_shipped_manifest_is_read() {
        let mut ids = BTreeSet::from([BUILT_IN]);
        for model in known() {
            assert!(ids.insert(model.id), "{} twice", model.id);
            ModelId::new(model.id).unwrap();
            for hash in model.files.iter().map(|file| file.sha256.parse().unwrap()).chain(model.pinned()) {
                assert_eq!(model.manifest_of(hash).unwrap().id.as_str(), model.id);
                assert_eq!(owner(hash).unwrap().id, model.id);
            }
            let unknown = model.manifest_of_unknown(Sha256Hash::of(b""));
            match &model.published {
                Published::Onnx(release) => assert!(release.url.starts_with("https://"), "{}", release.url),
                Published::Weights(export) => assert!(export.page.starts_with("https://"), "{}", export.page),
                Published::Nowhere => assert!(unknown.is_none() && !model.files.is_empty(), "{}", model.id),
            }
            // What a form says must be what the manifest says that a person would write.
            if let Some(manifest) = unknown {
                assert_eq!(Manifest::parse(&manifest.to_toml()).as_ref(), Ok(&manifest), "{}", model.id);
            }
        }
    }
}
