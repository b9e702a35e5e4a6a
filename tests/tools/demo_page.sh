#!/usr/bin/env bash
# The page of tools/demo/demo.sh holds its pictures itself: a PPM as the original and as many pictures as the page has places.
# usage: demo_page.sh SOURCE_FOLDER PROGRAM
set -euo pipefail
for program in pngtopnm pnmcut pnmtopng cjpeg djpeg; do command -v $program >/dev/null || exit 77; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
pngtopnm "$1/tools/demo/picos_de_europa.png" | pnmcut 200 100 240 200 >"$folder/part.ppm"
"$1/tools/demo/demo.sh" "$2" "$folder/out" "$folder/part.ppm" >/dev/null
page=$folder/out/index.html
# The original, and at three rates the picture and the map of two codecs.
[ "$(grep -o '<img ' "$page" | wc -l)" -eq 13 ] || { echo "the page has not 13 pictures"; exit 1; }
[ "$(grep -o 'src="data:image/\(png;base64,iVBOR\|jpeg;base64,/9j/\)' "$page" | wc -l)" -eq 13 ] || { echo "a picture is not inside the page"; exit 1; }
[ "$(grep -c '^<tr><td>' "$page")" -eq 6 ] || { echo "the table has not six rows"; exit 1; }
