//! Models that the product knows by name and by hash. Their weights are third parties' and are not shipped.

use crate::{manifest::Manifest, sha256::Sha256Hash};

/// A model that the product can describe.
#[derive(Debug)]
pub struct KnownModel {
    /// Its name in the catalogue.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// Where its makers publish it, if they publish an ONNX file.
    pub release: Option<Release>,
    files: &'static [KnownFile],
}

/// A file at its makers' address.
#[derive(Debug)]
pub struct Release {
    /// Where.
    pub url: &'static str,
    /// Its manifest, without id and hash: the hash is shown and must be confirmed.
    template: &'static str,
}

/// A file that was tested, by its hash.
#[derive(Debug)]
struct KnownFile {
    sha256: &'static str,
    template: &'static str,
}

/// Every model that the product can describe.
#[must_use]
pub fn known() -> &'static [KnownModel] {
    &[
        KnownModel {
            id: "yolox-nano",
            title: "YOLOX-nano (Megvii, Apache-2.0): people and vehicles, the usual choice",
            release: Some(Release {
                url: "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
                template: include_str!("../../models/yolox-nano-416.toml"),
            }),
            files: &[
                KnownFile {
                    sha256: "e12bf8ba054efc29a5bef65a4462152b1236cd96b9cab942910abecfdff8e177",
                    template: include_str!("../../models/yolox-nano-dynamic.toml"),
                },
                KnownFile {
                    sha256: "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
                    template: include_str!("../../models/yolox-nano-416.toml"),
                },
            ],
        },
        KnownModel {
            id: "nanodet-plus-m-15x",
            title: "NanoDet-Plus-m-1.5x (Apache-2.0): slower, better on vehicles and people lying down",
            release: None,
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
            id: "nanodet-plus-m",
            title: "NanoDet-Plus-m (Apache-2.0)",
            release: None,
            files: &[KnownFile {
                sha256: "a80205834d566ad899d0e94f097b27ecec9a3211847caa325de497db34bd27a2",
                template: include_str!("../../models/nanodet-plus-m-dynamic.toml"),
            }],
        },
        KnownModel {
            id: "deimv2-femto",
            title: "DEIMv2-Femto (Apache-2.0)",
            release: None,
            files: &[KnownFile {
                sha256: "c6ad358f750132b891165e034c2ba507abefc5ebe1c1d2732a0acbcacc47e52c",
                template: include_str!("../../models/deimv2-femto-416.toml"),
            }],
        },
        KnownModel {
            id: "deimv2-atto",
            title: "DEIMv2-Atto (Apache-2.0): the fastest and weakest",
            release: None,
            files: &[KnownFile {
                sha256: "b114aa6610ac7c2bd9b3186ffb001afa872430db957407ef2473f7148d00646e",
                template: include_str!("../../models/deimv2-atto-320.toml"),
            }],
        },
        KnownModel {
            id: "person-yolox",
            title: "A YOLOX of 192x192 that knows people only (Apache-2.0)",
            release: None,
            files: &[KnownFile {
                sha256: "4bf5f704cd3bd900645a4303e0934ede13d9fb2135058b38005f4c2886c68576",
                template: include_str!("../../models/person-yolox-192.toml"),
            }],
        },
    ]
}

impl KnownModel {
    /// The manifest of a file whose hash is known; `None` for any other file.
    pub(super) fn manifest_of(&self, sha256: Sha256Hash) -> Option<Manifest> {
        let file = self.files.iter().find(|file| file.sha256.parse() == Ok(sha256))?;
        Some(complete(self.id, sha256, file.template))
    }

    /// The manifest for a file that claims to be the release.
    pub(super) fn manifest_of_release(&self, release: &Release, sha256: Sha256Hash) -> Manifest {
        complete(self.id, sha256, release.template)
    }
}

/// Whose file this is, by its hash.
pub(super) fn owner(sha256: Sha256Hash) -> Option<&'static KnownModel> {
    known().iter().find(|model| model.files.iter().any(|file| file.sha256.parse() == Ok(sha256)))
}

fn complete(id: &str, sha256: Sha256Hash, template: &str) -> Manifest {
    Manifest::parse(&format!("id = \"{id}\"\nsha256 = \"{sha256}\"\n{template}"))
        .expect("the shipped manifests are read by a test")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_manifest_is_read() {
        for model in known() {
            for file in model.files {
                let sha256 = file.sha256.parse().unwrap();
                assert_eq!(model.manifest_of(sha256).unwrap().id.as_str(), model.id);
                assert_eq!(owner(sha256).unwrap().id, model.id);
            }
            if let Some(release) = &model.release {
                assert!(release.url.starts_with("https://"));
                model.manifest_of_release(release, Sha256Hash::of(b""));
            }
        }
    }
}
