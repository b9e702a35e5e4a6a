#!/usr/bin/env bash
# Collects GPU programs of a finished build, stripped, with the shared libraries they need, for a machine that has a GPU and
# none of this project's packages:
#   tools/gpu_bundle.sh BUILD OUT [PROGRAM...]
# PROGRAMs are paths below BUILD; without any: all GPU tests that were built, bench_cuda and jpegai. There, with OUT copied:
#   LD_LIBRARY_PATH=OUT/lib JPEGAI_CUDA_TEST=gpu OUT/bin/test_cuda_operations
# or `JPEGAI_GPU_BUNDLE=OUT ./run gpu-test` in a copy of this repository. The C and C++ runtimes are those of that machine, which
# must not be older. Configure BUILD with -DJPEGAI_CUDA_ARCHITECTURES=90 (or what the card is) to keep it small.
set -euo pipefail
build=$1 out=$2
shift 2
programs=("$@")
if [ ${#programs[@]} -eq 0 ]; then
    for program in "$build"/tests/test_cuda_* "$build"/bin/bench_cuda "$build"/bin/jpegai; do
        [ -f "$program" ] && programs+=("${program#"$build"/}")
    done
fi
rm -rf "$out"
mkdir -p "$out/bin" "$out/lib"
for program in "${programs[@]}"; do
    strip -o "$out/bin/$(basename "$program")" "$build/$program"
    ldd "$build/$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'
done | sort -u | while read -r library; do
    case "$(basename "$library")" in
        libc.so* | libm.so* | libdl.so* | librt.so* | libpthread.so* | libstdc++.so* | libgcc_s.so* | ld-linux*) ;;
        *) strip -o "$out/lib/$(basename "$library")" "$library" ;;
    esac
done
du -sh "$out"
