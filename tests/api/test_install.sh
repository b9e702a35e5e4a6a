#!/usr/bin/env bash
# Installs the build into a scratch folder, builds the examples against it with CMake and with pkg-config, and decodes a
# stream with each of them and with the installed program: all have to give the same picture.
# usage: test_install.sh BUILD_DIR SOURCE_DIR STREAM
set -euo pipefail
build=$1 source=$2 stream=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset JPEGAI_MODELS
export XDG_DATA_HOME=$scratch/data
cmake --install "$build" --prefix "$scratch/usr" >/dev/null
cmake -S "$source/examples" -B "$scratch/examples" -DCMAKE_PREFIX_PATH="$scratch/usr" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$scratch/examples" >/dev/null
libdir=$(dirname "$(find "$scratch/usr" -name 'libjpegai.so' | head -1)")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir
sed -i "s|^prefix=.*|prefix=$scratch/usr|" "$libdir/pkgconfig/jpegai.pc"
cc "$source/examples/decode_c.c" $(pkg-config --cflags --libs jpegai) -o "$scratch/decode_pc"
"$scratch/examples/decode_c" "$stream" "$scratch/a.ppm"
"$scratch/examples/decode_cpp" "$stream" "$scratch/b.ppm"
"$scratch/decode_pc" "$stream" "$scratch/c.ppm"
"$scratch/usr/bin/jpegai" decode "$stream" "$scratch/d.ppm"
for picture in b c d; do cmp "$scratch/a.ppm" "$scratch/$picture.ppm"; done
# The decode carries the traces of its coding, and has no artifact beside itself.
"$scratch/examples/check_cpp" "$scratch/a.ppm" "$scratch/a.ppm" >"$scratch/checked"
grep -q '^JPEG AI coded (model 1, default)' "$scratch/checked"
grep -q '^no artifact found' "$scratch/checked"
# The weights are those that were installed, also after the installation has moved.
"$scratch/usr/bin/jpegai" models list | grep -qx " *$scratch/usr/share/jpegai/models"
mv "$scratch/usr" "$scratch/moved"
"$scratch/moved/bin/jpegai" models list | grep -qx " *$scratch/moved/share/jpegai/models"
LD_LIBRARY_PATH=${libdir/$scratch\/usr/$scratch\/moved} "$scratch/decode_pc" "$stream" "$scratch/e.ppm"
cmp "$scratch/a.ppm" "$scratch/e.ppm"
rm "$scratch/e.ppm"
export LD_LIBRARY_PATH=${libdir/$scratch\/usr/$scratch\/moved}
if "$scratch/examples/decode_c" "$source/CMakeLists.txt" "$scratch/e.ppm" 2>"$scratch/message"; then
    echo "a text file was decoded"; exit 1
fi
grep -q . "$scratch/message"
[ ! -e "$scratch/e.ppm" ]
echo "installed library, examples and program agree"
