#!/bin/sh
# A decoder with one defect, as another implementer might have it: runs the real program and spoils what it does.
# usage: broken_decoder.sh DEFECT PROGRAM IN OUT DUMP
defect=$1 program=$2 in=$3 out=$4 dump=$5

# Overwrites the last four bytes of a dump with an octal text.
spoil() { # file, bytes
    size=$(wc -c <"$1")
    printf "$2" | dd of="$1" bs=1 seek=$((size - 4)) conv=notrunc 2>/dev/null
}

decode() { "$program" decode "$in" "$out" --dump "$dump" "$@"; }

case $defect in
    none) decode ;;
    few-channels) decode --channels 4,4 ;;
    other-transform) decode --point sop ;;
    stage-*)
        # An error in one stage that also reaches the picture.
        decode --channels 9,9 >/dev/null && mv "$out" "$out.wrong.png" && decode || exit $?
        mv "$out.wrong.png" "$out"
        spoil "$dump/${defect#stage-}.npy" '\005\005\005\105'
        ;;
    picture-only) "$program" decode "$in" "$out" --channels 9,9 ;;
    crop) "$program" decode "$in" "$out" --region 0,0,63,64 ;;
    accepts-everything) decode || { "$program" decode "${6:?a good stream}" "$out"; } ;;
    one-class) decode 2>/dev/null || { echo "decoder: header error: something is wrong" >&2; exit 1; } ;;
    crash) decode 2>/dev/null || kill -SEGV $$ ;;
    hang) decode 2>/dev/null || sleep 60 ;;
    silent) : ;;
esac
