#!/bin/sh
# Puts ONNX Runtime at .cache/onnxruntime/libonnxruntime.so, with its licence beside it.
#
# The library comes out of the official Python wheel, fetched by pip from whichever package index pip is set to.
# One wheel per processor is pinned by version and SHA-256; which Python made it does not matter, because only the
# C library inside is used. Running it again does nothing. PYTHON names another interpreter than python3.
set -eu

version=1.31.1
case "$(uname -m)" in
x86_64 | amd64)
    platform=manylinux_2_28_x86_64
    sha256=5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f
    ;;
aarch64 | arm64)
    platform=manylinux_2_28_aarch64
    sha256=da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3
    ;;
*)
    echo "onnxruntime.sh: no ONNX Runtime is pinned for $(uname -m): build it, and set [inference] runtime to its libonnxruntime.so" >&2
    exit 1
    ;;
esac

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cache=$root/.cache
target=$cache/onnxruntime
wheel=onnxruntime-$version-cp311-cp311-$platform.whl
python=${PYTHON:-python3}

if [ -f "$target/libonnxruntime.so" ] && [ "$(cat "$target/VERSION" 2>/dev/null)" = "$version $sha256" ]; then
    exit 0
fi

mkdir -p "$cache/wheels"
if [ ! -f "$cache/wheels/$wheel" ]; then
    if ! "$python" -m pip --version >/dev/null 2>&1; then
        echo "onnxruntime.sh: $python has no pip: install it (Debian: apt install python3-pip), or put $wheel into $cache/wheels by hand" >&2
        exit 1
    fi
    if ! "$python" -m pip download --quiet --no-deps --only-binary=:all: --implementation cp --python-version 3.11 \
        --platform "$platform" --dest "$cache/wheels" "onnxruntime==$version"; then
        echo "onnxruntime.sh: pip could not fetch onnxruntime $version: check the network and pip's index, or put $wheel into $cache/wheels by hand" >&2
        exit 1
    fi
fi

if ! echo "$sha256  $cache/wheels/$wheel" | sha256sum --check --status; then
    echo "onnxruntime.sh: $cache/wheels/$wheel is not the pinned file (SHA-256 $sha256 was expected): delete it and run this again" >&2
    exit 1
fi

new=$(mktemp -d "$cache/onnxruntime.XXXXXX")
trap 'rm -rf "$new"' EXIT
"$python" - "$cache/wheels/$wheel" "$new" "$version" <<'END'
import pathlib, sys, zipfile

wheel, new, version = sys.argv[1:]
parts = {
    f"onnxruntime/capi/libonnxruntime.so.{version}": "libonnxruntime.so",
    "onnxruntime/LICENSE": "LICENSE",
    "onnxruntime/ThirdPartyNotices.txt": "ThirdPartyNotices.txt",
}
with zipfile.ZipFile(wheel) as archive:
    for member, name in parts.items():
        pathlib.Path(new, name).write_bytes(archive.read(member))
END
echo "$version $sha256" >"$new/VERSION"
chmod 755 "$new"
rm -rf "$target"
mv "$new" "$target"
trap - EXIT
echo "ONNX Runtime $version is at $target/libonnxruntime.so"
