#!/usr/bin/env bash
# Runs the GPU tests among the programs of FOLDER on the GPU of this machine, then small ones under compute-sanitizer:
#   tools/gpu_test.sh FOLDER [tests|sanitizer|all]
# Stops at the first failure with exit status 1.
set -euo pipefail
folder=$1 what=${2:-all}
export JPEGAI_CUDA_TEST=gpu  # the GPU alone, and it must be there

if [ "$what" != sanitizer ]; then
    for test in "$folder"/test_cuda_*; do
        [ -x "$test" ] || continue
        echo "== ${test##*/}"
        "$test" --gtest_brief=1
    done
fi
if [ "$what" != tests ]; then
    sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
    [ -x "$sanitizer" ] || { echo "compute-sanitizer not found: skipped"; exit 0; }
    # Small cases that together launch every kernel.
    for tool in memcheck racecheck initcheck; do
        for test in test_cuda_device test_cuda_operations test_cuda_planes test_cuda_entropy; do
            [ -x "$folder/$test" ] || continue
            echo "== $tool $test"
            JPEGAI_CUDA_QUICK=1 "$sanitizer" --tool "$tool" --error-exitcode 1 "$folder/$test" --gtest_brief=1 |
                grep -v "^=========$" | tail -4
        done
    done
fi
